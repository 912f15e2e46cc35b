package text

import (
	"encoding/binary"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// utf16Reader decodes UTF-16. Exports are nearly all ASCII, so four characters
// that are go through at a time; a general decoder takes five times as long.
type utf16Reader struct {
	r      io.Reader
	big    bool
	buf    []byte // read and not decoded yet: start to end
	start  int
	end    int
	err    error
	spill  [8]byte // decoded, but too long for what was asked for
	spills []byte
}

func newUTF16Reader(r io.Reader, big bool) *utf16Reader {
	return &utf16Reader{r: r, big: big, buf: make([]byte, bufferLen)}
}

// mostUTF8 is the longest that one step of decoding makes of a character.
const mostUTF8 = 4

func (u *utf16Reader) Read(p []byte) (n int, err error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		if len(u.spills) > 0 {
			n = copy(p, u.spills)
			u.spills = u.spills[n:]
			return n, nil
		}
		if len(p) < mostUTF8 {
			n = u.decode(u.spill[:])
			u.spills = u.spill[:n]
		} else if n = u.decode(p); n > 0 {
			return n, nil
		}
		if n > 0 {
			continue
		}
		if u.err != nil && u.start == u.end {
			return 0, u.err
		}
		u.fill()
	}
}

// fill reads more behind what is left, which is at most three bytes.
func (u *utf16Reader) fill() {
	copy(u.buf, u.buf[u.start:u.end])
	u.start, u.end = 0, u.end-u.start
	for range 100 {
		n, err := u.r.Read(u.buf[u.end:])
		u.end += n
		if err != nil {
			u.err = err
			return
		}
		if n > 0 {
			return
		}
	}
	u.err = io.ErrNoProgress
}

// decode turns what is there into p, as far as it goes.
func (u *utf16Reader) decode(p []byte) (n int) {
	const notASCII = 0xff80ff80ff80ff80
	in := u.buf[u.start:u.end]
	for len(p)-n >= mostUTF8 {
		if len(in) >= 8 {
			w := binary.LittleEndian.Uint64(in)
			if u.big {
				w = w>>8&0x00ff00ff00ff00ff | w<<8&0xff00ff00ff00ff00
			}
			if w&notASCII == 0 {
				p[n], p[n+1], p[n+2], p[n+3] = byte(w), byte(w>>16), byte(w>>32), byte(w>>48)
				n += 4
				in = in[8:]
				continue
			}
		}
		if len(in) < 2 {
			if len(in) == 1 && u.err != nil { // an odd last byte
				n += utf8.EncodeRune(p[n:], utf8.RuneError)
				in = in[1:]
			}
			break
		}
		r := rune(u.unit(in))
		size := 2
		if utf16.IsSurrogate(r) {
			if len(in) < 4 && u.err == nil {
				break
			}
			low := rune(0)
			if len(in) >= 4 {
				low = rune(u.unit(in[2:]))
			}
			if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
				size = 4
			}
		}
		n += utf8.EncodeRune(p[n:], r)
		in = in[size:]
	}
	u.start = u.end - len(in)
	return n
}

func (u *utf16Reader) unit(b []byte) uint16 {
	if u.big {
		return binary.BigEndian.Uint16(b)
	}
	return binary.LittleEndian.Uint16(b)
}
