package bcp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/bits"
	"slices"
)

// Unit is the separator of the fields that a Reader writes: the character that
// ASCII has for it, which no export holds.
const Unit = 0x1f

// maxRow is the longest row that is looked at: more without a terminator goes
// through as it is.
const maxRow = 1 << 20

// outLen is about how much is put out at once.
const outLen = 32 << 10

// Reader turns rows with the terminators of a format into lines whose fields
// are separated by Unit. A line end inside a row becomes a space, and as many
// blank lines follow, so that lines can be counted as in the data file; rows
// that end otherwise than in a line end count as lines. A row that lacks a
// terminator goes through as one field. So do whole lines in front of a row that
// has all its terminators in its last line: they do not belong to it.
type Reader struct {
	r      io.Reader
	fields [][]byte // terminators
	all    []byte   // the terminator of all fields but the last, if it is one
	lines  bool     // the terminator of rows holds a line end
	line   bool     // and only that, at its end
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
	last := len(b.fields) - 1
	at := bytes.IndexByte(b.fields[last], '\n')
	b.lines, b.line = at >= 0, at == len(b.fields[last])-1
	b.all = b.fields[0]
	for _, t := range b.fields[:last] {
		if !bytes.Equal(t, b.all) {
			b.all = nil
		}
	}
	return b
}

func (b *Reader) Read(p []byte) (int, error) {
	if b.at == len(b.out) {
		b.out, b.at = b.out[:0], 0
		for len(b.out) < outLen {
			if err := b.row(); err != nil && len(b.out) == 0 {
				return 0, err
			} else if err != nil {
				break // it comes again
			}
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
		if i := b.rowEnd(have[seen:]); i >= 0 {
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

// rowEnd finds the terminator of rows. A line end at its end is found sooner than
// what stands before it.
func (b *Reader) rowEnd(s []byte) int {
	terminator := b.fields[len(b.fields)-1]
	if !b.line {
		return bytes.Index(s, terminator)
	}
	for at := 0; ; {
		i := bytes.IndexByte(s[at:], '\n')
		if i < 0 {
			return -1
		}
		if at += i + 1; bytes.HasSuffix(s[:at], terminator) {
			return at - len(terminator)
		}
	}
}

// write puts a row without its last terminator out, ended or not.
func (b *Reader) write(row []byte, ended bool) {
	if ended && b.all != nil && b.quick(row) {
		return
	}
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

// quick is write for the usual row: no line end and no Unit, and all terminators
// of fields, which are the same. It reports false for others. The terminator's
// first two bytes are looked for at eight places at once.
func (b *Reader) quick(row []byte) bool {
	if bytes.IndexByte(row, '\n') >= 0 || bytes.IndexByte(row, Unit) >= 0 {
		return false
	}
	t, second := b.all, min(1, len(b.all)-1)
	n, out := len(b.out), slices.Grow(b.out, len(row)+17)
	out = out[:cap(out)]
	from, at, found := 0, 0, uint64(0) // of row: what is written, what is looked at; marks in the eight bytes before
	for range b.fields[1:] {
		end := -1
		for end < 0 {
			switch {
			case found != 0:
				i := at - 8 + bits.TrailingZeros64(found)>>3
				if found &= found - 1; i >= from && (len(t) <= 2 || bytes.HasPrefix(row[i:], t)) {
					end = i
				}
			case at+second+8 <= len(row):
				found = zeroBytes(binary.LittleEndian.Uint64(row[at:])^uint64(t[0])*everyByte) &
					zeroBytes(binary.LittleEndian.Uint64(row[at+second:])^uint64(t[second])*everyByte)
				at += 8
			default: // the last ones
				i := bytes.Index(row[from:], t)
				if i < 0 {
					return false
				}
				end = from + i
			}
		}
		if field := row[from:end]; len(field) <= 16 && from+16 <= len(row) { // quicker than to copy so little
			binary.LittleEndian.PutUint64(out[n:], binary.LittleEndian.Uint64(row[from:]))
			binary.LittleEndian.PutUint64(out[n+8:], binary.LittleEndian.Uint64(row[from+8:]))
		} else {
			copy(out[n:], field)
		}
		n += end - from + 1
		out[n-1] = Unit
		from = end + len(t)
	}
	n += copy(out[n:], row[from:]) + 1
	out[n-1] = '\n'
	b.out = out[:n]
	return true
}

const everyByte = 0x0101010101010101

// zeroBytes marks the bytes of a word that are zero by their highest bits.
func zeroBytes(w uint64) uint64 {
	const low = 0x7f * everyByte
	return ^((w&low + low) | w | low)
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
