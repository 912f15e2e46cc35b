package ingest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

var cdrEnv = &Env{Now: time.Date(2009, 4, 1, 0, 0, 0, 0, time.UTC), Location: time.UTC}

// cdrResult is everything a set was read to, files by name.
type cdrResult struct {
	names      []Name
	records    []Record
	lookups    map[string][]Lookup
	skipped    map[string]int
	rejects    map[string][]Reject
	notes      map[string][]string
	unresolved map[string]int
	rows       int
}

func (c *cdrResult) text(id ID) Name {
	if id == 0 {
		return Name{}
	}
	return c.names[id-1]
}

func readSet(files []*File) (*cdrResult, error) { return readSetOf(lcsCDR, files) }

func readSetOf(schema *cdrSchema, files []*File) (*cdrResult, error) {
	c := &cdrResult{lookups: map[string][]Lookup{}, skipped: map[string]int{}, rejects: map[string][]Reject{},
		notes: map[string][]string{}, unresolved: map[string]int{}}
	err := schema.read(context.Background(), files, cdrEnv, func(b *Batch) error {
		if b.Rows() > cdrBatch {
			return fmt.Errorf("a batch of %d rows", b.Rows())
		}
		name := files[b.File].Base()
		c.names = append(c.names, b.Names...)
		c.records = append(c.records, b.Records...)
		c.lookups[name] = append(c.lookups[name], b.Lookups...)
		c.rejects[name] = append(c.rejects[name], b.Rejects...)
		c.notes[name] = append(c.notes[name], b.Notes...)
		for why, n := range b.Skipped {
			c.skipped[why] += n
		}
		c.unresolved[name] += b.Unresolved
		c.rows += b.Rows()
		return nil
	})
	return c, err
}

// mustRead reads tables given as texts, files sorted by name, and checks that
// every row is accounted for.
func mustRead(t *testing.T, tables map[string]string) *cdrResult {
	t.Helper()
	return mustReadOf(t, lcsCDR, tables)
}

func mustReadOf(t *testing.T, schema *cdrSchema, tables map[string]string) *cdrResult {
	t.Helper()
	var files []*File
	for _, name := range slices.Sorted(maps.Keys(tables)) {
		files = append(files, NewFile(name, []byte(tables[name])))
	}
	c, err := readSetOf(schema, files)
	if err != nil {
		t.Fatal(err)
	}
	if want := countRows(t, files); c.rows != want {
		t.Errorf("%d rows accounted for, the files have %d", c.rows, want)
	}
	return c
}

// countRows counts data rows the way a refused unit does.
func countRows(t testing.TB, files []*File) int {
	t.Helper()
	n := 0
	if err := rejectAll(context.Background(), files, "", func(b *Batch) error { n += b.Rows(); return nil }); err != nil {
		t.Fatal(err)
	}
	return n
}

var cdrFrom, cdrTo = time.Date(2009, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli(), time.Date(2009, 4, 1, 0, 0, 0, 0, time.UTC).UnixMilli()

// facts composes all records, whatever their day, and prints them sorted.
func (c *cdrResult) facts() []string {
	days := map[int64][]Record{}
	for _, r := range c.records {
		days[dayOf(r.Key)] = append(days[dayOf(r.Key)], r)
	}
	var lines []string
	for _, day := range days {
		for _, f := range composeIn(day, c.text) {
			lines = append(lines, factText(f, c.text))
		}
	}
	slices.Sort(lines)
	return lines
}

// factText shows what is told of a fact, without its place.
func factText(f Fact, text func(ID) Name) string {
	at := "undated"
	if f.At != Undated {
		at = time.UnixMilli(f.At).UTC().Format("01-02 15:04:05")
	}
	s := at + " " + f.Activity.String() + " " + text(f.User).Text
	for _, p := range []struct{ name, value string }{{"peer", text(f.Peer).Text}, {"class", f.Class.String()}, {"media", f.Media.String()},
		{"role", f.Role.String()}, {"device", text(f.Device).Text}, {"endpoint", text(f.Endpoint).Text}, {"client", text(f.Client).Text},
		{"server", text(f.Server).Text}} {
		if p.value != "" {
			s += " " + p.name + "=" + p.value
		}
	}
	if f.PeerPSTN {
		s += " pstn"
	}
	if f.Untold {
		s += " untold"
	}
	return s
}

func wantLines(t *testing.T, got []string, want ...string) {
	t.Helper()
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// estate is the lookup tables of a small company, as a 2013 database has them.
var estate = map[string]string{
	"Tenants.csv": "TenantId,TenantKey\n4,00000000-0000-0000-0000-000000000000\n7,00000000-0000-0000-0000-000000000001\n" +
		"8,00000000-0000-0000-0000-000000000002\n9,00000000-0000-0000-0000-000000000003\n",
	"Users.csv": "UserId,UserUri,TenantId,UriTypeId\n0,zero@contoso.com,4,0\n1,alice@contoso.com,4,0\n2,SIP:Bob@Contoso.com,4,0\n" +
		"3,fred@fabrikam.com,7,0\n4,anon@anonymous.invalid,8,0\n5,pat@msn.com,9,0\n6,+14255550100@contoso.com;user=phone,4,1\n" +
		"7,sip:x@contoso.com;gruu;opaque=app:conf:focus:id:ab,4,0\n8,um@contoso.com,4,0\n9,guest@contoso.com,,0\n10,broken address,4,0\n",
	"UriTypes.csv": "UriTypeId,UriType\n0,user\n1,phone\n3,conf:chat\n5,conf:data-conf\n6,conf:focus\n9,conf:audio-video\n",
	"ClientVersions.csv": "VersionId,Version,ClientType\n1,UCCAPI/3.5.6907.0 OC/3.5.6907.0 (Microsoft Office Communicator 2007 R2),4\n" +
		"2,CPE/1.0.522.101 OCPhone/1.0.522.101,8\n3,RTCC/2.0.6362.0 MediationServer,1\n4,RTCC/3.5.0.0 ST,16396\n",
	"Phones.csv":         "PhoneId,PhoneUri\n501,+14255550100\n502,tel:+1-206-555-0199\n503,+14255550100\n",
	"Devices.csv":        "DeviceId,ManufacturerId,HardwareVersionId,MacAddress\n1,1,1,18003071511\n2,1,1,0\n3,1,1,00-04-F2-11-22-33\n",
	"Servers.csv":        "ServerId,ServerFQDN\n1,FE1.contoso.com\n",
	"Pools.csv":          "PoolId,PoolFQDN\n1,pool1.contoso.com\n",
	"ConferenceUris.csv": "ConferenceUriId,ConferenceUri,UriTypeId\n1,sip:alice@contoso.com;gruu;opaque=app:conf:focus:id:a,6\n2,alice@contoso.com;gruu;opaque=app:conf:chat:id:b,3\n",
	"Mcus.csv":           "McuId,McuUri,McuTypeId\n11,sip:p@contoso.com;gruu;opaque=srvr:chat:p,3\n12,sip:p,9\n",
}

func with(tables ...map[string]string) map[string]string {
	all := maps.Clone(estate)
	for _, t := range tables {
		maps.Copy(all, t)
	}
	return all
}

func without(tables map[string]string, names ...string) map[string]string {
	all := maps.Clone(tables)
	for _, n := range names {
		delete(all, n)
	}
	return all
}

const (
	ep1 = "11111111-2222-3333-4444-55555555555A"
	ep2 = "{66666666-2222-3333-4444-555555555555}"

	registrationHead = "SessionIdTime,SessionIdSeq,UserId,EndpointId,ClientVersionId,RegistrarId,PoolId,RegisterTime,DeRegisterTime,ResponseCode,DeviceId\n"
	sessionHead      = "SessionIdTime,SessionIdSeq,User1Id,User2Id,User1EndpointId,User2EndpointId,SessionStartedById,ServerId,PoolId,User1ClientVerId,User2ClientVerId,ResponseCode,MediaTypes\n"
	voipHead         = "SessionIdTime,SessionIdSeq,FromNumberId,ConnectedNumberId,FromGatewayId,ToGatewayId,FromMediationServerId,ToMediationServerId\n"
	conferenceHead   = "SessionIdTime,SessionIdSeq,ConferenceUriId,ConferenceStartTime,PoolId,OrganizerId,Flag\n"
	focusHead        = "SessionIdTime,SessionIdSeq,UserId,UserRole,UserJoinTime,UserLeaveTime,ClientVerId,UserEndpointId\n"
	mcuHead          = "SessionIdTime,SessionIdSeq,UserId,IsFromPstn,McuId,UserJoinTime,UserLeaveTime,ClientVerId\n"
)
