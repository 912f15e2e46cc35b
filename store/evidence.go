package store

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"calaudit/ingest"
)

// Line is a fact with the place it was read from.
type Line struct {
	Fact ingest.Fact
	File string
}

// Who names a subject: the numbers of the texts that it goes by.
type Who struct {
	Users    map[ingest.ID]bool // as a user
	Machines map[ingest.ID]bool // as a device or endpoint
}

func (w Who) did(f *ingest.Fact) bool {
	return w.Users[f.User] || w.Machines[f.Device] || w.Machines[f.Endpoint]
}

// fewUsers is up to how many users are looked up one by one. A machine that
// more people used is found by reading every day.
const fewUsers = 64

// Lines finds the facts of the window [from, to) about somebody, oldest first.
// Only the blocks are opened that the summaries name.
func (s *Store) Lines(ctx context.Context, names []ingest.Name, from, to time.Time, who Who) ([]Line, error) {
	x, err := s.composing(ctx, names)
	if err != nil {
		return nil, err
	}
	l := lookup{s: s, x: x, from: from.UnixMilli(), to: to.UnixMilli(), who: who, users: map[ingest.ID]bool{}}
	for id := range who.Users {
		l.users[id] = true
	}
	for i := range x.parties {
		if p := &x.parties[i]; who.Machines[p.Device] || who.Machines[p.Endpoint] {
			l.users[p.User] = true
		}
	}
	delete(l.users, 0)
	if err := l.days(ctx); err != nil {
		return nil, explain(err)
	}
	paths := map[uint32]string{}
	lines := make([]Line, len(l.found))
	for i, f := range l.found {
		path, ok := paths[f.File]
		if !ok {
			if err := s.q.QueryRowContext(ctx, "SELECT path FROM import WHERE id=?", f.File).Scan(&path); err != nil {
				return nil, explain(err)
			}
			paths[f.File] = path
		}
		lines[i] = Line{f, path}
	}
	slices.SortFunc(lines, compareLines)
	return lines, nil
}

func compareLines(a, b Line) int {
	return cmp.Or(cmp.Compare(a.Fact.At, b.Fact.At), cmp.Compare(a.Fact.Activity, b.Fact.Activity), strings.Compare(a.File, b.File),
		cmp.Compare(a.Fact.Line, b.Fact.Line), cmp.Compare(a.Fact.User, b.Fact.User))
}
