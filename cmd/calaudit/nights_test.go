//go:build unix

package main

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"calaudit/audit"
)

// program builds the real program once, for tests that kill it or run it as
// somebody else.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "calaudit-program-*")
	if err != nil {
		return "", err
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return "", err
	}
	name := filepath.Join(dir, "calaudit")
	out, err := exec.Command("go", "build", "-o", name, "calaudit/cmd/calaudit").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return name, nil
})

func mustProgram(t *testing.T) string {
	t.Helper()
	name, err := program()
	if err != nil {
		t.Fatal(err)
	}
	return name
}

func TestAKilledRunLeavesTheDatabaseWholeAndTheNextOneCompletesIt(t *testing.T) {
	name, dir := mustProgram(t), filepath.Join(repo, "sample-logs", "contoso")
	want := runDigest(t, dir).Digest
	r := rand.New(rand.NewSource(time.Now().UnixNano()))
	db := filepath.Join(t.TempDir(), "a.db")
	for range 20 {
		cmd := exec.Command(name, "run", dir, "--db", db, "--quiet")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(r.Intn(400)) * time.Millisecond)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if _, err := os.Stat(db); errors.Is(err, os.ErrNotExist) {
			continue
		}
		if status, out, errs := calaudit(t, "check", "--db", db); status != 0 {
			t.Fatalf("check after a kill: exit %d: %s%s", status, out, errs)
		}
	}
	var rep audit.Report
	calauditJSON(t, exitShortfall, &rep, "run", dir, "--db", db)
	if rep.Digest != want {
		t.Errorf("digest %s after %s kills, %s without", rep.Digest, "20", want)
	}
}

func TestASecondRunAtTheSameTimeExits75(t *testing.T) {
	db := filepath.Join(t.TempDir(), "a.db")
	lock := flock.New(db + ".lock")
	if ok, err := lock.TryLock(); !ok || err != nil {
		t.Fatal(ok, err)
	}
	defer lock.Unlock()
	status, _, errs := calaudit(t, "run", filepath.Join(repo, "sample-logs", "contoso"), "--db", db)
	if status != exitBusy || !strings.Contains(errs, "another run holds the database") {
		t.Errorf("exit %d: %s", status, errs)
	}
}

func TestAFullDiskIsReportedAndTheNextRunSucceeds(t *testing.T) {
	name, dir := mustProgram(t), filepath.Join(repo, "sample-logs", "contoso")
	db := filepath.Join(t.TempDir(), "a.db")
	// A limit on file size fails writes like a full disk does.
	cmd := exec.Command("bash", "-c", `trap "" XFSZ; ulimit -f 900; exec "$0" run "$1" --db "$2" --quiet`, name, dir, db)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitFailed {
		t.Fatalf("%v: %s; want exit 1", err, out)
	}
	if status, out, errs := calaudit(t, "check", "--db", db); status != 0 {
		t.Fatalf("check: exit %d: %s%s", status, out, errs)
	}
	var r audit.Report
	calauditJSON(t, exitShortfall, &r, "run", dir, "--db", db)
	if want := runDigest(t, dir).Digest; r.Digest != want {
		t.Errorf("digest %s after the disk was full, %s without", r.Digest, want)
	}
}

func TestAFolderThatMayNotBeReadIsNamedAndTheRestIsTakenIn(t *testing.T) {
	name := mustProgram(t)
	dir, err := os.MkdirTemp("", "calaudit-unprivileged-*")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	write(t, dir, "in/open/activity.csv", []byte("time,activity,user\n2009-03-02 08:00:00,im-login,alice@contoso.com\n"))
	write(t, dir, "in/closed/activity.csv", []byte("time,activity,user\n2009-03-02 08:00:00,im-login,bob@contoso.com\n"))
	write(t, dir, "out/keep", nil)
	for path, mode := range map[string]os.FileMode{".": 0o755, "in": 0o755, "in/open": 0o755, "in/closed": 0, "out": 0o777} {
		if err := os.Chmod(filepath.Join(dir, path), mode); err != nil {
			t.Fatal(err)
		}
	}
	defer os.Chmod(filepath.Join(dir, "in/closed"), 0o755)
	cmd := exec.Command(name, "run", filepath.Join(dir, "in"), "--db", filepath.Join(dir, "out", "a.db"), "--format", "json", "--max-age", "0")
	cmd.Dir = dir
	if os.Getuid() == 0 {
		// Root may read anything: become nobody.
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitFailed {
		t.Fatalf("%v, want exit 1: %s", err, errs.String())
	}
	if want := "in/closed: permission denied; let this account read it"; !strings.Contains(errs.String(), want) {
		t.Errorf("says %q, want %q", errs.String(), want)
	}
	if !strings.Contains(out.String(), `"stored": 1`) {
		t.Errorf("the rest was not taken in: %s", out.String())
	}
}
