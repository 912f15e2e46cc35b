package report

import (
	"strings"
	"testing"

	"calaudit/audit"
)

// A CAL without a price counts 1 in the mix, which must not pass for money.
func TestCALsWithoutAPriceAreNoMoney(t *testing.T) {
	r := &audit.Report{Assign: "optimal", Mix: &audit.Mix{Priced: true, Currency: "EUR", Optimal: true, FewestCALs: true, Sums: audit.Sums{Cost: "34.00", CALs: 4}},
		Position: []audit.Position{
			{License: "communicator-client", Metric: "user", Version: "2007", Required: 2, Shortfall: 2},
			{License: "ocs-enterprise-cal", Metric: "device", Version: "2007", Required: 1, Shortfall: 1},
			{License: "ocs-enterprise-cal", Metric: "user", Version: "2007", Required: 2, Shortfall: 2},
			{License: "ocs-standard-cal", Metric: "user", Version: "2007", Required: 1, Shortfall: 1, Cost: "31.00"}}}
	if got, want := assigned(r), "optimal: 4 CALs, 34.00 EUR to buy (3 CALs have no price and count 1 each), the cheapest valid mix"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	notes := strings.Join(mixes(r).Notes, "\n")
	if !strings.Contains(notes, "No price is given for ocs-enterprise-cal: each counts 1") {
		t.Error(notes)
	}
	r.Mix.Priced = false // then all is told in licences
	if n, _ := unpriced(r); n != 0 || strings.Contains(assigned(r), "no price") {
		t.Errorf("%d, %s", n, assigned(r))
	}
}

// How far a mix may be from the cheapest is said plainly, and rounded up.
func TestAMixThatIsNotProvenSaysHowFarItMayBeFromTheCheapest(t *testing.T) {
	for _, c := range []struct {
		mix  audit.Mix
		want string
	}{
		{audit.Mix{Priced: true, Currency: "EUR", Sums: audit.Sums{Cost: "1000.00", CALs: 4}, AtLeast: "995.005"},
			"none costs less than 995.005, so this is within 4.995 EUR (0.50 %) of it"},
		{audit.Mix{Sums: audit.Sums{Cost: "30.00", CALs: 40}, AtLeast: "29.00"}, "none costs less than 29, so this is within 1 (3.34 %) of it"},
		{audit.Mix{Sums: audit.Sums{Cost: "30.00", CALs: 40}, AtLeast: "30.00", Optimal: true}, "proven to be the least; perhaps not with the fewest CALs"},
	} {
		if got := assigned(&audit.Report{Assign: "optimal", Mix: &c.mix}); !strings.HasSuffix(got, c.want) {
			t.Errorf("%s\nwant %s", got, c.want)
		}
	}
}

// What is cheapest to buy for a row may be another CAL: the row says which.
func TestTheCALToBuyInsteadIsNamed(t *testing.T) {
	r := &audit.Report{Position: []audit.Position{
		{License: "ocs-enterprise-cal", Metric: "user", Version: "2007", Required: 1, Shortfall: 1, Cost: "139.00"},
		{License: "ocs-standard-cal", Metric: "user", Version: "2007", Required: 1, Shortfall: 1, Cost: "25.00", BuyLicense: "lync-standard-cal", BuyVersion: "2010"}}}
	if got := strings.Join(position(r).Notes, "|"); got != "To buy for ocs-standard-cal 2007, user: lync-standard-cal 2010, which serves it and costs less." {
		t.Error(got)
	}
}

// What has a price now and none in what would be does not cost nothing then.
func TestWhatIfDoesNotCallAMissingPriceNothing(t *testing.T) {
	now := []audit.Position{{License: "ocs-standard-cal", Metric: "user", Version: "2007", Required: 5, Shortfall: 5, Cost: "155.00"},
		{License: "sfb-standard-cal", Metric: "user", Version: "2015", Required: 1, Shortfall: 1, Cost: "9.00"}}
	then := []audit.Position{{License: "ocs-standard-cal", Metric: "user", Version: "2007", Required: 5, Shortfall: 5}}
	rows := beside(besides(now, then)).Rows
	if a, b := rows[0][7].Text, rows[1][7].Text; a != "155.00 → no price" || b != "9.00 → 0" {
		t.Errorf("%q, %q", a, b)
	}
}
