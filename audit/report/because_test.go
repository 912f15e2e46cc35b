package report

import (
	"testing"

	"calaudit/audit"
)

func TestBecauseNamesTheOtherSide(t *testing.T) {
	standard := []string{"ocs-standard-cal"}
	both := []string{"ocs-enterprise-cal", "ocs-standard-cal"}
	phone := audit.Subject{ID: "mac:1", Kind: "device", Licenses: standard, Versions: []string{"2007"}}
	better := audit.Subject{ID: "mac:2", Kind: "device", Licenses: []string{"lync-enterprise-cal", "lync-standard-cal"}, Versions: []string{"2010", "2010"}}
	pc := audit.Subject{ID: "host:pc1", Kind: "device"}
	alice := audit.Subject{ID: "alice@contoso.com", Kind: "user", Class: "hosted", Licenses: both, Versions: []string{"2007", "2007"}}
	covered := audit.Subject{ID: "bob@contoso.com", Kind: "user", Class: "hosted", CoveredBy: "device-cal"}
	entry := audit.Subject{ID: "carol@contoso.com", Kind: "user", Class: "hosted", Licenses: standard, Versions: []string{"2007"},
		Reasons: []audit.Reason{{Activity: "im-identity"}}}
	lobby := audit.Subject{ID: "mac:3", Kind: "device", Licenses: standard, Versions: []string{"2007"}}
	desk := audit.Subject{ID: "mac:4", Kind: "device", CoveredBy: "user-cal"}
	for _, c := range []struct {
		s        audit.Subject
		others   []audit.Subject
		assign   string
		readings map[string]string
		want     string
	}{
		{alice, []audit.Subject{phone, better, pc}, "optimal", nil,
			"holds its own, for 2 of the 3 devices it was used on do not hold CALs that would do: mac:1, host:pc1"},
		{alice, []audit.Subject{better}, "optimal", nil, "holds its own, for some of its uses were on no device that can hold CALs"},
		{alice, []audit.Subject{better}, "user", nil, "holds its own (--assign user)"},
		{audit.Subject{Kind: "user", Licenses: standard, Reasons: []audit.Reason{{Activity: "im-login"}}}, nil, "optimal", nil,
			"holds its own, for its uses were on no device that can hold CALs"},
		{alice, []audit.Subject{pc}, "optimal", map[string]string{"user-and-device": "strict"},
			"holds its own, for every user and every device does (reading user-and-device, strict)"},
		{alice, []audit.Subject{pc}, "optimal", map[string]string{"identity-by-device": "strict"},
			"holds its own, for every hosted identity does (reading identity-by-device, strict)"},
		{entry, nil, "optimal", nil, "holds its own, for the directory asks for it and no use was seen"},
		{covered, []audit.Subject{phone, pc}, "optimal", nil, "covered by the device CALs of mac:1"},
		{lobby, nil, "optimal", nil, "holds its own, for its uses were by nobody who can hold CALs"},
		{lobby, []audit.Subject{covered}, "optimal", nil,
			"holds its own, for 1 of the 1 user seen on it does not hold CALs that would do: bob@contoso.com"},
		{desk, []audit.Subject{alice}, "optimal", nil, "covered by the user CALs of alice@contoso.com"},
		{pc, []audit.Subject{alice}, "optimal", nil, ""},
	} {
		r := &audit.Report{Assign: c.assign, Policy: audit.PolicyRef{Readings: c.readings}}
		if got := Because(c.s, c.others, nil, r); got != c.want {
			t.Errorf("%s: %q, want %q", c.s.ID, got, c.want)
		}
	}
}

// A use on no device needs a CAL of the user's own, whatever the devices hold.
func TestBecauseTellsUsesOnNoDevice(t *testing.T) {
	s := audit.Subject{ID: "ann@contoso.com", Kind: "user", Licenses: []string{"ocs-enterprise-cal", "ocs-standard-cal"}, Versions: []string{"2007", "2007"},
		Reasons: []audit.Reason{{Activity: "im-identity", Outcome: "required"}, {Activity: "im-login", Outcome: "required"},
			{Activity: "conference-organized", Outcome: "required"}, {Activity: "call-received", Outcome: "exempt"}}}
	phone := []audit.Subject{{ID: "mac:1", Kind: "device", Licenses: []string{"ocs-standard-cal"}, Versions: []string{"2007"}}}
	const short = "1 of the 1 device it was used on does not hold CALs that would do: mac:1"
	for _, c := range []struct {
		line EvidenceLine
		want string
	}{
		{EvidenceLine{Activity: "im-login", Device: "mac:1"}, "holds its own, for " + short},
		{EvidenceLine{Activity: "im-identity"}, "holds its own, for " + short},
		{EvidenceLine{Activity: "call-received"}, "holds its own, for " + short},
		{EvidenceLine{Activity: "conference-organized"}, "holds its own, for some of its uses were on no device that can hold CALs, and " + short},
		{EvidenceLine{Activity: "im-login", Device: "epid:01/ann@contoso.com"}, "holds its own, for some of its uses were on no device that can hold CALs, and " + short},
	} {
		if got := Because(s, phone, []EvidenceLine{c.line}, &audit.Report{Assign: "optimal"}); got != c.want {
			t.Errorf("%+v: %q, want %q", c.line, got, c.want)
		}
	}
}
