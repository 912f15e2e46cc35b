package ingest

import (
	"cmp"
	"math"
	"slices"
)

// What the quality database and traces tell of a day is held here against what
// the call records tell of it: the same use counts once.

// nearest finds the use that begins nearest to a time and lasted to it, or
// began before an end that is told.
func nearest(uses []qualityUse, at, until int64, fits func(*qualityUse) bool) (best *qualityUse) {
	end, _ := slices.BinarySearchFunc(uses, max(at, until)+callSlack, func(u qualityUse, t int64) int { return cmp.Compare(u.At, t) })
	least := int64(math.MaxInt64)
	for i := end - 1; i >= max(0, end-mostCompared); i-- {
		u := &uses[i]
		if u.met || max(u.At, u.until)+callSlack < at || !fits(u) {
			continue
		}
		if d := max(u.At-at, at-u.At); d <= least {
			best, least = u, d
		}
	}
	return best
}

// peersAgree: nothing that both know of the other side differs. A number may
// be written in several ways.
func (c *composer) peersAgree(a, b *Fact) bool {
	phone := func(f *Fact) bool { return f.PeerPSTN || c.isNumber(f.Peer) }
	return a.Peer == b.Peer && a.PeerPSTN == b.PeerPSTN || phone(a) && phone(b) || a.Peer == 0 && !a.PeerPSTN || b.Peer == 0 && !b.PeerPSTN
}

// told looks for what the quality database and traces say of a fact of the call
// records. That use is no fact of its own; what it tells beyond the call records,
// the machine above all, goes into the fact. One whose Call-ID is the same is the
// same session. Otherwise it must be the same party with the same peer at the
// same time.
func (c *composer) told(f *Fact) {
	q := &c.known
	span, ok := q.of[f.User]
	if !ok {
		return
	}
	uses := q.uses[span[0]:span[1]]
	switch {
	case c.meets != NoActivity:
		var u *qualityUse
		if f.Activity == ConferenceAttended {
			u = c.toldMeeting(f, uses)
		}
		c.toldTracedMeeting(f, uses, u)
	case f.Activity.Call() || f.Activity == IMSession:
		if !c.toldSession(f, uses, fromQuality) {
			c.toldSession(f, uses, fromTrace)
		}
	}
}

// toldSession finds the session as one of the sources has it. It reports whether
// both tell it.
func (c *composer) toldSession(f *Fact, uses []qualityUse, from useSource) (both bool) {
	q := &c.known
	alike := func(u *qualityUse) bool {
		if u.from&from == 0 || from == fromTrace && !(agree(f.Class, u.Class) && c.peersAgree(f, &u.Fact)) {
			return false
		}
		if f.Activity == IMSession {
			return u.Activity == IMSession && (from == fromTrace || f.Media&u.Media != 0)
		}
		return u.Activity.Call()
	}
	if c.dialog != 0 {
		var found *qualityUse
		for i, n := q.calls[qualityCallID{f.User, c.dialog}], 0; i > 0 && n < mostCompared; i, n = q.uses[i-1].next, n+1 {
			u := &q.uses[i-1]
			if !u.met && alike(u) && (found == nil || found.Activity != f.Activity && u.Activity == f.Activity) {
				found = u
			}
		}
		if found != nil {
			c.tell(f, found, true)
			return found.from == fromQuality|fromTrace
		}
		if from == fromTrace {
			return false // what a trace tells has a Call-ID, and it is another
		}
	}
	u := nearest(uses, f.At, 0, func(u *qualityUse) bool {
		return alike(u) && c.peersAgree(f, &u.Fact) && (from == fromQuality || u.Activity == f.Activity && agree(f.Endpoint, u.Endpoint))
	})
	if u == nil {
		return false
	}
	c.tell(f, u, false)
	return u.from == fromQuality|fromTrace
}

// toldMeeting finds all that the party did in a meeting at one machine while
// the call records have it there, and returns the first of it.
func (c *composer) toldMeeting(f *Fact, uses []qualityUse) (first *qualityUse) {
	for i, end := c.whileThere(uses); i < end; i++ {
		u := &uses[i]
		if u.met || u.from&fromQuality == 0 || !c.thisMeeting(f, u) {
			continue
		}
		switch {
		case first == nil:
			first = u
		case first.sameMachine(u):
			first.absorb(u)
		}
	}
	if first != nil {
		c.tell(f, first, false)
	}
	return first
}

// whileThere are the uses that may have begun while the attendance at hand
// lasted.
func (c *composer) whileThere(uses []qualityUse) (begin, end int) {
	until := c.leave
	if until == 0 {
		until = math.MaxInt64 - callSlack
	}
	end, _ = slices.BinarySearchFunc(uses, until+callSlack, func(u qualityUse, t int64) int { return cmp.Compare(u.At, t) })
	return max(0, end-mostCompared), end
}

// thisMeeting: the use lies in the time of an attendance, and nothing that is
// known of the two meetings differs.
func (c *composer) thisMeeting(f *Fact, u *qualityUse) bool {
	organizer := u.Peer
	if organizer == 0 && u.call != 0 { // no peer of his own
		organizer = u.User
	}
	return u.Activity == ConferenceAttended && max(u.At, u.until)+callSlack >= f.At && agree(organizer, c.organizer) && agree(u.call&^kindBits, c.address)
}

// tell adds what a use tells to the fact. The endpoint of the call records is
// the machine of the use only where the Call-ID proves it.
func (c *composer) tell(f *Fact, u *qualityUse, proven bool) {
	u.met = true
	if f.Device == 0 {
		if device, endpoint := u.machine(); device != 0 {
			f.Device = device
			if endpoint != 0 || !proven {
				f.Endpoint = endpoint
			}
		}
	}
	if f.Endpoint == 0 && (f.Device == 0 || proven) {
		f.Endpoint = u.Endpoint
	}
	if f.Peer == 0 && u.Peer != 0 && f.User != u.Peer && (!f.PeerPSTN || c.isNumber(u.Peer)) {
		f.Peer, f.PeerPSTN = u.Peer, false
	} else if f.Peer == 0 {
		f.PeerPSTN = f.PeerPSTN || u.PeerPSTN
	}
	learn(&f.Class, u.Class)
	learn(&f.Client, u.Client)
	learn(&f.Server, u.Server)
	learn(&f.Role, u.Role)
	f.Media |= u.Media
	if u.from&fromQuality != 0 && f.Activity == ConferenceAttended {
		f.Untold = false
	}
}

// machine is the network card first, with the name beside it, so that all cards
// of one machine are known to be its own.
func (u *qualityUse) machine() (device, beside ID) {
	if u.mac != 0 {
		return u.mac, u.host
	}
	return u.host, 0
}

// rest states what the call records do not tell.
func (c *composer) rest() {
	for i := range c.known.uses {
		if u := &c.known.uses[i]; !u.met {
			f := u.Fact
			device, endpoint := u.machine()
			f.Device = device
			if endpoint != 0 {
				f.Endpoint = endpoint
			}
			if u.from == fromTrace && f.Activity.Conference() {
				f.Activity, f.Untold = meetingActivity(f.Activity, u.kinds)
			}
			c.out = append(c.out, f)
		}
	}
}
