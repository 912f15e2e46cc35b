package ingest

// cdrEntry is what a set remembers of one row of a lookup table.
type cdrEntry struct {
	name  ID    // 0: the row is known but names nobody, or nothing
	aux   int32 // ClientVersions: the client code; ConferenceUris, Mcus: ChatKind or WebKind
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

const cdrFar = 1 << 24

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

// cdrGUIDs interns endpoint GUIDs by their 16 bytes: text is only built for
// one that was not seen before.
type cdrGUIDs struct {
	names *Names
	ids   map[[16]byte]ID
}

// id returns the name of an endpoint GUID, in either case, with or without
// braces. The GUID of zeros names no endpoint.
func (g *cdrGUIDs) id(b []byte) (id ID, ok bool) {
	if len(b) == 38 && b[0] == '{' && b[37] == '}' {
		b = b[1:37]
	}
	if len(b) != 36 || b[8] != '-' || b[13] != '-' || b[18] != '-' || b[23] != '-' {
		return 0, false
	}
	var key [16]byte
	n, wrong := 0, byte(0)
	for i := 0; i < 36; i += 2 {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			i++
		}
		hi, lo := hexDigit[b[i]], hexDigit[b[i+1]]
		wrong |= hi | lo
		key[n] = hi<<4 | lo
		n++
	}
	if wrong&0xf0 != 0 {
		return 0, false
	}
	if key == [16]byte{} {
		return 0, true
	}
	if id, ok := g.ids[key]; ok {
		return id, true
	}
	id = g.names.ID(EndpointName, "uuid:"+guid(string(b)))
	g.ids[key] = id
	return id, true
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
