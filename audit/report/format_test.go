package report

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"calaudit/audit"
)

var ansi = regexp.MustCompile("\x1b\\[[0-9;]*m")

// hostile are texts that a directory or a log may hold.
var hostile = []string{
	"\x1b[2J\x1b]0;owned\x07", "\u202egnp.exe", "a|b", "=cmd|'/C calc'!A0", " \t=1+1", "@SUM(A1)", "-2+3", "+14255550100",
	"zero\u200bwidth", "line\nbreak\r", "\xff\xfe bad utf-8", "`code` <script>alert(1)</script>", "\\|", "[x](javascript:1)",
	"名前テスト太郎", "é" + strings.Repeat("\u0301", 60), "👩‍👩‍👧‍👦 family", "\x00nul", "\u2066iso\u2069", "", "x",
	strings.Repeat("long", 60), "DOMAIN\\name", "\ufeff=1", "＝1", "─────",
}

func pick[T any](r *rand.Rand, of []T) T { return of[r.IntN(len(of))] }

// randomSubject draws a subject with hostile words everywhere.
func randomSubject(r *rand.Rand) audit.Subject {
	s := audit.Subject{
		ID: pick(r, hostile), Kind: pick(r, []string{"user", "device"}), Class: pick(r, hostile), Name: pick(r, hostile),
		Outcome:   pick(r, []string{"required", "exempt", "undetermined"}),
		CoveredBy: pick(r, []string{"", "user-cal", "device-cal", "external-connector", "x"}),
		Exemption: pick(r, []string{"", "", pick(r, hostile)}),
	}
	for range r.IntN(4) {
		s.Licenses = append(s.Licenses, pick(r, []string{"ocs-standard-cal", "ocs-enterprise-cal", "lync-plus-cal", pick(r, hostile)}))
		s.Reasons = append(s.Reasons, audit.Reason{Rule: pick(r, hostile), Activity: pick(r, hostile), Outcome: s.Outcome,
			Count: r.IntN(1e9), First: pick(r, hostile), Last: pick(r, hostile)})
		s.Aliases = append(s.Aliases, pick(r, hostile))
		s.Shares = append(s.Shares, pick(r, hostile))
	}
	return s
}

func sourceText(r *rand.Rand, asked bool) *string {
	if !asked {
		return nil
	}
	text := pick(r, hostile) + pick(r, []string{"\n", " ", "\r\n", ","}) + strings.Repeat(pick(r, hostile), r.IntN(9))
	return &text
}

// TestWidth: whatever the data, no line is wider than the terminal, colour
// changes nothing but colour, and nothing that could steer a terminal is left.
func TestWidth(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		subjects := make([]audit.Subject, r.IntN(6))
		for i := range subjects {
			subjects[i] = randomSubject(r)
		}
		one := randomSubject(r)
		lines, asked := make([]EvidenceLine, r.IntN(6)), r.IntN(2) == 0
		for i := range lines {
			lines[i] = EvidenceLine{pick(r, []string{"", "2009-03-01T00:00:00Z", "0001-01-01T00:00:00Z", pick(r, hostile)}), pick(r, hostile), pick(r, hostile),
				pick(r, hostile), pick(r, hostile), pick(r, hostile), pick(r, hostile), r.IntN(1e6), sourceText(r, asked), pick(r, hostile)}
		}
		for _, d := range []Document{Subjects(subjects, "user", "", false, 0), Subject(one, pick(r, hostile), lines, nil, []History{{1, pick(r, hostile), pick(r, hostile)}})} {
			for _, w := range []int{80, 120, 40, 20, 3} {
				checkWidth(t, d, w)
			}
			for _, line := range strings.Split(write(t, d, Options{Format: "table"}), "\n") {
				if strings.Contains(line, "…") {
					t.Fatalf("cut without a terminal: %q", line)
				}
			}
		}
	}
	for _, d := range documents(t) {
		for w := 20; w <= 100; w += 10 {
			checkWidth(t, d, w)
		}
	}
}

func checkWidth(t *testing.T, d Document, w int) {
	t.Helper()
	got := write(t, d, Options{Format: "table", Width: w})
	for _, line := range strings.Split(got, "\n") {
		if n := width(line); n > w && w >= 20 {
			t.Fatalf("%d columns on a terminal of %d: %q", n, w, line)
		}
		if line != Clean(line) {
			t.Fatalf("unsafe line %q", line)
		}
		if strings.TrimRight(line, " ") != line && w >= 20 {
			t.Fatalf("trailing blank: %q", line)
		}
	}
	color := write(t, d, Options{Format: "table", Width: w, Color: true})
	if plain := ansi.ReplaceAllString(color, ""); plain != got {
		t.Fatalf("colour changes the shape:\n%s\nwithout:\n%s", plain, got)
	}
}

func TestColorFollowsMeaning(t *testing.T) {
	r := load[audit.Report](t, "report_short.json")
	out := write(t, Shortfall(&r), Options{Color: true, Width: 80})
	for _, want := range []string{"\x1b[1;31mSHORT 16\x1b[0m", "\x1b[32m0\x1b[0m"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if out := write(t, Shortfall(&r), Options{Width: 80}); strings.Contains(out, "\x1b") {
		t.Error("escape codes without colour")
	}
}

// TestRuleLookalike: a name made of the character that rules tables is a row.
func TestRuleLookalike(t *testing.T) {
	list := []audit.Subject{{ID: "─────", Class: "hosted", Outcome: "required"}}
	if out := write(t, Subjects(list, "user", "", false, 0), Options{}); !strings.Contains(out, "─────  hosted  required") {
		t.Error(out)
	}
}

func TestCSVIsDisarmed(t *testing.T) {
	for _, name := range hostile {
		out := write(t, Subjects([]audit.Subject{{ID: "a", Name: name}}, "user", "", false, 0), Options{Format: "csv"})
		rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
		if err != nil || len(rows) != 2 {
			t.Fatalf("%q: %v %q", name, err, out)
		}
		cell := rows[1][slices.Index(rows[0], "name")]
		if trimmed := strings.TrimLeft(cell, " \t\r\n\x00"); trimmed != "" && strings.IndexAny(trimmed, "=+-@＝") == 0 {
			t.Errorf("%q became the formula %q", name, cell)
		}
		if cell != Clean(cell) {
			t.Errorf("%q: control characters in %q", name, cell)
		}
	}
	if got := csvCell("-3", true); got != "-3" {
		t.Errorf("a negative number became %q", got)
	}
	if got := csvCell("\t1", false); got != `'\t1` {
		t.Errorf("TAB: %q", got)
	}
}

func TestMarkdownKeepsItsColumns(t *testing.T) {
	bars := regexp.MustCompile(`\\.|\|`)
	for _, name := range hostile {
		out := write(t, Subjects([]audit.Subject{{ID: name, Class: "hosted"}}, "user", "", false, 0), Options{Format: "markdown"})
		var counts []int
		for _, line := range strings.Split(out, "\n") {
			if strings.HasPrefix(line, "|") {
				n := 0
				for _, m := range bars.FindAllString(line, -1) {
					if m == "|" {
						n++
					}
				}
				counts = append(counts, n)
			}
		}
		if len(counts) != 3 || counts[0] != counts[1] || counts[1] != counts[2] {
			t.Errorf("%q breaks the table: %v\n%s", name, counts, out)
		}
		if strings.Contains(out, "<script") {
			t.Errorf("markup left in %s", out)
		}
	}
}

func TestJSON(t *testing.T) {
	for name, d := range documents(t) {
		out := write(t, d, Options{Format: "json"})
		if !json.Valid([]byte(out)) || strings.Contains(out, "null") {
			t.Errorf("%s: invalid or null: %s", name, out)
		}
	}
	for i, d := range []Document{Subjects(nil, "device", "", false, 10), Imports(nil, false), Rejected(nil), Runs(nil), Policies(nil),
		ExportFormats(nil), Checks(nil)} {
		if out := write(t, d, Options{Format: "json"}); out != "[]\n" {
			t.Errorf("empty list %d is %q", i, out)
		}
	}
	raw := "<\x1b\u202e>"
	out := write(t, Subjects([]audit.Subject{{ID: raw}}, "user", "", false, 0), Options{Format: "json"})
	var back []audit.Subject
	if err := json.Unmarshal([]byte(out), &back); err != nil || back[0].ID != raw || !strings.Contains(out, "<") {
		t.Errorf("text altered: %s", out)
	}
	device := write(t, Subject(audit.Subject{ID: "mac:1", Kind: "device"}, "", nil, nil, nil), Options{Format: "json"})
	var keys map[string]any
	if err := json.Unmarshal([]byte(device), &keys); err != nil {
		t.Fatal(err)
	}
	for _, k := range []string{"aliases", "users", "history", "evidence", "licenses", "reasons", "covered_by"} {
		if keys[k] == nil {
			t.Errorf("no %s in %s", k, device)
		}
	}
	if _, has := keys["devices"]; has {
		t.Error("a device with devices")
	}
}

func TestEmptyListsInAllFormats(t *testing.T) {
	for _, f := range Formats() {
		for _, d := range []Document{Shortfall(&audit.Report{}), Subjects(nil, "user", "", false, 5), Subject(audit.Subject{}, "", nil, nil, nil), Imports(nil, false),
			Rejected(nil), Runs(nil), Differences(Diff{}), Licenses(nil, nil, nil), Policies(nil), ExportFormats(nil), Checks(nil)} {
			if out := write(t, d, Options{Format: f, Width: 80}); out == "" {
				t.Errorf("%s: nothing for %q", f, d.Title)
			}
		}
	}
}

func TestErrors(t *testing.T) {
	err := Write(nil, Document{}, Options{Format: "pdf"})
	if err == nil || err.Error() != `unknown format "pdf"; valid formats: table, json, csv, markdown` {
		t.Error(err)
	}
	ragged := Document{Grids: []Grid{{Title: "x", Columns: []Column{{Name: "a"}, {Name: "b"}}, Rows: [][]Cell{cells("1")}}}}
	if err := Write(&strings.Builder{}, ragged, Options{}); err == nil {
		t.Error("a ragged row passed")
	}
	for _, f := range Formats() {
		if err := Write(full{}, Subjects(nil, "user", "", false, 0), Options{Format: f}); !errors.Is(err, errFull) {
			t.Errorf("%s: a failed write gives %v", f, err)
		}
	}
}

var errFull = errors.New("no space left")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestRanges(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"2009-03-14", "2009-03-14"},
		{"2009-03-14 2009-03-15", "2009-03-14..15"},
		{"2009-02-27 2009-02-28 2009-03-01", "2009-02-27..03-01"},
		{"2008-12-31 2009-01-01 2009-01-03", "2008-12-31..2009-01-01 2009-01-03"},
		{"x y", "x y"},
	} {
		if got := strings.Join(ranges(strings.Fields(c.in)), " "); got != c.want {
			t.Errorf("%q: %q, want %q", c.in, got, c.want)
		}
	}
}

func TestTimelineChoosesItsScale(t *testing.T) {
	for _, c := range []struct {
		first, last, name string
		rows              int
	}{
		{"2009-03-30T00:00:00Z", "2009-03-31T00:00:00Z", "Week of", 1},
		{"2009-01-01T00:00:00Z", "2009-03-31T00:00:00Z", "Week of", 14},
		{"2008-01-31T00:00:00Z", "2009-03-01T00:00:00Z", "Month", 15},
		{"0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "Year", 2},
	} {
		g := timeline([]EvidenceLine{{Time: c.first}, {Time: c.last}, {Time: ""}}, nil)
		if g.Columns[0].Name != c.name || len(g.Rows) != c.rows {
			t.Errorf("%s to %s: %s, %d rows", c.first, c.last, g.Columns[0].Name, len(g.Rows))
		}
	}
}

func TestVerdict(t *testing.T) {
	attended := []audit.Reason{{Rule: "r", Activity: "conference-attended", Outcome: "required", Count: 2}}
	for _, c := range []struct {
		s    audit.Subject
		want string
	}{
		{audit.Subject{Kind: "user", Outcome: "required", Licenses: []string{"ocs-enterprise-cal", "ocs-standard-cal"}, Reasons: attended},
			"required: Standard + Enterprise, because this user attended conferences 2 times."},
		{audit.Subject{Kind: "device", Outcome: "exempt", CoveredBy: "user-cal", Reasons: attended},
			"exempt, covered by the user CALs of the people who use it; this device attended conferences 2 times."},
		{audit.Subject{Kind: "user", Outcome: "exempt", CoveredBy: "device-cal"}, "exempt, covered by the device CALs of the devices used."},
		{audit.Subject{Kind: "user", Outcome: "exempt", Exemption: "kiosk"}, "exempt by the exemption in estate.toml: kiosk"},
	} {
		if got := Verdict(c.s); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func BenchmarkTable(b *testing.B) {
	subjects := make([]audit.Subject, 10000)
	for i := range subjects {
		subjects[i] = audit.Subject{ID: fmt.Sprintf("user%05d@contoso.com", i), Kind: "user", Class: "hosted", Outcome: "required"}
	}
	for b.Loop() {
		write(b, Subjects(subjects, "user", "", false, 0), Options{Width: 80})
	}
}

func TestFormatsOfWhichNothingWasReadAreNamedByFamily(t *testing.T) {
	for want, absent := range map[string][]string{
		"":    nil,
		"qoe": {"qoe"},
		"directory-csuser, siptrace (bare, sipe)": {"directory-csuser", "siptrace-bare", "siptrace-sipe"},
		"iis-w3c, registrations":                  {"iis-w3c", "registrations"},
	} {
		g := coverage(&audit.Report{Absent: absent})
		if want != "" {
			want = "Nothing was read of " + want + "."
		}
		if got := strings.Join(g.Notes, "|"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
