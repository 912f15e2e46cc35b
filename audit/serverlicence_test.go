package audit

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestServerLicencesByVersion(t *testing.T) {
	for _, c := range []struct {
		servers string // version/edition of each host
		owned   string
		want    string // licence version required/owned/shortfall/surplus
	}{
		{"2005/standard", "", "lcs-server 2005 1/0/1/0"},
		{"2005/standard", "lcs-server,server,2005,1", "lcs-server 2005 1/1/0/0"},
		{"2007/standard 2007/enterprise", "", "ocs-server-enterprise 2007 1/0/1/0; ocs-server-standard 2007 1/0/1/0"},
		{"2007-r2/enterprise", "ocs-server-enterprise,server,2007-r2,2", "ocs-server-enterprise 2007-r2 1/2/0/1"},
		{"2010/standard", "lync-server,server,2010,1", "lync-server 2010 1/1/0/0"},
		{"2010/enterprise", "lync-server,server,2010,1", "lync-server 2010 1/1/0/0"},
		{"2010/enterprise 2010/standard", "lync-server,server,2010,1", "lync-server 2010 2/1/1/0"},
		{"2013/", "lync-server,server,2010,1", "lync-server 2010 0/1/0/1; lync-server 2013 1/0/1/0"},
		{"2015/ 2019/", "sfb-server,server,2019,2", "sfb-server 2015 1/1/0/0; sfb-server 2019 1/2/0/0"},
		{"2010/", "sfb-server,server,2015,1", "lync-server 2010 1/1/0/0"},
		// a newer licence of another product, run as the older version
		{"2007/enterprise", "lync-server,server,2010,1", "ocs-server-enterprise 2007 1/1/0/0"},
		{"2005/", "ocs-server-standard,server,2007,2", "lcs-server 2005 1/1/0/0; ocs-server-standard 2007 0/2/0/1"},
		{"2007/enterprise", "ocs-server-standard,server,2007,1", "ocs-server-enterprise 2007 1/0/1/0; ocs-server-standard 2007 0/1/0/1"},
		{"2007/", "sfb-server,server,2015,1\nlync-server,server,2010,1", "ocs-server-standard 2007 1/1/0/0; sfb-server 2015 0/1/0/1"}, // the oldest that serves
		// Software Assurance made a newer product of it
		{"2010/", "ocs-server-enterprise,server,2007,1,2011-06-30", "lync-server 2010 1/1/0/0"},
		{"2010/", "ocs-server-enterprise,server,2007,1,2009-06-30", "lync-server 2010 1/0/1/0; ocs-server-enterprise 2007-r2 0/1/0/1"},
		{"2007/ 2010/", "ocs-server-standard,server,2007,1\nocs-server-standard,server,2007,1,2011-06-30", "lync-server 2010 1/1/0/0; ocs-server-standard 2007 1/2/0/0"},
	} {
		in := newScene().input(mustPolicy(t))
		in.Estate = &Estate{Servers: map[string]EstateServer{}}
		for i, s := range strings.Fields(c.servers) {
			version, edition, _ := strings.Cut(s, "/")
			v, err := ParseVersion(version)
			if err != nil {
				t.Fatal(err)
			}
			in.Estate.Servers[fmt.Sprintf("s%d.contoso.com", i)] = EstateServer{Role: "front-end", Edition: edition, Version: v}
		}
		var problems []Problem
		var err error
		in.Owned, problems, err = ParseEntitlements("l", []byte("license,metric,version,quantity,sa_until\n"+c.owned))
		if err != nil || len(problems) > 0 {
			t.Fatal(err, problems)
		}
		r, _ := mustRun(t, in)
		var rows []string
		for _, p := range r.Position {
			rows = append(rows, fmt.Sprintf("%s %s %d/%d/%d/%d", p.License, p.Version, p.Required, p.Owned, p.Shortfall, p.Surplus))
		}
		if got := strings.Join(rows, "; "); got != c.want {
			t.Errorf("%s with %q: got %s, want %s", c.servers, c.owned, got, c.want)
		}
		for _, s := range r.Servers {
			if !slices.ContainsFunc(r.Position, func(p Position) bool { return p.License == s.License && p.Version == s.Version && p.Required > 0 }) {
				t.Errorf("%s: host %+v has no row", c.servers, s)
			}
		}
	}
}
