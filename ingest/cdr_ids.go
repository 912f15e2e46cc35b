package ingest

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
	b = b[:36]
	wrong := byte(0)
	for i, at := range guidBytes {
		high, low := hexDigit[b[at]], hexDigit[b[at+1]]
		wrong |= high | low
		key[i>>3] = key[i>>3]<<8 | uint64(high<<4|low)
	}
	high, low := hexDigit[b[34]], hexDigit[b[35]]
	wrong |= high | low
	key[1] = key[1]<<8 | uint64(high<<4|low)
	return key, wrong&0xf0 == 0
}

// guidBytes is where all but the last of the 16 bytes stand in the text.
var guidBytes = [15]uint8{0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32}

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
