package audit

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// WhatIf is what a what-if file changes of an audit's input. The file is TOML
// in the shapes of the inputs themselves: policy and readings as the flags take
// them, a table [estate] as estate.toml, and tables [[licenses]] with the columns
// of licenses.csv.
type WhatIf struct {
	File     string
	Policy   string        // name or file, empty for that of the audit
	Assign   string        // empty for that of the audit
	Readings []string      // QUESTION=ANSWER, sorted
	Estate   *Estate       // nil for none
	Licenses []Entitlement // a quantity below 0 takes licences away
	Replace  []string      // of estate and licenses: what stands in place of those in force, instead of beside

	at *places
}

// whatIfFile is the file as written.
type whatIfFile struct {
	Policy   string            `toml:"policy"`
	Assign   string            `toml:"assign"`
	Readings map[string]string `toml:"readings"`
	Replace  []string          `toml:"replace"`
	Estate   *estateFile       `toml:"estate"`
	Licenses []whatIfLicense   `toml:"licenses"`
}

// whatIfLicense is a row of licenses.csv. Numbers and dates may be written as
// such or as text.
type whatIfLicense struct {
	License   string `toml:"license"`
	Metric    string `toml:"metric"`
	Version   string `toml:"version"`
	Quantity  int    `toml:"quantity"`
	SAFrom    any    `toml:"sa_from"`
	SAUntil   any    `toml:"sa_until"`
	Agreement string `toml:"agreement"`
	UnitPrice any    `toml:"unit_price"`
	Currency  string `toml:"currency"`
	Note      string `toml:"note"`
}

// ParseWhatIf reads a what-if file strictly; every problem is reported with its
// line.
func ParseWhatIf(file string, data []byte) (*WhatIf, error) {
	var f whatIfFile
	if err := decodeStrict(file, data, &f); err != nil {
		return nil, err
	}
	w := &WhatIf{File: file, Policy: f.Policy, Assign: f.Assign, Replace: f.Replace, at: locate(file, data)}
	var errs []error
	bad := func(path []string, format string, args ...any) {
		errs = append(errs, w.at.errorf(path, format, args...))
	}
	if f.Assign != "" {
		if err := checkAssign(f.Assign); err != nil {
			bad([]string{"assign"}, "%v", err)
		}
	}
	for _, r := range f.Replace {
		switch {
		case r != "estate" && r != "licenses":
			bad([]string{"replace"}, "unknown part %q; valid: estate, licenses", r)
		case r == "estate" && f.Estate == nil:
			bad([]string{"replace"}, "there is no [estate] to replace the one in force with")
		}
	}
	for _, q := range slices.Sorted(maps.Keys(f.Readings)) {
		if q != strings.TrimSpace(q) || strings.Contains(q, "=") {
			bad([]string{"readings", q}, "%q is no question; expected a key such as external-attendee", q)
		}
		w.Readings = append(w.Readings, q+"="+f.Readings[q])
	}
	if f.Estate != nil {
		var err error
		if f.Estate.TimeZone != "" {
			bad([]string{"estate", "time_zone"}, "time_zone was applied when the exports were ingested and changes nothing now; take it out")
		}
		if w.Estate, err = f.Estate.estate(w.at.under("estate")); err != nil {
			errs = append(errs, err)
		}
	}
	for i := range f.Licenses {
		path := []string{"licenses", strconv.Itoa(i)}
		e, err := f.Licenses[i].entitlement()
		if err == nil && e.Quantity < 0 && slices.Contains(f.Replace, "licenses") {
			err = errors.New("quantity is less than 0, but nothing is owned where licenses replaces what is in force")
		}
		if err != nil {
			bad(path, "%v", err)
			continue
		}
		e.File, e.Line = file, w.at.line(path)
		w.Licenses = append(w.Licenses, e)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	states := w.Estate != nil && (!w.Estate.empty() || slices.Contains(f.Replace, "estate"))
	if f.Policy == "" && f.Assign == "" && len(f.Readings) == 0 && !states && len(f.Licenses) == 0 && !slices.Contains(f.Replace, "licenses") {
		return nil, fmt.Errorf("%s: it changes nothing; valid: %s", file, strings.Join(keysAt(reflect.TypeOf(f), nil), ", "))
	}
	return w, nil
}

// entitlement reads the row as one of licenses.csv.
func (l *whatIfLicense) entitlement() (Entitlement, error) {
	texts := map[string]string{"license": l.License, "metric": l.Metric, "version": l.Version, "quantity": strconv.Itoa(max(l.Quantity, -l.Quantity)),
		"agreement": l.Agreement, "currency": l.Currency, "note": l.Note}
	for name, v := range map[string]any{"sa_from": l.SAFrom, "sa_until": l.SAUntil} {
		date, ok := tomlDate(v)
		if !ok {
			return Entitlement{}, fmt.Errorf("%s is not a date YYYY-MM-DD", name)
		}
		texts[name] = date
	}
	switch p := l.UnitPrice.(type) {
	case nil:
	case string:
		texts["unit_price"] = p
	case int64:
		texts["unit_price"] = strconv.FormatInt(p, 10)
	case float64:
		texts["unit_price"] = strconv.FormatFloat(p, 'f', -1, 64)
	default:
		return Entitlement{}, fmt.Errorf("unit_price is %s; expected a number such as 31.50", typeName(p))
	}
	if l.Quantity == 0 && texts["unit_price"] == "" {
		return Entitlement{}, errors.New("neither quantity nor unit_price is given: it changes nothing")
	}
	e, err := parseEntitlement(func(name string) string { return texts[name] })
	if l.Quantity < 0 {
		e.Quantity = -e.Quantity
	}
	return e, err
}

// Apply returns the input of the audit as it would be. policy is the one that
// the file names, or that of the audit; answers are the readings asked for with
// the audit, of which those count that the policy asks. The input stays as it is.
func (w *WhatIf) Apply(in *Input, policy *Policy, answers []string) (*Input, error) {
	out := *in
	out.Policy = policy
	var all []string
	for _, a := range answers {
		id, _, _ := strings.Cut(a, "=")
		if slices.ContainsFunc(policy.Questions, func(q Question) bool { return q.ID == strings.TrimSpace(id) }) {
			all = append(all, a)
		}
	}
	err := w.CheckReadings(policy)
	if err != nil {
		return nil, err
	}
	if out.Readings, err = ParseReadings(policy, append(all, w.Readings...)); err != nil {
		return nil, err
	}
	if w.Assign != "" {
		out.Assign = w.Assign
	}
	switch {
	case w.Estate == nil:
	case slices.Contains(w.Replace, "estate"):
		out.Estate = w.Estate
	default:
		out.Estate = in.Estate.with(w.Estate)
		if err := w.contradicts(in.Estate, out.Estate); err != nil {
			return nil, err
		}
	}
	if slices.Contains(w.Replace, "licenses") {
		out.Owned = nil
	}
	out.Owned, err = changed(out.Owned, w.Licenses)
	if err == nil {
		err = oneCurrency(out.Owned)
	}
	return &out, err
}

// contradicts reports what is sound in each of two estates and is not in both
// together.
func (w *WhatIf) contradicts(force, both *Estate) error {
	known := map[string]bool{}
	force.sharedWrongly(func(account, format string, args ...any) { known[account+fmt.Sprintf(format, args...)] = true })
	var errs []error
	both.sharedWrongly(func(account, format string, args ...any) {
		if text := fmt.Sprintf(format, args...); !known[account+text] {
			errs = append(errs, w.at.errorf([]string{"estate", "shared", account}, "with the estate in force, shared account %q: %s", account, text))
		}
	})
	return errors.Join(errs...)
}

// CheckReadings reports answers that the policy cannot take.
func (w *WhatIf) CheckReadings(policy *Policy) error {
	var errs []error
	for _, a := range w.Readings {
		id, _, _ := strings.Cut(a, "=")
		if _, err := ParseReadings(policy, []string{a}); err != nil {
			errs = append(errs, w.at.errorf([]string{"readings", id}, "%v", err))
		}
	}
	return errors.Join(errs...)
}

// empty reports an estate that states nothing.
func (e *Estate) empty() bool {
	v := reflect.ValueOf(e).Elem()
	for i := range v.NumField() {
		if f := v.Field(i); !f.IsZero() && (f.Kind() == reflect.String || f.Len() > 0) {
			return false
		}
	}
	return true
}

// with lays what another estate states over this one: lists are joined, and the
// other's entries of a table stand in place of those of the same key.
func (e *Estate) with(o *Estate) *Estate {
	out := *e
	to, from := reflect.ValueOf(&out).Elem(), reflect.ValueOf(o).Elem()
	for i := range to.NumField() {
		switch a, b := to.Field(i), from.Field(i); a.Kind() {
		case reflect.Slice:
			joined := reflect.MakeSlice(a.Type(), 0, a.Len()+b.Len())
			a.Set(reflect.AppendSlice(reflect.AppendSlice(joined, a), b))
		case reflect.Map:
			both := reflect.MakeMap(a.Type())
			for _, m := range []reflect.Value{a, b} {
				for _, key := range m.MapKeys() {
					both.SetMapIndex(key, m.MapIndex(key))
				}
			}
			a.Set(both)
		default:
			if !b.IsZero() {
				a.Set(b)
			}
		}
	}
	return &out
}

// changed adds and takes away licences. A price that is given stands in place of
// those of the same licence and metric.
func changed(owned, changes []Entitlement) ([]Entitlement, error) {
	list := slices.Clone(owned)
	for i := range changes {
		c := &changes[i]
		if c.Priced {
			for k := range owned {
				if list[k].License == c.License && list[k].Metric == c.Metric {
					list[k].Priced, list[k].UnitPrice = false, 0
				}
			}
		}
	}
	for _, c := range changes {
		if c.Quantity >= 0 {
			list = append(list, c)
			continue
		}
		less, have := -c.Quantity, 0
		for k := range owned {
			e := &list[k]
			if e.License != c.License || e.Metric != c.Metric || e.Version != c.Version || c.Agreement != "" && e.Agreement != c.Agreement {
				continue
			}
			n := min(less, e.Quantity)
			less, have = less-n, have+n
			e.Quantity -= n
		}
		if less > 0 {
			return nil, fmt.Errorf("%s:%d: %d of %s are to go, but only %d are owned", c.File, c.Line, -c.Quantity, strings.TrimSpace(c.License+" "+c.Metric+" "+c.Version.String()), have)
		}
		if c.Priced { // what goes has a price, and that is news
			c.Quantity = 0
			list = append(list, c)
		}
	}
	return list, nil
}

// Changes says in words what the file changes, in the order of its parts.
func (w *WhatIf) Changes() []string {
	all := []string{}
	say := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	if w.Policy != "" {
		say("policy %s", w.Policy)
	}
	for _, a := range w.Readings {
		say("reading %s", a)
	}
	if w.Assign != "" {
		say("assign %s", w.Assign)
	}
	if w.Estate != nil {
		verb := "more"
		if slices.Contains(w.Replace, "estate") {
			verb = "alone"
		}
		v := reflect.ValueOf(w.Estate).Elem()
		var parts []string
		for i := range v.NumField() {
			if f := v.Field(i); (f.Kind() == reflect.Slice || f.Kind() == reflect.Map) && f.Len() > 0 {
				parts = append(parts, fmt.Sprintf("%s %d", spaced(v.Type().Field(i).Name), f.Len()))
			}
		}
		say("estate, %s: %s", verb, cmp.Or(strings.Join(parts, ", "), "nothing stated"))
	}
	if slices.Contains(w.Replace, "licenses") {
		say("no licences but these")
	}
	for _, e := range w.Licenses {
		text := fmt.Sprintf("%+d %s", e.Quantity, strings.TrimSpace(e.License+" "+e.Metric+" "+e.Version.String()))
		if e.SAUntil != "" {
			text += " with Software Assurance until " + e.SAUntil
		}
		if e.Priced {
			text += " at " + strings.TrimSpace(money(e.UnitPrice)+" "+e.Currency)
		}
		all = append(all, text)
	}
	return all
}

// spaced writes a name such as GuestDomains as people do.
func spaced(name string) string {
	var b strings.Builder
	for i, r := range name {
		if i > 0 && r >= 'A' && r <= 'Z' && name[i-1] >= 'a' {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return strings.ToLower(b.String())
}
