package ingest

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
)

// quality is the lookup tables of a small company, as a 2013 database has them.
var quality = map[string]string{
	"User.csv": "UserKey,URI,URIType,TenantKey\n1,alice@contoso.com,2,1\n2,sip:Bob@contoso.com,2,1\n3,fred@fabrikam.com,2,2\n" +
		"4,sip:bob@contoso.com;gruu;opaque=app:conf:audio-video:id:AB12,4,1\n5,+12065550199@contoso.com;user=phone,8,1\n" +
		"6,4711@contoso.com,8,1\n7,um@contoso.com,2,1\n8,broken address,2,1\n9,anon@anonymous.invalid,1,\n10,sip:med1@contoso.com;gruu;opaque=srvr:MediationServer:x,1,1\n",
	"UserAgent.csv": "UserAgentKey,UserAgent,UAType\n1,UCCAPI/3.5.6907.0 OC/3.5.6907.0 (Microsoft Office Communicator 2007 R2),4\n2,CPE/1.0.522.101 OCPhone/1.0.522.101,8\n" +
		"3,RTCC/3.5.0.0 MediationServer,1\n4,RTCC/3.5.0.0 AV-MCU,2\n5,RTCC/3.5.0.0 MSExchangeUM,16393\n6,RTCC/3.5.0.0 ST,16396\n7,RTCC/3.5.0.0 Ccs,2048\n" +
		"8,RTCC/3.5.0.0 MediationServer,\n9,RTCC/3.5.0.0 AV-MCU,NULL\n10,VoiceGateway/1,32769\n",
	"Endpoint.csv":   "EndpointKey,Name,OS\n1,PC-ALICE.contoso.com,Windows\n2,0004F2112233,\n3,med1.contoso.com,\n4,avmcu1.contoso.com,\n5,10.1.2.3,\n6,no host,\n",
	"MacAddress.csv": "MacAddressKey,MacAddress\n1,00-AA-00-00-00-01\n2,00-04-F2-11-22-33\n3,00-00-00-00-00-00\n4,no card\n5,11-22-33-44-55-66\n",
	"Pool.csv":       "PoolKey,PoolName\n1,Pool1.contoso.com\n2,pool2.contoso.com\n",
	"Conference.csv": "ConferenceKey,ConfURI\n1,1a2b3c@10.0.0.5;from;to\n2,sip:bob@contoso.com;gruu;opaque=app:conf:audio-video:id:AB12\n",
}

func withQuality(tables ...map[string]string) map[string]string {
	all := maps.Clone(quality)
	for _, t := range tables {
		maps.Copy(all, t)
	}
	return all
}

const (
	qoeSessionHead = "ConferenceDateTime,SessionSeq,ConferenceKey,DialogCategory,StartTime,EndTime,CallerPool,CalleePool,CallerPAI,CalleePAI,CallerURI,CalleeURI,CallerEndpoint,CalleeEndpoint,CallerUserAgent,CalleeUserAgent\n"
	qoeLineHead    = "ConferenceDateTime,SessionSeq,MediaLineLabel,CallerMacAddress,CallerVPN,CalleeMacAddress,CalleeVPN\n"
	qoeDialogHead  = "ConferenceDateTime,SessionSeq,DialogID,DialogIDChecksum\n"
	qoeTimes       = "2009-03-02 09:00:00.000,2009-03-02 09:05:00.000"
)

// qoeRow is a row of Session: seq, conference, category and then everything
// from CallerPool on.
func qoeRow(seq, conference, category, rest string) string {
	return "2009-03-02 09:05:10.123," + seq + "," + conference + "," + category + "," + qoeTimes + "," + rest + "\n"
}

func TestQoESample(t *testing.T) {
	tables := map[string]string{}
	name := ""
	for line := range strings.Lines(qoeFormat().Sample) {
		if n, ok := strings.CutSuffix(strings.TrimSpace(line), ".csv:"); ok {
			name = n
			continue
		}
		tables[name] += line
	}
	wantLines(t, mustReadOf(t, qoeMetrics, tables).facts(),
		"03-02 08:01:00 call-placed alice@contoso.com peer=+12065550199 device=host:pc-alice.contoso.com",
		"03-02 08:01:00 call-received +12065550199 peer=alice@contoso.com")
}

func TestQoEEvents(t *testing.T) {
	const (
		oc    = " client=UCCAPI/3.5.6907.0 OC/3.5.6907.0 (Microsoft Office Communicator 2007 R2)"
		phone = " client=CPE/1.0.522.101 OCPhone/1.0.522.101"
		pc    = " device=host:pc-alice.contoso.com"
		pool  = " server=pool1.contoso.com"
	)
	for name, tc := range map[string]struct {
		rows, lines string
		want        []string
		skip        map[string]int
	}{
		"two computers, one of them with its card": {qoeRow("1", "1", "0", "1,2,1,2,1,2,1,,1,2"),
			"2009-03-02 09:05:10.123,1,0,,,2,0\n2009-03-02 09:05:10.123,1,1,,,2,0\n2009-03-02 09:05:10.124,1,0,1,0,,\n",
			[]string{"03-02 09:00:00 call-placed alice@contoso.com peer=bob@contoso.com media=audio+video" + pc + oc + pool,
				"03-02 09:00:00 call-received bob@contoso.com peer=alice@contoso.com media=audio+video device=mac:0004f2112233" + phone + pool}, nil},
		"over a VPN the name counts": {qoeRow("1", "1", "NULL", "1,1,,,1,2,1,2,1,2"), "2009-03-02 09:05:10.123,1,0,1,1,2,1\n",
			[]string{"03-02 09:00:00 call-placed alice@contoso.com peer=bob@contoso.com media=audio" + pc + oc + pool,
				"03-02 09:00:00 call-received bob@contoso.com peer=alice@contoso.com media=audio device=mac:0004f2112233" + phone + pool}, nil},
		"both legs of a call to the telephone network": {qoeRow("1", "1", "0", "1,1,1,,1,5,1,3,1,3") + qoeRow("2", "1", "1", "1,,1,,1,5,3,,3,10") + qoeRow("3", "1", "1", "1,,,,5,6,3,,3,10"), "",
			[]string{"03-02 09:00:00 call-placed alice@contoso.com peer=+12065550199" + pc + oc + pool,
				"03-02 09:00:00 call-received +12065550199 peer=alice@contoso.com" + pool},
			map[string]int{"leg between Mediation Server and gateway: the other leg counts": 1}},
		"an incoming call, the server told by its text": {qoeRow("1", "1", "0", ",1,5,1,5,1,3,2,8,2"), "",
			[]string{"03-02 09:00:00 call-placed +12065550199 peer=alice@contoso.com" + pool,
				"03-02 09:00:00 call-received alice@contoso.com peer=+12065550199 device=mac:0004f2112233" + phone + pool}, nil},
		"a person behind the gateway": {qoeRow("1", "1", "0", "1,,,,1,2,1,3,1,3"), "",
			[]string{"03-02 09:00:00 call-placed alice@contoso.com" + pc + oc + pool + " pstn", "03-02 09:00:00 call-received bob@contoso.com peer=alice@contoso.com" + pool}, nil},
		"an extension with an asserted identity": {qoeRow("1", "1", "0", "1,,1,,6,5,1,3,1,3"), "",
			[]string{"03-02 09:00:00 call-placed alice@contoso.com peer=+12065550199" + pc + oc + pool, "03-02 09:00:00 call-received +12065550199 peer=alice@contoso.com" + pool}, nil},
		"an extension without one": {qoeRow("1", "1", "0", "1,,,,6,2,2,,2,1"), "",
			[]string{"03-02 09:00:00 call-placed 4711 peer=bob@contoso.com device=mac:0004f2112233" + phone + pool, "03-02 09:00:00 call-received bob@contoso.com peer=4711" + oc + pool}, nil},
		"voice mail": {qoeRow("1", "1", "0", "1,1,,,1,7,1,4,1,5"), "",
			[]string{"03-02 09:00:00 call-placed alice@contoso.com peer=um@contoso.com" + pc + oc + pool,
				"03-02 09:00:00 call-received um@contoso.com peer=alice@contoso.com class=application client=RTCC/3.5.0.0 MSExchangeUM" + pool}, nil},
		"from another phone": {qoeRow("1", "1", "0", "1,1,,,1,2,4,1,7,1"), "",
			[]string{"03-02 09:00:00 call-placed alice@contoso.com peer=bob@contoso.com" + pool,
				"03-02 09:00:00 call-received bob@contoso.com peer=alice@contoso.com" + pc + oc + pool}, nil},
		"a partner, who has no pool here": {qoeRow("1", "1", "0", ",1,,,3,1,,1,1,1"), "",
			[]string{"03-02 09:00:00 call-placed fred@fabrikam.com peer=alice@contoso.com" + oc + pool,
				"03-02 09:00:00 call-received alice@contoso.com peer=fred@fabrikam.com" + pc + oc + pool}, nil},
		"a meeting": {qoeRow("1", "2", "0", "1,1,,,1,4,1,4,1,4") + qoeRow("2", "2", "0", "1,1,,,2,4,2,4,2,9") + qoeRow("3", "2", "0", "1,1,,,4,9,4,,4,1") + qoeRow("4", "2", "0", "1,1,,,5,4,3,4,3,4"),
			"2009-03-02 09:05:10.123,3,0,5,0,,\n2009-03-02 09:05:10.123,1,3,1,,,\n",
			[]string{"03-02 09:00:00 conference-attended alice@contoso.com peer=bob@contoso.com media=sharing device=mac:00aa00000001 endpoint=host:pc-alice.contoso.com" + oc + pool,
				"03-02 09:00:00 conference-attended bob@contoso.com device=mac:0004f2112233" + phone + pool,
				"03-02 09:00:00 conference-attended anon@anonymous.invalid peer=bob@contoso.com media=audio" + oc + pool,
				"03-02 09:00:00 conference-attended +12065550199 peer=bob@contoso.com" + pool}, nil},
		"sharing between two": {qoeRow("1", "1", "0", "1,1,,,1,2,1,2,1,2"), "2009-03-02 09:05:10.123,1,3,,,,\n2009-03-02 09:05:10.123,1,99,,,,\n",
			[]string{"03-02 09:00:00 im-session alice@contoso.com peer=bob@contoso.com media=sharing" + pc + oc + pool,
				"03-02 09:00:00 im-session bob@contoso.com peer=alice@contoso.com media=sharing device=mac:0004f2112233" + phone + pool},
			map[string]int{"kind of media not known": 1}},
		"tests, servers and nobody": {qoeRow("1", "1", "0", "1,1,,,1,2,1,2,6,2") + qoeRow("2", "1", "0", "1,1,,,,,3,4,3,4") + qoeRow("3", "1", "0", "1,1,,,10,10,3,3,3,3"), "", nil,
			map[string]int{"test traffic": 1, "no party named": 1, "the session names no person": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			c := mustReadOf(t, qoeMetrics, withQuality(map[string]string{"Session.csv": qoeSessionHead + tc.rows, "MediaLine.csv": qoeLineHead + tc.lines}))
			wantLines(t, c.facts(), tc.want...)
			for why, n := range tc.skip {
				if c.skipped[why] != n {
					t.Errorf("skipped %q: %d, want %d (%v)", why, c.skipped[why], n, c.skipped)
				}
			}
			for _, file := range []string{"Session.csv", "MediaLine.csv"} {
				for _, r := range c.rejects[file] {
					t.Errorf("%s:%d: %s", file, r.Line, r.What)
				}
			}
		})
	}
}

func TestQoEViewsTellWhatTheTablesTell(t *testing.T) {
	want := mustReadOf(t, qoeMetrics, withQuality(map[string]string{
		"Session.csv":   qoeSessionHead + qoeRow("1", "1", "0", "1,1,1,,1,5,1,3,1,3") + qoeRow("2", "2", "0", "1,1,,,1,4,1,4,1,4"),
		"MediaLine.csv": qoeLineHead + "2009-03-02 09:05:10.123,1,0,1,0,,\n2009-03-02 09:05:10.123,2,0,1,0,,\n"})).facts()
	head := "ConferenceDateTime,SessionSeq,ConferenceURI,Correlation,DialogCategory,StartTime,EndTime,CallerPool,CalleePool,CallerPAI,CalleePAI," +
		"CallerEndpoint,CalleeEndpoint,CallerUserAgent,CallerUserAgentType,CallerUserAgentCategory,CalleeUserAgent,CalleeUserAgentType,CalleeUserAgentCategory,CallerURI,CalleeURI\n"
	const oc, med, mcu = "UCCAPI/3.5.6907.0 OC/3.5.6907.0 (Microsoft Office Communicator 2007 R2),4,OC", "RTCC/3.5.0.0 MediationServer,1,MediationServer", "RTCC/3.5.0.0 AV-MCU,,"
	const meeting = "sip:bob@contoso.com;gruu;opaque=app:conf:audio-video:id:AB12"
	view := mustReadOf(t, qoeMetrics, map[string]string{
		"SessionView.csv": head +
			"2009-03-02 09:05:10.123,1,1a2b3c@10.0.0.5;from;to,x,0," + qoeTimes + ",pool1.contoso.com,pool1.contoso.com,alice@contoso.com,,PC-ALICE.contoso.com,med1.contoso.com," + oc + "," + med + ",alice@contoso.com,+12065550199@contoso.com;user=phone\n" +
			"2009-03-02 09:05:10.123,2," + meeting + ",,0," + qoeTimes + ",pool1.contoso.com,pool1.contoso.com,,,PC-ALICE.contoso.com,avmcu1.contoso.com," + oc + "," + mcu + ",alice@contoso.com," + meeting + "\n" +
			"2009-03-02 09:05:10.123,3,x,,0," + qoeTimes + ",,,,,,,,,,,,,no address,\n",
		"MediaLineView.csv": qoeLineHead + "2009-03-02 09:05:10.123,1,0,00-AA-00-00-00-01,0,,\n2009-03-02 09:05:10.123,2,0,00-AA-00-00-00-01,False,,\n2009-03-02 09:05:10.123,2,0,00-AA-00-00-00-XX,False,,\n"})
	wantLines(t, view.facts(), want...)
	if len(want) != 3 {
		t.Error(want)
	}
	for file, what := range map[string]string{"SessionView.csv": `CallerURI "no address"`, "MediaLineView.csv": `CallerMacAddress "00-AA-00-00-00-XX" is not 12 hexadecimal digits`} {
		if r := view.rejects[file]; len(r) != 1 || !strings.HasPrefix(r[0].What, what) || r[0].Line != 4 {
			t.Errorf("%s: %+v", file, r)
		}
	}
}

func TestQoEMissingLookups(t *testing.T) {
	session := map[string]string{"Session.csv": qoeSessionHead + qoeRow("1", "1", "0", "1,1,,,1,2,1,2,1,2"), "MediaLine.csv": qoeLineHead + "2009-03-02 09:05:10.123,1,0,1,0,,\n"}
	c := mustReadOf(t, qoeMetrics, without(withQuality(session), "Endpoint.csv", "UserAgent.csv", "Pool.csv", "MacAddress.csv", "Conference.csv"))
	wantLines(t, c.facts(), "03-02 09:00:00 call-placed alice@contoso.com peer=bob@contoso.com media=audio", "03-02 09:00:00 call-received bob@contoso.com peer=alice@contoso.com media=audio")
	if c.unresolved["Session.csv"] != 1 || c.unresolved["MediaLine.csv"] != 1 {
		t.Errorf("unresolved: %v", c.unresolved)
	}
	for file, note := range map[string]string{"Session.csv": "Endpoint was not exported: machines unknown",
		"MediaLine.csv": "MacAddress was not exported: network cards are known only where the table holds addresses in place of keys"} {
		if !slices.Contains(c.notes[file], note) {
			t.Errorf("%s: no note %q in %q", file, note, c.notes[file])
		}
	}
	c = mustReadOf(t, qoeMetrics, without(withQuality(session), "User.csv"))
	if r := c.rejects["Session.csv"]; len(r) != 1 || r[0].What != "no row for UserKey 1 and UserKey 2, since the table User was not exported; add User to the folder and ingest again" {
		t.Errorf("%+v", r)
	}
	c = mustReadOf(t, qoeMetrics, withQuality(map[string]string{"Session.csv": qoeSessionHead + qoeRow("1", "1", "0", "1,1,,,1,99,1,2,1,2") + qoeRow("2", "1", "0", "1,1,,,8,99,1,2,1,2")}))
	wantLines(t, c.facts(), "03-02 09:00:00 call-placed alice@contoso.com device=host:pc-alice.contoso.com client=UCCAPI/3.5.6907.0 OC/3.5.6907.0 (Microsoft Office Communicator 2007 R2) server=pool1.contoso.com")
	if r := c.rejects["Session.csv"]; len(r) != 1 || r[0].What != "the row of UserKey 8 and UserKey 99 in User cannot be read; mend it and ingest again" {
		t.Errorf("%+v", r)
	}
	for file, want := range map[string]string{"User.csv": "mend the row", "Endpoint.csv": `Name "no host" is not a host name`, "MacAddress.csv": `MacAddress "no card" is not 12 hexadecimal digits`} {
		if r := c.rejects[file]; len(r) != 1 || !strings.Contains(r[0].What, want) {
			t.Errorf("%s: %+v", file, r)
		}
	}
}

func TestQoEBrokenRows(t *testing.T) {
	good := qoeRow("7", "1", "0", "1,1,,,1,2,1,2,1,2")
	for row, want := range map[string]string{
		strings.Replace(good, ",7,", ",,", 1):                                              "the row has no key",
		strings.Replace(good, ",7,", ",1048576,", 1):                                       "the row has no key",
		strings.Replace(good, "2009-03-02 09:05:10.123", "3/2/2009 9:05 AM", 1):            `ConferenceDateTime "3/2/2009 9:05 AM": day and month can be told either way`,
		strings.Replace(good, "2009-03-02 09:00:00.000", "soon", 1):                        `StartTime "soon" is no time`,
		qoeRow("7", "1", "2", "1,1,,,1,2,1,2,1,2"):                                         `DialogCategory "2" is not a bit`,
		qoeRow("7", "1", "0", "1,1,,,alice@contoso.com,2,1,2,1,2"):                         `CallerURI "alice@contoso.com" is not a number`,
		qoeRow("7", "1", "0", "1,1,,,1,2,1,2,1"):                                           "15 fields, the header has 16",
		strings.Replace(good, "2009-03-02 09:05:10.123,7", "2030-03-02 09:05:10.123,7", 1): "lies in the future",
		strings.Replace(good, "2009-03-02 09:05:10.123,7", "2009-03-02\x00 09:05:10,7", 1): "a NUL byte in the row",
		strings.Replace(good, "2009-03-02 09:05:10.123,7", "\"2009-03-02 09:05:10.123", 1): "a quote is not closed",
	} {
		c := mustReadOf(t, qoeMetrics, withQuality(map[string]string{"Session.csv": qoeSessionHead + row + strings.Repeat(qoeRow("8", "1", "0", "1,1,,,1,2,1,2,1,2"), 9)}))
		if r := c.rejects["Session.csv"]; len(r) != 1 || !strings.Contains(r[0].What, want) || r[0].Line != 2 {
			t.Errorf("%q: %+v, want %q", row, r, want)
		}
		if !strings.Contains(want, "quote") && len(c.records) != 9 {
			t.Errorf("%q: %d good rows are left", row, len(c.records))
		}
	}
	c := mustReadOf(t, qoeMetrics, withQuality(map[string]string{"Dialog.csv": qoeDialogHead + "2009-03-02 09:05:10.123,1,,5\n2009-03-02 09:05:10.123,,x,5\n",
		"MediaLine.csv": qoeLineHead + "2009-03-02 09:05:10.123,1,x,1,0,,\n2009-03-02 09:05:10.123,1,0,1,maybe,,\n"}))
	if len(c.rejects["Dialog.csv"]) != 1 || c.skipped["no dialog named"] != 1 || len(c.rejects["MediaLine.csv"]) != 2 || len(c.records) != 0 {
		t.Errorf("%+v %v", c.rejects, c.skipped)
	}
	_, err := readSetOf(qoeMetrics, []*File{NewFile("u.csv", []byte("UserKey,URI\n1,alice@contoso.com\n1,bob@contoso.com\n"))})
	var refused *Refusal
	if !errors.As(err, &refused) || refused.Line != 3 || !strings.HasPrefix(refused.What, "UserKey 1 stands for two addresses") {
		t.Errorf("%+v", err)
	}
}

func TestQoEReleases(t *testing.T) {
	session := map[string]string{"Session.csv": qoeSessionHead}
	user := "UserKey,URI,URIType\n1,alice@contoso.com,2\n"
	for name, tc := range map[string]struct {
		tables  map[string]string
		product string
	}{
		"R2":       {map[string]string{"User.csv": user, "Session.csv": strings.Replace(qoeSessionHead, ",ConferenceKey", ",SessionID,Checksum,ConferenceKey", 1)}, "ocs2007r2"},
		"2010":     {withQuality(session), "lync2010"},
		"2013":     {withQuality(session, map[string]string{"IPAddress.csv": "IPAddressKey,IPAddress\n1,10.0.0.1\n"}), "lync2013"},
		"as 2013":  {withQuality(map[string]string{"Session.csv": strings.Replace(qoeSessionHead, "CalleeURI", "CalleeUri", 1)}), "lync2013"},
		"not told": {map[string]string{"User.csv": user, "Session.csv": qoeSessionHead}, ""},
	} {
		c := mustReadOf(t, qoeMetrics, tc.tables)
		for file, notes := range c.notes {
			if tc.product != "" && (len(notes) == 0 || notes[0] != "product: "+tc.product) || tc.product == "" && slices.ContainsFunc(notes, func(n string) bool { return strings.HasPrefix(n, "product") }) {
				t.Errorf("%s: %s: %q", name, file, notes)
			}
		}
	}
	// R2 keeps the dialog in Session.
	c := mustReadOf(t, qoeMetrics, withQuality(map[string]string{"Session.csv": strings.Replace(qoeSessionHead, ",ConferenceKey", ",SessionID,ConferenceKey", 1) +
		qoeRow("1,call-1@x;a;b", "1", "0", "1,1,,,1,2,1,2,1,2") + qoeRow("2,", "1", "0", "1,1,,,1,2,1,2,1,2")}))
	if c.records[0].Sub != uint64(callHash([]byte("call-1@x"))) || c.records[1].Sub != uint64(callHash([]byte("1a2b3c@10.0.0.5"))) {
		t.Errorf("%+v", c.records)
	}
}

func TestQoESniff(t *testing.T) {
	for i := range qoeTables {
		d := &qoeTables[i]
		var header []string
		for item := range strings.FieldsSeq(d.needed + " " + d.known) {
			item, _, _ = strings.Cut(item, "|")
			if !slices.Contains(header, item) {
				header = append(header, item)
			}
		}
		if m := qoeMetrics.recognise(header); !m.sure() || m.def != d {
			t.Errorf("%s is recognised as %s, lacking %v", d.name, m.def.name, m.missing)
		}
		// The call records have tables of like names: each format knows its own.
		g := &gatherer{formats: Formats()}
		if _, f, v := g.judge(&Head{Name: "x.csv", Text: []byte(strings.Join(header, ",") + "\n")}); f == nil || f.Name != "qoe" || v.Part != d.name {
			t.Errorf("%s is taken for %v %+v", d.name, f, v)
		}
	}
	for i := range cdrTables {
		d := &cdrTables[i]
		g := &gatherer{formats: Formats()}
		header := strings.Join(strings.Fields(strings.ReplaceAll(d.needed, "|", " ")), ",")
		if _, f, v := g.judge(&Head{Name: "x.csv", Text: []byte(header + "\n")}); f == nil || f.Name != "cdr" {
			t.Errorf("%s is taken for %v %+v", d.name, f, v)
		}
	}
	for _, tc := range []struct{ name, text, part, why string }{
		{"a.csv", qoeSessionHead, "Session", ""},
		{"a.csv", "ConferenceDateTime;SessionSeq;MediaLineLabel;CallerInside;x;y;z;u;v;w;a;b\n", "MediaLine", ""},
		{"a.csv", "ConferenceDateTime,SessionSeq,MediaLineLabel,StreamID,JitterInterArrival,a,b,c,d,e\n", "AudioStream", ""},
		{"a.csv", strings.ReplaceAll(qoeSessionHead, "URI", "Uri"), "Session", ""},
		{"a.csv", strings.Replace(qoeSessionHead, "ConferenceKey", "Conference", 1), "", "table Session lacks the column ConferenceKey; export it with its documented columns"},
		{"Endpoint.csv", "EndpointKey,Computer\n", "", "table Endpoint lacks the column Name; export it with its documented columns"},
		{"a.csv", "UserKey,URI,URI\n", "", `table User names the column "URI" twice; keep one`},
		{"Pool.csv", "PoolId,PoolFQDN\n", "", ""},
	} {
		v := sniffQoE(&Head{Name: tc.name, Text: []byte(tc.text)})
		if v.Yes != (tc.part != "") || v.Part != tc.part || v.Broken != (tc.why != "") || v.Why != tc.why {
			t.Errorf("%s %q: %+v", tc.name, tc.text, v)
		}
	}
}
