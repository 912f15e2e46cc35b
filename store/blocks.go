package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"math"
	"slices"

	"calaudit/ingest"
	"calaudit/store/segment"
)

// Families keep together the kinds of record that are read together.
const (
	signIns = iota + 1
	sessions
	meetings
	plain
)

var familyOf = [...]int{
	ingest.LoginRecord:   signIns,
	ingest.SessionRecord: sessions, ingest.VoiceRecord: sessions, ingest.MediaRecord: sessions,
	ingest.ConferenceRecord: meetings, ingest.JoinRecord: meetings, ingest.ServerJoinRecord: meetings,
	ingest.PlainRecord: plain,
}

const (
	dayMS = 24 * 60 * 60 * 1000
	// flushAt bounds how many records wait in memory: about 30 MB.
	flushAt = 1 << 18
	// showRejects is how many rejects a command shows; all are stored.
	showRejects = 5
)

func dayOf(ms int64) int64 {
	d := ms / dayMS
	if ms%dayMS < 0 {
		d--
	}
	return d
}

// flush stores the waiting records of the current file: sorted by day and
// family, without those that are stored already.
func (w *writer) flush(ctx context.Context) error {
	if len(w.waiting) == 0 {
		return nil
	}
	f := &w.files[w.current]
	recs := w.waiting
	kept := recs[:0]
	for i := range recs {
		if dayOf(recs[i].Key) < w.pruned && !outlasts(&recs[i]) {
			f.skips["of a day that was pruned"]++
			f.result.Tally.Skipped++
			continue
		}
		w.globalise(&recs[i], f)
		kept = append(kept, recs[i])
	}
	recs = kept
	// A family's records in the order of their keys are in the order of their
	// days too. Exports mostly come in that order already.
	order := func(a, b ingest.Record) int {
		if d := familyOf[a.Kind] - familyOf[b.Kind]; d != 0 {
			return d
		}
		return segment.Compare(&a, &b)
	}
	if !slices.IsSortedFunc(recs, order) {
		slices.SortFunc(recs, order)
	}
	for len(recs) > 0 {
		day, family := dayOf(recs[0].Key), familyOf[recs[0].Kind]
		n := 1
		for n < len(recs) && dayOf(recs[n].Key) == day && familyOf[recs[n].Kind] == family {
			n++
		}
		if err := w.group(ctx, f, day, family, recs[:n]); err != nil {
			return err
		}
		recs = recs[n:]
	}
	w.waiting = w.waiting[:0]
	return nil
}

// globalise replaces unit-local ids. The File field carries, until the block
// is written, whether an open sign-in is a phone's.
func (w *writer) globalise(r *ingest.Record, f *fileWriter) {
	r.File = 0
	if r.From.Device != 0 || w.phones[r.From.Client] {
		r.File = 1
	}
	for _, p := range []*ingest.Party{&r.From, &r.To} {
		p.User, p.Device, p.Endpoint, p.Client = w.ids[p.User], w.ids[p.Device], w.ids[p.Endpoint], w.ids[p.Client]
	}
	r.Server, r.Source = w.ids[r.Server], w.ids[r.Source]
	if at, ok := activityTime(r); ok {
		if !f.dated || at < f.first {
			f.first = at
		}
		if !f.dated || at > f.last {
			f.last = at
		}
		f.dated = true
	}
}

// activityTime is when a record's activity happened, for records that can be
// one by themselves.
func activityTime(r *ingest.Record) (int64, bool) {
	switch {
	case r.At == ingest.Undated, r.Kind == ingest.VoiceRecord, r.Kind == ingest.MediaRecord, r.Flags&ingest.Synthetic != 0:
		return 0, false
	}
	return r.At, true
}

// reach is how late a record still has effect: a phone that is signed in and
// a standing fact have no end.
func reach(r *ingest.Record) int64 {
	switch {
	case r.At == ingest.Undated, r.Kind == ingest.PlainRecord && r.Activity.Standing(),
		r.Kind == ingest.LoginRecord && r.Flags&ingest.Open != 0 && r.File == 1:
		return math.MaxInt64
	}
	return max(r.Key, r.At, r.Until)
}

// group stores the new ones of records that share a day and a family. Records
// that have effect beyond their day go into blocks of their own, so that later
// windows read few blocks of earlier days.
func (w *writer) group(ctx context.Context, f *fileWriter, day int64, family int, recs []ingest.Record) error {
	if err := w.load(ctx, day, family, recs[0].Key, recs[len(recs)-1].Key); err != nil {
		return err
	}
	fresh := recs[:0]
	i := 0
	for k := range recs {
		for i < len(w.old) && segment.Identity(&w.old[i], &recs[k]) < 0 {
			i++
		}
		known := i < len(w.old) && segment.Identity(&w.old[i], &recs[k]) == 0 ||
			len(fresh) > 0 && segment.Identity(&fresh[len(fresh)-1], &recs[k]) == 0
		f.count(!known)
		if !known {
			fresh = append(fresh, recs[k])
		}
	}
	f.records += len(fresh)
	if family == plain {
		if err := w.plainKeys(ctx, f, day, fresh); err != nil {
			return err
		}
	}
	var lasting []ingest.Record
	within := fresh[:0]
	for _, r := range fresh {
		if reach(&r) >= (day+1)*dayMS {
			lasting = append(lasting, r)
		} else {
			within = append(within, r)
		}
	}
	for _, recs := range [][]ingest.Record{within, lasting} {
		for len(recs) > 0 {
			n := min(len(recs), segment.Max)
			if err := w.block(ctx, f, day, family, recs[:n]); err != nil {
				return err
			}
			recs = recs[n:]
		}
	}
	return nil
}

// load reads what is stored for a day and family between two key times, sorted.
func (w *writer) load(ctx context.Context, day int64, family int, low, high int64) error {
	w.old = w.old[:0]
	st, err := w.stmt(ctx, "SELECT block FROM segment WHERE day=? AND family=? AND low<=? AND high>=?")
	if err != nil {
		return err
	}
	rows, err := st.QueryContext(ctx, day, family, high, low)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var block sql.RawBytes
		if err := rows.Scan(&block); err != nil {
			return err
		}
		if w.old, err = segment.Decode(w.old, block, 0); err != nil {
			return err
		}
	}
	slices.SortFunc(w.old, func(a, b ingest.Record) int { return segment.Identity(&a, &b) })
	return rows.Err()
}

// plainKeys files the keys of rows that have one and marks those that are
// there already with other content.
func (w *writer) plainKeys(ctx context.Context, f *fileWriter, day int64, recs []ingest.Record) error {
	for i := range recs {
		r := &recs[i]
		if r.Flags&ingest.Keyed == 0 {
			continue
		}
		var hash [16]byte
		binary.BigEndian.PutUint64(hash[:8], r.Seq)
		binary.BigEndian.PutUint64(hash[8:], r.Sub)
		// The record is new, so a key that is known stands for another row too.
		find, err := w.stmt(ctx, "SELECT EXISTS(SELECT 1 FROM plain_key WHERE hash=?)")
		if err != nil {
			return err
		}
		var twice bool
		if err := find.QueryRowContext(ctx, hash[:]).Scan(&twice); err != nil {
			return err
		}
		if twice {
			// Both rows are kept, so that the least can be found whatever comes
			// later, but they are one fact: this one is a duplicate of it.
			f.result.Tally.Stored--
			f.result.Tally.Duplicate++
			if _, err := w.added(ctx, "INSERT OR IGNORE INTO plain_conflict(hash) VALUES(?)", hash[:]); err != nil {
				return err
			}
		}
		if _, err := w.added(ctx, "INSERT OR IGNORE INTO plain_key(hash, day) VALUES(?,?)", hash[:], day); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) block(ctx context.Context, f *fileWriter, day int64, family int, recs []ingest.Record) error {
	var first, last any
	far := int64(math.MinInt64)
	for i := range recs {
		far = max(far, reach(&recs[i]))
		if at, ok := activityTime(&recs[i]); ok {
			if first == nil || at < first.(int64) {
				first = at
			}
			if last == nil || at > last.(int64) {
				last = at
			}
		}
	}
	st, err := w.stmt(ctx, "INSERT INTO segment(day, family, import, records, low, high, first, last, reach, block) VALUES(?,?,?,?,?,?,?,?,?,?)")
	if err != nil {
		return err
	}
	_, err = st.ExecContext(ctx, day, family, f.id, len(recs), recs[0].Key, recs[len(recs)-1].Key, first, last, far, segment.Encode(nil, recs))
	return err
}
