package audit

import (
	"fmt"
	"slices"

	"calaudit/ingest"
)

// outcome of a usage or a subject. A greater one beats a lesser one.
type outcome uint8

const (
	exempt outcome = iota
	undetermined
	required
)

func (o outcome) String() string { return [...]string{"exempt", "undetermined", "required"}[o] }

// decision is what the policy says about one usage.
type decision struct {
	rule    string
	outcome outcome
	needs   Editions // nothing when exempt
}

// ruleTable holds the decision for every class, activity and peer class, so
// that judging a usage is one look-up whatever the number of rules.
type ruleTable [ruleClasses * ruleActivities * ruleClasses]decision

const (
	ruleClasses    = 8
	ruleActivities = 10
	ruleCells      = ruleClasses * ruleActivities * ruleClasses
)

// ruleCell is the place of a case in the table.
func ruleCell(class ingest.Class, activity ingest.Activity, peer ingest.Class) int {
	return (int(class)*ruleActivities+int(activity))*ruleClasses + int(peer)
}

func (t *ruleTable) at(cell int) *decision { return &t[cell] }

// compile works the ordered rules out for one set of readings.
func compile(p *Policy, readings map[string]string) (*ruleTable, error) {
	t := new(ruleTable)
	for class := range ingest.Class(ruleClasses) {
		for activity := range ingest.Activity(ruleActivities) {
			for peer := range ingest.Class(ruleClasses) {
				d, err := p.judge(class, activity, peer, readings, nil)
				if err != nil {
					return nil, err
				}
				t[ruleCell(class, activity, peer)] = d
			}
		}
	}
	return t, nil
}

// judge finds the first rule that names the case. An answer of "as another
// class" keeps the rule's own id: it is the rule that decided.
func (p *Policy) judge(class ingest.Class, activity ingest.Activity, peer ingest.Class, readings map[string]string, via []ingest.Class) (decision, error) {
	names := func(words []string, word string) bool { return len(words) == 0 || slices.Contains(words, word) }
	for i := range p.Rules {
		r := &p.Rules[i]
		if !names(r.Class, class.String()) || !names(r.Activity, activity.String()) || !names(r.Peer, peer.String()) {
			continue
		}
		a := &RuleAnswer{Require: r.Require, Exempt: r.Exempt}
		if r.Reading != "" {
			if a = r.Strict; readings[r.Reading] == "lenient" {
				a = r.Lenient
			}
		}
		if a.As == "" {
			return decided(r.ID, a.Require), nil
		}
		if slices.Contains(via, class) {
			return decision{}, fmt.Errorf("rule %q: judging %q as %q goes round in a circle", r.ID, class, a.As)
		}
		like, err := ingest.ParseClass(a.As)
		if err != nil {
			return decision{}, err
		}
		d, err := p.judge(like, activity, peer, readings, append(via, class))
		d.rule = r.ID
		return d, err
	}
	d := decided(p.Otherwise.ID, p.Otherwise.CountAs)
	d.outcome = undetermined
	return d, nil
}

func decided(rule string, require []string) decision {
	d := decision{rule: rule}
	for i, family := range families {
		if slices.Contains(require, family) {
			d.needs |= 1 << i
			d.outcome = required
		}
	}
	return d
}
