package ingest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestDatesOfEveryToolAreRead(t *testing.T) {
	for text, want := range map[string]string{
		"10/23/2013 10:17:57 AM":         "2013-10-23 10:17:57.000 1s",
		"10/23/2013 12:17:57 AM":         "2013-10-23 00:17:57.000 1s",
		"10/23/2013 12:17:57 PM":         "2013-10-23 12:17:57.000 1s",
		"10/23/2013 1:17:57\u202fPM":     "2013-10-23 13:17:57.000 1s",
		"10/23/2013 1:17:57 p.m.":        "2013-10-23 13:17:57.000 1s",
		"23/10/2013 10:17":               "2013-10-23 10:17:00.000 1m",
		"03.10.2013 10:17:57":            "2013-10-03 10:17:57.000 1s",
		"3.10.2013 9:17:57,24":           "2013-10-03 09:17:57.240 1ms",
		"03-23-2013 10:17:57":            "2013-03-23 10:17:57.000 1s",
		"23-3-2013 10:17:57.7":           "2013-03-23 10:17:57.700 1ms",
		"04/04/2013 10:17:57":            "2013-04-04 10:17:57.000 1s",
		"2013/10/3 10:17":                "2013-10-03 10:17:00.000 1m",
		"2013-10-03 10:17":               "2013-10-03 10:17:00.000 1m",
		"2013-10-03 10:17:57,240":        "2013-10-03 10:17:57.240 1ms",
		"2013-10-03T10:17:57":            "2013-10-03 10:17:57.000 1s",
		"2013-10-03 10:17:57.240":        "2013-10-03 10:17:57.240 1ms",
		"Oct  3 2013 10:17AM":            "2013-10-03 10:17:00.000 1m",
		"Oct  3 2013  9:17PM":            "2013-10-03 21:17:00.000 1m",
		"Oct 13 2013 10:17:57:240AM":     "2013-10-13 10:17:57.240 1ms",
		"3 Oct 2013 10:17:57:240":        "2013-10-03 10:17:57.240 1ms",
		"03-Oct-2013 10:17:57":           "2013-10-03 10:17:57.000 1s",
		"03/04/2013 10:17:57 AM":         errAmbiguous.Error(),
		"03-04-2013 10:17:57":            errAmbiguous.Error(),
		"31/31/2013 10:17:57":            errNoTime.Error(),
		"02/30/2013 10:17:57":            errNoTime.Error(),
		"10/23/13 10:17:57":              errNoTime.Error(),
		"10/23/2013":                     errNoTime.Error(),
		"10/23/2013 13:17 PM":            errNoTime.Error(),
		"10/23/2013 24:17":               errNoTime.Error(),
		"10/23/2013 10:17:60":            errNoTime.Error(),
		"10/23/2013 10:17 Uhr":           errNoTime.Error(),
		"10/23.2013 10:17":               errNoTime.Error(),
		"Okt  3 2013 10:17AM":            errNoTime.Error(),
		"23.03.2013 10.17.57":            errNoTime.Error(),
		"17:57.2":                        errNoTime.Error(),
		"41550.4291":                     errNoTime.Error(),
		"":                               errNoTime.Error(),
		"2013-10-03 10:17:57.":           errNoTime.Error(),
		"10/23/2013 10:17:57.0000000000": errNoTime.Error(),
	} {
		clock := newCDRClock(importTime)
		ms, p, err := clock.parse([]byte(text))
		got := fmt.Sprintf("%s %v", time.UnixMilli(ms).UTC().Format("2006-01-02 15:04:05.000"), strings.TrimSuffix((time.Duration(p)*time.Millisecond).String(), "0s"))
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestWhatIsToldOfTheOrderHoldsForAllDates(t *testing.T) {
	for _, c := range []struct {
		text  string
		order DateOrder
		month time.Month
		err   error
	}{
		{"03/04/2013 10:17", MonthFirst, time.March, nil},
		{"03/04/2013 10:17", DayFirst, time.April, nil},
		{"03/04/2013 10:17", bothOrders, 0, errBoth},
		{"03/14/2013 10:17", MonthFirst, time.March, nil},
		{"03/14/2013 10:17", DayFirst, 0, errDay},
		{"14/03/2013 10:17", MonthFirst, 0, errMonth},
		{"14/03/2013 10:17", bothOrders, time.March, nil},
		{"04.03.2013 10:17", MonthFirst, time.March, nil},
		{"2013-03-04 10:17", DayFirst, time.March, nil},
		{"Mar  4 2013 10:17AM", DayFirst, time.March, nil},
	} {
		ms, _, err := parseLocalTime([]byte(c.text), c.order)
		if !errors.Is(err, c.err) || err == nil && time.UnixMilli(ms).UTC().Month() != c.month {
			t.Errorf("%s in order %d: %s, %v", c.text, c.order, time.UnixMilli(ms).UTC(), err)
		}
	}
}

// sessionsAt is a table of sessions of alice and bob at the given times.
func sessionsAt(times ...string) string {
	var b strings.Builder
	b.WriteString("SessionIdTime;SessionIdSeq;User1Id;User2Id;SessionStartedById;ResponseCode;MediaTypes\n")
	for _, at := range times {
		b.WriteString(at + ";1;1;2;1;200;1\n")
	}
	return b.String()
}

func TestAFileSettlesTheOrderOfItsDatesOrIsRefused(t *testing.T) {
	for _, c := range []struct {
		name     string
		times    []string
		order    DateOrder
		days     []string
		rejected int
	}{
		{"nobody tells", []string{"03/04/2009 10:00:01", "04/03/2009 10:00:02"}, AnyOrder, nil, 2},
		{"the user tells mdy", []string{"03/04/2009 10:00:01", "02/03/2009 10:00:02"}, MonthFirst, []string{"02-03", "03-04"}, 0},
		{"the user tells dmy", []string{"03/02/2009 10:00:01", "02/03/2009 10:00:02"}, DayFirst, []string{"02-03", "03-02"}, 0},
		{"a later row tells", append(slices.Repeat([]string{"03/02/2009 10:00:01"}, 3000), "31/03/2009 10:00:02"), AnyOrder, []string{"02-03", "03-31"}, 0},
		{"a month first", []string{"03/02/2009 10:00:01", "03/31/2009 10:00:02"}, AnyOrder, []string{"03-02", "03-31"}, 0},
		{"both orders", []string{"03/02/2009 10:00:01", "03/31/2009 10:00:02", "31/03/2009 10:00:02"}, AnyOrder, []string{"03-31"}, 1},
		{"the user tells against a row", []string{"03/02/2009 10:00:01", "03/31/2009 10:00:02"}, DayFirst, []string{"02-03"}, 1},
		{"no ISO date is open", []string{"2009-03-02 10:00:01.123", "2009-02-03 10:00:02.123"}, DayFirst, []string{"02-03", "03-02"}, 0},
	} {
		f := NewFile("SessionDetails.csv", []byte(sessionsAt(c.times...)))
		f.order = c.order
		s, err := readSet([]*File{NewFile("Users.csv", []byte(estate["Users.csv"])), f})
		if err != nil {
			t.Fatal(err)
		}
		days := map[string]bool{}
		for _, r := range s.records {
			days[time.UnixMilli(r.Key).UTC().Format("01-02")] = true
		}
		var got []string
		for d := range days {
			got = append(got, d)
		}
		slices.Sort(got)
		if !slices.Equal(got, c.days) || len(s.rejects["SessionDetails.csv"]) != c.rejected {
			t.Errorf("%s: %v, rejects %v", c.name, got, s.rejects["SessionDetails.csv"])
		}
		if c.name == "nobody tells" && s.unresolved["SessionDetails.csv"] != 2 {
			t.Errorf("%s: %d rows to be read again", c.name, s.unresolved["SessionDetails.csv"])
		}
	}
}

func TestTimesThatShowMoreThanTheyHoldAreFoundOut(t *testing.T) {
	at := func(n int, layout string, step time.Duration) (times []string) {
		start := time.Date(2009, 3, 2, 8, 0, 0, 0, time.UTC)
		for i := range n {
			times = append(times, start.Add(time.Duration(i)*step).Format(layout))
		}
		return times
	}
	const exact = "2006-01-02 15:04:05.000"
	for _, c := range []struct {
		name  string
		times []string
		flags Flags
		note  string
	}{
		{"exact", at(100, exact, 123*time.Millisecond), 0, ""},
		{"whole seconds shown exactly", at(100, exact, 7*time.Second), WholeSecond, "times without a fraction of a second"},
		{"whole minutes shown exactly", at(100, exact, time.Minute), WholeSecond | WholeMinute, "times without seconds"},
		{"whole minutes shown to the second", at(100, "2006-01-02 15:04:05", time.Minute), WholeSecond | WholeMinute, "times without seconds"},
		{"too few to tell", at(cutKeys-1, exact, time.Minute), 0, ""},
		{"no fraction shown", at(3, "2006-01-02 15:04:05", time.Second), WholeSecond, "times without a fraction of a second"},
		{"no seconds shown", at(3, "2006-01-02 15:04", time.Minute), WholeSecond | WholeMinute, "times without seconds"},
	} {
		s := mustRead(t, map[string]string{"Users.csv": estate["Users.csv"], "SessionDetails.csv": sessionsAt(c.times...)})
		if len(s.records) != len(c.times) {
			t.Fatalf("%s: %d records", c.name, len(s.records))
		}
		for _, r := range s.records {
			if r.Flags&cutKey != c.flags {
				t.Errorf("%s: %+v", c.name, r)
				break
			}
		}
		noted := ""
		for _, n := range s.notes["SessionDetails.csv"] {
			if strings.HasPrefix(n, "times without") {
				noted = n
			}
		}
		if !strings.HasPrefix(noted, c.note) || (noted == "") != (c.note == "") {
			t.Errorf("%s: note %q", c.name, noted)
		}
	}
	// Style 126 leaves .000 out: where other rows have a fraction, that is exact.
	s := mustRead(t, map[string]string{"Users.csv": estate["Users.csv"], "SessionDetails.csv": sessionsAt("2009-03-02T08:00:00.123", "2009-03-02T08:00:01")})
	if len(s.records) != 2 || s.records[1].Flags != 0 {
		t.Errorf("%+v", s.records)
	}
}

func FuzzLocalTime(f *testing.F) {
	for _, s := range []string{"10/3/2013 10:17:57 AM", "03.10.2013 10:17:57,240", "Oct  3 2013 10:17AM", "3 Oct 2013 10:17:57:240", "2013/1/2 3:04", "-1/2/2003 4:05"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ms, p, err := parseLocalTime([]byte(s), MonthFirst)
		if err != nil {
			return
		}
		at := time.UnixMilli(ms).UTC()
		if at.Year() > 9999 || p != toMillisecond && p != toSecond && p != toMinute || p > toMillisecond && ms%int64(p) != 0 {
			t.Fatalf("%q: %s to %d", s, at, p)
		}
		// Written in an unmistakable form it is the same moment.
		clock := newCDRClock(latest)
		if again, _, err := clock.parse([]byte(at.Format("2006-01-02 15:04:05.000"))); at.Year() > 999 && (err != nil || again != ms) {
			t.Fatalf("%q: %s, then %d, %v", s, at, again, err)
		}
	})
}
