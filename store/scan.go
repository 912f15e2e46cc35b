package store

import (
	"context"
	"database/sql"
	"fmt"
	"runtime"
	"sync"
	"time"

	"calaudit/ingest"
	"calaudit/store/segment"
)

// Newest returns the day of the newest activity, or ok false when the store
// holds no dated activity. A row that lost to another row of its key is none.
func (s *Store) Newest(ctx context.Context) (day time.Time, ok bool, err error) {
	var last sql.NullInt64
	if err := s.q.QueryRowContext(ctx, "SELECT max(last) FROM segment").Scan(&last); err != nil {
		return day, false, explain(err)
	}
	keys, err := s.conflictKeys(ctx)
	if err != nil {
		return day, false, err
	}
	newest := last.Int64
	if last.Valid && len(keys) > 0 {
		names, err := s.Names(ctx)
		if err != nil {
			return day, false, err
		}
		if newest, last.Valid, err = s.newestStanding(ctx, names); err != nil {
			return day, false, err
		}
	}
	if !last.Valid {
		return day, false, nil
	}
	return time.UnixMilli(dayOf(newest) * dayMS).UTC(), true, nil
}

// Oldest returns the first day that an export told something of, or ok false
// when none told of any.
func (s *Store) Oldest(ctx context.Context) (day time.Time, ok bool, err error) {
	var first sql.NullInt64
	if err := s.q.QueryRowContext(ctx, "SELECT min(day) FROM coverage").Scan(&first); err != nil {
		return day, false, explain(err)
	}
	return time.UnixMilli(first.Int64 * dayMS).UTC(), first.Valid, nil
}

// newestStanding finds the newest activity among records that hold, from the
// newest block back: with conflicts the blocks must be opened.
func (s *Store) newestStanding(ctx context.Context, names []ingest.Name) (at int64, ok bool, err error) {
	x, err := s.composing(ctx, names)
	if err != nil {
		return 0, false, err
	}
	rows, err := s.q.QueryContext(ctx, "SELECT last, block FROM segment WHERE last IS NOT NULL ORDER BY last DESC")
	if err != nil {
		return 0, false, explain(err)
	}
	defer rows.Close()
	var packed []segment.Row
	for rows.Next() {
		var last int64
		var block []byte
		if err := rows.Scan(&last, &block); err != nil {
			return 0, false, err
		}
		if ok && last <= at {
			break
		}
		if packed, err = segment.Decode(packed[:0], block, 0); err != nil {
			return 0, false, err
		}
		for i := range packed {
			if t, dated := activityTime(&packed[i]); dated && !x.conflicts.loses(&packed[i]) && (!ok || t > at) {
				at, ok = t, true
			}
		}
	}
	return at, ok, explain(rows.Err())
}

// Names returns the texts behind ids; the index is the id, Names[0] is unused.
func (s *Store) Names(ctx context.Context) ([]ingest.Name, error) {
	if s.names != nil {
		return s.names, nil
	}
	w := newNames()
	err := w.load(ctx, s.q)
	return w.values, explain(err)
}

// part is the blocks of one day that are composed together.
type part struct {
	day    int64
	blocks []block
}

type block struct {
	id, imported uint32
	family       int
	low, high    int64 // least and greatest key
	data         []byte
}

// composing turns blocks into facts. What stands behind the numbers is in
// memory, or, for the look-up of one person, read when it is asked for.
type composing struct {
	name           func(ingest.ID) ingest.Name
	party          func(uint32) ingest.Party
	names, parties int // how many there are
	conflicts      keyConflicts
}

func (s *Store) composing(ctx context.Context, names []ingest.Name) (*composing, error) {
	parties := s.parties
	if parties == nil {
		w := newParties()
		if err := w.load(ctx, s.q); err != nil {
			return nil, explain(err)
		}
		parties = w.values
	}
	if err := namesThere(parties, len(names)); err != nil {
		return nil, err
	}
	x := &composing{names: len(names), parties: len(parties),
		name:  func(id ingest.ID) ingest.Name { return names[id] },
		party: func(id uint32) ingest.Party { return parties[id] }}
	var err error
	x.conflicts, err = s.conflicts(ctx, x)
	return x, err
}

// workspace is what one worker uses again from day to day.
type workspace struct {
	rows     []segment.Row
	recs     []ingest.Record
	composer ingest.Composer
}

// sliceRows is how many rows are composed together on most days; tests lower it.
var sliceRows = 1 << 15

// slice is how much of a day is composed at a time, in ms: so that a part has
// some sliceRows rows and takes little memory, and whole minutes, for records that
// are composed together share a key or, where a tool has cut it, the minute.
func (p *part) slice() int64 {
	const least, most = 16, 24 * 60
	n := min(max(len(p.blocks)*segment.Max/sliceRows, least), most)
	return dayMS / most * int64(most/n)
}

// facts composes the blocks of a day, a part after the other, which is valid
// during the call. The File of a fact is what place makes of the block in which
// its record stands.
func (x *composing) facts(p part, place func(*block) uint32, w *workspace, call func([]ingest.Fact)) error {
	// What the quality database and traces say is held against everything else.
	err := x.unpackAll(p, place, w, func(b *block) bool { return b.family >= attested }, func(r *segment.Row) bool { return ingest.Beside(r.Kind, r.Flags) })
	if err != nil {
		return err
	}
	w.composer.Begin(w.recs, x.name)
	slice := p.slice()
	for from := p.day * dayMS; from < (p.day+1)*dayMS; from += slice {
		to := from + slice
		err := x.unpackAll(p, place, w, func(b *block) bool { return b.family < attested && b.high >= from && b.low < to },
			func(r *segment.Row) bool { return r.Key >= from && r.Key < to && !x.conflicts.loses(r) })
		if err != nil {
			return err
		}
		if len(w.recs) > 0 {
			call(w.composer.Part(w.recs))
		}
	}
	// The key of attested records is no time.
	err = x.unpackAll(p, place, w, func(b *block) bool { return b.family == attested }, func(r *segment.Row) bool { return !ingest.Beside(r.Kind, r.Flags) })
	if err != nil {
		return err
	}
	if len(w.recs) > 0 {
		call(w.composer.Part(w.recs))
	}
	if rest := w.composer.Rest(); len(rest) > 0 {
		call(rest)
	}
	return nil
}

// unpackAll makes the wanted records of the wanted blocks those of the worker.
func (x *composing) unpackAll(p part, place func(*block) uint32, w *workspace, wanted func(*block) bool, record func(*segment.Row) bool) error {
	w.recs = w.recs[:0]
	for i := range p.blocks {
		if b := &p.blocks[i]; wanted(b) {
			if err := x.unpack(b, place, w, record); err != nil {
				return err
			}
		}
	}
	return nil
}

// unpack adds the wanted records of a block to those of the worker.
func (x *composing) unpack(b *block, place func(*block) uint32, w *workspace, wanted func(*segment.Row) bool) error {
	var err error
	if w.rows, err = segment.Decode(w.rows[:0], b.data, place(b)); err != nil {
		return fmt.Errorf("block %d: %w", b.id, err)
	}
	for i := range w.rows {
		r := &w.rows[i]
		if !x.sound(r) || r.Key < b.low || r.Key > b.high {
			return fmt.Errorf("block %d: %w", b.id, segment.ErrDamaged)
		}
		if wanted(r) {
			w.recs = append(w.recs, r.Record(x.party(r.From), x.party(r.To)))
		}
	}
	return nil
}

// sound: everything that the row refers to is there.
func (x *composing) sound(r *segment.Row) bool {
	return int(max(r.From, r.To)) < x.parties && int(max(r.Server, r.Source)) < x.names
}

// byImport places facts in the file that they were read from.
func byImport(b *block) uint32 { return b.imported }

// Scan reads every fact that counts in the window [from, to): days, both UTC
// midnights. Each worker gets the facts of one day after the other, some at a
// time; call runs concurrently with different worker numbers, 0 to workers-1. At is the time that counts in
// the window (see ingest.Fact.In), File in a fact is the import id.
func (s *Store) Scan(ctx context.Context, names []ingest.Name, from, to time.Time, workers int, call func(worker int, facts []ingest.Fact)) error {
	x, err := s.composing(ctx, names)
	if err != nil {
		return err
	}
	spaces := make([]workspace, workers)
	return parts(ctx, s.q, `
		SELECT day, id, import, family, low, high, block FROM segment WHERE (day, family) IN (
			SELECT day, family FROM segment WHERE day>=?1 AND day<?2
			UNION SELECT day, family FROM segment WHERE reach>=?3 AND day<?1 AND reach>=(day+1)*86400000
		) ORDER BY day, family, id`, []any{dayOf(from.UnixMilli()), dayOf(to.UnixMilli()), from.UnixMilli()},
		workers, func(worker int, p part) error {
			return x.facts(p, byImport, &spaces[worker], func(facts []ingest.Fact) {
				counting := facts[:0]
				for _, f := range facts {
					if at, ok := f.In(from.UnixMilli(), to.UnixMilli()); ok {
						f.At, f.Until = at, 0
						counting = append(counting, f)
					}
				}
				call(worker, counting)
			})
		})
}

// Workers is how many days are composed at a time.
func Workers() int { return max(1, min(runtime.NumCPU(), 8)) }

// parts hands the blocks that a query yields to workers, a day at a time.
func parts(ctx context.Context, q querier, query string, args []any, workers int, call func(worker int, p part) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	days := make(chan part) // of which one more is being read
	var wg sync.WaitGroup
	for worker := range workers {
		wg.Go(func() {
			for p := range days {
				if ctx.Err() != nil {
					continue // drain
				}
				if err := call(worker, p); err != nil {
					cancel(fmt.Errorf("day %s: %w", dayText(p.day), err))
				}
			}
		})
	}
	err := send(ctx, q, query, args, days)
	close(days)
	wg.Wait()
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return explain(err)
}

func send(ctx context.Context, q querier, query string, args []any, days chan<- part) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	var p part
	flush := func() error {
		if len(p.blocks) == 0 {
			return nil
		}
		select {
		case days <- p:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for rows.Next() {
		var day int64
		var b block
		if err := rows.Scan(&day, &b.id, &b.imported, &b.family, &b.low, &b.high, &b.data); err != nil {
			return err
		}
		if day != p.day {
			if err := flush(); err != nil {
				return err
			}
			p = part{day: day}
		}
		p.blocks = append(p.blocks, b)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return flush()
}
