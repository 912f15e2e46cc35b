package store

import (
	"cmp"
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

// item is one fact on its way into a summary.
type item struct {
	user, nth, peer, segment uint32
	second                   uint32 // of the day
}

// looseItem is one that is not counted but kept with its times.
type looseItem struct {
	item
	at, until int64
}

func compareItems(a, b item) int {
	return cmp.Or(cmp.Compare(a.user, b.user), cmp.Compare(a.nth, b.nth), cmp.Compare(a.peer, b.peer), cmp.Compare(a.second, b.second),
		cmp.Compare(a.segment, b.segment))
}

func compareLoose(a, b looseItem) int {
	return cmp.Or(compareItems(a.item, b.item), cmp.Compare(a.at, b.at), cmp.Compare(a.until, b.until))
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
// returns how many days these were.
func (s *Store) summarise(ctx context.Context, names []ingest.Name, from, to int64) (made int, err error) {
	var days []int64
	err = each(ctx, s.q, windowDays+" WHERE day NOT IN (SELECT day FROM summarised WHERE version=?4) ORDER BY day", func(rows *sql.Rows) error {
		var day int64
		err := rows.Scan(&day)
		days = append(days, day)
		return err
	}, dayOf(from), dayOf(to), from, summaryVersion)
	if err != nil {
		return 0, explain(err)
	}
	spans, err := missingSpans(ctx, s.q, dayOf(from), dayOf(to), counted, days)
	if err != nil || len(days)+len(spans) == 0 {
		return 0, explain(err)
	}
	if len(days) == 0 {
		return 0, s.write(ctx, func(tx *sql.Tx) error { return fillSpans(ctx, tx, spans, counted, merger{}) })
	}
	x, err := s.composing(ctx, names)
	if err != nil {
		return 0, err
	}
	return len(days), s.write(ctx, func(tx *sql.Tx) error {
		table, err := loadUsages(ctx, tx)
		if err != nil {
			return err
		}
		put, err := tx.PrepareContext(ctx, "INSERT INTO summary(day, kind, first, last, reach, pages) VALUES(?,?,?,?,?,?)")
		if err != nil {
			return err
		}
		m := summariser{tx: tx, x: x, usages: table}
		for _, day := range days {
			if err := m.drop(ctx, day); err != nil {
				return err
			}
		}
		workers := make([]summaryWorker, min(Workers(), len(days)))
		for i := range workers {
			workers[i].m, workers[i].usages = &m, newUsages()
			workers[i].save = func(ctx context.Context, row *summaryRow) error {
				_, err := put.ExecContext(ctx, row.day, row.kind, row.first, row.last, row.reach, row.pages)
				return err
			}
		}
		err = parts(ctx, tx, "SELECT day, id, import, family, low, high, block FROM segment WHERE day IN (SELECT day FROM summarised WHERE version=0) ORDER BY day, family, id",
			nil, len(workers), func(worker int, p part) error { return workers[worker].day(ctx, p) })
		if err != nil {
			return err
		}
		if err := table.save(ctx, tx); err != nil {
			return err
		}
		if _, err = tx.ExecContext(ctx, "UPDATE summarised SET version=? WHERE version=0", summaryVersion); err != nil {
			return err
		}
		return fillSpans(ctx, tx, spans, counted, merger{})
	})
}

// summariser is what the workers share.
type summariser struct {
	tx     *sql.Tx
	x      *composing
	mu     sync.Mutex // over usages
	usages *usageTable
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

// summaryWorker summarises one day after the other. It has usages of its own,
// so that only those that are new to it need the lock.
type summaryWorker struct {
	m      *summariser
	space  workspace
	usages *words[audit.UsageKey]
	nth    []uint32      // by own usage: its place in the shared table
	items  [kinds][]item // counted and called
	loose  []looseItem
	order  []slot
	spare  []item
	pageWriter
}

func (w *summaryWorker) day(ctx context.Context, p part) error {
	w.items[counted], w.items[called], w.loose = w.items[counted][:0], w.items[called][:0], w.loose[:0]
	err := w.m.x.facts(p, func(b *block) uint32 { return b.id }, &w.space, func(facts []ingest.Fact) { w.take(p.day, facts) })
	if err != nil {
		return err
	}
	w.share()
	for _, kind := range []int{counted, called} {
		items := w.items[kind]
		for i := range items {
			items[i].nth = w.nth[items[i].nth]
		}
		w.begin(p.day, kind)
		if err := w.putCounted(ctx, w.byUser(items)); err != nil {
			return err
		}
	}
	for i := range w.loose {
		w.loose[i].nth = w.nth[w.loose[i].nth]
	}
	slices.SortFunc(w.loose, compareLoose)
	w.begin(p.day, loose)
	return w.putLoose(ctx, w.loose)
}

// take sorts facts of a day by the kind of summary that they go into.
func (w *summaryWorker) take(day int64, facts []ingest.Fact) {
	start := day * dayMS
	for i := range facts {
		f := &facts[i]
		if f.Activity == ingest.NoActivity {
			continue
		}
		it := item{user: uint32(f.User), nth: w.usages.id(audit.KeyOf(f)), segment: f.File}
		if f.Activity.Call() {
			it.peer = uint32(f.Peer)
		}
		switch {
		case f.At == ingest.Undated || f.Activity.Standing(): // see ingest.Fact.In
			w.loose = append(w.loose, looseItem{it, f.At, ingest.LastsOn})
		case f.Until != 0 || f.At < start || f.At >= start+dayMS:
			w.loose = append(w.loose, looseItem{it, f.At, f.Until})
		default:
			it.second = uint32((f.At - start) / 1000)
			kind := counted
			if f.Activity.Call() {
				kind = called
			}
			w.items[kind] = append(w.items[kind], it)
		}
	}
}

// share looks the worker's new usages up in the shared table.
func (w *summaryWorker) share() {
	if len(w.nth) == len(w.usages.values) {
		return
	}
	w.m.mu.Lock()
	defer w.m.mu.Unlock()
	for n := len(w.nth); n < len(w.usages.values); n++ {
		id := w.m.usages.id(w.usages.values[n])
		w.m.usages.number()
		w.nth = append(w.nth, w.m.usages.nth[id])
	}
}

// byUser sorts: by user in time linear in their number, then the few items of
// each.
func (w *summaryWorker) byUser(items []item) []item {
	order := slices.Grow(w.order[:0], 2*len(items))
	for i := range items {
		order = append(order, slot{uint64(items[i].user), uint32(i)})
	}
	if len(items) > 0 {
		sortSlots(order, order[len(items):2*len(items)])
	}
	w.order = order
	out := slices.Grow(w.spare[:0], len(items))
	for _, s := range order {
		out = append(out, items[s.at])
	}
	for i := 0; i < len(out); {
		j := i + 1
		for j < len(out) && out[j].user == out[i].user {
			j++
		}
		slices.SortFunc(out[i:j], compareItems)
		i = j
	}
	w.spare = out
	return out
}

func (w *summaryWorker) putCounted(ctx context.Context, items []item) error {
	b, end := &w.page, (w.row.day+1)*dayMS-1
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
			if err := w.turn(ctx, end); err != nil {
				return err
			}
		}
		i = j
	}
	return errors.Join(w.turn(ctx, end), w.put(ctx))
}

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
