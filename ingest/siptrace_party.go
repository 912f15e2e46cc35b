package ingest

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"

	"calaudit/ingest/sip"
	"calaudit/ingest/siptrace"
)

// traceParty is one side of a transaction.
type traceParty struct {
	user     ID   // 0: a service, or nobody
	number   bool // known by a phone number only
	endpoint ID
	instance bool // endpoint is told by the party itself, not by an epid alone
	client   ID
	class    Class
	tag      uint64 // hash of its tag in the dialog; 0: none was told
}

// party adds what one more message tells of a side. sent says that this side
// sent the message, so that its headers speak of it. An address is better than
// a number.
func (t *traceReader) party(p *traceParty, m *sip.Message, a sip.Address, who tracePerson, sent bool) {
	if p.user == 0 {
		p.user, p.number = who.user, who.number
	}
	if p.tag == 0 {
		if tag, ok := sip.Param(a.Params, "tag"); ok && len(tag) > 0 {
			p.tag = traceHash("tag", string(tag))
		}
	}
	if sent {
		if p.number {
			p.asserted(t, m)
		}
		if p.class == NoClass {
			if trust := m.Get("ms-edge-proxy-message-trust"); trust != nil {
				p.class = trustClass(trust, t.own.Name(p.user).Text)
			}
		}
		if p.client == 0 {
			p.client = t.clientOf(m)
		}
		if !p.instance {
			if c, _, ok := sip.NextAddress(m.Get("Contact")); ok {
				if endpoint := contactEndpoint(c); endpoint != "" {
					p.endpoint, p.instance = t.own.ID(EndpointName, endpoint), true
				}
			}
		}
	}
	if p.endpoint == 0 {
		if epid, ok := sip.Param(a.Params, "epid"); ok {
			p.endpoint = t.epid(epid)
		}
	}
}

// epid is the endpoint of an epid. Working it out is slow, and there are few.
func (t *traceReader) epid(epid []byte) ID {
	id, ok := t.epids[string(epid)]
	if !ok {
		if endpoint := epidEndpoint(epid); endpoint != "" {
			id = t.own.ID(EndpointName, endpoint)
		}
		remember(t.epids, epid, id)
	}
	return id
}

// asserted takes the address that a server vouches for in place of a number.
func (p *traceParty) asserted(t *traceReader, m *sip.Message) {
	for i := range m.Headers {
		if !sip.Is(m.Headers[i].Name, "P-Asserted-Identity") {
			continue
		}
		for v := m.Headers[i].Value; ; {
			a, rest, ok := sip.NextAddress(v)
			if !ok {
				break
			}
			if id, err := t.person(a); err == nil && id.user != 0 && !id.number {
				p.user, p.number = id.user, false
				return
			}
			v = rest
		}
	}
}

// tracePerson is who an address is.
type tracePerson struct {
	user   ID
	number bool
	err    error
}

// person is who an address names. Without brackets the parameters that say what
// it is may be those of the address.
func (t *traceReader) person(a sip.Address) (tracePerson, error) {
	text := a.URI
	if a.Bare && len(a.Params) > 0 {
		_, opaque := sip.Param(a.Params, "opaque")
		_, user := sip.Param(a.Params, "user")
		if opaque || user {
			text = a.Written
		}
	}
	p, ok := t.people[string(text)]
	if !ok {
		var id string
		if id, p.err = ParseUser(string(text)); id != "" {
			p.user, p.number = t.own.ID(UserName, id), IsNumber(id)
		}
		remember(t.people, text, p)
	}
	return p, p.err
}

// text is the ID of a text.
func (t *traceReader) text(kind NameKind, s string) ID {
	if s == "" {
		return 0
	}
	return t.own.ID(kind, s)
}

// clientOf is the program that sent a message. The name of the servers on an
// answer ("RTC/3.5") is not that of who answered.
func (t *traceReader) clientOf(m *sip.Message) ID {
	agent := m.Get("User-Agent")
	if len(agent) == 0 && m.Status != 0 {
		if agent = m.Get("Server"); len(agent) >= 4 && strings.EqualFold(string(agent[:4]), "RTC/") {
			return 0
		}
	}
	if len(agent) == 0 || len(agent) > maxAgent {
		return 0
	}
	id, ok := t.clients[string(agent)]
	if !ok {
		if printable(string(agent)) == nil {
			id = t.own.ID(ClientName, string(agent))
		}
		remember(t.clients, agent, id)
	}
	return id
}

// serverOf finds the server that a message names: the one the client signs in
// to, the Front End that put itself on the route, or, failing these, the
// machine that wrote the trace.
func (t *traceReader) serverOf(x *transaction, rec *siptrace.Record) {
	if x.server != 0 && !x.machine {
		return
	}
	var route []byte
	for i := range t.message.Headers {
		h := &t.message.Headers[i]
		switch h.Name[0] | 0x20 {
		case 'a', 'p', 'w': // Authorization, Authentication-Info, Proxy-..., WWW-Authenticate
			if name := quotedBehind(h.Value, "targetname="); len(name) > 0 {
				if host := bytes.TrimPrefix(name, []byte("sip/")); t.named(x, host) {
					return
				}
			}
		case 'r': // Record-Route
			if route == nil && len(h.Name) > 6 {
				if i := bytes.Index(h.Value, []byte("ms-fe=")); i >= 0 {
					route = h.Value[i+len("ms-fe="):]
					route = route[:len(route)-len(bytes.TrimLeft(route, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"))]
				}
			}
		}
	}
	if len(route) > 0 && t.named(x, route) {
		return
	}
	if x.server == 0 && len(rec.Machine) > 0 {
		x.machine = t.named(x, rec.Machine)
	}
}

// named makes a host the server of the transaction, if it can be one.
func (t *traceReader) named(x *transaction, host []byte) bool {
	id, ok := t.hosts[string(host)]
	if !ok {
		if name := ParseServer(string(host)); hostName(name) != "" && printable(name) == nil {
			id = t.own.ID(ServerName, name)
		}
		remember(t.hosts, host, id)
	}
	if id == 0 {
		return false
	}
	x.server, x.machine = id, false
	return true
}

// quotedBehind is the value behind `name=` in a list, with or without quotes.
func quotedBehind(v []byte, name string) []byte {
	i := bytes.Index(v, []byte(name))
	if i < 0 {
		return nil
	}
	v = v[i+len(name):]
	if len(v) > 0 && v[0] == '"' {
		v = v[1:]
		if i := bytes.IndexByte(v, '"'); i >= 0 {
			return v[:i]
		}
		return nil
	}
	if i := bytes.IndexAny(v, ", \t"); i >= 0 {
		v = v[:i]
	}
	return v
}

// trustClass is what the Edge Server says of who sent a message from outside
// (MS-SIPRE 2.2.15): a partner, a public network, or a user of our own. What it
// leaves open the domain tells.
func trustClass(v []byte, user string) Class {
	is := func(name, value string) bool {
		got, _ := sip.Param(v, name)
		return strings.EqualFold(string(got), value)
	}
	source := func(names ...string) bool {
		for _, name := range names {
			if is("ms-source-type", name) {
				return true
			}
		}
		return false
	}
	switch {
	case source("DirectPartner", "AutoFederation", "AutoFed", "ForwardingProxy", "ClearingHouse"):
		return Federated
	case source("AuthorizedServer") && is("ms-source-network", "publiccloud"):
		return PublicIM
	case source("AuthorizedServer") && is("ms-source-network", "federation"):
		return Federated
	case source("InternetUser") && is("ms-source-verified-user", "verified") && user != "" && !IsNumber(user) && Domain(user) != "anonymous.invalid":
		return Hosted
	}
	return NoClass
}

// madeByEdge tells a message that no person sent.
func madeByEdge(v []byte) bool {
	source, _ := sip.Param(v, "ms-source-type")
	return strings.EqualFold(string(source), "EdgeProxyGenerated") || strings.EqualFold(string(source), "AccessProxy")
}

// contactEndpoint is the endpoint that a Contact names: by its instance, or by
// the GRUU of which the instance is part.
func contactEndpoint(c sip.Address) string {
	if v, ok := sip.Param(c.Params, "+sip.instance"); ok {
		v = bytes.Trim(v, "<> ")
		if len(v) > len("urn:uuid:") && bytes.EqualFold(v[:len("urn:uuid:")], []byte("urn:uuid:")) {
			if g := guid(string(v[len("urn:uuid:"):])); g != "" {
				return "uuid:" + g
			}
		}
	}
	u, ok := sip.ParseURI(c.URI)
	if !ok {
		return ""
	}
	if v, ok := sip.Param(u.Params, "opaque"); ok {
		return gruuEndpoint(v)
	}
	return ""
}

// gruuEndpoint is the endpoint of opaque=user:epid:B: B is the instance in base64
// for URLs, its first three fields little-endian, and two zero bytes (seen in
// SIPE's message tests; MS-SIPRE).
func gruuEndpoint(opaque []byte) string {
	const prefix = "user:epid:"
	if len(opaque) < len(prefix) || !strings.EqualFold(string(opaque[:len(prefix)]), prefix) {
		return ""
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(string(opaque[len(prefix):]), "="))
	if err != nil || len(raw) != 18 || raw[16] != 0 || raw[17] != 0 {
		return ""
	}
	return "uuid:" + mixedGUID([16]byte(raw[:16]))
}

// epidSpace is the name space in which an epid names an instance, in the byte
// order in which it is hashed: fcacfb03-8a73-46ef-91b1-e5ebeeaba4fe with its
// first three fields little-endian.
var epidSpace = [16]byte{0x03, 0xfb, 0xac, 0xfc, 0x73, 0x8a, 0xef, 0x46, 0x91, 0xb1, 0xe5, 0xeb, 0xee, 0xab, 0xa4, 0xfe}

// maxEpid is the longest epid read: the protocol allows 16 characters.
const maxEpid = 64

// epidEndpoint is the endpoint that an epid stands for: clients make their
// instance of it, as a name-based UUID (version 5) whose first three fields are
// little-endian (MS-SIPRE; SIPE's uuid.c). The text is hashed as written.
func epidEndpoint(epid []byte) string {
	if len(epid) == 0 || len(epid) > maxEpid {
		return ""
	}
	h := sha1.New()
	h.Write(epidSpace[:])
	h.Write(epid)
	var u [16]byte
	copy(u[:], h.Sum(nil))
	u[7] = u[7]&0x0f | 0x50 // the version is in the high half of the third field, which ends here
	u[8] = u[8]&0x3f | 0x80
	return "uuid:" + mixedGUID(u)
}

// EpidInstances are the instances (uuid:) that the client of an endpoint named
// epid:HEX/identity may have: ids are in lower case, and server-side programs
// write and hash their epid in upper case. Other ids have none.
func EpidInstances(endpoint string) []string {
	epid, ok := strings.CutPrefix(endpoint, "epid:")
	if !ok {
		return nil
	}
	epid, _, _ = strings.Cut(epid, "/")
	var all []string
	for _, written := range []string{epid, strings.ToUpper(epid)} {
		if id := epidEndpoint([]byte(written)); id != "" && !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	return all
}

// mixedGUID writes 16 bytes whose first three fields are little-endian.
func mixedGUID(b [16]byte) string {
	b[0], b[1], b[2], b[3] = b[3], b[2], b[1], b[0]
	b[4], b[5] = b[5], b[4]
	b[6], b[7] = b[7], b[6]
	s := hex.EncodeToString(b[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}
