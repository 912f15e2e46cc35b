package w3c

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// got is one result of Read in a form that can be compared.
type got struct {
	Line   int
	Bad    string
	Fields []string // in force
	Values []string // as many as the row has; "" for none
	Date   string
	Cut    bool
}

func readAll(t testing.TB, r *Reader) (all []got) {
	t.Helper()
	for {
		err := r.Read()
		var bad *RowError
		switch {
		case errors.Is(err, io.EOF):
			return all
		case errors.As(err, &bad):
			if len(bad.Raw) == 0 || len(bad.Raw) > maxRaw || bad.Line != r.Line() {
				t.Fatalf("a bad row without text, or elsewhere: %+v", bad)
			}
			all = append(all, got{Line: bad.Line, Bad: bad.What})
		case err != nil:
			t.Fatal(err)
		default:
			g := got{Line: r.Line(), Fields: slices.Clone(r.Fields()), Date: r.Date(), Cut: r.Cut()}
			for i := range r.Count() {
				g.Values = append(g.Values, string(r.Field(i)))
			}
			all = append(all, g)
		}
	}
}

func read(t testing.TB, text string) []got { return readAll(t, NewReader(strings.NewReader(text))) }

// texts shows rows as line:value|value, bad ones as line!reason.
func texts(all []got) (list []string) {
	for _, g := range all {
		s := fmt.Sprint(g.Line, ":", strings.Join(g.Values, "|"))
		if g.Bad != "" {
			s = fmt.Sprint(g.Line, "!", g.Bad)
		}
		list = append(list, s)
	}
	return list
}

func TestRowsGoByTheFieldsLineInForce(t *testing.T) {
	all := read(t, "#Software: Microsoft Internet Information Services 6.0\r\n#Version: 1.0\r\n#Date: 2009-03-02 00:00:11\r\n"+
		"#Fields: date time cs-username\r\n2009-03-02 08:00:00 CONTOSO\\alice\r\n2009-03-02 08:00:01 -\r\n\r\n"+
		"#date: 2009-03-03 01:02:03\n#fields: time\tcs-uri-stem\n08:00:00 /cwa/\n")
	want := []got{
		{Line: 5, Fields: []string{"date", "time", "cs-username"}, Values: []string{"2009-03-02", "08:00:00", `CONTOSO\alice`}, Date: "2009-03-02"},
		{Line: 6, Fields: []string{"date", "time", "cs-username"}, Values: []string{"2009-03-02", "08:00:01", ""}, Date: "2009-03-02"},
		{Line: 10, Fields: []string{"time", "cs-uri-stem"}, Values: []string{"08:00:00", "/cwa/"}, Date: "2009-03-03"},
	}
	if !reflect.DeepEqual(all, want) {
		t.Errorf("got  %+v\nwant %+v", all, want)
	}
}

func TestDamageCostsOneRow(t *testing.T) {
	long := strings.Repeat("x", MaxLine+1)
	for _, c := range []struct {
		name, in string
		want     []string
	}{
		{"rows before any fields", "a b\n#Fields: x y\na b\n", []string{"1!no #Fields line before the row: its columns are unknown", "3:a|b"}},
		{"an empty fields line", "#Fields: x\na\n#Fields:\nb\n#Fields: x\nc\n", []string{"2:a", "4!no #Fields line before the row: its columns are unknown", "6:c"}},
		{"too few values", "#Fields: x y\na\nb c\n", []string{"2:a", "3:b|c"}},
		{"too many values", "#Fields: x\na b c\n", []string{"2:a|b|c"}},
		{"two spaces", "#Fields: x y\na  b\n", []string{"2:a||b"}},
		{"an endless line", "#Fields: x\n" + long + "\nb\n", []string{"2!" + tooLong, "3:b"}},
		{"an endless last line", "#Fields: x\n" + long + long, []string{"2!" + tooLong}},
		{"just too long", "#Fields: x\n" + long[:MaxLine] + "\nb\n", []string{"2!" + tooLong, "3:b"}},
		{"just not too long", "#Fields: x\n" + long[:MaxLine-1] + "\n", []string{"2:" + long[:MaxLine-1]}},
		{"no line end", "#Fields: x y\na b\nc", []string{"2:a|b", "3:c"}},
		{"NUL bytes of a crash", "#Fields: x y\na b\n\x00\x00\x00\x00#Fields: x\nc\n\x00\x00", []string{"2:a|b", "4:c"}},
		{"NUL bytes within", "#Fields: x y\na\x00 b\n", []string{"2:a\x00|b"}},
		{"bytes of a code page", "#Fields: x y\nm\xfcller b\n", []string{"2:m\xfcller|b"}},
		{"blanks around", "#Fields:   x   y  \n a b \r\n", []string{"2:a|b"}},
		{"nothing", "", nil},
		{"directives alone", "#Fields: x\n#Remark: a b", nil},
	} {
		if all := texts(read(t, c.in)); !slices.Equal(all, c.want) {
			t.Errorf("%s: got %.200q, want %.200q", c.name, all, c.want)
		}
	}
}

func TestQuotesAreReadWhereTheColumnsAskForIt(t *testing.T) {
	for _, c := range []struct{ row, want string }{
		{`a "b c" d`, "a|b c|d"},
		{`"70.95.0.0" "" d`, "70.95.0.0||d"},
		{`a "b ""c"" w/ d " 0`, `a|b "c" w/ d |0`},
		{`"-" - "-"`, "-||-"},
		{`a "b c d`, `a|"b|c|d`},       // never closed: spaces decide
		{`a "b"c d" e`, `a|"b"c|d"|e`}, // a quote that closes nothing
		{`"a b" c`, `"a|b"|c`},         // short, but as many spaces: not to be told from a plain row
		{`"a b c" d`, "a b c|d"},       // short
		{`a "b" d`, "a|b|d"},           // as many spaces as the columns ask for
		{`a "b d"`, `a|"b|d"`},         // a plain row whose values begin and end with a quote
		{`a b"c d`, `a|b"c|d`},         // a quote within is text
		{`a "x""y" d`, `a|x"y|d`},
	} {
		all := texts(read(t, "#Fields: x y z\n"+c.row+"\n"))
		if want := []string{"2:" + c.want}; !slices.Equal(all, want) {
			t.Errorf("%s: got %q, want %q", c.row, all, want)
		}
	}
}

func TestPlusIsASpaceUnlessQuoted(t *testing.T) {
	r := NewReader(strings.NewReader("#Fields: a b c d\nOC/4.0+(Lync+2010) \"a+b c\" - x\n"))
	if err := r.Read(); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"OC/4.0 (Lync 2010)", "a+b c", "", "x"} {
		if got := string(r.Text(i)); got != want {
			t.Errorf("value %d: %q, want %q", i, got, want)
		}
	}
	if r.Field(-1) != nil || r.Field(4) != nil || r.Text(9) != nil || r.Column("B") != 1 || r.Column("x", "d") != 3 || r.Column("x") != -1 {
		t.Error("columns that are not there, or not found")
	}
}

func TestAnErrorOfTheSourceEndsTheReading(t *testing.T) {
	r := NewReader(io.MultiReader(strings.NewReader("#Fields: x\na\nb"), iotest.ErrReader(io.ErrUnexpectedEOF)))
	if err := r.Read(); err != nil {
		t.Fatal(err)
	}
	if err := r.Read(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%v: half a row was taken", err)
	}
	if err := NewReader(stuck{}).Read(); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("%v", err)
	}
}

type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

// write writes rows as a server would, quoting where it must.
func write(fields []string, rows [][]string) string {
	var b strings.Builder
	b.WriteString("#Fields: " + strings.Join(fields, " ") + "\r\n")
	for _, row := range rows {
		for i, v := range row {
			if i > 0 {
				b.WriteByte(' ')
			}
			switch {
			case v == "":
				v = "-"
			case v == "-", strings.ContainsAny(v, ` "`), i == 0 && v[0] == '#':
				v = `"` + strings.ReplaceAll(v, `"`, `""`) + `"`
			}
			b.WriteString(v)
		}
		b.WriteString("\r\n")
	}
	return b.String()
}

func TestWhatIsWrittenIsReadAgain(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	letters := []rune(`ab"-+# \/é`)
	for range 800 {
		var fields []string
		for i := range 1 + r.IntN(6) {
			fields = append(fields, fmt.Sprint("f", i))
		}
		var rows [][]string
		for range 1 + r.IntN(5) {
			row := make([]string, len(fields))
			for i := range row {
				for range r.IntN(6) {
					row[i] += string(letters[r.IntN(len(letters))])
				}
			}
			rows = append(rows, row)
		}
		in := write(fields, rows)
		slow := readAll(t, NewReader(iotest.OneByteReader(strings.NewReader(in))))
		all := read(t, in)
		if !reflect.DeepEqual(all, slow) {
			t.Fatalf("%q: the result depends on how the bytes arrive", in)
		}
		var back [][]string
		for _, g := range all {
			back = append(back, g.Values)
		}
		if !reflect.DeepEqual(back, rows) {
			t.Fatalf("wrote\n%s\nread %q\nwant %q", in, back, rows)
		}
	}
}

// FuzzRead: no panic, no error but *RowError, lines rise and never exceed the
// file, the result does not depend on how the bytes arrive, and a block behind
// any damage is found again.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		"#Fields: date time cs-uri-stem sc-status\n2009-03-02 08:00:00 /cwa/ 200\n",
		"#Software: x\r\n\r\n#Fields:   a b \r\n\"x y\" -\r\nz \"\"\"\"\r\n",
		"a b\n#Date: 2009-03-02 01:02:03\n#Fields: time\n\x00\x00#Fields: x y\n1 2",
		"#Fields: a\n\"\n\" \" \"\n#\n#:\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) > 1<<16 {
			return
		}
		all := read(t, string(in))
		last, lines := 0, strings.Count(string(in), "\n")+1
		for _, g := range all {
			if g.Line <= last || g.Line > lines {
				t.Fatalf("line %d after %d in a file of %d lines", g.Line, last, lines)
			}
			last = g.Line
		}
		for line := range bytes.Lines(in) {
			if once := Redact([]string{"x", "cs(Cookie)", "y"}, line); !bytes.Equal(Redact([]string{"x", "cs(Cookie)", "y"}, once), once) {
				t.Fatalf("%q is public, and yet to be redacted", once)
			}
		}
		halves := io.MultiReader(strings.NewReader(string(in[:len(in)/2])), strings.NewReader(string(in[len(in)/2:])))
		if slow := readAll(t, NewReader(halves)); !reflect.DeepEqual(all, slow) {
			t.Fatalf("in one piece %+v, in two %+v", all, slow)
		}
		tail := read(t, string(in)+"\n#Fields: p q\n1 2\n")
		if n := len(tail); n == 0 || !slices.Equal(tail[n-1].Values, []string{"1", "2"}) {
			t.Fatalf("the row behind was not found: %+v", tail)
		}
	})
}
