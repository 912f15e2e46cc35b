package main

import (
	"strings"
	"testing"
)

// walls makes samples of which only the time matters.
func walls(seconds ...float64) []Sample {
	var list []Sample
	for _, s := range seconds {
		list = append(list, Sample{Wall: s, CPU: s / 2, RSS: 50e6, Bytes: 10e6})
	}
	return list
}

func testSection() *section {
	return &section{Name: "test", Title: "Test", Data: &dataset{Rows: 1_000_000, Users: 10_000, Days: 30, Bytes: 200e6, All: 201e6},
		Contestants: []*contestant{
			{Key: "ours", Title: "ours", Rounds: walls(1, 2, 3)},
			{Key: "theirs", Title: "theirs", Rounds: walls(10, 10, 60)},
			{Key: "gone", Title: "gone", NotHere: "no gone on the path"},
			{Key: "broken", Title: "broken", Err: "it counted 3 rows"},
		}}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		in   []float64
		want float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{3, 1, 2}, 2}, {[]float64{4, 1, 3, 2}, 2.5}} {
		if got := median(c.in); got != c.want {
			t.Errorf("median(%v) = %v, want %v", c.in, got, c.want)
		}
	}
}

// The median of ratios is not the ratio of medians: a round in which both were
// slow must count for no more than the others.
func TestJudgeTakesRatiosRoundByRound(t *testing.T) {
	v := goal{name: "g", must: 0.1, aim: 0.05, ours: "ours", theirs: "theirs", of: wall}.judge(testSection(), 5)
	if v.Value != 0.1 || v.Min != 0.05 || v.Max != 0.2 || v.CPU != 0.1 {
		t.Errorf("got %+v, want 0.1 (0.05..0.2), by CPU 0.1", v)
	}
	if v.MustWord != "PASS" || v.AimWord != "MISS" || v.Indicative {
		t.Errorf("got %q %q indicative %v, want PASS MISS false", v.MustWord, v.AimWord, v.Indicative)
	}
}

func TestJudgeAgainstAConstant(t *testing.T) {
	s := testSection()
	v := goal{name: "bytes", must: 0.2, ours: "ours", per: 200e6, of: size, once: true}.judge(s, 1)
	if v.Value != 0.05 || v.MustWord != "PASS" || v.AimWord != "" || v.CPU != 0 || v.Indicative {
		t.Errorf("bytes: %+v", v)
	}
	v = goal{name: "page", must: 40, unit: "ms", ours: "ours", per: 1e-3, of: wall}.judge(s, 5)
	if v.Value != 2000 || v.MustWord != "MISS" {
		t.Errorf("page: %+v", v)
	}
}

func TestJudgeSaysWhatIsMissing(t *testing.T) {
	for theirs, want := range map[string]string{
		"gone": "gone is not here", "broken": "broken failed", "nobody": "nobody was not asked for"} {
		v := goal{ours: "ours", theirs: theirs, of: wall, must: 1}.judge(testSection(), 5)
		if v.Without != want || v.MustWord != "" {
			t.Errorf("against %s: %+v, want %q and no word", theirs, v, want)
		}
	}
	v := goal{ours: "ours", unit: "MB", per: megabyte, of: func(Sample) float64 { return 0 }, must: 300}.judge(testSection(), 5)
	if v.Without == "" {
		t.Error("a system that does not tell memory passes the memory goal")
	}
}

func TestJudgeMarksSmallMeasurements(t *testing.T) {
	g := goal{ours: "ours", theirs: "theirs", of: wall, must: 1, rows: 1_000_000}
	if !g.judge(testSection(), 4).Indicative {
		t.Error("4 rounds are not marked")
	}
	s := testSection()
	s.Data.Rows = 985_000
	if !g.judge(s, 5).Indicative {
		t.Error("too few rows are not marked")
	}
	s.Data.Rows = 995_000 // the generator hits the size roughly
	if g.judge(s, 5).Indicative {
		t.Error("about a million rows are marked")
	}
}

func TestSectionAsText(t *testing.T) {
	s := testSection()
	s.goals = []goal{
		{name: "ours / theirs", must: 0.1, aim: 0.05, ours: "ours", theirs: "theirs", of: wall},
		{name: "ours / gone", must: 0.1, ours: "ours", theirs: "gone", of: wall},
	}
	s.floor = 60e6
	s.judge(3)
	var out strings.Builder
	s.write(&out)
	want := `
Test
1,000,000 sessions of 10,000 users on 30 days: 200 MB, with lookup tables 201 MB

        wall s  min..max  CPU s  peak MB  database MB
ours         2      1..3      1      <60           10
theirs      10    10..60      5      <60           10
gone    not here: no gone on the path
broken  FAILED: it counted 3 rows

               measured   min..max  by CPU  must           aim
ours / theirs       0.1  0.05..0.2     0.1   0.1  (PASS)  0.05  (MISS)
ours / gone    - (gone is not here)
(PASS) and (MISS) are indicative: the goal speaks of more rows or rounds.
`
	if got := out.String(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestFigures(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 0.0352: "0.0352", 0.12345: "0.123", 1.5: "1.5", 18.94: "18.9", 1090.4: "1090", 0.00012: "0.0001"} {
		if got := figure(v); got != want {
			t.Errorf("figure(%v) = %q, want %q", v, got, want)
		}
	}
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 15_000_000: "15,000,000"} {
		if got := thousands(n); got != want {
			t.Errorf("thousands(%d) = %q, want %q", n, got, want)
		}
	}
}
