package store

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"calaudit/ingest"
)

// TestADayIsCountedHoweverItsUsersFallIntoRanges: one day is summarised for
// ranges of users at a time, and the entries of one user may fill several pages.
func TestADayIsCountedHoweverItsUsersFallIntoRanges(t *testing.T) {
	for _, few := range []int{rangeItems, 1500, 60} {
		t.Run(fmt.Sprint("ranges of ", few), func(t *testing.T) {
			defer func(items, rows int) { rangeItems, sliceRows = items, rows }(rangeItems, sliceRows)
			rangeItems, sliceRows = few, min(few, sliceRows)
			dayInRanges(t)
		})
	}
}

func dayInRanges(t *testing.T) {
	ctx := context.Background()
	start := time.Date(2009, 1, 1, 0, 0, 0, 0, time.UTC)
	s, err := Open(ctx, filepath.Join(t.TempDir(), "a.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	env := &ingest.Env{Now: start.AddDate(1, 0, 0), Location: time.UTC}
	format := activityCSV()
	r := rand.New(rand.NewSource(3))
	// Of a row: who, with how many clients and peers, and whether it has a time.
	for day, rows := range []func() (user string, client, peer int, timed bool){
		func() (string, int, int, bool) { return "only", r.Intn(3000), r.Intn(900), true },
		func() (string, int, int, bool) { // most are one user's, who stands between others
			return []string{"a", "most", "most", "most", "most", "most", "z"}[r.Intn(7)], r.Intn(700), r.Intn(2), true
		},
		func() (string, int, int, bool) { return []string{"a", "z"}[r.Intn(2)], 1, 1, true },
		func() (string, int, int, bool) { return fmt.Sprint("many", r.Intn(900)), r.Intn(2), r.Intn(900), true },
		func() (string, int, int, bool) { return fmt.Sprint("many", r.Intn(900)), r.Intn(2), 1, false }, // standing facts alone
		func() (string, int, int, bool) { return "most", r.Intn(900), 1, false },
		func() (string, int, int, bool) { return fmt.Sprint("new", r.Intn(5)), 1, r.Intn(5), r.Intn(2) == 0 },
	} {
		var text strings.Builder
		text.WriteString("time,activity,user,peer,client,session\n")
		for n := range 2500 {
			user, client, peer, timed := rows()
			activity := []string{"im-session", "call-placed", "im-login"}[r.Intn(3)]
			if !timed {
				activity = "im-identity"
			}
			at := start.AddDate(0, 0, day).Add(time.Duration(r.Intn(86400)) * time.Second)
			fmt.Fprintf(&text, "%s,%s,%s@contoso.com,p%d@contoso.com,UCCAPI/2.0.%d,s%d-%d\n", at.Format(time.DateTime), activity, user, peer, client, day, n)
		}
		// The day comes in two files: what belongs together stands in both.
		lines := strings.SplitAfter(text.String(), "\n")
		half := len(lines) / 2
		cmd := s.NewCommand(env)
		for i, part := range [][]string{lines[:half], append([]string{lines[0]}, lines[half:]...)} {
			u := ingest.Unit{Format: format, Files: []*ingest.File{ingest.NewFile(fmt.Sprint("f", day, i, ".csv"), []byte(strings.Join(part, "")))}}
			im, err := cmd.Import(ctx, &u)
			if err != nil || im.Tally().Stored == 0 {
				t.Fatal(im, err)
			}
		}
		names, err := s.Names(ctx)
		if err != nil {
			t.Fatal(err)
		}
		from := start.AddDate(0, 0, day)
		sameAsScan(t, s, names, from, from.AddDate(0, 0, 1), 1)
		sameAsScan(t, s, names, start, from.AddDate(0, 0, 1), 1)
		for _, user := range []string{"only", "a", "most", "many7"} {
			want := 0
			for _, f := range scanned(t, s, names, start, from.AddDate(0, 0, 1)) {
				if names[f.User].Text == user+"@contoso.com" {
					want++
				}
			}
			e, err := s.Lines(ctx, start, from.AddDate(0, 0, 1), []string{user + "@contoso.com"}, 0)
			if err != nil {
				t.Fatal(err)
			}
			if len(e.Lines) != want {
				t.Errorf("day %d, %s: %d lines, a scan finds %d", day, user, len(e.Lines), want)
			}
		}
	}
	for _, check := range []func(context.Context) (string, error){s.checkSegments, s.checkSummaries} {
		if why, err := check(ctx); why != "" || err != nil {
			t.Error(why, err)
		}
	}
	var kinds []int
	if err := each(ctx, s.q, "SELECT kind FROM summary GROUP BY day, kind HAVING count(*)>1", func(rows *sql.Rows) error {
		var kind int
		err := rows.Scan(&kind)
		kinds = append(kinds, kind)
		return err
	}); err != nil || !slices.Contains(kinds, counted) || !slices.Contains(kinds, called) || !slices.Contains(kinds, loose) {
		t.Errorf("of the kinds %v alone a day filled several rows; %v", kinds, err)
	}
}
