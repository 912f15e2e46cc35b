package audit

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func mustPolicy(t testing.TB) *Policy {
	t.Helper()
	p, err := BuiltinPolicy("ocs2007")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// fact adds "activity user key=value ...", at a time.
func (s *scene) fact(t testing.TB, at int64, text string) {
	t.Helper()
	if err := s.add(at, text); err != nil {
		t.Fatal(err)
	}
}

// testAt is when the facts of tests are, unless they say otherwise.
var testAt = caseTime

// verdictLines writes subjects as "id class outcome licences covered_by".
func verdictLines(subjects []Subject) []string {
	var all []string
	for _, s := range subjects {
		line := fmt.Sprintf("%s %s %s", s.ID, s.Class, s.Outcome)
		if len(s.Licenses) > 0 {
			line += " " + strings.Join(s.Licenses, "+")
		}
		if s.CoveredBy != "" {
			line += " " + s.CoveredBy
		}
		all = append(all, line)
	}
	slices.Sort(all)
	return all
}

func mustRun(t testing.TB, in *Input) (*Report, []Subject) {
	t.Helper()
	r, s, err := Run(in)
	if err != nil {
		t.Fatal(err)
	}
	return r, s
}
