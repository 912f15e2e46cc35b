package main

import (
	"archive/zip"
	"bytes"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"calaudit/audit"
)

// sourcePage is what an investigation with --source says.
type sourcePage struct {
	Evidence []struct {
		File, Time, Activity string
		Line                 int
		Source               *string
		SourceNote           string `json:"source_note"`
	}
}

// copySample copies the sample's exports, so that they can be removed.
func copySample(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "in")
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(repo, "sample-logs", "contoso"))); err != nil {
		t.Fatal(err)
	}
	return dir
}

// sources gathers the sources of all evidence lines of all subjects.
func sources(t *testing.T, db string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, kind := range []string{"user", "device"} {
		var subjects []audit.Subject
		calauditJSON(t, 0, &subjects, kind+"s", "--db", db)
		for i, s := range subjects {
			if i%5 != 0 {
				continue // a sample is enough
			}
			var page sourcePage
			calauditJSON(t, 0, &page, kind, s.ID, "--source", "--db", db)
			for _, e := range page.Evidence {
				if e.Source == nil {
					t.Fatalf("%s:%d has no source key", e.File, e.Line)
				}
				all[fmt.Sprintf("%s:%d", e.File, e.Line)] = *e.Source + e.SourceNote
			}
		}
	}
	return all
}

// query reads one row of the database behind the program's back.
func query(t *testing.T, name, question string, into ...any) {
	t.Helper()
	db, err := sql.Open("calaudit-sqlite3", name)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow(question).Scan(into...); err != nil {
		t.Fatal(err)
	}
}

func TestKeptEvidenceReadsAsTheExportsDidWhenTheyAreGone(t *testing.T) {
	dir := copySample(t)
	without, with := filepath.Join(t.TempDir(), "a.db"), filepath.Join(t.TempDir(), "b.db")
	var r, k audit.Report
	calauditJSON(t, exitShortfall, &r, "run", dir, "--db", without)
	calauditJSON(t, exitShortfall, &k, "run", dir, "--keep-evidence", "--db", with)
	if r.Digest != k.Digest {
		t.Errorf("digest %s with the text, %s without", k.Digest, r.Digest)
	}
	want := sources(t, without)
	if err := os.Rename(dir, dir+".away"); err != nil {
		t.Fatal(err)
	}
	got := sources(t, with)
	if len(want) < 1000 || len(got) != len(want) {
		t.Fatalf("%d and %d lines", len(got), len(want))
	}
	for place, text := range want {
		if got[place] != text || text == "" || strings.Contains(text, "not kept") {
			t.Errorf("%s: kept %q, in the export %q", place, got[place], text)
		}
	}
	for place, text := range sources(t, without) {
		if !strings.Contains(text, "not kept, and the export is gone") {
			t.Fatalf("%s: %q", place, text)
		}
	}
	if status, out, _ := calaudit(t, "check", "--db", with); status != 0 {
		t.Error(out)
	}
	// With the exports back, their text is added to what was taken without it.
	if err := os.Rename(dir+".away", dir); err != nil {
		t.Fatal(err)
	}
	if _, _, errs := calaudit(t, "ingest", dir, "--keep-evidence", "--db", without); !strings.Contains(errs, "rows is kept now") {
		t.Errorf("said %s", errs)
	}
	if _, _, errs := calaudit(t, "ingest", dir, "--keep-evidence", "--db", without); strings.Contains(errs, "kept now") {
		t.Errorf("said again %s", errs)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	for place, text := range sources(t, without) {
		if text != want[place] {
			t.Errorf("%s: kept later %q, in the export %q", place, text, want[place])
		}
	}
	if status, out, _ := calaudit(t, "check", "--db", without); status != 0 {
		t.Error(out)
	}
}

func TestPrunedDaysLeaveNoTextBehind(t *testing.T) {
	dir := t.TempDir()
	db := filepath.Join(dir, "a.db")
	rows := "time,activity,user,peer\n2009-01-10 08:00:00,im-session,ann@contoso.com,\"secret@contoso.com\"\n" +
		"2009-03-02 08:00:00,im-session,ann@contoso.com,new@contoso.com\n"
	old := "time,activity,user,peer\n2009-01-11 08:00:00,im-session,bea@contoso.com,old@contoso.com\n"
	write(t, dir, "in/activity.csv", []byte(rows))
	write(t, dir, "in/old.csv", []byte(old))
	write(t, dir, "in/estate.toml", []byte("sip_domains = [\"contoso.com\"]\n"))
	var r audit.Report
	calauditJSON(t, exitShortfall, &r, "run", filepath.Join(dir, "in"), "--keep-evidence", "--db", db)
	for range 2 { // also when the files come again
		if status, _, errs := calaudit(t, "prune", "--before", "2009-02-01", "--db", db); status != 0 {
			t.Fatal(errs)
		}
		if status, out, _ := calaudit(t, "check", "--db", db); status != 0 {
			t.Fatal(out)
		}
		var n, bytes int
		query(t, db, "SELECT coalesce(sum(rows),0), coalesce(sum(length(block)),0) FROM source_text", &n, &bytes)
		if n != 1 || bytes == 0 {
			t.Errorf("%d rows kept in %d bytes, want 1", n, bytes)
		}
		calauditJSON(t, exitShortfall, &r, "run", filepath.Join(dir, "in"), "--keep-evidence", "--db", db)
	}
	if err := os.RemoveAll(filepath.Join(dir, "in")); err != nil {
		t.Fatal(err)
	}
	_, out, _ := calaudit(t, "user", "ann@contoso.com", "--source", "--db", db)
	if !strings.Contains(out, "  | 2009-03-02 08:00:00,im-session,ann@contoso.com,new@contoso.com\n") || strings.Contains(out, "secret") {
		t.Error(out)
	}
	data, err := os.ReadFile(db)
	if err != nil || bytes.Contains(data, []byte("secret")) {
		t.Errorf("the text is still in the file (%v)", err)
	}
}

func TestAnExportThatChangedIsNotShownAsTheSource(t *testing.T) {
	dir := t.TempDir()
	db := filepath.Join(dir, "a.db")
	text := "time,activity,user\n2009-03-02 08:00:00,im-login,alice@contoso.com\n"
	var archive bytes.Buffer
	z := zip.NewWriter(&archive)
	w, err := z.Create("b.csv")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(w, "time,activity,user\n2009-03-02 09:00:00,im-login,\"alice@contoso.com\"\n")
	z.Close()
	write(t, dir, "in/a.csv", []byte(text))
	write(t, dir, "in/b.zip", archive.Bytes())
	var r audit.Report
	calauditJSON(t, exitShortfall, &r, "run", filepath.Join(dir, "in"), "--db", db)
	_, out, _ := calaudit(t, "user", "alice@contoso.com", "--source", "--db", db)
	if !strings.Contains(out, "  | 2009-03-02 08:00:00,im-login,alice@contoso.com\n") || !strings.Contains(out, "  | 2009-03-02 09:00:00,im-login,\"alice@contoso.com\"\n") {
		t.Error(out)
	}
	// As long as before, so that only the content tells.
	write(t, dir, "in/a.csv", []byte(strings.Replace(text, "alice", "bobby", 1)))
	_, out, _ = calaudit(t, "user", "alice@contoso.com", "--source", "--db", db)
	if strings.Contains(out, "bobby") || !strings.Contains(out, "  | not kept, and the export has changed\n") {
		t.Error(out)
	}
	_, out, _ = calaudit(t, "user", "alice@contoso.com", "--format", "json", "--db", db)
	if strings.Contains(out, `"source`) {
		t.Errorf("a source that was not asked for: %s", out)
	}
}
