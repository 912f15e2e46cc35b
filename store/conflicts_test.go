package store

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"calaudit/ingest"
)

// A tool that gives every row a session of its own in each export makes a
// conflict of every row: the report says so of each subject once.
func TestManyConflictsOfOneSubjectAreOneLine(t *testing.T) {
	ctx := context.Background()
	s := mustOpen(t, filepath.Join(t.TempDir(), "a.db"))
	format := activityCSV()
	cmd := s.NewCommand(&ingest.Env{Now: time.Date(2009, 4, 1, 0, 0, 0, 0, time.UTC), Location: time.UTC})
	for _, second := range []int{7, 5} { // the least row holds, whichever comes first
		var text strings.Builder
		text.WriteString("time,activity,user,session\n")
		for n := range 300 {
			fmt.Fprintf(&text, "2009-03-%02d 10:00:%02d,im-session,u%d@contoso.com,s%d\n", 1+n/10, second, n%2, n)
		}
		fmt.Fprintf(&text, "2009-03-02 11:00:%02d,call-placed,u1@contoso.com,s\n", second)
		u := ingest.Unit{Format: format, Files: []*ingest.File{ingest.NewFile(fmt.Sprint(second, ".csv"), []byte(text.String()))}}
		if _, err := cmd.Import(ctx, &u); err != nil {
			t.Fatal(err)
		}
	}
	names, err := s.Names(ctx)
	if err != nil {
		t.Fatal(err)
	}
	list, err := s.Conflicts(ctx, names)
	var got []string
	for _, c := range list {
		got = append(got, c.Subject+": "+c.What)
	}
	want := []string{
		"u0@contoso.com: of 150 sessions several rows claim to be the same im-session; the least of each holds, the first at 2009-03-01T10:00:05Z, the last at 2009-03-30T10:00:05Z",
		"u1@contoso.com: of 150 sessions several rows claim to be the same im-session; the least of each holds, the first at 2009-03-01T10:00:05Z, the last at 2009-03-30T10:00:05Z",
		"u1@contoso.com: several rows claim to be the same call-placed of one session; the least of them holds, at 2009-03-02T11:00:05Z",
	}
	if err != nil || strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%v\n%s", err, strings.Join(got, "\n"))
	}
}
