package export

import (
	_ "embed"
	"fmt"
	"strings"
)

// Counts is the query that reproduces the audit's counts for each class.
//
//go:embed counts.sql
var Counts string

// Views are the statements that name the Parquet files of a folder as tables
// for DuckDB.
func Views(dir string) string {
	var b strings.Builder
	for _, t := range Tables {
		file := t.Name + ".parquet'"
		if t.Daily {
			file = t.Name + "/*/*.parquet', hive_partitioning=true"
		}
		fmt.Fprintf(&b, "CREATE VIEW %s AS SELECT * FROM read_parquet('%s/%s);\n", t.Name, strings.ReplaceAll(dir, "'", "''"), file)
	}
	return b.String()
}

// Schema documents the tables.
func Schema() string {
	var b strings.Builder
	for _, t := range Tables {
		fmt.Fprintf(&b, "%s: %s\n", t.Name, t.About)
		for _, c := range t.Columns {
			fmt.Fprintf(&b, "  %-14s %-5s %s\n", c.Name, [...]string{"text", "int", "bool", "time"}[c.Kind], c.About)
		}
		b.WriteString("\n")
	}
	return b.String()
}
