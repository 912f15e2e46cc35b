package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Sample is what one run of one contestant cost.
type Sample struct {
	Wall  float64 `json:"wall_s"`
	CPU   float64 `json:"cpu_s"`
	RSS   int64   `json:"rss_bytes"`   // peak; 0 where the system does not tell
	Bytes int64   `json:"bytes"`       // of the database; 0 for those without one
	Extra int     `json:"n,omitempty"` // what else was counted, see the title
}

// child is a process to measure.
type child struct {
	dir   string // where it runs: short relative names need no quoting
	argv  []string
	stdin string
	keep  int64 // how much of its output the caller wants
}

// outputLimit bounds what is kept of a child's output: the pages of this
// process count as the child's at the fork.
const outputLimit = 64 << 10

// measure runs a child to its end. Its output goes to a file, so that reading
// it costs neither process time while the clock runs.
func (b *bench) measure(ctx context.Context, c child) (Sample, string, error) {
	var s Sample
	out, err := os.Create(filepath.Join(b.work, "db", "stdout"))
	if err != nil {
		return s, "", err
	}
	defer out.Close()
	errs, err := os.Create(filepath.Join(b.work, "db", "stderr"))
	if err != nil {
		return s, "", err
	}
	defer errs.Close()
	cmd := exec.CommandContext(ctx, c.argv[0], c.argv[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = c.dir, out, errs
	if c.stdin != "" {
		in, err := os.Open(c.stdin)
		if err != nil {
			return s, "", err
		}
		defer in.Close()
		cmd.Stdin = in // a file, not a pipe: no goroutine of ours in between
	}
	flushDisk()
	start := time.Now()
	err = cmd.Run()
	s.Wall = time.Since(start).Seconds()
	if ctx.Err() != nil {
		return s, "", ctx.Err()
	}
	if err != nil {
		return s, "", fmt.Errorf("%s: %w: %s", strings.Join(c.argv, " "), err, tail(errs, 1000))
	}
	s.CPU = (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	s.RSS = peakMemory(cmd.ProcessState)
	text, err := head(out, max(c.keep, outputLimit))
	return s, text, err
}

func head(f *os.File, limit int64) (string, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	data, err := io.ReadAll(io.LimitReader(f, limit))
	return string(data), err
}

// tail is the end of a file, for error messages.
func tail(f *os.File, limit int64) string {
	info, err := f.Stat()
	if err != nil {
		return err.Error()
	}
	data := make([]byte, min(limit, info.Size()))
	if _, err := f.ReadAt(data, info.Size()-int64(len(data))); err != nil && err != io.EOF {
		return err.Error()
	}
	return string(bytes.TrimSpace(data))
}

// sidecars are the files beside a database that belong to it. A lock file is
// none: it holds no data.
var sidecars = []string{"", "-wal", "-shm", "-journal", ".wal"}

// databaseBytes is the size of a database with its sidecars.
func databaseBytes(db string) int64 {
	var sum int64
	for _, ext := range sidecars {
		if info, err := os.Stat(db + ext); err == nil {
			sum += info.Size()
		}
	}
	return sum
}

func removeDatabase(db string) error {
	for _, ext := range append([]string{".lock"}, sidecars...) {
		if err := os.Remove(db + ext); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	return nil
}

func copyDatabase(from, to string) error {
	for _, ext := range sidecars {
		if err := copyFile(from+ext, to+ext); err != nil && !(ext != "" && os.IsNotExist(err)) {
			return err
		}
	}
	return nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}
