package audit

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Entitlement is one licence owned (or only priced: quantity 0).
type Entitlement struct {
	License   string
	Metric    string  // user, device or server
	Version   Version // as bought; 0 for suites
	Quantity  int
	SAFrom    string // YYYY-MM-DD, empty when not told
	SAUntil   string
	Agreement string
	Priced    bool
	UnitPrice int64 // thousandths of the currency's unit
	Currency  string
	Note      string
	File      string
	Line      int
}

// Problem is one thing in an input file that could not be taken.
type Problem struct {
	File string
	Line int
	What string
}

func (p Problem) String() string { return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.What) }

// Effective is the version the entitlement is good for: its own, or with
// Software Assurance the newest released while that ran. A suite without
// either serves the oldest generation that suites ever covered.
//
// The licensing notes (section 7.1) want Software Assurance in force on the day a
// version came out; the licence model (section 6), which says what is computed,
// asks for its end alone, because sa_from is often the beginning of the newest
// term of a cover that is older. late tells the two apart, and explained says so
// in the report.
func (e *Entitlement) Effective() Version {
	v, until := e.Version, time.Time{}
	if t, err := time.Parse(time.DateOnly, e.SAUntil); err == nil {
		until = t
	}
	if l, err := license(e.License); err == nil && len(l.Holds) > 0 {
		return l.held(v, newestBy(until))
	}
	v = max(v, newestBy(until))
	if v == 0 {
		v, _ = ParseVersion("2007")
	}
	return v
}

// late reports Software Assurance that is known to begin only after the version
// came out that it is counted for, with the day on which that was.
func (e *Entitlement) late(v Version) (released string, is bool) {
	if v <= e.Version || e.SAFrom == "" || e.SAUntil == "" {
		return "", false
	}
	released = catalogue().Releases[v-1].Date
	return released, e.SAFrom > released
}

// held is the version of what a licence of another product holds: that of its
// own version, or of a later one that its Software Assurance reached; 0 where
// that is not known.
func (l *License) held(own, reached Version) (v Version) {
	for from, to := range l.Holds {
		f, _ := ParseVersion(from)
		t, _ := ParseVersion(to)
		if f == own || f > own && f <= reached {
			v = max(v, t)
		}
	}
	return v
}

// entitlementColumns are the columns of licenses.csv; the first four are needed.
var entitlementColumns = []string{"license", "metric", "version", "quantity",
	"sa_from", "sa_until", "agreement", "unit_price", "currency", "note"}

// ParseEntitlements reads licenses.csv (UTF-8), or a licence statement in the
// form in which it is kept; see UnknownProducts for the rest of that. A row that cannot be taken is
// left out and reported; a missing column or a second currency stops it all,
// because the sums would be wrong without anybody noticing.
func ParseEntitlements(file string, data []byte) ([]Entitlement, []Problem, error) {
	if isStatement(data) {
		owned, problems, _, err := parseStatement(file, data)
		return owned, problems, err
	}
	text := strings.TrimPrefix(string(data), "\ufeff")
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord = -1
	r.TrimLeadingSpace = true
	if head, _, _ := strings.Cut(text, "\n"); strings.Contains(head, ";") && !strings.Contains(head, ",") {
		r.Comma = ';' // spreadsheets of many countries
	}
	head, err := r.Read()
	if err != nil {
		return nil, nil, fmt.Errorf("%s:1: no header; needed columns: %s", file, strings.Join(entitlementColumns[:4], ", "))
	}
	column, err := entitlementHeader(file, head)
	if err != nil {
		return nil, nil, err
	}
	var owned []Entitlement
	var problems []Problem
	for {
		row, err := r.Read()
		if err == io.EOF {
			break
		}
		var bad *csv.ParseError
		if errors.As(err, &bad) {
			problems = append(problems, Problem{file, bad.Line, bad.Err.Error()})
			continue
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", file, err)
		}
		if strings.TrimSpace(strings.Join(row, "")) == "" {
			continue
		}
		line, _ := r.FieldPos(0)
		get := func(name string) string {
			if i, ok := column[name]; ok && i < len(row) {
				return strings.TrimSpace(row[i])
			}
			return ""
		}
		if len(row) > len(head) {
			problems = append(problems, Problem{file, line, fmt.Sprintf("%d fields, the header has %d", len(row), len(head))})
			continue
		}
		e, err := parseEntitlement(get)
		if err != nil {
			problems = append(problems, Problem{file, line, err.Error()})
			continue
		}
		e.File, e.Line = file, line
		owned = append(owned, e)
	}
	if err := oneCurrency(owned); err != nil {
		return nil, nil, err
	}
	return owned, problems, nil
}

func entitlementHeader(file string, head []string) (map[string]int, error) {
	column := map[string]int{}
	var all []error
	for i, h := range head {
		name := strings.ReplaceAll(strings.Join(strings.Fields(strings.ToLower(h)), "_"), "-", "_")
		if !slices.Contains(entitlementColumns, name) {
			all = append(all, fmt.Errorf("%s:1: unknown column %q; valid: %s", file, h, strings.Join(entitlementColumns, ", ")))
			continue
		}
		if _, twice := column[name]; twice {
			all = append(all, fmt.Errorf("%s:1: column %q stands twice", file, name))
		}
		column[name] = i
	}
	for _, name := range entitlementColumns[:4] {
		if _, ok := column[name]; !ok {
			all = append(all, fmt.Errorf("%s:1: column %q is missing; needed: %s", file, name, strings.Join(entitlementColumns[:4], ", ")))
		}
	}
	return column, errors.Join(all...)
}

func parseEntitlement(get func(string) string) (e Entitlement, err error) {
	l, err := license(strings.ToLower(get("license")))
	if err != nil {
		return e, err
	}
	e.License, e.Metric = l.Name, strings.ToLower(get("metric"))
	if !slices.Contains(l.Metrics, e.Metric) {
		return e, fmt.Errorf("metric %q does not fit %s; valid: %s", e.Metric, l.Name, strings.Join(l.Metrics, ", "))
	}
	if e.Version, err = ParseVersion(strings.ToLower(get("version"))); err != nil {
		return e, err
	}
	if e.Version == 0 && !l.Suite {
		var names []string
		for _, r := range Releases() {
			names = append(names, r.Version)
		}
		return e, fmt.Errorf("%s needs a version; valid: %s", l.Name, strings.Join(names, ", "))
	}
	if _, ok := l.Holds[e.Version.String()]; !ok && len(l.Holds) > 0 {
		return e, fmt.Errorf("version %s of %s is not known to hold anything that counts here; known: %s", e.Version, l.Name, strings.Join(slices.Sorted(maps.Keys(l.Holds)), ", "))
	}
	if e.Quantity, err = strconv.Atoi(get("quantity")); err != nil || e.Quantity < 0 || e.Quantity > 1e9 {
		return e, fmt.Errorf("quantity %q is not a whole number from 0 on", get("quantity"))
	}
	for _, d := range []struct {
		name string
		to   *string
	}{{"sa_from", &e.SAFrom}, {"sa_until", &e.SAUntil}} {
		if *d.to = get(d.name); *d.to != "" {
			if _, err := time.Parse(time.DateOnly, *d.to); err != nil {
				return e, fmt.Errorf("%s %q is not a date YYYY-MM-DD", d.name, *d.to)
			}
		}
	}
	if e.SAFrom != "" && e.SAUntil != "" && e.SAFrom > e.SAUntil {
		return e, fmt.Errorf("sa_from %s is after sa_until %s", e.SAFrom, e.SAUntil)
	}
	if s := get("unit_price"); s != "" {
		if e.UnitPrice, err = parsePrice(s); err != nil {
			return e, err
		}
		e.Priced = true
	}
	e.Agreement, e.Note = get("agreement"), get("note")
	e.Currency, err = parseCurrency(get("currency"))
	return e, err
}

// parseCurrency reads a currency in the shape of ISO 4217. Whether there is one of
// that code is not asked: prices are never converted.
func parseCurrency(s string) (string, error) {
	code := strings.ToUpper(s)
	if code != "" && (len(code) != 3 || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "") {
		return "", fmt.Errorf("currency %q is not a code of three letters such as EUR or USD", s)
	}
	return code, nil
}

// maxPriceDigits bounds a unit price, so that sums of nine million licences fit
// in 63 bits of thousandths; fitting checks what more there are.
const maxPriceDigits = 9

// parsePrice reads a plain decimal of up to three places exactly, in
// thousandths: money is never a floating-point number.
func parsePrice(s string) (int64, error) {
	whole, places, found := strings.Cut(s, ".")
	digits := func(s string) bool { return strings.Trim(s, "0123456789") == "" }
	if whole == "" || !digits(whole) || !digits(places) || found && places == "" || len(places) > 3 {
		return 0, fmt.Errorf("unit_price %q is not a decimal number such as 31.50", s)
	}
	if whole = strings.TrimLeft(whole, "0"); len(whole) > maxPriceDigits {
		return 0, fmt.Errorf("unit_price %q is not below 1,000,000,000; state prices in a larger unit", s)
	}
	return strconv.ParseInt("0"+whole+(places + "000")[:3], 10, 64)
}

// oneCurrency reports entitlements that are priced in different currencies.
func oneCurrency(owned []Entitlement) error {
	var first *Entitlement
	for i := range owned {
		e := &owned[i]
		switch {
		case !e.Priced || e.Currency == "":
		case first == nil:
			first = e
		case e.Currency != first.Currency:
			return fmt.Errorf("%s:%d: currency %s, but %s:%d has %s; prices must be in one currency",
				e.File, e.Line, e.Currency, first.File, first.Line, first.Currency)
		}
	}
	return nil
}

// fitting reports prices of which so many licences could cost more than can be
// counted.
func fitting(owned []Entitlement, licences int) error {
	for i := range owned {
		if e := &owned[i]; e.Priced && e.UnitPrice > math.MaxInt64/int64(max(licences, 1)) {
			return fmt.Errorf("%s:%d: unit_price %s for up to %d licences is more than can be counted; state prices in a larger unit", e.File, e.Line, money(e.UnitPrice), licences)
		}
	}
	return nil
}
