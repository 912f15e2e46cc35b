package audit

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"calaudit/ingest"
)

// wrongPrevious checks what holds for every directory whose entries all have
// addresses: none is forgotten, and none stands as previous where it must not.
func wrongPrevious(history []Snapshot, accounts []Account) (wrong []string) {
	known := map[string]bool{}
	for i := range accounts {
		a := &accounts[i]
		for _, address := range a.addresses() {
			known[address] = true
		}
		for _, p := range a.Previous {
			if p == a.Entry.Primary || slices.Contains(a.Entry.Aliases, p) {
				wrong = append(wrong, p+" is its own")
			}
			for j := range accounts {
				if o := &accounts[j]; j != i && o.active() && o.Entry.Primary == p {
					wrong = append(wrong, p+" is another's now")
				}
			}
		}
	}
	for _, s := range history {
		for _, e := range s.Entries {
			if !known[e.Primary] {
				wrong = append(wrong, e.Primary+" is forgotten")
			}
		}
	}
	return wrong
}

func TestRenames(t *testing.T) {
	const ctx, staff, other = "dc=contoso,dc=com", "ou=staff,dc=contoso,dc=com", "ou=other,dc=contoso,dc=com"
	named := func(guid, dn, primary string, aliases ...string) *ingest.Entry {
		e := entry(dn, staff, primary, true, 1)
		e.GUID, e.Aliases = guid, aliases
		return e
	}
	off := func(e *ingest.Entry) *ingest.Entry { e.Enabled = false; return e }
	line := func(e *ingest.Entry) *ingest.Entry { e.Line164 = "+14255550100"; return e }
	in := func(container string, e *ingest.Entry) *ingest.Entry { e.Container = container; return e }
	snap := func(date int64, entries ...*ingest.Entry) Snapshot {
		return Snapshot{Context: ctx, Date: date, Entries: entries}
	}
	a, b, c := "a@contoso.com", "b@contoso.com", "c@contoso.com"
	const dn, dn2 = "CN=A,OU=Staff,DC=contoso,DC=com", "CN=B,OU=Staff,DC=contoso,DC=com"
	for _, x := range []struct {
		name    string
		history []Snapshot
		want    []string // primary, previous
	}{
		{"another primary, by GUID", []Snapshot{snap(1, named("g", dn, a)), snap(2, named("g", dn2, b))}, []string{b + " [" + a + "]"}},
		{"twice renamed", []Snapshot{snap(1, named("g", dn, a)), snap(2, named("g", dn, b)), snap(3, named("g", dn, c))}, []string{c + " [" + a + " " + b + "]"}},
		{"there and back", []Snapshot{snap(1, named("g", dn, a)), snap(2, named("g", dn, b)), snap(3, named("g", dn, a))}, []string{a + " [" + b + "]"}},
		{"an alias less", []Snapshot{snap(1, named("g", dn, a, b, c)), snap(2, named("g", dn, a, b))}, []string{a + " [" + c + "]"}},
		{"alias and primary change places", []Snapshot{snap(1, named("g", dn, a, b)), snap(2, named("g", dn, b, a))}, []string{b + " []"}},
		{"lines are no addresses", []Snapshot{snap(1, line(named("g", dn, a))), snap(2, named("g", dn, a))}, []string{a + " []"}},
		{"no GUID, the same DN", []Snapshot{snap(1, named("", dn, a)), snap(2, named("", "cn=a, ou=staff,DC=Contoso,dc=com", b))}, []string{b + " [" + a + "]"}},
		{"no GUID, back and forth", []Snapshot{snap(1, named("", dn, a)), snap(2, named("", dn, b)), snap(3, named("", dn, a))}, []string{a + " [" + b + "]"}},
		{"no GUID, renamed, then moved", []Snapshot{snap(1, named("", dn, a)), snap(2, named("", dn, b)), snap(3, named("", dn2, b))}, []string{b + " [" + a + "]"}},
		{"no GUID, one more, another DN", []Snapshot{snap(1, named("", dn, a)), snap(2, named("", dn2, b))}, []string{a + " []", b + " []"}},
		{"a GUID on one side is no proof", []Snapshot{snap(1, named("", dn, a)), snap(2, named("g", dn, b))}, []string{a + " []", b + " []"}},
		{"equal dates are one", []Snapshot{snap(1, named("g", dn, a)), snap(1, named("g", dn, b))}, []string{a + " [" + b + "]"}},
		{"reassigned", []Snapshot{snap(1, named("g", dn, a)), snap(2, named("g", dn, b), named("h", dn2, a))}, []string{b + " []", a + " []"}},
		{"reassigned, no GUID", []Snapshot{snap(1, named("", dn, a)), snap(2, named("", dn, b), named("", dn2, a))}, []string{a + " []", b + " []"}},
		{"reassigned to one that is disabled", []Snapshot{snap(1, named("g", dn, a)), snap(2, named("g", dn, b), off(named("h", dn2, a)))}, []string{b + " [" + a + "]", a + " []"}},
		{"what is not covered is no rename", []Snapshot{snap(1, in(other, named("g", dn, a))), snap(2, named("h", dn2, b))}, []string{a + " []", b + " []"}},
	} {
		for range 2 {
			var got []string
			for _, acc := range CurrentAccounts(x.history) {
				got = append(got, fmt.Sprint(acc.Entry.Primary, " ", acc.Previous))
			}
			if !reflect.DeepEqual(got, x.want) {
				t.Errorf("%s: got %q, want %q", x.name, got, x.want)
			}
			slices.Reverse(x.history)
		}
	}
}

func TestPreviousAddressesAreThePerson(t *testing.T) {
	const a, b = "old@contoso.com", "new@contoso.com"
	entry := &ingest.Entry{Primary: b, Enabled: true}
	for _, x := range []struct {
		name    string
		estate  Estate
		account Account
		want    string // classes and ids of all persons
	}{
		{"one person", Estate{}, Account{Entry: entry, Current: true, Previous: []string{a}}, "new@contoso.com hosted"},
		{"guest by the old address", Estate{Guests: []string{a}}, Account{Entry: entry, Current: true, Previous: []string{a}}, "new@contoso.com guest"},
		{"application by the old address", Estate{Applications: []string{a}}, Account{Entry: entry, Current: true, Previous: []string{a}}, "new@contoso.com application"},
		{"no longer there", Estate{}, Account{Entry: entry, Previous: []string{a}}, "new@contoso.com hosted"},
		{"not the same", Estate{}, Account{Entry: entry, Current: true}, "new@contoso.com hosted, old@contoso.com hosted"},
	} {
		s := newScene()
		s.facts = append(s.facts, ingest.Fact{At: testAt, Activity: ingest.IMSession, User: s.names.ID(ingest.UserName, a)},
			ingest.Fact{At: testAt, Activity: ingest.IMSession, User: s.names.ID(ingest.UserName, b)})
		input := s.input(mustPolicy(t))
		input.Estate, input.Accounts = &x.estate, []Account{x.account}
		_, subjects := mustRun(t, input)
		got := ""
		for i, sub := range subjects {
			if i > 0 {
				got += ", "
			}
			got += sub.ID + " " + sub.Class
		}
		if got != x.want {
			t.Errorf("%s: got %q, want %q", x.name, got, x.want)
		}
	}
}
