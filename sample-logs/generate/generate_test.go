package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// generate runs the program with the flags into a new folder.
func generate(t *testing.T, flags ...string) (string, *world) {
	t.Helper()
	dir := t.TempDir()
	cfg, err := parseFlags(append(flags, "-out", dir))
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(cfg)
	if err := w.write(); err != nil {
		t.Fatal(err)
	}
	return dir, w
}

// digest is one value over the names and bytes of all files.
func digest(t *testing.T, dir string) string {
	t.Helper()
	h := sha256.New()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		b, err := os.ReadFile(path)
		fmt.Fprintf(h, "%s %d\n%s", filepath.ToSlash(rel), len(b), b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

func TestSameFlagsSameBytes(t *testing.T) {
	a, _ := generate(t)
	b, _ := generate(t)
	c, _ := generate(t, "-seed", "2")
	if digest(t, a) != digest(t, b) {
		t.Error("two runs with the same flags differ")
	}
	if digest(t, a) == digest(t, c) {
		t.Error("two seeds give the same bytes")
	}
}

func TestSameFlagsSamePile(t *testing.T) {
	pile := func() string {
		dir, _ := generate(t, "-pile", "-users", "60", "-days", "5", "-events", "100")
		return digest(t, dir)
	}
	if first := pile(); first != pile() {
		t.Error("two piles of the same flags differ")
	}
}

// The checked-in sample must be what the program writes by default.
func TestCheckedInSample(t *testing.T) {
	dir, _ := generate(t)
	if digest(t, dir) != digest(t, "../contoso") {
		t.Error("sample-logs/contoso is not what the generator writes: go run ./sample-logs/generate -out sample-logs/contoso")
	}
}

// truth as a reader of the file sees it.
type truth struct {
	Schema     string                    `json:"schema"`
	AsOf       string                    `json:"as_of"`
	Totals     map[string]outcomes       `json:"totals"`
	Position   map[string][4]int         `json:"position"`
	Imports    map[string]tally          `json:"imports"`
	Users      map[string][3]any         `json:"users"`
	Devices    map[string][3]string      `json:"devices"`
	Activities map[string]map[string]int `json:"activities"`
}

func readTruth(t *testing.T, dir string) (tr truth) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "truth.json"))
	if err == nil {
		err = json.Unmarshal(b, &tr)
	}
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func TestTruthAgreesWithItself(t *testing.T) {
	dir, _ := generate(t)
	tr := readTruth(t, dir)
	if tr.Schema != truthSchema || tr.AsOf != "2009-03-31" {
		t.Errorf("schema %q as of %q", tr.Schema, tr.AsOf)
	}
	var users, devices outcomes
	need := map[string]int{}
	for _, u := range tr.Users {
		users.add(u[1].(string))
		for _, l := range u[2].([]any) {
			need[l.(string)+"/user"]++
		}
	}
	for _, d := range tr.Devices {
		devices.add(d[1])
	}
	if users != tr.Totals["users"] || devices != tr.Totals["devices"] {
		t.Errorf("counted %v %v, totals say %v", users, devices, tr.Totals)
	}
	position := map[string]int{}
	short, over := 0, 0
	for key, p := range tr.Position {
		if p[2] != max(0, p[0]-p[1]) || p[3] != max(0, p[1]-p[0]) {
			t.Errorf("%s: %v does not add up", key, p)
		}
		position[key[:strings.LastIndex(key, "/")]] += p[0]
		short, over = short+p[2], over+p[3]
	}
	if short == 0 || over == 0 {
		t.Errorf("shortfall %d, surplus %d: the sample must show both", short, over)
	}
	for key, n := range need {
		if position[key] != n {
			t.Errorf("%s: %d users need it, the position says %d", key, n, position[key])
		}
	}
	for file, want := range tr.Imports {
		b, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		rows := strings.Count(string(b), "\n") - 1
		if strings.HasSuffix(file, ".ldf") {
			rows = strings.Count(string(b), "\r\n\r\n")
		}
		if strings.Contains(file, "paris") {
			rows = strings.Count(string(b), "\n\x00") - 1
		}
		if rows != want.Read {
			t.Errorf("%s: %d records, truth says %d", file, rows, want.Read)
		}
	}
}

func TestEveryScenarioIsPlanned(t *testing.T) {
	for _, flags := range [][]string{{}, {"-users", "60", "-days", "7"}} {
		_, w := generate(t, flags...)
		for _, r := range roleNames {
			if w.planned["role:"+r] == 0 {
				t.Errorf("%v: nobody plays %s", flags, r)
			}
		}
		for _, s := range strings.Fields(`last-day application:estate application:owner-urn application:eum shared-phone:hall
			shared-phone:kitchen shared-phone:warehouse shared-phone:lobby pstn-callee pstn-caller pstn-phone-address
			pstn-mediation-only plain-pstn unanswered-call hosted-call-no-gateway hairpin same-instant voice-mail web-conference
			web-conference-untold federated-attends anonymous-attends dial-in attendant-application guest-account group-im
			synthetic-conference shared-phone-sign-in shared-phone-call shift-phone desk-phone renamed-old renamed-new aliased-old
			aliased-new sign-in-only-seen leaver-active-seen resource-forest-seen exempt-valid-seen exempt-expired-seen
			exempt-no-reason-seen rcc-seen um-user-seen pilot pilot-host failed-sign-in federated-im federated-call public-im
			application-im guest-by-domain av-mcu-party unknown-peer unknown-only-party broken-rows branch-partner
			public-federation stated-hosted stated-guest undetermined branch-devices outdated-activity branch-duplicate branch-broken`) {
			if w.planned[s] == 0 {
				t.Errorf("%v: scenario %s is not planned", flags, s)
			}
		}
	}
}

func TestBadFlags(t *testing.T) {
	for _, args := range [][]string{{}, {"-out", "x", "-users", "5"}, {"-out", "x", "-days", "0"}, {"-out", "x", "-end", "31/03/2009"}} {
		if _, err := parseFlags(args); err == nil {
			t.Errorf("%v: no error", args)
		}
	}
}

func TestNamesAndNumbersAreUnique(t *testing.T) {
	if len(firstNames) != 60 || len(lastNames) != 80 {
		t.Fatalf("%d first and %d last names", len(firstNames), len(lastNames))
	}
	seen := map[string]bool{}
	for i := 0; i < 20_000; i++ {
		for _, s := range []string{fullName(i).local(), usNumber(0, i), usNumber(1, i), parisNumber(i)} {
			if seen[s] {
				t.Fatalf("%s twice, at %d", s, i)
			}
			seen[s] = true
			for _, r := range s {
				if r > 126 {
					t.Fatalf("%s is not ASCII", s)
				}
			}
		}
	}
}

// The truth is a second opinion: nothing of the auditor may be in it.
func TestImportsStandardLibraryOnly(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		tree, err := parser.ParseFile(token.NewFileSet(), f, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range tree.Imports {
			path, _ := strconv.Unquote(i.Path.Value)
			if first, _, _ := strings.Cut(path, "/"); strings.Contains(first, ".") || first == "calaudit" {
				t.Errorf("%s imports %s", f, path)
			}
		}
	}
}
