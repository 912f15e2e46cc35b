package store

import (
	"bytes"
	"encoding/json"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"

	"calaudit/audit"
	"calaudit/store/segment"
)

// planes unpacks planes, one at a time, and remembers the last one: what a
// look-up of one person asks for again.
type planes struct {
	mu    sync.Mutex
	z     io.ReadCloser
	last  int64 // id of the plane whose lines are held, 0 for none
	lines bytes.Buffer
}

// maxPlane is how many bytes the lines of a plane have at most. It is never met
// by people that exist (a subject has some hundred bytes); a plane that unpacks
// to more was not written here.
const maxPlane = 256 << 20

// unpack returns the lines of a plane, which are valid until the next call.
func (p *planes) unpack(data []byte) ([]byte, error) {
	p.last = 0
	p.lines.Reset()
	in := bytes.NewReader(data)
	if p.z == nil {
		p.z = flate.NewReader(in)
	} else if err := p.z.(flate.Resetter).Reset(in, nil); err != nil {
		return nil, err
	}
	p.lines.Grow(min(40*len(data), maxPlane)) // what planes mostly hold
	n, err := p.lines.ReadFrom(io.LimitReader(p.z, maxPlane+1))
	if n > maxPlane {
		err = segment.ErrDamaged
	}
	return p.lines.Bytes(), err
}

// one reads the one subject of a plane with the id, nil when there is none,
// without the others: how many reasons stand before it, and in all. No text in
// JSON has a bare quote, so what is looked for is no part of one. The plane is
// read with the given function unless it is the last one.
func (p *planes) one(plane int64, read func() ([]byte, error), id string) (found *audit.Subject, before, all int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last != plane {
		data, err := read()
		if err == nil {
			_, err = p.unpack(data)
		}
		if err != nil {
			return nil, 0, 0, err
		}
		p.last = plane
	}
	lines := p.lines.Bytes()
	quoted, err := json.Marshal(id)
	if err != nil {
		return nil, 0, 0, err
	}
	reason := []byte(`{"rule":`)
	all = bytes.Count(lines, reason)
	start := []byte(`{"id":` + string(quoted) + `,`)
	at := 0
	if !bytes.HasPrefix(lines, start) {
		at = bytes.Index(lines, append([]byte{'\n'}, start...)) + 1
		if at == 0 {
			return nil, 0, all, nil
		}
	}
	line, _, _ := bytes.Cut(lines[at:], []byte{'\n'})
	found, before = new(audit.Subject), bytes.Count(lines[:at], reason)
	if err := json.Unmarshal(line, found); err != nil {
		return nil, 0, 0, err
	}
	if before+len(found.Reasons) > all {
		return nil, 0, 0, segment.ErrDamaged // no line that was written has reasons in another form
	}
	return found, before, all, nil
}

// subjectsOf reads the subjects of lines, without figures.
func subjectsOf(lines []byte) ([]audit.Subject, error) {
	dec := json.NewDecoder(bytes.NewReader(lines))
	var list []audit.Subject
	for {
		var s audit.Subject
		switch err := dec.Decode(&s); {
		case err == io.EOF:
			return list, nil
		case err != nil:
			return nil, err
		}
		list = append(list, s)
	}
}

// figures are those of all reasons of a block.
type figures struct {
	count, first, last []uint64
}

// readFigures unpacks the figures of n reasons.
func readFigures(packed []byte, n int) (figures, error) {
	f := figures{make([]uint64, n), make([]uint64, n), make([]uint64, n)}
	r := segment.NewReader(packed)
	r.Column(f.count)
	r.Column(f.first)
	r.Column(f.last)
	return f, r.End()
}

// add completes the reasons of a subject, before which so many others stand.
func (f figures) add(s *audit.Subject, before int) {
	for i := range s.Reasons {
		x, at := &s.Reasons[i], before+i
		x.Count, x.First, x.Last = int(f.count[at]), secondsText(f.first[at]), secondsText(f.last[at])
	}
}

// addFigures completes all subjects of a block.
func addFigures(subjects []audit.Subject, packed []byte) error {
	n := 0
	for i := range subjects {
		n += len(subjects[i].Reasons)
	}
	f, err := readFigures(packed, n)
	if err != nil {
		return err
	}
	n = 0
	for i := range subjects {
		f.add(&subjects[i], n)
		n += len(subjects[i].Reasons)
	}
	return nil
}
