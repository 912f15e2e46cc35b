package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"calaudit/ingest/delimited"
)

// Read turns the unit into batches. A broken or refused unit yields rejects
// only, one for every row, so that its tally balances like any other. What
// is said of a file as a whole comes last.
func (u *Unit) Read(ctx context.Context, env *Env, emit Emit) error {
	rows := make([]int, len(u.Files))
	err := u.read(ctx, env, func(b *Batch) error {
		rows[b.File] += b.Rows()
		for _, why := range noRows {
			rows[b.File] -= b.Skipped[why]
		}
		return emit(b)
	})
	for i, f := range u.Files {
		var notes []string
		if rows[i] == 0 {
			notes = append(notes, emptyNote)
		}
		if f.turned {
			notes = append(notes, turnedNote)
		}
		if err == nil && notes != nil {
			err = emit(&Batch{File: i, Notes: notes})
		}
	}
	return err
}

func (u *Unit) read(ctx context.Context, env *Env, emit Emit) error {
	if u.Broken != "" {
		return rejectAll(ctx, u.Files, u.Broken, emit)
	}
	return u.Format.Read(ctx, u.Files, env, emit)
}

// emptyNote is said of a file of which nothing was read.
const emptyNote = "no rows: nothing is under the header that is read; if there should be some, export it again"

// turnedNote is said of a file of which the end is no UTF-16.
const turnedNote = "the file begins in UTF-16 and goes on in text of single bytes, as when lines are added with another tool; read as both"

// noRows are the reasons of skips of which a file may consist that has no rows.
var noRows = [...]string{skipDashes, skipCount, skipParameters}

const (
	skipDashes     = "line of dashes under the header"
	skipCount      = "row count written by the query tool"
	skipParameters = "a row of the report's parameters, or of a table that is not read"
)

// Refuse rejects every row of a unit that its reader refused.
func (u *Unit) Refuse(ctx context.Context, why *Refusal, emit Emit) error {
	return rejectAll(ctx, u.Files, fmt.Sprintf("the set is refused: %s:%d: %s", why.File, why.Line, why.What), emit)
}

// rejectAll counts the data rows of tables and rejects each.
func rejectAll(ctx context.Context, files []*File, what string, emit Emit) error {
	for i, f := range files {
		if err := rejectFile(ctx, i, f, what, emit); err != nil {
			return fmt.Errorf("%s: %w", f.Path, err)
		}
	}
	return nil
}

func rejectFile(ctx context.Context, index int, f *File, what string, emit Emit) error {
	r, err := openRows(f, f.page)
	if err != nil {
		return err
	}
	defer r.Close()
	if r.shape.given == nil {
		if _, err := r.Read(); errors.Is(err, io.EOF) { // the header
			return emit(&Batch{File: index, Notes: []string{what}})
		}
	}
	b, any := &Batch{File: index}, false
	for {
		row, err := r.Read()
		var bad *delimited.RowError
		if err != nil && !errors.As(err, &bad) {
			if errors.Is(err, io.EOF) {
				if !any {
					b.Notes = []string{what} // that a header changed is never silent
				}
				return emit(b)
			}
			return err
		}
		any = true
		rej := Reject{Line: r.Line(), What: what}
		if bad != nil {
			rej.Line, rej.Raw = bad.Line, EscapeRaw(bad.Raw)
		} else {
			rej.Raw = EscapeRaw(rawRow(row))
		}
		b.Rejects = append(b.Rejects, rej)
		if len(b.Rejects) >= plainBatch {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := emit(b); err != nil {
				return err
			}
			b = &Batch{File: index}
		}
	}
}

// Unchanged reports whether the file on disk is still as it was when the
// paths were walked: a file that grows while it is read is left for later.
func (f *File) Unchanged() bool {
	if f.disk == "" {
		return true
	}
	info, err := os.Stat(f.disk)
	return err == nil && info.Size() == f.stat.Size() && info.ModTime().Equal(f.stat.ModTime())
}
