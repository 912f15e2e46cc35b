package store

import (
	"testing"
	"time"
)

func TestSecondsReadEveryDayAndRefuseWhatIsNone(t *testing.T) {
	for at := time.Date(1999, 12, 30, 3, 4, 5, 0, time.UTC); at.Year() < 2102; at = at.Add(23*time.Hour + 59*time.Minute + 7*time.Second) {
		text := at.Format(time.RFC3339)
		got, err := seconds(text)
		if err != nil || got != uint64(at.Unix()) {
			t.Fatalf("%s is %d, want %d; %v", text, got, at.Unix(), err)
		}
		if fast, ok := secondsFast(text); ok && fast != got {
			t.Fatalf("%s is %d, want %d", text, fast, got)
		}
	}
	for _, text := range []string{"2009-02-29T00:00:00Z", "2009-13-01T00:00:00Z", "2009-00-01T00:00:00Z", "2009-01-00T00:00:00Z", "2009-04-31T00:00:00Z",
		"2009-01-01T24:00:00Z", "2009-01-01T00:60:00Z", "2009-01-01 00:00:00Z", "2009-01-01T00:00:00+01:00", "x"} {
		if got, err := seconds(text); err == nil {
			t.Errorf("%q is %d", text, got)
		}
	}
}
