package audit

import (
	"fmt"

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

// ruleTable holds the decision for every case, by its number, so that judging a
// usage is one look-up whatever the number of rules.
type ruleTable []decision

// compile works the ordered rules out for one set of readings.
func compile(p *Policy, readings map[string]string) (ruleTable, error) {
	t, matchers := make(ruleTable, ruleCells), p.matchers()
	for c := range eachCase {
		d, err := p.judge(matchers, c, readings, 0)
		if err != nil {
			return nil, err
		}
		t[c.cell()] = d
	}
	return t, nil
}

// judge finds the first rule that names the case. An answer of "as another
// class" keeps the rule's own id: it is the rule that decided.
func (p *Policy) judge(matchers []matcher, c ruleCase, readings map[string]string, depth int) (decision, error) {
	i := first(matchers, c)
	if i < 0 {
		d := decided(p.Otherwise.ID, p.Otherwise.CountAs)
		d.outcome = undetermined
		return d, nil
	}
	r := &p.Rules[i]
	a := r.answer(readings)
	if a.As == "" {
		return decided(r.ID, a.Require), nil
	}
	if depth == ruleClasses {
		return decision{}, fmt.Errorf("rule %q: judging %q as %q goes round in a circle", r.ID, c.class, a.As)
	}
	like, err := ingest.ParseClass(a.As)
	if err != nil {
		return decision{}, err
	}
	c.class, c.manner = like, c.manner&^inRoom
	d, err := p.judge(matchers, c, readings, depth+1)
	d.rule = r.ID
	return d, err
}

// answer is the outcome of the rule under some readings.
func (r *Rule) answer(readings map[string]string) *RuleAnswer {
	switch {
	case r.Reading == "":
		return &RuleAnswer{Require: r.Require, Exempt: r.Exempt}
	case readings[r.Reading] == "lenient":
		return r.Lenient
	}
	return r.Strict
}

func decided(rule string, require []string) decision {
	d := decision{rule: rule}
	for i, family := range families {
		for _, name := range require {
			if name == family {
				d.needs |= 1 << i
				d.outcome = required
			}
		}
	}
	return d
}
