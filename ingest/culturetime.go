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

// dateOrders tells which of day and month comes first.
type dateOrders interface {
	// of is the order for a date. bare: it is text as the file has it.
	of(d localDate, bare bool) DateOrder
}

func (o DateOrder) of(localDate, bool) DateOrder { return o }

// fileOrder is the order that the dates of a file tell. That takes another look
// at the whole file, so it is only found out when a date needs it.
type fileOrder struct {
	told    DateOrder
	settled bool
	read    func() (DateOrder, error)
	err     error // of reading: the file cannot be taken

	date []byte // that of the time before, up to the space behind it
	day  int64  // when it begins
}

// longestDate is the longest text of a date without its clock that can be known
// by the space behind it: a longer one may hold the beginning of the clock.
const longestDate = len("31/12/2009")

// time is parseCultureTime. Most times of a file have the date of the one before
// or beside them, which is not read again.
func (o *fileOrder) time(s []byte, loc *time.Location) (time.Time, error) {
	known := loc == time.UTC && len(s) <= longestLocal && plainText(s)
	if n := len(o.date); known && n > 0 && len(s) > n && s[n] == ' ' && string(s[:n]) == string(o.date) {
		if clock, _, ok := parseClock(s[n:]); ok {
			return time.UnixMilli(o.day + clock).UTC(), nil
		}
	}
	at, err := parseCultureTime(s, o, loc)
	if n := bytes.IndexByte(s, ' '); known && err == nil && n > 0 && n <= longestDate {
		// The month of "Oct 3 2009" is no date.
		if _, clock, bad := splitLocal(s[:n]); bad == nil && len(clock) == 0 {
			o.date, o.day = append(o.date[:0], s[:n]...), at.UnixMilli()/dayMillis*dayMillis
		}
	}
	return at, err
}

func (o *fileOrder) of(d localDate, bare bool) DateOrder {
	if d.open() || !bare { // others say themselves what they are, and the file says so too
		o.settle()
	}
	return o.told
}

func (o *fileOrder) settle() {
	if !o.settled {
		o.settled = true
		o.told, o.err = o.read()
	}
}

// newFileOrder is the order that the user has told, else that which read finds
// in the file.
func newFileOrder(f *File, read func() (DateOrder, error)) *fileOrder {
	o := &fileOrder{told: f.order, settled: f.order != AnyOrder, read: read}
	f.ordered = f.ordered || o.settled
	return o
}

// parseCultureTime reads a time as the cultures of Windows write it, as a wall
// clock in loc: see parseLocalTime; but a date alone is its midnight, as some
// cultures leave that out. A "Z" at the end is UTC, whatever loc is.
func parseCultureTime(s []byte, order dateOrders, loc *time.Location) (time.Time, error) {
	s = bytes.TrimSpace(s)
	bare := plainText(s)
	if !bare { // spaces that do not break
		s = bytes.ReplaceAll(bytes.ReplaceAll(s, []byte("\u202f"), []byte{' '}), []byte("\u00a0"), []byte{' '})
	}
	date, clock, err := splitLocal(s)
	if len(clock) == 0 {
		clock = []byte(" 00:00")
	}
	var ms int64
	if err == nil {
		ms, _, err = date.at(clock, order.of(date, bare))
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
