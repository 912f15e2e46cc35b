package ingest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// piled prints what became of the files of a folder, one line each.
func piled(p *Pile, dir string) []string {
	rel := strings.NewReplacer(filepath.ToSlash(dir)+"/", "").Replace
	var got []string
	for _, u := range p.Units {
		for _, f := range u.Files {
			got = append(got, strings.TrimSpace(rel(f.Path)+": "+u.Format.Name+" "+u.Broken))
		}
	}
	for _, s := range p.Settings {
		got = append(got, rel(s.Path)+": "+s.Kind)
	}
	for _, x := range p.Passed {
		if x.Own {
			x.Why = "own"
		}
		got = append(got, rel(x.Path)+": "+x.Why)
	}
	for _, err := range p.Errors {
		got = append(got, "error "+rel(err.Error()))
	}
	slices.Sort(got)
	return got
}

func wantPile(t *testing.T, p *Pile, dir string, want ...string) {
	t.Helper()
	slices.Sort(want)
	if got := piled(p, dir); !slices.Equal(got, want) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func link(t *testing.T, to, name string) {
	t.Helper()
	if err := os.Symlink(to, name); err != nil {
		t.Fatal(err)
	}
}

func TestALinkToAFolderIsWalkedAsAPathAndNamedInsideOne(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "real/a.csv", []byte(plainSample))
	put(t, dir, "real/deep/b.csv", []byte(strings.Replace(plainSample, "a@", "b@", 1)))
	link(t, filepath.Join(dir, "real"), filepath.Join(dir, "link"))
	link(t, "link", filepath.Join(dir, "link2"))
	link(t, "..", filepath.Join(dir, "real", "up"))
	link(t, filepath.Join("deep", "b.csv"), filepath.Join(dir, "real", "same.csv"))
	for _, name := range []string{"link", "link2", "real"} {
		p := Gather([]string{filepath.Join(dir, name)})
		wantPile(t, p, dir, name+"/a.csv: activity-csv", name+"/deep/b.csv: activity-csv",
			name+"/up: a link to a folder is not followed; name it as a PATH of its own")
		for _, u := range p.Units {
			if _, err := u.Files[0].Head(); err != nil {
				t.Error(err)
			}
		}
	}
	// Named twice, everything is taken once and said once.
	wantPile(t, Gather([]string{filepath.Join(dir, "real"), filepath.Join(dir, "link"), filepath.Join(dir, "real")}), dir,
		"real/a.csv: activity-csv", "real/deep/b.csv: activity-csv",
		"link/up: a link to a folder is not followed; name it as a PATH of its own",
		"real/up: a link to a folder is not followed; name it as a PATH of its own")
}

func TestTheProgramsOwnDatabaseIsPassedOverWithoutAWord(t *testing.T) {
	dir := t.TempDir()
	// The application id of a fresh database may be in its log alone.
	fresh := append([]byte("SQLite format 3\x00"), make([]byte, 100)...)
	for _, name := range []string{"in/my.evidence", "in/.hidden.db", "in/other.db"} {
		put(t, dir, name, fresh)
	}
	for _, name := range []string{"in/my.evidence-wal", "in/my.evidence-shm", "in/my.evidence.lock"} {
		put(t, dir, name, []byte("time,activity,user\n"))
	}
	in := filepath.Join(dir, "in")
	wantPile(t, Gather([]string{in}, filepath.Join(in, "my.evidence"), filepath.Join(in, ".hidden.db"), filepath.Join(in, "gone.db")), dir,
		"in/my.evidence: own", "in/my.evidence-wal: own", "in/my.evidence-shm: own", "in/my.evidence.lock: own",
		"in/other.db: a SQLite database, not an export")
	link(t, filepath.Join(in, "my.evidence"), filepath.Join(dir, "db"))
	put(t, dir, "db.lock", []byte("x"))
	wantPile(t, Gather([]string{in, filepath.Join(dir, "db"), filepath.Join(dir, "db.lock")}, filepath.Join(dir, "db")), dir,
		"in/my.evidence: own", "in/my.evidence-wal: own", "in/my.evidence-shm: own", "in/my.evidence.lock: own", "db.lock: own",
		"in/.hidden.db: hidden: its name begins with a dot", "in/other.db: a SQLite database, not an export")
}

func TestLicencesAreRecognisedWithOneColumnMisspelt(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"x.csv", "license,metric,version,quantity\n", "licenses"},
		{"x.csv", "license;metric;quantity;a;b;c;d;e;f\n", "licenses"},
		{"x.csv", "licence,metric,version,quantity\n", "licenses"},
		{"x.csv", "License,Metrik,Version,Quantity\n", "licenses"},
		{"x.csv", "license,metric,version,qty\n", "licenses"},
		{"x.csv", "licence,metrics,version,quantity,sa_from,sa_until\n", "licenses"},
		{"Licenses.CSV", "product,count\n", "licenses"},
		{"licenses.csv.gz", "license,license,quantity\n", "licenses"},
		{"licenses.csv", "just text\n", ""},
		{"licenses.csv", "time,activity,user\n", "activity-csv"},
		{"licenses.csv", "activity,user,peer,device\n", "activity-csv"},
		{"x.csv", "product,count\n", ""},
		{"x.csv", "item,quantity,unit_price,currency,note\n", ""},                  // an order
		{"x.csv", "hostname,license,version,note\n", ""},                           // installed software
		{"x.csv", "time,metric,version,note\n", ""},                                // a measurement
		{"x.csv", "license,version,quantity,a,b,c,d,e\n", ""},                      // mostly something else
		{"x.csv", "time,activity,user,license,version,currency\n", "activity-csv"}, // columns that are not read
		{"x.csv", "ServerId,ServerFQDN\n", "cdr"},
	} {
		g := &gatherer{formats: Formats()}
		kind, fm, _ := g.judge(&Head{Name: c.name, Text: []byte(c.text)})
		if fm != nil {
			kind = fm.Name
		}
		if kind != c.want {
			t.Errorf("%s %q is taken for %q, want %q", c.name, c.text, kind, c.want)
		}
	}
}

// The text of a Mac of old is read as any other; rows keep their lines.
func TestLinesThatEndWithCRAloneAreRead(t *testing.T) {
	dir := t.TempDir()
	now := time.Date(2009, 4, 1, 2, 0, 0, 0, time.UTC)
	mac := func(s string) string { return strings.ReplaceAll(s, "\n", "\r") }
	for name, text := range map[string][]byte{
		"activity.csv": []byte(mac(plainSample)), "users.ldf": []byte(mac(ldifSample)), "users.csv": []byte(mac(csvdeSample)), "wide.csv": utf16LE(mac(plainSample)),
		"licenses.csv": []byte(mac("license,metric,version,quantity\nocs-standard-cal,user,2007,1\n")), "estate.toml": []byte(mac("sip_domains = [\"contoso.com\"]\n")),
		"letter.txt": []byte(mac("dear diary,\nnothing happened\n")), "iis.log": []byte(mac(iisSample)),
	} {
		if err := os.Chtimes(put(t, dir, name, text), now, now); err != nil {
			t.Fatal(err)
		}
	}
	p := Options{}.Gather(now, []string{dir})
	wantPile(t, p, dir, "activity.csv: activity-csv", "users.ldf: directory-ldif", "users.csv: directory-csvde", "wide.csv: activity-csv", "iis.log: iis-w3c",
		"licenses.csv: licenses", "estate.toml: estate", "letter.txt: of no known format; see calaudit formats")
	for _, text := range []string{plainSample, mac(plainSample)} {
		f := NewFile("activity.csv", []byte(text))
		lines := strings.Count(text, "\n") + strings.Count(text, "\r")
		var got []int
		u := Unit{Format: p.Units[0].Format, Files: []*File{f}}
		if err := u.Read(t.Context(), traceEnv, func(b *Batch) error {
			for _, r := range b.Records {
				got = append(got, int(r.Line))
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if len(got) != lines-1 || got[0] != 2 || got[len(got)-1] != lines {
			t.Errorf("rows of lines %v, the file has %d", got, lines)
		}
		rows := sourceRows(t, f, "activity-csv", map[int]bool{2: true, lines: true})
		want := strings.Split(plainSample, "\n")
		if rows[2] != want[1] || rows[lines] != want[len(want)-2] {
			t.Errorf("shown: %v", rows)
		}
	}
}

// An export in UTF-16 behind one that is not costs its rows, which are rejected
// by line; the part in front is read. The other way round all rows are, which is
// said, and only the header in between is none.
func TestATableThatTurnsToAnotherEncodingKeepsTheReadablePart(t *testing.T) {
	plain := formatNamed(t, "activity-csv")
	said := false
	read := func(data []byte) (stored int, rejected []Reject) {
		dir := t.TempDir()
		said = false
		p := Gather([]string{put(t, dir, "a.csv", data)})
		if len(p.Units) != 1 || p.Units[0].Format.Name != plain.Name {
			t.Fatalf("%v: %.80q", piled(p, dir), data)
		}
		if err := p.Units[0].Read(t.Context(), traceEnv, func(b *Batch) error {
			stored += len(b.Records)
			rejected = append(rejected, b.Rejects...)
			said = said || slices.Contains(b.Notes, turnedNote)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return stored, rejected
	}
	front := plainSample + strings.Repeat(strings.SplitAfterN(plainSample, "\n", 2)[1], 10)
	rows := strings.Count(front, "\n") - 1
	wide := func(mark bool, s string) []byte {
		b := utf16LE(s)
		if !mark && bytes.HasPrefix(b, []byte{0xff, 0xfe}) {
			b = b[2:]
		}
		return b
	}
	for _, mark := range []bool{true, false} {
		stored, rejected := read(append([]byte(front), wide(mark, plainSample)...))
		if stored != rows || len(rejected) < strings.Count(plainSample, "\n") || rejected[0].Line != rows+2 {
			t.Errorf("UTF-16 behind, marked %v: %d of %d rows, rejected %+v", mark, stored, rows, rejected)
		}
		stored, rejected = read(append(wide(mark, front), plainSample...))
		if stored != rows+strings.Count(plainSample, "\n")-1 || len(rejected) != 1 || rejected[0].Line != rows+2 || rejected[0].Raw[:5] != "time," || !said {
			t.Errorf("UTF-16 in front, marked %v: %d of %d rows, rejected %+v", mark, stored, rows, rejected)
		}
	}
	if stored, _ := read(append([]byte(front), bytes.Repeat([]byte{0}, 200)...)); stored != rows {
		t.Errorf("NUL bytes behind: %d rows", stored)
	}
	if _, rejected := read(wide(true, front)); len(rejected) > 0 || said {
		t.Errorf("all in UTF-16, and said to turn: %v", rejected)
	}
}

func TestAPathErrorSaysWhatToDoAndNamesTheFileOnce(t *testing.T) {
	dir := t.TempDir()
	link(t, "b", filepath.Join(dir, "a"))
	link(t, "a", filepath.Join(dir, "b"))
	p := Gather([]string{filepath.Join(dir, "a")})
	if len(p.Errors) != 1 || strings.Count(fmt.Sprint(p.Errors[0]), dir) != 1 || !strings.Contains(p.Errors[0].Error(), "; ") {
		t.Errorf("%v", p.Errors)
	}
}

// An export must not vanish without a word because of what a row of it says or
// what it is called.
func TestOnlyWhatCalauditWritesIsTakenForItsOwn(t *testing.T) {
	const header = "time,activity,user,note\n2009-03-02 08:00:00,im-login,alice@contoso.com,"
	dir := t.TempDir()
	put(t, dir, "quoted.csv", []byte(header+`"{""schema"": ""calaudit.report/1""}"`+"\n"))
	put(t, dir, "said.csv", []byte(header+"\n# \"schema\": \"calaudit.report/1\"\n"))
	put(t, dir, "said.ldf", []byte("# \"schema\":\"calaudit.report/1\"\ndn: CN=Alice,DC=contoso,DC=com\nmsRTCSIP-UserEnabled: TRUE\n"))
	put(t, dir, "users.db-wal", []byte(header+"\n"))
	put(t, dir, "users.db-shm", []byte(header+"\n"))
	put(t, dir, "report.json", []byte("\n{\n \"run\": 1, \"schema\": \"calaudit.report/1\"}"))
	put(t, dir, "a.db-wal", []byte("\x37\x7f\x06\x82\x00\x2d\xe2\x18\x00\x00\x10\x00"))
	put(t, dir, "a.db-shm", nil)
	wantPile(t, Gather([]string{dir}), dir, "quoted.csv: activity-csv", "said.csv: activity-csv", "said.ldf: directory-ldif",
		"users.db-wal: activity-csv", "users.db-shm: activity-csv",
		"report.json: own", "a.db-wal: own", "a.db-shm: own")
}

func TestNamesAreShownOnOneLine(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "a\ncalaudit: warning: x.csv", []byte("nonsense\n"))
	put(t, dir, "b\r.gz", []byte{0x1f, 0x8b, 1})
	p := Gather([]string{dir, filepath.Join(dir, "no\nsuch")})
	wantPile(t, p, dir, `a\ncalaudit: warning: x.csv: of no known format; see calaudit formats`,
		`error b\r.gz: the file is cut short; copy it again`, `error no\nsuch: no such file or folder; check the path`)
}

// A crash leaves NUL bytes where rows were. They cost these rows alone.
func TestARunOfNULBytesDoesNotHideAFile(t *testing.T) {
	dir := t.TempDir()
	text := "time,activity,user\n" + strings.Repeat("2009-03-02 08:00:00,im-login,alice@contoso.com\n", 100)
	put(t, dir, "crash.csv", []byte(text+strings.Repeat("\x00", 4096)+"\n"+text[19:]))
	put(t, dir, "binary", []byte(strings.Repeat("a\x00b\x01\x00\x00\x02", 1000)))
	put(t, dir, "zeros", make([]byte, 4096))
	p := Gather([]string{dir})
	wantPile(t, p, dir, "crash.csv: activity-csv", "binary: binary data of no known format", "zeros: of no known format; see calaudit formats")
}
