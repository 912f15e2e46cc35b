//go:build unix

package ingest

import (
	"bufio"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"calaudit/ingest/siptrace"
)

// benchSize is about how large the file of a benchmark is, in bytes.
const benchSize = 8 << 20

// benchCase is a file of a format at a size that it may have, with what is read
// beside it. Its rows are of 10,000 people, in a list all of them different; of
// programs there are few. Tables of databases, which alone grow large, have
// 100,000 rows.
type benchCase struct {
	format string
	name   string
	file   func() []*File // the file, and what is read beside it: made when it is its turn
}

// benchText makes a file from the records of a corruptible.
func benchText(c *corruptible) string {
	people := 2500
	if strings.HasPrefix(c.format, "directory-") {
		people = 1 << 30
	}
	type piece struct{ before, name string } // a name, and what stands before it
	var records [][]piece
	for _, r := range c.records {
		for _, name := range []string{"alice", "bernd müller", "carol", "dora"} {
			r = strings.ReplaceAll(r, "("+name+")", "(Microsoft Office Communicator 2007 R2)")
			r = strings.ReplaceAll(r, "("+strings.ReplaceAll(name, " ", "+")+")", "(compatible;+MSIE+7.0;+Windows+NT+6.0)")
		}
		var pieces []piece
		for r != "" {
			at, name := len(r), ""
			for _, n := range []string{"alice", "bernd", "carol", "dora", ":05:0"} {
				if i := strings.Index(r, n); i >= 0 && i < at {
					at, name = i, n
				}
			}
			pieces = append(pieces, piece{r[:at], name})
			r = r[at+len(name):]
		}
		records = append(records, pieces)
	}
	var b strings.Builder
	b.Grow(benchSize + 1<<10)
	b.WriteString(c.header)
	for i := 0; b.Len() < benchSize; i++ {
		for k, pieces := range records {
			for _, p := range pieces {
				b.WriteString(p.before)
				switch p.name {
				case "":
				case ":05:0":
					fmt.Fprintf(&b, ":%02d:%d", (i+k)%60, i%6)
				default:
					fmt.Fprintf(&b, "%s%06d", p.name, i%people)
				}
			}
		}
	}
	return b.String()
}

// benchCases are files of every format, and of every shape in which one may be
// large. Of the formats of a table the call records stand for the others: all
// are read by the same code. The estate and the owned licences, which people
// write by hand, are no formats of exports.
func benchCases() (all []benchCase) {
	add := func(format, name string, file func() []*File) { all = append(all, benchCase{format, name, file}) }
	alone := func(format, name string, text func() string) {
		add(format, name, func() []*File { return []*File{NewFile("in", []byte(text()))} })
	}
	for _, c := range corruptibles() {
		if c.beside == "" && !strings.HasPrefix(c.format, "siptrace-") && c.format != iisFormat().Name {
			alone(c.format, c.name, func() string { return benchText(&c) })
		}
	}
	for name, save := range benchTools() {
		add(cdrFormat().Name, name, func() []*File {
			files := benchSet(5000, 100_000)
			files[0] = save(files[0])
			return files
		})
	}
	add(qoeFormat().Name, "table", func() []*File {
		session, _, _, files := benchQuality(5000, 100_000)
		return append([]*File{session}, files[3:]...)
	})
	alone(iisFormat().Name, "day", func() string { return string(iisDay(benchSize / 300)) })
	for name, shape := range traceShapes {
		alone("siptrace-"+name, "traffic", func() string { return render(shape, traffic(150)) })
	}
	alone(ocsTraceName, "never closed", func() string {
		return strings.ReplaceAll(render(siptrace.OCSLogger, traffic(150)), "$$end_record", "")
	})
	return all
}

// benchTools save a table of call records as each tool does.
func benchTools() map[string]func(table *File) *File {
	content := func(f *File) string {
		rc, err := f.Open()
		if err != nil {
			panic(err) // it is in memory
		}
		text, err := io.ReadAll(rc)
		if err != nil {
			panic(err)
		}
		return string(text)
	}
	list := map[string]func(*File) *File{
		"csv":    func(f *File) *File { return f },
		"utf-16": func(f *File) *File { return NewFile("in", utf16LE(content(f))) },
	}
	for _, t := range tools {
		switch t.name {
		case "bcp with --columns", "bcp with terminators of its own", "sqlcmd", "sqlcmd -s , -W", "Management Studio, tabs",
			"Management Studio, CSV with quotes", "Export-Csv in German":
			list[t.name] = func(f *File) *File {
				rows, err := csv.NewReader(strings.NewReader(content(f))).ReadAll()
				if err != nil {
					panic(err)
				}
				sql := sqlTable{name: "SessionDetails", columns: rows[0]}
				for _, row := range rows[1:] {
					values := make([]any, len(row))
					for i, v := range row {
						if at, err := time.Parse("2006-01-02 15:04:05.000", v); err == nil {
							values[i] = at
						} else if v != "" {
							values[i] = v
						}
					}
					sql.rows = append(sql.rows, values)
				}
				data, beside := t.save(sql)
				out := NewFile("in", []byte(data))
				if t.flags != nil {
					out.given = &Columns{Names: sql.columns, From: "--columns"}
				}
				for name, text := range beside {
					if out.given, err = formatFile(NewFile(name, nil), &Head{Text: []byte(text)}); err != nil {
						panic(err)
					}
				}
				return out
			}
		}
	}
	return list
}

// BenchmarkFormats reads a file of each format, and the same text line by line,
// looking at nothing: in MB per second of CPU time of all threads, so that other
// work on the machine does not matter. What is read beside a file is counted
// with it in both.
func BenchmarkFormats(b *testing.B) {
	used := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	for _, c := range benchCases() {
		b.Run(c.format+"/"+c.name, func(b *testing.B) {
			f := formatNamed(b, c.format)
			files, size := c.file(), 0.0
			for _, file := range files {
				h, err := file.Head()
				if err != nil {
					b.Fatal(err)
				}
				file.Part = f.Sniff(h).Part
				size += float64(file.Size) / 1e6
			}
			times, start := 0.0, used()
			for b.Loop() {
				n := 0
				err := f.Read(context.Background(), files, &Env{Now: importTime, Location: time.UTC}, func(x *Batch) error {
					n += x.Rows()
					if len(x.Rejects) > 0 {
						return fmt.Errorf("line %d: %s", x.Rejects[0].Line, x.Rejects[0].What)
					}
					x.Done()
					return nil
				})
				if err != nil || n < 1000 {
					b.Fatal(n, err)
				}
				times++
			}
			read := used() - start
			measured := 0.0
			for start = used(); used()-start < read/2; measured++ {
				for _, file := range files {
					if err := eachLine(file); err != nil {
						b.Fatal(err)
					}
				}
			}
			lines := used() - start
			b.ReportMetric(size*times/read.Seconds(), "MB/cpu-s")
			b.ReportMetric(size*measured/lines.Seconds(), "lines-MB/cpu-s")
			b.ReportMetric(lines.Seconds()/measured/(read.Seconds()/times), "of-lines")
		})
	}
}

// benchLine is a line as a text of its own, which is what reading line by line
// gives.
var benchLine string

// eachLine is the measure: the usual way to read text line by line.
func eachLine(f *File) error {
	rc, err := f.Text()
	if err != nil {
		return err
	}
	defer rc.Close()
	s := bufio.NewScanner(rc)
	s.Buffer(nil, siptrace.MaxRecord)
	for s.Scan() {
		benchLine = s.Text()
	}
	return s.Err()
}

// Every format is measured.
func TestEveryFormatHasABenchmark(t *testing.T) {
	all := benchCases()
	for _, f := range Formats() {
		if !slices.ContainsFunc(all, func(c benchCase) bool { return c.format == f.Name }) {
			t.Errorf("%s is not measured", f.Name)
		}
	}
}
