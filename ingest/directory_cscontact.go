package ingest

import "strings"

// csContacts are what Get-CsCommonAreaPhone, Get-CsAnalogDevice and
// Get-CsTrustedApplicationEndpoint list: contacts, no people. Properties as
// printed in the vendor's deployment guides of Lync Server 2013.
var csContacts = &listing{
	format: "directory-cscontact",
	columns: [listFields]string{listDN: "Identity", listName: "DisplayName", listAddress: "SipAddress", listPool: "RegistrarPool",
		listHomeDN: "HomeServer", listEnabled: "Enabled", listVoice: "EnterpriseVoiceEnabled", listLine: "LineURI", listOwner: "OwnerUrn"},
	contact: true,
	homed:   true,
	phones:  true,
	product: func(*properties) string { return "Lync Server 2010 or later" },
	mark:    markContact,
}

func csContactFormat() Format {
	return Format{
		Name:  csContacts.format,
		About: "common area phones, analog devices and application endpoints as listed by Get-CsCommonAreaPhone, Get-CsAnalogDevice, Get-CsTrustedApplicationEndpoint",
		Basis: "from documentation",
		Fields: []Field{
			{"Identity", "DN of the contact", false},
			{"DisplayName", "name shown in reports", false},
			{"SipAddress", "the SIP identity; this or LineURI is needed", false},
			{"LineURI", "tel: number of the phone", false},
			{"RegistrarPool", "the pool that hosts it", false},
			{"Enabled", "False: may not sign in", false},
			{"DisplayNumber", "with a SipAddress and no property of users, a phone", false},
			{"AnalogFax", "the list is one of analog devices; so does Gateway", false},
			{"OwnerUrn", "urn:application: marks an application, no device", false},
		},
		Sample: "\r\n\r\nIdentity      : CN=Building 14 Lobby,OU=Redmond,DC=litwareinc,DC=com\r\n" +
			"RegistrarPool : pool1.litwareinc.com\r\nEnabled       : True\r\nSipAddress    : sip:lobby14@litwareinc.com\r\n" +
			"LineURI       : tel:+14255550712\r\nDisplayNumber : 1-425-555-0712\r\nDisplayName   : Building 14 Lobby\r\n\r\n\r\n",
		Sniff: sniffCsContact,
		Read:  csContacts.read,
	}
}

// contactType tells a list of contacts by the type that Export-Csv wrote.
func contactType(p *printed) bool {
	return strings.Contains(p.typ, "commonareaphone") || strings.Contains(p.typ, "analogdevice") || strings.Contains(p.typ, "applicationendpoint")
}

func sniffCsContact(h *Head) Verdict {
	p, ok := sniffProperties(h)
	if !ok || !p.any("SipAddress", "LineURI") {
		return Verdict{}
	}
	user := p.any("EnterpriseVoiceEnabled", "SamAccountName")
	if contactType(p) || p.any("OwnerUrn") && p.any("DisplayNumber", "RegistrarPool") || analog(p) && !user ||
		p.all("SipAddress", "LineURI", "DisplayNumber") && !user {
		return p.verdict()
	}
	return Verdict{}
}

// analog tells a list of analog devices: each hangs at a gateway.
func analog(p *printed) bool {
	return strings.Contains(p.typ, "analogdevice") || p.any("AnalogFax") && p.any("LineURI", "Gateway")
}

// markContact tells an application by its owner; everything else is a phone.
func markContact(l *lister, e *Entry) {
	owner := strings.ToLower(l.fields[listOwner])
	switch {
	case strings.HasPrefix(owner, "urn:application:"):
		e.App = true
	case strings.HasPrefix(owner, "urn:device:analog"), analog(l.p.seen):
		e.Phone = "analog-device"
	case owner == "urn:device:roomsystem":
		e.Phone = "room-system"
	default:
		e.Phone = "common-area-phone"
	}
}
