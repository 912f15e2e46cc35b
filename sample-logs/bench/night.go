package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
)

// historyDays is the window of an audit; one more day comes after it.
const historyDays = 90

// nights is a sample split into one export folder per day.
type nights struct {
	history string // 90 of them, with the settings
	day     string // the last
	oneDay  *dataset
	busy    []person // by how much they do
}

type person struct {
	uri string
	n   int
}

// night measures one more day.
func (b *bench) night(ctx context.Context) (*section, error) {
	d, err := b.sample(ctx, people(b.opt.nightRows/300), historyDays+1, b.opt.nightRows/historyDays*(historyDays+1))
	if err != nil {
		return nil, err
	}
	n, err := b.split(ctx, d)
	if err != nil {
		return nil, err
	}
	past := *d // what the 90 days hold
	past.Days, past.Rows, past.Broken, past.Bytes = historyDays, d.Rows-n.oneDay.Rows, d.Broken-n.oneDay.Broken, d.Bytes-n.oneDay.Bytes
	if past.All, err = treeBytes(n.history); err != nil {
		return nil, err
	}
	s := &section{Name: "night", Title: "One more day on 90 days", Data: &past, goals: nightGoals(&past)}
	s.Notes = []string{fmt.Sprintf("The day: %s sessions, %s MB, with lookup tables %s MB.",
		thousands(n.oneDay.Rows), mega(n.oneDay.Bytes), mega(n.oneDay.All))}
	base, duck := b.db("base"), b.db("base-duckdb")
	once, err := b.base(ctx, s, n, base, duck)
	if err != nil {
		return nil, err
	}
	s.Contestants = b.nightContestants(s, n, base, duck)
	pages, err := b.pages(ctx, n, base)
	if err != nil {
		return nil, err
	}
	s.Contestants = append(s.Contestants, pages...)
	s.Contestants = slices.DeleteFunc(s.Contestants, func(c *contestant) bool { return !b.opt.wants(c.Key) })
	if err := b.interleave(ctx, s, b.opt.rounds); err != nil {
		return nil, err
	}
	s.Contestants = append(once, s.Contestants...)
	return s, errors.Join(removeDatabase(base), removeDatabase(duck))
}

// base builds the databases of 90 days, once; what that cost is worth telling.
func (b *bench) base(ctx context.Context, s *section, n *nights, base, duck string) ([]*contestant, error) {
	list := []*contestant{
		{Key: "base", Title: "90 days: calaudit ingest, once", run: func(ctx context.Context) (Sample, error) {
			sample, _, err := b.measure(ctx, child{argv: []string{b.calaudit, "ingest", n.history, "--db", base, "--quiet"}})
			if err == nil {
				err = b.booked(ctx, base, s.Data.Rows)
			}
			sample.Bytes = databaseBytes(base)
			return sample, err
		}},
		{Key: "base-audit", Title: "90 days: calaudit audit, once", run: func(ctx context.Context) (Sample, error) {
			sample, _, err := b.measure(ctx, child{argv: []string{b.calaudit, "audit", "--db", base, "--quiet", "--fail-on", "never"}})
			sample.Bytes = databaseBytes(base)
			return sample, err
		}},
		{Key: "base-duckdb", Title: "90 days: DuckDB load, once", NotHere: b.lacking["duckdb"], run: func(ctx context.Context) (Sample, error) {
			return b.duckdb(ctx, "load", duck, filepath.Join(n.history, "*", sessions), s.Data.Rows-s.Data.Broken)
		}},
	}
	if !b.opt.wants("duckdb") {
		list = list[:2]
	}
	for _, db := range []string{base, duck} {
		if err := removeDatabase(db); err != nil {
			return nil, err
		}
	}
	once := &section{Name: s.Name, Data: s.Data, Contestants: list}
	if err := b.interleave(ctx, once, 1); err != nil {
		return nil, err
	}
	for _, c := range list[:2] {
		if c.Err != "" {
			return nil, fmt.Errorf("%s: %s", c.Title, c.Err)
		}
	}
	return list, nil
}

func (b *bench) nightContestants(s *section, n *nights, base, duck string) []*contestant {
	onCopy := func(of string, do func(ctx context.Context, db string) (Sample, error)) func(context.Context) (Sample, error) {
		return func(ctx context.Context) (Sample, error) {
			db := b.db("copy")
			if err := removeDatabase(db); err != nil {
				return Sample{}, err
			}
			defer removeDatabase(db)
			if of != "" {
				if err := copyDatabase(of, db); err != nil {
					return Sample{}, err
				}
			}
			return do(ctx, db)
		}
	}
	ours := func(want int, args ...string) func(ctx context.Context, db string) (Sample, error) {
		return func(ctx context.Context, db string) (Sample, error) {
			sample, _, err := b.measure(ctx, child{argv: append([]string{b.calaudit, "--db", db, "--quiet"}, args...)})
			if err == nil {
				err = b.booked(ctx, db, want)
			}
			sample.Bytes = databaseBytes(db)
			return sample, err
		}
	}
	all := s.Data.Rows + n.oneDay.Rows
	list := []*contestant{
		{Key: "day90", Title: "calaudit ingest, the day on 90 days", run: onCopy(base, ours(all, "ingest", n.day))},
		{Key: "day0", Title: "calaudit ingest, the day on none", run: onCopy("", ours(n.oneDay.Rows, "ingest", n.day))},
		{Key: "night", Title: "calaudit run, the day + audit on 90 days", run: onCopy(base, ours(all, "run", n.day, "--fail-on", "never"))},
		{Key: "duckdb", Title: "DuckDB insert of the day + class query", NotHere: b.lacking["duckdb"], run: onCopy(duck, func(ctx context.Context, db string) (Sample, error) {
			return b.duckdb(ctx, "day", db, filepath.Join(n.day, sessions), all-s.Data.Broken-n.oneDay.Broken)
		})},
	}
	return list
}

// pages are the people whose page is measured.
func (b *bench) pages(ctx context.Context, n *nights, base string) ([]*contestant, error) {
	var list []*contestant
	for _, of := range []struct {
		key, what string
		part      float64
	}{{"page", "median", 0.5}, {"page90", "busiest tenth", 0.9}, {"page100", "busiest", 1}} {
		if !b.opt.wants(of.key) {
			continue
		}
		who, lines, err := b.findPerson(ctx, n.busy, of.part, base)
		if err != nil {
			return nil, err
		}
		c := &contestant{Key: of.key, Title: fmt.Sprintf("calaudit user, %s person (%s evidence lines)", of.what, thousands(lines))}
		c.run = func(ctx context.Context) (Sample, error) { return b.page(ctx, base, who) }
		list = append(list, c)
	}
	return list, nil
}

// findPerson takes the person at a part of the order of activity, or the next
// less active one that the audit lists as a user: some ids are devices.
func (b *bench) findPerson(ctx context.Context, busy []person, part float64, base string) (who string, lines int, err error) {
	at := int(part * float64(len(busy)-1))
	for i := at; i >= 0 && i > at-50; i-- {
		_, out, err := b.measure(ctx, child{argv: b.pageCommand(base, busy[i].uri), keep: 64 << 20})
		if ctx.Err() != nil {
			return "", 0, ctx.Err()
		}
		if err != nil {
			continue
		}
		lines, err := evidenceLines(out)
		return busy[i].uri, lines, err
	}
	return "", 0, fmt.Errorf("none of 50 people around %s is a user of the audit", busy[at].uri)
}

func evidenceLines(text string) (int, error) {
	var page struct {
		Evidence []json.RawMessage `json:"evidence"`
	}
	err := json.Unmarshal([]byte(text), &page)
	return len(page.Evidence), err
}

func (b *bench) pageCommand(db, uri string) []string {
	return append([]string{b.calaudit, "user", uri, "--db", db, "--format", "json"}, b.opt.pageArgs...)
}

// page is the process less the start of a process: there is no other way to
// look inside from here. Both are so short that one try says little.
func (b *bench) page(ctx context.Context, base, who string) (Sample, error) {
	const tries = 5
	var with, without []Sample
	for range tries {
		s, _, err := b.measure(ctx, child{argv: b.pageCommand(base, who)})
		if err != nil {
			return s, err
		}
		with = append(with, s)
		if s, _, err = b.measure(ctx, child{argv: []string{b.calaudit, "--version"}}); err != nil {
			return s, err
		}
		without = append(without, s)
	}
	return Sample{
		Wall: max(0, median(each(with, wall))-median(each(without, wall))),
		CPU:  max(0, median(each(with, cpu))-median(each(without, cpu))),
		RSS:  int64(median(each(with, rss))),
	}, nil
}
