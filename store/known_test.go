package store

import (
	"math/rand"
	"slices"
	"testing"

	"calaudit/store/segment"
)

// TestFirstFromFindsWhatALookAtAllFinds, from every place before it.
func TestFirstFromFindsWhatALookAtAllFinds(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	for range 300 {
		rows := make([]segment.Row, r.Intn(40))
		for i := range rows {
			rows[i] = segment.Row{Key: int64(r.Intn(20)), Seq: uint64(r.Intn(3))}
		}
		slices.SortFunc(rows, func(a, b segment.Row) int { return segment.Identity(&a, &b) })
		for range 20 {
			x := segment.Row{Key: int64(r.Intn(22)), Seq: uint64(r.Intn(3))}
			want := 0
			for want < len(rows) && segment.Identity(&rows[want], &x) < 0 {
				want++
			}
			for at := 0; at <= want; at++ {
				if got := firstFrom(rows, at, &x); got != want {
					t.Fatalf("from %d: %d, want %d in %v", at, got, want, rows)
				}
			}
		}
	}
}
