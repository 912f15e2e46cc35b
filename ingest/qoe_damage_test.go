package ingest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// qoeGolden is what a folder of tables was read to.
type qoeGolden struct {
	Facts   []string
	Rejects []string
	Skipped map[string]int
	Notes   map[string][]string
}

// TestQoEFolders reads whole folders as tools write them.
func TestQoEFolders(t *testing.T) {
	dirs, err := filepath.Glob(filepath.Join("testdata", "qoe", "*"))
	if err != nil || len(dirs) < 3 {
		t.Fatal(dirs, err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			names, err := filepath.Glob(filepath.Join(dir, "*.csv"))
			if err != nil {
				t.Fatal(err)
			}
			tables := map[string]string{}
			for _, name := range names {
				text, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				tables[filepath.Base(name)] = string(text)
			}
			env := cdrEnv.Now
			cdrEnv.Now = env.AddDate(5, 0, 0)
			defer func() { cdrEnv.Now = env }()
			c := mustReadOf(t, qoeMetrics, tables)
			got := qoeGolden{Skipped: c.skipped, Notes: map[string][]string{}}
			days := map[int64][]Record{}
			for _, r := range c.records {
				days[dayOf(r.Key)] = append(days[dayOf(r.Key)], r)
			}
			for _, day := range days {
				for _, f := range Compose(day, c.text) {
					got.Facts = append(got.Facts, factText(f, c.text))
				}
			}
			slices.Sort(got.Facts)
			for file, rejects := range c.rejects {
				for _, r := range rejects {
					got.Rejects = append(got.Rejects, file+": "+r.Table+": "+r.What)
				}
			}
			slices.Sort(got.Rejects)
			for file, notes := range c.notes {
				if len(notes) > 0 {
					got.Notes[file] = notes
				}
			}
			sameAsFile(t, filepath.Join(dir, "want.json"), asJSON(t, got))
		})
	}
}

// TestQoEDamageCostsWhatIsDamaged: each damage costs the rows it hit, which are
// counted, and changes nothing else.
func TestQoEDamageCostsWhatIsDamaged(t *testing.T) {
	rows := []string{qoeRow("1", "1", "0", "1,1,,,1,2,1,2,1,2"), qoeRow("2", "2", "0", "1,1,,,1,4,1,4,1,4"), qoeRow("3", "1", "0", "1,,1,,1,5,1,3,1,3")}
	good := qoeSessionHead + strings.Join(rows, "")
	read := func(session, user string) *cdrResult {
		t.Helper()
		return mustReadOf(t, qoeMetrics, withQuality(map[string]string{"Session.csv": session, "User.csv": user}))
	}
	users := without(quality)["User.csv"]
	whole := read(good, users).facts()
	if len(whole) != 5 {
		t.Fatal(whole)
	}
	for name, tc := range map[string]struct {
		session, user string
		rejects       int    // rows of Session
		what          string // said of one of them, or a note
		same          bool
	}{
		"cut in mid-record":                 {good[:len(good)-30], users, 1, "the header has 16", false},
		"cut in the last value":             {good[:len(good)-2], users, 0, cutNote, true},
		"UTF-16 without a mark":             {string(utf16LE(good)[2:]), users, 0, "", true},
		"an ANSI code page":                 {good, strings.Replace(users, "fred@", "fr\xe9d@", 1), 0, "", true},
		"columns in another order":          {"CalleeUserAgent,ConferenceDateTime,SessionSeq,ConferenceKey,DialogCategory,StartTime,EndTime,CallerPool,CalleePool,CallerPAI,CalleePAI,CallerURI,CalleeURI,CallerEndpoint,CalleeEndpoint,CallerUserAgent\n" + turned(rows), users, 0, "", true},
		"names of columns swapped":          {strings.NewReplacer("SessionSeq,ConferenceKey", "SessionSeq,StartTime", "StartTime,EndTime", "ConferenceKey,EndTime").Replace(qoeSessionHead) + strings.Join(rows, ""), users, 3, "StartTime \"1\" is no time", false},
		"foreign lines between the records": {qoeSessionHead + rows[0] + "Msg 208, Level 16, State 1, Line 1\nWarning: Null value is eliminated\n" + rows[1] + rows[2] + "\n(3 rows affected)\n", users, 2, "the header has 16", true},
		"a block twice":                     {good + good, users, 0, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			c := read(tc.session, tc.user)
			r := c.rejects["Session.csv"]
			said := slices.Contains(c.notes["Session.csv"], tc.what)
			for _, x := range r {
				said = said || strings.Contains(x.What, tc.what)
			}
			if len(r) != tc.rejects || !said && tc.what != "" {
				t.Errorf("%d rows rejected, want %d with %q: %+v, %q", len(r), tc.rejects, tc.what, r, c.notes["Session.csv"])
			}
			got := c.facts()
			if tc.same != slices.Equal(got, whole) {
				t.Errorf("facts\n  %s\nof the whole\n  %s", strings.Join(got, "\n  "), strings.Join(whole, "\n  "))
			}
			for _, f := range got {
				if !tc.same && !slices.Contains(whole, f) {
					t.Errorf("the damage made %s", f)
				}
			}
			if name == "a block twice" && c.skipped["header row among the rows"] != 1 {
				t.Errorf("%v", c.skipped)
			}
			if name == "an ANSI code page" && (len(c.rejects["User.csv"]) != 1 || !strings.Contains(strings.Join(c.notes["User.csv"], "\n"), "is read as windows-1252")) {
				t.Errorf("%+v, %q", c.rejects["User.csv"], c.notes["User.csv"])
			}
		})
	}
}

// turned puts the last column first.
func turned(rows []string) string {
	var b strings.Builder
	for _, row := range rows {
		row = strings.TrimSuffix(row, "\n")
		i := strings.LastIndexByte(row, ',')
		b.WriteString(row[i+1:] + "," + row[:i] + "\n")
	}
	return b.String()
}
