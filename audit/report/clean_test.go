package report

import (
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"Alice Smith", "Alice Smith"},
		{"Jörg Müller, 東京", "Jörg Müller, 東京"},
		{`CONTOSO\alice`, `CONTOSO\alice`},
		{"\x1b[31m", `\x1b[31m`},
		{"a\tb\r\n", `a\tb\r\n`},
		{"\x00\x7f\u0085", `\x00\x7f\u0085`},
		{"\u202eexe.\u202c", `\u202eexe.\u202c`},
		{"\u2066\u2069\u200e\u061c", `\u2066\u2069\u200e\u061c`},
		{"a\u200bb\ufeff\u2060", `a\u200bb\ufeff\u2060`},
		{"\u2028\u2029", `\u2028\u2029`},
		{"\U000e0041", `\U000e0041`},
		{"bad \xff\xc3", `bad \xff\xc3`},
		{"\ufffd", "\ufffd"},
		{"e\u0301", "e\u0301"},
		{"e\u0301\u0301\u0301\u0301\u0301", "e\u0301\u0301\u0301\u0301" + `\u0301`},
	} {
		if got := Clean(c.in); got != c.want {
			t.Errorf("Clean(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Clean(s)
		if !utf8.ValidString(got) {
			t.Fatalf("invalid UTF-8: %q", got)
		}
		for _, r := range got {
			if !unicode.IsGraphic(r) {
				t.Fatalf("%U left in %q", r, got)
			}
		}
		if Clean(got) != got {
			t.Fatalf("not settled: %q then %q", got, Clean(got))
		}
		if utf8.ValidString(s) && len(got) < len(s) {
			t.Fatalf("something vanished: %q from %q", got, s)
		}
	})
}
