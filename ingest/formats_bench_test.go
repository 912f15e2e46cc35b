//go:build unix

package ingest

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"
)

// benchFile makes a file of some megabytes from the records of a corruptible:
// in a list everybody is somebody else, elsewhere they are 10,000.
func benchFile(c *corruptible) []byte {
	people := 2500
	if strings.HasPrefix(c.format, "directory-") {
		people = 1 << 30
	}
	var b bytes.Buffer
	b.WriteString(c.header)
	for i := 0; b.Len() < 8<<20; i++ {
		for k, r := range c.records {
			b.WriteString(strings.NewReplacer("alice", fmt.Sprintf("alice%06d", i%people), "bernd", fmt.Sprintf("bernd%06d", i%people), "carol", fmt.Sprintf("carol%06d", i%people),
				"dora", fmt.Sprintf("dora%07d", i%people), ":05:0", fmt.Sprintf(":%02d:%d", (i+k)%60, i%6)).Replace(r))
		}
	}
	return b.Bytes()
}

// perCPU reports megabytes per second of CPU time, of all threads: other work on
// the machine does not matter.
func perCPU(b *testing.B, size int, read func() error) {
	used := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	before, n := used(), 0
	for b.Loop() {
		n++
		if err := read(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n*size)/1e6/(used()-before).Seconds(), "MB/CPU-s")
}

// BenchmarkFormats reads a file of each format; "lines" reads the same bytes
// line by line and looks at nothing.
func BenchmarkFormats(b *testing.B) {
	for _, c := range corruptibles() {
		in := benchFile(&c)
		var format Format
		for _, f := range Formats() {
			if f.Name == c.format {
				format = f
			}
		}
		b.Run(c.format+"/"+c.name, func(b *testing.B) {
			perCPU(b, len(in), func() error {
				rows := 0
				err := format.Read(context.Background(), []*File{NewFile("in", in)}, &Env{Now: importTime, Location: time.UTC}, func(x *Batch) error {
					rows += x.Rows()
					if len(x.Rejects) > 0 {
						return fmt.Errorf("line %d: %s", x.Rejects[0].Line, x.Rejects[0].What)
					}
					x.Done()
					return nil
				})
				if err == nil && rows < 1000 {
					err = fmt.Errorf("%d rows", rows)
				}
				return err
			})
		})
		b.Run(c.format+"/"+c.name+"/lines", func(b *testing.B) {
			perCPU(b, len(in), func() error {
				rc, err := NewFile("in", in).Text()
				if err != nil {
					return err
				}
				s := bufio.NewScanner(rc)
				n := 0
				for s.Scan() {
					n += len(s.Text())
				}
				if n == 0 {
					return fmt.Errorf("nothing read")
				}
				return s.Err()
			})
		})
	}
}
