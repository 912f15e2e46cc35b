package audit

import (
	"fmt"
	"strconv"
	"strings"
)

// FailOn says which result of an audit is a failure.
type FailOn struct {
	undetermined bool
	never        bool
	percent      float64 // of the required licences; 0 for any shortfall
}

// ParseFailOn reads "shortfall", "shortfall>=5%", "undetermined" or "never".
func ParseFailOn(s string) (FailOn, error) {
	switch s {
	case "", "shortfall":
		return FailOn{}, nil
	case "undetermined":
		return FailOn{undetermined: true}, nil
	case "never":
		return FailOn{never: true}, nil
	}
	if n, ok := strings.CutPrefix(s, "shortfall>="); ok {
		if n, ok = strings.CutSuffix(n, "%"); ok && n != "" && strings.Trim(n, "0123456789.") == "" {
			if p, err := strconv.ParseFloat(n, 64); err == nil && p > 0 {
				return FailOn{percent: p}, nil
			}
		}
	}
	return FailOn{}, fmt.Errorf("unknown failure condition %q; valid: shortfall, shortfall>=N%% (such as shortfall>=5%%), undetermined, never", s)
}

// Fails reports whether the audit is a failure. With a percentage one row that
// lacks so much of what it requires is enough: a surplus of one licence makes
// up for no other. The condition says all that counts: with "undetermined" a
// shortfall is no failure.
func (f FailOn) Fails(r *Report) bool {
	if f.never {
		return false
	}
	if f.undetermined {
		return r.Totals.Users.Undetermined+r.Totals.Devices.Undetermined > 0
	}
	for _, p := range r.Position {
		if p.Shortfall > 0 && float64(p.Shortfall)*100 >= f.percent*float64(p.Required) {
			return true
		}
	}
	return false
}
