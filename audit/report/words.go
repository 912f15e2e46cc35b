package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"calaudit/audit"
)

// day is the form of a date everywhere in the product.
const day = "2006-01-02"

// plural counts things: "1 file", "1,204 files".
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return grouped(n) + " " + many
}

// grouped writes a number for a sentence, with a comma at each thousand.
// Columns keep plain digits, because they are copied into spreadsheets.
func grouped(n int) string {
	s := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// signed writes a difference; no difference is 0.
func signed(n int) string {
	if n > 0 {
		return "+" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}

// and joins words as a sentence does.
func and(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// some joins the first words of a list and counts the rest.
func some(words []string, limit int) string {
	if len(words) <= limit {
		return strings.Join(words, ", ")
	}
	return strings.Join(words[:limit], ", ") + " and " + grouped(len(words)-limit) + " more"
}

// orNone stands in for an empty text where a blank would look like an omission.
func orNone(s, none string) string {
	if s == "" {
		return none
	}
	return s
}

// licenceWords are the editions in a CAL's name, from the base to the top.
var licenceWords = []struct{ id, long, short string }{
	{"-standard-cal", "Standard", "Std"},
	{"-enterprise-cal", "Enterprise", "Ent"},
	{"-plus-cal", "Plus", "Plus"},
}

// editions names the CALs of one subject from the base up: "Standard +
// Enterprise", or "Std+Ent" in short. A name that is no edition stays whole.
func editions(licenses []string, short bool) string {
	type word struct {
		rank int
		text string
	}
	words := make([]word, 0, len(licenses))
	for _, l := range licenses {
		w := word{len(licenceWords), l}
		for rank, e := range licenceWords {
			if strings.HasSuffix(l, e.id) {
				w = word{rank, e.long}
				if short {
					w.text = e.short
				}
			}
		}
		words = append(words, w)
	}
	slices.SortStableFunc(words, func(a, b word) int { return a.rank - b.rank })
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = w.text
	}
	if short {
		return strings.Join(texts, "+")
	}
	return strings.Join(texts, " + ")
}

// coveredBy says which licence stands in for a subject's own.
func coveredBy(code string) string {
	switch code {
	case "user-cal":
		return "user CAL"
	case "device-cal":
		return "device CAL"
	case "external-connector":
		return "connector"
	}
	return code
}

// outcomeTone colours an outcome: what has to be settled by a person stands out.
func outcomeTone(outcome string) Tone {
	if outcome == "undetermined" {
		return Warn
	}
	return Plain
}

// withVersion names a licence with its version, where it has one.
func withVersion(license, version string) string {
	if version == "" {
		return license
	}
	return license + " " + version
}

// ranges folds sorted days into spans: "2009-03-14..15", "2009-02-27..03-02".
func ranges(days []string) []string {
	var out []string
	for i := 0; i < len(days); {
		j := i
		for j+1 < len(days) && follows(days[j], days[j+1]) {
			j++
		}
		out = append(out, span(days[i], days[j]))
		i = j + 1
	}
	return out
}

// follows reports whether b is the day after a.
func follows(a, b string) bool {
	t, err := time.Parse(day, a)
	return err == nil && t.AddDate(0, 0, 1).Format(day) == b
}

// span writes two days without repeating what they share.
func span(first, last string) string {
	switch {
	case first == last:
		return first
	case len(first) == len(day) && len(last) == len(day) && first[:8] == last[:8]:
		return first + ".." + last[8:]
	case len(first) == len(day) && len(last) == len(day) && first[:5] == last[:5]:
		return first + ".." + last[5:]
	}
	return first + ".." + last
}

// weekendsOnly reports whether all days are Saturdays or Sundays, which explains
// most gaps of an office.
func weekendsOnly(days []string) bool {
	for _, d := range days {
		t, err := time.Parse(day, d)
		if err != nil || t.Weekday() != time.Saturday && t.Weekday() != time.Sunday {
			return false
		}
	}
	return len(days) > 0
}

// date cuts a time stamp down to its day.
func date(stamp string) string {
	if len(stamp) > len(day) && stamp[len(day)] == 'T' {
		return stamp[:len(day)]
	}
	return stamp
}

// moment writes an RFC 3339 time of UTC for a column that says UTC in its head.
func moment(stamp string) string {
	if body, ok := strings.CutSuffix(stamp, "Z"); ok && strings.Count(body, "T") == 1 {
		return strings.Replace(body, "T", " ", 1)
	}
	return stamp
}

// tally is one line about rows read.
func tally(t audit.Tally) string {
	s := fmt.Sprintf("%s read from %s: %s stored, %s duplicate, %s skipped, %s rejected",
		plural(t.Read, "row", "rows"), plural(t.Files, "file", "files"),
		grouped(t.Stored), grouped(t.Duplicate), grouped(t.Skipped), grouped(t.Rejected))
	if t.FilesUnchanged > 0 {
		s += "; " + plural(t.FilesUnchanged, "file", "files") + " unchanged"
	}
	if !t.Balanced() {
		s += "; THE TALLY DOES NOT BALANCE"
	}
	return s
}
