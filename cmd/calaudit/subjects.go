package main

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"calaudit/audit"
	"calaudit/audit/report"
	"calaudit/ingest"
	"calaudit/store"
)

// filter picks subjects of a run.
type filter struct {
	outcome, class, license, activity, rule, reading, match string
	limit                                                   int
	merged                                                  bool
}

var (
	outcomes    = []string{"required", "exempt", "undetermined"}
	deviceClass = []string{"computer", "desk-phone", "common-area-phone", "room-system", "mobile", "gateway", "unknown"}
)

// check refuses words that no subject can have, so that a typing error is not
// taken for an empty answer.
func (f *filter) check(kind string) error {
	classes := ingest.ClassNames()
	if kind == "device" {
		classes = deviceClass
	}
	var licenses []string
	for _, l := range audit.Catalog() {
		licenses = append(licenses, l.Name)
	}
	for _, w := range []struct {
		flag, value string
		valid       []string
	}{
		{"--outcome", f.outcome, outcomes}, {"--class", f.class, classes},
		{"--activity", f.activity, ingest.ActivityNames()}, {"--license", f.license, licenses},
	} {
		if w.value != "" && !slices.Contains(w.valid, w.value) {
			return usagef("unknown %s %q; valid: %s", w.flag, w.value, strings.Join(w.valid, ", "))
		}
	}
	if f.limit < 0 {
		return usagef("--limit %d is less than 0; 0 shows all", f.limit)
	}
	return nil
}

// checkRule refuses a rule that neither decided anything in the run nor stands
// in its policy.
func checkRule(rule, policy string, seen map[string]bool) error {
	if rule == "" || seen[rule] {
		return nil
	}
	valid := slices.Collect(maps.Keys(seen))
	if slices.Contains(audit.BuiltinPolicies(), policy) {
		p, err := audit.BuiltinPolicy(policy)
		if err != nil {
			return err
		}
		for _, r := range p.Rules {
			valid = append(valid, r.ID)
		}
		valid = append(valid, p.Otherwise.ID)
	}
	slices.Sort(valid)
	valid = slices.Compact(valid)
	if slices.Contains(valid, rule) {
		return nil
	}
	return usagef("unknown --rule %q; valid: %s", rule, strings.Join(valid, ", "))
}

// checkReading refuses a question that the run did not ask, and a run that says
// how many subjects depend on it but not which.
func checkReading(question string, r *audit.Report, told bool) error {
	if question == "" {
		return nil
	}
	var valid []string
	for _, v := range r.Readings {
		valid = append(valid, v.Question)
		if v.Question == question && v.Subjects > 0 && !told {
			return usagef("run %d was saved by an earlier version, which kept no names with a reading; audit again", r.Run)
		}
	}
	if !slices.Contains(valid, question) {
		return usagef("unknown --reading %q; run %d asked: %s", question, r.Run, strings.Join(valid, ", "))
	}
	return nil
}

func (f *filter) picks(s *audit.Subject) bool {
	reason := func(test func(audit.Reason) bool) bool { return slices.ContainsFunc(s.Reasons, test) }
	text := strings.ToLower(f.match)
	has := func(v string) bool { return strings.Contains(strings.ToLower(v), text) }
	return (f.outcome == "" || s.Outcome == f.outcome) &&
		(f.class == "" || s.Class == f.class) &&
		(f.license == "" || slices.Contains(s.Licenses, f.license)) &&
		(f.activity == "" || reason(func(r audit.Reason) bool { return r.Activity == f.activity })) &&
		(f.rule == "" || reason(func(r audit.Reason) bool { return r.Rule == f.rule })) &&
		(!f.merged || len(s.AliasRecords) > 0 || len(s.Shared) > 0) &&
		(f.reading == "" || dependsOn(s, f.reading)) &&
		(f.match == "" || has(s.ID) || has(s.Name) || slices.ContainsFunc(s.Aliases, has))
}

func dependsOn(s *audit.Subject, question string) bool {
	return slices.ContainsFunc(s.Readings, func(o audit.OtherAnswer) bool { return o.Question == question })
}

func (a *app) subjectsCommand(kind string) *cobra.Command {
	var f filter
	var run int
	cmd := &cobra.Command{
		Use:   kind + "s",
		Short: "list classified " + kind + "s of the newest saved run",
		Example: strings.ReplaceAll(`  calaudit users --outcome required
  calaudit users --license ocs-enterprise-cal --format csv
  calaudit users --reading external-attendee   # who depends on this question
  calaudit users --match alice --run 3`, "users", kind+"s"),
		Args: cobra.NoArgs,
		RunE: a.do(func(ctx context.Context, _ []string) error {
			if err := f.check(kind); err != nil {
				return err
			}
			return a.reading(ctx, func(s *store.Store) error {
				r, err := latest(ctx, run, s.Run)
				if err != nil {
					return err
				}
				rules, told := map[string]bool{}, false
				list := []audit.Subject{}
				kinds := kind
				if f.reading != "" {
					kinds = "" // users depend on it, or devices, or both
				}
				err = s.Subjects(ctx, r.ID, kinds, func(sub audit.Subject) error {
					told = told || f.reading != "" && dependsOn(&sub, f.reading)
					if sub.Kind != kind {
						return nil
					}
					for _, reason := range sub.Reasons {
						rules[reason.Rule] = true
					}
					if f.picks(&sub) {
						list = append(list, sub)
					}
					return nil
				})
				if err != nil {
					return err
				}
				if err := checkRule(f.rule, r.Report.Policy.Name, rules); err != nil {
					return err
				}
				if err := checkReading(f.reading, &r.Report, told); err != nil {
					return err
				}
				return a.write(report.Subjects(list, kind, f.reading, f.merged, f.limit))
			})
		}),
	}
	p := cmd.Flags()
	p.StringVar(&f.outcome, "outcome", "", "only this outcome: "+strings.Join(outcomes, ", "))
	p.StringVar(&f.class, "class", "", "only this class")
	p.StringVar(&f.license, "license", "", "only holders of this licence")
	p.StringVar(&f.activity, "activity", "", "only with this activity")
	p.StringVar(&f.rule, "rule", "", "only where this rule decided a use")
	p.StringVar(&f.reading, "reading", "", "only whose outcome or licences depend on this question; the other answer is shown beside")
	p.StringVar(&f.match, "match", "", "only where id, name or an alias contains this text")
	if kind == "user" {
		p.BoolVar(&f.merged, "merged", false, "only who was met under several names or with a shared account; the names are shown beside")
	}
	p.IntVar(&run, "run", 0, "number of the saved run (default: the newest)")
	p.IntVar(&f.limit, "limit", 200, "rows in a table (0: all); csv and json are never cut")
	return cmd
}
