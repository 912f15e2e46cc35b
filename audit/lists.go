package audit

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strings"

	"calaudit/ingest"
)

// A list that a management tool printed (Get-CsUser, a WMI class) is laid over
// the directory exports:
//
//   - A directory export of the same date or newer decides, also that somebody
//     is gone whose container it covers.
//   - An older one is corrected in what the list tells, and in nothing else: a
//     list knows no aliases and nothing of the account behind the identity.
//   - Who stands in a list and in no directory export is taken from the list.
//   - Absence from a list never speaks against a directory export. Among lists
//     of one tool, somebody is gone when a newer, wholly readable list names at
//     least half of those who shared container, pool and state with them, for
//     then it was filtered by none of these; a list of a few picked people
//     makes nobody go.

// listed is an account as the lists of one tool say.
type listed struct {
	Account
	tool, context string
	json          []byte
}

// withLists lays the lists over the accounts of the directory exports.
func withLists(accounts []Account, full, lists map[string][]*state, want func(*ingest.Entry) bool) []Account {
	var all []listed
	for _, key := range slices.Sorted(maps.Keys(lists)) {
		tool, context, _ := strings.Cut(key, ":")
		days := lists[key]
		for _, a := range contextAccounts(days, want) {
			a.Current = !leftList(&a, days)
			all = append(all, listed{a, tool, context, entryJSON(a.Entry)})
		}
	}
	// The newest is laid on last.
	slices.SortFunc(all, func(a, b listed) int {
		return cmp.Or(cmp.Compare(a.seen, b.seen), strings.Compare(a.tool, b.tool), strings.Compare(a.context, b.context), bytes.Compare(a.json, b.json))
	})
	o := newOverlay(accounts)
	for i := range all {
		l := &all[i]
		if at, ok := o.find(l.Entry); ok {
			o.lay(at, &l.Account)
			continue
		}
		for _, s := range full[l.context] {
			if l.Entry.DN != "" && s.date >= l.seen && s.covers[l.Entry.Container] {
				l.Current = false
			}
		}
		o.add(l.Account)
	}
	return o.accounts
}

// leftList tells somebody who is missing from a newer list of the same tool
// that was not filtered by anything that could have hidden them.
func leftList(a *Account, days []*state) bool {
	last := slices.IndexFunc(days, func(s *state) bool { return s.date == a.seen })
	if last < 1 {
		return false
	}
	type cell struct {
		container, home string
		enabled, voice  bool
	}
	of := func(e *ingest.Entry) cell { return cell{e.Container, e.Home, e.Enabled, e.Voice} }
	mates := map[string]bool{}
	for _, e := range days[last].entries {
		if of(e) == of(a.Entry) {
			mates[entryID(e)] = true
		}
	}
	for _, s := range days[:last] {
		if s.partial {
			continue
		}
		there := map[string]bool{}
		for _, e := range s.entries {
			if id := entryID(e); mates[id] {
				there[id] = true
			}
		}
		if 2*len(there) >= len(mates) {
			return true
		}
	}
	return false
}

// overlay finds the account that an entry of a list speaks of.
type overlay struct {
	accounts []Account
	primary  map[string][]int
	other    map[string][]int // by alias, previous address, and line where there is no address
	dn       map[string][]int
}

func newOverlay(accounts []Account) *overlay {
	o := &overlay{primary: map[string][]int{}, other: map[string][]int{}, dn: map[string][]int{}}
	for _, a := range accounts {
		o.add(a)
	}
	return o
}

func (o *overlay) add(a Account) {
	i := len(o.accounts)
	o.accounts = append(o.accounts, a)
	o.index(i)
}

// index files an account under its names, also under those it had before.
func (o *overlay) index(i int) {
	a := &o.accounts[i]
	put := func(m map[string][]int, key string) {
		if key != "" && !slices.Contains(m[key], i) {
			m[key] = append(m[key], i)
		}
	}
	put(o.primary, a.Entry.Primary)
	for _, address := range a.addresses() {
		put(o.other, address)
	}
	if dn, err := ingest.FoldDN(a.Entry.DN); err == nil && a.Entry.Subject() {
		put(o.dn, dn)
	}
}

// find prefers who has the address now, then who stands at the same place, and
// where the list tells no place, who had the address or has it beside another;
// among several one that is there.
func (o *overlay) find(e *ingest.Entry) (at int, ok bool) {
	var places [][]int
	if e.Primary != "" {
		places = append(places, o.primary[e.Primary])
	}
	if dn, err := ingest.FoldDN(e.DN); err == nil {
		places = append(places, o.dn[dn])
	} else {
		places = append(places, o.other[accountID(e)])
	}
	for _, list := range places {
		for _, i := range list {
			if o.accounts[i].Current {
				return i, true
			}
		}
		if len(list) > 0 {
			return list[0], true
		}
	}
	return 0, false
}

// lay puts what a list says over an account.
func (o *overlay) lay(at int, l *Account) {
	a := &o.accounts[at]
	before := a.Entry
	if before.Listed != 0 || a.said < l.seen && l.Current {
		e := before.With(l.Entry)
		a.Entry = &e
		a.Current = a.Current || l.Current
	}
	former := append(append(slices.Clone(a.Former), l.Former...), before.Login, before.Principal, l.Entry.Login, l.Entry.Principal)
	former = slices.DeleteFunc(former, func(n string) bool { return n == "" || n == a.Entry.Login || n == a.Entry.Principal })
	slices.Sort(former)
	if a.Former = slices.Compact(former); len(a.Former) == 0 {
		a.Former = nil
	}
	previous := append(slices.Clone(a.Previous), before.Primary, l.Entry.Primary)
	previous = append(previous, l.Previous...)
	previous = slices.DeleteFunc(previous, func(p string) bool { return p == "" || p == a.Entry.Primary || slices.Contains(a.Entry.Aliases, p) })
	slices.Sort(previous)
	if a.Previous = slices.Compact(previous); len(a.Previous) == 0 {
		a.Previous = nil
	}
	o.index(at)
}
