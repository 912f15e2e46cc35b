package audit

import (
	"fmt"
	"strings"
	"testing"
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

func TestCommunicatorClients(t *testing.T) {
	const agent = " client=UCCAPI/3.5.6907.0_OC/3.5.6907.0_(Microsoft_Office_Communicator_2007_R2)"
	s := newScene()
	for _, f := range []string{"im-login a@contoso.com device=host:pc1" + agent, "im-login b@contoso.com device=host:pc1" + agent,
		"im-login c@contoso.com" + agent, "im-login d@contoso.com device=host:pc2", "im-session p@fabrikam.com" + agent} {
		s.fact(t, testAt, f)
	}
	in := s.input(mustPolicy(t))
	in.Estate.SIPDomains = []string{"contoso.com"}
	r, _ := mustRun(t, in)
	if notes := strings.Join(r.Notes, "\n"); len(r.Position) != 1 || !strings.Contains(notes, "Communicator desktop client") {
		t.Errorf("not named by the entitlements: %v\n%s", r.Position, notes)
	}
	in.Owned, _, _ = ParseEntitlements("l", []byte("license,metric,version,quantity\ncommunicator-client,device,2007-r2,1\n"))
	r, _ = mustRun(t, in)
	want := "[{communicator-client device 2007 1 1 0 0 } {communicator-client user 2007 1 0 1 0 } {ocs-standard-cal user 2007 4 0 4 0 }]"
	if got := fmt.Sprint(r.Position); got != want {
		t.Errorf("got %s, want %s", got, want)
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
