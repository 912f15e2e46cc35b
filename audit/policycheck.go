package audit

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"calaudit/ingest"
)

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
		c.bad([]string{"name"}, "name is missing; expected a short text such as \"mine\"")
	}
	for _, family := range p.Connectors {
		c.oneOf([]string{"connectors"}, "CAL family", family, families[:len(connectorFamilies)]...)
	}
	if len(p.Connectors) > 0 && !slices.Contains(p.Connectors, families[0]) {
		c.bad([]string{"connectors"}, "the connector for %s is only valid on top of that for standard; name both", strings.Join(p.Connectors, ", "))
	}
	if p.Effective == "" {
		c.bad([]string{"effective"}, "effective is missing; expected the date of the terms, YYYY-MM-DD")
	} else if _, err := time.Parse(time.DateOnly, p.Effective); err != nil {
		c.bad([]string{"effective"}, "effective %q is not a date YYYY-MM-DD", p.Effective)
	}
	v, err := ParseVersion(p.ServerVersion)
	if err != nil || v == 0 {
		var names []string
		for _, r := range Releases() {
			names = append(names, r.Version)
		}
		c.bad([]string{"server_version"}, "server_version: %v", cmpErr(err, "is missing; valid: "+strings.Join(names, ", ")))
	}
	p.version = v
	for _, family := range slices.Sorted(maps.Keys(p.Licenses)) {
		c.oneOf([]string{"licenses", family}, "CAL family", family, families[:]...)
		if l, err := license(p.Licenses[family]); err != nil {
			c.bad([]string{"licenses", family}, "%v", err)
		} else if l.Suite || !slices.Equal(l.Grants, []string{family}) {
			c.bad([]string{"licenses", family}, "license %q is no CAL of the family %s; valid: %s", l.Name, family, strings.Join(namesOf(family), ", "))
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

// namesOf lists what the CALs of a family are called in all generations.
func namesOf(family string) (names []string) {
	for _, l := range Catalog() {
		if !l.Suite && slices.Equal(l.Grants, []string{family}) {
			names = append(names, l.Name)
		}
	}
	return names
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
		for _, said := range []struct{ key, text string }{{"text", q.Text}, {"strict", q.Strict}, {"lenient", q.Lenient}} {
			if strings.TrimSpace(said.text) == "" {
				c.bad(path, "question %q: %s is missing: say it in a sentence", q.ID, said.key)
			}
		}
		_, builtin := builtinQuestions[q.ID]
		if !builtin && !slices.ContainsFunc(c.p.Rules, func(r Rule) bool { return r.Reading == q.ID }) &&
			!slices.ContainsFunc(c.p.Servers, func(r ServerRule) bool { return r.Reading == q.ID }) {
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
		for _, w := range r.Role {
			c.oneOf(path("role"), "role", w, roleWords...)
		}
		for _, w := range r.Media {
			c.oneOf(path("media"), "medium", w, mediaWords...)
		}
		for _, w := range r.Device {
			c.oneOf(path("device"), "device class", w, deviceWords...)
		}
		c.grounds(path, r.Reason, r.Cite, r.Confidence)
		if r.Reading == "" {
			if r.Strict != nil || r.Lenient != nil {
				c.bad(path("id"), "rule %q has strict or lenient but no reading", r.ID)
			}
			c.answer(path("id"), r.ID, &RuleAnswer{Require: r.Require, Exempt: r.Exempt})
			continue
		}
		c.asked(path("reading"), r.Reading)
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
	c.circles()
}

// circles refuses answers of "as another class" that lead back, whichever
// readings are taken together.
func (c *policyCheck) circles() {
	matchers, told := c.p.matchers(), make([]bool, len(c.p.Rules))
	var follow func(x ruleCase, readings map[string]string, depth int)
	follow = func(x ruleCase, readings map[string]string, depth int) {
		i := first(matchers, x)
		if i < 0 || told[i] {
			return
		}
		r := &c.p.Rules[i]
		for _, taken := range []struct {
			reading string
			*RuleAnswer
		}{{"strict", r.Strict}, {"lenient", r.Lenient}} {
			other := readings[r.Reading]
			if taken.RuleAnswer == nil || taken.As == "" || other != "" && other != taken.reading {
				continue
			}
			if depth == ruleClasses {
				told[i] = true
				c.bad([]string{"rules", fmt.Sprint(i), taken.reading}, "rule %q: judging %q as %q goes round in a circle; let one of the rules on it say require or exempt", r.ID, x.class, taken.As)
				return
			}
			like, err := ingest.ParseClass(taken.As)
			if err != nil {
				continue // reported
			}
			next := maps.Clone(readings)
			next[r.Reading] = taken.reading
			follow(ruleCase{like, x.activity, x.peer, x.manner &^ inRoom}, next, depth+1)
		}
	}
	for x := range eachCase {
		follow(x, map[string]string{}, 0)
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

// grounds: a rule that nobody can look up is no rule.
func (c *policyCheck) grounds(path func(key string) []string, reason string, cite []string, confidence string) {
	if strings.TrimSpace(reason) == "" {
		c.bad(path("reason"), "reason is missing: reports quote it")
	}
	if confidence != "" {
		c.oneOf(path("confidence"), "confidence", confidence, "D", "S", "I")
	}
	c.cites(path("cite"), cite)
}

func (c *policyCheck) servers() {
	seen := map[string]bool{}
	for i := range c.p.Servers {
		s := &c.p.Servers[i]
		path := func(key string) []string { return []string{"servers", fmt.Sprint(i), key} }
		if s.ID == "" || seen[s.ID] {
			c.bad(path("id"), "server rule %q: the id is missing or used twice", s.ID)
		}
		seen[s.ID] = true
		for _, w := range s.Role {
			c.oneOf(path("role"), "role", w, serverRoles...)
		}
		for _, w := range s.Edition {
			c.oneOf(path("edition"), "edition", w, serverEditions...)
		}
		c.grounds(path, s.Reason, s.Cite, s.Confidence)
		if s.Reading == "" {
			if s.Strict != nil || s.Lenient != nil {
				c.bad(path("id"), "server rule %q has strict or lenient but no reading", s.ID)
			}
			c.server(path("id"), s.ID, &ServerAnswer{s.License, s.Exempt})
			continue
		}
		c.asked(path("reading"), s.Reading)
		if s.License != "" || s.Exempt || s.Strict == nil || s.Lenient == nil {
			c.bad(path("reading"), "server rule %q has a reading: it needs strict and lenient, and neither license nor exempt", s.ID)
			continue
		}
		c.server(path("strict"), s.ID, s.Strict)
		c.server(path("lenient"), s.ID, s.Lenient)
	}
}

func (c *policyCheck) server(path []string, id string, a *ServerAnswer) {
	if a.Exempt == (a.License != "") {
		c.bad(path, "server rule %q: one outcome is needed; valid: license = \"name\", exempt = true", id)
	}
	if a.License == "" {
		return
	}
	if l, err := license(a.License); err != nil {
		c.bad(path, "%v", err)
	} else if !slices.Contains(l.Metrics, "server") {
		c.bad(path, "license %q is not for servers", a.License)
	}
}

// asked refuses a reading that the policy has no question for.
func (c *policyCheck) asked(path []string, reading string) {
	var valid []string
	for _, q := range c.p.Questions {
		if _, builtin := builtinQuestions[q.ID]; !builtin {
			valid = append(valid, q.ID)
		}
	}
	if !slices.Contains(valid, reading) {
		c.bad(path, "reading %q is no question of this policy that rules can settle; valid: %s", reading, strings.Join(valid, ", "))
	}
}

// reach refuses rules that never decide anything, and servers that no rule
// names. It only makes sense of rules that are right by themselves.
func (c *policyCheck) reach() {
	if len(c.errs) > 0 {
		return
	}
	matchers := c.p.matchers()
	decides, earlier := make([]bool, len(matchers)), make([]int, len(matchers))
	for i := range earlier {
		earlier[i] = -1
	}
	for x := range eachCase {
		at := first(matchers, x)
		if at < 0 {
			continue
		}
		decides[at] = true
		for i := at + 1; i < len(matchers); i++ {
			if matchers[i].matches(x) {
				earlier[i] = at
			}
		}
	}
	for i, ok := range decides {
		path := []string{"rules", fmt.Sprint(i), "id"}
		switch {
		case ok:
		case earlier[i] < 0:
			c.bad(path, "rule %q names nothing that occurs: a peer has a class in calls only, a role and media are known of few activities", c.p.Rules[i].ID)
		default:
			c.bad(path, "rule %q is never reached: rules before it, such as %q, decide everything it names", c.p.Rules[i].ID, c.p.Rules[earlier[i]].ID)
		}
	}
	used := make([]bool, len(c.p.Servers))
	for _, role := range serverRoles {
		for _, edition := range serverEditions {
			at := c.p.serverRule(role, edition)
			if at >= 0 {
				used[at] = true
			} else if len(used) > 0 {
				c.bad([]string{"servers", "0", "id"}, "no server rule names role %s of the %s edition; add one with license = \"name\" or exempt = true", role, edition)
			}
		}
	}
	for i, ok := range used {
		if !ok {
			c.bad([]string{"servers", fmt.Sprint(i), "id"}, "server rule %q is never reached: rules before it decide everything it names", c.p.Servers[i].ID)
		}
	}
}
