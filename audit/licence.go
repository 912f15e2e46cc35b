package audit

import (
	"embed"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

//go:embed catalogue/*.toml policy/*.toml policy/public-im.txt
var embedded embed.FS

// Editions is a set of CAL families. Enterprise and Plus come on top of
// Standard, so a need is a set and never a single label.
type Editions uint8

const (
	Standard Editions = 1 << iota
	Enterprise
	Plus
)

// families are the CAL families in the order of their bits.
var families = [...]string{"standard", "enterprise", "plus"}

// Names lists the families of the set.
func (e Editions) Names() []string {
	var names []string
	for i, name := range families {
		if e&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// Letters names the set by the first letters of its families: S+E+P.
func (e Editions) Letters() string {
	var all []string
	for _, name := range e.Names() {
		all = append(all, strings.ToUpper(name[:1]))
	}
	return strings.Join(all, "+")
}

// Version is a server or CAL generation; newer compares greater. The zero
// value means "not told".
type Version uint8

func (v Version) String() string {
	if v == 0 {
		return ""
	}
	return catalogue().Releases[v-1].Version
}

// ParseVersion reads a generation as the catalogue names it; empty text is the
// zero value.
func ParseVersion(s string) (Version, error) {
	if s == "" {
		return 0, nil
	}
	var names []string
	for i, r := range catalogue().Releases {
		if r.Version == s {
			return Version(i + 1), nil
		}
		names = append(names, r.Version)
	}
	return 0, fmt.Errorf("unknown version %q; valid: %s", s, strings.Join(names, ", "))
}

// newest is the newest generation that there is.
func newest() Version { return Version(len(catalogue().Releases)) }

// Release is one server generation and the day it came out.
type Release struct {
	Version    string `toml:"version"`
	Product    string `toml:"product"`
	Date       string `toml:"date"`
	MinorOf    string `toml:"minor_of"` // reading r2-version lenient: CALs of this one serve it
	Source     string `toml:"source"`
	Confidence string `toml:"confidence"`
}

// License is one entry of the catalogue.
type License struct {
	Name    string            `toml:"name"`
	Title   string            `toml:"title"`
	Product string            `toml:"product"`
	Suite   bool              `toml:"suite"` // has no version of its own
	Metrics []string          `toml:"metrics"`
	Grants  []string          `toml:"grants"`  // families a holder gets
	Edition string            `toml:"edition"` // of a server licence, where editions were sold apart
	Serves  []string          `toml:"serves"`  // other families of server licence that this one is good for
	Holds   map[string]string `toml:"holds"`   // of other products: version -> newest version of what it grants
	Rights  []Right           `toml:"rights"`
	Note    string            `toml:"note"`
}

// Right is what a licence gives beside its own grants, under conditions that all
// must hold. Days are YYYY-MM-DD; a condition that is empty is none.
type Right struct {
	Grants       []string `toml:"grants"`
	Together     bool     `toml:"together"`      // to the holder of the licence, as with a suite; otherwise as a licence of its own
	SAAt         string   `toml:"sa_at"`         // Software Assurance was in force that day
	SASince      string   `toml:"sa_since"`      // it was in force that day or later
	BoughtFrom   string   `toml:"bought_from"`   // sa_from is that day or later
	BoughtBefore string   `toml:"bought_before"` // sa_from is before that day
	Undated      bool     `toml:"undated"`       // holds as well where sa_from is not told
	With         string   `toml:"with"`          // another licence is owned, with Software Assurance on the day sa_at
	UpTo         string   `toml:"up_to"`         // of no newer version
	Why          string   `toml:"why"`
	Source       string   `toml:"source"`
	Confidence   string   `toml:"confidence"`
}

type licenseCatalogue struct {
	Releases []Release `toml:"releases"`
	Licenses []License `toml:"licenses"`
}

var catalogue = sync.OnceValue(func() *licenseCatalogue {
	const file = "catalogue/catalogue.toml"
	data, err := embedded.ReadFile(file)
	c := new(licenseCatalogue)
	if err == nil {
		err = decodeStrict(file, data, c)
	}
	if err != nil {
		panic(err) // part of the program, covered by tests
	}
	return c
})

// Catalog lists every licence an entitlement can name, by name.
func Catalog() []License {
	all := slices.Clone(catalogue().Licenses)
	slices.SortFunc(all, func(a, b License) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// Releases lists the server generations, oldest first.
func Releases() []Release { return slices.Clone(catalogue().Releases) }

// license finds a catalogue entry.
func license(name string) (*License, error) {
	c := catalogue()
	var names []string
	for i := range c.Licenses {
		if c.Licenses[i].Name == name {
			return &c.Licenses[i], nil
		}
		names = append(names, c.Licenses[i].Name)
	}
	slices.Sort(names)
	return nil, fmt.Errorf("unknown license %q; valid: %s", name, strings.Join(names, ", "))
}

// minorReleases gives the version whose CALs serve a minor release of it.
func minorReleases() map[Version]Version {
	m := map[Version]Version{}
	for i, r := range catalogue().Releases {
		if major, err := ParseVersion(r.MinorOf); err == nil && major != 0 {
			m[Version(i+1)] = major
		}
	}
	return m
}

// newestBy is the newest version released on or before a day, 0 when none was.
func newestBy(date time.Time) Version {
	var newest Version
	for i, r := range catalogue().Releases {
		if d, err := time.Parse(time.DateOnly, r.Date); err == nil && !d.After(date) {
			newest = Version(i + 1)
		}
	}
	return newest
}

// labels gives the licence name of a family in a generation: the names of
// later products are labels of the same families.
type labels struct {
	policy map[string]string // family -> licence name of the policy's generation
}

func (l labels) name(family string, v Version) string {
	product := ""
	if v > 0 {
		product = catalogue().Releases[v-1].Product
	}
	fallback := l.policy[family]
	if fallback != "" {
		if own, err := license(fallback); err == nil && (product == "" || own.Product == product) {
			return fallback
		}
	}
	for _, e := range catalogue().Licenses {
		if e.Suite || len(e.Grants) != 1 || e.Grants[0] != family {
			continue
		}
		if e.Product == product {
			return e.Name
		}
		if fallback == "" {
			fallback = e.Name
		}
	}
	return fallback
}
