package store

import (
	"bytes"
	"cmp"
	"context"
	"io/fs"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"calaudit/ingest"
)

// filled is a database with the sample company in it.
func filled(t testing.TB) (*Store, []ingest.Name) {
	t.Helper()
	return filledFrom(t, filepath.Join("..", "sample-logs", "contoso"))
}

// bothDatabases is a company with its quality database, which has a part in
// the facts of the call records.
func bothDatabases(t testing.TB) (*Store, []ingest.Name) {
	t.Helper()
	dir := t.TempDir()
	out, err := exec.Command("go", "run", "calaudit/sample-logs/generate", "-qoe", "-seed", "5", "-days", "12", "-out", dir).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return filledFrom(t, dir)
}

// cutBeside is such a company exported twice: half of the rows exactly, and all
// of them by a tool that cut the times to minutes.
func cutBeside(t testing.TB) (*Store, []ingest.Name) {
	t.Helper()
	dir := t.TempDir()
	out, err := exec.Command("go", "run", "calaudit/sample-logs/generate", "-qoe", "-seed", "6", "-days", "12", "-out", dir).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	exact := regexp.MustCompile(`(\d{4}-\d\d-\d\d \d\d:\d\d):\d\d\.\d{3}`)
	files, cut := 0, filepath.Join(dir, "cut")
	err = filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(name) != ".csv" {
			return err
		}
		if strings.HasPrefix(name, cut) {
			return nil
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		whole := slices.Collect(bytes.Lines(data))
		to := filepath.Join(cut, strings.TrimPrefix(filepath.Dir(name), dir))
		if err := os.MkdirAll(to, 0o755); err != nil {
			return err
		}
		if exact.Match(data) {
			files++
			for i := len(whole) - 1; i > 0; i -= 2 {
				whole = slices.Delete(whole, i, i+1)
			}
		}
		if err := os.WriteFile(name, bytes.Join(whole, nil), 0o644); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, filepath.Base(name)), exact.ReplaceAll(data, []byte("$1")), 0o644)
	})
	if err != nil || files < 5 {
		t.Fatal(files, err)
	}
	return filledFrom(t, dir)
}

func filledFrom(t testing.TB, dir string) (*Store, []ingest.Name) {
	t.Helper()
	ctx := context.Background()
	s, err := Open(ctx, filepath.Join(t.TempDir(), "a.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	cmd := s.NewCommand(&ingest.Env{Now: time.Date(2009, 4, 1, 0, 0, 0, 0, time.UTC), Location: time.UTC})
	pile := ingest.Gather([]string{dir})
	for i := range pile.Units {
		if _, err := cmd.Import(ctx, &pile.Units[i]); err != nil {
			t.Fatal(err)
		}
	}
	names, err := s.Names(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return s, names
}

// scanned is every fact of a window, found without summaries.
func scanned(t testing.TB, s *Store, names []ingest.Name, from, to time.Time) []ingest.Fact {
	t.Helper()
	var mu sync.Mutex
	var all []ingest.Fact
	err := s.Scan(context.Background(), names, from, to, 2, func(_ int, facts []ingest.Fact) {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, facts...)
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func randomWindow(r *rand.Rand) (from, to time.Time) {
	from = time.Date(2008, 11, 20, 0, 0, 0, 0, time.UTC).AddDate(0, 0, r.Intn(135))
	return from, from.AddDate(0, 0, 1+r.Intn(60))
}

func TestSummariesCountWhatTheRecordsSay(t *testing.T) {
	t.Run("sample", func(t *testing.T) { summariesCount(t, filled, 40) })
	t.Run("quality", func(t *testing.T) { summariesCount(t, bothDatabases, 15) })
	t.Run("cut keys", func(t *testing.T) { summariesCount(t, cutBeside, 10) })
}

func summariesCount(t *testing.T, fill func(testing.TB) (*Store, []ingest.Name), rounds int) {
	s, names := fill(t)
	r := rand.New(rand.NewSource(1))
	for range rounds {
		from, to := randomWindow(r)
		sameAsScan(t, s, names, from, to, 1)
	}
}

func TestLinesAreThoseThatAScanFinds(t *testing.T) {
	t.Run("sample", func(t *testing.T) { linesAreFound(t, filled, 30) })
	t.Run("quality", func(t *testing.T) { linesAreFound(t, bothDatabases, 24) })
	t.Run("cut keys", func(t *testing.T) { linesAreFound(t, cutBeside, 12) })
	t.Run("dense days", func(t *testing.T) {
		defer func(most int) { mostOpened = most }(mostOpened)
		mostOpened = 700
		linesAreFound(t, filled, 12)
	})
}

func linesAreFound(t *testing.T, fill func(testing.TB) (*Store, []ingest.Name), rounds int) {
	s, names := fill(t)
	r := rand.New(rand.NewSource(2))
	ctx := context.Background()
	for round := range rounds {
		from, to := randomWindow(r)
		if round > 5 { // the first ones find no summaries
			if _, err := s.Window(ctx, names, from, to); err != nil {
				t.Fatal(err)
			}
		}
		all := scanned(t, s, names, from, to)
		found := 0
		for range 40 {
			who := Who{Users: map[ingest.ID]bool{}, Machines: map[ingest.ID]bool{}}
			var ids []string
			for range 1 + r.Intn(2) {
				id := ingest.ID(1 + r.Intn(len(names)-1))
				text := names[id].Text
				if names[id].Kind == ingest.UserName && r.Intn(4) == 0 {
					text = "sip:" + text
				}
				ids = append(ids, text)
				for i, n := range names {
					switch {
					case n.Kind == ingest.UserName && (n.Text == text || "sip:"+n.Text == text):
						who.Users[ingest.ID(i)] = true
					case n.Text == text && (n.Kind == ingest.DeviceName || n.Kind == ingest.EndpointName):
						who.Machines[ingest.ID(i)] = true
					}
				}
			}
			var want, got []ingest.Fact
			for _, f := range all {
				if who.did(&f) {
					want = append(want, f)
				}
			}
			e, err := s.Lines(ctx, from, to, ids, 0)
			if err != nil {
				t.Fatal(err)
			}
			few, err := s.Lines(ctx, from, to, ids, 1+r.Intn(5))
			if err != nil {
				t.Fatal(err)
			}
			newest(t, e, few)
			for _, l := range e.Lines {
				got = append(got, l.Fact)
			}
			order := func(a, b ingest.Fact) int {
				return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.User, b.User),
					cmp.Compare(a.Activity, b.Activity), cmp.Compare(a.Endpoint, b.Endpoint), cmp.Compare(a.Media, b.Media))
			}
			slices.SortFunc(want, order)
			slices.SortFunc(got, order)
			if !slices.Equal(want, got) {
				t.Fatalf("%s to %s, %v: %d lines, a scan finds %d", from, to, who, len(got), len(want))
			}
			found += len(got)
		}
		if round > 20 && found == 0 && len(all) > 1000 {
			t.Fatal("nothing was ever found")
		}
	}
}

// newest checks that a limit leaves the newest lines and counts the others.
func newest(t *testing.T, all, few *Evidence) {
	t.Helper()
	days := map[time.Time]int{}
	day := func(l Line) time.Time {
		if l.Fact.At == ingest.Undated {
			return time.Time{}
		}
		return time.UnixMilli(l.Fact.At).UTC().Truncate(24 * time.Hour)
	}
	for _, l := range all.Lines {
		days[day(l)]++
	}
	for _, l := range few.Lines {
		days[day(l)]--
	}
	for day, n := range few.More {
		days[day] -= n
	}
	for day, n := range days {
		if n != 0 {
			t.Fatalf("with a limit %d lines of %s are lost", n, day)
		}
	}
	left := all.Lines[len(all.Lines)-len(few.Lines):]
	for i := range left {
		if left[i].Fact.At != few.Lines[i].Fact.At {
			t.Fatalf("a limit leaves %v, the newest is %v", few.Lines[i].Fact, left[i].Fact)
		}
	}
}
