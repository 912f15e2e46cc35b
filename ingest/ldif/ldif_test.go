package ldif

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
)

// got is one result of Read in a comparable form.
type got struct {
	Line   int
	DN     string
	Change string
	Attrs  []string // "line name=value"
	Bad    string
}

func readAll(t testing.TB, r *Reader) []got {
	var all []got
	for {
		rec, err := r.Read()
		var bad *RecordError
		switch {
		case errors.Is(err, io.EOF):
			return all
		case errors.As(err, &bad):
			all = append(all, got{Line: bad.Line, Bad: bad.What})
			continue
		case err != nil:
			t.Fatalf("read: %v", err)
		}
		g := got{Line: rec.Line, DN: rec.DN, Change: rec.ChangeType}
		for _, a := range rec.Attrs {
			v := string(a.Value)
			if a.TooLong {
				v = "(too long)"
			}
			g.Attrs = append(g.Attrs, fmt.Sprintf("%d %s=%s", a.Line, a.Name, v))
		}
		all = append(all, g)
	}
}

func TestRecordsAreReadWithTheirLines(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     []got
	}{
		{"empty file", "", nil},
		{"blank lines only", "\r\n \n\t\n\n", nil},
		{"plain", "dn: CN=a\r\nchangetype: add\r\nmail: a@b\r\n\r\n", []got{{Line: 1, DN: "CN=a", Change: "add", Attrs: []string{"3 mail=a@b"}}}},
		{"version and comments", "version: 1\n# a\n  folded comment\ndn: CN=a\n# in between\n x\nmail: b\n", []got{{Line: 4, DN: "CN=a", Attrs: []string{"7 mail=b"}}}},
		{"folded", "dn: CN=a,\n DC=b\nmail: 12\n 3\n  4\n", []got{{Line: 1, DN: "CN=a,DC=b", Attrs: []string{"3 mail=123 4"}}}},
		{"base64", "dn:: Q049w7w=\nmail:: YQ==\nraw:: AAE=\n", []got{{Line: 1, DN: "CN=\u00fc", Attrs: []string{"2 mail=a", "3 raw=\x00\x01"}}}},
		{"folded base64 DN", "dn:: Q0\n 49w7\n w=\n", []got{{Line: 1, DN: "CN=\u00fc"}}},
		{"options are cut", "dn: a\nmember;range=0-1499: x\nuserCertificate;binary:: YQ==\n", []got{{Line: 1, DN: "a", Attrs: []string{"2 member=x", "3 userCertificate=a"}}}},
		{"empty values", "DN:\nmail:\nurl: \nb64::\n", []got{{Line: 1, Attrs: []string{"2 mail=", "3 url=", "4 b64="}}}},
		{"DN-only records", "dn: a\n\ndn: b\n\n", []got{{Line: 1, DN: "a"}, {Line: 3, DN: "b"}}},
		{"a line of one space separates", "dn: a\nx: 1\n \ndn: b\n", []got{{Line: 1, DN: "a", Attrs: []string{"2 x=1"}}, {Line: 4, DN: "b"}}},
		{"a lost separator", "dn: a\nx: 1\ndn: b\n", []got{{Line: 1, DN: "a", Attrs: []string{"2 x=1"}}, {Line: 3, DN: "b"}}},
		{"doubled CR", "dn: a\r\r\nx: 1\r\r\n\r\r\ndn: b\r\r\n", []got{{Line: 1, DN: "a", Attrs: []string{"2 x=1"}}, {Line: 4, DN: "b"}}},
		{"import script", "dn: a\nchangetype: modify\nadd: x\nx: 1\n-\nreplace: y\ny: 2\n-\n\ndn: b\n", []got{
			{Line: 1, DN: "a", Change: "modify", Attrs: []string{"3 add=x", "4 x=1", "6 replace=y", "7 y=2"}}, {Line: 10, DN: "b"}}},
		{"import script without changetype", "dn: a\nadd: x\nx: 1\n-\n", []got{{Line: 1, DN: "a", Change: "modify", Attrs: []string{"2 add=x", "3 x=1"}}}},
		{"a URL is refused", "dn: a\nphoto:< file:///etc/hostname\nx: 1\n\ndn: b\n", []got{
			{Line: 2, Bad: `a value given as a URL (":<") is never read; put the value itself into the file`}, {Line: 5, DN: "b"}}},
		{"a URL for a DN is refused", "dn:< file:///etc/hostname\n\ndn: b\n", []got{
			{Line: 1, Bad: `dn: a value given as a URL (":<") is never read; put the value itself into the file`}, {Line: 3, DN: "b"}}},
		{"bad base64", "dn: a\nx:: !!\ny: 1\ndn: b\n", []got{
			{Line: 2, Bad: "x: the value is not base64; export the record again"}, {Line: 4, DN: "b"}}},
		{"no dn", "mail: a\nx: 1\n\ndn: b\n", []got{{Line: 1, Bad: `the record does not begin with "dn:"; export it again`}, {Line: 4, DN: "b"}}},
		{"no colon", "dn: a\nrubbish\nx: 1\n\ndn: b\n", []got{{Line: 2, Bad: "a line without a colon is no attribute; export the record again"}, {Line: 5, DN: "b"}}},
		{"no name", "dn: a\nnot a name: 1\n\ndn: b\n", []got{{Line: 2, Bad: "this is no attribute name; export the record again"}, {Line: 4, DN: "b"}}},
		{"NUL", "dn: a\nx: 1\x002\n\ndn: b\n", []got{{Line: 2, Bad: "a NUL byte in the record; export it again"}, {Line: 4, DN: "b"}}},
		{"dash in an added entry", "dn: a\nchangetype: add\n-\n\ndn: b\n", []got{{Line: 3, Bad: `a line "-" in a record that adds an entry; export it again`}, {Line: 5, DN: "b"}}},
		{"other version", "version: 2\n\ndn: b\n", []got{{Line: 1, Bad: `LDIF version "2" is not known; export as version 1`}, {Line: 3, DN: "b"}}},
		{"cut inside base64", "dn: a\nx:: YWJ", []got{{Line: 2, Bad: "x: the value is not base64; export the record again"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if g := readAll(t, NewReader(strings.NewReader(c.in))); !reflect.DeepEqual(g, c.want) {
				t.Errorf("got  %+v\nwant %+v", g, c.want)
			}
			if g := readAll(t, NewReader(iotest.OneByteReader(strings.NewReader(c.in)))); !reflect.DeepEqual(g, c.want) {
				t.Errorf("byte by byte: got  %+v\nwant %+v", g, c.want)
			}
		})
	}
}

func TestAFileThatEndsInsideALineSaysSo(t *testing.T) {
	for in, want := range map[string]bool{"": false, "dn: a\n": false, "dn: a\nx: 1": true, "dn: a\n\n": false} {
		r := NewReader(strings.NewReader(in))
		readAll(t, r)
		if r.CutShort() != want {
			t.Errorf("%q: CutShort = %v", in, r.CutShort())
		}
	}
}

func TestLongValuesAreLeftOut(t *testing.T) {
	long := strings.Repeat("YWJj", MaxValue/4+1000)
	var folded strings.Builder
	for s := long; s != ""; s = s[min(76, len(s)):] {
		folded.WriteString(" " + s[:min(76, len(s))] + "\n")
	}
	in := "dn: a\njpegPhoto:: " + long + "\nmail: m\n\ndn: b\njpegPhoto::\n" + folded.String() + "mail: n\n\n" +
		strings.Repeat("x", 10<<20) + "\n\ndn: " + strings.Repeat("y", 2<<20) + "\n\ndn: c\n"
	want := []got{
		{Line: 1, DN: "a", Attrs: []string{"2 jpegPhoto=(too long)", "3 mail=m"}},
		{Line: 5, DN: "b", Attrs: []string{"6 jpegPhoto=(too long)", fmt.Sprintf("%d mail=n", 7+strings.Count(folded.String(), "\n"))}},
	}
	g := readAll(t, NewReader(strings.NewReader(in)))
	if len(g) != 5 || !reflect.DeepEqual(g[:2], want) {
		t.Fatalf("got %+.300v", g)
	}
	if g[2].Bad != `the record does not begin with "dn:"; export it again` || g[3].Bad != "the dn is longer than 1048576 bytes; export the entry again" || g[4].DN != "c" {
		t.Errorf("got %+.300v", g[2:])
	}
}

func TestARecordIsBounded(t *testing.T) {
	for name, attr := range map[string]string{
		"long values":  "m: " + strings.Repeat("x", 1000) + "\n",
		"empty values": "m:\n",
	} {
		in := "dn: a\n" + strings.Repeat(attr, 2*MaxRecord/(len(attr)+40)) + "\ndn: b\n"
		g := readAll(t, NewReader(strings.NewReader(in)))
		if len(g) != 2 || !strings.Contains(g[0].Bad, "the record is longer than") || g[1].DN != "b" {
			t.Errorf("%s: got %+.300v", name, g)
		}
		r := NewReader(strings.NewReader(in))
		r.Keep = func(string) bool { return false }
		if g := readAll(t, r); len(g) != 2 || g[0].DN != "a" {
			t.Errorf("%s, not wanted: got %+.300v", name, g)
		}
	}
}

// endless is a line that never ends.
type endless struct{ left int }

func (e *endless) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	e.left -= len(p)
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestAnEndlessLineTakesLittleMemory(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r := NewReader(io.MultiReader(strings.NewReader("dn: a\nphoto: "), &endless{200 << 20}))
	g := readAll(t, r)
	runtime.ReadMemStats(&after)
	if len(g) != 1 || len(g[0].Attrs) != 1 || g[0].Attrs[0] != "2 photo=(too long)" {
		t.Errorf("got %+.300v", g)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 16<<20 {
		t.Errorf("%d MB for a line of 200 MB", used>>20)
	}
}

func TestUnwantedAttributesAreDropped(t *testing.T) {
	asked := 0
	r := NewReader(strings.NewReader("dn: a\nchangetype: add\nphoto:: !!\nmail: m\nmail: n\n\ndn: b\nphoto:< file:///x\n"))
	r.Keep = func(name string) bool { asked++; return name == "mail" }
	g := readAll(t, r)
	if len(g) != 2 || g[0].Change != "add" || !reflect.DeepEqual(g[0].Attrs, []string{"4 mail=m", "5 mail=n"}) || g[1].Bad == "" {
		t.Errorf("got %+v", g)
	}
	if asked != 2 {
		t.Errorf("Keep was asked %d times for 2 names", asked)
	}
}

func TestTheSourcesErrorEndsTheReading(t *testing.T) {
	for _, head := range []string{"", "dn: a", "dn: a\n", "dn: a\nx: 1\n\n", "dn: a\nx: 1\nrubbish\n"} {
		r := NewReader(io.MultiReader(strings.NewReader(head), iotest.ErrReader(io.ErrClosedPipe)))
		var err error
		for n := 0; err == nil || errors.As(err, new(*RecordError)); n++ {
			if n > 2 {
				t.Fatalf("after %q: no end", head)
			}
			_, err = r.Read()
		}
		if !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("after %q: got %v", head, err)
		}
	}
}

// write is a small writer of content records for the properties below.
func write(b *bytes.Buffer, rec *Record, fold int, eol string) {
	put := func(name string, v []byte) {
		l := name + ": " + string(v)
		if !safe(v) {
			l = name + ":: " + base64.StdEncoding.EncodeToString(v)
		}
		if len(v) == 0 {
			l = name + ":"
		}
		for fold > 0 && len(l) > fold {
			b.WriteString(l[:fold] + eol)
			l = " " + l[fold:]
		}
		b.WriteString(l + eol)
	}
	put("dn", []byte(rec.DN))
	if rec.ChangeType != "" {
		put("changetype", []byte(rec.ChangeType))
	}
	for _, a := range rec.Attrs {
		put(a.Name, a.Value)
	}
	b.WriteString(eol)
}

// safe is RFC 2849's SAFE-STRING. A space at the end, and spaces that a fold
// could leave alone on a line, go into base64: such a line would separate.
func safe(v []byte) bool {
	if len(v) > 0 && (v[0] == ' ' || v[0] == ':' || v[0] == '<' || v[len(v)-1] == ' ') || bytes.Contains(v, []byte("  ")) {
		return false
	}
	for _, c := range v {
		if c == 0 || c == '\n' || c == '\r' || c == '\t' || c >= 0x80 {
			return false
		}
	}
	return true
}

func TestWhatIsWrittenIsReadAgain(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	alphabets := []string{"abcXYZ019=, .:<#-", "ab \x00\xff\n\r\t:", "\u00fc\u00e4\u4e2d "}
	text := func(most int) []byte {
		a := alphabets[rnd.IntN(len(alphabets))]
		v := make([]byte, rnd.IntN(most))
		for i := range v {
			v[i] = a[rnd.IntN(len(a))]
		}
		return v
	}
	names := []string{"objectClass", "msRTCSIP-Line", "cn", "2.5.4.3"}
	for round := range 500 {
		var b bytes.Buffer
		var want []got
		fold, eol := []int{0, 3, 8, 76}[rnd.IntN(4)], []string{"\n", "\r\n"}[rnd.IntN(2)]
		for range rnd.IntN(6) {
			rec := Record{DN: string(text(60)), ChangeType: []string{"", "add", "modify"}[rnd.IntN(3)]}
			g := got{DN: rec.DN, Change: rec.ChangeType}
			for range rnd.IntN(8) {
				a := Attr{Name: names[rnd.IntN(len(names))], Value: text(200)}
				rec.Attrs = append(rec.Attrs, a)
				g.Attrs = append(g.Attrs, a.Name+"="+string(a.Value))
			}
			write(&b, &rec, fold, eol)
			want = append(want, g)
		}
		read := readAll(t, NewReader(bytes.NewReader(b.Bytes())))
		for i := range read {
			read[i].Line = 0
			for j, a := range read[i].Attrs {
				_, read[i].Attrs[j], _ = strings.Cut(a, " ")
			}
		}
		if !reflect.DeepEqual(read, want) {
			t.Fatalf("round %d: wrote\n%s\nread %+v\nwant %+v", round, b.String(), read, want)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	var in bytes.Buffer
	for i := range 10000 {
		write(&in, &Record{DN: fmt.Sprintf("CN=user%d,OU=Staff,DC=contoso,DC=com", i), ChangeType: "add", Attrs: []Attr{
			{Name: "objectClass", Value: []byte("top")}, {Name: "objectClass", Value: []byte("user")},
			{Name: "objectGUID", Value: []byte("0123456789abcde\xff")}, {Name: "mail", Value: fmt.Appendf(nil, "user%d@contoso.com", i)},
			{Name: "msRTCSIP-PrimaryUserAddress", Value: fmt.Appendf(nil, "sip:user%d@contoso.com", i)},
		}}, 76, "\r\n")
	}
	b.SetBytes(int64(in.Len()))
	b.ReportAllocs()
	for b.Loop() {
		r := NewReader(bytes.NewReader(in.Bytes()))
		for n := 0; ; n++ {
			if _, err := r.Read(); err != nil {
				if n != 10000 {
					b.Fatal(n, err)
				}
				break
			}
		}
	}
}
