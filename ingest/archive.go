package ingest

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"calaudit/ingest/mls"
)

// Limits on archives: more is taken for an attack or a mistake. Deflate packs
// no more than 1032 to 1; tables of a database stay below 100 to 1.
const (
	maxMembers  = 20000
	maxUnpacked = 64 << 30 // by all of one archive
	maxRatio    = 500      // unpacked to packed, beyond the first 64 MiB
	freeUnpack  = 64 << 20
)

var gzipMagic = []byte{0x1f, 0x8b}

func isZip(head []byte) bool {
	return bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, []byte("PK\x05\x06"))
}

// nested tells an archive by the first bytes of a packed file.
func nested(head []byte) bool {
	return bytes.HasPrefix(head, gzipMagic) || isZip(head) || len(head) >= 262 && string(head[257:262]) == "ustar"
}

// gzip takes a packed file.
func (g *gatherer) gzip(f *File) {
	f.unpackGzip()
	g.recognise(f)
}

// zip takes the members of an archive.
func (g *gatherer) zip(name string, info os.FileInfo) {
	disk, err := os.Open(name)
	if err != nil {
		g.fail(ReadError(name, err))
		return
	}
	// The archive stays open for as long as its members may be read: the whole
	// command. There are few of them.
	z, err := zip.NewReader(disk, info.Size())
	if err == nil {
		err = tooMuch(z.File, uint64(info.Size()))
	}
	if err != nil {
		disk.Close()
		if f := (&File{disk: name, ModTime: info.ModTime()}); errors.Is(err, zip.ErrFormat) && g.fresh(f) {
			g.pass(name, "still being written: the archive has no end and was written to less than a minute ago; left for the next run")
			return
		}
		g.fail(ReadError(name, err))
		return
	}
	for _, m := range z.File {
		if strings.HasPrefix(m.Name, "xl/workbook.") {
			statement := namesStatement(m)
			disk.Close()
			if statement {
				g.statement(name)
			} else {
				g.pass(name, "an Excel workbook; save the sheet as CSV")
			}
			return
		}
	}
	// Evidence is found again by its name, so that one name must mean one member.
	names := map[string]int{}
	for _, m := range z.File {
		if !m.FileInfo().IsDir() {
			names[innerPath(m)]++
		}
	}
	for _, m := range z.File {
		switch inner := innerPath(m); {
		case m.FileInfo().IsDir():
		case names[inner] > 1:
			g.fail(fmt.Errorf("%s!%s: %d members of the archive have this name, none is read; unpack it and give the files", shownName(name), inner, names[inner]))
			names[inner] = -1 // said
		case names[inner] == 1:
			g.member(name, info, m)
		}
	}
}

// namesStatement tells by the list of its tabs whether a workbook is a licence
// statement.
func namesStatement(workbook *zip.File) bool {
	rc, err := openPacked(workbook)
	if err != nil {
		return false
	}
	defer rc.Close()
	list, _ := readUpTo(rc, 1<<20) // what cannot be read names nothing
	return mls.NamesTab(list)
}

func (g *gatherer) member(name string, info os.FileInfo, m *zip.File) {
	inner := innerPath(m)
	shown := shownName(name) + "!"
	f := &File{Path: shown + inner, Dir: shown + path.Dir(inner), Size: int64(m.UncompressedSize64), ModTime: m.Modified,
		disk: name, stat: info, packed: true}
	f.open = func() (io.ReadCloser, error) { return openPacked(m) }
	switch {
	case m.Flags&1 != 0:
		g.fail(fmt.Errorf("%s: encrypted; unpack it and give the files", f.Path))
	case swells(m.UncompressedSize64, m.CompressedSize64):
		g.fail(ReadError(f.Path, errSwells))
	default:
		g.recognise(f)
	}
}

// innerPath is the name under which a member is shown: it never leads out of
// the archive.
func innerPath(m *zip.File) string {
	return lineEnds.Replace(path.Clean("/" + strings.ReplaceAll(m.Name, "\\", "/"))[1:])
}

func openPacked(m *zip.File) (io.ReadCloser, error) {
	rc, err := m.Open()
	if err != nil {
		return nil, explain(err)
	}
	return &unpacker{r: rc, close: rc.Close, packed: int64(m.CompressedSize64)}, nil
}

// tooMuch refuses an archive by what its directory promises: a member never
// unpacks to more than its promise. Members may share their packed bytes, so
// the sum is held against the archive's own size.
func tooMuch(members []*zip.File, size uint64) error {
	if len(members) > maxMembers {
		return &fault{fmt.Sprintf("%d members, at most %d are read", len(members), maxMembers), "split the archive"}
	}
	total := uint64(0)
	for _, m := range members {
		total += min(m.UncompressedSize64, maxUnpacked+1) // the sum must not overflow
	}
	switch {
	case total > maxUnpacked:
		return &fault{fmt.Sprintf("the members unpack to more than %d GiB together", maxUnpacked>>30), "split the archive"}
	case len(members) > 1 && swells(total, size):
		return errSwells
	}
	return nil
}

// swells tells a file that grows as no export does.
func swells(unpacked, packed uint64) bool {
	return unpacked > freeUnpack && unpacked/max(packed, 1) >= maxRatio
}

var errSwells = &fault{fmt.Sprintf("unpacks to more than %d times its size, as no export does", maxRatio), "unpack it and give the files"}

// unpacker bounds how much a packed file may grow.
type unpacker struct {
	r      io.Reader
	close  func() error
	packed int64
	out    int64
}

func (u *unpacker) Read(p []byte) (int, error) {
	n, err := u.r.Read(p)
	u.out += int64(n)
	switch {
	case u.out > maxUnpacked:
		return 0, &fault{fmt.Sprintf("unpacks to more than %d GiB", maxUnpacked>>30), "split the file"}
	case swells(uint64(u.out), uint64(u.packed)):
		return 0, errSwells
	}
	return n, explain(err)
}

func (u *unpacker) Close() error { return u.close() }
