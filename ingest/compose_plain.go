package ingest

import (
	"cmp"
	"slices"
)

// plain composes rows of the plain activity format. Their key is a hash in
// (Seq, Sub): equal keys are one fact, and of rows that differ otherwise the
// least in canonical form holds.
func (c *composer) plain() {
	s := c.slots[:0]
	for i := range c.in {
		if r := &c.in[i]; r.Kind == PlainRecord {
			s = append(s, composeSlot{int64(r.Seq), uint32(i)})
		}
	}
	slices.SortFunc(s, func(a, b composeSlot) int {
		if n := cmp.Compare(a.key, b.key); n != 0 {
			return n
		}
		x, y := &c.in[a.at], &c.in[b.at]
		if n := cmp.Compare(x.Sub, y.Sub); n != 0 {
			return n
		}
		return c.comparePlain(x, y)
	})
	for i, slot := range s {
		r := &c.in[slot.at]
		if i > 0 && c.in[s[i-1].at].Seq == r.Seq && c.in[s[i-1].at].Sub == r.Sub {
			continue
		}
		c.add(Fact{At: r.At, Activity: r.Activity, Class: r.From.Class, Media: r.Media, Role: r.Role, User: r.From.User, Peer: r.To.User,
			Device: r.From.Device, Endpoint: r.From.Endpoint, Client: r.From.Client, Server: r.Server, File: r.File, Line: r.Line})
	}
}

// comparePlain is the canonical form of a plain row: its columns as text, in
// the order of the format's description, empty first.
func (c *composer) comparePlain(a, b *Record) int {
	if n := cmp.Compare(a.At, b.At); n != 0 {
		return n
	}
	if n := cmp.Compare(a.Activity.String(), b.Activity.String()); n != 0 {
		return n
	}
	device := func(r *Record) ID { return max(r.From.Device, r.From.Endpoint) } // a row has one column for both
	for _, p := range [...][2]ID{{a.From.User, b.From.User}, {a.To.User, b.To.User}, {device(a), device(b)},
		{a.From.Client, b.From.Client}, {a.Server, b.Server}} {
		if n := c.compareText(p[0], p[1]); n != 0 {
			return n
		}
	}
	for _, p := range [...][2]string{{a.From.Class.String(), b.From.Class.String()}, {a.Media.String(), b.Media.String()},
		{a.Role.String(), b.Role.String()}} {
		if n := cmp.Compare(p[0], p[1]); n != 0 {
			return n
		}
	}
	if n := c.compareText(a.Source, b.Source); n != 0 {
		return n
	}
	if n := cmp.Compare(a.File, b.File); n != 0 {
		return n
	}
	return cmp.Compare(a.Line, b.Line)
}
