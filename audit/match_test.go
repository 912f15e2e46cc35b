package audit

import (
	"math/rand"
	"testing"

	"calaudit/ingest"
)

// Whatever a fact says, its usage is one of the cases that policies are worked
// out for: a case without a number would be judged by none.
func TestEveryFactIsACaseOfTheRules(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	seen := map[int]bool{}
	for range 200_000 {
		f := ingest.Fact{Activity: ingest.Activity(1 + r.Intn(ruleActivities-1)), Media: ingest.Media(r.Intn(64)), Role: ingest.Role(r.Intn(4))}
		k := KeyOf(&f)
		c := ruleCase{class: ingest.Class(1 + r.Intn(ruleClasses-1)), activity: f.Activity, manner: mannerOf(&k)}
		if f.Activity.Call() {
			c.peer = ingest.Class(r.Intn(ruleClasses))
		}
		if c.class == ingest.Hosted && r.Intn(2) == 0 {
			c.manner |= inRoom
		}
		if c.cell() < 0 {
			t.Fatalf("%+v of fact %+v has no number", c, f)
		}
		seen[c.cell()] = true
	}
	if len(seen) != ruleCells {
		t.Errorf("%d cases are numbered, facts make %d", ruleCells, len(seen))
	}
}
