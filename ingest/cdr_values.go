package ingest

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"sort"
)

// trimSpace cuts spaces and tabs, which sqlcmd pads with. It looks at two
// bytes only when there is nothing to cut.
func trimSpace(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}

// value is a column of the current row, empty for NULL.
func (r *cdrRows) value(column int) []byte { return notNull(r.t.Field(column)) }

// notNull is a field without padding, empty for NULL: the word is what SSMS
// and sqlcmd write for it.
func notNull(b []byte) []byte {
	b = trimSpace(b)
	if len(b) == 4 && b[0]|0x20 == 'n' && b[1]|0x20 == 'u' && b[2]|0x20 == 'l' && b[3]|0x20 == 'l' {
		return nil
	}
	return b
}

// number reads an integer column; null when it is empty or not there.
func (r *cdrRows) number(column int) (n int64, null bool, err error) {
	return r.integer(column, r.value(column))
}

// integer is number for the value of the column.
func (r *cdrRows) integer(column int, b []byte) (n int64, null bool, err error) {
	if len(b) == 0 {
		return 0, true, nil
	}
	digits := b
	if b[0] == '-' {
		digits = b[1:]
	}
	if len(digits) == 0 || len(digits) > 18 {
		return 0, false, r.notNumber(column, b)
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false, r.notNumber(column, b)
		}
		n = n*10 + int64(c-'0')
	}
	if b[0] == '-' {
		n = -n
	}
	return n, false, nil
}

func (r *cdrRows) notNumber(column int, b []byte) error {
	return told("%s %s is not a number; %s", r.t.Header()[column], quoteShort(string(b)), mendOrExport)
}

// bit reads a bit column: 0 and 1 from SQL tools, True and False from PowerShell.
func (r *cdrRows) bit(column int) (set bool, err error) {
	switch b := r.value(column); string(b) {
	case "", "0", "False", "false", "FALSE":
		return false, nil
	case "1", "True", "true", "TRUE":
		return true, nil
	default:
		return false, fmt.Errorf("%s %s is not a bit; expected 0, 1, True or False", r.t.Header()[column], quoteShort(string(b)))
	}
}

// time reads a date column; 0 and null when it is empty or not there.
func (r *cdrRows) time(column int) (ms int64, null bool, err error) {
	ms, _, null, err = r.moment(column)
	return ms, null, err
}

// moment is time with how much of it the file shows. A row whose day cannot be
// told from its month is worth reading again when the user has told.
func (r *cdrRows) moment(column int) (ms int64, p precision, null bool, err error) {
	b := r.value(column)
	if len(b) == 0 {
		return 0, 0, true, nil
	}
	if ms, p, err = r.clock.read(b, r.t.Header()[column]); untoldOrder(err) {
		r.gap = true
	}
	return ms, p, false, err
}

// endpoint reads an endpoint GUID column.
func (r *cdrRows) endpoint(column int) (ID, error) {
	b := r.value(column)
	if len(b) == 0 {
		return 0, nil
	}
	id, ok := r.guids.id(b)
	if !ok {
		return 0, fmt.Errorf("%s %s is not a GUID; mend the row or export it again", r.t.Header()[column], quoteShort(string(b)))
	}
	return id, nil
}

// entry looks the id in a column up; nil when it is NULL, or unknown, which
// marks the row as one to be read again.
func (r *cdrRows) entry(ids *cdrIDs, column int) (*cdrEntry, error) {
	n, null, err := r.number(column)
	if null || err != nil {
		return nil, err
	}
	var e *cdrEntry
	if ids != nil {
		e = ids.at(n)
	}
	if e == nil || e.state != cdrKnown {
		r.gap = true
		return nil, nil
	}
	r.gap = r.gap || e.gap
	return e, nil
}

// name is the name behind the id in a column, 0 when it is not known.
func (r *cdrRows) name(ids *cdrIDs, column int) (ID, error) {
	e, err := r.entry(ids, column)
	if e == nil {
		return 0, err
	}
	return e.name, nil
}

// cdrHash tells lookup rows apart: table and trimmed values in the order of
// the column names, so that the order of columns in an export is no difference.
type cdrHash struct {
	table string
	keys  []string
	order []int
	h     hash.Hash
	buf   []byte
}

func newCDRHash(table string, header []string) *cdrHash {
	c := &cdrHash{table: table, h: sha256.New()}
	for i, name := range header {
		c.keys = append(c.keys, ColumnKey(name))
		c.order = append(c.order, i)
	}
	sort.Slice(c.order, func(a, b int) bool { return c.keys[c.order[a]] < c.keys[c.order[b]] })
	return c
}

// sum hashes the current row. No field holds a NUL byte, so that byte ends each.
func (c *cdrHash) sum(t *Table) (short [16]byte) {
	c.buf = append(append(c.buf[:0], c.table...), 0)
	for _, i := range c.order {
		c.buf = append(append(c.buf, c.keys[i]...), 0)
		c.buf = append(append(c.buf, notNull(t.Field(i))...), 0)
	}
	c.h.Reset()
	c.h.Write(c.buf)
	copy(short[:], c.h.Sum(c.buf[:0]))
	return short
}
