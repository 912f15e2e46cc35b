package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"calaudit": func() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr, clock)) },
	})
}

// TestScripts runs every script of testdata/script. A script may say
// "status N command ..." to demand an exact exit status, and finds the sample
// folders below $SAMPLES.
func TestScripts(t *testing.T) {
	samples, err := filepath.Abs(filepath.Join(repo, "sample-logs"))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("SAMPLES", samples)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) < 2 {
					ts.Fatalf("usage: status N command [args]")
				}
				want, err := strconv.Atoi(args[0])
				ts.Check(err)
				got := 0
				if err := ts.Exec(args[1], args[2:]...); err != nil {
					text := err.Error()
					code, found := strings.CutPrefix(text, "exit status ")
					if !found {
						ts.Fatalf("%s", text)
					}
					got, err = strconv.Atoi(code)
					ts.Check(err)
				}
				if got != want {
					ts.Fatalf("exit status %d, want %d", got, want)
				}
			},
		},
	})
}
