package audit

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"calaudit/ingest"
)

func TestLogonAccountsBecomePersonsOnlyByProof(t *testing.T) {
	const contoso, emea, fab = "dc=contoso,dc=com", "dc=emea,dc=contoso,dc=com", "dc=fabrikam,dc=com"
	account := func(context, primary, login, upn string) Account {
		return Account{Current: true, Entry: &ingest.Entry{DN: "CN=" + login + "," + context, Context: context, Primary: primary, Enabled: primary != "",
			Login: login, Principal: upn}}
	}
	gone := func(a Account) Account { a.Current = false; return a }
	once := func(a Account, former ...string) Account { a.Former = former; return a }
	alice := account(contoso, "alice@contoso.com", "aash", "alice.ash@corp.local")
	for _, c := range []struct {
		name     string
		accounts []Account
		others   []Account
		estate   string
		used     string // accounts that signed in
		want     string // users: id class
		notes    string // words of the notes that are said, with their numbers
		conflict string
	}{
		{name: "domain and name", accounts: []Account{alice}, used: `contoso\aash CONTOSO.com\AAsh`, want: "alice@contoso.com hosted"},
		{name: "principal name", accounts: []Account{alice}, used: "alice.ash@corp.local", want: "alice@contoso.com hosted"},
		{name: "the name alone", accounts: []Account{alice}, used: `corp\aash`, want: "alice@contoso.com hosted", notes: "alone 1"},
		{name: "another domain by DNS", accounts: []Account{alice}, used: `fabrikam.com\aash`, want: `account:fabrikam.com\aash hosted, alice@contoso.com hosted`, notes: "upper bound 1"},
		{name: "no such name", accounts: []Account{alice}, used: `contoso\bob`, want: `account:contoso\bob hosted, alice@contoso.com hosted`, notes: "upper bound 1"},
		{name: "no directory", used: `contoso\aash alice@contoso.com alice@corp.local`, notes: "upper bound 1 taken for SIP 2",
			want: `account:contoso\aash hosted, alice@contoso.com hosted, alice@corp.local hosted`},
		{name: "a principal name is a known address", accounts: []Account{account(contoso, "alice@contoso.com", "", "")}, used: "alice@contoso.com", want: "alice@contoso.com hosted", notes: "taken for SIP 1"},
		{name: "a principal name that is another's address", accounts: []Account{account(contoso, "alice@contoso.com", "a", "bob@contoso.com"), account(contoso, "bob@contoso.com", "b", "b@corp.local")},
			used: "bob@contoso.com", want: "alice@contoso.com hosted, bob@contoso.com hosted"},
		{name: "two domains, one named", accounts: []Account{alice, account(emea, "amy@contoso.com", "aash", "")}, used: `EMEA\aash`, want: "alice@contoso.com hosted, amy@contoso.com hosted"},
		{name: "two domains, neither named", accounts: []Account{alice, account(emea, "amy@contoso.com", "aash", "")}, used: `fabrikam\aash`,
			want: `account:fabrikam\aash hosted, alice@contoso.com hosted, amy@contoso.com hosted`, notes: "upper bound 1", conflict: `account:fabrikam\aash the accounts CN=aash,dc=contoso,dc=com and CN=aash,dc=emea,dc=contoso,dc=com of the directory have this name`},
		{name: "the other domain's is not enabled", accounts: []Account{alice}, others: []Account{account(emea, "", "aash", "")}, used: `emea\aash`,
			want: `account:emea\aash hosted, alice@contoso.com hosted`, notes: "without a SIP identity 1"},
		{name: "not enabled, by a principal name that is an address", others: []Account{account(contoso, "", "aash", "alice@contoso.com")}, used: "alice@contoso.com", want: "alice@contoso.com hosted", notes: "taken for SIP 1"},
		{name: "not enabled, and the address is another's", accounts: []Account{alice}, others: []Account{account(contoso, "", "a", "alice@contoso.com")}, used: "alice@contoso.com",
			want: "account:alice@contoso.com hosted, alice@contoso.com hosted", notes: "without a SIP identity 1"},
		{name: "who has it now goes before who had it", accounts: []Account{gone(account(contoso, "old@contoso.com", "aash", "")), alice}, used: `contoso\aash`, want: "alice@contoso.com hosted"},
		{name: "who is gone", accounts: []Account{gone(alice)}, used: `contoso\aash`, want: "alice@contoso.com hosted"},
		{name: "by a former name", accounts: []Account{once(alice, "asmith", "alice.smith@corp.local")}, used: `contoso\asmith alice.smith@corp.local`, want: "alice@contoso.com hosted"},
		{name: "a former name that is another's now", accounts: []Account{once(alice, "bob"), account(contoso, "bob@contoso.com", "bob", "")}, used: `contoso\bob`, want: "alice@contoso.com hosted, bob@contoso.com hosted"},
		{name: "an alias of the estate", accounts: []Account{alice}, estate: "[aliases]\n\"zoe@contoso.com\" = ['CONTOSO\\aash']\n", used: `contoso\aash`,
			want: "alice@contoso.com hosted, zoe@contoso.com hosted"},
		{name: "a guest of the estate", estate: `guests = ['CONTOSO\ext1', "account:ext2@contoso.com"]`, used: `contoso\ext1 ext2@contoso.com`, want: `account:contoso\ext1 guest, ext2@contoso.com guest`, notes: "upper bound 1 taken for SIP 1"},
		{name: "an application of the estate", estate: `applications = ['CONTOSO\svc']`, used: `contoso\svc`, want: `account:contoso\svc application`, notes: "upper bound 1"},
		{name: "a long first label is cut", accounts: []Account{account("dc=verylongdomainname,dc=com", "alice@contoso.com", "aash", ""), account(fab, "amy@fabrikam.com", "aash", "")},
			used: `verylongdomainn\aash`, want: "alice@contoso.com hosted, amy@fabrikam.com hosted"},
		{name: "one person with two accounts", accounts: []Account{alice, account(emea, "alice@contoso.com", "aash", "")}, used: `fabrikam\aash`, want: "alice@contoso.com hosted", notes: "alone 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for range 2 {
				s := newScene()
				used := strings.Fields(c.used)
				for _, u := range used {
					id, err := ingest.ParseAccount(u)
					if err != nil {
						t.Fatal(err)
					}
					s.facts = append(s.facts, ingest.Fact{At: testAt, Activity: ingest.IMLogin, User: s.names.ID(ingest.UserName, id)})
				}
				in := s.input(mustPolicy(t))
				in.Accounts, in.Others = c.accounts, c.others
				if c.estate != "" {
					var err error
					if in.Estate, err = ParseEstate("e", []byte(c.estate)); err != nil {
						t.Fatal(err)
					}
				}
				r, subjects := mustRun(t, in)
				var got []string
				uses := 0
				for _, x := range subjects {
					got = append(got, x.ID+" "+x.Class)
					for _, reason := range x.Reasons {
						if reason.Activity == "im-login" {
							uses += reason.Count
						}
					}
				}
				if strings.Join(got, ", ") != c.want || uses != len(used) {
					t.Errorf("got %q, %d uses; want %s", got, uses, c.want)
				}
				if notes := logonNotesOf(r); notes != c.notes {
					t.Errorf("notes %q, want %q", notes, c.notes)
				}
				if text := fmt.Sprint(r.Conflicts); c.conflict == "" && len(r.Conflicts) > 0 || !strings.Contains(text, c.conflict) {
					t.Errorf("conflicts %s", text)
				}
				slices.Reverse(c.accounts)
			}
		})
	}
}

// logonNotesOf shortens the notes on logon accounts to a word and a number each.
func logonNotesOf(r *Report) string {
	var list []string
	for _, word := range []string{"upper bound", "alone", "taken for SIP", "without a SIP identity"} {
		for _, n := range r.Notes {
			if strings.Contains(n, "web server logs") && strings.Contains(n, word) {
				list = append(list, word+" "+strings.TrimSuffix(n[strings.LastIndexByte(n, ' ')+1:], "."))
			}
		}
	}
	return strings.Join(list, " ")
}

// What the records say of a resolved person goes before the bare sign-in.
func TestASignInByAccountMakesNobodyHostedAgainstTheRecords(t *testing.T) {
	s := newScene()
	s.fact(t, testAt, "im-session ext@contoso.com class=guest")
	s.facts = append(s.facts, ingest.Fact{At: testAt, Activity: ingest.IMLogin, User: s.names.ID(ingest.UserName, "account:ext@contoso.com")})
	_, subjects := mustRun(t, s.input(mustPolicy(t)))
	if len(subjects) != 1 || subjects[0].Class != "guest" || !slices.Equal(subjects[0].Aliases, []string{"account:ext@contoso.com", "ext@contoso.com"}) {
		t.Errorf("%+v", subjects)
	}
}

func TestTheDirectoryRemembersNamesToSignInWith(t *testing.T) {
	const ctx = "dc=contoso,dc=com"
	named := func(guid, primary, login string) *ingest.Entry {
		return &ingest.Entry{DN: "CN=" + guid + "," + ctx, Container: ctx, Context: ctx, GUID: guid, Primary: primary, Enabled: primary != "", Login: login}
	}
	history := []Snapshot{
		{Context: ctx, Date: 1, Entries: []*ingest.Entry{named("g", "a@contoso.com", "old"), named("h", "", "nobody")}},
		{Context: ctx, Date: 2, Entries: []*ingest.Entry{named("g", "a@contoso.com", "new"), named("h", "", "nobody"), named("i", "", "")}},
	}
	in := &Input{Names: []ingest.Name{{}, {Kind: ingest.UserName, Text: "a@contoso.com"}}}
	if in.SetDirectory(history); len(in.Accounts) != 1 || len(in.Others) != 0 || !slices.Equal(in.Accounts[0].Former, []string{"old"}) {
		t.Errorf("%+v", in)
	}
	in.Names = append(in.Names, ingest.Name{Kind: ingest.UserName, Text: `account:contoso\x`})
	if in.SetDirectory(history); len(in.Others) != 1 || in.Others[0].Entry.Login != "nobody" || !in.Others[0].Current {
		t.Errorf("%+v", in.Others)
	}
}

// A list names the accounts of its users too; its context says the domain behind
// the name of the tool. A name that a newer list corrects is a former one.
func TestAListOfUsersTiesAccountsToPersons(t *testing.T) {
	entry := func(login, upn string) *ingest.Entry {
		return &ingest.Entry{DN: "CN=Alice Ash,OU=Staff,DC=contoso,DC=com", Context: "dc=contoso,dc=com", Container: "ou=staff,dc=contoso,dc=com",
			Primary: "alice@contoso.com", Enabled: true, Login: login, Principal: upn}
	}
	list := entry("aash", "alice@corp.local")
	list.Context, list.Listed = "directory-csuser:"+list.Context, ingest.ListedEntry|ingest.ListedState
	if !domainNamed("contoso", list.Context) || !domainNamed("contoso.com", list.Context) || domainNamed("fabrikam", list.Context) {
		t.Error("the context of a list is not its domain")
	}
	o := newOverlay([]Account{{Entry: entry("asmith", ""), Current: true, said: 1}})
	o.lay(0, &Account{Entry: list, Current: true, seen: 2})
	a := o.accounts[0]
	if a.Entry.Login != "aash" || a.Entry.Principal != "alice@corp.local" || !slices.Equal(a.Former, []string{"asmith"}) || a.Entry.Context != "dc=contoso,dc=com" {
		t.Errorf("%+v, former %q", a.Entry, a.Former)
	}
	// An older list corrects nothing, but is not forgotten.
	o = newOverlay([]Account{{Entry: entry("asmith", ""), Current: true, said: 3}})
	o.lay(0, &Account{Entry: list, Current: true, seen: 2})
	if a := o.accounts[0]; a.Entry.Login != "asmith" || !slices.Equal(a.Former, []string{"aash", "alice@corp.local"}) {
		t.Errorf("%+v, former %q", a.Entry, a.Former)
	}
}
