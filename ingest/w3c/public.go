package w3c

import (
	"bytes"
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
// addresses and queries; what follows the word of an authentication scheme; and
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
		case i < len(fields) && speaksOfSecrets(fields[i]), scheme:
			out = append(out, Removed...)
		default:
			out = appendPublic(out, v, damaged)
		}
		scheme = damaged && slices.Contains(schemes[:], strings.ToLower(string(bytes.Trim(v, `"`))))
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
			return append(append(out, word[:n+1]...), Removed...)
		}
	}
	v = withoutPasswords(v)
	for len(v) > 0 {
		i := bytes.IndexByte(v, '=')
		if i < 0 {
			break
		}
		name := v[bytes.LastIndexAny(v[:i], `?&;+ "`)+1 : i]
		end := bytes.IndexAny(v[i+1:], `&;" `)
		if end < 0 {
			end = len(v) - i - 1
		}
		out = append(out, v[:i+1]...)
		if end > 0 && (all || speaksOfSecrets(string(name))) {
			out = append(out, Removed...)
		} else {
			out = append(out, v[i+1:i+1+end]...)
		}
		v = v[i+1+end:]
	}
	return append(out, v...)
}

// withoutPasswords takes them out of addresses, `http://user:password@host`.
func withoutPasswords(v []byte) []byte {
	i := bytes.Index(v, []byte("://"))
	if i < 0 {
		return v
	}
	i += 3
	n := bytes.IndexAny(v[i:], `@/? "`)
	if n < 0 || v[i+n] != '@' {
		return v
	}
	colon := bytes.IndexByte(v[i:i+n], ':')
	if colon < 0 {
		return v
	}
	return slices.Concat(v[:i+colon+1], []byte(Removed), v[i+n:])
}
