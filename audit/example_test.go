package audit

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"calaudit/ingest"
)

// workedExample is the small estate of the contract, section 7: every class
// and every rule once.
func workedExample(t testing.TB) *Input {
	s := newScene()
	for _, f := range []string{
		"im-login sip:Alice@Contoso.com device=host:PC1 server=fe1.contoso.com",
		"im-session alice@contoso.com peer=p@fabrikam.com device=host:pc1",
		"im-session p@fabrikam.com peer=alice@contoso.com",
		"im-login carol@contoso.com",
		"conference-attended d.old@contoso.com device=host:pc2",
		"im-login dora@contoso.com device=mac:00-04-F2-00-00-09",
		"call-placed eve@contoso.com peer=tel:+1-206-555-0199",
		"call-received sip:+12065550199@contoso.com;user=phone peer=eve@contoso.com",
		"im-login frank@contoso.com day=2008-10-01",
		"conference-attended guest@contoso.com",
		"im-login svc@contoso.com",
		"federation q@hotmail.com peer=alice@contoso.com",
		"conference-attended p2@fabrikam.com",
		"conference-attended 0a1b2c3d@anonymous.invalid",
		"conference-attended +12065550197",
		"call-placed +12065550198 peer=tel:+14255550102",
		"call-received tel:+14255550102 peer=+12065550198",
		"im-login lobby@contoso.com",
	} {
		s.fact(t, testAt, f)
	}
	in := s.input(mustPolicy(t))
	var err error
	in.Estate, err = ParseEstate("estate.toml", []byte(`sip_domains = ["contoso.com"]
applications = ["svc@contoso.com"]
guests = ["guest@contoso.com"]

[aliases]
"dora@contoso.com" = ["d.old@contoso.com"]

[devices]
"mac:0004f2000001" = {class = "common-area-phone", identity = "lobby@contoso.com"}

[servers]
"fe1.contoso.com" = {role = "front-end", edition = "standard", version = "2007"}
`))
	if err != nil {
		t.Fatal(err)
	}
	in.Owned, _, err = ParseEntitlements("licenses.csv", []byte(`license,metric,version,quantity
ocs-standard-cal,user,2007,6
ocs-enterprise-cal,user,2007,6
ocs-standard-cal,device,2007,1
ocs-server-standard,server,2007,1
`))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []ingest.Entry{
		{Primary: "alice@contoso.com", Enabled: true, Home: "fe1"},
		{Primary: "bob@contoso.com", Enabled: true, Line164: "+14255550102", Home: "fe1"},
		{Primary: "carol@contoso.com", Home: "fe1"},
		{Primary: "guest@contoso.com", Enabled: true, Home: "fe1"},
	} {
		in.Accounts = append(in.Accounts, Account{Entry: &e, Current: true})
	}
	return in
}

func TestWorkedExample(t *testing.T) {
	in := workedExample(t)
	r, subjects := mustRun(t, in)
	both := "ocs-enterprise-cal+ocs-standard-cal"
	want := []string{
		"alice@contoso.com hosted required ocs-standard-cal",
		"bob@contoso.com hosted required " + both,
		"carol@contoso.com hosted required ocs-standard-cal",
		"dora@contoso.com hosted required " + both,
		"eve@contoso.com hosted required " + both,
		"guest@contoso.com guest required " + both,
		"p2@fabrikam.com federated required " + both,
		"0a1b2c3d@anonymous.invalid anonymous required " + both,
		"svc@contoso.com application exempt",
		"p@fabrikam.com federated exempt",
		"q@hotmail.com public-im exempt",
		"+12065550197 pstn exempt",
		"+12065550198 pstn exempt",
		"+12065550199 pstn exempt",
		"mac:0004f2000001 common-area-phone required ocs-standard-cal",
		"mac:0004f2000009 desk-phone exempt user-cal",
		"host:pc1 unknown exempt user-cal",
		"host:pc2 unknown exempt user-cal",
	}
	slices.Sort(want)
	if got := verdictLines(subjects); !slices.Equal(got, want) {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	var rows []string
	for _, p := range r.Position {
		rows = append(rows, strings.TrimSpace(fmt.Sprintln(p.License, p.Metric, p.Version, p.Required, p.Owned, p.Shortfall, p.Surplus, p.Cost)))
	}
	wantRows := []string{
		"ocs-enterprise-cal user 2007 6 6 0 0",
		"ocs-server-standard server 2007 1 1 0 0",
		"ocs-standard-cal device 2007 1 1 0 0",
		"ocs-standard-cal user 2007 8 6 2 0",
	}
	if !slices.Equal(rows, wantRows) {
		t.Errorf("positions %q, want %q", rows, wantRows)
	}
	if len(r.Conflicts) > 0 {
		t.Errorf("conflicts: %v", r.Conflicts)
	}
	in.Readings = map[string]string{"external-attendee": "lenient"}
	r, _ = mustRun(t, in)
	if r.Position[3].Required != 6 || r.Readings[4].RequiredIf != (Either{9, 7}) {
		t.Errorf("external-attendee=lenient: %v, %+v", r.Position, r.Readings)
	}
}
