package ingest

import (
	"math/rand"
	"slices"
	"strings"
	"testing"
)

// cutCopy is a record as a tool exports it that cuts times to seconds or minutes.
func cutCopy(r Record, flags Flags) Record {
	r.Flags |= flags
	u := r.unit()
	r.Key, r.At = r.Key/u*u, r.At/u*u
	r.Until = r.Until / u * u
	r.File, r.Line = r.File+10, r.Line+1000
	return r
}

func TestACutExportBesideAWholeOneChangesNothing(t *testing.T) {
	for seed := range int64(3000) {
		rng := rand.New(rand.NewSource(seed))
		var whole, both []Record
		for i, r := range randomDay(rng) {
			// Which of several facts gets the machine of a use of the quality
			// database depends on which comes first; those have a test of their own.
			if hashed(r.Kind) || r.Kind.Quality() {
				continue
			}
			r.Line = uint32(i + 1)
			whole = append(whole, r)
			both = append(both, r)
			for _, flags := range []Flags{WholeSecond, WholeSecond | WholeMinute} {
				if rng.Intn(3) > 0 {
					both = append(both, cutCopy(r, flags))
				}
			}
		}
		rng.Shuffle(len(both), func(i, j int) { both[i], both[j] = both[j], both[i] })
		if w, b := composed(whole), composed(both); !slices.Equal(w, b) {
			t.Fatalf("seed %d: %s", seed, difference(b, w))
		}
	}
}

func TestCutRowsAloneAreFactsOfTheirOwn(t *testing.T) {
	session := func(at int64, from, to ID, flags Flags) Record {
		r := Record{Kind: SessionRecord, Media: MediaIM, Key: at, At: at, Seq: 1, From: Party{User: from}, To: Party{User: to}}
		return cutCopy(r, flags)
	}
	const second, minute = WholeSecond, WholeSecond | WholeMinute
	join := func(at int64, user ID, flags Flags) Record {
		return cutCopy(Record{Kind: JoinRecord, Key: at, At: at, Seq: 1, From: Party{User: user}}, flags)
	}
	meeting := func(at int64, organizer ID, kind, flags Flags) Record {
		return cutCopy(Record{Kind: ConferenceRecord, Key: at, At: at, Seq: 1, Flags: kind, From: Party{User: organizer}}, flags)
	}
	for _, c := range []struct {
		name string
		day  []Record
		want []string // facts without their times
	}{
		{"rows of one second that differ stay apart",
			[]Record{session(noon+123, alice, bob, second), session(noon+456, alice, carol, second)},
			[]string{"im-session alice peer=bob", "im-session alice peer=carol", "im-session bob peer=alice", "im-session carol peer=alice"}},
		{"rows that agree in all that is left count once",
			[]Record{session(noon+123, alice, bob, second), session(noon+456, alice, bob, second)},
			[]string{"im-session alice peer=bob", "im-session bob peer=alice"}},
		{"whole rows of one second are never one, whatever cut row lies beside them",
			[]Record{session(noon+123, alice, bob, 0), session(noon+456, alice, bob, 0), session(noon+456, alice, bob, second)},
			[]string{"im-session alice peer=bob", "im-session alice peer=bob", "im-session bob peer=alice", "im-session bob peer=alice"}},
		{"a cut row that is none of the whole ones is one more",
			[]Record{session(noon+123, alice, bob, 0), session(noon+456, alice, carol, minute)},
			[]string{"im-session alice peer=bob", "im-session alice peer=carol", "im-session bob peer=alice", "im-session carol peer=alice"}},
		{"a row of the next second is another row",
			[]Record{session(noon+123, alice, bob, 0), session(noon+1456, alice, bob, second)},
			[]string{"im-session alice peer=bob", "im-session alice peer=bob", "im-session bob peer=alice", "im-session bob peer=alice"}},
		{"a cut phone side goes with the whole session",
			[]Record{{Kind: SessionRecord, Media: MediaAudio, Key: noon + 123, At: noon + 123, Seq: 1, From: Party{User: alice}},
				cutCopy(Record{Kind: VoiceRecord, Key: noon + 123, At: noon + 123, Seq: 1, Flags: ToPSTN, To: Party{User: mobile}}, second)},
			[]string{"call-placed alice peer=+12065550199 media=audio", "call-received +12065550199 peer=alice media=audio"}},
		{"a cut join goes with the one meeting of its second",
			[]Record{meeting(noon+123, alice, ChatKind, 0), join(noon+123, bob, second)},
			[]string{"im-session alice role=organizer", "im-session bob peer=alice"}},
		{"of a cut join that may be of two meetings the kind is not told",
			[]Record{meeting(noon+123, alice, ChatKind, 0), meeting(noon+30000, carol, WebKind, 0), join(noon+123, bob, minute)},
			[]string{"im-session alice role=organizer", "conference-organized carol role=organizer", "conference-attended bob untold"}},
		{"if both are of one kind, that is its kind",
			[]Record{meeting(noon+123, alice, ChatKind, 0), meeting(noon+30000, carol, ChatKind, 0), join(noon+123, bob, minute)},
			[]string{"im-session alice role=organizer", "im-session carol role=organizer", "im-session bob"}},
		{"a cut join of a whole one is that one",
			[]Record{meeting(noon+123, alice, ChatKind, 0), meeting(noon+30000, carol, WebKind, 0), join(noon+123, bob, 0), join(noon+123, bob, minute)},
			[]string{"im-session alice role=organizer", "conference-organized carol role=organizer", "im-session bob peer=alice"}},
		{"cut meetings of one second, all of them",
			[]Record{meeting(noon+123, alice, ChatKind, second), meeting(noon+456, carol, WebKind, second)},
			[]string{"conference-organized alice role=organizer untold", "conference-organized carol role=organizer untold"}},
		{"sign-ins",
			[]Record{login(alice, noon+123), cutCopy(login(alice, noon+123), second), cutCopy(login(bob, noon+456), minute)},
			[]string{"im-login alice", "im-login bob"}},
	} {
		for turn := range 20 {
			day := slices.Clone(c.day)
			rand.New(rand.NewSource(int64(turn))).Shuffle(len(day), func(i, j int) { day[i], day[j] = day[j], day[i] })
			var got []string
			for _, line := range composed(day) {
				line = line[len("03-02 12:00:00 "):]
				got = append(got, strings.NewReplacer("@contoso.com", "", " media=im", "").Replace(line))
			}
			slices.Sort(got)
			slices.Sort(c.want)
			if !slices.Equal(got, c.want) {
				t.Fatalf("%s:\n  %s\nwant\n  %s", c.name, strings.Join(got, "\n  "), strings.Join(c.want, "\n  "))
			}
		}
	}
}
