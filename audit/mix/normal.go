package mix

import (
	"cmp"
	"slices"
)

// question is an estate reduced to what is still to be decided.
type question struct {
	*store
	users, devices []Grant  // what one-sided demands force each to hold
	open           []Demand // those that either side may meet, by user, then device; none implies another
}

// reduce settles what has one answer only: a demand with one side makes that
// side hold, and a demand that somebody already meets asks for nothing more.
func reduce(e *Estate) *question {
	q := &question{store: newStore(e), users: make([]Grant, e.Users), devices: make([]Grant, e.Devices)}
	for i := range e.Demands {
		switch d := &e.Demands[i]; {
		case d.Device < 0:
			q.users[d.User].raise(whole(d.Families), d.Version)
		case d.User < 0:
			q.devices[d.Device].raise(whole(d.Families), d.Version)
		}
	}
	for i := range e.Demands {
		d := e.Demands[i]
		d.Families = whole(d.Families)
		if d.Version == 0 || d.Families == 0 || d.User < 0 || d.Device < 0 || q.met(&d) {
			continue
		}
		q.open = append(q.open, d)
	}
	if !slices.IsSortedFunc(q.open, compareDemands) {
		q.open = sortedDemands(q.open, e.Users)
	}
	q.open = implied(q.open)
	return q
}

func (q *question) met(d *Demand) bool {
	return q.users[d.User].meets(d.Families, d.Version) || q.devices[d.Device].meets(d.Families, d.Version)
}

func compareDemands(a, b Demand) int {
	return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Device, b.Device), cmp.Compare(b.Families, a.Families), cmp.Compare(b.Version, a.Version))
}

// sortedDemands sorts in linear time but for the few demands of one user.
func sortedDemands(list []Demand, users int) []Demand {
	at := make([]int32, users+1)
	for i := range list {
		at[list[i].User+1]++
	}
	for u := range users {
		at[u+1] += at[u]
	}
	sorted := make([]Demand, len(list))
	for _, d := range list {
		sorted[at[d.User]] = d
		at[d.User]++
	}
	first := int32(0)
	for u := range users {
		if mine := sorted[first:at[u]]; len(mine) > 1 && !slices.IsSortedFunc(mine, compareDemands) {
			slices.SortFunc(mine, compareDemands)
		}
		first = at[u]
	}
	return sorted
}

// implied drops the demands that another one of the same user and device
// implies.
func implied(list []Demand) []Demand {
	kept := list[:0]
	for i := 0; i < len(list); {
		end := i
		for end < len(list) && list[end].User == list[i].User && list[end].Device == list[i].Device {
			end++
		}
		first := len(kept)
		for j := i; j < end; j++ {
			d := list[j]
			// Sorted: whatever could imply d stands before it, or has fewer
			// families and so cannot.
			if !slices.ContainsFunc(kept[first:], func(x Demand) bool {
				return x.Families&d.Families == d.Families && x.Version >= d.Version
			}) {
				kept = append(kept, d)
			}
		}
		i = end
	}
	return kept
}
