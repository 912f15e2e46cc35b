package store

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"calaudit/ingest"
)

// Line is a fact with the place it was read from.
type Line struct {
	Fact ingest.Fact
	File string
}

// Lines finds the facts of a window that the test picks, oldest first.
func (s *Store) Lines(ctx context.Context, names []ingest.Name, from, to time.Time, pick func(*ingest.Fact) bool) ([]Line, error) {
	var mu sync.Mutex
	var facts []ingest.Fact
	err := s.Scan(ctx, names, from, to, Workers(), func(_ int, day []ingest.Fact) {
		var found []ingest.Fact
		for i := range day {
			if pick(&day[i]) {
				found = append(found, day[i])
			}
		}
		mu.Lock()
		facts = append(facts, found...)
		mu.Unlock()
	})
	if err != nil {
		return nil, err
	}
	paths, err := s.paths(ctx)
	if err != nil {
		return nil, err
	}
	lines := make([]Line, len(facts))
	for i, f := range facts {
		lines[i] = Line{f, paths[int64(f.File)]}
	}
	slices.SortFunc(lines, compareLines)
	return lines, nil
}

func compareLines(a, b Line) int {
	return cmp.Or(cmp.Compare(a.Fact.At, b.Fact.At), cmp.Compare(a.Fact.Activity, b.Fact.Activity), strings.Compare(a.File, b.File),
		cmp.Compare(a.Fact.Line, b.Fact.Line), cmp.Compare(a.Fact.User, b.Fact.User))
}

func (s *Store) paths(ctx context.Context) (map[int64]string, error) {
	rows, err := s.q.QueryContext(ctx, "SELECT id, path FROM import")
	if err != nil {
		return nil, explain(err)
	}
	defer rows.Close()
	paths := map[int64]string{}
	for rows.Next() {
		var id int64
		var path string
		if err := rows.Scan(&id, &path); err != nil {
			return nil, err
		}
		paths[id] = path
	}
	return paths, explain(rows.Err())
}
