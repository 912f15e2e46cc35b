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

// Evidence is the facts about somebody.
type Evidence struct {
	Lines []Line // oldest first
	// More counts, by day (UTC midnight), the facts that a limit left out.
	More map[time.Time]int
}

// Lines finds the facts of the window [from, to) about somebody: all, or the
// newest of them when limit is not 0. Only the blocks are opened that the
// summaries name.
func (s *Store) Lines(ctx context.Context, names []ingest.Name, from, to time.Time, who Who, limit int) (*Evidence, error) {
	x, err := s.composing(ctx, names)
	if err != nil {
		return nil, err
	}
	l := lookup{s: s, x: x, from: from.UnixMilli(), to: to.UnixMilli(), who: who, users: map[ingest.ID]bool{}}
	for id := range who.Users {
		if who.Users[id] {
			l.users[id] = true
		}
	}
	before := len(l.users)
	for i := range x.parties {
		if p := &x.parties[i]; who.Machines[p.Device] || who.Machines[p.Endpoint] {
			l.users[p.User] = true
		}
	}
	if len(l.users) == before { // what users did on other machines is not counted
		l.limit = limit
	}
	delete(l.users, 0)
	if err := l.days(ctx); err != nil {
		return nil, explain(err)
	}
	e := &Evidence{More: map[time.Time]int{}}
	for day, n := range l.more {
		e.More[time.UnixMilli(day*dayMS).UTC()] += n
	}
	slices.SortFunc(l.found, func(a, b ingest.Fact) int { return cmp.Compare(a.At, b.At) })
	for limit > 0 && len(l.found) > limit {
		if at := l.found[0].At; at != ingest.Undated {
			e.More[time.UnixMilli(dayOf(at)*dayMS).UTC()]++
		} else {
			e.More[time.Time{}]++
		}
		l.found = l.found[1:]
	}
	paths := map[uint32]string{}
	e.Lines = make([]Line, len(l.found))
	for i, f := range l.found {
		path, ok := paths[f.File]
		if !ok {
			if err := s.q.QueryRowContext(ctx, "SELECT path FROM import WHERE id=?", f.File).Scan(&path); err != nil {
				return nil, explain(err)
			}
			paths[f.File] = path
		}
		e.Lines[i] = Line{f, path}
	}
	slices.SortFunc(e.Lines, compareLines)
	return e, nil
}

func compareLines(a, b Line) int {
	return cmp.Or(cmp.Compare(a.Fact.At, b.Fact.At), cmp.Compare(a.Fact.Activity, b.Fact.Activity), strings.Compare(a.File, b.File),
		cmp.Compare(a.Fact.Line, b.Fact.Line), cmp.Compare(a.Fact.User, b.Fact.User))
}
