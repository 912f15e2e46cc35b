package report

import (
	"strings"

	"calaudit/audit"
)

// changedShown is how many subjects a table names; JSON has them all.
const changedShown = 20

// Supposed is a position beside the one that would be if something of the
// input were otherwise.
type Supposed struct {
	File     string
	Changes  []string // what is otherwise, in words
	Then     *audit.Report
	Subjects []Change // who is judged differently, before and after
}

// supposed is what JSON says of it, under the key what_if of the
// report as it is.
type supposed struct {
	*audit.Report
	WhatIf whatIf `json:"what_if"`
}

type whatIf struct {
	File       string             `json:"file"`
	Changes    []string           `json:"changes"`
	Policy     audit.PolicyRef    `json:"policy"`
	Assign     string             `json:"assign"`
	Mix        *audit.Mix         `json:"mix,omitempty"`
	Totals     audit.Totals       `json:"totals"`
	Position   []audit.Position   `json:"position"`
	Exemptions []audit.Exemption  `json:"exemptions"`
	Difference []positionBesideIt `json:"difference"` // one for each line of either position
	Changed    int                `json:"subjects_changed"`
	Subjects   []Change           `json:"subjects"`
}

// positionBesideIt is one line of the position as it is and as it would be.
type positionBesideIt struct {
	License string `json:"license"`
	Metric  string `json:"metric"`
	Version string `json:"version"`
	Now     lot    `json:"now"`
	Then    lot    `json:"then"`
	Change  Counts `json:"change"` // then less now
}

type lot struct {
	Counts
	Cost string `json:"cost,omitempty"`
}

// buy is what is missing costs: a shortfall without a price does not cost nothing.
func (l lot) buy() string {
	if l.Cost == "" && l.Shortfall > 0 {
		return "no price"
	}
	return orNone(l.Cost, "0")
}

// WhatIf sets the position beside the one that would be. Its CSV is both.
func WhatIf(r *audit.Report, c Supposed) Document {
	now, then := whole(r), whole(c.Then)
	rows := besides(now.Position, then.Position)
	c.Subjects = append([]Change{}, c.Subjects...)
	for i := range c.Subjects {
		c.Subjects[i].Before.Licenses = list(c.Subjects[i].Before.Licenses)
		c.Subjects[i].After.Licenses = list(c.Subjects[i].After.Licenses)
	}
	d := Document{Title: "Licence position as of " + r.AsOf + ", and what if", Value: supposed{now, whatIf{File: c.File, Changes: list(c.Changes), Policy: then.Policy,
		Assign: then.Assign, Mix: then.Mix, Totals: then.Totals, Position: then.Position, Exemptions: then.Exemptions, Difference: rows,
		Changed: len(c.Subjects), Subjects: c.Subjects}}}
	head := heading(r)
	would := verdict(c.Then)
	would.Name = "What if"
	head.Facts = append(head.Facts[:1], append([]Fact{would}, head.Facts[1:]...)...)
	otherwise := Grid{Title: "What if: " + c.File}
	otherwise.Notes = append(otherwise.Notes, c.Changes...)
	if c.Then.Mix != nil {
		otherwise.Notes = append(otherwise.Notes, "assigned then "+assigned(c.Then))
	}
	hashes := proof(r)
	d.Grids = []Grid{head, otherwise, beside(rows), outcomesBeside(r.Totals, c.Then.Totals), changedSubjects(c.Subjects), hashes}
	if len(hashes.Facts) == 0 {
		d.Grids = d.Grids[:5]
	}
	return d
}

// besides pairs the lines of two positions, in the order of the position.
func besides(now, then []audit.Position) []positionBesideIt {
	rows := []positionBesideIt{}
	counts := func(p audit.Position) lot {
		return lot{Counts{p.Required, p.Owned, p.Shortfall, p.Surplus}, p.Cost}
	}
	for len(now) > 0 || len(then) > 0 {
		var row positionBesideIt
		order := 0
		if len(now) > 0 && len(then) > 0 {
			order = comparePositions(now[0], then[0])
		} else if len(now) == 0 {
			order = 1
		} else {
			order = -1
		}
		p := audit.Position{}
		if order <= 0 {
			p, row.Now = now[0], counts(now[0])
			now = now[1:]
		}
		if order >= 0 {
			p, row.Then = then[0], counts(then[0])
			then = then[1:]
		}
		row.License, row.Metric, row.Version = p.License, p.Metric, p.Version
		a, b := row.Now, row.Then
		row.Change = Counts{b.Required - a.Required, b.Owned - a.Owned, b.Shortfall - a.Shortfall, b.Surplus - a.Surplus}
		rows = append(rows, row)
	}
	return rows
}

func comparePositions(a, b audit.Position) int {
	return strings.Compare(a.License+"\x00"+a.Metric+"\x00"+a.Version, b.License+"\x00"+b.Metric+"\x00"+b.Version)
}

func beside(rows []positionBesideIt) Grid {
	g := Grid{
		Title: "Position: as it is → as it would be",
		Main:  true,
		Empty: "Nothing is required and nothing is owned, in either case.",
		Columns: []Column{
			{Name: "Licence", Key: "license", Min: 16},
			{Name: "Metric", Key: "metric"},
			{Name: "Version", Key: "version"},
			{Name: "Required", Number: true},
			{Name: "Owned", Number: true, Drop: 1},
			{Name: "Shortfall", Number: true},
			{Name: "Change", Number: true},
			{Name: "To buy", Number: true, Drop: 2},
			{Key: "required", Number: true}, {Key: "owned", Number: true}, {Key: "shortfall", Number: true}, {Key: "surplus", Number: true}, {Key: "cost", Number: true},
			{Key: "then_required", Number: true}, {Key: "then_owned", Number: true}, {Key: "then_shortfall", Number: true}, {Key: "then_surplus", Number: true}, {Key: "then_cost", Number: true},
		},
	}
	if len(rows) > 0 {
		g.Notes = []string{"Change: of the shortfall."}
	}
	priced := false
	for _, r := range rows {
		a, b := r.Now, r.Then
		priced = priced || a.Cost != "" || b.Cost != ""
		buy := ""
		if a.Cost != "" || b.Cost != "" {
			buy = stepText(a.buy(), b.buy())
		}
		row := cells(r.License, r.Metric, r.Version, step(a.Required, b.Required), step(a.Owned, b.Owned), step(a.Shortfall, b.Shortfall), signed(r.Change.Shortfall), buy,
			number(a.Required), number(a.Owned), number(a.Shortfall), number(a.Surplus), a.Cost,
			number(b.Required), number(b.Owned), number(b.Shortfall), number(b.Surplus), b.Cost)
		switch {
		case r.Change.Shortfall > 0:
			row[6].Tone = Bad
		case r.Change.Shortfall < 0:
			row[6].Tone = Good
		}
		g.Rows = append(g.Rows, row)
	}
	if !priced {
		g.Columns[7].Name = "" // an empty column says nothing
	}
	return g
}

// stepText writes a text that may have changed.
func stepText(before, after string) string {
	if before == after {
		return after
	}
	return before + " → " + after
}

func outcomesBeside(now, then audit.Totals) Grid {
	g := Grid{
		Title: "Users and devices",
		Columns: []Column{
			{Name: "Who"},
			{Name: "Required", Number: true},
			{Name: "Exempt", Number: true},
			{Name: "Undetermined", Number: true},
		},
	}
	for _, t := range []struct {
		who  string
		a, b audit.Outcomes
	}{{"users", now.Users, then.Users}, {"devices", now.Devices, then.Devices}} {
		g.Rows = append(g.Rows, cells(t.who, step(t.a.Required, t.b.Required), step(t.a.Exempt, t.b.Exempt), step(t.a.Undetermined, t.b.Undetermined)))
	}
	return g
}

func changedSubjects(changes []Change) Grid {
	g := subjectChanges(changes)
	g.Main, g.Limit, g.More = false, changedShown, "see --format json"
	return g
}
