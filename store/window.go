package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"calaudit/audit"
	"calaudit/ingest"
	"calaudit/store/segment"
)

// Window is the evidence of a period, grouped as an audit needs it. It holds a
// few bytes for every usage, whatever the number of facts.
type Window struct {
	s        *Store
	from, to int64 // ms
	table    *usageTable
	start    []uint32                       // by user: index of its first usage
	usage    []uint32                       // by index: number of the usage
	sums     []sum                          // by index
	classes  atomic.Pointer[[]ingest.Class] // that Calls was first asked with
	byDay    bool                           // calls are read day by day
}

// sum counts the facts of one usage.
type sum struct {
	count       uint32
	first, last uint32 // seconds since 1970; 0 when no fact is dated
}

func (x *sum) add(count, first, last uint32) {
	x.count += count
	if first != 0 && (x.first == 0 || first < x.first) {
		x.first = first
	}
	x.last = max(x.last, last)
}

// Window folds the facts that count in [from, to), both UTC midnights. Days
// that were not summarised before are read now, and their summary is kept.
func (s *Store) Window(ctx context.Context, names []ingest.Name, from, to time.Time) (*Window, error) {
	w := &Window{s: s, from: from.UnixMilli(), to: to.UnixMilli()}
	days, usages, err := s.summarise(ctx, names, w.from, w.to)
	if err != nil {
		return nil, err
	}
	if days > 7 && len(names) > 1<<16 {
		debug.FreeOSMemory() // what that took is not needed any more
	}
	if w.table = usages; w.table == nil {
		if w.table, err = loadUsages(ctx, s.q); err != nil {
			return nil, explain(err)
		}
	}
	w.table.slots = nil // nothing is looked up any more
	for i := range w.table.values {
		k := &w.table.values[i]
		if int(max(k.User, k.Device, k.Endpoint, k.Client, k.Server)) >= len(names) {
			return nil, fmt.Errorf("usage %d: %w", i, segment.ErrDamaged)
		}
	}
	w.start, w.usage = w.table.list()
	w.sums = make([]sum, len(w.usage))
	return w, w.add(ctx, w.sums, counted, func(index uint32, _ uint64, _ bool) (uint32, bool) { return index, true })
}

// rowPages is one row of a summary or span on its way to a worker.
type rowPages struct {
	span
	kind  int
	pages []byte
	// Least and greatest user: the row goes to the workers that have them.
	first, last uint64
}

// rowsAhead is how many rows, of some KB each, may wait for a worker: those of a
// span come in the order of users, so that with fewer one worker would have
// nothing to do while the rows of the other come.
const rowsAhead = 256

// place says where an entry is summed up. Those of spans have a class for the peer.
type place func(index uint32, peer uint64, class bool) (at uint32, ok bool)

// add sums every entry that counts up, or from a kind on only the calls and
// the single facts, on all cores: each worker has users of its own.
func (w *Window) add(ctx context.Context, sums []sum, kind int, place place) error {
	bounds := w.shares(Workers())
	workers := len(bounds) - 1
	rows, errs := make([]chan rowPages, workers), make([]error, workers)
	var wg sync.WaitGroup
	for worker := range workers {
		rows[worker] = make(chan rowPages, rowsAhead)
		wg.Go(func() {
			low, high := bounds[worker], bounds[worker+1]
			var b summaryPage
			for r := range rows[worker] {
				if errs[worker] != nil {
					continue // drain
				}
				err := b.eachPage(r.pages, r.kind, everybody, false, func() error {
					return w.page(&b, &r, low, high, sums, place)
				})
				if err != nil {
					errs[worker] = fmt.Errorf("summary of %s: %w", dayText(r.day), err)
				}
			}
		})
	}
	err := w.rows(ctx, kind, func(r rowPages) {
		for worker := range workers {
			if r.first < bounds[worker+1] && r.last >= bounds[worker] {
				rows[worker] <- r
			}
		}
	})
	for worker := range workers {
		close(rows[worker])
	}
	wg.Wait()
	for _, e := range errs {
		if err == nil {
			err = e
		}
	}
	return explain(err)
}

// shares cuts the users into parts with as many usages each.
func (w *Window) shares(n int) []uint64 {
	bounds := []uint64{0}
	for user, start := range w.start {
		if len(bounds) < n && int(start) >= len(w.usage)*len(bounds)/n && uint64(user) > bounds[len(bounds)-1] {
			bounds = append(bounds, uint64(user))
		}
	}
	return append(bounds, everybody)
}

// rows reads what is stored of the window: spans as far as they go, else days,
// and the single facts of all days that reach into it.
func (w *Window) rows(ctx context.Context, kind int, call func(r rowPages)) error {
	take := func(q *sql.Rows) error {
		var r rowPages
		var first, last int64
		if err := q.Scan(&r.days, &r.day, &r.kind, &first, &last, &r.pages); err != nil {
			return err
		}
		if r.first, r.last = uint64(first), uint64(last); first < 0 || first > last {
			return fmt.Errorf("summary of %s: %w", dayText(r.day), segment.ErrDamaged)
		}
		call(r)
		return nil
	}
	from, to := dayOf(w.from), dayOf(w.to)
	err := each(ctx, w.s.q, `SELECT 1, day, kind, first, last, pages FROM summary WHERE kind=3 AND day>=?1 AND day<?2
		UNION ALL SELECT 1, day, kind, first, last, pages FROM summary WHERE kind=3 AND reach>=?3 AND day<?1`, take, from, to, w.from)
	cut := pieces
	if w.byDay {
		cut = days
	}
	for _, piece := range cut(from, to) {
		if err != nil {
			return err
		}
		if piece.days == 1 {
			err = each(ctx, w.s.q, "SELECT 1, day, kind, first, last, pages FROM summary WHERE day=? AND kind>=? AND kind<3", take, piece.day, kind)
		} else {
			err = each(ctx, w.s.q, "SELECT days, day, kind, first, last, pages FROM span WHERE days=? AND day=? AND kind=?", take, piece.days, piece.day, kind)
		}
	}
	return err
}

// page sums the entries of the users from low to high.
func (w *Window) page(b *summaryPage, r *rowPages, low, high uint64, sums []sum, place place) error {
	midnight := uint32(r.day * (dayMS / 1000))
	if b.n > 0 && (b.user[0] < r.first || b.user[b.n-1] > r.last) {
		return segment.ErrDamaged // users of others, who were not given the row
	}
	for i := range b.n {
		user := b.user[i]
		if user < low || user >= high {
			continue
		}
		if user >= uint64(len(w.table.many)) || b.nth[i] >= uint64(w.table.many[user]) {
			return segment.ErrDamaged
		}
		index := w.start[user] + uint32(b.nth[i])
		at, ok := place(index, b.peer[i], r.days > 1)
		if !ok {
			continue
		}
		if r.kind != loose {
			first := midnight + uint32(b.first[i])
			sums[at].add(uint32(b.count[i]), first, first+uint32(b.span[i]))
			continue
		}
		f := b.fact(i, r.day, w.table.values[w.usage[index]].Activity)
		switch when, ok := f.In(w.from, w.to); {
		case !ok:
		case when == ingest.Undated:
			sums[at].add(1, 0, 0)
		default:
			sums[at].add(1, uint32(when/1000), uint32(when/1000))
		}
	}
	return nil
}

// Usages are the usages of the window, calls without regard to peers.
func (w *Window) Usages() []audit.Usage {
	return listed(w.sums, w.usageOf)
}

// listed makes usages of the sums that hold something, on all cores.
func listed(sums []sum, usage func(i uint32, x *sum) audit.Usage) []audit.Usage {
	return kept(len(sums), func(i int) bool { return sums[i].count > 0 }, func(i int) audit.Usage { return usage(uint32(i), &sums[i]) })
}

// kept makes something of each of the n that are wanted, on all cores.
func kept[T any](n int, wanted func(i int) bool, of func(i int) T) []T {
	const together = 16 << 10
	parts := (n + together - 1) / together
	at := make([]int, parts+1) // where those of a part begin
	audit.OnCores(parts, 1, func(part int) {
		for i := part * together; i < min((part+1)*together, n); i++ {
			at[part+1] += bit(wanted(i))
		}
	})
	for part := range parts {
		at[part+1] += at[part]
	}
	list := make([]T, at[parts])
	audit.OnCores(parts, 1, func(part int) {
		next := list[at[part]:]
		for i := part * together; i < min((part+1)*together, n); i++ {
			if wanted(i) {
				next[0] = of(i)
				next = next[1:]
			}
		}
	})
	return list
}

func (w *Window) usageOf(index uint32, x *sum) audit.Usage {
	u := audit.Usage{UsageKey: w.table.values[w.usage[index]], Count: int(x.count), First: ingest.Undated, Last: ingest.Undated}
	if x.first != 0 {
		u.First, u.Last = int64(x.first)*1000, int64(x.last)*1000
	}
	return u
}

// Calls are the calls of the window again, apart by the class of the peer.
// class is by name. The spans of calls are kept for the classes of the first
// question, which is the audit's: who asks again with others asks what would be
// if somebody were somebody else, and that is read day by day.
func (w *Window) Calls(ctx context.Context, class []ingest.Class) ([]audit.Usage, error) {
	own := slices.Clone(class)
	if !w.classes.CompareAndSwap(nil, &own) && !slices.Equal(*w.classes.Load(), class) {
		w = &Window{s: w.s, from: w.from, to: w.to, table: w.table, start: w.start, usage: w.usage, sums: w.sums, byDay: true}
	}
	const classes = spanPeers
	calls := kept(len(w.sums), func(i int) bool { return w.sums[i].count > 0 && w.table.values[w.usage[i]].Activity.Call() }, func(i int) uint32 { return uint32(i) })
	number := make([]uint32, len(w.sums)) // of the calls, from 1
	for n, i := range calls {
		number[i] = uint32(n) + 1
	}
	of := func(peerPSTN bool, peer uint64) ingest.Class {
		switch {
		case peer != 0 && peer < uint64(len(class)):
			return class[peer] % classes
		case peerPSTN:
			return ingest.PSTN
		}
		return ingest.NoClass
	}
	if !w.byDay {
		if err := w.callSpans(ctx, class, of); err != nil {
			return nil, err
		}
	}
	sums := make([]sum, len(calls)*classes)
	err := w.add(ctx, sums, called, func(index uint32, peer uint64, told bool) (uint32, bool) {
		n := number[index]
		if n == 0 {
			return 0, false
		}
		at := ingest.Class(peer % classes)
		if !told {
			at = of(w.table.values[w.usage[index]].PeerPSTN, peer)
		}
		return (n-1)*classes + uint32(at), true
	})
	if err != nil {
		return nil, err
	}
	return listed(sums, func(i uint32, x *sum) audit.Usage {
		u := w.usageOf(calls[i/classes], x)
		u.Peer = ingest.Class(i % classes)
		return u
	}), nil
}

// callSpans makes the spans of calls that the window needs, anew when a name
// has another class than when they were made. Names that came since are in no
// span: their days were summarised anew.
func (w *Window) callSpans(ctx context.Context, class []ingest.Class, of func(peerPSTN bool, peer uint64) ingest.Class) error {
	now := make([]byte, len(class))
	for i, c := range class {
		now[i] = byte(c)
	}
	return w.s.write(ctx, func(tx *sql.Tx) error {
		var then []byte
		if err := tx.QueryRowContext(ctx, "SELECT classes FROM span_classes").Scan(&then); err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if !bytes.HasPrefix(now, then) {
			if _, err := tx.ExecContext(ctx, "DELETE FROM span WHERE kind=?; DELETE FROM spanned WHERE kind=?", called, called); err != nil {
				return err
			}
		}
		if !bytes.Equal(now, then) {
			if _, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO span_classes(id, classes) VALUES(1, ?)", now); err != nil {
				return err
			}
		}
		spans, err := missingSpans(ctx, tx, dayOf(w.from), dayOf(w.to), called, nil)
		if err != nil {
			return err
		}
		return fillSpans(ctx, tx, spans, called, merger{class: func(user, nth, peer uint64) uint64 {
			if user >= uint64(len(w.table.many)) || nth >= uint64(w.table.many[user]) {
				return spanPeers // damaged
			}
			return uint64(of(w.table.values[w.usage[w.start[user]+uint32(nth)]].PeerPSTN, peer))
		}})
	})
}
