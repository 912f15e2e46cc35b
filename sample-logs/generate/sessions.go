package main

import (
	"fmt"
	"strconv"
)

// dates is the day's text as it stands before the time of day.
func (w *world) dates(day int) string { return w.dateText[day] }

// session is one two-party session; from started it.
type session struct {
	day, ms, seq int
	from, to     party
	swapped      bool // recorded with the starter as user 2
	media, code  int
	srv          *server
	voip         *voip
}

// voip is the extra row of a call with telephone numbers.
type voip struct{ fromPhone, toPhone, fromMed, toMed, fromGw, toGw string }

// The three kinds of rows keep to different milliseconds (0, 3 and 7 mod 10,
// all of which an SQL datetime can hold), so that no two share a row identity.
const (
	registrationMs = 3
	conferenceMs   = 7
)

// call writes one session with its media and VoIP rows, and notes who did what.
func (w *world) call(s session) {
	if w.pile != nil && !w.pile.session(s) {
		return
	}
	c, date, mirror := w.cdr, w.dates(s.day), s.day >= w.cdr.mirrorFrom
	one, two := s.from, s.to
	if s.swapped {
		one, two = two, one
	}
	length := 0
	if s.code/100 == 2 {
		length = 20_000 + w.rng.n(120_000)*10
	}
	seq := max(1, s.seq)
	t := c.sessions
	t.time(date, s.ms)
	t.num(seq)
	if s.voip != nil {
		t.row = append(w.rng.appendGUID(t.row), ',')
	} else {
		t.null(1)
	}
	t.null(2)
	t.str(one.user)
	t.str(two.user)
	t.str(one.endpoint)
	t.str(two.endpoint)
	t.str(s.to.user)
	t.str(s.from.user)
	t.null(2)
	t.str(s.srv.id)
	t.str(s.srv.poolID)
	t.null(1)
	t.str(one.client)
	t.str(two.client)
	t.str(one.edge())
	t.str(two.edge())
	t.bit(!one.remote)
	t.bit(!two.remote)
	t.time(date, s.ms)
	t.time(date, s.ms+40)
	t.num(s.code)
	t.num(0)
	t.num(2)
	if s.media&mediaIM != 0 && length > 0 {
		t.num(1 + w.rng.n(12))
		t.num(w.rng.n(12))
	} else {
		t.null(2)
	}
	t.time(date, s.ms+40+length)
	t.num(s.media)
	t.bit(one.deskPhone)
	t.bit(two.deskPhone)
	t.num(0)
	t.bit(true)
	t.end(mirror)

	if v := s.voip; v != nil {
		t = c.voip
		t.time(date, s.ms)
		t.num(seq)
		for _, f := range []string{v.fromPhone, v.toPhone, v.fromMed, v.toMed, v.fromGw, v.toGw, s.from.user} {
			t.str(f)
		}
		t.null(1)
		t.end(mirror)
	}
	for i, bit := range [...]int{mediaIM, mediaFile, 4, mediaShare, mediaAudio, mediaVideo, 64} {
		if s.media&bit == 0 {
			continue
		}
		t = c.media
		t.time(date, s.ms)
		t.num(seq)
		t.num(i + 1)
		t.time(date, s.ms)
		t.time(date, s.ms+40+length)
		t.end(mirror)
	}
	if s.code/100 == 2 {
		w.noteSession(s)
	}
	if w.qoe != nil && w.both(s.day) {
		w.dialog(s, seq, length)
	}
}

// dialog writes the SIP dialog of a session, which both databases keep, and the
// media.
func (w *world) dialog(s session, seq, length int) {
	id := w.qoe.rng.guid()
	t := w.cdr.dialogs
	t.time(w.dates(s.day), s.ms)
	t.num(seq)
	t.num(0)
	t.str(fmt.Sprintf("0x%X", id+";a1;b2"))
	t.end(s.day >= w.cdr.mirrorFrom)
	if s.code/100 == 2 {
		w.mediaCall(s, length, id+";from-tag=a1;to-tag=b2")
	}
}

// noteSession keeps what an answered session means, by the licence model.
func (w *world) noteSession(s session) {
	v := s.srv.version
	if s.media&mediaCalls != 0 {
		w.note(s.from, callPlaced, s.to.who.isPSTN(), s.day, v)
		w.note(s.to, callReceived, s.from.who.isPSTN(), s.day, v)
	}
	if s.media&^mediaCalls != 0 {
		w.note(s.from, imSession, false, s.day, v)
		w.note(s.to, imSession, false, s.day, v)
	}
}

func (p party) edge() string {
	if p.remote {
		return edgeID
	}
	return ""
}

// signIn writes one logon; device says whether the row carries the handset.
func (w *world) signIn(day, ms int, p party, code int, srv *server) {
	if w.pile != nil && !w.pile.signIn(day, ms, p, code, srv) {
		return
	}
	t, date := w.cdr.registrations, w.dates(day)
	t.time(date, ms)
	t.num(1)
	t.str(p.user)
	t.str(p.endpoint)
	t.null(1)
	t.str(p.client)
	t.str(srv.id)
	t.str(srv.poolID)
	t.str(p.edge())
	t.bit(!p.remote)
	t.bit(true)
	t.bit(true)
	t.bit(false)
	t.time(date, ms)
	if code/100 == 2 && ms%5 != 0 { // a lost end event leaves NULL
		t.time(date, min(ms+6*3600_000+w.rng.n(3600)*1000, 86_399_993))
	} else {
		t.null(1)
	}
	t.num(code)
	t.num(0)
	if p.dev != nil {
		t.str(p.dev.cdrID)
	} else {
		t.null(1)
	}
	t.num(1)
	t.row = append(t.row, "10.0."...)
	t.row = append(strconv.AppendInt(t.row, int64(w.rng.n(200)), 10), '.')
	t.num(1 + w.rng.n(250))
	t.end(day >= w.cdr.mirrorFrom)
	if code/100 == 2 {
		w.note(p, imLogin, false, day, srv.version)
	}
}

// join is one participant of a conference.
type join struct {
	party
	dialIn    bool
	presenter bool
}

// conference is one meeting. Its kinds are the conferencing servers that were
// used; none means that the records do not tell.
type conference struct {
	day, ms   int
	organiser party
	address   string
	kinds     []int
	joins     []join
	synthetic bool
	srv       *server
}

// meet writes one meeting and its joins.
func (w *world) meet(m conference) {
	if w.pile != nil {
		recorded := false
		if m, recorded = w.pile.meeting(m); !recorded {
			return
		}
	}
	c, date, mirror := w.cdr, w.dates(m.day), m.day >= w.cdr.mirrorFrom
	id := w.rng.hex(8)
	uri := c.addConferenceURI("sip:"+m.address+";gruu;opaque=app:conf:focus:id:"+id, uriFocus)
	end := min(m.ms+1800_000+w.rng.n(3600)*1000, 86_300_007)
	t := c.conferences
	t.time(date, m.ms)
	t.num(1)
	t.str(uri)
	t.row = append(w.rng.appendGUID(t.row), ',')
	t.time(date, m.ms)
	t.time(date, end)
	t.str(m.srv.poolID)
	t.str(m.organiser.user)
	t.bit(m.synthetic)
	t.bit(true)
	t.end(mirror)

	for i, j := range m.joins {
		w.joinFocus(m, j, i, end)
		for _, kind := range m.kinds {
			if j.dialIn && kind != mcuAV {
				continue
			}
			t = c.mcuJoins
			t.time(date, m.ms)
			t.num(1)
			t.str(j.user)
			t.num(1)
			t.bit(j.dialIn)
			t.str(m.srv.mcu(kind))
			t.time(date, m.ms+20_000*(i+1))
			t.num(kind + 2)
			t.time(date, m.ms+20_000*(i+1))
			t.time(date, end)
			t.str(j.client)
			t.end(mirror)
		}
	}
	if !m.synthetic {
		w.noteConference(m)
	}
	if w.qoe != nil && w.both(m.day) {
		w.mediaMeeting(m, id, end)
	}
}

// joinFocus writes the join to the meeting itself, which a caller who dials in
// does not make.
func (w *world) joinFocus(m conference, j join, i, end int) {
	if j.dialIn {
		return
	}
	t, date := w.cdr.focus, w.dates(m.day)
	t.time(date, m.ms)
	t.num(1)
	t.time(date, m.ms+20_000*(i+1))
	t.num(1)
	t.str(j.user)
	t.num(1)
	t.bit(!j.remote)
	if j.presenter {
		t.num(1)
	} else {
		t.num(2)
	}
	t.time(date, m.ms+20_000*(i+1))
	t.time(date, end)
	t.str(j.client)
	t.str(j.endpoint)
	t.end(m.day >= w.cdr.mirrorFrom)
}

// noteConference: group IM is a session of all; anything else, told or not,
// is a web conference.
func (w *world) noteConference(m conference) {
	organised, attended := confOrganized, confAttended
	if len(m.kinds) == 1 && m.kinds[0] == mcuChat {
		organised, attended = imSession, imSession
	}
	w.note(m.organiser, organised, false, m.day, m.srv.version)
	for _, j := range m.joins {
		w.note(j.party, attended, false, m.day, m.srv.version)
	}
}
