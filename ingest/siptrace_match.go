package ingest

import (
	"bytes"
	"crypto/sha256"

	"calaudit/ingest/sip"
	"calaudit/ingest/siptrace"
)

// mostOpen is how many requests wait at a time for their answers and for their
// copies at other hops: about 15 MB. The oldest gives way to a new one and is
// taken for what is known of it then: without an answer, for not confirmed.
// Tests set it lower.
var mostOpen = 1 << 15

// traceKey is what all copies of a request and of its answers agree in: a hash
// of Call-ID, CSeq and the tag of From.
type traceKey [16]byte

// transaction is one request and its final answer, as all their copies in the
// trace tell them together.
type transaction struct {
	key    traceKey
	method traceMethod
	asked  bool  // the request was met
	status int   // of the answer; 0: none was met
	at     int64 // first time the request was traced, or else the answer

	file int    // of the earliest copy of the request, or else of the answer
	line uint32 // of that copy

	call     uint64 // hash of the Call-ID
	from, to traceParty
	meeting  traceMeeting
	offered  Media
	offer    bool // the request names media
	accepted Media
	answer   bool // the answer names media
	signOff  bool // REGISTER that ends a registration
	fetch    bool // REGISTER without a Contact
	lasts    int  // seconds that the answer grants; -1: not told
	creates  bool // SERVICE with addConference
	refused  bool // the answer's body says failure
	edge     bool // made by the Edge Server
	network  bool // the caller came from the telephone network
	server   ID
	machine  bool // server is only the machine that wrote the trace
}

// transactions are the open ones, in the order in which they were first met.
type transactions struct {
	at     map[traceKey]int32
	chunks [][]transaction // a ring of mostOpen places, made as they are needed
	n      int             // places taken
	next   int             // place of the oldest once all are
}

// ringChunk is how many places are made at a time.
const ringChunk = 1 << 10

func (o *transactions) init() { o.at = map[traceKey]int32{} }

func (o *transactions) place(i int) *transaction { return &o.chunks[i/ringChunk][i%ringChunk] }

// transaction returns the transaction of a key, closing the oldest one to make room
// for a new one.
func (t *traceReader) transaction(key traceKey, method traceMethod) (*transaction, error) {
	o := &t.open
	if i, ok := o.at[key]; ok {
		return o.place(int(i)), nil
	}
	i := o.n
	if o.n < mostOpen {
		if o.n == len(o.chunks)*ringChunk {
			o.chunks = append(o.chunks, make([]transaction, ringChunk))
		}
		o.n++
	} else {
		i = o.next
		oldest := o.place(i)
		if err := t.close(oldest); err != nil {
			return nil, err
		}
		delete(o.at, oldest.key)
		o.next = (o.next + 1) % mostOpen
	}
	x := o.place(i)
	*x = transaction{key: key, method: method, lasts: -1}
	o.at[key] = int32(i)
	return x, nil
}

// forget bounds the memory of the names that were told, and of those that were
// met: of these what waits is remembered, under new numbers. Nobody may hold a
// number but the open transactions.
func (t *traceReader) forget() error {
	if t.names.count() > mostNames {
		if err := t.flush(t.file); err != nil { // sends what is new
			return err
		}
		t.names.forget(mostNames)
		t.numbers = nil
	}
	if t.own.count() <= t.most {
		return nil
	}
	old := t.own
	t.own, t.numbers = NewNames(), nil
	again := func(id *ID) {
		n := old.Name(*id)
		*id = t.own.ID(n.Kind, n.Text)
	}
	for i := range t.open.n {
		x := t.open.place(i)
		for _, p := range [...]*traceParty{&x.from, &x.to} {
			again(&p.user)
			again(&p.endpoint)
			again(&p.client)
		}
		again(&x.meeting.organizer)
		again(&x.server)
	}
	clear(t.people)
	clear(t.epids)
	clear(t.clients)
	clear(t.hosts)
	clear(t.servers)
	clear(t.told)
	t.most = mostNames + t.own.count()
	return nil
}

// closeAll closes what is open, the oldest first.
func (t *traceReader) closeAll() error {
	o := &t.open
	for i := range o.n {
		if err := t.close(o.place((o.next + i) % o.n)); err != nil {
			return err
		}
	}
	return nil
}

// atTheEdge is how near to the beginning or end of a file an answer or a
// request may miss the other because that is in another file: longer than a
// telephone rings.
const atTheEdge = 3 * 60 * 1000

// close states what the transaction says, or why it says nothing.
func (t *traceReader) close(x *transaction) error {
	f := &t.files[x.file]
	switch {
	case !x.asked:
		t.skip(x.file, skipLoneAnswer)
		if x.at == Undated || x.at-f.first <= atTheEdge {
			t.batch(x.file).Unresolved++
		}
	case x.edge:
		t.skip(x.file, skipEdge)
	case x.status == 0:
		t.skip(x.file, x.method.unconfirmed())
		if x.at == Undated || f.last-x.at <= atTheEdge {
			t.batch(x.file).Unresolved++
		}
	case x.status == 401 || x.status == 407:
		t.skip(x.file, skipChallenged)
	case x.status >= 300 || x.refused:
		t.skip(x.file, skipRefused)
	default:
		t.state(x)
	}
	if f.rows >= traceBatch {
		return t.flush(x.file)
	}
	return nil
}

// traceMethod is a method that can state a use.
type traceMethod uint8

const (
	passed traceMethod = iota
	register
	invite
	instant // MESSAGE
	service
)

func (m traceMethod) unconfirmed() traceReason {
	return skipUnconfirmedRegister + traceReason(m-register)
}

func traceMethodOf(b []byte) traceMethod {
	switch string(b) {
	case "REGISTER":
		return register
	case "INVITE":
		return invite
	case "MESSAGE":
		return instant
	case "SERVICE":
		return service
	}
	return passed
}

// skipPassed counts a request of a method that states no use.
func (t *traceReader) skipPassed(method []byte) {
	why := len(passedMethods) - 1
	for i, name := range passedMethods[:why] {
		if string(method) == name {
			why = i
			break
		}
	}
	t.skip(t.file, skipMethods+traceReason(why))
}

// take accounts for a record with a message: it is skipped or waits for what
// else there is of its transaction. An error rejects it.
func (t *traceReader) take(rec *siptrace.Record) error {
	m := &t.message
	if !m.ParseStart(rec.Start()) {
		return sip.ErrStart
	}
	method := traceMethodOf(m.Method)
	switch {
	case m.Status >= 100 && m.Status < 200:
		t.skip(t.file, skipProvisional)
		return nil
	case m.Status == 0 && method == passed, method == service && !isFactory(m.URI):
		t.skipPassed(m.Method)
		return nil
	}
	if m.Status != 0 && passedAnswer(rec.Headers()) {
		t.skip(t.file, skipAnswer)
		return nil
	}
	rec.Parse(m)
	if !m.Whole && len(m.Headers) > 0 {
		m.Headers = m.Headers[:len(m.Headers)-1] // it may be cut
	}
	number, name, ok := cutCSeq(m.Get("CSeq"))
	if !ok {
		return told("the message has no CSeq; %s", exportTrace)
	}
	if m.Status != 0 {
		method = traceMethodOf(name)
		if method == passed || method == service && !isFactory(m.Get("To")) {
			t.skip(t.file, skipAnswer)
			return nil
		}
	} else if traceMethodOf(name) != method {
		return told("the method of CSeq is not that of the message; %s", exportTrace)
	}
	// Everything that can be wrong with a copy comes before anything is kept.
	callID, from, to, err := addressed(m)
	if err != nil {
		return err
	}
	caller, err := t.person(from)
	if err != nil {
		return err
	}
	callee, err := t.person(to)
	if err != nil {
		return err
	}
	at, err := t.at(rec)
	if err != nil {
		return err
	}
	fromTag, _ := sip.Param(from.Params, "tag")
	x, err := t.transaction(keyOfTrace(callID, number, name, fromTag), method)
	if err != nil {
		return err
	}
	t.party(&x.from, m, from, caller, m.Status == 0)
	t.party(&x.to, m, to, callee, m.Status != 0)
	if x.meeting.key == 0 && method != register {
		x.meeting = t.meeting(m.URI, from, to)
	}
	t.merge(x, rec, at, callID)
	return nil
}

var cseq = []byte("CSeq:")

// passedAnswer tells at a glance that an answer is to a method that states no
// use: there are many.
func passedAnswer(headers []byte) bool {
	i := bytes.Index(headers, cseq)
	if i < 0 || i > 0 && headers[i-1] != '\n' {
		return false
	}
	line := headers[i+len(cseq):]
	if i = bytes.IndexByte(line, '\n'); i < 0 {
		return false // cut
	}
	line = bytes.TrimSpace(line[:i])
	i = bytes.LastIndexByte(line, ' ')
	return i > 0 && i+1 < len(line) && traceMethodOf(line[i+1:]) == passed
}

// addressed are the headers without which a message cannot be placed.
func addressed(m *sip.Message) (callID []byte, from, to sip.Address, err error) {
	callID = m.Get("Call-ID")
	from, _, ok1 := sip.NextAddress(m.Get("From"))
	to, _, ok2 := sip.NextAddress(m.Get("To"))
	switch {
	case len(callID) == 0:
		err = told("the message has no Call-ID; %s", exportTrace)
	case !ok1:
		err = told("the message has no From; %s", exportTrace)
	case !ok2:
		err = told("the message has no To; %s", exportTrace)
	}
	return callID, from, to, err
}

// cutCSeq cuts `2 REGISTER`.
func cutCSeq(v []byte) (number, method []byte, ok bool) {
	i := bytes.IndexAny(v, " \t")
	if i < 0 {
		return v, nil, false
	}
	number, method, ok = v[:i], bytes.TrimSpace(v[i:]), true
	return number, method, ok && len(number) > 0 && len(method) > 0
}

func keyOfTrace(parts ...[]byte) (key traceKey) {
	var room [512]byte
	b := room[:0]
	for _, p := range parts {
		b = append(append(b, p...), 0)
	}
	sum := sha256.Sum256(b)
	copy(key[:], sum[:])
	return key
}

// merge adds what one copy of a request or answer tells.
func (t *traceReader) merge(x *transaction, rec *siptrace.Record, at int64, callID []byte) {
	request := t.message.Status == 0
	t.serverOf(x, rec)
	if request {
		t.mergeRequest(x)
	} else {
		t.mergeAnswer(x)
	}
	switch {
	case request && x.asked && at < x.at: // the earliest copy is the evidence
		t.skip(x.file, skipCopy)
		x.at, x.file, x.line = at, t.file, uint32(rec.Line)
	case request && x.asked:
		t.skip(t.file, skipCopy)
	case request:
		if x.status != 0 {
			t.skip(x.file, skipAnswer) // it waited for this
		}
		x.asked, x.at, x.file, x.line, x.call = true, at, t.file, uint32(rec.Line), ended(traceHash("call", string(callID)), callHash(callID))
	case x.asked, x.status != 0:
		t.skip(t.file, skipAnswer)
	default:
		x.at, x.file = at, t.file
	}
	if status := t.message.Status; !request && (x.status == 0 || status < x.status) {
		x.status = status // of several answers (a call that was forked) the one that succeeded
	}
}
