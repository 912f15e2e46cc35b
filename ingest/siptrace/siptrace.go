// Package siptrace cuts trace files into records and finds the SIP message in
// each. It knows how four tools write a trace, nothing of what the messages
// mean; package sip reads those.
//
// Damage costs the record it is in: reading goes on with the next one. Whatever
// the file holds, memory stays within a few times MaxRecord.
package siptrace

import (
	"bytes"
	"io"
	"time"

	"calaudit/ingest/sip"
)

// MaxRecord is the longest record taken, in bytes; messages of the servers are
// far shorter (65 KB is the most that their SIP stack takes).
const MaxRecord = 1 << 20

// Kind is what a record of a trace file is.
type Kind uint8

const (
	// Message holds a SIP message, or should.
	Message Kind = iota + 1
	// Other is a line that the tool wrote about something else, or a record
	// that speaks of a message without being one.
	Other
	// Stray is a run of lines that belong to no record.
	Stray
	// Rest is the end of a record whose beginning is missing.
	Rest
	// TooLong is a record longer than MaxRecord; Text is its beginning.
	TooLong

	blank // between records; not given to anybody
)

// Zone says what a time of a trace is told in.
type Zone uint8

const (
	NoTime Zone = iota // the record carries no time
	UTC
	Local // of the machine that wrote the trace, which is not told
)

// Record is one record of a trace. Its texts are valid until the next one.
type Record struct {
	Kind   Kind
	Line   int    // 1-based line where it begins
	Text   []byte // as it stands in the file
	Others int    // lines of Other kind that stand inside it and are left out

	// Of a Message:
	Machine []byte // that wrote the trace, where it tells; set by Time
	Bad     string // what is wrong with the record: "what; what to do"
	Cut     bool   // its end is missing

	shape   *Shape
	start   []byte // start line
	headers []byte // header lines and the body
	marked  bool   // the body stands behind a line "Message-Body:"
	prefix  []byte // where the time stands

	zone  Zone
	year  int
	month time.Month
	day   int
	time  time.Duration // since midnight
}

// Start is the start line of the message.
func (r *Record) Start() []byte { return r.start }

// Parse reads the message into m; it tells whether there is one.
func (r *Record) Parse(m *sip.Message) bool {
	if !m.ParseStart(r.start) {
		return false
	}
	if r.marked {
		parseMarked(m, r.headers)
	} else {
		m.Body = m.ParseHeaders(r.headers)
	}
	return true
}

// Headers is the text behind the start line: headers, and mostly a body.
func (r *Record) Headers() []byte { return r.headers }

// Time is when the message was traced, in milliseconds since the Unix epoch, and
// what that rests on; loc is the zone of local times. bad says what is wrong
// with a time that cannot be read.
func (r *Record) Time(loc *time.Location) (ms int64, zone Zone, bad string) {
	if r.shape.stamp == nil {
		return 0, NoTime, ""
	}
	if !r.shape.stamp(r) {
		return 0, NoTime, r.shape.badTime
	}
	if r.zone == UTC {
		loc = time.UTC
	}
	return time.Date(r.year, r.month, r.day, 0, 0, 0, int(r.time), loc).UnixMilli(), r.zone, ""
}

// Shape is how a tool writes its trace.
type Shape struct {
	// split finds the first record in data, which begins at the beginning of a
	// line. It returns its length, or 0 when more of the file is needed; end
	// says that there is no more.
	split func(data []byte, end bool) (n int, kind Kind)
	// stamp reads the time, and the machine, of a message's record. ok is false
	// when it tells none though it should.
	stamp func(r *Record) (ok bool)
	// badTime says what is wrong then.
	badTime string
	// begins tells a line at which reading can go on behind damage.
	begins func(line []byte) bool
	// looks tells a line that only this tool writes; rest follows it.
	looks func(line, rest []byte) bool
	// message finds the message in a record of kind Message; it may find that
	// the record is of another kind.
	message func(r *Record)
}

// Reader reads the records of one file.
type Reader struct {
	shape *Shape
	look  int // how much is looked at first to find a record
	src   io.Reader
	err   error
	buf   []byte
	at    int // of the next record in buf
	end   int
	line  int // of the next record, from 0
	rec   Record
}

// NewReader reads from r, which must be UTF-8 without a byte order mark.
func NewReader(r io.Reader, s *Shape) *Reader {
	return &Reader{shape: s, look: firstLook, src: r, buf: make([]byte, 256<<10)}
}

// firstLook is how much of the file is looked at to find a record; where that is
// too little, twice as much, and so on. A look for the end of a record that has
// none would else pass over all that is in the buffer, for every such record.
const firstLook = 4 << 10

// Read returns the next record, valid until the next call, or io.EOF.
func (r *Reader) Read() (*Record, error) {
	for {
		n, kind, err := r.next()
		if err != nil {
			return nil, err
		}
		if n == 0 {
			return r.tooLong()
		}
		text := r.buf[r.at : r.at+n]
		r.rec = Record{Kind: kind, Line: r.line + 1, Text: text, shape: r.shape}
		r.at += n
		r.line += bytes.Count(text, newline)
		if kind == blank {
			continue
		}
		if kind == Message {
			r.shape.message(&r.rec)
		}
		return &r.rec, nil
	}
}

// next is the length and kind of the next record, 0 for one that is longer than
// MaxRecord. split takes all that is left at the end.
func (r *Reader) next() (n int, kind Kind, err error) {
	for look := r.look; ; look *= 2 {
		for r.end-r.at < look && r.err == nil {
			r.fill()
		}
		have := r.end - r.at
		if have == 0 {
			return 0, blank, r.err
		}
		n, kind = r.shape.split(r.buf[r.at:r.at+min(have, look)], r.err != nil && have <= look)
		if n > 0 || look >= MaxRecord {
			return n, kind, nil
		}
	}
}

var newline = []byte{'\n'}

// fill reads more, moving what is left to the front and growing up to
// MaxRecord when a record does not fit.
func (r *Reader) fill() {
	if r.at > 0 && (r.end == len(r.buf) || r.at == r.end) {
		r.end = copy(r.buf, r.buf[r.at:r.end])
		r.at = 0
	}
	if r.end == len(r.buf) {
		r.buf = append(r.buf, make([]byte, min(len(r.buf), max(MaxRecord-len(r.buf), 64<<10)))...)
	}
	n, err := r.src.Read(r.buf[r.end:])
	r.end += n
	if err != nil {
		r.err = err
	}
}

// tooLong gives up a record and passes over everything up to a line where
// another one begins.
func (r *Reader) tooLong() (*Record, error) {
	r.rec = Record{Kind: TooLong, Line: r.line + 1, Text: bytes.Clone(r.buf[r.at : r.at+256])}
	for begin := false; ; { // at the beginning of a line that is not the first
		data := r.buf[r.at:r.end]
		i := bytes.IndexByte(data, '\n')
		switch {
		case i < 0 && r.err == nil && len(data) < longestLine:
			r.fill()
			continue
		case begin && len(data) > 0 && r.shape.begins(data[:cutAt(i, len(data))]), len(data) == 0 && r.err != nil:
			return &r.rec, nil
		case i < 0:
			r.at, begin = r.end, false
		default:
			r.at, begin = r.at+i+1, true
			r.line++
		}
	}
}

// longestLine is how much of a line is looked at to tell what it is.
const longestLine = 64 << 10

func cutAt(i, n int) int {
	if i < 0 {
		return n
	}
	return i
}

// line is the first line of data with its end. whole is false when it goes on
// behind data.
func firstLine(data []byte, end bool) (line []byte, whole bool) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return data[:i+1], true
	}
	return data, end
}

// blankLine tells a line of white space.
func blankLine(line []byte) bool {
	for _, c := range line {
		if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return false
		}
	}
	return true
}

// run is the length of the lines at the beginning of data for which in is true,
// 0 when it may go on behind data.
func run(data []byte, end bool, in func(line []byte) bool) int {
	n := 0
	for n < len(data) {
		line, whole := firstLine(data[n:], end)
		if !whole {
			return 0
		}
		if !in(line) {
			return n
		}
		n += len(line)
	}
	if !end {
		return 0
	}
	return n
}

// digits reads a number of exactly the given text.
func digits(b []byte) (n int, ok bool) {
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, len(b) > 0
}

// usDate sets the date of MM/DD/YYYY: the tools write the month first,
// whatever the machine's culture.
func (r *Record) usDate(b []byte) bool {
	if len(b) < 10 || b[2] != '/' || b[5] != '/' {
		return false
	}
	month, ok1 := digits(b[:2])
	day, ok2 := digits(b[3:5])
	year, ok3 := digits(b[6:10])
	r.year, r.month, r.day = year, time.Month(month), day
	return ok1 && ok2 && ok3 && r.calendar()
}

// calendar tells whether there is such a day.
func (r *Record) calendar() bool {
	if r.year < 1990 || r.month < 1 || r.month > 12 || r.day < 1 {
		return false
	}
	return r.day <= 28 || time.Date(r.year, r.month, r.day, 0, 0, 0, 0, time.UTC).Day() == r.day
}

// clock sets the time of HH:MM:SS with up to nine digits of a fraction and
// returns how long the text is, 0 when it is no time.
func (r *Record) clock(b []byte) int {
	if len(b) < 8 || b[2] != ':' || b[5] != ':' {
		return 0
	}
	h, ok1 := digits(b[:2])
	m, ok2 := digits(b[3:5])
	s, ok3 := digits(b[6:8])
	if !ok1 || !ok2 || !ok3 || h > 23 || m > 59 || s > 60 {
		return 0
	}
	r.time = time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second
	n := 8
	if n+1 < len(b) && b[n] == '.' {
		unit := time.Second / 10
		for n++; n < len(b) && b[n] >= '0' && b[n] <= '9'; n++ {
			r.time += time.Duration(b[n]-'0') * unit
			unit /= 10
		}
	}
	return n
}

// Looks tells whether a text, the beginning of a file, is a trace of the shape:
// some line begins a record as the shape's tool writes it.
func Looks(s *Shape, text []byte) bool {
	for len(text) > 0 {
		line, _ := firstLine(text, true)
		if s.looks(line, text[len(line):]) {
			return true
		}
		text = text[len(line):]
	}
	return false
}
