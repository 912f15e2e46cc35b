package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
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
	parties  map[uint32]bool    // the same as parties
	limit    int                // how many facts are wanted, the newest ones; 0 for all
	found    []ingest.Fact
	more     map[int64]int // facts that were not looked at, by day

	open, besides *sql.Stmt
	page          summaryPage
	space         workspace
}

// opened is a segment of the day at hand: some of the rows in the workspace.
type opened struct {
	family     int
	start, end int
}

// theirs is what a day's summary says of somebody.
type theirs struct {
	segments map[uint64]bool
	counted  int  // facts
	loose    bool // there are others
}

// recordKey is what records that are composed together agree in.
type recordKey struct {
	family int
	key    int64
	seq    uint64
}

// keyOf leaves the time out for attested records, whose key is none, and for
// those of the quality database, which share another.
func keyOf(family int, r *segment.Row) recordKey {
	if family == attested || family == quality {
		return recordKey{family, 0, r.Seq}
	}
	return recordKey{family, r.Key, r.Seq}
}

// minuteMS is the most that a tool cuts of a key.
const minuteMS = 60000

// minute is the beginning of the minute of a key, whatever its number.
func (k recordKey) minute() recordKey {
	return recordKey{family: k.family, key: floorTo(k.key, minuteMS)}
}

// minuteOf is keyOf with the minute alone.
func minuteOf(family int, r *segment.Row) recordKey {
	k := keyOf(family, r)
	return recordKey{k.family, k.minute().key, k.seq}
}

// cutKeys tells whether any of the rows has a key that a tool has cut.
func (l *lookup) cutKeys(blocks map[uint64]opened) bool {
	for _, b := range blocks {
		for i := b.start; i < b.end; i++ {
			if l.space.rows[i].Flags&(ingest.WholeSecond|ingest.WholeMinute) != 0 {
				return true
			}
		}
	}
	return false
}

// unsummarised lists the days of the window without a summary.
func (s *Store) unsummarised(ctx context.Context, from, to int64) (days []int64, err error) {
	err = each(ctx, s.q, windowDays+" WHERE day NOT IN (SELECT day FROM summarised WHERE version=?4)", func(rows *sql.Rows) error {
		var day int64
		err := rows.Scan(&day)
		days = append(days, day)
		return err
	}, dayOf(from), dayOf(to), from, summaryVersion)
	return days, err
}

// everyDay looks at all days whole.
func (l *lookup) everyDay(ctx context.Context) error {
	var days []int64
	err := each(ctx, l.s.q, windowDays, func(rows *sql.Rows) error {
		var day int64
		err := rows.Scan(&day)
		days = append(days, day)
		return err
	}, dayOf(l.from), dayOf(l.to), l.from)
	if err != nil {
		return err
	}
	return l.wholeDays(ctx, days)
}

func (l *lookup) wholeDays(ctx context.Context, days []int64) error {
	for _, day := range days {
		if err := l.wholeDay(ctx, day); err != nil {
			return err
		}
	}
	return nil
}

// days looks at what the summaries name.
func (l *lookup) days(ctx context.Context) (err error) {
	where := map[int64]*theirs{}
	for user := range l.users {
		if err := l.segments(ctx, uint64(user), where); err != nil {
			return err
		}
	}
	for _, st := range []struct {
		at   **sql.Stmt
		text string
	}{
		{&l.open, "SELECT family, import, block FROM segment WHERE id=?"},
		{&l.besides, "SELECT id FROM segment WHERE day=?1 AND family=?2 AND (low<=?4 AND high>=?3 OR ?2>=5)"}, // attested, quality
	} {
		if *st.at, err = l.s.q.PrepareContext(ctx, st.text); err != nil {
			return err
		}
		defer (*st.at).Close()
	}
	l.more = map[int64]int{}
	// The newest first. Loose facts may lie on other days than their own, so
	// these are always looked at.
	for _, day := range slices.Backward(slices.Sorted(maps.Keys(where))) {
		if l.limit > 0 && l.enough(day) && !where[day].loose {
			l.more[day] = where[day].counted
			continue
		}
		if err := l.day(ctx, day, where[day].segments); err != nil {
			return err
		}
	}
	return nil
}

// enough tells whether as many facts are found from later days as are wanted.
func (l *lookup) enough(day int64) bool {
	n := 0
	for i := range l.found {
		n += bit(l.found[i].At >= (day+1)*dayMS)
	}
	return n >= l.limit
}

// wholeDay composes everything that is filed under a day.
func (l *lookup) wholeDay(ctx context.Context, day int64) error {
	p := part{day: day}
	err := each(ctx, l.s.q, "SELECT id, import, family, low, high, block FROM segment WHERE day=? ORDER BY family, id", func(rows *sql.Rows) error {
		var b block
		err := rows.Scan(&b.id, &b.imported, &b.family, &b.low, &b.high, &b.data)
		p.blocks = append(p.blocks, b)
		return err
	}, day)
	if err == nil { // no query is open: names may be read
		err = l.x.facts(p, byImport, &l.space, l.keep)
	}
	if err != nil {
		return fmt.Errorf("day %s: %w", dayText(day), err)
	}
	return nil
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

// mostOpened is how many rows of a day are opened to find somebody's among
// them: 100 bytes each. Tests lower it.
var mostOpened = 1 << 18

var errMany = errors.New("more rows than are opened together")

// day finds the facts whose records stand in the given segments of a day. Of a
// day on which somebody did so much, or whose exports are in no order, that most
// of it would be open at once, everything is composed, a part after the other.
func (l *lookup) day(ctx context.Context, day int64, where map[uint64]bool) error {
	err := l.among(ctx, day, where)
	if !errors.Is(err, errMany) {
		return err
	}
	l.space.rows = nil
	return l.wholeDay(ctx, day)
}

// among is day by what is near the records of the segments.
func (l *lookup) among(ctx context.Context, day int64, where map[uint64]bool) error {
	blocks := map[uint64]opened{}
	l.space.rows = l.space.rows[:0]
	keys := map[recordKey]bool{}
	for id := range where {
		b, err := l.block(ctx, blocks, id)
		if err != nil {
			return err
		}
		for i := b.start; i < b.end; i++ {
			r := &l.space.rows[i]
			if l.parties[r.From] || l.parties[r.To] {
				keys[keyOf(b.family, r)] = true
			}
		}
	}
	// What the quality database and traces say of the same people may be in the
	// facts of other records.
	for _, family := range [...]int{attested, quality} {
		if err := l.beside(ctx, day, recordKey{family: family}, blocks); err != nil {
			return err
		}
	}
	for _, b := range blocks {
		for i := b.start; i < b.end && b.family >= attested; i++ {
			if r := &l.space.rows[i]; ingest.Beside(r.Kind, r.Flags) && (l.parties[r.From] || l.parties[r.To]) {
				keys[keyOf(b.family, r)] = true
			}
		}
	}
	// Other files hold rows of the same keys: phone sides, joins, kinds. Where
	// a tool has cut keys, what belongs together shares the minute alone.
	times := map[recordKey]bool{}
	for k := range keys {
		if k = k.minute(); !times[k] {
			times[k] = true
			if err := l.beside(ctx, day, k, blocks); err != nil {
				return err
			}
		}
	}
	keyOf := keyOf
	if l.cutKeys(blocks) {
		keyOf = minuteOf
		minutes := make(map[recordKey]bool, len(keys))
		for k := range keys {
			minutes[recordKey{k.family, k.minute().key, k.seq}] = true
		}
		keys = minutes
	}
	l.space.recs = l.space.recs[:0]
	for _, id := range slices.Sorted(maps.Keys(blocks)) {
		b := blocks[id]
		for i := b.start; i < b.end; i++ {
			r := &l.space.rows[i]
			if keys[keyOf(b.family, r)] && !l.x.conflicts.loses(r) {
				l.space.recs = append(l.space.recs, r.Record(l.x.party(r.From), l.x.party(r.To)))
			}
		}
	}
	l.keep(ingest.Compose(l.space.recs, l.x.name))
	return nil
}

// segments adds those in which a user's facts stand, by day.
func (l *lookup) segments(ctx context.Context, user uint64, where map[int64]*theirs) error {
	// The rows of a day and kind are in the order of users, and few hold the same.
	return each(ctx, l.s.q, `SELECT s.day, s.kind, s.pages FROM summarised d
			CROSS JOIN (SELECT 1 AS kind UNION ALL SELECT 2 UNION ALL SELECT 3) k
			CROSS JOIN summary s ON s.day=d.day AND s.kind=k.kind AND s.last>=?4 AND s.first<=?4
				AND s.first>=coalesce((SELECT max(first) FROM summary WHERE day=d.day AND kind=k.kind AND first<?4), 0)
			WHERE d.day>=?1 AND d.day<?2 AND d.version=?5
		UNION ALL SELECT day, kind, pages FROM summary WHERE kind=3 AND reach>=?3 AND day<?1 AND first<=?4 AND last>=?4
			AND day IN (SELECT day FROM summarised WHERE version=?5)`, func(rows *sql.Rows) error {
		var day int64
		var kind int
		var pages sql.RawBytes
		if err := rows.Scan(&day, &kind, &pages); err != nil {
			return err
		}
		return l.page.eachPage(pages, kind, user, true, func() error {
			at := 0
			for i := range l.page.n {
				end := at + int(l.page.segments[i])
				if l.page.user[i] == user {
					if where[day] == nil {
						where[day] = &theirs{segments: map[uint64]bool{}}
					}
					t := where[day]
					for _, id := range l.page.where[at:end] {
						t.segments[id] = true
					}
					if kind == loose {
						t.loose = true
					} else {
						t.counted += int(l.page.count[i])
					}
				}
				at = end
			}
			return nil
		})
	}, dayOf(l.from), dayOf(l.to), l.from, user, summaryVersion)
}

func (l *lookup) block(ctx context.Context, blocks map[uint64]opened, id uint64) (opened, error) {
	if b, ok := blocks[id]; ok {
		return b, nil
	}
	if l.space.rows == nil {
		l.space.rows = make([]segment.Row, 0, 32*segment.Max) // to grow takes longer than to find
	}
	b := opened{start: len(l.space.rows)}
	var imported uint32
	var block []byte
	err := l.open.QueryRowContext(ctx, id).Scan(&b.family, &imported, &block)
	if err != nil {
		return b, err
	}
	if l.space.rows, err = segment.Decode(l.space.rows, block, imported); err != nil {
		return b, err
	}
	if len(l.space.rows) > mostOpened {
		return b, errMany
	}
	b.end = len(l.space.rows)
	for i := b.start; i < b.end; i++ {
		if !l.x.sound(&l.space.rows[i]) {
			return b, segment.ErrDamaged
		}
	}
	blocks[id] = b
	return b, nil
}

// beside opens the segments that may hold rows of the minute of a key.
func (l *lookup) beside(ctx context.Context, day int64, k recordKey, blocks map[uint64]opened) error {
	rows, err := l.besides.QueryContext(ctx, day, k.family, k.key, k.key+minuteMS-1)
	if err != nil {
		return err
	}
	defer rows.Close()
	var ids []uint64
	for rows.Next() {
		var id uint64
		if err := rows.Scan(&id); err != nil {
			return err
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	rows.Close()
	for _, id := range ids {
		if err == nil {
			_, err = l.block(ctx, blocks, id)
		}
	}
	return err
}
