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
	plain  bool    // the text went over into one of single bytes
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
		if u.plain && u.start < u.end {
			n = copy(p, u.buf[u.start:u.end])
			u.start += n
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
		if u.plain && u.start < u.end {
			continue
		}
		if u.err != nil && u.start == u.end {
			return 0, u.err
		}
		u.fill()
	}
}

// Turned reports whether a reader of this package met UTF-16 that went over into
// text of single bytes, as when a tool that writes such text adds lines to a file
// of another. From there on bytes pass as they are.
func Turned(r io.Reader) bool {
	switch r := r.(type) {
	case *PageReader:
		return Turned(r.r)
	case *utf16Reader:
		return r.plain
	}
	return false
}

// turnLen is how many bytes are looked at to tell text of single bytes from
// UTF-16, and turnLeast how many must be ASCII in a row, with a line end among
// them. So many letters whose two bytes are both ASCII are no text of mixed
// alphabets, and in one of a single alphabet every second byte is the same.
const (
	turnLen   = 512
	turnLeast = 64
)

// turned tells whether single bytes begin here; more says that this takes more
// data to tell. At the end of the file fewer are enough.
func (u *utf16Reader) turned(in []byte) (yes, more bool) {
	n, line, alike := 0, false, [2]bool{true, true}
	for n < min(len(in), turnLen) && (in[n] >= ' ' && in[n] < 0x7f || in[n] == '\n' || in[n] == '\r' || in[n] == '\t') {
		line = line || in[n] == '\n'
		alike[n%2] = alike[n%2] && in[n] == in[n%2]
		n++
	}
	line = line && !alike[0] && !alike[1]
	if n == len(in) && n < turnLen {
		return line && n >= turnLeast/4, u.err == nil
	}
	return line && n >= turnLeast, false
}

// fill reads more behind what is left.
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
	if u.plain {
		return 0
	}
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
		if in[0] != 0 && in[1] != 0 {
			yes, more := u.turned(in)
			if more {
				break
			}
			if yes {
				u.plain = true
				break
			}
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
