package ingest

import (
	"strings"
	"testing"
)

func TestClientKind(t *testing.T) {
	for _, c := range []struct {
		agent, kind  string
		communicator bool
	}{
		{"UCCAPI/3.5.6907.0 OC/3.5.6907.0 (Microsoft Office Communicator 2007 R2)", "desktop", true},
		{"UCCAPI/3.5.6907.37 OC/3.5.6907.37 (Microsoft Office Communicator 2007 R2)", "desktop", true},
		{"UCCAPI/3.5.6907.9 Office Communicator 2007 R2 /3.5.6907.34 (Microsoft Office Communicator 2007 R2)", "desktop", true},
		{"UCCP/2.0.6362.0 OC/2.0.6362.0 (Microsoft Office Communicator)", "desktop", true},
		{"UCCP/2.0.6362.189 OC/2.0.6362.189 (Microsoft Office Communicator)", "desktop", true},
		{"UCCAPI/2.0.6362.67", "unknown", false},
		{"UCCAPI/4.0.7577.0 OC/4.0.7577.0 (Microsoft Lync 2010)", "desktop", true},
		{"UCCAPI/4.0.7400.0 OC/4.0.7400.0 (Microsoft Lync 2013)", "desktop", true},
		{"UCCAPI/15.0.4420.1017 OC/15.0.4420.1017", "desktop", true},
		{"UCCAPI/16.0.6965.5308 OC/16.0.6965.2117", "desktop", true},
		{"UCCAPI/16.0.7766.5281 OC/16.0.7766.2047 (Skype for Business)", "desktop", true},
		{"OC/4.0.7577.4051 (Microsoft Lync 2010)", "desktop", true},
		{"RTCC/3.5.0.0 CWA/3.5.0.0", "web", false},
		{"RTCC/3.5.0.0 MCXService/3.5.0.0 communicator.NOKIAS60R2.JVP.EN_US/1.0.6875.0", "mobile", false},
		{"CPE/4.0.7423.1 OCPhone/4.0.7423.1 (Microsoft Lync 2010 (Beta) Phone Edition)", "phone", false},
		{"RTCC/4.0.0.0", "app", false},
		{"RTCC/4.0.0.0 PresPub", "app", false},
		{"RTCC/4.0.0.0 Inbound Routing/4.0.0.0", "server", false},
		{"RTCC/3.5.0.0", "app", false},
		{"RTCC/5.0.0.0 MSExchangeUM/15.01.0231.021", "server", false},
		{"RTCC/5.0.0.0 MSExchangeUM/15.01.2507.017", "server", false},
		{"ExumRouting/7.0.0.0", "server", false},
		{"RTC/3.0", "server", false},
		{"RTC/3.5", "server", false},
		{"RTC/6.0", "server", false},
		{"RTC/7.0", "server", false},
		{"Purple/2.10.12 Sipe/1.21.0 (linux-x86_64; RTC/5.0)", "desktop", false},
		{"Purple/3.0.0devel Sipe/1.21.0 (linux-x86_64; RTC/5.0)", "desktop", false},
		{"Camel::SIPE JAIN-SIP/1.2", "app", false},
		{"Windows RTC/1.0", "desktop", false},
		{"aTSC/0.1", "desktop", false},
		{"Cisco-CUCM9.1", "gateway", false},
		{"OmniPCX Enterprise R12.1 m2.300.29.a", "gateway", false},
		{"LSPT/15.0.0.0 (Lync Server 2013 Stress and Performance Tool)", "app", false},
		{"LSPT/15.0.0.0 (Skype for Business Server 2015 Stress and Performance Tool)", "app", false},
		{"OCPHONE/.0.522", "app", false},
		{"UCWA Perf Tool/Web Conference", "app", false},
		{"UCWA Perf Tool/Mobile", "app", false},
		{"LCC", "desktop", true},
		{"RTC", "desktop", false},
		{"RTCC", "app", false},
		{"UCCP", "unknown", false},
		{"OC", "desktop", true},
		{"WM", "desktop", false},
		{"CWA", "web", false},
		{"COMO", "mobile", false},
		{"LMC", "desktop", false},
		{"OCPhone", "phone", false},
		{"CPE", "phone", false},
		{"AOC", "desktop", false},
		{"LiveMeetingAddins", "desktop", false},
		{"iPadLync", "mobile", false},
		{"iPhoneLync", "mobile", false},
		{"WPLync", "mobile", false},
		{"NokiaLync", "mobile", false},
		{"AndroidLync", "mobile", false},
		{"McxService", "server", false},
		{"MediationServer", "server", false},
		{"AV-MCU", "server", false},
		{"IMMCU", "server", false},
		{"Conferencing_Attendant_1.0", "server", false},
		{"Conferencing_Announcement_Service_1.0", "server", false},
		{"Response_Group_Service", "server", false},
		{"Call_Park_Service_1.0", "server", false},
		{"InboundRouting", "server", false},
		{"MSExchangeUM", "server", false},
		{"ArchivingAgent", "server", false},
		{"XmppTGW", "gateway", false},
		{"Gateway", "gateway", false},
		{"Attendant", "desktop", false},
		{"LWA", "web", false},
		{"MM", "unknown", false},
		{"MC", "unknown", false},
		{"ST", "unknown", false},
		// The grammar rather than the list.
		{"", "unknown", false},
		{"   ", "unknown", false},
		{"Something/1.0", "unknown", false},
		{"UCCAPI/3.5 Something/1.0", "unknown", false},
		{"RTCC/3.5 Something/1.0", "app", false},
		{"oc/3.5 (x)", "desktop", true},
		{"OC/4.0.7577.4051+(Microsoft+Lync+2010)", "desktop", true},
		{"UCCAPI/3.5.6907.0+OC/3.5.6907.0+(Microsoft+Office+Communicator+2007+R2)", "desktop", true},
		{"RTC/1.2.4949 (Messenger 5.0)", "desktop", false},
		{"CPE/1.0.522.34 OCPhone/1.0.522.34 (Microsoft Office Communicator 2007 (Phone Edition", "phone", false},
		{"(UCCAPI/3.5 OC/3.5)", "unknown", false},
		{"UCCAPI/3.5.6907.0 OCX/3.5", "unknown", false},
		{"/1.0", "unknown", false},
		{strings.Repeat("OC/1 ", 100000), "desktop", true},
	} {
		if kind := ClientKind(c.agent); kind != c.kind {
			t.Errorf("ClientKind(%.80q) = %s, want %s", c.agent, kind, c.kind)
		}
		if got := IsCommunicator(c.agent); got != c.communicator {
			t.Errorf("IsCommunicator(%.80q) = %v", c.agent, got)
		}
	}
}

func TestAgentTableIsSound(t *testing.T) {
	kinds := "desktop web phone mobile server gateway app unknown"
	for i, row := range strings.Split(strings.TrimSpace(string(agentsCSV)), "\n")[1:] {
		f := strings.Split(row, ",")
		if len(f) != 5 || f[0] == "" || !strings.Contains(kinds, f[1]) || f[3] == "" || f[4] == "" || f[2] != "" && f[2] != "yes" {
			t.Errorf("agents.csv:%d: %q", i+2, row)
			continue
		}
		if token := strings.TrimSuffix(f[0], "*"); token == f[0] && ClientKind(token) != f[1] {
			t.Errorf("agents.csv:%d: %q is found as %s", i+2, token, ClientKind(token))
		}
	}
}

func TestAgentCodes(t *testing.T) {
	for _, c := range []struct {
		code   int
		kind   string
		system bool
	}{
		{4, "desktop", false}, {8, "phone", false}, {16, "desktop", false}, {64, "mobile", false}, {16387, "web", false},
		{16401, "mobile", false}, {1, "server", true}, {16404, "server", true}, {32769, "gateway", true}, {16396, "app", true},
		{0, "unknown", false}, {12, "unknown", false}, {99999, "unknown", false},
	} {
		if AgentKindByCode(c.code) != c.kind || SystemAgentCode(c.code) != c.system {
			t.Errorf("code %d: %s, %v", c.code, AgentKindByCode(c.code), SystemAgentCode(c.code))
		}
	}
}

func BenchmarkClientKind(b *testing.B) {
	for b.Loop() {
		ClientKind("UCCAPI/3.5.6907.0 OC/3.5.6907.0 (Microsoft Office Communicator 2007 R2)")
	}
}

func TestTheUserAgentTellsTheGenerationOfTheDesktopClient(t *testing.T) {
	for text, want := range map[string]string{
		"UCCP/2.0.6362.0 OC/2.0.6362.0 (Microsoft Office Communicator)":                                      "2007",
		"UCCAPI/3.5.6907.0 OC/3.5.6907.0 (Microsoft Office Communicator 2007 R2)":                            "2007-r2",
		"UCCAPI/3.5.6907.9 Office Communicator 2007 R2 /3.5.6907.34 (Microsoft Office Communicator 2007 R2)": "2007-r2",
		"OC/4.0.7577.4051+(Microsoft+Lync+2010)":                                                             "2010",
		"UCCAPI/15.0.4420.1017 OC/15.0.4420.1017":                                                            "2013",
		"UCCAPI/16.0.7766.5281 OC/16.0.7766.2047 (Skype for Business)":                                       "2015",
		"OC/99.1": "", "OC": "", "RTCC/3.5.0.0 CWA/3.5.0.0": "", "CPE/4.0.7423.1 OCPhone/4.0.7423.1": "", "": "",
	} {
		if got := CommunicatorVersion(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
