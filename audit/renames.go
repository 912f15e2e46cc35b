package audit

import (
	"slices"
	"strings"

	"calaudit/ingest"
)

// lineage follows the entries of one naming context through its snapshots.
type lineage struct {
	latest    map[string]*ingest.Entry // by entry id, from the newest snapshot that has it
	seenIn    map[string]int           // index of that snapshot
	addresses map[string][]string      // every address an entry ever had
	successor map[string]string        // entry id -> the id under which its DN stands later
	holder    map[string]string        // folded DN -> entry id in the last snapshot added
	logons    map[string][]string      // every name an entry ever had to sign in with
}

// contextAccounts makes accounts of the wanted entries in the snapshots of one
// context, newest first.
func contextAccounts(days []*state, want func(*ingest.Entry) bool) []Account {
	l := &lineage{map[string]*ingest.Entry{}, map[string]int{}, map[string][]string{}, map[string]string{}, map[string]string{}, map[string][]string{}}
	for i, s := range days {
		l.add(i, s)
	}
	former, logons := map[string][]string{}, map[string][]string{}
	for id, addresses := range l.addresses {
		last := l.last(id)
		former[last] = append(former[last], addresses...)
	}
	for id, names := range l.logons {
		last := l.last(id)
		logons[last] = append(logons[last], names...)
	}
	var all []Account
	for id, e := range l.latest {
		if !want(e) || l.last(id) != id {
			continue
		}
		seen := days[l.seenIn[id]].date
		current, said := true, seen
		for i := l.seenIn[id] - 1; i >= 0; i-- { // a newer snapshot covers its place and has it no more
			if days[i].covers[e.Container] {
				current, said = false, days[i].date
			}
		}
		previous := slices.DeleteFunc(former[id], func(a string) bool { return a == e.Primary || slices.Contains(e.Aliases, a) })
		slices.Sort(previous)
		names := slices.DeleteFunc(logons[id], func(n string) bool { return n == e.Login || n == e.Principal })
		slices.Sort(names)
		all = append(all, Account{Entry: e, Current: current, Previous: slices.Compact(previous), Former: slices.Compact(names), said: said, seen: seen})
	}
	return all
}

// add takes the next older snapshot.
func (l *lineage) add(i int, s *state) {
	own := map[string]*ingest.Entry{}
	for _, e := range s.entries {
		id := entryID(e)
		if have, ok := own[id]; !ok || prefer(e, have) {
			own[id] = e
		}
		remember(l.addresses, id, e.Primary)
		for _, a := range e.Aliases {
			remember(l.addresses, id, a)
		}
		remember(l.logons, id, e.Login)
		remember(l.logons, id, e.Principal)
	}
	holders := map[string]*ingest.Entry{}
	for _, e := range own {
		if dn := linkDN(e); dn != "" && (holders[dn] == nil || prefer(e, holders[dn])) {
			holders[dn] = e
		}
	}
	for id, e := range own {
		if _, newer := l.latest[id]; newer {
			continue
		}
		l.latest[id], l.seenIn[id] = e, i
		dn := linkDN(e)
		if dn == "" {
			continue
		}
		// Each step leads to a newer snapshot, or to the preferred one of equal
		// date, so that there is no circle.
		if next := entryID(holders[dn]); next != id {
			l.successor[id] = next
		} else if next, ok := l.holder[dn]; ok {
			l.successor[id] = next
		}
	}
	for dn, e := range holders {
		l.holder[dn] = entryID(e)
	}
}

func remember(all map[string][]string, id, name string) {
	if name != "" && !slices.Contains(all[id], name) {
		all[id] = append(all[id], name)
	}
}

// last is the id that an entry goes by in the end.
func (l *lineage) last(id string) string {
	for {
		next, ok := l.successor[id]
		if !ok || !l.latest[next].Subject() {
			return id // what lost every address names nobody
		}
		id = next
	}
}

// linkDN is what recognises an entry under another primary address where the
// export has no GUID; empty for entries that are told apart by other means.
func linkDN(e *ingest.Entry) string {
	if e.GUID != "" || !e.Subject() {
		return ""
	}
	dn, err := ingest.FoldDN(e.DN)
	if err != nil {
		return strings.ToLower(e.DN)
	}
	return dn
}

// dropReassigned takes a previous address from an account when it is now the
// primary address of another enabled one: addresses get reassigned.
func dropReassigned(accounts []Account) {
	owner := map[string][]*ingest.Entry{}
	for i := range accounts {
		if a := &accounts[i]; a.active() && a.Entry.Primary != "" {
			owner[a.Entry.Primary] = append(owner[a.Entry.Primary], a.Entry)
		}
	}
	for i := range accounts {
		a := &accounts[i]
		a.Previous = slices.DeleteFunc(a.Previous, func(p string) bool {
			return slices.ContainsFunc(owner[p], func(o *ingest.Entry) bool { return o != a.Entry })
		})
		if len(a.Previous) == 0 {
			a.Previous = nil
		}
	}
}
