package mix

import (
	"cmp"
	"math"
	"slices"
)

// counts are numbers of CALs of one metric, by family and version.
type counts [Families][MaxVersion + 1]int

// needs are the CALs that holders must have.
type needs [metrics]counts

// store is what is owned, and what more costs.
type store struct {
	price   Prices // never falling with the version
	all     needs  // stock with every bundle taken apart
	single  needs  // stock without the bundles
	bundles [metrics][]bundle
	used    [metrics][Families]uint8 // newest version that matters, 0 for a family that does not
}

type bundle struct {
	stock             int // index in Estate.Stock
	families, version uint8
	quantity          int
}

func newStore(e *Estate) *store {
	s := &store{price: e.Prices}
	for m := range s.price {
		for f := range s.price[m] {
			p := &s.price[m][f]
			for v := MaxVersion - 1; v > 0; v-- {
				p[v] = min(p[v], p[v+1])
			}
		}
	}
	for i := range e.Demands {
		d := &e.Demands[i]
		for f := range Families {
			if whole(d.Families)>>f&1 == 0 {
				continue
			}
			if d.User >= 0 {
				s.used[User][f] = max(s.used[User][f], d.Version)
			}
			if d.Device >= 0 {
				s.used[Device][f] = max(s.used[Device][f], d.Version)
			}
		}
	}
	for i, o := range e.Stock {
		families := uint8(0) // those that anybody could need
		for f := range Families {
			if o.Families>>f&1 != 0 && s.used[o.Metric][f] > 0 {
				families |= 1 << f
			}
		}
		for f := range Families {
			if o.Families>>f&1 == 0 {
				continue
			}
			s.all[o.Metric][f][o.Version] += o.Quantity
			if families&(families-1) == 0 { // a bundle of which one part at most is of use is none
				s.single[o.Metric][f][o.Version] += o.Quantity
			}
		}
		if families&(families-1) != 0 && o.Quantity > 0 {
			s.bundles[o.Metric] = append(s.bundles[o.Metric], bundle{i, families, o.Version, o.Quantity})
		}
	}
	for m := range s.bundles { // the oldest first: each need takes the oldest that serves
		slices.SortStableFunc(s.bundles[m], func(a, b bundle) int { return int(a.version) - int(b.version) })
	}
	return s
}

// short is what one family lacks: newer needs take first, and what they leave
// serves the older ones.
func short(need, have *[MaxVersion + 1]int, price *[MaxVersion + 1]int64, into *[MaxVersion + 1]int) (cost int64) {
	free := 0
	for v := MaxVersion; v > 0; v-- {
		free += have[v]
		n := need[v]
		if n <= free {
			free -= n
			if into != nil {
				into[v] = 0
			}
			continue
		}
		if into != nil {
			into[v] = n - free
		}
		cost += int64(n-free) * price[v]
		free = 0
	}
	return cost
}

// split is what the needs cost if bundles could be split among holders: exact
// without bundles, a lower bound with them.
func (s *store) split(n *needs) (cost int64) {
	for m := range n {
		for f := range n[m] {
			if s.used[m][f] > 0 {
				cost += short(&n[m][f], &s.all[m][f], &s.price[m][f], nil)
			}
		}
	}
	return cost
}

// holders are the grants of one metric, and how many hold each.
type holders []holding

type holding struct {
	grant Grant
	count int
}

func countHolders(grants []Grant) holders {
	type key = Grant
	at := map[key]int{}
	var list holders
	last, run := Grant{}, 0 // neighbours are often alike
	put := func() {
		if run == 0 || last == (Grant{}) {
			return
		}
		i, ok := at[last]
		if !ok {
			i = len(list)
			at[last] = i
			list = append(list, holding{grant: last})
		}
		list[i].count += run
	}
	for _, g := range grants {
		if g != last {
			put()
			last, run = g, 0
		}
		run++
	}
	put()
	// Newest first, so that the search below meets the likely answer first and
	// the result does not depend on the order of holders.
	slices.SortFunc(list, func(a, b holding) int { return compareGrants(b.grant, a.grant) })
	return list
}

// settle completes a mix whose holders are chosen: what must be bought, and its
// value. It is false when the bundles might serve better than was found; floor
// is a lower bound of the cost for these holders.
func (s *store) settle(x *Mix) (floor int64, proven bool) {
	x.Value, x.Gifts = Value{}, nil
	proven = true
	for m, grants := range [metrics][]Grant{x.Users, x.Devices} {
		list := countHolders(grants)
		var n counts
		for _, h := range list {
			for f, v := range h.grant {
				if v > 0 {
					n[f][v] += h.count
					x.CALs += h.count
					x.DeviceCALs += m * h.count
					x.Steps += int(v) * h.count
				}
			}
		}
		have := s.single[m]
		if len(s.bundles[m]) > 0 {
			g, sure := s.give(Metric(m), list)
			proven = proven && sure
			floor += g.floor.cost
			for i, p := range g.pairs {
				if g.best[i] == 0 {
					continue
				}
				h := g.list[p.holder].grant
				x.Gifts = append(x.Gifts, Gift{Stock: g.bundles[p.bundle].stock, Lacks: h, Count: g.best[i]})
				g.left[p.bundle] -= g.best[i]
				for f, v := range h {
					if p.serves>>f&1 != 0 {
						n[f][v] -= g.best[i]
					}
				}
			}
			for b, left := range g.left {
				for f := range have {
					if g.bundles[b].families>>f&1 != 0 {
						x.Left[m][f][g.bundles[b].version] += left
					}
				}
			}
		}
		for f := range n {
			cost := short(&n[f], &have[f], &s.price[m][f], &x.Short[m][f])
			x.Cost += cost
			if len(s.bundles[m]) == 0 {
				floor += cost
			}
			for v := MaxVersion; v > 0; v-- { // each from the oldest that serves
				take := n[f][v] - x.Short[m][f][v]
				for w := v; w <= MaxVersion && take > 0; w++ {
					k := min(take, have[f][w])
					have[f][w] -= k
					take -= k
				}
			}
			for v, k := range have[f] {
				x.Left[m][f][v] += k
			}
		}
	}
	return floor, proven
}

func compareGrants(a, b Grant) int {
	for f := range a {
		if a[f] != b[f] {
			return int(a[f]) - int(b[f])
		}
	}
	return 0
}

// giftBudget bounds the search for who gets the bundles. It is far beyond what
// small numbers take; large ones nearly always meet the lower bound at once.
const giftBudget = 20000

// giving searches who gets the bundles of one metric.
type giving struct {
	price       *[Families][MaxVersion + 1]int64
	single      *counts
	bundles     []bundle
	list        holders // what they lack, with what may be left of it by and by
	pairs       []pair
	need        counts
	given, best []int // of each pair
	left, free  []int // bundles not given; holders who lack just this
	value       purchase
	floor       purchase // with bundles split
	budget      int
	done        bool
}

// pair is a kind of bundle and a kind of holder that it is of use to.
type pair struct {
	bundle, holder int
	rest           int   // what such a holder lacks then
	serves         uint8 // families of the holder that it covers
}

// purchase is what is bought: the cost, how many CALs, and the sum of their
// versions, for newer needs take stock first.
type purchase struct {
	cost        int64
	short, aged int
}

func (p purchase) less(o purchase) bool {
	return cmp.Or(cmp.Compare(p.cost, o.cost), p.short-o.short, p.aged-o.aged) < 0
}

// give finds the distribution of the bundles that leaves the least to buy.
// proven is false when the search was given up: then floor is all that is known.
func (s *store) give(m Metric, list holders) (g *giving, proven bool) {
	g = &giving{price: &s.price[m], single: &s.single[m], bundles: s.bundles[m], list: list,
		value: purchase{cost: math.MaxInt64}, budget: giftBudget}
	for h, x := range list {
		for f, v := range x.grant {
			g.need[f][v] += x.count
		}
		g.free = append(g.free, list[h].count)
	}
	for b, x := range g.bundles {
		g.left = append(g.left, x.quantity)
		first := len(g.pairs)
		for h := range len(g.list) {
			p := pair{bundle: b, holder: h}
			rest := g.list[h].grant
			for f, v := range rest {
				if x.families>>f&1 != 0 && v > 0 && v <= x.version {
					p.serves |= 1 << f
					rest[f] = 0
				}
			}
			if p.serves == 0 {
				continue
			}
			p.rest = slices.IndexFunc(g.list, func(y holding) bool { return y.grant == rest })
			if p.rest < 0 {
				p.rest = len(g.list)
				g.list, g.free = append(g.list, holding{grant: rest}), append(g.free, 0)
			}
			g.pairs = append(g.pairs, p)
		}
		// Whom it serves most comes first; then the newest grant.
		slices.SortStableFunc(g.pairs[first:], func(a, b pair) int { return ones(b.serves) - ones(a.serves) })
	}
	g.given, g.best = make([]int, len(g.pairs)), make([]int, len(g.pairs))
	g.floor = g.bound()
	g.search(0)
	return g, g.budget > 0 || g.value == g.floor
}

func ones(set uint8) (n int) {
	for ; set != 0; set &= set - 1 {
		n++
	}
	return n
}

// bound is what the needs cost with the bundles that are left split.
func (g *giving) bound() (p purchase) {
	var into [MaxVersion + 1]int
	for f := range g.need {
		have := g.single[f]
		for b, x := range g.bundles {
			if x.families>>f&1 != 0 {
				have[x.version] += g.left[b]
			}
		}
		p.cost += short(&g.need[f], &have, &g.price[f], &into)
		for v, n := range into {
			p.short += n
			p.aged += v * n
		}
	}
	return p
}

func (g *giving) search(i int) {
	if g.budget--; g.done || g.budget <= 0 {
		return
	}
	if i == len(g.pairs) {
		kept := g.left
		g.left = make([]int, len(kept)) // what is left helps nobody
		if v := g.bound(); v.less(g.value) {
			g.value = v
			copy(g.best, g.given)
			g.done = v == g.floor
		}
		g.left = kept
		return
	}
	if !g.bound().less(g.value) {
		return
	}
	p := g.pairs[i]
	most := min(g.left[p.bundle], g.free[p.holder])
	step := max(1, most/64) // large numbers are tried coarsely: the bound says what that may have missed
	if step > 1 {
		defer func() { // not all was tried
			if !g.done {
				g.budget = 0
			}
		}()
	}
	for n := most; n >= 0 && !g.done && g.budget > 0; n -= step {
		g.move(p, n)
		g.given[i] = n
		g.search(i + 1)
		g.given[i] = 0
		g.move(p, -n)
		if n > 0 && n < step {
			n = step
		}
	}
}

func (g *giving) move(p pair, n int) {
	g.left[p.bundle] -= n
	g.free[p.holder] -= n
	g.free[p.rest] += n
	for f, v := range g.list[p.holder].grant {
		if p.serves>>f&1 != 0 {
			g.need[f][v] -= n
		}
	}
}
