package store

import (
	"math/rand"
	"slices"
	"testing"

	"calaudit/ingest"
	"calaudit/store/segment"
)

func TestSortedRowsAreInTheOrderOfFamilyAndKey(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	var s sorter
	for range 300 {
		rows := make([]segment.Row, 1+r.Intn(400))
		spread := int64(1) << r.Intn(34)
		for i := range rows {
			rows[i] = segment.Row{Kind: ingest.Kind(1 + r.Intn(8)), Key: 1_236_000_000_000 + r.Int63n(spread), Seq: uint64(r.Intn(3)), Line: uint32(i + 1)}
			if r.Intn(10) == 0 {
				rows[i].Key = ingest.Undated
			}
		}
		want := slices.Clone(rows)
		slices.SortFunc(want, func(a, b segment.Row) int { return compareRows(&a, &b) })
		if got := s.sort(rows); !slices.Equal(got, want) {
			t.Fatalf("%d rows over %d ms are out of order", len(rows), spread)
		}
	}
}

func FuzzSummaryPages(f *testing.F) {
	f.Add([]byte{3, 1, 2, 1, 0, 0}, uint64(1), true)
	f.Add([]byte{0}, uint64(everybody), false)
	f.Fuzz(func(t *testing.T, pages []byte, user uint64, where bool) {
		var page summaryPage
		for kind := counted; kind <= loose; kind++ {
			// Damage is an error, never a panic, whatever the bytes.
			_ = page.eachPage(pages, kind, user, where, func() error {
				if page.n > segment.Max {
					t.Fatal("more entries than a page has")
				}
				return nil
			})
		}
	})
}
