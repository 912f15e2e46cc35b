package text

import (
	"math/rand"
	"testing"
)

func TestEveryByteIsMarked(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	for range 20_000 {
		b := make([]byte, 64)
		near := byte(rng.Intn(256))
		for i := range b { // like each other, as carries between bytes would show
			b[i] = near ^ byte(1<<rng.Intn(16)) ^ byte(rng.Intn(2)<<7)
		}
		c, n := b[rng.Intn(64)], 1+rng.Intn(64)
		var want uint64
		for i := range (n + 7) &^ 7 {
			if b[i] == c {
				want |= 1 << i
			}
		}
		if got := Marks(b[:(n+7)&^7], n, c); got != want {
			t.Fatalf("%x in %d of %x: %b, want %b", c, n, b, got, want)
		}
	}
}
