package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"calaudit/ingest/delimited"
)

// Properties as in the vendor's WMI reference of Live Communications Server
// 2005 SP1 and Office Communications Server 2007 and 2007 R2.
var wmiUsers = &listing{
	format: "directory-wmi",
	columns: [listFields]string{listDN: "UserDN", listName: "DisplayName", listAddress: "PrimaryURI", listHomeDN: "HomeServerDN",
		listEnabled: "Enabled", listVoice: "UCEnabled", listLine: "LineURI"},
	product: func(p *properties) string {
		if p.seen.any("UCEnabled", "UCPolicy", "EnabledForEnhancedPresence", "MeetingPolicy") {
			return "OCS 2007 or 2007 R2"
		}
		return "LCS 2005 or later"
	},
}

// wmiContacts have no column that says enabled or homed: an application that
// is listed is one.
var wmiContacts = &listing{
	format:  "directory-wmi-contact",
	columns: [listFields]string{listDN: "UserDN", listName: "DisplayName", listAddress: "PrimaryURI", listVoice: "UCEnabled", listLine: "LineURI"},
	contact: true,
	homed:   true,
	product: func(*properties) string { return "OCS 2007 R2" },
	mark:    func(_ *lister, e *Entry) { e.App = true },
}

func wmiUserFormat() Format {
	return Format{
		Name:  wmiUsers.format,
		About: "users as listed by the WMI class MSFT_SIPESUserSetting: wmic /format:csv, or Get-WmiObject with Export-Csv or Format-List",
		Basis: "from documentation",
		Fields: []Field{
			{"UserDN", "DN of the account", false},
			{"DisplayName", "name shown in reports", false},
			{"PrimaryURI", "the SIP identity", true},
			{"HomeServerDN", "DN of the home server; without one there is no hosted identity", true},
			{"Enabled", "True: may sign in", true},
			{"UCEnabled", "True: Enterprise Voice, a hosted extension when LineURI is set", false},
			{"LineURI", "tel: number of the user", false},
		},
		Sample: "\r\r\nNode,DisplayName,Enabled,HomeServerDN,InstanceID,LineURI,PrimaryURI,UCEnabled,UserDN\r\r\n" +
			"FE1,Alice Ash,TRUE,CN=LC Services,CN=Microsoft,CN=pool1,CN=Pools,CN=RTC Service,CN=Microsoft,CN=System,DC=contoso,DC=com," +
			"{2C6A1E44-0000-4000-8000-000000000001},tel:+14255550100,sip:alice@contoso.com,TRUE,CN=Alice Ash,OU=Staff,DC=contoso,DC=com\r\r\n",
		Sniff: sniffWMIUser,
		Read:  wmiUsers.read,
	}
}

func sniffWMIUser(h *Head) Verdict {
	p, ok := sniffProperties(h)
	if !ok || p.any("ApplicationDestinationDN") {
		return Verdict{}
	}
	if !p.any("PrimaryURI") {
		if p.all("HomeServerDN", "LineURI") || wmiClass(h, p) == "MSFT_SIPESUserSetting" {
			return Verdict{Broken: true, Why: "the list of MSFT_SIPESUserSetting lacks the property PrimaryURI, so nobody could be named; export all properties"}
		}
		return Verdict{}
	}
	if !p.any("HomeServerDN", "TargetServerDNIfMoving", "UCEnabled", "UserDN", "EnabledForInternetAccess") {
		return Verdict{}
	}
	for _, name := range []string{"HomeServerDN", "Enabled"} {
		if !p.any(name) {
			return Verdict{Broken: true, Why: "the list of MSFT_SIPESUserSetting lacks the property " + name + ", so nobody would count as enabled; export all properties"}
		}
	}
	return p.verdict()
}

func wmiContactFormat() Format {
	return Format{
		Name:  wmiContacts.format,
		About: "application contacts as listed by the WMI class MSFT_SIPApplicationContactSetting: not people",
		Basis: "from documentation",
		Fields: []Field{
			{"PrimaryURI", "the SIP identity of the application", true},
			{"ApplicationDestinationDN", "DN of the application; tells the class", true},
			{"LineURI", "tel: number of the application", false},
		},
		Sample: "#TYPE System.Management.ManagementObject#root\\cimv2\\MSFT_SIPApplicationContactSetting\n" +
			`"__CLASS","__SERVER","ApplicationDestinationDN","DisplayName","LineURI","PrimaryURI","UCEnabled"` + "\n" +
			`"MSFT_SIPApplicationContactSetting","FE1","CN={A1},CN=Application Contacts,CN=RTC Service,CN=Services,CN=Configuration,DC=contoso,DC=com","Conferencing","tel:+14255550190","sip:caa@contoso.com","True"` + "\n",
		Sniff: func(h *Head) Verdict {
			p, ok := sniffProperties(h)
			switch {
			case !ok:
			case p.all("PrimaryURI", "ApplicationDestinationDN"):
				return p.verdict()
			case p.any("ApplicationDestinationDN") || wmiClass(h, p) == "MSFT_SIPApplicationContactSetting":
				return Verdict{Broken: true, Why: "the list of MSFT_SIPApplicationContactSetting lacks the property PrimaryURI or ApplicationDestinationDN, so that no application could be told; export all properties"}
			}
			return Verdict{}
		},
		Read: wmiContacts.read,
	}
}

// maxNameCommas is how many commas of a display name are put back.
const maxNameCommas = 8

// wmicRow puts the rows of wmic /format:csv right: that tool writes no quotes
// at all, so that a DN and a name such as "Ash, Alice" come apart at their
// commas. Columns whose names speak of a DN take in what follows as long as it
// reads as part of one; DisplayName takes in as many fields as make every other
// column what it has to be, if only one number does.
func wmicRow(t *Table) func([][]byte) [][]byte {
	const (
		plain = iota
		isDN
		isTruth
	)
	kinds := make([]uint8, len(t.Header()))
	name := -1
	for i, column := range t.Header() {
		key := ColumnKey(column)
		switch {
		case strings.HasSuffix(key, "dn"), strings.HasSuffix(key, "dnifmoving"), strings.HasSuffix(key, "policy"):
			kinds[i] = isDN
		case strings.HasPrefix(key, "enabled"), key == "ucenabled": // ArchivingEnabled is a word
			kinds[i] = isTruth
		case key == "displayname":
			name = i
		}
	}
	var row [][]byte
	// join makes a row in which the name has so many commas, and tells whether
	// every column of it is what it has to be.
	join := func(fields [][]byte, commas int) (fits bool) {
		row, fits = row[:0], true
		for at := 0; at < len(fields) && len(row) <= len(kinds); {
			value, kind, own := fields[at], uint8(plain), false
			at++
			if len(row) < len(kinds) {
				kind = kinds[len(row)]
			}
			switch {
			case len(row) == name:
				for n := 0; n < commas && at < len(fields); n++ {
					value, own = rejoined(value, fields[at], own)
					at++
				}
			case kind == isTruth:
				fits = fits && (len(value) == 0 || bytes.EqualFold(value, []byte("TRUE")) || bytes.EqualFold(value, []byte("FALSE")))
			case kind == isDN && !isRDN(value):
				fits = fits && len(value) == 0
			case kind == isDN:
				ends := isDC(value)
				for ; at < len(fields) && joins(value, ends, fields[at]); at++ {
					ends = isDC(fields[at])
					value, own = rejoined(value, fields[at], own)
				}
			}
			row = append(row, value)
		}
		return fits && len(row) == len(kinds)
	}
	return func(fields [][]byte) [][]byte {
		if join(fields, 0); len(row) == len(kinds) || name < 0 {
			if len(row) != len(kinds) {
				return fields // what is wrong is said of the row as it stands
			}
			return row
		}
		found := 0
		for commas := 1; commas <= maxNameCommas; commas++ {
			if join(fields, commas) {
				if found > 0 {
					return fields // nobody can say which
				}
				found = commas
			}
		}
		if found == 0 {
			return fields
		}
		join(fields, found)
		return row
	}
}

// rejoined puts a comma back between two values. They mostly stand in one line
// still, as it was read; if not, a is copied, once: own tells that it was.
func rejoined(a, b []byte, own bool) ([]byte, bool) {
	if n := len(a); len(b) > 0 && cap(a) > n+len(b) && a[:n+1][n] == ',' && &a[:n+2][n+1] == &b[0] {
		return a[:n+1+len(b)], own
	}
	if !own {
		a = a[:len(a):len(a)]
	}
	return append(append(a, ','), b...), true
}

// joins tells whether a field goes on with a DN. A DN ends with its DC parts:
// ends tells that the last one is such.
func joins(dn []byte, ends bool, next []byte) bool {
	if n := len(dn); n > 0 && dn[n-1] == '\\' {
		return true
	}
	return isRDN(next) && (!ends || isDC(next))
}

// isRDN tells a part of a DN: letters, "=", something.
func isRDN(b []byte) bool {
	for i, c := range b[:min(len(b), 5)] {
		if c == '=' {
			return i > 0
		}
		if c|0x20 < 'a' || c|0x20 > 'z' {
			return false
		}
	}
	return false
}

// wmiSettingFormat takes what WMI classes of the servers list beside people:
// federation partners, network providers, client version filters. They are
// recognised, so that nobody wonders, but no use is in them, and outsiders are
// classed by their own domains.
func wmiSettingFormat() Format {
	return Format{
		Name:  "wmi-setting",
		NoUse: true,
		About: "other WMI classes of the servers, such as MSFT_SIPFederationPartnerTable and MSFT_SIPNetworkProviderTable: recognised, they state no use",
		Basis: "from documentation",
		Fields: []Field{
			{"__CLASS", "name of the class, MSFT_SIP...; the #TYPE line of Export-Csv tells it as well", false},
			{"IsPublicNetworkProvider", "tells MSFT_SIPNetworkProviderTable", false},
		},
		Sample: "#TYPE System.Management.ManagementObject#root\\cimv2\\MSFT_SIPNetworkProviderTable\n" +
			`"__CLASS","__SERVER","IsPublicNetworkProvider"` + "\n" +
			`"MSFT_SIPNetworkProviderTable","FE1","True"` + "\n",
		Sniff: func(h *Head) Verdict {
			p, ok := sniffProperties(h)
			if !ok {
				return Verdict{}
			}
			switch wmiClass(h, p) {
			case "", "MSFT_SIPESUserSetting", "MSFT_SIPApplicationContactSetting": // these are about somebody
				return Verdict{}
			}
			return p.verdict()
		},
		Read: readWMISetting,
	}
}

// wmiClass names the MSFT_SIP class of a list that the other formats do not know.
func wmiClass(h *Head, p *printed) string {
	if p.any("IsPublicNetworkProvider") {
		return "MSFT_SIPNetworkProviderTable"
	}
	if !p.any("__CLASS") && p.typ == "" {
		return ""
	}
	i := bytes.Index(h.Text, []byte("MSFT_SIP"))
	if i < 0 {
		return ""
	}
	name := h.Text[i:min(len(h.Text), i+64)]
	for n, c := range name {
		if c != '_' && !letterOrDigit(c) {
			name = name[:n]
			break
		}
	}
	return string(name)
}

func letterOrDigit(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

func readWMISetting(ctx context.Context, files []*File, _ *Env, emit Emit) error {
	for i, f := range files {
		if err := readWMISettingFile(ctx, i, f, emit); err != nil {
			return fmt.Errorf("%s: %w", f.Path, err)
		}
	}
	return nil
}

func readWMISettingFile(ctx context.Context, index int, f *File, emit Emit) error {
	h, err := f.Head()
	if err != nil {
		return err
	}
	p, err := openProperties(f, nil)
	if err != nil {
		return err
	}
	defer p.Close()
	class := wmiClass(h, p.seen)
	why := class + " states no use"
	b := &Batch{File: index, Skipped: map[string]int{}}
	for {
		bad, err := delimited.Bad(p.Next())
		switch {
		case errors.Is(err, io.EOF):
			if p.CutShort() {
				b.Notes = append(b.Notes, cutNote)
			}
			return emit(b)
		case err != nil:
			return err
		case bad != nil:
			b.Rejects = append(b.Rejects, Reject{Line: bad.Line, What: bad.What + "; export the object again", Raw: EscapeRaw(bad.Raw)})
		default:
			b.Skipped[why]++
		}
		if len(b.Rejects) >= directoryBatch {
			if err := errors.Join(ctx.Err(), emit(b)); err != nil {
				return err
			}
			b = &Batch{File: index, Skipped: map[string]int{}}
		}
	}
}
