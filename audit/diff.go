package audit

import (
	"cmp"
	"slices"
	"strings"
)

// Change is one difference between two runs for one subject. Before or After
// is empty when the subject is in one run only.
type Change struct {
	Kind   string `json:"kind"`
	ID     string `json:"id"`
	What   string `json:"what"` // appeared, disappeared, class, outcome, licenses or covered_by
	Before string `json:"before"`
	After  string `json:"after"`
}

// Diff lists what changed from the subjects of run a to those of run b.
func Diff(a, b []Subject) []Change {
	type key struct{ kind, id string }
	before := map[key]*Subject{}
	for i := range a {
		before[key{a[i].Kind, a[i].ID}] = &a[i]
	}
	var all []Change
	for i := range b {
		x := &b[i]
		k := key{x.Kind, x.ID}
		old, ok := before[k]
		if !ok {
			all = append(all, Change{x.Kind, x.ID, "appeared", "", summary(x)})
			continue
		}
		delete(before, k)
		for _, c := range []Change{
			{x.Kind, x.ID, "class", old.Class, x.Class},
			{x.Kind, x.ID, "outcome", old.Outcome, x.Outcome},
			{x.Kind, x.ID, "licenses", holdings(old), holdings(x)},
			{x.Kind, x.ID, "covered_by", old.CoveredBy, x.CoveredBy},
		} {
			if c.Before != c.After {
				all = append(all, c)
			}
		}
	}
	for k, old := range before {
		all = append(all, Change{k.kind, k.id, "disappeared", summary(old), ""})
	}
	slices.SortFunc(all, func(a, b Change) int {
		return cmp.Or(-cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID), cmp.Compare(a.What, b.What))
	})
	return all
}

func summary(s *Subject) string {
	return strings.TrimSpace(s.Class + " " + s.Outcome + " " + holdings(s))
}

// holdings names the licences with their versions.
func holdings(s *Subject) string {
	all := make([]string, len(s.Licenses))
	for i, name := range s.Licenses {
		all[i] = name
		if i < len(s.Versions) {
			all[i] += " " + s.Versions[i]
		}
	}
	return strings.Join(all, ", ")
}
