package main

import (
	"database/sql"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"calaudit/audit"
	"calaudit/store/export"
)

// TestTheQueryOnTheExportCountsLikeTheAudit exports companies and works their
// verdicts out again with nothing but SQL.
func TestTheQueryOnTheExportCountsLikeTheAudit(t *testing.T) {
	dirs := []string{filepath.Join(repo, "sample-logs", "contoso")}
	for seed := 40; seed < 44; seed++ {
		dirs = append(dirs, generate(t, "-qoe="+fmt.Sprint(seed%2 == 1), "-users", "120", "-days", "20", "-seed", fmt.Sprint(seed)))
	}
	for i, dir := range dirs {
		db, target := filepath.Join(t.TempDir(), "a.db"), filepath.Join(t.TempDir(), "plain.sqlite")
		// Each policy once, and with room systems, which some rules tell apart.
		policy, estate := audit.BuiltinPolicies()[i%len(audit.BuiltinPolicies())], filepath.Join(t.TempDir(), "estate.toml")
		text, err := os.ReadFile(filepath.Join(dir, "estate.toml"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(estate, []byte(strings.ReplaceAll(string(text), `class = "common-area-phone"`, `class = "room-system"`)), 0o600); err != nil {
			t.Fatal(err)
		}
		if status, _, errs := calaudit(t, "run", dir, "--db", db, "--quiet", "--fail-on", "never", "--policy", policy, "--estate", estate); status != 0 {
			t.Fatalf("exit %d: %s", status, errs)
		}
		if status, _, errs := calaudit(t, "export", target, "--as", "sqlite", "--db", db, "--policy", policy); status != 0 {
			t.Fatalf("exit %d: %s", status, errs)
		}
		want := map[string][3]int{}
		for _, kind := range []string{"user", "device"} {
			var list []audit.Subject
			calauditJSON(t, 0, &list, kind+"s", "--db", db)
			for _, s := range list {
				n := want[kind+" "+s.Class]
				n[slices.Index([]string{"required", "undetermined", "exempt"}, s.Outcome)]++
				want[kind+" "+s.Class] = n
			}
		}
		got := map[string][3]int{}
		for _, row := range sqlRows(t, target, export.Counts) {
			var kind, class string
			var n [3]int
			if _, err := fmt.Sscan(strings.Join(row, " "), &kind, &class, &n[0], &n[1], &n[2]); err != nil {
				t.Fatal(row, err)
			}
			got[kind+" "+class] = n
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: the query counts (required, undetermined, exempt) %v, the audit %v", dir, got, want)
		}
	}
}

// sqlRows reads a SQLite file; NULL is "<nil>".
func sqlRows(t *testing.T, path, text string) (rows [][]string) {
	t.Helper()
	db, err := sql.Open("calaudit-sqlite3", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	found, err := db.Query(text)
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	columns, err := found.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for found.Next() {
		values, at := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			at[i] = &values[i]
		}
		if err := found.Scan(at...); err != nil {
			t.Fatal(err)
		}
		row := make([]string, len(values))
		for i, v := range values {
			row[i] = fmt.Sprint(v)
		}
		rows = append(rows, row)
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestParquetAndPlainTablesHoldTheSameRows(t *testing.T) {
	dir := t.TempDir()
	db, folder, plain := filepath.Join(dir, "a.db"), filepath.Join(dir, "parquet"), filepath.Join(dir, "plain.sqlite")
	if status, _, errs := calaudit(t, "ingest", filepath.Join(repo, "sample-logs", "contoso"), "--db", db, "--quiet"); status != 0 {
		t.Fatalf("exit %d: %s", status, errs)
	}
	for range 2 { // the second time over the first
		if status, _, errs := calaudit(t, "export", folder, "--db", db); status != 0 {
			t.Fatalf("exit %d: %s", status, errs)
		}
		if status, _, errs := calaudit(t, "export", plain, "--as", "sqlite", "--db", db); status != 0 {
			t.Fatalf("exit %d: %s", status, errs)
		}
	}
	for _, table := range export.Tables {
		var got []string
		err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
			rel, _ := filepath.Rel(folder, path)
			if err == nil && (rel == table.Name+".parquet" || strings.HasPrefix(rel, table.Name+string(filepath.Separator)) && !e.IsDir()) {
				got = append(got, parquetRows(t, path, table, rel)...)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, row := range sqlRows(t, plain, "SELECT * FROM "+table.Name) {
			for i, c := range table.Columns {
				if c.Kind == export.Bool {
					row[i] = map[string]string{"0": "false", "1": "true"}[row[i]]
				}
			}
			want = append(want, strings.Join(row, "|"))
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) || len(got) == 0 {
			t.Errorf("%s: %d rows in Parquet, %d in SQLite, or they differ", table.Name, len(got), len(want))
		}
	}
}

// parquetRows reads a file back, and checks that activities lie in the folder
// of their day.
func parquetRows(t *testing.T, path string, table *export.Table, rel string) (list []string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := parquet.NewReader(f)
	defer r.Close()
	var names []string
	for _, path := range r.Schema().Columns() {
		names = append(names, path[0])
	}
	rows := make([]parquet.Row, 100)
	for {
		n, err := r.ReadRows(rows)
		for _, row := range rows[:n] {
			var out []string
			for _, c := range table.Columns {
				v := row[slices.Index(names, c.Name)]
				text := "<nil>"
				if !v.IsNull() {
					text = v.String()
				}
				if c.Kind == export.Time && !v.IsNull() && !strings.Contains(rel, "day="+moment(v.Int64())[:10]) {
					t.Fatalf("%s holds an activity of %s", rel, moment(v.Int64()))
				}
				out = append(out, text)
			}
			list = append(list, strings.Join(out, "|"))
		}
		if err == io.EOF {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestExportLeavesOtherFilesAlone(t *testing.T) {
	dir := t.TempDir()
	db, other := filepath.Join(dir, "a.db"), filepath.Join(dir, "other")
	if status, _, errs := calaudit(t, "ingest", filepath.Join(repo, "sample-logs", "contoso", "activity"), "--db", db, "--quiet"); status != 0 {
		t.Fatalf("exit %d: %s", status, errs)
	}
	if err := os.MkdirAll(other, 0o700); err != nil {
		t.Fatal(err)
	}
	mine := filepath.Join(other, "mine.txt")
	if err := os.WriteFile(mine, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{other}, {mine, "--as", "sqlite"}, {db, "--as", "sqlite"}, {filepath.Join(dir, "x"), "--as", "csv"}} {
		status, _, errs := calaudit(t, append([]string{"export", "--db", db}, args...)...)
		if status != exitUsage || errs == "" {
			t.Errorf("export %v: exit %d: %s", args, status, errs)
		}
	}
	if data, err := os.ReadFile(mine); err != nil || string(data) != "mine" {
		t.Errorf("%q, %v", data, err)
	}
	if status, out, errs := calaudit(t, "check", "--db", db); status != 0 {
		t.Errorf("check: exit %d: %s%s", status, out, errs)
	}
}
