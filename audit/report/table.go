package report

import (
	"bytes"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

// writeTable writes for a terminal or a mail: a title, then each grid with
// facts, a table ruled only below its header, and notes. Lines carry no
// trailing blanks.
func writeTable(w io.Writer, d Document, o Options) error {
	p := printer{w: w, o: o}
	if d.Title != "" {
		p.text(d.Title, "", "", strong)
	}
	for i, g := range d.Grids {
		if i > 0 || d.Title != "" && (g.Title != "" || len(g.Facts) == 0) {
			p.line("")
		}
		if err := p.grid(g); err != nil {
			return err
		}
	}
	return p.err
}

// printer keeps the first error of many small writes.
type printer struct {
	w   io.Writer
	o   Options
	err error
}

func (p *printer) line(s string) {
	if p.err == nil {
		_, p.err = io.WriteString(p.w, s+"\n")
	}
}

// text prints a sentence, wrapped with first in front of its first line and
// rest in front of the others.
func (p *printer) text(s, first, rest, style string) {
	for i, line := range wrap(Clean(s), width(first), p.o.Width) {
		lead := first
		if i > 0 {
			lead = rest
		}
		p.line(strings.TrimRight(lead+p.paint(strings.TrimRight(line, " "), style), " "))
	}
}

func (p *printer) grid(g Grid) error {
	if g.Title != "" {
		p.text(g.Title, "", "", strong)
	}
	p.facts(g.Facts)
	if len(g.Rows) == 0 && g.Empty != "" {
		p.text(g.Empty, "", "", "")
	}
	if g.tabular() {
		rows, more := g.shown()
		left, err := p.table(g, rows)
		if err != nil {
			return err
		}
		if more != "" {
			p.text(more, "", "", "")
		}
		if len(left) > 0 {
			p.text("Not shown at this width: "+strings.Join(left, ", ")+".", "", "", "")
		}
	}
	for _, n := range g.Notes {
		p.text(n, "- ", "  ", "")
	}
	return p.err
}

// facts prints labelled lines with their texts aligned.
func (p *printer) facts(facts []Fact) {
	names := make([]string, len(facts))
	label := 0
	for i, f := range facts {
		names[i] = Clean(f.Name)
		if p.o.Width > 0 {
			names[i] = cut(names[i], p.o.Width/2, false)
		}
		label = max(label, width(names[i]))
	}
	for i, f := range facts {
		pad := strings.Repeat(" ", label-width(names[i])+gutter)
		p.text(f.Text, names[i]+pad, strings.Repeat(" ", label+gutter), styles[f.Tone])
	}
}

// table prints the rows and returns the names of the columns that the terminal
// had no room for.
func (p *printer) table(g Grid, rows [][]Cell) (left []string, err error) {
	at := slices.DeleteFunc(g.visible(), func(c int) bool { return g.Columns[c].Below })
	all := rows
	if len(g.Foot) > 0 {
		all = append(append([][]Cell(nil), rows...), g.Foot)
	}
	natural := make(map[int]int, len(at))
	cleaned := make([][]string, len(all))
	for i, row := range all {
		cleaned[i] = make([]string, len(row))
		for _, c := range at {
			cleaned[i][c] = Clean(row[c].Text)
			natural[c] = max(natural[c], width(cleaned[i][c]))
		}
	}
	for _, c := range at {
		natural[c] = max(natural[c], width(g.Columns[c].Name))
	}
	kept, widths := fit(g.Columns, at, natural, p.o.Width)
	for _, c := range at {
		if !slices.Contains(kept, c) {
			left = append(left, g.Columns[c].Name)
		}
	}
	pick := func(i int) []string {
		line := make([]string, len(kept))
		for k, c := range kept {
			line[k] = p.paint(cut(cleaned[i][c], widths[c], g.Columns[c].Tail), styles[all[i][c].Tone])
		}
		return line
	}

	var b bytes.Buffer
	t := newTable(&b, g.Columns, kept)
	header := make([]string, len(kept))
	for k, c := range kept {
		header[k] = cut(g.Columns[c].Name, widths[c], false)
	}
	t.Header(header)
	for i := range rows {
		if err := t.Append(pick(i)); err != nil {
			return nil, err
		}
	}
	if len(g.Foot) > 0 {
		t.Footer(pick(len(rows)))
	}
	if err := t.Render(); err != nil {
		return nil, err
	}
	rule := gutter * (len(kept) - 1)
	for _, c := range kept {
		rule += widths[c]
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	for i, line := range lines {
		line = strings.TrimRight(doubled.ReplaceAllString(line, reset+"$1"), " \n")
		// The library rules the last gutter too. Rules are known by their place:
		// a hostile cell may look like one, but none spans two lines.
		if i == 1 || len(g.Foot) > 0 && i == len(lines)-2 {
			line = strings.Repeat(ruleMark, rule)
		}
		p.line(line)
		if row := i - 2; row >= 0 && row < len(rows) {
			p.below(g.Columns, rows[row])
		}
	}
	return left, p.err
}

// below prints what stands in full below a row, marked so that no text can
// pass for a row of its own.
func (p *printer) below(columns []Column, row []Cell) {
	const mark = "  | "
	room := max(p.o.Width-len(mark), 1)
	for i, c := range columns {
		if !c.Below || row[i].Text == "" {
			continue
		}
		for line := range strings.Lines(row[i].Text) {
			line = Clean(strings.TrimRight(line, "\r\n"))
			for p.o.Width > 0 && width(line) > room {
				head := firstColumns(line, room)
				p.line(strings.TrimRight(mark+p.paint(strings.TrimRight(head, " "), styles[row[i].Tone]), " "))
				line = line[len(head):]
			}
			p.line(strings.TrimRight(mark+p.paint(strings.TrimRight(line, " "), styles[row[i].Tone]), " "))
		}
	}
}

// ruleMark draws the line below a header.
const ruleMark = "─"

// newTable sets the library up: nothing reformatted, wrapped, trimmed or boxed.
func newTable(w io.Writer, columns []Column, kept []int) *tablewriter.Table {
	align := make([]tw.Align, len(kept))
	for k, c := range kept {
		align[k] = tw.AlignLeft
		if columns[c].Number {
			align[k] = tw.AlignRight
		}
	}
	cell := tw.CellConfig{
		Formatting: tw.CellFormatting{AutoWrap: tw.WrapNone, AutoFormat: tw.Off},
		Alignment:  tw.CellAlignment{Global: tw.AlignLeft, PerColumn: align},
		Padding:    tw.CellPadding{Global: tw.Padding{Right: strings.Repeat(" ", gutter), Overwrite: true}},
	}
	return tablewriter.NewTable(w,
		tablewriter.WithConfig(tablewriter.Config{
			Header: cell, Row: cell, Footer: cell,
			Behavior: tw.Behavior{TrimSpace: tw.Off, TrimLine: tw.Off, TrimTab: tw.Off},
		}),
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders: tw.BorderNone,
			Symbols: tw.NewSymbolCustom("rule").WithRow(ruleMark).WithCenter(ruleMark),
			Settings: tw.Settings{
				Separators: tw.SeparatorsNone,
				Lines:      tw.Lines{ShowTop: tw.Off, ShowBottom: tw.Off, ShowHeaderLine: tw.On, ShowFooterLine: tw.On},
			},
		})),
		tablewriter.WithEastAsian(tw.Off),
	)
}

// ANSI styles.
const (
	strong = "1"
	reset  = "\x1b[0m"
)

// doubled is the second reset that the library puts behind a painted cell's
// padding; it would keep the blanks at the end of a line.
var doubled = regexp.MustCompile("\x1b\\[0m( *)\x1b\\[0m")

var styles = map[Tone]string{Good: "32", Bad: "1;31", Warn: "33"}

// paint puts a style around text that has its final width.
func (p *printer) paint(s, style string) string {
	if !p.o.Color || style == "" || s == "" {
		return s
	}
	return "\x1b[" + style + "m" + s + reset
}
