package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"calaudit/audit/report"
	"calaudit/ingest"
)

// redraw is the time between two drawings: short jobs show nothing at all.
const redraw = 200 * time.Millisecond

// progress keeps one line on a terminal that says how far a command is. It is
// the stream of everything else written there, too: the line gives way to it.
// It writes no escape sequences. Its methods may be called at any time, also
// from several goroutines and on nil, which shows nothing.
type progress struct {
	out   io.Writer
	now   func() time.Time
	width func() int // columns of the terminal

	mu     sync.Mutex
	state  progressState
	since  time.Time // beginning of the phase
	before int64     // bytes of the units that are dealt with
	unit   int64     // bytes read of the current one, in all passes
	size   int64     // its bytes, -1 when not known
	passes int64     // how often a file is read
	drawn  int       // bytes on the line
	end    chan struct{}
}

// progressState is what the line tells.
type progressState struct {
	word        string // what is being done; "" for nothing
	name        string // of the file
	done, total int64  // bytes; total is -1 when not known, 0 when bytes do not matter
}

// startProgress shows progress if there is a terminal that wants it.
func (a *app) startProgress() {
	f, ok := a.stderr.(*os.File)
	if !ok || a.progress != nil || a.quiet || a.plain() || !term.IsTerminal(int(f.Fd())) {
		return
	}
	p := &progress{out: f, now: time.Now, end: make(chan struct{}), width: func() int {
		columns, _, err := term.GetSize(int(f.Fd()))
		if err != nil {
			return 0
		}
		return columns
	}}
	a.progress, a.stderr = p, p
	go p.run()
}

// endProgress clears the line for good.
func (a *app) endProgress() {
	if p := a.progress; p != nil {
		close(p.end)
		p.phase("")
		p.erase()
		a.progress, a.stderr = nil, p.out
	}
}

func (p *progress) run() {
	tick := time.NewTicker(redraw)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			p.draw()
		case <-p.end:
			return
		}
	}
}

// phase begins something that is told by its word alone.
func (p *progress) phase(word string) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state = progressState{word: word}
	p.since = p.now()
	p.before, p.unit, p.size = 0, 0, 0
}

// reading begins a phase that reads all files of the units, each file as often
// as passes says: to hash it, to take it in and so on. Bytes are counted once.
func (p *progress) reading(word string, units []ingest.Unit, passes int64) {
	if p == nil {
		return
	}
	p.phase(word)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.passes = passes
	for i := range units {
		for _, f := range units[i].Files {
			if p.state.total >= 0 && f.Size >= 0 {
				p.state.total += f.Size
			} else {
				p.state.total = -1
			}
			f.OnRead = func(n int) { p.read(f, n) }
		}
	}
}

// begin begins one unit of the phase; the one before is dealt with, however
// much of it had to be read.
func (p *progress) begin(u *ingest.Unit) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settle()
	for _, f := range u.Files {
		if p.size >= 0 && f.Size >= 0 {
			p.size += f.Size
		} else {
			p.size = -1
		}
	}
}

// settle adds up what the current unit amounts to.
func (p *progress) settle() {
	if p.size < 0 {
		p.before += p.unit / p.passes
	} else {
		p.before += p.size
	}
	p.unit, p.size, p.state.done = 0, 0, p.before
}

func (p *progress) read(f *ingest.File, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.unit += int64(n)
	done := p.unit / p.passes
	if p.size >= 0 {
		done = min(done, p.size)
	}
	p.state.name, p.state.done = f.Base(), p.before+done
}

// draw brings the line up to date.
func (p *progress) draw() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state.word == "" {
		return
	}
	// The last column stays free: some terminals wrap when it is written.
	line := progressLine(p.state, p.now().Sub(p.since), p.width()-1)
	columns := report.Width(line)
	fmt.Fprint(p.out, "\r", line, strings.Repeat(" ", max(p.drawn-columns, 0)))
	p.drawn = columns
}

func (p *progress) erase() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
}

func (p *progress) clear() {
	if p.drawn > 0 {
		fmt.Fprint(p.out, "\r", strings.Repeat(" ", p.drawn), "\r")
		p.drawn = 0
	}
}

// Write writes something else to the terminal, in place of the line.
func (p *progress) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	return p.out.Write(b)
}

// progressLine is the line for a terminal, never wider than width columns:
// what does not fit is left out, the least telling first.
func progressLine(s progressState, elapsed time.Duration, width int) string {
	var bytes, percent, rate, left string
	seconds := elapsed.Seconds()
	done := max(s.done, 0)
	switch {
	case s.total == 0: // a phase without bytes: how long it has been going on
		if seconds >= 1 {
			left = clockText(elapsed)
		}
	case s.total < 0:
		unit, name := byteUnit(done)
		bytes = fmt.Sprintf("%.1f %s", float64(done)/unit, name)
	default:
		done = min(done, s.total)
		unit, name := byteUnit(s.total)
		bytes = fmt.Sprintf("%.1f of %.1f %s", float64(done)/unit, float64(s.total)/unit, name)
		percent = fmt.Sprintf("%d%%", int(100*(float64(done)/float64(s.total))))
	}
	if s.total != 0 && done > 0 && seconds >= 1 {
		speed := float64(done) / seconds
		unit, name := byteUnit(int64(speed))
		rate = fmt.Sprintf("%.0f %s/s", speed/unit, name)
		if rest := float64(s.total-done) / speed; s.total > 0 && rest < 1e6 {
			left = clockText(time.Duration(rest*float64(time.Second))) + " left"
		}
	}
	const leastName = 8
	join := func(parts ...string) (rest string) {
		for _, part := range parts {
			if part != "" {
				rest += "  " + part
			}
		}
		return rest
	}
	choices := []string{join(bytes, percent, rate, left), join(bytes, percent, left), join(percent, left), join(percent)}
	for _, rest := range choices {
		if room := width - len(s.word) - len(" ") - len(rest); s.name != "" && room >= leastName {
			return s.word + " " + report.Fit(s.name, room) + rest
		}
	}
	for _, rest := range choices {
		if len(s.word)+len(rest) <= width {
			return s.word + rest
		}
	}
	return report.Fit(s.word, width)
}

// byteUnit is the unit in which a number of bytes reads best.
func byteUnit(n int64) (unit float64, name string) {
	unit = 1
	for _, name = range []string{"B", "KB", "MB", "GB"} {
		if float64(n) < 1000*unit {
			return unit, name
		}
		unit *= 1000
	}
	return unit, "TB"
}

// clockText is a duration as m:ss or h:mm:ss.
func clockText(d time.Duration) string {
	s := int(max(d, 0).Round(time.Second) / time.Second)
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}
