// Package w3c reads log files in the W3C extended format row by row, as web
// servers write them: directive lines begin with "#", the #Fields line in force
// names the columns of the rows behind it and may change in mid-file, and a
// space stands between values. It knows nothing of what the values mean.
//
// A row is split only as far as its values are asked for, without copying. As
// with the other readers, damage costs one row: what cannot be read is reported
// with its line, and reading goes on with the next one. Sources: the vendor's
// description of W3C logging, and published log files for the variants.
package w3c

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"calaudit/ingest/text"
)

// MaxLine is the longest line taken, in bytes; longer ones are bad rows.
const MaxLine = 1 << 20

// maxRaw is how much of a bad row is kept.
const maxRaw = 256

// RowError is a row that could not be read. The reader goes on after it.
type RowError struct {
	Line int    // 1-based
	What string // what is wrong with it
	Raw  []byte // its beginning, at most 256 bytes, without credentials
}

func (e *RowError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.What) }

// Reader reads rows. The zero value is not usable; see NewReader.
type Reader struct {
	r     io.Reader
	buf   []byte
	start int   // first unread byte in buf
	end   int   // end of data in buf
	err   error // what the source ended with
	line  int   // number of the next line
	row   int   // number of the last row's line

	fields  []string
	changes int
	date    string

	text   []byte   // the last row
	count  int      // its values
	ends   []uint32 // where those split so far end in text
	quoted bool     // the row was split by quotes, all at once
	values []value
	cut    bool // the last line read has no end
}

// value is one value of a row that was split by quotes.
type value struct {
	text   []byte
	quoted bool
}

// NewReader reads from r, which must be ASCII-compatible.
func NewReader(r io.Reader) *Reader {
	return &Reader{r: r, buf: make([]byte, 64<<10), line: 1}
}

// Read goes to the next row. At the end it returns io.EOF; a *RowError means
// that one row was bad and the next call goes on; any other error is from the
// source. Directives, blank lines and lines of NUL bytes, which servers leave
// behind when they crash, are no rows.
func (r *Reader) Read() error {
	for {
		line, err := r.next()
		if err != nil {
			return err
		}
		if line = trim(line); len(line) == 0 {
			continue
		}
		if line[0] == '#' {
			r.directive(line)
			continue
		}
		if len(r.fields) == 0 {
			return r.bad("no #Fields line before the row: its columns are unknown", line)
		}
		r.text, r.ends, r.quoted = line, r.ends[:0], false
		if r.count = bytes.Count(line, space) + 1; r.count != len(r.fields) && bytes.IndexByte(line, '"') >= 0 {
			r.unquote()
		}
		return nil
	}
}

var space = []byte{' '}

// trim cuts the line end, blanks, and the NUL bytes of a crash.
func trim(line []byte) []byte {
	n := len(line)
	for n > 0 && line[n-1] <= ' ' {
		n--
	}
	i := 0
	for i < n && (line[i] == 0 || line[i] == ' ' || line[i] == '\t') {
		i++
	}
	return line[i:n]
}

// FieldsLine are the columns that a line names, if it is a #Fields line.
func FieldsLine(line []byte) (fields []string, ok bool) {
	name, rest, _ := bytes.Cut(trim(line), []byte{':'})
	if !bytes.EqualFold(name, []byte("#Fields")) {
		return nil, false
	}
	return strings.Fields(string(rest)), true
}

// directive takes a line that begins with "#". Those that are not known say
// nothing that matters here.
func (r *Reader) directive(line []byte) {
	if fields, ok := FieldsLine(line); ok {
		if len(fields) != len(r.fields) || strings.Join(fields, " ") != strings.Join(r.fields, " ") {
			r.fields = fields
			r.changes++
		}
		return
	}
	if name, rest, _ := bytes.Cut(line[1:], []byte{':'}); bytes.EqualFold(name, []byte("Date")) {
		r.date, _, _ = strings.Cut(strings.TrimSpace(string(rest)), " ")
	}
}

// unquote splits a row whose values may be quoted, as the Advanced Logging
// module writes them: a quoted value begins behind a space and ends before one,
// "" in it is one quote. A quote anywhere else is text. The plain format knows
// no quotes, so a row is read in this way only when its spaces are not as many
// as the columns ask for, and only when every quote is closed.
func (r *Reader) unquote() {
	values, rest := r.values[:0], r.text
	for {
		v := value{}
		n := 0
		if len(rest) > 0 && rest[0] == '"' {
			if n = quotedLen(rest); n == 0 {
				return
			}
			v = value{unescape(rest[1 : n-1]), true}
		} else {
			if n = bytes.IndexByte(rest, ' '); n < 0 {
				n = len(rest)
			}
			v.text = rest[:n]
		}
		values = append(values, v)
		if n == len(rest) {
			break
		}
		rest = rest[n+1:]
	}
	r.values, r.count, r.quoted = values, len(values), true
}

// quotedLen is the length of the quoted value at the start of s, with both
// quotes; 0 when it is not closed before a space or the end.
func quotedLen(s []byte) int {
	for i := 1; i < len(s); i++ {
		j := bytes.IndexByte(s[i:], '"')
		if j < 0 {
			return 0
		}
		switch i += j; {
		case i+1 == len(s) || s[i+1] == ' ':
			return i + 1
		case s[i+1] != '"':
			return 0
		}
		i++
	}
	return 0
}

func unescape(s []byte) []byte {
	if bytes.IndexByte(s, '"') < 0 {
		return s
	}
	return bytes.ReplaceAll(s, []byte(`""`), []byte(`"`))
}

// Fields are the columns in force, as the #Fields line names them.
func (r *Reader) Fields() []string { return r.fields }

// Changes counts the #Fields lines so far that differ from the one before: as
// long as it stays the same, a column keeps its place.
func (r *Reader) Changes() int { return r.changes }

// Column is the place of the first of the names that is a column in force, in
// any case of letters; else -1.
func (r *Reader) Column(names ...string) int {
	for _, name := range names {
		for i, f := range r.fields {
			if strings.EqualFold(f, name) {
				return i
			}
		}
	}
	return -1
}

// Date is the date of the latest #Date line, "" before any.
func (r *Reader) Date() string { return r.date }

// Line is the 1-based line of the row.
func (r *Reader) Line() int { return r.row }

// Count is how many values the row has. Where that is not the number of the
// columns, values go by their place up to the shorter.
func (r *Reader) Count() int { return r.count }

// Cut reports a row without a line end, the last one: its last value may be
// only the beginning of one.
func (r *Reader) Cut() bool { return r.cut }

// Field is a value of the row, valid until the next Read; nil for a column
// that the row does not have and for "-", which means that there is no value.
func (r *Reader) Field(i int) []byte {
	v, quoted := r.value(i)
	if len(v) == 0 || !quoted && len(v) == 1 && v[0] == '-' {
		return nil
	}
	return v
}

// Text is a value with the spaces that it has in truth: where values are not
// quoted, servers write "+" for a space. A plus that was one is lost.
func (r *Reader) Text(i int) []byte {
	v, quoted := r.value(i)
	if quoted || bytes.IndexByte(v, '+') < 0 {
		return r.Field(i)
	}
	return bytes.ReplaceAll(v, []byte{'+'}, space)
}

// value finds a value, and tells whether it was quoted.
func (r *Reader) value(i int) ([]byte, bool) {
	if i < 0 || i >= r.count {
		return nil, false
	}
	if r.quoted {
		return r.values[i].text, r.values[i].quoted
	}
	from := 0
	if n := len(r.ends); n > 0 {
		from = int(r.ends[n-1]) + 1
	}
	for len(r.ends) <= i {
		n := bytes.IndexByte(r.text[from:], ' ')
		if n < 0 {
			n = len(r.text) - from
		}
		r.ends = append(r.ends, uint32(from+n))
		from += n + 1
	}
	from = 0
	if i > 0 {
		from = int(r.ends[i-1]) + 1
	}
	v := r.text[from:r.ends[i]]
	if len(v) > 1 && v[0] == '"' && quotedLen(v) == len(v) {
		return unescape(v[1 : len(v)-1]), true
	}
	return v, false
}

func (r *Reader) bad(what string, line []byte) error {
	return &RowError{Line: r.row, What: what, Raw: public(r.fields, line)}
}

// next takes the next line.
func (r *Reader) next() ([]byte, error) {
	seen := 0
	for {
		have := r.buf[r.start:r.end]
		i := bytes.IndexByte(have[seen:], '\n')
		switch {
		case i >= 0:
			i += seen + 1
		case r.err != nil && len(have) > 0 && errors.Is(r.err, io.EOF):
			i, r.cut = len(have), true
		case r.err != nil:
			return nil, r.err
		case len(have) > MaxLine:
			return nil, r.skipLong()
		default:
			seen = len(have)
			r.fill()
			continue
		}
		r.row, r.line, r.start = r.line, r.line+1, r.start+i
		if i > MaxLine {
			return nil, r.bad(tooLong, have)
		}
		return have[:i], nil
	}
}

var tooLong = fmt.Sprintf("the line is longer than %d bytes", MaxLine)

// skipLong drops a line longer than MaxLine up to its end.
func (r *Reader) skipLong() error {
	r.row, r.line = r.line, r.line+1
	e := r.bad(tooLong, r.buf[r.start:r.end])
	for {
		if i := bytes.IndexByte(r.buf[r.start:r.end], '\n'); i >= 0 {
			r.start += i + 1
			return e
		}
		r.start, r.end = 0, 0
		if r.err != nil {
			return e
		}
		r.fill()
	}
}

// fill reads more behind the unread bytes, moving or growing the buffer.
func (r *Reader) fill() {
	r.buf, r.end, r.err = text.Fill(r.r, r.buf, r.start, r.end)
	r.start = 0
}
