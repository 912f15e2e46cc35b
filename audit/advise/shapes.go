package advise

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"calaudit/audit"
)

// demandsOf lists the demands of each party.
func demandsOf(m *audit.Model) map[int][]audit.Demand {
	all := map[int][]audit.Demand{}
	for _, d := range m.Demands() {
		all[int(d.User)] = append(all[int(d.User)], d)
	}
	return all
}

// written names the demands of one person without naming anybody: machines are
// told apart, and nothing else of them.
func written(demands []audit.Demand) string {
	byMachine := map[int32][]string{}
	for _, d := range demands {
		text := fmt.Sprint(d.Needs, ":", uint8(d.Version))
		if d.User < 0 {
			text = "itself " + text // nobody's CAL will do
		}
		byMachine[d.Device] = append(byMachine[d.Device], text)
	}
	var texts []string
	for machine, list := range byMachine {
		slices.Sort(list)
		text := strings.Join(slices.Compact(list), ",")
		if machine >= 0 {
			text = "on one " + text
		}
		texts = append(texts, text)
	}
	slices.Sort(texts)
	return strings.Join(texts, "; ")
}

// starred names the demands at one machine and all that its persons ask for
// elsewhere, where they must hold CALs of their own.
func starred(machine int32, users []int, demands map[int][]audit.Demand, machineOnly []audit.Demand) string {
	var texts []string
	for _, n := range users {
		list := slices.Clone(demands[n])
		for i := range list {
			if list[i].Device != machine {
				list[i].Device = -1
			}
		}
		texts = append(texts, written(list))
	}
	slices.Sort(texts)
	return fmt.Sprint(strings.Join(texts, " | "), " || ", written(machineOnly))
}

// ofOwn lists the demands of each party, with those at machines that nobody else
// used which only the machine can meet.
func ofOwn(m *audit.Model, own map[string]int) map[int][]audit.Demand {
	all, machines := demandsOf(m), m.Machines()
	for _, d := range all[-1] {
		if n, ok := own[machines[d.Device].ID]; ok {
			all[n] = append(all[n], d)
		}
	}
	return all
}

// owners is the one party that used each machine, or several.
func (a *adviser) owners() []int {
	owner := make([]int, len(a.machines))
	for i := range owner {
		owner[i] = nobody
	}
	a.each(func(u *audit.Usage) {
		n, m := a.base.Whose(u), a.base.Machine(u)
		switch {
		case n < 0 || m < 0 || owner[m] == n:
		case owner[m] == nobody:
			owner[m] = n
		default:
			owner[m] = several
		}
	})
	return owner
}

const (
	nobody  = -1
	several = -2
)

// byNumber is a sorted list of the keys of a set.
func byNumber[K cmp.Ordered, V any](set map[K]V) []K {
	list := make([]K, 0, len(set))
	for k := range set {
		list = append(list, k)
	}
	slices.Sort(list)
	return list
}
