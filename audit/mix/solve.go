package mix

import (
	"cmp"
	"math"
	"math/big"
	"slices"
	"sync"
)

// Solve finds the cheapest valid mix.
func Solve(e *Estate) *Mix {
	q := reduce(e)
	if len(q.open) == 0 {
		return q.finish(q.users, q.devices, true)
	}
	p := newProblem(q)
	if len(p.rows) > 0 || len(q.bundles[User])+len(q.bundles[Device]) > 0 {
		all, other := AllUsers(e), AllDevices(e)
		if other.Compare(all.Value) < 0 {
			all = other
		}
		if users, devices, sure := q.exhaust(User, searchUsers, all.Value); users != nil {
			return q.finish(users, devices, sure)
		}
		x := p.solve()
		if x = q.sharpen(x); x.Exact {
			return x
		}
		if all.Compare(x.Value) < 0 {
			all.Least, all.Exact = x.Least, false
			return all
		}
		return x
	}
	return p.solve()
}

// sharpen tries everything that one side may hold where the cuts left something
// open and that side is small: what they found cuts the search short.
func (q *question) sharpen(x *Mix) *Mix {
	for _, side := range []Metric{Device, User} {
		if x.Exact {
			break
		}
		if users, devices, sure := q.exhaust(side, searchHolders, x.Value); users != nil {
			if better := q.finish(users, devices, sure); better.Exact || better.Compare(x.Value) < 0 {
				better.Least = max(better.Least, x.Least)
				x = better
			}
		}
	}
	return x
}

// finish prices an answer. Where the holders are the best ones for sure, its
// cost is the least.
func (q *question) finish(users, devices []Grant, sure bool) *Mix {
	x := &Mix{Users: users, Devices: devices}
	_, proven := q.settle(x)
	if x.Exact = sure && proven; x.Exact {
		x.Least = x.Cost
	}
	return x
}

// Limits of the search for a bound. Work is counted, never timed: the same
// question always has the same answer.
const (
	boundRounds = 200
	boundWork   = 300e6  // edges looked at
	heavy       = 200000 // edges from which on work is saved
	cutWork     = 8      // times the edges, for one cut then
)

// solve brings a bound and an answer together from both sides.
func (p *problem) solve() *Mix {
	if len(p.flow.to) >= heavy && len(p.rows) > 0 {
		p.flow.limit = cutWork * len(p.flow.to)
	}
	var other *network // for the other core, where there is much to do
	if len(p.rows) > 0 && len(p.flow.to) >= heavy {
		other = p.flow.another()
	}
	var wg sync.WaitGroup
	least, a := p.bound(p.flow, &p.price, true)
	answers, best := []*answer{a}, p.price
	var shares []float64
	var g *guide
	if len(p.rows) > 0 {
		m := newMaster(p, a)
		last := p.price // whose flow p.flow has
		add := func(a *answer) bool {
			for _, b := range answers {
				if a.value == b.value && a.need == b.need {
					return false
				}
			}
			m.add(a, len(answers))
			answers = append(answers, a)
			return true
		}
		add(p.wholly(User))
		add(p.wholly(Device))
		for round, work := 0, 0; round < boundRounds && work < boundWork; round++ {
			w := p.round(m.solve())
			var between *big.Int
			var b *answer
			half := best.half(&w)
			if other != nil { // half way to there, on the other core
				wg.Go(func() { between, b = p.bound(other, &half, true) })
			}
			l, a := p.bound(p.flow, &w, true)
			wg.Wait()
			last = w
			fresh := add(a)
			if l.Cmp(least) > 0 {
				least, best = l, w
			}
			work += p.flow.spent()
			if other != nil {
				fresh = add(b) || fresh
				if between.Cmp(least) > 0 {
					least, best = between, half
				}
				work += other.spent()
			}
			if !fresh {
				break
			}
		}
		m.solve()
		shares = m.shares(len(answers))
		g = m.guide(&best)
		if last != best {
			p.bound(p.flow, &best, true) // its flow leads the way between the answers
		}
	}
	// The weight of the other criteria must not raise the bound of the cost.
	var cost *big.Int
	if other != nil {
		wg.Go(func() { cost, _ = p.bound(other, &best, false) })
	}
	x := p.choose(answers, shares, g).mix()
	wg.Wait()
	weight := p.total(x)
	if x.Exact = p.scale.complete && weight != nil && weight.Cmp(least) == 0; x.Exact {
		x.Least = x.Cost
		return x
	}
	if other == nil {
		cost, _ = p.bound(p.flow, &best, false)
	}
	unit := big.NewInt(p.scale.cost)
	x.Least = max(p.ceil(cost, unit), p.ceil(new(big.Int).Sub(least, new(big.Int).Sub(unit, big.NewInt(1))), unit))
	return x
}

// half is half way between two worths.
func (w *worth) half(o *worth) (h worth) {
	for m := range h {
		for f := range h[m] {
			for v := range h[m][f] {
				h[m][f][v] = w[m][f][v]/2 + o[m][f][v]/2
			}
		}
	}
	return h
}

// ceil is the least cost that a bound in units of weight allows.
func (p *problem) ceil(bound, unit *big.Int) int64 {
	if bound.Sign() <= 0 {
		return 0
	}
	n := new(big.Int).Add(bound, unit)
	n.Sub(n, big.NewInt(1))
	n.Div(n, unit)
	return n.Int64() * p.scale.unit
}

// total is the weight of a mix, nil where its cost does not go by units.
func (p *problem) total(x *Mix) *big.Int {
	if x.Cost%p.scale.unit != 0 {
		return nil
	}
	return p.scale.total(x.Value, p.base.value)
}

// wholly is the answer that takes every step of one metric and none of the
// other.
func (p *problem) wholly(side Metric) *answer {
	level := int32(sinkSide) // of what is taken
	if side == Device {
		level = sourceSide
	}
	for u := range p.flow.userLevel {
		p.flow.userLevel[u] = level
	}
	return p.taken(p.flow)
}

// choose puts an answer together from the patterns of those found, from two
// starts: the best of them, and their mixture.
func (p *problem) choose(answers []*answer, shares []float64, g *guide) (best *choice) {
	if g != nil {
		best = p.chosen(answers, shares, g)
		if len(p.flow.to) >= heavy {
			return best
		}
	}
	top := 0
	for i, a := range answers {
		if a.value.Compare(answers[top].value) < 0 {
			top = i
		}
	}
	only := make([]float64, len(answers))
	only[top] = 1
	if c := p.chosen(answers, only, nil); best == nil || c.value.Compare(best.value) < 0 {
		best = c
	}
	return best
}

func (p *problem) chosen(answers []*answer, shares []float64, g *guide) *choice {
	order := make([]int, len(answers)) // by share
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(shares[b], shares[a]) })
	c := p.newChoice(answers)
	c.start(answers, shares)
	if len(answers) == 1 {
		return c
	}
	r := c.refine(answers[order[0]])
	if g == nil {
		for range 4 {
			c.improve()
			if r == nil || !r.improve(answers, order) {
				break
			}
		}
		return c
	}
	mixed := order // those in the mixture
	for i, k := range order {
		if shares[k] < 1e-9 {
			mixed = order[:i]
			break
		}
	}
	passes, towards := 6, order
	if len(p.flow.to) >= heavy {
		towards = mixed
		passes = 3
		if r != nil {
			r.settled(answers, mixed)
		}
	}
	c.guide = g
	if r != nil {
		r.between()
	}
	for range passes {
		c.price()
		c.improve()
		if r != nil {
			r.improve(answers, towards)
		}
		g.real += 0.5 / float64(passes-1)
		g.force *= math.Pow(1024, 1/float64(passes-1))
	}
	c.guide = nil
	c.price()
	for range passes {
		c.improve()
		if r == nil || !r.improve(answers, towards) {
			break
		}
	}
	return c
}

func (c *choice) mix() *Mix {
	users, devices := c.holders()
	x := &Mix{Users: users, Devices: devices}
	c.settle(x)
	return x
}
