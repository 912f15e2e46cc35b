package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"calaudit/audit"
	"calaudit/ingest"
	"calaudit/store"
	"calaudit/store/export"
)

// exportForms are what an export may be, by the value of --as.
var exportForms = []string{"parquet", "sqlite"}

func (a *app) exportCommand() *cobra.Command {
	var f auditFlags
	var as, schema string
	cmd := &cobra.Command{
		Use:   "export TARGET",
		Short: "hand activities, identities, rules and verdicts to another engine",
		Long: `Audit what the database holds, without saving a run, and write everything that
the audit rests on: as Parquet files in the folder TARGET, activities by day,
for DuckDB, ClickHouse or Spark; or as plain tables of the SQLite file TARGET.
An earlier export is replaced, anything else is left alone.`,
		Example: `  calaudit export march                      # Parquet files in the folder march
  calaudit export march.sqlite --as sqlite   # plain tables for the sqlite3 shell
  calaudit export --about tables             # what the tables and columns mean
  calaudit export --about views march | duckdb   # SQL that names the files for DuckDB
  calaudit export --about counts             # SQL: required and exempt by class`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 && schema != "tables" && schema != "counts" {
				return fmt.Errorf("%s needs one TARGET: a folder, or a file with --as sqlite", cmd.Name())
			}
			return nil
		},
		RunE: a.do(func(ctx context.Context, args []string) error {
			switch schema {
			case "":
			case "tables":
				return a.writeText(export.Schema())
			case "counts":
				return a.writeText(export.Counts)
			case "views":
				return a.writeText(export.Views(args[0]))
			default:
				return usagef("unknown --about %q; valid: tables, views, counts", schema)
			}
			if !slices.Contains(exportForms, as) {
				return usagef("unknown --as %q; valid: %s", as, strings.Join(exportForms, ", "))
			}
			p, err := f.check()
			if err != nil {
				return err
			}
			return a.writing(ctx, false, func(s *store.Store) error {
				sink, err := newSink(ctx, as, args[0])
				if err != nil {
					return usageError(err)
				}
				x := exporter{s: s, sink: sink}
				if err := a.export(ctx, &x, &f, p); err != nil {
					sink.Abort()
					return err
				}
				if err := sink.Close(); err != nil {
					return err
				}
				a.say("%s: %d activities of %d subjects", args[0], x.facts, x.subjects)
				return nil
			})
		}),
	}
	f.add(cmd)
	cmd.Flags().StringVar(&as, "as", "parquet", "form of the export: "+strings.Join(exportForms, ", "))
	cmd.Flags().StringVar(&schema, "about", "", "print instead: tables (what they mean), views (SQL for DuckDB), counts (SQL that counts by class)")
	return cmd
}

func newSink(ctx context.Context, as, target string) (export.Sink, error) {
	if as == "sqlite" {
		return store.NewPlain(ctx, target)
	}
	return export.NewParquet(target)
}

// writeText prints what is no report.
func (a *app) writeText(text string) error {
	_, err := fmt.Fprint(a.stdout, text)
	return err
}

// exporter writes the tables of one audit.
type exporter struct {
	s               *store.Store
	sink            export.Sink
	facts, subjects int
}

func (a *app) export(ctx context.Context, x *exporter, f *auditFlags, p *plan) error {
	snapshots, err := x.s.Snapshots(ctx)
	if err != nil {
		return err
	}
	in, _, err := a.input(ctx, x.s, f, p)
	if err != nil {
		return err
	}
	in.SetDirectory(snapshots)
	var class []ingest.Class // of each name, as the audit finds it
	calls := in.Calls
	in.Calls = func(c []ingest.Class) ([]audit.Usage, error) {
		class = slices.Clone(c)
		return calls(c)
	}
	r, subjects, err := audit.Run(in)
	if err != nil {
		return err
	}
	audit.Seal(r, subjects)
	x.subjects = len(subjects)
	shared := sharedNames(r, subjects)
	for _, write := range []func() error{
		func() error { return x.activities(ctx, in) },
		func() error { return x.names(in.Names) },
		func() error { return x.files(ctx) },
		func() error { return x.identities(in.Names, class, subjects, shared) },
		func() error { return x.standing(in.Accounts, subjects, shared) },
		func() error { return x.rules(p.policy, r.Policy.Readings) },
		func() error { return x.verdicts(subjects) },
		func() error { return x.run(r) },
	} {
		if err := write(); err != nil {
			return err
		}
	}
	return nil
}

// number and text are NULL when there is nothing to tell.
func number(id ingest.ID) any {
	if id == 0 {
		return nil
	}
	return int64(id)
}

func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// factsTogether is how many facts a worker gathers before it writes them, each
// day into a file of its own.
const factsTogether = 1 << 18

// gathered is what one worker has not written yet, by day.
type gathered struct {
	days  map[string][]ingest.Fact
	n     int
	count int
	err   error
}

func (x *exporter) activities(ctx context.Context, in *audit.Input) error {
	workers := make([]gathered, store.Workers())
	err := x.s.Scan(ctx, in.Names, in.AsOf.AddDate(0, 0, 1-in.Days), in.AsOf.AddDate(0, 0, 1), len(workers), func(worker int, facts []ingest.Fact) {
		g := &workers[worker]
		if g.days == nil {
			g.days = map[string][]ingest.Fact{}
		}
		for i := range facts {
			if f := &facts[i]; f.Activity != ingest.NoActivity {
				day := "undated"
				if f.At != ingest.Undated {
					day = time.UnixMilli(f.At).UTC().Format(time.DateOnly)
				}
				g.days[day] = append(g.days[day], *f)
				g.n++
			}
		}
		if g.n >= factsTogether && g.err == nil {
			g.err = x.write(g)
		}
	})
	for i := range workers {
		g := &workers[i]
		if err == nil && g.err == nil {
			g.err = x.write(g)
		}
		if x.facts += g.count; err == nil {
			err = g.err
		}
	}
	if err == nil && x.facts == 0 {
		err = x.sink.Rows(&export.Activities, "undated", export.Rows{}) // the columns at least
	}
	return err
}

func (x *exporter) write(g *gathered) error {
	for _, day := range slices.Sorted(maps.Keys(g.days)) {
		facts := g.days[day]
		row := make([]any, len(export.Activities.Columns))
		err := x.sink.Rows(&export.Activities, day, export.Rows{N: len(facts), Row: func(i int) []any {
			f := &facts[i]
			var at any
			if f.At != ingest.Undated {
				at = f.At
			}
			copy(row, []any{at, f.Activity.String(), number(f.User), number(f.Peer), f.PeerPSTN, number(f.Device), number(f.Endpoint),
				number(f.Client), number(f.Server), text(f.Class.String()), text(f.Media.String()), text(f.Role.String()), f.Untold,
				int64(f.File), int64(f.Line)})
			return row
		}})
		if err != nil {
			return err
		}
	}
	g.count += g.n
	g.n = 0
	clear(g.days)
	return nil
}

var nameKinds = map[ingest.NameKind]string{ingest.UserName: "user", ingest.DeviceName: "device", ingest.EndpointName: "endpoint",
	ingest.ClientName: "client", ingest.ServerName: "server", ingest.SourceName: "source"}

func (x *exporter) names(names []ingest.Name) error {
	var rows [][]any
	for i, n := range names {
		if n.Text != "" {
			rows = append(rows, []any{int64(i), nameKinds[n.Kind], n.Text})
		}
	}
	return x.sink.Rows(&export.Names, "", export.List(rows))
}

func (x *exporter) files(ctx context.Context) error {
	imports, err := x.s.Imports(ctx, 0)
	if err != nil {
		return err
	}
	var rows [][]any
	for _, im := range imports {
		rows = append(rows, []any{int64(im.ID), im.Path, im.Format, im.SHA256})
	}
	return x.sink.Rows(&export.Files, "", export.List(rows))
}

// sharedNames lists the people behind each name of a shared account, but for one
// whose own it is.
func sharedNames(r *audit.Report, subjects []audit.Subject) map[string][]*audit.Subject {
	people := map[string][]*audit.Subject{}
	for i := range subjects {
		for _, account := range subjects[i].Shared {
			people[account] = append(people[account], &subjects[i])
		}
	}
	names := map[string][]*audit.Subject{}
	for _, account := range r.People.Shared {
		for _, name := range account.Names {
			names[name] = people[account.Account]
		}
	}
	return names
}

// identities links names to subjects. An identity that is a device stands among
// the device's ids with a word before it.
func (x *exporter) identities(names []ingest.Name, class []ingest.Class, subjects []audit.Subject, shared map[string][]*audit.Subject) error {
	users, devices := map[string]*audit.Subject{}, map[string]*audit.Subject{}
	for i := range subjects {
		of := users
		if subjects[i].Kind == "device" {
			of = devices
		}
		for _, alias := range subjects[i].Aliases {
			of[alias] = &subjects[i]
		}
	}
	var rows [][]any
	for i, n := range names {
		switch n.Kind {
		case ingest.UserName:
			sub := users[n.Text]
			for _, id := range []string{"sip:" + n.Text, "line:" + n.Text} {
				if sub == nil {
					sub = devices[id]
				}
			}
			row := []any{int64(i), "user", nil, nil, text(class[i].String())}
			if sub != nil {
				row[2], row[3] = sub.Kind, sub.ID
			}
			rows = append(rows, row)
			for _, person := range shared[n.Text] {
				rows = append(rows, []any{int64(i), "shared", person.Kind, person.ID, person.Class})
			}
		case ingest.DeviceName, ingest.EndpointName:
			if sub := devices[n.Text]; sub != nil {
				rows = append(rows, []any{int64(i), "machine", sub.Kind, sub.ID, nil})
			}
		}
	}
	return x.sink.Rows(&export.Identities, "", export.List(rows))
}

func (x *exporter) standing(accounts []audit.Account, subjects []audit.Subject, shared map[string][]*audit.Subject) error {
	of := map[string]*audit.Subject{}
	for i := range subjects {
		for _, alias := range subjects[i].Aliases {
			if subjects[i].Kind == "device" {
				_, alias, _ = strings.Cut(alias, ":") // sip:IDENTITY, line:NUMBER
				if of[alias] != nil {
					continue
				}
			}
			of[alias] = &subjects[i]
		}
	}
	var rows [][]any
	for _, st := range audit.StandingFacts(accounts) {
		if sub := of[st.Identity]; sub != nil {
			class := sub.Class
			if sub.Kind == "device" {
				class = ingest.Hosted.String() // of the identity
			}
			rows = append(rows, []any{sub.ID, sub.Kind, class, st.Activity.String()})
		}
		for _, person := range shared[st.Identity] {
			rows = append(rows, []any{person.ID, person.Kind, person.Class, st.Activity.String()})
		}
	}
	return x.sink.Rows(&export.Standing, "", export.List(rows))
}

func (x *exporter) rules(p *audit.Policy, readings map[string]string) error {
	table, err := audit.RuleTable(p, readings)
	if err != nil {
		return err
	}
	var rows [][]any
	for _, r := range table {
		rows = append(rows, []any{r.Class, r.Activity, text(r.Peer), r.Presents, r.Sharing, r.Data, r.Room, r.Rule, r.Outcome, r.Standard, r.Extended})
	}
	return x.sink.Rows(&export.Rules, "", export.List(rows))
}

func (x *exporter) verdicts(subjects []audit.Subject) error {
	var rows [][]any
	for i := range subjects {
		sub := &subjects[i]
		aside := ""
		for _, r := range sub.Reasons {
			if r.Rule == "dormant-identity" || r.Rule == "disabled-identity" {
				aside = r.Rule
			}
		}
		var held []string
		for k, l := range sub.Licenses {
			held = append(held, l+" "+sub.Versions[k])
		}
		rows = append(rows, []any{sub.ID, sub.Kind, text(sub.Class), sub.Outcome, text(sub.CoveredBy), text(sub.Exemption), text(aside),
			text(strings.Join(held, ", ")), text(sub.Name)})
	}
	return x.sink.Rows(&export.Subjects, "", export.List(rows))
}

func (x *exporter) run(r *audit.Report) error {
	var readings []string
	for _, q := range slices.Sorted(maps.Keys(r.Policy.Readings)) {
		readings = append(readings, q+"="+r.Policy.Readings[q])
	}
	return x.sink.Rows(&export.Run, "", export.List([][]any{{r.AsOf, r.Window.From, r.Policy.Name, r.Policy.SHA256, strings.Join(readings, ", "), r.Assign, r.Digest}}))
}
