package text

import (
	"bufio"
	"bytes"
	"io"
)

// AloneCR tells text whose lines end with CR alone, as on the Macs of old, by
// its beginning.
func AloneCR(head []byte) bool {
	return bytes.IndexByte(head, '\r') >= 0 && bytes.IndexByte(head, '\n') < 0
}

// crReader gives lines that end with CR alone the line end of others. Lines
// that have a LF already, in a part that was put behind, stay as they are.
type crReader struct {
	r *bufio.Reader
}

// NewCRReader reads text for which AloneCR holds.
func NewCRReader(r io.Reader) io.Reader { return &crReader{bufio.NewReaderSize(r, bufferLen)} }

func (c *crReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	for i := 0; i < n; {
		j := bytes.IndexByte(p[i:n], '\r')
		if j < 0 {
			break
		}
		i += j + 1
		if i < n {
			if p[i] != '\n' {
				p[i-1] = '\n'
			}
		} else if next, _ := c.r.Peek(1); len(next) == 0 || next[0] != '\n' { // an error comes again
			p[i-1] = '\n'
		}
	}
	return n, err
}
