// Package segment packs records into blocks: a few thousand records of one
// UTC day, sorted by natural key, stored column by column. A column that never
// changes within a block costs two or three bytes; times and line numbers are
// kept as differences; everything is a varint. Equal record sets pack to equal
// bytes. The package knows bytes and records, nothing of SQL.
package segment

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"

	"calaudit/ingest"
)

// Max is the most records one block holds.
const Max = 4096

// Compare orders records by natural key first and by everything else after,
// File and Line last, so that equal records stand side by side.
func Compare(a, b *ingest.Record) int {
	if c := Identity(a, b); c != 0 {
		return c
	}
	if a.File != b.File {
		return cmp.Compare(a.File, b.File)
	}
	return cmp.Compare(a.Line, b.Line)
}

// Identity is Compare without File and Line: 0 means the same record. Written
// out field by field: it runs some twenty times for every record stored.
func Identity(a, b *ingest.Record) int {
	switch {
	case a.Key != b.Key:
		return cmp.Compare(a.Key, b.Key)
	case a.Seq != b.Seq:
		return cmp.Compare(a.Seq, b.Seq)
	case a.Sub != b.Sub:
		return cmp.Compare(a.Sub, b.Sub)
	case a.Kind != b.Kind:
		return cmp.Compare(a.Kind, b.Kind)
	case a.From != b.From:
		return party(&a.From, &b.From)
	case a.To != b.To:
		return party(&a.To, &b.To)
	case a.At != b.At:
		return cmp.Compare(a.At, b.At)
	case a.Until != b.Until:
		return cmp.Compare(a.Until, b.Until)
	case a.Activity != b.Activity:
		return cmp.Compare(a.Activity, b.Activity)
	case a.Media != b.Media:
		return cmp.Compare(a.Media, b.Media)
	case a.Role != b.Role:
		return cmp.Compare(a.Role, b.Role)
	case a.Flags != b.Flags:
		return cmp.Compare(a.Flags, b.Flags)
	case a.Server != b.Server:
		return cmp.Compare(a.Server, b.Server)
	}
	return cmp.Compare(a.Source, b.Source)
}

func party(a, b *ingest.Party) int {
	return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Device, b.Device), cmp.Compare(a.Endpoint, b.Endpoint),
		cmp.Compare(a.Client, b.Client), cmp.Compare(a.Class, b.Class))
}

// column is one field of a record as an integer.
type column struct {
	get func(*ingest.Record) uint64
	set func(*ingest.Record, uint64)
}

// columns are the fields behind the natural key. The order is part of the
// format; append only, and raise version when the meaning of one changes.
var columns = [...]column{
	{func(r *ingest.Record) uint64 { return uint64(r.Activity) }, func(r *ingest.Record, v uint64) { r.Activity = ingest.Activity(v) }},
	{func(r *ingest.Record) uint64 { return uint64(r.Media) }, func(r *ingest.Record, v uint64) { r.Media = ingest.Media(v) }},
	{func(r *ingest.Record) uint64 { return uint64(r.Role) }, func(r *ingest.Record, v uint64) { r.Role = ingest.Role(v) }},
	{func(r *ingest.Record) uint64 { return uint64(r.Flags) }, func(r *ingest.Record, v uint64) { r.Flags = ingest.Flags(v) }},
	{func(r *ingest.Record) uint64 { return zigzag(r.At - r.Key) }, func(r *ingest.Record, v uint64) { r.At = r.Key + unzigzag(v) }},
	{func(r *ingest.Record) uint64 { return since(r.Until, r.Key) }, func(r *ingest.Record, v uint64) { r.Until = from(v, r.Key) }},
	{func(r *ingest.Record) uint64 { return uint64(r.From.User) }, func(r *ingest.Record, v uint64) { r.From.User = ingest.ID(v) }},
	{func(r *ingest.Record) uint64 { return uint64(r.From.Device) }, func(r *ingest.Record, v uint64) { r.From.Device = ingest.ID(v) }},
	{func(r *ingest.Record) uint64 { return uint64(r.From.Endpoint) }, func(r *ingest.Record, v uint64) { r.From.Endpoint = ingest.ID(v) }},
	{func(r *ingest.Record) uint64 { return uint64(r.From.Client) }, func(r *ingest.Record, v uint64) { r.From.Client = ingest.ID(v) }},
	{func(r *ingest.Record) uint64 { return uint64(r.From.Class) }, func(r *ingest.Record, v uint64) { r.From.Class = ingest.Class(v) }},
	{func(r *ingest.Record) uint64 { return uint64(r.To.User) }, func(r *ingest.Record, v uint64) { r.To.User = ingest.ID(v) }},
	{func(r *ingest.Record) uint64 { return uint64(r.To.Device) }, func(r *ingest.Record, v uint64) { r.To.Device = ingest.ID(v) }},
	{func(r *ingest.Record) uint64 { return uint64(r.To.Endpoint) }, func(r *ingest.Record, v uint64) { r.To.Endpoint = ingest.ID(v) }},
	{func(r *ingest.Record) uint64 { return uint64(r.To.Client) }, func(r *ingest.Record, v uint64) { r.To.Client = ingest.ID(v) }},
	{func(r *ingest.Record) uint64 { return uint64(r.To.Class) }, func(r *ingest.Record, v uint64) { r.To.Class = ingest.Class(v) }},
	{func(r *ingest.Record) uint64 { return uint64(r.Server) }, func(r *ingest.Record, v uint64) { r.Server = ingest.ID(v) }},
	{func(r *ingest.Record) uint64 { return uint64(r.Source) }, func(r *ingest.Record, v uint64) { r.Source = ingest.ID(v) }},
}

// key and line columns are stored as differences to the record before.
var ordered = [...]column{
	{func(r *ingest.Record) uint64 { return uint64(r.Key) }, func(r *ingest.Record, v uint64) { r.Key = int64(v) }},
	{func(r *ingest.Record) uint64 { return uint64(r.Line) }, func(r *ingest.Record, v uint64) { r.Line = uint32(v) }},
}

// hash columns are stored as varints when small and as eight bytes otherwise.
var hashes = [...]column{
	{func(r *ingest.Record) uint64 { return r.Seq }, func(r *ingest.Record, v uint64) { r.Seq = v }},
	{func(r *ingest.Record) uint64 { return r.Sub }, func(r *ingest.Record, v uint64) { r.Sub = v }},
	{func(r *ingest.Record) uint64 { return uint64(r.Kind) }, func(r *ingest.Record, v uint64) { r.Kind = ingest.Kind(v) }},
}

// since and from keep "not told" (0) apart from a difference of nothing.
func since(t, base int64) uint64 {
	if t == 0 {
		return 0
	}
	return zigzag(t-base) + 1
}

func from(v uint64, base int64) int64 {
	if v == 0 {
		return 0
	}
	return base + unzigzag(v-1)
}

func zigzag(v int64) uint64   { return uint64(v)<<1 ^ uint64(v>>63) }
func unzigzag(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }

// How a column is stored: the first byte of its part of the block.
const (
	same  = iota // one varint for all records
	each         // a varint for every record
	delta        // a varint difference to the record before
	wide         // eight bytes for every record
)

const version = 1

// Encode packs sorted records, at most Max of them.
func Encode(dst []byte, recs []ingest.Record) []byte {
	dst = append(dst, version)
	dst = binary.AppendUvarint(dst, uint64(len(recs)))
	if len(recs) == 0 {
		return dst
	}
	for _, c := range ordered {
		dst = encode(dst, recs, c, delta)
	}
	for _, c := range hashes {
		dst = encode(dst, recs, c, each)
	}
	for _, c := range columns {
		dst = encode(dst, recs, c, each)
	}
	return dst
}

func encode(dst []byte, recs []ingest.Record, c column, how byte) []byte {
	first, constant, size := c.get(&recs[0]), true, 0
	for i := range recs {
		v := c.get(&recs[i])
		constant = constant && v == first
		size += (bits.Len64(v|1) + 6) / 7
	}
	if constant {
		return binary.AppendUvarint(append(dst, same), first)
	}
	if how == each && size > 8*len(recs) {
		how = wide
	}
	dst = append(dst, how)
	var last uint64
	for i := range recs {
		v := c.get(&recs[i])
		switch how {
		case delta:
			dst = binary.AppendUvarint(dst, zigzag(int64(v-last)))
			last = v
		case wide:
			dst = binary.LittleEndian.AppendUint64(dst, v)
		default:
			dst = binary.AppendUvarint(dst, v)
		}
	}
	return dst
}

var errCut = errors.New("the block is cut or damaged")

// Decode unpacks a block and appends its records to dst, with file as the File
// of each. Damage is an error, never a panic or a wrong length.
func Decode(dst []ingest.Record, block []byte, file uint32) ([]ingest.Record, error) {
	if len(block) == 0 || block[0] != version {
		return dst, fmt.Errorf("block of unknown version: %w", errCut)
	}
	d := decoder{b: block[1:]}
	n := d.uvarint()
	if n > Max || d.err != nil {
		return dst, errCut
	}
	if n == 0 {
		return dst, nil
	}
	start := len(dst)
	dst = append(dst, make([]ingest.Record, n)...)
	recs := dst[start:]
	for i := range recs {
		recs[i].File = file
	}
	for _, c := range ordered {
		d.column(recs, c)
	}
	for _, c := range hashes {
		d.column(recs, c)
	}
	for _, c := range columns {
		d.column(recs, c)
	}
	if d.err != nil || len(d.b) != 0 {
		return dst[:start], errCut
	}
	return dst, nil
}

type decoder struct {
	b   []byte
	err error
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.err = errCut
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) column(recs []ingest.Record, c column) {
	if d.err != nil || len(d.b) == 0 {
		d.err = errCut
		return
	}
	how := d.b[0]
	d.b = d.b[1:]
	var v uint64
	switch how {
	case same:
		v = d.uvarint()
		for i := range recs {
			c.set(&recs[i], v)
		}
	case each:
		for i := range recs {
			c.set(&recs[i], d.uvarint())
		}
	case delta:
		for i := range recs {
			v += uint64(unzigzag(d.uvarint()))
			c.set(&recs[i], v)
		}
	case wide:
		if len(d.b) < 8*len(recs) {
			d.err = errCut
			return
		}
		for i := range recs {
			c.set(&recs[i], binary.LittleEndian.Uint64(d.b[8*i:]))
		}
		d.b = d.b[8*len(recs):]
	default:
		d.err = errCut
	}
}
