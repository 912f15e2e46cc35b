package sip

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

// shown is a message in a comparable form.
func shown(m *Message) string {
	var b strings.Builder
	if m.Status != 0 {
		fmt.Fprintf(&b, "%d", m.Status)
	} else {
		fmt.Fprintf(&b, "%s %s", m.Method, m.URI)
	}
	for _, h := range m.Headers {
		fmt.Fprintf(&b, "|%s=%s", h.Name, h.Value)
	}
	fmt.Fprintf(&b, "|%q %v", m.Body, m.Whole)
	return b.String()
}

func TestMessagesAreReadHoweverTheyArePrinted(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"request", "INVITE sip:a@b SIP/2.0\r\nFrom: <sip:c@d>\r\nTo:<sip:a@b>\r\n\r\nv=0\r\n", `INVITE sip:a@b|From=<sip:c@d>|To=<sip:a@b>|"v=0\r\n" true`},
		{"response", "SIP/2.0 200 OK\r\nTo: x\r\n\r\n", `200|To=x|"" true`},
		{"without a reason", "SIP/2.0 100\r\n\r\n", `100|"" true`},
		{"LF alone", "SIP/2.0 200 OK\nTo: x\n\nbody", `200|To=x|"body" true`},
		{"doubled CR", "SIP/2.0 200 OK\r\r\nTo: x\r\r\n\r\r\nbody", `200|To=x|"body" true`},
		{"any case", "sip/2.0 200 OK\nTO: x\n\n", `200|TO=x|"" true`},
		{"folded", "SIP/2.0 200 OK\nTo: <sip:a@b>\n ;tag=1\n\t;x\nCSeq: 1\n\n", `200|To=<sip:a@b> ;tag=1 ;x|CSeq=1|"" true`},
		{"folded from the beginning", "SIP/2.0 200 OK\nTo:\n x\n\n", `200|To=x|"" true`},
		{"a fold of nothing ends the headers", "SIP/2.0 200 OK\nTo: x\n \nb", `200|To=x|"b" true`},
		{"space before the colon", "SIP/2.0 200 OK\nTo \t: x\n\n", `200|To=x|"" true`},
		{"indented", "SIP/2.0 200 OK\n To: <a>\n  ;tag=1\n CSeq: 1\n\nb", `200|To=<a> ;tag=1|CSeq=1|"b" true`},
		{"all indented", "   INVITE sip:a@b SIP/2.0\n   To: x\n   From: y\n   \n   v=0", `INVITE sip:a@b|To=x|From=y|"   v=0" true`},
		{"wrapped values", "SIP/2.0 200 OK\nTo: \"B\"\n<sip:b@c>;tag=1;\nepid=2\nFrom: x\nsip:y@z\n\n", `200|To="B" <sip:b@c>;tag=1; epid=2|From=x sip:y@z|"" true`},
		{"cut in a header", "INVITE sip:a@b SIP/2.0\nFrom: <sip:c@d>\nTo: <si", `INVITE sip:a@b|From=<sip:c@d>|To=<si|"" false`},
		{"cut behind the start line", "INVITE sip:a@b SIP/2.0", `INVITE sip:a@b|"" false`},
		{"empty lines before", "\r\n\n  \nSIP/2.0 200 OK\nTo: x\n\n", `200|To=x|"" true`},
		{"a line of nothing", "SIP/2.0 200 OK\n;;,,\nTo: x\n\n", `200|To=x|"" true`},
		{"spaces in the request line", "INVITE  sip:a@b;x= 1  SIP/2.0\n\n", `INVITE sip:a@b;x= 1|"" true`},
	} {
		var m Message
		if err := m.Parse([]byte(c.in)); err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else if got := shown(&m); got != c.want {
			t.Errorf("%s: got  %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestWhatIsNoStartLineIsNoMessage(t *testing.T) {
	for _, in := range []string{"", "\n\n", "INVITE sip:a@b", "INVITE sip:a@b SIP/3.0", "GET / HTTP/1.1", "SIP/2.0", "SIP/2.0 OK", "SIP/2.0 20 x", "SIP/2.0 2000 x",
		"SIP/2.0 099 x", "SIP/2.0 700 x", "INVITE SIP/2.0", "INVITE  SIP/2.0", "Via: x SIP/2.0", "SIP/2.0200 OK", "INVITE sip:a@bSIP/2.0", "(x) y SIP/2.0"} {
		var m Message
		if err := m.Parse([]byte(in)); err != ErrStart {
			t.Errorf("%q: %v, %s", in, err, shown(&m))
		}
		if IsStart([]byte(in)) {
			t.Errorf("%q is taken for a start line", in)
		}
	}
}

func TestHeadersAreFoundByEitherName(t *testing.T) {
	var m Message
	if err := m.Parse([]byte("SIP/2.0 200 OK\nf: 1\nFROM: 2\nT: 3\ncall-id: 4\nI: 5\nx-y: 6\n\n")); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"From": "1", "To": "3", "Call-ID": "4", "X-Y": "6", "Via": ""} {
		if got := string(m.Get(name)); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestAddressesAreCutByTheirGrammar(t *testing.T) {
	for in, want := range map[string]string{
		`<sip:a@b>`:                                 `||sip:a@b||`,
		`sip:a@b`:                                   `||sip:a@b||`,
		`"A, B; <C>" <sip:a@b;x=1>;tag=2;epid=3`:    `|A, B; <C>|sip:a@b;x=1|tag=2;epid=3|`,
		`"a \"b\" \\"<sip:a@b>;tag=1`:               `|a \"b\" \\|sip:a@b|tag=1|`,
		`Name Last <sip:a@b>`:                       `|Name Last|sip:a@b||`,
		`sip:a@b;tag=1;epid=2`:                      `||sip:a@b|tag=1;epid=2|`,
		`<sip:a@b>, "x, y" <tel:+1>;q=1 ,sip:c@d;z`: `||sip:a@b|||x, y|tel:+1|q=1 |||sip:c@d|z|`,
		`*`:                             `||*||`,
		`<<sip:a@b>>;tag=1`:             `||sip:a@b|tag=1|`,
		`"never closed <sip:a@b>;tag=1`: `|"never closed|sip:a@b|tag=1|`,
		`<sip:a@b`:                      `||sip:a@b||`,
		`<sip:a@b;x="1>`:                `||sip:a@b;x="1||`,
		`<sip:a@b>;x="1,2;3",<sip:c@d>`: `||sip:a@b|x="1,2;3"|||sip:c@d||`,
		``:                              ``,
		` , ,`:                          ``,
		`<>`:                            ``,
		`<sip:b@c;opaque=user:epid:qIIW;gruu>;+sip.x="<y>"`: `||sip:b@c;opaque=user:epid:qIIW;gruu|+sip.x="<y>"|`,
	} {
		got := ""
		for v := []byte(in); ; {
			a, rest, ok := NextAddress(v)
			if !ok {
				break
			}
			got += fmt.Sprintf("|%s|%s|%s|", a.Display, a.URI, a.Params)
			v = rest
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

func TestParametersAreFoundWithoutTheirQuotes(t *testing.T) {
	const params = `tag=1; EPID = "a;b\"c" ;lr;x=`
	for name, want := range map[string]string{"tag": "1 true", "epid": `a;b\"c true`, "lr": " true", "x": " true", "b": " false", "": " false"} {
		v, ok := Param([]byte(params), name)
		if got := fmt.Sprintf("%s %v", v, ok); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestURIsAreSplitIntoTheirParts(t *testing.T) {
	for in, want := range map[string]string{
		"sip:a@b":                                  "sip a b   ",
		"SIPS:a:secret@b.c:5061;x=1;y?h=2":         "SIPS a b.c 5061 x=1;y h=2",
		"sip:b.c;lr":                               "sip  b.c  lr ",
		"sip:a;b?c@d":                              "sip a;b?c d   ",
		"sip:a@[2001:db8::1]:5060;x":               "sip a [2001:db8::1] 5060 x ",
		"tel:+1-425-555-0100;ext=12":               "tel +1-425-555-0100   ext=12 ",
		"sip:a@b;gruu;opaque=app:conf:focus:id:XY": "sip a b  gruu;opaque=app:conf:focus:id:XY ",
		"http://x":                                 "", "a@b": "", "sip:": "", "tel:": "", "": "",
	} {
		u, ok := ParseURI([]byte(in))
		got := fmt.Sprintf("%s %s %s %s %s %s", u.Scheme, u.User, u.Host, u.Port, u.Params, u.Headers)
		if !ok {
			got = ""
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
}

func TestTheMemoryOfAMessageIsBounded(t *testing.T) {
	var m Message
	if err := m.Parse([]byte("SIP/2.0 200 OK\n" + strings.Repeat("a:\n", 1<<18))); err != nil || len(m.Headers) != MaxHeaders {
		t.Errorf("%d headers, %v", len(m.Headers), err)
	}
	long := "SIP/2.0 200 OK\nTo: x\n" + strings.Repeat(" y\n", 1<<18) + "\n"
	if n := testing.AllocsPerRun(1, func() { m.Parse([]byte(long)) }); n > 60 {
		t.Errorf("%.0f allocations for a value of many lines", n)
	}
	if got := m.Get("To"); len(got) != 1+2<<18 {
		t.Errorf("a value of %d bytes", len(got))
	}
	short := []byte("INVITE sip:a@b SIP/2.0\r\nFrom: <sip:c@d>;tag=1\r\nTo: <sip:a@b>\r\nCSeq: 1 INVITE\r\n\r\n")
	if n := testing.AllocsPerRun(100, func() {
		m.Parse(short)
		a, _, _ := NextAddress(m.Get("From"))
		Param(a.Params, "tag")
		ParseURI(a.URI)
	}); n > 0 {
		t.Errorf("%.0f allocations for a plain message", n)
	}
}

// write is a small writer of messages for the property below. fold breaks
// values at blanks.
func write(m *Message, eol string, fold bool) []byte {
	var b bytes.Buffer
	if m.Status != 0 {
		fmt.Fprintf(&b, "SIP/2.0 %d Reason%s", m.Status, eol)
	} else {
		fmt.Fprintf(&b, "%s %s SIP/2.0%s", m.Method, m.URI, eol)
	}
	for _, h := range m.Headers {
		v := string(h.Value)
		if fold {
			v = strings.ReplaceAll(v, " ", eol+"  ")
		}
		fmt.Fprintf(&b, "%s: %s%s", h.Name, v, eol)
	}
	b.WriteString(eol)
	b.Write(m.Body)
	return b.Bytes()
}

func TestWhatIsWrittenIsReadAgain(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	text := func(alphabet string, least, most int) []byte {
		b := make([]byte, least+rnd.IntN(most-least+1))
		for i := range b {
			b[i] = alphabet[rnd.IntN(len(alphabet))]
		}
		return b
	}
	for round := range 1000 {
		want := Message{Whole: true, Body: text("ab \r\nm=:SIP/2.0", 0, 80)}
		if rnd.IntN(2) == 0 {
			want.Status = 100 + rnd.IntN(600)
		} else {
			want.Method, want.URI = text("ABCxyz-.!%*_+`'~0", 1, 9), append([]byte("sip:"), text("ab@c;=.:%", 1, 30)...)
		}
		for range rnd.IntN(9) {
			words := [][]byte{}
			for range 1 + rnd.IntN(4) {
				words = append(words, text(`ab<>"=;,:\@%`, 1, 9))
			}
			want.Headers = append(want.Headers, Header{text("abXY-", 2, 9), bytes.Join(words, []byte(" "))})
		}
		eol := []string{"\n", "\r\n"}[rnd.IntN(2)]
		in := write(&want, eol, rnd.IntN(2) == 0)
		var got Message
		if err := got.Parse(in); err != nil {
			t.Fatalf("round %d: %v\n%q", round, err, in)
		}
		if shown(&got) != shown(&want) {
			t.Fatalf("round %d: wrote %q\nread  %s\nwant  %s", round, in, shown(&got), shown(&want))
		}
		var again Message
		if err := again.Parse(write(&got, "\n", false)); err != nil || !reflect.DeepEqual(shown(&again), shown(&got)) {
			t.Fatalf("round %d: %v", round, err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	in := []byte("INVITE sip:bob@contoso.com SIP/2.0\r\nVia: SIP/2.0/TLS 10.1.9.9:50061\r\nMax-Forwards: 70\r\nFrom: \"Alice\"<sip:alice@contoso.com>;tag=5f1c;epid=c8ca638a15\r\n" +
		"To: <sip:bob@contoso.com>\r\nCall-ID: 4b1f6a2e\r\nCSeq: 1 INVITE\r\nContact: <sip:alice@contoso.com;opaque=user:epid:21nYNIVlkV-jtN6FPBU0fQAA;gruu>\r\n" +
		"User-Agent: UCCAPI/3.5.6907.0 OC/3.5.6907.0 (Microsoft Office Communicator 2007 R2)\r\nContent-Type: application/sdp\r\nContent-Length: 0\r\n\r\n")
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	var m Message
	for b.Loop() {
		if m.Parse(in) != nil {
			b.Fatal("no message")
		}
	}
}
