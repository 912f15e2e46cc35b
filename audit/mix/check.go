package mix

import (
	"fmt"
	"slices"
)

// Check proves an answer against the question, in the plainest way and with
// nothing of what found it: every demand is met, and cost and numbers are what
// the answer says.
func Check(e *Estate, x *Mix) error {
	if len(x.Users) != e.Users || len(x.Devices) != e.Devices {
		return fmt.Errorf("%d users and %d devices in a mix for %d and %d", len(x.Users), len(x.Devices), e.Users, e.Devices)
	}
	for _, d := range e.Demands {
		if !(d.User >= 0 && covers(x.Users[d.User], d)) && !(d.Device >= 0 && covers(x.Devices[d.Device], d)) {
			return fmt.Errorf("nobody holds the CALs for a use by user %d on device %d (families %b, version %d)", d.User, d.Device, d.Families, d.Version)
		}
	}
	var got Value
	need := map[[3]int]int{} // by metric, family and version
	holding := map[Metric]map[Grant]int{User: {}, Device: {}}
	for m, grants := range map[Metric][]Grant{User: x.Users, Device: x.Devices} {
		for i, g := range grants {
			for f, v := range g {
				if v == 0 {
					continue
				}
				if g[0] == 0 {
					return fmt.Errorf("holder %d of metric %d has family %d without the first", i, m, f)
				}
				got.CALs++
				got.Steps += int(v)
				if m == Device {
					got.DeviceCALs++
				}
				need[[3]int{int(m), f, int(v)}]++
			}
			holding[m][g]++
		}
	}
	// The bundles: no more than there are, each to a holder of its own.
	given := make([]int, len(e.Stock))
	for _, b := range x.Gifts {
		o := e.Stock[b.Stock]
		if given[b.Stock] += b.Count; b.Count < 0 || given[b.Stock] > o.Quantity {
			return fmt.Errorf("%d bundles of stock line %d given, %d owned", given[b.Stock], b.Stock, o.Quantity)
		}
		if holding[o.Metric][b.Lacks] -= b.Count; holding[o.Metric][b.Lacks] < 0 {
			return fmt.Errorf("more bundles of stock line %d given than holders who lack %v", b.Stock, b.Lacks)
		}
		lacks := b.Lacks
		for f, v := range b.Lacks {
			if o.Families>>f&1 != 0 && v > 0 && v <= o.Version {
				need[[3]int{int(o.Metric), f, int(v)}] -= b.Count
				lacks[f] = 0
			}
		}
		holding[o.Metric][lacks] += b.Count
	}
	// A bundle of which holders need two parts is of use by being given only.
	wanted := map[[2]int]bool{}
	for k := range need {
		wanted[[2]int{k[0], k[1]}] = true
	}
	bundled := func(o Stock) bool {
		parts := 0
		for f := range Families {
			if o.Families>>f&1 != 0 && wanted[[2]int{int(o.Metric), f}] {
				parts++
			}
		}
		return parts > 1
	}
	for m := range x.Short {
		for f := range x.Short[m] {
			// Single licences, the newest need first, from the oldest that serves.
			var have []Stock
			for i, o := range e.Stock {
				if int(o.Metric) == m && o.Families>>f&1 != 0 && !bundled(o) {
					o.Quantity -= given[i]
					have = append(have, o)
				}
			}
			slices.SortFunc(have, func(a, b Stock) int { return int(a.Version) - int(b.Version) })
			for v := MaxVersion; v > 0; v-- {
				missing := need[[3]int{m, f, v}]
				for i := range have {
					if int(have[i].Version) >= v {
						n := min(missing, have[i].Quantity)
						missing -= n
						have[i].Quantity -= n
					}
				}
				if missing != x.Short[m][f][v] {
					return fmt.Errorf("%d CALs missing of metric %d, family %d, version %d, reported %d", missing, m, f, v, x.Short[m][f][v])
				}
				got.Cost += int64(missing) * slices.Min(e.Prices[m][f][v:])
			}
		}
	}
	if got != x.Value {
		return fmt.Errorf("the mix is %+v, reported %+v", got, x.Value)
	}
	if x.Least > x.Cost {
		return fmt.Errorf("cost %d is below its lower bound %d", x.Cost, x.Least)
	}
	return nil
}

// covers: all families, each of the version or newer, the first always.
func covers(g Grant, d Demand) bool {
	for f, v := range g {
		if (d.Families>>f&1 != 0 || f == 0) && v < d.Version {
			return false
		}
	}
	return true
}
