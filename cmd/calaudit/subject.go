package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"calaudit/audit"
	"calaudit/audit/report"
	"calaudit/ingest"
	"calaudit/store"
)

func (a *app) subjectCommand(kind string) *cobra.Command {
	var run, limit int
	var source bool
	example := "  calaudit user alice@contoso.com\n  calaudit user +14255550102 --format json"
	if kind == "device" {
		example = "  calaudit device mac:0004f2000001\n  calaudit device host:pc1 --format json"
	}
	cmd := &cobra.Command{
		Use:     kind + " ID",
		Short:   "investigate one " + kind + ": verdict, rules, every evidence line, timeline",
		Long:    "Show the verdict on one " + kind + ", the rules that decided, every evidence line with\nits file and line, the timeline, and what earlier runs said. ID may be any of\nits names.",
		Example: example,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 || strings.TrimSpace(args[0]) == "" {
				return fmt.Errorf("%s needs one ID; see calaudit %ss", cmd.Name(), cmd.Name())
			}
			return nil
		},
		RunE: a.do(func(ctx context.Context, args []string) error {
			if limit < 0 {
				return usagef("--limit %d is less than 0", limit)
			}
			return a.reading(ctx, func(s *store.Store) error {
				r, err := latest(ctx, run, s.RunOf)
				if err != nil {
					return err
				}
				if account := sharedAccount(&r.Report, canonical(kind, args[0])); account != nil && kind == "user" {
					return a.write(report.SharedAccount(*account))
				}
				sub, err := findSubject(ctx, s, r.ID, kind, args[0])
				if err != nil {
					return err
				}
				history, err := history(ctx, s, sub)
				if err != nil {
					return err
				}
				lines, older, imports, err := a.evidence(ctx, s, r, sub, limit)
				if err != nil {
					return err
				}
				if source {
					if err := addSources(ctx, s, lines, imports); err != nil {
						return err
					}
				}
				others, err := sharing(ctx, s, r.ID, sub)
				if err != nil {
					return err
				}
				return a.write(report.Subject(*sub, report.Because(*sub, others, lines, &r.Report), lines, older, history))
			})
		}),
	}
	cmd.Flags().IntVar(&run, "run", 0, "number of the saved run (default: the newest)")
	cmd.Flags().IntVar(&limit, "limit", 0, "show the newest N records of exports only, which is quicker (0: all)")
	cmd.Flags().BoolVar(&source, "source", false, "show the text of each evidence line's source row, kept (ingest --keep-evidence) or from the unchanged export")
	return cmd
}

// sharing finds the devices of a user, or the users of a device, in a run.
func sharing(ctx context.Context, s *store.Store, run int, sub *audit.Subject) (list []audit.Subject, err error) {
	kind := "device"
	if sub.Kind == "device" {
		kind = "user"
	}
	const few = 12 // looked up one by one; many are quicker found in one go through all
	if len(sub.Shares) <= few {
		for _, id := range sub.Shares {
			other, err := s.Subject(ctx, run, kind, id)
			if err != nil {
				return nil, err
			}
			if other != nil {
				list = append(list, *other)
			}
		}
		return list, nil
	}
	err = s.Subjects(ctx, run, kind, func(c audit.Subject) error {
		if _, found := slices.BinarySearch(sub.Shares, c.ID); found {
			list = append(list, c)
		}
		return nil
	})
	return list, err
}

// sharedAccount finds the shared account of a name, unless that is a subject of
// its own.
func sharedAccount(r *audit.Report, name string) *audit.SharedAccount {
	if r.People == nil {
		return nil
	}
	for i := range r.People.Shared {
		if x := &r.People.Shared[i]; slices.Contains(x.Names, name) && x.Split() && !slices.Contains(x.People, x.Account) {
			return x
		}
	}
	return nil
}

// canonical brings what a person typed into the form of ids.
func canonical(kind, id string) string {
	var c string
	var err error
	if kind == "device" {
		c, _, err = ingest.ParseDevice(id)
	} else {
		c, err = ingest.ParseIdentity(id)
	}
	if err != nil || c == "" {
		return id
	}
	return c
}

// findSubject looks a subject up by its id or by any alias; when there is none
// the error names the nearest.
func findSubject(ctx context.Context, s *store.Store, run int, kind, text string) (*audit.Subject, error) {
	id := canonical(kind, text)
	sub, err := s.SubjectCalled(ctx, run, kind, id)
	if err != nil || sub != nil {
		return sub, err
	}
	var near []string
	needle := strings.ToLower(strings.TrimSpace(text))
	err = s.Subjects(ctx, run, kind, func(c audit.Subject) error {
		if needle != "" && len(near) < 5 && (strings.Contains(c.ID, needle) || strings.Contains(strings.ToLower(c.Name), needle)) {
			near = append(near, c.ID)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	hint := fmt.Sprintf("see calaudit %ss", kind)
	if len(near) > 0 {
		hint = "did you mean " + strings.Join(near, ", ") + "?"
	}
	return nil, usagef("no %s %q in run %d; %s", kind, text, run, hint)
}

// evidence gathers every record that speaks about the subject: the facts of
// the run's window, and the directory's entries; and the import of each. What a
// limit leaves out is counted by day.
func (a *app) evidence(ctx context.Context, s *store.Store, r *store.Run, sub *audit.Subject, limit int) (list []report.EvidenceLine, older map[time.Time]int, imports []int64, err error) {
	from, err := time.Parse(time.DateOnly, r.Report.Window.From)
	if err != nil {
		return nil, nil, nil, err
	}
	to, err := time.Parse(time.DateOnly, r.Report.Window.To)
	if err != nil {
		return nil, nil, nil, err
	}
	ids := append([]string{sub.ID}, sub.Aliases...)
	for _, account := range sub.Shared {
		for _, x := range r.Report.People.Shared {
			if x.Account == account {
				ids = append(ids, x.Names...)
			}
		}
	}
	e, err := s.Lines(ctx, from, to.AddDate(0, 0, 1), ids, limit)
	if err != nil {
		return nil, nil, nil, err
	}
	var texts []string // as entries spell them
	for _, id := range ids {
		texts = append(texts, strings.TrimPrefix(strings.TrimPrefix(id, "line:"), "sip:"))
	}
	places, err := s.EntryLines(ctx, texts, func(e *ingest.Entry) bool {
		return slices.Contains(ids, e.Primary) || e.Line164 != "" && (slices.Contains(ids, e.Line164) || slices.Contains(ids, "line:"+e.Line164)) ||
			slices.ContainsFunc(e.Aliases, func(x string) bool { return slices.Contains(ids, x) }) ||
			e.Primary != "" && slices.Contains(ids, "sip:"+e.Primary)
	})
	if err != nil {
		return nil, nil, nil, err
	}
	list = make([]report.EvidenceLine, 0, len(e.Lines)+len(places))
	for _, p := range places {
		for _, l := range entryLines(p) {
			list, imports = append(list, l), append(imports, p.Import)
		}
	}
	for _, l := range e.Lines {
		device := e.Name(l.Fact.Device)
		if device == "" {
			device = e.Name(l.Fact.Endpoint)
		}
		peer := e.Name(l.Fact.Peer)
		if sub.Kind == "device" {
			peer = e.Name(l.Fact.User) // who used it says more than with whom
		}
		list = append(list, report.EvidenceLine{Time: moment(l.Fact.At), Activity: l.Fact.Activity.String(), Peer: peer, Device: device,
			Client: e.Name(l.Fact.Client), Server: e.Name(l.Fact.Server), File: l.File, Line: int(l.Fact.Line)})
		imports = append(imports, int64(l.Fact.File))
	}
	return list, e.More, imports, nil
}

func moment(ms int64) string {
	if ms == ingest.Undated {
		return ""
	}
	t := time.UnixMilli(ms).UTC()
	if ms%1000 != 0 {
		return t.Format("2006-01-02T15:04:05.000Z07:00")
	}
	return t.Format(time.RFC3339)
}

// entryLines says what a directory entry states, as evidence.
func entryLines(p store.EntryLine) []report.EvidenceLine {
	line := report.EvidenceLine{Server: p.Entry.Home, File: p.File, Line: p.Line}
	if p.Entry.Changed != 0 {
		line.Time = time.Unix(p.Entry.Changed, 0).UTC().Format(time.RFC3339)
	}
	if !p.Entry.Enabled {
		line.Activity = "directory: not enabled"
		return []report.EvidenceLine{line}
	}
	line.Activity = ingest.IMIdentity.String()
	list := []report.EvidenceLine{line}
	if p.Entry.Voice {
		line.Activity = ingest.VoiceExtension.String()
		line.Device = "line:" + p.Entry.Line164
		if p.Entry.Line164 == "" {
			line.Device = ""
		}
		list = append(list, line)
	}
	return list
}

// history is what every saved run said of the subject.
func history(ctx context.Context, s *store.Store, sub *audit.Subject) ([]report.History, error) {
	verdicts, err := s.Verdicts(ctx, sub.Kind, sub.ID)
	list := make([]report.History, len(verdicts))
	for i, v := range verdicts {
		list[i] = report.History(v)
	}
	return list, err
}
