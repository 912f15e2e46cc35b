package text

import "io"

// Fill reads more behind the unread data, which stands in buf from start to end:
// it is moved to the front, and the buffer doubled when it is full. It returns
// the buffer, the new end of the data, and what the source ended with.
func Fill(r io.Reader, buf []byte, start, end int) ([]byte, int, error) {
	end = copy(buf, buf[start:end])
	if end == len(buf) {
		buf = append(buf, make([]byte, len(buf))...)
	}
	for range 100 {
		n, err := r.Read(buf[end:])
		if end += n; n > 0 || err != nil {
			return buf, end, err
		}
	}
	return buf, end, io.ErrNoProgress
}
