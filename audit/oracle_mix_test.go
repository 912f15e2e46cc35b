package audit

import (
	"maps"
	"slices"
	"sort"
	"strings"
)

// The naive recomputation of who holds what and of what must be bought: every
// choice is tried, and every way to give bundles away.

// oPurchase is what must be bought.
type oPurchase struct{ cost, short, aged int }

func (p oPurchase) before(o oPurchase) bool {
	return p.cost < o.cost || p.cost == o.cost && (p.short < o.short || p.short == o.short && p.aged < o.aged)
}

// oGrants are the holders of one metric, as versions of S and E.
func oGrants(holds map[string]map[string]int, kind map[string]string, metric string) (list [][2]int) {
	for id, g := range holds {
		if kind[id] == metric {
			list = append(list, [2]int{g["S"], g["E"]})
		}
	}
	return list
}

// buy is what must be bought for the holders of one metric: when the parts of
// bundles may go to different holders, and when both go to one.
func (w *oWorld) buy(holders [][2]int, metric string) (split, whole oPurchase) {
	var single [2][]int
	var suites []int
	for _, o := range w.owned {
		for range o.quantity {
			if o.metric != metric {
				continue
			}
			switch v := oVersion(o.version); oFamily(o.license) {
			case "S":
				single[0] = append(single[0], v)
			case "E":
				single[1] = append(single[1], v)
			case "SE":
				suites = append(suites, v)
			}
		}
	}
	price := func(need [][2]int, single [2][]int) (p oPurchase) {
		for f, family := range []string{"S", "E"} {
			units := slices.Sorted(slices.Values(single[f]))
			var wants []int
			for _, g := range need {
				wants = append(wants, g[f])
			}
			sort.Sort(sort.Reverse(sort.IntSlice(wants)))
			for _, v := range wants {
				if v == 0 {
					continue
				}
				if i := slices.IndexFunc(units, func(u int) bool { return u >= v }); i >= 0 {
					units = slices.Delete(units, i, i+1)
				} else {
					p.cost += w.price(family, metric, v)
					p.short++
					p.aged += v
				}
			}
		}
		return p
	}
	taken := [2][]int{slices.Concat(single[0], suites), slices.Concat(single[1], suites)}
	split = price(holders, taken)
	whole = price(holders, single)
	var give func(i int, need [][2]int)
	give = func(i int, need [][2]int) {
		if whole == split {
			return
		}
		if p := price(need, single); p.before(whole) {
			whole = p
		}
		if i == len(suites) {
			return
		}
		give(i+1, need)
		for h, g := range need {
			if slices.Contains(need[:h], g) {
				continue
			}
			rest := slices.Clone(need)
			for f, v := range g {
				if v <= suites[i] {
					rest[h][f] = 0
				}
			}
			if rest[h] != g {
				give(i+1, rest)
			}
		}
	}
	give(0, holders)
	return split, whole
}

// mix tries every choice of a side for the open demands and keeps the best, by
// cost, CALs, device CALs, sum of versions, and then the one in which the first
// user, or else device, by id holds more.
func (w *oWorld) mix(open []oDemand, holds map[string]map[string]int, kind map[string]string) {
	var best map[string]map[string]int
	var value []int
	for choice := range 1 << len(open) {
		h := map[string]map[string]int{}
		for id, g := range holds {
			h[id] = maps.Clone(g)
		}
		for i, d := range open {
			id := d.user
			if choice>>i&1 != 0 {
				id = d.device
			}
			if h[id] == nil {
				h[id] = map[string]int{}
			}
			for _, family := range strings.Split(d.editions, "") {
				h[id][family] = max(h[id][family], d.version)
			}
		}
		_, users := w.buy(oGrants(h, kind, "user"), "user")
		_, devices := w.buy(oGrants(h, kind, "device"), "device")
		v := []int{users.cost + devices.cost, 0, 0, 0}
		for id, g := range h {
			for _, x := range g {
				v[1]++
				v[2] += bit(kind[id] == "device")
				v[3] += x
			}
		}
		for _, metric := range []string{"user", "device"} {
			for _, id := range slices.Sorted(maps.Keys(kind)) {
				if kind[id] == metric {
					v = append(v, -h[id]["S"], -h[id]["E"])
				}
			}
		}
		if best == nil || slices.Compare(v, value) < 0 {
			best, value = h, v
		}
	}
	clear(holds)
	maps.Copy(holds, best)
}
