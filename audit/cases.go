package audit

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"calaudit/ingest"
)

// PolicyCase is one entry of a .cases.toml file: a small estate, and what a
// policy must make of it. policy/ocs2007.cases.toml explains the words.
type PolicyCase struct {
	Name      string            `toml:"name"`
	Readings  map[string]string `toml:"readings"`
	Assign    string            `toml:"assign"`
	Estate    string            `toml:"estate"` // estate.toml; the own domain is contoso.com unless it says otherwise
	Owned     string            `toml:"owned"`  // rows of licenses.csv: license,metric,version,quantity
	Facts     []string          `toml:"facts"`  // "activity user key=value ..."
	Directory []CaseAccount     `toml:"directory"`
	Want      []string          `toml:"want"`     // all subjects: "id class outcome licences covered-by"
	Versions  []string          `toml:"versions"` // the same subjects: "id version+version"
	Rules     []string          `toml:"rules"`    // some of them: "id rule rule"
	Servers   []string          `toml:"servers"`  // all servers: "host licence rule", licence none where none is needed

	Line int `toml:"-"`
}

// CaseAccount is a directory entry of a case.
type CaseAccount struct {
	Primary string   `toml:"primary"`
	Aliases []string `toml:"aliases"`
	Line    string   `toml:"line"`
	Phone   string   `toml:"phone"`
	Enabled bool     `toml:"enabled"`
	Voice   bool     `toml:"voice"`
}

// ParseCases reads a file of cases; every problem is reported with its line.
func ParseCases(file string, data []byte) ([]PolicyCase, error) {
	var all struct {
		Cases []PolicyCase `toml:"cases"`
	}
	if err := decodeStrict(file, data, &all); err != nil {
		return nil, err
	}
	at := locate(file, data)
	var errs []error
	for i := range all.Cases {
		c, path := &all.Cases[i], []string{"cases", fmt.Sprint(i)}
		c.Line = at.line(path)
		if c.Name == "" {
			errs = append(errs, at.errorf(path, "name is missing: say what the case shows"))
		}
		if c.Want == nil && c.Servers == nil {
			errs = append(errs, at.errorf(path, "want is missing; expected all subjects as \"id class outcome licences covered-by\", or [] for none"))
		}
	}
	if len(all.Cases) == 0 {
		errs = append(errs, fmt.Errorf("%s: no [[cases]]", file))
	}
	return all.Cases, errors.Join(errs...)
}

// Check audits the case under a policy and returns what is not as it must be,
// "" for nothing. An error means that the case itself makes no sense.
func (c *PolicyCase) Check(p *Policy) (wrong string, err error) {
	in, err := c.input(p)
	if err != nil {
		return "", err
	}
	r, subjects, err := Run(in)
	if err != nil {
		return "", err
	}
	var lines []string
	differ := func(what string, got, want []string) {
		want = slices.Sorted(slices.Values(want))
		if !slices.Equal(got, want) {
			lines = append(lines, fmt.Sprintf("%sgot\n  %s\nwant\n  %s", what, strings.Join(got, "\n  "), strings.Join(want, "\n  ")))
		}
	}
	if c.Want != nil {
		differ("", caseVerdicts(subjects), c.Want)
	}
	if c.Versions != nil {
		var got []string
		for _, s := range subjects {
			got = append(got, s.ID+" "+strings.Join(s.Versions, "+"))
		}
		differ("versions: ", slices.Sorted(slices.Values(got)), c.Versions)
	}
	if c.Rules != nil {
		var got []string
		for _, s := range subjects {
			line := s.ID
			for _, x := range s.Reasons {
				if !slices.Contains(strings.Fields(line), x.Rule) {
					line += " " + x.Rule
				}
			}
			if slices.ContainsFunc(c.Rules, func(w string) bool { return strings.HasPrefix(w, s.ID+" ") }) {
				got = append(got, line)
			}
		}
		differ("rules: ", slices.Sorted(slices.Values(got)), c.Rules)
	}
	if c.Servers != nil {
		var got []string
		for _, s := range r.Servers {
			name := s.License
			if name == "" {
				name = "none"
			}
			got = append(got, s.Host+" "+name+" "+s.Rule)
		}
		differ("servers: ", got, c.Servers)
	}
	return strings.Join(lines, "\n"), nil
}

func (c *PolicyCase) input(p *Policy) (*Input, error) {
	s := newScene()
	for _, f := range c.Facts {
		if err := s.add(caseTime, f); err != nil {
			return nil, err
		}
	}
	in := s.input(p)
	for q, a := range c.Readings {
		if _, err := ParseReadings(p, []string{q + "=" + a}); err != nil {
			return nil, err
		}
	}
	in.Readings = c.Readings
	if c.Assign != "" {
		in.Assign = c.Assign
	}
	estate := c.Estate
	if !strings.Contains(estate, "sip_domains") {
		estate = `sip_domains = ["contoso.com"]` + "\n" + estate
	}
	var err error
	if in.Estate, err = ParseEstate("estate", []byte(estate)); err != nil {
		return nil, err
	}
	var problems []Problem
	in.Owned, problems, err = ParseEntitlements("owned", []byte("license,metric,version,quantity\n"+c.Owned))
	if err == nil && len(problems) > 0 {
		err = errors.New(problems[0].String())
	}
	for _, d := range c.Directory {
		in.Accounts = append(in.Accounts, Account{Current: true, Entry: &ingest.Entry{Primary: d.Primary, Aliases: d.Aliases,
			Line164: d.Line, Phone: d.Phone, Enabled: d.Enabled, Voice: d.Voice}})
	}
	return in, err
}

// caseVerdicts writes subjects as cases name them: CALs by the first letters
// of their families, S+E+P.
func caseVerdicts(subjects []Subject) []string {
	all := []string{}
	for _, s := range subjects {
		line := fmt.Sprintf("%s %s %s", s.ID, s.Class, s.Outcome)
		var held Editions
		for _, name := range s.Licenses {
			if l, err := license(name); err == nil {
				held |= 1 << slices.Index(families[:], l.Grants[0])
			}
		}
		if letters := held.Letters(); letters != "" {
			line += " " + letters
		}
		if s.CoveredBy != "" {
			line += " " + s.CoveredBy
		}
		all = append(all, line)
	}
	slices.Sort(all)
	return all
}

// scene collects facts in the words of the plain activity format.
type scene struct {
	names *ingest.Names
	facts []ingest.Fact
}

func newScene() *scene { return &scene{names: ingest.NewNames()} }

// add adds "activity user key=value ...", at a time; a "_" in client is a space.
func (s *scene) add(at int64, text string) error {
	words := strings.Fields(text)
	if len(words) < 2 {
		return fmt.Errorf("fact %q: expected activity and user", text)
	}
	f := ingest.Fact{At: at}
	var err error
	if f.Activity, err = ingest.ParseActivity(words[0]); err == nil {
		f.User, err = s.user(words[1])
	}
	for _, w := range words[2:] {
		if err == nil {
			err = s.word(&f, w)
		}
	}
	if err != nil {
		return fmt.Errorf("fact %q: %w", text, err)
	}
	s.facts = append(s.facts, f)
	return nil
}

func (s *scene) user(text string) (ingest.ID, error) {
	id, err := ingest.ParseUser(text)
	return s.names.ID(ingest.UserName, id), err
}

var caseWords = []string{"peer", "device", "endpoint", "client", "server", "class", "role", "modality", "day", "untold"}

func (s *scene) word(f *ingest.Fact, w string) (err error) {
	key, value, _ := strings.Cut(w, "=")
	switch key {
	case "peer":
		f.Peer, err = s.user(value)
	case "device":
		id, endpoint, err := ingest.ParseDevice(value)
		if err != nil {
			return err
		}
		if endpoint {
			f.Endpoint = s.names.ID(ingest.EndpointName, id)
		} else {
			f.Device = s.names.ID(ingest.DeviceName, id)
		}
	case "endpoint":
		f.Endpoint = s.names.ID(ingest.EndpointName, value)
	case "client":
		f.Client = s.names.ID(ingest.ClientName, strings.ReplaceAll(value, "_", " "))
	case "server":
		f.Server = s.names.ID(ingest.ServerName, value)
	case "class":
		f.Class, err = ingest.ParseClass(value)
	case "role":
		f.Role, err = ingest.ParseRole(value)
	case "modality":
		for _, m := range strings.Split(value, "+") {
			media, wrong := ingest.ParseMedia(m)
			f.Media, err = f.Media|media, errors.Join(err, wrong)
		}
	case "day":
		d, wrong := time.Parse(time.DateOnly, value)
		f.At, err = d.UnixMilli(), wrong
	case "untold":
		f.Untold = true
	default:
		err = fmt.Errorf("unknown word %q; valid: %s", key, strings.Join(caseWords, ", "))
	}
	return err
}

// table is the text behind the ids, as Input.Names wants it.
func (s *scene) table() []ingest.Name { return append([]ingest.Name{{}}, s.names.Fresh()...) }

// The last day of the window of every case, and when its facts are unless they
// say a day.
var (
	caseAsOf = time.Date(2009, 3, 31, 0, 0, 0, 0, time.UTC)
	caseTime = time.Date(2009, 3, 2, 8, 0, 0, 0, time.UTC).UnixMilli()
)

// input folds the scene's facts over a window of 90 days.
func (s *scene) input(p *Policy) *Input {
	names := s.table()
	from, to := caseAsOf.AddDate(0, 0, -89).UnixMilli(), caseAsOf.AddDate(0, 0, 1).UnixMilli()
	return &Input{Policy: p, AsOf: caseAsOf, Days: 90, Assign: "user", Estate: &Estate{}, Names: names,
		Usages: func() []Usage {
			return folded(s.facts, from, to, func(*ingest.Fact) ingest.Class { return ingest.NoClass })
		},
		Calls: func(class []ingest.Class) ([]Usage, error) {
			calls := slices.DeleteFunc(slices.Clone(s.facts), func(f ingest.Fact) bool { return !f.Activity.Call() })
			return folded(calls, from, to, func(f *ingest.Fact) ingest.Class {
				if f.Peer == 0 && f.PeerPSTN {
					return ingest.PSTN
				}
				return class[f.Peer]
			}), nil
		}}
}

// folded groups facts into usages in the plainest way.
func folded(facts []ingest.Fact, from, to int64, peer func(*ingest.Fact) ingest.Class) []Usage {
	var list []Usage
	for i := range facts {
		f := &facts[i]
		at, ok := f.In(from, to)
		if !ok || f.User == 0 || f.Activity == ingest.NoActivity {
			continue
		}
		u := Usage{UsageKey: KeyOf(f), Peer: peer(f), First: at, Last: at}
		n := slices.IndexFunc(list, func(x Usage) bool { return x.UsageKey == u.UsageKey && x.Peer == u.Peer })
		if n < 0 {
			list = append(list, u)
			n = len(list) - 1
		}
		list[n].Count++
		list[n].First, list[n].Last = span(list[n].First, list[n].Last, at, at)
	}
	return list
}

// span joins two periods of which either may be undated.
func span(first, last, first2, last2 int64) (int64, int64) {
	switch {
	case first2 == ingest.Undated:
		return first, last
	case first == ingest.Undated:
		return first2, last2
	}
	return min(first, first2), max(last, last2)
}
