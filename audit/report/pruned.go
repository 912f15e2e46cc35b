package report

// Pruned says what a prune removed.
func Pruned(before string, records, names int) Document {
	return Document{
		Title: "Pruned",
		Value: struct {
			Before  string `json:"before"`
			Records int    `json:"records"`
			Names   int    `json:"names"`
		}{before, records, names},
		Grids: []Grid{{
			Main:    true,
			Columns: []Column{{Name: "Before", Key: "before"}, {Name: "Records", Key: "records", Number: true}, {Name: "Names", Key: "names", Number: true}},
			Rows:    [][]Cell{cells(before, number(records), number(names))},
			Notes:   []string{"Runs, tallies, directory and settings stay; the space was given back to the disk."},
		}},
	}
}
