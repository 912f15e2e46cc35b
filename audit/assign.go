package audit

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"calaudit/audit/mix"
)

// Grant is what one holder must hold: the CAL version of each family, 0 for
// families that are not needed.
type Grant [len(families)]Version

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

// assigners are the valid values of Input.Assign.
var assigners = map[string]func(*mix.Estate) *mix.Mix{"optimal": mix.Solve, "user": mix.AllUsers, "device": mix.AllDevices}

// Assigns lists the valid values of Input.Assign.
func Assigns() []string { return slices.Sorted(maps.Keys(assigners)) }

func checkAssign(name string) error {
	if _, ok := assigners[name]; !ok {
		return fmt.Errorf("unknown assignment %q; valid: %s", name, strings.Join(Assigns(), ", "))
	}
	return nil
}

// assignment is an answer to who holds what, with the question.
type assignment struct {
	*mix.Mix
	estate *mix.Estate
}

// market is what the licences of holders are owned and sold for, the same for
// all readings of one audit.
type market struct {
	assign string
	stock  []mix.Stock
	prices mix.Prices
	names  labels
	// Numbers of persons and devices for the mix: those who could be covered by
	// each other come first, by id, for its ties go by that order.
	users, devices func() []int32
	first          *settled // what was asked first: most readings change no demand
}

// settled is a question to the market with its answer.
type settled struct {
	demands    []Demand
	assignment *assignment
	holders    Holders
}

func newMarket(s *session) *market {
	names := labels{s.in.Policy.Licenses}
	m := &market{assign: s.in.Assign, names: names}
	for _, r := range rightsOf(s.in.Owned) {
		e := r.of
		set, metric := uint8(0), slices.Index(metricNames[:], e.Metric)
		for _, name := range r.families {
			if f := slices.Index(families[:], name); f >= 0 {
				set |= 1 << f
			}
		}
		if set != 0 && metric >= 0 && e.Quantity > 0 {
			m.stock = append(m.stock, mix.Stock{Metric: mix.Metric(metric), Families: set, Version: uint8(r.version), Quantity: e.Quantity})
		}
	}
	for metric, metricName := range metricNames {
		for f, family := range families {
			for v := range m.prices[metric][f] {
				label := names.name(family, min(Version(v), newest()))
				m.prices[metric][f][v] = price(s.in.Owned, label, metricName)
			}
			lowest(&m.prices[metric][f])
		}
	}
	paired := func(n int, who func(*use) int32, id func(int32) string) func() []int32 {
		return sync.OnceValue(func() []int32 {
			number := make([]int32, n)
			var first []int32
			for i := range s.w.uses {
				if u := &s.w.uses[i]; u.user >= 0 && u.device >= 0 && number[who(u)] == 0 {
					number[who(u)] = 1
					first = append(first, who(u))
				}
			}
			slices.SortFunc(first, func(a, b int32) int { return cmp.Compare(id(a), id(b)) })
			next := int32(len(first))
			for i := range number {
				if number[i] == 0 {
					number[i] = next
					next++
				}
			}
			for i, x := range first {
				number[x] = int32(i)
			}
			return number
		})
	}
	m.users = paired(len(s.w.persons), func(u *use) int32 { return u.user }, func(i int32) string { return s.w.persons[i].id })
	m.devices = paired(len(s.w.devices), func(u *use) int32 { return u.device }, func(i int32) string { return s.w.devices[i].id })
	return m
}

// metricNames are the metrics of holders as entitlements name them.
var metricNames = [...]string{mix.User: "user", mix.Device: "device"}

// lowest makes each price the lowest of its version or a newer one, for a newer
// CAL serves.
func lowest(prices *[mix.MaxVersion + 1]int64) {
	for v := len(prices) - 2; v >= 0; v-- {
		prices[v] = min(prices[v], prices[v+1])
	}
}

// assignTo finds who holds what, and proves it. An answer that fails is a bug.
func (m *market) assignTo(demands []Demand) (*assignment, Holders, error) {
	if f := m.first; f != nil && slices.Equal(demands, f.demands) {
		return f.assignment, f.holders, nil
	}
	users, devices := m.users(), m.devices()
	e := &mix.Estate{Users: len(users), Devices: len(devices), Stock: m.stock, Prices: m.prices, Demands: make([]mix.Demand, len(demands))}
	for i, d := range demands {
		x := mix.Demand{User: -1, Device: -1, Families: uint8(d.Needs), Version: uint8(d.Version)}
		if d.User >= 0 {
			x.User = users[d.User]
		}
		if d.Device >= 0 {
			x.Device = devices[d.Device]
		}
		e.Demands[i] = x
	}
	a := &assignment{assigners[m.assign](e), e}
	if err := mix.Check(e, a.Mix); err != nil {
		return nil, Holders{}, fmt.Errorf("the assignment of licences does not hold, which is a bug: %w", err)
	}
	h := Holders{granted(a.Users, users), granted(a.Devices, devices)}
	if m.first == nil {
		m.first = &settled{demands, a, h}
	}
	return a, h, nil
}

// granted puts grants back in the order of persons or devices.
func granted(grants []mix.Grant, number []int32) []Grant {
	list := make([]Grant, len(number))
	for i, n := range number {
		for f, v := range grants[n] {
			list[i][f] = Version(v)
		}
	}
	return list
}

// summary is what the report says of it, beside the two one-sided answers to
// the same question.
func (a *assignment) summary(assign string, owned []Entitlement) *Mix {
	x := &Mix{Sums: sums(a.Mix), Others: map[string]Other{}}
	for name, m := range map[string]*mix.Mix{"user": mix.AllUsers(a.estate), "device": mix.AllDevices(a.estate)} {
		x.Others[name] = Other{sums(m), money(m.Cost - a.Cost), m.CALs - a.CALs}
	}
	if assign == "optimal" {
		x.AtLeast, x.Optimal, x.FewestCALs = money(a.Least), a.Optimal(), a.Exact
	}
	for i := range owned {
		if owned[i].Priced {
			x.Priced, x.Currency = true, cmp.Or(x.Currency, owned[i].Currency)
		}
	}
	return x
}

func sums(m *mix.Mix) Sums {
	return Sums{Cost: money(m.Cost), CALs: m.CALs, UserCALs: m.CALs - m.DeviceCALs, DeviceCALs: m.DeviceCALs}
}

// money writes thousandths of a currency unit: two decimals, a third if needed.
func money(milli int64) string {
	if milli < 0 {
		return "-" + money(-milli)
	}
	return strings.TrimSuffix(fmt.Sprintf("%d.%03d", milli/1000, milli%1000), "0")
}

// Covers reports whether what one subject holds would do for all that another
// does: each of its licences, in the same family and of the version or newer.
func (s *Subject) Covers(other *Subject) bool {
	for i, name := range other.Licenses {
		found := false
		for j, mine := range s.Licenses {
			found = found || sameFamily(mine, name) && versionAt(s, j) >= versionAt(other, i)
		}
		if !found {
			return false
		}
	}
	return true
}

// versionAt is the version of a licence that a subject holds; runs of earlier
// versions of the program may not tell.
func versionAt(s *Subject, i int) Version {
	if i >= len(s.Versions) {
		return 0
	}
	v, err := ParseVersion(s.Versions[i])
	if err != nil {
		return 0
	}
	return v
}
