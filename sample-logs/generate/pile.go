package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The pile is what an administrator of the same company may really hand over:
// not one database, but what each of many tools wrote of a part of what
// happened. pile.go decides which tool saw what and keeps what each attests;
// pile_truth.go works out what any of them tell together; the write_*.go files
// write it in each tool's own shape.

// source is one tool whose output lies in the pile.
type source uint8

const (
	fromCDR source = iota
	fromQoE
	fromOCSLogger
	fromUCCAPI
	fromSIPE
	fromBare
	fromIIS
	fromRegistrations
	fromReport
	fromBranch
	fromLDIF
	fromCSVDE
	fromCsUser
	fromWMI
	fromCsContact
	fromWMIContact
	fromWMISetting
	nSources
)

// sources names the folder of each source and the format that it is of.
var sources = [nSources]struct{ folder, format string }{
	fromCDR:           {"cdr", "cdr"},
	fromQoE:           {"qoe", "qoe"},
	fromOCSLogger:     {"trace-fe", "siptrace-ocslogger"},
	fromUCCAPI:        {"trace-communicator", "siptrace-uccapi"},
	fromSIPE:          {"trace-pidgin", "siptrace-sipe"},
	fromBare:          {"messages", "siptrace-bare"},
	fromIIS:           {"iis", "iis-w3c"},
	fromRegistrations: {"registrations", "registrations"},
	fromReport:        {"reports", "monitoring-report"},
	fromBranch:        {"activity", "activity-csv"},
	fromLDIF:          {"ldifde", "directory-ldif"},
	fromCSVDE:         {"csvde", "directory-csvde"},
	fromCsUser:        {"get-csuser", "directory-csuser"},
	fromWMI:           {"wmi-users", "directory-wmi"},
	fromCsContact:     {"get-cscommonareaphone", "directory-cscontact"},
	fromWMIContact:    {"wmi-contacts", "directory-wmi-contact"},
	fromWMISetting:    {"wmi-settings", "wmi-setting"},
}

// sourceSet is a set of sources, by bit.
type sourceSet uint32

func (s source) set() sourceSet                { return 1 << s }
func (have sourceSet) has(s source) bool       { return have&s.set() != 0 }
func (have sourceSet) less(s source) sourceSet { return have &^ s.set() }

const (
	allSources     sourceSet = 1<<nSources - 1
	directoryTools           = sourceSet(1<<fromLDIF | 1<<fromCSVDE | 1<<fromCsUser | 1<<fromWMI | 1<<fromCsContact | 1<<fromWMIContact)
)

// attested is one use as one source tells it: parties go by the names that the
// source has for them (an address, a number, an account), because who these
// are may be known to another source only.
type attested struct {
	from    source
	a       activity // nActivities: a voice extension
	id      string
	peer    string  // "" where no other side is told
	pstn    bool    // the source itself tells the telephone network
	class   string  // that the row states
	program string  // ClientVersions.VersionId, "" where none is told
	dev     *device // that the source names
	day     int
}

// pile is what becomes of the plan with -pile.
type pile struct {
	w       *world
	rng     rng // of its own, so that the plan stays the same
	root    string
	facts   []attested
	days    [nSources]map[int]bool // with a dated use
	talker  [nSources]*person      // whose client wrote a log of its own
	people  map[*subject]*person
	only    map[source]party // somebody of whom nothing else tells
	traces  [nSources][]sipMessage
	dialogs int
	logons  []iisRequest
	snaps   []registration
	reports reportRows
	stated  map[string]int // licences of the statement, by key of the position
}

func newPile(w *world) *pile {
	p := &pile{w: w, rng: rng{state: w.cfg.seed + 7777}, root: w.cfg.out, people: map[*subject]*person{}}
	w.cfg.out = filepath.Join(p.root, "pile")
	for i := range p.days {
		p.days[i] = map[int]bool{}
	}
	return p
}

// begin follows the plan of who there is.
func (p *pile) begin() {
	w := p.w
	for _, x := range w.people {
		p.people[x.who] = x
	}
	p.only = map[source]party{}
	for src, x := range map[source]struct{ address, class string }{
		fromOCSLogger: {"partner.one@fabrikam.com", "federated"}, fromUCCAPI: {"partner.two@fabrikam.com", "federated"},
		fromSIPE: {"friend.three@yahoo.com", "public-im"}, fromBare: {"partner.four@litwareinc.com", "federated"},
		fromReport: {"partner.five@adatum.com", "federated"}, fromRegistrations: {"kiosk" + domain, "hosted"},
	} {
		p.only[src] = party{client: clientOC, endpoint: fmt.Sprintf("0A0A0A0A-0000-4000-8000-%012d", src), who: &subject{id: x.address, class: x.class}}
	}
	p.talker[fromUCCAPI], p.talker[fromSIPE], p.talker[fromBare] = w.of(plain, 1), w.of(plain, 2), w.of(organiser, 1)
}

// attest keeps what a source tells of one party.
func (p *pile) attest(x attested) {
	if x.id == "" {
		return
	}
	p.facts = append(p.facts, x)
	if x.from != fromBare {
		p.days[x.from][x.day] = true
	}
}

// idOf is what a party is called by whoever sees the call: the address, or the
// number of somebody who has none there. "" is a part of a server or nobody.
func (p *pile) idOf(q party, phone string) string {
	uri := strings.ToLower(p.w.cdr.uris[q.user])
	switch {
	case strings.Contains(uri, ";gruu"), uri == "" && q.who == nil:
		return ""
	case strings.HasPrefix(uri, "+"):
		uri, _, _ = strings.Cut(uri, "@")
		return uri
	case uri != "":
		return uri
	case phone != "":
		return p.w.cdr.numbers[phone]
	}
	return q.who.id
}

// ids are those of both sides of a session.
func (p *pile) ids(s session) (from, to string) {
	var v voip
	if s.voip != nil {
		v = *s.voip
	}
	return p.idOf(s.from, v.fromPhone), p.idOf(s.to, v.toPhone)
}

// Days go round five ways of being recorded. On the last two, everything that
// the tool can record is recorded by nothing else.
const (
	beside    = iota // call records and quality database
	twice            // call records and traces of the front ends
	traced           // traces only
	reported         // what is left of it are reports
	qualities        // calls were lost but for their quality
	ways
)

func (p *pile) way(day int) int { return day % ways }

// logOf is the log of a client that recorded a session or sign-in of its user
// and that nothing else did, or fromCDR.
func (p *pile) logOf(day int, parties ...party) source {
	for _, q := range parties {
		for _, s := range [...]source{fromUCCAPI, fromSIPE, fromBare} {
			if p.talker[s].who == q.who && q.dev == nil && day/ways%2 == 0 {
				return s
			}
		}
	}
	return fromCDR
}

// session gives a session to those that recorded it and says whether the call
// records did.
func (p *pile) session(s session) bool {
	from, to := p.ids(s)
	if from == "" || to == "" || s.to.user == "" && s.to.who.class != "pstn" {
		// Parts of servers, ids that lead nowhere, and the call that went out
		// and in again.
		p.attestSession(fromCDR, s)
		return true
	}
	if log := p.logOf(s.day, s.from, s.to); log != fromCDR {
		p.traceSession(log, s)
		return false
	}
	switch p.way(s.day) {
	case twice:
		p.traceSession(fromOCSLogger, s)
	case traced:
		p.traceSession(fromOCSLogger, s)
		return false
	case reported:
		p.reportSession(s)
		return false
	case qualities:
		if p.quality(s) {
			p.w.mediaCall(s, 60_000, p.rng.guid()+";from-tag=a1;to-tag=b2")
			return false
		}
	}
	p.attestSession(fromCDR, s)
	return true
}

// quality says whether the quality database tells all that there is to tell of
// a session.
func (p *pile) quality(s session) bool {
	if s.code/100 != 2 || s.media&^(mediaCalls|mediaShare) != 0 {
		return false
	}
	return p.w.side(s.from, "", "").reports() || p.w.side(s.to, "", "").reports()
}

// both says whether the quality database has what the call records have too.
func (w *world) both(day int) bool { return w.pile == nil || w.pile.way(day) == beside }

// attestSession keeps what an answered session means, as noteSession does.
func (p *pile) attestSession(src source, s session) {
	if s.code/100 != 2 {
		return
	}
	from, to := p.ids(s)
	tell := func(a, b activity) {
		p.attest(attested{from: src, a: a, id: from, peer: to, day: s.day, program: s.from.client})
		p.attest(attested{from: src, a: b, id: to, peer: from, day: s.day, program: s.to.client})
	}
	if s.media&mediaCalls != 0 {
		tell(callPlaced, callReceived)
	}
	if s.media&^mediaCalls != 0 {
		tell(imSession, imSession)
	}
}

// signIn gives a sign-in to those that recorded it and says whether the call
// records did.
func (p *pile) signIn(day, ms int, q party, code int, srv *server) bool {
	x := attested{from: fromCDR, a: imLogin, id: p.idOf(q, ""), day: day, program: q.client, dev: q.dev}
	person := p.people[q.who]
	switch log := p.logOf(day, q); {
	case x.id == "" || code/100 != 2:
		return true
	case log != fromCDR:
		x.from, x.dev = log, nil
		p.traceSignIn(log, day, ms, q, srv)
	case q.client == clientCWA && q.dev == nil && person != nil && person.role.inDirectory():
		x.from, x.id = fromIIS, p.request(day, ms, person, q.client, "/cwa/client/start")
	case q.dev != nil && q.dev.mac != 0 && q.dev.identity == nil && day%3 == 0:
		p.reportPhone(day, ms, q, srv)
		return false
	case q.dev == nil && p.way(day) == reported:
		x.from = fromRegistrations
		p.register(day, ms, q, srv)
	case q.dev == nil && p.way(day) == traced:
		x.from = fromOCSLogger
		p.traceSignIn(fromOCSLogger, day, ms, q, srv)
	}
	p.attest(x)
	return x.from == fromCDR
}

// meeting gives a conference to those that recorded it and says whether the
// call records did, and with whom.
func (p *pile) meeting(m conference) (conference, bool) {
	if m.synthetic {
		return m, true
	}
	chat := len(m.kinds) == 1 && m.kinds[0] == mcuChat
	switch way := p.way(m.day); {
	case way == traced:
		p.traceMeeting(m)
		p.attestMeeting(fromOCSLogger, m)
		return m, false
	case way == reported && !chat: // the reports do not tell group IM
		p.reportMeeting(m)
		p.attestMeeting(fromReport, m)
		return m, false
	case way == qualities && !chat:
		// Who came with a browser is only known to the web server.
		var rest []join
		for i, j := range m.joins {
			person := p.people[j.who]
			if i == 0 || j.client != clientCWA || person == nil || !person.role.inDirectory() {
				rest = append(rest, j)
				continue
			}
			id := p.request(m.day, m.ms+20_000*(i+1), person, j.client, "/etc/place/null/FileTree/slide1.png")
			p.attest(attested{from: fromIIS, a: confAttended, id: id, day: m.day, program: j.client})
		}
		m.joins = rest
	}
	p.attestMeeting(fromCDR, m)
	return m, true
}

// attestMeeting keeps what a conference means, as noteConference does.
func (p *pile) attestMeeting(src source, m conference) {
	organised, attends := confOrganized, confAttended
	if len(m.kinds) == 1 && m.kinds[0] == mcuChat {
		organised, attends = imSession, imSession
	}
	p.attest(attested{from: src, a: organised, id: p.idOf(m.organiser, ""), day: m.day, program: m.organiser.client})
	for _, j := range m.joins {
		p.attest(attested{from: src, a: attends, id: p.idOf(j.party, ""), day: m.day, program: j.client})
	}
}

// witnesses gives each tool whose rows others mostly have as well somebody of
// whom it alone tells.
func (p *pile) witnesses() {
	w, day := p.w, p.w.scriptDays[0]
	for src := range nSources {
		q, ok := p.only[src]
		other := w.of(plain, 0)
		if p.talker[src] != nil {
			other = p.talker[src]
		}
		s := session{day: day, ms: 50_000_000 + int(src)*1000, from: q, to: w.at(other, day), media: mediaIM, code: 200, srv: other.home}
		switch {
		case !ok:
		case src == fromReport:
			p.reportSession(s)
		case src == fromRegistrations:
			p.register(day, s.ms, q, other.home)
			p.attest(attested{from: src, a: imLogin, id: q.who.id, day: day, program: q.client})
		default:
			p.traceSession(src, s)
		}
	}
	at := p.clock(day, 51_000_000)
	p.logons = append(p.logons, iisRequest{at, `CONTOSO\visitor1`, "Mozilla/4.0+(compatible;+MSIE+7.0;+Windows+NT+6.0)", "GET", "/cwa/client/start", 200})
	p.attest(attested{from: fromIIS, a: imLogin, id: `contoso\visitor1`, day: day, program: clientCWA})
}

// end writes everything but the tables of the two databases, which stand there
// as plain CSV, and gives these the shapes of their tools.
func (p *pile) end() error {
	w := p.w
	p.witnesses()
	if err := os.RemoveAll(filepath.Join(w.cfg.out, overlapFolder)); err != nil {
		return err
	}
	if err := os.RemoveAll(filepath.Join(w.cfg.out, "directory")); err != nil {
		return err
	}
	for file := range w.imports {
		if strings.HasPrefix(file, overlapFolder) {
			delete(w.imports, file)
		}
	}
	for _, write := range []func() error{w.writeActivity, p.writeTraces, p.writeIIS, p.writeRegistrations, p.writeReports,
		p.writeDirectories, p.writeTables, w.writeSettings, p.writeStatement, p.writeTruth} {
		if err := write(); err != nil {
			return err
		}
	}
	// Lists of management tools have no date but that of their file.
	return filepath.WalkDir(p.root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		at := w.cfg.end.Add(26 * time.Hour)
		return os.Chtimes(path, at, at)
	})
}

// archive packs files into a .zip; rows are those of each, as for put.
func (p *pile) archive(src source, name string, list []member, rows []int) ([]byte, error) {
	for i, m := range list {
		if rows[i] < 0 {
			continue
		}
		p.w.newTally(sources[src].folder + "/" + name + "!" + m.name).Read = rows[i]
	}
	return zipped(list...)
}

// put writes one file of a source. rows are those that a reader has to account
// for, -1 when the records of the format are not rows.
func (p *pile) put(src source, name string, data []byte, rows int) error {
	file := filepath.Join(sources[src].folder, name)
	if rows >= 0 {
		p.w.newTally(filepath.ToSlash(file)).Read = rows
	}
	path := filepath.Join(p.w.cfg.out, file)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o666)
}
