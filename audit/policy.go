package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"calaudit/ingest"
)

// Policy is a named, dated set of licensing rules, read from TOML.
type Policy struct {
	Name          string                  `toml:"name"`
	Title         string                  `toml:"title"`
	Effective     string                  `toml:"effective"`
	ServerVersion string                  `toml:"server_version"` // where an export doesn't tell
	Sources       map[string]PolicySource `toml:"sources"`
	Licenses      map[string]string       `toml:"licenses"` // CAL family -> licence name
	Questions     []Question              `toml:"questions"`
	Rules         []Rule                  `toml:"rules"`
	Otherwise     Otherwise               `toml:"otherwise"`
	Servers       []ServerRule            `toml:"servers"`

	SHA256  string  `toml:"-"` // of the file's bytes, in hex
	version Version // ServerVersion
}

// PolicySource is a text that rules cite.
type PolicySource struct {
	Title string `toml:"title"`
	URL   string `toml:"url"`
}

// Question is a disputed point with two readings.
type Question struct {
	ID      string   `toml:"id"`
	Default string   `toml:"default"` // strict or lenient
	Text    string   `toml:"text"`
	Strict  string   `toml:"strict"`
	Lenient string   `toml:"lenient"`
	Cite    []string `toml:"cite"`
}

// Rule says what follows from an activity of a class of party. Rules are
// tried in order; empty lists match anything.
type Rule struct {
	ID         string      `toml:"id"`
	Class      []string    `toml:"class"`
	Activity   []string    `toml:"activity"`
	Peer       []string    `toml:"peer"`    // class of the other party of a call
	Require    []string    `toml:"require"` // CAL families
	Exempt     bool        `toml:"exempt"`
	Reading    string      `toml:"reading"` // the question that decides between the next two
	Strict     *RuleAnswer `toml:"strict"`
	Lenient    *RuleAnswer `toml:"lenient"`
	Reason     string      `toml:"reason"`
	Cite       []string    `toml:"cite"`
	Confidence string      `toml:"confidence"` // D, S or I
}

// RuleAnswer is the outcome of a rule under one reading.
type RuleAnswer struct {
	Require []string `toml:"require"`
	Exempt  bool     `toml:"exempt"`
	As      string   `toml:"as"` // judged like this class doing the same
}

// Otherwise is what holds when no rule matches.
type Otherwise struct {
	ID      string   `toml:"id"`
	CountAs []string `toml:"count_as"`
	Reason  string   `toml:"reason"`
}

// ServerRule says which licence an instance needs. Empty lists match anything.
type ServerRule struct {
	Role       []string `toml:"role"`
	Edition    []string `toml:"edition"`
	License    string   `toml:"license"`
	Exempt     bool     `toml:"exempt"` // additional software: needs none
	Reason     string   `toml:"reason"`
	Cite       []string `toml:"cite"`
	Confidence string   `toml:"confidence"`
}

// Questions that the auditor itself answers; all others belong to rules. The
// value is the reading in force when a policy does not ask.
var builtinQuestions = map[string]string{
	"dormant-identity":   "strict",
	"disabled-identity":  "strict",
	"downgrade-basis":    "lenient",
	"identity-by-device": "lenient",
	"user-and-device":    "lenient",
}

// BuiltinPolicies names the policies that come with the program.
func BuiltinPolicies() []string {
	files, err := embedded.ReadDir("policy")
	if err != nil {
		panic(err) // part of the program
	}
	var names []string
	for _, f := range files {
		name, ok := strings.CutSuffix(f.Name(), ".toml")
		if ok && !strings.HasSuffix(name, ".cases") {
			names = append(names, name)
		}
	}
	return names
}

// BuiltinPolicy returns a policy that comes with the program.
func BuiltinPolicy(name string) (*Policy, error) {
	if !slices.Contains(BuiltinPolicies(), name) {
		return nil, fmt.Errorf("unknown policy %q; valid: %s, or a file", name, strings.Join(BuiltinPolicies(), ", "))
	}
	data, err := embedded.ReadFile("policy/" + name + ".toml")
	if err != nil {
		return nil, err
	}
	return ParsePolicy(name+".toml", data)
}

// ParsePolicy reads and checks a policy; every problem is reported with its line.
func ParsePolicy(file string, data []byte) (*Policy, error) {
	p := new(Policy)
	if err := decodeStrict(file, data, p); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	p.SHA256 = hex.EncodeToString(sum[:])
	c := policyCheck{p: p, at: locate(file, data)}
	c.head()
	c.questions()
	c.rules()
	c.servers()
	if err := errors.Join(c.errs...); err != nil {
		return nil, err
	}
	return p, nil
}

// ParseReadings reads answers such as "external-attendee=lenient" and fills in
// the defaults of the questions that are not named.
func ParseReadings(p *Policy, answers []string) (map[string]string, error) {
	chosen := map[string]string{}
	var ids []string
	for _, q := range p.Questions {
		chosen[q.ID] = q.Default
		ids = append(ids, q.ID)
	}
	slices.Sort(ids)
	for _, a := range answers {
		id, answer, _ := strings.Cut(a, "=")
		id, answer = strings.TrimSpace(id), strings.TrimSpace(answer)
		if _, ok := chosen[id]; !ok {
			return nil, fmt.Errorf("reading %q: policy %s has no such question; valid: %s", a, p.Name, strings.Join(ids, ", "))
		}
		if answer != "strict" && answer != "lenient" {
			return nil, fmt.Errorf("reading %q: the answer is missing or unknown; valid: %s=strict, %s=lenient", a, id, id)
		}
		chosen[id] = answer
	}
	return chosen, nil
}

// policyCheck collects what is wrong with a policy.
type policyCheck struct {
	p    *Policy
	at   *places
	errs []error
}

func (c *policyCheck) bad(path []string, format string, args ...any) {
	c.errs = append(c.errs, c.at.errorf(path, format, args...))
}

func (c *policyCheck) oneOf(path []string, what, word string, valid ...string) {
	if !slices.Contains(valid, word) {
		c.bad(path, "unknown %s %q; valid: %s", what, word, strings.Join(valid, ", "))
	}
}

func (c *policyCheck) head() {
	p := c.p
	if p.Name == "" {
		c.bad([]string{"name"}, "name is missing")
	}
	if _, err := time.Parse(time.DateOnly, p.Effective); err != nil {
		c.bad([]string{"effective"}, "effective %q is not a date YYYY-MM-DD", p.Effective)
	}
	v, err := ParseVersion(p.ServerVersion)
	if err != nil || v == 0 {
		c.bad([]string{"server_version"}, "server_version: %v", cmpErr(err, "is missing"))
	}
	p.version = v
	for _, family := range slices.Sorted(maps.Keys(p.Licenses)) {
		c.oneOf([]string{"licenses", family}, "CAL family", family, families[:]...)
		if _, err := license(p.Licenses[family]); err != nil {
			c.bad([]string{"licenses", family}, "%v", err)
		}
	}
	if p.Otherwise.ID == "" {
		c.bad([]string{"otherwise"}, "table otherwise with an id is missing")
	}
	c.editions([]string{"otherwise", "count_as"}, p.Otherwise.CountAs)
	if len(p.Otherwise.CountAs) == 0 {
		c.bad([]string{"otherwise", "count_as"}, "count_as is missing: what no rule decides must still be counted")
	}
}

func cmpErr(err error, instead string) string {
	if err != nil {
		return err.Error()
	}
	return instead
}

func (c *policyCheck) questions() {
	seen := map[string]bool{}
	for i, q := range c.p.Questions {
		path := []string{"questions", fmt.Sprint(i), "id"}
		if q.ID == "" || seen[q.ID] {
			c.bad(path, "question %q: the id is missing or used twice", q.ID)
		}
		seen[q.ID] = true
		c.oneOf([]string{"questions", fmt.Sprint(i), "default"}, "reading", q.Default, "strict", "lenient")
		c.cites([]string{"questions", fmt.Sprint(i), "cite"}, q.Cite)
		_, builtin := builtinQuestions[q.ID]
		if !builtin && !slices.ContainsFunc(c.p.Rules, func(r Rule) bool { return r.Reading == q.ID }) {
			c.bad(path, "question %q decides nothing; let a rule name it, or use one of: %s", q.ID,
				strings.Join(slices.Sorted(maps.Keys(builtinQuestions)), ", "))
		}
	}
}

func (c *policyCheck) rules() {
	seen := map[string]bool{c.p.Otherwise.ID: true}
	for _, q := range slices.Sorted(maps.Keys(builtinQuestions)) {
		seen[q] = true // these ids also stand in reasons
	}
	for i := range c.p.Rules {
		r := &c.p.Rules[i]
		path := func(key string) []string { return []string{"rules", fmt.Sprint(i), key} }
		if r.ID == "" || seen[r.ID] {
			c.bad(path("id"), "rule %q: the id is missing or used twice", r.ID)
		}
		seen[r.ID] = true
		for _, w := range r.Class {
			c.oneOf(path("class"), "class", w, ingest.ClassNames()...)
		}
		for _, w := range r.Peer {
			c.oneOf(path("peer"), "class", w, ingest.ClassNames()...)
		}
		for _, w := range r.Activity {
			c.oneOf(path("activity"), "activity", w, ingest.ActivityNames()...)
		}
		c.cites(path("cite"), r.Cite)
		if r.Reading == "" {
			if r.Strict != nil || r.Lenient != nil {
				c.bad(path("id"), "rule %q has strict or lenient but no reading", r.ID)
			}
			c.answer(path("id"), r.ID, &RuleAnswer{Require: r.Require, Exempt: r.Exempt})
			continue
		}
		if !slices.ContainsFunc(c.p.Questions, func(q Question) bool { return q.ID == r.Reading }) {
			c.bad(path("reading"), "reading %q is no question of this policy", r.Reading)
		}
		if r.Require != nil || r.Exempt || r.Strict == nil || r.Lenient == nil {
			c.bad(path("reading"), "rule %q has a reading: it needs strict and lenient, and neither require nor exempt", r.ID)
			continue
		}
		c.answer(path("strict"), r.ID, r.Strict)
		c.answer(path("lenient"), r.ID, r.Lenient)
	}
	if len(c.errs) > 0 {
		return
	}
	for _, answer := range []string{"strict", "lenient"} {
		readings := map[string]string{}
		for _, q := range c.p.Questions {
			readings[q.ID] = answer
		}
		if _, err := compile(c.p, readings); err != nil {
			c.bad([]string{"rules"}, "%v", err)
		}
	}
}

func (c *policyCheck) answer(path []string, id string, a *RuleAnswer) {
	said := bit(len(a.Require) > 0) + bit(a.Exempt) + bit(a.As != "")
	if said != 1 {
		c.bad(path, "rule %q: one outcome is needed; valid: require = [...], exempt = true, as = \"class\" (only under strict or lenient)", id)
	}
	c.editions(path, a.Require)
	if a.As != "" {
		c.oneOf(path, "class", a.As, ingest.ClassNames()...)
	}
}

func (c *policyCheck) editions(path []string, names []string) {
	for _, n := range names {
		c.oneOf(path, "CAL family", n, families[:]...)
		if c.p.Licenses[n] == "" {
			c.bad(path, "CAL family %q has no name in [licenses]", n)
		}
	}
	if len(names) > 0 && !slices.Contains(names, families[0]) {
		c.bad(path, "%s is only valid on top of standard; name both", strings.Join(names, ", "))
	}
}

func (c *policyCheck) cites(path []string, keys []string) {
	for _, k := range keys {
		if _, ok := c.p.Sources[k]; !ok {
			c.bad(path, "source %q is not in [sources]; valid: %s", k, strings.Join(slices.Sorted(maps.Keys(c.p.Sources)), ", "))
		}
	}
}

func (c *policyCheck) servers() {
	for i, s := range c.p.Servers {
		path := func(key string) []string { return []string{"servers", fmt.Sprint(i), key} }
		for _, w := range s.Role {
			c.oneOf(path("role"), "role", w, serverRoles...)
		}
		for _, w := range s.Edition {
			c.oneOf(path("edition"), "edition", w, serverEditions...)
		}
		c.cites(path("cite"), s.Cite)
		if s.Exempt == (s.License != "") {
			c.bad([]string{"servers", fmt.Sprint(i)}, "one outcome is needed; valid: license = \"name\", exempt = true")
		}
		if s.License != "" {
			if _, err := license(s.License); err != nil {
				c.bad(path("license"), "%v", err)
			}
		}
	}
}
