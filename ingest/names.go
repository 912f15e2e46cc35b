package ingest

import (
	"math/bits"
	"sync"
)

// Names interns text into IDs, in order of first use. A reader has one per
// unit, which its workers share; it takes what is new since the last batch
// with Fresh.
type Names struct {
	mu    sync.Mutex
	ids   [SourceName + 1]textTable[ID] // by kind
	guids guidTable                     // endpoints named by GUID, found without making text
	all   []Name                        // those that are not forgotten
	first ID                            // number of the one before all[0]
	sent  int
}

// NewNames starts an empty table.
func NewNames() *Names { return &Names{} }

// ID returns the text's id, 0 for empty text.
func (n *Names) ID(kind NameKind, text string) ID {
	if text == "" {
		return 0
	}
	hash := textHash(text)
	n.mu.Lock()
	defer n.mu.Unlock()
	if id := find(&n.ids[kind], hash, text); id != nil {
		return *id
	}
	n.all = append(n.all, Name{kind, text})
	id := n.first + ID(len(n.all))
	n.ids[kind].put(hash, text, id)
	return id
}

// guid is the id of the endpoint with a GUID, whose 16 bytes are the key. Text
// is only made for one that was not seen before.
func (n *Names) guid(key [2]uint64, text []byte) ID {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := n.guids.slot(key)
	if s.id == 0 {
		n.guids.used++
		n.all = append(n.all, Name{EndpointName, "uuid:" + guid(string(text))})
		*s = guidSlot{key, n.first + ID(len(n.all))}
	}
	return s.id
}

// guidTable finds ids by the 16 bytes of a GUID, by open addressing.
type guidTable struct {
	slots []guidSlot // one without id is free
	used  int
}

type guidSlot struct {
	key [2]uint64
	id  ID
}

// slot is where a GUID stands, or where there is room for it. Not all GUIDs
// are random: every bit of them goes into the hash.
func (g *guidTable) slot(key [2]uint64) *guidSlot {
	if g.used*2 >= len(g.slots) {
		old := g.slots
		g.slots = make([]guidSlot, max(1<<10, 2*len(old)))
		for _, s := range old {
			if s.id != 0 {
				*g.slot(s.key) = s
			}
		}
	}
	mask := uint64(len(g.slots) - 1)
	high, low := bits.Mul64(key[0]^0x9e3779b97f4a7c15, key[1]^0xd1b54a32d192ed03)
	for i := (high ^ low) & mask; ; i = (i + 1) & mask {
		if s := &g.slots[i]; s.id == 0 || s.key == key {
			return s
		}
	}
}

// Name returns the text behind an id; the zero Name for 0.
func (n *Names) Name(id ID) Name {
	if id == 0 {
		return Name{}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.all[id-1-n.first]
}

// Fresh returns the names added since the last call.
func (n *Names) Fresh() []Name {
	n.mu.Lock()
	defer n.mu.Unlock()
	f := n.all[n.sent:len(n.all):len(n.all)]
	n.sent = len(n.all)
	return f
}

// count is how many names the table holds.
func (n *Names) count() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.all)
}

// mostNames is how many names a reader of logs remembers: some 40 MB. Logs have
// no end, and everybody may stand in them. Tests set it lower.
var mostNames = 1 << 18

// forget bounds the memory of a table that everything was taken of with Fresh:
// when it has more names than most, it forgets them all, and tells so. Ids run
// on: a name that comes again gets a new one, which whoever takes the batches
// finds to be the same text. The caller forgets every id that it holds.
func (n *Names) forget(most int) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.all) <= most || n.sent < len(n.all) {
		return false
	}
	n.first += ID(len(n.all))
	n.all, n.sent, n.ids, n.guids = nil, 0, [len(n.ids)]textTable[ID]{}, guidTable{}
	return true
}
