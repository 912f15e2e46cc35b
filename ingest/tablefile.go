package ingest

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"calaudit/ingest/delimited"
)

// cutNote is said of a table whose last row has no line end. The row is kept:
// a whole file may end so as well.
const cutNote = "the file ends inside a line: its last row may be incomplete, and more may be lost; export it again"

// cutPreamble drops the lines that some tools write above the header of a
// table, and says how many they were: Windows PowerShell's Export-Csv writes
// `#TYPE ...`, and `sep=;` tells Excel the separator. It returns the separator
// as well, told or sniffed.
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

// sniffTable opens the beginning of a file as a table. A column that stands
// twice is no error here: the format that knows the others says so.
func sniffTable(h *Head) (*Table, error) {
	text, comma, lines := cutPreamble(h.Text)
	return newTable(delimited.NewReaderAt(bytes.NewReader(text), comma, lines+1), comma)
}

// openRows opens the rows of a table file from its header on.
func openRows(f *File) (r *delimited.Reader, comma byte, closer io.Closer, err error) {
	h, err := f.Head()
	if err != nil {
		return nil, 0, nil, err
	}
	text, comma, lines := cutPreamble(h.Text)
	rc, err := f.Text()
	if err != nil {
		return nil, 0, nil, err
	}
	if _, err := io.CopyN(io.Discard, rc, int64(len(h.Text)-len(text))); err != nil {
		rc.Close()
		return nil, 0, nil, err
	}
	return delimited.NewReaderAt(rc, comma, lines+1), comma, rc, nil
}

// openTable opens a table file for reading.
func openTable(f *File) (*Table, io.Closer, error) {
	r, comma, closer, err := openRows(f)
	if err != nil {
		return nil, nil, err
	}
	t, err := newTable(r, comma)
	if err == nil && t.twice != "" {
		err = fmt.Errorf("line %d: the column %q stands twice; keep one", t.Line(), t.twice)
	}
	if err != nil {
		closer.Close()
		return nil, nil, err
	}
	return t, closer, nil
}
