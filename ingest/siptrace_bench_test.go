package ingest

import (
	"bufio"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"calaudit/ingest/siptrace"
)

// traffic is a morning of many users at one Front End: signing in, presence,
// messages, calls, meetings; each message twice, in and out.
func traffic(users int) []traceMsg {
	s := newStory()
	const presence = `<categories xmlns="http://schemas.microsoft.com/2006/09/sip/categories" uri="sip:someone@contoso.com"><category name="state" instance="1" publishTime="2009-03-02T08:00:00.000">` +
		`<state xsi:type="aggregateState" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns="http://schemas.microsoft.com/2006/09/sip/state"><availability>3500</availability></state></category></categories>` + "\r\n"
	long := strings.Repeat(presence, 3)
	for i := range users {
		user := fmt.Sprintf("user%d@contoso.com", i)
		peer := fmt.Sprintf("user%d@contoso.com", (i*7+1)%users)
		epid := fmt.Sprintf("%010x", i*7919)
		from, says := party(user, fmt.Sprintf("f%d", i), epid), []string{"User-Agent: " + ocAgent, "Allow: INVITE, BYE, ACK, CANCEL, INFO, UPDATE, REFER, NOTIFY, BENOTIFY, OPTIONS",
			`Proxy-Authorization: Kerberos qop="auth", realm="SIP Communications Service", opaque="9A8B7C6D", crand="1b2c3d4e", cnum="12", targetname="sip/fe1.contoso.com", response="602306092a864886f71201020201011100ffffffff6a1d3f3e3c5c9d0d"`}
		call := func(n int) string { return fmt.Sprintf("%032x", i*100+n) }
		s.signIn(user, fmt.Sprintf("f%d", i), epid, says, call(0), 401)
		s.signIn(user, fmt.Sprintf("f%d", i), epid, says, call(0), 200)
		for n := range 3 {
			s.request("SUBSCRIBE", "sip:"+user, from, "<sip:"+user+">", call(10+n), 200, says, presence, nil, long)
		}
		for n := range 4 {
			s.request("BENOTIFY", "sip:10.1.9.9:50061", "<sip:"+peer+">;tag=b", "<sip:"+user+">", call(20+n), 0, nil, long, nil, "")
			s.request("SERVICE", "sip:"+user, from, "<sip:"+user+">", call(30+n), 200, says, long, nil, "")
		}
		s.request("INVITE", "sip:"+peer, from, "<sip:"+peer+">", call(40), 200, says, imSDP, bobSays, imSDP)
		for range 4 {
			s.request("MESSAGE", "sip:"+peer, from, "<sip:"+peer+">#t"+call(40), call(40), 200, says, "a line of text", bobSays, "")
			s.request("INFO", "sip:"+peer, from, "<sip:"+peer+">", call(40), 200, says, "<KeyboardActivity><status status=\"type\"/></KeyboardActivity>", bobSays, "")
		}
		s.request("INVITE", "sip:+12065550199@contoso.com;user=phone", from, "<sip:+12065550199@contoso.com;user=phone>", call(41), 200, says, audioSDP,
			[]string{"Server: RTCC/3.5.0.0 MediationServer"}, audioSDP)
	}
	var both []traceMsg
	for _, m := range s.msgs {
		out := m
		out.at, out.in = m.at.Add(time.Millisecond), !m.in
		both = append(both, m, out)
	}
	return both
}

// perCPUSecond reports the rate of a benchmark that reads size bytes at a time.
func perCPUSecond(b *testing.B, size int, since time.Duration) {
	if used := cpuTime() - since; used > 0 {
		b.ReportMetric(float64(size)*float64(b.N)/1e6/used.Seconds(), "MB/cpu-s")
	}
}

// BenchmarkSIPTrace reads traces of every shape; BenchmarkSIPTraceLines reads
// the same bytes line by line, which is the measure.
func BenchmarkSIPTrace(b *testing.B) {
	msgs := traffic(400)
	for name, shape := range traceShapes {
		content := []byte(render(shape, msgs))
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(content)))
			b.ReportAllocs()
			defer perCPUSecond(b, len(content), cpuTime())
			for b.Loop() {
				rows := 0
				err := readTrace(context.Background(), shape, []*File{NewFile("trace.txt", content)}, traceEnv, func(batch *Batch) error {
					rows += batch.Rows()
					batch.Done()
					return nil
				})
				if err != nil || rows < len(msgs) {
					b.Fatal(rows, err)
				}
			}
		})
	}
}

func BenchmarkSIPTraceLines(b *testing.B) {
	msgs := traffic(400)
	for name, shape := range traceShapes {
		content := []byte(render(shape, msgs))
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(content)))
			defer perCPUSecond(b, len(content), cpuTime())
			for b.Loop() {
				rc, err := NewFile("trace.txt", content).Text()
				if err != nil {
					b.Fatal(err)
				}
				s := bufio.NewScanner(rc)
				s.Buffer(make([]byte, 64<<10), siptrace.MaxRecord)
				lines := 0
				for s.Scan() {
					lines++
				}
				if s.Err() != nil || lines < len(msgs) {
					b.Fatal(lines, s.Err())
				}
			}
		})
	}
}
