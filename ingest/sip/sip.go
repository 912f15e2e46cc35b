// Package sip reads messages of the Session Initiation Protocol (RFC 3261) the
// way trace files hold them: whole or cut, with LF or CRLF, with folded,
// wrapped or indented lines, compact names in any case. It knows start lines,
// headers, addresses and parameters, nothing of what a server means by them.
//
// It differs from a protocol stack in what it does with damage: whatever can be
// told apart is given, and a body need not be as long as Content-Length says.
package sip

import (
	"bytes"
	"errors"
)

// MaxHeaders bounds what one message may keep; further headers are passed over.
const MaxHeaders = 1024

// ErrStart: the first line is neither a request line nor a status line.
var ErrStart = errors.New("there is no SIP start line")

// Message is one request or response. Everything in it lies in the text it was
// parsed from, or in its own memory, and is valid until the next parse.
type Message struct {
	Method  []byte // of a request, as written; empty for a response
	URI     []byte // of a request
	Status  int    // of a response, 100 to 699
	Headers []Header
	Body    []byte
	Whole   bool // the empty line behind the headers is there

	room []byte // values that stand on several lines
}

// Header is one header line, unfolded.
type Header struct {
	Name  []byte // as written
	Value []byte // without white space around it
}

// Parse reads a message; empty lines before it do not matter. Where every line
// is indented the indent of the first header line is taken off.
func (m *Message) Parse(text []byte) error {
	for {
		line, rest := cutLine(text)
		if len(trimLeft(line)) > 0 || len(rest) == 0 {
			if !m.ParseStart(line) {
				return ErrStart
			}
			m.Body = m.ParseHeaders(rest)
			return nil
		}
		text = rest
	}
}

// ParseStart reads the first line of a message and forgets what was read
// before. It tells whether there is one.
func (m *Message) ParseStart(line []byte) bool {
	*m = Message{Headers: m.Headers[:0], room: m.room[:0]}
	line = bytes.TrimSpace(line)
	if isVersion(line[:min(len(line), len(version))]) {
		rest := line[len(version):]
		if len(rest) < 4 || !isSpace(rest[0]) {
			return false
		}
		code := trimLeft(rest)
		if len(code) < 3 || len(code) > 3 && isDigit(code[3]) {
			return false
		}
		for _, c := range code[:3] {
			if !isDigit(c) {
				return false
			}
			m.Status = 10*m.Status + int(c-'0')
		}
		return m.Status >= 100 && m.Status < 700
	}
	method, rest := cutSpace(line)
	if len(rest) < len(version)+1 || !isToken(method) {
		return false
	}
	end := len(rest) - len(version)
	if !isVersion(rest[end:]) || !isSpace(rest[end-1]) {
		return false
	}
	uri := trim(rest[:end])
	if len(uri) == 0 {
		return false
	}
	m.Method, m.URI = method, uri
	return true
}

// IsStart tells whether a line, without its end, is a start line.
func IsStart(line []byte) bool {
	line = bytes.TrimSpace(line)
	if len(line) < len(version) || !isVersion(line[:len(version)]) && !isVersion(line[len(line)-len(version):]) {
		return false
	}
	var m Message
	return m.ParseStart(line)
}

// ParseHeaders adds the headers of the text and returns what is behind the
// empty line that ends them. A line that is no header goes on with the one
// before: printed traces wrap long values.
func (m *Message) ParseHeaders(text []byte) (rest []byte) {
	indent := Indent(text)
	for len(text) > 0 {
		var line []byte
		line, text = cutLine(text)
		line = Unindent(line, indent)
		if len(trimLeft(line)) == 0 {
			m.Whole = true
			return text
		}
		m.AddLine(line)
	}
	return nil
}

// AddLine adds one header line, or the continuation of the one before.
func (m *Message) AddLine(line []byte) {
	if name, value, ok := splitHeader(line); ok {
		if len(m.Headers) < MaxHeaders {
			m.Headers = append(m.Headers, Header{name, trim(value)})
		}
		return
	}
	if n := len(m.Headers); n > 0 && n < MaxHeaders {
		m.Headers[n-1].Value = m.join(m.Headers[n-1].Value, trim(line))
	}
}

// join puts a value that goes on together, with one space, in memory of its own.
func (m *Message) join(value, more []byte) []byte {
	start := len(m.room) - len(value)
	if start < 0 || len(value) == 0 || &m.room[start] != &value[0] {
		start = len(m.room)
		m.room = append(m.room, value...)
	}
	if len(m.room) > start && len(more) > 0 {
		m.room = append(m.room, ' ')
	}
	m.room = append(m.room, more...)
	return m.room[start:len(m.room)]
}

// Indent is how many blanks stand before every header line: those of the
// first, as a fold there would have nothing to go on with.
func Indent(text []byte) (n int) {
	for n < len(text) && isSpace(text[n]) {
		n++
	}
	if n == 0 || n == len(text) || text[n] == '\r' || text[n] == '\n' {
		return 0
	}
	return n
}

// Unindent takes up to n blanks off a line.
func Unindent(line []byte, n int) []byte {
	for ; n > 0 && len(line) > 0 && isSpace(line[0]); n-- {
		line = line[1:]
	}
	return line
}

// splitHeader cuts `Name: value`. The schemes of addresses are no names: such a
// line is a wrapped value.
func splitHeader(line []byte) (name, value []byte, ok bool) {
	i := 0
	for i < len(line) && tokenChar[line[i]] {
		i++
	}
	name = line[:i]
	for i < len(line) && isSpace(line[i]) {
		i++
	}
	if len(name) == 0 || i == len(line) || line[i] != ':' || isScheme(name) {
		return nil, nil, false
	}
	return name, line[i+1:], true
}

// IsHeaderName tells whether the text before a colon can be the name of a
// header.
func IsHeaderName(name []byte) bool { return isToken(name) && !isScheme(name) }

func isScheme(name []byte) bool {
	switch len(name) {
	case 3:
		return foldEqual(name, "sip") || foldEqual(name, "tel") || foldEqual(name, "urn")
	case 4:
		return foldEqual(name, "sips") || foldEqual(name, "http")
	case 5:
		return foldEqual(name, "https")
	}
	return false
}

// Get is the value of the first header of a name, nil when there is none. name
// is the long form, as for Is; compact forms in the message count.
func (m *Message) Get(name string) []byte {
	for i := range m.Headers {
		if Is(m.Headers[i].Name, name) {
			return m.Headers[i].Value
		}
	}
	return nil
}

// Is tells whether a name, as written, is that of a header, given in long form
// and spelt as here.
func Is(written []byte, name string) bool {
	if len(written) == 1 {
		return compact[lower(written[0])] == name
	}
	return foldEqual(written, name)
}

// compact are the one-letter names: RFC 3261 and its extensions, as registered
// with IANA.
var compact = [256]string{'a': "Accept-Contact", 'b': "Referred-By", 'c': "Content-Type", 'd': "Request-Disposition",
	'e': "Content-Encoding", 'f': "From", 'i': "Call-ID", 'j': "Reject-Contact", 'k': "Supported", 'l': "Content-Length",
	'm': "Contact", 'n': "Identity-Info", 'o': "Event", 'r': "Refer-To", 's': "Subject", 't': "To", 'u': "Allow-Events",
	'v': "Via", 'x': "Session-Expires", 'y': "Identity"}

const version = "SIP/2.0"

func isVersion(b []byte) bool { return foldEqual(b, version) }

// foldEqual compares without regard to the case of ASCII letters.
func foldEqual(b []byte, s string) bool {
	if len(b) != len(s) {
		return false
	}
	for i, c := range b {
		if c != s[i] && lower(c) != lower(s[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		c |= 0x20
	}
	return c
}

// cutLine cuts the first line off, without its end: LF and the CRs before it.
func cutLine(text []byte) (line, rest []byte) {
	if i := bytes.IndexByte(text, '\n'); i >= 0 {
		line, rest = text[:i], text[i+1:]
	} else {
		line = text
	}
	for n := len(line); n > 0 && line[n-1] == '\r'; n-- {
		line = line[:n-1]
	}
	return line, rest
}

// cutSpace cuts at the first blank.
func cutSpace(b []byte) (before, after []byte) {
	for i, c := range b {
		if isSpace(c) {
			return b[:i], b[i+1:]
		}
	}
	return b, nil
}

func trimLeft(b []byte) []byte {
	for len(b) > 0 && isSpace(b[0]) {
		b = b[1:]
	}
	return b
}

// trim takes blanks off both ends, and stray CRs with them.
func trim(b []byte) []byte {
	for len(b) > 0 && (isSpace(b[0]) || b[0] == '\r') {
		b = b[1:]
	}
	for n := len(b); n > 0 && (isSpace(b[n-1]) || b[n-1] == '\r'); n-- {
		b = b[:n-1]
	}
	return b
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' }
func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isToken(b []byte) bool {
	for _, c := range b {
		if !tokenChar[c] {
			return false
		}
	}
	return len(b) > 0
}

// tokenChar are the characters of a token (RFC 3261, section 25.1).
var tokenChar = func() (t [256]bool) {
	for c := range 256 {
		letter := byte(c) | 0x20
		t[c] = c < 0x80 && letter >= 'a' && letter <= 'z' || isDigit(byte(c)) || bytes.IndexByte([]byte("-.!%*_+`'~"), byte(c)) >= 0
	}
	return t
}()
