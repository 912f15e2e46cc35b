package store

import (
	"cmp"
	"context"
	"database/sql"
	"slices"

	"calaudit/audit"
	"calaudit/ingest"
	"calaudit/store/segment"
)

// gathered is what the records of a day say, in the order of its summary: some
// 20 bytes a fact, since a day may have millions.
type gathered struct {
	table   *usageTable
	day     int64
	items   [kinds][]item // counted and called
	loose   []looseItem
	unknown bool // there is a fact of a usage that no summary can name
	// What was not compared yet.
	rest      [kinds][]item
	restLoose []looseItem
	theirs    []said // what the records say of one user
	stated    []said // what the summary says
}

// said is what a summary states of one user: of a usage and a peer on the day,
// or of a single fact.
type said struct {
	nth, peer          uint64
	at, until          int64  // of a single fact
	count, first, last uint64 // counted, in seconds of the day
	where              uint64 // hash over the segments
}

func compareSaid(a, b said) int {
	return cmp.Or(cmp.Compare(a.nth, b.nth), cmp.Compare(a.peer, b.peer), cmp.Compare(a.at, b.at), cmp.Compare(a.until, b.until),
		cmp.Compare(a.count, b.count), cmp.Compare(a.first, b.first), cmp.Compare(a.last, b.last), cmp.Compare(a.where, b.where))
}

func (g *gathered) begin(day int64) {
	g.day, g.unknown, g.loose = day, false, g.loose[:0]
	for kind := range g.items {
		g.items[kind] = g.items[kind][:0]
	}
}

// take adds facts of the day.
func (g *gathered) take(list []ingest.Fact) {
	start := g.day * dayMS
	for i := range list {
		f := &list[i]
		if f.Activity == ingest.NoActivity {
			continue
		}
		usage := g.table.find(audit.KeyOf(f))
		g.unknown = g.unknown || usage == 0
		if kind, x := filed(f, start, g.table.nth[usage]); kind == loose {
			g.loose = append(g.loose, x)
		} else {
			g.items[kind] = append(g.items[kind], x.item)
		}
	}
}

// sameSummary tells whether the summary of the day says what was gathered, and
// nothing else.
func (s *Store) sameSummary(ctx context.Context, g *gathered) (same bool, err error) {
	if g.unknown {
		return false, nil
	}
	for kind := range g.items {
		slices.SortFunc(g.items[kind], compareItems)
	}
	slices.SortFunc(g.loose, compareLoose)
	g.rest, g.restLoose, g.stated, same = g.items, g.loose, g.stated[:0], true
	var page summaryPage
	order := rowOrder{}
	last, of := uint64(0), 0 // whom and which kind the gathered statements are of
	err = each(ctx, s.q, "SELECT kind, first, last, reach, pages FROM summary WHERE day=? ORDER BY kind, first, last", func(rows *sql.Rows) error {
		var kind int
		var low, high, reach int64
		var pages sql.RawBytes
		if err := rows.Scan(&kind, &low, &high, &reach, &pages); err != nil {
			return err
		}
		if far, err := order.row(g.day, kind, uint64(low), uint64(high), pages); err != nil || far != reach || kind < counted || kind > loose {
			return cmp.Or(err, segment.ErrDamaged)
		}
		return page.eachPage(pages, kind, everybody, true, func() error {
			at := 0
			for i := range page.n {
				if user := page.user[i]; user != last || kind != of {
					same = g.same(of, last) && same
					last, of = user, kind
				}
				end := at + int(page.segments[i])
				x := said{nth: page.nth[i], peer: page.peer[i], where: hashOf(page.where[at:end])}
				if kind == loose {
					f := page.fact(i, g.day, ingest.NoActivity)
					x.at, x.until = f.At, f.Until
				} else {
					x.count, x.first, x.last = page.count[i], page.first[i], page.first[i]+page.span[i]
				}
				g.stated = append(g.stated, x)
				at = end
			}
			return nil
		})
	}, g.day)
	same = g.same(of, last) && same
	left := len(g.restLoose)
	for kind := range g.rest {
		left += len(g.rest[kind])
	}
	return same && left == 0 && err == nil, err
}

// same takes the next user of a kind off what was gathered and compares it with
// what the summary stated of the given one.
func (g *gathered) same(kind int, user uint64) bool {
	g.theirs = g.theirs[:0]
	switch {
	case kind == 0: // before the first
	case kind == loose:
		for len(g.restLoose) > 0 && uint64(g.restLoose[0].user) == user {
			x := &g.restLoose[0]
			g.theirs = append(g.theirs, said{nth: uint64(x.nth), peer: uint64(x.peer), at: x.at, until: x.until, where: hashOf([]uint64{uint64(x.segment)})})
			g.restLoose = g.restLoose[1:]
		}
	default:
		var where []uint64
		for items := g.rest[kind]; len(items) > 0 && uint64(items[0].user) == user; g.rest[kind] = items {
			x, n := &items[0], 0
			where = where[:0]
			for n < len(items) && items[n].user == x.user && items[n].nth == x.nth && items[n].peer == x.peer {
				where = append(where, uint64(items[n].segment))
				n++
			}
			slices.Sort(where)
			where = slices.Compact(where)
			g.theirs = append(g.theirs, said{nth: uint64(x.nth), peer: uint64(x.peer), count: uint64(n), first: uint64(x.second),
				last: uint64(items[n-1].second), where: hashOf(where)})
			items = items[n:]
		}
	}
	slices.SortFunc(g.theirs, compareSaid)
	slices.SortFunc(g.stated, compareSaid)
	same := slices.Equal(g.theirs, g.stated)
	g.stated = g.stated[:0]
	return same
}

// hashOf is a hash over numbers in any order.
func hashOf(list []uint64) (sum uint64) {
	for _, v := range list {
		sum += mix(v, uint64(len(list)))
	}
	return sum
}
