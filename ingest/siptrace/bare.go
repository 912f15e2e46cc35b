package siptrace

import (
	"bytes"

	"calaudit/ingest/sip"
)

// Bare is a file of SIP messages one after the other and nothing else. A
// message goes on until the next start line; one that a body begins with
// (message/sipfrag) is part of it. There are no times.
var Bare = &Shape{split: splitBare, begins: isBareStart, looks: bareLooks, message: bareMessage}

func isBareStart(line []byte) bool { return sip.IsStart(line) }

// bareLooks wants headers behind the start line: prose may quote one.
func bareLooks(line, rest []byte) bool {
	if !isBareStart(line) {
		return false
	}
	var m sip.Message
	for range 3 {
		next, _ := firstLine(rest, true)
		rest = rest[len(next):]
		m.ParseHeaders(bytes.TrimSpace(next))
	}
	return len(m.Headers) >= 2
}

var (
	bareVersion = []byte("SIP/2.0")
	sipFragment = []byte("/sipfrag") // of the type message/sipfrag
)

func splitBare(data []byte, end bool) (n int, kind Kind) {
	line, whole := firstLine(data, end)
	switch {
	case !whole:
		return 0, 0
	case blankLine(line):
		return len(line), blank
	case !isBareStart(line):
		return run(data, end, func(line []byte) bool { return !isBareStart(line) }), Stray
	}
	for n = len(line); n < len(data); {
		i := bytes.Index(data[n:], bareVersion)
		if i < 0 {
			break
		}
		begin := bytes.LastIndexByte(data[:n+i], '\n') + 1
		line, whole := firstLine(data[begin:], end)
		if !whole {
			return 0, 0
		}
		if isBareStart(line) && !startsBody(data[:begin]) {
			return begin, Message
		}
		n = begin + len(line)
	}
	if !end {
		return 0, 0
	}
	return len(data), Message
}

// startsBody tells a message whose body is a fragment of another and of which
// nothing of the body is there yet.
func startsBody(message []byte) bool {
	return (bytes.HasSuffix(message, []byte("\n\n")) || bytes.HasSuffix(message, []byte("\n\r\n"))) && bytes.Contains(message, sipFragment) &&
		!bytes.Contains(bytes.TrimRight(message, "\r\n"), []byte("\n\r\n")) && !bytes.Contains(bytes.TrimRight(message, "\r\n"), []byte("\n\n"))
}

func bareMessage(r *Record) {
	line, _ := firstLine(r.Text, true)
	r.start, r.headers = bytes.TrimRight(line, "\r\n"), r.Text[len(line):]
}
