package advise

import (
	"cmp"
	"fmt"
	"slices"

	"calaudit/audit"
	"calaudit/ingest"
)

// beyond is a usage that asks somebody for more than Standard.
func (a *adviser) beyond(u *audit.Usage, n int) bool {
	return a.base.Asks(u, n)&^audit.Standard != 0 && !u.Activity.Standing()
}

// rare are the persons who need more than Standard by an event or two.
func (a *adviser) rare() (*Proposal, error) {
	p := proposal(Rare)
	events := map[int][]*audit.Usage{}
	count := map[int]int{}
	a.each(func(u *audit.Usage) {
		a.behind(u, func(n int) {
			if !a.beyond(u, n) {
				return
			}
			if count[n] += u.Count; count[n] <= a.Events {
				events[n] = append(events[n], u)
			}
		})
	})
	in := map[int]bool{}
	for n := range events {
		x := &a.parties[n]
		if count[n] <= a.Events && x.Subject && x.Required && !x.Exempted && !x.Connected && !x.Device && x.States&^audit.Standard == 0 &&
			(x.Class == ingest.Hosted || x.Class == ingest.Guest) {
			in[n] = true
		}
	}
	who := byNumber(in)
	p.Count = len(who)
	if len(who) == 0 {
		return a.nothing(p), nil
	}
	for _, n := range who {
		x := &a.parties[n]
		p.Items = append(p.Items, Item{ID: x.ID, Kind: "user", Name: x.Name, Class: x.Class.String(), Licenses: x.Licenses, Versions: x.Versions,
			Events: told(events[n])})
	}
	after, err := a.again(a.leftOut(in))
	if err != nil {
		return nil, err
	}
	a.plan.leaveOut = in
	a.saved(p, a.asIs(), after, audit.ForPeople)
	shapes := a.rareShapes(who, after.Model)
	err = a.alone(p, shapes, a.base, audit.ForPeople, func(i int) *audit.Input { return a.leftOut(map[int]bool{who[i]: true}) })
	p.sort()
	return p, err
}

// leftOut is the input without the events for which some people need more than
// Standard. What one of them did with a shared account nobody else did with it.
func (a *adviser) leftOut(who map[int]bool) *audit.Input {
	return a.without(func(u *audit.Usage) bool {
		return a.ofAny(u, func(n int) bool { return who[n] && a.beyond(u, n) })
	})
}

// told sums up usages by activity.
func told(usages []*audit.Usage) (events []Event) {
	type sum struct {
		count       int
		first, last int64
	}
	sums := map[ingest.Activity]sum{}
	for _, u := range usages {
		s, seen := sums[u.Activity]
		if !seen || s.first == ingest.Undated {
			s.first, s.last = u.First, u.Last
		} else if u.First != ingest.Undated {
			s.first, s.last = min(s.first, u.First), max(s.last, u.Last)
		}
		s.count += u.Count
		sums[u.Activity] = s
	}
	for activity, s := range sums {
		events = append(events, Event{activity.String(), s.count, stamp(s.first), stamp(s.last)})
	}
	slices.SortFunc(events, func(x, y Event) int { return cmp.Compare(x.Activity, y.Activity) })
	return events
}

// rareShapes: persons whose machines are their own, and whom leaving events out
// makes nobody else.
func (a *adviser) rareShapes(who []int, after *audit.Model) []string {
	owner := a.owners()
	mixed := make([]bool, len(a.parties)) // shares a machine or card, or has another class afterwards
	caller := make([]bool, len(a.parties))
	a.each(func(u *audit.Usage) {
		n, m := a.base.Whose(u), a.base.Machine(u)
		if n < 0 {
			return
		}
		mixed[n] = mixed[n] || m >= 0 && owner[m] == several || a.base.Docked(u)
		caller[n] = caller[n] || u.Activity.Call()
	})
	classes, changed := after.Classes(), false
	for id := range classes {
		if classes[id] != a.classes[id] {
			changed = true
			if n := a.base.Whose(&audit.Usage{UsageKey: audit.UsageKey{User: ingest.ID(id)}}); n >= 0 {
				mixed[n] = true
			}
		}
	}
	own := map[string]int{}
	for m, n := range owner {
		if n >= 0 {
			own[a.machines[m].ID] = n
		}
	}
	before, later, parties := ofOwn(a.base, own), ofOwn(after, own), after.Parties()
	shapes := make([]string, len(who))
	for i, n := range who {
		x := &a.parties[n]
		if a.apart(n) && !mixed[n] && !(changed && caller[n]) && len(parties) == len(a.parties) && parties[n].ID == x.ID {
			shapes[i] = fmt.Sprint(written(before[n]), " then ", written(later[n]))
		}
	}
	return shapes
}
