package ingest

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"calaudit/ingest/delimited"
)

func csvdeFormat() Format {
	return Format{
		Name:   "directory-csvde",
		About:  "the same directory objects as a table, exported by csvde -f FILE -u",
		Basis:  "documented",
		Fields: directoryFields,
		Sample: csvdeSample,
		Sniff:  sniffCSVDE,
		Read:   readCSVDE,
	}
}

const csvdeSample = `DN,objectClass,displayName,whenChanged,userAccountControl,proxyAddresses,msRTCSIP-UserEnabled,msRTCSIP-PrimaryUserAddress,msRTCSIP-PrimaryHomeServer,msRTCSIP-OptionFlags,msRTCSIP-Line
"OU=Staff,DC=contoso,DC=com",top;organizationalUnit,,20090105090000.0Z,,,,,,,
"CN=Alice Ash,OU=Staff,DC=contoso,DC=com",top;person;organizationalPerson;user,Alice Ash,20090302080000.0Z,512,SMTP:alice@contoso.com;sip:a.ash@contoso.com,TRUE,sip:alice@contoso.com,"CN=LC Services,CN=Microsoft,CN=pool1,CN=Pools,CN=RTC Service,CN=Microsoft,CN=System,DC=contoso,DC=com",384,tel:+14255550100
`

// otherADColumns tell a directory export by its header beside the attributes
// that are read.
var otherADColumns = []string{"sAMAccountName", "userPrincipalName", "distinguishedName", "objectSid", "whenCreated",
	"instanceType", "uSNChanged", "sAMAccountType", "lastLogonTimestamp"}

// sniffCSVDE knows the table by its header: DN first, then directory
// attributes. The order and set of the others differ from export to export.
func sniffCSVDE(h *Head) Verdict {
	t, err := sniffTable(h)
	if err != nil || ColumnKey(t.Header()[0]) != "dn" {
		return Verdict{}
	}
	known := t.Column(otherADColumns...) >= 0
	sip := false
	for _, name := range t.Header() {
		key := ColumnKey(name)
		sip = sip || len(key) > 8 && key[:8] == "msrtcsip"
		known = known || csvdeAttributes[key] != noAttribute && key != "cn"
	}
	user := t.Column("msRTCSIP-UserEnabled", "msRTCSIP-PrimaryUserAddress") >= 0
	switch {
	case !known && !sip:
		return Verdict{}
	case !sip:
		return Verdict{Broken: true, Why: "no msRTCSIP attribute among the columns: the file cannot tell who is enabled; export with csvde " + exportWith}
	case t.twice != "":
		return Verdict{Broken: true, Why: fmt.Sprintf("the directory export names the column %q twice; keep one", t.twice)}
	}
	for _, a := range neededAttributes {
		if user && t.Column(a.name) < 0 {
			return Verdict{Broken: true, Why: "the directory export lacks the column " + a.name + ", so nobody would count as enabled; export with csvde " + exportWith}
		}
	}
	return Verdict{Yes: true}
}

// csvdeAttributes are the attributes by their folded column name.
var csvdeAttributes = func() map[string]attribute {
	m := make(map[string]attribute, len(directoryAttributes))
	for name, a := range directoryAttributes {
		m[ColumnKey(name)] = a
	}
	return m
}()

func readCSVDE(ctx context.Context, files []*File, _ *Env, emit Emit) error {
	for i, f := range files {
		if err := readCSVDEFile(ctx, i, f, emit); err != nil {
			return fmt.Errorf("%s: %w", f.Path, err)
		}
	}
	return nil
}

func readCSVDEFile(ctx context.Context, index int, f *File, emit Emit) error {
	t, closer, err := openTable(f)
	if err != nil {
		return err
	}
	defer closer.Close()
	d := newDirectory(ctx, index, emit)
	d.csvdeNotes(t)
	var columns []csvdeColumn
	for i, name := range t.Header() {
		if a := csvdeAttributes[ColumnKey(name)]; a != noAttribute {
			columns = append(columns, csvdeColumn{i, a})
		}
	}
	for {
		bad, err := delimited.Bad(t.Next())
		switch {
		case errors.Is(err, io.EOF):
			if t.CutShort() {
				d.batch.Cut = true
				d.batch.Notes = append(d.batch.Notes, cutNote)
			}
			return d.flush(true)
		case err != nil:
			return err
		case bad != nil:
			d.reject(bad.Line, bad.What+"; export the entry again", EscapeRaw(bad.Raw))
		default:
			d.row(t, columns)
		}
		if err := d.flush(false); err != nil {
			return err
		}
	}
}

// csvdeNotes says which attributes the header lacks that change the judgement.
func (d *directory) csvdeNotes(t *Table) {
	say := func(s string) { d.batch.Notes = append(d.batch.Notes, s) }
	if t.Column("msRTCSIP-UserEnabled") < 0 {
		say("no column msRTCSIP-UserEnabled: the file shows no enabled users")
		return
	}
	for _, c := range []struct{ name, lost string }{
		{"objectClass", "contacts cannot be told from users"},
		{"userAccountControl", "disabled accounts cannot be told"},
		{"msRTCSIP-OptionFlags", "voice extensions cannot be told"},
		{"msRTCSIP-Line", "voice extensions cannot be told"},
	} {
		if t.Column(c.name) < 0 {
			say("no column " + c.name + ": " + c.lost)
		}
	}
}

// csvdeColumn is one column that is read.
type csvdeColumn struct {
	place int
	attr  attribute
}

// row takes the current row of the table.
func (d *directory) row(t *Table, columns []csvdeColumn) {
	d.object(t.Line())
	o := &d.obj
	o.dn = o.text(unhex(t.Field(0)))
	for _, c := range columns {
		cell := t.Field(c.place)
		switch {
		case len(cell) == 0:
		case c.attr == aObjectClass:
			eachValue(cell, isAny, func(v []byte) { o.set(c.attr, v) })
		case c.attr == aProxyAddresses, c.attr == aSIPProxyAddresses:
			eachValue(cell, isTyped, func(v []byte) { o.set(c.attr, v) })
		default:
			o.set(c.attr, unhex(unescape(cell)))
		}
	}
	if err := d.take(); err != nil {
		d.reject(o.line, err.Error(), EscapeRaw(t.Raw()))
	}
}

// eachValue splits a cell of several values: ";" between them, "\;" within
// one. Some exports leave a ";" of a value unescaped; a piece that begins no
// value of its own belongs to the one before.
func eachValue(cell []byte, begins func([]byte) bool, yield func([]byte)) {
	start, from := 0, 0
	for {
		i := bytes.IndexByte(cell[from:], ';')
		if i < 0 {
			yield(unhex(unescape(cell[start:])))
			return
		}
		i += from
		from = i + 1
		if i > 0 && cell[i-1] == '\\' || !begins(cell[from:]) {
			continue
		}
		yield(unhex(unescape(cell[start:i])))
		start = from
	}
}

func isAny([]byte) bool { return true }

// isTyped tells an entry of proxyAddresses, "TYPE:address", or binary text.
func isTyped(b []byte) bool {
	for i, c := range b {
		switch {
		case c == ':' && i > 0:
			return true
		case c == '\'' && i == 1:
			return b[0] == 'X'
		case !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.'):
			return false
		}
	}
	return false
}

// unescape undoes "\;".
func unescape(v []byte) []byte {
	if bytes.IndexByte(v, '\\') < 0 {
		return v
	}
	return bytes.ReplaceAll(v, []byte(`\;`), []byte{';'})
}

// unhex undoes X'..', the tool's form of binary values and, without -u, of
// text outside ASCII. What is not well formed stays as it is.
func unhex(v []byte) []byte {
	if len(v) < 3 || v[0] != 'X' || v[1] != '\'' || v[len(v)-1] != '\'' {
		return v
	}
	out := make([]byte, hex.DecodedLen(len(v)-3))
	if _, err := hex.Decode(out, v[2:len(v)-1]); err != nil {
		return v
	}
	return out
}
