package audit

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

func TestDigest(t *testing.T) {
	in := workedExample(t)
	a, s := mustRun(t, in)
	Seal(a, s)
	b, s2 := mustRun(t, in)
	b.Run, b.Imports.Read, b.Evidence.Files, b.ExitCodes, b.Chain = 7, 3, 2, []int{3}, "sha256:x"
	Seal(b, s2)
	if a.Digest != b.Digest || !strings.HasPrefix(a.Digest, "sha256:") {
		t.Errorf("%s, %s", a.Digest, b.Digest)
	}
	b.Position[0].Owned++
	Seal(b, s2)
	if a.Digest == b.Digest {
		t.Error("the digest misses a position")
	}
	if Chain("", a) == Chain("x", a) || Chain("", a) == Chain("", b) {
		t.Error("the chain misses the run before or this one")
	}
	s2[0].Outcome = "required"
	old := a.Digest
	if Seal(a, s2); a.Digest == old {
		t.Error("the digest misses a subject")
	}
}

// A saved report read back must have the digest it was saved with.
func TestDigestSurvivesSaving(t *testing.T) {
	r, s := mustRun(t, workedExample(t))
	Seal(r, s)
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var again Report
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	if Seal(&again, s); again.Digest != r.Digest {
		t.Errorf("%s, read back %s", r.Digest, again.Digest)
	}
	if strings.Contains(string(text), "null") {
		t.Errorf("a list is null: %s", text)
	}
}

func TestFailOn(t *testing.T) {
	short := &Report{Position: []Position{{Required: 100, Shortfall: 4}}}
	open := &Report{Totals: Totals{Users: Outcomes{Undetermined: 1}}}
	for text, want := range map[string][2]bool{
		"shortfall": {true, false}, "shortfall>=4%": {true, false}, "shortfall>=4.5%": {false, false},
		"undetermined": {false, true}, "never": {false, false},
	} {
		f, err := ParseFailOn(text)
		if got := [2]bool{f.Fails(short), f.Fails(open)}; err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"always", "shortfall>5%", "shortfall>=%", "shortfall>=-1%", "shortfall>=5", "shortfall>=0%"} {
		_, err := ParseFailOn(text)
		fails(t, err, "valid: shortfall", "undetermined, never")
	}
}

func TestDiff(t *testing.T) {
	a := []Subject{{ID: "a", Kind: "user", Class: "hosted", Outcome: "required", Licenses: []string{"ocs-standard-cal"}, Versions: []string{"2007"}},
		{ID: "b", Kind: "user", Class: "hosted", Outcome: "exempt"}, {ID: "c", Kind: "device", Outcome: "exempt"}}
	b := []Subject{{ID: "a", Kind: "user", Class: "hosted", Outcome: "required", Licenses: []string{"ocs-standard-cal"}, Versions: []string{"2010"}},
		{ID: "d", Kind: "user", Class: "pstn", Outcome: "exempt"}, {ID: "c", Kind: "device", Outcome: "required"}}
	want := []Change{
		{"user", "a", "licenses", "ocs-standard-cal 2007", "ocs-standard-cal 2010"},
		{"user", "b", "disappeared", "hosted exempt", ""},
		{"user", "d", "appeared", "", "pstn exempt"},
		{"device", "c", "outcome", "exempt", "required"},
	}
	if got := Diff(a, b); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
	if got := Diff(a, a); len(got) > 0 {
		t.Errorf("nothing changed, but %+v", got)
	}
}
