package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// marksInRow is how many combining marks may follow each other. Real scripts
// need two or three; a pile of them paints over the lines above and below.
const marksInRow = 4

// Clean makes text from a log safe to print. Whatever could steer a terminal,
// turn the direction of reading, hide between letters or is no text at all is
// shown as a visible escape: \n, \x1b, \u202e, and \xff for a byte that is not
// UTF-8. A backslash is left alone, so that DOMAIN\name reads as it is; the
// result is for eyes and cannot be turned back with certainty.
func Clean(s string) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	marks := 0
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r) {
			marks++
		} else {
			marks = 0
		}
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unprintable(r) || marks > marksInRow:
			b.WriteString(escape(r))
		default:
			b.WriteString(s[i : i+size])
		}
		i += size
	}
	return b.String()
}

// plain is the quick answer for nearly every cell: printable ASCII.
func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// unprintable reports runes that are not to be seen: controls, format
// characters (bidi overrides, zero-width joiners and spaces, tags), line and
// paragraph separators, private and unassigned ones, and the letters and
// symbols that are drawn as nothing.
func unprintable(r rune) bool {
	if !unicode.IsGraphic(r) {
		return true
	}
	switch r {
	case '\u034f', '\u115f', '\u1160', '\u17b4', '\u17b5', '\u180b', '\u180c', '\u180d', '\u180f',
		'\u2800', '\u3164', '\uffa0', '\ufffc':
		return true
	}
	return false
}

func escape(r rune) string {
	switch {
	case r == '\n':
		return `\n`
	case r == '\r':
		return `\r`
	case r == '\t':
		return `\t`
	case r < 0x80:
		return fmt.Sprintf(`\x%02x`, r)
	case r > 0xffff:
		return fmt.Sprintf(`\U%08x`, r)
	}
	return fmt.Sprintf(`\u%04x`, r)
}
