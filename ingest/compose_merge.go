package ingest

import (
	"cmp"
	"slices"
)

// merged is what several records of one row know together, and for each party
// the first place that names it.
type merged struct {
	Record
	fromFile, fromLine uint32
	toFile, toLine     uint32
}

// mostMerged bounds the search for records to merge with: a key that so many
// different rows share (times cut to minutes) says nothing about which of them
// belong together.
const mostMerged = 2048

// merge puts the records of one kind and key together. Those that agree in
// everything both know are one row, read at different times; others are rows
// of different databases, whose keys may collide.
func (c *composer) merge(run []uint32, dst []merged) []merged {
	if len(run) == 0 {
		return dst
	}
	if len(run) > 1 {
		slices.SortFunc(run, func(a, b uint32) int { return c.compare(&c.in[a], &c.in[b]) })
	}
	base, last := len(dst), 0
	several := false // whole rows that a row with a cut key may be
	for i, at := range run {
		r := &c.in[at]
		if i > 0 && sameRecord(r, &c.in[run[i-1]]) {
			if !several {
				dst[last].join(r)
			}
			continue
		}
		last, several = -1, false
		if len(dst)-base <= mostMerged {
			for j := base; j < len(dst) && (last < 0 || r.Flags&cutKey != 0); j++ {
				if compatible(&dst[j].Record, r) {
					several = last >= 0
					if last = j; several || dst[j].Flags&cutKey != 0 {
						break
					}
				}
			}
		}
		if last < 0 {
			last = len(dst)
			dst = append(dst, merged{Record: *r})
			dst[last].fromFile, dst[last].fromLine = r.File, r.Line
			dst[last].toFile, dst[last].toLine = r.File, r.Line
			continue
		}
		if !several {
			dst[last].join(r)
		}
	}
	return dst
}

// compare orders records of one kind and key, those that know most first. It
// compares texts, not ids, which depend on the order of reading. Whole keys
// come before cut ones.
func (c *composer) compare(a, b *Record) int {
	if (a.Flags|b.Flags)&cutKey != 0 {
		if n := cmp.Compare(a.unit(), b.unit()); n != 0 {
			return n
		}
	}
	if n := cmp.Compare(a.Key, b.Key); n != 0 {
		return n
	}
	if n := known(b) - known(a); n != 0 {
		return n
	}
	if n := cmp.Compare(a.At, b.At); n != 0 {
		return n
	}
	if n := cmp.Compare(a.Until, b.Until); n != 0 {
		return n
	}
	if n := cmp.Compare(uint32(a.Flags)<<16|uint32(a.Media)<<8|uint32(a.Role), uint32(b.Flags)<<16|uint32(b.Media)<<8|uint32(b.Role)); n != 0 {
		return n
	}
	if n := cmp.Compare(a.From.Class, b.From.Class); n != 0 {
		return n
	}
	if n := cmp.Compare(a.To.Class, b.To.Class); n != 0 {
		return n
	}
	for _, p := range [...][2]ID{{a.From.User, b.From.User}, {a.To.User, b.To.User}, {a.From.Device, b.From.Device}, {a.To.Device, b.To.Device},
		{a.From.Endpoint, b.From.Endpoint}, {a.To.Endpoint, b.To.Endpoint}, {a.From.Client, b.From.Client}, {a.To.Client, b.To.Client},
		{a.Server, b.Server}} {
		if n := c.compareText(p[0], p[1]); n != 0 {
			return n
		}
	}
	return cmp.Or(cmp.Compare(a.Sub, b.Sub), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
}

// compareText orders ids by their text; nothing sorts first.
func (c *composer) compareText(a, b ID) int {
	switch {
	case a == b:
		return 0
	case a == 0:
		return -1
	case b == 0:
		return 1
	}
	return cmp.Compare(c.text(a).Text, c.text(b).Text)
}

// known counts what a record tells.
func known(r *Record) int {
	n := 0
	for _, p := range [...]*Party{&r.From, &r.To} {
		n += one(p.User != 0) + one(p.Device != 0) + one(p.Endpoint != 0) + one(p.Client != 0) + one(p.Class != NoClass)
	}
	return n + one(r.Server != 0) + one(r.Until != 0) + one(r.Media != 0) + one(r.Role != NoRole) + one(r.At != r.Key)
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// sameRecord: equal but for where they stand.
func sameRecord(a, b *Record) bool {
	x, y := *a, *b
	x.File, x.Line, y.File, y.Line = 0, 0, 0, 0
	return x == y
}

// compatible: nothing that both know differs. Where a row says no time of its
// own, At is the key, and the time of a media session may be missing in one of
// two exports. The server is left out: exports that name the pool alone
// speak of the same row.
func compatible(a, b *Record) bool {
	if (a.Flags|b.Flags)&cutKey != 0 {
		u := max(a.unit(), b.unit())
		x, y := *a, *b
		x.At, x.Until, x.Key, x.Flags = a.At/u, a.Until/u, a.Key/u, a.Flags&^cutKey
		y.At, y.Until, y.Key, y.Flags = b.At/u, b.Until/u, b.Key/u, b.Flags&^cutKey
		return compatible(&x, &y)
	}
	return (a.Key == b.Key || a.Kind.Quality()) && a.From.agrees(&b.From) && a.To.agrees(&b.To) &&
		(a.At == b.At || a.At == a.Key || b.At == b.Key) &&
		agree(a.Until, b.Until) && agree(a.Media, b.Media) && agree(a.Role, b.Role) && agree(a.Sub, b.Sub)
}

func (p *Party) agrees(q *Party) bool {
	return agree(p.User, q.User) && agree(p.Device, q.Device) && agree(p.Endpoint, q.Endpoint) &&
		agree(p.Client, q.Client) && agree(p.Class, q.Class)
}

func agree[T comparable](a, b T) bool {
	var unknown T
	return a == b || a == unknown || b == unknown
}

// join takes over what r knows beyond m. A row exported while its user was
// signed in says Open, a later export of it says when that ended.
func (m *merged) join(r *Record) {
	m.fromFile, m.fromLine = before(m.From.User, r.From.User, m.fromFile, m.fromLine, r)
	m.toFile, m.toLine = before(m.To.User, r.To.User, m.toFile, m.toLine, r)
	m.From.learn(&r.From)
	m.To.learn(&r.To)
	if m.At == m.Key && r.At != r.Key {
		m.At = r.At
	}
	learn(&m.Until, r.Until)
	learn(&m.Media, r.Media)
	learn(&m.Role, r.Role)
	learn(&m.Server, r.Server)
	learn(&m.Sub, r.Sub)
	m.Flags |= r.Flags &^ cutKey
	if m.Until != 0 {
		m.Flags &^= Open
	}
}

// before is the least place among the records that know a party.
func before(had, has ID, file, line uint32, r *Record) (uint32, uint32) {
	switch {
	case has == 0 && had != 0:
		return file, line
	case had == 0 && has != 0, r.File < file, r.File == file && r.Line < line:
		return r.File, r.Line
	}
	return file, line
}

func (p *Party) learn(q *Party) {
	learn(&p.User, q.User)
	learn(&p.Device, q.Device)
	learn(&p.Endpoint, q.Endpoint)
	learn(&p.Client, q.Client)
	learn(&p.Class, q.Class)
}

func learn[T comparable](have *T, told T) {
	var unknown T
	if *have == unknown {
		*have = told
	}
}
