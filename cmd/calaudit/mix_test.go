package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"calaudit/audit"
)

// TestCompaniesAreAssignedAtLeastCost audits companies without a word about the
// assignment: the cost must be proven, be what the position says, be no more
// than that of either side alone, and cover everybody.
func TestCompaniesAreAssignedAtLeastCost(t *testing.T) {
	dirs := []string{filepath.Join(repo, "sample-logs", "contoso"), generate(t, "-users", "3000", "-seed", "7")}
	for seed := 50; seed < 56; seed++ {
		dirs = append(dirs, generate(t, "-users", "150", "-days", "20", "-seed", fmt.Sprint(seed)))
	}
	for _, dir := range dirs {
		db := filepath.Join(t.TempDir(), "a.db")
		var best audit.Report
		calauditJSON(t, exitShortfall, &best, "run", dir, "--db", db)
		if best.Assign != "optimal" || !best.Mix.Optimal || best.Mix.AtLeast != best.Mix.Cost {
			t.Errorf("%s: assigned %s: %+v", dir, best.Assign, best.Mix)
		}
		covered(t, db)
		if got := calCost(t, &best); got != thousandths(t, best.Mix.Cost) {
			t.Errorf("%s: the position lacks %d, the mix %s", dir, got, best.Mix.Cost)
		}
		for _, side := range []string{"user", "device"} {
			var one audit.Report
			calauditJSON(t, exitShortfall, &one, "audit", "--db", db, "--assign", side)
			o := best.Mix.Others[side]
			if one.Mix.Sums != o.Sums || thousandths(t, o.Cost)-thousandths(t, best.Mix.Cost) != thousandths(t, o.SavedCost) || o.CALs-best.Mix.CALs != o.SavedCALs {
				t.Errorf("%s: --assign %s comes to %+v, beside the mix it was %+v", dir, side, one.Mix.Sums, o)
			}
			if strings.HasPrefix(o.SavedCost, "-") || o.SavedCost == "0.00" && o.SavedCALs < 0 {
				t.Errorf("%s: --assign %s is better than the mix: %+v", dir, side, o)
			}
			covered(t, db)
		}
	}
}

// thousandths reads a decimal amount.
func thousandths(t *testing.T, s string) int {
	t.Helper()
	whole, places, _ := strings.Cut(s, ".")
	var n int
	if _, err := fmt.Sscan(whole+(places + "000")[:3], &n); err != nil {
		t.Fatalf("amount %q: %v", s, err)
	}
	return n
}

// calCost sums the missing CALs of a position at their prices.
func calCost(t *testing.T, r *audit.Report) (sum int) {
	for _, p := range r.Position {
		if p.Cost != "" && strings.HasSuffix(p.License, "-cal") {
			sum += thousandths(t, p.Cost)
		}
	}
	return sum
}

// covered demands that whoever is covered by the other side has somebody there
// who holds CALs, and that nobody holds any without being required.
func covered(t *testing.T, db string) {
	t.Helper()
	var users, devices []audit.Subject
	calauditJSON(t, 0, &users, "users", "--db", db)
	calauditJSON(t, 0, &devices, "devices", "--db", db)
	holds := map[string]bool{}
	for _, s := range slices.Concat(users, devices) {
		holds[s.Kind+" "+s.ID] = len(s.Licenses) > 0
		if (len(s.Licenses) > 0) == (s.Outcome == "exempt") {
			t.Errorf("%s %s is %s and holds %v", s.Kind, s.ID, s.Outcome, s.Licenses)
		}
	}
	for _, s := range slices.Concat(users, devices) {
		for by, kind := range map[string]string{"user-cal": "user ", "device-cal": "device "} {
			if s.CoveredBy == by && s.Kind+" " != kind && !slices.ContainsFunc(s.Shares, func(id string) bool { return holds[kind+id] }) {
				t.Errorf("%s %s is covered by a %s of %v, none of whom holds one", s.Kind, s.ID, by, s.Shares)
			}
		}
	}
}
