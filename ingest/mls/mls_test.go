package mls

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// documented are the columns of the tab as importers describe them.
var documented = []any{"Product Pool", "License Product Family", "License Version", "Effective License Quantity", "Upgrade License Quantity",
	"Upgrade License Quantity (w/ Maintenance)", "Active SA Quantity", "Country of Usage", "Expiring SA 0 - 12 Months",
	"Expiring SA 12 - 24 Months", "Expiring SA > 24 Months"}

// workbook makes a statement: cells by place, rows from a line on.
func workbook(t testing.TB, sheet string, cells map[string]any, line int, rows ...[]any) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	check := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := f.NewSheet(sheet)
	check(err)
	check(f.SetCellStr("Sheet1", "A1", "Organization Summary"))
	for place, v := range cells {
		check(f.SetCellValue(sheet, place, v))
	}
	for i, row := range rows {
		check(f.SetSheetRow(sheet, fmt.Sprint("A", line+i), &row))
	}
	var b bytes.Buffer
	check(f.Write(&b))
	return b.Bytes()
}

func TestAStatementInTheDocumentedLayoutIsRead(t *testing.T) {
	data := workbook(t, "Pivot Data", map[string]any{"A1": "Microsoft License Statement", "J3": "Calculated", "K3": "6/30/2015"}, 10, documented,
		[]any{"Servers", "Lync Server Standard CAL - User CAL", "2013", 1200, 0, 0, 300, "All Countries", 100, 100, 100},
		[]any{"Servers", "Lync Server Standard CAL - User CAL", "2013", 200, 0, 0, 0, "Germany"},
		[]any{},
		[]any{"Applications", " Office  ", "2010", "1,500", nil, nil, "-", "All Countries"})
	s, err := Read(data)
	if err != nil {
		t.Fatal(err)
	}
	want := &Statement{Date: "2015-06-30", Rows: []Row{
		{Line: 11, Pool: "Servers", Family: "Lync Server Standard CAL - User CAL", Version: "2013", Quantity: "1200", ActiveSA: "300", Country: "All Countries"},
		{Line: 12, Pool: "Servers", Family: "Lync Server Standard CAL - User CAL", Version: "2013", Quantity: "200", ActiveSA: "0", Country: "Germany"},
		{Line: 14, Pool: "Applications", Family: "Office", Version: "2010", Quantity: "1,500", ActiveSA: "-", Country: "All Countries"},
	}}
	if !reflect.DeepEqual(s, want) {
		t.Errorf("got  %+v\nwant %+v", s, want)
	}
	table := "statement_row,calculation_date,product_pool,license_product_family,license_version,effective_license_quantity,active_sa_quantity,country_of_usage\n" +
		"11,2015-06-30,Servers,Lync Server Standard CAL - User CAL,2013,1200,300,All Countries\n" +
		"12,2015-06-30,Servers,Lync Server Standard CAL - User CAL,2013,200,0,Germany\n" +
		"14,2015-06-30,Applications,Office,2010,\"1,500\",-,All Countries\n"
	if got := string(s.Table()); got != table {
		t.Errorf("got %s", got)
	}
}

func TestTheDateOfCalculation(t *testing.T) {
	for _, c := range []struct {
		place string
		value any
		want  string
	}{
		{"K3", "2015-06-30", "2015-06-30"}, {"K3", 42185, "2015-06-30"}, {"L3", "June 30, 2015", "2015-06-30"}, {"K3", "30-Jun-2015", "2015-06-30"},
		{"K3", "some day", ""}, {"K3", 12, ""}, {"K4", "2015-06-30", ""}, {"A1", "x", ""},
	} {
		s, err := Read(workbook(t, "pivot data", map[string]any{c.place: c.value}, 10, documented, []any{"p", "f", "v", 1}))
		if err != nil || s.Date != c.want || len(s.Rows) != 1 {
			t.Errorf("%s %v: %+v, %v", c.place, c.value, s, err)
		}
	}
}

func TestColumnsAreFoundByName(t *testing.T) {
	s, err := Read(workbook(t, "Pivot Data", nil, 7, []any{"Country of Usage", "EFFECTIVE  License Quantity", "x", "License Version", "License Product Family"},
		[]any{"All Countries", 5, "-", "2007", "Office Communications Server Standard CAL"}))
	want := []Row{{Line: 8, Family: "Office Communications Server Standard CAL", Version: "2007", Quantity: "5", Country: "All Countries"}}
	if err != nil || !reflect.DeepEqual(s.Rows, want) {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestOtherAndDamagedWorkbooks(t *testing.T) {
	if _, err := Read(workbook(t, "Budget", nil, 1, documented)); !errors.Is(err, ErrOther) {
		t.Errorf("another workbook: %v", err)
	}
	good := workbook(t, "Pivot Data", nil, 10, documented, []any{"p", "f", "v", 1})
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"another language": {workbook(t, "Pivot Data", nil, 10, []any{"Produktfamilie", "Version", "Menge"}), "US English"},
		"empty tab":        {workbook(t, "Pivot Data", nil, 10), "US English"},
		"header too far":   {workbook(t, "Pivot Data", nil, headerRows+5, documented), "US English"},
		"cut":              {good[:len(good)/2], "damaged"},
		"no workbook":      {[]byte("PK\x03\x04nothing"), "damaged"},
		"bomb":             {bomb(t, good), "unpacks to more than 16 MiB"},
	} {
		if _, err := Read(c.data); err == nil || errors.Is(err, ErrOther) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What the library would take minutes or gigabytes for is refused before it
// sees it, and said of the part that is too large.
func TestAWorkbookOfNoStatementIsRefusedBeforeItCosts(t *testing.T) {
	parts, names := partsOf(t, small(t))
	texts := func(n int) []byte {
		return []byte(`<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">` + strings.Repeat("<si/>", n/len("<si/>")) + "</sst>")
	}
	wide := func(rows int) []byte {
		var b bytes.Buffer
		b.WriteString(`<worksheet><sheetData><row r="10">`)
		for i, name := range documented {
			fmt.Fprintf(&b, `<c r="%c10" t="str"><v>%s</v></c>`, 'A'+i, strings.ReplaceAll(name.(string), ">", "&gt;"))
		}
		b.WriteString("</row>")
		for n := range rows {
			fmt.Fprintf(&b, `<row r="%d"><c r="XFD%[1]d"><v>1</v></c></row>`, 11+n)
		}
		b.WriteString("</sheetData></worksheet>")
		return b.Bytes()
	}
	for name, c := range map[string]struct {
		other map[string][]byte
		want  string
	}{
		"texts of 59 MB":         {map[string][]byte{"xl/sharedStrings.xml": texts(59 << 20)}, "it unpacks to more than 16 MiB, as no statement does"},
		"texts of 3 MB":          {map[string][]byte{"xl/sharedStrings.xml": texts(3 << 20)}, "its part xl/sharedStrings.xml unpacks to more than 2 MiB, as that of no statement does"},
		"styles of 3 MB":         {map[string][]byte{"xl/styles.xml": bytes.Repeat([]byte("<a/>"), 3<<18)}, "its part xl/styles.xml unpacks to more than 2 MiB"},
		"rows of 16,384 columns": {map[string][]byte{sheetPart: wide(200)}, "row 133 of the tab Pivot Data: more than 2000000 cells so far, as no statement has"},
	} {
		if _, err := Read(packed(t, parts, names, c.other)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	s, err := Read(packed(t, parts, names, map[string][]byte{sheetPart: wide(100)}))
	if err != nil || len(s.Rows) != 0 {
		t.Errorf("some wide rows: %+v, %v", s, err)
	}
}

// The directory of an archive may promise less than there is.
// Every word of a name is compared: a name may not be as long as the workbook.
func TestATextThatNoStatementHasIsRefused(t *testing.T) {
	row := func(name string) []byte {
		return workbook(t, tab, nil, 10, documented, []any{"Servers", name, "2013", 1, 0, 0, 0, "All Countries"})
	}
	if s, err := Read(row(strings.Repeat("x", maxText))); err != nil || len(s.Rows) != 1 {
		t.Errorf("the longest text: %+v, %v", s, err)
	}
	if _, err := Read(row(strings.Repeat("a b ", maxText/4) + "c")); err == nil || !strings.Contains(err.Error(), "row 11 of the tab Pivot Data: a text of 1025 bytes") {
		t.Errorf("a longer one: %v", err)
	}
}

func TestADirectoryThatPromisesLittleIsNotBelieved(t *testing.T) {
	data := bomb(t, small(t))
	size := []byte{0, 0, 0x10, 1} // 17 MiB, low byte first
	i := bytes.LastIndex(data, size)
	if i < 0 {
		t.Fatal("no size in the directory")
	}
	copy(data[i:], []byte{1, 0, 0, 0})
	if _, err := Read(data); err == nil {
		t.Error("read")
	}
}

// A statement far beyond any known one is read.
func TestALargeStatementIsRead(t *testing.T) {
	rows := [][]any{documented}
	for i := range 5_000 {
		rows = append(rows, []any{"Servers", fmt.Sprint("Product of the vendor, number ", i), "2013", i, 0, 0, 0, "All Countries"})
	}
	s, err := Read(workbook(t, tab, nil, 10, rows...))
	if err != nil || len(s.Rows) != 5_000 {
		t.Errorf("%v", err)
	}
}

// bomb adds a member to a workbook that unpacks to more than is taken.
func bomb(t *testing.T, good []byte) []byte {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(good), int64(len(good)))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range r.File {
		if err := w.Copy(m); err != nil {
			t.Fatal(err)
		}
	}
	m, err := w.Create("xl/media/image1.png")
	if err != nil {
		t.Fatal(err)
	}
	zeros := make([]byte, 1<<20)
	for range MaxUnzipped>>20 + 1 {
		if _, err := m.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAStatementIsKnownByItsTab(t *testing.T) {
	for sheet, want := range map[string]bool{"Pivot Data": true, "PIVOT DATA": true, "Pivot Data 2": false, "Budget": false} {
		parts, _ := partsOf(t, workbook(t, sheet, nil, 10, documented))
		if got := NamesTab(parts["xl/workbook.xml"]); got != want {
			t.Errorf("%q: %v", sheet, got)
		}
	}
}

// partsOf are the members of a workbook, and their names in order.
func partsOf(t testing.TB, data []byte) (parts map[string][]byte, names []string) {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	parts = map[string][]byte{}
	for _, m := range r.File {
		rc, err := m.Open()
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if _, err := b.ReadFrom(rc); err != nil {
			t.Fatal(err)
		}
		parts[m.Name] = b.Bytes()
		names = append(names, m.Name)
	}
	return parts, names
}

// packed makes a workbook of parts, some of them exchanged.
func packed(t testing.TB, parts map[string][]byte, names []string, other map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range names {
		data := parts[name]
		if d, ok := other[name]; ok {
			data = d
		}
		m, err := w.Create(name)
		if err == nil {
			_, err = m.Write(data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const sheetPart = "xl/worksheets/sheet2.xml"

func small(t testing.TB) []byte {
	return workbook(t, "Pivot Data", map[string]any{"K3": "2015-06-30"}, 10, documented, []any{"p", "f", "v", 1})
}

// A hostile or damaged part is an error or gives fewer rows; it ends nothing.
func TestDamagedPartsEndNothing(t *testing.T) {
	parts, names := partsOf(t, small(t))
	r := rand.New(rand.NewPCG(1, 2))
	read := 0
	try := func(other map[string][]byte) {
		if s, err := Read(packed(t, parts, names, other)); err == nil && len(s.Rows) == 1 {
			read++
		}
	}
	for range 400 {
		name := names[r.IntN(len(names))]
		data := bytes.Clone(parts[name])
		for range 1 + r.IntN(4) {
			i := r.IntN(len(data))
			j := min(len(data), i+r.IntN(30))
			switch r.IntN(4) {
			case 0:
				data[i] = byte(r.IntN(256))
			case 1:
				data[i] = `0123456789<>"/=`[r.IntN(15)]
			case 2:
				data = append(data[:i:i], data[j:]...)
			case 3:
				data = append(data[:j:j], data[i:]...)
			}
			if len(data) == 0 {
				break
			}
		}
		try(map[string][]byte{name: data})
	}
	if read == 0 || read == 400 {
		t.Errorf("%d of 400 damaged workbooks read in full", read)
	}
	for _, cell := range []string{`<row r="2147483647"><c r="A1"/></row>`, `<row r="-1"><c r="A1"/></row>`, `<row r="99999999999999999999"/>`, `<row><c r="XFD1048576"/></row>`,
		`<row r="1"><c r="ZZZZZZ1" t="s"><v>99</v></c></row>`, `<row r="1"><c t="s"><v>-1</v></c></row>`, `<row r="1"><c t="inlineStr"/></row>`, strings.Repeat(`<row r="1"><c r="XFD1"/></row>`, 500)} {
		try(map[string][]byte{sheetPart: []byte("<worksheet><sheetData>" + cell + "</sheetData></worksheet>")})
	}
}

// FuzzRead: no panic and no more rows than are taken, whatever the tab holds.
func FuzzRead(f *testing.F) {
	parts, names := partsOf(f, small(f))
	f.Add(parts[sheetPart])
	f.Add([]byte(`<worksheet><sheetData><row r="99999999"><c r="XFD1" t="s"><v>-1</v></c></row></sheetData></worksheet>`))
	f.Fuzz(func(t *testing.T, sheet []byte) {
		if len(sheet) > 1<<16 {
			return
		}
		if s, err := Read(packed(t, parts, names, map[string][]byte{sheetPart: sheet})); err == nil && len(s.Rows) > maxRows {
			t.Fatalf("%d rows", len(s.Rows))
		}
	})
}

func TestNoTemporaryFilesStayBehind(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	rows := [][]any{documented}
	for i := range 2000 {
		rows = append(rows, []any{"p", fmt.Sprint("product ", i), "v", i})
	}
	s, err := Read(workbook(t, "Pivot Data", nil, 10, rows...))
	if err != nil || len(s.Rows) != 2000 {
		t.Fatal(err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
}
