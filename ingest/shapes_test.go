package ingest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestOneTableFromEveryToolInEveryEncodingIsTheSame(t *testing.T) {
	tables := site()
	want := tell(t, saved(t, &tools[11], encodings[0].encode, nil, tables...))
	if len(want.records) != 11 || len(want.lookups) != 9 || want.rejected() != 0 {
		t.Fatalf("%+v", want)
	}
	for i := range tools {
		tl := &tools[i]
		for _, e := range encodings {
			got := tell(t, saved(t, tl, e.encode, nil, tables...))
			name := tl.name + " in " + e.name
			if got.rejected() != 0 || len(got.passed) != 0 {
				t.Errorf("%s: %v %v", name, got.rejects, got.passed)
			}
			if !slices.Equal(got.lookups, want.lookups) {
				t.Errorf("%s: other lookup rows", name)
			}
			if tl.cut == 0 && !slices.Equal(got.records, want.records) {
				t.Errorf("%s:\n  %s\nwant\n  %s", name, strings.Join(got.records, "\n  "), strings.Join(want.records, "\n  "))
			}
			if tl.cut == 0 && !slices.Equal(got.facts, want.facts) || tl.cut > 0 && len(got.facts) != len(want.facts) {
				t.Errorf("%s:\n  %s\nwant\n  %s", name, strings.Join(got.facts, "\n  "), strings.Join(want.facts, "\n  "))
			}
			if noted := slices.ContainsFunc(got.notes["SessionDetails"+tl.ext], func(n string) bool { return strings.HasPrefix(n, "times without") }); noted != (tl.cut > 0) {
				t.Errorf("%s: notes %q", name, got.notes)
			}
			if noted := strings.Contains(fmt.Sprint(got.notes["Users"+tl.ext]), "read as windows-1252"); noted != (e.name == "windows-1252") {
				t.Errorf("%s: notes %q", name, got.notes)
			}
		}
	}
}

func TestTablesOfTwoToolsTogetherSayNoMoreThanOne(t *testing.T) {
	tables := site()
	want := tell(t, saved(t, &tools[0], encodings[0].encode, nil, tables...))
	for i := range tools {
		p := saved(t, &tools[i], encodings[0].encode, nil, tables...)
		exact := saved(t, &tools[7], encodings[0].encode, nil, tables...)
		c, err := readSet(append(p.Units[0].Files, exact.Units[0].Files...))
		if err != nil {
			t.Fatal(err)
		}
		if got := c.facts(); !slices.Equal(got, want.facts) {
			t.Errorf("%s beside an exact export:\n  %s\nwant\n  %s", tools[i].name, strings.Join(got, "\n  "), strings.Join(want.facts, "\n  "))
		}
	}
}
