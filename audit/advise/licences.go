package advise

import (
	"fmt"
	"slices"

	"calaudit/audit"
)

// The External Connectors of the catalogue. There were none before and none
// after.
var connectorLicences = []string{"ocs-external-connector-standard", "ocs-external-connector-enterprise"}

// connector sets External Connectors against the CALs of outsiders.
func (a *adviser) connector() (*Proposal, error) {
	p := proposal(Connector)
	taken := connectorRows(a.base)
	p.InPosition = len(taken) > 0
	before, after := a.asIs(), a.asIs()
	var err error
	if p.InPosition {
		without := a.in
		without.Owned = slices.DeleteFunc(slices.Clone(a.in.Owned), func(e audit.Entitlement) bool { return audit.Connects(e.License) })
		before, err = a.again(&without)
	} else {
		with := a.in
		with.Owned = slices.Clone(a.in.Owned)
		var connectors []audit.Entitlement
		releases := audit.Releases()
		newest, wrong := audit.ParseVersion(releases[len(releases)-1].Version)
		if wrong != nil {
			return nil, wrong
		}
		for _, name := range connectorLicences {
			connectors = append(connectors, audit.Entitlement{License: name, Metric: "server", Version: newest, Quantity: len(a.in.Names) + len(a.in.Estate.Servers) + 1})
		}
		with.Owned = append(with.Owned, connectors...)
		after, err = a.again(&with)
		if err == nil {
			taken = connectorRows(after.Model)
		}
		if len(taken) > 0 {
			a.plan.connect = connectors
		}
	}
	if err != nil {
		return nil, err
	}
	if len(taken) == 0 {
		p.Note = "no outsider needs a CAL that connectors could replace"
		if len(a.in.Policy.Connectors) == 0 {
			p.Note = "the policy knows no External Connectors"
		}
		return a.nothing(p), nil
	}
	a.saved(p, before, after, audit.ForPeople)
	for _, row := range taken {
		p.Count += row.Required
		p.Items = append(p.Items, Item{ID: row.License, Kind: "license", Metric: row.Metric, Version: row.Version, Quantity: row.Required, Licenses: []string{}})
	}
	if !p.InPosition {
		p.Spend = a.spend(taken)
	}
	p.sort()
	return p, nil
}

// spend is what the connectors cost that are not owned, when all have a price.
func (a *adviser) spend(taken []audit.Position) string {
	stock := map[string]int{}
	for i := range a.in.Owned {
		if e := &a.in.Owned[i]; audit.Connects(e.License) {
			stock[e.License] += e.Quantity
		}
	}
	sum := int64(0)
	for i := range taken {
		row := &taken[i]
		price, known := a.base.UnitPrice(row)
		if !known {
			return ""
		}
		use := min(stock[row.License], row.Required)
		stock[row.License] -= use
		sum += price * int64(row.Required-use)
	}
	return money(sum)
}

func connectorRows(m *audit.Model) (rows []audit.Position) {
	for _, row := range m.Position() {
		if row.Required > 0 && audit.Connects(row.License) {
			rows = append(rows, row)
		}
	}
	return rows
}

// assurance are the entitlements that would serve a line that is short, had
// they been under Software Assurance when its version came out.
func (a *adviser) assurance() (*Proposal, error) {
	p := proposal(Assurance)
	released := map[string]string{}
	for _, r := range audit.Releases() {
		released[r.Version] = r.Date
	}
	position := a.base.Position()
	slices.SortStableFunc(position, func(x, y audit.Position) int { return -cmpVersions(x.Version, y.Version) })
	var which []int
	until := map[int]string{}
	for i := range a.in.Owned {
		e := &a.in.Owned[i]
		if e.Quantity == 0 {
			continue
		}
		serves := audit.Serves(a.in.Owned, i)
		for k := range position {
			row := &position[k]
			date := released[row.Version]
			if row.Shortfall == 0 || serves(row) || e.SAFrom > date {
				continue
			}
			assured := slices.Clone(a.in.Owned)
			assured[i].SAUntil = max(e.SAUntil, date)
			if !audit.Serves(assured, i)(row) {
				continue
			}
			which = append(which, i)
			until[i] = assured[i].SAUntil
			p.Items = append(p.Items, Item{ID: e.License, Kind: "license", Metric: e.Metric, Version: e.Version.String(), Quantity: e.Quantity,
				Needed: date, Covers: row.Version, File: e.File, Line: e.Line, Licenses: []string{}})
			break
		}
	}
	p.Count = len(p.Items)
	if p.Count == 0 {
		return a.nothing(p), nil
	}
	assured := func(which []int) *audit.Input {
		in := a.in
		in.Owned = slices.Clone(a.in.Owned)
		for _, i := range which {
			in.Owned[i].SAUntil = until[i]
		}
		return &in
	}
	a.plan.assure = until
	after, err := a.again(assured(which))
	if err != nil {
		return nil, err
	}
	a.saved(p, a.asIs(), after, audit.Whole)
	shapes := make([]string, len(which))
	for k, i := range which {
		e := a.in.Owned[i]
		shapes[k] = fmt.Sprint(e.License, " ", e.Metric, " ", e.Version, " ", e.Quantity, " ", e.SAFrom, " ", e.SAUntil, " ", until[i])
	}
	err = a.alone(p, shapes, a.base, audit.Whole, func(k int) *audit.Input { return assured(which[k : k+1]) })
	p.sort()
	return p, err
}

func cmpVersions(x, y string) int {
	a, err := audit.ParseVersion(x)
	b, wrong := audit.ParseVersion(y)
	if err != nil || wrong != nil {
		return 0 // the catalogue's own words
	}
	return int(a) - int(b)
}
