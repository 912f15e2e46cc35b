package audit

import (
	"slices"
	"strings"
	"sync"

	"calaudit/ingest"
)

// publicDomains are the domains of the public IM networks of the time.
var publicDomains = sync.OnceValue(func() map[string]bool {
	data, err := embedded.ReadFile("policy/public-im.txt")
	if err != nil {
		panic(err) // part of the program
	}
	domains := map[string]bool{}
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			domains[line] = true
		}
	}
	return domains
})

// anonymousDomain marks identities made for one join of a meeting.
const anonymousDomain = "anonymous.invalid"

// precedence decides between the identities of one person, and between
// classes that sources state for one identity.
var precedence = []ingest.Class{ingest.Hosted, ingest.Guest, ingest.Application, ingest.Federated,
	ingest.PublicIM, ingest.Anonymous, ingest.PSTN}

// classifier finds the class of persons: the rules of the licence model,
// section 2, in their order.
type classifier struct {
	c            *caster
	applications map[string]bool
	guests       map[string]bool
	guestDomains map[string]bool
	devices      map[string]bool // identities that the estate says are devices
	domains      map[string]bool // the organisation's own
}

func newClassifier(c *caster) *classifier {
	e := c.in.Estate
	k := &classifier{c: c, applications: setOf(e.Applications), guests: setOf(e.Guests),
		guestDomains: setOf(e.GuestDomains), devices: map[string]bool{}, domains: setOf(e.SIPDomains)}
	for _, d := range e.Devices {
		if d.Identity != "" {
			k.devices[d.Identity] = true
		}
	}
	if len(e.SIPDomains) == 0 {
		for i := range c.in.Accounts {
			if d := ingest.Domain(c.in.Accounts[i].Entry.Primary); d != "" {
				k.domains[d] = true
			}
		}
	}
	return k
}

func setOf(list []string) map[string]bool {
	set := map[string]bool{}
	for _, s := range list {
		set[s] = true
	}
	return set
}

// person returns the class, and marks the person as a device (device = 0, to
// be numbered later) when estate or directory say so.
func (k *classifier) person(p *person) ingest.Class {
	has := func(set map[string]bool) bool {
		return slices.ContainsFunc(p.idents, func(id string) bool { return set[id] })
	}
	switch { // rule 1
	case has(k.applications):
		return ingest.Application
	case k.guest(p):
		return ingest.Guest
	case has(k.devices) || slices.ContainsFunc(p.accounts, func(a *Account) bool { return a.Entry.Phone != "" }):
		p.device = 0
		return ingest.Hosted
	}
	var directory map[string]ingest.Class // rule 2
	if len(p.accounts) > 0 {
		directory = map[string]ingest.Class{}
	}
	for _, a := range p.accounts {
		class := ingest.NoClass
		switch {
		case a.Entry.App:
			class = ingest.Application
		case a.active():
			class = ingest.Hosted
		default:
			continue
		}
		ids := a.addresses()
		if a.active() && a.Entry.Line164 != "" {
			ids = append(ids, a.Entry.Line164)
		}
		for _, id := range ids {
			if directory[id] != ingest.Hosted {
				directory[id] = class
			}
		}
	}
	// That some account was authenticated is a sign-in: what the directory and
	// the records say of the person goes before it.
	best, account, told := len(precedence), len(precedence), false
	for _, id := range p.idents {
		class, said := k.identity(p, id, directory[id])
		at := slices.Index(precedence, class)
		if ingest.IsAccount(id) && !said {
			account = min(account, at)
			continue
		}
		best, told = min(best, at), told || said
	}
	if !told {
		best = min(best, account)
	}
	return precedence[best]
}

// guest tells whether the estate calls the person an outsider with an account.
func (k *classifier) guest(p *person) bool {
	return slices.ContainsFunc(p.idents, func(id string) bool { return k.guests[id] || k.guestDomains[ingest.Domain(id)] })
}

// identity applies rules 2 to 7 to one identity, and tells whether the
// directory or the records say so, which are rules 2 and 3.
func (k *classifier) identity(p *person, id string, directory ingest.Class) (class ingest.Class, said bool) {
	var f *identFacts
	if at := k.c.idents.ids[id]; int(at) < len(k.c.facts) && k.c.facts[at].uses > 0 {
		f = &k.c.facts[at]
	}
	stated := ingest.NoClass
	if f != nil {
		for i := len(precedence) - 1; i >= 0; i-- {
			if f.stated&(1<<precedence[i]) == 0 {
				continue
			}
			if stated != ingest.NoClass {
				k.c.conflict(id, "records state class %s and class %s: taken as %s", precedence[i], stated, precedence[i])
			}
			stated = precedence[i]
		}
		// A program that runs on servers and gateways has nobody behind it,
		// when the identity is never used by anything else.
		if stated == ingest.NoClass && f.unmanned > 0 && f.unmanned == f.uses && !ingest.IsNumber(id) {
			stated = ingest.Application
		}
		if directory != ingest.NoClass && f.stated&^(1<<directory) != 0 {
			k.c.conflict(id, "the directory says %s, records state another class: taken as %s", directory, directory)
		}
	}
	switch {
	case directory != ingest.NoClass:
		return directory, true
	case stated != ingest.NoClass:
		return stated, true
	case f != nil && f.signedIn, ingest.IsAccount(id):
		return ingest.Hosted, false
	case ingest.IsNumber(id):
		return ingest.PSTN, false
	}
	domain := ingest.Domain(id)
	switch {
	case k.domains[domain]:
		return ingest.Hosted, false
	case publicDomains()[domain]:
		return ingest.PublicIM, false
	case domain == anonymousDomain:
		return ingest.Anonymous, false
	}
	return ingest.Federated, false
}
