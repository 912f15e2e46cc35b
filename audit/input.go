// Package audit is the judgement: from usages, directory, estate and
// entitlements to decisions, holders and positions. Pure functions: no SQL, no
// files but the embedded policies, no clock; the audit date is an argument.
//
// The stages are steps of their own, in this order:
//
//	people  (identities folded into persons, devices unified, classes found)
//	decide  (each usage meets the first rule that names it)
//	demand  (required usages become demands on a user, a device or both)
//	assign  (who holds what, so that every demand is met)
//	position (holders against entitlements)
package audit

import (
	"time"

	"calaudit/ingest"
)

// Input is everything an audit depends on.
type Input struct {
	Policy   *Policy
	Readings map[string]string // chosen answers; questions not named take the policy's default
	AsOf     time.Time         // UTC midnight of the last day of the window
	Days     int               // length of the window in days
	Assign   string            // "optimal", "user" or "device": see Assigns
	Estate   *Estate           // never nil; an empty estate when none is given
	Owned    []Entitlement
	Accounts []Account     // the directory as its newest snapshots say
	Pools    []ingest.Pool // its pools of servers, by name
	Others   []Account     // its accounts without an identity, where Names has logon accounts that may be theirs
	Names    []ingest.Name // text behind the ids in Usages; Names[0] is unused
	// Usages returns what counts in the window, plus standing facts; calls
	// whoever the peer was. An audit asks once and lets go of the list: it is the
	// largest thing in memory.
	Usages func() []Usage
	// Calls returns the calls among Usages again, apart by the class of the
	// peer; class is by name. Whether a call asks for more depends on that, and
	// it is known only once everybody's class is. nil when there are no calls.
	Calls func(class []ingest.Class) ([]Usage, error)
	// Once is set by a caller who needs Usages and Calls for one audit only: it
	// makes them nil when it has asked, so that what is behind them can go.
	Once bool
}

// UsageKey is what facts must agree in to be one usage, peers apart.
type UsageKey struct {
	User     ingest.ID
	Device   ingest.ID // a machine with an id of its own
	Endpoint ingest.ID
	Client   ingest.ID
	Server   ingest.ID
	Activity ingest.Activity
	Class    ingest.Class // stated by the sources of these facts
	Untold   bool         // conferences whose kind no export tells
	PeerPSTN bool         // calls with a peer known only for being on the telephone network
	Presents bool         // conferences attended as a presenter
	Media    ingest.Media // of sessions of two and of conferences presented: RuleMedia
}

// RuleMedia are the media that rules tell apart. Sessions of two and what a
// presenter may show depend on them; whoever else attends a conference only
// looks on, whatever is shown.
const RuleMedia = ingest.MediaSharing | ingest.MediaData

// KeyOf is the key of a fact.
func KeyOf(f *ingest.Fact) UsageKey {
	k := UsageKey{User: f.User, Device: f.Device, Endpoint: f.Endpoint, Client: f.Client, Server: f.Server,
		Activity: f.Activity, Class: f.Class, Untold: f.Untold, PeerPSTN: f.PeerPSTN}
	k.Presents = f.Activity == ingest.ConferenceAttended && (f.Role == ingest.Presenter || f.Role == ingest.Organizer)
	if k.Presents || f.Activity == ingest.IMSession || f.Activity.Call() {
		k.Media = f.Media & RuleMedia
	}
	return k
}

// Usage is a group of facts that agree in everything a verdict can depend on.
type Usage struct {
	UsageKey
	Peer  ingest.Class // of the other side; told by Input.Calls only, for calls whose peer has one
	Count int
	First int64 // ms since the Unix epoch, whole seconds; ingest.Undated when no fact is dated
	Last  int64
}

// Account is one directory entry and whether its newest snapshot still has it.
type Account struct {
	Entry   *ingest.Entry
	Current bool // present in the newest snapshot that covers its container

	Previous []string // addresses that older snapshots have for it, sorted, without its own and those that are another's now
	Former   []string // names to sign in with that older snapshots have for it, sorted, without its own

	said int64 // date of the snapshot that decided this
	seen int64 // date of the newest snapshot that has the entry
}

// Snapshot is what one import saw of one naming context.
type Snapshot struct {
	Context string
	Date    int64 // seconds since the Unix epoch: the greatest whenChanged in it, else file date, else day of import
	Dated   bool  // Date comes from whenChanged, not from a file or a clock
	Partial bool  // something of it could not be read: absence from it says nothing
	Entries []*ingest.Entry
}
