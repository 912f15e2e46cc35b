package ingest

import (
	"bytes"
	"fmt"
	"strings"
)

// cdrFormat reads the call detail records of one LcsCDR database, exported as
// one file per table or view into one folder. The meaning of tables and
// columns is the vendor's CDR schema reference ("List of CDR tables",
// learn.microsoft.com, schema-reference/call-detail-recording-cdr-database-schema).
func cdrFormat() Format {
	return Format{
		Name:   "cdr",
		About:  "call detail records: the tables or views of one LcsCDR database, one file per table, in one folder, as sqlcmd, bcp, Management Studio or Export-Csv save them; --queries prints the SQL",
		Basis:  "from documentation",
		Fields: cdrFields,
		Sample: cdrSample,
		Set:    true,
		Facts:  lcsCDR.states,
		Sniff:  sniffCDR,
		Read:   readCDR,
	}
}

var cdrFields = []Field{
	{"SessionIdTime, SessionIdSeq", "every fact table: natural key of the session or meeting; without its milliseconds rows that agree in the rest count once", true},
	{"Users.UserId, UserUri, TenantId", "people: address and, through Tenants.TenantKey, enterprise, federated, anonymous or public IM", true},
	{"Registration.UserId, ResponseCode, RegisterTime, DeRegisterTime, EndpointId, DeviceId", "sign-ins; only answers 2xx count", false},
	{"SessionDetails.User1Id, User2Id, SessionStartedById, ResponseCode, MediaTypes", "two-party sessions; only answers 2xx count", false},
	{"VoipDetails.FromNumberId, ConnectedNumberId, FromGatewayId, ToGatewayId", "phone numbers; number and gateway together mean the telephone network", false},
	{"Media.MediaId", "kinds of media of a session", false},
	{"Conferences.OrganizerId, ConferenceUriId, Flag", "meetings; flag 1 is test traffic", false},
	{"FocusJoinsAndLeaves.UserId, UserJoinTime, UserRole", "attendance of meetings", false},
	{"McuJoinsAndLeaves.UserId, McuId, IsFromPstn", "attendance of conferencing servers, which tell the kind of meeting", false},
	{"RegistrationView, SessionDetailsView, VoIPDetailsView, MediaView, ConferencesView, FocusJoinsAndLeavesView, McuJoinsAndLeavesView", "the same with names written out: UserUri, FromTenant, ClientVersion, McuUriType; they need no other tables", false},
	{"Dialogs.ExternalId, ConferenceUris.ConferenceUri", "the Call-ID of a session and the address of a meeting, by which those that the quality database or SIP traces tell too count once; without them by parties and time", false},
	{"ConferenceUris, Mcus, UriTypes, Tenants, Phones, ClientVersions, Devices, Servers, Pools", "names behind the ids; without them the values are unknown, the rows are kept", false},
}

// cdrSample holds two tables; a line "Name.csv:" begins each.
const cdrSample = `Users.csv:
UserId,UserUri
1,alice@contoso.com
2,sip:bob@contoso.com
SessionDetails.csv:
SessionIdTime,SessionIdSeq,User1Id,User2Id,SessionStartedById,ResponseCode,MediaTypes
2009-03-02 08:01:00.123,1,1,2,2,200,1
2009-03-02 09:30:00.000,1,1,2,1,486,16
`

// lcsCDR is the call detail database.
var lcsCDR = &cdrSchema{
	about:  "call detail database",
	tables: cdrTables,
	codes:  map[string]bool{"Tenants": true, "UserAuthTypes": true, "UriTypes": true},
	people: "Users", key: "UserId",
	product: cdrProduct,
	part: func(d *cdrTable, t *Table) string {
		if d.name == "HardwareVersions" && agentTexts(t) {
			return "ClientVersions"
		}
		return d.name
	},
	lookups: (*cdrSet).lookups,
	facts:   (*cdrSet).facts,
}

func sniffCDR(h *Head) Verdict { return lcsCDR.sniff(h) }

// sniff recognises a table of the database.
func (c *cdrSchema) sniff(h *Head) Verdict {
	if h.Bin {
		return Verdict{}
	}
	t, err := sniffTable(h)
	if err != nil {
		return Verdict{}
	}
	m := c.recognise(t.Header())
	switch {
	case t.twice != "":
		if m.sure() || m.likely() {
			return Verdict{Broken: true, Why: fmt.Sprintf("table %s names the column %q twice; keep one", m.def.name, t.twice)}
		}
		return Verdict{}
	case m.sure():
		if c.part != nil {
			return Verdict{Yes: true, Part: c.part(m.def, t)}
		}
		return Verdict{Yes: true, Part: m.def.name}
	case m.likely():
		return Verdict{Broken: true, Why: m.lacks()}
	}
	if d := c.speaksOf(h.Name); d != nil {
		if m := cdrFit(d, columnKeys(t.Header())); m.hits > 0 && len(m.missing) > 0 {
			return Verdict{Broken: true, Why: m.lacks()}
		}
	}
	return Verdict{}
}

func (m cdrMatch) lacks() string {
	word := "column"
	if len(m.missing) > 1 {
		word = "columns"
	}
	if len(m.missing) == 0 {
		return fmt.Sprintf("most columns are not those of the table %s; export it with its documented columns", m.def.name)
	}
	return fmt.Sprintf("table %s lacks the %s %s; export it with its documented columns", m.def.name, word, strings.Join(m.missing, ", "))
}

// agentTexts tells the two tables with the columns VersionId and Version apart
// (Lync Server 2010 has no ClientType): only user agents hold a "/".
func agentTexts(t *Table) bool {
	version := t.Column("Version")
	for range 200 {
		if t.Next() != nil {
			break
		}
		if bytes.IndexByte(t.Field(version), '/') >= 0 {
			return true
		}
	}
	return false
}
