package ingest

import (
	"cmp"
	"context"
	"errors"
	"io"
	"runtime"
	"sync"

	"calaudit/ingest/delimited"
)

// piecesAhead is how many pieces of a table may be read and not yet emitted.
const piecesAhead = 3

// readPieces reads the rest of a table on all cores: work makes something of
// each piece, in any order, and emit takes the results in the order of the
// file. Each worker has a table of its own, positioned before the first row of
// the piece. It ends with the data, or where the file must be read from one
// end to the other: then careful is set, and t goes on there.
func readPieces[T any](parent context.Context, t *Table, work func(worker int, t *Table) (T, error), emit func(T) error) (careful bool, err error) {
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	type done struct {
		result T
		err    error
	}
	type job struct {
		piece delimited.Piece
		done  chan done
	}
	workers := max(1, min(runtime.NumCPU(), 8))
	jobs, order := make(chan *job, workers), make(chan *job, workers+piecesAhead)
	buffers := make(chan []byte, workers+piecesAhead)
	cutter := t.r.Cut()
	var cutErr error
	var wg sync.WaitGroup
	wg.Go(func() { // reads
		defer close(jobs)
		defer close(order)
		for {
			var buf []byte
			select {
			case buf = <-buffers:
			default:
			}
			piece, ok, err := cutter.Next(buf)
			if err != nil || !ok {
				careful = err == nil
				if !errors.Is(err, io.EOF) {
					cutErr = err
				}
				return
			}
			j := &job{piece, make(chan done, 1)}
			select {
			case order <- j:
			case <-ctx.Done():
				return
			}
			jobs <- j
		}
	})
	for worker := range workers {
		wg.Go(func() { // convert
			own := t.piecewise(cutter)
			for j := range jobs {
				var d done
				if ctx.Err() == nil {
					own.block.Reset(j.piece)
					d.result, d.err = work(worker, own)
				}
				j.done <- d
			}
		})
	}
	for j := range order {
		d := <-j.done
		if err == nil {
			if err = d.err; err == nil {
				err = ctx.Err()
			}
			if err == nil {
				err = emit(d.result)
			}
			if err != nil {
				cancel()
			}
		}
		select {
		case buffers <- j.piece.Data:
		default:
		}
	}
	wg.Wait()
	if err = cmp.Or(err, parent.Err(), cutErr); err != nil {
		return false, err
	}
	if careful {
		t.r = cutter.Rest(t.shape.comma)
	} else {
		t.cut = cutter.CutShort()
	}
	return careful, nil
}
