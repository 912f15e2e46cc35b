package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
)

// cdrSet is the table set of one database while it is read. It keeps the
// lookup tables, a few bytes a row; fact rows pass through.
type cdrSet struct {
	schema  *cdrSchema
	env     *Env
	names   *Names
	ids     map[string]*cdrIDs // by table; nil when the table was not exported
	auth    map[string]map[string]Class
	product string
	odd     sync.Map   // tables whose columns look exchanged in some file
	mu      sync.Mutex // over emitting: names travel in the order of their ids
}

// cdrPart is one file of the set.
type cdrPart struct {
	index int
	file  *File
	def   *cdrTable
}

func readCDR(ctx context.Context, files []*File, env *Env, emit Emit) error {
	return lcsCDR.read(ctx, files, env, emit)
}

// read reads the lookup tables that others refer to, the other lookup tables,
// then the facts, in the order of the description. Files that hold the same
// table are read one after the other.
func (c *cdrSchema) read(ctx context.Context, files []*File, env *Env, emit Emit) error {
	s := &cdrSet{schema: c, env: env, names: NewNames(), ids: map[string]*cdrIDs{}, auth: map[string]map[string]Class{}}
	parts, err := s.parts(files)
	if err != nil {
		return err
	}
	var codes, lookups, facts [][]cdrPart // by table
	for i := range c.tables {
		def, of := &c.tables[i], []cdrPart(nil)
		for _, p := range parts {
			if p.def == def {
				of = append(of, p)
			}
		}
		switch {
		case c.codes[def.name]:
			codes = append(codes, of)
		case def.role == cdrLookup:
			lookups = append(lookups, of)
		default:
			facts = append(facts, of)
		}
	}
	for _, of := range codes {
		if err := s.readAll(ctx, of, emit); err != nil {
			return err
		}
	}
	if err := s.together(ctx, lookups, emit); err != nil {
		return err
	}
	for _, of := range facts {
		if err := s.readAll(ctx, of, emit); err != nil {
			return err
		}
	}
	return nil
}

// together reads tables on all cores, the biggest first. Of several errors that
// of the biggest counts, so that a refusal is the same every time.
func (s *cdrSet) together(ctx context.Context, tables [][]cdrPart, emit Emit) error {
	size := func(of []cdrPart) (n int64) {
		for _, p := range of {
			n += p.file.Size
		}
		return n
	}
	slices.SortStableFunc(tables, func(a, b []cdrPart) int { return cmp.Compare(size(b), size(a)) })
	errs := make([]error, len(tables))
	free := make(chan struct{}, max(1, min(runtime.NumCPU(), 8)))
	var wg sync.WaitGroup
	for i, of := range tables {
		free <- struct{}{}
		wg.Go(func() {
			errs[i] = s.readAll(ctx, of, emit)
			<-free
		})
	}
	wg.Wait()
	return cmp.Or(errs...)
}

// readAll reads the files of one table.
func (s *cdrSet) readAll(ctx context.Context, parts []cdrPart, emit Emit) error {
	for _, p := range parts {
		if err := s.read(ctx, p, emit); err != nil {
			var refused *Refusal
			if errors.As(err, &refused) || errors.Is(err, ctx.Err()) {
				return err
			}
			return fmt.Errorf("%s: %w", p.file.Path, err)
		}
	}
	return nil
}

// parts finds out which table each file holds, and the product.
func (s *cdrSet) parts(files []*File) ([]cdrPart, error) {
	var parts []cdrPart
	headers := map[string][]string{}
	for i, f := range files {
		h, err := f.Head()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Path, err)
		}
		v := s.schema.sniff(h)
		if !v.Yes {
			return nil, fmt.Errorf("%s: no table of the %s any more; was it replaced while it was read?", f.Path, s.schema.about)
		}
		def := s.schema.named(v.Part)
		t, err := sniffTable(h)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Path, err)
		}
		headers[def.name] = append(headers[def.name], t.Header()...)
		if def.role == cdrLookup && s.ids[def.name] == nil {
			s.ids[def.name] = &cdrIDs{}
		}
		parts = append(parts, cdrPart{i, f, def})
	}
	s.product = s.schema.product(headers)
	return parts, nil
}
