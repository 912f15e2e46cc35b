package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// fileSays is what a file tells, without lines: entries and facts as text.
type fileSays struct {
	facts   []string
	lost    int // rows rejected
	skipped int
	open    int // of the skipped, those that say that something is missing
	cut     bool
	notes   []string
}

// tell reads a file, and others beside it.
func tell(t testing.TB, f *Format, content []byte, beside ...*File) fileSays {
	t.Helper()
	var x fileSays
	var records []Record
	var names []Name
	lines := bytes.Count(content, []byte{'\n'}) + 1
	files := append([]*File{NewFile("in", content)}, beside...)
	for _, file := range files {
		h, err := file.Head()
		if err != nil {
			t.Fatal(err)
		}
		file.Part = f.Sniff(h).Part
	}
	err := f.Read(context.Background(), files, &Env{Now: importTime, Location: time.UTC}, func(b *Batch) error {
		records, names = append(records, b.Records...), append(names, b.Names...)
		for _, e := range b.Entries {
			text, err := json.Marshal(e)
			if err != nil {
				return err
			}
			x.facts = append(x.facts, string(text))
		}
		for _, r := range b.Rejects {
			x.lost++
			if r.Line < 1 || r.Line > lines || !strings.Contains(r.What, "; ") {
				t.Errorf("reject at line %d of %d: %s", r.Line, lines, r.What)
			}
		}
		for why, n := range b.Skipped {
			x.skipped += n
			if strings.HasSuffix(why, ": not confirmed") {
				x.open += n
			}
		}
		x.cut = x.cut || b.Cut
		for _, n := range b.Notes {
			x.cut = x.cut || n == cutNote
		}
		x.notes = append(x.notes, b.Notes...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	text := func(id ID) string {
		if id == 0 {
			return ""
		}
		return names[id-1].Text
	}
	for _, f := range Compose(records, func(id ID) Name { return Name{Text: text(id)} }) {
		x.facts = append(x.facts, fmt.Sprint(f.At, " ", text(f.User), " ", f.Activity, " ", text(f.Peer), " ", text(f.Device), text(f.Endpoint), " ", text(f.Client), " ", text(f.Server), " ", f.Media, f.Role, f.Class))
	}
	slices.Sort(x.facts)
	x.facts = slices.Compact(x.facts)
	return x
}

// lacks is what of the first is not in the second.
func lacks(a, b []string) (missing []string) {
	for _, s := range a {
		if !slices.Contains(b, s) {
			missing = append(missing, s)
		}
	}
	return missing
}

// corruptible is a clean file of a format: a header (nothing for a list), and
// records of which each tells facts of its own.
type corruptible struct {
	format  string
	name    string
	header  string
	records []string
	// swapped is the second record with two values exchanged.
	swapped string
	corruptibleKind
}

// corruptibleKind is in what a format differs from most others.
type corruptibleKind struct {
	beside   string // another table, read with the file
	noFacts  bool   // the format states no use: its rows are skipped
	endless  bool   // nothing marks the end of a record: a cut in the last line cannot be told
	absorbs  bool   // lines between two records belong to the first, and cost nothing
	harmless bool   // any text may stand in the places exchanged
	unread   bool   // text that is not ASCII is not read
}

func corruptibles() []corruptible {
	const home = "CN=LC Services,CN=Microsoft,CN=pool1,CN=Pools,CN=RTC Service,CN=Microsoft,CN=System,DC=contoso,DC=com"
	people := []string{"alice", "bernd müller", "carol", "dora"}
	each := func(layout string) (list []string) {
		for i, p := range people {
			address := strings.ReplaceAll(p, " ", ".")
			list = append(list, strings.NewReplacer("{name}", p, "{user}", strings.Replace(address, "ü", "u", 1), "{n}", fmt.Sprint(i), "{home}", home).Replace(layout))
		}
		return list
	}
	csuser := each(`"CN={name},OU=Staff,DC=contoso,DC=com","{name}","sip:{user}@contoso.com","pool1","","True","True","tel:+1425555010{n}"` + "\r\n")
	list := each("Identity       : CN={name},OU=Staff,DC=contoso,\r\n                 DC=com\r\nDisplayName    : {name}\r\nSipAddress     : sip:{user}@contoso.com\r\n" +
		"RegistrarPool  : pool1\r\nEnabled        : True\r\nSamAccountName : x{n}\r\n\r\n")
	phones := each("Identity      : CN={name},OU=Phones,DC=contoso,DC=com\r\nRegistrarPool : pool1\r\nEnabled       : True\r\n" +
		"SipAddress    : sip:{user}@contoso.com\r\nLineURI       : tel:+1425555010{n}\r\nDisplayNumber : \r\nDisplayName   : {name}\r\n\r\n")
	wmi := each("FE1,{name},TRUE,{home},{{n}},tel:+1425555010{n},sip:{user}@contoso.com,TRUE,CN={name},OU=Staff,DC=contoso,DC=com\r\r\n")
	apps := each(`"CN={A{n}},CN=Application Contacts,DC=contoso,DC=com","{name}","tel:+1425555019{n}","sip:{user}@contoso.com"` + "\n")
	regs := each("UCCAPI/3.5.6907.0,OC/3.5.6907.0 ({name}),{user}@contoso.com,fe1.contoso.com,34d859db-6585-5f91-a3b4-de853c15347{n},3/2{n}/2009 1:05:00 PM\r\n")
	calls := each("{user}@contoso.com,{name}@fabrikam.com,Audio,3/2{n}/2009 1:05:00 PM,3/2{n}/2009 1:05:09 PM,3/2{n}/2009 1:10:00 PM,0\r\n")
	for i := range calls {
		calls[i] = strings.Replace(calls[i], "bernd müller@", "bernd@", 1)
	}
	joins := each("Presenter,{user}@contoso.com,From Internal,3/2{n}/2009 1:05:00 PM,3/2{n}/2009 2:05:00 PM,OC/3.5 ({name})\r\n")
	inventory := each("POLYCOM,CX700,0004f211223{n},{user}@contoso.com,OCPhone/3.5 ({name}),3/2{n}/2009 1:05:00 PM,3/2{n}/2009 2:05:00 PM,\r\n")
	swap := func(record, a, b string) string {
		return strings.NewReplacer(a, b, b, a).Replace(record)
	}
	ldif := each("dn: CN={name},OU=Staff,DC=contoso,DC=com\r\nchangetype: add\r\nobjectClass: user\r\ndisplayName: {name}\r\n" +
		"msRTCSIP-PrimaryUserAddress: sip:{user}@contoso.com\r\nmsRTCSIP-UserEnabled: TRUE\r\nmsRTCSIP-PrimaryHomeServer: {home}\r\n\r\n")
	csvde := each(`"CN={name},OU=Staff,DC=contoso,DC=com",user,{name},sip:{user}@contoso.com,TRUE,"{home}"` + "\r\n")
	providers := each(`"MSFT_SIPNetworkProviderTable","FE{n}","True"` + "\n")
	sessions := each("2009-03-2{n} 08:01:00.123,1,{n}1,{n}2,{n}1,200,16,{n}\r\n")
	signIns := each("2009-03-2{n} 08:01:00.123,1,{user}@contoso.com,200,2009-03-2{n} 08:01:00.000,OC/3.5.6907.0 ({name})\r\n")
	media := each("2009-03-2{n} 08:05:31.123,1,,0,2009-03-2{n} 08:01:00.000,2009-03-2{n} 08:05:30.000,{user}@contoso.com,zoe@contoso.com,OC/3.5.6907.0 ({name}),OC/3.5.6907.0\r\n")
	plain := each("2009-03-2{n} 08:01:00,im-login,{user}@contoso.com,OC/3.5.6907.0 ({name})\r\n")
	web := strings.Split(strings.ReplaceAll(strings.Join(each("2009-03-2{n} 08:01:12 GET /cwa/client/start CONTOSO\\{user} 10.0.1.17 Mozilla/4.0+({name}) 200\r\n"), "\x00"), "bernd müller", "bernd+müller"), "\x00")
	message := func(before, middle, after string) []string {
		request := "REGISTER sip:contoso.com SIP/2.0\r\n"
		headers := "From: \"{name}\"<sip:{user}@contoso.com>;tag=t{n}\r\nTo: <sip:{user}@contoso.com>\r\nCall-ID: c{n}\r\nCSeq: 1 REGISTER\r\nContact: <sip:10.1.9.9>\r\n"
		answer := "SIP/2.0 200 OK\r\n"
		if strings.Contains(before, "$$begin_record") {
			request, answer = "Start-Line: "+request, "Start-Line: "+answer
		}
		return each(before + request + headers + middle + before + answer + headers + after)
	}
	const ocs, ocsEnd = "TL_INFO(TF_PROTOCOL) [0]0A1C.0B2D::03/2{n}/2009-08:01:00.123.00004f1a (SIPStack,C::F:f.cpp(122))$$begin_record\r\n", "Message-Body: -\r\n$$end_record\r\n"
	const sipe, sipeEnd = "MESSAGE START >>>>>>>>>> SIP(0x1) - 2009-03-2{n}T08:01:00.123456Z\r\n", "\r\nMESSAGE END >>>>>>>>>> SIP(0x1) - 2009-03-2{n}T08:01:00.123456Z\r\n"
	const uc = "03/2{n}/2009|08:01:00.123 0A1C:0B2D INFO  :: "
	traced := func(format string, records []string, kind corruptibleKind) corruptible {
		return corruptible{format, "sign-ins", "", records, strings.Replace(records[1], "Call-ID: c1\r\nCSeq: 1 REGISTER", "Call-ID: 1 REGISTER\r\nCSeq: c1", 1), kind}
	}
	none, unread := corruptibleKind{}, corruptibleKind{unread: true}
	uccapi := message(uc+"Sending Packet - 10.1.2.3:5061 (From Local Address: 10.1.9.9:50061) 512 bytes:\r\n"+uc, "\r\n", "\r\n")
	return []corruptible{
		{"directory-ldif", "entries", "version: 1\r\n\r\n", ldif, swap(ldif[1], "UserEnabled: TRUE", "UserEnabled: sip:bernd.muller@contoso.com"), none},
		{"directory-csvde", "table", "DN,objectClass,displayName,msRTCSIP-PrimaryUserAddress,msRTCSIP-UserEnabled,msRTCSIP-PrimaryHomeServer\r\n", csvde,
			swap(csvde[1], "sip:bernd.muller@contoso.com", "TRUE"), none},
		{"wmi-setting", "table", "#TYPE System.Management.ManagementObject#root\\cimv2\\MSFT_SIPNetworkProviderTable\n\"__CLASS\",\"__SERVER\",\"IsPublicNetworkProvider\"\n",
			providers, swap(providers[1], "FE1", "True"), corruptibleKind{noFacts: true, harmless: true}},
		{"cdr", "table", "SessionIdTime,SessionIdSeq,User1Id,User2Id,SessionStartedById,ResponseCode,MediaTypes,PoolId\r\n", sessions, swap(sessions[1], "2009-03-21 08:01:00.123", "11,12"),
			corruptibleKind{beside: "UserId,UserUri\n1,a@contoso.com\n2,b@contoso.com\n11,c@contoso.com\n12,d@contoso.com\n21,e@contoso.com\n22,f@contoso.com\n31,g@contoso.com\n32,h@contoso.com\n"}},
		{"cdr", "view", "SessionIdTime,SessionIdSeq,UserUri,ResponseCode,RegisterTime,ClientVersion\r\n", signIns, swap(signIns[1], "bernd.muller@contoso.com", "200"), none},
		{"qoe", "view", "ConferenceDateTime,SessionSeq,ConferenceURI,DialogCategory,StartTime,EndTime,CallerURI,CalleeURI,CallerUserAgent,CalleeUserAgent\r\n", media,
			swap(media[1], "2009-03-21 08:01:00.000", "bernd.muller@contoso.com"), none},
		traced("siptrace-ocslogger", message(ocs, ocsEnd, ocsEnd), unread),
		traced("siptrace-uccapi", uccapi, corruptibleKind{endless: true, absorbs: true, unread: true}),
		traced("siptrace-sipe", message(sipe, sipeEnd, sipeEnd), unread),
		traced("siptrace-bare", message("", "\r\n", "\r\n"), corruptibleKind{endless: true, absorbs: true, unread: true}),
		{"activity-csv", "table", "time,activity,user,client\r\n", plain, swap(plain[1], "im-login", "bernd.muller@contoso.com"), none},
		{"iis-w3c", "log", "#Software: Microsoft Internet Information Services 6.0\r\n#Fields: date time cs-method cs-uri-stem cs-username c-ip cs(User-Agent) sc-status\r\n", web,
			swap(web[1], "08:01:12", "GET"), none},
		{"directory-csuser", "table", "#TYPE OCSADUser\r\n\"Identity\",\"DisplayName\",\"SipAddress\",\"RegistrarPool\",\"HomeServer\",\"Enabled\",\"EnterpriseVoiceEnabled\",\"LineURI\"\r\n",
			csuser, swap(csuser[1], `"sip:bernd.muller@contoso.com"`, `"pool1"`), none},
		{"directory-csuser", "list", "", list, swap(list[1], ": sip:bernd.muller@contoso.com", ": True"), none},
		{"directory-cscontact", "list", "", phones, swap(phones[1], ": sip:bernd.muller@contoso.com", ": True"), none},
		{"directory-wmi", "wmic", "\r\r\nNode,DisplayName,Enabled,HomeServerDN,InstanceID,LineURI,PrimaryURI,UCEnabled,UserDN\r\r\n",
			wmi, swap(wmi[1], ",TRUE,CN=LC", ",bernd müller,CN=LC"), none},
		{"directory-wmi-contact", "table", `"ApplicationDestinationDN","DisplayName","LineURI","PrimaryURI"` + "\n", apps, swap(apps[1], `"sip:bernd.muller@contoso.com"`, `"bernd müller"`), none},
		{"registrations", "table", "ClientVersion,UserAgent,UserName,Server,EndpointId,ExpiresAt\r\n", regs, swap(regs[1], "bernd.muller@contoso.com", "fe1.contoso.com"), none},
		{"monitoring-report", "peer-to-peer", "From user,To user,Modalities,Invite time,Response time,End time,Diagnostic ID\r\n", calls, swap(calls[1], "Audio", "3/21/2009 1:05:00 PM"), none},
		{"monitoring-report", "detail", "Role,User,Connectivity,Join time,Leave time,User agent\r\n", joins, swap(joins[1], "Presenter", "bernd.muller@contoso.com"), none},
		{"monitoring-report", "phones", "Manufacturer,Hardware version,MAC address,User URI,User agent,Last logon time,Last logoff time,Last activity\r\n",
			inventory, swap(inventory[1], "0004f2112231", "CX700"), none},
	}
}

func (c *corruptible) whole(records ...string) []byte {
	return []byte(c.header + strings.Join(records, ""))
}

// TestCorruptionIsCountedAndCostsNothingElse holds every format against the five
// most likely corruptions: a block twice, foreign lines between records, columns
// exchanged, a cut in the middle of a record and another encoding. What was lost
// is counted and said, and nothing else changes. A format without an example
// here is an error.
func TestCorruptionIsCountedAndCostsNothingElse(t *testing.T) {
	all := corruptibles()
	for _, f := range Formats() {
		if !slices.ContainsFunc(all, func(c corruptible) bool { return c.format == f.Name }) {
			t.Errorf("nothing is known of corruptions of %s: add a clean file of it", f.Name)
		}
	}
	for _, c := range all {
		t.Run(c.format+"/"+c.name, func(t *testing.T) {
			f := formatNamed(t, c.format)
			clean := c.whole(c.records...)
			if v := f.Sniff(directoryHead(t, clean)); !v.Yes {
				t.Fatalf("not recognised: %+v", v)
			}
			var beside []*File
			if c.beside != "" {
				beside = []*File{NewFile("beside", []byte(c.beside))}
			}
			tell := func(content []byte) fileSays { return tell(t, f, content, beside...) }
			want := tell(clean)
			if want.lost > 0 || want.open > 0 || !c.noFacts && len(want.facts) < len(c.records) || c.noFacts && want.skipped != len(c.records) {
				t.Fatalf("the clean file gives %+v", want)
			}
			without := func(i int) []string {
				return tell(c.whole(slices.Delete(slices.Clone(c.records), i, i+1)...)).facts
			}

			// A duplicated block is the same facts.
			if got := tell(c.whole(append(slices.Clone(c.records), c.records[1:]...)...)); !slices.Equal(got.facts, want.facts) || got.lost > 0 {
				t.Errorf("duplicated: %q, %d lost", lacks(got.facts, want.facts), got.lost)
			}

			// Foreign lines cost themselves.
			foreign := c.whole(c.records[0], c.records[1], "WARNING: the connection was lost\r\n", c.records[2], "PS C:\\> exit\r\n", c.records[3])
			counted := 2
			if c.absorbs {
				counted = 0
			}
			if got := tell(foreign); !slices.Equal(got.facts, want.facts) || got.lost+got.skipped-want.skipped != counted {
				t.Errorf("foreign lines: lost %q, more %q, %d rejects, %d skipped of %d", lacks(want.facts, got.facts), lacks(got.facts, want.facts), got.lost, got.skipped, want.skipped)
			}

			// Two values exchanged cost that record.
			swapped := c.whole(c.records[0], c.swapped, c.records[2], c.records[3])
			if got := tell(swapped); !slices.Equal(got.facts, without(1)) || got.lost != 1 && !c.harmless {
				t.Errorf("exchanged values: lost %q, more %q, %d rejects", lacks(without(1), got.facts), lacks(got.facts, without(1)), got.lost)
			}

			// A cut costs at most the record it stands in, and is said.
			begin := len(c.whole(c.records[:3]...))
			last := without(3)
			counted = tell(c.whole(c.records[:3]...)).skipped
			for at := begin + 1; at < len(clean)-len("\r\r\n\r\n"); at += 1 + (len(clean)-begin)/24 {
				got := tell(clean[:at])
				if missing := lacks(last, got.facts); len(missing) > 0 {
					t.Fatalf("cut at %d: lost %q", at, missing)
				}
				if !got.cut && got.lost == 0 && got.open == 0 && got.skipped <= counted && !c.endless && !slices.Equal(got.facts, want.facts) && clean[at-1] != '\n' {
					t.Fatalf("cut at %d: nothing is said of %q", at, clean[begin:at])
				}
			}

			// Another encoding costs at most the record that is not ASCII, and is said.
			latin := []byte(strings.ReplaceAll(string(clean), "ü", "\xfc"))
			got := tell(latin)
			if missing := lacks(without(1), got.facts); len(missing) > 0 {
				t.Errorf("another encoding: lost %q", missing)
			}
			guessed := slices.ContainsFunc(got.notes, func(n string) bool { return strings.Contains(strings.ToLower(n), "windows-1252") })
			if bytes.Contains(latin, []byte{0xfc}) && got.lost != 1 && !((guessed || c.unread) && slices.Equal(got.facts, want.facts)) {
				t.Errorf("another encoding: %d rejects, notes %q", got.lost, got.notes)
			}

			// Unicode in any form is the same facts.
			for _, wide := range [][]byte{utf16LE(string(clean)), append([]byte("\xEF\xBB\xBF"), clean...)} {
				if got := tell(wide); !slices.Equal(got.facts, want.facts) || got.lost > 0 {
					t.Errorf("Unicode: lost %q, %d rejects", lacks(want.facts, got.facts), got.lost)
				}
			}
		})
	}
}
