package advise

import (
	"calaudit/audit"
)

// shared are the machines that two or more persons used, as holders of device
// CALs in place of their users.
func (a *adviser) shared() (*Proposal, error) {
	p := proposal(Shared)
	demands := demandsOf(a.base)
	users := map[int]map[int]bool{}
	for n, list := range demands {
		for _, d := range list {
			if n >= 0 && d.Device >= 0 {
				if users[int(d.Device)] == nil {
					users[int(d.Device)] = map[int]bool{}
				}
				users[int(d.Device)][n] = true
			}
		}
	}
	allowed := map[int]bool{}
	for m, set := range users {
		if len(set) > 1 {
			allowed[m] = true
		}
	}
	p.InPosition = a.in.Assign != "user"
	if len(allowed) == 0 {
		return a.nothing(p), nil
	}
	everybody := a.in
	everybody.Assign = "user"
	before, err := a.again(&everybody)
	if err != nil {
		return nil, err
	}
	after, err := a.again(a.licensed(allowed))
	if err != nil {
		return nil, err
	}
	a.saved(p, before, after, audit.ForPeople)
	holds := map[string]*audit.Machine{}
	machines := after.Machines()
	for i := range machines {
		if len(machines[i].Licenses) > 0 {
			holds[machines[i].ID] = &machines[i]
		}
	}
	docked := map[int]bool{}
	a.each(func(u *audit.Usage) {
		if a.base.Docked(u) {
			docked[a.base.Machine(u)] = true
		}
	})
	var which []int
	var shapes []string
	for _, m := range byNumber(allowed) {
		x := holds[a.machines[m].ID]
		if x == nil {
			continue
		}
		which = append(which, m)
		p.Items = append(p.Items, Item{ID: x.ID, Kind: "device", Class: x.Class, Licenses: x.Licenses, Versions: x.Versions, Users: len(users[m])})
		shape := ""
		if !docked[m] {
			var own []audit.Demand
			for _, d := range demands[-1] {
				if int(d.Device) == m {
					own = append(own, d)
				}
			}
			shape = starred(int32(m), byNumber(users[m]), demands, own)
		}
		shapes = append(shapes, shape)
	}
	if p.Count = len(p.Items); p.Count > 0 && !p.InPosition {
		a.plan.license = allowed
	}
	err = a.alone(p, shapes, before.Model, audit.ForPeople, func(i int) *audit.Input { return a.licensed(map[int]bool{which[i]: true}) })
	p.sort()
	return p, err
}

// licensed is the input with device CALs possible on some machines only: uses
// on others by persons are uses on no known machine.
func (a *adviser) licensed(allowed map[int]bool) *audit.Input {
	in := a.edited(func(u *audit.Usage) {
		n, m := a.base.Whose(u), a.base.Machine(u)
		if n >= 0 && m >= 0 && !a.parties[n].Device && !allowed[m] {
			u.Device, u.Endpoint = 0, 0
		}
	})
	in.Assign = "optimal"
	return in
}
