package ingest

import "strings"

// Properties as printed in the vendor's help and deployment guides of Lync
// Server 2010 and 2013; others vary from version to version and are not read.
var csUsers = &listing{
	format: "directory-csuser",
	columns: [listFields]string{listDN: "Identity", listName: "DisplayName", listAddress: "SipAddress", listPool: "RegistrarPool",
		listHomeDN: "HomeServer", listEnabled: "Enabled", listVoice: "EnterpriseVoiceEnabled", listLine: "LineURI",
		listLogin: "SamAccountName", listPrincipal: "UserPrincipalName"},
	product: func(*properties) string { return "Lync Server 2010 or later" },
}

func csUserFormat() Format {
	return Format{
		Name:  csUsers.format,
		About: "users as listed by Get-CsUser: Export-Csv, or Format-List into a file",
		Basis: "from documentation",
		Fields: []Field{
			{"Identity", "DN of the account", false},
			{"DisplayName", "name shown in reports", false},
			{"SipAddress", "the SIP identity", true},
			{"RegistrarPool", "the pool that hosts it; this or HomeServer is needed", false},
			{"HomeServer", "DN of the home server, for users of Office Communications Server", false},
			{"Enabled", "False: may not sign in", false},
			{"EnterpriseVoiceEnabled", "True: a hosted extension when LineURI is set", false},
			{"LineURI", "tel: number of the user", false},
			{"SamAccountName", "the account, by which web servers know the user, in the domain that Identity ends with", false},
			{"UserPrincipalName", "the other name of the account; no document lists this property", false},
		},
		Sample: "#TYPE Microsoft.Rtc.Management.ADConnect.Schema.OCSADUser\n" +
			`"Identity","DisplayName","SipAddress","RegistrarPool","HomeServer","Enabled","EnterpriseVoiceEnabled","LineURI","SamAccountName"` + "\n" +
			`"CN=Alice Ash,OU=Staff,DC=contoso,DC=com","Alice Ash","sip:alice@contoso.com","pool1.contoso.com","","True","True","tel:+14255550100","aash"` + "\n",
		Sniff: sniffCsUser,
		Read:  csUsers.read,
	}
}

// sniffCsUser knows users by properties that contacts do not have: those of
// the phones and applications have the address and the number as well.
func sniffCsUser(h *Head) Verdict {
	p, ok := sniffProperties(h)
	if !ok || p.any("OwnerUrn") || contactType(p) {
		return Verdict{}
	}
	typed := strings.HasSuffix(p.typ, ".ocsaduser")
	user := typed || p.any("EnterpriseVoiceEnabled", "HomeServer", "SamAccountName")
	switch {
	case !p.any("SipAddress") && (typed || p.any("RegistrarPool") && p.any("EnterpriseVoiceEnabled")):
		return Verdict{Broken: true, Why: "the list of users lacks the property SipAddress, so nobody could be named; export all properties of Get-CsUser"}
	case !p.any("SipAddress"):
		return Verdict{}
	case user && p.any("RegistrarPool", "HomeServer"):
		return p.verdict()
	case user:
		return Verdict{Broken: true, Why: "the list of users names neither RegistrarPool nor HomeServer, so nobody would count as hosted; export all properties of Get-CsUser"}
	case p.any("DisplayNumber"): // a phone
		return Verdict{}
	case p.any("LineURI", "RegistrarPool", "DialPlan", "Enabled", "Identity"):
		return Verdict{Broken: true, Why: "people and phones cannot be told apart: the list names neither EnterpriseVoiceEnabled (users) nor DisplayNumber (phones); export all properties"}
	}
	return Verdict{}
}
