package store

import (
	"context"
	"database/sql"
	"fmt"
	"runtime/debug"
	"sync"
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
	start    []uint32 // by user: index of its first usage
	usage    []uint32 // by index: number of the usage
	sums     []sum    // by index
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
	if err := s.summarise(ctx, names, w.from, w.to); err != nil {
		return nil, err
	}
	if len(names) > 1<<16 {
		debug.FreeOSMemory() // what that took is not needed any more
	}
	var err error
	if w.table, err = loadUsages(ctx, s.q); err != nil {
		return nil, explain(err)
	}
	for i := range w.table.values {
		k := &w.table.values[i]
		if int(max(k.User, k.Device, k.Endpoint, k.Client, k.Server)) >= len(names) {
			return nil, fmt.Errorf("usage %d: %w", i, segment.ErrDamaged)
		}
	}
	w.index()
	w.sums = make([]sum, len(w.usage))
	return w, w.add(ctx, w.sums, false, func(index, _ uint32) (uint32, bool) { return index, true })
}

// index lays the usages out user by user.
func (w *Window) index() {
	w.start = make([]uint32, len(w.table.many)+1)
	for user, n := range w.table.many {
		w.start[user+1] = w.start[user] + n
	}
	w.usage = make([]uint32, len(w.table.values))
	for n := range w.table.values {
		w.usage[w.start[w.table.values[n].User]+w.table.nth[n]] = uint32(n)
	}
}

// add sums every entry that counts, or only those with peers, up where place
// says, on all cores.
func (w *Window) add(ctx context.Context, sums []sum, peers bool, place func(index, peer uint32) (at uint32, ok bool)) error {
	type read struct {
		day   int64
		kind  int
		pages []byte
	}
	workers := Workers()
	rows := make(chan read, 4*workers)
	errs := make([]error, workers)
	others := make([][]sum, workers)
	others[0] = sums
	var wg sync.WaitGroup
	for worker := range workers {
		wg.Go(func() {
			if others[worker] == nil {
				others[worker] = make([]sum, len(sums))
			}
			var b summaryPage
			for r := range rows {
				if errs[worker] != nil {
					continue
				}
				err := b.eachPage(r.pages, r.kind, everybody, false, func() error { return w.page(&b, r.day, r.kind == loose, others[worker], place) })
				if err != nil {
					errs[worker] = fmt.Errorf("summary of %s: %w", dayText(r.day), err)
				}
			}
		})
	}
	err := each(ctx, w.s.q, `SELECT day, kind, pages FROM summary WHERE day>=?1 AND day<?2 AND kind>=?4
			UNION ALL SELECT day, kind, pages FROM summary WHERE kind=3 AND reach>=?3 AND day<?1`, func(q *sql.Rows) error {
		var r read
		err := q.Scan(&r.day, &r.kind, &r.pages)
		rows <- r
		return err
	}, dayOf(w.from), dayOf(w.to), w.from, counted+bit(peers))
	close(rows)
	wg.Wait()
	for worker := range workers {
		if err == nil {
			err = errs[worker]
		}
		if worker > 0 {
			for i := range sums {
				if x := &others[worker][i]; x.count > 0 {
					sums[i].add(x.count, x.first, x.last)
				}
			}
		}
	}
	return explain(err)
}

func (w *Window) page(b *summaryPage, day int64, loose bool, sums []sum, place func(index, peer uint32) (uint32, bool)) error {
	midnight := uint32(day * (dayMS / 1000))
	for i := range b.n {
		user := b.user[i]
		if user >= uint64(len(w.table.many)) || b.nth[i] >= uint64(w.table.many[user]) {
			return segment.ErrDamaged
		}
		index := w.start[user] + uint32(b.nth[i])
		at, ok := place(index, uint32(b.peer[i]))
		if !ok {
			continue
		}
		if !loose {
			first := midnight + uint32(b.first[i])
			sums[at].add(uint32(b.count[i]), first, first+uint32(b.span[i]))
			continue
		}
		f := b.fact(i, day, w.table.values[w.usage[index]].Activity)
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
	n := 0
	for i := range w.sums {
		n += bit(w.sums[i].count > 0)
	}
	list := make([]audit.Usage, 0, n)
	for i := range w.sums {
		if w.sums[i].count > 0 {
			list = append(list, w.usageOf(uint32(i), &w.sums[i]))
		}
	}
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
// class is by name.
func (w *Window) Calls(ctx context.Context, class []ingest.Class) ([]audit.Usage, error) {
	const classes = 8
	number := make([]uint32, len(w.sums)) // of the calls, from 1
	var calls []uint32
	for i := range w.sums {
		if w.sums[i].count > 0 && w.table.values[w.usage[i]].Activity.Call() {
			calls = append(calls, uint32(i))
			number[i] = uint32(len(calls))
		}
	}
	sums := make([]sum, len(calls)*classes)
	err := w.add(ctx, sums, true, func(index, peer uint32) (uint32, bool) {
		n := number[index]
		if n == 0 {
			return 0, false
		}
		of := ingest.NoClass
		if peer != 0 && int(peer) < len(class) {
			of = class[peer]
		} else if w.table.values[w.usage[index]].PeerPSTN {
			of = ingest.PSTN
		}
		return (n-1)*classes + uint32(of)%classes, true
	})
	if err != nil {
		return nil, err
	}
	var list []audit.Usage
	for i := range sums {
		if sums[i].count > 0 {
			u := w.usageOf(calls[i/classes], &sums[i])
			u.Peer = ingest.Class(i % classes)
			list = append(list, u)
		}
	}
	return list, nil
}
