package ingest

import (
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"
	"time"
)

// composeNames are the texts that tests of Compose use, by id.
var composeNames = []Name{{}, {UserName, "alice@contoso.com"}, {UserName, "bob@contoso.com"}, {UserName, "carol@contoso.com"},
	{UserName, "+12065550199"}, {UserName, "fred@fabrikam.com"}, {EndpointName, "uuid:a"}, {EndpointName, "uuid:b"}, {DeviceName, "mac:0004f2112233"},
	{ClientName, "UCCAPI/3.5.6907.0 OC/3.5.6907.0 (Microsoft Office Communicator 2007 R2)"}, {ClientName, "CPE/1.0.522.101 OCPhone/1.0.522.101"},
	{ClientName, "RTCC/2.0.6362.0 MediationServer"}, {ServerName, "fe1.contoso.com"}, {ServerName, "pool1.contoso.com"}, {SourceName, "pbx"}, {UserName, "+14255550100"},
	{DeviceName, "host:pc1"}, {DeviceName, "host:pc2"}, {DeviceName, "mac:00aa00000001"}}

const (
	alice ID = iota + 1
	bob
	carol
	mobile
	fred
	epA
	epB
	mac1
	oc
	ocPhone
	mediation
	fe1
	pool1
	pbx
	desk
	pc1
	pc2
	card
)

func composeText(id ID) Name { return composeNames[id] }

var noon = time.Date(2009, 3, 2, 12, 0, 0, 0, time.UTC).UnixMilli()

func composed(day []Record) []string {
	var lines []string
	for _, f := range composeIn(day, composeText) {
		lines = append(lines, factText(f, composeText))
	}
	slices.Sort(lines)
	return lines
}

func login(user ID, at int64) Record {
	return Record{Kind: LoginRecord, Key: at, At: at, Seq: 1, From: Party{User: user}}
}

// The five cases in which the vendor's own counter (Get-CsClientAccessLicense)
// documents that it counts wrongly.
func TestComposeMiscounts(t *testing.T) {
	t.Run("a user who moves is one user", func(t *testing.T) {
		a, b := login(alice, noon), login(alice, noon+1000)
		a.From.Endpoint, b.From.Endpoint = epA, epA
		for _, f := range composeIn([]Record{a, b}, composeText) {
			if f.User != alice || f.Endpoint != epA || f.Device != 0 {
				t.Errorf("%+v", f)
			}
		}
	})
	t.Run("a mobile client without an address is counted", func(t *testing.T) {
		wantLines(t, composed([]Record{login(bob, noon)}), "03-02 12:00:00 im-login bob@contoso.com")
	})
	t.Run("the number of a call is no second person", func(t *testing.T) {
		s := Record{Kind: SessionRecord, Key: noon, At: noon, Seq: 1, Media: MediaAudio, From: Party{User: alice}, To: Party{User: desk, Client: mediation}}
		v := Record{Kind: VoiceRecord, Key: noon, At: noon, Seq: 1, Flags: ToPSTN, To: Party{User: mobile}}
		wantLines(t, composed([]Record{s, v}),
			"03-02 12:00:00 call-placed alice@contoso.com peer=+12065550199 media=audio",
			"03-02 12:00:00 call-received +12065550199 peer=alice@contoso.com media=audio client=RTCC/2.0.6362.0 MediationServer")
	})
	t.Run("a desk phone signed in before the window", func(t *testing.T) {
		r := login(carol, cdrFrom-90*dayMillis)
		r.Flags, r.From.Client = Open, ocPhone
		wantLines(t, composed([]Record{r}), "01-01 00:00:00 im-login carol@contoso.com client=CPE/1.0.522.101 OCPhone/1.0.522.101")
	})
	t.Run("a caller who dials into a meeting", func(t *testing.T) {
		c := Record{Kind: ConferenceRecord, Key: noon, At: noon, Seq: 1, From: Party{User: alice}}
		j := Record{Kind: ServerJoinRecord, Key: noon, At: noon, Seq: 1, Flags: WebKind | FromPSTN, From: Party{User: mobile}}
		k := j
		k.From.User = carol
		wantLines(t, composed([]Record{c, j, k}),
			"03-02 12:00:00 conference-organized alice@contoso.com role=organizer",
			"03-02 12:00:00 conference-attended +12065550199 peer=alice@contoso.com",
			"03-02 12:00:00 conference-attended carol@contoso.com peer=alice@contoso.com class=pstn")
	})
}

func TestComposeLogin(t *testing.T) {
	for name, tc := range map[string]struct {
		at, until int64
		flags     Flags
		device    ID
		want      string
	}{
		"inside":            {at: noon, want: "03-02 12:00:00 im-login alice@contoso.com"},
		"after":             {at: cdrTo, want: ""},
		"before":            {at: cdrFrom - 1, want: ""},
		"ended before":      {at: cdrFrom - 2, until: cdrFrom - 1, want: ""},
		"into the window":   {at: cdrFrom - 2, until: cdrFrom + 1000, want: "01-01 00:00:01 im-login alice@contoso.com"},
		"across the window": {at: cdrFrom - 2, until: cdrTo + 5, want: "03-31 23:59:59 im-login alice@contoso.com"},
		"lost end":          {at: cdrFrom - 2, flags: Open, want: ""},
		"phone":             {at: cdrFrom - 2, flags: Open, device: mac1, want: "01-01 00:00:00 im-login alice@contoso.com device=mac:0004f2112233"},
		"end before start":  {at: cdrFrom - 2, until: cdrFrom - 9, want: ""},
		"undated":           {at: Undated, want: "undated im-login alice@contoso.com"},
	} {
		r := login(alice, tc.at)
		r.Until, r.Flags, r.From.Device = tc.until, tc.flags, tc.device
		if got := strings.Join(composed([]Record{r}), "; "); got != tc.want {
			t.Errorf("%s: %s", name, got)
		}
	}
	open, ended := login(alice, noon), login(alice, noon)
	open.Flags, ended.Until, ended.From.Endpoint = Open, noon+5, epA
	wantLines(t, composed([]Record{open, ended}), "03-02 12:00:00 im-login alice@contoso.com endpoint=uuid:a")
}

func TestComposePlain(t *testing.T) {
	row := func(f func(*Record)) Record {
		r := Record{Kind: PlainRecord, Activity: IMSession, Key: noon, At: noon, Seq: 7, Sub: 8, Flags: Keyed, From: Party{User: alice}, Source: pbx}
		f(&r)
		return r
	}
	later := row(func(r *Record) { r.At, r.Key = noon+1, noon+1; r.To.User = 0 })
	peer := row(func(r *Record) { r.To.User = bob })
	none := row(func(r *Record) { r.From.Client = oc })
	wantLines(t, composed([]Record{later, peer, none, none}), "03-02 12:00:00 im-session alice@contoso.com client="+composeNames[oc].Text)
	wantLines(t, composed([]Record{
		row(func(r *Record) { r.Seq, r.Activity, r.At = 1, IMIdentity, cdrFrom-1 }),
		row(func(r *Record) { r.Seq, r.Activity, r.At = 2, VoiceExtension, cdrTo }),
		row(func(r *Record) { r.Seq, r.At = 3, cdrFrom-1 }),
		row(func(r *Record) { r.Seq, r.At, r.Activity = 4, Undated, CallPlaced }),
	}), "12-31 23:59:59 im-identity alice@contoso.com", "undated call-placed alice@contoso.com")
}

// Two databases may use one key for different sessions.
func TestComposeCollision(t *testing.T) {
	im := Record{Kind: SessionRecord, Key: noon, At: noon, Seq: 1, Media: MediaIM, From: Party{User: alice}, To: Party{User: bob}}
	call := Record{Kind: SessionRecord, Key: noon, At: noon, Seq: 1, Media: MediaAudio, From: Party{User: desk}, To: Party{User: carol}}
	other := Record{Kind: SessionRecord, Key: noon, At: noon, Seq: 1, Media: MediaAudio, From: Party{User: bob}, To: Party{User: carol}}
	v := Record{Kind: VoiceRecord, Key: noon, At: noon, Seq: 1, Flags: FromPSTN, From: Party{User: mobile}}
	m := Record{Kind: MediaRecord, Key: noon, At: noon, Seq: 1, Media: MediaVideo}
	wantLines(t, composed([]Record{im, call, other, v, m}),
		"03-02 12:00:00 im-session alice@contoso.com peer=bob@contoso.com media=im",
		"03-02 12:00:00 im-session bob@contoso.com peer=alice@contoso.com media=im",
		"03-02 12:00:00 call-placed +12065550199 peer=carol@contoso.com media=audio",
		"03-02 12:00:00 call-received carol@contoso.com peer=+12065550199 media=audio",
		"03-02 12:00:00 call-placed bob@contoso.com peer=carol@contoso.com media=audio",
		"03-02 12:00:00 call-received carol@contoso.com peer=bob@contoso.com media=audio")
}

// A session may name its parties in either order when the starter is NULL; the
// one without an address is the one on the telephone network. Messages beside
// a call are a use of their own.
func TestComposeTurned(t *testing.T) {
	s := Record{Kind: SessionRecord, Key: noon, At: noon, Seq: 1, Media: MediaAudio | MediaIM, From: Party{User: alice, Client: oc}, To: Party{Client: mediation}, Line: 3}
	v := Record{Kind: VoiceRecord, Key: noon, At: noon, Seq: 1, Flags: FromPSTN, From: Party{User: mobile}, To: Party{User: desk}, Line: 9}
	wantLines(t, composed([]Record{s, v}),
		"03-02 12:00:00 call-placed +12065550199 peer=alice@contoso.com media=audio client=RTCC/2.0.6362.0 MediationServer",
		"03-02 12:00:00 call-received alice@contoso.com peer=+12065550199 media=audio client="+composeNames[oc].Text,
		"03-02 12:00:00 im-session alice@contoso.com media=im client="+composeNames[oc].Text)
	for _, f := range composeIn([]Record{s, v}, composeText) {
		if want := map[ID]uint32{alice: 3, mobile: 9}[f.User]; f.Line != want {
			t.Errorf("evidence of %s is line %d, want %d", composeText(f.User).Text, f.Line, want)
		}
	}
}

// The kind of a conference is what all records of it tell together, whoever they
// speak of: group IM alone is none, and one that nobody tells is marked.
func TestComposeAttestedConferences(t *testing.T) {
	row := func(meeting, sub uint64, user ID, kind Flags, a Activity) Record {
		return Record{Kind: AttestedRecord, Activity: a, Key: noon, At: noon, Seq: meeting, Sub: sub, From: Party{User: user}, Flags: kind}
	}
	wantLines(t, composed([]Record{
		row(1, 1, alice, 0, ConferenceOrganized), row(1, 2, alice, ChatKind, ConferenceAttended), row(1, 3, bob, 0, ConferenceAttended),
		row(2, 1, alice, 0, ConferenceOrganized), row(2, 2, alice, ChatKind, ConferenceAttended), row(2, 3, bob, WebKind, ConferenceAttended),
		row(3, 1, alice, 0, ConferenceOrganized), row(3, 3, bob, 0, ConferenceAttended),
		{Kind: PlainRecord, Activity: ConferenceAttended, Key: noon, At: noon, Seq: 3, Sub: 9, Flags: WebKind, From: Party{User: carol}},
	}),
		"03-02 12:00:00 im-session alice@contoso.com", "03-02 12:00:00 im-session alice@contoso.com", "03-02 12:00:00 im-session bob@contoso.com",
		"03-02 12:00:00 conference-organized alice@contoso.com", "03-02 12:00:00 conference-attended alice@contoso.com", "03-02 12:00:00 conference-attended bob@contoso.com",
		"03-02 12:00:00 conference-organized alice@contoso.com untold", "03-02 12:00:00 conference-attended bob@contoso.com untold",
		"03-02 12:00:00 conference-attended carol@contoso.com")
}

// Somebody whom one hop knows by a number and another by an address is the
// person of the address, in whatever order they come.
func TestComposeAttestedPrefersAnAddressToANumber(t *testing.T) {
	number := Record{Kind: AttestedRecord, Activity: CallReceived, Key: noon, At: noon, Seq: 1, Sub: 2, From: Party{User: mobile}, To: Party{User: mobile}}
	address := number
	address.At, address.From.User, address.To.User = noon+5, bob, alice
	for _, list := range [][]Record{{number, address}, {address, number}} {
		wantLines(t, composed(list), "03-02 12:00:00 call-received bob@contoso.com peer=alice@contoso.com")
	}
}

// What several hops or tools attest of one use is one fact, at its first time,
// with all that any of them knows.
func TestComposeAttested(t *testing.T) {
	row := func(f func(*Record)) Record {
		r := Record{Kind: AttestedRecord, Activity: IMSession, Key: noon, At: noon, Seq: 7, Sub: 8, From: Party{User: alice}}
		f(&r)
		return r
	}
	later := row(func(r *Record) { r.At, r.Key = noon+90_000, noon+90_000; r.To.User, r.Server = bob, fe1 })
	first := row(func(r *Record) { r.From.Client = oc })
	other := row(func(r *Record) { r.Sub = 9; r.From.Endpoint = epA })
	wantLines(t, composed([]Record{later, first, other, later}),
		"03-02 12:00:00 im-session alice@contoso.com endpoint=uuid:a",
		"03-02 12:00:00 im-session alice@contoso.com peer=bob@contoso.com client="+composeNames[oc].Text+" server=fe1.contoso.com")
}

// randomDay makes records with few keys, so that all the ways in which rows
// meet occur.
func randomDay(rng *rand.Rand) []Record {
	pick := func(ids ...ID) ID { return ids[rng.Intn(len(ids))] }
	party := func() Party {
		return Party{User: pick(0, alice, bob, carol, mobile, fred, desk), Device: pick(0, 0, mac1), Endpoint: pick(0, epA, epB),
			Client: pick(0, oc, ocPhone, mediation), Class: Class(rng.Intn(3))}
	}
	start := noon - noon%dayMillis
	day := make([]Record, rng.Intn(40))
	for i := range day {
		key := start + int64(rng.Intn(3))*1000
		r := Record{Kind: Kind(1 + rng.Intn(int(QualityDialogRecord))), Key: key, At: key + int64(rng.Intn(3))*dayMillis/2, Seq: uint64(1 + rng.Intn(2)),
			Media: Media(rng.Intn(64)) & 7, Server: pick(0, fe1, pool1), From: party(), File: uint32(rng.Intn(3)), Line: uint32(i)}
		switch r.Kind {
		case LoginRecord:
			r.Flags = Flags(rng.Intn(2)) * Open
		case SessionRecord:
			r.To, r.At = party(), key
		case VoiceRecord:
			r = Record{Kind: r.Kind, Key: key, At: key, Seq: r.Seq, Flags: Flags(rng.Intn(4)) * FromPSTN, From: Party{User: pick(0, mobile, desk)}, To: Party{User: pick(0, mobile, desk)}}
		case MediaRecord:
			r.From, r.At = Party{}, key
		case ConferenceRecord, JoinRecord, ServerJoinRecord:
			r.Flags = []Flags{0, 0, ChatKind, WebKind, FromPSTN}[rng.Intn(5)]
			r.Role = Role(rng.Intn(4))
			if r.Kind == ConferenceRecord {
				r.Sub = uint64(rng.Intn(4))
			}
		case DialogRecord:
			r = Record{Kind: r.Kind, Key: key, At: key, Seq: r.Seq, Sub: uint64(1 + rng.Intn(3))}
		case QualityRecord:
			r.Flags = []Flags{0, 0, FromPSTN, ToPSTN, WebKind, WebKind | Turned, WebKind | FromPSTN, Relayed | ToPSTN}[rng.Intn(8)]
			r.To, r.Sub, r.Until = party(), uint64(rng.Intn(4)), key+int64(rng.Intn(2))*600_000
			r.From.Device, r.To.Device, r.From.Endpoint, r.To.Endpoint = pick(0, pc1, pc2), pick(0, pc1, pc2), 0, 0
		case QualityLineRecord:
			r.From, r.To = Party{Device: pick(0, mac1)}, Party{Device: pick(0, mac1)}
			r.Media = []Media{MediaAudio, MediaVideo, MediaSharing}[rng.Intn(3)]
		case QualityDialogRecord:
			r = Record{Kind: r.Kind, Key: key, At: key, Seq: r.Seq, Sub: uint64(1 + rng.Intn(3))}
		case AttestedRecord:
			r.Activity, r.Sub, r.Flags, r.To = Activity(1+rng.Intn(9)), uint64(r.From.User), Flags(rng.Intn(2))*ToPSTN, Party{User: pick(0, bob)}
			if rng.Intn(2) == 0 {
				a := []Activity{IMSession, CallPlaced, CallReceived, ConferenceOrganized, ConferenceAttended}[rng.Intn(5)]
				r.Activity, r.Seq, r.Flags = a, uint64(1+rng.Intn(3)), r.Flags|Linked
				if r.Sub = uint64(r.From.User)<<8 | uint64(a); a.Conference() {
					r.Flags |= []Flags{0, ChatKind, WebKind}[rng.Intn(3)]
				}
			}
		case PlainRecord:
			r.Activity, r.Sub, r.Flags, r.To = Activity(1+rng.Intn(9)), 1, Keyed, Party{User: pick(0, bob)}
			if r.From.Device != 0 {
				r.From.Endpoint = 0
			}
		}
		day[i] = r
	}
	return day
}

// The order and the repetition of records never matter, nor do the numbers
// that the texts happen to have.
func TestComposeOrderProperty(t *testing.T) {
	for seed := range int64(3000) {
		rng := rand.New(rand.NewSource(seed))
		day := randomDay(rng)
		want := composed(day)
		first := composeIn(day, composeText)
		more := append(slices.Clone(day), day...)
		rng.Shuffle(len(more), func(i, j int) { more[i], more[j] = more[j], more[i] })
		for range rng.Intn(10) {
			more = more[:max(len(day), len(more)-1)]
		}
		more = append(more, day...)
		before := slices.Clone(more)
		if got := composeIn(more, composeText); !slices.Equal(got, first) {
			t.Fatalf("seed %d: order or repetition matters:\n%v\n%v", seed, composed(more), want)
		}
		if !slices.Equal(more, before) {
			t.Fatalf("seed %d: the input was changed", seed)
		}
		perm := rng.Perm(len(composeNames) - 1)
		renamed := make([]Name, len(composeNames))
		to := func(id *ID) {
			if *id != 0 {
				*id = ID(perm[*id-1] + 1)
			}
		}
		for i, n := range composeNames[1:] {
			renamed[perm[i]+1] = n
		}
		other := slices.Clone(day)
		for i := range other {
			r := &other[i]
			for _, id := range []*ID{&r.Server, &r.Source, &r.From.User, &r.From.Device, &r.From.Endpoint, &r.From.Client, &r.To.User, &r.To.Device, &r.To.Endpoint, &r.To.Client} {
				to(id)
			}
		}
		var got []string
		text := func(id ID) Name { return renamed[id] }
		for _, f := range composeIn(other, text) {
			got = append(got, factText(f, text))
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d: numbering matters:\n%s\n%s", seed, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// What one row tells may be split over two readings of it.
func TestComposeSplitKnowledgeProperty(t *testing.T) {
	for seed := range int64(3000) {
		rng := rand.New(rand.NewSource(seed))
		var whole, split []Record
		for i, r := range randomDay(rng) {
			if hashed(r.Kind) || r.Kind == MediaRecord || r.Kind == DialogRecord || r.Kind.Quality() {
				continue
			}
			// every row has a key of its own, but for voice and session together
			r.Key += int64(i/2*2) * 60000
			r.Seq, r.File, r.Line = 1, 0, 0
			if r.Kind != VoiceRecord && r.Kind != SessionRecord || i%2 == 1 && r.Kind == SessionRecord {
				r.Seq = uint64(i) + 2
			}
			r.At = r.Key + 60000
			whole = append(whole, r)
			a, b := r, r
			forget := func(x, y *ID) {
				switch rng.Intn(3) {
				case 0:
					*x = 0
				case 1:
					*y = 0
				}
			}
			forget(&a.From.Client, &b.From.Client)
			forget(&a.To.Client, &b.To.Client)
			forget(&a.Server, &b.Server)
			if r.Kind == SessionRecord {
				forget(&a.From.User, &b.From.User)
				forget(&a.To.User, &b.To.User)
			}
			if rng.Intn(2) == 0 {
				a.From.Class, b.To.Class = NoClass, NoClass
			}
			if rng.Intn(2) == 0 {
				a.Flags &^= ChatKind | WebKind
			}
			split = append(split, a, b)
		}
		if w, s := composed(whole), composed(split); !slices.Equal(w, s) {
			t.Fatalf("seed %d\nwhole %s\nsplit %s", seed, strings.Join(w, "\n"), strings.Join(s, "\n"))
		}
	}
}

func TestComposeSortSlots(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	for _, n := range []int{0, 1, 2, 5000, 20000} {
		for _, span := range []int64{1, 1000, dayMillis, 1 << 40} {
			s := make([]composeSlot, n)
			for i := range s {
				s[i] = composeSlot{noon + rng.Int63n(span), uint32(i)}
			}
			sortSlots(s)
			if !slices.IsSortedFunc(s, func(a, b composeSlot) int { return int(min(1, max(-1, a.key-b.key))) }) {
				t.Errorf("%d slots over %d ms are not sorted", n, span)
			}
		}
	}
}

// BenchmarkCompose composes a day of a large site, in the order of time, as
// one export holds it, and in no order, the worst case for the caches.
func BenchmarkCompose(b *testing.B) {
	day, text := benchDay()
	for _, name := range []string{"random", "sorted"} {
		b.Run(name, func(b *testing.B) {
			if name == "sorted" {
				day = slices.SortedStableFunc(slices.Values(day), func(x, y Record) int { return int(x.Key - y.Key) })
			}
			b.ReportAllocs()
			for b.Loop() {
				composeIn(day, text)
			}
			b.ReportMetric(float64(len(day))*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrecords/s")
		})
	}
}

func benchDay() ([]Record, func(ID) Name) {
	const users, rows = 50000, 170000
	names := slices.Clone(composeNames)
	for i := range users {
		names = append(names, Name{UserName, fmt.Sprintf("user%d@contoso.com", i)})
	}
	rng := rand.New(rand.NewSource(1))
	user := func() ID { return ID(len(composeNames) + rng.Intn(users)) }
	start := noon - noon%dayMillis
	day := make([]Record, rows)
	for i := range day {
		key := start + rng.Int63n(dayMillis)
		day[i] = Record{Kind: SessionRecord, Media: MediaIM, Key: key, At: key, Seq: 1, From: Party{User: user(), Client: oc, Class: Hosted},
			To: Party{User: user(), Client: ocPhone, Class: Hosted}, Server: fe1, Line: uint32(i)}
		if i%8 == 0 {
			day[i].Kind = LoginRecord
		}
		if i%5 == 0 && i > 0 {
			day[i] = Record{Kind: VoiceRecord, Key: day[i-1].Key, At: day[i-1].Key, Seq: 1, Flags: ToPSTN, To: Party{User: mobile}}
		}
	}
	return day, func(id ID) Name { return names[id] }
}

// composeIn composes a day and keeps what counts in the window of the tests.
func composeIn(day []Record, text func(ID) Name) []Fact {
	var in []Fact
	for _, f := range Compose(day, text) {
		if at, ok := f.In(cdrFrom, cdrTo); ok {
			f.At, f.Until = at, 0
			in = append(in, f)
		}
	}
	return in
}

func TestFactsCountInTheWindowThatTheyTouch(t *testing.T) {
	at := func(d, h, m, s, ms int) int64 {
		return time.Date(2009, 1, d, h, m, s, ms*1e6, time.UTC).UnixMilli()
	}
	from, to := at(1, 0, 0, 0, 0), at(3, 0, 0, 0, 0)
	for _, c := range []struct {
		at, until int64
		activity  Activity
		counts    bool
		when      int64
	}{
		{at(1, 0, 0, 0, 0), 0, IMLogin, true, from},
		{at(2, 23, 59, 59, 999), 0, IMLogin, true, to - 1},
		{to, 0, IMLogin, false, 0},
		{from - 1, 0, IMLogin, false, 0},
		{from - 1, from, IMLogin, true, from},
		{from - 9, from - 1, IMLogin, false, 0},
		{from - 1, to + 5, IMLogin, true, to - 1},
		{from - 1, LastsOn, IMLogin, true, from},
		{from + 7, LastsOn, IMLogin, true, from + 7},
		{to, LastsOn, IMLogin, false, 0},
		{from - 1, 0, IMIdentity, true, from - 1},
		{to, 0, VoiceExtension, false, 0},
		{Undated, 0, IMLogin, true, Undated},
	} {
		f := Fact{At: c.at, Until: c.until, Activity: c.activity, User: 1}
		if when, ok := f.In(from, to); ok != c.counts || ok && when != c.when {
			t.Errorf("%+v: %d, %v", c, when, ok)
		}
	}
}
