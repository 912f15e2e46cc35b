package delimited

import (
	"bytes"
	"io"
	"math/bits"

	"calaudit/ingest/text"
)

// Terminated is a source that makes lines of rows whose fields end in texts of
// their own. Where that can be told line by line, pieces are read as they stand
// in the file.
type Terminated interface {
	io.Reader
	// Raw gives the data away that is not read, if all rows that are whole lines
	// could be read from it. None of the source's own is left then.
	Raw() (raw Raw, ok bool)
	// Resume gives data back, to go on there, and what it ended with.
	Resume(data []byte, err error)
}

// Raw is a table as it stands in its file.
type Raw struct {
	Field  []byte // what all fields but the last end in: no line end, NUL or Unit
	Fields int    // how many these are; a row with fewer is one field
	Row    []byte // what a row ends in, the last of which is its only line end
	Data   []byte // read already
	Err    error  // what R ended with
	R      io.Reader
}

// usual tells lines that are all rows of their own, and need nothing undone.
func (r *Raw) usual(lines []byte) bool {
	if bytes.IndexByte(lines, Unit) >= 0 {
		return false
	}
	for len(lines) > 0 {
		n := bytes.IndexByte(lines, '\n') + 1
		if n > MaxRow || !bytes.HasSuffix(lines[:n], r.Row) {
			return false
		}
		lines = lines[n:]
	}
	return true
}

// splitRaw is split for the terminator of the fields. Its first two bytes are
// looked for at 64 places at once.
func (b *Block) splitRaw(n int) {
	t, ends := b.raw.Field, b.ends[:0]
	second := min(1, len(t)-1)
	from := 0 // the next field
	for at := 0; at < n && len(ends) < b.raw.Fields; at += 64 {
		left := min(n-at, 64)
		data := b.upTo(at, left+8) // for the second bytes
		found := text.Marks(data, left, t[0]) & text.Marks(data[second:], left, t[second])
		for found &= ^uint64(0) << max(0, from-at); found != 0 && len(ends) < b.raw.Fields; {
			end := at + bits.TrailingZeros64(found)
			if end+len(t) > n || len(t) > 2 && !bytes.HasPrefix(b.data[b.start+end:], t) {
				found &= found - 1
				continue
			}
			ends = append(ends, uint32(end))
			from = end + len(t)
			found &= ^uint64(0) << (from - at)
		}
	}
	if len(ends) < b.raw.Fields {
		ends = ends[:0]
	}
	b.ends = append(ends, uint32(n))
}
