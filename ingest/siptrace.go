package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"calaudit/ingest/sip"
	"calaudit/ingest/siptrace"
)

// traceFields documents what is read of a SIP message, whatever tool traced it.
// Meanings: RFC 3261 and the vendor's protocol documents MS-SIPRE, MS-SIPREGE,
// MS-CONFBAS and MS-CONFPRO.
var traceFields = []Field{
	{"start line", "REGISTER, INVITE, MESSAGE and SERVICE state uses; other methods are passed over", true},
	{"Call-ID, CSeq, From tag", "match a request with its answer and with its copies at other hops", true},
	{"Call-ID, conference id", "calls, messages and meetings that call records or the quality database tell too count once; sign-ins count in both, as nothing documented ties a REGISTER to a row of Registration", false},
	{"From, To", "the parties; a number or user=phone is a telephone, opaque=app: a service and nobody", true},
	{"epid, +sip.instance, GRUU", "the endpoint; all three name the same one", false},
	{"Expires, Contact", "0: a sign-off", false},
	{"User-Agent, Server", "the client, of the caller and of who answered", false},
	{"P-Asserted-Identity", "the person behind a phone number", false},
	{"ms-edge-proxy-message-trust", "federated, public network or own user outside; else the domain tells", false},
	{"ms-call-source", "non-ms-rtc: from the telephone network", false},
	{"targetname, ms-fe", "the server; else the machine that wrote the trace", false},
	{"Authorization and its like", "credentials: neither kept nor shown, with --keep-evidence and --source neither; scheme and targetname alone", false},
	{"body: m= lines", "audio, video, messages, sharing; nothing of the body is kept", false},
	{"body: addConference, conference-id", "a meeting made at the focus factory", false},
}

// traceFormat is a format of one shape; all files are read together, as a trace
// rolls over while requests wait for their answers, and the servers that a
// message passes have a folder each.
func traceFormat(name, about, basis, sample string, shape *siptrace.Shape, sniff func(*Head) Verdict) Format {
	return Format{
		Name:   name,
		About:  about,
		Basis:  basis,
		Fields: traceFields,
		Sample: sample,
		Set:    true,
		Across: true,
		Sniff:  sniff,
		Read: func(ctx context.Context, files []*File, env *Env, emit Emit) error {
			return readTrace(ctx, shape, files, env, emit)
		},
	}
}

// traceShape is the shape of a format of traces, nil for other formats.
func traceShape(format string) *siptrace.Shape {
	switch format {
	case ocsTraceName:
		return siptrace.OCSLogger
	case uccapiTraceName:
		return siptrace.UCCAPI
	case sipeTraceName:
		return siptrace.SIPE
	case bareTraceName:
		return siptrace.Bare
	}
	return nil
}

// traceBatch is how many rows of a trace travel in one batch.
const traceBatch = 4096

// traceReader reads the files of one unit.
type traceReader struct {
	env     *Env
	emit    Emit
	names   *Names // of what is told
	own     *Names // of what was met: most of it is never told
	numbers []ID   // own -> names, 0: not told yet
	limit   int64  // times behind it lie in the future
	file    int
	files   []traceFile
	message sip.Message
	people  map[string]tracePerson // by address as written
	epids   map[string]ID          // by text as written
	clients map[string]ID
	hosts   map[string]ID
	servers map[ID]bool // clients at which no person sits
	open    transactions
	told    map[[16]byte]int64
	most    int // names to remember of those that were met, see forget
}

// traceFile is what is not emitted yet of one file.
type traceFile struct {
	batch       *Batch
	rows        int
	skips       [traceReasons]int
	first, last int64 // times of its messages that may state a use
	dated       bool
}

func readTrace(ctx context.Context, shape *siptrace.Shape, files []*File, env *Env, emit Emit) error {
	t := &traceReader{env: env, emit: emit, names: NewNames(), own: NewNames(), limit: env.Now.Add(24 * time.Hour).UnixMilli(),
		files: make([]traceFile, len(files)), people: map[string]tracePerson{}, epids: map[string]ID{}, clients: map[string]ID{}, hosts: map[string]ID{}, servers: map[ID]bool{}, told: map[[16]byte]int64{}, most: mostNames}
	t.open.init()
	for i, f := range files {
		if err := t.readFile(ctx, shape, i, f); err != nil {
			return fmt.Errorf("%s: %w", f.Path, err)
		}
	}
	if err := t.closeAll(); err != nil {
		return err
	}
	for i := range t.files {
		if err := t.flush(i); err != nil {
			return err
		}
	}
	return nil
}

func (t *traceReader) readFile(ctx context.Context, shape *siptrace.Shape, index int, f *File) error {
	rc, err := f.Text()
	if err != nil {
		return err
	}
	defer rc.Close()
	t.file = index
	cut, notes := false, false
	r := siptrace.NewReader(rc, shape)
	for n := 1; ; n++ {
		rec, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if !notes && rec.Kind == siptrace.Message {
			notes = true
			t.note(shape)
		}
		cut = rec.Cut
		if err := t.record(rec); err != nil {
			return err
		}
		if n%traceBatch == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := t.forget(); err != nil {
				return err
			}
		}
	}
	if cut {
		b := t.batch(index)
		b.Cut = true
		b.Notes = append(b.Notes, "the file ends inside a record: more may be lost; copy it again when the tool has closed it")
	}
	return nil
}

// note says once of a file what is assumed of its times.
func (t *traceReader) note(shape *siptrace.Shape) {
	b := t.batch(t.file)
	switch {
	case shape == siptrace.UCCAPI:
		b.Notes = append(b.Notes, fmt.Sprintf("its times name no zone: read as %s (time_zone of the estate)", t.env.Location))
	case shape == siptrace.Bare && t.env.FileDate.IsZero():
		b.Notes = append(b.Notes, "its messages carry no date: they count in every window, or date them with --file-date")
	case shape == siptrace.Bare:
		b.Notes = append(b.Notes, fmt.Sprintf("its messages carry no date: dated %s by --file-date", t.env.FileDate.Format(time.DateOnly)))
	}
}

// traceReason is why a record of a trace states no use by itself.
type traceReason uint8

const (
	skipOther traceReason = iota
	skipStray
	skipProvisional
	skipAnswer
	skipCopy
	skipLoneAnswer
	skipChallenged
	skipRefused
	skipSignOff
	skipFetch
	skipNoMedia
	skipNobody
	skipEdge
	skipFactory
	skipAgain
	skipUnconfirmedRegister
	skipUnconfirmedInvite
	skipUnconfirmedMessage
	skipUnconfirmedService
	skipMethods // the first of traceMethods
)

const traceReasons = int(skipMethods) + 16

var traceReasonText = [skipMethods]string{
	skipOther:               "a line or record about something else than a message",
	skipStray:               "text outside of any record",
	skipProvisional:         "provisional answer (1xx)",
	skipAnswer:              "answer, told with its request",
	skipCopy:                "the same request at another hop",
	skipLoneAnswer:          "answer whose request is not in the trace: not confirmed",
	skipChallenged:          "challenged for a password (401, 407): no use yet",
	skipRefused:             "refused, failed or redirected: no use",
	skipSignOff:             "sign-off",
	skipFetch:               "REGISTER that only asks for registrations",
	skipNoMedia:             "INVITE that names no media: an invitation or remote control of a telephone",
	skipNobody:              "between services: nobody",
	skipEdge:                "made by the Edge Server itself",
	skipFactory:             "SERVICE to the focus factory that creates nothing",
	skipAgain:               "more of a session that is told already",
	skipUnconfirmedRegister: "REGISTER without an answer in the trace: not confirmed",
	skipUnconfirmedInvite:   "INVITE without an answer in the trace: not confirmed",
	skipUnconfirmedMessage:  "MESSAGE without an answer in the trace: not confirmed",
	skipUnconfirmedService:  "SERVICE without an answer in the trace: not confirmed",
}

// passedMethods state no use: presence, control of sessions and health. The
// last stands for every other.
var passedMethods = [...]string{"SUBSCRIBE", "NOTIFY", "BENOTIFY", "SERVICE", "OPTIONS", "INFO", "ACK", "BYE", "CANCEL", "PRACK",
	"UPDATE", "NEGOTIATE", "REFER", "PUBLISH", "other"}

// batch is the open batch of a file.
func (t *traceReader) batch(file int) *Batch {
	f := &t.files[file]
	if f.batch == nil {
		f.batch = &Batch{File: file}
	}
	return f.batch
}

func (t *traceReader) skip(file int, why traceReason) { t.skips(file, why, 1) }

func (t *traceReader) skips(file int, why traceReason, n int) {
	f := &t.files[file]
	f.skips[why] += n
	f.rows += n
}

func (t *traceReader) reject(rec *siptrace.Record, what string) {
	line := rec.Public()
	if rec.Kind == siptrace.Message && rec.Bad == "" { // its start line tells more than its prefix
		line = siptrace.Redact(rec.Start())
	}
	b := t.batch(t.file)
	b.Rejects = append(b.Rejects, Reject{Line: rec.Line, What: string(siptrace.Redact([]byte(what))), Raw: EscapeRaw(line[:min(len(line), 256)])})
	t.files[t.file].rows++
}

// flush emits what waits of a file.
func (t *traceReader) flush(file int) error {
	f := &t.files[file]
	b := t.batch(file)
	for why, n := range f.skips {
		if n == 0 {
			continue
		}
		if b.Skipped == nil {
			b.Skipped = map[string]int{}
		}
		if why < int(skipMethods) {
			b.Skipped[traceReasonText[why]] += n
		} else {
			b.Skipped[passedMethods[why-int(skipMethods)]+": presence, control or health, no use"] += n
		}
	}
	f.batch, f.rows, f.skips = nil, 0, [traceReasons]int{}
	b.Names = t.names.Fresh()
	return t.emit(b)
}

const exportTrace = "export the trace again"

// record accounts for one record of the trace.
func (t *traceReader) record(rec *siptrace.Record) error {
	if rec.Others > 0 {
		t.skips(t.file, skipOther, rec.Others)
	}
	switch rec.Kind {
	case siptrace.Other:
		t.skip(t.file, skipOther)
	case siptrace.Stray:
		t.skip(t.file, skipStray)
	case siptrace.Rest:
		t.reject(rec, "the beginning of the record is missing; "+exportTrace)
	case siptrace.TooLong:
		t.reject(rec, fmt.Sprintf("the record is longer than %d bytes; "+exportTrace, siptrace.MaxRecord))
	case siptrace.Message:
		if rec.Bad != "" {
			t.reject(rec, rec.Bad)
		} else if err := t.take(rec); err != nil {
			t.reject(rec, mend(err, exportTrace).Error())
		}
	}
	if t.files[t.file].rows >= traceBatch {
		return t.flush(t.file)
	}
	return nil
}

// at is when the record was traced.
func (t *traceReader) at(rec *siptrace.Record) (int64, error) {
	at, zone, bad := rec.Time(t.env.Location)
	switch {
	case bad != "":
		return 0, told("%s", bad)
	case zone == siptrace.NoTime && t.env.FileDate.IsZero():
		return Undated, nil
	case zone == siptrace.NoTime:
		return t.env.FileDate.UnixMilli(), nil
	}
	if at > t.limit {
		return 0, told("the time %s lies in the future; check the clock of the machine that wrote the trace", time.UnixMilli(at).UTC().Format(time.RFC3339))
	}
	if at < earliest.UnixMilli() {
		return 0, told("the time %s is before 2000; check the clock of the machine that wrote the trace", time.UnixMilli(at).UTC().Format(time.RFC3339))
	}
	f := &t.files[t.file]
	if !f.dated {
		f.first, f.last, f.dated = at, at, true
	}
	f.first, f.last = min(f.first, at), max(f.last, at)
	return at, nil
}
