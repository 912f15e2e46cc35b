package audit

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"calaudit/ingest"
)

// TestPoolsOfTheDirectoryAreServers: by edition and version, but for what the
// estate says of their hosts, and whatever name of them is met.
func TestPoolsOfTheDirectoryAreServers(t *testing.T) {
	ocs2007, err := ParseVersion("2007")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		servers map[string]EstateServer
		pools   []ingest.Pool
		want    string // host role edition version licence, "?" when something is assumed
		cal     string // version that alice needs, who is on pool1
		note    string
	}{
		{"nothing is known", nil, nil, "pool1 front-end standard 2007 ocs-server-standard ?", "2007", ""},
		{"a pool", nil, []ingest.Pool{{Name: "pool1", Edition: "enterprise", Version: "2007-r2"}}, "pool1 front-end enterprise 2007-r2 ocs-server-enterprise", "2007-r2", ""},
		{"under its full name, and one that nobody was met on", nil, []ingest.Pool{{Name: "pool1.contoso.com", Edition: "standard", Version: "2007-r2"}, {Name: "pool2", Edition: "enterprise", Version: "2007"}},
			"pool1.contoso.com front-end standard 2007-r2 ocs-server-standard, pool2 front-end enterprise 2007 ocs-server-enterprise", "2007-r2", ""},
		{"in two naming contexts", nil, []ingest.Pool{{Name: "pool1", Version: "2007-r2"}, {Name: "pool1.contoso.com", Edition: "enterprise", Version: "2007"}},
			"pool1.contoso.com front-end enterprise 2007-r2 ocs-server-enterprise", "2007-r2", ""},
		{"no edition is told", nil, []ingest.Pool{{Name: "pool1", Version: "2007-r2"}}, "pool1 front-end standard 2007-r2 ocs-server-standard ?", "2007-r2", ""},
		{"hosts of the estate", map[string]EstateServer{"fe1": {Role: "front-end", Pool: "pool1.contoso.com"}, "fe2": {Role: "front-end", Pool: "pool1.contoso.com", Edition: "standard", Version: ocs2007}, "other": {Role: "archiving"}, "fe3": {Pool: "pool1"}},
			[]ingest.Pool{{Name: "pool1", Edition: "enterprise", Version: "2007-r2"}},
			"fe1 front-end enterprise 2007-r2 ocs-server-enterprise, fe2 front-end standard 2007 ocs-server-standard, fe3 front-end enterprise 2007-r2 ocs-server-enterprise ?, other archiving standard 2007 ocs-server-standard ?", "2007-r2", ""},
		{"Live Communications Server", nil, []ingest.Pool{{Name: "lcs", Version: "2005", Edition: "standard"}, {Name: "old", Version: "2003"}},
			"lcs front-end standard 2005 lcs-server, pool1 front-end standard 2007 ocs-server-standard ?", "2007",
			"Pools of Live Communications Server 2003 in the directory, whose licences are not known here: 1."},
	} {
		t.Run(c.name, func(t *testing.T) {
			policy, err := BuiltinPolicy("ocs2007")
			if err != nil {
				t.Fatal(err)
			}
			alice := &ingest.Entry{DN: "CN=alice,DC=contoso,DC=com", Primary: "alice@contoso.com", Home: "pool1", Enabled: true}
			in := &Input{Policy: policy, Estate: &Estate{Servers: c.servers, SIPDomains: []string{"contoso.com"}}, Names: []ingest.Name{{}}, Days: 90, Assign: "optimal",
				AsOf: time.Date(2009, 3, 31, 0, 0, 0, 0, time.UTC), Usages: func() []Usage { return nil }}
			var snapshot Snapshot
			snapshot.Entries = []*ingest.Entry{alice}
			for i, p := range c.pools {
				snapshot.Entries = append(snapshot.Entries, &ingest.Entry{DN: fmt.Sprint("CN=p", i, ",CN=Pools"), Pool: &p})
			}
			in.SetDirectory([]Snapshot{snapshot})
			r, subjects, err := Run(in)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range r.Servers {
				text := strings.Join([]string{s.Host, s.Role, s.Edition, s.Version, s.License}, " ")
				if s.Assumed {
					text += " ?"
				}
				got = append(got, text)
			}
			if text := strings.Join(got, ", "); text != c.want {
				t.Errorf("servers are\n%s\nwant\n%s", text, c.want)
			}
			if len(subjects) != 1 || !slices.Equal(subjects[0].Versions, []string{c.cal}) {
				t.Errorf("alice: %+v; want %s", subjects, c.cal)
			}
			if c.note != "" && !slices.Contains(r.Notes, c.note) {
				t.Errorf("notes %q", r.Notes)
			}
		})
	}
}
