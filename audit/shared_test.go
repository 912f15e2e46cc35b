package audit

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"calaudit/ingest"
)

// A shared account counts as its people: what they need, and what the report
// says of it.
func TestASharedAccountCountsAsItsPeople(t *testing.T) {
	desk := func(e ingest.Entry) Account { return Account{Entry: &e, Current: true} }
	reception := desk(ingest.Entry{Primary: "reception@contoso.com", Aliases: []string{"front@contoso.com"}, Enabled: true})
	for _, c := range []struct {
		name     string
		facts    []string
		accounts []Account
		estate   string // after sip_domains
		readings map[string]string
		want     string // subjects: id class CALs
		shared   string // account, people, records, state
		conflict string
	}{
		{name: "without a word it is one user", facts: []string{"im-login reception@contoso.com"},
			want: "reception@contoso.com hosted S"},
		{name: "three people who are nothing else", facts: []string{"im-login reception@contoso.com", "im-login front@contoso.com"}, accounts: []Account{reception},
			estate: `"reception@contoso.com" = ["ann@contoso.com", "bert@contoso.com", "cleo@litwareinc.com"]`,
			want:   "ann@contoso.com hosted S, bert@contoso.com hosted S, cleo@litwareinc.com hosted S",
			shared: "reception@contoso.com [ann@contoso.com bert@contoso.com cleo@litwareinc.com] 3 counted"},
		{name: "named by an alias of it", facts: []string{"im-login reception@contoso.com"}, accounts: []Account{reception},
			estate: `"front@contoso.com" = ["ann@contoso.com"]`,
			want:   "ann@contoso.com hosted S", shared: "reception@contoso.com [ann@contoso.com] 2 counted"},
		{name: "people with accounts of their own count once", facts: []string{"im-login reception@contoso.com", "conference-organized ann@contoso.com", "im-login ann.old@contoso.com"},
			estate: "\"reception@contoso.com\" = [\"ann.old@contoso.com\", \"bert@contoso.com\"]\n[aliases]\n\"ann@contoso.com\" = [\"ann.old@contoso.com\"]",
			want:   "ann@contoso.com hosted S+E, bert@contoso.com hosted S", shared: "reception@contoso.com [ann@contoso.com bert@contoso.com] 1 counted"},
		{name: "two names of one person", facts: []string{"im-login reception@contoso.com"},
			estate: "\"reception@contoso.com\" = [\"ann.old@contoso.com\", \"ann@contoso.com\"]\n[aliases]\n\"ann@contoso.com\" = [\"ann.old@contoso.com\"]",
			want:   "ann@contoso.com hosted S", shared: "reception@contoso.com [ann@contoso.com] 1 counted"},
		{name: "the owner is one of them", facts: []string{"im-login boss@contoso.com", "voice-extension boss@contoso.com"},
			estate: `"boss@contoso.com" = ["boss@contoso.com", "ann@contoso.com"]`,
			want:   "ann@contoso.com hosted S+E, boss@contoso.com hosted S+E", shared: "boss@contoso.com [ann@contoso.com boss@contoso.com] 2 counted"},
		{name: "a CAL of the machine covers all of them", facts: []string{"im-login reception@contoso.com device=host:desk"},
			estate: `"reception@contoso.com" = ["ann@contoso.com", "bert@contoso.com"]`,
			want:   "ann@contoso.com hosted device-cal, bert@contoso.com hosted device-cal, host:desk unknown S", shared: "reception@contoso.com [ann@contoso.com bert@contoso.com] 1 counted"},
		{name: "a guest stays one", facts: []string{"im-login reception@contoso.com"},
			estate: "\"reception@contoso.com\" = [\"ann@litwareinc.com\"]", want: "ann@litwareinc.com guest S", shared: "reception@contoso.com [ann@litwareinc.com] 1 counted"},
		{name: "who is seen elsewhere is the more of both", facts: []string{"im-login reception@contoso.com", "im-session ann@fabrikam.com"},
			estate: "\"reception@contoso.com\" = [\"ann@fabrikam.com\"]", want: "ann@fabrikam.com hosted S", shared: "reception@contoso.com [ann@fabrikam.com] 1 counted"},
		{name: "nothing met under it", facts: []string{"im-login ann@contoso.com"},
			estate: `"reception@contoso.com" = ["ann@contoso.com", "bert@contoso.com"]`, want: "ann@contoso.com hosted S", shared: "reception@contoso.com [ann@contoso.com bert@contoso.com] 0 unused"},
		{name: "the directory says it is a phone", accounts: []Account{desk(ingest.Entry{Primary: "reception@contoso.com", Enabled: true, Phone: "common-area-phone"})},
			estate: `"reception@contoso.com" = ["ann@contoso.com"]`, want: "sip:reception@contoso.com common-area-phone S", shared: "reception@contoso.com [] 0 device", conflict: "says it is a device"},
		{name: "one of the people is a phone", facts: []string{"im-login reception@contoso.com"}, accounts: []Account{desk(ingest.Entry{Primary: "phone@contoso.com", Enabled: true, Phone: "common-area-phone"})},
			estate: `"reception@contoso.com" = ["phone@contoso.com"]`, want: "reception@contoso.com hosted S, sip:phone@contoso.com common-area-phone S", shared: "reception@contoso.com [] 0 nobody", conflict: "is a device: not counted"},
		{name: "of another shared account under another name", facts: []string{"im-login reception@contoso.com", "im-login kiosk@contoso.com"}, accounts: []Account{reception},
			estate: "\"reception@contoso.com\" = [\"ann@contoso.com\"]\n\"kiosk@contoso.com\" = [\"front@contoso.com\", \"bert@contoso.com\"]",
			want:   "ann@contoso.com hosted S, bert@contoso.com hosted S", shared: "kiosk@contoso.com [bert@contoso.com] 1 counted, reception@contoso.com [ann@contoso.com] 2 counted", conflict: "is a shared account itself"},
		{name: "the directory says that nobody is behind it", facts: []string{"im-login reception@contoso.com"},
			accounts: []Account{desk(ingest.Entry{Primary: "reception@contoso.com", Enabled: true, App: true})},
			estate:   `"reception@contoso.com" = ["ann@contoso.com", "reception@contoso.com"]`, want: "ann@contoso.com hosted S, reception@contoso.com hosted S",
			shared: "reception@contoso.com [ann@contoso.com reception@contoso.com] 2 counted", conflict: "nobody is behind it"},
		{name: "an account that is switched off", facts: []string{"im-login reception@contoso.com"}, accounts: []Account{desk(ingest.Entry{Primary: "reception@contoso.com"})},
			readings: map[string]string{"disabled-identity": "lenient"}, estate: `"reception@contoso.com" = ["ann@contoso.com"]`,
			want: "ann@contoso.com hosted ", shared: "reception@contoso.com [ann@contoso.com] 1 counted"},
		{name: "an account that is on keeps a person whose own is off", facts: []string{"im-login ann@contoso.com"},
			accounts: []Account{reception, desk(ingest.Entry{Primary: "ann@contoso.com"})},
			readings: map[string]string{"disabled-identity": "lenient"}, estate: `"reception@contoso.com" = ["ann@contoso.com"]`,
			want: "ann@contoso.com hosted S", shared: "reception@contoso.com [ann@contoso.com] 1 counted"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newScene()
			for _, f := range c.facts {
				s.fact(t, testAt, f)
			}
			in := s.input(mustPolicy(t))
			in.Accounts, in.Readings, in.Assign = c.accounts, c.readings, "optimal"
			var err error
			in.Estate, err = ParseEstate("e", []byte("sip_domains = [\"contoso.com\"]\nguests = [\"litwareinc.com\"]\n[shared]\n"+c.estate))
			if c.name == "three people who are nothing else" {
				in.Estate.GuestDomains = nil
			}
			if err != nil {
				t.Fatal(err)
			}
			r, subjects := mustRun(t, in)
			var got, shared []string
			for _, x := range subjects {
				var e Editions
				for _, l := range x.Licenses {
					e |= map[string]Editions{"ocs-standard-cal": Standard, "ocs-enterprise-cal": Enterprise}[l]
				}
				got = append(got, x.ID+" "+x.Class+" "+e.Letters()+x.CoveredBy)
			}
			for _, x := range r.People.Shared {
				shared = append(shared, fmt.Sprint(x.Account, " ", x.People, " ", x.Records, " ", x.State))
			}
			if strings.Join(got, ", ") != c.want {
				t.Errorf("got %s, want %s", strings.Join(got, ", "), c.want)
			}
			if strings.Join(shared, ", ") != c.shared {
				t.Errorf("shared %s, want %s", strings.Join(shared, ", "), c.shared)
			}
			if text := fmt.Sprint(r.Conflicts); c.conflict == "" && len(r.Conflicts) > 0 || !strings.Contains(text, c.conflict) {
				t.Errorf("conflicts %s", text)
			}
		})
	}
}

// What no export tells of a conference is said once, not once for each person.
func TestNotesOfSharedAccountsCountRecordsOnce(t *testing.T) {
	s := newScene()
	s.fact(t, testAt, "conference-attended reception@contoso.com")
	s.facts[0].Untold = true
	in := s.input(mustPolicy(t))
	in.Estate.Shared = map[string][]string{"reception@contoso.com": {"ann@contoso.com", "bert@contoso.com", "cleo@contoso.com"}}
	r, subjects := mustRun(t, in)
	if len(subjects) != 3 || !slices.Contains(r.Notes, "Conference facts whose kind no export tells, taken for web conferences: 1.") {
		t.Errorf("%d subjects, %q", len(subjects), r.Notes)
	}
}

// By what each name is somebody's, and what the report says was merged.
func TestEveryMergeIsExplained(t *testing.T) {
	s := newScene()
	for _, f := range []string{"im-login ann@contoso.com", "im-login ann@contoso.com", "im-login a.alias@contoso.com", "call-received +14255550100",
		"im-login ann.maiden@contoso.com", "im-login ann.private@fabrikam.com", "im-login ann@litwareinc.com", "im-login bert@contoso.com"} {
		s.fact(t, testAt, f)
	}
	for _, id := range []string{`account:contoso\ann`, `account:corp\ann2`, `account:litware\annl`} {
		s.facts = append(s.facts, ingest.Fact{At: testAt, Activity: ingest.IMLogin, User: s.names.ID(ingest.UserName, id)})
	}
	const sid = "S-1-5-21-1-2-3-1104"
	in := s.input(mustPolicy(t))
	in.Estate.Aliases = map[string][]string{"ann@contoso.com": {"ann.private@fabrikam.com"}}
	in.Accounts = []Account{
		{Current: true, Previous: []string{"ann.maiden@contoso.com"}, Former: []string{"ann2"}, Entry: &ingest.Entry{DN: "CN=ann,DC=contoso,DC=com", Context: "dc=contoso,dc=com",
			Primary: "ann@contoso.com", Aliases: []string{"a.alias@contoso.com"}, Line164: "+14255550100", Enabled: true, Login: "ann", Master: sid}},
		{Current: true, Entry: &ingest.Entry{DN: "CN=bert,DC=contoso,DC=com", Context: "dc=contoso,dc=com", Primary: "bert@contoso.com", Enabled: true}},
		{Current: true, Entry: &ingest.Entry{DN: "CN=annl,DC=litwareinc,DC=com", Context: "dc=litwareinc,dc=com", Primary: "ann@litwareinc.com", SID: sid}},
	}
	in.Others = []Account{{Current: true, Entry: &ingest.Entry{DN: "CN=annl,DC=litware,DC=local", Context: "dc=litware,dc=local", Login: "annl", SID: sid}}}
	r, subjects := mustRun(t, in)
	if len(subjects) != 2 {
		t.Fatalf("%+v", subjects)
	}
	var got []string
	for i, id := range subjects[0].Aliases {
		got = append(got, fmt.Sprint(id, " ", subjects[0].AliasBy[i], " ", subjects[0].AliasRecords[i]))
	}
	want := []string{"+14255550100 line 1", "a.alias@contoso.com directory 1", `account:contoso\ann logon 1`, `account:corp\ann2 account-name 1`, `account:litware\annl logon 1`,
		"ann.maiden@contoso.com previous 1", "ann.private@fabrikam.com estate 1", "ann@contoso.com id 2", "ann@litwareinc.com forest 1"}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	p := r.People
	if p.Names != 10 || p.Persons != 2 || p.MergedPersons != 1 || len(p.Merged) != 1 || len(p.Merged[0].Names) != 9 || fmt.Sprint(p.By) != "map[account-name:1 directory:1 estate:1 forest:1 line:1 logon:2 previous:1]" {
		t.Errorf("%+v", p)
	}
}

// An entry that stands for an account of another forest is one person with it
// and with every other that does; nothing else of their text ties them.
func TestStandInsOfOneAccountAreOnePerson(t *testing.T) {
	entry := func(primary, sid, master string, enabled bool) Account {
		return Account{Current: true, Entry: &ingest.Entry{DN: "CN=" + primary, Primary: primary, SID: sid, Master: master, Enabled: enabled}}
	}
	for _, c := range []struct {
		name     string
		accounts []Account
		want     string
	}{
		{"the account and its stand-in", []Account{entry("ann@contoso.com", "S-1-5-21-9-9-9-1", "S-1-5-21-1-1-1-7", true), entry("ann@fabrikam.com", "S-1-5-21-1-1-1-7", "", true)}, "ann@contoso.com"},
		{"two stand-ins, the account not exported", []Account{entry("ann@contoso.com", "", "S-1-5-21-1-1-1-7", true), entry("ann@fabrikam.com", "", "S-1-5-21-1-1-1-7", true)}, "ann@contoso.com"},
		{"two accounts", []Account{entry("ann@contoso.com", "S-1-5-21-1-1-1-7", "", true), entry("ann@fabrikam.com", "S-1-5-21-1-1-1-8", "", true)}, "ann@contoso.com ann@fabrikam.com"},
		{"stand-ins of two accounts", []Account{entry("ann@contoso.com", "", "S-1-5-21-1-1-1-7", true), entry("ann@fabrikam.com", "", "S-1-5-21-1-1-1-8", true)}, "ann@contoso.com ann@fabrikam.com"},
	} {
		for range 2 {
			in := newScene().input(mustPolicy(t))
			in.Accounts = c.accounts
			_, subjects := mustRun(t, in)
			var got []string
			for _, s := range subjects {
				got = append(got, s.ID)
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("%s: %v, want %s", c.name, got, c.want)
			}
			slices.Reverse(c.accounts)
		}
	}
}
