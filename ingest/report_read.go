package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"calaudit/ingest/delimited"
)

func readReports(ctx context.Context, files []*File, env *Env, emit Emit) error {
	names := NewNames()
	for i, f := range files {
		if err := readReport(ctx, i, f, names, env, emit); err != nil {
			return fmt.Errorf("%s: %w", f.Path, err)
		}
	}
	return nil
}

// reportReader turns the rows of one report into records.
type reportReader struct {
	*attester
	order   DateOrder
	loc     *time.Location
	meeting reportMeeting
}

// reportMeeting is the conference that participants below it belong to, as
// long as it is the only one of its table.
type reportMeeting struct {
	uri   string
	start int64
	count int
}

func readReport(ctx context.Context, index int, f *File, names *Names, env *Env, emit Emit) error {
	order, err := reportOrder(ctx, f)
	if err != nil {
		return err
	}
	r := &reportReader{attester: newAttester(ctx, index, names, env, emit), order: order, loc: env.Location}
	if r.loc == nil {
		r.loc = time.UTC
	}
	r.say(fmt.Sprintf("times are read as %s, as reports name no zone; set time_zone in estate.toml to that of the report server", r.loc))
	cut, err := reportRows(ctx, f, func(c *reportRow, first bool) error {
		if first {
			r.begin(c.kind)
		}
		r.row(c)
		return r.flush(false)
	}, func(bad *delimited.RowError) {
		r.reject(bad.Line, errors.New(bad.What), bad.Raw)
	}, func(c *reportRow) {
		if text := c.cutReport(); text != "" {
			r.b.Cut = true
			r.say(text)
		}
	})
	if err != nil {
		return err
	}
	if cut {
		r.say(cutNote)
	}
	return r.flush(true)
}

// reportOrder reads the file for the order of its dates alone, unless the user
// has told it.
func reportOrder(ctx context.Context, f *File) (DateOrder, error) {
	if f.order != AnyOrder {
		f.ordered = true
		return f.order, nil
	}
	order := AnyOrder
	_, err := reportRows(ctx, f, func(c *reportRow, _ bool) error {
		if c.kind == nil { // parameters: the period of the report is among them
			for _, v := range c.row {
				order = order.with(orderOf(bytes.TrimSpace(v)))
			}
			return nil
		}
		for _, name := range c.kind.dates {
			order = order.with(orderOf(c.get(name)))
		}
		return nil
	}, func(*delimited.RowError) {}, nil)
	return order, err
}

// begin notes a table's beginning.
func (r *reportReader) begin(kind *reportKind) {
	switch {
	case kind == nil:
	case kind.take == nil:
		r.sayOnce(kind.about + ": nobody is named, so no use is told")
	case kind.needs[0] == "Conference URI":
		r.meeting.count = 0
	}
}

// reportRows reads a report row by row. row gets every row but headers: those
// of no table have no kind. first marks the first row of a table, end is called
// behind its last. cut tells a file that ends inside a line.
func reportRows(ctx context.Context, f *File, row func(c *reportRow, first bool) error, bad func(*delimited.RowError), end func(*reportRow)) (cut bool, err error) {
	h, err := f.Head()
	if err != nil {
		return false, err
	}
	comma, ok := sniffReport(h)
	if !ok {
		return false, errors.New("no table of a report; save it as CSV again")
	}
	rc, err := f.Text()
	if err != nil {
		return false, err
	}
	defer rc.Close()
	r := delimited.NewReader(rc, comma)
	outside := &reportRow{} // rows of parameters, and of tables that are not known
	table, next := outside, 0
	close := func() {
		if end != nil && table != outside {
			end(table)
		}
	}
	for n := 0; ; n++ {
		if n%4096 == 0 && ctx.Err() != nil {
			return false, ctx.Err()
		}
		fields, err := r.Read()
		var wrong *delimited.RowError
		switch {
		case errors.Is(err, io.EOF):
			close()
			return r.CutShort(), nil
		case errors.As(err, &wrong):
			table.bad++
			bad(wrong)
			next = wrong.Line + 1
			continue
		case err != nil:
			return false, err
		}
		blank := r.Line() > next && next > 0
		next = r.Line() + 1
		for _, v := range fields {
			next += bytes.Count(v, []byte{'\n'})
		}
		if kind := reportKindOf(fields); kind != nil {
			close()
			table = newReportRow(kind, fields)
			continue
		}
		switch {
		case table == outside, len(fields) == table.fields:
		case blank: // a table of another kind begins, or parameters
			close()
			table = outside
		default:
			table.bad++
			bad(&delimited.RowError{Line: r.Line(), What: fmt.Sprintf("%d fields, the table has %d", len(fields), table.fields), Raw: rawRow(fields)})
			continue
		}
		if table != outside && r.Holds(0) {
			table.bad++
			bad(&delimited.RowError{Line: r.Line(), What: "a NUL byte in the row", Raw: rawRow(fields)})
			continue
		}
		table.row, table.line = fields, r.Line()
		table.rows++
		if err := row(table, table.rows == 1); err != nil {
			return false, err
		}
	}
}

// row takes one row.
func (r *reportReader) row(c *reportRow) {
	switch {
	case c.kind == nil:
		r.skip("a row of the report's parameters, or of a table that is not read")
		return
	case c.kind.take == nil:
		r.skip(c.kind.about + ": nobody is named")
		return
	}
	if err := c.kind.take(r, c); err != nil {
		r.reject(c.line, mend(err, mendRow), rawRow(c.row))
	}
}

// time reads a column's time; ok is false when the column is empty.
func (r *reportReader) time(c *reportRow, name string) (at time.Time, ok bool, err error) {
	raw := c.get(name)
	if len(raw) == 0 {
		return at, false, nil
	}
	if at, err = parseCultureTime(string(raw), r.order, r.loc); err == nil {
		err = r.inFuture(at)
	}
	if err != nil {
		return at, false, fmt.Errorf("%s: %w", name, err)
	}
	return at, true, nil
}

// party reads somebody and the program they used.
func (r *reportReader) party(c *reportRow, user, agent string) (p Party, id string, err error) {
	if id, err = r.user(user, c.get(user)); err != nil {
		return p, "", fmt.Errorf("%s: %w", user, err)
	}
	text, err := r.text(agent, c.get(agent))
	if err != nil {
		return p, "", err
	}
	p.User, p.Client = r.names.ID(UserName, id), r.names.ID(ClientName, text)
	return p, id, nil
}

// server reads the first of the columns that is there as a host or pool.
func (r *reportReader) server(c *reportRow, names ...string) (ID, error) {
	text, err := r.text(names[0], c.get(names...))
	return r.names.ID(ServerName, ParseServer(text)), err
}

// phone: one phone and its newest sign-in. A logoff before the logon is that
// of the sign-in before.
func (r *reportReader) phone(c *reportRow) error {
	at, ok, err := r.time(c, "Last logon time")
	if err != nil {
		return err
	}
	if !ok {
		r.skip("a phone at which nobody signed in")
		return nil
	}
	device, endpoint, err := ParseDevice("mac:" + string(c.get("MAC address")))
	if err != nil || endpoint {
		return err
	}
	p, user, err := r.party(c, "User URI", "User agent")
	switch {
	case err != nil:
		return err
	case user == "" || IsNumber(user):
		// A bare extension names no identity; a hosted user of its own would be
		// one too many.
		r.skip("a phone whose user is told by an extension or not at all")
		return nil
	}
	rec := Record{Activity: IMLogin, From: p, Line: uint32(c.line)}
	rec.From.Device = r.names.ID(DeviceName, device)
	off, signedOff, err := r.time(c, "Last logoff time")
	if err != nil {
		return err
	}
	used, _, err := r.time(c, "Last activity")
	if err != nil {
		return err
	}
	if signedOff && !off.Before(at) {
		rec.Until = max(off.UnixMilli(), at.UnixMilli())
	} else {
		rec.Flags |= Open
	}
	if used.After(at) && rec.Flags&Open == 0 {
		rec.Until = max(rec.Until, used.UnixMilli())
	}
	r.add(rec, at, "phone", device, user, strconv.FormatInt(at.UnixMilli(), 10))
	return nil
}

// filed makes the record of a use that several parties share.
func (r *reportReader) filed(kind Kind, at, key time.Time, c *reportRow, hash ...string) Record {
	rec := Record{Kind: kind, At: at.UnixMilli(), Key: key.UnixMilli(), Line: uint32(c.line)}
	rec.Seq, _ = keyHash(hash...)
	return rec
}

// session: two parties, answered when there is a response.
func (r *reportReader) session(c *reportRow) error {
	at, ok, err := r.time(c, "Invite time")
	if err == nil && !ok {
		err = told("Invite time is empty; %s", mendOrExport)
	}
	if err != nil {
		return err
	}
	_, answered, err := r.time(c, "Response time")
	if err != nil {
		return err
	}
	from, a, err := r.party(c, "From user", "From user agent")
	if err != nil {
		return err
	}
	to, b, err := r.party(c, "To user", "To user agent")
	if err != nil {
		return err
	}
	switch {
	case !answered:
		r.skip("a session that was not answered")
		return nil
	case a == "" && b == "":
		r.skip("a session of nobody")
		return nil
	}
	kinds := string(c.get("Modalities"))
	rec := r.filed(SessionRecord, at, at, c, "session", a, b, kinds)
	rec.From, rec.To, rec.Media = from, to, modalities(kinds)
	if rec.Server, err = r.server(c, "Pool FQDN", "Pool", "Front end"); err != nil {
		return err
	}
	r.b.Records = append(r.b.Records, rec)
	return nil
}

// conferenceURI is a conference's address and kind.
func (r *reportReader) conferenceURI(c *reportRow) (uri string, flags Flags, media Media, err error) {
	uri, err = r.text("Conference URI", c.get("Conference URI"))
	uri = strings.TrimPrefix(strings.ToLower(uri), "sip:")
	kind, media := meetingKind(uri)
	return uri, Flags(kind), media, err
}

// conference: somebody organised it.
func (r *reportReader) conference(c *reportRow) error {
	r.meeting.count++
	at, ok, err := r.time(c, "Start time")
	if err == nil && !ok {
		err = told("Start time is empty; %s", mendOrExport)
	}
	if err != nil {
		return err
	}
	uri, flags, media, err := r.conferenceURI(c)
	if err != nil {
		return err
	}
	p, organizer, err := r.party(c, "Organizer", "User agent")
	if err != nil {
		return err
	}
	r.meeting.uri, r.meeting.start = uri, at.UnixMilli()
	if organizer == "" {
		r.skip("a conference of nobody")
		return nil
	}
	rec := r.filed(ConferenceRecord, at, at, c, "conference", uri)
	rec.From, rec.Flags, rec.Media = p, flags, media
	if rec.Server, err = r.server(c, "Pool", "Pool FQDN"); err != nil {
		return err
	}
	r.b.Records = append(r.b.Records, rec)
	return nil
}

// join: somebody attended. Whose conference it was is told by the row, or by
// the only conference of the table above.
func (r *reportReader) join(c *reportRow) error {
	at, ok, err := r.time(c, "Join time")
	if err == nil && !ok {
		err = told("Join time is empty; %s", mendOrExport)
	}
	if err != nil {
		return err
	}
	uri, flags, media, err := r.conferenceURI(c)
	if err != nil {
		return err
	}
	start, known, err := r.time(c, "Start time")
	if err != nil {
		return err
	}
	key := at
	switch {
	case known:
		key = start
	case !c.has("Conference URI") && r.meeting.count == 1:
		uri, key = r.meeting.uri, time.UnixMilli(r.meeting.start)
	}
	column := "Participant"
	if !c.has(column) {
		column = "User"
	}
	p, user, err := r.party(c, column, "User agent")
	if err != nil {
		return err
	}
	role, err := ParseRole(strings.ToLower(string(c.get("Role"))))
	if err != nil {
		role = NoRole // words of other languages
	}
	if user == "" {
		r.skip("an attendance of nobody")
		return nil
	}
	kind := JoinRecord
	if strings.Contains(strings.ToLower(string(c.get("Connectivity"))), "pstn") {
		kind, flags = ServerJoinRecord, flags|FromPSTN
	}
	rec := r.filed(kind, at, key, c, "conference", uri)
	rec.From, rec.Flags, rec.Media, rec.Role = p, flags, media, role
	if rec.Server, err = r.server(c, "Pool", "Pool FQDN"); err != nil {
		return err
	}
	r.b.Records = append(r.b.Records, rec)
	return nil
}

// workflow: a call to a Response Group. The workflow is an application.
func (r *reportReader) workflow(c *reportRow) error {
	at, ok, err := r.time(c, "Start time")
	if err == nil && !ok {
		err = told("Start time is empty; %s", mendOrExport)
	}
	if err != nil {
		return err
	}
	p, caller, err := r.party(c, "Caller", "User agent")
	if err != nil {
		return err
	}
	switch {
	case string(c.get("Response code")) != "200":
		r.skip("a call that was not answered")
		return nil
	case caller == "":
		r.skip("a call of nobody")
		return nil
	}
	rec := Record{Activity: CallPlaced, Media: MediaAudio, From: p, Line: uint32(c.line)}
	peer := string(c.get("Workflow"))
	if id, err := ParseUser(peer); err == nil && id != "" {
		rec.To.User = r.names.ID(UserName, id)
	}
	r.add(rec, at, "workflow", caller, peer, strconv.FormatInt(at.UnixMilli(), 10))
	return nil
}
