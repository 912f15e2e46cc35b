package store

import (
	"bytes"
	"context"
	"crypto/sha256"
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
			var last int64
			if err := tx.QueryRowContext(ctx, "SELECT coalesce(max(rowid), 0) FROM setting").Scan(&last); err != nil {
				return err
			}
			for _, f := range files {
				if _, err := tx.ExecContext(ctx, "INSERT INTO setting(command, kind, path, data) VALUES(?,?,?,?)", command, f.Kind, f.Path, f.Data); err != nil {
					return err
				}
			}
			c.id = command
			return sealSettingsAfter(ctx, tx, last)
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

// eachSetting calls for the settings in the order in which they came, with the
// seal that each has and the one that it should have.
func eachSetting(ctx context.Context, q querier, call func(row int64, path, seal, should string) error) error {
	before := ""
	return each(ctx, q, "SELECT rowid, command, kind, path, data, seal FROM setting ORDER BY rowid", func(rows *sql.Rows) error {
		var row, command int64
		var kind, path, seal string
		var data sql.RawBytes
		if err := rows.Scan(&row, &command, &kind, &path, &data, &seal); err != nil {
			return err
		}
		should := sealOf(before, fmt.Sprintf("%d\n%s\n%s\n%x", command, kind, path, sha256.Sum256(data)))
		before = should
		return call(row, path, seal, should)
	})
}

// sealSettings is migration 7: it seals the settings that there are.
func sealSettings(ctx context.Context, tx *sql.Tx) error { return sealSettingsAfter(ctx, tx, 0) }

// sealSettingsAfter seals the settings that came after a row.
func sealSettingsAfter(ctx context.Context, tx *sql.Tx, last int64) error {
	type sealed struct {
		row  int64
		seal string
	}
	var list []sealed
	err := eachSetting(ctx, tx, func(row int64, _, _, should string) error {
		if row > last {
			list = append(list, sealed{row, should})
		}
		return nil
	})
	for _, x := range list {
		if err == nil {
			_, err = tx.ExecContext(ctx, "UPDATE setting SET seal=? WHERE rowid=?", x.seal, x.row)
		}
	}
	return err
}

// checkSettings follows the seals from setting to setting.
func (s *Store) checkSettings(ctx context.Context) (wrong string, err error) {
	err = eachSetting(ctx, s.q, func(_ int64, path, seal, should string) error {
		if wrong == "" && seal != should {
			wrong = fmt.Sprintf("the settings of %s were changed after they were taken, or those before them are gone", path)
		}
		return nil
	})
	return wrong, err
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
