package audit

import (
	"cmp"
	"slices"

	"calaudit/ingest"
)

// Demand is one use that somebody must hold CALs for: the user of it, or the
// device it was on. One of the two may be missing (-1), never both.
type Demand struct {
	User, Device int32
	Needs        Editions
	Version      Version
}

// verdicts is what one set of readings makes of the uses.
type verdicts struct {
	rules    ruleTable
	cells    []uint16            // of each use: its place in the rules, or in the overrides
	override [overrides]decision // what a reading says of a person, whatever the rules say of the use
	demander
}

// overrides are the readings that take a person out.
const (
	dormantIdentity = iota
	disabledIdentity
	overrides
)

// decision is the one about a use.
func (v *verdicts) decision(use int32) *decision {
	if cell := int(v.cells[use]); cell < ruleCells {
		return &v.rules[cell]
	} else {
		return &v.override[cell-ruleCells]
	}
}

// alike tells verdicts of one world that decide every use alike, and so, when
// they demand alike too, come to the same.
func (v *verdicts) alike(o *verdicts) bool {
	for i := range v.cells {
		if *v.decision(int32(i)) != *o.decision(int32(i)) {
			return false
		}
	}
	return true
}

// exempted marks the subjects that the estate takes out of the count.
type exempted struct {
	users, devices map[int32]string // reason
}

// judge decides every use and draws the demands from the required ones.
func (w *world) judge(in *Input, readings map[string]string, out exempted) (*verdicts, error) {
	rules, err := compile(in.Policy, readings)
	if err != nil {
		return nil, err
	}
	lenient := func(q string) bool { return answer(in.Policy, readings, q) == "lenient" }
	v := &verdicts{rules: rules, cells: make([]uint16, len(w.uses)),
		override: [...]decision{dormantIdentity: {rule: "dormant-identity"}, disabledIdentity: {rule: "disabled-identity"}}}
	skipDormant, skipDisabled := lenient("dormant-identity"), lenient("disabled-identity")
	v.demander = demander{w: w, out: out, floor: in.Policy.version,
		userOnly: !lenient("identity-by-device"), both: !lenient("user-and-device")}
	if lenient("r2-version") {
		v.served = minorReleases()
	}
	if !lenient("downgrade-basis") {
		v.bought = newestServer(in.Owned)
	}
	for owner, uses := range w.byOwner {
		if len(uses) == 0 {
			continue
		}
		p := &w.persons[owner]
		override := overrides
		switch {
		case p.class == ingest.Hosted && skipDormant && w.dormant(int32(owner)):
			override = dormantIdentity
		case (p.class == ingest.Hosted || p.class == ingest.Guest) && skipDisabled && p.disabled() && !w.dormant(int32(owner)):
			override = disabledIdentity
		}
		for _, i := range uses {
			u := &w.uses[i]
			cell := ruleCase{u.class, u.activity, u.peer, u.manner}.cell()
			if override < overrides && rules[cell].outcome != exempt {
				cell = ruleCells + override
			}
			v.cells[i] = uint16(cell)
		}
	}
	return v, nil
}

// demands draws the demands of everybody but the persons that something else
// covers (nil for nobody): person after person, without repetition in one.
func (v *verdicts) demands(covered []bool) []Demand {
	d := v.demander
	d.drawn = make([]Demand, 0, 2*len(v.w.byOwner))
	for owner, uses := range v.w.byOwner {
		if covered == nil || !covered[owner] {
			d.person(v, uses)
		}
	}
	return d.drawn
}

// compareDemands is any total order.
func compareDemands(a, b Demand) int {
	return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Device, b.Device), cmp.Compare(a.Needs, b.Needs), cmp.Compare(a.Version, b.Version))
}

// answer is the reading in force: the chosen one, else the policy's default,
// else the auditor's for its own questions.
func answer(p *Policy, readings map[string]string, question string) string {
	if a := readings[question]; a != "" {
		return a
	}
	for _, q := range p.Questions {
		if q.ID == question {
			return q.Default
		}
	}
	return builtinQuestions[question]
}

// newestServer is the newest version among the server licences that were bought.
func newestServer(owned []Entitlement) Version {
	var v Version
	for _, r := range rightsOf(owned) {
		for _, family := range r.families {
			if r.of.Quantity > 0 && (family == "server" || family == "server-standard" || family == "server-enterprise") {
				v = max(v, r.of.Version)
			}
		}
	}
	return v
}

// demander turns the uses of one person after the other into demands.
type demander struct {
	w        *world
	drawn    []Demand
	seen     []Demand // scratch: of one person
	out      exempted
	floor    Version             // of a use whose server is not told
	bought   Version             // reading downgrade-basis strict
	served   map[Version]Version // reading r2-version lenient: the CAL that serves a minor release
	userOnly bool                // reading identity-by-device strict
	both     bool                // reading user-and-device strict
}

// person: a standing fact is on no device. It asks for more wherever the
// person is seen, and is a demand of its own only when the person is not seen
// at all.
func (d *demander) person(v *verdicts, uses []int32) {
	var standing Demand
	seen := d.seen[:0]
	for _, i := range uses {
		u, needs := &d.w.uses[i], v.decision(i).needs
		if needs == 0 {
			continue
		}
		version := max(cmp.Or(u.version, d.floor), d.bought)
		if major, ok := d.served[version]; ok {
			version = major
		}
		if u.activity.Standing() {
			standing.Needs |= needs
			standing.Version = max(standing.Version, version)
			standing.User, standing.Device = u.user, u.device
			continue
		}
		if x := (Demand{u.user, u.device, needs, version}); len(seen) == 0 || seen[len(seen)-1] != x {
			seen = append(seen, x)
		}
	}
	d.seen = seen
	if len(seen) == 0 {
		if standing.Needs == 0 {
			return
		}
		seen = append(seen, standing)
	}
	if len(seen) > 1 {
		slices.SortFunc(seen, compareDemands)
		seen = slices.Compact(seen)
	}
	for _, x := range seen {
		x.Needs |= standing.Needs
		d.demand(x)
	}
}

func (d *demander) demand(x Demand) {
	if _, ok := d.out.users[x.User]; ok && x.User >= 0 {
		return
	}
	if _, ok := d.out.devices[x.Device]; ok && x.Device >= 0 {
		if x.User < 0 {
			return
		}
		x.Device = -1
	}
	if x.User >= 0 && x.Device >= 0 {
		switch {
		case d.both:
			d.drawn = append(d.drawn, Demand{-1, x.Device, x.Needs, x.Version})
			x.Device = -1
		case d.userOnly && d.w.persons[x.User].class == ingest.Hosted:
			x.Device = -1
		}
	}
	d.drawn = append(d.drawn, x)
}
