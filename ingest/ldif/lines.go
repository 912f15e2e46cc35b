package ldif

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// line is one unfolded line. Its text lies in the reader's buffer.
type line struct {
	text    []byte // without the line end; the beginning only when tooLong
	number  int    // 1-based number of its first physical line
	tooLong bool
	nul     bool // a NUL byte stands somewhere in it
	space   bool // nothing but white space
}

// blank reports a separator. A line of white space is one as well: published
// files have them, and as a continuation (the letter of RFC 2849) it would be
// one of nothing and melt two records into one.
func (l *line) blank() bool { return l.space }

func (l *line) comment() bool { return len(l.text) > 0 && l.text[0] == '#' }

func (l *line) isDN() bool {
	return len(l.text) >= 3 && l.text[2] == ':' && l.text[0]|0x20 == 'd' && l.text[1]|0x20 == 'n'
}

// damage says what makes the line unreadable whatever it means. Binary values
// stand in base64, so a NUL byte is damage, or not text at all.
func (l *line) damage() string {
	if l.nul {
		return "a NUL byte in the record; export it again"
	}
	return ""
}

// lineReader unfolds lines with one physical line of look-ahead, in bounded
// memory whatever the length of a line.
type lineReader struct {
	br      *bufio.Reader
	err     error // what the source ended with, said after the last line
	cur     line
	buf     []byte // text of cur
	ahead   line   // next physical line, text in br's buffer or in long
	long    []byte
	has     bool // ahead is filled
	again   bool // cur is to be returned once more
	number  int  // physical lines read
	unended bool // the last line has no line end
}

func newLineReader(r io.Reader) lineReader {
	return lineReader{br: bufio.NewReaderSize(r, 64<<10)}
}

// unread makes the next call of next return the same line.
func (r *lineReader) unread() { r.again = true }

// next returns the next unfolded line, valid until the next call.
func (r *lineReader) next() (*line, error) {
	if r.again {
		r.again = false
		return &r.cur, nil
	}
	if !r.has && !r.physical() {
		return nil, r.err
	}
	r.cur = r.ahead
	r.buf = append(r.buf[:0], r.ahead.text...)
	r.has = false
	if !r.cur.space {
		for r.physical() {
			if r.ahead.space || len(r.ahead.text) == 0 || r.ahead.text[0] != ' ' {
				break
			}
			r.has = false
			r.fold()
		}
	}
	// A source that fails in the middle of a line leaves a line that is not
	// what the file says: the error comes first.
	if r.err != nil && !r.has && !errors.Is(r.err, io.EOF) {
		return nil, r.err
	}
	r.cur.text = r.buf
	return &r.cur, nil
}

// fold appends the line ahead to the current one, up to the limit.
func (r *lineReader) fold() {
	r.cur.nul = r.cur.nul || r.ahead.nul
	more := r.ahead.text[1:]
	if r.cur.tooLong || r.ahead.tooLong || len(r.buf)+len(more) > MaxValue+MaxName {
		r.cur.tooLong = true
		return
	}
	r.buf = append(r.buf, more...)
}

// physical fills ahead; false at the end of the source.
func (r *lineReader) physical() bool {
	if r.err != nil {
		return false
	}
	chunk, err := r.br.ReadSlice('\n')
	if err == nil { // the usual case: the whole line lies in the buffer
		r.number++
		text := trimEOL(chunk)
		r.ahead = line{text: text, number: r.number, nul: bytes.IndexByte(text, 0) >= 0, space: blankBytes(text)}
		r.has = true
		return true
	}
	l := line{number: r.number + 1, space: true}
	r.long = r.long[:0]
	read := 0
	for {
		read += len(chunk)
		l.nul = l.nul || bytes.IndexByte(chunk, 0) >= 0
		l.space = l.space && blankBytes(trimEOL(chunk))
		if len(r.long)+len(chunk) <= MaxValue+MaxName {
			r.long = append(r.long, chunk...)
		} else {
			l.tooLong = true
		}
		if err != bufio.ErrBufferFull {
			break
		}
		chunk, err = r.br.ReadSlice('\n')
	}
	if err != nil {
		r.err = err
		if read == 0 || !errors.Is(err, io.EOF) {
			return false
		}
		r.unended = true
	}
	r.number++
	l.text = trimEOL(r.long)
	r.ahead, r.has = l, true
	return true
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

func blankBytes(b []byte) bool {
	for _, c := range b {
		if c != ' ' && c != '\t' {
			return false
		}
	}
	return true
}
