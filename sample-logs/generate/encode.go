package main

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"html"
	"os"
	"strings"
	"time"
)

func plainText(s string) []byte { return []byte(s) }

// ansi is the Western code page of Windows, windows-1252, as far as the invented
// names need it: there it is Latin-1.
func ansi(s string) []byte {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if r > 0xff || r >= 0x80 && r < 0xa0 {
			panic(fmt.Sprintf("%q is not in the code page", r))
		}
		b = append(b, byte(r))
	}
	return b
}

func gzipped(data []byte) ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(data); err != nil {
		return nil, err
	}
	err := z.Close()
	return b.Bytes(), err
}

// member is one file of an archive.
type member struct {
	name string
	data []byte
}

func zipped(list ...member) ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, m := range list {
		f, err := z.CreateHeader(&zip.FileHeader{Name: m.name, Method: zip.Deflate, Modified: time.Date(2009, 4, 1, 2, 0, 0, 0, time.UTC)})
		if err != nil {
			return nil, err
		}
		if _, err := f.Write(m.data); err != nil {
			return nil, err
		}
	}
	err := z.Close()
	return b.Bytes(), err
}

// writeStatement writes a Microsoft License Statement in its documented layout:
// the tab Pivot Data with the header in row 10 and the date in K3.
func writeStatement(path, date string, rows [][]string) error {
	var sheet strings.Builder
	cell := func(column int, line int, text string) {
		fmt.Fprintf(&sheet, `<c r="%c%d" t="inlineStr"><is><t>%s</t></is></c>`, 'A'+column, line, html.EscapeString(text))
	}
	row := func(line int, cells func()) {
		fmt.Fprintf(&sheet, `<row r="%d">`, line)
		cells()
		sheet.WriteString("</row>")
	}
	header := []string{"Product Pool", "License Product Family", "License Version", "Effective License Quantity", "Upgrade License Quantity",
		"Upgrade License Quantity (w/ Maintenance)", "Active SA Quantity", "Country of Usage"}
	row(3, func() { cell(10, 3, date) })
	for i, r := range append([][]string{header}, rows...) {
		row(10+i, func() {
			for column, text := range r {
				cell(column, 10+i, text)
			}
		})
	}
	const head = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	const main, rel = "http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	const packed, kinds = "http://schemas.openxmlformats.org/package/2006/", "application/vnd.openxmlformats-officedocument.spreadsheetml."
	data, err := zipped(
		member{"[Content_Types].xml", []byte(head + `<Types xmlns="` + packed + `content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
			`<Override PartName="/xl/workbook.xml" ContentType="` + kinds + `sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="` + kinds + `worksheet+xml"/></Types>`)},
		member{"_rels/.rels", []byte(head + `<Relationships xmlns="` + packed + `relationships"><Relationship Id="rId1" Type="` + rel + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`)},
		member{"xl/workbook.xml", []byte(head + `<workbook xmlns="` + main + `" xmlns:r="` + rel + `"><sheets><sheet name="Pivot Data" sheetId="1" r:id="rId1"/></sheets></workbook>`)},
		member{"xl/_rels/workbook.xml.rels", []byte(head + `<Relationships xmlns="` + packed + `relationships"><Relationship Id="rId1" Type="` + rel + `/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`)},
		member{"xl/worksheets/sheet1.xml", []byte(head + `<worksheet xmlns="` + main + `"><sheetData>` + sheet.String() + `</sheetData></worksheet>`)})
	if err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o666)
}
