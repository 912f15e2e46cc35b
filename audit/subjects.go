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
	names := labels{s.in.Policy.Licenses}
	var users, devices [][]int32
	var ofUsers, ofDevices map[int32][]OtherAnswer
	var people, machines []int32 // who is a subject, in the order of the result: place in persons or devices
	list := func(of [][]int32, id func(i int32) string) (present []int32) {
		for i, uses := range of {
			if len(uses) > 0 {
				present = append(present, int32(i))
			}
		}
		slices.SortFunc(present, func(a, b int32) int { return cmp.Compare(id(a), id(b)) })
		return present
	}
	work := [...]func(){
		func() { ofUsers = bySubject(others, func(o *otherAnswers) []differs { return o.users }, names) },
		func() {
			users = grouped(len(s.w.persons), len(s.w.uses), func(i int) int32 { return s.w.uses[i].user })
			people = list(users, func(i int32) string { return s.w.persons[i].id })
		},
		func() {
			devices = grouped(len(s.w.devices), len(s.w.uses), func(i int) int32 { return s.w.uses[i].device })
			machines = list(devices, func(i int32) string { return s.w.devices[i].id })
		},
		func() { ofDevices = bySubject(others, func(o *otherAnswers) []differs { return o.devices }, names) },
	}
	OnCores(len(work), 1, func(i int) { work[i]() })
	all := make([]Subject, len(people)+len(machines))
	shared, begin := s.w.sharing(), s.w.beginnings()
	OnCores(len(people), 256, func(n int) {
		i := people[n]
		p := &s.w.persons[i]
		x := Subject{ID: p.id, Kind: "user", Class: p.class.String(), Name: p.name, Aliases: p.idents, Exemption: s.out.users[i], Readings: ofUsers[i], Shared: shared[i]}
		x.AliasBy, x.AliasRecords = known(p, s.w.ties[begin[i]:], s.w.met[begin[i]:])
		for _, u := range users[i] {
			if d := s.w.uses[u].device; d >= 0 {
				x.Shares = append(x.Shares, s.w.devices[d].id)
			}
		}
		all[n] = s.finish(x, &r.users[i], r, users[i], names)
	})
	OnCores(len(machines), 256, func(n int) {
		i := machines[n]
		d := &s.w.devices[i]
		x := Subject{ID: d.id, Kind: "device", Class: d.class, Aliases: d.ids, Exemption: s.out.devices[i], Readings: ofDevices[i]}
		for _, u := range devices[i] {
			if p := s.w.uses[u].user; p >= 0 {
				x.Shares = append(x.Shares, s.w.persons[p].id)
			} else {
				x.Name = cmp.Or(x.Name, s.w.persons[s.w.uses[u].owner].name)
			}
		}
		all[len(people)+n] = s.finish(x, &r.devices[i], r, devices[i], names)
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
	var room [8]sum
	sums := room[:0]
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
		all[i] = Reason{Rule: x.rule, Activity: x.activity.String(), Outcome: x.outcome.String(), Count: x.count}
		all[i].First, all[i].Last = stamps(x.first, x.last)
	}
	return all
}

// stamps writes two times in one piece of memory: most reasons have both.
func stamps(first, last uint32) (string, string) {
	var room [40]byte
	text := appendStamp(room[:0], first)
	n := len(text)
	both := string(appendStamp(text, last))
	return both[:n], both[n:]
}

// appendStamp appends a time in seconds since 1970, or nothing for 0.
func appendStamp(dst []byte, seconds uint32) []byte {
	if seconds == 0 {
		return dst
	}
	return time.Unix(int64(seconds), 0).UTC().AppendFormat(dst, time.RFC3339)
}

// notes says in plain words what the numbers rest on.
func (s *session) notes(subjects []Subject, servers []Server) []string {
	var untold, assumed, gateways, anonymous, connected int
	for i := range s.w.uses {
		u := &s.w.uses[i]
		if u.untold {
			untold += int(u.count)
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
	say(s.w.undated, "Facts without a date, counted in every window: %d.")
	say(anonymous, "Anonymous identities are made anew at each join, so their number is an upper bound of persons: %d.")
	s.w.logonNotes(say)
	say(connected, "Outsiders covered by External Connectors, which must be on every server that they reached: %d.")
	say(s.w.hosts.earlier, "Pools of Live Communications Server 2003 in the directory, whose licences are not known here: %d.")
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
