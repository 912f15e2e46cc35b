package audit

import (
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"
)

// counted sums the CALs that an audit requires.
func counted(r *Report) (n int) {
	for _, p := range r.Position {
		if p.Metric != "server" {
			n += p.Required
		}
	}
	return n
}

func TestOrderOfInputDoesNotMatter(t *testing.T) {
	p := mustPolicy(t)
	for seed := range 300 {
		w := randomWorld(rand.New(rand.NewSource(int64(seed))))
		digest := ""
		for again := range 3 {
			in := w.input(p, rand.New(rand.NewSource(int64(again))))
			usages := in.Usages()
			rand.New(rand.NewSource(int64(again))).Shuffle(len(usages), func(i, j int) { usages[i], usages[j] = usages[j], usages[i] })
			in.Usages = func() []Usage { return usages }
			r, s := mustRun(t, in)
			Seal(r, s)
			if digest != "" && r.Digest != digest {
				t.Fatalf("seed %d: digest %s, then %s", seed, digest, r.Digest)
			}
			digest = r.Digest
		}
	}
}

// One more usage without a class of its own never lowers the number of CALs,
// as long as it makes nobody somebody else: a sign-in makes a party hosted,
// which can exempt nobody, but links and classes stated by records can.
func TestAddingUsageNeverLowers(t *testing.T) {
	p := mustPolicy(t)
	for seed := range 1500 {
		r := rand.New(rand.NewSource(int64(seed)))
		w := randomWorld(r)
		w.assign, w.devices, w.exempt, w.owned = "user", nil, nil, nil // with no connectors to turn to
		w.readings["user-and-device"], w.readings["dormant-identity"], w.readings["disabled-identity"] = "lenient", "strict", "strict"
		for i := range w.accounts {
			w.accounts[i].phone = ""
		}
		var extra oFact
		for len(w.facts) > 0 && extra.act == "" {
			last := len(w.facts) - 1
			extra = w.facts[last]
			w.facts = w.facts[:last]
			extra.class, extra.client = "", ""
		}
		if extra.act == "" {
			continue
		}
		before, _ := mustRun(t, w.input(p, r))
		w.facts = append(w.facts, extra)
		after, _ := mustRun(t, w.input(p, r))
		if counted(after) < counted(before) {
			t.Fatalf("seed %d: %d CALs, with one usage more %d: %+v", seed, counted(before), counted(after), extra)
		}
	}
}

// Two identities that turn out to be one person never need more holders.
func TestMergingIdentitiesNeverRaisesHolders(t *testing.T) {
	p := mustPolicy(t)
	for seed := range 1500 {
		r := rand.New(rand.NewSource(int64(seed)))
		w := randomWorld(r)
		// Hosted people only: an alias that makes an outsider an own person
		// rightly makes exempt uses required.
		w.assign, w.devices, w.aliases, w.exempt, w.applications, w.guests = "user", nil, map[string][]string{}, nil, nil, nil
		w.shared = nil // who joins a shared account adds its people
		w.domains = []string{"contoso.com", "fabrikam.com", "hotmail.com", "anonymous.invalid"}
		for i := range w.accounts {
			w.accounts[i].phone, w.accounts[i].app = "", false
		}
		w.facts = slices.DeleteFunc(w.facts, func(f oFact) bool { return f.user[0] == '+' })
		for i := range w.facts {
			w.facts[i].class, w.facts[i].client = "", ""
		}
		for q := range w.readings {
			w.readings[q] = "strict"
		}
		before, _ := mustRun(t, w.input(p, r))
		w.aliases["a@contoso.com"] = []string{"b@contoso.com"}
		after, _ := mustRun(t, w.input(p, r))
		if b, a := before.Totals.Users.Required, after.Totals.Users.Required; a > b {
			t.Fatalf("seed %d: %d holders, merged %d", seed, b, a)
		}
	}
}

func TestEveryReadingHasItsOtherAnswer(t *testing.T) {
	p := mustPolicy(t)
	for seed := range 200 {
		r := rand.New(rand.NewSource(int64(seed)))
		w := randomWorld(r)
		report, subjects := mustRun(t, w.input(p, r))
		if len(report.Readings) != len(p.Questions) {
			t.Fatalf("%d readings, %d questions", len(report.Readings), len(p.Questions))
		}
		for _, x := range report.Readings {
			chosen := map[string]int{"strict": x.CALsIf.Strict, "lenient": x.CALsIf.Lenient}
			if chosen[x.Chosen] != counted(report) {
				t.Fatalf("seed %d: %+v, but %d CALs", seed, x, counted(report))
			}
			changed := x.Question
			was := w.readings[changed]
			w.readings[changed] = map[string]string{"strict": "lenient", "lenient": "strict"}[was]
			other, others := mustRun(t, w.input(p, r))
			w.readings[changed] = was
			if got, want := otherVerdicts(subjects, changed), verdictsOf(others); !slices.Equal(got, want) {
				t.Fatalf("seed %d: the other answer to %s should make\n%s\nand makes\n%s", seed, changed, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			n := 0
			for _, sub := range subjects {
				n += bit(slices.ContainsFunc(sub.Readings, func(a OtherAnswer) bool { return a.Question == changed }))
			}
			if n != x.Subjects {
				t.Fatalf("seed %d: %s: %d subjects, but %d say so themselves", seed, changed, x.Subjects, n)
			}
			if chosen[map[string]string{"strict": "lenient", "lenient": "strict"}[x.Chosen]] != counted(other) {
				t.Fatalf("seed %d: %+v, but asked for the other answer %d CALs", seed, x, counted(other))
			}
		}
	}
}

// verdictsOf writes subjects as "kind id outcome licences versions".
func verdictsOf(subjects []Subject) (all []string) {
	for _, s := range subjects {
		all = append(all, fmt.Sprintln(s.Kind, s.ID, s.Outcome, s.Licenses, s.Versions))
	}
	return all
}

// otherVerdicts does so as the subjects say that the other answer would have it.
func otherVerdicts(subjects []Subject, question string) []string {
	list := slices.Clone(subjects)
	for i := range list {
		for _, a := range list[i].Readings {
			if a.Question == question {
				list[i].Outcome, list[i].Licenses, list[i].Versions = a.Outcome, a.Licenses, a.Versions
			}
		}
	}
	return verdictsOf(list)
}
