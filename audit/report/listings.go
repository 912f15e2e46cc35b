package report

import (
	"strconv"
	"strings"
)

// ExportFormat describes one kind of export that can be read.
type ExportFormat struct {
	Name   string        `json:"name"`
	About  string        `json:"about"`
	Basis  string        `json:"basis"`
	Fields []ExportField `json:"fields"`
	Sample string        `json:"sample"`
}

// ExportField documents one column or attribute of an export.
type ExportField struct {
	Name    string `json:"name"`
	Meaning string `json:"meaning"`
	Needed  bool   `json:"needed"`
}

// ExportFormats lists the exports that can be read; with a single one, also the
// fields that are used and a sample.
func ExportFormats(exports []ExportFormat) Document {
	g := Grid{
		Main:  true,
		Empty: "No format matches.",
		Columns: []Column{
			{Key: "name"}, {Key: "about"}, {Key: "basis"},
		},
	}
	value := make([]ExportFormat, len(exports))
	for i, e := range exports {
		g.Rows = append(g.Rows, cells(e.Name, e.About, e.Basis))
		text := e.About
		if e.Basis != "" {
			text += " [" + e.Basis + "]"
		}
		g.Facts = append(g.Facts, Fact{Name: e.Name, Text: text})
		e.Fields = list(e.Fields)
		value[i] = e
	}
	d := Document{Title: plural(len(exports), "export format", "export formats"), Value: value, Grids: []Grid{g}}
	if len(exports) == 1 {
		d.Grids = append(d.Grids, fields(exports[0].Fields))
		if s := strings.TrimSpace(exports[0].Sample); s != "" {
			sample := Grid{Title: "Sample", Columns: []Column{{Name: "Line by line"}}}
			for line := range strings.Lines(s) {
				sample.Rows = append(sample.Rows, cells(strings.TrimRight(line, "\r\n")))
			}
			d.Grids = append(d.Grids, sample)
		}
	}
	return d
}

func fields(list []ExportField) Grid {
	g := Grid{Title: "Fields that are read"}
	for _, f := range list {
		text := f.Meaning
		if f.Needed {
			text += " (needed)"
		}
		g.Facts = append(g.Facts, Fact{Name: f.Name, Text: text})
	}
	if len(list) == 0 {
		g.Empty = "None is documented."
	}
	return g
}

// CheckResult is one thing that was proved of the store, or not.
type CheckResult struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

// Checks shows what a check of the store found.
func Checks(results []CheckResult) Document {
	g := Grid{
		Main:  true,
		Empty: "Nothing was checked.",
		Columns: []Column{
			{Key: "name"}, {Key: "ok"}, {Key: "detail"},
		},
	}
	failed := 0
	for _, r := range results {
		f := Fact{Name: r.Name, Text: "ok", Tone: Good}
		if !r.OK {
			f.Text, f.Tone = "FAILED", Bad
			failed++
		}
		if r.Detail != "" {
			f.Text += ": " + r.Detail
		}
		g.Facts = append(g.Facts, f)
		g.Rows = append(g.Rows, cells(r.Name, strconv.FormatBool(r.OK), r.Detail))
	}
	verdict := "The store is sound: " + plural(len(results), "check", "checks") + " passed"
	if failed > 0 {
		verdict = "THE STORE IS DAMAGED: " + plural(failed, "check", "checks") + " of " + grouped(len(results)) + " failed"
	}
	if len(results) == 0 {
		verdict = "Check of the store"
	}
	return Document{Title: verdict, Value: list(results), Grids: []Grid{g}}
}
