package main

import (
	"fmt"
	"io"
	"strings"

	"calaudit/ingest"
)

// queryForms are the ways in which the queries can be printed.
var queryForms = []string{"sqlcmd", "powershell"}

// queries prints what exports the call detail records: a script for sqlcmd and
// one for PowerShell, for one product or all.
func (a *app) queries(product, as string) error {
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
			switch {
			case as != "" && as != form:
			case form == "sqlcmd":
				sqlcmdScript(&b, p.Name, p.About)
			default:
				powershellScript(&b, p.Name, p.About)
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

func sqlcmdScript(b *strings.Builder, product, about string) {
	fmt.Fprintf(b, `-- Call detail records of %s for calaudit, one file a table.
-- Save as %s.sql and run it in an empty folder, once for each monitoring
-- database, each in a folder of its own:
--   sqlcmd -S SERVER\INSTANCE -d LcsCDR -E -i %s.sql -s "|" -W -w 65535 -u
-- The output is UTF-16; leave the line of dashes and the counts of rows in it.
-- For a part, add to tables with SessionIdTime: WHERE SessionIdTime >= '20090301'
`, about, product, product)
	for _, q := range ingest.CDRQueries(product) {
		fmt.Fprintf(b, ":out %s.txt\n%s;\nGO\n", q.Table, q.SQL)
	}
	b.WriteByte('\n')
}

func powershellScript(b *strings.Builder, product, about string) {
	fmt.Fprintf(b, `# Call detail records of %s for calaudit, one file a table.
# Save as %s.ps1 and run it in an empty folder, once for each monitoring
# database, each in a folder of its own. Each table is held in memory: use the
# script for sqlcmd for large ones.
$connection = "Server=SERVER\INSTANCE;Database=LcsCDR;Integrated Security=SSPI"
$queries = [ordered]@{
`, about, product)
	for _, q := range ingest.CDRQueries(product) {
		fmt.Fprintf(b, "  \"%s\" = \"%s\"\n", q.Table, q.SQL)
	}
	b.WriteString(`}
foreach ($table in $queries.Keys) {
  $adapter = New-Object System.Data.SqlClient.SqlDataAdapter($queries[$table], $connection)
  $adapter.SelectCommand.CommandTimeout = 0
  $rows = New-Object System.Data.DataTable
  [void]$adapter.Fill($rows)
  $rows | Select-Object * -ExcludeProperty RowError, RowState, Table, ItemArray, HasErrors |
    Export-Csv -Path "$table.csv" -NoTypeInformation -Encoding UTF8
}

`)
}
