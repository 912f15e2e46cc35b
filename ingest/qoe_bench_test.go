//go:build unix

package ingest

import (
	"bufio"
	"context"
	"fmt"
	"math/rand"
	"strings"
	"syscall"
	"testing"
	"time"
)

// benchQuality is a quality database of many sessions, in memory: Session with
// all columns of the 2013 documentation, and one row of MediaLine and Dialog each.
func benchQuality(users, rows int) (session, line, dialog *File, all []*File) {
	var u, e, m, s, l, d strings.Builder
	u.WriteString("UserKey,URI,URIType,TenantKey,LastPoorCallTime,NextUpdateTS\r\n")
	e.WriteString("EndpointKey,Name,OS,CPUName,CPUNumberOfCores,CPUProcessorSpeed,VirtualizationFlag\r\n")
	m.WriteString("MacAddressKey,MacAddress\r\n")
	for i := 1; i <= users; i++ {
		fmt.Fprintf(&u, "%d,user%d@contoso.com,2,1,NULL,2009-03-01 00:00:00.000\r\n", i, i)
		fmt.Fprintf(&e, "%d,PC-%d.contoso.com,Windows,CPU,2,2000,0\r\n", i, i)
		fmt.Fprintf(&m, "%d,00-1A-A0-%02X-%02X-%02X\r\n", i, i>>16, i>>8&255, i&255)
	}
	s.WriteString("ConferenceDateTime,SessionSeq,ConferenceKey,CorrelationKey,DialogCategory,MediationServerBypassFlag,MediaBypassWarningFlag,StartTime,EndTime," +
		"CallerPool,CalleePool,CalleePAI,CallerURI,CallerEndpoint,CallerUserAgent,CallPriority,ClassifiedPoorCall,CallerPAI,CalleeEndpoint,CalleeUserAgent,CalleeUri\r\n")
	l.WriteString(qoeLineHead)
	d.WriteString(qoeDialogHead)
	rng := rand.New(rand.NewSource(1))
	for i := range rows {
		a, b := rng.Intn(users)+1, rng.Intn(users)+1
		at := fmt.Sprintf("2009-03-%02d %02d:%02d:%02d.%03d", 1+i*28/rows, rng.Intn(24), rng.Intn(60), rng.Intn(60), rng.Intn(1000))
		fmt.Fprintf(&s, "%s,1,1,NULL,0,0,NULL,%s,%s,1,1,%d,%d,%d,1,2,NULL,%d,%d,1,%d\r\n", at, at, at, b, a, a, a, b, b)
		fmt.Fprintf(&l, "%s,1,0,%d,0,%d,0\r\n", at, a, b)
		fmt.Fprintf(&d, "%s,1,%032x;from-tag=%08x;to-tag=%08x,%d\r\n", at, rng.Uint64(), a, b, i)
	}
	session, line, dialog = NewFile("Session.csv", []byte(s.String())), NewFile("MediaLine.csv", []byte(l.String())), NewFile("Dialog.csv", []byte(d.String()))
	all = []*File{session, line, dialog, NewFile("User.csv", []byte(u.String())), NewFile("Endpoint.csv", []byte(e.String())), NewFile("MacAddress.csv", []byte(m.String()))}
	for _, name := range []string{"UserAgent.csv", "Pool.csv", "Conference.csv"} {
		all = append(all, NewFile(name, []byte(quality[name])))
	}
	return session, line, dialog, all
}

// BenchmarkQoE reads each fact table with the names behind its keys, and the
// same files line by line, in MB for each second of CPU time: time on the wall
// says little on a busy machine.
func BenchmarkQoE(b *testing.B) {
	const rows = 200_000
	session, line, dialog, all := benchQuality(5000, rows)
	used := func() time.Duration {
		var r syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
			b.Fatal(err)
		}
		return time.Duration(r.Utime.Nano() + r.Stime.Nano())
	}
	for _, f := range []*File{session, line, dialog} {
		b.Run(f.Path, func(b *testing.B) {
			b.ReportAllocs()
			files, size := append([]*File{f}, all[3:]...), 0.0
			for _, f := range files {
				size += float64(f.Size) / 1e6
			}
			var read, plain time.Duration
			for b.Loop() {
				start, n := used(), 0
				if err := readQoE(context.Background(), files, cdrEnv, func(b *Batch) error { n += len(b.Records); b.Done(); return nil }); err != nil || n != rows {
					b.Fatal(n, err)
				}
				read -= start - used()
				start, n = used(), 0
				for _, f := range files {
					rc, err := f.Text()
					if err != nil {
						b.Fatal(err)
					}
					for lines := bufio.NewScanner(rc); lines.Scan(); {
						if line := lines.Text(); line != "" {
							n++
						}
					}
				}
				if plain -= start - used(); n <= rows {
					b.Fatal(n)
				}
			}
			b.ReportMetric(size*float64(b.N)/read.Seconds(), "MB/cpu-s")
			b.ReportMetric(size*float64(b.N)/plain.Seconds(), "lines-MB/cpu-s")
			b.ReportMetric(plain.Seconds()/read.Seconds(), "of-lines")
		})
	}
}

// Reading must not allocate for each row.
func TestQoEAllocations(t *testing.T) {
	const rows = 20_000
	_, _, _, small := benchQuality(100, rows)
	_, _, _, large := benchQuality(100, 4*rows)
	count := func(files []*File) float64 {
		return testing.AllocsPerRun(2, func() {
			if err := readQoE(context.Background(), files, cdrEnv, func(b *Batch) error { b.Done(); return nil }); err != nil {
				t.Fatal(err)
			}
		})
	}
	if perRow := (count(large) - count(small)) / (9 * rows); perRow > 0.01 {
		t.Errorf("%.3f allocations for a row, want next to none", perRow)
	}
}
