package audit

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
)

// UnknownProduct is a product of a licence statement that is no licence of the
// catalogue: listed, never counted and never dropped.
type UnknownProduct struct {
	Product  string // as the statement names it
	Version  string
	Quantity string
	Near     bool // named like a product of the catalogue
	File     string
	Line     int // row of the statement's tab
}

// statementColumns are the columns of a Microsoft License Statement in the form
// in which it is kept. Only statements have them.
var statementColumns = []string{"statement_row", "calculation_date", "product_pool", "license_product_family", "license_version",
	"effective_license_quantity", "active_sa_quantity", "country_of_usage"}

func isStatement(data []byte) bool {
	return bytes.HasPrefix(data, []byte(strings.Join(statementColumns, ",")+"\n"))
}

// allCountries marks the row of a product that the others are parts of.
const allCountries = "All Countries"

// UnknownProducts lists the products of a file that the catalogue does not
// know; none for licenses.csv, where an unknown name is a problem.
func UnknownProducts(file string, data []byte) ([]UnknownProduct, error) {
	if !isStatement(data) {
		return nil, nil
	}
	_, _, unknown, err := parseStatement(file, data)
	return unknown, err
}

// RepeatedStatements tells of licence statements that state the same product in
// the same version, such as that of this year beside that of last year: what
// they own adds up, which is right for two organisations alone. dates are those
// of the statements, sorted; none where no two of the files do.
func RepeatedStatements(files ...[]byte) (dates []string) {
	first, repeated := map[string]int{}, map[int]bool{}
	dated := make([]string, len(files))
	for i, data := range files {
		if !isStatement(data) {
			continue
		}
		rows, _ := csv.NewReader(bytes.NewReader(data)).ReadAll() // what is wrong with it is said by its reader
		for n, row := range rows {
			if n == 0 || len(row) != len(statementColumns) {
				continue
			}
			dated[i] = cmp.Or(row[1], "an unknown date")
			if other, ok := first[statementKey(row)]; !ok {
				first[statementKey(row)] = i
			} else if other != i {
				repeated[other], repeated[i] = true, true
			}
		}
	}
	for i := range repeated {
		dates = append(dates, dated[i])
	}
	slices.Sort(dates)
	return dates
}

// parseStatement turns a statement into entitlements. Quantity and version are
// the effective ones, with upgrades by Software Assurance applied already. Where
// Software Assurance is active, the statement proves it for the day it was
// calculated and tells neither when it began nor on which day it ends.
func parseStatement(file string, data []byte) (owned []Entitlement, problems []Problem, unknown []UnknownProduct, err error) {
	r := csv.NewReader(bytes.NewReader(data))
	r.FieldsPerRecord = len(statementColumns)
	if _, err := r.Read(); err != nil {
		return nil, nil, nil, fmt.Errorf("%s: %w", file, err)
	}
	var rows [][]string
	worldwide := map[string]bool{} // products that have a row for all countries
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, nil, fmt.Errorf("%s: %w", file, err)
		}
		if strings.EqualFold(row[7], allCountries) {
			worldwide[statementKey(row)] = true
		}
		rows = append(rows, row)
	}
	for _, row := range rows {
		date, name, version, quantity, active, country := row[1], row[3], row[4], row[5], row[6], row[7]
		part := country != "" && !strings.EqualFold(country, allCountries)
		if part && worldwide[statementKey(row)] {
			continue // of the row for all countries
		}
		line, err := strconv.Atoi(row[0])
		if err != nil {
			return nil, nil, nil, fmt.Errorf("%s: row %q of the statement has no number", file, row[0])
		}
		bad := func(format string, args ...any) {
			problems = append(problems, Problem{file, line, fmt.Sprintf(format, args...)})
		}
		product, near, err := statementProduct(name)
		if err != nil {
			bad("%v", err)
			continue
		}
		if product == nil {
			unknown = append(unknown, UnknownProduct{Product: name, Version: version, Quantity: quantity, Near: near, File: file, Line: line})
			continue
		}
		if part && len(worldwide) > 0 {
			bad("%q has a row for %s and none for %s, which other products have; state it in licenses.csv", name, country, allCountries)
			continue
		}
		e := Entitlement{License: product.license, Metric: product.metric, Note: "License Statement: " + name, File: file, Line: line}
		l, err := license(e.License)
		switch {
		case err != nil:
			return nil, nil, nil, err
		case e.Metric == "":
			bad("%q tells neither user nor device; state it in licenses.csv", name)
			continue
		case !slices.Contains(l.Metrics, e.Metric):
			bad("%q has the metric %s, which does not fit %s; state it in licenses.csv", name, e.Metric, l.Name)
			continue
		}
		if !l.Suite {
			if e.Version, err = statementVersion(version, product.version); err != nil {
				bad("%q: %v; state it in licenses.csv", name, err)
				continue
			}
		}
		if e.Quantity, err = statementQuantity(quantity); err != nil {
			bad("%q: effective license quantity %v", name, err)
			continue
		}
		assured, err := statementQuantity(active)
		if err != nil {
			bad("%q: active SA quantity %v; counted without Software Assurance", name, err)
			assured = 0
		}
		if date == "" {
			assured = 0
		}
		if assured = min(assured, e.Quantity); assured > 0 {
			with := e
			with.Quantity, with.SAUntil = assured, date
			owned = append(owned, with)
			e.Quantity -= assured
		}
		if e.Quantity > 0 || assured == 0 {
			owned = append(owned, e)
		}
	}
	return owned, problems, unknown, nil
}

// statementKey is what a row of a statement is about: product and version.
func statementKey(row []string) string { return strings.ToLower(row[3] + "\x00" + row[4]) }

// statementQuantity reads a count as a spreadsheet keeps it.
func statementQuantity(s string) (int, error) {
	if s == "" || s == "-" {
		return 0, nil
	}
	plain := strings.TrimSuffix(strings.ReplaceAll(s, ",", ""), ".0")
	n, err := strconv.Atoi(plain)
	if err != nil || n < 0 || n > 1e9 {
		return 0, fmt.Errorf("%q is not a whole number from 0 on", s)
	}
	return n, nil
}

// statementVersion reads the License Version, or what the name says of it. Two
// that differ are settled by nobody but the owner.
func statementVersion(column, named string) (Version, error) {
	text := strings.Join(strings.FieldsFunc(strings.ToLower(column), func(r rune) bool { return unicode.IsSpace(r) || r == '-' }), "-")
	if named != "" && text != "" && named != text {
		return 0, fmt.Errorf("version %q and a name of version %s contradict each other", column, named)
	}
	if text == "" {
		text = named
	}
	v, err := ParseVersion(text)
	if err == nil && v == 0 {
		err = errors.New("no version is told")
	}
	return v, err
}

// productCatalogue is products.toml.
type productCatalogue struct {
	Words struct {
		Ignore []string          `toml:"ignore"`
		User   []string          `toml:"user"`
		Device []string          `toml:"device"`
		Near   []string          `toml:"near"`
		Same   map[string]string `toml:"same"`
	} `toml:"words"`
	Products []struct {
		License string   `toml:"license"`
		Metric  string   `toml:"metric"`
		Names   []string `toml:"names"`
	} `toml:"products"`
	byWords map[string]productName
}

// productName is what a product's name says.
type productName struct{ license, metric, version string }

var productNames = sync.OnceValue(func() *productCatalogue {
	const file = "catalogue/products.toml"
	data, err := embedded.ReadFile(file)
	c := new(productCatalogue)
	if err == nil {
		err = decodeStrict(file, data, c)
	}
	if err != nil {
		panic(err) // part of the program, covered by tests
	}
	c.byWords = map[string]productName{}
	for _, p := range c.Products {
		for _, name := range p.Names {
			words, _ := c.words(name)
			key := strings.Join(words, " ")
			if other, twice := c.byWords[key]; twice {
				panic(fmt.Sprintf("%s: %q is %s and %s", file, name, other.license, p.License))
			}
			c.byWords[key] = productName{license: p.License, metric: p.Metric}
		}
	}
	return c
})

// words are the sorted words of a name that count, and what the others say.
func (c *productCatalogue) words(name string) (words []string, said productName) {
	list := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	var all []string
	for _, w := range list {
		if same, ok := c.Words.Same[w]; ok {
			all = append(all, strings.Fields(same)...)
			continue
		}
		all = append(all, w)
	}
	r2 := false
	for _, w := range all {
		_, err := ParseVersion(w)
		switch {
		case w == "r2":
			r2 = true
		case err == nil:
			said.version = w
		case slices.Contains(c.Words.User, w):
			said.metric = joinMetric(said.metric, "user")
		case slices.Contains(c.Words.Device, w):
			said.metric = joinMetric(said.metric, "device")
		case !slices.Contains(c.Words.Ignore, w):
			words = append(words, w)
		}
	}
	if r2 && said.version != "" {
		said.version += "-r2"
	} else if r2 {
		words = append(words, "r2")
	}
	slices.Sort(words)
	return slices.Compact(words), said
}

// joinMetric keeps a metric that is told twice, and neither where two are told.
func joinMetric(have, told string) string {
	if have == "" || have == told {
		return told
	}
	return "user and device"
}

// statementProduct finds the licence that a name of a statement stands for; nil
// for none.
func statementProduct(name string) (product *productName, near bool, err error) {
	if name == "" {
		return nil, false, errors.New("a row without a product")
	}
	c := productNames()
	words, said := c.words(name)
	p, ok := c.byWords[strings.Join(words, " ")]
	if !ok {
		return nil, slices.ContainsFunc(words, func(w string) bool { return slices.Contains(c.Words.Near, w) }), nil
	}
	if said.metric != "" {
		p.metric = said.metric
	}
	p.version = said.version
	return &p, false, nil
}
