package main

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf16"
)

// writeBroken writes the folders of damaged exports. Each holds one defect and
// good.csv, which must be ingested whatever stands beside it.
func writeBroken(out string) error {
	files, err := brokenFiles()
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := filepath.Join(out, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(path, files[name], 0o666); err != nil {
			return err
		}
	}
	return nil
}

// broken collects the files, by path below the output folder.
type broken struct {
	files map[string][]byte
	err   error
}

func (b *broken) put(path, content string) { b.files[path] = []byte(content) }

// table writes a delimited file as the query tools of the time did, with CRLF.
func (b *broken) table(path string, rows ...string) { b.put(path, strings.Join(rows, "\r\n")+"\r\n") }

// Headers of the files that most folders use.
const (
	plainHeader    = "time,activity,user,peer,device,session"
	usersHeader    = "UserId,UserUri,TenantId,UriTypeId"
	sessionsHeader = "SessionIdTime,SessionIdSeq,User1Id,User2Id,SessionStartedById,ResponseCode,MediaTypes"
	licensesHeader = "license,metric,version,quantity,unit_price,currency"
)

// cdr writes a small table set around the rows of SessionDetails.
func (b *broken) cdr(folder string, sessions ...string) {
	b.table(folder+"/Tenants.csv", "TenantId,TenantKey", "4,00000000-0000-0000-0000-000000000000")
	b.table(folder+"/UriTypes.csv", "UriTypeId,UriType", "0,user")
	b.table(folder+"/Users.csv", usersHeader, "1,alice@contoso.com,4,0", "2,bob@contoso.com,4,0")
	b.table(folder+"/SessionDetails.csv", append([]string{sessionsHeader}, sessions...)...)
}

// The sessions of every table set: one before the defect and one behind it.
const (
	firstSession = "2009-03-02 08:01:00.123,1,1,2,1,200,1"
	lastSession  = "2009-03-02 17:30:00.250,1,2,1,2,200,16"
)

// enabled is one enabled directory entry.
func enabled(name, dn string, more ...string) string {
	return strings.Join(append([]string{
		"dn" + dn,
		"changetype: add",
		"objectClass: user",
		"whenChanged: 20090302080000.0Z",
		"userAccountControl: 512",
		"msRTCSIP-UserEnabled: TRUE",
		"msRTCSIP-PrimaryUserAddress: sip:" + name + "@contoso.com",
		"msRTCSIP-PrimaryHomeServer: CN=LC Services,CN=Microsoft,CN=pool1,CN=Pools,CN=RTC Service,CN=Microsoft,CN=System,DC=contoso,DC=com",
		"msRTCSIP-OptionFlags: 256",
	}, more...), "\r\n") + "\r\n\r\n"
}

func staff(name string) string { return ": CN=" + name + ",OU=Staff,DC=contoso,DC=com" }

// brokenFiles is everything, by path.
func brokenFiles() (map[string][]byte, error) {
	b := &broken{files: map[string][]byte{}}
	b.damaged()
	b.tables()
	b.activities()
	b.directories()
	b.archives()
	b.tools()
	b.settings()
	b.strangers()
	folders := map[string]bool{}
	for name := range b.files {
		folder, _, _ := strings.Cut(name, "/")
		folders[folder] = true
	}
	for folder := range folders {
		b.table(folder+"/good.csv", plainHeader, "2009-03-02 08:00:00,im-login,carol@contoso.com,,host:pc3,good1")
	}
	return b.files, b.err
}

// damaged are files that a copy or a tool has hurt, in the bytes.
func (b *broken) damaged() {
	cut := "2009-03-02 12:00:00.500,1,1"
	b.cdr("cut-table", firstSession)
	b.put("cut-table/SessionDetails.csv", string(b.files["cut-table/SessionDetails.csv"])+cut)

	entry := enabled("bob", staff("Bob"))
	// Cut within the last field: the row has all its fields, the address is wrong.
	b.put("cut-last-field/activity.csv", plainHeader[:len("time,activity,user")]+"\n2009-03-02 09:00:00,im-login,alice@contoso.com\n2009-03-02 09:05:00,im-login,bob@contoso.co")

	b.put("cut-ldif/users.ldf", enabled("alice", staff("Alice"))+entry[:strings.Index(entry, "@contoso")])

	b.table("nul-byte/activity.csv", plainHeader,
		"2009-03-02 09:00:00,im-login,alice@contoso.com,,host:pc1,s1",
		"2009-03-02 09:05:00,im-login,bo\x00b@contoso.com,,host:pc2,s2",
		"2009-03-02 09:10:00,im-login,dave@contoso.com,,host:pc4,s3")
	b.put("nul-byte/users.ldf", enabled("alice", staff("Alice"))+enabled("b\x00b", staff("Bob"))+enabled("dave", staff("Dave")))

	b.put("binary-file/SessionDetails.csv", string(noise(4096)))
	b.put("empty-file/SessionDetails.csv", "")
	b.put("empty-file/users.ldf", "")

	b.table("stray-quote/activity.csv", plainHeader,
		"2009-03-02 09:00:00,im-login,alice@contoso.com,,host:pc1,s1",
		"2009-03-02 09:05:00,im-login,bob@contoso.com,,host:p\"c2,s2",
		"2009-03-02 09:10:00,im-login,dave@contoso.com,,\"host:pc4\"x,s3",
		"2009-03-02 09:15:00,im-login,erin@contoso.com,,\"host:pc5,s4",
		"2009-03-02 09:20:00,im-login,frank@contoso.com,,host:pc6,s5")
	b.table("ragged-row/activity.csv", plainHeader,
		"2009-03-02 09:00:00,im-login,alice@contoso.com,,host:pc1,s1",
		"2009-03-02 09:05:00,im-login,bob@contoso.com",
		"2009-03-02 09:10:00,im-login,dave@contoso.com,,host:pc4,s3,one,two")

	b.table("wrong-encoding/activity.csv", plainHeader,
		"2009-03-02 09:00:00,im-login,alice@contoso.com,,host:pc1,s1",
		"2009-03-02 09:05:00,im-login,j\xfcrgen@contoso.com,,host:pc2,s2",
		"2009-03-02 09:10:00,im-login,dave@contoso.com,,host:pc4,s3")
	b.put("wrong-encoding/users.ldf", enabled("jurgen", staff("J\xfcrgen")))
	odd := wide(plainHeader + "\r\n2009-03-02 09:15:00,im-login,erin@contoso.com,,host:pc5,s4\r\n")
	b.put("odd-byte/activity.csv", string(odd)+"\x00")
}

// tables are defects of the call detail tables.
func (b *broken) tables() {
	b.cdr("changed-header", firstSession, lastSession)
	b.table("changed-header/Users.csv", "UserId,Address,TenantId,UriTypeId", "1,alice@contoso.com,4,0", "2,bob@contoso.com,4,0")

	b.cdr("missing-column")
	b.table("missing-column/SessionDetails.csv", "SessionIdTime,SessionIdSeq,User1Id,User2Id,SessionStartedById,MediaTypes",
		"2009-03-02 08:01:00.123,1,1,2,1,1", "2009-03-02 17:30:00.250,1,2,1,2,16")

	b.cdr("duplicate-column")
	b.table("duplicate-column/SessionDetails.csv", sessionsHeader+",User1Id", firstSession+",2", lastSession+",1")

	b.cdr("header-only")

	b.cdr("unknown-id", firstSession,
		"2009-03-02 09:00:00.000,1,1,77,1,200,1",   // one party known
		"2009-03-02 10:00:00.000,1,77,78,77,200,1", // none known
		lastSession)

	b.cdr("missing-lookup")
	b.table("missing-lookup/SessionDetails.csv", sessionsHeader+",User1ClientVerId", firstSession+",5", lastSession+",6")

	b.cdr("missing-users", firstSession, lastSession)
	delete(b.files, "missing-users/Users.csv")

	b.cdr("two-addresses", firstSession, lastSession)
	b.table("two-addresses/Users.csv", usersHeader, "1,alice@contoso.com,4,0", "2,bob@contoso.com,4,0", "2,mallory@contoso.com,4,0")

	b.cdr("bad-number", firstSession,
		"2009-03-02 09:00:00.000,1,one,2,1,200,1",
		"2009-03-02 10:00:00.000,first,1,2,1,200,1",
		"2009-03-02 11:00:00.000,1,1,2,1,OK,1",
		lastSession)

	b.cdr("bad-date", firstSession,
		"02/03/2009 09:00:00,1,1,2,1,200,1",
		"2009-02-30 10:00:00.000,1,1,2,1,200,1",
		"1601-01-01 00:00:00.000,1,1,2,1,200,1",
		",1,1,2,1,200,1",
		lastSession)

	b.cdr("future-date", firstSession, "2109-03-02 09:00:00.000,1,1,2,1,200,1", lastSession)
	b.table("future-date/activity.csv", plainHeader,
		"2009-03-02 09:00:00,im-login,dave@contoso.com,,host:pc4,s1",
		"2019-03-02 09:05:00,im-login,erin@contoso.com,,host:pc5,s2")
}

// activities are defects of the plain activity format.
func (b *broken) activities() {
	good := "2009-03-02 09:00:00,im-login,alice@contoso.com,,host:pc1,s1"
	b.table("bad-value/activity.csv", plainHeader+",class,modality,role", good+",hosted,im,attendee",
		"yesterday,im-login,bob@contoso.com,,host:pc2,s2,,,",
		"2009-03-02 09:10:00,login,bob@contoso.com,,host:pc2,s3,,,",
		"2009-03-02 09:15:00,im-login,,,host:pc2,s4,,,",
		"2009-03-02 09:20:00,im-login,bob,,host:pc2,s5,,,",
		"2009-03-02 09:25:00,im-login,bob@contoso.com,,pc2,s6,,,",
		"2009-03-02 09:30:00,im-login,bob@contoso.com,,mac:00-04-F2,s7,,,",
		"2009-03-02 09:35:00,im-login,bob@contoso.com,,host:pc2,s8,employee,,",
		"2009-03-02 09:40:00,im-session,bob@contoso.com,,host:pc2,s9,,telepathy,",
		"2009-03-02 09:45:00,conference-attended,bob@contoso.com,,host:pc2,s10,,,audience")
	b.table("missing-time/activity.csv", "activity,user,peer,device,session", "im-login,alice@contoso.com,,host:pc1,s1")
	b.table("twice-column/activity.csv", plainHeader+",user", good+",bob@contoso.com")
	b.table("misspelt-column/activity.csv", "time,activity,user,peer,devcie,session", good)
	b.table("conflict/activity.csv", plainHeader,
		"2009-03-02 09:00:00,im-session,alice@contoso.com,bob@contoso.com,host:pc1,s1",
		"2009-03-02 09:00:01,im-session,alice@contoso.com,dave@contoso.com,host:pc1,s1")
	// Text that attacks the terminal or the spreadsheet of whoever looks at it.
	b.table("hostile-text/activity.csv", plainHeader+",client",
		good+",\x1b[2Jcleared",
		"2009-03-02 09:05:00,im-login,bob\x1b[31m@contoso.com,,host:pc2,s2,",
		`2009-03-02 09:10:00,im-login,dave@contoso.com,,host:pc4,s3,"=HYPERLINK(""http://evil.example"",""click"")"`)
	b.put("hostile-text/users.ldf", enabled("erin", staff("Erin"), "displayName: =cmd|' /C calc'!A0"))
}

// directories are defects of directory exports.
func (b *broken) directories() {
	around := func(bad string) string {
		return enabled("alice", staff("Alice")) + bad + enabled("dave", staff("Dave"))
	}
	b.put("url-value/users.ldf", around(enabled("bob", staff("Bob"), "displayName:< file:///etc/passwd")))
	b.put("import-script/users.ldf", enabled("alice", staff("Alice"))+
		"dn: CN=Bob,OU=Staff,DC=contoso,DC=com\r\nchangetype: modify\r\nreplace: msRTCSIP-UserEnabled\r\nmsRTCSIP-UserEnabled: TRUE\r\n-\r\n\r\n"+
		"dn: CN=Dave,OU=Staff,DC=contoso,DC=com\r\nchangetype: delete\r\n\r\n")
	b.put("bad-entry/users.ldf", around(
		strings.Replace(enabled("bob", staff("Bob")), "Enabled: TRUE", "Enabled: Yes", 1)+
			strings.Replace(enabled("erin", staff("Erin")), "OptionFlags: 256", "OptionFlags: 2,56", 1)+
			enabled("frank", ":: not base64!")+
			enabled("grace", ": Grace")+
			enabled("no address", staff("Heidi"))+
			"changetype: add\r\nobjectClass: user\r\n\r\n"+
			enabled("ivan", staff("Ivan"), "a line without any colon")))
	b.put("no-marks/users.ldf", "dn: CN=Alice,OU=Staff,DC=contoso,DC=com\r\nchangetype: add\r\nobjectClass: user\r\nmail: alice@contoso.com\r\n\r\n")
	b.table("no-home/users.csv", "DN,objectClass,userAccountControl,msRTCSIP-UserEnabled,msRTCSIP-PrimaryUserAddress",
		`"CN=Alice,OU=Staff,DC=contoso,DC=com",user,512,TRUE,sip:alice@contoso.com`)
	b.put("long-line/users.ldf.gz", string(b.gzip(around(enabled(strings.Repeat("b", 10<<20), staff("Bob"))), flate.BestCompression)))
	b.put("long-line/activity.csv.gz", string(b.gzip(strings.Join([]string{plainHeader,
		"2009-03-02 09:00:00,im-login,alice@contoso.com,,host:pc1,s1",
		"2009-03-02 09:05:00,im-login," + strings.Repeat("b", 10<<20) + "@contoso.com,,host:pc2,s2",
		"2009-03-02 09:10:00,im-login,dave@contoso.com,,host:pc4,s3", ""}, "\n"), flate.BestCompression)))
}

// archives are stored, not compressed: their bytes must not depend on the
// version of the compressor.
func (b *broken) archives() {
	rows := []string{plainHeader}
	for i := range 40 {
		rows = append(rows, fmt.Sprintf("2009-03-02 09:%02d:00,im-login,alice@contoso.com,,host:pc1,s%d", i, i))
	}
	text := strings.Join(rows, "\n") + "\n"
	z := b.gzip(text, flate.NoCompression)
	b.put("cut-gzip/activity.csv.gz", string(z[:len(z)/2]))
	archive := b.zip(map[string]string{"activity.csv": text}, 0)
	b.put("cut-zip/export.zip", string(archive[:len(archive)/2]))
	b.put("encrypted-zip/export.zip", string(b.zip(map[string]string{"activity.csv": string(noise(256))}, 1)))
	hurt := bytes.Replace(b.zip(map[string]string{"activity.csv": text, "other.csv": rows[0] + "\n" +
		"2009-03-02 11:00:00,im-login,bob@contoso.com,,host:pc2,t1\n"}, 0), []byte("s39\n"), []byte("s93\n"), 1)
	b.put("hurt-zip/export.zip", string(hurt))
	b.put("climbing-zip/export.zip", string(b.zip(map[string]string{"../../../../tmp/activity.csv": text}, 0)))
}

// settings are defects of estate.toml and licenses.csv.
func (b *broken) settings() {
	b.put("unknown-key/estate.toml", "# Contoso\nsip_domains = [\"contoso.com\"]\nguest = [\"partner@fabrikam.com\"]\n")
	b.put("bad-toml/estate.toml", "sip_domains = [\"contoso.com\"\ntime_zone = \"UTC\"\n")
	b.put("bad-estate/estate.toml", `time_zone = "Redmond"
applications = ["bot"]

[devices]
"mac:00-04-F2-80-00-01" = {class = "phone"}

[servers]
"fe1.contoso.com" = {role = "frontend", edition = "Standard", version = "2008"}

[[exemptions]]
subject = "alice@contoso.com"
reason = "on leave"
until = "31.12.2009"
`)
	b.put("two-estates/boston/estate.toml", "sip_domains = [\"boston.contoso.com\"]\n")
	b.put("two-estates/paris/estate.toml", "sip_domains = [\"paris.contoso.com\"]\n")
	cal := "ocs-standard-cal,user,2007,100,31.00,USD"
	b.table("bad-license/licenses.csv", licensesHeader, cal,
		"ocs-standart-cal,user,2007,10,,",
		"ocs-enterprise-cal,seat,2007,10,,",
		"ocs-enterprise-cal,user,2008,10,,",
		"ocs-enterprise-cal,user,2007,-5,,",
		"ocs-enterprise-cal,user,2007,many,,",
		"ocs-enterprise-cal,user,2007,10,\"139,00\",USD",
		"ocs-enterprise-cal,user,2007,10,139.00,USD,extra")
	b.table("two-currencies/licenses.csv", licensesHeader, cal, "ocs-enterprise-cal,user,2007,10,120.00,EUR")
	b.table("license-header/licenses.csv", "license,metric,version,quantity,price", "ocs-standard-cal,user,2007,100,31.00")
	b.table("license-lacks/licenses.csv", "license,metric,quantity", "ocs-standard-cal,user,100")
	b.table("license-misspelt/licenses.csv", "licence,metric,version,quantity", "ocs-standard-cal,user,2007,100")
}

// strangers are files that are no exports at all.
func (b *broken) strangers() {
	b.put("not-an-export/notes.json", "{\"users\": [\"alice@contoso.com\"]}\n")
	b.put("not-an-export/page.html", "<!DOCTYPE html>\n<html><body><table><tr><td>alice@contoso.com</td></tr></table></body></html>\n")
	b.table("not-an-export/people.csv", "name,phone", "Alice,+14255550100")
	b.put("not-an-export/book.xlsx", string(b.zip(map[string]string{
		"[Content_Types].xml": `<?xml version="1.0"?><Types/>`, "xl/workbook.xml": `<?xml version="1.0"?><workbook/>`}, 0)))
	b.put("own-report/report.json", "{\n  \"schema\": \"calaudit.report/1\",\n  \"run\": 1,\n  \"as_of\": \"2009-03-31\"\n}\n")
	b.put("foreign-database/other.db", string(foreignDatabase()))
}

// wide is UTF-16, little-endian, with a mark: what Windows calls Unicode.
func wide(s string) []byte {
	out := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(s)) {
		out = binary.LittleEndian.AppendUint16(out, u)
	}
	return out
}

// noise is bytes of no meaning, the same everywhere.
func noise(n int) []byte {
	out := make([]byte, n)
	x := uint32(2463534242)
	for i := range out {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		out[i] = byte(x)
	}
	return out
}

func (b *broken) fail(err error) {
	if b.err == nil {
		b.err = err
	}
}

func (b *broken) gzip(text string, level int) []byte {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, level)
	if err == nil {
		_, err = w.Write([]byte(text))
	}
	if err == nil {
		err = w.Close()
	}
	b.fail(err)
	return out.Bytes()
}

func (b *broken) zip(members map[string]string, flags uint16) []byte {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, name := range slices.Sorted(maps.Keys(members)) {
		m, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store, Flags: flags})
		if err == nil {
			_, err = m.Write([]byte(members[name]))
		}
		b.fail(err)
	}
	b.fail(w.Close())
	return out.Bytes()
}

// foreignDatabase is a SQLite file with one empty table, made by hand after
// the file format's documentation: two pages of 512 bytes.
func foreignDatabase() []byte {
	const page = 512
	db := make([]byte, 2*page)
	copy(db, "SQLite format 3\x00")
	binary.BigEndian.PutUint16(db[16:], page)
	copy(db[18:], []byte{1, 1, 0, 64, 32, 32})
	for at, v := range map[int]uint32{24: 1, 28: 2, 40: 1, 44: 4, 56: 1, 92: 1, 96: 3051003} {
		binary.BigEndian.PutUint32(db[at:], v)
	}
	// One row of the schema: type, name, table, root page, statement.
	record := append([]byte{6, 23, 25, 25, 1, 0}, "tablepeoplepeople\x02"...)
	sql := "CREATE TABLE people(name TEXT)"
	record[5] = byte(13 + 2*len(sql))
	record = append(record, sql...)
	cell := append([]byte{byte(len(record)), 1}, record...)
	start := page - len(cell)
	copy(db[start:], cell)
	db[100] = 13 // a leaf of a table
	binary.BigEndian.PutUint16(db[103:], 1)
	binary.BigEndian.PutUint16(db[105:], uint16(start))
	binary.BigEndian.PutUint16(db[108:], uint16(start))
	db[page] = 13
	binary.BigEndian.PutUint16(db[page+5:], page)
	return db
}
