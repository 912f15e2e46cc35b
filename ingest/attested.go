package ingest

import (
	"context"
	"slices"
	"strings"
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
	cells [SourceName + 1]map[string]*cell // by the text as written, as most repeat
	limit time.Time
}

// cell is a value of a column that names something, as it was read.
type cell struct {
	text string // canonical; "" is nobody or nothing
	err  error
	name ID // of the text, 0 until it is asked for
}

var emptyCell = &cell{}

func newAttester(ctx context.Context, index int, names *Names, env *Env, emit Emit) *attester {
	a := &attester{ctx: ctx, index: index, emit: emit, names: names, limit: env.Now.Add(24 * time.Hour)}
	a.b = a.fresh()
	return a
}

// fresh is the next batch. Behind one that was full another is likely.
func (a *attester) fresh() *Batch {
	b := &Batch{File: a.index, Skipped: map[string]int{}}
	if a.b != nil {
		b.Records = newRecords(len(a.b.Records))
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
	if c, ok := a.cells[kind][string(raw)]; ok {
		return c, c.err
	}
	c := &cell{text: string(raw)}
	written := c.text
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
	if a.cells[kind] == nil {
		a.cells[kind] = map[string]*cell{}
	}
	if len(written) <= mostKept { // as with remember: a bound on memory, not on correctness
		if len(a.cells[kind]) >= 1<<18 {
			clear(a.cells[kind])
		}
		a.cells[kind][written] = c
	}
	return c, c.err
}

// id is the name's.
func (a *attester) id(kind NameKind, c *cell) ID {
	if c.name == 0 && c.text != "" {
		c.name = a.names.ID(kind, c.text)
	}
	return c.name
}

// recall remembers what was made of a text, as most repeat.
type recall[T any] map[string]T

func (m recall[T]) of(raw []byte, read func(text string) T) T {
	v, ok := m[string(raw)]
	if !ok {
		text := string(raw)
		v = read(text)
		remember(m, raw, v)
	}
	return v
}

// inFuture refuses what lies later than the moment of import and a day.
func (a *attester) inFuture(at time.Time) error {
	if at.After(a.limit) {
		return told("the time %s lies in the future; check the clock of the exporting system", at.Format(time.RFC3339))
	}
	return nil
}

// add takes a record; key is what the source calls the use.
func (a *attester) add(r Record, at time.Time, key ...string) {
	r.Kind, r.At = AttestedRecord, at.UnixMilli()
	r.Key = r.At
	r.Seq, r.Sub = keyHash(key...)
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
	b.Names, a.b = a.names.Fresh(), a.fresh()
	return a.emit(b)
}
