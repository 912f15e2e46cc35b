package audit

import (
	"fmt"
	"slices"
	"strings"

	"calaudit/ingest"
)

// The Communicator client is licensed like desktop software, per device (no
// source was found that says so for this client: it is marked unverified); a use
// on no known device counts for its user. The user agent text tells the client
// and its generation. Web, mobile and phone clients need none. How a copy was
// licensed shows in no log, so it is set against entitlements only when these
// name the client, alone, in an Office suite or by what became of Live
// Communications Server, and told in a note otherwise.

// clients is who ran the desktop client, by the newest generation of it.
type clients struct {
	devices, users map[Version]int
}

// communicator is the generation of a licensed client, 0 for other programs. One
// that doesn't tell counts as the policy's.
func communicator(userAgent string, otherwise Version) Version {
	if !ingest.IsCommunicator(userAgent) {
		return 0
	}
	if v, err := ParseVersion(ingest.CommunicatorVersion(userAgent)); err == nil && v > 0 {
		return v
	}
	return otherwise
}

func (w *world) countClients() clients {
	devices, users := make([]Version, len(w.devices)), make([]Version, len(w.persons))
	for i := range w.uses {
		u := &w.uses[i]
		switch {
		case u.client == 0 || u.class != ingest.Hosted:
		case u.device >= 0:
			devices[u.device] = max(devices[u.device], u.client)
		case u.user >= 0:
			users[u.user] = max(users[u.user], u.client)
		}
	}
	tally := func(list []Version) map[Version]int {
		n := map[Version]int{}
		for _, v := range list {
			if v > 0 {
				n[v]++
			}
		}
		return n
	}
	return clients{tally(devices), tally(users)}
}

// enter puts the clients into a ledger when entitlements name them.
func (c clients) enter(l *ledger, in *Input) {
	if !c.named(in.Owned) {
		return
	}
	for metric, counts := range map[string]map[Version]int{"device": c.devices, "user": c.users} {
		for v, n := range counts {
			put(l.need, stockKey{"client", metric}, v, n)
		}
	}
}

// named tells whether the entitlements speak of the client.
func (c clients) named(owned []Entitlement) bool {
	for i := range owned {
		if l, err := license(owned[i].License); err == nil && slices.Contains(l.Grants, "client") {
			return true
		}
	}
	return slices.ContainsFunc(rightsOf(owned), func(r right) bool { return slices.Contains(r.families, "client") })
}

// note says what the clients' rows rest on.
func (c clients) note(owned []Entitlement) string {
	if len(c.devices)+len(c.users) == 0 {
		return ""
	}
	var parts []string
	for v := Version(1); v <= newest(); v++ {
		if d, u := c.devices[v], c.users[v]; d+u > 0 {
			parts = append(parts, fmt.Sprintf("%s on devices: %d, by users whose device is not known: %d", v, d, u))
		}
	}
	text := "Communicator desktop client, by user agent: " + strings.Join(parts, "; ") + "."
	if !c.named(owned) {
		return text + " Its licences are not counted because the entitlements do not name it."
	}
	return text + " That it is licensed per device is not verified."
}
