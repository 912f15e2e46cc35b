package ingest

import (
	"cmp"
	"slices"
)

// composeMeeting is scratch space for one meeting.
type composeMeeting struct {
	organizers []merged
	attended   []attendance
}

// attendance is one user at one endpoint on one day of a meeting.
type attendance struct {
	Fact
	servers int   // joins of conferencing servers
	phoned  int   // those of them over the telephone network
	until   int64 // the last time that it is known to have lasted to
}

// conference composes one meeting: all its rows share a key. What it was for
// is told by its address and by the conferencing servers that people joined;
// several databases with one key are not told apart here.
func (c *composer) conference(run []uint32, kinds Flags) {
	if kinds&Synthetic != 0 {
		return
	}
	// Group IM alone is no web conference. A meeting whose kind nobody tells is
	// taken for one, and marked.
	organized, untold := meetingActivity(ConferenceOrganized, kinds)
	attended, _ := meetingActivity(ConferenceAttended, kinds)
	c.kinds = kinds & (ChatKind | WebKind)
	var media Media
	for _, at := range run {
		media |= c.in[at].Media
	}
	m := &c.meeting
	m.organizers = c.merge(c.ofKind(run, ConferenceRecord), m.organizers[:0])
	var organizer, server ID
	c.address = 0
	for i := range m.organizers {
		if o := uint32(m.organizers[i].Sub); i == 0 {
			c.address = o
		} else if c.address != o {
			c.address = 0
		}
	}
	c.meets = ConferenceOrganized
	for i := range m.organizers {
		o := &m.organizers[i]
		learn(&server, o.Server)
		if i == 0 {
			organizer = o.From.User
		} else if organizer != o.From.User {
			organizer = 0
		}
		c.add(Fact{At: o.At, Activity: organized, Class: c.class(&o.From), Media: media, Role: Organizer, Untold: untold,
			User: o.From.User, Server: o.Server, File: o.fromFile, Line: o.fromLine})
	}
	i := 0
	for i < len(run) && c.in[run[i]].Kind == ConferenceRecord {
		i++
	}
	joins := run[i:]
	c.sortJoins(joins)
	c.meets = ConferenceAttended
	for i := 0; i < len(joins); {
		first, j := &c.in[joins[i]], i+1
		for j < len(joins) && c.in[joins[j]].From.User == first.From.User && dayOf(c.in[joins[j]].At) == dayOf(first.At) {
			j++
		}
		if first.From.User != 0 {
			for _, a := range c.attended(joins[i:j]) {
				a.Activity, a.Untold = attended, untold
				if a.User != organizer {
					a.Peer = organizer
				}
				learn(&a.Server, server)
				learn(&a.Media, media)
				c.organizer, c.leave = organizer, a.until
				c.add(a.Fact)
			}
		}
		i = j
	}
}

// meetingActivity is what taking part in a meeting of some kinds is: messages
// where group IM alone is told, else a conference. untold: no kind is told.
func meetingActivity(conference Activity, kinds Flags) (a Activity, untold bool) {
	switch kinds & (ChatKind | WebKind) {
	case ChatKind:
		return IMSession, false
	case 0:
		return conference, true
	}
	return conference, false
}

func dayOf(ms int64) int64 {
	if ms == Undated {
		return Undated
	}
	return (ms - ((ms%dayMillis)+dayMillis)%dayMillis) / dayMillis
}

// sortJoins brings the joins of one user and day together, those that name an
// endpoint first, and among them those of the meeting itself.
func (c *composer) sortJoins(joins []uint32) {
	if len(joins) < 2 {
		return
	}
	slices.SortFunc(joins, func(a, b uint32) int {
		x, y := &c.in[a], &c.in[b]
		if n := cmp.Compare(x.From.User, y.From.User); n != 0 {
			return n
		}
		if n := cmp.Compare(dayOf(x.At), dayOf(y.At)); n != 0 {
			return n
		}
		if n := one(y.From.Endpoint != 0) - one(x.From.Endpoint != 0); n != 0 {
			return n
		}
		if n := int(x.Kind) - int(y.Kind); n != 0 {
			return n
		}
		if n := cmp.Compare(x.At, y.At); n != 0 {
			return n
		}
		return c.compare(x, y)
	})
}

// attended merges the joins of one user on one day, sorted, by endpoint. Rows
// of conferencing servers name none; they go to the first endpoint. What a row
// does not tell is learnt from the next.
func (c *composer) attended(joins []uint32) []attendance {
	list := c.meeting.attended[:0]
	for _, at := range joins {
		r := &c.in[at]
		var a *attendance
		for k := range list {
			if r.From.Endpoint == 0 || list[k].Endpoint == r.From.Endpoint {
				a = &list[k]
				break
			}
		}
		if a == nil {
			list = append(list, attendance{Fact: Fact{At: r.At, User: r.From.User, Endpoint: r.From.Endpoint, File: r.File, Line: r.Line}})
			a = &list[len(list)-1]
		}
		a.At = min(a.At, r.At)
		a.until = max(a.until, r.Until)
		a.Media |= r.Media
		a.File, a.Line = before(a.User, r.From.User, a.File, a.Line, r)
		learn(&a.Class, r.From.Class)
		learn(&a.Device, r.From.Device)
		learn(&a.Client, r.From.Client)
		learn(&a.Role, r.Role)
		learn(&a.Server, r.Server)
		if r.Kind == ServerJoinRecord {
			a.servers++
			a.phoned += one(r.Flags&FromPSTN != 0)
		}
	}
	for k := range list {
		list[k].Class = c.attendanceClass(&list[k])
	}
	c.meeting.attended = list
	return list
}

// attendanceClass: somebody who only dialled in is a caller from the telephone
// network, unless the tenant says who it is; the program of the row is then
// the conferencing attendant's or the gateway's and says nothing about the
// person.
func (c *composer) attendanceClass(a *attendance) Class {
	switch dialled := a.servers > 0 && a.phoned == a.servers && c.client(a.Client) != personClient; {
	case !dialled:
		return c.class(&Party{User: a.User, Client: a.Client, Class: a.Class})
	case a.Class == NoClass && !c.isNumber(a.User):
		return PSTN
	}
	return a.Class
}
