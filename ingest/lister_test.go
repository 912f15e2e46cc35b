package ingest

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// entriesOf reads a list; done gives every batch back once it was copied.
func entriesOf(t *testing.T, format, text string, done bool) (all []Entry) {
	t.Helper()
	err := formatNamed(t, format).Read(context.Background(), []*File{NewFile("in", []byte(text))}, &Env{Now: importTime}, func(b *Batch) error {
		if len(b.Rejects) > 0 {
			t.Fatalf("line %d: %s", b.Rejects[0].Line, b.Rejects[0].What)
		}
		all = append(all, b.Entries...)
		if done {
			b.Done()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// The places of properties are remembered from object to object: an object with
// another order, or with properties that others lack, is read as well.
func TestPropertiesOfAListMayComeInAnyOrder(t *testing.T) {
	lines := []string{"Identity      : CN=x{n},OU=Staff,DC=contoso,DC=com", "DisplayName   : x {n}", "SipAddress    : sip:X{n}@contoso.com", "RegistrarPool : pool1.contoso.com",
		"Enabled       : True", "LineURI       : tel:+1425555010{n}", "SamAccountName: x{n}"}
	lines[6] = "SamAccountName : x{n}" // longer than the others: a column of its own
	for i := range lines[:6] {
		lines[i] = strings.Replace(lines[i], " :", "  :", 1)
	}
	object := func(n int, turn int, more string) string {
		text := more
		for i := range lines {
			text += lines[(i+turn)%len(lines)] + "\r\n"
		}
		return strings.ReplaceAll(text, "{n}", fmt.Sprint(n)) + "\r\n"
	}
	var straight, turned strings.Builder
	for n := range 10 {
		straight.WriteString(object(n, 0, ""))
		more := ""
		if n%3 == 1 {
			more = "Puid           : 7\r\n"
		}
		turned.WriteString(object(n, n%4, more))
	}
	want, got := entriesOf(t, csUsers.format, straight.String(), false), entriesOf(t, csUsers.format, turned.String(), false)
	for _, list := range [][]Entry{want, got} {
		for i := range list {
			list[i].Line = 0
		}
	}
	if len(want) != 10 || want[3].Primary != "x3@contoso.com" || want[3].Line164 != "+14255550103" || want[3].Login != "x3" || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

// Batches that are done with lend their room to later ones, of other files too:
// nothing of an entry may stay in it.
func TestRoomOfEntriesIsGivenBackEmpty(t *testing.T) {
	var full, bare strings.Builder
	full.WriteString("Identity,DisplayName,SipAddress,RegistrarPool,Enabled,EnterpriseVoiceEnabled,LineURI,SamAccountName\r\n")
	bare.WriteString("SipAddress,RegistrarPool,EnterpriseVoiceEnabled\r\n")
	for n := range 5 * directoryBatch {
		fmt.Fprintf(&full, "\"CN=x%d,DC=contoso,DC=com\",X %d,sip:x%d@contoso.com,pool1,True,True,tel:+1425%07d,x%d\r\n", n, n, n, n, n)
		fmt.Fprintf(&bare, "sip:y%d@contoso.com,,\r\n", n)
	}
	want := entriesOf(t, csUsers.format, bare.String(), false)
	entriesOf(t, csUsers.format, full.String(), true)
	if got := entriesOf(t, csUsers.format, bare.String(), true); len(got) != 5*directoryBatch || !reflect.DeepEqual(got, want) {
		t.Errorf("%d entries, want %d that are the same", len(got), len(want))
	}
}

// Somebody took a column out of the list. What is left must not pass for a
// file of another kind, or for people who are not counted.
func TestAListWithoutTheColumnOfAddressesIsNoOtherFile(t *testing.T) {
	const user = "#TYPE Selected.Microsoft.Rtc.Management.ADConnect.Schema.OCSADUser\n"
	const setting = "#TYPE System.Management.ManagementObject#root\\cimv2\\"
	for _, c := range []struct{ text, format, why string }{
		{user + "\"Identity\",\"DisplayName\"\n\"CN=A\",\"A\"\n", "directory-csuser", "SipAddress"},
		{"Identity,RegistrarPool,EnterpriseVoiceEnabled\nCN=A,p,True\n", "directory-csuser", "SipAddress"},
		{setting + "MSFT_SIPESUserSetting\n\"__CLASS\",\"DisplayName\",\"Enabled\"\n\"MSFT_SIPESUserSetting\",\"A\",\"True\"\n", "directory-wmi", "PrimaryURI"},
		{"Node,Enabled,HomeServerDN,LineURI\nFE1,TRUE,CN=LC,tel:+1\n", "directory-wmi", "PrimaryURI"},
		{setting + "MSFT_SIPApplicationContactSetting\n\"__CLASS\",\"PrimaryURI\"\n\"MSFT_SIPApplicationContactSetting\",\"sip:a@contoso.com\"\n", "directory-wmi-contact", "ApplicationDestinationDN"},
		{"LineURI,ApplicationDestinationDN\ntel:+1,CN=A\n", "directory-wmi-contact", "PrimaryURI"},
		{setting + "MSFT_SIPFederationPartnerTable\n\"__CLASS\",\"Domain\"\n\"MSFT_SIPFederationPartnerTable\",\"fabrikam.com\"\n", "wmi-setting", ""},
	} {
		h, err := NewFile("in", []byte(c.text)).Head()
		if err != nil {
			t.Fatal(err)
		}
		found := ""
		var got Verdict
		for _, f := range Formats() {
			if v := f.Sniff(h); v.Yes || v.Broken && found == "" {
				if found, got = f.Name, v; v.Yes {
					break
				}
			}
		}
		if found != c.format || got.Broken != (c.why != "") || !strings.Contains(got.Why, c.why) {
			t.Errorf("%q: %s, %+v; want %s", c.text, found, got, c.format)
		}
	}
}

func TestSomebodyOnNoHomeServerIsTold(t *testing.T) {
	const text = "SipAddress,HomeServer,Enabled,EnterpriseVoiceEnabled\nsip:a@contoso.com,,True,False\nsip:b@contoso.com,,False,False\nsip:c@contoso.com,,True,False\n"
	var notes []string
	err := formatNamed(t, csUsers.format).Read(context.Background(), []*File{NewFile("in", []byte(text))}, &Env{Now: importTime}, func(b *Batch) error {
		notes = append(notes, b.Notes...)
		return nil
	})
	const want = "somebody on no home server is not counted as enabled; was a column removed?: 2 times, first at line 2 (a@contoso.com)"
	if err != nil || notes[len(notes)-1] != want {
		t.Errorf("%q, %v", notes, err)
	}
}

// wmic writes no quotes: a name of the usual form "Ash, Alice" comes apart.
func TestCommasInNamesOfWMICArePutBack(t *testing.T) {
	const home = "CN=LC Services,CN=Microsoft,CN=pool1,CN=Pools,DC=contoso,DC=com"
	text := "\r\r\nNode,DisplayName,Enabled,HomeServerDN,LineURI,PrimaryURI,UCEnabled,UserDN\r\r\n"
	names := []string{"Ash", "Ash, Alice", "Ash, Alice, Dr., Sales", "CN=Ash,OU=Sales", "TRUE, FALSE", ",", "a,,b"}
	for i, name := range names {
		text += fmt.Sprintf("FE1,%s,TRUE,%s,tel:+1425555010%d,sip:u%d@contoso.com,TRUE,CN=U%d\\, x,OU=Staff,DC=contoso,DC=com\r\r\n", name, home, i, i, i)
	}
	for i, e := range entriesOf(t, wmiUsers.format, text, false) {
		if want := fmt.Sprintf("u%d@contoso.com", i); e.Primary != want || e.Name != names[i] || !e.Enabled || !e.Voice || e.Home != "pool1" || e.Container != "ou=staff,dc=contoso,dc=com" {
			t.Errorf("%q: %+v", names[i], e)
		}
	}
	// More commas than anybody's name has, and a row in which no number fits.
	for _, row := range []string{
		"FE1," + strings.Repeat("x,", maxNameCommas+2) + "TRUE," + home + ",,sip:a@contoso.com,TRUE,CN=A,DC=b",
		"FE1,x,TRUE,FALSE,," + "tel:+1,sip:a@contoso.com,,TRUE,CN=A,DC=b",
	} {
		rejected := 0
		err := formatNamed(t, wmiUsers.format).Read(context.Background(), []*File{NewFile("in", []byte(text+row+"\r\r\n"))}, &Env{Now: importTime}, func(b *Batch) error {
			rejected += len(b.Rejects)
			return nil
		})
		if err != nil || rejected != 1 {
			t.Errorf("%s: %d rejected, %v", row, rejected, err)
		}
	}
}

// A damaged DN has a field too many as well: what follows Enabled must not take
// its place, or somebody who is not enabled would be.
func TestAFieldOfADamagedDNIsNotPutIntoTheName(t *testing.T) {
	text := "Node,DisplayName,Enabled,EnabledForEnhancedPresence,EnabledForFederation,HomeServerDN,PrimaryURI\r\r\n" +
		"FE1,Dan Down,FALSE,TRUE,TRUE,CN=LC Services,C?N=Microsoft,CN=pool1,CN=Pools,DC=contoso,DC=com,sip:dan@contoso.com\r\r\n"
	rejected := 0
	err := formatNamed(t, wmiUsers.format).Read(context.Background(), []*File{NewFile("in", []byte(text))}, &Env{Now: importTime}, func(b *Batch) error {
		for i := range b.Entries {
			t.Errorf("%+v", b.Entries[i])
		}
		rejected += len(b.Rejects)
		return nil
	})
	if err != nil || rejected != 1 {
		t.Errorf("%d rejected, %v", rejected, err)
	}
}

// A row of another tool has quotes between the parts of a DN, and may have any
// number of them: it is not copied for each.
func TestAFieldOfManyPartsIsPutTogetherInOneCopy(t *testing.T) {
	const parts = 1000
	mend := wmicRow(&Table{header: []string{"Node", "DisplayName", "HomeServerDN"}})
	fields := [][]byte{[]byte("FE1"), []byte("Alice Ash")}
	for range parts {
		fields = append(fields, []byte("DC=x"))
	}
	want := strings.Repeat(",DC=x", parts)[1:]
	allocs := testing.AllocsPerRun(1, func() {
		if row := mend(fields); len(row) != 3 || string(row[2]) != want || string(fields[2]) != "DC=x" {
			t.Errorf("%d fields", len(row))
		}
	})
	if allocs > parts/10 {
		t.Errorf("%.0f allocations for %d parts", allocs, parts)
	}
}
