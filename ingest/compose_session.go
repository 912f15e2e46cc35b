package ingest

import "slices"

// session composes one two-party session with its phone side and its media.
func (c *composer) session(run []uint32) {
	sessions := c.ofKind(run, SessionRecord)
	if len(sessions) == 0 {
		return // a phone side or media of a session that was not answered
	}
	c.sessions = c.merge(sessions, c.sessions[:0])
	c.voices = c.merge(c.ofKind(run, VoiceRecord), c.voices[:0])
	c.findOrphans()
	for i := range c.sessions {
		s := &c.sessions[i]
		media := c.mediaOf(s, c.ofKind(run, MediaRecord))
		c.dialog = c.dialogOf(s, c.ofKind(run, DialogRecord))
		// Where keys of two databases collide, the table Media cannot say whose
		// it is: a session that tells its own media needs no help.
		if s.Media == 0 || c.alone(s) {
			s.Media |= media
		}
		voice := c.voiceOf(s)
		const talk = MediaAudio | MediaVideo
		switch {
		case s.Media&talk != 0:
			c.call(*s, voice, s.Media&talk)
			if more := s.Media &^ talk; more != 0 {
				c.beside(s, more)
			}
		case s.Media == 0 && voice != nil:
			c.call(*s, voice, 0)
		default:
			c.both(s, IMSession, IMSession, s.Media)
		}
	}
}

// alone: no other session has the key. Cut ones are none of the whole ones.
func (c *composer) alone(s *merged) bool {
	if len(c.sessions) == 1 {
		return true
	}
	n := 0
	for i := range c.sessions {
		if o := &c.sessions[i]; sameKey(&o.Record, &s.Record) && (s.Flags&cutKey != 0 || o.Flags&cutKey == 0) {
			n++
		}
	}
	return n == 1
}

// mediaOf is what the table Media says of a session.
func (c *composer) mediaOf(s *merged, rows []uint32) (media Media) {
	for _, at := range rows {
		if c.speaksOf(at, s, rows) {
			media |= c.in[at].Media
		}
	}
	return media
}

// dialogOf is the Call-ID that the table Dialogs has for a session, 0 when it
// has none or several, or when the key has several sessions.
func (c *composer) dialogOf(s *merged, rows []uint32) (dialog uint32) {
	if len(rows) == 0 || !c.alone(s) {
		return 0
	}
	for _, at := range rows {
		switch id := uint32(c.in[at].Sub); {
		case !c.speaksOf(at, s, rows):
		case dialog != 0 && dialog != id:
			return 0
		default:
			dialog = id
		}
	}
	return dialog
}

// speaksOf tells whether one of the rows of a table may be the session's. A row
// with a cut key says nothing that a whole one says already: that one is of
// some other session.
func (c *composer) speaksOf(at uint32, s *merged, rows []uint32) bool {
	r := &c.in[at]
	return sameKey(r, &s.Record) && (r.Flags&cutKey == 0 || !slices.ContainsFunc(rows, func(o uint32) bool {
		w := &c.in[o]
		return w.Flags&cutKey == 0 && w.Media == r.Media && w.Sub == r.Sub && sameKey(w, r)
	}))
}

// voiceOf finds the phone side of a session that may be a call. With one
// session and one phone side of the key there is no choice. Otherwise keys of
// several databases collide: the phone side whose network party has no address
// in the session, or a number, fits; one that fits no session is taken by all,
// as dropping it could hide a call to the telephone network.
func (c *composer) voiceOf(s *merged) *merged {
	switch {
	case len(c.voices) == 0 || s.Media != 0 && s.Media&(MediaAudio|MediaVideo) == 0:
		return nil
	case len(c.orphans) == 0:
		if !sameKey(&c.voices[0].Record, &s.Record) {
			return nil
		}
		return &c.voices[0]
	}
	for i := range c.voices {
		if c.fits(s, &c.voices[i]) {
			return &c.voices[i]
		}
	}
	for i := range c.voices {
		if c.orphans[i] && sameKey(&c.voices[i].Record, &s.Record) {
			return &c.voices[i]
		}
	}
	return nil
}

// findOrphans marks the phone sides that fit no session. It leaves no marks
// where there is nothing to choose, or too much: see mostMerged.
func (c *composer) findOrphans() {
	c.orphans = c.orphans[:0]
	if n := len(c.voices) * len(c.sessions); n == 1 || n > mostMerged*mostMerged {
		return
	}
	for i := range c.voices {
		fits := false
		for j := range c.sessions {
			fits = fits || c.fits(&c.sessions[j], &c.voices[i])
		}
		c.orphans = append(c.orphans, !fits)
	}
}

func (c *composer) fits(s, v *merged) bool {
	if !sameKey(&s.Record, &v.Record) {
		return false
	}
	return c.turned(s, v) || (v.Flags&FromPSTN == 0 || c.noAddress(s.From.User)) && (v.Flags&ToPSTN == 0 || c.noAddress(s.To.User))
}

// turned tells a session that names its parties the other way round than its
// phone side does. Where the starter is NULL, because it has no address, user
// 1 was taken for it; but the party without an address is the one on the
// telephone network.
func (c *composer) turned(s, v *merged) bool {
	switch v.Flags & (FromPSTN | ToPSTN) {
	case FromPSTN:
		return !c.noAddress(s.From.User) && c.noAddress(s.To.User)
	case ToPSTN:
		return !c.noAddress(s.To.User) && c.noAddress(s.From.User)
	}
	return false
}

// noAddress: nobody, or known by a phone number only.
func (c *composer) noAddress(user ID) bool { return user == 0 || c.isNumber(user) }

// both states the same kind of activity for both parties.
func (c *composer) both(s *merged, from, to Activity, media Media) {
	c.party(s, from, s.From, s.To.User, false, media, s.fromFile, s.fromLine)
	c.party(s, to, s.To, s.From.User, false, media, s.toFile, s.toLine)
}

// beside states what else a call carried, messages or sharing: a telephone has
// no part in that, only the parties with an address have.
func (c *composer) beside(s *merged, media Media) {
	if !c.noAddress(s.From.User) {
		c.party(s, IMSession, s.From, s.To.User, false, media, s.fromFile, s.fromLine)
	}
	if !c.noAddress(s.To.User) {
		c.party(s, IMSession, s.To, s.From.User, false, media, s.toFile, s.toLine)
	}
}

// call states who called and who was called. On a side that came through a
// gateway the phone number is the party, and the peer of the other side; an
// address there that is a number itself is the same party. Any other address
// is a person whose call went over the telephone network (from a mobile phone,
// or forwarded to one): the person has placed or received the call as well,
// but program and machine of that side are the gateway's.
func (c *composer) call(s merged, voice *merged, media Media) {
	if voice == nil || voice.Flags&(FromPSTN|ToPSTN) == 0 {
		c.both(&s, CallPlaced, CallReceived, media)
		return
	}
	if c.turned(&s, voice) {
		s.From, s.To = s.To, s.From
		s.fromFile, s.fromLine, s.toFile, s.toLine = s.toFile, s.toLine, s.fromFile, s.fromLine
	}
	from, caller := c.network(voice.Flags&FromPSTN != 0, &s.From, voice.From.User)
	to, callee := c.network(voice.Flags&ToPSTN != 0, &s.To, voice.To.User)
	fromFile, fromLine, toFile, toLine := s.fromFile, s.fromLine, s.toFile, s.toLine
	if from.User != s.From.User {
		fromFile, fromLine = voice.fromFile, voice.fromLine
	}
	if to.User != s.To.User {
		toFile, toLine = voice.toFile, voice.toLine
	}
	fromNet, toNet := voice.Flags&FromPSTN != 0, voice.Flags&ToPSTN != 0
	c.party(&s, CallPlaced, from, to.User, toNet, media, fromFile, fromLine)
	c.party(&s, CallReceived, to, from.User, fromNet, media, toFile, toLine)
	if s.From.User == s.To.User {
		return // voice mail: one person on both sides, who has the fact already
	}
	if caller {
		c.party(&s, CallPlaced, Party{User: s.From.User, Class: s.From.Class}, to.User, toNet, media, s.fromFile, s.fromLine)
	}
	if callee {
		c.party(&s, CallReceived, Party{User: s.To.User, Class: s.To.Class}, from.User, fromNet, media, s.toFile, s.toLine)
	}
}

// network is a side of a call as the other side sees it, and whether a person
// stands behind the phone number as well.
func (c *composer) network(pstn bool, p *Party, number ID) (seen Party, person bool) {
	switch {
	case !pstn:
		return *p, false
	case number == 0: // Phones was not exported
		return Party{User: p.User, Class: p.Class}, false
	}
	return Party{User: number, Client: p.Client}, p.User != 0 && p.User != number && !c.isNumber(p.User)
}

// party states one side of a session. A number that is withheld, or whose
// table was not exported, leaves the peer unknown; network still tells that it
// was on the telephone network, which is what a verdict depends on.
func (c *composer) party(s *merged, a Activity, p Party, peer ID, network bool, media Media, file, line uint32) {
	c.add(Fact{PeerPSTN: network && peer == 0, At: s.At, Activity: a, Class: c.class(&p), Media: media, User: p.User, Peer: peer, Device: p.Device,
		Endpoint: p.Endpoint, Client: p.Client, Server: s.Server, File: file, Line: line})
}
