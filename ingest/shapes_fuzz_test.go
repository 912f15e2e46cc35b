package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"calaudit/ingest/delimited"
)

// FuzzTable opens whatever file as a table, with told columns or without: the
// careful reader and the one that reads pieces on all cores must see the same
// rows, and every line that is not blank must be one of them.
func FuzzTable(f *testing.F) {
	for _, tl := range tools[:len(tools)-3] {
		for _, t := range site()[3:5] {
			data, beside := tl.save(t)
			format := ""
			for _, text := range beside {
				format = text
			}
			f.Add([]byte(data), format)
			f.Add(utf16LE(data), format)
		}
	}
	f.Add([]byte("a,b\n-,-\n1,\"2\n3\"\n(2 rows affected)\n"), "")
	f.Add([]byte("sep=;\n#TYPE x\na;b\n1;caf\xe9\n"), "")
	f.Add([]byte("--- --\n--- --\nab  c\nabcdef\n"), "")
	f.Fuzz(func(t *testing.T, data []byte, format string) {
		file := NewFile("Table.dat", data)
		if format != "" {
			beside := NewFile("Table.fmt", []byte(format))
			h, err := beside.Head()
			if err != nil {
				t.Fatal(err)
			}
			if file.given, err = formatFile(beside, h); err != nil || file.given == nil {
				file.given = headerFile(beside, h)
			}
		}
		page := ansi()
		open := func() (*Table, io.Closer) {
			table, c, err := openTableIn(file, page)
			if err != nil {
				return nil, nil
			}
			table.empties = true
			return table, c
		}
		careful, c := open()
		if careful == nil {
			return
		}
		defer c.Close()
		show := func(table *Table, err error) string {
			var bad *delimited.RowError
			if errors.As(err, &bad) {
				return fmt.Sprintf("%d: %s", bad.Line, bad.What)
			}
			s := fmt.Sprintf("%d", table.Line())
			for i := range table.Header() {
				s += fmt.Sprintf("|%q", table.Field(i))
			}
			return s
		}
		var want []string
		for {
			err := careful.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			want = append(want, show(careful, err))
		}
		pieces, c := open()
		defer c.Close()
		var got []string
		rest, err := readPieces(context.Background(), pieces, func(_ int, own *Table) (list []string, err error) {
			for {
				err := own.Next()
				if errors.Is(err, io.EOF) {
					return list, nil
				}
				list = append(list, show(own, err))
			}
		}, func(list []string) error { got = append(got, list...); return nil })
		if err != nil {
			t.Fatal(err)
		}
		for rest {
			err := pieces.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			got = append(got, show(pieces, err))
		}
		if !slices.Equal(got, want) {
			t.Fatalf("in pieces\n%s\ncareful\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if pieces.CutShort() != careful.CutShort() {
			t.Fatalf("cut short %v, careful %v", pieces.CutShort(), careful.CutShort())
		}
	})
}

// BenchmarkShapes reads the same sessions as each tool saves them. The rate is
// that of the bytes of the file; "lines" is reading its lines and nothing else.
func BenchmarkShapes(b *testing.B) {
	const rows = 100000
	files := benchSet(5000, rows)
	h, err := files[0].Open()
	if err != nil {
		b.Fatal(err)
	}
	text, err := io.ReadAll(h)
	if err != nil {
		b.Fatal(err)
	}
	header, body, _ := strings.Cut(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")
	columns := strings.Split(header, ",")
	lines := strings.Split(strings.TrimSuffix(body, "\n"), "\n")
	join := func(end string, row func(fields []string) string) string {
		var out strings.Builder
		for _, l := range lines {
			out.WriteString(row(strings.Split(l, ",")) + end)
		}
		return out.String()
	}
	widths := make([]int, len(columns))
	for i, c := range columns {
		widths[i] = max(len(c), 11)
		if strings.HasSuffix(c, "Time") {
			widths[i] = 23
		}
		if strings.HasSuffix(c, "EndpointId") {
			widths[i] = 36
		}
	}
	pad := func(fields []string) string {
		var out strings.Builder
		for i, v := range fields {
			out.WriteString(v + strings.Repeat(" ", max(0, widths[i]-len(v))))
			if i < len(fields)-1 {
				out.WriteByte(' ')
			}
		}
		return out.String()
	}
	var dashes []string
	for _, w := range widths {
		dashes = append(dashes, strings.Repeat("-", w))
	}
	quote := func(fields []string) string { return `"` + strings.Join(fields, `","`) + `"` }
	told := &Columns{Names: columns, From: "--columns"}
	table := sqlTable{columns: columns}
	terminated, err := formatFile(NewFile("x.fmt", nil), &Head{Text: []byte(lineFormat(table, "||", "|\n"))})
	if err != nil {
		b.Fatal(err)
	}
	plain := header + "\r\n" + join("\r\n", func(f []string) string { return strings.Join(f, ",") })
	for _, c := range []struct {
		name  string
		data  string
		given *Columns
	}{
		{"csv", plain, nil},
		{"utf-16", string(utf16LE(plain)), nil},
		{"bcp", join("\r\n", func(f []string) string { return strings.Join(f, "\t") }), told},
		{"bcp-terminators", join("|\n", func(f []string) string { return strings.Join(f, "||") }), terminated},
		{"sqlcmd", header + "\r\n" + strings.Join(dashesOf(columns), ",") + "\r\n" + join("\r\n", func(f []string) string { return strings.Join(f, ",") }), nil},
		{"sqlcmd-padded", pad(columns) + "\r\n" + strings.Join(dashes, " ") + "\r\n" + join("\r\n", pad), nil},
		{"quoted", quote(columns) + "\r\n" + join("\r\n", quote), nil},
		{"export-csv", "#TYPE System.Data.DataRow\r\n" + quote(columns) + "\r\n" + join("\r\n", func(f []string) string { return quote(f) }), nil},
		{"local-dates", quote(columns) + "\r\n" + join("\r\n", func(f []string) string {
			for i, v := range f {
				if len(v) == 23 && v[4] == '-' {
					f[i] = v[8:10] + "." + v[5:7] + "." + v[:4] + v[10:19]
				}
			}
			return strings.Join(f, ";")
		}), nil},
	} {
		if c.name == "local-dates" {
			c.data = strings.ReplaceAll(c.data, `","`, `";"`)
		}
		set := slices.Clone(files)
		set[0] = NewFile("SessionDetails.csv", []byte(c.data))
		set[0].given = c.given
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.data)))
			b.ReportAllocs()
			for b.Loop() {
				n := 0
				if err := readCDR(context.Background(), set, cdrEnv, func(b *Batch) error { n += len(b.Records); b.Done(); return nil }); err != nil || n != rows {
					b.Fatal(n, err)
				}
			}
		})
		b.Run(c.name+"/lines", func(b *testing.B) {
			b.SetBytes(int64(len(c.data)))
			for b.Loop() {
				l := newSourceLines(strings.NewReader(c.data))
				for {
					if _, err := l.next(true); err != nil {
						break
					}
				}
			}
		})
	}
}

func dashesOf(columns []string) (dashes []string) {
	for _, c := range columns {
		dashes = append(dashes, strings.Repeat("-", len(c)))
	}
	return dashes
}
