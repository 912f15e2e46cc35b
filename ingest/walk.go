package ingest

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"
)

// Unit is what one transaction takes in: a file, or a set of files that only
// make sense together.
type Unit struct {
	Format *Format
	Files  []*File
	Broken string // why the file's rows cannot be read, for a Broken verdict
}

// Setting is a file that steers the audit and is no evidence.
type Setting struct {
	Kind string // "licenses" or "estate"
	Path string
	Data []byte // UTF-8
}

// Passed is a file that is no evidence, and why.
type Passed struct {
	Path string
	Why  string
	Own  bool // calaudit's own file: passed over without a word
}

// Pile is everything the paths of one command lead to, sorted.
type Pile struct {
	Units    []Unit
	Settings []Setting
	Passed   []Passed
	Errors   []error // what could not be read at all
}

// Limits on archives: more is taken for an attack or a mistake.
const (
	maxMembers  = 20000
	maxSetting  = 64 << 20
	maxUnpacked = 64 << 30
	maxRatio    = 2000 // unpacked to packed, beyond the first 64 MiB
	freeUnpack  = 64 << 20
)

// Gather walks the paths, opens archives and recognises every file.
func Gather(paths []string) *Pile {
	p := &Pile{}
	g := &gatherer{pile: p, formats: Formats(), seen: map[string]bool{}}
	for _, name := range paths {
		g.path(name)
	}
	g.finish()
	return p
}

type gatherer struct {
	pile    *Pile
	formats []Format
	seen    map[string]bool // real paths of the files taken
	met     int             // files and unreadable folders come across
	found   []found
}

// found is a recognised file before sets are put together.
type found struct {
	format *Format
	file   *File
	broken string
}

func (g *gatherer) fail(err error) { g.pile.Errors = append(g.pile.Errors, err) }

func (g *gatherer) pass(name, why string) {
	g.pile.Passed = append(g.pile.Passed, Passed{Path: name, Why: why})
}

func (g *gatherer) path(name string) {
	info, err := os.Stat(name)
	if err != nil {
		g.fail(pathError(name, err))
		return
	}
	if !info.IsDir() {
		g.file(name, info)
		return
	}
	before := g.met
	_ = filepath.WalkDir(name, func(sub string, d fs.DirEntry, err error) error {
		if err != nil {
			g.met++
			g.fail(pathError(sub, err))
			if d != nil && d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if sub != name && strings.HasPrefix(d.Name(), ".") {
			g.met++
			g.pass(filepath.ToSlash(sub), "hidden: its name begins with a dot")
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.IsDir() {
			return nil
		}
		g.met++
		info, err := os.Stat(sub) // follows links to files
		if err != nil {
			g.fail(pathError(sub, err))
			return nil
		}
		if !info.IsDir() {
			g.file(sub, info)
		}
		return nil
	})
	if g.met == before {
		g.pass(name, "the folder is empty")
	}
}

func pathError(name string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: no such file or folder; check the path", name)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s: permission denied; let this account read it", name)
	}
	return fmt.Errorf("%s: %w", name, err)
}

// file takes one file on disk, once, however often the paths lead to it.
func (g *gatherer) file(name string, info os.FileInfo) {
	real, err := filepath.EvalSymlinks(name)
	if err == nil {
		real, err = filepath.Abs(real)
	}
	if err != nil {
		g.fail(pathError(name, err))
		return
	}
	if g.seen[real] {
		return
	}
	g.seen[real] = true
	name = filepath.ToSlash(name)
	if !info.Mode().IsRegular() {
		g.pass(name, "not a regular file")
		return
	}
	f := &File{Path: name, Dir: path.Dir(name), Size: info.Size(), ModTime: info.ModTime(), disk: name, stat: info,
		open: func() (io.ReadCloser, error) { return os.Open(name) }}
	head, err := f.raw(4)
	if err != nil {
		g.fail(pathError(name, err))
		return
	}
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		packed, size := f.open, info.Size()
		f.Size = -1
		f.open = func() (io.ReadCloser, error) {
			rc, err := packed()
			if err != nil {
				return nil, err
			}
			z, err := gzip.NewReader(rc)
			if err != nil {
				rc.Close()
				return nil, err
			}
			return &unpacker{r: z, close: rc.Close, packed: size}, nil
		}
		g.recognise(f)
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		g.zip(name, info)
	default:
		g.recognise(f)
	}
}

func (g *gatherer) zip(name string, info os.FileInfo) {
	disk, err := os.Open(name)
	if err != nil {
		g.fail(pathError(name, err))
		return
	}
	// The archive stays open for as long as its members may be read: the whole
	// command. There are few of them.
	z, err := zip.NewReader(disk, info.Size())
	if err != nil {
		disk.Close()
		g.fail(fmt.Errorf("%s: %w; copy the archive again", name, err))
		return
	}
	if len(z.File) > maxMembers {
		disk.Close()
		g.fail(fmt.Errorf("%s: %d members, at most %d are read; split the archive", name, len(z.File), maxMembers))
		return
	}
	for _, m := range z.File {
		if m.FileInfo().IsDir() {
			continue
		}
		inner := path.Clean("/" + strings.ReplaceAll(m.Name, "\\", "/"))[1:]
		f := &File{Path: name + "!" + inner, Dir: name + "!" + path.Dir(inner), Size: int64(m.UncompressedSize64), ModTime: m.Modified, disk: name, stat: info,
			open: func() (io.ReadCloser, error) {
				rc, err := m.Open()
				if err != nil {
					return nil, err
				}
				return &unpacker{r: rc, close: rc.Close, packed: int64(m.CompressedSize64)}, nil
			}}
		if m.Flags&1 != 0 {
			g.pass(f.Path, "encrypted")
			continue
		}
		g.recognise(f)
	}
}

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
	if u.out > maxUnpacked || u.out > freeUnpack && u.out/max(u.packed, 1) > maxRatio {
		return 0, fmt.Errorf("unpacks to more than %d times its size; not read further", maxRatio)
	}
	return n, err
}

func (u *unpacker) Close() error { return u.close() }

// recognise finds the file's format and files it.
func (g *gatherer) recognise(f *File) {
	h, err := f.Head()
	if err != nil {
		g.fail(pathError(f.Path, err))
		return
	}
	if why, own := ownFile(h, f); why != "" {
		g.pile.Passed = append(g.pile.Passed, Passed{Path: f.Path, Why: why, Own: own})
		return
	}
	if kind := settingKind(h); kind != "" {
		g.setting(kind, f)
		return
	}
	var broken found
	for i := range g.formats {
		fm := &g.formats[i]
		v := fm.Sniff(h)
		f.Part = v.Part
		if v.Yes {
			g.found = append(g.found, found{format: fm, file: f})
			return
		}
		if v.Broken && broken.format == nil {
			broken = found{format: fm, file: f, broken: v.Why}
		}
	}
	if broken.format != nil {
		g.found = append(g.found, broken)
		return
	}
	switch {
	case f.Size == 0 || len(h.Text) == 0:
		g.pass(f.Path, "the file is empty")
	case h.Bin:
		g.pass(f.Path, "binary data of no known format")
	default:
		g.pass(f.Path, "of no known format; see calaudit formats")
	}
}

// ownFile tells files that can never be evidence: databases, and what
// calaudit itself writes.
func ownFile(h *Head, f *File) (why string, own bool) {
	raw, err := f.raw(72)
	if err == nil && bytes.HasPrefix(raw, []byte("SQLite format 3\x00")) {
		if len(raw) == 72 && string(raw[68:72]) == ApplicationID {
			return "a calaudit database", true
		}
		return "a SQLite database, not an export", false
	}
	if bytes.Contains(h.Text, []byte(`"schema": "calaudit.`)) || bytes.Contains(h.Text, []byte(`"schema":"calaudit.`)) {
		return "written by calaudit", true
	}
	switch ext := path.Ext(f.Path); {
	case strings.HasSuffix(ext, "db-wal"), strings.HasSuffix(ext, "db-shm"), ext == ".lock" && len(h.Text) == 0:
		return "belongs to a database", true
	}
	return "", false
}

// ApplicationID marks calaudit's databases: the four bytes at offset 68.
const ApplicationID = "CALa"

// settingKind tells the two settings files from content.
func settingKind(h *Head) string {
	if t, err := OpenTable(newBytes(h.Text), SniffComma(h.Text)); err == nil &&
		t.Column("license") >= 0 && t.Column("metric") >= 0 && t.Column("quantity") >= 0 {
		return "licenses"
	}
	if h.Bin {
		return ""
	}
	for line := range strings.Lines(string(h.Text)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		for _, key := range []string{"sip_domains", "time_zone", "applications", "guests"} {
			if rest, ok := strings.CutPrefix(line, key); ok && strings.HasPrefix(strings.TrimSpace(rest), "=") {
				return "estate"
			}
		}
		for _, table := range []string{"[aliases]", "[devices]", "[servers]", "[[exemptions]]", "[shared]"} {
			if strings.HasPrefix(line, table) {
				return "estate"
			}
		}
		if strings.HasSuffix(strings.ToLower(h.Name), "estate.toml") && strings.Contains(line, "=") {
			return "estate" // let the strict reader name what is wrong
		}
		return ""
	}
	return ""
}

func (g *gatherer) setting(kind string, f *File) {
	s, err := ReadSetting(kind, f)
	if err != nil {
		g.fail(err)
		return
	}
	g.pile.Settings = append(g.pile.Settings, s)
}

// ReadSetting reads a settings file whole.
func ReadSetting(kind string, f *File) (Setting, error) {
	rc, err := f.Text()
	if err != nil {
		return Setting{}, pathError(f.Path, err)
	}
	defer rc.Close()
	data, err := readUpTo(rc, maxSetting+1)
	if err != nil {
		return Setting{}, pathError(f.Path, err)
	}
	if len(data) > maxSetting {
		return Setting{}, fmt.Errorf("%s: longer than %d bytes; a settings file is small", f.Path, maxSetting)
	}
	return Setting{Kind: kind, Path: f.Path, Data: data}, nil
}

// OpenFile makes a File of a path on disk, for settings named by a flag.
func OpenFile(name string) (*File, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, pathError(name, err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file", name)
	}
	return &File{Path: filepath.ToSlash(name), Size: info.Size(), ModTime: info.ModTime(), disk: name, stat: info,
		open: func() (io.ReadCloser, error) { return os.Open(name) }}, nil
}

// finish puts sets together and sorts everything by path. Directory exports
// come first, so that a report of progress reads naturally; the order has no
// influence on the result.
func (g *gatherer) finish() {
	p := g.pile
	sets := map[string]int{}
	sort.SliceStable(g.found, func(i, j int) bool { return g.found[i].file.Path < g.found[j].file.Path })
	for _, f := range g.found {
		if f.broken == "" && f.format.Set {
			key := f.format.Name + "\x00" + f.file.Dir
			if i, ok := sets[key]; ok {
				p.Units[i].Files = append(p.Units[i].Files, f.file)
				continue
			}
			sets[key] = len(p.Units)
		}
		p.Units = append(p.Units, Unit{Format: f.format, Files: []*File{f.file}, Broken: f.broken})
	}
	sort.Slice(p.Passed, func(i, j int) bool { return p.Passed[i].Path < p.Passed[j].Path })
	sort.Slice(p.Settings, func(i, j int) bool { return p.Settings[i].Path < p.Settings[j].Path })
}

// Base is the last part of the path.
func (f *File) Base() string {
	_, inner, found := strings.Cut(f.Path, "!")
	if !found {
		inner = f.Path
	}
	return path.Base(inner)
}

// raw returns up to n bytes of the file as it is stored.
func (f *File) raw(n int) ([]byte, error) {
	rc, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	return readUpTo(rc, n)
}

// readUpTo reads at most n bytes; an early end is no error.
func readUpTo(r io.Reader, n int) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, int64(n)))
	return b, err
}

func newBytes(b []byte) io.Reader { return bytes.NewReader(b) }
