package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"

	"calaudit/audit"
	"calaudit/ingest"
	"calaudit/store/segment"
)

// said is what a summary states: of a usage on a day and a peer, or of a
// single fact.
type said struct {
	kind               int
	user, nth, peer    uint64
	at, until          int64  // of a single fact
	count, first, last uint64 // counted, in seconds of the day
	where              uint64 // hash over the segments
}

// checkSummaries composes every summarised day again and compares.
func (s *Store) checkSummaries(ctx context.Context) (string, error) {
	names, err := s.Names(ctx)
	if err != nil {
		return "", err
	}
	x, err := s.composing(ctx, names)
	if err != nil {
		return "", err
	}
	table, err := loadUsages(ctx, s.q)
	if err != nil {
		return "", err
	}
	var days []int64
	err = each(ctx, s.q, "SELECT day FROM summarised WHERE version=? ORDER BY day", func(rows *sql.Rows) error {
		var day int64
		err := rows.Scan(&day)
		days = append(days, day)
		return err
	}, summaryVersion)
	var space workspace
	for _, day := range days {
		if err != nil {
			break
		}
		stated, err := s.summaryOf(ctx, day)
		if err != nil {
			return "", err
		}
		gathered := map[said]*facts{}
		err = parts(ctx, s.q, "SELECT day, id, import, block FROM segment WHERE day=? ORDER BY family, id", []any{day}, 1, func(_ int, p part) error {
			return x.facts(p, func(b *block) uint32 { return b.id }, &space, func(list []ingest.Fact) { gather(gathered, table, day, list) })
		})
		if err != nil {
			return "", err
		}
		want := map[said]int{}
		for k, f := range gathered {
			if k.kind != loose {
				k.count, k.first, k.last, k.where = f.count, f.first, f.last, hashOf(slices.Sorted(maps.Keys(f.segments)))
				f.count = 1
			}
			want[k] += int(f.count)
		}
		if !maps.Equal(stated, want) {
			return fmt.Sprintf("the summary of %s does not say what its records say; delete the tables' rows in summary and summarised, and audit again", dayText(day)), nil
		}
	}
	if err != nil {
		return "", err
	}
	return s.checkSpans(ctx, table)
}

// checkSpans merges the parts of every span again and compares.
func (s *Store) checkSpans(ctx context.Context, table *usageTable) (string, error) {
	const mend = "delete all rows of the tables span and spanned, and audit again"
	var spans []span
	var kinds []int
	var loose int
	var classes []byte
	err := each(ctx, s.q, "SELECT days, day, kind FROM spanned ORDER BY days, day", func(rows *sql.Rows) error {
		var x span
		var kind int
		err := rows.Scan(&x.days, &x.day, &kind)
		spans, kinds = append(spans, x), append(kinds, kind)
		return err
	})
	if err == nil {
		err = s.q.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM span WHERE (days, day, kind) NOT IN (SELECT days, day, kind FROM spanned)) +
			(SELECT count(*) FROM spanned WHERE days NOT IN (8, 32, 128) OR day%days<>0 OR kind NOT IN (1, 2)),
			(SELECT classes FROM span_classes)`).Scan(&loose, &classes)
	}
	if err != nil {
		return "", err
	}
	if loose > 0 {
		return "the table span holds rows of no span; " + mend, nil
	}
	start, usage := table.list()
	m := merger{class: func(user, nth, peer uint64) uint64 {
		switch {
		case peer != 0 && peer < uint64(len(classes)):
			return uint64(classes[peer])
		case user < uint64(len(table.many)) && nth < uint64(table.many[user]) && table.values[usage[start[user]+uint32(nth)]].PeerPSTN:
			return uint64(ingest.PSTN)
		}
		return 0
	}}
	differ := errors.New("a span does not say what its days say")
	for i, x := range spans {
		err := s.checkSpan(ctx, m, x, kinds[i], differ)
		if errors.Is(err, differ) || errors.Is(err, segment.ErrDamaged) {
			return fmt.Sprintf("the summary of %d days from %s does not say what its days say; "+mend, x.days, dayText(x.day)), nil
		}
		if err != nil {
			return "", err
		}
	}
	return "", nil
}

func (s *Store) checkSpan(ctx context.Context, m merger, x span, kind int, differ error) error {
	tx, err := s.db.BeginTx(ctx, nil) // several queries at once
	if err != nil {
		return err
	}
	defer tx.Rollback()
	stored, err := readSpan(ctx, tx, x, kind, x.day)
	if err != nil {
		return err
	}
	defer stored.rows.Close()
	if err := stored.next(); err != nil {
		return err
	}
	err = m.merge(ctx, tx, x, kind, func(e *spanEntry) error {
		if stored.done || stored.entry != *e {
			return differ
		}
		return stored.next()
	})
	if err == nil && !stored.done {
		err = differ
	}
	return err
}

// facts is what was gathered under one key.
type facts struct {
	count, first, last uint64
	segments           map[uint64]bool
}

func gather(into map[said]*facts, table *usageTable, day int64, list []ingest.Fact) {
	start := day * dayMS
	for i := range list {
		f := &list[i]
		if f.Activity == ingest.NoActivity {
			continue
		}
		usage := table.find(audit.KeyOf(f))
		k := said{kind: loose, user: uint64(f.User), nth: uint64(table.nth[usage]), at: f.At, until: f.Until}
		if f.Activity.Call() {
			k.peer = uint64(f.Peer)
		}
		second := uint64(0)
		switch {
		case usage == 0:
			k.nth = everybody // no summary says so
		case f.At == ingest.Undated || f.Activity.Standing():
			k.until = ingest.LastsOn
		case f.Until == 0 && f.At >= start && f.At < start+dayMS:
			second = uint64(f.At-start) / 1000
			k.at, k.kind = 0, counted
			if f.Activity.Call() {
				k.kind = called
			}
		}
		if k.kind == loose {
			k.where = hashOf([]uint64{uint64(f.File)})
		}
		g := into[k]
		if g == nil {
			g = &facts{first: second, segments: map[uint64]bool{}}
			into[k] = g
		}
		g.count++
		g.first, g.last = min(g.first, second), max(g.last, second)
		g.segments[uint64(f.File)] = true
	}
}

// summaryOf reads the summary of a day.
func (s *Store) summaryOf(ctx context.Context, day int64) (map[said]int, error) {
	stated := map[said]int{}
	var page summaryPage
	err := each(ctx, s.q, "SELECT kind, pages FROM summary WHERE day=?", func(rows *sql.Rows) error {
		var kind int
		var pages []byte
		if err := rows.Scan(&kind, &pages); err != nil {
			return err
		}
		return page.eachPage(pages, kind, everybody, true, func() error {
			at := 0
			for i := range page.n {
				end := at + int(page.segments[i])
				where := slices.Clone(page.where[at:end])
				slices.Sort(where)
				k := said{kind: kind, user: page.user[i], nth: page.nth[i], peer: page.peer[i], where: hashOf(where)}
				if kind == loose {
					f := page.fact(i, day, ingest.NoActivity)
					k.at, k.until = f.At, f.Until
				} else {
					k.count, k.first, k.last = page.count[i], page.first[i], page.first[i]+page.span[i]
				}
				stated[k]++
				at = end
			}
			return nil
		})
	}, day)
	return stated, err
}

func hashOf(list []uint64) uint64 {
	h := fnv.New64a()
	for _, v := range list {
		fmt.Fprintln(h, v)
	}
	return h.Sum64()
}
