package text

import (
	"bytes"
	"io"
	"math/rand"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

func page(t testing.TB, name string) *CodePage {
	t.Helper()
	p, err := Named(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestTextOfACodePageIsToldFromUTF8ByWhatFollows(t *testing.T) {
	long := strings.Repeat("plain ", 40000)
	for _, c := range []struct {
		name, in, want string
		used           bool
	}{
		{"empty", "", "", false},
		{"ASCII", "abc\n", "abc\n", false},
		{"UTF-8", "é,ü\n", "é,ü\n", false},
		{"a mark leaves no doubt", "\xef\xbb\xbfcaf\xe9", "caf\xe9", false},
		{"the page", "caf\xe9,J\xfcrgen\n", "café,Jürgen\n", true},
		{"the page after much ASCII", long + "caf\xe9\n", long + "café\n", true},
		{"one damaged character in UTF-8", "é,ü,caf\xe9 ö\n", "é,ü,caf\xe9 ö\n", false},
		{"the damaged one first", "caf\xe9,é,ü\n", "caf\xe9,é,ü\n", false},
		{"UTF-8 cut inside a character", "x\xc3", "x\xc3", false},
		{"a letter of the page at the end", "x\xfc", "xü", true},
		{"Euro sign and a byte the page lacks", "\x80\x81", "€\uFFFD", true},
		{"UTF-16", string(encode("café", false, true)), "café", false},
	} {
		for _, r := range []io.Reader{strings.NewReader(c.in), iotest.OneByteReader(strings.NewReader(c.in)), iotest.DataErrReader(strings.NewReader(c.in))} {
			p := NewPageReader(r, page(t, "windows-1252"))
			got, err := io.ReadAll(iotest.OneByteReader(p))
			if err != nil || string(got) != c.want || p.Used() != c.used {
				t.Errorf("%s: %.40q, used %v, %v; want %.40q", c.name, got, p.Used(), err, c.want)
			}
		}
	}
	boom := NewPageReader(io.MultiReader(strings.NewReader("caf\xe9\n"), iotest.ErrReader(io.ErrClosedPipe)), page(t, "windows-1252"))
	if got, err := io.ReadAll(boom); string(got) != "café\n" || err != io.ErrClosedPipe {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestCodePagesAreThoseOfTheStandardTables(t *testing.T) {
	for name, want := range map[string]*charmap.Charmap{"windows-1252": charmap.Windows1252, "ibm850": charmap.CodePage850, "ISO-8859-15": charmap.ISO8859_15} {
		var in []byte
		for c := range 256 {
			in = append(in, byte(c))
		}
		all, err := want.NewDecoder().Bytes(in)
		if err != nil {
			t.Fatal(err)
		}
		p := page(t, name)
		got, err := io.ReadAll(NewPageReader(bytes.NewReader(append([]byte("text in front\xff\xff"), in...)), p))
		if err != nil || !strings.HasSuffix(string(got), string(all)) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	for name, want := range map[string]string{"850": "ibm850", "cp437": "ibm437", " Windows-1250 ": "windows-1250", "1252": "windows-1252"} {
		if p := page(t, name); p.Name() != want {
			t.Errorf("%s is %s", name, p.Name())
		}
	}
	if _, err := Named("klingon"); err == nil || !strings.Contains(err.Error(), "windows-1252, windows-1250") {
		t.Errorf("got %v", err)
	}
}

// TestUTF16IsDecodedAsTheLibraryDoes compares on text, damage and pieces.
func TestUTF16IsDecodedAsTheLibraryDoes(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	for range 2000 {
		var units []uint16
		for range r.Intn(60) {
			switch r.Intn(6) {
			case 0:
				units = append(units, uint16(r.Intn(1<<16)))
			case 1:
				units = append(units, utf16.Encode([]rune{rune(0x10000 + r.Intn(0xfffff))})...)
			default:
				units = append(units, uint16(r.Intn(128)))
			}
		}
		var in []byte
		big := r.Intn(2) == 0
		for _, u := range units {
			if big {
				in = append(in, byte(u>>8), byte(u))
			} else {
				in = append(in, byte(u), byte(u>>8))
			}
		}
		if r.Intn(3) == 0 && len(in) > 0 {
			in = in[:len(in)-1]
		}
		sameUTF16(t, in, big)
	}
}

func sameUTF16(t *testing.T, in []byte, big bool) {
	t.Helper()
	var units []uint16
	for i := 0; i+1 < len(in); i += 2 {
		if big {
			units = append(units, uint16(in[i])<<8|uint16(in[i+1]))
		} else {
			units = append(units, uint16(in[i+1])<<8|uint16(in[i]))
		}
	}
	want := []byte(string(utf16.Decode(units)))
	if len(in)%2 == 1 {
		want = append(want, "\uFFFD"...)
	}
	r := newUTF16Reader(bytes.NewReader(in), big)
	if got, _ := io.ReadAll(r); Turned(r) {
		plain := bytes.HasSuffix(got, in[len(in)-turnLeast/4:]) && bytes.IndexByte(in, '\n') >= 0
		for k := 0; k+turnLeast/4 <= len(in) && !plain; k += 2 {
			plain = bytes.HasSuffix(got, in[k:])
		}
		if !plain {
			t.Fatalf("% x, big %v: %q is no text of single bytes", in, big, got)
		}
		want = got // however it comes
	}
	for _, src := range []io.Reader{bytes.NewReader(in), iotest.OneByteReader(bytes.NewReader(in)), iotest.DataErrReader(bytes.NewReader(in))} {
		got, err := io.ReadAll(newUTF16Reader(src, big))
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("% x, big %v: %q, %v; the library has %q", in, big, got, err, want)
		}
	}
	if got, _ := io.ReadAll(iotest.OneByteReader(newUTF16Reader(bytes.NewReader(in), big))); !bytes.Equal(got, want) {
		t.Fatalf("% x byte by byte: %q; the library has %q", in, got, want)
	}
}

func FuzzUTF16(f *testing.F) {
	f.Add(encode("a,b\r\n", false, false), false)
	f.Add([]byte{0xd8, 0, 0, 'a', 0xdc, 0, 0xd8, 1, 0xdc, 1}, true)
	f.Fuzz(sameUTF16)
}

func FuzzPageReader(f *testing.F) {
	f.Add([]byte("caf\xe9,\xc3\xa9"), 3)
	f.Add([]byte("\x80\x81x\xc3"), 1)
	p := page(f, "windows-1252")
	f.Fuzz(func(t *testing.T, in []byte, size int) {
		whole := NewPageReader(bytes.NewReader(in), p)
		want, err := io.ReadAll(whole)
		if err != nil {
			t.Fatal(err)
		}
		if whole.Used() && !utf8.Valid(want) {
			t.Fatalf("%q gives invalid UTF-8 %q", in, want)
		}
		parts := NewPageReader(bytes.NewReader(in), p)
		var got []byte
		for buf := make([]byte, 1+size&7); ; {
			n, err := parts.Read(buf)
			got = append(got, buf[:n]...)
			if err != nil {
				break
			}
		}
		if !bytes.Equal(got, want) || parts.Used() != whole.Used() {
			t.Fatalf("%q in parts %q, in one %q", in, got, want)
		}
	})
}

func BenchmarkUTF16(b *testing.B) {
	in := encode(strings.Repeat("2009-03-02 08:15:00.123,1,,,,17,23,A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11\r\n", 20000), false, false)
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		if _, err := io.Copy(io.Discard, struct{ io.Reader }{newUTF16Reader(bytes.NewReader(in), false)}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCodePage(b *testing.B) {
	in := []byte(strings.Repeat("17,j\xfcrgen@contoso.com,4\r\n", 80000))
	p := page(b, "windows-1252")
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		if _, err := io.Copy(io.Discard, struct{ io.Reader }{NewPageReader(bytes.NewReader(in), p)}); err != nil {
			b.Fatal(err)
		}
	}
}
