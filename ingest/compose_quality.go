package ingest

import (
	"cmp"
	"slices"
)

// callSlack is how far the beginning of a session in the call records may lie
// before the beginning of the media, for it rings first, or how far the clocks
// of the two may be apart. No document bounds either.
const callSlack = 3 * 60 * 1000

// mostCompared bounds how many uses of one party are held against each other
// or against one fact: nobody has so many sessions about one time.
const mostCompared = 1024

// composeQuality is what the quality database, and traces, say of a day.
type composeQuality struct {
	uses  []qualityUse
	of    map[ID][2]int32         // the uses of a user: from, to
	calls map[qualityCallID]int32 // the first use with a Call-ID, from 1
	order []uint32
}

type qualityCallID struct {
	user ID
	call uint32
}

// qualityUse is what one party of a media session did: a fact, unless another
// record tells of the same use.
type qualityUse struct {
	Fact
	host, mac ID // the machine
	until     int64
	call      uint32 // hash of the Call-ID, or of the meeting
	unit      int64  // what its key leaves out, see Record.unit
	from      useSource
	kinds     Flags // of the meeting, by a trace
	next      int32 // the next use of the user with this Call-ID, from 1
	relayed   bool
	paired    bool // the other leg of the call was found
	met       bool // told elsewhere
}

// useSource is where a use was told: by both when it was the same.
type useSource uint8

const (
	fromQuality useSource = 1 << iota
	fromTrace
)

// callHash is a short hash of the Call-ID of a SIP dialog: what both databases
// write before the first ";". Two of them are only compared among the sessions
// of one person on one day. It is 0 for none. The call records keep the text as
// bytes, which tools write in hexadecimal.
func callHash(text []byte) uint32 {
	const prime, basis = 16777619, 2166136261 // FNV-1a
	if len(text) >= 2 && text[0] == '0' && text[1]|0x20 == 'x' {
		h, n := uint32(basis), 0
		for rest := text[2:]; len(rest) >= 2; rest = rest[2:] {
			high, low := hexDigit[rest[0]], hexDigit[rest[1]]
			b := high<<4 | low
			if high > 15 || low > 15 || b == ';' {
				break
			}
			h, n = (h^uint32(b))*prime, n+1
		}
		return hashed32(h, n)
	}
	h, n := uint32(basis), 0
	for _, b := range text {
		if b == ';' {
			break
		}
		h, n = (h^uint32(b))*prime, n+1
	}
	return hashed32(h, n)
}

func hashed32(h uint32, n int) uint32 {
	if n == 0 {
		return 0
	}
	return max(h, 1)
}

// besides makes the uses of a day from the records of the quality database and
// of traces among those given.
func (c *composer) besides(day []Record) {
	q := &c.known
	q.uses, q.order = q.uses[:0], q.order[:0]
	clear(q.of)
	clear(q.calls)
	c.in = day
	for i := range day {
		if day[i].Kind.Quality() {
			q.order = append(q.order, uint32(i))
		}
	}
	c.traced()
	if len(q.order)+len(q.uses) == 0 {
		return
	}
	slices.SortFunc(q.order, func(a, b uint32) int {
		x, y := &c.in[a], &c.in[b]
		return cmp.Or(cmp.Compare(x.Seq, y.Seq), cmp.Compare(x.Kind, y.Kind))
	})
	for i := 0; i < len(q.order); {
		j := i + 1
		for j < len(q.order) && c.in[q.order[j]].Seq == c.in[q.order[i]].Seq {
			j++
		}
		c.media(q.order[i:j])
		i = j
	}
	slices.SortFunc(q.uses, func(a, b qualityUse) int { return c.compareUses(&a, &b) })
	if q.of == nil {
		q.of, q.calls = map[ID][2]int32{}, map[qualityCallID]int32{}
	}
	for i := 0; i < len(q.uses); {
		j := i + 1
		for j < len(q.uses) && q.uses[j].User == q.uses[i].User {
			j++
		}
		q.of[q.uses[i].User] = [2]int32{int32(i), int32(j)}
		c.fold(q.uses[i:j])
		c.foldTraced(q.uses[i:j])
		for k := j - 1; k >= i; k-- {
			if u := &q.uses[k]; u.call != 0 && !u.met {
				id := qualityCallID{u.User, u.call}
				if u.Activity.Conference() {
					id.call &^= kindBits
				}
				u.next, q.calls[id] = q.calls[id], int32(k)+1
			}
		}
		i = j
	}
}

// compareUses orders by user and time; the rest goes by text.
func (c *composer) compareUses(a, b *qualityUse) int {
	if n := cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.At, b.At), cmp.Compare(a.Activity, b.Activity), cmp.Compare(a.call, b.call),
		cmp.Compare(a.until, b.until), cmp.Compare(a.unit, b.unit), cmp.Compare(one(a.relayed), one(b.relayed)), cmp.Compare(a.Media, b.Media), cmp.Compare(a.Class, b.Class),
		cmp.Compare(one(a.PeerPSTN), one(b.PeerPSTN)), cmp.Compare(a.from, b.from), cmp.Compare(a.kinds, b.kinds), cmp.Compare(a.Role, b.Role)); n != 0 {
		return n
	}
	for _, p := range [...][2]ID{{a.Peer, b.Peer}, {a.host, b.host}, {a.mac, b.mac}, {a.Endpoint, b.Endpoint}, {a.Client, b.Client}, {a.Server, b.Server}} {
		if n := c.compareText(p[0], p[1]); n != 0 {
			return n
		}
	}
	return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
}

// media makes uses of the records of one session.
func (c *composer) media(run []uint32) {
	c.sessions = c.merge(c.ofKind(run, QualityRecord), c.sessions[:0])
	lines := c.ofKind(run, QualityLineRecord)
	var media Media
	var from, to, call = ID(0), ID(0), uint32(0)
	if len(c.sessions) == 1 { // else sessions of two databases: the other tables don't say whose they are
		slices.SortFunc(lines, func(a, b uint32) int { return c.compare(&c.in[a], &c.in[b]) })
		for _, at := range lines {
			r := &c.in[at]
			media |= r.Media
			learn(&from, r.From.Device)
			learn(&to, r.To.Device)
		}
		dialogs := c.ofKind(run, QualityDialogRecord)
		for i, at := range dialogs {
			if id := uint32(c.in[at].Sub); i == 0 {
				call = id
			} else if call != id {
				call = 0
				break
			}
		}
	}
	for i := range c.sessions {
		s := &c.sessions[i]
		if s.Flags&WebKind != 0 {
			if s.Flags&Turned != 0 {
				from = to
			}
			c.attends(s, from, media)
			continue
		}
		own := call
		if own == 0 {
			own = uint32(s.Sub)
		}
		const talk = MediaAudio | MediaVideo
		if media&talk != 0 || media == 0 {
			c.speaks(s, from, to, CallPlaced, CallReceived, media&talk, own)
		}
		if more := media &^ talk; more != 0 {
			c.speaks(s, from, to, IMSession, IMSession, more, own)
		}
	}
}

// attends states that a party took part in a meeting.
func (c *composer) attends(s *merged, mac ID, media Media) {
	u := qualityUse{from: fromQuality, Fact: Fact{At: s.At, Activity: ConferenceAttended, Media: media, User: s.From.User, Server: s.Server, File: s.fromFile, Line: s.fromLine},
		until: s.Until, call: uint32(s.Sub), unit: s.unit()}
	c.at(&u, &s.From, mac, s.Flags&FromPSTN != 0)
	if s.Flags&FromPSTN != 0 && u.Class == NoClass && !c.isNumber(u.User) {
		u.Class = PSTN // as with the call records: see attendanceClass
	}
	if s.To.User != u.User {
		u.Peer = s.To.User
	}
	c.use(u)
}

// speaks states what both parties of a session did. On the leg between
// Mediation Server and gateway only people count: a number on it is the other
// party, or the line of somebody whom the other leg names.
func (c *composer) speaks(s *merged, fromMAC, toMAC ID, from, to Activity, media Media, call uint32) {
	side := func(a Activity, p, peer *Party, mac ID, net, peerNet bool, file, line uint32) {
		relayed := s.Flags&Relayed != 0
		if (relayed || a == IMSession) && c.noAddress(p.User) {
			return
		}
		u := qualityUse{from: fromQuality, Fact: Fact{At: s.At, Activity: a, Media: media, User: p.User, Peer: peer.User, Server: s.Server, File: file, Line: line},
			until: s.Until, call: call, unit: s.unit(), relayed: relayed}
		if peerNet && !c.isNumber(peer.User) {
			u.Peer, u.PeerPSTN = 0, true
		}
		c.at(&u, p, mac, net || relayed)
		c.use(u)
	}
	net, peerNet := s.Flags&FromPSTN != 0, s.Flags&ToPSTN != 0
	side(from, &s.From, &s.To, fromMAC, net, peerNet, s.fromFile, s.fromLine)
	side(to, &s.To, &s.From, toMAC, peerNet, net, s.toFile, s.toLine)
}

// at says with which program and on which machine a party did it. On the side
// of the telephone network these are the server's, and a service has none that
// counts.
func (c *composer) at(u *qualityUse, p *Party, mac ID, net bool) {
	if net {
		return
	}
	u.Client, u.Class = p.Client, c.class(p)
	if u.Class != Application {
		u.host, u.mac = p.Device, mac
	}
}

func (c *composer) use(u qualityUse) {
	if u.User != 0 {
		c.known.uses = append(c.known.uses, u)
	}
}

// fold puts uses of one party together that are one: joining a meeting again,
// or by another medium, at the same machine; and the two legs of a call over
// the telephone network.
func (c *composer) fold(uses []qualityUse) {
	for i := range uses {
		if uses[i].unit > 1 {
			c.whole(uses, &uses[i])
		}
	}
	for i := range uses {
		u := &uses[i]
		switch {
		case u.met, u.from == fromTrace: // as that of a whole row; see foldTraced
		case u.Activity == ConferenceAttended:
			for j := i - 1; j >= max(0, i-mostCompared); j-- {
				v := &uses[j]
				if !v.met && v.from == fromQuality && v.Activity == u.Activity && v.call == u.call && v.Peer == u.Peer && v.sameMachine(u) {
					v.absorb(u)
					break
				}
			}
		case u.relayed:
			if v := nearest(uses, u.At, u.until, func(v *qualityUse) bool {
				return v.from == fromQuality && !v.relayed && !v.paired && v.Activity.Call() && c.peersAgree(&u.Fact, &v.Fact)
			}); v != nil {
				v.paired = true
				v.absorb(u)
			}
		}
	}
}

// whole finds the uses by whole rows that a use by a row with a cut key may be,
// see cutKey. It is none of its own then, and adds what it knows to the only one.
func (c *composer) whole(uses []qualityUse, u *qualityUse) {
	var found *qualityUse
	i, _ := slices.BinarySearchFunc(uses, u.At-u.At%u.unit, func(v qualityUse, t int64) int { return cmp.Compare(v.At, t) })
	for end := min(len(uses), i+mostCompared); i < end && uses[i].At/u.unit == u.At/u.unit; i++ {
		v := &uses[i]
		alike := v.Activity == u.Activity || v.Activity == IMSession && u.Activity.Call() && u.Media == 0
		if v.met || v.from != fromQuality || v.unit >= u.unit || v.relayed != u.relayed || !alike || !agree(u.Media, v.Media) || !agree(u.call, v.call) ||
			!agree(u.until/u.unit, v.until/u.unit) || !v.sameMachine(u) || !c.peersAgree(&u.Fact, &v.Fact) {
			continue
		}
		if u.met = found != nil; u.met {
			return
		}
		found = v
	}
	if found != nil {
		found.absorb(u)
	}
}

// sameMachine: nothing that both know says otherwise. A machine has one name
// and any number of network cards.
func (u *qualityUse) sameMachine(v *qualityUse) bool {
	if u.host != 0 && v.host != 0 {
		return u.host == v.host
	}
	return agree(u.mac, v.mac)
}

// absorb takes over what v knows, which is the same use.
func (u *qualityUse) absorb(v *qualityUse) {
	v.met = true
	u.until = max(u.until, v.until)
	u.Media |= v.Media
	for _, p := range [...][2]*ID{{&u.host, &v.host}, {&u.mac, &v.mac}, {&u.Client, &v.Client}, {&u.Server, &v.Server}} {
		learn(p[0], *p[1])
	}
	learn(&u.Class, v.Class)
	if v.File < u.File || v.File == u.File && v.Line < u.Line {
		u.File, u.Line = v.File, v.Line
	}
}
