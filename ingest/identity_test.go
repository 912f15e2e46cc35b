package ingest

import (
	"strings"
	"testing"
	"unicode"
)

func TestParseUserGivesTheCanonicalIdentity(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"   ", ""},
		{"sip:alice@contoso.com", "alice@contoso.com"},
		{"SIP:Alice@Contoso.COM", "alice@contoso.com"},
		{"sips:alice@contoso.com:5061;transport=tls", "alice@contoso.com"},
		{" alice@contoso.com ", "alice@contoso.com"},
		{"alice@contoso.com.", "alice@contoso.com"},
		{`"Alice Ash" <sip:alice@contoso.com;opaque=user:epid:x;gruu>;tag=1`, "alice@contoso.com"},
		{"sip:J\u00fcrgen@contoso.com", "j\u00fcrgen@contoso.com"},
		{"sip:Ju\u0308rgen@contoso.com", "j\u00fcrgen@contoso.com"},
		{"sip:anna%20b@contoso.com", "anna%20b@contoso.com"},
		{"sip:anna.b(msn.com)@contoso.com", "anna.b(msn.com)@contoso.com"},
		{"sip:+14255550100@contoso.com;user=phone", "+14255550100"},
		{"sip:+1(425)555-0100;ext=0100@contoso.com;user=phone", "+14255550100;ext=0100"},
		{"sip:5550100;phone-context=contoso.com@contoso.com;user=phone", "5550100"},
		{"+14255550100@contoso.com", "+14255550100"},
		{"tel:+1-425-555-0100;ext=0100", "+14255550100;ext=0100"},
		{"TEL:+1.425.555.0100;EXT=01 00", "+14255550100;ext=0100"},
		{"tel:0100", "0100"},
		{"+1 425 555 0100", "+14255550100"},
		{"tel:*69#1", "*69#1"},
		{"sip:alice@contoso.com;gruu;opaque=app:conf:focus:id:1234", ""},
		{"sip:mediation@contoso.com;gruu;OPAQUE=App:mras:x", ""},
		{"sip:1234@contoso.com", "1234@contoso.com"}, // a name of digits without "+" is a name
	} {
		got, err := ParseUser(c.in)
		if err != nil || got != c.want {
			t.Errorf("ParseUser(%q) = %q, %v; want %q", c.in, got, err, c.want)
		}
	}
}

func TestParseUserRefusesWhatIsNoAddress(t *testing.T) {
	for _, in := range []string{
		"alice", "sip:alice", "sip:@contoso.com", "alice@", "sip:al ice@contoso.com", "a@b@c", "sip:alice@con toso.com",
		"tel:", "tel:home", "tel:12", "tel:+" + strings.Repeat("1", 41), "sip:a\x00b@contoso.com", "alice@contoso\x7f.com",
		"sip:\xff\xfe@contoso.com", strings.Repeat("a", 451) + "@contoso.com",
		"smtp:alice@contoso.com", "sip:sip:alice@contoso.com", "sip:\u00a0alice@contoso.com",
	} {
		if got, err := ParseUser(in); err == nil {
			t.Errorf("ParseUser(%.40q) = %q; want an error", in, got)
		} else if len(err.Error()) > 200 {
			t.Errorf("ParseUser(%.40q): the error has %d bytes; values are quoted short", in, len(err.Error()))
		}
	}
}

func TestNumbersAndDomains(t *testing.T) {
	for _, c := range []struct {
		id     string
		number bool
		domain string
	}{
		{"", false, ""},
		{"alice@contoso.com", false, "contoso.com"},
		{"+14255550100", true, ""},
		{"+14255550100;ext=0100", true, ""},
	} {
		if IsNumber(c.id) != c.number || Domain(c.id) != c.domain {
			t.Errorf("%q: IsNumber %v, Domain %q; want %v, %q", c.id, IsNumber(c.id), Domain(c.id), c.number, c.domain)
		}
	}
}

func TestParseDeviceTellsDevicesFromEndpoints(t *testing.T) {
	for _, c := range []struct {
		in, want string
		endpoint bool
	}{
		{"", "", false},
		{"mac:00-04-F2-11-22-33", "mac:0004f2112233", false},
		{"00:04:f2:11:22:33", "mac:0004f2112233", false},
		{"0004.F211.2233", "mac:0004f2112233", false},
		{"host:PC1.Contoso.com.", "host:pc1.contoso.com", false},
		{"PC1", "host:pc1", false},
		{"line:+1 425 555 0100", "line:+14255550100", false},
		{"tel:+1-425-555-0100", "line:+14255550100", false},
		{"sip:Lobby@contoso.com", "sip:lobby@contoso.com", false},
		{"sip:+14255550100@contoso.com;user=phone", "line:+14255550100", false},
		{"uuid:0F5C2B9E-0000-5111-8222-ABCDEF012345", "uuid:0f5c2b9e-0000-5111-8222-abcdef012345", true},
		{"urn:uuid:0f5c2b9e-0000-5111-8222-abcdef012345", "uuid:0f5c2b9e-0000-5111-8222-abcdef012345", true},
		{"{0f5c2b9e-0000-5111-8222-abcdef012345}", "uuid:0f5c2b9e-0000-5111-8222-abcdef012345", true},
		{"epid:A1B2C3/sip:Alice@contoso.com", "epid:a1b2c3/alice@contoso.com", true},
		{"10.0.0.1", "", false},
		{"10.0.0.1:5061", "", false},
		{"ip:10.0.0.1", "", false},
		{"host:10.0.0.1", "", false},
		{"fe80::1%4", "", false},
		{"[2001:db8::1]", "", false},
	} {
		got, endpoint, err := ParseDevice(c.in)
		if err != nil || got != c.want || endpoint != c.endpoint {
			t.Errorf("ParseDevice(%q) = %q, %v, %v; want %q, %v", c.in, got, endpoint, err, c.want, c.endpoint)
		}
	}
	for _, in := range []string{"mac:00", "mac:0004f211223g", "host:", "host:a b", "line:x", "sip:lobby", "uuid:1", "epid:a1", "epid:/a@b",
		"epid:a1/", "two words", `c:\x`, "other:thing", "a\x00b", strings.Repeat("h", 500)} {
		if got, _, err := ParseDevice(in); err == nil {
			t.Errorf("ParseDevice(%.40q) = %q; want an error", in, got)
		}
	}
}

func TestMACOfANumber(t *testing.T) {
	if got := MAC(0x0004f2112233); got != "mac:0004f2112233" {
		t.Errorf("got %q", got)
	}
}

func TestParseServerDropsThePort(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""}, {" FE1.Contoso.com. ", "fe1.contoso.com"}, {"fe1:5061", "fe1"}, {"fe1.contoso.com.:5061", "fe1.contoso.com"},
		{"::1", "::1"}, {"fe1 :5061", "fe1"},
		{"sip:Pool1.contoso.com;transport=tls", "pool1.contoso.com"}, {"SIPS:fe1.contoso.com:5061;lr", "fe1.contoso.com"}, {"https://fe1.contoso.com/abs?x", "fe1.contoso.com"},
		{"http://fe1:8080/", "fe1"}, {"sip:sip:fe1", "fe1"}, {"sip", "sip"}, {"sip:", ""},
	} {
		if got := ParseServer(c.in); got != c.want {
			t.Errorf("ParseServer(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

func FuzzParseUser(f *testing.F) {
	for _, s := range []string{"sip:alice@contoso.com", "tel:+1-425-555-0100;ext=0100", "<sip:+1425;ext=2@x;user=phone>", "a@[::1]:5",
		"sip:x@y;opaque=app:conf", "\u00c5ngstr\u00f6m@x", "sip:sip:a@b", "a@b..", "\u0130@x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id, err := ParseUser(s)
		if slow, slowErr := parseUser(s); slow != id || (slowErr == nil) != (err == nil) {
			t.Fatalf("%q is taken for %q, %v, but is %q, %v", s, id, err, slow, slowErr)
		}
		if err != nil {
			if id != "" {
				t.Fatalf("ParseUser(%q) = %q with the error %v", s, id, err)
			}
			return
		}
		again, err := ParseUser(id)
		if err != nil || again != id {
			t.Fatalf("ParseUser(%q) = %q, and that again is %q, %v", s, id, again, err)
		}
		if id != "" && IsNumber(id) == (Domain(id) != "") {
			t.Fatalf("%q is a number and has a domain, or neither", id)
		}
		if strings.IndexFunc(id, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) >= 0 {
			t.Fatalf("%q holds space", id)
		}
		_ = ParseServer(s)
	})
}

func FuzzParseDevice(f *testing.F) {
	for _, s := range []string{"mac:0004f2112233", "host:pc1", "line:+14255550100", "sip:a@b", "uuid:0f5c2b9e-0000-5111-8222-abcdef012345", "epid:a1/a@b", "10.0.0.1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id, endpoint, err := ParseDevice(s)
		if err != nil {
			return
		}
		again, end, err := ParseDevice(id)
		if err != nil || again != id || end != endpoint {
			t.Fatalf("ParseDevice(%q) = %q, %v, and that again is %q, %v, %v", s, id, endpoint, again, end, err)
		}
		if n := ParseServer(s); ParseServer(n) != n && strings.Count(n, ":") != 1 {
			t.Fatalf("ParseServer(%q) = %q, and that again is %q", s, n, ParseServer(n))
		}
	})
}
