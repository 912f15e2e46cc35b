package store

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"slices"
	"sync"

	"calaudit/audit"
	"calaudit/ingest"
	"calaudit/store/segment"
)

// summaryVersion is raised when ingest.Compose reads records in another way,
// or when the form of summaries changes: then they are made anew.
const summaryVersion = 3

// usageTable is the dictionary of usages in the order in which summaries
// number them: by user, and the usages of one user in the order of first sight.
type usageTable struct {
	*words[audit.UsageKey]
	nth  []uint32 // by usage: its place among those of its user
	many []uint32 // by user: how many it has
}

func loadUsages(ctx context.Context, q querier) (*usageTable, error) {
	t := &usageTable{words: newUsages()}
	if err := t.load(ctx, q); err != nil {
		return nil, err
	}
	t.number()
	return t, nil
}

// list lays the usages out user by user: the index of every user's first one,
// and the number of the usage at an index.
func (t *usageTable) list() (start, usage []uint32) {
	start = make([]uint32, len(t.many)+1)
	for user, n := range t.many {
		start[user+1] = start[user] + n
	}
	usage = make([]uint32, len(t.values))
	for n := range t.values {
		usage[start[t.values[n].User]+t.nth[n]] = uint32(n)
	}
	return start, usage
}

// number gives the usages that have none yet their place.
func (t *usageTable) number() {
	for n := len(t.nth); n < len(t.values); n++ {
		user := t.values[n].User
		for int(user) >= len(t.many) {
			t.many = append(t.many, 0)
		}
		t.nth = append(t.nth, t.many[user])
		t.many[user]++
	}
}

// windowDays are the days with records of the window [?1, ?2), both days, and
// the earlier ones of which something reaches beyond ?3, the same in ms. It
// goes from day to day and not from segment to segment.
const windowDays = `WITH RECURSIVE d(day) AS (
		SELECT min(day) FROM segment WHERE day>=?1
		UNION ALL SELECT (SELECT min(day) FROM segment WHERE day>d.day) FROM d WHERE d.day<?2
	), wanted(day) AS (
		SELECT day FROM d WHERE day<?2
		UNION SELECT day FROM segment WHERE reach>=?3 AND day<?1 AND reach>=(day+1)*86400000
	) SELECT day FROM wanted`

// summarise makes the summaries that the window needs and that are not there:
// those of its days, and of earlier days of which something reaches into it. It
// returns how many days these were, and the usages if it had to read them.
func (s *Store) summarise(ctx context.Context, names []ingest.Name, from, to int64) (made int, usages *usageTable, err error) {
	var days []int64
	err = each(ctx, s.q, windowDays+" WHERE day NOT IN (SELECT day FROM summarised WHERE version=?4) ORDER BY day", func(rows *sql.Rows) error {
		var day int64
		err := rows.Scan(&day)
		days = append(days, day)
		return err
	}, dayOf(from), dayOf(to), from, summaryVersion)
	if err != nil {
		return 0, nil, explain(err)
	}
	spans, err := missingSpans(ctx, s.q, dayOf(from), dayOf(to), counted, days)
	if err != nil || len(days)+len(spans) == 0 {
		return 0, nil, explain(err)
	}
	if len(days) == 0 {
		return 0, nil, s.write(ctx, func(tx *sql.Tx) error { return fillSpans(ctx, tx, spans, counted, merger{}) })
	}
	x, err := s.composing(ctx, names)
	if err != nil {
		return 0, nil, err
	}
	err = s.write(ctx, func(tx *sql.Tx) error {
		put, err := tx.PrepareContext(ctx, "INSERT INTO summary(day, kind, first, last, reach, pages) VALUES(?,?,?,?,?,?)")
		if err != nil {
			return err
		}
		m := summariser{tx: tx, x: x, usages: sync.OnceValues(func() (*usageTable, error) {
			table, err := loadUsages(ctx, tx)
			if err == nil {
				table.grow()
			}
			return table, err
		})}
		for _, day := range days {
			if err := m.drop(ctx, day); err != nil {
				return err
			}
		}
		workers := make([]summaryWorker, min(Workers(), len(days)))
		for i := range workers {
			workers[i].takers = make([]taker, Workers()/len(workers))
			for k := range workers[i].takers {
				workers[i].takers[k] = taker{m: &m, usages: newUsages()}
			}
			workers[i].m, workers[i].perRow = &m, pagesPerDayRow
			workers[i].save = func(ctx context.Context, row *summaryRow) error {
				_, err := put.ExecContext(ctx, row.day, row.kind, row.first, row.last, row.reach, row.pages)
				return err
			}
		}
		go m.usages() // while the first days are composed
		defer m.usages()
		err = parts(ctx, tx, "SELECT day, id, import, family, low, high, block FROM segment WHERE day IN (SELECT day FROM summarised WHERE version=0) ORDER BY day, family, id",
			nil, len(workers), func(worker int, p part) error { return workers[worker].day(ctx, p) })
		if err != nil {
			return err
		}
		if usages, err = m.usages(); err == nil {
			err = usages.save(ctx, tx)
		}
		if err != nil {
			return err
		}
		if _, err = tx.ExecContext(ctx, "UPDATE summarised SET version=? WHERE version=0", summaryVersion); err != nil {
			return err
		}
		return fillSpans(ctx, tx, spans, counted, merger{})
	})
	return len(days), usages, err
}

// summariser is what the workers share.
type summariser struct {
	tx     *sql.Tx
	x      *composing
	mu     sync.RWMutex // over usages
	usages func() (*usageTable, error)
}

// drop removes an outdated summary and marks the day as being worked on.
func (m *summariser) drop(ctx context.Context, day int64) error {
	if err := dropSpans(ctx, m.tx, day); err != nil {
		return err
	}
	_, err := m.tx.ExecContext(ctx, "DELETE FROM summary WHERE day=?; INSERT OR REPLACE INTO summarised(day, version) VALUES(?, 0)", day, day)
	return err
}

// Kinds of summary. Only calls are read again for the class of the peer.
const (
	counted = iota + 1 // what a user did alike on the day
	called             // calls, apart by peer
	loose              // single facts that reach beyond the day or have no time
	kinds   = 3
)

// summaryWorker summarises one day after the other.
type summaryWorker struct {
	m      *summariser
	space  workspace
	takers []taker // each for a range of users, in order
	pageWriter
}

func (w *summaryWorker) day(ctx context.Context, p part) error {
	begun := false
	err := w.m.x.facts(p, func(b *block) uint32 { return b.id }, &w.space, func(facts []ingest.Fact) {
		if !begun {
			w.divide(facts, len(p.blocks)*segment.Max/rangeItems)
			begun = true
		}
		w.each(func(i int) error {
			high := ingest.ID(math.MaxUint32)
			if i+1 < len(w.takers) {
				high = w.takers[i+1].lows[0]
			}
			w.takers[i].take(p.day, facts, high)
			return nil
		})
	})
	if err != nil || !begun {
		return err
	}
	if err := w.each(func(i int) error { return w.takers[i].finish() }); err != nil {
		return err
	}
	for _, kind := range []int{counted, called} {
		w.begin(p.day, kind)
		for i := range w.takers {
			for _, items := range w.takers[i].items[kind] {
				if err := w.putCounted(ctx, items); err != nil {
					return err
				}
			}
		}
		if err := w.endCounted(ctx); err != nil {
			return err
		}
	}
	w.begin(p.day, loose)
	for i := range w.takers {
		if err := w.putLoose(ctx, w.takers[i].loose); err != nil {
			return err
		}
	}
	return w.put(ctx)
}

// each calls for every taker, for all at a time.
func (w *summaryWorker) each(call func(i int) error) error {
	if len(w.takers) == 1 {
		return call(0)
	}
	errs := make([]error, len(w.takers))
	var wg sync.WaitGroup
	for i := range w.takers {
		wg.Go(func() { errs[i] = call(i) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// divide begins a day: it cuts the users into so many ranges or some more, as
// many for every taker, that some facts of the day fall into alike.
func (w *summaryWorker) divide(facts []ingest.Fact, ranges int) {
	each := min(max(ranges/len(w.takers), 1), 64)
	users := make([]ingest.ID, 0, 1024)
	for i := 0; i < len(facts); i += len(facts)/1024 + 1 {
		users = append(users, facts[i].User)
	}
	slices.Sort(users)
	lows := make([]ingest.ID, each*len(w.takers))
	for i := range lows {
		if i > 0 && len(users) > 0 {
			lows[i] = users[len(users)*i/len(lows)]
		}
	}
	for i := range w.takers {
		w.takers[i].begin(lows[i*each : (i+1)*each])
	}
}

func (w *summaryWorker) putCounted(ctx context.Context, items []item) error {
	b := &w.page
	for i := 0; i < len(items); {
		x, j := &items[i], i+1
		for j < len(items) && items[j].user == x.user && items[j].nth == x.nth && items[j].peer == x.peer {
			j++
		}
		b.user[b.n], b.nth[b.n], b.peer[b.n] = uint64(x.user), uint64(x.nth), uint64(x.peer)
		b.count[b.n], b.first[b.n], b.span[b.n] = uint64(j-i), uint64(x.second), uint64(items[j-1].second-x.second)
		from := len(b.where)
		for _, y := range items[i:j] {
			if !slices.Contains(b.where[from:], uint64(y.segment)) {
				b.where = append(b.where, uint64(y.segment))
			}
		}
		b.segments[b.n] = uint64(len(b.where) - from)
		if b.n++; b.n == segment.Max || len(b.where) >= mostPlaces/16 {
			if err := w.turn(ctx, w.end()); err != nil {
				return err
			}
		}
		i = j
	}
	return nil
}

func (w *summaryWorker) endCounted(ctx context.Context) error {
	return errors.Join(w.turn(ctx, w.end()), w.put(ctx))
}

// end is the last millisecond of the day, beyond which counted facts do not reach.
func (w *summaryWorker) end() int64 { return (w.row.day+1)*dayMS - 1 }

// putLoose stores the time as its difference to the start of the day, zigzag;
// Until as 0 (none), 1 (has no end) or 2 and the time from At on.
func (w *summaryWorker) putLoose(ctx context.Context, items []looseItem) error {
	b := &w.page
	reach := int64(math.MinInt64)
	for _, x := range items {
		b.user[b.n], b.nth[b.n], b.peer[b.n] = uint64(x.user), uint64(x.nth), uint64(x.peer)
		b.at[b.n] = zigzag(x.at - w.row.day*dayMS)
		switch x.until {
		case 0, ingest.LastsOn:
			b.until[b.n] = uint64(bit(x.until != 0))
		default:
			b.until[b.n] = uint64(x.until-x.at) + 2
		}
		reach = max(reach, x.at, x.until)
		b.segments[b.n] = 1
		b.where = append(b.where, uint64(x.segment))
		if b.n++; b.n == segment.Max {
			if err := w.turn(ctx, reach); err != nil {
				return err
			}
			reach = math.MinInt64
		}
	}
	return errors.Join(w.turn(ctx, reach), w.put(ctx))
}
