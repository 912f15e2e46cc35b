package text

import "encoding/binary"

// Marks has a bit for each of the first n bytes of b, at most 64, that is c. The
// bytes behind them up to a multiple of eight must be there; bits of theirs are
// set too.
func Marks(b []byte, n int, c byte) (m uint64) {
	const every = 0x0101010101010101
	const low = 0x7f * every
	pattern := uint64(c) * every
	for i := (n - 1) &^ 7; i >= 0; i -= 8 {
		w := binary.LittleEndian.Uint64(b[i:]) ^ pattern // a byte that is c becomes zero
		w = ^((w&low + low) | w | low)                   // and is left with its highest bit
		m = m<<8 | w*0x0002040810204081>>56              // those of all eight side by side
	}
	return m
}
