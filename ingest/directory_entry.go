package ingest

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxDisplayName is how much of a display name is kept; the schema's limit is 256.
const maxDisplayName = 512

// entry judges the object: what the directory says of it, in normal form. An
// error means the entry cannot be taken; it names attribute and value.
func (d *directory) entry(o *adObject, e *Entry) error {
	e.Line, e.DN, e.GUID, e.SID, e.Master, e.Contact, e.IsBranch = o.line, o.dn, o.guid, o.sids[0], o.sids[1], o.contact, o.branch
	if o.group {
		e.SID = "" // nobody is a group
	}
	if err := d.place(o, e); err != nil {
		return err
	}
	if o.changed != "" {
		var ok bool
		if e.Changed, ok = generalizedTime(o.changed); !ok {
			d.note(o.line, "whenChanged that is no time is ignored", fmt.Errorf("%s", quoteShort(o.changed)))
		}
	}
	if err := d.pool(o, e); err != nil {
		return err
	}
	o.logon(e)
	if o.primary == "" && o.phone == "" && len(o.proxies) == 0 {
		e.Name = cutText(o.name, maxDisplayName)
		return nil // nothing of it but its place in the tree
	}
	if err := d.identity(o, e); err != nil {
		return err
	}
	if e.Name = cutText(o.name, maxDisplayName); e.Name == "" {
		e.Name = cutText(o.cn, maxDisplayName)
	}
	return nil
}

// logon fills in the names to sign in with, by which web servers know people.
// Groups and computers have names of this sort as well, but nobody is one; what
// cannot be a name is left out, for it could not be logged either.
func (o *adObject) logon(e *Entry) {
	if o.group {
		return
	}
	if isPlainLogin(o.login) {
		e.Login = o.login
	} else if o.login != "" && !strings.HasSuffix(o.login, "$") {
		if id, err := ParseAccount(`x\` + o.login); err == nil {
			_, e.Login = CutAccount(id)
		}
	}
	if isPlainAddress(o.upn) {
		e.Principal = o.upn
	} else if o.upn != "" {
		if id, err := ParseAccount(o.upn); err == nil {
			if domain, name := CutAccount(id); domain == "" {
				e.Principal = name
			}
		}
	}
}

// isPlainLogin tells a name of small letters and digits: its own canonical form.
func isPlainLogin(s string) bool {
	for i := range len(s) {
		if !isPlainLetter(s[i]) {
			return false
		}
	}
	return s != "" && len(s) <= maxIdentity
}

// place fills in where the entry stands in the tree.
func (d *directory) place(o *adObject, e *Entry) error {
	if o.dn == "" {
		return errors.New("the entry has no DN; export it again with its DN")
	}
	if len(o.dn) > maxDN {
		return fmt.Errorf("the DN %s is longer than %d bytes; export the entry again", quoteShort(o.dn), maxDN)
	}
	if strings.IndexByte(o.dn, 0) >= 0 {
		return fmt.Errorf("a NUL byte in the DN %s; export the entry again", quoteShort(o.dn))
	}
	head, at := d.places.of(o.dn)
	if at.err != nil {
		return fmt.Errorf("DN %s: %w; export the entry again", quoteShort(o.dn), at.err)
	}
	part, err := parseRDN(head)
	if err != nil {
		return fmt.Errorf("DN %s: %w; export the entry again", quoteShort(o.dn), err)
	}
	e.Container, e.Context = at.container, at.context
	if o.cn == "" && part.attr == "cn" {
		o.cn = part.value
	}
	// Exports limited to a few attributes may tell no class: an OU and the
	// root of a domain show in the name.
	if !o.classed && (part.attr == "ou" || part.attr == "dc" && (at.container == "" || strings.HasSuffix(at.context, ","+at.container))) {
		e.IsBranch = true
	}
	return nil
}

// identity fills in the addresses and whether they are in use, by what the
// vendor's schema reference says of the msRTCSIP attributes.
func (d *directory) identity(o *adObject, e *Entry) error {
	flags, err := wholeNumber("msRTCSIP-OptionFlags", o.flags)
	if err != nil {
		return err
	}
	account, err := wholeNumber("userAccountControl", o.account)
	if err != nil {
		return err
	}
	if !strings.EqualFold(o.enabled, "TRUE") && !strings.EqualFold(o.enabled, "FALSE") && o.enabled != "" {
		return fmt.Errorf("msRTCSIP-UserEnabled: %s is neither TRUE nor FALSE; export the entry again, without a spreadsheet in between", quoteShort(o.enabled))
	}
	if e.Primary, err = primaryAddress(o.primary); err != nil {
		return fmt.Errorf("msRTCSIP-PrimaryUserAddress: %w; mend the address in the directory", err)
	}
	e.Home = d.home(o)
	if id, err := ParseUser(o.phone); err != nil {
		d.note(o.line, "msRTCSIP-Line that is neither a number nor an address is ignored", err)
	} else if IsNumber(id) {
		e.Line164 = id
	}
	var um bool
	e.Aliases, um = o.aliases(e.Primary, func(what string, err error) { d.note(o.line, what, err) })
	if e.Why = whyDisabled(o, e, account); e.Why == "" {
		e.Enabled = true
		e.Voice = flags&flagEnterpriseVoice != 0 && o.phone != ""
	}
	markDevice(o, e, um)
	if !e.Subject() {
		e.Why = ""
	}
	return nil
}

// primaryAddress reads msRTCSIP-PrimaryUserAddress. Other schemes than sip are
// damage here: no server would sign such an address in.
func primaryAddress(s string) (string, error) {
	id, err := ParseUser(s)
	if err == nil && id == "" && s != "" {
		return "", fmt.Errorf("address %s names a service, not a user", quoteShort(s))
	}
	return id, err
}

// whyDisabled says why the object holds no hosted identity; "" when it does.
func whyDisabled(o *adObject, e *Entry, account int64) string {
	switch {
	case e.Primary == "":
		return "no msRTCSIP-PrimaryUserAddress"
	case o.enabled == "":
		return "msRTCSIP-UserEnabled is absent"
	case !strings.EqualFold(o.enabled, "TRUE"):
		return "msRTCSIP-UserEnabled is FALSE"
	case o.home == "":
		return "no home server"
	case o.locator != "" && !hasPrefixFold(o.locator, "SRV:"):
		return whyCloud + cutText(o.locator, 100)
	case account&accountDisabled != 0 && !o.master:
		// With msRTCSIP-OriginatorSid it is the usual stand-in of a person
		// whose logon account lives in another forest.
		return whyAccountDisabled
	}
	return ""
}

// markDevice tells devices and applications by what the management tools write:
// msRTCSIP-OwnerUrn "urn:application:..." for an application's contact,
// "urn:device:..." for the phones and rooms of the later cmdlets. Before them
// an application shows only in an Exchange unified messaging address, and a
// contact with a number and no mark at all is a phone nobody owns. A contact
// with msRTCSIP-OriginatorSid is a person of another forest, whatever else.
func markDevice(o *adObject, e *Entry, um bool) {
	owner := strings.ToLower(o.owner)
	stranger := o.contact && !o.master
	switch {
	case strings.HasPrefix(owner, "urn:application:"):
		e.App = o.contact || !o.classed
	case owner == "urn:device:commonareaphone":
		e.Phone = "common-area-phone"
	case strings.HasPrefix(owner, "urn:device:analog"):
		e.Phone = "analog-device"
	case owner == "urn:device:roomsystem":
		e.Phone = "room-system"
	case stranger && um:
		e.App = true
	case stranger && owner == "" && e.Line164 != "":
		e.Phone = "common-area-phone"
	}
}

// pool fills in what a pool object says of the servers behind it. Numbers are
// those of the vendor's schema reference; pools that only host users (types 1
// and 2) tell no edition.
func (d *directory) pool(o *adObject, e *Entry) error {
	if o.pool == [2]string{} {
		return nil
	}
	kind, err := wholeNumber("msRTCSIP-PoolType", o.pool[0])
	if err != nil {
		return err
	}
	version, err := wholeNumber("msRTCSIP-PoolVersion", o.pool[1])
	if err != nil {
		return err
	}
	p := Pool{Name: poolName(o.cn)}
	if p.Name == "" {
		return errors.New("the pool has no name; export it again with cn or its DN")
	}
	switch kind {
	case 5:
		p.Edition = "standard"
	case 10:
		p.Edition = "enterprise"
	}
	versions := [...]string{"2003", "2005", "2005", "2007", "2007-r2", "2010"}
	switch {
	case o.pool[1] == "":
	case version >= 0 && version < int64(len(versions)):
		p.Version = versions[version]
	default:
		d.note(o.line, "msRTCSIP-PoolVersion of an unknown product is ignored", fmt.Errorf("%d", version))
	}
	e.Pool = &p
	return nil
}

// home is the canonical pool name.
func (d *directory) home(o *adObject) string {
	if o.home == "" {
		return ""
	}
	h := d.homes.of(o.home)
	if h == "" {
		d.note(o.line, "msRTCSIP-PrimaryHomeServer names no pool", fmt.Errorf("%s", quoteShort(o.home)))
	}
	return h
}

// poolNames are the pools behind texts; most entries share a few.
type poolNames struct {
	parse func(string) string
	known map[string]string
	text  string // of the entry before, and its pool
	pool  string
}

func newPoolNames(parse func(string) string) poolNames {
	return poolNames{parse: parse, known: make(map[string]string)}
}

func (p *poolNames) of(text string) string {
	if text == p.text {
		return p.pool
	}
	pool, ok := p.known[text]
	if !ok && text != "" {
		pool = p.parse(text)
		if len(p.known) < maxPlaces {
			p.known[text] = pool
		}
	}
	p.text, p.pool = text, pool
	return pool
}

// cutText bounds a text at a character's border.
func cutText(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}
