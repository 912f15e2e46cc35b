package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// branch writes the plain activity file of a system that has no export of its
// own, and notes what its rows mean.
type branch struct {
	w     *world
	rows  []string
	names int
	keys  int
}

// fact is one row. Time and user are written as text of various shapes.
type fact struct {
	a                  activity
	p                  party // who did it
	user               string
	peer, device       string
	client, class      string
	modality, role     string
	withPSTN, noSource bool
}

const (
	activityHeader = "time,activity,user,peer,device,client,server,session,class,modality,role,source"
	branchClient   = "UCCP/2.0.6362.0 OC/2.0.6362.0 (Microsoft Office Communicator)"
)

func (w *world) writeActivity() error {
	b := &branch{w: w}
	for k := 0; k < w.blocks(); k++ {
		b.people(k)
		b.strangers(k)
		b.machines(k)
		b.outdated(k)
	}
	b.broken()
	const file = "activity/branch-pbx.csv"
	t := w.newTally(file)
	t.Read, t.Rejected = len(b.rows), 3
	text := activityHeader + "\r\n" + strings.Join(b.rows, "\r\n") + "\r\n"
	return os.WriteFile(filepath.Join(w.cfg.out, file), []byte(text), 0o666)
}

// session adds facts that share one key, one time and one conversation.
func (b *branch) session(k int, facts ...fact) {
	w := b.w
	b.keys++
	day := w.scriptDays[(k+b.keys)%len(w.scriptDays)]
	at := w.date(day).Add(8*time.Hour + time.Duration(b.keys*37%28800)*time.Second)
	when := at.Format("2006-01-02 15:04:05")
	switch b.keys % 4 {
	case 1:
		when = at.Format("2006-01-02T15:04:05Z")
	case 2: // the same moment on a clock in Paris
		when = at.Add(time.Hour).Format("2006-01-02T15:04:05") + "+01:00"
	case 3:
		when += ".250"
	}
	for _, f := range facts {
		b.write(when, fmt.Sprintf("P%05d", b.keys), f)
		w.note(f.p, f.a, f.withPSTN, day, v2007)
		b.attest(f, day)
	}
}

// attest keeps what a row tells, for the pile.
func (b *branch) attest(f fact, day int) {
	p := b.w.pile
	if p == nil {
		return
	}
	x := attested{from: fromBranch, a: f.a, id: f.p.who.id, pstn: f.withPSTN, class: f.class, dev: f.p.dev, day: day}
	if line, ok := strings.CutPrefix(f.user, "tel:"); ok {
		x.id = line
	}
	if line, ok := strings.CutPrefix(f.peer, "tel:"); ok {
		x.peer, x.pstn = strings.ReplaceAll(line, "-", ""), false
	}
	p.attest(x)
}

func (b *branch) write(when, key string, f fact) {
	user := f.user
	if user == "" {
		user = f.p.who.id
	}
	source := "branch-pbx"
	if f.noSource {
		key, source = "", ""
	}
	b.rows = append(b.rows, strings.Join([]string{when, activityNames[f.a], user, f.peer, f.device, f.client, "", key,
		f.class, f.modality, f.role, source}, ","))
}

// worker is somebody of the branch whom no directory knows: hosted by domain.
func (b *branch) worker() *subject {
	b.names++
	return b.w.newSubject("branch."+fullName(b.w.cfg.users+b.names).local()+domain, "hosted")
}

func (b *branch) people(k int) {
	w := b.w
	one, two, three, four := b.worker(), b.worker(), b.worker(), b.worker()
	pc := w.newDevice(fmt.Sprintf("host:branch-pc%d", k+1), "computer")
	mac := fmt.Sprintf("%012x", 0x0004f2800000+k)
	phone := w.newDevice("mac:"+mac, "desk-phone")
	known := w.of(plain, k+2)
	at, host := party{who: one, dev: pc}, "host:"+strings.ToUpper(pc.id[5:])
	b.session(k, fact{a: imLogin, p: at, device: host, client: branchClient, user: "sip:" + capitals(one.id)})
	b.session(k,
		fact{a: imSession, p: at, device: host, client: branchClient, peer: known.address, modality: "im"},
		fact{a: imSession, p: party{who: known.who}, user: "sip:" + known.address, peer: one.id, modality: "im", class: "hosted"})
	// Two who share a phone, told only by its MAC, in two spellings.
	b.session(k,
		fact{a: callPlaced, p: party{who: two, dev: phone}, device: "mac:" + dashed(mac), peer: known.address, modality: "audio"},
		fact{a: callReceived, p: party{who: known.who}, user: known.address, peer: two.id, modality: "audio"})
	b.session(k, fact{a: callReceived, p: party{who: three, dev: phone}, device: "mac:" + mac, peer: one.id, modality: "audio"})
	number := w.newSubject(usNumber(1, 20_000+k), "pstn")
	b.session(k,
		fact{a: callPlaced, p: party{who: four}, peer: "tel:" + spaced(number.id), modality: "audio", withPSTN: true},
		fact{a: callReceived, p: party{who: number}, peer: four.id, modality: "audio", class: "pstn"})
	// A number in the user's place that is somebody's line.
	owner := w.lineOwner(k)
	b.session(k, fact{a: callReceived, p: party{who: owner.who}, user: "tel:" + owner.line, peer: number.id, withPSTN: true},
		fact{a: callPlaced, p: party{who: number}, user: "sip:" + number.id + "@contoso.com;user=phone", peer: "tel:" + owner.line})

	stated := b.worker()
	stated.voiceExtension = true
	b.session(k, fact{a: imLogin, p: party{who: stated}})
	b.rows = append(b.rows, strings.Replace(b.rows[len(b.rows)-1], "im-login", "voice-extension", 1))
	b.attest(fact{a: nActivities, p: party{who: stated}}, w.cfg.days-1)
	host2 := b.worker()
	b.session(k, fact{a: confOrganized, p: party{who: host2}, role: "organizer", modality: "data"},
		fact{a: confAttended, p: party{who: w.of(attendee, k+1).who}, user: w.of(attendee, k+1).address, role: "attendee", modality: "data"},
		fact{a: confAttended, p: party{who: w.newSubject(w.rng.hex(20)+"@anonymous.invalid", "anonymous")}, role: "attendee"})
}

// strangers: the class is stated by the row, or follows from the domain.
func (b *branch) strangers(k int) {
	w := b.w
	at := func(format string) string { return fmt.Sprintf(format, k+1) }
	known := w.of(plain, k+3)
	partner := w.newSubject(at("partner%d@litwareinc.com"), "federated")
	public := w.newSubject(at("friend%d@yahoo.com"), "public-im")
	b.session(k,
		fact{a: federation, p: party{who: partner}, peer: known.address, class: "federated"},
		fact{a: federation, p: party{who: known.who}, user: known.address, peer: partner.id})
	b.session(k, fact{a: federation, p: party{who: public}, peer: known.address, noSource: true})
	b.session(k, fact{a: imSession, p: party{who: w.newSubject(at("branch.manager%d@adatum.com"), "hosted")}, peer: known.address, class: "hosted"})
	b.session(k, fact{a: imSession, p: party{who: w.newSubject(at("consultant%d@adatum.com"), "guest")}, peer: known.address, class: "guest"})
	// No rule speaks of a person with a meeting key who sends messages.
	b.session(k, fact{a: imSession, p: party{who: w.newSubject(w.rng.hex(20)+"@anonymous.invalid", "anonymous")}, peer: known.address})
	for _, s := range []string{"branch-partner", "public-federation", "stated-hosted", "stated-guest", "undetermined"} {
		w.planned[s]++
	}
}

func (b *branch) machines(k int) {
	w := b.w
	service := w.newDevice(fmt.Sprintf("host:alert-server%d", k+1), "unknown")
	b.session(k, fact{a: imLogin, p: party{who: w.apps[0].who, dev: service}, device: service.id})
	room := w.newDevice(fmt.Sprintf("host:boardroom%d", k+1), "room-system")
	room.inEstate = true
	p := w.of(attendee, k+2)
	b.session(k, fact{a: confAttended, p: party{who: p.who, dev: room}, user: p.address, device: room.id, role: "presenter"})
	// The desk phone that the call records know by its number.
	owner := w.of(voice, 0)
	b.session(k, fact{a: imLogin, p: party{who: owner.who, dev: owner.phone}, user: owner.address, device: "mac:" + dashed(owner.phone.id[4:])})
	w.planned["branch-devices"]++
}

// outdated is somebody whose only activity is older than the window.
func (b *branch) outdated(k int) {
	w := b.w
	p := w.of(outdated, k)
	b.keys++
	b.write(w.cfg.end.AddDate(0, 0, -windowDays-30).Format("2006-01-02")+" 10:00:00", fmt.Sprintf("P%05d", b.keys),
		fact{a: imLogin, p: party{who: p.who}})
	w.planned["outdated-activity"]++
}

// broken adds one exact repeat and three rows that cannot be read.
func (b *branch) broken() {
	b.rows = append(b.rows, b.rows[1])
	day := b.w.date(b.w.scriptDays[0]).Format("2006-01-02")
	b.rows = append(b.rows,
		day+" 25:00:00,im-login,"+b.w.of(plain, 0).address+",,,,,X1,,,,branch-pbx",
		day+" 09:00:00,door-opened,"+b.w.of(plain, 0).address+",,,,,X2,,,,branch-pbx",
		day+" 09:05:00,im-login,reception,,,,,X3,,,,branch-pbx")
	b.w.planned["branch-duplicate"]++
	b.w.planned["branch-broken"] += 3
}

// dashed is a MAC as many devices print it: 00-04-F2-...
func dashed(mac string) string {
	mac = strings.ToUpper(mac)
	return strings.Join([]string{mac[:2], mac[2:4], mac[4:6], mac[6:8], mac[8:10], mac[10:]}, "-")
}

// spaced is a number with its usual hyphens: +1-206-555-0199.
func spaced(n string) string { return n[:2] + "-" + n[2:5] + "-" + n[5:8] + "-" + n[8:] }
