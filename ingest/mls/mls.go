// Package mls reads a Microsoft License Statement, the vendor's own account of
// the licences that a customer owns, as an Excel workbook. It returns the rows
// of the tab "Pivot Data" as they stand there and knows nothing of what the
// products are.
//
// No statement of a real customer is public. The layout is that of the
// documentation of importers: the header in row 10, the date of calculation in
// K3 (L3 in some languages), names of columns in US English, and one row per
// product for "All Countries" beside those of single countries.
package mls

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"
)

// Limits on a workbook. A statement is kilobytes; one of a large customer has
// some thousand rows, which are a few MiB of the one part that holds them, and
// some hundred different texts.
const (
	// MaxUnzipped is the most that a workbook may unpack to, in bytes.
	MaxUnzipped = 16 << 20
	// maxPart is the most that one part which is no sheet may unpack to: the
	// library makes a hundred times as much of these, and reads a sheet row by
	// row.
	maxPart    = 2 << 20
	maxRows    = 50_000
	maxCells   = 40 * maxRows // empty ones in front of others count: the library makes them
	headerRows = 40           // how far down the header is looked for
	maxText    = 1 << 10      // bytes of one cell that is read; a name of the price list has some hundred
)

// ErrOther is returned for a workbook without the tab of a statement.
var ErrOther = errors.New("an Excel workbook without the tab Pivot Data of a Microsoft License Statement")

const tab = "Pivot Data"

// NamesTab tells a statement by the part of a workbook that lists its tabs.
func NamesTab(workbook []byte) bool {
	return bytes.Contains(bytes.ToLower(workbook), []byte(`name="`+strings.ToLower(tab)+`"`))
}

// Row is one product of the statement.
type Row struct {
	Line     int    // row of the tab, from 1
	Pool     string // Product Pool
	Family   string // License Product Family: the product's name
	Version  string // License Version
	Quantity string // Effective License Quantity, as it stands there
	ActiveSA string // Active SA Quantity
	Country  string // Country of Usage
}

// Statement is what the tab says.
type Statement struct {
	Date string // of calculation, YYYY-MM-DD; "" when it is not told
	Rows []Row
}

// columns are those that are read, by folded name. The first three are needed.
var columns = []struct {
	name string
	of   func(*Row) *string
}{
	{"license product family", func(r *Row) *string { return &r.Family }},
	{"license version", func(r *Row) *string { return &r.Version }},
	{"effective license quantity", func(r *Row) *string { return &r.Quantity }},
	{"active sa quantity", func(r *Row) *string { return &r.ActiveSA }},
	{"country of usage", func(r *Row) *string { return &r.Country }},
	{"product pool", func(r *Row) *string { return &r.Pool }},
}

const needed = 3

// Read reads a workbook held in memory.
func Read(data []byte) (s *Statement, err error) {
	defer func() {
		// A large library reads a hostile file here: what it stumbles over is a
		// damaged file, not the end of the program.
		if r := recover(); r != nil {
			s, err = nil, fmt.Errorf("a damaged workbook (%v)", r)
		}
	}()
	if err := tooLarge(data); err != nil {
		return nil, err
	}
	f, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{UnzipSizeLimit: MaxUnzipped, UnzipXMLSizeLimit: MaxUnzipped, RawCellValue: true})
	if err != nil {
		return nil, fmt.Errorf("a damaged workbook (%w)", err)
	}
	defer f.Close()
	name := ""
	for _, sheet := range f.GetSheetList() {
		if strings.EqualFold(strings.TrimSpace(sheet), tab) {
			name = sheet
		}
	}
	if name == "" {
		return nil, ErrOther
	}
	return readTab(f, name)
}

// tooLarge refuses a workbook by what its parts unpack to, before the library
// holds any of them: by their directory, and by unpacking them, as a directory
// may say what it likes.
func tooLarge(data []byte) error {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return fmt.Errorf("a damaged workbook (%w)", err)
	}
	var told uint64
	for _, m := range z.File {
		told += min(m.UncompressedSize64, MaxUnzipped+1)
		if told > MaxUnzipped {
			return errTooLarge
		}
	}
	left := int64(MaxUnzipped)
	for _, m := range z.File {
		limit := min(left, maxPart)
		if isSheet(m.Name) {
			limit = left
		}
		n, err := unpackedSize(m, limit)
		switch {
		case err != nil:
			return fmt.Errorf("a damaged workbook (%s: %w)", m.Name, err)
		case n > left:
			return errTooLarge
		case n > limit:
			return fmt.Errorf("its part %s unpacks to more than %d MiB, as that of no statement does", m.Name, maxPart>>20)
		}
		left -= n
	}
	return nil
}

var errTooLarge = fmt.Errorf("it unpacks to more than %d MiB, as no statement does", MaxUnzipped>>20)

// isSheet tells the parts that hold the rows of a tab.
func isSheet(name string) bool {
	return strings.HasPrefix(strings.ToLower(strings.ReplaceAll(name, `\`, "/")), "xl/worksheets/sheet")
}

// unpackedSize is how many bytes a part unpacks to, at most one beyond limit.
func unpackedSize(m *zip.File, limit int64) (int64, error) {
	rc, err := m.Open()
	if err != nil {
		return 0, err
	}
	defer rc.Close()
	return io.Copy(io.Discard, io.LimitReader(rc, limit+1))
}

func readTab(f *excelize.File, name string) (*Statement, error) {
	rows, err := f.Rows(name)
	if err != nil {
		return nil, fmt.Errorf("the tab %s cannot be read (%w)", tab, err)
	}
	defer rows.Close()
	s := &Statement{}
	var places map[int]func(*Row) *string
	date1904 := false
	if p, err := f.GetWorkbookProps(); err == nil && p.Date1904 != nil {
		date1904 = *p.Date1904
	}
	left := maxCells
	for line := 1; rows.Next(); line++ {
		cells, err := rows.Columns()
		if err != nil {
			return nil, fmt.Errorf("row %d of the tab %s cannot be read (%w)", line, tab, err)
		}
		if line > maxRows {
			return nil, fmt.Errorf("the tab %s has more than %d rows, as that of no statement does", tab, maxRows)
		}
		if left -= len(cells); left < 0 {
			return nil, fmt.Errorf("row %d of the tab %s: more than %d cells so far, as no statement has", line, tab, maxCells)
		}
		if places == nil {
			if line == 3 {
				s.Date = calculated(cells, date1904)
			}
			places = header(cells)
			if places == nil && line > headerRows {
				break
			}
			continue
		}
		r := Row{Line: line}
		for i, of := range places {
			if i < len(cells) {
				*of(&r) = strings.TrimSpace(cells[i])
				if len(*of(&r)) > maxText {
					return nil, fmt.Errorf("row %d of the tab %s: a text of %d bytes, as no statement has", line, tab, len(*of(&r)))
				}
			}
		}
		if r.Family != "" || r.Quantity != "" {
			s.Rows = append(s.Rows, r)
		}
	}
	if err := rows.Error(); err != nil {
		return nil, fmt.Errorf("the tab %s cannot be read (%w)", tab, err)
	}
	if places == nil {
		return nil, fmt.Errorf("the tab %s has no header in row 10 with the columns License Product Family, License Version and Effective License Quantity; "+
			"ask for the statement in US English", tab)
	}
	return s, nil
}

// header finds the columns in a row, nil when it is not the header.
func header(cells []string) map[int]func(*Row) *string {
	places := map[int]func(*Row) *string{}
	found := 0
	for n, c := range columns {
		for i, cell := range cells {
			if _, taken := places[i]; !taken && strings.Join(strings.Fields(strings.ToLower(cell)), " ") == c.name {
				places[i] = c.of
				if n < needed {
					found++
				}
				break
			}
		}
	}
	if found < needed {
		return nil
	}
	return places
}

// calculated finds the date of calculation in K3 or L3.
func calculated(cells []string, date1904 bool) string {
	for _, i := range []int{10, 11} {
		if i >= len(cells) {
			break
		}
		text := strings.TrimSpace(cells[i])
		if n, err := strconv.ParseFloat(text, 64); err == nil && n > 20_000 && n < 80_000 { // days since 1900 or 1904
			if t, err := excelize.ExcelDateToTime(n, date1904); err == nil {
				return t.Format(time.DateOnly)
			}
		}
		for _, layout := range []string{time.DateOnly, "1/2/2006", "1/2/2006 3:04:05 PM", "January 2, 2006", "Jan 2, 2006", "2-Jan-2006", "2-Jan-06", time.RFC3339, "2006-01-02 15:04:05"} {
			if t, err := time.Parse(layout, text); err == nil {
				return t.Format(time.DateOnly)
			}
		}
	}
	return ""
}

// tableHeader is the header of Table.
var tableHeader = []string{"statement_row", "calculation_date", "product_pool", "license_product_family", "license_version",
	"effective_license_quantity", "active_sa_quantity", "country_of_usage"}

// Table is the statement as CSV in UTF-8, in which it is kept: small, readable
// without this package, and mapped to licences anew in each audit.
func (s *Statement) Table() []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	write := func(row ...string) { _ = w.Write(row) } // a buffer takes everything
	write(tableHeader...)
	for _, r := range s.Rows {
		write(strconv.Itoa(r.Line), s.Date, r.Pool, r.Family, r.Version, r.Quantity, r.ActiveSA, r.Country)
	}
	w.Flush()
	return b.Bytes()
}
