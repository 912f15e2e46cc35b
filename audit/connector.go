package audit

import (
	"cmp"
	"slices"

	"calaudit/ingest"
)

// External connectors cover outsiders without counting them: one Standard
// connector for each server instance that outsiders reached, and one
// Enterprise connector on top where a use asks for Enterprise (licence model,
// section 6; licensing notes, section 4.2).

// connectorFamilies are the licences that belong to an instance, by CAL family.
var connectorFamilies = [...]string{"connector-standard", "connector-enterprise"}

// connectors is the alternative to CALs for the outsiders of one verdict.
type connectors struct {
	covered   []bool                // persons
	instances [2]map[string]Version // version of each instance, by connector family
}

// outsiders finds who could be covered by connectors: required outsiders, and
// the instances that they reached.
func (s *session) outsiders(v *verdicts, users []standing) *connectors {
	c := &connectors{covered: make([]bool, len(s.w.persons))}
	for f := range c.instances {
		c.instances[f] = map[string]Version{}
	}
	connected, beyond := s.in.Policy.connected(), map[int32]bool{}
	for i := range s.w.uses {
		if u := &s.w.uses[i]; v.decision(int32(i)).needs&^connected != 0 {
			beyond[u.user] = true // no connector is known for what the use asks for
		}
	}
	for i := range s.w.uses {
		u, d := &s.w.uses[i], v.decision(int32(i))
		if u.user < 0 || users[u.user].outcome != required || d.needs == 0 || !outsider(u.class) || beyond[u.user] {
			continue
		}
		c.covered[u.user] = true
		name := s.w.servers[u.server].name
		names := s.w.hosts.of(name)
		if len(names) == 0 {
			names = []string{name} // a pool without known hosts, or unknownInstance
		}
		for _, name := range names {
			version := cmp.Or(s.w.hosts.version(name), s.in.Policy.version)
			c.instances[0][name] = version
			if d.needs&^Standard != 0 {
				c.instances[1][name] = version
			}
		}
	}
	c.merge()
	return c
}

// merge makes one instance of a host that has no entry in the estate and was
// reached by its full name and without the domain. Which of several domains the
// short name means is not told: a connector on any of them does.
func (c *connectors) merge() {
	for short, long := range fullNames(c.instances[0]) {
		version, enterprise := c.instances[1][short]
		delete(c.instances[0], short)
		delete(c.instances[1], short)
		if enterprise && !slices.ContainsFunc(long, func(name string) bool { _, is := c.instances[1][name]; return is }) {
			c.instances[1][long[0]] = version
		}
	}
}

func outsider(class ingest.Class) bool {
	switch class {
	case ingest.Guest, ingest.Anonymous, ingest.Federated, ingest.PublicIM:
		return true
	}
	return false
}

// connected is what the policy has connectors for: none from 2013 on.
func (p *Policy) connected() (e Editions) {
	for i, family := range families {
		if slices.Contains(p.Connectors, family) {
			e |= 1 << i
		}
	}
	return e
}

// offered reports whether the licensee owns connectors or has a price for them,
// and the policy knows them.
func (s *session) offered() bool {
	if len(s.in.Policy.Connectors) == 0 {
		return false
	}
	for _, r := range rightsOf(s.in.Owned) {
		for _, family := range r.families {
			for _, c := range connectorFamilies {
				if family == c && (r.of.Quantity > 0 || r.of.Priced) {
					return true
				}
			}
		}
	}
	return false
}

// enter puts the connectors into a ledger.
func (c *connectors) enter(l *ledger) {
	for f, instances := range c.instances {
		for _, v := range instances {
			put(l.need, stockKey{connectorFamilies[f], "server"}, v, 1)
		}
	}
}

// cost is what the missing licences cost, in the unit of Entitlement.UnitPrice.
func (m *market) cost(rows []Position, owned []Entitlement) (sum int64) {
	for i := range rows {
		if p := &rows[i]; p.Shortfall > 0 {
			sum += int64(p.Shortfall) * m.price(p, owned)
		}
	}
	return sum
}

// costs writes beside each row what is missing there would cost, and what to buy
// for that where it is another CAL: a newer one that has a lower price.
func (m *market) costs(rows []Position, owned []Entitlement) {
	for i := range rows {
		p := &rows[i]
		if p.Shortfall > 0 && pricedAnywhere(owned, p.License) {
			unit := m.price(p, owned)
			p.Cost = money(int64(p.Shortfall) * unit)
			p.BuyLicense, p.BuyVersion = m.instead(p, owned, unit)
		}
	}
}

// instead is the newer CAL that has the price which a row is bought at, where its
// own CAL costs more: of the oldest name, in the oldest version that the price
// stands beside.
func (m *market) instead(p *Position, owned []Entitlement, unit int64) (name, version string) {
	l, err := license(p.License)
	own, wrong := ParseVersion(p.Version)
	if err != nil || wrong != nil || !slices.Contains(families[:], l.Grants[0]) || price(owned, p.License, p.Metric) <= unit {
		return "", ""
	}
	for v := own + 1; v <= newest(); v++ {
		name := m.names.name(l.Grants[0], v)
		if price(owned, name, p.Metric) != unit {
			continue
		}
		stated := Version(0)
		for i := range owned {
			if e := &owned[i]; e.Priced && e.License == name && e.UnitPrice == unit && e.Version >= v && (stated == 0 || e.Version < stated) {
				stated = e.Version
			}
		}
		return name, cmp.Or(stated, v).String()
	}
	return "", ""
}

// price is that of one licence of a row. A newer CAL serves, so none costs more
// than a newer one.
func (m *market) price(p *Position, owned []Entitlement) int64 {
	l, err := license(p.License)
	if err == nil && len(l.Grants) > 0 {
		f, metric := slices.Index(families[:], l.Grants[0]), slices.Index(metricNames[:], p.Metric)
		if v, err := ParseVersion(p.Version); f >= 0 && metric >= 0 && err == nil {
			return m.prices[metric][f][v]
		}
	}
	return price(owned, p.License, p.Metric)
}

// price is the highest unit price given for the licence in this metric, else
// in any, else for the same family under the label of another generation, else 1.
func price(owned []Entitlement, name, metric string) int64 {
	best := [4]int64{-1, -1, -1, -1} // by name and metric, by name, by family and metric, by family
	for i := range owned {
		e := &owned[i]
		if !e.Priced || !sameFamily(e.License, name) {
			continue
		}
		for k, fits := range [...]bool{e.License == name && e.Metric == metric, e.License == name, e.Metric == metric, true} {
			if fits {
				best[k] = max(best[k], e.UnitPrice)
			}
		}
	}
	for _, p := range best {
		if p >= 0 {
			return p
		}
	}
	return 1000
}

func sameFamily(a, b string) bool {
	x, err := license(a)
	if err != nil {
		return false
	}
	y, err := license(b)
	return err == nil && len(x.Grants) == 1 && len(y.Grants) == 1 && x.Grants[0] == y.Grants[0] &&
		len(x.Holds) == 0 && len(y.Holds) == 0 // an Office suite costs what Office costs
}
