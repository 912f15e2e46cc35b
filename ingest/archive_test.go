package ingest

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// member writes an archive with one stored member and the given flags.
func member(t *testing.T, name, content string, flags uint16) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store, Flags: flags})
	if err == nil {
		_, err = io.WriteString(f, content)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestArchivesThatCannotBeReadAreErrorsInWords(t *testing.T) {
	dir := t.TempDir()
	text := plainSample + strings.Repeat("x", 1000)
	packed := gzipped(t, []byte(text))
	put(t, dir, "cut.csv.gz", packed[:len(packed)/2])
	put(t, dir, "short.gz", packed[:5])
	sum := bytes.Clone(packed)
	sum[len(sum)-6] ^= 1
	put(t, dir, "sum.gz", sum)
	put(t, dir, "odd.gz", append([]byte{0x1f, 0x8b, 9}, packed[3:]...))
	stored := member(t, "a.csv", plainSample, 0)
	put(t, dir, "cut.zip", stored[:len(stored)-30])
	put(t, dir, "sum.zip", bytes.Replace(stored, []byte("im-login"), []byte("im-logon"), 1))
	put(t, dir, "secret.zip", member(t, "dir/a.csv", plainSample, 1))
	wantPile(t, Gather([]string{dir}), dir,
		"error cut.csv.gz: the file is cut short; copy it again",
		"error short.gz: the file is cut short; copy it again",
		"error sum.gz: damaged (its checksum is wrong); copy the archive again",
		"error odd.gz: cut short or damaged; copy the archive again",
		"error cut.zip: cut short or damaged; copy the archive again",
		"error sum.zip!a.csv: damaged (its checksum is wrong); copy the archive again",
		"error secret.zip!dir/a.csv: encrypted; unpack it and give the files")
}

// A .gz is whole when its last member is, whatever stands behind; it is still
// being written, or cut short, when it ends inside a member.
func TestWhatStandsBehindPackedDataIsSaid(t *testing.T) {
	header, rows, _ := strings.Cut(plainSample, "\n")
	one, two := gzipped(t, []byte(header+"\n")), gzipped(t, []byte(rows))
	whole := append(bytes.Clone(one), two...)
	now := time.Date(2009, 4, 1, 2, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name   string
		data   []byte
		behind string // "": nothing is said
		cut    bool
	}{
		{"two members", whole, "", false},
		{"an empty member", append(gzipped(t, nil), whole...), "", false},
		{"a byte behind", append(bytes.Clone(whole), 'x'), "1", false},
		{"a line end behind", append(bytes.Clone(whole), "\r\n"...), "2", false},
		{"padding behind", append(bytes.Clone(whole), make([]byte, 512)...), "512", false},
		{"another method behind", append(bytes.Clone(whole), 0x1f, 0x8b, 9, 0, 0), "5", false},
		{"text behind one member", append(bytes.Clone(gzipped(t, []byte(plainSample))), strings.Repeat("x", 100_000)...), "100000", false},
		{"cut in the first", one[:len(one)-9], "", true},
		{"cut in the header of the second", append(bytes.Clone(one), two[:1]...), "", true},
		{"cut later in that", append(bytes.Clone(one), two[:7]...), "", true},
		{"cut in the second", append(bytes.Clone(one), two[:len(two)-3]...), "", true},
	} {
		dir := t.TempDir()
		name := put(t, dir, "a.csv.gz", c.data)
		if err := os.Chtimes(name, now, now.Add(-time.Second)); err != nil {
			t.Fatal(err)
		}
		if c.cut {
			wantPile(t, Options{}.Gather(now, []string{dir}), dir, "a.csv.gz: still being written: it is cut short and was written to less than a minute ago; left for the next run")
			wantPile(t, Gather([]string{dir}), dir, "error a.csv.gz: the file is cut short; copy it again")
			continue
		}
		p := Options{}.Gather(now, []string{dir})
		wantPile(t, p, dir, "a.csv.gz: activity-csv")
		f := p.Units[0].Files[0]
		rc, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(rc)
		if err != nil || string(got) != plainSample {
			t.Errorf("%s: %q, %v", c.name, got, err)
		}
		var want []string
		if c.behind != "" {
			want = []string{"bytes behind the end of the packed data: " + c.behind + ", not read; compare the file with the original"}
		}
		if notes := f.ReadWith(); !slices.Equal(notes, want) {
			t.Errorf("%s: %q, want %q", c.name, notes, want)
		}
	}
}

func TestAnArchiveInsideAnArchiveAndAWorkbookAreNamedOnce(t *testing.T) {
	dir := t.TempDir()
	inner := gzipped(t, []byte(plainSample))
	put(t, dir, "twice.csv.gz.gz", gzipped(t, inner))
	put(t, dir, "outer.zip", zipped(t, map[string]string{"inner.csv.gz": string(inner), "deep/inner.zip": string(member(t, "a.csv", plainSample, 0)),
		"good.csv": plainSample}))
	tar := make([]byte, 1024)
	copy(tar[257:], "ustar")
	put(t, dir, "pile.tar.gz", gzipped(t, tar))
	book := map[string]string{"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<workbook/>", "xl/worksheets/sheet1.xml": plainSample}
	put(t, dir, "book.xlsx", zipped(t, book))
	const why = ": an archive inside an archive is not opened; unpack it"
	wantPile(t, Gather([]string{dir}), dir, "twice.csv.gz.gz"+why, "outer.zip!inner.csv.gz"+why, "outer.zip!deep/inner.zip"+why, "pile.tar.gz"+why,
		"outer.zip!good.csv: activity-csv", "book.xlsx: an Excel workbook; save the sheet as CSV")
}

// swollen is content that deflate packs about 1000 to 1.
func swollen(size int) io.Reader {
	return io.MultiReader(strings.NewReader(plainSample), io.LimitReader(zeroReader{}, int64(size)))
}

func TestAPackedFileThatSwellsIsStopped(t *testing.T) {
	dir := t.TempDir()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.Copy(z, swollen(2*freeUnpack)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	p := Gather([]string{put(t, dir, "a.csv.gz", b.Bytes())})
	if len(p.Units) != 1 {
		t.Fatalf("%v", piled(p, dir))
	}
	rc, err := p.Units[0].Files[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	defer rc.Close()
	n, err := io.Copy(io.Discard, rc)
	if err != errSwells || n > freeUnpack+1<<20 {
		t.Errorf("%d bytes, %v", n, err)
	}
	if got := ReadError("a.csv.gz", err).Error(); got != "a.csv.gz: unpacks to more than 500 times its size, as no export does; unpack it and give the files" {
		t.Error(got)
	}
	// What is small or packs as tables do may pass.
	for _, packed := range []int64{freeUnpack / 100, 2*freeUnpack/maxRatio + 1} {
		u := &unpacker{r: bytes.NewReader(make([]byte, 2*freeUnpack)), close: func() error { return nil }, packed: packed}
		if n, err := io.Copy(io.Discard, u); err != nil || n != 2*freeUnpack {
			t.Errorf("packed %d: %d bytes, %v", packed, n, err)
		}
	}
	u := &unpacker{r: bytes.NewReader(make([]byte, freeUnpack)), close: func() error { return nil }, packed: 1}
	if _, err := io.Copy(io.Discard, u); err != nil {
		t.Errorf("the first 64 MiB are free: %v", err)
	}
}

func TestARealBombIsNamedAndTheRestOfItsArchiveIsRead(t *testing.T) {
	dir := t.TempDir()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	w.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) { return flate.NewWriter(out, flate.BestCompression) })
	for name, r := range map[string]io.Reader{"bomb.csv": swollen(freeUnpack + 1<<20), "good.csv": strings.NewReader(plainSample),
		"noise.bin": io.LimitReader(&noise{x: 1}, 1<<20)} {
		f, err := w.Create(name)
		if err == nil {
			_, err = io.Copy(f, r)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	name := put(t, dir, "bomb.zip", b.Bytes())
	wantPile(t, Gather([]string{name}), dir, "bomb.zip!good.csv: activity-csv", "bomb.zip!noise.bin: binary data of no known format",
		"error bomb.zip!bomb.csv: unpacks to more than 500 times its size, as no export does; unpack it and give the files")
}

// noise is data that does not pack.
type noise struct{ x uint32 }

func (n *noise) Read(p []byte) (int, error) {
	for i := range p {
		n.x ^= n.x << 13
		n.x ^= n.x >> 17
		n.x ^= n.x << 5
		p[i] = byte(n.x)
	}
	return len(p), nil
}

func TestAnArchiveIsBoundedAsAWhole(t *testing.T) {
	promise := func(n int, unpacked, packed uint64) (list []*zip.File) {
		for range n {
			list = append(list, &zip.File{FileHeader: zip.FileHeader{UncompressedSize64: unpacked, CompressedSize64: packed}})
		}
		return list
	}
	for _, c := range []struct {
		members []*zip.File
		size    uint64
		want    string
	}{
		{promise(100, 1<<20, 1<<14), 100 << 14, ""},
		{promise(1, maxUnpacked, maxUnpacked/10), maxUnpacked / 10, ""},
		{promise(2, maxUnpacked, maxUnpacked/10), maxUnpacked / 5, "x.zip: the members unpack to more than 64 GiB together; split the archive"},
		{promise(3, 1<<63, 1), 1 << 20, "x.zip: the members unpack to more than 64 GiB together; split the archive"},
		// Members that share their packed bytes.
		{promise(1000, 1<<20, 1<<16), 1 << 17, "x.zip: unpacks to more than 500 times its size, as no export does; unpack it and give the files"},
		{promise(maxMembers+1, 1, 1), 1 << 20, "x.zip: 20001 members, at most 20000 are read; split the archive"},
	} {
		got := ""
		if err := tooMuch(c.members, c.size); err != nil {
			got = ReadError("x.zip", err).Error()
		}
		if got != c.want {
			t.Errorf("%d members: %q, want %q", len(c.members), got, c.want)
		}
	}
	// No member unpacks to more than it promises.
	dir := t.TempDir()
	b := member(t, "a.csv", plainSample, 0)
	at := bytes.LastIndex(b, []byte("PK\x01\x02"))
	b[at+24] -= 5
	p := Gather([]string{put(t, dir, "lies.zip", b)})
	if len(p.Units) != 0 || len(p.Errors) != 1 || !strings.HasPrefix(filepath.Base(p.Errors[0].Error()), "lies.zip!a.csv: ") {
		t.Errorf("%v", piled(p, dir))
	}
}
