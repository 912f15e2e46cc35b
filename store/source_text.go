package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"math/bits"
	"slices"

	"calaudit/ingest"
	"calaudit/store/segment"
)

// lineSet is a set of lines of one file, an eighth of a byte each.
type lineSet []uint64

func (s *lineSet) add(line int) {
	for line>>6 >= len(*s) {
		*s = append(*s, 0)
	}
	(*s)[line>>6] |= 1 << (line & 63)
}

func (s lineSet) has(line int) bool { return line>>6 < len(s) && s[line>>6]&(1<<(line&63)) != 0 }

func (s lineSet) count() (n int) {
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

// recordLines are the lines of an import that evidence may lead to: those of
// the records it added that are still there, and of the users and devices its
// directory entries name.
func recordLines(ctx context.Context, q querier, id int64) (lineSet, error) {
	var lines lineSet
	rows, err := q.QueryContext(ctx, "SELECT block FROM segment WHERE import=?", id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var recs []segment.Row
	for rows.Next() {
		var block sql.RawBytes
		if err := rows.Scan(&block); err != nil {
			return nil, err
		}
		if recs, err = segment.Decode(recs[:0], block, 0); err != nil {
			return nil, err
		}
		for i := range recs {
			lines.add(int(recs[i].Line))
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return lines, subjectLines(ctx, q, id, &lines)
}

// subjectLines adds the lines of a directory import's entries.
func subjectLines(ctx context.Context, q querier, id int64, lines *lineSet) error {
	var blobs [][]byte
	rows, err := q.QueryContext(ctx, "SELECT entries FROM directory_file WHERE import=?", id)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var blob []byte
		if err := rows.Scan(&blob); err != nil {
			return err
		}
		blobs = append(blobs, blob)
	}
	if err := rows.Err(); err != nil || len(blobs) == 0 {
		return err
	}
	entries, err := entriesOf(ctx, q, nil)
	if err != nil {
		return err
	}
	for _, blob := range blobs {
		err := eachEntry(blob, func(id int64, line int) error {
			if e := entries[id]; e != nil && e.Subject() {
				lines.add(line)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// keepText keeps the text of an import's rows and returns how many they are.
func keepText(ctx context.Context, tx *sql.Tx, id int64, s *source, format string) (int, error) {
	lines, err := recordLines(ctx, tx, id)
	if err != nil {
		return 0, err
	}
	w := textWriter{tx: tx, id: id, hash: sha256.New()}
	if lines.count() > 0 {
		var failed error
		sum, err := s.file.SourceRows(ctx, format, lines.has, func(line int, text []byte) error {
			failed = w.add(ctx, line, text)
			return failed
		})
		if failed != nil {
			return 0, failed
		}
		if err != nil {
			return 0, ingest.ReadError(s.file.Path, err)
		}
		if sum != s.sha {
			return 0, fmt.Errorf("%s: %w", s.file.Path, ErrGrowing)
		}
		if err := w.flush(ctx); err != nil {
			return 0, err
		}
	}
	if w.rows != lines.count() {
		return 0, fmt.Errorf("%s: %d of %d rows have no text", s.file.Path, lines.count()-w.rows, lines.count())
	}
	res, err := tx.ExecContext(ctx, "INSERT INTO source_kept(import, rows, sha256, seal) VALUES(?,?,?,'')", id, w.rows, hex.EncodeToString(w.hash.Sum(nil)))
	if err != nil {
		return 0, err
	}
	kept, err := res.LastInsertId()
	if err != nil {
		return 0, err
	}
	return w.rows, sealTexts(ctx, tx, kept)
}

// keepTexts keeps the text of a file for every import of this content that has
// none: the one being made, and those made without. What was kept and is pruned
// does not come back.
func keepTexts(ctx context.Context, tx *sql.Tx, s *source, format string) (rows int, err error) {
	ids, err := ids(ctx, tx, "SELECT id FROM import WHERE sha256=? AND format=? AND id NOT IN (SELECT import FROM source_kept)", s.sha, format)
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		n, err := keepText(ctx, tx, id, s, format)
		if err != nil {
			return 0, err
		}
		rows += n
	}
	return rows, nil
}

// ids reads a list of numbers.
func ids(ctx context.Context, q querier, query string, args ...any) (list []int64, err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		list = append(list, id)
	}
	return list, rows.Err()
}

// textWriter stores rows in blocks.
type textWriter struct {
	tx    *sql.Tx
	id    int64
	block textRows
	hash  hash.Hash
	rows  int
}

func (w *textWriter) add(ctx context.Context, line int, text []byte) error {
	w.block.add(line, text)
	w.rows++
	if w.block.full() {
		return w.flush(ctx)
	}
	return nil
}

func (w *textWriter) flush(ctx context.Context) error {
	b := &w.block
	if b.rows == 0 {
		return nil
	}
	payload := b.payload()
	w.hash.Write(payload)
	_, err := w.tx.ExecContext(ctx, "INSERT INTO source_text(import, first, last, rows, block) VALUES(?,?,?,?,?)", w.id, b.first, b.last, b.rows, packText(payload))
	b.reset()
	return err
}

// pruneTexts drops the text of rows whose records are gone: whoever is no
// longer in the records is no longer in the text.
func pruneTexts(ctx context.Context, tx *sql.Tx, imports []int64) error {
	changed := false
	for _, id := range imports {
		var kept int
		if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM source_kept WHERE import=?", id).Scan(&kept); err != nil {
			return err
		}
		if kept == 0 {
			continue
		}
		if err := pruneText(ctx, tx, id); err != nil {
			return err
		}
		changed = true
	}
	if !changed {
		return nil
	}
	return sealTexts(ctx, tx, 1)
}

func pruneText(ctx context.Context, tx *sql.Tx, id int64) error {
	lines, err := recordLines(ctx, tx, id)
	if err != nil {
		return err
	}
	blocks, err := ids(ctx, tx, "SELECT id FROM source_text WHERE import=? ORDER BY first", id)
	if err != nil {
		return err
	}
	h := sha256.New()
	rows := 0
	var keep textRows
	for _, block := range blocks {
		var packed []byte
		if err := tx.QueryRowContext(ctx, "SELECT block FROM source_text WHERE id=?", block).Scan(&packed); err != nil {
			return err
		}
		payload, err := unpackText(packed)
		if err != nil {
			return err
		}
		keep.reset()
		all := 0
		err = eachText(payload, func(line int, text []byte) error {
			if all++; lines.has(line) {
				keep.add(line, text)
			}
			return nil
		})
		if err != nil {
			return err
		}
		rows += keep.rows
		switch keep.rows {
		case 0:
			_, err = tx.ExecContext(ctx, "DELETE FROM source_text WHERE id=?", block)
			payload = nil
		case all:
		default:
			payload = keep.payload()
			_, err = tx.ExecContext(ctx, "UPDATE source_text SET first=?, last=?, rows=?, block=? WHERE id=?", keep.first, keep.last, keep.rows, packText(payload), block)
		}
		if err != nil {
			return err
		}
		h.Write(payload)
	}
	_, err = tx.ExecContext(ctx, "UPDATE source_kept SET rows=?, sha256=? WHERE import=?", rows, hex.EncodeToString(h.Sum(nil)), id)
	return err
}

// sealTexts seals the kept texts from one on: each over the seal before it.
func sealTexts(ctx context.Context, tx *sql.Tx, from int64) error {
	list, err := ids(ctx, tx, "SELECT id FROM source_kept WHERE id>=? ORDER BY id", from)
	if err != nil {
		return err
	}
	before := ""
	err = tx.QueryRowContext(ctx, "SELECT seal FROM source_kept WHERE id<? ORDER BY id DESC LIMIT 1", from).Scan(&before)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	for _, id := range list {
		var text string
		if err := tx.QueryRowContext(ctx, "SELECT "+keptText+" FROM source_kept k JOIN import i ON i.id=k.import WHERE k.id=?", id).Scan(&text); err != nil {
			return err
		}
		before = sealOf(before, text)
		if _, err := tx.ExecContext(ctx, "UPDATE source_kept SET seal=? WHERE id=?", before, id); err != nil {
			return err
		}
	}
	return nil
}

// keptText is what the seal of a kept text covers: the import it belongs to
// and what was kept of it.
const keptText = "k.id||char(10)||k.import||char(10)||i.seal||char(10)||k.rows||char(10)||k.sha256"

// checkTexts proves the kept texts: sealed, unchanged, and one for each row
// that evidence may lead to, no more.
func (s *Store) checkTexts(ctx context.Context) (string, error) {
	rows, err := s.q.QueryContext(ctx, "SELECT k.id, k.import, i.path, k.rows, k.sha256, k.seal, "+keptText+" FROM source_kept k JOIN import i ON i.id=k.import ORDER BY k.id")
	if err != nil {
		return "", err
	}
	defer rows.Close()
	type kept struct {
		id        int64
		path, sum string
		rows      int
	}
	var list []kept
	before := ""
	for rows.Next() {
		var k kept
		var n int
		var seal, text string
		if err := rows.Scan(&n, &k.id, &k.path, &k.rows, &k.sum, &seal, &text); err != nil {
			return "", err
		}
		if list = append(list, k); n != len(list) || seal != sealOf(before, text) {
			return fmt.Sprintf("the kept text of %s was changed, or that of a file before it is gone", k.path), nil
		}
		before = seal
	}
	if err := rows.Err(); err != nil {
		return "", err
	}
	var stray int
	if err := s.q.QueryRowContext(ctx, "SELECT count(*) FROM source_text WHERE import NOT IN (SELECT import FROM source_kept)").Scan(&stray); err != nil {
		return "", err
	}
	if stray > 0 {
		return fmt.Sprintf("%d blocks of text belong to no file", stray), nil
	}
	for _, k := range list {
		if wrong, err := s.checkText(ctx, k.id, k.rows, k.sum); wrong != "" || err != nil {
			return "text of " + k.path + ": " + wrong, err
		}
	}
	return "", nil
}

func (s *Store) checkText(ctx context.Context, id int64, want int, sum string) (string, error) {
	lines, err := recordLines(ctx, s.q, id)
	if err != nil {
		return "", err
	}
	rows, err := s.q.QueryContext(ctx, "SELECT first, last, rows, block FROM source_text WHERE import=? ORDER BY first", id)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	h := sha256.New()
	total, before, strange := 0, 0, 0
	for rows.Next() {
		var first, last, n int
		var block []byte
		if err := rows.Scan(&first, &last, &n, &block); err != nil {
			return "", err
		}
		payload, err := unpackText(block)
		if err != nil {
			return "a block cannot be read", nil
		}
		h.Write(payload)
		count, low := 0, 0
		err = eachText(payload, func(line int, _ []byte) error {
			if count++; count == 1 {
				low = line
			}
			if line <= before || !lines.has(line) {
				strange++
			}
			before = line
			return nil
		})
		if err != nil || count != n || low != first || before != last {
			return "a block does not hold what it says", nil
		}
		total += count
	}
	switch {
	case rows.Err() != nil:
		return "", rows.Err()
	case hex.EncodeToString(h.Sum(nil)) != sum:
		return "it was changed after it was kept", nil
	case strange > 0 || total != want || total != lines.count():
		return fmt.Sprintf("%d rows for %d records, %d of them for none", total, lines.count(), strange), nil
	}
	return "", nil
}

// Origin is the file that an import was read from.
type Origin struct {
	Path   string
	Format string
	Size   int64  // bytes, unpacked
	SHA256 string // of the unpacked content, hexadecimal
	Kept   bool   // the text of its rows is kept
	Notes  []string
}

// Origin tells where the rows of an import come from.
func (s *Store) Origin(ctx context.Context, imported int64) (o Origin, err error) {
	var notes []byte
	err = s.q.QueryRowContext(ctx, "SELECT path, format, size, sha256, EXISTS(SELECT 1 FROM source_kept k WHERE k.import=import.id), notes FROM import WHERE id=?", imported).
		Scan(&o.Path, &o.Format, &o.Size, &o.SHA256, &o.Kept, &notes)
	if err != nil {
		return o, explain(err)
	}
	return o, json.Unmarshal(notes, &o.Notes)
}

// KeptText is the kept text of the rows that begin on the given lines, by
// line; a line of which none is kept is missing. Each block is unpacked once.
func (s *Store) KeptText(ctx context.Context, imported int64, lines []int) (map[int]string, error) {
	lines = slices.Compact(slices.Sorted(slices.Values(lines)))
	found := map[int]string{}
	for len(lines) > 0 {
		var last int
		var block []byte
		err := s.q.QueryRowContext(ctx, "SELECT last, block FROM source_text WHERE import=? AND first<=? ORDER BY first DESC LIMIT 1", imported, lines[0]).Scan(&last, &block)
		if errors.Is(err, sql.ErrNoRows) {
			last = lines[0]
		} else if err != nil {
			return nil, explain(err)
		}
		n, _ := slices.BinarySearch(lines, max(last, lines[0])+1)
		wanted := lines[:n]
		lines = lines[n:]
		if block == nil {
			continue
		}
		payload, err := unpackText(block)
		if err != nil {
			return nil, err
		}
		err = eachText(payload, func(line int, text []byte) error {
			if _, ok := slices.BinarySearch(wanted, line); ok {
				found[line] = string(text)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}
