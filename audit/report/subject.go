package report

import (
	"fmt"
	"strings"
	"time"

	"calaudit/audit"
)

// EvidenceLine is one record that speaks about a subject, with its address.
type EvidenceLine struct {
	Time     string `json:"time"` // RFC 3339, UTC; empty for facts without a date
	Activity string `json:"activity"`
	Peer     string `json:"peer"`
	Device   string `json:"device"`
	Client   string `json:"client"`
	Server   string `json:"server"`
	File     string `json:"file"`
	Line     int    `json:"line"`

	// When the source was asked for: the text of the row, empty when there is
	// none, and why there is none or not all of it.
	Source     *string `json:"source,omitempty"`
	SourceNote string  `json:"source_note,omitempty"`
}

// History is what one saved run said of a subject.
type History struct {
	Run     int    `json:"run"`
	AsOf    string `json:"as_of"`
	Outcome string `json:"outcome"`
}

// investigated is the JSON of one subject. Aliases hide those of the embedded
// subject, so that the key is there even when the list is empty.
type investigated struct {
	audit.Subject
	Because  string         `json:"because,omitempty"`
	Aliases  []string       `json:"aliases"`
	Shares   []string       `json:"shares,omitempty"` // hides the subject's: it is named by kind below
	Devices  *[]string      `json:"devices,omitempty"`
	Users    *[]string      `json:"users,omitempty"`
	History  []History      `json:"history"`
	Evidence []EvidenceLine `json:"evidence"`
	LeftOut  int            `json:"evidence_left_out,omitempty"` // older records, when only the newest were asked for
}

// namesShown bounds the lists of aliases and shared devices on the page.
const namesShown = 20

// Subject is the page of an investigation: the verdict and why, who else the
// subject is, what it shares, when it was active, what earlier runs said, and
// every record with its file and line. Its CSV is the evidence. because is what
// Because says of the subject. older counts, by
// day, the records that were not asked for; the zero time stands for those
// without a day.
func Subject(s audit.Subject, because string, e []EvidenceLine, older map[time.Time]int, h []History) Document {
	value := investigated{Subject: wholeSubject(s), Aliases: list(s.Aliases), History: list(h), Evidence: list(e), Because: because}
	for _, n := range older {
		value.LeftOut += n
	}
	shares := list(s.Shares)
	if s.Kind == "device" {
		value.Users = &shares
	} else {
		value.Devices = &shares
	}
	d := Document{Title: s.ID, Value: value, Grids: []Grid{subjectFacts(s, because), reasons(s)}}
	if g := timeline(e, older); len(g.Rows) > 0 {
		d.Grids = append(d.Grids, g)
	}
	if len(h) > 0 {
		d.Grids = append(d.Grids, history(h))
	}
	d.Grids = append(d.Grids, evidence(e, value.LeftOut))
	return d
}

func subjectFacts(s audit.Subject, because string) Grid {
	who := s.Kind + ", " + orNone(s.Class, "class unknown")
	if s.Name != "" {
		who += ", " + s.Name
	}
	f := []Fact{
		{Name: "Verdict", Text: Verdict(s), Tone: outcomeTone(s.Outcome)},
		{Name: "Who", Text: who},
	}
	if len(s.Licenses) > 0 {
		names := make([]string, len(s.Licenses))
		for i, l := range s.Licenses {
			names[i] = l
			if i < len(s.Versions) {
				names[i] = withVersion(l, s.Versions[i])
			}
		}
		f = append(f, Fact{Name: "Licences", Text: strings.Join(names, ", ")})
	}
	if because != "" {
		f = append(f, Fact{Name: "Assignment", Text: because})
	}
	f = append(f, Fact{Name: "Also known as", Text: orNone(some(knownAs(s), namesShown), "no other id")})
	if len(s.AliasRecords) > 0 {
		met := s
		met.Shared = nil
		f = append(f, Fact{Name: "Met as", Text: some(metAs(met), namesShown)})
	}
	for _, account := range s.Shared {
		f = append(f, Fact{Name: "Shared account", Text: account + ": what was done with it counts for each of its people, this one among them"})
	}
	share := "Devices"
	if s.Kind == "device" {
		share = "Users"
	}
	f = append(f, Fact{Name: share, Text: orNone(some(s.Shares, namesShown), "none seen")})
	for _, o := range s.Readings {
		f = append(f, Fact{Name: "If otherwise", Text: otherwise(o) + ", were " + o.Question + " " + o.Answer})
	}
	return Grid{Facts: f}
}

// activityPhrases say an activity as a clause about the subject; a count in
// brackets follows.
var activityPhrases = map[string]string{
	"im-identity":          "has an IM identity on the servers",
	"voice-extension":      "has a hosted voice extension",
	"im-login":             "signed in",
	"im-session":           "exchanged instant messages",
	"call-placed":          "placed calls",
	"call-received":        "received calls",
	"conference-organized": "organized conferences",
	"conference-attended":  "attended conferences",
	"federation":           "had federated or public-network traffic",
}

// standing activities are stated by a directory: to count them says nothing.
var standing = map[string]bool{"im-identity": true, "voice-extension": true}

// Verdict says the outcome of a subject and its cause in one sentence.
func Verdict(s audit.Subject) string {
	did := and(clauses(s))
	because := func(outcome, link string) string {
		if did == "" {
			return outcome + "."
		}
		return outcome + link + " this " + s.Kind + " " + did + "."
	}
	licences := orNone(editions(s.Licenses, false), "no licence named")
	switch {
	case s.Exemption != "":
		return "exempt by the exemption in estate.toml: " + s.Exemption
	case s.CoveredBy != "":
		return because("exempt, covered by "+cover(s), ";")
	case s.Outcome == "required":
		return because("required: "+licences, ", because")
	case s.Outcome == "undetermined":
		return because("undetermined, counted as required: "+licences, "; no rule decides that")
	}
	return because(s.Outcome, ", because no CAL is needed for what was seen:")
}

// cover names the licence that stands in for one of the subject's own.
func cover(s audit.Subject) string {
	switch s.CoveredBy {
	case "user-cal":
		return "the user CALs of the people who use it"
	case "device-cal":
		return "the device CALs of the devices used"
	case "external-connector":
		return "External Connectors of the servers reached"
	}
	return s.CoveredBy
}

// clauses says what the deciding reasons are made of, one clause an activity.
func clauses(s audit.Subject) []string {
	counts := make(map[string]int)
	var order []string
	for _, r := range decidingReasons(s) {
		if _, seen := counts[r.Activity]; !seen {
			order = append(order, r.Activity)
		}
		counts[r.Activity] += r.Count
	}
	out := make([]string, len(order))
	for i, a := range order {
		phrase, ok := activityPhrases[a]
		if !ok {
			phrase = "did " + orNone(a, "something unnamed")
		}
		if !standing[a] && counts[a] > 0 {
			phrase += " " + times(counts[a])
		}
		out[i] = phrase
	}
	return out
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return grouped(n) + " times"
}

func reasons(s audit.Subject) Grid {
	g := Grid{
		Title: "Rules that decided",
		Empty: "No rule met any use.",
		Columns: []Column{
			{Name: "Rule", Key: "rule", Min: 16},
			{Name: "Activity", Key: "activity"},
			{Name: "Outcome", Key: "outcome"},
			{Name: "Count", Key: "count", Number: true},
			{Name: "First", Key: "first", Drop: 2},
			{Name: "Last", Key: "last", Drop: 1},
		},
	}
	for _, r := range s.Reasons {
		row := cells(orNone(r.Rule, "none"), r.Activity, r.Outcome, number(r.Count), orNone(date(r.First), "undated"), date(r.Last))
		row[2].Tone = outcomeTone(r.Outcome)
		g.Rows = append(g.Rows, row)
	}
	return g
}

func history(h []History) Grid {
	g := Grid{
		Title: "What the runs said",
		Columns: []Column{
			{Name: "Run", Key: "run", Number: true},
			{Name: "As of", Key: "as_of"},
			{Name: "Outcome", Key: "outcome"},
		},
	}
	for _, v := range h {
		row := cells(number(v.Run), v.AsOf, orNone(v.Outcome, "not seen"))
		row[2].Tone = outcomeTone(v.Outcome)
		g.Rows = append(g.Rows, row)
	}
	return g
}

func evidence(lines []EvidenceLine, leftOut int) Grid {
	g := Grid{
		Title: "Evidence: " + plural(len(lines)+leftOut, "record", "records"),
		Main:  true,
		Empty: "None in the store; it may have been pruned.",
		Columns: []Column{
			{Name: "Time (UTC)"},
			{Key: "time"},
			{Name: "Activity", Key: "activity"},
			{Name: "Peer", Key: "peer", Min: 14, Drop: 2},
			{Name: "Device", Key: "device", Min: 14, Drop: 3},
			{Name: "Client", Key: "client", Min: 10, Drop: 5},
			{Name: "Server", Key: "server", Min: 10, Drop: 4},
			{Name: "File:line", Min: 16, Tail: true},
			{Key: "file"},
			{Key: "line", Number: true},
		},
	}
	if leftOut > 0 {
		g.Notes = []string{fmt.Sprintf("Older records, not shown for the limit: %s.", number(leftOut))}
	}
	asked := len(lines) > 0 && lines[0].Source != nil
	if asked {
		g.Columns = append(g.Columns, Column{Name: "Source", Key: "source", Below: true},
			Column{Name: "About the source", Key: "source_note", Below: true})
	}
	for _, l := range lines {
		row := cells(orNone(moment(l.Time), "undated"), l.Time, l.Activity, l.Peer, l.Device,
			l.Client, l.Server, fmt.Sprintf("%s:%d", l.File, l.Line), l.File, number(l.Line))
		if asked {
			row = append(row, Cell{Text: *l.Source}, Cell{Text: l.SourceNote, Tone: Warn})
		}
		g.Rows = append(g.Rows, row)
	}
	return g
}
