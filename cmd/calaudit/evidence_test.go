package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"calaudit/audit"
	"calaudit/ingest"
)

// TestEveryEvidenceLineHoldsTheRecordItIsSaidToHold opens every file:line that
// the pages of all subjects of the sample name.
func TestEveryEvidenceLineHoldsTheRecordItIsSaidToHold(t *testing.T) {
	db := filepath.Join(t.TempDir(), "a.db")
	var r audit.Report
	calauditJSON(t, exitShortfall, &r, "run", filepath.Join(repo, "sample-logs", "contoso"), "--db", db)
	files := map[string][]string{}
	lineOf := func(name string, n int) string {
		lines, ok := files[name]
		if !ok {
			f, err := ingest.OpenFile(name)
			if err != nil {
				t.Fatal(err)
			}
			rc, err := f.Text()
			if err != nil {
				t.Fatal(err)
			}
			defer rc.Close()
			data, err := io.ReadAll(rc)
			if err != nil {
				t.Fatal(err)
			}
			lines = strings.Split(string(data), "\n")
			files[name] = lines
		}
		if n < 1 || n > len(lines) {
			t.Fatalf("%s has %d lines, not %d", name, len(lines), n)
		}
		return lines[n-1]
	}
	seen := 0
	for _, kind := range []string{"user", "device"} {
		var subjects []audit.Subject
		calauditJSON(t, 0, &subjects, kind+"s", "--db", db)
		for _, s := range subjects {
			var page struct {
				Outcome  string
				Aliases  []string
				Evidence []struct {
					Time, Activity, File string
					Line                 int
				}
			}
			calauditJSON(t, 0, &page, kind, s.ID, "--db", db)
			if len(page.Evidence) == 0 {
				t.Errorf("%s %s is %s without evidence", kind, s.ID, page.Outcome)
			}
			counted := map[string]int{}
			for _, e := range page.Evidence {
				counted[e.Activity]++
				text := lineOf(e.File, e.Line)
				seen++
				if strings.Contains(e.File, "/directory/") {
					// the place of an entry is its distinguished name
					if !strings.Contains(strings.ToUpper(text), "CN=") && !strings.HasPrefix(text, "dn:: ") {
						t.Errorf("%s: %s:%d holds %q, no entry", s.ID, e.File, e.Line, text)
					}
					continue
				}
				at, err := time.Parse(time.RFC3339, e.Time)
				if err != nil {
					t.Fatal(err)
				}
				// the branch office writes its times with an offset of one hour
				local := at.In(time.FixedZone("", 3600)).Format("2006-01-02T15:04:05Z07:00")
				if !strings.Contains(text, at.Format("2006-01-02 15:04:05")) && !strings.Contains(text, at.Format("2006-01-02T15:04:05")) && !strings.Contains(text, local) {
					t.Errorf("%s: %s:%d holds %q, not %s of %s", s.ID, e.File, e.Line, text, e.Activity, e.Time)
				}
			}
			for _, reason := range s.Reasons {
				if counted[reason.Activity] < reason.Count && reason.Activity != "im-identity" && reason.Activity != "voice-extension" {
					t.Errorf("%s: %d lines of %s for a reason that counts %d", s.ID, counted[reason.Activity], reason.Activity, reason.Count)
				}
			}
		}
	}
	if seen < 5000 {
		t.Errorf("only %d evidence lines were looked at", seen)
	}
	if _, err := os.Stat(db); err != nil {
		t.Fatal(err)
	}
}
