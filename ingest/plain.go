package ingest

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"calaudit/ingest/delimited"
)

// plainFields are the columns of the plain activity format, in the order in
// which rows are compared when two of them claim to be the same fact.
var plainFields = []Field{
	{"time", "RFC 3339, or YYYY-MM-DD HH:MM:SS[.fff] in the estate's time zone (UTC if none)", true},
	{"activity", "one of " + list(activityNames[1:]), true},
	{"user", "whom the row speaks of: SIP address or phone number", true},
	{"peer", "with whom; says nothing about the peer itself", false},
	{"device", "mac:, host:, line:, sip:, uuid: or epid: id of the machine", false},
	{"client", "user agent text", false},
	{"server", "host or pool that served it", false},
	{"session", "natural key: rows with equal source, session, activity and user are one fact", false},
	{"class", "class of the user as the exporter knew it: " + list(classNames[1:]), false},
	{"modality", "one of " + list(mediaNames[:]), false},
	{"role", "one of " + list(roleNames[1:]), false},
	{"source", "name of the exporting system", false},
}

func plainFormat() Format {
	return Format{
		Name:   "activity-csv",
		About:  "calaudit's plain activity format, for any system without a supported export",
		Basis:  "own",
		Fields: plainFields,
		Sample: "time,activity,user,peer,device,session\n" +
			"2009-03-02 08:01:00,im-login,sip:alice@contoso.com,,host:pc1,s1\n" +
			"2009-03-02T09:30:00Z,call-placed,alice@contoso.com,tel:+1-206-555-0199,,s2\n",
		Sniff: sniffPlain,
		Read:  readPlain,
	}
}

func sniffPlain(h *Head) Verdict {
	t, err := sniffTable(h)
	if err != nil || t.Column("activity") < 0 {
		return Verdict{}
	}
	known := 0
	var missing []string
	for _, f := range plainFields {
		if t.Column(f.Name) >= 0 {
			known++
		} else if f.Needed {
			missing = append(missing, f.Name)
		}
	}
	switch {
	case t.twice != "" && (len(missing) == 0 || known >= 3):
		return Verdict{Broken: true, Why: fmt.Sprintf("the activity file names the column %q twice; keep one", t.twice)}
	case len(missing) == 0:
		return Verdict{Yes: true}
	case known >= 3:
		return Verdict{Broken: true, Why: fmt.Sprintf("the activity file lacks the column %s; needed are time, activity and user", strings.Join(missing, ", "))}
	}
	return Verdict{}
}

// plainBatch is how many rows travel in one batch.
const plainBatch = 4096

func readPlain(ctx context.Context, files []*File, env *Env, emit Emit) error {
	names := NewNames()
	for i, f := range files {
		if err := readPlainFile(ctx, i, f, names, env, emit); err != nil {
			return fmt.Errorf("%s: %w", f.Path, err)
		}
	}
	return nil
}

func readPlainFile(ctx context.Context, index int, f *File, names *Names, env *Env, emit Emit) error {
	t, closer, err := openTable(f)
	if err != nil {
		return err
	}
	defer closer.Close()
	p := newPlainReader(t, names, env)
	b := &Batch{File: index, Skipped: map[string]int{}, Notes: p.notes()}
	for {
		err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		var bad *delimited.RowError
		switch {
		case errors.As(err, &bad):
			b.Rejects = append(b.Rejects, Reject{Line: bad.Line, What: bad.What + "; " + mendOrExport, Raw: EscapeRaw(bad.Raw)})
		case err != nil:
			return err
		default:
			p.row(b)
		}
		if b.Rows() >= plainBatch {
			if err := ctx.Err(); err != nil {
				return err
			}
			b.Names = names.Fresh()
			if err := emit(b); err != nil {
				return err
			}
			b = &Batch{File: index, Skipped: map[string]int{}}
		}
	}
	if t.CutShort() {
		b.Notes = append(b.Notes, cutNote)
	}
	b.Names = names.Fresh()
	return emit(b)
}

// plainReader turns rows of one file into records.
type plainReader struct {
	t     *Table
	names *Names
	env   *Env
	col   map[string]int
	users map[string]userText // text as written -> canonical, as most repeat
	limit time.Time
}

type userText struct {
	id  string
	err error
}

func newPlainReader(t *Table, names *Names, env *Env) *plainReader {
	p := &plainReader{t: t, names: names, env: env, col: map[string]int{}, users: map[string]userText{},
		limit: env.Now.Add(24 * time.Hour)}
	for _, f := range plainFields {
		p.col[f.Name] = t.Column(f.Name)
	}
	return p
}

// notes names columns that are not read, so that a misspelt one is seen.
func (p *plainReader) notes() (notes []string) {
	for _, name := range p.t.Header() {
		if _, ok := p.col[ColumnKey(name)]; !ok {
			notes = append(notes, fmt.Sprintf("column %q is not read", name))
		}
	}
	return notes
}

func (p *plainReader) text(name string) string { return p.t.Text(p.col[name]) }

// row adds the current row to the batch as a record, a skip or a reject.
func (p *plainReader) row(b *Batch) {
	rec, nobody, err := p.record()
	switch {
	case err != nil:
		b.Rejects = append(b.Rejects, Reject{Line: p.t.Line(), What: mend(err, mendRow).Error(), Raw: EscapeRaw(p.t.Raw())})
	case nobody:
		b.Skipped["the user is a service address: nobody"]++
	default:
		rec.Line = uint32(p.t.Line())
		b.Records = append(b.Records, rec)
	}
}

func (p *plainReader) record() (rec Record, nobody bool, err error) {
	at, err := ParseTime(p.text("time"), p.env.Location)
	if err != nil {
		return rec, false, err
	}
	if at.After(p.limit) {
		return rec, false, told("the time %s lies in the future; check the clock of the exporting system", at.Format(time.RFC3339))
	}
	rec = Record{Kind: PlainRecord, Key: at.UnixMilli(), At: at.UnixMilli()}
	if rec.Activity, err = ParseActivity(strings.ToLower(p.text("activity"))); err != nil {
		return rec, false, err
	}
	user, err := p.user("user")
	if err != nil {
		return rec, false, err
	}
	if user == "" {
		if p.text("user") == "" {
			return rec, false, told("the user is empty; a row states a fact about its user")
		}
		return rec, true, nil
	}
	peer, err := p.user("peer")
	if err != nil {
		return rec, false, err
	}
	for _, column := range []string{"device", "client", "server", "source", "session"} {
		if err := readable(column, p.text(column), mendRow); err != nil {
			return rec, false, err
		}
	}
	device, endpoint, err := ParseDevice(p.text("device"))
	if err != nil {
		return rec, false, err
	}
	if rec.From.Class, err = ParseClass(strings.ToLower(p.text("class"))); err != nil {
		return rec, false, err
	}
	if rec.Media, err = ParseMedia(strings.ToLower(p.text("modality"))); err != nil {
		return rec, false, err
	}
	if rec.Role, err = ParseRole(strings.ToLower(p.text("role"))); err != nil {
		return rec, false, err
	}
	client, server, source, session := p.text("client"), ParseServer(p.text("server")), p.text("source"), p.text("session")
	if session != "" {
		rec.Flags |= Keyed
		rec.Seq, rec.Sub = keyHash(source, session, rec.Activity.String(), user)
	} else {
		rec.Seq, rec.Sub = keyHash(at.Format(time.RFC3339Nano), rec.Activity.String(), user, peer, device, client, server,
			rec.From.Class.String(), rec.Media.String(), rec.Role.String(), source)
	}
	rec.From.User = p.names.ID(UserName, user)
	rec.To.User = p.names.ID(UserName, peer)
	if endpoint {
		rec.From.Endpoint = p.names.ID(EndpointName, device)
	} else {
		rec.From.Device = p.names.ID(DeviceName, device)
	}
	rec.From.Client = p.names.ID(ClientName, client)
	rec.Server = p.names.ID(ServerName, server)
	rec.Source = p.names.ID(SourceName, source)
	return rec, false, nil
}

// user canonicalises the address in a column.
func (p *plainReader) user(column string) (string, error) {
	raw := p.text(column)
	if raw == "" {
		return "", nil
	}
	u, ok := p.users[raw]
	if !ok {
		if err := readable(column, address(raw), mendRow); err != nil {
			return "", err // not to be remembered: it names the column
		}
		u.id, u.err = ParseUser(raw)
		if len(p.users) < 1<<20 { // a bound on memory, not on correctness
			p.users[raw] = u
		}
	}
	if u.err != nil && column != "user" {
		return "", fmt.Errorf("%s: %w", column, u.err)
	}
	return u.id, u.err
}

// keyHash is a 128-bit key over texts: SHA-256, cut.
func keyHash(parts ...string) (uint64, uint64) {
	h := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return binary.BigEndian.Uint64(h[:8]), binary.BigEndian.Uint64(h[8:16])
}

// ComparePlain orders plain rows by their canonical form, column by column as
// the format lists them, empty first. Among rows that claim to be the same
// fact the least holds.
func ComparePlain(a, b *Record, text func(ID) Name) int {
	t := func(id ID) string { return text(id).Text }
	machine := func(p *Party) string { return t(p.Device) + t(p.Endpoint) } // a row has one of them
	return cmp.Or(
		cmp.Compare(a.At, b.At),
		cmp.Compare(a.Activity.String(), b.Activity.String()),
		cmp.Compare(t(a.From.User), t(b.From.User)),
		cmp.Compare(t(a.To.User), t(b.To.User)),
		cmp.Compare(machine(&a.From), machine(&b.From)),
		cmp.Compare(t(a.From.Client), t(b.From.Client)),
		cmp.Compare(t(a.Server), t(b.Server)),
		cmp.Compare(a.From.Class.String(), b.From.Class.String()),
		cmp.Compare(a.Media.String(), b.Media.String()),
		cmp.Compare(a.Role.String(), b.Role.String()),
		cmp.Compare(t(a.Source), t(b.Source)),
	)
}
