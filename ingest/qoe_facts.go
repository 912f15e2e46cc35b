package ingest

import "fmt"

// qoeFacts returns the reader of a fact table's rows.
func (s *cdrSet) qoeFacts(r *cdrRows) rowReader {
	switch r.part.def.name {
	case "Session":
		return s.qoeSessions(r, false)
	case "SessionView":
		return s.qoeSessions(r, true)
	case "MediaLine":
		return s.qoeLines(r)
	case "Dialog":
		return s.qoeDialogs(r)
	}
	return nil
}

// qoeSeqBits is how much of a row identity is the number among equal times.
const qoeSeqBits = 20

// qoeKey reads ConferenceDateTime and SessionSeq, the identity of a session. It
// is no time of the call: then the first report of it arrived.
func (r *cdrRows) qoeKey(k cdrKey, rec *Record) error {
	ms, p, null, err := r.moment(k.time)
	if err != nil {
		return err
	}
	seq, noSeq, err := r.number(k.seq)
	if err != nil {
		return err
	}
	if k.seq < 0 {
		seq, noSeq = 1, false
	}
	if null || noSeq || seq < 0 || seq >= 1<<qoeSeqBits {
		return fmt.Errorf("the row has no key: ConferenceDateTime %s, SessionSeq %s; export it again", quoteShort(string(r.value(k.time))), quoteShort(string(r.value(k.seq))))
	}
	rec.Key, rec.At, rec.Seq = ms, ms, uint64(ms)<<qoeSeqBits|uint64(seq)
	r.cut(ms, p, rec)
	return nil
}

func (r *cdrRows) qoeKeyColumns() cdrKey {
	k := cdrKey{r.t.Column("ConferenceDateTime"), r.t.Column("SessionSeq")}
	if k.seq < 0 {
		r.note("no SessionSeq: sessions whose first reports came in the same millisecond cannot be told apart")
	}
	return k
}

// qoeRef finds what stands behind a column: by key in a lookup table, or, in a
// view, by the text itself.
type qoeRef struct {
	column int
	ids    *cdrIDs
	texts  *recall[cdrEntry] // of a view
	learn  func(e *cdrEntry, text string) error
}

// refer returns nil for NULL, and for what is not known; id is the key, named
// whether there is one.
func (r *cdrRows) refer(f *qoeRef) (e *cdrEntry, id int64, named bool, err error) {
	if f.column < 0 {
		return nil, 0, false, nil
	}
	b := r.value(f.column)
	if len(b) == 0 {
		return nil, 0, false, nil
	}
	if f.texts == nil {
		if id, _, err = r.integer(f.column, b); err != nil {
			return nil, 0, true, err
		}
		if f.ids != nil {
			e = f.ids.at(id)
		}
		if e == nil || e.state != cdrKnown {
			r.gap = true
			return nil, id, true, nil
		}
		r.gap = r.gap || e.gap
		return e, id, true, nil
	}
	if e := f.texts.get(b); e != nil {
		return e, 0, true, nil
	}
	text, learnt := string(b), cdrEntry{state: cdrKnown}
	if err := f.learn(&learnt, text); err != nil {
		return nil, 0, true, wrongValue(r.t.Header()[f.column], text, err, mendOrExport)
	}
	return f.texts.keep(text, learnt), 0, true, nil
}

// qoeSide is the columns of one side of a session, and what stands in them.
type qoeSide struct {
	uri, pai, machine, agent, pool qoeRef
	code                           int // of the agent, in a view

	party  Party
	user   cdrUser
	home   ID
	part   int32 // of its program
	phone  bool
	meets  bool // the address is a meeting's
	person bool
}

// qoeSide finds the columns of a side. texts is nil for a table; in a view both
// sides share by table what was learnt of texts.
func (s *cdrSet) qoeSide(r *cdrRows, side string, texts map[string]*recall[cdrEntry]) *qoeSide {
	c := &qoeSide{code: -1}
	find := func(f *qoeRef, column, table, what string, learn func(*cdrEntry, string) error) {
		f.column, f.learn = r.t.Column(side+column), learn
		if texts != nil {
			if texts[table] == nil {
				texts[table] = &recall[cdrEntry]{}
			}
			f.texts = texts[table]
			return
		}
		if f.ids = s.ids[table]; what != "" {
			f.ids = r.lack(table, what, f.column)
		}
	}
	learn := func(e *cdrEntry, text string) error {
		user := ""
		if !isMeeting(text) {
			var err error
			if user, err = ParseUser(text); err != nil {
				return err
			}
		}
		*e = s.qoeAddress(user, text, 0)
		return nil
	}
	find(&c.uri, "URI", "User", "users", learn)
	find(&c.pai, "PAI", "User", "", learn)
	find(&c.machine, "Endpoint", "Endpoint", "machines", s.qoeMachine)
	find(&c.agent, "UserAgent", "UserAgent", "clients", func(e *cdrEntry, text string) error { return s.qoeAgent(e, text, 0, true) })
	find(&c.pool, "Pool", "Pool", "pools", s.server)
	if texts != nil {
		c.code = r.t.Column(side + "UserAgentType")
	}
	return c
}

// read reads one side. An address, also where only the asserted identity has
// one, counts before a number: an employee's extension may show as a phone.
func (c *qoeSide) read(r *cdrRows) error {
	c.party, c.user, c.part, c.phone, c.meets, c.person, c.home = Party{}, cdrUser{}, qoeUnknownAgent, false, false, false, 0
	for _, f := range [...]*qoeRef{&c.uri, &c.pai} {
		e, id, named, err := r.refer(f)
		if err != nil {
			return err
		}
		if named && e == nil && !c.user.known {
			c.user.named, c.user.id, c.user.bad = true, id, f.ids != nil && f.ids.at(id) != nil
		}
		switch {
		case e == nil || c.person:
			continue
		case e.aux == qoeMeeting:
			c.meets = c.meets || f == &c.uri
		case e.aux == qoePhone:
			if !c.phone { // the URI goes before the asserted identity
				c.phone, c.party.User = true, e.name
			}
		case e.name != 0:
			c.person, c.phone, c.party.User = true, false, e.name
		}
		c.user.named, c.user.known = true, true
	}
	e, _, _, err := r.refer(&c.machine)
	if err != nil {
		return err
	}
	if e != nil {
		c.party.Device = e.name
	}
	if e, _, _, err = r.refer(&c.pool); err != nil {
		return err
	}
	if e != nil {
		c.home = e.name
	}
	if e, _, _, err = r.refer(&c.agent); err != nil {
		return err
	}
	if e != nil {
		c.party.Client, c.part = e.name, e.aux
	}
	if c.code >= 0 {
		code, null, err := r.number(c.code)
		if err != nil {
			return err
		}
		if part := qoePart(code); !null && part != qoeUnknownAgent {
			c.part = part
		}
	}
	switch c.part {
	case qoeGateway:
		c.phone = true
	case qoeClient:
		c.phone = false // a number at a program of the system is an extension
	case qoeService:
		if c.person {
			c.party.Class = Application
		}
	case qoeStandIn:
		c.phone = false
		c.party.Client, c.party.Device = 0, 0
	}
	return nil
}

// qoeSessions reads Session, or the view of it: one media session of two
// sides. Both sides report into one row.
func (s *cdrSet) qoeSessions(r *cdrRows, view bool) rowReader {
	key := r.qoeKeyColumns()
	from, to := r.t.Column("StartTime"), r.t.Column("EndTime")
	category, dialog := r.t.Column("DialogCategory"), r.t.Column("SessionID")
	meeting := qoeRef{column: r.t.Column("ConferenceKey"), learn: s.qoeConference}
	var texts map[string]*recall[cdrEntry]
	if view {
		texts = map[string]*recall[cdrEntry]{}
		meeting.column, meeting.texts = r.t.Column("ConferenceURI"), &recall[cdrEntry]{}
	} else {
		meeting.ids = r.lack("Conference", "organisers of meetings", meeting.column)
	}
	caller, callee := s.qoeSide(r, "Caller", texts), s.qoeSide(r, "Callee", texts)
	return func(rec *Record) (string, error) {
		rec.Kind = QualityRecord
		if err := r.qoeKey(key, rec); err != nil {
			return "", err
		}
		if at, null, err := r.time(from); err != nil {
			return "", err
		} else if !null {
			rec.Key, rec.At = at, at
		}
		until, _, err := r.time(to)
		if err != nil {
			return "", err
		}
		rec.Until = max(until, 0)
		relayed, err := r.bit(category)
		if err != nil {
			return "", err
		}
		conf, _, _, err := r.refer(&meeting)
		if err != nil {
			return "", err
		}
		if err := caller.read(r); err != nil {
			return "", err
		}
		if err := callee.read(r); err != nil {
			return "", err
		}
		if rec.Server = caller.home; rec.Server == 0 {
			rec.Server = callee.home
		}
		switch a, b := caller, callee; {
		case a.part == qoeTest || b.part == qoeTest:
			return cdrTestTraffic, nil
		case !a.user.named && !b.user.named:
			return "no party named", nil
		case a.party.User == 0 && b.party.User == 0 && (a.user.named && !a.user.known || b.user.named && !b.user.known):
			return "", s.unknown(a.user, b.user)
		}
		if a, turned := qoeAttendee(caller, callee, conf); a != nil {
			if a.party.User == 0 {
				return "the session names no person", nil
			}
			rec.From = a.party
			rec.Flags |= WebKind
			if turned {
				rec.Flags |= Turned
			}
			if a.phone {
				rec.Flags |= FromPSTN
			}
			if conf != nil && conf.media != 0 {
				rec.To.User, rec.Sub = conf.name, uint64(uint32(conf.aux))
			}
			return "", nil
		}
		rec.From, rec.To = caller.party, callee.party
		if caller.phone {
			rec.Flags |= FromPSTN
		}
		if callee.phone {
			rec.Flags |= ToPSTN
		}
		if rec.Sub = uint64(callHash(r.value(dialog))); rec.Sub == 0 && conf != nil && conf.media == 0 {
			rec.Sub = uint64(uint32(conf.aux))
		}
		if relayed {
			rec.Flags |= Relayed
			if !caller.person && !callee.person {
				return "leg between Mediation Server and gateway: the other leg counts", nil
			}
		}
		if rec.From.User == 0 && rec.To.User == 0 {
			return "the session names no person", nil
		}
		return "", nil
	}
}

// qoeAttendee finds the side that takes part in a meeting: the one that is not
// the conferencing server. nil when the session is none of a meeting.
func qoeAttendee(caller, callee *qoeSide, conf *cdrEntry) (a *qoeSide, turned bool) {
	server := func(c *qoeSide) bool { return c.part == qoeConferencing || c.meets }
	switch {
	case server(callee):
		return caller, false
	case server(caller):
		return callee, true
	case conf == nil || conf.media == 0:
		return nil, false
	case callee.party.User == 0: // of the meeting only the address is known
		return caller, false
	case caller.party.User == 0:
		return callee, true
	}
	return nil, false
}

// qoeLines reads MediaLine: one medium of a session. A network card is told by
// key in the table and by its address in the view.
func (s *cdrSet) qoeLines(r *cdrRows) rowReader {
	key, label := r.qoeKeyColumns(), r.t.Column("MediaLineLabel")
	type card struct{ mac, vpn int }
	caller, callee := card{r.t.Column("CallerMacAddress"), r.t.Column("CallerVPN")}, card{r.t.Column("CalleeMacAddress"), r.t.Column("CalleeVPN")}
	cards := s.ids["MacAddress"]
	if cards == nil && max(caller.mac, callee.mac) >= 0 {
		r.note("MacAddress was not exported: network cards are known only where the table holds addresses in place of keys")
	}
	read := func(c card) (ID, error) {
		vpn, err := r.bit(c.vpn)
		b := r.value(c.mac)
		if err != nil || len(b) == 0 || vpn {
			return 0, err
		}
		if len(b) < 12 {
			return r.name(cards, c.mac)
		}
		var e cdrEntry
		if err := s.qoeCard(&e, string(b)); err != nil {
			return 0, wrongValue(r.t.Header()[c.mac], string(b), err, mendOrExport)
		}
		return e.name, nil
	}
	return func(rec *Record) (string, error) {
		rec.Kind = QualityLineRecord
		if err := r.qoeKey(key, rec); err != nil {
			return "", err
		}
		n, null, err := r.number(label)
		if err != nil {
			return "", err
		}
		if !null {
			rec.Media = qoeMedia(n)
		}
		if rec.From.Device, err = read(caller); err != nil {
			return "", err
		}
		if rec.To.Device, err = read(callee); err != nil {
			return "", err
		}
		if rec.Media == 0 && rec.From.Device == 0 && rec.To.Device == 0 {
			return "kind of media not known", nil
		}
		return "", nil
	}
}

// MediaLineLabel (vendor's "MediaLine table"); 4, gallery video, is told by
// call quality training slides only.
func qoeMedia(label int64) Media {
	switch label {
	case 0:
		return MediaAudio
	case 1, 2, 4:
		return MediaVideo
	case 3, 16:
		return MediaSharing
	}
	return 0
}

// qoeDialogs reads Dialog: the SIP dialog of a session.
func (s *cdrSet) qoeDialogs(r *cdrRows) rowReader {
	key, id := r.qoeKeyColumns(), r.t.Column("DialogID")
	return func(rec *Record) (string, error) {
		rec.Kind = QualityDialogRecord
		if err := r.qoeKey(key, rec); err != nil {
			return "", err
		}
		if rec.Sub = uint64(callHash(r.value(id))); rec.Sub == 0 {
			return "no dialog named", nil
		}
		return "", nil
	}
}
