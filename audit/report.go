package audit

// Report is the result of one audit: the whole vocabulary that leaves this
// package. It is stored per run and rendered by audit/report; nothing in it
// depends on a clock, a host or a path except Run, Imports and Chain, which
// the digest leaves out. Every list is sorted by a total order.
type Report struct {
	Schema     string      `json:"schema"` // "calaudit.report/1"
	Run        int         `json:"run"`    // number of the saved run
	AsOf       string      `json:"as_of"`  // YYYY-MM-DD
	Window     Window      `json:"window"`
	Policy     PolicyRef   `json:"policy"`
	Assign     string      `json:"assign"`
	Mix        *Mix        `json:"mix,omitempty"` // missing in runs of earlier versions
	Totals     Totals      `json:"totals"`
	People     *People     `json:"people,omitempty"` // missing in runs of earlier versions
	Position   []Position  `json:"position"`
	Entitled   []Entitled  `json:"entitlements,omitempty"` // that count as something else than what was bought
	Readings   []Reading   `json:"readings"`
	Coverage   []Coverage  `json:"coverage"`
	Absent     []string    `json:"absent,omitempty"` // formats that could tell of uses and of which nothing was ever read; missing in runs of earlier versions
	Servers    []Server    `json:"servers"`
	Exemptions []Exemption `json:"exemptions"`
	Conflicts  []Conflict  `json:"conflicts"`
	Notes      []string    `json:"notes"` // what the numbers rest on, in plain sentences
	Subjects   string      `json:"subjects_sha256"`
	Imports    Tally       `json:"imports"`
	Evidence   Tally       `json:"evidence"`
	Digest     string      `json:"digest"` // "sha256:..."
	Chain      string      `json:"chain"`  // hash over the run before and this one
	ExitCodes  []int       `json:"exit_codes"`
}

// Window is the audited period: whole UTC days, both ends included.
type Window struct {
	From string `json:"from"`
	To   string `json:"to"`
	Days int    `json:"days"`
}

// PolicyRef names the rules that were applied, down to the byte.
type PolicyRef struct {
	Name     string            `json:"name"`
	SHA256   string            `json:"sha256"`
	Readings map[string]string `json:"readings"` // question -> strict or lenient
}

// Totals count subjects by outcome.
type Totals struct {
	Users   Outcomes `json:"users"`
	Devices Outcomes `json:"devices"`
	// AnonymousUpTo is how many of the users are anonymous identities. These are
	// made anew at each join, so the number is an upper bound of persons.
	AnonymousUpTo int `json:"anonymous_up_to"`
}

// Outcomes counts the three outcomes.
type Outcomes struct {
	Required     int `json:"required"`
	Exempt       int `json:"exempt"`
	Undetermined int `json:"undetermined"`
}

// People says how many people the names in the evidence are: which were found to
// be one person's, and which to be several people's.
type People struct {
	Names         int             `json:"names"`          // of users, with records in the window; those of shared accounts are told below
	Persons       int             `json:"persons"`        // that these are
	MergedPersons int             `json:"merged_persons"` // met under several names
	By            map[string]int  `json:"by"`             // further names of these, by what ties them to the person
	Merged        []Merged        `json:"merged"`         // the first of these by id; the subjects tell all
	Shared        []SharedAccount `json:"shared"`         // [shared] of the estate
}

// Merged is a person met under several names.
type Merged struct {
	Person string       `json:"person"`
	Names  []MergedName `json:"names"`
}

// MergedName is one of them.
type MergedName struct {
	ID      string `json:"id"`
	By      string `json:"by"` // one of TieWords
	Records int    `json:"records"`
}

// SharedAccount is an account whose people count in place of it.
type SharedAccount struct {
	Account string   `json:"account"`
	Names   []string `json:"names"` // all of its ids
	People  []string `json:"people"`
	Records int      `json:"records"` // met under it, which count for each of the people
	State   string   `json:"state"`   // counted; unused: nothing was met; device or nobody: it counts for itself, see conflicts
}

// Split tells whether its people count in its place, or would if anything had
// been met under it.
func (a *SharedAccount) Split() bool { return a.State == "counted" || a.State == "unused" }

// Mix says what the holders' CALs come to, and what the two one-sided answers
// would. A cost is of the CALs to buy, a decimal number in Currency; what has no
// price counts 1.
type Mix struct {
	Sums
	AtLeast    string           `json:"at_least,omitempty"` // no valid assignment costs less; only with --assign optimal
	Optimal    bool             `json:"optimal"`            // the cost is proven to be the least
	FewestCALs bool             `json:"fewest_cals"`        // and no assignment of that cost has fewer CALs, or as many with more for users
	Priced     bool             `json:"priced"`
	Currency   string           `json:"currency"`
	Others     map[string]Other `json:"others"` // user, device: that assignment instead
}

// Other is another assignment, and by how much the one taken is cheaper.
type Other struct {
	Sums
	SavedCost string `json:"saved_cost"`
	SavedCALs int    `json:"saved_cals"` // below 0 when the cheaper one takes more CALs
}

// Sums are what one assignment comes to.
type Sums struct {
	Cost       string `json:"cost"`
	CALs       int    `json:"cals"`
	UserCALs   int    `json:"user_cals"`
	DeviceCALs int    `json:"device_cals"`
}

// Position is one line of the effective licence position.
type Position struct {
	License   string `json:"license"`
	Metric    string `json:"metric"` // user, device or server
	Version   string `json:"version"`
	Required  int    `json:"required"`
	Owned     int    `json:"owned"`
	Shortfall int    `json:"shortfall"`
	Surplus   int    `json:"surplus"`
	Cost      string `json:"cost,omitempty"` // of the shortfall, where the licence has a price

	// What the cost is that of, where a newer CAL of another name costs less.
	BuyLicense string `json:"buy_license,omitempty"`
	BuyVersion string `json:"buy_version,omitempty"`
}

// Entitled is an entitlement that counts as something else than what stands on
// it: what suites and Office hold, and what Software Assurance made of it.
type Entitled struct {
	License   string   `json:"license"`
	Metric    string   `json:"metric"`
	Version   string   `json:"version"`
	Quantity  int      `json:"quantity"`
	As        []string `json:"as"` // all of them to one holder
	AsVersion string   `json:"as_version"`
	Why       string   `json:"why"`
}

// Reading is a disputed question, the answer taken, and what either answer gives.
type Reading struct {
	Question    string `json:"question"`
	Chosen      string `json:"chosen"`
	RequiredIf  Either `json:"required_if"`  // users and devices that must hold a CAL
	CALsIf      Either `json:"cals_if"`      // CALs assigned, all editions
	ShortfallIf Either `json:"shortfall_if"` // CALs missing, all editions
	Subjects    int    `json:"subjects"`     // whose outcome or licences differ between the answers
}

// Either holds one number for each answer of a question.
type Either struct {
	Strict  int `json:"strict"`
	Lenient int `json:"lenient"`
}

// Coverage says for which days a format gave evidence.
type Coverage struct {
	Format      string   `json:"format"`
	First       string   `json:"first"` // YYYY-MM-DD, empty when the source carries no dates
	Last        string   `json:"last"`
	MissingDays []string `json:"missing_days"` // days of the window, from the first on, without any record
}

// Server is one instance that needs (or does not need) a server licence.
type Server struct {
	Host    string `json:"host"`
	Role    string `json:"role"`
	Edition string `json:"edition"`
	Version string `json:"version"`
	License string `json:"license"`        // empty when the role needs none
	Assumed bool   `json:"assumed"`        // role or edition is not told and was assumed
	Rule    string `json:"rule,omitempty"` // server rule of the policy that decided; absent from runs of earlier versions
}

// Exemption reports what became of one [[exemptions]] entry of the estate.
type Exemption struct {
	Subject string `json:"subject"`
	Reason  string `json:"reason"`
	Until   string `json:"until"`
	State   string `json:"state"` // applied, unused, expired, no-reason or shared-account (no subject: its people are)
}

// Conflict is a contradiction between sources that was kept and decided.
type Conflict struct {
	Subject string `json:"subject"`
	What    string `json:"what"`
}

// Tally accounts for source rows: Read = Stored + Duplicate + Skipped + Rejected.
type Tally struct {
	Files          int `json:"files"`
	FilesUnchanged int `json:"files_unchanged"`
	Read           int `json:"read"`
	Stored         int `json:"stored"`
	Duplicate      int `json:"duplicate"`
	Skipped        int `json:"skipped"`
	Rejected       int `json:"rejected"`
}

// Balanced reports whether every row read is accounted for.
func (t Tally) Balanced() bool { return t.Read == t.Stored+t.Duplicate+t.Skipped+t.Rejected }

// Add sums two tallies.
func (t *Tally) Add(o Tally) {
	t.Files += o.Files
	t.FilesUnchanged += o.FilesUnchanged
	t.Read += o.Read
	t.Stored += o.Stored
	t.Duplicate += o.Duplicate
	t.Skipped += o.Skipped
	t.Rejected += o.Rejected
}

// Subject is one classified user or device.
type Subject struct {
	ID        string   `json:"id"`
	Kind      string   `json:"kind"` // user or device
	Class     string   `json:"class"`
	Outcome   string   `json:"outcome"` // required, exempt or undetermined
	Licenses  []string `json:"licenses"`
	CoveredBy string   `json:"covered_by"` // user-cal, device-cal or external-connector
	Reasons   []Reason `json:"reasons"`
	Name      string   `json:"name,omitempty"`      // display name from the directory
	Exemption string   `json:"exemption,omitempty"` // reason of the estate exemption that applies
	Versions  []string `json:"versions,omitempty"`  // CAL version per licence, same order as Licenses
	Aliases   []string `json:"aliases,omitempty"`   // every id that is this subject, itself included
	Shares    []string `json:"shares,omitempty"`    // devices of a user, users of a device

	AliasBy      []string `json:"alias_by,omitempty"`      // of users with several ids: by what each is theirs (TieWords), same order as Aliases
	AliasRecords []int    `json:"alias_records,omitempty"` // where several were met in the window: records under each, same order
	Shared       []string `json:"shared,omitempty"`        // shared accounts whose uses are among this user's

	// Readings is what the other answer of a question would make of the subject,
	// for the questions where that is another outcome or other licences.
	Readings []OtherAnswer `json:"readings,omitempty"`
}

// OtherAnswer is the verdict on a subject if one question were answered the
// other way and everything else stayed.
type OtherAnswer struct {
	Question  string   `json:"question"`
	Answer    string   `json:"answer"` // strict or lenient: the one that was not chosen
	Outcome   string   `json:"outcome"`
	Licenses  []string `json:"licenses"`
	Versions  []string `json:"versions,omitempty"`
	CoveredBy string   `json:"covered_by,omitempty"`
}

// Reason is a group of usages that one rule decided alike.
type Reason struct {
	Rule     string `json:"rule"`
	Activity string `json:"activity"`
	Outcome  string `json:"outcome"`
	Count    int    `json:"count"`
	First    string `json:"first"` // RFC 3339, UTC; empty for facts without a date
	Last     string `json:"last"`
}
