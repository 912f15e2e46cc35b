package ingest

import (
	"context"
	"strings"
)

// qoeFormat reads one QoEMetrics database, exported as one file per
// table into one folder. The meaning of tables and columns is the vendor's
// schema reference ("List of tables" of OCS 2007 R2, "List of QoE tables" of
// Lync Server 2010, 2013 and Skype for Business Server 2015,
// learn.microsoft.com, schema-reference/quality-of-experience-qoe-database-schema).
//
// A row proves a use, with the machine. That there is none proves nothing:
// clients that do not report, and calls that fail, leave no row.
func qoeFormat() Format {
	return Format{
		Name:   "qoe",
		About:  "call quality: the tables of one QoEMetrics database, one file per table, in one folder, as sqlcmd, bcp, Management Studio or Export-Csv save them; it may be that of the call records",
		Basis:  "from documentation",
		Fields: qoeFields,
		Sample: qoeSample,
		Set:    true,
		Facts:  qoeMetrics.states,
		Sniff:  sniffQoE,
		Read:   readQoE,
	}
}

var qoeFields = []Field{
	{"ConferenceDateTime, SessionSeq", "Session, MediaLine, Dialog: identity of a media session; the time needs its milliseconds", true},
	{"Session.CallerURI, CalleeURI, CallerPAI, CalleePAI", "the two parties; an address counts before a number", true},
	{"Session.StartTime, EndTime", "when; without it the time of the first report counts", false},
	{"Session.ConferenceKey, DialogCategory, SessionID", "meeting or call; which leg of a call over the telephone network; the dialog (OCS 2007 R2)", false},
	{"Session.CallerUserAgent, CalleeUserAgent, CallerEndpoint, CalleeEndpoint, CallerPool, CalleePool", "programs, machines, pools", false},
	{"MediaLine.MediaLineLabel, CallerMacAddress, CalleeMacAddress, CallerVPN, CalleeVPN", "kinds of media, and network cards; over a VPN the card may be one that all machines have alike, so the name counts", false},
	{"Dialog.DialogID", "the SIP dialog: with Dialogs of the call records it tells that a session stands in both", false},
	{"User.UserKey, URI, URIType", "people, meetings and phones", true},
	{"UserAgent, Endpoint, MacAddress, Pool, Conference", "names behind the keys; without them the values are unknown, the rows are kept", false},
	{"SessionView, MediaLineView", "the views of 2013 and later in place of Session and MediaLine", false},
}

// qoeSample holds three tables; a line "Name.csv:" begins each.
const qoeSample = `User.csv:
UserKey,URI,URIType
1,alice@contoso.com,2
2,+12065550199@contoso.com;user=phone,8
Endpoint.csv:
EndpointKey,Name
7,PC-ALICE.contoso.com
Session.csv:
ConferenceDateTime,SessionSeq,ConferenceKey,DialogCategory,StartTime,EndTime,CallerURI,CalleeURI,CallerEndpoint
2009-03-02 08:05:31.123,1,1,0,2009-03-02 08:01:00.000,2009-03-02 08:05:30.000,1,2,7
`

// qoeMetrics is the quality database.
var qoeMetrics = &cdrSchema{
	about:   "quality database",
	tables:  qoeTables,
	partial: map[string]bool{"MediaLine": true, "AudioStream": true},
	people:  "User", key: "UserKey",
	product: qoeProduct,
	lookups: (*cdrSet).qoeLookups,
	facts:   (*cdrSet).qoeFacts,
}

func sniffQoE(h *Head) Verdict { return qoeMetrics.sniff(h) }

func readQoE(ctx context.Context, files []*File, env *Env, emit Emit) error {
	return qoeMetrics.read(ctx, files, env, emit)
}

// qoeTables is read like cdrTables.
var qoeTables = []cdrTable{
	{"User", cdrLookup, "UserKey URI", "URIType TenantKey LastPoorCallTime NextUpdateTS"},
	{"UserAgent", cdrLookup, "UserAgentKey UserAgent", "UAType UACategory"},
	{"Endpoint", cdrLookup, "EndpointKey Name", "OS CPUName CPUNumberOfCores CPUProcessorSpeed VirtualizationFlag"},
	{"MacAddress", cdrLookup, "MacAddressKey MacAddress", ""},
	{"Pool", cdrLookup, "PoolKey PoolName", ""},
	{"Conference", cdrLookup, "ConferenceKey ConfURI", "Checksum NextUpdateTS"},

	{"Session", cdrFact, "ConferenceDateTime SessionSeq ConferenceKey CallerURI|CalleeURI",
		"SessionID Checksum CorrelationKey DialogCategory MediationServerBypassFlag MediaBypassWarningFlag StartTime EndTime CallerPool " +
			"CalleePool CallerPAI CalleePAI CallerURI CalleeURI CallerEndpoint CalleeEndpoint CallerUserAgent CalleeUserAgent CallPriority ClassifiedPoorCall"},
	{"SessionView", cdrFact, "ConferenceDateTime ConferenceURI CallerURI|CalleeURI CallerUserAgent|CalleeUserAgent",
		"SessionSeq Correlation DialogCategory MediationServerBypassFlag MediaBypassWarningFlag StartTime EndTime CallerPool CalleePool " +
			"CallerPAI CalleePAI CallerEndpoint CalleeEndpoint CallerUserAgent CallerUserAgentType CallerUserAgentCategory CalleeUserAgent " +
			"CalleeUserAgentType CalleeUserAgentCategory CallerURI CalleeURI CallPriority CallPrioirty"},
	// The view MediaLineView has the same names with text for keys.
	{"MediaLine", cdrFact, "ConferenceDateTime SessionSeq MediaLineLabel CallerMacAddress|CalleeMacAddress|CallerInside|CalleeInside|CallerIPAddr|CalleeIPAddr",
		"CallerIPAddr CalleeIPAddr CallerSubnet CalleeSubnet CallerInside CalleeInside CallerMacAddress CalleeMacAddress CallerRelayIPAddr " +
			"CalleeRelayIPAddr CallerReflexiveIPAddr CalleeReflexiveIPAddr CallerCaptureDev CalleeCaptureDev CallerRenderDev CalleeRenderDev " +
			"CallerNetworkConnectionType CalleeNetworkConnectionType CallerVPN CalleeVPN Caller Callee MidCallReport"},
	{"Dialog", cdrFact, "ConferenceDateTime SessionSeq DialogID", "DialogIDChecksum"},

	// VideoStream has the same key columns; the others are figures of quality.
	{"AudioStream", cdrUnused, "ConferenceDateTime SessionSeq MediaLineLabel StreamID", ""},
	{"SessionCorrelation", cdrUnused, "CorrelationKey CorrelationID", "Checksum NextUpdateTS"},
	{"Device", cdrUnused, "DeviceKey DeviceName", "DeviceType NextUpdateTS"}, // headsets and cameras
	{"Server", cdrUnused, "ServerKey FQDNOrIP", "ServerType PoolName NextUpdateTS"},
	{"IPAddress", cdrUnused, "IPAddressKey IPAddress", ""},
	{"NetworkConnectionDetail", cdrUnused, "NetworkConnectionDetailKey NetworkConnectionDetail", ""},
	{"PurgeSettings", cdrUnused, "EnablePurge KeepQoEDataForDays", "ID PurgeHour"},
}

// qoeProduct tells the generation from all headers of a set, "" when they leave
// it open. Marks: the dialog stands in Session in OCS 2007 R2; Dialog and
// MacAddress came with 2010; the address and settings tables and the views with
// 2013. What followed has the same columns.
func qoeProduct(tables map[string][]string) string {
	product := ""
	for table, header := range tables {
		p := ""
		switch table {
		case "Dialog", "MacAddress", "Server":
			p = "lync2010"
		case "IPAddress", "NetworkConnectionDetail", "PurgeSettings", "SessionView":
			p = "lync2013"
		}
		for _, name := range header {
			switch key := ColumnKey(name); {
			case table == "Session" && key == "sessionid":
				return "ocs2007r2"
			case strings.HasPrefix(key, "mediabypass") || strings.HasPrefix(key, "mediationserverbypass") || key == "tenantkey":
				p = max(p, "lync2010")
			case key == "callervpn", key == "calleevpn", key == "uacategory", name == "CalleeUri":
				p = max(p, "lync2013")
			}
		}
		product = max(product, p) // the names sort by age
	}
	return product
}
