package audit

import (
	"slices"
	"strings"
)

// tie is by what an identity is its person's. Where there are several, the
// least of them counts.
type tie uint8

const (
	byNothing     tie = iota // it is the only one, or the one the person goes by
	byEstate                 // [aliases] of the estate
	byForest                 // the account of another forest that an entry stands for
	byDirectory              // address of the person's account
	byLine                   // number of the person's enabled account
	byPrevious               // address that the account had before
	byLogon                  // name that the person's account signs in with
	byAccountName            // the same by sAMAccountName alone, of whatever domain
	bySameText               // principal name of no account, taken for the SIP identity of that text
)

// TieWords are the ties as reports name them, in order; the last is of what
// the person goes by.
var TieWords = []string{"estate", "forest", "directory", "line", "previous", "logon", "account-name", "same-text", "id"}

func (t tie) String() string {
	if t == byNothing {
		return "id"
	}
	return TieWords[t-1]
}

// join makes one person of two identities; the second is tied to the first.
func (c *caster) join(owner, other string, by tie) {
	id := c.idents.id(other)
	c.idents.join(c.idents.id(owner), id)
	c.tie(id, by)
}

func (c *caster) tie(id int32, by tie) {
	for int(id) >= len(c.ties) {
		c.ties = append(c.ties, byNothing)
	}
	if have := c.ties[id]; have == byNothing || by < have {
		c.ties[id] = by
	}
}

// forests joins entries that stand for an account of another forest with that
// account, and those that stand for the same one. The identifier of an account
// is never given to another, so this is proof.
func (c *caster) forests() {
	c.stand = map[string]string{}
	groups := map[string][]string{} // identities by SID: of the account and of what stands for it
	for i := range c.in.Accounts {
		e := c.in.Accounts[i].Entry
		id := accountID(e)
		if id == "" {
			continue
		}
		if e.SID != "" {
			groups[e.SID] = append(groups[e.SID], id)
		}
		if e.Master != "" {
			groups[e.Master] = append(groups[e.Master], id)
			if have, ok := c.stand[e.Master]; !ok || id < have {
				c.stand[e.Master] = id
			}
		}
	}
	for sid := range c.stand {
		for _, id := range groups[sid] {
			if first := groups[sid][0]; id != first {
				c.join(first, id, byForest)
				c.tie(c.idents.id(first), byForest)
			}
		}
	}
}

// holder is the identity of an account of the directory: its own, or that of
// what stands for it in another forest; empty when it has none.
func (c *caster) holder(a *Account) string {
	if id := accountID(a.Entry); id != "" || a.Entry.SID == "" {
		return id
	}
	return c.stand[a.Entry.SID]
}

// merges says what was made one person: of everybody who was met under several
// names, and of shared accounts.
func (w *world) merges() *People {
	r := &People{By: map[string]int{}, Merged: []Merged{}, Shared: []SharedAccount{}}
	at := 0
	for g := range w.persons {
		p := &w.persons[g]
		ties, met := w.ties[at:at+len(p.idents)], w.met[at:at+len(p.idents)]
		at += len(p.idents)
		if crew := w.crews[int32(g)]; p.device >= 0 || crew != nil && len(crew.people) > 0 && !slices.Contains(crew.people, int32(g)) {
			continue // no user
		}
		names := 0
		for i := range met {
			names += bit(met[i] > 0)
		}
		r.Names += names
		r.Persons += bit(names > 0)
		if names < 2 {
			continue
		}
		r.MergedPersons++
		m := Merged{Person: p.id, Names: []MergedName{}}
		for i, id := range p.idents {
			t := ties[i]
			if id == p.id {
				t = byNothing
			}
			if met[i] == 0 {
				continue
			}
			if t != byNothing {
				r.By[t.String()]++
			}
			m.Names = append(m.Names, MergedName{ID: id, By: t.String(), Records: int(met[i])})
		}
		r.Merged = append(r.Merged, m)
		if len(r.Merged) > 2*mergedShown {
			r.cut()
		}
	}
	r.cut()
	for _, crew := range w.crews {
		r.Shared = append(r.Shared, w.sharedAccount(crew))
	}
	slices.SortFunc(r.Shared, func(a, b SharedAccount) int { return strings.Compare(a.Account, b.Account) })
	return r
}

// cut keeps the first persons: the subjects of the run have all of them.
func (r *People) cut() {
	slices.SortFunc(r.Merged, func(a, b Merged) int { return strings.Compare(a.Person, b.Person) })
	r.Merged = r.Merged[:min(len(r.Merged), mergedShown)]
}

const mergedShown = 50

// beginnings is where the identities of each person begin in ties and met.
func (c *cast) beginnings() []int32 {
	at := make([]int32, len(c.persons)+1)
	for i := range c.persons {
		at[i+1] = at[i] + int32(len(c.persons[i].idents))
	}
	return at
}

// known writes how a user is known: parallel to the identities, by what each is
// his, and how many records were met under each, where there are several.
func known(p *person, ties []tie, met []uint32) (by []string, records []int) {
	if len(p.idents) < 2 {
		return nil, nil
	}
	names := 0
	for i, id := range p.idents {
		t := ties[i]
		if id == p.id {
			t = byNothing
		}
		by = append(by, t.String())
		records = append(records, int(met[i]))
		names += bit(met[i] > 0)
	}
	if names < 2 {
		records = nil
	}
	return by, records
}
