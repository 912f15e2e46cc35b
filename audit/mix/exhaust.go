package mix

import "slices"

// What the exhaustive search may be asked: more than this is for the cuts.
const (
	searchUsers   = 24     // with open demands
	searchOptions = 64     // of one user
	searchBudget  = 400000 // choices tried
)

// search tries what each user may hold, in the order of users and from the
// most to the least, and gives every device what its users leave to it. The
// first of equal answers is kept, so ties go as the package comment says.
type search struct {
	*question
	choosers []chooser
	need     needs
	sum      Value
	best     Value
	found    bool
	picked   []int // option of each chooser, of the best answer and now
	now      []int
	budget   int
	sure     bool // every price of bundles was proven
}

// chooser is a user with open demands.
type chooser struct {
	user    int32
	demands []Demand
	options []Grant
	unmet   []uint64 // demands that each option leaves to the devices
}

// exhaust finds the first of the best answers, or nil when that would take too
// long. possible is the value of some answer.
func (q *question) exhaust(possible Value) (users, devices []Grant, sure bool) {
	s := &search{question: q, best: possible, budget: searchBudget, sure: true}
	for i := 0; i < len(q.open); {
		end := i
		for end < len(q.open) && q.open[end].User == q.open[i].User {
			end++
		}
		c := chooser{user: q.open[i].User, demands: q.open[i:end]}
		if len(s.choosers) == searchUsers || end-i > 64 || !c.choose(q.users[c.user]) {
			return nil, nil, false
		}
		s.choosers = append(s.choosers, c)
		i = end
	}
	devices = slices.Clone(q.devices)
	s.question = &question{store: q.store, users: q.users, devices: devices, open: q.open}
	s.picked, s.now = make([]int, len(s.choosers)), make([]int, len(s.choosers))
	for _, g := range q.users {
		s.hold(User, Grant{}, g)
	}
	for _, g := range q.devices {
		s.hold(Device, Grant{}, g)
	}
	s.try(0)
	if s.budget <= 0 || !s.found {
		return nil, nil, false
	}
	users, devices = slices.Clone(q.users), slices.Clone(q.devices)
	for i, c := range s.choosers {
		users[c.user] = c.options[s.picked[i]]
		for j, d := range c.demands {
			if c.unmet[s.picked[i]]>>j&1 != 0 {
				devices[d.Device].raise(d.Families, d.Version)
			}
		}
	}
	return users, devices, s.sure
}

// choose lists what the user may hold: what is forced, and that with any of the
// demands on top, from the most to the least.
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
	if c := s.sum.Compare(s.best); c > 0 || c == 0 && s.found {
		return
	}
	if i == len(s.choosers) {
		s.finish()
		return
	}
	c := &s.choosers[i]
	var was [64]Grant
	for o := range c.options {
		s.hold(User, s.users[c.user], c.options[o])
		for j, d := range c.demands {
			if c.unmet[o]>>j&1 != 0 {
				g := &s.devices[d.Device]
				was[j] = *g
				g.raise(d.Families, d.Version)
				s.hold(Device, was[j], *g)
			}
		}
		s.now[i] = o
		s.try(i + 1)
		for j := len(c.demands) - 1; j >= 0; j-- {
			if c.unmet[o]>>j&1 != 0 {
				g := &s.devices[c.demands[j].Device]
				s.hold(Device, *g, was[j])
				*g = was[j]
			}
		}
		s.hold(User, c.options[o], s.users[c.user])
	}
}

// finish takes a complete answer that may be the best so far.
func (s *search) finish() {
	v := s.sum
	if len(s.bundles[User])+len(s.bundles[Device]) > 0 {
		users := slices.Clone(s.users)
		for i, c := range s.choosers {
			users[c.user] = c.options[s.now[i]]
		}
		x := &Mix{Users: users, Devices: s.devices}
		_, sure := s.settle(x)
		s.sure = s.sure && sure
		v = x.Value
	}
	if c := v.Compare(s.best); c < 0 || c == 0 && !s.found {
		s.best, s.found = v, true
		copy(s.picked, s.now)
	}
}
