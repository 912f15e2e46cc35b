package ingest

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestLinesAboveTheHeaderAreSkippedAndTheirSeparatorIsUsed(t *testing.T) {
	for _, c := range []struct {
		in, rest string
		comma    byte
		lines    int
	}{
		{"a,b\n", "a,b\n", ',', 0},
		{"sep=;\r\na;b,c,d\n", "a;b,c,d\n", ';', 1},
		{"\"SEP=|\"\na|b\n", "a|b\n", '|', 1},
		{"sep=\t\na\tb", "a\tb", '\t', 1},
		{"#TYPE Selected.DataRow\r\na;b\n", "a;b\n", ';', 1},
		{"#TYPE x\nsep=;\na;b,c,d\n", "a;b,c,d\n", ';', 2},
		{"sep=;\n#TYPE x\na;b\n", "a;b\n", ';', 2},
		{"sep=;\nsep=,\n", "sep=,\n", ';', 1},
		{"sep=ab\n", "sep=ab\n", ',', 0},
		{"sep=\"\n", "sep=\"\n", ',', 0},
		{"sep=;", "", ';', 1},
		{"", "", ',', 0},
	} {
		rest, comma, lines := cutPreamble([]byte(c.in))
		if string(rest) != c.rest || comma != c.comma || lines != c.lines {
			t.Errorf("%q: %q, %q, %d lines; want %q, %q, %d", c.in, rest, comma, lines, c.rest, c.comma, c.lines)
		}
	}
}

// preambles are put above tables of every format.
var preambles = []string{"", "sep=,\r\n", "#TYPE System.Data.DataRow\n", "#TYPE x\nsep=,\n"}

func TestEveryTableIsReadBehindAPreambleWithItsOwnLines(t *testing.T) {
	users := []byte("UserId,UserUri\n1,alice@contoso.com\n2,bob@contoso.com\n")
	for _, c := range []struct{ name, text string }{
		{"activity-csv", "time,activity,user\n2009-03-12 10:00:00,im-login,a@contoso.com\nx\n"},
		{"directory-csvde", csvdeSample + "x\n"},
		{"cdr", "SessionIdTime,SessionIdSeq,User1Id,User2Id,SessionStartedById,ResponseCode,MediaTypes\n2009-03-02 08:01:00.123,1,1,2,2,200,1\nx\n"},
	} {
		for _, above := range preambles {
			for _, mark := range []string{"", "\xef\xbb\xbf"} {
				f := NewFile("in.csv", []byte(mark+above+c.text))
				h, err := f.Head()
				if err != nil {
					t.Fatal(err)
				}
				g := &gatherer{formats: Formats()}
				_, fm, v := g.judge(h)
				if fm == nil || fm.Name != c.name || !v.Yes {
					t.Errorf("%s behind %q is taken for %+v %+v", c.name, above, fm, v)
					continue
				}
				files := []*File{f}
				if fm.Set {
					files = append(files, NewFile("Users.csv", users))
				}
				good, rejects := 0, []int{}
				err = fm.Read(t.Context(), files, cdrEnv, func(b *Batch) error {
					if b.File == 0 {
						good += len(b.Records) + len(b.Entries)
						for _, r := range b.Rejects {
							rejects = append(rejects, r.Line)
						}
					}
					return nil
				})
				lines := strings.Count(above+c.text, "\n")
				if err != nil || good != strings.Count(c.text, "\n")-2 || !slices.Equal(rejects, []int{lines}) {
					t.Errorf("%s behind %q: %d rows, rejects at %v of %d lines, %v", c.name, above, good, rejects, lines, err)
				}
				if n := countRows(t, []*File{f}); n != good+1 {
					t.Errorf("%s behind %q: refused, it counts %d rows, want %d", c.name, above, n, good+1)
				}
			}
		}
	}
}

func TestAFileThatEndsInsideALineIsNotedAndItsRowIsKept(t *testing.T) {
	const sessions = "SessionIdTime,SessionIdSeq,User1Id,User2Id,SessionStartedById,ResponseCode,MediaTypes\n2009-03-02 08:01:00.123,1,1,2,2,200,1"
	for _, c := range []struct {
		format *Format
		text   string
		cut    bool
	}{
		{formatNamed(t, "activity-csv"), "time,activity,user\n2009-03-12 10:00:00,im-login,a@contoso.co", false},
		{formatNamed(t, "directory-csvde"), strings.TrimSuffix(csvdeSample, "\n"), true},
		{formatNamed(t, "cdr"), sessions, false},
	} {
		for _, end := range []string{"", "\n", "\r\n", "\n\n"} {
			var files []*File
			if c.format.Set {
				files = append(files, NewFile("Users.csv", []byte("UserId,UserUri\n1,alice@contoso.com\n2,bob@contoso.com\n")))
			}
			files = append(files, NewFile("in.csv", []byte(c.text+end)))
			rows, notes, cut := 0, 0, false
			err := c.format.Read(context.Background(), files, &Env{Now: importTime, Location: time.UTC}, func(b *Batch) error {
				rows += len(b.Records) + len(b.Entries)
				cut = cut || b.Cut
				for _, n := range b.Notes {
					if n == cutNote {
						notes++
					}
				}
				return nil
			})
			want := 0
			if end == "" {
				want = 1
			}
			if err != nil || rows == 0 || notes != want || cut != (c.cut && end == "") {
				t.Errorf("%s ending in %q: %d rows, noted %d times, cut %v, %v", c.format.Name, end, rows, notes, cut, err)
			}
		}
	}
	// A row count of the query tool at the end shows that nothing is lost.
	c := mustRead(t, with(map[string]string{"SessionDetails.csv": sessions + "\n\n(1 rows affected)"}))
	if slices.Contains(c.notes["SessionDetails.csv"], cutNote) {
		t.Error("a table with its row count is said to be cut")
	}
}

func formatNamed(t testing.TB, name string) *Format {
	t.Helper()
	for _, f := range Formats() {
		if f.Name == name {
			return &f
		}
	}
	t.Fatalf("no format %s", name)
	return nil
}

func TestAColumnThatStandsTwiceIsNamed(t *testing.T) {
	for text, want := range map[string]string{
		"time,activity,user,peer,User\n":                              `the activity file names the column "User" twice; keep one`,
		"time,activity,user,a,a\n":                                    `the activity file names the column "a" twice; keep one`,
		"DN,objectClass,msRTCSIP-Line,msRTCSIP-Line\n":                `the directory export names the column "msRTCSIP-Line" twice; keep one`,
		"SessionIdTime,SessionIdSeq,MediaId,StartTime,Session ID Seq": `table Media names the column "Session ID Seq" twice; keep one`,
		"name,phone,phone\n":                                          "",
		"activity,user,user\n":                                        "",
	} {
		g := &gatherer{formats: Formats()}
		_, fm, v := g.judge(&Head{Name: "in.csv", Text: []byte(text)})
		if v.Why != want || v.Yes || (fm != nil) != (want != "") {
			t.Errorf("%q: %+v, want %q", text, v, want)
		}
	}
}

func TestRejectsOfAnActivityFileSayWhatToDo(t *testing.T) {
	const head = "time,activity,user,peer,device,client,server,session,source\n"
	row := func(at int, value string) string {
		f := []string{"2009-03-13 10:00:00", "im-login", "a@contoso.com", "", "", "", "", "", ""}
		f[at] = value
		return strings.Join(f, ",") + "\n"
	}
	for _, c := range []struct{ row, want string }{
		{row(2, "a b@contoso.com"), `address "a b@contoso.com" is not user@domain; mend the row`},
		{row(2, "caf\xe9@contoso.com"), `user "caf\xe9@contoso.com" is not UTF-8; save the file as UTF-8`},
		{row(3, "caf\xe9@contoso.com"), `peer "caf\xe9@contoso.com" is not UTF-8; save the file as UTF-8`},
		{row(3, "tel:x"), `peer: phone number "tel:x" has no digits; mend the row`},
		{row(4, "mac:00"), `device "mac:00": a MAC address has 12 hexadecimal digits; mend the row`},
		{row(4, "x:y"), `device "x:y" is of no known kind; valid: mac:, host:, line:, sip:, uuid: or epid:ID`},
		{row(4, "p\x07c"), `device "p\ac" holds the control character 0x07; mend the row`},
		{row(5, "caf\xe9"), `client "caf\xe9" is not UTF-8; save the file as UTF-8`},
		{row(6, "FE\xe9"), `server "FE\xe9" is not UTF-8; save the file as UTF-8`},
		{row(7, "a\x1b[31m"), `session "a\x1b[31m" holds the control character 0x1b; mend the row`},
		{row(8, "a\u0085b"), `source "a\u0085b" holds the control character 0x85; mend the row`},
	} {
		g := readPlainText(t, head+c.row, time.UTC)
		if len(g.Rejects) != 1 || g.Rejects[0].What != c.want {
			t.Errorf("%q: %+v\nwant %s", c.row, g.Rejects, c.want)
		}
	}
}

func TestRejectsOfCallRecordsNameTheColumn(t *testing.T) {
	c := mustRead(t, map[string]string{
		"Users.csv":          "UserId,UserUri\n9,jürgen@contoso.com\n1,caf\xe9@contoso.com\n2,a\x01b@contoso.com\n3,\n" + strings.Repeat("4,d@contoso.com\n", 9),
		"Servers.csv":        "ServerId,ServerFQDN\n2,FÜ2\n1,FE\xe9\n",
		"Devices.csv":        "DeviceId,MacAddress\n1,nonsense\n",
		"ClientVersions.csv": "VersionId,Version,ClientType\n1,a\x02/1,4\n2,OC/3.5,x\n" + strings.Repeat("3,OC/3.5,4\n", 20),
	})
	for file, want := range map[string][]string{
		"Users.csv": {`UserUri "caf\xe9@contoso.com" is not UTF-8; save the file as UTF-8`,
			`UserUri "a\x01b@contoso.com" holds the control character 0x01; mend the row or export it again`,
			"UserUri is empty; mend the row or export it again"},
		"Servers.csv": {`ServerFQDN "FE\xe9" is not UTF-8; save the file as UTF-8`},
		"Devices.csv": {`MacAddress "nonsense" is neither a number nor 12 hexadecimal digits; mend the row or export it again`},
		"ClientVersions.csv": {`Version "a\x02/1" holds the control character 0x02; mend the row or export it again`,
			`ClientType "x" is not a number; mend the row or export it again`},
	} {
		var got []string
		for _, r := range c.rejects[file] {
			got = append(got, r.What)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q\nwant %q", file, got, want)
		}
	}
}
