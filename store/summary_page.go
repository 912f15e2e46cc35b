package store

import (
	"context"
	"encoding/binary"
	"math"
	"slices"

	"calaudit/ingest"
	"calaudit/store/segment"
)

// summaryPage is the columns of one page. A counted entry is what one user did
// alike on the day (or the days of a span), with one peer where that matters; a
// loose one is a single fact.
type summaryPage struct {
	n                  int
	user, nth, peer    [segment.Max]uint64
	count, first, span [segment.Max]uint64 // counted: first in seconds of the day or span, seconds from first to last
	at, until          [segment.Max]uint64 // loose: see putLoose
	segments           [segment.Max]uint64 // how many segments the facts stand in
	where              []uint64            // which, one entry after the other
	packed             []byte
}

// summaryRow is a row of the table in the making: some pages.
type summaryRow struct {
	day         int64
	kind        int
	n           int // pages
	first, last uint64
	reach       int64
	pages       []byte
}

// mostPlaces bounds how many segments the entries of a page may name in all: a
// damaged page must not take memory beyond it. Pages are cut long before.
const mostPlaces = 1 << 20

// Pages in a row: an audit reads mostly spans, of which rows should be few; the
// look-up of one person reads a page of every day.
const (
	pagesPerDayRow  = 1
	pagesPerSpanRow = 4
)

// pageWriter gathers entries to pages and pages to rows.
type pageWriter struct {
	perRow int // pages
	page   summaryPage
	row    summaryRow
	save   func(ctx context.Context, row *summaryRow) error
}

func (w *pageWriter) begin(day int64, kind int) {
	w.row = summaryRow{day: day, kind: kind, pages: w.row.pages[:0]}
}

// turn adds the page to the row and empties it.
func (w *pageWriter) turn(ctx context.Context, reach int64) error {
	b, row := &w.page, &w.row
	if b.n == 0 {
		return nil
	}
	out := binary.AppendUvarint(b.packed[:0], uint64(b.n))
	for _, column := range b.columns(row.kind) {
		out = segment.AppendColumn(out, column[:b.n])
	}
	out = binary.AppendUvarint(out, uint64(len(b.where)))
	b.packed = segment.AppendColumn(out, b.where)
	first, last := b.user[0], b.user[b.n-1]
	if row.n == 0 {
		row.first, row.reach = first, reach
	}
	row.last, row.reach = last, max(row.reach, reach)
	row.pages = binary.AppendUvarint(row.pages, uint64(len(b.packed)))
	row.pages = binary.AppendUvarint(row.pages, first)
	row.pages = binary.AppendUvarint(row.pages, last-first)
	row.pages = append(row.pages, b.packed...)
	b.n, b.where = 0, b.where[:0]
	if row.n++; row.n == w.perRow {
		return w.put(ctx)
	}
	return nil
}

// put stores the row and empties it.
func (w *pageWriter) put(ctx context.Context) error {
	row := &w.row
	if row.n == 0 {
		return nil
	}
	err := w.save(ctx, row)
	row.n, row.pages = 0, row.pages[:0]
	return err
}

func (b *summaryPage) columns(kind int) []*[segment.Max]uint64 {
	if kind == loose {
		return []*[segment.Max]uint64{&b.user, &b.nth, &b.peer, &b.at, &b.until, &b.segments}
	}
	return []*[segment.Max]uint64{&b.user, &b.nth, &b.peer, &b.count, &b.first, &b.span, &b.segments}
}

// eachPage unpacks the pages of a row that may hold the user, or all.
func (b *summaryPage) eachPage(pages []byte, kind int, user uint64, where bool, call func() error) error {
	r := segment.NewReader(pages)
	for !r.Done() {
		n, first, span := r.Uvarint(), r.Uvarint(), r.Uvarint()
		page := r.Bytes(n)
		if err := r.Err(); err != nil {
			return err
		}
		if user != everybody && (user < first || user-first > span) {
			continue
		}
		if err := b.read(page, kind, where); err != nil {
			return err
		}
		if err := call(); err != nil {
			return err
		}
	}
	return nil
}

const everybody = math.MaxUint64

// read unpacks a page, and where the facts stand when that is asked for.
func (b *summaryPage) read(page []byte, kind int, where bool) error {
	r := segment.NewReader(page)
	n := r.Uvarint()
	if n > segment.Max {
		return segment.ErrDamaged
	}
	b.n = int(n)
	columns := b.columns(kind)
	if !where {
		columns = columns[:len(columns)-1]
	}
	for _, column := range columns {
		r.Column(column[:n])
	}
	if !where {
		return r.Err()
	}
	total, sum := r.Uvarint(), uint64(0)
	for _, k := range b.segments[:n] {
		if k > mostPlaces {
			return segment.ErrDamaged
		}
		sum += k
	}
	if sum != total || total > mostPlaces {
		return segment.ErrDamaged
	}
	b.where = slices.Grow(b.where[:0], int(total))[:total]
	r.Column(b.where)
	return r.End()
}

// fact is a loose entry as far as ingest.Fact.In needs it.
func (b *summaryPage) fact(i int, day int64, activity ingest.Activity) ingest.Fact {
	f := ingest.Fact{At: day*dayMS + unzigzag(b.at[i]), Activity: activity}
	switch b.until[i] {
	case 0:
	case 1:
		f.Until = ingest.LastsOn
	default:
		f.Until = f.At + int64(b.until[i]-2)
	}
	return f
}

func zigzag(v int64) uint64   { return uint64(v)<<1 ^ uint64(v>>63) }
func unzigzag(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }
