package ingest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"hash"
	"io"
	"os"
	"time"

	"calaudit/ingest/text"
)

// Format is one kind of export: how it is recognised and read. Formats stand
// in the table of formats.go; nothing registers itself.
type Format struct {
	Name   string  // as shown by `calaudit formats` and in coverage
	About  string  // one sentence: what it is and which tool writes it
	Basis  string  // "documented", "from documentation" (no public sample), "published traces" (samples without a description) or "own"
	Fields []Field // what is read from it
	Sample string  // a small complete example; a test parses it

	// NoUse formats state no use of anybody: nothing is missing without them.
	NoUse bool
	// Set formats are read together, all files of one folder as one unit, or,
	// with Across, those of all folders that one command is given.
	Set, Across bool
	// Occasional: its files show a moment or a choice (a snapshot, a report), so
	// that a day without any of them is not missing.
	Occasional bool
	// Facts tells, for a set format, which parts state activities (the others
	// only give names to ids, and are read whenever a fact table is).
	Facts func(part string) bool
	// Sniff looks at the beginning of a file's content. The name of the file
	// never decides; it may only make a refusal clearer.
	Sniff func(h *Head) Verdict
	// Read turns the unit's files into batches. It returns an error only when
	// the unit as a whole cannot be taken (I/O, cancelled, refused: *Refusal);
	// bad rows are rejects inside batches. ctx ends a long read early.
	Read func(ctx context.Context, files []*File, env *Env, emit Emit) error
}

// Field documents one column or attribute a format uses.
type Field struct {
	Name    string
	Meaning string
	Needed  bool
}

// Verdict is what Sniff says: Yes, or why not. A file that looks like the
// format but lacks something it needs is Broken: its rows are counted as
// rejected, with Why as the reason, so that a changed header is never silent.
type Verdict struct {
	Yes    bool
	Broken bool
	Why    string // for Broken: "what is wrong; what to do"
	Part   string // which table of a set format this is
}

// Head is the beginning of a file, decoded to UTF-8.
type Head struct {
	Name string // base name, for messages only
	Text []byte // at most 64 KiB
	Bin  bool   // holds NUL bytes or other signs of not being text

	given *Columns // names the columns of a table without a header
}

// Refusal is the error of a Read that refuses a whole unit: nothing of it is
// taken and every row counts as rejected.
type Refusal struct {
	File string
	Line int
	What string // what is wrong; what to do
}

func (r *Refusal) Error() string { return r.What }

// File is one readable export: a file on disk, or a member of an archive.
type File struct {
	Path    string // as shown to people: DIR/name, archive.zip!member
	Dir     string // files with equal Dir form one set
	Size    int64  // bytes, -1 when not known before reading
	ModTime time.Time
	Part    string      // table of a set, from Sniff
	Hash    bool        // take the hash of the content while it is read, see Sum
	OnRead  func(n int) // told of bytes read since it was set, from any goroutine; may be nil
	open    func() (io.ReadCloser, error)
	sum     [32]byte
	summed  int64
	whole   bool
	packed  bool           // inside an archive
	behind  int64          // bytes behind the end of what a .gz holds, once it was read
	given   *Columns       // names the columns of a table without a header
	page    *text.CodePage // what text is that is not UTF-8, when that was told
	order   DateOrder      // of days and months, when that was told
	ordered bool           // the order mattered
	ends    lineEnd        // of its lines, known once it was looked at
	paged   bool           // its code page mattered
	turned  bool           // it began in UTF-16, and not all of it is
	disk    string         // the file on disk behind it, "" for content in memory
	stat    os.FileInfo    // that file as it was when the paths were walked
}

// Open returns the raw bytes. It may be called again to read from the start.
func (f *File) Open() (io.ReadCloser, error) {
	rc, err := f.open()
	if err != nil || !f.Hash && f.OnRead == nil {
		return rc, err
	}
	r := &watchedReader{ReadCloser: rc, f: f}
	if f.Hash {
		r.hash = sha256.New()
	}
	return r, nil
}

// Sum is the hash and size of the raw bytes, known once they were read to the
// end with Hash set.
func (f *File) Sum() (sum [32]byte, size int64, ok bool) { return f.sum, f.summed, f.whole }

// watchedReader looks at the bytes that pass.
type watchedReader struct {
	io.ReadCloser
	f    *File
	hash hash.Hash
	n    int64
}

func (r *watchedReader) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	r.n += int64(n)
	if r.hash != nil {
		r.hash.Write(p[:n])
		if err == io.EOF {
			r.f.summed, r.f.whole = r.n, true
			r.hash.Sum(r.f.sum[:0])
		}
	}
	if n > 0 && r.f.OnRead != nil {
		r.f.OnRead(n)
	}
	return n, err
}

// Text returns the content as UTF-8: byte order marks removed, UTF-16 with or
// without a mark decoded, CR alone made a line end. Other bytes pass, unless the
// user has told what they are.
func (f *File) Text() (io.ReadCloser, error) {
	rc, _, err := f.textIn(f.page)
	return rc, err
}

// textIn is Text with bytes that are no UTF-8 taken for those of a code page.
func (f *File) textIn(page *text.CodePage) (io.ReadCloser, *text.PageReader, error) {
	rc, err := f.Open()
	if err != nil {
		return nil, nil, err
	}
	type readCloser struct {
		io.Reader
		io.Closer
	}
	var decoded io.Reader
	var p *text.PageReader
	if page == nil {
		decoded = text.NewReader(rc)
	} else {
		p = text.NewPageReader(rc, page)
		decoded = p
	}
	r, err := f.lines(decoded)
	if err != nil {
		rc.Close()
		return nil, nil, err
	}
	return readCloser{r, &decodedCloser{rc, decoded, f}}, p, nil
}

// decodedCloser notes what mattered of the encoding of a file.
type decodedCloser struct {
	io.Closer
	decoded io.Reader
	f       *File
}

func (d *decodedCloser) Close() error {
	if p, ok := d.decoded.(*text.PageReader); ok {
		d.f.paged = d.f.paged || p.Used()
	}
	d.f.turned = d.f.turned || text.Turned(d.decoded)
	return d.Closer.Close()
}

// NewFile makes a File of bytes in memory, for tests and samples.
func NewFile(path string, content []byte) *File {
	return &File{Path: path, Size: int64(len(content)), open: func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(content)), nil
	}}
}
