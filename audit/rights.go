package audit

import (
	"cmp"
	"slices"
	"strings"
)

// right is what one entitlement is good for: as it was bought, or by something
// that Software Assurance or its date made of it.
type right struct {
	of       *Entitlement
	families []string // of one holder, together
	version  Version
	why      []*Right // nothing for what was bought
}

// rightsOf works out what the entitlements are good for. What belongs to one
// holder is one right; what is a licence of its own is another. The order is
// that of the entitlements.
func rightsOf(owned []Entitlement) []right {
	var all []right
	for i := range owned {
		e := &owned[i]
		l, err := license(e.License)
		if err != nil {
			continue
		}
		own := right{of: e, families: slices.Clone(l.Grants), version: e.Effective()}
		var apart []right
		for k := range l.Rights {
			r := &l.Rights[k]
			if !r.holds(e, owned) {
				continue
			}
			if r.Together {
				own.families, own.why = append(own.families, r.Grants...), append(own.why, r)
				continue
			}
			v := own.version
			if most, err := ParseVersion(r.UpTo); err == nil && most > 0 {
				v = min(v, most)
			}
			apart = append(apart, right{e, r.Grants, v, []*Right{r}})
		}
		slices.Sort(own.families)
		if own.families = slices.Compact(own.families); len(own.families) > 0 && own.version > 0 {
			all = append(all, own)
		}
		all = append(all, apart...)
	}
	return all
}

// holds tells whether an entitlement has the right.
func (r *Right) holds(e *Entitlement, owned []Entitlement) bool {
	covered := func(e *Entitlement, day string) bool {
		return e.SAUntil >= day && (e.SAFrom == "" || e.SAFrom <= day)
	}
	bought := e.SAFrom >= r.BoughtFrom && (r.BoughtBefore == "" || e.SAFrom < r.BoughtBefore)
	if e.SAFrom == "" {
		bought = r.Undated || r.BoughtFrom == "" && r.BoughtBefore == ""
	}
	switch {
	case e.SAUntil == "" || e.Quantity == 0 || !bought:
		return false
	case r.SAAt != "" && !covered(e, r.SAAt), r.SASince != "" && e.SAUntil < r.SASince:
		return false
	}
	return r.With == "" || slices.ContainsFunc(owned, func(o Entitlement) bool {
		return o.License == r.With && o.Quantity > 0 && covered(&o, r.SAAt)
	})
}

// explained says of the entitlements that are good for something else than what
// stands on them what that is and why. Products of later names for the same
// thing, and newer versions of it, are told as well.
func explained(owned []Entitlement, names labels) []Entitled {
	list := []Entitled{}
	for _, r := range rightsOf(owned) {
		e := r.of
		if e.Quantity == 0 {
			continue
		}
		x := Entitled{License: e.License, Metric: e.Metric, Version: e.Version.String(), Quantity: e.Quantity, As: []string{}, AsVersion: r.version.String()}
		for _, family := range r.families {
			x.As = append(x.As, names.name(family, r.version))
		}
		slices.Sort(x.As)
		var why []string
		for _, w := range r.why {
			why = append(why, w.Why+" ["+w.Source+", "+w.Confidence+"]")
		}
		l, err := license(e.License)
		switch {
		case err != nil:
			continue
		case l.Suite:
			why = append(why, l.Title+": all parts to one holder")
		case len(l.Holds) > 0:
			why = append(why, l.Title+" holds it")
		}
		if len(l.Holds) == 0 && r.version > e.Version && e.SAUntil != "" && !l.Suite {
			why = append(why, "Software Assurance until "+e.SAUntil+" covers "+r.version.String())
			if day, is := e.late(r.version); is {
				why = append(why, "it begins on "+e.SAFrom+", after "+r.version.String()+" came out on "+day+": counted as the renewal of an earlier term; without one it gives no right to that version")
			}
		}
		if len(why) == 0 {
			continue
		}
		x.Why = strings.Join(why, "; ")
		list = append(list, x)
	}
	slices.SortFunc(list, func(a, b Entitled) int {
		return cmp.Or(cmp.Compare(a.License, b.License), cmp.Compare(a.Metric, b.Metric), cmp.Compare(a.Version, b.Version),
			slices.Compare(a.As, b.As), cmp.Compare(a.AsVersion, b.AsVersion), cmp.Compare(a.Quantity, b.Quantity), cmp.Compare(a.Why, b.Why))
	})
	return list
}
