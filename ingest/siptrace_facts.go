package ingest

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"strings"

	"calaudit/ingest/sip"
)

// traceMeeting is the conference that a message is sent to, or from.
type traceMeeting struct {
	key       uint64 // hash of organizer and conference id; 0: no conference
	organizer ID
	flags     Flags // ChatKind or WebKind, when a conferencing server is meant
	media     Media
	from      bool // the conference is the caller
}

// meeting finds the conference address in the message: that of the focus or of
// a conferencing server (MS-CONFBAS 2.2.3.4), of either side.
func (t *traceReader) meeting(uri []byte, from, to sip.Address) traceMeeting {
	x := t.conference(uri)
	if x.key == 0 {
		x = t.conference(addressText(to))
	}
	if x.key == 0 {
		x = t.conference(addressText(from))
		x.from = true
	}
	return x
}

// addressText is an address with all that may be parameters of it.
func addressText(a sip.Address) []byte {
	if a.Bare {
		return a.Written
	}
	return a.URI
}

// conference reads `sip:organizer;gruu;opaque=app:conf:KIND:id:ID`.
func (t *traceReader) conference(uri []byte) (x traceMeeting) {
	if bytes.IndexByte(uri, ';') < 0 || !containsFold(uri, "app:conf:") {
		return x
	}
	u, ok := sip.ParseURI(uri)
	if !ok {
		return x
	}
	opaque, _ := sip.Param(u.Params, "opaque")
	parts := strings.SplitN(strings.ToLower(string(opaque)), ":", 5)
	if len(parts) < 5 || parts[0] != "app" || parts[1] != "conf" || parts[3] != "id" || parts[4] == "" {
		return x
	}
	organizer, err := ParseUser(string(u.User) + "@" + string(u.Host))
	if err != nil {
		return x
	}
	x.organizer = t.text(UserName, organizer)
	x.key = conferenceKey(organizer, parts[4])
	switch parts[2] {
	case "focus":
	case "chat":
		x.flags, x.media = ChatKind, MediaIM
	case "audio-video", "phone-conf":
		x.flags, x.media = WebKind, MediaAudio
	case "applicationsharing":
		x.flags, x.media = WebKind, MediaSharing
	default: // meeting, data-conf and later ones
		x.flags, x.media = WebKind, MediaData
	}
	return x
}

func isFactory(address []byte) bool { return containsFold(address, "app:conf:focusfactory") }

// containsFold is bytes.Contains without regard to case; what is lower case.
func containsFold(b []byte, what string) bool {
next:
	for ; len(b) >= len(what); b = b[1:] {
		for i := range len(what) {
			if c := b[i]; c != what[i] && (c < 'A' || c > 'Z' || c|0x20 != what[i]) {
				continue next
			}
		}
		return true
	}
	return false
}

// mergeRequest adds what only requests tell.
func (t *traceReader) mergeRequest(x *transaction) {
	m := &t.message
	x.edge = x.edge || madeByEdge(m.Get("ms-edge-proxy-message-trust"))
	switch x.method {
	case register:
		contact := m.Get("Contact")
		seconds, told := asksFor(m)
		x.signOff = x.signOff || told && seconds == 0 || len(contact) == 1 && contact[0] == '*'
		x.fetch = len(contact) == 0
	case service:
		if hasElement(m.Body, "addConference") {
			x.creates = true
			t.created(x, m.Body, m.Get("To"))
		}
	case invite:
		offered, any := mediaOf(m.Body)
		x.offered |= offered
		x.offer = x.offer || any
		x.network = x.network || strings.EqualFold(string(m.Get("ms-call-source")), "non-ms-rtc")
	}
}

// mergeAnswer adds what only answers tell.
func (t *traceReader) mergeAnswer(x *transaction) {
	m := &t.message
	if m.Status >= 300 {
		return
	}
	switch x.method {
	case register:
		if seconds, ok := expires(m); ok {
			x.lasts = max(x.lasts, seconds)
		}
	case service:
		x.refused = x.refused || saysFailure(m.Body)
	case invite:
		x.refused = x.refused || saysFailure(m.Body)
		accepted, any := mediaOf(m.Body)
		x.accepted |= accepted
		x.answer = x.answer || any
	}
}

// asksFor is for how many seconds a REGISTER asks: what stands at the Contact
// goes before the header (RFC 3261, section 10.2.1.1).
func asksFor(m *sip.Message) (seconds int, ok bool) {
	if seconds, ok = contactExpires(m); ok {
		return seconds, true
	}
	return wholeSeconds(m.Get("Expires"))
}

// expires is for how many seconds an answer registers: by the header, else by
// the first Contact. There may be Contacts of other endpoints of the user.
func expires(m *sip.Message) (seconds int, ok bool) {
	if v := m.Get("Expires"); v != nil {
		return wholeSeconds(v)
	}
	return contactExpires(m)
}

func contactExpires(m *sip.Message) (seconds int, ok bool) {
	c, _, _ := sip.NextAddress(m.Get("Contact"))
	v, _ := sip.Param(c.Params, "expires")
	return wholeSeconds(v)
}

func wholeSeconds(v []byte) (seconds int, ok bool) {
	n, err := strconv.Atoi(string(v))
	return n, err == nil && n >= 0
}

// created finds the conference that an addConference makes: the organizer is in
// the address of the focus factory, the id in the body (MS-CONFPRO 4.1).
func (t *traceReader) created(x *transaction, body, to []byte) {
	_, id, found := bytes.Cut(body, []byte("conference-id>"))
	id, _, _ = bytes.Cut(id, []byte{'<'})
	id = bytes.TrimSpace(id)
	a, _, _ := sip.NextAddress(to)
	u, ok := sip.ParseURI(a.URI)
	if !found || len(id) == 0 || len(id) > 256 || !ok {
		return
	}
	if organizer, err := ParseUser(string(u.User) + "@" + string(u.Host)); err == nil {
		x.meeting = traceMeeting{key: conferenceKey(organizer, strings.ToLower(string(id)))}
	}
}

// hasElement tells whether an XML text has an element of a name, in whatever
// name space.
func hasElement(body []byte, name string) bool {
	for {
		i := bytes.Index(body, []byte(name))
		if i < 0 {
			return false
		}
		before, after := byte(0), byte('>')
		if i > 0 {
			before = body[i-1]
		}
		body = body[i+len(name):]
		if len(body) > 0 {
			after = body[0]
		}
		if (before == '<' || before == ':') && bytes.IndexByte([]byte("> /\r\n\t"), after) >= 0 {
			return true
		}
	}
}

// saysFailure tells the answer of a conference control request (MS-CONFPRO)
// that failed though the message says 200.
func saysFailure(body []byte) bool {
	_, response, ok := bytes.Cut(body, []byte("<response"))
	if !ok {
		return false
	}
	response, _, _ = bytes.Cut(response, []byte{'>'})
	code := quotedBehind(response, "code=")
	return len(code) > 0 && string(code) == "failure"
}

// mediaOf reads the m= lines of a session description (RFC 4566), wherever in a
// body of several parts it is, but for those with port 0: these are declined.
// any tells whether there are such lines at all.
func mediaOf(body []byte) (media Media, any bool) {
	for at := 0; at < len(body); {
		i := bytes.Index(body[at:], []byte("m="))
		if i < 0 {
			break
		}
		at += i
		begin := at
		for begin > 0 && body[begin-1] == ' ' {
			begin--
		}
		if begin > 0 && body[begin-1] != '\n' {
			at += 2
			continue
		}
		line := body[at+2:]
		if j := bytes.IndexByte(line, '\n'); j >= 0 {
			line = line[:j]
		}
		at += 2 + len(line)
		kind, rest, ok := bytes.Cut(line, []byte{' '})
		if !ok {
			continue
		}
		any = true
		var one Media
		switch string(kind) {
		case "audio":
			one = MediaAudio
		case "video":
			one = MediaVideo
		case "message", "x-ms-message":
			one = MediaIM
		case "applicationsharing", "application":
			one = MediaSharing
		case "data":
			one = MediaData
		}
		if port, _, _ := bytes.Cut(bytes.TrimLeft(rest, " "), []byte{' '}); string(port) != "0" {
			media |= one
		}
	}
	return media, any
}

// traceHash is one half of the natural key of a fact.
func traceHash(parts ...string) uint64 {
	h, _ := keyHash(parts...)
	return max(h, 1)
}

// ended puts the hash by which other sources know a session or meeting into the
// low half of that by which traces do, see Linked.
func ended(key uint64, known uint32) uint64 { return key&^(1<<32-1) | uint64(known) }

func conferenceKey(organizer, id string) uint64 {
	return ended(traceHash("conference", organizer, id), meetingHash(organizer, id))
}

// state turns a transaction that succeeded into records.
func (t *traceReader) state(x *transaction) {
	switch x.method {
	case register:
		t.signIn(x)
	case service:
		t.organized(x)
	default:
		switch {
		case x.meeting.key != 0:
			t.attended(x)
		case x.method == instant:
			t.session(x, MediaIM, true)
		default:
			media, told := x.offered, x.offer
			switch {
			case x.answer && x.offer:
				media &= x.accepted
			case x.answer:
				media, told = x.accepted, true
			}
			t.session(x, media, told)
		}
	}
}

// record begins a record of the transaction about one side.
func (x *transaction) record(a Activity, p *traceParty) Record {
	return Record{Kind: AttestedRecord, Activity: a, Key: x.at, At: x.at, Seq: x.call, Server: x.server, Line: x.line,
		From: Party{User: p.user, Endpoint: p.endpoint, Client: p.client, Class: p.class}}
}

// signIn: all registrations of one Call-ID are one sign-in, which is known to
// last until the last of them. What is asked for with Expires 0 is a sign-off;
// it does not prove a sign-in (RFC 3261, section 10.2.2).
func (t *traceReader) signIn(x *transaction) {
	user := x.to
	if user.user == 0 {
		user = x.from
	}
	user.endpoint, user.client, user.class = x.from.endpoint, x.from.client, x.from.class
	switch {
	case x.signOff || x.lasts == 0:
		t.skip(x.file, skipSignOff)
	case x.fetch && x.lasts < 0:
		t.skip(x.file, skipFetch)
	default:
		r := x.record(IMLogin, &user)
		r.Sub = traceHash("sign-in", t.own.Name(user.user).Text)
		if x.at != Undated {
			r.Until = x.at
		}
		t.add(x, r)
	}
}

func (t *traceReader) organized(x *transaction) {
	if !x.creates {
		t.skip(x.file, skipFactory)
		return
	}
	r := x.record(ConferenceOrganized, &x.from)
	r.Role = Organizer
	if x.meeting.key != 0 {
		r.Seq, r.Flags = x.meeting.key, Linked
	}
	r.Sub = traceHash("organized", t.own.Name(x.from.user).Text)
	t.add(x, r)
}

// attended: who is on the other side of the conference takes part in it, once,
// however many conferencing servers are joined.
func (t *traceReader) attended(x *transaction) {
	p := &x.from
	if x.meeting.from {
		p = &x.to
	}
	r := x.record(ConferenceAttended, p)
	r.Seq, r.Sub = x.meeting.key, traceHash("attended", t.own.Name(p.user).Text)
	r.Flags, r.Media = x.meeting.flags|Linked, x.meeting.media
	if p.user != x.meeting.organizer {
		r.To.User = x.meeting.organizer
	}
	t.add(x, r)
}

// session: a call when it has a voice, else an exchange of messages or the
// like. The natural key is the dialog and the side of it, which its tag names:
// the same for what either side sends within the dialog later.
func (t *traceReader) session(x *transaction, media Media, told bool) {
	if !told {
		t.skip(x.file, skipNoMedia)
		return
	}
	from, to := x.from, x.to
	if to.client != 0 && !to.number && t.serves(to.client) {
		to.client = 0 // a gateway answered for a person who is reached elsewhere
	}
	network := x.network && !from.number // the caller's number is withheld
	if network {
		from.user = 0
	}
	const talk = MediaAudio | MediaVideo
	var list [4]Record
	n := 0
	side := func(a Activity, p, peer *traceParty, media Media, callee bool) {
		r := x.record(a, p)
		r.To.User, r.Media, r.Flags = peer.user, media, Linked
		r.Sub = p.tag
		if r.Sub == 0 {
			r.Sub = traceHash("side", strconv.FormatBool(callee))
		}
		if !a.Call() {
			r.Sub = ^r.Sub
		} else if callee && network {
			r.Flags |= ToPSTN
		}
		list[n] = r
		n++
	}
	if media&talk != 0 {
		side(CallPlaced, &from, &to, media&talk, false)
		side(CallReceived, &to, &from, media&talk, true)
	}
	if media&talk == 0 || media&^talk != 0 { // a telephone has no part in messages
		if !from.number {
			side(IMSession, &from, &to, media&^talk, false)
		}
		if !to.number {
			side(IMSession, &to, &from, media&^talk, true)
		}
	}
	t.add(x, list[:n]...)
}

// serves tells a program at which no person sits.
func (t *traceReader) serves(client ID) bool {
	serves, ok := t.servers[client]
	if !ok {
		kind := ClientKind(t.own.Name(client).Text)
		serves = kind == "server" || kind == "gateway"
		t.servers[client] = serves
	}
	return serves
}

// mostTold is how many facts are remembered so as not to repeat them. A
// repetition that was forgotten is stored again and composed into the same fact.
const mostTold = 1 << 16

// add puts records of one row into the batch of its file, but for those that
// say nothing that was not told before: most messages of a session.
func (t *traceReader) add(x *transaction, list ...Record) {
	b := t.batch(x.file)
	someone, added := false, 0
	for i := range list {
		r := &list[i]
		if r.From.User == 0 {
			continue
		}
		someone = true
		if r.Activity != IMLogin && t.repeated(r) {
			continue
		}
		for _, id := range [...]*ID{&r.From.User, &r.From.Endpoint, &r.From.Client, &r.To.User, &r.Server} {
			*id = t.name(*id)
		}
		b.Records = append(b.Records, *r)
		added++
	}
	switch {
	case added > 0:
		b.Further += added - 1
		t.files[x.file].rows++
	case someone:
		t.skip(x.file, skipAgain)
	default:
		t.skip(x.file, skipNobody)
	}
}

// name is the number of a name among those that are told.
func (t *traceReader) name(own ID) ID {
	if own == 0 {
		return 0
	}
	for int(own) >= len(t.numbers) {
		t.numbers = append(t.numbers, make([]ID, len(t.numbers)+64)...)
	}
	if t.numbers[own] == 0 {
		n := t.own.Name(own)
		t.numbers[own] = t.names.ID(n.Kind, n.Text)
	}
	return t.numbers[own]
}

// repeated tells whether the same was told before, of the same day and earlier.
func (t *traceReader) repeated(r *Record) bool {
	var b [80]byte
	at := 0
	for _, v := range [...]uint64{r.Seq, r.Sub, uint64(r.Activity)<<48 | uint64(r.Media)<<32 | uint64(r.Role)<<24 | uint64(r.From.Class)<<16 | uint64(r.Flags),
		uint64(r.From.User)<<32 | uint64(r.From.Endpoint), uint64(r.From.Client)<<32 | uint64(r.To.User), uint64(r.Server), uint64(dayOf(r.At))} {
		binary.BigEndian.PutUint64(b[at:], v)
		at += 8
	}
	sum := sha256.Sum256(b[:at])
	key := [16]byte(sum[:16])
	if first, ok := t.told[key]; ok && first <= r.At {
		return true
	}
	if len(t.told) >= mostTold {
		clear(t.told)
	}
	t.told[key] = r.At
	return false
}
