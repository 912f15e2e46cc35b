package ingest

import (
	"errors"
	"fmt"
	"strings"
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
func parseCultureTime(s string, order DateOrder, loc *time.Location) (time.Time, error) {
	if s = strings.TrimSpace(s); strings.IndexByte(s, 0xe2) >= 0 || strings.IndexByte(s, 0xc2) >= 0 { // spaces that do not break
		s = strings.ReplaceAll(strings.ReplaceAll(s, "\u202f", " "), "\u00a0", " ")
	}
	text := s
	if _, clock, err := splitLocal([]byte(s)); err == nil && len(clock) == 0 {
		text += " 00:00"
	}
	ms, _, err := parseLocalTime([]byte(text), order)
	switch {
	case errors.Is(err, errNoTime):
		return time.Time{}, told("%s is no time; expected a date and a time of day such as 3/31/2009 1:05:00 PM", quoteShort(s))
	case err != nil:
		return time.Time{}, fmt.Errorf("%s: %w", quoteShort(s), err)
	}
	wall := time.UnixMilli(ms).UTC()
	if loc == time.UTC || strings.HasSuffix(strings.ToUpper(s), "Z") {
		return plausible(wall, s)
	}
	t := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), wall.Nanosecond(), loc)
	// A skipped hour comes back as another.
	if t.Hour() != wall.Hour() || t.Minute() != wall.Minute() {
		return time.Time{}, fmt.Errorf("the time %q does not exist in the zone %s (clocks were put forward)", s, loc)
	}
	return plausible(t.UTC(), s)
}
