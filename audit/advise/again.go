package advise

import (
	"cmp"
	"slices"
	"sync"

	"calaudit/audit"
	"calaudit/ingest"
)

// adviser holds the audit as it is, and runs it again.
type adviser struct {
	*Input
	in       audit.Input // with calls that are read once for each answer to who is who
	base     *audit.Model
	others   []audit.Alternative // of base
	parties  []audit.Party
	machines []audit.Machine
	classes  []ingest.Class
	crews    map[int][]int // people of shared accounts, by account
	shares   map[int][]int // shared accounts, by each of their people but themselves, sorted
	usages   []audit.Usage // of base, calls whoever the peer was
	calls    []audit.Usage // of base, by class of the peer
	priced   bool
	plan     plan
	offered  bool // connectors are owned or have a price: whom they cover matters together
}

func newAdviser(in *Input) (a *adviser, err error) {
	a = &adviser{Input: in, in: *in.Audit, usages: in.Audit.Usages()}
	a.in.Usages = func() []audit.Usage { return a.usages } // asked for again and again
	if a.in.Calls != nil {
		a.in.Calls = remembered(a.in.Calls)
	}
	if a.base, err = audit.NewModel(&a.in); err != nil {
		return nil, err
	}
	if a.others, err = a.base.Alternatives(); err != nil {
		return nil, err
	}
	a.parties, a.machines, a.classes = a.base.Parties(), a.base.Machines(), a.base.Classes()
	a.crews, a.shares = a.base.Shared(), map[int][]int{}
	for _, account := range byNumber(a.crews) {
		for _, n := range a.crews[account] {
			if n != account {
				a.shares[n] = append(a.shares[n], account)
			}
		}
	}
	if a.in.Calls != nil {
		if a.calls, err = a.in.Calls(a.classes); err != nil {
			return nil, err
		}
	}
	a.priced = slices.ContainsFunc(a.in.Owned, func(e audit.Entitlement) bool { return e.Priced })
	a.offered = slices.ContainsFunc(a.in.Owned, func(e audit.Entitlement) bool {
		return audit.Connects(e.License) && (e.Priced || e.Quantity > 0)
	})
	return a, nil
}

// remembered keeps the first answer, which nearly every later audit asks for
// again: few changes make anybody of another class.
func remembered(calls func([]ingest.Class) ([]audit.Usage, error)) func([]ingest.Class) ([]audit.Usage, error) {
	var mu sync.Mutex
	var asked []ingest.Class
	var answer []audit.Usage
	return func(class []ingest.Class) ([]audit.Usage, error) {
		mu.Lock()
		defer mu.Unlock()
		if asked != nil && slices.Equal(class, asked) {
			return answer, nil
		}
		list, err := calls(class)
		if err == nil && asked == nil {
			asked, answer = slices.Clone(class), list
		}
		return list, err
	}
}

// apart reports persons whom nothing but their own CALs can cover for what they
// do on no machine of somebody else, and whose accounts are nobody else's.
func (a *adviser) apart(n int) bool {
	return len(a.crews[n])+len(a.shares[n]) == 0 && (a.parties[n].Class == ingest.Hosted || a.parties[n].Class == ingest.Guest && !a.offered)
}

// behind goes through the people of a usage: one, or all of a shared account.
func (a *adviser) behind(u *audit.Usage, f func(n int)) {
	n := a.base.Whose(u)
	switch crew := a.crews[n]; {
	case n < 0:
	case len(crew) == 0:
		f(n)
	default:
		for _, n := range crew {
			f(n)
		}
	}
}

// ofAny reports a usage with somebody behind it of whom something holds.
func (a *adviser) ofAny(u *audit.Usage, is func(n int) bool) (any bool) {
	a.behind(u, func(n int) { any = any || is(n) })
	return any
}

// over is the adviser for what an input was made of this one's: of who is who it
// knows what it knew.
func (a *adviser) over(in *audit.Input) (*adviser, error) {
	b := *a
	b.in, b.usages = *in, in.Usages()
	if in.Calls != nil {
		var err error
		if b.calls, err = in.Calls(a.classes); err != nil {
			return nil, err
		}
	}
	return &b, nil
}

// each goes through all usages, calls as the class of their peers has them.
func (a *adviser) each(f func(u *audit.Usage)) {
	for i := range a.usages {
		if u := &a.usages[i]; a.in.Calls == nil || !u.Activity.Call() {
			f(u)
		}
	}
	for i := range a.calls {
		f(&a.calls[i])
	}
}

// without is the input as if some usages were not. Calls stand in it twice:
// apart by the class of the peer, and whoever that was.
func (a *adviser) without(drop func(u *audit.Usage) bool) *audit.Input {
	in := a.in
	gone := map[audit.UsageKey]int{}
	for i := range a.calls {
		if u := &a.calls[i]; drop(u) {
			gone[u.UsageKey] += u.Count
		}
	}
	left := make([]audit.Usage, 0, len(a.usages))
	for _, u := range a.usages {
		if in.Calls != nil && u.Activity.Call() {
			u.Count -= gone[u.UsageKey]
		} else if drop(&u) {
			u.Count = 0
		}
		if u.Count > 0 {
			left = append(left, u)
		}
	}
	in.Usages = func() []audit.Usage { return left }
	if calls := a.in.Calls; calls != nil && len(gone) > 0 {
		in.Calls = func(class []ingest.Class) ([]audit.Usage, error) {
			list, err := calls(class)
			return slices.DeleteFunc(slices.Clone(list), func(u audit.Usage) bool { return drop(&u) }), err
		}
	}
	return &in
}

// edited is the input with every usage changed.
func (a *adviser) edited(edit func(u *audit.Usage)) *audit.Input {
	in := a.in
	apply := func(list []audit.Usage) []audit.Usage {
		list = slices.Clone(list)
		for i := range list {
			edit(&list[i])
		}
		return list
	}
	changed := apply(a.usages)
	in.Usages = func() []audit.Usage { return changed }
	if calls := a.in.Calls; calls != nil {
		in.Calls = func(class []ingest.Class) ([]audit.Usage, error) {
			list, err := calls(class)
			return apply(list), err
		}
	}
	return &in
}

// run is an audit with its answers to all questions.
type run struct {
	*audit.Model
	others []audit.Alternative
}

func (a *adviser) asIs() run { return run{a.base, a.others} }

func (a *adviser) again(in *audit.Input) (r run, err error) {
	if r.Model, err = audit.NewModel(in); err != nil {
		return r, err
	}
	r.others, err = r.Alternatives()
	return r, err
}

// saved fills in what the second of two audits saves.
func (a *adviser) saved(p *Proposal, before, after run, of audit.Scope) {
	saves := before.Figures(of).Less(after.Figures(of))
	p.worth = saves
	p.Saves, p.Proven = a.sum(saves), saves.Proven
	for i := range before.others {
		o := &before.others[i]
		other := o.Figures(of).Less(after.others[i].Figures(of))
		if a.sum(other) != p.Saves {
			p.Readings = append(p.Readings, Otherwise{o.Question, o.Answer, a.sum(other)})
		}
	}
}

// shape is a kind of candidate: all of one shape save the same alone.
type shape struct {
	first int // candidate
	count int
}

// alone works out what each candidate saves alone: of every shape one is
// audited. A candidate without a shape is one of its own.
func (a *adviser) alone(p *Proposal, shapes []string, before *audit.Model, of audit.Scope, change func(candidate int) *audit.Input) error {
	number := map[string]int{}
	var all []shape
	which := make([]int, len(shapes))
	for i, s := range shapes {
		n, ok := number[s]
		if s == "" || !ok {
			n = len(all)
			all = append(all, shape{first: i})
			if s != "" {
				number[s] = n
			}
		}
		all[n].count++
		which[i] = n
	}
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(x, y int) int { return cmp.Compare(all[y].count, all[x].count) })
	order = order[:min(len(order), a.Singles)]
	figures := make([]*audit.Figures, len(all))
	err := audit.AtATime(len(order), 2, func(k int) error {
		m, err := audit.NewModel(change(all[order[k]].first))
		if err == nil {
			f := before.Figures(of).Less(m.Figures(of))
			figures[order[k]] = &f
		}
		return err
	})
	for i, n := range which {
		if f := figures[n]; f != nil {
			s := a.sum(*f)
			p.Items[i].Alone, p.Items[i].worth = &s, *f
		}
	}
	return err
}

// sort brings the items that save most to the top.
func (p *Proposal) sort() {
	slices.SortStableFunc(p.Items, func(x, y Item) int {
		return cmp.Or(cmp.Compare(y.worth.Cost, x.worth.Cost), cmp.Compare(y.worth.Missing, x.worth.Missing),
			cmp.Compare(y.worth.CALs, x.worth.CALs), cmp.Compare(x.ID, y.ID), cmp.Compare(x.File, y.File), cmp.Compare(x.Line, y.Line))
	})
}

func proposal(kind string) *Proposal {
	return &Proposal{Kind: kind, Proven: true, Readings: []Otherwise{}, Items: []Item{}}
}

// nothing is what a kind without candidates saves.
func (a *adviser) nothing(p *Proposal) *Proposal {
	p.Saves = a.sum(audit.Figures{})
	return p
}
