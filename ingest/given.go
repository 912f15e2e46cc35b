package ingest

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"calaudit/ingest/bcp"
	"calaudit/ingest/text"
)

// Columns names the columns of a table file that has no header row, as bcp and
// "sqlcmd -h -1" write them. Column order differs between releases and page
// order need not be physical order (lcscdr tables), so it is always told:
// by a format file or a header file beside the data, or by the user.
type Columns struct {
	Table  string // which files are meant: a table, or the name of a file
	Names  []string
	From   string      // who says so, for messages
	format *bcp.Format // terminators, when a format file names them
}

// Options are what a user tells about files that do not tell it themselves.
type Options struct {
	Columns   []Columns
	DateOrder DateOrder
	page      *text.CodePage
}

// NewOptions reads the flags: columns as TABLE=name,name,..., an encoding and
// an order of dates; empty ones tell nothing.
func NewOptions(columns []string, encoding, dateOrder string) (o Options, err error) {
	for _, c := range columns {
		table, names, ok := strings.Cut(c, "=")
		given := Columns{Table: strings.TrimSpace(table), From: "--columns"}
		for name := range strings.SplitSeq(names, ",") {
			given.Names = append(given.Names, strings.TrimSpace(name))
		}
		if !ok || given.Table == "" || len(given.Names) < 2 {
			return o, fmt.Errorf("--columns %q is not of the form TABLE=column,column", c)
		}
		if err := given.check(); err != nil {
			return o, fmt.Errorf("--columns %s: %w", given.Table, err)
		}
		o.Columns = append(o.Columns, given)
	}
	if encoding != "" {
		if o.page, err = text.Named(encoding); err != nil {
			return o, fmt.Errorf("--encoding: %w", err)
		}
	}
	o.DateOrder, err = parseDateOrder(dateOrder)
	return o, err
}

// check refuses columns that are no table of the database, or another than
// the one named.
func (c *Columns) check() error {
	keys := map[string]bool{}
	for _, name := range c.Names {
		key := ColumnKey(name)
		if key != "" && keys[key] {
			return fmt.Errorf("the column %q stands twice; keep one", name)
		}
		keys[key] = true
	}
	m := tableOf(c.Names)
	if named := tableNamed(c.Table + "."); named != nil {
		m = cdrFit(named, keys)
	} else if m.hits == 0 {
		return told("no table of this name is known, and none with these columns; calaudit formats cdr and qoe name those that are read")
	}
	if len(m.missing) > 0 || !m.sure() {
		return told("%s", m.lacks())
	}
	return nil
}

// tableOf finds the table of either database whose columns the names are.
func tableOf(names []string) cdrMatch {
	m, q := lcsCDR.recognise(names), qoeMetrics.recognise(names)
	if !m.sure() && (q.sure() || q.hits > m.hits) {
		return q
	}
	return m
}

// tableNamed finds the table of either database that a file name speaks of.
func tableNamed(name string) *cdrTable {
	return cmp.Or(lcsCDR.speaksOf(name), qoeMetrics.speaksOf(name))
}

// separator tells how the fields of a headerless file are separated, from its
// format file or from its first rows: by the character that makes as many
// fields as there are columns. Tab is what bcp writes unless told otherwise.
func (c *Columns) separator(rows []byte) (comma byte, bare bool, format *bcp.Format) {
	if c.format != nil {
		if comma, ok := c.format.Plain(); ok {
			return comma, true, nil
		}
		return bcp.Unit, true, c.format
	}
	first, _, _ := bytes.Cut(rows, []byte{'\n'})
	for _, comma := range []byte("\t,;|~^:!#$%&*/") {
		if bytes.Count(first, []byte{comma}) == len(c.Names)-1 {
			// Management Studio quotes when it writes commas; bcp never does.
			return comma, comma != ',' && comma != ';', nil
		}
	}
	return '\t', true, nil
}

// formatFile reads a file beside the data as a format file; nil when it is none.
func formatFile(f *File, h *Head) (*Columns, error) {
	if !bcp.Looks(h.Text) {
		return nil, nil
	}
	format, err := bcp.Parse(h.Text)
	if err != nil {
		return nil, err
	}
	return &Columns{Names: format.Names(), From: "the format file " + f.Base(), format: format}, nil
}

// headerFile reads a file beside the data that holds nothing but names of
// columns, in one row or one below the other; nil when it does not.
func headerFile(f *File, h *Head) *Columns {
	text := strings.TrimSpace(string(h.Text))
	if len(text) > 16<<10 {
		return nil
	}
	names := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("\r\n\t,;|\"", r) })
	for i, name := range names {
		names[i] = strings.TrimSpace(name)
	}
	if len(names) < 2 || !tableOf(names).sure() {
		return nil
	}
	for _, name := range names {
		if strings.Trim(name, "0123456789") == "" || strings.ContainsAny(name, "@:/") {
			return nil // a value
		}
	}
	return &Columns{Names: names, From: "the header file " + f.Base()}
}

// bare is a file that nothing recognises by itself, until all files are known.
type bare struct {
	file *File
	head *Head
	why  string // to pass it over for
}

// settle finds the columns of tables without a header, once all files beside
// them are known, and passes over what stays unknown.
func (g *gatherer) settle() {
	used := map[*File]string{} // format and header files: for which data file
	refused := map[*File]error{}
	for i := range g.bare {
		b := &g.bare[i]
		if b.file.given = g.told(b); b.file.given == nil {
			b.file.given = g.beside(b, used, refused)
		}
		if b.file.given == nil {
			continue
		}
		b.head.given = b.file.given
		switch _, fm, v := g.judge(b.head); {
		case g.growing(b.file):
			b.why = whyGrowing
		case fm != nil && fm.Set:
			b.file.Part, b.why = v.Part, ""
			g.found = append(g.found, found{format: fm, file: b.file, broken: v.Why})
		default:
			b.why = fmt.Sprintf("%s names columns of no known table; export one of the tables that calaudit formats cdr and qoe name", b.file.given.From)
			b.file.given = nil
		}
	}
	g.found = slices.DeleteFunc(g.found, func(f found) bool {
		if used[f.file] != "" {
			g.passOwn(f.file.Path, "names the columns of "+used[f.file])
		}
		return used[f.file] != ""
	})
	for i := range g.bare {
		b := &g.bare[i]
		switch {
		case used[b.file] != "":
			g.passOwn(b.file.Path, "names the columns of "+used[b.file])
		case refused[b.file] != nil:
			g.pass(b.file.Path, "a format file that cannot be used: "+refused[b.file].Error())
		case b.file.given == nil && bcp.Looks(b.head.Text):
			g.pass(b.file.Path, "a format file of bcp; no rows without a header lie beside it under its name")
		case b.why != "":
			g.pass(b.file.Path, b.why)
		}
	}
}

// told finds the columns that the user gave for a file.
func (g *gatherer) told(b *bare) *Columns {
	if bcp.Looks(b.head.Text) || headerFile(b.file, b.head) != nil {
		return nil
	}
	named := tableNamed(b.file.Base())
	for i := range g.options.Columns {
		c := &g.options.Columns[i]
		if named != nil && named == tableNamed(c.Table+".") || stem(b.file.Base()) == stem(c.Table) {
			return c
		}
	}
	return nil
}

// beside finds the format file or header file of a data file: it lies in the
// same folder and has the same name but for its end, or names the same table.
func (g *gatherer) beside(b *bare, used map[*File]string, refused map[*File]error) *Columns {
	if bcp.Looks(b.head.Text) || headerFile(b.file, b.head) != nil {
		return nil
	}
	type helper struct {
		file *File
		head *Head
	}
	var helpers []helper
	for i := range g.bare {
		if o := &g.bare[i]; o != b {
			helpers = append(helpers, helper{o.file, o.head})
		}
	}
	for i := range g.found { // a header row alone is recognised as a table without rows
		if f := g.found[i]; f.format.Set && f.file.Size <= 16<<10 {
			if h, err := f.file.Head(); err == nil {
				helpers = append(helpers, helper{f.file, h})
			}
		}
	}
	slices.SortFunc(helpers, func(a, b helper) int { return strings.Compare(a.file.Path, b.file.Path) })
	for _, same := range []func(a, b string) bool{
		func(a, b string) bool { return stem(a) == stem(b) },
		func(a, b string) bool { return tableNamed(a) != nil && tableNamed(a) == tableNamed(stem(b)+".") },
	} {
		for _, h := range helpers {
			if h.file.Dir != b.file.Dir || !same(b.file.Base(), h.file.Base()) {
				continue
			}
			c, err := formatFile(h.file, h.head)
			if err != nil {
				refused[h.file] = err
				continue
			}
			if c == nil {
				c = headerFile(h.file, h.head)
			}
			if c != nil {
				used[h.file] = b.file.Base()
				return c
			}
		}
	}
	return nil
}

// stem is a file's name without its ends: SessionDetails.dat, SessionDetails.fmt,
// SessionDetails.header.txt and SessionDetails-x.xml share it.
func stem(name string) string {
	name = strings.TrimSuffix(strings.ToLower(name), ".gz")
	if i := strings.LastIndexByte(name, '.'); i > 0 {
		name = name[:i]
	}
	return strings.ToLower(helperName(name))
}

// helperName cuts what people add to the name of a format or header file.
func helperName(name string) string {
	lower := strings.ToLower(name)
	for _, end := range []string{"-c", "-w", "-n", "-x", ".header", "-header", "_header", ".hdr", "_hdr", "-hdr", ".columns", "-columns", "_columns", ".fmt", ".format", "-format", "_format"} {
		if cut, ok := strings.CutSuffix(lower, end); ok && cut != "" {
			return cut
		}
	}
	return lower
}

// noHeader says of a text whose rows look like those of a table without its
// header what its columns can be told by; "" when it does not look so.
func noHeader(f *File, h *Head) string {
	def := tableNamed(f.Base())
	first, rest, _ := bytes.Cut(bytes.TrimLeft(h.Text, "\r\n"), []byte{'\n'})
	second, _, more := bytes.Cut(rest, []byte{'\n'})
	for _, comma := range []byte("\t,;|~^!#$%&*") {
		n := bytes.Count(first, []byte{comma})
		if n == 0 {
			continue
		}
		key, seq, _ := bytes.Cut(first, []byte{comma})
		seq, _, _ = bytes.Cut(seq, []byte{comma})
		_, _, err := parseLocalTime(trimSpace(bytes.Trim(key, `"`)), AnyOrder)
		dated := err == nil && len(trimSpace(seq)) > 0 && strings.Trim(string(bytes.Trim(trimSpace(seq), `"`)), "0123456789") == ""
		if !dated && (def == nil || more && bytes.Count(second, []byte{comma}) != n) {
			continue
		}
		who, name := "rows without a header", stem(f.Base())
		if def != nil {
			who, name = "rows without a header, of the table "+def.name+" by the file's name", def.name
		}
		return fmt.Sprintf("%s; columns are never guessed: put a format file (bcp, %s.fmt or .xml) or a file with the header row (%s.header) beside it, or give --columns %s=column,column,...",
			who, stem(f.Base()), stem(f.Base()), name)
	}
	return ""
}
