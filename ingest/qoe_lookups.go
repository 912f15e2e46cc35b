package ingest

import (
	"errors"
	"strings"
)

// Kinds of address: User.URIType.
const (
	qoePerson  = 2
	qoeMeeting = 4
	qoePhone   = 8
)

// qoeLookups returns the reader of a lookup table's rows.
func (s *cdrSet) qoeLookups(r *cdrRows) rowReader {
	switch r.part.def.name {
	case "User":
		return s.qoeUsers(r)
	case "UserAgent":
		code := r.t.Column("UAType")
		return s.keyed(r, "UserAgentKey", "UserAgent", func(e *cdrEntry, text string) error {
			n, null, err := r.number(code)
			if err != nil {
				return err
			}
			return s.qoeAgent(e, text, n, null)
		})
	case "Endpoint":
		return s.keyed(r, "EndpointKey", "Name", s.qoeMachine)
	case "MacAddress":
		return s.keyed(r, "MacAddressKey", "MacAddress", s.qoeCard)
	case "Pool":
		return s.keyed(r, "PoolKey", "PoolName", s.server)
	case "Conference":
		return s.keyed(r, "ConferenceKey", "ConfURI", s.qoeConference)
	}
	return nil
}

// qoeUsers reads User: one address of a person, a meeting or a phone.
func (s *cdrSet) qoeUsers(r *cdrRows) rowReader {
	ids, id, uri, kind := s.ids["User"], r.t.Column("UserKey"), r.t.Column("URI"), r.t.Column("URIType")
	if r.t.Column("TenantKey") >= 0 {
		r.note("the columns of the table behind TenantKey are not documented: parties go by domain")
	}
	return func(*Record) (string, error) {
		n, err := r.id(id)
		if err != nil {
			return "", err
		}
		k, _, err := r.number(kind)
		if err != nil {
			return "", err
		}
		user := ""
		if k != qoeMeeting {
			if user, err = s.address(r, ids, n, uri); err != nil {
				return "", err
			}
		}
		return "", s.enter(r, ids, n, s.qoeAddress(user, string(r.value(uri)), k), "UserKey")
	}
}

// qoeAddress is what an address tells. One that the database calls a phone is a
// number, also where the text alone would be taken for a person's.
func (s *cdrSet) qoeAddress(user, raw string, kind int64) cdrEntry {
	e := cdrEntry{state: cdrKnown}
	if kind == qoePhone && !IsNumber(user) {
		if name, _, _ := strings.Cut(user, "@"); looksLikeNumber(name) {
			if n, err := number(name, raw); err == nil {
				user = n
			}
		}
	}
	switch {
	case kind == qoeMeeting, user == "" && isMeeting(raw):
		e.aux = qoeMeeting
		user = ""
	case strings.Contains(strings.ToLower(raw), "opaque=srvr:"):
		user = "" // a server
	case IsNumber(user):
		e.aux = qoePhone
	}
	e.name = s.names.ID(UserName, user)
	return e
}

// What an agent is to an audit.
const (
	qoeUnknownAgent int32 = iota
	qoeClient             // a person's program
	qoeGateway            // Mediation Server or gateway: the telephone network
	qoeConferencing       // conferencing server
	qoeService            // no person behind
	qoeStandIn            // a service that acts for a person, who is the address
	qoeTest               // deployment and health tests
)

// qoeAgent learns a program and its part, from its code in UserAgentDef, else
// from its text.
func (s *cdrSet) qoeAgent(e *cdrEntry, text string, code int64, noCode bool) error {
	if err := nameable(text); err != nil {
		return err
	}
	e.name = s.names.ID(ClientName, text)
	if e.aux = qoePart(code); noCode || e.aux == qoeUnknownAgent {
		e.aux = qoePartOf(text)
	}
	return nil
}

// qoePart tells the part by code (vendor's "UserAgent table", "UserAgentDef table").
func qoePart(code int64) int32 {
	switch code {
	case 1, 32769, 32770: // MediationServer, Gateway, both
		return qoeGateway
	case 2, 16397: // A/V and application sharing conferencing
		return qoeConferencing
	case 32, cdrSyntheticAgent: // DVT, ST
		return qoeTest
	case 2048, 16389: // Ccs (voice from another phone), ComoSvc (mobile people)
		return qoeStandIn
	}
	switch a, known := agentCodes[int(code)]; {
	case !known:
		return qoeUnknownAgent
	case a.system:
		return qoeService
	}
	return qoeClient
}

// qoePartOf tells the part by the product names in the text.
func qoePartOf(text string) int32 {
	lower := strings.ToLower(text)
	switch kind := ClientKind(text); kind {
	case "server", "gateway", "app":
		switch {
		case strings.Contains(lower, "mediationserver"), kind == "gateway":
			return qoeGateway
		case strings.Contains(lower, "av-mcu"), strings.Contains(lower, "asmcu"), strings.Contains(lower, "applicationsharing"):
			return qoeConferencing
		}
		return qoeService
	case "unknown":
		return qoeUnknownAgent
	}
	return qoeClient
}

// qoeMachine learns the name of a computer or phone. A handset may go by its
// MAC address; an IP address names no machine.
func (s *cdrSet) qoeMachine(e *cdrEntry, text string) error {
	device := ""
	if m := mac(text); m != "" {
		device = "mac:" + m
	} else if text != "" {
		var err error
		if device, _, err = ParseDevice("host:" + text); err != nil {
			return told("Name %s is not a host name; %s", quoteShort(text), mendOrExport)
		}
	}
	e.name = s.names.ID(DeviceName, device)
	return nil
}

// qoeCard learns the address of a network card, 12 hexadecimal digits.
func (s *cdrSet) qoeCard(e *cdrEntry, text string) error {
	if strings.Trim(text, "0:-.") == "" {
		return nil
	}
	m := mac(text)
	if m == "" {
		return errors.New("is not 12 hexadecimal digits")
	}
	e.name = s.names.ID(DeviceName, "mac:"+m)
	return nil
}

// qoeConference learns Conference.ConfURI: a meeting's address, in which stand
// its organiser and its id, or the dialog id of a two-party session.
func (s *cdrSet) qoeConference(e *cdrEntry, text string) error {
	if err := nameable(text); err != nil {
		return err
	}
	if !isMeeting(text) {
		e.aux = int32(callHash([]byte(text)))
		return nil
	}
	e.media = MediaAudio // marks a meeting
	organizer, id, err := cutMeeting(text)
	if err != nil {
		return err
	}
	e.name = s.names.ID(UserName, organizer)
	e.aux = int32(meetingHash(organizer, id))
	return nil
}

// isMeeting tells the address of a meeting from anything else.
func isMeeting(text string) bool {
	return strings.Contains(strings.ToLower(text), "opaque=app:conf:")
}
