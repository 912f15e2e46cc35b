// Package delimited reads delimiter-separated tables row by row: RFC 4180
// quoting, any single-byte delimiter, CRLF or LF, fields as byte slices into
// one reused buffer. It differs from a general CSV reader in what it does with
// damage: a row that cannot be read is reported with its line and text, and
// reading goes on with the next line, so that one stray quote or one endless
// line never swallows the rest of the file.
package delimited

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"calaudit/ingest/text"
)

const (
	// MaxRow is the longest row taken, in bytes; longer ones are bad rows.
	MaxRow = 1 << 20
	// MaxQuotedLines is how many lines one quoted field may span. An unclosed
	// quote would otherwise take everything up to the next quote for a value.
	MaxQuotedLines = 64
)

// RowError is a row that could not be read. The reader goes on after it.
type RowError struct {
	Line int    // 1-based line where the row begins
	What string // what is wrong with it
	Raw  []byte // its beginning, at most 256 bytes
}

func (e *RowError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.What) }

// Reader reads rows. The zero value is not usable; see NewReader.
type Reader struct {
	r      io.Reader
	comma  byte
	buf    []byte
	start  int   // first unread byte in buf
	end    int   // end of data in buf
	err    error // what the source ended with
	line   int   // line number of the next unread byte
	row    int   // line where the last row began
	fields [][]byte
	bytes  []byte // the last row as a whole, in buf
	cut    bool   // the data ends inside a line
	bare   bool   // a quote is a character like others
}

// Bad tells an error that is a bad row from all others.
func Bad(err error) (bad *RowError, others error) {
	if err == nil { // the usual case costs no more than this
		return nil, nil
	}
	var row *RowError
	if errors.As(err, &row) {
		return row, nil
	}
	return nil, err
}

// NewReader reads from r, which must be UTF-8 or at least ASCII-compatible.
func NewReader(r io.Reader, comma byte) *Reader { return NewReaderAt(r, comma, 1) }

// NewReaderAt is NewReader for data whose first line is not the file's: lines
// are counted from the given one.
func NewReaderAt(r io.Reader, comma byte, line int) *Reader {
	return &Reader{r: r, comma: comma, buf: make([]byte, 64<<10), line: line}
}

// Bare makes the reader take quotes for part of the values, as tools mean them
// that never quote. A row is one line then. It must be called before Read.
func (r *Reader) Bare() { r.bare = true }

// Line is the 1-based line where the row last returned begins.
func (r *Reader) Line() int { return r.row }

// Behind is the line behind the row last returned, or behind what was bad.
func (r *Reader) Behind() int { return r.line }

// Holds reports whether the byte stands anywhere in the row last returned: one
// look at the line is quicker than one at each field.
func (r *Reader) Holds(c byte) bool { return bytes.IndexByte(r.bytes, c) >= 0 }

// CutShort reports, once Read has returned io.EOF, whether the last line has no
// line end. Many whole files are so; but so is every file whose copy broke off,
// and then the last value may be only the beginning of one.
func (r *Reader) CutShort() bool { return r.cut }

// Read returns the next row that is not blank. The fields are valid until the
// next call. At the end it returns io.EOF; a *RowError means that one row was
// bad and the next call goes on; any other error is from the source.
func (r *Reader) Read() ([][]byte, error) {
	for {
		line, err := r.nextLine(0)
		if err != nil {
			return nil, err
		}
		r.row = r.line
		if line == nil {
			return nil, r.skipLong()
		}
		if !r.bare && bytes.IndexByte(line, '"') >= 0 {
			return r.quoted(line)
		}
		r.start += len(line)
		r.line++
		if line = trimEOL(line); len(line) > 0 {
			r.bytes = line
			return r.split(line), nil
		}
	}
}

// split cuts a line without quotes.
func (r *Reader) split(line []byte) [][]byte {
	f := r.fields[:0]
	for {
		i := bytes.IndexByte(line, r.comma)
		if i < 0 {
			break
		}
		f = append(f, line[:i])
		line = line[i+1:]
	}
	r.fields = append(f, line)
	return r.fields
}

// quoted reads a row with quotes in it, which may go over several lines. On
// damage only the first line is given up: what follows may be good rows.
func (r *Reader) quoted(line []byte) ([][]byte, error) {
	row, lines := line, 1
	for bytes.Count(row, quote)%2 != 0 {
		if lines == MaxQuotedLines {
			return nil, r.bad(len(line), fmt.Sprintf("a quote is not closed within %d lines", MaxQuotedLines))
		}
		more, err := r.nextLine(len(row))
		if err != nil && err != io.EOF {
			return nil, err
		}
		if len(more) == 0 {
			return nil, r.bad(len(line), "a quote is not closed")
		}
		row = r.buf[r.start : r.start+len(row)+len(more)]
		lines++
	}
	f, doubled := r.fields[:0], false
	rest := trimEOL(row)
	for {
		if len(rest) == 0 || rest[0] != '"' {
			end := bytes.IndexByte(rest, r.comma)
			if end < 0 {
				end = len(rest)
			}
			if bytes.IndexByte(rest[:end], '"') >= 0 {
				return nil, r.bad(len(line), "a quote inside a field that is not quoted")
			}
			f = append(f, rest[:end])
			rest = rest[end:]
		} else {
			n, inner := quotedLen(rest)
			if inner { // to be undone
				doubled = true
				f = append(f, rest[:n])
			} else {
				f = append(f, rest[1:n-1])
			}
			rest = rest[n:]
			if len(rest) > 0 && rest[0] != r.comma {
				return nil, r.bad(len(line), "text after a closing quote")
			}
		}
		if len(rest) == 0 {
			break
		}
		rest = rest[1:]
	}
	// Only now is the row known to be good and may be changed in place.
	for i := 0; doubled && i < len(f); i++ {
		if v := f[i]; len(v) > 0 && v[0] == '"' {
			f[i] = unquote(v)
		}
	}
	r.fields, r.bytes = f, row
	r.start += len(row)
	r.line += lines
	return f, nil
}

var quote = []byte{'"'}

// quotedLen is the length of the quoted field at the start of s, both quotes
// included, and whether there are doubled quotes in it. The quotes in s are
// balanced.
func quotedLen(s []byte) (n int, doubled bool) {
	for i := 1; i < len(s); i++ {
		j := bytes.IndexByte(s[i:], '"')
		if j < 0 {
			break
		}
		if i += j; i+1 == len(s) || s[i+1] != '"' {
			return i + 1, doubled
		}
		doubled = true
		i++
	}
	return len(s), doubled
}

// unquote returns the value of a whole quoted field, undoing doubled quotes in
// place: s lies in the reader's own buffer.
func unquote(s []byte) []byte {
	s = s[1 : len(s)-1]
	i := bytes.IndexByte(s, '"')
	if i < 0 {
		return s
	}
	w := i
	for i < len(s) {
		s[w] = s[i]
		w++
		if s[i] == '"' {
			i++ // the second of the pair
		}
		i++
	}
	return s[:w]
}

// bad gives up the first n bytes (one line) and reports the row.
func (r *Reader) bad(n int, what string) error {
	raw := trimEOL(r.buf[r.start : r.start+n])
	e := &RowError{Line: r.line, What: what, Raw: append([]byte(nil), raw[:min(len(raw), maxRaw)]...)}
	r.start += n
	r.line++
	return e
}

const maxRaw = 256

// nextLine returns the line that begins `after` bytes behind the read position,
// with its line end, without consuming it. At the end of the data it returns
// io.EOF. A row longer than MaxRow gives nil and no error.
func (r *Reader) nextLine(after int) ([]byte, error) {
	seen := 0
	for {
		have := r.buf[r.start+after : r.end]
		if i := bytes.IndexByte(have[seen:], '\n'); i >= 0 {
			if after+seen+i+1 > MaxRow {
				return nil, nil
			}
			return have[:seen+i+1], nil
		}
		seen = len(have)
		if after+seen > MaxRow {
			return nil, nil
		}
		if r.err != nil {
			if seen > 0 && errors.Is(r.err, io.EOF) {
				r.cut = r.cut || len(trimEOL(have)) > 0
				return have, nil
			}
			return nil, r.err
		}
		r.fill()
	}
}

// fill reads more behind the unread bytes, moving or growing the buffer.
func (r *Reader) fill() {
	r.buf, r.end, r.err = text.Fill(r.r, r.buf, r.start, r.end)
	r.start = 0
}

// skipLong drops a line longer than MaxRow up to its end.
func (r *Reader) skipLong() error {
	e := longLine(r.line, r.buf[r.start:])
	for {
		if i := bytes.IndexByte(r.buf[r.start:r.end], '\n'); i >= 0 {
			r.start += i + 1
			r.line++
			return e
		}
		r.start, r.end = 0, 0
		if r.err != nil {
			if errors.Is(r.err, io.EOF) {
				r.cut = true
				return e
			}
			return r.err
		}
		r.fill()
	}
}

func longLine(line int, text []byte) *RowError {
	return &RowError{Line: line, What: fmt.Sprintf("the line is longer than %d bytes", MaxRow), Raw: append([]byte(nil), text[:maxRaw]...)}
}

// trimEOL cuts LF and the CRs before it (wmic and text-mode transfers double
// them).
func trimEOL(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\n' {
		line = line[:n-1]
	}
	for n := len(line); n > 0 && line[n-1] == '\r'; n-- {
		line = line[:n-1]
	}
	return line
}
