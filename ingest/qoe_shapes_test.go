package ingest

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// The quality database is read by the reader of the call records: what a tool
// leaves open is told in the same ways.

func TestQoETablesWithoutAHeaderAreTold(t *testing.T) {
	dir := t.TempDir()
	for name, text := range quality {
		put(t, dir, name, []byte(text))
	}
	put(t, dir, "Session.dat", []byte(strings.ReplaceAll(qoeRow("1", "1", "0", "1,2,1,2,1,2,1,,1,2"), ",", "\t")))
	o, err := NewOptions([]string{"Session=" + strings.TrimSpace(qoeSessionHead)}, "", "")
	if err != nil {
		t.Fatal(err)
	}
	if p := (Options{}).Gather(time.Time{}, []string{dir}); len(p.Passed) != 1 || !strings.Contains(p.Passed[0].Why, "rows without a header, of the table Session by") {
		t.Errorf("untold: %+v", p.Passed)
	}
	p := o.Gather(time.Time{}, []string{dir})
	if len(p.Units) != 1 || p.Units[0].Format.Name != "qoe" || len(p.Units[0].Files) != len(quality)+1 || len(p.Passed) > 0 {
		t.Fatalf("%+v", p)
	}
	put(t, dir, "Session.fmt", []byte(lineFormat(sqlTable{columns: strings.Split(strings.TrimSpace(qoeSessionHead), ",")}, "\t", "\n")))
	if p := (Options{}).Gather(time.Time{}, []string{dir}); len(p.Units) != 1 || len(p.Units[0].Files) != len(quality)+1 || len(p.Passed) != 1 || !p.Passed[0].Own {
		t.Errorf("by a format file: %+v", p)
	}
}

func TestQoEDatesOfACultureAreTold(t *testing.T) {
	row := strings.NewReplacer("2009-03-02 09:05:10.123", "03/02/2009 09:05:10", "2009-03-02 09:00:00.000,2009-03-02 09:05:00.000", "03/02/2009 09:00:00,03/02/2009 09:05:00").
		Replace(qoeRow("1", "1", "0", "1,2,1,2,1,2,1,,1,2"))
	for order, want := range map[DateOrder]string{MonthFirst: "03-02", DayFirst: "02-03", AnyOrder: ""} {
		var files []*File
		for name, text := range withQuality(map[string]string{"Session.csv": qoeSessionHead + row}) {
			f := NewFile(name, []byte(text))
			f.order = order
			files = append(files, f)
		}
		c, err := readSetOf(qoeMetrics, files)
		if err != nil {
			t.Fatal(err)
		}
		facts := c.facts()
		if want == "" {
			if len(facts) > 0 || len(c.rejects["Session.csv"]) != 1 || c.unresolved["Session.csv"] != 1 {
				t.Errorf("untold: %v, %+v", facts, c.rejects)
			}
			continue
		}
		if len(facts) != 2 || !strings.HasPrefix(facts[0], want+" 09:00:00") || len(c.rejects["Session.csv"]) > 0 {
			t.Errorf("order %d: %v, %+v", order, facts, c.rejects)
		}
	}
}

// cutRows cuts every time of a table after so many characters.
func cutRows(table string, length int) string {
	var b strings.Builder
	for line := range strings.Lines(table) {
		fields := strings.Split(line, ",")
		for i, f := range fields {
			if len(f) >= len("2009-03-02 09:00:00.000") && strings.HasPrefix(f, "2009-") {
				fields[i] = f[:length]
			}
		}
		b.WriteString(strings.Join(fields, ","))
	}
	return b.String()
}

func TestACutExportOfTheQualityDatabaseBesideAWholeOneChangesNothing(t *testing.T) {
	sessions := qoeSessionHead + qoeRow("1", "1", "0", "1,1,,,1,2,1,2,1,2") + qoeRow("2", "2", "0", "1,1,,,1,4,1,4,1,4") +
		qoeRow("3", "1", "0", "1,,1,,1,5,1,3,1,3") + strings.ReplaceAll(qoeRow("4", "1", "0", "1,1,,,1,2,1,2,1,2"), "09:00:00.000", "09:00:07.457") +
		strings.Replace(qoeRow("1", "1", "0", "1,1,,,2,3,2,,2,1"), "09:05:10.123", "09:05:10.457", 1)
	lines := qoeLineHead + "2009-03-02 09:05:10.123,1,0,1,0,2,0\n2009-03-02 09:05:10.123,4,3,1,0,,\n2009-03-02 09:05:10.457,1,0,,,,\n"
	read := func(tables map[string]string) []string {
		t.Helper()
		c := mustReadOf(t, qoeMetrics, withQuality(tables))
		for _, name := range []string{"Session.csv", "Session_2.csv"} {
			for _, r := range c.rejects[name] {
				t.Errorf("%s:%d: %s", name, r.Line, r.What)
			}
		}
		facts := c.facts()
		slices.Sort(facts)
		return facts
	}
	whole := read(map[string]string{"Session.csv": sessions, "MediaLine.csv": lines})
	if len(whole) < 9 {
		t.Fatal(whole)
	}
	for _, length := range []int{len("2009-03-02 09:00:00"), len("2009-03-02 09:00")} {
		cut := map[string]string{"Session_2.csv": cutRows(sessions, length), "MediaLine_2.csv": cutRows(lines, length)}
		both := map[string]string{"Session.csv": sessions, "MediaLine.csv": lines}
		for name, text := range cut {
			both[name] = text
		}
		if got := read(both); !slices.Equal(got, whole) {
			t.Errorf("cut to %d characters\n  %s\nwant\n  %s", length, strings.Join(got, "\n  "), strings.Join(whole, "\n  "))
		}
		if got := read(cut); len(got) < len(whole)-2 {
			t.Errorf("alone, cut to %d characters\n  %s", length, strings.Join(got, "\n  "))
		}
	}
}
