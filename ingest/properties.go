package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"calaudit/ingest/delimited"
	"calaudit/ingest/formatlist"
)

// properties reads objects that a management tool printed: as a table
// (Export-Csv, wmic) or as a list (Format-List). Properties are found by name;
// each has the number of its place in the names asked for.
type properties struct {
	wanted []string
	seen   *printed
	t      *Table
	place  []int // of each wanted property in the table, -1 for absent
	list   *formatlist.Reader
	has    []bool // of a list: the property stands in its objects
	names  map[string]int
	order  []listPlace // of the properties of the last object
	object *formatlist.Object
	values [][]byte // of the list's current object, nil for absent
	met    []bool
	closer io.Closer
}

// listPlace is a property's place among those that are wanted, -1 for none.
type listPlace struct {
	name string
	at   int
}

// printed is what the beginning of such a file shows.
type printed struct {
	names map[string]bool // folded names of the properties
	typ   string          // the text behind #TYPE, lower case, or ""
	twice string          // a column that stands twice, or ""
	list  bool
}

// verdict is Yes for a format that knows its properties, unless one of the
// columns stands twice.
func (p *printed) verdict() Verdict {
	if p.twice != "" {
		return Verdict{Broken: true, Why: fmt.Sprintf("the list names the column %q twice; keep one", p.twice)}
	}
	return Verdict{Yes: true}
}

func (p *printed) any(names ...string) bool {
	for _, n := range names {
		if p.names[ColumnKey(n)] {
			return true
		}
	}
	return false
}

func (p *printed) all(names ...string) bool {
	for _, n := range names {
		if !p.names[ColumnKey(n)] {
			return false
		}
	}
	return true
}

// sniffProperties reads the names of the properties from a file's beginning.
func sniffProperties(h *Head) (*printed, bool) {
	if h.Bin {
		return nil, false
	}
	if p, ok := sniffList(h.Text); ok {
		return p, true
	}
	t, err := sniffTable(h)
	if err != nil || len(t.Header()) < 2 {
		return nil, false
	}
	p := &printed{names: make(map[string]bool, len(t.Header())), twice: t.twice}
	for _, name := range t.Header() {
		p.names[ColumnKey(name)] = true
	}
	if first, _, _ := bytes.Cut(h.Text, []byte{'\n'}); bytes.HasPrefix(first, []byte("#TYPE")) {
		p.typ = strings.ToLower(strings.TrimSpace(string(first[len("#TYPE"):])))
	}
	return p, true
}

// sniffList knows a list by its form: among the lines of the beginning are
// objects of several properties, and hardly anything else.
func sniffList(head []byte) (*printed, bool) {
	p := &printed{names: map[string]bool{}, list: true}
	r := formatlist.NewReader(bytes.NewReader(head))
	good, bad := 0, 0
	for {
		o, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			if bad++; bad > 20 && bad > good {
				return nil, false
			}
			continue
		}
		if len(o.Properties) > 1 {
			good += len(o.Properties)
			for _, x := range o.Properties {
				if !p.names[x.Name] {
					p.names[x.Name] = true
				}
			}
		}
	}
	folded := make(map[string]bool, len(p.names))
	for name := range p.names {
		folded[ColumnKey(name)] = true
	}
	p.names = folded
	return p, good > bad
}

// openProperties opens a file whose beginning sniffProperties understood.
func openProperties(f *File, wanted []string) (*properties, error) {
	h, err := f.Head()
	if err != nil {
		return nil, err
	}
	p := &properties{wanted: wanted, seen: &printed{}, place: make([]int, len(wanted))}
	if seen, ok := sniffProperties(h); ok {
		p.seen = seen
	}
	if !p.seen.list {
		if p.t, p.closer, err = openTable(f); err != nil {
			return nil, err
		}
		for i, name := range wanted {
			p.place[i] = p.t.Column(name)
		}
		return p, nil
	}
	rc, err := f.Text()
	if err != nil {
		return nil, err
	}
	p.closer, p.list = rc, formatlist.NewReader(rc)
	p.names, p.has = map[string]int{}, make([]bool, len(wanted))
	p.values, p.met = make([][]byte, len(wanted)), make([]bool, len(wanted))
	for i, name := range wanted {
		p.has[i] = p.seen.any(name)
	}
	return p, nil
}

// Has reports whether the objects have the property.
func (p *properties) Has(i int) bool {
	if p.t != nil {
		return p.place[i] >= 0
	}
	return p.has[i]
}

// Next goes to the next object; io.EOF ends. A *delimited.RowError is one that
// cannot be taken, or a line that belongs to none.
func (p *properties) Next() error {
	if p.t != nil {
		return p.t.Next()
	}
	o, err := p.list.Read()
	if err != nil {
		if bad := (*formatlist.LineError)(nil); errors.As(err, &bad) {
			return &delimited.RowError{Line: bad.Line, What: bad.What, Raw: bad.Raw}
		}
		return err
	}
	p.object = o
	clear(p.values)
	clear(p.met)
	for k := range o.Properties {
		x := &o.Properties[k]
		if k == len(p.order) {
			p.order = append(p.order, listPlace{at: -1})
		}
		if p.order[k].name != x.Name { // objects of one list have the same properties
			p.order[k] = listPlace{x.Name, p.index(x.Name)}
		}
		if i := p.order[k].at; i >= 0 && !p.met[i] {
			p.met[i], p.values[i] = true, x.Value
		}
	}
	for i, has := range p.has {
		if has && !p.met[i] {
			return &delimited.RowError{Line: o.Line, What: fmt.Sprintf("the object lacks %s, which others have; export it again", p.wanted[i]), Raw: p.Raw()}
		}
	}
	return nil
}

// index finds the place of a name and remembers it.
func (p *properties) index(name string) int {
	if at, ok := p.names[name]; ok {
		return at
	}
	at := -1
	for i, w := range p.wanted {
		if ColumnKey(w) == ColumnKey(name) {
			at = i
		}
	}
	if len(p.names) < 1<<10 { // a bound on memory, not on correctness
		p.names[name] = at
	}
	return at
}

// Value is a property of the current object without surrounding space, valid
// until the next one.
func (p *properties) Value(i int) []byte {
	if p.t != nil {
		return bytes.TrimSpace(p.t.Field(p.place[i]))
	}
	return bytes.TrimSpace(p.values[i])
}

// Line is the 1-based line where the current object begins.
func (p *properties) Line() int {
	if p.t != nil {
		return p.t.Line()
	}
	return p.object.Line
}

// Raw is the current object for a rejected record, at most 256 bytes.
func (p *properties) Raw() []byte {
	if p.t != nil {
		return p.t.Raw()
	}
	var b []byte
	for i := range p.object.Properties {
		x := &p.object.Properties[i]
		if len(x.Value) > 0 && len(b) < 256 {
			b = append(append(append(append(b, x.Name...), '='), x.Value...), ' ')
		}
	}
	return b[:min(len(b), 256)]
}

// CutShort reports, at the end, whether the file ends inside a line.
func (p *properties) CutShort() bool {
	if p.t != nil {
		return p.t.CutShort()
	}
	return p.list.CutShort()
}

func (p *properties) Close() error { return p.closer.Close() }

// eachProperty reads a file to its end: take is called for every object, bad
// for every one that cannot be taken, and flush after either.
func eachProperty(ctx context.Context, p *properties, take func(), bad func(*delimited.RowError), flush func() error) error {
	for {
		row, err := delimited.Bad(p.Next())
		switch {
		case errors.Is(err, io.EOF):
			return ctx.Err()
		case err != nil:
			return err
		case row != nil:
			bad(row)
		default:
			take()
		}
		if err := flush(); err != nil {
			return err
		}
	}
}
