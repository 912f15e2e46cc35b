package ingest

import (
	"fmt"
	"strings"
)

// facts returns the reader of a fact table's rows.
func (s *cdrSet) facts(r *cdrRows) rowReader {
	switch r.part.def.name {
	case "Registration":
		return s.registration(r)
	case "SessionDetails":
		return s.sessions(r)
	case "VoipDetails":
		return s.voice(r)
	case "Media":
		return s.media(r)
	case "Conferences":
		return s.conferences(r)
	case "FocusJoinsAndLeaves":
		return s.joins(r)
	case "McuJoinsAndLeaves":
		return s.serverJoins(r)
	case "Dialogs":
		return s.dialogs(r)
	}
	return s.views(r)
}

// cdrKey reads SessionIdTime and SessionIdSeq, the identity of every fact row.
type cdrKey struct{ time, seq int }

func (r *cdrRows) keyColumns() cdrKey {
	return cdrKey{r.t.Column("SessionIdTime"), r.t.Column("SessionIdSeq")}
}

func (r *cdrRows) key(k cdrKey, rec *Record) error {
	ms, p, null, err := r.moment(k.time)
	if err != nil {
		return err
	}
	seq, noSeq, err := r.number(k.seq)
	if err != nil {
		return err
	}
	if null || noSeq || seq < 0 {
		return fmt.Errorf("the row has no key: SessionIdTime %s, SessionIdSeq %s; export it again", quoteShort(string(r.value(k.time))), quoteShort(string(r.value(k.seq))))
	}
	rec.Key, rec.At, rec.Seq = ms, ms, uint64(seq)
	r.cut(ms, p, rec)
	return nil
}

// cut marks a record whose key lost its end.
func (r *cdrRows) cut(ms int64, p precision, rec *Record) {
	switch whole := r.clock.whole; {
	case whole == 0 && p == toSecond:
		p = toMillisecond
	case whole > 0 && ms%int64(whole) == 0:
		p = max(p, whole)
	}
	if p > toMillisecond {
		r.coarse = max(r.coarse, p)
		rec.Flags |= WholeSecond
		if p == toMinute {
			rec.Flags |= WholeMinute
		}
	}
}

// cdrUser is one reference to Users.
type cdrUser struct {
	id    int64
	named bool // the column is not NULL
	known bool // Users has a good row for it
	bad   bool // Users has a row for it that cannot be read
}

// user resolves a party. A service address is known and leaves p.User 0.
func (r *cdrRows) user(users *cdrIDs, column int, p *Party) (u cdrUser, err error) {
	id, null, err := r.number(column)
	if null || err != nil {
		return u, err
	}
	u = cdrUser{id: id, named: true}
	var e *cdrEntry
	if users != nil {
		e = users.at(id)
	}
	if e == nil || e.state != cdrKnown {
		u.bad = e != nil
		r.gap = true
		return u, nil
	}
	u.known = true
	p.User, p.Class = e.name, e.class
	r.gap = r.gap || e.gap
	return u, nil
}

// unknown is the error of a row none of whose parties is known.
func (s *cdrSet) unknown(parties ...cdrUser) error {
	var ids []string
	bad := false
	table, key := s.schema.people, s.schema.key
	for _, u := range parties {
		if u.named && !u.known {
			ids = append(ids, fmt.Sprintf("%s %d", key, u.id))
			bad = bad || u.bad
		}
	}
	who := strings.Join(ids, " and ")
	switch {
	case s.ids[table] == nil:
		return fmt.Errorf("no row for %s, since the table %s was not exported; add %s to the folder and ingest again", who, table, table)
	case s.isOdd(table):
		return fmt.Errorf("no row for %s, since the columns of the table %s look exchanged; mend its header and ingest again", who, table)
	case bad:
		return fmt.Errorf("the row of %s in %s cannot be read; mend it and ingest again", who, table)
	case len(ids) > 1:
		return fmt.Errorf("%s have no row in %s; export %s of the same time and ingest again", who, table, table)
	}
	return fmt.Errorf("%s has no row in %s; export %s of the same time and ingest again", who, table, table)
}

func (s *cdrSet) isOdd(table string) bool {
	_, odd := s.odd.Load(table)
	return odd
}

// client resolves a user agent and tells test traffic.
func (r *cdrRows) client(clients *cdrIDs, column int) (id ID, synthetic bool, err error) {
	e, err := r.entry(clients, column)
	if e == nil {
		return 0, false, err
	}
	return e.name, e.aux == cdrSyntheticAgent, nil
}

// cdrServers finds the server of a row: the front end where the row names one,
// else the pool. A front end that cannot be looked up is unknown and not
// replaced by its pool: the answer must not change when Servers comes later.
type cdrServers struct {
	server, pool   int
	servers, pools *cdrIDs
}

func (r *cdrRows) servers(names ...string) cdrServers {
	c := cdrServers{server: -1, pool: r.t.Column("PoolId")}
	if len(names) > 0 {
		c.server = r.t.Column(names...)
	}
	if c.servers = r.set.ids["Servers"]; c.servers == nil {
		if c.servers = r.set.ids["Computers"]; c.servers == nil {
			c.servers = r.lack("Servers", "servers", c.server)
		}
	}
	c.pools = r.lack("Pools", "pools", c.pool)
	return c
}

func (r *cdrRows) server(c cdrServers) (ID, error) {
	if len(r.value(c.server)) > 0 {
		return r.name(c.servers, c.server)
	}
	return r.name(c.pools, c.pool)
}

// answered reads ResponseCode: SIP answers 2xx are success (RFC 3261, 7.2).
func (r *cdrRows) answered(column int) (yes, told bool, err error) {
	code, null, err := r.number(column)
	return code/100 == 2, !null, err
}

const cdrTestTraffic = "test traffic"

// registration reads Registration: one sign-in of one endpoint.
func (s *cdrSet) registration(r *cdrRows) rowReader {
	key, users := r.keyColumns(), r.lack("Users", "users", 0)
	user, response := r.t.Column("UserId"), r.t.Column("ResponseCode")
	from, until := r.t.Column("RegisterTime"), r.t.Column("DeRegisterTime")
	endpoint := r.t.Column("EndpointId")
	client := r.t.Column("ClientVersionId")
	clients := r.lack("ClientVersions", "clients", client)
	device := r.t.Column("DeviceId")
	devices := r.lack("Devices", "devices", device)
	servers := r.servers("RegistrarId")
	return func(rec *Record) (string, error) {
		if skip, err := r.signIn(rec, key, response, from, until); skip != "" || err != nil {
			return skip, err
		}
		var err error
		var synthetic bool
		if rec.From.Client, synthetic, err = r.client(clients, client); err != nil {
			return "", err
		}
		if rec.From.Endpoint, err = r.endpoint(endpoint); err != nil {
			return "", err
		}
		if rec.From.Device, err = r.name(devices, device); err != nil {
			return "", err
		}
		if rec.Server, err = r.server(servers); err != nil {
			return "", err
		}
		u, err := r.user(users, user, &rec.From)
		switch {
		case err != nil:
			return "", err
		case synthetic:
			return cdrTestTraffic, nil
		case !u.named:
			return "no user named", nil
		case !u.known:
			return "", s.unknown(u)
		case rec.From.User == 0:
			return "the user is a service address: nobody", nil
		}
		return "", nil
	}
}

// sessions reads SessionDetails: one two-party session. Nothing says that user
// 1 is the caller; SessionStartedById does (vendor's "SessionDetails table").
func (s *cdrSet) sessions(r *cdrRows) rowReader {
	key, users := r.keyColumns(), r.lack("Users", "users", 0)
	user1, user2, starter := r.t.Column("User1Id"), r.t.Column("User2Id"), r.t.Column("SessionStartedById")
	endpoint1, endpoint2 := r.t.Column("User1EndpointId"), r.t.Column("User2EndpointId")
	client1, client2 := r.t.Column("User1ClientVerId"), r.t.Column("User2ClientVerId")
	clients := r.lack("ClientVersions", "clients", max(client1, client2))
	response, media := r.t.Column("ResponseCode"), r.t.Column("MediaTypes")
	servers := r.servers("ServerId", "ComputerId")
	if starter < 0 {
		r.note("SessionDetails has no SessionStartedById: user 1 is taken for the one who started")
	}
	if media < 0 {
		r.note("SessionDetails has no MediaTypes: kinds of media come from the table Media alone")
	}
	return func(rec *Record) (string, error) {
		rec.Kind = SessionRecord
		if err := r.key(key, rec); err != nil {
			return "", err
		}
		if yes, _, err := r.answered(response); err != nil {
			return "", err
		} else if !yes {
			return "not answered", nil
		}
		bits, _, err := r.number(media)
		if err != nil {
			return "", err
		}
		rec.Media = mediaBits(bits)
		var test1, test2 bool
		if rec.From.Client, test1, err = r.client(clients, client1); err != nil {
			return "", err
		}
		if rec.To.Client, test2, err = r.client(clients, client2); err != nil {
			return "", err
		}
		if rec.From.Endpoint, err = r.endpoint(endpoint1); err != nil {
			return "", err
		}
		if rec.To.Endpoint, err = r.endpoint(endpoint2); err != nil {
			return "", err
		}
		if rec.Server, err = r.server(servers); err != nil {
			return "", err
		}
		started, noStarter, err := r.number(starter)
		if err != nil {
			return "", err
		}
		u1, err := r.user(users, user1, &rec.From)
		if err != nil {
			return "", err
		}
		u2, err := r.user(users, user2, &rec.To)
		if err != nil {
			return "", err
		}
		if !noStarter && u2.named && started == u2.id && !(u1.named && started == u1.id) {
			rec.From, rec.To = rec.To, rec.From
		}
		switch nobody := rec.From.User == 0 && rec.To.User == 0; {
		case test1 || test2:
			return cdrTestTraffic, nil
		case !u1.named && !u2.named:
			return "no party named", nil
		case nobody && (u1.named && !u1.known || u2.named && !u2.known):
			return "", s.unknown(u1, u2)
		}
		return "", nil
	}
}

// voice reads VoipDetails. A number and a gateway on one side mean that this
// side is on the telephone network (vendor's "VoipDetails table"); where the
// gateway is NULL the mediation server stands for it, as published billing
// queries found necessary.
func (s *cdrSet) voice(r *cdrRows) rowReader {
	key := r.keyColumns()
	type side struct{ number, gateway, mediation int }
	from := side{r.t.Column("FromNumberId"), r.t.Column("FromGatewayId"), r.t.Column("FromMediationServerId")}
	to := side{r.t.Column("ConnectedNumberId"), r.t.Column("ToGatewayId"), r.t.Column("ToMediationServerId")}
	phones := r.lack("Phones", "phone numbers", from.number)
	read := func(c side, p *Party) (pstn bool, err error) {
		if p.User, err = r.name(phones, c.number); err != nil {
			return false, err
		}
		_, noGateway, err := r.number(c.gateway)
		if err != nil {
			return false, err
		}
		_, noMediation, err := r.number(c.mediation)
		return len(r.value(c.number)) > 0 && !(noGateway && noMediation), err
	}
	return r.voiceRow(key, func(p *Party) (bool, error) { return read(from, p) }, func(p *Party) (bool, error) { return read(to, p) })
}

// voiceRow reads a row of the table of phone calls or of its view: from and to
// read a side, and tell whether it is on the telephone network.
func (r *cdrRows) voiceRow(key cdrKey, from, to func(p *Party) (pstn bool, err error)) rowReader {
	return func(rec *Record) (string, error) {
		rec.Kind = VoiceRecord
		if err := r.key(key, rec); err != nil {
			return "", err
		}
		if pstn, err := from(&rec.From); err != nil {
			return "", err
		} else if pstn {
			rec.Flags |= FromPSTN
		}
		if pstn, err := to(&rec.To); err != nil {
			return "", err
		} else if pstn {
			rec.Flags |= ToPSTN
		}
		return "", nil
	}
}

// signIn reads what a sign-in is in the table and in its view: key, answer and
// how long it lasted, by their columns.
func (r *cdrRows) signIn(rec *Record, key cdrKey, response, from, until int) (skip string, err error) {
	rec.Kind = LoginRecord
	if err := r.key(key, rec); err != nil {
		return "", err
	}
	switch yes, told, err := r.answered(response); {
	case err != nil:
		return "", err
	case !told:
		return "sign-in outcome not told", nil
	case !yes:
		return "sign-in refused", nil
	}
	if at, null, err := r.time(from); err != nil {
		return "", err
	} else if !null {
		rec.At = at
	}
	end, null, err := r.time(until)
	if err != nil {
		return "", err
	}
	if rec.Until = end; null && until >= 0 {
		rec.Flags |= Open
	}
	return "", nil
}

// media reads Media: one kind of media of a session.
func (s *cdrSet) media(r *cdrRows) rowReader {
	key, column, list := r.keyColumns(), r.t.Column("MediaId"), s.ids["MediaList"]
	return func(rec *Record) (string, error) {
		rec.Kind = MediaRecord
		if err := r.key(key, rec); err != nil {
			return "", err
		}
		n, null, err := r.number(column)
		if err != nil {
			return "", err
		}
		if !null {
			rec.Media = mediaNumber(n)
			if list != nil {
				if e := list.at(n); e != nil && e.media != 0 {
					rec.Media = e.media
				}
			}
		}
		if rec.Media == 0 {
			return "kind of media not known", nil
		}
		return "", nil
	}
}

// dialogs reads Dialogs: the SIP dialog of a session, as which the quality
// database may know it too.
func (s *cdrSet) dialogs(r *cdrRows) rowReader {
	key, id := r.keyColumns(), r.t.Column("ExternalId")
	return func(rec *Record) (string, error) {
		rec.Kind = DialogRecord
		if err := r.key(key, rec); err != nil {
			return "", err
		}
		if string(r.value(id)) == "System.Byte[]" { // what Export-Csv writes for bytes
			return "the dialog was not written out; export it with the query of --queries", nil
		}
		if rec.Sub = uint64(callHash(r.value(id))); rec.Sub == 0 {
			return "no dialog named", nil
		}
		return "", nil
	}
}
