package store

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"calaudit/ingest"
)

func mustOpen(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestTheBundledSQLiteIsPastTheWALResetBug(t *testing.T) {
	s := mustOpen(t, filepath.Join(t.TempDir(), "a.db"))
	var v string
	if err := s.db.QueryRow("SELECT sqlite_version()").Scan(&v); err != nil {
		t.Fatal(err)
	}
	var a, b, c int
	if _, err := fmt.Sscanf(v, "%d.%d.%d", &a, &b, &c); err != nil {
		t.Fatal(err)
	}
	if a*1000000+b*1000+c < 3051003 {
		t.Errorf("SQLite %s; 3.51.3 or later is needed", v)
	}
}

func TestPragmasHoldOnTheConnection(t *testing.T) {
	s := mustOpen(t, filepath.Join(t.TempDir(), "a.db"))
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1",
		"trusted_schema": "0", "secure_delete": "1", "application_id": fmt.Sprint(applicationID), "user_version": fmt.Sprint(latestVersion())} {
		var got string
		if err := s.db.QueryRow("PRAGMA " + pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %s (%v), want %s", pragma, got, err, want)
		}
	}
}

func TestAnyFileNameIsTakenLiterally(t *testing.T) {
	for _, name := range []string{"a?b.db", "a#b.db", "a%41.db", "with space.db", "größe.db", "a&mode=memory.db"} {
		path := filepath.Join(t.TempDir(), name)
		mustOpen(t, path)
		entries, err := os.ReadDir(filepath.Dir(path))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if !strings.HasPrefix(e.Name(), name) {
				t.Errorf("opening %q made %q", name, e.Name())
			}
		}
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
}

func TestANewDatabaseIsPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	mustOpen(t, path)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %o, want 600", info.Mode().Perm())
	}
}

func TestForeignNewerAndBrokenFilesAreRefused(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct {
		name string
		make func(path string) error
		want string
	}{
		{"another program's database", func(path string) error {
			return execAll(path, "CREATE TABLE t(x)")
		}, "a database of another program; give another file with --db"},
		{"another program's id", func(path string) error {
			return execAll(path, "PRAGMA application_id=77; CREATE TABLE t(x)")
		}, "a database of another program; give another file with --db"},
		{"newer schema", func(path string) error {
			s, err := Open(ctx, path)
			if err != nil {
				return err
			}
			s.Close()
			return execAll(path, "PRAGMA user_version=99")
		}, "written by a newer calaudit (schema 99, this program knows"},
		{"no database at all", func(path string) error {
			return os.WriteFile(path, []byte(strings.Repeat("this is text, not a database\n", 100)), 0o600)
		}, "not a database; give another file with --db"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.db")
			if err := c.make(path); err != nil {
				t.Fatal(err)
			}
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, open := range []func(context.Context, string) (*Store, error){Open, OpenReadOnly} {
				s, err := open(ctx, path)
				if err == nil {
					s.Close()
					t.Fatal("opened")
				}
				if !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), path) {
					t.Errorf("error %q, want %q", err, c.want)
				}
			}
			after, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if string(before) != string(after) {
				t.Error("the refused file was changed")
			}
		})
	}
}

func execAll(path, script string) error {
	db, err := sql.Open(driver, dsn(path, ""))
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.Exec(script)
	return err
}

func TestReadingAMissingDatabaseMakesNone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	if _, err := OpenReadOnly(context.Background(), path); err == nil || !strings.Contains(err.Error(), "no such database") {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Error("a database was made")
	}
}

// TestAReaderSeesTheDatabaseAsItWasOpened: a look-up and a check take many
// queries, and a run may write between them.
func TestAReaderSeesTheDatabaseAsItWasOpened(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "a.db")
	w, err := Open(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	take := func(dir string) {
		cmd := w.NewCommand(&ingest.Env{Now: time.Date(2009, 4, 1, 0, 0, 0, 0, time.UTC), Location: time.UTC})
		for _, u := range ingest.Gather([]string{filepath.Join("..", "sample-logs", "contoso", dir)}).Units {
			if _, err := cmd.Import(ctx, &u); err != nil {
				t.Fatal(err)
			}
		}
		names, err := w.Names(ctx)
		if err == nil {
			_, err = w.Window(ctx, names, time.Date(2009, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2009, 4, 1, 0, 0, 0, 0, time.UTC))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	take("cdr")
	r, err := OpenReadOnly(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	names, err := r.Names(ctx)
	if err != nil {
		t.Fatal(err)
	}
	from, to := time.Date(2009, 3, 1, 0, 0, 0, 0, time.UTC), time.Date(2009, 4, 1, 0, 0, 0, 0, time.UTC)
	user := "emile.evans@contoso.com"
	before, err := r.Lines(ctx, from, to, []string{user}, 0)
	if err != nil || len(before.Lines) == 0 {
		t.Fatal(before, err)
	}
	take("activity")
	if _, err := w.db.ExecContext(ctx, "PRAGMA busy_timeout=20"); err != nil { // the log is in use
		t.Fatal(err)
	}
	if _, err := w.Prune(ctx, time.Now(), to.AddDate(0, 0, -3)); err != nil {
		t.Fatal(err)
	}
	now, err := r.Names(ctx)
	if err != nil || !slices.Equal(names, now) {
		t.Errorf("%d names, then %d; %v", len(names), len(now), err)
	}
	after, err := r.Lines(ctx, from, to, []string{user}, 0)
	if err != nil || !slices.Equal(before.Lines, after.Lines) {
		t.Errorf("%d lines, then %d; %v", len(before.Lines), len(after.Lines), err)
	}
	findings, err := r.Check(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		if !f.OK {
			t.Errorf("%s: %s", f.Name, f.Detail)
		}
	}
}

func TestATallyThatDoesNotBalanceCannotBeStored(t *testing.T) {
	s := mustOpen(t, filepath.Join(t.TempDir(), "a.db"))
	_, err := s.db.Exec(`INSERT INTO command(id, at) VALUES(1, 0);
		INSERT INTO import(command, unit, path, format, part, product, zone, size, sha256, read, stored, duplicate, skipped, rejected, records, lookups, entries, complete, skips, notes, seal)
		VALUES(1,'','','','','','',0,'',3,1,1,0,0,1,0,0,1,'{}','[]','')`)
	if err == nil || !strings.Contains(err.Error(), "CHECK constraint failed") {
		t.Errorf("error %v", err)
	}
}

// activityCSV is the format of plain rows.
func activityCSV() *ingest.Format {
	for _, f := range ingest.Formats() {
		if f.Name == "activity-csv" {
			return &f
		}
	}
	panic("no format activity-csv")
}
