package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"
	"sync"

	"calaudit/ingest/delimited"
	"calaudit/ingest/text"
)

// cdrBatch is how many rows travel in one batch.
const cdrBatch = 4096

// cdrRows reads the rows of one file.
type cdrRows struct {
	set     *cdrSet
	part    cdrPart
	t       *Table
	clock   cdrClock
	guids   cdrGUIDs
	skipped map[string]int
	batch   *Batch
	n       int // rows in the batch
	room    int // records that a batch is likely to hold
	// gap is set while a row is read when a value of it is unknown because the
	// set is incomplete.
	gap     bool
	coarse  precision // the least that a key showed
	counted bool      // the last row was the query tool's row count: the file is whole
	claimed int       // rows by such counts
	tooled  int       // rows that the query tool wrote itself
	rows    int       // rows of the file in earlier batches
}

// rowReader fills a record from the current row. A reason to skip or an error
// to reject takes the place of the record.
type rowReader func(rec *Record) (skip string, err error)

func (s *cdrSet) read(ctx context.Context, p cdrPart, emit Emit) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	t, closer, err := openTableIn(p.file, p.page())
	if err != nil {
		return err
	}
	defer closer.Close()
	t.empties = true
	r := s.rows(p, t)
	if p.def.role == cdrFact {
		h, err := p.file.Head()
		if err == nil {
			err = r.clock.settle(ctx, p.file, h)
		}
		if err != nil {
			return err
		}
	}
	r.notes()
	var row rowReader
	var hash *cdrHash
	switch p.def.role {
	case cdrFact:
		row = s.schema.facts(s, r)
	case cdrLookup:
		row, hash = s.schema.lookups(s, r), newCDRHash(p.def.name, t.Header())
		if row, err = s.exchanged(p, row); err != nil {
			return err
		}
	}
	careful := p.def.role != cdrFact || row == nil // one row after the other
	for first := true; ; first = false {
		if !first && !careful {
			if careful, err = s.pieces(ctx, r, emit); err != nil {
				return err
			}
			if !careful {
				break
			}
		}
		err := t.Next()
		if err == io.EOF {
			break
		}
		r.counted = false
		switch {
		case err != nil:
			err = r.bad(err)
		case first && r.dashes():
			r.tool(skipDashes)
		case row == nil:
			r.skip("not needed")
		default:
			err = r.put(row, hash)
		}
		if err != nil {
			return err
		}
		if r.n >= cdrBatch {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := r.flush(emit); err != nil {
				return err
			}
		}
	}
	r.endNotes()
	return r.flush(emit)
}

// exchanged is the reader of a table's rows, or one that rejects them all when
// the names of its columns look exchanged: nothing is guessed, and what other
// tables say beside it stands.
func (s *cdrSet) exchanged(p cdrPart, row rowReader) (rowReader, error) {
	if p.def.name != s.schema.people && p.def.name != "Phones" {
		return row, nil
	}
	h, err := p.file.Head()
	if err != nil {
		return nil, err
	}
	id, address, _ := strings.Cut(p.def.needed, " ")
	if why := exchanged(h, id, address); why != "" {
		s.odd.Store(p.def.name, true)
		return func(*Record) (string, error) { return "", errors.New(why) }, nil
	}
	return row, nil
}

// page is the code page of text that is not UTF-8. Rows of ids and numbers need
// none: what is no digit is rejected anyway.
func (p *cdrPart) page() *text.CodePage {
	if p.file.page != nil || p.def.role == cdrFact && !p.def.view() {
		return p.file.page
	}
	return ansi()
}

// ansi is what Windows tools write where they are not asked for anything else.
var ansi = sync.OnceValue(func() *text.CodePage {
	page, err := text.Named("windows-1252")
	if err != nil {
		panic(err)
	}
	return page
})

// endNotes says what the whole file has shown.
func (r *cdrRows) endNotes() {
	switch r.coarse {
	case toSecond:
		r.note("times without a fraction of a second: " + coarseNote)
	case toMinute:
		r.note("times without seconds: " + coarseNote)
	}
	if r.t.page != nil && r.t.page.Used() && r.part.file.page == nil {
		r.note("text that is not UTF-8 is read as windows-1252; give --encoding if names look wrong (bcp -c writes the code page of the console, such as ibm850, unless told otherwise)")
	}
	if rows := r.rows + r.n - r.tooled; r.claimed > rows {
		r.note(fmt.Sprintf("the query tool counted %d rows, the file has %d: the others are lost; export it again", r.claimed, rows))
	}
	if r.t.CutShort() && !r.counted {
		r.note(cutNote)
	}
}

// coarseNote says what becomes of rows whose key lost its end. That two of them
// are one row cannot be proved, and that they are two cannot either; but who did
// what is the same in both cases.
const coarseNote = "rows that agree in all that is left of them count once, also with rows of an exact export; export dates with style 121"

// rows makes a reader of the rows of a table.
func (s *cdrSet) rows(p cdrPart, t *Table) *cdrRows {
	r := &cdrRows{set: s, part: p, t: t, clock: newCDRClock(s.env.Now), guids: cdrGUIDs{names: s.names}, room: cdrBatch}
	r.take()
	return r
}

// take takes what was read as a batch, but for the names, and begins another.
func (r *cdrRows) take() *Batch {
	b := r.batch
	if b != nil && len(r.skipped) > 0 {
		b.Skipped = r.skipped
	}
	if b != nil {
		r.room = max(r.room, len(b.Records)+len(b.Records)/16)
		r.rows += b.Rows()
	}
	r.batch = &Batch{File: r.part.index}
	r.n, r.skipped = 0, map[string]int{}
	return b
}

func (r *cdrRows) flush(emit Emit) error {
	b := r.take()
	r.set.mu.Lock()
	defer r.set.mu.Unlock()
	b.Names = r.set.names.Fresh()
	return emit(b)
}

// cdrPiece is what a worker made of a piece of a fact table.
type cdrPiece struct {
	batch           *Batch
	any             bool // it holds rows
	counted         bool
	coarse          precision
	claimed, tooled int
}

// pieces reads fact rows on all cores. Nothing of a fact row depends on
// another one: what rows refer to was read before.
func (s *cdrSet) pieces(ctx context.Context, r *cdrRows, emit Emit) (careful bool, err error) {
	if err := r.flush(emit); err != nil {
		return false, err
	}
	workers := map[int]*cdrWorker{}
	var mu sync.Mutex
	worker := func(n int, t *Table) *cdrWorker {
		mu.Lock()
		defer mu.Unlock()
		if workers[n] == nil {
			own := s.rows(r.part, t)
			own.clock = r.clock
			workers[n] = &cdrWorker{own, s.schema.facts(s, own)}
			own.take() // with the notes, which the file has already
		}
		return workers[n]
	}
	return readPieces(ctx, r.t, func(n int, t *Table) (cdrPiece, error) { return worker(n, t).piece() }, func(p cdrPiece) error {
		r.coarse = max(r.coarse, p.coarse)
		r.claimed, r.tooled, r.rows = r.claimed+p.claimed, r.tooled+p.tooled, r.rows+p.batch.Rows()
		if p.any {
			r.counted = p.counted
		}
		p.batch.Names = s.names.Fresh()
		return emit(p.batch)
	})
}

type cdrWorker struct {
	*cdrRows
	row rowReader
}

func (w *cdrWorker) piece() (cdrPiece, error) {
	w.claimed, w.tooled = 0, 0
	for any := false; ; any = true {
		err := w.t.Next()
		if err == io.EOF {
			return cdrPiece{w.take(), any, w.counted, w.coarse, w.claimed, w.tooled}, nil
		}
		w.counted = false
		if err != nil {
			err = w.bad(err)
		} else {
			err = w.put(w.row, nil)
		}
		if err != nil {
			return cdrPiece{}, err
		}
	}
}

// put puts the current row where it belongs.
func (r *cdrRows) put(row rowReader, hash *cdrHash) error {
	r.gap = false
	b := r.batch
	if b.Records == nil && r.t.block != nil {
		b.Records = newRecords(r.room)
	}
	b.Records = append(b.Records, Record{})
	rec := &b.Records[len(b.Records)-1]
	skip, err := row(rec)
	switch {
	case err != nil:
		b.Records = b.Records[:len(b.Records)-1]
		var refused *Refusal
		if errors.As(err, &refused) {
			return err
		}
		rows, count := r.tallied()
		switch {
		case count:
			r.count(rows)
			return nil
		case r.headed():
			r.tool("header row among the rows")
			return nil
		case r.dashes():
			r.tool(skipDashes)
			return nil
		}
		r.reject(r.line(), err.Error(), r.t.Raw())
	case skip != "":
		b.Records = b.Records[:len(b.Records)-1]
		r.skip(skip)
		return nil
	case hash != nil:
		b.Records = b.Records[:len(b.Records)-1]
		b.Lookups = append(b.Lookups, Lookup{Line: uint32(r.line()), Hash: hash.sum(r.t)})
		r.n++
	default:
		rec.File, rec.Line = uint32(r.part.index), uint32(r.line())
		r.n++
	}
	if r.gap {
		b.Unresolved++
	}
	return nil
}

func (r *cdrRows) line() int { return r.t.Line() }

func (r *cdrRows) skip(why string) {
	r.skipped[why]++
	r.n++
}

// tool skips a line that the tool wrote which exported the rows.
func (r *cdrRows) tool(why string) {
	r.skip(why)
	r.tooled++
}

func (r *cdrRows) reject(line int, what string, raw []byte) {
	r.batch.Rejects = append(r.batch.Rejects, Reject{Line: line, What: what, Table: r.part.def.name, Raw: EscapeRaw(raw)})
	r.n++
}

// bad rejects a row that could not be split, unless it is the row count that
// sqlcmd writes under a result: "(42 rows affected)". Any other error ends the
// file.
func (r *cdrRows) bad(err error) error {
	var e *delimited.RowError
	if !errors.As(err, &e) {
		return err
	}
	switch rows, count, other := toolLine(string(e.Raw)); {
	case count:
		r.count(rows)
		return nil
	case other:
		r.tool("line written by the query tool")
		return nil
	}
	r.reject(e.Line, e.What+"; "+mendOrExport, e.Raw)
	return nil
}

// count takes the row count of the tool.
func (r *cdrRows) count(rows int) {
	r.tool(skipCount)
	r.counted = true
	r.claimed += rows
}

// tallied recognises the row count where it happens to stand in the columns of
// padded rows: "(7 rows" is seven wide, as is MediaId.
func (r *cdrRows) tallied() (rows int, ok bool) {
	var words []string
	for i := range r.t.Header() {
		if f := trimSpace(r.t.Field(i)); len(f) > 0 {
			words = append(words, string(f))
		}
	}
	rows, ok, _ = toolLine(strings.Join(words, " "))
	return rows, ok
}

// headed recognises the header: files were put together, or sqlcmd repeats it
// after so many rows (-h).
func (r *cdrRows) headed() bool {
	for i, name := range r.t.Header() {
		if string(trimSpace(r.t.Field(i))) != name {
			return false
		}
	}
	return true
}

// dashes recognises the line that sqlcmd draws under the header.
func (r *cdrRows) dashes() bool {
	for i := range r.t.Header() {
		f := trimSpace(r.t.Field(i))
		if len(f) == 0 || strings.Trim(string(f), "-") != "" {
			return false
		}
	}
	return true
}

func (r *cdrRows) note(text string) { r.batch.Notes = append(r.batch.Notes, text) }

// notes says once per file which generation it is, and which columns are not
// read because nobody documents them: a misspelt one is seen that way.
func (r *cdrRows) notes() {
	if r.set.product != "" {
		r.note("product: " + r.set.product)
	}
	if r.set.schema.partial[r.part.def.name] {
		return
	}
	var odd []string
	for _, name := range r.t.Header() {
		if k := ColumnKey(name); !cdrFree[k] && !r.part.def.has(k) {
			odd = append(odd, fmt.Sprintf("column %s is not documented for the table %s and not read", quoteShort(name), r.part.def.name))
		}
	}
	sort.Strings(odd)
	r.batch.Notes = append(r.batch.Notes, odd...)
}

// lack notes a lookup table that the file refers to and the set does not
// have. column is the column that refers to it: without it nothing is lost.
func (r *cdrRows) lack(table, what string, column int) *cdrIDs {
	ids := r.set.ids[table]
	if ids == nil && column >= 0 {
		r.note(table + " was not exported: " + what + " unknown")
	}
	return ids
}
