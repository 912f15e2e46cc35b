package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// qoeColumns are the tables of the quality database as documented for Lync
// Server 2013, with -qoe. Of MediaLine only the columns that tell who and where.
var qoeColumns = map[string]string{
	"Session": "ConferenceDateTime,SessionSeq,ConferenceKey,CorrelationKey,DialogCategory,MediationServerBypassFlag," +
		"MediaBypassWarningFlag,StartTime,EndTime,CallerPool,CalleePool,CalleePAI,CallerURI,CallerEndpoint,CallerUserAgent," +
		"CallPriority,ClassifiedPoorCall,CallerPAI,CalleeEndpoint,CalleeUserAgent,CalleeUri",
	"MediaLine":          "ConferenceDateTime,SessionSeq,MediaLineLabel,CallerInside,CallerMacAddress,CallerVPN,CalleeInside,CalleeMacAddress,CalleeVPN,Caller,Callee",
	"Dialog":             "ConferenceDateTime,SessionSeq,DialogID,DialogIDChecksum",
	"User":               "UserKey,URI,URIType,TenantKey,LastPoorCallTime,NextUpdateTS",
	"UserAgent":          "UserAgentKey,UserAgent,UAType",
	"Endpoint":           "EndpointKey,Name,OS,CPUName,CPUNumberOfCores,CPUProcessorSpeed,VirtualizationFlag",
	"MacAddress":         "MacAddressKey,MacAddress",
	"Pool":               "PoolKey,PoolName",
	"Conference":         "ConferenceKey,ConfURI,Checksum,NextUpdateTS",
	"SessionCorrelation": "Checksum,CorrelationKey,CorrelationID,NextUpdateTS",
}

// qoe is the table set of the quality database. It has a random source of its
// own, so that the call records are the same with and without it.
type qoe struct {
	rng      rng
	tables   map[string]*qoeTable
	keys     map[string]map[string]string // by table: text -> key
	machines map[string]*machine          // by endpoint
	seq      map[string]int               // by ConferenceDateTime
	docks    map[int]map[*machine]bool    // machines seen at each in the window
}

type qoeTable struct {
	f *os.File
	b *bufio.Writer
	n *tally
}

// machine is a computer, or a handset.
type machine struct {
	name     string
	cards    [2]string // written in two ways of connecting
	dock     int       // where it always stands, 0 for nowhere
	seen     [2]bool   // cards, in the window
	atDock   bool
	required bool // used by someone who needs a licence for it
	exempt   bool
	phone    *device
}

func (w *world) openQoE() error {
	if !w.cfg.qoe {
		return nil
	}
	q := &qoe{rng: rng{state: w.cfg.seed + 99}, tables: map[string]*qoeTable{}, keys: map[string]map[string]string{},
		machines: map[string]*machine{}, seq: map[string]int{}, docks: map[int]map[*machine]bool{}}
	w.qoe = q
	if err := os.MkdirAll(filepath.Join(w.cfg.out, "qoe"), 0o777); err != nil {
		return err
	}
	for name, header := range qoeColumns {
		f, err := os.Create(filepath.Join(w.cfg.out, "qoe", name+".csv"))
		if err != nil {
			return err
		}
		t := &qoeTable{f, bufio.NewWriter(f), w.newTally("qoe/" + name + ".csv")}
		q.tables[name] = t
		q.keys[name] = map[string]string{}
		fmt.Fprintf(t.b, "%s\r\n", header)
	}
	return nil
}

func (w *world) closeQoE() error {
	if w.qoe == nil {
		return nil
	}
	for _, t := range w.qoe.tables {
		if err := t.b.Flush(); err != nil {
			return err
		}
		if err := t.f.Close(); err != nil {
			return err
		}
	}
	return nil
}

func (q *qoe) row(table string, fields ...string) {
	t := q.tables[table]
	t.n.Read++
	t.b.WriteString(strings.Join(fields, ",") + "\r\n")
}

// key is the number of a text in a lookup table; "" for no text. rest are the
// other columns.
func (q *qoe) key(table, text string, row func(key string) []string) string {
	if text == "" {
		return ""
	}
	keys := q.keys[table]
	if keys[text] == "" {
		keys[text] = strconv.Itoa(len(keys) + 1)
		q.row(table, row(keys[text])...)
	}
	return keys[text]
}

func (q *qoe) user(uri string) string {
	return q.key("User", uri, func(k string) []string {
		kind := "2"
		switch {
		case strings.Contains(uri, "opaque=app:conf"):
			kind = "4"
		case strings.HasPrefix(uri, "+"):
			kind = "8"
		}
		return []string{k, uri, kind, "1", "", ""}
	})
}

// qoeAgents are the programs, by ClientVersions.VersionId.
var qoeAgents = map[string][2]string{
	clientOC:        {"UCCP/2.0.6362.0 OC/2.0.6362.0 (Microsoft Office Communicator)", "4"},
	clientOCR2:      {"UCCAPI/3.5.6907.0 OC/3.5.6907.0 (Microsoft Office Communicator 2007 R2)", "4"},
	clientPhone:     {"CPE/1.0.522.101 OCPhone/1.0.522.101 (Microsoft Office Communicator 2007 Phone Edition)", "8"},
	clientCWA:       {"RTCC/2.0.6362.0 CWA/2.0.6362.0", "16387"},
	clientMeeting:   {"UCCP/2.0.6362.0 LMC/8.0.6362.0", "16"},
	clientMediation: {"RTCC/2.0.6362.0 MediationServer", "1"},
	clientAVMCU:     {"RTCC/2.0.6362.0 AV-MCU", "2"},
	clientAttendant: {"RTCC/3.5.0.0 Conferencing_Attendant_1.0", "512"},
	clientUM:        {"RTCC/3.5.0.0 MSExchangeUM", "16393"},
	clientPublic:    {"aTSC/0.1", "NULL"},
	clientSynthetic: {"RTCC/3.5.0.0 ST", "16396"},
	"gateway":       {"MediaGateway/2.1 Gateway", "32769"},
	"share":         {"RTCC/5.0.0.0 ASMCU", "16397"},
}

func (q *qoe) agent(client string) string {
	a := qoeAgents[client]
	return q.key("UserAgent", a[0], func(k string) []string { return []string{k, a[0], a[1]} })
}

// half is one side of a media session.
type half struct {
	uri, pai, client, pool string
	host                   string // of a server
	m                      *machine
	remote                 bool
}

// reports says whether the program sends quality reports.
func (h half) reports() bool { return h.m != nil || h.host != "" }

// side is a party of the call records as the quality database has it.
func (w *world) side(p party, number, pool string) half {
	h := half{uri: w.cdr.uris[p.user], client: p.client, pool: pool, remote: p.remote}
	switch {
	case p.client == clientMediation || h.uri == "":
		h.client, h.host = clientMediation, "med1.contoso.com"
		h.uri = ""
		if number != "" {
			h.uri = w.cdr.numbers[number] + domain + ";user=phone"
		} else if p.user != "" {
			h.uri = w.cdr.uris[p.user]
		}
	case p.client == clientUM, p.client == clientSynthetic, p.client == clientAttendant:
		h.host = "apps1.contoso.com"
	case p.who != nil && (p.who.class == "hosted" || p.who.class == "guest" || p.who.class == "application"):
		h.m = w.machine(p)
	}
	return h
}

// machine finds the computer or handset of a party; nil for programs in a
// browser and for handsets that the call records do not know either.
func (w *world) machine(p party) *machine {
	q := w.qoe
	if p.dev == nil && p.client != clientOC && p.client != clientOCR2 || p.dev != nil && p.dev.mac == 0 || p.endpoint == "" {
		return nil
	}
	id := p.endpoint
	if p.dev != nil {
		id = p.dev.id
	}
	if m := q.machines[id]; m != nil {
		return m
	}
	n := len(q.machines) + 1
	m := &machine{name: fmt.Sprintf("PC-%05d.contoso.com", n)}
	if p.dev != nil {
		m.name, m.phone = fmt.Sprintf("cpe-%012x.contoso.com", p.dev.mac), p.dev
		m.cards[0] = dashedMAC(p.dev.mac)
		m.cards[1] = m.cards[0]
	} else {
		m.cards = [2]string{dashedMAC(0x001aa0000000 + uint64(n)), dashedMAC(0x001aa1000000 + uint64(n))}
		if n%10 >= 8 { // two machines share each of these
			m.dock = n/10 + 1
			m.cards = [2]string{dashedMAC(0x001aa2000000 + uint64(m.dock)), dashedMAC(0x001aa2000000 + uint64(m.dock))}
		}
	}
	q.machines[id] = m
	return m
}

func dashedMAC(mac uint64) string { return dashed(fmt.Sprintf("%012x", mac)) }

func (q *qoe) endpoint(h half) string {
	name := h.host
	if h.m != nil {
		name = h.m.name
	}
	return q.key("Endpoint", name, func(k string) []string { return []string{k, name, "", "", "", "", "0"} })
}

// card is the network card of a side on a day, as a key, and whether it came
// over a VPN, whose adapter is the same on all machines.
func (w *world) card(h half, day int) (key, vpn string) {
	if h.m == nil {
		return "", ""
	}
	mac, vpn := h.m.cards[day%2], "0"
	switch in := day >= w.cfg.days-windowDays; {
	case h.remote && h.m.phone == nil:
		mac, vpn = "02-00-54-55-4E-01", "1"
	case in && h.m.dock != 0:
		if w.qoe.docks[h.m.dock] == nil {
			w.qoe.docks[h.m.dock] = map[*machine]bool{}
		}
		w.qoe.docks[h.m.dock][h.m], h.m.atDock = true, true
	case in:
		h.m.seen[day%2] = true
	}
	return w.qoe.key("MacAddress", mac, func(k string) []string { return []string{k, mac} }), vpn
}

// mediaSession is one row of Session with its media.
type mediaSession struct {
	day, from, until int // ms of the day
	caller, callee   half
	conf             string // meeting address; "" for a dialog of its own
	dialog           string
	correlation      string
	category         string
	labels           []string
}

// moment is the text of a time that may lie on the next day.
func (w *world) moment(day, ms int) string {
	return w.date(day).Add(time.Duration(ms) * time.Millisecond).Format("2006-01-02 15:04:05.000")
}

func (w *world) mediaRow(s mediaSession) {
	q := w.qoe
	if !s.caller.reports() && !s.callee.reports() {
		return
	}
	arrived := w.moment(s.day, s.until+300+q.rng.n(3000))
	q.seq[arrived]++
	seq := strconv.Itoa(q.seq[arrived])
	conf := s.conf
	if conf == "" {
		conf = s.dialog
	}
	pool := func(name string) string {
		return q.key("Pool", name, func(k string) []string { return []string{k, name} })
	}
	confKey := q.key("Conference", conf, func(k string) []string { return []string{k, conf, "0", ""} })
	corrKey := q.key("SessionCorrelation", s.correlation, func(k string) []string { return []string{"0", k, s.correlation, ""} })
	q.row("Session", arrived, seq, confKey, corrKey, s.category, "0", "NULL", w.moment(s.day, s.from), w.moment(s.day, s.until), pool(s.caller.pool), pool(s.callee.pool),
		q.user(s.callee.pai), q.user(s.caller.uri), q.endpoint(s.caller), q.agent(s.caller.client), "2", "NULL", q.user(s.caller.pai),
		q.endpoint(s.callee), q.agent(s.callee.client), q.user(s.callee.uri))
	q.row("Dialog", arrived, seq, s.dialog, "0")
	mac1, vpn1 := w.card(s.caller, s.day)
	mac2, vpn2 := w.card(s.callee, s.day)
	reported := func(h half) string {
		if h.reports() {
			return "1"
		}
		return ""
	}
	for _, label := range s.labels {
		q.row("MediaLine", arrived, seq, label, "1", mac1, vpn1, "1", mac2, vpn2, reported(s.caller), reported(s.callee))
	}
}

// mediaCall writes what the quality database has of an answered session.
func (w *world) mediaCall(s session, length int, dialog string) {
	if s.from.client == clientAVMCU || s.to.client == clientAVMCU {
		return // a session with a part of a server, told as none of a meeting
	}
	var fromNumber, toNumber string
	if s.voip != nil {
		fromNumber, toNumber = s.voip.fromPhone, s.voip.toPhone
	}
	pool := s.srv.pool
	a, b := w.side(s.from, fromNumber, pool), w.side(s.to, toNumber, pool)
	m := mediaSession{day: s.day, from: s.ms + 2000, until: s.ms + 2000 + length, caller: a, callee: b, dialog: dialog, category: "0"}
	if !a.reports() && !b.reports() {
		return
	}
	v := s.srv.version
	if s.media&mediaCalls != 0 {
		m.labels = []string{"0"}
		if s.media&mediaVideo != 0 {
			m.labels = append(m.labels, "1")
		}
		if a.client == clientMediation || b.client == clientMediation {
			m.correlation = w.qoe.rng.guid()
		}
		w.mediaRow(m)
		if m.correlation != "" {
			w.secondLeg(m, fromNumber, toNumber)
		}
		w.noteMedia(s.from, fromNumber, a.m, callPlaced, s.to.who.isPSTN(), s.day, v)
		w.noteMedia(s.to, toNumber, b.m, callReceived, s.from.who.isPSTN(), s.day, v)
	}
	if s.media&mediaShare != 0 {
		m.labels, m.correlation = []string{"3"}, ""
		w.mediaRow(m)
		w.noteMedia(s.from, fromNumber, a.m, imSession, false, s.day, v)
		w.noteMedia(s.to, toNumber, b.m, imSession, false, s.day, v)
	}
}

// secondLeg is the one between Mediation Server and gateway: people show by
// their line, and now and then by their address beside it.
func (w *world) secondLeg(m mediaSession, fromNumber, toNumber string) {
	gateway := half{uri: m.callee.uri, client: "gateway", host: "gw-redmond.contoso.com"}
	server := half{client: clientMediation, host: "med1.contoso.com", pool: m.caller.pool}
	person, number, inbound := m.caller, fromNumber, m.caller.client == clientMediation
	if inbound {
		gateway.uri, person, number = m.caller.uri, m.callee, toNumber
	}
	server.uri = person.uri
	if number != "" {
		server.uri = w.cdr.numbers[number] + domain + ";user=phone"
	}
	if w.qoe.rng.percent(30) {
		server.pai = person.uri
	}
	m.category, m.dialog = "1", w.qoe.rng.guid()+";c;d"
	m.from += 150
	m.caller, m.callee = server, gateway
	if inbound {
		m.caller, m.callee = gateway, server
	}
	w.mediaRow(m)
}

// mediaMeeting writes what the quality database has of a meeting: a session of
// each attendant with the conferencing server of each kind of media.
func (w *world) mediaMeeting(m conference, id string, end int) {
	for i, j := range m.joins {
		for _, kind := range m.kinds {
			if kind != mcuAV && (kind != mcuShare || j.dialIn) {
				continue
			}
			a := w.side(j.party, "", m.srv.pool)
			if j.dialIn {
				a = half{uri: w.cdr.uris[j.user], client: clientMediation, host: "med1.contoso.com", pool: m.srv.pool}
			}
			name := mcuKinds[kind].kind
			mcu := half{client: clientAVMCU, host: "fe1.contoso.com", pool: m.srv.pool, uri: "sip:" + m.address + ";gruu;opaque=app:conf:" + name + ":id:" + id}
			s := mediaSession{day: m.day, from: m.ms + 20_000*(i+1) + 5000, until: max(end-1000, m.ms+20_000*(i+1)+6000), caller: a, callee: mcu, conf: mcu.uri,
				dialog: w.qoe.rng.guid() + ";a;b", category: "0", labels: []string{"0"}}
			if kind == mcuShare {
				s.callee.client, s.labels = "share", []string{"3"}
			}
			w.mediaRow(s)
			if !m.synthetic {
				w.noteMedia(j.party, "", a.m, confAttended, false, m.day, m.srv.version)
			}
		}
	}
}

// noteMedia keeps what the quality database tells of a party, see note. number is
// the id of her telephone number in this call.
func (w *world) noteMedia(p party, number string, m *machine, a activity, withPSTN bool, day int, v version) {
	s := p.who
	if s == nil || day < w.cfg.days-windowDays {
		return
	}
	if w.pile != nil {
		w.pile.attest(attested{from: fromQoE, a: a, id: w.pile.idOf(p, number), pstn: withPSTN, day: day, program: p.client})
	}
	k := 0
	if withPSTN {
		k = 1
	}
	s.media[a][k] = max(s.media[a][k], v)
	if m == nil || m.phone != nil && m.phone.identity != nil {
		return
	}
	if s.needs(a) && !s.exempted {
		m.required = true
	} else {
		m.exempt = true
	}
}

// id of the machine: the least of its cards, unless other machines have the
// same one, else its name.
func (m *machine) id(q *qoe) string {
	undashed := func(card string) string { return "mac:" + strings.ToLower(strings.ReplaceAll(card, "-", "")) }
	switch {
	case m.atDock && len(q.docks[m.dock]) == 1, m.seen[0]:
		return undashed(m.cards[0])
	case m.seen[1]:
		return undashed(m.cards[1])
	}
	return "host:" + strings.ToLower(m.name)
}
