package audit

import "calaudit/ingest"

// UsageKey is what facts must agree in to be one usage, peers apart.
type UsageKey struct {
	User, Device, Endpoint, Client, Server ingest.ID
	Activity                               ingest.Activity
	Class                                  ingest.Class
	Untold, PeerPSTN                       bool
}

// KeyOf is the key of a fact.
func KeyOf(x *ingest.Fact) UsageKey {
	return UsageKey{User: x.User, Device: x.Device, Endpoint: x.Endpoint, Client: x.Client, Server: x.Server,
		Activity: x.Activity, Class: x.Class, Untold: x.Untold, PeerPSTN: x.PeerPSTN}
}
