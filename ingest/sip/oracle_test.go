package sip

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	oracle "github.com/emiago/sipgo/sip"
)

// torture are the messages of RFC 4475, with CRLF.
func torture(t testing.TB) (names []string, messages map[string][]byte) {
	t.Helper()
	data, err := os.ReadFile("testdata/rfc4475.txt")
	if err != nil {
		t.Fatal(err)
	}
	messages = map[string][]byte{}
	for _, part := range bytes.Split(data, []byte("\n-- "))[1:] {
		name, text, _ := bytes.Cut(part, []byte(" --\n"))
		names = append(names, string(name))
		messages[string(name)] = bytes.ReplaceAll(append(text, '\n'), []byte("\n"), []byte("\r\n"))
	}
	if len(names) != 48 {
		t.Fatalf("%d messages", len(names))
	}
	return names, messages
}

// summary is what this package reads of a message, for the golden file.
func summary(m *Message) string {
	address := func(name string) string {
		a, _, _ := NextAddress(m.Get(name))
		u, ok := ParseURI(a.URI)
		tag, _ := Param(a.Params, "tag")
		return fmt.Sprintf("%q %q user=%q host=%q %v tag=%q", a.Display, a.URI, u.User, u.Host, ok, tag)
	}
	s := fmt.Sprintf("%q %q %d\n  headers %d, whole %v, body %d\n  From %s\n  To %s\n  Call-ID %q CSeq %q", m.Method, m.URI, m.Status, len(m.Headers), m.Whole,
		len(m.Body), address("From"), address("To"), m.Get("Call-ID"), m.Get("CSeq"))
	for v := m.Get("Contact"); ; {
		a, rest, ok := NextAddress(v)
		if !ok {
			return s
		}
		s += fmt.Sprintf("\n  Contact %q %q %q", a.Display, a.URI, a.Params)
		v = rest
	}
}

// TestTheTortureMessagesAreRead compares with testdata/rfc4475.want, which was
// gone through by hand; CALAUDIT_UPDATE=1 writes it anew.
func TestTheTortureMessagesAreRead(t *testing.T) {
	names, messages := torture(t)
	var b strings.Builder
	for _, name := range names {
		var m Message
		if err := m.Parse(messages[name]); err != nil {
			fmt.Fprintf(&b, "%s: %v\n", name, err)
			continue
		}
		fmt.Fprintf(&b, "%s: %s\n", name, summary(&m))
	}
	const golden = "testdata/rfc4475.want"
	if os.Getenv("CALAUDIT_UPDATE") != "" {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("got\n%s", b.String())
	}
}

// differ lists where the library reads a message otherwise than this package.
// ok is false when the library does not take it.
func differ(text []byte) (list []string, ok bool) {
	theirs, _, err := oracle.NewParser().ParseHeaders(text, true)
	if err != nil {
		return nil, false
	}
	var m Message
	if err := m.Parse(text); err != nil {
		return []string{"refused: " + err.Error()}, true
	}
	check := func(what, ours, want string) {
		if ours != want {
			list = append(list, fmt.Sprintf("%s: %q, the library has %q", what, ours, want))
		}
	}
	var headers interface {
		From() *oracle.FromHeader
		To() *oracle.ToHeader
		CallID() *oracle.CallIDHeader
		CSeq() *oracle.CSeqHeader
	}
	switch x := theirs.(type) {
	case *oracle.Request:
		headers = x
		check("method", string(m.Method), string(x.Method))
	case *oracle.Response:
		headers = x
		check("status", fmt.Sprint(m.Status), fmt.Sprint(x.StatusCode))
	}
	if h := headers.CallID(); h != nil {
		check("Call-ID", string(m.Get("Call-ID")), h.Value())
	}
	if h := headers.CSeq(); h != nil {
		number, method, _ := bytes.Cut(m.Get("CSeq"), []byte(" "))
		check("CSeq", strings.TrimLeft(string(number), "0")+" "+string(bytes.TrimSpace(method)), h.Value())
	}
	address := func(name, display string, uri *oracle.Uri, params oracle.HeaderParams) {
		a, _, _ := NextAddress(m.Get(name))
		u, ok := ParseURI(a.URI)
		check(name+" display", string(a.Display), display)
		if ok && !strings.EqualFold(string(u.Scheme), "tel") {
			check(name+" user", string(u.User), uri.User)
			check(name+" host", string(u.Host), uri.Host)
			for _, kv := range uri.UriParams {
				v, _ := Param(u.Params, kv.K)
				check(name+" uri "+kv.K, string(v), strings.Trim(kv.V, `"`))
			}
		}
		for _, kv := range params {
			v, _ := Param(a.Params, kv.K)
			check(name+" "+kv.K, string(v), strings.Trim(kv.V, `"`))
		}
	}
	if h := headers.From(); h != nil {
		address("From", h.DisplayName, &h.Address, h.Params)
	}
	if h := headers.To(); h != nil {
		address("To", h.DisplayName, &h.Address, h.Params)
	}
	return list, true
}

// What the library refuses of the torture messages, and where it reads one
// otherwise. Nobody else's reading is ours: each difference has its reason.
func TestTheTortureMessagesAreReadAsALibraryDoes(t *testing.T) {
	known := map[string]string{
		// The library keeps blanks around "=" and behind a host; they are no part of
		// either (RFC 3261, section 7.3.1).
		"wsinv": `From  tag : "", the library has " 98asjd8"; To host: "chair-dnrc.example.com", the library has "chair-dnrc.example.com "; ` +
			`To    tag    : "", the library has " 1918181833n"`,
		// It turns methods into upper case; they are case-sensitive (section 7.1).
		"intmeth": `method: "!interesting-Method0123456789_*+` + "`" + `.%indeed'~", the library has "!INTERESTING-METHOD0123456789_*+` + "`" + `.%INDEED'~"`,
		// It takes SIP/7.0, of which nothing is known.
		"badvers": "refused: there is no SIP start line",
		// Of headers that may stand once the library keeps the last, we the first:
		// which is right is not defined (RFC 4475, section 3.3.8).
		"multi01": `Call-ID: "multi01.98asdh@192.0.2.1", the library has "multi01.98asdh@192.0.2.2"; CSeq: "5 INVITE", the library has "59 INVITE"; ` +
			`From host: "example.com", the library has "example.net"; From tag: "3413415", the library has "2923420123"; ` +
			`To user: "user", the library has "other"; To host: "example.com", the library has "example.net"`,
	}
	taken := map[string]bool{}
	names, messages := torture(t)
	for _, name := range names {
		list, ok := differ(messages[name])
		if !ok {
			continue
		}
		taken[name] = true
		if got := strings.Join(list, "; "); got != known[name] {
			t.Errorf("%s: %s", name, got)
		}
	}
	if len(taken) != 35 {
		t.Errorf("the library takes %d of them", len(taken))
	}
}

// Well-formed messages, as the servers write them, are read alike.
func TestWellFormedMessagesAreReadAsALibraryDoes(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	pick := func(list ...string) string { return list[rnd.IntN(len(list))] }
	for round := range 500 {
		address := func() string {
			uri := pick("sip:alice@contoso.com", "sip:Bob@Contoso.com;user=phone", "sip:+14255550100@contoso.com;user=phone", "sips:fe1.contoso.com:5061;transport=tls",
				"sip:alice@contoso.com;gruu;opaque=app:conf:focus:id:TPDD8VYG", "sip:alice@contoso.com;opaque=user:epid:21nYNIVlkV-jtN6FPBU0fQAA;gruu")
			return pick("", `"Alice Ash"`, `"Ash, Alice <1>; x" `, `Alice `, `"\u00c9mile"`) + "<" + uri + ">" + pick("", ";tag=5f1c", ";tag=5f1c;epid=c8ca638a15", `;epid=01;tag=x-y.z`)
		}
		method := pick("INVITE", "REGISTER", "SERVICE", "BENOTIFY", "MESSAGE")
		start := pick(method+" sip:contoso.com SIP/2.0", "SIP/2.0 200 OK", "SIP/2.0 401 Unauthorized")
		headers := []string{
			pick("From", "f", "FROM") + ": " + address(), pick("To", "t") + ":" + pick("", " ") + address(),
			pick("Call-ID", "i", "CALL-ID") + ": " + pick("4b1f6a2e", "x@y", "a-b.c%d"), "CSeq: " + pick("1 ", "4711 ") + method,
			"Via: SIP/2.0/TLS 10.1.9.9:50061;branch=z9hG4bK7.1" + pick("", ";ms-received-port=1;ms-received-cid=2"),
			`Proxy-Authorization: Kerberos qop="auth", realm="SIP Communications Service", targetname="sip/fe1.contoso.com"`,
			"User-Agent: UCCAPI/3.5.6907.0 OC/3.5.6907.0 (Microsoft Office Communicator 2007 R2)",
		}
		rnd.Shuffle(len(headers), func(i, j int) { headers[i], headers[j] = headers[j], headers[i] })
		text := start + "\r\n" + strings.Join(headers, "\r\n") + "\r\n\r\n"
		if list, ok := differ([]byte(text)); !ok || len(list) > 0 {
			t.Fatalf("round %d: taken %v, %s\n%s", round, ok, strings.Join(list, "; "), text)
		}
	}
}
