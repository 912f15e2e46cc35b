package audit

import (
	"fmt"
	"math/rand"
	"reflect"
	"slices"
	"testing"

	"calaudit/ingest"
)

const allListed = ingest.ListedEntry | ingest.ListedState | ingest.ListedHome | ingest.ListedLine | ingest.ListedVoice | ingest.ListedName

// listEntry is an entry of a list; its DN is told when dn is not empty.
func listEntry(tool, dn, container, primary string, enabled bool) *ingest.Entry {
	e := &ingest.Entry{Listed: allListed, DN: dn, Primary: primary, Enabled: enabled, Home: "pool1"}
	if e.Context = tool + ":"; dn != "" {
		e.Container, e.Context = container, tool+":dc=contoso,dc=com"
	}
	if !enabled {
		e.Why = "Enabled is not True"
	}
	return e
}

// said prints accounts: address, + for one that is there, the state, and what else is told.
func said(accounts []Account) []string {
	var got []string
	for _, a := range accounts {
		there := "-"
		if a.Current {
			there = "+"
		}
		text := fmt.Sprintf("%s%s %v", there, accountID(a.Entry), a.Entry.Enabled)
		if len(a.Entry.Aliases)+len(a.Previous) > 0 {
			text += fmt.Sprint(" ", a.Entry.Aliases, a.Previous)
		}
		if a.Entry.Phone != "" {
			text += " " + a.Entry.Phone
		}
		if a.Entry.Line164 != "" {
			text += fmt.Sprint(" ", a.Entry.Line164, " ", a.Entry.Voice)
		}
		got = append(got, text)
	}
	slices.Sort(got)
	return got
}

func TestListsAreLaidOverTheDirectory(t *testing.T) {
	const ctx, staff = "dc=contoso,dc=com", "ou=staff,dc=contoso,dc=com"
	dir := func(date int64, entries ...*ingest.Entry) Snapshot {
		return Snapshot{Context: ctx, Date: date, Dated: true, Entries: entries}
	}
	list := func(date int64, entries ...*ingest.Entry) Snapshot {
		return Snapshot{Context: entries[0].Context, Date: date, Entries: entries}
	}
	person := func(name string, enabled bool) *ingest.Entry {
		return entry("CN="+name+",OU=Staff,DC=contoso,DC=com", staff, name+"@contoso.com", enabled, 1)
	}
	listedOf := func(tool, name string, enabled bool) *ingest.Entry {
		return listEntry(tool, "cn="+name+", ou=staff, dc=contoso, dc=com", staff, name+"@contoso.com", enabled)
	}
	withGUID := person("alice", true)
	withGUID.GUID, withGUID.Aliases = "g1", []string{"a@contoso.com"}
	switchedOff := person("alice", false)
	switchedOff.Why = "account disabled"
	cloud := person("alice", false)
	cloud.Why = "homed in the cloud: sipfed.example.com"
	renamed := listedOf("cs", "alice", true)
	renamed.Primary = "alice.ash@contoso.com"
	voice := listedOf("cs", "alice", true)
	voice.Line164, voice.Voice = "+14255550100", true
	untold := listedOf("wmi", "alice", true)
	untold.Listed &^= ingest.ListedVoice | ingest.ListedLine
	phone := listEntry("contact", "", "", "", false)
	phone.Line164, phone.Phone = "+14255550107", "analog-device"
	mark := entry("CN=Door,OU=Staff,DC=contoso,DC=com", staff, "", false, 1)
	mark.Line164 = "+14255550107"
	partial := list(3, listedOf("cs", "bob", true))
	partial.Partial = true
	for _, c := range []struct {
		name    string
		history []Snapshot
		want    []string
	}{
		{"alone", []Snapshot{list(1, listedOf("cs", "alice", true))}, []string{"+alice@contoso.com true"}},
		{"both say the same", []Snapshot{dir(1, withGUID), list(2, listedOf("cs", "alice", true))}, []string{"+alice@contoso.com true [a@contoso.com] []"}},
		{"a newer list disables", []Snapshot{dir(1, withGUID), list(2, listedOf("cs", "alice", false))}, []string{"+alice@contoso.com false [a@contoso.com] []"}},
		{"a newer directory decides", []Snapshot{dir(2, withGUID), list(1, listedOf("cs", "alice", false))}, []string{"+alice@contoso.com true [a@contoso.com] []"}},
		{"of equal date the directory decides", []Snapshot{dir(2, withGUID), list(2, listedOf("cs", "alice", false))}, []string{"+alice@contoso.com true [a@contoso.com] []"}},
		{"a list knows no disabled account", []Snapshot{dir(1, switchedOff), list(2, listedOf("cs", "alice", true))}, []string{"+alice@contoso.com false"}},
		{"a list knows no cloud", []Snapshot{dir(1, cloud), list(2, listedOf("cs", "alice", true))}, []string{"+alice@contoso.com false"}},
		{"a newer list enables", []Snapshot{dir(1, person("alice", false)), list(2, listedOf("cs", "alice", true))}, []string{"+alice@contoso.com true"}},
		{"gone from the directory since", []Snapshot{dir(3, person("bob", true)), list(2, listedOf("cs", "alice", true))},
			[]string{"+bob@contoso.com true", "-alice@contoso.com true"}},
		{"gone before the list", []Snapshot{dir(1, person("alice", true)), dir(2, person("bob", true)), list(3, listedOf("cs", "alice", true))},
			[]string{"+alice@contoso.com true", "+bob@contoso.com true"}},
		{"renamed since", []Snapshot{dir(1, withGUID), list(2, renamed)}, []string{"+alice.ash@contoso.com true [a@contoso.com] [alice@contoso.com]"}},
		{"voice since", []Snapshot{dir(1, person("alice", true)), list(2, voice)}, []string{"+alice@contoso.com true +14255550100 true"}},
		{"two tools add up", []Snapshot{list(1, voice), list(2, untold)}, []string{"+alice@contoso.com true +14255550100 true"}},
		{"an unlisted person stays", []Snapshot{dir(1, person("alice", true)), list(2, listedOf("cs", "bob", true))},
			[]string{"+alice@contoso.com true", "+bob@contoso.com true"}},
		{"one picked person makes nobody go", []Snapshot{list(1, listedOf("cs", "alice", true), listedOf("cs", "bob", true), listedOf("cs", "carol", true)), list(2, listedOf("cs", "bob", true))},
			[]string{"+alice@contoso.com true", "+bob@contoso.com true", "+carol@contoso.com true"}},
		{"half of them make the others go", []Snapshot{list(1, listedOf("cs", "alice", true), listedOf("cs", "bob", true)), list(2, listedOf("cs", "bob", true))},
			[]string{"+bob@contoso.com true", "-alice@contoso.com true"}},
		{"a list with rejects makes nobody go", []Snapshot{list(1, listedOf("cs", "alice", true), listedOf("cs", "bob", true)), partial},
			[]string{"+alice@contoso.com true", "+bob@contoso.com true"}},
		{"those of another state make nobody go", []Snapshot{list(1, listedOf("cs", "alice", true), listedOf("cs", "bob", false), listedOf("cs", "carol", false)), list(2, listedOf("cs", "bob", false), listedOf("cs", "carol", false))},
			[]string{"+alice@contoso.com true", "+bob@contoso.com false", "+carol@contoso.com false"}},
		{"a list of another tool makes nobody go", []Snapshot{list(1, listedOf("cs", "alice", true), listedOf("cs", "bob", true)), list(2, listedOf("wmi", "bob", true))},
			[]string{"+alice@contoso.com true", "+bob@contoso.com true"}},
		{"a phone by its number", []Snapshot{dir(1, mark), list(2, phone)}, []string{"++14255550107 false analog-device +14255550107 false"}},
	} {
		for range 2 {
			if got := said(CurrentAccounts(c.history)); !reflect.DeepEqual(got, c.want) {
				t.Errorf("%s: got %q, want %q", c.name, got, c.want)
			}
			slices.Reverse(c.history)
		}
	}
}

func TestOrderOfListsDoesNotMatterAndSayingTheSameChangesNothing(t *testing.T) {
	for seed := range 2000 {
		r := rand.New(rand.NewSource(int64(seed)))
		var history []Snapshot
		for range 1 + r.Intn(5) {
			s := Snapshot{Context: fmt.Sprintf("dc=%d", r.Intn(2)), Date: int64(r.Intn(4)), Partial: r.Intn(5) == 0}
			tool := ""
			if r.Intn(2) == 0 {
				tool = fmt.Sprint("tool", r.Intn(2))
				s.Context = tool + ":" + s.Context
			}
			for range 1 + r.Intn(5) {
				e := entry(fmt.Sprintf("CN=%d,OU=x", r.Intn(3)), fmt.Sprintf("ou=%d", r.Intn(2)), fmt.Sprintf("%d@contoso.com", r.Intn(4)), r.Intn(2) == 0, int64(r.Intn(2)))
				if e.Context = s.Context; tool != "" {
					e.Listed, e.Changed = ingest.ListedEntry|ingest.Listed(r.Intn(32))<<1, 0
				} else if r.Intn(3) == 0 {
					e.GUID = fmt.Sprint("g", r.Intn(2))
				}
				s.Entries = append(s.Entries, e)
			}
			history = append(history, s)
		}
		want := CurrentAccounts(history)
		again := append(slices.Clone(history), history[r.Intn(len(history))])
		r.Shuffle(len(again), func(i, j int) { again[i], again[j] = again[j], again[i] })
		for i := range again {
			again[i].Entries = slices.Clone(again[i].Entries)
			r.Shuffle(len(again[i].Entries), func(a, b int) {
				again[i].Entries[a], again[i].Entries[b] = again[i].Entries[b], again[i].Entries[a]
			})
		}
		if got := CurrentAccounts(again); !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d: %q, then %q", seed, said(want), said(got))
		}
	}
}
