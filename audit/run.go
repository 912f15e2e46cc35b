package audit

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"calaudit/ingest"
)

// Run audits: who must hold which CAL, and what is missing. Report is complete
// but for what only the caller knows: Run, Coverage, Imports, Evidence, Digest,
// Chain and ExitCodes. Subjects are sorted, users before devices.
func Run(in *Input) (*Report, []Subject, error) {
	s, exemptions, err := newSession(in)
	if err != nil {
		return nil, nil, err
	}
	readings, w := s.readingsInForce(), s.w
	chosen, err := s.answer(readings)
	if err != nil {
		return nil, nil, err
	}
	s.chosen = chosen
	r := &Report{
		Schema: "calaudit.report/1",
		AsOf:   in.AsOf.Format(time.DateOnly),
		Window: Window{From: in.AsOf.AddDate(0, 0, 1-in.Days).Format(time.DateOnly), To: in.AsOf.Format(time.DateOnly), Days: in.Days},
		Policy: PolicyRef{Name: in.Policy.Name, SHA256: in.Policy.SHA256, Readings: readings},
		Assign: in.Assign, Mix: chosen.mix.summary(in.Assign, in.Owned), Position: chosen.positions, Entitled: explained(in.Owned, labels{in.Policy.Licenses}), Servers: chosen.servers, People: w.merges(), Exemptions: exemptions,
		Conflicts: w.conflicts, Coverage: []Coverage{}, ExitCodes: []int{},
	}
	s.market.costs(r.Position, in.Owned)
	var others []otherAnswers
	if r.Readings, others, err = s.readings(readings, chosen); err != nil {
		return nil, nil, err
	}
	subjects := s.subjects(chosen, others)
	r.Totals = totals(subjects)
	r.Notes = s.notes(subjects, chosen.servers)
	nonNil(&r.Position)
	nonNil(&r.Readings)
	nonNil(&r.Servers)
	nonNil(&r.Exemptions)
	nonNil(&r.Conflicts)
	nonNil(&r.Notes)
	return r, subjects, nil
}

// nonNil makes an empty list an empty JSON array.
func nonNil[T any](list *[]T) {
	if *list == nil {
		*list = []T{}
	}
}

// session is one audit while its readings are tried.
type session struct {
	in      *Input
	w       *world
	market  *market
	present presence
	out     exempted
	chosen  *result // the answer under the readings in force, once it is there
}

// newSession checks the input and finds out who is who.
func newSession(in *Input) (*session, []Exemption, error) {
	if in.Policy == nil || in.Estate == nil {
		return nil, nil, errors.New("audit: policy and estate are needed")
	}
	if in.Days < 1 {
		return nil, nil, fmt.Errorf("window of %d days; valid: 1 or more", in.Days)
	}
	if err := checkAssign(in.Assign); err != nil {
		return nil, nil, err
	}
	if err := oneCurrency(in.Owned); err != nil {
		return nil, nil, err
	}
	w, err := newWorld(in)
	if err != nil {
		return nil, nil, err
	}
	// Of everybody each family, and of every server its licence and connectors.
	if err := fitting(in.Owned, (len(families)+1)*(len(w.persons)+len(w.devices))+3*(len(w.servers)+len(w.hosts.known))); err != nil {
		return nil, nil, err
	}
	s := &session{in: in, w: w, present: w.present()}
	s.market = newMarket(s)
	return s, s.exemptions(), nil
}

// readingsInForce is the answer taken to each question.
func (s *session) readingsInForce() map[string]string {
	readings := map[string]string{}
	for _, q := range s.in.Policy.Questions {
		readings[q.ID] = answer(s.in.Policy, s.in.Readings, q.ID)
	}
	return readings
}

// presence marks the persons and devices that are subjects: those with a use
// in the window or a directory fact.
type presence struct {
	users, devices []bool
}

func (w *world) present() presence {
	p := presence{make([]bool, len(w.persons)), make([]bool, len(w.devices))}
	for i := range w.uses {
		if u := w.uses[i].user; u >= 0 {
			p.users[u] = true
		}
		if d := w.uses[i].device; d >= 0 {
			p.devices[d] = true
		}
	}
	return p
}

// result is the answer under one set of readings.
type result struct {
	*verdicts
	asked     []Demand // of everybody
	holders   Holders
	positions []Position
	servers   []Server
	mix       *assignment
	users     []standing
	devices   []standing
}

// standing is the verdict on one subject.
type standing struct {
	outcome   outcome
	coveredBy string
	grant     Grant
}

func (s *session) answer(readings map[string]string) (*result, error) {
	v, err := s.w.judge(s.in, readings, s.out)
	if err != nil {
		return nil, err
	}
	servers := s.w.instances(s.in, readings)
	demands := v.demands(nil)
	if c := s.chosen; c != nil && !s.offered() && slices.Equal(servers, c.servers) && slices.Equal(demands, c.asked) && v.alike(c.verdicts) {
		return c, nil // most readings change nothing
	}
	r := &result{verdicts: v, asked: demands, servers: servers, users: make([]standing, len(s.w.persons)), devices: make([]standing, len(s.w.devices))}
	for i := range s.w.uses {
		u, o := &s.w.uses[i], v.decision(int32(i)).outcome
		if u.user >= 0 && s.out.users[u.user] == "" {
			r.users[u.user].outcome = max(r.users[u.user].outcome, o)
		}
	}
	covered, err := s.place(r)
	if err != nil {
		return nil, err
	}
	by := make([]string, len(s.w.devices)) // who covers the uses of a device that holds nothing
	for i := range s.w.uses {
		u, o := &s.w.uses[i], v.decision(int32(i)).outcome
		if u.device < 0 || s.out.devices[u.device] != "" || u.user >= 0 && s.out.users[u.user] != "" {
			continue
		}
		r.devices[u.device].outcome = max(r.devices[u.device].outcome, o)
		switch {
		case o == exempt:
		case u.user < 0:
			by[u.device] = cmp.Or(by[u.device], "device-cal")
		case !covered(u.user):
			by[u.device] = "user-cal"
		case by[u.device] != "user-cal":
			by[u.device] = "external-connector"
		}
	}
	for i := range r.users {
		cover := "device-cal"
		if covered(int32(i)) {
			cover = "external-connector"
		}
		r.users[i].settle(r.holders.Users[i], cover)
	}
	for i := range r.devices {
		r.devices[i].settle(r.holders.Devices[i], by[i])
	}
	return r, nil
}

// settle enters what the subject holds. Who needs something and holds nothing
// is covered by somebody else.
func (x *standing) settle(g Grant, by string) {
	x.grant = g
	if g == (Grant{}) && x.outcome != exempt {
		x.outcome, x.coveredBy = exempt, by
	}
}

// place finds the holders and the positions: CALs for everybody, or, where
// connectors are owned or priced and no dearer, connectors for the outsiders.
// It returns whom connectors cover.
func (s *session) place(r *result) (covered func(user int32) bool, err error) {
	settle := func(demands []Demand, c *connectors) (*result, error) {
		a, h, err := s.market.assignTo(demands)
		if err != nil {
			return nil, err
		}
		l := newLedger(s.in.Owned)
		l.holders(h, a.Mix)
		l.servers(r.servers)
		s.w.clients.enter(l, s.in)
		if c != nil {
			c.enter(l)
		}
		return &result{holders: h, positions: l.positions(labels{s.in.Policy.Licenses}), mix: a}, nil
	}
	take := func(x *result) { r.holders, r.positions, r.mix = x.holders, x.positions, x.mix }
	plain, err := settle(r.asked, nil)
	if err != nil {
		return nil, err
	}
	take(plain)
	nobody := func(int32) bool { return false }
	if !s.offered() {
		return nobody, nil
	}
	c := s.outsiders(r.verdicts, r.users)
	if len(c.instances[0]) == 0 {
		return nobody, nil
	}
	with, err := settle(r.demands(c.covered), c)
	if err != nil {
		return nil, err
	}
	if s.market.cost(with.positions, s.in.Owned) > s.market.cost(plain.positions, s.in.Owned) {
		return nobody, nil
	}
	take(with)
	return func(user int32) bool { return c.covered[user] }, nil
}

// readings computes each question's other answer, one question changed at a
// time, as many at once as there are cores.
func (s *session) readings(readings map[string]string, chosen *result) ([]Reading, []otherAnswers, error) {
	questions := s.in.Policy.Questions
	all, others := make([]Reading, len(questions)), make([]otherAnswers, len(questions))
	err := AtATime(len(questions), 4, func(i int) (err error) {
		all[i], others[i], err = s.reading(questions[i].ID, readings, chosen)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	slices.SortFunc(all, func(a, b Reading) int { return cmp.Compare(a.Question, b.Question) })
	slices.SortFunc(others, func(a, b otherAnswers) int { return cmp.Compare(a.question, b.question) })
	return all, others, nil
}

func (s *session) reading(question string, readings map[string]string, chosen *result) (Reading, otherAnswers, error) {
	changed := maps.Clone(readings)
	changed[question] = otherAnswer(readings[question])
	other, err := s.answer(changed)
	if err != nil {
		return Reading{}, otherAnswers{}, err
	}
	differ := otherAnswers{question: question, answer: changed[question],
		users: differing(s.present.users, chosen.users, other.users), devices: differing(s.present.devices, chosen.devices, other.devices)}
	strict, lenient := chosen, other
	if readings[question] == "lenient" {
		strict, lenient = other, chosen
	}
	return Reading{Question: question, Chosen: readings[question],
		RequiredIf:  Either{strict.holding(), lenient.holding()},
		CALsIf:      Either{strict.cals(), lenient.cals()},
		ShortfallIf: Either{strict.shortfall(), lenient.shortfall()},
		Subjects:    len(differ.users) + len(differ.devices)}, differ, nil
}

func (r *result) holding() (n int) {
	for _, list := range [][]Grant{r.holders.Users, r.holders.Devices} {
		for _, g := range list {
			n += bit(g.CALs() > 0)
		}
	}
	return n
}

func (r *result) cals() (n int) {
	for _, list := range [][]Grant{r.holders.Users, r.holders.Devices} {
		for _, g := range list {
			n += g.CALs()
		}
	}
	return n
}

// shortfall sums what is missing: CALs, connectors and server licences alike,
// since questions may be about any of them.
func (r *result) shortfall() (n int) {
	for _, p := range r.positions {
		n += p.Shortfall
	}
	return n
}

// exemptions applies the estate's [[exemptions]] and says what became of each.
func (s *session) exemptions() []Exemption {
	s.out = exempted{map[int32]string{}, map[int32]string{}}
	var all []Exemption
	for _, x := range s.in.Estate.Exemptions {
		e := Exemption{Subject: x.Subject, Reason: x.Reason, Until: x.Until, State: "unused"}
		user, device := s.subject(x.Subject)
		switch {
		case x.Reason == "":
			e.State = "no-reason"
		case x.Until != "" && x.Until < s.in.AsOf.Format(time.DateOnly):
			e.State = "expired"
		case user >= 0:
			s.out.users[user] = least(s.out.users[user], x.Reason)
			e.State = "applied"
		case device >= 0:
			s.out.devices[device] = least(s.out.devices[device], x.Reason)
			e.State = "applied"
		case s.sharedBy(x.Subject):
			e.State = "shared-account"
		}
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b Exemption) int {
		return cmp.Or(cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Until, b.Until), cmp.Compare(a.Reason, b.Reason))
	})
	return all
}

// least keeps the choice among several reasons independent of their order.
func least(have, reason string) string {
	if have == "" {
		return reason
	}
	return min(have, reason)
}

// subject finds a present subject by any of its ids, -1 for none.
func (s *session) subject(id string) (user, device int32) {
	device = -1
	if p, ok := s.w.personOf[id]; ok {
		if s.present.users[p] {
			return p, -1
		}
		device = s.w.persons[p].device
	} else if d, ok := s.w.deviceOf[id]; ok {
		device = d
	}
	if device >= 0 && !s.present.devices[device] {
		device = -1
	}
	return -1, device
}

// sharedBy reports the name of a shared account whose people are counted in its
// place: no subject, so it cannot be exempt, but somebody may believe that it is.
func (s *session) sharedBy(id string) bool {
	p, ok := s.w.personOf[id]
	return ok && s.w.crew(p) != nil
}

func totals(subjects []Subject) (t Totals) {
	for i := range subjects {
		o := &t.Users
		if subjects[i].Kind == "device" {
			o = &t.Devices
		}
		switch subjects[i].Outcome {
		case "required":
			o.Required++
		case "exempt":
			o.Exempt++
		default:
			o.Undetermined++
		}
		t.AnonymousUpTo += bit(subjects[i].Class == ingest.Anonymous.String())
	}
	return t
}
