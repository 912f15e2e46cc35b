package ingest

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
)

// handed is all that the batches of a unit said, apart from how it was cut up.
type handed struct {
	Names    []Name
	Records  []Record
	Lookups  []Lookup
	Entries  []string // as JSON
	Rejects  []Reject
	Skipped  map[string]int
	Notes    []string
	further  int
	dangling int
}

func (h *handed) add(t testing.TB, b *Batch) {
	h.Names, h.Records, h.Lookups = append(h.Names, b.Names...), append(h.Records, b.Records...), append(h.Lookups, b.Lookups...)
	for i := range b.Entries {
		text, err := json.Marshal(b.Entries[i])
		if err != nil {
			t.Error(err)
		}
		h.Entries = append(h.Entries, string(text))
	}
	h.Rejects, h.Notes = append(h.Rejects, b.Rejects...), append(h.Notes, b.Notes...)
	for why, n := range b.Skipped {
		if h.Skipped == nil {
			h.Skipped = map[string]int{}
		}
		h.Skipped[why] += n
	}
	h.further, h.dangling = h.further+b.Further, h.dangling+b.Unresolved
}

// Batches lend their room to later ones, of other units too. Whenever they are
// given back, at once, when all is read, by another goroutine or never, and
// however many units are read meanwhile: each reader says what it says alone.
func TestBatchesGivenBackAnyTimeSayTheSame(t *testing.T) {
	const times = 1100 // of four records: more than one batch
	all := corruptibles()
	read := func(c *corruptible, emit Emit) {
		content := c.whole(c.records[0]) // tiny, then one of several batches
		files := []*File{NewFile("a", content), NewFile("b", c.whole(slices.Repeat(c.records, times)...))}
		if c.beside != "" {
			files = append(files, NewFile("beside.csv", []byte(c.beside)))
		}
		f := formatNamed(t, c.format)
		for _, file := range files {
			h, err := file.Head()
			if err != nil {
				t.Error(err)
				return
			}
			file.Part = f.Sniff(h).Part
		}
		if err := (&Unit{Format: f, Files: files}).Read(t.Context(), traceEnv, emit); err != nil {
			t.Error(err)
		}
	}
	ways := map[string]func(c *corruptible) handed{
		"never": func(c *corruptible) (h handed) {
			read(c, func(b *Batch) error { h.add(t, b); return nil })
			return h
		},
		"at once": func(c *corruptible) (h handed) {
			read(c, func(b *Batch) error { h.add(t, b); b.Done(); return nil })
			return h
		},
		"at the end": func(c *corruptible) (h handed) {
			var kept []*Batch
			read(c, func(b *Batch) error { kept = append(kept, b); return nil })
			for _, b := range kept {
				h.add(t, b)
			}
			for _, b := range kept {
				b.Done()
			}
			return h
		},
		"elsewhere": func(c *corruptible) (h handed) {
			batches := make(chan *Batch, 4)
			var wg sync.WaitGroup
			wg.Go(func() {
				for b := range batches {
					h.add(t, b)
					b.Done()
				}
			})
			read(c, func(b *Batch) error { batches <- b; return nil })
			close(batches)
			wg.Wait()
			return h
		},
	}
	want := make([]handed, len(all))
	for i := range all {
		want[i] = ways["never"](&all[i])
		if n := len(want[i].Records) + len(want[i].Entries); n < times && !all[i].noFacts && all[i].format != "iis-w3c" && !strings.HasPrefix(all[i].format, "siptrace") {
			t.Errorf("%s %s: %d facts, too few to fill batches", all[i].format, all[i].name, n)
		}
	}
	var wg sync.WaitGroup
	for way, how := range ways {
		for i := range all {
			wg.Go(func() {
				got := how(&all[i])
				if !reflect.DeepEqual(got, want[i]) {
					g, _ := json.Marshal(got)
					w, _ := json.Marshal(want[i])
					at := 0
					for at < min(len(g), len(w)) && g[at] == w[at] {
						at++
					}
					t.Errorf("%s %s, given back %s: differs at %d of %d: %.200q, alone %.200q", all[i].format, all[i].name, way, at, len(w), bytes.TrimSpace(g[at:]), bytes.TrimSpace(w[at:]))
				}
			})
		}
	}
	wg.Wait()
}
