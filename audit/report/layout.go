package report

import (
	"strings"

	"github.com/olekukonko/tablewriter/pkg/twwidth"
)

// gutter is the space between two columns.
const gutter = 2

// width measures what a string takes on the screen. Ambiguous characters count
// as narrow whatever the locale says: the same report has the same shape
// everywhere.
func width(s string) int {
	if plain(s) {
		return len(s)
	}
	return twwidth.WidthWithOptions(s, twwidth.Options{})
}

// cut shortens s to a width, with an ellipsis where something was left out: at
// the end, or at the beginning when the tail is what matters.
func cut(s string, to int, tail bool) string {
	if width(s) <= to {
		return s
	}
	if to < 1 {
		return ""
	}
	runes := []rune(s)
	if tail {
		from := len(runes)
		for from > 0 && width(string(runes[from-1:])) <= to-1 {
			from--
		}
		return "…" + string(runes[from:])
	}
	n := 0
	for n < len(runes) && width(string(runes[:n+1])) <= to-1 {
		n++
	}
	return string(runes[:n]) + "…"
}

// Width measures what a text takes on a terminal, in columns.
func Width(s string) int { return width(s) }

// Fit makes a text safe for a terminal and cuts it to a number of columns.
func Fit(s string, columns int) string { return cut(Clean(s), columns, false) }

// fit chooses columns and their widths for a terminal. natural holds the width
// of each column's widest cell. Columns leave in the order of Drop until what
// may be cut can be cut to its Min; only when none is left to drop is anything
// cut further, and on a terminal too narrow even for that the last columns go.
func fit(columns []Column, at []int, natural map[int]int, limit int) (kept []int, widths map[int]int) {
	kept = append(kept, at...)
	widths = make(map[int]int, len(kept))
	for _, c := range kept {
		widths[c] = natural[c]
	}
	if limit <= 0 {
		return kept, widths
	}
	total := func(of func(c int) int) int {
		sum := gutter * (len(kept) - 1)
		for _, c := range kept {
			sum += of(c)
		}
		return sum
	}
	least := func(c int) int {
		if m := columns[c].Min; m > 0 && m < natural[c] {
			return m
		}
		return natural[c]
	}
	current := func(c int) int { return widths[c] }
	for total(least) > limit {
		drop := -1
		for i, c := range kept {
			if columns[c].Drop > 0 && (drop < 0 || columns[c].Drop > columns[kept[drop]].Drop) {
				drop = i
			}
		}
		if drop < 0 {
			least = func(int) int { return 1 }
			for total(least) > limit && len(kept) > 1 {
				kept = kept[:len(kept)-1]
			}
			break
		}
		kept = append(kept[:drop], kept[drop+1:]...)
	}
	for total(current) > limit {
		widest := -1
		for _, c := range kept {
			if widths[c] > least(c) && (widest < 0 || widths[c] > widths[widest]) {
				widest = c
			}
		}
		if widest < 0 {
			break
		}
		widths[widest]--
	}
	return kept, widths
}

// wrap breaks a sentence into lines of at most limit columns, at spaces where
// there are any. indent is the width that is taken in front of every line.
func wrap(s string, indent, limit int) []string {
	room := limit - indent
	if limit <= 0 || width(s) <= room {
		return []string{s}
	}
	room = max(room, 1)
	var lines []string
	line := ""
	for _, word := range strings.Fields(s) {
		if line != "" && width(line)+1+width(word) <= room {
			line += " " + word
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		for width(word) > room {
			head := firstColumns(word, room)
			lines, word = append(lines, head), word[len(head):]
		}
		line = word
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// firstColumns is the longest beginning of s that fits, but at least one rune.
func firstColumns(s string, room int) string {
	end := len(s)
	for i := range s {
		if i > 0 && width(s[:i]) > room {
			break
		}
		end = i
	}
	if end == 0 {
		for i := range s {
			if i > 0 {
				return s[:i]
			}
		}
		return s
	}
	return s[:end]
}
