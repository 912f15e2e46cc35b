package ingest

import (
	"cmp"
	"slices"
	"strings"
)

// Compose reads what the records of one UTC day say together: facts, one for
// each party of a use. The records may come in any order and any number of
// times, and some may know less than others because a table was missing when
// they were read; the facts are the same.
//
// day holds all records filed under that day, or all that share a family and
// key with any of them (of attested records always all), and stays as it is; text names an id. The order of the
// facts follows from the records alone. Which of them count in a window is for
// Fact.In to tell.
func Compose(day []Record, text func(ID) Name) []Fact { return new(Composer).Facts(day, text) }

// Composer composes one day after the other in the same memory. All of them
// must be of one name table.
type Composer struct{ composer }

// Facts is Compose; the facts are valid until the next call.
func (k *Composer) Facts(day []Record, text func(ID) Name) []Fact {
	k.Begin(day, text)
	k.Part(day)
	k.rest()
	return k.out
}

// Beside tells the records that are held against the call records, as they may
// tell of the same uses: those of the quality database, and those of SIP traces
// with the flag Linked.
func Beside(k Kind, f Flags) bool { return k.Quality() || k == AttestedRecord && f&Linked != 0 }

// Begin begins a day that is composed in parts: it takes those among the records
// given for which Beside is true. They must be all of the day, or of the parties
// in question.
func (k *Composer) Begin(beside []Record, text func(ID) Name) {
	k.text, k.out = text, k.out[:0]
	k.besides(beside)
}

// Part composes other records of the day. All that share a family and key stand
// in one part, and parts come in the order of keys, hashed records last. The
// facts are valid until the next call.
func (k *Composer) Part(part []Record) []Fact {
	c := &k.composer
	c.in, c.out = part, slices.Grow(c.out[:0], len(part)*2)
	plain := 0
	for i := range part {
		if hashed(part[i].Kind) {
			plain++
		}
	}
	c.slots = slices.Grow(c.slots[:0], max(plain, len(part)-plain))
	c.linking = len(c.known.uses) > 0
	c.timed()
	c.linking = false
	if plain > 0 {
		c.hashed()
	}
	return c.out
}

// Rest ends the day: what is told beside the call records and no part said.
func (k *Composer) Rest() []Fact {
	k.out = k.out[:0]
	k.rest()
	return k.out
}

// hashed tells the kinds of record whose natural key is a hash in (Seq, Sub).
func hashed(k Kind) bool { return k == PlainRecord || k == AttestedRecord }

type composer struct {
	in   []Record
	text func(ID) Name
	out  []Fact

	slots    []composeSlot
	run      []uint32 // records of one key
	sessions []merged
	voices   []merged
	orphans  []bool
	meeting  composeMeeting
	clients  [256]clientSlot

	known     composeQuality
	linking   bool     // facts of call records are looked up in it
	dialog    uint32   // Call-ID of the session at hand, 0 not told
	meets     Activity // what is done in the meeting at hand, NoActivity for what is none
	address   uint32   // hash of the meeting at hand, 0 not told
	kinds     Flags    // of the meeting at hand
	organizer ID       // of the meeting at hand
	leave     int64    // when the attendance at hand ended, 0 not told
}

// composeSlot is a record's place and the number it is sorted by.
type composeSlot struct {
	key int64
	at  uint32
}

// clientSlot remembers what sort of program a client is: there are few, and
// telling it from text is slow. The table is direct-mapped, so it needs no map.
type clientSlot struct {
	id   ID
	sort clientSort
}

type clientSort uint8

const (
	otherClient   clientSort = iota
	machineClient            // server or gateway: no person sits at it
	phoneClient
	personClient // desktop, web or mobile
)

func (c *composer) client(id ID) clientSort {
	if id == 0 {
		return otherClient
	}
	slot := &c.clients[id%ID(len(c.clients))]
	if slot.id != id {
		*slot = clientSlot{id: id}
		switch ClientKind(c.text(id).Text) {
		case "server", "gateway":
			slot.sort = machineClient
		case "phone":
			slot.sort = phoneClient
		case "desktop", "web", "mobile":
			slot.sort = personClient
		}
	}
	return slot.sort
}

// isNumber tells whether a user is a phone number.
func (c *composer) isNumber(id ID) bool { return id != 0 && IsNumber(c.text(id).Text) }

// family keeps the kinds of records together that share a key.
func family(k Kind) int {
	switch k {
	case LoginRecord:
		return 0
	case SessionRecord, VoiceRecord, MediaRecord, DialogRecord:
		return 1
	}
	return 2
}

// timed composes everything but hashed rows: records with the same key stand
// together after sorting by its time.
func (c *composer) timed() {
	var flags Flags
	for i := range c.in {
		if r := &c.in[i]; !hashed(r.Kind) && !r.Kind.Quality() {
			c.slots = append(c.slots, composeSlot{r.Key, uint32(i)})
			flags |= r.Flags
		}
	}
	if flags&cutKey != 0 {
		c.cut(c.slots)
		return
	}
	sortSlots(c.slots)
	s := c.slots
	for i := 0; i < len(s); {
		j := i + 1
		for j < len(s) && s[j].key == s[i].key {
			j++
		}
		c.run = c.run[:0]
		for _, slot := range s[i:j] {
			c.run = append(c.run, slot.at)
		}
		c.sameTime(c.run)
		i = j
	}
}

// sameTime splits records of one time by family and sequence number.
func (c *composer) sameTime(run []uint32) {
	if len(run) == 1 {
		c.group(run)
		return
	}
	order := func(a, b uint32) int {
		x, y := &c.in[a], &c.in[b]
		if n := family(x.Kind) - family(y.Kind); n != 0 {
			return n
		}
		if n := cmp.Compare(x.Seq, y.Seq); n != 0 {
			return n
		}
		return int(x.Kind) - int(y.Kind)
	}
	slices.SortFunc(run, order)
	for i := 0; i < len(run); {
		first, j := &c.in[run[i]], i+1
		for j < len(run) && c.in[run[j]].Seq == first.Seq && family(c.in[run[j]].Kind) == family(first.Kind) {
			j++
		}
		c.group(run[i:j])
		i = j
	}
}

// group composes the records of one key, sorted by kind.
func (c *composer) group(run []uint32) {
	c.meets, c.dialog = NoActivity, 0
	switch family(c.in[run[0]].Kind) {
	case 0:
		c.sessions = c.merge(run, c.sessions[:0])
		for i := range c.sessions {
			c.login(&c.sessions[i])
		}
	case 1:
		c.session(run)
	default:
		c.conference(run, c.meetingKinds(run))
	}
}

// ofKind is the part of a run, sorted by kind, that is of one kind.
func (c *composer) ofKind(run []uint32, k Kind) []uint32 {
	i := 0
	for i < len(run) && c.in[run[i]].Kind < k {
		i++
	}
	j := i
	for j < len(run) && c.in[run[j]].Kind == k {
		j++
	}
	return run[i:j]
}

// add states a fact if somebody did it.
func (c *composer) add(f Fact) {
	if f.User == 0 {
		return
	}
	if c.linking {
		c.told(&f)
	}
	c.out = append(c.out, f)
}

// class is what a record states about a party. Service accounts stand in the
// tenant of the enterprise like people; only their program tells them apart,
// so that goes first. A phone number behind a gateway is no application.
func (c *composer) class(p *Party) Class {
	if c.client(p.Client) == machineClient && !c.isNumber(p.User) {
		return Application
	}
	return p.Class
}

// login: a sign-in lasts from At to Until. One without an end lasts on at a
// phone, which stays signed in for months (the vendor's own counter misses
// those); at any other client the end was more likely lost.
func (c *composer) login(m *merged) {
	r := &m.Record
	c.add(Fact{At: r.At, Until: c.lasts(r), Activity: IMLogin, Class: c.class(&r.From), User: r.From.User, Device: r.From.Device,
		Endpoint: r.From.Endpoint, Client: r.From.Client, Server: r.Server, File: m.fromFile, Line: m.fromLine})
}

// lasts is the Until of a sign-in.
func (c *composer) lasts(r *Record) int64 {
	switch {
	case r.At == Undated:
	case r.Until > r.At:
		return r.Until
	case r.Flags&Open != 0 && c.staysOn(&r.From):
		return LastsOn
	}
	return 0
}

// staysOn tells a phone: by its program, or by a MAC address, which only
// handsets have in these records.
func (c *composer) staysOn(p *Party) bool {
	return c.client(p.Client) == phoneClient || p.Device != 0 && strings.HasPrefix(c.text(p.Device).Text, "mac:")
}

// radixBits is the width of one digit in sortSlots; two digits span a day of
// milliseconds.
const radixBits = 14

// sortSlots sorts by key. The records of a day lie within 27 bits of each
// other, so that two counting passes do it in time linear in their number.
func sortSlots(s []composeSlot) {
	if len(s) < 2 {
		return
	}
	least, most, sorted := s[0].key, s[0].key, true
	for _, x := range s {
		sorted = sorted && x.key >= most
		least, most = min(least, x.key), max(most, x.key)
	}
	if sorted {
		return
	}
	if span := uint64(most) - uint64(least); len(s) < 4096 || span >= 1<<(2*radixBits) {
		slices.SortFunc(s, func(a, b composeSlot) int { return cmp.Compare(a.key, b.key) })
		return
	}
	other := make([]composeSlot, len(s))
	for _, shift := range []uint{0, radixBits} {
		var count [1 << radixBits]uint32
		for _, x := range s {
			count[uint64(x.key-least)>>shift&(1<<radixBits-1)]++
		}
		sum := uint32(0)
		for i, n := range count {
			count[i] = sum
			sum += n
		}
		for _, x := range s {
			d := uint64(x.key-least) >> shift & (1<<radixBits - 1)
			other[count[d]] = x
			count[d]++
		}
		s, other = other, s
	}
	// Two passes: the result stands in the slice it came in.
}
