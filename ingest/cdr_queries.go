package ingest

import (
	"fmt"
	"strings"
)

// CDRQuery is a SELECT that exports what is read of one table.
type CDRQuery struct {
	Product string
	Table   string
	Columns []string // "*" alone: the columns of this release are not documented
	SQL     string
}

// CDRProducts are the generations whose columns are documented, as the import
// report names them.
var CDRProducts = []struct{ Name, About string }{
	{"lync2010", "Lync Server 2010"},
	{"lync2013", "Lync Server 2013"},
	{"sfb2015", "Skype for Business Server 2015, 2019 and Subscription Edition"},
}

// cdrWanted is what is read of each table. A column behind a product's name and
// a colon is there from that product on; of a table behind "*" nobody documents
// the columns in Lync Server 2010.
var cdrWanted = []struct {
	table   string
	columns string
}{
	{"Tenants", "TenantId TenantKey"},
	{"Users", "UserId UserUri TenantId"},
	{"UriTypes", "* UriTypeId UriType"},
	{"Roles", "* RoleId Role"},
	{"MediaList", "* MediaId Media"},
	{"ClientVersions", "* VersionId Version ClientType"},
	{"Phones", "* PhoneId PhoneUri"},
	{"Devices", "* DeviceId MacAddress"},
	{"Servers", "ServerId ServerFQDN"},
	{"Pools", "PoolId PoolFQDN"},
	{"ConferenceUris", "ConferenceUriId ConferenceUri UriTypeId"},
	{"Mcus", "McuId McuUri McuTypeId"},
	{"Registration", "SessionIdTime SessionIdSeq UserId EndpointId ClientVersionId lync2013:RegistrarId PoolId RegisterTime DeRegisterTime ResponseCode DeviceId"},
	// Of Lync Server 2010 the page is known in part only; the answer and the
	// kinds of media stand in published queries for it, User2's client does not.
	{"SessionDetails", "SessionIdTime SessionIdSeq User1Id User2Id lync2013:User1EndpointId lync2013:User2EndpointId SessionStartedById ServerId PoolId " +
		"User1ClientVerId lync2013:User2ClientVerId ResponseCode MediaTypes"},
	{"VoipDetails", "SessionIdTime SessionIdSeq FromNumberId ConnectedNumberId FromGatewayId ToGatewayId FromMediationServerId ToMediationServerId"},
	{"Media", "SessionIdTime SessionIdSeq MediaId"},
	// LastModifiedTime tells the product.
	{"Conferences", "SessionIdTime SessionIdSeq ConferenceUriId ConferenceStartTime PoolId OrganizerId Flag sfb2015:LastModifiedTime"},
	{"FocusJoinsAndLeaves", "SessionIdTime SessionIdSeq UserId UserRole UserJoinTime UserLeaveTime ClientVerId lync2013:UserEndpointId"},
	{"McuJoinsAndLeaves", "SessionIdTime SessionIdSeq UserId IsFromPstn McuId UserJoinTime UserLeaveTime lync2013:ClientVerId"},
}

// CDRQueries lists the queries of one product, lookups first. Times come with
// their milliseconds whatever the settings of whoever runs it (style 121; 126
// leaves .000 out).
func CDRQueries(product string) (list []CDRQuery) {
	for _, w := range cdrWanted {
		q := CDRQuery{Product: product, Table: w.table}
		var terms []string
		for name := range strings.FieldsSeq(w.columns) {
			since, column, ok := strings.Cut(name, ":")
			switch {
			case name == "*" && product == "lync2010":
				q.Columns, terms = []string{"*"}, []string{"*"}
			case name == "*", len(q.Columns) == 1 && q.Columns[0] == "*", ok && product < since: // the names sort by age
				continue
			case !ok:
				column = name
			}
			if name == "*" {
				continue
			}
			q.Columns = append(q.Columns, column)
			if strings.HasSuffix(column, "Time") {
				column = fmt.Sprintf("CONVERT(varchar(23), %s, 121) AS %s", column, column)
			}
			terms = append(terms, column)
		}
		q.SQL = "SELECT " + strings.Join(terms, ", ") + " FROM dbo." + w.table
		list = append(list, q)
	}
	return list
}
