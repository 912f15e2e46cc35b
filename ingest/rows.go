package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"calaudit/ingest/delimited"
	"calaudit/ingest/text"
)

// Table reads a delimited file whose first row names the columns, or whose
// columns are told. They are found by name, never by place: case, spaces, "_"
// and "-" do not matter.
type Table struct {
	r       *delimited.Reader // one of r and block is set
	block   *delimited.Block
	shape   *shape
	header  []string
	columns map[string]int
	twice   string // a column name that stands twice in the header, or ""
	row     [][]byte
	cut     bool
	mend    func(row [][]byte) [][]byte // puts a row with too many fields right, or nil; see wmic
	empties bool                        // a field that is one NUL byte is an empty text: so bcp writes it
	page    *text.PageReader            // what decodes text that is not UTF-8, or nil
}

// newTable reads the header row if there is one.
func newTable(r *delimited.Reader, s *shape) (*Table, error) {
	t := &Table{r: r, shape: s, columns: make(map[string]int), empties: s.given != nil}
	var names []string
	if s.given != nil {
		names = s.given.Names
	} else {
		row, err := t.r.Read()
		if errors.Is(err, io.EOF) {
			return nil, errors.New("the file is empty; expected a header row")
		}
		if err != nil {
			return nil, err
		}
		for _, f := range row {
			names = append(names, strings.TrimSpace(string(f)))
		}
	}
	for i, name := range names {
		t.header = append(t.header, name)
		k := ColumnKey(name)
		if _, twice := t.columns[k]; !twice {
			t.columns[k] = i
		} else if k != "" && t.twice == "" {
			t.twice = name
		}
	}
	return t, nil
}

// ColumnKey folds a column name: lower case without spaces, "_" and "-".
func ColumnKey(name string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '_' || r == '-' || r == '\t' {
			return -1
		}
		return r
	}, strings.ToLower(name))
}

// Header returns the column names as written.
func (t *Table) Header() []string { return t.header }

// Column finds the place of the first of the names that is there, else -1.
func (t *Table) Column(names ...string) int {
	for _, n := range names {
		if i, ok := t.columns[ColumnKey(n)]; ok {
			return i
		}
	}
	return -1
}

// Next reads the next row; io.EOF ends. A *delimited.RowError is one bad row:
// the caller rejects it and goes on. A row with more or fewer fields than the
// header is bad too: its values cannot be told apart.
func (t *Table) Next() error {
	fields, nul := 0, false
	if t.block != nil {
		n, err := t.block.Next()
		if err != nil {
			return err
		}
		fields, nul = n, t.block.HoldsNUL()
	} else {
		row, err := t.r.Read()
		if err != nil {
			return err
		}
		if len(row) > len(t.header) && t.mend != nil {
			row = t.mend(row)
		}
		t.row, fields, nul = row, len(row), t.r.Holds(0)
	}
	if fields != len(t.header) {
		return t.bad(t.misfit(fields), fields)
	}
	if nul && !t.blank() {
		return t.bad("a NUL byte in the row", fields)
	}
	return nil
}

// misfit says how many fields a row has instead of those it should have.
func (t *Table) misfit(fields int) string {
	switch {
	case t.shape.widths != nil:
		return "the row does not stand in the columns that the dashes show"
	case t.shape.given != nil:
		return fmt.Sprintf("%d fields, %s names %d", fields, t.shape.given.From, len(t.header))
	}
	return fmt.Sprintf("%d fields, the header has %d", fields, len(t.header))
}

// blank makes fields that are one NUL byte empty, where these mean empty text.
// It reports whether no NUL byte is left.
func (t *Table) blank() bool {
	if !t.empties {
		return false
	}
	for i := range t.header {
		switch f := t.Field(i); {
		case len(f) == 1 && f[0] == 0:
			f[0] = ' ' // the row is the reader's own copy
		case bytes.IndexByte(f, 0) >= 0:
			return false
		}
	}
	return true
}

// piecewise is a table of the same columns that reads pieces.
func (t *Table) piecewise(c *delimited.Cutter) *Table {
	own := *t
	own.r, own.block = nil, c.NewBlock(t.shape.comma)
	return &own
}

// CutShort reports, at the end, whether the last row had no line end.
func (t *Table) CutShort() bool { return t.cut || t.r.CutShort() }

func (t *Table) bad(what string, fields int) error {
	return &delimited.RowError{Line: t.Line(), What: what, Raw: t.raw(fields)}
}

// Line is the 1-based line where the current row begins.
func (t *Table) Line() int {
	if t.block != nil {
		return t.block.Line()
	}
	return t.r.Line()
}

// Field is the bytes of a column in the current row, nil for column -1. It is
// valid until the next row.
func (t *Table) Field(column int) []byte {
	switch {
	case column < 0:
		return nil
	case t.block != nil:
		return t.block.Field(column)
	case column >= len(t.row):
		return nil
	}
	return t.row[column]
}

// Text is a column's text without surrounding space.
func (t *Table) Text(column int) string { return string(bytes.TrimSpace(t.Field(column))) }

// Raw is the current row for a rejected record, at most 256 bytes.
func (t *Table) Raw() []byte { return t.raw(len(t.header)) }

func (t *Table) raw(fields int) []byte {
	if t.block == nil {
		return rawRow(t.row)
	}
	row := make([][]byte, fields)
	for i := range row {
		row[i] = t.block.Field(i)
	}
	return rawRow(row)
}

func rawRow(row [][]byte) []byte {
	raw := bytes.Join(row, []byte{','})
	return raw[:min(len(raw), 256)]
}

// EscapeRaw makes source bytes printable for a rejected record.
func EscapeRaw(raw []byte) string {
	var b strings.Builder
	for len(raw) > 0 {
		r, n := utf8.DecodeRune(raw)
		switch {
		case r == utf8.RuneError && n <= 1, r < 0x20, r == 0x7f:
			fmt.Fprintf(&b, "\\x%02x", raw[0])
		default:
			b.WriteRune(r)
		}
		raw = raw[n:]
	}
	return b.String()
}

// ParseTime reads the date forms that are not ambiguous: RFC 3339 and
// YYYY-MM-DD HH:MM:SS[.fff] (a "T" between them too), the latter in loc. The
// result is UTC. A local time that the zone skips (summer time) is an error.
func ParseTime[T string | []byte](s T, loc *time.Location) (time.Time, error) {
	if t, ok := parsePlainTime(s, loc); ok {
		return plausible(t, s)
	}
	return parseTime(string(s), loc)
}

// parseTime is ParseTime for what may stand in any form.
func parseTime(s string, loc *time.Location) (time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05Z07:00"} {
		if t, err := time.Parse(layout, s); err == nil {
			return plausible(t.UTC(), s)
		}
	}
	for _, layout := range []string{"2006-01-02 15:04:05", "2006-01-02T15:04:05"} {
		t, err := time.ParseInLocation(layout, s, loc)
		if err != nil {
			continue
		}
		// The text holds the digits of a clock; a skipped hour comes back as another.
		if wall, _ := time.Parse(layout, s); t.Format(time.DateTime) != wall.Format(time.DateTime) {
			return time.Time{}, fmt.Errorf("the time %s does not exist in the zone %s (clocks were put forward)", quoteShort(s), loc)
		}
		return plausible(t.UTC(), s)
	}
	return time.Time{}, told("%s is no time; expected YYYY-MM-DD HH:MM:SS or RFC 3339", quoteShort(s))
}

// parsePlainTime reads the usual form, YYYY-MM-DD HH:MM:SS with or without a
// fraction and a "Z". Whatever it does not take is looked at with care.
func parsePlainTime[T string | []byte](s T, loc *time.Location) (t time.Time, ok bool) {
	if len(s) < 19 || s[10] != ' ' && s[10] != 'T' || s[13] != ':' || s[16] != ':' {
		return t, false
	}
	start, ok1 := parseDate(s[:10])
	h, ok2 := twoDigits(s[11], s[12])
	m, ok3 := twoDigits(s[14], s[15])
	sec, ok4 := twoDigits(s[17], s[18])
	if !ok1 || !ok2 || !ok3 || !ok4 || h > 23 || m > 59 || sec > 59 {
		return t, false
	}
	rest, nano := s[19:], 0
	if len(rest) > 1 && rest[0] == '.' {
		unit := int(time.Second)
		for rest = rest[1:]; len(rest) > 0 && rest[0] >= '0' && rest[0] <= '9' && unit > 1; rest = rest[1:] {
			unit /= 10
			nano += int(rest[0]-'0') * unit
		}
		if unit == int(time.Second) {
			return t, false
		}
	}
	switch {
	case len(rest) == 1 && rest[0] == 'Z':
		loc = time.UTC
	case len(rest) > 0:
		return t, false
	}
	wall := time.Unix(start/1000+int64(h*3600+m*60+sec), int64(nano)).UTC()
	if loc == time.UTC {
		return wall, true
	}
	t = time.Date(wall.Year(), wall.Month(), wall.Day(), h, m, sec, nano, loc)
	// A skipped hour comes back as another.
	return t.UTC(), t.Hour() == h && t.Minute() == m && t.Second() == sec && t.Day() == wall.Day()
}

// Times outside these years are damage: the product line begins in 2003.
var (
	earliest = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
)

func plausible[T string | []byte](t time.Time, s T) (time.Time, error) {
	if t.Before(earliest) || !t.Before(latest) {
		return time.Time{}, fmt.Errorf("the time %s is not between 2000 and 2100", quoteShort(string(s)))
	}
	return t, nil
}
