package formatlist

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"reflect"
	"strings"
	"testing"
)

// result is what one call of Read gave, as text.
type result struct {
	Line int
	Text string // "name=value|..." of an object, or what is wrong
	Bad  bool
}

func readAll(t testing.TB, r *Reader) (all []result) {
	t.Helper()
	for {
		o, err := r.Read()
		var bad *LineError
		switch {
		case errors.Is(err, io.EOF):
			if _, err := r.Read(); !errors.Is(err, io.EOF) {
				t.Fatalf("after the end: %v", err)
			}
			return all
		case errors.As(err, &bad):
			if len(bad.Raw) > 256 {
				t.Fatalf("%d bytes of a bad line", len(bad.Raw))
			}
			all = append(all, result{bad.Line, bad.What, true})
		case err != nil:
			t.Fatal(err)
		default:
			var b strings.Builder
			for _, p := range o.Properties {
				fmt.Fprintf(&b, "%s=%s|", p.Name, p.Value)
			}
			all = append(all, result{o.Line, b.String(), false})
		}
	}
}

func TestObjectsAreReadWithTheirLines(t *testing.T) {
	const strange = "the line is no property of the object around it; take it out or export the object again"
	for _, c := range []struct {
		name, in string
		want     []result
	}{
		{"two objects", "\r\n\r\nIdentity : a\r\nEnabled  : True\r\n\r\nIdentity : b\r\nEnabled  : False\r\n\r\n\r\n",
			[]result{{3, "Identity=a|Enabled=True|", false}, {6, "Identity=b|Enabled=False|", false}}},
		{"an empty value, trimmed or not", "A  : \nBB :\nC  : 1\n", []result{{1, "A=|BB=|C=1|", false}}},
		{"a value with colons", "Line : tel:+1 : x\n", []result{{1, "Line=tel:+1 : x|", false}}},
		{"broken between words", "A : one two \n    three\nB : 1\n", []result{{1, "A=one two three|B=1|", false}}},
		{"broken inside a word", "A : DC=cont\n    oso,DC=com\n", []result{{1, "A=DC=contoso,DC=com|", false}}},
		{"a piece that looks like a property", "A : x\n    b : c\nB : 1\n", []result{{1, "A=xb : c|B=1|", false}}},
		{"a lost blank line", "A : 1\nB : 2\nA : 3\nB : 4\n", []result{{1, "A=1|B=2|", false}, {3, "A=3|B=4|", false}}},
		{"a line of spaces separates", "A : 1\n  \t\nA : 2\n", []result{{1, "A=1|", false}, {3, "A=2|", false}}},
		{"a foreign line inside", "A  : 1\nPS C:\\> exit\nBB : 2\n", []result{{2, strange, true}, {1, "A=1|BB=2|", false}}},
		{"another column inside", "A  : 1\nC : 9\nBB : 2\n", []result{{2, strange, true}, {1, "A=1|BB=2|", false}}},
		{"less indented", "A  : 1\n  x\nBB : 2\n", []result{{2, strange, true}, {1, "A=1|BB=2|", false}}},
		{"a time is no property", "2009-03-02 10:00:00 : x\n\nA : 1\n", []result{{1, strange, true}, {3, "A=1|", false}}},
		{"a NUL byte", "A : 1\nB : \x00\nC : 2\n", []result{{2, "a NUL byte in the line; export the object again", true}, {1, "A=1|C=2|", false}}},
		{"without a last line end", "A : 1\nB : 2", []result{{1, "A=1|B=2|", false}}},
		{"nothing", "\r\n \r\n", nil},
		{"doubled CR", "A : 1\r\r\nB : 2\r\r\n", []result{{1, "A=1|B=2|", false}}},
		{"a name outside ASCII", "Größe : 1\nA     : 2\n", []result{{1, "Größe=1|A=2|", false}}},
	} {
		if got := readAll(t, NewReader(strings.NewReader(c.in))); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestACutIsToldByTheMissingLineEnd(t *testing.T) {
	for in, want := range map[string]bool{"A : 1\n": false, "A : 1": true, "": false, "A : 1\n\n": false, strings.Repeat("x", 2<<20): true} {
		r := NewReader(strings.NewReader(in))
		readAll(t, r)
		if r.CutShort() != want {
			t.Errorf("%.20q: %v", in, r.CutShort())
		}
	}
}

func TestHugeObjectsAreGivenUpAndTheNextIsRead(t *testing.T) {
	wide := "A : " + strings.Repeat("x", MaxObject) + "\n\n"
	folded := "A : x\n" + strings.Repeat("    "+strings.Repeat("y", 1000)+"\n", 2000) + "\n"
	var many strings.Builder
	for i := range 40000 {
		fmt.Fprintf(&many, "p%05d : 1\n", i)
	}
	for name, in := range map[string]string{"a line": wide, "a value": folded, "properties": many.String() + "\n"} {
		got := readAll(t, NewReader(strings.NewReader(in+"A : 1\n")))
		if len(got) != 2 || !got[0].Bad || got[0].Line != 1 || !strings.Contains(got[0].Text, "longer than 1048576 bytes; ") || got[1].Text != "A=1|" {
			t.Errorf("%s: %.300v", name, got)
		}
	}
}

func TestAnErrorOfTheSourceEndsTheReading(t *testing.T) {
	r := NewReader(io.MultiReader(strings.NewReader("A : 1\nB : "), failing{}))
	for range 3 {
		if _, err := r.Read(); err == nil || err.Error() != "broken" {
			t.Fatal(err)
		}
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("broken") }

// write prints objects as the tool does on a console of the given width:
// between words, the space left at the end of the line, or inside a word that
// is longer than the line.
func write(objects [][][2]string, width int, eol string) string {
	var b strings.Builder
	b.WriteString(eol + eol)
	for _, o := range objects {
		pad := 0
		for _, p := range o {
			pad = max(pad, len(p[0]))
		}
		for _, p := range o {
			fmt.Fprintf(&b, "%-*s : ", pad, p[0])
			for i, piece := range wrap(p[1], max(width-pad-3, 1)) {
				if i > 0 {
					b.WriteString(strings.Repeat(" ", pad+3))
				}
				b.WriteString(piece + eol)
			}
		}
		b.WriteString(eol)
	}
	return b.String() + eol
}

func wrap(value string, width int) []string {
	pieces, left := []string{""}, width
	put := func(s string) {
		if len(s) > left {
			pieces, left = append(pieces, ""), width
		}
		pieces[len(pieces)-1] += s
		left -= len(s)
	}
	for _, word := range strings.SplitAfter(value, " ") {
		if len(word) <= width {
			put(word)
			continue
		}
		for _, c := range []byte(word) {
			put(string(c))
		}
	}
	return pieces
}

// TestWhatIsWrittenIsRead: objects survive being printed at any width. Words
// are never blank lines of their own, as the tool's values are trimmed.
func TestWhatIsWrittenIsRead(t *testing.T) {
	words := []string{"a", "Ash,", "CN=LC", "Services,CN=Microsoft,CN=pool1,CN=Pools,CN=RTC", "sip:alice@contoso.com", ":", "x : y", "{1, 2}", "tel:+14255550100"}
	for seed := range 2000 {
		rnd := rand.New(rand.NewSource(int64(seed)))
		var objects [][][2]string
		var want []result
		names := rnd.Perm(9)[:1+rnd.Intn(9)]
		for range 1 + rnd.Intn(4) {
			var o [][2]string
			text := ""
			for _, n := range names {
				value := ""
				for i := range rnd.Intn(6) {
					if i > 0 {
						value += " "
					}
					value += words[rnd.Intn(len(words))]
				}
				name := "P" + strings.Repeat("ab", n)
				o = append(o, [2]string{name, value})
				text += name + "=" + value + "|"
			}
			objects = append(objects, o)
			want = append(want, result{Text: text})
		}
		width := 30 + rnd.Intn(100)
		in := write(objects, width, []string{"\n", "\r\n"}[rnd.Intn(2)])
		got := readAll(t, NewReader(strings.NewReader(in)))
		for i := range got {
			got[i].Line = 0
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d, width %d: got %+v\nwant %+v\nfrom\n%s", seed, width, got, want, in)
		}
	}
}

// FuzzRead: no panic, no more results than lines, every line within the file,
// the same result however the bytes arrive, and an object behind any damage is
// found again.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		"\r\n\r\nIdentity    : CN=Alice Ash,OU=Staff,DC=contoso,DC=com\r\nSipAddress  : sip:alice@contoso.com\r\n\r\n",
		"A : 1\n    2\nB : \n\nA :\nB : 3",
		"A : 1\nA : 2\nfoo\n  bar\n\x00\n",
		"Node,x\n : \n: :\n",
		"é : 1\nA : 2\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) > 1<<16 {
			return
		}
		lines := bytes.Count(in, []byte{'\n'}) + 1
		all := readAll(t, NewReader(bytes.NewReader(in)))
		if len(all) > lines {
			t.Fatalf("%d results of %d lines", len(all), lines)
		}
		for _, g := range all {
			if g.Line < 1 || g.Line > lines {
				t.Fatalf("line %d in a file of %d lines", g.Line, lines)
			}
		}
		slow := readAll(t, NewReader(io.MultiReader(bytes.NewReader(in[:len(in)/2]), bytes.NewReader(in[len(in)/2:]))))
		if !reflect.DeepEqual(slow, all) {
			t.Fatalf("%+v in one piece, %+v in two", all, slow)
		}
		tail := readAll(t, NewReader(strings.NewReader(string(in)+"\n\nLast : 1\n")))
		if n := len(tail); n == 0 || tail[n-1].Text != "Last=1|" || tail[n-1].Bad {
			t.Fatalf("the object behind was not found: %+v", tail)
		}
	})
}
