package report

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"unicode"
)

// writeCSV writes the main grid only, all of its rows whatever its limit: one
// file, one table. It is made for spreadsheets, which take a cell that begins
// with = + - @ for a formula: such a cell, a phone number like +14255550100
// included, gets a ' in front, and control characters are shown as escapes.
// Who needs the values unaltered takes JSON.
func writeCSV(w io.Writer, d Document, _ Options) error {
	g, ok := d.main()
	if !ok {
		return nil
	}
	var at []int
	var line []string
	for i, c := range g.Columns {
		if c.Key != "" {
			at = append(at, i)
			line = append(line, c.Key)
		}
	}
	out := csv.NewWriter(w)
	if err := out.Write(line); err != nil {
		return err
	}
	for _, row := range g.Rows {
		for k, i := range at {
			line[k] = csvCell(row[i].Text, g.Columns[i].Number)
		}
		if err := out.Write(line); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// main is the marked grid, else the first one with a table.
func (d Document) main() (Grid, bool) {
	first := -1
	for i, g := range d.Grids {
		if g.Main {
			return g, true
		}
		if first < 0 && len(g.Columns) > 0 {
			first = i
		}
	}
	if first < 0 {
		return Grid{}, false
	}
	return d.Grids[first], true
}

// csvCell disarms one cell. What counts is the raw beginning, also behind
// spaces, because a spreadsheet may trim them; the wide forms of the four signs
// start a formula in some locales. A number of ours may be negative.
func csvCell(s string, isNumber bool) string {
	if isNumber {
		if _, err := strconv.ParseFloat(s, 64); err == nil && strings.Trim(s, "-.0123456789") == "" {
			return s
		}
	}
	clean := Clean(s)
	if strings.IndexAny(s, "\t\r\x00") == 0 {
		return "'" + clean
	}
	trimmed := strings.TrimLeftFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r == 0 })
	if strings.IndexAny(trimmed, "=+-@＝＋－＠") == 0 {
		return "'" + clean
	}
	return clean
}
