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

// newInterned has room for so many texts.
func newInterned(room int) *interned { return &interned{ids: make(map[string]int32, room)} }

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
	number := make([]int32, len(n.texts)) // of the group of a root, from 1
	groups := int32(0)
	for i := range of {
		root := n.find(int32(i))
		if number[root] == 0 {
			groups++
			number[root] = groups
		}
		of[i] = number[root] - 1
	}
	return grouped(int(groups), len(of), func(i int) int32 { return of[i] }), of
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
