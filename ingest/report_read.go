package ingest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
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
	order   *fileOrder
	loc     *time.Location
	meeting reportMeeting
	devices recall[*machine]
	media   recall[Media]
	roles   recall[Role]
	phoned  recall[bool]
}

// reportMeeting is the conference that participants below it belong to, as
// long as it is the only one of its table.
type reportMeeting struct {
	uri   string
	start int64
	count int
}

func readReport(ctx context.Context, index int, f *File, names *Names, env *Env, emit Emit) error {
	order := newFileOrder(f, func() (DateOrder, error) { return reportOrder(ctx, f) })
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
		return cmp.Or(order.err, r.flush(false))
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

// reportOrder reads the file for the order of its dates alone.
func reportOrder(ctx context.Context, f *File) (DateOrder, error) {
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
	case kind.needs[0] == repConferenceURI:
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
		wrong, others := delimited.Bad(err)
		switch {
		case errors.Is(others, io.EOF):
			close()
			return r.CutShort(), nil
		case others != nil:
			return false, others
		case wrong != nil:
			table.bad++
			bad(wrong)
			next = r.Behind()
			continue
		}
		blank := r.Line() > next && next > 0
		next = r.Behind()
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
		r.skip(skipParameters)
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
func (r *reportReader) time(c *reportRow, column reportColumn) (at time.Time, ok bool, err error) {
	raw := c.get(column)
	if len(raw) == 0 {
		return at, false, nil
	}
	if at, err = r.order.time(raw, r.loc); err == nil {
		err = r.inFuture(at)
	}
	if err != nil {
		return at, false, fmt.Errorf("%s: %w", column, err)
	}
	return at, true, nil
}

// party reads somebody and the program they used.
func (r *reportReader) party(c *reportRow, user, agent reportColumn) (p Party, id string, err error) {
	somebody, err := r.cell(UserName, user.String(), c.get(user))
	if err != nil {
		return p, "", fmt.Errorf("%s: %w", user, err)
	}
	client, err := r.cell(ClientName, agent.String(), c.get(agent))
	if err != nil {
		return p, "", err
	}
	p.User, p.Client = r.id(UserName, somebody), r.id(ClientName, client)
	return p, somebody.text, nil
}

// server reads the first of the columns that is there as a host or pool.
func (r *reportReader) server(c *reportRow, columns ...reportColumn) (ID, error) {
	host, err := r.cell(ServerName, columns[0].String(), c.get(columns...))
	if err != nil {
		return 0, err
	}
	return r.id(ServerName, host), nil
}

// phone: one phone and its newest sign-in. A logoff before the logon is that
// of the sign-in before.
func (r *reportReader) phone(c *reportRow) error {
	at, ok, err := r.time(c, repLastLogonTime)
	if err != nil {
		return err
	}
	if !ok {
		r.skip("a phone at which nobody signed in")
		return nil
	}
	device := r.devices.of(c.get(repMACAddress), newMAC)
	if device.err != nil || device.endpoint {
		return device.err
	}
	p, user, err := r.party(c, repUserURI, repUserAgent)
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
	rec.From.Device = device.of(r.names)
	off, signedOff, err := r.time(c, repLastLogoffTime)
	if err != nil {
		return err
	}
	used, _, err := r.time(c, repLastActivity)
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
	r.key = r.key.of("phone", device.id, user)
	r.add(rec, at)
	return nil
}

// filed makes the record of a use that several parties share; r.key is what they
// have in common.
func (r *reportReader) filed(kind Kind, at, key time.Time, c *reportRow) Record {
	rec := Record{Kind: kind, At: at.UnixMilli(), Key: key.UnixMilli(), Line: uint32(c.line)}
	rec.Seq, _ = r.key.hash()
	return rec
}

// session: two parties, answered when there is a response.
func (r *reportReader) session(c *reportRow) error {
	at, ok, err := r.time(c, repInviteTime)
	if err == nil && !ok {
		err = told("Invite time is empty; %s", mendOrExport)
	}
	if err != nil {
		return err
	}
	_, answered, err := r.time(c, repResponseTime)
	if err != nil {
		return err
	}
	from, a, err := r.party(c, repFromUser, repFromUserAgent)
	if err != nil {
		return err
	}
	to, b, err := r.party(c, repToUser, repToUserAgent)
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
	kinds := c.get(repModalities)
	r.key = r.key.of("session", a, b).text(kinds)
	rec := r.filed(SessionRecord, at, at, c)
	rec.From, rec.To, rec.Media = from, to, r.media.of(kinds, modalities)
	if rec.Server, err = r.server(c, repPoolFQDN, repPool, repFrontEnd); err != nil {
		return err
	}
	r.b.Records = append(r.b.Records, rec)
	return nil
}

// conferenceURI is a conference's address and kind.
func (r *reportReader) conferenceURI(c *reportRow) (uri string, flags Flags, media Media, err error) {
	uri = string(c.get(repConferenceURI))
	err = readable(repConferenceURI.String(), uri, mendRow)
	uri = strings.TrimPrefix(strings.ToLower(uri), "sip:")
	kind, media := meetingKind(uri)
	return uri, Flags(kind), media, err
}

// conference: somebody organised it.
func (r *reportReader) conference(c *reportRow) error {
	r.meeting.count++
	at, ok, err := r.time(c, repStartTime)
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
	p, organizer, err := r.party(c, repOrganizer, repUserAgent)
	if err != nil {
		return err
	}
	r.meeting.uri, r.meeting.start = uri, at.UnixMilli()
	if organizer == "" {
		r.skip("a conference of nobody")
		return nil
	}
	r.key = r.key.of("conference", uri)
	rec := r.filed(ConferenceRecord, at, at, c)
	rec.From, rec.Flags, rec.Media = p, flags, media
	if rec.Server, err = r.server(c, repPool, repPoolFQDN); err != nil {
		return err
	}
	r.b.Records = append(r.b.Records, rec)
	return nil
}

// join: somebody attended. Whose conference it was is told by the row, or by
// the only conference of the table above.
func (r *reportReader) join(c *reportRow) error {
	at, ok, err := r.time(c, repJoinTime)
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
	if !slices.Contains(c.kind.dates, repStartTime) && c.has(repStartTime) {
		r.order.settle() // the dates of this column have no say in it
	}
	start, known, err := r.time(c, repStartTime)
	if err != nil {
		return err
	}
	key := at
	switch {
	case known:
		key = start
	case !c.has(repConferenceURI) && r.meeting.count == 1:
		uri, key = r.meeting.uri, time.UnixMilli(r.meeting.start)
	}
	column := repParticipant
	if !c.has(column) {
		column = repUser
	}
	p, user, err := r.party(c, column, repUserAgent)
	if err != nil {
		return err
	}
	role := r.roles.of(c.get(repRole), reportRole)
	if user == "" {
		r.skip("an attendance of nobody")
		return nil
	}
	kind := JoinRecord
	if r.phoned.of(c.get(repConnectivity), func(text string) bool { return strings.Contains(strings.ToLower(text), "pstn") }) {
		kind, flags = ServerJoinRecord, flags|FromPSTN
	}
	r.key = r.key.of("conference", uri)
	rec := r.filed(kind, at, key, c)
	rec.From, rec.Flags, rec.Media, rec.Role = p, flags, media, role
	if rec.Server, err = r.server(c, repPool, repPoolFQDN); err != nil {
		return err
	}
	r.b.Records = append(r.b.Records, rec)
	return nil
}

// reportRole is the role that a word names; words of other languages name none.
func reportRole(text string) Role {
	if role, err := ParseRole(strings.ToLower(text)); err == nil {
		return role
	}
	return NoRole
}

// workflow: a call to a Response Group. The workflow is an application.
func (r *reportReader) workflow(c *reportRow) error {
	at, ok, err := r.time(c, repStartTime)
	if err == nil && !ok {
		err = told("Start time is empty; %s", mendOrExport)
	}
	if err != nil {
		return err
	}
	p, caller, err := r.party(c, repCaller, repUserAgent)
	if err != nil {
		return err
	}
	switch {
	case string(c.get(repResponseCode)) != "200":
		r.skip("a call that was not answered")
		return nil
	case caller == "":
		r.skip("a call of nobody")
		return nil
	}
	rec := Record{Activity: CallPlaced, Media: MediaAudio, From: p, Line: uint32(c.line)}
	peer := string(c.get(repWorkflow))
	if id, err := ParseUser(peer); err == nil && id != "" {
		rec.To.User = r.names.ID(UserName, id)
	}
	r.key = r.key.of("workflow", caller, peer)
	r.add(rec, at)
	return nil
}
