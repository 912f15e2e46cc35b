package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"calaudit/store/export"
)

// plainSink writes an export as plain tables of a SQLite file.
type plainSink struct {
	path string
	db   *sql.DB
	mu   sync.Mutex
	tx   *sql.Tx
	made map[string]*sql.Stmt
}

// plainID marks exports in the SQLite header, so that they may be replaced.
const plainID = 0x63616c78 // "calx"

// NewPlain begins an export into a SQLite file that is not there or holds an
// earlier export. The file appears when it is whole.
func NewPlain(ctx context.Context, path string) (export.Sink, error) {
	if _, err := os.Stat(path); err == nil {
		old, err := open(ctx, path, "mode=ro&immutable=1")
		if err != nil {
			return nil, fmt.Errorf("%s: not an earlier export; give a new file", path)
		}
		var id int64
		err = old.q.QueryRowContext(ctx, "PRAGMA application_id").Scan(&id)
		old.Close()
		if err != nil || id != plainID {
			return nil, fmt.Errorf("%s: not an earlier export; give a new file", path)
		}
	}
	part := path + ".part"
	if err := os.Remove(part); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	f, err := os.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) // names of people
	if err != nil {
		return nil, err
	}
	f.Close()
	db, err := sql.Open(driver, dsn(part, "_journal_mode=OFF&_synchronous=OFF"))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	p := &plainSink{path: path, db: db, made: map[string]*sql.Stmt{}}
	if p.tx, err = db.BeginTx(ctx, nil); err == nil {
		_, err = p.tx.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id=%d", plainID))
	}
	if err != nil {
		p.Abort()
		return nil, explain(err)
	}
	return p, nil
}

// rowsTogether is how many rows one statement inserts.
const rowsTogether = 64

func (p *plainSink) Rows(t *export.Table, _ string, rows export.Rows) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.made[t.Name] == nil {
		if err := p.create(t); err != nil {
			return explain(err)
		}
	}
	args := make([]any, 0, rowsTogether*len(t.Columns))
	for i := range rows.N {
		args = append(args, rows.Row(i)...)
		var err error
		switch n := i%rowsTogether + 1; {
		case n == rowsTogether:
			_, err = p.made[t.Name].Exec(args...)
		case i == rows.N-1:
			_, err = p.tx.Exec(insert(t, n), args...)
		default:
			continue
		}
		if err != nil {
			return explain(err)
		}
		args = args[:0]
	}
	return nil
}

func insert(t *export.Table, rows int) string {
	one := "(" + strings.TrimSuffix(strings.Repeat("?,", len(t.Columns)), ",") + ")"
	return "INSERT INTO " + t.Name + " VALUES" + strings.TrimSuffix(strings.Repeat(one+",", rows), ",")
}

func (p *plainSink) create(t *export.Table) error {
	types := map[export.Kind]string{export.Text: "TEXT", export.Int: "INTEGER", export.Bool: "INTEGER", export.Time: "INTEGER"}
	var columns []string
	for _, c := range t.Columns {
		columns = append(columns, c.Name+" "+types[c.Kind])
	}
	if _, err := p.tx.Exec("CREATE TABLE " + t.Name + "(" + strings.Join(columns, ", ") + ")"); err != nil {
		return err
	}
	st, err := p.tx.Prepare(insert(t, rowsTogether))
	p.made[t.Name] = st
	return err
}

// Close adds the indexes and a view that is pleasant to read.
func (p *plainSink) Close() error {
	_, err := p.tx.Exec(`CREATE UNIQUE INDEX names_id ON names(id);
		CREATE INDEX activities_user ON activities(user_id, at);
		CREATE INDEX identities_name ON identities(name_id);
		CREATE VIEW activities_text AS SELECT strftime('%Y-%m-%d %H:%M:%f', a.at/1000.0, 'unixepoch') AS at, a.activity, u.text AS user, p.text AS peer,
			coalesce(d.text, e.text) AS device, c.text AS client, s.text AS server, a.modality, a.role, f.path AS file, a.line
			FROM activities a JOIN names u ON u.id=a.user_id LEFT JOIN names p ON p.id=a.peer_id LEFT JOIN names d ON d.id=a.device_id
			LEFT JOIN names e ON e.id=a.endpoint_id LEFT JOIN names c ON c.id=a.client_id LEFT JOIN names s ON s.id=a.server_id
			JOIN files f ON f.id=a.file_id`)
	if err = errors.Join(err, p.tx.Commit(), p.db.Close()); err != nil {
		os.Remove(p.path + ".part")
		return explain(err)
	}
	return os.Rename(p.path+".part", p.path)
}

func (p *plainSink) Abort() {
	if p.tx != nil {
		p.tx.Rollback()
	}
	p.db.Close()
	os.Remove(p.path + ".part")
}
