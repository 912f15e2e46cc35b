package ingest

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// maxDN is the longest name taken; the directory's own limit is far below.
const maxDN = 8 << 10

// rdn is one part of a distinguished name.
type rdn struct {
	attr  string // lower case
	value string // escapes and quotes undone, as written otherwise
}

// cutDN splits off the first part of a distinguished name, as text. It knows
// escapes and the quotes of the older string form (RFC 4514 and RFC 2253).
func cutDN(dn string) (first, rest string) {
	quoted := false
	for i := 0; i < len(dn); i++ {
		switch c := dn[i]; {
		case c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted:
			return dn[:i], dn[i+1:]
		}
	}
	return dn, ""
}

// parseRDN reads one part; its attribute type and its value with escapes
// undone. What joins several values in one part ("+") stays in the value.
func parseRDN(s string) (rdn, error) {
	attr, raw, ok := strings.Cut(s, "=")
	switch attr { // as they are mostly written
	case "CN":
		attr = "cn"
	case "OU":
		attr = "ou"
	case "DC":
		attr = "dc"
	default:
		if attr = strings.ToLower(strings.TrimSpace(attr)); attr == "" || strings.ContainsAny(attr, " \\\",;+<>") {
			ok = false
		}
	}
	if !ok {
		return rdn{}, fmt.Errorf("%s is no part of a distinguished name (type=value)", quoteShort(s))
	}
	raw = strings.TrimLeft(raw, " ")
	if strings.IndexByte(raw, '\\') < 0 && strings.IndexByte(raw, '"') < 0 {
		return rdn{attr, strings.TrimRight(raw, " ")}, nil
	}
	b := make([]byte, 0, len(raw))
	keep := 0 // so much of b is not trailing space
	quoted := false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '"':
			quoted = !quoted
			keep = len(b)
			continue
		case c != '\\':
			b = append(b, c)
			if c == ' ' && !quoted {
				continue
			}
		case i+2 < len(raw) && isHex(raw[i+1]) && isHex(raw[i+2]):
			v, _ := hex.DecodeString(raw[i+1 : i+3]) // both digits were looked at
			b = append(b, v...)
			i += 2
		case i+1 < len(raw):
			b = append(b, raw[i+1])
			i++
		default:
			return rdn{}, errors.New("the distinguished name ends in a backslash")
		}
		keep = len(b)
	}
	if quoted {
		return rdn{}, errors.New("a quote in the distinguished name is not closed")
	}
	return rdn{attr, string(b[:keep])}, nil
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// parseDN splits a whole name into its parts.
func parseDN(dn string) ([]rdn, error) {
	var parts []rdn
	for rest := dn; ; {
		first, more := cutDN(rest)
		p, err := parseRDN(first)
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
		if more == "" {
			if len(first) < len(rest) {
				return nil, errors.New("the distinguished name ends in a comma")
			}
			return parts, nil
		}
		rest = more
	}
}

// FoldDN is the form in which distinguished names are compared: lower case,
// no space around separators, one way of escaping. Container and Context of an
// Entry are in this form.
func FoldDN(dn string) (string, error) {
	parts, err := parseDN(dn)
	if err != nil {
		return "", err
	}
	return joinDN(parts), nil
}

func joinDN(parts []rdn) string {
	var b strings.Builder
	for i, p := range parts {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(p.attr)
		b.WriteByte('=')
		v := fold(p.value)
		for j := 0; j < len(v); j++ {
			c := v[j]
			switch {
			case c < 0x20 || c == 0x7f:
				fmt.Fprintf(&b, "\\%02x", c)
				continue
			case strings.IndexByte(`,"\;<>`, c) >= 0, c == ' ' && (j == 0 || j == len(v)-1):
				b.WriteByte('\\')
			}
			b.WriteByte(c)
		}
	}
	return b.String()
}

// dnPlace is where an entry stands.
type dnPlace struct {
	container string
	context   string
	err       error
}

// dnPlacer finds the place of entries. Nearly all entries share a few thousand
// containers, so each is folded once.
type dnPlacer struct {
	known  map[string]dnPlace
	parent string // of the name before, and its place: neighbours share a container
	at     dnPlace
}

// maxPlaces bounds the memory of the placer, not what it can place.
const maxPlaces = 1 << 16

// of returns the folded container and naming context of a name, and its first
// part as text.
func (p *dnPlacer) of(dn string) (first string, at dnPlace) {
	first, parent := cutDN(dn)
	if parent != p.parent {
		known, ok := p.known[parent]
		if !ok {
			known = placeOf(parent)
			if len(p.known) < maxPlaces {
				p.known[strings.Clone(parent)] = known
			}
		}
		p.parent, p.at = parent, known
	}
	at = p.at
	if at.context == at.container && isDC([]byte(first)) { // the root of a naming context itself
		if part, err := parseRDN(first); err == nil {
			at.context = strings.TrimSuffix(joinDN([]rdn{part})+","+at.context, ",")
		}
	}
	return first, at
}

// isDC tells a part of a DN whose type is DC.
func isDC(rdn []byte) bool {
	if len(rdn) > 2 && rdn[2] == '=' { // as it is mostly written
		return rdn[0]|0x20 == 'd' && rdn[1]|0x20 == 'c'
	}
	t, _, _ := bytes.Cut(rdn, []byte{'='})
	return bytes.EqualFold(bytes.TrimSpace(t), []byte("dc"))
}

func placeOf(parent string) dnPlace {
	if parent == "" {
		return dnPlace{}
	}
	parts, err := parseDN(parent)
	if err != nil {
		return dnPlace{err: err}
	}
	dc := len(parts)
	for dc > 0 && parts[dc-1].attr == "dc" {
		dc--
	}
	return dnPlace{container: joinDN(parts), context: joinDN(parts[dc:])}
}

// poolName is the name of a pool as servers are called.
func poolName(s string) string {
	s = strings.TrimSpace(s)
	if strings.IndexByte(s, ':') >= 0 {
		return fold(s) // "1:2", a pool's number in later versions, no port
	}
	return ParseServer(s)
}

// homeServer is the pool or server a msRTCSIP-PrimaryHomeServer value names:
// the part that follows CN=Microsoft in the DN of its service object (CN=LC
// Services,CN=Microsoft,CN=<pool>,...), in either case of letters, or a bare
// host name, as some scripts wrote it. "" for a DN that names no pool.
func homeServer(s string) string {
	if strings.IndexByte(s, '=') < 0 {
		return ParseServer(s)
	}
	parts, err := parseDN(s)
	if err != nil {
		return ""
	}
	for i := 0; i+1 < len(parts); i++ {
		if i < 2 && parts[i].attr == "cn" && strings.EqualFold(parts[i].value, "microsoft") {
			return poolName(parts[i+1].value)
		}
	}
	return ""
}
