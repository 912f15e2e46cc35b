package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"calaudit/audit"
)

// TestDatabasesOfEarlierSchemasSayTheSame opens a database of every earlier
// schema, made by the program of its time. Beside it lies what that program
// said of every subject: kind, id, outcome, number of evidence lines, and a
// hash over reasons and evidence.
func TestDatabasesOfEarlierSchemasSayTheSame(t *testing.T) {
	old, err := filepath.Glob(filepath.Join(repo, "store", "testdata", "schema*.db"))
	if err != nil || len(old) == 0 {
		t.Fatalf("no old databases: %v", err)
	}
	for _, path := range old {
		t.Run(filepath.Base(path), func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			said, err := os.ReadFile(strings.TrimSuffix(path, ".db") + ".pages")
			if err != nil {
				t.Fatal(err)
			}
			db := filepath.Join(t.TempDir(), "old.db")
			if err := os.WriteFile(db, data, 0o600); err != nil {
				t.Fatal(err)
			}
			same := func() {
				for line := range strings.Lines(string(said)) {
					kind, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
					id, _, _ := strings.Cut(rest, " ")
					if got := pageLine(t, db, kind, id); got != strings.TrimSpace(line) {
						t.Errorf("said %s\nnow  %s", strings.TrimSpace(line), got)
					}
				}
			}
			same()
			if status, out, errs := calaudit(t, "check", "--db", db); status != 0 {
				t.Errorf("check exits %d: %s%s", status, out, errs)
			}
			var last, again audit.Report
			calauditJSON(t, 0, &last, "report", "--db", db)
			calauditJSON(t, exitShortfall, &again, "audit", "--db", db, "--assign", last.Assign)
			// The digest covers the policy's file, which has changed since, and later
			// programs say more; what was counted and decided has not changed.
			for _, rows := range [][]audit.Position{last.Position, again.Position} {
				for i := range rows {
					rows[i].Cost = ""
				}
			}
			// Of the desktop client it tells the generation now, and says so.
			client := func(p audit.Position) bool { return p.License == "communicator-client" }
			last.Position, again.Position = slices.DeleteFunc(last.Position, client), slices.DeleteFunc(again.Position, client)
			generation := func(n string) bool { return strings.HasPrefix(n, "Communicator desktop client, by user agent: ") }
			last.Notes, again.Notes = slices.DeleteFunc(last.Notes, generation), slices.DeleteFunc(again.Notes, generation)
			for _, x := range []struct {
				what      string
				then, now any
			}{{"position", last.Position, again.Position}, {"totals", last.Totals, again.Totals}, {"coverage", last.Coverage, again.Coverage},
				{"evidence", last.Evidence, again.Evidence}, {"conflicts", last.Conflicts, again.Conflicts}, {"notes", last.Notes, again.Notes}} {
				if !reflect.DeepEqual(x.then, x.now) {
					t.Errorf("audited again, %s: %+v, was %+v", x.what, x.now, x.then)
				}
			}
			same()
			// What the old program saved of each subject, against what this one says.
			for _, kind := range []string{"users", "devices"} {
				var then, now []audit.Subject
				calauditJSON(t, 0, &then, kind, "--db", db, "--run", fmt.Sprint(last.Run))
				calauditJSON(t, 0, &now, kind, "--db", db, "--run", fmt.Sprint(again.Run))
				if again.Run == last.Run || len(then) == 0 || len(then) != len(now) {
					t.Fatalf("%d %s in run %d, %d in run %d", len(then), kind, last.Run, len(now), again.Run)
				}
				for i := range now {
					if then[i].AliasBy == nil { // programs before schema 6 did not say it
						now[i].AliasBy, now[i].AliasRecords = nil, nil
					}
					now[i].Readings, then[i].Readings = nil, nil
					if !reflect.DeepEqual(then[i], now[i]) {
						t.Errorf("said %+v\nnow  %+v", then[i], now[i])
					}
				}
			}
		})
	}
}

func pageLine(t *testing.T, db, kind, id string) string {
	t.Helper()
	var page struct {
		audit.Subject
		Evidence []struct {
			Time, Activity, Peer, Device, Client, Server, File string
			Line                                               int
		}
	}
	status, out, errs := calaudit(t, kind, id, "--db", db, "--format", "json")
	if status != 0 {
		t.Fatalf("%s %s exits %d: %s", kind, id, status, errs)
	}
	if err := json.Unmarshal([]byte(out), &page); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, r := range page.Reasons {
		lines = append(lines, fmt.Sprintf("%s\t%s\t%s\t%d\t%s\t%s", r.Rule, r.Activity, r.Outcome, r.Count, r.First, r.Last))
	}
	for _, e := range page.Evidence {
		lines = append(lines, strings.Join([]string{e.Time, e.Activity, e.Peer, e.Device, e.Client, e.Server, e.File, fmt.Sprint(e.Line)}, "\t"))
	}
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	return fmt.Sprintf("%s %s %s %d %s", page.Kind, page.ID, page.Outcome, len(page.Evidence), hex.EncodeToString(sum[:]))
}
