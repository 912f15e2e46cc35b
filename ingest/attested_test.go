package ingest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// readAttested reads content as a format and prints what became of it: facts
// as Compose reads them, skipped rows, rejects and notes.
func readAttested(t testing.TB, f Format, content []byte, loc *time.Location) string {
	t.Helper()
	var records []Record
	var names []Name
	skipped := map[string]int{}
	var rejects, notes []string
	rows := 0
	err := f.Read(context.Background(), []*File{NewFile("in", content)}, &Env{Now: importTime, Location: loc}, func(b *Batch) error {
		rows += b.Rows()
		records, names = append(records, b.Records...), append(names, b.Names...)
		for why, n := range b.Skipped {
			skipped[why] += n
		}
		for _, r := range b.Rejects {
			rejects = append(rejects, fmt.Sprintf("%d: %s (%s)", r.Line, r.What, r.Raw))
		}
		notes = append(notes, b.Notes...)
		return nil
	})
	if err != nil {
		return "refused: " + err.Error() + "\n"
	}
	text := func(id ID) Name {
		if id == 0 {
			return Name{}
		}
		return names[id-1]
	}
	var b strings.Builder
	fmt.Fprintf(&b, "rows: %d\n", rows)
	var facts []string
	for _, f := range Compose(records, text) {
		until := ""
		switch {
		case f.Until == LastsOn:
			until = " on"
		case f.Until != 0:
			until = " until " + time.UnixMilli(f.Until).UTC().Format(time.DateTime)
		}
		var more []string
		for _, x := range []struct{ name, text string }{{"with", text(f.Peer).Text}, {"device", text(f.Device).Text}, {"endpoint", text(f.Endpoint).Text},
			{"client", text(f.Client).Text}, {"server", text(f.Server).Text}, {"class", f.Class.String()}, {"media", f.Media.String()}, {"role", f.Role.String()}} {
			if x.text != "" {
				more = append(more, x.name+"="+x.text)
			}
		}
		if f.Untold {
			more = append(more, "untold")
		}
		facts = append(facts, fmt.Sprintf("%4d %s%s %s %s %s", f.Line, time.UnixMilli(f.At).UTC().Format(time.DateTime), until, text(f.User).Text, f.Activity, strings.Join(more, " ")))
	}
	slices.Sort(facts)
	for _, part := range []struct {
		name  string
		lines []string
	}{{"facts", facts}, {"rejects", rejects}, {"notes", notes}} {
		fmt.Fprintf(&b, "%s:\n", part.name)
		for _, l := range part.lines {
			fmt.Fprintf(&b, "  %s\n", strings.TrimRight(l, " "))
		}
	}
	b.WriteString("skipped:\n")
	var why []string
	for w, n := range skipped {
		why = append(why, fmt.Sprintf("  %d %s\n", n, w))
	}
	slices.Sort(why)
	b.WriteString(strings.Join(why, ""))
	return b.String()
}

// TestAttestedGolden compares every folder of testdata of the formats that
// attest activities row by row.
func TestAttestedGolden(t *testing.T) {
	for _, f := range []Format{registrationsFormat(), reportFormat()} {
		golden(t, f.Name, 3, "want.txt", func(t *testing.T, content []byte) string {
			if v := f.Sniff(directoryHead(t, content)); !v.Yes {
				t.Errorf("not recognised: %+v", v)
			}
			return readAttested(t, f, content, time.UTC)
		})
	}
}

func TestATableOfAThousandRowsIsSaidToBeCut(t *testing.T) {
	const header = "From user,To user,Modalities,Invite time,Response time,End time,Diagnostic ID\n"
	rows := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "alice@contoso.com,bob@contoso.com,IM,3/16/2009 1:%02d:%02d PM,3/16/2009 2:00:00 PM,,0\n", i/60, i%60)
		}
		return b.String()
	}
	const said = "the table of user activity: peer-to-peer sessions has exactly 1000 rows, which is where the report server cuts: more may be missing; save reports of shorter periods"
	for _, c := range []struct {
		name, in string
		want     bool
	}{
		{"999", header + rows(999), false},
		{"1000", header + rows(1000), true},
		{"1000 and another table", header + rows(1000) + "\nTotal conferences,Total participants\n1,1\n", true},
		{"1001", header + rows(1001), false},
		{"999 and a damaged one", header + rows(999) + "alice@contoso.com,\n", true},
		{"two tables of 500", header + rows(500) + "\n" + header + rows(500), false},
	} {
		got := readAttested(t, reportFormat(), []byte(c.in), time.UTC)
		if strings.Contains(got, said) != c.want || strings.Contains(got, "cuts: more") != c.want {
			t.Errorf("%s: %s", c.name, got[strings.Index(got, "notes:"):])
		}
	}
}

func TestLocalTimesOfReportsAreThoseOfTheZone(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	in := "From user,To user,Modalities,Invite time,Response time\n" +
		"alice@contoso.com,bob@contoso.com,IM,3/16/2009 1:05:00 PM,3/16/2009 1:05:09 PM\n" +
		"alice@contoso.com,bob@contoso.com,IM,3/29/2009 2:30:00 AM,3/29/2009 2:30:09 AM\n"
	got := readAttested(t, reportFormat(), []byte(in), berlin)
	for _, want := range []string{"2 2009-03-16 12:05:00 alice@contoso.com im-session", "does not exist in the zone Europe/Berlin (clocks were put forward); ", "times are read as Europe/Berlin"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

// TestWhatTheUserTellsOfDatesHoldsForListsAndReports: until then a row whose day
// may be its month is rejected and read again.
func TestWhatTheUserTellsOfDatesHoldsForListsAndReports(t *testing.T) {
	registrations := "ClientVersion,UserAgent,UserName,Server,EndpointId,ExpiresAt\nUCCAPI/3.5,OC,alice@contoso.com,fe1.contoso.com,,03/02/2009 1:05:00 PM\n"
	report := "User URI,User agent,MAC address,Last logon time,Last logoff time,Last activity\nalice@contoso.com,OC,00-04-F2-11-22-33,03/02/2009 1:05:00 PM,,\n"
	for _, f := range []struct {
		format Format
		text   string
	}{{registrationsFormat(), registrations}, {reportFormat(), report}} {
		for order, want := range map[DateOrder]string{MonthFirst: "2009-03-02 13:05", DayFirst: "2009-02-03 13:05", AnyOrder: ""} {
			file := NewFile("x.csv", []byte(f.text))
			file.order = order
			at, rejects, unresolved := "", 0, 0
			err := f.format.Read(context.Background(), []*File{file}, &Env{Now: importTime, Location: time.UTC}, func(b *Batch) error {
				for _, r := range b.Records {
					at = time.UnixMilli(r.At).UTC().Format("2006-01-02 15:04")
				}
				rejects, unresolved = rejects+len(b.Rejects), unresolved+b.Unresolved
				return nil
			})
			if missing := one(want == ""); err != nil || at != want || rejects != missing || unresolved != missing {
				t.Errorf("%s, order %d: %q, %d rejected, %d to be read again, %v", f.format.Name, order, at, rejects, unresolved, err)
			}
		}
	}
}
