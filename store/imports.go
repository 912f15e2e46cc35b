package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"calaudit/audit"
	"calaudit/ingest"
)

// Import is one ingested file with its tally.
type Import struct {
	ID          int
	At          time.Time
	Path        string
	Format      string
	Part        string
	Product     string
	Size        int64
	SHA256      string
	First, Last string // days of the activities in it, "" when none is dated
	Tally       audit.Tally
	Complete    bool
	Skips       map[string]int
	Notes       []string
	Problems    []string // the first rejected rows, "line: what"
}

// LastImport is the id of the newest import, 0 when there is none.
func (s *Store) LastImport(ctx context.Context) (id int, err error) {
	err = s.q.QueryRowContext(ctx, "SELECT coalesce(max(id),0) FROM import").Scan(&id)
	return id, explain(err)
}

// Imports lists the ingested files with ids above since, oldest first.
func (s *Store) Imports(ctx context.Context, since int) ([]Import, error) {
	rows, err := s.q.QueryContext(ctx, `SELECT i.id, c.at, i.path, i.format, i.part, i.product, i.size, i.sha256, i.first, i.last,
		i.read, i.stored, i.duplicate, i.skipped, i.rejected, i.complete, i.skips, i.notes FROM import i JOIN command c ON c.id=i.command WHERE i.id>? ORDER BY i.id`, since)
	if err != nil {
		return nil, explain(err)
	}
	defer rows.Close()
	var list []Import
	for rows.Next() {
		var im Import
		var at int64
		var first, last sql.NullInt64
		var skips, notes []byte
		t := &im.Tally
		t.Files = 1
		if err := rows.Scan(&im.ID, &at, &im.Path, &im.Format, &im.Part, &im.Product, &im.Size, &im.SHA256, &first, &last,
			&t.Read, &t.Stored, &t.Duplicate, &t.Skipped, &t.Rejected, &im.Complete, &skips, &notes); err != nil {
			return nil, err
		}
		im.At = time.Unix(at, 0).UTC()
		if first.Valid && last.Valid {
			im.First, im.Last = dayText(dayOf(first.Int64)), dayText(dayOf(last.Int64))
		}
		if err := json.Unmarshal(skips, &im.Skips); err != nil {
			return nil, err
		}
		if err := json.Unmarshal(notes, &im.Notes); err != nil {
			return nil, err
		}
		list = append(list, im)
	}
	if err := rows.Err(); err != nil {
		return nil, explain(err)
	}
	return list, s.problems(ctx, list)
}

// problems adds the first few rejects to the imports that have any.
func (s *Store) problems(ctx context.Context, list []Import) error {
	for i := range list {
		im := &list[i]
		if im.Tally.Rejected == 0 {
			continue
		}
		rows, err := s.q.QueryContext(ctx, "SELECT line, what FROM reject WHERE import=? ORDER BY line LIMIT ?", im.ID, showRejects)
		if err != nil {
			return explain(err)
		}
		for rows.Next() {
			var line int
			var what string
			if err := rows.Scan(&line, &what); err != nil {
				rows.Close()
				return err
			}
			im.Problems = append(im.Problems, fmt.Sprintf("%d: %s", line, what))
		}
		if err := rows.Err(); err != nil {
			return explain(err)
		}
		rows.Close()
	}
	return nil
}

func dayText(day int64) string { return time.UnixMilli(day * dayMS).UTC().Format(time.DateOnly) }

// Rejected is a source row that could not be taken.
type Rejected struct {
	File string
	Line int
	What string
	Raw  string
}

// standing picks, of each file content, its newest reading: what an earlier
// one rejected for want of a sibling table may have been taken since.
const standing = "(SELECT max(id) FROM import GROUP BY sha256, format)"

// Rejects streams the rejected rows that still stand, file by file.
func (s *Store) Rejects(ctx context.Context, call func(Rejected) error) error {
	rows, err := s.q.QueryContext(ctx, "SELECT i.path, r.line, r.what, r.raw FROM reject r JOIN import i ON i.id=r.import WHERE i.id IN "+standing+" ORDER BY i.id, r.line")
	if err != nil {
		return explain(err)
	}
	defer rows.Close()
	for rows.Next() {
		var r Rejected
		if err := rows.Scan(&r.File, &r.Line, &r.What, &r.Raw); err != nil {
			return err
		}
		if err := call(r); err != nil {
			return err
		}
	}
	return explain(rows.Err())
}

// Evidence sums the tallies of everything ever ingested.
func (s *Store) Evidence(ctx context.Context) (audit.Tally, error) {
	var t audit.Tally
	err := s.q.QueryRowContext(ctx, `SELECT count(*), coalesce(sum(read),0), coalesce(sum(stored),0), coalesce(sum(duplicate),0),
		coalesce(sum(skipped),0), coalesce(sum(rejected),0) FROM import`).Scan(&t.Files, &t.Read, &t.Stored, &t.Duplicate, &t.Skipped, &t.Rejected)
	return t, explain(err)
}

// Coverage says for which days each format gave dated activities, and which
// days of the window, from its first on, are without any. Of snapshots and
// reports no day is missing: they are made now and then.
func (s *Store) Coverage(ctx context.Context, from, to time.Time) ([]audit.Coverage, error) {
	begin, end := dayOf(from.UnixMilli()), dayOf(to.UnixMilli())
	list := []audit.Coverage{}
	err := each(ctx, s.q, "SELECT format, min(day), max(day) FROM coverage GROUP BY format ORDER BY format", func(rows *sql.Rows) error {
		c := audit.Coverage{MissingDays: []string{}}
		var first, last int64
		err := rows.Scan(&c.Format, &first, &last)
		c.First, c.Last = dayText(first), dayText(last)
		list = append(list, c)
		return err
	})
	if err != nil {
		return nil, explain(err)
	}
	occasional := map[string]bool{}
	for _, f := range ingest.Formats() {
		occasional[f.Name] = f.Occasional
	}
	for i := range list {
		c, days := &list[i], map[string]bool{}
		if occasional[c.Format] {
			continue
		}
		err := each(ctx, s.q, "SELECT day FROM coverage WHERE format=? AND day>=? AND day<?", func(rows *sql.Rows) error {
			var day int64
			err := rows.Scan(&day)
			days[dayText(day)] = true
			return err
		}, c.Format, begin, end)
		if err != nil {
			return nil, explain(err)
		}
		for d := begin; d < end; d++ {
			if text := dayText(d); text >= c.First && !days[text] {
				c.MissingDays = append(c.MissingDays, text)
			}
		}
	}
	return list, nil
}

// FormatsRead lists the formats of which anything was taken, sorted.
func (s *Store) FormatsRead(ctx context.Context) (list []string, err error) {
	err = each(ctx, s.q, "SELECT DISTINCT format FROM import WHERE stored>0 ORDER BY format", func(rows *sql.Rows) error {
		var format string
		err := rows.Scan(&format)
		list = append(list, format)
		return err
	})
	return list, explain(err)
}

// covered is the days of coverage as the segments tell them. A block holds one
// day of keys; an activity a day later is told by the ends of its span.
const covered = `SELECT DISTINCT i.format, iif(e.last, s.last, s.first)/86400000 FROM segment s JOIN import i ON i.id=s.import,
	(SELECT 0 AS last UNION ALL SELECT 1) e WHERE s.first IS NOT NULL`

// recoverCoverage makes the coverage anew, after segments went.
func recoverCoverage(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, "DELETE FROM coverage; INSERT INTO coverage(format, day) "+covered)
	return err
}

// OpenRejects counts the rejected rows that still stand.
func (s *Store) OpenRejects(ctx context.Context) (n int, err error) {
	err = s.q.QueryRowContext(ctx, "SELECT coalesce(sum(rejected),0) FROM import WHERE id IN "+standing).Scan(&n)
	return n, explain(err)
}

// OtherZone names a time zone, other than the given one, in which local times
// of stored files were read; "" when there is none.
func (s *Store) OtherZone(ctx context.Context, zone string) (other string, err error) {
	err = s.q.QueryRowContext(ctx, "SELECT coalesce(min(zone),'') FROM import WHERE zone<>? AND format IN ('activity-csv','monitoring-report','siptrace-uccapi')", zone).Scan(&other)
	return other, explain(err)
}
