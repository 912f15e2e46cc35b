package audit

import (
	"cmp"
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"strings"

	"calaudit/ingest"
)

// Judgement is what a policy says of a case: one rule, and what it gives when
// all questions are answered strictly and when all are answered leniently.
type Judgement struct {
	Rule    string `json:"rule"`
	Strict  Ruling `json:"strict"`
	Lenient Ruling `json:"lenient"`
}

// Ruling is an outcome and the CAL families that it asks for.
type Ruling struct {
	Outcome  string   `json:"outcome"`
	Families []string `json:"families"`
}

func (r Ruling) String() string {
	if len(r.Families) == 0 {
		return r.Outcome
	}
	return r.Outcome + " " + strings.Join(r.Families, "+")
}

func (j Judgement) String() string {
	if s, l := j.Strict.String(), j.Lenient.String(); s != l {
		return s + ", lenient " + l
	}
	return j.Strict.String()
}

// PolicyDifference is cases that two policies judge differently, and alike
// among themselves.
type PolicyDifference struct {
	Class    string    `json:"class"`
	Activity string    `json:"activity"`
	Peers    string    `json:"peers"` // classes of the other side of a call, "not pstn"; empty for any
	How      string    `json:"how"`   // "as presenter", "with sharing, not as room-system"; empty for any
	A        Judgement `json:"a"`
	B        Judgement `json:"b"`
}

// judgements works a policy out for every case.
func judgements(p *Policy) ([]Judgement, error) {
	var tables [2]ruleTable
	for i, reading := range []string{"strict", "lenient"} {
		all := map[string]string{}
		for _, q := range p.Questions {
			all[q.ID] = reading
		}
		var err error
		if tables[i], err = compile(p, all); err != nil {
			return nil, err
		}
	}
	ruling := func(d decision) Ruling { return Ruling{d.outcome.String(), append([]string{}, d.needs.Names()...)} }
	list := make([]Judgement, ruleCells)
	for i := range list {
		list[i] = Judgement{tables[0][i].rule, ruling(tables[0][i]), ruling(tables[1][i])}
	}
	return list, nil
}

// ComparePolicies lists the cases that two policies judge differently, whatever
// the names of their rules, by class and activity.
func ComparePolicies(a, b *Policy) ([]PolicyDifference, error) {
	left, err := judgements(a)
	if err != nil {
		return nil, err
	}
	right, err := judgements(b)
	if err != nil {
		return nil, err
	}
	type group struct {
		of      ruleCase // class and activity
		a, b    string   // what is said
		peers   map[ingest.Class]bool
		manners map[manner]bool
	}
	// Peers of one manner that are judged alike are together; then manners with
	// the same peers.
	var groups []*group
	for c := range eachCase {
		n := c.cell()
		if left[n].String() == right[n].String() {
			continue
		}
		x, y := left[n].Rule+" "+left[n].String(), right[n].Rule+" "+right[n].String()
		at := slices.IndexFunc(groups, func(g *group) bool {
			return g.of.class == c.class && g.of.activity == c.activity && g.a == x && g.b == y && g.manners[c.manner]
		})
		if at < 0 {
			groups = append(groups, &group{c, x, y, map[ingest.Class]bool{}, map[manner]bool{c.manner: true}})
			at = len(groups) - 1
		}
		groups[at].peers[c.peer] = true
	}
	var list []PolicyDifference
	for i, g := range groups {
		if g == nil {
			continue
		}
		for k := i + 1; k < len(groups); k++ {
			if o := groups[k]; o != nil && o.of.class == g.of.class && o.of.activity == g.of.activity && o.a == g.a && o.b == g.b && maps.Equal(o.peers, g.peers) {
				maps.Copy(g.manners, o.manners)
				groups[k] = nil
			}
		}
		n := g.of.cell()
		list = append(list, PolicyDifference{Class: g.of.class.String(), Activity: g.of.activity.String(),
			Peers: peersText(g.peers, g.of.activity), How: mannersText(g.manners, g.of), A: left[n], B: right[n]})
	}
	slices.SortStableFunc(list, func(x, y PolicyDifference) int {
		return cmp.Or(cmp.Compare(slices.Index(ingest.ClassNames(), x.Class), slices.Index(ingest.ClassNames(), y.Class)),
			cmp.Compare(slices.Index(ingest.ActivityNames(), x.Activity), slices.Index(ingest.ActivityNames(), y.Activity)))
	})
	return list, nil
}

// peersText names classes of peers, or those that are left out if these are
// fewer.
func peersText(peers map[ingest.Class]bool, activity ingest.Activity) string {
	if !activity.Call() || len(peers) == ruleClasses {
		return ""
	}
	var in, out []string
	for c := range ingest.Class(ruleClasses) {
		name := cmp.Or(c.String(), "unknown")
		if peers[c] {
			in = append(in, name)
		} else {
			out = append(out, name)
		}
	}
	if len(out) < len(in) {
		return "not " + strings.Join(out, ", ")
	}
	return strings.Join(in, ", ")
}

// mannersText finds the shortest description of some manners among those that
// the class and activity can have: all of these, one of those, none of the
// rest. Where there is no such description it lists them.
func mannersText(set map[manner]bool, of ruleCase) string {
	valid := map[manner]bool{}
	for c := range eachCase {
		if c.class == of.class && c.activity == of.activity {
			valid[c.manner] = true
		}
	}
	best, size := "", -1
	for all := range manner(manners) {
		for any := range manner(manners) {
			for none := range manner(manners) {
				words := bits.OnesCount8(uint8(all)) + bits.OnesCount8(uint8(any)) + bits.OnesCount8(uint8(none))
				if size >= 0 && words >= size {
					continue
				}
				fits := true
				for m := range valid {
					fits = fits && set[m] == (m&all == all && (any == 0 || m&any != 0) && m&none == 0)
				}
				if fits {
					best, size = conditions(all, any, none), words
				}
			}
		}
	}
	if size >= 0 {
		return best
	}
	var names []string
	for m := range manner(manners) {
		if set[m] {
			names = append(names, cmp.Or(conditions(m, 0, 0), "plain"))
		}
	}
	return strings.Join(names, "; ")
}

func conditions(all, any, none manner) string {
	var parts []string
	for _, c := range []struct {
		m    manner
		join string
		not  string
	}{{all, " and ", ""}, {any, " or ", ""}, {none, " or ", "no "}} {
		var words []string
		for i, w := range slices.Concat(roleWords, mediaWords, deviceWords) {
			if c.m&(1<<i) != 0 {
				words = append(words, w)
			}
		}
		if len(words) > 0 {
			parts = append(parts, c.not+strings.Join(words, c.join))
		}
	}
	return strings.Join(parts, ", ")
}

// Setting is something else in which two policies differ.
type Setting struct {
	What string `json:"what"`
	A    string `json:"a"`
	B    string `json:"b"`
}

// CompareSettings lists in what two policies differ beside the judgement of
// uses: terms, names, connectors, questions and their defaults, servers.
func CompareSettings(a, b *Policy) []Setting {
	var list []Setting
	add := func(what, x, y string) {
		if x != y {
			list = append(list, Setting{what, x, y})
		}
	}
	add("terms of", a.Effective, b.Effective)
	add("server version where none is told", a.ServerVersion, b.ServerVersion)
	for _, family := range families {
		add(family+" CAL", orNone(a.Licenses[family]), orNone(b.Licenses[family]))
	}
	add("External Connectors for", orNone(strings.Join(a.connected().Names(), ", ")), orNone(strings.Join(b.connected().Names(), ", ")))
	asked := func(p *Policy) map[string]string {
		m := map[string]string{}
		for _, q := range p.Questions {
			m[q.ID] = "default " + q.Default
		}
		return m
	}
	left, right := asked(a), asked(b)
	both := maps.Clone(left)
	maps.Copy(both, right)
	for _, q := range slices.Sorted(maps.Keys(both)) {
		add("question "+q, cmp.Or(left[q], "not asked"), cmp.Or(right[q], "not asked"))
	}
	for _, role := range serverRoles {
		var x, y []string
		for _, edition := range serverEditions {
			x, y = append(x, a.serverText(role, edition)), append(y, b.serverText(role, edition))
		}
		licence := func(s string) string { name, _, _ := strings.Cut(s, ":"); return name }
		for i, edition := range serverEditions {
			switch {
			case licence(x[i]) == licence(y[i]): // by another rule, but the same
			case x[0] != x[1] || y[0] != y[1]:
				add("server, "+role+", "+edition+" edition", x[i], y[i])
			case i == 0:
				add("server, "+role, x[i], y[i])
			}
		}
	}
	return list
}

// serverText says which licence a host needs and by which rule.
func (p *Policy) serverText(role, edition string) string {
	at := p.serverRule(role, edition)
	if at < 0 {
		return "none: no rule"
	}
	r := &p.Servers[at]
	strict, lenient := orNone(r.answer(map[string]string{r.Reading: "strict"}).License), orNone(r.answer(map[string]string{r.Reading: "lenient"}).License)
	if strict != lenient {
		strict += ", lenient " + lenient
	}
	return fmt.Sprintf("%s: %s", strict, r.ID)
}

func orNone(s string) string { return cmp.Or(s, "none") }

// Undecided lists what no rule of the policy names, by class.
func (p *Policy) Undecided() map[string][]string {
	all, matchers := map[string][]string{}, p.matchers()
	for c := range eachCase {
		if first(matchers, c) < 0 && !slices.Contains(all[c.class.String()], c.activity.String()) {
			all[c.class.String()] = append(all[c.class.String()], c.activity.String())
		}
	}
	return all
}
