package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"calaudit/audit"
)

// assigned says in one line who takes the CALs where user or device could, what
// that comes to, and how sure it is.
func assigned(r *audit.Report) string {
	m := r.Mix
	if m == nil {
		return r.Assign
	}
	text := r.Assign + ": " + plural(m.CALs, "CAL", "CALs") + ", " + toBuy(m, m.Sums)
	if n, _ := unpriced(r); n > 0 {
		text += " (" + plural(n, "CAL has no price and counts 1", "CALs have no price and count 1 each") + ")"
	}
	switch {
	case r.Assign != "optimal":
	case m.Optimal && m.FewestCALs:
		text += ", the cheapest valid mix"
	case m.Optimal:
		text += ", proven to be the least; perhaps not with the fewest CALs"
	default:
		text += ", the cheapest mix found, not proven to be the cheapest there is: none costs less than " + bare(m, m.AtLeast) + within(m)
	}
	return text
}

// within is how far from the least a mix is that is not proven to be it.
func within(m *audit.Mix) string {
	cost, ok := milli(m.Cost)
	least, is := milli(m.AtLeast)
	if !ok || !is || cost <= 0 || cost <= least {
		return ""
	}
	gap := cost - least
	text := fmt.Sprintf("%d.%03d", gap/1000, gap%1000)
	text = bare(m, strings.TrimSuffix(text, "0"))
	return fmt.Sprintf(", so this is within %s (%.2f %%) of it", strings.TrimSpace(text+" "+m.Currency), math.Ceil(float64(gap)/float64(cost)*10000)/100)
}

// bare is an amount, or a number of licences where none has a price.
func bare(m *audit.Mix, amount string) string {
	if m.Priced {
		return amount
	}
	return strings.TrimSuffix(amount, ".00")
}

// milli reads an amount of a report in thousandths.
func milli(amount string) (int64, bool) {
	whole, places, _ := strings.Cut(amount, ".")
	n, err := strconv.ParseInt(whole+(places + "000")[:3], 10, 64)
	return n, err == nil
}

// toBuy says a cost: an amount, or how many CALs when nothing has a price.
func toBuy(m *audit.Mix, s audit.Sums) string {
	if !m.Priced {
		return s.Cost[:max(0, len(s.Cost)-3)] + " to buy" // each counts 1
	}
	return strings.TrimSpace(s.Cost+" "+m.Currency) + " to buy"
}

// unpriced counts the CALs to buy that have no price though others have one, and
// names them. In the sums of a mix each counts 1, so those are no amount of money.
func unpriced(r *audit.Report) (n int, names []string) {
	if r.Mix == nil || !r.Mix.Priced {
		return 0, nil
	}
	for i := range r.Position {
		if p := &r.Position[i]; p.Shortfall > 0 && p.Cost == "" && strings.HasSuffix(p.License, "-cal") {
			n += p.Shortfall
			names = append(names, p.License)
		}
	}
	slices.Sort(names)
	return n, slices.Compact(names)
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
	if n, names := unpriced(r); n > 0 {
		g.Notes = append(g.Notes, "No price is given for "+and(names)+": each counts 1 in these sums, so they are not all money. State a unit_price in licenses.csv; the quantity may be 0.")
	}
	return g
}
