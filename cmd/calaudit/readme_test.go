package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestTheREADMEShowsWhatTheProgramPrints runs the README's command lines, in
// their order, and demands every line that it shows below them. A line of three
// dots stands for any others. Chain values hold the time of the import.
func TestTheREADMEShowsWhatTheProgramPrints(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(repo, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	db := filepath.Join(t.TempDir(), "calaudit.db")
	school := filepath.Join(t.TempDir(), "school.db")
	t.Chdir(repo)
	ran := 0
	for _, block := range strings.Split(string(data), "\n```console\n")[1:] {
		block, _, _ = strings.Cut(block, "\n```\n")
		for _, part := range strings.Split("\n"+block, "\n$ ")[1:] {
			line, shown, _ := strings.Cut(part, "\n")
			words, columns := strings.Fields(line), ""
			if words[0] == "COLUMNS=80" {
				words, columns = words[1:], "80"
			}
			switch {
			case words[0] == "./calaudit" && words[1] != "export":
				words = words[1:]
			case strings.HasPrefix(line, "go run ./cmd/calaudit "):
				words = words[3:]
			default:
				continue
			}
			if i := slices.Index(words, "school.db"); i >= 0 {
				words[i] = school
			} else {
				words = append(words, "--db", db)
			}
			t.Setenv("COLUMNS", columns)
			_, out, errs := calaudit(t, words...)
			if missing := notShown(shown, out); missing != "" {
				t.Errorf("README.md shows below %q the line %q, which the program does not print there:\n%s%s", line, missing, out, errs)
			}
			ran++
		}
	}
	if ran < 8 {
		t.Errorf("only %d command lines of README.md were run", ran)
	}
}

// notShown is the first line that is not printed where it is shown, if any.
func notShown(shown, printed string) string {
	rest, skip := strings.Split(strings.TrimRight(printed, "\n"), "\n"), false
	for line := range strings.SplitSeq(shown, "\n") {
		if line == "..." {
			skip = true
			continue
		}
		at := slices.IndexFunc(rest, func(s string) bool {
			return s == line || strings.HasPrefix(s, "Chain   sha256:") && strings.HasPrefix(line, "Chain   sha256:")
		})
		if at < 0 || at > 0 && !skip {
			return line
		}
		rest, skip = rest[at+1:], false
	}
	if len(rest) > 0 && !skip {
		return rest[0] + " (missing)"
	}
	return ""
}
