package ingest

// conferences reads Conferences: one occurrence of a meeting.
func (s *cdrSet) conferences(r *cdrRows) rowReader {
	key, users := r.keyColumns(), r.lack("Users", "users", 0)
	organizer, start := r.t.Column("OrganizerId"), r.t.Column("ConferenceStartTime")
	uri, flag := r.t.Column("ConferenceUriId"), r.t.Column("Flag")
	uris := r.lack("ConferenceUris", "kinds of meetings by address", uri)
	servers := r.servers()
	auth := r.authColumn()
	if flag < 0 {
		r.note("Conferences has no Flag: test traffic cannot be told by it")
	}
	return func(rec *Record) (string, error) {
		if err := r.occurrence(rec, key, start, flag); err != nil {
			return "", err
		}
		e, err := r.entry(uris, uri)
		if err != nil {
			return "", err
		}
		if e != nil {
			rec.Flags |= Flags(uint32(e.aux) & kindBits)
			rec.Media, rec.Sub = e.media, uint64(uint32(e.aux)&^kindBits)
		}
		if rec.Server, err = r.server(servers); err != nil {
			return "", err
		}
		u, err := r.user(users, organizer, &rec.From)
		if err != nil {
			return "", err
		}
		if u.named && !u.known {
			return "", s.unknown(u)
		}
		r.authClass(auth, &rec.From)
		return "", nil
	}
}

// occurrence reads what an occurrence of a meeting is in the table and in its
// view: key, start and whether it is test traffic, by their columns.
func (r *cdrRows) occurrence(rec *Record, key cdrKey, start, flag int) error {
	rec.Kind = ConferenceRecord
	if err := r.stay(rec, key, start, -1); err != nil {
		return err
	}
	bits, _, err := r.number(flag)
	if bits&1 != 0 {
		rec.Flags |= Synthetic
	}
	return err
}

// stay reads the key, the beginning and the end of something in a meeting.
func (r *cdrRows) stay(rec *Record, key cdrKey, from, until int) error {
	if err := r.key(key, rec); err != nil {
		return err
	}
	at, null, err := r.time(from)
	if err != nil {
		return err
	}
	if !null {
		rec.At = at
	}
	rec.Until, _, err = r.time(until)
	return err
}

// cdrAuth is the column through which a fact table of OCS 2007 R2 states the
// class of its user itself.
type cdrAuth struct {
	column  int
	classes map[string]Class
}

func (r *cdrRows) authColumn() cdrAuth {
	column, classes := r.set.authJoin(r.t)
	return cdrAuth{column, classes}
}

func (r *cdrRows) authClass(a cdrAuth, p *Party) {
	if a.column >= 0 && p.Class == NoClass && p.User != 0 && !IsNumber(r.set.names.Name(p.User).Text) {
		p.Class = a.classes[string(r.value(a.column))]
	}
}

// cdrJoin are the columns that both tables of joins have.
type cdrJoin struct {
	key                       cdrKey
	user, client, from, until int
	users, clients            *cdrIDs
	auth                      cdrAuth
}

func (r *cdrRows) joinColumns() cdrJoin {
	j := cdrJoin{key: r.keyColumns(), users: r.lack("Users", "users", 0), user: r.t.Column("UserId"),
		client: r.t.Column("ClientVerId"), from: r.t.Column("UserJoinTime"), until: r.t.Column("UserLeaveTime"), auth: r.authColumn()}
	j.clients = r.lack("ClientVersions", "clients", j.client)
	return j
}

// join reads what the two tables of joins have in common. The key names the
// meeting, not the user's own session.
func (r *cdrRows) join(j *cdrJoin, rec *Record) (skip string, err error) {
	if err := r.stay(rec, j.key, j.from, j.until); err != nil {
		return "", err
	}
	var synthetic bool
	if rec.From.Client, synthetic, err = r.client(j.clients, j.client); err != nil {
		return "", err
	}
	u, err := r.user(j.users, j.user, &rec.From)
	switch {
	case err != nil:
		return "", err
	case synthetic:
		return cdrTestTraffic, nil
	case u.named && !u.known:
		return "", r.set.unknown(u)
	}
	r.authClass(j.auth, &rec.From)
	return "", nil
}

// joins reads FocusJoinsAndLeaves: a user joined the meeting itself.
func (s *cdrSet) joins(r *cdrRows) rowReader {
	j := r.joinColumns()
	endpoint, role := r.t.Column("UserEndpointId"), r.t.Column("UserRole")
	roles := s.ids["Roles"]
	return func(rec *Record) (string, error) {
		rec.Kind = JoinRecord
		if skip, err := r.join(&j, rec); skip != "" || err != nil {
			return skip, err
		}
		var err error
		if rec.From.Endpoint, err = r.endpoint(endpoint); err != nil {
			return "", err
		}
		n, null, err := r.number(role)
		if null || err != nil {
			return "", err
		}
		rec.Role = roleNumber(n)
		if roles != nil {
			if e := roles.at(n); e != nil && e.aux != 0 {
				rec.Role = Role(e.aux)
			}
		}
		if rec.From.User == 0 {
			return "the user is a service address: nobody", nil
		}
		return "", nil
	}
}

// serverJoins reads McuJoinsAndLeaves: a user joined one conferencing server,
// whose kind tells what the meeting was for. It is kept for that even when the
// user is nobody.
func (s *cdrSet) serverJoins(r *cdrRows) rowReader {
	j := r.joinColumns()
	mcu, pstn := r.t.Column("McuId"), r.t.Column("IsFromPstn")
	mcus := r.lack("Mcus", "kinds of meetings by server", mcu)
	return func(rec *Record) (string, error) {
		rec.Kind = ServerJoinRecord
		if skip, err := r.join(&j, rec); skip != "" || err != nil {
			return skip, err
		}
		e, err := r.entry(mcus, mcu)
		if err != nil {
			return "", err
		}
		if e != nil {
			rec.Flags |= Flags(e.aux)
			rec.Media = e.media
		}
		phone, err := r.bit(pstn)
		if err != nil {
			return "", err
		}
		if phone {
			rec.Flags |= FromPSTN
		}
		return "", nil
	}
}
