package store

import (
	"bytes"
	"compress/flate"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"io"
)

// sumLines is the part of migration 6 that SQL cannot do. The first programs of
// schema 4 took the sum of a plane over its packed bytes; it is over its lines.
// A plane whose sum is neither stays as it is, for check to find.
func sumLines(ctx context.Context, tx *sql.Tx) error {
	list, err := ids(ctx, tx, "SELECT id FROM plane ORDER BY id")
	if err != nil {
		return err
	}
	for _, id := range list {
		var sum, data []byte
		if err := tx.QueryRowContext(ctx, "SELECT sha256, data FROM plane WHERE id=?", id).Scan(&sum, &data); err != nil {
			return err
		}
		if packed := sha256.Sum256(data); !bytes.Equal(sum, packed[:]) {
			continue
		}
		h := sha256.New()
		if _, err := io.Copy(h, flate.NewReader(bytes.NewReader(data))); err != nil {
			continue // damaged: check tells
		}
		lines := h.Sum(nil)
		var same int64 // a later program saved the same lines
		switch err := tx.QueryRowContext(ctx, "SELECT id FROM plane WHERE sha256=?", lines).Scan(&same); {
		case errors.Is(err, sql.ErrNoRows):
			_, err = tx.ExecContext(ctx, "UPDATE plane SET sha256=? WHERE id=?", lines, id)
			if err != nil {
				return err
			}
		case err != nil:
			return err
		default:
			if _, err := tx.ExecContext(ctx, "UPDATE run_subjects SET plane=? WHERE plane=?; DELETE FROM plane WHERE id=?", same, id, id); err != nil {
				return err
			}
		}
	}
	return nil
}
