// Package formatlist reads the text that PowerShell's Format-List writes: one
// property a line, its name padded to a common column, then " : " and the
// value; a value that is too long for the console goes on in lines that are
// indented to the value's column; blank lines between objects. It knows lines,
// nothing of what properties mean.
//
// The tool breaks a value between words, leaving the space at the end of the
// line, or inside a word that is longer than the line. Pieces are therefore
// joined as they stand.
//
// It differs from a strict reader in what it does with damage: a line that
// cannot belong to the object is reported by itself, and the object around it
// goes on.
package formatlist

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"
)

const (
	// MaxObject bounds what one object may keep in memory, in bytes.
	MaxObject = 1 << 20
	// MaxName is the longest name of a property.
	MaxName = 128
)

// propertyCost is what a property costs beside its own bytes, so that an
// object of countless empty ones is bounded as well.
const propertyCost = 64

// Object is one object of the list. It is valid until the next Read.
type Object struct {
	Line       int // 1-based line of its first property
	Properties []Property
}

// Property is one property as printed.
type Property struct {
	Name  string
	Value []byte // pieces joined, without the line end
	Line  int    // 1-based line where it begins
}

// LineError is a line or an object that could not be read. The reader goes on
// after it; an object that the line stands in goes on as well.
type LineError struct {
	Line int
	What string // what is wrong; what to do
	Raw  []byte // the beginning of the line, at most 256 bytes
}

func (e *LineError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.What) }

// Reader reads objects. The zero value is not usable; see NewReader.
type Reader struct {
	br    *bufio.Reader
	err   error  // what the source ended with
	line  []byte // the current line without its end
	long  []byte // room for a line longer than br's buffer
	over  bool   // the line is longer than MaxObject; line is its beginning
	again bool   // the line is to be looked at once more
	count int    // lines read
	cut   bool

	obj    Object
	open   bool
	spans  []span // of the values, in arena
	arena  []byte
	colon  int  // column of the colon of the object's lines, in characters
	same   bool // its properties so far are those of the last object, in order
	order  []string
	names  map[string]string
	lost   bool // the object is given up: everything to its end is dropped
	lostAt LineError
}

type span struct{ from, to int }

// maxNames bounds the memory of names, not how many there may be.
const maxNames = 4096

// NewReader reads from r, which must be UTF-8 without a byte order mark.
func NewReader(r io.Reader) *Reader {
	return &Reader{br: bufio.NewReaderSize(r, 64<<10), names: make(map[string]string)}
}

// CutShort reports, once Read has returned io.EOF, whether the last line has
// no line end: the last object may be incomplete.
func (r *Reader) CutShort() bool { return r.cut }

// Read returns the next object. At the end it returns io.EOF; a *LineError
// means that one line or object was bad and the next call goes on; any other
// error is from the source.
func (r *Reader) Read() (*Object, error) {
	if !r.open {
		r.begin()
	}
	for {
		if err := r.next(); err != nil {
			if errors.Is(err, io.EOF) && r.open {
				return r.end()
			}
			return nil, err
		}
		// A piece may be the space between two words alone, so that pieces are
		// looked for before blank lines.
		nul := bytes.IndexByte(r.line, 0) >= 0
		if r.open && !r.lost && !r.over && !nul && r.continued() {
			continue
		}
		if blank(r.line) {
			if r.open {
				return r.end()
			}
			continue
		}
		if r.lost {
			continue
		}
		if r.over {
			return nil, r.bad(fmt.Sprintf("the line is longer than %d bytes; export the object again", MaxObject))
		}
		if nul {
			return nil, r.bad("a NUL byte in the line; export the object again")
		}
		name, value, colon := property(r.line)
		switch {
		case name == nil, r.open && colon != r.colon && !r.known(name):
			return nil, r.bad("the line is no property of the object around it; take it out or export the object again")
		case r.open && r.known(name): // the blank line before it was lost
			r.again = true
			return r.end()
		}
		r.add(name, value, colon)
	}
}

// begin makes room for the next object.
func (r *Reader) begin() {
	r.obj = Object{Properties: r.obj.Properties[:0]}
	r.spans, r.arena = r.spans[:0], r.arena[:0]
	r.same, r.lost = true, false
}

// end closes the object that is open.
func (r *Reader) end() (*Object, error) {
	r.open = false
	if r.lost {
		bad := r.lostAt
		return nil, &bad
	}
	for i, s := range r.spans {
		r.obj.Properties[i].Value = r.arena[s.from:s.to:s.to]
	}
	if r.same = r.same && len(r.order) == len(r.obj.Properties); !r.same {
		r.order = r.order[:0]
		for i := range r.obj.Properties {
			r.order = append(r.order, r.obj.Properties[i].Name)
		}
	}
	return &r.obj, nil
}

// add takes a property into the object, opening it with the first.
func (r *Reader) add(name, value []byte, colon int) {
	if !r.open {
		r.open, r.colon, r.obj.Line = true, colon, r.count
	}
	i := len(r.spans)
	if r.same && i < len(r.order) && string(name) == r.order[i] {
		r.obj.Properties = append(r.obj.Properties, Property{Name: r.order[i], Line: r.count})
	} else {
		r.same = false
		r.obj.Properties = append(r.obj.Properties, Property{Name: r.intern(name), Line: r.count})
	}
	from := len(r.arena)
	r.arena = append(r.arena, value...)
	r.spans = append(r.spans, span{from, len(r.arena)})
	r.bound()
}

// continued takes a line that is indented to the column of the values.
func (r *Reader) continued() bool {
	indent := r.colon + 2
	if len(r.line) <= indent {
		return false
	}
	for _, c := range r.line[:indent] {
		if c != ' ' {
			return false
		}
	}
	r.arena = append(r.arena, r.line[indent:]...)
	r.spans[len(r.spans)-1].to = len(r.arena)
	r.bound()
	return true
}

// bound gives up an object that grows too large.
func (r *Reader) bound() {
	if len(r.arena)+len(r.spans)*propertyCost <= MaxObject {
		return
	}
	r.lost = true
	r.lostAt = LineError{Line: r.obj.Line, What: fmt.Sprintf("the object is longer than %d bytes; export fewer properties", MaxObject)}
	r.spans, r.arena = r.spans[:0], r.arena[:0]
}

// known tells a name that stands in the object already. Objects of one list
// have the same properties, so most names need no search.
func (r *Reader) known(name []byte) bool {
	i := len(r.spans)
	if r.same && i < len(r.order) && string(name) == r.order[i] {
		return false
	}
	return slices.ContainsFunc(r.obj.Properties, func(p Property) bool { return p.Name == string(name) })
}

func (r *Reader) intern(name []byte) string {
	if s, ok := r.names[string(name)]; ok {
		return s
	}
	s := string(name)
	if len(r.names) < maxNames {
		r.names[s] = s
	}
	return s
}

func (r *Reader) bad(what string) error {
	return &LineError{Line: r.count, What: what, Raw: append([]byte(nil), r.line[:min(len(r.line), 256)]...)}
}

// property splits a line at its colon, which stands between spaces or at the
// end of the line. colon is its column in characters.
func property(line []byte) (name, value []byte, colon int) {
	i := bytes.IndexByte(line, ':')
	if i < 2 || line[i-1] != ' ' || i+1 < len(line) && line[i+1] != ' ' {
		return nil, nil, 0
	}
	name = bytes.TrimRight(line[:i], " ")
	if len(name) == 0 || len(name) > MaxName || !letter(name[0]) {
		return nil, nil, 0
	}
	for _, c := range name {
		if c < ' ' || c == 0x7f {
			return nil, nil, 0
		}
	}
	return name, line[min(i+2, len(line)):], utf8.RuneCount(line[:i])
}

func letter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= utf8.RuneSelf
}

func blank(line []byte) bool {
	for _, c := range line {
		if c != ' ' && c != '\t' {
			return false
		}
	}
	return true
}

// next makes the next line the current one; the source's error ends.
func (r *Reader) next() error {
	if r.again {
		r.again = false
		return nil
	}
	if r.err != nil {
		return r.err
	}
	r.over = false
	chunk, err := r.br.ReadSlice('\n')
	if err == nil { // the usual case: the whole line lies in the buffer
		r.count++
		r.line = trimEOL(chunk)
		return nil
	}
	r.long = r.long[:0]
	any := false
	for {
		any = any || len(chunk) > 0
		if len(r.long)+len(chunk) <= MaxObject {
			r.long = append(r.long, chunk...)
		} else {
			r.over = true
		}
		if err != bufio.ErrBufferFull {
			break
		}
		chunk, err = r.br.ReadSlice('\n')
	}
	if err != nil {
		r.err = err
		if !any || !errors.Is(err, io.EOF) {
			return err
		}
		r.cut = true
	}
	r.count++
	r.line = trimEOL(r.long)
	return nil
}

// trimEOL cuts LF and the CRs before it (a text-mode transfer doubles them).
func trimEOL(b []byte) []byte {
	if n := len(b); n > 0 && b[n-1] == '\n' {
		b = b[:n-1]
	}
	for n := len(b); n > 0 && b[n-1] == '\r'; n-- {
		b = b[:n-1]
	}
	return b
}
