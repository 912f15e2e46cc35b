package audit

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// rightsCases are entitlements, rows of licenses.csv, and what they are good for.
var rightsCases = []struct{ owned, want string }{
	{"ocs-enterprise-cal,user,2007,5,2008-01-01,2010-12-31", "enterprise 2010, plus 2010"},
	{"ocs-enterprise-cal,user,2007,5,2009-06-30,2013-06-30", "enterprise 2013, plus 2013"},
	{"ocs-enterprise-cal,user,2007,5,2009-06-30,2016-06-30", "enterprise 2015, plus 2013"},
	{"ocs-enterprise-cal,user,2007,5,2009-07-01,2013-06-30", "enterprise 2013, plus 2010"},
	{"ocs-enterprise-cal,user,2007-r2,5,2009-07-01,2010-11-30", "enterprise 2007-r2"},
	{"ocs-enterprise-cal,user,2007,5,,2013-06-30", "enterprise 2013, plus 2010"},
	{"ocs-enterprise-cal,user,2007,5,2010-12-01,2013-06-30", "enterprise 2013"},
	{"ocs-enterprise-cal,user,2007,5,,", "enterprise 2007"},
	{"lync-enterprise-cal,user,2010,5,2008-01-01,2010-12-31", "enterprise 2010"},
	{"ecal-suite,user,,5,2008-01-01,2013-06-30", "enterprise+standard 2013, plus 2010"},
	{"ecal-suite,user,,5,2010-12-01,2013-06-30", "enterprise+standard 2013"},
	{"ecal-suite,user,,5,,2013-06-30", "enterprise+standard 2013"},
	{"core-cal-suite,user,,5,2010-01-01,2011-07-31", ""},
	{"core-cal-suite,user,,5,2010-01-01,2012-01-01", "standard 2010"},
	{"core-cal-suite,user,,5,2012-01-01,2014-01-01", "standard 2013"},
	{"lcs-cal,user,2005,5,2006-01-01,2007-10-01", "enterprise+standard 2007"},
	{"lcs-cal,user,2005,5,2006-01-01,2007-09-30", "standard 2005"},
	{"lcs-cal,user,2005,5,2007-10-02,2008-10-01", "standard 2007"},
	{"lcs-cal,user,2005,5,2007-10-01,2007-10-01", "enterprise+standard 2007"},
	{"lcs-cal,user,2005,5,2006-01-01,2010-12-01", "enterprise+standard 2010"},
	{"lcs-cal,user,2005,5,2006-01-01,2010-12-01\nlcs-server,server,2005,1,2007-10-01,2007-10-01", "enterprise+standard 2010, client 2007-r2, lcs-server 2007"},
	{"lcs-cal,user,2005,5,2006-01-01,2008-01-01\nlcs-server,server,2005,1,2006-01-01,2008-01-01", "enterprise+standard 2007, client 2007, lcs-server 2007"},
	{"lcs-cal,user,2005,5,2006-01-01,2008-01-01\nlcs-server,server,2005,1,2006-01-01,2007-09-30", "enterprise+standard 2007, lcs-server 2005"},
	{"lcs-cal,user,2005,5,2006-01-01,2007-09-30\nlcs-server,server,2005,1,2006-01-01,2008-01-01", "standard 2005, lcs-server 2007"},
	{"lcs-cal,user,2005,5,2006-01-01,2008-01-01\nlcs-server,server,2005,0,2006-01-01,2008-01-01", "enterprise+standard 2007, lcs-server 2007"},
	{"ocs-enterprise-cal,user,2007,5,2009-07-01,2010-12-01", "enterprise 2010, plus 2010"},
	{"ocs-enterprise-cal,user,2007,5,2010-11-30,2010-12-01", "enterprise 2010, plus 2010"},
	{"ocs-enterprise-cal,user,2007,5,2009-06-30,2010-11-30", "enterprise 2007-r2"},
	{"ocs-enterprise-cal,user,2007,5,2009-06-30,2010-12-01", "enterprise 2010, plus 2010"},
	{"ocs-enterprise-cal,user,2007,5,,2010-11-30", "enterprise 2007-r2"},
	{"ecal-suite,user,,5,2010-11-30,2010-12-01", "enterprise+standard 2010, plus 2010"},
	{"ecal-suite,user,,5,2010-01-01,2010-11-30", "enterprise+standard 2007-r2"},
	{"ecal-suite,user,,5,,", "enterprise+standard 2007"},
	{"core-cal-suite,user,,5,,", ""},
	{"core-cal-suite,user,,5,,2011-08-01", "standard 2010"},
	{"ocs-standard-cal,user,2005,1,,2007-09-30", "standard 2005"}, // on the day before each version came out, and on the day
	{"ocs-standard-cal,user,2005,1,,2007-10-01", "standard 2007"},
	{"ocs-standard-cal,user,2005,1,,2009-02-02", "standard 2007"},
	{"ocs-standard-cal,user,2005,1,,2009-02-03", "standard 2007-r2"},
	{"ocs-standard-cal,user,2005,1,,2010-11-30", "standard 2007-r2"},
	{"ocs-standard-cal,user,2005,1,,2010-12-01", "standard 2010"},
	{"ocs-standard-cal,user,2005,1,,2012-12-02", "standard 2010"},
	{"ocs-standard-cal,user,2005,1,,2012-12-03", "standard 2013"},
	{"ocs-standard-cal,user,2005,1,,2015-04-30", "standard 2013"},
	{"ocs-standard-cal,user,2005,1,,2015-05-01", "standard 2015"},
	{"ocs-standard-cal,user,2005,1,,2018-10-21", "standard 2015"},
	{"ocs-standard-cal,user,2005,1,,2018-10-22", "standard 2019"},
	{"ocs-standard-cal,user,2005,1,,2025-06-30", "standard 2019"},
	{"ocs-standard-cal,user,2005,1,,2025-07-01", "standard se"},
	{"ocs-standard-cal,user,2019,1,,2010-01-01", "standard 2019"}, // no older one by it
	{"office-professional-plus,device,2007,1,,", "client 2007-r2"},
	{"office-professional-plus,device,2013,1,,", "client 2013"},
	{"office-professional-plus,device,2015,1,,", "client 2015"},
	{"office-professional-plus,device,2019,1,,", "client 2019"},
	{"office-professional-plus,device,2007,1,,2012-12-03", "client 2013"},
	{"office-enterprise,device,2007,1,,", "client 2007-r2"},
	{"office-enterprise,device,2007,1,,2015-05-01", "client 2007-r2"},
	{"communicator-client,device,2007,1,,2009-02-03", "client 2007-r2"},
	{"ocs-server-standard,server,2007,1,,\nocs-server-enterprise,server,2007,1,,\nlync-server,server,2010,1,,\nsfb-server,server,2015,1,,", "server-standard 2007, server-enterprise 2007, server 2010, server 2015"},
	{"ocs-external-connector-standard,server,2007,1,,\nocs-external-connector-enterprise,server,2007,1,,2009-02-03", "connector-standard 2007, connector-enterprise 2007-r2"},
	{"lync-standard-cal,device,2010,1,,\nlync-plus-cal,user,2010,1,,\nsfb-standard-cal,user,2015,1,,\nsfb-enterprise-cal,user,2015,1,,\nsfb-plus-cal,user,2019,1,,", "standard 2010, plus 2010, standard 2015, enterprise 2015, plus 2019"},
}

// wrongRights compares the catalogue with the cases.
func wrongRights() (wrong []string) {
	for _, c := range rightsCases {
		owned, problems, err := ParseEntitlements("l", []byte("license,metric,version,quantity,sa_from,sa_until\n"+c.owned))
		if err != nil || len(problems) > 0 {
			wrong = append(wrong, fmt.Sprint(c.owned, ": ", err, problems))
			continue
		}
		var got []string
		for _, r := range rightsOf(owned) {
			got = append(got, strings.Join(r.families, "+")+" "+r.version.String())
		}
		if text := strings.Join(got, ", "); text != c.want {
			wrong = append(wrong, fmt.Sprintf("%s: %s, want %s", c.owned, text, c.want))
		}
	}
	return wrong
}

// What Software Assurance, dates and other products made of licences.
func TestRightsOfSoftwareAssurance(t *testing.T) {
	for _, wrong := range wrongRights() {
		t.Error(wrong)
	}
	_, problems, _ := ParseEntitlements("l", []byte("license,metric,version,quantity\noffice-professional-plus,device,2010,1\n"))
	if len(problems) != 1 || problems[0].What != "version 2010 of office-professional-plus is not known to hold anything that counts here; known: 2007, 2013, 2015, 2019" {
		t.Errorf("%v", problems)
	}
}

// TestCasesHoldTheCatalogue changes each word of the catalogue that something
// follows from, one at a time: some case must fail.
func TestCasesHoldTheCatalogue(t *testing.T) {
	mutants := 0
	change := func(what string, mutate func() (restore func())) {
		restore := mutate()
		defer restore()
		mutants++
		if len(wrongRights()) == 0 {
			t.Errorf("no case fails with %s", what)
		}
	}
	put := func(what string, at *string, text string) {
		change(fmt.Sprintf("%s %q for %q", what, text, *at), func() func() {
			was := *at
			*at = text
			return func() { *at = was }
		})
	}
	list := func(what string, at *[]string) {
		for i := range *at {
			change(fmt.Sprintf("%s without %s", what, (*at)[i]), func() func() {
				was := *at
				*at = slices.Delete(slices.Clone(was), i, i+1)
				return func() { *at = was }
			})
		}
	}
	flip := func(what string, at *bool) {
		change(what+" the other way", func() func() { *at = !*at; return func() { *at = !*at } })
	}
	aDay := func(what string, at *string) {
		for _, days := range []int{-1, 1} {
			d, err := time.Parse(time.DateOnly, *at)
			if err != nil {
				t.Fatal(err)
			}
			put(what, at, d.AddDate(0, 0, days).Format(time.DateOnly))
		}
	}
	c := catalogue()
	for i := range c.Releases {
		if r := &c.Releases[i]; i > 0 { // nothing came before the first
			aDay("release of "+r.Version, &r.Date)
		}
	}
	for i := range c.Licenses {
		l := &c.Licenses[i]
		list("grants of "+l.Name, &l.Grants)
		for from, to := range l.Holds {
			change(fmt.Sprintf("%s %s holding nothing", l.Name, from), func() func() {
				delete(l.Holds, from)
				return func() { l.Holds[from] = to }
			})
		}
		for k := range l.Rights {
			r, what := &l.Rights[k], fmt.Sprintf("right %d of %s: ", k, l.Name)
			list(what+"grants", &r.Grants)
			if len(l.Grants) > 0 { // alone it is all the same
				flip(what+"together", &r.Together)
			}
			if r.SAAt != "" {
				aDay(what+"sa_at", &r.SAAt)
				put(what+"sa_at", &r.SAAt, "")
			}
			if r.SASince != "" {
				aDay(what+"sa_since", &r.SASince)
				put(what+"sa_since", &r.SASince, "")
			}
			if r.BoughtFrom != "" {
				aDay(what+"bought_from", &r.BoughtFrom)
				put(what+"bought_from", &r.BoughtFrom, "")
			}
			if r.BoughtBefore != "" {
				aDay(what+"bought_before", &r.BoughtBefore)
				put(what+"bought_before", &r.BoughtBefore, "")
			}
			if r.BoughtFrom+r.BoughtBefore != "" {
				flip(what+"undated", &r.Undated)
			}
			if r.With != "" {
				put(what+"with", &r.With, "")
			}
			if r.UpTo != "" {
				put(what+"up_to", &r.UpTo, "")
			}
		}
	}
	if wrong := wrongRights(); len(wrong) > 0 {
		t.Fatalf("the catalogue is not as it was: %v", wrong)
	}
	t.Logf("%d mutants, each noticed by a case", mutants)
}

// Which server licences are good for which: a newer one may be run as an older
// product, and Software Assurance made newer products of older ones, but no
// Enterprise Edition of anything else that was one of two editions.
func TestServerLicencesServe(t *testing.T) {
	want := map[string][]string{
		"lcs-server":        {"lcs-server", "server", "server-standard"},
		"server-standard":   {"lcs-server", "server", "server-standard"},
		"server-enterprise": {"lcs-server", "server", "server-enterprise"},
		"server":            {"lcs-server", "server", "server-enterprise", "server-standard"},
	}
	for _, have := range serverFamilies() {
		var got []string
		for _, need := range slices.Sorted(slices.Values(serverFamilies())) {
			if servesServer(have, need) {
				got = append(got, need)
			}
		}
		if !slices.Equal(got, want[have]) {
			t.Errorf("%s serves %v, want %v", have, got, want[have])
		}
	}
	if minor := minorReleases(); len(minor) != 1 || minor[3].String() != "2007" || Version(3).String() != "2007-r2" {
		t.Errorf("minor releases: %v", minor)
	}
}
