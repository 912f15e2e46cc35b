package ingest

// Entry is one account or contact of a directory export, in normal form.
// Addresses are canonical identities, numbers E.164. Empty means absent.
// Attribute meanings: vendor's Active Directory schema reference for the
// msRTCSIP attributes.
type Entry struct {
	Line      int      `json:"-"`
	DN        string   `json:"dn"`                // as written
	Container string   `json:"container"`         // DN without its first part, folded to lower case
	Context   string   `json:"context"`           // naming context: the trailing DC= parts, lower case
	GUID      string   `json:"guid,omitempty"`    // objectGUID, lower case
	SID       string   `json:"sid,omitempty"`     // objectSid of an account, S-1-5-21-...
	Master    string   `json:"master,omitempty"`  // msRTCSIP-OriginatorSid: the objectSid of the account of another forest that this entry stands for
	Name      string   `json:"name,omitempty"`    // displayName, else cn
	Primary   string   `json:"primary,omitempty"` // msRTCSIP-PrimaryUserAddress
	Aliases   []string `json:"aliases,omitempty"` // sip: entries of proxyAddresses and msRTCSIP-ProxyAddresses, sorted
	Line164   string   `json:"line,omitempty"`    // msRTCSIP-Line when it is a number
	Home      string   `json:"home,omitempty"`    // pool or server name from msRTCSIP-PrimaryHomeServer
	Enabled   bool     `json:"enabled,omitempty"` // holds a hosted identity now
	Voice     bool     `json:"voice,omitempty"`   // holds a hosted voice extension now
	Contact   bool     `json:"contact,omitempty"` // objectClass contact
	App       bool     `json:"app,omitempty"`     // contact object of an application, by its marks
	Phone     string   `json:"phone,omitempty"`   // "common-area-phone", "analog-device" or "room-system": the entry is a device
	Why       string   `json:"why,omitempty"`     // why it is not enabled
	Login     string   `json:"login,omitempty"`   // sAMAccountName, lower case
	Principal string   `json:"upn,omitempty"`     // userPrincipalName, lower case
	Changed   int64    `json:"changed,omitempty"` // whenChanged, seconds since the Unix epoch
	IsBranch  bool     `json:"branch,omitempty"`  // a container: the snapshot covers what is below
	Pool      *Pool    `json:"pool,omitempty"`    // the entry is a pool of servers
	Listed    Listed   `json:"listed,omitempty"`  // what a list tells; 0 for a directory object with all it has
}

// Pool is what the directory says of the servers behind a pool's name.
type Pool struct {
	Name    string `json:"name"`
	Edition string `json:"edition,omitempty"` // standard or enterprise
	Version string `json:"version,omitempty"` // generation as the licence catalogue names it, or 2003
}

// Listed says what the list of a management tool tells of an entry. Such a list
// may have been filtered by anything, and knows nothing of the account behind
// the identity. The Context of its entries is the format's name, a colon, and
// the naming context.
type Listed uint8

const (
	ListedEntry Listed = 1 << iota // it is a list's
	ListedState                    // Enabled and Why
	ListedHome
	ListedLine
	ListedVoice
	ListedName
)

// Subject reports whether the entry says anything about a user or device:
// entries without an address (groups, containers, people never enabled) only
// show what a snapshot covers.
func (e *Entry) Subject() bool { return e.Primary != "" || e.Line164 != "" || len(e.Aliases) > 0 }
