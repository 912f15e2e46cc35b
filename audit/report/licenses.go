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

// Product is one name of the catalogue.
type Product struct {
	License  string   `json:"license"`
	About    string   `json:"about"`
	Metrics  []string `json:"metrics"`  // user, device, server
	Versions []string `json:"versions"` // empty where none is needed
	Parts    []string `json:"parts"`    // what a bundle expands to; empty for a single licence
}

// Licenses shows the entitlements in force, the catalogue of names, or both. A
// nil list is left out; the CSV is the entitlements, else the catalogue.
func Licenses(owned []Owned, catalogue []Product) Document {
	value := struct {
		Owned   *[]Owned   `json:"owned,omitempty"`
		Catalog *[]Product `json:"catalog,omitempty"`
	}{}
	d := Document{Title: "Licences"}
	if owned != nil || catalogue == nil {
		owned = list(owned)
		value.Owned = &owned
		d.Grids = append(d.Grids, entitlements(owned))
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
