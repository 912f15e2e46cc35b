package advise

import (
	"fmt"
	"strings"
	"time"

	"calaudit/audit"
	"calaudit/ingest"
)

// Input is what advice depends on.
type Input struct {
	Audit *audit.Input
	// Earlier returns what was used before the window, with the same names, for
	// the last activity of dormant accounts. It is asked only when there are any;
	// nil when nothing is known of earlier days.
	Earlier func() ([]audit.Usage, error)
	Events  int // most events by which somebody is told to need more than Standard
	Singles int // most audits, of each kind, for what one candidate saves alone
}

// Kinds of advice, in the order in which it is given.
const (
	Dormant   = "dormant-account"
	Rare      = "rare-enterprise"
	Shared    = "shared-device"
	Connector = "external-connector"
	Assurance = "software-assurance"
)

// Advice is what would change a licence position. Every list is sorted by a
// total order.
type Advice struct {
	Schema    string           `json:"schema"` // "calaudit.advice/1"
	AsOf      string           `json:"as_of"`  // YYYY-MM-DD
	Window    audit.Window     `json:"window"`
	Policy    audit.PolicyRef  `json:"policy"`
	Assign    string           `json:"assign"`
	Priced    bool             `json:"priced"` // some licence has a price
	Currency  string           `json:"currency"`
	Now       Sum              `json:"now"` // CALs and connectors, as things are
	Position  []audit.Position `json:"position"`
	Proposals []Proposal       `json:"proposals"`          // one of each kind
	Together  *Together        `json:"together,omitempty"` // missing unless two kinds or more would change the position
	Subjects  int              `json:"subjects"`

	Undetermined int `json:"undetermined"` // subjects, users and devices, that no rule decides
}

// Sum is what an audit comes to, or what is saved.
type Sum struct {
	CALs     int    `json:"cals"`     // required
	Missing  int    `json:"missing"`  // to buy
	Cost     string `json:"cost"`     // of those that have a price, a decimal number; empty when none has
	Unpriced int    `json:"unpriced"` // to buy, without a price
}

// Proposal is one kind of advice, for all its candidates together.
type Proposal struct {
	Kind       string      `json:"kind"`
	Count      int         `json:"count"`       // candidates
	InPosition bool        `json:"in_position"` // the position counts on it: what it saves is saved already
	Saves      Sum         `json:"saves"`
	Proven     bool        `json:"proven"`   // by two mixes that are proven to be the cheapest
	Readings   []Otherwise `json:"readings"` // other answers under which it saves something else
	Items      []Item      `json:"items"`
	Spend      string      `json:"spend,omitempty"` // external-connector: price of the connectors that are not owned, when they have one
	Note       string      `json:"note,omitempty"`

	worth audit.Figures // Saves
}

// Together is what all kinds of advice save at once, but for those that the
// position counts on already.
type Together struct {
	Kinds    []string    `json:"kinds"`
	Saves    Sum         `json:"saves"`
	Overlap  Sum         `json:"overlap"` // what the savings of the kinds come to beyond that; below 0 where they make more together
	Proven   bool        `json:"proven"`
	Readings []Otherwise `json:"readings"`
	Spend    string      `json:"spend,omitempty"` // price of the connectors that are then needed and not owned, when they have one
}

// Otherwise is what a proposal saves if one question is answered the other way.
type Otherwise struct {
	Question string `json:"question"`
	Answer   string `json:"answer"`
	Saves    Sum    `json:"saves"`
}

// Item is one candidate.
type Item struct {
	ID       string   `json:"id"` // of a user or device, or a licence
	Kind     string   `json:"kind"`
	Name     string   `json:"name,omitempty"`
	Class    string   `json:"class,omitempty"`
	Licenses []string `json:"licenses"` // held
	Versions []string `json:"versions,omitempty"`
	Last     string   `json:"last,omitempty"`   // dormant-account: last activity before the window, RFC 3339; empty when none is known
	Shared   []string `json:"shared,omitempty"` // dormant-account: shared accounts that are disabled with it
	Events   []Event  `json:"events,omitempty"` // rare-enterprise: what asks for more than Standard
	Users    int      `json:"users,omitempty"`  // shared-device: persons who used it
	Metric   string   `json:"metric,omitempty"`
	Version  string   `json:"version,omitempty"` // owned
	Quantity int      `json:"quantity,omitempty"`
	Needed   string   `json:"needed,omitempty"` // software-assurance: the day on which it had to be in force
	Covers   string   `json:"covers,omitempty"` // software-assurance: the version that came out then
	File     string   `json:"file,omitempty"`
	Line     int      `json:"line,omitempty"`
	Alone    *Sum     `json:"alone,omitempty"` // what this one saves alone; missing when that was not worked out

	worth audit.Figures // Alone
}

// Event is what somebody did.
type Event struct {
	Activity string `json:"activity"`
	Count    int    `json:"count"`
	First    string `json:"first"` // RFC 3339, UTC; empty without a date
	Last     string `json:"last"`
}

// Advise works out what would change the position.
func Advise(in *Input) (*Advice, error) {
	if in.Events < 1 || in.Singles < 0 {
		return nil, fmt.Errorf("%d events, %d single audits; valid: at least 1 and 0", in.Events, in.Singles)
	}
	a, err := newAdviser(in)
	if err != nil {
		return nil, err
	}
	x := in.Audit
	out := &Advice{Schema: "calaudit.advice/1", AsOf: x.AsOf.Format(time.DateOnly), Assign: x.Assign,
		Window:    audit.Window{From: x.AsOf.AddDate(0, 0, 1-x.Days).Format(time.DateOnly), To: x.AsOf.Format(time.DateOnly), Days: x.Days},
		Policy:    audit.PolicyRef{Name: x.Policy.Name, SHA256: x.Policy.SHA256, Readings: a.base.Readings()},
		Priced:    a.priced,
		Position:  a.base.Position(),
		Now:       a.sum(a.base.Figures(audit.ForPeople)),
		Proposals: []Proposal{},

		Undetermined: a.base.Undetermined(),
	}
	for i := range x.Owned {
		if e := &x.Owned[i]; e.Priced && out.Currency == "" {
			out.Currency = e.Currency
		}
	}
	for i := range a.parties {
		if a.parties[i].Subject {
			out.Subjects++
		}
	}
	if out.Position == nil {
		out.Position = []audit.Position{}
	}
	for _, propose := range []func() (*Proposal, error){a.dormant, a.rare, a.shared, a.connector, a.assurance} {
		p, err := propose()
		if err != nil {
			return nil, err
		}
		out.Proposals = append(out.Proposals, *p)
	}
	out.Together, err = a.together(out.Proposals)
	return out, err
}

// sum writes figures; without any price there is no cost.
func (a *adviser) sum(f audit.Figures) Sum {
	s := Sum{CALs: f.CALs, Missing: f.Missing, Unpriced: f.Unpriced}
	if a.priced {
		s.Cost = money(f.Cost)
	}
	return s
}

// money writes thousandths of a currency unit: two decimals, a third if needed.
func money(milli int64) string {
	if milli < 0 {
		return "-" + money(-milli)
	}
	return strings.TrimSuffix(fmt.Sprintf("%d.%03d", milli/1000, milli%1000), "0")
}

// stamp writes a time of a usage, empty for undated.
func stamp(ms int64) string {
	if ms == ingest.Undated {
		return ""
	}
	return time.UnixMilli(ms).UTC().Format(time.RFC3339)
}
