package ingest

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"strings"

	"calaudit/ingest/delimited"
	"calaudit/ingest/siptrace"
	"calaudit/ingest/text"
	"calaudit/ingest/w3c"
)

// MaxSourceRow bounds the text of one source row, in bytes: a longer one is
// given as its first MaxSourceRow+1 bytes, so that its length tells the cut.
const MaxSourceRow = 64 << 10

// SourceRows reads the whole file and calls call with the text of each row, as
// decoded UTF-8 without its last line end, that begins on a line (1-based, as
// readers count them) for which wanted is true. A row of a table goes on until
// its quotes are balanced, at most delimited.MaxQuotedLines lines; an entry of
// a directory-ldif file up to a blank line or the next "dn:"; an object of a
// Format-List file up to a blank line; a row of an iis-w3c log is one line,
// whatever quotes it holds, without credentials; a record of a SIP trace goes up
// to the body of its message. text is valid during the call only. The result is the SHA-256 of the unpacked content, in
// hexadecimal. Memory is bounded, however long a line is.
func (f *File) SourceRows(ctx context.Context, format string, wanted func(line int) bool, call func(line int, text []byte) error) (sum string, err error) {
	rc, err := f.Open()
	if err != nil {
		return "", err
	}
	defer rc.Close()
	h := sha256.New()
	raw := io.TeeReader(rc, h)
	page := f.page
	if page == nil && (format == cdrFormat().Name || format == qoeFormat().Name) {
		page = ansi()
	}
	var decoded io.Reader
	if page == nil {
		decoded = text.NewReader(raw)
	} else {
		decoded = text.NewPageReader(raw, page)
	}
	if decoded, err = f.lines(decoded); err != nil {
		return "", err
	}
	if shape := traceShape(format); shape != nil {
		err = traceRows(ctx, siptrace.NewReader(decoded, shape), wanted, call)
		return finishSum(h, raw, err)
	}
	if format == iisFormat().Name {
		return finishSum(h, raw, logRows(ctx, decoded, wanted, call))
	}
	r := sourceReader{ldif: format == ldifFormat().Name, call: call}
	r.blocks = r.ldif || printedAsList(format, f)
	if !r.blocks {
		head, err := f.Head()
		if err != nil {
			return "", err
		}
		s := shapeOf(head)
		if r.bare = s.bare; s.format != nil { // lines are what its rows make
			decoded = s.format.NewReader(decoded)
		}
	}
	r.lines = newSourceLines(decoded)
	return finishSum(h, raw, r.read(ctx, wanted))
}

// finishSum reads what is left of a file whose rows were read, for its hash.
func finishSum(h hash.Hash, raw io.Reader, err error) (string, error) {
	if err != nil {
		return "", err
	}
	if _, err := io.Copy(io.Discard, raw); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// printedAsList tells a file of a format that comes as a table or as a list.
func printedAsList(format string, f *File) bool {
	switch format {
	case csUsers.format, csContacts.format, wmiUsers.format, wmiContacts.format, registrationsFormat().Name:
	default:
		return false
	}
	h, err := f.Head()
	if err != nil {
		return false
	}
	p, ok := sniffProperties(h)
	return ok && p.list
}

// traceRows gives records of a trace: their text up to the body of the message.
func traceRows(ctx context.Context, r *siptrace.Reader, wanted func(line int) bool, call func(line int, text []byte) error) error {
	for n := 1; ; n++ {
		rec, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if wanted(rec.Line) {
			text := bytes.TrimRight(rec.Public(), "\r\n")
			if err := call(rec.Line, text[:min(len(text), MaxSourceRow+1)]); err != nil {
				return err
			}
		}
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// logRows gives rows of a log without credentials. Which columns may hold these
// the #Fields line before tells.
func logRows(ctx context.Context, r io.Reader, wanted func(line int) bool, call func(line int, text []byte) error) error {
	lines := newSourceLines(r)
	var fields []string
	for line := 1; ; line++ {
		if line%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		l, err := lines.next(true)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		text := bytes.TrimRight(l.text, "\r\n")
		if names, ok := w3c.FieldsLine(text); ok {
			fields = names
		}
		if !wanted(line) {
			continue
		}
		long := len(text) > MaxSourceRow
		text = w3c.Redact(fields, text)
		if long && len(text) <= MaxSourceRow { // its length tells that it was cut
			text = append(text, bytes.Repeat([]byte{' '}, MaxSourceRow+1-len(text))...)
		}
		if err := call(line, text[:min(len(text), MaxSourceRow+1)]); err != nil {
			return err
		}
	}
}

// sourceReader puts the lines of wanted rows together.
type sourceReader struct {
	lines  sourceLines
	ldif   bool
	blocks bool // rows end with a blank line
	call   func(line int, text []byte) error
	text   []byte // of the row that is open
	begin  int    // its first line; 0: none is open
	count  int    // its lines
	quoted bool   // a quote of it is open
	bare   bool   // rows are single lines: quotes mean nothing
}

func (r *sourceReader) read(ctx context.Context, wanted func(line int) bool) error {
	for line := 1; ; line++ {
		if line%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		begins := wanted(line)
		l, err := r.lines.next(begins || r.begin > 0)
		if errors.Is(err, io.EOF) {
			return r.end()
		}
		if err != nil {
			return err
		}
		// In a directory a separator may be lost: the next entry ends one, too.
		if r.begin > 0 && (begins || r.blocks && l.blank || r.ldif && isDN(l.text)) {
			if err := r.end(); err != nil {
				return err
			}
		}
		switch {
		case begins:
			r.begin, r.count, r.quoted, r.text = line, 0, false, r.text[:0]
		case r.begin == 0:
			continue
		}
		r.count++
		r.quoted = !r.bare && r.quoted != l.oddQuotes
		r.text = append(r.text, l.text[:min(len(l.text), MaxSourceRow+3-len(r.text))]...)
		if !r.blocks && (!r.quoted || r.count == delimited.MaxQuotedLines) {
			if err := r.end(); err != nil {
				return err
			}
		}
	}
}

// end gives away the row that is open.
func (r *sourceReader) end() error {
	if r.begin == 0 {
		return nil
	}
	line := r.begin
	r.begin = 0
	t := r.text
	if n := len(t); n > 0 && t[n-1] == '\n' {
		t = t[:n-1]
	}
	if n := len(t); n > 0 && t[n-1] == '\r' {
		t = t[:n-1]
	}
	return r.call(line, t[:min(len(t), MaxSourceRow+1)])
}

func isDN(l []byte) bool { return len(l) >= 3 && bytes.EqualFold(l[:3], []byte("dn:")) }

// sourceLine is one line, with its end; text is its beginning when it is long,
// and empty when it was not asked for.
type sourceLine struct {
	text      []byte
	blank     bool // nothing but white space
	oddQuotes bool // an odd number of quotes
}

// sourceLines reads line by line through a buffer of fixed size.
type sourceLines struct {
	r   *bufio.Reader
	buf []byte
}

func newSourceLines(r io.Reader) sourceLines {
	return sourceLines{r: bufio.NewReaderSize(r, 64<<10)}
}

// next reads a line; what is not asked for is only passed over.
func (s *sourceLines) next(asked bool) (l sourceLine, err error) {
	s.buf, l.blank = s.buf[:0], true
	any := false
	for {
		chunk, err := s.r.ReadSlice('\n')
		any = any || len(chunk) > 0
		if asked {
			s.buf = append(s.buf, chunk[:min(len(chunk), MaxSourceRow+3-len(s.buf))]...)
			l.blank = l.blank && len(bytes.Trim(chunk, " \t\r\n")) == 0
			l.oddQuotes = l.oddQuotes != (bytes.Count(chunk, []byte{'"'})%2 == 1)
		}
		switch {
		case err == nil, errors.Is(err, io.EOF) && any:
			l.text = s.buf
			return l, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return l, err
		}
	}
}

// OpenSource opens an export again by the path that is shown of it: a file, a
// .gz (unpacked), or archive.zip!member. The error says why it cannot be read.
func OpenSource(shown string) (*File, error) {
	f, err := OpenFile(onDisk(shown))
	if err == nil {
		head, err := f.raw(len(gzipMagic))
		if err != nil {
			return nil, ReadError(shown, err)
		}
		if bytes.HasPrefix(head, gzipMagic) {
			f.unpackGzip()
		}
		return f, nil
	}
	for i, c := range shown {
		if c != '!' {
			continue
		}
		name := onDisk(shown[:i])
		if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
			return &File{Path: shown, Size: -1, packed: true, disk: name, stat: info,
				open: func() (io.ReadCloser, error) { return openMember(name, shown[i+1:]) }}, nil
		}
	}
	return nil, err
}

// openMember opens the archive for this one member, and closes it with it.
func openMember(name, member string) (io.ReadCloser, error) {
	z, err := zip.OpenReader(name)
	if err != nil {
		return nil, explain(err)
	}
	for _, m := range z.File {
		if innerPath(m) != member || m.FileInfo().IsDir() {
			continue
		}
		rc, err := openPacked(m)
		if err != nil {
			z.Close()
			return nil, err
		}
		return struct {
			io.Reader
			io.Closer
		}{rc, closers{rc, z}}, nil
	}
	z.Close()
	return nil, fmt.Errorf("the archive has no member %s", strings.ToValidUTF8(member, "?"))
}

// closers closes several, the first error counts.
type closers []io.Closer

func (c closers) Close() error {
	var errs []error
	for _, x := range c {
		errs = append(errs, x.Close())
	}
	return errors.Join(errs...)
}
