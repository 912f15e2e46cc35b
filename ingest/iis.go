package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"calaudit/ingest/w3c"
)

func iisFormat() Format {
	return Format{
		Name:  "iis-w3c",
		About: "log files of the web components in the W3C extended format of Internet Information Services, Advanced Logging too",
		Basis: "from documentation",
		Fields: []Field{
			{"cs-uri-stem", "the path of the request: which component it was for", true},
			{"cs-username", "DOMAIN\\user or a user principal name when the server knows who it was; rows without one state nothing", true},
			{"sc-status", "2xx: successful; all others state nothing", true},
			{"time", "of the request; with date UTC. Else time-local and date-local, in the estate's time zone", true},
			{"date", "day of the request, UTC; without it the day of the #Date line before", false},
			{"cs(User-Agent)", "the program, + for a space", false},
			{"cs(Cookie), cs(Authorization), tokens", "credentials: neither kept nor shown, with --keep-evidence and --source neither", false},
			{"c-ip", "not read: an address identifies neither a person nor a machine", false},
			{"s-computername", "not read: which licensed server answers at it is not told", false},
		},
		Sample: iisSample,
		Sniff:  sniffIIS,
		Read:   readIIS,
	}
}

const iisSample = `#Software: Microsoft Internet Information Services 6.0
#Version: 1.0
#Date: 2009-03-02 00:00:11
#Fields: date time s-sitename s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-substatus sc-win32-status
2009-03-02 08:01:12 W3SVC1 10.0.0.5 GET /cwa/client/start - 443 - 10.0.1.17 Mozilla/4.0+(compatible;+MSIE+7.0;+Windows+NT+6.0) 401 2 2148074254
2009-03-02 08:01:12 W3SVC1 10.0.0.5 GET /cwa/client/start - 443 CONTOSO\alice 10.0.1.17 Mozilla/4.0+(compatible;+MSIE+7.0;+Windows+NT+6.0) 200 0 0
2009-03-02 09:30:40 W3SVC1 10.0.0.5 GET /etc/place/null/FileTree/slide1.png - 443 bob@contoso.com 10.0.1.18 LMC/8.0.6362.0 200 0 0
2009-03-02 09:31:02 W3SVC1 10.0.0.5 GET /Abs/Int/Handler/F-0d5a.lsabs - 443 CONTOSO\alice 10.0.1.17 OC/2.0.6362.0+(Microsoft+Office+Communicator) 200 0 0
`

// sniffIIS knows the format by a #Fields line that names the path of a request.
// Other logs of the W3C format (firewalls, mail) have no such column.
func sniffIIS(h *Head) Verdict {
	for line := range strings.Lines(string(h.Text)) {
		name, fields, _ := strings.Cut(strings.TrimLeft(line, "\x00"), ":")
		if strings.EqualFold(name, "#Fields") && slices.Contains(strings.Fields(strings.ToLower(fields)), "cs-uri-stem") {
			return Verdict{Yes: true}
		}
	}
	return Verdict{}
}

func readIIS(ctx context.Context, files []*File, env *Env, emit Emit) error {
	names := NewNames()
	for i, f := range files {
		if err := readIISFile(ctx, i, f, names, env, emit); err != nil {
			return fmt.Errorf("%s: %w", f.Path, err)
		}
	}
	return nil
}

func readIISFile(ctx context.Context, index int, f *File, names *Names, env *Env, emit Emit) error {
	rc, err := f.Text()
	if err != nil {
		return err
	}
	defer rc.Close()
	p := newIISReader(w3c.NewReader(rc), names, env)
	for rows := 0; ; rows++ {
		err := p.r.Read()
		end := errors.Is(err, io.EOF)
		var bad *w3c.RowError
		switch {
		case end:
		case errors.As(err, &bad):
			p.rejects = append(p.rejects, Reject{Line: bad.Line, What: bad.What + "; export the log again", Raw: EscapeRaw(bad.Raw)})
		case err != nil:
			return err
		default:
			p.row()
		}
		if len(p.records)+len(p.rejects) < plainBatch && rows < iisBatch && !end {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		b := p.batch(index)
		if end {
			b.Notes, b.Cut = p.notes(), p.wasCut
		}
		if err := emit(b); err != nil || end {
			return err
		}
		if names.forget(mostNames) {
			clear(p.users)
			clear(p.clients)
			clear(p.seen)
		}
		rows = 0
	}
}

// iisBatch is after how many rows a batch goes out, of which most state nothing.
const iisBatch = 1 << 16

// iisReader makes something of the rows of one file.
type iisReader struct {
	r       *w3c.Reader
	names   *Names
	env     *Env
	limit   int64 // times after this one lie in the future
	changes int   // the columns below are those of this count
	col     iisColumns
	clock   iisClock
	users   map[string]iisUser
	clients map[string]ID
	seen    map[iisUse]int64 // the earliest request of each use so far

	records []Record
	rejects []Reject
	skipped [iisSkips][]int // by reason, and by number of the path
	wasCut  bool
	tally   [iisTallies]iisTally
}

// iisColumns are the places of the columns that are read, -1 for none.
type iisColumns struct {
	stem, user, status, agent, method, last int
}

// iisUser is what a logged name stands for.
type iisUser struct {
	id   ID
	skip iisSkip // why it is nobody, 0 for somebody
	err  error
}

// iisUse is what is taken for one use: a server logs requests, of which one
// sign-in makes hundreds, and tells nowhere which of them belong together.
type iisUse struct {
	user, client ID
	activity     Activity
	day          int64
}

// maxUses bounds the memory of a reader, not what it can read: a use that is
// forgotten gives one more record of the same fact.
const maxUses = 1 << 18

// iisSkip is why a row states no activity.
type iisSkip uint8

const (
	_ iisSkip = iota
	iisNoComponent
	iisNothing
	iisNoName
	iisFailed
	iisMachine
	iisAgain
	iisBlind
	iisSkips
)

// iisReasons are the words of the reasons. Where there is a path, its name
// goes before.
var iisReasons = [iisSkips]string{
	iisNoComponent: "a request for no known component of the product",
	iisNothing:     "states no use of anybody",
	iisNoName:      "without a user name",
	iisFailed:      "refused, redirected or failed",
	iisMachine:     "by a computer or system account",
	iisAgain:       "one more request of a use that is taken",
	iisBlind:       "the #Fields in force lack cs-uri-stem, cs-username or sc-status: nothing can be told",
}

// iisTally is something said once about the file: how often, and where first.
type iisTally struct{ count, line int }

const (
	iisRagged = iota
	iisGuessed
	iisUndated
	iisByDirective
	iisLocal
	iisMidnight
	iisWeak
	iisCut
	iisTallies
)

func newIISReader(r *w3c.Reader, names *Names, env *Env) *iisReader {
	p := &iisReader{r: r, names: names, env: env, limit: env.Now.Add(24 * time.Hour).UnixMilli(),
		users: map[string]iisUser{}, clients: map[string]ID{}, seen: map[iisUse]int64{}}
	for i := range p.skipped {
		p.skipped[i] = make([]int, len(iisPaths)+1)
	}
	return p
}

func (p *iisReader) note(what int) {
	t := &p.tally[what]
	if t.count++; t.count == 1 {
		t.line = p.r.Line()
	}
}

func (p *iisReader) reject(format string, args ...any) {
	p.rejects = append(p.rejects, Reject{Line: p.r.Line(), What: string(w3c.Redact(nil, fmt.Appendf(nil, format, args...))), Raw: EscapeRaw(p.r.Public())})
}

// columns finds the columns of the #Fields line in force.
func (p *iisReader) columns() {
	p.changes = p.r.Changes()
	p.col = iisColumns{stem: p.r.Column("cs-uri-stem"), user: p.r.Column("cs-username"), status: p.r.Column("sc-status"),
		agent: p.r.Column("cs(User-Agent)"), method: p.r.Column("cs-method")}
	p.clock.columns(p.r)
	p.col.last = max(p.col.stem, p.col.user, p.col.status, p.col.agent, p.clock.date, p.clock.time)
}

// row takes the current row: a record, a skip or a reject.
func (p *iisReader) row() {
	if p.changes != p.r.Changes() {
		p.columns()
	}
	if n := p.r.Count(); n != len(p.r.Fields()) {
		p.note(iisRagged)
	}
	if p.r.Cut() && p.r.Count() <= p.col.last+1 { // its last value may be half of one
		p.wasCut = true
		p.note(iisCut)
		p.reject("the file ends inside this row; export the log again when it is complete")
		return
	}
	if p.col.stem < 0 || p.col.user < 0 || p.col.status < 0 {
		p.skipped[iisBlind][iisOther]++
		return
	}
	if !p.clock.dayOf(p) {
		return
	}
	stem := p.r.Field(p.col.stem)
	if len(stem) == 0 || stem[0] != '/' {
		p.noPath(stem)
		return
	}
	path := iisPathOf(stem)
	switch {
	case path == iisOther:
		p.skipped[iisNoComponent][iisOther]++
	case iisPaths[path-1].activity == NoActivity:
		p.skipped[iisNothing][path]++
	default:
		p.request(path)
	}
}

// noPath takes a row whose path does not begin with "/". Logs of the FTP
// service have the same columns; their methods begin with a session's number.
func (p *iisReader) noPath(stem []byte) {
	method := p.r.Field(p.col.method)
	if len(stem) == 0 && p.r.Count() > p.col.stem || string(stem) == "*" || len(method) > 0 && method[0] == '[' {
		p.skipped[iisNoComponent][iisOther]++
		return
	}
	if len(stem) == 0 {
		p.reject("the row ends before cs-uri-stem; export the log again")
		return
	}
	p.reject("cs-uri-stem %s is no path; the row is damaged or its columns are not those of #Fields: export the log again", quoteShort(string(stem)))
}

// request takes a request for a component where named people do something.
func (p *iisReader) request(path uint8) {
	name := p.r.Field(p.col.user)
	status := p.r.Field(p.col.status)
	if status == nil {
		p.reject("the row has no sc-status; export the log again")
		return
	}
	if len(status) != 3 || status[0] < '1' || status[0] > '5' || !isDigit(status[1]) || !isDigit(status[2]) {
		p.reject("sc-status %s is no status of three digits; export the log again", quoteShort(string(status)))
		return
	}
	switch {
	case name == nil:
		p.skipped[iisNoName][path]++
		return
	case status[0] != '2':
		p.skipped[iisFailed][path]++
		return
	}
	user := p.user(name)
	switch {
	case user.err != nil:
		p.reject("cs-username: %v; mend the row, or the #Fields line if columns are swapped", user.err)
		return
	case user.skip != 0:
		p.skipped[user.skip][path]++
		return
	}
	at, ok := p.clock.at(p)
	if !ok {
		return
	}
	what := &iisPaths[path-1]
	r := Record{Kind: AttestedRecord, Activity: what.activity, Media: what.media, Key: at, At: at, Line: uint32(p.r.Line())}
	r.From.User, r.From.Client = user.id, p.client(p.r.Text(p.col.agent))
	use := iisUse{r.From.User, r.From.Client, r.Activity, dayOf(at)}
	if at == Undated {
		p.note(iisUndated)
	}
	if first, again := p.seen[use]; again && first <= at {
		p.skipped[iisAgain][path]++
		return
	}
	if len(p.seen) == maxUses {
		clear(p.seen)
	}
	p.seen[use] = at
	// Equal hashes are one fact, the earliest request of it the evidence, in
	// whichever files and however often the requests stand.
	r.Seq, r.Sub = keyHash("iis", fmt.Sprint(use.day), r.Activity.String(), p.names.Name(user.id).Text, p.names.Name(r.From.Client).Text)
	if r.Activity == ConferenceAttended {
		r.Flags |= WebKind
		p.note(iisWeak)
	}
	p.records = append(p.records, r)
}

// user canonicalises a logged name. "+" stands for a space, which a user
// principal name cannot have: there it is a plus.
func (p *iisReader) user(name []byte) iisUser {
	if u, ok := p.users[string(name)]; ok {
		return u
	}
	text, guessed := windowsText(name)
	if guessed {
		p.note(iisGuessed)
	}
	if strings.IndexByte(text, '\\') >= 0 {
		text = strings.ReplaceAll(text, "+", " ")
	}
	id, err := ParseAccount(text)
	u := iisUser{err: err}
	if domain, user := CutAccount(id); err == nil {
		if strings.HasSuffix(user, "$") || systemDomains[domain] {
			u.skip = iisMachine
		} else {
			u.id = p.names.ID(UserName, id)
		}
	}
	remember(p.users, name, u)
	return u
}

// systemDomains are the domains of accounts that every Windows machine has.
var systemDomains = map[string]bool{"nt authority": true, "nt service": true, "iis apppool": true, "builtin": true}

// client is the program's name, "" for none.
func (p *iisReader) client(agent []byte) ID {
	if len(agent) == 0 {
		return 0
	}
	if id, ok := p.clients[string(agent)]; ok {
		return id
	}
	text, guessed := windowsText(agent[:min(len(agent), maxAgent)])
	if guessed {
		p.note(iisGuessed)
	}
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, text)
	id := p.names.ID(ClientName, strings.TrimSpace(text))
	remember(p.clients, agent, id)
	return id
}

// batch hands over what was gathered.
func (p *iisReader) batch(index int) *Batch {
	b := &Batch{File: index, Names: p.names.Fresh(), Records: p.records, Rejects: p.rejects, Skipped: map[string]int{}}
	for why := range p.skipped {
		for path, n := range p.skipped[why] {
			if n == 0 {
				continue
			}
			reason := iisReasons[why]
			if path != iisOther {
				reason = iisPaths[path-1].why + ": " + reason
			}
			b.Skipped[reason] += n
		}
		clear(p.skipped[why])
	}
	p.records, p.rejects = nil, nil
	return b
}

// notes says once what was assumed.
func (p *iisReader) notes() (list []string) {
	for i, what := range [iisTallies]string{
		iisRagged:      "rows have more or fewer values than #Fields names columns; read by place up to the shorter",
		iisGuessed:     "text that is not UTF-8 is read as Windows-1252 (let the server log in UTF-8)",
		iisUndated:     "uses have a time and no date, nor is there a #Date line; counted in every window (--file-date dates them)",
		iisByDirective: "rows have no date; theirs is that of the #Date line before",
		iisLocal:       "rows have local times only; read in the zone " + p.env.Location.String() + " (time_zone of the estate)",
		iisMidnight:    "times go back behind midnight without a #Date line; taken for the next day",
		iisWeak:        "requests for meeting content by a named person are taken for attending a web conference",
		iisCut:         "the file ends inside a line: more may be lost; export it again",
	} {
		switch t := p.tally[i]; {
		case t.count == 0:
		case i == iisCut:
			list = append(list, what)
		case t.count == 1:
			list = append(list, fmt.Sprintf("%s: once, at line %d", what, t.line))
		default:
			list = append(list, fmt.Sprintf("%s: %d times, first at line %d", what, t.count, t.line))
		}
	}
	return list
}
