package segment

import (
	"bytes"
	"math/rand"
	"reflect"
	"slices"
	"testing"

	"calaudit/ingest"
)

// random makes a record with every field set now and then.
func random(r *rand.Rand) ingest.Record {
	id := func() ingest.ID {
		if r.Intn(3) == 0 {
			return 0
		}
		return ingest.ID(r.Intn(100000))
	}
	party := func() ingest.Party {
		return ingest.Party{User: id(), Device: id(), Endpoint: id(), Client: id(), Class: ingest.Class(r.Intn(8))}
	}
	rec := ingest.Record{Kind: ingest.Kind(1 + r.Intn(8)), Activity: ingest.Activity(r.Intn(10)), Media: ingest.Media(r.Intn(64)),
		Role: ingest.Role(r.Intn(4)), Flags: ingest.Flags(r.Intn(128)), Key: 1236000000000 + r.Int63n(86400000), Seq: uint64(1 + r.Intn(2)),
		From: party(), To: party(), Server: id(), Source: id(), Line: uint32(r.Intn(1 << 20))}
	rec.At = rec.Key + r.Int63n(5000) - 1000
	switch r.Intn(4) {
	case 0:
		rec.Until = rec.Key + r.Int63n(1e9)
	case 1:
		rec.Seq, rec.Sub = r.Uint64(), r.Uint64()
	case 2:
		rec.Key, rec.At = ingest.Undated, ingest.Undated
	}
	return rec
}

func TestRecordsComeBackAsTheyWere(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	for range 200 {
		recs := make([]ingest.Record, r.Intn(300))
		for i := range recs {
			recs[i] = random(r)
		}
		slices.SortFunc(recs, func(a, b ingest.Record) int { return Compare(&a, &b) })
		block := Encode(nil, recs)
		got, err := Decode(nil, block, 0)
		if err != nil {
			t.Fatal(err)
		}
		if len(recs)+len(got) > 0 && !reflect.DeepEqual(got, recs) {
			t.Fatal("records changed on the way")
		}
	}
}

func TestEqualSetsPackToEqualBytes(t *testing.T) {
	r := rand.New(rand.NewSource(2))
	recs := make([]ingest.Record, 500)
	for i := range recs {
		recs[i] = random(r)
	}
	sort := func() []byte {
		slices.SortFunc(recs, func(a, b ingest.Record) int { return Compare(&a, &b) })
		return Encode(nil, recs)
	}
	one := sort()
	r.Shuffle(len(recs), func(i, j int) { recs[i], recs[j] = recs[j], recs[i] })
	if !bytes.Equal(one, sort()) {
		t.Fatal("the bytes depend on the order of arrival")
	}
}

// TestRecordsThatDifferAnywhereAreNotTheSame guards the comparison, which is
// written out by hand, against a field that was forgotten.
func TestRecordsThatDifferAnywhereAreNotTheSame(t *testing.T) {
	r := rand.New(rand.NewSource(5))
	for range 20000 {
		a, b := random(r), random(r)
		if r.Intn(2) == 0 {
			b = a
			f := reflect.ValueOf(&b).Elem()
			if r.Intn(2) == 0 {
				f = f.FieldByName([]string{"From", "To"}[r.Intn(2)])
			}
			f = f.Field(r.Intn(f.NumField()))
			switch f.Kind() {
			case reflect.Int64:
				f.SetInt(f.Int() + 1)
			case reflect.Struct:
				continue
			default:
				f.SetUint(f.Uint() ^ 1)
			}
		}
		if got, want := Compare(&a, &b) == 0, a == b; got != want {
			t.Fatalf("Compare says %v, the records are %+v and %+v", got, a, b)
		}
		if Compare(&a, &b) != -Compare(&b, &a) {
			t.Fatal("Compare is not an order")
		}
	}
}

func FuzzDecode(f *testing.F) {
	r := rand.New(rand.NewSource(3))
	for n := range 5 {
		recs := make([]ingest.Record, n)
		for i := range recs {
			recs[i] = random(r)
		}
		f.Add(Encode(nil, recs))
	}
	f.Fuzz(func(t *testing.T, block []byte) {
		recs, err := Decode(nil, block, 0)
		if err != nil {
			return
		}
		again, err := Decode(nil, Encode(nil, recs), 0)
		if err != nil || !slices.Equal(again, recs) {
			t.Fatalf("decoded records do not survive: %v", err)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	r := rand.New(rand.NewSource(4))
	recs := make([]ingest.Record, Max)
	for i := range recs {
		recs[i] = ingest.Record{Kind: ingest.SessionRecord, Key: 1236000000000 + int64(i)*20, Seq: 1, Media: 1, Line: uint32(i),
			From: ingest.Party{User: ingest.ID(r.Intn(50000)), Endpoint: ingest.ID(r.Intn(80000)), Client: 3},
			To:   ingest.Party{User: ingest.ID(r.Intn(50000)), Endpoint: ingest.ID(r.Intn(80000)), Client: 4}, Server: 1}
		recs[i].At = recs[i].Key
	}
	block := Encode(nil, recs)
	b.ReportMetric(float64(len(block))/Max, "B/record")
	var out []ingest.Record
	for b.Loop() {
		out, _ = Decode(out[:0], block, 0)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/Max, "ns/record")
}
