package ingest

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// FuzzExports: whatever a format takes for its own is read without a panic,
// every row ends up somewhere on a line of the file, facts lie in the years of
// the product, and a name refers to a text that was sent before.
func FuzzExports(f *testing.F) {
	for _, format := range Formats() {
		f.Add([]byte(format.Sample))
		cases, _ := filepath.Glob(filepath.Join("testdata", format.Name, "*", "in.*"))
		for _, name := range cases {
			if content, err := os.ReadFile(name); err == nil && len(content) < 4<<10 && !strings.HasPrefix(format.Name, "directory-ldif") {
				f.Add(content)
			}
		}
	}
	formats := []Format{csUserFormat(), csContactFormat(), wmiUserFormat(), wmiContactFormat(), wmiSettingFormat(), registrationsFormat(), reportFormat()}
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) > 1<<15 {
			return
		}
		file := NewFile("in", in)
		h, err := file.Head()
		if err != nil {
			t.Fatal(err)
		}
		lines := bytes.Count(h.Text, []byte{'\n'}) + 1
		for _, format := range formats {
			if !format.Sniff(h).Yes {
				continue
			}
			names := 0
			err := format.Read(context.Background(), []*File{file}, &Env{Now: importTime, Location: time.UTC}, func(b *Batch) error {
				names += len(b.Names)
				for _, r := range b.Rejects {
					if r.Line < 1 || r.Line > lines || r.What == "" {
						t.Errorf("%s: reject %+v in %d lines", format.Name, r, lines)
					}
				}
				for i := range b.Records {
					r := &b.Records[i]
					if r.Line < 1 || int(r.Line) > lines || r.At < earliest.UnixMilli() || r.At > importTime.Add(24*time.Hour).UnixMilli() || r.Kind == 0 {
						t.Errorf("%s: record %+v in %d lines", format.Name, r, lines)
					}
					for _, id := range r.Names() {
						if int(id) > names {
							t.Errorf("%s: name %d of %d", format.Name, id, names)
						}
					}
				}
				for i := range b.Entries {
					if e := &b.Entries[i]; e.Line < 1 || e.Line > lines || e.Listed == 0 || !e.Subject() || !strings.HasPrefix(e.Context, format.Name+":") {
						t.Errorf("%s: entry %+v in %d lines", format.Name, e, lines)
					}
				}
				return nil
			})
			if err != nil {
				t.Errorf("%s: %v", format.Name, err)
			}
		}
	})
}
