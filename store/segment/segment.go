// Package segment packs records into blocks and back: sorted by natural key,
// column by column, seven to ten bytes a record of call details. It knows
// integers and rows, nothing of SQL.
package segment

import (
	"cmp"
	"fmt"
	"slices"

	"calaudit/ingest"
)

// Max is the most rows one block holds. Small blocks cost little more space
// and make it cheap to open the few that speak of one person.
const Max = 512

// Row is a record whose parties are numbers of the store's party table: the
// same user at the same endpoint with the same client comes again and again.
type Row struct {
	Key      int64
	Seq, Sub uint64
	At       int64
	Until    int64
	From, To uint32 // parties; 0 is nobody
	Server   uint32
	Source   uint32
	File     uint32
	Line     uint32
	Flags    ingest.Flags
	Kind     ingest.Kind
	Activity ingest.Activity
	Media    ingest.Media
	Role     ingest.Role
}

// Record gives the row its parties back.
func (r *Row) Record(from, to ingest.Party) ingest.Record {
	return ingest.Record{Kind: r.Kind, Activity: r.Activity, Media: r.Media, Role: r.Role, Flags: r.Flags,
		Key: r.Key, Seq: r.Seq, Sub: r.Sub, At: r.At, Until: r.Until, From: from, To: to,
		Server: ingest.ID(r.Server), Source: ingest.ID(r.Source), File: r.File, Line: r.Line}
}

// Compare orders rows by natural key first and by everything else after, File
// and Line last, so that equal records stand side by side.
func Compare(a, b *Row) int {
	if c := Identity(a, b); c != 0 {
		return c
	}
	if a.File != b.File {
		return cmp.Compare(a.File, b.File)
	}
	return cmp.Compare(a.Line, b.Line)
}

// Identity is Compare without File and Line: 0 means the same record. Written
// out field by field: it runs some twenty times for every record sorted.
func Identity(a, b *Row) int {
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
		return cmp.Compare(a.From, b.From)
	case a.To != b.To:
		return cmp.Compare(a.To, b.To)
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

// columns of a block, in the order in which they are stored. The order is part
// of the format: raise version when it or the meaning of one changes.
const (
	keyColumn = iota
	lineColumn
	seqColumn
	subColumn
	kindColumn
	activityColumn
	mediaColumn
	roleColumn
	flagsColumn
	atColumn    // difference to the key, zigzag
	untilColumn // the same plus one, 0 when not told
	fromColumn
	toColumn
	serverColumn
	sourceColumn
	columns
)

const version = 2

// get copies one column of the rows out. One loop for each column and not one
// for each row: this is most of the work of reading and writing blocks.
func get(column int, rows []Row, out []uint64) {
	out = out[:len(rows)]
	switch column {
	case keyColumn:
		for i := range rows {
			out[i] = uint64(rows[i].Key)
		}
	case lineColumn:
		for i := range rows {
			out[i] = uint64(rows[i].Line)
		}
	case seqColumn:
		for i := range rows {
			out[i] = rows[i].Seq
		}
	case subColumn:
		for i := range rows {
			out[i] = rows[i].Sub
		}
	case kindColumn:
		for i := range rows {
			out[i] = uint64(rows[i].Kind)
		}
	case activityColumn:
		for i := range rows {
			out[i] = uint64(rows[i].Activity)
		}
	case mediaColumn:
		for i := range rows {
			out[i] = uint64(rows[i].Media)
		}
	case roleColumn:
		for i := range rows {
			out[i] = uint64(rows[i].Role)
		}
	case flagsColumn:
		for i := range rows {
			out[i] = uint64(rows[i].Flags)
		}
	case atColumn:
		for i := range rows {
			out[i] = zigzag(rows[i].At - rows[i].Key)
		}
	case untilColumn:
		for i := range rows {
			if out[i] = 0; rows[i].Until != 0 {
				out[i] = zigzag(rows[i].Until-rows[i].Key) + 1
			}
		}
	case fromColumn:
		for i := range rows {
			out[i] = uint64(rows[i].From)
		}
	case toColumn:
		for i := range rows {
			out[i] = uint64(rows[i].To)
		}
	case serverColumn:
		for i := range rows {
			out[i] = uint64(rows[i].Server)
		}
	case sourceColumn:
		for i := range rows {
			out[i] = uint64(rows[i].Source)
		}
	}
}

// set is the reverse of get. The key column comes first: others refer to it.
func set(column int, rows []Row, in []uint64) {
	in = in[:len(rows)]
	switch column {
	case keyColumn:
		for i := range rows {
			rows[i].Key = int64(in[i])
		}
	case lineColumn:
		for i := range rows {
			rows[i].Line = uint32(in[i])
		}
	case seqColumn:
		for i := range rows {
			rows[i].Seq = in[i]
		}
	case subColumn:
		for i := range rows {
			rows[i].Sub = in[i]
		}
	case kindColumn:
		for i := range rows {
			rows[i].Kind = ingest.Kind(in[i])
		}
	case activityColumn:
		for i := range rows {
			rows[i].Activity = ingest.Activity(in[i])
		}
	case mediaColumn:
		for i := range rows {
			rows[i].Media = ingest.Media(in[i])
		}
	case roleColumn:
		for i := range rows {
			rows[i].Role = ingest.Role(in[i])
		}
	case flagsColumn:
		for i := range rows {
			rows[i].Flags = ingest.Flags(in[i])
		}
	case atColumn:
		for i := range rows {
			rows[i].At = rows[i].Key + unzigzag(in[i])
		}
	case untilColumn:
		for i := range rows {
			if rows[i].Until = 0; in[i] != 0 {
				rows[i].Until = rows[i].Key + unzigzag(in[i]-1)
			}
		}
	case fromColumn:
		for i := range rows {
			rows[i].From = uint32(in[i])
		}
	case toColumn:
		for i := range rows {
			rows[i].To = uint32(in[i])
		}
	case serverColumn:
		for i := range rows {
			rows[i].Server = uint32(in[i])
		}
	case sourceColumn:
		for i := range rows {
			rows[i].Source = uint32(in[i])
		}
	}
}

// Encode packs sorted rows, at most Max of them.
func Encode(dst []byte, rows []Row) []byte {
	dst = append(dst, version, byte(len(rows)), byte(len(rows)>>8))
	var values [Max]uint64
	for c := range columns {
		get(c, rows, values[:])
		dst = AppendColumn(dst, values[:len(rows)])
	}
	return dst
}

// Decode unpacks a block and appends its rows to dst, with file as the File of
// each. Damage is an error, never a panic or a wrong length.
func Decode(dst []Row, block []byte, file uint32) ([]Row, error) {
	if len(block) < 3 || block[0] != version {
		return dst, fmt.Errorf("block of unknown version: %w", ErrDamaged)
	}
	n := int(block[1]) | int(block[2])<<8
	if n > Max {
		return dst, ErrDamaged
	}
	start := len(dst)
	dst = slices.Grow(dst, n)[:start+n]
	rows := dst[start:]
	r := Reader{b: block[3:]}
	var values [Max]uint64
	for c := range columns {
		r.Column(values[:n])
		set(c, rows, values[:])
	}
	for i := range rows {
		rows[i].File = file
	}
	if err := r.End(); err != nil {
		return dst[:start], err
	}
	return dst, nil
}
