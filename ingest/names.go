package ingest

import "sync"

// Names interns text into IDs, in order of first use. A reader has one per
// unit, which its workers share; it takes what is new since the last batch
// with Fresh.
type Names struct {
	mu   sync.Mutex
	ids  map[Name]ID
	all  []Name
	sent int
}

// NewNames starts an empty table.
func NewNames() *Names { return &Names{ids: make(map[Name]ID)} }

// ID returns the text's id, 0 for empty text.
func (n *Names) ID(kind NameKind, text string) ID {
	if text == "" {
		return 0
	}
	k := Name{kind, text}
	n.mu.Lock()
	defer n.mu.Unlock()
	if id, ok := n.ids[k]; ok {
		return id
	}
	n.all = append(n.all, k)
	id := ID(len(n.all))
	n.ids[k] = id
	return id
}

// Name returns the text behind an id; the zero Name for 0.
func (n *Names) Name(id ID) Name {
	if id == 0 {
		return Name{}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.all[id-1]
}

// Fresh returns the names added since the last call.
func (n *Names) Fresh() []Name {
	n.mu.Lock()
	defer n.mu.Unlock()
	f := n.all[n.sent:len(n.all):len(n.all)]
	n.sent = len(n.all)
	return f
}
