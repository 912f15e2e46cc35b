package ingest

import (
	"math/rand"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"
)

func TestCultureTimesAreReadOrRefused(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		in    string
		order DateOrder
		want  string // RFC 3339, or the beginning of what is wrong
	}{
		{"3/31/2009 1:05:09 PM", AnyOrder, "2009-03-31T13:05:09Z"},
		{"31/3/2009 13:05", AnyOrder, "2009-03-31T13:05:00Z"},
		{"3/4/2009 12:00:00 AM", MonthFirst, "2009-03-04T00:00:00Z"},
		{"3/4/2009 12:00:00 PM", DayFirst, "2009-04-03T12:00:00Z"},
		{"3/3/2009 12:30:00 AM", AnyOrder, "2009-03-03T00:30:00Z"},
		{"3/4/2009 8:00:00 AM", AnyOrder, `"3/4/2009 8:00:00 AM": day and month can be told either way; give --date-order mdy or dmy`},
		{"03.04.2009 08:00:00", MonthFirst, "2009-04-03T08:00:00Z"},
		{"2009-03-04 08:00:00", AnyOrder, "2009-03-04T08:00:00Z"},
		{"2009/03/04 8:00:00", DayFirst, "2009-03-04T08:00:00Z"},
		{"4-3-2009 8:00:00", DayFirst, "2009-03-04T08:00:00Z"},
		{"3/31/2009 1:05:09.250 PM", MonthFirst, "2009-03-31T13:05:09.25Z"},
		{"3/31/2009 1:05:09\u202fPM", MonthFirst, "2009-03-31T13:05:09Z"},
		{"3/31/2009 1:05:09 p.m.", MonthFirst, "2009-03-31T13:05:09Z"},
		{"3/31/2009", MonthFirst, "2009-03-31T00:00:00Z"},
		{"31/3/2009 8:00:00", MonthFirst, `"31/3/2009 8:00:00": is no date of the order mdy; check --date-order`},
		{"2/29/2009 8:00:00", MonthFirst, `"2/29/2009 8:00:00" is no time; expected`},
		{"0/1/2009 8:00:00", MonthFirst, `"0/1/2009 8:00:00" is no time; expected`},
		{"3/31/2009 13:05:09 PM", MonthFirst, `"3/31/2009 13:05:09 PM" is no time; expected`},
		{"3/31/2009 0:05:09 AM", MonthFirst, `"3/31/2009 0:05:09 AM" is no time; expected`},
		{"3/31/2009 8:00:00 XM", MonthFirst, `"3/31/2009 8:00:00 XM" is no time; expected`},
		{"3/31/09 8:00:00", MonthFirst, `"3/31/09 8:00:00" is no time; expected`},
		{"3/31/1999 8:00:00", MonthFirst, `the time "3/31/1999 8:00:00" is not between 2000 and 2100`},
		{"2009-03-04T08:00:00Z", DayFirst, "2009-03-04T08:00:00Z"},
		{"3/4/2009 8:00:00", bothOrders, `"3/4/2009 8:00:00": day and month can be told either way, and the file has dates of both orders;`},
		{"soon", MonthFirst, `"soon" is no time; expected`},
		{"", MonthFirst, `"" is no time; expected`},
	} {
		got := ""
		if at, err := parseCultureTime([]byte(c.in), c.order, time.UTC); err != nil {
			got = err.Error()
		} else {
			got = at.Format(time.RFC3339Nano)
		}
		if !strings.HasPrefix(got, c.want) {
			t.Errorf("%q: got %s, want %s", c.in, got, c.want)
		}
	}
	if at, err := parseCultureTime([]byte("3/31/2009 1:05:09 PM"), MonthFirst, berlin); err != nil || at.Format(time.RFC3339) != "2009-03-31T11:05:09Z" {
		t.Errorf("Berlin: %v, %v", at, err)
	}
	if _, err := parseCultureTime([]byte("3/29/2009 2:30:00 AM"), MonthFirst, berlin); err == nil || !strings.Contains(err.Error(), "does not exist in the zone Europe/Berlin") {
		t.Errorf("a skipped hour: %v", err)
	}
}

func TestOneDateSettlesTheOrderAndTwoThatDisagreeDoNot(t *testing.T) {
	for _, c := range []struct {
		dates string
		want  DateOrder
	}{
		{"3/4/2009 5/6/2009", AnyOrder},
		{"3/4/2009 5/16/2009", MonthFirst},
		{"3/4/2009 15/6/2009", DayFirst},
		{"5/16/2009 15/6/2009", bothOrders},
		{"15.6.2009 2009-15-06 2009-06-15", AnyOrder}, // these tell nothing of the others
		{"45/16/2009 16/45/2009", AnyOrder},
	} {
		order := AnyOrder
		for _, d := range strings.Fields(c.dates) {
			order = order.with(orderOf([]byte(d)))
		}
		if order != c.want {
			t.Errorf("%s: got %d, want %d", c.dates, order, c.want)
		}
	}
}

// TestWhatACultureWritesIsRead: times survive being written by any culture and
// read with the order that culture has.
func TestWhatACultureWritesIsRead(t *testing.T) {
	for i := range 5000 {
		r := rand.New(rand.NewSource(int64(i)))
		at := time.Unix(earliest.Unix()+r.Int63n(latest.Unix()-earliest.Unix()), 0).UTC()
		for _, c := range []struct {
			layout string
			order  DateOrder
		}{{"1/2/2006 3:04:05 PM", MonthFirst}, {"02/01/2006 15:04:05", DayFirst}, {"2.1.2006 15:04:05", AnyOrder}, {"2006/01/02 15:04:05", AnyOrder}, {"2-1-2006 15:04:05", DayFirst}} {
			text := at.Format(c.layout)
			got, err := parseCultureTime([]byte(text), c.order, time.UTC)
			if err != nil || !got.Equal(at) {
				t.Fatalf("%q: %v, %v", text, got, err)
			}
		}
	}
}

// A date that the time before had is the same date, whatever is written around it.
func TestTimesBehindOthersAreReadAsIfAlone(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	dates := []string{"3/31/2009", "31/3/2009", "3/4/2009", "4/3/2009", "03.04.2009", "2009-03-04", "2009/3/4", "3-Oct-2009", "Oct3,2009", "Oct 3 2009", "3 Oct 2009", "Oct", "3", "2/30/2009", "3/31/1999", "3/31/20091", "1/1/2009", ""}
	clocks := []string{" 1:05:09 PM", " 13:05", "T08:00:00", " 08:00:00.250", " 8", " 25:00", "", " ", "  7:00 AM", " 7:00 a.m.", "T7:00 AM", " 7:00Z", "\u00a07:00", " 7:00\u202fAM", " 7:00 AM 8:00", "1 8:00", " 7:00" + strings.Repeat(" ", 30)}
	for range 200 {
		var own []string
		for range 1 + rng.Intn(4) {
			own = append(own, dates[rng.Intn(len(dates))])
		}
		order := []DateOrder{AnyOrder, MonthFirst, DayFirst, bothOrders}[rng.Intn(4)]
		o := &fileOrder{told: order, settled: true}
		for range 200 {
			s := []byte(own[rng.Intn(len(own))] + clocks[rng.Intn(len(clocks))])
			if rng.Intn(20) == 0 && len(s) > 0 {
				s[rng.Intn(len(s))] = " 19/:-TaZ"[rng.Intn(9)]
			}
			got, err := o.time(s, time.UTC)
			want, bad := parseCultureTime(s, order, time.UTC)
			if !got.Equal(want) || (err == nil) != (bad == nil) || err != nil && err.Error() != bad.Error() {
				t.Fatalf("%q, order %d: %v, %v; alone %v, %v", s, order, got, err, want, bad)
			}
		}
	}
}

// The order of a file's dates is looked for when a date needs it, and once.
func TestTheOrderOfDatesIsReadWhenADateNeedsIt(t *testing.T) {
	for _, c := range []struct {
		times string
		reads int
	}{
		{"3/31/2009 1:05:00 PM|31/3/2009 13:05|03.04.2009 8:00|3/3/2009 8:00|soon|", 0},
		{"3/31/2009 1:05:00 PM|3/4/2009 8:00|4/3/2009 8:00", 1},
	} {
		reads := 0
		o := newFileOrder(NewFile("in", nil), func() (DateOrder, error) { reads++; return MonthFirst, nil })
		for _, s := range strings.Split(c.times, "|") {
			o.time([]byte(s), time.UTC)
		}
		if reads != c.reads {
			t.Errorf("%s: read %d times", c.times, reads)
		}
	}
}

func FuzzCultureTime(f *testing.F) {
	for _, s := range []string{"3/31/2009 1:05:09 PM", "31.3.2009 13:05", "2009-03-31T13:05:09.5", "3/4/2009", "//", "1/1/2009 :", "3/31/2009 1:05:09\u202fPM"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, order := range []DateOrder{AnyOrder, MonthFirst, DayFirst} {
			at, err := parseCultureTime([]byte(s), order, time.UTC)
			if err != nil {
				continue
			}
			if at.Before(earliest) || !at.Before(latest) {
				t.Fatalf("%q: %v", s, at)
			}
			if told, bad := parseCultureTime([]byte(s), orderOf([]byte(strings.TrimSpace(s))), time.UTC); order == AnyOrder && (bad != nil || !told.Equal(at)) {
				t.Fatalf("%q: %v without an order, %v, %v with the one it tells", s, at, told, bad)
			}
			if again, bad := parseCultureTime([]byte(at.Format("2006-01-02 15:04:05.999999999")), order, time.UTC); bad != nil || !again.Equal(at) {
				t.Fatalf("%q: %v, written and read again %v, %v", s, at, again, bad)
			}
		}
	})
}
