package main

// traffic is who takes part in the ordinary days.
type traffic struct {
	active  [4][]*person // by office
	callers []*person    // voice users
	hosts   []*person    // organisers of web conferences
	guests  []*person    // who may attend them
	groups  []*person    // organisers of group IM
	chatty  []*person    // who may take part in group IM
}

func (w *world) sortTraffic() {
	t := &w.traffic
	for _, p := range w.people {
		switch p.role {
		case leaverIdle, dormant, dormantVoice, neverEnabled, outdated, pilot, pilotVoice, pilotHost, guestAccount:
			continue // still, or seen in planned scenes only
		case voice, umUser:
			t.callers = append(t.callers, p)
			t.guests = append(t.guests, p)
		case organiser:
			t.hosts = append(t.hosts, p)
			t.guests = append(t.guests, p)
		case attendee:
			t.guests = append(t.guests, p)
		case imOrganiser:
			t.groups = append(t.groups, p)
		case plain, rcc:
			t.chatty = append(t.chatty, p)
		}
		t.active[p.office] = append(t.active[p.office], p)
	}
}

// present says whether a person works on that day: leavers go half-way.
func (w *world) present(p *person, day int) bool { return p.role != leaverActive || day < w.cfg.days/2 }

// at is the person at a computer. Those with two addresses change over half-way.
func (w *world) at(p *person, day int) party {
	q := party{user: p.user, endpoint: p.endpoint, client: p.client, who: p.who, remote: p.number%13 == 6}
	if p.oldUser != "" && day < w.cfg.days/2 {
		q.user = p.oldUser
	}
	return q
}

// onPhone is the same person at a desk phone or a shared one.
func (p *person) onPhone() party {
	return party{user: p.user, endpoint: p.phoneEnd, client: clientPhone, deskPhone: true, who: p.who, dev: p.phone}
}

// load is the relative traffic of each minute from 07:00 to 23:00 UTC, while
// Paris, then Boston, then Redmond are at work.
var load, loadTotal = func() (l [960]int, total int) {
	for m := range l {
		switch {
		case m < 360:
			l[m] = 2
		case m < 480:
			l[m] = 5
		case m < 600:
			l[m] = 10
		default:
			l[m] = 8
		}
		total += l[m]
	}
	return l, total
}()

// openOffices by the minute of the traffic day.
func openOffices(minute int) []int {
	switch {
	case minute < 360:
		return []int{3}
	case minute < 480:
		return []int{3, 2}
	case minute < 600:
		return []int{3, 2, 2, 1, 1}
	}
	return []int{2, 1, 1}
}

// playDays runs every day: the planned scenes first, then the ordinary traffic.
func (w *world) playDays() {
	w.sortTraffic()
	weight := func(day int) int {
		if w.weekday(day) {
			return 100
		}
		return 4
	}
	total := 0
	for d := 0; d < w.cfg.days; d++ {
		total += weight(d)
	}
	weights, done := 0, 0
	for d := 0; d < w.cfg.days; d++ {
		for i, s := range w.scripted[d] {
			// 613 has no factor in common with 14,400, so that no two scenes
			// of a day share a second.
			s.play(13*3600_000 + i*613%14400*1000 + 10)
		}
		if w.weekday(d) {
			w.morning(d)
			w.meetings(d)
		}
		weights += weight(d)
		upTo := int(int64(w.cfg.events) * int64(weights) / int64(total))
		w.ordinary(d, upTo-done)
		done = upTo
	}
}

// morning signs people in, office by office: Paris at 7:00, Boston at 13:00,
// Redmond at 15:30 UTC. Owners of phones sign in there once a week.
func (w *world) morning(day int) {
	for office, start := range [4]int{0, 15*60 + 30, 13 * 60, 7 * 60} {
		staff := w.traffic.active[office]
		for i := range staff {
			p := staff[(i+day)%len(staff)]
			if !w.present(p, day) || w.rng.percent(10) {
				continue
			}
			ms := start*60_000 + i*7200_000/len(staff)/40*40 + registrationMs
			w.signIn(day, ms, w.at(p, day), 200, p.home)
			if p.phone != nil && (day+p.number)%5 == 0 {
				w.signIn(day, ms+20, p.onPhone(), 200, p.home)
			}
		}
	}
}

// ordinary spreads n sessions over the day, every one at a time of its own.
func (w *world) ordinary(day, n int) {
	sum, done := 0, 0
	for m, l := range load {
		sum += l
		upTo := int(int64(n) * int64(sum) / int64(loadTotal))
		k := upTo - done
		done = upTo
		offices := openOffices(m)
		for j := 0; j < k; j++ {
			slot := j * 3000 / k
			slot += w.rng.n((j+1)*3000/k - slot)
			w.ordinarySession(day, 7*3600_000+m*60_000+slot*20, pick(&w.rng, offices))
		}
	}
}

// ordinarySession is one session that somebody of an office starts.
func (w *world) ordinarySession(day, ms, office int) {
	r := &w.rng
	p := pick(r, w.traffic.active[office])
	for !w.present(p, day) {
		p = pick(r, w.traffic.active[office])
	}
	s := session{day: day, ms: ms, from: w.at(p, day), swapped: r.percent(20), media: mediaIM, code: 200, srv: p.home}
	roll := r.n(100)
	switch {
	case roll < 30 && (p.role == voice || p.role == umUser):
		w.phoneCall(s, p)
		return
	case roll < 36:
		s.to = pick(r, w.federated).party
		if roll == 35 {
			s.media = mediaAudio
		}
	case roll < 39:
		s.to = pick(r, w.publicIM).party
	default:
		q := pick(r, w.traffic.active[1+r.n(3)])
		if q == p || !w.present(q, day) {
			q = w.byRole[plain][0]
		}
		if q == p {
			q = w.byRole[organiser][0]
		}
		s.to = w.at(q, day)
		switch {
		case roll < 50:
			s.media = mediaAudio
			if q.phone != nil && roll < 45 {
				s.to = q.onPhone()
			}
		case roll < 53:
			s.media = mediaCalls
		case roll < 56:
			s.media = mediaIM | mediaShare
		case roll < 58:
			s.media = mediaIM | mediaAudio
		case roll < 60:
			s.media = mediaIM | mediaFile
		case roll < 63:
			s.media, s.code = mediaAudio, 480+7*r.n(2)
		}
	}
	w.call(s)
}

// phoneCall connects a voice user with the telephone network, or with the line
// of a colleague, which takes no gateway.
func (w *world) phoneCall(s session, p *person) {
	r := &w.rng
	s.media = mediaAudio
	if p.phone != nil && r.percent(60) {
		s.from = p.onPhone()
	}
	if r.percent(10) {
		s.code = []int{408, 480, 486, 487, 603}[r.n(5)]
	}
	if q := pick(r, w.traffic.callers); q != p && r.percent(20) {
		s.to, s.voip = w.at(q, s.day), &voip{fromPhone: p.phoneID, toPhone: q.phoneID}
		w.call(s)
		return
	}
	w.call(w.gateway(s, p, pick(r, w.pstn), r.percent(45), r.percent(5)))
}

// gateway completes a session as a PSTN call: inbound or not, and, as real
// records sometimes have it, without the gateway's name.
func (w *world) gateway(s session, p *person, o *outsider, inbound, nameless bool) session {
	gw := gatewayUS
	if p.office == 3 {
		gw = gatewayParis
	}
	if nameless {
		gw = ""
	}
	s.media = mediaAudio
	s.to = o.party
	s.voip = &voip{fromPhone: p.phoneID, toPhone: o.phoneID, toMed: mediationID, toGw: gw}
	if inbound {
		s.from, s.to = s.to, s.from
		s.voip = &voip{fromPhone: o.phoneID, toPhone: p.phoneID, fromMed: mediationID, fromGw: gw}
	}
	return s
}

// meetings holds the day's conferences.
func (w *world) meetings(day int) {
	r := &w.rng
	n := max(2, w.cfg.users*6/100)
	for i := 0; i < n; i++ {
		ms := 9*3600_000 + i*(12*3600_000/n)/20*20 + conferenceMs
		m := conference{day: day, ms: ms, kinds: [][]int{{mcuData, mcuAV}, {mcuData, mcuAV, mcuChat}, {mcuData, mcuShare},
			{mcuAV}, nil, {mcuData, mcuAV}, {mcuChat}}[r.n(7)]}
		chat := len(m.kinds) == 1 && m.kinds[0] == mcuChat
		hosts, crowd := w.traffic.hosts, w.traffic.guests
		if chat {
			hosts, crowd = w.traffic.groups, w.traffic.chatty
		}
		h := pick(r, hosts)
		m.organiser, m.address, m.srv = w.at(h, day), h.address, h.home
		m.joins = append(m.joins, join{party: m.organiser, presenter: true})
		seen := map[*person]bool{h: true}
		for k := 1 + r.n(5); k > 0; k-- {
			if p := pick(r, crowd); !seen[p] && w.present(p, day) {
				seen[p] = true
				m.joins = append(m.joins, join{party: w.at(p, day)})
			}
		}
		if !chat {
			m.joins = append(m.joins, w.strangers(m)...)
		}
		w.meet(m)
	}
}

// strangers are the outsiders who attend a web conference. Only the first third
// of the federated people ever do, so that the others stay exempt.
func (w *world) strangers(m conference) (list []join) {
	r := &w.rng
	if r.percent(15) {
		list = append(list, join{party: w.federated[r.n(len(w.federated)/3)].party})
	}
	if r.percent(6) {
		list = append(list, join{party: w.anonymous()})
	}
	for _, kind := range m.kinds {
		if kind == mcuAV && r.percent(15) {
			list = append(list, w.dialIn(pick(r, w.pstn)))
		}
	}
	return list
}

// anonymous makes a guest who joins with the meeting's key: a new identity
// each time.
func (w *world) anonymous() party {
	id := w.rng.hex(20) + "@anonymous.invalid"
	return party{user: w.cdr.addUser(id, tenantAnonymous, uriUser), endpoint: w.rng.guid(), client: clientMeeting,
		remote: true, who: w.newSubject(id, "anonymous")}
}

// dialIn is a caller in a conference. The record names the caller by a phone
// address, so the number gets one if it had none.
func (w *world) dialIn(o *outsider) join {
	if o.user == "" {
		o.user = w.cdr.addUser(o.address+domain+";user=phone", "", uriPhone)
	}
	q := o.party
	q.client = ""
	return join{party: q, dialIn: true}
}
