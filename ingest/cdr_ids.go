package ingest

import (
	"encoding/binary"
	"math/bits"
)

// cdrEntry is what a set remembers of one row of a lookup table.
type cdrEntry struct {
	name  ID    // 0: the row is known but names nobody, or nothing
	aux   int32 // ClientVersions: the client code; ConferenceUris, Mcus: ChatKind or WebKind, and addressHash of the former
	class Class
	media Media
	state cdrState
	// gap: something the row refers to is missing, so that rows that use the
	// entry are worth reading again when the set is more complete.
	gap bool
}

type cdrState uint8

const (
	cdrAbsent cdrState = iota
	cdrBad             // the row is there but cannot be read
	cdrKnown
)

// cdrPage is how many consecutive ids share one allocation.
const cdrPage = 256

// cdrIDs maps the numeric ids of one lookup table to entries. The server
// counts ids up from 1, so pages make each look-up two array reads; ids far
// off that scheme go to a map, which bounds what a damaged id can cost.
type cdrIDs struct {
	pages []*[cdrPage]cdrEntry
	far   map[int64]*cdrEntry
}

const cdrFar = 1 << 28

// at returns the entry of an id, nil when the table has no row for it.
func (t *cdrIDs) at(id int64) *cdrEntry {
	if uint64(id) < cdrFar {
		if p := int(id / cdrPage); p < len(t.pages) && t.pages[p] != nil {
			if e := &t.pages[p][id%cdrPage]; e.state != cdrAbsent {
				return e
			}
		}
		return nil
	}
	return t.far[id]
}

// put returns the entry of an id for filling.
func (t *cdrIDs) put(id int64) *cdrEntry {
	if uint64(id) >= cdrFar {
		if t.far == nil {
			t.far = map[int64]*cdrEntry{}
		}
		if t.far[id] == nil {
			t.far[id] = &cdrEntry{}
		}
		return t.far[id]
	}
	p := int(id / cdrPage)
	for p >= len(t.pages) {
		t.pages = append(t.pages, nil)
	}
	if t.pages[p] == nil {
		t.pages[p] = &[cdrPage]cdrEntry{}
	}
	return &t.pages[p][id%cdrPage]
}

// cdrGUIDs interns endpoint GUIDs by their 16 bytes. Every worker has its own,
// on top of those of the unit.
type cdrGUIDs struct {
	names *Names
	guids guidTable
}

// id returns the name of an endpoint GUID, in either case, with or without
// braces. The GUID of zeros names no endpoint.
func (g *cdrGUIDs) id(b []byte) (id ID, ok bool) {
	if len(b) == 38 && b[0] == '{' && b[37] == '}' {
		b = b[1:37]
	}
	key, ok := guidKey(b)
	if !ok {
		return 0, false
	}
	if key == [2]uint64{} {
		return 0, true
	}
	s := g.guids.slot(key)
	if s.id == 0 {
		g.guids.used++
		*s = guidSlot{key, g.names.guid(key, b)}
	}
	return s.id, true
}

// guidKey reads the 16 bytes of a GUID in either case.
func guidKey(b []byte) (key [2]uint64, ok bool) {
	if len(b) != 36 || b[8] != '-' || b[13] != '-' || b[18] != '-' || b[23] != '-' {
		return key, false
	}
	word := func(a, b []byte) uint64 {
		return uint64(binary.LittleEndian.Uint32(a)) | uint64(binary.LittleEndian.Uint32(b))<<32
	}
	n0, ok0 := hexWord(word(b, b[4:]))
	n1, ok1 := hexWord(word(b[9:], b[14:]))
	n2, ok2 := hexWord(word(b[19:], b[24:]))
	n3, ok3 := hexWord(word(b[28:], b[32:]))
	return [2]uint64{n0<<32 | n1, n2<<32 | n3}, ok0 && ok1 && ok2 && ok3
}

// hexWord is the number that eight hexadecimal digits write, the first of which
// is the lowest byte.
func hexWord(w uint64) (n uint64, ok bool) {
	const every, high = 0x0101010101010101, 0x8080808080808080
	// least marks the bytes of x from c on by their highest bits; those of x are
	// not set.
	least := func(x, c uint64) uint64 { return x + (0x80-c)*every }
	x := w &^ high
	small := x | 0x20*every
	digit := least(x, '0') &^ least(x, '9'+1)
	letter := least(small, 'a') &^ least(small, 'f'+1)
	if ((digit|letter)&^w)&high != high {
		return 0, false
	}
	n = w&(0x0f*every) + letter&high>>7*9
	n = (n<<4 | n>>8) & 0x00ff00ff00ff00ff
	n = (n | n>>8) & 0x0000ffff0000ffff
	return uint64(bits.ReverseBytes32(uint32(n | n>>16))), true
}

// hexDigit is the value of each hexadecimal digit, 0xff for other bytes.
var hexDigit = func() (t [256]byte) {
	for i := range t {
		t[i] = 0xff
	}
	for i := range byte(10) {
		t['0'+i] = i
	}
	for i := range byte(6) {
		t['a'+i], t['A'+i] = 10+i, 10+i
	}
	return t
}()
