package store

import (
	"encoding/binary"
	"errors"
	"sync"

	"github.com/klauspost/compress/zstd"

	"calaudit/ingest"
)

const (
	// textBlock is when a block of source text is full, in unpacked bytes:
	// smaller ones pack worse, larger ones cost more to look one row up.
	textBlock = 256 << 10
	// maxTextBlock bounds what a block may unpack to: a full one and one row.
	maxTextBlock = textBlock + ingest.MaxSourceRow + 64
)

// textCodec packs blocks. The quickest level packs these rows as well as the
// slow ones of Deflate, at a fifth of the time.
var textCodec = sync.OnceValues(func() (*zstd.Encoder, *zstd.Decoder) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		panic(err) // the options are constant
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(2*maxTextBlock))
	if err != nil {
		panic(err)
	}
	return enc, dec
})

// textRows gathers the rows of one block.
type textRows struct {
	heads       []byte
	texts       []byte
	rows        int
	first, last int
}

func (b *textRows) add(line int, text []byte) {
	if b.rows == 0 {
		b.first, b.last = line, 0
	}
	b.heads = binary.AppendUvarint(b.heads, uint64(line-b.last))
	b.heads = binary.AppendUvarint(b.heads, uint64(len(text)))
	b.texts = append(b.texts, text...)
	b.rows++
	b.last = line
}

func (b *textRows) full() bool { return len(b.heads)+len(b.texts) >= textBlock }

// payload is the block before it is packed.
func (b *textRows) payload() []byte {
	p := binary.AppendUvarint(make([]byte, 0, 10+len(b.heads)+len(b.texts)), uint64(b.rows))
	return append(append(p, b.heads...), b.texts...)
}

func (b *textRows) reset() { *b = textRows{heads: b.heads[:0], texts: b.texts[:0]} }

var errTextBlock = errors.New("a block of source text is damaged; restore a copy of the database")

func packText(payload []byte) []byte {
	enc, _ := textCodec()
	return enc.EncodeAll(payload, nil)
}

func unpackText(block []byte) ([]byte, error) {
	_, dec := textCodec()
	payload, err := dec.DecodeAll(block, nil)
	if err != nil {
		return nil, errTextBlock
	}
	return payload, nil
}

// eachText calls call with the rows of a payload; lines ascend.
func eachText(payload []byte, call func(line int, text []byte) error) error {
	bad := false
	next := func() int {
		v, n := binary.Uvarint(payload)
		if n <= 0 || v > 1<<40 {
			bad = true
			return 0
		}
		payload = payload[n:]
		return int(v)
	}
	rows := next()
	if bad || rows > len(payload) {
		return errTextBlock
	}
	heads := make([][2]int, rows)
	line, total := 0, 0
	for i := range heads {
		step, size := next(), next()
		if line += step; bad || step == 0 || size > len(payload) {
			return errTextBlock
		}
		heads[i] = [2]int{line, size}
		total += size
	}
	if total != len(payload) {
		return errTextBlock
	}
	for _, h := range heads {
		if err := call(h[0], payload[:h[1]]); err != nil {
			return err
		}
		payload = payload[h[1]:]
	}
	return nil
}
