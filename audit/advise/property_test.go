package advise

import (
	"flag"
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"calaudit/audit"
)

var rounds = flag.Int("rounds", 40, "random worlds whose advice is recomputed")

// TestWhatIsSavedIsTheDifferenceOfTwoAudits changes every world itself, in its own
// words, audits it wholly before and after, and demands what the advice says: for
// all candidates together, for each alone, and under other answers.
func TestWhatIsSavedIsTheDifferenceOfTwoAudits(t *testing.T) {
	met := map[string]int{}
	for seed := range *rounds {
		r := rand.New(rand.NewSource(int64(seed)))
		w := randomWorld(r)
		got, err := Advise(&Input{Audit: w.input(nil), Events: 2, Singles: 1000})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if now := w.sum(w.amounts(t, false)); got.Now != now {
			t.Fatalf("seed %d: now %+v, want %+v", seed, got.Now, now)
		}
		for _, p := range got.Proposals {
			c := changes(t, w, &p)
			var listed []string
			for _, x := range p.Items {
				listed = append(listed, x.ID)
			}
			slices.Sort(listed)
			if c.want != nil && !slices.Equal(listed, c.want) {
				t.Fatalf("seed %d: %s lists %v, want %v\n%+v", seed, p.Kind, listed, c.want, *w)
			}
			if len(p.Items) == 0 {
				if p.Saves != w.sum(amounts{}) || p.Count != 0 {
					t.Fatalf("seed %d: nothing saves %+v", seed, p)
				}
				continue
			}
			met[p.Kind]++
			saves := func(items []Item, together bool, change func(*world) *world) Sum {
				return w.sum(change(c.before).amounts(t, c.whole).less(change(c.after(w, items, together)).amounts(t, c.whole)))
			}
			same := func(w *world) *world { return w }
			if want := saves(p.Items, true, same); p.Saves != want {
				t.Fatalf("seed %d: %s saves %+v, want %+v\n%+v\n%+v", seed, p.Kind, p.Saves, want, p, *w)
			}
			for i, x := range p.Items {
				if p.Kind == Connector {
					break // they go together
				}
				if len(p.Items) > 3 && r.Intn(len(p.Items)) > 2 {
					continue // three of them on average
				}
				if x.Alone == nil {
					t.Fatalf("seed %d: %s: nothing is told of %s alone", seed, p.Kind, x.ID)
				}
				met[p.Kind+" alone"]++
				if want := saves(p.Items[i:i+1], false, same); *x.Alone != want {
					t.Fatalf("seed %d: %s: %s saves %+v, want %+v\n%+v", seed, p.Kind, x.ID, *x.Alone, want, *w)
				}
			}
			questions := w.policy.Questions
			q := questions[r.Intn(len(questions))]
			answer := "strict"
			if got.Policy.Readings[q.ID] == "strict" {
				answer = "lenient"
			}
			want := saves(p.Items, true, func(w *world) *world { return w.answering(q.ID, answer) })
			at := slices.IndexFunc(p.Readings, func(o Otherwise) bool { return o.Question == q.ID })
			switch {
			case at < 0 && want != p.Saves:
				t.Fatalf("seed %d: %s: nothing is told of %s=%s, which saves %+v instead of %+v\n%+v", seed, p.Kind, q.ID, answer, want, p.Saves, *w)
			case at >= 0 && (p.Readings[at].Saves != want || p.Readings[at].Answer != answer):
				t.Fatalf("seed %d: %s: with %s=%s %+v, want %+v", seed, p.Kind, q.ID, answer, p.Readings[at], want)
			}
		}
		met["together"] += together(t, seed, w, got)
	}
	if met["together"] < *rounds/20 {
		t.Errorf("kinds of advice together were met %d times", met["together"])
	}
	for _, kind := range []string{Dormant, Rare, Shared, Assurance} {
		if met[kind] < *rounds/20 || met[kind+" alone"] < *rounds/20 {
			t.Errorf("%s was met %d times", kind, met[kind])
		}
	}
	if met[Connector] < *rounds/20 {
		t.Errorf("connectors were met %d times", met[Connector])
	}
}

// together follows all proposals at once, and demands what the advice says of
// that.
func together(t *testing.T, seed int, w *world, got *Advice) int {
	t.Helper()
	people, all := w, w
	var kinds []string
	var apart amounts
	for i := range got.Proposals {
		p := &got.Proposals[i]
		if p.Count == 0 || p.InPosition {
			continue
		}
		c := changes(t, w, p)
		kinds = append(kinds, p.Kind)
		x := c.before.amounts(t, c.whole).less(c.after(w, p.Items, true).amounts(t, c.whole))
		apart = amounts{apart.cals + x.cals, apart.missing + x.missing, apart.unpriced + x.unpriced, apart.cost + x.cost}
		all = c.after(all, p.Items, true)
		if p.Kind != Assurance {
			people = all
		}
	}
	if len(kinds) < 2 {
		if got.Together != nil {
			t.Fatalf("seed %d: %v: together %+v", seed, kinds, got.Together)
		}
		return 0
	}
	saves := func(change func(*world) *world) amounts {
		w, people, all := change(w), change(people), change(all)
		return w.amounts(t, false).less(people.amounts(t, false)).less(all.amounts(t, true).less(people.amounts(t, true)))
	}
	worth := saves(func(w *world) *world { return w })
	if x := got.Together; x == nil || !slices.Equal(x.Kinds, kinds) || x.Saves != w.sum(worth) || x.Overlap != w.sum(apart.less(worth)) {
		t.Fatalf("seed %d: together %+v, want %v: %+v, overlap %+v\n%+v", seed, got.Together, kinds, w.sum(worth), w.sum(apart.less(worth)), *w)
	}
	for _, q := range w.policy.Questions {
		answer := "strict"
		if got.Policy.Readings[q.ID] == "strict" {
			answer = "lenient"
		}
		want := w.sum(saves(func(w *world) *world { return w.answering(q.ID, answer) }))
		at := slices.IndexFunc(got.Together.Readings, func(o Otherwise) bool { return o.Question == q.ID })
		if at < 0 && want != got.Together.Saves || at >= 0 && got.Together.Readings[at] != (Otherwise{q.ID, answer, want}) {
			t.Fatalf("seed %d: together with %s=%s: %+v, want %+v", seed, q.ID, answer, got.Together.Readings, want)
		}
	}
	return 1
}

// change is how the test itself follows a proposal.
type change struct {
	before *world
	after  func(w *world, items []Item, together bool) *world
	whole  bool
	want   []string // candidates; nil when the test does not find them itself
}

func changes(t *testing.T, w *world, p *Proposal) change {
	t.Helper()
	var classes map[string]string
	_, subjects, err := audit.Run(w.input(&classes))
	if err != nil {
		t.Fatal(err)
	}
	of := map[string]*audit.Subject{} // user or machine of each id
	for i := range subjects {
		for _, id := range subjects[i].Aliases {
			of[id] = &subjects[i]
		}
	}
	behind := func(id string) (list []*audit.Subject) {
		people, shared := w.estate.Shared[id]
		if !shared {
			people = []string{id}
		}
		for _, p := range people {
			if s := of[p]; s != nil && !slices.Contains(list, s) {
				list = append(list, s)
			}
		}
		return list
	}
	picked := func(items []Item) map[*audit.Subject]bool {
		set := map[*audit.Subject]bool{}
		for _, x := range items {
			set[of[x.ID]] = true
		}
		return set
	}
	standing := func(act string) bool { return act == "im-identity" || act == "voice-extension" }
	switch p.Kind {
	case Dormant:
		c := change{before: w, want: []string{}}
		for _, s := range subjects {
			idle := !slices.ContainsFunc(s.Reasons, func(x audit.Reason) bool { return !standing(x.Activity) })
			if s.Kind == "user" && idle && (s.Class == "hosted" || s.Class == "guest") && s.Exemption == "" && s.CoveredBy != "external-connector" {
				c.want = append(c.want, s.ID)
			}
		}
		c.after = func(w *world, items []Item, together bool) *world {
			who := picked(items)
			return w.with(func(c *world) {
				for i, a := range c.accounts {
					if slices.ContainsFunc(behind(a.primary), func(s *audit.Subject) bool { return who[s] }) {
						c.accounts[i].enabled = false
					}
				}
				c.facts = slices.DeleteFunc(c.facts, func(f fact) bool {
					return standing(f.act) && slices.ContainsFunc(behind(f.user), func(s *audit.Subject) bool { return who[s] })
				})
			})
		}
		return c
	case Rare:
		asks := map[string]bool{}
		table, err := audit.RuleTable(w.policy, w.readings)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range table {
			if row.Extended && !row.Presents && !row.Sharing && !row.Data && !row.Room {
				asks[row.Class+" "+row.Activity+" "+row.Peer] = true
			}
		}
		extra := func(f fact, s *audit.Subject) bool {
			peer, class := "", classes[f.user]
			if strings.HasPrefix(f.act, "call") {
				peer = classes[f.peer]
			}
			if w.estate.Shared[f.user] != nil {
				class = s.Class
			}
			return asks[class+" "+f.act+" "+peer] && !standing(f.act)
		}
		count := map[*audit.Subject]int{}
		for _, f := range w.facts {
			for _, s := range behind(f.user) {
				if extra(f, s) {
					count[s]++
				}
			}
		}
		c := change{before: w, want: []string{}}
		for s, n := range count {
			voice := s != nil && slices.ContainsFunc(s.Reasons, func(x audit.Reason) bool { return x.Activity == "voice-extension" && x.Outcome == "required" })
			if s == nil || n > 2 || voice || s.Kind != "user" || s.Class != "hosted" && s.Class != "guest" || s.Exemption != "" || s.CoveredBy == "external-connector" {
				continue
			}
			if s.Outcome != "required" && s.CoveredBy == "" {
				continue // of no consequence: disabled-identity, lenient
			}
			c.want = append(c.want, s.ID)
		}
		slices.Sort(c.want)
		c.after = func(w *world, items []Item, together bool) *world {
			who := picked(items)
			return w.with(func(c *world) {
				c.facts = slices.DeleteFunc(c.facts, func(f fact) bool {
					return slices.ContainsFunc(behind(f.user), func(s *audit.Subject) bool { return who[s] && extra(f, s) })
				})
			})
		}
		return c
	case Shared:
		c := change{before: w.with(func(c *world) { c.assign = "user" })}
		// Not only those that hold CALs could have held some.
		many := map[*audit.Subject]bool{}
		for _, d := range shareable(t, w) {
			many[of[d]] = true
		}
		c.after = func(w *world, items []Item, together bool) *world {
			allowed := many
			if !together {
				allowed = picked(items)
			}
			return w.with(func(c *world) {
				c.assign = "optimal"
				for i, f := range c.facts {
					id := f.device
					if s := of[id]; s == nil || s.Kind != "device" {
						id = f.endpoint
					}
					if s := of[id]; s != nil && s.Kind == "device" && !allowed[s] && person(of, f.user) {
						c.facts[i].device, c.facts[i].endpoint = "", ""
					}
				}
			})
		}
		return c
	case Connector:
		connects := func(e audit.Entitlement) bool { return strings.Contains(e.License, "connector") }
		if p.InPosition {
			return change{before: w.with(func(c *world) { c.owned = slices.DeleteFunc(c.owned, connects) }), after: func(*world, []Item, bool) *world { return w }}
		}
		return change{before: w, after: func(w *world, items []Item, _ bool) *world {
			return w.with(func(c *world) {
				for _, x := range items {
					v, err := audit.ParseVersion(x.Version)
					if err != nil {
						t.Fatal(err)
					}
					c.owned = append(c.owned, audit.Entitlement{License: x.ID, Metric: "server", Version: v, Quantity: x.Quantity})
				}
			})
		}}
	}
	return change{before: w, whole: true, after: func(w *world, items []Item, _ bool) *world {
		return w.with(func(c *world) {
			for _, x := range items {
				c.owned[x.Line-2].SAUntil = max(c.owned[x.Line-2].SAUntil, x.Needed)
			}
		})
	}}
}

// person tells identities that are no devices.
func person(of map[string]*audit.Subject, id string) bool {
	return of["sip:"+id] == nil && of["line:"+id] == nil
}

// shareable are the machines that two persons or more used in a way that asks
// for CALs which a machine may hold.
func shareable(t *testing.T, w *world) (ids []string) {
	t.Helper()
	m, err := audit.NewModel(w.input(nil))
	if err != nil {
		t.Fatal(err)
	}
	users := map[int32]map[int32]bool{}
	for _, d := range m.Demands() {
		if d.User >= 0 && d.Device >= 0 {
			if users[d.Device] == nil {
				users[d.Device] = map[int32]bool{}
			}
			users[d.Device][d.User] = true
		}
	}
	for i, x := range m.Machines() {
		if len(users[int32(i)]) > 1 {
			ids = append(ids, x.ID)
		}
	}
	return ids
}

// TestFewerSinglesTellLessAndNothingElse: the shapes of most candidates come
// first, and all else stays as it is.
func TestFewerSinglesTellLessAndNothingElse(t *testing.T) {
	for seed := range 60 {
		w := randomWorld(rand.New(rand.NewSource(int64(seed))))
		ask := func(singles int) *Advice {
			got, err := Advise(&Input{Audit: w.input(nil), Events: 2, Singles: singles})
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		all := ask(1000)
		for _, singles := range []int{0, 1, 3} {
			for k, p := range ask(singles).Proposals {
				whole := all.Proposals[k]
				if p.Saves != whole.Saves || fmt.Sprint(p.Readings) != fmt.Sprint(whole.Readings) || p.Count != whole.Count {
					t.Fatalf("seed %d: %+v\nwith %d singles %+v", seed, whole, singles, p)
				}
				worth := map[string]Sum{}
				for _, x := range whole.Items {
					if x.Alone != nil {
						worth[fmt.Sprint(x.ID, x.Line)] = *x.Alone
					}
				}
				for _, x := range p.Items {
					if x.Alone != nil && (singles == 0 || *x.Alone != worth[fmt.Sprint(x.ID, x.Line)]) {
						t.Fatalf("seed %d: %s alone saves %+v, of all %+v", seed, x.ID, *x.Alone, worth[fmt.Sprint(x.ID, x.Line)])
					}
				}
			}
		}
	}
}
