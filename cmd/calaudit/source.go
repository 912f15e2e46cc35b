package main

import (
	"context"
	"fmt"

	"calaudit/audit/report"
	"calaudit/ingest"
	"calaudit/store"
)

// addSources adds to each evidence line the text of the row it was read from:
// kept in the database, else from the export while that is there and has the
// same SHA-256. Each export is read once, whole.
func addSources(ctx context.Context, s *store.Store, lines []report.EvidenceLine, imports []int64) error {
	of := map[int64][]int{} // import -> indexes of its lines
	for i, id := range imports {
		of[id] = append(of[id], i)
	}
	for id, indexes := range of {
		wanted := make([]int, len(indexes))
		for k, i := range indexes {
			wanted[k] = lines[i].Line
		}
		origin, err := s.Origin(ctx, id)
		if err != nil {
			return err
		}
		var texts map[int]string
		missing := "the row is not among those kept"
		if origin.Kept {
			texts, err = s.KeptText(ctx, id, wanted)
		} else {
			texts, missing, err = exportText(ctx, origin, wanted)
		}
		if err != nil {
			return err
		}
		for _, i := range indexes {
			l := &lines[i]
			text, ok := texts[l.Line]
			switch {
			case !ok:
				l.SourceNote = missing
			case len(text) > ingest.MaxSourceRow:
				text = text[:ingest.MaxSourceRow]
				l.SourceNote = fmt.Sprintf("cut after %d bytes", ingest.MaxSourceRow)
			}
			l.Source = &text
		}
	}
	return nil
}

// exportText reads rows from the export itself. When it is not the file that
// was ingested, missing says so and no text is given.
func exportText(ctx context.Context, origin store.Origin, lines []int) (texts map[int]string, missing string, err error) {
	const notKept = "not kept, and the export "
	wanted := map[int]bool{}
	for _, l := range lines {
		wanted[l] = true
	}
	open := func() (*ingest.File, error) { return ingest.OpenSource(origin.Path) }
	if origin.Format == "cdr" || origin.Format == "qoe" {
		open = func() (*ingest.File, error) { return ingest.OpenTable(origin.Path, origin.Notes) }
	}
	f, err := open()
	if err != nil {
		return nil, notKept + "is gone: " + err.Error(), nil
	}
	if f.Size >= 0 && f.Size != origin.Size {
		return nil, notKept + "has changed", nil
	}
	texts = map[int]string{}
	sum, err := f.SourceRows(ctx, origin.Format, func(line int) bool { return wanted[line] }, func(line int, text []byte) error {
		texts[line] = string(text)
		return nil
	})
	switch {
	case ctx.Err() != nil:
		return nil, "", ctx.Err()
	case err != nil:
		return nil, notKept + "cannot be read: " + ingest.ReadError(origin.Path, err).Error(), nil
	case sum != origin.SHA256:
		return nil, notKept + "has changed", nil
	}
	return texts, "the export has no row there", nil
}
