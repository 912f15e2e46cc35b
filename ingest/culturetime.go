package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"time"
)

// orderOf is what a date as text tells of the order of those in its file.
func orderOf(s []byte) DateOrder {
	d, _, err := splitLocal(s)
	if err != nil {
		return AnyOrder
	}
	return d.order()
}

// parseCultureTime reads a time as the cultures of Windows write it, as a wall
// clock in loc: see parseLocalTime; but a date alone is its midnight, as some
// cultures leave that out. A "Z" at the end is UTC, whatever loc is.
func parseCultureTime(s []byte, order DateOrder, loc *time.Location) (time.Time, error) {
	if s = bytes.TrimSpace(s); bytes.IndexByte(s, 0xe2) >= 0 || bytes.IndexByte(s, 0xc2) >= 0 { // spaces that do not break
		s = bytes.ReplaceAll(bytes.ReplaceAll(s, []byte("\u202f"), []byte{' '}), []byte("\u00a0"), []byte{' '})
	}
	date, clock, err := splitLocal(s)
	if len(clock) == 0 {
		clock = []byte(" 00:00")
	}
	var ms int64
	if err == nil {
		ms, _, err = date.at(clock, order)
	}
	switch {
	case errors.Is(err, errNoTime):
		return time.Time{}, told("%s is no time; expected a date and a time of day such as 3/31/2009 1:05:00 PM", quoteShort(string(s)))
	case err != nil:
		return time.Time{}, fmt.Errorf("%s: %w", quoteShort(string(s)), err)
	}
	wall := time.UnixMilli(ms).UTC()
	if loc == time.UTC || s[len(s)-1]|0x20 == 'z' {
		return plausible(wall, s)
	}
	t := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), wall.Nanosecond(), loc)
	// A skipped hour comes back as another.
	if t.Hour() != wall.Hour() || t.Minute() != wall.Minute() {
		return time.Time{}, fmt.Errorf("the time %s does not exist in the zone %s (clocks were put forward)", quoteShort(string(s)), loc)
	}
	return plausible(t.UTC(), s)
}
