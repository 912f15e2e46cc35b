package audit

import "calaudit/ingest"

// RuleRow is what the policy says of one case: a class, an activity and, for
// calls, the class of the peer.
type RuleRow struct {
	Class    string
	Activity string
	Peer     string // "" when no peer is known, or none matters
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
	for class := ingest.Class(1); class < ruleClasses; class++ {
		for activity := ingest.Activity(1); activity < ruleActivities; activity++ {
			for peer := range ingest.Class(ruleClasses) {
				if peer != ingest.NoClass && !activity.Call() {
					continue
				}
				d := t.at(ruleCell(class, activity, peer))
				rows = append(rows, RuleRow{Class: class.String(), Activity: activity.String(), Peer: peer.String(), Rule: d.rule,
					Outcome: d.outcome.String(), Standard: d.needs&Standard != 0, Extended: d.needs&^Standard != 0})
			}
		}
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
