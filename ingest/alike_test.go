package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand"
	"strings"
	"testing"
	"time"
)

// Readers remember what was made of the rows before: none may tell from another
// what it does not tell alone.
func TestRowsSayTheSameAloneAndAmongOthers(t *testing.T) {
	dn := []string{"CN=Alice Ash,OU=Staff,DC=contoso,DC=com", "CN=Bob,OU=Staff,DC=contoso,DC=com", "OU=Staff,DC=contoso,DC=com", "DC=contoso,DC=com",
		`CN=Ash\, Carol,OU=X ,dc=fabrikam,dc=com`, "CN=x,OU=,", "CN=y", "x", "", "CN=Zo\xeb,OU=B\xfcro,DC=contoso,DC=com", "OU=é,dc =x,DC=y"}
	home := []string{"", "CN=LC Services,CN=Microsoft,CN=pool1,CN=Pools,CN=RTC Service,CN=Microsoft,CN=System,DC=contoso,DC=com", "CN=LC Services,CN=Microsoft,CN=POOL2,DC=com",
		"CN=none,DC=com", "pool1.contoso.com", "POOL1.contoso.com:5061", " pool1 "}
	address := []string{"sip:alice@contoso.com", "sip:Alice@Contoso.com", "bob@contoso.com", " bob@contoso.com", "", "alice", "sip:b\xfcro@contoso.com", "+14255550100@contoso.com;user=phone",
		"sip:a@contoso.com;gruu;opaque=app:conf:focus:id:1", "sip:a@contoso.com;opaque=srvr:mcu"}
	truth := []string{"TRUE", "True", "FALSE", "", "True ", "maybe"}
	phone := []string{"", "tel:+14255550100", "tel:+14255550101", "4255550100", "none"}
	when := []string{"2009-03-02 08:01:00.123", "2009-03-02 08:01:00.000", "2009-03-03 09:00:00.500", "NULL", "soon"}
	agent := []string{"", "OC/3.5", "UCCAPI/3.5 OC/3.5", "RTCC/3.5.0.0 ST", "Mediation/MediationServer", "A\xffB", strings.Repeat("x", 600), strings.Repeat("x", 1000)}
	tenant := []string{"", tenant0, tenant1, tenant2, "federated"}
	name := []string{"", "Alice Ash", "Bob", "Zo\xeb", " Carol "}
	server := []string{"", "FE1.contoso.com", "fe1.contoso.com", "pool1", "a\x01b"}
	quoted := func(values []string) (list []string) {
		for _, v := range values {
			list = append(list, `"`+v+`"`)
		}
		return list
	}
	for _, c := range []struct {
		format, header string
		columns        [][]string
	}{
		{"directory-csvde", "DN,objectClass,displayName,msRTCSIP-PrimaryUserAddress,msRTCSIP-UserEnabled,msRTCSIP-PrimaryHomeServer,msRTCSIP-Line",
			[][]string{quoted(dn), {"user", "top;contact", "organizationalUnit", ""}, name, address, truth, quoted(home), phone}},
		{"directory-csuser", "Identity,DisplayName,SipAddress,RegistrarPool,HomeServer,Enabled,EnterpriseVoiceEnabled,LineURI",
			[][]string{quoted(dn), name, address, quoted(home), quoted(home), truth, truth, phone}},
		{"directory-wmi", "Node,DisplayName,Enabled,HomeServerDN,InstanceID,LineURI,PrimaryURI,UCEnabled,UserDN",
			[][]string{{"FE1"}, name, truth, home, {"{1}"}, phone, address, truth, dn}},
		{"cdr", "SessionIdTime,SessionIdSeq,UserUri,UserTenant,ResponseCode,RegisterTime,ClientVersion,ClientType,Registrar,Pool,DeviceMacAddress",
			[][]string{when, {"1", "2"}, address, tenant, {"200", "486", ""}, when, agent, {"", "4", "16396"}, server, server, {"", "18003071511", "00-1A", "x"}}},
		{"cdr", "SessionIdTime,SessionIdSeq,FromUri,ToUri,FromTenant,ToTenant,FromClientVersion,ToClientVersion,ResponseCode,FrontEnd,Pool",
			[][]string{when, {"1", "2"}, address, address, tenant, tenant, agent, agent, {"200", "486"}, server, server}},
		{"qoe", "ConferenceDateTime,SessionSeq,ConferenceURI,DialogCategory,StartTime,EndTime,CallerURI,CalleeURI,CallerPAI,CalleePAI,CallerEndpoint,CalleeEndpoint,CallerUserAgent,CalleeUserAgent,CallerPool",
			[][]string{when, {"1", "2"}, address, {"0", "1"}, when, when, address, address, address, address, server, server, agent, agent, server}},
	} {
		f, r := formatNamed(t, c.format), rand.New(rand.NewSource(1))
		whole := c.header + "\r\n"
		var rows []string
		for range 400 {
			values := make([]string, len(c.columns))
			for i, column := range c.columns {
				if values[i] = column[0]; r.Intn(3) == 0 {
					values[i] = column[r.Intn(len(column))]
				}
			}
			rows = append(rows, strings.Join(values, ",")+"\r\n")
			whole += rows[len(rows)-1]
		}
		among := rowsSay(t, f, whole)
		good := 0
		for i, row := range rows {
			alone := rowsSay(t, f, c.header+"\r\n"+row)[2]
			if among[i+2] != alone {
				t.Fatalf("%s: %s says among others\n%s\nalone\n%s", c.format, row, among[i+2], alone)
			}
			if strings.HasPrefix(alone, "{") {
				good++
			}
		}
		if good < 50 || good > 390 {
			t.Errorf("%s: %d rows of %d are read", c.format, good, len(rows))
		}
	}
}

// rowsSay is what each row of a file says, by its line: an entry or a record as
// text, or why it is rejected.
func rowsSay(t *testing.T, f *Format, text string) map[int]string {
	t.Helper()
	file, says := NewFile("in", []byte(text)), map[int]string{}
	h, err := file.Head()
	if err != nil {
		t.Fatal(err)
	}
	file.Part = f.Sniff(h).Part
	var names []Name
	err = f.Read(context.Background(), []*File{file}, &Env{Now: importTime, Location: time.UTC}, func(b *Batch) error {
		names = append(names, b.Names...)
		for _, e := range b.Entries {
			line := e.Line
			e.Line = 0
			text, err := json.Marshal(e)
			if err != nil {
				return err
			}
			says[line] = string(text)
		}
		for _, x := range b.Records {
			line, text := int(x.Line), ""
			for _, id := range x.Names() {
				if id > 0 {
					text += fmt.Sprint(" ", names[id-1])
				}
			}
			x.From = Party{Class: x.From.Class}
			x.To = Party{Class: x.To.Class}
			x.Server, x.Line = 0, 0
			says[line] = fmt.Sprintf("%+v%s", x, text)
		}
		for _, x := range b.Rejects {
			says[x.Line] = "rejected: " + x.What
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return says
}

// Whatever stands between the commas of wmic, the parts of a DN are told as by
// the definition.
func TestPartsOfADNAreToldByTheirType(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	for range 100_000 {
		b := make([]byte, r.Intn(8))
		for i := range b {
			b[i] = "dDcCoOuUnN =,\\\t\x00\xc2\x85"[r.Intn(18)]
		}
		kind, _, typed := bytes.Cut(b, []byte{'='})
		letters := len(kind) > 0 && len(kind) <= 4 && len(bytes.Trim(kind, "dDcCoOuUnN")) == 0
		if got, want := isRDN(b), typed && letters; got != want {
			t.Fatalf("%q is part of a DN: %v", b, got)
		}
		if got, want := isDC(b), strings.EqualFold(strings.TrimSpace(string(kind)), "dc"); got != want {
			t.Fatalf("%q is a DC: %v", b, got)
		}
	}
}
