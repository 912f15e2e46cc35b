package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/binary"
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
const summaryVersion = 2

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
// those of its days, and of earlier days of which something reaches into it.
func (s *Store) summarise(ctx context.Context, names []ingest.Name, from, to int64) error {
	var days []int64
	err := each(ctx, s.q, windowDays+" WHERE day NOT IN (SELECT day FROM summarised WHERE version=?4) ORDER BY day", func(rows *sql.Rows) error {
		var day int64
		err := rows.Scan(&day)
		days = append(days, day)
		return err
	}, dayOf(from), dayOf(to), from, summaryVersion)
	if err != nil || len(days) == 0 {
		return explain(err)
	}
	x, err := s.composing(ctx, names)
	if err != nil {
		return err
	}
	return s.write(ctx, func(tx *sql.Tx) error {
		table, err := loadUsages(ctx, tx)
		if err != nil {
			return err
		}
		put, err := tx.PrepareContext(ctx, "INSERT INTO summary(day, kind, first, last, reach, pages) VALUES(?,?,?,?,?,?)")
		if err != nil {
			return err
		}
		m := summariser{tx: tx, put: put, x: x, usages: table}
		for _, day := range days {
			if err := m.drop(ctx, day); err != nil {
				return err
			}
		}
		workers := make([]summaryWorker, min(Workers(), len(days)))
		for i := range workers {
			workers[i].m, workers[i].usages = &m, newUsages()
		}
		err = parts(ctx, tx, "SELECT day, id, import, block FROM segment WHERE day IN (SELECT day FROM summarised WHERE version=0) ORDER BY day, family, id",
			nil, len(workers), func(worker int, p part) error { return workers[worker].day(ctx, p) })
		if err != nil {
			return err
		}
		if err := table.save(ctx, tx); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE summarised SET version=? WHERE version=0", summaryVersion)
		return err
	})
}

// summariser is what the workers share.
type summariser struct {
	tx     *sql.Tx
	put    *sql.Stmt
	x      *composing
	mu     sync.Mutex // over usages
	usages *usageTable
}

// drop removes an outdated summary and marks the day as being worked on.
func (m *summariser) drop(ctx context.Context, day int64) error {
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
	page   summaryPage
	row    summaryRow
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
		w.row = summaryRow{day: p.day, kind: kind, pages: w.row.pages[:0]}
		if err := w.putCounted(ctx, w.byUser(items)); err != nil {
			return err
		}
	}
	for i := range w.loose {
		w.loose[i].nth = w.nth[w.loose[i].nth]
	}
	slices.SortFunc(w.loose, compareLoose)
	w.row = summaryRow{day: p.day, kind: loose, pages: w.row.pages[:0]}
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

// summaryPage is the columns of one page. A counted entry is what one user did
// alike on the day, with one peer where that matters; a loose one is a single
// fact.
type summaryPage struct {
	n                  int
	user, nth, peer    [segment.Max]uint64
	count, first, span [segment.Max]uint64 // counted: first in seconds of the day, seconds from first to last
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

// pagesPerRow: an audit reads all rows, the look-up of one person one row a
// day, and of that one or two pages.
const pagesPerRow = 4

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

// turn adds the page to the row and empties it.
func (w *summaryWorker) turn(ctx context.Context, reach int64) error {
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
	if row.n++; row.n == pagesPerRow {
		return w.put(ctx)
	}
	return nil
}

// put stores the row and empties it.
func (w *summaryWorker) put(ctx context.Context) error {
	row := &w.row
	if row.n == 0 {
		return nil
	}
	_, err := w.m.put.ExecContext(ctx, row.day, row.kind, row.first, row.last, row.reach, row.pages)
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
		sum += min(k, 1<<20)
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
