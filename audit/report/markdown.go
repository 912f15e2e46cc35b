package report

import (
	"bytes"
	"io"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

// writeMarkdown writes GitHub flavoured Markdown: headings, lists and tables.
func writeMarkdown(w io.Writer, d Document, o Options) error {
	p := printer{w: w}
	if d.Title != "" {
		p.line("# " + markdownBlock(d.Title))
	}
	for i, g := range d.Grids {
		if i > 0 || d.Title != "" {
			p.line("")
		}
		if g.Title != "" {
			p.line("## " + markdownBlock(g.Title))
			p.line("")
		}
		for _, f := range g.Facts {
			p.line("- **" + markdown(f.Name) + ":** " + markdown(f.Text))
		}
		said := len(g.Facts) > 0
		part := func() { // a blank line between the parts of a section
			if said {
				p.line("")
			}
			said = true
		}
		if len(g.Rows) == 0 && g.Empty != "" {
			part()
			p.line(markdownBlock(g.Empty))
		}
		if g.tabular() {
			part()
			more, err := p.markdownTable(g)
			if err != nil {
				return err
			}
			if more != "" {
				part()
				p.line(markdownBlock(more))
			}
		}
		if len(g.Notes) > 0 {
			part()
		}
		for _, n := range g.Notes {
			p.line("- " + markdownBlock(n))
		}
	}
	return p.err
}

func (p *printer) markdownTable(g Grid) (more string, err error) {
	at := g.visible()
	align := make([]tw.Align, len(at))
	header := make([]string, len(at))
	for k, c := range at {
		header[k] = markdown(g.Columns[c].Name)
		align[k] = tw.AlignLeft
		if g.Columns[c].Number {
			align[k] = tw.AlignRight
		}
	}
	cell := tw.CellConfig{
		Formatting: tw.CellFormatting{AutoWrap: tw.WrapNone, AutoFormat: tw.Off},
		Alignment:  tw.CellAlignment{Global: tw.AlignLeft, PerColumn: align},
	}
	var b bytes.Buffer
	t := tablewriter.NewTable(&b,
		tablewriter.WithConfig(tablewriter.Config{Header: cell, Row: cell}),
		tablewriter.WithRenderer(renderer.NewMarkdown()),
		tablewriter.WithEastAsian(tw.Off),
	)
	t.Header(header)
	rows, more := g.shown()
	if len(g.Foot) > 0 {
		rows = append(append([][]Cell(nil), rows...), g.Foot)
	}
	for _, row := range rows {
		line := make([]string, len(at))
		for k, c := range at {
			line[k] = markdown(row[c].Text)
		}
		if err := t.Append(line); err != nil {
			return "", err
		}
	}
	if err := t.Render(); err != nil {
		return "", err
	}
	if p.err == nil {
		_, p.err = b.WriteTo(p.w)
	}
	return more, p.err
}

// markdownSigns can all start something in Markdown, or in the HTML it allows.
// The backslash is among them because an unescaped one would free the bar that
// follows it from its own escape.
var markdownSigns = strings.NewReplacer(`\`, `\\`, "|", `\|`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`,
	"~", `\~`, "&", "&amp;", "<", "&lt;", ">", "&gt;")

// markdown cleans and escapes one text.
func markdown(s string) string { return markdownSigns.Replace(Clean(s)) }

// markdownBlock does so for a text that begins a block, where a heading or a
// list could start.
func markdownBlock(s string) string {
	s = markdown(s)
	if s != "" && strings.IndexByte("#-+=", s[0]) >= 0 {
		s = `\` + s
	}
	return s
}
