package segment

import (
	"bytes"
	"math/rand"
	"reflect"
	"slices"
	"testing"

	"calaudit/ingest"
)

// random makes a row with every field set now and then.
func random(r *rand.Rand) Row {
	id := func() uint32 {
		if r.Intn(3) == 0 {
			return 0
		}
		return uint32(r.Intn(100000))
	}
	row := Row{Kind: ingest.Kind(1 + r.Intn(8)), Activity: ingest.Activity(r.Intn(10)), Media: ingest.Media(r.Intn(64)),
		Role: ingest.Role(r.Intn(4)), Flags: ingest.Flags(r.Intn(128)), Key: 1236000000000 + r.Int63n(86400000), Seq: uint64(1 + r.Intn(2)),
		From: id(), To: id(), Server: id(), Source: id(), Line: uint32(r.Intn(1 << 20))}
	row.At = row.Key + r.Int63n(5000) - 1000
	switch r.Intn(4) {
	case 0:
		row.Until = row.Key + r.Int63n(1e9)
	case 1:
		row.Seq, row.Sub = r.Uint64(), r.Uint64()
	case 2:
		row.Key, row.At = ingest.Undated, ingest.Undated
	}
	return row
}

func TestRecordsComeBackAsTheyWere(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	for range 200 {
		recs := make([]Row, r.Intn(300))
		for i := range recs {
			recs[i] = random(r)
		}
		slices.SortFunc(recs, func(a, b Row) int { return Compare(&a, &b) })
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
	recs := make([]Row, 500)
	for i := range recs {
		recs[i] = random(r)
	}
	sort := func() []byte {
		slices.SortFunc(recs, func(a, b Row) int { return Compare(&a, &b) })
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
			f = f.Field(r.Intn(f.NumField()))
			switch f.Kind() {
			case reflect.Int64:
				f.SetInt(f.Int() + 1)
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
		recs := make([]Row, n)
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
	recs := make([]Row, Max)
	for i := range recs {
		recs[i] = Row{Kind: ingest.SessionRecord, Key: 1236000000000 + int64(i)*200 + r.Int63n(200), Seq: 1, Media: ingest.Media(1 << r.Intn(5)),
			Line: uint32(i + r.Intn(2)), From: uint32(r.Intn(100000)), To: uint32(r.Intn(100000)), Server: 1}
		recs[i].At = recs[i].Key
	}
	block := Encode(nil, recs)
	var out []Row
	for b.Loop() {
		out, _ = Decode(out[:0], block, 0)
	}
	b.ReportMetric(float64(len(block))/Max, "B/record")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/Max, "ns/record")
}

func TestColumnsComeBackAsTheyWere(t *testing.T) {
	r := rand.New(rand.NewSource(6))
	for range 5000 {
		values := make([]uint64, 1+r.Intn(100))
		width, step := r.Intn(65), r.Intn(3)
		for i := range values {
			if values[i] = r.Uint64() >> (64 - width); width == 0 {
				values[i] = 7
			}
			if step > 0 && i > 0 {
				values[i] = values[i-1] + values[i]&0xfff - uint64(step-1)*5
			}
		}
		if r.Intn(4) == 0 {
			values[r.Intn(len(values))] = r.Uint64()
		}
		block := AppendColumn(nil, values)
		got := make([]uint64, len(values))
		in := NewReader(block)
		if in.Column(got); in.End() != nil || !slices.Equal(got, values) {
			t.Fatalf("%v came back as %v, %v", values, got, in.End())
		}
		if cut := NewReader(block[:len(block)-1]); true {
			if cut.Column(got); cut.End() == nil {
				t.Fatal("a cut column was read")
			}
		}
	}
}
