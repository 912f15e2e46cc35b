package main

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// listed is one object as the lists of management tools tell it.
type listed struct {
	dn, name, address, pool, home, line string
	enabled, voice                      bool
	displayNumber                       string
}

func (w *world) listedPerson(p *person) listed {
	l := listed{dn: p.dn(), name: p.name.display(), address: "sip:" + p.address, pool: p.home.pool, home: homeDN(p.home),
		enabled: p.role.enabled(), voice: p.role.extension()}
	if p.line != "" {
		l.line = "tel:" + p.line
		if p.lineExt != "" {
			l.line += ";ext=" + p.lineExt
		}
	}
	return l
}

func (w *world) listedContact(c *contact) listed {
	home := w.servers[0]
	l := listed{dn: "CN=" + c.cn + ",OU=Phones," + baseDN, name: c.cn, address: "sip:" + c.address, pool: home.pool, home: homeDN(home), enabled: true, voice: c.line != ""}
	if c.line != "" {
		l.line, l.displayNumber = "tel:"+c.line, spaced(c.line)
	}
	return l
}

// property is one column of a list.
type property struct {
	name  string
	value func(l *listed) string
}

func title(b bool) string {
	if b {
		return "True"
	}
	return "False"
}

var (
	propDN      = func(l *listed) string { return l.dn }
	propName    = func(l *listed) string { return l.name }
	propAddress = func(l *listed) string { return l.address }
	propLine    = func(l *listed) string { return l.line }
	propHome    = func(l *listed) string { return l.home }
	propEnabled = func(l *listed) string { return title(l.enabled) }
	propVoice   = func(l *listed) string { return title(l.voice) }
	propPool    = func(l *listed) string { return l.pool }
)

var csUserProperties = []property{{"Identity", propDN}, {"DisplayName", propName}, {"SipAddress", propAddress}, {"RegistrarPool", propPool},
	{"HomeServer", func(*listed) string { return "" }}, {"Enabled", propEnabled}, {"EnterpriseVoiceEnabled", propVoice}, {"LineURI", propLine}}

var wmiProperties = []property{{"UserDN", propDN}, {"PrimaryURI", propAddress}, {"DisplayName", propName}, {"Enabled", propEnabled}, {"HomeServerDN", propHome},
	{"LineURI", propLine}, {"UCEnabled", propVoice}}

var csContactProperties = []property{{"Identity", propDN}, {"RegistrarPool", propPool}, {"Enabled", propEnabled}, {"SipAddress", propAddress},
	{"LineURI", propLine}, {"DisplayNumber", func(l *listed) string { return l.displayNumber }}, {"DisplayName", propName}}

// exportCSV is what Export-Csv writes.
func exportCSV(typ, comma string, properties []property, list []listed) string {
	var b strings.Builder
	if typ != "" {
		b.WriteString("#TYPE " + typ + "\r\n")
	}
	row := func(cell func(property) string) {
		for i, p := range properties {
			if i > 0 {
				b.WriteString(comma)
			}
			b.WriteString(`"` + strings.ReplaceAll(cell(p), `"`, `""`) + `"`)
		}
		b.WriteString("\r\n")
	}
	row(func(p property) string { return p.name })
	for i := range list {
		row(func(p property) string { return p.value(&list[i]) })
	}
	return b.String()
}

// formatList is what Format-List writes into a file of 80 columns.
func formatList(properties []property, list []listed) string {
	var b strings.Builder
	width := 0
	for _, p := range properties {
		width = max(width, len(p.name))
	}
	b.WriteString("\r\n\r\n")
	for i := range list {
		for _, p := range properties {
			room, value := 79-width-3, []rune(p.value(&list[i]))
			fmt.Fprintf(&b, "%-*s : ", width, p.name)
			for len(value) > room {
				b.WriteString(string(value[:room]) + "\r\n" + strings.Repeat(" ", width+3))
				value = value[room:]
			}
			b.WriteString(string(value) + "\r\n")
		}
		b.WriteString("\r\n")
	}
	return b.String()
}

// wmic is what wmic /format:csv writes: no quotes at all, and a line end of its
// own making.
func wmic(list []listed) string {
	text := "\r\r\nNode,DisplayName,Enabled,HomeServerDN,InstanceID,LineURI,PrimaryURI,UCEnabled,UserDN\r\r\n"
	for i := range list {
		l := &list[i]
		text += fmt.Sprintf("FE1,%s,%s,%s,{2C6A1E44-0000-4000-8000-%012d},%s,%s,%s,%s\r\r\n", l.name, strings.ToUpper(title(l.enabled)), l.home, i, l.line, l.address,
			strings.ToUpper(title(l.voice)), l.dn)
	}
	return text
}

const (
	csUserType = "Microsoft.Rtc.Management.ADConnect.Schema.OCSADUser"
	wmiType    = `System.Management.ManagementObject#root\cimv2\`
)

// writeDirectories writes each part of the directory as another tool tells it.
func (p *pile) writeDirectories() error {
	w := p.w
	var ldf bytes.Buffer
	var paris []*entry
	n, elsewhere := 0, map[string]bool{}
	for _, x := range w.people {
		if src, ok := x.directoryOf(); ok && src != fromLDIF && src != fromCSVDE {
			elsewhere[x.dn()] = true
		}
	}
	for _, e := range w.directory() {
		switch {
		case elsewhere[e.dn]:
		case e.paris:
			paris = append(paris, e)
		case strings.Contains(e.dn, "OU=Redmond,") || strings.HasPrefix(e.dn, "CN=Alert Service,") || strings.HasPrefix(e.dn, "CN=Backup Bot,"):
			e.ldif(&ldf)
			n++
		}
	}
	if err := p.put(fromLDIF, "redmond.ldf", ldf.Bytes(), n); err != nil {
		return err
	}
	if err := p.put(fromCSVDE, "paris.csv", utf16le(csvde(paris)), len(paris)); err != nil {
		return err
	}
	var boston, partners, voices, phones []listed
	for _, x := range w.people {
		switch src, ok := x.directoryOf(); {
		case !ok || x.role == neverEnabled:
		case src == fromCsUser:
			boston = append(boston, w.listedPerson(x))
		case src == fromWMI && x.role == dormantVoice:
			voices = append(voices, w.listedPerson(x))
		case src == fromWMI:
			partners = append(partners, w.listedPerson(x))
		}
	}
	for _, c := range w.phones {
		phones = append(phones, w.listedContact(c))
	}
	if err := p.put(fromCsUser, "boston.csv", ansi(exportCSV(csUserType, ";", csUserProperties, boston)), len(boston)); err != nil {
		return err
	}
	if err := p.put(fromWMI, "partners.txt", utf16le(formatList(wmiProperties, partners)), len(partners)); err != nil {
		return err
	}
	if err := p.put(fromWMI, "voice.csv", utf16le(wmic(voices)), len(voices)); err != nil {
		return err
	}
	if err := p.put(fromCsContact, "phones.txt", utf16le(formatList(csContactProperties, phones)), len(phones)); err != nil {
		return err
	}
	var apps []listed
	for _, c := range w.apps {
		if c.directoryOf() == fromWMIContact {
			apps = append(apps, w.listedContact(c))
		}
	}
	contacts := []property{{"__CLASS", func(*listed) string { return "MSFT_SIPApplicationContactSetting" }}, {"__SERVER", func(*listed) string { return "FE1" }},
		{"ApplicationDestinationDN", func(*listed) string {
			return "CN={A1},CN=Application Contacts,CN=RTC Service,CN=Services,CN=Configuration," + baseDN
		}}, {"DisplayName", propName}, {"LineURI", propLine}, {"PrimaryURI", propAddress}, {"UCEnabled", propVoice}}
	if err := p.put(fromWMIContact, "applications.csv", []byte("\ufeff"+exportCSV(wmiType+"MSFT_SIPApplicationContactSetting", ",", contacts, apps)), len(apps)); err != nil {
		return err
	}
	const class = "MSFT_SIPFederationPartnerTable"
	partner := []property{{"__CLASS", func(*listed) string { return class }}, {"__SERVER", func(*listed) string { return "FE1" }}, {"Domain", propName}}
	table := exportCSV(wmiType+class, ",", partner, []listed{{name: "fabrikam.com"}, {name: "litwareinc.com"}})
	return p.put(fromWMISetting, "partners.csv", []byte(table), 2)
}

// writeStatement writes a licence statement beside licenses.csv.
func (p *pile) writeStatement() error {
	p.stated = map[string]int{"ocs-standard-cal/user/2007": 12, "ocs-enterprise-cal/user/2007": 7}
	rows := [][]string{
		{"Servers", "Office Communications Server Standard CAL - User CAL", "2007", "12", "0", "0", "0", "All Countries"},
		{"Servers", "Office Communications Server Enterprise CAL - User CAL", "2007", "7", "0", "0", "0", "All Countries"},
		{"Applications", "Office Professional Plus", "2007", strconv.Itoa(len(p.w.people)), "0", "0", "0", "All Countries"},
	}
	return writeStatement(p.w.cfg.out+"/statement.xlsx", p.w.cfg.end.Format("1/2/2006"), rows)
}
