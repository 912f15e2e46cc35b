package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// dbTable is a table of a database; "" is NULL.
type dbTable struct {
	name    string
	columns []string
	rows    [][]string
}

// tableTool saves a query result as one program does: the text of the file and,
// where that has no header, the file beside it that names the columns.
type tableTool struct {
	name string
	ext  string
	save func(t dbTable) (data, beside, besideName string)
}

const (
	toolBCP = iota
	toolBCPWide
	toolSqlcmd
	toolSqlcmdPadded
	toolStudio
	toolStudioTabs
	toolExport
	toolExportGerman
	nTools
)

var tableTools = [nTools]tableTool{
	toolBCP: {"bcp-format-file", ".dat", func(t dbTable) (string, string, string) {
		return bcpRows(t, "\t", "\r\n"), formatFile(t), t.name + ".fmt"
	}},
	toolBCPWide: {"bcp-xml-format-file", ".bcp", func(t dbTable) (string, string, string) {
		return bcpRows(t, "\t", "\r\n"), xmlFormatFile(t), t.name + "-x.xml"
	}},
	toolSqlcmd: {"sqlcmd", ".csv", func(t dbTable) (string, string, string) { return sqlcmd(t, "|", false), "", "" }},
	toolSqlcmdPadded: {"sqlcmd-padded", ".rpt", func(t dbTable) (string, string, string) {
		return "Changed database context to 'LcsCDR'.\r\n" + sqlcmd(t, " ", true), "", ""
	}},
	toolStudio:     {"studio-csv", ".csv", func(t dbTable) (string, string, string) { return studio(t, ","), "", "" }},
	toolStudioTabs: {"studio-tabs", ".txt", func(t dbTable) (string, string, string) { return studio(t, "\t"), "", "" }},
	toolExport: {"export-csv", ".csv", func(t dbTable) (string, string, string) {
		return "#TYPE System.Data.DataRow\r\n" + powershell(t, ",", "2006-01-02T15:04:05.0000000"), "", ""
	}},
	toolExportGerman: {"export-csv-semicolon", ".csv", func(t dbTable) (string, string, string) {
		return powershell(t, ";", "02.01.2006 15:04:05,000"), "", ""
	}},
}

func bcpRows(t dbTable, comma, end string) string {
	var b strings.Builder
	for _, row := range t.rows {
		b.WriteString(strings.Join(row, comma) + end)
	}
	return b.String()
}

func formatFile(t dbTable) string {
	var b strings.Builder
	fmt.Fprintf(&b, "9.0\r\n%d\r\n", len(t.columns))
	for i, c := range t.columns {
		term := `\t`
		if i == len(t.columns)-1 {
			term = `\r\n`
		}
		fmt.Fprintf(&b, "%-8dSQLCHAR       0       100     %-8s %-5d %-20s \"\"\r\n", i+1, `"`+term+`"`, i+1, c)
	}
	return b.String()
}

func xmlFormatFile(t dbTable) string {
	var f, c strings.Builder
	for i, name := range t.columns {
		term := `\t\0`
		if i == len(t.columns)-1 {
			term = `\r\0\n\0`
		}
		fmt.Fprintf(&f, "  <FIELD ID=\"%d\" xsi:type=\"NCharTerm\" TERMINATOR=\"%s\" MAX_LENGTH=\"900\"/>\n", i+1, term)
		fmt.Fprintf(&c, "  <COLUMN SOURCE=\"%d\" NAME=\"%s\" xsi:type=\"SQLNVARCHAR\"/>\n", i+1, name)
	}
	return "<?xml version=\"1.0\"?>\n<BCPFORMAT xmlns=\"http://schemas.microsoft.com/sqlserver/2004/bulkload/format\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\n <RECORD>\n" +
		f.String() + " </RECORD>\n <ROW>\n" + c.String() + " </ROW>\n</BCPFORMAT>\n"
}

func orNULL(s string) string {
	if s == "" {
		return "NULL"
	}
	return s
}

// sqlcmd writes dashes below the header and how many rows there were, padded or
// (-W) not. It quotes nothing, so its separator must be in no value.
func sqlcmd(t dbTable, comma string, pad bool) string {
	widths := make([]int, len(t.columns))
	for i, c := range t.columns {
		widths[i] = len(c)
		for _, row := range t.rows {
			if pad {
				widths[i] = max(widths[i], utf8.RuneCountInString(orNULL(row[i])))
			}
		}
	}
	var b strings.Builder
	line := func(field func(i int) string) {
		for i := range t.columns {
			if i > 0 {
				b.WriteString(comma)
			}
			s := field(i)
			b.WriteString(s)
			if pad {
				b.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(s)))
			}
		}
		b.WriteString("\r\n")
	}
	line(func(i int) string { return t.columns[i] })
	line(func(i int) string { return strings.Repeat("-", widths[i]) })
	for _, row := range t.rows {
		line(func(i int) string { return orNULL(row[i]) })
	}
	fmt.Fprintf(&b, "\r\n(%d rows affected)\r\n", len(t.rows))
	return b.String()
}

// studio writes what Management Studio saves; quotes only where they are needed.
func studio(t dbTable, comma string) string {
	var b strings.Builder
	b.WriteString(strings.Join(t.columns, comma) + "\r\n")
	for _, row := range t.rows {
		for i, s := range row {
			if i > 0 {
				b.WriteString(comma)
			}
			if comma == "," {
				s = quote(s)
			}
			b.WriteString(orNULL(s))
		}
		b.WriteString("\r\n")
	}
	return b.String()
}

var (
	sqlTime    = regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$`)
	bitColumns = regexp.MustCompile(`^(Is[A-Z]|Processed$)`)
)

// powershell quotes every value and writes bits as words and times as it was
// told to.
func powershell(t dbTable, comma, layout string) string {
	var b strings.Builder
	row := func(cell func(i int) string) {
		for i := range t.columns {
			if i > 0 {
				b.WriteString(comma)
			}
			b.WriteString(`"` + strings.ReplaceAll(cell(i), `"`, `""`) + `"`)
		}
		b.WriteString("\r\n")
	}
	row(func(i int) string { return t.columns[i] })
	for _, r := range t.rows {
		row(func(i int) string {
			s := r[i]
			if sqlTime.MatchString(s) {
				if at, err := time.Parse("2006-01-02 15:04:05.000", s); err == nil { // some of them are no days
					return at.Format(layout)
				}
			}
			if bitColumns.MatchString(t.columns[i]) && s != "" {
				return title(s == "1")
			}
			return s
		})
	}
	return b.String()
}

// shapesOf says which tool and encoding saved a table of the pile. Others were
// saved from Management Studio, in UTF-8.
var shapesOf = map[string]struct {
	tool   int
	encode func(string) []byte
}{
	"Users":               {toolSqlcmd, utf16le},
	"Registration":        {toolBCP, ansi},
	"SessionDetails":      {toolExport, plainText},
	"VoipDetails":         {toolSqlcmdPadded, ansi},
	"Media":               {toolStudioTabs, utf16le},
	"Conferences":         {toolExportGerman, utf16le},
	"McuJoinsAndLeaves":   {toolBCPWide, utf16le},
	"FocusJoinsAndLeaves": {toolSqlcmd, plainText},
	"Manufacturers":       {toolExport, ansi},
	"Session":             {toolSqlcmdPadded, utf16le},
	"MediaLine":           {toolBCP, plainText},
	"User":                {toolExportGerman, ansi},
	"MacAddress":          {toolStudioTabs, plainText},
}

func readTable(path string) (t dbTable, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return t, err
	}
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		return t, fmt.Errorf("%s: %w", path, err)
	}
	for _, row := range rows[1:] {
		for i := range row {
			if row[i] == "NULL" {
				row[i] = ""
			}
		}
	}
	name, _, _ := strings.Cut(filepath.Base(path), ".")
	return dbTable{name, rows[0], rows[1:]}, nil
}

// writeTables saves the tables of both databases anew, each by the tool that
// somebody had at hand. The numbers are packed by themselves, the quality
// database as a whole. Beside the pile lie the call records as each tool saves
// them.
func (p *pile) writeTables() error {
	const archive = "QoEMetrics.zip"
	var members []member
	var rows []int
	for _, src := range []source{fromCDR, fromQoE} {
		folder := sources[src].folder
		files, err := filepath.Glob(filepath.Join(p.w.cfg.out, folder, "*.csv"))
		if err != nil {
			return err
		}
		slices.Sort(files)
		for _, path := range files {
			t, err := readTable(path)
			if err != nil {
				return err
			}
			if err := os.Remove(path); err != nil {
				return err
			}
			planned := folder + "/" + t.name + ".csv"
			rejected := p.w.imports[planned].Rejected
			delete(p.w.imports, planned)
			file, beside, n := t.save()
			if src == fromQoE {
				members, rows = append(members, file), append(rows, n)
				if beside.name != "" {
					members, rows = append(members, beside), append(rows, -1)
				}
				continue
			}
			if t.name == "Phones" {
				file.name += ".gz"
				if file.data, err = gzipped(file.data); err != nil {
					return err
				}
			}
			err = p.put(src, file.name, file.data, n)
			if err == nil && beside.name != "" {
				err = p.put(src, beside.name, beside.data, -1)
			}
			if err == nil {
				err = p.saveShapes(t)
			}
			if err != nil {
				return err
			}
			p.w.imports[folder+"/"+file.name].Rejected = rejected
		}
	}
	packed, err := p.archive(fromQoE, archive, members, rows)
	if err != nil {
		return err
	}
	return p.put(fromQoE, archive, packed, -1)
}

// save gives a table the shape of its tool: the file, the one beside it that
// names the columns, and how many rows a reader has to account for.
func (t dbTable) save() (file, beside member, rows int) {
	shape, ok := shapesOf[t.name]
	if !ok {
		shape.tool, shape.encode = toolStudio, plainText
	}
	tool := &tableTools[shape.tool]
	text, names, name := tool.save(t)
	rows = len(t.rows)
	if shape.tool == toolSqlcmd || shape.tool == toolSqlcmdPadded {
		rows += 2 // the dashes and the count
	}
	return member{t.name + tool.ext, shape.encode(text)}, member{name, []byte(names)}, rows
}

// saveShapes saves a table by each tool into a folder of that tool's own.
func (p *pile) saveShapes(t dbTable) error {
	encodings := []func(string) []byte{plainText, utf16le, ansi}
	for i := range tableTools {
		tool := &tableTools[i]
		dir := filepath.Join(p.root, "shapes", tool.name)
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return err
		}
		text, beside, besideName := tool.save(t)
		if err := os.WriteFile(filepath.Join(dir, t.name+tool.ext), encodings[i%len(encodings)](text), 0o666); err != nil {
			return err
		}
		if beside != "" {
			if err := os.WriteFile(filepath.Join(dir, besideName), []byte(beside), 0o666); err != nil {
				return err
			}
		}
	}
	return nil
}
