package main

import (
	"bytes"
	"encoding/json"
	"math/bits"
	"os"
	"path/filepath"
	"sort"
)

// truthSchema names the format of truth.json, which README.md explains.
const truthSchema = "calaudit.truth/1"

type outcomes struct {
	Required     int `json:"required"`
	Exempt       int `json:"exempt"`
	Undetermined int `json:"undetermined"`
}

func (o *outcomes) add(outcome string) {
	switch outcome {
	case "required":
		o.Required++
	case "exempt":
		o.Exempt++
	default:
		o.Undetermined++
	}
}

// writeTruth writes what an audit with the default policy, readings and window
// and --assign user must find.
func (w *world) writeTruth() error {
	users, devices, activities := map[string]any{}, map[string]any{}, map[string]any{}
	var userTotal, deviceTotal outcomes
	for _, s := range w.subjects {
		v := s.judge()
		if !v.listed || s.device != nil {
			continue
		}
		users[s.id] = []any{s.class, v.outcome(), v.licenses()}
		userTotal.add(v.outcome())
		if n := s.activeDays(); len(n) > 0 && s.class != "application" {
			activities[s.id] = n
		}
	}
	for _, d := range w.devices {
		listed, outcome, covered := d.verdictOf()
		if !listed {
			continue
		}
		devices[d.id] = []string{d.class, outcome, covered}
		deviceTotal.add(outcome)
	}
	position := map[string]any{}
	for _, r := range w.position {
		position[r.key()] = []int{r.required, r.owned, max(0, r.required-r.owned), max(0, r.owned-r.required)}
	}
	imports := map[string]any{}
	for file, t := range w.imports {
		imports[file] = t
	}
	var b bytes.Buffer
	b.WriteString("{\n")
	field(&b, "schema", truthSchema)
	field(&b, "as_of", w.cfg.end.Format("2006-01-02"))
	field(&b, "policy", "ocs2007")
	field(&b, "assign", "user")
	field(&b, "window_days", windowDays)
	field(&b, "totals", map[string]outcomes{"users": userTotal, "devices": deviceTotal})
	section(&b, "position", position, ",")
	section(&b, "imports", imports, ",")
	section(&b, "users", users, ",")
	section(&b, "devices", devices, ",")
	section(&b, "activities", activities, "")
	b.WriteString("}\n")
	return os.WriteFile(filepath.Join(w.cfg.out, "truth.json"), b.Bytes(), 0o666)
}

// writeQoETruth writes what the quality database alone tells, beside directory
// and settings: the subjects and their judgement; and the machines, which it
// tells beside the call records as well.
func (w *world) writeQoETruth() error {
	if w.qoe == nil {
		return nil
	}
	users, devices, beside := map[string]any{}, map[string]any{}, map[string]any{}
	for _, s := range w.subjects {
		all := s.seen
		s.seen = s.media
		v := s.judge()
		s.seen = all
		if v.listed && s.device == nil {
			users[s.id] = []any{s.class, v.outcome(), v.licenses()}
		}
	}
	for _, d := range w.devices {
		if d.identity != nil {
			devices[d.id] = []string{d.class, "required", ""}
		}
	}
	for _, m := range w.qoe.machines {
		class, id := "computer", m.id(w.qoe)
		if m.phone != nil {
			class, id = m.phone.class, m.phone.id
		}
		verdict := []string{class, "exempt", ""}
		if m.required {
			verdict[2] = "user-cal"
		}
		if m.required || m.exempt {
			devices[id] = verdict
			beside[id] = verdict
		}
	}
	var b bytes.Buffer
	b.WriteString("{\n")
	field(&b, "schema", truthSchema)
	section(&b, "users", users, ",")
	section(&b, "devices", devices, ",")
	section(&b, "machines", beside, "")
	b.WriteString("}\n")
	return os.WriteFile(filepath.Join(w.cfg.out, "truth-qoe.json"), b.Bytes(), 0o666)
}

// activeDays counts the different days of the window with each activity. Days
// and not records, because one attendance may leave several records.
func (s *subject) activeDays() map[string]int {
	n := map[string]int{}
	for a, days := range s.days {
		if k := bits.OnesCount64(days[0]) + bits.OnesCount64(days[1]); k > 0 {
			n[activityNames[a]] = k
		}
	}
	return n
}

func field(b *bytes.Buffer, key string, value any) {
	b.WriteString("  " + text(key) + ": " + text(value) + ",\n")
}

// section writes one entry a line, so that a changed sample reads well in a
// diff.
func section(b *bytes.Buffer, key string, entries map[string]any, comma string) {
	keys := make([]string, 0, len(entries))
	for k := range entries {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	b.WriteString("  " + text(key) + ": {")
	for i, k := range keys {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n    " + text(k) + ": " + text(entries[k]))
	}
	b.WriteString("\n  }" + comma + "\n")
}

// text is the JSON of a plain value, which cannot fail.
func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}
