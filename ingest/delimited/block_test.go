package delimited

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"math/rand"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
)

// byLine gives no more than a line at once.
type byLine struct{ rest []byte }

func (r *byLine) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.rest[:cmp.Or(bytes.IndexByte(r.rest, '\n')+1, len(r.rest))])
	r.rest = r.rest[n:]
	return n, nil
}

// inPieces reads a table as a parallel reader does: the first row alone, then
// piece by piece, then what cannot be cut.
func inPieces(t testing.TB, in []byte, size int) (rows []row, cut bool) {
	r := NewReader(&byLine{in}, ',') // reads no further than it must
	add := func(line int, fields [][]byte, err error) bool {
		var bad *RowError
		switch {
		case errors.Is(err, io.EOF):
			return false
		case errors.As(err, &bad):
			rows = append(rows, row{Line: bad.Line, Bad: bad.What})
			return true
		case err != nil:
			t.Fatal(err)
		}
		got := row{Line: line}
		for _, v := range fields {
			got.Fields = append(got.Fields, string(v))
		}
		rows = append(rows, got)
		return true
	}
	if f, err := r.Read(); !add(r.Line(), f, err) {
		return rows, r.CutShort()
	}
	c := r.Cut()
	b := c.NewBlock(',')
	c.size = size
	for {
		p, ok, err := c.Next(nil)
		if errors.Is(err, io.EOF) {
			return rows, c.CutShort()
		}
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			break
		}
		for b.Reset(p); ; {
			n, err := b.Next()
			var fields [][]byte
			for i := range n {
				fields = append(fields, b.Field(i))
			}
			if !add(b.Line(), fields, err) {
				break
			}
			if err == nil && b.HoldsNUL() != (bytes.IndexByte(bytes.Join(fields, nil), 0) >= 0) {
				t.Fatal("a NUL byte is overlooked or made up")
			}
		}
	}
	r = c.Rest(',')
	for {
		if f, err := r.Read(); !add(r.Line(), f, err) {
			return rows, r.CutShort()
		}
	}
}

// FuzzPieces holds reading in pieces against the careful reader.
func FuzzPieces(f *testing.F) {
	for _, s := range []string{"a,b\n", "h\na,b\r\n\r\n\nc", "h\na,b\nc,\"d\ne\",f\ng\n", "h,i\n,,,,,,,,,,\n", "h\n12345678,1234567,123456\n", "h\nx\r", "h\na\x00b\n"} {
		f.Add([]byte(s), 7)
	}
	f.Fuzz(func(t *testing.T, in []byte, size int) {
		if size < 1 || size > 1<<16 {
			return
		}
		r := NewReader(bytes.NewReader(in), ',')
		want := readAll(t, r)
		got, cut := inPieces(t, in, size)
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%q in pieces of %d: %+v, in one %+v", in, size, got, want)
		}
		if cut != r.CutShort() {
			t.Fatalf("%q in pieces of %d: cut short %v, in one %v", in, size, cut, r.CutShort())
		}
	})
}

func TestPiecesAreReadLikeTheWhole(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	long := strings.Repeat("x", MaxRow+8)
	for n := range 600 {
		// Of every three tables one has no quotes, one a few, one mostly quotes.
		quotes, rare := n%3, []int{0, 20, 2}[n%3]
		var b strings.Builder
		for range r.Intn(400) {
			switch r.Intn(60) {
			case 0:
				b.WriteString("\n")
			case 1:
				b.WriteString("a\x00b,c\n")
			case 2:
				if quotes > 0 && r.Intn(rare) == 0 {
					b.WriteString([]string{`"q,u` + "\n" + `o",te`, `a"b`, `"a"b,"c"`, `"a`, `a,"`, `"a""b",c`, `"",""""`, "\"\x00\"", `a,"b"""`, "\"a\"\r", "\"a\"\r\"",
						strings.Repeat("\"\n", r.Intn(130))}[r.Intn(12)] + "\n")
				}
			case 3:
				if r.Intn(100) == 0 {
					b.WriteString(strings.Repeat(`"`, r.Intn(2)) + long[:MaxRow-2+r.Intn(4)] + "\n")
				}
			default:
				row := strings.Repeat("2009-03-02,17,", r.Intn(5)) + strings.Repeat("y", r.Intn(20))
				if quotes == 2 {
					row = `"` + strings.ReplaceAll(row, ",", `","`) + `"`
				}
				b.WriteString(row + []string{"\n", "\r\n"}[r.Intn(2)])
			}
		}
		if r.Intn(2) == 0 {
			b.WriteString([]string{"no,end", `"no","end"`, `"no`}[r.Intn(3)])
		}
		in := []byte(b.String())
		whole := NewReader(bytes.NewReader(in), ',')
		want := readAll(t, whole)
		got, cut := inPieces(t, in, 1+r.Intn(9000))
		if !reflect.DeepEqual(got, want) || cut != whole.CutShort() {
			t.Fatalf("table %d: in pieces %d rows, cut short %v; in one %d, %v", n, len(got), cut, len(want), whole.CutShort())
		}
	}
}

func TestQuotesCountAtEveryPlaceOfALine(t *testing.T) {
	for pad := range 140 {
		x := strings.Repeat("x", pad)
		for _, row := range []string{x + `,"a"b,c`, `"` + x + `"b`, `"` + x + `",b`, `"` + x + `"`, x + `"a"`, x + `,"a`, x + `,a"`, x + `,"","a,b"`, x + `,"a""b"`, `"` + x + `,",` + x} {
			in := []byte("h\n" + row + "\nlast,\"row\"")
			want := readAll(t, NewReader(bytes.NewReader(in), ','))
			if got, _ := inPieces(t, in, 1000); !reflect.DeepEqual(got, want) {
				t.Errorf("%q: in pieces %v, in one %v", row, got, want)
			}
		}
	}
}

// pieces cuts a table behind its first row, and tells whether all of it was cut.
func pieces(t *testing.T, in string, size int) (n int, all bool) {
	r := NewReader(iotest.OneByteReader(strings.NewReader(in)), ',')
	if _, err := r.Read(); err != nil {
		t.Fatal(err)
	}
	c := r.Cut()
	for c.size = size; ; n++ {
		_, ok, err := c.Next(nil)
		if err != nil && !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		if !ok || err != nil {
			return n, err != nil
		}
	}
}

func TestQuotesDoNotKeepATableFromBeingCut(t *testing.T) {
	row, over := "\"a\",\"b\"\"c\"\n", "\"a\n\",\"b\"\n"
	for _, c := range []struct {
		name, in string
		all      bool
	}{
		{"all quoted", strings.Repeat(row, 5000), true},
		{"values that go over lines", strings.Repeat(strings.Repeat(row, 100)+over, 50), true},
		{"no place where a row must end", strings.Repeat(row, 900) + strings.Repeat(strings.Repeat(row, 60)+over, 100), false},
		{"a quote that is not closed", strings.Repeat(row, 900) + "\"a\n" + strings.Repeat(row, 900), true},
	} {
		if n, all := pieces(t, "h,i\n"+c.in, 4000); n < 2 || all != c.all {
			t.Errorf("%s: %d pieces, all %v", c.name, n, all)
		}
	}
}

func BenchmarkBlock(b *testing.B) {
	rng := rand.New(rand.NewSource(1))
	var plain, quoted bytes.Buffer
	for range 5000 {
		for i := range 34 {
			v := strconv.Itoa(rng.Intn(1 << rng.Intn(24)))
			if i > 20 {
				v = "2009-03-02 08:15:00.123"[:rng.Intn(24)]
			}
			plain.WriteString(v + ",")
			quoted.WriteString(`"` + v + `",`)
		}
		plain.WriteString("17\r\n")
		quoted.WriteString("\"17\"\r\n")
	}
	for name, data := range map[string][]byte{"plain": plain.Bytes(), "quoted": quoted.Bytes()} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			block := new(Cutter).NewBlock(',')
			for b.Loop() {
				for block.Reset(Piece{data, 1}); ; {
					if _, err := block.Next(); err != nil {
						break
					}
				}
			}
		})
	}
}
