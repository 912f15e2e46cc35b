package report

import (
	"strconv"
	"strings"
)

// Policy describes a set of rules.
type Policy struct {
	Name      string     `json:"name"`
	About     string     `json:"about"`
	Since     string     `json:"since"` // date of the terms it states
	SHA256    string     `json:"sha256"`
	Questions []Question `json:"questions"`
	Rules     []Rule     `json:"rules"`
}

// Question is a disputed point with both of its answers.
type Question struct {
	Question string `json:"question"`
	Default  string `json:"default"`
	Strict   string `json:"strict"`  // what this answer means
	Lenient  string `json:"lenient"` // what this answer means
}

// Rule is one line of a policy, in its order.
type Rule struct {
	Rule     string   `json:"rule"`
	Classes  []string `json:"classes"`
	Activity []string `json:"activities"`
	Outcome  string   `json:"outcome"` // required, exempt, or the question that settles it
	Licenses []string `json:"licenses"`
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
		p.Questions = list(p.Questions)
		p.Rules = append([]Rule{}, p.Rules...)
		for k, r := range p.Rules {
			r.Classes, r.Activity, r.Licenses = list(r.Classes), list(r.Activity), list(r.Licenses)
			p.Rules[k] = r
		}
		value[i] = p
	}
	d := Document{Title: plural(len(policies), "policy", "policies"), Value: value, Grids: []Grid{g}}
	if len(policies) == 1 {
		d.Grids = append(d.Grids, rules(value[0].Rules), questions(value[0].Questions))
	}
	return d
}

// rules are facts and not a table: lists of classes and activities are too wide
// for columns, and a rule cut short is a wrong rule.
func rules(list []Rule) Grid {
	g := Grid{Title: "Rules; the first that names a use decides it"}
	for _, r := range list {
		text := orNone(strings.Join(r.Classes, ", "), "anyone") + ": " +
			orNone(strings.Join(r.Activity, ", "), "anything") + " = " + r.Outcome
		if len(r.Licenses) > 0 {
			text += " " + editions(r.Licenses, false)
		}
		g.Facts = append(g.Facts, Fact{Name: r.Rule, Text: text})
	}
	if len(list) == 0 {
		g.Empty = "It has no rules."
	}
	return g
}

func questions(list []Question) Grid {
	g := Grid{Title: "Readings, set with --reading QUESTION=strict or lenient"}
	for _, q := range list {
		g.Facts = append(g.Facts, Fact{Name: q.Question,
			Text: "default " + q.Default + ". Strict: " + q.Strict + ". Lenient: " + q.Lenient + "."})
	}
	if len(list) == 0 {
		g.Empty = "It leaves no question open."
	}
	return g
}

// ExportFormat describes one kind of export that can be read.
type ExportFormat struct {
	Name   string        `json:"name"`
	About  string        `json:"about"`
	Basis  string        `json:"basis"`
	Fields []ExportField `json:"fields"`
	Sample string        `json:"sample"`
}

// ExportField documents one column or attribute of an export.
type ExportField struct {
	Name    string `json:"name"`
	Meaning string `json:"meaning"`
	Needed  bool   `json:"needed"`
}

// ExportFormats lists the exports that can be read; with a single one, also the
// fields that are used and a sample.
func ExportFormats(exports []ExportFormat) Document {
	g := Grid{
		Main:  true,
		Empty: "No format matches.",
		Columns: []Column{
			{Key: "name"}, {Key: "about"}, {Key: "basis"},
		},
	}
	value := make([]ExportFormat, len(exports))
	for i, e := range exports {
		g.Rows = append(g.Rows, cells(e.Name, e.About, e.Basis))
		text := e.About
		if e.Basis != "" {
			text += " [" + e.Basis + "]"
		}
		g.Facts = append(g.Facts, Fact{Name: e.Name, Text: text})
		e.Fields = list(e.Fields)
		value[i] = e
	}
	d := Document{Title: plural(len(exports), "export format", "export formats"), Value: value, Grids: []Grid{g}}
	if len(exports) == 1 {
		d.Grids = append(d.Grids, fields(exports[0].Fields))
		if s := strings.TrimSpace(exports[0].Sample); s != "" {
			sample := Grid{Title: "Sample", Columns: []Column{{Name: "Line by line"}}}
			for line := range strings.Lines(s) {
				sample.Rows = append(sample.Rows, cells(strings.TrimRight(line, "\r\n")))
			}
			d.Grids = append(d.Grids, sample)
		}
	}
	return d
}

func fields(list []ExportField) Grid {
	g := Grid{Title: "Fields that are read"}
	for _, f := range list {
		text := f.Meaning
		if f.Needed {
			text += " (needed)"
		}
		g.Facts = append(g.Facts, Fact{Name: f.Name, Text: text})
	}
	if len(list) == 0 {
		g.Empty = "None is documented."
	}
	return g
}

// CheckResult is one thing that was proved of the store, or not.
type CheckResult struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

// Checks shows what a check of the store found.
func Checks(results []CheckResult) Document {
	g := Grid{
		Main:  true,
		Empty: "Nothing was checked.",
		Columns: []Column{
			{Key: "name"}, {Key: "ok"}, {Key: "detail"},
		},
	}
	failed := 0
	for _, r := range results {
		f := Fact{Name: r.Name, Text: "ok", Tone: Good}
		if !r.OK {
			f.Text, f.Tone = "FAILED", Bad
			failed++
		}
		if r.Detail != "" {
			f.Text += ": " + r.Detail
		}
		g.Facts = append(g.Facts, f)
		g.Rows = append(g.Rows, cells(r.Name, strconv.FormatBool(r.OK), r.Detail))
	}
	verdict := "The store is sound: " + plural(len(results), "check", "checks") + " passed"
	if failed > 0 {
		verdict = "THE STORE IS DAMAGED: " + plural(failed, "check", "checks") + " of " + grouped(len(results)) + " failed"
	}
	if len(results) == 0 {
		verdict = "Check of the store"
	}
	return Document{Title: verdict, Value: list(results), Grids: []Grid{g}}
}
