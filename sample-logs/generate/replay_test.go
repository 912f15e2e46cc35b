package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/csv"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
)

// The replay reads the written files back, knowing nothing of the plan, and
// judges them by the licence model once more. It guards against traffic that
// the plan did not mean: a number used twice, a row with the wrong party.
type replay struct {
	t         *testing.T
	dir       string
	from, end time.Time
	people    map[string]*seenPerson // by canonical identity
	alias     map[string]string
	devices   map[string]map[string]bool // device -> persons, by identity, with "!" before needed uses
	estate    struct{ apps, guests, exempt, identities map[string]bool }
	owner     map[string]string // identity that is a device -> device
}

type seenPerson struct {
	enabled, voice, app, login bool
	stated                     string
	uses                       []use
}

type use struct {
	a       activity
	peer    string
	device  string
	version version
}

type table2 []map[string]string

func (r *replay) csv(file string) (rows table2) {
	b, err := os.ReadFile(filepath.Join(r.dir, file))
	if err != nil {
		r.t.Fatal(err)
	}
	if bytes.HasPrefix(b, []byte{0xff, 0xfe}) {
		u := make([]uint16, len(b)/2-1)
		for i := range u {
			u[i] = uint16(b[2*i+2]) | uint16(b[2*i+3])<<8
		}
		b = []byte(string(utf16.Decode(u)))
	}
	all, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	if err != nil {
		r.t.Fatal(file, err)
	}
	for _, line := range all[1:] {
		row := map[string]string{}
		for i, v := range line {
			row[all[0][i]] = v
		}
		rows = append(rows, row)
	}
	return rows
}

func (rows table2) index(key, value string) map[string]string {
	m := map[string]string{}
	for _, r := range rows {
		m[r[key]] = r[value]
	}
	return m
}

// canonical identity, or "" for what is no party.
func canonical(s string) string {
	s = strings.ToLower(s)
	for _, p := range []string{"sip:", "tel:"} {
		s = strings.TrimPrefix(s, p)
	}
	if strings.Contains(s, "opaque=app:") {
		return ""
	}
	if strings.HasPrefix(s, "+") {
		s, _, _ = strings.Cut(s, "@")
		return strings.ReplaceAll(s, "-", "")
	}
	s, _, _ = strings.Cut(s, ";")
	return s
}

func (r *replay) person(id string) *seenPerson {
	if r.people[id] == nil {
		r.people[id] = &seenPerson{}
	}
	return r.people[id]
}

func (r *replay) use(id, when string, u use) {
	at, err := time.Parse("2006-01-02", when[:min(10, len(when))])
	if id == "" || err != nil || at.Before(r.from) || at.After(r.end) {
		return
	}
	p := r.person(id)
	p.uses = append(p.uses, u)
	p.login = p.login || u.a == imLogin
}

func (r *replay) readDirectory() {
	b, err := os.ReadFile(filepath.Join(r.dir, "directory/contoso-users.ldf"))
	if err != nil {
		r.t.Fatal(err)
	}
	var objects []map[string][]string
	for _, record := range strings.Split(strings.ReplaceAll(string(b), "\r\n ", ""), "\r\n\r\n") {
		o := map[string][]string{}
		lines := bufio.NewScanner(strings.NewReader(record))
		for lines.Scan() {
			name, value, _ := strings.Cut(lines.Text(), ":")
			if rest, ok := strings.CutPrefix(value, ": "); ok {
				raw, err := base64.StdEncoding.DecodeString(rest)
				if err != nil {
					r.t.Fatal(err)
				}
				value = " " + string(raw)
			}
			o[name] = append(o[name], strings.TrimPrefix(value, " "))
		}
		objects = append(objects, o)
	}
	for _, row := range r.csv("directory/contoso-paris.csv") {
		o := map[string][]string{}
		for k, v := range row {
			o[k] = strings.Split(v, ";")
		}
		objects = append(objects, o)
	}
	for _, o := range objects {
		r.object(o)
	}
}

func (r *replay) object(o map[string][]string) {
	one := func(name string) string {
		if v := o[name]; len(v) > 0 {
			return v[0]
		}
		return ""
	}
	address := canonical(one("msRTCSIP-PrimaryUserAddress"))
	if address == "" {
		return
	}
	p := r.person(address)
	p.enabled = one("msRTCSIP-UserEnabled") == "TRUE"
	contact := slices.Contains(o["objectClass"], "contact")
	proxies := strings.Join(o["proxyAddresses"], "\n")
	p.app = contact && (one("msRTCSIP-OwnerUrn") != "" || strings.Contains(proxies, "EUM:"))
	line := canonical(one("msRTCSIP-Line"))
	flags, _ := strconv.Atoi(one("msRTCSIP-OptionFlags"))
	p.voice = p.enabled && flags&128 != 0 && line != ""
	for _, a := range o["proxyAddresses"] {
		if strings.HasPrefix(strings.ToLower(a), "sip:") && canonical(a) != address {
			r.alias[canonical(a)] = address
		}
	}
	if line != "" && p.enabled {
		r.alias[line] = address
	}
	if contact && !p.app && r.owner[address] == "" {
		r.owner[address] = "line:" + line
	}
}

var quoted = regexp.MustCompile(`"([^"]*)"`)

func (r *replay) readEstate() {
	b, err := os.ReadFile(filepath.Join(r.dir, "estate.toml"))
	if err != nil {
		r.t.Fatal(err)
	}
	set := func(text string) map[string]bool {
		m := map[string]bool{}
		for _, q := range quoted.FindAllStringSubmatch(text, -1) {
			m[q[1]] = true
		}
		return m
	}
	between := func(a, z string) string {
		_, s, _ := strings.Cut(string(b), a)
		s, _, _ = strings.Cut(s, z)
		return s
	}
	r.estate.apps = set(between("applications = [", "]"))
	r.estate.guests = set(between("guests = [", "]"))
	for _, line := range strings.Split(between("[aliases]", "\n["), "\n") {
		if q := quoted.FindAllStringSubmatch(line, -1); len(q) == 2 {
			r.alias[q[1][1]] = q[0][1]
		}
	}
	for _, line := range strings.Split(between("[devices]", "\n["), "\n") {
		if q := quoted.FindAllStringSubmatch(line, -1); strings.Contains(line, "identity") {
			r.owner[q[2][1]] = q[0][1]
		}
	}
	r.estate.exempt = map[string]bool{}
	for _, e := range strings.Split(string(b), "[[exemptions]]")[1:] {
		if q := quoted.FindAllStringSubmatch(e, -1); len(q) == 3 && q[2][1] >= r.end.Format("2006-01-02") {
			r.estate.exempt[q[0][1]] = true
		}
	}
}

func (r *replay) readCalls() {
	tenants := r.csv("cdr/Tenants.csv").index("TenantId", "TenantKey")
	uris := map[string]string{}
	for _, u := range r.csv("cdr/Users.csv") {
		id := canonical(u["UserUri"])
		uris[u["UserId"]] = id
		if key := tenants[u["TenantId"]]; id != "" && key != "" {
			r.person(id).stated = []string{"hosted", "federated", "anonymous", "public-im"}[key[len(key)-1]-'0']
		}
	}
	versionOf := map[string]version{}
	for _, p := range r.csv("cdr/Pools.csv") {
		versionOf[p["PoolId"]] = v2007
		if strings.HasPrefix(p["PoolFQDN"], "r2") {
			versionOf[p["PoolId"]] = v2007r2
		}
	}
	key := func(m map[string]string) string { return m["SessionIdTime"] + "/" + m["SessionIdSeq"] }
	ok := func(m map[string]string) bool {
		return strings.HasPrefix(m["ResponseCode"], "2") && len(m["ResponseCode"]) == 3
	}

	macs := r.csv("cdr/Devices.csv").index("DeviceId", "MacAddress")
	machine := map[string]string{} // endpoint -> device
	logons := r.csv("cdr/Registration.csv")
	for _, l := range logons {
		if mac, err := strconv.ParseUint(macs[l["DeviceId"]], 10, 64); err == nil && ok(l) {
			machine[l["EndpointId"]] = "mac:" + strconv.FormatUint(1<<48|mac, 16)[1:]
		}
	}
	for _, l := range logons {
		if ok(l) {
			r.use(uris[l["UserId"]], l["RegisterTime"], use{a: imLogin, device: machine[l["EndpointId"]], version: versionOf[l["PoolId"]]})
		}
	}
	numbers := r.csv("cdr/Phones.csv").index("PhoneId", "PhoneUri")
	voip := map[string]map[string]string{}
	for _, v := range r.csv("cdr/VoipDetails.csv") {
		voip[key(v)] = v
	}
	taken := map[string]bool{}
	for _, s := range r.csv("cdr/SessionDetails.csv") {
		if taken[key(s)] {
			r.t.Errorf("two sessions are %s", key(s))
		}
		taken[key(s)] = true
		if !ok(s) {
			continue
		}
		starter, other, end1, end2 := s["User1Id"], s["User2Id"], s["User1EndpointId"], s["User2EndpointId"]
		from, to := uris[starter], uris[other]
		if s["SessionStartedById"] == other && other != starter {
			from, to, end1, end2 = to, from, end2, end1
		}
		if v := voip[key(s)]; v != nil {
			if v["FromNumberId"] != "" && v["FromGatewayId"]+v["FromMediationServerId"] != "" {
				from = canonical(numbers[v["FromNumberId"]])
			}
			if v["ConnectedNumberId"] != "" && v["ToGatewayId"]+v["ToMediationServerId"] != "" {
				to = canonical(numbers[v["ConnectedNumberId"]])
			}
		}
		media, _ := strconv.Atoi(s["MediaTypes"])
		add := func(id string, a activity, peer, endpoint string) {
			r.use(id, s["InviteTime"], use{a, peer, machine[endpoint], versionOf[s["PoolId"]]})
		}
		if media&48 != 0 {
			add(from, callPlaced, to, end1)
			add(to, callReceived, from, end2)
		}
		if media&^48 != 0 {
			add(from, imSession, to, end1)
			add(to, imSession, from, end2)
		}
	}
	r.readMeetings(uris, versionOf, key)
}

func (r *replay) readMeetings(uris map[string]string, versionOf map[string]version, key func(map[string]string) string) {
	kinds := r.csv("cdr/UriTypes.csv").index("UriTypeId", "UriType")
	mcus := r.csv("cdr/Mcus.csv").index("McuId", "McuTypeId")
	focus, joins := r.csv("cdr/FocusJoinsAndLeaves.csv"), r.csv("cdr/McuJoinsAndLeaves.csv")
	told, other := map[string]bool{}, map[string]bool{}
	for _, j := range joins {
		told[key(j)] = true
		if kinds[mcus[j["McuId"]]] != "conf:chat" {
			other[key(j)] = true
		}
	}
	pool := map[string]version{}
	for _, c := range r.csv("cdr/Conferences.csv") {
		if c["Flag"] == "1" {
			continue
		}
		pool[key(c)] = versionOf[c["PoolId"]]
		a := confOrganized
		if told[key(c)] && !other[key(c)] {
			a = imSession
		}
		r.use(uris[c["OrganizerId"]], c["ConferenceStartTime"], use{a: a, version: pool[key(c)]})
	}
	for _, j := range append(focus, joins...) {
		a := confAttended
		if told[key(j)] && !other[key(j)] {
			a = imSession
		}
		if pool[key(j)] != 0 {
			r.use(uris[j["UserId"]], j["UserJoinTime"], use{a: a, version: pool[key(j)]})
		}
	}
}

func (r *replay) readActivity() {
	for _, row := range r.csv("activity/branch-pbx.csv") {
		id, a := canonical(row["user"]), activity(slices.Index(activityNames[:], row["activity"]))
		if id == "reception" || strings.Contains(row["time"], " 25:") || row["activity"] == "door-opened" {
			continue
		}
		if row["class"] != "" {
			r.person(id).stated = row["class"]
		}
		if row["activity"] == "voice-extension" {
			r.person(id).voice = true
			continue
		}
		device := strings.ReplaceAll(strings.ToLower(row["device"]), "mac:00-", "mac:00")
		if strings.HasPrefix(device, "mac:") {
			device = strings.ReplaceAll(device, "-", "")
		}
		r.use(id, row["time"], use{a, canonical(row["peer"]), device, v2007})
	}
}
