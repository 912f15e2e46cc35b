package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"calaudit/audit"
)

// verdicts are the subjects that an audit must list.
type verdicts struct {
	Users, Devices map[string]json.RawMessage
}

// pileTruth is what the generator says of the pile: what all sources tell, what
// each tells alone (beside the directories, unless it is one), what is told
// without it, and of whom it is the only one to tell something.
type pileTruth struct {
	AsOf    string                                  `json:"as_of"`
	Imports map[string]struct{ Read, Rejected int } `json:"imports"`
	Owned   map[string]int
	All     verdicts
	Sources map[string]pileSource
}

type pileSource struct {
	Format         string
	Alone, Without verdicts
	Sole, Days     []string
}

func (p *pileTruth) folders() []string { return slices.Sorted(maps.Keys(p.Sources)) }

// readPile generates a pile and returns its folder, and what is true of it.
func readPile(t *testing.T) (dir string, want *pileTruth) {
	t.Helper()
	dir = generate(t, "-pile", "-users", "60", "-days", "15", "-events", "300", "-seed", "3")
	data, err := os.ReadFile(filepath.Join(dir, "truth-pile.json"))
	if err != nil {
		t.Fatal(err)
	}
	want = new(pileTruth)
	if err := json.Unmarshal(data, want); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "pile"), want
}

// part lists the folders of some sources and the settings.
func part(pile string, folders ...string) (paths []string) {
	for _, f := range append([]string{"estate.toml", "licenses.csv", "statement.xlsx"}, folders...) {
		paths = append(paths, filepath.Join(pile, f))
	}
	return paths
}

// heard audits paths into a new database.
func heard(t *testing.T, asOf string, paths ...string) (r audit.Report, users, devices []audit.Subject) {
	t.Helper()
	db := filepath.Join(t.TempDir(), "a.db")
	calauditJSON(t, 0, &r, append([]string{"run", "--db", db, "--assign", "user", "--as-of", asOf, "--fail-on", "never"}, paths...)...)
	calauditJSON(t, 0, &users, "users", "--db", db)
	calauditJSON(t, 0, &devices, "devices", "--db", db)
	return r, users, devices
}

func compareVerdicts(t *testing.T, users, devices []audit.Subject, want verdicts) {
	t.Helper()
	compareSubjects(t, users, want.Users, verdictAndUses)
	compareSubjects(t, devices, want.Devices, deviceOf)
}

// verdictAndUses is the verdict of a user and the first and last day of each use;
// what only directories state is in the verdict.
func verdictAndUses(s audit.Subject) any {
	uses := map[string][2]string{}
	for _, r := range s.Reasons {
		if r.Activity == "im-identity" || r.Activity == "voice-extension" {
			continue
		}
		first, last := r.First[:min(len(r.First), 10)], r.Last[:min(len(r.Last), 10)]
		if had, ok := uses[r.Activity]; ok && had[0] != "" {
			first, last = min(had[0], cmp.Or(first, had[0])), max(had[1], last)
		}
		uses[r.Activity] = [2]string{first, last}
	}
	return append(verdictOf(s).([]any), uses)
}

// TestThePileIsUnderstood: every format is there, no file is passed over, no
// row is lost and none rejected but those that the plan has broken; what is
// owned is what licenses.csv and the statement say together.
func TestThePileIsUnderstood(t *testing.T) {
	pile, want := readPile(t)
	db := filepath.Join(t.TempDir(), "a.db")
	status, _, errs := calaudit(t, "run", pile, "--db", db, "--assign", "user", "--as-of", want.AsOf, "--fail-on", "never")
	if status != 0 || strings.Contains(errs, "passed over") {
		t.Fatalf("exit %d: %s", status, errs)
	}
	var imports []struct {
		File, Format                               string
		Read, Stored, Duplicate, Skipped, Rejected int
	}
	calauditJSON(t, 0, &imports, "imports", "--db", db)
	formats, seen := map[string]bool{}, map[string]bool{}
	for _, im := range imports {
		name, err := filepath.Rel(pile, im.File)
		if err != nil {
			t.Fatal(err)
		}
		name = filepath.ToSlash(name)
		seen[name], formats[im.Format] = true, true
		w, counted := want.Imports[name]
		if im.Rejected != w.Rejected || counted && im.Read != w.Read || im.Read == 0 {
			t.Errorf("%s: %d read, %d rejected; planned %d and %d", name, im.Read, im.Rejected, w.Read, w.Rejected)
		}
		if im.Read != im.Stored+im.Duplicate+im.Skipped+im.Rejected {
			t.Errorf("%s does not balance: %+v", name, im)
		}
		folder, _, _ := strings.Cut(name, "/")
		if want.Sources[folder].Format != im.Format {
			t.Errorf("%s is taken for %s", name, im.Format)
		}
	}
	for name := range want.Imports {
		if !seen[name] {
			t.Errorf("%s was not imported", name)
		}
	}
	var all []struct{ Name string }
	calauditJSON(t, 0, &all, "formats")
	for _, f := range all {
		if !formats[f.Name] {
			t.Errorf("no file of the format %s", f.Name)
		}
	}
	var users, devices []audit.Subject
	calauditJSON(t, 0, &users, "users", "--db", db)
	calauditJSON(t, 0, &devices, "devices", "--db", db)
	compareVerdicts(t, users, devices, want.All)
	var r audit.Report
	calauditJSON(t, 0, &r, "report", "--db", db)
	for _, p := range r.Position {
		if n, ok := want.Owned[p.License+"/"+p.Metric+"/"+p.Version]; ok && n != p.Owned {
			t.Errorf("%s %s %s: %d owned, planned %d", p.License, p.Metric, p.Version, p.Owned, n)
		}
	}
	if status, out, _ := calaudit(t, "check", "--db", db); status != 0 {
		t.Errorf("check: exit %d: %s", status, out)
	}
}

// TestEachSourceAloneTellsWhatItCanAttest compares each source, with the
// directories where it is none itself, with the plan.
func TestEachSourceAloneTellsWhatItCanAttest(t *testing.T) {
	pile, want := readPile(t)
	var directories []string
	for _, folder := range want.folders() {
		if strings.HasPrefix(want.Sources[folder].Format, "directory-") {
			directories = append(directories, folder)
		}
	}
	for _, folder := range want.folders() {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			folders := []string{folder}
			if !slices.Contains(directories, folder) {
				folders = append(folders, directories...)
			}
			_, users, devices := heard(t, want.AsOf, part(pile, folders...)...)
			compareVerdicts(t, users, devices, want.Sources[folder].Alone)
		})
	}
}

// TestWithoutASourceOnlyWhatItAloneToldIsGone leaves out each source in turn.
// The report is what the plan says is told by the others; it differs from that
// of the whole pile only in subjects of whom nobody else told the same.
func TestWithoutASourceOnlyWhatItAloneToldIsGone(t *testing.T) {
	pile, want := readPile(t)
	whole, users, devices := heard(t, want.AsOf, part(pile, want.folders()...)...)
	compareVerdicts(t, users, devices, want.All)
	before := shown(users, devices)
	for _, folder := range want.folders() {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			source := want.Sources[folder]
			others := slices.DeleteFunc(want.folders(), func(f string) bool { return f == folder })
			r, users, devices := heard(t, want.AsOf, part(pile, others...)...)
			compareVerdicts(t, users, devices, source.Without)
			after := shown(users, devices)
			for id, verdict := range before {
				if after[id] != verdict && !slices.Contains(source.Sole, id) {
					t.Errorf("%s: %s, %s with %s, which is not the only one to tell of it", id, after[id], verdict, folder)
				}
			}
			if maps.Equal(before, after) != (source.Format == "wmi-setting") { // it states nothing
				t.Error("the pile has nobody of whom this source alone tells")
			}
			compareCoverage(t, &whole, &r, source)
		})
	}
}

// shown is the verdict of every subject, by id.
func shown(lists ...[]audit.Subject) map[string]string {
	all := map[string]string{}
	for _, list := range lists {
		for _, s := range list {
			all[s.ID] = fmt.Sprint(s.Class, s.Outcome, s.Licenses, s.CoveredBy)
		}
	}
	return all
}

// compareCoverage demands that the report without a source says what is missing:
// the format is named as one of which nothing was read, none of its days is
// covered, and all else is covered as before.
func compareCoverage(t *testing.T, whole, without *audit.Report, source pileSource) {
	t.Helper()
	want := []string{source.Format}
	if source.Format == "wmi-setting" || source.Format == "activity-csv" { // no use is in it; calaudit's own
		want = nil
	}
	if len(whole.Absent) > 0 || !slices.Equal(without.Absent, want) {
		t.Errorf("nothing was read of %q, with the source of %q", without.Absent, whole.Absent)
	}
	covered := func(r *audit.Report) map[string]string {
		all := map[string]string{}
		for _, c := range r.Coverage {
			if c.Format != "directory" { // one line for all tools
				all[c.Format] = fmt.Sprint(c.First, c.Last, c.MissingDays)
			}
		}
		return all
	}
	before, after := covered(whole), covered(without)
	for _, c := range whole.Coverage {
		if c.Format != source.Format || c.Format == "activity-csv" { // which has a row of long ago
			continue
		}
		first, last := source.Days[0], source.Days[len(source.Days)-1]
		missing := daysBetween(first, whole.AsOf) - len(source.Days)
		if c.Format == "registrations" || c.Format == "monitoring-report" { // taken now and then
			missing = 0
		}
		if c.First != first || c.Last != last || len(c.MissingDays) != missing {
			t.Errorf("%s covers %s to %s but for %d days, the plan %s to %s but for %d", c.Format, c.First, c.Last, len(c.MissingDays), first, last, missing)
		}
	}
	if (before[source.Format] != "") != (len(source.Days) > 0) {
		t.Errorf("%s covers %s, the plan has %d days", source.Format, before[source.Format], len(source.Days))
	}
	delete(before, source.Format)
	if !maps.Equal(before, after) {
		t.Errorf("coverage of the others is %q, %q with the source", after, before)
	}
}

// daysBetween counts the days from one to another, both included.
func daysBetween(first, last string) int {
	a, _ := time.Parse(time.DateOnly, first)
	b, _ := time.Parse(time.DateOnly, last)
	return int(b.Sub(a).Hours()/24) + 1
}

// TestOneDatabaseSavedByEightToolsGivesOneDigest compares what the tools saved
// of the same call records, in UTF-8, UTF-16 and an ANSI code page.
func TestOneDatabaseSavedByEightToolsGivesOneDigest(t *testing.T) {
	pile, want := readPile(t)
	shapes, err := filepath.Glob(filepath.Join(filepath.Dir(pile), "shapes", "*"))
	if err != nil || len(shapes) < 5 {
		t.Fatal(shapes, err)
	}
	rejected := 0
	for name, im := range want.Imports {
		if strings.HasPrefix(name, "cdr/") {
			rejected += im.Rejected
		}
	}
	digests := map[string]string{}
	for _, dir := range shapes {
		r, users, _ := heard(t, want.AsOf, filepath.Join(pile, "estate.toml"), dir)
		if r.Imports.Rejected != rejected || len(users) < 60 {
			t.Errorf("%s: %d rejected, %d users", filepath.Base(dir), r.Imports.Rejected, len(users))
		}
		digests[filepath.Base(dir)] = r.Digest
	}
	for name, d := range digests {
		if d != digests[filepath.Base(shapes[0])] {
			t.Errorf("%s: another digest than %s", name, filepath.Base(shapes[0]))
		}
	}
}
