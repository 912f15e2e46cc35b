package main

import "fmt"

// writeLookups writes the small tables whose rows are known beforehand. Users,
// Phones, Devices and ConferenceUris grow while the days are played.
func (w *world) writeLookups() {
	rows := func(table string, list ...[]string) {
		for _, r := range list {
			w.cdr.tables[table].whole(r...)
		}
	}
	type r = []string
	key := "00000000-0000-0000-0000-00000000000"
	rows("Tenants", r{tenantEnterprise, key + "0"}, r{tenantFederated, key + "1"},
		r{tenantAnonymous, key + "2"}, r{tenantPublic, key + "3"})
	rows("UriTypes", r{uriUser, "user"}, r{uriPhone, "phone"}, r{uriChat, "conf:chat"}, r{uriDataConf, "conf:data-conf"},
		r{uriFocus, "conf:focus"}, r{uriAV, "conf:audio-video"}, r{uriShare, "conf:applicationsharing"})
	rows("Gateways", r{gatewayUS, "gw-redmond.contoso.com"}, r{gatewayParis, "gw-paris.contoso.com"})
	rows("MediationServers", r{mediationID, "med1.contoso.com"})
	rows("EdgeServers", r{edgeID, "edge1.contoso.com"})
	rows("ClientVersions",
		r{clientOC, "UCCP/2.0.6362.0 OC/2.0.6362.0 (Microsoft Office Communicator)", "4"},
		r{clientOCR2, "UCCAPI/3.5.6907.0 OC/3.5.6907.0 (Microsoft Office Communicator 2007 R2)", "4"},
		r{clientPhone, "CPE/1.0.522.101 OCPhone/1.0.522.101 (Microsoft Office Communicator 2007 Phone Edition)", "8"},
		r{clientCWA, "RTCC/2.0.6362.0 CWA/2.0.6362.0", "16387"},
		r{clientMeeting, "UCCP/2.0.6362.0 LMC/8.0.6362.0", "16"},
		r{clientMobile, "RTCC/2.0.6362.0 CoMo/2.0.523.0", "16386"},
		r{clientMediation, "RTCC/2.0.6362.0 MediationServer", "1"},
		r{clientAVMCU, "RTCC/2.0.6362.0 AV-MCU", "2"},
		r{clientAttendant, "RTCC/3.5.0.0 Conferencing_Attendant_1.0", "512"},
		r{clientUM, "RTCC/3.5.0.0 MSExchangeUM", "16393"},
		r{clientPublic, "aTSC/0.1", ""},
		r{clientSynthetic, "RTCC/3.5.0.0 ST", "16396"})
	rows("UserAgentDef", r{"1", "MediationServer", "MediationServer"}, r{"2", "AV-MCU", "AV-MCU"}, r{"4", "OC", "OC"},
		r{"8", "OCPhone", "OCPhone"}, r{"16", "LMC", "LMC"}, r{"512", "Conferencing_Attendant_1.0", "Conferencing_Attendant"},
		r{"16386", "CoMo", "MM"}, r{"16387", "CWA", "CWA"}, r{"16393", "MSExchangeUM", "ExUM"}, r{"16396", "ST", "ST"})
	rows("Manufacturers", r{"1", "Polycom"}, r{"2", `"LG-Nortel Co., Ltd."`})
	rows("HardwareVersions", r{"1", "A"})
	rows("Roles", r{"0", "Unknown"}, r{"1", "Presenter"}, r{"2", "Attendee"})
	rows("MediaList", r{"1", "IM"}, r{"2", "File Transfer"}, r{"3", "Remote Assistance"}, r{"4", "Application Sharing"},
		r{"5", "Audio"}, r{"6", "Video"}, r{"7", "App Invite"})

	pools := map[string]bool{}
	for _, s := range w.servers {
		rows("Servers", r{s.id, s.fqdn})
		if pools[s.pool] {
			continue
		}
		pools[s.pool] = true
		rows("Pools", r{s.poolID, s.pool})
		for i, m := range mcuKinds {
			rows("Mcus", r{s.mcu(i), fmt.Sprintf("sip:%s%s;gruu;opaque=srvr:%s:%s", s.rd, domain, m.kind, s.rd), m.uriType})
		}
	}
}

// mcuKinds are the conferencing servers of every pool.
var mcuKinds = []struct{ kind, uriType string }{
	{"chat", uriChat}, {"audio-video", uriAV}, {"data-conf", uriDataConf}, {"applicationsharing", uriShare},
}

const (
	mcuChat = iota
	mcuAV
	mcuData
	mcuShare
)

// mcu is the McuId of one kind in this server's pool.
func (s *server) mcu(kind int) string { return s.poolID + fmt.Sprint(kind+1) }
