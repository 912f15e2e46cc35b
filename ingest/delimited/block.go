package delimited

import (
	"bytes"
	"io"
	"math/bits"

	"calaudit/ingest/text"
)

// pieceSize is about how much of a table is read apart: large enough that
// handing it over costs nothing, small enough to stay in a core's cache.
const pieceSize = 1 << 20

// Piece is some whole rows of a table.
type Piece struct {
	Data []byte
	Line int // number of the first line
}

// Cutter cuts a table into pieces that can be read apart. A quoted field may go
// over lines, so that a piece ends only where no row can go on; see settled.
// From where there is no such place, and where a line is longer than a piece,
// Rest must be read.
type Cutter struct {
	r     io.Reader
	size  int
	line  int
	carry []byte // the beginning of a line
	err   error  // what the source ended with
	rest  []byte // read, but not to be cut
	cut   bool
	bare  bool
}

// Cut goes on behind the row that was read last. The reader must not be used
// any more.
func (r *Reader) Cut() *Cutter {
	return &Cutter{r: r.r, size: pieceSize, line: r.line, carry: r.buf[r.start:r.end:r.end], err: r.err, cut: r.cut, bare: r.bare}
}

// Next reads the next piece into buf or, if that is too small, a new buffer.
// It returns io.EOF at the end of the data, and false when Rest must be read.
func (c *Cutter) Next(buf []byte) (p Piece, ok bool, err error) {
	if n := len(c.carry) + c.size; cap(buf) < n {
		buf = make([]byte, n)
	}
	buf = buf[:cap(buf)]
	n := copy(buf, c.carry)
	for empty := 0; n < len(buf) && c.err == nil; {
		var k int
		k, c.err = c.r.Read(buf[n:])
		n += k
		if empty++; k > 0 {
			empty = 0
		} else if empty == 100 && c.err == nil {
			c.err = io.ErrNoProgress
		}
	}
	buf = buf[:n]
	if c.err != nil && c.err != io.EOF {
		return p, false, c.err
	}
	if n == 0 {
		return p, false, io.EOF
	}
	end := n
	if c.err == nil {
		end = bytes.LastIndexByte(buf, '\n') + 1
		if !c.bare && bytes.IndexByte(buf[:end], '"') >= 0 {
			if end = settled(buf[:end]); n-end > c.size {
				end = 0 // or ever more would be carried
			}
		}
	}
	if end == 0 {
		c.rest = buf
		return p, false, nil
	}
	p = Piece{buf[:end], c.line}
	c.line += bytes.Count(p.Data, newline)
	c.carry = append(c.carry[:0], buf[end:]...)
	if c.err != nil && buf[n-1] != '\n' {
		last := buf[bytes.LastIndexByte(buf, '\n')+1:]
		c.cut = len(trimEOL(last)) > 0
	}
	return p, true, nil
}

var newline = []byte{'\n'}

// settled is how much of whole lines, the first of which begins a row, no row
// goes beyond, nor the search for the end of a bad one. Only a line with an odd
// number of quotes is not a row by itself, and no row is looked for further than
// MaxQuotedLines: behind as many lines with even numbers a row begins.
func settled(lines []byte) int {
	end, even := len(lines), 0
	for at := end; at > 0 && even < MaxQuotedLines; even++ {
		from := bytes.LastIndexByte(lines[:at-1], '\n') + 1
		if bytes.Count(lines[from:at], quote)%2 != 0 {
			end, even = from, -1
		}
		at = from
	}
	return end
}

// Rest reads what cannot be cut.
func (c *Cutter) Rest(comma byte) *Reader {
	r := NewReaderAt(c.r, comma, c.line)
	r.buf, r.end, r.err, r.bare = c.rest, len(c.rest), c.err, c.bare
	return r
}

// CutShort reports, after io.EOF, whether the last line has no line end.
func (c *Cutter) CutShort() bool { return c.cut }

// Block reads the rows of a piece. It finds the fields of a row without
// copying or even slicing them: of many columns few are looked at. Rows whose
// quotes do more than enclose fields of one line are left to a Reader.
type Block struct {
	comma  byte
	bare   bool
	data   []byte
	next   int // first unread byte
	line   int // number of the next line
	row    int
	start  int // of the last row in data
	ends   []uint32
	nul    bool   // some row holds a NUL byte
	quotes bool   // some row holds a quote
	reader Reader // has read the row, if slow
	slow   bool
	last   [64]byte // the end of the data, for split
}

// NewBlock makes a reader of pieces. Bare: see Reader.Bare.
func NewBlock(comma byte, bare bool) *Block { return &Block{comma: comma, bare: bare} }

// Reset begins another piece.
func (b *Block) Reset(p Piece) {
	b.data, b.line, b.next, b.slow = p.Data, p.Line, 0, false
	b.nul = bytes.IndexByte(p.Data, 0) >= 0
	b.quotes = !b.bare && bytes.IndexByte(p.Data, '"') >= 0
}

// Next goes to the next row that is not blank, and tells how many fields it
// has; io.EOF ends. A bad row is a *RowError, as Reader.Read gives it.
func (b *Block) Next() (fields int, err error) {
	b.slow = false
	for b.next < len(b.data) {
		b.start, b.row = b.next, b.line
		line := b.data[b.start:]
		if i := bytes.IndexByte(line, '\n'); i >= 0 {
			line = line[:i+1]
		}
		b.next += len(line)
		b.line++
		if len(line) > MaxRow {
			return 0, longLine(b.row, line)
		}
		if line = trimEOL(line); len(line) == 0 {
			continue
		}
		if !b.split(len(line)) {
			return b.read()
		}
		return len(b.ends), nil
	}
	return 0, io.EOF
}

// read reads the row as a Reader does.
func (b *Block) read() (fields int, err error) {
	b.slow = true
	b.reader = Reader{comma: b.comma, buf: b.data, start: b.start, end: len(b.data), err: io.EOF, line: b.row, fields: b.reader.fields}
	row, err := b.reader.Read()
	b.next, b.line = b.reader.start, b.reader.line
	return len(row), err
}

// split notes where the fields end, 64 bytes at a time. It reports false for a
// line with a quote that does not enclose a whole field.
func (b *Block) split(n int) bool {
	ends := b.ends[:0]
	var bad uint64
	inside, closed := uint64(0), uint64(0) // by the bytes before: a quote is open, the last one closed it
	begins := uint64(1)                    // a field begins
	for at := 0; at < n; at += 64 {
		left := min(n-at, 64)
		data := b.data[b.start+at:]
		if (left+7)&^7 > len(data) {
			data = append(b.last[:0], data...)[:64] // what stands behind does not matter
		}
		within := ^uint64(0) >> (64 - left)
		commas := text.Marks(data, left, b.comma) & within
		if b.quotes {
			marks := text.Marks(data, left, '"') & within
			open := marks ^ marks<<1
			open ^= open << 2
			open ^= open << 4
			open ^= open << 8
			open ^= open << 16
			open ^= open<<32 ^ inside
			commas &^= open
			opens, closes := marks&open, marks&^open
			bad |= opens&^(commas<<1|begins) | (closes<<1|closed)&^commas&within
			inside, closed, begins = -(open >> 63), closes>>63, commas>>63
		}
		for commas != 0 {
			ends = append(ends, uint32(at+bits.TrailingZeros64(commas)))
			commas &= commas - 1
		}
	}
	b.ends = append(ends, uint32(n))
	return bad|inside == 0
}

// Field is a field of the row, valid until the next Reset.
func (b *Block) Field(i int) []byte {
	if b.slow {
		return b.reader.fields[i]
	}
	from := b.start
	if i > 0 {
		from += int(b.ends[i-1]) + 1
	}
	f := b.data[from : b.start+int(b.ends[i])]
	if b.quotes && len(f) > 0 && f[0] == '"' {
		f = f[1 : len(f)-1]
	}
	return f
}

// Line is the 1-based line where the row begins.
func (b *Block) Line() int { return b.row }

// HoldsNUL reports whether a NUL byte stands in the row.
func (b *Block) HoldsNUL() bool {
	if !b.nul || b.slow {
		return b.nul && b.reader.Holds(0)
	}
	return bytes.IndexByte(b.data[b.start:b.start+int(b.ends[len(b.ends)-1])], 0) >= 0
}
