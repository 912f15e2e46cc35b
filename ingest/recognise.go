package ingest

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"path"
	"strings"

	"calaudit/ingest/mls"
)

// recognise finds the file's format and files it.
func (g *gatherer) recognise(f *File) {
	f.page, f.order = g.options.page, g.options.DateOrder
	h, err := f.Head()
	if err != nil {
		if f.packed && g.fresh(f) && errors.Is(explain(err), errCutShort) {
			g.pass(f.Path, "still being written: it is cut short and was written to less than a minute ago; left for the next run")
			return
		}
		g.fail(ReadError(f.Path, err))
		return
	}
	raw, err := f.raw(262)
	if err != nil {
		g.fail(ReadError(f.Path, err))
		return
	}
	if f.packed && nested(raw) {
		g.pass(f.Path, "an archive inside an archive is not opened; unpack it")
		return
	}
	if why, own := ownFile(h, f, raw); own {
		g.passOwn(f.Path, why)
		return
	} else if why != "" {
		g.pass(f.Path, why)
		return
	}
	switch kind, fm, v := g.judge(h); {
	case kind != "":
		g.setting(kind, f)
	case fm != nil && g.growing(f):
		g.pass(f.Path, whyGrowing)
	case fm != nil:
		f.Part = v.Part
		g.found = append(g.found, found{format: fm, file: f, broken: v.Why})
	case f.Size == 0 || len(h.Text) == 0:
		g.pass(f.Path, "the file is empty")
	case h.Bin:
		g.bare = append(g.bare, bare{f, h, "binary data of no known format"})
	default:
		why := cmp.Or(noHeader(f, h), wrapped(h), "of no known format; see calaudit formats")
		g.bare = append(g.bare, bare{f, h, why})
	}
}

// judge tells what the file is: a setting of a kind, an export of a format
// (broken when the verdict says why), or neither.
func (g *gatherer) judge(h *Head) (kind string, fm *Format, v Verdict) {
	if kind := settingKind(h); kind != "" {
		return kind, nil, Verdict{}
	}
	for i := range g.formats {
		w := g.formats[i].Sniff(h)
		switch {
		case w.Yes:
			return "", &g.formats[i], Verdict{Yes: true, Part: w.Part}
		case w.Broken && fm == nil:
			fm, v = &g.formats[i], w
		}
	}
	if fm == nil && namedLicenses(h) {
		return "licenses", nil, Verdict{}
	}
	return "", fm, v
}

// wrapped tells the output of sqlcmd whose lines it broke at 80 characters: the
// header goes over several, and so do the dashes under it.
func wrapped(h *Head) string {
	n := 0
	for line := range bytes.Lines(h.Text) {
		if n++; n > 200 {
			break
		}
		line = bytes.TrimSpace(line)
		if n > 1 && len(line) > 10 && bytes.HasPrefix(line, []byte("---")) && len(bytes.Trim(line, "- ")) == 0 {
			return "rows under a line of dashes, but no header of a known table above it: sqlcmd breaks lines at 80 characters unless -w 65535 is given; export with -s , -W"
		}
	}
	return ""
}

// ownFile tells files that can never be evidence: databases, and what
// calaudit itself writes.
func ownFile(h *Head, f *File, raw []byte) (why string, own bool) {
	if bytes.HasPrefix(raw, []byte("SQLite format 3\x00")) {
		if len(raw) >= 72 && string(raw[68:72]) == ApplicationID {
			return "a calaudit database", true
		}
		return "a SQLite database, not an export", false
	}
	// An export may quote these words; a JSON document is none.
	json := bytes.HasPrefix(bytes.TrimLeft(h.Text, " \t\r\n"), []byte{'{'})
	if json && (bytes.Contains(h.Text, []byte(`"schema": "calaudit.`)) || bytes.Contains(h.Text, []byte(`"schema":"calaudit.`))) {
		return "written by calaudit", true
	}
	switch ext := path.Ext(f.Path); {
	case (strings.HasSuffix(ext, "db-wal") || strings.HasSuffix(ext, "db-shm")) && (h.Bin || len(h.Text) == 0), ext == ".lock" && len(h.Text) == 0:
		return "belongs to a database", true
	}
	return "", false
}

// ApplicationID marks calaudit's databases: the four bytes at offset 68.
const ApplicationID = "CALa"

// settingKind tells the two settings files from content.
func settingKind(h *Head) string {
	if h.Bin {
		return ""
	}
	if t, err := sniffTable(h); err == nil && entitlements(t) {
		return "licenses"
	}
	for line := range strings.Lines(string(h.Text)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		for _, key := range []string{"sip_domains", "time_zone", "applications", "guests"} {
			if rest, ok := strings.CutPrefix(line, key); ok && strings.HasPrefix(strings.TrimSpace(rest), "=") {
				return "estate"
			}
		}
		for _, table := range []string{"[aliases]", "[devices]", "[servers]", "[[exemptions]]", "[shared]"} {
			if strings.HasPrefix(line, table) {
				return "estate"
			}
		}
		if strings.HasSuffix(strings.ToLower(h.Name), "estate.toml") && strings.Contains(line, "=") {
			return "estate" // let the strict reader name what is wrong
		}
		return ""
	}
	return ""
}

// entitlementColumns are the columns of licenses.csv.
var entitlementColumns = []string{"license", "metric", "version", "quantity", "sa_from", "sa_until", "agreement", "unit_price", "currency", "note"}

// entitlements tells a table of licences, also one with a misspelt column: the
// strict reader names that. Half of its columns must be known, and some that
// other tables do not have: lists of orders and of software have quantities,
// versions and prices as well.
func entitlements(t *Table) bool {
	hits := 0
	for _, name := range entitlementColumns {
		if t.Column(name) >= 0 {
			hits++
		}
	}
	core := 0
	for _, name := range []string{"license", "metric", "quantity"} {
		if t.Column(name) >= 0 {
			core++
		}
	}
	if core == 3 {
		return true
	}
	return hits >= 3 && hits*2 >= len(t.Header()) && (core == 2 || t.Column("sa_from", "sa_until") >= 0)
}

// namedLicenses is the last resort for a table that nothing else knows: whoever
// calls it licenses.csv means it.
func namedLicenses(h *Head) bool {
	name := strings.TrimSuffix(strings.ToLower(h.Name), ".gz")
	t, err := sniffTable(h)
	return name == "licenses.csv" && !h.Bin && err == nil && len(t.Header()) > 1
}

const maxSetting = 64 << 20

func (g *gatherer) setting(kind string, f *File) {
	s, err := ReadSetting(kind, f)
	if err != nil {
		g.fail(err)
		return
	}
	g.pile.Settings = append(g.pile.Settings, s)
}

// statement takes a licence statement on disk, which is a setting.
func (g *gatherer) statement(name string) {
	f, err := OpenFile(name)
	if err != nil {
		g.fail(err)
		return
	}
	g.setting("licenses", f)
}

// ReadSetting reads a settings file whole. A licence statement, which is an
// Excel workbook, becomes a table in text.
func ReadSetting(kind string, f *File) (Setting, error) {
	head, err := f.raw(4)
	if err != nil {
		return Setting{}, ReadError(f.Path, err)
	}
	workbook := kind == "licenses" && isZip(head)
	open := f.Text
	if workbook {
		open = f.Open
	}
	rc, err := open()
	if err != nil {
		return Setting{}, ReadError(f.Path, err)
	}
	defer rc.Close()
	data, err := readUpTo(rc, maxSetting+1)
	if err != nil {
		return Setting{}, ReadError(f.Path, err)
	}
	if len(data) > maxSetting {
		return Setting{}, fmt.Errorf("%s: longer than %d bytes; a settings file is small", f.Path, maxSetting)
	}
	if workbook {
		s, err := mls.Read(data)
		if err != nil {
			return Setting{}, fmt.Errorf("%s: %w; give a Microsoft License Statement as it came, or licenses.csv", f.Path, err)
		}
		data = s.Table()
	}
	return Setting{Kind: kind, Path: f.Path, Data: data}, nil
}
