package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"fmt"

	"calaudit/audit"
	"calaudit/ingest"
	"calaudit/store/segment"
)

// Finding is the result of one check: OK, or what is wrong.
type Finding struct {
	Name   string
	OK     bool
	Detail string
}

// Check proves the store: the file is sound, every tally balances, every block
// can be read and holds what its row says, every subject of every run is
// decided for a reason, and no run was changed after it was saved.
func (s *Store) Check(ctx context.Context) ([]Finding, error) {
	checks := []struct {
		name string
		run  func(context.Context) (string, error)
	}{
		{"database file", s.checkFile},
		{"references", s.checkReferences},
		{"tallies balance", s.checkTallies},
		{"imports unchanged", s.checkSeals},
		{"settings unchanged", s.checkSettings},
		{"evidence present", s.checkPresence},
		{"evidence readable", s.checkSegments},
		{"summaries agree", s.checkSummaries},
		{"source text intact", s.checkTexts},
		{"subjects decided", s.checkSubjects},
		{"run chain intact", s.checkChain},
	}
	var list []Finding
	for _, c := range checks {
		wrong, err := c.run(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			wrong = explain(err).Error()
		}
		list = append(list, Finding{Name: c.name, OK: wrong == "", Detail: wrong})
	}
	return list, nil
}

func (s *Store) checkFile(ctx context.Context) (string, error) {
	var result string
	err := s.q.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&result)
	if err == nil && result == "ok" {
		return "", nil
	}
	return result, err
}

func (s *Store) checkReferences(ctx context.Context) (string, error) {
	var n int
	err := s.q.QueryRowContext(ctx, "SELECT count(*) FROM pragma_foreign_key_check").Scan(&n)
	if err == nil && n > 0 {
		return fmt.Sprintf("%d rows refer to something that is not there", n), nil
	}
	return "", err
}

func (s *Store) checkTallies(ctx context.Context) (string, error) {
	imports, err := s.Imports(ctx, 0)
	if err != nil {
		return "", err
	}
	rejects := map[int]int{}
	rows, err := s.q.QueryContext(ctx, "SELECT import, count(*) FROM reject GROUP BY import")
	if err != nil {
		return "", err
	}
	defer rows.Close()
	for rows.Next() {
		var id, n int
		if err := rows.Scan(&id, &n); err != nil {
			return "", err
		}
		rejects[id] = n
	}
	for _, im := range imports {
		skipped := 0
		for _, n := range im.Skips {
			skipped += n
		}
		switch {
		case !im.Tally.Balanced():
			return fmt.Sprintf("import %d (%s) does not balance: read %d", im.ID, im.Path, im.Tally.Read), nil
		case skipped != im.Tally.Skipped:
			return fmt.Sprintf("import %d (%s): %d rows skipped, %d with a reason", im.ID, im.Path, im.Tally.Skipped, skipped), nil
		case rejects[im.ID] != im.Tally.Rejected:
			return fmt.Sprintf("import %d (%s): %d rows rejected, %d kept", im.ID, im.Path, im.Tally.Rejected, rejects[im.ID]), nil
		}
	}
	return "", rows.Err()
}

func (s *Store) checkSegments(ctx context.Context) (string, error) {
	names, err := s.Names(ctx)
	if err != nil {
		return "", err
	}
	x, err := s.composing(ctx, names)
	if err != nil {
		return "", err
	}
	if wrong, err := s.checkMarks(ctx, names); wrong != "" || err != nil {
		return wrong, err
	}
	if wrong, err := s.checkEntries(ctx); wrong != "" || err != nil {
		return wrong, err
	}
	rows, err := s.q.QueryContext(ctx, "SELECT id, day, family, records, low, high, first, last, reach, block FROM segment")
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var recs []segment.Row
	for rows.Next() {
		var id, day, low, high, reach int64
		var first, last sql.NullInt64
		var family, n int
		var block []byte
		if err := rows.Scan(&id, &day, &family, &n, &low, &high, &first, &last, &reach, &block); err != nil {
			return "", err
		}
		if recs, err = segment.Decode(recs[:0], block, 0); err != nil {
			return fmt.Sprintf("block %d: %v", id, err), nil
		}
		if len(recs) != n {
			return fmt.Sprintf("block %d holds %d records, not %d", id, len(recs), n), nil
		}
		for i := range recs {
			r := &recs[i]
			if dayOf(r.Key) != day || int(r.Kind) >= len(familyOf) || familyOf[r.Kind] != family || r.Line == 0 {
				return fmt.Sprintf("block %d holds a record of another day or without a line", id), nil
			}
			// What the block is passed over by.
			at, dated := activityTime(r)
			if r.Key < low || r.Key > high || reach < leastReach(r) || dated && (!first.Valid || at < first.Int64 || at > last.Int64) {
				return fmt.Sprintf("block %d holds records of other times than its row says", id), nil
			}
			if !x.sound(r) {
				return fmt.Sprintf("block %d refers to a party or name that is not there", id), nil
			}
			rec := r.Record(x.party(r.From), x.party(r.To))
			for _, n := range rec.Names() {
				if n != 0 && names[n].Text == "" {
					return fmt.Sprintf("block %d refers to name %d, which is not there", id, n), nil
				}
			}
		}
	}
	return "", rows.Err()
}

// checkMarks holds the marks by which names are found against the names.
func (s *Store) checkMarks(ctx context.Context, names []ingest.Name) (wrong string, err error) {
	mark := newNames().mark
	err = each(ctx, s.q, "SELECT first, words, marks FROM dictionary WHERE kind=? ORDER BY first", func(rows *sql.Rows) error {
		var first, n int
		var marks, want []byte
		if err := rows.Scan(&first, &n, &marks); err != nil {
			return err
		}
		for i := first; i < min(first+n, len(names)); i++ {
			want = binary.LittleEndian.AppendUint16(want, mark(&names[i]))
		}
		if !bytes.Equal(marks, want) {
			wrong = fmt.Sprintf("the marks of the names from %d are not theirs", first)
		}
		return nil
	}, nameWords)
	return wrong, err
}

func (s *Store) checkSubjects(ctx context.Context) (string, error) {
	if wrong, err := s.checkPlanes(ctx); wrong != "" || err != nil {
		return wrong, err
	}
	var runs []int
	err := each(ctx, s.q, "SELECT id FROM run ORDER BY id", func(rows *sql.Rows) error {
		var id int
		err := rows.Scan(&id)
		runs = append(runs, id)
		return err
	})
	if err != nil {
		return "", err
	}
	wrong := ""
	for _, id := range runs {
		r, err := s.Run(ctx, id)
		if err != nil {
			return "", err
		}
		var list []audit.Subject
		var totals audit.Totals
		err = s.Subjects(ctx, r.ID, "", func(sub audit.Subject) error {
			o := &totals.Users
			if sub.Kind == "device" {
				o = &totals.Devices
			}
			switch sub.Outcome {
			case "required":
				o.Required++
			case "exempt":
				o.Exempt++
			case "undetermined":
				o.Undetermined++
			default:
				wrong = fmt.Sprintf("run %d: %s has no outcome", r.ID, sub.ID)
			}
			if len(sub.Reasons) == 0 {
				wrong = fmt.Sprintf("run %d: %s is %s without a reason", r.ID, sub.ID, sub.Outcome)
			}
			list = append(list, sub)
			return nil
		})
		if err != nil || wrong != "" {
			return wrong, err
		}
		if totals.Users != r.Report.Totals.Users || totals.Devices != r.Report.Totals.Devices {
			return fmt.Sprintf("run %d: its subjects do not add up to its totals", r.ID), nil
		}
		again := r.Report
		audit.Seal(&again, list)
		if again.Digest != r.Report.Digest {
			return fmt.Sprintf("run %d: its subjects or report were changed after it was saved", r.ID), nil
		}
	}
	return "", nil
}

// checkPlanes holds planes against their sums, and the ids by which the blocks
// of subjects are found against the subjects.
func (s *Store) checkPlanes(ctx context.Context) (wrong string, err error) {
	type ends struct{ kind, first, last string }
	all := map[int64]ends{} // those that runs share are opened once
	var p planes
	err = each(ctx, s.q, "SELECT id, sha256, data FROM plane", func(rows *sql.Rows) error {
		var id int64
		var sum, data sql.RawBytes
		if err := rows.Scan(&id, &sum, &data); err != nil {
			return err
		}
		lines, err := p.unpack(data)
		if now := sha256.Sum256(lines); err != nil || !bytes.Equal(sum, now[:]) {
			wrong = fmt.Sprintf("plane %d of subjects was changed after it was saved", id)
			return nil
		}
		list, err := subjectsOf(lines)
		if n := len(list); n > 0 {
			all[id] = ends{list[0].Kind, list[0].ID, list[n-1].ID}
		}
		return err
	})
	if err != nil || wrong != "" {
		return wrong, err
	}
	err = each(ctx, s.q, "SELECT run, kind, first, last, plane FROM run_subjects", func(rows *sql.Rows) error {
		var run int
		var e ends
		var plane int64
		err := rows.Scan(&run, &e.kind, &e.first, &e.last, &plane)
		if err == nil && all[plane] != e {
			wrong = fmt.Sprintf("run %d: its subjects from %s are not where they are looked for", run, e.first)
		}
		return err
	})
	return wrong, err
}

func (s *Store) checkChain(ctx context.Context) (string, error) {
	rows, err := s.q.QueryContext(ctx, "SELECT id, as_of, report, digest, chain FROM run ORDER BY id")
	if err != nil {
		return "", err
	}
	defer rows.Close()
	prev, want := "", 1
	for rows.Next() {
		var id int
		var data []byte
		var asOf, digest, chain string
		if err := rows.Scan(&id, &asOf, &data, &digest, &chain); err != nil {
			return "", err
		}
		var r audit.Report
		if err := json.Unmarshal(data, &r); err != nil {
			return fmt.Sprintf("run %d cannot be read: %v", id, err), nil
		}
		switch {
		case id != want:
			return fmt.Sprintf("run %d is missing", want), nil
		case r.Run != id || r.AsOf != asOf || r.Digest != digest || r.Chain != chain || audit.Chain(prev, &r) != chain:
			return fmt.Sprintf("run %d was changed after it was saved", id), nil
		}
		prev, want = chain, id+1
	}
	return "", rows.Err()
}
