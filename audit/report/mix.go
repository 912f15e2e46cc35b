package report

import "calaudit/audit"

// assigned says in one line who takes the CALs where user or device could, what
// that comes to, and how sure it is.
func assigned(r *audit.Report) string {
	m := r.Mix
	if m == nil {
		return r.Assign
	}
	text := r.Assign + ": " + plural(m.CALs, "CAL", "CALs") + ", " + toBuy(m, m.Sums)
	switch {
	case r.Assign != "optimal":
	case m.Optimal && m.FewestCALs:
		text += ", the cheapest valid mix"
	case m.Optimal:
		text += ", proven to be the least; perhaps not with the fewest CALs"
	default:
		text += ", the cheapest mix found; none costs less than " + m.AtLeast
	}
	return text
}

// toBuy says a cost: an amount, or how many CALs when nothing has a price.
func toBuy(m *audit.Mix, s audit.Sums) string {
	if !m.Priced {
		return s.Cost[:max(0, len(s.Cost)-3)] + " to buy" // each counts 1
	}
	return orNone(s.Cost+" "+m.Currency, s.Cost) + " to buy"
}

// mixes sets the mix beside the two one-sided answers.
func mixes(r *audit.Report) Grid {
	g := Grid{
		Title: "Mix: what each assignment takes",
		Columns: []Column{
			{Name: "Assignment", Key: "assign"},
			{Name: "CALs", Key: "cals", Number: true},
			{Name: "Of users", Key: "user_cals", Number: true},
			{Name: "Of devices", Key: "device_cals", Number: true},
			{Name: "To buy", Key: "cost", Number: true},
			{Name: "Mix saves", Key: "saved_cost", Number: true},
			{Name: "CALs", Key: "saved_cals", Number: true},
		},
	}
	row := func(name string, s audit.Sums, saved string, cals string) {
		g.Rows = append(g.Rows, cells(name, number(s.CALs), number(s.UserCALs), number(s.DeviceCALs), s.Cost, saved, cals))
	}
	row("cheapest mix", r.Mix.Sums, "", "")
	for _, side := range []string{"user", "device"} {
		o := r.Mix.Others[side]
		row(side+" CALs first", o.Sums, o.SavedCost, number(o.SavedCALs))
	}
	unit := "in " + r.Mix.Currency
	switch {
	case !r.Mix.Priced:
		unit = "a licence each, for none has a price"
	case r.Mix.Currency == "":
		unit = "at the prices of the entitlements"
	}
	g.Notes = []string{"To buy: CALs beyond those owned, " + unit + "."}
	return g
}
