// Package report turns the values of an audit into bytes. A view makes a
// [Document] of a value, a format writes a document: any view in any format,
// never one piece of code for each pair of them.
//
// Everything a document says may come from a log or a directory and is hostile
// until [Clean] has seen it. The formats clean what they write; views need not.
package report

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Document is what a view gives to a format.
type Document struct {
	Title string
	Value any    // what the JSON format writes; lists in it are never nil
	Grids []Grid // what the other formats write
}

// Grid is one section of a document: facts, then a table, then notes. Each part
// may be absent.
type Grid struct {
	Title   string
	Facts   []Fact
	Columns []Column
	Rows    [][]Cell
	Foot    []Cell   // a line of sums below the rows; not in CSV
	Notes   []string // sentences below the table
	Empty   string   // said in place of a table without rows
	Limit   int      // rows shown by the formats for people; 0 is all of them
	More    string   // how to see the rows beyond Limit
	Main    bool     // the grid that the CSV format writes
}

// Fact is one labelled line.
type Fact struct {
	Name string
	Text string
	Tone Tone
}

// Column describes the cells below it. One without Name is not shown in tables,
// one without Key is not in CSV: that is how a column can read "SHORT 2" for
// people and 2 for machines.
type Column struct {
	Name   string // header in tables
	Key    string // header in CSV, the same word as in JSON
	Number bool   // right-aligned
	Drop   int    // order of leaving a narrow terminal, greatest first; 0 stays
	Min    int    // least width worth showing when cells are cut; 0 is never cut
	Tail   bool   // when cut, keep the end (a path and line) and not the beginning
	Below  bool   // in tables, printed in full below its row, where not empty
}

// Cell is one value and how it is meant.
type Cell struct {
	Text string
	Tone Tone
}

// Tone is the meaning that colour supports; it is never told by colour alone.
type Tone uint8

// The tones.
const (
	Plain Tone = iota
	Good
	Bad
	Warn
)

// Options say how to write a document.
type Options struct {
	Format string // one of Formats; empty is table
	Width  int    // columns of the terminal; 0 is no terminal: nothing is wrapped or cut
	Color  bool   // ANSI colours in tables
}

// format is one way to write a document.
type format struct {
	name  string
	write func(w io.Writer, d Document, o Options) error
}

var formats = []format{
	{"table", writeTable},
	{"json", writeJSON},
	{"csv", writeCSV},
	{"markdown", writeMarkdown},
}

// Formats lists the names that Options.Format may have.
func Formats() []string {
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = f.name
	}
	return names
}

// Write writes the document in the format that the options name.
func Write(w io.Writer, d Document, o Options) error {
	if o.Format == "" {
		o.Format = formats[0].name
	}
	at := slices.IndexFunc(formats, func(f format) bool { return f.name == o.Format })
	if at < 0 {
		return fmt.Errorf("unknown format %q; valid formats: %s", o.Format, strings.Join(Formats(), ", "))
	}
	if err := d.check(); err != nil {
		return err
	}
	buffered := bufio.NewWriter(w)
	if err := formats[at].write(buffered, d, o); err != nil {
		return err
	}
	return buffered.Flush()
}

// check refuses ragged rows: the table library pads them without a word, which
// would put a number below the wrong header.
func (d Document) check() error {
	for _, g := range d.Grids {
		for i, row := range g.Rows {
			if len(row) != len(g.Columns) {
				return fmt.Errorf("table %q: row %d has %d cells for %d columns", g.Title, i+1, len(row), len(g.Columns))
			}
		}
		if len(g.Foot) != 0 && len(g.Foot) != len(g.Columns) {
			return fmt.Errorf("table %q: foot has %d cells for %d columns", g.Title, len(g.Foot), len(g.Columns))
		}
	}
	return nil
}

// shown returns the rows that the formats for people print, and the sentence
// about the others.
func (g Grid) shown() (rows [][]Cell, more string) {
	if g.Limit <= 0 || len(g.Rows) <= g.Limit {
		return g.Rows, ""
	}
	more = grouped(len(g.Rows)-g.Limit) + " more"
	if g.More != "" {
		more += ", " + g.More
	}
	return g.Rows[:g.Limit], more
}

// visible returns the indexes of the columns that tables show.
func (g Grid) visible() []int {
	var at []int
	for i, c := range g.Columns {
		if c.Name != "" {
			at = append(at, i)
		}
	}
	return at
}

// tabular reports whether there is a table to show to people; one whose columns
// are all nameless serves CSV only, beside facts that say the same.
func (g Grid) tabular() bool { return len(g.Rows) > 0 && len(g.visible()) > 0 }

// cells makes a row of plain text.
func cells(texts ...string) []Cell {
	row := make([]Cell, len(texts))
	for i, t := range texts {
		row[i].Text = t
	}
	return row
}

func number(n int) string { return strconv.Itoa(n) }
