// Package ldif reads content records of the LDAP Data Interchange Format (RFC
// 2849) the way directory export tools write them, one record at a time. It
// knows lines, folding and base64, nothing of what attributes mean.
//
// It differs from a strict reader in what it does with damage: a bad record is
// reported with its line and reading goes on with the next one. It never opens
// anything a record points to: a value given as a URL (":<") is a bad value,
// as the file comes from others and the URL may name a file on this machine.
package ldif

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
)

const (
	// MaxValue is the longest value kept, in bytes of unfolded text. Longer
	// ones (photos, certificates) are left out and marked.
	MaxValue = 1 << 20
	// MaxRecord bounds what one record may keep in memory.
	MaxRecord = 8 << 20
	// MaxName is the longest attribute name; the schema allows far less.
	MaxName = 256
)

// attrCost is what a value costs beside its own bytes, so that a record of
// countless empty values is bounded as well.
const attrCost = 64

// Record is one entry of the file. Its values are valid until the next Read.
type Record struct {
	Line       int    // 1-based line of the dn
	DN         string // as written, base64 decoded; empty for the directory's root
	ChangeType string // as written; "" or "add" for exported content
	Attrs      []Attr
}

// Attr is one value of one attribute; several values are several Attrs.
type Attr struct {
	Name    string // as written, without options such as ";range=0-1499"
	Value   []byte
	Line    int  // 1-based line where the value begins
	TooLong bool // the value was longer than MaxValue and is left out
}

// RecordError is a record that could not be read. The reader goes on after it.
type RecordError struct {
	Line int    // 1-based line of what is wrong
	What string // what is wrong; what to do
	Raw  []byte // the beginning of that line, at most 256 bytes
}

func (e *RecordError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.What) }

// Reader reads records. The zero value is not usable; see NewReader.
type Reader struct {
	// Keep says which attributes are wanted; others are checked for their form
	// and dropped without being decoded. Nil keeps all. The answer for a name
	// is remembered, so it must not change.
	Keep func(name string) bool

	lines lineReader
	rec   Record
	arena []byte
	names map[string]nameInfo
	size  int
}

type nameInfo struct {
	name string
	keep bool
}

// maxNames bounds the memory of names, not how many there may be.
const maxNames = 4096

// NewReader reads from r, which must be UTF-8 without a byte order mark.
func NewReader(r io.Reader) *Reader {
	return &Reader{lines: newLineReader(r), names: make(map[string]nameInfo)}
}

// CutShort reports, once Read has returned io.EOF, whether the file ended
// inside a line: export tools end every record with an empty line, so the last
// record may be incomplete.
func (r *Reader) CutShort() bool { return r.lines.unended }

// Read returns the next record. At the end it returns io.EOF; a *RecordError
// means that one record was bad and the next call goes on; any other error is
// from the source.
func (r *Reader) Read() (*Record, error) {
	if err := r.begin(); err != nil {
		return nil, err
	}
	for {
		l, err := r.lines.next()
		if err == io.EOF {
			return &r.rec, nil
		}
		if err != nil {
			return nil, err
		}
		switch {
		case l.blank():
			return &r.rec, nil
		case l.comment():
			continue
		case l.isDN(): // a separator was lost, the entry is plain to see
			r.lines.unread()
			return &r.rec, nil
		}
		if what := r.attr(l); what != "" {
			return nil, r.bad(l, what)
		}
	}
}

// begin finds the next record and reads its dn.
func (r *Reader) begin() error {
	r.arena, r.size = r.arena[:0], 0
	r.rec = Record{Attrs: r.rec.Attrs[:0]}
	for {
		l, err := r.lines.next()
		if err != nil {
			return err
		}
		switch {
		case l.blank(), l.comment():
			continue
		case l.isDN():
			return r.dn(l)
		}
		name, value, ok := bytes.Cut(l.text, colon)
		if ok && bytes.EqualFold(name, []byte("version")) {
			if v := string(bytes.TrimSpace(value)); v != "1" {
				return r.bad(l, fmt.Sprintf("LDIF version %.20q is not known; export as version 1", v))
			}
			continue
		}
		return r.bad(l, "the record does not begin with \"dn:\"; export it again")
	}
}

var colon = []byte{':'}

func (r *Reader) dn(l *line) error {
	if what := l.damage(); what != "" {
		return r.bad(l, what)
	}
	if l.tooLong {
		return r.bad(l, fmt.Sprintf("the dn is longer than %d bytes; export the entry again", MaxValue))
	}
	v, what := r.value(l.text[len("dn:"):])
	if what != "" {
		return r.bad(l, "dn: "+what)
	}
	r.rec.Line, r.rec.DN = l.number, string(v)
	return nil
}

// attr adds one line of the record; it returns what is wrong with it.
func (r *Reader) attr(l *line) (what string) {
	if len(l.text) == 1 && l.text[0] == '-' {
		return r.dash()
	}
	if what := l.damage(); what != "" {
		return what
	}
	i := bytes.IndexByte(l.text, ':')
	if i < 0 {
		return "a line without a colon is no attribute; export the record again"
	}
	name, ok := cutOptions(l.text[:i])
	if !ok {
		return "this is no attribute name; export the record again"
	}
	rest := l.text[i+1:]
	if bytes.HasPrefix(rest, []byte{'<'}) {
		return "a value given as a URL (\":<\") is never read; put the value itself into the file"
	}
	info := r.intern(name)
	if !info.keep {
		return ""
	}
	if r.size += attrCost + len(rest); r.size > MaxRecord && !l.tooLong {
		return fmt.Sprintf("the record is longer than %d bytes; export fewer attributes", MaxRecord)
	}
	if l.tooLong {
		r.size -= len(rest)
		r.rec.Attrs = append(r.rec.Attrs, Attr{Name: info.name, Line: l.number, TooLong: true})
		return ""
	}
	v, what := r.value(rest)
	if what != "" {
		return info.name + ": " + what
	}
	if strings.EqualFold(info.name, "changetype") {
		r.rec.ChangeType = string(v)
		return ""
	}
	r.rec.Attrs = append(r.rec.Attrs, Attr{Name: info.name, Value: v, Line: l.number})
	return ""
}

// dash takes the "-" that ends one modification. It stands only in records
// that change entries, which may leave the changetype out.
func (r *Reader) dash() string {
	switch {
	case r.rec.ChangeType == "":
		r.rec.ChangeType = "modify"
	case strings.EqualFold(r.rec.ChangeType, "add"):
		return "a line \"-\" in a record that adds an entry; export it again"
	}
	return ""
}

// value decodes what stands behind the first colon, into the arena.
func (r *Reader) value(b []byte) (v []byte, what string) {
	if len(b) > 0 && b[0] == '<' {
		return nil, "a value given as a URL (\":<\") is never read; put the value itself into the file"
	}
	start := len(r.arena)
	if len(b) == 0 || b[0] != ':' {
		r.arena = append(r.arena, bytes.TrimLeft(b, " ")...)
		return r.arena[start:len(r.arena):len(r.arena)], ""
	}
	b = bytes.TrimSpace(b[1:])
	r.arena = append(r.arena, make([]byte, base64.StdEncoding.DecodedLen(len(b)))...)
	n, err := base64.StdEncoding.Decode(r.arena[start:], b)
	if err != nil {
		return nil, "the value is not base64; export the record again"
	}
	r.arena = r.arena[:start+n]
	return r.arena[start:len(r.arena):len(r.arena)], ""
}

// intern returns the name as a string, once made for all records, and whether
// its values are wanted.
func (r *Reader) intern(name []byte) nameInfo {
	if info, ok := r.names[string(name)]; ok {
		return info
	}
	s := string(name)
	info := nameInfo{s, r.Keep == nil || strings.EqualFold(s, "changetype") || r.Keep(s)}
	if len(r.names) < maxNames {
		r.names[s] = info
	}
	return info
}

// bad gives up the record: everything up to the next separator or dn.
func (r *Reader) bad(l *line, what string) error {
	e := &RecordError{Line: l.number, What: what, Raw: append([]byte(nil), l.text[:min(len(l.text), 256)]...)}
	for {
		l, err := r.lines.next()
		switch {
		case err == io.EOF, err == nil && l.blank():
			return e
		case err != nil:
			return err
		case l.isDN():
			r.lines.unread()
			return e
		}
	}
}

// cutOptions checks an attribute description (letters, digits, "-", "."; "_"
// is seen in foreign schemas) and cuts its options.
func cutOptions(b []byte) (name []byte, ok bool) {
	name = b
	if i := bytes.IndexByte(b, ';'); i >= 0 {
		name = b[:i]
	}
	if len(name) == 0 || len(name) > MaxName {
		return nil, false
	}
	for _, c := range name {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_') {
			return nil, false
		}
	}
	return name, true
}
