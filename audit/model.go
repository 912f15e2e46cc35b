package audit

import (
	"cmp"
	"slices"

	"calaudit/ingest"
)

// Model is an audit that can be looked into, for those who change its input and
// run it again: who is who, what each use asks for, and what it all comes to.
// Unlike Run it writes no subjects out and answers no question the other way
// unless it is asked to, which makes it several times as fast.
type Model struct {
	s        *session
	readings map[string]string
	chosen   *result
}

// NewModel audits the input under the readings in force.
func NewModel(in *Input) (*Model, error) {
	s, _, err := newSession(in)
	if err != nil {
		return nil, err
	}
	m := &Model{s: s, readings: s.readingsInForce()}
	m.chosen, err = s.answer(m.readings)
	s.chosen = m.chosen
	return m, err
}

// Readings is the answer taken to each question.
func (m *Model) Readings() map[string]string { return m.readings }

// Figures is what an audit comes to, to be compared with another.
type Figures struct {
	CALs     int   // required of users and devices, all families
	Missing  int   // of these, and of the other licences that were asked for
	Cost     int64 // of the missing that have a price, in thousandths of the currency's unit
	Unpriced int   // of the missing: those that have none
	Proven   bool  // no assignment is cheaper
}

// Less is what is saved by coming to o instead.
func (f Figures) Less(o Figures) Figures {
	return Figures{f.CALs - o.CALs, f.Missing - o.Missing, f.Cost - o.Cost, f.Unpriced - o.Unpriced, f.Proven && o.Proven}
}

// Scope says which licences Figures are about.
type Scope uint8

const (
	ForPeople Scope = iota // CALs and External Connectors: what follows from who does what
	Whole                  // every line of the position
	scopes
)

// Figures is what the audit comes to under the readings in force.
func (m *Model) Figures(of Scope) Figures { return m.figures(m.chosen, of) }

func (m *Model) figures(r *result, of Scope) (f Figures) {
	for i := range r.positions {
		p := &r.positions[i]
		l, err := license(p.License)
		if err != nil {
			continue // rows bear names of the catalogue
		}
		cal := slices.Contains(families[:], l.Grants[0])
		if cal {
			f.CALs += p.Required
		}
		if !cal && of == ForPeople && !slices.Contains(connectorFamilies[:], l.Grants[0]) {
			continue
		}
		f.Missing += p.Shortfall
		if pricedAnywhere(m.s.in.Owned, p.License) {
			f.Cost += int64(p.Shortfall) * m.s.market.price(p, m.s.in.Owned)
		} else {
			f.Unpriced += p.Shortfall
		}
	}
	f.Proven = m.s.in.Assign != "optimal" || r.mix.Optimal()
	return f
}

// Position is the effective licence position under the readings in force.
func (m *Model) Position() []Position {
	rows := slices.Clone(m.chosen.positions)
	m.s.market.costs(rows, m.s.in.Owned)
	return rows
}

// Undetermined is how many subjects no rule decides.
func (m *Model) Undetermined() (n int) {
	for _, side := range []struct {
		present []bool
		all     []standing
	}{{m.s.present.users, m.chosen.users}, {m.s.present.devices, m.chosen.devices}} {
		for i, is := range side.present {
			n += bit(is && side.all[i].outcome == undetermined)
		}
	}
	return n
}

// Alternative is what an audit comes to when one question is answered the other
// way.
type Alternative struct {
	Question, Answer string
	figures          [scopes]Figures
}

// Figures is what it comes to then.
func (a *Alternative) Figures(of Scope) Figures { return a.figures[of] }

// Alternatives answers one question after the other the other way, by question.
func (m *Model) Alternatives() ([]Alternative, error) {
	var all []Alternative
	for question, chosen := range m.readings {
		all = append(all, Alternative{Question: question, Answer: otherAnswer(chosen)})
	}
	slices.SortFunc(all, func(a, b Alternative) int { return cmp.Compare(a.Question, b.Question) })
	return all, AtATime(len(all), 4, func(i int) error {
		changed := map[string]string{all[i].Question: all[i].Answer}
		for q, a := range m.readings {
			if q != all[i].Question {
				changed[q] = a
			}
		}
		r, err := m.s.answer(changed)
		for of := range scopes {
			if err == nil {
				all[i].figures[of] = m.figures(r, of)
			}
		}
		return err
	})
}

func otherAnswer(chosen string) string {
	if chosen == "strict" {
		return "lenient"
	}
	return "strict"
}

// Party is one person of a model.
type Party struct {
	ID, Name  string
	Class     ingest.Class
	Idents    []string // every identity of the person, sorted
	Accounts  []*Account
	Subject   bool     // a user with a fact that counts; identities that are devices are none
	Required  bool     // holds CALs, or is covered by those of somebody else
	Exempted  bool     // by the estate
	Device    bool     // the identity is a device and no user
	Connected bool     // covered by External Connectors
	Idle      bool     // nothing but states, such as an enabled account, is known
	States    Editions // what the states ask for
	Licenses  []string
	Versions  []string
}

// Parties lists the persons of the model by their numbers, subjects or not.
func (m *Model) Parties() []Party {
	names := labels{m.s.in.Policy.Licenses}
	all := make([]Party, len(m.s.w.persons))
	for i := range all {
		p, x := &m.s.w.persons[i], &m.chosen.users[i]
		_, exempted := m.s.out.users[int32(i)]
		all[i] = Party{ID: p.id, Device: p.device >= 0, Name: p.name, Class: p.class, Idents: p.idents, Accounts: p.accounts,
			Subject: m.s.present.users[i], Exempted: exempted, Connected: x.coveredBy == "external-connector",
			Required: x.grant != Grant{} || x.coveredBy != "", Idle: m.s.w.dormant(int32(i))}
		all[i].Licenses, all[i].Versions = names.held(x.grant)
		for _, u := range m.s.w.byOwner[i] {
			if m.s.w.uses[u].activity.Standing() {
				all[i].States |= m.chosen.decision(u).needs
			}
		}
	}
	return all
}

// Machine is one device of a model.
type Machine struct {
	ID, Class string
	Licenses  []string // held
	Versions  []string
}

// Machines lists the devices of the model by their numbers.
func (m *Model) Machines() []Machine {
	names := labels{m.s.in.Policy.Licenses}
	all := make([]Machine, len(m.s.w.devices))
	for i := range all {
		d := &m.s.w.devices[i]
		all[i] = Machine{ID: d.id, Class: d.class}
		all[i].Licenses, all[i].Versions = names.held(m.chosen.devices[i].grant)
	}
	return all
}

// Demands are those of everybody, in whatever order, by numbers of parties and
// machines, whoever may be covered by connectors.
func (m *Model) Demands() []Demand { return m.chosen.demands(nil) }

// Whose is the number of the party of a usage, -1 for none; of a shared account it
// is that of the account.
func (m *Model) Whose(u *Usage) int { return int(m.s.w.personNamed[u.User]) }

// Shared lists, by the numbers of parties, the people of each shared account in
// whose place they count.
func (m *Model) Shared() map[int][]int {
	all := map[int][]int{}
	for account, x := range m.s.w.crews {
		for _, g := range x.people {
			all[int(account)] = append(all[int(account)], int(g))
		}
	}
	return all
}

// Machine is the number of the machine of a usage, -1 for none.
func (m *Model) Machine(u *Usage) int { return int(m.s.w.deviceOfUse(u)) }

// Docked reports a usage with a network card that machines of several names had.
func (m *Model) Docked(u *Usage) bool { return m.s.w.shared[u.Device] }

// Asks is what a usage asks of one of the people behind it, under the readings in
// force: the policy's word, whoever may be exempt for other reasons. Of calls it
// takes those of Input.Calls, which tell the class of the peer.
func (m *Model) Asks(u *Usage, party int) Editions {
	person := &m.s.w.persons[party]
	k := ruleCase{person.class, u.Activity, u.Peer, mannerOf(&u.UsageKey)}
	if person.device >= 0 && m.s.w.devices[person.device].class == roomSystem {
		k.manner |= inRoom
	}
	return m.chosen.rules[k.cell()].needs
}

// Classes is the class of each name of the input, as Input.Calls takes it.
func (m *Model) Classes() []ingest.Class { return m.s.w.classes(m.s.in) }

// pricedAnywhere reports a licence whose family has a price.
func pricedAnywhere(owned []Entitlement, name string) bool {
	return slices.ContainsFunc(owned, func(e Entitlement) bool { return e.Priced && sameFamily(e.License, name) })
}

// Connects reports a licence of External Connectors.
func Connects(name string) bool {
	l, err := license(name)
	return err == nil && len(l.Grants) > 0 && slices.Contains(connectorFamilies[:], l.Grants[0])
}

// UnitPrice is the price of one licence in thousandths of the currency's unit,
// as the cheapest mix takes it; false when none is given for its family.
func (m *Model) UnitPrice(p *Position) (int64, bool) {
	return m.s.market.price(p, m.s.in.Owned), pricedAnywhere(m.s.in.Owned, p.License)
}

// Serves tells, of one of the entitlements, which lines of a position it is good
// for, as it was bought or by what came to it.
func Serves(owned []Entitlement, i int) func(p *Position) bool {
	var rights []right
	for _, r := range rightsOf(owned) {
		if r.of == &owned[i] {
			rights = append(rights, r)
		}
	}
	return func(p *Position) bool {
		need, err := license(p.License)
		v, wrong := ParseVersion(p.Version)
		return err == nil && wrong == nil && owned[i].Metric == p.Metric && slices.ContainsFunc(rights, func(r right) bool {
			return r.version >= v && slices.ContainsFunc(r.families, func(f string) bool {
				return f == need.Grants[0] || p.Metric == "server" && servesServer(f, need.Grants[0])
			})
		})
	}
}
