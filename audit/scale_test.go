package audit

import (
	"fmt"
	"math/rand"
	"testing"

	"calaudit/ingest"
)

// BenchmarkRun audits 20,000 users with two machines each, all readings tried.
func BenchmarkRun(b *testing.B) {
	r := rand.New(rand.NewSource(1))
	s := newScene()
	for i := range 20000 {
		user := s.names.ID(ingest.UserName, fmt.Sprintf("user%d@contoso.com", i))
		for d := range 2 {
			device := s.names.ID(ingest.DeviceName, fmt.Sprintf("host:pc%d", (i+d*7)%20000))
			for a := ingest.IMLogin; a <= ingest.ConferenceAttended; a++ {
				if r.Intn(2) == 0 {
					s.facts = append(s.facts, ingest.Fact{At: testAt, Activity: a, User: user, Device: device})
				}
			}
		}
	}
	in := s.input(mustPolicy(b))
	in.Estate.SIPDomains = []string{"contoso.com"}
	b.ResetTimer()
	for b.Loop() {
		mustRun(b, in)
	}
	b.ReportMetric(float64(len(in.Usages())), "usages")
}
