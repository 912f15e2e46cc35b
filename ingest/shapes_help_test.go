package ingest

import (
	"encoding/binary"
	"fmt"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// sqlTable is what a query returned, before a tool saved it. A nil is NULL.
type sqlTable struct {
	name    string
	columns []string
	rows    [][]any // int, string, bool, time.Time, sqlGUID, nil
}

type sqlGUID string

// tool saves a query result as one program does: the text of the data file,
// and files beside it.
type tool struct {
	name  string
	save  func(t sqlTable) (data string, beside map[string]string)
	ext   string
	flags func(t sqlTable) []string // --columns
	cut   int64                     // milliseconds that its times lose
}

// shown is a value as SQL Server's own tools write it.
func shown(v any, null string) string {
	switch v := v.(type) {
	case nil:
		return null
	case bool:
		if v {
			return "1"
		}
		return "0"
	case time.Time:
		return v.Format("2006-01-02 15:04:05.000")
	case sqlGUID:
		return strings.ToUpper(string(v))
	}
	return fmt.Sprint(v)
}

func bcpRows(t sqlTable, comma, end string) string {
	var b strings.Builder
	for _, row := range t.rows {
		for i, v := range row {
			if s, ok := v.(string); ok && s == "" {
				v = "\x00" // so bcp writes an empty text
			}
			b.WriteString(shown(v, ""))
			if i < len(row)-1 {
				b.WriteString(comma)
			}
		}
		b.WriteString(end)
	}
	return b.String()
}

func lineFormat(t sqlTable, comma, end string) string {
	escape := strings.NewReplacer("\t", `\t`, "\r", `\r`, "\n", `\n`).Replace
	var b strings.Builder
	fmt.Fprintf(&b, "9.0\r\n%d\r\n", len(t.columns))
	for i, c := range t.columns {
		term := comma
		if i == len(t.columns)-1 {
			term = end
		}
		fmt.Fprintf(&b, "%-8dSQLCHAR       0       100     %-8s %-5d %-20s \"\"\r\n", i+1, `"`+escape(term)+`"`, i+1, c)
	}
	return b.String()
}

func xmlFormat(t sqlTable) string {
	var f, c strings.Builder
	for i, name := range t.columns {
		term := `\t\0`
		if i == len(t.columns)-1 {
			term = `\r\0\n\0`
		}
		fmt.Fprintf(&f, "  <FIELD ID=\"%d\" xsi:type=\"NCharTerm\" TERMINATOR=\"%s\" MAX_LENGTH=\"100\"/>\n", i+1, term)
		fmt.Fprintf(&c, "  <COLUMN SOURCE=\"%d\" NAME=\"%s\" xsi:type=\"SQLNVARCHAR\"/>\n", i+1, name)
	}
	return "<?xml version=\"1.0\"?>\n<BCPFORMAT xmlns=\"http://schemas.microsoft.com/sqlserver/2004/bulkload/format\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\n <RECORD>\n" +
		f.String() + " </RECORD>\n <ROW>\n" + c.String() + " </ROW>\n</BCPFORMAT>\n"
}

// delimitedText writes rows with a header; quote decides on the text of a field.
func delimitedText(t sqlTable, comma string, value func(v any) string) string {
	var b strings.Builder
	b.WriteString(strings.Join(t.columns, comma) + "\r\n")
	for _, row := range t.rows {
		for i, v := range row {
			if i > 0 {
				b.WriteString(comma)
			}
			b.WriteString(value(v))
		}
		b.WriteString("\r\n")
	}
	return b.String()
}

func quoted(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

func sqlcmd(t sqlTable, comma string, pad bool) string {
	widths := make([]int, len(t.columns))
	for i, c := range t.columns {
		widths[i] = len(c)
		for _, row := range t.rows {
			if n := utf8.RuneCountInString(shown(row[i], "NULL")); pad {
				widths[i] = max(widths[i], n)
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
		line(func(i int) string { return shown(row[i], "NULL") })
	}
	fmt.Fprintf(&b, "\r\n(%d rows affected)\r\n", len(t.rows))
	return b.String()
}

// style0 is how CONVERT writes a date when it is not asked for a style.
const style0 = "Oct  3 2013 10:17AM"

// powershell writes every value quoted, dates by a layout of the culture.
func powershell(t sqlTable, comma, layout string, typed bool) string {
	text := delimitedText(t, comma, func(v any) string {
		switch v := v.(type) {
		case bool:
			return quoted(map[bool]string{true: "True", false: "False"}[v])
		case time.Time:
			if layout == style0 {
				return quoted(v.Format("Jan _2 2006 ") + fmt.Sprintf("%7s", v.Format("3:04PM")))
			}
			return quoted(v.Format(layout))
		case sqlGUID:
			return quoted(strings.ToLower(string(v)))
		}
		return quoted(shown(v, ""))
	})
	if typed {
		text = "#TYPE System.Data.DataRow\r\n" + text
	}
	return text
}

var tools = []tool{
	{name: "bcp with a format file", ext: ".dat", save: func(t sqlTable) (string, map[string]string) {
		return bcpRows(t, "\t", "\r\n"), map[string]string{t.name + ".fmt": lineFormat(t, "\t", "\r\n")}
	}},
	{name: "bcp with an XML format file", ext: ".bcp", save: func(t sqlTable) (string, map[string]string) {
		return bcpRows(t, "\t", "\r\n"), map[string]string{t.name + "-x.xml": xmlFormat(t)}
	}},
	{name: "bcp with terminators of its own", ext: ".txt", save: func(t sqlTable) (string, map[string]string) {
		return bcpRows(t, "||", "|\n"), map[string]string{t.name + "-c.fmt": lineFormat(t, "||", "|\n")}
	}},
	{name: "bcp with rows that are no lines", ext: ".txt", save: func(t sqlTable) (string, map[string]string) {
		return bcpRows(t, "||", "@@@"), map[string]string{t.name + ".fmt": lineFormat(t, "||", "@@@")}
	}},
	{name: "bcp with a header file", ext: ".txt", save: func(t sqlTable) (string, map[string]string) {
		return bcpRows(t, ";", "\n"), map[string]string{t.name + ".header.txt": strings.Join(t.columns, ";") + "\r\n"}
	}},
	{name: "bcp with a list of columns", ext: ".txt", save: func(t sqlTable) (string, map[string]string) {
		return bcpRows(t, "|", "\r\n"), map[string]string{t.name + ".columns": strings.Join(t.columns, "\n") + "\n"}
	}},
	{name: "bcp with --columns", ext: ".out", save: func(t sqlTable) (string, map[string]string) { return bcpRows(t, "\t", "\r\n"), nil },
		flags: func(t sqlTable) []string { return []string{t.name + "=" + strings.Join(t.columns, ",")} }},
	{name: "sqlcmd -s , -W", ext: ".csv", save: func(t sqlTable) (string, map[string]string) { return sqlcmd(t, ",", false), nil }},
	{name: "sqlcmd -s |", ext: ".txt", save: func(t sqlTable) (string, map[string]string) {
		return "Changed database context to 'LcsCDR'.\r\n" + sqlcmd(t, "|", true), nil
	}},
	{name: "sqlcmd", ext: ".rpt", save: func(t sqlTable) (string, map[string]string) { return sqlcmd(t, " ", true), nil }},
	{name: "Management Studio, results to text", ext: ".rpt", save: func(t sqlTable) (string, map[string]string) {
		return sqlcmd(t, " ", true) + "\r\nCompletion time: 2009-04-01T09:00:00.0000000+02:00\r\n", nil
	}},
	{name: "Management Studio, CSV", ext: ".csv", save: func(t sqlTable) (string, map[string]string) {
		return delimitedText(t, ",", func(v any) string { return shown(v, "NULL") }), nil
	}},
	{name: "Management Studio, CSV with quotes", ext: ".csv", save: func(t sqlTable) (string, map[string]string) {
		return delimitedText(t, ",", func(v any) string { return quoted(shown(v, "NULL")) }), nil
	}},
	{name: "Management Studio, CSV without header", ext: ".csv", save: func(t sqlTable) (string, map[string]string) {
		_, rows, _ := strings.Cut(delimitedText(t, ",", func(v any) string { return quoted(shown(v, "NULL")) }), "\n")
		return rows, map[string]string{t.name + ".hdr": strings.Join(t.columns, ",")}
	}},
	{name: "Management Studio, tabs", ext: ".txt", save: func(t sqlTable) (string, map[string]string) {
		return delimitedText(t, "\t", func(v any) string { return shown(v, "NULL") }), nil
	}},
	{name: "Export-Csv of formatted dates", ext: ".csv", save: func(t sqlTable) (string, map[string]string) {
		return powershell(t, ",", "2006-01-02T15:04:05.0000000", true), nil
	}},
	{name: "Export-Csv -UseCulture, comma in fractions", ext: ".csv", save: func(t sqlTable) (string, map[string]string) {
		return powershell(t, ";", "02.01.2006 15:04:05,000", false), nil
	}},
	{name: "Export-Csv in English", ext: ".csv", save: func(t sqlTable) (string, map[string]string) {
		return powershell(t, ",", "1/2/2006 3:04:05 PM", true), nil
	}, cut: 1000},
	{name: "Export-Csv in German", ext: ".csv", save: func(t sqlTable) (string, map[string]string) {
		return powershell(t, ";", "02.01.2006 15:04:05", true), nil
	}, cut: 1000},
	{name: "CONVERT without a style", ext: ".csv", save: func(t sqlTable) (string, map[string]string) {
		return powershell(t, ",", style0, false), nil
	}, cut: 60000},
}

// encodings write text into bytes.
var encodings = []struct {
	name   string
	encode func(s string) []byte
}{
	{"UTF-8", func(s string) []byte { return []byte(s) }},
	{"UTF-16LE", func(s string) []byte {
		var b []byte
		for _, u := range utf16.Encode([]rune(s)) {
			b = binary.LittleEndian.AppendUint16(b, u)
		}
		return b
	}},
	{"UTF-16LE with a mark", utf16LE},
	{"windows-1252", func(s string) []byte {
		b, err := charmap.Windows1252.NewEncoder().Bytes([]byte(s))
		if err != nil {
			panic(err)
		}
		return b
	}},
}

// saved writes tables as a tool does into a folder of their own and gathers it.
func saved(t *testing.T, tl *tool, encode func(string) []byte, damage func(name, text string) string, tables ...sqlTable) *Pile {
	t.Helper()
	dir := t.TempDir()
	var columns []string
	for _, table := range tables {
		data, beside := tl.save(table)
		if damage != nil {
			data = damage(table.name, data)
		}
		put(t, dir, table.name+tl.ext, encode(data))
		for name, text := range beside {
			put(t, dir, name, []byte(text))
		}
		if tl.flags != nil {
			columns = append(columns, tl.flags(table)...)
		}
	}
	o, err := NewOptions(columns, "", "")
	if err != nil {
		t.Fatal(err)
	}
	return o.Gather(time.Time{}, []string{dir})
}

// told is what a pile says: its records, one line each, sorted and without
// their places; facts; rejects and skipped rows by file.
type toldBy struct {
	records, facts, lookups []string
	rejects                 map[string][]Reject
	notes                   map[string][]string
	skipped                 map[string]int
	rows                    int
	passed                  []string
}

func tellAll(t *testing.T, p *Pile) *toldBy {
	t.Helper()
	all := &toldBy{rejects: map[string][]Reject{}, notes: map[string][]string{}, skipped: map[string]int{}}
	for _, err := range p.Errors {
		t.Error(err)
	}
	for _, x := range p.Passed {
		if !x.Own {
			all.passed = append(all.passed, filepath.Base(x.Path)+": "+x.Why)
		}
	}
	for _, u := range p.Units {
		if u.Broken != "" {
			t.Errorf("%s: %s", u.Files[0].Path, u.Broken)
			continue
		}
		c, err := readSet(u.Files)
		if err != nil {
			t.Fatal(err)
		}
		if want := countRows(t, u.Files); c.rows != want {
			t.Errorf("%d rows accounted for, the files have %d", c.rows, want)
		}
		all.rows += c.rows
		for _, r := range c.records {
			all.records = append(all.records, recordText(&r, c))
		}
		for name, list := range c.lookups {
			for _, l := range list {
				all.lookups = append(all.lookups, fmt.Sprintf("%s %x", strings.SplitN(name, ".", 2)[0], l.Hash))
			}
		}
		all.facts = append(all.facts, c.facts()...)
		for name, list := range c.rejects {
			all.rejects[name] = append(all.rejects[name], list...)
		}
		for name, list := range c.notes {
			all.notes[name] = append(all.notes[name], list...)
		}
		for why, n := range c.skipped {
			all.skipped[why] += n
		}
	}
	sort.Strings(all.records)
	sort.Strings(all.lookups)
	slices.Sort(all.facts)
	return all
}

// recordText shows a record without its place.
func recordText(r *Record, c *cdrResult) string {
	x := *r
	x.File, x.Line, x.From, x.To, x.Server = 0, 0, Party{Class: r.From.Class}, Party{Class: r.To.Class}, 0
	s := fmt.Sprintf("%+v", x)
	for _, id := range r.Names() {
		s += "|" + c.text(id).Text
	}
	return s
}

func (a *toldBy) rejected() (n int) {
	for _, list := range a.rejects {
		n += len(list)
	}
	return n
}

// site is a small site's tables, with letters beyond ASCII, NULL and empty
// texts, and times whose milliseconds matter.
func site() []sqlTable {
	at := func(s string) time.Time {
		x, err := time.Parse("01-02 15:04:05.000", s)
		if err != nil {
			panic(err)
		}
		return x.AddDate(2009, 0, 0)
	}
	ep := sqlGUID("11111111-2222-3333-4444-55555555555a")
	return []sqlTable{
		{"Users", []string{"UserId", "UserUri", "TenantId", "UriTypeId"}, [][]any{
			{1, "alice@contoso.com", 4, 0}, {2, "jürgen@contoso.com", 4, 0}, {3, "zoë.o'neill@fabrikam.com", 7, 0}, {4, "+14255550100@contoso.com", nil, 1}}},
		{"Tenants", []string{"TenantId", "TenantKey"}, [][]any{
			{4, "00000000-0000-0000-0000-000000000000"}, {7, "00000000-0000-0000-0000-000000000001"}}},
		{"ClientVersions", []string{"VersionId", "Version", "ClientType"}, [][]any{
			{1, "UCCAPI/3.5.6907.0 OC/3.5.6907.0 (Microsoft® Office Communicator 2007 R2)", 4}, {2, "", nil}, {3, "CPE/1.0.522.101 OCPhone/1.0.522.101", 8}}},
		{"Registration", []string{"SessionIdTime", "SessionIdSeq", "UserId", "EndpointId", "ClientVersionId", "IsInternal", "RegisterTime", "DeRegisterTime", "ResponseCode"}, [][]any{
			{at("03-02 08:00:00.123"), 1, 1, ep, 1, true, at("03-02 08:00:01.000"), at("03-02 17:00:00.997"), 200},
			{at("03-13 08:05:00.450"), 1, 2, nil, 2, false, at("03-13 08:05:00.450"), nil, 200},
			{at("03-14 09:05:00.453"), 1, 2, ep, 3, false, nil, nil, 403}}},
		{"SessionDetails", []string{"SessionIdTime", "SessionIdSeq", "User1Id", "User2Id", "SessionStartedById", "User1EndpointId", "User1ClientVerId", "ResponseCode", "MediaTypes"}, [][]any{
			{at("03-22 09:00:00.123"), 1, 1, 2, 2, ep, 1, 200, 1},
			{at("03-22 09:00:00.123"), 2, 2, 1, 2, nil, nil, 200, 16},
			{at("03-13 09:00:00.127"), 1, 3, 1, 3, nil, nil, 200, 1},
			{at("03-14 23:59:59.997"), 1, 1, nil, 1, ep, 1, 486, 1}}},
		{"VoipDetails", []string{"SessionIdTime", "SessionIdSeq", "FromNumberId", "ConnectedNumberId", "FromGatewayId", "ToGatewayId"}, [][]any{
			{at("03-22 09:00:00.123"), 2, nil, nil, nil, 1}, {at("03-13 09:00:00.127"), 1, nil, nil, nil, nil}}},
		{"FocusJoinsAndLeaves", []string{"SessionIdTime", "SessionIdSeq", "UserId", "UserRole", "UserJoinTime", "UserEndpointId"}, [][]any{
			{at("03-03 10:00:00.003"), 1, 1, 1, at("03-03 10:00:05.120"), ep}, {at("03-03 10:00:00.003"), 1, 3, 2, at("03-23 10:01:00.120"), nil}}},
		{"McuJoinsAndLeaves", []string{"SessionIdTime", "SessionIdSeq", "UserId", "IsFromPstn", "McuId", "UserJoinTime"}, [][]any{
			{at("03-03 10:00:00.003"), 1, 1, false, 11, at("03-03 10:00:07.000")}, {at("03-03 10:00:00.003"), 1, 4, true, nil, at("03-13 10:00:07.000")}}},
	}
}
