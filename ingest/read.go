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
// only, one for every row, so that its tally balances like any other.
func (u *Unit) Read(ctx context.Context, env *Env, emit Emit) error {
	if u.Broken != "" {
		return rejectAll(ctx, u.Files, u.Broken, emit)
	}
	return u.Format.Read(ctx, u.Files, env, emit)
}

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
			return emit(&Batch{File: index})
		}
	}
	b := &Batch{File: index}
	for {
		row, err := r.Read()
		var bad *delimited.RowError
		if err != nil && !errors.As(err, &bad) {
			if errors.Is(err, io.EOF) {
				return emit(b)
			}
			return err
		}
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
