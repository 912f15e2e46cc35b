package store

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"calaudit/audit"
)

// subjectsPerBlock is how many subjects of a run are packed together: looking
// one up unpacks one block.
const subjectsPerBlock = 256

// Run is one saved audit.
type Run struct {
	ID     int
	At     time.Time
	Report audit.Report
	Chain  string
}

// SaveRun stores a sealed report and its subjects, sorted by kind and id, and
// sets the report's run number and chain value.
func (s *Store) SaveRun(ctx context.Context, at time.Time, r *audit.Report, subjects []audit.Subject) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		var last sql.NullInt64
		var prev sql.NullString
		err := tx.QueryRowContext(ctx, "SELECT id, chain FROM run ORDER BY id DESC LIMIT 1").Scan(&last, &prev)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		r.Run = int(last.Int64) + 1
		r.Chain = audit.Chain(prev.String, r)
		data, err := json.Marshal(r)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO run(id, at, report, digest, chain) VALUES(?,?,?,?,?)", r.Run, at.Unix(), string(data), r.Digest, r.Chain); err != nil {
			return err
		}
		put, err := tx.PrepareContext(ctx, "INSERT INTO run_subjects(run, kind, first, last, block) VALUES(?,?,?,?,?)")
		if err != nil {
			return err
		}
		defer put.Close()
		for len(subjects) > 0 {
			n := 1
			for n < len(subjects) && n < subjectsPerBlock && subjects[n].Kind == subjects[0].Kind {
				n++
			}
			block, err := pack(subjects[:n])
			if err != nil {
				return err
			}
			if _, err := put.ExecContext(ctx, r.Run, subjects[0].Kind, subjects[0].ID, subjects[n-1].ID, block); err != nil {
				return err
			}
			subjects = subjects[n:]
		}
		return nil
	})
}

func pack(subjects []audit.Subject) ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	enc := json.NewEncoder(z)
	for i := range subjects {
		if err := enc.Encode(&subjects[i]); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func unpack(block []byte, call func(audit.Subject) error) error {
	z, err := gzip.NewReader(bytes.NewReader(block))
	if err != nil {
		return err
	}
	dec := json.NewDecoder(z)
	for dec.More() {
		var s audit.Subject
		if err := dec.Decode(&s); err != nil {
			return err
		}
		if err := call(s); err != nil {
			return err
		}
	}
	return nil
}

// ErrNoRun is returned when a run is asked for that was never saved.
var ErrNoRun = errors.New("no saved run; audit first: calaudit run PATH, or calaudit audit")

// Run loads a saved run, the newest for id 0.
func (s *Store) Run(ctx context.Context, id int) (*Run, error) {
	query := "SELECT id, at, report, chain FROM run ORDER BY id DESC LIMIT 1"
	var args []any
	if id != 0 {
		query, args = "SELECT id, at, report, chain FROM run WHERE id=?", []any{id}
	}
	r, err := scanRun(s.q.QueryRowContext(ctx, query, args...))
	if errors.Is(err, sql.ErrNoRows) {
		if id == 0 {
			return nil, ErrNoRun
		}
		return nil, fmt.Errorf("no run %d; see calaudit runs", id)
	}
	return r, explain(err)
}

// Runs lists all saved runs, oldest first.
func (s *Store) Runs(ctx context.Context) ([]*Run, error) {
	rows, err := s.q.QueryContext(ctx, "SELECT id, at, report, chain FROM run ORDER BY id")
	if err != nil {
		return nil, explain(err)
	}
	defer rows.Close()
	var list []*Run
	for rows.Next() {
		r, err := scanRun(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, explain(rows.Err())
}

func scanRun(row interface{ Scan(...any) error }) (*Run, error) {
	var r Run
	var at int64
	var data []byte
	if err := row.Scan(&r.ID, &at, &data, &r.Chain); err != nil {
		return nil, err
	}
	r.At = time.Unix(at, 0).UTC()
	if err := json.Unmarshal(data, &r.Report); err != nil {
		return nil, fmt.Errorf("run %d is damaged: %w", r.ID, err)
	}
	return &r, nil
}

// Subjects streams the subjects of a run in order; kind "" means both.
func (s *Store) Subjects(ctx context.Context, run int, kind string, call func(audit.Subject) error) error {
	rows, err := s.q.QueryContext(ctx, "SELECT block FROM run_subjects WHERE run=?1 AND (?2='' OR kind=?2) ORDER BY kind DESC, first", run, kind)
	if err != nil {
		return explain(err)
	}
	defer rows.Close()
	for rows.Next() {
		var block []byte
		if err := rows.Scan(&block); err != nil {
			return err
		}
		if err := unpack(block, call); err != nil {
			return err
		}
	}
	return explain(rows.Err())
}

// Subject finds one subject of a run by its id.
func (s *Store) Subject(ctx context.Context, run int, kind, id string) (*audit.Subject, error) {
	var block []byte
	err := s.q.QueryRowContext(ctx, "SELECT block FROM run_subjects WHERE run=? AND kind=? AND first<=? AND last>=?", run, kind, id, id).Scan(&block)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, explain(err)
	}
	var found *audit.Subject
	err = unpack(block, func(sub audit.Subject) error {
		if sub.ID == id {
			found = &sub
		}
		return nil
	})
	return found, err
}
