package ingest

import (
	"slices"
	"strings"
	"testing"
)

// tablesOfViews and viewsOfTables are the same evidence.
var viewTables = map[string]string{
	"Registration.csv": registrationHead + "2009-03-02 08:00:00.123,1,1," + ep1 + ",1,1,1,2009-03-02 08:00:01.000,2009-03-02 17:00:00.000,200,1\n" +
		"2009-03-02 08:05:00.123,1,9,,,NULL,1,,,200,\n2009-03-02 08:06:00.123,1,1,,,1,1,,,403,\n2009-03-02 08:07:00.123,1,1,,4,1,1,,,200,\n2009-03-02 08:08:00.123,1,7,,,1,1,,,200,\n",
	"SessionDetails.csv": sessionHead + "2009-03-02 09:00:00.123,1,1,3," + ep1 + ",,3,1,1,1,,200,\n2009-03-02 09:01:00.123,1,1,NULL,,,1,,1,1,3,200,\n2009-03-02 09:02:00.123,1,1,2,,,1,,,,,486,\n",
	"VoipDetails.csv":    voipHead + "2009-03-02 09:01:00.123,1,,502,,1,,\n",
	"Media.csv":          "SessionIdTime,SessionIdSeq,MediaId,StartTime,EndTime\n2009-03-02 09:00:00.123,1,1,,\n2009-03-02 09:01:00.123,1,5,,\n",
	"Conferences.csv":    conferenceHead + "2009-03-02 10:00:00.000,1,1,2009-03-02 10:00:05.000,1,1,0\n2009-03-02 11:00:00.000,1,2,,1,1,0\n2009-03-02 12:00:00.000,1,1,,1,1,1\n",
	"FocusJoinsAndLeaves.csv": focusHead + "2009-03-02 10:00:00.000,1,1,1,2009-03-02 10:00:05.000,2009-03-02 10:30:00.000,1," + ep1 + "\n" +
		"2009-03-02 10:00:00.000,1,4,2,2009-03-02 10:01:00.000,,,\n2009-03-02 11:00:00.000,1,2,2,,,,\n",
	"McuJoinsAndLeaves.csv": mcuHead + "2009-03-02 10:00:00.000,1,1,0,12,2009-03-02 10:00:07.000,,1\n2009-03-02 10:00:00.000,1,6,1,12,2009-03-02 10:03:00.000,,\n",
}

const (
	tenant0 = "00000000-0000-0000-0000-000000000000"
	tenant1 = "00000000-0000-0000-0000-000000000001"
	tenant2 = "00000000-0000-0000-0000-000000000002"
	agent1  = "UCCAPI/3.5.6907.0 OC/3.5.6907.0 (Microsoft Office Communicator 2007 R2)"
)

var views = map[string]string{
	"RegistrationView.csv": "SessionIdTime,SessionIdSeq,RegisterTime,UserUri,UserTenant,EndpointId,DeRegisterType,ClientVersion,ClientType,ResponseCode,Registrar,Pool,DeviceMacAddress\n" +
		"2009-03-02 08:00:00.123,1,2009-03-02 08:00:01.000,alice@contoso.com," + tenant0 + "," + ep1 + ",2009-03-02 17:00:00.000," + agent1 + ",4,200,FE1.contoso.com,pool1.contoso.com,18003071511\n" +
		"2009-03-02 08:05:00.123,1,,guest@contoso.com,,,,,,200,,pool1.contoso.com,\n" +
		"2009-03-02 08:06:00.123,1,,alice@contoso.com," + tenant0 + ",,,,,403,,,\n" +
		"2009-03-02 08:07:00.123,1,,alice@contoso.com," + tenant0 + ",,,RTCC/3.5.0.0 ST,16396,200,,,\n" +
		"2009-03-02 08:08:00.123,1,,sip:x@contoso.com;gruu;opaque=app:conf:focus:id:ab,,,,,,200,,,\n",
	"SessionDetailsView.csv": "SessionIdTime,SessionIdSeq,FromUri,ToUri,FromTenant,ToTenant,FromEndpointId,ToEndpointId,FromClientVersion,ToClientVersion,ResponseCode,FrontEnd,Pool\n" +
		"2009-03-02 09:00:00.123,1,fred@fabrikam.com,alice@contoso.com," + tenant1 + "," + tenant0 + ",," + ep1 + ",," + agent1 + ",200,FE1.contoso.com,pool1.contoso.com\n" +
		"2009-03-02 09:01:00.123,1,alice@contoso.com,NULL," + tenant0 + ",NULL,,," + agent1 + ",RTCC/2.0.6362.0 MediationServer,200,,pool1.contoso.com\n" +
		"2009-03-02 09:02:00.123,1,alice@contoso.com,bob@contoso.com,,,,,,,486,,\n",
	"VoIPDetailsView.csv": "SessionIdTime,SessionIdSeq,FromPhone,ToPhone,FromMediationServer,ToMediationServer,FromGateway,ToGateway\n2009-03-02 09:01:00.123,1,,tel:+1-206-555-0199,,,,gw1.contoso.com\n",
	"MediaView.csv":       "SessionIdTime,SessionIdSeq,Media,MediaStartTime,MediaEndTime\n2009-03-02 09:00:00.123,1,IM,,\n2009-03-02 09:01:00.123,1,Audio,,\n",
	"ConferencesView.csv": "SessionIdTime,SessionIdSeq,ConferenceUri,ConferenceUriType,ConferenceStartTime,OrganizerUri,OrganizerTenant,Pool,Flag\n" +
		"2009-03-02 10:00:00.000,1,sip:alice@contoso.com;gruu;opaque=app:conf:focus:id:a,conf:focus,2009-03-02 10:00:05.000,alice@contoso.com," + tenant0 + ",pool1.contoso.com,0\n" +
		"2009-03-02 11:00:00.000,1,alice@contoso.com;gruu;opaque=app:conf:chat:id:b,,,alice@contoso.com," + tenant0 + ",pool1.contoso.com,0\n" +
		"2009-03-02 12:00:00.000,1,sip:alice@contoso.com;gruu;opaque=app:conf:focus:id:a,conf:focus,,alice@contoso.com," + tenant0 + ",pool1.contoso.com,1\n",
	"FocusJoinsAndLeavesView.csv": "SessionIdTime,SessionIdSeq,UserUri,UserTenant,UserEndpointId,UserClientVersion,UserClientType,FocusUserInstance,UserJoinTime,UserLeaveTime,UserRole\n" +
		"2009-03-02 10:00:00.000,1,alice@contoso.com," + tenant0 + "," + ep1 + "," + agent1 + ",4,1,2009-03-02 10:00:05.000,2009-03-02 10:30:00.000,Presenter\n" +
		"2009-03-02 10:00:00.000,1,anon@anonymous.invalid," + tenant2 + ",,,,1,2009-03-02 10:01:00.000,,Attendee\n" +
		"2009-03-02 11:00:00.000,1,bob@contoso.com," + tenant0 + ",,,,1,,,Attendee\n",
	"McuJoinsAndLeavesView.csv": "SessionIdTime,SessionIdSeq,McuUri,McuUriType,UserUri,UserTenant,UserClientVersion,UserClientType,IsUserFromPstn,UserJoinTime,UserLeaveTime\n" +
		"2009-03-02 10:00:00.000,1,sip:p,conf:audio-video,alice@contoso.com," + tenant0 + "," + agent1 + ",4,False,2009-03-02 10:00:07.000,\n" +
		"2009-03-02 10:00:00.000,1,sip:p;opaque=srvr:audio-video:p,,+14255550100@contoso.com;user=phone," + tenant0 + ",,,True,2009-03-02 10:03:00.000,\n",
}

func TestViewsMakeTheSameRecordsAsTheTablesBehindThem(t *testing.T) {
	of := func(c *cdrResult) (records []string) {
		for _, r := range c.records {
			records = append(records, recordText(&r, c))
		}
		slices.Sort(records)
		return records
	}
	tables, both := mustRead(t, with(viewTables)), map[string]string{}
	shown := mustRead(t, views)
	for name, list := range shown.rejects {
		if len(list) > 0 {
			t.Errorf("%s: %v", name, list)
		}
	}
	if got, want := of(shown), of(tables); !slices.Equal(got, want) || len(got) < 14 {
		t.Errorf("%s", difference(got, want))
	}
	wantLines(t, shown.facts(), tables.facts()...)
	for why, n := range tables.skipped {
		if shown.skipped[why] != n {
			t.Errorf("%d rows skipped as %q, of the tables %d", shown.skipped[why], why, n)
		}
	}
	if n := shown.notes["RegistrationView.csv"]; !slices.Contains(n, "product: lync2013") {
		t.Errorf("notes %q", n)
	}
	for name, text := range with(viewTables, views) {
		both[name] = text
	}
	c := mustRead(t, both)
	wantLines(t, c.facts(), tables.facts()...)
}

func TestLookupViewsStandForTheirTables(t *testing.T) {
	all := with(viewTables, map[string]string{
		"Users.csv": "UserId,UserUri,TenantKey,UriType\n1,alice@contoso.com," + tenant0 + ",user\n2,bob@contoso.com," + tenant0 + ",user\n3,fred@fabrikam.com," + tenant1 + ",user\n" +
			"4,anon@anonymous.invalid," + tenant2 + ",user\n6,+14255550100@contoso.com;user=phone," + tenant0 + ",phone\n7,sip:x@contoso.com;gruu;opaque=app:conf:focus:id:ab,,\n9,guest@contoso.com,,\n",
		"ConferenceUris.csv": "ConferenceUriId,ConferenceUri,ConferenceUriType\n1,sip:alice@contoso.com;gruu;opaque=app:conf:focus:id:a,conf:focus\n2,x,conf:chat\n",
		"Mcus.csv":           "McuId,McuUri,McuUriType\n12,sip:p,conf:audio-video\n",
		"ClientVersions.csv": "VersionId,Version,ClientType,ClientCategory\n1," + agent1 + ",4,OC\n3,RTCC/2.0.6362.0 MediationServer,1,MediationServer\n4,RTCC/3.5.0.0 ST,16396,ST\n",
	})
	c := mustRead(t, without(all, "Tenants.csv", "UriTypes.csv"))
	wantLines(t, c.facts(), mustRead(t, with(viewTables)).facts()...)
}

func TestRowsOfViewsThatCannotBeReadAreRejected(t *testing.T) {
	for file, row := range map[string]string{
		"RegistrationView.csv":        "2009-03-02 08:00:00.123,1,,a b@contoso.com,,,,,,200,,,|address \"a b@contoso.com\" is not user@domain; mend the row or export it again",
		"SessionDetailsView.csv":      "2009-03-02 09:00:00.123,1,alice@contoso.com,b\x01b@contoso.com,,,,,,,200,,|ToUri \"b\\x01b@contoso.com\" holds the control character 0x01; mend the row or export it again",
		"VoIPDetailsView.csv":         "2009-03-02 09:01:00.123,1,tel:x,,,,,|phone number \"tel:x\" has no digits; mend the row or export it again",
		"ConferencesView.csv":         "2009-03-02 10:00:00.000,1,,,yesterday,alice@contoso.com,,,0|ConferenceStartTime \"yesterday\" is no time of the form YYYY-MM-DD HH:MM:SS.fff; export dates with style 121",
		"FocusJoinsAndLeavesView.csv": "2009-03-02 10:00:00.000,1,alice@contoso.com,,nonsense,,,1,,,|UserEndpointId \"nonsense\" is not a GUID; mend the row or export it again",
		"McuJoinsAndLeavesView.csv":   "2009-03-02 10:00:00.000,1,,,alice@contoso.com,,,,maybe,,|IsUserFromPstn \"maybe\" is not a bit; expected 0, 1, True or False",
	} {
		row, want, _ := strings.Cut(row, "|")
		c := mustRead(t, map[string]string{file: views[file] + row + "\n"})
		if r := c.rejects[file]; len(r) != 1 || r[0].What != want {
			t.Errorf("%s: %v, want %s", file, r, want)
		}
	}
	// Pages that list only what a view adds name no key: without it there is none.
	v := sniffCDR(&Head{Name: "x.csv", Text: []byte("FromPhone,ToPhone,FromGateway,ToGateway,FromMediationServer\n")})
	if !v.Broken || v.Why != "table VoIPDetailsView lacks the columns SessionIdTime, SessionIdSeq; export it with its documented columns" {
		t.Errorf("%+v", v)
	}
}
