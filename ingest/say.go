package ingest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unicode"
	"unicode/utf8"
)

// toldError is an error that says both what is wrong and what to do.
type toldError string

func (e toldError) Error() string { return string(e) }

func told(format string, args ...any) error { return toldError(fmt.Sprintf(format, args...)) }

// mend adds what to do to an error that does not say it yet.
func mend(err error, do string) error {
	var done toldError
	if err == nil || errors.As(err, &done) {
		return err
	}
	return fmt.Errorf("%w; %s", err, do)
}

// What to do about a value of a table.
const (
	mendRow      = "mend the row"
	mendOrExport = "mend the row or export it again"
)

var errNotUTF8 = errors.New("is not UTF-8")

// printable refuses text that cannot be part of an address: control
// characters, NUL, invalid UTF-8, characters that were lost. Its errors go behind the text they speak of.
func printable(s string) error {
	for i, r := range s {
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(s[i:]); n <= 1 {
				return errNotUTF8
			}
			return errors.New("holds U+FFFD: a character of it was lost when it was written or decoded")
		}
		if unicode.IsControl(r) {
			return fmt.Errorf("holds the control character %#02x", r)
		}
	}
	return nil
}

// plainText tells printable ASCII, which most text is: it is printable, which
// takes no look at characters.
func plainText(b []byte) bool {
	const each = 0x0101010101010101 // a number in all eight bytes
	for ; len(b) >= 8; b = b[8:] {  // eight at a time: their high bits tell those that are not
		if v := binary.LittleEndian.Uint64(b); (v|(v-each*' ')|(v+each))&(each*0x80) != 0 {
			return false
		}
	}
	for _, c := range b {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

// readable is printable for a column's value, in words for the reject.
func readable(column, value, do string) error {
	if err := printable(value); err != nil {
		return wrongValue(column, value, err, do)
	}
	return nil
}

// wrongValue says what is wrong with a column's value and what to do. A value
// in another encoding is not alone: the whole file is.
func wrongValue(column, value string, err error, do string) error {
	if errors.Is(err, errNotUTF8) {
		do = "save the file as UTF-8"
	}
	return told("%s %s %v; %s", column, quoteShort(value), err, do)
}

// quoteShort quotes text for a message, escaped and cut to a readable length.
func quoteShort(s string) string {
	const most = 60
	if len(s) > most {
		cut := most
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		return fmt.Sprintf("%q...", s[:cut])
	}
	return fmt.Sprintf("%q", s)
}
