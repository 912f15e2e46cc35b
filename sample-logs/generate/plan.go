package main

import "fmt"

// role is the part a person plays. It bounds what the ordinary traffic lets
// the person do, so that the scenario it stands for stays visible.
type role uint8

const (
	plain        role = iota // IM and calls between computers
	voice                    // enterprise voice: flag 128 and a line
	rcc                      // remote call control of a PBX phone: a line, but no extension
	organiser                // of web conferences
	attendee                 // attends web conferences only
	imOrganiser              // organises group IM only
	shift                    // works at shared phones
	resource                 // logon account in another forest
	umUser                   // a person with an EUM: address, who is no application for that
	renamed                  // the old address stands in proxyAddresses
	aliased                  // two addresses joined by the estate file
	signInOnly               // in no directory
	leaverActive             // disabled, with activity in the window
	leaverIdle               // disabled, without
	dormant                  // enabled, without activity
	dormantVoice
	neverEnabled // an account without an IM identity
	guestAccount // an outsider with an account
	exemptValid
	exemptExpired
	exemptNoReason
	hairpin    // calls a colleague's line out and in again through a gateway
	plainPSTN  // calls a PSTN number without being a voice user
	pilot      // homed on the newer pool
	pilotVoice // the same with a voice extension
	pilotHost  // a pilot whose conference ran on the older pool
	outdated   // only seen before the window, in no directory
	nRoles
)

var roleNames = [nRoles]string{"plain", "voice", "rcc", "organiser", "attendee", "im-organiser", "shift", "resource-forest",
	"um-user", "renamed", "aliased", "sign-in-only", "leaver-active", "leaver-idle", "dormant", "dormant-voice",
	"never-enabled", "guest-account", "exempt-valid", "exempt-expired", "exempt-no-reason", "hairpin", "plain-pstn",
	"pilot", "pilot-voice", "pilot-host", "outdated"}

// specials is one block of scenario parts; every 150 people bring one block.
var specials = []role{shift, shift, shift, shift, shift, shift, resource, resource, umUser, renamed, aliased, aliased,
	signInOnly, leaverActive, leaverIdle, leaverIdle, dormant, dormantVoice, neverEnabled, neverEnabled, neverEnabled,
	guestAccount, exemptValid, exemptExpired, exemptNoReason, hairpin, plainPSTN, pilot, pilot, pilotVoice, pilotHost,
	outdated, imOrganiser, imOrganiser}

// ordinary is the mix of everybody else.
var ordinary = []role{plain, voice, organiser, attendee, rcc, plain, voice, plain, attendee, organiser,
	plain, voice, plain, attendee, plain, voice, plain, organiser, plain, voice}

const domain = "@contoso.com"

func (w *world) blocks() int { return max(1, w.cfg.users/150) }

// enabled says whether the directory enables this role's account.
func (r role) enabled() bool {
	switch r {
	case signInOnly, leaverActive, leaverIdle, neverEnabled, outdated:
		return false
	}
	return true
}

// inDirectory says whether there is an account at all.
func (r role) inDirectory() bool { return r != signInOnly && r != outdated }

// extension says whether the role has a hosted voice extension.
func (r role) extension() bool {
	return r == voice || r == dormantVoice || r == pilotVoice || r == umUser
}

// plan decides who exists. Nothing has happened yet when it returns.
func (w *world) plan() {
	w.planServers()
	var lines, n int
	for b := 0; b < w.blocks(); b++ {
		for _, r := range specials {
			w.addPerson(r, n, b, &lines)
			n++
		}
	}
	for i := 0; n < w.cfg.users; i++ {
		w.addPerson(ordinary[i%len(ordinary)], n, i, &lines)
		n++
	}
	w.planDevices()
	w.planOutsiders()
	w.planApplications()
	w.planSharedPhones(&lines)
}

func (w *world) planServers() {
	add := func(rd, pool, fqdn string, v version) *server {
		s := &server{fqdn: fqdn, pool: pool, rd: rd, version: v, id: fmt.Sprint(11 + len(w.servers))}
		s.poolID = map[string]string{"pool1": "2", "se1": "1", "r2pilot": "3"}[rd]
		w.servers = append(w.servers, s)
		return s
	}
	add("pool1", "pool1.contoso.com", "fe1.contoso.com", v2007)
	add("pool1", "pool1.contoso.com", "fe2.contoso.com", v2007)
	add("se1", "se1.contoso.com", "se1.contoso.com", v2007)
	w.pilots = add("r2pilot", "r2pilot.contoso.com", "r2fe1.contoso.com", v2007r2)
}

// addPerson adds the n-th person; k counts within the role's own sequence.
func (w *world) addPerson(r role, n, k int, lines *int) {
	p := &person{role: r, number: n, name: fullName(n), office: officeOf(n), client: clientOC}
	switch {
	case r >= pilot && r <= pilotHost:
		p.office, p.home, p.client = 1, w.pilots, clientOCR2
	case p.office == 1:
		p.home = w.servers[n%2]
	default:
		p.home = w.servers[2]
	}
	if n%9 == 4 {
		p.client = clientCWA
	}
	p.address = p.name.local() + domain
	id, class := p.address, "hosted"
	switch r {
	case guestAccount:
		p.address = "v-" + p.address
		id, class, p.office = p.address, "guest", 1
	case renamed:
		p.older = "maiden." + p.address
	case aliased:
		p.older = "x" + p.address
		// One alias entry is keyed by the directory's address, the next by
		// the other one: the key names the person either way.
		p.aliasKey = p.address
		if len(w.byRole[aliased])%2 == 1 {
			p.aliasKey = p.older
		}
		id = p.aliasKey
	}
	p.who = w.newSubject(id, class)
	p.who.exempted = r == exemptValid
	p.who.imIdentity = r.enabled()
	p.who.voiceExtension = r.extension()
	if r.extension() || r == rcc {
		if p.line = usNumber(0, *lines); p.office == 3 {
			p.line = parisNumber(*lines)
		}
		*lines++
		if p.office != 3 && k%4 == 3 {
			p.lineExt = fmt.Sprint(1000 + n)
		}
	}
	w.people = append(w.people, p)
	w.byRole[r] = append(w.byRole[r], p)
	w.planned["role:"+roleNames[r]]++
	w.enterUser(p)
}

// officeOf spreads people: half in Redmond, a third in Boston, the rest in Paris.
func officeOf(n int) int { return []int{1, 1, 1, 1, 1, 2, 2, 2, 3, 3}[n%10] }

// enterUser gives the person an entry in the call records' Users table, unless
// there is nothing that could have been recorded.
func (w *world) enterUser(p *person) {
	switch p.role {
	case leaverIdle, dormant, dormantVoice, neverEnabled, outdated:
		return
	}
	address := p.address
	if p.number%11 == 3 { // the server keeps the case in which it was typed
		address = capitals(address)
	}
	p.user = w.cdr.addUser(address, tenantEnterprise, uriUser)
	p.endpoint = w.rng.guid()
	if p.older != "" {
		p.oldUser = w.cdr.addUser(p.older, tenantEnterprise, uriUser)
	}
	if p.line != "" && p.role != rcc {
		p.phoneID = w.cdr.addPhone(p.line)
	}
}

func capitals(s string) string {
	b := []byte(s)
	for i := range b {
		if (i == 0 || b[i-1] == '.') && b[i] >= 'a' && b[i] <= 'z' {
			b[i] -= 32
		}
	}
	return string(b)
}

// planDevices gives every second voice user a desk phone, and shift workers
// two phones for three of them each.
func (w *world) planDevices() {
	mac := uint64(0x0004f2100000)
	phone := func() *device {
		mac++
		d := w.newDevice(fmt.Sprintf("mac:%012x", mac), "desk-phone")
		d.mac, d.cdrID = mac, w.cdr.addDevice(mac)
		return d
	}
	for i, p := range w.byRole[voice] {
		if i%2 == 0 {
			p.phone, p.phoneEnd = phone(), w.rng.guid()
		}
	}
	for i, p := range w.byRole[shift] {
		if i%3 == 0 {
			w.shared = append(w.shared, phone())
		}
		p.phone, p.phoneEnd = w.shared[len(w.shared)-1], w.rng.guid()
	}
}

// planOutsiders invents the parties beyond the company.
func (w *world) planOutsiders() {
	add := func(list *[]*outsider, i int, class, tenant string, domains ...string) {
		n := fullName(i*7 + 3000)
		n.suffix = fmt.Sprint(i)
		o := &outsider{address: n.local() + "@" + domains[i%len(domains)]}
		o.party = party{user: w.cdr.addUser(o.address, tenant, uriUser), client: clientOC, remote: true,
			endpoint: w.rng.guid(), who: w.newSubject(o.address, class)}
		*list = append(*list, o)
	}
	for i := 0; i < max(12, w.cfg.users/8); i++ {
		add(&w.federated, i, "federated", tenantFederated, "fabrikam.com", "litwareinc.com", "adatum.com")
	}
	for i := 0; i < max(6, w.cfg.users/20); i++ {
		add(&w.publicIM, i, "public-im", tenantPublic, "hotmail.com", "yahoo.com")
		w.publicIM[i].client = clientPublic
	}
	for b := 0; b < w.blocks(); b++ {
		add(&w.domainGst, b, "guest", tenantFederated, "northwindtraders.com")
	}
	for i := 0; i < max(30, w.cfg.users/3); i++ {
		w.pstn = append(w.pstn, w.newPSTN(i))
	}
}

// newPSTN is a number of the telephone network. Every third number is also
// kept in Users as a phone address, which does not make it a second party.
func (w *world) newPSTN(i int) *outsider {
	number := usNumber(1, i)
	o := &outsider{address: number, phoneID: w.cdr.addPhone(number)}
	o.party = party{client: clientMediation, who: w.newSubject(number, "pstn")}
	if i%3 == 0 {
		o.user = w.cdr.addUser(number+domain+";user=phone", "", uriPhone)
	}
	return o
}

// planApplications: identities with no person behind them, told by the estate
// file (accounts) or by their marks in the directory (contacts).
func (w *world) planApplications() {
	add := func(c contact, client string) {
		c.party = party{user: w.cdr.addUser(c.address, tenantEnterprise, uriUser), client: client,
			endpoint: w.rng.guid(), who: w.newSubject(c.address, "application")}
		c.who.imIdentity = true
		w.apps = append(w.apps, &c)
	}
	add(contact{cn: "Alert Service", address: "svc-alerts" + domain, userObject: true}, clientOC)
	add(contact{cn: "Backup Bot", address: "svc-backup" + domain, userObject: true}, clientOC)
	add(contact{cn: "Conferencing Attendant", address: "attendant" + domain,
		ownerURN: "urn:application:Caa"}, clientAttendant)
	add(contact{cn: "Help Desk Group", address: "helpdesk-group" + domain,
		ownerURN: "urn:application:Rgs"}, clientOC)
	add(contact{cn: "UM Auto Attendant", address: "um-autoattendant" + domain, line: usNumber(0, len(areas)*49),
		proxy: "EUM:8000;phone-context=um.contoso.com"}, clientUM)
	add(contact{cn: "UM Subscriber Access", address: "um-subscriber" + domain, line: usNumber(0, len(areas)*49+1),
		proxy: "EUM:8001;phone-context=um.contoso.com"}, clientUM)
	w.planned["application:estate"] += 2
	w.planned["application:owner-urn"] += 2
	w.planned["application:eum"] += 2
}

// planSharedPhones: phones that are identities of their own.
func (w *world) planSharedPhones(lines *int) {
	for b := 0; b < w.blocks(); b++ {
		w.addSharedPhone("hall", b, usNumber(0, *lines), "")
		w.addSharedPhone("kitchen", b, usNumber(0, *lines+1), "")
		w.addSharedPhone("warehouse", b, "", "")
		w.addSharedPhone("lobby", b, usNumber(0, *lines+2), "estate")
		*lines += 3
	}
}

func (w *world) addSharedPhone(place string, b int, line, estate string) {
	address := fmt.Sprintf("phone-%s%d%s", place, b+1, domain)
	id := "line:" + line
	if line == "" {
		id = "sip:" + address
	}
	var mac uint64
	if estate != "" {
		mac = 0x0004f2f00000 + uint64(b)
		id = fmt.Sprintf("mac:%012x", mac)
	}
	d := w.newDevice(id, "common-area-phone")
	d.identity = w.newSubject(address, "hosted")
	d.identity.device, d.identity.imIdentity, d.identity.voiceExtension = d, true, line != ""
	d.inEstate = mac != 0 || line == ""
	if mac != 0 {
		d.mac, d.cdrID = mac, w.cdr.addDevice(mac)
	}
	c := &contact{cn: fmt.Sprintf("Phone %s %d", capitals(place), b+1), address: address, line: line, userObject: mac != 0}
	c.party = party{user: w.cdr.addUser(address, tenantEnterprise, uriUser), client: clientPhone,
		endpoint: w.rng.guid(), who: d.identity}
	if mac != 0 {
		c.dev = d
	}
	if line != "" {
		c.phoneID = w.cdr.addPhone(line)
	}
	w.phones = append(w.phones, c)
	w.planned["shared-phone:"+place]++
}
