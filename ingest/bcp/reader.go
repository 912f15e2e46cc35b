package bcp

import (
	"bytes"
	"errors"
	"io"
	"math/bits"
	"slices"

	"calaudit/ingest/text"
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
		b.buf, b.end, b.err = text.Fill(b.r, b.buf, b.start, b.end)
		b.start = 0
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
// first two bytes are looked for at 64 places at once; of what stands behind the
// row in the buffer nothing matters.
func (b *Reader) quick(row []byte) bool {
	const word = 32 // copied for every field: quicker than to copy so little
	room := row[:cap(row)]
	if len(room) < len(row)+64+word || bytes.IndexByte(row, '\n') >= 0 || bytes.IndexByte(row, Unit) >= 0 {
		return false
	}
	t, left := b.all, len(b.fields)-1
	second := min(1, len(t)-1)
	n, out := len(b.out), slices.Grow(b.out, len(row)+1+word)
	out = out[:cap(out)]
	from := 0 // the next field
	for at := 0; left > 0; at += 64 {
		if at >= len(row) {
			return false
		}
		many := min(64, len(row)-at)
		found := text.Marks(room[at:], many, t[0]) & text.Marks(room[at+second:], many, t[second])
		found &= ^uint64(0) << max(0, from-at)
		for found != 0 && left > 0 {
			end := at + bits.TrailingZeros64(found)
			if end+len(t) > len(row) || len(t) > 2 && !bytes.HasPrefix(room[end:], t) {
				found &= found - 1
				continue
			}
			*(*[word]byte)(out[n:]) = *(*[word]byte)(room[from:])
			if end-from > word {
				copy(out[n+word:], row[from+word:end])
			}
			n += end - from + 1
			out[n-1] = Unit
			from = end + len(t)
			found &= ^uint64(0) << (from - at)
			left--
		}
	}
	n += copy(out[n:], row[from:]) + 1
	out[n-1] = '\n'
	b.out = out[:n]
	return true
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
