package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"slices"

	"calaudit/ingest"
	"calaudit/store/segment"
)

// packEvidence is the part of migration 2 that SQL cannot do: it carries the
// names, the rows of look-up tables and the records of schema 1 over into
// blocks.
func packEvidence(ctx context.Context, tx *sql.Tx) error {
	v := &vocabulary{names: newNames(), parties: newParties(), lookups: newLookups()}
	if err := v.oldNames(ctx, tx); err != nil {
		return err
	}
	err := each(ctx, tx, "SELECT hash FROM lookup ORDER BY hash", func(rows *sql.Rows) error {
		var hash []byte
		err := rows.Scan(&hash)
		if err == nil && len(hash) == len(rowHash{}) {
			v.lookups.id(rowHash(hash))
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := v.oldSegments(ctx, tx); err != nil {
		return err
	}
	if err := v.save(ctx, tx); err != nil {
		return err
	}
	if _, err = tx.ExecContext(ctx, "DROP TABLE segment_1; DROP TABLE name; DROP TABLE lookup"); err != nil {
		return err
	}
	return recoverCoverage(ctx, tx)
}

// oldNames keeps the numbers of schema 1. What was pruned there is a gap here.
func (v *vocabulary) oldNames(ctx context.Context, tx *sql.Tx) error {
	return each(ctx, tx, "SELECT id, kind, text FROM name ORDER BY id", func(rows *sql.Rows) error {
		var id int
		var n ingest.Name
		if err := rows.Scan(&id, &n.Kind, &n.Text); err != nil {
			return err
		}
		for len(v.names.values) < id {
			v.names.values = append(v.names.values, ingest.Name{})
		}
		v.names.values = append(v.names.values, n)
		return nil
	})
}

func (v *vocabulary) oldSegments(ctx context.Context, tx *sql.Tx) error {
	put, err := tx.PrepareContext(ctx, putSegment)
	if err != nil {
		return err
	}
	defer put.Close()
	return each(ctx, tx, "SELECT day, family, import, block FROM segment_1 ORDER BY id", func(rows *sql.Rows) error {
		var day, file int64
		var family int
		var block []byte
		if err := rows.Scan(&day, &family, &file, &block); err != nil {
			return err
		}
		recs, err := decodeBlock1(block)
		if err != nil {
			return err
		}
		for i := range recs {
			for _, n := range recs[i].Names() {
				if int(n) >= len(v.names.values) {
					return segment.ErrDamaged
				}
			}
		}
		packed := make([]segment.Row, len(recs))
		for i := range recs {
			r := &recs[i]
			packed[i] = segment.Row{Kind: r.Kind, Activity: r.Activity, Media: r.Media, Role: r.Role, Flags: r.Flags,
				Key: r.Key, Seq: r.Seq, Sub: r.Sub, At: r.At, Until: r.Until, From: v.parties.id(r.From), To: v.parties.id(r.To),
				Server: uint32(r.Server), Source: uint32(r.Source), Line: r.Line}
		}
		slices.SortFunc(packed, func(a, b segment.Row) int { return segment.Compare(&a, &b) })
		return putBlocks(ctx, put, v, file, day, family, packed)
	})
}

// each calls for every row of a query.
func each(ctx context.Context, q querier, query string, call func(*sql.Rows) error, args ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := call(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// block1 is the form of the blocks of schema 1: for each column of up to 4096
// records how it is stored, then its values.
type block1 struct {
	b   []byte
	n   int
	err error
}

var errBlock1 = errors.New("a block of records is damaged; restore a copy of the database")

func (d *block1) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.err, d.b = errBlock1, nil
		return 0
	}
	d.b = d.b[n:]
	return v
}

// column gives the values of the next column to set, one after the other.
func (d *block1) column(set func(i int, v uint64)) {
	if len(d.b) == 0 {
		d.err = errBlock1
		return
	}
	how := d.b[0]
	d.b = d.b[1:]
	var v uint64
	if how == 0 { // one value for all
		v = d.uvarint()
	}
	for i := range d.n {
		switch how {
		case 0:
		case 1: // a varint each
			v = d.uvarint()
		case 2: // the difference to the one before
			u := d.uvarint()
			v += u>>1 ^ -(u & 1)
		case 3: // eight bytes each
			if len(d.b) < 8 {
				d.err = errBlock1
				return
			}
			v = binary.LittleEndian.Uint64(d.b)
			d.b = d.b[8:]
		default:
			d.err = errBlock1
			return
		}
		set(i, v)
	}
}

func decodeBlock1(block []byte) ([]ingest.Record, error) {
	const most = 4096
	if len(block) == 0 || block[0] != 1 {
		return nil, errBlock1
	}
	d := &block1{b: block[1:]}
	n := d.uvarint()
	if n > most || d.err != nil {
		return nil, errBlock1
	}
	d.n = int(n)
	recs := make([]ingest.Record, n)
	if n == 0 {
		return recs, nil
	}
	signed := func(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }
	d.column(func(i int, v uint64) { recs[i].Key = int64(v) })
	d.column(func(i int, v uint64) { recs[i].Line = uint32(v) })
	d.column(func(i int, v uint64) { recs[i].Seq = v })
	d.column(func(i int, v uint64) { recs[i].Sub = v })
	d.column(func(i int, v uint64) { recs[i].Kind = ingest.Kind(v) })
	d.column(func(i int, v uint64) { recs[i].Activity = ingest.Activity(v) })
	d.column(func(i int, v uint64) { recs[i].Media = ingest.Media(v) })
	d.column(func(i int, v uint64) { recs[i].Role = ingest.Role(v) })
	d.column(func(i int, v uint64) { recs[i].Flags = ingest.Flags(v) })
	d.column(func(i int, v uint64) { recs[i].At = recs[i].Key + signed(v) })
	d.column(func(i int, v uint64) {
		if v != 0 {
			recs[i].Until = recs[i].Key + signed(v-1)
		}
	})
	for _, side := range []func(i int) *ingest.Party{
		func(i int) *ingest.Party { return &recs[i].From }, func(i int) *ingest.Party { return &recs[i].To }} {
		d.column(func(i int, v uint64) { side(i).User = ingest.ID(v) })
		d.column(func(i int, v uint64) { side(i).Device = ingest.ID(v) })
		d.column(func(i int, v uint64) { side(i).Endpoint = ingest.ID(v) })
		d.column(func(i int, v uint64) { side(i).Client = ingest.ID(v) })
		d.column(func(i int, v uint64) { side(i).Class = ingest.Class(v) })
	}
	d.column(func(i int, v uint64) { recs[i].Server = ingest.ID(v) })
	d.column(func(i int, v uint64) { recs[i].Source = ingest.ID(v) })
	if d.err != nil || len(d.b) != 0 {
		return nil, errBlock1
	}
	for i := range recs {
		if k := int(recs[i].Kind); k == 0 || k >= len(familyOf) {
			return nil, errBlock1
		}
	}
	return recs, nil
}
