package siptrace

import (
	"bytes"

	"calaudit/ingest/sip"
)

// UCCAPI is the log of the client's stack (Communicator-uccapi-0.uccapilog):
//
//	03/02/2009|08:01:00.123 0A1C:0B2D INFO  :: Sending Packet - 10.1.2.3:5061 (From Local Address: 10.1.9.9:50061) 812 bytes:
//	03/02/2009|08:01:00.123 0A1C:0B2D INFO  :: REGISTER sip:contoso.com SIP/2.0
//	Via: ...
//	<empty line, body>
//	03/02/2009|08:01:00.124 0A1C:0B2D INFO  :: End of Sending Packet - ...
//
// Received messages have "Data Received - " and "To Local Address". The shape is
// that of a published log; the closing line is not in it and not relied on. The
// zone of the times is not documented: local, of the client's machine.
var UCCAPI = &Shape{split: splitUCCAPI, begins: uccapiPacket,
	looks: func(line, _ []byte) bool { return isUCCAPIPrefix(line) }, message: uccapiMessage,
	stamp: uccapiStamp, badTime: "the time of the record is not MM/DD/YYYY|HH:MM:SS.mmm; copy the log again"}

// uccapiText is what stands behind the prefix of a line, nil without a prefix:
// date, "|", time, process:thread in hex, a level word, "::".
func uccapiText(line []byte) []byte {
	if len(line) < 24 || line[2] != '/' || line[5] != '/' || line[10] != '|' || line[13] != ':' {
		return nil
	}
	i := bytes.Index(line[:min(len(line), 80)], []byte(" :: "))
	if i < 0 {
		return nil
	}
	return line[i+4:]
}

func isUCCAPIPrefix(line []byte) bool { return uccapiText(line) != nil }

var (
	uccapiSent     = []byte("Sending Packet - ")
	uccapiReceived = []byte("Data Received - ")
)

// uccapiPacket tells the line that a packet begins with.
func uccapiPacket(line []byte) bool {
	text := uccapiText(line)
	return bytes.HasPrefix(text, uccapiSent) || bytes.HasPrefix(text, uccapiReceived)
}

func splitUCCAPI(data []byte, end bool) (n int, kind Kind) {
	line, whole := firstLine(data, end)
	if !whole {
		return 0, 0
	}
	text := uccapiText(line)
	switch {
	case blankLine(line):
		return len(line), blank
	case text == nil:
		return run(data, end, func(line []byte) bool { return !isUCCAPIPrefix(line) }), Stray
	}
	kind = Other
	if uccapiPacket(line) {
		kind = Message
		// The start line has the prefix again.
		if next, whole := firstLine(data[len(line):], end); !whole {
			return 0, 0
		} else if t := uccapiText(next); t != nil && sip.IsStart(t) {
			n = len(next)
		}
	} else if sip.IsStart(text) {
		kind = Message // the line before it was lost
	}
	n += len(line)
	// Lines without a prefix go on with the record.
	more := run(data[n:], end, func(line []byte) bool { return !isUCCAPIPrefix(line) })
	if more == 0 && !end && (len(data) == n || !hasUCCAPIPrefix(data[n:])) {
		return 0, 0
	}
	return n + more, kind
}

// hasUCCAPIPrefix tells whether the first line, if it is whole, has a prefix.
func hasUCCAPIPrefix(data []byte) bool {
	line, whole := firstLine(data, false)
	return whole && isUCCAPIPrefix(line)
}

func uccapiMessage(r *Record) {
	line, _ := firstLine(r.Text, true)
	body := r.Text[len(line):]
	text := uccapiText(line)
	if uccapiPacket(line) {
		var next []byte
		next, _ = firstLine(body, true)
		body = body[len(next):]
		if text = uccapiText(next); text == nil {
			text = next
		}
	}
	r.start, r.headers = bytes.TrimRight(text, "\r\n"), body
	r.prefix = line
}

func uccapiStamp(r *Record) bool {
	r.zone = Local
	return r.usDate(r.prefix) && r.clock(r.prefix[11:]) > 0
}
