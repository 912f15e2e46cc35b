package audit

import (
	"slices"

	"calaudit/ingest"
)

// use is a usage in terms of who is who: what the rules and the demands need.
// There may be millions, so it is small.
type use struct {
	owner       int32 // person of the identity
	user        int32 // the same, or -1 when that identity is a device
	device      int32 // -1 when not known
	server      int32 // number of its name
	count       uint32
	first, last uint32 // seconds since 1970, 0 for undated
	class       ingest.Class
	activity    ingest.Activity
	peer        ingest.Class
	version     Version // newest server version reached, 0 when not told
	manner      manner
	untold      bool
	client      Version // of the client where that is licensed desktop software, else 0
}

// server is a server as the evidence names it.
type server struct {
	name    string // "" when not told
	version Version
	own     bool // of the organisation: its people were there, or those who have no servers
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
	undated     int // facts
}

func newWorld(in *Input) (*world, error) {
	usages := in.Usages()
	w := &world{cast: casting(in, usages), hosts: newHosts(in.Estate, in.Pools), serverNamed: map[string]int32{}}
	communicators := make([]Version, len(in.Names))
	servers := make([]int32, len(in.Names))
	for i, n := range in.Names {
		switch n.Kind {
		case ingest.ClientName:
			communicators[i] = communicator(n.Text, in.Policy.version)
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
	for i := range usages {
		if u := &usages[i]; u.First == ingest.Undated {
			w.undated += u.Count
		}
	}
	apart := in.Calls != nil // calls come apart by the class of the peer
	if in.Once {
		in.Usages, in.Calls = nil, nil
	}
	lists := []usageList{{usages, func(u *Usage) bool { return !apart || !u.Activity.Call() }}, {calls, func(*Usage) bool { return true }}}
	w.fill(lists, 2*len(in.Accounts), func(u *Usage) use {
		return use{owner: w.personNamed[u.User], activity: u.Activity, server: servers[u.Server], untold: u.Untold, client: communicators[u.Client],
			manner: mannerOf(&u.UsageKey), peer: u.Peer, count: uint32(u.Count), first: secondsOf(u.First), last: secondsOf(u.Last), device: w.deviceOfUse(u)}
	})
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

// usageList is usages of which some count.
type usageList struct {
	list   []Usage
	counts func(*Usage) bool
}

// fill makes uses of usages, on all cores, and leaves room for some more.
func (w *world) fill(lists []usageList, more int, of func(*Usage) use) {
	const together = 4096
	type part struct {
		usageList
		at int // of its first use
	}
	var parts []part
	for _, l := range lists {
		for list := range slices.Chunk(l.list, together) {
			parts = append(parts, part{usageList: usageList{list, l.counts}})
		}
	}
	each := func(p *part, call func(u *Usage)) {
		for i := range p.list {
			if u := &p.list[i]; w.personNamed[u.User] >= 0 && p.counts(u) && w.crew(w.personNamed[u.User]) == nil {
				call(u)
			}
		}
	}
	OnCores(len(parts), 1, func(i int) { each(&parts[i], func(*Usage) { parts[i].at++ }) })
	total := 0
	for i := range parts {
		n := parts[i].at
		parts[i].at = total
		total += n
	}
	w.uses = make([]use, total, total+more)
	OnCores(len(parts), 1, func(i int) {
		at := parts[i].at
		each(&parts[i], func(u *Usage) {
			w.uses[at] = w.complete(of(u))
			at++
		})
	})
	for i := range w.uses {
		w.seen(&w.uses[i])
	}
	if len(w.crews) == 0 {
		return
	}
	for _, l := range lists {
		for i := range l.list {
			if u := &l.list[i]; w.personNamed[u.User] >= 0 && l.counts(u) && w.crew(w.personNamed[u.User]) != nil {
				w.add(of(u))
			}
		}
	}
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

// add takes a use of an identity. One of a shared account is one of each of its
// people.
func (w *world) add(x use) {
	crew := w.crew(x.owner)
	if crew == nil {
		w.place(x)
		return
	}
	crew.records += int(x.count)
	for _, x.owner = range crew.people {
		w.place(x)
		x.untold = false // told once
	}
}

// crew are the people of a shared account, nil for other persons.
func (w *world) crew(owner int32) *crew {
	if c := w.crews[owner]; c != nil && len(c.people) > 0 {
		return c
	}
	return nil
}

// place adds one use of a person.
func (w *world) place(x use) {
	x = w.complete(x)
	w.seen(&x)
	w.uses = append(w.uses, x)
}

// seen notes where people of the organisation were, and those who have no servers
// of their own.
func (w *world) seen(x *use) {
	switch x.class {
	case ingest.Hosted, ingest.Guest, ingest.Application, ingest.Anonymous, ingest.PSTN:
		w.servers[x.server].own = true
	}
}

// complete says of a use what follows from who and where it was. An identity
// that is a device has no user; where it was used on no known machine, it was
// used on the device that it is.
func (w *world) complete(x use) use {
	p := &w.persons[x.owner]
	x.class, x.user = p.class, x.owner
	x.version = w.servers[x.server].version
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
	return x
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
