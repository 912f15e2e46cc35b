package advise

import (
	"fmt"
	"slices"

	"calaudit/audit"
	"calaudit/ingest"
)

// dormant are the persons of whom nothing but states is known: their accounts
// could be disabled.
func (a *adviser) dormant() (*Proposal, error) {
	p := proposal(Dormant)
	told := make([]bool, len(a.parties)) // a plain row tells a state of this person
	a.each(func(u *audit.Usage) {
		if u.Activity.Standing() {
			a.behind(u, func(n int) { told[n] = true })
			if n := a.base.Whose(u); n >= 0 {
				told[n] = true // of the shared account itself
			}
		}
	})
	var who []int
	for n := range a.parties {
		x := &a.parties[n]
		enabled := slices.ContainsFunc(a.accountsOf(n), func(c *audit.Account) bool { return c.Current && c.Entry.Enabled })
		if x.Subject && x.Idle && !x.Exempted && !x.Connected && !x.Device && (enabled || told[n]) &&
			(x.Class == ingest.Hosted || x.Class == ingest.Guest) {
			who = append(who, n)
		}
	}
	p.Count = len(who)
	if len(who) == 0 {
		return a.nothing(p), nil
	}
	last, err := a.lastSeen()
	if err != nil {
		return nil, err
	}
	for _, n := range who {
		x := &a.parties[n]
		p.Items = append(p.Items, Item{ID: x.ID, Kind: "user", Name: x.Name, Class: x.Class.String(), Licenses: x.Licenses, Versions: x.Versions, Last: last[n], Shared: a.sharedOf(n, told)})
	}
	after, err := a.again(a.disabled(who))
	if err != nil {
		return nil, err
	}
	a.plan.disable = who
	a.saved(p, a.asIs(), after, audit.ForPeople)
	shapes := a.dormantShapes(who, after.Model)
	err = a.alone(p, shapes, a.base, audit.ForPeople, func(i int) *audit.Input { return a.disabled(who[i : i+1]) })
	p.sort()
	return p, err
}

// disabled is the input with the accounts of some persons disabled, and without
// the states that plain rows tell of them.
func (a *adviser) disabled(who []int) *audit.Input {
	off, accounts := map[int]bool{}, map[*audit.Account]bool{}
	for _, n := range who {
		off[n] = true
		for _, c := range a.accountsOf(n) {
			accounts[c] = true
		}
	}
	in := a.without(func(u *audit.Usage) bool {
		return u.Activity.Standing() && a.ofAny(u, func(n int) bool { return off[n] })
	})
	in.Accounts = slices.Clone(in.Accounts)
	for i := range in.Accounts {
		if accounts[&a.in.Accounts[i]] {
			e := *in.Accounts[i].Entry
			e.Enabled = false
			in.Accounts[i].Entry = &e
		}
	}
	return in
}

// accountsOf lists the directory accounts of a person, with those shared with
// others.
func (a *adviser) accountsOf(n int) []*audit.Account {
	list := a.parties[n].Accounts
	for _, account := range a.shares[n] {
		list = slices.Concat(list, a.parties[account].Accounts)
	}
	return list
}

// sharedOf names the accounts of a person that are shared with others and in
// force, by the directory or by a plain row.
func (a *adviser) sharedOf(n int, told []bool) (names []string) {
	for _, account := range a.shares[n] {
		x := &a.parties[account]
		if told[account] || slices.ContainsFunc(x.Accounts, func(c *audit.Account) bool { return c.Current && c.Entry.Enabled }) {
			names = append(names, x.ID)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// dormantShapes: nothing is known of them but states, so what they ask for is
// all there is, unless somebody called them and their class matters.
func (a *adviser) dormantShapes(who []int, after *audit.Model) []string {
	demands := demandsOf(a.base)
	classes := after.Classes()
	changed := map[int]bool{}
	for id := range classes {
		if classes[id] != a.classes[id] {
			changed[a.base.Whose(&audit.Usage{UsageKey: audit.UsageKey{User: ingest.ID(id)}})] = true
		}
	}
	shapes := make([]string, len(who))
	for i, n := range who {
		if a.apart(n) && !changed[n] {
			shapes[i] = fmt.Sprint("states ", written(demands[n]))
		}
	}
	return shapes
}

// lastSeen is the last activity of every party before the window, where any is
// known. States are none.
func (a *adviser) lastSeen() ([]string, error) {
	last := make([]int64, len(a.parties))
	if a.Earlier != nil {
		earlier, err := a.Earlier()
		if err != nil {
			return nil, err
		}
		for i := range earlier {
			u := &earlier[i]
			if !u.Activity.Standing() && u.Last != ingest.Undated {
				a.behind(u, func(n int) { last[n] = max(last[n], u.Last) })
			}
		}
	}
	texts := make([]string, len(last))
	for n, ms := range last {
		if ms > 0 {
			texts[n] = stamp(ms)
		}
	}
	return texts, nil
}
