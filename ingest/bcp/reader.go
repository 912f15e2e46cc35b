package bcp

import (
	"bytes"
	"errors"
	"io"
)

// Unit is the separator of the fields that a Reader writes: the character that
// ASCII has for it, which no export holds.
const Unit = 0x1f

// maxRow is the longest row that is looked at: more without a terminator goes
// through as it is.
const maxRow = 1 << 20

// Reader turns rows with the terminators of a format into lines whose fields
// are separated by Unit. A line end inside a row becomes a space, and as many
// blank lines follow, so that lines can be counted as in the data file; rows
// that end otherwise than in a line end count as lines. A row that lacks a
// terminator goes through as one field. So do whole lines in front of a row that
// has all its terminators in its last line: they do not belong to it.
type Reader struct {
	r      io.Reader
	fields [][]byte // terminators
	lines  bool     // the terminator of rows holds a line end
	buf    []byte   // unread: start to end
	start  int
	end    int
	err    error
	out    []byte
	at     int
}

// NewReader reads UTF-8 from r.
func (f *Format) NewReader(r io.Reader) *Reader {
	b := &Reader{r: r, buf: make([]byte, 64<<10)}
	for _, field := range f.Fields {
		b.fields = append(b.fields, []byte(field.Terminator))
	}
	b.lines = bytes.IndexByte(b.fields[len(b.fields)-1], '\n') >= 0
	return b
}

func (b *Reader) Read(p []byte) (int, error) {
	for b.at == len(b.out) {
		b.out, b.at = b.out[:0], 0
		if err := b.row(); err != nil {
			return 0, err
		}
	}
	n := copy(p, b.out[b.at:])
	b.at += n
	return n, nil
}

// row puts the next row into out.
func (b *Reader) row() error {
	terminator := b.fields[len(b.fields)-1]
	for seen := 0; ; {
		have := b.buf[b.start:b.end]
		if i := bytes.Index(have[seen:], terminator); i >= 0 {
			b.write(have[:seen+i], true)
			b.start += seen + i + len(terminator)
			return nil
		}
		switch {
		case len(have) > maxRow:
			keep := len(terminator) - 1
			b.write(have[:len(have)-keep], false)
			b.start = b.end - keep
			return nil
		case b.err != nil:
			if len(have) > 0 && errors.Is(b.err, io.EOF) {
				// What stands behind the last row: a line end of an editor, the
				// end-of-file mark of old systems, or a row that was cut.
				if len(bytes.Trim(have, " \t\r\n\x1a")) > 0 {
					b.write(have, false)
				}
				b.start = b.end
				if len(b.out) > 0 {
					return nil
				}
			}
			return b.err
		}
		seen = max(0, len(have)-len(terminator)+1)
		b.fill()
	}
}

// write puts a row without its last terminator out, ended or not.
func (b *Reader) write(row []byte, ended bool) {
	if i := bytes.LastIndexByte(row, '\n'); b.lines && i >= 0 && b.complete(row[i+1:]) {
		b.out = append(b.out, row[:i+1]...)
		row = row[i+1:]
	}
	start := len(b.out)
	rest := row
	unit := bytes.IndexByte(row, Unit) >= 0
	for _, t := range b.fields[:len(b.fields)-1] {
		i := bytes.Index(rest, t)
		if i < 0 || unit {
			b.out = append(b.out[:start], row...)
			rest = nil
			break
		}
		b.out = append(append(b.out, rest[:i]...), Unit)
		rest = rest[i+len(t):]
	}
	b.out = append(b.out, rest...)
	inner := 0
	for at := start; ; inner++ {
		i := bytes.IndexByte(b.out[at:], '\n')
		if i < 0 {
			break
		}
		at += i
		b.out[at] = ' '
	}
	if ended {
		b.out = append(b.out, '\n')
	}
	for ; inner > 0 && ended && b.lines; inner-- {
		b.out = append(b.out, '\n')
	}
}

// complete: all fields of the row but the last end in their terminators.
func (b *Reader) complete(row []byte) bool {
	for _, t := range b.fields[:len(b.fields)-1] {
		i := bytes.Index(row, t)
		if i < 0 {
			return false
		}
		row = row[i+len(t):]
	}
	return true
}

// fill reads more behind the unread bytes, moving or growing the buffer.
func (b *Reader) fill() {
	copy(b.buf, b.buf[b.start:b.end])
	b.start, b.end = 0, b.end-b.start
	if b.end == len(b.buf) {
		b.buf = append(b.buf, make([]byte, len(b.buf))...)
	}
	for range 100 {
		n, err := b.r.Read(b.buf[b.end:])
		b.end += n
		if err != nil {
			b.err = err
			return
		}
		if n > 0 {
			return
		}
	}
	b.err = io.ErrNoProgress
}
