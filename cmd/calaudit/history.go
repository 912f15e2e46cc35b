package main

import (
	"context"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"calaudit/audit"
	"calaudit/audit/report"
	"calaudit/store"
)

func (a *app) reportCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "report [RUN]",
		Short:   "render a saved run again",
		Example: "  calaudit report\n  calaudit report 3 --format markdown --output march.md",
		Args:    cobra.MaximumNArgs(1),
		RunE: a.do(func(ctx context.Context, args []string) error {
			id := 0
			if len(args) == 1 {
				var err error
				if id, err = runNumber(args[0]); err != nil {
					return err
				}
			}
			return a.reading(ctx, func(s *store.Store) error {
				r, err := latest(ctx, id, s.Run)
				if err != nil {
					return err
				}
				r.Report.Imports = audit.Tally{} // what this command ingested
				return a.write(report.Shortfall(&r.Report))
			})
		}),
	}
}

func runNumber(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return 0, usagef("%q is no run number; see calaudit runs", s)
	}
	return n, nil
}

func (a *app) runsCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "runs",
		Short:   "list the saved runs",
		Example: "  calaudit runs\n  calaudit runs --format json",
		Args:    cobra.NoArgs,
		RunE: a.do(func(ctx context.Context, _ []string) error {
			return a.reading(ctx, func(s *store.Store) error {
				list := []report.Run{}
				err := s.Runs(ctx, func(r *store.Run) error {
					list = append(list, runRow(r))
					return nil
				})
				if err != nil {
					return err
				}
				return a.write(report.Runs(list))
			})
		}),
	}
}

func runRow(r *store.Run) report.Run {
	row := report.Run{Run: r.ID, AsOf: r.Report.AsOf, When: r.At.Format(time.RFC3339), Policy: r.Report.Policy.Name,
		Users: r.Report.Totals.Users.Required, Devices: r.Report.Totals.Devices.Required, Digest: r.Report.Digest}
	for _, p := range r.Report.Position {
		row.Shortfall += p.Shortfall
	}
	return row
}

func (a *app) diffCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "diff RUN RUN",
		Short:   "what changed between two runs, and for whom",
		Example: "  calaudit diff 3 4\n  calaudit diff 3 4 --format csv",
		Args:    cobra.ExactArgs(2),
		RunE: a.do(func(ctx context.Context, args []string) error {
			var ids [2]int
			for i, arg := range args {
				var err error
				if ids[i], err = runNumber(arg); err != nil {
					return err
				}
			}
			return a.reading(ctx, func(s *store.Store) error {
				var runs [2]*store.Run
				var subjects [2][]audit.Subject
				for i, id := range ids {
					var err error
					if runs[i], err = latest(ctx, id, s.Run); err != nil {
						return err
					}
					err = s.Subjects(ctx, id, "", func(sub audit.Subject) error {
						subjects[i] = append(subjects[i], sub)
						return nil
					})
					if err != nil {
						return err
					}
				}
				return a.write(report.Differences(difference(runs, subjects)))
			})
		}),
	}
}
