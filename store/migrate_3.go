package store

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"encoding/json"
	"io"

	"calaudit/audit"
)

// splitSubjects is the part of migration 3 that SQL cannot do: the subjects of
// schema 2, gzip of JSON lines, go into planes.
func splitSubjects(ctx context.Context, tx *sql.Tx) error {
	var subjects []audit.Subject
	run := 0
	err := each(ctx, tx, "SELECT run, block FROM run_subjects_1 ORDER BY run, kind DESC, first", func(rows *sql.Rows) error {
		var of int
		var block []byte
		if err := rows.Scan(&of, &block); err != nil {
			return err
		}
		if of != run {
			if err := putSubjects(ctx, tx, run, subjects); err != nil {
				return err
			}
			run, subjects = of, nil
		}
		z, err := gzip.NewReader(bytes.NewReader(block))
		if err != nil {
			return err
		}
		for dec := json.NewDecoder(z); ; {
			var s audit.Subject
			if err := dec.Decode(&s); err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
			subjects = append(subjects, s)
		}
	})
	if err != nil {
		return err
	}
	if err := putSubjects(ctx, tx, run, subjects); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "DROP TABLE run_subjects_1")
	return err
}
