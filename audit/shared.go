package audit

import (
	"maps"
	"slices"
	"strings"

	"calaudit/ingest"
)

// Licences count people and not the names they sign in with (licensing notes,
// section 1, rule C8): an account that three people share takes what three
// people take. Who they are stands in no export, so the estate tells it. Such an
// account is one more account of each of its people: what was done with it, and
// what the directory says of it, counts for every one of them, and it is no
// subject itself. A CAL of the device it was used on covers them all.

// crew is the people of one shared account.
type crew struct {
	account int32 // the person that the account would be
	people  []int32
	records int    // met under the account, directory facts included
	refused string // why its people are not counted in its place
}

// share finds the people of the estate's shared accounts, and gives them the
// class of the account where that is more than their own.
func (c *caster) share() {
	shared := c.in.Estate.Shared
	if len(shared) == 0 {
		return
	}
	c.out.crews = map[int32]*crew{}
	keys := slices.Sorted(maps.Keys(shared))
	for _, key := range keys {
		g := c.out.personOf[key]
		if c.out.crews[g] == nil {
			c.out.crews[g] = &crew{account: g}
		}
	}
	for _, key := range keys {
		x := c.out.crews[c.out.personOf[key]]
		account := &c.out.persons[x.account]
		if account.device >= 0 {
			x.refused = "device"
			c.conflict(key, "the estate names its people, the directory says it is a device: counted as a device, whose CAL covers them")
			continue
		}
		for _, name := range shared[key] {
			g := c.out.personOf[name]
			switch p := &c.out.persons[g]; {
			case slices.Contains(x.people, g):
			case p.device >= 0:
				c.conflict(key, "%s is among its people and is a device: not counted for it", name)
			case g != x.account && c.out.crews[g] != nil:
				c.conflict(key, "%s is among its people and is a shared account itself, under another name: not counted for it", name)
			default:
				x.people = append(x.people, g)
			}
		}
		if len(x.people) == 0 {
			x.refused = "nobody"
		} else if account.class == ingest.Application {
			c.conflict(key, "the estate names its people, another source says that nobody is behind it: its people are counted as hosted users")
			account.class = ingest.Hosted
		}
	}
	for _, x := range c.out.crews {
		slices.SortFunc(x.people, func(a, b int32) int { return strings.Compare(c.out.persons[a].id, c.out.persons[b].id) })
	}
	c.inherit()
	// Whoever may still sign in with a shared account is not gone.
	for _, account := range slices.Sorted(maps.Keys(c.out.crews)) {
		for _, g := range c.out.crews[account].people {
			if p := &c.out.persons[g]; g != account && (len(p.accounts) > 0 || !c.seen(p)) {
				p.accounts = slices.Concat(p.accounts, c.out.persons[account].accounts)
			}
		}
	}
}

// inherit gives people the class of their accounts. Somebody of whom nothing else
// is known is what the account is; for anybody else the class that comes first
// counts. Whom the estate calls a guest stays one.
func (c *caster) inherit() {
	classes := map[int32][]ingest.Class{}
	for account, x := range c.out.crews {
		for _, g := range x.people {
			if g != account {
				classes[g] = append(classes[g], c.out.persons[account].class)
			}
		}
	}
	names, found := newClassifier(c), map[int32]ingest.Class{}
	for g, list := range classes {
		p := &c.out.persons[g]
		if names.guest(p) {
			continue
		}
		if len(p.accounts) > 0 || c.seen(p) {
			list = append(list, p.class)
		}
		found[g] = slices.MinFunc(list, func(a, b ingest.Class) int { return slices.Index(precedence, a) - slices.Index(precedence, b) })
	}
	for g, class := range found { // no account is among another's people, so the order is without influence
		c.out.persons[g].class = class
	}
}

// seen tells whether anything was met under a name of the person.
func (c *caster) seen(p *person) bool {
	return slices.ContainsFunc(p.idents, func(text string) bool {
		id := c.idents.ids[text]
		return int(id) < len(c.facts) && c.facts[id].uses > 0
	})
}

// sharedAccount is what the report says of one.
func (w *world) sharedAccount(x *crew) SharedAccount {
	p := &w.persons[x.account]
	a := SharedAccount{Account: p.id, Names: p.idents, People: []string{}, Records: x.records, State: "counted"}
	for _, g := range x.people {
		a.People = append(a.People, w.persons[g].id)
	}
	switch {
	case x.refused != "":
		a.State = x.refused
	case x.records == 0:
		a.State = "unused"
	}
	return a
}

// sharing lists the shared accounts of each person, by id.
func (w *world) sharing() map[int32][]string {
	of := map[int32][]string{}
	for account, x := range w.crews {
		for _, g := range x.people {
			if g != account && x.records > 0 {
				of[g] = append(of[g], w.persons[account].id)
			}
		}
	}
	for _, list := range of {
		slices.Sort(list)
	}
	return of
}
