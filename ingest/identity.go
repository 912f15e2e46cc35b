package ingest

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// maxIdentity is the longest address the call detail schema can hold
// (nvarchar(450)); anything longer is damage, not a person.
const maxIdentity = 450

// ParseUser returns the canonical identity of a SIP or tel address: lower case
// without scheme and parameters ("alice@contoso.com"), or a phone number
// ("+14255550100", "+14255550100;ext=0100"). A service URI (opaque=app:...)
// names a conference or a service and is nobody: "" without an error. Empty
// text is "" as well.
func ParseUser(s string) (string, error) {
	if id := strings.TrimPrefix(s, "sip:"); isPlainAddress(id) {
		return id, nil
	}
	if n, ok := strings.CutPrefix(s, "tel:"); ok && isPlainNumber(n) {
		return n, nil
	}
	return parseUser(s)
}

// parseUser is ParseUser for what may stand in any form.
func parseUser(s string) (string, error) {
	raw := s
	s = address(s)
	if s == "" {
		return "", nil
	}
	if err := printable(s); err != nil {
		return "", fmt.Errorf("address %s %w", quoteShort(raw), err)
	}
	scheme, rest := "", s
	if i := strings.IndexByte(s, ':'); i > 0 && isScheme(s[:i]) {
		scheme, rest = strings.ToLower(s[:i]), s[i+1:]
	}
	if scheme == "tel" {
		return number(rest, raw)
	}
	user, host, found := cutHost(rest)
	if !found {
		// tolerated without a scheme: a bare number, as Phones and reports hold it
		if scheme == "" && looksLikeNumber(rest) {
			return number(rest, raw)
		}
		return "", told("address %s has no domain; expected user@domain or a phone number", quoteShort(raw))
	}
	host, params, _ := strings.Cut(host, ";")
	if isService(params) {
		return "", nil
	}
	if hasParam(params, "user", "phone") || isPlusNumber(user) {
		return number(user, raw)
	}
	user, _, _ = strings.Cut(user, ";")
	host = strings.TrimRight(cutPort(host), ".")
	// A ":" in the name is a scheme of another kind (smtp:, im:) or a password.
	id := user + "@" + host
	if user == "" || host == "" || strings.ContainsAny(user, "<>\":") || strings.ContainsAny(host, "<>@\"/\\") ||
		strings.IndexFunc(id, unicode.IsSpace) >= 0 {
		return "", fmt.Errorf("address %s is not user@domain", quoteShort(raw))
	}
	id = fold(id)
	if len(id) > maxIdentity {
		return "", fmt.Errorf("address %s is longer than %d bytes", quoteShort(raw), maxIdentity)
	}
	return id, nil
}

// isPlainAddress tells user@domain as nearly every tool writes it: small letters
// and digits, and nothing to be taken off. It is its own canonical form.
func isPlainAddress(s string) bool {
	at := -1
	for i := range len(s) {
		switch c := s[i]; {
		case c == '@' && at < 0:
			at = i
		case !isPlainLetter(c):
			return false
		}
	}
	return at > 0 && at < len(s)-1 && s[len(s)-1] != '.' && len(s) <= maxIdentity
}

// isPlainLetter tells the letters of names as nearly every tool writes them.
func isPlainLetter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '_'
}

// IsNumber tells whether a canonical identity is a phone number.
func IsNumber(id string) bool { return id != "" && strings.IndexByte(id, '@') < 0 && !IsAccount(id) }

// Domain is the part of a canonical identity behind the "@", "" for numbers.
func Domain(id string) string {
	_, domain, _ := strings.Cut(id, "@")
	return domain
}

// address takes the URI out of `"Name" <uri>;tag=..` and trims space.
func address(s string) string {
	s = strings.TrimSpace(s)
	if i := strings.LastIndexByte(s, '<'); i >= 0 {
		s = s[i+1:]
		if j := strings.IndexByte(s, '>'); j >= 0 {
			s = s[:j]
		}
	}
	return strings.TrimSpace(s)
}

// cutHost splits at the last "@" before the URI parameters. The user part of a
// number may hold parameters of its own (+1425;ext=12@domain).
func cutHost(s string) (user, host string, found bool) {
	i := strings.IndexByte(s, '@')
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

// cutPort drops a port: it is no part of an identity. An IPv6 address stands in
// brackets.
func cutPort(host string) string {
	if i := strings.IndexByte(host, ']'); i >= 0 && strings.HasPrefix(host, "[") {
		return host[:i+1]
	}
	host, _, _ = strings.Cut(host, ":")
	return host
}

func isScheme(s string) bool {
	switch strings.ToLower(s) {
	case "sip", "sips", "tel":
		return true
	}
	return false
}

func isService(params string) bool {
	for p := range strings.SplitSeq(params, ";") {
		k, v, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(k, "opaque") && len(v) >= 4 && strings.EqualFold(v[:4], "app:") {
			return true
		}
	}
	return false
}

func hasParam(params, name, value string) bool {
	for p := range strings.SplitSeq(params, ";") {
		k, v, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(k, name) && strings.EqualFold(v, value) {
			return true
		}
	}
	return false
}

// isPlusNumber: "+" and at least three digits, as in +14255550100@contoso.com.
func isPlusNumber(user string) bool {
	user, _, _ = strings.Cut(user, ";")
	return strings.HasPrefix(user, "+") && looksLikeNumber(user)
}

// looksLikeNumber: digits with the visual separators of RFC 3966, an optional
// leading "+", and parameters behind.
func looksLikeNumber(s string) bool {
	s, _, _ = strings.Cut(s, ";")
	s = strings.TrimPrefix(strings.TrimSpace(s), "+")
	digits := 0
	for _, c := range s {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case strings.ContainsRune("-.() ", c):
		case (c == '*' || c == '#'):
			digits++
		default:
			return false
		}
	}
	return digits >= 3
}

// number is the canonical form of a telephone subscriber (RFC 3966): digits,
// "+" when global, an extension kept as ";ext=".
func number(s, raw string) (string, error) {
	if isPlainNumber(s) {
		return s, nil
	}
	sub, params, _ := strings.Cut(s, ";")
	sub = strings.TrimSpace(sub)
	if !looksLikeNumber(sub) {
		return "", fmt.Errorf("phone number %s has no digits", quoteShort(raw))
	}
	var b strings.Builder
	if strings.HasPrefix(sub, "+") {
		b.WriteByte('+')
	}
	n := 0
	for _, c := range sub {
		if c >= '0' && c <= '9' || c == '*' || c == '#' {
			b.WriteRune(c)
			n++
		}
	}
	if n > 40 {
		return "", fmt.Errorf("phone number %s has more than 40 digits", quoteShort(raw))
	}
	for p := range strings.SplitSeq(params, ";") {
		k, v, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(k, "ext") && v != "" {
			ext := strings.Map(func(r rune) rune {
				if r >= '0' && r <= '9' || r == '*' || r == '#' {
					return r
				}
				return -1
			}, v)
			if ext != "" {
				b.WriteString(";ext=" + ext)
			}
		}
	}
	return b.String(), nil
}

// isPlainNumber tells digits, perhaps behind a "+": their own canonical form.
func isPlainNumber(s string) bool {
	digits := strings.TrimPrefix(s, "+")
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return false
		}
	}
	return len(digits) >= 3 && len(digits) <= 40
}

// ParseDevice returns the canonical id of a machine (mac:, host:, line:, sip:)
// or of an endpoint (uuid:, epid:), and which of the two it is. An IP address
// identifies neither and gives "" without an error, like empty text. Without a
// prefix a MAC or GUID is known by its shape, anything else is a host name.
func ParseDevice(s string) (id string, endpoint bool, err error) {
	raw := s
	s = strings.TrimSpace(s)
	if s == "" {
		return "", false, nil
	}
	if err := printable(s); err != nil {
		return "", false, fmt.Errorf("device %s %w", quoteShort(raw), err)
	}
	if len(s) > 2*maxIdentity { // an endpoint's id holds its owner's
		return "", false, fmt.Errorf("device %s is longer than %d bytes", quoteShort(raw), 2*maxIdentity)
	}
	prefix, rest, found := strings.Cut(s, ":")
	if found {
		rest = strings.TrimSpace(rest)
		switch strings.ToLower(prefix) {
		case "mac":
			if m := mac(rest); m != "" {
				return "mac:" + m, false, nil
			}
			return "", false, fmt.Errorf("device %s: a MAC address has 12 hexadecimal digits", quoteShort(raw))
		case "host":
			if isIP(rest) {
				return "", false, nil
			}
			if h := hostName(rest); h != "" {
				return "host:" + h, false, nil
			}
			return "", false, fmt.Errorf("device %s is not a host name", quoteShort(raw))
		case "line", "tel":
			n, err := number(strings.TrimPrefix(rest, "tel:"), raw)
			if err != nil {
				return "", false, err
			}
			return "line:" + n, false, nil
		case "sip", "sips":
			u, err := ParseUser(rest)
			if err != nil || u == "" {
				return "", false, fmt.Errorf("device %s is not sip:user@domain", quoteShort(raw))
			}
			if IsNumber(u) {
				return "line:" + u, false, nil
			}
			return "sip:" + u, false, nil
		case "uuid", "urn":
			if g := guid(strings.TrimPrefix(strings.ToLower(rest), "uuid:")); g != "" {
				return "uuid:" + g, true, nil
			}
			return "", false, fmt.Errorf("device %s is not a GUID", quoteShort(raw))
		case "epid":
			hex, owner, _ := strings.Cut(rest, "/")
			hex = hostName(hex)
			u, err := ParseUser(owner)
			if err != nil || u == "" || hex == "" {
				return "", false, fmt.Errorf("device %s is not epid:HEX/identity", quoteShort(raw))
			}
			return "epid:" + hex + "/" + u, true, nil
		case "ip":
			return "", false, nil
		}
	}
	if isIP(s) {
		return "", false, nil
	}
	if m := mac(s); m != "" {
		return "mac:" + m, false, nil
	}
	if g := guid(s); g != "" {
		return "uuid:" + g, true, nil
	}
	h := hostName(s)
	if found || h == "" {
		return "", false, told("device %s is of no known kind; valid: mac:, host:, line:, sip:, uuid: or epid:ID", quoteShort(raw))
	}
	return "host:" + h, false, nil
}

// maxHost is the longest name of a host (RFC 1035).
const maxHost = 255

// hostName is a host's name in lower case; "" for what cannot be one.
func hostName(s string) string {
	s = strings.TrimRight(fold(s), ".")
	if len(s) > maxHost || strings.ContainsAny(s, "/\\@:") || strings.IndexFunc(s, unicode.IsSpace) >= 0 || isIP(s) {
		return ""
	}
	return s
}

// MAC is the device id of a MAC address stored as a number (Devices.MacAddress).
func MAC(n uint64) string { return fmt.Sprintf("mac:%012x", n) }

// ParseServer is the canonical name of a server or pool: lower case, no port, and
// of an address ("sip:pool1.contoso.com;transport=tls") the host alone.
func ParseServer(s string) string {
	s = strings.TrimSpace(s)
	for scheme := addressScheme(s); scheme > 0; scheme = addressScheme(s) {
		s = strings.TrimSpace(s[scheme:])
		if addressScheme(s) > 0 {
			continue
		}
		if end := strings.IndexAny(s, "/;?"); end >= 0 {
			s = strings.TrimSpace(s[:end])
		}
	}
	if i := strings.LastIndexByte(s, ':'); i > 0 && strings.IndexByte(s, ':') == i {
		s = strings.TrimSpace(s[:i])
	}
	return strings.TrimRight(fold(s), ".")
}

// addressScheme is the length of the scheme that an address of a server begins with.
func addressScheme(s string) int {
	if strings.Contains(s, ":") {
		for _, scheme := range [...]string{"sip:", "sips:", "http://", "https://"} {
			if len(s) >= len(scheme) && strings.EqualFold(s[:len(scheme)], scheme) {
				return len(scheme)
			}
		}
	}
	return 0
}

func mac(s string) string {
	var b [12]byte
	n := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == '-' || c == ':' || c == '.':
		case !isHex(c) || n == len(b):
			return ""
		default:
			b[n] = c | 0x20 // digits have this bit
			n++
		}
	}
	if n != len(b) {
		return ""
	}
	return string(b[:])
}

func guid(s string) string {
	s = strings.ToLower(strings.Trim(strings.TrimSpace(s), "{}"))
	if len(s) != 36 {
		return ""
	}
	for i := range len(s) {
		c := s[i]
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return ""
			}
		} else if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f') {
			return ""
		}
	}
	return s
}

func isIP(s string) bool {
	s = strings.Trim(s, "[]")
	if strings.Count(s, ":") >= 2 && mac(s) == "" {
		return strings.IndexFunc(s, func(r rune) bool { return !strings.ContainsRune("0123456789abcdefABCDEF:.%", r) }) < 0
	}
	host, _, _ := strings.Cut(s, ":")
	if strings.Count(host, ".") != 3 {
		return false
	}
	return strings.IndexFunc(host, func(r rune) bool { return r != '.' && (r < '0' || r > '9') }) < 0
}

// fold makes text comparable: NFC and lower case.
func fold(s string) string { return norm.NFC.String(strings.ToLower(s)) }
