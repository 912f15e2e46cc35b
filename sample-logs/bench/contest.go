package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

var (
	peerNames   = []string{"wc", "csv", "sqlite", "plain", "duckdb"}
	contestants = append([]string{"ingest", "run", "day90", "day0", "night", "page", "page90", "page100"}, peerNames...)
)

// contestant is one way to do the work, and what it cost in each round.
type contestant struct {
	Key     string   `json:"key"`
	Title   string   `json:"title"`
	NotHere string   `json:"not_here,omitempty"`
	Err     string   `json:"error,omitempty"`
	Rounds  []Sample `json:"rounds"`

	run func(ctx context.Context) (Sample, error)
}

// section is one table of the report.
type section struct {
	Name        string        `json:"name"`
	Title       string        `json:"title"`
	Data        *dataset      `json:"data"`
	Contestants []*contestant `json:"contestants"`
	Verdicts    []verdict     `json:"goals"`
	Notes       []string      `json:"notes,omitempty"`

	goals []goal
	floor int64 // a smaller peak of memory is this program's own
}

func (s *section) find(key string) *contestant {
	for _, c := range s.Contestants {
		if c.Key == key {
			return c
		}
	}
	return nil
}

// interleave runs all contestants in rounds. One that fails is out, and said
// to be: a figure for half of the work is no figure.
func (b *bench) interleave(ctx context.Context, s *section, rounds int) error {
	n := len(s.Contestants)
	for round := range rounds {
		for i := range n {
			c := s.Contestants[(round+i)%n]
			if c.NotHere != "" || c.Err != "" {
				continue
			}
			fmt.Fprintf(b.log, "%s: round %d of %d: %s\n", s.Name, round+1, rounds, c.Key)
			sample, err := c.run(ctx)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				c.Err, c.Rounds = err.Error(), nil
				continue
			}
			c.Rounds = append(c.Rounds, sample)
		}
	}
	s.floor = ownPeak()
	return nil
}

// compare is the main comparison: one file, everybody.
func (b *bench) compare(ctx context.Context) (*section, error) {
	d, err := b.sample(ctx, b.opt.users, b.opt.days, b.opt.rows)
	if err != nil {
		return nil, err
	}
	s := &section{Name: "one file", Title: "One file, everybody", Data: d, goals: mainGoals(d)}
	s.Contestants = []*contestant{
		{Key: "ingest", Title: "calaudit ingest", run: func(ctx context.Context) (Sample, error) {
			return b.ours(ctx, d.Rows, "ingest", d.folder(), "--quiet")
		}},
		{Key: "run", Title: "calaudit run: ingest + audit", run: func(ctx context.Context) (Sample, error) {
			return b.ours(ctx, d.Rows, "run", d.dir, "--quiet", "--fail-on", "never")
		}},
		{Key: "wc", Title: "wc -l", NotHere: b.lacking["wc"], run: func(ctx context.Context) (Sample, error) {
			s, out, err := b.measure(ctx, child{argv: []string{"wc", "-l", d.file()}})
			return s, allRows(err, out, d.Rows+1)
		}},
		{Key: "csv", Title: "encoding/csv, reading only", run: func(ctx context.Context) (Sample, error) {
			s, out, err := b.measure(ctx, child{argv: []string{b.self, "csv", d.file()}})
			return s, allRows(err, out, d.Rows)
		}},
		{Key: "sqlite", Title: "sqlite3 .import, no index", NotHere: b.lacking["sqlite3"], run: func(ctx context.Context) (Sample, error) {
			return b.sqlite(ctx, d, ".import --csv "+sessions+" s\nSELECT count(*) FROM s;\n")
		}},
		{Key: "plain", Title: "sqlite3 import + 2 indexes + aggregate + classes", NotHere: b.lacking["sqlite3"], run: func(ctx context.Context) (Sample, error) {
			return b.sqlite(ctx, d, plainSQL)
		}},
		{Key: "duckdb", Title: "DuckDB CREATE TABLE AS read_csv", NotHere: b.lacking["duckdb"], run: func(ctx context.Context) (Sample, error) {
			db := b.db("duckdb")
			defer removeDatabase(db)
			if err := removeDatabase(db); err != nil {
				return Sample{}, err
			}
			return b.duckdb(ctx, "load", db, d.file(), d.Rows-d.Broken)
		}},
	}
	s.Contestants = slices.DeleteFunc(s.Contestants, func(c *contestant) bool { return !b.opt.wants(c.Key) })
	return s, b.interleave(ctx, s, b.opt.rounds)
}

// db is the path of a database of this run.
func (b *bench) db(name string) string { return filepath.Join(b.work, "db", name+".db") }

// ours runs calaudit into a fresh database, and checks that every row is in
// its books.
func (b *bench) ours(ctx context.Context, rows int, args ...string) (Sample, error) {
	db := b.db("calaudit")
	defer removeDatabase(db)
	if err := removeDatabase(db); err != nil {
		return Sample{}, err
	}
	s, _, err := b.measure(ctx, child{argv: append([]string{b.calaudit, "--db", db}, args...)})
	if err != nil {
		return s, err
	}
	s.Bytes = databaseBytes(db)
	return s, b.booked(ctx, db, rows)
}

// booked compares the rows of sessions in the database's books with those of
// the files.
func (b *bench) booked(ctx context.Context, db string, want int) error {
	_, out, err := b.measure(ctx, child{argv: []string{b.calaudit, "imports", "--db", db, "--format", "json"}, keep: 8 << 20})
	if err != nil {
		return err
	}
	got, err := bookedRows(out)
	if err == nil && got != want {
		err = fmt.Errorf("calaudit has %d rows of %s in its books, the files hold %d", got, sessions, want)
	}
	return err
}

func bookedRows(text string) (int, error) {
	var list []struct {
		File string `json:"file"`
		Read int    `json:"read"`
	}
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return 0, fmt.Errorf("calaudit imports: %w", err)
	}
	sum := 0
	for _, im := range list {
		if strings.HasSuffix(im.File, sessions) {
			sum += im.Read
		}
	}
	return sum, nil
}

// sqlite runs the sqlite3 command line in the folder of the sessions; the
// script comes by standard input and ends with a count of the rows.
func (b *bench) sqlite(ctx context.Context, d *dataset, script string) (Sample, error) {
	db, input := b.db("sqlite"), filepath.Join(b.work, "db", "script.sql")
	defer removeDatabase(db)
	if err := removeDatabase(db); err != nil {
		return Sample{}, err
	}
	if err := os.WriteFile(input, []byte(script), 0o666); err != nil {
		return Sample{}, err
	}
	s, out, err := b.measure(ctx, child{dir: d.folder(), argv: []string{"sqlite3", "-batch", "-bail", db}, stdin: input})
	s.Bytes = databaseBytes(db)
	return s, allRows(err, out, d.Rows)
}

// duckdb runs run.mjs, which says itself what its work cost.
func (b *bench) duckdb(ctx context.Context, task, db, file string, rows int) (Sample, error) {
	s, out, err := b.measure(ctx, child{dir: filepath.Join(b.work, "duckdb"), argv: []string{"node", "run.mjs", task, db, file}})
	if err != nil {
		return s, err
	}
	got, err := parseDuckDB(out, &s)
	if err == nil && got != rows {
		err = fmt.Errorf("DuckDB has %d rows, %d were to be loaded", got, rows)
	}
	s.Bytes = databaseBytes(db)
	return s, err
}

func parseDuckDB(out string, s *Sample) (rows int, err error) {
	said := struct {
		Wall float64 `json:"wall_s"`
		CPU  float64 `json:"cpu_s"`
		Rows int     `json:"rows"`
	}{}
	if err := json.Unmarshal([]byte(out), &said); err != nil {
		return 0, fmt.Errorf("run.mjs: %w", err)
	}
	s.Wall, s.CPU = said.Wall, said.CPU
	return said.Rows, nil
}

// allRows checks the count that a contestant printed first.
func allRows(err error, out string, want int) error {
	if err != nil {
		return err
	}
	fields := strings.Fields(out)
	if len(fields) == 0 {
		return fmt.Errorf("it said nothing; %d rows were to be counted", want)
	}
	if got, err := strconv.Atoi(fields[0]); err != nil || got != want {
		return fmt.Errorf("it counted %q rows, the file holds %d", fields[0], want)
	}
	return nil
}
