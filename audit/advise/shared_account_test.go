package advise

import (
	"fmt"
	"slices"
	"testing"

	"calaudit/audit"
)

// Who shares an account is no candidate like others: what is done about one
// touches the others, so each is audited for itself.
func TestWhoSharesAnAccountIsAuditedAlone(t *testing.T) {
	w := &world{policy: builtin()[0], assign: "optimal",
		accounts: []account{{primary: "reception@contoso.com", enabled: true}, {primary: "ann@contoso.com", enabled: true}},
		facts: []fact{{act: "im-login", user: "zed@contoso.com"}, {act: "im-login", user: "joe@contoso.com"}, {act: "im-login", user: "kiosk@contoso.com"},
			{act: "conference-organized", user: "joe@contoso.com"}, {act: "conference-organized", user: "kiosk@contoso.com"}},
		estate: audit.Estate{SIPDomains: []string{"contoso.com"}, Shared: map[string][]string{
			"reception@contoso.com": {"ann@contoso.com", "bob@contoso.com"}, "kiosk@contoso.com": {"kiosk@contoso.com", "carl@contoso.com"}}}}
	advice, err := Advise(&Input{Audit: w.input(nil), Events: 2, Singles: 100})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range advice.Proposals {
		for _, x := range p.Items {
			got = append(got, fmt.Sprint(p.Kind, " ", x.ID, " ", x.Alone.CALs, " ", x.Shared))
		}
	}
	slices.Sort(got)
	want := []string{
		"dormant-account ann@contoso.com 2 [reception@contoso.com]", // with the shared account nobody is left
		"dormant-account bob@contoso.com 1 [reception@contoso.com]", // Ann has an account of her own
		"rare-enterprise carl@contoso.com 2 []",                     // by the shared account alone: nobody else did it either
		"rare-enterprise joe@contoso.com 1 []",
		"rare-enterprise kiosk@contoso.com 2 []", // of two people
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
