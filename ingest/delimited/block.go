package delimited

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/bits"
)

// pieceSize is about how much of a table is read apart: large enough that
// handing it over costs nothing, small enough to stay in a core's cache.
const pieceSize = 1 << 20

// Piece is some whole lines of a table without any quote.
type Piece struct {
	Data []byte
	Line int // number of the first line
}

// Cutter cuts a table into pieces that can be read apart, as long as no quote
// comes: a quoted field may go over any number of lines, so that only reading
// from the beginning tells where a row ends. From the first piece with a quote
// on, and where a line is longer than a piece, Rest must be read.
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
	c.carry = nil
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
	}
	if end == 0 || !c.bare && bytes.IndexByte(buf[:end], '"') >= 0 {
		c.rest = buf
		return p, false, nil
	}
	p = Piece{buf[:end], c.line}
	c.line += bytes.Count(p.Data, newline)
	c.carry = append([]byte(nil), buf[end:]...)
	if c.err != nil && buf[n-1] != '\n' {
		last := buf[bytes.LastIndexByte(buf, '\n')+1:]
		c.cut = len(trimEOL(last)) > 0
	}
	return p, true, nil
}

var newline = []byte{'\n'}

// Rest reads what cannot be cut.
func (c *Cutter) Rest(comma byte) *Reader {
	r := NewReaderAt(c.r, comma, c.line)
	r.buf, r.end, r.err, r.bare = c.rest, len(c.rest), c.err, c.bare
	return r
}

// CutShort reports, after io.EOF, whether the last line has no line end.
func (c *Cutter) CutShort() bool { return c.cut }

// Block reads the rows of a piece. It finds the fields of a row without
// copying or even slicing them: of many columns few are looked at.
type Block struct {
	comma byte
	data  []byte
	next  int // first unread byte
	line  int // number of the next line
	row   int
	start int // of the last row in data
	ends  []uint32
	nul   bool // some row holds a NUL byte
}

// NewBlock makes a reader of pieces.
func NewBlock(comma byte) *Block { return &Block{comma: comma} }

// Reset begins another piece.
func (b *Block) Reset(p Piece) {
	b.data, b.line, b.next = p.Data, p.Line, 0
	b.nul = bytes.IndexByte(p.Data, 0) >= 0
}

// Next goes to the next row that is not blank, and tells how many fields it
// has; io.EOF ends. A row longer than MaxRow is a *RowError.
func (b *Block) Next() (fields int, err error) {
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
		if line = trimEOL(line); len(line) > 0 {
			b.split(len(line))
			return len(b.ends), nil
		}
	}
	return 0, io.EOF
}

// split notes where the fields end, eight bytes at a time: a byte of the
// difference to eight separators is zero where there is one.
func (b *Block) split(n int) {
	const low, high = 0x7f7f7f7f7f7f7f7f, 0x8080808080808080
	data := b.data[b.start:]
	pattern := uint64(b.comma) * 0x0101010101010101
	ends := b.ends[:0]
	at := 0
	for ; at < n && at+8 <= len(data); at += 8 {
		w := binary.LittleEndian.Uint64(data[at:]) ^ pattern
		zero := ^((w&low + low) | w | low)
		if left := n - at; left < 8 {
			zero &= 1<<(8*left) - 1
		}
		for zero != 0 {
			ends = append(ends, uint32(at+bits.TrailingZeros64(zero)>>3))
			zero &= zero - 1
		}
	}
	for ; at < n; at++ {
		if data[at] == b.comma {
			ends = append(ends, uint32(at))
		}
	}
	b.ends = append(ends, uint32(n))
}

// Field is a field of the row, valid until the next Reset.
func (b *Block) Field(i int) []byte {
	from := b.start
	if i > 0 {
		from += int(b.ends[i-1]) + 1
	}
	return b.data[from : b.start+int(b.ends[i])]
}

// Line is the 1-based line where the row begins.
func (b *Block) Line() int { return b.row }

// HoldsNUL reports whether a NUL byte stands in the row.
func (b *Block) HoldsNUL() bool {
	return b.nul && bytes.IndexByte(b.data[b.start:b.start+int(b.ends[len(b.ends)-1])], 0) >= 0
}
