package audit

import (
	"slices"
	"strings"
)

// serverFamilies are the server licences of all products. Only Office
// Communications Server was sold in editions of their own.
var serverFamilies = []string{"lcs-server", "server-standard", "server-enterprise", "server"}

// serverLicense is the name that a policy's server licence bears in a
// generation: the policy is written for one product, its hosts may run others.
func serverLicense(name, edition string, v Version) string {
	own, err := license(name)
	if err != nil || v == 0 || len(own.Grants) != 1 || !slices.Contains(serverFamilies, own.Grants[0]) {
		return name
	}
	product := catalogue().Releases[v-1].Product
	if own.Product == product {
		return name
	}
	found := name
	for _, l := range catalogue().Licenses {
		if l.Product != product || len(l.Grants) != 1 || !slices.Contains(serverFamilies, l.Grants[0]) {
			continue
		}
		if found == name || strings.HasSuffix(l.Name, "-"+edition) {
			found = l.Name
		}
	}
	return found
}

// servesServer reports whether server licences of one family are good for
// hosts that need another, provided that they are not older than these. What
// Software Assurance made of a licence, and what a newer one may be run as, is
// often another product. Lacking editions become no Enterprise Edition by
// upgrade: nothing says that one was paid for.
func servesServer(have, need string) bool {
	switch {
	case have == need:
		return true
	case have == "lcs-server":
		return need == "server-standard" || need == "server"
	case have == "server" || have == "server-standard" || have == "server-enterprise":
		return need == "lcs-server" || need == "server" || have == "server"
	}
	return false
}

// crossServers fills what server licences lack from what is left of those of
// other families: newer needs first, each from the oldest version that serves it.
func crossServers(rows map[stockKey]map[Version]*Position, left map[stockKey]map[Version]int) {
	newest := newest()
	for v := newest; v > 0; v-- {
		for _, need := range serverFamilies {
			row := rows[stockKey{need, "server"}][v]
			if row == nil || row.Shortfall == 0 {
				continue
			}
			for x := v; x <= newest; x++ {
				for _, have := range serverFamilies {
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
