package store

import (
	"bytes"
	"context"
	"fmt"
	"math/rand"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"calaudit/audit"
	"calaudit/ingest"
)

func TestPiecesCoverAWindowOnce(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	for range 2000 {
		from := int64(r.Intn(400) - 200)
		to := from + int64(r.Intn(300))
		at := from
		for _, p := range pieces(from, to) {
			if p.day != at || p.days < 1 || p.days > 1 && floorTo(p.day, p.days) != p.day {
				t.Fatalf("%d to %d: %v", from, to, pieces(from, to))
			}
			at = p.end()
		}
		if at != to {
			t.Fatalf("%d to %d: %v", from, to, pieces(from, to))
		}
		if n := len(pieces(from, to)); n > 2*(7+3+3)+int(to-from)/128 {
			t.Fatalf("%d to %d: %d pieces", from, to, n)
		}
	}
}

// sameAsScan compares the sums of a window with what a scan of its records
// finds.
func sameAsScan(t *testing.T, s *Store, names []ingest.Name, from, to time.Time, classSeed int) {
	t.Helper()
	want := map[audit.UsageKey]sum{}
	for _, f := range scanned(t, s, names, from, to) {
		x, at := want[audit.KeyOf(&f)], uint32(0)
		if f.At != ingest.Undated {
			at = uint32(f.At / 1000)
		}
		x.add(1, at, at)
		want[audit.KeyOf(&f)] = x
	}
	w, err := s.Window(context.Background(), names, from, to)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for i, x := range w.sums {
		if x.count == 0 {
			continue
		}
		n++
		if k := w.table.values[w.usage[i]]; want[k] != x {
			t.Fatalf("%s to %s, %s %s: %+v, the records say %+v", from, to, names[k.User].Text, k.Activity, x, want[k])
		}
	}
	if n != len(want) {
		t.Fatalf("%s to %s: %d usages, the records say %d", from, to, n, len(want))
	}
	calls := 0
	for _, u := range w.Usages() {
		if u.Activity.Call() {
			calls += u.Count
		}
	}
	// Calls apart, whoever is what: classes change from audit to audit. Asked
	// again with others the window answers as well, and keeps the spans.
	type apart struct {
		audit.UsageKey
		peer ingest.Class
	}
	var kept []byte
	for round, seed := range []int{classSeed, classSeed + 1} {
		class := make([]ingest.Class, len(names))
		for i := range class {
			class[i] = ingest.Class(i * seed % 5)
		}
		parted := map[apart]int{}
		for _, f := range scanned(t, s, names, from, to) {
			if f.Activity.Call() {
				parted[apart{audit.KeyOf(&f), class[f.Peer]}]++
			}
		}
		list, err := w.Calls(context.Background(), class)
		if err != nil {
			t.Fatal(err)
		}
		rest := calls
		for _, u := range list {
			rest -= u.Count
			if k := (apart{u.UsageKey, u.Peer}); parted[k] != u.Count && !u.PeerPSTN {
				t.Fatalf("%s to %s: %d calls of %+v, the records say %d", from, to, u.Count, k, parted[k])
			}
		}
		if rest != 0 {
			t.Fatalf("%s to %s: %d calls more or less when they are told apart", from, to, rest)
		}
		var classes []byte
		if err := s.q.QueryRowContext(context.Background(), "SELECT classes FROM span_classes").Scan(&classes); err != nil {
			t.Fatal(err)
		}
		if round == 1 && !bytes.Equal(classes, kept) {
			t.Fatalf("%s to %s: what would be changed the spans", from, to)
		}
		kept = classes
	}
}

// Days come in any order, also into spans that were made already.
func TestSpansFollowTheirDays(t *testing.T) {
	ctx := context.Background()
	s, err := Open(ctx, filepath.Join(t.TempDir(), "a.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r := rand.New(rand.NewSource(1))
	start := time.Date(2009, 1, 1, 0, 0, 0, 0, time.UTC)
	env := &ingest.Env{Now: start.AddDate(1, 0, 0), Location: time.UTC}
	for round := range 25 {
		var text strings.Builder
		text.WriteString("time,activity,user,peer,session\n")
		for range 1 + r.Intn(120) {
			day := r.Intn(200)
			if round > 5 {
				day = 100 + r.Intn(12)
			}
			at := start.AddDate(0, 0, day).Add(time.Duration(r.Intn(86400)) * time.Second)
			fmt.Fprintf(&text, "%s,%s,u%d@contoso.com,u%d@contoso.com,s%d\n", at.Format(time.DateTime),
				[]string{"im-login", "call-placed", "im-session", "conference-attended"}[r.Intn(4)], r.Intn(9), r.Intn(9), r.Intn(1e9))
		}
		cmd := s.NewCommand(env)
		unit := ingest.Unit{Format: activityCSV(), Files: []*ingest.File{ingest.NewFile(fmt.Sprint("f", round, ".csv"), []byte(text.String()))}}
		if _, err := cmd.Import(ctx, &unit); err != nil {
			t.Fatal(err)
		}
		names, err := s.Names(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			from := start.AddDate(0, 0, r.Intn(220)-10)
			sameAsScan(t, s, names, from, from.AddDate(0, 0, 1+r.Intn(220)), round/6)
		}
		if round%8 == 7 {
			if why, err := s.checkSummaries(ctx); why != "" || err != nil {
				t.Fatal(why, err)
			}
		}
	}
	var longest int
	if err := s.q.QueryRowContext(ctx, "SELECT max(days) FROM spanned").Scan(&longest); err != nil || longest != 128 {
		t.Fatalf("the longest span has %d days; %v", longest, err)
	}
}
