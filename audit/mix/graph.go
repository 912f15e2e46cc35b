package mix

import (
	"math/bits"
	"slices"
)

// kind is what a node of the graph stands for: that a holder of a metric goes
// from one version of a family to the next that one of its demands asks for.
type kind struct {
	metric   Metric
	family   uint8
	from, to uint8 // from is what is forced, the next version below, or 0
}

// graph has a node for every such step of every holder, and an edge between a
// step of a user and one of a device where a demand asks that one of the two be
// taken. Components that look alike are one class and stand in it once.
type graph struct {
	kinds   []kind
	owner   []int32 // holder of each node; user nodes first
	kindOf  []int16
	users   int     // number of user nodes
	nodes   []int32 // by component, in order
	ends    []int32 // of each component's nodes; component c begins at ends[c]
	classes []class
	members []int32 // components, by class
	// The representatives of the classes: their steps and the edges between.
	userKind, deviceKind []int16
	flow                 *network
}

// class is a set of components of the same shape.
type class struct {
	user, device   int32 // where its representative begins
	users, devices int32 // and how many nodes it has
	first, count   int32 // its components in graph.members
}

// levels are the versions of each family that the demands of one holder ask
// for beyond what it is forced to hold.
type levels [Families]uint16

// rank is the number of steps before that to a version.
func (l *levels) rank(f int, v uint8) int32 {
	n := bits.OnesCount16(l[f] & (1<<v - 1))
	for g := range f {
		n += bits.OnesCount16(l[g])
	}
	return int32(n)
}

// steps calls do with the nodes, counted from first, that a demand asks for.
func (l *levels) steps(d *Demand, first int32, do func(node int32)) {
	for f := range l {
		if d.Families>>f&1 == 0 {
			continue
		}
		for set := l[f] & (1<<(d.Version+1) - 1); set != 0; set &= set - 1 {
			do(first + l.rank(f, uint8(bits.TrailingZeros16(set))))
		}
	}
}

// side makes the nodes of one metric.
func (g *graph) side(m Metric, open []Demand, forced []Grant, index *[metrics][Families][MaxVersion + 1][MaxVersion + 1]int16) (of []levels, first []int32) {
	of, first = make([]levels, len(forced)), make([]int32, len(forced))
	for i := range open {
		d := &open[i]
		h := d.User
		if m == Device {
			h = d.Device
		}
		for f := range Families {
			if d.Families>>f&1 != 0 && forced[h][f] < d.Version {
				of[h][f] |= 1 << d.Version
			}
		}
	}
	for h := range of {
		first[h] = int32(len(g.owner))
		for f := range Families {
			from := forced[h][f]
			for set := of[h][f]; set != 0; set &= set - 1 {
				to := uint8(bits.TrailingZeros16(set))
				k := &index[m][f][from][to]
				if *k == 0 {
					g.kinds = append(g.kinds, kind{m, uint8(f), from, to})
					*k = int16(len(g.kinds))
				}
				g.owner, g.kindOf = append(g.owner, int32(h)), append(g.kindOf, *k-1)
				from = to
			}
		}
	}
	return of, first
}

func newGraph(q *question) *graph {
	g := &graph{}
	var index [metrics][Families][MaxVersion + 1][MaxVersion + 1]int16
	userLevels, userFirst := g.side(User, q.open, q.users, &index)
	g.users = len(g.owner)
	deviceLevels, deviceFirst := g.side(Device, q.open, q.devices, &index)

	// Edges of each user node, in the order of demands.
	edges := func(do func(user, device int32)) {
		var list []int32
		for i := range q.open {
			d := &q.open[i]
			list = list[:0]
			deviceLevels[d.Device].steps(d, deviceFirst[d.Device], func(node int32) { list = append(list, node) })
			userLevels[d.User].steps(d, userFirst[d.User], func(user int32) {
				for _, device := range list {
					do(user, device)
				}
			})
		}
	}
	degree, root := make([]int32, g.users), make([]int32, len(g.owner))
	for i := range root {
		root[i] = int32(i)
	}
	find := func(x int32) int32 {
		for root[x] != x {
			root[x] = root[root[x]]
			x = root[x]
		}
		return x
	}
	total := 0
	edges(func(user, device int32) {
		degree[user]++
		total++
		if a, b := find(user), find(device); a != b {
			root[max(a, b)] = min(a, b) // the least node stands for the component
		}
	})
	end := make([]int32, g.users+1)
	for u, n := range degree {
		end[u+1] = end[u] + n
	}
	next := slices.Clone(end[:g.users])
	to := make([]int32, total)
	edges(func(user, device int32) {
		to[next[user]] = device
		next[user]++
	})
	g.components(find)
	g.classify(end, to)
	return g
}

// components groups the nodes: components by their least node, which is of a
// user, and the nodes of each by number.
func (g *graph) components(find func(int32) int32) {
	number := make([]int32, len(g.owner))
	count := int32(0)
	for i := range number {
		if r := find(int32(i)); r == int32(i) {
			number[i] = count
			count++
		} else {
			number[i] = number[r]
		}
	}
	g.ends = make([]int32, count+1)
	for _, c := range number {
		g.ends[c+1]++
	}
	for c := range count {
		g.ends[c+1] += g.ends[c]
	}
	next := slices.Clone(g.ends[:count])
	g.nodes = make([]int32, len(g.owner))
	for i, c := range number {
		g.nodes[next[c]] = int32(i)
		next[c]++
	}
}

// alike bounds the nodes of components that are compared with each other.
const alike = 24

// classify puts components of the same shape into one class and copies the
// first of each for the network.
func (g *graph) classify(end, to []int32) {
	place := make([]int32, len(g.owner)) // of each node in its component
	shape := func(c int32, into []int32) []int32 {
		list := g.nodes[g.ends[c]:g.ends[c+1]]
		for i, n := range list {
			place[n] = int32(i)
		}
		for _, n := range list {
			into = append(into, int32(g.kindOf[n]))
		}
		for _, n := range list {
			if int(n) < g.users {
				into = append(into, -1)
				for _, d := range to[end[n]:end[n+1]] {
					into = append(into, place[d])
				}
			}
		}
		return into
	}
	hash := func(s []int32) uint64 {
		h := uint64(len(s))
		for _, x := range s {
			h = (h ^ uint64(uint32(x))) * 0x9E3779B97F4A7C15
			h ^= h >> 29
		}
		return h
	}
	known := map[uint64]int32{} // class of a shape
	components := int32(len(g.ends) - 1)
	classOf, first := make([]int32, components), []int32(nil)
	var a, b []int32
	for c := range components {
		classOf[c] = int32(len(first))
		if g.ends[c+1]-g.ends[c] <= alike {
			a = shape(c, a[:0])
			h := hash(a)
			for ; ; h++ { // two shapes of one hash go side by side
				k, ok := known[h]
				if !ok {
					known[h] = classOf[c]
					break
				}
				if b = shape(first[k], b[:0]); slices.Equal(a, b) {
					classOf[c] = k
					break
				}
			}
		}
		if classOf[c] == int32(len(first)) {
			first = append(first, c)
		}
	}
	g.classes = make([]class, len(first))
	for _, k := range classOf {
		g.classes[k].count++
	}
	at := int32(0)
	for k := range g.classes {
		g.classes[k].first = at
		at += g.classes[k].count
	}
	g.members = make([]int32, components)
	next := make([]int32, len(first))
	for c, k := range classOf {
		g.members[g.classes[k].first+next[k]] = int32(c)
		next[k]++
	}
	n := &network{}
	for k, c := range first {
		x := &g.classes[k]
		x.user, x.device = int32(len(g.userKind)), int32(len(g.deviceKind))
		for _, node := range g.nodes[g.ends[c]:g.ends[c+1]] {
			if int(node) < g.users {
				g.userKind = append(g.userKind, g.kindOf[node])
				x.users++
			} else {
				place[node] = int32(len(g.deviceKind))
				g.deviceKind = append(g.deviceKind, g.kindOf[node])
				x.devices++
			}
		}
		for _, node := range g.nodes[g.ends[c]:g.ends[c+1]] {
			if int(node) < g.users {
				n.userEnd = append(n.userEnd, int32(len(n.to)))
				for _, d := range to[end[node]:end[node+1]] {
					n.to = append(n.to, place[d])
				}
			}
		}
	}
	n.userEnd = append(n.userEnd, int32(len(n.to)))
	n.build(len(g.deviceKind))
	g.flow = n
}
