package ingest

import (
	"cmp"
	"slices"
)

// Some tools cut the key's fraction of a second, or its seconds. Then the pair
// of SessionIdTime and SessionIdSeq is no key any more: it stands for every row
// of that second or minute with that number. What can still be proved is this.
//
// A cut row and a whole one are the same row only if the whole key, cut, is the
// cut one and nothing that both know differs. Where that holds for one whole
// row, the cut one adds what it knows; where it holds for several, it is one of
// them and adds nothing. So a cut export beside a whole one changes nothing.
// Cut rows that agree in everything count once: that they are two cannot be
// told, and who did what is the same. Rows that differ in anything stay apart.
// Phone sides and joins go with the session or meeting that they fit; where
// several meetings come into question, their kind is not told unless all agree.

const cutKey = WholeSecond | WholeMinute

// unit is what the key of a record leaves out, in milliseconds.
func (r *Record) unit() int64 {
	switch {
	case r.Flags&cutKey == 0:
		return int64(toMillisecond)
	case r.Flags&WholeMinute != 0:
		return int64(toMinute)
	}
	return int64(toSecond)
}

// sameKey: the keys of two records can be those of one row.
func sameKey(a, b *Record) bool {
	if a.Key == b.Key {
		return true
	}
	u := max(a.unit(), b.unit())
	return u > 1 && a.Key/u == b.Key/u
}

// cut composes timed records of which some have keys that are cut: those that a
// key may stand for are composed together.
func (c *composer) cut(s []composeSlot) {
	run := make([]uint32, len(s))
	for i, slot := range s {
		run[i] = slot.at
	}
	slices.SortFunc(run, func(a, b uint32) int {
		x, y := &c.in[a], &c.in[b]
		if n := family(x.Kind) - family(y.Kind); n != 0 {
			return n
		}
		if n := cmp.Compare(x.Key/int64(toMinute), y.Key/int64(toMinute)); n != 0 {
			return n
		}
		if n := cmp.Compare(x.Seq, y.Seq); n != 0 {
			return n
		}
		return cmp.Compare(x.Key, y.Key)
	})
	var groups [][]uint32
	for i := 0; i < len(run); {
		first := &c.in[run[i]]
		end := first.Key + first.unit()
		j := i + 1
		for ; j < len(run); j++ {
			r := &c.in[run[j]]
			if r.Key >= end || r.Seq != first.Seq || family(r.Kind) != family(first.Kind) {
				break
			}
			end = max(end, r.Key+r.unit())
		}
		groups = append(groups, run[i:j])
		i = j
	}
	// In the order in which whole keys are composed, whatever part of the day
	// is at hand: a use of the quality database goes to the first fact it fits.
	slices.SortFunc(groups, func(a, b []uint32) int {
		x, y := &c.in[a[0]], &c.in[b[0]]
		return cmp.Or(cmp.Compare(x.Key, y.Key), family(x.Kind)-family(y.Kind), cmp.Compare(x.Seq, y.Seq))
	})
	for _, group := range groups {
		some := slices.ContainsFunc(group, func(at uint32) bool { return c.in[at].unit() > 1 })
		slices.SortStableFunc(group, func(a, b uint32) int { return int(c.in[a].Kind) - int(c.in[b].Kind) })
		if some && family(c.in[group[0]].Kind) == 2 {
			c.meetings(group)
		} else {
			c.group(group)
		}
	}
}

// meetings composes meetings whose keys may be the same. With one of them in
// question there is no doubt; else those with whole keys are composed by
// themselves, and what the cut rows tell beyond them together.
func (c *composer) meetings(run []uint32) {
	type row struct {
		kind Kind
		user ID
	}
	whole := map[row][]uint32{}
	var keys []int64
	for _, at := range run {
		if r := &c.in[at]; r.unit() == 1 {
			whole[row{r.Kind, r.From.User}] = append(whole[row{r.Kind, r.From.User}], at)
			keys = append(keys, r.Key)
		}
	}
	slices.Sort(keys)
	keys = slices.Compact(keys)
	var left, rest []uint32 // cut rows that are none of the whole ones; those with these
	var kinds Flags
	for _, at := range run {
		r := &c.in[at]
		if r.Flags&Synthetic == 0 {
			kinds |= r.Flags & (ChatKind | WebKind)
		}
		if r.unit() == 1 {
			rest = append(rest, at)
			continue
		}
		if slices.ContainsFunc(whole[row{r.Kind, r.From.User}], func(o uint32) bool { return compatible(&c.in[o], r) }) {
			continue
		}
		left, rest = append(left, at), append(rest, at)
	}
	c.meeting.organizers = c.merge(c.ofKind(left, ConferenceRecord), c.meeting.organizers[:0])
	if len(keys)+len(c.meeting.organizers) <= 1 {
		c.conference(rest, c.meetingKinds(run))
		return
	}
	for _, key := range keys {
		var own []uint32
		for _, at := range run {
			if r := &c.in[at]; r.unit() == 1 && r.Key == key {
				own = append(own, at)
			}
		}
		c.conference(own, c.meetingKinds(own))
	}
	left = slices.DeleteFunc(left, func(at uint32) bool { return c.in[at].Flags&Synthetic != 0 })
	if kinds == ChatKind|WebKind {
		kinds = 0 // not told
	}
	if len(left) > 0 {
		c.conference(left, kinds)
	}
}

// meetingKinds is what the rows of one meeting say of it.
func (c *composer) meetingKinds(run []uint32) (kinds Flags) {
	for _, at := range run {
		kinds |= c.in[at].Flags & (Synthetic | ChatKind | WebKind)
	}
	return kinds
}
