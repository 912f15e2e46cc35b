package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf16"
)

// writeDirectory writes offices 1 and 2, services and phones as LDIFDE does,
// and the Paris office as "csvde -u" does.
func (w *world) writeDirectory() error {
	var ldf bytes.Buffer
	var paris []*entry
	const ldfFile, csvFile = "directory/contoso-users.ldf", "directory/contoso-paris.csv"
	n := w.newTally(ldfFile)
	for _, e := range w.directory() {
		if e.paris {
			paris = append(paris, e)
			continue
		}
		e.ldif(&ldf)
		n.Read++
	}
	w.newTally(csvFile).Read = len(paris)
	if err := os.WriteFile(filepath.Join(w.cfg.out, ldfFile), ldf.Bytes(), 0o666); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(w.cfg.out, csvFile), utf16le(csvde(paris)), 0o666)
}

// ldif writes one record. Values that are not plain ASCII go as base64.
func (e *entry) ldif(b *bytes.Buffer) {
	line := func(name, value string, binary bool) {
		if binary || !safe(value) {
			fold(b, name+":: "+base64.StdEncoding.EncodeToString([]byte(value)))
		} else {
			fold(b, name+": "+value)
		}
	}
	line("dn", e.dn, false)
	line("changetype", "add", false)
	for _, a := range e.attrs {
		for _, v := range a.values {
			line(a.name, v, a.binary)
		}
	}
	b.WriteString("\r\n")
}

func safe(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return s == "" || !strings.ContainsRune(" :<", rune(s[0]))
}

// fold breaks long lines; a continuation starts with one blank.
func fold(b *bytes.Buffer, line string) {
	const width = 78
	for len(line) > width {
		b.WriteString(line[:width])
		b.WriteString("\r\n")
		line = " " + line[width:]
	}
	b.WriteString(line)
	b.WriteString("\r\n")
}

// csvde writes a table whose columns stand in the order of discovery.
func csvde(list []*entry) string {
	columns := []string{"DN"}
	index := map[string]int{"DN": 0}
	for _, e := range list {
		for _, a := range e.attrs {
			if _, ok := index[a.name]; !ok {
				index[a.name] = len(columns)
				columns = append(columns, a.name)
			}
		}
	}
	var b strings.Builder
	b.WriteString(strings.Join(columns, ",") + "\r\n")
	for _, e := range list {
		row := make([]string, len(columns))
		row[0] = quote(e.dn)
		for _, a := range e.attrs {
			if a.binary {
				row[index[a.name]] = "X'" + hex.EncodeToString([]byte(a.values[0])) + "'"
			} else {
				row[index[a.name]] = quote(strings.Join(a.values, ";"))
			}
		}
		b.WriteString(strings.Join(row, ",") + "\r\n")
	}
	return b.String()
}

func quote(s string) string {
	if strings.ContainsAny(s, `,"`) {
		return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
	}
	return s
}

func utf16le(s string) []byte {
	b := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return b
}
