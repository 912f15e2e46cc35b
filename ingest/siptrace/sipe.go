package siptrace

import (
	"bytes"
	"time"
)

// SIPE is the debug log of Pidgin and other clients with the SIPE plug-in:
//
//	(10:46:40) sipe:
//	MESSAGE START >>>>>>>>>> SIP(0x55d0c8) - 2009-03-02T08:01:00.123456Z
//	REGISTER sip:contoso.com SIP/2.0
//	Via: ...
//	<empty line, body>
//	MESSAGE END >>>>>>>>>> SIP(0x55d0c8) - 2009-03-02T08:01:00.123456Z
//
// ">" is sent, "<" received; older versions name no connection. The time in the
// marks is UTC, the one in parentheses is local and has no date. Messages of
// other protocols (HTTP) are marked in the same way. The shape is that of logs
// in the project's issue reports.
var SIPE = &Shape{split: splitSIPE, begins: isSIPEStart,
	looks: func(line, _ []byte) bool { return isSIPEStart(line) }, message: sipeMessage,
	stamp: sipeStamp, badTime: "the time of the message is not YYYY-MM-DDTHH:MM:SSZ; save the debug log again"}

func isSIPEStart(line []byte) bool { return sipeMark(line, sipeStart) != nil }

var (
	sipeStart = []byte("MESSAGE START ")
	sipeEnd   = []byte("MESSAGE END ")
	sipeWord  = []byte("MESSAGE ")
)

// sipeMark is what stands behind the arrows of a line that starts or ends a
// message, nil for other lines. The prefix of the log may stand before it.
func sipeMark(line, mark []byte) []byte {
	i := bytes.Index(line, mark)
	if i < 0 || i > 64 {
		return nil
	}
	rest := line[i+len(mark):]
	if len(rest) < 4 || rest[0] != '>' && rest[0] != '<' {
		return nil
	}
	return bytes.TrimLeft(bytes.TrimLeft(rest, "<>"), " ")
}

func splitSIPE(data []byte, end bool) (n int, kind Kind) {
	line, whole := firstLine(data, end)
	switch {
	case !whole:
		return 0, 0
	case blankLine(line):
		return len(line), blank
	case sipeMark(line, sipeStart) != nil:
		return splitSIPEMessage(data, len(line), end)
	}
	ended := false
	n = run(data, end, func(line []byte) bool {
		if ended || sipeMark(line, sipeStart) != nil {
			return false
		}
		ended = sipeMark(line, sipeEnd) != nil
		return true
	})
	if ended {
		return n, Rest
	}
	return n, Stray
}

// splitSIPEMessage finds the mark that ends a message, or the next that starts
// one. n is the length of its first line.
func splitSIPEMessage(data []byte, n int, end bool) (int, Kind) {
	for n < len(data) {
		i := bytes.Index(data[n:], sipeWord)
		if i < 0 {
			break
		}
		begin := bytes.LastIndexByte(data[:n+i], '\n') + 1
		line, whole := firstLine(data[begin:], end)
		switch {
		case !whole:
			return 0, 0
		case sipeMark(line, sipeEnd) != nil:
			return begin + len(line), Message
		case sipeMark(line, sipeStart) != nil:
			return begin, Message
		}
		n = begin + len(line)
	}
	if !end {
		return 0, 0
	}
	return len(data), Message
}

func sipeMessage(r *Record) {
	line, _ := firstLine(r.Text, true)
	mark := sipeMark(line, sipeStart)
	if !bytes.HasPrefix(mark, []byte("SIP")) {
		r.Kind = Other
		return
	}
	body := r.Text[len(line):]
	last := bytes.LastIndex(body, sipeEnd)
	if last >= 0 {
		body = body[:bytes.LastIndexByte(body[:last], '\n')+1]
	} else {
		r.Cut = true
	}
	for len(body) > 0 { // to the start line
		l, _ := firstLine(body, true)
		body = body[len(l):]
		if !blankLine(l) {
			r.start = bytes.TrimRight(l, "\r\n")
			break
		}
	}
	r.headers, r.prefix = body, mark
}

func sipeStamp(r *Record) bool {
	r.zone = UTC
	i := bytes.LastIndex(r.prefix, []byte("- "))
	return i >= 0 && r.iso(bytes.TrimSpace(r.prefix[i+2:]))
}

// iso reads YYYY-MM-DDTHH:MM:SS[.f]Z.
func (r *Record) iso(b []byte) bool {
	if len(b) < 20 || b[4] != '-' || b[7] != '-' || b[10] != 'T' {
		return false
	}
	year, ok1 := digits(b[:4])
	month, ok2 := digits(b[5:7])
	day, ok3 := digits(b[8:10])
	r.year, r.month, r.day = year, time.Month(month), day
	n := r.clock(b[11:])
	return ok1 && ok2 && ok3 && r.calendar() && n > 0 && string(b[11+n:]) == "Z"
}
