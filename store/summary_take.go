package store

import (
	"cmp"
	"slices"

	"calaudit/audit"
	"calaudit/ingest"
)

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

// taker takes the facts of some users of a day. It has usages of its own, so
// that only those that are new to it need the lock.
type taker struct {
	m      *summariser
	lows   []ingest.ID // first users of the taker's ranges
	usages *words[audit.UsageKey]
	nth    []uint32        // by own usage: its place in the shared table
	items  [kinds][][]item // counted and called, by range, by user in the end
	loose  []looseItem
	order  []slot
	spare  []item
}

// rangeItems is how many facts a range of users has on most days: what putting
// them in order takes beside them is for those of one range. Tests lower it.
var rangeItems = 1 << 15

// begin empties the taker for the facts of other users.
func (w *taker) begin(lows []ingest.ID) {
	w.lows, w.loose = append(w.lows[:0], lows...), w.loose[:0]
	for _, kind := range []int{counted, called} {
		for len(w.items[kind]) < len(lows) {
			w.items[kind] = append(w.items[kind], nil)
		}
		for i := range w.items[kind] {
			w.items[kind][i] = w.items[kind][i][:0]
		}
	}
}

// take sorts facts of a day by the kind of summary that they go into.
func (w *taker) take(day int64, facts []ingest.Fact, high ingest.ID) {
	start := day * dayMS
	for i := range facts {
		f := &facts[i]
		if f.User < w.lows[0] || f.User >= high || f.Activity == ingest.NoActivity {
			continue
		}
		kind, x := filed(f, start, w.usages.id(audit.KeyOf(f)))
		if kind == loose {
			w.loose = append(w.loose, x)
			continue
		}
		n, first := slices.BinarySearch(w.lows, f.User)
		n -= 1 - bit(first)
		w.items[kind][n] = append(w.items[kind][n], x.item)
	}
}

// filed tells by which kind of summary a fact of the day from start on is kept,
// and how.
func filed(f *ingest.Fact, start int64, nth uint32) (kind int, x looseItem) {
	kind, x.item = counted, item{user: uint32(f.User), nth: nth, segment: f.File}
	if f.Activity.Call() {
		kind, x.peer = called, uint32(f.Peer)
	}
	switch {
	case f.At == ingest.Undated || f.Activity.Standing(): // see ingest.Fact.In
		x.at, x.until = f.At, ingest.LastsOn
		return loose, x
	case f.Until != 0 || f.At < start || f.At >= start+dayMS:
		x.at, x.until = f.At, f.Until
		return loose, x
	}
	x.second = uint32((f.At - start) / 1000)
	return kind, x
}

// finish puts what was taken in order.
func (w *taker) finish() error {
	if err := w.share(); err != nil {
		return err
	}
	for _, kind := range []int{counted, called} {
		for i := range w.lows {
			w.items[kind][i] = w.byUser(w.items[kind][i])
		}
	}
	for i := range w.loose {
		w.loose[i].nth = w.nth[w.loose[i].nth]
	}
	slices.SortFunc(w.loose, compareLoose)
	return nil
}

// share looks the taker's new usages up in the shared table.
func (w *taker) share() error {
	if len(w.nth) == len(w.usages.values) {
		return nil
	}
	table, err := w.m.usages()
	if err != nil {
		return err
	}
	from := len(w.nth)
	w.m.mu.RLock()
	for _, v := range w.usages.values[from:] {
		w.nth = append(w.nth, table.find(v))
	}
	w.m.mu.RUnlock()
	w.m.mu.Lock()
	defer w.m.mu.Unlock()
	for n := from; n < len(w.nth); n++ {
		id := w.nth[n]
		if id == 0 && n > 0 {
			id = table.id(w.usages.values[n])
			table.number()
		}
		w.nth[n] = table.nth[id]
	}
	return nil
}

// byUser sorts items into other memory: by user in time linear in their number,
// then the few items of each.
func (w *taker) byUser(items []item) []item {
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
		x := items[s.at]
		x.nth = w.nth[x.nth]
		out = append(out, x)
	}
	for i := 0; i < len(out); {
		j := i + 1
		for j < len(out) && out[j].user == out[i].user {
			j++
		}
		slices.SortFunc(out[i:j], compareItems)
		i = j
	}
	w.spare = items
	return out
}
