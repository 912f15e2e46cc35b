package audit

import (
	"calaudit/ingest"
)

// The Communicator client is licensed like desktop software, per device; a use
// on no known device counts for its user. Web, mobile and phone clients need
// none. How a copy was licensed (alone, in an Office suite, by Software
// Assurance) shows in no log, so it is set against entitlements only when
// these name the client, and told in a note otherwise.

// clients is who ran the desktop client.
type clients struct {
	devices, users int
}

func (w *world) countClients() (c clients) {
	devices, users := make([]bool, len(w.devices)), make([]bool, len(w.persons))
	for i := range w.uses {
		u := &w.uses[i]
		switch {
		case !u.communicator || u.class != ingest.Hosted:
		case u.device >= 0:
			c.devices += bit(!devices[u.device])
			devices[u.device] = true
		case u.user >= 0:
			c.users += bit(!users[u.user])
			users[u.user] = true
		}
	}
	return c
}

// enter puts the clients into a ledger when entitlements name them.
func (c clients) enter(l *ledger, in *Input) {
	if !c.named(in.Owned) {
		return
	}
	for metric, n := range map[string]int{"device": c.devices, "user": c.users} {
		if n > 0 {
			put(l.need, stockKey{"client", metric}, in.Policy.version, n)
		}
	}
}

func (c clients) named(owned []Entitlement) bool {
	for i := range owned {
		if owned[i].License == "communicator-client" {
			return true
		}
	}
	return false
}
