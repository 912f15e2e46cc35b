package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// sipMessage is one message as a trace has it.
type sipMessage struct {
	at      time.Time
	in      bool // received by the machine that traced it
	server  string
	start   string
	headers []string
	body    string
}

// dialog is one transaction, or several of one Call-ID.
type dialog struct {
	p      *pile
	src    source
	at     time.Time
	srv    *server
	call   string
	from   string // with tag
	to     string
	toTag  string
	seq    int
	hops   int
	caller []string // headers that only the caller writes
	callee []string
}

func (p *pile) clock(day, ms int) time.Time {
	return p.w.date(day).Add(time.Duration(ms) * time.Millisecond)
}

// dialog begins one between two addresses.
func (p *pile) dialog(src source, day, ms int, srv *server, from, to string) *dialog {
	p.dialogs++
	d := &dialog{p: p, src: src, at: p.clock(day, ms), srv: srv, call: fmt.Sprintf("%s%06d", p.rng.hex(26), p.dialogs),
		from: from + ";tag=" + p.rng.hex(10), to: to, toTag: p.rng.hex(10), hops: 1}
	if src == fromOCSLogger && p.dialogs%3 == 0 {
		d.hops = 2
	}
	return d
}

// request adds a request and its final answer, each at every hop.
func (d *dialog) request(method, uri string, status int, body, answer string, answerHeaders ...string) {
	d.seq++
	d.at = d.at.Add(37 * time.Millisecond)
	to := "<" + d.to + ">"
	if d.seq > 1 && method != "REGISTER" {
		to += ";tag=" + d.toTag
	}
	common := func(to string) []string {
		return []string{"From: " + d.from, "To: " + to, "Call-ID: " + d.call, fmt.Sprintf("CSeq: %d %s", d.seq, method)}
	}
	route := fmt.Sprintf("Record-Route: <sip:%s:5061;transport=tls;ms-fe=%s;lr>", d.srv.pool, d.srv.fqdn)
	d.add(method+" "+uri+" SIP/2.0", slices.Concat(common(to), []string{"Max-Forwards: 70", route}, d.caller), body, true)
	if status == 0 {
		return
	}
	if method == "INVITE" && status == 200 {
		d.add("SIP/2.0 100 Trying", common("<"+d.to+">"), "", false)
	}
	reason := map[int]string{200: "OK", 401: "Unauthorized", 408: "Request Timeout", 480: "Temporarily Unavailable", 486: "Busy Here",
		487: "Request Terminated", 603: "Decline"}[status]
	d.add(fmt.Sprintf("SIP/2.0 %d %s", status, reason), slices.Concat(common("<"+d.to+">;tag="+d.toTag), []string{route}, d.callee, answerHeaders), answer, false)
	if method == "INVITE" {
		d.add("ACK "+uri+" SIP/2.0", common("<"+d.to+">;tag="+d.toTag), "", true)
	}
}

func (d *dialog) add(start string, headers []string, body string, request bool) {
	for hop := range d.hops {
		d.at = d.at.Add(3 * time.Millisecond)
		via := fmt.Sprintf("Via: SIP/2.0/TLS 10.0.0.%d:5061;branch=z9hG4bK%s", 20+hop, d.p.rng.hex(8))
		all := slices.Concat([]string{via}, headers, []string{fmt.Sprintf("Content-Length: %d", len(body))})
		in := (hop == 0) == request
		if d.src != fromOCSLogger {
			in = !request // the log is the caller's, or taken for it
		}
		d.p.traces[d.src] = append(d.p.traces[d.src], sipMessage{at: d.at, in: in, server: d.srv.fqdn, start: start, headers: all, body: body})
	}
}

// sipURI is the address of a party as SIP writes it.
func sipURI(id string) string {
	if strings.HasPrefix(id, "+") {
		return "sip:" + id + domain + ";user=phone"
	}
	return "sip:" + id
}

// named is the address with the name of the person, if she has one.
func (p *pile) named(q party, id string) string {
	if x := p.people[q.who]; x != nil {
		return fmt.Sprintf("%q <%s>", x.name.display(), sipURI(id))
	}
	return "<" + sipURI(id) + ">"
}

// says is what a party's client writes of itself.
func (p *pile) says(q party, trust bool) (list []string) {
	if agent := qoeAgents[q.client][0]; agent != "" {
		list = append(list, "User-Agent: "+agent)
	}
	if q.endpoint != "" {
		list = append(list, fmt.Sprintf(`Contact: <sip:10.0.1.9:50061;transport=tls>;proxy=replace;+sip.instance="<urn:uuid:%s>"`, q.endpoint))
	}
	if !trust || q.who == nil {
		return list
	}
	const mark = "ms-edge-proxy-message-trust: ms-source-type=%s;ms-ep-fqdn=edge1.contoso.com;ms-source-verified-user=%s;ms-source-network=%s"
	switch q.who.class {
	case "federated":
		list = append(list, fmt.Sprintf(mark, "DirectPartner", "verified", "federation"))
	case "public-im":
		list = append(list, fmt.Sprintf(mark, "AuthorizedServer", "unverified", "publiccloud"))
	}
	return list
}

// traceSignIn: the server asks for a password, then lets in.
func (p *pile) traceSignIn(src source, day, ms int, q party, srv *server) {
	id := p.idOf(q, "")
	d := p.dialog(src, day, ms, srv, p.named(q, id), "sip:"+id)
	d.from += ";epid=" + p.rng.hex(10)
	d.caller = p.says(q, false)
	d.request("REGISTER", "sip:contoso.com", 401, "", "", fmt.Sprintf(`WWW-Authenticate: Kerberos realm="SIP Communications Service", targetname="sip/%s", version=3`, srv.fqdn))
	d.request("REGISTER", "sip:contoso.com", 200, "", "", "Server: RTC/3.0", "Expires: 7200",
		fmt.Sprintf(`Authentication-Info: Kerberos rspauth="%s", srand="%s", snum="1", opaque="%s", qop="auth", targetname="sip/%s", realm="SIP Communications Service"`,
			p.rng.hex(32), p.rng.hex(8), p.rng.hex(8), srv.fqdn))
}

// sdp offers the media of a session.
func sdp(media int) string {
	text := "v=0\r\no=- 0 0 IN IP4 10.0.1.9\r\ns=session\r\nc=IN IP4 10.0.1.9\r\nt=0 0\r\n"
	for _, m := range []struct {
		bits int
		line string
	}{{mediaIM | mediaFile, "m=message 5060 sip null\r\n"}, {mediaAudio, "m=audio 21000 RTP/SAVP 114 111\r\n"},
		{mediaVideo, "m=video 21002 RTP/SAVP 121\r\n"}, {mediaShare, "m=applicationsharing 21004 TCP/RTP/SAVP 127\r\n"}} {
		if media&m.bits != 0 {
			text += m.line
		}
	}
	return text
}

// traceSession: an INVITE with its media, answered or not, and a BYE.
func (p *pile) traceSession(src source, s session) {
	p.attestSession(src, s)
	from, to := p.ids(s)
	d := p.dialog(src, s.day, s.ms, s.srv, p.named(s.from, from), sipURI(to))
	d.caller, d.callee = p.says(s.from, true), p.says(s.to, true)
	if strings.HasPrefix(from, "+") {
		d.caller = append(d.caller, "ms-call-source: non-ms-rtc")
	}
	answer := ""
	if s.code == 200 {
		answer = sdp(s.media)
	}
	d.request("INVITE", sipURI(to), s.code, sdp(s.media), answer)
	if s.code != 200 {
		return
	}
	if s.media&mediaIM != 0 {
		d.request("MESSAGE", sipURI(to), 200, "Hello", "")
	}
	d.at = d.at.Add(20 * time.Second)
	d.request("BYE", sipURI(to), 200, "", "")
}

// traceMeeting: made at the focus factory, then joined at the focus and at the
// conferencing servers.
func (p *pile) traceMeeting(m conference) {
	id := p.rng.hex(8)
	at := func(kind string) string { return "sip:" + m.address + ";gruu;opaque=app:conf:" + kind }
	host := p.idOf(m.organiser, "")
	d := p.dialog(fromOCSLogger, m.day, m.ms, m.srv, p.named(m.organiser, host), at("focusfactory"))
	d.caller = p.says(m.organiser, false)
	d.request("SERVICE", at("focusfactory"), 200, `<request xmlns="urn:ietf:params:xml:ns:cccp" requestId="1"><addConference><ci:conference-info entity=""><msci:conference-id>`+
		id+`</msci:conference-id></ci:conference-info></addConference></request>`, `<response requestId="1" code="success"><addConference/></response>`)
	for i, j := range m.joins {
		who := p.idOf(j.party, "")
		join := func(kind, body, answer string) {
			d := p.dialog(fromOCSLogger, m.day, m.ms+20_000*(i+1), m.srv, p.named(j.party, who), at(kind+":id:"+id))
			d.caller = p.says(j.party, true)
			d.request("INVITE", at(kind+":id:"+id), 200, body, answer)
		}
		if !j.dialIn {
			join("focus", `<request requestId="0"><addUser/></request>`, `<response requestId="0" code="success"><addUser/></response>`)
		}
		for _, kind := range m.kinds {
			media := map[int]int{mcuChat: mediaIM, mcuAV: mediaAudio, mcuShare: mediaShare}[kind]
			switch {
			case j.dialIn && kind != mcuAV:
			case media == 0:
				join(mcuKinds[kind].kind, `<request requestId="0"><addUser/></request>`, "")
			default:
				join(mcuKinds[kind].kind, sdp(media), sdp(media))
			}
		}
	}
}

// writeTraces writes each trace in the shape of its tool: that of the front
// ends in two files, as it rolled over, one in an ANSI code page, the other in
// UTF-16 and packed.
func (p *pile) writeTraces() error {
	for src := range p.traces {
		slices.SortStableFunc(p.traces[src], func(a, b sipMessage) int { return a.at.Compare(b.at) })
	}
	all := p.traces[fromOCSLogger]
	half := len(all) / 2
	packed, err := gzipped(utf16le(ocsLogger(all[half:])))
	if err != nil {
		return err
	}
	for _, f := range []struct {
		src  source
		name string
		data []byte
	}{
		{fromOCSLogger, "SIPStack-0.txt", ansi(ocsLogger(all[:half]))},
		{fromOCSLogger, "SIPStack-1.txt.gz", packed},
		{fromUCCAPI, "Communicator-uccapi-0.uccapilog", []byte(uccapi(p.traces[fromUCCAPI]))},
		{fromSIPE, "purple-debug.log", []byte(sipe(p.traces[fromSIPE]))},
		{fromBare, "messages.txt", []byte(bare(p.traces[fromBare]))},
	} {
		if err := p.put(f.src, f.name, f.data, -1); err != nil {
			return err
		}
	}
	return nil
}

func (m *sipMessage) whole() string {
	return m.start + "\r\n" + strings.Join(m.headers, "\r\n") + "\r\n\r\n" + m.body
}

func ocsLogger(list []sipMessage) string {
	var b strings.Builder
	for i, m := range list {
		direction, kind, body := "outgoing", "request", m.body
		if m.in {
			direction = "incoming"
		}
		if strings.HasPrefix(m.start, "SIP/2.0") {
			kind = "response"
		}
		if body == "" {
			body = "-"
		}
		fmt.Fprintf(&b, "TL_INFO(TF_PROTOCOL) [0]0A1C.0B2D::%s.%08x (SIPStack,SIPAdminLog::TraceProtocolRecord:SIPAdminLog.cpp(122))$$begin_record\r\n"+
			"Instance-Id: %08X\r\nDirection: %s\r\nPeer: 10.0.1.9:50061\r\nMessage-Type: %s\r\nStart-Line: %s\r\n%s\r\nMessage-Body: %s\r\n$$end_record\r\n\r\n",
			m.at.Format("01/02/2006-15:04:05.000"), i, i, direction, kind, m.start, strings.Join(m.headers, "\r\n"), body)
	}
	return b.String()
}

func uccapi(list []sipMessage) string {
	var b strings.Builder
	for _, m := range list {
		stamp, what, side := m.at.Format("01/02/2006|15:04:05.000")+" 0A1C:0B2D INFO  :: ", "Sending Packet", "From"
		if m.in {
			what, side = "Data Received", "To"
		}
		text := m.whole()
		where := fmt.Sprintf(" - 10.0.0.20:5061 (%s Local Address: 10.0.1.9:50061) %d bytes", side, len(text))
		fmt.Fprintf(&b, "%s%s%s:\r\n%s%s\r\n%sEnd of %s%s\r\n", stamp, what, where, stamp, text, stamp, what, where)
	}
	return b.String()
}

func sipe(list []sipMessage) string {
	var b strings.Builder
	for _, m := range list {
		arrows := ">>>>>>>>>>"
		if m.in {
			arrows = "<<<<<<<<<<"
		}
		stamp := m.at.Format("2006-01-02T15:04:05.000000Z")
		fmt.Fprintf(&b, "(%s) sipe: \nMESSAGE START %s SIP(0x55d0c8) - %s\n%s\nMESSAGE END %s SIP(0x55d0c8) - %s\n",
			m.at.Format("15:04:05"), arrows, stamp, strings.ReplaceAll(m.whole(), "\r\n", "\n"), arrows, stamp)
	}
	return b.String()
}

func bare(list []sipMessage) string {
	var b strings.Builder
	for _, m := range list {
		b.WriteString(m.whole() + "\r\n")
	}
	return b.String()
}
