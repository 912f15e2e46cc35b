package report

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// The timeline keeps to about half a year of weeks, then to five years of
// months; beyond that only the years with any use are listed, since one bad
// clock among the sources must not print a page of nothing.
const (
	weeksShown  = 27
	monthsShown = 60
	barWidth    = 40
)

// timeline counts the dated evidence by week, month or year and draws it.
func timeline(lines []EvidenceLine, older map[time.Time]int) Grid {
	days := map[time.Time]int{}
	for _, l := range lines {
		if t, err := time.Parse(time.RFC3339, l.Time); err == nil { // else a fact without a day
			days[t.UTC().Truncate(24*time.Hour)]++
		}
	}
	for t, n := range older {
		if !t.IsZero() {
			days[t] += n
		}
	}
	if len(days) == 0 {
		return Grid{}
	}
	sorted := slices.SortedFunc(maps.Keys(days), time.Time.Compare)
	first, last := sorted[0], sorted[len(sorted)-1]
	name, start, next := "Week of", monday, func(t time.Time) time.Time { return t.AddDate(0, 0, 7) }
	months := (last.Year()-first.Year())*12 + int(last.Month()) - int(first.Month()) + 1
	label := day
	gaps := true
	switch {
	case !monday(last).After(monday(first).AddDate(0, 0, 7*(weeksShown-1))):
	case months <= monthsShown:
		name, label = "Month", "2006-01"
		start = func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC) }
		next = func(t time.Time) time.Time { return t.AddDate(0, 1, 0) }
	default:
		name, label, gaps = "Year", "2006", false
		start = func(t time.Time) time.Time { return time.Date(t.Year(), 1, 1, 0, 0, 0, 0, time.UTC) }
		next = func(t time.Time) time.Time { return t.AddDate(1, 0, 0) }
	}
	counts := make(map[time.Time]int)
	most := 0
	for t, n := range days {
		at := start(t)
		counts[at] += n
		most = max(most, counts[at])
	}
	g := Grid{
		Title: "Timeline",
		Columns: []Column{
			{Name: name, Key: "from"},
			{Name: "Records", Key: "records", Number: true},
			{Name: "Chart", Min: 8, Drop: 1},
		},
	}
	for at := start(first); !at.After(last); at = next(at) {
		if n := counts[at]; n > 0 || gaps {
			g.Rows = append(g.Rows, cells(at.Format(label), number(n), bar(n, most)))
		}
	}
	return g
}

// bar draws n of most; the least use that there was still shows.
func bar(n, most int) string {
	if most <= barWidth {
		return strings.Repeat("#", n)
	}
	return strings.Repeat("#", (n*barWidth+most-1)/most)
}

func monday(t time.Time) time.Time {
	back := (int(t.Weekday()) + 6) % 7
	return time.Date(t.Year(), t.Month(), t.Day()-back, 0, 0, 0, 0, time.UTC)
}
