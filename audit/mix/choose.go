package mix

import "slices"

// choice says how many components of each class take which of the patterns
// that the answers found have for it.
type choice struct {
	*problem
	options [][]option // by class
	value   Value
	need    needs
	guide   *guide
}

// guide is a cost that leads towards the mixture of the master: each CAL at
// what it is worth there, with a part of what it really costs, and stock that
// the mixture uses up exactly is dear to miss on either side. Without it,
// whoever moves one holder at a time is stuck as soon as stock is used up: one
// more costs its price, one less saves nothing.
type guide struct {
	worth [metrics][Families][MaxVersion + 1]float64 // in the unit of cost
	rows  []row                                      // stock here is what the mixture uses
	force float64                                    // of missing that stock by one
	real  float64                                    // part of the real cost
}

func (g *guide) cost(n *needs, real int64) int64 {
	sum := 0.0
	for m := range n {
		for f := range n[m] {
			for v, k := range n[m][f] {
				sum += float64(k) * g.worth[m][f][v]
			}
		}
	}
	sum += g.real * (float64(real) - sum)
	for _, r := range g.rows {
		k := -r.stock
		for v := int(r.version); v <= MaxVersion; v++ {
			k += n[r.metric][r.family][v]
		}
		sum += g.force * float64(k) * float64(k)
	}
	return int64(sum * 8)
}

// price sets the cost of the value.
func (c *choice) price() {
	c.value.Cost = c.split(&c.need)
	if c.guide != nil {
		c.value.Cost = c.guide.cost(&c.need, c.value.Cost)
	}
}

// option is one pattern of a class.
type option struct {
	answer *answer // where the pattern is found
	taken  []taking
	count  int // components that take it
}

// taking is a number of steps of one kind.
type taking struct {
	kind  int16
	count int
}

// newChoice collects the patterns; all components take the last answer's.
func (p *problem) newChoice(answers []*answer) *choice {
	c := &choice{problem: p, options: make([][]option, len(p.classes))}
	for k := range p.classes {
		for _, a := range answers {
			if !slices.ContainsFunc(c.options[k], func(o option) bool { return p.order(k, o.answer, a) == 0 }) {
				c.options[k] = append(c.options[k], option{answer: a, taken: p.takings(k, a)})
			}
		}
		slices.SortFunc(c.options[k], func(a, b option) int { return p.order(k, a.answer, b.answer) })
	}
	return c
}

func has(set []uint64, i int32) bool { return set[i/64]>>(i%64)&1 != 0 }

// order compares two patterns of a class: at the first step that differs, users
// before devices, the one that takes it comes first.
func (p *problem) order(k int, a, b *answer) int {
	if a == b {
		return 0
	}
	c := &p.classes[k]
	for u := c.user; u < c.user+c.users; u++ {
		if x, y := has(a.users, u), has(b.users, u); x != y {
			return sign(x)
		}
	}
	for d := c.device; d < c.device+c.devices; d++ {
		if x, y := has(a.devices, d), has(b.devices, d); x != y {
			return sign(x)
		}
	}
	return 0
}

func (p *problem) takings(k int, a *answer) (list []taking) {
	c := &p.classes[k]
	add := func(kind int16) {
		i := slices.IndexFunc(list, func(t taking) bool { return t.kind == kind })
		if i < 0 {
			i = len(list)
			list = append(list, taking{kind: kind})
		}
		list[i].count++
	}
	for u := c.user; u < c.user+c.users; u++ {
		if has(a.users, u) {
			add(p.userKind[u])
		}
	}
	for d := c.device; d < c.device+c.devices; d++ {
		if has(a.devices, d) {
			add(p.deviceKind[d])
		}
	}
	return list
}

// take enters n components with a pattern in the sums, but for the cost.
func (c *choice) take(o *option, n int) {
	a := answer{value: c.value, need: c.need}
	for _, t := range o.taken {
		a.take(&c.kinds[t.kind], n*t.count)
	}
	c.value, c.need = a.value, a.need
}

// start gives every class the patterns of the answers in proportion to their
// shares, as nearly as whole components allow; what is left over by one class
// goes to the next.
func (c *choice) start(answers []*answer, shares []float64) {
	c.value, c.need = c.base.value, c.base.need
	credit := make([]float64, len(answers))
	for k := range c.classes {
		options := c.options[k]
		total := int(c.classes[k].count)
		given := 0
		for i := range options {
			options[i].count = 0
		}
		find := func(a *answer) *option {
			return &options[slices.IndexFunc(options, func(o option) bool { return c.order(k, o.answer, a) == 0 })]
		}
		for i, a := range answers {
			credit[i] += shares[i] * float64(total)
			if n := min(int(credit[i]), total-given); n > 0 {
				find(a).count += n
				credit[i] -= float64(n)
				given += n
			}
		}
		for ; given < total; given++ {
			best := 0
			for i := range credit {
				if credit[i] > credit[best] {
					best = i
				}
			}
			find(answers[best]).count++
			credit[best]--
		}
		for i := range options {
			c.take(&options[i], options[i].count)
		}
	}
	c.price()
}

// improve moves components of one class from one pattern to another as long as
// that makes the whole better.
func (c *choice) improve() {
	for range 20 {
		better := false
		for k := range c.classes {
			options := c.options[k]
			for i := range options {
				for j := range options {
					if i != j && options[i].count > 0 && c.shift(&options[i], &options[j]) {
						better = true
					}
				}
			}
		}
		if !better {
			return
		}
	}
}

// shift moves the best number of components from one pattern to another. The
// value is convex in that number, so its least is where one more is no better.
func (c *choice) shift(from, to *option) bool {
	value, need := c.value, c.need
	at := func(n int) Value {
		c.value, c.need = value, need
		c.take(from, -n)
		c.take(to, n)
		c.price()
		return c.value
	}
	low, high := 0, from.count
	for low < high {
		mid := (low + high) / 2
		if before := at(mid); at(mid+1).Compare(before) < 0 {
			low = mid + 1
		} else {
			high = mid
		}
	}
	at(low)
	from.count -= low
	to.count += low
	return low > 0
}

// holders hands the patterns out: within a class in the order of identifiers,
// the patterns in which earlier users hold more first.
func (c *choice) holders() (users, devices []Grant) {
	users, devices = slices.Clone(c.question.users), slices.Clone(c.question.devices)
	for k := range c.classes {
		x := &c.classes[k]
		o, left := 0, 0
		if len(c.options[k]) > 0 {
			left = c.options[k][0].count
		}
		for _, member := range c.members[x.first : x.first+x.count] {
			for left == 0 {
				o++
				left = c.options[k][o].count
			}
			left--
			a := c.options[k][o].answer
			for i, node := range c.nodes[c.ends[member]:c.ends[member+1]] {
				of, step := users, int32(i)
				taken := false
				if step < x.users {
					taken = has(a.users, x.user+step)
				} else {
					of = devices
					taken = has(a.devices, x.device+step-x.users)
				}
				if taken {
					kind := &c.kinds[c.kindOf[node]]
					g := &of[c.owner[node]]
					g[kind.family] = max(g[kind.family], kind.to)
				}
			}
		}
	}
	return users, devices
}
