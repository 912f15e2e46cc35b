package audit

import (
	"slices"
	"strings"
	"testing"
)

// small is a policy of a few rules, to be spoilt.
const small = `name = "small"
effective = "2010-01-01"
server_version = "2010"

[licenses]
standard = "lync-standard-cal"

[[questions]]
id = "who"
default = "strict"
text = "Who?"
strict = "Everybody."
lenient = "Nobody."

[[rules]]
id = "own"
class = ["hosted"]
require = ["standard"]
reason = "own"

[[rules]]
id = "others"
reading = "who"
strict = {require = ["standard"]}
lenient = {exempt = true}
reason = "others"

[otherwise]
id = "rest"
count_as = ["standard"]

[[servers]]
id = "all"
license = "lync-server"
reason = "all"
`

func TestASpoiltPolicyIsRefusedWithTheLine(t *testing.T) {
	if _, err := ParsePolicy("p.toml", []byte(small)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, old, new, want string
	}{
		{"unknown key", `class = ["hosted"]`, `klass = ["hosted"]`, `p.toml:17: unknown key "rules.klass"; valid: activity, cite, class, confidence, device, exempt, id, lenient, media, peer, reading, reason, require, role, strict`},
		{"unknown word", `class = ["hosted"]`, `class = ["staff"]`, `p.toml:17: unknown class "staff"; valid: hosted, federated`},
		{"unknown role", `class = ["hosted"]`, `role = ["attendee"]`, `p.toml:17: unknown role "attendee"; valid: presenter`},
		{"unknown medium", `class = ["hosted"]`, `media = ["audio"]`, `p.toml:17: unknown medium "audio"; valid: sharing, data`},
		{"unknown device", `class = ["hosted"]`, `device = ["mobile"]`, `p.toml:17: unknown device class "mobile"; valid: room-system`},
		{"unknown confidence", `reason = "own"`, "reason = \"own\"\nconfidence = \"sure\"", `p.toml:20: unknown confidence "sure"; valid: D, S, I`},
		{"no outcome", "require = [\"standard\"]\nreason = \"own\"", `reason = "own"`, `p.toml:16: rule "own": one outcome is needed`},
		{"two outcomes", `require = ["standard"]
reason = "own"`, `require = ["standard"]
exempt = true
reason = "own"`, `p.toml:16: rule "own": one outcome is needed`},
		{"no reason", "reason = \"own\"\n", "", `p.toml:15: reason is missing`},
		{"half a reading", "lenient = {exempt = true}\n", "", `p.toml:23: rule "others" has a reading: it needs strict and lenient`},
		{"a reading nobody asks", `reading = "who"`, `reading = "when"`, `p.toml:23: reading "when" is no question of this policy that rules can settle; valid: who`},
		{"a question of the program's own", "id = \"who\"", "id = \"dormant-identity\"", `p.toml:23: reading "who" is no question`},
		{"a question nobody needs", `reading = "who"
strict = {require = ["standard"]}
lenient = {exempt = true}`, `exempt = true`, `p.toml:9: question "who" decides nothing`},
		{"a question without an answer", "lenient = \"Nobody.\"\n", "", `p.toml:9: question "who": lenient is missing`},
		{"never reached", `class = ["hosted"]
`, ``, `p.toml:21: rule "others" is never reached: rules before it, such as "own", decide everything it names`},
		{"names nothing", `class = ["hosted"]`, "activity = [\"im-login\"]\npeer = [\"pstn\"]", `p.toml:16: rule "own" names nothing that occurs`},
		{"no remainder", "[otherwise]\nid = \"rest\"\ncount_as = [\"standard\"]\n", "", `table otherwise with an id is missing`},
		{"no id of a server rule", "id = \"all\"\n", "", `p.toml:32: server rule "": the id is missing`},
		{"a server without a rule", `license = "lync-server"`, "role = [\"front-end\"]\nlicense = \"lync-server\"", `p.toml:33: no server rule names role edge of the standard edition`},
		{"a server rule never reached", "reason = \"all\"\n", "reason = \"all\"\n[[servers]]\nid = \"more\"\nexempt = true\nreason = \"more\"\n", `p.toml:37: server rule "more" is never reached`},
		{"a server rule without an outcome", "license = \"lync-server\"\n", "", `p.toml:33: server rule "all": one outcome is needed`},
		{"a CAL for a server", `license = "lync-server"`, `license = "lync-standard-cal"`, `license "lync-standard-cal" is not for servers`},
		{"connectors for nothing known", `server_version = "2010"`, "server_version = \"2010\"\nconnectors = [\"plus\"]", `p.toml:4: unknown CAL family "plus"; valid: standard, enterprise`},
		{"the upper connector alone", `server_version = "2010"`, "server_version = \"2010\"\nconnectors = [\"enterprise\"]", `p.toml:4: the connector for enterprise is only valid on top of that for standard`},
		{"no name", "name = \"small\"\n", "", `p.toml:1: name is missing`},
		{"no date", "effective = \"2010-01-01\"\n", "", `p.toml:1: effective is missing; expected the date of the terms, YYYY-MM-DD`},
		{"a day that is none", `2010-01-01`, `2010-02-30`, `p.toml:2: effective "2010-02-30" is not a date YYYY-MM-DD`},
		{"no generation", "server_version = \"2010\"\n", "", `p.toml:1: server_version: is missing; valid: 2005, 2007, 2007-r2, 2010, `},
		{"a CAL of another family", `standard = "lync-standard-cal"`, `standard = "lync-plus-cal"`, `p.toml:6: license "lync-plus-cal" is no CAL of the family standard; valid: lcs-cal, lync-standard-cal`},
		{"a suite for a family", `standard = "lync-standard-cal"`, `standard = "ecal-suite"`, `p.toml:6: license "ecal-suite" is no CAL of the family standard; valid: `},
		{"a circle of one", `strict = {require = ["standard"]}`, `strict = {as = "guest"}`, `p.toml:24: rule "others": judging "guest" as "guest" goes round in a circle; let one`},
		{"a circle of two, by the lenient answer", `lenient = {exempt = true}`, `lenient = {as = "pstn"}`, `p.toml:25: rule "others": judging "pstn" as "pstn" goes round in a circle`},
		{"another generation", `server_version = "2010"`, `server_version = "2011"`, `p.toml:3: server_version: unknown version "2011"`},
	} {
		text := strings.Replace(small, c.old, c.new, 1)
		if text == small {
			t.Fatalf("%s: %q is not in the policy", c.name, c.old)
		}
		_, err := ParsePolicy("p.toml", []byte(text))
		if err == nil || !slices.ContainsFunc(strings.Split(err.Error(), "\n"), func(line string) bool { return strings.Contains(line, c.want) }) {
			t.Errorf("%s: %v\nwant %s", c.name, err, c.want)
		}
	}
}

// Two questions that are each harmless strictly and leniently can lead round in a
// circle when one is answered so and the other not.
func TestACircleOfMixedReadingsIsRefused(t *testing.T) {
	text := strings.Replace(small, "[otherwise]", `[[questions]]
id = "what"
default = "strict"
text = "What?"
strict = "All."
lenient = "Nothing."

[[rules]]
id = "never"
exempt = true
reason = "the rest"

[otherwise]`, 1)
	text = strings.Replace(text, `[[rules]]
id = "others"
`, `[[rules]]
id = "there"
class = ["guest"]
reading = "who"
strict = {as = "federated"}
lenient = {exempt = true}
reason = "there"

[[rules]]
id = "back"
class = ["federated"]
reading = "what"
strict = {exempt = true}
lenient = {as = "guest"}
reason = "back"

[[rules]]
id = "others"
class = ["pstn"]
`, 1)
	_, err := ParsePolicy("p.toml", []byte(text))
	if err == nil || !strings.Contains(err.Error(), `goes round in a circle`) || strings.Contains(err.Error(), "p.toml:1:") {
		t.Errorf("%v", err)
	}
	// Answers of one question that exclude each other lead nowhere together.
	apart := strings.ReplaceAll(strings.Replace(text, `reading = "what"`, `reading = "who"`, 1), "[[questions]]\nid = \"what\"", "[[questions]]\nid = \"dormant-identity\"")
	if _, err := ParsePolicy("p.toml", []byte(apart)); err != nil {
		t.Errorf("%v\n%s", err, apart)
	}
}

func TestWrongCasesAreRefusedWithTheLine(t *testing.T) {
	for text, want := range map[string]string{
		"":                                    "c.toml: no [[cases]]",
		"[[cases]]\nname = \"a\"":             "c.toml:1: want is missing",
		"[[cases]]\nwant = []":                "c.toml:1: name is missing",
		"[[cases]]\nname = \"a\"\nwnat = []":  `c.toml:3: unknown key "cases.wnat"`,
		"[[cases]]\nname = \"a\"\nfacts = \"": "c.toml:3: ",
	} {
		_, err := ParseCases("c.toml", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	for text, want := range map[string]string{
		`facts = ["im-login"]`:                            "expected activity and user",
		`facts = ["sleeping a@b.c"]`:                      `unknown activity "sleeping"`,
		`facts = ["im-login a@b.c colour=red"]`:           `unknown word "colour"; valid: peer, device`,
		`facts = ["im-login a@b.c role=boss"]`:            `unknown role "boss"`,
		`facts = ["im-login a@b.c day=yesterday"]`:        `cannot parse "yesterday"`,
		`facts = ["im-session a@b.c modality=im+sharin"]`: `unknown modality "sharin"`,
		`readings = {colour = "strict"}`:                  "has no such question",
		`estate = "colour = 1"`:                           `estate:2: unknown key "colour"`,
		`owned = "ocs-standard-cal,user,2007,many"`:       `owned:2: quantity "many"`,
		`assign = "nobody"`:                               `unknown assignment "nobody"`,
	} {
		cases, err := ParseCases("c.toml", []byte("[[cases]]\nname = \"a\"\nwant = []\n"+text))
		if err == nil {
			_, err = cases[0].Check(mustPolicy(t))
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// Whatever stands in a policy, reading it ends, and what it accepts can be
// compiled, compared and audited with.
func FuzzPolicy(f *testing.F) {
	for _, name := range BuiltinPolicies() {
		data, err := embedded.ReadFile("policy/" + name + ".toml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data))
	}
	f.Add(small)
	f.Add(strings.Replace(small, `strict = {require = ["standard"]}`, `strict = {as = "hosted"}`, 1))
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePolicy("p.toml", []byte(text))
		if err != nil {
			return
		}
		if d, err := ComparePolicies(p, p); err != nil || len(d) > 0 || len(CompareSettings(p, p)) > 0 {
			t.Fatalf("it differs from itself: %v, %v", d, err)
		}
		c := PolicyCase{Name: "all", Facts: []string{"im-login a@contoso.com", "conference-attended b@fabrikam.com role=presenter modality=sharing", "call-placed +12065550199 peer=a@contoso.com"},
			Estate: "[servers]\n\"fe1.contoso.com\" = {role = \"edge\"}", Want: []string{"x"}}
		if _, err := c.Check(p); err != nil {
			t.Fatal(err)
		}
	})
}
