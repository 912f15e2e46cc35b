package report

import (
	"fmt"
	"strings"
)

// Run is one saved audit in the list of them.
type Run struct {
	Run       int    `json:"run"`
	AsOf      string `json:"as_of"`
	When      string `json:"when"`
	Policy    string `json:"policy"`
	Users     int    `json:"users_required"`
	Devices   int    `json:"devices_required"`
	Shortfall int    `json:"shortfall"`
	Digest    string `json:"digest"`
}

// Runs lists the saved audits.
func Runs(runs []Run) Document {
	g := Grid{
		Main:  true,
		Empty: "No run is saved yet.",
		Columns: []Column{
			{Name: "Run", Key: "run", Number: true},
			{Name: "As of", Key: "as_of"},
			{Name: "Saved", Drop: 2},
			{Key: "when"},
			{Name: "Policy", Key: "policy", Drop: 3, Min: 9},
			{Name: "Users", Key: "users_required", Number: true},
			{Name: "Devices", Key: "devices_required", Number: true},
			{Name: "Shortfall", Number: true},
			{Key: "shortfall", Number: true},
			{Name: "Digest", Drop: 1},
			{Key: "digest"},
		},
		Notes: []string{"Users and devices: those that must hold a CAL."},
	}
	for _, r := range runs {
		short, tone := number(r.Shortfall), Good
		if r.Shortfall > 0 {
			short, tone = "SHORT "+short, Bad
		}
		row := cells(number(r.Run), r.AsOf, strings.TrimSuffix(moment(r.When), ":00"), r.When, r.Policy,
			number(r.Users), number(r.Devices), short, number(r.Shortfall), shortDigest(r.Digest), r.Digest)
		row[7].Tone = tone
		g.Rows = append(g.Rows, row)
	}
	if len(runs) == 0 {
		g.Notes = nil
	}
	return Document{Title: plural(len(runs), "run", "runs"), Value: list(runs), Grids: []Grid{g}}
}

// shortDigest is enough of a digest to tell two runs apart by eye.
func shortDigest(d string) string {
	d = strings.TrimPrefix(d, "sha256:")
	if len(d) > 12 {
		return d[:12]
	}
	return d
}

// Diff is what changed between two runs.
type Diff struct {
	From     Run              `json:"from"`
	To       Run              `json:"to"`
	Changes  []Change         `json:"changes"`
	Position []PositionChange `json:"position"`
}

// Change is one subject whose outcome or licences differ.
type Change struct {
	ID     string   `json:"id"`
	Kind   string   `json:"kind"`
	Before Standing `json:"before"`
	After  Standing `json:"after"`
	Why    string   `json:"why"`
}

// Standing is what a run said of a subject; without an outcome it did not know
// the subject.
type Standing struct {
	Outcome  string   `json:"outcome"`
	Licenses []string `json:"licenses"`
}

// PositionChange is one line of the position in both runs.
type PositionChange struct {
	License string `json:"license"`
	Metric  string `json:"metric"`
	Version string `json:"version"`
	Before  Counts `json:"before"`
	After   Counts `json:"after"`
}

// Counts are the numbers of a line of the position.
type Counts struct {
	Required  int `json:"required"`
	Owned     int `json:"owned"`
	Shortfall int `json:"shortfall"`
	Surplus   int `json:"surplus"`
}

// Differences shows what changed between two runs and for whom. Its CSV is the
// list of subjects.
func Differences(f Diff) Document {
	f.Changes, f.Position = append([]Change{}, f.Changes...), list(f.Position)
	for i, c := range f.Changes {
		f.Changes[i].Before.Licenses = list(c.Before.Licenses)
		f.Changes[i].After.Licenses = list(c.After.Licenses)
	}
	return Document{
		Title: fmt.Sprintf("From run %d (%s) to run %d (%s)", f.From.Run, f.From.AsOf, f.To.Run, f.To.AsOf),
		Value: f,
		Grids: []Grid{positionChanges(f.Position), subjectChanges(f.Changes)},
	}
}

// subjectChanges lists who is judged differently.
func subjectChanges(changes []Change) Grid {
	g := Grid{
		Title: "Subjects: " + grouped(len(changes)) + " changed",
		Main:  true,
		Empty: "No subject changed.",
		Columns: []Column{
			{Name: "Subject", Key: "id", Min: 16},
			{Name: "Kind", Key: "kind", Drop: 1},
			{Name: "Before"},
			{Name: "After"},
			{Key: "outcome_before"}, {Key: "licenses_before"},
			{Key: "outcome_after"}, {Key: "licenses_after"},
			{Name: "Why", Key: "why", Min: 16, Drop: 2},
		},
	}
	for _, c := range changes {
		row := cells(c.ID, c.Kind, c.Before.text(), c.After.text(),
			c.Before.Outcome, strings.Join(c.Before.Licenses, " "),
			c.After.Outcome, strings.Join(c.After.Licenses, " "), c.Why)
		row[3].Tone = outcomeTone(c.After.Outcome)
		g.Rows = append(g.Rows, row)
	}
	return g
}

func (s Standing) text() string {
	if s.Outcome == "" {
		return "not seen"
	}
	if len(s.Licenses) == 0 {
		return s.Outcome
	}
	return s.Outcome + " " + editions(s.Licenses, true)
}

func positionChanges(changes []PositionChange) Grid {
	g := Grid{
		Title: "Position",
		Empty: "The position did not change.",
		Columns: []Column{
			{Name: "Licence", Key: "license"},
			{Name: "Metric", Key: "metric"},
			{Name: "Version", Key: "version", Drop: 1},
			{Name: "Required", Key: "required"},
			{Name: "Owned", Key: "owned", Drop: 2},
			{Name: "Shortfall", Key: "shortfall"},
		},
	}
	for i := range g.Columns {
		g.Columns[i].Number = i > 2
	}
	for _, c := range changes {
		row := cells(c.License, c.Metric, c.Version, step(c.Before.Required, c.After.Required),
			step(c.Before.Owned, c.After.Owned), step(c.Before.Shortfall, c.After.Shortfall))
		switch {
		case c.After.Shortfall > 0:
			row[5].Text = "SHORT " + row[5].Text
			row[5].Tone = Bad
		case c.Before.Shortfall > 0:
			row[5].Tone = Good
		}
		g.Rows = append(g.Rows, row)
	}
	return g
}

// step writes a number that may have changed.
func step(before, after int) string {
	if before == after {
		return number(after)
	}
	return number(before) + " → " + number(after)
}
