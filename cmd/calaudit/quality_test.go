package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"calaudit/audit"
)

// qualityTruth is what the generator says of the quality database.
type qualityTruth struct {
	Users, Devices, Machines map[string]json.RawMessage
}

// audited ingests paths of a generated company as they are and lists everybody.
func audited(t *testing.T, asOf string, paths ...string) (users, devices []audit.Subject) {
	t.Helper()
	db := filepath.Join(t.TempDir(), "a.db")
	var r audit.Report
	calauditJSON(t, 0, &r, append([]string{"run", "--db", db, "--assign", "user", "--as-of", asOf, "--fail-on", "never"}, paths...)...)
	calauditJSON(t, 0, &users, "users", "--db", db)
	calauditJSON(t, 0, &devices, "devices", "--db", db)
	if status, out, _ := calaudit(t, "check", "--db", db); status != 0 {
		t.Errorf("check: exit %d: %s", status, out)
	}
	return users, devices
}

// counts is how often each rule was met, by user.
func counts(users []audit.Subject) map[string]string {
	all := map[string]string{}
	for _, s := range users {
		var lines []string
		for _, r := range s.Reasons {
			lines = append(lines, fmt.Sprintln(r.Rule, r.Activity, r.Outcome, r.Count))
		}
		slices.Sort(lines)
		all[s.ID] = fmt.Sprint(lines)
	}
	return all
}

func verdictOf(s audit.Subject) any {
	return []any{s.Class, s.Outcome, append([]string{}, slices.Sorted(slices.Values(s.Licenses))...)}
}

func deviceOf(s audit.Subject) any { return []any{s.Class, s.Outcome, s.CoveredBy} }

// TestQualityAloneCallRecordsAloneAndBothAgree compares the three with the
// plan: verdicts and counts of users, and the machines.
func TestQualityAloneCallRecordsAloneAndBothAgree(t *testing.T) {
	for _, seed := range []string{"1", "2", "3"} {
		t.Run("seed "+seed, func(t *testing.T) {
			dir := generate(t, "-qoe", "-seed", seed)
			var want truth
			var quality qualityTruth
			for name, into := range map[string]any{"truth.json": &want, "truth-qoe.json": &quality} {
				data, err := os.ReadFile(filepath.Join(dir, name))
				if err != nil {
					t.Fatal(err)
				}
				if err := json.Unmarshal(data, into); err != nil {
					t.Fatal(err)
				}
			}
			in := func(names ...string) (paths []string) {
				for _, n := range names {
					paths = append(paths, filepath.Join(dir, n))
				}
				return paths
			}
			users, devices := audited(t, want.AsOf, in("qoe", "directory", "estate.toml", "licenses.csv")...)
			compareSubjects(t, users, quality.Users, verdictOf)
			compareSubjects(t, devices, quality.Devices, deviceOf)

			rest := in("cdr", "cdr-night2", "activity", "directory", "estate.toml", "licenses.csv")
			records, _ := audited(t, want.AsOf, rest...)
			all := maps.Clone(want.Devices)
			for id, verdict := range quality.Machines {
				if _, known := all[id]; !known {
					all[id] = verdict
				}
			}
			told := counts(records)
			both := func(paths ...string) {
				t.Helper()
				users, devices := audited(t, want.AsOf, paths...)
				compareSubjects(t, users, want.Users, verdictOf)
				compareSubjects(t, devices, all, deviceOf)
				for id, n := range counts(users) {
					if n != told[id] {
						t.Errorf("%s: %s, the call records alone tell %s", id, n, told[id])
					}
				}
			}
			both(append(in("qoe"), rest...)...)
			// Without the dialogs the parties and the time must do; and both
			// databases may lie in one folder.
			for _, n := range []string{"cdr/Dialogs.csv", "cdr-night2/Dialogs.csv", "qoe/Dialog.csv"} {
				if err := os.Remove(filepath.Join(dir, n)); err != nil {
					t.Fatal(err)
				}
			}
			tables, err := os.ReadDir(filepath.Join(dir, "qoe"))
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range tables {
				if err := os.Rename(filepath.Join(dir, "qoe", e.Name()), filepath.Join(dir, "cdr", e.Name())); err != nil {
					t.Fatal(err)
				}
			}
			both(rest...)
		})
	}
}
