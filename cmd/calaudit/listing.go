package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"calaudit/audit"
	"calaudit/audit/report"
	"calaudit/ingest"
	"calaudit/store"
)

func (a *app) licensesCommand() *cobra.Command {
	var catalog bool
	cmd := &cobra.Command{
		Use:   "licenses",
		Short: "the licences owned, and the catalogue of names",
		Long: `Show the entitlements in force: those of licenses.csv and of Microsoft License
Statements (.xlsx), which add up. Products of a statement that the catalogue
does not know are listed and not counted; those named like one that it knows
deserve a look. The layout of statements and the names of products are from
documentation: no statement of a real customer is public.`,
		Example: `  calaudit licenses              # the entitlements in force
  calaudit licenses --catalog    # names that licenses.csv may use`,
		Args: cobra.NoArgs,
		RunE: a.do(func(ctx context.Context, _ []string) error {
			if catalog {
				return a.write(report.Licenses(nil, nil, products()))
			}
			return a.reading(ctx, func(s *store.Store) error {
				owned, _, err := a.licensesInForce(ctx, s)
				if err != nil {
					return err
				}
				list := []report.Owned{}
				for _, e := range owned {
					row := report.Owned{License: e.License, Metric: e.Metric, Version: e.Version.String(), Quantity: e.Quantity,
						SAFrom: e.SAFrom, SAUntil: e.SAUntil, Agreement: e.Agreement, Currency: e.Currency, Note: e.Note}
					if e.Priced {
						row.UnitPrice = price(e.UnitPrice)
					}
					list = append(list, row)
				}
				repeated, err := repeatedStatements(ctx, s)
				if err != nil {
					return err
				}
				if repeated != "" {
					a.warn("%s", repeated)
				}
				unknown, err := unknownProducts(ctx, s)
				if err != nil {
					return err
				}
				var uncounted []report.Uncounted
				for _, u := range unknown {
					uncounted = append(uncounted, report.Uncounted{Product: u.Product, Version: u.Version, Quantity: u.Quantity, Near: u.Near, File: u.File, Line: u.Line})
				}
				return a.write(report.Licenses(list, uncounted, nil))
			})
		}),
	}
	cmd.Flags().BoolVar(&catalog, "catalog", false, "list the licence names that licenses.csv may use")
	return cmd
}

// price writes thousandths of a currency unit: two decimals, a third if needed.
func price(milli int64) string {
	s := fmt.Sprintf("%d.%03d", milli/1000, milli%1000)
	return strings.TrimSuffix(s, "0")
}

func products() []report.Product {
	list := []report.Product{}
	for _, l := range audit.Catalog() {
		p := report.Product{License: l.Name, About: l.Title, Metrics: l.Metrics}
		if len(l.Grants) > 1 {
			p.Parts = l.Grants
		}
		if !l.Suite {
			for _, r := range audit.Releases() {
				if r.Product == l.Product {
					p.Versions = append(p.Versions, r.Version)
				}
			}
		}
		list = append(list, p)
	}
	return list
}

func (a *app) formatsCommand() *cobra.Command {
	var queries bool
	var product, as string
	cmd := &cobra.Command{
		Use:   "formats [NAME]",
		Short: "the export formats that are understood",
		Example: `  calaudit formats
  calaudit formats activity-csv  # its columns and a sample
  calaudit formats cdr --queries --product lync2013 --as sqlcmd > lync2013.sql`,
		Args: cobra.MaximumNArgs(1),
		RunE: a.do(func(_ context.Context, args []string) error {
			switch {
			case queries && (len(args) != 1 || args[0] != "cdr" && args[0] != "qoe"):
				return usagef("--queries are for one format: calaudit formats cdr --queries")
			case queries && a.format != "table":
				return usagef("queries are text to be run, --format %s has no meaning for them; valid formats: table; see --as", a.format)
			case queries:
				return a.queries(args[0], product, as)
			case product != "" || as != "":
				return usagef("--product and --as choose among --queries")
			}
			list := []report.ExportFormat{}
			var names []string
			for _, f := range ingest.Formats() {
				names = append(names, f.Name)
				if len(args) == 1 && f.Name != args[0] {
					continue
				}
				row := report.ExportFormat{Name: f.Name, About: f.About, Basis: f.Basis, Sample: f.Sample}
				for _, field := range f.Fields {
					row.Fields = append(row.Fields, report.ExportField{Name: field.Name, Meaning: field.Meaning, Needed: field.Needed})
				}
				list = append(list, row)
			}
			if len(list) == 0 {
				return usagef("unknown format %q; valid: %s", args[0], strings.Join(names, ", "))
			}
			return a.write(report.ExportFormats(list))
		}),
	}
	cmd.Flags().BoolVar(&queries, "queries", false, "print instead the queries that export what is read: cdr, of the call detail records and the quality database, qoe, of that alone")
	cmd.Flags().StringVar(&product, "product", "", "of the queries those for one product: ocs2007r2, lync2010, lync2013, sfb2015")
	cmd.Flags().StringVar(&as, "as", "", "of the queries one form: "+strings.Join(queryForms, ", "))
	return cmd
}

// difference compares two runs, subject by subject and row by row.
func difference(runs [2]*store.Run, subjects [2][]audit.Subject) report.Diff {
	d := report.Diff{From: runRow(runs[0]), To: runRow(runs[1]), Changes: subjectChanges(subjects[0], subjects[1]), Position: []report.PositionChange{}}
	type key struct{ license, metric, version string }
	rows := map[key]*report.PositionChange{}
	var order []key
	for i, r := range runs {
		for _, p := range r.Report.Position {
			k := key{p.License, p.Metric, p.Version}
			row := rows[k]
			if row == nil {
				row = &report.PositionChange{License: p.License, Metric: p.Metric, Version: p.Version}
				rows[k] = row
				order = append(order, k)
			}
			counts := report.Counts{Required: p.Required, Owned: p.Owned, Shortfall: p.Shortfall, Surplus: p.Surplus}
			if i == 0 {
				row.Before = counts
			} else {
				row.After = counts
			}
		}
	}
	slices.SortFunc(order, func(a, b key) int {
		return strings.Compare(a.license+"\x00"+a.metric+"\x00"+a.version, b.license+"\x00"+b.metric+"\x00"+b.version)
	})
	for _, k := range order {
		if row := rows[k]; row.Before != row.After {
			d.Position = append(d.Position, *row)
		}
	}
	return d
}

// subjectChanges lists the subjects that two audits do not agree on.
func subjectChanges(a, b []audit.Subject) []report.Change {
	all := []report.Change{}
	before, after := standings(a), standings(b)
	for _, c := range audit.Diff(a, b) {
		what := c.What
		if c.Before != "" && c.After != "" {
			what += " " + c.Before + " -> " + c.After
		}
		if n := len(all); n > 0 && all[n-1].ID == c.ID && all[n-1].Kind == c.Kind {
			all[n-1].Why += "; " + what
			continue
		}
		k := c.Kind + " " + c.ID
		all = append(all, report.Change{ID: c.ID, Kind: c.Kind, Before: before[k], After: after[k], Why: what})
	}
	return all
}

// standings is what a run decided for each subject, by kind and id.
func standings(list []audit.Subject) map[string]report.Standing {
	m := make(map[string]report.Standing, len(list))
	for _, s := range list {
		m[s.Kind+" "+s.ID] = report.Standing{Outcome: s.Outcome, Licenses: s.Licenses}
	}
	return m
}
