// Package bcp reads format files of SQL Server's bulk copy program, XML and
// other ones, and data files with the terminators that they name. It knows
// fields, names and terminators, nothing of what they mean.
// Syntax: Microsoft, "Non-XML format files" and "XML format files (SQL Server)".
package bcp

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// MaxFields bounds a format file: a table has at most 1,024 columns.
const MaxFields = 4096

// Field is one field of the data file.
type Field struct {
	Name       string // of the column; "" for a field that belongs to none
	Terminator string // what ends it, as UTF-8
}

// Format is what a format file says of a data file of characters.
type Format struct{ Fields []Field }

// Looks tells whether text begins like a format file.
func Looks(text []byte) bool {
	text = bytes.TrimSpace(text)
	if bytes.HasPrefix(text, []byte("<")) {
		return bytes.Contains(text[:min(len(text), 1024)], []byte("<BCPFORMAT"))
	}
	first, rest, _ := bytes.Cut(text, []byte{'\n'})
	second, _, _ := bytes.Cut(rest, []byte{'\n'})
	version, after, dot := strings.Cut(strings.TrimSpace(string(first)), ".")
	_, err := strconv.Atoi(strings.TrimSpace(string(second)))
	return dot && err == nil && digits(version) && digits(after)
}

func digits(s string) bool {
	return s != "" && len(s) < 4 && strings.Trim(s, "0123456789") == ""
}

// Parse reads a format file. Its errors say what is wrong and what to do.
func Parse(text []byte) (*Format, error) {
	var f *Format
	var err error
	if text = bytes.TrimSpace(text); bytes.HasPrefix(text, []byte("<")) {
		f, err = parseXML(text)
	} else {
		f, err = parseLines(text)
	}
	if err != nil {
		return nil, err
	}
	named := false
	for i, field := range f.Fields {
		if field.Terminator == "" {
			return nil, fmt.Errorf("field %d has no terminator; export as characters (bcp -c or -w)", i+1)
		}
		named = named || field.Name != ""
	}
	if !named {
		return nil, errors.New("no field belongs to a column; make the format file again (bcp ... format nul -c -f FILE)")
	}
	return f, nil
}

// parseLines reads the form with one line a field: number, type, prefix
// length, data length, terminator, column number, column name, collation.
func parseLines(text []byte) (*Format, error) {
	lines := strings.Split(string(text), "\n")
	if len(lines) < 2 {
		return nil, errors.New("the format file is cut short; make it again")
	}
	count, err := strconv.Atoi(strings.TrimSpace(lines[1]))
	if err != nil || count < 1 || count > MaxFields {
		return nil, fmt.Errorf("line 2: %q is no number of fields; make the format file again", short(lines[1]))
	}
	f := &Format{}
	for i, line := range lines[2:] {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		at := i + 3
		words, ok := fieldWords(line)
		if !ok || len(words) < 7 {
			return nil, fmt.Errorf("line %d: no description of a field; expected number, type, prefix length, length, terminator, column number, column name and collation", at)
		}
		if number, err := strconv.Atoi(words[0]); err != nil || number != len(f.Fields)+1 || number > count {
			return nil, fmt.Errorf("line %d: %q is not the number of field %d of %d; make the format file again", at, short(words[0]), len(f.Fields)+1, count)
		}
		wide := strings.EqualFold(words[1], "SQLNCHAR")
		if !wide && !strings.EqualFold(words[1], "SQLCHAR") || words[2] != "0" {
			return nil, fmt.Errorf("line %d: a field of type %s with a prefix of %s is no text; export as characters (bcp -c or -w)", at, short(words[1]), short(words[2]))
		}
		terminator, err := unescape(words[4], wide)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", at, err)
		}
		name := words[6]
		if words[5] == "0" {
			name = ""
		}
		f.Fields = append(f.Fields, Field{name, terminator})
	}
	if len(f.Fields) != count {
		return nil, fmt.Errorf("%d fields are described, line 2 promises %d; make the format file again", len(f.Fields), count)
	}
	return f, nil
}

// fieldWords splits a line at white space; text in quotes stays whole, without
// its quotes. A name of several words without quotes is put together: all that
// stands between the column number and the collation.
func fieldWords(line string) (words []string, ok bool) {
	for {
		line = strings.TrimLeft(line, " \t")
		if line == "" {
			break
		}
		if line[0] == '"' {
			end := closing(line[1:])
			if end < 0 {
				return nil, false
			}
			words = append(words, line[1:1+end])
			line = line[2+end:]
			continue
		}
		end := strings.IndexAny(line, " \t")
		if end < 0 {
			end = len(line)
		}
		words = append(words, line[:end])
		line = line[end:]
	}
	if n := len(words); n > 8 {
		words = append(words[:6:6], strings.Join(words[6:n-1], " "), words[n-1])
	}
	return words, true
}

// closing finds the quote that ends a text; a backslash takes its meaning away.
func closing(s string) int {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}

// parseXML reads the other form.
func parseXML(text []byte) (*Format, error) {
	var file struct {
		Fields []struct {
			ID         string `xml:"ID,attr"`
			Type       string `xml:"http://www.w3.org/2001/XMLSchema-instance type,attr"`
			Terminator string `xml:"TERMINATOR,attr"`
		} `xml:"RECORD>FIELD"`
		Columns []struct {
			Source string `xml:"SOURCE,attr"`
			Name   string `xml:"NAME,attr"`
		} `xml:"ROW>COLUMN"`
	}
	d := xml.NewDecoder(bytes.NewReader(text))
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // decoded already
	if err := d.Decode(&file); err != nil {
		return nil, fmt.Errorf("the XML cannot be read (%w); make the format file again", err)
	}
	if len(file.Fields) == 0 || len(file.Fields) > MaxFields {
		return nil, fmt.Errorf("%d fields are described; expected 1 to %d", len(file.Fields), MaxFields)
	}
	names := map[string]string{}
	for _, c := range file.Columns {
		names[c.Source] = c.Name
	}
	f := &Format{}
	for _, field := range file.Fields {
		wide := field.Type == "NCharTerm"
		if !wide && field.Type != "CharTerm" {
			return nil, fmt.Errorf("field %s of type %s is not ended by a terminator; export as characters (bcp -c or -w)", short(field.ID), short(field.Type))
		}
		terminator, err := unescape(field.Terminator, wide)
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", short(field.ID), err)
		}
		f.Fields = append(f.Fields, Field{names[field.ID], terminator})
	}
	return f, nil
}

// unescape reads a terminator. Those of wide characters name each byte: "\t\0".
func unescape(s string, wide bool) (string, error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		if i++; i == len(s) {
			return "", fmt.Errorf("the terminator %q ends in a backslash", short(s))
		}
		at := strings.IndexByte(`tnr0\"'`, s[i])
		if at < 0 {
			return "", fmt.Errorf(`the terminator %q holds \%c; known are \t, \n, \r, \0, \\ and \"`, short(s), s[i])
		}
		b.WriteByte("\t\n\r\x00\\\"'"[at])
	}
	t := b.String()
	if narrow := strings.ReplaceAll(t, "\x00", ""); wide && len(narrow)*2 == len(t) {
		t = narrow
	}
	if len(t) > 10 {
		return "", fmt.Errorf("the terminator %q is longer than 10 characters", short(s))
	}
	return t, nil
}

func short(s string) string { return s[:min(len(s), 40)] }

// Names lists the columns of the data file; a field that belongs to no column
// has an empty name.
func (f *Format) Names() (names []string) {
	for _, field := range f.Fields {
		names = append(names, field.Name)
	}
	return names
}

// Plain tells the one separator of a file whose fields all end in the same
// character and whose rows are lines: no reader of this package is needed.
func (f *Format) Plain() (comma byte, ok bool) {
	last := len(f.Fields) - 1
	if t := f.Fields[last].Terminator; t != "\n" && t != "\r\n" {
		return 0, false
	}
	comma = '\t'
	for i, field := range f.Fields[:last] {
		if len(field.Terminator) != 1 || field.Terminator[0] >= 0x80 || i > 0 && field.Terminator[0] != comma {
			return 0, false
		}
		comma = field.Terminator[0]
	}
	return comma, comma != '\n' && comma != '\r' && comma != 0
}
