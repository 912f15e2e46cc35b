package store

import (
	"context"
	"database/sql"
	"maps"
	"slices"

	"calaudit/ingest"
	"calaudit/store/segment"
)

// lookup finds the facts about somebody: the summaries of a day tell in which
// segments they stand, the segments give the keys of their records, and all
// records of these keys are composed.
type lookup struct {
	s        *Store
	x        *composing
	from, to int64
	who      Who
	users    map[ingest.ID]bool // everybody who may have a part in them
	found    []ingest.Fact

	page  summaryPage
	space workspace
}

// opened is a segment of the day at hand.
type opened struct {
	family int
	rows   []segment.Row
}

// recordKey is what records that are composed together agree in.
type recordKey struct {
	family int
	key    int64
	seq    uint64
}

func (l *lookup) days(ctx context.Context) error {
	type wanted struct {
		day        int64
		summarised bool
	}
	var days []wanted
	err := each(ctx, l.s.q, `SELECT day, day IN (SELECT day FROM summarised WHERE version=?4) FROM
		(SELECT DISTINCT day FROM segment WHERE day>=?1 AND day<?2 UNION SELECT DISTINCT day FROM segment WHERE reach>=?3 AND day<?1)`,
		func(rows *sql.Rows) error {
			var d wanted
			err := rows.Scan(&d.day, &d.summarised)
			days = append(days, d)
			return err
		}, dayOf(l.from), dayOf(l.to), l.from, summaryVersion)
	for _, d := range days {
		if err != nil {
			break
		}
		if d.summarised && len(l.users) <= fewUsers {
			err = l.day(ctx, d.day)
		} else {
			err = l.wholeDay(ctx, d.day)
		}
	}
	return err
}

// wholeDay composes everything that is filed under a day.
func (l *lookup) wholeDay(ctx context.Context, day int64) error {
	return parts(ctx, l.s.q, "SELECT day, id, import, block FROM segment WHERE day=? ORDER BY family, id", []any{day}, 1,
		func(_ int, p part) error {
			facts, err := l.x.facts(p, byImport, &l.space)
			l.keep(facts)
			return err
		})
}

// keep takes the facts that are about the subject and count in the window.
func (l *lookup) keep(facts []ingest.Fact) {
	for _, f := range facts {
		if !l.who.did(&f) {
			continue
		}
		if at, ok := f.In(l.from, l.to); ok {
			f.At, f.Until = at, 0
			l.found = append(l.found, f)
		}
	}
}

func (l *lookup) day(ctx context.Context, day int64) error {
	where := map[uint64]bool{}
	for user := range l.users {
		if err := l.segments(ctx, day, uint64(user), where); err != nil {
			return err
		}
	}
	if len(where) == 0 {
		return nil
	}
	blocks := map[uint64]*opened{}
	keys := map[recordKey]bool{}
	for id := range where {
		b, err := l.open(ctx, blocks, id)
		if err != nil {
			return err
		}
		for i := range b.rows {
			r := &b.rows[i]
			if l.users[l.x.parties[r.From].User] || l.users[l.x.parties[r.To].User] {
				keys[recordKey{b.family, r.Key, r.Seq}] = true
			}
		}
	}
	// Other files hold rows of the same keys: phone sides, joins, kinds.
	times := map[recordKey]bool{}
	for k := range keys {
		if k.seq = 0; !times[k] {
			times[k] = true
			if err := l.beside(ctx, day, k, blocks); err != nil {
				return err
			}
		}
	}
	l.space.recs = l.space.recs[:0]
	for _, id := range slices.Sorted(maps.Keys(blocks)) {
		b := blocks[id]
		for i := range b.rows {
			r := &b.rows[i]
			if keys[recordKey{b.family, r.Key, r.Seq}] && !l.x.conflicts.loses(r) {
				l.space.recs = append(l.space.recs, r.Record(l.x.parties))
			}
		}
	}
	l.keep(ingest.Compose(l.space.recs, l.x.name))
	return nil
}

// segments adds those in which a user's facts of a day stand. The blocks of a
// day's summary are in the order of users.
func (l *lookup) segments(ctx context.Context, day int64, user uint64, where map[uint64]bool) error {
	for kind := 1; kind <= kinds; kind++ {
		err := l.segmentsOf(ctx, day, kind, user, where)
		if err != nil {
			return err
		}
	}
	return nil
}

func (l *lookup) segmentsOf(ctx context.Context, day int64, kind int, user uint64, where map[uint64]bool) error {
	rows, err := l.s.q.QueryContext(ctx, "SELECT last, pages FROM summary WHERE day=? AND kind=? AND first<=? ORDER BY first DESC, last DESC", day, kind, user)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var last uint64
		var pages sql.RawBytes
		if err := rows.Scan(&last, &pages); err != nil {
			return err
		}
		if last < user {
			break
		}
		err := l.page.eachPage(pages, kind, user, true, func() error {
			at := 0
			for i := range l.page.n {
				end := at + int(l.page.segments[i])
				if l.page.user[i] == user {
					for _, id := range l.page.where[at:end] {
						where[id] = true
					}
				}
				at = end
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return rows.Err()
}

func (l *lookup) open(ctx context.Context, blocks map[uint64]*opened, id uint64) (*opened, error) {
	if b := blocks[id]; b != nil {
		return b, nil
	}
	var b opened
	var imported uint32
	var block []byte
	err := l.s.q.QueryRowContext(ctx, "SELECT family, import, block FROM segment WHERE id=?", id).Scan(&b.family, &imported, &block)
	if err != nil {
		return nil, err
	}
	if b.rows, err = segment.Decode(nil, block, imported); err != nil {
		return nil, err
	}
	for i := range b.rows {
		if !l.x.sound(&b.rows[i]) {
			return nil, segment.ErrDamaged
		}
	}
	blocks[id] = &b
	return &b, nil
}

// beside opens the segments that may hold rows of a key.
func (l *lookup) beside(ctx context.Context, day int64, k recordKey, blocks map[uint64]*opened) error {
	var ids []uint64
	err := each(ctx, l.s.q, "SELECT id FROM segment WHERE day=?1 AND family=?2 AND low<=?3 AND high>=?3", func(rows *sql.Rows) error {
		var id uint64
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	}, day, k.family, k.key)
	for _, id := range ids {
		if err == nil {
			_, err = l.open(ctx, blocks, id)
		}
	}
	return err
}
