package audit

import (
	"math/rand"
	"reflect"
	"testing"
	"time"

	"calaudit/ingest"
)

func TestFolderWindow(t *testing.T) {
	from, to := time.Date(2009, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2009, 1, 2, 0, 0, 0, 0, time.UTC)
	at := func(d, h, m, s, ms int) int64 {
		return time.Date(2009, 1, d, h, m, s, ms*1e6, time.UTC).UnixMilli()
	}
	for _, c := range []struct {
		at       int64
		activity ingest.Activity
		counts   bool
	}{
		{at(1, 0, 0, 0, 0), ingest.IMLogin, true},
		{at(2, 23, 59, 59, 999), ingest.IMLogin, true},
		{at(3, 0, 0, 0, 0), ingest.IMLogin, false},
		{at(0, 23, 59, 59, 999), ingest.IMLogin, false},
		{at(0, 23, 59, 59, 999), ingest.IMIdentity, true},
		{at(3, 0, 0, 0, 0), ingest.VoiceExtension, false},
		{ingest.Undated, ingest.IMLogin, true},
		{at(1, 0, 0, 0, 0), ingest.NoActivity, false},
	} {
		f := NewFolder(from, to)
		f.Add([]ingest.Fact{{At: c.at, Activity: c.activity, User: 1}})
		if got := len(f.Usages()) == 1; got != c.counts {
			t.Errorf("%+v: counts %v", c, got)
		}
	}
}

func TestFolderMerge(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	var facts []ingest.Fact
	for range 3000 {
		f := ingest.Fact{At: testAt + int64(r.Intn(1000)), Activity: ingest.Activity(1 + r.Intn(9)), User: ingest.ID(1 + r.Intn(3)),
			Peer: ingest.ID(r.Intn(3)), Device: ingest.ID(r.Intn(2)), Class: ingest.Class(r.Intn(2)), Untold: r.Intn(5) == 0}
		if r.Intn(4) == 0 {
			f.At = ingest.Undated
		}
		facts = append(facts, f)
	}
	whole, one, two := NewFolder(testAsOf, testAsOf), NewFolder(testAsOf, testAsOf), NewFolder(testAsOf, testAsOf)
	for _, f := range []*Folder{whole, one, two} {
		f.from = 0
	}
	whole.Add(facts)
	r.Shuffle(len(facts), func(i, j int) { facts[i], facts[j] = facts[j], facts[i] })
	one.Add(facts[:1000])
	two.Add(facts[1000:])
	one.Merge(two)
	if !reflect.DeepEqual(whole.Usages(), one.Usages()) {
		t.Error("two folders merged differ from one")
	}
	for _, u := range whole.Usages() {
		if u.Peer != 0 && !u.Activity.Call() {
			t.Errorf("a peer outside calls: %+v", u)
		}
	}
}

func BenchmarkFolder(b *testing.B) {
	r := rand.New(rand.NewSource(1))
	facts := make([]ingest.Fact, 1<<20) // of 50,000 users, each doing six things on one machine
	for i := range facts {
		u := ingest.ID(1 + r.Intn(50000))
		facts[i] = ingest.Fact{At: testAt, Activity: ingest.Activity(3 + r.Intn(6)), User: u, Device: u, Server: 7}
	}
	for b.Loop() {
		f := NewFolder(testAsOf.AddDate(0, 0, -89), testAsOf)
		f.Add(facts)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(facts)), "ns/fact")
}
