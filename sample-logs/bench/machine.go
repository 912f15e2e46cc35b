package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// machine is what a reader must know to judge the figures.
type machine struct {
	CPU        string `json:"cpu"`
	Cores      int    `json:"cores"`
	Memory     string `json:"memory,omitempty"`
	OS         string `json:"os"`
	Go         string `json:"go"`
	SQLite     string `json:"sqlite3,omitempty"`
	Node       string `json:"node,omitempty"`
	Started    string `json:"started"`
	LoadBefore string `json:"load_before"`
	LoadAfter  string `json:"load_after"`
}

func describeMachine(ctx context.Context) machine {
	m := machine{
		CPU: cpuModel("/proc/cpuinfo"), Cores: runtime.NumCPU(), OS: runtime.GOOS + "/" + runtime.GOARCH,
		Go: runtime.Version(), Started: time.Now().Format("2006-01-02 15:04 MST"), LoadBefore: loadAverage(),
		SQLite: toolVersion(ctx, "sqlite3"), Node: toolVersion(ctx, "node"),
	}
	if kb := fieldOf("/proc/meminfo", "MemTotal"); kb != "" {
		var n int64
		if _, err := fmt.Sscan(kb, &n); err == nil {
			m.Memory = fmt.Sprintf("%.0f GiB", float64(n)/(1<<20))
		}
	}
	return m
}

func (m machine) write(w io.Writer) {
	fmt.Fprintf(w, "Machine: %s, %d cores", m.CPU, m.Cores)
	for _, part := range []string{m.Memory, m.OS, m.Go, prefixed("sqlite3 ", m.SQLite), prefixed("node ", m.Node)} {
		if part != "" {
			fmt.Fprintf(w, ", %s", part)
		}
	}
	fmt.Fprintf(w, "\nStarted: %s, load average %s\n", m.Started, m.LoadBefore)
}

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

// cpuModel names the processor, where the system tells it in this way.
func cpuModel(file string) string {
	if s := fieldOf(file, "model name"); s != "" {
		return s
	}
	return "processor unknown"
}

// fieldOf is the value of the first line "name : value" of a file.
func fieldOf(file, name string) string {
	f, err := os.Open(file)
	if err != nil {
		return ""
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		key, value, ok := strings.Cut(lines.Text(), ":")
		if ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// loadAverage is of the last minute; a machine that does other work measures
// that as well.
func loadAverage() string {
	data, err := os.ReadFile("/proc/loadavg")
	if fields := strings.Fields(string(data)); err == nil && len(fields) > 0 {
		return fields[0]
	}
	return "unknown"
}

func toolVersion(ctx context.Context, name string) string {
	out, err := exec.CommandContext(ctx, name, "--version").Output()
	if fields := strings.Fields(string(out)); err == nil && len(fields) > 0 {
		return fields[0]
	}
	return ""
}
