package report

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"calaudit/audit"
	"calaudit/audit/advise"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// load reads a value from testdata.
func load[T any](t testing.TB, name string) T {
	t.Helper()
	var v T
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return v
}

// documents are all views over small, telling values.
func documents(t testing.TB) map[string]Document {
	short, empty := load[audit.Report](t, "report_short.json"), load[audit.Report](t, "report_empty.json")
	subjects := load[[]audit.Subject](t, "subjects.json")
	lines := load[[]EvidenceLine](t, "evidence.json")
	then := load[audit.Report](t, "report_short.json")
	then.Policy.Readings = map[string]string{"external-attendee": "lenient"}
	then.Position = append([]audit.Position{{License: "lync-standard-cal", Metric: "user", Version: "2010", Required: 2, Shortfall: 2, Cost: "62.00"}}, then.Position[1:]...)
	then.Position[1].Required, then.Position[1].Shortfall, then.Position[1].Cost = 74, 0, ""
	then.Totals.Users.Required, then.Totals.Users.Exempt = 186, 83
	var moved []Change
	for i := range 23 {
		moved = append(moved, Change{fmt.Sprintf("guest%02d@fabrikam.com", i), "user", Standing{"required", []string{"ocs-enterprise-cal", "ocs-standard-cal"}}, Standing{"exempt", nil}, "outcome required -> exempt"})
	}
	advice, bare := load[advise.Advice](t, "advice.json"), load[advise.Advice](t, "advice_bare.json")
	runs := []Run{
		{2, "2009-03-30", "2009-03-31T01:00:07Z", "ocs2007", 207, 12, 0, "sha256:00112233445566778899"},
		{3, "2009-03-31", "2009-04-01T01:00:05Z", "ocs2007", 208, 12, 26, "sha256:9d4e1f0b6a7c8d2e3f4a"},
	}
	return map[string]Document{
		"report_short":   Shortfall(&short),
		"report_empty":   Shortfall(&empty),
		"users":          Subjects(subjects, "user", "", false, 0),
		"users_limited":  Subjects(subjects, "user", "", false, 2),
		"users_none":     Subjects(nil, "user", "", false, 0),
		"users_merged":   Subjects(subjects[:1], "user", "", true, 0),
		"shared_account": SharedAccount(short.People.Shared[1]),
		"what_if":        WhatIf(&short, Supposed{"cheaper.toml", []string{"reading external-attendee=lenient", "+2 lync-standard-cal user 2010 at 31.00 EUR"}, &then, moved}),
		"what_if_same":   WhatIf(&empty, Supposed{File: "none.toml", Then: &empty}),
		"advice":         Advice(&advice, 2),
		"advice_bare":    Advice(&bare, 0),
		"user":           Subject(subjects[0], "holds its own, for 1 of the 2 devices it was used on does not hold CALs that would do: host:pc0017", lines, nil, []History{{2, "2009-03-30", "exempt"}, {3, "2009-03-31", "required"}}),
		"user_undecided": Subject(subjects[3], "", nil, nil, nil),
		"imports": Imports([]Import{
			{File: "exports/cdr-2009-03/SessionDetails.csv", Format: "lcscdr", Product: "OCS 2007 R2", First: "2009-03-01T00:00:04Z",
				Last: "2009-03-31T23:58:00Z", Read: 120417, Stored: 120000, Duplicate: 402, Skipped: 13, Rejected: 2, Run: 3,
				SHA256: "ab12", When: "2009-04-01T01:00:05Z", SkippedWhy: map[string]int{"synthetic test traffic": 12, "group conference": 1},
				Problems: []string{"the header lacks ReferredById; column ignored"}},
			{File: "exports/directory/users.ldf", Format: "directory-ldif", Read: 300, Stored: 300, Run: 3},
		}, false),
		"rejected": Rejected([]Rejection{
			{"exports/activity.csv", 12, "time \"2009-13-01\" is no date; write YYYY-MM-DD HH:MM:SS", "2009-13-01,im-login,alice@contoso.com"},
			{"exports/activity.csv", 19, "2 columns instead of 12", "=cmd|'/C calc'!A0,x"},
		}),
		"runs": Runs(runs),
		"diff": Differences(Diff{From: runs[0], To: runs[1],
			Changes: []Change{
				{"alice@contoso.com", "user", Standing{"exempt", nil}, Standing{"required", []string{"ocs-enterprise-cal", "ocs-standard-cal"}}, "conference-organized since 2009-03-31"},
				{"zoe@contoso.com", "user", Standing{}, Standing{"undetermined", []string{"ocs-standard-cal"}}, "first seen"},
			},
			Position: []PositionChange{{"ocs-enterprise-cal", "user", "2007", Counts{79, 80, 0, 1}, Counts{96, 80, 16, 0}}},
		}),
		"licenses": Licenses(
			[]Owned{{License: "ocs-standard-cal", Metric: "user", Version: "2007", Quantity: 200, SAFrom: "2007-07-01", SAUntil: "2010-06-30", Agreement: "EA 4455", UnitPrice: "27.00", Currency: "EUR"}},
			[]Uncounted{{"Lync Server Step-up", "2010", "15", true, "own/statement.xlsx", 17}, {"=Word", "2007", "1,200", false, "own/statement.xlsx", 18}},
			[]Product{{License: "ocs-standard-cal", About: "Standard CAL", Metrics: []string{"user", "device"}, Versions: []string{"2007", "2007-r2"}},
				{License: "ecal-suite", About: "bundle", Metrics: []string{"user", "device"}, Parts: []string{"ocs-standard-cal", "ocs-enterprise-cal"}}}),
		"policy": Policies([]Policy{{Name: "ocs2007", About: "Office Communications Server 2007 terms", Since: "2008-04-01", SHA256: "5f1d8a0c3b7e4d29",
			Questions: []Question{{"external-attendee", "strict", "an outsider in a conference needs a CAL", "an outsider needs none", []string{"LL08"}}},
			Rules: []Rule{{Rule: "hosted-organizes", Classes: []string{"hosted", "guest"}, Activity: []string{"conference-organized"}, Outcome: "required",
				Licenses: []string{"ocs-enterprise-cal", "ocs-standard-cal"}, Confidence: "S", Cite: []string{"LL08"}},
				{Rule: "presents", Classes: []string{"hosted"}, Activity: []string{"conference-attended"}, Roles: []string{"presenter"}, Media: []string{"sharing", "data"},
					Outcome: "reading sharing-initiator", Strict: "required standard + enterprise", Lenient: "required standard"}},
			Servers: []ServerRule{{Rule: "edge", Roles: []string{"edge"}, License: "reading edge-server", Strict: "lync-server", Lenient: "none", Confidence: "I"},
				{Rule: "front-end", Editions: []string{"enterprise"}, License: "lync-server"}},
			Sources: []PolicySource{{"LL08", "A page on licensing", "https://licences.example"}}}}),
		"policy_check": Validated(PolicyCheck{Name: "mine", SHA256: "5f1d8a0c3b7e4d29", Rules: 12, Questions: 1, Undecided: map[string][]string{"anonymous": {"im-session", "im-login"}}}),
		"policy_cases": Cases("mine", []CaseResult{{"mine.cases.toml", 3, "a case that holds", true, ""}, {"mine.cases.toml", 9, "one that does not", false, "got\n  a hosted exempt\nwant\n  a hosted required S"}}),
		"policy_compare": Compared(Comparison{A: "ocs2007", B: "mine", Cases: []audit.PolicyDifference{{Class: "anonymous", Activity: "conference-attended", How: "presenter and sharing",
			A: audit.Judgement{Rule: "external-attendee", Strict: audit.Ruling{Outcome: "required", Families: []string{"standard", "enterprise"}}, Lenient: audit.Ruling{Outcome: "exempt"}},
			B: audit.Judgement{Rule: "outsider", Strict: audit.Ruling{Outcome: "exempt"}, Lenient: audit.Ruling{Outcome: "exempt"}}}},
			Settings: []audit.Setting{{What: "server, edge", A: "ocs-server-standard: running-instance", B: "none: other-roles"}}}),
		"formats": ExportFormats([]ExportFormat{{Name: "activity-csv", About: "the plain activity format", Basis: "own",
			Fields: []ExportField{{"time", "when it happened", true}, {"peer", "with whom", false}}, Sample: "time,activity,user\n2009-03-31 10:00:00,im-login,alice@contoso.com\n"}}),
		"check": Checks([]CheckResult{{"tallies balance", true, "35 files"}, {"run chain", false, "run 3 does not follow run 2"}}),
	}
}

func write(t testing.TB, d Document, o Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, d, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestGolden compares every view in every format. .txt is an 80-column
// terminal, .mail.txt is no terminal.
func TestGolden(t *testing.T) {
	kinds := []struct {
		suffix string
		o      Options
	}{
		{".txt", Options{Format: "table", Width: 80}},
		{".mail.txt", Options{Format: "table"}},
		{".csv", Options{Format: "csv"}},
		{".md", Options{Format: "markdown"}},
		{".out.json", Options{Format: "json"}},
	}
	for name, d := range documents(t) {
		for _, k := range kinds {
			got := write(t, d, k.o)
			file := filepath.Join("testdata", name+k.suffix)
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				continue
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s differs; look, then run go test ./audit/report -update\ngot:\n%s", file, got)
			}
		}
	}
}
