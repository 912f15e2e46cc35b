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
	i := strings.IndexAny(s, "/.-")
	if i < 1 || i > 4 {
		return d, false
	}
	d.sep = s[i]
	first, rest := s[:i], s[i+1:]
	second, rest, found := strings.Cut(rest, string(d.sep))
	if !found {
		return d, false
	}
	third := rest
	if i := strings.IndexAny(rest, " T"); i >= 0 {
		third, d.clock = rest[:i], strings.TrimLeft(rest[i+1:], " ")
	}
	var err [3]error
	var n [3]int
	for k, text := range []string{first, second, third} {
		if len(text) == 0 || len(text) > 4 || text[0] == '+' || text[0] == '-' {
			return d, false
		}
		n[k], err[k] = strconv.Atoi(text)
		if err[k] != nil {
			return d, false
		}
	}
	switch {
	case len(first) == 4 && len(second) <= 2 && len(third) <= 2:
		d.yearFirst, d.year, d.a, d.b = true, n[0], n[1], n[2]
	case len(third) == 4 && len(first) <= 2 && len(second) <= 2:
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
	s = strings.TrimSpace(strings.NewReplacer("\u202f", " ", "\u00a0", " ").Replace(s))
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
	midnight := time.Date(d.year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	wall := midnight.Add(clock)
	t := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), wall.Nanosecond(), loc)
	// A skipped hour comes back as another.
	if t.Hour() != wall.Hour() || t.Minute() != wall.Minute() {
		return time.Time{}, fmt.Errorf("the time %q does not exist in the zone %s (clocks were put forward)", s, loc)
	}
	return plausible(t.UTC(), s)
}

func daysIn(month, year int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
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
	parts := strings.Split(s, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return 0, false
	}
	var fraction time.Duration
	if last, frac, found := strings.Cut(parts[len(parts)-1], "."); found && len(parts) == 3 {
		f, err := strconv.ParseUint(frac, 10, 32)
		if err != nil || len(frac) > 9 {
			return 0, false
		}
		fraction = time.Duration(f)
		for range 9 - len(frac) {
			fraction *= 10
		}
		parts[2] = last
	}
	var n [3]int
	for i, p := range parts {
		v, err := strconv.ParseUint(p, 10, 8)
		if err != nil || len(p) > 2 {
			return 0, false
		}
		n[i] = int(v)
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
