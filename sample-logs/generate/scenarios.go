package main

import "fmt"

// scene plans an event of a scenario for the k-th weekday of the last weeks.
func (w *world) scene(scenario string, k int, play func(day, ms int)) {
	day := w.scriptDays[k%len(w.scriptDays)]
	w.sceneOn(scenario, day, play)
}

func (w *world) sceneOn(scenario string, day int, play func(day, ms int)) {
	w.planned[scenario]++
	w.scripted[day] = append(w.scripted[day], script{day, func(ms int) { play(day, ms) }})
}

// of returns the b-th person of a role, starting again when there are fewer.
func (w *world) of(r role, b int) *person { return w.byRole[r][b%len(w.byRole[r])] }

// scripts plans every scenario once per block of people.
func (w *world) scripts() {
	// The newest activity names the day of the audit: make sure there is one.
	w.sceneOn("last-day", w.cfg.days-1, func(day, ms int) {
		p := w.of(plain, 0)
		w.signIn(day, ms+registrationMs, w.at(p, day), 200, p.home)
	})
	for b := 0; b < w.blocks(); b++ {
		w.scriptCalls(b)
		w.scriptMeetings(b)
		w.scriptPhones(b)
		w.scriptPeople(b)
		w.scriptOutsiders(b)
		w.scriptServers(b)
	}
	w.scriptBroken()
}

func (w *world) scriptCalls(b int) {
	v, v2 := w.of(voice, 2*b), w.of(voice, 2*b+1)
	pstn := func(name string, k int, p *person, o *outsider, inbound, nameless bool, code int) {
		w.scene(name, b+k, func(day, ms int) {
			s := session{day: day, ms: ms, from: w.at(p, day), code: code, srv: p.home}
			w.call(w.gateway(s, p, o, inbound, nameless))
		})
	}
	third := 3 * (b % (len(w.pstn) / 3))
	stored, bare := w.pstn[third], w.pstn[third+1]
	pstn("pstn-callee", 0, v, bare, false, false, 200)
	pstn("pstn-caller", 1, v, bare, true, false, 200)
	pstn("pstn-phone-address", 2, v2, stored, true, false, 200)
	pstn("pstn-mediation-only", 3, v2, stored, false, true, 200)
	pstn("plain-pstn", 4, w.of(plainPSTN, b), bare, false, false, 200)
	// Numbers that were never connected are nobody.
	silent := w.newPSTN(len(w.pstn) + 2*b + 1)
	pstn("unanswered-call", 5, v, silent, false, false, 487)
	pstn("unanswered-call", 6, v2, silent, true, false, 408)

	w.scene("hosted-call-no-gateway", b+7, func(day, ms int) {
		w.call(session{day: day, ms: ms, from: w.at(v, day), to: w.at(v2, day), media: mediaAudio, code: 200, srv: v.home,
			voip: &voip{fromPhone: v.phoneID, toPhone: v2.phoneID}})
	})
	// Out through a gateway and in again: the number is a colleague's line.
	w.scene("hairpin", b+8, func(day, ms int) {
		p := w.of(hairpin, b)
		target := w.lineOwner(b)
		w.call(session{day: day, ms: ms, from: w.at(p, day), to: party{client: clientMediation, who: target.who},
			media: mediaAudio, code: 200, srv: p.home,
			voip: &voip{toPhone: target.phoneID, toMed: mediationID, toGw: gatewayUS}})
	})
	w.scene("same-instant", b+9, func(day, ms int) {
		for seq := 1; seq <= 2; seq++ {
			w.call(session{day: day, ms: ms, seq: seq, from: w.at(v, day), to: w.at(w.of(plain, b+seq), day), media: mediaIM,
				code: 200, srv: v.home, swapped: seq == 2})
		}
	})
	w.scene("voice-mail", b+10, func(day, ms int) {
		w.call(session{day: day, ms: ms, from: w.at(v, day), to: w.apps[5].party, media: mediaAudio, code: 200, srv: v.home})
	})
}

// lineOwner is a voice user whose line is a plain number without extension.
func (w *world) lineOwner(b int) *person {
	for i := 0; ; i++ {
		if p := w.of(voice, b+i); p.lineExt == "" {
			return p
		}
	}
}

func (w *world) scriptMeetings(b int) {
	host, guest := w.of(organiser, b), w.of(attendee, b)
	web := func(name string, k int, kinds []int, others ...func(day int) join) {
		w.scene(name, b+k, func(day, ms int) {
			m := conference{day: day, ms: ms + conferenceMs, organiser: w.at(host, day), address: host.address, kinds: kinds, srv: host.home}
			m.joins = []join{{party: m.organiser, presenter: true}, {party: w.at(guest, day)}}
			for _, o := range others {
				m.joins = append(m.joins, o(day))
			}
			w.meet(m)
		})
	}
	av := []int{mcuData, mcuAV}
	web("web-conference", 0, av)
	web("web-conference-untold", 1, nil)
	web("federated-attends", 2, av, func(int) join { return join{party: w.federated[b%(len(w.federated)/3)].party} })
	web("anonymous-attends", 3, av, func(int) join { return join{party: w.anonymous()} })
	web("dial-in", 4, av, func(int) join { return w.dialIn(w.pstn[(b+4)%len(w.pstn)]) })
	web("attendant-application", 5, av, func(int) join { return join{party: w.apps[2].party} })
	web("guest-account", 6, av, func(day int) join { return join{party: w.at(w.of(guestAccount, b), day)} })

	w.scene("group-im", b+7, func(day, ms int) {
		p, q, o := w.of(imOrganiser, b), w.of(plain, b), w.federated[len(w.federated)-1-b%(len(w.federated)/3)]
		w.meet(conference{day: day, ms: ms + conferenceMs, organiser: w.at(p, day), address: p.address, kinds: []int{mcuChat}, srv: p.home,
			joins: []join{{party: w.at(p, day)}, {party: w.at(q, day)}, {party: o.party}}})
	})
	// Test traffic: neither the organiser nor the joiner is anybody.
	one := w.cdr.addUser(fmt.Sprintf("healthtest%d-1%s", b+1, domain), tenantEnterprise, uriUser)
	two := w.cdr.addUser(fmt.Sprintf("healthtest%d-2%s", b+1, domain), tenantEnterprise, uriUser)
	w.scene("synthetic-conference", b+8, func(day, ms int) {
		w.meet(conference{day: day, ms: ms + conferenceMs, synthetic: true, organiser: party{user: one, client: clientSynthetic},
			address: "healthtest" + domain, kinds: av, srv: w.servers[0], joins: []join{{party: party{user: two, client: clientSynthetic}}}})
	})
}

// scriptPhones uses the phones that are identities, and those of the shifts.
func (w *world) scriptPhones(b int) {
	for i, c := range w.phones[4*b : 4*b+4] {
		w.scene("shared-phone-sign-in", b+i, func(day, ms int) { w.signIn(day, ms+registrationMs, c.party, 200, w.servers[0]) })
		w.scene("shared-phone-call", b+i+1, func(day, ms int) {
			q := c.party
			q.deskPhone = true
			w.call(session{day: day, ms: ms, from: q, to: w.at(w.of(plain, b), day), media: mediaAudio, code: 200, srv: w.servers[0]})
		})
	}
	for i := 0; i < 6; i++ {
		p := w.of(shift, 6*b+i)
		w.scene("shift-phone", i, func(day, ms int) { w.signIn(day, ms+registrationMs, p.onPhone(), 200, p.home) })
		w.scene("shift-phone", i+6, func(day, ms int) {
			w.call(session{day: day, ms: ms, from: p.onPhone(), to: w.at(w.of(plain, b+i), day), media: mediaAudio, code: 200, srv: p.home})
		})
	}
	for i := 2 * b; i <= 2*b+1; i++ {
		if p := w.of(voice, i); p.phone != nil {
			w.scene("desk-phone", b+3, func(day, ms int) { w.signIn(day, ms+registrationMs, p.onPhone(), 200, p.home) })
		}
	}
}

// scriptPeople makes sure that people with a history of their own are seen,
// under each of their addresses.
func (w *world) scriptPeople(b int) {
	seen := func(name string, k int, p *person, user string) {
		w.scene(name, b+k, func(day, ms int) {
			q := w.at(p, day)
			q.user = user
			w.signIn(day, ms+registrationMs, q, 200, p.home)
			w.call(session{day: day, ms: ms, from: q, to: w.at(w.of(plain, b), day), media: mediaIM, code: 200, srv: p.home})
		})
	}
	for _, r := range []role{renamed, aliased} {
		for i := 0; i < 2; i++ {
			if p := w.of(r, 2*b+i); r == aliased || i == 0 {
				seen(roleNames[r]+"-old", 2, p, p.oldUser)
				seen(roleNames[r]+"-new", 12, p, p.user)
			}
		}
	}
	for k, r := range []role{signInOnly, leaverActive, resource, exemptValid, exemptExpired, exemptNoReason, rcc, umUser} {
		p := w.of(r, b)
		seen(roleNames[r]+"-seen", k, p, p.user)
	}
	// Pilots keep to themselves, so that only they reach the newer servers.
	for i := 0; i < 2; i++ {
		p, q := w.of(pilot, 2*b+i), w.of(pilotVoice, b)
		w.scene("pilot", b+i, func(day, ms int) {
			w.signIn(day, ms+registrationMs, w.at(p, day), 200, w.pilots)
			w.call(session{day: day, ms: ms, from: w.at(p, day), to: w.at(q, day), media: mediaIM, code: 200, srv: w.pilots})
		})
	}
	w.scene("pilot-host", b+4, func(day, ms int) {
		p, old := w.of(pilotHost, b), w.servers[0]
		w.signIn(day, ms+registrationMs, w.at(p, day), 200, w.pilots)
		w.meet(conference{day: day, ms: ms + conferenceMs, organiser: w.at(p, day), address: p.address, kinds: []int{mcuData}, srv: old,
			joins: []join{{party: w.at(w.of(attendee, b), day)}}})
	})
	// Refused sign-ins: of somebody real, and of nobody.
	intruder := w.cdr.addUser(fmt.Sprintf("administrator%d%s", b+1, domain), tenantEnterprise, uriUser)
	w.scene("failed-sign-in", b+5, func(day, ms int) {
		w.signIn(day, ms+registrationMs, party{user: intruder, client: clientOC, remote: true}, 404, w.servers[0])
	})
	w.scene("failed-sign-in", b+6, func(day, ms int) {
		p := w.of(plain, b)
		w.signIn(day, ms+registrationMs, w.at(p, day), 401, p.home)
	})
}

// scriptOutsiders meets each kind of outsider at least once.
func (w *world) scriptOutsiders(b int) {
	p := w.of(plain, b)
	with := func(name string, k int, q party, media int) {
		w.scene(name, b+k, func(day, ms int) {
			w.call(session{day: day, ms: ms, from: q, to: w.at(p, day), media: media, code: 200, srv: p.home})
		})
	}
	n := len(w.federated)
	with("federated-im", 0, w.federated[(n/3+b)%n].party, mediaIM)
	with("federated-call", 1, w.federated[(n/3+b+1)%n].party, mediaAudio)
	for i := 0; i < 2; i++ {
		with("public-im", 2+i, w.publicIM[(2*b+i)%len(w.publicIM)].party, mediaIM)
		with("application-im", 4+i, w.apps[i].party, mediaIM)
	}
	with("guest-by-domain", 6, w.domainGst[b].party, mediaIM)
}

// scriptServers: parts of servers as parties, and ids that lead nowhere.
func (w *world) scriptServers(b int) {
	p, host := w.of(plain, b+1), w.of(organiser, b)
	mcu := w.cdr.addUser(host.address+";gruu;opaque=app:conf:audio-video:id:"+w.rng.hex(8), tenantEnterprise, uriAV)
	w.scene("av-mcu-party", b, func(day, ms int) {
		w.call(session{day: day, ms: ms, from: w.at(host, day), to: party{user: mcu, client: clientAVMCU}, media: mediaAudio, code: 200, srv: host.home})
	})
	nobody := party{user: fmt.Sprint(9_900_000 + b), client: clientOC}
	w.scene("unknown-peer", b+1, func(day, ms int) {
		w.call(session{day: day, ms: ms, from: w.at(p, day), to: nobody, media: mediaIM, code: 200, srv: p.home})
	})
	w.sceneEarly("unknown-only-party", func(day, ms int) {
		w.lostSession(day, ms, nobody.user)
		w.signIn(day, ms+registrationMs, nobody, 200, p.home)
		w.cdr.registrations.rejectLast(day >= w.cdr.mirrorFrom)
	})
}

// sceneEarly plans an event for the first of the days with scenes.
func (w *world) sceneEarly(scenario string, play func(day, ms int)) {
	w.sceneOn(scenario, w.scriptDays[0], play)
}

// scriptBroken writes rows that no reader can take: a day that does not exist
// and an id that is no number. What stands beside them is fine.
func (w *world) scriptBroken() {
	w.sceneEarly("broken-rows", func(day, ms int) {
		p := w.of(plain, 0)
		mirror := day >= w.cdr.mirrorFrom
		t := w.cdr.registrations
		t.str("2009-02-30 08:15:00.123")
		t.num(1)
		t.str(p.user)
		t.null(10)
		t.str("2009-02-30 08:15:00.123")
		t.null(1)
		t.num(200)
		t.null(4)
		t.end(mirror)
		t.rejectLast(mirror)

		w.lostSession(day, ms, "12x7")
	})
}

// lostSession writes a session of one party, whose id leads to nobody.
func (w *world) lostSession(day, ms int, user string) {
	mirror := day >= w.cdr.mirrorFrom
	t := w.cdr.sessions
	t.time(w.dates(day), ms)
	t.num(1)
	t.null(3)
	t.str(user)
	t.null(16)
	t.time(w.dates(day), ms)
	t.time(w.dates(day), ms)
	t.num(200)
	t.null(5)
	t.num(mediaIM)
	t.null(4)
	t.end(mirror)
	t.rejectLast(mirror)
}

// rejectLast notes that the row just written cannot be used.
func (t *table) rejectLast(mirrored bool) {
	t.n.Rejected++
	if mirrored {
		t.t.Rejected++
	}
}
