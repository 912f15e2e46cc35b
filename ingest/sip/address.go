package sip

import "bytes"

// Address is one address of a header such as From or Contact.
type Address struct {
	Display []byte // name before the brackets, without quotes; escapes as written
	URI     []byte // without brackets; "*" in a Contact that speaks of all
	Params  []byte // of the header: behind the brackets, or, without brackets, behind the first ";"
	Written []byte // all of it
	Bare    bool   // without brackets: whose the parameters are cannot be told
}

// NextAddress takes the first address off a comma-separated value. ok is false
// when there is none. What is not closed ends with the value.
func NextAddress(v []byte) (a Address, rest []byte, ok bool) {
	for len(v) > 0 && (isSpace(v[0]) || v[0] == ',') {
		v = v[1:]
	}
	if len(v) == 0 {
		return a, nil, false
	}
	end := listEnd(v)
	one, rest := v[:end], v[min(end+1, len(v)):]
	a.Written = trim(one)
	open := outside(one, '<')
	if open < 0 {
		a.Bare = true
		uri, params, _ := bytes.Cut(one, []byte{';'})
		a.URI, a.Params = trim(uri), params
		return a, rest, len(a.URI) > 0
	}
	a.Display = unquote(trim(one[:open]))
	inner := one[open+1:]
	behind := []byte(nil)
	if i := bytes.IndexByte(inner, '>'); i >= 0 {
		inner, behind = inner[:i], inner[i+1:]
	}
	if i := bytes.LastIndexByte(inner, '<'); i >= 0 { // brackets inside brackets are seen
		inner = inner[i+1:]
		behind = bytes.TrimLeft(behind, ">")
	}
	a.URI = trim(inner)
	if i := bytes.IndexByte(behind, ';'); i >= 0 {
		a.Params = behind[i+1:]
	}
	return a, rest, len(a.URI) > 0
}

// listEnd is where the first element of a comma-separated list ends. Commas in
// quotes and in brackets do not count; a quote that is never closed is none.
func listEnd(v []byte) int {
	if bytes.IndexByte(v, ',') < 0 {
		return len(v)
	}
	bracket := false
	for i := 0; i < len(v); i++ {
		switch c := v[i]; {
		case c == '"' && !bracket:
			if n := quoted(v[i:]); n > 0 {
				i += n - 1
			}
		case c == '<':
			bracket = bytes.IndexByte(v[i:], '>') >= 0
		case c == '>':
			bracket = false
		case c == ',' && !bracket:
			return i
		}
	}
	return len(v)
}

// outside finds a character that stands in no quotes.
func outside(v []byte, what byte) int {
	if i := bytes.IndexByte(v, what); i < 0 || bytes.IndexByte(v[:i], '"') < 0 {
		return i
	}
	for i := 0; i < len(v); i++ {
		switch v[i] {
		case what:
			return i
		case '"':
			if n := quoted(v[i:]); n > 0 {
				i += n - 1
			}
		}
	}
	return -1
}

// quoted is the length of the quoted string that v begins with, 0 when it is
// not closed.
func quoted(v []byte) int {
	for i := 1; i < len(v); i++ {
		switch v[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return 0
}

func unquote(v []byte) []byte {
	if n := len(v); n >= 2 && v[0] == '"' && v[n-1] == '"' {
		return v[1 : n-1]
	}
	return v
}

// Param is the value of a parameter in `a=1;b="2";c`, without quotes. ok tells
// whether the parameter is there; a flag has an empty value.
func Param(params []byte, name string) (value []byte, ok bool) {
	for len(params) > 0 {
		end := outside(params, ';')
		one := params
		if end >= 0 {
			one, params = params[:end], params[end+1:]
		} else {
			params = nil
		}
		key, value, _ := bytes.Cut(one, []byte{'='})
		if foldEqual(trim(key), name) {
			return unquote(trim(value)), true
		}
	}
	return nil, false
}

// URI is a sip:, sips: or tel: address. Parts are as written.
type URI struct {
	Scheme  []byte
	User    []byte // before the "@", without a password; the number of a tel: address
	Host    []byte // without the port; an IPv6 address in its brackets
	Port    []byte
	Params  []byte // behind the first ";" of the host, or of the number
	Headers []byte // behind "?"
}

// ParseURI splits an address. ok is false for other schemes and for an address
// without host or number.
func ParseURI(b []byte) (u URI, ok bool) {
	scheme, rest, found := bytes.Cut(trim(b), []byte{':'})
	if !found {
		return u, false
	}
	u.Scheme = scheme
	if foldEqual(scheme, "tel") {
		u.User, u.Params, _ = bytes.Cut(rest, []byte{';'})
		return u, len(u.User) > 0
	}
	if !foldEqual(scheme, "sip") && !foldEqual(scheme, "sips") {
		return u, false
	}
	// The user part may hold ";" and "?" itself, but no "@".
	if i := bytes.IndexByte(rest, '@'); i >= 0 {
		u.User, _, _ = bytes.Cut(rest[:i], []byte{':'})
		rest = rest[i+1:]
	}
	rest, u.Headers, _ = bytes.Cut(rest, []byte{'?'})
	u.Host, u.Params, _ = bytes.Cut(rest, []byte{';'})
	if i := bytes.IndexByte(u.Host, ']'); i >= 0 && u.Host[0] == '[' {
		u.Host, u.Port = u.Host[:i+1], bytes.TrimPrefix(u.Host[i+1:], []byte{':'})
	} else {
		u.Host, u.Port, _ = bytes.Cut(u.Host, []byte{':'})
	}
	return u, len(u.Host) > 0
}
