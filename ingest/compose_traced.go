package ingest

import "strings"

// traced makes uses of what traces tell of sessions and meetings.
func (c *composer) traced() {
	c.eachHashed(func(r *Record) bool { return r.Kind == AttestedRecord && r.Flags&Linked != 0 }, func(r *Record, kinds Flags) {
		c.use(qualityUse{Fact: c.attests(r), from: fromTrace, call: uint32(r.Seq), kinds: kinds, unit: int64(toMillisecond)})
	})
}

// foldTraced puts what a trace tells of one party together with what the quality
// database tells, where both have the Call-ID, or the meeting.
func (c *composer) foldTraced(uses []qualityUse) {
	var of map[uint32][]int32 // the uses of the quality database with a Call-ID
	for i := range uses {
		if uses[i].from != fromTrace || uses[i].call == 0 {
			continue
		}
		t := &uses[i]
		if of == nil {
			of = map[uint32][]int32{}
			for k := range uses {
				if u := &uses[k]; u.from == fromQuality && u.call != 0 && !u.met {
					of[u.call] = append(of[u.call], int32(k))
				}
			}
		}
		var found *qualityUse
		for _, k := range of[t.call][:min(len(of[t.call]), mostCompared)] {
			u := &uses[k]
			alike := u.Activity == t.Activity || u.Activity.Call() && t.Activity.Call()
			if alike && u.from == fromQuality && agree(u.Class, t.Class) && c.peersAgree(&u.Fact, &t.Fact) &&
				(found == nil || found.Activity != t.Activity && u.Activity == t.Activity) {
				found = u
			}
		}
		if found == nil {
			continue
		}
		found.absorb(t)
		found.from = fromQuality | fromTrace
		found.kinds |= t.kinds
		if t.Activity.Call() || t.Activity == IMSession { // a meeting may be attended at several machines
			learn(&found.Endpoint, t.Endpoint)
		}
		learn(&found.Role, t.Role)
		if found.Peer == 0 && !found.PeerPSTN {
			found.Peer, found.PeerPSTN = t.Peer, t.PeerPSTN
		}
	}
}

// toldTracedMeeting finds what a trace tells of a party's part in the meeting at
// hand: by the address of the meeting, which the call records have in
// ConferenceUris, else by organiser and time. What is known of its kind adds up.
// What contradicts the call records stays a use of its own, as it may decide a
// verdict. heard is the use that the quality database told.
func (c *composer) toldTracedMeeting(f *Fact, uses []qualityUse, heard *qualityUse) {
	q := &c.known
	found := heard
	if heard == nil || heard.from&fromTrace == 0 {
		found = nil
		fits := func(u *qualityUse) bool {
			return !u.met && u.from&fromTrace != 0 && (heard == nil || u.from == fromTrace) && u.Activity == c.meets && agree(f.Class, u.Class)
		}
		switch {
		case c.address != 0:
			for i, n := q.calls[qualityCallID{f.User, c.address}], 0; i > 0 && n < mostCompared && found == nil; i, n = q.uses[i-1].next, n+1 {
				if u := &q.uses[i-1]; fits(u) {
					found = u
				}
			}
		case c.meets == ConferenceAttended && c.organizer != 0: // when a meeting was made says nothing of when it was held
			for i, end := c.whileThere(uses); i < end && found == nil; i++ {
				if u := &uses[i]; fits(u) && agree(f.Endpoint, u.Endpoint) && c.thisMeeting(f, u) {
					found = u
				}
			}
		}
		if found == nil {
			return
		}
		c.tell(f, found, c.address != 0)
	}
	kinds := c.kinds | found.kinds
	if found.from&fromQuality != 0 {
		kinds |= WebKind
	}
	f.Activity, f.Untold = meetingActivity(c.meets, kinds)
}

// kindBits of the hash of a meeting are not compared: the call records keep its
// kind in their place.
const kindBits = uint32(ChatKind | WebKind)

// meetingHash is a short hash of a meeting, by its organiser and its id.
func meetingHash(organizer, id string) uint32 {
	return callHash([]byte(organizer + "/" + strings.ToLower(id)))
}

// cutMeeting cuts the address of a meeting or of a conferencing server
// (MS-CONFBAS 2.2.3.4), sip:ORGANIZER;gruu;opaque=app:conf:KIND:id:ID.
func cutMeeting(text string) (organizer, id string, err error) {
	owner, params, _ := strings.Cut(address(text), ";")
	if organizer, err = ParseUser(owner); err != nil {
		return "", "", err
	}
	_, id, _ = strings.Cut(strings.ToLower(params), ":id:")
	id, _, _ = strings.Cut(id, ";")
	return organizer, id, nil
}

// addressHash is the meetingHash of an address without its kindBits, 0 when it
// names no meeting.
func addressHash(text string) uint32 {
	if !isMeeting(text) {
		return 0
	}
	organizer, id, err := cutMeeting(text)
	if err != nil || organizer == "" || id == "" {
		return 0
	}
	return meetingHash(organizer, id) &^ kindBits
}
