package audit

import (
	"fmt"
	"math/rand"
	"reflect"
	"testing"

	"calaudit/ingest"
)

func entry(dn, container, primary string, enabled bool, changed int64) *ingest.Entry {
	return &ingest.Entry{DN: dn, Container: container, Context: "dc=contoso,dc=com", Primary: primary, Enabled: enabled, Changed: changed}
}

func TestCurrentAccounts(t *testing.T) {
	const ctx, staff, left = "dc=contoso,dc=com", "ou=staff,dc=contoso,dc=com", "ou=left,dc=contoso,dc=com"
	snap := func(date int64, entries ...*ingest.Entry) Snapshot {
		return Snapshot{Context: ctx, Date: date, Entries: entries}
	}
	alice, alice2 := entry("CN=A,OU=Staff", staff, "a@contoso.com", true, 1), entry("CN=A,OU=Staff", staff, "a@contoso.com", false, 2)
	bob := entry("CN=B,OU=Left", left, "b@contoso.com", true, 1)
	branch := &ingest.Entry{DN: "OU=Left,DC=contoso,DC=com", Container: ctx, Context: ctx, IsBranch: true}
	for _, c := range []struct {
		name    string
		history []Snapshot
		want    []string
	}{
		{"one snapshot", []Snapshot{snap(1, alice, bob)}, []string{"a@contoso.com true true", "b@contoso.com true true"}},
		{"disabled later", []Snapshot{snap(1, alice), snap(2, alice2)}, []string{"a@contoso.com true false"}},
		{"not covered later", []Snapshot{snap(1, alice, bob), snap(2, alice2)}, []string{"a@contoso.com true false", "b@contoso.com true true"}},
		{"gone from a covered branch", []Snapshot{snap(1, alice, bob), snap(2, alice2, branch)}, []string{"a@contoso.com true false", "b@contoso.com false true"}},
		{"equal dates are one, the later change holds", []Snapshot{snap(2, alice), snap(2, alice2)}, []string{"a@contoso.com true false"}},
	} {
		for range 2 {
			var got []string
			for _, a := range CurrentAccounts(c.history) {
				got = append(got, fmt.Sprint(a.Entry.Primary, " ", a.Current, " ", a.Entry.Enabled))
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("%s: got %q, want %q", c.name, got, c.want)
			}
			for i, j := 0, len(c.history)-1; i < j; i, j = i+1, j-1 {
				c.history[i], c.history[j] = c.history[j], c.history[i]
			}
		}
	}
}

func TestAccountsInTwoStatesOfOneSnapshotAreCounted(t *testing.T) {
	const staff = "ou=staff,dc=contoso,dc=com"
	alice := func(changed int64) *ingest.Entry {
		return entry("CN=A,OU=Staff", staff, "a@contoso.com", true, changed)
	}
	bob := entry("CN=B,OU=Staff", staff, "b@contoso.com", true, 1)
	list := alice(9)
	list.Listed = ingest.ListedEntry
	snap := func(context string, date int64, entries ...*ingest.Entry) Snapshot {
		return Snapshot{Context: context, Date: date, Entries: entries}
	}
	for _, c := range []struct {
		name    string
		history []Snapshot
		want    int
	}{
		{"none", nil, 0},
		{"one state", []Snapshot{snap("x", 2, alice(2), bob, bob, alice(2))}, 0},
		{"two days at once", []Snapshot{snap("x", 2, alice(1), bob, alice(2), alice(1))}, 1},
		{"one after the other", []Snapshot{snap("x", 1, alice(1), bob), snap("x", 2, alice(2))}, 0},
		{"two days at once, once", []Snapshot{snap("x", 3, alice(3)), snap("x", 2, alice(1), alice(2))}, 0},
		{"no date", []Snapshot{snap("x", 2, alice(0), alice(0))}, 0},
		{"a list", []Snapshot{snap("x", 2, alice(2), list)}, 0},
		{"two contexts", []Snapshot{snap("x", 2, alice(1), alice(2)), snap("y", 1, alice(1), alice(2))}, 2},
	} {
		if got := MixedAccounts(c.history); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

func TestSnapshotOrderDoesNotMatter(t *testing.T) {
	for seed := range 500 {
		r := rand.New(rand.NewSource(int64(seed)))
		var history []Snapshot
		for range 1 + r.Intn(4) {
			s := Snapshot{Context: fmt.Sprintf("dc=%d", r.Intn(2)), Date: int64(r.Intn(3))}
			for range r.Intn(5) {
				e := entry(fmt.Sprintf("CN=%d", r.Intn(3)), fmt.Sprintf("ou=%d", r.Intn(2)), fmt.Sprintf("%d@contoso.com", r.Intn(3)), r.Intn(2) == 0, int64(r.Intn(2)))
				e.Context = s.Context
				e.IsBranch = r.Intn(4) == 0
				if r.Intn(3) == 0 {
					e.GUID = fmt.Sprint("g", r.Intn(2))
				}
				s.Entries = append(s.Entries, e)
			}
			history = append(history, s)
		}
		want := CurrentAccounts(history)
		for _, wrong := range wrongPrevious(history, want) {
			t.Fatalf("seed %d: %s in %+v", seed, wrong, want)
		}
		r.Shuffle(len(history), func(i, j int) { history[i], history[j] = history[j], history[i] })
		for _, s := range history {
			r.Shuffle(len(s.Entries), func(i, j int) { s.Entries[i], s.Entries[j] = s.Entries[j], s.Entries[i] })
		}
		if got := CurrentAccounts(history); !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d: %+v, then %+v", seed, want, got)
		}
	}
}
