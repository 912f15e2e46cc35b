package audit

// unionFind folds members that are one into groups.
type unionFind []int32

func (u *unionFind) add() int32 {
	*u = append(*u, int32(len(*u)))
	return int32(len(*u) - 1)
}

func (u *unionFind) find(i int32) int32 {
	all := *u
	for all[i] != i {
		all[i] = all[all[i]]
		i = all[i]
	}
	return i
}

// join makes one group of two; the lower member stands for it.
func (u *unionFind) join(a, b int32) {
	a, b = u.find(a), u.find(b)
	(*u)[max(a, b)] = min(a, b)
}

// interned gives texts numbers and groups them.
type interned struct {
	ids   map[string]int32
	texts []string
	unionFind
}

func newInterned() *interned { return &interned{ids: map[string]int32{}} }

func (n *interned) id(text string) int32 {
	if i, ok := n.ids[text]; ok {
		return i
	}
	i := n.add()
	n.ids[text] = i
	n.texts = append(n.texts, text)
	return i
}

// groups lists the members of each group and the group of each member.
func (n *interned) groups() (members [][]int32, of []int32) {
	of = make([]int32, len(n.texts))
	number := map[int32]int32{}
	for i := range n.texts {
		root := n.find(int32(i))
		g, ok := number[root]
		if !ok {
			g = int32(len(members))
			number[root] = g
			members = append(members, nil)
		}
		members[g] = append(members[g], int32(i))
		of[i] = g
	}
	return members, of
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
