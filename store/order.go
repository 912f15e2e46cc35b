package store

import (
	"math"
	"slices"

	"calaudit/ingest"
	"calaudit/store/segment"
)

// slot is a waiting row's place and what it is sorted by.
type slot struct {
	key uint64
	at  uint32
}

// sorter brings rows into the order of family and key. Exports mostly come in
// that order already, or nearly: time is spent on the keys alone, which are
// short, and not on rows.
type sorter struct {
	order []slot
	spare []segment.Row
}

// sort returns the rows in order, in their own place or in another one, which
// is valid until the next call.
func (s *sorter) sort(rows []segment.Row) []segment.Row {
	least := int64(math.MaxInt64) // of those with a time
	ordered := true
	for i := range rows {
		if rows[i].Key != ingest.Undated {
			least = min(least, rows[i].Key)
		}
		ordered = ordered && (i == 0 || compareRows(&rows[i-1], &rows[i]) <= 0)
	}
	if ordered {
		return rows
	}
	order := slices.Grow(s.order[:0], 2*len(rows))
	for i := range rows {
		key := uint64(familyOf[rows[i].Kind]) << 60
		if rows[i].Key != ingest.Undated {
			key |= uint64(rows[i].Key-least) + 1
		}
		order = append(order, slot{key, uint32(i)})
	}
	sortSlots(order, order[len(rows):2*len(rows)])
	out := slices.Grow(s.spare[:0], len(rows))
	for _, x := range order {
		out = append(out, rows[x.at])
	}
	// Rows of one time are few: these alone are compared as a whole.
	for i := 0; i < len(out); {
		j := i + 1
		for j < len(out) && order[j].key == order[i].key {
			j++
		}
		if j > i+1 {
			slices.SortFunc(out[i:j], func(a, b segment.Row) int { return compareRows(&a, &b) })
		}
		i = j
	}
	s.order, s.spare = order, out
	return out
}

func compareRows(a, b *segment.Row) int {
	if d := familyOf[a.Kind] - familyOf[b.Kind]; d != 0 {
		return d
	}
	return segment.Compare(a, b)
}

// sortSlots sorts by key, a digit of 11 bits at a time from the lowest: three
// passes for three months of milliseconds. A digit that is the same in all
// keys costs no pass. other is room for as many slots.
func sortSlots(s, other []slot) {
	const digit = 11
	in, out := s, other
	var differ uint64
	for i := range in {
		differ |= in[i].key ^ in[0].key
	}
	for shift := 0; shift < 64; shift += digit {
		if differ>>shift&(1<<digit-1) == 0 {
			continue
		}
		var count [1 << digit]uint32
		for i := range in {
			count[in[i].key>>shift&(1<<digit-1)]++
		}
		sum := uint32(0)
		for i, n := range count {
			count[i] = sum
			sum += n
		}
		for i := range in {
			d := in[i].key >> shift & (1<<digit - 1)
			out[count[d]] = in[i]
			count[d]++
		}
		in, out = out, in
	}
	if &in[0] != &s[0] {
		copy(s, in)
	}
}
