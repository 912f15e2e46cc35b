package ingest

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"calaudit/ingest/delimited"
)

// Columns of the snapshots that published scripts take of a registrar's
// endpoints. The script splits the user agent at its first space and cuts it
// at 100 characters.
var registrationColumns = []string{"ClientVersion", "UserAgent", "UserName", "Server", "EndpointId", "ExpiresAt"}

const (
	regClient = iota
	regAgent
	regUser
	regServer
	regEndpoint
	regExpires
)

func registrationsFormat() Format {
	return Format{
		Name:       "registrations",
		About:      "snapshot of the endpoints signed in at a registrar (EndpointRegistrations.csv of published scripts); a row is a sign-in, dated by its expiry",
		Occasional: true,
		Basis:      "from documentation",
		Fields: []Field{
			{"UserName", "who was signed in, without sip:", true},
			{"ExpiresAt", "when the registration expires, UTC, as the server's culture writes it", true},
			{"EndpointId", "GUID or epid of the endpoint", false},
			{"ClientVersion", "first word of the user agent", false},
			{"UserAgent", "the rest of the user agent", false},
			{"Server", "the registrar", false},
		},
		Sample: "ClientVersion,UserAgent,UserName,Server,EndpointId,ExpiresAt\n" +
			"UCCAPI/3.5.6907.0,OC/3.5.6907.0 (Microsoft Office Communicator 2007 R2),alice@contoso.com,fe1.contoso.com,34d859db-6585-5f91-a3b4-de853c15347d,3/31/2009 1:05:00 PM\n",
		Sniff: sniffRegistrations,
		Read:  readRegistrations,
	}
}

func sniffRegistrations(h *Head) Verdict {
	p, ok := sniffProperties(h)
	if !ok {
		return Verdict{}
	}
	known := 0
	for _, name := range registrationColumns {
		if p.any(name) {
			known++
		}
	}
	switch {
	case known < 4:
		return Verdict{}
	case !p.any("UserName"):
		return Verdict{Broken: true, Why: "the snapshot of registrations lacks the column UserName; export it with all columns"}
	case !p.any("ExpiresAt"):
		return Verdict{Broken: true, Why: "the snapshot of registrations lacks the column ExpiresAt, so its sign-ins have no date; export it with all columns"}
	}
	return p.verdict()
}

func readRegistrations(ctx context.Context, files []*File, env *Env, emit Emit) error {
	names := NewNames()
	for i, f := range files {
		if err := readRegistrationFile(ctx, i, f, names, env, emit); err != nil {
			return fmt.Errorf("%s: %w", f.Path, err)
		}
	}
	return nil
}

// registrationOrder reads the file for the order of its dates alone.
func registrationOrder(ctx context.Context, f *File) (DateOrder, error) {
	p, err := openProperties(f, registrationColumns)
	if err != nil {
		return AnyOrder, err
	}
	defer p.Close()
	order := AnyOrder
	err = eachProperty(ctx, p, func() { order = order.with(orderOf(p.Value(regExpires))) }, func(*delimited.RowError) {}, func() error { return nil })
	return order, err
}

func readRegistrationFile(ctx context.Context, index int, f *File, names *Names, env *Env, emit Emit) error {
	order := newFileOrder(f, func() (DateOrder, error) { return registrationOrder(ctx, f) })
	p, err := openProperties(f, registrationColumns)
	if err != nil {
		return err
	}
	defer p.Close()
	r := &registrations{attester: newAttester(ctx, index, names, env, emit), p: p, order: order}
	r.say("a registration is dated by its expiry, the only time that the snapshot tells, read as UTC")
	if err := eachProperty(ctx, p, r.take, func(bad *delimited.RowError) { r.reject(bad.Line, fmt.Errorf("%s", bad.What), bad.Raw) },
		func() error { return cmp.Or(order.err, r.flush(false)) }); err != nil {
		return err
	}
	if p.CutShort() {
		r.say(cutNote)
	}
	if r.odd > 0 {
		r.say(fmt.Sprintf("endpoint ids that are neither a GUID nor hexadecimal are not read: %d, first at line %d", r.odd, r.oddLine))
	}
	return r.flush(true)
}

type registrations struct {
	*attester
	p            *properties
	order        *fileOrder
	agent        []byte
	odd, oddLine int
}

func (r *registrations) take() {
	if err := r.row(); err != nil {
		r.reject(r.p.Line(), mend(err, mendRow), r.p.Raw())
	}
}

func (r *registrations) row() error {
	at, err := r.order.time(r.p.Value(regExpires), time.UTC)
	if err != nil {
		return err
	}
	if err := r.inFuture(at); err != nil {
		return err
	}
	user, err := r.cell(UserName, "UserName", r.p.Value(regUser))
	if err != nil {
		return err
	}
	if user.text == "" {
		if len(r.p.Value(regUser)) == 0 {
			return told("UserName is empty; mend the row")
		}
		r.skip("the user is a service address: nobody")
		return nil
	}
	for i, name := range registrationColumns {
		if v := r.p.Value(i); !plainText(v) {
			if err := readable(name, string(v), mendRow); err != nil {
				return err
			}
		}
	}
	r.agent = append(append(append(r.agent[:0], r.p.Value(regClient)...), ' '), r.p.Value(regAgent)...)
	client, err := r.cell(ClientName, "UserAgent", bytes.TrimSpace(r.agent))
	if err != nil {
		return err
	}
	server, err := r.cell(ServerName, "Server", r.p.Value(regServer))
	if err != nil {
		return err
	}
	rec := Record{Activity: IMLogin, Line: uint32(r.p.Line())}
	rec.From.User = r.id(UserName, user)
	raw := r.p.Value(regEndpoint)
	if key, ok := guidKey(raw); ok {
		rec.From.Endpoint = r.names.guid(key, raw)
	} else if endpoint := []byte(endpointID(string(raw))); len(endpoint) > 0 {
		key, _ = guidKey(endpoint)
		rec.From.Endpoint = r.names.guid(key, endpoint)
	} else if len(raw) > 0 {
		if r.odd++; r.odd == 1 {
			r.oddLine = r.p.Line()
		}
	}
	rec.From.Client = r.id(ClientName, client)
	rec.Server = r.id(ServerName, server)
	r.key = r.key.of("registration", user.text).text(raw)
	r.add(rec, at)
	return nil
}

// endpointID is the GUID of an endpoint given as such or as an epid, which name
// the same one; "" for anything else.
func endpointID(s string) string {
	if g := guid(s); g != "" {
		return g
	}
	if len(s) < 6 || len(s) > 32 {
		return ""
	}
	for _, c := range []byte(s) {
		if !isHex(c) {
			return ""
		}
	}
	return strings.TrimPrefix(epidEndpoint([]byte(s)), "uuid:")
}
