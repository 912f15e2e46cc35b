package advise

import (
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"calaudit/audit"
	"calaudit/ingest"
)

// A world is a small company in plain words, from which an input is made anew
// for every audit: the tests change it themselves and compare whole audits.
type world struct {
	facts    []fact
	accounts []account
	owned    []audit.Entitlement
	estate   audit.Estate
	readings map[string]string
	assign   string
	policy   *audit.Policy
}

type fact struct {
	act, user, peer, device, endpoint, class, server string
	day                                              int // of the window
}

type account struct {
	primary, line, home string
	aliases             []string
	enabled, voice      bool
}

var asOf = time.Date(2009, 3, 31, 0, 0, 0, 0, time.UTC)

var builtin = sync.OnceValue(func() (all []*audit.Policy) {
	for _, name := range audit.BuiltinPolicies() {
		p, err := audit.BuiltinPolicy(name)
		if err != nil {
			panic(err)
		}
		all = append(all, p)
	}
	return all
})

// input makes the input of an audit, and keeps the class that each name is found
// to have.
func (w *world) input(classes *map[string]string) *audit.Input {
	names := ingest.NewNames()
	var facts []ingest.Fact
	for _, f := range w.facts {
		activity, _ := ingest.ParseActivity(f.act)
		class, _ := ingest.ParseClass(f.class)
		facts = append(facts, ingest.Fact{At: asOf.AddDate(0, 0, -f.day).UnixMilli(), Activity: activity, Class: class,
			User: names.ID(ingest.UserName, f.user), Peer: names.ID(ingest.UserName, f.peer), Device: names.ID(ingest.DeviceName, f.device),
			Endpoint: names.ID(ingest.EndpointName, f.endpoint), Server: names.ID(ingest.ServerName, f.server)})
	}
	estate := w.estate
	in := &audit.Input{Policy: w.policy, Readings: w.readings, AsOf: asOf, Days: 90, Assign: w.assign, Estate: &estate, Owned: w.owned,
		Names: append([]ingest.Name{{}}, names.Fresh()...)}
	for _, a := range w.accounts {
		in.Accounts = append(in.Accounts, audit.Account{Current: true, Entry: &ingest.Entry{Primary: a.primary, Aliases: a.aliases, Line164: a.line, Home: a.home, Enabled: a.enabled, Voice: a.voice}})
	}
	fold := func(calls bool, peer func(*ingest.Fact) ingest.Class) (list []audit.Usage) {
		for i := range facts {
			f := &facts[i]
			if calls && !f.Activity.Call() {
				continue
			}
			u := audit.Usage{UsageKey: audit.KeyOf(f), Peer: peer(f), Count: 1, First: f.At, Last: f.At}
			n := slices.IndexFunc(list, func(x audit.Usage) bool { return x.UsageKey == u.UsageKey && x.Peer == u.Peer })
			if n < 0 {
				list = append(list, u)
				continue
			}
			list[n].Count++
			list[n].First, list[n].Last = min(list[n].First, f.At), max(list[n].Last, f.At)
		}
		return list
	}
	in.Usages = func() []audit.Usage {
		return fold(false, func(*ingest.Fact) ingest.Class { return ingest.NoClass })
	}
	in.Calls = func(class []ingest.Class) ([]audit.Usage, error) {
		if classes != nil {
			*classes = map[string]string{}
			for i, n := range in.Names {
				(*classes)[n.Text] = class[i].String()
			}
		}
		return fold(true, func(f *ingest.Fact) ingest.Class { return class[f.Peer] }), nil
	}
	return in
}

// with is a copy to be changed.
func (w *world) with(change func(*world)) *world {
	c := *w
	c.facts, c.accounts, c.owned = slices.Clone(w.facts), slices.Clone(w.accounts), slices.Clone(w.owned)
	change(&c)
	return &c
}

func (w *world) answering(question, answer string) *world {
	return w.with(func(c *world) {
		c.readings = map[string]string{question: answer}
		for q, a := range w.readings {
			if q != question {
				c.readings[q] = a
			}
		}
	})
}

// audit is a whole audit of the world.
func (w *world) audit(t *testing.T) (*audit.Report, []audit.Subject) {
	t.Helper()
	r, subjects, err := audit.Run(w.input(nil))
	if err != nil {
		t.Fatal(err)
	}
	return r, subjects
}

// amounts is what an audit comes to, from the lines of its position alone.
type amounts struct{ cals, missing, unpriced, cost int }

func (w *world) amounts(t *testing.T, whole bool) (x amounts) {
	t.Helper()
	r, _ := w.audit(t)
	for _, p := range r.Position {
		cal := strings.HasSuffix(p.License, "-cal")
		if cal {
			x.cals += p.Required
		}
		if !whole && !cal && !strings.Contains(p.License, "connector") {
			continue
		}
		x.missing += p.Shortfall
		if p.Cost == "" {
			x.unpriced += p.Shortfall
			continue
		}
		var units, milli int
		a, b, _ := strings.Cut(p.Cost, ".")
		if _, err := fmt.Sscan(a+" "+strings.TrimLeft((b + "000")[:3], "0")+" 0", &units, &milli); err != nil {
			t.Fatal(p.Cost, err)
		}
		x.cost += 1000*units + milli
	}
	return x
}

func (x amounts) less(o amounts) amounts {
	return amounts{x.cals - o.cals, x.missing - o.missing, x.unpriced - o.unpriced, x.cost - o.cost}
}

func (w *world) sum(x amounts) Sum {
	s := Sum{CALs: x.cals, Missing: x.missing, Unpriced: x.unpriced}
	if slices.ContainsFunc(w.owned, func(e audit.Entitlement) bool { return e.Priced }) {
		sign := ""
		if x.cost < 0 {
			sign, x.cost = "-", -x.cost
		}
		s.Cost = strings.TrimSuffix(fmt.Sprintf("%s%d.%03d", sign, x.cost/1000, x.cost%1000), "0")
	}
	return s
}

// randomWorld draws a world from few names, so that they meet.
func randomWorld(r *rand.Rand) *world {
	pick := func(list ...string) string { return list[r.Intn(len(list))] }
	people := []string{"a@contoso.com", "b@contoso.com", "c@contoso.com", "d@contoso.com", "e@contoso.com", "p@fabrikam.com", "q@hotmail.com", "+14255550100", "+12065550199"}
	machines := []string{"mac:000000000001", "mac:000000000002", "mac:000000000003", "host:pc1", "host:pc2", "host:pc3"}
	w := &world{readings: map[string]string{}, assign: pick("optimal", "optimal", "user", "device")}
	w.estate.SIPDomains = []string{"contoso.com"}
	for range r.Intn(14) {
		f := fact{act: pick(ingest.ActivityNames()...), user: pick(people...), day: r.Intn(90)}
		if r.Intn(2) == 0 {
			f.act = pick("im-login", "conference-organized", "call-placed", "call-received", "conference-attended")
		}
		if strings.HasPrefix(f.act, "call") || r.Intn(4) == 0 {
			f.peer = pick(people...)
		}
		if r.Intn(3) > 0 {
			f.device = pick(machines...)
			if r.Intn(8) == 0 {
				f.endpoint = pick("host:pc1", "host:pc2", "epid:aa/a@contoso.com")
			}
		}
		if r.Intn(12) == 0 {
			f.class = pick(ingest.ClassNames()...)
		}
		if r.Intn(3) == 0 {
			f.server = pick("s1.contoso.com", "s2.contoso.com")
		}
		w.facts = append(w.facts, f)
	}
	for _, id := range people[:6] {
		if r.Intn(2) == 0 {
			continue
		}
		a := account{primary: id, enabled: r.Intn(4) > 0, voice: r.Intn(4) == 0}
		if r.Intn(3) == 0 {
			a.line = pick("+14255550100", "+12065550199")
		}
		if r.Intn(4) == 0 {
			a.home = pick("s1.contoso.com", "s3.contoso.com")
		}
		if r.Intn(6) == 0 {
			a.aliases = []string{pick(people[:6]...)}
		}
		w.accounts = append(w.accounts, a)
	}
	for i := range r.Intn(4) { // people alike, so that several have one shape
		id := fmt.Sprintf("idle%d@contoso.com", i)
		w.accounts = append(w.accounts, account{primary: id, enabled: true, voice: r.Intn(3) == 0})
		busy := fmt.Sprintf("busy%d@contoso.com", i)
		w.facts = append(w.facts, fact{act: "im-login", user: busy, device: fmt.Sprintf("host:own%d", i)},
			fact{act: "conference-organized", user: busy, device: pick("", fmt.Sprintf("host:own%d", i))})
	}
	v := func(s string) audit.Version {
		x, err := audit.ParseVersion(s)
		if err != nil {
			panic(err)
		}
		return x
	}
	w.estate.Servers = map[string]audit.EstateServer{}
	for _, s := range []string{"s1.contoso.com", "s2.contoso.com"} {
		if r.Intn(2) == 0 {
			w.estate.Servers[s] = audit.EstateServer{Version: v(pick("2007", "2007-r2", "2010"))}
		}
	}
	if r.Intn(4) == 0 { // an account that people share, who may have others, or none
		w.estate.Shared = map[string][]string{"desk@contoso.com": {"a@contoso.com", pick("b@contoso.com", "new@contoso.com", "p@fabrikam.com")}}
		if r.Intn(3) == 0 {
			w.accounts = append(w.accounts, account{primary: "desk@contoso.com", enabled: r.Intn(4) > 0, voice: r.Intn(4) == 0})
		}
		for range r.Intn(4) {
			w.facts = append(w.facts, fact{act: pick("im-login", "im-identity", "conference-organized", "call-placed", "conference-attended"), user: "desk@contoso.com",
				device: pick("", machines[0], machines[3]), peer: pick("", "+12065550199", "c@contoso.com"), day: r.Intn(90)})
		}
	} else if r.Intn(5) == 0 {
		w.estate.Devices = map[string]audit.EstateDevice{pick(machines...): {Identity: pick(people...)}}
	}
	if r.Intn(5) == 0 {
		w.estate.Exemptions = []audit.EstateExemption{{Subject: pick(append(people, machines...)...), Reason: "agreed"}}
	}
	if r.Intn(6) == 0 {
		w.estate.Guests = []string{pick(people...)}
	}
	w.policy = builtin()[0] // the default, and the one with most questions
	if r.Intn(3) == 0 {
		w.policy = builtin()[r.Intn(len(builtin()))]
	}
	for _, q := range w.policy.Questions {
		if r.Intn(3) == 0 {
			w.readings[q.ID] = pick("strict", "lenient")
		}
	}
	for i := range r.Intn(6) {
		e := audit.Entitlement{License: pick("ocs-standard-cal", "ocs-enterprise-cal", "ocs-standard-cal", "lcs-cal", "ecal-suite", "core-cal-suite", "ocs-server-standard",
			"ocs-external-connector-standard", "ocs-external-connector-enterprise", "lync-plus-cal"),
			Metric: pick("user", "device"), Version: v(pick("2007", "2007", "2007-r2")), Quantity: r.Intn(4), SAUntil: pick("", "", "2008-05-31", "2009-12-31"), SAFrom: pick("", "", "2008-01-01"), File: "l.csv", Line: i + 2}
		switch {
		case strings.HasPrefix(e.License, "ocs-server") || strings.Contains(e.License, "connector"):
			e.Metric = "server"
		case strings.HasSuffix(e.License, "suite"):
			e.Version = 0
		case e.License == "lync-plus-cal":
			e.Version = v("2010")
		case e.License == "lcs-cal":
			e.Version = v("2005")
		}
		if r.Intn(3) > 0 {
			e.Priced, e.UnitPrice = true, int64(r.Intn(40)*500)
		}
		w.owned = append(w.owned, e)
	}
	return w
}
