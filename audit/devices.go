package audit

import (
	"maps"
	"slices"
	"strings"

	"calaudit/ingest"
)

// machines unifies device ids: endpoints with the machine a record puts them
// on, and everything that the estate or the directory says is one phone.
func (c *caster) machines() {
	ids := newInterned(len(c.in.Names) / 4)
	nodes := make([]int32, len(c.in.Names)) // by number of the name, -1 for those that are on no machine
	for i := range nodes {
		nodes[i] = -1
	}
	node := func(name ingest.ID) int32 {
		if nodes[name] < 0 && c.in.Names[name].Text != "" {
			nodes[name] = ids.id(c.in.Names[name].Text)
		}
		return nodes[name]
	}
	c.out.shared = c.sharedCards()
	for i := range c.usages {
		u := &c.usages[i]
		device, beside := c.out.machineOf(u)
		if c.named[u.User] < 0 || c.in.Names[device].Text == "" {
			continue
		}
		own := node(device)
		if c.in.Names[beside].Text != "" {
			ids.join(own, node(beside))
		}
	}
	c.instances(ids, nodes, node)
	phones := c.phones(ids)
	c.linkSeen(ids, phones)

	members, of := ids.groups()
	c.out.deviceOf = map[string]int32{}
	number := make([]int32, len(members)) // device of each group, -1 for bare endpoints
	for g, group := range members {
		number[g] = -1
		var d device
		var own []string
		for _, m := range group {
			d.ids = append(d.ids, ids.texts[m])
			if !isEndpoint(ids.texts[m]) {
				own = append(own, ids.texts[m])
			}
		}
		if len(own) == 0 {
			continue
		}
		slices.Sort(d.ids)
		d.id = canonicalDevice(own, c.in.Estate.Devices)
		number[g] = int32(len(c.out.devices))
		c.out.devices = append(c.out.devices, d)
		for _, id := range d.ids {
			c.out.deviceOf[id] = number[g]
		}
	}
	for p, node := range phones {
		c.out.persons[p].device = number[of[node]]
	}
	c.out.personNamed, c.out.deviceNamed = make([]int32, len(c.in.Names)), make([]int32, len(c.in.Names))
	for i, n := range c.in.Names {
		c.out.personNamed[i], c.out.deviceNamed[i] = -1, -1
		if c.named[i] >= 0 {
			c.out.personNamed[i] = c.member[c.named[i]]
		}
		if d, ok := c.out.deviceOf[n.Text]; ok && (n.Kind == ingest.DeviceName || n.Kind == ingest.EndpointName) {
			c.out.deviceNamed[i] = d
		}
	}
	c.deviceClasses()
}

// instances joins what names one endpoint: a plain row tells its epid, a trace
// or the call records the instance that the client derives of it. What no record
// puts on a machine stays alone.
func (c *caster) instances(ids *interned, nodes []int32, node func(ingest.ID) int32) {
	of := map[string]string{} // instance: the first of its epid
	same := map[string][]ingest.ID{}
	for i, n := range c.in.Names {
		if n.Kind != ingest.EndpointName {
			continue
		}
		if all := ingest.EpidInstances(n.Text); len(all) > 0 {
			same[all[0]] = append(same[all[0]], ingest.ID(i))
			for _, instance := range all {
				of[instance] = all[0]
			}
		}
	}
	if len(of) == 0 {
		return
	}
	for i, n := range c.in.Names {
		if n.Kind != ingest.EndpointName {
			continue
		}
		if first, ok := of[n.Text]; ok {
			same[first] = append(same[first], ingest.ID(i))
		}
	}
	for _, first := range slices.Sorted(maps.Keys(same)) {
		all := same[first]
		if !slices.ContainsFunc(all, func(id ingest.ID) bool { return nodes[id] >= 0 }) {
			continue
		}
		for _, id := range all[1:] {
			ids.join(node(all[0]), node(id))
		}
	}
}

// sharedCards are the network cards that machines of several names had: those of
// docking stations and the adapters of VPN programs, which all machines have
// alike. Such a card is no machine; the name beside it is.
func (c *caster) sharedCards() map[ingest.ID]bool {
	name, shared := map[ingest.ID]ingest.ID{}, map[ingest.ID]bool{}
	for i := range c.usages {
		u := &c.usages[i]
		if c.named[u.User] < 0 || u.Device == 0 || !strings.HasPrefix(c.in.Names[u.Endpoint].Text, "host:") {
			continue
		}
		if first, ok := name[u.Device]; !ok {
			name[u.Device] = u.Endpoint
		} else if first != u.Endpoint {
			shared[u.Device] = true
		}
	}
	return shared
}

// machineOf is the ids of the machine of a use: its own, and another one.
func (c *cast) machineOf(u *Usage) (device, beside ingest.ID) {
	if c.shared[u.Device] {
		return u.Endpoint, 0
	}
	return u.Device, u.Endpoint
}

func isEndpoint(id string) bool {
	return strings.HasPrefix(id, "uuid:") || strings.HasPrefix(id, "epid:")
}

// phones joins the ids of each person that is a device, and returns one of
// them for every such person.
func (c *caster) phones(ids *interned) map[int32]int32 {
	phones := map[int32]int32{}
	for i := range c.out.persons {
		p := &c.out.persons[i]
		if p.device < 0 {
			continue
		}
		for _, id := range p.idents {
			kind := "sip:"
			if ingest.IsNumber(id) {
				kind = "line:"
			}
			node := ids.id(kind + id)
			if first, ok := phones[int32(i)]; ok {
				ids.join(first, node)
			} else {
				phones[int32(i)] = node
			}
		}
	}
	for key, d := range c.in.Estate.Devices {
		if p, ok := c.out.personOf[d.Identity]; ok && c.out.persons[p].device >= 0 {
			ids.join(phones[p], ids.id(key))
		}
	}
	return phones
}

// linkSeen makes a phone and the one machine its identity was seen on one
// device, unless their ids contradict each other (two MAC addresses). A phone
// identity used on several machines stays apart from them: each of those needs
// a CAL, for it was used by nobody who holds one.
func (c *caster) linkSeen(ids *interned, phones map[int32]int32) {
	seen := map[int32]map[int32]bool{} // phone -> machines, as group members
	for i := range c.usages {
		u := &c.usages[i]
		ident := c.named[u.User]
		if ident < 0 || c.out.persons[c.member[ident]].device < 0 {
			continue
		}
		p := c.member[ident]
		device, beside := c.out.machineOf(u)
		for _, id := range []string{c.in.Names[device].Text, c.in.Names[beside].Text} {
			if node, ok := ids.ids[id]; ok && ids.find(node) != ids.find(phones[p]) {
				if seen[p] == nil {
					seen[p] = map[int32]bool{}
				}
				seen[p][ids.find(node)] = true
			}
		}
	}
	has := map[int32]map[string]bool{} // kinds of machine id in each group
	for node, id := range ids.texts {
		kind, _, _ := strings.Cut(id, ":")
		if kind == "mac" || kind == "host" {
			root := ids.find(int32(node))
			if has[root] == nil {
				has[root] = map[string]bool{}
			}
			has[root][kind] = true
		}
	}
	var links [][2]int32
	for p, machines := range seen {
		own := has[ids.find(phones[p])]
		clash := len(machines) > 1
		for m := range machines {
			for kind := range own {
				clash = clash || has[m][kind]
			}
			links = append(links, [2]int32{phones[p], m})
		}
		if clash {
			links = links[:len(links)-len(machines)]
			c.conflict(c.out.persons[p].id, "this identity is a device, but was used on other machines: each machine is counted")
		}
	}
	for _, l := range links {
		ids.join(l[0], l[1])
	}
}

// deviceClasses: the estate, else the directory, else what signed in there.
func (c *caster) deviceClasses() {
	devices := c.out.devices
	for i := range c.out.persons {
		p := &c.out.persons[i]
		if p.device < 0 {
			continue
		}
		for _, a := range p.accounts {
			if class := phoneClass(a.Entry.Phone); class != "" {
				if have := devices[p.device].class; have == "" || class < have {
					devices[p.device].class = class
				}
			}
		}
	}
	clients := make([]string, len(c.in.Names))
	for i, n := range c.in.Names {
		if n.Kind == ingest.ClientName {
			clients[i] = ingest.ClientKind(n.Text)
		}
	}
	kinds := make([]map[string]bool, len(devices))
	for i := range c.usages {
		u := &c.usages[i]
		d := c.out.deviceOfUse(u)
		if d < 0 || c.named[u.User] < 0 || u.Client == 0 {
			continue
		}
		if kinds[d] == nil {
			kinds[d] = map[string]bool{}
		}
		kinds[d][clients[u.Client]] = true
	}
	for i := range devices {
		d := &devices[i]
		for _, id := range d.ids { // sorted, so the choice is the same every time
			if class := c.in.Estate.Devices[id].Class; class != "" {
				d.class = class
				break
			}
		}
		if d.class == "" {
			d.class = seenClass(d.ids, kinds[i])
		}
	}
}

// phoneClass maps the directory's word to a device class. An analog device
// belongs to nobody in particular, like a phone in a common area.
func phoneClass(phone string) string {
	switch phone {
	case "":
		return ""
	case "room-system":
		return "room-system"
	}
	return "common-area-phone"
}

func seenClass(ids []string, kinds map[string]bool) string {
	has := func(kind string) bool {
		return slices.ContainsFunc(ids, func(id string) bool { return strings.HasPrefix(id, kind) })
	}
	switch {
	case kinds["phone"]:
		return "desk-phone"
	case kinds["mobile"]:
		return "mobile"
	case kinds["gateway"] || kinds["server"]:
		return "gateway"
	case kinds["desktop"] && (has("host:") || has("mac:")):
		return "computer"
	case has("mac:") && !has("host:"):
		return "desk-phone"
	}
	return "unknown"
}

// deviceOfUse finds the device of a usage, -1 when it has none of its own.
func (c *cast) deviceOfUse(u *Usage) int32 {
	device, beside := c.machineOf(u)
	if d := c.deviceNamed[device]; d >= 0 {
		return d
	}
	return c.deviceNamed[beside]
}
