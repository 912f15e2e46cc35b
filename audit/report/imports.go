package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Import is one ingested file with its tally.
type Import struct {
	File       string         `json:"file"`
	Format     string         `json:"format"`
	Product    string         `json:"product"`
	First      string         `json:"first"`
	Last       string         `json:"last"`
	Read       int            `json:"read"`
	Stored     int            `json:"stored"`
	Duplicate  int            `json:"duplicate"`
	Skipped    int            `json:"skipped"`
	Rejected   int            `json:"rejected"`
	SHA256     string         `json:"sha256"`
	When       string         `json:"when"`
	Run        int            `json:"run"`
	Notes      []string       `json:"notes"`
	SkippedWhy map[string]int `json:"skipped_why"`
	Problems   []string       `json:"problems"`
}

// Rejection is one record that could not be taken.
type Rejection struct {
	File string `json:"file"`
	Line int    `json:"line"`
	What string `json:"what"`
	Raw  string `json:"raw"` // the beginning of the record as it stands in the file
}

// Imports lists ingested files, why rows of them were skipped, and what was
// said about them; dry: as they would be.
func Imports(imports []Import, dry bool) Document {
	g := Grid{
		Main:  true,
		Empty: "Nothing was imported.",
		Columns: []Column{
			{Name: "File", Key: "file", Min: 16, Tail: true},
			{Name: "Format", Key: "format", Min: 10, Drop: 3},
			{Name: "Product", Key: "product", Drop: 6},
			{Name: "First", Drop: 5},
			{Name: "Last", Drop: 4},
			{Key: "first"}, {Key: "last"},
			{Name: "Read", Key: "read", Number: true},
			{Name: "Stored", Key: "stored", Number: true},
			{Name: "Duplicate", Key: "duplicate", Number: true, Drop: 1},
			{Name: "Skipped", Key: "skipped", Number: true, Drop: 2},
			{Name: "Rejected", Key: "rejected", Number: true},
			{Key: "sha256"}, {Key: "when"},
			{Key: "run", Number: true},
		},
	}
	why := Grid{
		Title:   "Rows skipped",
		Columns: []Column{{Name: "File", Min: 16, Tail: true}, {Name: "Rows", Number: true}, {Name: "Why", Min: 20}},
	}
	said := Grid{Title: "Remarks"}
	value := make([]Import, len(imports))
	var sum Import
	for i, m := range imports {
		row := importRow(m)
		g.Rows = append(g.Rows, row)
		sum.Read += m.Read
		sum.Stored += m.Stored
		sum.Duplicate += m.Duplicate
		sum.Skipped += m.Skipped
		sum.Rejected += m.Rejected
		for _, reason := range slices.Sorted(maps.Keys(m.SkippedWhy)) {
			why.Rows = append(why.Rows, cells(m.File, number(m.SkippedWhy[reason]), reason))
		}
		for _, text := range append(slices.Clone(m.Problems), m.Notes...) {
			said.Notes = append(said.Notes, m.File+": "+text)
		}
		m.Notes, m.Problems = list(m.Notes), list(m.Problems)
		if m.SkippedWhy == nil {
			m.SkippedWhy = map[string]int{}
		}
		value[i] = m
	}
	if len(imports) > 1 {
		g.Foot = importRow(sum)
		g.Foot[0].Text = "all"
		g.Foot[14].Text = ""
	}
	title := plural(len(imports), "file", "files") + " imported"
	if dry {
		title = "Dry run: " + plural(len(imports), "file", "files") + " would be imported, nothing is stored"
	}
	d := Document{Title: title, Value: value, Grids: []Grid{g}}
	if len(why.Rows) > 0 {
		d.Grids = append(d.Grids, why)
	}
	if len(said.Notes) > 0 {
		d.Grids = append(d.Grids, said)
	}
	return d
}

func importRow(m Import) []Cell {
	row := cells(m.File, m.Format, m.Product, date(m.First), date(m.Last), m.First, m.Last,
		number(m.Read), number(m.Stored), number(m.Duplicate), number(m.Skipped), number(m.Rejected),
		m.SHA256, m.When, number(m.Run))
	if m.Rejected > 0 {
		row[11].Tone = Warn
	}
	return row
}

// Rejected lists the records that could not be taken, with what is wrong.
func Rejected(rejections []Rejection) Document {
	g := Grid{
		Main:  true,
		Empty: "No record was rejected.",
		Columns: []Column{
			{Name: "File:line", Min: 16, Tail: true},
			{Key: "file"},
			{Key: "line", Number: true},
			{Name: "What is wrong", Key: "what"},
			{Name: "Record", Key: "raw", Min: 12, Drop: 1},
		},
	}
	for _, r := range rejections {
		g.Rows = append(g.Rows, cells(fmt.Sprintf("%s:%d", r.File, r.Line), r.File, number(r.Line), r.What, strings.TrimSpace(r.Raw)))
	}
	return Document{
		Title: plural(len(rejections), "record", "records") + " rejected",
		Value: list(rejections),
		Grids: []Grid{g},
	}
}
