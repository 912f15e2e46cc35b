package main

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed duckdb/package.json duckdb/run.mjs
var files embed.FS

//go:embed plain.sql
var plainSQL string

// bench is one run of this program: its work folder and the tools in it.
type bench struct {
	opt       options
	log       io.Writer
	work      string
	temporary bool
	self      string            // this program, for the encoding/csv contestant
	generate  string            // sample-logs/generate, built
	version   string            // of the generator: samples of another one are not used again
	calaudit  string            // the program under test, built
	lacking   map[string]string // tool -> why it is not here
}

// prepare makes the work folder and builds what runs in it.
func prepare(ctx context.Context, opt options, log io.Writer) (*bench, error) {
	b := &bench{opt: opt, log: log, work: opt.dir, lacking: map[string]string{}}
	var err error
	if b.work == "" {
		b.temporary = true
		b.work, err = os.MkdirTemp("", "calaudit-bench-")
	} else if b.work, err = filepath.Abs(b.work); err == nil {
		err = os.MkdirAll(b.work, 0o777)
	}
	if err != nil {
		return nil, err
	}
	if err := b.build(ctx); err != nil {
		return nil, errors.Join(err, b.cleanUp())
	}
	b.findTools(ctx)
	return b, nil
}

func (b *bench) build(ctx context.Context) error {
	var err error
	if b.self, err = os.Executable(); err != nil {
		return err
	}
	for _, folder := range []string{"bin", "db"} {
		if err := os.MkdirAll(filepath.Join(b.work, folder), 0o777); err != nil {
			return err
		}
	}
	b.generate = filepath.Join(b.work, "bin", "generate")
	if err := b.goBuild(ctx, b.generate, "calaudit/sample-logs/generate"); err != nil {
		return err
	}
	if b.version, err = hashFile(b.generate); err != nil {
		return err
	}
	if b.opt.calaudit != "" {
		b.calaudit, err = filepath.Abs(b.opt.calaudit)
		return err
	}
	if !b.needsCalaudit() {
		return nil
	}
	b.calaudit = filepath.Join(b.work, "bin", "calaudit")
	return b.goBuild(ctx, b.calaudit, "calaudit/cmd/calaudit")
}

// needsCalaudit is false when only peers are asked for.
func (b *bench) needsCalaudit() bool {
	if b.opt.night || b.opt.memory || b.opt.big {
		return true
	}
	return b.opt.wants("ingest") || b.opt.wants("run")
}

func (b *bench) goBuild(ctx context.Context, out, pkg string) error {
	fmt.Fprintln(b.log, "building", pkg)
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", out, pkg)
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w (run the bench inside the repository)\n%s", pkg, err, text)
	}
	return nil
}

// hashFile is short: it tells versions apart, no more.
func hashFile(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)[:4]), nil
}

// findTools looks for the peers' programs, and remembers why one is missing.
func (b *bench) findTools(ctx context.Context) {
	for _, tool := range []string{"wc", "sqlite3"} {
		if _, err := exec.LookPath(tool); err != nil {
			b.lacking[tool] = "no " + tool + " on the path"
		}
	}
	if !b.opt.wants("duckdb") {
		return
	}
	if err := b.installDuckDB(ctx); err != nil {
		b.lacking["duckdb"] = err.Error()
	}
}

// installDuckDB puts DuckDB into the work folder, once.
func (b *bench) installDuckDB(ctx context.Context) error {
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("no %s on the path", tool)
		}
	}
	dir := filepath.Join(b.work, "duckdb")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	fresh := false
	for _, name := range []string{"package.json", "run.mjs"} {
		data, err := files.ReadFile("duckdb/" + name)
		if err != nil {
			return err
		}
		old, _ := os.ReadFile(filepath.Join(dir, name)) // unreadable is as good as different
		if name == "package.json" {
			fresh = string(old) != string(data)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
			return err
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "@duckdb", "node-api")); err == nil && !fresh {
		return nil
	}
	fmt.Fprintln(b.log, "installing DuckDB from npm")
	cmd := exec.CommandContext(ctx, "npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error")
	cmd.Dir = dir
	if text, err := cmd.CombinedOutput(); err != nil {
		// Another try must not take half an installation for a whole one.
		os.Remove(filepath.Join(dir, "package.json"))
		return fmt.Errorf("npm install failed: %s", lastLine(string(text)))
	}
	return nil
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}
