package ingest

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// iisResult is all that log files gave, in the form of the golden files.
type iisResult struct {
	Facts    []string       `json:"facts"` // line: what
	Skipped  map[string]int `json:"skipped,omitempty"`
	Rejects  []Reject       `json:"rejects,omitempty"`
	Notes    []string       `json:"notes,omitempty"`
	rows     int
	names    []Name
	records  []Record
	composed []string
}

var berlin = func() *time.Location {
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	return loc
}()

func readIISFiles(t testing.TB, contents ...[]byte) *iisResult {
	t.Helper()
	res := &iisResult{Skipped: map[string]int{}}
	for i, content := range contents {
		base := len(res.names)
		at := func(id ID) ID {
			if id == 0 {
				return 0
			}
			return id + ID(base)
		}
		err := readIIS(context.Background(), []*File{NewFile("in.log", content)}, &Env{Now: importTime, Location: berlin}, func(b *Batch) error {
			res.names = append(res.names, b.Names...)
			for _, r := range b.Records {
				r.From.User, r.From.Client, r.File = at(r.From.User), at(r.From.Client), uint32(i)
				res.records = append(res.records, r)
			}
			for why, n := range b.Skipped {
				res.Skipped[why] += n
			}
			res.Rejects = append(res.Rejects, b.Rejects...)
			res.Notes = append(res.Notes, b.Notes...)
			res.rows += b.Rows()
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	numberAlike(res.names, res.records)
	text := func(id ID) Name {
		if id == 0 {
			return Name{}
		}
		return res.names[id-1]
	}
	for _, f := range Compose(res.records, text) {
		res.Facts = append(res.Facts, fmt.Sprintf("%d: %s", f.Line, factText(f, text)))
		res.composed = append(res.composed, factText(f, text))
	}
	slices.Sort(res.Facts)
	slices.Sort(res.composed)
	return res
}

// TestIISGolden compares every folder of testdata/iis-w3c with what is read
// from it.
func TestIISGolden(t *testing.T) {
	golden(t, "iis-w3c", 9, "want.json", func(t *testing.T, content []byte) string {
		if v := sniffIIS(&Head{Text: content}); !v.Yes {
			t.Errorf("not recognised: %+v", v)
		}
		res := readIISFiles(t, content)
		rows := 0
		for line := range strings.Lines(string(content)) {
			if line = strings.Trim(line, "\x00\r\n "); line != "" && line[0] != '#' {
				rows++
			}
		}
		if res.rows != rows {
			t.Errorf("%d rows accounted for, the file has %d", res.rows, rows)
		}
		return asJSON(t, res)
	})
}

func TestIISIsKnownByTheColumnOfPaths(t *testing.T) {
	for in, want := range map[string]bool{
		"#Fields: date time cs-uri-stem\n":                                  true,
		"\ufeff#Software: x\n":                                              false,
		"#Software: IIS Advanced Logging Module\n\n#fields:   CS-URI-Stem ": true,
		"\x00\x00#Fields: time cs-uri-stem sc-status\n":                     true,
		"half a row\n#Fields: date time cs-uri-stem\n":                      true,
		"#Fields: date time action protocol src-ip\n":                       false,
		"#Fields: date time cs-uri-stem-x\n":                                false,
		"# Fields: cs-uri-stem\n":                                           false,
		"time,activity,user\n":                                              false,
	} {
		if got := sniffIIS(&Head{Text: []byte(in)}).Yes; got != want {
			t.Errorf("%q: %v", in, got)
		}
	}
}

// iisLog makes a log of random requests: some people, programs and days.
func iisLog(r *rand.Rand, n int) (head string, rows []string) {
	head = "#Software: Microsoft Internet Information Services 6.0\r\n#Version: 1.0\r\n#Date: 2009-03-02 00:00:00\r\n" +
		"#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-substatus sc-win32-status time-taken\r\n"
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	for range n {
		rows = append(rows, fmt.Sprintf("2009-03-%02d %02d:%02d:%02d 10.0.0.5 %s %s - 443 %s 10.0.1.%d %s %s 0 0 %d\r\n",
			2+r.IntN(3), r.IntN(24), r.IntN(60), r.IntN(60), pick("GET", "POST"),
			pick("/cwa/start", "/CWA/x.ashx", "/etc/place/null/a.png", "/Abs/Int/Handler/F.lsabs", "/owa/", "/WebTicket/WebTicketService.svc", "/meet/x"),
			pick("-", `CONTOSO\alice`, `contoso\Alice`, `CONTOSO\bob`, "carol@contoso.com", `CONTOSO\FE1$`), r.IntN(200),
			pick("-", "Mozilla/4.0+(compatible;+MSIE+7.0)", "OC/4.0.7577.4051+(Microsoft+Lync+2010)"), pick("200", "200", "204", "302", "401", "500"), r.IntN(900)))
	}
	return head, rows
}

// iisTruth works out from the rows, one by one and without any cleverness,
// what a log made by iisLog states.
func iisTruth(rows []string) []string {
	earliest := map[string]string{}
	for _, row := range rows {
		f := strings.Fields(row)
		user, path := strings.ToLower(f[7]), strings.ToLower(f[4])
		what := ""
		switch {
		case strings.HasPrefix(path, "/cwa/"), strings.HasPrefix(path, "/webticket/"):
			what = "im-login account:" + user
		case strings.HasPrefix(path, "/etc/place/null/"):
			what = "conference-attended account:" + user + " media=data"
		}
		if what == "" || user == "-" || strings.HasSuffix(user, "$") || f[10][0] != '2' {
			continue
		}
		if agent := strings.ReplaceAll(f[9], "+", " "); agent != "-" {
			what += " client=" + agent
		}
		day := f[0] + what
		if at, ok := earliest[day]; !ok || f[1] < at {
			earliest[day] = f[1]
		}
	}
	var facts []string
	for key, at := range earliest {
		facts = append(facts, key[len("2009-"):len("2009-03-02")]+" "+at+" "+key[len("2009-03-02"):])
	}
	slices.Sort(facts)
	return facts
}

func TestIISStatesWhatEachRowStates(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 60 {
		head, rows := iisLog(r, 1+r.IntN(300))
		res := readIISFiles(t, []byte(head+strings.Join(rows, "")))
		if want := iisTruth(rows); !slices.Equal(res.composed, want) || res.rows != len(rows) || len(res.Rejects) > 0 {
			t.Fatalf("%d rows of %d, got\n%s\nwant\n%s", res.rows, len(rows), strings.Join(res.composed, "\n"), strings.Join(want, "\n"))
		}
	}
}

// However a log is cut into files, overlapping and repeated, its facts are the
// same, and each stands at a row that proves it.
func TestIISOverlappingExportsChangeNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 60 {
		head, rows := iisLog(r, 1+r.IntN(120))
		want := readIISFiles(t, []byte(head+strings.Join(rows, ""))).composed
		var files [][]byte
		for from := 0; from < len(rows); {
			to := min(len(rows), from+1+r.IntN(40))
			files = append(files, []byte(head+strings.Join(rows[max(0, from-r.IntN(30)):to], "")))
			from = to
		}
		files = append(files, files[r.IntN(len(files))])
		r.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
		if got := readIISFiles(t, files...).composed; !slices.Equal(got, want) {
			t.Fatalf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// The five most likely corruptions: what was lost is counted and shown,
// nothing else changes.
func TestIISCorruptionsLoseOnlyWhatTheyHit(t *testing.T) {
	const head = "#Software: Microsoft Internet Information Services 6.0\r\n#Fields: date time cs-method cs-uri-stem cs-username c-ip sc-status time-taken\r\n"
	row := func(user string) string {
		return "2009-03-02 08:00:00 GET /cwa/ CONTOSO\\" + user + " 10.0.0.1 200 15\r\n"
	}
	whole := head + row("alice") + row("bob") + row("carol")
	fact := func(users ...string) (all []string) {
		for _, u := range users {
			all = append(all, "03-02 08:00:00 im-login account:contoso\\"+u)
		}
		return all
	}
	for _, c := range []struct {
		name, in        string
		facts           []string
		rejects, others int // rows rejected, and skipped
	}{
		{"whole", whole, fact("alice", "bob", "carol"), 0, 0},
		{"cut in mid-record", whole[:len(whole)-20], fact("alice", "bob"), 1, 0},
		{"cut behind the last value that is read", whole[:len(whole)-3], fact("alice", "bob", "carol"), 0, 0},
		{"a row cut in the middle of the file", head + row("alice") + "2009-03-02 08:00:00 GET /cwa/ CONTOSO\\b\r\n" + row("carol"), fact("alice", "carol"), 1, 0},
		{"UTF-16", string(directoryUTF16([]byte(whole), false, true)), fact("alice", "bob", "carol"), 0, 0},
		{"UTF-16 without a mark", string(directoryUTF16([]byte(whole), true, false)), fact("alice", "bob", "carol"), 0, 0},
		{"status and address swapped", strings.Replace(whole, "c-ip sc-status", "sc-status c-ip", 1), nil, 3, 0},
		{"path and name swapped", strings.Replace(whole, "cs-uri-stem cs-username", "cs-username cs-uri-stem", 1), nil, 3, 0},
		{"name and address swapped", strings.Replace(whole, "cs-username c-ip", "c-ip cs-username", 1), nil, 3, 0},
		{"date and time swapped", strings.Replace(whole, "date time", "time date", 1), nil, 3, 0},
		{"method and path swapped", strings.Replace(whole, "cs-method cs-uri-stem", "cs-uri-stem cs-method", 1), nil, 3, 0},
		{"foreign lines", strings.ReplaceAll(whole, "\r\n2009", "\r\nWARNING: disk is full\r\n}\r\n2009"), fact("alice", "bob", "carol"), 6, 0},
		{"a block twice", whole + whole, fact("alice", "bob", "carol"), 0, 3},
		{"no head", strings.TrimPrefix(whole, head) + head, nil, 3, 0},
	} {
		res := readIISFiles(t, []byte(c.in))
		skipped := 0
		for _, n := range res.Skipped {
			skipped += n
		}
		if !slices.Equal(res.composed, c.facts) || len(res.Rejects) != c.rejects || skipped != c.others {
			t.Errorf("%s: %q, %d skipped, rejects %+v", c.name, res.composed, skipped, res.Rejects)
		}
		for _, rej := range res.Rejects {
			if rej.Line == 0 || rej.Raw == "" || !strings.Contains(rej.What, ";") {
				t.Errorf("%s: a reject without line, text or advice: %+v", c.name, rej)
			}
		}
	}
}

func TestIISFileDateDatesWhatHasNone(t *testing.T) {
	in := []byte("#Fields: time cs-uri-stem cs-username sc-status\n08:00:00 /cwa/ CONTOSO\\alice 200\n")
	env := &Env{Now: importTime, Location: time.UTC, FileDate: time.Date(2009, 3, 9, 0, 0, 0, 0, time.UTC)}
	var at []int64
	err := readIIS(context.Background(), []*File{NewFile("x", in)}, env, func(b *Batch) error {
		for _, r := range b.Records {
			at = append(at, r.At)
		}
		return nil
	})
	if want := time.Date(2009, 3, 9, 8, 0, 0, 0, time.UTC).UnixMilli(); err != nil || len(at) != 1 || at[0] != want {
		t.Errorf("%v, %v", at, err)
	}
}

func TestIISPathsAreWholeNames(t *testing.T) {
	for stem, want := range map[string]string{
		"/cwa": "Communicator Web Access", "/CWA/": "Communicator Web Access", "/cwax": "", "/": "", "": "", "cwa": "", "/c": "",
		"/config/int": "", "/conf/internal": "", "/Conf/Int/x": "meeting content", "/conf": "", "/etc/place/null": "meeting content",
		"/etc/place/nullify": "", "/RequestHandlerExt/ucdevice.upx": "device update", "/requesthandlers": "",
		"/DeviceUpdateFiles_Ext/x": "device update", "/deviceupdatefiles": "", "/Reach/sip.svc": "web meeting", "/reach/sip.svcx": "",
		"/\xff\xff\xff\xff": "", "/meeting/x": "", "/ucwa/v1/x": "mobility service", "/ucwa/v10": "",
	} {
		got := ""
		if n := iisPathOf([]byte(stem)); n != iisOther {
			got = iisPaths[n-1].why
		}
		if got != want {
			t.Errorf("%q: %q, want %q", stem, got, want)
		}
	}
	for i, p := range iisPaths {
		if n := iisPathOf([]byte(strings.ToUpper(p.prefix))); int(n) != i+1 || p.prefix != strings.ToLower(p.prefix) {
			t.Errorf("%s is found as %d", p.prefix, n)
		}
	}
}

func TestIISMemoryIsBounded(t *testing.T) {
	var b bytes.Buffer
	b.WriteString("#Fields: date time cs-uri-stem cs-username sc-status\n")
	for i := range 3 * plainBatch {
		fmt.Fprintf(&b, "2009-03-02 08:00:00 /cwa/ CONTOSO\\u%d 200\nbad\n", i)
	}
	batches := 0
	err := readIIS(context.Background(), []*File{NewFile("x", b.Bytes())}, &Env{Now: importTime, Location: time.UTC}, func(b *Batch) error {
		batches++
		if n := b.Rows(); n > iisBatch || len(b.Records)+len(b.Rejects) > plainBatch {
			return fmt.Errorf("a batch of %d rows, %d records, %d rejects", n, len(b.Records), len(b.Rejects))
		}
		return nil
	})
	if err != nil || batches < 6 {
		t.Errorf("%d batches, %v", batches, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := readIIS(ctx, []*File{NewFile("x", b.Bytes())}, &Env{Now: importTime, Location: time.UTC}, func(*Batch) error { return nil }); err == nil {
		t.Error("a reading that was cancelled went on")
	}
}

func TestTheSourceOfALoggedRowIsItsLine(t *testing.T) {
	in := "#Fields: cs-uri-stem cs(User-Agent)\r\n/cwa/ \"odd\r\n/cwa/ next\"\r\n/cwa/ x\r\n"
	got := sourceRows(t, NewFile("in.log", []byte(in)), "iis-w3c", map[int]bool{2: true, 4: true})
	if want := map[int]string{2: `/cwa/ "odd`, 4: "/cwa/ x"}; !maps.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

// Cookies and tokens are neither kept of rejected rows nor shown of others.
func TestNoCredentialOfALogIsKept(t *testing.T) {
	const log = "#Fields: date time cs-uri-stem cs-uri-query cs-username cs(Cookie) sc-status\n" +
		"2009-03-02 08:00:00 /cwa/client/start ticket=hunter2 CONTOSO\\alice cwa=hunter2;+x=hunter2 200\n" + // taken
		"2009-03-32 08:00:00 /cwa/client/start ticket=hunter2 CONTOSO\\alice cwa=hunter2;+x=hunter2 200\n" + // no day
		"2009-03-02 08:00:00 token=hunter2 /cwa/client/start CONTOSO\\alice cwa=hunter2 200\n" + // columns exchanged
		"2009-03-02 08:00:00 /cwa/client/start - token=hunter2 CONTOSO\\alice 200\n" +
		"2009-03-02 08:00:00 /cwa/client/start - CONTOSO\\alice cwa=hunter2 cwa=hunter2\n"
	f := NewFile("in.log", []byte(log))
	res := readIISFiles(t, []byte(log))
	if len(res.Rejects) != 4 || len(res.records) != 1 {
		t.Errorf("%d records, rejected: %+v", len(res.records), res.Rejects)
	}
	for _, r := range res.Rejects {
		if strings.Contains(r.Raw+r.What, "hunter2") || !strings.Contains(r.Raw, "(removed)") {
			t.Errorf("kept of line %d: %s, %s", r.Line, r.What, r.Raw)
		}
	}
	rows := sourceRows(t, f, "iis-w3c", map[int]bool{2: true, 3: true})
	if want := `2009-03-02 08:00:00 /cwa/client/start ticket=(removed) CONTOSO\alice (removed) 200`; rows[2] != want || strings.Contains(rows[3], "hunter2") {
		t.Errorf("shown: %v\nwant %q", rows, want)
	}
}

// FuzzIIS promises for any file: no panic, every line that is no directive
// accounted for once, no record without somebody, the same facts when the file
// is read twice.
func FuzzIIS(f *testing.F) {
	logs, _ := filepath.Glob("testdata/iis-w3c/*/in.log")
	for _, in := range logs {
		content, err := os.ReadFile(in)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		rc, err := NewFile("u_ex.log", data).Text() // CR alone may end a line
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(rc)
		if err != nil {
			t.Fatal(err)
		}
		res := readIISFiles(t, data)
		if lines := bytes.Count(text, []byte{'\n'}) + 1; res.rows > lines {
			t.Fatalf("%d rows in %d lines", res.rows, lines)
		}
		for _, r := range res.records {
			if r.Line == 0 || r.From.User == 0 || r.Activity != IMLogin && r.Activity != ConferenceAttended {
				t.Fatalf("%+v", r)
			}
		}
		twice := readIISFiles(t, data, data)
		if !slices.Equal(twice.composed, res.composed) || !maps.Equal(doubled(res.Skipped), twice.Skipped) {
			t.Fatalf("once %q, twice %q", res.composed, twice.composed)
		}
	})
}

func doubled(m map[string]int) map[string]int {
	all := map[string]int{}
	for k, n := range m {
		all[k] = 2 * n
	}
	return all
}

// iisDay makes the log of a busy web server: one day, in order of time, its
// rows of the usual length and most of them for nobody in particular.
func iisDay(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	var b bytes.Buffer
	b.WriteString("#Software: Microsoft Internet Information Services 6.0\r\n#Version: 1.0\r\n#Date: 2009-03-02 00:00:00\r\n" +
		"#Fields: date time s-sitename s-computername s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs-version cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status sc-bytes cs-bytes time-taken\r\n")
	for i := range n {
		at := i * 86400 / n
		fmt.Fprintf(&b, "2009-03-02 %02d:%02d:%02d W3SVC1 FE1 10.0.0.5 %s %s %s 443 %s 10.0.%d.%d HTTP/1.1 %s %s %s 0 0 %d %d %d\r\n",
			at/3600, at/60%60, at%60, pick("GET", "POST"),
			pick("/Abs/Int/Handler/F-0d5a.lsabs", "/Abs/Int/Handler/D-0d5b-0d5c.dabs", "/GroupExpansion/int/service.asmx", "/RequestHandler/ucdevice.upx",
				"/etc/place/null/FileTree/Content/slide.png", "/cwa/MainCommandHandler.ashx", "/cwa/forms/images/logo.gif", "/AutoUpdate/Int/files.xml"),
			pick("-", "-", "ScopedSession=1&Sequence=1234&Ack=1233"), pick("-", "-", fmt.Sprintf("CONTOSO\\u%05d", r.IntN(5000))), r.IntN(256), r.IntN(256),
			pick("Mozilla/4.0+(compatible;+MSIE+7.0;+Windows+NT+5.1;+.NET+CLR+2.0.50727;+.NET+CLR+3.0.04506.648)", "OC/2.0.6362.0+(Microsoft+Office+Communicator)"),
			pick("-", "https://cwa.contoso.com/cwa/client/default.htm"), pick("200", "200", "200", "401", "304"), r.IntN(90000), r.IntN(3000), r.IntN(900))
	}
	return b.Bytes()
}

// BenchmarkIIS compares reading a log with reading it line by line. On a busy
// machine look at CPU time: -cpu 1 and user+system of the process.
func BenchmarkIIS(b *testing.B) {
	in := iisDay(100_000)
	name := filepath.Join(b.TempDir(), "u_ex090302.log")
	if err := os.WriteFile(name, in, 0o600); err != nil {
		b.Fatal(err)
	}
	b.Run("log", func(b *testing.B) {
		b.SetBytes(int64(len(in)))
		for b.Loop() {
			f, err := OpenFile(name)
			if err != nil {
				b.Fatal(err)
			}
			err = readIIS(context.Background(), []*File{f}, &Env{Now: importTime, Location: time.UTC}, func(*Batch) error { return nil })
			if err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("lines", func(b *testing.B) {
		b.SetBytes(int64(len(in)))
		for b.Loop() {
			f, err := os.Open(name)
			if err != nil {
				b.Fatal(err)
			}
			n := 0
			for s := bufio.NewScanner(f); s.Scan(); n++ {
			}
			f.Close()
			if n < 100_000 {
				b.Fatal(n)
			}
		}
	})
}
