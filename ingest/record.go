// Package ingest knows what exports of communications servers mean: it walks
// files, recognises their format from content, and turns each source row into
// one typed record with its natural key and its file and line. It knows
// nothing of licences and nothing of SQL.
//
// The edge to the store carries batches, not single calls. Text that repeats
// (people, machines, clients, servers) travels once as a Name and is referred
// to by ID afterwards.
//
// A record stays close to its source row, so that the same row in two exports
// is the same record and a set of records means the same in whatever order or
// overlap they came. What several rows say together (a call and its phone
// numbers, a meeting and its kinds) is put together by Compose, when read.
package ingest

import (
	"sync"
	"time"
)

// ID names a text within one unit's name table; 0 is "not told".
type ID uint32

// NameKind says what sort of text a Name is.
type NameKind uint8

const (
	UserName     NameKind = iota + 1 // canonical SIP identity or phone number
	DeviceName                       // canonical device id: mac:, host:, line:, sip:
	EndpointName                     // uuid: or epid:, one user on one machine
	ClientName                       // user agent text
	ServerName                       // host or pool name, lower case
	SourceName                       // the plain format's "source" column
)

// Name is one text of the name table.
type Name struct {
	Kind NameKind
	Text string
}

// Kind is the sort of source row a record came from.
type Kind uint8

const (
	// LoginRecord: one sign-in of From at one endpoint (Registration). Until is
	// the sign-off; 0 with the Open flag when the row says "still signed in".
	LoginRecord Kind = iota + 1
	// SessionRecord: one answered two-party session (SessionDetails); From
	// started it. Media are its kinds.
	SessionRecord
	// VoiceRecord: the phone side of a two-party call (VoipDetails); From.User
	// and To.User are numbers, the FromPSTN and ToPSTN flags say which of them
	// came through a gateway.
	VoiceRecord
	// MediaRecord: one more kind of media of a session (Media).
	MediaRecord
	// ConferenceRecord: one occurrence of a meeting, From organised it. Media
	// are the kinds the meeting address tells, ChatKind when it is group IM.
	ConferenceRecord
	// JoinRecord: From joined the meeting itself (FocusJoinsAndLeaves).
	JoinRecord
	// ServerJoinRecord: From joined one conferencing server of the meeting
	// (McuJoinsAndLeaves); ChatKind or WebKind tells the server's kind.
	ServerJoinRecord
	// PlainRecord: one row of the plain activity format; it states Activity
	// about From alone, To.User says with whom.
	PlainRecord
	// AttestedRecord: Activity of From, with To.User, as one line of a log or
	// one row of a report attests it. (Seq, Sub) is a hash over what the
	// protocol calls the use (a Call-ID and the party, say) and not over the
	// time: a message that was logged at several hops, or a use that several
	// tools report, is one fact, and each record adds what it knows of it. Until
	// and Open are those of a LoginRecord. Records of one conference share Seq;
	// ChatKind and WebKind tell its kind, which is that of all of them. One
	// source row may give several, see Batch.Further.
	AttestedRecord
	// DialogRecord: the SIP dialog of a session (Dialogs). Sub is a hash of its
	// Call-ID.
	DialogRecord
	// QualityRecord: one media session of the quality database (Session) with
	// the machines of its two sides, or, with WebKind, of From with a
	// conferencing server, To.User being the organiser. The flags FromPSTN and
	// ToPSTN say who was reached by the telephone network. Sub is a hash of the
	// Call-ID, or of the meeting. Of records of the quality database Seq is the
	// whole row identity, and Key when it happened.
	QualityRecord
	// QualityLineRecord: one medium of such a session (MediaLine) with the
	// network cards of the two sides.
	QualityLineRecord
	// QualityDialogRecord: the SIP dialog of such a session (Dialog).
	QualityDialogRecord
)

// Quality tells the records of the quality database.
func (k Kind) Quality() bool {
	return k == QualityRecord || k == QualityLineRecord || k == QualityDialogRecord
}

// Flags of a record.
type Flags uint16

const (
	Open        Flags = 1 << iota // sign-in without an end: still signed in, or its end was lost
	FromPSTN                      // the caller came from the telephone network
	ToPSTN                        // the callee was reached on the telephone network
	Synthetic                     // test traffic of the product's own monitoring
	ChatKind                      // the meeting (server) is told to be group IM
	WebKind                       // the meeting (server) is told to be audio/video, sharing or data
	Keyed                         // plain row with a session of its own: equal keys are one fact
	Relayed                       // the leg between Mediation Server and gateway of a call that has another leg
	Turned                        // From is the called side of a session with a conferencing server
	WholeSecond                   // the tool that wrote the key cut its fraction of a second
	WholeMinute                   // and its seconds; WholeSecond is set as well
	Linked                        // attested: Seq ends with callHash of the Call-ID, or with meetingHash, which other sources have too
)

// Party is one side of a record. Anything may be unknown (zero).
type Party struct {
	User     ID
	Device   ID // a machine with an id of its own
	Endpoint ID // one user on one machine
	Client   ID // user agent
	Class    Class
}

// Undated is the Key and At of a record whose source carries no time at all.
const Undated int64 = -1 << 62

// Record is one source row in normal form. Times are milliseconds since the
// Unix epoch, UTC. (Key, Seq, Sub) together with Kind and the parties are the
// natural key; two records that are equal but for File and Line are the same.
type Record struct {
	Kind     Kind
	Activity Activity // PlainRecord and AttestedRecord only
	Media    Media
	Role     Role
	Flags    Flags
	Key      int64  // time part of the natural key; its UTC day is where the record is filed
	Seq      uint64 // SessionIdSeq, or the first half of a key hash
	Sub      uint64 // second half of a key hash; for joins: McuId and instance do not matter, so 0
	At       int64  // when it happened
	Until    int64  // how long it is known to have lasted; 0 not told
	From, To Party
	Server   ID
	Source   ID     // plain format: name of the system
	File     uint32 // index of the file within its unit; the store's file id when read back
	Line     uint32 // 1-based line where the row begins
}

// Names lists every id the record refers to, 0 included.
func (r *Record) Names() [10]ID {
	return [10]ID{r.From.User, r.From.Device, r.From.Endpoint, r.From.Client,
		r.To.User, r.To.Device, r.To.Endpoint, r.To.Client, r.Server, r.Source}
}

// Fact is one activity of one user as Compose reads it from the records.
type Fact struct {
	At       int64 // Undated for facts without any time
	Until    int64 // for sign-ins that last: how long; LastsOn for those without an end; else 0
	Activity Activity
	Class    Class // stated by the source itself, or NoClass
	Media    Media
	Role     Role
	Untold   bool // a conference whose kind no export tells: taken for a web conference
	PeerPSTN bool // the peer is not known but for being on the telephone network
	User     ID
	Peer     ID
	Device   ID
	Endpoint ID
	Client   ID
	Server   ID
	File     uint32
	Line     uint32
}

// LastsOn is the Until of what has no end.
const LastsOn int64 = 1<<63 - 1

// In tells whether a fact counts in the window [from, to), and its time there.
// A sign-in counts when its time touches the window, and then at the end of
// the sign-in, or at the beginning of the window when it has no end. A state
// holds from its time on; what has no time counts in every window.
func (f *Fact) In(from, to int64) (at int64, ok bool) {
	switch {
	case f.At == Undated:
		return f.At, true
	case f.At >= from || f.Activity.Standing():
		return f.At, f.At < to
	case f.Until == LastsOn:
		return from, true
	case f.Until >= from:
		return min(f.Until, to-1), true
	}
	return 0, false
}

// Reject is one source record that could not be taken.
type Reject struct {
	Line  int
	What  string // what is wrong; what to do
	Table string // table or column set, for exports of several tables
	Raw   string // the source text, escaped and cut
}

// Lookup is one row of a table that only gives names to ids (Users, Pools ...).
// Hash covers table and content: a row seen before is a duplicate.
type Lookup struct {
	Line uint32
	Hash [16]byte
}

// Batch is a piece of what a reader makes of one file. Every source row ends
// up in exactly one of Records, Lookups, Entries, Skipped and Rejects, which
// is why an import's tally must balance.
type Batch struct {
	File    int    // index into Unit.Files
	Names   []Name // new names since the unit's last batch; ids run on
	Records []Record
	// Further counts the records beyond the first of their source row. Only
	// attested records may share a row; they stand together and have the same
	// Line and Key.
	Further int
	Lookups []Lookup
	Entries []Entry
	Skipped map[string]int // rows that state no activity, counted by reason
	Rejects []Reject
	// Unresolved counts rows of this file that were rejected, or kept with an
	// unknown party or value, because a sibling file lacks an id: the file is
	// read again when the set changes.
	Unresolved int
	// Cut is set when the file ends in the middle of something: what is not in
	// it may be what was lost.
	Cut bool
	// Notes are said once about the file: an assumption made, a missing lookup.
	Notes []string
}

// recordPool keeps the room of batches that are done with: a large file would
// otherwise be mostly spent on getting memory.
var recordPool sync.Pool

// newRecords is room for the records of a batch.
func newRecords(n int) []Record {
	if room, ok := recordPool.Get().(*[]Record); ok && cap(*room) >= n {
		return (*room)[:0]
	}
	return make([]Record, 0, n)
}

// entryPool is recordPool for entries.
var entryPool sync.Pool

// newEntries is room for the entries of a batch.
func newEntries(n int) []Entry {
	if room, ok := entryPool.Get().(*[]Entry); ok && cap(*room) >= n {
		return (*room)[:0]
	}
	return make([]Entry, 0, n)
}

// Done gives the room of the batch's records and entries back to the readers.
// Whoever takes a batch calls it when nothing of it is needed any more, or not at
// all.
func (b *Batch) Done() {
	if cap(b.Records) > 1<<10 {
		room := b.Records
		recordPool.Put(&room)
	}
	if cap(b.Entries) >= directoryBatch {
		room := b.Entries
		clear(room) // of texts
		entryPool.Put(&room)
	}
	b.Records, b.Entries = nil, nil
}

// Rows is how many source rows the batch accounts for.
func (b *Batch) Rows() int {
	n := len(b.Records) - b.Further + len(b.Lookups) + len(b.Entries) + len(b.Rejects)
	for _, k := range b.Skipped {
		n += k
	}
	return n
}

// Env is what readers know beside the file itself.
type Env struct {
	Now      time.Time      // moment of import: activities later than a day after it are rejected
	Location *time.Location // zone of local times (estate time_zone), UTC when not given
	FileDate time.Time      // --file-date: dates facts and snapshots that carry none; zero when not given
}

// Emit takes a batch over. A reader reuses nothing of a batch after emitting
// it, unless the batch is Done.
type Emit func(*Batch) error
