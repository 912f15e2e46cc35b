package audit

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// This file recomputes audits of small estates naively, straight from the
// licence model and with plain strings, without any of the program's own
// steps, and compares every subject and every position.

type oFact struct{ act, user, peer, device, endpoint, class, client, server string }

type oAccount struct {
	primary, line, phone, home   string
	aliases, previous            []string
	enabled, current, voice, app bool
}

type oOwned struct {
	license, metric, version string
	quantity                 int
	price                    int // -1 for none
}

type oWorld struct {
	facts                         []oFact
	accounts                      []oAccount
	owned                         []oOwned
	domains, applications, guests []string
	aliases, shared               map[string][]string
	devices                       map[string]string // device id -> identity
	servers                       map[string]string // host -> version
	exempt                        []string
	readings                      map[string]string
	assign                        string
}

var oVersions = []string{"", "2005", "2007", "2007-r2", "2010", "2013", "2015", "2019", "se"}

func oVersion(s string) int { return slices.Index(oVersions, s) }

// oMerge joins sets that share a member until none do.
func oMerge(sets [][]string) [][]string {
	for {
		changed := false
	search:
		for i := range sets {
			for j := i + 1; j < len(sets); j++ {
				for _, x := range sets[i] {
					if slices.Contains(sets[j], x) {
						sets[i] = append(sets[i], sets[j]...)
						sets = append(sets[:j], sets[j+1:]...)
						changed = true
						break search
					}
				}
			}
		}
		if !changed {
			break
		}
	}
	for i := range sets {
		sort.Strings(sets[i])
		sets[i] = slices.Compact(sets[i])
	}
	return sets
}

func oSetOf(sets [][]string, x string) []string {
	for _, s := range sets {
		if slices.Contains(s, x) {
			return s
		}
	}
	return nil
}

func (w *oWorld) people() [][]string {
	var sets [][]string
	for _, f := range w.facts {
		sets = append(sets, []string{f.user})
		if f.peer != "" {
			sets = append(sets, []string{f.peer})
		}
	}
	for k, as := range w.aliases {
		sets = append(sets, append([]string{k}, as...))
	}
	for k, people := range w.shared {
		sets = append(sets, []string{k})
		for _, p := range people {
			sets = append(sets, []string{p})
		}
	}
	for _, id := range w.devices {
		if id != "" {
			sets = append(sets, []string{id})
		}
	}
	for _, a := range w.accounts {
		sets = append(sets, slices.Concat([]string{a.primary}, a.aliases, a.previous))
	}
	sets = oMerge(sets)
	owner := map[string]string{}
	for _, a := range w.accounts {
		if a.enabled && a.current && a.line != "" && (owner[a.line] == "" || a.primary < owner[a.line]) {
			owner[a.line] = a.primary
		}
	}
	for line, primary := range owner {
		sets = append(sets, []string{line, primary})
	}
	return oMerge(sets)
}

func (w *oWorld) mine(p []string) (all []oAccount) {
	for _, a := range w.accounts {
		if slices.Contains(p, a.primary) {
			all = append(all, a)
		}
	}
	return all
}

func (w *oWorld) personID(p []string) string {
	for _, id := range p {
		if _, ok := w.aliases[id]; ok {
			return id
		}
	}
	for _, enabled := range []bool{true, false} {
		best := ""
		for _, a := range w.mine(p) {
			if (a.enabled && a.current) == enabled && (best == "" || a.primary < best) {
				best = a.primary
			}
		}
		if best != "" {
			return best
		}
	}
	return p[0]
}

// isDevice: rule 1 of section 2, after applications and guests.
func (w *oWorld) isDevice(p []string) bool {
	for _, id := range p {
		if slices.Contains(w.applications, id) || slices.Contains(w.guests, id) || slices.Contains(w.guests, oDomain(id)) {
			return false
		}
	}
	for _, id := range w.devices {
		if slices.Contains(p, id) {
			return true
		}
	}
	for _, a := range w.mine(p) {
		if a.phone != "" {
			return true
		}
	}
	return false
}

func oDomain(id string) string {
	if i := strings.Index(id, "@"); i >= 0 {
		return id[i+1:]
	}
	return "no domain"
}

func (w *oWorld) class(p []string) string {
	for _, id := range p {
		if slices.Contains(w.applications, id) {
			return "application"
		}
	}
	for _, id := range p {
		if slices.Contains(w.guests, id) || slices.Contains(w.guests, oDomain(id)) {
			return "guest"
		}
	}
	if w.isDevice(p) {
		return "hosted"
	}
	reached := map[string]bool{}
	for _, id := range p {
		reached[w.identityClass(p, id)] = true
	}
	for _, c := range []string{"hosted", "guest", "application", "federated", "public-im", "anonymous", "pstn"} {
		if reached[c] {
			return c
		}
	}
	return "?"
}

func (w *oWorld) identityClass(p []string, id string) string {
	app := false
	for _, a := range w.mine(p) {
		on := a.enabled && a.current
		if a.primary == id || slices.Contains(a.aliases, id) || slices.Contains(a.previous, id) || on && a.line == id {
			if on && !a.app {
				return "hosted"
			}
			app = app || a.app
		}
	}
	if app {
		return "application"
	}
	var stated []string
	signed, uses, programs := false, 0, 0
	for _, f := range w.facts {
		if f.user == id {
			stated = append(stated, f.class)
			signed = signed || f.act == "im-login"
			uses++
			if f.client == "RTCC/3.0.0.0 MediationServer" {
				programs++
			}
		}
	}
	for _, c := range []string{"hosted", "guest", "application", "federated", "public-im", "anonymous", "pstn"} {
		if slices.Contains(stated, c) {
			return c
		}
	}
	number := !strings.Contains(id, "@")
	if uses > 0 && uses == programs && !number {
		return "application"
	}
	if signed {
		return "hosted"
	}
	if number {
		return "pstn"
	}
	domains := w.domains
	if len(domains) == 0 {
		for _, a := range w.accounts {
			domains = append(domains, oDomain(a.primary))
		}
	}
	switch d := oDomain(id); {
	case slices.Contains(domains, d):
		return "hosted"
	case d == "hotmail.com":
		return "public-im"
	case d == "anonymous.invalid":
		return "anonymous"
	}
	return "federated"
}

// crews lists, by the id of each shared account, the sets of its people.
func (w *oWorld) crews(people [][]string) map[string][][]string {
	all := map[string][][]string{}
	for key, names := range w.shared {
		account := oSetOf(people, key)
		if w.isDevice(account) {
			continue
		}
		for _, name := range names {
			p := oSetOf(people, name)
			other := slices.ContainsFunc(p, func(id string) bool { return w.shared[id] != nil }) && p[0] != account[0]
			known := slices.ContainsFunc(all[w.personID(account)], func(x []string) bool { return x[0] == p[0] })
			if !w.isDevice(p) && !other && !known {
				all[w.personID(account)] = append(all[w.personID(account)], p)
			}
		}
	}
	return all
}

// oInstances are the instances of endpoints whose epid is aa, and BB.
var oInstances = map[string]string{"epid:aa/a@contoso.com": "uuid:938596e9-ec30-51fb-9307-55904c42d0cd", "epid:bb/b@contoso.com": "uuid:4963a74a-0623-5365-a76c-004fef757f0a"}

// machines are the sets of device ids that are one device.
func (w *oWorld) machines(people [][]string) [][]string {
	var sets [][]string
	for _, f := range w.facts {
		if f.device != "" {
			sets = append(sets, []string{f.device})
			if f.endpoint != "" {
				sets = append(sets, []string{f.device, f.endpoint})
			}
		}
	}
	for _, p := range people {
		if w.isDevice(p) {
			sets = append(sets, w.phoneIDs(p))
		}
	}
	for epid, instance := range oInstances {
		if slices.ContainsFunc(sets, func(s []string) bool { return slices.Contains(s, epid) || slices.Contains(s, instance) }) {
			sets = append(sets, []string{epid, instance})
		}
	}
	sets = oMerge(sets)
	// A phone identity seen on one machine whose ids do not contradict its own
	// is that machine.
	var links [][]string
	for _, p := range people {
		if !w.isDevice(p) {
			continue
		}
		own := oSetOf(sets, w.phoneIDs(p)[0])
		seen := map[string][]string{}
		for _, f := range w.facts {
			if !slices.Contains(p, f.user) {
				continue
			}
			for _, id := range []string{f.device, f.endpoint} {
				if m := oSetOf(sets, id); m != nil && !slices.Contains(own, id) {
					seen[m[0]] = m
				}
			}
		}
		if len(seen) != 1 {
			continue
		}
		for _, m := range seen {
			clash := false
			for _, kind := range []string{"mac:", "host:"} {
				in := func(set []string) bool {
					return slices.ContainsFunc(set, func(id string) bool { return strings.HasPrefix(id, kind) })
				}
				clash = clash || in(own) && in(m)
			}
			if !clash {
				links = append(links, []string{own[0], m[0]})
			}
		}
	}
	return oMerge(append(sets, links...))
}

func (w *oWorld) phoneIDs(p []string) (ids []string) {
	for _, id := range p {
		if strings.Contains(id, "@") {
			ids = append(ids, "sip:"+id)
		} else {
			ids = append(ids, "line:"+id)
		}
	}
	for key, identity := range w.devices {
		if identity != "" && slices.Contains(p, identity) {
			ids = append(ids, key)
		}
	}
	return ids
}

func (w *oWorld) deviceID(m []string) string {
	for _, id := range m {
		if _, ok := w.devices[id]; ok {
			return id
		}
	}
	for _, kind := range []string{"mac:", "host:", "line:", "sip:"} {
		for _, id := range m {
			if strings.HasPrefix(id, kind) {
				return id
			}
		}
	}
	return "" // a bare endpoint
}

// rule is section 3: the outcome and the editions ("S", "SE").
func (w *oWorld) rule(class, act, peer string) (outcome, editions string) {
	attend := "SE"
	if w.readings["attendee-edition"] == "lenient" {
		attend = "S"
	}
	switch class {
	case "application":
		return "exempt", ""
	case "hosted", "guest":
		switch act {
		case "im-identity", "im-login", "im-session", "federation":
			return "required", "S"
		case "voice-extension", "conference-organized":
			return "required", "SE"
		case "call-placed", "call-received":
			if peer == "pstn" {
				return "required", "SE"
			}
			return "required", "S"
		case "conference-attended":
			return "required", attend
		}
	case "federated", "public-im", "anonymous":
		switch act {
		case "im-session", "federation", "call-placed", "call-received":
			if class != "anonymous" {
				return "exempt", ""
			}
		case "conference-attended":
			if w.readings["external-attendee"] == "lenient" {
				return "exempt", ""
			}
			return "required", attend
		}
	case "pstn":
		switch act {
		case "call-received", "call-placed", "conference-attended":
			return "exempt", ""
		}
	}
	return "undetermined", "S"
}

type oDemand struct {
	user, device, editions string
	version                int
}

// oOutcome is one attempt: with CALs for everybody, or connectors for outsiders.
type oOutcome struct {
	subjects, positions []string
	cost                int
	outsiders           map[string]bool
	instances           [2]map[string]int // standard, enterprise: version by instance
	unsplit             []string          // metrics whose rows bundles change, and the CALs missing
}

// audit takes the cheaper of CALs and connectors where the latter are offered.
func (w *oWorld) audit() (subjects, positions, unsplit []string) {
	plain := w.attempt(nil)
	offered := false
	for _, o := range w.owned {
		offered = offered || strings.Contains(o.license, "connector") && (o.quantity > 0 || o.price >= 0)
	}
	if offered && len(plain.outsiders) > 0 {
		if other := w.attempt(plain); other.cost <= plain.cost {
			return other.subjects, other.positions, other.unsplit
		}
	}
	return plain.subjects, plain.positions, plain.unsplit
}

// price of one licence: what is given for the label and metric, for the label,
// for the family in this metric, for the family, or 1; the lowest of those of
// the version and of newer ones.
func (w *oWorld) price(family, metric string, version int) int {
	least := -1
	for v := version; v < len(oVersions); v++ {
		own := []int{-1, -1, -1, -1}
		for _, o := range w.owned {
			if oFamily(o.license) != family || o.price < 0 {
				continue
			}
			named, same := o.license == oLabel(family, v), o.metric == metric
			for i, fits := range []bool{named && same, named, same, true} {
				if fits {
					own[i] = max(own[i], o.price)
				}
			}
		}
		own = append(slices.DeleteFunc(own, func(x int) bool { return x < 0 }), 1000)
		if least < 0 || own[0] < least {
			least = own[0]
		}
	}
	return least
}

// oLabel: Live Communications Server had one CAL, without editions.
func oLabel(family string, v int) string {
	if family[0] == 'C' {
		return map[string]string{"CS": "ocs-external-connector-standard", "CE": "ocs-external-connector-enterprise"}[family]
	}
	name := map[string]string{"S": "standard-cal", "E": "enterprise-cal"}[family]
	switch {
	case v == 1 && family == "S":
		return "lcs-cal"
	case v <= 3:
		return "ocs-" + name
	case v <= 5:
		return "lync-" + name
	}
	return "sfb-" + name
}

func oFamily(license string) string {
	return map[string]string{"ocs-standard-cal": "S", "lync-standard-cal": "S", "ocs-enterprise-cal": "E", "ecal-suite": "SE",
		"ocs-external-connector-standard": "CS", "ocs-external-connector-enterprise": "CE"}[license]
}

func (w *oWorld) attempt(connect *oOutcome) (out *oOutcome) {
	out = &oOutcome{outsiders: map[string]bool{}, instances: [2]map[string]int{{}, {}}}
	people := w.people()
	machines := w.machines(people)
	classOf := map[string]string{}
	for _, p := range people {
		classOf[w.personID(p)] = w.class(p)
	}
	crews := w.crews(people)
	accountsOf := map[string][]oAccount{} // of persons who share others'
	inherited := map[string][]string{}
	for account, crew := range crews {
		if len(crew) > 0 && classOf[account] == "application" {
			classOf[account] = "hosted" // it has people
		}
		for _, p := range crew {
			if id := w.personID(p); id != account {
				inherited[id] = append(inherited[id], classOf[account])
				accountsOf[id] = append(accountsOf[id], w.mine(oSetOf(people, account))...)
			}
		}
	}
	for _, p := range people {
		id := w.personID(p)
		guest := slices.ContainsFunc(p, func(x string) bool { return slices.Contains(w.guests, x) || slices.Contains(w.guests, oDomain(x)) })
		if inherited[id] == nil || guest {
			continue
		}
		known := len(w.mine(p)) > 0 || slices.ContainsFunc(w.facts, func(f oFact) bool { return slices.Contains(p, f.user) })
		for _, c := range []string{"hosted", "guest", "application", "federated", "public-im", "anonymous", "pstn"} {
			if slices.Contains(inherited[id], c) || known && classOf[id] == c {
				classOf[id] = c
				break
			}
		}
	}
	strict := func(q string) bool { return w.readings[q] == "strict" }
	bought := 0
	for _, o := range w.owned {
		if strings.Contains(o.license, "-server") && o.quantity > 0 {
			bought = max(bought, oVersion(o.version))
		}
	}
	facts := slices.Clone(w.facts)
	for _, a := range w.accounts {
		if a.enabled && a.current {
			facts = append(facts, oFact{act: "im-identity", user: a.primary, server: a.home})
			if a.voice {
				facts = append(facts, oFact{act: "voice-extension", user: a.primary, server: a.home})
			}
		}
	}
	expanded := []oFact{}
	for _, f := range facts {
		crew := crews[w.personID(oSetOf(people, f.user))]
		for _, p := range crew {
			f.user = p[0]
			expanded = append(expanded, f)
		}
		if len(crew) == 0 {
			expanded = append(expanded, f)
		}
	}
	facts = expanded
	rank := map[string]int{"exempt": 0, "undetermined": 1, "required": 2}
	verdict, kind, class := map[string]string{}, map[string]string{}, map[string]string{}
	by := map[string][]string{} // who uses a device in a way that counts
	worst := func(id, k, outcome string) {
		kind[id] = k
		if verdict[id] == "" || rank[outcome] > rank[verdict[id]] {
			verdict[id] = outcome
		}
	}
	reached := map[string][]oDemand{} // servers (as user) and editions by user
	var demands []oDemand
	for _, p := range people {
		id := w.personID(p)
		isDevice := w.isDevice(p)
		self := ""
		if isDevice {
			self = w.deviceID(oSetOf(machines, w.phoneIDs(p)[0]))
		}
		mine := w.mine(p)
		if len(mine) > 0 || !slices.ContainsFunc(w.facts, func(f oFact) bool { return slices.Contains(p, f.user) }) {
			mine = append(mine, accountsOf[id]...)
		}
		dormant, disabled := true, len(mine) > 0
		for _, f := range facts {
			if slices.Contains(p, f.user) && f.act != "im-identity" && f.act != "voice-extension" {
				dormant = false
			}
		}
		for _, a := range mine {
			if a.enabled && a.current {
				disabled = false
			}
		}
		exemptPerson := !isDevice && slices.ContainsFunc(w.exempt, func(x string) bool { return slices.Contains(p, x) })
		var seen []oDemand
		standing := oDemand{}
		for _, f := range facts {
			if !slices.Contains(p, f.user) {
				continue
			}
			peer := ""
			if f.peer != "" && (f.act == "call-placed" || f.act == "call-received") {
				peer = classOf[w.personID(oSetOf(people, f.peer))]
			}
			outcome, editions := w.rule(classOf[id], f.act, peer)
			if classOf[id] == "hosted" && dormant && !strict("dormant-identity") ||
				(classOf[id] == "hosted" || classOf[id] == "guest") && disabled && !dormant && !strict("disabled-identity") {
				outcome, editions = "exempt", ""
			}
			stands := f.act == "im-identity" || f.act == "voice-extension"
			device := ""
			for _, x := range []string{f.device, f.endpoint} {
				if m := oSetOf(machines, x); m != nil && device == "" && x != "" {
					device = w.deviceID(m)
				}
			}
			if stands {
				device = ""
			}
			user := id
			if isDevice {
				user = ""
				if device == "" {
					device = self
				}
			}
			if exemptPerson {
				outcome, editions = "exempt", ""
			}
			if user != "" {
				worst(user, "user", outcome)
				class[user] = classOf[id]
			}
			if device != "" {
				worst(device, "device", outcome)
				if outcome != "exempt" {
					by[device] = append(by[device], user)
				}
			}
			if editions == "" {
				continue
			}
			if user != "" {
				reached[user] = append(reached[user], oDemand{f.server, "", editions, 0})
			}
			version := oVersion("2007")
			if v := w.servers[f.server]; v != "" {
				version = oVersion(v)
			}
			if strict("downgrade-basis") {
				version = max(version, bought)
			}
			if version == oVersion("2007-r2") && !strict("r2-version") {
				version = oVersion("2007")
			}
			if stands {
				standing = oDemand{user, device, max(standing.editions, editions), max(standing.version, version)}
			} else {
				seen = append(seen, oDemand{user, device, editions, version})
			}
		}
		if len(seen) == 0 && standing.editions != "" {
			seen = []oDemand{standing}
		}
		for _, d := range seen {
			demands = append(demands, oDemand{d.user, d.device, max(d.editions, standing.editions), d.version})
		}
	}
	exemptDevice := func(d string) bool {
		if d == "" {
			return false
		}
		for _, x := range w.exempt {
			if m := oSetOf(machines, x); m != nil && w.deviceID(m) == d {
				return true
			}
			if p := oSetOf(people, x); p != nil && w.isDevice(p) && w.deviceID(oSetOf(machines, w.phoneIDs(p)[0])) == d {
				return true
			}
		}
		return false
	}
	holds := map[string]map[string]int{} // subject -> family -> version
	give := func(id, editions string, version int) {
		if holds[id] == nil {
			holds[id] = map[string]int{}
		}
		for _, family := range editions {
			holds[id][string(family)] = max(holds[id][string(family)], version)
		}
	}
	for id, servers := range reached {
		if verdict[id] != "required" || !slices.Contains([]string{"guest", "anonymous", "federated", "public-im"}, class[id]) {
			continue
		}
		out.outsiders[id] = true
		for _, x := range servers {
			version := oVersion("2007")
			if v := w.servers[x.user]; v != "" {
				version = oVersion(v)
			}
			out.instances[0][x.user] = version
			if x.editions == "SE" {
				out.instances[1][x.user] = version
			}
		}
	}
	connected := func(id string) bool { return connect != nil && connect.outsiders[id] }
	var open []oDemand // that either side may meet
	for _, d := range demands {
		if connected(d.user) {
			continue
		}
		if exemptDevice(d.device) {
			if d.user == "" {
				continue
			}
			d.device = ""
		}
		switch {
		case d.user == "":
			give(d.device, d.editions, d.version)
		case d.device == "":
			give(d.user, d.editions, d.version)
		case strict("user-and-device"):
			give(d.user, d.editions, d.version)
			give(d.device, d.editions, d.version)
		case strict("identity-by-device") && class[d.user] == "hosted", w.assign == "user":
			give(d.user, d.editions, d.version)
		case w.assign == "device":
			give(d.device, d.editions, d.version)
		default:
			open = append(open, d)
		}
	}
	w.mix(open, holds, kind)
	need := map[string][]int{}
	for id, outcome := range verdict {
		if kind[id] == "device" && exemptDevice(id) {
			outcome = "exempt"
		}
		covered := ""
		var licenses []string
		for family, v := range holds[id] {
			licenses = append(licenses, oLabel(family, v)+" "+oVersions[v])
			need[family+" "+kind[id]] = append(need[family+" "+kind[id]], v)
		}
		sort.Strings(licenses)
		if len(licenses) == 0 && outcome != "exempt" {
			outcome, covered = "exempt", "device-cal"
			if connected(id) {
				covered = "external-connector"
			}
			rank := []string{"device-cal", "external-connector", "user-cal"}
			for _, user := range by[id] {
				c := "user-cal"
				if user == "" {
					c = "device-cal"
				} else if connected(user) {
					c = "external-connector"
				}
				covered = rank[max(slices.Index(rank, covered), slices.Index(rank, c))]
			}
		}
		line := fmt.Sprintf("%s %s %s %v %s", kind[id], id, outcome, licenses, covered)
		if kind[id] == "user" {
			line += " " + class[id]
		}
		out.subjects = append(out.subjects, line)
	}
	sort.Strings(out.subjects)
	if connect != nil {
		for f, instances := range connect.instances {
			for _, v := range instances {
				need[[]string{"CS", "CE"}[f]+" server"] = append(need[[]string{"CS", "CE"}[f]+" server"], v)
			}
		}
	}
	for _, metric := range []string{"user", "device"} {
		if split, whole := w.buy(oGrants(holds, kind, metric), metric); split != whole {
			out.unsplit = append(out.unsplit, fmt.Sprint(metric, " ", whole.short))
			out.cost += whole.cost - split.cost
		}
	}
	// Licences one by one.
	for _, key := range []string{"S user", "S device", "E user", "E device", "CS server", "CE server"} {
		family, metric, _ := strings.Cut(key, " ")
		var units []int
		for _, o := range w.owned {
			gives := oFamily(o.license) == family || oFamily(o.license) == "SE" && len(family) == 1
			if gives && o.metric == metric {
				for range o.quantity {
					units = append(units, oVersion(o.version))
				}
			}
		}
		sort.Ints(units)
		rows := map[int][4]int{}
		for v := len(oVersions) - 1; v > 0; v-- {
			required, owned := 0, 0
			for _, n := range need[key] {
				required += bit(n == v)
			}
			for _, u := range units {
				owned += bit(u >= v)
			}
			for range required {
				if i := slices.IndexFunc(units, func(u int) bool { return u >= v }); i >= 0 {
					units = slices.Delete(units, i, i+1)
				}
			}
			rows[v] = [4]int{required, owned, max(0, required-owned), 0}
			out.cost += rows[v][2] * w.price(family, metric, v)
		}
		for v, row := range rows {
			for _, u := range units {
				row[3] += bit(u == v)
			}
			if row[0] > 0 || row[3] > 0 {
				out.positions = append(out.positions, fmt.Sprintf("%s %s %s %v", oLabel(family, v), metric, oVersions[v], row))
			}
		}
	}
	sort.Strings(out.positions)
	return out
}
