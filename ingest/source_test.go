package ingest

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"unicode/utf16"

	"calaudit/ingest/delimited"
	"calaudit/ingest/ldif"
)

// sourceRows reads all rows that begin on the lines.
func sourceRows(t *testing.T, f *File, format string, lines map[int]bool) map[int]string {
	t.Helper()
	got := map[int]string{}
	_, err := f.SourceRows(context.Background(), format, func(l int) bool { return lines[l] }, func(l int, text []byte) error {
		got[l] = string(text)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// TestTheSourceOfARowReadsAsThatRow reads random damaged tables, then each row
// once more from its source alone.
func TestTheSourceOfARowReadsAsThatRow(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	pieces := []string{"a", "b c", ",", ",", "\n", "\n", "\r\n", `"`, `""`, `"x,y"`, "\"two\nlines\"", `"it ""is"""`, "é"}
	rows := 0
	for range 3000 {
		var text strings.Builder
		for range r.Intn(60) {
			text.WriteString(pieces[r.Intn(len(pieces))])
		}
		want := map[int]string{}
		lines := map[int]bool{}
		table := delimited.NewReader(strings.NewReader(text.String()), ',')
		for {
			row, err := table.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			if err == nil {
				want[table.Line()], lines[table.Line()] = fmt.Sprintf("%q", row), true
			}
		}
		for line, source := range sourceRows(t, NewFile("a.csv", []byte(text.String())), "cdr", lines) {
			row, err := delimited.NewReader(strings.NewReader(source+"\n"), ',').Read()
			if err != nil || fmt.Sprintf("%q", row) != want[line] {
				t.Fatalf("line %d of %q: source %q reads %q (%v), want %s", line, text.String(), source, row, err, want[line])
			}
			delete(want, line)
			rows++
		}
		if len(want) > 0 {
			t.Fatalf("no source for %v of %q", want, text.String())
		}
	}
	if rows < 5000 {
		t.Fatalf("only %d rows", rows)
	}
}

func TestTheSourceOfAnEntryReadsAsThatEntry(t *testing.T) {
	r := rand.New(rand.NewSource(2))
	pieces := []string{"dn: CN=a,DC=contoso,DC=com\n", "DN:: Q049Yg==\r\n", "cn: a\n", "mail: x\n  folded\n", "\n", "\n", " \t\n", "# remark\n", "no attribute\n", "-\n"}
	read := func(text string) (list []ldif.Record, shown []string) {
		reader := ldif.NewReader(strings.NewReader(text))
		for {
			rec, err := reader.Read()
			if errors.Is(err, io.EOF) {
				return list, shown
			}
			if err == nil {
				s := rec.DN + rec.ChangeType
				for _, a := range rec.Attrs {
					s += fmt.Sprintf("|%s=%q", a.Name, a.Value)
				}
				list, shown = append(list, *rec), append(shown, s)
			}
		}
	}
	entries := 0
	for range 3000 {
		var text strings.Builder
		for range r.Intn(30) {
			text.WriteString(pieces[r.Intn(len(pieces))])
		}
		list, shown := read(text.String())
		lines := map[int]bool{}
		for _, rec := range list {
			lines[rec.Line] = true
		}
		got := sourceRows(t, NewFile("a.ldf", []byte(text.String())), "directory-ldif", lines)
		for i, rec := range list {
			if _, again := read(got[rec.Line] + "\n"); len(again) != 1 || again[0] != shown[i] {
				t.Fatalf("line %d of %q: source %q reads %q, want %q", rec.Line, text.String(), got[rec.Line], again, shown[i])
			}
			entries++
		}
	}
	if entries < 5000 {
		t.Fatalf("only %d entries", entries)
	}
}

// TestSourceOfUTF16 wants the lines of the decoded text.
func TestSourceOfUTF16(t *testing.T) {
	text := "name,say\r\nJürgen,\"one\r\ntwo\"\r\nლ,\u0a0a\u0d0d\r\nlast,x"
	raw := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(text)) {
		raw = append(raw, byte(u), byte(u>>8))
	}
	got := sourceRows(t, NewFile("a.csv", raw), "cdr", map[int]bool{2: true, 4: true, 5: true})
	want := map[int]string{2: "Jürgen,\"one\r\ntwo\"", 4: "ლ,\u0a0a\u0d0d", 5: "last,x"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// endless is one line of n bytes, then a row.
type endless struct{ n int }

func (e *endless) Read(p []byte) (int, error) {
	if e.n <= 0 {
		return 0, io.EOF
	}
	m := min(len(p), e.n)
	for i := range p[:m] {
		p[i] = 'x'
	}
	e.n -= m
	return m, nil
}

func TestALineOfAnyLengthTakesBoundedMemory(t *testing.T) {
	for _, format := range []string{"cdr", "directory-ldif"} {
		f := &File{Path: "long", Size: -1, open: func() (io.ReadCloser, error) {
			return io.NopCloser(io.MultiReader(&endless{300 << 20}, strings.NewReader("\nafter,it\n"))), nil
		}}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got := sourceRows(t, f, format, map[int]bool{1: true, 2: true})
		runtime.ReadMemStats(&after)
		if len(got[1]) != MaxSourceRow+1 || got[2] != "after,it" {
			t.Errorf("%s: %d bytes and %q", format, len(got[1]), got[2])
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 4<<20 {
			t.Errorf("%s: %d bytes allocated", format, used)
		}
	}
}

func TestOpenSourceOpensWhateverTheWalkShows(t *testing.T) {
	dir := t.TempDir()
	text := []byte("time,activity,user\n2009-03-02 08:00:00,im-login,alice@contoso.com\n")
	var packed, archive bytes.Buffer
	g := gzip.NewWriter(&packed)
	g.Write(text)
	g.Close()
	z := zip.NewWriter(&archive)
	for _, name := range []string{"first.txt", "in!side/a.csv", "..\\out.csv", "line\nend.csv"} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if name != "first.txt" {
			w.Write(append(text, name+",im-login,x@contoso.com\n"...))
		}
	}
	z.Close()
	for name, data := range map[string][]byte{"plain.csv": text, "line\r\nend.csv": append(text, text[19:]...), "packed.gz": packed.Bytes(), "a!b.zip": archive.Bytes()} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pile := Gather([]string{dir})
	if len(pile.Units) != 6 {
		t.Fatalf("%d units: %v %v", len(pile.Units), pile.Passed, pile.Errors)
	}
	for _, u := range pile.Units {
		if strings.ContainsAny(u.Files[0].Path, "\r\n") {
			t.Errorf("%q is shown on more than one line", u.Files[0].Path)
		}
		again, err := OpenSource(u.Files[0].Path)
		if err != nil {
			t.Fatal(err)
		}
		none := func(int) bool { return false }
		want, err1 := u.Files[0].SourceRows(context.Background(), "", none, nil)
		got, err2 := again.SourceRows(context.Background(), "", none, nil)
		if err1 != nil || err2 != nil || got != want {
			t.Errorf("%s: %s (%v), want %s (%v)", u.Files[0].Path, got, err2, want, err1)
		}
	}
	for _, gone := range []string{"none.csv", "a!b.zip!none.csv", "none.zip!a.csv", "plain.csv!a", "."} {
		f, err := OpenSource(filepath.Join(dir, gone))
		if err == nil {
			_, err = f.Open()
		}
		if err == nil {
			t.Errorf("%s can be opened", gone)
		}
	}
}

func TestTheSourceOfAnObjectOfAListIsTheWholeObject(t *testing.T) {
	object := func(name string) string {
		return "Identity      : CN=" + name + ",OU=Staff,DC=contoso,\n                DC=com\nSipAddress    : sip:" + name + "@contoso.com\nRegistrarPool : pool1\nHomeServer    :"
	}
	in := "\n\n" + object("alice") + "\n\n" + object("bob") + "\n\n\n"
	got := sourceRows(t, NewFile("a.txt", []byte(in)), "directory-csuser", map[int]bool{3: true, 9: true})
	if got[3] != object("alice") || got[9] != object("bob") || len(got) != 2 {
		t.Errorf("got %v", got)
	}
	table := "SipAddress,RegistrarPool,HomeServer\nsip:alice@contoso.com,pool1,\n\n"
	if got := sourceRows(t, NewFile("a.csv", []byte(table)), "directory-csuser", map[int]bool{2: true}); got[2] != "sip:alice@contoso.com,pool1," {
		t.Errorf("got %v", got)
	}
}
