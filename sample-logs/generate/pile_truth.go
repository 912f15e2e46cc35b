package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// told is what some of the sources tell together: who is who as far as they
// know, and what each did. It is worked out from the plan and from what each
// source attests of it; nothing is read back.
//
// Who a name is depends on the directories: they alone join the line of a
// person, the account to sign in with and the address of before her marriage to
// a person; without them these are others, or numbers of the telephone network.
type told struct {
	w      *world
	have   sourceSet
	named  map[string]*subject  // by what sources call them
	by     map[string]sourceSet // the directory that knows a name, none for names that speak for themselves
	apart  map[*subject]bool    // applications that only a directory marks
	on     map[*device]bool     // machines that were named
	exempt map[*device]bool     // of them those with exempt uses only
	// why holds, for each subject and each thing that is known of it, the sets
	// of sources that tell it, each set sufficient.
	why map[string]map[string][]sourceSet
	all []*subject
	// spans is the first and the last day of each activity of a subject.
	spans map[*subject]map[string][2]string
}

// directoryOf is the tool that listed a person; the last answer is false for
// those who are in no directory.
func (p *person) directoryOf() (s source, ok bool) {
	switch {
	case !p.role.inDirectory():
		return 0, false
	case p.role == guestAccount, p.role == dormantVoice:
		return fromWMI, true
	}
	return [...]source{1: fromLDIF, 2: fromCsUser, 3: fromCSVDE}[p.office], true
}

// account is the name by which the web servers know a person.
func (p *person) account() string { return fmt.Sprintf(`contoso\ct%06d`, p.number) }

func (c *contact) directoryOf() source {
	switch {
	case c.who.class != "application":
		return fromCsContact
	case c.userObject:
		return fromLDIF
	}
	return fromWMIContact
}

func (w *world) told(have sourceSet) *told {
	t := &told{w: w, have: have, named: map[string]*subject{}, by: map[string]sourceSet{}, apart: map[*subject]bool{},
		on: map[*device]bool{}, exempt: map[*device]bool{}, why: map[string]map[string][]sourceSet{}, spans: map[*subject]map[string][2]string{}}
	for _, p := range w.people {
		t.person(p)
	}
	for _, c := range slices.Concat(w.apps, w.phones) {
		t.contact(c)
	}
	for _, x := range w.pile.facts {
		if have.has(x.from) {
			t.subject(x.id, x.class)
		}
	}
	t.programs()
	for i := range w.pile.facts {
		if x := &w.pile.facts[i]; have.has(x.from) {
			t.fact(x)
		}
	}
	return t
}

// add makes a subject that is known by these names without any directory.
func (t *told) add(s *subject, names ...string) *subject {
	t.all = append(t.all, s)
	for _, n := range names {
		t.named[n] = s
	}
	return s
}

// because notes that a set of sources tells something of a subject, also under
// the id of the device that it is.
func (t *told) because(s *subject, what string, set sourceSet) {
	t.reason(s.id, what, set)
	if s.device != nil {
		t.reason(s.device.id, what, set)
	}
}

func (t *told) reason(id, what string, set sourceSet) {
	if t.why[id] == nil {
		t.why[id] = map[string][]sourceSet{}
	}
	t.why[id][what] = append(t.why[id][what], set)
}

func (t *told) person(p *person) {
	s := t.add(&subject{id: p.who.id, class: p.who.class, exempted: p.who.exempted}, p.address)
	src, listed := p.directoryOf()
	if p.role == aliased { // the estate file says so
		t.named[p.older] = s
	}
	if !listed || !t.have.has(src) || p.role == neverEnabled {
		return
	}
	knows := func(name string) { t.named[name], t.by[name] = s, src.set() }
	if p.role.enabled() {
		s.imIdentity, s.voiceExtension = true, p.role.extension()
		t.because(s, "identity", src.set())
		if p.line != "" && p.lineExt == "" {
			knows(p.line)
		}
	}
	if src == fromLDIF || src == fromCSVDE { // the lists tell neither
		knows(p.account())
		if p.role == renamed {
			knows(p.older)
		}
	}
}

func (t *told) contact(c *contact) {
	s := t.add(&subject{id: c.address, class: c.who.class}, c.address)
	src := c.directoryOf()
	if t.have.has(src) {
		s.imIdentity, s.voiceExtension, s.device = true, c.who.voiceExtension, c.who.device
		t.because(s, "identity", src.set())
		if c.line != "" {
			t.named[c.line], t.by[c.line] = s, src.set()
		}
		return
	}
	switch {
	case c.who.class == "application":
		t.apart[s] = !c.userObject // the others stand in the estate file
	case c.who.device.inEstate:
		s.device = c.who.device
	}
}

// subject finds who a name is, or makes somebody of it.
func (t *told) subject(id, class string) *subject {
	if s := t.named[id]; s != nil {
		return s
	}
	if class == "" {
		class = classOf(id)
	}
	if strings.Contains(id, `\`) {
		return t.add(&subject{id: "account:" + id, class: class}, id)
	}
	return t.add(&subject{id: id, class: class}, id)
}

// classOf is what a name alone tells, beside the estate file.
func classOf(id string) string {
	_, host, address := strings.Cut(id, "@")
	switch {
	case strings.Contains(id, `\`), "@"+host == domain:
		return "hosted"
	case !address:
		return "pstn"
	case host == "northwindtraders.com":
		return "guest"
	case host == "hotmail.com", host == "yahoo.com":
		return "public-im"
	case host == "anonymous.invalid":
		return "anonymous"
	}
	return "federated"
}

// programs: without the directory that marks it, an application is still one
// when nothing but programs of servers ever used its address.
func (t *told) programs() {
	for s := range t.apart {
		if !t.apart[s] {
			continue
		}
		for i := range t.w.pile.facts {
			x := &t.w.pile.facts[i]
			if t.have.has(x.from) && t.named[x.id] == s && x.program != clientUM && x.program != clientAttendant {
				s.class = "hosted"
			}
		}
	}
}

// fact enters what one source tells of one party.
func (t *told) fact(x *attested) {
	s, set := t.subject(x.id, x.class), x.from.set()|t.by[x.id]
	if x.a == nActivities {
		s.voiceExtension = true
		t.because(s, "voice", set)
		return
	}
	k, pstn := 0, x.pstn
	if x.peer != "" {
		other := t.named[x.peer]
		pstn = pstn || other != nil && other.class == "pstn" || other == nil && classOf(x.peer) == "pstn"
		if by := t.by[x.peer]; by != 0 { // else it is a number of the telephone network
			t.because(s, "who is "+x.peer, by)
			set |= by
		}
	}
	if pstn {
		k = 1
	}
	s.seen[x.a][k] = v2007
	t.span(s, x)
	t.because(s, fmt.Sprint(activityNames[x.a], k, s.class), set)
	if x.dev == nil || x.dev.identity != nil {
		return
	}
	t.on[x.dev] = t.on[x.dev] || s.needs(x.a)
	t.reason(x.dev.id, fmt.Sprint("used", s.needs(x.a)), set)
}

// span widens what is known of when a subject did something. A use without a
// date has none.
func (t *told) span(s *subject, x *attested) {
	if t.spans[s] == nil {
		t.spans[s] = map[string][2]string{}
	}
	name, day := activityNames[x.a], ""
	if x.from != fromBare {
		day = t.w.date(x.day).Format("2006-01-02")
	}
	span, ok := t.spans[s][name]
	switch {
	case !ok, span[0] == "":
		span = [2]string{day, day}
	case day != "":
		span = [2]string{min(span[0], day), max(span[1], day)}
	}
	t.spans[s][name] = span
}

// users and devices are the verdicts, as in truth.json; of users also when they
// did what.
func (t *told) users() map[string]any {
	list := map[string]any{}
	for _, s := range t.all {
		if v := s.judge(); v.listed && s.device == nil {
			did := t.spans[s]
			if did == nil {
				did = map[string][2]string{}
			}
			list[s.id] = []any{s.class, v.outcome(), v.licenses(), did}
		}
	}
	return list
}

func (t *told) devices() map[string]any {
	list := map[string]any{}
	covered := func(required bool) string {
		if required {
			return "user-cal"
		}
		return ""
	}
	for d, required := range t.on {
		list[d.id] = []string{d.class, "exempt", covered(required)}
	}
	for _, s := range t.all {
		if s.device != nil && s.judge().listed {
			list[s.device.id] = []string{s.device.class, "required", ""}
		}
	}
	if t.have.has(fromQoE) {
		q := t.w.qoe
		for _, m := range q.machines {
			class, id := "computer", m.id(q)
			if m.phone != nil {
				class, id = m.phone.class, m.phone.id
			}
			if (m.required || m.exempt) && (m.phone == nil || m.phone.identity == nil) {
				list[id] = []string{class, "exempt", covered(m.required || m.phone != nil && t.on[m.phone])}
				t.reason(id, "machine", fromQoE.set())
			}
		}
	}
	return list
}

// soleOf lists the subjects of which a source alone tells something: what no
// set without it tells.
func (t *told) soleOf(src source) []string {
	list := []string{}
	for id, things := range t.why {
		for _, sets := range things {
			if !slices.ContainsFunc(sets, func(set sourceSet) bool { return !set.has(src) }) {
				list = append(list, id)
				break
			}
		}
	}
	slices.Sort(list)
	return list
}

// writeTruth writes what an audit of the pile must find, what each source tells
// alone (with the directories), and what is told without it.
func (p *pile) writeTruth() error {
	w := p.w
	verdicts := func(have sourceSet) map[string]any {
		t := w.told(have)
		return map[string]any{"users": t.users(), "devices": t.devices()}
	}
	everything := w.told(allSources)
	everything.devices() // which adds what the quality database tells of machines
	each, imports := map[string]any{}, map[string]any{}
	for s := source(0); s < nSources; s++ {
		companions := directoryTools
		if companions.has(s) {
			companions = 0
		}
		days := []string{}
		for d := range p.days[s] {
			days = append(days, w.date(d).Format("2006-01-02"))
		}
		slices.Sort(days)
		each[sources[s].folder] = map[string]any{"format": sources[s].format, "alone": verdicts(companions | s.set()),
			"without": verdicts(allSources.less(s)), "sole": everything.soleOf(s), "days": days}
	}
	for file, t := range w.imports {
		imports[file] = t
	}
	owned := map[string]any{}
	for _, r := range w.position {
		owned[r.key()] = r.owned + p.stated[r.key()]
	}
	var b bytes.Buffer
	b.WriteString("{\n")
	field(&b, "schema", truthSchema)
	field(&b, "as_of", w.cfg.end.Format("2006-01-02"))
	section(&b, "imports", imports, ",")
	section(&b, "owned", owned, ",")
	section(&b, "all", verdicts(allSources), ",")
	section(&b, "sources", each, "")
	b.WriteString("}\n")
	return os.WriteFile(filepath.Join(p.root, "truth-pile.json"), b.Bytes(), 0o666)
}
