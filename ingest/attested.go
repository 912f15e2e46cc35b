package ingest

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"
)

// attester collects what one file attests: activities of single parties, each
// with a key of its own (see AttestedRecord).
type attester struct {
	ctx   context.Context
	index int
	emit  Emit
	names *Names
	b     *Batch
	cells *cells
	limit time.Time
	key   keyText // of the use that is taken
}

// cells are those of a file, by the text as written.
type cells [SourceName + 1]recall[cell]

// cellPool keeps the room of cells that are done with, as recordPool does.
var cellPool = sync.Pool{New: func() any { return new(cells) }}

// cell is a value of a column that names something, as it was read.
type cell struct {
	text string // canonical; "" is nobody or nothing
	err  error
	name ID // of the text, 0 until it is asked for
}

var emptyCell = &cell{}

func newAttester(ctx context.Context, index int, names *Names, env *Env, emit Emit) *attester {
	a := &attester{ctx: ctx, index: index, emit: emit, names: names, limit: env.Now.Add(24 * time.Hour), cells: cellPool.Get().(*cells)}
	for i := range a.cells {
		a.cells[i].most = 1 << 18
	}
	a.b = a.fresh()
	return a
}

// fresh is the next batch. Behind one that was full another is likely.
func (a *attester) fresh() *Batch {
	b := &Batch{File: a.index, Skipped: map[string]int{}}
	if a.b != nil {
		b.Records = newRecords(len(a.b.Records))
	} else if room, ok := recordPool.Get().(*[]Record); ok {
		b.Records = (*room)[:0]
	}
	return b
}

func (a *attester) say(note string) { a.b.Notes = append(a.b.Notes, note) }

func (a *attester) sayOnce(note string) {
	if !slices.Contains(a.b.Notes, note) { // the store drops those of other batches
		a.say(note)
	}
}

func (a *attester) skip(why string) { a.b.Skipped[why]++ }

// reject takes a row that cannot be read.
func (a *attester) reject(line int, err error, raw []byte) {
	what := err.Error()
	if !strings.Contains(what, "; ") {
		what += "; " + mendOrExport
	}
	if untoldOrder(err) {
		a.b.Unresolved++
	}
	a.b.Rejects = append(a.b.Rejects, Reject{Line: line, What: what, Raw: EscapeRaw(raw)})
}

// cell reads a value: an address of somebody in its canonical form, the name of
// a server likewise, everything else as it stands.
func (a *attester) cell(kind NameKind, column string, raw []byte) (*cell, error) {
	if len(raw) == 0 {
		return emptyCell, nil
	}
	if c := a.cells[kind].get(raw); c != nil {
		return c, c.err
	}
	written := string(raw)
	c := cell{text: written}
	if kind == UserName {
		c.text = address(written)
	}
	if err := readable(column, c.text, mendRow); err != nil {
		return nil, err // not to be remembered: it names the column
	}
	switch kind {
	case UserName:
		if c.text, c.err = ParseUser(written); c.err != nil {
			c.text = ""
		}
	case ServerName:
		c.text = ParseServer(written)
	}
	return a.cells[kind].keep(written, c), c.err
}

// id is the name's.
func (a *attester) id(kind NameKind, c *cell) ID {
	if c.name == 0 && c.text != "" {
		c.name = a.names.ID(kind, c.text)
	}
	return c.name
}

// machine is what a text that names a device says.
type machine struct {
	id       string
	endpoint bool
	err      error
	name     ID // of the id, 0 until it is asked for
}

func newMachine(text string) *machine {
	var m machine
	m.id, m.endpoint, m.err = ParseDevice(text)
	return &m
}

func newMAC(text string) *machine { return newMachine("mac:" + text) }

// of is the name's.
func (m *machine) of(names *Names) ID {
	switch {
	case m.name != 0:
	case m.endpoint:
		m.name = names.ID(EndpointName, m.id)
	default:
		m.name = names.ID(DeviceName, m.id)
	}
	return m.name
}

// recall remembers what was made of a text, as most repeat: many in the next row
// already.
type recall[T any] struct {
	known textTable[T]
	most  int    // how many, mostTexts if not set
	hash  uint32 // of the text that get did not find
	last  []byte
	value *T // of the last, nil if there is none
}

func (m *recall[T]) of(raw []byte, read func(text string) T) T {
	v := m.get(raw)
	if v == nil {
		text := string(raw)
		v = m.keep(text, read(text))
	}
	return *v
}

// get is nil for a text that is not known. A change of what it returns may be
// forgotten, like everything.
func (m *recall[T]) get(raw []byte) *T {
	if m.value != nil && bytes.Equal(raw, m.last) {
		return m.value
	}
	hash := textBytesHash(raw)
	v := find(&m.known, hash, raw)
	if v == nil {
		m.hash = hash
		return nil
	}
	m.last, m.value = append(m.last[:0], raw...), v
	return v
}

// keep is for the text that get did not find.
func (m *recall[T]) keep(text string, v T) *T {
	m.value = nil // unless get finds the text again
	return m.known.keep(m.hash, text, v, cmp.Or(m.most, mostTexts))
}

// forget makes room for other texts, unless there is far more than was needed.
func (m *recall[T]) forget() {
	if m.value = nil; len(m.known.all)*16 < len(m.known.slots) {
		m.known = textTable[T]{}
		return
	}
	clear(m.known.slots)
	clear(m.known.all)
	m.known.all = m.known.all[:0]
}

// inFuture refuses what lies later than the moment of import and a day.
func (a *attester) inFuture(at time.Time) error {
	if at.After(a.limit) {
		return told("the time %s lies in the future; check the clock of the exporting system", at.Format(time.RFC3339))
	}
	return nil
}

// add takes a record; a.key is what the source calls the use, but for its time.
func (a *attester) add(r Record, at time.Time) {
	r.Kind, r.At = AttestedRecord, at.UnixMilli()
	r.Key = r.At
	a.key = a.key.number(r.At)
	r.Seq, r.Sub = a.key.hash()
	a.b.Records = append(a.b.Records, r)
}

// flush emits the batch when it is full, and at the end.
func (a *attester) flush(end bool) error {
	if !end && len(a.b.Records)+len(a.b.Rejects) < plainBatch {
		return nil
	}
	if err := a.ctx.Err(); err != nil {
		return err
	}
	b := a.b
	b.Names = a.names.Fresh()
	if !end {
		a.b = a.fresh()
		return a.emit(b)
	}
	for i := range a.cells {
		a.cells[i].forget()
	}
	cellPool.Put(a.cells)
	a.b, a.cells = nil, nil
	return a.emit(b)
}
