package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"sync"
	"testing"
	"time"

	"calaudit/audit"
)

// clock is the moment at which the tests run the program.
func clock() time.Time { return time.Date(2009, 4, 1, 2, 0, 0, 0, time.UTC) }

// calaudit runs the program in this process.
func calaudit(t testing.TB, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(args, &out, &errs, clock)
	return status, out.String(), errs.String()
}

// calauditJSON runs the program, demands a status and decodes what it prints.
func calauditJSON(t testing.TB, want int, into any, args ...string) {
	t.Helper()
	status, out, errs := calaudit(t, append(args, "--format", "json", "--quiet")...)
	if status != want {
		t.Fatalf("calaudit %v: exit %d, want %d: %s", args, status, want, errs)
	}
	if err := json.Unmarshal([]byte(out), into); err != nil {
		t.Fatalf("calaudit %v: %v in %.200s", args, err, out)
	}
}

// generator builds the sample generator once.
var generator = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "calaudit-generate-*")
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "generate")
	out, err := exec.Command("go", "build", "-o", name, "calaudit/sample-logs/generate").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return name, nil
})

// generate writes a company and returns its folder.
func generate(t testing.TB, args ...string) string {
	t.Helper()
	name, err := generator()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if out, err := exec.Command(name, append(args, "-out", dir)...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return dir
}

// truth is what the generator planned, derived without the auditor.
type truth struct {
	AsOf     string                     `json:"as_of"`
	Users    map[string]json.RawMessage `json:"users"`
	Devices  map[string]json.RawMessage `json:"devices"`
	Position map[string][4]int          `json:"position"`
	Totals   struct {
		Users, Devices audit.Outcomes
	} `json:"totals"`
	Imports map[string]struct{ Read, Rejected int } `json:"imports"`
}

func TestTheSampleCompanyIsJudgedAsItWasPlanned(t *testing.T) {
	compareWithTruth(t, filepath.Join(repo, "sample-logs", "contoso"))
}

func TestGeneratedCompaniesAreJudgedAsTheyWerePlanned(t *testing.T) {
	for seed := range 20 {
		t.Run(fmt.Sprint("seed ", seed+2), func(t *testing.T) {
			compareWithTruth(t, generate(t, "-seed", fmt.Sprint(seed+2)))
		})
	}
	t.Run("5000 users", func(t *testing.T) { compareWithTruth(t, generate(t, "-users", "5000", "-seed", "7")) })
}

// compareWithTruth audits a generated company and compares every subject,
// every CAL position and every file's tally with the plan.
func compareWithTruth(t *testing.T, dir string) {
	data, err := os.ReadFile(filepath.Join(dir, "truth.json"))
	if err != nil {
		t.Fatal(err)
	}
	var want truth
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	db := filepath.Join(t.TempDir(), "a.db")
	var r audit.Report
	calauditJSON(t, exitShortfall, &r, "run", dir, "--db", db, "--assign", "user")
	if r.AsOf != want.AsOf {
		t.Errorf("as of %s, planned %s", r.AsOf, want.AsOf)
	}
	var users, devices []audit.Subject
	calauditJSON(t, 0, &users, "users", "--db", db)
	calauditJSON(t, 0, &devices, "devices", "--db", db)
	compareSubjects(t, users, want.Users, func(s audit.Subject) any {
		return []any{s.Class, s.Outcome, append([]string{}, slices.Sorted(slices.Values(s.Licenses))...)}
	})
	compareSubjects(t, devices, want.Devices, func(s audit.Subject) any { return []any{s.Class, s.Outcome, s.CoveredBy} })
	position := map[string][4]int{}
	for _, p := range r.Position {
		position[p.License+"/"+p.Metric+"/"+p.Version] = [4]int{p.Required, p.Owned, p.Shortfall, p.Surplus}
	}
	for k, w := range want.Position {
		if position[k] != w {
			t.Errorf("position %s: %v, planned %v (required, owned, shortfall, surplus)", k, position[k], w)
		}
	}
	if r.Totals.Users != want.Totals.Users || r.Totals.Devices != want.Totals.Devices {
		t.Errorf("totals %+v, planned %+v", r.Totals, want.Totals)
	}
	compareImports(t, db, dir, want)
	if status, out, _ := calaudit(t, "check", "--db", db); status != 0 {
		t.Errorf("check: exit %d: %s", status, out)
	}
}

func compareImports(t *testing.T, db, dir string, want truth) {
	t.Helper()
	var imports []struct {
		File                                       string
		Read, Stored, Duplicate, Skipped, Rejected int
	}
	calauditJSON(t, 0, &imports, "imports", "--db", db)
	seen := map[string]bool{}
	for _, im := range imports {
		name, err := filepath.Rel(dir, im.File)
		if err != nil {
			t.Fatal(err)
		}
		name = filepath.ToSlash(name)
		seen[name] = true
		w, planned := want.Imports[name]
		if !planned {
			t.Errorf("%s was imported, but not planned", name)
		} else if im.Read != w.Read || im.Rejected != w.Rejected {
			t.Errorf("%s: %d read, %d rejected; planned %d and %d", name, im.Read, im.Rejected, w.Read, w.Rejected)
		}
		if im.Read != im.Stored+im.Duplicate+im.Skipped+im.Rejected {
			t.Errorf("%s does not balance: %+v", name, im)
		}
	}
	for name := range want.Imports {
		if !seen[name] {
			t.Errorf("%s was not imported", name)
		}
	}
}

// compareSubjects compares what is in both lists and names what is in one only.
func compareSubjects(t *testing.T, got []audit.Subject, want map[string]json.RawMessage, view func(audit.Subject) any) {
	t.Helper()
	wrong := 0
	complain := func(format string, args ...any) {
		if wrong++; wrong <= 20 {
			t.Errorf(format, args...)
		}
	}
	seen := map[string]bool{}
	for _, s := range got {
		seen[s.ID] = true
		w, planned := want[s.ID]
		if !planned {
			complain("%s %s is listed, but not planned: %v", s.Kind, s.ID, s)
			continue
		}
		g, err := json.Marshal(view(s))
		if err != nil {
			t.Fatal(err)
		}
		var a, b any
		if json.Unmarshal(g, &a) != nil || json.Unmarshal(w, &b) != nil {
			t.Fatalf("cannot read %s or %s", g, w)
		}
		if fmt.Sprint(a) != fmt.Sprint(b) {
			complain("%s %s: %v, planned %v", s.Kind, s.ID, a, b)
		}
		if len(s.Reasons) == 0 {
			complain("%s %s has no reason", s.Kind, s.ID)
		}
	}
	var missing []string
	for id := range want {
		if !seen[id] {
			missing = append(missing, id)
		}
	}
	sort.Strings(missing)
	for _, id := range missing {
		complain("%s was planned as %s, but is not listed", id, want[id])
	}
	if wrong > 20 {
		t.Errorf("... and %d more", wrong-20)
	}
}
