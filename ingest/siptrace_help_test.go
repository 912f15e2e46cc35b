package ingest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"calaudit/ingest/siptrace"
)

// traceResult is everything that files of one folder were read to.
type traceResult struct {
	names   []Name
	records []Record
	skipped map[string]int
	rejects []Reject
	notes   []string
	rows    []int // by file
	open    []int // unresolved, by file
}

func (r *traceResult) text(id ID) Name {
	if id == 0 {
		return Name{}
	}
	return r.names[id-1]
}

func (r *traceResult) total() (n int) {
	for _, rows := range r.rows {
		n += rows
	}
	return n
}

// facts composes all records by day and prints them sorted.
func (r *traceResult) facts() []string {
	days := map[int64][]Record{}
	for _, rec := range r.records {
		days[dayOf(rec.Key)] = append(days[dayOf(rec.Key)], rec)
	}
	var lines []string
	for _, day := range days {
		for _, f := range Compose(day, r.text) {
			s := factText(f, r.text)
			if f.Until > 0 {
				s += " until " + time.UnixMilli(f.Until).UTC().Format("15:04:05")
			}
			lines = append(lines, s)
		}
	}
	slices.Sort(lines)
	return lines
}

var traceEnv = &Env{Now: importTime, Location: time.UTC}

// readTraces reads texts as the files of one folder.
func readTraces(t testing.TB, shape *siptrace.Shape, env *Env, texts ...string) *traceResult {
	t.Helper()
	var files []*File
	for i, text := range texts {
		files = append(files, NewFile(fmt.Sprintf("trace%d.txt", i), []byte(text)))
	}
	res := &traceResult{skipped: map[string]int{}, rows: make([]int, len(files)), open: make([]int, len(files))}
	err := readTrace(context.Background(), shape, files, env, func(b *Batch) error {
		if b.Rows() < 0 || b.Further < 0 {
			t.Errorf("a batch of %d rows, %d further records", b.Rows(), b.Further)
		}
		for i := range b.Records {
			r := &b.Records[i]
			if r.Line == 0 || i > 0 && b.Records[i-1].Line == r.Line && b.Records[i-1].Key != r.Key {
				t.Errorf("record %+v", *r)
			}
			for _, id := range r.Names() {
				if int(id) > len(res.names)+len(b.Names) {
					t.Fatalf("name %d of %d", id, len(res.names)+len(b.Names))
				}
			}
		}
		res.names = append(res.names, b.Names...)
		res.records = append(res.records, b.Records...)
		res.rejects = append(res.rejects, b.Rejects...)
		res.notes = append(res.notes, b.Notes...)
		res.rows[b.File] += b.Rows()
		res.open[b.File] += b.Unresolved
		for why, n := range b.Skipped {
			res.skipped[why] += n
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// traceMsg is a message as a trace holds it. Headers are lines.
type traceMsg struct {
	at      time.Time
	in      bool // received
	machine string
	start   string
	headers []string
	body    string
}

var traceStart = time.Date(2009, 3, 2, 8, 0, 0, 0, time.UTC)

// render writes messages in the shape of a tool.
func render(shape *siptrace.Shape, msgs []traceMsg) string {
	var b strings.Builder
	for i, m := range msgs {
		whole := m.start + "\r\n" + strings.Join(m.headers, "\r\n") + "\r\n\r\n" + m.body
		switch shape {
		case siptrace.OCSLogger:
			machine := m.machine
			if machine == "" {
				machine = "0"
			}
			direction := map[bool]string{false: "outgoing", true: "incoming"}[m.in]
			kind := "request"
			if strings.HasPrefix(m.start, "SIP/2.0") {
				kind = "response"
			}
			body := m.body
			if body == "" {
				body = "-"
			}
			fmt.Fprintf(&b, "TL_INFO(TF_PROTOCOL) [%s]0A1C.0B2D::%s.%08x (SIPStack,SIPAdminLog::TraceProtocolRecord:SIPAdminLog.cpp(122))$$begin_record\r\n"+
				"Instance-Id: %08X\r\nDirection: %s\r\nPeer: 10.1.2.3:5061\r\nMessage-Type: %s\r\nStart-Line: %s\r\n%s\r\nMessage-Body: %s\r\n$$end_record\r\n\r\n",
				machine, m.at.Format("01/02/2006-15:04:05.000"), i, i, direction, kind, m.start, strings.Join(m.headers, "\r\n"), body)
		case siptrace.UCCAPI:
			stamp, what, side := m.at.Format("01/02/2006|15:04:05.000")+" 0A1C:0B2D INFO  :: ", "Sending Packet", "From"
			if m.in {
				what, side = "Data Received", "To"
			}
			where := fmt.Sprintf(" - 10.1.2.3:5061 (%s Local Address: 10.1.9.9:50061) %d bytes", side, len(whole))
			fmt.Fprintf(&b, "%s%s%s:\r\n%s%s\r\n%sEnd of %s%s\r\n", stamp, what, where, stamp, whole, stamp, what, where)
		case siptrace.SIPE:
			arrows := map[bool]string{false: ">>>>>>>>>>", true: "<<<<<<<<<<"}[m.in]
			stamp := m.at.Format("2006-01-02T15:04:05.000000Z")
			fmt.Fprintf(&b, "(%s) sipe: \nMESSAGE START %s SIP(0x55d0c8) - %s\n%s\nMESSAGE END %s SIP(0x55d0c8) - %s\n",
				m.at.Format("15:04:05"), arrows, stamp, strings.ReplaceAll(whole, "\r\n", "\n"), arrows, stamp)
		case siptrace.Bare:
			b.WriteString(whole + "\r\n")
		}
	}
	return b.String()
}

// traceStory is what happened at contoso.com one morning, as its messages.
type traceStory struct {
	msgs []traceMsg
	at   time.Time
	n    int // of the dialog
}

func newStory() *traceStory { return &traceStory{at: traceStart} }

const (
	ocAgent   = "UCCAPI/3.5.6907.0 OC/3.5.6907.0 (Microsoft Office Communicator 2007 R2)"
	aliceEpid = "c8ca638a15"
	aliceUUID = "34d859db-6585-5f91-a3b4-de853c15347d" // of that epid: published
	bobEpid   = "01010101"
	bobUUID   = "4b1682a8-f968-5701-83fc-7c6741dc6697" // of that epid: published
)

// request adds a request and, unless status is 0, its answer.
func (s *traceStory) request(method, uri, from, to, call string, status int, headers []string, body string, answerHeaders []string, answer string) {
	s.n++
	s.at = s.at.Add(time.Second)
	to, tag, _ := strings.Cut(to, "#")
	toAsked := to
	if tag != "" {
		toAsked = to + ";tag=" + tag
	} else {
		tag = "t" + call
	}
	common := func(to string) []string {
		return []string{"Via: SIP/2.0/TLS 10.1.9.9:50061", "Max-Forwards: 70", "From: " + from, "To: " + to, "Call-ID: " + call,
			fmt.Sprintf("CSeq: %d %s", s.n, method)}
	}
	s.msgs = append(s.msgs, traceMsg{at: s.at, in: true, start: method + " " + uri + " SIP/2.0",
		headers: append(append(common(toAsked), headers...), fmt.Sprintf("Content-Length: %d", len(body))), body: body})
	if status != 0 {
		s.msgs = append(s.msgs, traceMsg{at: s.at.Add(20 * time.Millisecond), start: fmt.Sprintf("SIP/2.0 %d Told", status),
			headers: append(append(common(to+";tag="+tag), answerHeaders...), fmt.Sprintf("Content-Length: %d", len(answer))), body: answer})
	}
}

// party is an address with tag and epid.
func party(user, tag, epid string) string {
	return fmt.Sprintf(`"%s, the %c"<sip:%s>;tag=%s;epid=%s`, user, user[0], user, tag, epid)
}

var (
	aliceSays = []string{"User-Agent: " + ocAgent, `Contact: <sip:10.1.9.9:50061;transport=tls>;proxy=replace;+sip.instance="<urn:uuid:` + strings.ToUpper(aliceUUID) + `>"`}
	bobSays   = []string{"User-Agent: " + ocAgent, `Contact: <sip:bob@contoso.com;opaque=user:epid:qIIWS2j5AVeD_HxnQdxmlwAA;gruu>`}
	granted   = []string{"Server: RTC/3.5", "Expires: 7200", `Authentication-Info: NTLM qop="auth", rspauth="0100", realm="SIP Communications Service", targetname="fe1.contoso.com"`}
)

const (
	audioSDP = "v=0\r\no=- 0 0 IN IP4 10.1.9.9\r\ns=session\r\nc=IN IP4 10.1.9.9\r\nt=0 0\r\nm=audio 21000 RTP/SAVP 114 111\r\na=rtpmap:114 x-msrta/16000\r\n"
	imSDP    = "v=0\r\no=- 0 0 IN IP4 10.1.9.9\r\ns=session\r\nc=IN IP4 10.1.9.9\r\nt=0 0\r\nm=message 5060 sip null\r\na=accept-types:text/rtf text/plain\r\n"
)

func (s *traceStory) signIn(user, tag, epid string, says []string, call string, status int, more ...string) {
	s.request("REGISTER", "sip:contoso.com", party(user, tag, epid), "<sip:"+user+">", call, status, append(slices.Clone(says), more...), "", granted, "")
}

// withoutTimes takes the times off facts, for shapes that have none.
func withoutTimes(facts []string) []string {
	var list []string
	for _, f := range facts {
		f = strings.TrimPrefix(f, "undated ")
		if len(f) > 15 && f[2] == '-' && f[8] == ':' {
			f = f[15:]
		}
		f, _, _ = strings.Cut(f, " until ")
		list = append(list, f)
	}
	slices.Sort(list)
	return list
}
