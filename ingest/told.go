package ingest

import (
	"fmt"
	"io"
	"os"
	"path"
	"strings"
	"time"

	"calaudit/ingest/text"
)

// What the user said about reading a file beyond its content, as a note about
// the import: only what mattered to it.
const (
	withColumns   = "read with --columns "
	withEncoding  = "read with --encoding "
	withDateOrder = "read with --date-order "
)

// ReadWith are the options that mattered to the reading of the file, once it was
// read, and what was left out in unpacking it.
func (f *File) ReadWith() (notes []string) {
	if f.given != nil && f.given.From == "--columns" {
		notes = append(notes, withColumns+f.given.Table+"="+strings.Join(f.given.Names, ","))
	}
	if f.paged && f.page != nil {
		notes = append(notes, withEncoding+f.page.Name())
	}
	if f.ordered {
		notes = append(notes, withDateOrder+f.order.String())
	}
	if f.behind > 0 {
		notes = append(notes, fmt.Sprintf("bytes behind the end of the packed data: %d, not read; compare the file with the original", f.behind))
	}
	return notes
}

// String is the word for --date-order.
func (o DateOrder) String() string {
	switch o {
	case MonthFirst:
		return "mdy"
	case DayFirst:
		return "dmy"
	}
	return ""
}

// Contradicts tells which option given now would read the file otherwise than
// it was read, by the notes about that; was is what was said or assumed then. An
// option that is not given contradicts nothing.
func (f *File) Contradicts(notes []string) (now, was string, err error) {
	said := func(prefix string) string {
		for _, n := range notes {
			if rest, ok := strings.CutPrefix(n, prefix); ok {
				return prefix[len("read with "):] + rest
			}
		}
		return ""
	}
	if f.given != nil && f.given.From == "--columns" {
		now := "--columns " + f.given.Table + "=" + strings.Join(f.given.Names, ",")
		if was := said(withColumns); was != "" && was != now {
			return now, was, nil
		}
	}
	if f.order != AnyOrder {
		now := "--date-order " + f.order.String()
		if was := said(withDateOrder); was != "" && was != now {
			return now, was, nil
		}
	}
	if f.page == nil {
		return "", "", nil
	}
	now, was = "--encoding "+f.page.Name(), said(withEncoding)
	if was == "" {
		was = "--encoding " + ansi().Name() // what is assumed without
	}
	if was == now {
		return "", "", nil
	}
	used, err := f.encoded()
	if err != nil || !used {
		return "", "", err
	}
	return now, was, nil
}

// encoded reads the file to tell whether its code page matters.
func (f *File) encoded() (bool, error) {
	rc, err := f.Open()
	if err != nil {
		return false, err
	}
	defer rc.Close()
	r := text.NewPageReader(rc, f.page)
	room := make([]byte, 64<<10)
	for !r.Used() {
		if _, err := r.Read(room); err == io.EOF {
			break
		} else if err != nil {
			return false, err
		}
	}
	return r.Used(), nil
}

// OpenTable is OpenSource for a table whose columns may stand beside it, in a
// format or header file, or in the notes about its import: where it does not name
// them itself they are found as they were found then.
func OpenTable(shown string, notes []string) (*File, error) {
	f, err := OpenSource(shown)
	if err != nil {
		return nil, err
	}
	var columns []string
	var encoding, order string
	for _, n := range notes {
		if c, ok := strings.CutPrefix(n, withColumns); ok {
			columns = append(columns, c)
		} else if e, ok := strings.CutPrefix(n, withEncoding); ok {
			encoding = e
		} else if o, ok := strings.CutPrefix(n, withDateOrder); ok {
			order = o
		}
	}
	options, err := NewOptions(columns, encoding, order)
	if err != nil {
		return nil, err
	}
	h, err := f.Head()
	if err != nil {
		return nil, ReadError(shown, err)
	}
	if lcsCDR.sniff(h).Yes || qoeMetrics.sniff(h).Yes {
		f.page = options.page
		return f, nil
	}
	archive, _, packed := strings.Cut(shown, "!")
	paths := []string{archive}
	if !packed {
		list, err := os.ReadDir(path.Dir(shown))
		if err != nil {
			return nil, ReadError(shown, err)
		}
		paths = nil
		for _, e := range list {
			if !e.IsDir() {
				paths = append(paths, path.Join(path.Dir(shown), e.Name()))
			}
		}
	}
	for _, u := range options.Gather(time.Time{}, paths).Units {
		for _, g := range u.Files {
			if g.Path == path.Clean(shown) || g.Path == shown {
				return g, nil
			}
		}
	}
	return f, nil
}
