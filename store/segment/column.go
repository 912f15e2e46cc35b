package segment

import (
	"encoding/binary"
	"errors"
	"math/bits"
)

// How a column of integers is stored: the first byte of it.
const (
	same        = iota // one varint for all values
	varints            // a varint for each value
	packed             // bit width, least value, then the differences to it in so many bits each
	steps              // first value, then bit width, least step (zigzag), and the steps above it
	wide               // eight bytes for each value
	stepVarints        // first value, then a zigzag varint for each step
)

// ErrDamaged is returned for blocks that no Append function wrote.
var ErrDamaged = errors.New("the block is cut or damaged")

// AppendColumn packs integers in the way that takes least space: constant
// columns take two bytes, ascending ones a few bits a value.
func AppendColumn(dst []byte, values []uint64) []byte {
	if len(values) == 0 {
		return dst
	}
	c := measure(values)
	switch c.best {
	case same:
		return binary.AppendUvarint(append(dst, same), values[0])
	case packed:
		dst = append(dst, packed, byte(c.width))
		dst = binary.AppendUvarint(dst, c.low)
		return appendBits(dst, len(values), c.width, func(i int) uint64 { return values[i] - c.low })
	case steps:
		dst = binary.AppendUvarint(append(dst, steps), values[0])
		dst = append(dst, byte(c.stepWidth))
		dst = binary.AppendUvarint(dst, zigzag(c.lowStep))
		return appendBits(dst, len(values)-1, c.stepWidth, func(i int) uint64 { return values[i+1] - values[i] - uint64(c.lowStep) })
	case stepVarints:
		dst = binary.AppendUvarint(append(dst, stepVarints), values[0])
		for i := 1; i < len(values); i++ {
			dst = binary.AppendUvarint(dst, zigzag(int64(values[i]-values[i-1])))
		}
		return dst
	case wide:
		dst = append(dst, wide)
		for _, v := range values {
			dst = binary.LittleEndian.AppendUint64(dst, v)
		}
		return dst
	}
	dst = append(dst, varints)
	for _, v := range values {
		dst = binary.AppendUvarint(dst, v)
	}
	return dst
}

// shape is what AppendColumn needs to know of a column.
type shape struct {
	best             int
	low              uint64
	lowStep          int64
	width, stepWidth int // bits
}

// mostBits is the widest value that one unaligned load of eight bytes holds.
const mostBits = 57

func measure(values []uint64) shape {
	c := shape{low: values[0]}
	high, n := values[0], len(values)
	size, stepSize := varintLen(values[0]), 0
	c.lowStep = 1<<63 - 1
	highStep := int64(-1 << 63)
	last := values[0]
	for _, v := range values[1:] {
		c.low, high = min(c.low, v), max(high, v)
		step := int64(v - last)
		c.lowStep, highStep = min(c.lowStep, step), max(highStep, step)
		size += varintLen(v)
		stepSize += varintLen(zigzag(step))
		last = v
	}
	if c.low == high {
		c.best = same
		return c
	}
	c.width, c.stepWidth = bits.Len64(high-c.low), bits.Len64(uint64(highStep)-uint64(c.lowStep))
	c.best = varints
	try := func(how, bytes int) {
		if bytes < size {
			c.best, size = how, bytes
		}
	}
	// Packed bits are much quicker to read than varints, which must be a fifth
	// smaller to go first.
	size += size/4 + 1
	stepSize += stepSize / 4
	if c.width <= mostBits {
		try(packed, 1+varintLen(c.low)+(n*c.width+7)/8)
	}
	if c.stepWidth <= mostBits && highStep >= c.lowStep {
		try(steps, 1+varintLen(values[0])+varintLen(zigzag(c.lowStep))+((n-1)*c.stepWidth+7)/8)
	}
	try(stepVarints, varintLen(values[0])+stepSize)
	try(wide, 8*n)
	return c
}

func varintLen(v uint64) int { return (bits.Len64(v|1) + 6) / 7 }

// appendBits writes n values of so many bits each, the lowest bits first.
func appendBits(dst []byte, n, width int, value func(i int) uint64) []byte {
	var word uint64
	have := 0
	for i := range n {
		v := value(i)
		word |= v << have
		if have += width; have >= 64 {
			dst = binary.LittleEndian.AppendUint64(dst, word)
			have -= 64
			word = v >> (width - have) // what did not fit; a shift by 64 gives 0
		}
	}
	for ; have > 0; have -= 8 {
		dst = append(dst, byte(word))
		word >>= 8
	}
	return dst
}

// Reader takes columns off a block in the order in which they were appended.
// After the first damage it yields zeros; Err tells.
type Reader struct {
	b   []byte
	bad bool
}

// NewReader reads a block.
func NewReader(block []byte) *Reader { return &Reader{b: block} }

// Err is ErrDamaged when something could not be read.
func (r *Reader) Err() error {
	if r.bad {
		return ErrDamaged
	}
	return nil
}

// End is Err, and damage too when something is left.
func (r *Reader) End() error {
	r.bad = r.bad || len(r.b) > 0
	return r.Err()
}

// Done reports that nothing is left, or nothing that can be read.
func (r *Reader) Done() bool { return len(r.b) == 0 }

// Uvarint takes one integer.
func (r *Reader) Uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

// Bytes takes n bytes, which stay part of the block.
func (r *Reader) Bytes(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.fail()
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

func (r *Reader) fail() { r.b, r.bad = nil, true }

func (r *Reader) byte() int {
	if len(r.b) == 0 {
		r.fail()
		return 0
	}
	v := r.b[0]
	r.b = r.b[1:]
	return int(v)
}

// Column fills values with the next column, which must have been appended with
// as many.
func (r *Reader) Column(values []uint64) {
	if len(values) == 0 {
		return
	}
	switch how := r.byte(); how {
	case same:
		v := r.Uvarint()
		for i := range values {
			values[i] = v
		}
	case varints:
		for i := range values {
			values[i] = r.Uvarint()
		}
	case packed:
		width, low := r.byte(), r.Uvarint()
		r.bits(values, width)
		for i := range values {
			values[i] += low
		}
	case steps:
		v := r.Uvarint()
		width, low := r.byte(), uint64(unzigzag(r.Uvarint()))
		r.bits(values[1:], width)
		values[0] = v
		for i := 1; i < len(values); i++ {
			v += values[i] + low
			values[i] = v
		}
	case stepVarints:
		v := r.Uvarint()
		values[0] = v
		for i := 1; i < len(values); i++ {
			v += uint64(unzigzag(r.Uvarint()))
			values[i] = v
		}
	case wide:
		b := r.Bytes(8 * uint64(len(values)))
		if b == nil {
			break
		}
		for i := range values {
			values[i] = binary.LittleEndian.Uint64(b[8*i:])
		}
	default:
		r.fail()
	}
	if r.bad {
		clear(values)
	}
}

// bits reads values of so many bits each.
func (r *Reader) bits(values []uint64, width int) {
	if width > mostBits {
		r.fail()
		return
	}
	b := r.Bytes((uint64(len(values))*uint64(width) + 7) / 8)
	if b == nil {
		return
	}
	mask := uint64(1)<<width - 1
	at, i := 0, 0
	for ; i < len(values) && at>>3+8 <= len(b); i++ {
		values[i] = binary.LittleEndian.Uint64(b[at>>3:]) >> (at & 7) & mask
		at += width
	}
	for ; i < len(values); i++ { // the last bytes, without reading beyond them
		var tail [8]byte
		copy(tail[:], b[at>>3:])
		values[i] = binary.LittleEndian.Uint64(tail[:]) >> (at & 7) & mask
		at += width
	}
}

func zigzag(v int64) uint64   { return uint64(v)<<1 ^ uint64(v>>63) }
func unzigzag(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }
