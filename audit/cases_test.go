package audit

import (
	"os"
	"slices"
	"strings"
	"testing"

	"calaudit/ingest"
)

// policyCase is one entry of a .cases.toml file.
type policyCase struct {
	Name      string            `toml:"name"`
	Readings  map[string]string `toml:"readings"`
	Assign    string            `toml:"assign"`
	Estate    string            `toml:"estate"`
	Owned     string            `toml:"owned"`
	Facts     []string          `toml:"facts"`
	Directory []struct {
		Primary string   `toml:"primary"`
		Aliases []string `toml:"aliases"`
		Line    string   `toml:"line"`
		Phone   string   `toml:"phone"`
		Enabled bool     `toml:"enabled"`
		Voice   bool     `toml:"voice"`
	} `toml:"directory"`
	Want     []string `toml:"want"`
	Versions []string `toml:"versions"`
}

func policyCases(t testing.TB) []policyCase {
	t.Helper()
	const file = "policy/ocs2007.cases.toml"
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		Cases []policyCase `toml:"cases"`
	}
	if err := decodeStrict(file, data, &all); err != nil {
		t.Fatal(err)
	}
	return all.Cases
}

// check returns what is wrong with the case under a policy, "" for nothing.
func (c *policyCase) check(t testing.TB, p *Policy) string {
	t.Helper()
	s := newScene()
	for _, f := range c.Facts {
		s.fact(t, testAt, f)
	}
	in := s.input(p)
	in.Readings = c.Readings
	if c.Assign != "" {
		in.Assign = c.Assign
	}
	estate := c.Estate
	if !strings.Contains(estate, "sip_domains") {
		estate = `sip_domains = ["contoso.com"]` + "\n" + estate
	}
	var err error
	if in.Estate, err = ParseEstate("estate.toml", []byte(estate)); err != nil {
		t.Fatal(err)
	}
	var problems []Problem
	in.Owned, problems, err = ParseEntitlements("licenses.csv", []byte("license,metric,version,quantity\n"+c.Owned))
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	for _, d := range c.Directory {
		in.Accounts = append(in.Accounts, Account{Current: true, Entry: &ingest.Entry{Primary: d.Primary, Aliases: d.Aliases,
			Line164: d.Line, Phone: d.Phone, Enabled: d.Enabled, Voice: d.Voice}})
	}
	_, subjects, err := Run(in)
	if err != nil {
		return err.Error()
	}
	got, versions := []string{}, []string{}
	for _, line := range verdictLines(subjects) {
		line = strings.Replace(line, "ocs-enterprise-cal+ocs-standard-cal", "S+E", 1)
		got = append(got, strings.Replace(line, "ocs-standard-cal", "S", 1))
	}
	want := slices.Sorted(slices.Values(c.Want))
	if !slices.Equal(got, want) {
		return "got\n  " + strings.Join(got, "\n  ") + "\nwant\n  " + strings.Join(want, "\n  ")
	}
	for _, s := range subjects {
		versions = append(versions, s.ID+" "+strings.Join(s.Versions, "+"))
	}
	if c.Versions != nil && !slices.Equal(versions, c.Versions) {
		return "versions: got " + strings.Join(versions, ", ") + ", want " + strings.Join(c.Versions, ", ")
	}
	return ""
}

func TestPolicyCases(t *testing.T) {
	p := mustPolicy(t)
	for _, c := range policyCases(t) {
		if wrong := c.check(t, p); wrong != "" {
			t.Errorf("%s: %s", c.Name, wrong)
		}
	}
}

// Every rule and every default must be held by at least one case.
func TestCasesHoldEveryRule(t *testing.T) {
	cases := policyCases(t)
	noticed := func(p *Policy) bool {
		return slices.ContainsFunc(cases, func(c policyCase) bool { return c.check(t, p) != "" })
	}
	for i, r := range mustPolicy(t).Rules {
		p := mustPolicy(t)
		p.Rules = slices.Delete(p.Rules, i, i+1)
		if !noticed(p) {
			t.Errorf("no case fails without rule %q", r.ID)
		}
	}
	for i, q := range mustPolicy(t).Questions {
		p := mustPolicy(t)
		p.Questions[i].Default = map[string]string{"strict": "lenient", "lenient": "strict"}[q.Default]
		if !noticed(p) {
			t.Errorf("no case fails with the other default of question %q", q.ID)
		}
	}
	// Order matters where rules overlap: telephone-call stands before internal-call.
	p := mustPolicy(t)
	slices.Reverse(p.Rules)
	if !noticed(p) {
		t.Error("no case fails with the rules in reverse order")
	}
}
