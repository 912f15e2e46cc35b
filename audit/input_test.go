package audit

import (
	"strings"
	"testing"
	"time"
)

// fails demands an error that names all the given pieces.
func fails(t *testing.T, err error, pieces ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error; want one with %q", pieces)
		return
	}
	for _, p := range pieces {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("error %q lacks %q", err, p)
		}
	}
}

func TestParseEstateErrors(t *testing.T) {
	for text, want := range map[string][]string{
		"sip_domains = [\"contoso.com\"]\nsip_domain = 1\n":                                 {`e.toml:2: unknown key "sip_domain"; valid: aliases, applications`},
		"\n[devices]\n\"mac:00\" = {}":                                                      {"e.toml:3:", "12 hexadecimal digits"},
		"[devices]\n\"host:pc\" = {klass = \"x\"}":                                          {"e.toml:2: unknown key", "valid: class, identity, owner"},
		"[devices]\n\"host:pc\" = {class = \"tablet\"}":                                     {"e.toml:2:", "unknown device class", "common-area-phone"},
		"[devices]\n\"10.0.0.1\" = {}":                                                      {"e.toml:2:", "no device of its own"},
		"[servers]\n\"a\" = {role = \"front\"}":                                             {"e.toml:2: unknown role", "front-end, edge"},
		"[servers.a]\nedition = \"x\"":                                                      {"e.toml:2: unknown edition", "standard, enterprise"},
		"[servers]\n\"a\" = {version = \"2008\"}":                                           {"e.toml:2: unknown version", "2007-r2"},
		"time_zone = \"Mars/Olympus\"":                                                      {"e.toml:1: unknown time_zone"},
		"applications = [\"alice\"]":                                                        {"e.toml:1:", "no domain"},
		"guests = []\n[[shared]]\nx = 1":                                                    {"e.toml:2: shared is a list; expected a table"},
		"[[exemptions]]\nsubject = \"a@b.c\"\nuntil = \"tomorrow\"":                         {"e.toml:3: until \"tomorrow\" is not a date YYYY-MM-DD"},
		"sip_domains = 3":                                                                   {"e.toml:1:"},
		"[aliases]\n\"a@b.c\" = [\"\"]":                                                     {"e.toml:2:"},
		"[shared]\n\"a@b.c\" = []":                                                          {`e.toml:2: account "a@b.c" names nobody; expected the people who use it`},
		"[servers.fe1]\n[servers.\"FE1.b.c\"]":                                              {`e.toml:2: server "fe1.b.c" stands twice, as "fe1" too: one host takes one licence`},
		"[shared]\n\"a@b.c\" = [\"x@b.c\", \"X@b.c\"]":                                      {`e.toml:2: person "x@b.c" stands twice`},
		"[shared]\n\"a@b.c\" = [\"x@b.c\"]\n\"A@b.c\" = [\"y@b.c\"]":                        {`account "a@b.c" stands twice`},
		"[shared]\n\"a@b.c\" = [\"x@b.c\"]\n\"sip:X@b.c\" = [\"y@b.c\"]":                    {`e.toml:2: person "x@b.c" is a shared account itself; name its people`},
		"applications = [\"a@b.c\"]\n[shared]\n\"a@b.c\" = [\"x@b.c\"]":                     {`e.toml:3: "a@b.c" is among applications`},
		"applications = [\"x@b.c\"]\n[shared]\n\"a@b.c\" = [\"x@b.c\"]":                     {`e.toml:3: "x@b.c" is among applications`},
		"[devices]\n\"host:p\" = {identity = \"a@b.c\"}\n[shared]\n\"a@b.c\" = [\"x@b.c\"]": {`e.toml:4: "a@b.c" is the identity of a device`},
		"[shared]\n\"reception\" = [\"x@b.c\"]":                                             {"e.toml:2:", "no domain"},
	} {
		_, err := ParseEstate("e.toml", []byte(text))
		fails(t, err, want...)
	}
}

func TestEstateUntil(t *testing.T) {
	for text, want := range map[string]string{
		"2009-12-31":                "2009-12-31",
		`"2009-12-31"`:              "2009-12-31",
		"2009-12-31T08:00:00":       "2009-12-31",
		"2009-12-31T08:00:00Z":      "2009-12-31",
		"2009-12-31 23:30:00-05:00": "2009-12-31",
		`""`:                        "",
	} {
		e, err := ParseEstate("e.toml", []byte("[[exemptions]]\nsubject = \"a@b.c\"\nuntil = "+text))
		if err != nil || e.Exemptions[0].Until != want {
			t.Errorf("%s: %+v, %v", text, e.Exemptions, err)
		}
	}
	for _, text := range []string{"3", "08:00:00", "true", "[2009-12-31]", "{day = 1}"} {
		_, err := ParseEstate("estate.toml", []byte("# one\n\n[[exemptions]]\nsubject = \"a@b.c\"\nuntil = "+text))
		if err == nil || err.Error() != "estate.toml:5: until is no date; expected YYYY-MM-DD" {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestWrongTypesNameTheKey(t *testing.T) {
	for text, want := range map[string]string{
		"sip_domains = 3":                                  `e.toml:1: sip_domains is a number; expected a list of texts such as ["a", "b"]`,
		"guests = [\"b.c\", 3]":                            "e.toml:1: guests is a number; expected a text in quotes",
		"time_zone = 2009-12-31":                           "e.toml:1: time_zone is a date or time; expected a text in quotes",
		"\naliases = \"x\"":                                "e.toml:2: aliases is a text; expected a table",
		"[aliases]\n\"a@b.c\" = \"d@b.c\"":                 "e.toml:2: aliases.a@b.c is a text; expected a list",
		"[servers]\na = true":                              "e.toml:2: servers.a is true or false; expected a table",
		"[servers.a]\nversion = 2007":                      "e.toml:2: servers.a.version is a number; expected a text in quotes",
		"[servers]\na = {Version = 2007}":                  "e.toml:2: servers.a.Version is a number; expected a text",
		"[exemptions]\nsubject = \"a\"":                    "e.toml:1: exemptions is a table; expected tables under [[exemptions]]",
		"[[exemptions]]\n[[exemptions]]\nreason = [\"x\"]": "e.toml:3: exemptions.reason is a list; expected a text",
	} {
		_, err := ParseEstate("e.toml", []byte(text))
		fails(t, err, want)
	}
	_, err := ParsePolicy("p.toml", []byte("name = \"x\"\neffective = 2007-10-01\n[[rules]]\nexempt = \"yes\"\nstrict = 1\n"))
	fails(t, err, "p.toml:2: effective is a date or time; expected a text in quotes",
		"p.toml:4: rules.exempt is a text; expected true or false", "p.toml:5: rules.strict is a number; expected a table")
}

// No message may speak of Go, whatever stands wherever.
func TestMessagesDoNotSpeakOfGo(t *testing.T) {
	values := []string{"3", "1.5", "99999999999999999999", "true", "\"x\"", "2009-12-31", "2009-02-30", "08:00:00", "[]", "[1]", "[[1]]",
		"[{a = 1}]", "{}", "{a = 1}", "{a = {b = [1]}}", "", "nan"}
	read := map[string]func(string) error{
		"estate":    func(s string) error { _, err := ParseEstate("x.toml", []byte(s)); return err },
		"policy":    func(s string) error { _, err := ParsePolicy("x.toml", []byte(s)); return err },
		"catalogue": func(s string) error { return decodeStrict("x.toml", []byte(s), new(licenseCatalogue)) },
	}
	lines := []string{"sip_domains = ", "time_zone = ", "aliases = ", "aliases.a = ", "devices = ", "devices.a = ", "devices.a.class = ",
		"servers = ", "servers.a.pool = ", "exemptions = ", "[[exemptions]]\nuntil = ", "[[exemptions]]\nreason = ", "name = ", "sources = ",
		"sources.a = ", "sources.a.url = ", "licenses.standard = ", "questions = ", "[[questions]]\ncite = ", "rules = ", "[[rules]]\nexempt = ",
		"[[rules]]\nstrict = ", "[[rules]]\nstrict.require = ", "otherwise = ", "otherwise.count_as = ", "[[servers]]\nrole = ",
		"releases = ", "[[licenses]]\nsuite = ", "[[licenses]]\nrights = ", "[servers]\n", "[[devices]]\nclass = "}
	for what, parse := range read {
		for _, line := range lines {
			for _, v := range values {
				err := parse(line + v)
				for _, word := range []string{"struct", "cannot decode", "map[", "[]string", "interface", "reflect", "int64"} {
					if err != nil && strings.Contains(err.Error(), word) {
						t.Errorf("%s: %s%s: %v", what, line, v, err)
					}
				}
			}
		}
	}
}

func TestParseEstateCanonical(t *testing.T) {
	e, err := ParseEstate("e.toml", []byte(`
sip_domains = ["Contoso.COM"]
time_zone = "Europe/Berlin"
guests = ["Fabrikam.com", "sip:Joe@Partner.com", "+1 (425) 555-0100"]
[aliases]
"sip:Alice@Contoso.com" = ["A.Old@contoso.com", "tel:+1-425-555-0101"]
[devices]
"00-04-F2-00-00-01" = {identity = "sip:Lobby@contoso.com"}
[servers]
"FE1.Contoso.com" = {pool = "Pool1.contoso.com", version = "2007-r2"}
`))
	if err != nil {
		t.Fatal(err)
	}
	if e.SIPDomains[0] != "contoso.com" || e.GuestDomains[0] != "fabrikam.com" || e.Guests[0] != "joe@partner.com" || e.Guests[1] != "+14255550100" ||
		e.Aliases["alice@contoso.com"][1] != "+14255550101" || e.Devices["mac:0004f2000001"].Identity != "lobby@contoso.com" ||
		e.Servers["fe1.contoso.com"].Pool != "pool1.contoso.com" || e.Servers["fe1.contoso.com"].Version.String() != "2007-r2" {
		t.Errorf("%+v", e)
	}
}

func TestParsePolicyErrors(t *testing.T) {
	whole, err := embedded.ReadFile("policy/ocs2007.toml")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		old, new string
		want     []string
	}{
		{`class = ["application"]`, `class = ["applications"]`, []string{"p.toml:", "unknown class", "hosted, federated"}},
		{`activity = ["voice-extension"]`, `activity = ["voice"]`, []string{"p.toml:", "unknown activity", "voice-extension"}},
		{`reading = "attendee-edition"`, `reading = "attendee"`, []string{"p.toml:", "no question of this policy"}},
		{`default = "strict"`, `default = "hard"`, []string{"p.toml:", "unknown reading", "strict, lenient"}},
		{`exempt = true`, `exemt = true`, []string{"p.toml:", "unknown key", "exempt"}},
		{`require = ["standard", "enterprise"]`, `require = ["enterprise"]`, []string{"p.toml:", "only valid on top of standard"}},
		{`strict = {as = "hosted"}`, `strict = {as = "federated"}`, []string{"p.toml:", "circle"}},
		{`cite = ["MUX"]`, `cite = ["MAX"]`, []string{"p.toml:", `source "MAX"`, "valid:"}},
		{`license = "ocs-server-enterprise"`, `license = "ocs-server"`, []string{"p.toml:", "unknown license"}},
		{`server_version = "2007"`, `server_version = "2008"`, []string{"p.toml:12:", "unknown version"}},
	} {
		text := strings.Replace(string(whole), c.old, c.new, 1)
		if text == string(whole) {
			t.Fatalf("%q is not in the policy", c.old)
		}
		_, err := ParsePolicy("p.toml", []byte(text))
		fails(t, err, c.want...)
	}
	_, err = BuiltinPolicy("ocs2008")
	fails(t, err, "valid: ocs2007")
}

func TestParseReadings(t *testing.T) {
	p := mustPolicy(t)
	got, err := ParseReadings(p, []string{"external-attendee=lenient"})
	if err != nil || got["external-attendee"] != "lenient" || got["attendee-edition"] != "strict" || got["downgrade-basis"] != "lenient" {
		t.Errorf("%v, %v", got, err)
	}
	_, err = ParseReadings(p, []string{"external=lenient"})
	fails(t, err, "valid:", "external-attendee")
	_, err = ParseReadings(p, []string{"external-attendee=maybe"})
	fails(t, err, "external-attendee=strict")
}

func TestParseEntitlements(t *testing.T) {
	owned, problems, err := ParseEntitlements("l.csv", []byte("\ufeffLicense, Metric ,VERSION,quantity,SA Until,unit price,currency\r\n"+
		"ocs-standard-cal,user,2007,10,2009-02-03,31.5,usd\r\n"+
		"\"ocs-enterprise-cal\",device,2007,-1,,,\r\n"+
		"ocs-plus-cal,device,2007,1,,,\r\n"+
		"ocs-standard-cal,server,2007,1,,,\r\n"+
		"ocs-standard-cal,user,,1,,,\r\n"+
		"ecal-suite,user,,5,2011-01-01,,\r\n"+
		"ocs-standard-cal,user,2007,1,,1e3,\r\n"+
		",,,,,,\r\n"+
		"lcs-cal,user,2005,3,2008-01-01,,\r\n"+
		"lcs-cal,user,2005,3,2007-01-01,,\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	var lines []int
	for _, p := range problems {
		lines = append(lines, p.Line)
	}
	if len(owned) != 4 || len(problems) != 5 || lines[0] != 3 || lines[4] != 8 {
		t.Fatalf("%+v\n%v", owned, problems)
	}
	for i, want := range []struct {
		version, families string
	}{{"2007-r2", "standard"}, {"2010", "enterprise standard"}, {"2007", "enterprise standard"}, {"2005", "standard"}} {
		r := rightsOf(owned[i : i+1])
		if v, f := r[0].version.String(), strings.Join(r[0].families, " "); v != want.version || f != want.families {
			t.Errorf("%d: %s of %s, want %v", i, f, v, want)
		}
	}
	if owned[0].UnitPrice != 31500 || owned[0].Currency != "USD" {
		t.Errorf("price %d %s", owned[0].UnitPrice, owned[0].Currency)
	}
	for text, want := range map[string]string{
		"license,metric,version\n":                `column "quantity" is missing`,
		"license,metric,version,quantity,price\n": `unknown column "price"; valid: license`,
		"": "no header",
		"license,metric,version,quantity,unit_price,currency\nocs-standard-cal,user,2007,1,1,EUR\nocs-standard-cal,user,2007,1,1,USD": "l.csv:3: currency USD, but l.csv:2 has EUR",
	} {
		_, _, err := ParseEntitlements("l.csv", []byte(text))
		fails(t, err, want)
	}
}

func TestPrices(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "31": 31000, "31.5": 31500, "0.005": 5, "999999999.999": 999_999_999_999, "0000000000031": 31000} {
		if got, err := parsePrice(text); err != nil || got != want {
			t.Errorf("%q: %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "-1", "1,5", ".5", "5.", "1.0001", "1.2.3", "NaN", "1e3", "1000000000", "999999999999999999999"} {
		if _, err := parsePrice(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

// Sums never wrap: what could be too much is refused with its line.
// The price of a licence and metric is its own, else the highest given for that
// licence, else for its family under another name, else 1.
func TestThePriceOfALicence(t *testing.T) {
	for _, c := range []struct {
		rows, license, metric string
		want                  int64
	}{
		{"", "ocs-standard-cal", "user", 1000},
		{"ocs-standard-cal,user,2007,0,10\nocs-standard-cal,device,2007,0,30", "ocs-standard-cal", "user", 10000},
		{"ocs-standard-cal,user,2007,0,10\nocs-standard-cal,user,2007-r2,0,12\nocs-standard-cal,user,2007,0,11", "ocs-standard-cal", "user", 12000},
		{"ocs-standard-cal,device,2007,0,30\nlync-standard-cal,user,2010,0,99", "ocs-standard-cal", "user", 30000},
		{"lync-standard-cal,user,2010,0,20\nsfb-standard-cal,user,2015,0,25\nlync-standard-cal,device,2010,0,40", "ocs-standard-cal", "user", 25000},
		{"lync-standard-cal,user,2010,0,20\nsfb-standard-cal,user,2015,0,25\nlync-standard-cal,device,2010,0,40", "ocs-standard-cal", "device", 40000},
		{"sfb-standard-cal,user,2015,0,25", "ocs-standard-cal", "device", 25000},
		{"ocs-enterprise-cal,user,2007,0,139\necal-suite,user,,0,200", "ocs-standard-cal", "user", 1000},
		{"ocs-standard-cal,user,2007,7,\nocs-standard-cal,user,2007,0,0", "ocs-standard-cal", "user", 0},
	} {
		owned, problems, err := ParseEntitlements("l", []byte("license,metric,version,quantity,unit_price\n"+c.rows))
		if err != nil || len(problems) > 0 {
			t.Fatal(err, problems)
		}
		if got := price(owned, c.license, c.metric); got != c.want {
			t.Errorf("%s %s, %q: %d, want %d", c.license, c.metric, c.rows, got, c.want)
		}
	}
}

// A currency is a code of three letters, in whatever case; anything else is
// refused with its line, and with what is expected.
func TestCurrencies(t *testing.T) {
	for text, want := range map[string]string{"": "", "usd": "USD", "Eur": "EUR"} {
		if got, err := parseCurrency(text); err != nil || got != want {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	for _, text := range []string{"$", "US$", "US", "EURO", "€", "E R", "EU1", "\u212AUR"} {
		owned, problems, err := ParseEntitlements("l.csv", []byte("license,metric,version,quantity,unit_price,currency\nocs-standard-cal,user,2007,1,1,EUR\nocs-standard-cal,user,2007,1,1,"+text+"\n"))
		if err != nil || len(owned) != 1 || len(problems) != 1 || !strings.HasPrefix(problems[0].String(), "l.csv:3: currency ") || !strings.Contains(problems[0].What, "not a code of three letters such as EUR or USD") {
			t.Errorf("%q: %v, %v, %v", text, owned, problems, err)
		}
	}
	_, err := ParseWhatIf("w.toml", []byte("policy = \"ocs2007\"\n[[licenses]]\nlicense = \"ocs-standard-cal\"\nmetric = \"user\"\nversion = \"2007\"\nquantity = 1\ncurrency = \"dollars\"\n"))
	fails(t, err, `w.toml:2: currency "dollars" is not a code of three letters`)
}

func TestPricesThatCannotBeSummedAreRefused(t *testing.T) {
	s := newScene()
	s.fact(t, testAt, "im-login a@contoso.com")
	in := s.input(mustPolicy(t))
	in.Owned = []Entitlement{{License: "ocs-standard-cal", Metric: "user", Version: 2, Priced: true, UnitPrice: 1 << 61, File: "l.csv", Line: 7}}
	_, _, err := Run(in)
	fails(t, err, "l.csv:7: unit_price 2305843009213693.952 for up to ", "more than can be counted")
	in.Owned[0].UnitPrice = 1 << 59
	if r, _, err := Run(in); err != nil || r.Mix.Cost != money(1<<59) {
		t.Errorf("%+v, %v", r, err)
	}
	if err := fitting([]Entitlement{{Priced: true, UnitPrice: 999_999_999_999}}, 9_000_000); err != nil {
		t.Error(err)
	}
}

func TestCatalogue(t *testing.T) {
	for _, l := range Catalog() {
		if l.Title == "" || len(l.Metrics) == 0 || len(l.Grants)+len(l.Rights) == 0 {
			t.Errorf("incomplete: %+v", l)
		}
	}
	last := ""
	for _, r := range Releases() {
		if _, err := time.Parse(time.DateOnly, r.Date); err != nil || r.Date <= last || r.Source == "" {
			t.Errorf("release %+v after %s: %v", r, last, err)
		}
		last = r.Date
	}
}
