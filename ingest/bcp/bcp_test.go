package bcp

import (
	"bytes"
	"fmt"
	"io"
	"math/rand"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

const lines = `9.0
3
1       SQLCHAR       0       24      "\t"      1     SessionIdTime        ""
2       SQLCHAR       0       12      "\t"      0     Padding              ""
3       SQLCHAR       0       900     "\r\n"    3     File Name            SQL_Latin1_General_CP1_CI_AS
`

const xmlText = `<?xml version="1.0" encoding="utf-16"?>
<BCPFORMAT xmlns="http://schemas.microsoft.com/sqlserver/2004/bulkload/format" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <RECORD>
  <FIELD ID="1" xsi:type="NCharTerm" TERMINATOR="\t\0" MAX_LENGTH="24"/>
  <FIELD ID="2" xsi:type="NCharTerm" TERMINATOR="\r\0\n\0" MAX_LENGTH="900" COLLATION="Latin1_General_CI_AI"/>
 </RECORD>
 <ROW>
  <COLUMN SOURCE="2" NAME="UserUri" xsi:type="SQLNVARCHAR"/>
  <COLUMN SOURCE="1" NAME="UserId" xsi:type="SQLINT"/>
 </ROW>
</BCPFORMAT>
`

func TestBothFormsOfFormatFilesAreRead(t *testing.T) {
	for _, c := range []struct {
		in    string
		names []string
		comma byte
		plain bool
	}{
		{lines, []string{"SessionIdTime", "", "File Name"}, '\t', true},
		{strings.ReplaceAll(lines, "\n", "\r\n"), []string{"SessionIdTime", "", "File Name"}, '\t', true},
		{strings.Replace(lines, `"\t"`, `","`, 2), []string{"SessionIdTime", "", "File Name"}, ',', true},
		{strings.Replace(lines, `"\t"`, `","`, 1), []string{"SessionIdTime", "", "File Name"}, 0, false},
		{strings.Replace(lines, `"\r\n"`, `"|\n"`, 1), []string{"SessionIdTime", "", "File Name"}, 0, false},
		{strings.NewReplacer("SQLCHAR ", "SQLNCHAR", `"\t"`, `"\t\0"`, `"\r\n"`, `"\r\0\n\0"`).Replace(lines), []string{"SessionIdTime", "", "File Name"}, '\t', true},
		{xmlText, []string{"UserId", "UserUri"}, '\t', true},
	} {
		f, err := Parse([]byte(c.in))
		if err != nil || !Looks([]byte(c.in)) {
			t.Errorf("%q: %v", c.in, err)
			continue
		}
		comma, plain := f.Plain()
		if !reflect.DeepEqual(f.Names(), c.names) || plain != c.plain || plain && comma != c.comma {
			t.Errorf("%q: %q, separator %q, plain %v", c.in, f.Names(), comma, plain)
		}
	}
}

func TestWhatIsWrongWithAFormatFileIsSaid(t *testing.T) {
	for in, want := range map[string]string{
		"9.0\n":                                 "cut short",
		"9.0\nx\n":                              `line 2: "x" is no number of fields`,
		"9.0\n9999\n":                           `line 2: "9999" is no number of fields`,
		strings.Replace(lines, "3\n", "4\n", 1): "3 fields are described, line 2 promises 4",
		strings.Replace(lines, "SQLCHAR", "SQLINT ", 1):         "line 3: a field of type SQLINT with a prefix of 0 is no text; export as characters (bcp -c or -w)",
		strings.Replace(lines, " 0  ", " 2  ", 1):               "with a prefix of 2",
		strings.Replace(lines, `"\t"`, `""`, 1):                 "field 1 has no terminator; export as characters (bcp -c or -w)",
		strings.Replace(lines, `"\t"`, `"\x"`, 1):               `line 3: the terminator "\\x" holds \x; known are`,
		strings.Replace(lines, `"\t"`, `"\t`, 1):                "line 3: no description of a field",
		strings.Replace(lines, `\t`, "12345678901", 1):          `longer than 10 characters`,
		"9.0\n1\n1 SQLCHAR 0 3 \"\\t\" 0 x \"\"":                "no field belongs to a column",
		"9.0\n1\n2 SQLCHAR 0 3 \"\\t\" 1 x \"\"":                `line 3: "2" is not the number of field 1 of 1`,
		"<BCPFORMAT><RECORD></RECORD></BCPFORMAT>":              "0 fields are described; expected 1 to 4096",
		"<BCPFORMAT><RECORD>":                                   "the XML cannot be read",
		strings.Replace(xmlText, "NCharTerm", "NativeFixed", 1): "field 1 of type NativeFixed is not ended by a terminator; export as characters (bcp -c or -w)",
	} {
		if _, err := Parse([]byte(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", in, err, want)
		}
	}
	for _, in := range []string{"", "9.0", "a,b\n1,2\n", "<html>", "2009.03\nx\n", "1.5\n2.5\n"} {
		if Looks([]byte(in)) {
			t.Errorf("%q is taken for a format file", in)
		}
	}
}

func format(terminators ...string) *Format {
	f := &Format{}
	for i, t := range terminators {
		f.Fields = append(f.Fields, Field{fmt.Sprint("c", i), t})
	}
	return f
}

func read(t testing.TB, f *Format, in string) string {
	t.Helper()
	got, err := io.ReadAll(f.NewReader(strings.NewReader(in)))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []io.Reader{iotest.OneByteReader(strings.NewReader(in)), iotest.DataErrReader(strings.NewReader(in))} {
		if again, err := io.ReadAll(f.NewReader(r)); err != nil || !bytes.Equal(again, got) {
			t.Fatalf("%q gives %q, then %q, %v", in, got, again, err)
		}
	}
	return string(got)
}

func TestRowsWithTerminatorsOfTheirOwnBecomeLines(t *testing.T) {
	for _, c := range []struct {
		f        *Format
		in, want string
	}{
		{format("||", "|\n"), "a||b|\nc||d|\n", "a\x1fb\nc\x1fd\n"},
		{format("\t", "@@"), "a\tb@@c\td@@", "a\x1fb\nc\x1fd\n"},
		{format("\t", "@@"), "a\tb@@c\td@@\r\n\x1a", "a\x1fb\nc\x1fd\n"},
		{format(`"`, `","`, "\"\r\n"), "\"a\",\"b\"\r\n\"c,\",\"d\"\r\n", "\x1fa\x1fb\n\x1fc,\x1fd\n"},
		{format("\t", "|\n"), "a\tb\nc|\nd\te|\n", "a\x1fb c\n\nd\x1fe\n"},
		{format("\t", "@@"), "a\tb\nc@@d\te@@", "a\x1fb c\nd\x1fe\n"},
		{format("\t", "|\n"), "a\tb|\nforeign\nlines\nd\te|\n", "a\x1fb\nforeign\nlines\nd\x1fe\n"},
		{format("\t", "@@"), "foreign@@d\te@@", "foreign\nd\x1fe\n"},
		{format("\t", "@@"), "a\tb@@c\td", "a\x1fb\nc\x1fd"},
		{format("\t", "@@"), "a\x1f\tb@@c\td@@", "a\x1f\tb\nc\x1fd\n"},
		{format("\t", "@@"), "", ""},
	} {
		if got := read(t, c.f, c.in); got != c.want {
			t.Errorf("%q: %q, want %q", c.in, got, c.want)
		}
	}
	if _, err := io.ReadAll(format("\t", "@@").NewReader(io.MultiReader(strings.NewReader("a\tb@@c"), iotest.ErrReader(io.ErrClosedPipe)))); err != io.ErrClosedPipe {
		t.Errorf("got %v", err)
	}
}

func TestAFileWithoutTheTerminatorIsReadInBoundedMemory(t *testing.T) {
	r := format("\t", "@@").NewReader(io.LimitReader(zeros{}, 64<<20))
	n, err := io.Copy(io.Discard, struct{ io.Reader }{r})
	if err != nil || n != 64<<20 || cap(r.buf) > 4*maxRow || cap(r.out) > 4*maxRow {
		t.Errorf("%d bytes, %v, buffers of %d and %d", n, err, cap(r.buf), cap(r.out))
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '0'
	}
	return len(p), nil
}

// TestRowsComeBack writes random values with random terminators.
func TestRowsComeBack(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	pool := []string{"\t", ",", "||", "<#>", "\",\"", "§"}
	for range 500 {
		var f Format
		for i := range 1 + rng.Intn(5) {
			f.Fields = append(f.Fields, Field{fmt.Sprint(i), pool[rng.Intn(len(pool))]})
		}
		f.Fields = append(f.Fields, Field{"last", []string{"\n", "\r\n", "@@", "|\n"}[rng.Intn(4)]})
		var in, want strings.Builder
		for range rng.Intn(20) {
			for i, field := range f.Fields {
				v := strings.Repeat(string(rune('a'+rng.Intn(26))), rng.Intn(9))
				in.WriteString(v + field.Terminator)
				want.WriteString(v)
				if i < len(f.Fields)-1 {
					want.WriteByte(Unit)
				}
			}
			want.WriteByte('\n')
		}
		if got := read(t, &f, in.String()); got != want.String() {
			t.Fatalf("%q with %q: %q, want %q", in.String(), f.Fields, got, want.String())
		}
	}
}

// TestUsualRowsBecomeTheSameLines writes anything made of parts of terminators,
// and reads it with the search for usual rows and without.
func TestUsualRowsBecomeTheSameLines(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	parts := []string{"|", "||", "|||", "|\n", "\r\n", "\n", "@", "@@", "<#>", "<#", ",", "\x1f", "\x00", "a", "12345678", "2009-03-02 08:15:00.123", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "\x9f", "\xfc"}
	usual := 0
	for range 4000 {
		field := []string{"|", "||", "||", "<#>", "@@", ",", "\n", "||||||||||"}[rng.Intn(8)]
		row := []string{"|\n", "\n", "\r\n", "@@@", "\n\n", "||"}[rng.Intn(6)]
		f := format(append(slices.Repeat([]string{field}, rng.Intn(12)), row)...)
		var in strings.Builder
		for range rng.Intn(8) {
			if rng.Intn(2) == 0 {
				for range len(f.Fields) - 1 {
					in.WriteString(parts[13+rng.Intn(4)] + field)
				}
				in.WriteString(row)
			}
			for range rng.Intn(9) {
				in.WriteString(parts[rng.Intn(len(parts))])
			}
		}
		quick, slow := f.NewReader(strings.NewReader(in.String())), f.NewReader(strings.NewReader(in.String()))
		slow.all, slow.line = nil, false
		got, err := io.ReadAll(quick)
		want, err2 := io.ReadAll(slow)
		if err != nil || err2 != nil || !bytes.Equal(got, want) {
			t.Fatalf("%q by %q and %q: %q, with the search for usual rows %q, %v, %v", in.String(), field, row, want, got, err, err2)
		}
		if first := []byte(in.String())[:max(0, strings.Index(in.String(), row))]; len(first) > 0 && quick.quick(first) {
			usual++
		}
	}
	if usual < 500 {
		t.Errorf("only %d rows are usual", usual)
	}
}

// FuzzParse: no text breaks the parser, and what it accepts can be read with.
func FuzzParse(f *testing.F) {
	f.Add([]byte(lines), "a\tb\tc\r\n")
	f.Add([]byte(xmlText), "1\talice@contoso.com\r\n")
	f.Add([]byte("12.0\n2\n1 SQLCHAR 0 0 \"<|>\" 1 a \"\"\n2 SQLCHAR 0 0 \"\\0\\\"\" 2 b \"\""), "x<|>y\x00\"z")
	f.Fuzz(func(t *testing.T, text []byte, data string) {
		format, err := Parse(text)
		if err != nil {
			return
		}
		if len(format.Fields) == 0 || len(format.Fields) > MaxFields {
			t.Fatalf("%d fields", len(format.Fields))
		}
		got := read(t, format, data)
		if last := format.Fields[len(format.Fields)-1].Terminator; strings.Count(got, "\n") < strings.Count(data, last) {
			t.Fatalf("%q by %q has fewer lines than rows: %q", data, last, got)
		}
	})
}

func BenchmarkReader(b *testing.B) {
	in := []byte(strings.Repeat("2009-03-02 08:15:00.123||1||||||17||23||A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11||200|\n", 20000))
	f := format("||", "||", "||", "||", "||", "||", "||", "|\n")
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		if _, err := io.Copy(io.Discard, f.NewReader(bytes.NewReader(in))); err != nil {
			b.Fatal(err)
		}
	}
}
