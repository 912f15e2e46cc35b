package ingest

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// attribute is a directory attribute that is read.
type attribute uint8

const (
	noAttribute attribute = iota
	aObjectClass
	aObjectCategory
	aObjectGUID
	aDisplayName
	aCN
	aWhenChanged
	aAccountControl
	aProxyAddresses
	aUserEnabled
	aPrimaryAddress
	aHomeServer
	aOptionFlags
	aLine
	aDeployment
	aOwnerURN
	aSIPProxyAddresses
	aAccountName
	aPrincipalName
	aObjectSID
	aOriginatorSID
	aPoolType
	aPoolVersion
)

// directoryAttributes are the attributes read from a directory export, by
// name in lower case. Meanings: the vendor's Active Directory schema reference.
var directoryAttributes = map[string]attribute{
	"objectclass":                 aObjectClass,
	"objectcategory":              aObjectCategory,
	"objectguid":                  aObjectGUID,
	"displayname":                 aDisplayName,
	"cn":                          aCN,
	"whenchanged":                 aWhenChanged,
	"useraccountcontrol":          aAccountControl,
	"proxyaddresses":              aProxyAddresses,
	"msrtcsip-userenabled":        aUserEnabled,
	"msrtcsip-primaryuseraddress": aPrimaryAddress,
	"msrtcsip-primaryhomeserver":  aHomeServer,
	"msrtcsip-optionflags":        aOptionFlags,
	"msrtcsip-line":               aLine,
	"msrtcsip-deploymentlocator":  aDeployment,
	"msrtcsip-ownerurn":           aOwnerURN,
	"msrtcsip-proxyaddresses":     aSIPProxyAddresses,
	"samaccountname":              aAccountName,
	"userprincipalname":           aPrincipalName,
	"objectsid":                   aObjectSID,
	"msrtcsip-originatorsid":      aOriginatorSID,
	"msrtcsip-pooltype":           aPoolType,
	"msrtcsip-poolversion":        aPoolVersion,
}

// Bits of msRTCSIP-OptionFlags and userAccountControl (schema reference).
const (
	flagEnterpriseVoice = 128
	accountDisabled     = 2
)

// adObject is one directory object with its values as text, not yet judged.
type adObject struct {
	line     int
	dn       string
	contact  bool
	branch   bool
	group    bool
	classed  bool      // objectClass or objectCategory is told
	master   bool      // msRTCSIP-OriginatorSid is there
	sids     [2]string // objectSid and msRTCSIP-OriginatorSid, empty where they cannot be read
	guid     string
	name, cn string
	changed  string
	account  string
	enabled  string
	primary  string
	home     string
	flags    string
	phone    string // msRTCSIP-Line
	locator  string
	owner    string
	login    string    // sAMAccountName
	upn      string    // userPrincipalName
	pool     [2]string // msRTCSIP-PoolType and msRTCSIP-PoolVersion
	proxies  []string
	guessed  bool // some text was not UTF-8
	words    *adWords
}

// adWords are the values of the entries before, by attribute: many have few.
type adWords [aPoolVersion + 1]string

// set takes one value. Of a repeated single value the first holds.
func (o *adObject) set(a attribute, v []byte) {
	if len(v) == 0 {
		return
	}
	switch a {
	case aObjectSID:
		keepFirst(&o.sids[0], sidText(v))
		return
	case aOriginatorSID:
		o.master = true
		keepFirst(&o.sids[1], sidText(v))
		return
	case aObjectGUID:
		o.guid = guidText(v)
		return
	case aObjectClass:
		o.class(v)
		return
	}
	s := o.word(a, v)
	switch a {
	case aObjectCategory:
		o.category(s)
	case aDisplayName:
		keepFirst(&o.name, s)
	case aCN:
		keepFirst(&o.cn, s)
	case aWhenChanged:
		keepFirst(&o.changed, s)
	case aAccountControl:
		keepFirst(&o.account, s)
	case aProxyAddresses, aSIPProxyAddresses:
		if hasPrefixFold(s, "sip:") || hasPrefixFold(s, "sips:") || hasPrefixFold(s, "eum:") {
			o.proxies = append(o.proxies, s)
		}
	case aPoolType:
		keepFirst(&o.pool[0], s)
	case aPoolVersion:
		keepFirst(&o.pool[1], s)
	case aUserEnabled:
		keepFirst(&o.enabled, s)
	case aPrimaryAddress:
		keepFirst(&o.primary, s)
	case aHomeServer:
		keepFirst(&o.home, s)
	case aOptionFlags:
		keepFirst(&o.flags, s)
	case aLine:
		keepFirst(&o.phone, s)
	case aDeployment:
		keepFirst(&o.locator, s)
	case aOwnerURN:
		keepFirst(&o.owner, s)
	case aAccountName:
		keepFirst(&o.login, s)
	case aPrincipalName:
		keepFirst(&o.upn, s)
	}
}

func keepFirst(to *string, s string) {
	if *to == "" {
		*to = s
	}
}

func (o *adObject) class(v []byte) {
	o.classed = true
	switch {
	case bytes.EqualFold(v, classContact):
		o.contact = true
	case bytes.EqualFold(v, classGroup):
		o.group = true
	case len(v) >= 9: // the shortest of them
		for _, c := range branchClasses {
			o.branch = o.branch || bytes.EqualFold(v, c)
		}
	}
}

// Containers in the plain sense: what a snapshot's coverage is made of.
var (
	classContact  = []byte("contact")
	classGroup    = []byte("group")
	branchClasses = [][]byte{[]byte("organizationalUnit"), []byte("container"), []byte("domainDNS"), []byte("builtinDomain")}
)

// category reads the class out of objectCategory where objectClass was not
// exported. CN=Person does not tell users from contacts.
func (o *adObject) category(dn string) {
	switch name, _ := cutDN(dn); strings.ToLower(name) {
	case "cn=organizational-unit", "cn=container", "cn=domain-dns", "cn=builtin-domain":
		o.branch, o.classed = true, true
	}
}

// word is a value as UTF-8 without surrounding space.
func (o *adObject) word(a attribute, v []byte) string {
	if string(v) == o.words[a] {
		return o.words[a]
	}
	s := strings.TrimSpace(o.text(v))
	if string(v) == s {
		o.words[a] = s
	}
	return s
}

// text is a value as UTF-8.
func (o *adObject) text(v []byte) string {
	s, guessed := windowsText(v)
	o.guessed = o.guessed || guessed
	return s
}

// windowsText is text as UTF-8. Anything else came through a tool with a code
// page of its own; it is read as Windows-1252, so that different names stay
// different even where the guess is wrong.
func windowsText(v []byte) (s string, guessed bool) {
	if utf8.Valid(v) {
		return string(v), false
	}
	var b strings.Builder
	for _, c := range v {
		r := charmap.Windows1252.DecodeByte(c)
		if r == utf8.RuneError {
			r = rune(c)
		}
		b.WriteRune(r)
	}
	return b.String(), true
}

// guidText writes objectGUID the usual way: the first three fields are stored
// with the least byte first.
func guidText(v []byte) string {
	if len(v) != 16 {
		return guid(string(v))
	}
	var b [16]byte
	binary.BigEndian.PutUint32(b[0:], binary.LittleEndian.Uint32(v[0:]))
	binary.BigEndian.PutUint16(b[4:], binary.LittleEndian.Uint16(v[4:]))
	binary.BigEndian.PutUint16(b[6:], binary.LittleEndian.Uint16(v[6:]))
	copy(b[8:], v[8:])
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// sidText writes a security identifier the usual way, S-1-5-21-...: the bytes
// are revision, number of sub-authorities, an authority of six bytes with the
// greatest first, and sub-authorities of four with the least first (the vendor's
// documentation of the structure SID). Text of that form is taken as it is. What
// is neither, or no account of a domain, is empty: an object that stands for
// S-1-5-10 stands for itself.
func sidText(v []byte) string {
	const head, most = 8, 15 // bytes before the sub-authorities, and their greatest number
	if len(v) > head && v[0] == 1 && v[1] >= 1 && v[1] <= most && len(v) == head+4*int(v[1]) {
		var authority [8]byte
		copy(authority[2:], v[2:head])
		out := fmt.Appendf(nil, "S-1-%d", binary.BigEndian.Uint64(authority[:]))
		for at := head; at < len(v); at += 4 {
			out = strconv.AppendUint(append(out, '-'), uint64(binary.LittleEndian.Uint32(v[at:])), 10)
		}
		return domainSID(string(out))
	}
	s := strings.ToUpper(strings.TrimSpace(string(v)))
	parts := strings.Split(s, "-")
	if len(parts) < 4 || len(parts) > 3+most || parts[0] != "S" || parts[1] != "1" {
		return ""
	}
	for _, part := range parts[2:] {
		if part == "" || len(part) > 15 || strings.Trim(part, "0123456789") != "" {
			return ""
		}
	}
	return domainSID(s)
}

func domainSID(s string) string {
	if !strings.HasPrefix(s, "S-1-5-21-") {
		return ""
	}
	return s
}

// generalizedTime reads whenChanged: YYYYMMDDHHMMSS, a fraction, "Z".
func generalizedTime(s string) (int64, bool) {
	digits, _, _ := strings.Cut(strings.TrimSuffix(s, "Z"), ".")
	if len(digits) != 14 || !strings.HasSuffix(s, "Z") {
		return 0, false
	}
	t, err := time.Parse("20060102150405", digits)
	if err != nil || t.Before(earliest) || !t.Before(latest) {
		return 0, false
	}
	return t.Unix(), true
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// wholeNumber reads an integer attribute; absent is 0.
func wholeNumber(name, s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s: %s is no whole number; export the entry again", name, quoteShort(s))
	}
	return n, nil
}

// aliases returns the canonical sip: entries, and whether one marks an object
// of Exchange unified messaging.
func (o *adObject) aliases(primary string, bad func(what string, err error)) (list []string, um bool) {
	for _, p := range o.proxies {
		if hasPrefixFold(p, "eum:") {
			um = true
			continue
		}
		id, err := ParseUser(p)
		if err != nil {
			bad("a malformed alias is dropped", err)
			continue
		}
		if id != "" && id != primary {
			list = append(list, id)
		}
	}
	sort.Strings(list)
	n := 0
	for i, a := range list {
		if i == 0 || a != list[i-1] {
			list[n] = a
			n++
		}
	}
	return list[:n:n], um
}
