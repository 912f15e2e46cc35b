package ingest

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"

	"calaudit/ingest/bcp"
	"calaudit/ingest/delimited"
	"calaudit/ingest/text"
)

// cutNote is said of a table whose last row has no line end. The row is kept:
// a whole file may end so as well.
const cutNote = "the file ends inside a line: its last row may be incomplete, and more may be lost; export it again"

// shape is how a table file writes its rows. Each tool has its own; all of them
// end up as lines with one separator.
type shape struct {
	above   int // bytes above the header, or above the first row
	lines   int // lines above
	comma   byte
	bare    bool        // a quote is a character like others: the tool never quotes
	given   *Columns    // who names the columns; nil: the header row does
	widths  []int       // of padded columns without a separator
	format  *bcp.Format // fields and rows that end otherwise than in a separator and a line end
	trailed bool        // the tool writes a line of dashes under the header and a count of rows at the end
}

// shapeOf tells the shape from the beginning of a file.
func shapeOf(h *Head) shape {
	s := shape{given: h.given}
	if h.given != nil {
		s.comma, s.bare, s.format = h.given.separator(h.Text)
		return s
	}
	rest, comma, lines := cutPreamble(h.Text)
	s.above, s.lines, s.comma = len(h.Text)-len(rest), lines, comma
	header, more, _ := bytes.Cut(rest, []byte{'\n'})
	under, _, _ := bytes.Cut(more, []byte{'\n'})
	if c, widths := underline(bytes.TrimRight(header, "\r"), bytes.TrimRight(under, "\r")); c != 0 {
		s.comma, s.bare, s.widths, s.trailed = c, true, widths, true
	}
	return s
}

// underline reads the line of dashes that sqlcmd and the text output of SQL
// Server's Management Studio draw under a header. It shows the separator, and,
// where that is a space, the widths of the columns. Such a tool never quotes.
// Dashes are as many as the name above them has characters, or more: one dash
// for an empty value is no such line.
func underline(header, line []byte) (comma byte, widths []int) {
	i := bytes.IndexFunc(line, func(r rune) bool { return r != '-' })
	if i < 1 {
		return 0, nil
	}
	if comma = line[i]; comma == ' ' {
		if widths = delimited.Widths(line); widths == nil {
			return 0, nil
		}
		return delimited.Unit, widths
	}
	names, dashes := bytes.Split(header, []byte{comma}), bytes.Split(line, []byte{comma})
	if len(names) != len(dashes) {
		return 0, nil
	}
	for i, d := range dashes {
		d = bytes.TrimSpace(d)
		if len(d) == 0 || len(bytes.Trim(d, "-")) > 0 || len(d) < len(bytes.TrimSpace(names[i])) {
			return 0, nil
		}
	}
	return comma, nil
}

// cutPreamble drops the lines that some tools write above the header of a
// table, and says how many they were: Windows PowerShell's Export-Csv writes
// `#TYPE ...`, `sep=;` tells Excel the separator, and sqlcmd answers USE. It
// returns the separator as well, told or sniffed.
func cutPreamble(text []byte) (rest []byte, comma byte, lines int) {
	var typed bool
	for {
		line, more, _ := bytes.Cut(text, []byte{'\n'})
		line = bytes.TrimRight(line, "\r")
		sep := sepLine(line)
		switch {
		case !typed && bytes.HasPrefix(line, []byte("#TYPE")):
			typed = true
		case comma == 0 && sep != 0:
			comma = sep
		case len(line) == 0 && len(more) > 0, bytes.HasPrefix(line, []byte(changedDatabase)) && len(more) > 0:
		default:
			if comma == 0 {
				comma = SniffComma(text)
			}
			return text, comma, lines
		}
		text = more
		lines++
	}
}

// changedDatabase is how sqlcmd answers USE.
const changedDatabase = "Changed database context to "

// toolLine tells lines that query tools write around a result: the count of
// rows, in any language, "(42 rows affected)", the time, the answer to USE.
func toolLine(line string) (rows int, count, other bool) {
	line = strings.TrimSpace(line)
	if strings.HasPrefix(line, changedDatabase) || strings.HasPrefix(line, "Completion time: ") {
		return 0, false, true
	}
	inner, ok := strings.CutPrefix(line, "(")
	if !ok {
		return 0, false, false
	}
	inner, ok = strings.CutSuffix(inner, ")")
	number, words, _ := strings.Cut(inner, " ")
	rows, err := strconv.Atoi(number)
	return rows, ok && err == nil && rows >= 0 && words != "" && !strings.ContainsAny(words, "\"\t,;|"), false
}

// sepLine is the separator that a line `sep=;` names, with or without quotes
// around it; 0 when it is no such line.
func sepLine(line []byte) byte {
	if n := len(line); n > 1 && line[0] == '"' && line[n-1] == '"' {
		line = line[1 : n-1]
	}
	if len(line) != len("sep=;") || !bytes.EqualFold(line[:4], []byte("sep=")) {
		return 0
	}
	if c := line[4]; c == '\t' || strings.IndexByte(",;|:^~!#$%&*/", c) >= 0 {
		return c
	}
	return 0
}

// SniffComma tells the separator of a table from its header row: comma,
// semicolon or tab, whichever stands there most.
func SniffComma(head []byte) byte {
	line, _, _ := bytes.Cut(head, []byte{'\n'})
	best, most := byte(','), 0
	for _, c := range []byte{',', ';', '\t'} {
		if n := bytes.Count(line, []byte{c}); n > most {
			best, most = c, n
		}
	}
	return best
}

// reader reads the rows that begin behind what stands above them.
func (s *shape) reader(r io.Reader) *delimited.Reader {
	switch {
	case s.format != nil:
		r = s.format.NewReader(r)
	case s.widths != nil:
		r = delimited.NewFixed(r, s.widths)
	}
	rows := delimited.NewReaderAt(r, s.comma, s.lines+1)
	if s.bare {
		rows.Bare()
	}
	return rows
}

// sniffTable opens the beginning of a file as a table. A column that stands
// twice is no error here: the format that knows the others says so.
func sniffTable(h *Head) (*Table, error) {
	s := shapeOf(h)
	return newTable(s.reader(bytes.NewReader(h.Text[s.above:])), &s)
}

// rows are the rows of a table file, from the header on if it has one.
type rows struct {
	*delimited.Reader
	shape shape
	page  *text.PageReader // of text that may be of a code page
	io.Closer
}

// openRows opens a table file. In text that is not UTF-8 every byte passes, or
// is a character of the page.
func openRows(f *File, page *text.CodePage) (*rows, error) {
	h, err := f.Head()
	if err != nil {
		return nil, err
	}
	s := shapeOf(h)
	rc, decoded, err := f.textIn(page)
	if err != nil {
		return nil, err
	}
	if _, err := io.CopyN(io.Discard, rc, int64(s.above)); err != nil {
		rc.Close()
		return nil, err
	}
	return &rows{s.reader(rc), s, decoded, rc}, nil
}

// openTable opens a table file for reading.
func openTable(f *File) (*Table, io.Closer, error) { return openTableIn(f, f.page) }

func openTableIn(f *File, page *text.CodePage) (*Table, io.Closer, error) {
	r, err := openRows(f, page)
	if err != nil {
		return nil, nil, err
	}
	t, err := newTable(r.Reader, &r.shape)
	if err == nil && t.twice != "" {
		err = fmt.Errorf("line %d: the column %q stands twice; keep one", t.Line(), t.twice)
	}
	if err != nil {
		r.Close()
		return nil, nil, err
	}
	t.page = r.page
	return t, r, nil
}
