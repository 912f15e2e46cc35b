package ingest

import (
	"errors"
	"fmt"
	"strings"
)

// lookups returns the reader of a lookup table's rows. It fills no record:
// what it learns goes into the set.
func (s *cdrSet) lookups(r *cdrRows) rowReader {
	switch name := r.part.def.name; name {
	case "Users":
		return s.users(r)
	case "Phones":
		return s.phones(r)
	case "Tenants":
		return s.keyed(r, "TenantId", "TenantKey", func(e *cdrEntry, text string) error {
			e.class = max(e.class, tenantClass(text))
			return nil
		})
	case "UserAuthTypes":
		return s.authTypes(r)
	case "UriTypes":
		return s.keyed(r, "UriTypeId", "UriType", func(e *cdrEntry, text string) error {
			e.aux, e.media = meetingKind(text)
			return nil
		})
	case "Roles":
		return s.keyed(r, "RoleId", "Role", func(e *cdrEntry, text string) error {
			e.aux = int32(roleOf(text))
			return nil
		})
	case "MediaList":
		return s.keyed(r, "MediaId", "Media", func(e *cdrEntry, text string) error {
			e.media = mediaNamed(text)
			return nil
		})
	case "ClientVersions":
		return s.clients(r)
	case "Devices":
		return s.keyed(r, "DeviceId", "MacAddress", s.mac)
	case "Servers":
		return s.keyed(r, "ServerId", "ServerFQDN", s.server)
	case "Computers": // the front ends of OCS 2007 R2
		return s.keyed(r, "ComputerId", cdrColumn(r.t, "ComputerFQDN", "FQDN", "ComputerName", "Computer", "Name"), s.server)
	case "Pools":
		return s.keyed(r, "PoolId", cdrColumn(r.t, "PoolFQDN", "Pool", "PoolName"), s.server)
	case "ConferenceUris":
		return s.meetings(r, "ConferenceUriId", "ConferenceUri", "UriTypeId")
	case "Mcus":
		return s.meetings(r, "McuId", "McuUri", "McuTypeId")
	default: // names that no rule asks for
		return func(*Record) (string, error) { return "", nil }
	}
}

// cdrColumn is the first of the names that the table has.
func cdrColumn(t *Table, names ...string) string {
	for _, n := range names {
		if t.Column(n) >= 0 {
			return n
		}
	}
	return ""
}

// id reads the key column of a lookup table.
func (r *cdrRows) id(column int) (int64, error) {
	id, null, err := r.number(column)
	if null && err == nil {
		err = fmt.Errorf("%s is empty; mend the row or export it again", r.t.Header()[column])
	}
	return id, err
}

// keyed reads tables of an id and a text. An id that two rows give different
// meanings keeps the one that sorts first, whatever the order of the rows.
func (s *cdrSet) keyed(r *cdrRows, idName, textName string, learn func(e *cdrEntry, text string) error) rowReader {
	ids, id, column := s.ids[r.part.def.name], r.t.Column(idName), r.t.Column(textName)
	return func(*Record) (string, error) {
		n, err := r.id(id)
		if err != nil {
			return "", err
		}
		e := cdrEntry{state: cdrKnown}
		text := string(r.value(column))
		if err := learn(&e, text); err != nil {
			var done toldError // of another column
			if !errors.As(err, &done) {
				err = wrongValue(r.t.Header()[column], text, err, mendOrExport)
			}
			return "", err
		}
		if old := ids.at(n); old != nil && !s.before(e, *old) {
			return "", nil
		}
		*ids.put(n) = e
		return "", nil
	}
}

// before orders two meanings of one id.
func (s *cdrSet) before(a, b cdrEntry) bool {
	if x, y := s.names.Name(a.name).Text, s.names.Name(b.name).Text; x != y {
		return y == "" || x != "" && x < y
	}
	if a.class != b.class {
		return b.class == NoClass || a.class != NoClass && a.class < b.class
	}
	if a.aux != b.aux {
		return b.aux == 0 || a.aux != 0 && a.aux < b.aux
	}
	return a.media < b.media
}

// Tenants.TenantKey is a GUID; on premises four fixed ones name the classes
// (vendor's "Tenants table").
func tenantClass(key string) Class {
	digit, ok := strings.CutPrefix(strings.Trim(key, "{}"), "00000000-0000-0000-0000-00000000000")
	if !ok {
		return NoClass
	}
	switch digit {
	case "0":
		return Hosted
	case "1":
		return Federated
	case "2":
		return Anonymous
	case "3":
		return PublicIM
	}
	return NoClass
}

// authTypes reads R2's UserAuthTypes. Which columns it has is not known, so
// any column that holds one of the four words tells the class, and every other
// column may be what Users refers to.
func (s *cdrSet) authTypes(r *cdrRows) rowReader {
	const most = 64 // the table is static and has four rows
	rows := 0
	return func(*Record) (string, error) {
		class := NoClass
		for i := range r.t.Header() {
			class = max(class, authClass(string(r.value(i))))
		}
		if rows++; class == NoClass || rows > most {
			return "", nil
		}
		for i, name := range r.t.Header() {
			text := string(r.value(i))
			if text == "" || authClass(text) != NoClass {
				continue
			}
			key := ColumnKey(name)
			if s.auth[key] == nil {
				s.auth[key] = map[string]Class{}
			}
			s.auth[key][text] = class
		}
		return "", nil
	}
}

func authClass(text string) Class {
	switch text = strings.ToLower(text); {
	case strings.Contains(text, "enterprise"):
		return Hosted
	case strings.Contains(text, "federated"):
		return Federated
	case text == "pic", strings.Contains(text, "public"):
		return PublicIM
	case strings.Contains(text, "anonymous"):
		return Anonymous
	}
	return NoClass
}

// authJoin finds a column of this table that UserAuthTypes has too.
func (s *cdrSet) authJoin(t *Table) (column int, classes map[string]Class) {
	for i, name := range t.Header() {
		if c := s.auth[ColumnKey(name)]; c != nil {
			return i, c
		}
	}
	return -1, nil
}

// users reads Users. UserUri is an address, sometimes without "sip:"; phones
// stand among them as +1425...@domain.
func (s *cdrSet) users(r *cdrRows) rowReader {
	ids, id, uri := s.ids["Users"], r.t.Column("UserId"), r.t.Column("UserUri")
	tenant, key := r.t.Column("TenantId"), r.t.Column("TenantKey") // UserView has the key itself
	tenants := r.lack("Tenants", "user classes", tenant)
	auth, classes := s.authJoin(r.t)
	if s.ids["UserAuthTypes"] != nil && auth < 0 {
		r.note("user classes of OCS 2007 R2 can't be joined from these headers; parties go by domain")
	}
	return func(*Record) (string, error) {
		n, err := r.id(id)
		if err != nil {
			return "", err
		}
		user, err := s.address(r, ids, n, uri)
		if err != nil {
			return "", err
		}
		e := cdrEntry{state: cdrKnown, name: s.names.ID(UserName, user)}
		if user != "" && !IsNumber(user) {
			t, err := r.entry(tenants, tenant)
			if err != nil {
				return "", err
			}
			if t != nil {
				e.class = t.class
			} else if len(r.value(key)) > 0 {
				e.class = viewTenant(string(r.value(key)))
			} else if auth >= 0 {
				e.class = classes[string(r.value(auth))]
			}
			e.gap = r.gap
		}
		return "", s.enter(r, ids, n, e, "UserId")
	}
}

// phones reads Phones. Only numbers are of use; "anonymous@..." as a caller
// says as little as no number.
func (s *cdrSet) phones(r *cdrRows) rowReader {
	ids, id, uri := s.ids["Phones"], r.t.Column("PhoneId"), r.t.Column("PhoneUri")
	return func(*Record) (string, error) {
		n, err := r.id(id)
		if err != nil {
			return "", err
		}
		phone, err := s.address(r, ids, n, uri)
		if err != nil {
			return "", err
		}
		e := cdrEntry{state: cdrKnown}
		if IsNumber(phone) {
			e.name = s.names.ID(UserName, phone)
		}
		return "", s.enter(r, ids, n, e, "PhoneId")
	}
}

// address canonicalises the address of a row. A row that cannot be read keeps
// its id as a bad one, so that the rows that refer to it can say so.
func (s *cdrSet) address(r *cdrRows, ids *cdrIDs, n int64, column int) (string, error) {
	raw, name := string(r.value(column)), r.t.Header()[column]
	err := readable(name, address(raw), mendOrExport)
	if raw == "" {
		err = told("%s is empty; %s", name, mendOrExport)
	}
	if err == nil {
		var user string
		if user, err = ParseUser(raw); err == nil {
			return user, nil
		}
		err = fmt.Errorf("%w; %s", err, mendOrExport)
	}
	if ids.at(n) == nil {
		ids.put(n).state = cdrBad
	}
	return "", err
}

// enter keeps a row of Users or Phones. One id with two addresses means that
// tables of two databases lie in one folder, which mixes up people.
func (s *cdrSet) enter(r *cdrRows, ids *cdrIDs, n int64, e cdrEntry, idName string) error {
	old := ids.at(n)
	if old == nil || old.state == cdrBad {
		*ids.put(n) = e
		return nil
	}
	if old.name != e.name {
		return &Refusal{File: r.part.file.Path, Line: r.line(), What: fmt.Sprintf(
			"%s %d stands for two addresses, %s and %s; ids belong to one database: put the tables of each database into a folder of their own",
			idName, n, s.shown(old.name), s.shown(e.name))}
	}
	if s.before(e, *old) {
		old.class = e.class
	}
	old.gap = old.gap && e.gap
	return nil
}

func (s *cdrSet) shown(id ID) string {
	if id == 0 {
		return "a service address"
	}
	return s.names.Name(id).Text
}

// clients reads ClientVersions: Version is the user agent, ClientType its code
// in UserAgentDef (2013 and later).
func (s *cdrSet) clients(r *cdrRows) rowReader {
	code := r.t.Column("ClientType")
	return s.keyed(r, "VersionId", "Version", func(e *cdrEntry, text string) error {
		if err := nameable(text); err != nil {
			return err
		}
		e.name = s.names.ID(ClientName, text)
		n, _, err := r.number(code)
		e.aux = int32(n)
		return err
	})
}

// mac learns Devices.MacAddress: a number in the schema, but hexadecimal where
// somebody made it readable (dbo.FormatMacAddr).
func (s *cdrSet) mac(e *cdrEntry, text string) error {
	device, err := deviceMAC(text)
	if err == nil && device != "" {
		e.name = s.names.ID(DeviceName, device)
	}
	return err
}

func deviceMAC(text string) (string, error) {
	if text == "" || strings.Trim(text, "0:-.") == "" {
		return "", nil
	}
	number := uint64(0)
	for _, c := range text {
		if text[0] == '0' { // no number is written so: hexadecimal digits
			break
		}
		if c < '0' || c > '9' || number >= 1<<48 {
			number = 0
			break
		}
		number = number*10 + uint64(c-'0')
	}
	if number > 0 && number < 1<<48 {
		return MAC(number), nil
	}
	device, _, err := ParseDevice("mac:" + strings.TrimPrefix(text, "0x"))
	if err != nil {
		return "", errors.New("is neither a number nor 12 hexadecimal digits")
	}
	return device, nil
}

// server learns the name of a server or pool.
func (s *cdrSet) server(e *cdrEntry, text string) error {
	if err := nameable(text); err != nil {
		return err
	}
	e.name = s.names.ID(ServerName, ParseServer(text))
	return nil
}

// nameable refuses text that cannot be a name. It looks at the text as it is
// written: folding to lower case would hide bytes that are no UTF-8.
func nameable(text string) error {
	if len(text) > 2*maxIdentity {
		return fmt.Errorf("is longer than %d bytes", 2*maxIdentity)
	}
	return printable(text)
}
