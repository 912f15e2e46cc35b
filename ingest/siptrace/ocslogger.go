package siptrace

import (
	"bytes"

	"calaudit/ingest/sip"
)

// OCSLogger is the text that OCSLogger, the Lync logging tool and centralized
// logging make of a SIPStack trace:
//
//	TL_INFO(TF_PROTOCOL) [0]0A1C.0B2D::03/02/2009-08:01:00.123.00004f1a (SIPStack,Class::Func:File.cpp(122))$$begin_record
//	Instance-Id: 0000A1B2
//	Direction: incoming
//	Peer: pc1.contoso.com:50061
//	Message-Type: request
//	Start-Line: REGISTER sip:contoso.com SIP/2.0
//	From: ...
//	Message-Body: -
//	$$end_record
//
// There is no description by the vendor; the shape is that of published traces.
// The fields come in any order. Between the brackets stands the number of a
// processor, or, later, pool\machine. Times are UTC, the month first. Printed
// traces break the first line before "(SIPStack" and wrap long values. Other
// products write $$begin_record as well: a record begins with "TL_".
var OCSLogger = &Shape{split: splitOCS, begins: isOCSPrefix, looks: ocsLooks, message: ocsMessage,
	stamp: ocsStamp, badTime: "the time of the record is not MM/DD/YYYY-HH:MM:SS.mmm; export the trace again"}

var (
	ocsLevel = []byte("TL_")
	ocsMark  = []byte("(TF_")
	ocsBegin = []byte("$$begin_record")
	ocsEnd   = []byte("$$end_record")
	ocsDiag  = []byte("LogType:")
)

// isOCSPrefix tells the beginning of a line `TL_INFO(TF_PROTOCOL) [`.
func isOCSPrefix(line []byte) bool {
	if !bytes.HasPrefix(line, ocsLevel) {
		return false
	}
	i := word(line, len(ocsLevel))
	if i == len(ocsLevel) || !bytes.HasPrefix(line[i:], ocsMark) {
		return false
	}
	i = word(line, i+len(ocsMark))
	return bytes.HasPrefix(line[i:], []byte(") ["))
}

// ocsLooks wants the date behind the brackets as well.
func ocsLooks(line, _ []byte) bool {
	var r Record
	i := bytes.Index(line, []byte("::"))
	return isOCSPrefix(line) && i > 0 && r.usDate(line[i+2:])
}

func word(b []byte, i int) int {
	for i < len(b) && (b[i] >= 'A' && b[i] <= 'Z' || b[i] == '_' || b[i] >= '0' && b[i] <= '9') {
		i++
	}
	return i
}

// mostOthers is how many lines of other components may stand inside a record
// whose end is still to come. After more of them it has no end.
const mostOthers = 64

func splitOCS(data []byte, end bool) (n int, kind Kind) {
	line, whole := firstLine(data, end)
	switch {
	case !whole:
		return 0, 0
	case blankLine(line):
		return len(line), blank
	case !isOCSPrefix(line):
		return splitOCSStray(data, end)
	}
	head, record := ocsHead(data, len(line), end)
	if head == 0 {
		return 0, 0
	}
	if !record {
		return head, Other
	}
	// The end, or the line where another record begins, which may be one that
	// was cut.
	stop := bytes.Index(data[head:], ocsEnd)
	within := data[head:]
	if stop >= 0 {
		within = within[:stop]
	}
	at := -1
	for others := 0; ; others++ {
		next := nextOCSPrefix(within, at)
		if next < 0 {
			break
		}
		lineEnd := bytes.IndexByte(data[head+next:], '\n')
		if lineEnd < 0 {
			if !end {
				return 0, 0
			}
			lineEnd = len(data) - head - next - 1
		}
		_, begins := ocsHead(data[head+next:], lineEnd+1, end)
		if begins || others == mostOthers {
			return head + next, Message
		}
		at = next + lineEnd
	}
	if stop < 0 {
		if !end {
			return 0, 0
		}
		return len(data), Message
	}
	if again := bytes.Index(within, ocsBegin); again >= 0 {
		if i := bytes.LastIndex(within[:again], ocsLevel); i > 0 && isOCSPrefix(within[i:]) {
			return head + i, Message
		}
	}
	n = head + stop + len(ocsEnd)
	if i := bytes.IndexByte(data[n:], '\n'); i >= 0 {
		return n + i + 1, Message
	}
	if !end {
		return 0, 0
	}
	return len(data), Message
}

// nextOCSPrefix finds the next line that begins with a prefix, in b behind its
// line end at (-1: in all of b, which begins with a line); -1 when there is
// none. The mark in the middle of a prefix is searched for, as it begins with a
// character that messages seldom have.
func nextOCSPrefix(b []byte, at int) int {
	line := at + 1
	for from := line; from < len(b); {
		i := bytes.Index(b[from:], ocsMark)
		if i < 0 {
			return -1
		}
		begins := from == at+1
		if nl := bytes.LastIndexByte(b[from:from+i], '\n'); nl >= 0 {
			line, begins = from+nl+1, true
		}
		if begins && isOCSPrefix(b[line:]) {
			return line
		}
		from += i + len(ocsMark)
	}
	return -1
}

// ocsHead is the length of the lines before the fields of a record, and
// whether there are fields at all. n is the length of the first line.
func ocsHead(data []byte, n int, end bool) (head int, record bool) {
	if n > len(data) {
		n = len(data)
	}
	if bytes.Contains(data[:n], ocsBegin) {
		return n, true
	}
	rest := data[n:]
	if len(rest) == 0 && !end {
		return 0, false
	}
	next, whole := firstLine(rest, end)
	if !whole {
		return 0, false
	}
	length := len(next)
	next = bytes.TrimLeft(next[:min(length, 1024)], " \t")
	switch {
	case bytes.HasPrefix(next, []byte{'('}) && bytes.Contains(next, ocsBegin): // a prefix on two lines
		return n + length, true
	case bytes.HasPrefix(next, ocsDiag): // diagnostic records lack the mark
		return n, true
	}
	return n, false
}

// splitOCSStray takes lines up to the next prefix. One that ends a record
// makes them the rest of it.
func splitOCSStray(data []byte, end bool) (n int, kind Kind) {
	ended := false
	n = run(data, end, func(line []byte) bool {
		if ended || isOCSPrefix(line) {
			return false
		}
		ended = bytes.Contains(line, ocsEnd)
		return true
	})
	if ended {
		return n, Rest
	}
	return n, Stray
}

func ocsMessage(r *Record) {
	body := r.Text
	n := bytes.IndexByte(body, '\n') + 1
	if n == 0 {
		n = len(body)
	}
	r.prefix = body[:n]
	head, _ := ocsHead(body, n, true)
	body = body[head:]
	if i := bytes.LastIndex(body, ocsEnd); i >= 0 {
		body = body[:i]
	} else {
		r.Cut = true
	}
	if nextOCSPrefix(body, -1) >= 0 {
		body = r.withoutOthers(body)
	}
	r.headers, r.marked = body, true
	if r.start = ocsStart(body); r.start == nil {
		r.Kind = Other // a diagnostic record, or one of another component
		if r.Cut && !bytes.HasPrefix(body, ocsDiag) && !bytes.Contains(body, []byte("\nLogType:")) {
			r.Kind, r.Bad = Message, "the record is cut before its start line; export the trace again"
		}
	}
}

// withoutOthers takes lines of other components out of the record.
func (r *Record) withoutOthers(body []byte) []byte {
	clean := make([]byte, 0, len(body))
	for len(body) > 0 {
		line, _ := firstLine(body, true)
		if isOCSPrefix(line) {
			r.Others++
		} else {
			clean = append(clean, line...)
		}
		body = body[len(line):]
	}
	return clean
}

var (
	startLine = []byte("Start-Line:")
	bodyMark  = []byte("Message-Body:")
)

// ocsStart finds the value of the field Start-Line before the body.
func ocsStart(body []byte) []byte {
	for at := 0; at < len(body); {
		i := bytes.Index(body[at:], startLine)
		if i < 0 {
			return nil
		}
		at += i
		begin := at
		for begin > 0 && (body[begin-1] == ' ' || body[begin-1] == '\t') {
			begin--
		}
		if begin == 0 || body[begin-1] == '\n' {
			line, _ := firstLine(body[at+len(startLine):], true)
			line = bytes.TrimSpace(line)
			if bytes.HasPrefix(line, bareVersion) || bytes.HasSuffix(line, bareVersion) {
				return line
			}
			// A wrapped address stands on the next line.
			rest := body[at+len(startLine):]
			if j := bytes.IndexByte(rest, '\n'); j >= 0 {
				next, _ := firstLine(rest[j+1:], true)
				joined := append(append(bytes.Clone(line), ' '), bytes.TrimSpace(next)...)
				if sip.IsStart(joined) {
					return joined
				}
			}
			return line
		}
		at += len(startLine)
	}
	return nil
}

// ocsStamp reads the time and the machine of the first line.
func ocsStamp(r *Record) bool {
	b := r.prefix
	open := bytes.IndexByte(b, '[')
	stop := bytes.IndexByte(b, ']')
	stamp := bytes.Index(b, []byte("::"))
	if open >= 0 && stop > open {
		if i := bytes.LastIndexByte(b[open:stop], '\\'); i >= 0 {
			r.Machine = b[open+i+1 : stop]
		}
	}
	r.zone = UTC
	return stamp >= 0 && r.usDate(b[stamp+2:]) && len(b) >= stamp+13 && b[stamp+12] == '-' && r.clock(b[stamp+13:]) > 0
}

// parseMarked reads fields and headers up to the field Message-Body, whose
// value is the body.
func parseMarked(m *sip.Message, text []byte) {
	indent := sip.Indent(text)
	for len(text) > 0 {
		line, _ := firstLine(text, true)
		rest := text[len(line):]
		for n := len(line); n > 0 && (line[n-1] == '\n' || line[n-1] == '\r'); n-- {
			line = line[:n-1]
		}
		line = sip.Unindent(line, indent)
		if isBodyMark(line) {
			m.Whole = true
			m.Body = bodyBehind(text)
			return
		}
		if !blankLine(line) {
			m.AddLine(line)
		}
		text = rest
	}
}

// isBodyMark tells the line where the body begins, in any case of letters: what
// is private stands there.
func isBodyMark(line []byte) bool {
	return len(line) >= len(bodyMark) && line[0]|0x20 == 'm' && bytes.EqualFold(line[:len(bodyMark)], bodyMark)
}

// bodyBehind is what stands behind the first colon; "-" is no body.
func bodyBehind(text []byte) []byte {
	_, body, _ := bytes.Cut(text, []byte{':'})
	body = bytes.TrimLeft(body, " \t")
	if t := bytes.TrimSpace(body); len(t) == 0 || len(t) == 1 && t[0] == '-' {
		return nil
	}
	return body
}
