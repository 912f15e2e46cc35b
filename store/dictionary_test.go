package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand"
	"path/filepath"
	"slices"
	"testing"

	"calaudit/audit"
	"calaudit/ingest"
	"calaudit/store/segment"
)

// keeps interns random words in several transactions and checks that all ways
// to read them agree.
func keeps[T comparable](t *testing.T, make_ func() *words[T], random func(r *rand.Rand) T) {
	t.Helper()
	ctx := context.Background()
	s, err := Open(ctx, filepath.Join(t.TempDir(), "a.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r := rand.New(rand.NewSource(1))
	numbers := map[T]uint32{}
	var zero T
	for range 6 {
		w := make_()
		if err := w.load(ctx, s.q); err != nil {
			t.Fatal(err)
		}
		for range r.Intn(700) {
			v := random(r)
			n := w.id(v)
			if known, ok := numbers[v]; ok && known != n {
				t.Fatalf("%v is %d, it was %d", v, n, known)
			}
			if v == zero && n != 0 || v != zero && (n == 0 || w.find(v) != n) {
				t.Fatalf("%v is %d and found as %d", v, n, w.find(v))
			}
			numbers[v] = n
		}
		if err := s.write(ctx, func(tx *sql.Tx) error { return w.save(ctx, tx) }); err != nil {
			t.Fatal(err)
		}
	}
	all := make_()
	if err := all.load(ctx, s.q); err != nil {
		t.Fatal(err)
	}
	some, err := newFew(ctx, s.q, make_())
	if err != nil || some.n != len(all.values) {
		t.Fatalf("%d words, %v; want %d", some.n, err, len(all.values))
	}
	for v, n := range numbers {
		if all.values[n] != v || some.at(n) != v || some.err != nil {
			t.Fatalf("%d is %v and %v, want %v; %v", n, all.values[n], some.at(n), v, some.err)
		}
	}
	seen := 1
	if err := some.each(func(id uint32, v *T) {
		if *v != all.values[id] {
			t.Fatalf("%d is %v, want %v", id, *v, all.values[id])
		}
		seen++
	}); err != nil || seen != len(all.values) {
		t.Fatalf("%d words, %v", seen, err)
	}
	if some.at(uint32(len(all.values))); some.err == nil {
		t.Error("a word that is not there is read without an error")
	}
}

func TestWordsKeepTheirNumbers(t *testing.T) {
	id := func(r *rand.Rand) ingest.ID { return ingest.ID(r.Intn(20)) }
	t.Run("names", func(t *testing.T) {
		keeps(t, newNames, func(r *rand.Rand) ingest.Name {
			return ingest.Name{Kind: ingest.NameKind(1 + r.Intn(6)), Text: fmt.Sprint("näme ", r.Intn(500))}
		})
	})
	t.Run("parties", func(t *testing.T) {
		keeps(t, newParties, func(r *rand.Rand) ingest.Party {
			return ingest.Party{User: id(r), Device: id(r) / 10, Endpoint: id(r), Client: id(r) / 5, Class: ingest.Class(r.Intn(8))}
		})
	})
	t.Run("usages", func(t *testing.T) {
		keeps(t, newUsages, func(r *rand.Rand) audit.UsageKey {
			return audit.UsageKey{User: id(r), Endpoint: id(r), Server: id(r) / 4, Activity: ingest.Activity(r.Intn(10)), Class: ingest.Class(r.Intn(8)),
				Untold: r.Intn(2) == 0, PeerPSTN: r.Intn(2) == 0, Presents: r.Intn(2) == 0, Media: ingest.Media(r.Intn(64)) & audit.RuleMedia}
		})
	})
	t.Run("look-up rows", func(t *testing.T) {
		keeps(t, newLookups, func(r *rand.Rand) (h rowHash) {
			h[0], h[15] = byte(r.Intn(40)), byte(r.Intn(40))
			return h
		})
	})
}

func TestMarkedNamesHoldTheOneLookedFor(t *testing.T) {
	s, names := filled(t)
	some, err := newFew(context.Background(), s.q, newNames())
	if err != nil {
		t.Fatal(err)
	}
	for id := 1; id < len(names); id += 7 {
		var marks markSet
		marks.add(markOf(names[id].Text))
		found, err := some.marked(&marks)
		if err != nil || !slices.Contains(found, uint32(id)) {
			t.Fatalf("%q is not among %v; %v", names[id].Text, found, err)
		}
	}
}

// TestADamagedDictionaryIsToldAndTakesNoRoom: what its last row says of how many
// words there are is what room is made for.
func TestADamagedDictionaryIsToldAndTakesNoRoom(t *testing.T) {
	ctx := context.Background()
	for _, change := range []string{"words=-1", "words=-99999999", "words=0", "words=513", "words=66000000", "first=66000001", "first=-511"} {
		s := mustOpen(t, filepath.Join(t.TempDir(), "a.db"))
		w := newNames()
		w.id(ingest.Name{Kind: ingest.UserName, Text: "a@contoso.com"})
		if err := s.write(ctx, func(tx *sql.Tx) error { return w.save(ctx, tx) }); err != nil {
			t.Fatal(err)
		}
		if _, err := s.db.ExecContext(ctx, "UPDATE dictionary SET "+change); err != nil {
			t.Fatal(err)
		}
		again := newNames()
		if err := again.load(ctx, s.q); !errors.Is(err, segment.ErrDamaged) || cap(again.values) > 2*wordsPerBlock {
			t.Errorf("%s: room for %d words, %v", change, cap(again.values), err)
		}
	}
}
