// Package text turns the encodings that exports come in into UTF-8: UTF-8 with
// or without a byte order mark, UTF-16 in either order with or without one, and
// code pages of one byte a character. It knows bytes, nothing of what they say.
package text

import (
	"bufio"
	"bytes"
	"io"
)

// Encoding names how a file's characters are stored.
type Encoding string

const (
	UTF8    Encoding = "utf-8"
	UTF16LE Encoding = "utf-16le"
	UTF16BE Encoding = "utf-16be"
)

// sniffLen is how much is looked at to tell UTF-16 without a mark.
const sniffLen = 1024

// Detect tells the encoding from the first bytes and how long the mark is.
// UTF-16 without a mark is told by its NUL bytes: text of these exports is
// mostly ASCII, so nearly every second byte of it is NUL.
func Detect(head []byte) (enc Encoding, mark int) {
	switch {
	case bytes.HasPrefix(head, []byte{0xEF, 0xBB, 0xBF}):
		return UTF8, 3
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE}):
		return UTF16LE, 2
	case bytes.HasPrefix(head, []byte{0xFE, 0xFF}):
		return UTF16BE, 2
	}
	if len(head) > sniffLen {
		head = head[:sniffLen]
	}
	pairs := len(head) / 2
	if pairs < 2 {
		return UTF8, 0
	}
	var low, high int // NULs at even and at odd places
	for i := 0; i < pairs; i++ {
		if head[2*i] == 0 {
			low++
		}
		if head[2*i+1] == 0 {
			high++
		}
	}
	switch {
	case high*10 >= pairs*7 && low*10 < pairs:
		return UTF16LE, 0
	case low*10 >= pairs*7 && high*10 < pairs:
		return UTF16BE, 0
	}
	return UTF8, 0
}

// NewReader decodes r to UTF-8. UTF-8 passes through byte for byte (invalid
// bytes too: the row that holds them is the reader's business); in UTF-16 a
// lone surrogate or an odd last byte becomes U+FFFD, and where it goes over into
// text of single bytes, these pass through; see Turned.
func NewReader(r io.Reader) io.Reader {
	d, _ := open(r)
	return d
}

// open tells the encoding and decodes UTF-16. marked says that a byte order
// mark, or UTF-16 itself, leaves no doubt.
func open(r io.Reader) (d io.Reader, marked bool) {
	br := bufio.NewReaderSize(r, bufferLen)
	head, _ := br.Peek(sniffLen)
	enc, mark := Detect(head)
	_, _ = br.Discard(mark) // buffered already: cannot fail
	if enc == UTF8 {
		return br, mark > 0
	}
	return newUTF16Reader(br, enc == UTF16BE), true
}

const bufferLen = 64 << 10
