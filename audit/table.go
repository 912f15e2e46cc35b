package audit

import "calaudit/ingest"

// RuleRow is what the policy says of one case: a class, an activity, for calls
// the class of the peer, and how it was done where that is told.
type RuleRow struct {
	Class    string
	Activity string
	Peer     string // "" when no peer is known, or none matters
	Presents bool   // a conference, as a presenter
	Sharing  bool   // with desktop or application sharing
	Data     bool   // with whiteboard, polls or slides
	Room     bool   // by an identity that is a room system
	Rule     string
	Outcome  string
	Standard bool // asks for the Standard CAL
	Extended bool // asks for CALs on top of it
}

// RuleTable works the policy out for every case, for others to join with.
func RuleTable(p *Policy, readings map[string]string) ([]RuleRow, error) {
	all := map[string]string{}
	for _, q := range p.Questions {
		all[q.ID] = answer(p, readings, q.ID)
	}
	t, err := compile(p, all)
	if err != nil {
		return nil, err
	}
	var rows []RuleRow
	for c := range eachCase {
		d := &t[c.cell()]
		rows = append(rows, RuleRow{Class: c.class.String(), Activity: c.activity.String(), Peer: c.peer.String(),
			Presents: c.manner&presenting != 0, Sharing: c.manner&withSharing != 0, Data: c.manner&withData != 0, Room: c.manner&inRoom != 0,
			Rule: d.rule, Outcome: d.outcome.String(), Standard: d.needs&Standard != 0, Extended: d.needs&^Standard != 0})
	}
	return rows, nil
}

// StandingFact is a state that the directory tells of somebody.
type StandingFact struct {
	Identity string
	Activity ingest.Activity
}

// StandingFacts lists the states of the accounts that hold an identity now.
func StandingFacts(accounts []Account) (list []StandingFact) {
	for i := range accounts {
		a := &accounts[i]
		id := accountID(a.Entry)
		if !a.active() || id == "" {
			continue
		}
		list = append(list, StandingFact{id, ingest.IMIdentity})
		if a.Entry.Voice {
			list = append(list, StandingFact{id, ingest.VoiceExtension})
		}
	}
	return list
}
