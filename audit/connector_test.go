package audit

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"calaudit/audit/mix"
)

func TestExternalConnectors(t *testing.T) {
	const estate = `sip_domains = ["contoso.com"]
[servers]
"fe1.contoso.com" = {role = "front-end", edition = "standard", version = "2007"}
"fe2.contoso.com" = {role = "front-end", edition = "standard", version = "2007"}
`
	facts := []string{"conference-attended p1@fabrikam.com server=fe1.contoso.com", "conference-attended p2@fabrikam.com server=fe1.contoso.com",
		"conference-attended p3@fabrikam.com server=fe2.contoso.com"}
	for _, c := range []struct{ name, owned, covered, positions string }{
		{"none owned or priced", "", "", "ocs-enterprise-cal 3 ocs-standard-cal 3"},
		{"owned for every instance", "ocs-external-connector-standard,server,2007,2,\nocs-external-connector-enterprise,server,2007,2,",
			"external-connector", "ocs-external-connector-enterprise 2 ocs-external-connector-standard 2"},
		{"owned for one, the second is dearer than CALs", "ocs-external-connector-standard,server,2007,1,500\nocs-external-connector-enterprise,server,2007,1,500",
			"", "ocs-enterprise-cal 3 ocs-standard-cal 3"},
		{"priced cheaper than the CALs", "ocs-external-connector-standard,server,2007,0,1\nocs-external-connector-enterprise,server,2007,0,1\nocs-standard-cal,user,2007,0,30",
			"external-connector", "ocs-external-connector-enterprise 2 ocs-external-connector-standard 2"},
	} {
		s := newScene()
		for _, f := range facts {
			s.fact(t, testAt, f)
		}
		in := s.input(mustPolicy(t))
		var err error
		if in.Estate, err = ParseEstate("e", []byte(estate)); err != nil {
			t.Fatal(err)
		}
		if in.Owned, _, err = ParseEntitlements("l", []byte("license,metric,version,quantity,unit_price\n"+c.owned)); err != nil {
			t.Fatal(err)
		}
		r, subjects := mustRun(t, in)
		for _, x := range subjects {
			if x.CoveredBy != c.covered || (c.covered != "") != (x.Outcome == "exempt") {
				t.Errorf("%s: %+v", c.name, x)
			}
		}
		var rows []string
		for _, p := range r.Position {
			if p.Required > 0 && p.License != "ocs-server-standard" {
				rows = append(rows, fmt.Sprint(p.License, " ", p.Required))
			}
		}
		if got := strings.Join(rows, " "); got != c.positions {
			t.Errorf("%s: %s, want %s", c.name, got, c.positions)
		}
	}
}

// One host under its short and its full name takes one connector, as it takes
// one server licence.
func TestAConnectorIsForOneHostHoweverItIsNamed(t *testing.T) {
	for _, c := range []struct{ name, facts, positions string }{
		{"Enterprise by the full name", "conference-attended p1@fabrikam.com server=fe7.contoso.com, conference-attended p2@fabrikam.com server=fe7", "enterprise 1 standard 1"},
		{"Enterprise by the short name alone", "im-session g@litwareinc.com server=fe7.contoso.com, conference-attended p2@fabrikam.com server=fe7", "enterprise 1 standard 1"},
		{"two domains", "conference-attended p1@fabrikam.com server=fe7.contoso.com, conference-attended p2@fabrikam.com server=fe7.litwareinc.com, conference-attended p2@fabrikam.com server=fe7", "enterprise 2 standard 2"},
		{"another host whose name begins alike", "conference-attended p1@fabrikam.com server=fe71.contoso.com, conference-attended p2@fabrikam.com server=fe7", "enterprise 2 standard 2"},
		{"told and not told", "conference-attended p1@fabrikam.com server=fe7, conference-attended p2@fabrikam.com", "enterprise 2 standard 2"},
	} {
		s := newScene()
		for _, f := range strings.Split(c.facts, ", ") {
			s.fact(t, testAt, f)
		}
		in := s.input(mustPolicy(t))
		in.Estate.SIPDomains, in.Estate.Guests = []string{"contoso.com"}, []string{"g@litwareinc.com"}
		in.Owned = []Entitlement{{License: "ocs-external-connector-standard", Metric: "server", Version: 2, Priced: true}}
		r, _ := mustRun(t, in)
		var rows []string
		for _, p := range r.Position {
			if family, is := strings.CutPrefix(p.License, "ocs-external-connector-"); is {
				rows = append(rows, fmt.Sprint(family, " ", p.Required))
			}
		}
		if got := strings.Join(rows, " "); got != c.positions {
			t.Errorf("%s: %s, want %s", c.name, got, c.positions)
		}
	}
}

func TestCommunicatorClients(t *testing.T) {
	const old, r2, lync, other = " client=UCCP/2.0.6362.0_OC/2.0.6362.0", " client=UCCAPI/3.5.6907.0_OC/3.5.6907.0_(Microsoft_Office_Communicator_2007_R2)",
		" client=UCCAPI/15.0.4420.1017_OC/15.0.4420.1017", " client=Office_Communicator"
	s := newScene()
	for _, f := range []string{"im-login a@contoso.com device=host:pc1" + old, "im-login b@contoso.com device=host:pc1" + r2,
		"im-login c@contoso.com" + r2, "im-login d@contoso.com device=host:pc2", "im-session p@fabrikam.com" + r2,
		"im-login e@contoso.com device=host:pc3" + old, "im-login f@contoso.com device=host:pc4" + lync, "im-login g@contoso.com device=host:pc5" + other} {
		s.fact(t, testAt, f)
	}
	in := s.input(mustPolicy(t))
	in.Estate.SIPDomains = []string{"contoso.com"}
	const told = "Communicator desktop client, by user agent: 2007 on devices: 2, by users whose device is not known: 0; 2007-r2 on devices: 1, by users whose device is not known: 1; 2013 on devices: 1, by users whose device is not known: 0."
	for _, c := range []struct{ name, owned, rows, note, as string }{
		{"not named", "", "", told + " Its licences are not counted because the entitlements do not name it.", ""},
		{"alone, a newer one for an older client", "communicator-client,device,2007-r2,2,,", "device 2007 2 1 1 0, device 2007-r2 1 2 0 0, device 2013 1 0 1 0, user 2007-r2 1 0 1 0",
			told + " That it is licensed per device is not verified.", ""},
		{"in Office", "office-professional-plus,device,2007,3,,\noffice-professional-plus,device,2013,1,,\noffice-enterprise,user,2007,1,,",
			"device 2007 2 2 0 0, device 2007-r2 1 3 0 0, device 2013 1 1 0 0, user 2007-r2 1 1 0 0", told + " That it is licensed per device is not verified.",
			"office-enterprise 2007 = communicator-client 2007-r2; office-professional-plus 2007 = communicator-client 2007-r2; office-professional-plus 2013 = communicator-client 2013"},
		{"Office by Software Assurance", "office-professional-plus,device,2007,4,2007-01-01,2013-01-01", "device 2007 2 2 0 0, device 2007-r2 1 3 0 0, device 2013 1 4 0 0, user 2007-r2 1 0 1 0",
			told + " That it is licensed per device is not verified.", "office-professional-plus 2007 = communicator-client 2013"},
		{"by what became of Live Communications Server", "lcs-cal,device,2005,2,2006-01-01,2009-06-30\nlcs-server,server,2005,1,2006-01-01,2009-06-30",
			"device 2007 2 1 1 0, device 2007-r2 1 2 0 0, device 2013 1 0 1 0, user 2007-r2 1 0 1 0", told + " That it is licensed per device is not verified.",
			"lcs-cal 2005 = communicator-client 2007-r2; lcs-cal 2005 = ocs-enterprise-cal ocs-standard-cal 2007-r2; lcs-server 2005 = lcs-server 2007-r2"},
		{"which ended before the next client", "lcs-cal,device,2005,2,2006-01-01,2008-06-30\nlcs-server,server,2005,1,2006-01-01,2008-06-30",
			"device 2007 2 2 0 0, device 2007-r2 1 0 1 0, device 2013 1 0 1 0, user 2007-r2 1 0 1 0", told + " That it is licensed per device is not verified.",
			"lcs-cal 2005 = communicator-client 2007; lcs-cal 2005 = ocs-enterprise-cal ocs-standard-cal 2007; lcs-server 2005 = lcs-server 2007"},
		{"without the server", "lcs-cal,device,2005,2,2006-01-01,2008-06-30", "", told + " Its licences are not counted because the entitlements do not name it.",
			"lcs-cal 2005 = ocs-enterprise-cal ocs-standard-cal 2007"},
		{"with a server covered too late", "lcs-cal,device,2005,2,2006-01-01,2008-06-30\nlcs-server,server,2005,1,2007-11-01,2008-06-30", "", told + " Its licences are not counted because the entitlements do not name it.",
			"lcs-cal 2005 = ocs-enterprise-cal ocs-standard-cal 2007; lcs-server 2005 = lcs-server 2007"},
	} {
		var problems []Problem
		var err error
		in.Owned, problems, err = ParseEntitlements("l", []byte("license,metric,version,quantity,sa_from,sa_until\n"+c.owned))
		if err != nil || len(problems) > 0 {
			t.Fatal(err, problems)
		}
		r, _ := mustRun(t, in)
		var rows, as []string
		for _, p := range r.Position {
			if p.License == "communicator-client" {
				rows = append(rows, fmt.Sprint(p.Metric, " ", p.Version, " ", p.Required, " ", p.Owned, " ", p.Shortfall, " ", p.Surplus))
			}
		}
		for _, e := range r.Entitled {
			as = append(as, e.License+" "+e.Version+" = "+strings.Join(e.As, " ")+" "+e.AsVersion)
		}
		if got := strings.Join(rows, ", "); got != c.rows {
			t.Errorf("%s: %s, want %s", c.name, got, c.rows)
		}
		if got := strings.Join(as, "; "); got != c.as {
			t.Errorf("%s: %s, want %s", c.name, got, c.as)
		}
		if !slices.Contains(r.Notes, c.note) {
			t.Errorf("%s: %q", c.name, r.Notes)
		}
	}
}

// A newer CAL that costs less is what is bought, and the row says which.
func TestThePositionNamesTheNewerCALThatCostsLess(t *testing.T) {
	for _, c := range []struct{ prices, want string }{
		{"ocs-standard-cal,user,2007,0,31\n", "31.00 "},
		{"ocs-standard-cal,user,2007,0,31\nlync-standard-cal,user,2010,0,25\nsfb-standard-cal,user,2019,0,25\n", "25.00 lync-standard-cal 2010"},
		{"ocs-standard-cal,user,2007,0,31\nlync-standard-cal,user,2010,0,25\nsfb-standard-cal,user,2019,0,24\n", "24.00 sfb-standard-cal 2019"},
		{"ocs-standard-cal,user,2007,0,31\nlync-standard-cal,user,2010,0,31\n", "31.00 "},
		{"ocs-standard-cal,user,2007,0,31\nlync-standard-cal,user,2010,0,40\n", "31.00 "},
		{"lync-standard-cal,user,2010,0,25\n", "25.00 "}, // the only price there is
		{"ocs-standard-cal,user,2007,1,31\nlync-standard-cal,user,2010,0,25\n", " "},
	} {
		s := newScene()
		s.fact(t, testAt, "im-login alice@contoso.com")
		in := s.input(mustPolicy(t))
		in.Estate.SIPDomains = []string{"contoso.com"}
		var problems []Problem
		in.Owned, problems, _ = ParseEntitlements("l", []byte("license,metric,version,quantity,unit_price\n"+c.prices))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		r, _ := mustRun(t, in)
		p := r.Position[len(r.Position)-1]
		if got := p.Cost + " " + strings.TrimSpace(p.BuyLicense+" "+p.BuyVersion); got != c.want || p.License != "ocs-standard-cal" || p.Version != "2007" {
			t.Errorf("%s: %q of %+v, want %q", c.prices, got, p, c.want)
		}
	}
}

// Software Assurance that begins after a version came out counts for it, as the
// licence model has it, and the report says what that rests on.
func TestSoftwareAssuranceThatBeginsLateIsSaid(t *testing.T) {
	for row, want := range map[string]string{
		"ocs-standard-cal,user,2007,1,2009-02-04,2009-12-31":    "Software Assurance until 2009-12-31 covers 2007-r2; it begins on 2009-02-04, after 2007-r2 came out on 2009-02-03: counted as the renewal of an earlier term; without one it gives no right to that version",
		"ocs-standard-cal,user,2007,1,2009-02-03,2009-12-31":    "Software Assurance until 2009-12-31 covers 2007-r2",
		"ocs-standard-cal,user,2007,1,,2009-12-31":              "Software Assurance until 2009-12-31 covers 2007-r2",
		"ocs-standard-cal,user,2007-r2,1,2009-05-01,2010-01-01": "",
	} {
		owned, problems, err := ParseEntitlements("l", []byte("license,metric,version,quantity,sa_from,sa_until\n"+row))
		if err != nil || len(problems) > 0 {
			t.Fatal(err, problems)
		}
		why := ""
		for _, x := range explained(owned, labels{}) {
			why += x.Why
		}
		if why != want {
			t.Errorf("%s: %q, want %q", row, why, want)
		}
		if v := owned[0].Effective().String(); v != "2007-r2" {
			t.Errorf("%s: good for %s", row, v)
		}
	}
}

// Plus CALs that came of Enterprise CALs serve the need of another holder too:
// they are licences of their own.
func TestGrandfatheredPlusCALsAreInThePosition(t *testing.T) {
	s := newScene()
	s.fact(t, testAt, "voice-extension a@contoso.com")
	s.fact(t, testAt, "conference-organized b@contoso.com")
	in := s.input(mustPolicyNamed(t, "lync2010"))
	in.Estate.SIPDomains = []string{"contoso.com"}
	in.Owned, _, _ = ParseEntitlements("l", []byte("license,metric,version,quantity,sa_from,sa_until\nocs-enterprise-cal,user,2007,1,2008-01-01,2011-01-01\n"))
	r, _ := mustRun(t, in)
	want := "[{lync-enterprise-cal user 2010 1 1 0 0   } {lync-plus-cal user 2010 1 1 0 0   } {lync-standard-cal user 2010 2 0 2 0   }]"
	if got := fmt.Sprint(r.Position); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if len(r.Entitled) != 2 || !strings.Contains(r.Entitled[0].Why+r.Entitled[1].Why, "as many Plus CALs, for 2010 and the next wave [kurtsh") {
		t.Errorf("%+v", r.Entitled)
	}
}

// The validator runs at the end of every audit: an assignment that leaves a use
// open, or says another cost than it has, fails the audit and gives no report.
func TestAnAssignmentThatDoesNotHoldFailsTheAudit(t *testing.T) {
	audit := func(spoil func(x *mix.Mix)) error {
		was := assigners["optimal"]
		defer func() { assigners["optimal"] = was }()
		assigners["optimal"] = func(e *mix.Estate) *mix.Mix {
			x := was(e)
			spoil(x)
			return x
		}
		in := workedExample(t)
		in.Assign = "optimal"
		r, _, err := Run(in)
		if err != nil && r != nil {
			t.Error("there is a report all the same")
		}
		return err
	}
	if err := audit(func(*mix.Mix) {}); err != nil {
		t.Fatal(err)
	}
	for what, spoil := range map[string]func(x *mix.Mix){
		"a user without a CAL": func(x *mix.Mix) {
			x.Users[slices.IndexFunc(x.Users, func(g mix.Grant) bool { return g != mix.Grant{} })] = mix.Grant{}
		},
		"an older version": func(x *mix.Mix) { x.Users[slices.IndexFunc(x.Users, func(g mix.Grant) bool { return g[0] > 0 })][0]-- },
		"Enterprise alone": func(x *mix.Mix) {
			x.Users[slices.IndexFunc(x.Users, func(g mix.Grant) bool { return g[1] > 0 })][0] = 0
		},
		"a lower cost":          func(x *mix.Mix) { x.Cost-- },
		"a bound above the sum": func(x *mix.Mix) { x.Least = x.Cost + 1 },
	} {
		if err := audit(spoil); err == nil || !strings.Contains(err.Error(), "the assignment of licences does not hold, which is a bug") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestServerInstances(t *testing.T) {
	s := newScene()
	for _, f := range []string{"im-login a@contoso.com server=fe1", "im-login a@contoso.com server=pool1.contoso.com",
		"im-login a@contoso.com server=pool9.contoso.com", "im-login a@contoso.com server=pool9", "im-session p@fabrikam.com server=edge.fabrikam.com"} {
		s.fact(t, testAt, f)
	}
	in := s.input(mustPolicy(t))
	var err error
	in.Estate, err = ParseEstate("e", []byte(`sip_domains = ["contoso.com"]
[servers]
"fe1.contoso.com" = {role = "front-end", edition = "enterprise", version = "2007-r2", pool = "pool1.contoso.com"}
"fe2.contoso.com" = {role = "front-end", edition = "enterprise", pool = "pool1.contoso.com"}
"edge1.contoso.com" = {role = "edge", edition = "enterprise"}
"arch.contoso.com" = {role = "archiving"}
`))
	if err != nil {
		t.Fatal(err)
	}
	r, subjects := mustRun(t, in)
	want := []Server{
		{"arch.contoso.com", "archiving", "standard", "2007", "ocs-server-standard", true, "running-instance"},
		{"edge1.contoso.com", "edge", "enterprise", "2007", "ocs-server-standard", false, "running-instance"},
		{"fe1.contoso.com", "front-end", "enterprise", "2007-r2", "ocs-server-enterprise", false, "enterprise-front-end"},
		{"fe2.contoso.com", "front-end", "enterprise", "2007", "ocs-server-enterprise", false, "enterprise-front-end"},
		{"pool9.contoso.com", "front-end", "standard", "2007", "ocs-server-standard", true, "running-instance"},
	}
	if fmt.Sprint(r.Servers) != fmt.Sprint(want) {
		t.Errorf("got %v", r.Servers)
	}
	if v := subjects[0].Versions; len(v) != 1 || v[0] != "2007-r2" {
		t.Errorf("the newest version reached: %v", v)
	}
}

// Who joins without an identity, or calls from a telephone, has no servers: the
// one that answered is the organisation's, though nobody else was seen there.
func TestServersThatOnlyOutsidersWithoutServersReach(t *testing.T) {
	s := newScene()
	for _, f := range []string{"conference-attended x@anonymous.invalid server=mcu.contoso.com", "call-placed +14255550177 server=med.contoso.com",
		"conference-attended p@fabrikam.com server=pool.fabrikam.com", "im-session q@aol.com server=im.aol.com"} {
		s.fact(t, testAt, f)
	}
	in := s.input(mustPolicy(t))
	in.Estate.SIPDomains = []string{"contoso.com"}
	r, _ := mustRun(t, in)
	var hosts []string
	for _, x := range r.Servers {
		hosts = append(hosts, x.Host)
	}
	if got := strings.Join(hosts, " "); got != "mcu.contoso.com med.contoso.com" {
		t.Error(got)
	}
}

// A pool is one however each of its hosts names it: the newest of all counts.
func TestAPoolUnderTwoNames(t *testing.T) {
	for _, name := range []string{"pool1", "pool1.contoso.com"} {
		s := newScene()
		s.fact(t, testAt, "im-login a@contoso.com server="+name)
		in := s.input(mustPolicy(t))
		in.Estate.Servers = map[string]EstateServer{"fe1.contoso.com": {Version: 2, Pool: "pool1"}, "fe2.contoso.com": {Version: 3, Pool: "pool1.contoso.com"},
			"fe3.contoso.com": {Version: 4, Pool: "pool2.contoso.com"}}
		_, subjects := mustRun(t, in)
		if v := subjects[0].Versions; len(v) != 1 || v[0] != "2007-r2" {
			t.Errorf("%s: %v", name, v)
		}
	}
}

func TestSharedLineMergesNobody(t *testing.T) {
	in := workedExample(t)
	in.Accounts[0].Entry.Line164 = in.Accounts[1].Entry.Line164
	r, subjects := mustRun(t, in)
	if len(r.Conflicts) != 1 || r.Conflicts[0].Subject != "+14255550102" {
		t.Errorf("%v", r.Conflicts)
	}
	seen := map[string]string{}
	for _, s := range subjects {
		seen[s.ID] = strings.Join(s.Licenses, "+")
	}
	if seen["alice@contoso.com"] != "ocs-enterprise-cal+ocs-standard-cal" || seen["bob@contoso.com"] != "ocs-standard-cal" {
		t.Errorf("the line belongs to the least account: %v", seen)
	}
}

// A shared account is no subject, so an exemption of it takes nobody out, and the
// report says so; who is among its people and whoever has an own name can be.
func TestExemptionsOfSharedAccounts(t *testing.T) {
	s := newScene()
	s.fact(t, testAt, "im-login reception@contoso.com")
	s.fact(t, testAt, "im-login boss@contoso.com")
	in := s.input(mustPolicy(t))
	var err error
	in.Estate, err = ParseEstate("e", []byte(`sip_domains = ["contoso.com"]
[shared]
"reception@contoso.com" = ["ann@contoso.com", "bert@contoso.com"]
"boss@contoso.com" = ["boss@contoso.com", "cleo@contoso.com"]
[[exemptions]]
subject = "ann@contoso.com"
reason = "agreed"
[[exemptions]]
subject = "boss@contoso.com"
reason = "agreed"
[[exemptions]]
subject = "reception@contoso.com"
reason = "agreed"
`))
	if err != nil {
		t.Fatal(err)
	}
	r, subjects := mustRun(t, in)
	var got []string
	for _, x := range r.Exemptions {
		got = append(got, x.Subject+" "+x.State)
	}
	for _, x := range subjects {
		got = append(got, x.ID+" "+x.Outcome)
	}
	want := "ann@contoso.com applied, boss@contoso.com applied, reception@contoso.com shared-account, " +
		"ann@contoso.com exempt, bert@contoso.com required, boss@contoso.com exempt, cleo@contoso.com required"
	if text := strings.Join(got, ", "); text != want {
		t.Errorf("got %s, want %s", text, want)
	}
}

func TestExemptionStates(t *testing.T) {
	in := workedExample(t)
	in.Estate.Exemptions = []EstateExemption{{"alice@contoso.com", "agreed", "2009-03-31"}, {"bob@contoso.com", "agreed", "2009-03-30"},
		{"carol@contoso.com", "", ""}, {"nobody@contoso.com", "agreed", ""}, {"mac:0004f2000001", "agreed", ""}}
	r, subjects := mustRun(t, in)
	var states []string
	for _, x := range r.Exemptions {
		states = append(states, x.State)
	}
	if got := strings.Join(states, " "); got != "applied expired no-reason applied unused" {
		t.Errorf("%s: %v", got, r.Exemptions)
	}
	for _, s := range subjects {
		if s.Exemption != "" && (s.Outcome != "exempt" || len(s.Licenses) > 0) {
			t.Errorf("%+v", s)
		}
	}
}
