package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"calaudit/ingest/delimited"
)

// DateOrder is which of day and month comes first in dates such as 03/04/2009.
type DateOrder uint8

const (
	AnyOrder   DateOrder = iota // not told
	MonthFirst                  // mdy
	DayFirst                    // dmy
	bothOrders                  // a file that holds dates of either
)

func parseDateOrder(s string) (DateOrder, error) {
	switch strings.ToLower(s) {
	case "":
		return AnyOrder, nil
	case "mdy":
		return MonthFirst, nil
	case "dmy":
		return DayFirst, nil
	}
	return AnyOrder, fmt.Errorf("--date-order %q is not known; valid: mdy, dmy", s)
}

// Told is what the user said about reading this file beyond its content; a file
// that was not understood before is worth reading again when it changes.
func (f *File) Told() string {
	if f.order == AnyOrder {
		return ""
	}
	return " date-order " + f.order.String()
}

// precision is what a written time leaves out, in milliseconds: 1 nothing that
// counts, 1000 the fraction of the second, 60000 the seconds too.
type precision int64

const (
	toMillisecond precision = 1
	toSecond      precision = 1000
	toMinute      precision = 60000
)

var (
	errNoTime    = errors.New("no time")
	errAmbiguous = told("day and month can be told either way; give --date-order mdy or dmy")
	errBoth      = told("day and month can be told either way, and the file has dates of both orders; export dates with style 121, or give --date-order mdy or dmy")
	errMonth     = told("is no date of the order mdy; check --date-order, or export dates with style 121")
	errDay       = told("is no date of the order dmy; check --date-order, or export dates with style 121")
)

// untoldOrder tells the errors of dates that are worth reading again when the
// user has told which of day and month comes first.
func untoldOrder(err error) bool { return errors.Is(err, errAmbiguous) || errors.Is(err, errBoth) }

// parseLocalTime reads the forms of dates that tools write by the settings of
// their user, all as UTC: 10/3/2013 10:17:57 AM, 03.10.2013 10:17:57,
// 2013/10/3 10:17, Oct  3 2013 10:17AM, 3 Oct 2013 10:17:57:240. A fraction
// stands behind a point, a comma, or (style 109) a colon. Points between the
// numbers mean day, month, year: no Windows culture and no CONVERT style has
// points and the month first. With slashes or dashes the order has to be told,
// unless the date itself or the rest of the file tells it.
func parseLocalTime(b []byte, order DateOrder) (ms int64, p precision, err error) {
	date, clock, err := splitLocal(b)
	if err != nil {
		return 0, 0, err
	}
	return date.at(clock, order)
}

// at is the moment of a date and a clock.
func (d localDate) at(clock []byte, order DateOrder) (ms int64, p precision, err error) {
	day, err := d.day(order)
	if err != nil {
		return 0, 0, err
	}
	at, p, ok := parseClock(clock)
	if !ok {
		return 0, 0, errNoTime
	}
	return day + at, p, nil
}

// localDate is a date as written: three numbers, and what is known of them.
type localDate struct {
	year, first, second int
	named               bool // first is the month, second the day, by their words or places
	dotted              bool // first is the day
}

// longestLocal is the longest text that is looked at as a time.
const longestLocal = 40

// splitLocal reads the date and returns what stands behind it.
func splitLocal(b []byte) (d localDate, clock []byte, err error) {
	if len(b) == 0 || len(b) > longestLocal {
		return d, nil, errNoTime
	}
	var ok bool
	if c := b[0] | 0x20; c >= 'a' && c <= 'z' { // Oct  3 2013
		d.named = true
		if d.first, b, ok = monthWord(b); !ok {
			return d, nil, errNoTime
		}
		if d.second, b, ok = digitsOf(skipSpace(b), 2); !ok {
			return d, nil, errNoTime
		}
		d.year, b, ok = yearOf(skipSpace(bytes.TrimPrefix(b, []byte{','})))
		return d, b, noTimeUnless(ok)
	}
	n, rest, ok := digitsOf(b, 4)
	if !ok || len(rest) == 0 {
		return d, nil, errNoTime
	}
	sep := rest[0]
	switch digits := len(b) - len(rest); {
	case sep == ' ' || sep == '-' && len(rest) > 1 && rest[1]|0x20 >= 'a': // 3 Oct 2013
		d.named, d.second = true, n
		if d.first, b, ok = monthWord(rest[1:]); !ok || len(b) == 0 {
			return d, nil, errNoTime
		}
		d.year, b, ok = yearOf(b[1:])
		return d, b, noTimeUnless(ok && digits <= 2)
	case sep != '/' && sep != '-' && sep != '.':
		return d, nil, errNoTime
	case digits == 4:
		d.named, d.year = true, n
		if d.first, b, ok = digitsOf(rest[1:], 2); !ok || len(b) == 0 || b[0] != sep {
			return d, nil, errNoTime
		}
		d.second, b, ok = digitsOf(b[1:], 2)
		return d, b, noTimeUnless(ok)
	case digits > 2:
		return d, nil, errNoTime
	}
	d.first, d.dotted = n, sep == '.'
	if d.second, b, ok = digitsOf(rest[1:], 2); !ok || len(b) == 0 || b[0] != sep {
		return d, nil, errNoTime
	}
	d.year, b, ok = yearOf(b[1:])
	return d, b, noTimeUnless(ok)
}

func noTimeUnless(ok bool) error {
	if ok {
		return nil
	}
	return errNoTime
}

// order is what the date tells by itself: a day beyond 12 is no month.
func (d localDate) order() DateOrder {
	switch {
	case d.named || d.dotted:
		return AnyOrder
	case d.first > 12 && d.second <= 12:
		return DayFirst
	case d.second > 12 && d.first <= 12:
		return MonthFirst
	}
	return AnyOrder
}

// open: neither the date's form nor its numbers tell day from month.
func (d localDate) open() bool {
	return !d.named && !d.dotted && d.first <= 12 && d.second <= 12 && d.first != d.second
}

// day is the date in milliseconds at its beginning. order is what the user or
// the rest of the file says.
func (d localDate) day(order DateOrder) (int64, error) {
	month, day := d.first, d.second
	switch own := d.order(); {
	case d.named:
	case d.dotted:
		month, day = day, month
	case d.open():
		switch order {
		case AnyOrder:
			return 0, errAmbiguous
		case bothOrders:
			return 0, errBoth
		case DayFirst:
			month, day = day, month
		}
	case own == DayFirst && order == MonthFirst:
		return 0, errMonth
	case own == MonthFirst && order == DayFirst:
		return 0, errDay
	case own == DayFirst:
		month, day = day, month
	}
	start, ok := dayStart(d.year, month, day)
	return start, noTimeUnless(ok)
}

// parseClock reads " 10:17", "T10:17:57.240", " 10:17:57 AM", "10:17:57:240AM".
func parseClock(b []byte) (ms int64, p precision, ok bool) {
	if len(b) > 0 && b[0] == 'T' {
		b = b[1:]
	} else if rest := skipSpace(b); len(rest) < len(b) {
		b = rest
	} else {
		return 0, 0, false
	}
	h, b, ok1 := digitsOf(b, 2)
	if !ok1 || len(b) < 3 || b[0] != ':' {
		return 0, 0, false
	}
	m, ok2 := twoDigits(b[1], b[2])
	if b = b[3:]; !ok2 || m > 59 {
		return 0, 0, false
	}
	s, p := 0, toMinute
	if len(b) >= 3 && b[0] == ':' {
		if s, ok = twoDigits(b[1], b[2]); !ok || s > 59 {
			return 0, 0, false
		}
		b, p = b[3:], toSecond
		if len(b) > 1 && (b[0] == '.' || b[0] == ',' || b[0] == ':') {
			n, scale := 0, int64(100)
			for b = b[1:]; len(b) > 0 && b[0] >= '0' && b[0] <= '9'; b = b[1:] {
				ms += int64(b[0]-'0') * scale
				scale /= 10
				n++
			}
			if p = toMillisecond; n == 0 || n > 9 {
				return 0, 0, false
			}
		}
	}
	switch half, ok := halfOfDay(b); {
	case !ok:
		return 0, 0, false
	case half != 0 && (h < 1 || h > 12):
		return 0, 0, false
	case half == 'p':
		h = h%12 + 12
	case half == 'a':
		h %= 12
	}
	if h > 23 {
		return 0, 0, false
	}
	return ms + int64(h*3600+m*60+s)*1000, p, true
}

// halfOfDay reads what stands behind the clock: nothing, "Z", or AM and PM in
// any spelling, which is 'a' or 'p'.
func halfOfDay(b []byte) (half byte, ok bool) {
	var letters [2]byte
	n := 0
	for len(b) > 0 {
		switch c := b[0]; {
		case c == ' ', c == '.' && n > 0:
			b = b[1:]
		case bytes.HasPrefix(b, []byte("\u00a0")):
			b = b[len("\u00a0"):]
		case bytes.HasPrefix(b, []byte("\u202f")):
			b = b[len("\u202f"):]
		case n < len(letters):
			letters[n] = c | 0x20
			n++
			b = b[1:]
		default:
			return 0, false
		}
	}
	switch {
	case n == 0, n == 1 && letters[0] == 'z':
		return 0, true
	case n == 2 && letters[1] == 'm' && (letters[0] == 'a' || letters[0] == 'p'):
		return letters[0], true
	}
	return 0, false
}

func skipSpace(b []byte) []byte {
	for len(b) > 0 && b[0] == ' ' {
		b = b[1:]
	}
	return b
}

// digitsOf reads at most so many digits.
func digitsOf(b []byte, most int) (n int, rest []byte, ok bool) {
	i := 0
	for i < len(b) && i < most && b[i] >= '0' && b[i] <= '9' {
		n = n*10 + int(b[i]-'0')
		i++
	}
	return n, b[i:], i > 0
}

// yearOf reads a year, which must have four digits: two say too little.
func yearOf(b []byte) (year int, rest []byte, ok bool) {
	year, rest, _ = digitsOf(b, 4)
	return year, rest, len(b)-len(rest) == 4
}

// monthWord reads an English month, as CONVERT writes it.
func monthWord(b []byte) (month int, rest []byte, ok bool) {
	if len(b) < 4 {
		return 0, nil, false
	}
	i := strings.Index("janfebmaraprmayjunjulaugsepoctnovdec", strings.ToLower(string(b[:3])))
	return i/3 + 1, b[3:], i >= 0 && i%3 == 0
}

// with is what dates of two orders tell of those that leave it open.
func (o DateOrder) with(own DateOrder) DateOrder {
	switch {
	case own == AnyOrder || own == o:
		return o
	case o == AnyOrder:
		return own
	}
	return bothOrders
}

// settle finds out what the dates of a file leave open. Which of day and month
// comes first any date tells for all whose day is beyond 12, if the user did
// not; that reads the whole file, but only when its beginning needs it. And
// times that show more than they hold: when a file begins with many rows whose
// keys are all on whole seconds, or minutes, a tool has cut them.
func (c *cdrClock) settle(ctx context.Context, f *File, h *Head) error {
	t, err := sniffTable(h)
	if err != nil {
		return err
	}
	columns := timeColumns(t)
	d := datesOf(ctx, t, columns, 500)
	c.order, c.whole = f.order, d.whole()
	f.ordered = f.ordered || d.open && f.order != AnyOrder
	if !d.open || c.order != AnyOrder {
		return nil
	}
	t, closer, err := openTable(f)
	if err != nil {
		return err
	}
	defer closer.Close()
	c.order = datesOf(ctx, t, columns, 0).order
	return ctx.Err()
}

// timeColumns are the columns that hold times, by their names.
func timeColumns(t *Table) (columns []int) {
	for i, name := range t.Header() {
		if key := ColumnKey(name); strings.HasSuffix(key, "time") || key == "deregistertype" {
			columns = append(columns, i)
		}
	}
	return columns
}

// dates is what the dates of some rows show.
type dates struct {
	open  bool      // some need to be told day from month
	order DateOrder // what the others tell
	keys  int       // rows whose key could be read
	exact int       // those with a fraction of a second
	odd   int       // those not on a whole minute
}

// cutKeys is how many keys must all be on whole seconds to be taken for cut:
// one in 60 to 300 is so by chance.
const cutKeys = 32

// whole is what the keys leave out although they may show it: 0 when some show
// a fraction of a second, so that one without has none (style 126 writes so).
func (d *dates) whole() precision {
	switch {
	case d.exact > 0:
		return 0
	case d.keys < cutKeys:
		return toMillisecond
	case d.odd > 0:
		return toSecond
	}
	return toMinute
}

// datesOf looks at up to so many rows, 0 for all.
func datesOf(ctx context.Context, t *Table, columns []int, rows int) (d dates) {
	clock, key := newCDRClock(latest), t.Column("SessionIdTime", "ConferenceDateTime")
	clock.order = DayFirst // for the time of the day it does not matter
	for n := 0; rows == 0 || n < rows; n++ {
		if n%4096 == 0 && ctx.Err() != nil {
			break
		}
		err := t.Next()
		var bad *delimited.RowError
		if err != nil && !errors.As(err, &bad) {
			break
		}
		if err != nil {
			continue
		}
		for _, c := range columns {
			text := trimSpace(t.Field(c))
			if c == key && rows > 0 {
				if ms, _, err := clock.parse(text); err == nil {
					d.keys++
					d.exact += one(ms%1000 != 0)
					d.odd += one(ms%60000 != 0)
				}
			}
			written, _, err := splitLocal(text)
			if err != nil {
				continue
			}
			d.open = d.open || written.open()
			d.order = d.order.with(written.order())
		}
	}
	return d
}
