package ingest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestOneTableFromEveryToolInEveryEncodingIsTheSame(t *testing.T) {
	tables := site()
	want := tellAll(t, saved(t, &tools[11], encodings[0].encode, nil, tables...))
	if len(want.records) != 11 || len(want.lookups) != 9 || want.rejected() != 0 {
		t.Fatalf("%+v", want)
	}
	for i := range tools {
		tl := &tools[i]
		for _, e := range encodings {
			got := tellAll(t, saved(t, tl, e.encode, nil, tables...))
			name := tl.name + " in " + e.name
			if got.rejected() != 0 || len(got.passed) != 0 {
				t.Errorf("%s: %v %v", name, got.rejects, got.passed)
			}
			if !slices.Equal(got.lookups, want.lookups) {
				t.Errorf("%s: other lookup rows", name)
			}
			if tl.cut == 0 && !slices.Equal(got.records, want.records) {
				t.Errorf("%s:\n  %s\nwant\n  %s", name, strings.Join(got.records, "\n  "), strings.Join(want.records, "\n  "))
			}
			if tl.cut == 0 && !slices.Equal(got.facts, want.facts) || tl.cut > 0 && len(got.facts) != len(want.facts) {
				t.Errorf("%s:\n  %s\nwant\n  %s", name, strings.Join(got.facts, "\n  "), strings.Join(want.facts, "\n  "))
			}
			if noted := slices.ContainsFunc(got.notes["SessionDetails"+tl.ext], func(n string) bool { return strings.HasPrefix(n, "times without") }); noted != (tl.cut > 0) {
				t.Errorf("%s: notes %q", name, got.notes)
			}
			if noted := strings.Contains(fmt.Sprint(got.notes["Users"+tl.ext]), "read as windows-1252"); noted != (e.name == "windows-1252") {
				t.Errorf("%s: notes %q", name, got.notes)
			}
		}
	}
}

func TestTablesOfTwoToolsTogetherSayNoMoreThanOne(t *testing.T) {
	tables := site()
	want := tellAll(t, saved(t, &tools[0], encodings[0].encode, nil, tables...))
	for i := range tools {
		p := saved(t, &tools[i], encodings[0].encode, nil, tables...)
		exact := saved(t, &tools[7], encodings[0].encode, nil, tables...)
		c, err := readSet(append(p.Units[0].Files, exact.Units[0].Files...))
		if err != nil {
			t.Fatal(err)
		}
		if got := c.facts(); !slices.Equal(got, want.facts) {
			t.Errorf("%s beside an exact export:\n  %s\nwant\n  %s", tools[i].name, strings.Join(got, "\n  "), strings.Join(want.facts, "\n  "))
		}
	}
}

// rowsOf splits a data file into what stands above its rows, the rows with
// their ends, and what stands below. Rows are told by their dates.
func rowsOf(text string) (above string, rows []string, below string) {
	end := "\n"
	if strings.Contains(text, "@@@") {
		end = "@@@"
	}
	for _, line := range strings.SplitAfter(text, end) {
		switch dated := strings.Contains(line, "2009") && !strings.Contains(line, "Completion"); {
		case dated:
			rows = append(rows, line)
		case len(rows) == 0:
			above += line
		default:
			below += line
		}
	}
	return above, rows, below
}

// swapColumns swaps the values of two columns of a table and leaves the header.
func swapColumns(t sqlTable, a, b string) sqlTable {
	i, j := slices.Index(t.columns, a), slices.Index(t.columns, b)
	swapped := sqlTable{name: t.name, columns: t.columns}
	for _, row := range t.rows {
		row = slices.Clone(row)
		row[i], row[j] = row[j], row[i]
		swapped.rows = append(swapped.rows, row)
	}
	return swapped
}

// difference shows what two sorted lists do not share.
func difference(got, want []string) string {
	var b strings.Builder
	for _, s := range got {
		if !slices.Contains(want, s) {
			b.WriteString("\n  not wanted " + s)
		}
	}
	for _, s := range want {
		if !slices.Contains(got, s) {
			b.WriteString("\n  missing " + s)
		}
	}
	return fmt.Sprintf("%d of %d%s", len(got), len(want), b.String())
}

func TestDamageToATableIsCountedAndCostsNothingElse(t *testing.T) {
	const table = "SessionDetails"
	ofSessions := func(change func(above string, rows []string, below, end string) string) func(name, text string) string {
		return func(name, text string) string {
			if name != table {
				return text
			}
			above, rows, below := rowsOf(text)
			end := "\n"
			if strings.HasSuffix(rows[0], "@@@") {
				end = "@@@"
			}
			return change(above, rows, below, end)
		}
	}
	less := func(all []string, without ...string) (left []string) {
		for _, s := range all {
			if !slices.ContainsFunc(without, func(w string) bool { return strings.Contains(s, w) }) {
				left = append(left, s)
			}
		}
		return left
	}
	for i := range tools {
		tl := &tools[i]
		for _, e := range []struct {
			name   string
			encode func(string) []byte
		}{encodings[i%2*2]} { // UTF-8 and UTF-16 by turns
			tables, data := site(), table+tl.ext
			name := tl.name + " in " + e.name
			whole := tellAll(t, saved(t, tl, e.encode, nil, tables...))
			noted := func(got *toldBy, what string) bool {
				return slices.ContainsFunc(got.notes[data], func(n string) bool { return strings.Contains(n, what) })
			}
			check := func(what string, got *toldBy, records []string, rejects int) {
				t.Helper()
				if !slices.Equal(got.records, records) || !slices.Equal(got.lookups, whole.lookups) {
					t.Errorf("%s, %s: %s", name, what, difference(got.records, records))
				}
				if len(got.rejects[data]) != rejects || got.rejected() != rejects || len(got.passed) > 0 {
					t.Errorf("%s, %s: want %d rejects: %v %v", name, what, rejects, got.rejects, got.passed)
				}
			}

			got := tellAll(t, saved(t, tl, e.encode, ofSessions(func(above string, rows []string, _, _ string) string {
				return above + rows[0] + rows[1] + rows[2][:len(rows[2])/2]
			}), tables...))
			check("cut in mid-record", got, less(whole.records, "Class:federated} To:{User:0 Device:0 Endpoint:0 Client:0 Class:hosted"), 1)
			if !noted(got, "the file ends inside a line") {
				t.Errorf("%s: cut, and nobody says so: %q", name, got.notes)
			}

			if strings.HasPrefix(tl.name, "sqlcmd") || tl.name == "Management Studio, results to text" {
				if noted(whole, "counted") {
					t.Errorf("%s: %q", name, whole.notes)
				}
				got = tellAll(t, saved(t, tl, e.encode, ofSessions(func(above string, rows []string, below, _ string) string {
					return above + strings.Join(rows[:3], "") + below
				}), tables...))
				check("a row is lost", got, whole.records, 0) // the last was not answered
				if !noted(got, "the query tool counted 4 rows, the file has 3") {
					t.Errorf("%s: a row is lost, and nobody says so: %q", name, got.notes)
				}
			}

			got = tellAll(t, saved(t, tl, e.encode, ofSessions(func(above string, rows []string, below, end string) string {
				return above + rows[0] + "Msg 1205, Level 13, State 51, Server SQL1, Line 1" + end + rows[1] + rows[2] + end + "Transaction (Process ID 52) was deadlocked." + end + rows[3] + below
			}), tables...))
			rejects := 2
			if end := tl.name == "bcp with rows that are no lines"; end {
				rejects = 3 // an empty row is a row there
			}
			check("foreign lines between records", got, whole.records, min(rejects, len(got.rejects[data])))
			if n := len(got.rejects[data]); n != 2 && n != rejects {
				t.Errorf("%s: %d foreign lines", name, n)
			}

			twice := saved(t, tl, e.encode, ofSessions(func(above string, rows []string, below, _ string) string {
				return above + strings.Join(rows, "") + rows[1] + rows[2] + below
			}), tables...)
			got = tellAll(t, twice)
			if got.records = slices.Compact(got.records); got.rows != whole.rows+2 || !slices.Equal(got.facts, whole.facts) {
				t.Errorf("%s: a block twice: %d rows\n  %s\nwant\n  %s", name, got.rows, strings.Join(got.facts, "\n  "), strings.Join(whole.facts, "\n  "))
			}
			check("a block twice", got, slices.Compact(slices.Clone(whole.records)), 0)

			swapped := site()
			swapped[4] = swapColumns(swapped[4], "User1Id", "User1EndpointId")
			got = tellAll(t, saved(t, tl, e.encode, nil, swapped...))
			left := less(whole.records, "Kind:2 ")
			// Two rows have no endpoint: their swapped columns say that a number is
			// none, which is rejected too. The last was not answered: read no further.
			check("swapped columns", got, left, 3)

			got = tellAll(t, saved(t, tl, func(text string) []byte {
				b := e.encode(text)
				if !strings.Contains(text, "zoë") { // Users
					return b
				}
				at := len(b) - len(e.encode(text[strings.Index(text, "jürgen"):]))
				if e.name == "UTF-8" {
					return append(b[:at:at], append([]byte{0xfc}, b[at+1:]...)...) // a byte of another encoding
				}
				return append(b[:at:at], b[at+1:]...) // a byte is lost: what follows is shifted
			}, nil, tables...))
			users := "Users" + tl.ext
			if n := len(got.rejects[users]); n != 1 || !strings.Contains(fmt.Sprint(got.records), "alice@contoso.com") || strings.Contains(fmt.Sprint(got.records), "rgen@") {
				t.Errorf("%s, wrong encoding: %v\n  %s", name, got.rejects[users], strings.Join(got.records, "\n  "))
			}
		}
	}
}

func TestARowCountThatFitsTheColumnsIsNoRow(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "MediaList.rpt", []byte("MediaId Media        \r\n------- -------------\r\n1       IM           \r\n5       Audio        \r\n\r\n(2 rows affected)\r\n"))
	put(t, dir, "Media.rpt", []byte("SessionIdTime           SessionIdSeq MediaId\r\n----------------------- ------------ -------\r\n2009-03-22 09:00:00.123            1       5\r\n\r\n(1 rows affected)\r\n"))
	got := tellAll(t, new(Options).Gather(time.Time{}, []string{dir}))
	if got.rejected() != 0 || got.rows != 7 || got.skipped["row count written by the query tool"] != 2 {
		t.Errorf("%d rows, rejected %v, skipped %v", got.rows, got.rejects, got.skipped)
	}
}
