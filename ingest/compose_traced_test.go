package ingest

import (
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"
)

// traced is what a trace tells of alice: calling bob in the session with
// Call-ID 5, at her endpoint.
func traced(change ...func(*Record)) Record {
	r := Record{Kind: AttestedRecord, Activity: CallPlaced, Flags: Linked, Media: MediaAudio, Key: noon + 300, At: noon + 300, Seq: 1<<40 | 5, Sub: 1,
		Server: fe1, From: Party{User: alice, Endpoint: epA, Client: oc}, To: Party{User: bob}}
	for _, f := range change {
		f(&r)
	}
	return r
}

func TestACallThatATraceTellsTooCountsOnce(t *testing.T) {
	call := func(more string) string {
		return "03-02 12:00:00 call-placed alice@contoso.com peer=bob@contoso.com media=audio" + more
	}
	answered := "03-02 12:00:00 call-received bob@contoso.com peer=alice@contoso.com media=audio"
	own := "03-02 12:00:00 call-placed alice@contoso.com peer=bob@contoso.com media=audio endpoint=uuid:a client=UCCAPI/3.5.6907.0 OC/3.5.6907.0 (Microsoft Office Communicator 2007 R2) server=fe1.contoso.com"
	knows := " endpoint=uuid:a client=UCCAPI/3.5.6907.0 OC/3.5.6907.0 (Microsoft Office Communicator 2007 R2) server=fe1.contoso.com"
	cdr := Record{Kind: SessionRecord, Key: noon, At: noon, Seq: 1, Media: MediaAudio, From: Party{User: alice}, To: Party{User: bob}}
	dialog := Record{Kind: DialogRecord, Key: noon, At: noon, Seq: 1, Sub: 5}
	atPC := func(s string) string {
		return "03-02 12:00:00 call-placed alice@contoso.com peer=bob@contoso.com media=audio device=host:pc1" + s
	}
	for name, c := range map[string]struct {
		day  []Record
		want []string
	}{
		"alone":                   {[]Record{traced()}, []string{own}},
		"by the Call-ID":          {[]Record{cdr, dialog, traced()}, []string{call(knows), answered}},
		"hours apart":             {[]Record{cdr, dialog, traced(func(r *Record) { r.At += 3 * 60 * minute })}, []string{call(knows), answered}},
		"without Dialogs by time": {[]Record{cdr, traced()}, []string{call(knows), answered}},
		"without Dialogs, later": {[]Record{cdr, traced(func(r *Record) { r.At += 4 * minute })},
			[]string{call(""), answered, "03-02 12:04:00" + own[len("03-02 12:00:00"):]}},
		"another Call-ID": {[]Record{cdr, dialog, traced(func(r *Record) { r.Seq++ })}, []string{call(""), answered, own}},
		"another peer": {[]Record{cdr, traced(func(r *Record) { r.To.User = carol })},
			[]string{call(""), answered, "03-02 12:00:00 call-placed alice@contoso.com peer=carol@contoso.com media=audio" + knows}},
		// A call to the telephone network decides a verdict.
		"another peer of the same Call-ID": {[]Record{cdr, dialog, traced(func(r *Record) { r.To.User = mobile })},
			[]string{call(""), answered, "03-02 12:00:00 call-placed alice@contoso.com peer=+12065550199 media=audio" + knows}},
		"a peer that the call records do not know": {[]Record{{Kind: SessionRecord, Key: noon, At: noon, Seq: 1, Media: MediaAudio, From: Party{User: alice}}, dialog, traced(func(r *Record) { r.To.User = mobile })},
			[]string{"03-02 12:00:00 call-placed alice@contoso.com peer=+12065550199 media=audio" + knows}},
		// So does a class, and a contradiction is not to be hidden.
		"another class": {[]Record{{Kind: SessionRecord, Key: noon, At: noon, Seq: 1, Media: MediaAudio, From: Party{User: alice, Class: Hosted}, To: Party{User: bob}}, dialog,
			traced(func(r *Record) { r.From.Class = Federated })},
			[]string{"03-02 12:00:00 call-placed alice@contoso.com peer=bob@contoso.com class=hosted media=audio", answered,
				"03-02 12:00:00 call-placed alice@contoso.com peer=bob@contoso.com class=federated media=audio" + knows}},
		"a class that the call records do not know": {[]Record{cdr, dialog, traced(func(r *Record) { r.From.Class = Federated })},
			[]string{"03-02 12:00:00 call-placed alice@contoso.com peer=bob@contoso.com class=federated media=audio" + knows, answered}},
		"messages are another use": {[]Record{cdr, dialog, traced(func(r *Record) { r.Activity, r.Media = IMSession, MediaIM })},
			[]string{call(""), answered, "03-02 12:00:00 im-session alice@contoso.com peer=bob@contoso.com media=im" + knows}},
		"messages in both": {[]Record{{Kind: SessionRecord, Key: noon, At: noon, Seq: 1, Media: MediaIM, From: Party{User: alice}, To: Party{User: bob}}, dialog,
			traced(func(r *Record) { r.Activity, r.Media = IMSession, MediaIM })},
			[]string{"03-02 12:00:00 im-session alice@contoso.com peer=bob@contoso.com media=im" + knows, "03-02 12:00:00 im-session bob@contoso.com peer=alice@contoso.com media=im"}},
		// The machine comes from the quality database, the endpoint from the trace.
		"and the quality database": {[]Record{cdr, dialog, traced(), media(9, noon+20_000, minute, alice, bob, func(r *Record) { r.Sub = 5 })},
			[]string{atPC(knows), answered + " device=host:pc2"}},
		"the quality database without a Call-ID": {[]Record{cdr, dialog, traced(), media(9, noon+20_000, minute, alice, bob)},
			[]string{atPC(knows), answered + " device=host:pc2"}},
		"the quality database alone": {[]Record{traced(), media(9, noon+300, minute, alice, bob, func(r *Record) { r.Sub = 5 })},
			[]string{atPC(knows), "03-02 12:00:00 call-received bob@contoso.com peer=alice@contoso.com device=host:pc2"}},
		"what is not linked": {[]Record{cdr, dialog, traced(func(r *Record) { r.Flags = 0 })}, []string{call(""), answered, own}},
	} {
		t.Run(name, func(t *testing.T) { wantLines(t, composed(c.day), c.want...) })
	}
}

func TestAMeetingThatATraceTellsTooCountsOnce(t *testing.T) {
	const address = 0x4000 // no kindBits
	conf := Record{Kind: ConferenceRecord, Key: noon, At: noon, Seq: 1, Sub: address, Flags: WebKind, From: Party{User: bob}}
	join := Record{Kind: JoinRecord, Key: noon, At: noon + minute, Until: noon + 30*minute, Seq: 1, Role: Attendee, From: Party{User: alice}}
	attends := func(change ...func(*Record)) Record {
		return traced(append([]func(*Record){func(r *Record) {
			r.Activity, r.Media, r.Seq, r.At = ConferenceAttended, 0, 1<<40|address|uint64(ChatKind), noon+2*minute // kindBits are not compared
		}}, change...)...)
	}
	made := attends(func(r *Record) {
		r.Activity, r.From, r.To, r.Sub, r.Role = ConferenceOrganized, Party{User: bob}, Party{}, 2, Organizer
	})
	knows := " endpoint=uuid:a client=UCCAPI/3.5.6907.0 OC/3.5.6907.0 (Microsoft Office Communicator 2007 R2) server=fe1.contoso.com"
	_, knowsLess, _ := strings.Cut(knows, " endpoint=uuid:a") // that machine need not be this endpoint
	organized := "03-02 12:00:00 conference-organized bob@contoso.com role=organizer"
	both := "03-02 12:01:00 conference-attended alice@contoso.com peer=bob@contoso.com role=attendee" + knows
	alone := "03-02 12:01:00 conference-attended alice@contoso.com peer=bob@contoso.com role=attendee"
	without := func(r Record, change func(*Record)) Record { change(&r); return r }
	for name, c := range map[string]struct {
		day  []Record
		want []string
	}{
		"alone, its kind not told": {[]Record{attends()}, []string{"03-02 12:02:00 conference-attended alice@contoso.com peer=bob@contoso.com" + knows + " untold"}},
		"by the address":           {[]Record{conf, join, attends(), made}, []string{organized + " server=fe1.contoso.com", both}},
		"another address": {[]Record{conf, join, attends(func(r *Record) { r.Seq ^= 1 << 20 })}, []string{organized, alone,
			"03-02 12:02:00 conference-attended alice@contoso.com peer=bob@contoso.com" + knows + " untold"}},
		"without ConferenceUris by organiser and time": {[]Record{without(conf, func(r *Record) { r.Sub = 0 }), join, attends()}, []string{organized, both}},
		"without ConferenceUris, another organiser": {[]Record{without(conf, func(r *Record) { r.Sub = 0 }), join, attends(func(r *Record) { r.To.User = carol })}, []string{organized, alone,
			"03-02 12:02:00 conference-attended alice@contoso.com peer=carol@contoso.com" + knows + " untold"}},
		// What they know of the kind adds up.
		"messages by the call records": {[]Record{without(conf, func(r *Record) { r.Flags = ChatKind }), join, attends()},
			[]string{"03-02 12:00:00 im-session bob@contoso.com role=organizer", "03-02 12:01:00 im-session alice@contoso.com peer=bob@contoso.com role=attendee" + knows}},
		"messages by the trace": {[]Record{without(conf, func(r *Record) { r.Flags = 0 }), join, attends(func(r *Record) { r.Flags |= ChatKind })},
			[]string{organized + " untold", "03-02 12:01:00 im-session alice@contoso.com peer=bob@contoso.com role=attendee" + knows}},
		"messages, and sharing by the trace": {[]Record{without(conf, func(r *Record) { r.Flags = ChatKind }), join, attends(func(r *Record) { r.Flags |= WebKind })},
			[]string{"03-02 12:00:00 im-session bob@contoso.com role=organizer", both}},
		"and the quality database": {[]Record{conf, join, attends(), media(9, noon+2*minute, 5*minute, alice, bob, meetingOf, func(r *Record) { r.Sub = address | uint64(ChatKind) })},
			[]string{organized, "03-02 12:01:00 conference-attended alice@contoso.com peer=bob@contoso.com role=attendee device=host:pc1" + knowsLess}},
		"the quality database alone": {[]Record{attends(), media(9, noon+2*minute, 5*minute, alice, bob, meetingOf, func(r *Record) { r.Sub = address | uint64(ChatKind) })},
			[]string{"03-02 12:02:00 conference-attended alice@contoso.com peer=bob@contoso.com device=host:pc1" + knowsLess}},
	} {
		t.Run(name, func(t *testing.T) { wantLines(t, composed(c.day), c.want...) })
	}
}

// However the uses of traces and call records are held against each other: none
// is counted twice that was counted once, and none is lost that either tells.
func TestLinkingLosesNoUse(t *testing.T) {
	linked := 0
	for seed := range int64(3000) {
		day := randomDay(rand.New(rand.NewSource(seed)))
		var apart, traces []Record
		for _, r := range day {
			if r.Kind == AttestedRecord && r.Flags&Linked != 0 {
				traces = append(traces, r)
			} else {
				apart = append(apart, r)
			}
		}
		whole, one, two := Compose(day, composeText), Compose(apart, composeText), Compose(traces, composeText)
		if len(whole) > len(one)+len(two) || len(whole) < max(len(one), len(two)) {
			t.Fatalf("seed %d: %d facts of %d and %d", seed, len(whole), len(one), len(two))
		}
		linked += len(one) + len(two) - len(whole)
		telephone := func(lists ...[]Fact) []string {
			var who []string
			for _, list := range lists {
				for _, f := range list {
					if f.Activity.Call() && (f.PeerPSTN || f.Peer != 0 && IsNumber(composeText(f.Peer).Text)) {
						who = append(who, composeText(f.User).Text)
					}
				}
			}
			slices.Sort(who)
			return slices.Compact(who)
		}
		classes := func(lists ...[]Fact) []string {
			var who []string
			for _, list := range lists {
				for _, f := range list {
					if f.Class != NoClass {
						who = append(who, fmt.Sprint(composeText(f.User).Text, f.Class))
					}
				}
			}
			slices.Sort(who)
			return slices.Compact(who)
		}
		if got, want := telephone(whole), telephone(one, two); !slices.Equal(got, want) {
			t.Fatalf("seed %d: on the telephone network %v, want %v", seed, got, want)
		}
		if got, want := classes(whole), classes(one, two); !slices.Equal(got, want) {
			t.Fatalf("seed %d: classes %v, want %v", seed, got, want)
		}
	}
	if linked < 50 {
		t.Errorf("only %d uses were ever linked", linked)
	}
}

func TestAMeetingHasOneHashInAllSources(t *testing.T) {
	for _, text := range []string{"sip:bob@contoso.com;gruu;opaque=app:conf:focus:id:D3RG2Y8V", "BOB@contoso.com;gruu;opaque=app:conf:audio-video:id:d3rg2y8v"} {
		if got, want := addressHash(text), meetingHash("bob@contoso.com", "d3rg2y8v")&^kindBits; got != want || got == 0 {
			t.Errorf("%s: %x, want %x", text, got, want)
		}
	}
	for _, none := range []string{"", "sip:bob@contoso.com", "sip:bob@contoso.com;gruu;opaque=app:conf:focus:id:", "sip:bob;gruu;opaque=app:conf:focus:id:a", "x"} {
		if addressHash(none) != 0 {
			t.Errorf("%q names a meeting", none)
		}
	}
	if conferenceKey("bob@contoso.com", "a")>>32 == conferenceKey("bob@contoso.com", "b")>>32 {
		t.Error("the high halves of two meetings are one")
	}
}
