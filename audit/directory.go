package audit

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"calaudit/ingest"
)

// CurrentAccounts reads a history of directory snapshots as one directory: per
// naming context the newest snapshot that covers an entry's container decides
// whether the entry is still there. Entries that are gone are returned as
// well, not current: they still name aliases. What an entry was called in older
// snapshots are its previous addresses, unless somebody else has them now.
// Lists of management tools are laid over it, see lists.go. The order of input
// is without influence.
func CurrentAccounts(history []Snapshot) []Account {
	return currentAccounts(history, (*ingest.Entry).Subject)
}

// SetDirectory enters what the directory says. Of entries without an identity
// only names to sign in with matter, and those only when some were used.
func (in *Input) SetDirectory(history []Snapshot) {
	in.Accounts, in.Others, in.Pools = CurrentAccounts(history), nil, nil
	for _, a := range currentAccounts(history, func(e *ingest.Entry) bool { return e.Pool != nil }) {
		if a.Current {
			in.Pools = append(in.Pools, *a.Entry.Pool)
		}
	}
	slices.SortFunc(in.Pools, func(a, b ingest.Pool) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(b.Version, a.Version), cmp.Compare(a.Edition, b.Edition))
	})
	if slices.ContainsFunc(in.Names, func(n ingest.Name) bool { return n.Kind == ingest.UserName && ingest.IsAccount(n.Text) }) {
		in.Others = currentAccounts(history, func(e *ingest.Entry) bool { return !e.Subject() && (e.Login != "" || e.Principal != "") })
	}
}

func currentAccounts(history []Snapshot, want func(*ingest.Entry) bool) []Account {
	type keyed struct {
		Account
		id   string
		json []byte
	}
	var all []keyed
	contexts, lists := byContext(history)
	for _, days := range contexts {
		for _, a := range contextAccounts(days, want) {
			all = append(all, keyed{a, entryID(a.Entry), entryJSON(a.Entry)})
		}
	}
	slices.SortFunc(all, func(a, b keyed) int {
		return cmp.Or(cmp.Compare(a.Entry.Context, b.Entry.Context), cmp.Compare(a.id, b.id), bytes.Compare(a.json, b.json))
	})
	accounts := make([]Account, len(all))
	for i, a := range all {
		accounts[i] = a.Account
	}
	if len(lists) > 0 {
		accounts = withLists(accounts, contexts, lists, want)
	}
	dropReassigned(accounts)
	return accounts
}

// MixedAccounts counts the accounts that stand in two states, changed at
// different times, in the newest snapshot of a naming context: files of different
// days came in one command, such as the export of last year beside that of this
// year, and are one snapshot, so whoever left between them still counts.
func MixedAccounts(history []Snapshot) (n int) {
	newest := map[string]*Snapshot{}
	for i := range history {
		if s := &history[i]; newest[s.Context] == nil || s.Date > newest[s.Context].Date {
			newest[s.Context] = s
		}
	}
	for _, s := range newest {
		changed, mixed := map[string]int64{}, map[string]bool{}
		for _, e := range s.Entries {
			if e.Listed != 0 || e.Changed == 0 || !e.Subject() {
				continue
			}
			id := entryID(e)
			if at, ok := changed[id]; ok && at != e.Changed {
				mixed[id] = true
			}
			changed[id] = e.Changed
		}
		n += len(mixed)
	}
	return n
}

// state is what all snapshots of one date say together.
type state struct {
	date    int64
	partial bool // something of it could not be read
	entries []*ingest.Entry
	covers  map[string]bool // containers whose absent entries are gone
}

// byContext groups the snapshots of each naming context, newest first, and
// makes one of those with equal dates. Those of lists are apart: the context of
// their entries names the tool as well.
func byContext(history []Snapshot) (full, lists map[string][]*state) {
	full, lists = map[string][]*state{}, map[string][]*state{}
	for _, s := range history {
		contexts, listed := full, len(s.Entries) > 0 && s.Entries[0].Listed != 0
		if listed {
			contexts = lists
		}
		days := contexts[s.Context]
		i := slices.IndexFunc(days, func(d *state) bool { return d.date == s.Date })
		if i < 0 {
			i = len(days)
			days = append(days, &state{date: s.Date, covers: map[string]bool{}})
			contexts[s.Context] = days
		}
		days[i].entries = append(days[i].entries, s.Entries...)
		days[i].partial = days[i].partial || s.Partial
		if s.Partial || listed {
			continue // what is missing may be what could not be read, or was not asked for
		}
		for _, e := range s.Entries {
			days[i].covers[e.Container] = true
			if e.IsBranch {
				if dn, err := ingest.FoldDN(e.DN); err == nil {
					days[i].covers[dn] = true
				}
			}
		}
	}
	for _, contexts := range []map[string][]*state{full, lists} {
		for _, days := range contexts {
			slices.SortFunc(days, func(a, b *state) int { return cmp.Compare(b.date, a.date) })
		}
	}
	return full, lists
}

// entryID is what an entry is recognised by from snapshot to snapshot.
func entryID(e *ingest.Entry) string {
	return cmp.Or(e.GUID, e.Primary, strings.ToLower(e.DN))
}

// prefer decides between two states of one entry in one snapshot.
func prefer(a, b *ingest.Entry) bool {
	if a.Changed != b.Changed {
		return a.Changed > b.Changed
	}
	if a.Enabled != b.Enabled {
		return a.Enabled
	}
	return bytes.Compare(entryJSON(a), entryJSON(b)) < 0
}

func entryJSON(e *ingest.Entry) []byte {
	text, err := json.Marshal(e)
	if err != nil {
		panic(err) // strings and numbers only
	}
	return text
}
