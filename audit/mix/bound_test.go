package mix

import (
	"math/rand"
	"slices"
	"testing"
)

// byCuts solves without the exhaustive search.
func byCuts(e *Estate) *Mix {
	q := reduce(e)
	if len(q.open) == 0 {
		return q.finish(q.users, q.devices, true)
	}
	return newProblem(q).solve()
}

func TestCutsClaimNoMoreThanTryingEverythingFinds(t *testing.T) {
	exact, optimal, all := 0, 0, 0
	for seed := range 6000 {
		e := small(rand.New(rand.NewSource(int64(seed))), 5, 4, 9)
		n := naive{e: e}
		n.charge(0, make([][3]int, e.Users+e.Devices))
		x := byCuts(e)
		if err := Check(e, x); err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, show(e))
		}
		if x.Compare(n.value) < 0 || x.Least > n.value.Cost || x.Exact && x.Value != n.value {
			t.Fatalf("seed %d: got %+v least %d exact %v, want %+v\n%s", seed, x.Value, x.Least, x.Exact, n.value, show(e))
		}
		all++
		exact += bit(x.Exact)
		optimal += bit(x.Optimal())
	}
	t.Logf("%d of %d exact, %d at least cost", exact, all, optimal)
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Without stock the cut is the whole answer, down to the order of ties.
func TestCutsAloneAreExactWithoutStock(t *testing.T) {
	for seed := range 4000 {
		e := small(rand.New(rand.NewSource(int64(seed))), 6, 5, 10)
		e.Stock = slices.DeleteFunc(e.Stock, func(s Stock) bool { return s.Version > 0 })
		compareWithNaive(t, e, seed, byCuts)
	}
}

// Numbers too large for all criteria in one weight: the cost stays exact, and
// what is not proven is not claimed.
func TestCutsOfHugePricesKeepTheCost(t *testing.T) {
	inexact := 0
	for seed := range 3000 {
		e := small(rand.New(rand.NewSource(int64(seed))), 5, 4, 9)
		e.Stock = nil
		n := naive{e: e}
		n.charge(0, make([][3]int, e.Users+e.Devices))
		for m := range e.Prices {
			for f := range e.Prices[m] {
				for v := range e.Prices[m][f] {
					e.Prices[m][f][v] = e.Prices[m][f][v]*1e15 + int64(e.Prices[m][f][v]&1) // no common divisor
				}
			}
		}
		x := byCuts(e)
		if err := Check(e, x); err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, show(e))
		}
		if (x.Cost+5e14)/1e15 != n.value.Cost || x.Least != x.Cost {
			t.Fatalf("seed %d: cost %d, at least %d, want %d times 1e15\n%s", seed, x.Cost, x.Least, n.value.Cost, show(e))
		}
		inexact += bit(!x.Exact)
	}
	if inexact == 0 {
		t.Error("no estate was too large")
	}
}
