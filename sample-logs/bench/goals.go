package main

import (
	"cmp"
	"slices"
)

// goal is a figure the project wants to reach. Smaller is better.
type goal struct {
	name         string
	must, aim    float64 // 0: only told
	unit         string  // "" for a ratio
	ours, theirs string  // contestants; without theirs, ours is held against per
	per          float64
	of           func(Sample) float64
	rows         int  // the goal speaks of at least so many
	once         bool // one round is enough: memory and bytes do not depend on load
}

// verdict is a goal with what was measured.
type verdict struct {
	Name       string  `json:"goal"`
	Must       float64 `json:"must,omitempty"`
	Aim        float64 `json:"aim,omitempty"`
	Unit       string  `json:"unit,omitempty"`
	Value      float64 `json:"value"` // median of the rounds
	Min        float64 `json:"min"`
	Max        float64 `json:"max"`
	CPU        float64 `json:"cpu_ratio,omitempty"`
	MustWord   string  `json:"must_word,omitempty"`
	AimWord    string  `json:"aim_word,omitempty"`
	Indicative bool    `json:"indicative,omitempty"` // smaller or fewer than the goal speaks of
	Without    string  `json:"without,omitempty"`    // why there is no value
}

func wall(s Sample) float64 { return s.Wall }
func cpu(s Sample) float64  { return s.CPU }
func size(s Sample) float64 { return float64(s.Bytes) }
func rss(s Sample) float64  { return float64(s.RSS) }

const megabyte = 1e6

func mainGoals(d *dataset) []goal {
	const rows = 1_000_000
	return []goal{
		{name: "ingest / sqlite3 .import", must: 0.25, aim: 0.12, ours: "ingest", theirs: "sqlite", of: wall, rows: rows},
		{name: "ingest / encoding/csv reading only", must: 1.7, aim: 0.8, ours: "ingest", theirs: "csv", of: wall, rows: rows},
		{name: "ingest / DuckDB loading it", must: 0.5, aim: 0.25, ours: "ingest", theirs: "duckdb", of: wall, rows: rows},
		{name: "ingest + audit / plain sqlite3 doing both", must: 0.15, aim: 0.07, ours: "run", theirs: "plain", of: wall, rows: rows},
		{name: "database bytes / export bytes", must: 0.20, aim: 0.10, ours: "ingest", per: float64(d.Bytes), of: size, rows: rows, once: true},
		{name: "database bytes / DuckDB's", ours: "ingest", theirs: "duckdb", of: size, rows: rows, once: true},
		{name: "ingest / wc -l", ours: "ingest", theirs: "wc", of: wall, rows: rows},
	}
}

func nightGoals(d *dataset) []goal {
	const rows = 15_000_000
	list := []goal{
		{name: "one more day on 90 days / on none", must: 1.3, aim: 1.1, ours: "day90", theirs: "day0", of: wall, rows: rows},
		{name: "day + audit on 90 days / DuckDB insert + classes", must: 0.8, aim: 0.4, ours: "night", theirs: "duckdb", of: wall, rows: rows},
		{name: "one person's page, in process", must: 40, aim: 10, unit: "ms", ours: "page", per: 1e-3, of: wall, rows: rows},
		{name: "the page of the busiest tenth", unit: "ms", ours: "page90", per: 1e-3, of: wall, rows: rows},
		{name: "the page of the busiest", unit: "ms", ours: "page100", per: 1e-3, of: wall, rows: rows},
		{name: "database bytes / export bytes, 90 days", must: 0.20, aim: 0.10, ours: "base", per: float64(d.Bytes), of: size, rows: rows, once: true},
	}
	return list
}

// judge holds every goal against the rounds.
func (s *section) judge(rounds int) {
	for _, g := range s.goals {
		s.Verdicts = append(s.Verdicts, g.judge(s, rounds))
	}
}

func (g goal) judge(s *section, rounds int) verdict {
	v := verdict{Name: g.name, Must: g.must, Aim: g.aim, Unit: g.unit}
	ours, why := s.rounds(g.ours)
	theirs, why2 := ours, ""
	if g.theirs != "" {
		theirs, why2 = s.rounds(g.theirs)
	}
	if v.Without = cmp.Or(why, why2); v.Without != "" {
		return v
	}
	ratios := make([]float64, min(len(ours), len(theirs)))
	cpus := make([]float64, len(ratios))
	for i := range ratios {
		below, belowCPU := g.per, 0.0
		if g.theirs != "" {
			below, belowCPU = g.of(theirs[i]), theirs[i].CPU
		}
		if below == 0 {
			v.Without = "nothing to divide by"
			return v
		}
		ratios[i] = g.of(ours[i]) / below
		if belowCPU > 0 && !g.once {
			cpus[i] = ours[i].CPU / belowCPU
		}
	}
	v.Value, v.Min, v.Max, v.CPU = median(ratios), slices.Min(ratios), slices.Max(ratios), median(cpus)
	if g.unit == "MB" && v.Value == 0 {
		v.Without = "this system does not tell peak memory"
		return v
	}
	v.Indicative = s.Data.Rows < g.rows/100*99 || !g.once && rounds < 5 // the generator keeps to the size only roughly
	v.MustWord, v.AimWord = word(v.Value, g.must), word(v.Value, g.aim)
	return v
}

// rounds are the samples of a contestant, or why there are none.
func (s *section) rounds(key string) ([]Sample, string) {
	c := s.find(key)
	switch {
	case c == nil:
		return nil, key + " was not asked for"
	case c.NotHere != "":
		return nil, key + " is not here"
	case c.Err != "":
		return nil, key + " failed"
	case len(c.Rounds) == 0:
		return nil, key + " did not run"
	}
	return c.Rounds, ""
}

func word(value, limit float64) string {
	switch {
	case limit == 0:
		return ""
	case value <= limit:
		return "PASS"
	}
	return "MISS"
}

// median of an even number is the mean of the middle two.
func median(list []float64) float64 {
	if len(list) == 0 {
		return 0
	}
	list = slices.Clone(list)
	slices.Sort(list)
	n := len(list)
	return (list[(n-1)/2] + list[n/2]) / 2
}

// each takes one figure of every sample.
func each(list []Sample, of func(Sample) float64) []float64 {
	out := make([]float64, len(list))
	for i, s := range list {
		out[i] = of(s)
	}
	return out
}
