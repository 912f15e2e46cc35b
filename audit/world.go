package audit

import (
	"calaudit/ingest"
)

// use is a usage in terms of who is who: what the rules and the demands need.
// There may be millions, so it is small.
type use struct {
	owner        int32 // person of the identity
	user         int32 // the same, or -1 when that identity is a device
	device       int32 // -1 when not known
	server       int32 // number of its name
	count        uint32
	first, last  uint32 // seconds since 1970, 0 for undated
	class        ingest.Class
	activity     ingest.Activity
	peer         ingest.Class
	version      Version // newest server version reached, 0 when not told
	manner       manner
	untold       bool
	communicator bool // the client is licensed desktop software
}

// server is a server as the evidence names it.
type server struct {
	name    string // "" when not told
	version Version
	own     bool // people of the organisation were there
}

// world is the part of an audit that no reading changes.
type world struct {
	*cast
	hosts       *hosts
	uses        []use
	byOwner     [][]int32 // uses of each person
	servers     []server  // by number
	serverNamed map[string]int32
	clients     clients
}

func newWorld(in *Input) (*world, error) {
	w := &world{cast: casting(in), hosts: newHosts(in.Estate), serverNamed: map[string]int32{}}
	communicators := make([]bool, len(in.Names))
	servers := make([]int32, len(in.Names))
	for i, n := range in.Names {
		switch n.Kind {
		case ingest.ClientName:
			communicators[i] = ingest.IsCommunicator(n.Text)
		case ingest.ServerName:
			servers[i] = w.server(n.Text)
		default:
			servers[i] = w.server("")
		}
	}
	calls, err := w.calls(in)
	if err != nil {
		return nil, err
	}
	w.uses = make([]use, 0, len(in.Usages)+len(calls)+2*len(in.Accounts))
	for part, list := range [][]Usage{in.Usages, calls} {
		for i := range list {
			u := &list[i]
			owner := w.personNamed[u.User]
			if owner < 0 || part == 0 && in.Calls != nil && u.Activity.Call() {
				continue
			}
			w.add(use{owner: owner, activity: u.Activity, server: servers[u.Server], untold: u.Untold, communicator: communicators[u.Client],
				manner: mannerOf(&u.UsageKey), peer: u.Peer, count: uint32(u.Count), first: secondsOf(u.First), last: secondsOf(u.Last), device: w.deviceOfUse(u)})
		}
	}
	for i := range in.Accounts {
		a := &in.Accounts[i]
		id := accountID(a.Entry)
		if !a.active() || id == "" {
			continue
		}
		x := use{owner: w.personOf[id], device: -1, activity: ingest.IMIdentity, count: 1, server: w.server(a.Entry.Home)}
		w.add(x)
		if a.Entry.Voice {
			x.activity = ingest.VoiceExtension
			w.add(x)
		}
	}
	w.byOwner = grouped(len(w.persons), len(w.uses), func(i int) int32 { return w.uses[i].owner })
	w.clients = w.countClients()
	return w, nil
}

// grouped lists, for each of n groups, the members that belong to it; a group
// below 0 is none.
func grouped(groups, members int, of func(i int) int32) [][]int32 {
	ends := make([]int32, groups)
	total := int32(0)
	for i := range members {
		if g := of(i); g >= 0 {
			ends[g]++
			total++
		}
	}
	all, lists := make([]int32, total), make([][]int32, groups)
	at := int32(0)
	for g, n := range ends {
		lists[g] = all[at : at : at+n]
		at += n
	}
	for i := range members {
		if g := of(i); g >= 0 {
			lists[g] = append(lists[g], int32(i))
		}
	}
	return lists
}

// secondsOf is a time of a usage in a use.
func secondsOf(ms int64) uint32 {
	if ms == ingest.Undated {
		return 0
	}
	return uint32(ms / 1000)
}

// server numbers a server by its name.
func (w *world) server(name string) int32 {
	n, ok := w.serverNamed[name]
	if !ok {
		n = int32(len(w.servers))
		w.serverNamed[name] = n
		w.servers = append(w.servers, server{name: name, version: w.hosts.version(name)})
	}
	return n
}

// calls are those of the input, apart by the class of the peer.
func (w *world) calls(in *Input) ([]Usage, error) {
	if in.Calls == nil {
		return nil, nil
	}
	return in.Calls(w.classes(in))
}

// classes is the class of each name.
func (w *world) classes(in *Input) []ingest.Class {
	class := make([]ingest.Class, len(in.Names))
	for i, p := range w.personNamed {
		if p >= 0 {
			class[i] = w.persons[p].class
		}
	}
	return class
}

// add completes a use. An identity that is a device has no user; where it was
// used on no known machine, it was used on the device that it is.
func (w *world) add(x use) {
	p := &w.persons[x.owner]
	x.class, x.user = p.class, x.owner
	x.version = w.servers[x.server].version
	switch x.class {
	case ingest.Hosted, ingest.Guest, ingest.Application:
		w.servers[x.server].own = true
	}
	if x.activity.Standing() {
		x.device = -1 // a state is on no machine, even where a row names one
	}
	if p.device >= 0 {
		x.user = -1
		if w.devices[p.device].class == roomSystem {
			x.manner |= inRoom
		}
		if x.device < 0 {
			x.device = p.device
		}
	}
	w.uses = append(w.uses, x)
}

// dormant reports a person with standing facts and nothing else.
func (w *world) dormant(owner int32) bool {
	for _, i := range w.byOwner[owner] {
		if !w.uses[i].activity.Standing() {
			return false
		}
	}
	return true
}
