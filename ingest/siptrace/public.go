package siptrace

import (
	"bytes"
	"slices"
	"strings"

	"calaudit/ingest/sip"
)

// Public is what of the record may be kept and shown: without the body of its
// message, which is private, and without credentials. Of a record that has no
// beginning, which may be all body, it is the last line: the mark that ends it.
func (r *Record) Public() []byte {
	text := r.Text
	switch r.Kind {
	case Message:
		text = r.beforeBody()
	case Rest:
		text = bytes.TrimRight(text, "\r\n")
		text = text[bytes.LastIndexByte(text, '\n')+1:]
		return Redact(endMark(text))
	case TooLong:
		text, _ = firstLine(text, true)
	}
	return Redact(text)
}

// beforeBody is a message's record up to the body.
func (r *Record) beforeBody() []byte {
	started := false
	for at := 0; at < len(r.Text); {
		line, _ := firstLine(r.Text[at:], true)
		switch {
		case r.marked && isBodyMark(bytes.TrimLeft(line, " \t")), started && blankLine(line):
			return r.Text[:at]
		case bytes.Contains(line, r.start):
			started = true
		}
		at += len(line)
	}
	return r.Text
}

// endMark is the part of a line that a tool itself wrote to end a record.
func endMark(line []byte) []byte {
	for _, mark := range [...][]byte{ocsEnd, sipeEnd} {
		if i := bytes.Index(line, mark); i >= 0 {
			return line[i:]
		}
	}
	return nil
}

// Removed stands where a credential stood.
const Removed = "(removed)"

// Redact takes credentials out of the text of a message: the values of headers
// that carry them (Authorization, Authentication-Info, Proxy- and WWW-forms of
// these, ms-keep-alive, and any whose name speaks of a cookie, ticket, token or
// the like), on whatever lines they go on; parameters of security contexts
// anywhere; and a password in an address. The scheme and the name of the server
// stay, which a use's server rests on. text stays as it is.
func Redact(text []byte) []byte {
	var out []byte
	secret := false // the line belongs to a header that is removed
	indent := 0     // blanks before that header
	for at := 0; at < len(text); {
		line, _ := firstLine(text[at:], true)
		at += len(line)
		body := bytes.TrimRight(line, "\r\n")
		clean := body
		name, value, ok := bytes.Cut(body, []byte{':'})
		blanks := len(body) - len(bytes.TrimLeft(body, " \t"))
		if secret && blanks > indent {
			ok = false // it goes on, whatever it looks like
		}
		switch ok = ok && sip.IsHeaderName(bytes.TrimSpace(name)); {
		case blankLine(line), bytes.HasPrefix(bytes.TrimLeft(line, " \t"), ocsEnd):
			secret = false
		case ok && speaksOfSecrets(string(name)):
			secret, indent = true, blanks
			clean = append(append(slices.Clip(name), ": "...), withoutSecrets(value)...)
		case ok:
			secret = false
			clean = redactLine(body)
		case secret:
			continue
		default:
			clean = redactLine(body)
		}
		out = append(append(out, clean...), line[len(body):]...)
	}
	return out
}

// secretWords tell a header that carries credentials by its name.
var secretWords = [...]string{"auth", "cookie", "ticket", "token", "passw", "secret", "credential", "keep-alive", "keepalive", "session-key"}

func speaksOfSecrets(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc(secretWords[:], func(w string) bool { return strings.Contains(name, w) })
}

// schemes of authentication (RFC 7235 and MS-SIPAE).
var schemes = [...]string{"ntlm", "kerberos", "tls-dsk", "negotiate", "digest", "basic", "bearer"}

// withoutSecrets is what is kept of the value of a header with credentials.
func withoutSecrets(value []byte) []byte {
	var kept []byte
	scheme, _, _ := bytes.Cut(bytes.TrimLeft(value, " \t"), []byte{' '})
	if slices.Contains(schemes[:], strings.ToLower(string(scheme))) {
		kept = append(append(kept, scheme...), ' ')
	}
	kept = append(kept, Removed...)
	const target = `targetname="`
	if i := bytes.Index(value, []byte(target)); i >= 0 {
		host := value[i+len(target):]
		if n := bytes.IndexByte(host, '"'); n >= 0 && n < 256 {
			kept = append(append(append(kept, `, `+target...), host[:n]...), '"')
		}
	}
	return kept
}

// secretParams carry parts of a security context (RFC 2617, MS-SIPAE) or a
// password, wherever they stand: a header may have lost its name.
var secretParams = [...]string{"gssapi-data=", "rspauth=", "response=", "cnonce=", "nonce=", "crand=", "srand=", "password=", "passwd=", "pwd=", "token="}

// redactLine takes credentials out of a line that is no header made of them.
// However many it holds, the line is gone through a fixed number of times.
func redactLine(line []byte) []byte {
	for _, p := range secretParams {
		line = redactParam(line, p)
	}
	line = redactAddresses(line, "sip", "@<>\" \t,")
	return redactAddresses(line, "://", "@<>\" \t,/?")
}

// redactParam takes the values of a parameter out.
func redactParam(line []byte, name string) []byte {
	var out []byte
	done := 0 // up to here line is in out
	for {
		i := indexFold(line[done:], name)
		if i < 0 {
			break
		}
		i += done + len(name)
		var end int
		if i < len(line) && line[i] == '"' {
			if end = bytes.IndexByte(line[i+1:], '"'); end >= 0 {
				end += 2
			}
		} else {
			end = bytes.IndexAny(line[i:], ",; \t")
		}
		if end < 0 {
			end = len(line) - i
		}
		out = append(append(out, line[done:i]...), Removed...)
		done = i + end
	}
	return rest(line, out, done)
}

// redactAddresses takes passwords out of addresses, `sip:user:password@host`
// and `http://user:password@host`: mark stands before them, and any of ends
// behind the user and the password.
func redactAddresses(line []byte, mark, ends string) []byte {
	var out []byte
	done := 0 // up to here line is in out
	for at := 0; ; {
		i := indexFold(line[at:], mark)
		if i < 0 {
			break
		}
		at += i + len(mark)
		if mark == "sip" { // or sips
			if at < len(line) && line[at]|0x20 == 's' {
				at++
			}
			if at == len(line) || line[at] != ':' {
				continue
			}
			at++
		}
		n := bytes.IndexAny(line[at:], ends)
		if n < 0 {
			break // nor is there an "@" behind a later mark
		}
		if colon := bytes.IndexByte(line[at:at+n], ':'); line[at+n] == '@' && colon >= 0 {
			out = append(append(out, line[done:at+colon+1]...), Removed...)
			done = at + n
		}
		at += n
	}
	return rest(line, out, done)
}

// rest is what was put out and the rest of the line; the line when it was
// nothing.
func rest(line, out []byte, done int) []byte {
	if done == 0 {
		return line
	}
	return append(out, line[done:]...)
}

// indexFold is bytes.Index without regard to the case of ASCII letters; what is
// lower case.
func indexFold(b []byte, what string) int {
next:
	for at := 0; at+len(what) <= len(b); at++ {
		for i := range len(what) {
			if c := b[at+i]; c != what[i] && (c < 'A' || c > 'Z' || c|0x20 != what[i]) {
				continue next
			}
		}
		return at
	}
	return -1
}
