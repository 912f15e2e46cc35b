package report

import (
	"slices"
	"strings"

	"calaudit/audit"
)

// Policy describes a set of rules.
type Policy struct {
	Name       string         `json:"name"`
	About      string         `json:"about"`
	Since      string         `json:"since"` // date of the terms it states
	SHA256     string         `json:"sha256"`
	Questions  []Question     `json:"questions"`
	Rules      []Rule         `json:"rules"`
	Servers    []ServerRule   `json:"servers"`
	Connectors []string       `json:"connectors"` // CAL families that External Connectors cover outsiders for
	Sources    []PolicySource `json:"sources"`
}

// PolicySource is a text that rules cite by its key.
type PolicySource struct {
	Key   string `json:"key"`
	Title string `json:"title"`
	URL   string `json:"url"`
}

// Question is a disputed point with both of its answers.
type Question struct {
	Question string   `json:"question"`
	Default  string   `json:"default"`
	Strict   string   `json:"strict"`  // what this answer means
	Lenient  string   `json:"lenient"` // what this answer means
	Cite     []string `json:"cite"`
}

// Rule is one line of a policy, in its order.
type Rule struct {
	Rule       string   `json:"rule"`
	Classes    []string `json:"classes"`
	Activity   []string `json:"activities"`
	Peers      []string `json:"peers"`
	Roles      []string `json:"roles"`
	Media      []string `json:"media"`
	Devices    []string `json:"devices"`
	Outcome    string   `json:"outcome"`  // required, exempt, or the question that settles it
	Licenses   []string `json:"licenses"` // under the strict answer, where a question settles it
	Strict     string   `json:"strict,omitempty"`
	Lenient    string   `json:"lenient,omitempty"`
	Reason     string   `json:"reason"`
	Confidence string   `json:"confidence"`
	Cite       []string `json:"cite"`
}

// ServerRule says which server licence an instance needs.
type ServerRule struct {
	Rule       string   `json:"rule"`
	Roles      []string `json:"roles"`
	Editions   []string `json:"editions"`
	License    string   `json:"license"` // none where none is needed; or the question that settles it
	Strict     string   `json:"strict,omitempty"`
	Lenient    string   `json:"lenient,omitempty"`
	Reason     string   `json:"reason"`
	Confidence string   `json:"confidence"`
	Cite       []string `json:"cite"`
}

// Policies lists the policies; the rules and questions are shown when there is
// only one, since the rules of several side by side help nobody.
func Policies(policies []Policy) Document {
	g := Grid{
		Main:  true,
		Empty: "No policy is known.",
		Columns: []Column{
			{Name: "Policy", Key: "name"},
			{Name: "Terms of", Key: "since"},
			{Name: "About", Key: "about"},
			{Name: "SHA-256", Drop: 1},
			{Key: "sha256"},
		},
	}
	value := make([]Policy, len(policies))
	for i, p := range policies {
		g.Rows = append(g.Rows, cells(p.Name, p.Since, p.About, shortDigest(p.SHA256), p.SHA256))
		value[i] = wholePolicy(p)
	}
	d := Document{Title: plural(len(policies), "policy", "policies"), Value: value, Grids: []Grid{g}}
	if len(policies) == 1 {
		p := value[0]
		d.Grids = append(d.Grids, rules(p.Rules), questions(p.Questions), serverRules(p), sources(p.Sources))
	}
	return d
}

// wholePolicy is the policy with empty lists where it has none.
func wholePolicy(p Policy) Policy {
	p.Questions, p.Rules, p.Servers = slices.Clone(list(p.Questions)), slices.Clone(list(p.Rules)), slices.Clone(list(p.Servers))
	p.Connectors, p.Sources = list(p.Connectors), list(p.Sources)
	for i := range p.Questions {
		p.Questions[i].Cite = list(p.Questions[i].Cite)
	}
	for i := range p.Rules {
		r := &p.Rules[i]
		for _, words := range []*[]string{&r.Classes, &r.Activity, &r.Peers, &r.Roles, &r.Media, &r.Devices, &r.Licenses, &r.Cite} {
			*words = list(*words)
		}
	}
	for i := range p.Servers {
		r := &p.Servers[i]
		for _, words := range []*[]string{&r.Roles, &r.Editions, &r.Cite} {
			*words = list(*words)
		}
	}
	return p
}

// rules are facts and not a table: lists of classes and activities are too wide
// for columns, and a rule cut short is a wrong rule.
func rules(list []Rule) Grid {
	g := Grid{Title: "Rules; the first that names a use decides it"}
	for _, r := range list {
		text := orNone(strings.Join(r.Classes, ", "), "anyone") + ": " + orNone(strings.Join(r.Activity, ", "), "anything")
		for _, with := range []struct {
			word  string
			words []string
		}{{", with ", r.Peers}, {", as ", r.Roles}, {", with ", r.Media}, {", by a ", r.Devices}} {
			if len(with.words) > 0 {
				text += with.word + strings.Join(with.words, " or ")
			}
		}
		text += " = "
		if r.Strict != "" {
			text += "strict " + r.Strict + ", lenient " + r.Lenient + " (" + strings.TrimPrefix(r.Outcome, "reading ") + ")"
		} else if text += r.Outcome; len(r.Licenses) > 0 {
			text += " " + editions(r.Licenses, false)
		}
		g.Facts = append(g.Facts, Fact{Name: r.Rule, Text: text + grounds(r.Confidence, r.Cite)})
	}
	if len(list) == 0 {
		g.Empty = "It has no rules."
	}
	return g
}

// grounds says how sure a rule is, and where it is read.
func grounds(confidence string, cite []string) string {
	switch {
	case confidence == "" && len(cite) == 0:
		return ""
	case len(cite) == 0:
		return " [" + confidence + "]"
	}
	return " [" + strings.TrimSpace(confidence+" "+strings.Join(cite, ", ")) + "]"
}

func questions(list []Question) Grid {
	g := Grid{Title: "Readings, set with --reading QUESTION=strict or lenient"}
	for _, q := range list {
		g.Facts = append(g.Facts, Fact{Name: q.Question,
			Text: "default " + q.Default + ". Strict: " + q.Strict + ". Lenient: " + q.Lenient + "." + grounds("", q.Cite)})
	}
	if len(list) == 0 {
		g.Empty = "It leaves no question open."
	}
	return g
}

func serverRules(p Policy) Grid {
	g := Grid{Title: "Server licences; the first rule that names a host decides"}
	for _, r := range p.Servers {
		text := orNone(strings.Join(r.Roles, ", "), "any role")
		if len(r.Editions) > 0 {
			text += ", " + strings.Join(r.Editions, " or ") + " edition"
		}
		text += " = " + r.License
		if r.Strict != "" {
			text = strings.TrimSuffix(text, r.License) + "strict " + r.Strict + ", lenient " + r.Lenient + " (" + strings.TrimPrefix(r.License, "reading ") + ")"
		}
		g.Facts = append(g.Facts, Fact{Name: r.Rule, Text: text + grounds(r.Confidence, r.Cite)})
	}
	if len(p.Servers) == 0 {
		g.Empty = "It counts no servers."
	}
	g.Notes = []string{"External Connectors cover outsiders for these CALs: " + orNone(strings.Join(p.Connectors, ", "), "none, there are no such licences") + "."}
	return g
}

func sources(list []PolicySource) Grid {
	g := Grid{Title: "Sources; D documented by the vendor, S secondary, I inferred"}
	for _, s := range list {
		g.Facts = append(g.Facts, Fact{Name: s.Key, Text: s.Title + ", " + s.URL})
	}
	if len(list) == 0 {
		g.Empty = "It cites nothing."
	}
	return g
}

// PolicyCheck is what validating a policy tells beside its being valid.
type PolicyCheck struct {
	Name      string              `json:"name"`
	SHA256    string              `json:"sha256"`
	Rules     int                 `json:"rules"`
	Questions int                 `json:"questions"`
	Servers   int                 `json:"servers"`
	Undecided map[string][]string `json:"undecided"` // class -> activities that no rule names
}

// Validated says that a policy is sound, and what it leaves open.
func Validated(p PolicyCheck) Document {
	g := Grid{Facts: []Fact{
		{Name: "Policy", Text: p.Name},
		{Name: "SHA-256", Text: p.SHA256},
		{Name: "Holds", Text: plural(p.Rules, "rule", "rules") + ", " + plural(p.Questions, "question", "questions") + ", " + plural(p.Servers, "server rule", "server rules")},
	}}
	open := Grid{Title: "Undetermined: named by no rule, at least in some cases", Main: true,
		Empty: "Every case is decided.", Columns: []Column{{Key: "class"}, {Key: "activity"}}}
	for _, class := range sortedKeys(p.Undecided) {
		open.Facts = append(open.Facts, Fact{Name: class, Text: strings.Join(p.Undecided[class], ", "), Tone: Warn})
		for _, a := range p.Undecided[class] {
			open.Rows = append(open.Rows, cells(class, a))
		}
	}
	if p.Undecided == nil {
		p.Undecided = map[string][]string{}
	}
	return Document{Title: "The policy is valid", Value: p, Grids: []Grid{g, open}}
}

func sortedKeys(m map[string][]string) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// Comparison is in what two policies differ.
type Comparison struct {
	A        string                   `json:"a"`
	B        string                   `json:"b"`
	Cases    []audit.PolicyDifference `json:"cases"`
	Settings []audit.Setting          `json:"settings"`
}

// Compared shows in what two policies differ: how they judge uses, and what
// else they say. Its CSV is the uses.
func Compared(c Comparison) Document {
	c.Cases, c.Settings = slices.Clone(list(c.Cases)), list(c.Settings)
	for i := range c.Cases {
		d := &c.Cases[i]
		for _, r := range []*audit.Ruling{&d.A.Strict, &d.A.Lenient, &d.B.Strict, &d.B.Lenient} {
			r.Families = list(r.Families)
		}
	}
	uses := Grid{
		Title: "Uses that are judged differently",
		Main:  true,
		Empty: "They judge every use alike.",
		Columns: []Column{
			{Name: "Class", Key: "class"},
			{Name: "Activity", Key: "activity"},
			{Name: "With", Key: "peers", Min: 8},
			{Name: "How", Key: "how", Min: 8},
			{Name: c.A, Min: 16}, {Name: c.B, Min: 16},
			{Key: "rule_a"}, {Key: "strict_a"}, {Key: "lenient_a"}, {Key: "rule_b"}, {Key: "strict_b"}, {Key: "lenient_b"},
		},
	}
	for _, d := range c.Cases {
		uses.Rows = append(uses.Rows, cells(d.Class, d.Activity, d.Peers, d.How, judgement(d.A), judgement(d.B),
			d.A.Rule, d.A.Strict.String(), d.A.Lenient.String(), d.B.Rule, d.B.Strict.String(), d.B.Lenient.String()))
	}
	if len(c.Cases) > 0 {
		uses.Notes = []string{"All questions answered strictly, and what changes when all are answered leniently; then the rule."}
	}
	rest := Grid{
		Title: "What else differs",
		Empty: "Nothing else differs.",
		Columns: []Column{
			{Name: "What", Key: "what"}, {Name: c.A, Key: "a", Min: 16}, {Name: c.B, Key: "b", Min: 16},
		},
	}
	for _, s := range c.Settings {
		rest.Rows = append(rest.Rows, cells(s.What, s.A, s.B))
	}
	return Document{Title: "From " + c.A + " to " + c.B, Value: c, Grids: []Grid{uses, rest}}
}

// judgement says in short what a policy makes of a case, and by which rule.
func judgement(j audit.Judgement) string {
	short := func(r audit.Ruling) string {
		names := make([]string, len(r.Families))
		for i, f := range r.Families {
			names[i] = "-" + f + "-cal"
		}
		return strings.TrimSpace(r.Outcome + " " + editions(names, true))
	}
	strict, lenient := short(j.Strict), short(j.Lenient)
	if strict != lenient {
		strict += ", lenient " + strings.TrimPrefix(lenient, j.Strict.Outcome+" ")
	}
	return strict + ": " + j.Rule
}

// CaseResult is what became of one test case of a policy.
type CaseResult struct {
	File  string `json:"file"`
	Line  int    `json:"line"`
	Case  string `json:"case"`
	OK    bool   `json:"ok"`
	Wrong string `json:"wrong"` // what was found instead
}

// Cases shows which test cases of a policy do not hold.
func Cases(policy string, results []CaseResult) Document {
	g := Grid{Main: true, Columns: []Column{{Key: "file"}, {Key: "line"}, {Key: "case"}, {Key: "ok"}, {Key: "wrong"}}}
	failed := 0
	for _, r := range results {
		ok := "true"
		if !r.OK {
			ok = "false"
			failed++
			g.Facts = append(g.Facts, Fact{Name: r.File + ":" + number(r.Line), Text: r.Case, Tone: Bad})
			for line := range strings.Lines(r.Wrong) {
				g.Facts = append(g.Facts, Fact{Text: strings.TrimRight(line, "\n")})
			}
		}
		g.Rows = append(g.Rows, cells(r.File, number(r.Line), r.Case, ok, r.Wrong))
	}
	title := policy + ": " + plural(len(results), "case holds", "cases hold")
	if failed > 0 {
		title = policy + ": " + plural(failed, "case", "cases") + " of " + grouped(len(results)) + " failed"
	}
	return Document{Title: title, Value: list(results), Grids: []Grid{g}}
}
