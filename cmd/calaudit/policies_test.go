package main

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"calaudit/audit"
)

var update = flag.Bool("update", false, "write what the README shows of the policies")

// TestFivePoliciesAreInTheREADME audits the sample company as if it had run
// each generation, and demands a rule for every difference.
func TestFivePoliciesAreInTheREADME(t *testing.T) { inREADME(t, "five policies", fivePolicies(t)) }

// TestTheSchoolIsInTheREADME answers whether every parent whom a school invites
// to a web conference needs a CAL.
func TestTheSchoolIsInTheREADME(t *testing.T) { inREADME(t, "school", school(t)) }

// inREADME demands that the README shows a text between the comments that bear
// its name.
func inREADME(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join(repo, "README.md")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- "+name+": kept by a test -->\n", "<!-- end of "+name+" -->\n"
	before, rest, ok := strings.Cut(string(data), begin)
	shown, after, ended := strings.Cut(rest, end)
	switch {
	case !ok || !ended:
		t.Fatalf("README.md has no place for %s", name)
	case shown == "\n"+text+"\n":
	case *update:
		if err := os.WriteFile(file, []byte(before+begin+"\n"+text+"\n"+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("README.md shows other figures of %s; run go test ./cmd/calaudit -run INREADME -update, or expect:\n%s", name, text)
	}
}

// A policy is text as any editor saves it, and small; what is not is refused
// with what to do.
func TestPoliciesAreTextAndSmall(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(repo, "audit", "policy", "ocs2007.toml"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data   []byte
		status int
		want   string
	}{
		"utf16.toml":  {utf16File(string(text)), 0, "The policy is valid"},
		"marked.toml": {append([]byte("\xEF\xBB\xBF"), text...), 0, "The policy is valid"},
		"crlf.toml":   {[]byte(strings.ReplaceAll(string(text), "\n", "\r\n")), 0, "The policy is valid"},
		"latin.toml":  {[]byte("name = \"m\xFCller\"\n"), exitUsage, "latin.toml:1: invalid UTF-8"},
		"empty.toml":  {nil, exitUsage, "empty.toml:1: name is missing"},
		"huge.toml":   {[]byte(strings.Repeat("#", maxSmall+1)), exitUsage, "huge.toml has more than 4194304 bytes; a file written by hand is small, so name the right one"},
	} {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, c.data, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"policy", "validate", file}, {"policy", "test", file, file}, {"audit", "--policy", file, "--db", file + ".db"}, {"audit", "--what-if", file, "--db", file + ".db"}} {
			status, out, errs := calaudit(t, args...)
			if args[1] == "validate" && (status != c.status || !strings.Contains(out+errs, c.want)) || args[1] != "validate" && status != exitUsage && c.status == exitUsage {
				t.Errorf("%s: exit %d: %s%s", strings.Join(args, " "), status, out, errs)
			}
		}
	}
	if status, _, errs := calaudit(t, "policy", "validate", t.TempDir()); status != exitUsage {
		t.Errorf("a folder: exit %d: %s", status, errs)
	}
}

// school asks the question under several terms.
func school(t *testing.T) string {
	db, dir := filepath.Join(t.TempDir(), "a.db"), filepath.Join(repo, "sample-logs", "school")
	var b strings.Builder
	b.WriteString("| terms | External Connectors | parents: need a CAL | covered by connectors | exempt | licences missing |\n|---|---|---:|---:|---:|---|\n")
	for _, c := range []struct{ terms, policy, reading, licenses string }{
		{"`ocs2007`, strict", "ocs2007", "external-attendee=strict", "licenses.csv"},
		{"`ocs2007`, `external-attendee=lenient`", "ocs2007", "external-attendee=lenient", "licenses.csv"},
		{"`ocs2007`, strict", "ocs2007", "external-attendee=strict", "licenses-connectors.csv"},
		{"`ocs2007r2`", "ocs2007r2", "attendee-edition=strict", "licenses.csv"},
		{"`ocs2007r2`", "ocs2007r2", "attendee-edition=strict", "licenses-connectors.csv"},
	} {
		var r audit.Report
		calauditJSON(t, 0, &r, "run", filepath.Join(dir, "exports"), "--db", db, "--policy", c.policy, "--reading", c.reading,
			"--licenses", filepath.Join(dir, c.licenses), "--assign", "user", "--fail-on", "never", "--max-age", "0")
		var users []audit.Subject
		calauditJSON(t, 0, &users, "users", "--db", db)
		n := map[string]int{}
		for _, u := range users {
			if u.Class == "hosted" {
				if u.Outcome != "required" {
					t.Errorf("%s: the teacher %s is %s", c.terms, u.ID, u.Outcome)
				}
				continue
			}
			n[u.CoveredBy+u.Outcome]++
		}
		var missing []string
		for _, p := range r.Position {
			if p.Shortfall > 0 {
				missing = append(missing, fmt.Sprintf("%d %s", p.Shortfall, p.License))
			}
		}
		owned := "none"
		if c.licenses != "licenses.csv" {
			owned = "one of each"
		}
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %d | %s |\n", c.terms, owned, n["required"], n["external-connectorexempt"], n["exempt"],
			cmp.Or(strings.Join(missing, ", "), "none"))
	}
	return b.String()
}

// underPolicy is what an audit of the company makes of it.
type underPolicy struct {
	policy   *audit.Policy
	report   audit.Report
	subjects []audit.Subject
}

func fivePolicies(t *testing.T) string {
	dir := t.TempDir()
	db, company := filepath.Join(dir, "a.db"), filepath.Join(repo, "sample-logs", "contoso")
	if status, _, errs := calaudit(t, "ingest", company, "--db", db, "--quiet"); status != 0 {
		t.Fatalf("exit %d: %s", status, errs)
	}
	estate, err := os.ReadFile(filepath.Join(company, "estate.toml"))
	if err != nil {
		t.Fatal(err)
	}
	var all []underPolicy
	for _, name := range audit.BuiltinPolicies() {
		u := underPolicy{}
		if u.policy, err = audit.BuiltinPolicy(name); err != nil {
			t.Fatal(err)
		}
		// The same servers, of the generation that the policy speaks of.
		own := filepath.Join(dir, name+".toml")
		text := regexp.MustCompile(`version = "[^"]*"`).ReplaceAllString(string(estate), `version = "`+u.policy.ServerVersion+`"`)
		if err := os.WriteFile(own, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		calauditJSON(t, 0, &u.report, "audit", "--db", db, "--policy", name, "--estate", own, "--assign", "user", "--fail-on", "never")
		for _, kind := range []string{"users", "devices"} {
			var list []audit.Subject
			calauditJSON(t, 0, &list, kind, "--db", db)
			u.subjects = append(u.subjects, list...)
		}
		all = append(all, u)
	}
	var b strings.Builder
	b.WriteString("| policy | users required | exempt | undetermined | devices required | Standard | Enterprise | Plus | server licences |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|\n")
	for _, u := range all {
		n := map[string]int{}
		for _, p := range u.report.Position {
			for _, family := range []string{"-standard-cal", "-enterprise-cal", "-plus-cal"} {
				if strings.HasSuffix(p.License, family) {
					n[family] += p.Required
				}
			}
		}
		for _, s := range u.report.Servers {
			if s.License != "" {
				n["server"]++
			}
		}
		r := u.report.Totals
		fmt.Fprintf(&b, "| `%s` | %d | %d | %d | %d | %d | %d | %d | %d |\n", u.policy.Name, r.Users.Required, r.Users.Exempt, r.Users.Undetermined,
			r.Devices.Required, n["-standard-cal"], n["-enterprise-cal"], n["-plus-cal"], n["server"])
	}
	b.WriteString("\n| from, to | what | before, by rule | after, by rule | for |\n|---|---|---|---|---:|\n")
	for i := 1; i < len(all); i++ {
		for _, row := range changes(t, &all[i-1], &all[i]) {
			fmt.Fprintf(&b, "| `%s`, `%s` | %s |\n", all[i-1].policy.Name, all[i].policy.Name, row)
		}
	}
	return b.String()
}

// changes explains every subject and server that two policies judge
// differently by the rules that did.
func changes(t *testing.T, a, b *underPolicy) (rows []string) {
	cases, err := audit.ComparePolicies(a.policy, b.policy)
	if err != nil {
		t.Fatal(err)
	}
	type change struct{ before, after string }
	counts, what, order := map[change]int{}, map[change]map[string]bool{}, []change{}
	for i := range a.subjects {
		x, y := &a.subjects[i], &b.subjects[i]
		if x.ID != y.ID || x.Kind != y.Kind {
			t.Fatalf("%s and %s are not the same", x.ID, y.ID)
		}
		if held(x) == held(y) {
			continue
		}
		class := x.Class
		if x.Kind == "device" {
			class = "hosted" // of the identity that it is
		}
		found := map[change]bool{}
		for _, d := range cases {
			before, after := decided(x, d.Activity, d.A.Rule), decided(y, d.Activity, d.B.Rule)
			if d.Class != class || before == 0 || after == 0 {
				continue
			}
			if d.A.Rule != d.B.Rule && before == decided(y, d.Activity, d.A.Rule) {
				continue // none of these uses went over to the other rule
			}
			c := change{short(d.A.Strict) + ", `" + d.A.Rule + "`", short(d.B.Strict) + ", `" + d.B.Rule + "`"}
			if short(d.A.Strict) == short(d.B.Strict) {
				continue // the lenient answers differ only, and the audit was strict
			}
			if what[c] == nil {
				what[c] = map[string]bool{}
				order = append(order, c)
			}
			what[c][d.Activity] = true
			found[c] = true
		}
		if len(found) == 0 {
			t.Errorf("from %s to %s: no rule explains %s: %s, then %s", a.policy.Name, b.policy.Name, x.ID, held(x), held(y))
		}
		for c := range found {
			counts[c]++
		}
	}
	slices.SortFunc(order, func(x, y change) int {
		return cmp.Or(-cmp.Compare(counts[x], counts[y]), cmp.Compare(x.before+x.after, y.before+y.after))
	})
	for _, c := range order {
		rows = append(rows, fmt.Sprintf("%s | %s | %s | %d", strings.Join(slices.Sorted(maps.Keys(what[c])), ", "), c.before, c.after, counts[c]))
	}
	return append(rows, serverChanges(t, a, b)...)
}

func serverChanges(t *testing.T, a, b *underPolicy) (rows []string) {
	type change struct{ role, before, after string }
	counts := map[change]int{}
	for i, x := range a.report.Servers {
		y := b.report.Servers[i]
		if x.Host != y.Host {
			t.Fatalf("%s and %s are not the same", x.Host, y.Host)
		}
		if (x.License == "") != (y.License == "") {
			counts[change{x.Role, cmp.Or(x.License, "none") + ", `" + x.Rule + "`", cmp.Or(y.License, "none") + ", `" + y.Rule + "`"}]++
		}
	}
	for c, n := range counts {
		rows = append(rows, fmt.Sprintf("server, %s | %s | %s | %d", c.role, c.before, c.after, n))
	}
	slices.Sort(rows)
	return rows
}

// decided counts the uses of a subject that a rule decided.
func decided(s *audit.Subject, activity, rule string) (n int) {
	for _, r := range s.Reasons {
		if r.Activity == activity && r.Rule == rule {
			n += r.Count
		}
	}
	return n
}

// held is the outcome and the CAL families, whatever the generation calls them.
func held(s *audit.Subject) string {
	text := s.Outcome
	for _, l := range s.Licenses {
		_, family, _ := strings.Cut(l, "-")
		text += " " + family
	}
	return text + " " + s.CoveredBy
}

func short(r audit.Ruling) string {
	var letters []string
	for _, f := range r.Families {
		letters = append(letters, strings.ToUpper(f[:1]))
	}
	return strings.TrimSpace(r.Outcome + " " + strings.Join(letters, "+"))
}
