package main

import (
	"bytes"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"calaudit/audit/report"
	"calaudit/ingest"
)

func TestTheProgressLineSaysWhatFits(t *testing.T) {
	s := progressState{"ingesting", "SessionDetails.csv", 1_240_000_000, 4_000_000_000}
	for _, c := range []struct {
		width int
		want  string
	}{
		{80, "ingesting SessionDetails.csv  1.2 of 4.0 GB  31%  207 MB/s  0:13 left"},
		{60, "ingesting SessionD…  1.2 of 4.0 GB  31%  207 MB/s  0:13 left"},
		{55, "ingesting SessionDetail…  1.2 of 4.0 GB  31%  0:13 left"},
		{35, "ingesting SessionD…  31%  0:13 left"},
		{26, "ingesting SessionDet…  31%"},
		{22, "ingesting  31%"},
		{15, "ingesting  31%"},
		{5, "inge…"},
		{0, ""},
		{-1, ""},
	} {
		if got := progressLine(s, 6*time.Second, c.width); got != c.want {
			t.Errorf("%d columns: %q, want %q", c.width, got, c.want)
		}
	}
	for _, c := range []struct {
		s       progressState
		elapsed time.Duration
		want    string
	}{
		{progressState{word: "auditing"}, 72 * time.Second, "auditing  1:12"},
		{progressState{word: "auditing"}, 900 * time.Millisecond, "auditing"},
		{progressState{"ingesting", "a.csv", 900, 1000}, 0, "ingesting a.csv  0.9 of 1.0 KB  90%"},
		{progressState{"ingesting", "a.gz", 3_500_000, -1}, 2 * time.Second, "ingesting a.gz  3.5 MB  2 MB/s"},
		{progressState{"ingesting", "a\x1b[31m", 2000, 1000}, 0, "ingesting a\\x1b[31m  1.0 of 1.0 KB  100%"},
		{progressState{"ingesting", "a", 1, 1e13}, 100 * time.Hour, "ingesting a  0.0 of 10.0 TB  0%  0 B/s"},
	} {
		if got := progressLine(c.s, c.elapsed, 80); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestTheProgressLineIsNeverWiderThanTheTerminal(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	number := func() int64 { return r.Int63() >> r.Intn(63) }
	names := []string{"", "a", "SessionDetails.csv", strings.Repeat("long", 50), "日本語のファイル.csv", "e\u0301\u0301.csv", "\x1b[2J\r\n\t", "\xff\xfe", "😀😀😀😀😀😀😀😀"}
	for range 100_000 {
		s := progressState{[]string{"ingesting", "auditing"}[r.Intn(2)], names[r.Intn(len(names))], number() - 1, number() - 1}
		width := r.Intn(120) - 2
		line := progressLine(s, time.Duration(number()), width)
		if n := report.Width(line); n > max(width, 0) {
			t.Fatalf("%+v: %d columns on %d: %q", s, n, width, line)
		}
		if line != report.Clean(line) {
			t.Fatalf("%+v: unsafe %q", s, line)
		}
	}
}

// screen is what a terminal shows of what was written to it: its lines, of
// which only the last can still change.
func screen(t *testing.T, written string) []string {
	t.Helper()
	if strings.ContainsAny(written, "\x1b\b") {
		t.Fatalf("escape sequences in %q", written)
	}
	lines := []string{""}
	at := 0
	for _, c := range written {
		line := []rune(lines[len(lines)-1])
		switch c {
		case '\r':
			at = 0
		case '\n':
			lines, at = append(lines, ""), 0
		default:
			for len(line) <= at {
				line = append(line, ' ')
			}
			line[at] = c
			at++
			lines[len(lines)-1] = string(line)
		}
	}
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return lines
}

// TestProgressGivesWayToWhatIsSaid drives a progress by hand with a clock of
// its own.
func TestProgressGivesWayToWhatIsSaid(t *testing.T) {
	var out bytes.Buffer
	now := time.Date(2009, 4, 1, 0, 0, 0, 0, time.UTC)
	p := &progress{out: &out, now: func() time.Time { return now }, width: func() int { return 80 }, end: make(chan struct{})}
	a := &app{stderr: p, progress: p}
	long, short := ingest.NewFile("in/a-rather-long-name.csv", make([]byte, 3000)), ingest.NewFile("in/b.csv", make([]byte, 1000))
	units := []ingest.Unit{{Files: []*ingest.File{long}}, {Files: []*ingest.File{short}}}
	shows := func(want ...string) {
		t.Helper()
		if got := screen(t, out.String()); strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Fatalf("the screen shows %q, want %q", got, want)
		}
	}
	p.draw()
	shows("")
	p.reading("ingesting", units, 2)
	p.begin(&units[0])
	if _, err := long.SourceRows(t.Context(), "cdr", func(int) bool { return false }, nil); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Second)
	p.draw()
	shows("ingesting a-rather-long-name.csv  1.5 of 4.0 KB  37%  2 KB/s  0:02 left")
	a.warn("something is wrong")
	shows("calaudit: warning: something is wrong", "")
	p.draw()
	p.begin(&units[1]) // the first turned out to be known: all of it counts
	p.read(short, 1000)
	now = now.Add(time.Second)
	p.draw()
	shows("calaudit: warning: something is wrong", "ingesting b.csv  3.5 of 4.0 KB  87%  2 KB/s  0:00 left")
	p.read(short, 1_000_000) // more passes than thought
	p.draw()
	shows("calaudit: warning: something is wrong", "ingesting b.csv  4.0 of 4.0 KB  100%  2 KB/s  0:00 left")
	p.phase("auditing")
	now = now.Add(12 * time.Second)
	p.draw()
	shows("calaudit: warning: something is wrong", "auditing  0:12")
	a.endProgress()
	p.draw()
	a.say("done")
	shows("calaudit: warning: something is wrong", "done", "")
}

// TestProgressFromManyGoroutines is for the race detector.
func TestProgressFromManyGoroutines(t *testing.T) {
	var out bytes.Buffer
	p := &progress{out: &out, now: time.Now, width: func() int { return 60 }, end: make(chan struct{})}
	go p.run()
	f := ingest.NewFile("a.csv", make([]byte, 1000))
	units := []ingest.Unit{{Files: []*ingest.File{f}}}
	p.reading("ingesting", units, 1)
	p.begin(&units[0])
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				f.OnRead(1)
				p.draw()
				fmt.Fprintln(p, "said")
			}
		})
	}
	wg.Wait()
	(&app{stderr: p, progress: p}).endProgress()
	said := 0
	for _, line := range screen(t, out.String()) {
		if line == "said" {
			said++
		} else if line != "" {
			t.Fatalf("%q is left on the screen", line)
		}
	}
	if said != 800 {
		t.Errorf("%d lines said, want 800", said)
	}
}

func TestNoProgressWhereThereIsNoTerminal(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, a := range []*app{{stderr: file}, {stderr: &bytes.Buffer{}}} {
		a.startProgress()
		if a.progress != nil {
			t.Errorf("progress on %T", a.stderr)
		}
		a.progress.reading("ingesting", nil, 1)
		a.progress.begin(&ingest.Unit{})
		a.progress.phase("auditing")
		a.endProgress()
	}
	dir := copySample(t)
	_, out, errs := calaudit(t, "run", dir, "--db", filepath.Join(dir, "a.db"))
	if strings.ContainsAny(out+errs, "\r\x1b") {
		t.Errorf("control bytes in %q", errs)
	}
}
