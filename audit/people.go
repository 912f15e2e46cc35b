package audit

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"calaudit/ingest"
)

// person is one human being, application or number: all identities that are
// one, with their class.
type person struct {
	id       string
	idents   []string // sorted
	class    ingest.Class
	device   int32 // the device that this identity is, or -1
	name     string
	accounts []*Account
}

// disabled reports a person whose account is gone or switched off.
func (p *person) disabled() bool {
	return len(p.accounts) > 0 && !slices.ContainsFunc(p.accounts, func(a *Account) bool { return a.Current && a.Entry.Enabled })
}

// device is one machine or phone, under all its ids.
type device struct {
	id    string
	ids   []string // sorted
	class string
}

// cast is who is who in one audit.
type cast struct {
	persons  []person
	devices  []device
	personOf map[string]int32
	deviceOf map[string]int32
	// The same by number of the name, -1 for none.
	personNamed, deviceNamed []int32
	shared                   map[ingest.ID]bool // network cards that are no machine, see sharedCards
	conflicts                []Conflict
	// By what each identity is its person's and how often it was met, person
	// after person in the order of their identities.
	ties       []tie
	met        []uint32
	crews      map[int32]*crew // people of shared accounts, by the person that is the account
	logonsUsed []logonBasis    // of the logon accounts seen in the window
}

// accountID is the identity that stands for an account: its primary address,
// else its least alias, else its line.
func accountID(e *ingest.Entry) string {
	if e.Primary != "" {
		return e.Primary
	}
	if len(e.Aliases) > 0 {
		return slices.Min(e.Aliases)
	}
	return e.Line164
}

// addresses lists what an account names its person by: the identity that
// stands for it, its aliases and what it was called before.
func (a *Account) addresses() []string {
	return slices.Concat([]string{accountID(a.Entry)}, a.Entry.Aliases, a.Previous)
}

// active reports an account that holds a hosted identity now.
func (a *Account) active() bool { return a.Current && a.Entry.Enabled }

// casting folds identities into persons and finds their classes.
func casting(in *Input, usages []Usage) *cast {
	c := &caster{in: in, usages: usages, idents: newInterned(len(in.Names) / 2)}
	c.observe()
	c.fold()
	c.group()
	c.share()
	c.machines()
	slices.SortFunc(c.out.conflicts, func(a, b Conflict) int {
		return cmp.Or(cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.What, b.What))
	})
	c.out.conflicts = slices.Compact(c.out.conflicts)
	out := c.out // a pointer into the caster would keep all of it
	return &out
}

// caster is the work in progress.
type caster struct {
	in     *Input
	usages []Usage
	idents *interned
	named  []int32      // identity by number of its name, -1 for other names
	facts  []identFacts // by identity; those that came later have none
	member []int32      // person of each identity
	ties   []tie        // by identity
	basis  map[string]logonBasis
	stand  map[string]string // stand-ins of accounts of other forests: identity by SID of the account
	out    cast

	telling sync.Mutex // over the conflicts
}

// identFacts is what the usages say about one identity.
type identFacts struct {
	stated   uint16 // set of classes
	signedIn bool
	uses     int
	met      uint32 // facts
	unmanned int    // usages by a server or gateway program
}

func (c *caster) conflict(subject, format string, args ...any) {
	c.telling.Lock()
	defer c.telling.Unlock()
	c.out.conflicts = append(c.out.conflicts, Conflict{Subject: subject, What: fmt.Sprintf(format, args...)})
}

// observe takes every user name for an identity: whoever is not seen doing
// anything may still be the peer of a call.
func (c *caster) observe() {
	c.named = make([]int32, len(c.in.Names))
	unmanned := make([]bool, len(c.in.Names)) // programs of servers and gateways
	for i, n := range c.in.Names {
		c.named[i] = -1
		switch {
		case n.Text == "":
		case n.Kind == ingest.UserName:
			c.named[i] = c.idents.id(n.Text)
		case n.Kind == ingest.ClientName:
			kind := ingest.ClientKind(n.Text)
			unmanned[i] = kind == "server" || kind == "gateway"
		}
	}
	c.facts = make([]identFacts, len(c.idents.texts))
	for i := range c.usages {
		u := &c.usages[i]
		id := c.named[u.User]
		if id < 0 {
			continue
		}
		f := &c.facts[id]
		f.uses++
		f.met += uint32(u.Count)
		if u.Class != ingest.NoClass {
			f.stated |= 1 << u.Class
		}
		f.signedIn = f.signedIn || u.Activity == ingest.IMLogin
		f.unmanned += bit(unmanned[u.Client])
	}
}

// fold joins the identities that one person owns: aliases of the estate and of
// the directory, previous addresses, and the lines of enabled accounts.
func (c *caster) fold() {
	e := c.in.Estate
	named := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(e.Aliases)) {
		for _, alias := range append([]string{key}, e.Aliases[key]...) {
			if other, ok := named[alias]; ok && other != key {
				c.conflict(alias, "the estate names it under %s and under %s: taken for one person", other, key)
			}
			named[alias] = key
			c.join(key, alias, byEstate)
		}
	}
	owners, lines := map[string][]string{}, map[string][]string{} // enabled accounts by alias and by line
	for i := range c.in.Accounts {
		a := &c.in.Accounts[i]
		id := accountID(a.Entry)
		if id == "" {
			continue
		}
		for _, alias := range a.addresses() {
			if a.active() {
				owners[alias] = append(owners[alias], id)
			}
			by := byDirectory
			if slices.Contains(a.Previous, alias) {
				by = byPrevious
			}
			c.join(id, alias, by)
		}
		if a.active() && a.Entry.Line164 != "" {
			lines[a.Entry.Line164] = append(lines[a.Entry.Line164], id)
		}
	}
	c.forests()
	for alias, ids := range owners {
		slices.Sort(ids)
		if ids = slices.Compact(ids); len(ids) > 1 {
			c.conflict(alias, "enabled accounts %s all name it: taken for one person", strings.Join(ids, ", "))
		}
	}
	// A line is no proof that two accounts are one person. Which accounts are
	// one is settled before, so that lines cannot decide it in passing.
	group := func(id string) int32 { return c.idents.find(c.idents.id(id)) }
	type claim struct{ line, owner string }
	var claims []claim
	for line, ids := range lines {
		slices.Sort(ids)
		if slices.ContainsFunc(ids, func(id string) bool { return group(id) != group(ids[0]) }) {
			c.conflict(line, "line of enabled accounts %s: counted for %s", strings.Join(slices.Compact(ids), ", "), ids[0])
		}
		claims = append(claims, claim{line, ids[0]})
	}
	for _, x := range claims {
		c.join(x.owner, x.line, byLine)
	}
	for _, d := range e.Devices {
		if d.Identity != "" {
			c.idents.id(d.Identity)
		}
	}
	for account, people := range e.Shared {
		c.idents.id(account)
		for _, person := range people {
			c.idents.id(person)
		}
	}
	c.logons()
	for id, f := range c.facts {
		if text := c.idents.texts[id]; f.uses > 0 && ingest.IsAccount(text) {
			c.out.logonsUsed = append(c.out.logonsUsed, c.basis[text])
		}
	}
}

// group makes persons of the folded identities and gives them id and class.
func (c *caster) group() {
	groups, member := c.idents.groups()
	c.member = member
	c.out.persons = make([]person, len(groups))
	c.out.personOf = make(map[string]int32, len(member))
	for text, id := range c.idents.ids {
		c.out.personOf[text] = member[id]
	}
	for i := range c.in.Accounts {
		a := &c.in.Accounts[i]
		if id := accountID(a.Entry); id != "" {
			p := &c.out.persons[c.out.personOf[id]]
			p.accounts = append(p.accounts, a)
		}
	}
	names := newClassifier(c)
	texts := make([]string, len(member))
	c.out.ties, c.out.met = make([]tie, len(member)), make([]uint32, len(member))
	at := make([]int, len(groups)+1) // where the identities of a person begin
	for g, ids := range groups {
		at[g+1] = at[g] + len(ids)
	}
	OnCores(len(groups), 512, func(g int) {
		p, ids, first, end := &c.out.persons[g], groups[g], at[g], at[g+1]
		slices.SortFunc(ids, func(a, b int32) int { return strings.Compare(c.idents.texts[a], c.idents.texts[b]) })
		for i, id := range ids {
			texts[first+i] = c.idents.texts[id]
			if int(id) < len(c.ties) {
				c.out.ties[first+i] = c.ties[id]
			}
			if int(id) < len(c.facts) {
				c.out.met[first+i] = c.facts[id].met
			}
		}
		p.device, p.idents = -1, texts[first:end:end]
		p.id, p.name = c.personID(p)
		p.class = names.person(p)
	})
}

// personID: the estate's key, else the directory's primary address (of an
// enabled account before one that is gone), else the least identity, of logon
// accounts only where there is nothing else. The name is that of the account.
func (c *caster) personID(p *person) (id, name string) {
	accounts := slices.Clone(p.accounts)
	slices.SortFunc(accounts, func(a, b *Account) int {
		return cmp.Or(bit(b.active())-bit(a.active()), cmp.Compare(a.Entry.Primary, b.Entry.Primary), cmp.Compare(a.Entry.Name, b.Entry.Name))
	})
	for _, a := range accounts {
		if a.Entry.Primary != "" {
			id = cmp.Or(id, a.Entry.Primary)
		}
		name = cmp.Or(name, a.Entry.Name)
	}
	for _, key := range p.idents {
		if _, ok := c.in.Estate.Aliases[key]; ok {
			return key, name
		}
	}
	if id == "" {
		id = p.idents[0]
		if i := slices.IndexFunc(p.idents, func(s string) bool { return !ingest.IsAccount(s) }); i >= 0 {
			id = p.idents[i] // an address says more than an account
		}
	}
	return id, name
}

// canonicalDevice picks the id of a device seen under several: the estate's
// key, else the first kind of id that tells most, else the least.
func canonicalDevice(ids []string, estate map[string]EstateDevice) string {
	rank := func(id string) int {
		if _, ok := estate[id]; ok {
			return 0
		}
		for i, kind := range []string{"mac:", "host:", "line:", "sip:"} {
			if strings.HasPrefix(id, kind) {
				return i + 1
			}
		}
		return 5
	}
	return slices.MinFunc(ids, func(a, b string) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b)) })
}
