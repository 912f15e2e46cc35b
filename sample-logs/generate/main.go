// Command generate writes the exports of one invented company, Contoso, and
// the truth about them: what an audit of these files must find.
//
// It is deterministic: the same flags give the same bytes on any machine. It
// imports nothing of the auditor, so that truth.json is a second opinion and
// never an echo.
//
// With -pile it writes instead what a site would hand over: a folder with the
// output of each tool that calaudit knows, each of a part of what happened, and
// beside it the same call records as saved by each tool.
//
// With -broken it writes damaged exports instead, one defect to a folder.
//
// The call records follow the table layout that is documented for the later
// releases (Lync Server 2013). The columns of OCS 2007's own call-detail
// tables are not public; files that claimed to show them would be guesses.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"
)

// config is what the flags say.
type config struct {
	users, days, events int
	seed                uint64
	end                 time.Time
	out                 string
	broken              string
	qoe, pile           bool
}

// windowDays is the length of the audit window that truth.json is about.
const windowDays = 90

func main() {
	cfg, err := parseFlags(os.Args[1:])
	switch {
	case err != nil:
	case cfg.broken != "":
		err = writeBroken(cfg.broken)
	default:
		err = newWorld(cfg).write()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func parseFlags(args []string) (config, error) {
	var cfg config
	var end string
	fs := flag.NewFlagSet("generate", flag.ExitOnError)
	fs.IntVar(&cfg.users, "users", 150, "people of the company")
	fs.IntVar(&cfg.days, "days", 30, "days of records")
	fs.IntVar(&cfg.events, "events", 0, "sessions in total, approximately (default: 1.5 per user and weekday)")
	fs.Uint64Var(&cfg.seed, "seed", 1, "seed of all random choices")
	fs.StringVar(&end, "end", "2009-03-31", "last day, YYYY-MM-DD")
	fs.StringVar(&cfg.out, "out", "", "folder to write (required)")
	fs.BoolVar(&cfg.qoe, "qoe", false, "write the quality database as well, and truth-qoe.json about it")
	fs.BoolVar(&cfg.pile, "pile", false, "write what every tool would hand over of the company, in pile, with truth-pile.json about it")
	fs.StringVar(&cfg.broken, "broken", "", "write the damaged exports to this folder instead of a company")
	if err := fs.Parse(args); err != nil {
		return cfg, err
	}
	var err error
	if cfg.end, err = time.Parse("2006-01-02", end); err != nil {
		return cfg, fmt.Errorf("-end: %w", err)
	}
	return cfg, cfg.check()
}

// check refuses what the plan cannot serve, and fills in the default volume.
func (cfg *config) check() error {
	switch {
	case cfg.broken != "" && cfg.out != "":
		return fmt.Errorf("-broken and -out: give one of them")
	case cfg.broken != "":
		return nil
	case cfg.out == "":
		return fmt.Errorf("-out is required")
	case cfg.users < 60 || cfg.users > 100_000:
		return fmt.Errorf("-users must be 60 to 100000: fewer cannot play every scenario, more would exhaust the invented numbers")
	case cfg.days < 1 || cfg.days > 3660:
		return fmt.Errorf("-days must be 1 to 3660")
	case cfg.events < 0:
		return fmt.Errorf("-events must not be negative")
	}
	if cfg.pile && (cfg.users > 1000 || cfg.days > 90) {
		return fmt.Errorf("-pile: at most 1000 -users and 90 -days; it is held in memory")
	}
	if cfg.events == 0 {
		cfg.events = cfg.users * cfg.days * 5 / 7 * 3 / 2
	}
	if cfg.events/cfg.days > 1_000_000 {
		return fmt.Errorf("-events: at most 1000000 sessions a day")
	}
	return nil
}

// write writes the whole company under the folder of -out.
func (w *world) write() error {
	if w.cfg.pile {
		w.pile, w.cfg.qoe = newPile(w), true
	}
	if err := w.openCDR(); err != nil {
		return err
	}
	if err := w.openQoE(); err != nil {
		return err
	}
	w.plan()
	if w.pile != nil {
		w.pile.begin()
	}
	w.scripts()
	w.writeLookups()
	w.playDays()
	if err := w.closeCDR(); err != nil {
		return err
	}
	if err := w.closeQoE(); err != nil {
		return err
	}
	if w.pile != nil {
		return w.pile.end()
	}
	// Settings and truth come last: they speak of what has happened.
	for _, write := range []func() error{w.writeQoETruth, w.writeActivity, w.writeDirectory, w.writeSettings, w.writeTruth} {
		if err := write(); err != nil {
			return err
		}
	}
	return nil
}
