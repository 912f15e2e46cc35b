package delimited

import (
	"bytes"
	"errors"
	"io"
	"math/rand"
	"reflect"
	"strings"
	"testing"
)

// inPieces reads a table as a parallel reader does: the first row alone, then
// piece by piece, then what cannot be cut.
func inPieces(t testing.TB, in []byte, size int) (rows []row, cut bool) {
	r := NewReader(bytes.NewReader(in), ',')
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
	c, b := r.Cut(), NewBlock(',')
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
	for range 300 {
		var b strings.Builder
		for range r.Intn(200) {
			switch r.Intn(60) {
			case 0:
				b.WriteString("\n")
			case 1:
				b.WriteString("a\x00b,c\n")
			case 2:
				if r.Intn(20) == 0 {
					b.WriteString(`"q,u` + "\n" + `o",te` + "\n")
				}
			case 3:
				if r.Intn(50) == 0 {
					b.WriteString(long[:MaxRow-2+r.Intn(4)] + "\n")
				}
			default:
				b.WriteString(strings.Repeat("2009-03-02,17,", r.Intn(5)) + strings.Repeat("y", r.Intn(20)) + []string{"\n", "\r\n"}[r.Intn(2)])
			}
		}
		if r.Intn(2) == 0 {
			b.WriteString("no,end")
		}
		in := []byte(b.String())
		whole := NewReader(bytes.NewReader(in), ',')
		want := readAll(t, whole)
		got, cut := inPieces(t, in, 1+r.Intn(3000))
		if !reflect.DeepEqual(got, want) || cut != whole.CutShort() {
			t.Fatalf("in pieces %d rows, cut short %v; in one %d, %v", len(got), cut, len(want), whole.CutShort())
		}
	}
}

func BenchmarkBlock(b *testing.B) {
	data := []byte(strings.Repeat("2009-03-02 08:15:00.123,1,,,,17,23,A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11,,,17,,,3,1,,4,4,,,1,1,2009-03-02 08:15:00.123,2009-03-02 08:15:01.000,200\r\n", 7000))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	block := NewBlock(',')
	for b.Loop() {
		for block.Reset(Piece{data, 1}); ; {
			if _, err := block.Next(); err != nil {
				break
			}
		}
	}
}
