package ingest

import (
	"time"

	"calaudit/ingest/w3c"
)

// iisClock tells when a row's request was made. Date and time of the format are
// UTC; the Advanced Logging module may write local ones instead, or both.
type iisClock struct {
	date, time int    // places of the columns, -1 for none
	local      bool   // they are local
	text       []byte // of the day below
	day        civilDay
	directive  string   // the #Date line that was read last
	noted      civilDay // its day, or a later one when midnight has passed below it
	begun      bool     // there was a row by it
	until      int64    // latest time of that day so far
}

// civilDay is a day as a calendar names it; the zero value is none.
type civilDay struct {
	year, month, day int
}

func (c *iisClock) columns(r *w3c.Reader) {
	c.date, c.time, c.local = r.Column("date", "date-utc"), r.Column("time", "time-utc"), false
	if c.time < 0 && r.Column("time-local") >= 0 || c.time < 0 && c.date < 0 && r.Column("date-local") >= 0 {
		c.date, c.time, c.local = r.Column("date-local"), r.Column("time-local"), true
	}
	c.text = c.text[:0]
}

// dayOf finds the row's day, and rejects the row when it is no day. Most rows
// are of the day of the one before.
func (c *iisClock) dayOf(p *iisReader) bool {
	if c.local {
		p.note(iisLocal)
	}
	text := p.r.Field(c.date)
	if text == nil {
		c.byDirective(p)
		return true
	}
	if len(c.text) == 0 || string(text) != string(c.text) {
		var ok bool
		if c.day, ok = parseDay(text); !ok {
			c.text = c.text[:0]
			p.reject("date %s is no day YYYY-MM-DD between 2000 and 2100; the row is damaged or its columns are not those of #Fields: export the log again", quoteShort(string(text)))
			return false
		}
		c.text = append(c.text[:0], text...)
	}
	return true
}

// byDirective takes the day of the #Date line. Below one such line the time may
// pass midnight, where files are not begun anew each day.
func (c *iisClock) byDirective(p *iisReader) {
	c.text = c.text[:0]
	if d := p.r.Date(); d != c.directive || !c.begun {
		c.directive, c.begun, c.until = d, true, 0
		c.noted, _ = parseDay([]byte(d))
	}
	if c.day = c.noted; c.day == (civilDay{}) {
		if f := p.env.FileDate; !f.IsZero() {
			c.day = civilDay{f.Year(), int(f.Month()), f.Day()}
		}
		return
	}
	p.note(iisByDirective)
	if at, ok := parseLogClock(p.r.Field(c.time)); ok {
		if at+halfDay < c.until {
			next := time.Date(c.noted.year, time.Month(c.noted.month), c.noted.day+1, 0, 0, 0, 0, time.UTC)
			c.noted, c.until = civilDay{next.Year(), int(next.Month()), next.Day()}, 0
			c.day = c.noted
			p.note(iisMidnight)
		}
		c.until = max(c.until, at)
	}
}

// halfDay, in milliseconds: rows stand in order of their ends, so times may go
// back a little without midnight in between.
const halfDay = 12 * 60 * 60 * 1000

// at is the time of the row, whose day is known; Undated when it has none. It
// rejects the row when its time is none.
func (c *iisClock) at(p *iisReader) (at int64, ok bool) {
	text := p.r.Field(c.time)
	var clock int64
	if c.time >= 0 {
		if clock, ok = parseLogClock(text); !ok {
			p.reject("time %s is no time HH:MM:SS; export the log again", quoteShort(string(text)))
			return 0, false
		}
	}
	if c.day == (civilDay{}) {
		return Undated, true
	}
	loc := time.UTC
	if c.local {
		loc = p.env.Location
	}
	t := time.Date(c.day.year, time.Month(c.day.month), c.day.day, 0, 0, 0, int(clock%1000)*1e6, time.UTC).Add(time.Duration(clock/1000) * time.Second)
	if loc != time.UTC {
		wall := t
		t = time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), wall.Nanosecond(), loc)
		if t.Hour() != wall.Hour() || t.Minute() != wall.Minute() {
			p.reject("the time %s %s does not exist in the zone %s (clocks were put forward); check the estate's time_zone", c.text, text, loc)
			return 0, false
		}
	}
	if at = t.UnixMilli(); at > p.limit {
		p.reject("the time %s lies in the future; check the clock of the server", t.UTC().Format(time.RFC3339))
		return 0, false
	}
	return at, true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// digits reads a number of digits alone.
func digits(b []byte) (n int, ok bool) {
	for _, c := range b {
		if !isDigit(c) {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, len(b) > 0
}

// parseDay reads YYYY-MM-DD.
func parseDay(b []byte) (d civilDay, ok bool) {
	if len(b) != 10 || b[4] != '-' || b[7] != '-' {
		return d, false
	}
	y, ok1 := digits(b[:4])
	m, ok2 := digits(b[5:7])
	day, ok3 := digits(b[8:])
	if !ok1 || !ok2 || !ok3 {
		return d, false
	}
	t := time.Date(y, time.Month(m), day, 0, 0, 0, 0, time.UTC)
	if t.Day() != day || int(t.Month()) != m || t.Before(earliest) || !t.Before(latest) {
		return d, false
	}
	return civilDay{y, m, day}, true
}

// parseLogClock reads HH:MM:SS with a fraction or none, in milliseconds since
// midnight.
func parseLogClock(b []byte) (ms int64, ok bool) {
	if len(b) < 8 || b[2] != ':' || b[5] != ':' {
		return 0, false
	}
	h, ok1 := digits(b[:2])
	m, ok2 := digits(b[3:5])
	s, ok3 := digits(b[6:8])
	if !ok1 || !ok2 || !ok3 || h > 23 || m > 59 || s > 59 {
		return 0, false
	}
	ms = (int64(h)*3600 + int64(m)*60 + int64(s)) * 1000
	if len(b) > 8 {
		if b[8] != '.' && b[8] != ',' || len(b) == 9 || len(b) > 18 {
			return 0, false
		}
		f, ok := digits(b[9:])
		if !ok {
			return 0, false
		}
		for n := len(b) - 9; n > 3; n-- {
			f /= 10
		}
		for n := len(b) - 9; n < 3; n++ {
			f *= 10
		}
		ms += int64(f)
	}
	return ms, true
}
