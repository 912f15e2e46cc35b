package main

import (
	"reflect"
	"sort"
	"strings"
	"testing"
	"time"
)

func TestFilesShowWhatTheTruthSays(t *testing.T) {
	for _, flags := range [][]string{{}, {"-users", "400", "-seed", "7", "-days", "45"}, {"-users", "100", "-days", "130", "-end", "2009-08-02"},
		{"-users", "60", "-days", "1"}, {"-users", "75", "-days", "2", "-end", "2009-03-29"}} {
		dir, w := generate(t, flags...)
		r := &replay{t: t, dir: dir, end: w.cfg.end, from: w.cfg.end.AddDate(0, 0, 1-windowDays), people: map[string]*seenPerson{},
			alias: map[string]string{}, devices: map[string]map[string]bool{}, owner: map[string]string{}}
		r.readEstate()
		r.readDirectory()
		r.readCalls()
		r.readActivity()
		r.compare(readTruth(t, dir))
	}
}

// TestLargeCompany runs a company of 5,000 people.
func TestLargeCompany(t *testing.T) {
	start := time.Now()
	dir, w := generate(t, "-users", "5000", "-days", "5")
	tr := readTruth(t, dir)
	if n := len(tr.Users); n < 5000 || n > 9000 {
		t.Errorf("%d users in the truth of 5,000 people", n)
	}
	if w.planned["role:renamed"] != 33 {
		t.Errorf("%d renamed people, want one per 150", w.planned["role:renamed"])
	}
	t.Log(time.Since(start))
}

func (r *replay) root(id string) string {
	for r.alias[id] != "" {
		id = r.alias[id]
	}
	return id
}

// class of one identity, by the rules of the licence model in their order.
func (r *replay) class(id string) (rank int, class string) {
	p := r.person(id)
	_, dom, _ := strings.Cut(id, "@")
	rank = map[string]int{"guest": 1, "application": 1, "hosted": 2, "federated": 4, "public-im": 5, "anonymous": 6, "pstn": 7}[p.stated]
	switch {
	case r.estate.apps[id]:
		return 0, "application"
	case r.estate.guests[id] || r.estate.guests[dom]:
		return 0, "guest"
	case p.app:
		return 2, "application"
	case p.enabled:
		return 2, "hosted"
	case p.stated != "":
		return rank, p.stated
	case p.login:
		return 2, "hosted"
	case strings.HasPrefix(id, "+"):
		return 7, "pstn"
	case dom == "contoso.com":
		return 2, "hosted"
	case dom == "hotmail.com" || dom == "yahoo.com":
		return 5, "public-im"
	case dom == "anonymous.invalid":
		return 6, "anonymous"
	}
	return 4, "federated"
}

// group is one person with all identities.
type group struct {
	rank           int
	class          string
	enabled, voice bool
	uses           []use
}

func (r *replay) compare(want truth) {
	groups := map[string]*group{}
	for id, p := range r.people {
		root := r.root(id)
		g := groups[root]
		if g == nil {
			g = &group{rank: 99}
			groups[root] = g
		}
		if rank, class := r.class(id); rank < g.rank {
			g.rank, g.class = rank, class
		}
		g.enabled, g.voice = g.enabled || p.enabled, g.voice || p.voice
		g.uses = append(g.uses, p.uses...)
	}
	ownerOf := map[string]string{}
	for id, d := range r.owner {
		ownerOf[r.root(id)] = d
	}
	users, devices, position := map[string][3]any{}, map[string][2]string{}, map[string]int{}
	for id, g := range groups {
		if !g.enabled && !g.voice && len(g.uses) == 0 {
			continue
		}
		std, ent, open := r.judge(id, g, groups, devices, ownerOf[id] != "")
		metric := "user"
		if d := ownerOf[id]; d != "" {
			metric = "device"
			devices[d] = [2]string{"required", ""}
		} else {
			list := []any{}
			outcome := "exempt"
			if ent > 0 {
				list = append(list, "ocs-enterprise-cal")
			}
			if std > 0 {
				list, outcome = append(list, "ocs-standard-cal"), "required"
			}
			if open {
				outcome = "undetermined"
			}
			users[id] = [3]any{g.class, outcome, list}
		}
		if std > 0 {
			position["ocs-standard-cal/"+metric+"/"+versionNames[std]]++
		}
		if ent > 0 {
			position["ocs-enterprise-cal/"+metric+"/"+versionNames[ent]]++
		}
	}
	diff(r.t, "user", users, want.Users)
	got := map[string][2]string{}
	for id, d := range want.Devices {
		got[id] = [2]string{d[1], d[2]}
	}
	diff(r.t, "device", devices, got)
	required := map[string]int{}
	for k, p := range want.Position {
		required[k] = p[0]
	}
	diff(r.t, "position", position, required)
}

// judge returns the newest version needed of each edition, and whether no rule
// decided. It enters the devices that were used.
func (r *replay) judge(id string, g *group, groups map[string]*group, devices map[string][2]string, isDevice bool) (std, ent version, open bool) {
	member := g.class == "hosted" || g.class == "guest"
	for _, u := range g.uses {
		needS := member || u.a == confAttended && g.class != "pstn" && g.class != "application"
		needE := needS && (u.a == confOrganized || u.a == confAttended || g.voice)
		if peer := groups[r.root(u.peer)]; member && (u.a == callPlaced || u.a == callReceived) && strings.HasPrefix(u.peer, "+") {
			needE = needE || peer == nil || peer.class == "pstn"
		}
		if needS {
			std = max(std, u.version)
		}
		if needE {
			ent = max(ent, u.version)
		}
		open = open || g.class == "anonymous" && u.a != confAttended
		if u.device != "" && !isDevice {
			if needS {
				devices[u.device] = [2]string{"exempt", "user-cal"}
			} else if devices[u.device][0] == "" {
				devices[u.device] = [2]string{"exempt", ""}
			}
		}
	}
	if member && std == 0 {
		if std = v2007; g.voice {
			ent = v2007
		}
	}
	if open = open && std == 0; open {
		std = v2007
	}
	if r.estate.exempt[id] {
		return 0, 0, false
	}
	return std, ent, open
}

// diff reports every entry in which two maps differ.
func diff[V any](t *testing.T, what string, got, want map[string]V) {
	t.Helper()
	var keys []string
	for k := range got {
		keys = append(keys, k)
	}
	for k := range want {
		if _, both := got[k]; !both {
			keys = append(keys, k)
		}
	}
	sort.Strings(keys)
	for _, k := range keys {
		if !reflect.DeepEqual(got[k], want[k]) {
			t.Errorf("%s %s: files show %v, truth says %v", what, k, got[k], want[k])
		}
	}
}
