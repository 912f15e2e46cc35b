package main

import (
	"context"
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"calaudit/audit"
	"calaudit/audit/advise"
	"calaudit/audit/report"
	"calaudit/ingest"
	"calaudit/store"
)

func (a *app) adviseCommand() *cobra.Command {
	f := auditFlags{}
	x := advise.Input{}
	limit := 0
	cmd := &cobra.Command{
		Use:   "advise",
		Short: "what would change the position, and what it would save",
		Long: `Say what would change the licence position: accounts to disable, people who need
more than Standard by an event or two, shared devices to license instead of their
users, External Connectors against CALs, and Software Assurance that would cover a
newer version. What each saves is the difference of two whole audits, under the
chosen readings and under every other answer. No run is saved.

CSV has one row for each account, person, device or licence, with what it saves
alone.`,
		Example: `  calaudit advise
  calaudit advise --format csv --output to-disable.csv
  calaudit advise --events 1 --limit 0
  calaudit advise --window 180 --reading external-attendee=lenient --format json`,
		Args: cobra.NoArgs,
		RunE: a.do(func(ctx context.Context, _ []string) error {
			p, err := f.check()
			switch {
			case err != nil:
				return err
			case limit < 0:
				return usagef("--limit %d is less than 0; 0 shows all", limit)
			case x.Events < 1:
				return usagef("--events %d is less than 1", x.Events)
			case x.Singles < 0:
				return usagef("--singles %d is less than 0", x.Singles)
			}
			return a.writing(ctx, false, func(s *store.Store) error {
				env := &ingest.Env{Now: a.now(), Location: time.UTC}
				if err := a.saveSettings(ctx, s, s.NewCommand(env), env, p.named); err != nil {
					return err
				}
				return a.advise(ctx, s, &f, p, &x, limit)
			})
		}),
	}
	f.add(cmd)
	fail := cmd.Flags().Lookup("fail-on")
	f.failOn, fail.DefValue = "never", "never" // advice is no verdict, unless asked for one
	cmd.Flags().IntVar(&x.Events, "events", 2, "most events by which somebody is told to need more than Standard")
	cmd.Flags().IntVar(&x.Singles, "singles", 16, "most audits, for each kind of advice, to tell what one of its items saves alone")
	cmd.Flags().IntVar(&limit, "limit", 20, "items of each kind in a table (0: all); csv and json are never cut")
	return cmd
}

func (a *app) advise(ctx context.Context, s *store.Store, f *auditFlags, p *plan, x *advise.Input, limit int) error {
	a.startProgress()
	a.progress.phase("auditing again and again")
	snapshots, err := s.Snapshots(ctx)
	if err != nil {
		return err
	}
	in, _, err := a.input(ctx, s, f, p)
	if err != nil {
		return err
	}
	in.SetDirectory(snapshots)
	limitMemory()
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(2 * debug.SetMemoryLimit(-1)) // several audits are held at once
	}
	x.Audit = in
	x.Earlier = func() ([]audit.Usage, error) {
		from := in.AsOf.AddDate(0, 0, 1-in.Days)
		first, ok, err := s.Oldest(ctx)
		if err != nil || !ok || !first.Before(from) {
			return nil, err
		}
		w, err := s.Window(ctx, in.Names, first, from)
		if err != nil {
			return nil, err
		}
		return w.Usages(), nil
	}
	advice, err := advise.Advise(x)
	if err != nil {
		return err
	}
	r := &audit.Report{Position: advice.Position} // what --fail-on looks at
	r.Totals.Users.Undetermined = advice.Undetermined
	switch {
	case advice.Subjects == 0:
		a.warn("nothing to audit between %s and %s: no evidence of any user or device; ingest exports, or move the window with --as-of and --window", advice.Window.From, advice.Window.To)
		a.status = exitEvidence
	case p.failOn.Fails(r):
		a.status = exitShortfall
	}
	return a.write(report.Advice(advice, limit))
}
