// Package export hands the evidence of an audit, and what it was judged by, to
// other engines: as Parquet files or as plain tables of SQLite. It knows the
// tables and how Parquet is written; the store fills them.
package export

// Kind is the type of a column.
type Kind int

const (
	Text Kind = iota // NULL when empty
	Int              // 64 bits; NULL when 0 in a column that names something
	Bool
	Time // milliseconds since 1970, UTC; NULL for facts without a time
)

// Column documents one column of the export.
type Column struct {
	Name  string
	Kind  Kind
	About string
}

// Table documents one table. The tables and columns are a promise: names and
// meanings stay, columns may be added.
type Table struct {
	Name    string
	About   string
	Daily   bool // one Parquet folder a day (day=2009-03-02), "undated" for facts without a time
	Columns []Column
}

// Activities is one row for each fact of the window.
var Activities = Table{Name: "activities", Daily: true, About: "one activity of one identity, as the records state it, in the window of the audit", Columns: []Column{
	{"at", Time, "when, UTC; the time that counts in the window: a sign-in that began earlier stands at its end, or at the beginning of the window when it goes on"},
	{"activity", Text, "im-login, im-session, call-placed, call-received, conference-organized, conference-attended, im-identity, voice-extension or federation"},
	{"user_id", Int, "whose activity: names.id"},
	{"peer_id", Int, "with whom, where one is known: names.id"},
	{"peer_pstn", Bool, "the peer is not known but for being on the telephone network"},
	{"device_id", Int, "machine with an id of its own: names.id"},
	{"endpoint_id", Int, "one user on one machine, or the name of a machine beside its network card: names.id"},
	{"client_id", Int, "program (user agent): names.id"},
	{"server_id", Int, "server or pool: names.id"},
	{"class_stated", Text, "class of the user that the source itself states"},
	{"modality", Text, "kinds of media, with +"},
	{"role", Text, "in a conference"},
	{"untold", Bool, "a conference whose kind no export tells, taken for a web conference"},
	{"file_id", Int, "source file: files.id"},
	{"line", Int, "line in it, from 1"},
}}

// Names is the dictionary of texts.
var Names = Table{Name: "names", About: "texts behind the ids", Columns: []Column{
	{"id", Int, "number in the store"},
	{"kind", Text, "user, device, endpoint, client, server or source"},
	{"text", Text, "canonical form"},
}}

// Files is the imports.
var Files = Table{Name: "files", About: "source files", Columns: []Column{
	{"id", Int, "number of the import"},
	{"path", Text, "as it was given"},
	{"format", Text, "see calaudit formats"},
	{"sha256", Text, "of the content, unpacked"},
}}

// Identities says who is who.
var Identities = Table{Name: "identities", About: "which subject a name is, and its class as the audit judged it", Columns: []Column{
	{"name_id", Int, "names.id of a user, device or endpoint"},
	{"name_kind", Text, "user or machine: what sort of name; shared: the same name again, once for each of the people of a shared account"},
	{"kind", Text, "user or device: what the subject is; an identity may be a device"},
	{"subject", Text, "subjects.id; empty for names without any activity in the window"},
	{"class", Text, "class of the person behind a user name"},
}}

// Standing is the states that the directory tells.
var Standing = Table{Name: "standing", About: "states told by the directory, which are no dated records", Columns: []Column{
	{"subject", Text, "subjects.id"},
	{"kind", Text, "user or device"},
	{"class", Text, "class of the subject"},
	{"activity", Text, "im-identity or voice-extension"},
}}

// Rules is the policy worked out.
var Rules = Table{Name: "rules", About: "the policy with its readings, worked out for every case", Columns: []Column{
	{"class", Text, "of the user"},
	{"activity", Text, "as in activities"},
	{"peer_class", Text, "of the peer of a call; NULL when not known, and for everything but calls"},
	{"presents", Bool, "a conference attended as organizer or presenter; false for other activities"},
	{"sharing", Bool, "sharing is among the media; of conferences only where presents is true"},
	{"data", Bool, "data is among the media; likewise"},
	{"room_system", Bool, "the identity is a device of the class room-system"},
	{"rule", Text, "id of the rule that decides"},
	{"outcome", Text, "required, undetermined or exempt"},
	{"standard", Bool, "asks for the Standard CAL"},
	{"extended", Bool, "asks for CALs on top of it"},
}}

// Subjects is the verdicts.
var Subjects = Table{Name: "subjects", About: "the verdict on every user and device", Columns: []Column{
	{"id", Text, "canonical id"},
	{"kind", Text, "user or device"},
	{"class", Text, "class of a user, sort of a device"},
	{"outcome", Text, "required, undetermined or exempt"},
	{"covered_by", Text, "user-cal, device-cal or external-connector: who holds the licence instead"},
	{"exemption", Text, "reason of the estate's exemption that applies"},
	{"set_aside", Text, "reading that takes the subject out: dormant-identity or disabled-identity"},
	{"licenses", Text, "held, with version, with commas"},
	{"name", Text, "display name of the directory"},
}}

// Run is one row about the audit.
var Run = Table{Name: "run", About: "the audit itself, one row", Columns: []Column{
	{"as_of", Text, "last day of the window"},
	{"window_from", Text, "first day"},
	{"policy", Text, "name"},
	{"policy_sha256", Text, "of the policy file"},
	{"readings", Text, "question=answer, with commas"},
	{"assign", Text, "who takes the licence where user or device could"},
	{"digest", Text, "of the report"},
}}

// Tables lists all, in the order in which they are written.
var Tables = []*Table{&Activities, &Names, &Files, &Identities, &Standing, &Rules, &Subjects, &Run}

// Rows are n rows of a table. Values are string, int64, bool or nil, one for
// each column; a row is valid until the next is asked for.
type Rows struct {
	N   int
	Row func(i int) []any
}

// List makes rows of a list.
func List(rows [][]any) Rows { return Rows{len(rows), func(i int) []any { return rows[i] }} }

// Sink takes rows.
type Sink interface {
	// Rows adds rows to a table; day is the partition of a daily one. It may
	// be called from several goroutines.
	Rows(t *Table, day string, rows Rows) error
	// Close finishes the export; only then is it whole.
	Close() error
	// Abort removes what was written.
	Abort()
}
