package audit

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"calaudit/ingest"
)

func mustPolicy(t testing.TB) *Policy {
	t.Helper()
	p, err := BuiltinPolicy("ocs2007")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// scene collects facts in the words of the plain activity format.
type scene struct {
	names *ingest.Names
	facts []ingest.Fact
}

func newScene() *scene { return &scene{names: ingest.NewNames()} }

// fact adds "activity user key=value ...", at a time.
func (s *scene) fact(t testing.TB, at int64, text string) {
	t.Helper()
	words := strings.Fields(text)
	if len(words) < 2 {
		t.Fatalf("fact %q: expected activity and user", text)
	}
	activity, err := ingest.ParseActivity(words[0])
	if err != nil {
		t.Fatal(err)
	}
	user := func(s string) string {
		id, err := ingest.ParseUser(s)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	f := ingest.Fact{At: at, Activity: activity, User: s.names.ID(ingest.UserName, user(words[1]))}
	for _, w := range words[2:] {
		key, value, _ := strings.Cut(w, "=")
		switch key {
		case "peer":
			f.Peer = s.names.ID(ingest.UserName, user(value))
		case "device":
			id, endpoint, err := ingest.ParseDevice(value)
			if err != nil {
				t.Fatal(err)
			}
			if endpoint {
				f.Endpoint = s.names.ID(ingest.EndpointName, id)
			} else {
				f.Device = s.names.ID(ingest.DeviceName, id)
			}
		case "endpoint":
			f.Endpoint = s.names.ID(ingest.EndpointName, value)
		case "client":
			f.Client = s.names.ID(ingest.ClientName, strings.ReplaceAll(value, "_", " "))
		case "server":
			f.Server = s.names.ID(ingest.ServerName, value)
		case "class":
			if f.Class, err = ingest.ParseClass(value); err != nil {
				t.Fatal(err)
			}
		case "day":
			d, err := time.Parse(time.DateOnly, value)
			if err != nil {
				t.Fatal(err)
			}
			f.At = d.UnixMilli()
		case "untold":
			f.Untold = true
		default:
			t.Fatalf("fact %q: unknown word %q", text, w)
		}
	}
	s.facts = append(s.facts, f)
}

// table is the text behind the ids, as Input.Names wants it.
func (s *scene) table() []ingest.Name { return append([]ingest.Name{{}}, s.names.Fresh()...) }

var (
	testAsOf = time.Date(2009, 3, 31, 0, 0, 0, 0, time.UTC)
	testAt   = time.Date(2009, 3, 2, 8, 0, 0, 0, time.UTC).UnixMilli()
)

// input folds the scene's facts over the usual window.
func (s *scene) input(p *Policy) *Input {
	names := s.table()
	from, to := testAsOf.AddDate(0, 0, -89).UnixMilli(), testAsOf.AddDate(0, 0, 1).UnixMilli()
	return &Input{Policy: p, AsOf: testAsOf, Days: 90, Assign: "user", Estate: &Estate{}, Names: names,
		Usages: folded(s.facts, from, to, func(*ingest.Fact) ingest.Class { return ingest.NoClass }),
		Calls: func(class []ingest.Class) ([]Usage, error) {
			calls := slices.DeleteFunc(slices.Clone(s.facts), func(f ingest.Fact) bool { return !f.Activity.Call() })
			return folded(calls, from, to, func(f *ingest.Fact) ingest.Class {
				if f.Peer == 0 && f.PeerPSTN {
					return ingest.PSTN
				}
				return class[f.Peer]
			}), nil
		}}
}

// folded groups facts into usages in the plainest way.
func folded(facts []ingest.Fact, from, to int64, peer func(*ingest.Fact) ingest.Class) []Usage {
	var list []Usage
	for i := range facts {
		f := &facts[i]
		at, ok := f.In(from, to)
		if !ok || f.User == 0 || f.Activity == ingest.NoActivity {
			continue
		}
		u := Usage{UsageKey: KeyOf(f), Peer: peer(f), First: at, Last: at}
		n := slices.IndexFunc(list, func(x Usage) bool { return x.UsageKey == u.UsageKey && x.Peer == u.Peer })
		if n < 0 {
			list = append(list, u)
			n = len(list) - 1
		}
		list[n].Count++
		list[n].First, list[n].Last = span(list[n].First, list[n].Last, at, at)
	}
	return list
}

// verdictLines writes subjects as "id class outcome licences covered_by".
func verdictLines(subjects []Subject) []string {
	var all []string
	for _, s := range subjects {
		line := fmt.Sprintf("%s %s %s", s.ID, s.Class, s.Outcome)
		if len(s.Licenses) > 0 {
			line += " " + strings.Join(s.Licenses, "+")
		}
		if s.CoveredBy != "" {
			line += " " + s.CoveredBy
		}
		all = append(all, line)
	}
	slices.Sort(all)
	return all
}

func mustRun(t testing.TB, in *Input) (*Report, []Subject) {
	t.Helper()
	r, s, err := Run(in)
	if err != nil {
		t.Fatal(err)
	}
	return r, s
}

// span joins two periods of which either may be undated.
func span(first, last, first2, last2 int64) (int64, int64) {
	switch {
	case first2 == ingest.Undated:
		return first, last
	case first == ingest.Undated:
		return first2, last2
	}
	return min(first, first2), max(last, last2)
}
