package store

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Dry opens the database so that everything can be tried and nothing is kept:
// all writes happen in one transaction, which done rolls back. A database that
// does not exist is not created; an empty one elsewhere takes its place.
func Dry(ctx context.Context, path string) (s *Store, done func(), err error) {
	clean := func() {}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		dir, err := os.MkdirTemp("", "calaudit-dry-*")
		if err != nil {
			return nil, nil, err
		}
		clean = func() { os.RemoveAll(dir) }
		path = filepath.Join(dir, "dry.db")
	}
	s, err = Open(ctx, path)
	if err != nil {
		clean()
		return nil, nil, err
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		s.Close()
		clean()
		return nil, nil, explain(err)
	}
	s.dry, s.q = tx, tx
	return s, func() {
		tx.Rollback()
		s.Close()
		clean()
	}, nil
}

// writeDry keeps the promise of write, all or nothing, inside the one
// transaction of a dry run.
func (s *Store) writeDry(ctx context.Context, f func(tx *sql.Tx) error) error {
	if _, err := s.dry.ExecContext(ctx, "SAVEPOINT unit"); err != nil {
		return explain(err)
	}
	if err := f(s.dry); err != nil {
		_, back := s.dry.ExecContext(ctx, "ROLLBACK TO unit; RELEASE unit")
		return errors.Join(explain(err), back)
	}
	_, err := s.dry.ExecContext(ctx, "RELEASE unit")
	return explain(err)
}
