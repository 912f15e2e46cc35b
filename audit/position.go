package audit

import (
	"cmp"
	"slices"

	"calaudit/audit/mix"
)

// stockKey is one pool of interchangeable licences.
type stockKey struct {
	family, metric string
}

// ledger sets needs against stock, both by version.
type ledger struct {
	need, have map[stockKey]map[Version]int
	mix        *mix.Mix
}

func newLedger(owned []Entitlement) *ledger {
	l := &ledger{need: map[stockKey]map[Version]int{}, have: map[stockKey]map[Version]int{}}
	for _, r := range rightsOf(owned) {
		for _, family := range r.families {
			if r.of.Quantity > 0 {
				put(l.have, stockKey{family, r.of.Metric}, r.version, r.of.Quantity)
			}
		}
	}
	return l
}

func put(m map[stockKey]map[Version]int, k stockKey, v Version, n int) {
	if m[k] == nil {
		m[k] = map[Version]int{}
	}
	m[k][v] += n
}

// holders enters the CALs of an assignment.
func (l *ledger) holders(h Holders, m *mix.Mix) {
	l.mix = m
	for metric, grants := range [...][]Grant{mix.User: h.Users, mix.Device: h.Devices} {
		var count [len(families)][mix.MaxVersion + 1]int
		for _, g := range grants {
			for i, v := range g {
				count[i][v]++
			}
		}
		for i := range count {
			for v, n := range count[i] {
				if v > 0 && n > 0 {
					put(l.need, stockKey{families[i], metricNames[metric]}, Version(v), n)
				}
			}
		}
	}
}

// servers enters the server licences.
func (l *ledger) servers(all []Server) {
	for _, s := range all {
		lic, err := license(s.License)
		if err != nil {
			continue // the role needs none
		}
		v, err := ParseVersion(s.Version)
		if err != nil {
			continue // versions come from the catalogue
		}
		put(l.need, stockKey{lic.Grants[0], "server"}, v, 1)
	}
}

// unsplit corrects the rows of one kind of CAL where bundles make a difference:
// both parts go to one holder, so that a part which that holder does not need is
// lost to all others. Where nobody lacks it, it counts as left over.
func (l *ledger) unsplit(k stockKey, at map[Version]*Position, left map[Version]int) {
	f, metric := slices.Index(families[:], k.family), slices.Index(metricNames[:], k.metric)
	if l.mix == nil || f < 0 || metric < 0 {
		return
	}
	short := &l.mix.Short[metric][f]
	same := true
	for v, row := range at {
		same = same && row.Shortfall == short[v]
	}
	if same {
		return
	}
	for v, row := range at {
		row.Shortfall = short[v]
		row.Owned = row.Required - row.Shortfall
		left[v] = l.mix.Left[metric][f][v]
		if row.Shortfall == 0 {
			for w := v; w <= newest(); w++ {
				row.Owned += l.mix.Left[metric][f][w]
			}
		}
	}
}

// positions nets needs against stock: newer needs take first, each from the
// oldest version that serves it. Server licences of other products come in
// after that.
func (l *ledger) positions(names labels) []Position {
	var rows []Position
	table, rest := map[stockKey]map[Version]*Position{}, map[stockKey]map[Version]int{}
	keys := map[stockKey]bool{}
	for k := range l.need {
		keys[k] = true
	}
	for k := range l.have {
		keys[k] = true
	}
	newest := newest()
	for k := range keys {
		left := map[Version]int{}
		for v, n := range l.have[k] {
			left[v] = n
		}
		at := map[Version]*Position{}
		for v := newest; v > 0; v-- {
			required := l.need[k][v]
			owned := 0
			for x := v; x <= newest; x++ {
				owned += left[x]
			}
			at[v] = &Position{License: names.name(k.family, v), Metric: k.metric, Version: v.String(),
				Required: required, Owned: owned, Shortfall: max(0, required-owned)}
			take := min(required, owned)
			for x := v; x <= newest; x++ {
				n := min(take, left[x])
				left[x] -= n
				take -= n
			}
		}
		l.unsplit(k, at, left)
		table[k], rest[k] = at, left
	}
	crossServers(table, rest)
	for k, at := range table {
		for v, row := range at {
			if row.Surplus = rest[k][v]; row.Required > 0 || row.Surplus > 0 {
				rows = append(rows, *row)
			}
		}
	}
	slices.SortFunc(rows, func(a, b Position) int {
		return cmp.Or(cmp.Compare(a.License, b.License), cmp.Compare(a.Metric, b.Metric), cmp.Compare(a.Version, b.Version))
	})
	return rows
}
