package audit

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"testing"
)

func policyCases(t testing.TB, name string) []PolicyCase {
	t.Helper()
	file, data, err := BuiltinCases(name)
	if err != nil {
		t.Fatal(err)
	}
	cases, err := ParseCases(file, data)
	if err != nil {
		t.Fatal(err)
	}
	return cases
}

func eachPolicy(t *testing.T, f func(t *testing.T, name string)) {
	for _, name := range BuiltinPolicies() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, name)
		})
	}
}

func mustPolicyNamed(t testing.TB, name string) *Policy {
	t.Helper()
	p, err := BuiltinPolicy(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPolicyCases(t *testing.T) {
	eachPolicy(t, func(t *testing.T, name string) {
		p := mustPolicyNamed(t, name)
		for _, c := range policyCases(t, name) {
			wrong, err := c.Check(p)
			if err != nil || wrong != "" {
				t.Errorf("%s.cases.toml:%d: %s: %v %s", name, c.Line, c.Name, err, wrong)
			}
		}
	})
}

// sameSettings is all of a policy but the judgement of uses.
func sameSettings(p *Policy) string {
	text, err := json.Marshal([]any{p.Questions, p.Servers, p.Connectors, p.Licenses, p.version, p.Otherwise})
	if err != nil {
		panic(err) // texts and numbers
	}
	return string(text)
}

// TestCasesHoldEveryRule changes each policy in every way that a slip of an
// editor could, one at a time: some case must fail.
func TestCasesHoldEveryRule(t *testing.T) {
	flip := map[string]string{"strict": "lenient", "lenient": "strict"}
	eachPolicy(t, func(t *testing.T, name string) {
		cases, mutants := policyCases(t, name), 0
		p := mustPolicyNamed(t, name)
		judged, err := judgements(p)
		if err != nil {
			t.Fatal(err)
		}
		settings := sameSettings(p)
		change := func(what string, mutate func(p *Policy)) {
			p := mustPolicyNamed(t, name)
			mutate(p)
			if same, err := judgements(p); err == nil && reflect.DeepEqual(same, judged) && settings == sameSettings(p) {
				return // a condition that another one implies: nothing is judged otherwise
			}
			mutants++
			if !slices.ContainsFunc(cases, func(c PolicyCase) bool {
				wrong, err := c.Check(p)
				return wrong != "" || err != nil
			}) {
				t.Errorf("no case fails with %s", what)
			}
		}
		for i, r := range p.Rules {
			change(fmt.Sprintf("rule %q removed", r.ID), func(p *Policy) { p.Rules = slices.Delete(p.Rules, i, i+1) })
			for k, class := range r.Class {
				if len(r.Class) > 1 {
					change(fmt.Sprintf("class %s taken out of rule %q", class, r.ID), func(p *Policy) { p.Rules[i].Class = slices.Delete(p.Rules[i].Class, k, k+1) })
				}
			}
			for k, activity := range r.Activity {
				if len(r.Activity) > 1 {
					change(fmt.Sprintf("activity %s taken out of rule %q", activity, r.ID), func(p *Policy) { p.Rules[i].Activity = slices.Delete(p.Rules[i].Activity, k, k+1) })
				}
			}
			for what, list := range map[string]func(r *Rule) *[]string{"peer": func(r *Rule) *[]string { return &r.Peer }, "role": func(r *Rule) *[]string { return &r.Role },
				"media": func(r *Rule) *[]string { return &r.Media }, "device": func(r *Rule) *[]string { return &r.Device }} {
				if len(*list(&r)) > 0 {
					change(fmt.Sprintf("no %s asked by rule %q", what, r.ID), func(p *Policy) { *list(&p.Rules[i]) = nil })
				}
				for k, word := range *list(&r) {
					if len(*list(&r)) > 1 {
						change(fmt.Sprintf("%s %s taken out of rule %q", what, word, r.ID), func(p *Policy) { x := list(&p.Rules[i]); *x = slices.Delete(*x, k, k+1) })
					}
				}
			}
			if r.Reading != "" {
				change(fmt.Sprintf("the answers of rule %q swapped", r.ID), func(p *Policy) {
					p.Rules[i].Strict, p.Rules[i].Lenient = p.Rules[i].Lenient, p.Rules[i].Strict
				})
			}
			for k, family := range r.Require[min(1, len(r.Require)):] {
				change(fmt.Sprintf("%s not required by rule %q", family, r.ID), func(p *Policy) { p.Rules[i].Require = slices.Delete(p.Rules[i].Require, k+1, k+2) })
			}
		}
		for i, r := range p.Rules {
			for what, answer := range map[string]func(p *Policy) *RuleAnswer{"strict": func(p *Policy) *RuleAnswer { return p.Rules[i].Strict }, "lenient": func(p *Policy) *RuleAnswer { return p.Rules[i].Lenient }} {
				if answer(p) != nil && len(answer(p).Require) > 1 {
					change(fmt.Sprintf("the %s answer of rule %q asking for Standard alone", what, r.ID), func(p *Policy) { answer(p).Require = answer(p).Require[:1] })
				}
			}
			switch {
			case r.Exempt:
				change(fmt.Sprintf("rule %q requiring Standard", r.ID), func(p *Policy) { p.Rules[i].Exempt, p.Rules[i].Require = false, []string{"standard"} })
			case r.Reading == "":
				change(fmt.Sprintf("rule %q exempting", r.ID), func(p *Policy) { p.Rules[i].Exempt, p.Rules[i].Require = true, nil })
			}
			if i > 0 {
				change(fmt.Sprintf("rule %q before the one above it", r.ID), func(p *Policy) { p.Rules[i-1], p.Rules[i] = p.Rules[i], p.Rules[i-1] })
			}
		}
		if len(p.Undecided()) > 0 {
			change("what no rule names counted as Standard and Enterprise", func(p *Policy) { p.Otherwise.CountAs = []string{"standard", "enterprise"} })
		}
		for i, q := range p.Questions {
			change(fmt.Sprintf("the other default of question %q", q.ID), func(p *Policy) { p.Questions[i].Default = flip[q.Default] })
		}
		for i, r := range p.Servers {
			change(fmt.Sprintf("server rule %q removed", r.ID), func(p *Policy) { p.Servers = slices.Delete(p.Servers, i, i+1) })
		}
		for i, r := range p.Servers {
			if len(r.Edition) > 0 {
				change(fmt.Sprintf("no edition asked by server rule %q", r.ID), func(p *Policy) { p.Servers[i].Edition = nil })
			}
			if len(r.Role) > 0 {
				change(fmt.Sprintf("no role asked by server rule %q", r.ID), func(p *Policy) { p.Servers[i].Role = nil })
			}
			switch {
			case r.Reading != "":
				change(fmt.Sprintf("the answers of server rule %q swapped", r.ID), func(p *Policy) {
					p.Servers[i].Strict, p.Servers[i].Lenient = p.Servers[i].Lenient, p.Servers[i].Strict
				})
			case r.Exempt:
				change(fmt.Sprintf("server rule %q asking for a licence", r.ID), func(p *Policy) { p.Servers[i].Exempt, p.Servers[i].License = false, "ocs-server-standard" })
			default:
				change(fmt.Sprintf("server rule %q exempting", r.ID), func(p *Policy) { p.Servers[i].Exempt, p.Servers[i].License = true, "" })
				other := "ocs-server-standard"
				if r.License == other {
					other = "ocs-server-enterprise"
				}
				if serverLicense(other, "standard", p.version) == serverLicense(r.License, "standard", p.version) {
					continue // names of one licence in this generation
				}
				change(fmt.Sprintf("server rule %q asking for %s", r.ID, other), func(p *Policy) { p.Servers[i].License = other })
			}
		}
		for i, family := range p.Connectors {
			change("no connector for "+family, func(p *Policy) { p.Connectors = slices.Delete(slices.Clone(p.Connectors), i, i+1) })
		}
		// Order matters where rules overlap: telephone-call stands before internal-call.
		change("the rules in reverse order", func(p *Policy) { slices.Reverse(p.Rules) })
		if len(p.Connectors) > 0 { // from 2013 on no outsider is required, so nothing is to be covered
			change("no connectors", func(p *Policy) { p.Connectors = nil })
		}
		change("another server version", func(p *Policy) { p.version++ })
		if !t.Failed() {
			t.Logf("%d mutants, each noticed by a case", mutants)
		}
	})
}
