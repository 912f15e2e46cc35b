package store

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"calaudit/ingest"
)

// oneDay is a database with so many calls and sessions of one day, hardly two
// alike, and its summary.
func oneDay(t *testing.T, rows int) *Store {
	t.Helper()
	ctx := context.Background()
	s := mustOpen(t, filepath.Join(t.TempDir(), "a.db"))
	format := activityCSV()
	r := rand.New(rand.NewSource(1))
	day := time.Date(2009, 3, 2, 0, 0, 0, 0, time.UTC)
	var text strings.Builder
	text.WriteString("time,activity,user,peer,client\n")
	for range rows {
		at := day.Add(time.Duration(r.Intn(86400)) * time.Second)
		fmt.Fprintf(&text, "%s,%s,u%d@contoso.com,u%d@contoso.com,c%d\n", at.Format(time.DateTime), []string{"call-placed", "im-session", "im-identity"}[r.Intn(3)],
			r.Intn(500), r.Intn(500), r.Intn(3))
	}
	u := ingest.Unit{Format: format, Files: []*ingest.File{ingest.NewFile("day.csv", []byte(text.String()))}}
	if _, err := s.NewCommand(&ingest.Env{Now: day, Location: time.UTC}).Import(ctx, &u); err != nil {
		t.Fatal(err)
	}
	names, err := s.Names(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Window(ctx, names, day, day.AddDate(0, 0, 1)); err != nil {
		t.Fatal(err)
	}
	return s
}

// A day of a million calls must not take gigabytes to check.
func TestTheCheckOfASummaryTakesFewBytesForAFact(t *testing.T) {
	const rows = 30_000
	s := oneDay(t, rows)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if why, err := s.checkSummaries(context.Background()); why != "" || err != nil {
		t.Fatal(why, err)
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / rows; each > 600 {
		t.Errorf("%d bytes for a fact", each)
	}
}

// Whatever one number of a summary is changed to, the check tells.
func TestAChangedSummaryIsFound(t *testing.T) {
	ctx := context.Background()
	s := oneDay(t, 1000)
	type row struct {
		id    int64
		kind  int
		pages []byte
	}
	var rows []row
	if err := each(ctx, s.q, "SELECT id, kind, pages FROM summary", func(q *sql.Rows) error {
		var x row
		err := q.Scan(&x.id, &x.kind, &x.pages)
		rows = append(rows, x)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewSource(2))
	seen := map[string]bool{}
	for range 60 {
		x := rows[r.Intn(len(rows))]
		w := pageWriter{perRow: 1 << 20}
		w.begin(0, x.kind)
		var pages []byte
		w.save = func(_ context.Context, row *summaryRow) error {
			pages = append(pages, row.pages...)
			return nil
		}
		if err := w.page.eachPage(x.pages, x.kind, everybody, true, func() error {
			b := &w.page
			at := r.Intn(b.n)
			how := r.Intn(len(b.columns(x.kind)) + 1)
			seen[fmt.Sprint(x.kind, how)] = true
			switch columns := b.columns(x.kind); {
			case how == len(columns) || columns[how] == &b.segments: // one entry less
				b.n--
				b.where = b.where[:len(b.where)-int(b.segments[b.n])]
				if r.Intn(2) == 0 && len(b.where) > 0 { // and a segment of another
					b.where[r.Intn(len(b.where))]++
				}
			default:
				columns[how][at]++
			}
			return w.turn(ctx, 0)
		}); err != nil {
			t.Fatal(err)
		}
		if err := w.put(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := s.db.ExecContext(ctx, "UPDATE summary SET pages=? WHERE id=?", pages, x.id); err != nil {
			t.Fatal(err)
		}
		if why, err := s.checkSummaries(ctx); why == "" && err == nil {
			t.Fatalf("nothing is said of a changed row of kind %d", x.kind)
		}
		if _, err := s.db.ExecContext(ctx, "UPDATE summary SET pages=? WHERE id=?", x.pages, x.id); err != nil {
			t.Fatal(err)
		}
	}
	if why, err := s.checkSummaries(ctx); why != "" || err != nil || len(seen) < 12 {
		t.Error(why, err, seen)
	}
}
