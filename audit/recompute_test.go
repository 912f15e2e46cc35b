package audit

import (
	"flag"
	"fmt"
	"math/rand"
	"slices"
	"sort"
	"strings"
	"testing"

	"calaudit/ingest"
)

// randomWorld draws a small estate from few names, so that they collide.
func randomWorld(r *rand.Rand) *oWorld {
	pick := func(list ...string) string { return list[r.Intn(len(list))] }
	identities := []string{"a@contoso.com", "b@contoso.com", "c@contoso.com", "d@fabrikam.com", "e@hotmail.com",
		"f@anonymous.invalid", "+14255550100", "+12065550199"}
	some := func(n int) (all []string) {
		for range r.Intn(n + 1) {
			all = append(all, pick(identities...))
		}
		return all
	}
	w := &oWorld{aliases: map[string][]string{}, shared: map[string][]string{}, devices: map[string]string{}, servers: map[string]string{},
		readings: map[string]string{}, assign: pick("user", "device", "optimal", "optimal")}
	for range r.Intn(9) {
		f := oFact{act: ingest.ActivityNames()[r.Intn(9)], user: pick(identities...)}
		if r.Intn(2) == 0 {
			f.peer = pick(identities...)
		}
		if r.Intn(2) == 0 {
			f.device = pick("mac:000000000001", "mac:000000000002", "host:pc1", "host:pc2", "sip:a@contoso.com", "line:+14255550100")
		}
		if r.Intn(3) == 0 {
			f.endpoint = pick("epid:aa/a@contoso.com", "epid:bb/b@contoso.com", "epid:cc/c@contoso.com", oInstances["epid:aa/a@contoso.com"], oInstances["epid:bb/b@contoso.com"])
		}
		if r.Intn(8) == 0 {
			f.class = pick(ingest.ClassNames()...)
		}
		if r.Intn(8) == 0 {
			f.client = "RTCC/3.0.0.0 MediationServer"
		}
		if r.Intn(3) == 0 {
			f.server = pick("s1.contoso.com", "s2.contoso.com", "s3.contoso.com")
		}
		w.facts = append(w.facts, f)
	}
	for _, id := range identities[:5] {
		if r.Intn(3) > 0 {
			continue
		}
		a := oAccount{primary: id, enabled: r.Intn(3) > 0, current: r.Intn(4) > 0, voice: r.Intn(3) == 0, app: r.Intn(8) == 0}
		if r.Intn(3) == 0 {
			a.line = pick("+14255550100", "+12065550199")
		}
		if r.Intn(6) == 0 {
			a.phone = "common-area-phone"
		}
		if r.Intn(4) == 0 {
			a.aliases = []string{pick(identities[:6]...)}
		}
		if r.Intn(6) == 0 {
			a.previous = []string{pick(identities[:6]...)}
		}
		if r.Intn(2) == 0 {
			a.home = pick("s1.contoso.com", "s2.contoso.com")
		}
		w.accounts = append(w.accounts, a)
	}
	if r.Intn(2) == 0 {
		w.domains = []string{"contoso.com"}
	}
	if r.Intn(3) == 0 {
		w.aliases[pick(identities...)] = some(2)
	}
	if r.Intn(5) == 0 {
		w.applications = some(1)
	}
	if r.Intn(5) == 0 {
		w.guests = append(some(1), pick("fabrikam.com", "hotmail.com"))
	}
	if r.Intn(3) == 0 {
		w.shared[pick(identities[:5]...)] = append(some(2), pick("a@contoso.com", "g@contoso.com", "h@fabrikam.com", "i@litwareinc.com"))
		if r.Intn(3) == 0 {
			w.shared[pick(identities...)] = []string{pick("b@contoso.com", "g@contoso.com", "j@hotmail.com"), pick(identities...)}
		}
	}
	for range r.Intn(3) {
		w.devices[pick("mac:000000000001", "host:pc2", "sip:a@contoso.com", "line:+14255550100")] = pick("", "a@contoso.com", "c@contoso.com", "+14255550100")
	}
	for _, s := range []string{"s1.contoso.com", "s2.contoso.com"} {
		if r.Intn(3) == 0 {
			w.servers[s] = pick("2005", "2007", "2007-r2", "2010")
		}
	}
	if r.Intn(4) == 0 {
		w.exempt = []string{pick(append(identities, "mac:000000000001", "host:pc1")...)}
	}
	for q := range map[string]bool{"attendee-edition": true, "external-attendee": true, "dormant-identity": true, "disabled-identity": true,
		"downgrade-basis": true, "identity-by-device": true, "user-and-device": true, "r2-version": true} {
		w.readings[q] = pick("strict", "lenient")
	}
	if r.Intn(2) == 0 { // the three that would hide who covers whom
		w.readings["identity-by-device"], w.readings["user-and-device"] = "lenient", "lenient"
	}
	for range r.Intn(5) {
		o := oOwned{pick("ocs-standard-cal", "ocs-enterprise-cal", "lync-standard-cal", "ecal-suite", "ocs-server-standard"),
			pick("user", "device"), pick("2007", "2007-r2", "2010"), r.Intn(3), r.Intn(6) - 3}
		if r.Intn(3) == 0 {
			o.license = pick("ocs-external-connector-standard", "ocs-external-connector-enterprise")
			o.price += r.Intn(9)
		}
		if o.license == "ocs-server-standard" || strings.Contains(o.license, "connector") {
			o.metric = "server"
		}
		w.owned = append(w.owned, o)
	}
	return w
}

// input gives the same estate to the program.
func (w *oWorld) input(p *Policy, r *rand.Rand) *Input {
	s := newScene()
	for _, i := range r.Perm(len(w.facts)) {
		f := w.facts[i]
		activity, _ := ingest.ParseActivity(f.act)
		class, _ := ingest.ParseClass(f.class)
		s.facts = append(s.facts, ingest.Fact{At: testAt, Activity: activity, Class: class,
			User: s.names.ID(ingest.UserName, f.user), Peer: s.names.ID(ingest.UserName, f.peer),
			Device: s.names.ID(ingest.DeviceName, f.device), Endpoint: s.names.ID(ingest.EndpointName, f.endpoint),
			Client: s.names.ID(ingest.ClientName, f.client), Server: s.names.ID(ingest.ServerName, f.server)})
	}
	in := s.input(p)
	in.Assign, in.Readings = w.assign, w.readings
	e := &Estate{SIPDomains: w.domains, Applications: w.applications, Aliases: w.aliases, Shared: w.shared,
		Devices: map[string]EstateDevice{}, Servers: map[string]EstateServer{}}
	for _, g := range w.guests {
		if strings.ContainsAny(g, "@+") {
			e.Guests = append(e.Guests, g)
		} else {
			e.GuestDomains = append(e.GuestDomains, g)
		}
	}
	for id, identity := range w.devices {
		e.Devices[id] = EstateDevice{Identity: identity}
	}
	for host, version := range w.servers {
		v, _ := ParseVersion(version)
		e.Servers[host] = EstateServer{Version: v}
	}
	for _, x := range w.exempt {
		e.Exemptions = append(e.Exemptions, EstateExemption{Subject: x, Reason: "agreed"})
	}
	in.Estate = e
	for _, i := range r.Perm(len(w.accounts)) {
		a := w.accounts[i]
		in.Accounts = append(in.Accounts, Account{Current: a.current, Previous: a.previous, Entry: &ingest.Entry{Primary: a.primary, Aliases: a.aliases,
			Line164: a.line, Phone: a.phone, Home: a.home, Enabled: a.enabled, Voice: a.voice, App: a.app}})
	}
	for _, o := range w.owned {
		v, _ := ParseVersion(o.version)
		in.Owned = append(in.Owned, Entitlement{License: o.license, Metric: o.metric, Version: v, Quantity: o.quantity,
			Priced: o.price >= 0, UnitPrice: int64(o.price)})
	}
	return in
}

var naiveRounds = flag.Int("naive", 3000, "random estates to recompute naively")

func TestAgainstNaiveRecomputation(t *testing.T) {
	if ingest.ClientKind("RTCC/3.0.0.0 MediationServer") != "server" {
		t.Fatal("the generator's server program is not recognised")
	}
	p := mustPolicy(t)
	for seed := range *naiveRounds {
		r := rand.New(rand.NewSource(int64(seed)))
		w := randomWorld(r)
		report, subjects := mustRun(t, w.input(p, r))
		wantSubjects, wantPositions, unsplit := w.audit()
		var got, rows []string
		for _, s := range subjects {
			var held []string
			for i := range s.Licenses {
				held = append(held, s.Licenses[i]+" "+s.Versions[i])
			}
			line := fmt.Sprintf("%s %s %s %v %s", s.Kind, s.ID, s.Outcome, held, s.CoveredBy)
			if s.Kind == "user" {
				line += " " + s.Class
			}
			got = append(got, line)
		}
		sort.Strings(got)
		for _, x := range report.Position {
			if x.Metric != "server" || strings.Contains(x.License, "connector") {
				rows = append(rows, fmt.Sprintf("%s %s %s %v", x.License, x.Metric, x.Version, [4]int{x.Required, x.Owned, x.Shortfall, x.Surplus}))
			}
		}
		sort.Strings(rows)
		for _, x := range unsplit { // which of several rows is short is open there
			metric, _, _ := strings.Cut(x, " ")
			short := 0
			for _, p := range report.Position {
				if p.Metric == metric && strings.HasSuffix(p.License, "-cal") {
					short += p.Shortfall
				}
			}
			if fmt.Sprint(metric, " ", short) != x {
				t.Fatalf("seed %d: %+v\n%d CALs are short, want %s", seed, *w, short, x)
			}
			other := func(row string) bool { return strings.Contains(row, "-cal "+metric) }
			rows, wantPositions = slices.DeleteFunc(rows, other), slices.DeleteFunc(wantPositions, other)
		}
		if !slices.Equal(got, wantSubjects) || !slices.Equal(rows, wantPositions) {
			t.Fatalf("seed %d:\n%+v\ngot\n%s\nwant\n%s\npositions got\n%s\nwant\n%s", seed, *w, strings.Join(got, "\n"),
				strings.Join(wantSubjects, "\n"), strings.Join(rows, "\n"), strings.Join(wantPositions, "\n"))
		}
	}
}
