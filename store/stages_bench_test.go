package store

import (
	"bytes"
	"context"
	"fmt"
	"math/rand"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"calaudit/audit"
	"calaudit/ingest"
	"calaudit/store/segment"
)

// company writes 100,000 sessions of 2,000 people on 30 days.
func company(b *testing.B) string {
	b.Helper()
	dir := b.TempDir()
	out, err := exec.Command("go", "run", "calaudit/sample-logs/generate", "-users", "2000", "-events", "100000", "-seed", "3", "-out", dir).CombinedOutput()
	if err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	return dir
}

// perRow reports the time that each of n rows takes.
func perRow(b *testing.B, n int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/row")
}

// BenchmarkStages takes the stages of a night and of a look-up one by one. What
// comes before each in an iteration is not in its figures.
func BenchmarkStages(b *testing.B) {
	ctx := context.Background()
	dir := company(b)
	from, to := time.Date(2009, 3, 2, 0, 0, 0, 0, time.UTC), time.Date(2009, 4, 1, 0, 0, 0, 0, time.UTC)
	b.Run("import", func(b *testing.B) {
		rows := 0
		for i := 0; b.Loop(); i++ {
			s := mustOpen(b, filepath.Join(b.TempDir(), fmt.Sprint(i, ".db")))
			cmd := s.NewCommand(&ingest.Env{Now: to, Location: time.UTC})
			pile := ingest.Gather([]string{dir})
			rows = 0
			for k := range pile.Units {
				done, err := cmd.Import(ctx, &pile.Units[k])
				if err != nil {
					b.Fatal(err)
				}
				for _, f := range done.Files {
					rows += f.Tally.Read
				}
			}
		}
		perRow(b, rows)
	})
	s, names := filledFrom(b, dir)
	facts, who := 0, ""
	if err := s.Scan(ctx, names, from, to, 1, func(_ int, list []ingest.Fact) {
		facts += len(list)
		for i := range list {
			who = names[list[i].User].Text
		}
	}); err != nil {
		b.Fatal(err)
	}
	b.Run("summarise", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			if _, err := s.db.ExecContext(ctx, "DELETE FROM summarised; DELETE FROM summary; DELETE FROM spanned; DELETE FROM span"); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
			if _, err := s.Window(ctx, names, from, to); err != nil {
				b.Fatal(err)
			}
		}
		perRow(b, facts)
	})
	b.Run("window", func(b *testing.B) {
		for b.Loop() {
			w, err := s.Window(ctx, names, from, to)
			if err != nil || len(w.Usages()) == 0 {
				b.Fatal(err)
			}
		}
		perRow(b, facts)
	})
	for _, limit := range []int{20, 0} {
		b.Run(fmt.Sprint("lines of one/limit=", limit), func(b *testing.B) {
			for b.Loop() {
				e, err := s.Lines(ctx, from, to, []string{who}, limit)
				if err != nil || len(e.Lines) == 0 {
					b.Fatal(len(e.Lines), err)
				}
			}
		})
	}
}

func BenchmarkSubjects(b *testing.B) {
	ctx := context.Background()
	s := mustOpen(b, filepath.Join(b.TempDir(), "a.db"))
	subjects := make([]audit.Subject, 20_000)
	for i := range subjects {
		subjects[i] = audit.Subject{ID: fmt.Sprintf("user%05d@contoso.com", i), Kind: "user", Class: "hosted", Outcome: "required", Licenses: []string{"ocs2007-std"},
			Reasons: []audit.Reason{{Rule: "R1", Activity: "im-login", Outcome: "required", Count: i, First: "2009-03-02T08:00:00Z", Last: "2009-03-31T08:00:00Z"}}}
	}
	b.Run("save", func(b *testing.B) {
		for b.Loop() {
			for i := range subjects {
				subjects[i].Reasons[0].Count++
			}
			r := &audit.Report{AsOf: "2009-03-31"}
			audit.Seal(r, subjects)
			if err := s.SaveRun(ctx, time.Unix(1e9, 0), r, subjects); err != nil {
				b.Fatal(err)
			}
		}
		perRow(b, len(subjects))
	})
	b.Run("one", func(b *testing.B) {
		for b.Loop() {
			if x, err := s.Subject(ctx, 1, "user", "user07777@contoso.com"); x == nil || err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkNames(b *testing.B) {
	const n = 100_000
	texts := make([]ingest.Name, n)
	for i := range texts {
		texts[i] = ingest.Name{Kind: ingest.UserName, Text: fmt.Sprintf("user%06d@contoso.com", i)}
	}
	var full *words[ingest.Name]
	b.Run("new", func(b *testing.B) {
		for b.Loop() {
			full = newNames()
			for _, t := range texts {
				full.id(t)
			}
		}
		perRow(b, n)
	})
	b.Run("known", func(b *testing.B) {
		for b.Loop() {
			for _, t := range texts {
				if full.find(t) == 0 {
					b.Fatal(t)
				}
			}
		}
		perRow(b, n)
	})
	ctx := context.Background()
	s := mustOpen(b, filepath.Join(b.TempDir(), "a.db"))
	tx, err := s.db.BeginTx(ctx, nil)
	if err == nil {
		if err = full.save(ctx, tx); err == nil {
			err = tx.Commit()
		}
	}
	if err != nil {
		b.Fatal(err)
	}
	b.Run("load", func(b *testing.B) {
		for b.Loop() {
			if err := newNames().load(ctx, s.q); err != nil {
				b.Fatal(err)
			}
		}
		perRow(b, n)
	})
}

func BenchmarkRows(b *testing.B) {
	r := rand.New(rand.NewSource(1))
	rows := make([]segment.Row, flushAt)
	for i := range rows {
		rows[i] = segment.Row{Kind: ingest.SessionRecord, Key: 1236000000000 + int64(i)*200 + r.Int63n(5000), Seq: 1, Line: uint32(i), From: uint32(r.Intn(1e5)), To: uint32(r.Intn(1e5))}
		rows[i].At = rows[i].Key
	}
	b.Run("sort", func(b *testing.B) {
		var s sorter
		list := make([]segment.Row, len(rows))
		for b.Loop() {
			copy(list, rows)
			s.sort(list)
		}
		perRow(b, len(rows))
	})
	b.Run("pack", func(b *testing.B) {
		var packed bytes.Buffer
		var block []byte
		for b.Loop() {
			packed.Reset()
			for at := 0; at < len(rows); at += segment.Max {
				block = segment.Encode(block[:0], rows[at:at+segment.Max])
				packed.Write(block)
			}
		}
		b.ReportMetric(float64(packed.Len())/float64(len(rows)), "B/row")
		perRow(b, len(rows))
	})
}
