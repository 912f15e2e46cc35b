package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// document is what -json writes.
type document struct {
	Schema   string     `json:"schema"`
	Machine  machine    `json:"machine"`
	Rounds   int        `json:"rounds"`
	Sections []*section `json:"sections"`
}

func (d *document) save(name string) error {
	data, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(name, append(data, '\n'), 0o666)
}

// write prints a section: who took how long, then the goals.
func (s *section) write(w io.Writer) {
	fmt.Fprintf(w, "\n%s\n%s sessions of %s users on %d days: %s MB, with lookup tables %s MB\n\n", s.Title,
		thousands(s.Data.Rows), thousands(s.Data.Users), s.Data.Days, mega(s.Data.Bytes), mega(s.Data.All))
	rows := [][]string{{"", "wall s", "min..max", "CPU s", "peak MB", "database MB"}}
	for _, c := range s.Contestants {
		rows = append(rows, c.cells(s.floor))
	}
	writeTable(w, rows)
	for _, note := range s.Notes {
		fmt.Fprintln(w, note)
	}
	if len(s.Verdicts) == 0 {
		return
	}
	fmt.Fprintln(w)
	rows = [][]string{{"", "measured", "min..max", "by CPU", "must", "", "aim", ""}}
	indicative := false
	for _, v := range s.Verdicts {
		rows = append(rows, v.cells())
		indicative = indicative || v.Indicative && v.Must > 0
	}
	writeTable(w, rows)
	if indicative {
		fmt.Fprintln(w, "(PASS) and (MISS) are indicative: the goal speaks of more rows or rounds.")
	}
}

func (c *contestant) cells(floor int64) []string {
	switch {
	case c.NotHere != "":
		return []string{c.Title, "not here: " + c.NotHere}
	case c.Err != "":
		return []string{c.Title, "FAILED: " + strings.ReplaceAll(c.Err, "\n", " ")}
	case len(c.Rounds) == 0:
		return []string{c.Title, "-"}
	}
	walls := each(c.Rounds, wall)
	return []string{c.Title, figure(median(walls)), span(slices.Min(walls), slices.Max(walls)), figure(median(each(c.Rounds, cpu))),
		peak(median(each(c.Rounds, rss)), floor), none(mega(int64(median(each(c.Rounds, size)))), "0")}
}

// peak shows a peak of memory, unless it may be this program's own.
func peak(v float64, floor int64) string {
	switch {
	case v == 0:
		return "-"
	case v <= float64(floor)*1.02:
		return "<" + mega(floor)
	}
	return mega(int64(v))
}

func (v *verdict) cells() []string {
	if v.Without != "" {
		return []string{v.Name, "- (" + v.Without + ")"}
	}
	unit := ""
	if v.Unit != "" {
		unit = " " + v.Unit
	}
	goal := func(limit float64, word string) (string, string) {
		switch {
		case limit == 0:
			return "", ""
		case v.Indicative:
			word = "(" + word + ")"
		}
		return figure(limit) + unit, word
	}
	must, mustWord := goal(v.Must, v.MustWord)
	aim, aimWord := goal(v.Aim, v.AimWord)
	byCPU := ""
	if v.CPU > 0 {
		byCPU = figure(v.CPU)
	}
	return []string{v.Name, figure(v.Value) + unit, span(v.Min, v.Max), byCPU, must, mustWord, aim, aimWord}
}

// writeTable aligns the first column left and the others right. A row that
// ends early is a sentence, which no column has to hold.
func writeTable(w io.Writer, rows [][]string) {
	full := len(rows[0])
	widths := make([]int, full)
	for _, row := range rows {
		for i, cell := range row {
			if i == 0 || len(row) == full {
				widths[i] = max(widths[i], utf8.RuneCountInString(cell))
			}
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", max(0, widths[i]-utf8.RuneCountInString(cell)))
			switch {
			case i == 0:
				line.WriteString(cell + pad)
			case len(row) < full:
				line.WriteString("  " + cell)
			default:
				line.WriteString("  " + pad + cell)
			}
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	}
}

// figure keeps three significant digits, which is more than any of this is
// worth.
func figure(v float64) string {
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	digits := 2 - int(math.Floor(math.Log10(math.Abs(v))))
	text := strconv.FormatFloat(v, 'f', min(max(digits, 0), 4), 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

func span(least, most float64) string {
	if least == most {
		return ""
	}
	return figure(least) + ".." + figure(most)
}

func mega(n int64) string { return figure(float64(n) / megabyte) }

func none(text, empty string) string {
	if text == empty {
		return ""
	}
	return text
}

func thousands(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
