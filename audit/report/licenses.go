package report

import "strings"

// Owned is one entitlement as licenses.csv states it.
type Owned struct {
	License   string `json:"license"`
	Metric    string `json:"metric"`
	Version   string `json:"version"`
	Quantity  int    `json:"quantity"`
	SAFrom    string `json:"sa_from"`
	SAUntil   string `json:"sa_until"`
	Agreement string `json:"agreement"`
	UnitPrice string `json:"unit_price"` // in Currency, as written
	Currency  string `json:"currency"`
	Note      string `json:"note"`
}

// Uncounted is a product of a licence statement that the catalogue does not know.
type Uncounted struct {
	Product  string `json:"product"`
	Version  string `json:"version"`
	Quantity string `json:"quantity"` // as the statement has it
	Near     bool   `json:"near"`     // named like a product of the catalogue
	File     string `json:"file"`
	Line     int    `json:"line"` // row of the statement
}

// Product is one name of the catalogue.
type Product struct {
	License  string   `json:"license"`
	About    string   `json:"about"`
	Metrics  []string `json:"metrics"`  // user, device, server
	Versions []string `json:"versions"` // empty where none is needed
	Parts    []string `json:"parts"`    // what a bundle expands to; empty for a single licence
}

// Licenses shows the entitlements in force with what else a licence statement
// holds, the catalogue of names, or both. A nil list is left out; the CSV is the
// entitlements, else the catalogue.
func Licenses(owned []Owned, uncounted []Uncounted, catalogue []Product) Document {
	value := struct {
		Owned     *[]Owned    `json:"owned,omitempty"`
		Uncounted []Uncounted `json:"uncounted,omitempty"`
		Catalog   *[]Product  `json:"catalog,omitempty"`
	}{Uncounted: uncounted}
	d := Document{Title: "Licences"}
	if owned != nil || catalogue == nil {
		owned = list(owned)
		value.Owned = &owned
		d.Grids = append(d.Grids, entitlements(owned))
	}
	if len(uncounted) > 0 {
		d.Grids = append(d.Grids, uncountedGrid(uncounted))
	}
	if catalogue != nil {
		products := make([]Product, len(catalogue))
		for i, p := range catalogue {
			p.Metrics, p.Versions, p.Parts = list(p.Metrics), list(p.Versions), list(p.Parts)
			products[i] = p
		}
		value.Catalog = &products
		d.Grids = append(d.Grids, catalog(products))
	}
	d.Value = value
	return d
}

func entitlements(owned []Owned) Grid {
	g := Grid{
		Title: "Owned",
		Empty: "No entitlement is known; state them in licenses.csv.",
		Columns: []Column{
			{Name: "Licence", Key: "license"},
			{Name: "Metric", Key: "metric"},
			{Name: "Version", Key: "version"},
			{Name: "Quantity", Key: "quantity", Number: true},
			{Name: "SA until"},
			{Key: "sa_from"}, {Key: "sa_until"},
			{Name: "Agreement", Key: "agreement", Min: 9, Drop: 2},
			{Name: "Price", Number: true, Drop: 3},
			{Key: "unit_price"}, {Key: "currency"},
			{Name: "Note", Key: "note", Min: 8, Drop: 4},
		},
	}
	for _, o := range owned {
		g.Rows = append(g.Rows, cells(o.License, o.Metric, o.Version, number(o.Quantity), orNone(o.SAUntil, "none"),
			o.SAFrom, o.SAUntil, o.Agreement, strings.TrimSpace(o.UnitPrice+" "+o.Currency), o.UnitPrice, o.Currency, o.Note))
	}
	return g
}

func uncountedGrid(products []Uncounted) Grid {
	g := Grid{
		Title: "Not counted: products of licence statements that the catalogue does not know",
		Columns: []Column{
			{Name: "Product", Key: "product", Min: 20},
			{Name: "Version", Key: "version"},
			{Name: "Quantity", Key: "quantity", Number: true},
			{Name: "Look at it", Key: "near"},
			{Name: "File:line", Min: 12, Drop: 1},
			{Key: "file"}, {Key: "line"},
		},
		Notes: []string{"State what grants access to the servers in licenses.csv. The layout of statements and the names in the catalogue are from documentation."},
	}
	for _, p := range products {
		look := ""
		if p.Near {
			look = "yes"
		}
		g.Rows = append(g.Rows, cells(p.Product, p.Version, p.Quantity, look, p.File+":"+number(p.Line), p.File, number(p.Line)))
	}
	return g
}

func catalog(products []Product) Grid {
	g := Grid{
		Title: "Catalogue",
		Empty: "The catalogue is empty.",
		Columns: []Column{
			{Name: "Licence", Key: "license"},
			{Name: "Metrics", Key: "metrics", Drop: 2},
			{Name: "Versions", Key: "versions", Min: 10, Drop: 1},
			{Name: "What it is", Min: 40},
			{Key: "about"}, {Key: "parts"},
		},
	}
	for _, p := range products {
		about := p.About
		if len(p.Parts) > 0 {
			about = strings.TrimSpace(about + " = " + strings.Join(p.Parts, " + "))
		}
		g.Rows = append(g.Rows, cells(p.License, strings.Join(p.Metrics, ", "), strings.Join(p.Versions, ", "),
			about, p.About, strings.Join(p.Parts, " ")))
	}
	return g
}
