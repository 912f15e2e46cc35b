package store

import (
	"context"
	"database/sql"
	"math"
	"time"

	"calaudit/ingest"
	"calaudit/store/segment"
)

// Pruned says what a prune removed.
type Pruned struct {
	Records int
	Names   int
}

// Prune drops the records filed under days before the given day, the source
// text of their rows and of rejected rows from then, and the texts that nothing refers to
// any more. Runs, tallies, undated and standing facts, the directory and the
// settings stay. What was pruned does not come back: a file that is met again is
// known, and rows of pruned days in a file that grew are skipped. The space is
// given back to the disk.
func (s *Store) Prune(ctx context.Context, now, before time.Time) (Pruned, error) {
	var p Pruned
	day := dayOf(before.UnixMilli())
	s.names, s.parties = nil, nil
	err := s.write(ctx, func(tx *sql.Tx) error {
		const old = "day<?1 AND day<>?2 AND NOT (family>=?3 AND reach=?4)"
		args := []any{day, dayOf(ingest.Undated), plain, int64(math.MaxInt64)}
		if err := tx.QueryRowContext(ctx, "SELECT coalesce(sum(records),0) FROM segment WHERE "+old, args...).Scan(&p.Records); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE import SET pruned = pruned +
			(SELECT coalesce(sum(s.records),0) FROM segment s WHERE s.import=import.id AND `+old+")", args...); err != nil {
			return err
		}
		touched, err := ids(ctx, tx, "SELECT DISTINCT import FROM segment WHERE "+old, args...)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM segment WHERE "+old, args...); err != nil {
			return err
		}
		if err := pruneTexts(ctx, tx, touched); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "UPDATE reject SET raw='' WHERE import IN (SELECT id FROM import WHERE last<?)", day*dayMS); err != nil {
			return err
		}
		if err := recoverCoverage(ctx, tx); err != nil {
			return err
		}
		n, err := dropNames(ctx, tx)
		if err != nil {
			return err
		}
		p.Names = n
		_, err = tx.ExecContext(ctx, "INSERT INTO pruned(at, before) VALUES(?,?)", now.Unix(), day)
		return err
	})
	if err != nil {
		return p, err
	}
	if _, err := s.db.ExecContext(ctx, "VACUUM"); err != nil {
		return p, explain(err)
	}
	_, err = s.db.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	return p, explain(err)
}

// PrunedBefore is the latest day before which evidence was dropped, or ok
// false when none ever was.
func (s *Store) PrunedBefore(ctx context.Context) (day time.Time, ok bool, err error) {
	before, err := prunedBefore(ctx, s.q)
	return time.UnixMilli(before * dayMS).UTC(), before != neverPruned, explain(err)
}

// neverPruned is a day before which nothing lies but undated records.
const neverPruned = -1 << 20

func prunedBefore(ctx context.Context, q querier) (day int64, err error) {
	err = q.QueryRowContext(ctx, "SELECT coalesce(max(before),?) FROM pruned", neverPruned).Scan(&day)
	return day, err
}

// outlasts reports whether a record stays when its day is pruned.
func outlasts(r *ingest.Record) bool {
	return r.Key == ingest.Undated || r.Activity.Standing()
}

// dropNames blanks the texts that no record refers to. What is made of them,
// parties and usages, goes with them; summaries are made anew when needed.
func dropNames(ctx context.Context, tx *sql.Tx) (int, error) {
	v, err := loadVocabulary(ctx, tx)
	if err != nil {
		return 0, err
	}
	names, parties := make([]bool, len(v.names.values)), make([]bool, len(v.parties.values))
	var packed []segment.Row
	err = each(ctx, tx, "SELECT block FROM segment", func(rows *sql.Rows) error {
		var block sql.RawBytes
		if err := rows.Scan(&block); err != nil {
			return err
		}
		if packed, err = segment.Decode(packed[:0], block, 0); err != nil {
			return err
		}
		for i := range packed {
			r := &packed[i]
			if int(max(r.From, r.To)) >= len(parties) || int(max(r.Server, r.Source)) >= len(names) {
				return segment.ErrDamaged
			}
			parties[r.From], parties[r.To] = true, true
			names[r.Server], names[r.Source] = true, true
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	for i := range parties {
		p := &v.parties.values[i]
		if !parties[i] {
			*p = ingest.Party{}
		}
		for _, id := range []ingest.ID{p.User, p.Device, p.Endpoint, p.Client} {
			names[id] = true
		}
	}
	dropped := 0
	for i := range names {
		if n := &v.names.values[i]; !names[i] && *n != (ingest.Name{}) {
			*n = ingest.Name{}
			dropped++
		}
	}
	if err := v.names.saveFrom(ctx, tx, 1); err != nil {
		return 0, err
	}
	if err := v.parties.saveFrom(ctx, tx, 1); err != nil {
		return 0, err
	}
	_, err = tx.ExecContext(ctx, "DELETE FROM summarised; DELETE FROM summary; DELETE FROM span; DELETE FROM spanned; DELETE FROM dictionary WHERE kind=?", usageWords)
	return dropped, err
}
