package report

import (
	"slices"
	"strings"

	"calaudit/audit"
)

// Subjects lists classified users or devices; kind is "user" or "device". At
// most limit of them are shown to people, 0 is all; JSON and CSV have them all.
// With a question, what its other answer would make of each stands beside; with
// merged, the names that each was met under.
func Subjects(subjects []audit.Subject, kind, question string, merged bool, limit int) Document {
	g := Grid{
		Main:  true,
		Limit: limit,
		More:  "use --limit 0",
		Empty: "No " + kind + " matches.",
		Columns: []Column{
			{Name: title(kind), Key: "id", Min: 24},
			{Key: "kind"},
			{Key: "name"},
			{Name: "Class", Key: "class", Drop: 2},
			{Name: "Outcome", Key: "outcome"},
			{Name: "CALs", Min: 7},
			{Key: "licenses"},
			{Key: "versions"},
			{Name: "Covered by", Drop: 1},
			{Key: "covered_by"},
			{Name: "Uses", Key: "uses", Number: true, Drop: 3},
			{Key: "first_use"},
			{Key: "last_use"},
			{Name: "Last use", Drop: 4},
			{Name: "Decided by", Key: "rules", Drop: 5, Min: 16},
		},
	}
	if question != "" {
		g.Columns = append(g.Columns, Column{Name: "If otherwise", Min: 12}, Column{Key: "other_answer"}, Column{Key: "other_outcome"},
			Column{Key: "other_licenses"}, Column{Key: "other_covered_by"})
	}
	if merged {
		g.Columns = append(g.Columns, Column{Name: "Met as", Key: "met_as", Below: true})
	}
	value := make([]audit.Subject, len(subjects))
	covered := false
	for i, s := range subjects {
		value[i] = wholeSubject(s)
		uses, first, last := use(s.Reasons)
		row := cells(s.ID, s.Kind, s.Name, s.Class, s.Outcome, editions(s.Licenses, true),
			strings.Join(s.Licenses, " "), strings.Join(s.Versions, " "), coveredBy(s.CoveredBy), s.CoveredBy,
			number(uses), first, last, date(last), strings.Join(deciding(s), ", "))
		if question != "" {
			o := otherAnswer(s, question)
			row = append(row, cells(otherwise(o), o.Answer, o.Outcome, strings.Join(o.Licenses, " "), o.CoveredBy)...)
		}
		if merged {
			row = append(row, Cell{Text: strings.Join(metAs(s), ", ")})
		}
		row[4].Tone = outcomeTone(s.Outcome)
		covered = covered || s.CoveredBy != ""
		g.Rows = append(g.Rows, row)
	}
	if !covered {
		g.Columns[8].Name = "" // an empty column says nothing
	}
	return Document{Title: plural(len(subjects), kind, kind+"s"), Value: value, Grids: []Grid{g}}
}

// tieWords say by what an id is somebody's, in brackets after it.
var tieWords = map[string]string{
	"estate":       "alias of the estate",
	"forest":       "account of another forest",
	"directory":    "address in the directory",
	"line":         "number in the directory",
	"previous":     "earlier address in the directory",
	"logon":        "logon name in the directory",
	"account-name": "by sAMAccountName alone",
	"same-text":    "principal name, taken for the SIP identity",
}

// knownAs lists the other ids of a subject, and by what they are his.
func knownAs(s audit.Subject) (others []string) {
	for i, id := range s.Aliases {
		if id == s.ID {
			continue
		}
		if i < len(s.AliasBy) {
			if word := tieWords[s.AliasBy[i]]; word != "" {
				id += " (" + word + ")"
			}
		}
		others = append(others, id)
	}
	return others
}

// metAs lists the names that a user was met under in the window, with the
// number of records, and the shared accounts.
func metAs(s audit.Subject) (names []string) {
	for i, n := range s.AliasRecords {
		if n == 0 || i >= len(s.Aliases) {
			continue
		}
		name := s.Aliases[i] + " " + times(n)
		if i < len(s.AliasBy) && tieWords[s.AliasBy[i]] != "" {
			name += " (" + tieWords[s.AliasBy[i]] + ")"
		}
		names = append(names, name)
	}
	for _, account := range s.Shared {
		names = append(names, account+" (shared account)")
	}
	return names
}

func otherAnswer(s audit.Subject, question string) (o audit.OtherAnswer) {
	for _, o := range s.Readings {
		if o.Question == question {
			return o
		}
	}
	return o
}

// otherwise says in short what another answer makes of a subject.
func otherwise(o audit.OtherAnswer) string {
	text := o.Outcome
	if len(o.Licenses) > 0 {
		text += " " + editions(o.Licenses, true)
		if v := slices.Compact(slices.Clone(o.Versions)); len(v) == 1 {
			text += " " + v[0]
		}
	}
	if o.CoveredBy != "" {
		text += " by " + coveredBy(o.CoveredBy)
	}
	return text
}

// wholeSubject is the subject with empty lists where it has none.
func wholeSubject(s audit.Subject) audit.Subject {
	s.Licenses, s.Reasons = list(s.Licenses), list(s.Reasons)
	return s
}

// use sums what the reasons count. Facts of a directory count as a use each, as
// they do in the reasons.
func use(reasons []audit.Reason) (uses int, first, last string) {
	for _, r := range reasons {
		uses += r.Count
		if r.First != "" && (first == "" || r.First < first) {
			first = r.First
		}
		last = max(last, r.Last)
	}
	return uses, first, last
}

// deciding names the rules that made the outcome what it is, each once. Where
// another licence covers the subject the outcome is not that of its rules, and
// all of them count.
func deciding(s audit.Subject) []string {
	if s.Exemption != "" {
		return []string{"exemption in estate.toml"}
	}
	var rules []string
	seen := make(map[string]bool)
	for _, r := range decidingReasons(s) {
		if r.Rule != "" && !seen[r.Rule] {
			seen[r.Rule] = true
			rules = append(rules, r.Rule)
		}
	}
	return rules
}

func decidingReasons(s audit.Subject) []audit.Reason {
	var match []audit.Reason
	for _, r := range s.Reasons {
		if r.Outcome == s.Outcome {
			match = append(match, r)
		}
	}
	if len(match) == 0 || s.CoveredBy != "" {
		return s.Reasons
	}
	return match
}

// title makes a header of a lower-case word of ours.
func title(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
