package store

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	"calaudit/audit"
	"calaudit/ingest"
	"calaudit/store/segment"
)

// keyConflicts are plain keys that stand for several rows, with the row that
// holds for each: the least in canonical form, wherever it is filed.
type keyConflicts map[[2]uint64]segment.Row

// loses reports whether the record gave way to another row of the same key.
func (k keyConflicts) loses(r *segment.Row) bool {
	if len(k) == 0 || r.Flags&ingest.Keyed == 0 {
		return false
	}
	best, ok := k[[2]uint64{r.Seq, r.Sub}]
	return ok && segment.Identity(&best, r) != 0
}

func (s *Store) conflicts(ctx context.Context, x *composing) (keyConflicts, error) {
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
	var packed []segment.Row
	for rows.Next() {
		var b block
		if err := rows.Scan(&b.imported, &b.data); err != nil {
			return nil, err
		}
		if packed, err = segment.Decode(packed[:0], b.data, b.imported); err != nil {
			return nil, err
		}
		for _, r := range packed {
			key := [2]uint64{r.Seq, r.Sub}
			if r.Flags&ingest.Keyed == 0 || !wanted[key] {
				continue
			}
			if !x.sound(&r) {
				return nil, segment.ErrDamaged
			}
			best, ok := k[key]
			rec, least := r.Record(x.party(r.From), x.party(r.To)), best.Record(x.party(best.From), x.party(best.To))
			if !ok || ingest.ComparePlain(&rec, &least, x.name) < 0 {
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

// Conflicts describes the plain rows that share a key with another row: those
// of a subject and activity together, since a tool that numbers its sessions
// wrongly makes as many as it exports rows, and a run keeps what it reported.
func (s *Store) Conflicts(ctx context.Context, names []ingest.Name) ([]audit.Conflict, error) {
	x, err := s.composing(ctx, names)
	if err != nil {
		return nil, err
	}
	type who struct {
		user     string
		activity ingest.Activity
	}
	type times struct {
		sessions    int
		first, last int64
	}
	all := map[who]times{}
	for _, r := range x.conflicts {
		k := who{names[x.party(r.From).User].Text, r.Activity}
		t, again := all[k]
		if !again {
			t.first, t.last = r.At, r.At
		}
		all[k] = times{t.sessions + 1, min(t.first, r.At), max(t.last, r.At)}
	}
	at := func(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339) }
	list := make([]audit.Conflict, 0, len(all))
	for k, t := range all {
		what := fmt.Sprintf("several rows claim to be the same %s of one session; the least of them holds, at %s", k.activity, at(t.first))
		if t.sessions > 1 {
			what = fmt.Sprintf("of %d sessions several rows claim to be the same %s; the least of each holds, the first at %s, the last at %s",
				t.sessions, k.activity, at(t.first), at(t.last))
		}
		list = append(list, audit.Conflict{Subject: k.user, What: what})
	}
	slices.SortFunc(list, func(a, b audit.Conflict) int {
		return cmp.Or(strings.Compare(a.Subject, b.Subject), strings.Compare(a.What, b.What))
	})
	return list, nil
}
