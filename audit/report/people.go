package report

import (
	"fmt"
	"slices"

	"calaudit/audit"
)

// peopleShown is how many people a line of the nightly mail names.
const peopleShown = 5

// people says how many people the names in the evidence are.
func people(r *audit.Report) Grid {
	p := r.People
	g := Grid{
		Title: "People, not log-ins",
		Columns: []Column{
			{Name: "Shared account", Key: "account", Min: 16},
			{Name: "People", Key: "people", Number: true},
			{Name: "Records", Key: "records", Number: true},
			{Name: "State", Key: "state"},
			{Name: "Who", Key: "who", Min: 16, Drop: 1},
		},
	}
	if p.MergedPersons > 0 {
		text := fmt.Sprintf("%s of %s", plural(p.Names, "name", "names"), plural(p.Persons, "person", "persons"))
		g.Facts = append(g.Facts, Fact{Name: "Met", Text: text})
		var by []string
		for _, tie := range audit.TieWords {
			if n := p.By[tie]; n > 0 {
				by = append(by, fmt.Sprintf("%s %s", tieWords[tie], grouped(n)))
			}
		}
		g.Facts = append(g.Facts, Fact{Name: "Merged", Text: fmt.Sprintf("%s met under several names; these are theirs by: %s", plural(p.MergedPersons, "of these was", "of these were"), and(by))})
		g.Notes = append(g.Notes, "calaudit users --merged names them; calaudit user ID says by what each name is theirs.")
	}
	for _, a := range p.Shared {
		row := cells(a.Account, number(len(a.People)), number(a.Records), a.State, some(a.People, peopleShown))
		if a.State != "counted" {
			row[3].Tone = Warn
		}
		g.Rows = append(g.Rows, row)
	}
	if slices.ContainsFunc(p.Shared, func(a audit.SharedAccount) bool { return a.Split() }) {
		g.Notes = append(g.Notes, "A shared account is no user: what was done with it counts for each of its people.")
	}
	return g
}

// SharedAccount is the page of an account that the estate says several people
// share.
func SharedAccount(a audit.SharedAccount) Document {
	text := fmt.Sprintf("no user: %s, and what was done with it counts for each of them", plural(len(a.People), "person shares it", "people share it"))
	if a.State == "unused" {
		text = fmt.Sprintf("no user: %s, and nothing was met under it in the window", plural(len(a.People), "person shares it", "people share it"))
	}
	g := Grid{
		Facts: []Fact{
			{Name: "Verdict", Text: text},
			{Name: "Why", Text: "[shared] in estate.toml; licences count people and not the names they sign in with"},
			{Name: "Records", Text: number(a.Records)},
		},
		Main:    true,
		Columns: []Column{{Name: "Person", Key: "person"}},
		Notes:   []string{"calaudit user PERSON shows what counts for one of them."},
	}
	var others []string
	for _, id := range a.Names {
		if id != a.Account {
			others = append(others, id)
		}
	}
	if len(others) > 0 {
		g.Facts = append(g.Facts, Fact{Name: "Also known as", Text: some(others, namesShown)})
	}
	for _, id := range a.People {
		g.Rows = append(g.Rows, cells(id))
	}
	value := struct {
		ID     string   `json:"id"`
		Kind   string   `json:"kind"` // "shared-account"
		State  string   `json:"state"`
		Names  []string `json:"names"`
		People []string `json:"people"`
		Uses   int      `json:"records"`
	}{a.Account, "shared-account", a.State, list(a.Names), list(a.People), a.Records}
	return Document{Title: a.Account, Value: value, Grids: []Grid{g}}
}
