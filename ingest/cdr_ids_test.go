package ingest

import (
	"encoding/hex"
	"fmt"
	"math/rand"
	"strings"
	"testing"
)

func TestGUIDsAreTakenAsTheirDigitsSay(t *testing.T) {
	g := cdrGUIDs{names: NewNames()}
	rng := rand.New(rand.NewSource(1))
	seen := map[string]ID{}
	for n := range 20_000 {
		b := []byte("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")
		for i := range b {
			if b[i] != '-' && n%100 > 0 {
				b[i] = "0123456789abcdefABCDEF"[rng.Intn(22)]
			}
		}
		if n%3 == 0 { // every byte at every place
			b[n/3%36] = byte(n / 3 / 36)
		}
		plain := strings.ToLower(strings.ReplaceAll(string(b), "-", ""))
		_, err := hex.DecodeString(plain)
		good := err == nil && len(plain) == 32 && b[8] == '-' && b[13] == '-' && b[18] == '-' && b[23] == '-'
		id, ok := g.id(b)
		if ok != good {
			t.Fatalf("%q: %v", b, ok)
		}
		if !good {
			continue
		}
		if was := seen[plain]; id == 0 || was != 0 && was != id || was == 0 && int(id) != len(seen)+1 {
			t.Fatalf("%q is %d, was %d", b, id, was)
		}
		seen[plain] = id
		if braced, ok := g.id(fmt.Appendf(nil, "{%s}", b)); !ok || braced != id {
			t.Fatalf("{%s} is %d, without braces %d", b, braced, id)
		}
	}
	if id, ok := g.id([]byte("00000000-0000-0000-0000-000000000000")); id != 0 || !ok {
		t.Errorf("the GUID of zeros is %d, %v", id, ok)
	}
}
