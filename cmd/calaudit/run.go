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
	"calaudit/audit/report"
	"calaudit/ingest"
	"calaudit/store"
)

// auditFlags are shared by audit and run.
type auditFlags struct {
	policy   string
	readings []string
	asOf     string
	window   int
	licenses string
	estate   string
	assign   string
	failOn   string
	maxAge   int
}

func (f *auditFlags) add(cmd *cobra.Command) {
	p := cmd.Flags()
	p.StringVar(&f.policy, "policy", "ocs2007", "policy name or file; see calaudit policy")
	p.StringArrayVar(&f.readings, "reading", nil, "answer to a disputed question, QUESTION=strict|lenient (repeatable)")
	p.StringVar(&f.asOf, "as-of", "", "last day of the window, YYYY-MM-DD (default: day of the newest activity)")
	p.IntVar(&f.window, "window", 90, "length of the window in days")
	p.StringVar(&f.licenses, "licenses", "", "entitlements: licenses.csv or a Microsoft License Statement .xlsx (default: those met last)")
	p.StringVar(&f.estate, "estate", "", "estate file (default: the estate.toml met last)")
	p.StringVar(&f.assign, "assign", "optimal", "who takes the licence where user or device could: "+strings.Join(audit.Assigns(), ", "))
	p.StringVar(&f.failOn, "fail-on", "shortfall", "what exits 3: shortfall, shortfall>=5%, undetermined, never")
}

func (a *app) runCommand() *cobra.Command {
	var in ingestFlags
	var f auditFlags
	cmd := &cobra.Command{
		Use:   "run PATH...",
		Short: "the nightly job: ingest what is new, audit, save the run, print the shortfall table",
		Long: `Ingest what is new in the paths, audit, save the run and print the shortfall
table. Running it again on the same files stores nothing and gives the same
digest. Exits 3 when licences are short (see --fail-on).`,
		Example: `  calaudit run sample-logs/contoso
  calaudit run /exports --licenses licenses.csv --fail-on 'shortfall>=5%'
  calaudit run /exports --format json --output audit.json --quiet`,
		Args: somePaths,
		RunE: a.do(func(ctx context.Context, args []string) error {
			p, err := f.check()
			if err != nil {
				return err
			}
			return a.writing(ctx, true, func(s *store.Store) error {
				got, err := a.ingest(ctx, s, args, &in, p.named)
				if err != nil {
					return err
				}
				return a.audit(ctx, s, &f, p, auditing{imports: got.tally, failed: got.failed, strict: in.strictData, nightly: true})
			})
		}),
	}
	in.add(cmd)
	f.add(cmd)
	cmd.Flags().IntVar(&f.maxAge, "max-age", 3, "warn when the newest activity is older than this many days (0: never)")
	return cmd
}

func (a *app) auditCommand() *cobra.Command {
	var f auditFlags
	var strict bool
	var suppose string
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "audit what the database holds and save the run",
		Long:  auditLong,
		Example: `  calaudit audit --as-of 2009-03-31
  calaudit audit --reading external-attendee=lenient
  calaudit audit --window 30 --assign device --format json
  calaudit audit --what-if more-licences.toml`,
		Args: cobra.NoArgs,
		RunE: a.do(func(ctx context.Context, _ []string) error {
			p, err := f.check()
			if err != nil {
				return err
			}
			w, err := readWhatIf(suppose, &f)
			if err != nil {
				return err
			}
			return a.writing(ctx, false, func(s *store.Store) error {
				env := &ingest.Env{Now: a.now(), Location: time.UTC}
				if err := a.saveSettings(ctx, s, s.NewCommand(env), env, p.named); err != nil {
					return err
				}
				return a.audit(ctx, s, &f, p, auditing{strict: strict, whatIf: w})
			})
		}),
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&strict, "strict-data", false, "exit 4 when records were rejected or days are missing")
	cmd.Flags().StringVar(&suppose, "what-if", "", "show beside the position the one that would be with the changes in this file")
	return cmd
}

// plan is the checked form of the audit flags.
type plan struct {
	policy   *audit.Policy
	readings map[string]string
	asOf     time.Time // zero: the newest activity
	failOn   audit.FailOn
	named    []ingest.Setting // the files of --licenses and --estate
}

// check reads the flags before anything is touched: a wrong one must not cost
// an ingest.
func (f *auditFlags) check() (*plan, error) {
	var p plan
	var err error
	if p.policy, err = loadPolicy(f.policy); err != nil {
		return nil, err
	}
	if p.readings, err = audit.ParseReadings(p.policy, f.readings); err != nil {
		return nil, usageError(err)
	}
	if p.failOn, err = audit.ParseFailOn(f.failOn); err != nil {
		return nil, usageError(err)
	}
	if f.asOf != "" {
		if p.asOf, err = parseDay("--as-of", f.asOf); err != nil {
			return nil, err
		}
	}
	if f.maxAge < 0 {
		return nil, usagef("--max-age %d is less than 0", f.maxAge)
	}
	if f.window < 1 || f.window > 36500 {
		return nil, usagef("--window %d is not between 1 and 36500 days", f.window)
	}
	if !slices.Contains(audit.Assigns(), f.assign) {
		return nil, usagef("unknown --assign %q; valid: %s", f.assign, strings.Join(audit.Assigns(), ", "))
	}
	p.named, err = f.settings()
	return &p, err
}

// settings reads the files that --licenses and --estate name.
func (f *auditFlags) settings() ([]ingest.Setting, error) {
	var list []ingest.Setting
	for _, s := range []struct{ kind, name string }{{"licenses", f.licenses}, {"estate", f.estate}} {
		if s.name == "" {
			continue
		}
		file, err := ingest.OpenFile(s.name)
		if err != nil {
			return nil, usageError(err)
		}
		setting, err := ingest.ReadSetting(s.kind, file)
		if err != nil {
			return nil, usageError(err)
		}
		list = append(list, setting)
	}
	return list, nil
}

// auditing is what an audit must know of the command around it.
type auditing struct {
	imports audit.Tally
	failed  bool // something could not be read
	strict  bool
	nightly bool
	whatIf  *supposition // nil for none
}

// audit judges what the store holds, saves the run and prints it.
func (a *app) audit(ctx context.Context, s *store.Store, f *auditFlags, p *plan, with auditing) error {
	a.startProgress()
	a.progress.phase("auditing")
	snapshots, err := s.Snapshots(ctx)
	if err != nil {
		return err
	}
	in, leftOut, err := a.input(ctx, s, f, p)
	if err != nil {
		return err
	}
	in.SetDirectory(snapshots)
	in.Once = with.whatIf == nil
	limitMemory()
	then, err := with.whatIf.input(in) // what is wrong with it is said before a run is saved
	if err != nil {
		return err
	}
	r, subjects, err := audit.Run(in)
	if err != nil {
		return err
	}
	from, to := in.AsOf.AddDate(0, 0, 1-in.Days), in.AsOf.AddDate(0, 0, 1)
	if r.Coverage, err = s.Coverage(ctx, from, to); err != nil {
		return err
	}
	r.Coverage = withDirectory(r.Coverage, snapshots)
	read, err := s.FormatsRead(ctx)
	if err != nil {
		return err
	}
	r.Absent = absent(read)
	conflicts, err := s.Conflicts(ctx, in.Names)
	if err != nil {
		return err
	}
	r.Conflicts = append(r.Conflicts, conflicts...)
	slices.SortFunc(r.Conflicts, func(x, y audit.Conflict) int {
		return strings.Compare(x.Subject+"\x00"+x.What, y.Subject+"\x00"+y.What)
	})
	if leftOut > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("Entitlement rows that could not be read and are left out: %d. What they own is not counted.", leftOut))
	}
	if n := audit.MixedAccounts(snapshots); n > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("Accounts that the directory exports of one command give in two states, changed at different times: %d. "+
			"These exports are taken for one, so whoever left between them still counts: give those of different days to commands of their own, or the newest alone.", n))
	}
	repeated, err := repeatedStatements(ctx, s)
	if err != nil {
		return err
	}
	if repeated != "" {
		r.Notes = append(r.Notes, repeated)
	}
	unknown, err := unknownProducts(ctx, s)
	if err != nil {
		return err
	}
	if len(unknown) > 0 {
		near := 0
		for _, u := range unknown {
			if u.Near {
				near++
			}
		}
		r.Notes = append(r.Notes, fmt.Sprintf("Products of licence statements that the catalogue does not know, whose licences are not counted: %d, of which named like one that it knows: %d. See calaudit licenses.", len(unknown), near))
	}
	if twofoldSignIns(r.Coverage) {
		r.Notes = append(r.Notes, "Sign-ins stand in SIP traces and in call records; no document ties one to the other, so their number may be double. No verdict rests on the number.")
	}
	r.Imports = with.imports
	if r.Evidence, err = s.Evidence(ctx); err != nil {
		return err
	}
	audit.Seal(r, subjects)
	if len(in.Estate.SIPDomains) == 0 && len(in.Accounts) == 0 && len(subjects) > 0 {
		a.warn("no sip_domains and no directory: nobody can be told to be of the organisation by domain; add estate.toml or a directory export")
	}
	if err := a.judge(ctx, s, r, subjects, p, f, with); err != nil {
		return err
	}
	if err := s.SaveRun(ctx, a.now(), r, subjects); err != nil {
		return err
	}
	if then != nil {
		return a.writeWhatIf(with.whatIf, r, subjects, then)
	}
	return a.write(report.Shortfall(r))
}

// absent lists the formats of other people's tools that tell of uses and are not
// among those that were read.
func absent(read []string) (list []string) {
	for _, f := range ingest.Formats() {
		if !f.NoUse && f.Basis != "own" && !slices.Contains(read, f.Name) {
			list = append(list, f.Name)
		}
	}
	slices.Sort(list)
	return list
}

// twofoldSignIns tells whether sign-ins came from SIP traces and from call
// records.
func twofoldSignIns(list []audit.Coverage) bool {
	has := func(fits func(format string) bool) bool {
		return slices.ContainsFunc(list, func(c audit.Coverage) bool { return fits(c.Format) })
	}
	return has(func(f string) bool { return f == "cdr" }) && has(func(f string) bool { return strings.HasPrefix(f, "siptrace-") })
}

// withDirectory adds how old the directory's newest snapshots are: from the
// naming context whose newest is oldest to the one whose newest is newest.
// Superseded snapshots say nothing, nor does a file's date, which changes when
// the file is copied.
func withDirectory(list []audit.Coverage, snapshots []audit.Snapshot) []audit.Coverage {
	if len(snapshots) == 0 {
		return list
	}
	newest := map[string]string{}
	for _, sn := range snapshots {
		if sn.Dated {
			newest[sn.Context] = max(newest[sn.Context], time.Unix(sn.Date, 0).UTC().Format(time.DateOnly))
		}
	}
	c := audit.Coverage{Format: "directory", MissingDays: []string{}}
	if days := slices.Sorted(maps.Values(newest)); len(days) > 0 {
		c.First, c.Last = days[0], days[len(days)-1]
	}
	list = append(list, c)
	slices.SortFunc(list, func(x, y audit.Coverage) int { return strings.Compare(x.Format, y.Format) })
	return list
}

// input gathers everything the audit depends on but the directory.
func (a *app) input(ctx context.Context, s *store.Store, f *auditFlags, p *plan) (in *audit.Input, leftOut int, err error) {
	in = &audit.Input{Policy: p.policy, Readings: p.readings, AsOf: p.asOf, Days: f.window, Assign: f.assign}
	if in.Estate, err = a.estateInForce(ctx, s); err != nil {
		return nil, 0, err
	}
	if in.Owned, leftOut, err = a.licensesInForce(ctx, s); err != nil {
		return nil, 0, err
	}
	if in.AsOf.IsZero() {
		day, ok, err := s.Newest(ctx)
		if err != nil {
			return nil, 0, err
		}
		if !ok {
			day = a.now().UTC().Truncate(24 * time.Hour) // undated facts alone: the day of import
		}
		in.AsOf = day
	}
	if in.Names, err = s.Names(ctx); err != nil {
		return nil, 0, err
	}
	from, to := in.AsOf.AddDate(0, 0, 1-in.Days), in.AsOf.AddDate(0, 0, 1)
	w, err := s.Window(ctx, in.Names, from, to)
	if err != nil {
		return nil, 0, err
	}
	in.Usages = w.Usages
	in.Calls = func(class []ingest.Class) ([]audit.Usage, error) { return w.Calls(ctx, class) }
	return in, leftOut, nil
}

// judge sets the exit status, in the report and of the program.
func (a *app) judge(ctx context.Context, s *store.Store, r *audit.Report, subjects []audit.Subject, p *plan, f *auditFlags, with auditing) error {
	r.ExitCodes = []int{}
	if with.failed {
		r.ExitCodes = append(r.ExitCodes, exitFailed)
	}
	incomplete := false
	if len(subjects) == 0 {
		a.warn("nothing to audit between %s and %s: no evidence of any user or device; ingest exports, or move the window with --as-of and --window", r.Window.From, r.Window.To)
		incomplete = true
	}
	if before, ok, err := s.PrunedBefore(ctx); err != nil {
		return err
	} else if ok && before.Format(time.DateOnly) > r.Window.From {
		a.warn("evidence before %s was pruned, but the window begins on %s: the numbers are too low; give --window or --as-of", before.Format(time.DateOnly), r.Window.From)
		incomplete = incomplete || with.strict
	}
	if with.strict {
		open, err := s.OpenRejects(ctx)
		if err != nil {
			return err
		}
		if open > 0 {
			a.warn("%d rejected records; see calaudit imports --rejected", open)
			incomplete = true
		}
		for _, c := range r.Coverage {
			if n := len(c.MissingDays); n > 0 {
				a.warn("%s: %d days of the window without any record", c.Format, n)
				incomplete = true
			}
		}
	}
	if with.nightly && f.maxAge > 0 && f.asOf == "" {
		if day, ok, err := s.Newest(ctx); err != nil {
			return err
		} else if ok {
			if age := int(a.now().Sub(day.AddDate(0, 0, 1)).Hours() / 24); age >= f.maxAge {
				a.warn("the newest activity is %d days old (%s); is the export still running? (--max-age)", age, day.Format(time.DateOnly))
				incomplete = incomplete || with.strict
			}
		}
	}
	if incomplete {
		r.ExitCodes = append(r.ExitCodes, exitEvidence)
	}
	if p.failOn.Fails(r) {
		r.ExitCodes = append(r.ExitCodes, exitShortfall)
	}
	if len(r.ExitCodes) > 0 {
		a.status = r.ExitCodes[0]
	}
	return nil
}
