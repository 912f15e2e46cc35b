package store

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"calaudit/audit"
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
	// Name is the text behind an id in them.
	Name func(ingest.ID) string
	// More counts, by day (UTC midnight), the facts that a limit left out.
	More map[time.Time]int
}

// Lines finds the facts of the window [from, to) about whoever goes by one of
// the ids: all, or the newest of them when limit is not 0. A device that is an
// identity has the id sip:IDENTITY. Only the blocks are opened that the
// summaries name.
func (s *Store) Lines(ctx context.Context, from, to time.Time, ids []string, limit int) (*Evidence, error) {
	l := &lookup{s: s, from: from.UnixMilli(), to: to.UnixMilli(), users: map[ingest.ID]bool{}, parties: map[uint32]bool{}}
	whole, err := s.unsummarised(ctx, l.from, l.to)
	if err != nil {
		return nil, explain(err)
	}
	twice, err := s.conflictKeys(ctx)
	if err != nil {
		return nil, err
	}
	names, err := newFew(ctx, s.q, newNames())
	if err != nil {
		return nil, explain(err)
	}
	parties, err := newFew(ctx, s.q, newParties())
	if err != nil {
		return nil, explain(err)
	}
	if l.who, err = whoIs(names, ids); err != nil {
		return nil, explain(err)
	}
	machines := false // what users did on other machines is not counted
	for id := range l.who.Users {
		l.users[id] = true
	}
	if len(l.who.Machines) > 0 {
		// A network card stands in no record beside its user, but in the usages.
		usages, err := newFew(ctx, s.q, newUsages())
		if err != nil {
			return nil, explain(err)
		}
		err = usages.each(func(_ uint32, k *audit.UsageKey) {
			if (l.who.Machines[k.Device] || l.who.Machines[k.Endpoint]) && !l.users[k.User] {
				l.users[k.User], machines = true, true
			}
		})
		if err != nil {
			return nil, explain(err)
		}
	}
	if len(l.who.Machines) > 0 {
		err = parties.each(func(_ uint32, p *ingest.Party) {
			if (l.who.Machines[p.Device] || l.who.Machines[p.Endpoint]) && p.User != 0 && !l.users[p.User] {
				l.users[p.User], machines = true, true
			}
		})
		if err != nil {
			return nil, explain(err)
		}
	}
	low, high := ingest.ID(math.MaxUint32), ingest.ID(0) // most users are outside
	for id := range l.users {
		low, high = min(low, id), max(high, id)
	}
	err = parties.firsts(func(id uint32, user uint64) {
		if user := ingest.ID(user); low <= user && user <= high && l.users[user] {
			l.parties[id] = true
		}
	})
	if err != nil {
		return nil, explain(err)
	}
	if !machines {
		l.limit = limit
	}
	if len(whole) == 0 && len(twice) == 0 && len(l.users) <= fewUsers {
		l.x = &composing{name: func(id ingest.ID) ingest.Name { return names.at(uint32(id)) }, names: names.n, party: parties.at, parties: parties.n}
	} else {
		all, err := s.Names(ctx)
		if err != nil {
			return nil, err
		}
		if l.x, err = s.composing(ctx, all); err != nil {
			return nil, err
		}
	}
	if len(l.users) <= fewUsers {
		err = errors.Join(l.wholeDays(ctx, whole), l.days(ctx))
	} else {
		err = l.everyDay(ctx)
	}
	if err = errors.Join(err, names.err, parties.err); err != nil {
		return nil, explain(err)
	}
	e, err := s.evidence(ctx, l, limit)
	return e, explain(errors.Join(err, names.err))
}

// whoIs finds the numbers of the texts that somebody goes by.
func whoIs(names *few[ingest.Name], ids []string) (Who, error) {
	who := Who{Users: map[ingest.ID]bool{}, Machines: map[ingest.ID]bool{}}
	wanted, phones, marks := map[string]bool{}, map[string]bool{}, new(markSet)
	for _, id := range ids {
		wanted[id] = true
		marks.add(markOf(id))
		if user, ok := strings.CutPrefix(id, "sip:"); ok { // a device that is an identity
			phones[user] = true
			marks.add(markOf(user))
		}
	}
	numbers, err := names.marked(marks)
	for _, number := range numbers {
		switch n, id := names.at(number), ingest.ID(number); {
		case n.Text == "" || !wanted[n.Text] && !(n.Kind == ingest.UserName && phones[n.Text]):
		case n.Kind == ingest.UserName:
			who.Users[id] = true
		case n.Kind == ingest.DeviceName || n.Kind == ingest.EndpointName:
			who.Machines[id] = true
		}
	}
	err = errors.Join(err, names.err)
	return who, err
}

// evidence is what a look-up found.
func (s *Store) evidence(ctx context.Context, l *lookup, limit int) (*Evidence, error) {
	e := &Evidence{More: map[time.Time]int{}, Name: func(id ingest.ID) string { return l.x.name(id).Text }}
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
		for _, id := range []ingest.ID{f.User, f.Peer, f.Device, f.Endpoint, f.Client, f.Server} {
			l.x.name(id) // so that it can be read is known now
		}
	}
	slices.SortFunc(e.Lines, compareLines)
	return e, nil
}

func compareLines(a, b Line) int {
	return cmp.Or(cmp.Compare(a.Fact.At, b.Fact.At), cmp.Compare(a.Fact.Activity, b.Fact.Activity), strings.Compare(a.File, b.File),
		cmp.Compare(a.Fact.Line, b.Fact.Line), cmp.Compare(a.Fact.User, b.Fact.User))
}
