package ingest

import (
	"fmt"
	"strings"
)

// CDRQuery is a SELECT that exports what is read of one table.
type CDRQuery struct {
	Product  string
	Database string // LcsCDR or QoEMetrics, as the vendor names it
	Table    string
	Columns  []string // "*" alone: the columns of this release are not documented, or not all
	SQL      string
}

// CDRProducts are the generations whose columns are documented, as the import
// report names them: of Office Communications Server 2007 R2 those of the
// quality database alone.
var CDRProducts = []struct{ Name, About string }{
	{"ocs2007r2", "Office Communications Server 2007 R2"},
	{"lync2010", "Lync Server 2010"},
	{"lync2013", "Lync Server 2013"},
	{"sfb2015", "Skype for Business Server 2015, 2019 and Subscription Edition"},
}

// wantedTable is what is read of a table. A column behind a product's name and a
// colon is there from that product on; of a table behind "*" nobody documents the
// columns, or not all that are read, before the product behind its colon, and
// behind "-" there is no such table before.
type wantedTable struct {
	table   string
	columns string
}

// age is the place of a product in CDRProducts.
func age(product string) int {
	for i, p := range CDRProducts {
		if p.Name == product {
			return i
		}
	}
	return -1
}

// cdrWanted are the tables of the call detail database.
var cdrWanted = []wantedTable{
	{"Tenants", "TenantId TenantKey"},
	{"Users", "UserId UserUri TenantId"},
	{"UriTypes", "*:lync2013 UriTypeId UriType"},
	{"Roles", "*:lync2013 RoleId Role"},
	{"MediaList", "*:lync2013 MediaId Media"},
	{"ClientVersions", "*:lync2013 VersionId Version ClientType"},
	{"Phones", "*:lync2013 PhoneId PhoneUri"},
	{"Devices", "*:lync2013 DeviceId MacAddress"},
	{"Servers", "ServerId ServerFQDN"},
	{"Pools", "PoolId PoolFQDN"},
	{"ConferenceUris", "ConferenceUriId ConferenceUri UriTypeId"},
	{"Mcus", "McuId McuUri McuTypeId"},
	{"Registration", "SessionIdTime SessionIdSeq UserId EndpointId ClientVersionId lync2013:RegistrarId PoolId RegisterTime DeRegisterTime ResponseCode DeviceId"},
	// Of Lync Server 2010 the page is known in part only; the answer and the
	// kinds of media stand in published queries for it, User2's client does not.
	{"SessionDetails", "SessionIdTime SessionIdSeq User1Id User2Id lync2013:User1EndpointId lync2013:User2EndpointId SessionStartedById ServerId PoolId " +
		"User1ClientVerId lync2013:User2ClientVerId ResponseCode MediaTypes"},
	// As text: Export-Csv does not write bytes out.
	{"Dialogs", "*:lync2013 SessionIdTime SessionIdSeq ExternalId"},
	{"VoipDetails", "SessionIdTime SessionIdSeq FromNumberId ConnectedNumberId FromGatewayId ToGatewayId FromMediationServerId ToMediationServerId"},
	{"Media", "SessionIdTime SessionIdSeq MediaId"},
	// LastModifiedTime tells the product.
	{"Conferences", "SessionIdTime SessionIdSeq ConferenceUriId ConferenceStartTime PoolId OrganizerId Flag sfb2015:LastModifiedTime"},
	{"FocusJoinsAndLeaves", "SessionIdTime SessionIdSeq UserId UserRole UserJoinTime UserLeaveTime ClientVerId lync2013:UserEndpointId"},
	{"McuJoinsAndLeaves", "SessionIdTime SessionIdSeq UserId IsFromPstn McuId UserJoinTime UserLeaveTime lync2013:ClientVerId"},
}

// qoeWanted are the tables of the quality database. What the pages of Session
// and MediaLine leave out for the earlier products is needed: who was called.
var qoeWanted = []wantedTable{
	{"User", "*:lync2010 UserKey URI URIType"},
	{"UserAgent", "*:lync2010 UserAgentKey UserAgent UAType"},
	{"Endpoint", "*:lync2010 EndpointKey Name"},
	{"MacAddress", "-:lync2010 *:lync2013 MacAddressKey MacAddress"},
	{"Pool", "*:lync2013 PoolKey PoolName"},
	{"Conference", "*:lync2010 ConferenceKey ConfURI"},
	{"Dialog", "-:lync2010 ConferenceDateTime SessionSeq DialogID"},
	{"Session", "*:lync2013 ConferenceDateTime SessionSeq ConferenceKey CorrelationKey DialogCategory StartTime EndTime CallerPool CalleePool " +
		"CallerPAI CalleePAI CallerURI CalleeUri CallerEndpoint CalleeEndpoint CallerUserAgent CalleeUserAgent"},
	{"MediaLine", "*:lync2013 ConferenceDateTime SessionSeq MediaLineLabel CallerMacAddress CalleeMacAddress CallerVPN CalleeVPN"},
}

// CDRQueries lists the queries of one product for its call detail database and
// its quality database, lookups first. Times come with their milliseconds
// whatever the settings of whoever runs it (style 121; 126 leaves .000 out).
func CDRQueries(product string) (list []CDRQuery) {
	if product != "ocs2007r2" {
		list = queriesOf(product, "LcsCDR", cdrWanted)
	}
	return append(list, queriesOf(product, "QoEMetrics", qoeWanted)...)
}

func queriesOf(product, database string, wanted []wantedTable) (list []CDRQuery) {
tables:
	for _, w := range wanted {
		q := CDRQuery{Product: product, Database: database, Table: w.table}
		var terms []string
		for name := range strings.FieldsSeq(w.columns) {
			since, column, ok := strings.Cut(name, ":")
			switch {
			case since == "-" && age(product) < age(column):
				continue tables
			case since == "*" && age(product) < age(column):
				q.Columns, terms = []string{"*"}, []string{"*"}
			case since == "*", since == "-", len(q.Columns) == 1 && q.Columns[0] == "*", ok && age(product) < age(since):
				continue
			case !ok:
				column = name
			}
			if since == "*" {
				continue
			}
			q.Columns = append(q.Columns, column)
			switch {
			case strings.HasSuffix(column, "Time"):
				column = fmt.Sprintf("CONVERT(varchar(23), %s, 121) AS %s", column, column)
			case column == "ExternalId":
				column = "CONVERT(varchar(1552), ExternalId, 1) AS ExternalId"
			}
			terms = append(terms, column)
		}
		table := w.table
		if table == "User" { // a word of the language
			table = "[User]"
		}
		q.SQL = "SELECT " + strings.Join(terms, ", ") + " FROM dbo." + table
		list = append(list, q)
	}
	return list
}
