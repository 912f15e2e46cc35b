package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"calaudit/audit"
	"calaudit/ingest"
)

// Snapshots returns what every command saw of every naming context.
func (s *Store) Snapshots(ctx context.Context) ([]audit.Snapshot, error) {
	entries, err := entriesOf(ctx, s.q, nil)
	if err != nil {
		return nil, err
	}
	rows, err := s.q.QueryContext(ctx, `SELECT s.command, c.at, s.file_date, d.context, d.changed, d.partial, d.entries
		FROM snapshot s JOIN directory_file d ON d.id=s.file JOIN command c ON c.id=s.command ORDER BY d.context, s.command, d.id`)
	if err != nil {
		return nil, explain(err)
	}
	defer rows.Close()
	var list []audit.Snapshot
	last := int64(-1)
	for rows.Next() {
		var command, at int64
		var date, changed sql.NullInt64
		var context string
		var partial bool
		var blob []byte
		if err := rows.Scan(&command, &at, &date, &context, &changed, &partial, &blob); err != nil {
			return nil, err
		}
		if len(list) == 0 || command != last || context != list[len(list)-1].Context {
			list = append(list, audit.Snapshot{Context: context})
			last = command
		}
		sn := &list[len(list)-1]
		sn.Partial = sn.Partial || partial
		if !date.Valid {
			date.Int64 = at - at%(dayMS/1000)
		}
		// The greatest whenChanged dates the snapshot; the files' days only
		// when no entry carries one.
		switch {
		case changed.Valid && !sn.Dated:
			sn.Date, sn.Dated = changed.Int64, true
		case changed.Valid:
			sn.Date = max(sn.Date, changed.Int64)
		case !sn.Dated:
			sn.Date = max(sn.Date, date.Int64)
		}
		err := eachEntry(blob, func(id int64, _ int) error {
			e := entries[id]
			if e == nil {
				return errSnapshot
			}
			sn.Entries = append(sn.Entries, e)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return list, explain(rows.Err())
}

var errSnapshot = errors.New("a directory snapshot is damaged; restore a copy of the database")

// eachEntry walks the entry ids and lines of a directory file.
func eachEntry(blob []byte, call func(id int64, line int) error) error {
	var id int64
	for len(blob) > 0 {
		d, n := binary.Varint(blob)
		if n <= 0 {
			return errSnapshot
		}
		line, m := binary.Uvarint(blob[n:])
		if m <= 0 {
			return errSnapshot
		}
		blob = blob[n+m:]
		id += d
		if err := call(id, int(line)); err != nil {
			return err
		}
	}
	return nil
}

// entriesOf reads all directory entries, or those in which one of the texts stands.
func entriesOf(ctx context.Context, q querier, texts []string) (map[int64]*ingest.Entry, error) {
	entries := map[int64]*ingest.Entry{}
	if len(texts) > 64 {
		texts = nil // reading all is quicker
	}
	query, args := "SELECT id, data FROM entry", []any{}
	for i, text := range texts {
		quoted, err := json.Marshal(text)
		if err != nil {
			return nil, err
		}
		query += []string{" WHERE ", " OR "}[min(i, 1)] + "instr(data, ?)"
		args = append(args, string(quoted))
	}
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, explain(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var data []byte
		if err := rows.Scan(&id, &data); err != nil {
			return nil, err
		}
		e := new(ingest.Entry)
		if err := json.Unmarshal(data, e); err != nil {
			return nil, errSnapshot
		}
		entries[id] = e
	}
	return entries, explain(rows.Err())
}

// checkEntries holds directory entries against the hash that they are known by,
// and the files against the entries that they name: which one is missing, and
// how new they are.
func (s *Store) checkEntries(ctx context.Context) (wrong string, err error) {
	changed := map[int64]int64{} // by entry
	err = each(ctx, s.q, "SELECT id, sha256, data FROM entry", func(rows *sql.Rows) error {
		var id int64
		var sum, data sql.RawBytes
		if err := rows.Scan(&id, &sum, &data); err != nil {
			return err
		}
		var e ingest.Entry
		if now := sha256.Sum256(data); !bytes.Equal(sum, now[:]) || json.Unmarshal(data, &e) != nil {
			wrong = fmt.Sprintf("directory entry %d was changed after it was ingested", id)
		}
		changed[id] = e.Changed
		return nil
	})
	if err != nil || wrong != "" {
		return wrong, err
	}
	err = each(ctx, s.q, "SELECT id, changed, entries FROM directory_file", func(rows *sql.Rows) error {
		var id int64
		var stated sql.NullInt64
		var blob sql.RawBytes
		if err := rows.Scan(&id, &stated, &blob); err != nil {
			return err
		}
		newest := int64(0)
		err := eachEntry(blob, func(entry int64, _ int) error {
			at, ok := changed[entry]
			if newest = max(newest, at); !ok {
				return errSnapshot
			}
			return nil
		})
		if err != nil || stated.Int64 != newest {
			wrong = fmt.Sprintf("directory file %d does not hold the entries that its row says", id)
		}
		return nil
	})
	return wrong, err
}

// EntryLine is where a directory entry stands.
type EntryLine struct {
	Entry  *ingest.Entry
	Import int64
	File   string
	Line   int
}

// EntryLines finds the places of the entries that hold one of the addresses or
// numbers, and that the test picks among them, in the newest import of each
// file.
func (s *Store) EntryLines(ctx context.Context, texts []string, pick func(*ingest.Entry) bool) ([]EntryLine, error) {
	entries, err := entriesOf(ctx, s.q, texts)
	if err != nil || len(entries) == 0 {
		return nil, err
	}
	rows, err := s.q.QueryContext(ctx, "SELECT i.id, i.path, d.entries FROM directory_file d JOIN import i ON i.id=d.import ORDER BY i.path, d.id DESC")
	if err != nil {
		return nil, explain(err)
	}
	defer rows.Close()
	var list []EntryLine
	for rows.Next() {
		var imported int64
		var path string
		var blob []byte
		if err := rows.Scan(&imported, &path, &blob); err != nil {
			return nil, err
		}
		err := eachEntry(blob, func(id int64, line int) error {
			if e := entries[id]; e != nil && pick(e) {
				list = append(list, EntryLine{e, imported, path, line})
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return list, explain(rows.Err())
}
