package siptrace

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
)

// The body is private: it is in no text that is shown or kept.
func TestThePublicTextEndsBeforeTheBody(t *testing.T) {
	for name, in := range map[string]string{
		"ocslogger":                   ocsPrefix + "$$begin_record\nStart-Line: ACK sip:b SIP/2.0\nTo: x\n" + ocsOther + "Message-Body: secret\n\nsecret\n$$end_record\n",
		"ocslogger, another case":     ocsPrefix + "$$begin_record\nStart-Line: ACK sip:b SIP/2.0\nTo: x\nmessage-body: secret\n$$end_record\n",
		"ocslogger, without the mark": ocsPrefix + "$$begin_record\nStart-Line: ACK sip:b SIP/2.0\nTo: x\n\nsecret\n$$end_record\n",
		"uccapi":                      ucPrefix + "Data Received - x\n" + ucPrefix + "ACK sip:b SIP/2.0\nTo: x\n\nsecret\n",
		"sipe":                        sipeMarkA + "ACK sip:b SIP/2.0\nTo: x\n\nsecret\n" + sipeMarkB,
		"bare":                        "ACK sip:b SIP/2.0\nTo: x\n\nsecret\n\nsecret",
	} {
		shape, _, _ := strings.Cut(name, ",")
		rec, err := NewReader(strings.NewReader(in), shapes[shape]).Read()
		if err != nil {
			t.Fatal(err)
		}
		if s := string(rec.Public()); strings.Contains(s, "secret") || !strings.Contains(s, "ACK sip:b") || !strings.Contains(s, "To: x\n") {
			t.Errorf("%s: %q", name, s)
		}
	}
}

func TestCredentialsAreTakenOut(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"Authorization: Kerberos qop=\"auth\", realm=\"SIP Communications Service\", targetname=\"sip/fe1.contoso.com\", gssapi-data=\"SECRET\"\r\nTo: x\r\n",
			"Authorization: Kerberos (removed), targetname=\"sip/fe1.contoso.com\"\r\nTo: x\r\n"},
		{"Proxy-Authorization: NTLM SECRET", "Proxy-Authorization: NTLM (removed)"},
		{"AUTHENTICATION-INFO : TLS-DSK rspauth=\"SECRET\", srand=\"SECRET\"\nTo: x", "AUTHENTICATION-INFO : TLS-DSK (removed)\nTo: x"},
		{"Proxy-Authentication-Info: NTLM rspauth=\"SECRET\"\n", "Proxy-Authentication-Info: NTLM (removed)\n"},
		{"WWW-Authenticate: Digest nonce=\"SECRET\", opaque=\"SECRET\"\n", "WWW-Authenticate: Digest (removed)\n"},
		{"Authorization: Basic SECRET\n", "Authorization: Basic (removed)\n"},
		{"Authorization: SECRET SECRET\n", "Authorization: (removed)\n"},
		{"ms-keep-alive: UAC;key=SECRET\n", "ms-keep-alive: (removed)\n"},
		{"Cookie: SECRET\nX-MS-WebTicket: SECRET\nX-Token: SECRET\n", "Cookie: (removed)\nX-MS-WebTicket: (removed)\nX-Token: (removed)\n"},
		// On further lines: folded, wrapped without a blank, and with every line indented.
		{"Authorization: NTLM a=\"b\",\n SECRET\n\tSECRET\nTo: x\n", "Authorization: NTLM (removed)\nTo: x\n"},
		{"Authorization: NTLM gssapi-data=\"SECRET\nSECRETSECRET==\"\nTo: x\n$$end_record\n", "Authorization: NTLM (removed)\nTo: x\n$$end_record\n"},
		{" To: x\n Authorization: NTLM SECRET\n   uri=\"sip:SECRET\"\n From: y\n", " To: x\n Authorization: NTLM (removed)\n From: y\n"},
		{"Authorization: NTLM a\nsip:SECRET\n$$end_record", "Authorization: NTLM (removed)\n$$end_record"},
		{"Authorization: NTLM a\n\nfree text", "Authorization: NTLM (removed)\n\nfree text"},
		// What is left of a header whose name is lost, and a password in an address.
		{"ation: NTLM opaque=\"1\", gssapi-data=\"SECRET\", cnum=\"2\"\n", "ation: NTLM opaque=\"1\", gssapi-data=(removed), cnum=\"2\"\n"},
		{"x response=\"SECRET", "x response=(removed)"},
		{"x Response=SECRET;y, rspauth=SECRET z", "x Response=(removed);y, rspauth=(removed) z"},
		{"From: <sip:alice:SECRET@contoso.com>;tag=1, <SIPS:bob:SECRET@contoso.com>", "From: <sip:alice:(removed)@contoso.com>;tag=1, <SIPS:bob:(removed)@contoso.com>"},
		{"From: <sips:bob:SECRET@contoso.com>;tag=1, <sip:alice@contoso.com>, <sip:carol:SECRET@contoso.com>", "From: <sips:bob:(removed)@contoso.com>;tag=1, <sip:alice@contoso.com>, <sip:carol:(removed)@contoso.com>"},
		{"Call-Info: <http://bob:SECRET@contoso.com/a@b:c>", "Call-Info: <http://bob:(removed)@contoso.com/a@b:c>"},
		{"Contact: <sip:a@b;password=SECRET;token=SECRET>", "Contact: <sip:a@b;password=(removed);token=(removed)"},
		// A line that is folded goes on, though it looks like a header.
		{"Authorization: NTLM a=\"b\",\r\n opaque: SECRET\r\nTo: x\r\n", "Authorization: NTLM (removed)\r\nTo: x\r\n"},
		// What is no credential stays.
		{"From: <sip:alice@contoso.com:5061;opaque=user:epid:abc;gruu>;tag=a:b@c\nContact: <sip:10.1.9.9:5061>, <sip:bob@x>\nms-user-logon-data: RemoteUser\n",
			"From: <sip:alice@contoso.com:5061;opaque=user:epid:abc;gruu>;tag=a:b@c\nContact: <sip:10.1.9.9:5061>, <sip:bob@x>\nms-user-logon-data: RemoteUser\n"},
		{"", ""},
	} {
		in := strings.Clone(c.in)
		got := string(Redact([]byte(in)))
		if got != c.want || in != c.in {
			t.Errorf("%q\n gave %q\nwanted %q", c.in, got, c.want)
		}
		if again := string(Redact([]byte(got))); again != got {
			t.Errorf("%q\nagain gives %q", got, again)
		}
	}
}

// The longest record may hold nothing but credentials. If each cost a copy of
// the line, this would allocate 100 GB.
func TestManyCredentialsOnOneLineAreTakenOutInOneGo(t *testing.T) {
	for _, c := range []struct{ one, want string }{
		{"nonce=SECRET ", "nonce=(removed) "},
		{"nonce=\"\"", "nonce=(removed)"},
		{"sip:a:SECRET@b ", "sip:a:(removed)@b "},
		{"sip:", "sip:"},
	} {
		const times = 50_000
		in := []byte("X: " + strings.Repeat(c.one, times))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got := string(Redact(in))
		runtime.ReadMemStats(&after)
		if got != "X: "+strings.Repeat(c.want, times) {
			t.Errorf("%q: %.80s", c.one, got)
		}
		allocated := after.TotalAlloc - before.TotalAlloc
		if allocated > 64*uint64(len(in)) {
			t.Errorf("%q: %d bytes allocated for %d", c.one, allocated, len(in))
		}
	}
}

// A trace that is cut anywhere, at either end, gives away neither credentials
// nor bodies: a record without its beginning may be anything.
func TestNoPieceOfATraceGivesCredentialsAway(t *testing.T) {
	const header = "Call-ID: 1\nProxy-Authorization: NTLM realm=\"r\", gssapi-data=\"SECRETSECRET\",\n response=\"SECRET\"\nTo: x\n"
	for name, in := range map[string]string{
		"ocslogger": ocsPrefix + "$$begin_record\nStart-Line: ACK sip:b SIP/2.0\n" + header + "Message-Body: SECRET\n\nSECRET\n$$end_record\n",
		"uccapi":    ucPrefix + "Data Received - x\n" + ucPrefix + "ACK sip:b SIP/2.0\n" + header + "\nSECRET\n",
		"sipe":      sipeMarkA + "ACK sip:b SIP/2.0\n" + header + "\nSECRET\n" + sipeMarkB,
		"bare":      "ACK sip:b SIP/2.0\n" + header + "\nSECRET\n",
	} {
		for at := range len(in) {
			for _, piece := range []string{in[:at], in[at:], in[:at] + strings.Repeat("x", 90) + "\n" + in} {
				r := NewReader(strings.NewReader(piece), shapes[name])
				for {
					rec, err := r.Read()
					if errors.Is(err, io.EOF) {
						break
					}
					if err != nil {
						t.Fatal(err)
					}
					if rec.Kind == Stray || rec.Kind == Other { // counted, never kept
						continue
					}
					if s := rec.Public(); bytes.Contains(s, []byte("SECRET")) {
						t.Fatalf("%s, cut at %d: %s\ngives %q", name, at, piece, s)
					}
				}
			}
		}
	}
}
