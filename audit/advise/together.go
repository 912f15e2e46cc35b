package advise

import (
	"slices"

	"calaudit/audit"
)

// plan is what the kinds of advice change, as far as the position does not count
// on it.
type plan struct {
	disable  []int               // parties whose accounts are disabled
	leaveOut map[int]bool        // parties whose rare events are left out
	license  map[int]bool        // machines that may hold device CALs, where every person has user CALs otherwise
	connect  []audit.Entitlement // connectors
	assure   map[int]string      // day until which entitlements had Software Assurance
}

// together audits again with all of it changed at once.
func (a *adviser) together(proposals []Proposal) (*Together, error) {
	t := &Together{Kinds: []string{}, Readings: []Otherwise{}}
	var apart audit.Figures
	for i := range proposals {
		if p := &proposals[i]; p.Count > 0 && !p.InPosition {
			t.Kinds = append(t.Kinds, p.Kind)
			apart = apart.Less(audit.Figures{}.Less(p.worth))
		}
	}
	if len(t.Kinds) < 2 {
		return nil, nil
	}
	in, err := a.planned()
	if err != nil {
		return nil, err
	}
	people, err := a.again(in)
	if err != nil {
		return nil, err
	}
	all := people
	if len(a.plan.assure) > 0 {
		with := *in
		with.Owned = slices.Clone(in.Owned)
		for i, day := range a.plan.assure {
			with.Owned[i].SAUntil = day
		}
		if all, err = a.again(&with); err != nil {
			return nil, err
		}
	}
	// Each kind counts what it counts alone: all but Software Assurance change
	// what people need, and only that.
	saves := func(of func(r *run, s audit.Scope) audit.Figures) audit.Figures {
		base := a.asIs()
		f := of(&base, audit.ForPeople).Less(of(&people, audit.ForPeople))
		return f.Less(of(&all, audit.Whole).Less(of(&people, audit.Whole)))
	}
	worth := saves(func(r *run, s audit.Scope) audit.Figures { return r.Figures(s) })
	t.Saves, t.Proven = a.sum(worth), worth.Proven
	t.Overlap = a.sum(apart.Less(worth))
	for i := range a.others {
		other := a.sum(saves(func(r *run, s audit.Scope) audit.Figures { return r.others[i].Figures(s) }))
		if other != t.Saves {
			t.Readings = append(t.Readings, Otherwise{a.others[i].Question, a.others[i].Answer, other})
		}
	}
	if len(a.plan.connect) > 0 {
		t.Spend = a.spend(connectorRows(all.Model))
	}
	return t, nil
}

// planned is the input with all changed but Software Assurance.
func (a *adviser) planned() (*audit.Input, error) {
	in := &a.in
	step := func(change func(b *adviser) *audit.Input) error {
		b, err := a.over(in)
		if err == nil {
			in = change(b)
		}
		return err
	}
	if a.plan.disable != nil {
		in = a.disabled(a.plan.disable) // first: it knows the accounts by their place
	}
	if a.plan.leaveOut != nil {
		if err := step(func(b *adviser) *audit.Input { return b.leftOut(a.plan.leaveOut) }); err != nil {
			return nil, err
		}
	}
	if a.plan.license != nil {
		if err := step(func(b *adviser) *audit.Input { return b.licensed(a.plan.license) }); err != nil {
			return nil, err
		}
	}
	out := *in
	out.Owned = slices.Concat(in.Owned, a.plan.connect)
	return &out, nil
}
