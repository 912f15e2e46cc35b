package ingest

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"time"
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

// Gather walks the paths, opens archives and recognises every file. own names
// the program's database: it and the files that stand beside it are no
// evidence, wherever the paths lead to them, and are passed over without a word.
func Gather(paths []string, own ...string) *Pile {
	return Options{}.Gather(time.Time{}, paths, own...)
}

// Gather is Gather with what the user told, at a moment: exports that are still
// being written then are left for a later time. What can be told without
// waiting is that a file ends inside a line, as no tool leaves it, and was
// written to less than settleTime ago. One that a writer left between two lines
// cannot be told from a whole one; if it grows while it is read, nothing of it
// is taken, see Unchanged, and if it grows later its new rows are taken then.
func (o Options) Gather(now time.Time, paths []string, own ...string) *Pile {
	p := &Pile{}
	g := &gatherer{pile: p, now: now, options: o, formats: Formats(), seen: map[string]bool{}, own: map[string]bool{}}
	for _, name := range own {
		g.keepOut(name)
	}
	for _, name := range paths {
		g.path(name)
	}
	g.finish()
	return p
}

// settleTime is how long a file that ends inside a line may still be growing.
const settleTime = time.Minute

type gatherer struct {
	pile    *Pile
	now     time.Time // zero: every file is taken as it is
	options Options
	formats []Format
	seen    map[string]bool // real paths of the files taken
	own     map[string]bool // real paths of the program's own files
	met     int             // files and unreadable folders come across
	found   []found
	bare    []bare // files that nothing recognises by themselves
}

// found is a recognised file before sets are put together.
type found struct {
	format *Format
	file   *File
	broken string
}

func (g *gatherer) fail(err error) { g.pile.Errors = append(g.pile.Errors, err) }

func (g *gatherer) pass(name, why string) {
	g.pile.Passed = append(g.pile.Passed, Passed{Path: shownName(name), Why: why})
}

func (g *gatherer) passOwn(name, why string) {
	g.pile.Passed = append(g.pile.Passed, Passed{Path: shownName(name), Why: why, Own: true})
}

// keepOut notes a database and its companions as the program's own. The
// database may be a link; some companions stand beside the link, some beside
// what it leads to.
func (g *gatherer) keepOut(database string) {
	names := []string{database}
	if real, err := realPath(database); err == nil && real != database {
		names = append(names, real)
	}
	for _, name := range names {
		for _, suffix := range []string{"", "-wal", "-shm", "-journal", ".lock"} {
			if real, err := realPath(name + suffix); err == nil {
				g.own[real] = true
			}
		}
	}
}

// realPath is the one name of a file that is there.
func realPath(name string) (string, error) {
	real, err := filepath.EvalSymlinks(name)
	if err != nil {
		return "", err
	}
	return filepath.Abs(real)
}

func (g *gatherer) path(name string) {
	info, err := os.Stat(name)
	if err != nil {
		g.fail(ReadError(name, err))
		return
	}
	if !info.IsDir() {
		g.file(name, info)
		return
	}
	// The walk does not enter a root that is a link, so it begins where the
	// link leads to; people see the name they gave.
	root := name
	if link, err := os.Lstat(name); err == nil && !link.IsDir() {
		if root, err = filepath.EvalSymlinks(name); err != nil {
			g.fail(ReadError(name, err))
			return
		}
	}
	before := g.met
	_ = filepath.WalkDir(root, func(sub string, d fs.DirEntry, err error) error {
		shown := sub
		if rel, bad := filepath.Rel(root, sub); bad == nil && root != name {
			shown = filepath.Join(name, rel)
		}
		return g.entry(shown, sub == root, d, err)
	})
	if g.met == before {
		g.pass(name, "the folder is empty")
	}
}

// entry takes one entry of a folder that is walked.
func (g *gatherer) entry(name string, root bool, d fs.DirEntry, err error) error {
	if err != nil {
		g.met++
		g.fail(ReadError(name, err))
		if d != nil && d.IsDir() {
			return fs.SkipDir
		}
		return nil
	}
	if !root && strings.HasPrefix(d.Name(), ".") {
		g.met++
		if real, err := realPath(name); err == nil && g.own[real] {
			return nil
		}
		g.pass(name, "hidden: its name begins with a dot")
		if d.IsDir() {
			return fs.SkipDir
		}
		return nil
	}
	if d.IsDir() {
		return nil
	}
	g.met++
	info, err := os.Stat(name) // follows links to files
	switch {
	case err != nil:
		g.fail(ReadError(name, err))
	case info.IsDir():
		// It may lead anywhere, also back to where the walk came from.
		g.pass(name, "a link to a folder is not followed; name it as a PATH of its own")
	default:
		g.file(name, info)
	}
	return nil
}

// file takes one file on disk, once, however often the paths lead to it.
func (g *gatherer) file(name string, info os.FileInfo) {
	real, err := realPath(name)
	if err != nil {
		g.fail(ReadError(name, err))
		return
	}
	if g.seen[real] {
		return
	}
	g.seen[real] = true
	if g.own[real] {
		g.passOwn(name, "the database in use")
		return
	}
	if !info.Mode().IsRegular() {
		g.pass(name, "not a regular file")
		return
	}
	shown := shownName(name)
	f := &File{Path: shown, Dir: path.Dir(shown), Size: info.Size(), ModTime: info.ModTime(), disk: name, stat: info,
		open: func() (io.ReadCloser, error) { return openDisk(name) }}
	head, err := f.raw(4)
	if err != nil {
		g.fail(ReadError(name, err))
		return
	}
	switch {
	case bytes.HasPrefix(head, gzipMagic):
		g.gzip(f)
	case isZip(head):
		g.zip(name, info)
	default:
		g.recognise(f)
	}
}

// fresh tells a file that was written to just before. One whose time lies
// ahead has another clock, and is taken as it is.
func (g *gatherer) fresh(f *File) bool {
	age := g.now.Sub(f.ModTime)
	return !g.now.IsZero() && f.disk != "" && age >= 0 && age < settleTime
}

// growing tells a fresh file that ends inside a line, in any encoding.
func (g *gatherer) growing(f *File) bool {
	if f.packed || f.Size <= 0 || !g.fresh(f) {
		return false
	}
	file, err := os.Open(f.disk)
	if err != nil {
		return false // whoever reads it says so
	}
	defer file.Close()
	tail := make([]byte, min(f.Size, 4))
	if _, err := file.ReadAt(tail, f.Size-int64(len(tail))); err != nil && err != io.EOF {
		return false
	}
	tail = bytes.TrimRight(tail, "\x00") // UTF-16 with the low byte first
	return !bytes.HasSuffix(tail, []byte{'\n'}) && !(f.ends == crEnds && bytes.HasSuffix(tail, []byte{'\r'}))
}

const whyGrowing = "still being written: it ends inside a line and was written to less than a minute ago; left for the next run"

// OpenFile makes a File of a path on disk, for settings named by a flag.
func OpenFile(name string) (*File, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, ReadError(name, err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file; name a file", name)
	}
	return &File{Path: shownName(name), Size: info.Size(), ModTime: info.ModTime(), disk: name, stat: info,
		open: func() (io.ReadCloser, error) { return openDisk(name) }}, nil
}

// A name with line ends could pass for messages of this program: they are shown
// as \n and \r. Other control characters are the business of whoever prints.
var lineEnds = strings.NewReplacer("\n", `\n`, "\r", `\r`)

// shownName is the name of a file on disk as people see it, on one line.
func shownName(name string) string { return lineEnds.Replace(filepath.ToSlash(name)) }

// onDisk is the name on disk that is shown so.
func onDisk(shown string) string {
	if _, err := os.Lstat(shown); err == nil {
		return shown
	}
	if real := strings.NewReplacer(`\n`, "\n", `\r`, "\r").Replace(shown); real != shown {
		if _, err := os.Lstat(real); err == nil {
			return real
		}
	}
	return shown
}

// finish puts sets together and sorts everything by path. Directory exports
// come first, so that a report of progress reads naturally; the order has no
// influence on the result.
func (g *gatherer) finish() {
	g.settle()
	p := g.pile
	sets := map[string]int{}
	sort.SliceStable(g.found, func(i, j int) bool { return g.found[i].file.Path < g.found[j].file.Path })
	for _, f := range g.found {
		if f.broken == "" && f.format.Set {
			key := f.format.Name + "\x00" + f.file.Dir
			if f.format.Across {
				key = f.format.Name
			}
			if i, ok := sets[key]; ok {
				p.Units[i].Files = append(p.Units[i].Files, f.file)
				continue
			}
			sets[key] = len(p.Units)
		}
		p.Units = append(p.Units, Unit{Format: f.format, Files: []*File{f.file}, Broken: f.broken})
	}
	sort.SliceStable(p.Passed, func(i, j int) bool { return p.Passed[i].Path < p.Passed[j].Path })
	p.Passed = slices.Compact(p.Passed) // a folder named twice passes over things twice
	sort.Slice(p.Settings, func(i, j int) bool { return p.Settings[i].Path < p.Settings[j].Path })
}

// Split cuts a unit of files of several folders into units of one folder each,
// so that one that cannot be read need not cost the others. Of other units it
// gives nil.
func (u *Unit) Split() (parts []Unit) {
	at := map[string]int{}
	for _, f := range u.Files {
		i, ok := at[f.Dir]
		if !ok {
			i = len(parts)
			at[f.Dir] = i
			parts = append(parts, Unit{Format: u.Format, Broken: u.Broken})
		}
		parts[i].Files = append(parts[i].Files, f)
	}
	if len(parts) < 2 {
		return nil
	}
	return parts
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
