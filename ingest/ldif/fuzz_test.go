package ldif

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

// FuzzRead: no panic, no error but *RecordError, lines rise and never exceed
// the file, no more results than lines, and the result does not depend on how
// the bytes arrive.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		"dn: CN=a,DC=b\nchangetype: add\nobjectClass: user\n\n",
		"version: 1\r\ndn:: Q049w7w=\r\nmail:: YQ==\r\n\r\n",
		"dn: a\nx: 1\n 2\n \ndn: b\n-\n",
		"# c\n d\ndn: a\nx:< file:///etc/passwd\n\nrubbish\n\ndn: c",
		"dn: a\nmember;range=0-1499: x\n\x00\n",
		"dn:\n\nDN: x\r\r\n\r\r\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) > 1<<16 {
			return
		}
		lines := bytes.Count(in, []byte{'\n'}) + 1
		all := readAll(t, NewReader(bytes.NewReader(in)))
		last := 0
		for _, g := range all {
			if g.Line <= last || g.Line > lines {
				t.Fatalf("line %d after %d in a file of %d lines", g.Line, last, lines)
			}
			last = g.Line
		}
		// One byte at a time: the beginning of this is a fuzzed cut.
		slow := readAll(t, NewReader(io.MultiReader(bytes.NewReader(in[:len(in)/2]), bytes.NewReader(in[len(in)/2:]))))
		if len(slow) != len(all) {
			t.Fatalf("%d results in one piece, %d in two", len(all), len(slow))
		}
		// An entry behind any damage is found again.
		tail := readAll(t, NewReader(strings.NewReader(string(in)+"\n\n\ndn: CN=last\n\n")))
		if n := len(tail); n == 0 || tail[n-1].DN != "CN=last" || tail[n-1].Bad != "" {
			t.Fatalf("the entry behind was not found: %+v", tail)
		}
	})
}
