// Package store keeps evidence, settings and saved runs in one SQLite file. It
// is the only package with SQL. What it holds of evidence is a set: of records,
// of lookup rows, of directory entries. Adding a row that is already there
// changes nothing, whatever file it comes from, so overlapping exports are exact.
package store

import (
	"context"
	"database/sql"
	"embed"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	sqlite3 "github.com/mattn/go-sqlite3"

	"calaudit/ingest"
)

//go:embed migrations/*.sql
var migrations embed.FS

// applicationID marks our databases in the SQLite header.
var applicationID = int64(int32(binary.BigEndian.Uint32([]byte(ingest.ApplicationID))))

const driver = "calaudit-sqlite3"

func init() {
	sql.Register(driver, &sqlite3.SQLiteDriver{
		// No function or view of a tampered file may run with our rights.
		ConnectHook: func(c *sqlite3.SQLiteConn) error {
			_, err := c.Exec("PRAGMA trusted_schema=OFF", nil)
			return err
		},
	})
}

// Store is an open database.
type Store struct {
	db  *sql.DB
	q   querier // db, or the transaction of a dry run
	dry *sql.Tx // not nil: everything happens in this transaction, which is rolled back

	// Not nil: everything is read in this transaction, as it was when it began,
	// whatever a run writes meanwhile.
	snapshot *sql.Tx

	// The dictionary as this process wrote it last; nil: it is in the database.
	names   []ingest.Name
	parties []ingest.Party

	planes planes
}

// querier is what a database and a transaction have in common.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
}

// ErrNoDatabase is returned by OpenReadOnly when the file does not exist.
var ErrNoDatabase = errors.New("no such database; ingest evidence first: calaudit run PATH")

// ErrFull is returned when the disk has no room: what was being written is
// rolled back, what was there before is untouched.
var ErrFull = errors.New("the disk is full; make room and run again")

// keepStatements saves making statements again: the same few are asked all the
// time.
const keepStatements = "&_stmt_cache_size=64"

// Open opens or creates the database for writing and brings its schema up to
// date. It refuses databases of other programs and of newer versions of this one.
func Open(ctx context.Context, path string) (*Store, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	// Look first: switching the journal mode writes to the file, and another
	// program's database must stay as it is.
	fresh, err := Probe(ctx, path)
	if err != nil {
		return nil, err
	}
	if fresh {
		// Personal data: nobody else may read it.
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, pathError(path, err)
		}
		f.Close()
		if err := largePages(ctx, path); err != nil {
			os.Remove(path)
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	s, err := open(ctx, path, "_journal_mode=WAL&_synchronous=FULL&_txlock=immediate&_foreign_keys=1&_secure_delete=1&_busy_timeout=10000"+keepStatements)
	if err == nil {
		if err = s.migrate(ctx); err == nil {
			return s, nil
		}
		s.Close()
	}
	if fresh {
		os.Remove(path)
	}
	return nil, fmt.Errorf("%s: %w", path, err)
}

// largePages gives a database that has nothing in it yet the page size that
// suits blocks of 3 to 25 KB. It can't be changed once there is a log.
func largePages(ctx context.Context, path string) error {
	s, err := open(ctx, path, "")
	if err != nil {
		return err
	}
	_, err = s.db.ExecContext(ctx, "PRAGMA page_size=8192; PRAGMA journal_mode=WAL")
	return explain(errors.Join(err, s.Close()))
}

// Probe tells whether a database is still to be made, and refuses files that
// cannot be ours, without touching anything.
func Probe(ctx context.Context, path string) (fresh bool, err error) {
	if there, err := existing(path); !there {
		return err == nil, err
	}
	s, err := open(ctx, path, readOnly(path))
	if err == nil {
		_, err = s.version(ctx)
		s.Close()
	}
	if err != nil {
		return false, fmt.Errorf("%s: %w", path, err)
	}
	return false, nil
}

// existing tells whether there is a file.
func existing(path string) (there bool, err error) {
	switch info, err := os.Stat(path); {
	case path == "":
		return false, errors.New("the database has no name; give a file with --db")
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, pathError(path, err)
	case info.IsDir():
		return false, fmt.Errorf("%s: a folder; give a file with --db", path)
	}
	return true, nil
}

// readOnly are the options to look at a database. Reading a write-ahead log
// needs write access to its companion files; an account without it can still
// read a database at rest.
func readOnly(path string) string {
	const options = "&_foreign_keys=1&_query_only=1&_busy_timeout=10000&_cache_size=64" + keepStatements
	if f, err := os.OpenFile(path, os.O_RDWR, 0); err == nil {
		f.Close()
		if probe, err := os.CreateTemp(filepath.Dir(path), ".calaudit-*"); err == nil {
			probe.Close()
			os.Remove(probe.Name())
			return "mode=rw" + options
		}
	}
	if info, err := os.Stat(path + "-wal"); err == nil && info.Size() > 0 {
		return "mode=ro" + options
	}
	return "mode=ro&immutable=1" + options
}

func pathError(path string, err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%s: permission denied; let this account read and write the file and its folder", path)
	}
	return fmt.Errorf("%s: %w", path, err)
}

// OpenReadOnly opens an existing database to look at it: as it is now, however
// many queries that takes.
func OpenReadOnly(ctx context.Context, path string) (*Store, error) {
	there, err := existing(path)
	if err != nil {
		return nil, err
	}
	if !there {
		return nil, fmt.Errorf("%s: %w", path, ErrNoDatabase)
	}
	s, err := open(ctx, path, readOnly(path))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	// A query that is cut short is told from one that fails by its own context.
	if s.snapshot, err = s.db.BeginTx(context.WithoutCancel(ctx), nil); err != nil {
		s.db.Close()
		return nil, fmt.Errorf("%s: %w", path, explain(err))
	}
	s.q = s.snapshot
	version, err := s.version(ctx)
	if err == nil && version < latestVersion() {
		// Written by an older program: bring it up to date first.
		s.Close()
		return Open(ctx, path)
	}
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

func open(ctx context.Context, path, options string) (*Store, error) {
	db, err := sql.Open(driver, dsn(path, options))
	if err != nil {
		return nil, err
	}
	// One connection: a run holds the only writer, and reads see its writes.
	db.SetMaxOpenConns(1)
	s := &Store{db: db, q: db}
	if err := db.PingContext(ctx); err != nil {
		db.Close()
		return nil, explain(err)
	}
	return s, nil
}

// dsn escapes the path: a bare "?" or "%" in it would cut it.
func dsn(path, options string) string {
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath(), RawQuery: options}
	return u.String()
}

// Close closes the database.
func (s *Store) Close() error {
	if s.snapshot != nil {
		s.snapshot.Rollback()
	}
	return s.db.Close()
}

// explain turns the driver's words for common failures into ours.
func explain(err error) error {
	var e sqlite3.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code {
	case sqlite3.ErrNotADB:
		return errors.New("not a database; give another file with --db")
	case sqlite3.ErrFull:
		return fmt.Errorf("%w: %w", ErrFull, err)
	case sqlite3.ErrCantOpen, sqlite3.ErrReadonly, sqlite3.ErrPerm:
		return fmt.Errorf("cannot be opened or written; let this account read and write the file and its folder: %w", err)
	case sqlite3.ErrCorrupt:
		return fmt.Errorf("the database is damaged; restore a copy: %w", err)
	}
	return err
}

// version checks whose database it is and returns its schema version.
func (s *Store) version(ctx context.Context) (int, error) {
	var app, version, tables int64
	if err := s.q.QueryRowContext(ctx, "SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_schema)").
		Scan(&app, &version, &tables); err != nil {
		return 0, explain(err)
	}
	switch {
	case app == 0 && version == 0 && tables == 0:
		return 0, nil
	case app != applicationID:
		return 0, errors.New("a database of another program; give another file with --db")
	case version > int64(latestVersion()):
		return 0, fmt.Errorf("written by a newer calaudit (schema %d, this program knows %d); update calaudit", version, latestVersion())
	}
	return int(version), nil
}

func migrationFiles() []string {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		panic(err) // the pattern is constant
	}
	return names // Glob sorts
}

// latestVersion is the number that the name of the last migration begins with.
func latestVersion() int {
	files := migrationFiles()
	return migrationVersion(files[len(files)-1])
}

func migrationVersion(file string) int {
	n, err := strconv.Atoi(strings.TrimPrefix(file, "migrations/")[:4])
	if err != nil {
		panic(err) // part of the program
	}
	return n
}

// after is what SQL cannot do of a migration, by its number.
var after = map[int]func(ctx context.Context, tx *sql.Tx) error{
	2: packEvidence,
	3: splitSubjects,
	6: sumLines,
	7: sealSettings,
}

// migrate applies the missing migrations, each in a transaction of its own
// that also sets the version, so that a failing one leaves no trace.
func (s *Store) migrate(ctx context.Context) error {
	version, err := s.version(ctx)
	if err != nil {
		return err
	}
	for _, name := range migrationFiles() {
		number := migrationVersion(name)
		if number <= version {
			continue
		}
		script, err := migrations.ReadFile(name)
		if err != nil {
			return err
		}
		err = s.write(ctx, func(tx *sql.Tx) error {
			// Another process may have migrated while this one waited for the lock.
			var now int
			if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&now); err != nil {
				return err
			}
			if now >= number {
				return nil
			}
			if _, err := tx.ExecContext(ctx, string(script)); err != nil {
				return err
			}
			if more := after[number]; more != nil {
				if err := more(ctx, tx); err != nil {
					return err
				}
			}
			_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version=%d; PRAGMA application_id=%d", number, applicationID))
			return err
		})
		if err != nil {
			return fmt.Errorf("migration %s: %w", strings.TrimPrefix(name, "migrations/"), err)
		}
	}
	return nil
}

// write runs f in one transaction: all of it or nothing.
func (s *Store) write(ctx context.Context, f func(tx *sql.Tx) error) error {
	switch {
	case s.dry != nil:
		return s.writeDry(ctx, f)
	case s.snapshot != nil:
		return errors.New("the database is open to be looked at only, which is a bug")
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return explain(err)
	}
	defer tx.Rollback()
	if err := f(tx); err != nil {
		return explain(err)
	}
	return explain(tx.Commit())
}
