package siptrace

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"calaudit/ingest/sip"
)

var shapes = map[string]*Shape{"ocslogger": OCSLogger, "uccapi": UCCAPI, "sipe": SIPE, "bare": Bare}

// got shows the records of a text.
func got(t testing.TB, s *Shape, in io.Reader) (list []string) {
	t.Helper()
	return records(t, NewReader(in, s))
}

func records(t testing.TB, r *Reader) (list []string) {
	t.Helper()
	for {
		rec, err := r.Read()
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, show(rec))
	}
}

func show(r *Record) string {
	s := fmt.Sprintf("%d %s", r.Line, [...]string{Message: "message", Other: "other", Stray: "stray", Rest: "rest", TooLong: "too long"}[r.Kind])
	if r.Kind == Message && r.Bad == "" {
		var m sip.Message
		if !r.Parse(&m) {
			return s + " without a start line"
		}
		s += " " + string(r.Start())
		for _, h := range m.Headers {
			switch string(h.Name) {
			case "Start-Line", "Instance-Id", "Direction", "Peer", "Message-Type", "Trace-Correlation-Id":
			default:
				s += "|" + string(h.Name) + "=" + string(h.Value)
			}
		}
		if len(m.Body) > 0 {
			s += fmt.Sprintf("|%q", m.Body)
		}
		ms, zone, bad := r.Time(time.FixedZone("", 3600))
		if zone != NoTime {
			s += " " + time.UnixMilli(ms).UTC().Format("2006-01-02 15:04:05.000")
		}
		if len(r.Machine) > 0 {
			s += " at " + string(r.Machine)
		}
		s += bad
	}
	if r.Bad != "" {
		s += " " + r.Bad
	}
	if r.Others > 0 {
		s += fmt.Sprintf(" others %d", r.Others)
	}
	if r.Cut {
		s += " cut"
	}
	return s
}

const (
	ocsPrefix = "TL_INFO(TF_PROTOCOL) [0]0A1C.0B2D::03/02/2009-08:01:00.123.00004f1a (SIPStack,SIPAdminLog::TraceProtocolRecord:SIPAdminLog.cpp(122))"
	ocsAt     = " 2009-03-02 08:01:00.123"
	ocsOther  = "TL_NOISE(TF_COMPONENT) [1]0A1C.0B2D::03/02/2009-08:01:00.124.00004f1b (S4,Class::Func:File.cpp(12))a line\n"
	ucPrefix  = "03/02/2009|08:01:00.123 A1C:B2D INFO  :: "
	sipeMarkA = "MESSAGE START >>>>>>>>>> SIP(0x55d0c8) - 2009-03-02T08:01:00.123456Z\n"
	sipeMarkB = "MESSAGE END >>>>>>>>>> SIP(0x55d0c8) - 2009-03-02T08:01:00.123456Z\n"
)

func TestRecordsAreCutByTheirShape(t *testing.T) {
	const ack, ok = "ACK sip:b SIP/2.0", "SIP/2.0 200 OK"
	record := func(fields string) string { return ocsPrefix + "$$begin_record\n" + fields + "$$end_record\n" }
	ackRecord := record("Start-Line: " + ack + "\nTo: x\nMessage-Body: -\n")
	for _, c := range []struct {
		name  string
		shape *Shape
		in    string
		want  []string
	}{
		{"nothing", OCSLogger, "", nil},
		{"blank lines", OCSLogger, "\n\r\n  \n", nil},
		{"two records", OCSLogger, ackRecord + "\n" + ackRecord, []string{"1 message " + ack + "|To=x" + ocsAt, "7 message " + ack + "|To=x" + ocsAt}},
		{"fields in any order", OCSLogger, record("Peer: p:1\nTrace-Correlation-Id: 1\nTO: x\nInstance-Id: 1\nStart-Line: " + ok + "\nDirection: outgoing;source=\"local\" \nMessage-Body: \n"),
			[]string{"1 message " + ok + "|TO=x" + ocsAt}},
		{"a body", OCSLogger, record("Start-Line: " + ack + "\nTo: x\nMessage-Body: v=0\r\n\r\nTL_x\r\n"), []string{`1 message ` + ack + `|To=x|"v=0\r\n\r\nTL_x\r\n"` + ocsAt}},
		{"pool and machine", OCSLogger, strings.Replace(ackRecord, "[0]", `[pool1\fe1]`, 1), []string{"1 message " + ack + "|To=x" + ocsAt + " at fe1"}},
		{"a correlation id behind the prefix", OCSLogger, strings.Replace(ackRecord, "$$begin_record", "[1234567] $$begin_record", 1), []string{"1 message " + ack + "|To=x" + ocsAt}},
		{"a prefix on two lines", OCSLogger, strings.Replace(ackRecord, " (SIPStack", "\n(SIPStack", 1) + ackRecord, []string{"1 message " + ack + "|To=x" + ocsAt, "7 message " + ack + "|To=x" + ocsAt}},
		{"wrapped values", OCSLogger, record("Start-Line: ACK\nsip:b SIP/2.0\nTo: \"X\"\n<sip:x@y>;tag=1;\nepid=2\n"), []string{`1 message ACK sip:b SIP/2.0|To="X" <sip:x@y>;tag=1; epid=2` + ocsAt}},
		{"indented", OCSLogger, record("  Start-Line: " + ack + "\n  To: x\n  Message-Body: -\n"), []string{"1 message " + ack + "|To=x" + ocsAt}},
		{"not closed, another begins", OCSLogger, strings.Replace(ackRecord, "$$end_record\n", "", 1) + ackRecord, []string{"1 message " + ack + "|To=x" + ocsAt + " cut", "5 message " + ack + "|To=x" + ocsAt}},
		{"not closed at the end", OCSLogger, ocsPrefix + "$$begin_record\nStart-Line: " + ack + "\nTo: x", []string{"1 message " + ack + "|To=x" + ocsAt + " cut"}},
		{"cut before the start line", OCSLogger, ocsPrefix + "$$begin_record\nInstance-Id: 1\n" + ackRecord,
			[]string{"1 message the record is cut before its start line; export the trace again cut", "3 message " + ack + "|To=x" + ocsAt}},
		{"cut in the prefix", OCSLogger, ackRecord + ocsPrefix[:50], []string{"1 message " + ack + "|To=x" + ocsAt, "6 other"}},
		{"lines of others between", OCSLogger, ocsOther + ackRecord + ocsOther, []string{"1 other", "2 message " + ack + "|To=x" + ocsAt, "7 other"}},
		{"lines of others inside", OCSLogger, strings.Replace(ackRecord, "To: x", ocsOther+"To: x\n"+ocsOther+"CSeq: 1", 1), []string{"1 message " + ack + "|To=x|CSeq=1" + ocsAt + " others 2"}},
		{"a record inside", OCSLogger, ocsPrefix + "$$begin_record\nStart-Line: " + ok + "\nTo: y\n" + ackRecord + "CSeq: 1\n$$end_record\n",
			[]string{"1 message " + ok + "|To=y" + ocsAt + " cut", "4 message " + ack + "|To=x" + ocsAt, "9 rest"}},
		{"a diagnostic record", OCSLogger, record("LogType: diagnostic\nSeverity: information\nSIP-Start-Line: "+ack+"\n") + ackRecord, []string{"1 other", "6 message " + ack + "|To=x" + ocsAt}},
		{"a diagnostic record without a mark", OCSLogger, ocsPrefix + "\nLogType: diagnostic\nText: x\n$$end_record\n" + ackRecord, []string{"1 other", "5 message " + ack + "|To=x" + ocsAt}},
		{"a record of another component", OCSLogger, record("Something: else\n"), []string{"1 other"}},
		{"the rest of a record", OCSLogger, "To: x\nMessage-Body: -\n$$end_record\nmore\n" + ackRecord, []string{"1 rest", "4 stray", "5 message " + ack + "|To=x" + ocsAt}},
		{"text of another product", OCSLogger, "SIP 02/03/2009-08:01:00 $$begin_record\nStart-Line: " + ack + "\nx\n" + ackRecord, []string{"1 stray", "4 message " + ack + "|To=x" + ocsAt}},
		{"day and month the wrong way round", OCSLogger, strings.Replace(ackRecord, "03/02/2009", "23/02/2009", 1),
			[]string{"1 message " + ack + "|To=xthe time of the record is not MM/DD/YYYY-HH:MM:SS.mmm; export the trace again"}},
		{"a start line that is none", OCSLogger, record("Start-Line: ACK\nTo: x\n"), []string{"1 message without a start line"}},

		{"sent and received", UCCAPI, ucPrefix + "Sending Packet - 10.1.2.3:5061 (From Local Address: 10.1.9.9:50061) 9 bytes:\n" + ucPrefix + ack + "\nTo: x\n\nv=0\n" +
			ucPrefix + "End of Sending Packet\n" + ucPrefix + "Data Received - 10.1.2.3:5061 (To Local Address: x) 9 bytes:\n" + ucPrefix + ok + "\nTo: y\n\n",
			[]string{`1 message ` + ack + `|To=x|"v=0\n" 2009-03-02 07:01:00.123`, "6 other", "7 message " + ok + "|To=y 2009-03-02 07:01:00.123"}},
		{"no closing line", UCCAPI, strings.Repeat(ucPrefix+"Data Received - x\n"+ucPrefix+ok+"\nTo: y\n\n", 2), []string{"1 message " + ok + "|To=y 2009-03-02 07:01:00.123", "5 message " + ok + "|To=y 2009-03-02 07:01:00.123"}},
		{"the start line without a prefix", UCCAPI, ucPrefix + "Data Received - x\n" + ok + "\nTo: y\n\n", []string{"1 message " + ok + "|To=y 2009-03-02 07:01:00.123"}},
		{"the first line lost", UCCAPI, "To: z\n" + ucPrefix + ok + "\nTo: y\n", []string{"1 stray", "2 message " + ok + "|To=y 2009-03-02 07:01:00.123"}},
		{"each header indented", UCCAPI, ucPrefix + "Data Received - x\n" + ucPrefix + ok + "\n To: y\n CSeq: 1\n\n", []string{"1 message " + ok + "|To=y|CSeq=1 2009-03-02 07:01:00.123"}},
		{"a packet without a message", UCCAPI, ucPrefix + "Data Received - x\n" + ucPrefix + "something\n", []string{"1 message without a start line", "2 other"}},
		{"lines about other things", UCCAPI, ucPrefix + "one\nand more\n" + strings.Replace(ucPrefix, "INFO ", "TRACE", 1) + "two\n", []string{"1 other", "3 other"}},
		{"no such day", UCCAPI, strings.ReplaceAll(ucPrefix, "03/02", "02/30") + ack + "\nTo: x\n", []string{"1 message " + ack + "|To=xthe time of the record is not MM/DD/YYYY|HH:MM:SS.mmm; copy the log again"}},

		{"marks", SIPE, "(08:01:00) sipe: x\n(08:01:00) sipe:\n" + sipeMarkA + ack + "\nTo: x\n\nv=0\n" + sipeMarkB + "tail\n", []string{"1 stray", `3 message ` + ack + `|To=x|"v=0\n"` + ocsAt, "9 stray"}},
		{"the mark on the line of the log", SIPE, "(08:01:00) sipe: " + sipeMarkA + ack + "\nTo: x\n\n" + sipeMarkB, []string{"1 message " + ack + "|To=x" + ocsAt}},
		{"without a connection", SIPE, strings.ReplaceAll(sipeMarkA, "SIP(0x55d0c8)", "SIP") + ack + "\nTo: x\n\n" + sipeMarkB, []string{"1 message " + ack + "|To=x" + ocsAt}},
		{"HTTP", SIPE, strings.Replace(sipeMarkA, "SIP(", "HTTP(", 1) + "GET / HTTP/1.1\n\n" + sipeMarkB, []string{"1 other"}},
		{"the end lost", SIPE, sipeMarkA + ack + "\nTo: x\n" + sipeMarkA + ok + "\nTo: y\n\n" + sipeMarkB, []string{"1 message " + ack + "|To=x" + ocsAt + " cut", "4 message " + ok + "|To=y" + ocsAt}},
		{"the beginning lost", SIPE, "To: x\n\n" + sipeMarkB + sipeMarkA + ok + "\n\n" + sipeMarkB, []string{"1 rest", "4 message " + ok + ocsAt}},
		{"a MESSAGE in it", SIPE, sipeMarkA + "MESSAGE sip:b SIP/2.0\nCSeq: 1 MESSAGE\n\nMESSAGE \n" + sipeMarkB, []string{`1 message MESSAGE sip:b SIP/2.0|CSeq=1 MESSAGE|"MESSAGE \n"` + ocsAt}},
		{"a time that is none", SIPE, strings.Replace(sipeMarkA, "2009-03-02T", "2009-13-02T", 1) + ack + "\n\n" + sipeMarkB,
			[]string{"1 message " + ack + "the time of the message is not YYYY-MM-DDTHH:MM:SSZ; save the debug log again"}},

		{"messages", Bare, ack + "\nTo: x\n\nv=0\n\n" + ok + "\nTo: y\n\n", []string{`1 message ` + ack + `|To=x|"v=0\n\n"`, "6 message " + ok + "|To=y"}},
		{"Via is no start line", Bare, ack + "\nVia: SIP/2.0/TLS x\nX: y SIP/2.0\n\n", []string{"1 message " + ack + "|Via=SIP/2.0/TLS x|X=y SIP/2.0"}},
		{"a fragment", Bare, "NOTIFY sip:b SIP/2.0\nContent-Type: message/sipfrag\n\nSIP/2.0 100 Trying\n" + ok + "\nTo: y\n", []string{
			`1 message NOTIFY sip:b SIP/2.0|Content-Type=message/sipfrag|"SIP/2.0 100 Trying\n"`, "5 message " + ok + "|To=y"}},
		{"cut and foreign text", Bare, "tag=1\nfoo\n" + ack + "\nTo: x\n" + ok + "\nTo: <si", []string{"1 stray", "3 message " + ack + "|To=x", "5 message " + ok + "|To=<si"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if g := got(t, c.shape, strings.NewReader(c.in)); !slices.Equal(g, c.want) {
				t.Errorf("got\n  %s\nwant\n  %s", strings.Join(g, "\n  "), strings.Join(c.want, "\n  "))
			}
			if g := got(t, c.shape, iotest.OneByteReader(strings.NewReader(c.in))); !slices.Equal(g, c.want) {
				t.Errorf("byte by byte: got\n  %s\nwant\n  %s", strings.Join(g, "\n  "), strings.Join(c.want, "\n  "))
			}
			crlf := strings.ReplaceAll(strings.ReplaceAll(c.in, "\r\n", "\n"), "\n", "\r\n")
			if g := got(t, c.shape, strings.NewReader(crlf)); !slices.Equal(withoutBodies(g), withoutBodies(c.want)) {
				t.Errorf("with CRLF: got\n  %s", strings.Join(g, "\n  "))
			}
		})
	}
}

// withoutBodies leaves line ends in bodies out of account.
func withoutBodies(list []string) (out []string) {
	for _, s := range list {
		out = append(out, strings.ReplaceAll(s, `\r\n`, `\n`))
	}
	return out
}

func TestARecordThatIsTooLongCostsItselfAlone(t *testing.T) {
	long := strings.Repeat("x: y\n", MaxRecord/5)
	line := strings.Repeat("x", 3*MaxRecord) + "\n"
	ok := map[string]string{
		"ocslogger": ocsPrefix + "$$begin_record\nStart-Line: SIP/2.0 200 OK\n$$end_record\n",
		"uccapi":    ucPrefix + "Data Received - x\n" + ucPrefix + "SIP/2.0 200 OK\n",
		"sipe":      sipeMarkA + "SIP/2.0 200 OK\n\n" + sipeMarkB,
		"bare":      "SIP/2.0 200 OK\nTo: x\n",
	}
	begin := map[string]string{"ocslogger": ocsPrefix + "$$begin_record\n", "uccapi": ucPrefix + "Data Received - x\n" + ucPrefix + "SIP/2.0 200 OK\n",
		"sipe": sipeMarkA, "bare": "SIP/2.0 200 OK\n"}
	for name, shape := range shapes {
		for what, in := range map[string]string{"many lines": begin[name] + long, "one line": begin[name] + line, "a stray line": line} {
			if (shape == Bare || shape == UCCAPI) && what == "a stray line" {
				continue // it goes on with the message before
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			g := got(t, shape, strings.NewReader(ok[name]+in+ok[name]))
			runtime.ReadMemStats(&after)
			if len(g) != 3 || !strings.HasSuffix(g[1], " too long") || !strings.Contains(g[2], "SIP/2.0 200 OK") {
				t.Errorf("%s, %s: %d records, %.200q", name, what, len(g), g)
				continue
			}
			if want := 1 + strings.Count(ok[name]+in, "\n"); !strings.HasPrefix(g[2], fmt.Sprint(want, " ")) {
				t.Errorf("%s, %s: the last record at %.60s, want line %d", name, what, g[2], want)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 6*MaxRecord {
				t.Errorf("%s, %s: %d KB", name, what, used>>10)
			}
		}
	}
}

func TestTheSourcesErrorEndsTheReading(t *testing.T) {
	for name, shape := range shapes {
		r := NewReader(io.MultiReader(strings.NewReader("x\n"+ocsPrefix), iotest.ErrReader(io.ErrClosedPipe)), shape)
		var err error
		for n := 0; err == nil && n < 9; n++ {
			_, err = r.Read()
		}
		if !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Records that never close, or lines full of what begins one, must not make a
// reader pass over the same text again and again.
func TestTextIsLookedAtAFewTimesAtMost(t *testing.T) {
	open := map[string]string{
		"ocslogger": ocsPrefix + "$$begin_record\nStart-Line: ACK sip:b SIP/2.0\nTo: x\n",
		"uccapi":    ucPrefix + "Sending Packet - x\n" + ucPrefix + "ACK sip:b SIP/2.0\nTo: x\n",
		"sipe":      sipeMarkA + "ACK sip:b SIP/2.0\nTo: x\n",
		"bare":      "ACK sip:b SIP/2.0\nTo: x\n",
	}
	for name, shape := range shapes {
		for what, record := range map[string]string{
			"short": open[name],
			"long":  open[name] + strings.Repeat("To: "+strings.Repeat("x", 1000)+"\n", 500),
		} {
			in := strings.Repeat(record, 1+3<<20/len(record))
			counted, looked := *shape, 0
			counted.split = func(data []byte, end bool) (int, Kind) {
				looked += len(data)
				return shape.split(data, end)
			}
			n, r := 0, NewReader(strings.NewReader(in), &counted)
			for ; ; n++ {
				if _, err := r.Read(); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatal(err)
				}
			}
			if want := strings.Count(in, record); n != want {
				t.Errorf("%s, %s: %d records, want %d", name, what, n, want)
			}
			if most := n*firstLook + 4*len(in); looked > most {
				t.Errorf("%s, %s: looked at %d bytes of %d, want %d at most", name, what, looked, len(in), most)
			}
		}
	}
}
