package mix

import (
	"math"
	"slices"
)

// network is a bipartite graph whose nodes have weights and whose edges each
// want one of their two ends taken: a minimum cut between a source before the
// users and a sink behind the devices is the lightest set that does.
type network struct {
	userEnd []int32 // edges of user u are userEnd[u] to userEnd[u+1]
	to      []int32 // device of each edge
	from    []int32 // user of each edge
	devEnd  []int32 // the same for devices, in edges
	edges   []int32 // edges by device
	by      []int32 // and their users: one look less into far memory for each

	flow                   []int64 // of each edge
	userLeft, deviceLeft   []int64 // capacity not used
	userLevel, deviceLevel []int32 // distance from the source, -1 for none
	userNext, deviceNext   []int32 // next edge to try
	users, devices         []int32 // in play
	queue, queue2, path    []int32
	work                   int  // edges looked at
	limit                  int  // of the work of one cut after the start, 0 for none
	complete               bool // the last cut was found
}

func (n *network) build(devices int) {
	users := len(n.userEnd) - 1
	n.from, n.flow = make([]int32, len(n.to)), make([]int64, len(n.to))
	n.devEnd, n.edges, n.by = make([]int32, devices+1), make([]int32, len(n.to)), make([]int32, len(n.to))
	for u := range users {
		for e := n.userEnd[u]; e < n.userEnd[u+1]; e++ {
			n.from[e] = int32(u)
			n.devEnd[n.to[e]+1]++
		}
	}
	for d := range devices {
		n.devEnd[d+1] += n.devEnd[d]
	}
	next := slices.Clone(n.devEnd[:devices])
	for e, d := range n.to {
		n.edges[next[d]], n.by[next[d]] = int32(e), n.from[e]
		next[d]++
	}
	n.clear(users, devices)
}

// another is a network of the same shape, to be used at the same time.
func (n *network) another() *network {
	c := &network{userEnd: n.userEnd, to: n.to, from: n.from, devEnd: n.devEnd, edges: n.edges, by: n.by, limit: n.limit, flow: make([]int64, len(n.flow))}
	c.clear(len(n.userLeft), len(n.deviceLeft))
	return c
}

func (n *network) clear(users, devices int) {
	n.userLeft, n.deviceLeft = make([]int64, users), make([]int64, devices)
	n.userLevel, n.deviceLevel = make([]int32, users), make([]int32, devices)
	n.userNext, n.deviceNext = make([]int32, users), make([]int32, devices)
	n.users, n.queue = make([]int32, 0, users), make([]int32, 0, users)
	n.devices, n.queue2 = make([]int32, 0, devices), make([]int32, 0, devices)
}

// cut finds the lightest set: taken are the users that the source does not
// reach when no more can flow, and the devices that it does. With first set it
// is, among sets of equal weight, the one with every user that any of them has.
// The weights must be in userLeft and deviceLeft; they are used up.
func (n *network) cut(first bool) {
	clear(n.flow)
	n.start()
	n.reset()
	n.complete = true
	for stop := n.work + n.limit; n.back(); n.forth() {
		if n.limit > 0 && n.work > stop {
			n.complete = false
			break
		}
		n.push()
	}
	if first || !n.complete {
		n.reset()
		n.forth()
	}
}

// userTaken tells the side of a user after a cut.
func (n *network) userTaken(u int32) bool { return n.userLevel[u] == sinkSide }

// start gives a flow that is usually close to the greatest: where a node has
// one edge left, all that fits goes there, which never is a mistake; else the
// user with the fewest edges is served, from devices with few edges first
// (after Karp and Sipser).
func (n *network) start() {
	users, devices := int32(len(n.userLeft)), int32(len(n.deviceLeft))
	userDegree, deviceDegree := n.userLevel, n.deviceLevel // scratch: edges to where capacity is left; below 0 without such
	for u := range users {
		userDegree[u] = n.userEnd[u+1] - n.userEnd[u]
	}
	for d := range devices {
		deviceDegree[d] = n.devEnd[d+1] - n.devEnd[d]
	}
	n.queue = n.queue[:0]
	for u := range users {
		if n.userLeft[u] == 0 {
			n.userOut(u)
		}
	}
	for d := range devices {
		if n.deviceLeft[d] == 0 {
			n.deviceOut(d)
		}
	}
	for u := range users {
		if userDegree[u] == 1 {
			n.queue = append(n.queue, u)
		}
	}
	for d := range devices {
		if deviceDegree[d] == 1 {
			n.queue = append(n.queue, users+d)
		}
	}
	n.leaves()
	// What is left, by number of edges at this point.
	most := int32(0)
	for _, degree := range userDegree {
		most = max(most, degree)
	}
	heads := make([]int32, most+2)
	for _, degree := range userDegree {
		if degree > 0 {
			heads[degree+1]++
		}
	}
	for i := range most + 1 {
		heads[i+1] += heads[i]
	}
	order := n.userNext[:heads[most+1]] // scratch
	for u, degree := range userDegree {
		if degree > 0 {
			order[heads[degree]] = int32(u)
			heads[degree]++
		}
	}
	for _, u := range order {
		for userDegree[u] > 0 {
			best, least := int32(-1), int32(math.MaxInt32)
			for e := n.userEnd[u]; e < n.userEnd[u+1]; e++ {
				if degree := deviceDegree[n.to[e]]; degree > 0 && degree < least {
					best, least = e, degree
				}
			}
			if best < 0 {
				break
			}
			n.send(best)
			n.leaves()
		}
	}
	n.work += len(n.to) * 4
}

// outOfUse is the degree of a node without capacity.
const outOfUse = math.MinInt32 / 2

// userOut takes a user without capacity out of the degrees.
func (n *network) userOut(u int32) {
	n.userLevel[u] = outOfUse
	users := int32(len(n.userLeft))
	for _, d := range n.to[n.userEnd[u]:n.userEnd[u+1]] {
		if degree := n.deviceLevel[d]; degree > 0 {
			n.deviceLevel[d] = degree - 1
			if degree == 2 {
				n.queue = append(n.queue, users+d)
			}
		}
	}
}

func (n *network) deviceOut(d int32) {
	n.deviceLevel[d] = outOfUse
	for _, u := range n.by[n.devEnd[d]:n.devEnd[d+1]] {
		if degree := n.userLevel[u]; degree > 0 {
			n.userLevel[u] = degree - 1
			if degree == 2 {
				n.queue = append(n.queue, u)
			}
		}
	}
}

// send lets all flow along an edge that fits.
func (n *network) send(e int32) {
	u, d := n.from[e], n.to[e]
	k := min(n.userLeft[u], n.deviceLeft[d])
	n.flow[e] += k
	n.userLeft[u] -= k
	n.deviceLeft[d] -= k
	if n.userLeft[u] == 0 {
		n.userOut(u)
	}
	if n.deviceLeft[d] == 0 {
		n.deviceOut(d)
	}
}

// leaves serves the nodes with one edge left.
func (n *network) leaves() {
	users := int32(len(n.userLeft))
	for len(n.queue) > 0 {
		x := n.queue[len(n.queue)-1]
		n.queue = n.queue[:len(n.queue)-1]
		if x < users {
			if n.userLevel[x] != 1 {
				continue
			}
			for e := n.userEnd[x]; e < n.userEnd[x+1]; e++ {
				if n.deviceLevel[n.to[e]] >= 0 {
					n.send(e)
					break
				}
			}
			continue
		}
		d := x - users
		if n.deviceLevel[d] != 1 {
			continue
		}
		for i := n.devEnd[d]; i < n.devEnd[d+1]; i++ {
			if n.userLevel[n.by[i]] >= 0 {
				n.send(n.edges[i])
				break
			}
		}
	}
}

// What the source does not reach now it never will, and what does not reach
// the sink now never will either: ways are used up only where both hold. So
// each round looks no further than at what the last one left in play, and the
// rest is on the one side of the cut or on the other.

// Levels of what a search has yet to reach, and of what is out of play.
const (
	inPlay     = math.MaxInt32
	sourceSide = -1
	sinkSide   = -2
)

// reset puts everything in play.
func (n *network) reset() {
	n.users, n.devices = n.users[:0], n.devices[:0]
	for u := range n.userLeft {
		n.users = append(n.users, int32(u))
	}
	for d := range n.deviceLeft {
		n.devices = append(n.devices, int32(d))
	}
}

// begin starts a search: nothing in play is reached yet.
func (n *network) begin() {
	for _, u := range n.users {
		n.userLevel[u] = inPlay
	}
	for _, d := range n.devices {
		n.deviceLevel[d] = inPlay
	}
	n.queue, n.queue2 = n.queue[:0], n.queue2[:0]
}

// end ends one: what it did not reach is out of play, on the other side.
func (n *network) end(side int32) {
	for _, u := range n.users {
		if n.userLevel[u] == inPlay {
			n.userLevel[u] = side
		}
	}
	for _, d := range n.devices {
		if n.deviceLevel[d] == inPlay {
			n.deviceLevel[d] = side
		}
	}
	n.users, n.queue = n.queue, n.users
	n.devices, n.queue2 = n.queue2, n.devices
}

// forth searches from the source.
func (n *network) forth() {
	n.begin()
	for _, u := range n.users {
		if n.userLeft[u] > 0 {
			n.userLevel[u] = 0
			n.queue = append(n.queue, u)
		}
	}
	for i := 0; i < len(n.queue); i++ {
		u := n.queue[i]
		n.work += int(n.userEnd[u+1] - n.userEnd[u])
		for _, d := range n.to[n.userEnd[u]:n.userEnd[u+1]] {
			if n.deviceLevel[d] != inPlay {
				continue
			}
			n.deviceLevel[d] = 0
			n.queue2 = append(n.queue2, d)
			n.work += int(n.devEnd[d+1] - n.devEnd[d])
			for i := n.devEnd[d]; i < n.devEnd[d+1]; i++ {
				if x := n.by[i]; n.userLevel[x] == inPlay && n.flow[n.edges[i]] > 0 {
					n.userLevel[x] = 0
					n.queue = append(n.queue, x)
				}
			}
		}
	}
	n.end(sinkSide)
}

// back searches from the sink and notes the distances to it. When it meets
// nothing that the source could send, the cut is complete and it is false.
func (n *network) back() (found bool) {
	n.begin()
	for _, d := range n.devices {
		if n.deviceLeft[d] > 0 {
			n.deviceLevel[d] = 0
			n.queue2 = append(n.queue2, d)
		}
	}
	for i, j := 0, 0; i < len(n.queue2); {
		for ; i < len(n.queue2); i++ {
			d := n.queue2[i]
			n.work += int(n.devEnd[d+1] - n.devEnd[d])
			for _, u := range n.by[n.devEnd[d]:n.devEnd[d+1]] {
				if n.userLevel[u] == inPlay {
					n.userLevel[u] = n.deviceLevel[d] + 1
					n.queue = append(n.queue, u)
					found = found || n.userLeft[u] > 0
				}
			}
		}
		for ; j < len(n.queue); j++ {
			u := n.queue[j]
			n.work += int(n.userEnd[u+1] - n.userEnd[u])
			for e := n.userEnd[u]; e < n.userEnd[u+1]; e++ {
				if d := n.to[e]; n.deviceLevel[d] == inPlay && n.flow[e] > 0 {
					n.deviceLevel[d] = n.userLevel[u] + 1
					n.queue2 = append(n.queue2, d)
				}
			}
		}
	}
	n.end(sourceSide)
	if !found { // nothing is left to reach the others
		for _, u := range n.users {
			n.userLevel[u] = sinkSide
		}
		for _, d := range n.devices {
			n.deviceLevel[d] = sinkSide
		}
	}
	return found
}

// push sends all that can flow along shortest ways (after Dinic).
func (n *network) push() {
	for _, u := range n.users {
		n.userNext[u] = n.userEnd[u]
	}
	for _, d := range n.devices {
		n.deviceNext[d] = n.devEnd[d]
	}
	for _, s := range n.users {
		for n.userLeft[s] > 0 && n.way(s) {
		}
	}
}

// way finds one way from a user to the sink and sends what it carries.
func (n *network) way(s int32) bool {
	path := n.path[:0] // edges, forth and back in turn
	u := s
	for {
		d := int32(-1)
		for ; n.userNext[u] < n.userEnd[u+1]; n.userNext[u]++ {
			if x := n.to[n.userNext[u]]; n.deviceLevel[x] == n.userLevel[u]-1 {
				d = x
				break
			}
		}
		n.work++
		switch {
		case d >= 0:
			path = append(path, n.userNext[u])
		case len(path) == 0:
			return false
		default: // a dead end: on from the device before
			d = n.to[path[len(path)-1]]
			n.deviceNext[d]++
			path = path[:len(path)-1]
		}
		if n.deviceLeft[d] > 0 {
			n.path = path
			n.augment(s, d)
			return true
		}
		u = -1
		for ; n.deviceNext[d] < n.devEnd[d+1]; n.deviceNext[d]++ {
			x := n.by[n.deviceNext[d]]
			if n.userLevel[x] != n.deviceLevel[d]-1 {
				continue
			}
			if e := n.edges[n.deviceNext[d]]; n.flow[e] > 0 {
				u = x
				path = append(path, e)
				break
			}
		}
		if u < 0 { // a dead end: on from the user before
			u = n.from[path[len(path)-1]]
			n.userNext[u]++
			path = path[:len(path)-1]
		}
	}
}

func (n *network) augment(s, d int32) {
	k := min(n.userLeft[s], n.deviceLeft[d])
	for i := 1; i < len(n.path); i += 2 {
		k = min(k, n.flow[n.path[i]])
	}
	n.userLeft[s] -= k
	n.deviceLeft[d] -= k
	for i, e := range n.path {
		if i%2 == 0 {
			n.flow[e] += k
		} else {
			n.flow[e] -= k
		}
	}
	n.work += len(n.path)
}

// spent is the work since it was asked for last.
func (n *network) spent() int {
	work := n.work
	n.work = 0
	return work
}
