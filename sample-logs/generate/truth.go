package main

import (
	"sort"
)

// note records that a party did something on a day of the window.
func (w *world) note(p party, a activity, withPSTN bool, day int, v version) {
	d := day - (w.cfg.days - windowDays)
	s := p.who
	if s == nil || d < 0 || d >= windowDays {
		return
	}
	k := 0
	if withPSTN {
		k = 1
	}
	s.seen[a][k] = max(s.seen[a][k], v)
	s.days[a][d/64] |= 1 << (d % 64)
	if p.dev == nil || p.dev.identity != nil {
		return
	}
	if s.needs(a) {
		p.dev.requiredUse = true
	} else {
		p.dev.exemptUse = true
	}
}

func (s *subject) isPSTN() bool { return s != nil && s.class == "pstn" }

// member says whether every access of this subject takes a licence.
func (s *subject) member() bool { return s.class == "hosted" || s.class == "guest" }

// outside are the classes that only attending a web conference brings in.
func (s *subject) outside() bool {
	return s.class == "federated" || s.class == "public-im" || s.class == "anonymous"
}

// needs says whether one use is required by the table of the licence model.
func (s *subject) needs(a activity) bool {
	return s.member() || s.outside() && a == confAttended
}

// verdict is the judgement of one subject. A version of 0 means that edition
// is not needed.
type verdict struct {
	listed, undetermined bool
	standard, enterprise version
}

// judge applies the decision table with the default readings.
func (s *subject) judge() verdict {
	v := verdict{listed: s.imIdentity || s.voiceExtension}
	for a := activity(0); a < nActivities; a++ {
		for pstn, ver := range s.seen[a] {
			if ver == 0 {
				continue
			}
			v.listed = true
			switch {
			case s.needs(a):
				v.standard = max(v.standard, ver)
				onPhone := (a == callPlaced || a == callReceived) && pstn == 1
				// A voice extension adds Enterprise to every use there is.
				if onPhone || a == confOrganized || a == confAttended || s.voiceExtension {
					v.enterprise = max(v.enterprise, ver)
				}
			case !s.exempts(a):
				v.undetermined = true
			}
		}
	}
	if s.member() && v.listed && v.standard == 0 { // the directory's word alone
		v.standard = v2007
		if s.voiceExtension {
			v.enterprise = v2007
		}
	}
	if v.standard > 0 {
		v.undetermined = false
	}
	if v.undetermined {
		v.standard = v2007
	}
	if s.exempted {
		return verdict{listed: v.listed}
	}
	return v
}

// exempts says whether a rule frees the use; what no rule decides is left.
func (s *subject) exempts(a activity) bool {
	switch s.class {
	case "application":
		return true
	case "pstn":
		return a == callPlaced || a == callReceived || a == confAttended
	case "federated", "public-im":
		return a == imSession || a == federation || a == callPlaced || a == callReceived
	}
	return false
}

func (v verdict) outcome() string {
	switch {
	case v.undetermined:
		return "undetermined"
	case v.standard > 0:
		return "required"
	}
	return "exempt"
}

func (v verdict) licenses() []string {
	list := []string{}
	if v.enterprise > 0 {
		list = append(list, "ocs-enterprise-cal")
	}
	if v.standard > 0 {
		list = append(list, "ocs-standard-cal")
	}
	return list
}

// positionRow is one licence of one version.
type positionRow struct {
	license, metric, version string
	required, owned          int
}

func (r positionRow) key() string { return r.license + "/" + r.metric + "/" + r.version }

// demand counts the holders per licence, metric and version, in a fixed order.
func (w *world) demand() []positionRow {
	count := map[positionRow]int{}
	for _, s := range w.subjects {
		v, metric := s.judge(), "user"
		if s.device != nil {
			metric = "device"
		}
		if v.standard > 0 {
			count[positionRow{license: "ocs-standard-cal", metric: metric, version: versionNames[v.standard]}]++
		}
		if v.enterprise > 0 {
			count[positionRow{license: "ocs-enterprise-cal", metric: metric, version: versionNames[v.enterprise]}]++
		}
	}
	var rows []positionRow
	for r, n := range count {
		r.required = n
		rows = append(rows, r)
	}
	sort.Slice(rows, func(i, j int) bool { return rows[i].key() < rows[j].key() })
	return rows
}

// verdictOf a device when every user with a demand holds user CALs: only an
// identity that is the device is left to need a licence of its own.
func (d *device) verdictOf() (listed bool, outcome, covered string) {
	switch {
	case d.identity != nil:
		return d.identity.judge().listed, "required", ""
	case d.requiredUse:
		return true, "exempt", "user-cal"
	}
	return d.exemptUse, "exempt", ""
}
