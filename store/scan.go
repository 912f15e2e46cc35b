package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"calaudit/audit"
	"calaudit/ingest"
	"calaudit/store/segment"
)

// Newest returns the day of the newest activity, or ok false when the store
// holds no dated activity. A row that lost to another row of its key is none.
func (s *Store) Newest(ctx context.Context) (day time.Time, ok bool, err error) {
	var last sql.NullInt64
	if err := s.q.QueryRowContext(ctx, "SELECT max(last) FROM segment").Scan(&last); err != nil {
		return day, false, explain(err)
	}
	keys, err := s.conflictKeys(ctx)
	if err != nil {
		return day, false, err
	}
	newest := last.Int64
	if last.Valid && len(keys) > 0 {
		names, err := s.Names(ctx)
		if err != nil {
			return day, false, err
		}
		if newest, last.Valid, err = s.newestStanding(ctx, names); err != nil {
			return day, false, err
		}
	}
	if !last.Valid {
		return day, false, nil
	}
	return time.UnixMilli(dayOf(newest) * dayMS).UTC(), true, nil
}

// newestStanding finds the newest activity among records that hold, day by day
// from the newest back: with conflicts the blocks must be opened.
func (s *Store) newestStanding(ctx context.Context, names []ingest.Name) (at int64, ok bool, err error) {
	losers, err := s.conflicts(ctx, names)
	if err != nil {
		return 0, false, err
	}
	rows, err := s.q.QueryContext(ctx, "SELECT last, block FROM segment WHERE last IS NOT NULL ORDER BY last DESC")
	if err != nil {
		return 0, false, explain(err)
	}
	defer rows.Close()
	var recs []ingest.Record
	for rows.Next() {
		var last int64
		var block []byte
		if err := rows.Scan(&last, &block); err != nil {
			return 0, false, err
		}
		if ok && last <= at {
			break
		}
		if recs, err = segment.Decode(recs[:0], block, 0); err != nil {
			return 0, false, err
		}
		for i := range recs {
			if t, dated := activityTime(&recs[i]); dated && !losers.loses(recs[i]) && (!ok || t > at) {
				at, ok = t, true
			}
		}
	}
	return at, ok, explain(rows.Err())
}

// Names returns the name table; the index is the id, Names[0] is unused.
func (s *Store) Names(ctx context.Context) ([]ingest.Name, error) {
	rows, err := s.q.QueryContext(ctx, "SELECT id, kind, text FROM name ORDER BY id")
	if err != nil {
		return nil, explain(err)
	}
	defer rows.Close()
	names := make([]ingest.Name, 1)
	for rows.Next() {
		var id int
		var n ingest.Name
		if err := rows.Scan(&id, &n.Kind, &n.Text); err != nil {
			return nil, err
		}
		for len(names) <= id {
			names = append(names, ingest.Name{})
		}
		names[id] = n
	}
	return names, explain(rows.Err())
}

// part is the blocks of one day that are composed together.
type part struct {
	day    int64
	blocks []block
}

type block struct {
	imported uint32
	data     []byte
}

// Scan reads every fact that counts in the window [from, to): days, both UTC
// midnights. Each worker gets the facts of whole days; call runs concurrently
// with different worker numbers, 0 to workers-1. File in a fact is the import id.
func (s *Store) Scan(ctx context.Context, names []ingest.Name, from, to time.Time, workers int, call func(worker int, facts []ingest.Fact)) error {
	conflicts, err := s.conflicts(ctx, names)
	if err != nil {
		return err
	}
	parts := make(chan part, workers)
	errs := make(chan error, workers)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	for worker := range workers {
		wg.Go(func() {
			var recs []ingest.Record
			for p := range parts {
				var err error
				recs = recs[:0]
				for _, b := range p.blocks {
					if recs, err = segment.Decode(recs, b.data, b.imported); err != nil {
						errs <- fmt.Errorf("day %d: %w", p.day, err)
						cancel()
						return
					}
				}
				recs = slices.DeleteFunc(recs, conflicts.loses)
				call(worker, ingest.Compose(recs, func(id ingest.ID) ingest.Name { return names[id] }, from.UnixMilli(), to.UnixMilli()))
			}
		})
	}
	err = s.parts(ctx, from, to, parts)
	close(parts)
	wg.Wait()
	select {
	case err = <-errs:
	default:
	}
	return explain(err)
}

// Workers is how many days are composed at a time.
func Workers() int { return max(1, min(runtime.NumCPU(), 8)) }

// parts sends the blocks of the window, and of earlier days whatever has
// effect in it: a family of a day is always sent whole.
func (s *Store) parts(ctx context.Context, from, to time.Time, out chan<- part) error {
	rows, err := s.q.QueryContext(ctx, `
		SELECT day, import, block FROM segment WHERE (day, family) IN (
			SELECT day, family FROM segment WHERE day>=?1 AND day<?2
			UNION SELECT day, family FROM segment WHERE reach>=?3 AND day<?1
		) ORDER BY day, family, id`, dayOf(from.UnixMilli()), dayOf(to.UnixMilli()), from.UnixMilli())
	if err != nil {
		return err
	}
	defer rows.Close()
	var p part
	send := func() error {
		if len(p.blocks) == 0 {
			return nil
		}
		select {
		case out <- p:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for rows.Next() {
		var day int64
		var b block
		if err := rows.Scan(&day, &b.imported, &b.data); err != nil {
			return err
		}
		if day != p.day {
			if err := send(); err != nil {
				return err
			}
			p = part{day: day}
		}
		p.blocks = append(p.blocks, b)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return send()
}

// keyConflicts are plain keys that stand for several rows, with the row that
// holds for each: the least in canonical form, wherever it is filed.
type keyConflicts map[[2]uint64]ingest.Record

// loses reports whether the record gave way to another row of the same key.
func (k keyConflicts) loses(r ingest.Record) bool {
	if len(k) == 0 || r.Flags&ingest.Keyed == 0 {
		return false
	}
	best, ok := k[[2]uint64{r.Seq, r.Sub}]
	return ok && segment.Identity(&best, &r) != 0
}

func (s *Store) conflicts(ctx context.Context, names []ingest.Name) (keyConflicts, error) {
	wanted, err := s.conflictKeys(ctx)
	if err != nil || len(wanted) == 0 {
		return nil, err
	}
	rows, err := s.q.QueryContext(ctx, `SELECT s.import, s.block FROM segment s WHERE s.family=? AND s.day IN
		(SELECT k.day FROM plain_key k JOIN plain_conflict c ON c.hash=k.hash)`, plain)
	if err != nil {
		return nil, explain(err)
	}
	defer rows.Close()
	k := keyConflicts{}
	text := func(id ingest.ID) ingest.Name { return names[id] }
	var recs []ingest.Record
	for rows.Next() {
		var b block
		if err := rows.Scan(&b.imported, &b.data); err != nil {
			return nil, err
		}
		if recs, err = segment.Decode(recs[:0], b.data, b.imported); err != nil {
			return nil, err
		}
		for _, r := range recs {
			key := [2]uint64{r.Seq, r.Sub}
			if r.Flags&ingest.Keyed == 0 || !wanted[key] {
				continue
			}
			if best, ok := k[key]; !ok || ingest.ComparePlain(&r, &best, text) < 0 {
				k[key] = r
			}
		}
	}
	return k, explain(rows.Err())
}

// conflictKeys are the keys that stand for more than one row.
func (s *Store) conflictKeys(ctx context.Context) (map[[2]uint64]bool, error) {
	rows, err := s.q.QueryContext(ctx, "SELECT hash FROM plain_conflict")
	if err != nil {
		return nil, explain(err)
	}
	defer rows.Close()
	keys := map[[2]uint64]bool{}
	for rows.Next() {
		var hash []byte
		if err := rows.Scan(&hash); err != nil {
			return nil, err
		}
		if len(hash) == 16 {
			keys[[2]uint64{binary.BigEndian.Uint64(hash), binary.BigEndian.Uint64(hash[8:])}] = true
		}
	}
	return keys, explain(rows.Err())
}

// Conflicts describes the plain rows that share a key with another row.
func (s *Store) Conflicts(ctx context.Context, names []ingest.Name) ([]audit.Conflict, error) {
	k, err := s.conflicts(ctx, names)
	if err != nil {
		return nil, err
	}
	list := make([]audit.Conflict, 0, len(k))
	for _, r := range k {
		list = append(list, audit.Conflict{Subject: names[r.From.User].Text,
			What: fmt.Sprintf("several rows claim to be the same %s of one session; the least of them holds, at %s",
				r.Activity, time.UnixMilli(r.At).UTC().Format(time.RFC3339))})
	}
	slices.SortFunc(list, func(a, b audit.Conflict) int {
		return cmp.Or(strings.Compare(a.Subject, b.Subject), strings.Compare(a.What, b.What))
	})
	return list, nil
}
