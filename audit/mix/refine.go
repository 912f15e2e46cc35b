package mix

import (
	"cmp"
	"slices"
)

// Components of many nodes are not chosen whole: what is good for one half may
// not be for the other when stock runs out in between. Any choice for the users
// gives an answer, with the devices taken that it leaves edges to; so users are
// changed one by one.

// refined holds the patterns of the components with many nodes.
type refined struct {
	*choice
	own   answer  // its bits only
	open  []int32 // of each device node: edges to users not taken
	nodes []run   // user nodes of one user each, in order

	tried   []run   // those that each tries
	devices []int32 // and the device nodes

	list          []uint64 // scratch
	changed, root []int32
	parts         []part
}

// run is the user nodes of one user.
type run struct{ from, to int32 }

// refine takes the components with many nodes out of the choice, to be changed
// user by user; they begin as in an answer. nil when there are none.
func (c *choice) refine(from *answer) *refined {
	r := &refined{choice: c, own: answer{users: slices.Clone(from.users), devices: slices.Clone(from.devices)}}
	for k := range c.classes {
		x := &c.classes[k]
		if x.users+x.devices <= alike {
			continue
		}
		member := c.members[x.first]
		first := c.ends[member]
		for i := int32(0); i < x.users; {
			j := i + 1
			for j < x.users && c.owner[c.graph.nodes[first+j]] == c.owner[c.graph.nodes[first+i]] {
				j++
			}
			r.nodes = append(r.nodes, run{x.user + i, x.user + j})
			i = j
		}
		for i := range c.options[k] {
			o := &c.options[k][i]
			c.take(o, -o.count)
			o.count = 0
		}
		c.options[k] = []option{{answer: &r.own, count: 1}}
	}
	if len(r.nodes) == 0 {
		return nil
	}
	r.open = make([]int32, len(c.deviceKind))
	for _, x := range r.nodes {
		for u := x.from; u < x.to; u++ {
			taken := has(r.own.users, u)
			if taken {
				r.count(c.userKind[u], 1)
			}
			for _, d := range c.flow.to[c.flow.userEnd[u]:c.flow.userEnd[u+1]] {
				if !taken {
					r.open[d]++
				}
			}
		}
	}
	for k := range c.classes {
		x := &c.classes[k]
		if x.users+x.devices <= alike {
			continue
		}
		for d := x.device; d < x.device+x.devices; d++ {
			r.set(r.own.devices, d, r.open[d] > 0)
			if r.open[d] > 0 {
				r.count(c.deviceKind[d], 1)
			}
		}
	}
	for d := range int32(len(c.deviceKind)) {
		r.devices = append(r.devices, d)
	}
	r.tried = slices.Clone(r.nodes)
	c.price()
	return r
}

func (r *refined) set(bits []uint64, i int32, on bool) {
	if on {
		bits[i/64] |= 1 << (i % 64)
	} else {
		bits[i/64] &^= 1 << (i % 64)
	}
}

// count enters a step taken, or with -1 one no longer taken, but for the cost.
func (r *refined) count(kind int16, n int) {
	k := &r.kinds[kind]
	r.need[k.metric][k.family][k.to] += n
	r.value.Steps += n * int(k.to-k.from)
	if k.from > 0 {
		r.need[k.metric][k.family][k.from] -= n
		return
	}
	r.value.CALs += n
	r.value.DeviceCALs += n * int(k.metric)
}

// turn takes a user node or leaves it, and the devices with it.
func (r *refined) turn(u int32, taken bool) {
	if has(r.own.users, u) == taken {
		return
	}
	r.set(r.own.users, u, taken)
	step := int32(1)
	if taken {
		step = -1
	}
	r.count(r.userKind[u], -int(step))
	for _, d := range r.flow.to[r.flow.userEnd[u]:r.flow.userEnd[u+1]] {
		before := r.open[d]
		r.open[d] += step
		if (before == 0) != (r.open[d] == 0) {
			r.count(r.deviceKind[d], int(step))
			r.set(r.own.devices, d, r.open[d] > 0)
		}
	}
}

// improve goes as far as it can towards some answers and then tries each holder.
func (r *refined) improve(answers []*answer, order []int) (better bool) {
	for _, i := range order {
		better = r.towards(answers[i]) || better
	}
	return r.each() || better
}

// settled leaves out, to save work, the users on whom the mixed and the newest
// answers agree; they are changed no more but by towards.
func (r *refined) settled(answers []*answer, mixed []int) {
	list := answers[max(0, len(answers)-4):]
	for _, i := range mixed {
		list = append(list[:len(list):len(list)], answers[i])
	}
	r.tried = r.tried[:0]
	for _, x := range r.nodes {
		if slices.ContainsFunc(list, func(a *answer) bool {
			for u := x.from; u < x.to; u++ {
				if has(a.users, u) != has(list[0].users, u) {
					return true
				}
			}
			return false
		}) {
			r.tried = append(r.tried, x)
		}
	}
	r.devices = r.devices[:0]
	for d := range int32(len(r.open)) {
		if slices.ContainsFunc(list, func(a *answer) bool { return has(a.devices, d) != has(list[0].devices, d) }) {
			r.devices = append(r.devices, d)
		}
	}
}

// towards goes to another answer's pattern in those places where that is
// better. The places are the connected parts of what differs: each can be
// changed without the rest, and where both patterns are lightest for the same
// worths, so is everything between them.
func (r *refined) towards(a *answer) (better bool) {
	users := int32(len(r.userKind))
	if r.root == nil {
		r.root = make([]int32, int(users)+len(r.deviceKind))
	}
	differs := func(u int32) bool { return has(r.own.users, u) != has(a.users, u) }
	find := func(x int32) int32 {
		for r.root[x] != x {
			r.root[x] = r.root[r.root[x]]
			x = r.root[x]
		}
		return x
	}
	join := func(x, y int32) {
		if x, y = find(x), find(y); x != y {
			r.root[max(x, y)] = min(x, y)
		}
	}
	for i := range r.root {
		r.root[i] = int32(i)
	}
	parts := r.parts[:0]
	for _, x := range r.nodes {
		first := int32(-1)
		for u := x.from; u < x.to; u++ {
			if !differs(u) {
				continue
			}
			parts = append(parts, part{user: u})
			if first >= 0 {
				join(first, u)
			} else {
				first = u
			}
			for _, d := range r.flow.to[r.flow.userEnd[u]:r.flow.userEnd[u+1]] {
				if has(r.own.devices, d) != has(a.devices, d) {
					join(u, users+d)
				}
			}
		}
	}
	for i := range parts {
		parts[i].root = find(parts[i].user)
	}
	slices.SortFunc(parts, func(a, b part) int {
		return cmp.Or(cmp.Compare(a.root, b.root), cmp.Compare(a.user, b.user))
	})
	r.parts = parts
	for i := 0; i < len(parts); {
		j := i
		for j < len(parts) && parts[j].root == parts[i].root {
			j++
		}
		better = r.try(func() {
			for _, p := range parts[i:j] {
				r.change(p.user, !has(r.own.users, p.user))
			}
		}) || better
		i = j
	}
	return better
}

// part is a user node and the least node of the part it belongs to.
type part struct{ root, user int32 }

// each tries for every user alone to hold more or less, and for every device
// to hold nothing more than is forced.
func (r *refined) each() (better bool) {
	for _, x := range r.tried {
		for _, p := range r.patterns(x) {
			better = r.try(func() {
				for u := x.from; u < x.to; u++ {
					r.change(u, p>>(u-x.from)&1 != 0)
				}
			}) || better
		}
	}
	for _, d := range r.devices {
		if r.open[d] == 0 {
			continue
		}
		better = r.try(func() {
			for _, e := range r.flow.edges[r.flow.devEnd[d]:r.flow.devEnd[d+1]] {
				r.change(r.flow.from[e], true)
			}
		}) || better
	}
	return better
}

// patterns are what a user may hold, as sets of the nodes: the first family up
// to some version, the others up to some version not above that.
func (r *refined) patterns(x run) []uint64 {
	r.list = append(r.list[:0], 0)
	for i := x.from; i < x.to; i++ {
		first := r.kinds[r.userKind[i]]
		if first.family != 0 && r.kinds[r.userKind[x.from]].family == 0 {
			break
		}
		base := uint64(0)
		for j := x.from; j < x.to; j++ {
			if k := r.kinds[r.userKind[j]]; k.family == 0 && k.to <= first.to {
				base |= 1 << (j - x.from)
			}
		}
		r.list = append(r.list, base)
		for j := x.from; j < x.to; j++ {
			if k := r.kinds[r.userKind[j]]; k.family != 0 && k.to <= first.to {
				p := base
				for l := x.from; l < x.to; l++ {
					if m := r.kinds[r.userKind[l]]; m.family != 0 && m.to <= k.to {
						p |= 1 << (l - x.from)
					}
				}
				r.list = append(r.list, p)
			}
		}
	}
	if x.to-x.from < 64 {
		r.list = append(r.list, 1<<(x.to-x.from)-1)
	}
	return r.list
}

// change is turn, to be undone by try.
func (r *refined) change(u int32, taken bool) {
	if has(r.own.users, u) != taken {
		r.turn(u, taken)
		r.changed = append(r.changed, u)
	}
}

// try keeps what a change does if that is better.
func (r *refined) try(do func()) bool {
	before := r.value
	r.changed = r.changed[:0]
	do()
	if len(r.changed) == 0 {
		return false
	}
	if r.price(); r.value.Compare(before) < 0 {
		return true
	}
	for _, u := range r.changed {
		r.turn(u, !has(r.own.users, u))
	}
	r.value.Cost = before.Cost
	return false
}
