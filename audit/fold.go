package audit

import (
	"cmp"
	"slices"
	"time"

	"calaudit/ingest"
)

const day = 24 * time.Hour

// Folder groups facts into usages. It sees every fact of the store, so its key
// is a small struct of numbers and nothing is allocated for a known group.
type Folder struct {
	from, to int64 // window in ms: from <= At < to
	index    map[foldKey]int32
	usages   []Usage
}

// foldKey is what two facts must agree in to be one usage.
type foldKey struct {
	user, peer, device, endpoint, client, server ingest.ID
	activity                                     ingest.Activity
	class                                        ingest.Class
	untold, peerPSTN                             bool
}

// NewFolder counts facts of the UTC days from and to and of all days between.
func NewFolder(from, to time.Time) *Folder {
	return &Folder{
		from:  from.Truncate(day).UnixMilli(),
		to:    to.Truncate(day).Add(day).UnixMilli(),
		index: make(map[foldKey]int32),
	}
}

// Add takes facts in any order. A standing fact holds from its time on, so
// those from before the window count as well; a fact without a date counts in
// every window.
func (f *Folder) Add(facts []ingest.Fact) {
	for i := range facts {
		x := &facts[i]
		if x.User == 0 || x.Activity == ingest.NoActivity {
			continue
		}
		if x.At != ingest.Undated && (x.At >= f.to || x.At < f.from && !x.Activity.Standing()) {
			continue
		}
		k := foldKey{user: x.User, device: x.Device, endpoint: x.Endpoint, client: x.Client, server: x.Server,
			activity: x.Activity, class: x.Class, untold: x.Untold, peerPSTN: x.PeerPSTN}
		if x.Activity.Call() {
			k.peer = x.Peer
		}
		f.put(k, 1, x.At, x.At)
	}
}

// Merge adds the groups of another folder of the same window and name table.
func (f *Folder) Merge(o *Folder) {
	for i := range o.usages {
		u := &o.usages[i]
		f.put(u.key(), u.Count, u.First, u.Last)
	}
}

func (f *Folder) put(k foldKey, count int, first, last int64) {
	i, ok := f.index[k]
	if !ok {
		i = int32(len(f.usages))
		f.index[k] = i
		f.usages = append(f.usages, Usage{User: k.user, Peer: k.peer, Device: k.device, Endpoint: k.endpoint,
			Client: k.client, Server: k.server, Activity: k.activity, Class: k.class, Untold: k.untold, PeerPSTN: k.peerPSTN,
			Count: count, First: first, Last: last})
		return
	}
	u := &f.usages[i]
	u.Count += count
	u.First, u.Last = span(u.First, u.Last, first, last)
}

// span joins two periods of which either may be undated.
func span(first, last, first2, last2 int64) (int64, int64) {
	switch {
	case first2 == ingest.Undated:
		return first, last
	case first == ingest.Undated:
		return first2, last2
	}
	return min(first, first2), max(last, last2)
}

func (u *Usage) key() foldKey {
	return foldKey{u.User, u.Peer, u.Device, u.Endpoint, u.Client, u.Server, u.Activity, u.Class, u.Untold, u.PeerPSTN}
}

// Usages returns the groups in an order that depends on their content alone.
func (f *Folder) Usages() []Usage {
	all := slices.Clone(f.usages)
	slices.SortFunc(all, func(a, b Usage) int {
		return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Activity, b.Activity), cmp.Compare(a.Device, b.Device),
			cmp.Compare(a.Endpoint, b.Endpoint), cmp.Compare(a.Peer, b.Peer), cmp.Compare(a.Client, b.Client),
			cmp.Compare(a.Server, b.Server), cmp.Compare(a.Class, b.Class), bit(a.Untold)-bit(b.Untold), bit(a.PeerPSTN)-bit(b.PeerPSTN))
	})
	return all
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
