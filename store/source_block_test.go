package store

import (
	"bytes"
	"fmt"
	"math/rand"
	"path"
	"slices"
	"testing"
)

func TestABlockOfTextGivesBackItsRows(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	for range 300 {
		var b textRows
		var want []string
		line := 0
		for range r.Intn(50) {
			line += 1 + r.Intn(1<<r.Intn(31))
			text := bytes.Repeat([]byte{byte(r.Intn(256))}, r.Intn(300))
			b.add(line, text)
			want = append(want, fmt.Sprintf("%d %q", line, text))
		}
		payload, err := unpackText(packText(b.payload()))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		err = eachText(payload, func(line int, text []byte) error {
			got = append(got, fmt.Sprintf("%d %q", line, text))
			return nil
		})
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("%v: got %q, want %q", err, got, want)
		}
		if len(payload) > 1 && eachText(payload[:len(payload)-1], func(int, []byte) error { return nil }) == nil && b.rows > 0 {
			t.Fatal("a block cut short is read")
		}
	}
}

// FuzzEachText: no payload may do more than be refused.
func FuzzEachText(f *testing.F) {
	f.Add([]byte{2, 1, 1, 1, 2, 'a', 'b', 'c'})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0x0f, 1})
	f.Fuzz(func(t *testing.T, payload []byte) {
		before, size := 0, 0
		err := eachText(payload, func(line int, text []byte) error {
			if line <= before {
				t.Fatalf("line %d after %d", line, before)
			}
			before = line
			size += len(text)
			return nil
		})
		if err == nil && size > len(payload) {
			t.Fatal("more text than there is")
		}
	})
}

func TestABlockThatUnpacksToTooMuchIsRefused(t *testing.T) {
	if _, err := unpackText(packText(make([]byte, 64<<20))); err == nil {
		t.Error("64 MiB came out of a block")
	}
}

func TestMigrationsAreNumberedAndTheLastNumberIsTheVersion(t *testing.T) {
	last := 0
	for _, name := range migrationFiles() {
		v := migrationVersion(name)
		if v <= last || path.Base(name)[4] != '_' {
			t.Errorf("%s comes after number %d", name, last)
		}
		last = v
	}
	if latestVersion() != last {
		t.Errorf("version %d, want %d", latestVersion(), last)
	}
}
