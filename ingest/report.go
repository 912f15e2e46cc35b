package ingest

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"calaudit/ingest/delimited"
)

// The monitoring reports of Lync Server 2010 to Skype for Business Server
// 2015, saved as CSV by the report server. Column names are those of the
// vendor's descriptions of the reports; their case varies. Rows of report
// parameters may stand before a table, and blank lines between tables.

// reportCap is how many rows the report server shows of any table.
const reportCap = 1000

// reportColumn is a column that is read of some report.
type reportColumn uint8

const (
	repMACAddress reportColumn = iota
	repUserURI
	repLastLogonTime
	repLastLogoffTime
	repLastActivity
	repFromUser
	repToUser
	repInviteTime
	repResponseTime
	repEndTime
	repConferenceURI
	repOrganizer
	repParticipant
	repConnectivity
	repJoinTime
	repLeaveTime
	repStartTime
	repUser
	repCaller
	repWorkflow
	repResponseCode
	repPoolFQDN
	repFromUserAgent
	repToUserAgent
	repTotalLogons
	repUniqueLogonUsers
	repTotalConferences
	repTotalParticipants
	repUserAgent
	repRole
	repModalities
	repPool
	repFrontEnd
)

// reportColumns are the names in the vendor's spelling.
var reportColumns = [...]string{
	repMACAddress:        "MAC address",
	repUserURI:           "User URI",
	repLastLogonTime:     "Last logon time",
	repLastLogoffTime:    "Last logoff time",
	repLastActivity:      "Last activity",
	repFromUser:          "From user",
	repToUser:            "To user",
	repInviteTime:        "Invite time",
	repResponseTime:      "Response time",
	repEndTime:           "End time",
	repConferenceURI:     "Conference URI",
	repOrganizer:         "Organizer",
	repParticipant:       "Participant",
	repConnectivity:      "Connectivity",
	repJoinTime:          "Join time",
	repLeaveTime:         "Leave time",
	repStartTime:         "Start time",
	repUser:              "User",
	repCaller:            "Caller",
	repWorkflow:          "Workflow",
	repResponseCode:      "Response code",
	repPoolFQDN:          "Pool FQDN",
	repFromUserAgent:     "From user agent",
	repToUserAgent:       "To user agent",
	repTotalLogons:       "Total logons",
	repUniqueLogonUsers:  "Unique logon users",
	repTotalConferences:  "Total conferences",
	repTotalParticipants: "Total participants",
	repUserAgent:         "User agent",
	repRole:              "Role",
	repModalities:        "Modalities",
	repPool:              "Pool",
	repFrontEnd:          "Front end",
}

func (c reportColumn) String() string { return reportColumns[c] }

// reportKind is one table of a report, recognised by the columns it needs.
type reportKind struct {
	about string
	needs []reportColumn
	dates []reportColumn                            // columns of times
	take  func(r *reportReader, c *reportRow) error // nil: the table states no use of anybody
}

// reportKinds are tried in this order.
var reportKinds = []reportKind{
	{"IP phone inventory", []reportColumn{repMACAddress, repUserURI, repLastLogonTime},
		[]reportColumn{repLastLogonTime, repLastLogoffTime, repLastActivity}, (*reportReader).phone},
	{"user activity: peer-to-peer sessions", []reportColumn{repFromUser, repToUser, repInviteTime, repResponseTime},
		[]reportColumn{repInviteTime, repResponseTime, repEndTime}, (*reportReader).session},
	{"user activity: conferences and participants", []reportColumn{repConferenceURI, repOrganizer, repParticipant, repConnectivity, repJoinTime},
		[]reportColumn{repStartTime, repEndTime, repJoinTime, repLeaveTime}, (*reportReader).join},
	{"user activity: conferences", []reportColumn{repConferenceURI, repOrganizer, repStartTime},
		[]reportColumn{repStartTime, repEndTime}, (*reportReader).conference},
	{"user activity: conference participants", []reportColumn{repParticipant, repConnectivity, repJoinTime},
		[]reportColumn{repJoinTime, repLeaveTime}, (*reportReader).join},
	{"conference detail", []reportColumn{repUser, repConnectivity, repJoinTime},
		[]reportColumn{repJoinTime, repLeaveTime}, (*reportReader).join},
	{"Response Group calls", []reportColumn{repCaller, repWorkflow, repStartTime, repResponseCode},
		[]reportColumn{repStartTime, repEndTime}, (*reportReader).workflow},
	{"session detail without users", []reportColumn{repPoolFQDN, repFromUserAgent, repToUserAgent}, nil, nil},
	{"totals of registrations", []reportColumn{repTotalLogons, repUniqueLogonUsers}, nil, nil},
	{"totals of conferences", []reportColumn{repTotalConferences, repTotalParticipants}, nil, nil},
}

// reportKindOf knows a table by its header row. Totals by authentication type
// or call type have columns that are known in part only.
func reportKindOf(row [][]byte) *reportKind {
	if len(row) < 2 || !onlyNames(row) {
		return nil
	}
	names, total := map[string]bool{}, false
	for _, f := range row {
		key := ColumnKey(string(f))
		names[key] = true
		total = total || strings.HasPrefix(key, "total")
	}
	for i := range reportKinds {
		k, all := &reportKinds[i], true
		for _, name := range k.needs {
			all = all && names[ColumnKey(name.String())]
		}
		if all {
			return k
		}
	}
	if total && (names["authenticationtype"] || names["calltype"]) {
		return &reportTotals
	}
	return nil
}

// onlyNames tells a row that may be a header: no cell is a short number, a time
// or an address (the report server names cells of its own textbox12). Nearly
// every other row is told by its last cells.
func onlyNames(row [][]byte) bool {
	for _, f := range slices.Backward(row) {
		for _, c := range f {
			if c >= '0' && c <= '9' && len(f) < len("textbox") || c == '@' || c == ':' || c == '/' {
				return false
			}
		}
	}
	return true
}

var reportTotals = reportKind{about: "totals by type"}

func reportFormat() Format {
	return Format{
		Name:       "monitoring-report",
		About:      "monitoring reports saved as CSV by the report server: IP phone inventory, user activity, conference detail, Response Group calls; totals are recognised, they name nobody",
		Occasional: true,
		Basis:      "from documentation",
		Fields: []Field{
			{"MAC address, User URI, Last logon time", "a phone and who signed in at it (IP phone inventory)", false},
			{"Last logoff time, Last activity", "how long it was signed in", false},
			{"From user, To user, Invite time, Response time", "a session of two; without a response it was not answered", false},
			{"Modalities", "its kinds of media: with audio or video it is a call", false},
			{"Conference URI, Organizer, Start time", "a conference", false},
			{"Participant (or User), Connectivity, Join time", "somebody who attended; From PSTN: by telephone", false},
			{"Role, User agent, Pool", "told of an attendance where they are there", false},
			{"Caller, Workflow, Start time, Response code", "a call to a Response Group, answered when the code is 200", false},
		},
		Sample: "Report,From,To\nUser Activity Report,3/1/2009 12:00:00 AM,3/31/2009 12:00:00 AM\n\n" +
			"From user,To user,Modalities,Invite time,Response time,End time,Diagnostic ID\n" +
			"alice@contoso.com,bob@contoso.com,Audio,3/16/2009 1:05:00 PM,3/16/2009 1:05:09 PM,3/16/2009 1:10:00 PM,0\n" +
			"alice@contoso.com,carol@contoso.com,IM,3/16/2009 2:00:00 PM,,,480\n",
		Sniff: func(h *Head) Verdict {
			_, ok := sniffReport(h)
			return Verdict{Yes: ok}
		},
		Read: readReports,
	}
}

// sniffReport finds the first header row among the beginning of a file and
// returns the separator. The header may be in a line that a comma sniffed from
// the first line would not cut.
func sniffReport(h *Head) (comma byte, ok bool) {
	if h.Bin {
		return 0, false
	}
	for _, comma := range []byte{',', ';', '\t'} {
		r := delimited.NewReader(bytes.NewReader(h.Text), comma)
		for n := 0; n < 200; n++ {
			row, err := r.Read()
			if err == io.EOF {
				break
			}
			if err == nil && reportKindOf(row) != nil {
				return comma, true
			}
		}
	}
	return 0, false
}

// reportRow finds the columns of one table of a report.
type reportRow struct {
	kind   *reportKind
	fields int
	places [len(reportColumns)]int // -1 for absent
	row    [][]byte
	rows   int // data rows so far
	bad    int // lines among them that were none
	line   int
}

func newReportRow(kind *reportKind, header [][]byte) *reportRow {
	c := &reportRow{kind: kind, fields: len(header)}
	keys := make([]string, len(header))
	for i, f := range header {
		keys[i] = ColumnKey(string(f))
	}
	for i, name := range reportColumns {
		c.places[i] = slices.Index(keys, ColumnKey(name))
	}
	return c
}

// get is the first of the columns that is there, without surrounding space; nil
// where there is none.
func (c *reportRow) get(columns ...reportColumn) []byte {
	for _, column := range columns {
		if i := c.places[column]; i >= 0 && i < len(c.row) {
			return bytes.TrimSpace(c.row[i])
		}
	}
	return nil
}

func (c *reportRow) has(column reportColumn) bool { return c.places[column] >= 0 }

// modalities reads the list of kinds of media of a session. Words that are not
// known leave it as it is: what is a call is told by audio and video.
func modalities(s string) (m Media) {
	s = strings.ToLower(s)
	for _, word := range [...]struct {
		text  string
		media Media
	}{{"audio", MediaAudio}, {"voice", MediaAudio}, {"video", MediaVideo}, {"file", MediaFile}, {"shar", MediaSharing},
		{"im", MediaIM}, {"instant", MediaIM}, {"data", MediaData}} {
		for _, part := range strings.FieldsFunc(s, func(r rune) bool { return !(r >= 'a' && r <= 'z') }) {
			if strings.HasPrefix(part, word.text) {
				m |= word.media
			}
		}
	}
	return m
}

// cutReport says that a table was cut by the report server.
func (c *reportRow) cutReport() string {
	if c.rows != reportCap && c.rows+c.bad != reportCap {
		return ""
	}
	return fmt.Sprintf("the table of %s has exactly %d rows, which is where the report server cuts: more may be missing; save reports of shorter periods", c.kind.about, reportCap)
}
