package mix

// Where stock runs out, the lightest set is not one but many: at the worth at
// which the master stops, giving up the one half of them costs what the other
// saves. The flow tells which sets these are. A way along which more could flow,
// from one node to another, says that the second must be on the source's side of
// the cut if the first is; nodes that must be on one side together are a knot;
// and every choice of knots that keeps to this is as light as the next. So one
// can go from one end to the other knot by knot and stop where stock is used up.

// knots finds them for the flow that a bound left behind.
type knots struct {
	*refined
	n      *network
	slack  int64   // what counts as nothing: ties of the other criteria are broken by less
	side   []int8  // of each node, users first: on the source's side, on the sink's, or free
	runOf  []int32 // run of each user node
	number []int32 // order of discovery, 0 for none
	low    []int32
	stack  []int32
}

const (
	free int8 = iota
	ofSource
	ofSink
)

// next calls do with the nodes that must be on the source's side if x is.
func (k *knots) next(x int32, do func(y int32)) {
	users := int32(len(k.n.userLeft))
	if x >= users {
		d := x - users
		for _, e := range k.n.edges[k.n.devEnd[d]:k.n.devEnd[d+1]] {
			if k.n.flow[e] > k.slack {
				do(k.n.from[e])
			}
		}
		return
	}
	for _, d := range k.n.to[k.n.userEnd[x]:k.n.userEnd[x+1]] {
		do(users + d)
	}
	k.above(x, do)
}

// above calls do with what a user cannot hold without x: newer versions, and
// other families on top of the first.
func (k *knots) above(x int32, do func(y int32)) {
	own := k.kinds[k.userKind[x]]
	r := k.nodes[k.runOf[x]]
	for y := r.from; y < r.to; y++ {
		if other := k.kinds[k.userKind[y]]; y != x && other.to >= own.to && (other.family == own.family || own.family == 0) {
			do(y)
		}
	}
}

// before calls do with the nodes that must be on the sink's side if x is.
func (k *knots) before(x int32, do func(y int32)) {
	users := int32(len(k.n.userLeft))
	if x >= users {
		d := x - users
		for _, e := range k.n.edges[k.n.devEnd[d]:k.n.devEnd[d+1]] {
			do(k.n.from[e])
		}
		return
	}
	for e := k.n.userEnd[x]; e < k.n.userEnd[x+1]; e++ {
		if k.n.flow[e] > k.slack {
			do(users + k.n.to[e])
		}
	}
	own := k.kinds[k.userKind[x]]
	r := k.nodes[k.runOf[x]]
	for y := r.from; y < r.to; y++ {
		if other := k.kinds[k.userKind[y]]; y != x && own.to >= other.to && (other.family == own.family || other.family == 0) {
			do(y)
		}
	}
}

// between starts from the lightest set with the most users and gives up knots
// as long as that is better.
func (r *refined) between() {
	users := int32(len(r.flow.userLeft))
	size := int(users) + len(r.flow.deviceLeft)
	k := &knots{refined: r, n: r.flow, slack: r.scale.cost / 8, side: make([]int8, size), runOf: make([]int32, users)}
	inside := make([]bool, size) // components with many nodes
	for i, x := range r.nodes {
		for u := x.from; u < x.to; u++ {
			k.runOf[u] = int32(i)
			inside[u] = true
			for _, d := range k.n.to[k.n.userEnd[u]:k.n.userEnd[u+1]] {
				inside[users+d] = true
			}
		}
	}
	spread := func(side int8, left []int64, first int32, step func(int32, func(int32))) {
		k.stack = k.stack[:0]
		reach := func(y int32) {
			if k.side[y] == free {
				k.side[y] = side
				k.stack = append(k.stack, y)
			}
		}
		for i, x := range left {
			if x > k.slack && inside[first+int32(i)] {
				reach(first + int32(i))
			}
		}
		for len(k.stack) > 0 {
			x := k.stack[len(k.stack)-1]
			k.stack = k.stack[:len(k.stack)-1]
			step(x, reach)
		}
	}
	spread(ofSource, k.n.userLeft, 0, k.next)
	spread(ofSink, k.n.deviceLeft, users, k.before)
	for _, x := range r.nodes {
		for u := x.from; u < x.to; u++ {
			r.turn(u, k.side[u] != ofSource)
		}
	}
	r.price()
	k.number, k.low = make([]int32, size), make([]int32, size)
	found := int32(0)
	for _, x := range r.nodes {
		for u := x.from; u < x.to; u++ {
			if k.side[u] == free && k.number[u] == 0 {
				found = k.visit(u, found)
			}
		}
	}
}

// visit finds the knots that x leads to (after Tarjan): each after those that
// it needs on the source's side.
func (k *knots) visit(x, found int32) int32 {
	type frame struct {
		node int32
		todo []int32
	}
	users := int32(len(k.n.userLeft))
	k.stack = k.stack[:0]
	var frames []frame
	var spare [][]int32
	enter := func(x int32) {
		found++
		k.number[x], k.low[x] = found, found
		k.stack = append(k.stack, x)
		var todo []int32
		if n := len(spare); n > 0 {
			todo, spare = spare[n-1][:0], spare[:n-1]
		}
		k.next(x, func(y int32) {
			if k.side[y] == free {
				todo = append(todo, y)
			}
		})
		frames = append(frames, frame{x, todo})
	}
	enter(x)
	for len(frames) > 0 {
		f := &frames[len(frames)-1]
		if n := len(f.todo); n > 0 {
			y := f.todo[n-1]
			f.todo = f.todo[:n-1]
			switch {
			case k.side[y] != free || k.number[y] < 0: // its knot is known
			case k.number[y] == 0:
				enter(y)
			default:
				k.low[f.node] = min(k.low[f.node], k.number[y])
			}
			continue
		}
		node := f.node
		spare = append(spare, f.todo)
		frames = frames[:len(frames)-1]
		if len(frames) > 0 {
			above := frames[len(frames)-1].node
			k.low[above] = min(k.low[above], k.low[node])
		}
		if k.low[node] != k.number[node] {
			continue
		}
		i := len(k.stack) - 1
		for k.stack[i] != node {
			i--
		}
		knot := k.stack[i:]
		k.stack = k.stack[:i]
		for _, y := range knot {
			k.number[y] = -k.low[node] // done, and which knot it is of
		}
		k.give(knot, users)
	}
	return found
}

// give puts a knot on the source's side if what it needs is there and that is
// better.
func (k *knots) give(knot []int32, users int32) {
	for _, x := range knot {
		ready := true
		k.next(x, func(y int32) {
			if k.side[y] == ofSink || k.side[y] == free && k.number[y] != k.number[x] {
				ready = false
			}
		})
		if !ready {
			return
		}
	}
	before, any := k.value, false
	for _, x := range knot {
		if x < users {
			k.turn(x, false)
			any = true
		}
	}
	if any {
		if k.price(); k.value.Compare(before) >= 0 {
			for _, x := range knot {
				if x < users {
					k.turn(x, true)
				}
			}
			k.value.Cost = before.Cost
			return
		}
	}
	for _, x := range knot {
		k.side[x] = ofSource
	}
}
