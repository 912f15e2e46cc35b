package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"calaudit/audit"
	"calaudit/audit/advise"
)

// adviceWords names the kinds of advice: what to do, and the items found.
var adviceWords = map[string]struct{ do, items string }{
	advise.Dormant:   {"Disable dormant accounts", "Dormant accounts"},
	advise.Rare:      {"Avoid rare events", "People who need more than Standard by a few events only"},
	advise.Shared:    {"License shared devices", "Shared devices to license instead of their users"},
	advise.Connector: {"External Connectors", "External Connectors in place of the CALs of outsiders"},
	advise.Assurance: {"Software Assurance", "Entitlements that Software Assurance would make good for a newer version"},
}

// Advice shows what would change the position. At most limit items of each kind
// are shown to people, 0 is all; JSON and CSV have them all. Its CSV is the items.
func Advice(a *advise.Advice, limit int) Document {
	d := Document{Title: "What would change the licence position as of " + a.AsOf, Value: wholeAdvice(a)}
	now := Grid{Facts: []Fact{{Name: "Now", Text: comesTo(a, a.Now)},
		{Name: "Window", Text: fmt.Sprintf("%s to %s (%s)", a.Window.From, a.Window.To, plural(a.Window.Days, "day", "days"))},
		{Name: "Policy", Text: underReadings(a.Policy)}, {Name: "Assigned", Text: a.Assign}}}
	if a.Subjects == 0 {
		now.Facts[0] = Fact{Name: "Now", Text: "nothing to audit: no evidence of any user or device in the window", Tone: Bad}
	}
	now.Main, now.Columns, now.Rows = true, adviceColumns, adviceRows(a)
	d.Grids = []Grid{now, proposals(a)}
	if g := otherwises(a); len(g.Rows) > 0 {
		d.Grids = append(d.Grids, g)
	}
	for i := range a.Proposals {
		if p := &a.Proposals[i]; len(p.Items) > 0 {
			g := items(a, p)
			g.Limit, g.More = limit, "use --limit 0"
			d.Grids = append(d.Grids, g)
		}
	}
	return d
}

func wholeAdvice(a *advise.Advice) *advise.Advice {
	c := *a
	if a.Together != nil {
		t := *a.Together
		t.Kinds, t.Readings = list(t.Kinds), list(t.Readings)
		c.Together = &t
	}
	c.Position, c.Proposals = list(a.Position), slices.Clone(list(a.Proposals))
	for i := range c.Proposals {
		p := &c.Proposals[i]
		p.Readings, p.Items = list(p.Readings), slices.Clone(list(p.Items))
		for k := range p.Items {
			p.Items[k].Licenses = list(p.Items[k].Licenses)
		}
	}
	return &c
}

// underReadings names a policy and the readings that are not strict.
func underReadings(p audit.PolicyRef) string {
	var lenient []string
	for q, answer := range p.Readings {
		if answer == "lenient" {
			lenient = append(lenient, q)
		}
	}
	slices.Sort(lenient)
	switch {
	case len(p.Readings) == 0:
		return p.Name
	case len(lenient) == 0:
		return p.Name + ", all readings strict"
	}
	return p.Name + ", readings strict except " + and(lenient)
}

// comesTo writes figures out.
func comesTo(a *advise.Advice, s advise.Sum) string {
	text := fmt.Sprintf("%s, %s to buy", plural(s.CALs, "CAL", "CALs"), grouped(s.Missing))
	if a.Priced {
		text += " for " + amount(a, s.Cost)
		if s.Unpriced != 0 {
			text += fmt.Sprintf(", %s of them without a price", grouped(s.Unpriced))
		}
	}
	return text + "; server licences and clients apart"
}

// amount writes money with its currency, where that is told.
func amount(a *advise.Advice, cost string) string { return strings.TrimSpace(cost + " " + a.Currency) }

// proposals sets the kinds side by side.
func proposals(a *advise.Advice) Grid {
	g := Grid{
		Title: "Savings, each by two whole audits",
		Columns: []Column{
			{Name: "What", Min: 20},
			{Name: "Found", Number: true},
			{Name: "CALs", Number: true},
			{Name: "To buy", Number: true},
			{Name: moneyColumn(a), Number: true},
			{Name: "By reading"},
		},
		Notes: []string{"CALs: fewer needed. To buy: fewer to buy; by reading: the least and the most. Savings overlap: they do not add up. Software Assurance counts server licences and clients too."},
	}
	for i := range a.Proposals {
		p := &a.Proposals[i]
		words := adviceWords[p.Kind]
		row := cells(words.do, number(p.Count), number(p.Saves.CALs), number(p.Saves.Missing), p.Saves.Cost, spread(p.Saves, p.Readings))
		if len(p.Readings) > 0 {
			row[5].Tone = Warn
		}
		g.Rows = append(g.Rows, row)
		g.Notes = append(g.Notes, remarks(a, p)...)
	}
	if t := a.Together; t != nil {
		row := cells("All of these together", "", number(t.Saves.CALs), number(t.Saves.Missing), t.Saves.Cost, spread(t.Saves, t.Readings))
		if len(t.Readings) > 0 {
			row[5].Tone = Warn
		}
		g.Rows = append(g.Rows, row)
		g.Notes = append(g.Notes, togetherRemarks(a, t)...)
	}
	return g
}

// togetherRemarks says what the last line is, and how far the others overlap.
func togetherRemarks(a *advise.Advice, t *advise.Together) (notes []string) {
	say := func(format string, args ...any) {
		notes = append(notes, "All of these together: "+fmt.Sprintf(format, args...))
	}
	var kinds []string
	for _, k := range t.Kinds {
		kinds = append(kinds, adviceWords[k].do)
	}
	text := "audited with all of it changed at once: " + strings.Join(kinds, ", ") + "; "
	o := t.Overlap
	switch {
	case o == advise.Sum{Cost: o.Cost} && strings.Trim(o.Cost, "0.") == "":
		say("%snone of it is saved by two of these.", text)
	default:
		much := fmt.Sprintf("%s, %s to buy", plural(o.CALs, "CAL", "CALs"), grouped(o.Missing))
		if a.Priced {
			much += ", " + amount(a, o.Cost)
		}
		if o.CALs < 0 || o.Missing < 0 || strings.HasPrefix(o.Cost, "-") {
			say("%stheir lines come to other sums by %s (below 0: less).", text, much)
		} else {
			say("%stheir lines come to more by %s, which two of them save.", text, much)
		}
	}
	if !t.Proven {
		say("one of the mixes is not proven to be the cheapest, so the difference is not either.")
	}
	if t.Spend != "" && a.Priced {
		say("the connectors that are not owned cost %s in addition.", amount(a, t.Spend))
	}
	return notes
}

func moneyColumn(a *advise.Advice) string {
	if !a.Priced {
		return ""
	}
	return strings.TrimSpace("Saved " + a.Currency)
}

// spread is the least and the most that is spared buying under any answer.
func spread(saves advise.Sum, readings []advise.Otherwise) string {
	least, most := saves.Missing, saves.Missing
	for _, o := range readings {
		least, most = min(least, o.Saves.Missing), max(most, o.Saves.Missing)
	}
	if least == most {
		return number(least)
	}
	return number(least) + " to " + number(most)
}

// otherwises lists the answers under which a proposal saves something else.
func otherwises(a *advise.Advice) Grid {
	g := Grid{
		Title: "How sure: savings were one question answered the other way",
		Columns: []Column{
			{Name: "What", Min: 12},
			{Name: "Question", Min: 12},
			{Name: "Answer"},
			{Name: "CALs", Number: true},
			{Name: "To buy", Number: true},
			{Name: moneyColumn(a), Number: true},
		},
		Notes: []string{"Under every other answer a proposal saves the same as above."},
	}
	for i := range a.Proposals {
		p := &a.Proposals[i]
		for _, o := range p.Readings {
			g.Rows = append(g.Rows, cells(adviceWords[p.Kind].do, o.Question, o.Answer, number(o.Saves.CALs), number(o.Saves.Missing), o.Saves.Cost))
		}
	}
	if a.Together != nil {
		for _, o := range a.Together.Readings {
			g.Rows = append(g.Rows, cells("All of these together", o.Question, o.Answer, number(o.Saves.CALs), number(o.Saves.Missing), o.Saves.Cost))
		}
	}
	return g
}

// remarks says of a proposal what its numbers do not.
func remarks(a *advise.Advice, p *advise.Proposal) (notes []string) {
	do := adviceWords[p.Kind].do
	say := func(format string, args ...any) { notes = append(notes, do+": "+fmt.Sprintf(format, args...)) }
	if p.Note != "" {
		say("%s.", p.Note)
	}
	if p.Count == 0 {
		return notes
	}
	if p.InPosition {
		say("the position counts on it already; this is what it saves.")
	}
	if !p.Proven {
		say("one of the mixes is not proven to be the cheapest, so the difference is not either.")
	}
	if p.Kind == advise.Connector && !p.InPosition {
		switch {
		case p.Spend != "" && a.Priced:
			say("the connectors that are not owned cost %s in addition; they pay where that is less than what is saved.", amount(a, p.Spend))
		case a.Priced:
			say("what they cost is not known; they pay where that is less than what is saved.")
		default:
			say("what they cost is not known.")
		}
	}
	if p.Saves.Unpriced != 0 && a.Priced {
		say("of those to buy %s without a price, and not in the money.", plural(p.Saves.Unpriced, "is", "are"))
	}
	return notes
}

// items lists the candidates of one kind with what each saves alone.
func items(a *advise.Advice, p *advise.Proposal) Grid {
	g := Grid{Title: adviceWords[p.Kind].items}
	alone := true
	add := func(c Column, text func(*advise.Item) string) {
		g.Columns = append(g.Columns, c)
		if g.Rows == nil {
			g.Rows = make([][]Cell, len(p.Items))
		}
		for i := range p.Items {
			g.Rows[i] = append(g.Rows[i], Cell{Text: text(&p.Items[i])})
		}
	}
	holds := func(x *advise.Item) string { return orNone(editions(x.Licenses, true), "none") }
	switch p.Kind {
	case advise.Dormant:
		add(Column{Name: "Account", Min: 24}, func(x *advise.Item) string { return x.ID })
		add(Column{Name: "Name", Min: 10, Drop: 2}, func(x *advise.Item) string { return x.Name })
		add(Column{Name: "Holds"}, holds)
		add(Column{Name: "Last activity"}, func(x *advise.Item) string { return orNone(date(x.Last), "none known") })
		g.Notes = []string{"Last activity: before the window, as far back as there is evidence."}
		shared := map[string]bool{}
		for i := range p.Items {
			for _, account := range p.Items[i].Shared {
				shared[account] = true
			}
		}
		if len(shared) > 0 {
			g.Notes = append(g.Notes, "Shared accounts, disabled with each of the people who use them: "+some(slices.Sorted(maps.Keys(shared)), namesShown)+".")
		}
	case advise.Rare:
		add(Column{Name: "Person", Min: 24}, func(x *advise.Item) string { return x.ID })
		add(Column{Name: "Holds", Drop: 1}, holds)
		add(Column{Name: "Did", Min: 20}, func(x *advise.Item) string { return eventsOf(x) })
		add(Column{Name: "When"}, when)
		g.Notes = []string{"Saved where these events had not been, or had been somebody else's who has the CALs."}
	case advise.Shared:
		add(Column{Name: "Device", Min: 20}, func(x *advise.Item) string { return x.ID })
		add(Column{Name: "Class", Drop: 1}, func(x *advise.Item) string { return x.Class })
		add(Column{Name: "Users", Number: true}, func(x *advise.Item) string { return number(x.Users) })
		add(Column{Name: "Takes"}, holds)
		g.Notes = []string{"Against user CALs for everybody."}
	case advise.Connector:
		add(Column{Name: "Licence", Min: 24}, func(x *advise.Item) string { return x.ID })
		add(Column{Name: "Version"}, func(x *advise.Item) string { return x.Version })
		add(Column{Name: "Needed", Number: true}, func(x *advise.Item) string { return number(x.Quantity) })
		alone = false
	case advise.Assurance:
		add(Column{Name: "Licence", Min: 18}, func(x *advise.Item) string { return x.ID })
		add(Column{Name: "Metric", Drop: 2}, func(x *advise.Item) string { return x.Metric })
		add(Column{Name: "Owned", Number: true}, func(x *advise.Item) string { return number(x.Quantity) })
		add(Column{Name: "Version", Drop: 1}, func(x *advise.Item) string { return x.Version })
		add(Column{Name: "Serves"}, func(x *advise.Item) string { return x.Covers })
		add(Column{Name: "In force on"}, func(x *advise.Item) string { return x.Needed })
		g.Notes = []string{"A version is covered by Software Assurance that was in force on the day it came out: look for the agreement. It cannot be bought afterwards."}
	}
	if !alone {
		return g
	}
	missing := 0
	single := func(text func(*advise.Sum) string) func(x *advise.Item) string {
		return func(x *advise.Item) string {
			if x.Alone == nil {
				missing++
				return "?"
			}
			return text(x.Alone)
		}
	}
	add(Column{Name: "CALs", Number: true}, single(func(s *advise.Sum) string { return number(s.CALs) }))
	unknown := missing
	add(Column{Name: "To buy", Number: true}, single(func(s *advise.Sum) string { return number(s.Missing) }))
	if a.Priced {
		add(Column{Name: "Saved", Number: true}, single(func(s *advise.Sum) string { return s.Cost }))
	}
	g.Notes = append(g.Notes, "CALs, To buy"+map[bool]string{true: ", Saved"}[a.Priced]+": what this one saves alone.")
	if unknown > 0 {
		g.Notes = append(g.Notes, fmt.Sprintf("?: not worked out, for %s; use --singles.", plural(unknown, "of them", "of them")))
	}
	return g
}

// eventsOf says what somebody did.
func eventsOf(x *advise.Item) string {
	var parts []string
	for _, e := range x.Events {
		part := e.Activity
		if e.Count > 1 {
			part += fmt.Sprintf(" %d times", e.Count)
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ", ")
}

func lastEvent(x *advise.Item) (last string) {
	for _, e := range x.Events {
		last = max(last, e.Last)
	}
	return last
}

// when is the days on which somebody did all that.
func when(x *advise.Item) string {
	first := ""
	for _, e := range x.Events {
		if e.First != "" && (first == "" || e.First < first) {
			first = e.First
		}
	}
	return span(date(first), date(lastEvent(x)))
}

// adviceColumns are those of the table of all items, for spreadsheets.
var adviceColumns = []Column{{Key: "kind"}, {Key: "id"}, {Key: "subject"}, {Key: "name"}, {Key: "class"}, {Key: "licenses"},
	{Key: "last_activity"}, {Key: "events"}, {Key: "events_last"}, {Key: "users", Number: true}, {Key: "metric"}, {Key: "version"}, {Key: "quantity", Number: true},
	{Key: "covers"}, {Key: "needed"}, {Key: "cals", Number: true}, {Key: "missing", Number: true}, {Key: "cost", Number: true}, {Key: "unpriced", Number: true}}

func adviceRows(a *advise.Advice) (rows [][]Cell) {
	for i := range a.Proposals {
		p := &a.Proposals[i]
		for k := range p.Items {
			x := &p.Items[k]
			row := cells(p.Kind, x.ID, x.Kind, x.Name, x.Class, strings.Join(x.Licenses, " "), x.Last, eventsOf(x), lastEvent(x), unlessNone(x.Users), x.Metric, x.Version,
				unlessNone(x.Quantity), x.Covers, x.Needed, "", "", "", "")
			if s := x.Alone; s != nil {
				row[15].Text, row[16].Text, row[17].Text, row[18].Text = number(s.CALs), number(s.Missing), s.Cost, number(s.Unpriced)
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// unlessNone leaves a number out that does not apply.
func unlessNone(n int) string {
	if n == 0 {
		return ""
	}
	return number(n)
}
