package ingest

import (
	"path"
	"slices"
	"strings"
	"sync"
)

// cdrRole is what a table of the call detail database is to an audit.
type cdrRole uint8

const (
	cdrUnused cdrRole = iota // recognised, so that nobody wonders, but not needed
	cdrLookup                // gives names to ids
	cdrFact                  // states who did what
)

// cdrTable is one table as the vendor's CDR schema reference lists it (pages
// of Lync Server 2010, 2013 and Skype for Business Server 2015). Views are named as in SQL. Column names
// are separated by spaces, accepted spellings of one column by "|".
type cdrTable struct {
	name   string
	role   cdrRole
	needed string // without these the table says nothing reliable
	known  string // the other documented columns
}

// cdrTables lists lookups in the order in which they must be read: a table
// stands behind those that its own columns refer to.
var cdrTables = []cdrTable{
	{"Tenants", cdrLookup, "TenantId TenantKey", ""},
	// R2 only; its column names are not on any page that can be read today, so
	// the likely ones are recognised and the join is by equal names alone.
	{"UserAuthTypes", cdrLookup, "UserAuthType|AuthType|UserAuthTypeId|AuthTypeId", "UserAuthType AuthType UserAuthTypeId AuthTypeId Description Name"},
	{"UriTypes", cdrLookup, "UriTypeId UriType", ""},
	{"Roles", cdrLookup, "RoleId Role", ""},
	{"MediaList", cdrLookup, "MediaId Media", ""},
	{"UserAgentDef", cdrLookup, "UAType UAName", "UACategory"},
	{"ClientVersions", cdrLookup, "VersionId Version", "ClientType ClientCategory"},
	{"Users", cdrLookup, "UserId UserUri", "TenantId UriTypeId NextUpdateTS TenantKey UriType"},
	{"Phones", cdrLookup, "PhoneId PhoneUri", "NextUpdateTS"},
	{"Devices", cdrLookup, "DeviceId MacAddress", "ManufacturerId HardwareVersionId"},
	{"Manufacturers", cdrLookup, "ManufacturerId Manufacturer", ""},
	{"HardwareVersions", cdrLookup, "VersionId Version", ""},
	{"Servers", cdrLookup, "ServerId ServerFQDN", ""},
	{"Computers", cdrLookup, "ComputerId Computer|ComputerName|ComputerFQDN|FQDN|Name", "Computer ComputerName ComputerFQDN FQDN Name"},
	{"Pools", cdrLookup, "PoolId PoolFQDN|Pool|PoolName", "PoolFQDN Pool PoolName"},
	{"EdgeServers", cdrLookup, "EdgeServerId EdgeServer", ""},
	{"Gateways", cdrLookup, "GatewayId Gateway", ""},
	{"MediationServers", cdrLookup, "MediationServerId MediationServer", ""},
	{"ConferenceUris", cdrLookup, "ConferenceUriId ConferenceUri", "NextUpdateTS Checksum UriTypeId ConferenceUriType"},
	{"Mcus", cdrLookup, "McuId McuTypeId|McuUri", "McuUri McuTypeId McuUriType"},

	{"Registration", cdrFact, "SessionIdTime SessionIdSeq UserId ResponseCode RegisterTime|EndpointId|RegistrarId|DeRegisterTime",
		"EndpointId EndpointEra ClientVersionId RegistrarId PoolId EdgeServerId IsInternal IsUserServiceAvailable IsPrimaryRegistrar " +
			"IsPrimaryRegistrarCentral RegisterTime DeRegisterTime DiagnosticId DeviceId DeRegisterTypeId IPAddress LastModifiedTime"},
	{"SessionDetails", cdrFact, "SessionIdTime SessionIdSeq User1Id User2Id ResponseCode",
		"CorrelationId ReplaceDialogIdTime ReplaceDialogIdSeq User1EndpointId User2EndpointId TargetUserId SessionStartedById OnBehalfOfId " +
			"ReferredById ServerId PoolId ContentTypeId User1ClientVerId User2ClientVerId User1EdgeServerId User2EdgeServerId IsUser1Internal " +
			"IsUser2Internal IsUser1IntegratedWithDeskPhone IsUser2IntegratedWithDeskPhone InviteTime ResponseTime DiagnosticId CallPriority " +
			"User1MessageCount User2MessageCount SessionEndTime MediaTypes User1Flag User2Flag CallFlag Processed LastModifiedTime"},
	{"VoipDetails", cdrFact, "SessionIdTime SessionIdSeq FromNumberId ConnectedNumberId FromGatewayId ToGatewayId",
		"FromMediationServerId ToMediationServerId DisconnectedbyURIId DisconnectedbyPhoneId LastModifiedTime"},
	{"Media", cdrFact, "SessionIdTime SessionIdSeq MediaId", "StartTime EndTime"},
	{"Conferences", cdrFact, "SessionIdTime SessionIdSeq OrganizerId",
		"ConferenceUriId ConfInstance ConferenceStartTime ConferenceEndTime PoolId Flag Processed LastModifiedTime"},
	{"FocusJoinsAndLeaves", cdrFact, "SessionIdTime SessionIdSeq UserId UserJoinTime",
		"DialogSessionIdTime DialogSessionIdSeq FocusUserInstance IsUserInternal UserRole UserLeaveTime ClientVerId UserEndpointId LastModifiedTime"},
	{"McuJoinsAndLeaves", cdrFact, "SessionIdTime SessionIdSeq UserId McuId UserJoinTime",
		"DialogSessionIdTime DialogSessionIdSeq McuUserInstance IsFromPstn UserLeaveTime ClientVerId LastModifiedTime"},
	{"Dialogs", cdrFact, "SessionIdTime SessionIdSeq ExternalId", "ExternalChecksum"},

	// Views, which the vendor recommends for reports, name what the tables have
	// ids for. Some pages list only what a view adds; the key is needed anyway.
	{"RegistrationView", cdrFact, "SessionIdTime SessionIdSeq UserUri ResponseCode RegisterTime|EndpointId|Registrar",
		"RegisterTime UserUriType UserTenant EndpointId EndpointEra DeRegisterType DeRegisterTime DeRegisterReason ClientVersion ClientType " +
			"ClientCategory IpAddress DialogId DiagnosticId Registrar Pool EdgeServer IsInternal IsUserServiceAvailable IsPrimaryRegistrar " +
			"DeviceMacAddress DeviceManufacturer DeviceHardwareVersion"},
	{"SessionDetailsView", cdrFact, "SessionIdTime SessionIdSeq FromUri ToUri ResponseCode",
		"InviteTime FromUriType ToUriType FromTenant ToTenant FromEndpointId ToEndpointId EndTime FromMessageCount ToMessageCount " +
			"FromClientVersion FromClientType FromClientCategory ToClientVersion ToClientType ToClientCategory TargetUri TargetUriType " +
			"OnBehalfOfUri OnBehalfOfUriType OnnnBehalfOfUriType OnBehalfOfTenant ReferredByUri ReferredByUriType ReferredByTenant DialogId " +
			"CorrelationId ReplaceDialogIdTime ReplaceDialogIdSeq ReplacesDialogId ResponseTime DiagnosticId ContentType FrontEnd Pool " +
			"FromEdgeServer ToEdgeServer IsFromInternal IsToInternal CallPriority FromUserFlag ToUserFlag CallFlag Location LastModifiedTime"},
	{"VoIPDetailsView", cdrFact, "SessionIdTime SessionIdSeq FromPhone ToPhone FromGateway ToGateway",
		"FromMediationServer ToMediationServer DisconnectedByUri DisconnectedByUriType DisconnectedByTenant DisconnectedByPhone"},
	{"MediaView", cdrFact, "SessionIdTime SessionIdSeq Media MediaStartTime|MediaEndTime", "MediaStartTime MediaEndTime"},
	{"ConferencesView", cdrFact, "SessionIdTime SessionIdSeq OrganizerUri",
		"ConferenceUri ConferenceUriType ConfInstance ConferenceStartTime ConferenceEndTime OrganizerType OrganizerTenant Pool Flag"},
	{"FocusJoinsAndLeavesView", cdrFact, "SessionIdTime SessionIdSeq UserUri UserJoinTime FocusUserInstance|UserRole",
		"UserUriType UserTenant UserEndpointId UserClientVersion UserClientType UserClientCategory FocusUserInstance IsUserInternal " +
			"DialogSessionIdTime DialogSessionIdSeq DialogId UserLeaveTime UserRole"},
	{"McuJoinsAndLeavesView", cdrFact, "SessionIdTime SessionIdSeq McuUri|McuUriType UserUri UserJoinTime",
		"McuUri McuUriType UserUriType UserTenant UserClientVersion UserClientType UserClientCategory McuUserInstance IsUserFromPstn " +
			"DialogSessionIdTime DialogSessionIdSeq DialogId UserLeaveTime"},

	{"ConferenceSessionDetailsView", cdrUnused, "SessionIdTime SessionIdSeq UserUri McuConferenceUri",
		"InviteTime ConferenceUri ConferenceUriType ConfInstance McuConferenceUriType UserUriType UserTenant UserEndpointId EndTime " +
			"ConferenceClientVersion ConferenceClientType ConferenceCategory UserClientVersion UserClientType UserClientCategory OnBehalfOfUri " +
			"OnBehalfOfUriType OnBehalfOfTenant ReferredByUri ReferredByUriType ReferredByUriTenant DialogId ReplaceDialogIdTime " +
			"ReplaceDialogIdSeq ReplacesDialogId IsStartedByConfServer IsEndedByConfServer IsUserInternal ResponseTime ResponseCode " +
			"DiagnosticId ContentType FrontEnd Pool MediationServer Gateway EdgeServer UserFlag CallFlag"},
	{"ConferenceMessageCountView", cdrUnused, "UserUri UserMessageCount", "SessionIdTime SessionIdSeq UserUriType UserTenant"},
	{"ConferenceSessionDetails", cdrUnused, "SessionIdTime SessionIdSeq UserId ConferenceUriId|McuConferenceUriId",
		"ConferenceUriId ConfInstance McuConferenceUriId UserEndpointId OnBehalfOfId ReferredById UserClientVersionId ConfClientVersionId " +
			"ReplaceDialogIdTime ReplaceDialogIdSeq IsStartedByConfServer IsEndedByConfServer IsUserInternal ResponseCode DiagnosticId ServerId " +
			"PoolId MediationServerId GatewayId EdgeServerId ContentTypeId InviteTime ResponseTime SessionEndTime UriTypeId UserFlag CallFlag LastModifiedTime"},
	{"ConferenceMessageCount", cdrUnused, "SessionIdTime SessionIdSeq UserId MessageCount", ""},
	{"FileTransfers", cdrUnused, "SessionIdTime SessionIdSeq FileName|FileIdentity", "FileName FileIdentity Cookie Accept Reject Cancel LastModifiedTime"},
	{"Locations", cdrUnused, "SessionIdTime SessionIdSeq Location", ""},
	{"UserStatistics", cdrUnused, "UserId LastLogInTime", "LastConfOrganizedTime LastCallOrganizerCallFailureTime LastConfOrganizerCallFailureTime"},
	{"ContentTypes", cdrUnused, "ContentTypeId ContentType", ""},
	{"DeRegisterType", cdrUnused, "DeRegisterTypeId DeRegisterReason", ""},
	{"CallPriorities", cdrUnused, "PriorityId Priority", ""},
	{"CallType", cdrUnused, "CallTypeId CallType", ""},
	{"SIPResponseMetaData", cdrUnused, "ResponseCode Description", "Class"},
	{"PurgeSettings", cdrUnused, "EnablePurge KeepCallDetailForDays", "Id KeepErrorReportForDays PurgeHour"},
}

// cdrFree are columns that prove no table: internal stamps, and what export
// tools add on their own.
var cdrFree = map[string]bool{"nextupdatets": true, "lastmodifiedtime": true, "checksum": true, "processed": true,
	"rowerror": true, "rowstate": true, "table": true, "itemarray": true, "haserrors": true, "": true}

// view tells the views, whose rows need no look-up tables.
func (d *cdrTable) view() bool { return strings.HasSuffix(d.name, "View") }

// cdrSchema is one database of the product whose tables are exported one a
// file into one folder: its tables, and what reads their rows.
type cdrSchema struct {
	about  string // for messages
	tables []cdrTable
	codes  map[string]bool // look-up tables that other look-up tables refer to
	// partial are tables that have more columns than the description knows.
	partial map[string]bool
	people  string // the table of people
	key     string // and its id
	product func(headers map[string][]string) string
	// part tells tables with the same columns apart; nil when there are none.
	part           func(d *cdrTable, t *Table) string
	lookups, facts func(s *cdrSet, r *cdrRows) rowReader
}

// named finds a table, nil when there is none of that name.
func (c *cdrSchema) named(name string) *cdrTable {
	for i := range c.tables {
		if c.tables[i].name == name {
			return &c.tables[i]
		}
	}
	return nil
}

// states tells the tables that are more than names behind ids.
func (c *cdrSchema) states(part string) bool {
	d := c.named(part)
	return d != nil && d.role != cdrLookup
}

// cdrColumns is the columns of a table with folded names: every file of every
// night is held against all tables.
type cdrColumns struct {
	all    map[string]bool
	needed []cdrNeed
	count  int // columns, needed and known
}

// cdrNeed is a needed column with its accepted spellings.
type cdrNeed struct {
	text string
	keys []string
}

var cdrColumnsOf = sync.OnceValue(func() map[*cdrTable]*cdrColumns {
	tables := map[*cdrTable]*cdrColumns{}
	for _, list := range [][]cdrTable{cdrTables, qoeTables} {
		for i := range list {
			tables[&list[i]] = list[i].describe()
		}
	}
	return tables
})

func (d *cdrTable) describe() *cdrColumns {
	c := &cdrColumns{all: map[string]bool{}, count: len(strings.Fields(d.needed)) + len(strings.Fields(d.known))}
	for item := range strings.FieldsSeq(d.needed + " " + d.known) {
		for name := range strings.SplitSeq(item, "|") {
			c.all[ColumnKey(name)] = true
		}
	}
	for item := range strings.FieldsSeq(d.needed) {
		need := cdrNeed{text: strings.ReplaceAll(item, "|", " or ")}
		for name := range strings.SplitSeq(item, "|") {
			need.keys = append(need.keys, ColumnKey(name))
		}
		c.needed = append(c.needed, need)
	}
	return c
}

func (d *cdrTable) columns() *cdrColumns { return cdrColumnsOf()[d] }

// has tells whether the table documents a column of this folded name.
func (d *cdrTable) has(key string) bool { return d.columns().all[key] }

// missing names the needed columns that the header lacks.
func (c *cdrColumns) missing(keys map[string]bool) (names []string) {
	for _, need := range c.needed {
		if !slices.ContainsFunc(need.keys, func(key string) bool { return keys[key] }) {
			names = append(names, need.text)
		}
	}
	return names
}

// cdrMatch is how well a header fits a table.
type cdrMatch struct {
	def     *cdrTable
	hits    int // columns that prove something and that the table documents
	columns int // columns of the header that could prove something
	missing []string
}

// recognise finds the table that documents most of the columns. The best
// fit decides before the needed columns are asked for: a join table whose
// McuId was renamed is a damaged McuJoinsAndLeaves, not a FocusJoinsAndLeaves.
func (c *cdrSchema) recognise(header []string) cdrMatch {
	keys := columnKeys(header)
	var best cdrMatch
	size := 0
	for i := range c.tables {
		m := cdrFit(&c.tables[i], keys)
		n := m.def.columns().count
		switch {
		case best.def == nil, m.hits > best.hits,
			m.hits == best.hits && len(m.missing) < len(best.missing),
			m.hits == best.hits && len(m.missing) == len(best.missing) && n < size:
			best, size = m, n
		}
	}
	return best
}

func columnKeys(header []string) map[string]bool {
	keys := make(map[string]bool, len(header))
	for _, name := range header {
		keys[ColumnKey(name)] = true
	}
	return keys
}

func cdrFit(d *cdrTable, keys map[string]bool) cdrMatch {
	c := d.columns()
	m := cdrMatch{def: d, missing: c.missing(keys)}
	for k := range keys {
		if cdrFree[k] {
			continue
		}
		m.columns++
		if c.all[k] {
			m.hits++
		}
	}
	return m
}

// sure: the header is this table. Two or three columns of a lookup are weak
// evidence, so most of the header has to be known then.
func (m cdrMatch) sure() bool {
	return len(m.missing) == 0 && (len(m.def.columns().needed) > 3 || m.hits*2 >= m.columns)
}

// likely: clearly meant to be this table, whatever it lacks.
func (m cdrMatch) likely() bool { return m.hits >= 3 && m.hits*2 >= m.columns }

// speaksOf finds the table that a file name speaks of (SessionDetails_2.csv,
// LcsCDR.dbo.Users.csv). It only makes a refusal clearer.
func (c *cdrSchema) speaksOf(name string) *cdrTable {
	name = strings.TrimSuffix(strings.ToLower(name), ".gz")
	name = strings.TrimSuffix(name, path.Ext(name))
	name = name[strings.LastIndexByte(name, '.')+1:]
	key := strings.TrimRight(ColumnKey(name), "0123456789")
	for i := range c.tables {
		if strings.ToLower(c.tables[i].name) == key {
			return &c.tables[i]
		}
	}
	return nil
}

// cdrProduct tells the generation from all headers of a set, "" when they
// leave it open. Marks: tables of OCS 2007 R2 alone; LastModifiedTime came
// with 2015; endpoints, client codes and the client address came with 2013.
func cdrProduct(tables map[string][]string) string {
	product := ""
	for table, header := range tables {
		if table == "UserAuthTypes" || table == "Computers" {
			return "ocs2007r2"
		}
		p := ""
		switch table {
		case "Registration", "SessionDetails", "FocusJoinsAndLeaves", "ClientVersions", "Conferences":
			p = "lync2010"
		case "UserAgentDef", "UserStatistics", "PurgeSettings":
			p = "lync2013"
		}
		if strings.HasSuffix(table, "View") { // the documented views came with 2013
			p = "lync2013"
		}
		for _, name := range header {
			switch ColumnKey(name) {
			case "lastmodifiedtime":
				p = "sfb2015"
			case "endpointera", "ipaddress", "isprimaryregistrarcentral", "user1endpointid", "user2endpointid", "clienttype", "processed":
				p = max(p, "lync2013")
			case "userendpointid":
				if table == "FocusJoinsAndLeaves" {
					p = max(p, "lync2013")
				}
			}
		}
		product = max(product, p) // the names sort by age
	}
	return product
}
