package w3c

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strings"
)

// Removed stands where a credential stood.
const Removed = "(removed)"

// Public is the row for a rejected record, at most 256 bytes, without
// credentials.
func (r *Reader) Public() []byte { return public(r.fields, r.text) }

// public is the beginning of a row that was rejected, as it may be kept: its
// values may stand in other columns than theirs.
func public(fields []string, row []byte) []byte {
	row = redact(fields, row, true)
	return row[:min(len(row), maxRaw)]
}

// Redact takes credentials out of a row: the values of columns whose name
// speaks of them (cs(Cookie), cs(Authorization)); parameters of that kind in
// addresses and queries, escaped or not; what follows the word of an authentication scheme; and
// passwords in addresses. fields are the columns in force. In a row that does
// not have as many values, which may stand anywhere, the value of every
// parameter is taken out. row stays as it is.
func Redact(fields []string, row []byte) []byte { return redact(fields, row, false) }

func redact(fields []string, row []byte, damaged bool) []byte {
	values := bytes.Split(row, space)
	aligned := len(values) == len(fields)
	if !aligned && bytes.IndexByte(row, '"') >= 0 {
		if quoted := cutQuoted(row); quoted != nil && len(quoted) == len(fields) {
			values, aligned = quoted, true
		}
	}
	damaged = damaged || !aligned
	out := make([]byte, 0, len(row)+len(Removed))
	scheme := false // the value before was the word of one
	for i, v := range values {
		if i > 0 {
			out = append(out, ' ')
		}
		switch {
		case len(v) == 0 || len(v) == 1 && v[0] == '-':
			out = append(out, v...)
		case i < len(fields) && speaksOfSecrets(fields[i]) && aligned:
			out = append(out, Removed...)
		case i < len(fields) && speaksOfSecrets(fields[i]), scheme:
			out = appendTaken(out, v)
		default:
			out = appendPublic(out, v, damaged)
		}
		scheme = damaged && slices.Contains(schemes[:], strings.ToLower(string(bytes.Trim(v, `"`))))
	}
	return out
}

// appendTaken appends what stands for a value that is taken out of a row. Its
// quotes stay: where values end in a damaged row, they say.
func appendTaken(out, v []byte) []byte {
	for mark := Removed; len(v) > 0; {
		n := bytes.IndexByte(v, '"')
		if n == 0 {
			out, v = append(out, '"'), v[1:]
			continue
		}
		if n < 0 {
			n = len(v)
		}
		out, v, mark = append(out, mark...), v[n:], "."
	}
	return out
}

// cutQuoted cuts a row as unquote does, without touching the values; nil when a
// quote is not closed.
func cutQuoted(row []byte) (values [][]byte) {
	for {
		n := 0
		if len(row) > 0 && row[0] == '"' {
			if n = quotedLen(row); n == 0 {
				return nil
			}
		} else if n = bytes.IndexByte(row, ' '); n < 0 {
			n = len(row)
		}
		values = append(values, row[:n])
		if n == len(row) {
			return values
		}
		row = row[n+1:]
	}
}

// secretWords tell a column or a parameter that carries credentials by its name.
var secretWords = [...]string{"auth", "cookie", "ticket", "token", "passw", "pwd", "secret", "credential", "session", "sid", "signature", "key"}

func speaksOfSecrets(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc(secretWords[:], func(w string) bool { return strings.Contains(name, w) })
}

// schemes of authentication (RFC 7235 and the vendor's).
var schemes = [...]string{"ntlm", "kerberos", "tls-dsk", "negotiate", "digest", "basic", "bearer"}

// appendPublic appends a value without the credentials in it, and without the
// value of any parameter when all is set.
func appendPublic(out, v []byte, all bool) []byte {
	if word := bytes.TrimLeft(v, `"`); len(word) > 0 {
		if n := bytes.IndexAny(word, "+ "); n > 0 && slices.Contains(schemes[:], strings.ToLower(string(word[:n]))) {
			return appendTaken(append(out, word[:n+1]...), word[n+1:])
		}
	}
	v = withoutPasswords(v)
	for {
		end := bytes.IndexAny(v, `&;" `)
		if end < 0 {
			return appendParameter(out, v, all)
		}
		out = append(appendParameter(out, v[:end], all), v[end])
		v = v[end+1:]
	}
}

// appendParameter appends one parameter, or text that is none. The value may be
// an address with parameters of its own.
func appendParameter(out, v []byte, all bool) []byte {
	for {
		i := bytes.IndexByte(v, '=')
		if i < 0 {
			break
		}
		if hides(v[:i], all) {
			return append(out, Removed...)
		}
		name := v[bytes.LastIndexAny(v[:i], `?+`)+1 : i]
		out = append(out, v[:i+1]...)
		if v = v[i+1:]; len(v) > 0 && (all || speaksOfSecrets(string(unescaped(name)))) {
			return append(out, Removed...)
		}
	}
	if hides(v, all) {
		return append(out, Removed...)
	}
	return append(out, v...)
}

// hides tells text with escapes that holds a credential when these are undone:
// an address is escaped when it is the value of a parameter.
func hides(v []byte, all bool) bool {
	plain := unescaped(v)
	return len(plain) < len(v) && !bytes.Equal(appendPublic(nil, plain, all), plain)
}

// unescaped undoes the escapes %xx (RFC 3986, 2.1), those of escapes too: none
// is left. Text without any is returned as it is.
func unescaped(v []byte) []byte {
	if bytes.IndexByte(v, '%') < 0 {
		return v
	}
	out := make([]byte, 0, len(v))
	for _, c := range v {
		out = append(out, c)
		for n := len(out); n > 2 && out[n-3] == '%'; n = len(out) {
			if _, err := hex.Decode(out[n-3:], out[n-2:]); err != nil {
				break
			}
			out = out[:n-2]
		}
	}
	return out
}

// withoutPasswords takes them out of addresses, `http://user:password@host`.
func withoutPasswords(v []byte) []byte {
	var out []byte // of v, up to done
	done := 0
	for from := 0; ; {
		i := bytes.Index(v[from:], []byte("://"))
		if i < 0 {
			break
		}
		from += i + 3
		n := bytes.IndexAny(v[from:], `@/? "`)
		if n < 0 || v[from+n] != '@' {
			continue
		}
		if colon := bytes.IndexByte(v[from:from+n], ':'); colon >= 0 {
			out = append(append(out, v[done:from+colon+1]...), Removed...)
			done = from + n
		}
	}
	if done == 0 {
		return v
	}
	return append(out, v[done:]...)
}
