package ingest

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"
)

// Whatever hashes texts have, each is found with what was put for it, and no other.
func TestTextsAreFoundLikeInAMap(t *testing.T) {
	for _, hashes := range []uint32{1, 2, 7, 100, 1 << 31} {
		r := rand.New(rand.NewSource(int64(hashes)))
		var table textTable[int]
		all := map[string]int{}
		for i := range 3000 {
			text := strings.Repeat("a", r.Intn(3)) + fmt.Sprint(r.Intn(1000))
			hash := textHash(text) % hashes
			if bytes := textBytesHash([]byte(text)) % hashes; bytes != hash {
				t.Fatalf("%q has the hashes %d and %d", text, hash, bytes)
			}
			a, b := find(&table, hash, text), find(&table, hash, []byte(text))
			if want, ok := all[text]; a != b || ok != (a != nil) || ok && *a != want {
				t.Fatalf("of %d hashes, %q: found %v and %v, want %d %v", hashes, text, a, b, want, ok)
			}
			if a == nil {
				all[text] = i
				if v := table.put(hash, text, i); *v != i {
					t.Fatalf("%q: put as %d", text, *v)
				}
			}
		}
	}
}

// What is kept is bounded in number and length, and told to who asked all the same.
func TestKeptTextsAreBounded(t *testing.T) {
	var table textTable[int]
	keep := func(text string, value int) int { return *table.keep(textHash(text), text, value, 10) }
	for i := range 25 {
		if got := keep(fmt.Sprint(i), i); got != i || len(table.all) > 10 {
			t.Fatalf("%d is kept as %d, with %d", i, got, len(table.all))
		}
	}
	long := strings.Repeat("x", mostKept+1)
	if got := keep(long, 99); got != 99 || len(table.all) != 5 || find(&table, textHash(long), long) != nil {
		t.Errorf("long text is kept as %d, with %d", got, len(table.all))
	}
	if v := find(&table, textHash("24"), "24"); v == nil || *v != 24 {
		t.Errorf("the last is not kept: %v", v)
	}
}
