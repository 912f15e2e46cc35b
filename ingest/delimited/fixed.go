package delimited

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"unicode/utf8"
)

// Unit is the separator of the rows that Fixed and Terminated write: the
// character that ASCII has for it, which no export holds.
const Unit = 0x1f

// Widths reads the line of dashes that query tools draw under the header of a
// table whose columns are padded: how many characters each column has. It is
// nil for any other line; two columns are needed to tell.
func Widths(line []byte) (widths []int) {
	line = bytes.TrimRight(line, " \r\n")
	for part := range bytes.SplitSeq(line, []byte{' '}) {
		if len(part) == 0 || len(bytes.Trim(part, "-")) > 0 {
			return nil
		}
		widths = append(widths, len(part))
	}
	if len(widths) < 2 {
		return nil
	}
	return widths
}

// Fixed turns lines of padded columns, one space between two, into lines whose
// fields are separated by Unit. Lines stay lines. A line that does not stand in
// the columns goes through as one field.
type Fixed struct {
	lines  lineReader
	widths []int
	out    []byte
	at     int // what of out was read
}

// NewFixed reads UTF-8 from r.
func NewFixed(r io.Reader, widths []int) *Fixed {
	return &Fixed{lines: lineReader{r: bufio.NewReaderSize(r, 64<<10)}, widths: widths}
}

func (f *Fixed) Read(p []byte) (n int, err error) {
	for f.at == len(f.out) {
		line, err := f.lines.next()
		if err != nil {
			return 0, err
		}
		f.out, f.at = f.row(f.out[:0], line), 0
	}
	n = copy(p, f.out[f.at:])
	f.at += n
	return n, nil
}

// row appends a line in its new form.
func (f *Fixed) row(dst, line []byte) []byte {
	text := trimEOL(line)
	eol := line[len(text):]
	start := len(dst)
	rest := text
	for i, width := range f.widths {
		field := rest
		if len(rest) > 0 {
			n := prefix(rest, width)
			field, rest = rest[:n], rest[n:]
		}
		last := i == len(f.widths)-1
		switch {
		case last && len(bytes.TrimRight(rest, " ")) > 0, !last && len(rest) > 0 && rest[0] != ' ', bytes.IndexByte(field, Unit) >= 0:
			return append(append(dst[:start], text...), eol...)
		case !last && len(rest) > 0:
			rest = rest[1:]
		case !last && len(text) > 0 && i == 0:
			// Nothing stands behind the first column: a message, not a row.
			return append(append(dst[:start], text...), eol...)
		}
		dst = append(dst, bytes.Trim(field, " ")...)
		if last {
			break
		}
		dst = append(dst, Unit)
	}
	if len(text) == 0 {
		dst = dst[:start]
	}
	return append(dst, eol...)
}

// prefix is how many bytes the first n characters of b have.
func prefix(b []byte, n int) int {
	if len(b) <= n {
		n = len(b)
	}
	ascii := true
	for _, c := range b[:n] {
		if c >= utf8.RuneSelf {
			ascii = false
			break
		}
	}
	if ascii {
		return n
	}
	at := 0
	for ; n > 0 && at < len(b); n-- {
		_, size := utf8.DecodeRune(b[at:])
		at += size
	}
	return at
}

// lineReader reads lines with their ends. One longer than MaxRow comes in
// parts, so that memory stays bounded; parts but the first have part set.
type lineReader struct {
	r    *bufio.Reader
	line []byte
}

func (l *lineReader) next() ([]byte, error) {
	l.line = l.line[:0]
	for {
		chunk, err := l.r.ReadSlice('\n')
		if err == nil && len(l.line) == 0 {
			return chunk, nil
		}
		l.line = append(l.line, chunk...)
		switch {
		case err == nil, len(l.line) > 2*MaxRow, errors.Is(err, io.EOF) && len(l.line) > 0:
			return l.line, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}
