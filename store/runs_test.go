package store

import (
	"context"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"calaudit/audit"
)

// The run of one subject's page is the saved run but for the exemptions and
// contradictions, and tells damage as the whole does.
func TestTheRunOfOneSubjectLacksOnlyWhatIsOfOthers(t *testing.T) {
	ctx := context.Background()
	s := mustOpen(t, filepath.Join(t.TempDir(), "a.db"))
	for _, asOf := range []string{"2009-03-30", "2009-03-31"} {
		r := &audit.Report{AsOf: asOf, Notes: []string{"'$.exemptions'"}, Exemptions: []audit.Exemption{{}, {}},
			Conflicts: []audit.Conflict{{Subject: "a@contoso.com"}}}
		audit.Seal(r, nil)
		if err := s.SaveRun(ctx, time.Unix(1e9, 0), r, nil); err != nil {
			t.Fatal(err)
		}
	}
	for id, asOf := range []string{"2009-03-31", "2009-03-30", "2009-03-31"} {
		whole, err1 := s.Run(ctx, id)
		brief, err2 := s.RunOf(ctx, id)
		if err1 != nil || err2 != nil || whole.Report.AsOf != asOf || len(whole.Report.Exemptions) != 2 || brief.Report.Exemptions != nil || brief.Report.Conflicts != nil {
			t.Fatalf("%d: %+v, %v; %+v, %v", id, whole, err1, brief, err2)
		}
		whole.Report.Exemptions, whole.Report.Conflicts = nil, nil
		if !reflect.DeepEqual(whole, brief) {
			t.Errorf("%d: %+v, %+v", id, whole, brief)
		}
	}
	if _, err := s.db.ExecContext(ctx, "UPDATE run SET report='{' WHERE id=2"); err != nil {
		t.Fatal(err)
	}
	for _, load := range []func(context.Context, int) (*Run, error){s.Run, s.RunOf} {
		if _, err := load(ctx, 0); err == nil || !strings.Contains(err.Error(), "run 2 is damaged") {
			t.Error(err)
		}
		if _, err := load(ctx, 3); err == nil || err.Error() != "no run 3; see calaudit runs" {
			t.Error(err)
		}
	}
}

// The list of many runs holds one report at a time.
func TestManyRunsAreNotInMemoryTogether(t *testing.T) {
	ctx := context.Background()
	s := mustOpen(t, filepath.Join(t.TempDir(), "a.db"))
	const runs = 24
	r := &audit.Report{AsOf: "2009-03-31", Notes: []string{strings.Repeat("n", 1<<20)}}
	audit.Seal(r, nil)
	for range runs {
		if err := s.SaveRun(ctx, time.Unix(1e9, 0), r, nil); err != nil {
			t.Fatal(err)
		}
	}
	held := func() int64 { // less than before is possible: the first of them also frees what others left
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before, seen, most := held(), 0, int64(0)
	if err := s.Runs(ctx, func(r *Run) error {
		if seen++; r.ID != seen {
			t.Errorf("run %d is number %d", r.ID, seen)
		}
		most = max(most, held()-before)
		return nil
	}); err != nil || seen != runs {
		t.Fatal(seen, err)
	}
	if most > runs/2<<20 {
		t.Errorf("%d bytes for %d runs of 1 MB", most, runs)
	}
}
