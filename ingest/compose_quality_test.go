package ingest

import (
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"
)

const minute = 60_000

// media is a session of the quality database whose caller is at pc1.
func media(seq uint64, at, length int64, from, to ID, change ...func(*Record)) Record {
	r := Record{Kind: QualityRecord, Key: at, At: at, Until: at + length, Seq: seq, From: Party{User: from, Device: pc1}, To: Party{User: to, Device: pc2}}
	for _, f := range change {
		f(&r)
	}
	return r
}

func sessionOf(at int64, seq uint64, from, to ID) Record {
	return Record{Kind: SessionRecord, Key: at, At: at, Seq: seq, Media: MediaAudio, From: Party{User: from, Endpoint: epA}, To: Party{User: to}}
}

func meetingOf(r *Record) { r.Flags, r.Sub, r.To = WebKind, 77, Party{User: bob} }

func TestACallThatBothDatabasesTellCountsOnceAndHasTheMachine(t *testing.T) {
	calls := func(from, to string) []string {
		return []string{"03-02 12:00:00 call-placed alice@contoso.com peer=bob@contoso.com media=audio" + from, "03-02 12:00:00 call-received bob@contoso.com peer=alice@contoso.com media=audio" + to}
	}
	cdr := sessionOf(noon, 1, alice, bob)
	dialog := Record{Kind: DialogRecord, Key: noon, At: noon, Seq: 1, Sub: 5}
	for name, tc := range map[string]struct {
		more []Record
		want []string
	}{
		"by time":                      {[]Record{media(9, noon+20_000, minute, alice, bob)}, calls(" device=host:pc1", " device=host:pc2")},
		"the other way round":          {[]Record{media(9, noon+20_000, minute, bob, alice)}, calls(" device=host:pc2", " device=host:pc1")},
		"with its card":                {[]Record{media(9, noon, minute, alice, bob), {Kind: QualityLineRecord, Key: noon + minute, At: noon + minute, Seq: 9, Media: MediaVideo, From: Party{Device: card}}}, []string{"03-02 12:00:00 call-placed alice@contoso.com peer=bob@contoso.com media=audio+video device=mac:00aa00000001 endpoint=host:pc1", "03-02 12:00:00 call-received bob@contoso.com peer=alice@contoso.com media=audio+video device=host:pc2"}},
		"by the dialog, clocks apart":  {[]Record{dialog, media(9, noon+100*minute, minute, alice, bob), {Kind: QualityDialogRecord, Key: noon, At: noon, Seq: 9, Sub: 5}}, calls(" device=host:pc1 endpoint=uuid:a", " device=host:pc2")},
		"by the dialog of the session": {[]Record{dialog, media(9, noon+100*minute, minute, alice, bob, func(r *Record) { r.Sub = 5 })}, calls(" device=host:pc1 endpoint=uuid:a", " device=host:pc2")},
		"another time": {[]Record{media(9, noon+4*minute, minute, alice, bob)}, append(calls(" endpoint=uuid:a", ""),
			"03-02 12:04:00 call-placed alice@contoso.com peer=bob@contoso.com device=host:pc1", "03-02 12:04:00 call-received bob@contoso.com peer=alice@contoso.com device=host:pc2")},
		"another peer": {[]Record{media(9, noon, minute, alice, carol)}, append(calls(" endpoint=uuid:a", ""),
			"03-02 12:00:00 call-placed alice@contoso.com peer=carol@contoso.com device=host:pc1", "03-02 12:00:00 call-received carol@contoso.com peer=alice@contoso.com device=host:pc2")},
		"one of two": {[]Record{media(9, noon+5_000, minute, alice, bob), media(10, noon+8_000, minute, alice, bob)}, append(calls(" device=host:pc1", " device=host:pc2"),
			"03-02 12:00:08 call-placed alice@contoso.com peer=bob@contoso.com device=host:pc1", "03-02 12:00:08 call-received bob@contoso.com peer=alice@contoso.com device=host:pc2")},
		"sharing is another use": {[]Record{media(9, noon, minute, alice, bob), {Kind: QualityLineRecord, Key: noon, At: noon, Seq: 9, Media: MediaSharing}}, append(calls(" endpoint=uuid:a", ""),
			"03-02 12:00:00 im-session alice@contoso.com peer=bob@contoso.com media=sharing device=host:pc1", "03-02 12:00:00 im-session bob@contoso.com peer=alice@contoso.com media=sharing device=host:pc2")},
	} {
		t.Run(name, func(t *testing.T) { wantLines(t, composed(append([]Record{cdr}, tc.more...)), tc.want...) })
	}
}

func TestACallOverTheTelephoneNetworkHasOneCountForItsTwoLegs(t *testing.T) {
	pstn := func(r *Record) { r.Flags |= ToPSTN }
	leg := func(r *Record) { r.Flags |= ToPSTN | FromPSTN | Relayed }
	want := []string{"03-02 12:00:00 call-placed alice@contoso.com peer=+12065550199 device=host:pc1", "03-02 12:00:00 call-received +12065550199 peer=alice@contoso.com"}
	a := media(9, noon, minute, alice, mobile, pstn)
	wantLines(t, composed([]Record{a}), want...)
	wantLines(t, composed([]Record{a, media(10, noon+200, minute, alice, mobile, leg)}), want...)
	wantLines(t, composed([]Record{media(10, noon, minute, alice, mobile, leg)}), "03-02 12:00:00 call-placed alice@contoso.com peer=+12065550199")
	wantLines(t, composed([]Record{media(10, noon, minute, desk, alice, leg)}), "03-02 12:00:00 call-received alice@contoso.com peer=+14255550100")
	// behind the gateway stands a person
	wantLines(t, composed([]Record{media(9, noon, minute, alice, bob, pstn)}), "03-02 12:00:00 call-placed alice@contoso.com device=host:pc1 pstn",
		"03-02 12:00:00 call-received bob@contoso.com peer=alice@contoso.com")
	// with the call records, which know the number from another table
	s := Record{Kind: SessionRecord, Key: noon, At: noon, Seq: 1, Media: MediaAudio, From: Party{User: alice}, To: Party{Client: mediation}}
	v := Record{Kind: VoiceRecord, Key: noon, At: noon, Seq: 1, Flags: ToPSTN, To: Party{User: mobile}}
	both := []string{"03-02 12:00:00 call-placed alice@contoso.com peer=+12065550199 media=audio device=host:pc1",
		"03-02 12:00:00 call-received +12065550199 peer=alice@contoso.com media=audio client=RTCC/2.0.6362.0 MediationServer"}
	wantLines(t, composed([]Record{s, v, a, media(10, noon+200, minute, alice, mobile, leg)}), both...)
	// The call records without the table VoipDetails do not tell the peer.
	wantLines(t, composed([]Record{s, a}), both[0], "03-02 12:00:00 call-received +12065550199 peer=alice@contoso.com")
}

func TestAttendingAMeetingCountsOnceForEachMachine(t *testing.T) {
	conf := Record{Kind: ConferenceRecord, Key: noon, At: noon, Seq: 1, Flags: WebKind, From: Party{User: bob}}
	join := Record{Kind: JoinRecord, Key: noon, At: noon + minute, Until: noon + 30*minute, Seq: 1, Role: Attendee, From: Party{User: alice, Endpoint: epA}}
	organized := "03-02 12:00:00 conference-organized bob@contoso.com role=organizer"
	again := media(10, noon+20*minute, minute, alice, bob, meetingOf)
	alone := "03-02 12:02:00 conference-attended alice@contoso.com peer=bob@contoso.com device=host:pc1"
	both := "03-02 12:01:00 conference-attended alice@contoso.com peer=bob@contoso.com role=attendee device=host:pc1"
	first := media(9, noon+2*minute, 5*minute, alice, bob, meetingOf)
	wantLines(t, composed([]Record{first}), alone)
	wantLines(t, composed([]Record{first, again}), alone)
	wantLines(t, composed([]Record{first, media(11, noon+40*minute, minute, alice, bob, meetingOf, func(r *Record) { r.Sub = 78 })}), alone,
		"03-02 12:40:00 conference-attended alice@contoso.com peer=bob@contoso.com device=host:pc1")
	wantLines(t, composed([]Record{conf, join, first, again}), organized, both)
	// at a second machine it is a second use
	wantLines(t, composed([]Record{conf, join, first, media(10, noon+3*minute, minute, alice, bob, meetingOf, func(r *Record) { r.From.Device = pc2 })}), organized, both,
		"03-02 12:03:00 conference-attended alice@contoso.com peer=bob@contoso.com device=host:pc2")
	// long after the attendance ended, or with another organiser, it is another one
	wantLines(t, composed([]Record{conf, join, media(9, noon+40*minute, minute, alice, bob, meetingOf)}), organized,
		"03-02 12:01:00 conference-attended alice@contoso.com peer=bob@contoso.com role=attendee endpoint=uuid:a",
		"03-02 12:40:00 conference-attended alice@contoso.com peer=bob@contoso.com device=host:pc1")
	wantLines(t, composed([]Record{conf, join, media(9, noon+2*minute, minute, alice, carol, meetingOf, func(r *Record) { r.To.User = carol })}), organized,
		"03-02 12:01:00 conference-attended alice@contoso.com peer=bob@contoso.com role=attendee endpoint=uuid:a",
		"03-02 12:02:00 conference-attended alice@contoso.com peer=carol@contoso.com device=host:pc1")
	// the organiser attends; the server called
	wantLines(t, composed([]Record{media(9, noon, minute, bob, bob, meetingOf, func(r *Record) { r.Flags |= Turned }),
		{Kind: QualityLineRecord, Key: noon, At: noon, Seq: 9, Media: MediaAudio, From: Party{Device: mac1}, To: Party{Device: card}}}),
		"03-02 12:00:00 conference-attended bob@contoso.com media=audio device=mac:00aa00000001 endpoint=host:pc1")
	// somebody who dialled in
	wantLines(t, composed([]Record{media(9, noon, minute, mobile, bob, meetingOf, func(r *Record) { r.Flags |= FromPSTN })}),
		"03-02 12:00:00 conference-attended +12065550199 peer=bob@contoso.com")
}

// The parts of a day, and what concerns one person alone, give what the whole
// day gives.
func TestComposingInPartsOrForOnePersonIsTheSame(t *testing.T) {
	linked := 0
	for seed := range int64(3000) {
		rng := rand.New(rand.NewSource(seed))
		day := randomDay(rng)
		var c Composer
		want := slices.Clone(c.Facts(day, composeText))
		var got []Fact
		take := func(list []Fact) { got = append(got, list...) }
		of := func(fits func(*Record) bool) (part []Record) {
			for _, r := range day {
				if fits(&r) {
					part = append(part, r)
				}
			}
			return part
		}
		c.Begin(of(func(r *Record) bool { return Beside(r.Kind, r.Flags) }), composeText)
		start := noon - noon%dayMillis
		for second := range int64(3) {
			take(c.Part(of(func(r *Record) bool { return !hashed(r.Kind) && !r.Kind.Quality() && r.Key == start+second*1000 })))
		}
		take(c.Part(of(func(r *Record) bool { return hashed(r.Kind) })))
		take(c.Rest())
		lines := func(list []Fact, user ID) (lines []string) {
			for _, f := range list {
				if user == 0 || f.User == user {
					lines = append(lines, fmt.Sprint(factText(f, composeText), " ", f.File, ":", f.Line))
				}
			}
			slices.Sort(lines)
			return lines
		}
		if w, g := lines(want, 0), lines(got, 0); !slices.Equal(w, g) {
			t.Fatalf("seed %d\nwhole %s\nparts %s", seed, strings.Join(w, "\n"), strings.Join(g, "\n"))
		}
		for _, f := range want {
			linked += one(f.Device == pc1 && f.Activity == CallPlaced)
		}
		for _, user := range []ID{alice, bob, mobile} {
			keys := map[[3]uint64]bool{}
			key := func(r *Record) [3]uint64 {
				switch {
				case r.Kind.Quality():
					return [3]uint64{9, 0, r.Seq}
				case hashed(r.Kind):
					return [3]uint64{8, 0, r.Seq}
				}
				return [3]uint64{uint64(family(r.Kind)), uint64(r.Key), r.Seq}
			}
			for _, r := range day {
				if r.From.User == user || r.To.User == user {
					keys[key(&r)] = true
				}
			}
			some := c.Facts(of(func(r *Record) bool { return keys[key(r)] }), composeText)
			if w, g := lines(want, user), lines(some, user); !slices.Equal(w, g) {
				t.Fatalf("seed %d, %s\nwhole %s\nalone %s", seed, composeNames[user].Text, strings.Join(w, "\n"), strings.Join(g, "\n"))
			}
		}
	}
	if linked == 0 {
		t.Error("nothing was ever linked")
	}
}

// However many sessions somebody has about one time, the work is bounded: some
// are held against the call records, the others count.
func TestSessionsWithoutNumberOfOnePartyEnd(t *testing.T) {
	var day []Record
	for i := range 60_000 {
		day = append(day, media(uint64(i+1), noon, minute, alice, bob), sessionOf(noon, uint64(i+1), alice, bob))
	}
	facts := new(Composer).Facts(day, composeText)
	if want := 2 * (2*60_000 - mostCompared); len(facts) != want {
		t.Errorf("%d facts, want %d", len(facts), want)
	}
}

func TestTheCallIDIsReadFromTextAndFromBytes(t *testing.T) {
	text := "8f3a12b7@10.0.0.5;abc;def"
	if a, b := callHash([]byte(text)), callHash([]byte("0x"+fmt.Sprintf("%X", text))); a != b || a == 0 {
		t.Errorf("%x, %x", a, b)
	}
	if callHash([]byte("8f3a12b7@10.0.0.5;xyz;uvw")) != callHash([]byte(text)) || callHash([]byte("8f3a12b8@10.0.0.5;abc;def")) == callHash([]byte(text)) {
		t.Error("tags count, or the Call-ID does not")
	}
	for _, none := range []string{"", ";a;b", "0x", "0x3B61"} {
		if callHash([]byte(none)) != 0 {
			t.Errorf("%q names a dialog", none)
		}
	}
}
