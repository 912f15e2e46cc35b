package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"calaudit/audit"
	"calaudit/ingest"
	"calaudit/store"
)

// ingestFlags are shared by ingest and run.
type ingestFlags struct {
	fileDate     string
	strictData   bool
	keepEvidence bool
	columns      []string
	encoding     string
	dateOrder    string
}

func (f *ingestFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.fileDate, "file-date", "", "date (YYYY-MM-DD) of directory entries and SIP messages that carry none")
	cmd.Flags().BoolVar(&f.strictData, "strict-data", false, "exit 4 when records were rejected or days are missing")
	cmd.Flags().BoolVar(&f.keepEvidence, "keep-evidence", false, "keep the text of the source rows in the database too (see user --source)")
	cmd.Flags().StringArrayVar(&f.columns, "columns", nil, "columns of a table without a header row, TABLE=column,column,... (repeatable)")
	cmd.Flags().StringVar(&f.encoding, "encoding", "", "code page of text that is neither UTF-8 nor UTF-16, such as windows-1252 or ibm850")
	cmd.Flags().StringVar(&f.dateOrder, "date-order", "", "order of dates such as 03/04/2009 that leave it open: mdy or dmy")
}

func (a *app) ingestCommand() *cobra.Command {
	var f ingestFlags
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "ingest PATH...",
		Short: "read exports into the database, without an audit",
		Long: `Read exports into the database. A PATH is a file, a folder (walked), a .gz or a
.zip. Formats are recognised from content; see calaudit formats. Rows that are
there already change nothing; rows that cannot be read are kept as rejected
records; a file is taken in wholly or not at all.`,
		Example: `  calaudit ingest /exports/2009-03-31
  calaudit ingest users.ldf cdr.zip
  calaudit ingest --dry-run /exports        # what would you make of this?`,
		Args: somePaths,
		RunE: a.do(func(ctx context.Context, args []string) error {
			if dryRun {
				return a.dryRun(ctx, args, &f)
			}
			return a.writing(ctx, true, func(s *store.Store) error { return a.ingestReport(ctx, s, args, &f, false) })
		}),
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "report what would be ingested and store nothing")
	return cmd
}

// somePaths demands a PATH, in words that say what one is.
func somePaths(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("%s needs a PATH: a file or folder of exports", cmd.Name())
	}
	return nil
}

// ingested is what one command took in.
type ingested struct {
	tally  audit.Tally
	since  int  // imports with a greater id are this command's
	failed bool // something could not be read
}

// ingest takes in everything the paths lead to.
func (a *app) ingest(ctx context.Context, s *store.Store, paths []string, f *ingestFlags, named []ingest.Setting) (*ingested, error) {
	since, err := s.LastImport(ctx)
	if err != nil {
		return nil, err
	}
	in := &ingested{since: since}
	options, err := ingest.NewOptions(f.columns, f.encoding, f.dateOrder)
	if err != nil {
		return nil, usageError(err)
	}
	pile := options.Gather(a.now(), paths, a.db)
	env := &ingest.Env{Now: a.now(), Location: time.UTC}
	if f.fileDate != "" {
		if env.FileDate, err = parseDay("--file-date", f.fileDate); err != nil {
			return nil, err
		}
	}
	cmd := s.NewCommand(env)
	cmd.KeepText = f.keepEvidence
	if err := a.saveSettings(ctx, s, cmd, env, override(pile.Settings, named)); err != nil {
		return nil, err
	}
	if other, err := s.OtherZone(ctx, env.Location.String()); err != nil {
		return nil, err
	} else if other != "" {
		a.warn("the time zone of local times is %s now, but files were read as %s before and keep those times; ingest everything into a new database to apply the new zone", env.Location, other)
	}
	for _, err := range pile.Errors {
		in.failed = true
		a.warn("%v", err)
	}
	for _, p := range pile.Passed {
		if !p.Own {
			a.say("%s: passed over: %s", p.Path, p.Why)
		}
	}
	a.startProgress()
	passes := int64(1) // new files are hashed while they are taken in
	if f.keepEvidence {
		passes++
	}
	a.progress.reading("ingesting", pile.Units, passes)
	for i := range pile.Units {
		u := &pile.Units[i]
		a.progress.begin(u)
		if err := a.importUnit(ctx, cmd, u, in); err != nil {
			return nil, err
		}
	}
	return in, nil
}

// importUnit takes one unit in. Of one with files of several folders that cannot
// be taken as a whole, each folder is tried by itself. An error ends the command.
func (a *app) importUnit(ctx context.Context, cmd *store.Command, u *ingest.Unit, in *ingested) error {
	im, err := cmd.Import(ctx, u)
	switch {
	case err == nil:
		a.sayImported(im)
		in.tally.Add(im.Tally())
		return nil
	case ctx.Err() != nil, errors.Is(err, store.ErrFull):
		return err
	}
	if parts := u.Split(); len(parts) > 0 {
		for i := range parts {
			if err := a.importUnit(ctx, cmd, &parts[i], in); err != nil {
				return err
			}
		}
		return nil
	}
	if errors.Is(err, store.ErrGrowing) {
		a.say("%v", err)
		return nil
	}
	in.failed = true
	a.warn("%v; nothing of it was taken", err)
	return nil
}

// override puts the settings named by flags in place of those met in folders.
func override(met, named []ingest.Setting) []ingest.Setting {
	kinds := map[string]bool{}
	for _, n := range named {
		kinds[n.Kind] = true
	}
	list := append([]ingest.Setting{}, named...)
	for _, m := range met {
		if !kinds[m.Kind] {
			list = append(list, m)
		}
	}
	return list
}

// saveSettings checks the settings before anything is stored, then makes them
// the ones in force. The time zone of the estate applies to this ingest.
func (a *app) saveSettings(ctx context.Context, s *store.Store, cmd *store.Command, env *ingest.Env, settings []ingest.Setting) error {
	leftOut := map[string]int{}
	for _, f := range settings {
		var problems []audit.Problem
		var err error
		if f.Kind == "estate" {
			_, err = audit.ParseEstate(f.Path, f.Data)
		} else {
			_, problems, err = audit.ParseEntitlements(f.Path, f.Data)
		}
		if err != nil {
			return usageError(err)
		}
		leftOut[f.Path] = len(problems)
	}
	if err := usageError(cmd.SaveSettings(ctx, settings)); err != nil {
		return err
	}
	estate, err := a.estateInForce(ctx, s)
	if err != nil {
		return err
	}
	if estate.TimeZone != "" {
		loc, err := time.LoadLocation(estate.TimeZone)
		if err != nil {
			return usageError(err)
		}
		env.Location = loc
	}
	for _, f := range settings {
		if n := leftOut[f.Path]; n > 0 {
			a.say("%s: %s in force; rows left out that cannot be read: %d", f.Path, f.Kind, n)
			continue
		}
		a.say("%s: %s in force", f.Path, f.Kind)
	}
	return nil
}

// estateInForce parses the estate file in force, once; an empty estate without
// one.
func (a *app) estateInForce(ctx context.Context, s *store.Store) (*audit.Estate, error) {
	files, err := s.Settings(ctx, "estate")
	if err != nil || len(files) == 0 {
		return &audit.Estate{}, err
	}
	if f := files[0]; a.estate == nil || f.Path != a.estateFile.Path || !bytes.Equal(f.Data, a.estateFile.Data) {
		if a.estate, err = audit.ParseEstate(f.Path, f.Data); err != nil {
			return nil, usageError(err)
		}
		a.estateFile = f
	}
	return a.estate, nil
}

// licensesInForce parses the entitlement files in force; several add up. Rows
// that cannot be read are warned of, left out and counted.
func (a *app) licensesInForce(ctx context.Context, s *store.Store) (owned []audit.Entitlement, leftOut int, err error) {
	files, err := s.Settings(ctx, "licenses")
	if err != nil {
		return nil, 0, err
	}
	for _, f := range files {
		list, problems, err := audit.ParseEntitlements(f.Path, f.Data)
		if err != nil {
			return nil, 0, usageError(err)
		}
		leftOut += len(problems)
		for _, p := range problems {
			a.warn("%s:%d: %s; the row is left out", p.File, p.Line, p.What)
		}
		owned = append(owned, list...)
	}
	return owned, leftOut, nil
}

// repeatedStatements warns of licence statements in force that state the same
// product; "" when none do.
func repeatedStatements(ctx context.Context, s *store.Store) (string, error) {
	files, err := s.Settings(ctx, "licenses")
	if err != nil {
		return "", err
	}
	var data [][]byte
	for _, f := range files {
		data = append(data, f.Data)
	}
	dates := audit.RepeatedStatements(data...)
	if len(dates) == 0 {
		return "", nil
	}
	return fmt.Sprintf("Licence statements that state the same product: %d, of %s. What they own is added up; when they are of one organisation, give the newest alone.",
		len(dates), strings.Join(dates, ", ")), nil
}

// unknownProducts lists what the licence statements in force hold beside
// entitlements, by file and row.
func unknownProducts(ctx context.Context, s *store.Store) (all []audit.UnknownProduct, err error) {
	files, err := s.Settings(ctx, "licenses")
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		list, err := audit.UnknownProducts(f.Path, f.Data)
		if err != nil {
			return nil, usageError(err)
		}
		all = append(all, list...)
	}
	return all, nil
}

// sayImported tells what became of a unit: one line for it, and the notes and
// first problems of its files.
func (a *app) sayImported(im *store.Imported) {
	name, t, added := im.Files[0].Path, im.Tally(), 0
	for _, f := range im.Files {
		added += f.TextAdded
	}
	if n := len(im.Files); n > 1 {
		dir := path.Dir(name)
		for _, f := range im.Files {
			for dir != path.Dir(dir) && !strings.HasPrefix(f.Path, dir+"/") && !strings.HasPrefix(f.Path, dir+"!") {
				dir = path.Dir(dir)
			}
		}
		name = fmt.Sprintf("%s: %d files", dir, n)
	}
	switch {
	case t.Files == 0 && added > 0:
		a.say("%s: unchanged; the text of %d rows is kept now", name, added)
	case t.Files == 0:
		a.say("%s: unchanged", name)
	case t.FilesUnchanged > 0:
		a.say("%s, %d of them unchanged: %s", name, t.FilesUnchanged, tallyText(t))
	default:
		a.say("%s: %s", name, tallyText(t))
	}
	if im.Refusal != "" {
		a.warn("%s; the set is refused", im.Refusal)
		return
	}
	for _, f := range im.Files {
		if f.Refused != "" {
			a.warn("%s %s", f.Path, f.Refused)
		}
		for _, n := range f.Notes {
			a.say("%s: note: %s", f.Path, n)
		}
		for _, r := range f.Rejects {
			a.say("%s:%d: %s", f.Path, r.Line, r.What)
		}
		if more := f.Tally.Rejected - len(f.Rejects); more > 0 {
			a.say("%s: %d more rejected; see calaudit imports --rejected", f.Path, more)
		}
	}
}

func tallyText(t audit.Tally) string {
	return fmt.Sprintf("%d read = %d stored + %d duplicate + %d skipped + %d rejected", t.Read, t.Stored, t.Duplicate, t.Skipped, t.Rejected)
}

// parseDay reads a date flag.
func parseDay(flag, s string) (time.Time, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return t, usagef("%s %q is no date; expected YYYY-MM-DD", flag, s)
	}
	return t, nil
}

// dryRun ingests for the report only; everything is rolled back.
func (a *app) dryRun(ctx context.Context, paths []string, f *ingestFlags) error {
	s, done, err := store.Dry(ctx, a.db)
	if err != nil {
		return err
	}
	defer done()
	return a.ingestReport(ctx, s, paths, f, true)
}

// ingestReport ingests, sets the exit status and prints the tallies.
func (a *app) ingestReport(ctx context.Context, s *store.Store, paths []string, f *ingestFlags, dry bool) error {
	in, err := a.ingest(ctx, s, paths, f, nil)
	if err != nil {
		return err
	}
	switch {
	case in.failed:
		a.status = exitFailed
	case f.strictData && in.tally.Rejected > 0:
		a.status = exitEvidence
	}
	return a.importsReport(ctx, s, in.since, dry)
}
