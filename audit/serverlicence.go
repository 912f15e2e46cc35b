package audit

import (
	"slices"
	"sync"
)

// serverFamilies are the families of server licence, of all products, in the
// order of the catalogue.
var serverFamilies = sync.OnceValue(func() (list []string) {
	for _, l := range catalogue().Licenses {
		if len(l.Serves) > 0 && !slices.Contains(list, l.Grants[0]) {
			list = append(list, l.Grants[0])
		}
	}
	return list
})

// serverLicense is the name that a policy's server licence bears in a
// generation: the policy is written for one product, its hosts may run others.
func serverLicense(name, edition string, v Version) string {
	own, err := license(name)
	if err != nil || v == 0 || len(own.Serves) == 0 {
		return name
	}
	product := catalogue().Releases[v-1].Product
	if own.Product == product {
		return name
	}
	found := name
	for _, l := range catalogue().Licenses {
		if l.Product == product && len(l.Serves) > 0 && (found == name || l.Edition == edition) {
			found = l.Name
		}
	}
	return found
}

// servesServer reports whether server licences of one family are good for
// hosts that need another, as the catalogue says.
func servesServer(have, need string) bool {
	return have == need || slices.ContainsFunc(catalogue().Licenses, func(l License) bool {
		return len(l.Grants) > 0 && l.Grants[0] == have && slices.Contains(l.Serves, need)
	})
}

// crossServers fills what server licences lack from what is left of those of
// other families: newer needs first, each from the oldest version that serves it.
func crossServers(rows map[stockKey]map[Version]*Position, left map[stockKey]map[Version]int) {
	newest := newest()
	for v := newest; v > 0; v-- {
		for _, need := range serverFamilies() {
			row := rows[stockKey{need, "server"}][v]
			if row == nil || row.Shortfall == 0 {
				continue
			}
			for x := v; x <= newest; x++ {
				for _, have := range serverFamilies() {
					stock := left[stockKey{have, "server"}]
					if have == need || stock[x] == 0 || !servesServer(have, need) {
						continue
					}
					n := min(row.Shortfall, stock[x])
					stock[x] -= n
					row.Owned += n
					row.Shortfall -= n
				}
			}
		}
	}
}
