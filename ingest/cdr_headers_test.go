package ingest

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

func TestCDRHeaders(t *testing.T) {
	session := "2009-03-02 09:00:00.123,1,1,2,1,200,1"
	want := []string{"03-02 09:00:00 im-session alice@contoso.com peer=bob@contoso.com class=hosted media=im",
		"03-02 09:00:00 im-session bob@contoso.com peer=alice@contoso.com class=hosted media=im"}
	head := "SessionIdTime,SessionIdSeq,User1Id,User2Id,SessionStartedById,ResponseCode,MediaTypes\n"
	wide := strings.NewReplacer(",", "\t").Replace
	for name, text := range map[string]string{
		"plain":       head + session + "\n",
		"case":        strings.ToUpper(head) + session,
		"spaces":      "Session Id Time, Session_Id_Seq ,User1Id,User2Id,SessionStartedById,Response-Code,MediaTypes\n" + session,
		"crlf, quote": strings.ReplaceAll(head, "\n", "\r\n") + `"2009-03-02 09:00:00.123","1","1","2","1","200","1"` + "\r\n",
		"semicolon":   strings.ReplaceAll(head+session, ",", ";"),
		"tab":         wide(head + session),
		"reordered":   "MediaTypes,ResponseCode,User2Id,User1Id,SessionStartedById,SessionIdSeq,SessionIdTime\n1,200,2,1,1,1,2009-03-02 09:00:00.123\n",
		"utf-16":      string(utf16LE(head + session + "\n")),
		"bom":         "\xef\xbb\xbf" + head + session,
		"sqlcmd":      head + "-----------------------,-----,---,---,---,---,----\n2009-03-02 09:00:00.123,1    ,  1,2  ,1,200,1\n\n(1 rows affected)\n",
	} {
		c := mustRead(t, with(map[string]string{"SessionDetails.csv": text}))
		t.Run(name, func(t *testing.T) { wantLines(t, c.facts(), want...) })
		if len(c.rejects["SessionDetails.csv"]) > 0 {
			t.Errorf("%s: %v", name, c.rejects["SessionDetails.csv"])
		}
	}
	c, err := readSet([]*File{NewFile("Users.csv", []byte(estate["Users.csv"])), NewFile("SessionDetails.csv", []byte("#TYPE Selected.System.Data.DataRow\r\n"+head+session+"\nx\n"))})
	if err != nil || len(c.records) != 1 || c.records[0].Line != 3 || c.rejects["SessionDetails.csv"][0].Line != 4 {
		t.Errorf("PowerShell type line: %v %+v", err, c)
	}
}

func utf16LE(s string) []byte {
	b := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

func TestCDRSniff(t *testing.T) {
	for _, tc := range []struct{ name, text, part, why string }{
		{"a.csv", "TenantId,TenantKey\n", "Tenants", ""},
		{"a.csv", registrationHead, "Registration", ""},
		{"a.csv", sessionHead, "SessionDetails", ""},
		{"a.csv", voipHead, "VoipDetails", ""},
		{"a.csv", conferenceHead, "Conferences", ""},
		{"a.csv", focusHead, "FocusJoinsAndLeaves", ""},
		{"a.csv", mcuHead, "McuJoinsAndLeaves", ""},
		{"a.csv", "VersionId,Version\n1,A\n", "HardwareVersions", ""},
		{"a.csv", "VersionId,Version\n1,UCCAPI/3.5\n", "ClientVersions", ""},
		{"a.csv", "MediaId,Media\n", "MediaList", ""},
		{"a.csv", "SessionIdTime,SessionIdSeq,MediaId,StartTime,EndTime\n", "Media", ""},
		{"a.csv", "SessionIdTime,SessionIdSeq,UserId,MessageCount\n", "ConferenceMessageCount", ""},
		{"a.csv", "UserAuthTypeId,UserAuthType\n", "UserAuthTypes", ""},
		{"a.csv", "ComputerId,ComputerFQDN\n", "Computers", ""},
		{"a.csv", "ServerID;ServerFQDN\n", "Servers", ""},
		{"a.csv", "UserId,UserUri,RowError,RowState,Table,ItemArray,HasErrors\n", "Users", ""},
		{"a.csv", "UserId,TenantId,UriTypeId\n", "", "table Users lacks the column UserUri; export it with its documented columns"},
		{"Users.csv", "UserId,Uri\n", "", "table Users lacks the column UserUri; export it with its documented columns"},
		{"LcsCDR.dbo.Users_2.csv.gz", "UserId,Uri\n", "", "table Users lacks the column UserUri; export it with its documented columns"},
		{"a.csv", strings.Replace(mcuHead, "McuId", "Mcu", 1), "", "table McuJoinsAndLeaves lacks the column McuId; export it with its documented columns"},
		{"a.csv", strings.Replace(sessionHead, "User1Id,User2Id", "FromUri,ToUri", 1), "", "table SessionDetails lacks the columns User1Id, User2Id; export it with its documented columns"},
		{"a.csv", "UserId,UserUri,TenantId,UserId\n", "", `table Users names the column "UserId" twice; keep one`},
		{"Users.csv", "name,mail\n", "", ""},
		{"a.csv", "time,activity,user,peer,device,client,server,session,class,modality,role,source\n", "", ""},
		{"a.csv", "license,metric,version,quantity\n", "", ""},
		{"a.txt", "UserId is the key of the user\n", "", ""},
		{"a.csv", "UserId,UserUri,a,b,c,d\n", "", ""},
		{"a.csv", "", "", ""},
	} {
		v := sniffCDR(&Head{Name: tc.name, Text: []byte(tc.text)})
		if v.Yes != (tc.part != "") || v.Part != tc.part || v.Broken != (tc.why != "") || v.Why != tc.why {
			t.Errorf("%s %q: %+v", tc.name, tc.text, v)
		}
	}
	// Every table is recognised by the columns of its documentation alone.
	for i := range cdrTables {
		d := &cdrTables[i]
		var header []string
		for item := range strings.FieldsSeq(d.needed + " " + d.known) {
			item, _, _ = strings.Cut(item, "|")
			if !slices.Contains(header, item) {
				header = append(header, item)
			}
		}
		if m := lcsCDR.recognise(header); !m.sure() || m.def != d && d.name != "ClientVersions" && d.name != "HardwareVersions" {
			t.Errorf("%s is recognised as %s, lacking %v", d.name, m.def.name, m.missing)
		}
	}
}
