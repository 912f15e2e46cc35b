package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"

	"calaudit/ingest"
	"calaudit/store/segment"
)

const otherSummary = "the summary of %s does not say what its records say; delete the tables' rows in summary and summarised, and audit again"

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
	if err != nil {
		return "", err
	}
	var astray sql.NullInt64
	if err := s.q.QueryRowContext(ctx, "SELECT min(day) FROM summary WHERE day NOT IN (SELECT day FROM segment)").Scan(&astray); err != nil {
		return "", err
	}
	if astray.Valid {
		return fmt.Sprintf(otherSummary, dayText(astray.Int64)), nil
	}
	var space workspace
	g := gathered{table: table}
	for _, day := range days {
		g.begin(day)
		err = parts(ctx, s.q, "SELECT day, id, import, family, low, high, block FROM segment WHERE day=? ORDER BY family, id", []any{day}, 1, func(_ int, p part) error {
			return x.facts(p, func(b *block) uint32 { return b.id }, &space, g.take)
		})
		if err != nil {
			return "", err
		}
		same, err := s.sameSummary(ctx, &g)
		if err != nil && !errors.Is(err, segment.ErrDamaged) {
			return "", err
		}
		if !same {
			return fmt.Sprintf(otherSummary, dayText(day)), nil
		}
	}
	return s.checkSpans(ctx, table)
}

// rowOrder holds the columns by which rows and pages are found and passed over
// against what stands in them.
type rowOrder struct {
	page summaryPage
	day  int64
	kind int
	user uint64 // of the entry before
}

// row checks the rows of one day or span after the other, each kind by user, and
// returns how late something in the row still has effect.
func (o *rowOrder) row(day int64, kind int, first, last uint64, pages []byte) (reach int64, err error) {
	if day != o.day || kind != o.kind {
		o.day, o.kind, o.user = day, kind, 0
	}
	b, r := &o.page, segment.NewReader(pages)
	reach = math.MinInt64
	for begun := false; !r.Done(); begun = true {
		n, low, span := r.Uvarint(), r.Uvarint(), r.Uvarint()
		page := r.Bytes(n)
		if err := r.Err(); err != nil {
			return 0, err
		}
		if err := b.read(page, kind, false); err != nil {
			return 0, err
		}
		if b.n == 0 || b.user[0] != low || b.user[b.n-1] != low+span || !begun && low != first || r.Done() && low+span != last {
			return 0, segment.ErrDamaged
		}
		for i := range b.n {
			if b.user[i] < o.user {
				return 0, segment.ErrDamaged
			}
			o.user = b.user[i]
			if kind == loose {
				f := b.fact(i, day, ingest.NoActivity)
				reach = max(reach, f.At, f.Until)
			} else {
				reach = (day+1)*dayMS - 1
			}
		}
	}
	return reach, nil
}

// checkSpans merges the parts of every span again and compares.
func (s *Store) checkSpans(ctx context.Context, table *usageTable) (string, error) {
	const mend = "delete all rows of the tables span and spanned, and audit again"
	var spans []span
	var kinds []int
	var loose int
	var length int64
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
	order, sound := rowOrder{}, true
	err = each(ctx, s.q, "SELECT days, day, kind, first, last, pages FROM span ORDER BY kind, days, day, first, last", func(rows *sql.Rows) error {
		var days, day, first, last int64
		var kind int
		var pages []byte
		if err := rows.Scan(&days, &day, &kind, &first, &last, &pages); err != nil {
			return err
		}
		if days != length {
			order, length = rowOrder{}, days
		}
		_, err := order.row(day, kind, uint64(first), uint64(last), pages)
		sound = sound && err == nil
		return nil
	})
	if err != nil {
		return "", err
	}
	if !sound {
		return "a row of the table span does not hold the users that it is found by; " + mend, nil
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
	tx := s.snapshot
	if tx == nil { // several queries at once
		var err error
		if tx, err = s.db.BeginTx(ctx, nil); err != nil {
			return err
		}
		defer tx.Rollback()
	}
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
