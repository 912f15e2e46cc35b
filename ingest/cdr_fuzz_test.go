package ingest

import (
	"context"
	"fmt"
	"math/rand"
	"strings"
	"testing"
)

// FuzzCDRSet reads a set of whatever files: nothing may panic, every row must
// be accounted for, and every record must compose.
func FuzzCDRSet(f *testing.F) {
	users := estate["Users.csv"]
	f.Add(users, sessionHead+"2009-03-02 09:00:00.123,1,1,3,"+ep1+",,3,1,1,1,,200,1\n", voipHead+"2009-03-02 09:00:00.123,1,501,,1,,,\n")
	f.Add(users, registrationHead+"2009-03-02 08:00:00.123,1,1,"+ep1+",1,1,1,,NULL,200,1\n", estate["Devices.csv"])
	f.Add(users, conferenceHead+"2009-03-02 10:00:00.000,1,1,,1,1,0\n", mcuHead+"2009-03-02 10:00:00.000,1,9,True,12,2009-03-02 10:02:00.000,,\n")
	f.Add("UserId;UserUri;UserAuthTypeId\n-5;\"a;b@c\";1\n16777216;+1;2\n", "UserAuthTypeId;UserAuthType\n1;PIC\n", focusHead+"2009-03-02 10:00:00.000,1,16777216,1,,,,\n")
	f.Add("UserId\tUserUri\n-\t-\n1\t\"x\n(1 rows affected)\n", string(utf16LE(sessionHead)), "VersionId,Version\n1,a/1\n")
	f.Add("#TYPE x\nsep=;\nUserId;UserUri\n1;a@b\n", "sep=,\nVersionId,Version\n1,a/1", "sep=;")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		var files []*File
		for i, text := range []string{a, b, c} {
			file := NewFile(fmt.Sprintf("%d.csv", i), []byte(text))
			h, err := file.Head()
			if err != nil {
				t.Fatal(err)
			}
			if sniffCDR(h).Yes {
				files = append(files, file)
			}
		}
		set, err := readSet(files)
		if err != nil {
			if _, refused := err.(*Refusal); !refused {
				t.Fatal(err)
			}
			return
		}
		if want := countRows(t, files); set.rows != want {
			t.Fatalf("%d rows accounted for, the files have %d", set.rows, want)
		}
		for _, r := range set.records {
			if r.Kind == 0 || r.Line < 2 || r.Key < earliest.UnixMilli() || int(max(r.From.User, r.To.User, r.Server)) > len(set.names) {
				t.Fatalf("%+v", r)
			}
		}
		set.facts()
	})
}

// FuzzCompose composes records made from any bytes, in two orders.
func FuzzCompose(f *testing.F) {
	for seed := range int64(4) {
		f.Add(seed, 3)
	}
	f.Fuzz(func(t *testing.T, seed int64, turn int) {
		rng := rand.New(rand.NewSource(seed))
		day := randomDay(rng)
		want := composeIn(day, composeText)
		for range turn & 7 {
			rng.Shuffle(len(day), func(i, j int) { day[i], day[j] = day[j], day[i] })
		}
		got := composeIn(day, composeText)
		if len(got) != len(want) {
			t.Fatalf("%d facts, then %d", len(want), len(got))
		}
		for i := range got {
			if got[i] != want[i] {
				t.Fatalf("%+v, then %+v", want[i], got[i])
			}
		}
	})
}

// benchSet is a database of many users and sessions, in memory.
func benchSet(users, rows int) []*File {
	var u, s strings.Builder
	u.WriteString("UserId,UserUri,TenantId\n")
	for i := range users {
		fmt.Fprintf(&u, "%d,user%d@contoso.com,4\n", i+1, i+1)
	}
	s.WriteString("SessionIdTime,SessionIdSeq,CorrelationId,ReplaceDialogIdTime,ReplaceDialogIdSeq,User1Id,User2Id," +
		"User1EndpointId,User2EndpointId,TargetUserId,SessionStartedById,OnBehalfOfId,ReferredById,ServerId,PoolId," +
		"ContentTypeID,User1ClientVerId,User2ClientVerId,User1EdgeServerid,User2EdgeServerid,IsUser1Internal," +
		"IsUser2Internal,InviteTime,ResponseTime,ResponseCode,DiagnosticId,CallPriority,User1MessageCount," +
		"User2MessageCount,SessionEndTime,MediaTypes,User1Flag,User2Flag,CallFlag,Processed\r\n")
	rng := rand.New(rand.NewSource(1))
	for i := range rows {
		a, b := rng.Intn(users)+1, rng.Intn(users)+1
		at := fmt.Sprintf("2009-03-%02d %02d:%02d:%02d.%03d", 1+i*28/rows, rng.Intn(24), rng.Intn(60), rng.Intn(60), rng.Intn(1000))
		fmt.Fprintf(&s, "%s,1,,,,%d,%d,%08X-0000-4000-8000-0123456789AB,%08X-0000-4000-8000-0123456789AB,%d,%d,,,1,1,,1,1,,,1,1,%s,%s,200,,,3,4,%s,1,0,0,0,1\r\n",
			at, a, b, a, b, b, a, at, at, at)
	}
	files := []*File{NewFile("SessionDetails.csv", []byte(s.String())), NewFile("Users.csv", []byte(u.String()))}
	for _, name := range []string{"Tenants.csv", "ClientVersions.csv", "Servers.csv", "Pools.csv"} {
		files = append(files, NewFile(name, []byte(estate[name])))
	}
	return files
}

// BenchmarkCDRSessions reads SessionDetails with all columns of the 2013
// documentation. Allocations per row stay near 0: they go with users,
// endpoints and batches.
func BenchmarkCDRSessions(b *testing.B) {
	const rows = 200000
	files := benchSet(5000, rows)
	b.SetBytes(files[0].Size)
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		err := readCDR(context.Background(), files, cdrEnv, func(b *Batch) error { n += len(b.Records); b.Done(); return nil })
		if err != nil || n != rows {
			b.Fatal(n, err)
		}
	}
	b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
}

// Reading must not allocate for each row.
func TestCDRAllocations(t *testing.T) {
	const rows = 20000
	small, large := benchSet(100, rows), benchSet(100, 4*rows)
	count := func(files []*File) float64 {
		return testing.AllocsPerRun(2, func() {
			if err := readCDR(context.Background(), files, cdrEnv, func(b *Batch) error { b.Done(); return nil }); err != nil {
				t.Fatal(err)
			}
		})
	}
	if perRow := (count(large) - count(small)) / (3 * rows); perRow > 0.01 {
		t.Errorf("%.3f allocations for a row, want next to none", perRow)
	}
}
