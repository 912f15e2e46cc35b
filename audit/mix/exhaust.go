package mix

import "slices"

// What the exhaustive search may be asked: more than this is for the cuts alone.
const (
	searchUsers   = 24     // with open demands, without the answer of the cuts
	searchHolders = 64     // of either side, with it
	searchOptions = 64     // of one holder
	searchBudget  = 400000 // choices tried
)

// search tries what each holder of one side may hold, in order and from the
// most to the least, and gives the other side what is left to it. Of users the
// first of equal answers is kept, so ties go as the package comment says.
type search struct {
	*question
	side     Metric // of the choosers
	holds    [metrics][]Grant
	choosers []chooser
	need     needs
	sum      Value
	best     Value
	found    bool
	ties     bool    // equal answers are compared holder by holder
	users    []Grant // of the best answer, where that is done
	picked   []int   // option of each chooser, of the best answer and now
	now      []int
	budget   int
	sure     bool // every price of bundles was proven
}

// chooser is a holder with open demands.
type chooser struct {
	holder  int32
	demands []Demand
	options []Grant
	unmet   []uint64 // demands that each option leaves to the other side
}

// of is the holder of a demand on one side.
func (d *Demand) of(side Metric) int32 {
	if side == User {
		return d.User
	}
	return d.Device
}

// exhaust finds the first of the best answers by trying all that one side may
// hold, or nil when that would take too long. possible is the value of some
// answer. Where devices are tried the answer is the first of its value only if
// there is time for that as well.
func (q *question) exhaust(side Metric, most int, possible Value) (users, devices []Grant, sure bool) {
	open := q.open
	if len(open) > 64*most {
		return nil, nil, false
	}
	if side == Device {
		open = slices.Clone(q.open)
		slices.SortStableFunc(open, func(a, b Demand) int { return int(a.Device) - int(b.Device) })
	}
	s := &search{question: q, side: side, best: possible, budget: searchBudget, sure: true}
	for i := 0; i < len(open); {
		end := i
		for end < len(open) && open[end].of(side) == open[i].of(side) {
			end++
		}
		c := chooser{holder: open[i].of(side), demands: open[i:end]}
		if len(s.choosers) == most || end-i > 64 || !c.choose(q.forced(side)[c.holder]) {
			return nil, nil, false
		}
		s.choosers = append(s.choosers, c)
		i = end
	}
	s.picked, s.now = make([]int, len(s.choosers)), make([]int, len(s.choosers))
	s.holds[side], s.holds[1-side] = q.forced(side), slices.Clone(q.forced(1-side))
	for m := range s.holds {
		for _, g := range s.holds[m] {
			s.hold(Metric(m), Grant{}, g)
		}
	}
	s.try(0)
	if s.budget <= 0 || !s.found {
		return nil, nil, false
	}
	if users, devices = s.answer(s.picked); side == Device {
		s.ties, s.users, s.budget = true, users, searchBudget
		was := slices.Clone(s.picked)
		if s.try(0); s.budget <= 0 {
			s.picked = was
		}
		users, devices = s.answer(s.picked)
	}
	return users, devices, s.sure
}

// forced is what one side holds in any case.
func (q *question) forced(side Metric) []Grant {
	if side == User {
		return q.users
	}
	return q.devices
}

// answer is who holds what when the choosers take some of their options.
func (s *search) answer(picked []int) (users, devices []Grant) {
	var holds [metrics][]Grant
	for m := range holds {
		holds[m] = slices.Clone(s.forced(Metric(m)))
	}
	for i, c := range s.choosers {
		holds[s.side][c.holder] = c.options[picked[i]]
		for j, d := range c.demands {
			if c.unmet[picked[i]]>>j&1 != 0 {
				holds[1-s.side][d.of(1-s.side)].raise(d.Families, d.Version)
			}
		}
	}
	return holds[User], holds[Device]
}

// choose lists what the holder may hold: what is forced, and that with any of
// the demands on top, from the most to the least.
func (c *chooser) choose(forced Grant) bool {
	c.options = append(c.options, forced)
	for _, d := range c.demands {
		for _, g := range c.options {
			g.raise(d.Families, d.Version)
			if !slices.Contains(c.options, g) {
				c.options = append(c.options, g)
			}
		}
		if len(c.options) > searchOptions {
			return false
		}
	}
	slices.SortFunc(c.options, func(a, b Grant) int { return compareGrants(b, a) })
	c.unmet = make([]uint64, len(c.options))
	for i := range c.options {
		for j, d := range c.demands {
			if !c.options[i].meets(d.Families, d.Version) {
				c.unmet[i] |= 1 << j
			}
		}
	}
	return true
}

// hold changes what one holder has, in the sums.
func (s *search) hold(m Metric, from, to Grant) {
	for f := range from {
		a, b := from[f], to[f]
		if a == b {
			continue
		}
		s.need[m][f][a]--
		s.need[m][f][b]++
		n := 0
		if a == 0 {
			n = 1
		} else if b == 0 {
			n = -1
		}
		s.sum.CALs += n
		s.sum.DeviceCALs += n * int(m)
		s.sum.Steps += int(b) - int(a)
	}
}

// try chooses for the choosers from i on. What is held so far is a lower bound:
// further choices only add.
func (s *search) try(i int) {
	if s.budget--; s.budget <= 0 {
		return
	}
	s.sum.Cost = s.split(&s.need)
	if c := s.sum.Compare(s.best); c > 0 || c == 0 && s.found && !s.ties {
		return
	}
	if i == len(s.choosers) {
		s.finish()
		return
	}
	c, other := &s.choosers[i], 1-s.side
	forced := s.holds[s.side][c.holder]
	var was [64]Grant
	for o := range c.options {
		s.hold(s.side, forced, c.options[o])
		for j, d := range c.demands {
			if c.unmet[o]>>j&1 != 0 {
				g := &s.holds[other][d.of(other)]
				was[j] = *g
				g.raise(d.Families, d.Version)
				s.hold(other, was[j], *g)
			}
		}
		s.now[i] = o
		s.try(i + 1)
		for j := len(c.demands) - 1; j >= 0; j-- {
			if c.unmet[o]>>j&1 != 0 {
				g := &s.holds[other][c.demands[j].of(other)]
				s.hold(other, *g, was[j])
				*g = was[j]
			}
		}
		s.hold(s.side, c.options[o], forced)
	}
}

// finish takes a complete answer that may be the best so far.
func (s *search) finish() {
	v := s.sum
	if len(s.bundles[User])+len(s.bundles[Device]) > 0 {
		users, devices := s.answer(s.now)
		x := &Mix{Users: users, Devices: devices}
		_, sure := s.settle(x)
		s.sure = s.sure && sure
		v = x.Value
	}
	c := v.Compare(s.best)
	if s.ties && c == 0 {
		// Two answers that agree in what users hold agree in what is left to
		// the devices.
		users, _ := s.answer(s.now)
		if slices.CompareFunc(users, s.users, func(a, b Grant) int { return compareGrants(b, a) }) < 0 {
			s.users = users
			copy(s.picked, s.now)
		}
		return
	}
	if c < 0 || c == 0 && !s.found {
		s.best, s.found = v, true
		copy(s.picked, s.now)
	}
}
