package main

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// entry is one directory object; attributes keep their order.
type entry struct {
	dn    string
	attrs []attr
	paris bool
}

type attr struct {
	name   string
	values []string
	binary bool
}

func (e *entry) add(name string, values ...string) {
	if len(values) > 0 && values[0] != "" {
		e.attrs = append(e.attrs, attr{name: name, values: values})
	}
}

func (e *entry) addBinary(name string, value []byte) {
	e.attrs = append(e.attrs, attr{name: name, values: []string{string(value)}, binary: true})
}

const baseDN = "DC=contoso,DC=com"

// directory lists every object of the company's directory.
func (w *world) directory() []*entry {
	var list []*entry
	object := func(dn string, classes ...string) *entry {
		e := &entry{dn: dn, paris: strings.Contains(dn, "OU=Paris,")}
		e.add("objectClass", append([]string{"top"}, classes...)...)
		list = append(list, e)
		return e
	}
	for _, ou := range []string{"Redmond,OU=Staff", "Boston,OU=Staff", "Paris,OU=Staff", "Partners", "Services", "Phones"} {
		e := object("OU="+ou+","+baseDN, "organizationalUnit")
		e.add("ou", strings.SplitN(ou, ",", 2)[0])
		w.stamp(e, 900)
	}
	group := object("CN=Communications Users,OU=Services,"+baseDN, "group")
	group.add("cn", "Communications Users")
	group.add("member", "CN=Alert Service,OU=Services,"+baseDN)
	w.stamp(group, 0)
	for _, p := range w.people {
		if p.role.inDirectory() {
			w.account(object(p.dn(), "person", "organizationalPerson", "user"), p)
		}
	}
	for i, c := range append(append([]*contact{}, w.apps...), w.phones...) {
		ou := "OU=Services,"
		if c.who.class != "application" {
			ou = "OU=Phones,"
		}
		classes := []string{"person", "organizationalPerson", "contact"}
		if c.userObject {
			classes[2] = "user"
		}
		w.contact(object("CN="+c.cn+","+ou+baseDN, classes...), c, i)
	}
	return list
}

func (p *person) dn() string {
	ou := [...]string{"", "OU=Redmond,OU=Staff,", "OU=Boston,OU=Staff,", "OU=Paris,OU=Staff,"}[p.office]
	cn := p.name.display()
	if p.role == guestAccount { // a comma in a name is escaped
		ou, cn = "OU=Partners,", p.name.last+`\, `+strings.TrimSpace(p.name.first+" "+p.name.suffix)
	}
	return "CN=" + cn + "," + ou + baseDN
}

// account writes one person's attributes.
func (w *world) account(e *entry, p *person) {
	e.add("cn", p.name.display())
	e.add("sn", p.name.last)
	e.add("givenName", p.name.first)
	e.add("displayName", p.name.display())
	w.stamp(e, 1+p.number*7%300)
	control := "512"
	switch p.role {
	case leaverActive, leaverIdle, resource:
		control = "514"
	}
	e.add("userAccountControl", control)
	e.addBinary("objectSid", sid(1004336348, uint32(2000+p.number)))
	e.add("sAMAccountName", fmt.Sprintf("ct%06d", p.number))
	e.add("userPrincipalName", p.name.local()+domain)
	e.add("mail", p.name.local()+domain)
	proxies := []string{"SMTP:" + p.name.local() + domain}
	if p.role != neverEnabled {
		proxies = append(proxies, "sip:"+p.address)
	}
	if p.role == renamed {
		proxies = append(proxies, "sip:"+p.older, "smtp:"+p.older)
	}
	if p.role == umUser {
		proxies = append(proxies, fmt.Sprintf("EUM:%d;phone-context=um.contoso.com", 1000+p.number))
	}
	if p.office == 3 { // CSVDE joins values with ";": keep them free of it
		for i := range proxies {
			proxies[i] = strings.SplitN(proxies[i], ";", 2)[0]
		}
	}
	e.add("proxyAddresses", proxies...)
	if p.role == neverEnabled {
		return
	}
	if p.role == resource {
		e.addBinary("msRTCSIP-OriginatorSid", sid(2052111302, uint32(5000+p.number)))
	}
	flags := 256
	switch {
	case p.role.extension():
		flags |= 128
	case p.role == rcc:
		flags |= 16
		e.add("msRTCSIP-LineServer", "sip:pbx-gateway"+domain)
	case p.role == organiser:
		flags |= 64
	case p.number%3 == 0:
		flags |= 1
	}
	line := p.line
	if p.lineExt != "" {
		line += ";ext=" + p.lineExt
	}
	w.enable(e, p.role.enabled(), p.address, p.home, flags, line)
}

// contact writes an application or a shared phone.
func (w *world) contact(e *entry, c *contact, i int) {
	e.add("cn", c.cn)
	e.add("displayName", c.cn)
	w.stamp(e, 20+i%200)
	if c.userObject {
		e.add("userAccountControl", "512")
		e.addBinary("objectSid", sid(1004336348, uint32(900_000+i)))
		e.add("sAMAccountName", fmt.Sprintf("sv%06d", i))
	}
	e.add("msRTCSIP-OwnerUrn", c.ownerURN)
	e.add("proxyAddresses", c.proxy)
	flags := 256
	if c.line != "" && c.who.class != "application" {
		flags |= 128
	}
	w.enable(e, true, c.address, w.servers[0], flags, c.line)
}

func (w *world) enable(e *entry, enabled bool, address string, home *server, flags int, line string) {
	e.add("msRTCSIP-UserEnabled", strings.ToUpper(fmt.Sprint(enabled)))
	e.add("msRTCSIP-PrimaryUserAddress", "sip:"+address)
	e.add("msRTCSIP-PrimaryHomeServer", homeDN(home))
	e.add("msRTCSIP-OptionFlags", fmt.Sprint(flags))
	e.add("msRTCSIP-DeploymentLocator", "SRV:")
	e.add("msRTCSIP-FederationEnabled", "TRUE")
	e.add("msRTCSIP-InternetAccessEnabled", "TRUE")
	if line != "" {
		e.add("msRTCSIP-Line", "tel:"+line)
	}
}

// homeDN is the object of a home server.
func homeDN(s *server) string {
	return "CN=LC Services,CN=Microsoft,CN=" + s.rd + ",CN=Pools,CN=RTC Service,CN=Microsoft,CN=System," + baseDN
}

// stamp dates an object by days before the end of the records; the newest one
// dates the whole snapshot.
func (w *world) stamp(e *entry, age int) {
	changed := w.cfg.end.AddDate(0, 0, -age)
	e.add("whenCreated", changed.AddDate(-1, 0, 0).Format("20060102")+"090000.0Z")
	e.add("whenChanged", changed.Format("20060102")+"031500.0Z")
	e.addBinary("objectGUID", w.rng.bytes(16))
}

// sid is S-1-5-21-<domain>-1177238915-682003330-<rid> in its binary form.
func sid(domain, rid uint32) []byte {
	b := []byte{1, 5, 0, 0, 0, 0, 0, 5}
	for _, n := range []uint32{21, domain, 1177238915, 682003330, rid} {
		b = binary.LittleEndian.AppendUint32(b, n)
	}
	return b
}
