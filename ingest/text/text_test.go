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

// Lines of another tool behind UTF-16 are lines, in either byte order and however
// the bytes come; long text of other alphabets is none of them.
func TestUTF16ThatGoesOverIntoSingleBytesKeepsItsLines(t *testing.T) {
	const front, short = "dn: CN=J\u00fcrgen \u4e2d\u6587,DC=contoso\r\n", "mail: x@contoso.com\r\n"
	for _, behind := range []string{short, strings.Repeat(short, 10000), strings.Repeat(short, 3) + "caf\xe9\n\x00\xff\n"} {
		for _, big := range []bool{true, false} {
			in := append(encode(front, big, true), behind...)
			for _, src := range []io.Reader{bytes.NewReader(in), iotest.OneByteReader(bytes.NewReader(in)), iotest.DataErrReader(bytes.NewReader(in))} {
				r := NewReader(src)
				if got, err := io.ReadAll(r); err != nil || string(got) != front+behind || !Turned(r) {
					t.Errorf("%.40q: got %.80q, turned %v, %v", behind, got, Turned(r), err)
				}
			}
		}
	}
	for _, text := range []string{front, strings.Repeat("\u4e2d\u6587\u5b57", 1000) + "\n", front + "x", strings.Repeat("\u0a2a\u0a70\u0a1c\u0a3e\u0a2c\u0a40", 20), strings.Repeat("\u0d05\u0d24\u0d46", 20)} {
		r := NewReader(bytes.NewReader(encode(text, false, true)))
		if got, err := io.ReadAll(r); err != nil || string(got) != text || Turned(r) {
			t.Errorf("%.40q: got %.80q, turned %v, %v", text, got, Turned(r), err)
		}
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
		r := NewReader(bytes.NewReader(in))
		got, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if enc, _ := Detect(in); enc != UTF8 && !utf8.Valid(got) && !Turned(r) {
			t.Fatalf("%s gives invalid UTF-8", enc)
		}
	})
}
