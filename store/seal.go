package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
)

// importText is the row of an import that its seal covers, as one text. What a
// prune changes later is left out.
const importText = `id||char(10)||command||char(10)||unit||char(10)||path||char(10)||format||char(10)||part||char(10)||product||char(10)||zone||char(10)||
	size||char(10)||sha256||char(10)||coalesce(first,'')||char(10)||coalesce(last,'')||char(10)||read||char(10)||stored||char(10)||duplicate||char(10)||
	skipped||char(10)||rejected||char(10)||records||char(10)||lookups||char(10)||entries||char(10)||complete||char(10)||skips||char(10)||notes`

func sealOf(before, text string) string {
	sum := sha256.Sum256([]byte(before + "\n" + text))
	return hex.EncodeToString(sum[:])
}

// sealImport seals a finished import row: a hash over the seal of the import
// before it and the row.
func sealImport(ctx context.Context, tx *sql.Tx, id int64) error {
	var before, text string
	err := tx.QueryRowContext(ctx, "SELECT seal FROM import WHERE id<? ORDER BY id DESC LIMIT 1", id).Scan(&before)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if err := tx.QueryRowContext(ctx, "SELECT "+importText+" FROM import WHERE id=?", id).Scan(&text); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "UPDATE import SET seal=? WHERE id=?", sealOf(before, text), id)
	return err
}

// checkSeals follows the seals from import to import.
func (s *Store) checkSeals(ctx context.Context) (string, error) {
	rows, err := s.q.QueryContext(ctx, "SELECT id, seal, "+importText+" FROM import ORDER BY id")
	if err != nil {
		return "", err
	}
	defer rows.Close()
	before := ""
	for rows.Next() {
		var id int
		var seal, text string
		if err := rows.Scan(&id, &seal, &text); err != nil {
			return "", err
		}
		if seal != sealOf(before, text) {
			return fmt.Sprintf("import %d was changed after it was ingested, or the one before it is gone", id), nil
		}
		before = seal
	}
	return "", rows.Err()
}

// checkPresence counts what the imports say they added against what is there.
func (s *Store) checkPresence(ctx context.Context) (string, error) {
	for _, q := range []struct{ what, query string }{
		{"records", `SELECT coalesce(min(i.path),''), count(*) FROM import i WHERE i.records - i.pruned <>
			(SELECT coalesce(sum(records),0) FROM segment s WHERE s.import=i.id)`},
		{"lookup rows", "SELECT '', (SELECT coalesce(sum(lookups),0) FROM import) <> (SELECT coalesce(sum(words),0) FROM dictionary WHERE kind=4)"},
		{"directory entries", "SELECT '', (SELECT coalesce(sum(entries),0) FROM import) <> (SELECT count(*) FROM entry)"},
		{"days of coverage", "SELECT '', (SELECT count(*) FROM (SELECT * FROM coverage EXCEPT " + covered + ")) + (SELECT count(*) FROM (" + covered + " EXCEPT SELECT * FROM coverage))"},
		{"directory files", `SELECT coalesce(min(i.path),''), count(*) FROM import i WHERE i.format LIKE 'directory-%' AND i.stored+i.duplicate>0
			AND NOT EXISTS (SELECT 1 FROM directory_file d JOIN snapshot n ON n.file=d.id WHERE d.import=i.id)`},
	} {
		var path string
		var wrong int
		if err := s.q.QueryRowContext(ctx, q.query).Scan(&path, &wrong); err != nil {
			return "", err
		}
		if wrong > 0 {
			if path != "" {
				return fmt.Sprintf("%s of %s are not all there", q.what, path), nil
			}
			return q.what + " are not all there", nil
		}
	}
	return "", nil
}
