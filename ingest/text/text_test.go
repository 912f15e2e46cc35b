package text

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"
	"unicode/utf8"
)

// encode writes s as UTF-16, with the mark if asked.
func encode(s string, big, mark bool) []byte {
	var b []byte
	put := func(u uint16) {
		if big {
			b = append(b, byte(u>>8), byte(u))
		} else {
			b = append(b, byte(u), byte(u>>8))
		}
	}
	if mark {
		put(0xFEFF)
	}
	for _, u := range utf16.Encode([]rune(s)) {
		put(u)
	}
	return b
}

func TestEveryEncodingGivesTheSameText(t *testing.T) {
	const want = "dn: CN=J\u00fcrgen \U0001F600,DC=contoso\r\nmail: j@contoso.com\r\n"
	for _, c := range []struct {
		name string
		in   []byte
		enc  Encoding
		mark int
	}{
		{"UTF-8", []byte(want), UTF8, 0},
		{"UTF-8 with a mark", append([]byte("\xEF\xBB\xBF"), want...), UTF8, 3},
		{"UTF-16LE with a mark", encode(want, false, true), UTF16LE, 2},
		{"UTF-16BE with a mark", encode(want, true, true), UTF16BE, 2},
		{"UTF-16LE without", encode(want, false, false), UTF16LE, 0},
		{"UTF-16BE without", encode(want, true, false), UTF16BE, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			if enc, mark := Detect(c.in); enc != c.enc || mark != c.mark {
				t.Errorf("Detect = %s, %d; want %s, %d", enc, mark, c.enc, c.mark)
			}
			for _, r := range []io.Reader{bytes.NewReader(c.in), iotest.OneByteReader(bytes.NewReader(c.in))} {
				got, err := io.ReadAll(NewReader(r))
				if err != nil || string(got) != want {
					t.Errorf("got %q, %v", got, err)
				}
			}
		})
	}
}

func TestDamageIsNotHidden(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"empty", "", ""},
		{"one byte", "a", "a"},
		{"one NUL", "\x00", "\x00"},
		{"a mark alone", "\xEF\xBB\xBF", ""},
		{"a UTF-16 mark alone", "\xFF\xFE", ""},
		{"half a mark", "\xEF\xBB", "\xEF\xBB"},
		{"an odd last byte", "\xFF\xFEa\x00b", "a\uFFFD"},
		{"a lone surrogate", "\xFF\xFE\x00\xD8a\x00", "\uFFFDa"},
		{"invalid UTF-8 passes", "caf\xe9\n", "caf\xe9\n"},
		{"a NUL in UTF-8 is no UTF-16", "abc\x00def\n", "abc\x00def\n"},
		{"NULs only are no UTF-16", strings.Repeat("\x00", 64), strings.Repeat("\x00", 64)},
		{"a mark inside stays", "a\uFEFFb", "a\uFEFFb"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := io.ReadAll(NewReader(strings.NewReader(c.in)))
			if err != nil || string(got) != c.want {
				t.Errorf("got %q, %v; want %q", got, err, c.want)
			}
		})
	}
}

func TestTheSourcesErrorIsPassedOn(t *testing.T) {
	for _, head := range []string{"", "abc", "\xFF\xFEa\x00"} {
		r := NewReader(io.MultiReader(strings.NewReader(head), iotest.ErrReader(io.ErrClosedPipe)))
		if _, err := io.ReadAll(r); err != io.ErrClosedPipe {
			t.Errorf("after %q: got %v", head, err)
		}
	}
}

func FuzzNewReader(f *testing.F) {
	f.Add([]byte("dn: CN=a\n"))
	f.Add(encode("dn: CN=a\n", false, true))
	f.Add(encode("dn: CN=a\n", true, false))
	f.Fuzz(func(t *testing.T, in []byte) {
		got, err := io.ReadAll(NewReader(bytes.NewReader(in)))
		if err != nil {
			t.Fatal(err)
		}
		if enc, _ := Detect(in); enc != UTF8 && !utf8.Valid(got) {
			t.Fatalf("%s gives invalid UTF-8", enc)
		}
	})
}
