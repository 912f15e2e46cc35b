package main

import (
	"cmp"
	"context"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"calaudit/audit"
	"calaudit/audit/report"
	"calaudit/ingest"
)

func (a *app) policyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "policy [NAME|FILE]",
		Short: "the policies, their rules and disputed questions; check and test your own",
		Long: `List the policies, or show the rules, disputed questions, server licences and
sources of one. A policy is a TOML file: copy a built-in one from the sources,
change it, and use it with --policy FILE.`,
		Example: `  calaudit policy                         # all built-in policies
  calaudit policy ocs2007                 # rules and readings of one
  calaudit policy validate mine.toml      # is it sound, and what does it leave open?
  calaudit policy compare ocs2007 mine.toml
  calaudit policy test mine.toml          # runs the cases of mine.cases.toml`,
		RunE: a.do(a.showPolicies),
	}
	words := []string{"compare", "list", "show", "test", "validate"}
	cmd.Args = func(_ *cobra.Command, args []string) error {
		if len(args) > 1 {
			return usagef("unknown word %q after policy; valid: %s, or one policy or file", args[0], strings.Join(words, ", "))
		}
		return nil
	}
	list := &cobra.Command{Use: "list", Short: "the built-in policies, as without a word", Args: cobra.NoArgs, RunE: a.do(a.showPolicies)}
	show := &cobra.Command{Use: "show NAME|FILE", Short: "one policy, as with its name alone", Args: cobra.ExactArgs(1), RunE: a.do(a.showPolicies)}
	cmd.AddCommand(list, show, a.policyValidateCommand(), a.policyCompareCommand(), a.policyTestCommand())
	return cmd
}

// showPolicies lists the built-in policies, or shows one.
func (a *app) showPolicies(_ context.Context, args []string) error {
	names := audit.BuiltinPolicies()
	if len(args) == 1 {
		names = args
	}
	list := []report.Policy{}
	for _, name := range names {
		p, err := loadPolicy(name)
		if err != nil {
			return err
		}
		list = append(list, policyRow(p))
	}
	return a.write(report.Policies(list))
}

func (a *app) policyValidateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "validate FILE",
		Short: "check a policy file: every mistake with its line, and what it leaves open",
		Long: `Check a policy file. Unknown keys and words, rules without an outcome, rules that
are never reached, servers that no rule names and questions that decide nothing
are errors, each with its line; the exit status is 2. What no rule names is
listed: it is undetermined and counts as required.`,
		Example: "  calaudit policy validate mine.toml",
		Args:    cobra.ExactArgs(1),
		RunE: a.do(func(_ context.Context, args []string) error {
			p, err := loadPolicy(args[0])
			if err != nil {
				return err
			}
			return a.write(report.Validated(report.PolicyCheck{Name: p.Name, SHA256: p.SHA256, Rules: len(p.Rules),
				Questions: len(p.Questions), Servers: len(p.Servers), Undecided: p.Undecided()}))
		}),
	}
}

func (a *app) policyCompareCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "compare A B",
		Short: "in what two policies differ: outcome, CALs and rule for every case",
		Example: `  calaudit policy compare ocs2007 ocs2007r2
  calaudit policy compare ocs2007 mine.toml --format csv`,
		Args: cobra.ExactArgs(2),
		RunE: a.do(func(_ context.Context, args []string) error {
			var both [2]*audit.Policy
			for i, name := range args {
				var err error
				if both[i], err = loadPolicy(name); err != nil {
					return err
				}
			}
			cases, err := audit.ComparePolicies(both[0], both[1])
			if err != nil {
				return err
			}
			return a.write(report.Compared(report.Comparison{A: both[0].Name, B: both[1].Name, Cases: cases,
				Settings: audit.CompareSettings(both[0], both[1])}))
		}),
	}
}

func (a *app) policyTestCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "test NAME|FILE [CASES]",
		Short: "run the test cases of a policy",
		Long: `Run the cases of a file, each a small estate and what the policy must make of it.
Without CASES it is the file beside the policy: mine.cases.toml for mine.toml.
Exits 1 when a case fails.`,
		Example: `  calaudit policy test ocs2007
  calaudit policy test mine.toml
  calaudit policy test ocs2007 mine.cases.toml`,
		Args: cobra.RangeArgs(1, 2),
		RunE: a.do(func(_ context.Context, args []string) error {
			p, err := loadPolicy(args[0])
			if err != nil {
				return err
			}
			file, data, err := caseFile(args)
			if err != nil {
				return usageError(err)
			}
			cases, err := audit.ParseCases(file, data)
			if err != nil {
				return usageError(err)
			}
			results := []report.CaseResult{}
			for _, c := range cases {
				wrong, err := c.Check(p)
				if err != nil {
					return usagef("%s:%d: case %q makes no sense under %s: %v", file, c.Line, c.Name, p.Name, err)
				}
				if wrong != "" {
					a.status = exitFailed
				}
				results = append(results, report.CaseResult{File: file, Line: c.Line, Case: c.Name, OK: wrong == "", Wrong: wrong})
			}
			return a.write(report.Cases(p.Name, results))
		}),
	}
}

// caseFile is the file of cases that goes with a policy.
func caseFile(args []string) (file string, data []byte, err error) {
	switch {
	case len(args) == 2:
		file = args[1]
	case slices.Contains(audit.BuiltinPolicies(), args[0]):
		return audit.BuiltinCases(args[0])
	default:
		file = strings.TrimSuffix(args[0], ".toml") + ".cases.toml"
	}
	if _, err := os.Stat(file); err != nil {
		return file, nil, usagef("%s cannot be read: write the cases there, or name their file: calaudit policy test %s CASES", file, args[0])
	}
	data, err = readSmall(file)
	return file, data, err
}

// loadPolicy finds a policy by name, or reads it from a file.
func loadPolicy(name string) (*audit.Policy, error) {
	if slices.Contains(audit.BuiltinPolicies(), name) {
		return audit.BuiltinPolicy(name)
	}
	if _, err := os.Stat(name); err != nil {
		return nil, usagef("unknown policy %q and no such file; valid: %s, or a TOML file", name, strings.Join(audit.BuiltinPolicies(), ", "))
	}
	data, err := readSmall(name)
	if err != nil {
		return nil, err
	}
	p, err := audit.ParsePolicy(name, data)
	return p, usageError(err)
}

// maxSmall is the size of a file written by hand, in bytes, beyond which it is
// none.
const maxSmall = 4 << 20

// readSmall reads a policy, its cases or a what-if file: text in any encoding
// that editors save.
func readSmall(name string) ([]byte, error) {
	f, err := ingest.OpenFile(name)
	if err != nil {
		return nil, usageError(err)
	}
	s, err := ingest.ReadSetting("", f)
	if err != nil {
		return nil, usageError(err)
	}
	if len(s.Data) > maxSmall {
		return nil, usagef("%s has more than %d bytes; a file written by hand is small, so name the right one", name, maxSmall)
	}
	return s.Data, nil
}

func policyRow(p *audit.Policy) report.Policy {
	row := report.Policy{Name: p.Name, About: p.Title, Since: p.Effective, SHA256: p.SHA256, Connectors: p.Connectors}
	for _, q := range p.Questions {
		row.Questions = append(row.Questions, report.Question{Question: q.ID, Default: q.Default,
			Strict: strings.TrimSuffix(q.Strict, "."), Lenient: strings.TrimSuffix(q.Lenient, "."), Cite: q.Cite})
	}
	for _, r := range p.Rules {
		rule := report.Rule{Rule: r.ID, Classes: r.Class, Activity: r.Activity, Peers: r.Peer, Roles: r.Role, Media: r.Media, Devices: r.Device,
			Outcome: "required", Licenses: licenseNames(p, r.Require), Reason: r.Reason, Confidence: r.Confidence, Cite: r.Cite}
		switch {
		case r.Reading != "":
			rule.Outcome = "reading " + r.Reading
			rule.Licenses = licenseNames(p, r.Strict.Require)
			rule.Strict, rule.Lenient = answerText(r.Strict), answerText(r.Lenient)
		case r.Exempt:
			rule.Outcome = "exempt"
		}
		row.Rules = append(row.Rules, rule)
	}
	for _, r := range p.Servers {
		rule := report.ServerRule{Rule: r.ID, Roles: r.Role, Editions: r.Edition, License: cmp.Or(r.License, "none"),
			Reason: r.Reason, Confidence: r.Confidence, Cite: r.Cite}
		if r.Reading != "" {
			rule.License = "reading " + r.Reading
			rule.Strict, rule.Lenient = cmp.Or(r.Strict.License, "none"), cmp.Or(r.Lenient.License, "none")
		}
		row.Servers = append(row.Servers, rule)
	}
	for _, key := range slices.Sorted(maps.Keys(p.Sources)) {
		row.Sources = append(row.Sources, report.PolicySource{Key: key, Title: p.Sources[key].Title, URL: p.Sources[key].URL})
	}
	return row
}

// answerText says one answer of a rule.
func answerText(a *audit.RuleAnswer) string {
	switch {
	case a.Exempt:
		return "exempt"
	case a.As != "":
		return "as " + a.As
	}
	return "required " + strings.Join(a.Require, " + ")
}

// licenseNames turns CAL families into the policy's licence names.
func licenseNames(p *audit.Policy, families []string) (names []string) {
	for _, f := range families {
		names = append(names, p.Licenses[f])
	}
	return names
}
