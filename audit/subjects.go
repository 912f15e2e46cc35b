package audit

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"calaudit/ingest"
)

// subjects writes the verdicts out, users before devices, by id.
func (s *session) subjects(r *result, others []otherAnswers) []Subject {
	users := grouped(len(s.w.persons), len(s.w.uses), func(i int) int32 { return s.w.uses[i].user })
	devices := grouped(len(s.w.devices), len(s.w.uses), func(i int) int32 { return s.w.uses[i].device })
	names := labels{s.in.Policy.Licenses}
	ofUsers := bySubject(others, func(o *otherAnswers) []differs { return o.users }, names)
	ofDevices := bySubject(others, func(o *otherAnswers) []differs { return o.devices }, names)
	n := 0
	for _, of := range [][][]int32{users, devices} {
		for _, uses := range of {
			n += bit(len(uses) > 0)
		}
	}
	all := make([]Subject, 0, n)
	shared, at := s.w.sharing(), 0
	for i, uses := range users {
		p := &s.w.persons[i]
		ties, met := s.w.ties[at:at+len(p.idents)], s.w.met[at:at+len(p.idents)]
		at += len(p.idents)
		if len(uses) == 0 {
			continue
		}
		x := Subject{ID: p.id, Kind: "user", Class: p.class.String(), Name: p.name, Aliases: p.idents, Exemption: s.out.users[int32(i)], Readings: ofUsers[int32(i)], Shared: shared[int32(i)]}
		x.AliasBy, x.AliasRecords = known(p, ties, met)
		for _, u := range uses {
			if d := s.w.uses[u].device; d >= 0 {
				x.Shares = append(x.Shares, s.w.devices[d].id)
			}
		}
		all = append(all, s.finish(x, &r.users[i], r, uses, names))
	}
	for i, uses := range devices {
		if len(uses) == 0 {
			continue
		}
		d := &s.w.devices[i]
		x := Subject{ID: d.id, Kind: "device", Class: d.class, Aliases: d.ids, Exemption: s.out.devices[int32(i)], Readings: ofDevices[int32(i)]}
		for _, u := range uses {
			if p := s.w.uses[u].user; p >= 0 {
				x.Shares = append(x.Shares, s.w.persons[p].id)
			} else {
				x.Name = cmp.Or(x.Name, s.w.persons[s.w.uses[u].owner].name)
			}
		}
		all = append(all, s.finish(x, &r.devices[i], r, uses, names))
	}
	slices.SortFunc(all, func(a, b Subject) int {
		return cmp.Or(-cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID))
	})
	return all
}

func (s *session) finish(x Subject, st *standing, r *result, uses []int32, names labels) Subject {
	x.Outcome, x.CoveredBy = st.outcome.String(), st.coveredBy
	x.Licenses, x.Versions = names.held(st.grant)
	slices.Sort(x.Shares)
	x.Shares = slices.Compact(x.Shares)
	x.Reasons = s.reasons(r, uses)
	return x
}

// held names what a grant is made of: licences, sorted, and their versions.
func (l labels) held(g Grant) (licenses, versions []string) {
	type held struct{ license, version string }
	var holds []held
	for f, v := range g {
		if v > 0 {
			holds = append(holds, held{l.name(families[f], v), v.String()})
		}
	}
	slices.SortFunc(holds, func(a, b held) int { return cmp.Compare(a.license, b.license) })
	licenses = []string{}
	for _, h := range holds {
		licenses, versions = append(licenses, h.license), append(versions, h.version)
	}
	return licenses, versions
}

// reasons groups the uses that one rule decided alike, required ones first.
func (s *session) reasons(r *result, uses []int32) []Reason {
	type key struct {
		outcome  outcome
		rule     string
		activity ingest.Activity
	}
	type sum struct {
		key
		count       int
		first, last uint32
	}
	var sums []sum
	for _, i := range uses {
		u, d := &s.w.uses[i], r.decision(i)
		k := key{d.outcome, d.rule, u.activity}
		at := slices.IndexFunc(sums, func(x sum) bool { return x.key == k })
		if at < 0 {
			sums = append(sums, sum{k, int(u.count), u.first, u.last})
			continue
		}
		x := &sums[at]
		x.count += int(u.count)
		if u.first != 0 && (x.first == 0 || u.first < x.first) {
			x.first = u.first
		}
		x.last = max(x.last, u.last)
	}
	slices.SortFunc(sums, func(a, b sum) int {
		return cmp.Or(-cmp.Compare(a.outcome, b.outcome), cmp.Compare(a.rule, b.rule), cmp.Compare(a.activity, b.activity))
	})
	all := make([]Reason, len(sums))
	for i, x := range sums {
		all[i] = Reason{Rule: x.rule, Activity: x.activity.String(), Outcome: x.outcome.String(), Count: x.count,
			First: stamp(x.first), Last: stamp(x.last)}
	}
	return all
}

func stamp(seconds uint32) string {
	if seconds == 0 {
		return ""
	}
	return time.Unix(int64(seconds), 0).UTC().Format(time.RFC3339)
}

// notes says in plain words what the numbers rest on.
func (s *session) notes(subjects []Subject, servers []Server) []string {
	var untold, undated, assumed, gateways, anonymous, connected int
	for i := range s.w.uses {
		u := &s.w.uses[i]
		if u.untold {
			untold += int(u.count)
		}
	}
	for i := range s.in.Usages {
		if s.in.Usages[i].First == ingest.Undated {
			undated += s.in.Usages[i].Count
		}
	}
	for _, x := range servers {
		assumed += bit(x.Assumed)
	}
	for i := range subjects {
		connected += bit(subjects[i].Kind == "user" && subjects[i].CoveredBy == "external-connector")
		gateways += bit(subjects[i].Class == "gateway" && len(subjects[i].Licenses) > 0)
		anonymous += bit(subjects[i].Class == ingest.Anonymous.String())
	}
	var notes []string
	say := func(n int, text string) {
		if n > 0 {
			notes = append(notes, fmt.Sprintf(text, n))
		}
	}
	say(untold, "Conference facts whose kind no export tells, taken for web conferences: %d.")
	say(undated, "Facts without a date, counted in every window: %d.")
	say(anonymous, "Anonymous identities are made anew at each join, so their number is an upper bound of persons: %d.")
	s.w.logonNotes(say)
	say(connected, "Outsiders covered by External Connectors, which must be on every server that they reached: %d.")
	say(assumed, "Servers whose role or edition is not told, counted as front ends of Standard Edition: %d.")
	if note := s.w.clients.note(s.in.Owned); note != "" {
		notes = append(notes, note)
	}
	say(gateways, "Gateways that hold device CALs, although the people behind them count and not the gateway (multiplexing): %d.")
	switch {
	case len(s.in.Estate.SIPDomains) > 0:
	case len(s.in.Accounts) == 0:
		notes = append(notes, "Neither sip_domains nor a directory says which domains are the organisation's own: whoever did not sign in counts as an outsider.")
	default:
		notes = append(notes, "The estate names no sip_domains: the domains of the directory's primary addresses are taken for the organisation's own.")
	}
	slices.Sort(notes)
	return notes
}
