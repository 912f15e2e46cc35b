package mix

import (
	"math"
	"math/big"
	"math/bits"
	"slices"
)

// worth is what one CAL is taken to cost while a bound is sought, in the units
// of scale: between nothing and its price, and never falling with the version.
type worth [metrics][Families][MaxVersion + 1]int64

// scale folds the four criteria of Value into one number, so that the first
// always outweighs the rest.
type scale struct {
	unit                  int64 // of the prices: their greatest common divisor
	cost                  int64 // weight of one unit of cost
	cals, devices, steps  int64 // weights of the other criteria
	complete              bool  // all criteria found room in 63 bits
	maxCALs, maxDev, maxS int64
}

// total is the weight of a value. The other criteria count from base.
func (s *scale) total(v, base Value) *big.Int {
	sum := new(big.Int).Mul(big.NewInt(v.Cost/s.unit), big.NewInt(s.cost))
	for _, x := range [][2]int64{{int64(v.CALs - base.CALs), s.cals}, {int64(v.DeviceCALs - base.DeviceCALs), s.devices}, {int64(v.Steps - base.Steps), s.steps}} {
		sum.Add(sum, new(big.Int).Mul(big.NewInt(x[0]), big.NewInt(x[1])))
	}
	return sum
}

// problem is the undecided rest of a question as the bounds see it.
type problem struct {
	*question
	*graph
	scale scale
	base  answer // with nothing undecided taken
	rows  []row  // of the master: stock that could run out
	price worth  // in the units of scale
}

// row is the stock of one version and newer.
type row struct {
	metric  Metric
	family  int
	version uint8
	stock   int
}

// answer is a set of steps taken and what it comes to.
type answer struct {
	value          Value // its cost as if bundles could be split
	need           needs
	users, devices []uint64 // bit sets over the nodes of the network
}

func newProblem(q *question) *problem {
	p := &problem{question: q, graph: newGraph(q)}
	for m, grants := range [metrics][]Grant{q.users, q.devices} {
		for i := range grants {
			g := &grants[i]
			for f, v := range g {
				if v > 0 {
					p.base.need[m][f][v]++
					p.base.value.CALs++
					p.base.value.DeviceCALs += m
					p.base.value.Steps += int(v)
				}
			}
		}
	}
	p.base.value.Cost = q.split(&p.base.need)
	var possible [metrics][Families][MaxVersion + 2]int // holders of a version or newer, if all did
	var touched [metrics][Families]uint16               // versions that undecided steps come from or go to
	for m := range possible {
		for f := range possible[m] {
			for v := MaxVersion; v > 0; v-- {
				possible[m][f][v] = possible[m][f][v+1] + p.base.need[m][f][v]
			}
		}
	}
	s := &p.scale
	count := func(kinds []int16, nodes func(c *class) (int32, int32)) {
		for i := range p.classes {
			c := &p.classes[i]
			from, n := nodes(c)
			for _, k := range kinds[from : from+n] {
				k := &p.kinds[k]
				for v := k.from + 1; v <= k.to; v++ {
					possible[k.metric][k.family][v] += int(c.count)
				}
				touched[k.metric][k.family] |= 1<<k.from | 1<<k.to
				s.maxS += int64(k.to-k.from) * int64(c.count)
				if k.from == 0 {
					s.maxCALs += int64(c.count)
					s.maxDev += int64(k.metric) * int64(c.count)
				}
			}
		}
	}
	count(p.userKind, func(c *class) (int32, int32) { return c.user, c.users })
	count(p.deviceKind, func(c *class) (int32, int32) { return c.device, c.devices })
	p.weigh(touched)
	for m := range touched {
		for f, set := range touched[m] {
			if set == 0 {
				continue
			}
			stock, ample, any := 0, true, false
			var mine []row
			for v := MaxVersion; v > 0; v-- {
				stock += q.all[m][f][v]
				ample = ample && stock >= possible[m][f][v]
				any = any || stock > 0
				if set>>v&1 != 0 || p.base.need[m][f][v] > 0 {
					mine = append(mine, row{Metric(m), f, uint8(v), stock})
				}
				p.price[m][f][v] = q.price[m][f][v] / s.unit * s.cost
			}
			switch {
			case ample:
				p.price[m][f] = [MaxVersion + 1]int64{}
			case any:
				p.rows = append(p.rows, mine...)
			}
		}
	}
	return p
}

// weigh sets the scale. Where the numbers are too large for all criteria, the
// last ones are left out.
func (p *problem) weigh(touched [metrics][Families]uint16) {
	s := &p.scale
	var unit, top int64
	for m := range touched {
		for f := range touched[m] {
			if p.used[m][f] == 0 {
				continue
			}
			for v := uint8(1); v <= p.used[m][f]; v++ {
				for a, b := unit, p.store.price[m][f][v]; ; a, b = b, a%b {
					if b == 0 {
						unit = a
						break
					}
				}
				if touched[m][f] != 0 {
					top = max(top, p.store.price[m][f][v])
				}
			}
		}
	}
	s.unit = max(unit, 1)
	same := true // every step is a CAL of one version: the sum of versions says nothing new
	for _, k := range p.kinds {
		same = same && k.from == 0 && k.to == p.kinds[0].to
	}
	fits := func(factors ...int64) bool {
		product := uint64(1)
		for _, x := range factors {
			high, low := bits.Mul64(product, uint64(max(x, 1)))
			if product = low; high != 0 || low > 1<<61 {
				return false
			}
		}
		return true
	}
	s.steps, s.devices, s.complete = 1, s.maxS+1, true
	if same {
		s.steps, s.devices = 0, 1
	}
	dev, cals := s.maxDev+1, s.maxCALs+1
	if !fits(top/s.unit+1, s.devices, dev, cals) {
		s.steps, s.devices, s.complete = 0, 1, same
	}
	if !fits(top/s.unit+1, s.devices, dev, cals) {
		s.devices, s.cals, s.cost, s.complete = 0, 1, cals, false
		if !fits(top/s.unit+1, cals) {
			s.cals, s.cost = 0, 1
		}
		return
	}
	s.cals = s.devices * dev
	s.cost = s.cals * cals
}

// bound solves the problem with what CALs are taken to be worth. Every mix
// weighs at least what the lightest set does, less the worth of the stock.
func (p *problem) bound(n *network, w *worth, ties bool) (least *big.Int, a *answer) {
	weight := make([]int64, len(p.kinds))
	for i, k := range p.kinds {
		weight[i] = w[k.metric][k.family][k.to]
		if k.from > 0 {
			weight[i] -= w[k.metric][k.family][k.from]
		}
		if !ties {
			continue
		}
		weight[i] += int64(k.to-k.from) * p.scale.steps
		if k.from == 0 {
			weight[i] += p.scale.cals + int64(k.metric)*p.scale.devices
		}
	}
	for u, k := range p.userKind {
		n.userLeft[u] = weight[k]
	}
	for d, k := range p.deviceKind {
		n.deviceLeft[d] = weight[k]
	}
	n.cut(ties && len(p.rows) == 0)
	a = p.taken(n)
	least = new(big.Int)
	term := func(n int, w int64) { least.Add(least, new(big.Int).Mul(big.NewInt(int64(n)), big.NewInt(w))) }
	for m := range w {
		for f := range w[m] {
			// A family that nothing undecided touches has a cost of its own.
			if !p.undecided(Metric(m), f) {
				term(1, short(&a.need[m][f], &p.all[m][f], &p.store.price[m][f], nil)/p.scale.unit*p.scale.cost)
				continue
			}
			for v := 1; v <= MaxVersion; v++ {
				term(a.need[m][f][v]-p.all[m][f][v], w[m][f][v])
			}
		}
	}
	if !n.complete {
		least.Sub(least, p.gap(n, a, weight))
	}
	if ties {
		term(a.value.CALs-p.base.value.CALs, p.scale.cals)
		term(a.value.DeviceCALs-p.base.value.DeviceCALs, p.scale.devices)
		term(a.value.Steps-p.base.value.Steps, p.scale.steps)
	}
	return least, a
}

// gap is by how much an answer outweighs what flows.
func (p *problem) gap(n *network, a *answer, weight []int64) *big.Int {
	sum := new(big.Int)
	for i := range p.classes {
		c := &p.classes[i]
		one := new(big.Int) // one component
		part := int64(0)
		add := func(x int64) {
			if part += x; part > 1<<62 || part < -1<<62 {
				one.Add(one, big.NewInt(part))
				part = 0
			}
		}
		for u := c.user; u < c.user+c.users; u++ {
			if has(a.users, u) {
				add(weight[p.userKind[u]])
			}
			add(n.userLeft[u] - weight[p.userKind[u]])
		}
		for d := c.device; d < c.device+c.devices; d++ {
			if has(a.devices, d) {
				add(weight[p.deviceKind[d]])
			}
		}
		one.Add(one, big.NewInt(part))
		sum.Add(sum, one.Mul(one, big.NewInt(int64(c.count))))
	}
	return sum
}

func (p *problem) undecided(m Metric, f int) bool {
	for i := range p.kinds {
		if p.kinds[i].metric == m && int(p.kinds[i].family) == f {
			return true
		}
	}
	return false
}

// taken reads the cut. Steps without weight may be on either side of it, so
// what is not needed is left out: devices have what users leave to them, and
// users nothing of which all is at the devices.
func (p *problem) taken(n *network) *answer {
	a := &answer{value: p.base.value, need: p.base.need,
		users: make([]uint64, (len(p.userKind)+63)/64), devices: make([]uint64, (len(p.deviceKind)+63)/64)}
	for u := range int32(len(p.userKind)) {
		if n.userTaken(u) {
			a.users[u/64] |= 1 << (u % 64)
			continue
		}
		for _, d := range n.to[n.userEnd[u]:n.userEnd[u+1]] {
			a.devices[d/64] |= 1 << (d % 64)
		}
	}
	for u := range int32(len(p.userKind)) {
		if has(a.users, u) && !slices.ContainsFunc(n.to[n.userEnd[u]:n.userEnd[u+1]], func(d int32) bool { return !has(a.devices, d) }) {
			a.users[u/64] &^= 1 << (u % 64)
		}
	}
	for i := range p.classes {
		c := &p.classes[i]
		for u := c.user; u < c.user+c.users; u++ {
			if has(a.users, u) {
				a.take(&p.kinds[p.userKind[u]], int(c.count))
			}
		}
		for d := c.device; d < c.device+c.devices; d++ {
			if has(a.devices, d) {
				a.take(&p.kinds[p.deviceKind[d]], int(c.count))
			}
		}
	}
	a.value.Cost = p.split(&a.need)
	return a
}

// take enters the steps of some holders in the sums.
func (a *answer) take(k *kind, n int) {
	a.need[k.metric][k.family][k.to] += n
	a.value.Steps += n * int(k.to-k.from)
	if k.from > 0 {
		a.need[k.metric][k.family][k.from] -= n
		return
	}
	a.value.CALs += n
	a.value.DeviceCALs += n * int(k.metric)
}

// round makes the dual values of a master whole: within the prices, not falling
// with the version. Any such values give a bound; these give a good one.
func (p *problem) round(lambda *[metrics][Families][MaxVersion + 1]float64) worth {
	w := p.price
	for _, r := range p.rows {
		below := int64(0)
		for v := 1; v <= MaxVersion; v++ {
			x := math.Round(max(0, lambda[r.metric][r.family][v]))
			if most := p.price[r.metric][r.family][v]; x < float64(most) {
				below = max(below, int64(x))
			} else {
				below = most
			}
			w[r.metric][r.family][v] = below
		}
	}
	return w
}
