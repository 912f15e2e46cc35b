package audit

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Grant is what one holder must hold: the CAL version of each family, 0 for
// families that are not needed.
type Grant [len(families)]Version

func (g *Grant) need(e Editions, v Version) {
	for i := range g {
		if e&(1<<i) != 0 {
			g[i] = max(g[i], v)
		}
	}
}

// CALs is how many CALs the grant takes.
func (g Grant) CALs() int {
	n := 0
	for _, v := range g {
		n += bit(v > 0)
	}
	return n
}

// Holders is who must hold what, so that every demand is met.
type Holders struct {
	Users, Devices []Grant
}

// Assigner chooses the holders for the demands of some users and devices.
type Assigner func(demands []Demand, users, devices int) Holders

// assigners are the valid values of Input.Assign.
var assigners = map[string]Assigner{"user": assignUsers, "device": assignDevices}

// Assigns lists the valid values of Input.Assign.
func Assigns() []string { return slices.Sorted(maps.Keys(assigners)) }

func assigner(name string) (Assigner, error) {
	if a, ok := assigners[name]; ok {
		return a, nil
	}
	return nil, fmt.Errorf("unknown assignment %q; valid: %s", name, strings.Join(Assigns(), ", "))
}

// assignUsers: user CALs for every user, device CALs where there is no user.
func assignUsers(demands []Demand, users, devices int) Holders {
	h := Holders{make([]Grant, users), make([]Grant, devices)}
	for _, d := range demands {
		if d.User >= 0 {
			h.Users[d.User].need(d.Needs, d.Version)
		} else {
			h.Devices[d.Device].need(d.Needs, d.Version)
		}
	}
	return h
}

// assignDevices: device CALs for every device with an id of its own, user CALs
// for uses that were on none.
func assignDevices(demands []Demand, users, devices int) Holders {
	h := Holders{make([]Grant, users), make([]Grant, devices)}
	for _, d := range demands {
		if d.Device >= 0 {
			h.Devices[d.Device].need(d.Needs, d.Version)
		} else {
			h.Users[d.User].need(d.Needs, d.Version)
		}
	}
	return h
}
