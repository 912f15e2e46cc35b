package ingest

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"calaudit/ingest/delimited"
)

const (
	plainTime = iota
	plainActivity
	plainUser
	plainPeer
	plainDevice
	plainClient
	plainServer
	plainSession
	plainClass
	plainModality
	plainRole
	plainSource
)

// plainFields are the columns of the plain activity format, in the order in
// which rows are compared when two of them claim to be the same fact.
var plainFields = [...]Field{
	plainTime:     {"time", "RFC 3339, or YYYY-MM-DD HH:MM:SS[.fff] in the estate's time zone (UTC if none)", true},
	plainActivity: {"activity", "one of " + list(activityNames[1:]), true},
	plainUser:     {"user", "whom the row speaks of: SIP address or phone number", true},
	plainPeer:     {"peer", "with whom; says nothing about the peer itself", false},
	plainDevice:   {"device", "mac:, host:, line:, sip:, uuid: or epid: id of the machine", false},
	plainClient:   {"client", "user agent text", false},
	plainServer:   {"server", "host or pool that served it", false},
	plainSession:  {"session", "natural key: rows with equal source, session, activity and user are one fact", false},
	plainClass:    {"class", "class of the user as the exporter knew it: " + list(classNames[1:]), false},
	plainModality: {"modality", "one of " + list(mediaNames[:]), false},
	plainRole:     {"role", "one of " + list(roleNames[1:]), false},
	plainSource:   {"source", "name of the exporting system", false},
}

func plainFormat() Format {
	return Format{
		Name:   "activity-csv",
		About:  "calaudit's plain activity format, for any system without a supported export",
		Basis:  "own",
		Fields: plainFields[:],
		Sample: "time,activity,user,peer,device,session\n" +
			"2009-03-02 08:01:00,im-login,sip:alice@contoso.com,,host:pc1,s1\n" +
			"2009-03-02T09:30:00Z,call-placed,alice@contoso.com,tel:+1-206-555-0199,,s2\n",
		Sniff: sniffPlain,
		Read:  readPlain,
	}
}

func sniffPlain(h *Head) Verdict {
	t, err := sniffTable(h)
	if err != nil {
		return Verdict{}
	}
	known, does := 0, t.Column("activity") >= 0 // the column that no other table has
	var missing []string
	for _, f := range plainFields {
		if t.Column(f.Name) >= 0 {
			known++
		} else if f.Needed {
			missing = append(missing, f.Name)
		}
	}
	switch {
	case t.twice != "" && does && (len(missing) == 0 || known >= 3):
		return Verdict{Broken: true, Why: fmt.Sprintf("the activity file names the column %q twice; keep one", t.twice)}
	case len(missing) == 0:
		return Verdict{Yes: true}
	case does && known >= 3, known >= 4 && len(missing) == 1:
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
	p := newPlainReader(t, newAttester(ctx, index, names, env, emit), env)
	p.unreadNotes()
	for rows := 0; ; {
		bad, err := delimited.Bad(t.Next())
		switch {
		case errors.Is(err, io.EOF):
			if t.CutShort() {
				p.say(cutNote)
			}
			return p.flush(true)
		case err != nil:
			return err
		case bad != nil:
			p.b.Rejects = append(p.b.Rejects, Reject{Line: bad.Line, What: bad.What + "; " + mendOrExport, Raw: EscapeRaw(bad.Raw)})
		default:
			p.row()
		}
		if err := p.flush(false); err != nil {
			return err
		}
		if rows++; rows == 1<<16 { // rows that are skipped fill no batch
			if rows = 0; ctx.Err() != nil {
				return ctx.Err()
			}
		}
	}
}

// plainReader turns rows of one file into records.
type plainReader struct {
	*attester
	t       *Table
	loc     *time.Location
	col     [len(plainFields)]int // -1 for absent
	devices recall[*machine]
	acts    recall[Activity] // NoActivity for words that are none
	classes recall[plainWord[Class]]
	media   recall[plainWord[Media]]
	roles   recall[plainWord[Role]]
}

// plainWord is what a word of a column names.
type plainWord[T any] struct {
	what T
	err  error
}

// plainWordOf reads words in any case of letters.
func plainWordOf[T any](parse func(string) (T, error)) func(string) plainWord[T] {
	return func(text string) (w plainWord[T]) {
		w.what, w.err = parse(strings.ToLower(text))
		return w
	}
}

var (
	plainClassOf = plainWordOf(ParseClass)
	plainMediaOf = plainWordOf(ParseMedia)
	plainRoleOf  = plainWordOf(ParseRole)
)

func newPlainReader(t *Table, a *attester, env *Env) *plainReader {
	p := &plainReader{attester: a, t: t, loc: env.Location}
	for i, f := range plainFields {
		p.col[i] = t.Column(f.Name)
	}
	return p
}

// unreadNotes names columns that are not read, so that a misspelt one is seen.
func (p *plainReader) unreadNotes() {
	for _, name := range p.t.Header() {
		if !slices.ContainsFunc(plainFields[:], func(f Field) bool { return f.Name == ColumnKey(name) }) {
			p.say(fmt.Sprintf("column %s is not read", quoteShort(name)))
		}
	}
}

func (p *plainReader) field(column int) []byte {
	if p.col[column] < 0 {
		return nil
	}
	return bytes.TrimSpace(p.t.Field(p.col[column]))
}

// row adds the current row to the batch as a record, a skip or a reject.
func (p *plainReader) row() {
	rec, nobody, err := p.record()
	switch {
	case err != nil:
		p.b.Rejects = append(p.b.Rejects, Reject{Line: p.t.Line(), What: mend(err, mendRow).Error(), Raw: EscapeRaw(p.t.Raw())})
	case nobody:
		p.skip("the user is a service address: nobody")
	default:
		rec.Line = uint32(p.t.Line())
		p.b.Records = append(p.b.Records, rec)
	}
}

func (p *plainReader) record() (rec Record, nobody bool, err error) {
	at, err := ParseTime(p.field(plainTime), p.loc)
	if err != nil {
		return rec, false, err
	}
	if err := p.inFuture(at); err != nil {
		return rec, false, err
	}
	rec = Record{Kind: PlainRecord, Key: at.UnixMilli(), At: at.UnixMilli()}
	if rec.Activity = p.acts.of(p.field(plainActivity), activityOf); rec.Activity == NoActivity {
		_, err := ParseActivity(strings.ToLower(string(p.field(plainActivity))))
		return rec, false, err
	}
	user, err := p.cell(UserName, "user", p.field(plainUser))
	if err != nil {
		return rec, false, err
	}
	if user.text == "" {
		if len(p.field(plainUser)) == 0 {
			return rec, false, told("the user is empty; a row states a fact about its user")
		}
		return rec, true, nil
	}
	peer, err := p.cell(UserName, "peer", p.field(plainPeer))
	if err != nil {
		if peer != nil { // what cannot be read names its column itself
			err = fmt.Errorf("peer: %w", err)
		}
		return rec, false, err
	}
	columns := [...]int{plainDevice, plainClient, plainServer, plainSource, plainSession}
	var fields [len(columns)][]byte
	for i, column := range columns {
		if fields[i] = p.field(column); !plainText(fields[i]) {
			if err := readable(plainFields[column].Name, string(fields[i]), mendRow); err != nil {
				return rec, false, err
			}
		}
	}
	device := p.devices.of(fields[0], newMachine)
	class := p.classes.of(p.field(plainClass), plainClassOf)
	media := p.media.of(p.field(plainModality), plainMediaOf)
	role := p.roles.of(p.field(plainRole), plainRoleOf)
	if device.err != nil || class.err != nil || media.err != nil || role.err != nil {
		return rec, false, cmp.Or(device.err, class.err, media.err, role.err)
	}
	rec.From.Class, rec.Media, rec.Role = class.what, media.what, role.what
	client, _ := p.cell(ClientName, "client", fields[1]) // readable, as was looked at
	server, _ := p.cell(ServerName, "server", fields[2])
	source, _ := p.cell(SourceName, "source", fields[3])
	if session := fields[4]; len(session) > 0 {
		rec.Flags |= Keyed
		p.key = p.key.of(source.text).text(session).and(rec.Activity.String(), user.text)
	} else {
		p.key = at.AppendFormat(append(p.key[:0], 0), time.RFC3339Nano)
		p.key = p.key.and(rec.Activity.String(), user.text, peer.text, device.id, client.text, server.text,
			rec.From.Class.String(), rec.Media.String(), rec.Role.String(), source.text)
	}
	rec.Seq, rec.Sub = p.key.hash()
	rec.From.User = p.id(UserName, user)
	rec.To.User = p.id(UserName, peer)
	if device.endpoint {
		rec.From.Endpoint = device.of(p.names)
	} else {
		rec.From.Device = device.of(p.names)
	}
	rec.From.Client = p.id(ClientName, client)
	rec.Server = p.id(ServerName, server)
	rec.Source = p.id(SourceName, source)
	return rec, false, nil
}

// activityOf is the activity that a word names, in any case of letters.
func activityOf(word string) Activity {
	a, err := ParseActivity(strings.ToLower(word))
	if err != nil {
		return NoActivity
	}
	return a
}

// keyHash is a 128-bit key over texts, with a NUL byte between them: SHA-256, cut.
func keyHash(parts ...string) (uint64, uint64) {
	var room [256]byte
	return keyText(room[:0]).and(parts...).hash()
}

// keyText is what a key is made of as keyHash does it: each part behind a NUL
// byte, the first of which does not count.
type keyText []byte

// of begins anew, in the same room.
func (k keyText) of(parts ...string) keyText { return k[:0].and(parts...) }

func (k keyText) and(parts ...string) keyText {
	for _, p := range parts {
		k = append(append(k, 0), p...)
	}
	return k
}

func (k keyText) text(part []byte) keyText  { return append(append(k, 0), part...) }
func (k keyText) number(part int64) keyText { return strconv.AppendInt(append(k, 0), part, 10) }

func (k keyText) hash() (uint64, uint64) {
	h := sha256.Sum256(k[1:])
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
