package store

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"

	"calaudit/ingest"
)

// SaveSettings makes the settings files that a command named or met the ones
// in force: of each kind all of them, replacing what earlier commands met.
// Files of equal content count once. Settings equal to those in force change
// nothing.
func (c *Command) SaveSettings(ctx context.Context, settings []ingest.Setting) error {
	for _, kind := range []string{"licenses", "estate"} {
		var files []ingest.Setting
		for _, s := range settings {
			if s.Kind == kind && !holds(files, s) {
				files = append(files, s)
			}
		}
		if len(files) == 0 {
			continue
		}
		if kind == "estate" && len(files) > 1 {
			return fmt.Errorf("%s and %s are two different estate files; one command takes one: name it with --estate", files[0].Path, files[1].Path)
		}
		now, err := c.s.Settings(ctx, kind)
		if err != nil {
			return err
		}
		if equal(now, files) {
			continue
		}
		err = c.s.write(ctx, func(tx *sql.Tx) error {
			command, err := c.row(ctx, tx)
			if err != nil {
				return err
			}
			for _, f := range files {
				if _, err := tx.ExecContext(ctx, "INSERT INTO setting(command, kind, path, data) VALUES(?,?,?,?)", command, f.Kind, f.Path, f.Data); err != nil {
					return err
				}
			}
			c.id = command
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func holds(files []ingest.Setting, s ingest.Setting) bool {
	for _, f := range files {
		if bytes.Equal(f.Data, s.Data) {
			return true
		}
	}
	return false
}

func equal(a, b []ingest.Setting) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Path != b[i].Path || !bytes.Equal(a[i].Data, b[i].Data) {
			return false
		}
	}
	return true
}

// Settings returns the files of a kind that are in force, by path.
func (s *Store) Settings(ctx context.Context, kind string) ([]ingest.Setting, error) {
	rows, err := s.q.QueryContext(ctx, `SELECT kind, path, data FROM setting
		WHERE kind=?1 AND command=(SELECT max(command) FROM setting WHERE kind=?1) ORDER BY path`, kind)
	if err != nil {
		return nil, explain(err)
	}
	defer rows.Close()
	var list []ingest.Setting
	for rows.Next() {
		var f ingest.Setting
		if err := rows.Scan(&f.Kind, &f.Path, &f.Data); err != nil {
			return nil, err
		}
		list = append(list, f)
	}
	return list, explain(rows.Err())
}
