package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"calaudit/audit"
	"calaudit/audit/report"
	"calaudit/ingest"
	"calaudit/store"
)

// app is what all commands share: streams, clock, global flags.
type app struct {
	stdout, stderr io.Writer
	now            func() time.Time
	progress       *progress // nil: none is shown
	started        bool      // a command's own code ran: errors are no longer cobra's
	status         int

	db      string
	format  string
	output  string
	quiet   bool
	noColor bool

	estate     *audit.Estate // as parsed last
	estateFile ingest.Setting
}

const rootLong = `calaudit reads exported activity records of Office Communications Server and
its successors, decides for every user and device whether a Client Access
Licence is required, and compares with the licences owned.

Exit status: 0 no shortfall, 1 failed, 2 usage or configuration error,
3 shortfall (see --fail-on), 4 evidence incomplete, 5 integrity failure,
75 another run holds the database.`

func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "calaudit",
		Short:         "how many Client Access Licences are really needed, for whom and why",
		Long:          rootLong,
		Version:       version(),
		SilenceUsage:  true,
		SilenceErrors: true,
		Example: `  calaudit run sample-logs/contoso           # ingest, audit, print the shortfall table
  calaudit user alice@contoso.com            # why does she need a licence?
  calaudit users --outcome required --format csv --output required.csv`,
	}
	db := os.Getenv("CALAUDIT_DB")
	if db == "" {
		db = "calaudit.db"
	}
	f := root.PersistentFlags()
	f.StringVar(&a.db, "db", db, "database file (environment CALAUDIT_DB)")
	f.StringVar(&a.format, "format", "table", "output format: "+strings.Join(report.Formats(), ", "))
	f.StringVar(&a.output, "output", "", "write the report to this file instead of standard output")
	f.BoolVar(&a.quiet, "quiet", false, "say nothing but the report and errors")
	f.BoolVar(&a.noColor, "no-color", false, "no colours (also NO_COLOR)")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return plainFlagError(err) })
	root.AddCommand(
		a.runCommand(), a.ingestCommand(), a.auditCommand(),
		a.adviseCommand(),
		a.subjectsCommand("user"), a.subjectsCommand("device"),
		a.subjectCommand("user"), a.subjectCommand("device"),
		a.reportCommand(), a.runsCommand(), a.diffCommand(),
		a.licensesCommand(), a.policyCommand(), a.formatsCommand(), a.importsCommand(),
		a.checkCommand(), a.pruneCommand(), a.exportCommand(),
	)
	return root
}

// plainFlagError says what cobra says of a wrong flag value, without the words
// of the number parser behind it.
func plainFlagError(err error) error {
	text, _, found := strings.Cut(err.Error(), ": strconv.")
	if !found {
		return err
	}
	return errors.New(text + ": not a whole number")
}

func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "development"
	}
	return info.Main.Version
}

// do wraps a command's code: global flags are checked first.
func (a *app) do(f func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		a.started = true
		if !slices.Contains(report.Formats(), a.format) {
			return usagef("unknown format %q; valid formats: %s", a.format, strings.Join(report.Formats(), ", "))
		}
		if err := a.checkOutput(); err != nil {
			return err
		}
		defer a.endProgress()
		return f(cmd.Context(), args)
	}
}

// checkOutput refuses an --output that cannot work before anything is done.
func (a *app) checkOutput() error {
	if a.output == "" {
		return nil
	}
	if info, err := os.Stat(a.output); err == nil && info.IsDir() {
		return usagef("--output %s is a folder; give a file name", a.output)
	}
	dir := filepath.Dir(a.output)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return usagef("--output %s: the folder %s does not exist", a.output, dir)
	}
	return nil
}

// say prints progress to standard error, unless told to be quiet.
func (a *app) say(format string, args ...any) {
	if !a.quiet {
		fmt.Fprintln(a.stderr, cleanLines(fmt.Sprintf(format, args...)))
	}
}

// warn prints what must be seen even when quiet.
func (a *app) warn(format string, args ...any) {
	fmt.Fprintln(a.stderr, "calaudit: warning:", cleanLines(fmt.Sprintf(format, args...)))
}

// cleanLines makes text that may quote an export safe for a terminal.
func cleanLines(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = report.Clean(lines[i])
	}
	return strings.Join(lines, "\n")
}

// plain reports whether the terminal is to be spared everything but text.
func (a *app) plain() bool {
	return a.noColor || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb"
}

// write prints a document where the flags say.
func (a *app) write(d report.Document) error {
	a.endProgress()
	o := report.Options{Format: a.format}
	if a.output != "" {
		return writeFile(a.output, func(w io.Writer) error { return report.Write(w, d, o) })
	}
	// COLUMNS gives mail and documents the shape of a terminal; without it
	// nothing is cut that does not go to one.
	if width, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && width > 0 {
		o.Width = width
	}
	if f, ok := a.stdout.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil {
			o.Width = width
		}
		o.Color = !a.plain()
	}
	return report.Write(a.stdout, d, o)
}

// writeFile writes a file whole or not at all: a temporary file beside it,
// synced and renamed. A link is followed to the file it means; what is no
// regular file (a device, a pipe) is written to and never replaced.
func writeFile(name string, write func(io.Writer) error) (err error) {
	if real, err := filepath.EvalSymlinks(name); err == nil {
		name = real
	}
	mode := os.FileMode(0o600)
	if info, err := os.Stat(name); err == nil {
		if mode = info.Mode().Perm(); !info.Mode().IsRegular() {
			return writeInto(name, write)
		}
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".calaudit-*")
	if err != nil {
		return cannotWrite(name, err)
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if err := write(f); err != nil {
		return cannotWrite(name, err)
	}
	if err := f.Chmod(mode); err != nil {
		return cannotWrite(name, err)
	}
	if err := f.Sync(); err != nil {
		return cannotWrite(name, err)
	}
	if err := f.Close(); err != nil {
		return cannotWrite(name, err)
	}
	return os.Rename(f.Name(), name)
}

func writeInto(name string, write func(io.Writer) error) error {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return cannotWrite(name, err)
	}
	defer f.Close()
	if err := write(f); err != nil {
		return cannotWrite(name, err)
	}
	return f.Close()
}

// cannotWrite names the file people know, not the temporary one.
func cannotWrite(name string, err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return fmt.Errorf("%s cannot be written: %w", name, err)
}

// writing opens the database for a command that writes, and holds the lock
// that keeps a second run away. A command that only works on what is there
// does not make a database.
func (a *app) writing(ctx context.Context, create bool, f func(*store.Store) error) error {
	fresh, err := store.Probe(ctx, a.db)
	if err != nil {
		return err
	}
	if fresh && !create {
		return fmt.Errorf("%s: %w", a.db, store.ErrNoDatabase)
	}
	if err := os.MkdirAll(filepath.Dir(a.db), 0o700); err != nil {
		return err
	}
	lock := flock.New(a.db + ".lock")
	got, err := lock.TryLock()
	if err != nil {
		return fmt.Errorf("cannot write to the folder of the database %s: %w", a.db, errors.Unwrap(err))
	}
	if !got {
		return &codedError{exitBusy, fmt.Errorf("%s: another run holds the database; wait for it and run again", a.db)}
	}
	defer lock.Unlock()
	hugePages(memoryAim * 3 / 2) // the heap is not without gaps
	debug.FreeOSMemory()         // else the room counts as taken
	setLimit()
	s, err := store.Open(ctx, a.db)
	if err != nil {
		return err
	}
	defer s.Close()
	return f(s)
}

// memoryAim is what a command that writes may take, in bytes, before the
// collector works harder than it has to.
const memoryAim = 200 << 20

// limitMemory makes a big estate fit a small server. What an estate needs at
// least grows with its people: the limit gives way to that, as called again
// when they are known.
func limitMemory() {
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	runtime.GC() // what was live long ago is no measure
	setLimit()
}

// setLimit takes what was live at the last collection for the measure.
func setLimit() {
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	debug.SetMemoryLimit(max(memoryAim, int64(live[0].Value.Uint64())*7/2))
}

// reading opens the database for a command that only looks.
func (a *app) reading(ctx context.Context, f func(*store.Store) error) error {
	// Most look-ups end before there is anything to collect.
	hugePages(32 << 20)
	runtime.GC() // frees them
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(1600)
		debug.SetMemoryLimit(memoryAim)
	}
	s, err := store.OpenReadOnly(ctx, a.db)
	if err != nil {
		return err
	}
	defer s.Close()
	return f(s)
}

// latest loads the run a command shows: --run N, else the newest.
func latest(ctx context.Context, id int, load func(context.Context, int) (*store.Run, error)) (*store.Run, error) {
	r, err := load(ctx, id)
	if id != 0 {
		err = usageError(err) // the number was given
	}
	return r, err
}
