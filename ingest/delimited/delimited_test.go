package delimited

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

type row struct {
	Line   int
	Fields []string
	Bad    string
}

func readAll(t testing.TB, r *Reader) []row {
	var rows []row
	for {
		f, err := r.Read()
		var bad *RowError
		switch {
		case errors.Is(err, io.EOF):
			return rows
		case errors.As(err, &bad):
			rows = append(rows, row{Line: bad.Line, Bad: bad.What})
			continue
		case err != nil:
			t.Fatalf("read: %v", err)
		}
		got := row{Line: r.Line()}
		for _, v := range f {
			got.Fields = append(got.Fields, string(v))
		}
		rows = append(rows, got)
	}
}

func TestRowsAreReadWithTheirLines(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     []row
	}{
		{"plain", "a,b\r\nc,d\n", []row{{1, []string{"a", "b"}, ""}, {2, []string{"c", "d"}, ""}}},
		{"last line without end", "a,b", []row{{1, []string{"a", "b"}, ""}}},
		{"blank lines do not count as rows", "a\n\n\r\nb\n", []row{{1, []string{"a"}, ""}, {4, []string{"b"}, ""}}},
		{"empty fields", ",,\n", []row{{1, []string{"", "", ""}, ""}}},
		{"quotes", "\"a,b\",\"say \"\"hi\"\"\",\n", []row{{1, []string{"a,b", `say "hi"`, ""}, ""}}},
		{"newline in quotes", "\"a\nb\",c\nd,e\n", []row{{1, []string{"a\nb", "c"}, ""}, {3, []string{"d", "e"}, ""}}},
		{"stray quote loses one line", "a,b\"c\nd,e\n", []row{{1, nil, "a quote is not closed"}, {2, []string{"d", "e"}, ""}}},
		{"two stray quotes lose two lines", "a,b\"c\nd,e\nf,\"g\nh,i\n", []row{
			{1, nil, "a quote inside a field that is not quoted"}, {2, []string{"d", "e"}, ""},
			{3, nil, "a quote is not closed"}, {4, []string{"h", "i"}, ""}}},
		{"text behind a quote", "\"a\"b,c\nd,e\n", []row{{1, nil, "text after a closing quote"}, {2, []string{"d", "e"}, ""}}},
		{"unclosed quote", strings.Repeat("\"x\n", 1) + strings.Repeat("y\n", 100), append([]row{{1, nil, "a quote is not closed within 64 lines"}},
			manyY(100)...)},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, r := range []io.Reader{strings.NewReader(c.in), iotest.OneByteReader(strings.NewReader(c.in)), iotest.DataErrReader(strings.NewReader(c.in))} {
				if got := readAll(t, NewReader(r, ',')); !reflect.DeepEqual(got, c.want) {
					t.Fatalf("got %+v, want %+v", got, c.want)
				}
			}
		})
	}
}

func manyY(n int) (rows []row) {
	for i := range n {
		rows = append(rows, row{i + 2, []string{"y"}, ""})
	}
	return rows
}

func TestAnEndlessLineIsOneBadRowInBoundedMemory(t *testing.T) {
	long := io.LimitReader(zeros{}, 10<<20)
	r := NewReader(io.MultiReader(strings.NewReader("a,b\n"), long, strings.NewReader("\nc,d\n")), ',')
	rows := readAll(t, r)
	if len(rows) != 3 || rows[1].Bad == "" || rows[1].Line != 2 || rows[2].Line != 3 || rows[2].Fields[0] != "c" {
		t.Fatalf("got %+v", rows)
	}
	if len(r.buf) > 4*MaxRow {
		t.Fatalf("buffer grew to %d bytes", len(r.buf))
	}
}

func TestALastLineWithoutEndIsTold(t *testing.T) {
	for in, want := range map[string]bool{"": false, "a": true, "a\n": false, "a\r\n": false, "a\r": true, "a\n\r": false, "\"a\nb\"": true,
		"\"a\nb\"\n": false, "\"a\nb": true, "\"a\nb\n": false, "a\n" + strings.Repeat("x", MaxRow+9): true, strings.Repeat("x", MaxRow+9) + "\n": false} {
		for _, src := range []io.Reader{strings.NewReader(in), iotest.HalfReader(strings.NewReader(in)), iotest.DataErrReader(strings.NewReader(in))} {
			r := NewReader(src, ',')
			readAll(t, r)
			if r.CutShort() != want {
				t.Errorf("%.20q: %v, want %v", in, r.CutShort(), want)
			}
		}
	}
}

func TestAByteIsFoundInWholeRowsAlone(t *testing.T) {
	r := NewReaderAt(strings.NewReader("a,b\nc,\x00\n\"d\"\"\",e\n\"f\n\x00\",\"g\"\"h\"\n"), ',', 3)
	for i, want := range []bool{false, true, false, true} {
		if _, err := r.Read(); err != nil || r.Holds(0) != want || r.Line() != 3+i {
			t.Errorf("row %d at line %d: %v, %v", i, r.Line(), r.Holds(0), err)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'z'
	}
	return len(p), nil
}

func TestAReadErrorIsPassedOn(t *testing.T) {
	boom := errors.New("boom")
	r := NewReader(io.MultiReader(strings.NewReader("a,b\nc"), iotest.ErrReader(boom)), ',')
	if _, err := r.Read(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Read(); !errors.Is(err, boom) {
		t.Fatalf("got %v, want boom", err)
	}
}

// FuzzReader compares with encoding/csv on everything that package accepts,
// and on anything else promises an end, no panic, and lines within the input.
func FuzzReader(f *testing.F) {
	for _, s := range []string{"a,b\n", "\"a\"\"b\",c\r\n", "a\"b\n", "\"a\nb\"\nc", "\r\n,\n", "\"", "\"\"\"", "a,\"b\",\n\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		got := readAll(t, NewReader(bytes.NewReader(in), ','))
		lines := bytes.Count(in, []byte("\n")) + 1
		for _, g := range got {
			if g.Line < 1 || g.Line > lines {
				t.Fatalf("line %d of %d", g.Line, lines)
			}
		}
		// encoding/csv folds CRLF inside quotes to LF and drops a lone CR at the end.
		if bytes.IndexByte(in, '\r') >= 0 {
			return
		}
		std := csv.NewReader(bytes.NewReader(in))
		std.FieldsPerRecord = -1
		want, err := std.ReadAll()
		if err != nil {
			return
		}
		if len(want) != len(got) {
			t.Fatalf("%d rows, encoding/csv reads %d: %q", len(got), len(want), in)
		}
		for i := range want {
			if !reflect.DeepEqual(want[i], got[i].Fields) {
				t.Fatalf("row %d: %+v, encoding/csv reads %q", i, got[i], want[i])
			}
		}
	})
}

func BenchmarkReader(b *testing.B) {
	data := []byte(strings.Repeat("2009-03-02 08:15:00.123,1,,,,17,23,A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11,,,17,,,3,1,,4,4,,,1,1,2009-03-02 08:15:00.123,2009-03-02 08:15:01.000,200\r\n", 10000))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		r := NewReader(bytes.NewReader(data), ',')
		for {
			if _, err := r.Read(); err != nil {
				break
			}
		}
	}
}
