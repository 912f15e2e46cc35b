package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"

	"calaudit/audit"
)

// listedPerson is somebody of a small directory, as every tool can tell it.
type listedPerson struct {
	name, address, line string
	enabled, voice      bool
}

const listedHome = "CN=LC Services,CN=Microsoft,CN=pool1,CN=Pools,CN=RTC Service,CN=Microsoft,CN=System,DC=contoso,DC=com"

func listedPeople() []listedPerson {
	return []listedPerson{
		{"Alice Ash", "alice@contoso.com", "tel:+14255550100", true, true},
		{"Bernd Müller", "bernd@contoso.com", "", true, false},
		{"Carol Cole", "carol@contoso.com", "tel:+14255550102", true, false},
		{"Dan Down", "dan@contoso.com", "tel:+14255550103", false, true},
	}
}

func (p *listedPerson) dn() string { return "CN=" + p.name + ",OU=Staff,DC=contoso,DC=com" }

func upper(b bool) string { return strings.ToUpper(title(b)) }

func title(b bool) string {
	if b {
		return "True"
	}
	return "False"
}

func utf16File(s string) []byte {
	b := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return b
}

// listedShapes is the same directory as each tool writes it.
func listedShapes() map[string][]byte {
	var ldif, csvde, table, list, wmic, exported strings.Builder
	csvde.WriteString("DN,objectClass,displayName,userAccountControl,msRTCSIP-UserEnabled,msRTCSIP-PrimaryUserAddress,msRTCSIP-PrimaryHomeServer,msRTCSIP-OptionFlags,msRTCSIP-Line\r\n")
	table.WriteString("#TYPE Microsoft.Rtc.Management.ADConnect.Schema.OCSADUser\r\n\"Identity\",\"DisplayName\",\"SipAddress\",\"RegistrarPool\",\"HomeServer\",\"Enabled\",\"EnterpriseVoiceEnabled\",\"LineURI\"\r\n")
	list.WriteString("\r\n\r\n")
	wmic.WriteString("\r\r\nNode,DisplayName,Enabled,HomeServerDN,InstanceID,LineURI,PrimaryURI,UCEnabled,UserDN\r\r\n")
	exported.WriteString("#TYPE System.Management.ManagementObject#root\\cimv2\\MSFT_SIPESUserSetting\r\n\"UserDN\";\"PrimaryURI\";\"DisplayName\";\"Enabled\";\"HomeServerDN\";\"LineURI\";\"UCEnabled\"\r\n")
	space := strings.LastIndexByte(listedHome, ' ') + 1
	first, rest := listedHome[:space], listedHome[space:]
	for i, p := range listedPeople() {
		flags := 256
		if p.voice {
			flags |= 128
		}
		b64 := func(s string) string { return ":: " + base64.StdEncoding.EncodeToString([]byte(s)) }
		line := ""
		if p.line != "" {
			line = "msRTCSIP-Line: " + p.line + "\n"
		}
		fmt.Fprintf(&ldif, "dn%s\nchangetype: add\nobjectClass: user\ndisplayName%s\nuserAccountControl: 512\nmsRTCSIP-UserEnabled: %s\nmsRTCSIP-PrimaryUserAddress: sip:%s\nmsRTCSIP-PrimaryHomeServer: %s\nmsRTCSIP-OptionFlags: %d\n%s\n",
			b64(p.dn()), b64(p.name), upper(p.enabled), p.address, listedHome, flags, line)
		fmt.Fprintf(&csvde, "%q,user,%s,512,%s,sip:%s,%q,%d,%s\r\n", p.dn(), p.name, upper(p.enabled), p.address, listedHome, flags, p.line)
		fmt.Fprintf(&table, "%q,%q,\"sip:%s\",\"\",%q,%q,%q,%q\r\n", p.dn(), p.name, p.address, listedHome, title(p.enabled), title(p.voice), p.line)
		fmt.Fprintf(&list, "Identity               : %s\r\nDisplayName            : %s\r\nSipAddress             : sip:%s\r\nHomeServer             : %s\r\n                         %s\r\n"+
			"Enabled                : %s\r\nEnterpriseVoiceEnabled : %s\r\nLineURI                : %s\r\n\r\n",
			p.dn(), p.name, p.address, first, rest, title(p.enabled), title(p.voice), p.line)
		fmt.Fprintf(&wmic, "FE1,%s,%s,%s,{2C6A1E44-0000-4000-8000-00000000000%d},%s,sip:%s,%s,%s\r\r\n", p.name, upper(p.enabled), listedHome, i, p.line, p.address, upper(p.voice), p.dn())
		fmt.Fprintf(&exported, "%q;\"sip:%s\";%q;%q;%q;%q;%q\r\n", p.dn(), p.address, p.name, title(p.enabled), listedHome, p.line, title(p.voice))
	}
	return map[string][]byte{
		"users.ldf": []byte(ldif.String()), "csvde.csv": utf16File(csvde.String()), "Get-CsUser.csv": []byte("\xEF\xBB\xBF" + table.String()),
		"Get-CsUser.txt": utf16File(list.String()), "wmic.csv": utf16File(wmic.String()), "wmi.csv": []byte(exported.String()),
	}
}

// TestOneDirectoryInEveryEncodingGivesOneDigest saves each shape again in every
// encoding that a tool or an editor may have given it.
func TestOneDirectoryInEveryEncodingGivesOneDigest(t *testing.T) {
	want := ""
	for name, data := range listedShapes() {
		text := string(bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF")))
		if bytes.HasPrefix(data, []byte{0xff, 0xfe}) {
			var units []uint16
			for i := 2; i < len(data); i += 2 {
				units = append(units, binary.LittleEndian.Uint16(data[i:]))
			}
			text = string(utf16.Decode(units))
		}
		ansi, err := charmap.Windows1252.NewEncoder().Bytes([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		for encoding, data := range map[string][]byte{"UTF-8": []byte(text), "UTF-8 with a mark": []byte("\xEF\xBB\xBF" + text),
			"UTF-16": utf16File(text)[2:], "UTF-16 with a mark": utf16File(text), "windows-1252": ansi} {
			dir := t.TempDir()
			write(t, dir, name, data)
			r := runDigest(t, dir)
			if want == "" {
				want = r.Digest
			}
			if r.Digest != want || r.Imports.Rejected != 0 {
				t.Errorf("%s in %s: another digest, %+v", name, encoding, r.Imports)
			}
		}
	}
}

func TestOneDirectoryInEveryShapeGivesOneDigest(t *testing.T) {
	all := t.TempDir()
	want := ""
	for name, data := range listedShapes() {
		dir := t.TempDir()
		write(t, dir, name, data)
		write(t, all, name, data)
		r := runDigest(t, dir)
		if r.Imports.Read != 4 || r.Imports.Stored != 4 || r.Totals.Users.Required != 3 {
			t.Errorf("%s: %+v, %+v", name, r.Imports, r.Totals)
		}
		if want == "" {
			want = r.Digest
		}
		if r.Digest != want {
			t.Errorf("%s: another digest", name)
		}
	}
	if r := runDigest(t, all); r.Digest != want {
		t.Errorf("all of them: another digest, %+v", r.Totals)
	}
	for name := range listedShapes() { // any of them may go
		dir := t.TempDir()
		for other, data := range listedShapes() {
			if other != name {
				write(t, dir, other, data)
			}
		}
		if r := runDigest(t, dir); r.Digest != want {
			t.Errorf("without %s: another digest", name)
		}
	}
}

// TestANewerListCorrectsAnOlderDirectory: Alice lost her extension and Eve
// came; Carol is in no list and stays.
func TestANewerListCorrectsAnOlderDirectory(t *testing.T) {
	dir, db := t.TempDir(), filepath.Join(t.TempDir(), "a.db")
	write(t, dir, "users.ldf", listedShapes()["users.ldf"])
	if status, _, errs := calaudit(t, "ingest", dir, "--db", db, "--file-date", "2009-02-01"); status != 0 {
		t.Fatal(errs)
	}
	list := t.TempDir()
	write(t, list, "new.csv", []byte("Identity,DisplayName,SipAddress,RegistrarPool,Enabled,EnterpriseVoiceEnabled,LineURI\n"+
		"\"CN=Alice Ash,OU=Staff,DC=contoso,DC=com\",Alice Ash,sip:alice@contoso.com,pool1,True,False,tel:+14255550100\n"+
		"\"CN=Eve East,OU=Staff,DC=contoso,DC=com\",Eve East,sip:eve@contoso.com,pool1,True,True,tel:+14255550104\n"))
	if status, _, errs := calaudit(t, "ingest", list, "--db", db, "--file-date", "2009-03-01"); status != 0 {
		t.Fatal(errs)
	}
	var r audit.Report
	calauditJSON(t, exitShortfall, &r, "audit", "--db", db)
	var users []audit.Subject
	calauditJSON(t, 0, &users, "users", "--db", db)
	got := ""
	for _, u := range users {
		got += fmt.Sprint(u.ID, " ", u.Outcome, " ", len(u.Licenses), "\n")
	}
	want := "alice@contoso.com required 1\nbernd@contoso.com required 1\ncarol@contoso.com required 1\neve@contoso.com required 2\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
