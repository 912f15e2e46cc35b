package main

import (
	"context"
	"fmt"
	"slices"
)

// memory measures two sizes of the same company. Users and sessions per day
// are equal, so that nothing but the length of the file differs.
func (b *bench) memory(ctx context.Context) (*section, error) {
	s := &section{Name: "memory", Title: "Memory does not grow with the file"}
	least := b.opt.memoryRows[0]
	users := people(least / 100)
	for i, rows := range b.opt.memoryRows {
		days := max(1, int(30*float64(rows)/float64(least)))
		d, err := b.endToEnd(ctx, s, users, days, rows)
		if err != nil {
			return nil, err
		}
		s.Data = d // the largest, in the end
		wanted := []int{5_000_000, 50_000_000}[min(i, 1)]
		for _, what := range []string{"ingest", "audit"} {
			s.goals = append(s.goals, goal{name: fmt.Sprintf("peak memory, %s, %s rows", what, thousands(d.Rows)), must: 300, aim: 180, unit: "MB",
				ours: endKey(what, rows), per: megabyte, of: rss, rows: wanted, once: true})
		}
	}
	if n := len(b.opt.memoryRows); n > 1 {
		for _, what := range []string{"ingest", "audit"} {
			s.goals = append(s.goals, goal{name: "growth of memory, " + what, ours: endKey(what, b.opt.memoryRows[n-1]), theirs: endKey(what, least), of: rss, once: true})
		}
	}
	return s, nil
}

// big does one size once. There is no goal: the figures are told.
func (b *bench) big(ctx context.Context) (*section, error) {
	s := &section{Name: "big", Title: "End to end, once"}
	rows := b.opt.bigRows
	// The generator plays at most a million sessions a day.
	d, err := b.endToEnd(ctx, s, people(rows/100), max(100, rows/1_000_000), rows)
	if err != nil {
		return nil, err
	}
	s.Data = d
	s.goals = []goal{{name: "database bytes / export bytes", ours: endKey("ingest", rows), per: float64(d.Bytes), of: size, once: true}}
	return s, nil
}

func endKey(what string, rows int) string { return fmt.Sprintf("%s-%d", what, rows) }

// endToEnd ingests and audits one sample, and adds both to the section.
func (b *bench) endToEnd(ctx context.Context, s *section, users, days, rows int) (*dataset, error) {
	d, err := b.sample(ctx, users, days, rows)
	if err != nil {
		return nil, err
	}
	db := b.db("scale")
	if err := removeDatabase(db); err != nil {
		return nil, err
	}
	defer removeDatabase(db)
	step := func(args ...string) func(context.Context) (Sample, error) {
		return func(ctx context.Context) (Sample, error) {
			sample, _, err := b.measure(ctx, child{argv: append([]string{b.calaudit, "--db", db, "--quiet"}, args...)})
			if err == nil {
				err = b.booked(ctx, db, d.Rows)
			}
			sample.Bytes = databaseBytes(db)
			return sample, err
		}
	}
	one := &section{Name: s.Name, Data: d, Contestants: []*contestant{
		{Key: endKey("ingest", rows), Title: "calaudit ingest, " + thousands(d.Rows) + " rows", run: step("ingest", d.dir)},
		{Key: endKey("audit", rows), Title: "calaudit audit, " + thousands(d.Rows) + " rows", run: step("audit", "--fail-on", "never")},
	}}
	if err := b.interleave(ctx, one, 1); err != nil {
		return nil, err
	}
	s.Contestants = slices.Concat(s.Contestants, one.Contestants)
	s.floor = max(s.floor, one.floor)
	return d, nil
}
