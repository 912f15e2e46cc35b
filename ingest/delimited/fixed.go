package delimited

import (
	"bufio"
	"bytes"
	"encoding/binary"
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
// the columns, or ends before the last of them, goes through as one field.
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
	if len(text) == 0 {
		return append(dst, line...)
	}
	start, rest, ascii := len(dst), text, isASCII(text)
	whole := func() []byte { return append(dst[:start], line...) }
	if bytes.IndexByte(text, Unit) >= 0 {
		return whole()
	}
	last := len(f.widths) - 1
	for i, width := range f.widths {
		n := min(width, len(rest))
		if !ascii {
			n = prefix(rest, width)
		}
		dst = append(dst, trimSpaces(rest[:n])...)
		rest = rest[n:]
		switch {
		case i == last:
			if len(trimSpaces(rest)) > 0 {
				return whole()
			}
			return append(dst, line[len(text):]...)
		case len(rest) > 0 && rest[0] == ' ':
			rest = rest[1:]
		default: // a message, or a row that was cut
			return whole()
		}
		dst = append(dst, Unit)
	}
	return dst
}

func trimSpaces(b []byte) []byte {
	for len(b) > 0 && b[len(b)-1] == ' ' {
		b = b[:len(b)-1]
	}
	for len(b) > 0 && b[0] == ' ' {
		b = b[1:]
	}
	return b
}

func isASCII(b []byte) bool {
	for ; len(b) >= 8; b = b[8:] {
		if binary.LittleEndian.Uint64(b)&0x8080808080808080 != 0 {
			return false
		}
	}
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// prefix is how many bytes the first n characters of b have.
func prefix(b []byte, n int) int {
	at := 0
	for ; n > 0 && at < len(b); n-- {
		_, size := utf8.DecodeRune(b[at:])
		at += size
	}
	return at
}

// lineReader reads lines with their ends. One much longer than MaxRow comes in
// parts, so that memory stays bounded.
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
