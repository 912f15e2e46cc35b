package ingest

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

// directoryResult is all that one file gave, in the form of the golden files.
type directoryResult struct {
	Entries []directoryLine `json:"entries"`
	Skipped map[string]int  `json:"skipped,omitempty"`
	Rejects []Reject        `json:"rejects,omitempty"`
	Notes   []string        `json:"notes,omitempty"`
}

type directoryLine struct {
	At int `json:"at"`
	Entry
}

func readDirectory(t testing.TB, f Format, content []byte) directoryResult {
	t.Helper()
	var res directoryResult
	err := f.Read(context.Background(), []*File{NewFile("in", content)}, &Env{}, func(b *Batch) error {
		if b.Rows() > directoryBatch {
			t.Errorf("a batch of %d rows", b.Rows())
		}
		for _, e := range b.Entries {
			res.Entries = append(res.Entries, directoryLine{e.Line, e})
		}
		for why, n := range b.Skipped {
			if res.Skipped == nil {
				res.Skipped = map[string]int{}
			}
			res.Skipped[why] += n
		}
		res.Rejects = append(res.Rejects, b.Rejects...)
		res.Notes = append(res.Notes, b.Notes...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// TestDirectoryGolden compares every folder of testdata/directory-* with what
// is read from it.
func TestDirectoryGolden(t *testing.T) {
	for _, f := range Formats() {
		if !strings.HasPrefix(f.Name, "directory-") {
			continue
		}
		golden(t, f.Name, 3, "want.json", func(t *testing.T, content []byte) string {
			if v := f.Sniff(directoryHead(t, content)); !v.Yes {
				t.Errorf("not recognised: %+v", v)
			}
			return asJSON(t, readDirectory(t, f, content))
		})
	}
}

func directoryHead(t testing.TB, content []byte) *Head {
	t.Helper()
	h, err := NewFile("in", content).Head()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func directoryUTF16(s []byte, big, mark bool) []byte {
	u := utf16.Encode([]rune(string(s)))
	if mark {
		u = append([]uint16{0xFEFF}, u...)
	}
	b := make([]byte, 0, 2*len(u))
	for _, c := range u {
		if big {
			b = append(b, byte(c>>8), byte(c))
		} else {
			b = append(b, byte(c), byte(c>>8))
		}
	}
	return b
}

func TestDirectoryEncodingsGiveTheSameEntries(t *testing.T) {
	for _, c := range []struct {
		f  Format
		in string
	}{{ldifFormat(), "people/in.ldf"}, {csvdeFormat(), "people/in.csv"}} {
		plain, err := os.ReadFile(filepath.Join("testdata", c.f.Name, c.in))
		if err != nil {
			t.Fatal(err)
		}
		want := readDirectory(t, c.f, plain)
		for name, in := range map[string][]byte{
			"UTF-8 with a mark":    append([]byte("\xEF\xBB\xBF"), plain...),
			"UTF-16LE with a mark": directoryUTF16(plain, false, true),
			"UTF-16BE with a mark": directoryUTF16(plain, true, true),
			"UTF-16LE":             directoryUTF16(plain, false, false),
			"UTF-16BE":             directoryUTF16(plain, true, false),
			"LF":                   bytes.ReplaceAll(plain, []byte("\r\n"), []byte("\n")),
		} {
			if !c.f.Sniff(directoryHead(t, in)).Yes {
				t.Errorf("%s, %s: not recognised", c.f.Name, name)
			}
			if got := readDirectory(t, c.f, in); !reflect.DeepEqual(got, want) {
				t.Errorf("%s, %s: got %+v\nwant %+v", c.f.Name, name, got, want)
			}
		}
	}
	tabs := strings.ReplaceAll("DN,objectClass,msRTCSIP-UserEnabled,msRTCSIP-PrimaryUserAddress,msRTCSIP-PrimaryHomeServer\n"+
		"\"CN=A;DC=b\",user,TRUE,sip:a@b,fe1\n", ",", "\t")
	if got := readDirectory(t, csvdeFormat(), []byte(tabs)); len(got.Entries) != 1 || !got.Entries[0].Enabled || got.Entries[0].Home != "fe1" {
		t.Errorf("tabs: got %+v", got)
	}
}

func TestTheDNMayStandInAnyColumn(t *testing.T) {
	want := readDirectory(t, csvdeFormat(), []byte(csvdeSample))
	rows, err := csv.NewReader(strings.NewReader(csvdeSample)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var moved bytes.Buffer
	w := csv.NewWriter(&moved)
	for _, row := range rows {
		if err := w.Write(append(row[1:len(row):len(row)], row[0])); err != nil {
			t.Fatal(err)
		}
	}
	w.Flush()
	if got := readDirectory(t, csvdeFormat(), moved.Bytes()); len(want.Entries) != 2 || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// What a file may have without number is not remembered without number.
func TestDirectoryMemoryIsBounded(t *testing.T) {
	ids, others := spelling{}, spelling{}
	for i := range 3000 {
		if id := others.of(fmt.Sprint("attribute-", i)); id != noAttribute || len(others) > 0 {
			t.Fatalf("%d of %d names without meaning remembered", len(others), i)
		}
		name := []byte("displayname")
		for bit := range name {
			if i>>bit&1 == 1 {
				name[bit] -= 0x20
			}
		}
		if id := ids.of(string(name)); id != aDisplayName {
			t.Fatalf("%s: %d", name, id)
		}
	}
	if len(ids) > 1<<10 {
		t.Errorf("%d spellings remembered", len(ids))
	}

	d := newDirectory(context.Background(), 0, nil)
	d.homes = newPoolNames(strings.Clone)
	long := strings.Repeat("x", maxPlace)
	for _, c := range []struct{ text, want string }{{"pool1", "pool1"}, {"pool1." + long, "pool1." + long}, {strings.Repeat(long, 9), ""}} {
		if got := d.homes.of(c.text); got != c.want {
			t.Errorf("home of %d bytes: %.20q", len(c.text), got)
		}
	}
	d.places.of("CN=a,OU=b")
	if _, at := d.places.of("CN=a,OU=" + long); at.container != "ou="+long || len(d.homes.known) != 1 || len(d.places.known) != 1 {
		t.Errorf("%.20q, %d homes, %d places", at.container, len(d.homes.known), len(d.places.known))
	}

	const perEntry = 3000
	var file strings.Builder
	for i := range 30 {
		fmt.Fprintf(&file, "dn: CN=%d,DC=b\n", i)
		for k := range perEntry {
			fmt.Fprintf(&file, "proxyAddresses: sip:a%d.%d@b\n", i, k)
		}
		file.WriteString("\n")
	}
	entries := 0
	err := readLDIF(context.Background(), []*File{NewFile("in", []byte(file.String()))}, &Env{}, func(b *Batch) error {
		aliases := 0
		for _, e := range b.Entries {
			aliases += len(e.Aliases)
		}
		entries += len(b.Entries)
		if aliases > directoryBatch*aliasesOfRow+perEntry {
			t.Errorf("a batch of %d aliases", aliases)
		}
		return nil
	})
	if err != nil || entries != 30 {
		t.Errorf("%d entries, %v", entries, err)
	}
}

func TestDirectorySamplesAreRead(t *testing.T) {
	for _, f := range []Format{ldifFormat(), csvdeFormat()} {
		if !f.Sniff(directoryHead(t, []byte(f.Sample))).Yes {
			t.Errorf("%s: the sample is not recognised", f.Name)
		}
		got := readDirectory(t, f, []byte(f.Sample))
		if len(got.Entries) != 2 || len(got.Rejects) != 0 || len(got.Notes) != 0 {
			t.Fatalf("%s: got %+v", f.Name, got)
		}
		alice := got.Entries[1]
		if !got.Entries[0].IsBranch || !alice.Enabled || !alice.Voice || alice.Home != "pool1" || alice.Line164 != "+14255550100" || alice.Why != "" {
			t.Errorf("%s: got %+v", f.Name, got.Entries)
		}
	}
}

// TestPoolObjectsTellEditionAndVersion: numbers of the schema reference.
func TestPoolObjectsTellEditionAndVersion(t *testing.T) {
	const below = ",CN=Pools,CN=RTC Service,CN=Microsoft,CN=System,DC=contoso,DC=com"
	for _, c := range []struct {
		dn, kind, version string
		want              Pool
		bad               string // what the rejected record says
	}{
		{"CN=Pool1", "10", "4", Pool{"pool1", "enterprise", "2007-r2"}, ""},
		{"CN=se1.contoso.com", "5", "3", Pool{"se1.contoso.com", "standard", "2007"}, ""},
		{"CN=1:2", "10", "5", Pool{"1:2", "enterprise", "2010"}, ""},
		{"CN=old", "1", "1", Pool{"old", "", "2005"}, ""},
		{"CN=older", "", "0", Pool{"older", "", "2003"}, ""},
		{"CN=new", "10", "77", Pool{"new", "enterprise", ""}, ""},
		{"CN=half", "5", "", Pool{"half", "standard", ""}, ""},
		{"CN=x", "ten", "3", Pool{}, "msRTCSIP-PoolType: \"ten\" is no whole number; export the entry again"},
		{"CN=x", "5", "R2", Pool{}, "msRTCSIP-PoolVersion: \"R2\" is no whole number; export the entry again"},
		{"OU=x", "5", "3", Pool{}, "the pool has no name; export it again with cn or its DN"},
	} {
		text := "dn: " + c.dn + below + "\nobjectClass: msRTCSIP-Pool\n"
		if c.kind != "" {
			text += "msRTCSIP-PoolType: " + c.kind + "\n"
		}
		if c.version != "" {
			text += "msRTCSIP-PoolVersion: " + c.version + "\n"
		}
		got := readDirectory(t, ldifFormat(), []byte(text+"\n"))
		if c.bad != "" {
			if len(got.Entries) != 0 || len(got.Rejects) != 1 || got.Rejects[0].What != c.bad {
				t.Errorf("%s: %+v", c.dn, got)
			}
			continue
		}
		if len(got.Entries) != 1 || got.Entries[0].Pool == nil || *got.Entries[0].Pool != c.want || got.Entries[0].Subject() {
			t.Errorf("%s: %+v, want %+v", c.dn, got, c.want)
		}
		if told := slices.ContainsFunc(got.Notes, func(n string) bool { return strings.HasPrefix(n, "msRTCSIP-PoolVersion of an unknown product") }); told != (c.version == "77") {
			t.Errorf("%s: notes %q", c.dn, got.Notes)
		}
	}
	table := readDirectory(t, csvdeFormat(), []byte("DN,objectClass,msRTCSIP-PoolType,msRTCSIP-PoolVersion\n\"CN=pool1"+below+"\",top;msRTCSIP-Pool,10,3\n"))
	if len(table.Entries) != 1 || table.Entries[0].Pool == nil || *table.Entries[0].Pool != (Pool{"pool1", "enterprise", "2007"}) {
		t.Errorf("a table: %+v", table)
	}
}

func TestDirectorySniffKnowsContentOnly(t *testing.T) {
	const estate = "sip_domains = [\"contoso.com\"]\n[devices]\n\"host:pc1\" = {class = \"computer\"}\n"
	csvHead := "DN,objectClass,sAMAccountName,msRTCSIP-UserEnabled,msRTCSIP-PrimaryUserAddress,msRTCSIP-PrimaryHomeServer\n"
	for _, c := range []struct {
		name, in    string
		ldif, csvde string // "yes", "no" or the beginning of why it is broken
	}{
		{"version first", "version: 1\n\ndn: CN=a,DC=b\ncn: a\n", "yes", "no"},
		{"comments first", "# an export\n\ndn: CN=a,DC=b\n", "yes", "no"},
		{"base64 DN", "dn:: Q049YQ==\ncn: a\n", "yes", "no"},
		{"rootDSE", "DN:\ncurrentTime: 1\n", "yes", "no"},
		{"cut at the beginning", "4x==\nmail: a@b\n\n" + strings.Repeat("dn: CN=a,DC=b\ncn: a\nobjectClass: user\n\n", 9), "yes", "no"},
		{"HTTP", "GET / HTTP/1.1\r\nHost: x\r\nDN: CN=a\r\nAccept: y\r\n\r\nbody of the page\r\n", "no", "no"},
		{"headers only", "Host: x\nFrom: y\n", "no", "no"},
		{"estate", estate, "no", "no"},
		{"activity file", "time,activity,user\n2009-03-02T09:00:00Z,im-login,a@b\n", "no", "no"},
		{"empty", "", "no", "no"},
		{"prose", "dn: a word about names\nand more: prose\n", "no", "no"},
		{"csvde", csvHead, "no", "yes"},
		{"csvde by semicolon", strings.ReplaceAll(csvHead, ",", ";"), "no", "yes"},
		{"csvde in other case", strings.ToUpper(csvHead), "no", "yes"},
		{"csvde without any", "DN,objectClass,sAMAccountName\n", "no", "no msRTCSIP attribute among the columns"},
		{"csvde without homes", "DN,msRTCSIP-UserEnabled,msRTCSIP-PrimaryUserAddress\n", "no", "the directory export lacks the column msRTCSIP-PrimaryHomeServer"},
		{"csvde of pools", "DN,objectClass,msRTCSIP-PoolType\n", "no", "yes"},
		{"a table with a dn column", "dn,amount\n1,2\n", "no", "no"},
		{"DN not first", "objectClass,DN\nuser,x\n", "no", "no"},
		{"csvde with its columns sorted", "objectClass," + strings.TrimSuffix(strings.TrimPrefix(csvHead, "DN,objectClass,"), "\n") + ",DN\n", "no", "yes"},
		{"csvde without DN", strings.TrimPrefix(csvHead, "DN,"), "no", "the directory export lacks the column DN"},
	} {
		for _, f := range []struct {
			format Format
			want   string
		}{{ldifFormat(), c.ldif}, {csvdeFormat(), c.csvde}} {
			v := f.format.Sniff(directoryHead(t, []byte(c.in)))
			if v.Yes != (f.want == "yes") || v.Broken != (len(f.want) > 3) || v.Broken && !strings.HasPrefix(v.Why, f.want) {
				t.Errorf("%s as %s: got %+v, want %s", c.name, f.format.Name, v, f.want)
			}
		}
	}
}

func TestDirectoryRejectsTellLineAttributeAndValue(t *testing.T) {
	in := "dn: CN=a,DC=b\n" + strings.Repeat("x", 10<<20) + "\n\ndn: CN=c,DC=b\nmsRTCSIP-PrimaryUserAddress: sip:" + strings.Repeat("y", 2<<20) +
		"\n\ndn: CN=d,DC=b\njpegPhoto:: " + strings.Repeat("YWJj", 1<<19) + "\nmsRTCSIP-Line: tel:+14255550100\n"
	got := readDirectory(t, ldifFormat(), []byte(in))
	if len(got.Entries) != 1 || got.Entries[0].Line164 != "+14255550100" || len(got.Rejects) != 2 {
		t.Fatalf("got %+.500v", got)
	}
	for i, want := range []string{"a line without a colon", "msRTCSIP-PrimaryUserAddress is longer than 1048576 bytes"} {
		if r := got.Rejects[i]; !strings.HasPrefix(r.What, want) || len(r.Raw) > 300 {
			t.Errorf("got %+.500v", r)
		}
	}
}

func TestDirectoryReadingEndsEarly(t *testing.T) {
	in := []byte(strings.Repeat("dn: CN=a,DC=b\n\n", 5000))
	ctx, cancel := context.WithCancel(context.Background())
	batches := 0
	err := ldifFormat().Read(ctx, []*File{NewFile("a", in)}, &Env{}, func(*Batch) error { batches++; cancel(); return nil })
	if !errors.Is(err, context.Canceled) || batches != 1 {
		t.Errorf("got %v after %d batches", err, batches)
	}
	full := errors.New("full")
	if err := ldifFormat().Read(context.Background(), []*File{NewFile("a", in)}, &Env{}, func(*Batch) error { return full }); !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
	broken := &File{Path: "share/in.ldf", open: func() (io.ReadCloser, error) { return nil, os.ErrPermission }}
	for _, f := range []Format{ldifFormat(), csvdeFormat()} {
		err := f.Read(context.Background(), []*File{broken}, &Env{}, func(*Batch) error { return nil })
		if !errors.Is(err, os.ErrPermission) || !strings.Contains(err.Error(), "share/in.ldf") {
			t.Errorf("%s: got %v", f.Name, err)
		}
	}
}

func TestDirectoryBatchesNameTheirFile(t *testing.T) {
	one := []byte(strings.Repeat("dn: CN=a,DC=b\n\n", directoryBatch+1))
	rows := map[int]int{}
	err := ldifFormat().Read(context.Background(), []*File{NewFile("a", one), NewFile("b", one[:15])}, &Env{}, func(b *Batch) error {
		rows[b.File] += b.Rows()
		return nil
	})
	if err != nil || rows[0] != directoryBatch+1 || rows[1] != 1 {
		t.Errorf("got %v, %v", rows, err)
	}
}

func TestFoldDN(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"CN=A,DC=b", "cn=a,dc=b"},
		{" CN = A B , OU=x ,DC=b ", "cn=a b,ou=x,dc=b"},
		{`CN=Ash\, Alice,DC=b`, `cn=ash\, alice,dc=b`},
		{`CN="Ash, Alice",DC=b`, `cn=ash\, alice,dc=b`},
		{`CN=Ash\2C Alice,DC=b`, `cn=ash\, alice,dc=b`},
		{`CN=J\C3\BCrgen,DC=b`, "cn=j\u00fcrgen,dc=b"},
		{"CN=Ju\u0308rgen,DC=b", "cn=j\u00fcrgen,dc=b"},
		{`CN=a\0ADEL:1,CN=Deleted Objects,DC=b`, `cn=a\0adel:1,cn=deleted objects,dc=b`},
		{`CN=\ a\ ,DC=b`, `cn=\ a\ ,dc=b`},
		{`CN=a\\,DC=b`, `cn=a\\,dc=b`},
		{`CN=a+OU=b,DC=c`, `cn=a+ou=b,dc=c`},
		{`CN=,DC=b`, `cn=,dc=b`},
		{`CN=a,O=b\ `, `cn=a,o=b\ `},
	} {
		got, err := FoldDN(c.in)
		if err != nil || got != c.want {
			t.Errorf("FoldDN(%q) = %q, %v; want %q", c.in, got, err, c.want)
		}
	}
	for _, in := range []string{"", "a", "CN=a,", "CN=a,,DC=b", "=a", `CN=a\`, `CN="a,DC=b`, "C N=a"} {
		if got, err := FoldDN(in); err == nil {
			t.Errorf("FoldDN(%q) = %q; want an error", in, got)
		}
	}
}

func FuzzFoldDN(f *testing.F) {
	for _, s := range []string{"CN=A,DC=b", `CN=Ash\, Alice,DC=b`, `CN="x, y" ,OU=\C3\BC`, `a=\ b\ `, `a=\0A"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := FoldDN(s)
		if err != nil {
			return
		}
		if again, err := FoldDN(d); err != nil || again != d {
			t.Fatalf("FoldDN(%q) = %q, and that again is %q, %v", s, d, again, err)
		}
	})
}

// FuzzDirectory: whatever a file holds, reading ends without a panic or an
// error, and no entry claims a line behind its end.
func FuzzDirectory(f *testing.F) {
	for _, pattern := range []string{"testdata/directory-*/*/in.*"} {
		files, _ := filepath.Glob(pattern)
		for _, name := range files {
			b, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		lines := bytes.Count(in, []byte{'\n'}) + 1
		for _, format := range []Format{ldifFormat(), csvdeFormat()} {
			format.Sniff(directoryHead(t, in))
			_ = format.Read(context.Background(), []*File{NewFile("in", in)}, &Env{}, func(b *Batch) error {
				for _, e := range b.Entries {
					if e.Line < 1 || e.Line > lines || e.DN == "" || e.Enabled && (e.Why != "" || e.Primary == "") {
						t.Fatalf("%s: %+v in a file of %d lines", format.Name, e, lines)
					}
				}
				return nil
			})
		}
	})
}

func BenchmarkDirectory(b *testing.B) {
	var ldf, table strings.Builder
	table.WriteString("DN,objectClass,objectGUID,displayName,whenChanged,userAccountControl,proxyAddresses,msRTCSIP-UserEnabled,msRTCSIP-PrimaryUserAddress,msRTCSIP-PrimaryHomeServer,msRTCSIP-OptionFlags,msRTCSIP-Line\n")
	const n = 20000
	home := "CN=LC Services,CN=Microsoft,CN=pool1,CN=Pools,CN=RTC Service,CN=Microsoft,CN=System,DC=contoso,DC=com"
	for i := range n {
		fmt.Fprintf(&ldf, "dn: CN=User %d,OU=Dept %d,OU=Staff,DC=contoso,DC=com\nchangetype: add\nobjectClass: top\nobjectClass: person\nobjectClass: organizationalPerson\nobjectClass: user\ncn: User %d\n"+
			"givenName: User\nobjectGUID:: mrMxdsXb0hGL0AAA+HW2YA==\ndisplayName: User %d\nwhenChanged: 20090302080000.0Z\nuserAccountControl: 512\nproxyAddresses: SMTP:u%d@contoso.com\nproxyAddresses: sip:user.%d@contoso.com\n"+
			"msRTCSIP-UserEnabled: TRUE\nmsRTCSIP-PrimaryUserAddress: sip:u%d@contoso.com\nmsRTCSIP-PrimaryHomeServer: %s\n %s\nmsRTCSIP-OptionFlags: 384\nmsRTCSIP-Line: tel:+1425%07d\n\n",
			i, i%50, i, i, i, i, i, home[:40], home[40:], i)
		fmt.Fprintf(&table, "\"CN=User %d,OU=Dept %d,OU=Staff,DC=contoso,DC=com\",top;person;organizationalPerson;user,X'9a6b3176c5dbd2118bd00000f875b660',User %d,20090302080000.0Z,512,SMTP:u%d@contoso.com;sip:user.%d@contoso.com,TRUE,sip:u%d@contoso.com,\"%s\",384,tel:+1425%07d\n",
			i, i%50, i, i, i, i, home, i)
	}
	for _, c := range []struct {
		f  Format
		in string
	}{{ldifFormat(), ldf.String()}, {csvdeFormat(), table.String()}} {
		b.Run(c.f.Name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				rows := 0
				err := c.f.Read(context.Background(), []*File{NewFile("in", []byte(c.in))}, &Env{}, func(b *Batch) error { rows += len(b.Entries); return nil })
				if err != nil || rows != n {
					b.Fatal(rows, err)
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}

func TestDirectoryValuesInTheirRarerForms(t *testing.T) {
	in := "DN,objectCategory,objectGUID,proxyAddresses,msRTCSIP-UserEnabled,msRTCSIP-PrimaryUserAddress,msRTCSIP-PrimaryHomeServer,msRTCSIP-OptionFlags\n" +
		"\"OU=a,DC=b\",\"CN=Organizational-Unit,CN=Schema,CN=Configuration,DC=b\",{9AB33176-DBC5-11D2-8BD0-0000F875B660},,,,,\n" +
		"\"CN=c,DC=b\",\"CN=Person,CN=Schema,CN=Configuration,DC=b\",X'12',sip:x@b;X'7369703a794062';X'zz',true,sip:c@b,FE1.b.,-2147483648\n" +
		"DC=b,,,,,,,\n" +
		"\"CN=" + strings.Repeat("d", 9000) + ",DC=b\",,,,,,,\n" +
		"\"CN=e,OU,DC=b\",,,,,,,\n"
	got := readDirectory(t, csvdeFormat(), []byte(in))
	if len(got.Entries) != 3 || len(got.Rejects) != 2 {
		t.Fatalf("got %+v", got)
	}
	ou, c, dc := got.Entries[0], got.Entries[1], got.Entries[2]
	if !ou.IsBranch || ou.GUID != "9ab33176-dbc5-11d2-8bd0-0000f875b660" || !dc.IsBranch || dc.Context != "dc=b" || dc.Container != "" {
		t.Errorf("containers: %+v, %+v", ou, dc)
	}
	if c.IsBranch || !c.Enabled || c.Voice || c.Home != "fe1.b" || c.GUID != "" || !reflect.DeepEqual(c.Aliases, []string{"x@b", "y@b"}) {
		t.Errorf("got %+v", c)
	}
	for i, want := range []string{"is longer than 8192 bytes", `DN "CN=e,OU,DC=b": "OU" is no part of a distinguished name`} {
		if r := got.Rejects[i]; !strings.Contains(r.What, want) || r.Line != 5+i {
			t.Errorf("got %+v, want %s", r, want)
		}
	}
}

func TestSecurityIdentifiersAreOfAccountsOfADomain(t *testing.T) {
	for text, want := range map[string]string{
		"\x01\x05\x00\x00\x00\x00\x00\x05\x15\x00\x00\x00\xa0\x65\xcf\x7e\x78\x4b\x9b\x5f\xe7\x7c\x87\x70\xe9\x03\x00\x00": "S-1-5-21-2127521184-1604012920-1887927527-1001",
		"s-1-5-21-1-2-3-1104 ":                                             "S-1-5-21-1-2-3-1104",
		"\x01\x01\x00\x00\x00\x00\x00\x05\x0a\x00\x00\x00":                 "", // SELF: stands for itself
		"\x01\x02\x00\x00\x00\x00\x00\x05\x20\x00\x00\x00\x20\x02\x00\x00": "", // a built-in group
		"\x01\x05\x00\x00\x00\x00\x00\x05\x15\x00\x00\x00":                 "", // cut
		"\x01\xff": "", "S-1-5-21-": "", "S-1-5-21-x": "", "S-1-5-21-1-9999999999999999999": "", "": "",
	} {
		if got := sidText([]byte(text)); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
