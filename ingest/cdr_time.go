package ingest

import (
	"bytes"
	"fmt"
	"time"
)

const dayMillis = 24 * 60 * 60 * 1000

// cdrClock reads times, as UTC: no vendor page names the zone of the stored
// times, published tools treat them so. Most tools write the one form that loses
// nothing, YYYY-MM-DD HH:MM:SS[.fff] (also with a "T"); for the others see
// parseLocalTime. Neighbouring rows share their day, so the last one is
// remembered.
type cdrClock struct {
	date  [10]byte
	start int64 // milliseconds at the start of date
	limit int64 // the first moment that lies in the future
	order DateOrder
	whole precision // of keys that show more than they hold; 0: keys show what they hold and leave .000 out
}

func newCDRClock(now time.Time) cdrClock {
	return cdrClock{limit: now.Add(24 * time.Hour).UnixMilli(), whole: toMillisecond}
}

// parse returns milliseconds since the Unix epoch and how much of the time the
// text shows. More than three digits of a fraction are cut: datetime2 keeps
// seven, the schema's datetime only steps of about 3 ms.
func (c *cdrClock) parse(b []byte) (ms int64, p precision, err error) {
	if len(b) >= 19 && b[13] == ':' && b[16] == ':' && (b[10] == ' ' || b[10] == 'T') && b[4] == '-' {
		if ms, p, ok := c.iso(b); ok {
			return ms, p, nil
		}
	}
	return parseLocalTime(b, c.order)
}

func (c *cdrClock) iso(b []byte) (ms int64, p precision, ok bool) {
	if !bytes.Equal(b[:10], c.date[:]) {
		start, ok := parseDate(b[:10])
		if !ok {
			return 0, 0, false
		}
		copy(c.date[:], b)
		c.start = start
	}
	h, ok1 := twoDigits(b[11], b[12])
	m, ok2 := twoDigits(b[14], b[15])
	s, ok3 := twoDigits(b[17], b[18])
	if !ok1 || !ok2 || !ok3 || h > 23 || m > 59 || s > 59 {
		return 0, 0, false
	}
	ms = c.start + int64(h*3600+m*60+s)*1000
	rest := b[19:]
	if len(rest) > 0 && rest[len(rest)-1] == 'Z' {
		rest = rest[:len(rest)-1]
	}
	if len(rest) == 0 {
		return ms, toSecond, true
	}
	if rest[0] != '.' || len(rest) == 1 || len(rest) > 10 {
		return 0, 0, false
	}
	scale := int64(100)
	for _, d := range rest[1:] {
		if d < '0' || d > '9' {
			return 0, 0, false
		}
		ms += int64(d-'0') * scale
		scale /= 10
	}
	return ms, toMillisecond, true
}

func twoDigits(a, b byte) (int, bool) {
	a, b = a-'0', b-'0'
	return int(a)*10 + int(b), a < 10 && b < 10
}

// parseDate reads YYYY-MM-DD and checks that the day exists.
func parseDate[T string | []byte](b T) (start int64, ok bool) {
	century, ok1 := twoDigits(b[0], b[1])
	year, ok2 := twoDigits(b[2], b[3])
	month, ok3 := twoDigits(b[5], b[6])
	day, ok4 := twoDigits(b[8], b[9])
	if !ok1 || !ok2 || !ok3 || !ok4 || b[4] != '-' || b[7] != '-' {
		return 0, false
	}
	return dayStart(century*100+year, month, day)
}

// daysBefore is how many days of a year lie before each month, and at the end
// its length, without a leap day.
var daysBefore = [13]int{0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365}

// dayStart is when a day begins, in milliseconds since the Unix epoch; not ok
// when there is no such day. Years are those of four digits.
func dayStart(year, month, day int) (ms int64, ok bool) {
	if month < 1 || month > 12 || day < 1 {
		return 0, false
	}
	leap := year%4 == 0 && (year%100 != 0 || year%400 == 0)
	length := daysBefore[month] - daysBefore[month-1]
	if month == 2 && leap {
		length++
	}
	before := year + 399 // leap years from year -399 up to the year before, as if all had 365 days
	days := 365*(year-1970) + before/4 - before/100 + before/400 - leapsTo1970 + daysBefore[month-1] + day - 1
	if month > 2 && leap {
		days++
	}
	return int64(days) * dayMillis, day <= length
}

// leapsTo1970 is the count of dayStart for 1970.
const leapsTo1970 = (1970+399)/4 - (1970+399)/100 + (1970+399)/400

// read is parse with the limits of a plausible activity.
func (c *cdrClock) read(b []byte, column string) (ms int64, p precision, err error) {
	ms, p, err = c.parse(b)
	switch {
	case err == errNoTime:
		return 0, 0, fmt.Errorf("%s %s is no time of the form YYYY-MM-DD HH:MM:SS.fff; export dates with style 121", column, quoteShort(string(b)))
	case err != nil:
		return 0, 0, fmt.Errorf("%s %s: %w", column, quoteShort(string(b)), err)
	case ms < earliest.UnixMilli():
		return 0, 0, fmt.Errorf("%s %s lies before 2000; check the clock of the server", column, b[:min(len(b), 60)])
	case ms > c.limit:
		return 0, 0, fmt.Errorf("%s %s lies in the future; check the clock of the server", column, b[:min(len(b), 60)])
	}
	return ms, p, nil
}
