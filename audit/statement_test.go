package audit

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"calaudit/ingest/mls"
)

// statement is a licence statement as it is kept: rows of family, version,
// quantity, active SA and country.
func statement(date string, rows ...string) []byte {
	s := &mls.Statement{Date: date}
	for i, row := range rows {
		f := strings.Split(row, "|")
		for len(f) < 5 {
			f = append(f, "")
		}
		s.Rows = append(s.Rows, mls.Row{Line: 11 + i, Pool: "Servers", Family: f[0], Version: f[1], Quantity: f[2], ActiveSA: f[3], Country: f[4]})
	}
	return s.Table()
}

func TestProductsOfAStatementBecomeLicences(t *testing.T) {
	owned, problems, err := ParseEntitlements("s.xlsx", statement("2015-06-30",
		"Office Communications Server Standard CAL - User CAL|2007|100|0|All Countries",
		"Office Communications Server 2007 R2 Enterprise, Sngl, OLP-NL, 1UsrCAL||5||All Countries",
		"Office Communications Server Enterprise|2007 R2|2|0|All Countries",
		"Lync Server Standard CAL - Device CAL|2013|1,200|300|All Countries",
		"Lync Server Standard CAL - Device CAL|2013|200|0|Germany",
		"SfB Svr Plus CAL User|2015|10|10|All Countries",
		"Enterprise CAL Suite - User CAL|Non-specific|7|7|All Countries",
		"Microsoft Enterprise CAL, Device|x|3.0||All Countries",
		"Office Communicator|2007|40||All Countries",
		"Office Live Communications Server CAL (Device)|2005|9||All Countries",
		"Office Communications Server External Connector Standard|2007|1||All Countries"))
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	var got []string
	for _, e := range owned {
		got = append(got, fmt.Sprint(e.License, " ", e.Metric, " ", e.Version, " ", e.Quantity, " ", e.SAUntil, " ", e.Line))
	}
	want := []string{
		"ocs-standard-cal user 2007 100  11",
		"ocs-enterprise-cal user 2007-r2 5  12",
		"ocs-server-enterprise server 2007-r2 2  13",
		"lync-standard-cal device 2013 300 2015-06-30 14",
		"lync-standard-cal device 2013 900  14",
		"sfb-plus-cal user 2015 10 2015-06-30 16",
		"ecal-suite user  7 2015-06-30 17",
		"ecal-suite device  3  18",
		"communicator-client device 2007 40  19",
		"lcs-cal device 2005 9  20",
		"ocs-external-connector-standard server 2007 1  21",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if owned[0].Note != "License Statement: Office Communications Server Standard CAL - User CAL" || owned[0].File != "s.xlsx" {
		t.Errorf("%+v", owned[0])
	}
}

func TestWhatAStatementDoesNotTellIsNeverGuessed(t *testing.T) {
	data := statement("",
		"Lync Server Standard CAL|2013|5|5|All Countries",                     // neither user nor device
		"Lync Server Standard CAL User Device|2013|5||All Countries",          // both
		"Lync Server 2010 Standard CAL - User|2013|5||All Countries",          // two versions
		"Lync Server Standard CAL - User||5||All Countries",                   // none
		"Lync Server Standard CAL - User|2012|5||All Countries",               // one that never was
		"Lync Server Standard CAL - User|2013|many||All Countries",            // no number
		"Lync Server Standard CAL - User|2013|-5||All Countries",              //
		"Lync Server - User|2013|5||All Countries",                            // a server has no users
		"|2013|5||All Countries",                                              // nothing
		"Lync Server Standard CAL - User|2013|5|5|All Countries",              // good, of an unknown date
		"Lync Server Standard CAL Step-up - User|2013|15||All Countries",      // another product
		"Windows Server Standard|2012|40||All Countries",                      //
		"Lync Server Plus CAL for Enterprise CAL Suite|2013|1||All Countries", //
	)
	owned, problems, err := ParseEntitlements("s.xlsx", data)
	if err != nil || len(owned) != 1 || owned[0].Quantity != 5 || owned[0].SAUntil != "" {
		t.Errorf("%+v, %v", owned, err)
	}
	var lines []int
	for _, p := range problems {
		lines = append(lines, p.Line)
		if p.File != "s.xlsx" || p.What == "" {
			t.Errorf("%+v", p)
		}
	}
	if !slices.Equal(lines, []int{11, 12, 13, 14, 15, 16, 17, 18, 19}) {
		t.Errorf("%v", problems)
	}
	unknown, err := UnknownProducts("s.xlsx", data)
	var got []string
	for _, u := range unknown {
		got = append(got, fmt.Sprint(u.Line, " ", u.Product, " ", u.Quantity, " ", u.Near))
	}
	want := []string{"21 Lync Server Standard CAL Step-up - User 15 true", "22 Windows Server Standard 40 false", "23 Lync Server Plus CAL for Enterprise CAL Suite 1 true"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v", got, err)
	}
	if list, err := UnknownProducts("licenses.csv", []byte("license,metric,version,quantity\nlync-x,user,2013,1\n")); err != nil || list != nil {
		t.Errorf("%v, %v", list, err)
	}
}

func TestAStatementWithoutARowForAllCountriesIsTakenWhole(t *testing.T) {
	owned, _, err := ParseEntitlements("s.xlsx", statement("2015-06-30", "Lync Server|2013|2||Germany", "Lync Server|2013|3||France"))
	if err != nil || len(owned) != 2 {
		t.Errorf("%+v, %v", owned, err)
	}
}

func TestAProductWithoutItsRowForAllCountriesIsNotDropped(t *testing.T) {
	data := statement("2015-06-30", "Lync Server|2013|5||All Countries", "Lync Server|2013|2||Germany",
		"Lync Server|2010|3||France", "Windows Server|2012|4||Germany")
	owned, problems, err := ParseEntitlements("s.xlsx", data)
	if err != nil || len(owned) != 1 || owned[0].Quantity != 5 {
		t.Errorf("owned: %+v, %v", owned, err)
	}
	if len(problems) != 1 || problems[0].Line != 13 || !strings.Contains(problems[0].What, "France") {
		t.Errorf("problems: %v", problems)
	}
	if unknown, err := UnknownProducts("s.xlsx", data); err != nil || len(unknown) != 1 || unknown[0].Line != 14 {
		t.Errorf("unknown: %v, %v", unknown, err)
	}
}

func TestStatementsOfOneProductAreTold(t *testing.T) {
	old := statement("2014-06-30", "Lync Server|2013|2||All Countries", "Lync Server|2013|2||Germany")
	older := statement("2013-06-30", "LYNC SERVER|2013|1||All Countries")
	other := statement("", "Lync Server|2010|2||All Countries")
	list := []byte("license,metric,version,quantity\nlync-server,server,2013,1\n")
	for _, c := range []struct {
		files [][]byte
		want  string
	}{
		{nil, "[]"},
		{[][]byte{old}, "[]"}, // its countries are its own
		{[][]byte{old, other, list}, "[]"},
		{[][]byte{old, list, older, other}, "[2013-06-30 2014-06-30]"},
		{[][]byte{other, statement("", "Lync Server|2010|3||All Countries")}, "[an unknown date an unknown date]"},
	} {
		if got := fmt.Sprint(RepeatedStatements(c.files...)); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

func TestEveryProductNameLeadsToItsLicence(t *testing.T) {
	c := productNames()
	seen := map[string]bool{}
	for _, p := range c.Products {
		l, err := license(p.License)
		if err != nil {
			t.Error(err)
			continue
		}
		seen[p.License] = true
		if p.Metric != "" && !slices.Contains(l.Metrics, p.Metric) || p.Metric == "" && slices.Contains(l.Metrics, "server") || len(p.Names) == 0 {
			t.Errorf("%s: metric %q, names %q", p.License, p.Metric, p.Names)
		}
		for _, name := range p.Names {
			for _, spelt := range []string{name, strings.ToUpper(name), "Microsoft " + strings.ReplaceAll(name, " ", ", ") + " ALNG"} {
				got, _, err := statementProduct(spelt)
				if err != nil || got == nil || got.license != p.License || got.metric != p.Metric {
					t.Errorf("%q: %+v, %v", spelt, got, err)
				}
			}
		}
	}
	for _, l := range Catalog() {
		if !seen[l.Name] {
			t.Errorf("no product is called %s", l.Name)
		}
	}
}
