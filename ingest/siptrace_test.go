package ingest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"calaudit/ingest/siptrace"
)

// morning is a story with one of everything.
func morning() *traceStory {
	s := newStory()
	alice, bob := party("alice@contoso.com", "a1", aliceEpid), party("bob@contoso.com", "b1", bobEpid)
	// Alice is challenged, signs in, stays, and signs off.
	s.signIn("alice@contoso.com", "a1", aliceEpid, aliceSays, "reg-alice", 401)
	s.signIn("alice@contoso.com", "a1", aliceEpid, aliceSays, "reg-alice", 200)
	s.at = s.at.Add(15 * time.Minute)
	s.signIn("alice@contoso.com", "a1", aliceEpid, aliceSays, "reg-alice", 200)
	// Bob is refused; Carol's answer is not in the trace.
	s.signIn("bob@contoso.com", "b1", bobEpid, bobSays, "reg-bob", 403)
	s.signIn("carol@contoso.com", "c1", "0c0c0c0c", bobSays, "reg-carol", 0)
	// Messages.
	s.request("INVITE", "sip:bob@contoso.com", alice, "<sip:bob@contoso.com>", "im-1", 200, aliceSays, imSDP, bobSays, imSDP)
	s.request("MESSAGE", "sip:bob@contoso.com", alice, "<sip:bob@contoso.com>#tim-1", "im-1", 200, aliceSays, "hello", bobSays, "")
	s.request("MESSAGE", "sip:alice@contoso.com", strings.Replace(bob, "b1", "tim-1", 1), "<sip:alice@contoso.com>#a1", "im-1", 200, bobSays, "hi", aliceSays, "")
	// A call to a telephone, one from a telephone, one that nobody answers.
	s.request("INVITE", "sip:+12065550199@contoso.com;user=phone", alice, "<sip:+12065550199@contoso.com;user=phone>", "call-1", 200, aliceSays, audioSDP,
		[]string{"Server: RTCC/3.5.0.0 MediationServer"}, audioSDP)
	s.request("INVITE", "sip:bob@contoso.com", "<sip:+12065550123@contoso.com;user=phone>;tag=p1", "<sip:bob@contoso.com>", "call-2", 200,
		[]string{"User-Agent: RTCC/3.5.0.0 MediationServer", "ms-call-source: non-ms-rtc"}, audioSDP, bobSays, audioSDP)
	s.request("INVITE", "sip:bob@contoso.com", alice, "<sip:bob@contoso.com>", "call-3", 480, aliceSays, audioSDP, nil, "")
	// A meeting: made, joined with voice; and a group chat.
	const org = "sip:alice@contoso.com;gruu;opaque=app:conf:"
	s.request("SERVICE", org+"focusfactory", alice, "<"+org+"focusfactory>", "conf-0", 200, aliceSays,
		"<request><getConferencingCapabilities/></request>", nil, `<response code="success"/>`)
	s.request("SERVICE", org+"focusfactory", alice, "<"+org+"focusfactory>", "conf-1", 200, aliceSays,
		`<request xmlns="urn:ietf:params:xml:ns:cccp"><addConference><ci:conference-info entity=""><msci:conference-id>TPDD8VYG</msci:conference-id></ci:conference-info></addConference></request>`,
		nil, `<response requestId="1" code="success"></response>`)
	s.request("INVITE", org+"focus:id:TPDD8VYG", alice, "<"+org+"focus:id:TPDD8VYG>", "conf-2", 200, aliceSays, "<request><addUser/></request>", nil, "")
	s.request("INVITE", org+"audio-video:id:TPDD8VYG", alice, "<"+org+"audio-video:id:TPDD8VYG>", "conf-3", 200, aliceSays, audioSDP, nil, audioSDP)
	s.request("INVITE", org+"focus:id:TPDD8VYG", bob, "<"+org+"focus:id:TPDD8VYG>", "conf-4", 200, bobSays, "<request><addUser/></request>", nil, "")
	s.request("INVITE", org+"chat:id:GROUPIM1", bob, "<"+org+"chat:id:GROUPIM1>", "conf-5", 200, bobSays, imSDP, nil, imSDP)
	s.request("INVITE", org+"focus:id:UNTOLD01", bob, "<"+org+"focus:id:UNTOLD01>", "conf-6", 200, bobSays, "<request><addUser/></request>", nil, "")
	// A partner and somebody of a public network, as the Edge Server marks them.
	s.request("INVITE", "sip:bob@contoso.com", "<sip:frank@fabrikam.com>;tag=f1;epid=0f", "<sip:bob@contoso.com>", "fed-1", 200,
		[]string{"User-Agent: " + ocAgent, "ms-edge-proxy-message-trust: ms-source-type=DirectPartner;ms-ep-fqdn=edge1.contoso.com;ms-source-verified-user=verified;ms-source-network=federation"},
		imSDP, bobSays, imSDP)
	s.request("INVITE", "sip:bob@contoso.com", "<sip:pia@live.com>;tag=q1", "<sip:bob@contoso.com>", "pic-1", 200,
		[]string{"User-Agent: aTSC/0.1", "ms-edge-proxy-message-trust: ms-source-type=AuthorizedServer;ms-ep-fqdn=edge1.contoso.com;ms-source-verified-user=unverified;ms-source-network=publiccloud"},
		imSDP, bobSays, imSDP)
	// What is no use.
	s.request("SUBSCRIBE", "sip:alice@contoso.com", alice, "<sip:alice@contoso.com>", "sub-1", 200, aliceSays, "", nil, "")
	s.request("OPTIONS", "sip:fe1.contoso.com", "<sip:health@contoso.com>;tag=h", "<sip:fe1.contoso.com>", "opt-1", 200, []string{"User-Agent: RTCC/4.0.0.0"}, "", nil, "")
	s.request("INVITE", "sip:bob@contoso.com", alice, "<sip:bob@contoso.com>", "inv-1", 200, aliceSays, "<Conferencing/>", nil, "")
	s.signIn("alice@contoso.com", "a1", aliceEpid, aliceSays, "reg-alice", 200, "Expires: 0")
	return s
}

const (
	aliceOn = " endpoint=uuid:" + aliceUUID + " client=" + ocAgent
	bobOn   = " endpoint=uuid:" + bobUUID + " client=" + ocAgent
)

var morningFacts = []string{
	"03-02 08:00:02 im-login alice@contoso.com" + aliceOn + " server=fe1.contoso.com until 08:15:03",
	"03-02 08:15:06 im-session alice@contoso.com peer=bob@contoso.com media=im" + aliceOn,
	"03-02 08:15:06 im-session bob@contoso.com peer=alice@contoso.com media=im" + bobOn,
	"03-02 08:15:09 call-placed alice@contoso.com peer=+12065550199 media=audio" + aliceOn,
	"03-02 08:15:09 call-received +12065550199 peer=alice@contoso.com media=audio client=RTCC/3.5.0.0 MediationServer",
	"03-02 08:15:10 call-placed +12065550123 peer=bob@contoso.com media=audio client=RTCC/3.5.0.0 MediationServer",
	"03-02 08:15:10 call-received bob@contoso.com peer=+12065550123 media=audio" + bobOn,
	"03-02 08:15:13 conference-organized alice@contoso.com role=organizer" + aliceOn,
	"03-02 08:15:14 conference-attended alice@contoso.com media=audio" + aliceOn,
	"03-02 08:15:16 conference-attended bob@contoso.com peer=alice@contoso.com" + bobOn,
	"03-02 08:15:17 im-session bob@contoso.com peer=alice@contoso.com media=im" + bobOn,
	"03-02 08:15:18 conference-attended bob@contoso.com peer=alice@contoso.com" + bobOn + " untold",
	"03-02 08:15:19 im-session bob@contoso.com peer=frank@fabrikam.com media=im" + bobOn,
	"03-02 08:15:19 im-session frank@fabrikam.com peer=bob@contoso.com class=federated media=im endpoint=uuid:" + frankUUID + " client=" + ocAgent,
	"03-02 08:15:20 im-session bob@contoso.com peer=pia@live.com media=im" + bobOn,
	"03-02 08:15:20 im-session pia@live.com peer=bob@contoso.com class=public-im media=im client=aTSC/0.1",
}

var frankUUID = strings.TrimPrefix(epidEndpoint([]byte("0f")), "uuid:")

var traceShapes = map[string]*siptrace.Shape{"ocslogger": siptrace.OCSLogger, "uccapi": siptrace.UCCAPI, "sipe": siptrace.SIPE, "bare": siptrace.Bare}

func TestATraceOfEveryShapeSaysWhatHappened(t *testing.T) {
	story := morning()
	for name, shape := range traceShapes {
		t.Run(name, func(t *testing.T) {
			res := readTraces(t, shape, traceEnv, render(shape, story.msgs))
			got, want := res.facts(), slices.Clone(morningFacts)
			if shape == siptrace.Bare {
				got, want = withoutTimes(got), withoutTimes(want)
			}
			wantLines(t, got, want...)
			if len(res.rejects) > 0 {
				t.Errorf("rejected %+v", res.rejects)
			}
			want2 := map[string]int{
				"answer, told with its request":                                              23,
				"challenged for a password (401, 407): no use yet":                           1,
				"refused, failed or redirected: no use":                                      2,
				"REGISTER without an answer in the trace: not confirmed":                     1,
				"SERVICE to the focus factory that creates nothing":                          1,
				"more of a session that is told already":                                     2,
				"INVITE that names no media: an invitation or remote control of a telephone": 1,
				"SUBSCRIBE: presence, control or health, no use":                             1,
				"OPTIONS: presence, control or health, no use":                               1,
				"sign-off": 1,
			}
			delete(res.skipped, traceReasonText[skipOther])
			delete(res.skipped, traceReasonText[skipStray])
			if fmt.Sprint(res.skipped) != fmt.Sprint(want2) {
				t.Errorf("skipped %v\nwant    %v", res.skipped, want2)
			}
		})
	}
}

func TestAnEpidAnInstanceAndAGRUUNameOneEndpoint(t *testing.T) {
	// The first two are published: SIPE's source and message tests.
	for epid, want := range map[string]string{aliceEpid: aliceUUID, bobEpid: bobUUID, "": ""} {
		if want != "" {
			want = "uuid:" + want
		}
		if got := epidEndpoint([]byte(epid)); got != want {
			t.Errorf("epid %s: got %s, want %s", epid, got, want)
		}
		if epid != "" && EpidInstances("epid:" + epid + "/alice@contoso.com")[0] != want {
			t.Errorf("epid %s of a plain row", epid)
		}
	}
	if got := EpidInstances("epid:A1/alice@contoso.com"); len(got) != 1 || len(EpidInstances("epid:a1/x@contoso.com")) != 2 || EpidInstances("uuid:"+aliceUUID) != nil {
		t.Errorf("in capitals, in small letters, and no epid: %q", got)
	}
	for gruu, want := range map[string]string{
		"user:epid:21nYNIVlkV-jtN6FPBU0fQAA":   "uuid:" + aliceUUID, // published
		"USER:EPID:21nYNIVlkV-jtN6FPBU0fQAA":   "uuid:" + aliceUUID,
		"user:epid:21nYNIVlkV-jtN6FPBU0fQAA==": "uuid:" + aliceUUID,
		"user:epid:qIIWS2j5AVeD_HxnQdxmlwAA":   "uuid:" + bobUUID,
		"user:epid:21nYNIVlkV-jtN6FPBU0fQAB":   "", // not ending with two zero bytes
		"user:epid:21nYNIVlkV-jtN6FPBU0":       "",
		"user:epid:!":                          "",
		"app:conf:focus:id:X":                  "",
	} {
		if got := gruuEndpoint([]byte(gruu)); got != want {
			t.Errorf("%s: got %q, want %q", gruu, got, want)
		}
	}
	var on []string
	for _, contact := range []string{"", `Contact: <sip:10.1.9.9>;+sip.instance="<urn:uuid:` + strings.ToUpper(aliceUUID) + `>"`,
		"m: <sip:alice@contoso.com;opaque=user:epid:21nYNIVlkV-jtN6FPBU0fQAA;gruu>"} {
		s := newStory()
		epid := aliceEpid
		if contact != "" {
			epid = "ffff" // the instance says more
		}
		s.signIn("alice@contoso.com", "a1", epid, []string{contact}, "reg", 200)
		on = append(on, readTraces(t, siptrace.OCSLogger, traceEnv, render(siptrace.OCSLogger, s.msgs)).facts()...)
	}
	if len(on) != 3 || len(slices.Compact(on)) != 1 || !strings.Contains(on[0], aliceUUID) {
		t.Errorf("%s", strings.Join(on, "\n"))
	}
}

// The same traffic, traced by several machines and in both directions, is the
// same facts; so is a trace in pieces, in whatever files and order.
func TestAMessageTracedAtSeveralHopsCountsOnce(t *testing.T) {
	story := morning()
	var hops []traceMsg
	for _, m := range story.msgs {
		hops = append(hops, m)
		for hop, machine := range []string{`contoso\edge1`, `contoso\fe1`, `contoso\fe1`} {
			again := m
			again.machine, again.in = machine, hop%2 == 0
			again.at = m.at.Add(time.Duration(hop+1) * time.Millisecond)
			hops = append(hops, again)
		}
	}
	res := readTraces(t, siptrace.OCSLogger, traceEnv, render(siptrace.OCSLogger, hops))
	got := res.facts()
	for i, f := range got { // machines of the trace are learnt where no server is named
		got[i] = strings.TrimSuffix(f, " server=edge1")
	}
	wantLines(t, withoutServer(got), withoutServer(morningFacts)...)
	if n := res.total(); n != len(hops) {
		t.Errorf("%d rows of %d messages", n, len(hops))
	}
	// Apart, as the traces of two machines in two folders are.
	one := readTraces(t, siptrace.OCSLogger, traceEnv, render(siptrace.OCSLogger, story.msgs))
	two := readTraces(t, siptrace.OCSLogger, traceEnv, render(siptrace.OCSLogger, hops))
	both := &traceResult{names: one.names, records: one.records}
	for _, r := range two.records {
		for _, p := range []*ID{&r.From.User, &r.From.Endpoint, &r.From.Client, &r.To.User, &r.Server} {
			if *p != 0 {
				both.names = append(both.names, two.text(*p))
				*p = ID(len(both.names))
			}
		}
		both.records = append(both.records, r)
	}
	merged := NewNames() // one number for one name, as the store gives them
	for i := range both.records {
		r := &both.records[i]
		for _, p := range []*ID{&r.From.User, &r.From.Endpoint, &r.From.Client, &r.To.User, &r.Server} {
			n := both.text(*p)
			*p = merged.ID(n.Kind, n.Text)
		}
	}
	both.names = merged.Fresh()
	wantLines(t, withoutServer(both.facts()), withoutServer(morningFacts)...)
}

// withoutServer leaves out which of the machines on the way is named.
func withoutServer(facts []string) []string {
	var list []string
	for _, f := range facts {
		f, until, lasts := strings.Cut(f, " until ")
		f, server, _ := strings.Cut(f, " server=")
		if strings.HasSuffix(server, " untold") {
			f += " untold"
		}
		if lasts {
			f += " until " + until
		}
		list = append(list, f)
	}
	slices.Sort(list)
	return list
}

func TestHowATraceIsSplitIntoFilesDoesNotMatter(t *testing.T) {
	story := morning()
	for name, shape := range traceShapes {
		whole := readTraces(t, shape, traceEnv, render(shape, story.msgs))
		for cut := 1; cut < len(story.msgs); cut += 3 {
			a, b := render(shape, story.msgs[:cut]), render(shape, story.msgs[cut:])
			for _, texts := range [][]string{{a, b}, {b, a}} {
				res := readTraces(t, shape, traceEnv, texts...)
				if got, want := res.facts(), whole.facts(); !slices.Equal(got, want) {
					t.Fatalf("%s, cut at %d: got\n%s\nwant\n%s", name, cut, strings.Join(got, "\n"), strings.Join(want, "\n"))
				}
				if res.total() != whole.total() {
					t.Errorf("%s, cut at %d: %d rows, whole %d", name, cut, res.total(), whole.total())
				}
			}
		}
	}
}

// A request at the end of a file may have its answer in a file that is still to
// come: then the file is read again with it.
func TestAFileWithOpenRequestsAtItsEdgesWaitsForItsSiblings(t *testing.T) {
	s := newStory()
	s.signIn("carol@contoso.com", "c1", "0c", nil, "reg-1", 0)
	s.at = s.at.Add(time.Hour)
	s.signIn("alice@contoso.com", "a1", aliceEpid, aliceSays, "reg-2", 200)
	text := func(msgs []traceMsg) string { return render(siptrace.OCSLogger, msgs) }
	for _, tc := range []struct {
		name  string
		texts []string
		want  []int
	}{
		{"no answer for an hour", []string{text(s.msgs)}, []int{0}},
		{"no answer at the end", []string{text(s.msgs[:2])}, []int{1}},
		{"an answer at the beginning", []string{text(s.msgs[2:])}, []int{1}},
		{"both together", []string{text(s.msgs[:2]), text(s.msgs[2:])}, []int{0, 0}},
	} {
		if res := readTraces(t, siptrace.OCSLogger, traceEnv, tc.texts...); fmt.Sprint(res.open) != fmt.Sprint(tc.want) {
			t.Errorf("%s: %v, want %v", tc.name, res.open, tc.want)
		}
	}
}

// TestSIPTraceGolden compares every folder of testdata/siptrace-* with what is
// read from it.
func TestSIPTraceGolden(t *testing.T) {
	for name, shape := range traceShapes {
		golden(t, "siptrace-"+name, 2, "want.json", func(t *testing.T, content []byte) string {
			if h := directoryHead(t, content); !siptrace.Looks(shape, h.Text) {
				t.Error("not recognised")
			}
			res := readTraces(t, shape, traceEnv, string(content))
			return asJSON(t, struct {
				Rows    int            `json:"rows"`
				Facts   []string       `json:"facts"`
				Skipped map[string]int `json:"skipped,omitempty"`
				Rejects []Reject       `json:"rejects,omitempty"`
				Notes   []string       `json:"notes,omitempty"`
			}{res.total(), res.facts(), res.skipped, res.rejects, res.notes})
		})
	}
}

// Whoever is only met in what states no use is not told of at all.
func TestNamesThatStateNothingAreNotGivenAway(t *testing.T) {
	s := newStory()
	s.signIn("mallory@contoso.com", "m1", "0d0d", []string{"User-Agent: scanner/1"}, "reg-m", 403)
	s.signIn("alice@contoso.com", "a1", aliceEpid, aliceSays, "reg-a", 200)
	res := readTraces(t, siptrace.OCSLogger, traceEnv, render(siptrace.OCSLogger, s.msgs))
	for _, n := range res.names {
		if strings.Contains(n.Text, "mallory") || strings.Contains(n.Text, "scanner") {
			t.Errorf("%q is among the names", n.Text)
		}
	}
	if len(res.names) != 4 {
		t.Errorf("names %v", res.names)
	}
}

// What stands at the Contact goes before the header Expires (RFC 3261, section
// 10.2.1.1); both may be there.
func TestTheContactTellsASignOff(t *testing.T) {
	for _, c := range []struct {
		headers []string
		want    int
	}{
		{[]string{"Expires: 7200", "Contact: <sip:10.1.9.9>;expires=0"}, 0},
		{[]string{"Expires: 0", "Contact: <sip:10.1.9.9>;expires=7200"}, 1},
		{[]string{"Expires: 0", "Contact: <sip:10.1.9.9>"}, 0},
		{[]string{"Expires: 7200", "Contact: <sip:10.1.9.9>"}, 1},
	} {
		s := newStory()
		s.signIn("alice@contoso.com", "a1", aliceEpid, c.headers, "reg", 200)
		if res := readTraces(t, siptrace.OCSLogger, traceEnv, render(siptrace.OCSLogger, s.msgs)); len(res.facts()) != c.want {
			t.Errorf("%v: %v, want %d", c.headers, res.facts(), c.want)
		}
	}
}

func TestATabMayStandInCSeq(t *testing.T) {
	s := newStory()
	s.signIn("alice@contoso.com", "a1", aliceEpid, aliceSays, "reg", 200)
	text := strings.ReplaceAll(render(siptrace.OCSLogger, s.msgs), " REGISTER\r\n", "\tREGISTER\r\n")
	if res := readTraces(t, siptrace.OCSLogger, traceEnv, text); len(res.facts()) != 1 || len(res.rejects) != 0 {
		t.Errorf("%v, rejected %v", res.facts(), res.rejects)
	}
}

func TestAMessageOfAnotherCenturyIsRejected(t *testing.T) {
	s := newStory()
	s.signIn("alice@contoso.com", "a1", aliceEpid, aliceSays, "reg", 200)
	text := strings.ReplaceAll(render(siptrace.OCSLogger, s.msgs), "/2009-", "/1998-")
	if res := readTraces(t, siptrace.OCSLogger, traceEnv, text); len(res.facts()) != 0 || len(res.rejects) != 2 {
		t.Errorf("%v, rejected %v", res.facts(), res.rejects)
	}
}
