package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"calaudit/audit"
	"calaudit/store/segment"
)

// spanDays are the lengths of spans. A span begins at a multiple of its length
// and is made of the spans of the length before, the shortest of days: what a
// window needs is then always made of few pieces, wherever it begins, and a
// new day makes at most one span of each length anew.
var spanDays = [...]int64{8, 32, 128}

// span is one piece of a window: some days, or one. Two kinds are kept of it:
// what was done alike (counted), where calls are counted whoever the peer was,
// and the calls by class of the peer (called). Classes come from the audit.
type span struct {
	days, day int64
}

func (s span) end() int64 { return s.day + s.days }

// floorTo is the greatest multiple of n that is not above day.
func floorTo(day, n int64) int64 {
	return day - ((day%n)+n)%n
}

// spansIn are the spans of one length that lie in a window [from, to) of days.
func spansIn(days, from, to int64) (list []span) {
	for at := floorTo(from+days-1, days); at+days <= to; at += days {
		list = append(list, span{days, at})
	}
	return list
}

// pieces cuts a window of days into the longest spans there are.
func pieces(from, to int64) (list []span) {
	for from < to {
		piece := span{1, from}
		for _, n := range spanDays {
			if floorTo(from, n) == from && from+n <= to {
				piece = span{n, from}
			}
		}
		list = append(list, piece)
		from = piece.end()
	}
	return list
}

// days cuts a window of days into single ones.
func days(from, to int64) (list []span) {
	for day := from; day < to; day++ {
		list = append(list, span{1, day})
	}
	return list
}

// missingSpans are the spans of the window that are not there, or will not be
// when the changed days are summarised anew, shortest first. Days before the
// first and after the last record make none.
func missingSpans(ctx context.Context, q querier, from, to int64, kind int, changed []int64) ([]span, error) {
	var first, last sql.NullInt64
	err := q.QueryRowContext(ctx, "SELECT (SELECT min(day) FROM segment WHERE day>=?1), (SELECT max(day) FROM segment WHERE day<?2)", from, to).Scan(&first, &last)
	if err != nil || !first.Valid || !last.Valid {
		return nil, err
	}
	const longest = 128
	from, to = max(from, floorTo(first.Int64, longest)), min(to, floorTo(last.Int64, longest)+longest)
	there := map[span]bool{}
	err = each(ctx, q, "SELECT days, day FROM spanned WHERE kind=?", func(rows *sql.Rows) error {
		var s span
		err := rows.Scan(&s.days, &s.day)
		there[s] = true
		return err
	}, kind)
	if err != nil {
		return nil, err
	}
	for _, day := range changed {
		for _, n := range spanDays {
			delete(there, span{n, floorTo(day, n)})
		}
	}
	var list []span
	for _, n := range spanDays {
		for _, s := range spansIn(n, from, to) {
			if !there[s] {
				list = append(list, s)
			}
		}
	}
	return list, nil
}

// dropSpans removes what was made of a day.
func dropSpans(ctx context.Context, tx *sql.Tx, day int64) error {
	for _, n := range spanDays {
		at := floorTo(day, n)
		if _, err := tx.ExecContext(ctx, "DELETE FROM span WHERE days=? AND day=?; DELETE FROM spanned WHERE days=? AND day=?", n, at, n, at); err != nil {
			return err
		}
	}
	return nil
}

// fillSpans makes spans of a kind, shortest first, those of one length on all
// cores.
func fillSpans(ctx context.Context, tx *sql.Tx, spans []span, kind int, m merger) error {
	if len(spans) == 0 {
		return nil
	}
	put, err := tx.PrepareContext(ctx, "INSERT INTO span(days, day, kind, first, last, pages) VALUES(?,?,?,?,?,?)")
	if err != nil {
		return err
	}
	defer put.Close()
	fill := func(s span) error {
		w := &pageWriter{perRow: pagesPerSpanRow}
		w.save = func(ctx context.Context, row *summaryRow) error {
			_, err := put.ExecContext(ctx, s.days, s.day, row.kind, row.first, row.last, row.pages)
			return err
		}
		w.begin(s.day, kind)
		err := m.merge(ctx, tx, s, kind, func(e *spanEntry) error {
			b := &w.page
			b.user[b.n], b.nth[b.n], b.peer[b.n] = e.user, e.nth, e.peer
			b.count[b.n], b.first[b.n], b.span[b.n], b.segments[b.n] = e.count, e.first, e.last-e.first, 0
			if b.n++; b.n == segment.Max {
				return w.turn(ctx, 0)
			}
			return nil
		})
		if err := errors.Join(err, w.turn(ctx, 0), w.put(ctx)); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO spanned(days, day, kind) VALUES(?,?,?)", s.days, s.day, kind)
		return err
	}
	for len(spans) > 0 {
		n := 1
		for n < len(spans) && spans[n].days == spans[0].days {
			n++
		}
		if err := audit.AtATime(n, Workers(), func(i int) error { return fill(spans[i]) }); err != nil {
			return err
		}
		spans = spans[n:]
	}
	return nil
}

// spanEntry is a counted entry with its times in seconds from the first day of
// the span on.
type spanEntry struct {
	user, nth, peer    uint64
	count, first, last uint64
}

// merger makes spans of their parts.
type merger struct {
	// class is that of the peer of a call, for spans of calls alone.
	class func(user, nth, peer uint64) uint64
}

// merge yields what the parts of a span say together, in order.
func (m merger) merge(ctx context.Context, q querier, s span, kind int, yield func(*spanEntry) error) error {
	step := int64(1)
	for _, n := range spanDays {
		if n < s.days {
			step = n
		}
	}
	var parts []*spanReader
	defer func() {
		for _, r := range parts {
			r.rows.Close()
		}
	}()
	open := func(day int64, kind int, peer func(user, nth, peer uint64) uint64) error {
		r, err := readSpan(ctx, q, span{step, day}, kind, s.day)
		if err != nil {
			return err
		}
		r.peer = peer
		parts = append(parts, r)
		return r.next()
	}
	for day := s.day; day < s.end(); day += step {
		var err error
		switch {
		case step > 1:
			err = open(day, kind, nil)
		case kind == called:
			err = open(day, called, m.class)
		default:
			err = errors.Join(open(day, counted, nil), open(day, called, func(_, _, _ uint64) uint64 { return 0 }))
		}
		if err != nil {
			return err
		}
	}
	var theirs []spanEntry // of one user
	for {
		parts = slices.DeleteFunc(parts, func(r *spanReader) bool {
			if r.done {
				r.rows.Close()
			}
			return r.done
		})
		if len(parts) == 0 {
			return nil
		}
		user := parts[0].entry.user
		for _, r := range parts[1:] {
			user = min(user, r.entry.user)
		}
		theirs = theirs[:0]
		for _, r := range parts {
			for !r.done && r.entry.user == user {
				theirs = append(theirs, r.entry)
				if err := r.next(); err != nil {
					return err
				}
			}
		}
		if err := together(theirs, yield); err != nil {
			return err
		}
	}
}

// spanPeers is how many peers a span tells apart: classes.
const spanPeers = 8

// together yields what the entries of one user say of each usage and peer.
func together(list []spanEntry, yield func(*spanEntry) error) error {
	slices.SortFunc(list, func(a, b spanEntry) int {
		if a.nth != b.nth {
			return cmp.Compare(a.nth, b.nth)
		}
		return cmp.Compare(a.peer, b.peer)
	})
	for i := 0; i < len(list); {
		x, j := &list[i], i+1
		if x.peer >= spanPeers {
			return segment.ErrDamaged
		}
		for ; j < len(list) && list[j].nth == x.nth && list[j].peer == x.peer; j++ {
			x.count += list[j].count
			x.first, x.last = min(x.first, list[j].first), max(x.last, list[j].last)
		}
		if err := yield(x); err != nil {
			return err
		}
		i = j
	}
	return nil
}

// spanReader goes through the entries of a span or day, which are sorted.
type spanReader struct {
	what  span
	rows  *sql.Rows
	kind  int
	shift uint64 // seconds from the first day of the span that is made
	pages segment.Reader
	page  summaryPage
	peer  func(user, nth, peer uint64) uint64 // what stands for the peer; nil for the peer as it is
	at    int
	entry spanEntry
	done  bool
}

func readSpan(ctx context.Context, q querier, s span, kind int, from int64) (*spanReader, error) {
	r := &spanReader{what: s, kind: kind, shift: uint64(s.day-from) * (dayMS / 1000)}
	query, args := "SELECT pages FROM span WHERE days=? AND day=? AND kind=? ORDER BY id", []any{s.days, s.day, kind}
	if s.days == 1 {
		query, args = "SELECT pages FROM summary WHERE day=? AND kind=? ORDER BY id", []any{s.day, kind}
	}
	var err error
	r.rows, err = q.QueryContext(ctx, query, args...)
	return r, err
}

// next goes to the next entry, or sets done.
func (r *spanReader) next() error {
	for r.at++; r.at >= r.page.n; r.at = 0 {
		if err := r.turn(); err != nil {
			return fmt.Errorf("summary of %s: %w", dayText(r.what.day), err)
		}
		if r.done {
			return nil
		}
	}
	b, i := &r.page, r.at
	e := spanEntry{user: b.user[i], nth: b.nth[i], peer: b.peer[i], count: b.count[i], first: b.first[i] + r.shift, last: b.first[i] + b.span[i] + r.shift}
	if e.user < r.entry.user || e.user == r.entry.user && e.nth < r.entry.nth {
		return fmt.Errorf("summary of %s: %w", dayText(r.what.day), segment.ErrDamaged)
	}
	if r.peer != nil {
		e.peer = r.peer(e.user, e.nth, e.peer)
	}
	r.entry = e
	return nil
}

// turn reads the next page.
func (r *spanReader) turn() error {
	for r.pages.Done() {
		if !r.rows.Next() {
			r.done = true
			return r.rows.Err()
		}
		var pages []byte
		if err := r.rows.Scan(&pages); err != nil {
			return err
		}
		r.pages = *segment.NewReader(pages)
	}
	n := r.pages.Uvarint()
	r.pages.Uvarint()
	r.pages.Uvarint()
	page := r.pages.Bytes(n)
	if err := r.pages.Err(); err != nil {
		return err
	}
	return r.page.read(page, r.kind, false)
}
