// Command bench measures calaudit against what else people would use for the
// same files, side by side, and holds the ratios against the project's goals.
//
//	go run ./sample-logs/bench                      # 1,000,000 rows, 5 rounds
//	go run ./sample-logs/bench -rows 100000 -rounds 3 -dir /tmp/bench
//	go run ./sample-logs/bench -rows 0 -night       # one more day on 90 days
//	go run ./sample-logs/bench -rows 0 -memory      # 5 M and 50 M rows
//	go run ./sample-logs/bench -rows 0 -big         # 100 M rows, once
//
// It builds calaudit, generates the samples with sample-logs/generate, and in
// each round runs every contestant once, in a fresh process, on the same file,
// into a fresh database. The order moves on by one each round, what the one
// before wrote is synced to disk first, and all files are read once beforehand.
// A ratio is taken within a round, and the median over the rounds is quoted.
//
// The sample. One folder with SessionDetails.csv and the lookup tables it
// refers to, as sample-logs/generate writes them; other fact tables are taken
// away. The peers read SessionDetails.csv alone; calaudit reads the whole
// folder. By default there are 100 sessions per user over 30 days, 3.3 a day.
//
// The contestants:
//
//	ingest   calaudit ingest FOLDER
//	run      calaudit run FOLDER, that is ingest, audit and a saved run
//	wc       wc -l
//	csv      Go's encoding/csv with ReuseRecord, rows read and thrown away
//	sqlite   sqlite3 CLI, .import --csv, no index
//	plain    sqlite3 CLI: import, 2 indexes, daily aggregate, class query (plain.sql)
//	duckdb   DuckDB, CREATE TABLE AS read_csv, with @duckdb/node-api from npm
//
// -peers takes a list of peers (ours always run), -only a list of contestants.
// A peer whose program is missing is reported as "not here", with why, and so
// are its ratios. DuckDB is installed by npm into the work folder.
//
// What is measured. Wall time from start to exit of the process, user and
// system CPU and peak resident memory from the kernel (rusage; without it, as
// on Windows, memory is "-"), and the bytes of the database after exit. DuckDB
// alone is timed inside the process, from opening the database to having
// closed it: the start of node is not its fault. Its memory includes node's.
// The kernel counts this program's own pages at the fork for the child, so a
// small peak (below about 10 MB) is shown as "<" of that. Every contestant must account for every
// row of the file, or the bench fails.
//
// -night generates 91 days (50,000 users, 15 M sessions on the first 90), splits
// SessionDetails by day into folders with all lookup tables each, ingests 90 of
// them, and then measures, each time on a copy of that database: the 91st day
// (day90), the same day into an empty database (day0), the 91st day with an
// audit (night), DuckDB's insert of that day and class query (duckdb), and one
// person's page (page): the wall time of `calaudit user ID --limit 20 --format
// json` less that of `calaudit --version`, the median of 5 each, for the person
// at the median of activity; page90 and page100 are the busiest tenth and the
// busiest. The history was audited once, as the nights before had done.
//
// -memory ingests and audits 5 M and 50 M rows (-memory-rows), both of 50,000
// users, at the same sessions per day. -big does so with 100 M rows (-big-rows)
// once. On disk -night needs about 12 GB, -memory 20 GB and -big 40 GB.
//
// -dir DIR keeps the samples and DuckDB for the next time, and so does -keep
// with the temporary folder. Goals hold for an idle machine, 5 rounds and the
// full sizes; below that the words are marked as indicative, and on a loaded
// machine the CPU ratio is the one to look at.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

type options struct {
	rows, users, days, rounds int
	seed                      uint64
	only, peers               []string
	dir, json, calaudit       string
	keep, night, memory, big  bool
	nightRows, bigRows        int
	memoryRows                []int
	pageArgs                  []string
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == "csv" { // this program as a contestant
		n, err := readCSV(os.Args[2])
		if err != nil {
			fmt.Fprintln(os.Stderr, "bench csv:", err)
			os.Exit(1)
		}
		fmt.Println(n)
		return
	}
	opt, err := parseFlags(os.Args[1:], os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err = run(ctx, opt, os.Stdout, os.Stderr)
	if errors.Is(err, context.Canceled) {
		err = errors.New("interrupted")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func parseFlags(args []string, out io.Writer) (options, error) {
	var opt options
	var only, peers, memoryRows, pageArgs string
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	fs.SetOutput(out)
	fs.IntVar(&opt.rows, "rows", 1_000_000, "sessions of the main comparison, approximately; 0 leaves it out")
	fs.IntVar(&opt.users, "users", 0, "people of the main comparison (default: a hundredth of the rows, 60 to 50000)")
	fs.IntVar(&opt.days, "days", 30, "days of the main comparison")
	fs.IntVar(&opt.rounds, "rounds", 5, "how often every contestant runs")
	fs.Uint64Var(&opt.seed, "seed", 1, "seed of the samples")
	fs.StringVar(&only, "only", "", "only these contestants, separated by commas: "+strings.Join(contestants, ", "))
	fs.StringVar(&peers, "peers", "all", "peers to compare with: all, none, or a list of "+strings.Join(peerNames, ", "))
	fs.StringVar(&opt.dir, "dir", "", "work folder; what can be used again stays there (default: a temporary one, removed)")
	fs.BoolVar(&opt.keep, "keep", false, "keep the temporary work folder")
	fs.BoolVar(&opt.night, "night", false, "measure one more day on 90 days, and one person's page")
	fs.BoolVar(&opt.memory, "memory", false, "measure that memory does not grow with the file")
	fs.BoolVar(&opt.big, "big", false, "ingest and audit 100 M rows, once")
	fs.IntVar(&opt.nightRows, "night-rows", 15_000_000, "sessions on the 90 days of -night; users are 1/300 of them")
	fs.StringVar(&memoryRows, "memory-rows", "5000000,50000000", "sizes for -memory")
	fs.IntVar(&opt.bigRows, "big-rows", 100_000_000, "size for -big")
	fs.StringVar(&opt.json, "json", "", "also write everything measured to this file")
	fs.StringVar(&opt.calaudit, "calaudit", "", "a built calaudit to measure (default: go build ./cmd/calaudit)")
	fs.StringVar(&pageArgs, "page-args", "--limit 20", "more arguments for the page: how many evidence lines, \"\" for all")
	if err := fs.Parse(args); err != nil {
		return opt, err
	}
	if fs.NArg() > 0 {
		return opt, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	opt.pageArgs = strings.Fields(pageArgs)
	var err error
	if opt.only, err = pick("-only", only, contestants); err != nil {
		return opt, err
	}
	switch peers {
	case "all":
		opt.peers = peerNames
	case "none", "":
	default:
		if opt.peers, err = pick("-peers", peers, peerNames); err != nil {
			return opt, err
		}
	}
	for _, text := range strings.Split(memoryRows, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < 1 {
			return opt, fmt.Errorf("-memory-rows %q: sizes separated by commas are wanted", memoryRows)
		}
		opt.memoryRows = append(opt.memoryRows, n)
	}
	slices.Sort(opt.memoryRows)
	return opt, opt.check()
}

// pick reads a list of names and refuses unknown ones.
func pick(flag, text string, known []string) ([]string, error) {
	var list []string
	for _, name := range strings.Split(text, ",") {
		name = strings.TrimSpace(name)
		if name == "" {
			continue
		}
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("%s: unknown name %q; valid: %s", flag, name, strings.Join(known, ", "))
		}
		list = append(list, name)
	}
	return list, nil
}

func (o *options) check() error {
	switch {
	case o.rounds < 1:
		return errors.New("-rounds must be 1 or more")
	case o.rows < 0 || o.days < 1 || o.users < 0 || o.nightRows < 1 || o.bigRows < 1:
		return errors.New("-rows, -users, -days, -night-rows and -big-rows must not be negative")
	case o.rows == 0 && !o.night && !o.memory && !o.big:
		return errors.New("nothing to measure: -rows is 0, and none of -night, -memory and -big is given")
	}
	if o.users == 0 {
		o.users = people(o.rows / 100)
	}
	return nil
}

// people keeps a number of users within what the generator plays and the goals
// speak of.
func people(n int) int { return min(max(n, 60), 50_000) }

// wants says whether the flags ask for a contestant.
func (o *options) wants(name string) bool {
	if len(o.only) > 0 {
		return slices.Contains(o.only, name)
	}
	return !slices.Contains(peerNames, name) || slices.Contains(o.peers, name)
}

// run measures what the flags ask for. An error comes after the report, so
// that one failing contestant does not take the rest along.
func run(ctx context.Context, opt options, out, log io.Writer) (err error) {
	b, err := prepare(ctx, opt, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.cleanUp()) }()
	doc := &document{Schema: "calaudit.bench/1", Machine: describeMachine(ctx), Rounds: opt.rounds}
	doc.Machine.write(out)
	for _, part := range []struct {
		on      bool
		measure func(context.Context) (*section, error)
	}{{opt.rows > 0, b.compare}, {opt.night, b.night}, {opt.memory, b.memory}, {opt.big, b.big}} {
		if !part.on {
			continue
		}
		sec, err := part.measure(ctx)
		if err != nil {
			return err
		}
		sec.judge(opt.rounds)
		sec.write(out)
		doc.Sections = append(doc.Sections, sec)
	}
	doc.Machine.LoadAfter = loadAverage()
	fmt.Fprintf(out, "\nLoad average %s before, %s after.\n", doc.Machine.LoadBefore, doc.Machine.LoadAfter)
	if opt.json != "" {
		if err := doc.save(opt.json); err != nil {
			return err
		}
	}
	return doc.failures()
}

// failures names the contestants that did not do their work.
func (d *document) failures() error {
	var list []error
	for _, s := range d.Sections {
		for _, c := range s.Contestants {
			if c.Err != "" {
				list = append(list, fmt.Errorf("%s, %s: %s", s.Name, c.Key, c.Err))
			}
		}
	}
	return errors.Join(list...)
}

// cleanUp removes what nobody asked to keep.
func (b *bench) cleanUp() error {
	if b.temporary && !b.opt.keep {
		return os.RemoveAll(b.work)
	}
	if b.opt.keep {
		fmt.Fprintln(b.log, "kept:", b.work)
	}
	return os.RemoveAll(filepath.Join(b.work, "db"))
}
