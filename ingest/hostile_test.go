package ingest

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"calaudit/ingest/siptrace"
)

// One endless line costs itself: it is rejected with its line, in memory that
// does not grow with it, and what stands before and behind it is read.
func TestAnEndlessLineOfAnyFormatIsOneRejectedRow(t *testing.T) {
	const length = 16 << 20
	type shape struct {
		format        string
		before, after string
		given         *Columns
		beside        []*File
	}
	var shapes []shape
	above := map[string]int{"directory-csvde": 1, "directory-csuser": 2, "directory-wmi": 2, "directory-wmi-contact": 2, "wmi-setting": 2,
		"registrations": 1, "activity-csv": 1, "monitoring-report": 4, "iis-w3c": 4} // lines above the rows
	for _, f := range Formats() {
		if f.Set {
			continue
		}
		lines := strings.SplitAfter(f.Sample, "\n")
		again := strings.NewReplacer("alice", "dora", "4b1f6a2e", "5c1f6a2e", "Alice", "Dora", "{A1}", "{A2}", "Building 14", "Building 15", "lobby14", "lobby15").Replace(strings.Join(lines[above[f.Name]:], ""))
		between := ""
		if f.Name == "directory-ldif" || f.Name == "directory-cscontact" {
			between = "\n"
		}
		shapes = append(shapes, shape{format: f.Name, before: f.Sample + between, after: between + again})
	}
	users := NewFile("Users.csv", []byte("UserId,UserUri\n1,alice@contoso.com\n2,bob@contoso.com\n"))
	columns := []string{"SessionIdTime", "SessionIdSeq", "User1Id", "User2Id", "SessionStartedById", "ResponseCode", "MediaTypes"}
	rows := [2]string{"2009-03-02 08:01:00.123,1,1,2,2,200,1\n", "2009-03-02 09:01:00.123,1,1,2,2,200,1\n"}
	comma := strings.Join(columns, ",") + "\n"
	dashes := strings.Join(dashesOf(columns), ",") + "\n"
	pad := func(s string) string {
		out := ""
		for v := range strings.SplitSeq(strings.TrimSpace(s), ",") {
			out += fmt.Sprintf("%-24s", v)
		}
		return out + "\n"
	}
	terminated, err := formatFile(NewFile("x.fmt", nil), &Head{Text: []byte(lineFormat(sqlTable{columns: columns}, "||", "|\n"))})
	if err != nil {
		t.Fatal(err)
	}
	end := strings.NewReplacer(",", "||", "\n", "|\n")
	beside := []*File{users}
	shapes = append(shapes, shape{"cdr", comma + rows[0], rows[1], nil, beside}, shape{"cdr", comma + dashes + rows[0], rows[1], nil, beside},
		shape{"cdr", pad(comma) + strings.ReplaceAll(pad(strings.Repeat("-----------------------,", 6)+"-----------------------"), "-  ", "- ") + pad(rows[0]), pad(rows[1]), nil, beside},
		shape{"cdr", end.Replace(rows[0]), end.Replace(rows[1]), terminated, beside},
		shape{"cdr", strings.ReplaceAll(rows[0], ",", "\t"), strings.ReplaceAll(rows[1], ",", "\t"), &Columns{Names: columns, From: "--columns"}, beside},
		shape{"qoe", "ConferenceDateTime,SessionSeq,ConferenceKey,DialogCategory,StartTime,EndTime,CallerURI,CalleeURI,CallerEndpoint\n" +
			"2009-03-02 08:05:31.123,1,1,0,2009-03-02 08:01:00.000,2009-03-02 08:05:30.000,1,2,7\n", "2009-03-03 08:05:31.123,1,1,0,2009-03-03 08:01:00.000,2009-03-03 08:05:30.000,1,2,7\n", nil,
			[]*File{NewFile("User.csv", []byte("UserKey,URI,URIType\n1,alice@contoso.com,2\n2,bob@contoso.com,2\n"))}})
	for i, s := range shapes {
		read := func(open func() io.Reader) (taken int, rejects []Reject, used uint64) {
			f := &File{Path: "SessionDetails.txt", Size: -1, given: s.given, open: func() (io.ReadCloser, error) { return io.NopCloser(open()), nil }}
			h, err := f.Head()
			if err != nil {
				t.Fatal(err)
			}
			fm := formatNamed(t, s.format)
			if v := fm.Sniff(h); !v.Yes {
				t.Errorf("%d %s: not recognised: %+v", i, s.format, v)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err = (&Unit{Format: fm, Files: append([]*File{f}, s.beside...)}).Read(t.Context(), traceEnv, func(b *Batch) error {
				if b.File == 0 {
					taken += b.Rows() - len(b.Rejects)
					rejects = append(rejects, b.Rejects...)
				}
				return nil
			})
			runtime.ReadMemStats(&after)
			if err != nil {
				t.Errorf("%d %s: %v", i, s.format, err)
			}
			return taken, rejects, after.TotalAlloc - before.TotalAlloc
		}
		want, clean, least := read(func() io.Reader { return strings.NewReader(s.before + s.after) })
		end := "\n"
		if s.given != nil && s.given.format != nil {
			end = "|\n"
		}
		taken, rejects, used := read(func() io.Reader {
			return io.MultiReader(strings.NewReader(s.before), &endless{length}, strings.NewReader(end+s.after))
		})
		line := strings.Count(s.before, "\n") + 1
		if len(clean) > 0 || want < 2 || taken != want || len(rejects) != 1 {
			t.Errorf("%d %s: %d rows taken of %d, rejects %v, clean %v", i, s.format, taken, want, rejects, clean)
			continue
		}
		if r := rejects[0]; r.Line != line || !strings.Contains(r.What, "longer than") && s.format != "directory-ldif" || len(r.Raw) > 1024 {
			t.Errorf("%d %s: line %d, not %d: %s", i, s.format, r.Line, line, r.What)
		}
		if used > least+20<<20 { // to hold the line takes twice its length, as room grows
			t.Errorf("%d %s: %d bytes allocated, without the line %d", i, s.format, used, least)
		}
	}
}

func TestAReportThatEndsWhereTheServerCutsSaysSo(t *testing.T) {
	for rows, want := range map[int]bool{reportCap - 1: false, reportCap: true, reportCap + 1: false} {
		var b strings.Builder
		b.WriteString("From user,To user,Modalities,Invite time,Response time,End time\r\n")
		for i := range rows {
			fmt.Fprintf(&b, "user%d@contoso.com,bob@contoso.com,Audio,3/13/2009 8:%02d:00 AM,3/13/2009 8:%02d:01 AM,3/13/2009 9:00:00 AM\r\n", i, i%60, i%60)
		}
		fm, said, stored := formatNamed(t, "monitoring-report"), false, 0
		if err := (&Unit{Format: fm, Files: []*File{NewFile("report.csv", []byte(b.String()))}}).Read(t.Context(), traceEnv, func(b *Batch) error {
			stored += b.Rows()
			for _, n := range b.Notes {
				said = said || strings.Contains(n, "exactly 1000 rows")
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if said != want || stored != rows {
			t.Errorf("%d rows: said %v, %d accounted for", rows, said, stored)
		}
	}
}

// A message that is taken keeps no credential in the text that may be kept.
func TestTheTextOfATakenMessageHoldsNoCredential(t *testing.T) {
	s := newStory()
	says := append([]string{`Authorization: NTLM qop="auth", gssapi-data="hunter2", targetname="fe1.contoso.com", response="hunter2"`, "Cookie: x=hunter2",
		`Proxy-Authorization: TLS-DSK`, ` gssapi-data="hunter2"`}, aliceSays...)
	s.signIn("alice@contoso.com", "a1", aliceEpid, says, "reg", 200)
	for _, shape := range []*siptrace.Shape{siptrace.OCSLogger, siptrace.UCCAPI, siptrace.SIPE, siptrace.Bare} {
		text := render(shape, s.msgs)
		res := readTraces(t, shape, traceEnv, text)
		if len(res.records) != 1 {
			t.Fatalf("%d records", len(res.records))
		}
		for name, of := range map[string]*siptrace.Shape{ocsTraceName: siptrace.OCSLogger, uccapiTraceName: siptrace.UCCAPI, sipeTraceName: siptrace.SIPE, bareTraceName: siptrace.Bare} {
			if of != shape {
				continue
			}
			line := int(res.records[0].Line)
			kept := sourceRows(t, NewFile("trace.txt", []byte(text)), name, map[int]bool{line: true})[line]
			if strings.Contains(kept, "hunter2") || !strings.Contains(kept, "(removed)") || !strings.Contains(kept, "fe1.contoso.com") {
				t.Errorf("%s keeps %s", name, kept)
			}
		}
	}
}

// A file that is gone when it is to be read is an error that names it, and one
// that has grown is told from one that has not.
func TestAFileThatVanishesOrGrowsIsNoticed(t *testing.T) {
	dir := t.TempDir()
	name := put(t, dir, "a.csv", []byte(plainSample))
	p := Gather([]string{dir})
	if len(p.Units) != 1 || !p.Units[0].Files[0].Unchanged() {
		t.Fatalf("%v", piled(p, dir))
	}
	if err := os.WriteFile(name, []byte(plainSample+"x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if p.Units[0].Files[0].Unchanged() {
		t.Error("has grown, and passes for unchanged")
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	err := p.Units[0].Read(t.Context(), traceEnv, func(*Batch) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "no such file or folder; check the path") || strings.Count(err.Error(), name) != 1 {
		t.Errorf("%v", err)
	}
}

// What readers remember of values that repeat is no way to fill the memory: long
// values of any column are forgotten, and told of shortly.
func TestLongValuesOfAnyColumnAreNeitherRememberedNorToldWhole(t *testing.T) {
	const rows, length = 32, 200 << 10
	for name, in := range map[string]struct{ format, head, row string }{
		"modalities": {"monitoring-report", "From user,To user,Modalities,Invite time,Response time,End time\n",
			"alice@contoso.com,bob@contoso.com,Audio%s,3/16/2009 1:05:00 PM,3/16/2009 1:05:09 PM,3/16/2009 1:10:00 PM\n"},
		"display names": {"activity-csv", "time,activity,user\n", "2009-03-02 08:01:00,im-login,%s <sip:alice@contoso.com>\n"},
		"activities":    {"activity-csv", "time,activity,user\n", "2009-03-02 08:01:00,%s,alice@contoso.com\n"},
		"classes":       {"activity-csv", "time,activity,user,class\n", "2009-03-02 08:01:00,im-login,alice@contoso.com,%s\n"},
		"devices":       {"activity-csv", "time,activity,user,device\n", "2009-03-02 08:01:00,im-login,alice@contoso.com,host:%s\n"},
		"fractions":     {"activity-csv", "time,activity,user\n", "1998-03-02T08:01:00.%sZ,im-login,alice@contoso.com\n"},
	} {
		digit := "7"
		if name != "fractions" {
			digit = "x"
		}
		var b strings.Builder
		b.WriteString(in.head)
		for i := range rows {
			fmt.Fprintf(&b, in.row, fmt.Sprint(i)+strings.Repeat(digit, length))
		}
		content := b.String()
		var before, after runtime.MemStats
		file := &File{Path: "long.csv", Size: int64(len(content)), open: func() (io.ReadCloser, error) {
			return io.NopCloser(io.MultiReader(strings.NewReader(content), atEnd(func() { // with all that the reader holds
				runtime.GC()
				runtime.ReadMemStats(&after)
			}))), nil
		}}
		runtime.GC()
		runtime.ReadMemStats(&before)
		read := 0
		if err := (&Unit{Format: formatNamed(t, in.format), Files: []*File{file}}).Read(t.Context(), traceEnv, func(b *Batch) error {
			read += b.Rows()
			for _, r := range b.Rejects {
				if len(r.What) > 1024 {
					t.Fatalf("%s: %d bytes say what is wrong: %.200s", name, len(r.What), r.What)
				}
			}
			return nil
		}); err != nil || read != rows {
			t.Fatalf("%s: %d rows, %v", name, read, err)
		}
		runtime.KeepAlive(content)
		if held := int64(after.HeapAlloc) - int64(before.HeapAlloc); held > rows*length/2 {
			t.Errorf("%s: %d bytes are held at the end", name, held)
		}
	}
}

// atEnd is an empty reader that calls something when it is read.
type atEnd func()

func (f atEnd) Read([]byte) (int, error) {
	f()
	return 0, io.EOF
}

// One endpoint is one, whether a snapshot tells its epid or its instance, and a
// trace its epid, its instance or its GRUU.
func TestAnEndpointIsOneInSnapshotsAndTraces(t *testing.T) {
	const want = "uuid:34d859db-6585-5f91-a3b4-de853c15347d" // of c8ca638a15, as SIPE's tests have it
	for _, id := range []string{"c8ca638a15", "{34D859DB-6585-5F91-A3B4-DE853C15347D}"} {
		got := readAttested(t, registrationsFormat(), []byte("ClientVersion,UserAgent,UserName,Server,EndpointId,ExpiresAt\n"+
			"UCCAPI/3.5.6907.0,OC/3.5.6907.0,alice@contoso.com,fe1.contoso.com,"+id+",3/31/2009 1:05:00 PM\n"), time.UTC)
		if !strings.Contains(got, "endpoint="+want) {
			t.Errorf("%s: %s", id, got)
		}
	}
	for from, contact := range map[string]string{
		"<sip:alice@contoso.com>;tag=1;epid=c8ca638a15": "<sip:10.0.0.1>",
		"<sip:alice@contoso.com>;tag=2":                 `<sip:10.0.0.1>;+sip.instance="<urn:uuid:34D859DB-6585-5F91-A3B4-DE853C15347D>"`,
		"<sip:alice@contoso.com>;tag=3":                 "<sip:alice@contoso.com;opaque=user:epid:21nYNIVlkV-jtN6FPBU0fQAA;gruu>",
	} {
		text := "REGISTER sip:contoso.com SIP/2.0\nFrom: " + from + "\nTo: <sip:alice@contoso.com>\nCall-ID: c\nCSeq: 1 REGISTER\nContact: " + contact + "\n\n" +
			"SIP/2.0 200 OK\nFrom: " + from + "\nTo: <sip:alice@contoso.com>;tag=x\nCall-ID: c\nCSeq: 1 REGISTER\nExpires: 900\n\n"
		if got := readAttested(t, bareTraceFormat(), []byte(text), time.UTC); !strings.Contains(got, "endpoint="+want) {
			t.Errorf("%s %s: %s", from, contact, got)
		}
	}
}
