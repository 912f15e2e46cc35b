// Command calaudit answers how many Client Access Licences a communications
// server deployment needs, for whom and why, from the usage it exported.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
	_ "time/tzdata" // zones of the estate file, on machines without a zone database
)

// Exit statuses. When several apply the worst is returned: 5, 1, 4, 3.
const (
	exitOK        = 0
	exitFailed    = 1  // I/O, database, bug
	exitUsage     = 2  // usage or configuration
	exitShortfall = 3  // what --fail-on names
	exitEvidence  = 4  // nothing to audit, or incomplete with --strict-data
	exitIntegrity = 5  // check found something
	exitBusy      = 75 // another run holds the database
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr, time.Now))
}

// run is the whole program but for the process itself.
func run(args []string, stdout, stderr io.Writer, now func() time.Time) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	a := &app{stdout: stdout, stderr: stderr, now: now}
	root := a.rootCommand()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return a.status
	}
	if errors.Is(err, context.Canceled) {
		err = errors.New("interrupted; what was complete is kept, run again to go on")
	}
	fmt.Fprintln(stderr, "calaudit:", cleanLines(err.Error()))
	var coded *codedError
	switch {
	case errors.As(err, &coded):
		return coded.code
	case !a.started:
		// cobra's own complaints: unknown commands, flags, arguments
		fmt.Fprintln(stderr, "Run 'calaudit --help' for usage.")
		return exitUsage
	}
	return exitFailed
}

// codedError is an error with an exit status of its own.
type codedError struct {
	code int
	err  error
}

func (e *codedError) Error() string { return e.err.Error() }
func (e *codedError) Unwrap() error { return e.err }

func usageError(err error) error {
	if err == nil {
		return nil
	}
	return &codedError{exitUsage, err}
}

func usagef(format string, args ...any) error { return usageError(fmt.Errorf(format, args...)) }
