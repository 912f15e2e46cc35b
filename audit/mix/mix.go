package mix

// Families is how many families of CALs there are: the first is the one that
// the others come on top of.
const Families = 3

// MaxVersion is the newest version that can be told; versions start at 1 and
// newer ones are greater.
const MaxVersion = 15

// Metric is the kind of holder that a CAL is bought for.
type Metric uint8

const (
	User Metric = iota
	Device
	metrics
)

// Grant is what one holder holds: the version of each family, 0 for none.
type Grant [Families]uint8

// Demand asks for all families of a set (bit i is family i), of one version or
// newer, at one holder: the user or the device. One of the two may be missing
// (-1), never both.
type Demand struct {
	User, Device int32
	Families     uint8
	Version      uint8
}

// Stock is a number of licences owned. One with several families is a bundle:
// each unit gives all of them to one holder.
type Stock struct {
	Metric   Metric
	Families uint8
	Version  uint8
	Quantity int
}

// Prices are what one CAL costs, by metric, family and version. A newer CAL
// serves, so what counts is the lowest price of the version or a newer one.
type Prices [metrics][Families][MaxVersion + 1]int64

// Estate is the whole question. Users and devices go by number; their order is
// that of their identifiers.
type Estate struct {
	Users, Devices int
	Demands        []Demand
	Stock          []Stock
	Prices         Prices
}

// Gift is a number of bundles given to as many holders, one each.
type Gift struct {
	Stock int   // index in Estate.Stock
	Lacks Grant // what each of them still lacked
	Count int
}

// Mix is an answer.
type Mix struct {
	Users, Devices []Grant
	Value
	Gifts []Gift                                 // what becomes of the bundles, in this order
	Short [metrics][Families][MaxVersion + 1]int // CALs to buy
	Left  [metrics][Families][MaxVersion + 1]int // stock that nobody needs
	Least int64                                  // no valid mix costs less
	Exact bool                                   // no valid mix comes before this one by Value
}

// Optimal reports a cost that is proven to be the least.
func (m *Mix) Optimal() bool { return m.Cost == m.Least }

// Value is what makes one mix better than another, in this order.
type Value struct {
	Cost       int64 // of what must be bought
	CALs       int   // held by anybody
	DeviceCALs int   // among them: fewer means more user CALs
	Steps      int   // sum of the versions held: none newer than it must be
}

// Compare is negative when v is better.
func (v Value) Compare(o Value) int {
	switch {
	case v.Cost != o.Cost:
		return sign(v.Cost < o.Cost)
	case v.CALs != o.CALs:
		return sign(v.CALs < o.CALs)
	case v.DeviceCALs != o.DeviceCALs:
		return sign(v.DeviceCALs < o.DeviceCALs)
	case v.Steps != o.Steps:
		return sign(v.Steps < o.Steps)
	}
	return 0
}

func sign(less bool) int {
	if less {
		return -1
	}
	return 1
}

// raise makes a grant meet a demand for a set of families.
func (g *Grant) raise(families, version uint8) {
	for f := range g {
		if families>>f&1 != 0 {
			g[f] = max(g[f], version)
		}
	}
}

func (g *Grant) meets(families, version uint8) bool {
	for f := range g {
		if families>>f&1 != 0 && g[f] < version {
			return false
		}
	}
	return true
}

// whole completes a set: every family comes on top of the first.
func whole(families uint8) uint8 {
	if families != 0 {
		families |= 1
	}
	return families & (1<<Families - 1)
}

// CALs is how many CALs the grant takes.
func (g *Grant) CALs() (n int) {
	for _, v := range g {
		if v > 0 {
			n++
		}
	}
	return n
}

// AllUsers is the mix of user CALs for every user, and device CALs only where
// there is no user.
func AllUsers(e *Estate) *Mix { return e.oneSided(User) }

// AllDevices is the mix of device CALs wherever there is a device.
func AllDevices(e *Estate) *Mix { return e.oneSided(Device) }

func (e *Estate) oneSided(m Metric) *Mix {
	users, devices := make([]Grant, e.Users), make([]Grant, e.Devices)
	for i := range e.Demands {
		d := &e.Demands[i]
		if d.Device < 0 || d.User >= 0 && m == User {
			users[d.User].raise(whole(d.Families), d.Version)
		} else {
			devices[d.Device].raise(whole(d.Families), d.Version)
		}
	}
	x := &Mix{Users: users, Devices: devices}
	newStore(e).settle(x)
	return x
}
