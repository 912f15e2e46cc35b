package ingest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestCDRSample(t *testing.T) {
	tables := map[string]string{}
	name := ""
	for line := range strings.Lines(cdrFormat().Sample) {
		if n, ok := strings.CutSuffix(strings.TrimSpace(line), ".csv:"); ok {
			name = n
			continue
		}
		tables[name] += line
	}
	c := mustRead(t, tables)
	wantLines(t, c.facts(),
		"03-02 08:01:00 im-session alice@contoso.com peer=bob@contoso.com media=im",
		"03-02 08:01:00 im-session bob@contoso.com peer=alice@contoso.com media=im")
	if c.skipped["not answered"] != 1 {
		t.Error(c.skipped)
	}
}

func TestCDREvents(t *testing.T) {
	uc := " client=UCCAPI/3.5.6907.0 OC/3.5.6907.0 (Microsoft Office Communicator 2007 R2)"
	ep := " endpoint=uuid:11111111-2222-3333-4444-55555555555a"
	fe := " server=fe1.contoso.com"
	for name, tc := range map[string]struct {
		tables map[string]string
		want   []string
		skip   map[string]int
	}{
		"sign-in": {map[string]string{"Registration.csv": registrationHead +
			"2009-03-02 08:00:00.123,1,1," + ep1 + ",1,1,1,2009-03-02 08:00:01.000,2009-03-02 17:00:00.000,200,NULL\n" +
			"2009-03-02 08:05:00.123,1,2," + ep2 + ",1,NULL,1,,,200,\n" +
			"2009-03-02 08:06:00.123,1,2,,1,1,1,,,403,\n" +
			"2009-03-02 08:07:00.123,1,2,,1,1,1,,,NULL,\n" +
			"2009-03-02 08:08:00.123,1,2,,4,1,1,,,200,\n" +
			"2009-03-02 08:09:00.123,1,7,,1,1,1,,,200,\n" +
			"2009-03-02 08:09:00.123,1,,,1,1,1,,,200,\n"},
			[]string{"03-02 08:00:01 im-login alice@contoso.com class=hosted" + ep + uc + fe,
				"03-02 08:05:00 im-login bob@contoso.com class=hosted endpoint=uuid:66666666-2222-3333-4444-555555555555" + uc + " server=pool1.contoso.com"},
			map[string]int{"sign-in refused": 1, "sign-in outcome not told": 1, "test traffic": 1, "no user named": 1, "the user is a service address: nobody": 1}},
		"phones stay signed in": {map[string]string{"Registration.csv": registrationHead +
			"2008-11-02 08:00:00.123,1,1,,2,1,1,,,200,1\n" + // a phone, by its program
			"2008-11-02 08:00:01.123,1,2,,,1,1,,,200,3\n" + // by its MAC address
			"2008-11-02 08:00:02.123,1,9,,1,1,1,,,200,\n" + // a lost end
			"2008-11-02 08:00:03.123,1,9,,1,1,1,,2009-01-01 00:00:00.000,200,\n"},
			[]string{"01-01 00:00:00 im-login alice@contoso.com class=hosted device=mac:000431111217 client=CPE/1.0.522.101 OCPhone/1.0.522.101" + fe,
				"01-01 00:00:00 im-login bob@contoso.com class=hosted device=mac:0004f2112233" + fe,
				"01-01 00:00:00 im-login guest@contoso.com" + uc + fe}, nil},
		"instant messages": {map[string]string{"SessionDetails.csv": sessionHead +
			"2009-03-02 09:00:00.123,1,1,3," + ep1 + ",,3,1,1,1,,200,1\n" +
			"2009-03-02 09:00:00.123,2,1,2,,,1,1,1,1,,486,1\n" +
			"2009-03-02 09:00:00.123,3,7,,,,,1,1,1,,200,1\n" +
			"2009-03-02 09:00:00.123,4,,,,,,1,1,1,,200,1\n"},
			[]string{"03-02 09:00:00 im-session alice@contoso.com peer=fred@fabrikam.com class=hosted media=im" + ep + uc + fe,
				"03-02 09:00:00 im-session fred@fabrikam.com peer=alice@contoso.com class=federated media=im" + fe},
			map[string]int{"not answered": 1, "no party named": 1}},
		"call between extensions": {map[string]string{
			"SessionDetails.csv": sessionHead + "2009-03-02 09:00:00.123,1,1,2,,,2,,1,,,200,48\n",
			"VoipDetails.csv":    voipHead + "2009-03-02 09:00:00.123,1,501,,,,,\n"},
			[]string{"03-02 09:00:00 call-placed bob@contoso.com peer=alice@contoso.com class=hosted media=audio+video server=pool1.contoso.com",
				"03-02 09:00:00 call-received alice@contoso.com peer=bob@contoso.com class=hosted media=audio+video server=pool1.contoso.com"}, nil},
		"call to the telephone network": {map[string]string{
			"SessionDetails.csv": sessionHead + "2009-03-02 09:00:00.123,1,1,NULL,,,1,1,1,1,3,200,16\n",
			"VoipDetails.csv":    voipHead + "2009-03-02 09:00:00.123,1,,502,,1,,\n"},
			[]string{"03-02 09:00:00 call-placed alice@contoso.com peer=+12065550199 class=hosted media=audio" + uc + fe,
				"03-02 09:00:00 call-received +12065550199 peer=alice@contoso.com media=audio client=RTCC/2.0.6362.0 MediationServer" + fe}, nil},
		"call from the telephone network, mediation server alone": {map[string]string{
			"SessionDetails.csv": sessionHead + "2009-03-02 09:00:00.123,1,6,1,,,6,1,1,3,1,200,16\n",
			"VoipDetails.csv":    voipHead + "2009-03-02 09:00:00.123,1,501,,,,1,\n"},
			[]string{"03-02 09:00:00 call-placed +14255550100 peer=alice@contoso.com media=audio client=RTCC/2.0.6362.0 MediationServer" + fe,
				"03-02 09:00:00 call-received alice@contoso.com peer=+14255550100 class=hosted media=audio" + uc + fe}, nil},
		"a person calls from a mobile phone": {map[string]string{
			"SessionDetails.csv": sessionHead + "2009-03-02 09:00:00.123,1,2,1,,,2,,,3,1,200,16\n",
			"VoipDetails.csv":    voipHead + "2009-03-02 09:00:00.123,1,502,,1,,,\n"},
			[]string{"03-02 09:00:00 call-placed +12065550199 peer=alice@contoso.com media=audio client=RTCC/2.0.6362.0 MediationServer",
				"03-02 09:00:00 call-placed bob@contoso.com peer=alice@contoso.com class=hosted media=audio",
				"03-02 09:00:00 call-received alice@contoso.com peer=+12065550199 class=hosted media=audio" + uc}, nil},
		"media told by the table Media, or by the phone side": {map[string]string{
			"SessionDetails.csv": sessionHead + "2009-03-02 09:00:00.123,1,1,2,,,1,,,,,200,\n2009-03-02 09:00:00.123,2,1,2,,,1,,,,,200,\n",
			"VoipDetails.csv":    voipHead + "2009-03-02 09:00:00.123,2,,,,,,\n2009-03-02 11:00:00.123,1,502,,1,,,\n",
			"Media.csv":          "SessionIdTime,SessionIdSeq,MediaId,StartTime,EndTime\n2009-03-02 09:00:00.123,1,4,,\n2009-03-02 09:00:00.123,1,99,,\n"},
			[]string{"03-02 09:00:00 im-session alice@contoso.com peer=bob@contoso.com class=hosted media=sharing",
				"03-02 09:00:00 im-session bob@contoso.com peer=alice@contoso.com class=hosted media=sharing",
				"03-02 09:00:00 call-placed alice@contoso.com peer=bob@contoso.com class=hosted",
				"03-02 09:00:00 call-received bob@contoso.com peer=alice@contoso.com class=hosted"},
			map[string]int{"kind of media not known": 1}},
		"service account": {map[string]string{"SessionDetails.csv": sessionHead + "2009-03-02 09:00:00.123,1,1,8,,,1,,,,3,200,16\n"},
			[]string{"03-02 09:00:00 call-placed alice@contoso.com peer=um@contoso.com class=hosted media=audio",
				"03-02 09:00:00 call-received um@contoso.com peer=alice@contoso.com class=application media=audio client=RTCC/2.0.6362.0 MediationServer"}, nil},
		"web conference": {map[string]string{
			"Conferences.csv":         conferenceHead + "2009-03-02 10:00:00.000,1,1,2009-03-02 10:00:05.000,1,1,0\n",
			"FocusJoinsAndLeaves.csv": focusHead + "2009-03-02 10:00:00.000,1,1,1,2009-03-02 10:00:05.000,,1," + ep1 + "\n2009-03-02 10:00:00.000,1,4,2,2009-03-02 10:01:00.000,,,\n",
			"McuJoinsAndLeaves.csv": mcuHead + "2009-03-02 10:00:00.000,1,1,False,12,2009-03-02 10:00:07.000,,1\n" +
				"2009-03-02 10:00:00.000,1,1,False,11,2009-03-02 10:00:07.000,,1\n2009-03-02 10:00:00.000,1,9,True,12,2009-03-02 10:02:00.000,,\n" +
				"2009-03-02 10:00:00.000,1,6,1,12,2009-03-02 10:03:00.000,,\n2009-03-02 10:00:00.000,1,9,True,12,2009-03-03 00:02:00.000,,\n"},
			[]string{"03-02 10:00:05 conference-organized alice@contoso.com class=hosted media=im+audio+video role=organizer server=pool1.contoso.com",
				"03-02 10:00:05 conference-attended alice@contoso.com class=hosted media=im+audio+video role=presenter" + ep + uc + " server=pool1.contoso.com",
				"03-02 10:01:00 conference-attended anon@anonymous.invalid peer=alice@contoso.com class=anonymous media=im+audio+video role=attendee server=pool1.contoso.com",
				"03-02 10:02:00 conference-attended guest@contoso.com peer=alice@contoso.com class=pstn media=audio+video server=pool1.contoso.com",
				"03-03 00:02:00 conference-attended guest@contoso.com peer=alice@contoso.com class=pstn media=audio+video server=pool1.contoso.com",
				"03-02 10:03:00 conference-attended +14255550100 peer=alice@contoso.com media=audio+video server=pool1.contoso.com"}, nil},
		"group instant messages": {map[string]string{
			"Conferences.csv":         conferenceHead + "2009-03-02 10:00:00.000,1,2,,,1,0\n",
			"FocusJoinsAndLeaves.csv": focusHead + "2009-03-02 10:00:00.000,1,2,2,,,,\n"},
			[]string{"03-02 10:00:00 im-session alice@contoso.com class=hosted media=im role=organizer",
				"03-02 10:00:00 im-session bob@contoso.com peer=alice@contoso.com class=hosted media=im role=attendee"}, nil},
		"kind not told": {map[string]string{"Conferences.csv": conferenceHead + "2009-03-02 10:00:00.000,1,1,,,1,0\n"},
			[]string{"03-02 10:00:00 conference-organized alice@contoso.com class=hosted role=organizer untold"}, nil},
		"test traffic": {map[string]string{
			"Conferences.csv":         conferenceHead + "2009-03-02 10:00:00.000,1,1,,,1,1\n",
			"FocusJoinsAndLeaves.csv": focusHead + "2009-03-02 10:00:00.000,1,2,2,,,,\n",
			"SessionDetails.csv":      sessionHead + "2009-03-02 09:00:00.123,1,1,2,,,1,,,4,1,200,1\n"},
			nil, map[string]int{"test traffic": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			c := mustRead(t, with(tc.tables))
			wantLines(t, c.facts(), tc.want...)
			for why, n := range tc.skip {
				if c.skipped[why] != n {
					t.Errorf("skipped %q: %d, want %d (%v)", why, c.skipped[why], n, c.skipped)
				}
			}
			for file, rejects := range c.rejects {
				for _, r := range rejects {
					if file != "Users.csv" {
						t.Errorf("%s:%d: %s", file, r.Line, r.What)
					}
				}
			}
		})
	}
}

func TestCDRMissingLookups(t *testing.T) {
	sessions := map[string]string{"SessionDetails.csv": sessionHead + "2009-03-02 09:00:00.123,1,1,2,,,1,1,1,1,1,200,1\n"}
	t.Run("names", func(t *testing.T) {
		c := mustRead(t, without(with(sessions), "Servers.csv", "ClientVersions.csv", "Tenants.csv"))
		wantLines(t, c.facts(),
			"03-02 09:00:00 im-session alice@contoso.com peer=bob@contoso.com media=im",
			"03-02 09:00:00 im-session bob@contoso.com peer=alice@contoso.com media=im")
		if c.unresolved["SessionDetails.csv"] != 1 {
			t.Errorf("unresolved: %v", c.unresolved)
		}
		for file, note := range map[string]string{"SessionDetails.csv": "Servers was not exported: servers unknown", "Users.csv": "Tenants was not exported: user classes unknown"} {
			if !slices.Contains(c.notes[file], note) {
				t.Errorf("%s: no note %q in %q", file, note, c.notes[file])
			}
		}
	})
	t.Run("Users", func(t *testing.T) {
		c := mustRead(t, without(with(sessions, map[string]string{"Registration.csv": registrationHead + "2009-03-02 08:05:00.123,1,17,,1,1,1,,,200,\n"}), "Users.csv"))
		if len(c.records) != 0 || len(c.rejects["Registration.csv"]) != 1 || c.unresolved["Registration.csv"] != 1 {
			t.Fatalf("records %v, rejects %v", c.records, c.rejects)
		}
		r := c.rejects["Registration.csv"][0]
		if want := "no row for UserId 17, since the table Users was not exported; add Users to the folder and ingest again"; r.What != want || r.Line != 2 || r.Table != "Registration" {
			t.Errorf("%+v", r)
		}
	})
	t.Run("one party", func(t *testing.T) {
		c := mustRead(t, with(map[string]string{"SessionDetails.csv": sessionHead + "2009-03-02 09:00:00.123,1,1,99,,,99,1,1,1,1,200,1\n" +
			"2009-03-02 09:00:00.123,2,98,99,,,99,1,1,1,1,200,1\n2009-03-02 09:00:00.123,3,10,,,,99,1,1,1,1,200,1\n2009-03-02 09:00:00.123,4,0,1,,,0,,,,,200,1\n"}))
		wantLines(t, c.facts(),
			"03-02 09:00:00 im-session alice@contoso.com class=hosted media=im client=UCCAPI/3.5.6907.0 OC/3.5.6907.0 (Microsoft Office Communicator 2007 R2) server=fe1.contoso.com",
			"03-02 09:00:00 im-session alice@contoso.com peer=zero@contoso.com class=hosted media=im",
			"03-02 09:00:00 im-session zero@contoso.com peer=alice@contoso.com class=hosted media=im")
		var whats []string
		for _, r := range c.rejects["SessionDetails.csv"] {
			whats = append(whats, r.What)
		}
		wantLines(t, whats, "UserId 98 and UserId 99 have no row in Users; export Users of the same time and ingest again",
			"the row of UserId 10 in Users cannot be read; mend it and ingest again")
		if c.unresolved["SessionDetails.csv"] != 3 {
			t.Errorf("unresolved: %v", c.unresolved)
		}
	})
}

func TestCDRBrokenRows(t *testing.T) {
	for row, want := range map[string]string{
		"10/3/2009 10:17:57 AM,1,1,2,200":                 "SessionIdTime \"10/3/2009 10:17:57 AM\": day and month can be told either way; give --date-order mdy or dmy",
		"2009-02-30 10:17:57,1,1,2,200":                   "is no time of the form",
		"2009-03-02 24:00:00,1,1,2,200":                   "is no time of the form",
		"2009-03-02 10:17:57.,1,1,2,200":                  "is no time of the form",
		"1999-12-31 23:59:59.999,1,1,2,200":               "lies before 2000",
		"2009-04-02 00:00:00.001,1,1,2,200":               "lies in the future",
		",1,1,2,200":                                      "the row has no key",
		"2009-03-02 10:17:57,-1,1,2,200":                  "the row has no key",
		"2009-03-02 10:17:57,x,1,2,200":                   "SessionIdSeq \"x\" is not a number",
		"2009-03-02 10:17:57,1,1e3,2,200":                 "User1Id \"1e3\" is not a number",
		"2009-03-02 10:17:57,1,1,2,OK":                    "ResponseCode \"OK\" is not a number",
		"2009-03-02 10:17:57,1,1,2":                       "4 fields, the header has 5",
		"2009-03-02 10:17:57,1,1,2,20\x000":               "a NUL byte in the row",
		"2009-03-02 10:17:57,1,1,\"2,200":                 "a quote is not closed",
		"2009-03-02 10:17:57,1,1,9999999999999999999,200": "is not a number",
	} {
		c := mustRead(t, with(map[string]string{"SessionDetails.csv": "SessionIdTime,SessionIdSeq,User1Id,User2Id,ResponseCode\n" + row + "\n" + strings.Repeat("2009-03-02 10:17:57,1,1,2,486\n", 9)}))
		if r := c.rejects["SessionDetails.csv"]; len(r) != 1 || !strings.Contains(r[0].What, want) || r[0].Line != 2 {
			t.Errorf("%q: %+v, want %q", row, r, want)
		}
	}
	c := mustRead(t, with(map[string]string{"Registration.csv": registrationHead + "2009-03-02 08:00:00.123,1,1,not-a-guid,1,1,1,,,200,\n",
		"McuJoinsAndLeaves.csv": mcuHead + "2009-03-02 10:00:00.000,1,1,maybe,12,,,1\n",
		"Servers.csv":           "ServerId,ServerFQDN\n,a\n1,b\n"}))
	for file, want := range map[string]string{"Registration.csv": "is not a GUID", "McuJoinsAndLeaves.csv": "is not a bit", "Servers.csv": "ServerId is empty",
		"Users.csv": "mend the row"} {
		if r := c.rejects[file]; len(r) != 1 || !strings.Contains(r[0].What, want) {
			t.Errorf("%s: %+v", file, r)
		}
	}
}

func TestCDRTime(t *testing.T) {
	clock := newCDRClock(cdrEnv.Now)
	for text, want := range map[string]string{
		"2009-03-02 08:01:00":         "2009-03-02T08:01:00Z",
		"2009-03-02T08:01:00.5Z":      "2009-03-02T08:01:00.5Z",
		"2008-02-29 23:59:59.9979999": "2008-02-29T23:59:59.997Z",
	} {
		ms, _, err := clock.parse([]byte(text))
		if got := time.UnixMilli(ms).UTC().Format(time.RFC3339Nano); err != nil || got != want {
			t.Errorf("%s: %s %v", text, got, err)
		}
	}
}

func TestCDRDeviceMAC(t *testing.T) {
	for text, want := range map[string]string{"": "", "0": "", "00:00:00:00:00:00": "", "18003071511": "mac:000431111217", "281474976710655": "mac:ffffffffffff",
		"0004f2112233": "mac:0004f2112233", "000411223344": "mac:000411223344", "0x0004F2112233": "mac:0004f2112233", "00-04-f2-11-22-33": "mac:0004f2112233",
		"281474976710656": "error", "phone": "error"} {
		got, err := deviceMAC(text)
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestCDRSplitTables(t *testing.T) {
	want := mustRead(t, with(map[string]string{"SessionDetails.csv": sessionHead + "2009-03-02 09:00:00.123,1,1,2,,,1,,,,,200,1\n2009-03-02 09:00:00.123,2,1,3,,,1,,,,,200,1\n"})).facts()
	split := without(with(map[string]string{
		"s2.csv": sessionHead + "2009-03-02 09:00:00.123,2,1,3,,,1,,,,,200,1\n",
		"s1.csv": sessionHead + "2009-03-02 09:00:00.123,1,1,2,,,1,,,,,200,1\n2009-03-02 09:00:00.123,2,1,3,,,1,,,,,200,1\n",
		"u1.csv": "UserUri,TenantId,UserId\nsip:BOB@contoso.com,4,2\n",
		"u2.csv": "UserId,UserUri,TenantId\n1,alice@contoso.com,4\n2,bob@contoso.com,4\n3,fred@fabrikam.com,7\n",
	}), "Users.csv")
	c := mustRead(t, split)
	wantLines(t, c.facts(), want...)
	a, b := mustRead(t, map[string]string{"Users.csv": "UserId,UserUri,TenantId\n1, alice@contoso.com,NULL\n"}), mustRead(t, map[string]string{"Users.csv": "Tenant_Id,UserUri,UserId\n,alice@contoso.com,1\n"})
	if a.lookups["Users.csv"][0].Hash != b.lookups["Users.csv"][0].Hash {
		t.Error("the order of columns changes the hash of a lookup row")
	}
	if n := c.lookups["u2.csv"]; len(n) != 3 || n[0].Hash == n[1].Hash || n[2].Line != 4 {
		t.Errorf("lookups: %v", n)
	}
}

func TestCDRRefusal(t *testing.T) {
	_, err := readSet([]*File{NewFile("db/u1.csv", []byte("UserId,UserUri\n1,alice@contoso.com\n17,bob@contoso.com\n")),
		NewFile("db/u2.csv", []byte("UserId,UserUri\n1,ALICE@contoso.com\n17,carol@contoso.com\n"))})
	var refused *Refusal
	if !errors.As(err, &refused) || refused.File != "db/u2.csv" || refused.Line != 3 ||
		!strings.HasPrefix(refused.What, "UserId 17 stands for two addresses, bob@contoso.com and carol@contoso.com; ") {
		t.Errorf("%+v", err)
	}
	_, err = readSet([]*File{NewFile("p.csv", []byte("PhoneId,PhoneUri\n1,+14255550100\n1,+14255550101\n"))})
	if !errors.As(err, &refused) || !strings.Contains(refused.What, "PhoneId 1") {
		t.Errorf("%+v", err)
	}
}

// Names of columns that were exchanged cost the rows of their table, which say
// so, and those that need them; nothing is guessed and nothing else is lost.
func TestExchangedColumnsOfATableOfAddressesAreNamed(t *testing.T) {
	const sessions = "SessionIdTime,SessionIdSeq,User1Id,User2Id,MediaTypes,ResponseCode\n2009-03-02 09:00:00.000,1,1,2,1,200\n"
	const rows = "1,alice@contoso.com,4,0\n2,bob@contoso.com,4,0\n3,carol@contoso.com,4,0\n4,dan@contoso.com,4,0\n"
	for _, c := range []struct{ head, table, rows, want string }{
		{"UserUri,UserId,TenantId,UriTypeId\n", "Users", rows, "the values of the columns UserId and UserUri look exchanged; exchange the two names in the header and ingest again"},
		{"TenantId,UserUri,UserId,UriTypeId\n", "Users", rows, "the values of the columns UserId and TenantId look exchanged; exchange the two names in the header and ingest again"},
		{"UriTypeId,UserUri,TenantId,UserId\n", "Users", rows, "the values of the columns UserId and UriTypeId look exchanged; exchange the two names in the header and ingest again"},
		{"UserUri,UserId\n", "Users", "1,alice@contoso.com\n2,\"+14255550100\"\n", "the values of the columns UserId and UserUri look exchanged; exchange the two names in the header and ingest again"},
		{"PhoneUri,PhoneId\n", "Phones", "1,+14255550100@contoso.com\n", "the values of the columns PhoneId and PhoneUri look exchanged; exchange the two names in the header and ingest again"},
	} {
		files := []*File{NewFile("db/SessionDetails.csv", []byte(sessions)), NewFile("db/Pools.csv", []byte("PoolId,PoolFQDN\n1,pool.contoso.com\n")),
			NewFile("db/"+c.table+".csv", []byte(c.head+c.rows))}
		res, err := readSet(files)
		if err != nil {
			t.Errorf("%s: %v", c.head, err)
			continue
		}
		rejects := res.rejects[c.table+".csv"]
		if len(rejects) != strings.Count(c.rows, "\n") || rejects[0].What != c.want || len(res.lookups["Pools.csv"]) != 1 {
			t.Errorf("%s: %+v", c.head, rejects)
		}
		if facts := res.rejects["SessionDetails.csv"]; c.table == "Users" && (len(facts) != 1 || res.unresolved["SessionDetails.csv"] != 1 ||
			facts[0].What != "no row for UserId 1 and UserId 2, since the columns of the table Users look exchanged; mend its header and ingest again") {
			t.Errorf("%s: %+v, %v", c.head, facts, res.unresolved)
		}
	}
	// What only looks odd is read: numbers as addresses, and one bad row.
	for _, table := range []string{"UserId,UserUri\n1,1001\n2,1002\n", "UserId,UserUri\nx@contoso.com,1\n2,bob@contoso.com\n1,alice@contoso.com\n"} {
		res, err := readSet([]*File{NewFile("db/SessionDetails.csv", []byte(sessions)), NewFile("db/Users.csv", []byte(table))})
		if err != nil || len(res.records) != 1 {
			t.Errorf("%s: %v, %+v", table, err, res)
		}
	}
}

func TestCDRReleases(t *testing.T) {
	session := map[string]string{"SessionDetails.csv": "SessionIdTime,SessionIdSeq,User1Id,User2Id,ResponseCode,MediaTypes\n2009-03-02 09:00:00.123,1,1,2,200,1\n"}
	r2 := map[string]string{"UserAuthTypes.csv": "UserAuthTypeId,UserAuthType\n1,Enterprise\n2,Federated\n3,PIC\n4,Anonymous\n", "Computers.csv": "ComputerId,ComputerFQDN\n1,fe1\n"}
	for _, tc := range []struct {
		name, note string
		tables     map[string]string
		class      Class
	}{
		{"R2", "product: ocs2007r2", with(session, r2, map[string]string{"Users.csv": "UserId,UserUri,UserAuthTypeId\n1,alice@contoso.com,1\n2,fred@fabrikam.com,2\n"}), Hosted},
		{"R2 without a join", "product: ocs2007r2", with(session, r2, map[string]string{"Users.csv": "UserId,UserUri\n1,alice@contoso.com\n2,fred@fabrikam.com\n"}), NoClass},
		{"2010", "product: lync2010", without(with(session), "ClientVersions.csv"), Hosted},
		{"2013", "product: lync2013", with(session), Hosted},
		{"2015", "product: sfb2015", with(session, map[string]string{"Registration.csv": strings.Replace(registrationHead, "\n", ",LastModifiedTime\n", 1)}), Hosted},
	} {
		c := mustRead(t, tc.tables)
		if c.records[0].From.Class != tc.class {
			t.Errorf("%s: %+v", tc.name, c.records[0])
		}
		for file, notes := range c.notes {
			if notes[0] != tc.note {
				t.Errorf("%s: %s: %q", tc.name, file, notes)
			}
		}
		join := slices.Contains(c.notes["Users.csv"], "user classes of OCS 2007 R2 can't be joined from these headers; parties go by domain")
		if join != (tc.name == "R2 without a join") {
			t.Errorf("%s: %q", tc.name, c.notes["Users.csv"])
		}
	}
}

func TestCDRCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err := readCDR(ctx, []*File{NewFile("a", []byte(sessionHead))}, cdrEnv, func(*Batch) error { return nil })
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
