package ingest

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"calaudit/ingest/delimited"
)

// The properties that the lists of management tools tell, by what they mean.
// Each format names its own for them; "" is one that it does not have.
const (
	listDN = iota
	listName
	listAddress
	listPool   // host name of the pool
	listHomeDN // DN of the home server's object
	listEnabled
	listVoice
	listLine
	listOwner
	listLogin
	listPrincipal
	listFields
)

// listing is what the lists of one format are.
type listing struct {
	format  string
	columns [listFields]string
	contact bool // the objects are contacts
	// homed: the tool lists only what a server of the organisation hosts, so
	// that a list without a column for the pool tells who is hosted as well.
	homed bool
	// phones: the objects are phones with an extension of their own, so that a
	// number alone makes one.
	phones  bool
	product func(p *properties) string
	mark    func(l *lister, e *Entry) // tells devices and applications
}

// lister reads one file of a list.
type lister struct {
	*directory
	*listing
	p       *properties
	told    Listed
	fields  [listFields]string
	guessed bool  // some text of the object was not UTF-8
	present []int // the fields that objects may have
	text    []byte
	words   [listFields]*recall[listWord]
	pools   poolNames // by their host names
	context [2]string // of the last entry, without and with the format
}

// listWord is a text that many objects share.
type listWord struct {
	text    string
	guessed bool
}

func newListWord(raw string) (w listWord) {
	w.text, w.guessed = windowsText([]byte(raw))
	return w
}

// listShared are the properties that have few values.
var listShared = [...]int{listPool, listHomeDN, listEnabled, listVoice, listOwner}

func (ls *listing) read(ctx context.Context, files []*File, _ *Env, emit Emit) error {
	for i, f := range files {
		if err := ls.readFile(ctx, i, f, emit); err != nil {
			return fmt.Errorf("%s: %w", f.Path, err)
		}
	}
	return nil
}

func (ls *listing) readFile(ctx context.Context, index int, f *File, emit Emit) error {
	p, err := openProperties(f, ls.columns[:])
	if err != nil {
		return err
	}
	defer p.Close()
	if p.t != nil && p.t.Column("Node") == 0 {
		p.t.mend = wmicRow(p.t)
	}
	l := &lister{directory: newDirectory(ctx, index, emit), listing: ls, p: p, pools: newPoolNames(ParseServer)}
	for i := range l.fields {
		if p.t == nil || p.Has(i) { // an object of a list may have what those before had not
			l.present = append(l.present, i)
		}
	}
	for _, i := range listShared {
		l.words[i] = &recall[listWord]{}
	}
	l.tell()
	err = eachProperty(ctx, p, l.take, func(bad *delimited.RowError) {
		what := bad.What
		if !strings.Contains(what, "; ") {
			what += "; export the object again"
		}
		l.reject(bad.Line, what, EscapeRaw(bad.Raw))
	}, func() error { return l.flush(false) })
	if err != nil {
		return err
	}
	if p.CutShort() {
		l.batch.Cut = true
		l.batch.Notes = append(l.batch.Notes, cutNote)
	}
	return l.flush(true)
}

// tell says what the columns can tell and what not.
func (l *lister) tell() {
	say := func(s string) { l.batch.Notes = append(l.batch.Notes, s) }
	if l.product != nil {
		say("product: " + l.product(l.p))
	}
	has := l.p.Has
	l.told = ListedEntry | ListedState
	homes := has(listPool) || has(listHomeDN)
	if homes {
		l.told |= ListedHome
	}
	if has(listName) {
		l.told |= ListedName
	}
	if has(listLine) {
		l.told |= ListedLine
	}
	if has(listLine) && (has(listVoice) || l.phones) {
		l.told |= ListedVoice
	}
	if !has(listDN) {
		say("no property " + l.columns[listDN] + ": entries are known by their address alone")
	}
	if !has(listEnabled) && l.columns[listEnabled] != "" {
		say("no property " + l.columns[listEnabled] + ": whoever is listed on a pool counts as enabled")
	}
	if !homes && l.homed && l.columns[listPool] != "" {
		say("no property " + l.columns[listPool] + ": everything listed counts as hosted")
	}
	if l.told&ListedVoice == 0 && l.columns[listVoice] != "" {
		say("voice extensions cannot be told: that takes " + l.columns[listVoice] + " and " + l.columns[listLine])
	}
}

// take adds the current object.
func (l *lister) take() {
	l.read()
	line := l.p.Line()
	if l.fields[listAddress] == "" && l.fields[listLine] == "" {
		l.skip("an object without an address or a number")
		return
	}
	if err := l.entry(line, l.add()); err != nil {
		l.drop()
		l.reject(line, err.Error(), EscapeRaw(l.p.Raw()))
		return
	}
	if l.guessed {
		l.note(line, "text that is not UTF-8 is read as Windows-1252 (export as Unicode)", fmt.Errorf("%s", quoteShort(l.fields[listName])))
	}
}

// read sets the fields to those of the current object. Those that are its own
// share one text.
func (l *lister) read() {
	var ends [listFields]int
	l.text, l.guessed = l.text[:0], false
	for _, i := range l.present {
		v := l.p.Value(i)
		switch {
		case len(v) == 0:
			l.fields[i] = ""
		case l.words[i] != nil:
			w := l.words[i].of(v, newListWord)
			l.fields[i], l.guessed = w.text, l.guessed || w.guessed
		case utf8.Valid(v):
			l.text = append(l.text, v...)
		default:
			text, _ := windowsText(v)
			l.text, l.guessed = append(l.text, text...), true
		}
		ends[i] = len(l.text)
	}
	all, from := string(l.text), 0
	for _, i := range l.present {
		if end := ends[i]; end > from {
			l.fields[i], from = all[from:end], end
		}
	}
}

// entry judges the current object. An error means that it cannot be taken.
func (l *lister) entry(line int, e *Entry) (err error) {
	e.Line, e.Listed, e.Contact, e.Name = line, l.told, l.contact, cutText(l.fields[listName], maxDisplayName)
	if dn := l.fields[listDN]; strings.IndexByte(dn, '=') > 0 {
		o := adObject{dn: dn, classed: true}
		if err := l.place(&o, e); err != nil {
			return err
		}
		e.DN = dn
	}
	if l.context[1] == "" || e.Context != l.context[0] {
		l.context = [2]string{e.Context, l.format + ":" + e.Context}
	}
	e.Context = l.context[1]
	if e.Primary, err = primaryAddress(l.fields[listAddress]); err != nil {
		return fmt.Errorf("%s: %w; mend the address in the directory", l.columns[listAddress], err)
	}
	enabled, err := l.truth(listEnabled)
	if err != nil {
		return err
	}
	voice, err := l.truth(listVoice)
	if err != nil {
		return err
	}
	voice = voice || l.phones && !l.p.Has(listVoice)
	(&adObject{login: l.fields[listLogin], upn: l.fields[listPrincipal]}).logon(e)
	switch id, err := ParseUser(l.fields[listLine]); {
	case !IsNumber(id) && !e.Subject():
		return fmt.Errorf("%s %s is no number, and there is no %s; mend it in the directory", l.columns[listLine], quoteShort(l.fields[listLine]), l.columns[listAddress])
	case err != nil:
		l.note(line, l.columns[listLine]+" that is neither a number nor an address is ignored", err)
	case IsNumber(id):
		e.Line164 = id
	}
	if e.Home = l.pools.of(l.fields[listPool]); e.Home == "" && l.fields[listHomeDN] != "" {
		if e.Home = l.homes.of(l.fields[listHomeDN]); e.Home == "" {
			l.note(line, l.columns[listHomeDN]+" names no pool", fmt.Errorf("%s", quoteShort(l.fields[listHomeDN])))
		}
	}
	homed := l.fields[listPool] != "" || l.fields[listHomeDN] != "" || l.homed && l.told&ListedHome == 0
	switch {
	case e.Primary == "":
		e.Why = "no " + l.columns[listAddress]
	case l.p.Has(listEnabled) && !enabled:
		e.Why = l.columns[listEnabled] + " is not True"
	case !homed:
		e.Why = "no home server"
		// The tools list nobody without one: its column is lost, or its value.
		l.note(line, "somebody on no home server is not counted as enabled; was a column removed?", fmt.Errorf("%s", e.Primary))
	default:
		e.Enabled = true
		e.Voice = voice && l.fields[listLine] != ""
	}
	if l.mark != nil {
		l.mark(l, e)
	}
	return nil
}

// truth reads a property that is True or False, or empty.
func (l *lister) truth(i int) (bool, error) {
	switch s := l.fields[i]; {
	case strings.EqualFold(s, "True"):
		return true, nil
	case s == "", strings.EqualFold(s, "False"):
		return false, nil
	default:
		return false, fmt.Errorf("%s: %s is neither True nor False; export the object again, without a spreadsheet in between", l.columns[i], quoteShort(s))
	}
}

// Why an entry of a directory export is not enabled for reasons that no list knows.
const (
	whyAccountDisabled = "account disabled"
	whyCloud           = "homed in the cloud: "
)

// With lays what a newer list tells over the entry. A list knows nothing of the
// account behind the identity: one that is disabled, or homed elsewhere, stays so.
func (e *Entry) With(list *Entry) Entry {
	x, told := *e, list.Listed
	if e.Listed != 0 {
		x.Listed |= told
	}
	if x.DN == "" {
		x.DN, x.Container = list.DN, list.Container
	}
	x.Contact, x.App = e.Contact || list.Contact, e.App || list.App
	if x.Phone == "" {
		x.Phone = list.Phone
	}
	if list.Login != "" {
		x.Login = list.Login
	}
	if list.Principal != "" {
		x.Principal = list.Principal
	}
	if list.Primary != "" {
		x.Primary = list.Primary
	}
	if told&ListedName != 0 && list.Name != "" {
		x.Name = list.Name
	}
	if told&ListedHome != 0 {
		x.Home = list.Home
	}
	if told&ListedLine != 0 {
		x.Line164 = list.Line164
	}
	blocked := e.Listed == 0 && (e.Why == whyAccountDisabled || strings.HasPrefix(e.Why, whyCloud))
	if told&ListedState != 0 && !(blocked && list.Enabled) {
		x.Enabled, x.Why = list.Enabled, list.Why
	}
	if told&ListedVoice != 0 {
		x.Voice = list.Voice
	} else if told&ListedLine != 0 && list.Line164 == "" {
		x.Voice = false
	}
	x.Voice = x.Voice && x.Enabled
	return x
}
