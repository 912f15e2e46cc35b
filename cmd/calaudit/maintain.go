package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"calaudit/audit/report"
	"calaudit/store"
)

func (a *app) importsCommand() *cobra.Command {
	var rejected bool
	cmd := &cobra.Command{
		Use:     "imports",
		Short:   "what was ingested, with tallies and rejected records",
		Example: "  calaudit imports\n  calaudit imports --rejected --format csv",
		Args:    cobra.NoArgs,
		RunE: a.do(func(ctx context.Context, _ []string) error {
			return a.reading(ctx, func(s *store.Store) error {
				if !rejected {
					return a.importsReport(ctx, s, 0, false)
				}
				list := []report.Rejection{}
				err := s.Rejects(ctx, func(r store.Rejected) error {
					list = append(list, report.Rejection{File: r.File, Line: r.Line, What: r.What, Raw: r.Raw})
					return nil
				})
				if err != nil {
					return err
				}
				return a.write(report.Rejected(list))
			})
		}),
	}
	cmd.Flags().BoolVar(&rejected, "rejected", false, "list every rejected record with its file and line")
	return cmd
}

// importsReport prints the imports with ids above since. dry: those that a dry
// run would make.
func (a *app) importsReport(ctx context.Context, s *store.Store, since int, dry bool) error {
	imports, err := s.Imports(ctx, since)
	if err != nil {
		return err
	}
	list := []report.Import{}
	for _, im := range imports {
		t := im.Tally
		list = append(list, report.Import{File: im.Path, Format: im.Format, Product: im.Product, First: im.First, Last: im.Last,
			Read: t.Read, Stored: t.Stored, Duplicate: t.Duplicate, Skipped: t.Skipped, Rejected: t.Rejected,
			SHA256: im.SHA256, When: im.At.Format(time.RFC3339), Notes: im.Notes, SkippedWhy: im.Skips, Problems: im.Problems})
	}
	return a.write(report.Imports(list, dry))
}

func (a *app) checkCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "prove the database: tallies, evidence, decisions, run chain",
		Long: `Prove that the database is sound: every tally balances, every block of evidence
can be read, every subject of every run is decided for a reason, and no saved
run was changed afterwards. Exits 5 when something is wrong.`,
		Example: "  calaudit check\n  calaudit check --format json",
		Args:    cobra.NoArgs,
		RunE: a.do(func(ctx context.Context, _ []string) error {
			return a.reading(ctx, func(s *store.Store) error {
				findings, err := s.Check(ctx)
				if err != nil {
					return err
				}
				list := []report.CheckResult{}
				for _, f := range findings {
					list = append(list, report.CheckResult{Name: f.Name, OK: f.OK, Detail: f.Detail})
					if !f.OK {
						a.status = exitIntegrity
					}
				}
				return a.write(report.Checks(list))
			})
		}),
	}
}

func (a *app) pruneCommand() *cobra.Command {
	var before string
	cmd := &cobra.Command{
		Use:   "prune --before DATE",
		Short: "drop old evidence, keep the runs",
		Long: `Drop the records of days before a date, the kept text of their source rows, and
the names that nothing refers to any more. Saved runs, tallies, directory state and settings stay. A pruned file
that is met again is known and is not read again.`,
		Example: "  calaudit prune --before 2008-10-01",
		Args:    cobra.NoArgs,
		RunE: a.do(func(ctx context.Context, _ []string) error {
			if before == "" {
				return usagef("prune needs --before YYYY-MM-DD")
			}
			day, err := parseDay("--before", before)
			if err != nil {
				return err
			}
			return a.writing(ctx, false, func(s *store.Store) error {
				p, err := s.Prune(ctx, a.now(), day)
				if err != nil {
					return err
				}
				return a.write(report.Pruned(before, p.Records, p.Names))
			})
		}),
	}
	cmd.Flags().StringVar(&before, "before", "", "first day to keep, YYYY-MM-DD")
	return cmd
}
