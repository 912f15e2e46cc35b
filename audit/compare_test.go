package audit

import (
	"slices"
	"testing"
)

// Every case is in the comparison of two policies exactly when they judge it
// differently under all strict or all lenient answers, worked out with the table
// that exports show.
func TestComparisonNamesEveryDifferenceAndNothingElse(t *testing.T) {
	names := BuiltinPolicies()
	for _, a := range names {
		for _, b := range names {
			left, right := mustPolicyNamed(t, a), mustPolicyNamed(t, b)
			differ := map[string]bool{}
			for _, reading := range []string{"strict", "lenient"} {
				var said [2]map[string]string
				for i, p := range []*Policy{left, right} {
					readings := map[string]string{}
					for _, q := range p.Questions {
						readings[q.ID] = reading
					}
					table, err := compile(p, readings)
					if err != nil {
						t.Fatal(err)
					}
					said[i] = map[string]string{}
					for c := range eachCase {
						d := table[c.cell()]
						said[i][c.class.String()+" "+c.activity.String()] += d.outcome.String() + d.needs.Letters() + ";"
					}
				}
				for k := range said[0] {
					if said[0][k] != said[1][k] {
						differ[k] = true
					}
				}
			}
			list, err := ComparePolicies(left, right)
			if err != nil {
				t.Fatal(err)
			}
			told := map[string]bool{}
			for _, d := range list {
				told[d.Class+" "+d.Activity] = true
				if d.A.String() == d.B.String() {
					t.Errorf("%s and %s: %+v is no difference", a, b, d)
				}
			}
			for k := range differ {
				if !told[k] {
					t.Errorf("%s and %s differ in %s, which is not told", a, b, k)
				}
			}
			if len(told) != len(differ) {
				t.Errorf("%s and %s: %d classes and activities told, %d differ", a, b, len(told), len(differ))
			}
		}
	}
}

func TestComparisonDescribesHowInFewWords(t *testing.T) {
	list, err := ComparePolicies(mustPolicyNamed(t, "lync2010"), mustPolicyNamed(t, "lync2013"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range list {
		if d.Class == "hosted" && (d.Activity == "conference-attended" || d.Activity == "call-placed") {
			got = append(got, d.Activity+"|"+d.Peers+"|"+d.How+"|"+d.A.Rule+"|"+d.B.Rule)
		}
	}
	want := []string{
		"call-placed|not pstn|room-system, no sharing or data|internal-call|room-system",
		"call-placed|not pstn|room-system, sharing or data|session-sharing|room-system",
		"conference-attended||room-system, no presenter|conference-attendee|room-system",
		"conference-attended||presenter, no sharing or data or room-system|conference-presenter|conference-attendee",
		"conference-attended||presenter, room-system|conference-presenter|room-system",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestSettingsAreCompared(t *testing.T) {
	a, b := mustPolicyNamed(t, "lync2010"), mustPolicyNamed(t, "sfb2015")
	got := CompareSettings(a, b)
	for _, want := range []Setting{
		{"terms of", "2010-10-13", "2015-05-01"},
		{"server version where none is told", "2010", "2015"},
		{"plus CAL", "lync-plus-cal", "sfb-plus-cal"},
		{"External Connectors for", "standard, enterprise", "none"},
		{"question presenter-edition", "default strict", "not asked"},
		{"server, front-end", "lync-server: front-end", "sfb-server: front-end"},
		{"server, edge", "lync-server, lenient none: edge", "none: other-roles"},
	} {
		if !slices.Contains(got, want) {
			t.Errorf("%+v is missing in %+v", want, got)
		}
	}
	if slices.ContainsFunc(got, func(s Setting) bool { return s.What == "server, director" }) {
		t.Error("the Director needs none in either")
	}
}
