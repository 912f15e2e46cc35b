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
	cut     bool
	notes   []string
}

func tell(t testing.TB, f *Format, content []byte) fileSays {
	t.Helper()
	var x fileSays
	var records []Record
	var names []Name
	lines := bytes.Count(content, []byte{'\n'}) + 1
	err := f.Read(context.Background(), []*File{NewFile("in", content)}, &Env{Now: importTime, Location: time.UTC}, func(b *Batch) error {
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
		for _, n := range b.Skipped {
			x.skipped += n
		}
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
	return []corruptible{
		{"directory-csuser", "table", "#TYPE OCSADUser\r\n\"Identity\",\"DisplayName\",\"SipAddress\",\"RegistrarPool\",\"HomeServer\",\"Enabled\",\"EnterpriseVoiceEnabled\",\"LineURI\"\r\n",
			csuser, swap(csuser[1], `"sip:bernd.muller@contoso.com"`, `"pool1"`)},
		{"directory-csuser", "list", "", list, swap(list[1], ": sip:bernd.muller@contoso.com", ": True")},
		{"directory-cscontact", "list", "", phones, swap(phones[1], ": sip:bernd.muller@contoso.com", ": True")},
		{"directory-wmi", "wmic", "\r\r\nNode,DisplayName,Enabled,HomeServerDN,InstanceID,LineURI,PrimaryURI,UCEnabled,UserDN\r\r\n",
			wmi, swap(wmi[1], ",TRUE,CN=LC", ",bernd müller,CN=LC")},
		{"directory-wmi-contact", "table", `"ApplicationDestinationDN","DisplayName","LineURI","PrimaryURI"` + "\n", apps, swap(apps[1], `"sip:bernd.muller@contoso.com"`, `"bernd müller"`)},
		{"registrations", "table", "ClientVersion,UserAgent,UserName,Server,EndpointId,ExpiresAt\r\n", regs, swap(regs[1], "bernd.muller@contoso.com", "fe1.contoso.com")},
		{"monitoring-report", "peer-to-peer", "From user,To user,Modalities,Invite time,Response time,End time,Diagnostic ID\r\n", calls, swap(calls[1], "Audio", "3/21/2009 1:05:00 PM")},
		{"monitoring-report", "detail", "Role,User,Connectivity,Join time,Leave time,User agent\r\n", joins, swap(joins[1], "Presenter", "bernd.muller@contoso.com")},
		{"monitoring-report", "phones", "Manufacturer,Hardware version,MAC address,User URI,User agent,Last logon time,Last logoff time,Last activity\r\n",
			inventory, swap(inventory[1], "0004f2112231", "CX700")},
	}
}

func (c *corruptible) whole(records ...string) []byte {
	return []byte(c.header + strings.Join(records, ""))
}

func TestCorruptionIsCountedAndCostsNothingElse(t *testing.T) {
	for _, c := range corruptibles() {
		t.Run(c.format+"/"+c.name, func(t *testing.T) {
			f := formatNamed(t, c.format)
			clean := c.whole(c.records...)
			if v := f.Sniff(directoryHead(t, clean)); !v.Yes {
				t.Fatalf("not recognised: %+v", v)
			}
			want := tell(t, f, clean)
			if want.lost > 0 || want.skipped > 0 || len(want.facts) < len(c.records) {
				t.Fatalf("the clean file gives %+v", want)
			}
			without := func(i int) []string {
				return tell(t, f, c.whole(slices.Delete(slices.Clone(c.records), i, i+1)...)).facts
			}

			// A duplicated block is the same facts.
			if got := tell(t, f, c.whole(append(slices.Clone(c.records), c.records[1:]...)...)); !slices.Equal(got.facts, want.facts) || got.lost > 0 {
				t.Errorf("duplicated: %q, %d lost", lacks(got.facts, want.facts), got.lost)
			}

			// Foreign lines cost themselves.
			foreign := c.whole(c.records[0], c.records[1], "WARNING: the connection was lost\r\n", c.records[2], "PS C:\\> exit\r\n", c.records[3])
			if got := tell(t, f, foreign); !slices.Equal(got.facts, want.facts) || got.lost != 2 {
				t.Errorf("foreign lines: lost %q, more %q, %d rejects", lacks(want.facts, got.facts), lacks(got.facts, want.facts), got.lost)
			}

			// Two values exchanged cost that record.
			swapped := c.whole(c.records[0], c.swapped, c.records[2], c.records[3])
			if got := tell(t, f, swapped); !slices.Equal(got.facts, without(1)) || got.lost != 1 {
				t.Errorf("exchanged values: lost %q, more %q, %d rejects", lacks(without(1), got.facts), lacks(got.facts, without(1)), got.lost)
			}

			// A cut costs at most the record it stands in, and is said.
			begin := len(c.whole(c.records[:3]...))
			for at := begin + 1; at < len(clean)-len("\r\r\n\r\n"); at += 5 {
				got := tell(t, f, clean[:at])
				if missing := lacks(without(3), got.facts); len(missing) > 0 {
					t.Fatalf("cut at %d: lost %q", at, missing)
				}
				if !got.cut && got.lost == 0 && !slices.Equal(got.facts, want.facts) && clean[at-1] != '\n' {
					t.Fatalf("cut at %d: nothing is said of %q", at, clean[begin:at])
				}
			}

			// Another encoding costs at most the record that is not ASCII, and is said.
			latin := []byte(strings.ReplaceAll(string(clean), "ü", "\xfc"))
			got := tell(t, f, latin)
			if missing := lacks(without(1), got.facts); len(missing) > 0 {
				t.Errorf("another encoding: lost %q", missing)
			}
			guessed := slices.ContainsFunc(got.notes, func(n string) bool { return strings.Contains(n, "Windows-1252") })
			if bytes.Contains(latin, []byte{0xfc}) && got.lost != 1 && !(guessed && slices.Equal(got.facts, want.facts)) {
				t.Errorf("another encoding: %d rejects, notes %q", got.lost, got.notes)
			}

			// Unicode in any form is the same facts.
			for _, wide := range [][]byte{utf16LE(string(clean)), append([]byte("\xEF\xBB\xBF"), clean...)} {
				if got := tell(t, f, wide); !slices.Equal(got.facts, want.facts) || got.lost > 0 {
					t.Errorf("Unicode: lost %q, %d rejects", lacks(want.facts, got.facts), got.lost)
				}
			}
		})
	}
}
