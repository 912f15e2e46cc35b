package ingest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

// importTime is the moment of import in the tests of this package.
var importTime = time.Date(2009, 4, 1, 2, 0, 0, 0, time.UTC)

// gathered is everything a reader emitted, with its names.
type gathered struct {
	Batch
	names []Name
}

func (g *gathered) text(id ID) string {
	if id == 0 {
		return ""
	}
	return g.names[id-1].Text
}

// readPlainText reads content as the plain format.
func readPlainText(t testing.TB, content string, loc *time.Location) *gathered {
	t.Helper()
	g := &gathered{Batch: Batch{Skipped: map[string]int{}}}
	env := &Env{Now: importTime, Location: loc}
	err := readPlain(context.Background(), []*File{NewFile("activity.csv", []byte(content))}, env, func(b *Batch) error {
		g.names = append(g.names, b.Names...)
		g.Records = append(g.Records, b.Records...)
		g.Rejects = append(g.Rejects, b.Rejects...)
		g.Notes = append(g.Notes, b.Notes...)
		for k, n := range b.Skipped {
			g.Skipped[k] += n
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestAPlainRowBecomesOneRecord(t *testing.T) {
	g := readPlainText(t, "Time , ACTIVITY,user,peer,device,client,server,session,class,modality,role,source\r\n"+
		"2009-03-02 08:01:00.250,im-session,sip:Alice@Contoso.com;gruu,tel:+1-206-555-0199,mac:00-04-F2-00-00-09,OC/3.5,FE1.contoso.com:5061,s1,hosted,im,presenter,pbx\r\n", time.UTC)
	if len(g.Records) != 1 || len(g.Rejects) != 0 {
		t.Fatalf("%+v", g.Batch)
	}
	r := g.Records[0]
	got := fmt.Sprint(time.UnixMilli(r.At).UTC().Format(time.RFC3339Nano), r.Activity, g.text(r.From.User), g.text(r.To.User), g.text(r.From.Device),
		g.text(r.From.Client), g.text(r.Server), r.From.Class, r.Media, r.Role, g.text(r.Source), r.Line, r.Flags == Keyed)
	want := fmt.Sprint("2009-03-02T08:01:00.25Z", IMSession, "alice@contoso.com", "+12065550199", "mac:0004f2000009",
		"OC/3.5", "fe1.contoso.com", Hosted, MediaIM, Presenter, "pbx", 2, true)
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestBadPlainRowsAreRejectedWithTheirLineAndReason(t *testing.T) {
	for _, c := range []struct{ row, want string }{
		{"2009-03-13 25:00:00,im-login,alice@contoso.com", `"2009-03-13 25:00:00" is no time; expected YYYY-MM-DD HH:MM:SS or RFC 3339`},
		{"2009-03-13 10:00:00,im-logon,alice@contoso.com", `unknown activity "im-logon"; valid: im-identity, voice-extension, im-login, im-session, call-placed, call-received, conference-organized, conference-attended, federation`},
		{"2009-03-13 10:00:00,im-login,", "the user is empty; a row states a fact about its user"},
		{"2009-03-13 10:00:00,im-login,alice", `address "alice" has no domain; expected user@domain or a phone number`},
		{"2009-04-02 03:00:00,im-login,alice@contoso.com", "the time 2009-04-02T03:00:00Z lies in the future; check the clock of the exporting system"},
		{"2009-03-13 10:00:00,im-login,ali\x00ce@contoso.com", "a NUL byte in the row; mend the row or export it again"},
		{"2009-03-13 10:00:00,im-login", "2 fields, the header has 3; mend the row or export it again"},
		{"2009-03-13 10:00:00,im-login,\"alice@contoso.com", "a quote is not closed; mend the row or export it again"},
		{"1899-03-13 10:00:00,im-login,alice@contoso.com", `the time "1899-03-13 10:00:00" is not between 2000 and 2100; mend the row`},
		{"2009-03-13 10:00:00,im-login," + strings.Repeat("x", 2<<20), "the line is longer than 1048576 bytes; mend the row or export it again"},
	} {
		g := readPlainText(t, "time,activity,user\n2009-03-12 10:00:00,im-login,bob@contoso.com\n"+c.row+"\n", time.UTC)
		if len(g.Records) != 1 || len(g.Rejects) != 1 {
			t.Errorf("%.60q: %d records, %d rejects", c.row, len(g.Records), len(g.Rejects))
			continue
		}
		if r := g.Rejects[0]; r.Line != 3 || r.What != c.want || r.Raw == "" || len(r.Raw) > 2000 {
			t.Errorf("%.60q: line %d: %s\nwant %s", c.row, r.Line, r.What, c.want)
		}
	}
}

func TestAServiceAddressIsNobodyAndSkipped(t *testing.T) {
	g := readPlainText(t, "time,activity,user\n2009-03-12 10:00:00,im-session,sip:alice@contoso.com;gruu;opaque=app:conf:focus:id:ABC\n", time.UTC)
	if len(g.Records) != 0 || g.Skipped["the user is a service address: nobody"] != 1 {
		t.Errorf("%+v", g.Batch)
	}
}

func TestLocalTimesAreReadInTheEstatesZone(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	g := readPlainText(t, "time,activity,user\n2009-03-12 10:00:00,im-login,a@contoso.com\n2009-03-12T10:00:00Z,im-login,a@contoso.com\n2009-03-29 02:30:00,im-login,a@contoso.com\n", zone)
	if len(g.Records) != 2 || time.UnixMilli(g.Records[0].At).UTC().Hour() != 9 || time.UnixMilli(g.Records[1].At).UTC().Hour() != 10 {
		t.Fatalf("%+v", g.Records)
	}
	if len(g.Rejects) != 1 || !strings.Contains(g.Rejects[0].What, "does not exist in the zone Europe/Berlin") {
		t.Errorf("%+v", g.Rejects)
	}
	// An hour of one digit is as plain as one of two.
	g = readPlainText(t, "time,activity,user\n2009-03-12 9:00:00,im-login,a@contoso.com\n2009-03-12 9:00:00.5,im-login,a@contoso.com\n2009-03-29 2:30:00,im-login,a@contoso.com\n", zone)
	if len(g.Records) != 2 || time.UnixMilli(g.Records[1].At).UTC().Format(time.RFC3339Nano) != "2009-03-12T08:00:00.5Z" || len(g.Rejects) != 1 {
		t.Errorf("%+v", g)
	}
}

func TestRowsAreTheSameFactByKeyOrWhole(t *testing.T) {
	g := readPlainText(t, "time,activity,user,peer,session,source\n"+
		"2009-03-12 10:00:00,im-session,a@contoso.com,b@contoso.com,s1,x\n"+ // 0
		"2009-03-12 11:00:00,im-session,A@contoso.com,c@contoso.com,s1,x\n"+ // 1: same key
		"2009-03-12 10:00:00,im-session,a@contoso.com,b@contoso.com,s1,y\n"+ // 2: other source
		"2009-03-12 10:00:00,im-session,a@contoso.com,b@contoso.com,,x\n"+ // 3: whole row
		"2009-03-12T10:00:00Z,im-session,sip:a@contoso.com,b@contoso.com,,x\n"+ // 4: the same
		"2009-03-12 10:00:00.001,im-session,a@contoso.com,b@contoso.com,,x\n", time.UTC) // 5: another time
	key := func(i int) [2]uint64 { return [2]uint64{g.Records[i].Seq, g.Records[i].Sub} }
	if key(0) != key(1) || key(0) == key(2) || key(0) == key(3) || key(3) != key(4) || key(3) == key(5) {
		t.Errorf("keys %x %x %x %x %x %x", key(0), key(1), key(2), key(3), key(4), key(5))
	}
}

func TestAColumnThatIsNotReadIsNamed(t *testing.T) {
	g := readPlainText(t, "time,activity,user,devise\n2009-03-12 10:00:00,im-login,a@contoso.com,x\n", time.UTC)
	if len(g.Notes) != 1 || g.Notes[0] != `column "devise" is not read` {
		t.Errorf("%q", g.Notes)
	}
}

// FuzzPlain promises for any file: no panic, and every row accounted for once.
func FuzzPlain(f *testing.F) {
	f.Add([]byte("time,activity,user\n2009-03-12 10:00:00,im-login,a@contoso.com\n"))
	f.Add([]byte("time;activity;user;device\n2009-03-12 10:00:00;im-login;\"a@contoso.com\";mac:1\n"))
	f.Add([]byte("time,activity,user,session\n\x00,im-login,a@contoso.com,\"\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		h := &Head{Name: "f", Text: data[:min(len(data), headLen)]}
		if !sniffPlain(h).Yes {
			return
		}
		env := &Env{Now: importTime, Location: time.UTC}
		names := 0
		err := readPlain(context.Background(), []*File{NewFile("f", data)}, env, func(b *Batch) error {
			names += len(b.Names)
			for _, r := range b.Records {
				for _, id := range r.Names() {
					if int(id) > names {
						t.Fatalf("name %d of %d", id, names)
					}
				}
				if r.Line == 0 || r.From.User == 0 {
					t.Fatalf("record without line or user: %+v", r)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
