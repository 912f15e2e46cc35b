package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"calaudit/ingest/ldif"
)

// directoryBatch is how many rows of a directory export travel in one batch.
const directoryBatch = 1024

// exportWith is what to ask the directory's administrator for.
const exportWith = "-l objectClass,objectGUID,objectSid,displayName,whenChanged,userAccountControl,sAMAccountName,userPrincipalName,proxyAddresses," +
	"msRTCSIP-UserEnabled,msRTCSIP-PrimaryUserAddress,msRTCSIP-PrimaryHomeServer,msRTCSIP-OptionFlags,msRTCSIP-Line," +
	"msRTCSIP-DeploymentLocator,msRTCSIP-OwnerUrn,msRTCSIP-ProxyAddresses,msRTCSIP-OriginatorSid"

// directoryFields documents the attributes; meanings from the vendor's Active
// Directory schema reference and the deployment guides of the product.
var directoryFields = []Field{
	{"DN", "the object's name; its containers tell what a snapshot covers", true},
	{"msRTCSIP-UserEnabled", "TRUE: may sign in; absent: never enabled", true},
	{"msRTCSIP-PrimaryUserAddress", "the SIP identity", true},
	{"msRTCSIP-PrimaryHomeServer", "the pool that hosts it; without one there is no hosted identity", true},
	{"msRTCSIP-OptionFlags", "bit 128: Enterprise Voice, a hosted extension when msRTCSIP-Line is set", false},
	{"msRTCSIP-Line", "tel: number of the user, contact or phone", false},
	{"msRTCSIP-DeploymentLocator", "SRV: or absent: homed here; a host name: homed in the cloud", false},
	{"msRTCSIP-OwnerUrn", "urn:application: marks an application, urn:device: a phone or room", false},
	{"msRTCSIP-ProxyAddresses", "sip: entries are further addresses of the same person", false},
	{"msRTCSIP-OriginatorSid", "stands for the account of another forest that has this objectSid: one person with it, even if disabled here", false},
	{"proxyAddresses", "sip: entries as above; EUM: marks a contact of Exchange unified messaging", false},
	{"userAccountControl", "bit 2: the account is disabled", false},
	{"sAMAccountName", "the name in DOMAIN\\user, by which web servers log people", false},
	{"userPrincipalName", "the other name to sign in with, likewise", false},
	{"objectClass", "contact, group, organizationalUnit, container, domainDNS, builtinDomain", false},
	{"objectCategory", "containers, where objectClass is not exported", false},
	{"objectSid", "tells whom another forest's msRTCSIP-OriginatorSid means", false},
	{"objectGUID", "tells a renamed object from a new one", false},
	{"displayName", "name shown in reports; else cn", false},
	{"cn", "name shown in reports when there is no displayName", false},
	{"whenChanged", "the newest one of a snapshot dates it", false},
	{"msRTCSIP-PoolType", "of a pool (below CN=Pools of the service's container): 5 Standard Edition, 10 Enterprise Edition", false},
	{"msRTCSIP-PoolVersion", "likewise: 3 is 2007, 4 is 2007 R2, 5 is 2010; below 3 it is Live Communications Server", false},
}

func ldifFormat() Format {
	return Format{
		Name:   "directory-ldif",
		About:  "Active Directory users and contacts with their msRTCSIP attributes, exported by ldifde -f FILE -u",
		Basis:  "documented",
		Fields: directoryFields,
		Sample: ldifSample,
		Sniff:  sniffLDIF,
		Read:   readLDIF,
	}
}

const ldifSample = `dn: OU=Staff,DC=contoso,DC=com
changetype: add
objectClass: organizationalUnit

dn: CN=Alice Ash,OU=Staff,DC=contoso,DC=com
changetype: add
objectClass: user
displayName: Alice Ash
whenChanged: 20090302080000.0Z
userAccountControl: 512
msRTCSIP-UserEnabled: TRUE
msRTCSIP-PrimaryUserAddress: sip:alice@contoso.com
msRTCSIP-PrimaryHomeServer: CN=LC Services,CN=Microsoft,CN=pool1,CN=Pools,CN=RTC
  Service,CN=Microsoft,CN=System,DC=contoso,DC=com
msRTCSIP-OptionFlags: 384
msRTCSIP-Line: tel:+14255550100

`

// sniffLDIF knows the syntax by its first lines: "version:" or "dn:" before
// anything else, or, where the beginning was cut off, an entry further on
// among lines that are nearly all attributes.
func sniffLDIF(h *Head) Verdict {
	entries, attrs, other := 0, 0, 0
	rest := h.Text
	for n := 0; len(rest) > 0 && n < 4000; n++ {
		var l []byte
		l, rest, _ = bytes.Cut(rest, []byte{'\n'})
		l = bytes.TrimRight(l, "\r")
		if len(l) == 0 || l[0] == ' ' || l[0] == '#' {
			continue
		}
		name, value, ok := bytes.Cut(l, []byte{':'})
		switch {
		case !ok || len(name) == 0 || bytes.ContainsAny(name, " \t/\"<>=,"):
			if len(l) > 1 || l[0] != '-' {
				other++
			}
		case !bytes.EqualFold(name, []byte("dn")):
			attrs++
		case len(bytes.TrimSpace(value)) == 0 || value[0] == ':' || bytes.IndexByte(value, '=') > 0:
			entries++
		}
		if entries > 0 && other == 0 && (attrs == 0 || entries+attrs > 20) {
			return Verdict{Yes: true}
		}
	}
	return Verdict{Yes: entries > 0 && other*10 <= entries+attrs}
}

func readLDIF(ctx context.Context, files []*File, _ *Env, emit Emit) error {
	for i, f := range files {
		if err := readLDIFFile(ctx, i, f, emit); err != nil {
			return fmt.Errorf("%s: %w", f.Path, err)
		}
	}
	return nil
}

func readLDIFFile(ctx context.Context, index int, f *File, emit Emit) error {
	rc, err := f.Text()
	if err != nil {
		return err
	}
	defer rc.Close()
	d := newDirectory(ctx, index, emit)
	r := ldif.NewReader(rc)
	ids := map[string]attribute{}
	r.Keep = func(name string) bool {
		key := strings.ToLower(name)
		id := directoryAttributes[key]
		ids[name] = id
		d.seen[id] = true
		d.sip = d.sip || strings.HasPrefix(key, "msrtcsip-")
		return id != noAttribute
	}
	for {
		rec, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			d.record(rec, ids)
		} else if bad := (*ldif.RecordError)(nil); errors.As(err, &bad) {
			d.reject(bad.Line, bad.What, EscapeRaw(bad.Raw))
		} else {
			return err
		}
		if err := d.flush(false); err != nil {
			return err
		}
	}
	d.ldifNotes(r.CutShort())
	return d.flush(true)
}

// record takes one record of an LDIF file.
func (d *directory) record(rec *ldif.Record, ids map[string]attribute) {
	if c := rec.ChangeType; c != "" && !strings.EqualFold(c, "add") {
		d.skip("import script record (changetype " + changeWord(c) + ")")
		return
	}
	d.object(rec.Line)
	if d.obj.dn = rec.DN; !utf8.ValidString(rec.DN) {
		d.obj.dn = d.obj.text([]byte(rec.DN))
	}
	for _, a := range rec.Attrs {
		id, ok := ids[a.Name]
		if !ok {
			id = directoryAttributes[strings.ToLower(a.Name)]
		}
		if a.TooLong {
			d.reject(a.Line, fmt.Sprintf("%s is longer than %d bytes; mend the entry %s in the directory", a.Name, ldif.MaxValue, quoteShort(rec.DN)), "")
			return
		}
		d.obj.set(id, a.Value)
	}
	if err := d.take(); err != nil {
		d.reject(rec.Line, err.Error(), EscapeRaw([]byte("dn: "+cutText(rec.DN, 250))))
	}
}

// changeWord bounds the reasons a file can give: known words and "other".
func changeWord(c string) string {
	switch c = strings.ToLower(c); c {
	case "modify", "delete", "modrdn", "moddn", "ntdsschemaadd", "ntdsschemamodify", "ntdsschemadelete", "ntdsschemamodrdn":
		return c
	}
	return "other"
}

// directory collects what one file of a directory export says.
type directory struct {
	ctx    context.Context
	file   int
	emit   Emit
	batch  *Batch
	places dnPlacer
	homes  poolNames
	obj    adObject
	words  adWords
	seen   [aPoolVersion + 1]bool // attributes met in the file
	sip    bool                   // some msRTCSIP attribute was met
	notes  []tallyNote
	rows   int
}

// tallyNote is something that may happen to many entries and is said once.
type tallyNote struct {
	what  string
	count int
	line  int    // the first of them
	first string // what was wrong with it
}

func newDirectory(ctx context.Context, file int, emit Emit) *directory {
	return &directory{ctx: ctx, file: file, emit: emit, batch: &Batch{File: file},
		places: dnPlacer{known: make(map[string]dnPlace)}, homes: newPoolNames(homeServer)}
}

// object begins another object.
func (d *directory) object(line int) {
	d.obj = adObject{line: line, proxies: d.obj.proxies[:0], words: &d.words}
}

// take judges the current object and adds it to the batch.
func (d *directory) take() error {
	o := &d.obj
	if err := d.entry(o, d.add()); err != nil {
		d.drop()
		return err
	}
	if o.guessed {
		d.note(o.line, "text that is not UTF-8 is read as Windows-1252 (export with -u)", fmt.Errorf("%s", quoteShort(o.dn)))
	}
	return nil
}

// add makes another entry of the batch; drop takes it back.
func (d *directory) add() *Entry {
	d.batch.Entries = append(d.batch.Entries, Entry{})
	return &d.batch.Entries[len(d.batch.Entries)-1]
}

func (d *directory) drop() {
	last := len(d.batch.Entries) - 1
	d.batch.Entries[last] = Entry{}
	d.batch.Entries = d.batch.Entries[:last]
}

func (d *directory) reject(line int, what, raw string) {
	d.batch.Rejects = append(d.batch.Rejects, Reject{Line: line, What: what, Raw: raw})
}

func (d *directory) skip(why string) {
	if d.batch.Skipped == nil {
		d.batch.Skipped = map[string]int{}
	}
	d.batch.Skipped[why]++
}

// note counts something worth a word about the file.
func (d *directory) note(line int, what string, err error) {
	for i := range d.notes {
		if d.notes[i].what == what {
			d.notes[i].count++
			return
		}
	}
	d.notes = append(d.notes, tallyNote{what, 1, line, err.Error()})
}

// flush emits the batch when it is full, and with the notes at the end.
func (d *directory) flush(end bool) error {
	d.rows++
	if d.rows < directoryBatch && !end {
		return nil
	}
	if err := d.ctx.Err(); err != nil {
		return err
	}
	if end {
		for _, n := range d.notes {
			often := "once, at"
			if n.count > 1 {
				often = fmt.Sprintf("%d times, first at", n.count)
			}
			d.batch.Notes = append(d.batch.Notes, fmt.Sprintf("%s: %s line %d (%s)", n.what, often, n.line, n.first))
		}
	}
	b := d.batch
	d.batch, d.rows = &Batch{File: d.file}, 0
	if !end { // another one is likely
		d.batch.Entries = newEntries(directoryBatch)
	}
	return d.emit(b)
}

// ldifNotes says at the end of a file what it lacks: an LDIF names no columns,
// so only its last line tells that an attribute was not exported.
func (d *directory) ldifNotes(cut bool) {
	say := func(s string) { d.batch.Notes = append(d.batch.Notes, s) }
	if cut {
		d.batch.Cut = true
		say("the file ends inside a line: its last entry may be incomplete, and more may be lost; export it again")
	}
	switch {
	case !d.sip:
		say("no entry has an msRTCSIP attribute; if users are enabled here, export with ldifde " + exportWith)
	case (d.seen[aUserEnabled] || d.seen[aPrimaryAddress]) && d.lacks() != "":
		say("no entry has " + d.lacks() + ", so no identity counts as enabled; export with ldifde " + exportWith)
	}
}

// lacks names the first attribute without which nobody can be enabled.
func (d *directory) lacks() string {
	for _, a := range neededAttributes {
		if !d.seen[a.id] {
			return a.name
		}
	}
	return ""
}

// neededAttributes make a hosted identity together.
var neededAttributes = []struct {
	id   attribute
	name string
}{
	{aUserEnabled, "msRTCSIP-UserEnabled"},
	{aPrimaryAddress, "msRTCSIP-PrimaryUserAddress"},
	{aHomeServer, "msRTCSIP-PrimaryHomeServer"},
}
