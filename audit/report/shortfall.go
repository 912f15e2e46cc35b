package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"calaudit/audit"
)

// How many lines of a section the nightly mail shows; JSON has them all.
const (
	conflictsShown = 5
	gapsShown      = 4
)

// Shortfall is the page that is looked at each night: what is required, what is
// owned, what is missing, and what these numbers rest on. Its CSV is the
// position.
func Shortfall(r *audit.Report) Document {
	d := Document{Title: "Licence position as of " + r.AsOf, Value: whole(r)}
	add := func(g Grid, wanted bool) {
		if wanted {
			d.Grids = append(d.Grids, g)
		}
	}
	add(heading(r), true)
	add(position(r), true)
	add(entitled(r), len(r.Entitled) > 0)
	add(totals(r), true)
	if r.People != nil {
		add(people(r), r.People.MergedPersons > 0 || len(r.People.Shared) > 0)
	}
	if r.Mix != nil && r.Assign == "optimal" {
		add(mixes(r), true)
	}
	add(readings(r), len(r.Readings) > 0)
	add(coverage(r), true)
	add(servers(r), len(r.Servers) > 0)
	add(exemptions(r), len(r.Exemptions) > 0)
	add(conflicts(r), len(r.Conflicts) > 0)
	add(Grid{Title: "Notes", Notes: r.Notes}, len(r.Notes) > 0)
	add(origin(r), true)
	hashes := proof(r)
	add(hashes, len(hashes.Facts) > 0)
	return d
}

// whole is the report with empty lists where it has none.
func whole(r *audit.Report) *audit.Report {
	c := *r
	c.Position, c.Readings, c.Servers = list(r.Position), list(r.Readings), list(r.Servers)
	c.Exemptions, c.Conflicts, c.Notes = list(r.Exemptions), list(r.Conflicts), list(r.Notes)
	c.ExitCodes = list(r.ExitCodes)
	c.Coverage = make([]audit.Coverage, len(r.Coverage))
	for i, v := range r.Coverage {
		v.MissingDays = list(v.MissingDays)
		c.Coverage[i] = v
	}
	if c.Policy.Readings == nil {
		c.Policy.Readings = map[string]string{}
	}
	return &c
}

// heading gives the verdict first: it is all that many readers want.
func heading(r *audit.Report) Grid {
	window := fmt.Sprintf("%s to %s (%s)", r.Window.From, r.Window.To, plural(r.Window.Days, "day", "days"))
	g := Grid{Facts: []Fact{verdict(r), {Name: "Window", Text: window}}}
	policy := r.Policy.Name
	var lenient []string
	for _, q := range slices.Sorted(maps.Keys(r.Policy.Readings)) {
		if r.Policy.Readings[q] == "lenient" {
			lenient = append(lenient, q)
		}
	}
	switch {
	case len(r.Policy.Readings) == 0:
	case len(lenient) == 0:
		policy += ", all readings strict"
	default:
		policy += ", readings strict except " + and(lenient)
	}
	g.Facts = append(g.Facts, Fact{Name: "Policy", Text: policy})
	if r.Assign != "" {
		g.Facts = append(g.Facts, Fact{Name: "Assigned", Text: assigned(r)})
	}
	if r.Run > 0 {
		g.Facts = append(g.Facts, Fact{Name: "Run", Text: number(r.Run)})
	}
	return g
}

func verdict(r *audit.Report) Fact {
	missing, lines := 0, 0
	for _, p := range r.Position {
		if p.Shortfall > 0 {
			missing += p.Shortfall
			lines++
		}
	}
	f := Fact{Name: "Result", Text: "no shortfall", Tone: Good}
	if r.Totals.Users == (audit.Outcomes{}) && r.Totals.Devices == (audit.Outcomes{}) {
		f.Text, f.Tone = "nothing to audit: no evidence of any user or device in the window", Bad
	}
	if missing > 0 {
		f.Text = fmt.Sprintf("SHORTFALL: %s missing", plural(missing, "licence is", "licences are"))
		if lines > 1 {
			f.Text += fmt.Sprintf(", in %d lines of the position", lines)
		}
		f.Tone = Bad
	}
	if n := r.Totals.Users.Undetermined + r.Totals.Devices.Undetermined; n > 0 {
		f.Text += "; " + plural(n, "subject", "subjects") + " undetermined"
	}
	return f
}

// position is the effective licence position. Licences go by the names that
// licenses.csv and JSON use: one name for one thing.
func position(r *audit.Report) Grid {
	g := Grid{
		Title: "Position",
		Main:  true,
		Empty: "Nothing is required and nothing is owned.",
		Columns: []Column{
			{Name: "Licence", Key: "license"},
			{Name: "Metric", Key: "metric"},
			{Name: "Version", Key: "version", Drop: 1},
			{Name: "Required", Key: "required", Number: true},
			{Name: "Owned", Key: "owned", Number: true},
			{Name: "Shortfall", Number: true},
			{Key: "shortfall", Number: true},
			{Name: "Surplus", Key: "surplus", Number: true, Drop: 2},
			{Key: "cost"},
		},
	}
	if slices.ContainsFunc(r.Position, func(p audit.Position) bool { return p.Cost != "" }) {
		g.Columns[len(g.Columns)-1] = Column{Name: "To buy", Key: "cost", Number: true, Drop: 3}
	}
	for _, p := range r.Position {
		short, tone := number(p.Shortfall), Good
		if p.Shortfall > 0 {
			short, tone = "SHORT "+short, Bad
		}
		row := cells(p.License, p.Metric, p.Version, number(p.Required), number(p.Owned),
			short, number(p.Shortfall), number(p.Surplus), p.Cost)
		row[5].Tone = tone
		if tone == Bad {
			row[0].Tone = Bad
		}
		g.Rows = append(g.Rows, row)
		if p.BuyLicense != "" {
			g.Notes = append(g.Notes, fmt.Sprintf("To buy for %s, %s: %s, which serves it and costs less.",
				withVersion(p.License, p.Version), p.Metric, withVersion(p.BuyLicense, p.BuyVersion)))
		}
	}
	return g
}

// entitled says what of the licences owned counts as something else, and why.
func entitled(r *audit.Report) Grid {
	g := Grid{
		Title: "Entitlements that count as something else",
		Columns: []Column{
			{Name: "Bought", Key: "license", Min: 12},
			{Name: "Metric", Key: "metric", Drop: 1},
			{Name: "Quantity", Key: "quantity", Number: true},
			{Name: "Counts as", Key: "as", Min: 16},
			{Name: "Why", Key: "why", Below: true},
		},
	}
	for _, e := range r.Entitled {
		g.Rows = append(g.Rows, cells(withVersion(e.License, e.Version), e.Metric, number(e.Quantity), withVersion(strings.Join(e.As, " + "), e.AsVersion), e.Why))
	}
	return g
}

func totals(r *audit.Report) Grid {
	g := Grid{
		Title: "Users and devices",
		Columns: []Column{
			{Name: "Who", Key: "kind"},
			{Name: "Required", Key: "required", Number: true},
			{Name: "Exempt", Key: "exempt", Number: true},
			{Name: "Undetermined", Key: "undetermined", Number: true},
			{Name: "All", Number: true, Drop: 1},
		},
	}
	for _, t := range []struct {
		who string
		n   audit.Outcomes
	}{{"users", r.Totals.Users}, {"devices", r.Totals.Devices}} {
		row := cells(t.who, number(t.n.Required), number(t.n.Exempt), number(t.n.Undetermined),
			number(t.n.Required+t.n.Exempt+t.n.Undetermined))
		if t.n.Undetermined > 0 {
			row[3].Tone = Warn
		}
		g.Rows = append(g.Rows, row)
	}
	if r.Totals.Users.Undetermined+r.Totals.Devices.Undetermined > 0 {
		g.Notes = append(g.Notes, "Undetermined: no rule decides; counted as required.")
	}
	if n := r.Totals.AnonymousUpTo; n > 0 {
		g.Notes = append(g.Notes, fmt.Sprintf("%s anonymous. These are made anew at each join: "+
			"an upper bound of persons.", plural(n, "of the users is", "of the users are")))
	}
	return g
}

// readings shows what each disputed question is worth: one changed at a time.
func readings(r *audit.Report) Grid {
	g := Grid{
		Title: "Readings: what the other answer would change",
		Columns: []Column{
			{Name: "Question", Key: "question", Min: 12},
			{Name: "Chosen", Key: "chosen"},
			{Name: "Other", Key: "other", Drop: 3},
			{Name: "Holders", Key: "holders", Number: true},
			{Name: "CALs", Key: "cals", Number: true, Drop: 2},
			{Name: "Shortfall", Key: "shortfall", Number: true},
			{Name: "Subjects", Key: "subjects", Number: true, Drop: 1},
		},
	}
	for _, v := range r.Readings {
		other := "lenient"
		change := func(e audit.Either) int { return e.Lenient - e.Strict }
		if v.Chosen == "lenient" {
			other = "strict"
			change = func(e audit.Either) int { return e.Strict - e.Lenient }
		}
		short := change(v.ShortfallIf)
		row := cells(v.Question, v.Chosen, other, signed(change(v.RequiredIf)), signed(change(v.CALsIf)),
			signed(short), number(v.Subjects))
		switch {
		case short > 0:
			row[5].Tone = Bad
		case short < 0:
			row[5].Tone = Good
		}
		g.Rows = append(g.Rows, row)
	}
	g.Notes = []string{"Each question is changed alone. Holders: users and devices that must hold a CAL. " +
		"Subjects: whose outcome or licences differ; calaudit users --reading QUESTION names them."}
	return g
}

func coverage(r *audit.Report) Grid {
	g := Grid{
		Title: "Evidence",
		Empty: "There is no evidence in the window.",
		Columns: []Column{
			{Name: "Format", Key: "format", Min: 10},
			{Name: "First day", Key: "first"},
			{Name: "Last day", Key: "last"},
			{Name: "Days missing", Key: "missing", Number: true},
		},
	}
	for _, c := range r.Coverage {
		if c.First == "" {
			g.Rows = append(g.Rows, cells(c.Format, "undated", "", ""))
			continue
		}
		missing := len(c.MissingDays)
		row := cells(c.Format, c.First, c.Last, number(missing))
		if missing > 0 {
			row[3].Tone = Warn
			which := some(ranges(c.MissingDays), gapsShown)
			if missing > 2 && weekendsOnly(c.MissingDays) {
				which = "Saturdays and Sundays only"
			}
			g.Notes = append(g.Notes, "No records of "+c.Format+": "+which)
		}
		g.Rows = append(g.Rows, row)
	}
	if len(r.Absent) > 0 {
		g.Notes = append(g.Notes, "Nothing was read of "+strings.Join(families(r.Absent), ", ")+".")
	}
	return g
}

// families names formats of one family together: siptrace (bare, sipe).
func families(formats []string) (names []string) {
	for i := 0; i < len(formats); {
		family, kind, _ := strings.Cut(formats[i], "-")
		kinds := []string{kind}
		for _, f := range formats[i+1:] {
			other, kind, _ := strings.Cut(f, "-")
			if other != family {
				break
			}
			kinds = append(kinds, kind)
		}
		if len(kinds) == 1 {
			names = append(names, formats[i])
		} else {
			names = append(names, family+" ("+strings.Join(kinds, ", ")+")")
		}
		i += len(kinds)
	}
	return names
}

func servers(r *audit.Report) Grid {
	g := Grid{
		Title: "Servers",
		Columns: []Column{
			{Name: "Host", Key: "host", Min: 12},
			{Name: "Role", Key: "role"},
			{Name: "Version", Key: "version", Drop: 1},
			{Name: "Licence", Key: "license"},
			{Name: "Basis", Key: "basis", Drop: 2},
		},
	}
	assumed := 0
	for _, s := range r.Servers {
		basis := "stated"
		if s.Assumed {
			basis = "assumed"
			assumed++
		}
		row := cells(s.Host, s.Role, s.Version, orNone(s.License, "none needed"), basis)
		if s.Assumed {
			row[4].Tone = Warn
		}
		g.Rows = append(g.Rows, row)
	}
	if assumed > 0 {
		g.Notes = append(g.Notes, fmt.Sprintf("Role or edition of %s not stated by any source and assumed; "+
			"[servers] in estate.toml settles it.", plural(assumed, "server is", "servers are")))
	}
	return g
}

// exemptions lists those that do not apply first: they are why a person who was
// thought exempt is counted.
func exemptions(r *audit.Report) Grid {
	g := Grid{
		Title: "Exemptions of the estate",
		Columns: []Column{
			{Name: "Subject", Key: "subject", Min: 16},
			{Name: "State", Key: "state"},
			{Name: "Until", Key: "until"},
			{Name: "Reason", Key: "reason", Min: 10, Drop: 1},
		},
	}
	applied := 0
	for _, e := range r.Exemptions {
		if e.State == "applied" {
			applied++
			continue
		}
		row := cells(e.Subject, e.State, e.Until, e.Reason)
		row[1].Tone = Warn
		g.Rows = append(g.Rows, row)
	}
	rest := len(r.Exemptions) - applied
	g.Empty = fmt.Sprintf("%s, none expired or unused.", plural(applied, "applies", "apply"))
	if rest > 0 {
		g.Notes = []string{fmt.Sprintf("%s not apply; %s.", plural(rest, "of these does", "of these do"),
			plural(applied, "other does", "others do"))}
	}
	if slices.ContainsFunc(r.Exemptions, func(e audit.Exemption) bool { return e.State == "shared-account" }) {
		g.Notes = append(g.Notes, "shared-account: it is no user, its people are; name each of those who are exempt.")
	}
	return g
}

func conflicts(r *audit.Report) Grid {
	g := Grid{Title: "Contradictions between sources: " + grouped(len(r.Conflicts))}
	for i, c := range r.Conflicts {
		if i == conflictsShown {
			g.Notes = append(g.Notes, grouped(len(r.Conflicts)-i)+" more in --format json")
			break
		}
		g.Notes = append(g.Notes, c.Subject+": "+c.What)
	}
	return g
}

// origin says what was read.
func origin(r *audit.Report) Grid {
	g := Grid{Title: "Records"}
	if r.Imports != (audit.Tally{}) {
		g.Facts = append(g.Facts, Fact{Name: "This run", Text: tally(r.Imports), Tone: rejectedTone(r.Imports)})
	}
	g.Facts = append(g.Facts, Fact{Name: "In store", Text: tally(r.Evidence), Tone: rejectedTone(r.Evidence)})
	return g
}

// proof is what makes the report checkable. It is a section of its own because
// its short labels leave a whole hash room on a line of 80.
func proof(r *audit.Report) Grid {
	var g Grid
	for _, f := range []Fact{
		{Name: "Digest", Text: r.Digest},
		{Name: "Chain", Text: r.Chain},
		{Name: "Rules", Text: prefixed("sha256:", r.Policy.SHA256)},
	} {
		if f.Text != "" {
			g.Facts = append(g.Facts, f)
		}
	}
	return g
}

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

func rejectedTone(t audit.Tally) Tone {
	if t.Rejected > 0 || !t.Balanced() {
		return Warn
	}
	return Plain
}
