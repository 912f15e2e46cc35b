package ingest

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
)

// unpackGzip makes a packed file on disk one that is unpacked when read.
func (f *File) unpackGzip() {
	disk, size := f.open, f.Size
	f.Size, f.packed = -1, true
	f.open = func() (io.ReadCloser, error) {
		rc, err := disk()
		if err != nil {
			return nil, err
		}
		m := &gzipMembers{packed: bufio.NewReaderSize(rc, 64<<10), behind: &f.behind}
		if m.z, err = gzip.NewReader(m.packed); err != nil {
			rc.Close()
			return nil, explain(err)
		}
		m.z.Multistream(false)
		return &unpacker{r: m, close: rc.Close, packed: size}, nil
	}
}

// gzipMembers reads all members of a gzip file as one content, which is what
// they mean together (RFC 1952, 2.2). Bytes behind a whole member that begin no
// other one, such as the padding of a tape or of a transfer by blocks, are no
// part of it: they are counted and left out. A file that ends inside a member is
// cut short.
type gzipMembers struct {
	packed *bufio.Reader
	z      *gzip.Reader
	behind *int64
}

// memberBegin is how each member begins: the mark, and the one method there is.
var memberBegin = append(bytes.Clone(gzipMagic), 8)

func (m *gzipMembers) Read(p []byte) (int, error) {
	n, err := m.z.Read(p)
	if err == io.EOF {
		err = m.next()
	}
	return n, err
}

// next goes to the next member; io.EOF when there is none.
func (m *gzipMembers) next() error {
	head, err := m.packed.Peek(len(memberBegin))
	switch {
	case err != nil && err != io.EOF:
		return err
	case len(head) == 0:
		return io.EOF
	case !bytes.HasPrefix(memberBegin, head):
		if *m.behind, err = io.Copy(io.Discard, m.packed); err != nil {
			return err
		}
		return io.EOF
	}
	if err := m.z.Reset(m.packed); errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	} else if err != nil {
		return err
	}
	m.z.Multistream(false)
	return nil
}
