package ingest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"calaudit/ingest/siptrace"
)

// lostOf lists the facts of one list that are not in another.
func lostOf(whole, damaged []string) (lost []string) {
	for _, f := range whole {
		if !slices.Contains(damaged, f) {
			lost = append(lost, f)
		}
	}
	return lost
}

// uses are what facts say that somebody did, and with whom.
func uses(facts []string) (list []string) {
	for _, f := range withoutTimes(facts) {
		for _, detail := range []string{" class=", " media=", " role=", " endpoint=", " client=", " server=", " untold"} {
			f, _, _ = strings.Cut(f, detail)
		}
		list = append(list, f)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// A trace that is cut anywhere loses what the cut record told, at most; nothing
// is told that was not, and every piece is accounted for.
func TestATraceCutAnywhereLosesTheCutRecordAlone(t *testing.T) {
	story := morning()
	for name, shape := range traceShapes {
		text := render(shape, story.msgs)
		whole := uses(readTraces(t, shape, traceEnv, text).facts())
		for at := 1; at < len(text); at += 397 {
			for part, texts := range map[string][]string{"head": {text[:at]}, "tail": {text[at:]}, "both": {text[:at], text[at:]}} {
				res := readTraces(t, shape, traceEnv, texts...)
				got := uses(res.facts())
				if more := lostOf(got, whole); len(more) > 0 {
					t.Errorf("%s, %s of a cut at %d tells\n%s", name, part, at, strings.Join(more, "\n"))
				}
				if lost := lostOf(whole, got); part == "both" && len(lost) > 2 {
					t.Errorf("%s, cut at %d: lost\n%s", name, at, strings.Join(lost, "\n"))
				}
				if len(res.rejects) > 2 {
					t.Errorf("%s, %s of a cut at %d: %+v", name, part, at, res.rejects)
				}
			}
		}
	}
}

// A writer that dies in the middle of a line, and one that goes on behind it.
func TestARecordThatBeginsInACutLineIsFound(t *testing.T) {
	story := morning()
	text := render(siptrace.OCSLogger, story.msgs)
	whole := readTraces(t, siptrace.OCSLogger, traceEnv, text)
	first := strings.Index(text, "\r\nTL_") + 2
	second := first + strings.Index(text[first:], "\r\nTL_") + 2
	for cut := 200; cut < second-first-20; cut += 7 {
		res := readTraces(t, siptrace.OCSLogger, traceEnv, text[:first]+text[first:first+cut]+text[second:])
		if got, want := res.facts(), whole.facts(); !slices.Equal(got, want) || res.total() != whole.total() {
			t.Fatalf("cut after %d bytes: %d rows, want %d; got\n%s", cut, res.total(), whole.total(), strings.Join(got, "\n"))
		}
	}
}

func withoutLasts(facts []string) []string {
	var list []string
	for _, f := range facts {
		f, _, _ = strings.Cut(f, " until ")
		list = append(list, f)
	}
	slices.Sort(list)
	return list
}

func TestDamageIsCountedAndCostsNothingElse(t *testing.T) {
	story := morning()
	shape := siptrace.OCSLogger
	text := render(shape, story.msgs)
	whole := readTraces(t, shape, traceEnv, text)
	// The first call is message 17 of the story and begins at a known place.
	at := strings.Index(text, "Start-Line: INVITE sip:+12065550199")
	begin := strings.LastIndex(text[:at], "TL_INFO")
	end := begin + strings.Index(text[begin:], "$$end_record") + len("$$end_record\r\n")
	callLines := []string{"03-02 08:15:09 call-placed alice@contoso.com peer=+12065550199 media=audio" + aliceOn,
		"03-02 08:15:09 call-received +12065550199 peer=alice@contoso.com media=audio client=RTCC/3.5.0.0 MediationServer"}
	const foreign = "Fehler: Der Datenträger ist voll\r\n02.03.2009 08:15:08 something else altogether\r\n"
	for _, c := range []struct {
		name    string
		text    string
		lost    []string
		rejects int
		skipped map[string]int // beside what is skipped anyway
	}{
		{"the record cut in the middle", text[:begin] + text[begin:begin+300] + "\r\n" + text[end:], callLines, 1,
			map[string]int{traceReasonText[skipAnswer]: -1, traceReasonText[skipLoneAnswer]: 1}},
		{"the record cut at its beginning", text[:begin] + text[begin+200:], callLines, 1,
			map[string]int{traceReasonText[skipAnswer]: -1, traceReasonText[skipLoneAnswer]: 1}},
		{"foreign lines between records", text[:begin] + foreign + text[begin:end] + foreign + text[end:], nil, 0, map[string]int{traceReasonText[skipStray]: 2}},
		{"lines of another component inside", text[:at] + "TL_NOISE(TF_COMPONENT) [1]0A1C.0B2D::03/02/2009-08:15:08.000.00000001 (S4,C::F:f.cpp(1))x\r\n" + text[at:], nil, 0,
			map[string]int{traceReasonText[skipOther]: 1}},
		{"a block twice", text[:end] + text[begin:], nil, 0, map[string]int{traceReasonText[skipCopy]: 1}},
		{"headers in another order", reversedHeaders(text), nil, 0, nil},
		{"a time that is none", text[:begin] + strings.Replace(text[begin:], "::03/02/2009-", "::2009-03-02-", 1), callLines, 1,
			map[string]int{traceReasonText[skipAnswer]: -1, traceReasonText[skipLoneAnswer]: 1}},
		{"a time in the future", text[:begin] + strings.Replace(text[begin:], "::03/02/2009-", "::03/02/2039-", 1), callLines, 1,
			map[string]int{traceReasonText[skipAnswer]: -1, traceReasonText[skipLoneAnswer]: 1}},
		{"a Call-ID lost", text[:begin] + strings.Replace(text[begin:], "Call-ID: call-1\r\n", "", 1), callLines, 1,
			map[string]int{traceReasonText[skipAnswer]: -1, traceReasonText[skipLoneAnswer]: 1}},
		{"an address that is none", text[:begin] + strings.Replace(text[begin:], "<sip:alice@contoso.com>", "<sip:alice>", 1), callLines, 1,
			map[string]int{traceReasonText[skipAnswer]: -1, traceReasonText[skipLoneAnswer]: 1}},
		{"bytes of a code page in a name", strings.ReplaceAll(text, `"alice@contoso.com, the a"`, "\"\xc4lice\""), nil, 0, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			res := readTraces(t, shape, traceEnv, c.text)
			if lost := lostOf(whole.facts(), res.facts()); !slices.Equal(lost, c.lost) {
				t.Errorf("lost\n  %s", strings.Join(lost, "\n  "))
			}
			if more := lostOf(res.facts(), whole.facts()); len(more) > 0 {
				t.Errorf("told besides\n  %s", strings.Join(more, "\n  "))
			}
			if len(res.rejects) != c.rejects {
				t.Errorf("rejected %+v", res.rejects)
			}
			want := map[string]int{}
			for why, n := range whole.skipped {
				want[why] = n
			}
			for why, n := range c.skipped {
				want[why] += n
			}
			if fmt.Sprint(res.skipped) != fmt.Sprint(want) {
				t.Errorf("skipped %v\nwant    %v", res.skipped, want)
			}
			line := 1 + strings.Count(text[:begin], "\r\n")
			for _, r := range res.rejects {
				if r.Line < line || r.Line > line+1 || r.What == "" || strings.Contains(r.Raw, "m=audio") {
					t.Errorf("rejected %+v, want line %d", r, line)
				}
			}
		})
	}
}

// reversedHeaders turns the fields of every record round, the body stays last.
func reversedHeaders(text string) string {
	var b strings.Builder
	for record := range strings.SplitAfterSeq(text, "$$end_record") {
		head, fields, ok := strings.Cut(record, "$$begin_record\r\n")
		fields, body, _ := strings.Cut(fields, "Message-Body:")
		if !ok {
			b.WriteString(record)
			continue
		}
		lines := strings.Split(strings.TrimSuffix(fields, "\r\n"), "\r\n")
		slices.Reverse(lines)
		b.WriteString(head + "$$begin_record\r\n" + strings.Join(lines, "\r\n") + "\r\nMessage-Body:" + body)
	}
	return b.String()
}

func TestEncodingsOfATraceGiveTheSameFacts(t *testing.T) {
	story := morning()
	for name, shape := range traceShapes {
		plain := []byte(render(shape, story.msgs))
		want := readTraces(t, shape, traceEnv, string(plain))
		for encoding, in := range map[string][]byte{
			"UTF-8 with a mark":    append([]byte("\xEF\xBB\xBF"), plain...),
			"UTF-16LE with a mark": directoryUTF16(plain, false, true),
			"UTF-16BE":             directoryUTF16(plain, true, false),
			"UTF-16LE":             directoryUTF16(plain, false, false),
			"LF":                   bytes.ReplaceAll(plain, []byte("\r\n"), []byte("\n")),
		} {
			got := readTraces(t, shape, traceEnv, string(in))
			if !slices.Equal(got.facts(), want.facts()) || got.total() != want.total() || len(got.rejects) > 0 {
				t.Errorf("%s, %s: %d rows, rejected %v", name, encoding, got.total(), got.rejects)
			}
			h, err := NewFile("in", in).Head()
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range Formats() {
				if v := f.Sniff(h); v.Yes != (f.Name == "siptrace-"+name) {
					// A bare message stands in the log of SIPE as well; the table asks for SIPE first.
					if !(f.Name == bareTraceName && name == "sipe") {
						t.Errorf("%s, %s: %s says %+v", name, encoding, f.Name, v)
					}
				}
			}
		}
	}
}

func TestClientLogsAreReadInTheEstatesZone(t *testing.T) {
	story := newStory()
	story.signIn("alice@contoso.com", "a1", aliceEpid, aliceSays, "reg", 200)
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	env := &Env{Now: importTime, Location: berlin}
	res := readTraces(t, siptrace.UCCAPI, env, render(siptrace.UCCAPI, story.msgs))
	wantLines(t, withoutLasts(res.facts()), "03-02 07:00:01 im-login alice@contoso.com"+aliceOn+" server=fe1.contoso.com")
	if want := "its times name no zone: read as Europe/Berlin (time_zone of the estate)"; !slices.Equal(res.notes, []string{want}) {
		t.Errorf("notes %q", res.notes)
	}
	res = readTraces(t, siptrace.OCSLogger, env, render(siptrace.OCSLogger, story.msgs))
	wantLines(t, withoutLasts(res.facts()), "03-02 08:00:01 im-login alice@contoso.com"+aliceOn+" server=fe1.contoso.com")
}

func TestAFileDateDatesBareMessages(t *testing.T) {
	story := newStory()
	story.signIn("alice@contoso.com", "a1", aliceEpid, aliceSays, "reg", 200)
	text := render(siptrace.Bare, story.msgs)
	wantLines(t, readTraces(t, siptrace.Bare, traceEnv, text).facts(), "undated im-login alice@contoso.com"+aliceOn+" server=fe1.contoso.com")
	env := &Env{Now: importTime, Location: time.UTC, FileDate: time.Date(2009, 3, 9, 0, 0, 0, 0, time.UTC)}
	wantLines(t, withoutLasts(readTraces(t, siptrace.Bare, env, text).facts()), "03-09 00:00:00 im-login alice@contoso.com"+aliceOn+" server=fe1.contoso.com")
}

// More requests wait than there is room for: the oldest is given up, and said.
func TestWaitingRequestsAreBounded(t *testing.T) {
	var b strings.Builder
	message := func(n int, start, method string) {
		fmt.Fprintf(&b, "%s\nFrom: <sip:alice@contoso.com>;tag=%d\nTo: <sip:alice@contoso.com>\nCall-ID: %d\nCSeq: 1 %s\nContact: <sip:x>\n\n", start, n, n, method)
	}
	const more = 100
	for n := range mostOpen + more {
		message(n, "REGISTER sip:contoso.com SIP/2.0", "REGISTER")
	}
	message(0, "SIP/2.0 200 OK", "REGISTER")      // of one that was given up
	message(more+5, "SIP/2.0 200 OK", "REGISTER") // of one that waits
	res := readTraces(t, siptrace.Bare, traceEnv, b.String())
	if len(res.records) != 1 || res.skipped[traceReasonText[skipUnconfirmedRegister]] != mostOpen+more-1 ||
		res.skipped[traceReasonText[skipLoneAnswer]] != 1 || res.skipped[traceReasonText[skipAnswer]] != 1 || res.total() != mostOpen+more+2 {
		t.Errorf("%d records, skipped %v", len(res.records), res.skipped)
	}
}

// FuzzSIPTrace: whatever stands in a trace, every record of it is accounted for
// once, and reading it together with what it holds changes nothing.
func FuzzSIPTrace(f *testing.F) {
	story := morning()
	for name, shape := range traceShapes {
		kind := byte(slices.Index([]string{"ocslogger", "uccapi", "sipe", "bare"}, name))
		for i := 0; i+6 < len(story.msgs); i += 6 {
			f.Add(kind, []byte(render(shape, story.msgs[i:i+6])))
		}
	}
	f.Fuzz(func(t *testing.T, kind byte, in []byte) {
		if len(in) > 1<<15 {
			return
		}
		shape := []*siptrace.Shape{siptrace.OCSLogger, siptrace.UCCAPI, siptrace.SIPE, siptrace.Bare}[kind%4]
		rows := 0
		decoded, err := NewFile("in", in).Text()
		if err != nil {
			t.Fatal(err)
		}
		for r := siptrace.NewReader(decoded, shape); ; {
			rec, err := r.Read()
			if err != nil {
				break
			}
			rows += 1 + rec.Others
		}
		res := readTraces(t, shape, traceEnv, string(in))
		if res.total() != rows {
			t.Fatalf("%d rows accounted for, the trace has %d", res.total(), rows)
		}
		twice := readTraces(t, shape, traceEnv, string(in), string(in))
		if !slices.Equal(withoutLasts(twice.facts()), withoutLasts(res.facts())) {
			t.Fatalf("once\n%s\ntwice\n%s", strings.Join(res.facts(), "\n"), strings.Join(twice.facts(), "\n"))
		}
	})
}
