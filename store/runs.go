package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"calaudit/audit"
)

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
		if _, err := tx.ExecContext(ctx, "INSERT INTO run(id, at, as_of, report, digest, chain) VALUES(?,?,?,?,?,?)",
			r.Run, at.Unix(), r.AsOf, string(data), r.Digest, r.Chain); err != nil {
			return err
		}
		return putSubjects(ctx, tx, r.Run, subjects)
	})
}

// ErrNoRun is returned when a run is asked for that was never saved.
var ErrNoRun = errors.New("no saved run; audit first: calaudit run PATH, or calaudit audit")

// Run loads a saved run, the newest for id 0.
func (s *Store) Run(ctx context.Context, id int) (*Run, error) {
	return s.run(ctx, id, "report")
}

// RunOf loads a saved run as far as it says something of one subject: without
// the estate's exemptions and the contradictions, which may be most of it.
func (s *Store) RunOf(ctx context.Context, id int) (*Run, error) {
	r, err := s.run(ctx, id, "json_remove(report, '$.exemptions', '$.conflicts')")
	if err != nil {
		return s.Run(ctx, id) // which tells well what is damaged
	}
	return r, nil
}

func (s *Store) run(ctx context.Context, id int, report string) (*Run, error) {
	query := "SELECT id, at, " + report + ", chain FROM run WHERE id=coalesce(nullif(?,0), (SELECT max(id) FROM run))"
	r, err := scanRun(s.q.QueryRowContext(ctx, query, id))
	if errors.Is(err, sql.ErrNoRows) {
		if id == 0 {
			return nil, ErrNoRun
		}
		return nil, fmt.Errorf("no run %d; see calaudit runs", id)
	}
	return r, explain(err)
}

// Runs calls for all saved runs, oldest first. Of years of nights no more than
// one report is in memory. call must not ask the store.
func (s *Store) Runs(ctx context.Context, call func(*Run) error) error {
	return explain(each(ctx, s.q, "SELECT id, at, report, chain FROM run ORDER BY id", func(rows *sql.Rows) error {
		r, err := scanRun(rows)
		if err != nil {
			return err
		}
		return call(r)
	}))
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
