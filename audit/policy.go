package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Policy is a named, dated set of licensing rules, read from TOML:
// policy/*.toml, which explain themselves.
type Policy struct {
	Name          string                  `toml:"name"`
	Title         string                  `toml:"title"`
	Effective     string                  `toml:"effective"`
	ServerVersion string                  `toml:"server_version"` // where an export doesn't tell
	Sources       map[string]PolicySource `toml:"sources"`
	Licenses      map[string]string       `toml:"licenses"`   // CAL family -> licence name
	Connectors    []string                `toml:"connectors"` // CAL families that External Connectors cover outsiders for
	Questions     []Question              `toml:"questions"`
	Rules         []Rule                  `toml:"rules"`
	Otherwise     Otherwise               `toml:"otherwise"`
	Servers       []ServerRule            `toml:"servers"`

	SHA256  string  `toml:"-"` // of the file's bytes, in hex
	version Version // ServerVersion
}

// PolicySource is a text that rules cite.
type PolicySource struct {
	Title string `toml:"title"`
	URL   string `toml:"url"`
}

// Question is a disputed point with two readings.
type Question struct {
	ID      string   `toml:"id"`
	Default string   `toml:"default"` // strict or lenient
	Text    string   `toml:"text"`
	Strict  string   `toml:"strict"`
	Lenient string   `toml:"lenient"`
	Cite    []string `toml:"cite"`
}

// Rule says what follows from an activity of a class of party. Rules are
// tried in order; empty lists match anything.
type Rule struct {
	ID         string      `toml:"id"`
	Class      []string    `toml:"class"`
	Activity   []string    `toml:"activity"`
	Peer       []string    `toml:"peer"`    // class of the other party of a call
	Role       []string    `toml:"role"`    // in a conference: presenter
	Media      []string    `toml:"media"`   // one of these in a session of two, or where a presenter presents
	Device     []string    `toml:"device"`  // the identity is a device of this class: room-system
	Require    []string    `toml:"require"` // CAL families
	Exempt     bool        `toml:"exempt"`
	Reading    string      `toml:"reading"` // the question that decides between the next two
	Strict     *RuleAnswer `toml:"strict"`
	Lenient    *RuleAnswer `toml:"lenient"`
	Reason     string      `toml:"reason"`
	Cite       []string    `toml:"cite"`
	Confidence string      `toml:"confidence"` // D, S or I
}

// RuleAnswer is the outcome of a rule under one reading.
type RuleAnswer struct {
	Require []string `toml:"require"`
	Exempt  bool     `toml:"exempt"`
	As      string   `toml:"as"` // judged like this class doing the same
}

// Otherwise is what holds when no rule matches.
type Otherwise struct {
	ID      string   `toml:"id"`
	CountAs []string `toml:"count_as"`
	Reason  string   `toml:"reason"`
}

// ServerRule says which licence an instance needs. Rules are tried in order;
// empty lists match anything.
type ServerRule struct {
	ID         string        `toml:"id"`
	Role       []string      `toml:"role"`
	Edition    []string      `toml:"edition"`
	License    string        `toml:"license"`
	Exempt     bool          `toml:"exempt"`  // additional software: needs none
	Reading    string        `toml:"reading"` // the question that decides between the next two
	Strict     *ServerAnswer `toml:"strict"`
	Lenient    *ServerAnswer `toml:"lenient"`
	Reason     string        `toml:"reason"`
	Cite       []string      `toml:"cite"`
	Confidence string        `toml:"confidence"`
}

// ServerAnswer is the outcome of a server rule under one reading.
type ServerAnswer struct {
	License string `toml:"license"`
	Exempt  bool   `toml:"exempt"`
}

// Questions that the auditor itself answers; all others belong to rules. The
// value is the reading in force when a policy does not ask.
var builtinQuestions = map[string]string{
	"dormant-identity":   "strict",
	"disabled-identity":  "strict",
	"downgrade-basis":    "lenient",
	"identity-by-device": "lenient",
	"user-and-device":    "lenient",
	"r2-version":         "strict",
}

// BuiltinPolicies names the policies that come with the program, by the date of
// their terms.
func BuiltinPolicies() []string { return slices.Clone(builtinPolicies()) }

var builtinPolicies = sync.OnceValue(func() []string {
	files, err := embedded.ReadDir("policy")
	if err != nil {
		panic(err) // part of the program
	}
	var names []string
	effective := map[string]string{}
	for _, f := range files {
		name, ok := strings.CutSuffix(f.Name(), ".toml")
		if !ok || strings.HasSuffix(name, ".cases") {
			continue
		}
		var p Policy
		data, err := embedded.ReadFile("policy/" + f.Name())
		if err == nil {
			err = decodeStrict(f.Name(), data, &p)
		}
		if err != nil {
			panic(err) // covered by tests
		}
		names = append(names, name)
		effective[name] = p.Effective
	}
	slices.SortFunc(names, func(a, b string) int { return strings.Compare(effective[a], effective[b]) })
	return names
})

// BuiltinPolicy returns a policy that comes with the program.
func BuiltinPolicy(name string) (*Policy, error) {
	if !slices.Contains(BuiltinPolicies(), name) {
		return nil, fmt.Errorf("unknown policy %q; valid: %s, or a file", name, strings.Join(BuiltinPolicies(), ", "))
	}
	data, err := embedded.ReadFile("policy/" + name + ".toml")
	if err != nil {
		return nil, err
	}
	return ParsePolicy(name+".toml", data)
}

// BuiltinCases returns the file of test cases of a policy that comes with the
// program.
func BuiltinCases(name string) (file string, data []byte, err error) {
	file = name + ".cases.toml"
	data, err = embedded.ReadFile("policy/" + file)
	return file, data, err
}

// ParsePolicy reads and checks a policy; every problem is reported with its line.
func ParsePolicy(file string, data []byte) (*Policy, error) {
	p := new(Policy)
	if err := decodeStrict(file, data, p); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	p.SHA256 = hex.EncodeToString(sum[:])
	c := policyCheck{p: p, at: locate(file, data)}
	c.head()
	c.questions()
	c.rules()
	c.servers()
	c.reach()
	if err := errors.Join(c.errs...); err != nil {
		return nil, err
	}
	return p, nil
}

// ParseReadings reads answers such as "external-attendee=lenient" and fills in
// the defaults of the questions that are not named.
func ParseReadings(p *Policy, answers []string) (map[string]string, error) {
	chosen := map[string]string{}
	var ids []string
	for _, q := range p.Questions {
		chosen[q.ID] = q.Default
		ids = append(ids, q.ID)
	}
	slices.Sort(ids)
	for _, a := range answers {
		id, answer, _ := strings.Cut(a, "=")
		id, answer = strings.TrimSpace(id), strings.TrimSpace(answer)
		if _, ok := chosen[id]; !ok {
			return nil, fmt.Errorf("reading %q: policy %s has no such question; valid: %s", a, p.Name, strings.Join(ids, ", "))
		}
		if answer != "strict" && answer != "lenient" {
			return nil, fmt.Errorf("reading %q: the answer is missing or unknown; valid: %s=strict, %s=lenient", a, id, id)
		}
		chosen[id] = answer
	}
	return chosen, nil
}
