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
	attested
	quality
)

var familyOf = [...]int{
	ingest.LoginRecord:   signIns,
	ingest.SessionRecord: sessions, ingest.VoiceRecord: sessions, ingest.MediaRecord: sessions,
	ingest.ConferenceRecord: meetings, ingest.JoinRecord: meetings, ingest.ServerJoinRecord: meetings,
	ingest.PlainRecord: plain, ingest.AttestedRecord: attested,
	ingest.DialogRecord:  sessions,
	ingest.QualityRecord: quality, ingest.QualityLineRecord: quality, ingest.QualityDialogRecord: quality,
}

const (
	dayMS = 24 * 60 * 60 * 1000
	// flushAt is how many rows wait in memory: about 6 MB, and as much again to
	// sort them. Rows of a file that is not in the order of time wait until they
	// are flushFull: each flush reads what is stored of its days again.
	flushAt   = 1 << 16
	flushFull = 1 << 18
	// disorder is how far rows may stand from the order of time in ms.
	disorder = 60 * 60 * 1000
	// showRejects is how many rejects a command shows; all are stored.
	showRejects = 5
)

// noKey is before every key.
const noKey = math.MinInt64 + disorder

func dayOf(ms int64) int64 {
	d := ms / dayMS
	if ms%dayMS < 0 {
		d--
	}
	return d
}

// records takes a batch's records over as rows that wait for the next flush.
func (w *writer) records(f *fileWriter, recs []ingest.Record) {
	if len(recs) > 1<<10 && cap(w.waiting) < flushAt {
		w.waiting = slices.Grow(w.waiting, flushAt+1<<14) // and a batch above
	}
	for i := range recs {
		r := &recs[i]
		if r.Key < w.pruned*dayMS && !outlasts(r) {
			if i == 0 || !sameRow(r, &recs[i-1]) {
				f.skips["of a day that was pruned"]++
				f.result.Tally.Skipped++
			}
			continue
		}
		w.least = min(w.least, r.Key)
		w.waiting = append(w.waiting, segment.Row{Kind: r.Kind, Activity: r.Activity, Media: r.Media, Role: r.Role, Flags: r.Flags,
			Key: r.Key, Seq: r.Seq, Sub: r.Sub, At: r.At, Until: r.Until, From: w.party(&r.From), To: w.party(&r.To),
			Server: w.ids[r.Server], Source: w.ids[r.Source], Line: r.Line})
		if at, ok := activityTime(&w.waiting[len(w.waiting)-1]); ok {
			if !f.dated {
				f.first, f.last, f.dated = at, at, true
			}
			f.first, f.last = min(f.first, at), max(f.last, at)
		}
	}
}

// sameRow tells records that one source row gave: see ingest.Batch.Further.
func sameRow(a, b *ingest.Record) bool {
	return a.Kind == ingest.AttestedRecord && b.Kind == ingest.AttestedRecord && a.Line == b.Line
}

// party numbers one side of a record.
func (w *writer) party(p *ingest.Party) uint32 {
	return w.words.parties.id(ingest.Party{User: ingest.ID(w.ids[p.User]), Device: ingest.ID(w.ids[p.Device]),
		Endpoint: ingest.ID(w.ids[p.Endpoint]), Client: ingest.ID(w.ids[p.Client]), Class: p.Class})
}

// flush stores the waiting rows of the current file: sorted by family and key,
// which is by day too, without those that are stored already.
func (w *writer) flush(ctx context.Context) error {
	if len(w.waiting) == 0 {
		return nil
	}
	f := &w.files[w.current]
	rows := w.sorter.sort(w.waiting)
	// A few rows of a later time are no sign of disorder.
	w.flushed = max(w.flushed, rows[len(rows)*9/10].Key)
	w.least = math.MaxInt64
	for len(rows) > 0 {
		day, family := dayOf(rows[0].Key), familyOf[rows[0].Kind]
		end, n := (day+1)*dayMS, 1
		for n < len(rows) && rows[n].Key < end && familyOf[rows[n].Kind] == family {
			n++
		}
		if err := w.group(ctx, f, day, family, rows[:n]); err != nil {
			return err
		}
		rows = rows[n:]
	}
	w.waiting = w.waiting[:0]
	return nil
}

// due tells whether enough rows wait.
func (w *writer) due() bool {
	return len(w.waiting) >= flushFull || len(w.waiting) >= flushAt && w.least >= w.flushed-disorder
}

// activityTime is when a record's activity happened, for records that can be
// one by themselves.
func activityTime(r *segment.Row) (int64, bool) {
	switch {
	case r.At == ingest.Undated, r.Flags&ingest.Synthetic != 0:
		return 0, false
	}
	switch r.Kind {
	case ingest.VoiceRecord, ingest.MediaRecord, ingest.DialogRecord, ingest.QualityLineRecord, ingest.QualityDialogRecord:
		return 0, false
	}
	return r.At, true
}

// reach is how late a record still has effect: a phone that is signed in and
// a standing fact have no end.
func (v *vocabulary) reach(r *segment.Row) int64 {
	if (r.Kind == ingest.LoginRecord || r.Activity == ingest.IMLogin) && r.Flags&ingest.Open != 0 && v.phone(r.From) {
		return math.MaxInt64
	}
	return leastReach(r)
}

// leastReach is reach whoever signed in.
func leastReach(r *segment.Row) int64 {
	switch {
	case r.At == ingest.Undated, r.Activity.Standing():
		return math.MaxInt64
	case r.Kind == ingest.QualityRecord: // the end only tells which session of the call records it is
		return max(r.Key, r.At)
	}
	return max(r.Key, r.At, r.Until)
}

// group stores the new ones of rows that share a day and a family. Rows that
// have effect beyond their day go into blocks of their own, so that later
// windows read few blocks of earlier days.
func (w *writer) group(ctx context.Context, f *fileWriter, day int64, family int, rows []segment.Row) error {
	if err := w.findKnown(ctx, day, family, rows); err != nil {
		return err
	}
	fresh := rows[:0]
	var lines map[uint32]bool // of attested rows: whether any of its records is new
	if family == attested {
		lines = map[uint32]bool{}
	}
	for k := range rows {
		known := w.known[k] || len(fresh) > 0 && segment.Identity(&fresh[len(fresh)-1], &rows[k]) == 0
		if lines == nil {
			f.count(!known)
		} else {
			lines[rows[k].Line] = lines[rows[k].Line] || !known
		}
		if !known {
			fresh = append(fresh, rows[k])
		}
	}
	for _, added := range lines {
		f.count(added)
	}
	if len(fresh) == 0 {
		return nil
	}
	f.records += len(fresh)
	w.days[day] = true
	if family == plain {
		if err := w.plainKeys(ctx, f, day, fresh); err != nil {
			return err
		}
	}
	put, err := w.stmt(ctx, putSegment)
	if err != nil {
		return err
	}
	return putBlocks(ctx, put, w.words, f.id, day, family, fresh)
}

const putSegment = "INSERT INTO segment(day, family, import, records, low, high, first, last, reach, block) VALUES(?,?,?,?,?,?,?,?,?,?)"

// putBlocks stores sorted rows of one day and family. It changes their order.
func putBlocks(ctx context.Context, put *sql.Stmt, words *vocabulary, file, day int64, family int, rows []segment.Row) error {
	var lasting []segment.Row
	within := rows[:0]
	for i := range rows {
		if words.reach(&rows[i]) >= (day+1)*dayMS {
			lasting = append(lasting, rows[i])
		} else {
			within = append(within, rows[i])
		}
	}
	var packed []byte
	for _, rows := range [][]segment.Row{within, lasting} {
		for len(rows) > 0 {
			block := rows[:min(len(rows), segment.Max)]
			rows = rows[len(block):]
			var first, last any
			low, high, far := int64(math.MaxInt64), int64(math.MinInt64), int64(math.MinInt64)
			for i := range block {
				far = max(far, words.reach(&block[i]))
				if at, ok := activityTime(&block[i]); ok {
					low, high = min(low, at), max(high, at)
				}
			}
			if low <= high {
				first, last = low, high
			}
			packed = segment.Encode(packed[:0], block)
			if _, err := put.ExecContext(ctx, day, family, file, len(block), block[0].Key, block[len(block)-1].Key, first, last, far, packed); err != nil {
				return err
			}
		}
	}
	return nil
}

// findKnown marks the sorted rows of a day and family that are stored already.
// Blocks are held against them one at a time: they may be those of the whole
// day, when an export is not in the order of time.
func (w *writer) findKnown(ctx context.Context, day int64, family int, rows []segment.Row) error {
	w.known = append(w.known[:0], make([]bool, len(rows))...)
	st, err := w.stmt(ctx, "SELECT block FROM segment WHERE day=? AND family=? AND low<=? AND high>=?")
	if err != nil {
		return err
	}
	blocks, err := st.QueryContext(ctx, day, family, rows[len(rows)-1].Key, rows[0].Key)
	if err != nil {
		return err
	}
	defer blocks.Close()
	for blocks.Next() {
		var block sql.RawBytes
		if err := blocks.Scan(&block); err != nil {
			return err
		}
		if w.old, err = segment.Decode(w.old[:0], block, 0); err != nil {
			return err
		}
		at := 0
		for i := range w.old {
			if i > 0 && segment.Identity(&w.old[i-1], &w.old[i]) > 0 {
				at = 0 // blocks are sorted, but nothing else relies on it
			}
			at = firstFrom(rows, at, &w.old[i])
			for n := at; n < len(rows) && segment.Identity(&rows[n], &w.old[i]) == 0; n++ {
				w.known[n] = true
			}
		}
	}
	return blocks.Err()
}

// firstFrom finds the first of the sorted rows, none before at, that is not
// less than x, in steps that double: it is mostly near.
func firstFrom(rows []segment.Row, at int, x *segment.Row) int {
	end := at
	for step := 1; end < len(rows) && segment.Identity(&rows[end], x) < 0; step *= 2 {
		at, end = end+1, end+step
	}
	n, _ := slices.BinarySearchFunc(rows[at:min(end, len(rows))], x, func(a segment.Row, x *segment.Row) int { return segment.Identity(&a, x) })
	return at + n
}

// plainKeys files the keys of rows that have one and marks those that are
// there already with other content.
func (w *writer) plainKeys(ctx context.Context, f *fileWriter, day int64, rows []segment.Row) error {
	for i := range rows {
		r := &rows[i]
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
			// Which row holds may change on the other days of the key as well.
			if _, err := w.added(ctx, "DELETE FROM summarised WHERE day IN (SELECT day FROM plain_key WHERE hash=?)", hash[:]); err != nil {
				return err
			}
		}
		if _, err := w.added(ctx, "INSERT OR IGNORE INTO plain_key(hash, day) VALUES(?,?)", hash[:], day); err != nil {
			return err
		}
	}
	return nil
}

// dates drops the summaries of the days that got new records, and notes for
// which days there are activities.
func (w *writer) dates(ctx context.Context) error {
	for day := range w.days {
		if _, err := w.added(ctx, "DELETE FROM summarised WHERE day=?", day); err != nil {
			return err
		}
	}
	for i := range w.files {
		if f := &w.files[i]; f.records > 0 {
			if _, err := w.added(ctx, "INSERT OR IGNORE INTO coverage(format, day) "+covered+" AND i.id=?1", f.id); err != nil {
				return err
			}
		}
	}
	return nil
}
