package ingest

// views returns the reader of a view's rows. A view makes the same records as
// the tables behind it: exports of either mean the same.
func (s *cdrSet) views(r *cdrRows) rowReader {
	v := &cdrView{cdrRows: r, users: recall[viewParty]{most: mostParties}, names: make([]recall[cdrEntry], len(r.t.Header()))}
	switch r.part.def.name {
	case "RegistrationView":
		return v.registration()
	case "SessionDetailsView":
		return v.sessions()
	case "VoIPDetailsView":
		return v.voice()
	case "MediaView":
		return v.media()
	case "ConferencesView":
		return v.conferences()
	case "FocusJoinsAndLeavesView":
		return v.joins()
	case "McuJoinsAndLeavesView":
		return v.serverJoins()
	}
	return nil
}

// cdrView reads rows that write names out. Most names repeat, so what was made
// of one is kept.
type cdrView struct {
	*cdrRows
	users recall[viewParty]  // by address and tenant
	names []recall[cdrEntry] // of clients, servers, machines, phones, meetings: by column
	key   []byte
}

// viewParty is what an address and a tenant are found to be.
type viewParty struct {
	user  ID
	class Class
}

// mostParties bounds how many parties are kept.
const mostParties = 1 << 18

// party reads an address and the tenant beside it. A service address, or none,
// leaves the party 0; named says that there was one.
func (v *cdrView) party(uri, tenant int, p *Party) (named bool, err error) {
	text := v.value(uri)
	if len(text) == 0 {
		return false, nil
	}
	key := text
	if t := v.value(tenant); len(t) > 0 {
		v.key = append(append(append(v.key[:0], text...), 0), t...) // no value holds a NUL byte
		key = v.key
	}
	known := v.users.get(key)
	if known == nil {
		if known, err = v.learn(uri, tenant, text, key); err != nil {
			return true, err
		}
	}
	p.User, p.Class = known.user, known.class
	return true, nil
}

// learn makes a party of an address that is not known yet.
func (v *cdrView) learn(uri, tenant int, text, key []byte) (*viewParty, error) {
	raw := string(text)
	user, err := ParseUser(raw)
	if err != nil {
		if err := readable(v.t.Header()[uri], address(raw), mendOrExport); err != nil {
			return nil, err
		}
		return nil, mend(err, mendOrExport)
	}
	known := viewParty{user: v.set.names.ID(UserName, user)}
	if user != "" && !IsNumber(user) {
		known.class = viewTenant(string(v.value(tenant)))
	}
	if len(key) > len(text) {
		raw = string(key)
	}
	return v.users.keep(raw, known), nil
}

// viewTenant reads a tenant: the key as Tenants has it, or a word for it. The
// pages do not say which; a tenant of neither form tells no class.
func viewTenant(text string) Class {
	if c := tenantClass(text); c != NoClass {
		return c
	}
	return authClass(text)
}

// named makes something of the text in a column, once for each text.
func (v *cdrView) named(column int, learn func(e *cdrEntry, text string) error) (cdrEntry, error) {
	text := v.value(column)
	if len(text) == 0 {
		return cdrEntry{}, nil
	}
	if e := v.names[column].get(text); e != nil {
		return *e, nil
	}
	var e cdrEntry
	own := string(text)
	if err := learn(&e, own); err != nil {
		return e, wrongValue(v.t.Header()[column], own, err, mendOrExport)
	}
	v.names[column].keep(own, e)
	return e, nil
}

// client reads a user agent and its code, which tells test traffic.
func (v *cdrView) client(version, code int) (id ID, synthetic bool, err error) {
	e, err := v.named(version, func(e *cdrEntry, text string) error {
		if err := nameable(text); err != nil {
			return err
		}
		e.name = v.set.names.ID(ClientName, text)
		return nil
	})
	if err != nil {
		return 0, false, err
	}
	n, _, err := v.number(code)
	return e.name, n == cdrSyntheticAgent, err
}

// server is the front end where the row names one, else the pool.
func (v *cdrView) server(front, pool int) (ID, error) {
	column := pool
	if len(v.value(front)) > 0 {
		column = front
	}
	e, err := v.named(column, v.set.server)
	return e.name, err
}

func (v *cdrView) registration() rowReader {
	t, key := v.t, v.keyColumns()
	user, tenant, response := t.Column("UserUri"), t.Column("UserTenant"), t.Column("ResponseCode")
	from, until := t.Column("RegisterTime"), t.Column("DeRegisterTime", "DeRegisterType")
	endpoint, mac := t.Column("EndpointId"), t.Column("DeviceMacAddress")
	client, code := t.Column("ClientVersion"), t.Column("ClientType")
	registrar, pool := t.Column("Registrar"), t.Column("Pool")
	return func(rec *Record) (string, error) {
		if skip, err := v.signIn(rec, key, response, from, until); skip != "" || err != nil {
			return skip, err
		}
		var err error
		var synthetic bool
		if rec.From.Client, synthetic, err = v.client(client, code); err != nil {
			return "", err
		}
		if rec.From.Endpoint, err = v.endpoint(endpoint); err != nil {
			return "", err
		}
		device, err := v.named(mac, v.set.mac)
		if err != nil {
			return "", err
		}
		rec.From.Device = device.name
		if rec.Server, err = v.server(registrar, pool); err != nil {
			return "", err
		}
		named, err := v.party(user, tenant, &rec.From)
		switch {
		case err != nil:
			return "", err
		case synthetic:
			return cdrTestTraffic, nil
		case !named:
			return "no user named", nil
		case rec.From.User == 0:
			return "the user is a service address: nobody", nil
		}
		return "", nil
	}
}

// sessions reads SessionDetailsView, where From started the session.
func (v *cdrView) sessions() rowReader {
	t, key := v.t, v.keyColumns()
	type side struct{ uri, tenant, endpoint, client, code int }
	columns := func(s string) side {
		return side{t.Column(s + "Uri"), t.Column(s + "Tenant"), t.Column(s + "EndpointId"), t.Column(s + "ClientVersion"), t.Column(s + "ClientType")}
	}
	from, to := columns("From"), columns("To")
	response, front, pool := t.Column("ResponseCode"), t.Column("FrontEnd"), t.Column("Pool")
	v.note("SessionDetailsView has no MediaTypes: kinds of media come from Media alone")
	read := func(c side, p *Party) (named, synthetic bool, err error) {
		if p.Client, synthetic, err = v.client(c.client, c.code); err != nil {
			return false, false, err
		}
		if p.Endpoint, err = v.endpoint(c.endpoint); err != nil {
			return false, false, err
		}
		named, err = v.party(c.uri, c.tenant, p)
		return named, synthetic, err
	}
	return func(rec *Record) (string, error) {
		rec.Kind = SessionRecord
		if err := v.cdrRows.key(key, rec); err != nil {
			return "", err
		}
		if yes, _, err := v.answered(response); err != nil {
			return "", err
		} else if !yes {
			return "not answered", nil
		}
		var err error
		if rec.Server, err = v.server(front, pool); err != nil {
			return "", err
		}
		named1, test1, err := read(from, &rec.From)
		if err != nil {
			return "", err
		}
		named2, test2, err := read(to, &rec.To)
		switch {
		case err != nil:
			return "", err
		case test1 || test2:
			return cdrTestTraffic, nil
		case !named1 && !named2:
			return "no party named", nil
		}
		return "", nil
	}
}

func (v *cdrView) voice() rowReader {
	t, key := v.t, v.keyColumns()
	type side struct{ phone, gateway, mediation int }
	from := side{t.Column("FromPhone"), t.Column("FromGateway"), t.Column("FromMediationServer")}
	to := side{t.Column("ToPhone"), t.Column("ToGateway"), t.Column("ToMediationServer")}
	read := func(c side, p *Party) (pstn bool, err error) {
		if _, err = v.party(c.phone, -1, p); err != nil {
			return false, err
		}
		if p.User != 0 && !IsNumber(v.set.names.Name(p.User).Text) {
			p.User = 0 // "anonymous@..." as a caller says as little as no number
		}
		return len(v.value(c.phone)) > 0 && len(v.value(c.gateway))+len(v.value(c.mediation)) > 0, nil
	}
	return v.voiceRow(key, func(p *Party) (bool, error) { return read(from, p) }, func(p *Party) (bool, error) { return read(to, p) })
}

func (v *cdrView) media() rowReader {
	key, column := v.keyColumns(), v.t.Column("Media")
	return func(rec *Record) (string, error) {
		rec.Kind = MediaRecord
		if err := v.cdrRows.key(key, rec); err != nil {
			return "", err
		}
		if rec.Media = mediaNamed(string(v.value(column))); rec.Media == 0 {
			return "kind of media not known", nil
		}
		return "", nil
	}
}

func (v *cdrView) conferences() rowReader {
	t, key := v.t, v.keyColumns()
	organizer, tenant, start := t.Column("OrganizerUri"), t.Column("OrganizerTenant"), t.Column("ConferenceStartTime")
	uri, kind, pool, flag := t.Column("ConferenceUri"), t.Column("ConferenceUriType"), t.Column("Pool"), t.Column("Flag")
	if flag < 0 {
		v.note("ConferencesView has no Flag: test traffic cannot be told by it")
	}
	return func(rec *Record) (string, error) {
		if err := v.occurrence(rec, key, start, flag); err != nil {
			return "", err
		}
		var err error
		if err := v.meeting(kind, uri, rec); err != nil {
			return "", err
		}
		rec.Sub = uint64(addressHash(string(v.value(uri))))
		if rec.Server, err = v.server(-1, pool); err != nil {
			return "", err
		}
		_, err = v.party(organizer, tenant, &rec.From)
		return "", err
	}
}

// meeting tells the kind of a meeting or conferencing server by the text of its
// type, else by its address.
func (v *cdrView) meeting(kind, uri int, rec *Record) error {
	learn := func(e *cdrEntry, text string) error {
		e.aux, e.media = meetingKind(text)
		return nil
	}
	e, err := v.named(kind, learn)
	if err == nil && e.aux == 0 {
		flags, media := meetingKind(string(v.value(uri))) // every meeting has an address of its own
		e.aux, e.media = flags, media
	}
	rec.Flags |= Flags(e.aux)
	rec.Media = e.media
	return err
}

// join reads what both views of joins have in common.
func (v *cdrView) join() func(rec *Record) (skip string, err error) {
	t, key := v.t, v.keyColumns()
	user, tenant, from, until := t.Column("UserUri"), t.Column("UserTenant"), t.Column("UserJoinTime"), t.Column("UserLeaveTime")
	client, code := t.Column("UserClientVersion"), t.Column("UserClientType")
	return func(rec *Record) (skip string, err error) {
		if err := v.stay(rec, key, from, until); err != nil {
			return "", err
		}
		var synthetic bool
		if rec.From.Client, synthetic, err = v.client(client, code); err != nil {
			return "", err
		}
		if _, err = v.party(user, tenant, &rec.From); err == nil && synthetic {
			return cdrTestTraffic, nil
		}
		return "", err
	}
}

func (v *cdrView) joins() rowReader {
	join, endpoint, role := v.join(), v.t.Column("UserEndpointId"), v.t.Column("UserRole")
	return func(rec *Record) (string, error) {
		rec.Kind = JoinRecord
		if skip, err := join(rec); skip != "" || err != nil {
			return skip, err
		}
		var err error
		if rec.From.Endpoint, err = v.endpoint(endpoint); err != nil {
			return "", err
		}
		rec.Role = roleOf(string(v.value(role)))
		if rec.From.User == 0 {
			return "the user is a service address: nobody", nil
		}
		return "", nil
	}
}

func (v *cdrView) serverJoins() rowReader {
	join, kind, uri, pstn := v.join(), v.t.Column("McuUriType"), v.t.Column("McuUri"), v.t.Column("IsUserFromPstn")
	return func(rec *Record) (string, error) {
		rec.Kind = ServerJoinRecord
		if skip, err := join(rec); skip != "" || err != nil {
			return skip, err
		}
		if err := v.meeting(kind, uri, rec); err != nil {
			return "", err
		}
		phone, err := v.bit(pstn)
		if err != nil {
			return "", err
		}
		if phone {
			rec.Flags |= FromPSTN
		}
		return "", nil
	}
}
