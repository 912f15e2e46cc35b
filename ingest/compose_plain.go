package ingest

import (
	"cmp"
	"slices"
)

// hashed composes the records whose key is a hash in (Seq, Sub): equal keys are
// one fact. Of plain rows that differ otherwise the least in canonical form
// holds; attested records add to each other.
//
// What is Linked is left for the end: the call records may tell it as well.
func (c *composer) hashed() {
	c.eachHashed(func(r *Record) bool { return hashed(r.Kind) && !Beside(r.Kind, r.Flags) }, func(r *Record, kinds Flags) {
		f := c.attests(r)
		if r.Kind == AttestedRecord && f.Activity.Conference() {
			f.Activity, f.Untold = meetingActivity(f.Activity, kinds)
		}
		c.add(f)
	})
}

// eachHashed puts the wanted records of each key together. kinds is what is told
// of the kind of a conference.
func (c *composer) eachHashed(wanted func(*Record) bool, call func(r *Record, kinds Flags)) {
	s := c.slots[:0]
	for i := range c.in {
		if r := &c.in[i]; wanted(r) {
			s = append(s, composeSlot{int64(r.Seq), uint32(i)})
		}
	}
	slices.SortFunc(s, func(a, b composeSlot) int {
		x, y := &c.in[a.at], &c.in[b.at]
		if n := cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(x.Sub, y.Sub), cmp.Compare(x.Kind, y.Kind)); n != 0 {
			return n
		}
		return c.comparePlain(x, y)
	})
	var kinds Flags // of the conference at hand
	for i := 0; i < len(s); {
		r, j := c.in[s[i].at], i+1
		if i == 0 || s[i].key != s[i-1].key {
			kinds = c.kindsOf(s[i:])
		}
		for ; j < len(s); j++ {
			x := &c.in[s[j].at]
			if x.Seq != r.Seq || x.Sub != r.Sub || x.Kind != r.Kind {
				break
			}
			if r.Kind == AttestedRecord {
				c.rather(&r.From.User, x.From.User)
				c.rather(&r.To.User, x.To.User)
				r.learn(x)
			}
		}
		i = j
		call(&r, kinds)
	}
	c.slots = s
}

// attests is the fact of a plain or attested record.
func (c *composer) attests(r *Record) Fact {
	f := Fact{At: r.At, Activity: r.Activity, Class: r.From.Class, Media: r.Media, Role: r.Role, User: r.From.User, Peer: r.To.User,
		Device: r.From.Device, Endpoint: r.From.Endpoint, Client: r.From.Client, Server: r.Server, File: r.File, Line: r.Line}
	if r.Kind == AttestedRecord {
		f.Class, f.PeerPSTN = c.class(&r.From), r.Flags&ToPSTN != 0
		if r.Activity == IMLogin {
			f.Until = c.lasts(r)
		}
	}
	return f
}

// kindsOf is what the attested records that share a key with the first of s, all
// of one conference, tell of its kind.
func (c *composer) kindsOf(s []composeSlot) (kinds Flags) {
	for i := range s {
		if s[i].key != s[0].key {
			break
		}
		if r := &c.in[s[i].at]; r.Kind == AttestedRecord {
			kinds |= r.Flags & (ChatKind | WebKind)
		}
	}
	return kinds
}

// rather takes an address for somebody who is known by a phone number.
func (c *composer) rather(user *ID, other ID) {
	if c.isNumber(*user) && other != 0 && !c.isNumber(other) {
		*user = other
	}
}

// learn adds what another record of the same use knows and this one does not.
func (r *Record) learn(x *Record) {
	for _, p := range [...][2]*ID{{&r.To.User, &x.To.User}, {&r.From.Device, &x.From.Device}, {&r.From.Endpoint, &x.From.Endpoint},
		{&r.From.Client, &x.From.Client}, {&r.Server, &x.Server}} {
		if *p[0] == 0 {
			*p[0] = *p[1]
		}
	}
	r.From.Class = cmp.Or(r.From.Class, x.From.Class)
	r.Role = cmp.Or(r.Role, x.Role)
	r.Media |= x.Media
	r.Flags |= x.Flags
	r.Until = max(r.Until, x.Until)
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
	device := func(r *Record) ID { return max(r.From.Device, r.From.Endpoint) } // a plain row has one column for both
	for _, p := range [...][2]ID{{a.From.User, b.From.User}, {a.To.User, b.To.User}, {device(a), device(b)},
		{a.From.Device, b.From.Device}, {a.From.Client, b.From.Client}, {a.Server, b.Server}} {
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
	if n := cmp.Or(cmp.Compare(a.Until, b.Until), cmp.Compare(a.Flags, b.Flags)); n != 0 {
		return n
	}
	if n := cmp.Compare(a.File, b.File); n != 0 {
		return n
	}
	return cmp.Compare(a.Line, b.Line)
}
