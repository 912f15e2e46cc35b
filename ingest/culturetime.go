package ingest

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// dateOrder tells which of the first two numbers of a date is the month. Tools
// write dates as the culture of their server wants, and "3/4/2009" tells by
// itself neither culture nor day.
type dateOrder uint8

const (
	orderUntold dateOrder = iota
	monthFirst
	dayFirst
)

// orderVotes settles the order from all dates of a file: one number above 12
// tells it for all of them, unless another tells the opposite.
type orderVotes struct{ month, day bool }

func (v *orderVotes) see(s string) {
	if d, ok := splitDate(s); ok && d.free() {
		v.day = v.day || d.a > 12 && d.b <= 12
		v.month = v.month || d.b > 12 && d.a <= 12
	}
}

func (v *orderVotes) order() dateOrder {
	switch {
	case v.month && !v.day:
		return monthFirst
	case v.day && !v.month:
		return dayFirst
	}
	return orderUntold
}

// mendOrder is what to do about a date that may be two days.
const mendOrder = "no other date of the file settles it; export a longer period"

// cultureDate is a date as written.
type cultureDate struct {
	a, b, year int
	sep        byte
	yearFirst  bool
	clock      string
}

// free tells a date whose order the text itself does not fix: with the year
// first the month follows, and cultures that write dots write the day first.
func (d *cultureDate) free() bool { return !d.yearFirst && d.sep != '.' }

func splitDate(s string) (d cultureDate, ok bool) {
	var n, digits [3]int
	k := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= '0' && c <= '9' && digits[k] < 4:
			n[k] = n[k]*10 + int(c-'0')
			digits[k]++
			continue
		case digits[k] == 0:
			return d, false
		case k < 2 && (c == '/' || c == '.' || c == '-') && (k == 0 || c == d.sep):
			d.sep = c
			k++
			continue
		case k == 2 && (c == ' ' || c == 'T'):
			d.clock = strings.TrimLeft(s[i+1:], " ")
		default:
			return d, false
		}
		break
	}
	switch {
	case k < 2 || digits[2] == 0 || digits[1] > 2:
		return d, false
	case digits[0] == 4 && digits[2] <= 2:
		d.yearFirst, d.year, d.a, d.b = true, n[0], n[1], n[2]
	case digits[2] == 4 && digits[0] <= 2:
		d.a, d.b, d.year = n[0], n[1], n[2]
	default:
		return d, false
	}
	return d, true
}

// parseCultureTime reads a time as the cultures of Windows write it, as a wall
// clock in loc: M/D/YYYY or D/M/YYYY with "/" or "-", D.M.YYYY, or the year
// first; then h:mm[:ss[.fff]] with or without AM and PM. A date that may be two
// days is an error unless the order is told.
func parseCultureTime(s string, order dateOrder, loc *time.Location) (time.Time, error) {
	if s = strings.TrimSpace(s); strings.IndexByte(s, 0xe2) >= 0 || strings.IndexByte(s, 0xc2) >= 0 { // spaces that do not break
		s = strings.ReplaceAll(strings.ReplaceAll(s, "\u202f", " "), "\u00a0", " ")
	}
	d, ok := splitDate(s)
	if !ok {
		return time.Time{}, told("%s is no time; expected a date and a time of day such as 3/31/2009 1:05:00 PM", quoteShort(s))
	}
	month, day := d.a, d.b
	switch {
	case d.yearFirst:
	case d.sep == '.', order == dayFirst:
		month, day = d.b, d.a
	case order == monthFirst:
	case d.a > 12:
		month, day = d.b, d.a
	case d.b <= 12 && d.a != d.b:
		return time.Time{}, told("%s may be %d %s or %d %s; %s", quoteShort(s), d.a, time.Month(max(d.b, 1)), d.b, time.Month(max(d.a, 1)), mendOrder)
	}
	clock, ok := parseClock(d.clock)
	if !ok || month < 1 || month > 12 || day < 1 || day > daysIn(month, d.year) {
		return time.Time{}, told("%s is no time of a calendar; mend the row or export it again", quoteShort(s))
	}
	wall := time.Date(d.year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Add(clock)
	if loc == time.UTC {
		return plausible(wall, s)
	}
	t := time.Date(d.year, time.Month(month), day, wall.Hour(), wall.Minute(), wall.Second(), wall.Nanosecond(), loc)
	// A skipped hour comes back as another.
	if t.Hour() != wall.Hour() || t.Minute() != wall.Minute() {
		return time.Time{}, fmt.Errorf("the time %q does not exist in the zone %s (clocks were put forward)", s, loc)
	}
	return plausible(t.UTC(), s)
}

func daysIn(month, year int) int {
	if month == 2 && year%4 == 0 && (year%100 != 0 || year%400 == 0) {
		return 29
	}
	return [...]int{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}[month]
}

// parseClock reads h:mm[:ss[.fff]] with or without AM and PM. An empty text is
// midnight: some cultures leave the time of midnight out.
func parseClock(s string) (time.Duration, bool) {
	if s == "" {
		return 0, true
	}
	half := ""
	if i := strings.LastIndexByte(s, ' '); i >= 0 {
		s, half = strings.TrimSpace(s[:i]), strings.ToUpper(strings.ReplaceAll(s[i+1:], ".", ""))
		if half != "AM" && half != "PM" {
			return 0, false
		}
	}
	var n, digits [3]int
	var fraction time.Duration
	k := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= '0' && c <= '9' && digits[k] < 2:
			n[k] = n[k]*10 + int(c-'0')
			digits[k]++
		case c == ':' && k < 2 && digits[k] > 0:
			k++
		case c == '.' && k == 2 && digits[2] > 0:
			frac := s[i+1:]
			f, err := strconv.ParseUint(frac, 10, 32)
			if err != nil || len(frac) > 9 {
				return 0, false
			}
			fraction = time.Duration(f)
			for range 9 - len(frac) {
				fraction *= 10
			}
			i = len(s)
		default:
			return 0, false
		}
	}
	if k == 0 || digits[k] == 0 {
		return 0, false
	}
	switch {
	case n[0] > 23 || n[1] > 59 || n[2] > 59, half != "" && (n[0] < 1 || n[0] > 12):
		return 0, false
	case half == "AM" && n[0] == 12:
		n[0] = 0
	case half == "PM" && n[0] < 12:
		n[0] += 12
	}
	return time.Duration(n[0]*3600+n[1]*60+n[2])*time.Second + fraction, true
}
