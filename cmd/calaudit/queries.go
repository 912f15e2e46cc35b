package main

import (
	"fmt"
	"io"
	"strings"

	"calaudit/ingest"
)

// queryForms are the ways in which the queries can be printed.
var queryForms = []string{"sqlcmd", "powershell"}

// queries prints what exports the call detail records and the quality database,
// or of the format qoe that alone: a script for sqlcmd and one for PowerShell for
// each, for one product or all.
func (a *app) queries(format, product, as string) error {
	var b strings.Builder
	found := false
	var names []string
	for _, p := range ingest.CDRProducts {
		names = append(names, p.Name)
		if product != "" && product != p.Name {
			continue
		}
		found = true
		for _, form := range queryForms {
			for _, d := range databases {
				switch list := d.of(p.Name); {
				case as != "" && as != form, len(list) == 0, format == "qoe" && d.name != "QoEMetrics":
				case form == "sqlcmd":
					sqlcmdScript(&b, d, p.Name, p.About, list)
				default:
					powershellScript(&b, d, p.Name, p.About, list)
				}
			}
		}
	}
	switch {
	case !found:
		return usagef("no columns are known of %q; valid: %s", product, strings.Join(names, ", "))
	case b.Len() == 0:
		return usagef("unknown --as %q; valid: %s", as, strings.Join(queryForms, ", "))
	case a.output != "":
		return writeFile(a.output, func(w io.Writer) error { _, err := io.WriteString(w, b.String()); return err })
	}
	return a.writeText(b.String())
}

// database is one that queries are for.
type database struct{ name, about, file, time string }

var databases = []database{
	{"LcsCDR", "Call detail records", "", "SessionIdTime"},
	{"QoEMetrics", "Quality database", "-qoe", "ConferenceDateTime"},
}

// of are the queries of a product that are for the database.
func (d database) of(product string) (list []ingest.CDRQuery) {
	for _, q := range ingest.CDRQueries(product) {
		if q.Database == d.name {
			list = append(list, q)
		}
	}
	return list
}

func sqlcmdScript(b *strings.Builder, d database, product, about string, list []ingest.CDRQuery) {
	fmt.Fprintf(b, `-- %s of %s for calaudit, one file a table.
-- Save as %s.sql and run it in an empty folder, once for each monitoring
-- database, each in a folder of its own:
--   sqlcmd -S SERVER\INSTANCE -d %s -E -i %s.sql -s "|" -W -w 65535 -u
-- The output is UTF-16; leave the line of dashes and the counts of rows in it.
-- For a part, add to tables with %s: WHERE %s >= '20090301'
`, d.about, about, product+d.file, d.name, product+d.file, d.time, d.time)
	for _, q := range list {
		fmt.Fprintf(b, ":out %s.txt\n%s;\nGO\n", q.Table, q.SQL)
	}
	b.WriteByte('\n')
}

func powershellScript(b *strings.Builder, d database, product, about string, list []ingest.CDRQuery) {
	fmt.Fprintf(b, `# %s of %s for calaudit, one file a table.
# Save as %s.ps1 and run it in an empty folder, once for each monitoring
# database, each in a folder of its own. Each table is held in memory: use the
# script for sqlcmd for large ones.
`, d.about, about, product+d.file)
	for _, q := range list {
		if q.Columns[0] == "*" && (q.Table == "Session" || q.Table == "MediaLine" || q.Table == "Dialogs") {
			fmt.Fprintf(b, "# Take %s from that script in any case: Export-Csv cuts times and writes no bytes.\n", q.Table)
		}
	}
	fmt.Fprintf(b, `$connection = "Server=SERVER\INSTANCE;Database=%s;Integrated Security=SSPI"
$queries = @(
`, d.name)
	for i, q := range list {
		comma := ","
		if i == len(list)-1 {
			comma = ""
		}
		fmt.Fprintf(b, "  @(\"%s\", \"%s\")%s\n", q.Table, q.SQL, comma)
	}
	// Servers of these products have Windows PowerShell 2.0, which knows no
	// [ordered].
	b.WriteString(`)
foreach ($query in $queries) {
  $table = $query[0]
  $adapter = New-Object System.Data.SqlClient.SqlDataAdapter($query[1], $connection)
  $adapter.SelectCommand.CommandTimeout = 0
  $rows = New-Object System.Data.DataTable
  [void]$adapter.Fill($rows)
  $rows | Select-Object * -ExcludeProperty RowError, RowState, Table, ItemArray, HasErrors |
    Export-Csv -Path "$table.csv" -NoTypeInformation -Encoding UTF8
}

`)
}
