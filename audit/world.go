package audit

import (
	"calaudit/ingest"
)

// use is a usage in terms of who is who: what the rules and the demands need.
type use struct {
	owner        int32 // person of the identity
	user         int32 // the same, or -1 when that identity is a device
	device       int32 // -1 when not known
	class        ingest.Class
	activity     ingest.Activity
	peer         ingest.Class
	server       string
	version      Version // newest server version reached, 0 when not told
	untold       bool
	communicator bool // the client is licensed desktop software
	count        int
	first        int64
	last         int64
}

// world is the part of an audit that no reading changes.
type world struct {
	*cast
	hosts       *hosts
	uses        []use
	byOwner     [][]int32 // uses of each person
	serversSeen []string
	serverNamed map[string]bool
	clients     clients
}

func newWorld(in *Input) (*world, error) {
	w := &world{cast: casting(in), hosts: newHosts(in.Estate), serverNamed: map[string]bool{}}
	usages, err := w.usages(in)
	if err != nil {
		return nil, err
	}
	communicators := make([]bool, len(in.Names))
	versions := make([]Version, len(in.Names)) // by server
	for i, n := range in.Names {
		switch n.Kind {
		case ingest.ClientName:
			communicators[i] = ingest.IsCommunicator(n.Text)
		case ingest.ServerName:
			versions[i] = w.hosts.version(n.Text)
		}
	}
	w.uses = make([]use, 0, len(usages)+2*len(in.Accounts))
	for i := range usages {
		u := &usages[i]
		owner := w.personNamed[u.User]
		if owner < 0 {
			continue
		}
		server := in.Names[u.Server].Text
		w.noteServer(server, w.persons[owner].class)
		w.add(use{owner: owner, activity: u.Activity, server: server, version: versions[u.Server], untold: u.Untold,
			communicator: communicators[u.Client], peer: u.Peer, count: u.Count, first: u.First, last: u.Last,
			device: w.deviceOfUse(u)})
	}
	for i := range in.Accounts {
		a := &in.Accounts[i]
		id := accountID(a.Entry)
		if !a.active() || id == "" {
			continue
		}
		x := use{owner: w.personOf[id], device: -1, activity: ingest.IMIdentity, count: 1,
			first: ingest.Undated, last: ingest.Undated, server: a.Entry.Home, version: w.hosts.version(a.Entry.Home)}
		w.noteServer(a.Entry.Home, w.persons[x.owner].class)
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

// usages are those of the input, the calls apart by the class of the peer.
func (w *world) usages(in *Input) ([]Usage, error) {
	list := make([]Usage, 0, len(in.Usages))
	for i := range in.Usages {
		if !in.Usages[i].Activity.Call() {
			list = append(list, in.Usages[i])
		}
	}
	if len(list) == len(in.Usages) || in.Calls == nil {
		return list, nil
	}
	class := make([]ingest.Class, len(in.Names))
	for i, p := range w.personNamed {
		if p >= 0 {
			class[i] = w.persons[p].class
		}
	}
	calls, err := in.Calls(class)
	return append(list, calls...), err
}

// add completes a use. An identity that is a device has no user; where it was
// used on no known machine, it was used on the device that it is.
func (w *world) add(x use) {
	p := &w.persons[x.owner]
	x.class, x.user = p.class, x.owner
	if x.activity.Standing() {
		x.device = -1 // a state is on no machine, even where a row names one
	}
	if p.device >= 0 {
		x.user = -1
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
