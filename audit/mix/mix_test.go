package mix

import (
	"flag"
	"fmt"
	"math/rand"
	"slices"
	"testing"
)

// small draws an estate from few versions and editions, so that they collide:
// one-sided demands, both metrics short and in plenty, bundles, equal and
// unequal prices, some lower for newer versions.
func small(r *rand.Rand, users, devices, demands int) *Estate {
	e := &Estate{Users: 1 + r.Intn(users), Devices: 1 + r.Intn(devices)}
	versions, families := 1+r.Intn(3), 1+r.Intn(3)
	set := func() uint8 { return []uint8{1, 3, 7, 5, 2}[min(r.Intn(6), 2*families-2+r.Intn(2))%5] }
	for range 1 + r.Intn(demands) {
		d := Demand{int32(r.Intn(e.Users)), int32(r.Intn(e.Devices)), set(), uint8(1 + r.Intn(versions))}
		switch r.Intn(10) {
		case 0:
			d.Device = -1
		case 1:
			d.User = -1
		}
		e.Demands = append(e.Demands, d)
	}
	bundles := 0
	for range r.Intn(5) {
		s := Stock{Metric(r.Intn(2)), 1 << r.Intn(families), uint8(1 + r.Intn(versions)), r.Intn(4)}
		if r.Intn(3) == 0 && bundles < 2 {
			s.Families, s.Quantity = []uint8{3, 3, 7, 5}[r.Intn(4)], 1
			bundles++
		}
		e.Stock = append(e.Stock, s)
	}
	scale := 1 + r.Intn(9)
	for m := range e.Prices {
		for f := range e.Prices[m] {
			own := int64(r.Intn(scale) + r.Intn(2))
			for v := range e.Prices[m][f] {
				if r.Intn(3) == 0 {
					own = max(0, own+int64(r.Intn(4))-1)
				}
				e.Prices[m][f][v] = own
			}
		}
	}
	return e
}

// naive is the answer by trying everything: each demand charged to the one side
// or the other, each bundle given to this holder or that.
type naive struct {
	e     *Estate
	value Value
	hold  [][3]int // users, then devices
	found bool
}

func (n *naive) charge(i int, hold [][3]int) {
	if i < len(n.e.Demands) {
		d := n.e.Demands[i]
		for side, h := range []int32{d.User, d.Device} {
			if h < 0 {
				continue
			}
			at := int(h) + side*n.e.Users
			was := hold[at]
			for f := range 3 {
				if f == 0 || d.Families>>f&1 != 0 {
					hold[at][f] = max(hold[at][f], int(d.Version))
				}
			}
			n.charge(i+1, hold)
			hold[at] = was
		}
		return
	}
	var v Value
	for i, g := range hold {
		for _, x := range g {
			if x > 0 {
				v.CALs++
				v.Steps += x
				if i >= n.e.Users {
					v.DeviceCALs++
				}
			}
		}
	}
	v.Cost = int64(n.price(hold[:n.e.Users], 0) + n.price(hold[n.e.Users:], 1))
	c := v.Compare(n.value)
	if !n.found || c < 0 || c == 0 && slices.CompareFunc(hold, n.hold, func(a, b [3]int) int { return slices.Compare(b[:], a[:]) }) < 0 {
		n.value, n.hold, n.found = v, slices.Clone(hold), true
	}
}

// price tries every way to hand out the bundles of one metric, one by one.
func (n *naive) price(hold [][3]int, metric int) int {
	var bundles []Stock
	var single [3][]int
	for _, s := range n.e.Stock {
		if int(s.Metric) != metric {
			continue
		}
		for range s.Quantity {
			if s.Families&(s.Families-1) != 0 {
				bundles = append(bundles, s)
				continue
			}
			for f := range 3 {
				if s.Families>>f&1 != 0 {
					single[f] = append(single[f], int(s.Version))
				}
			}
		}
	}
	for f := range single {
		slices.Sort(single[f])
	}
	var need [3][]int
	for _, g := range hold {
		for f, v := range g {
			need[f] = append(need[f], v)
		}
	}
	var give func(i int) int
	give = func(i int) int {
		best := -1
		if i == len(bundles) {
			best = 0
			for f := range 3 {
				best += n.missing(need[f], single[f], metric, f)
			}
			return best
		}
		best = give(i + 1)
		for h := range hold {
			var was [3]int
			for f := range 3 {
				was[f] = need[f][h]
				if bundles[i].Families>>f&1 != 0 && need[f][h] <= int(bundles[i].Version) {
					need[f][h] = 0
				}
			}
			best = min(best, give(i+1))
			for f := range 3 {
				need[f][h] = was[f]
			}
		}
		return best
	}
	return give(0)
}

func (n *naive) missing(need, have []int, metric, family int) (cost int) {
	var used [64]bool
	for v := MaxVersion; v > 0; v-- {
		for _, x := range need {
			if x != v {
				continue
			}
			i := slices.IndexFunc(have, func(y int) bool { return y >= v })
			for ; i >= 0 && i < len(have) && used[i]; i++ {
			}
			if i >= 0 && i < len(have) {
				used[i] = true
			} else {
				cost += int(slices.Min(n.e.Prices[metric][family][v:]))
			}
		}
	}
	return cost
}

func compareWithNaive(t *testing.T, e *Estate, seed int, solve func(*Estate) *Mix) {
	t.Helper()
	n := naive{e: e}
	n.charge(0, make([][3]int, e.Users+e.Devices))
	x := solve(e)
	if err := Check(e, x); err != nil {
		t.Fatalf("seed %d: %v\n%+v", seed, err, e)
	}
	var hold [][3]int
	for _, g := range slices.Concat(x.Users, x.Devices) {
		hold = append(hold, [3]int{int(g[0]), int(g[1]), int(g[2])})
	}
	if !x.Exact || x.Least != x.Cost || x.Value != n.value || !slices.Equal(hold, n.hold) {
		t.Fatalf("seed %d: %s\ngot  %+v least %d exact %v %v\nwant %+v %v", seed, show(e), x.Value, x.Least, x.Exact, hold, n.value, n.hold)
	}
}

func show(e *Estate) string {
	return fmt.Sprintf("%d users, %d devices\ndemands %v\nstock %v\nprices %v", e.Users, e.Devices, e.Demands, e.Stock, e.Prices)
}

var estates = flag.Int("estates", 20000, "random estates to try everything for")

func TestTheCheapestMixIsWhatTryingEverythingFinds(t *testing.T) {
	for seed := range *estates {
		compareWithNaive(t, small(rand.New(rand.NewSource(int64(seed))), 5, 4, 9), seed, Solve)
	}
}

func TestTheCheapestMixOfLargerEstates(t *testing.T) {
	for seed := range 200 {
		compareWithNaive(t, small(rand.New(rand.NewSource(int64(seed))), 8, 6, 14), seed, Solve)
	}
}

// Bundles of every kind, several of each, and prices between nothing and nearly
// all that a price may be.
func TestTheCheapestMixOfBundlesAndOddPrices(t *testing.T) {
	for seed := range 1000 {
		r := rand.New(rand.NewSource(int64(seed)))
		e := small(r, 4, 3, 7)
		e.Stock = nil
		for range 1 + r.Intn(3) {
			e.Stock = append(e.Stock, Stock{Metric(r.Intn(2)), []uint8{3, 7, 5, 3, 1, 2, 4, 6}[r.Intn(8)], uint8(1 + r.Intn(3)), 1 + r.Intn(2)})
		}
		for m := range e.Prices {
			for f := range e.Prices[m] {
				for v := range e.Prices[m][f] {
					e.Prices[m][f][v] = []int64{0, 1, 1000, 999_999_999, 3}[r.Intn(5)]
				}
			}
		}
		compareWithNaive(t, e, seed, Solve)
	}
}
