package mix

import (
	"flag"
	"math/rand"
	"slices"
	"testing"
)

// byDevices is the best answer to a question without bundles, found without any
// of the program's steps: every way in which the devices can hold something is
// tried, users hold what is left to them, and licences are counted out one by
// one. It takes many users and few devices.
type byDevices struct {
	e       *Estate
	options [][][3]int
	value   Value
	hold    [][3]int
	found   bool
}

func (b *byDevices) raise(g *[3]int, d *Demand) {
	for f := range 3 {
		if f == 0 || d.Families>>f&1 != 0 {
			g[f] = max(g[f], int(d.Version))
		}
	}
}

func (b *byDevices) meets(g *[3]int, d *Demand) bool {
	for f := range 3 {
		if (f == 0 || d.Families>>f&1 != 0) && g[f] < int(d.Version) {
			return false
		}
	}
	return true
}

func (b *byDevices) solve() {
	b.options = make([][][3]int, b.e.Devices)
	for d := range b.options {
		var forced [3]int
		for i := range b.e.Demands {
			if x := &b.e.Demands[i]; x.User < 0 && int(x.Device) == d {
				b.raise(&forced, x)
			}
		}
		b.options[d] = [][3]int{forced}
		for i := range b.e.Demands {
			if x := &b.e.Demands[i]; x.User >= 0 && int(x.Device) == d {
				for _, g := range b.options[d] {
					b.raise(&g, x)
					if !slices.Contains(b.options[d], g) {
						b.options[d] = append(b.options[d], g)
					}
				}
			}
		}
	}
	b.try(0, make([][3]int, b.e.Users+b.e.Devices))
}

func (b *byDevices) try(d int, hold [][3]int) {
	if d < b.e.Devices {
		for _, g := range b.options[d] {
			hold[b.e.Users+d] = g
			b.try(d+1, hold)
		}
		return
	}
	clear(hold[:b.e.Users])
	for i := range b.e.Demands {
		x := &b.e.Demands[i]
		if x.User >= 0 && (x.Device < 0 || !b.meets(&hold[b.e.Users+int(x.Device)], x)) {
			b.raise(&hold[x.User], x)
		}
	}
	var v Value
	for i, g := range hold {
		for _, x := range g {
			if x > 0 {
				v.CALs++
				v.Steps += x
				v.DeviceCALs += bit(i >= b.e.Users)
			}
		}
	}
	n := naive{e: b.e}
	for metric, part := range [][][3]int{hold[:b.e.Users], hold[b.e.Users:]} {
		for f := range 3 {
			var need, have []int
			for _, g := range part {
				need = append(need, g[f])
			}
			for _, s := range b.e.Stock {
				if int(s.Metric) == metric && s.Families>>f&1 != 0 {
					for range s.Quantity {
						have = append(have, int(s.Version))
					}
				}
			}
			slices.Sort(have)
			v.Cost += int64(n.missing(need, have, metric, f))
		}
	}
	c := v.Compare(b.value)
	if !b.found || c < 0 || c == 0 && slices.CompareFunc(hold, b.hold, func(a, b [3]int) int { return slices.Compare(b[:], a[:]) }) < 0 {
		b.value, b.hold, b.found = v, slices.Clone(hold), true
	}
}

// middle draws a question with too many users to try everything for, scarce
// stock and few devices.
func middle(r *rand.Rand, users, devices int) *Estate {
	e := &Estate{Users: users, Devices: devices}
	for u := range users {
		for range 1 + r.Intn(3) {
			e.Demands = append(e.Demands, Demand{int32(u), int32(r.Intn(devices)), []uint8{1, 1, 1, 3}[r.Intn(4)], uint8(1 + r.Intn(5)/4)})
		}
	}
	for range 2 + r.Intn(4) {
		e.Stock = append(e.Stock, Stock{Metric(r.Intn(2)), 1 << r.Intn(2), uint8(1 + r.Intn(2)), r.Intn(users / 2)})
		if s := &e.Stock[len(e.Stock)-1]; s.Metric == Device {
			s.Quantity = r.Intn(devices)
		}
	}
	for m := range e.Prices {
		for f := range e.Prices[m] {
			own := int64(1 + r.Intn(40))
			for v := range e.Prices[m][f] {
				if r.Intn(3) == 0 {
					own = max(0, own+int64(r.Intn(7))-2)
				}
				e.Prices[m][f][v] = own
			}
		}
	}
	return e
}

var middling = flag.Int("middling", 60, "random estates of 25 to 34 users to solve by devices")

// What is said of mixes of more people than everything is tried for: the bound
// is one, nothing is called best that is not, and how far off the rest are.
func TestBoundsOfMiddlingEstatesAreHonest(t *testing.T) {
	var exact, optimal, best, first int
	var worst float64
	for seed := range *middling {
		r := rand.New(rand.NewSource(int64(seed)))
		e := middle(r, 25+r.Intn(10), 3+r.Intn(4))
		b := byDevices{e: e}
		b.solve()
		for name, solve := range map[string]func(*Estate) *Mix{"cuts": byCuts, "all": Solve} {
			x := solve(e)
			if err := Check(e, x); err != nil {
				t.Fatalf("seed %d: %v\n%s", seed, err, show(e))
			}
			if x.Least > b.value.Cost || x.Compare(b.value) < 0 || x.Exact && x.Value != b.value || x.Optimal() && x.Cost != b.value.Cost {
				t.Fatalf("seed %d, %s: got %+v least %d exact %v, want %+v\n%s", seed, name, x.Value, x.Least, x.Exact, b.value, show(e))
			}
			if name == "all" {
				exact += bit(x.Exact)
				var hold [][3]int
				for _, g := range slices.Concat(x.Users, x.Devices) {
					hold = append(hold, [3]int{int(g[0]), int(g[1]), int(g[2])})
				}
				first += bit(slices.Equal(hold, b.hold))
				optimal += bit(x.Optimal())
				best += bit(x.Cost == b.value.Cost)
				worst = max(worst, float64(x.Cost-x.Least)/float64(max(1, x.Cost)))
			}
		}
	}
	t.Logf("of %d: %d exact, %d by the order of ties, %d at proven least cost, %d at least cost; widest gap %.2f %%", *middling, exact, first, optimal, best, 100*worst)
	if exact != *middling {
		t.Errorf("%d of %d are proven, with few devices all can be", exact, *middling)
	}
}
