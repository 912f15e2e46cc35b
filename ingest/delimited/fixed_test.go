package delimited

import (
	"bytes"
	"fmt"
	"io"
	"math/rand"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"
)

func TestDashesTellTheWidths(t *testing.T) {
	for line, want := range map[string][]int{
		"--- -- -----":      {3, 2, 5},
		"--- --   \r\n":     {3, 2},
		"---":               nil,
		"":                  nil,
		"---  --":           nil,
		"--- x- --":         nil,
		" --- --":           nil,
		"---,-- ---":        nil,
		"- -":               {1, 1},
		"--- -- ----- \r\n": {3, 2, 5},
	} {
		if got := Widths([]byte(line)); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %v, want %v", line, got, want)
		}
	}
}

func TestPaddedRowsStandInTheirColumns(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"ab  cd    e    \n", "ab\x1fcd\x1fe\n"},
		{"abc de    fghij\r\n", "abc\x1fde\x1ffghij\r\n"},
		{"abc  x yz fg\n", "abc\x1fx yz\x1ffg\n"},
		{"ä €  zz    ö\n", "ä €\x1fzz\x1fö\n"},
		{"abc de   \n", "abc de   \n"},
		{"abc de    \n", "abc\x1fde\x1f\n"},
		{"\n", "\n"},
		{"(3 rows affected)\n", "(3 rows affected)\n"},
		{"abc\n", "abc\n"},
		{"abcd e    f\n", "abcd e    f\n"},
		{"abc de    fghijk\n", "abc de    fghijk\n"},
		{"a\x1fc de    f\n", "a\x1fc de    f\n"},
		{"abc de    f", "abc\x1fde\x1ff"},
	} {
		for _, r := range []io.Reader{strings.NewReader(c.in), iotest.OneByteReader(strings.NewReader(c.in))} {
			got, err := io.ReadAll(NewFixed(r, []int{3, 5, 5}))
			if err != nil || string(got) != c.want {
				t.Errorf("%q: %q, %v; want %q", c.in, got, err, c.want)
			}
		}
	}
	if _, err := io.ReadAll(NewFixed(io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(io.ErrClosedPipe)), []int{3, 5})); err != io.ErrClosedPipe {
		t.Errorf("got %v", err)
	}
}

// TestPaddedRowsComeBack writes random values padded and reads them again.
func TestPaddedRowsComeBack(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	for range 300 {
		widths := make([]int, 2+rng.Intn(6))
		for i := range widths {
			widths[i] = 1 + rng.Intn(12)
		}
		var text strings.Builder
		var want []row
		for line := range rng.Intn(30) {
			var fields []string
			for i, w := range widths {
				v := ""
				for n := rng.Intn(w + 1); len([]rune(v)) < n; {
					v += []string{"a", "ü", "€", "-", "0", "a b"}[rng.Intn(6)]
				}
				if r := []rune(v); len(r) > w {
					v = string(r[:w])
				}
				v = strings.TrimSpace(v)
				fields = append(fields, v)
				text.WriteString(v + strings.Repeat(" ", w-utf8.RuneCountInString(v)))
				if i < len(widths)-1 {
					text.WriteByte(' ')
				}
			}
			text.WriteString("\r\n")
			want = append(want, row{Line: line + 1, Fields: fields})
		}
		r := NewReader(NewFixed(strings.NewReader(text.String()), widths), Unit)
		r.Bare()
		if got := readAll(t, r); !reflect.DeepEqual(got, want) {
			t.Fatalf("widths %v\n%q\ngot %v\nwant %v", widths, text.String(), got, want)
		}
	}
}

// FuzzFixed: lines stay lines, whatever stands in them, and what a reader of
// the result sees is what stood there.
func FuzzFixed(f *testing.F) {
	f.Add([]byte("ab  cd    e    \n\n(1 rows affected)\n"), uint16(0x355))
	f.Add([]byte("ä €  zz    ö"), uint16(0x355))
	f.Fuzz(func(t *testing.T, in []byte, shape uint16) {
		widths := []int{1 + int(shape&15), 1 + int(shape>>4&15), 1 + int(shape>>8&15)}
		got, err := io.ReadAll(NewFixed(bytes.NewReader(in), widths))
		if err != nil {
			t.Fatal(err)
		}
		lines, was := bytes.Split(got, newline), bytes.Split(in, newline)
		if len(lines) != len(was) {
			t.Fatalf("%d lines of %d", len(lines), len(was))
		}
		for i, l := range lines {
			strip := func(b []byte) string { return strings.NewReplacer(" ", "", "\x1f", "").Replace(string(b)) }
			if strip(l) != strip(was[i]) {
				t.Fatalf("%q became %q", was[i], l)
			}
		}
	})
}

func TestQuotesAreTextToABareReader(t *testing.T) {
	in := []byte("a\t\"b\nc\"\td\n" + strings.Repeat("e\t\"\n", 3) + "f\t\"\"")
	whole := NewReader(bytes.NewReader(in), '\t')
	whole.Bare()
	want := readAll(t, whole)
	if fmt.Sprint(want) != "[{1 [a \"b] } {2 [c\" d] } {3 [e \"] } {4 [e \"] } {5 [e \"] } {6 [f \"\"] }]" {
		t.Errorf("got %v", want)
	}
	for size := 1; size < 40; size++ {
		r := NewReader(bytes.NewReader(in), '\t')
		r.Bare()
		if _, err := r.Read(); err != nil {
			t.Fatal(err)
		}
		c, b := r.Cut(), NewBlock('\t', true)
		c.size = size
		got := want[:1:1]
		for {
			p, ok, err := c.Next(nil)
			if err == io.EOF {
				break
			}
			if !ok || err != nil {
				got = append(got, readAll(t, c.Rest('\t'))...)
				break
			}
			for b.Reset(p); ; {
				n, err := b.Next()
				if err != nil {
					break
				}
				one := row{Line: b.Line()}
				for i := range n {
					one.Fields = append(one.Fields, string(b.Field(i)))
				}
				got = append(got, one)
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("in pieces of %d: %v", size, got)
		}
	}
}

func BenchmarkFixed(b *testing.B) {
	in := []byte(strings.Repeat("2009-03-02 08:15:00.123           1          17          23 A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11         200\r\n", 20000))
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		if _, err := io.Copy(io.Discard, NewFixed(bytes.NewReader(in), []int{23, 11, 11, 11, 36, 11})); err != nil {
			b.Fatal(err)
		}
	}
}
