package audit

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"calaudit/ingest"
)

// Estate is what the organisation states about itself (estate.toml). All ids
// are canonical. The zero value states nothing.
type Estate struct {
	SIPDomains   []string
	TimeZone     string   // of exports with local times, empty for UTC
	Applications []string // identities with no person behind
	Guests       []string // identities of outsiders with an account
	GuestDomains []string
	Aliases      map[string][]string // person -> further identities
	Shared       map[string][]string // account -> the people who use it
	Devices      map[string]EstateDevice
	Servers      map[string]EstateServer
	Exemptions   []EstateExemption
}

// EstateDevice is what the estate says about one device.
type EstateDevice struct {
	Class    string // of the contract's device classes, empty when not told
	Identity string // the SIP identity or number that is this device
	Owner    string // informs only
}

// EstateServer is one host of the organisation's own.
type EstateServer struct {
	Role    string
	Edition string
	Version Version
	Pool    string
}

// EstateExemption takes one subject out of the count, with a reason.
type EstateExemption struct {
	Subject string // canonical when it can be read as an id
	Reason  string
	Until   string // YYYY-MM-DD, last day; empty for no end
}

var (
	serverRoles    = []string{"front-end", "edge", "mediation", "director", "cwa", "archiving", "monitoring", "group-chat"}
	serverEditions = []string{"standard", "enterprise"}
	deviceClasses  = []string{"computer", "desk-phone", "common-area-phone", "room-system", "mobile", "gateway", "unknown"}
)

// estateFile is estate.toml as written.
type estateFile struct {
	SIPDomains   []string            `toml:"sip_domains"`
	TimeZone     string              `toml:"time_zone"`
	Applications []string            `toml:"applications"`
	Guests       []string            `toml:"guests"`
	Aliases      map[string][]string `toml:"aliases"`
	Shared       map[string][]string `toml:"shared"`
	Devices      map[string]struct {
		Class    string `toml:"class"`
		Identity string `toml:"identity"`
		Owner    string `toml:"owner"`
	} `toml:"devices"`
	Servers map[string]struct {
		Role    string `toml:"role"`
		Edition string `toml:"edition"`
		Version string `toml:"version"`
		Pool    string `toml:"pool"`
	} `toml:"servers"`
	Exemptions []struct {
		Subject string `toml:"subject"`
		Reason  string `toml:"reason"`
		Until   any    `toml:"until"` // a date of TOML or the same as text
	} `toml:"exemptions"`
}

// ParseEstate reads estate.toml strictly; every problem is reported with its line.
func ParseEstate(file string, data []byte) (*Estate, error) {
	var f estateFile
	if err := decodeStrict(file, data, &f); err != nil {
		return nil, err
	}
	return f.estate(locate(file, data))
}

// estate makes an estate of what was written, wherever that stands.
func (f estateFile) estate(at *places) (*Estate, error) {
	r := estateReader{at: at}
	e := &Estate{TimeZone: f.TimeZone}
	if _, err := time.LoadLocation(f.TimeZone); err != nil || f.TimeZone == "Local" {
		r.bad([]string{"time_zone"}, "unknown time_zone %q; valid: names of the time zone database such as Europe/Berlin, UTC", f.TimeZone)
	}
	for _, d := range f.SIPDomains {
		e.SIPDomains = append(e.SIPDomains, r.domain([]string{"sip_domains"}, d))
	}
	for _, id := range f.Applications {
		e.Applications = append(e.Applications, r.identity([]string{"applications"}, id))
	}
	for _, g := range f.Guests {
		if strings.ContainsAny(g, `@\`) || strings.HasPrefix(strings.ToLower(g), "tel:") || strings.HasPrefix(g, "+") {
			e.Guests = append(e.Guests, r.identity([]string{"guests"}, g))
		} else {
			e.GuestDomains = append(e.GuestDomains, r.domain([]string{"guests"}, g))
		}
	}
	r.aliases(e, &f)
	r.devices(e, &f)
	r.servers(e, &f)
	r.exemptions(e, &f)
	r.shared(e, &f)
	return e, errors.Join(r.errs...)
}

// estateReader collects what is wrong with an estate file.
type estateReader struct {
	at   *places
	errs []error
}

func (r *estateReader) bad(path []string, format string, args ...any) {
	r.errs = append(r.errs, r.at.errorf(path, format, args...))
}

// identity reads whom an entry means: an address, a number, or a logon account
// as web server logs name it (DOMAIN\user, account:user@domain).
func (r *estateReader) identity(path []string, s string) string {
	id, err := ingest.ParseIdentity(s)
	if err != nil {
		r.bad(path, "%v", err)
	} else if id == "" {
		r.bad(path, "%q names no identity; expected user@domain or a phone number", s)
	}
	return id
}

func (r *estateReader) domain(path []string, s string) string {
	id, err := ingest.ParseUser("x@" + strings.TrimPrefix(strings.TrimSpace(s), "@"))
	if err != nil || id == "" {
		r.bad(path, "%q is not a domain such as contoso.com", s)
		return ""
	}
	return ingest.Domain(id)
}

func (r *estateReader) aliases(e *Estate, f *estateFile) {
	e.Aliases = map[string][]string{}
	for _, key := range slices.Sorted(maps.Keys(f.Aliases)) {
		path := []string{"aliases", key}
		person := r.identity(path, key)
		if _, twice := e.Aliases[person]; twice {
			r.bad(path, "person %q stands twice", person)
		}
		ids := []string{}
		for _, a := range f.Aliases[key] {
			ids = append(ids, r.identity(path, a))
		}
		e.Aliases[person] = ids
	}
}

// shared reads who uses which account. It comes last, for it must not contradict
// what else the file says of an identity.
func (r *estateReader) shared(e *Estate, f *estateFile) {
	e.Shared = map[string][]string{}
	written := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(f.Shared)) {
		path := []string{"shared", key}
		account := r.identity(path, key)
		if _, twice := e.Shared[account]; twice {
			r.bad(path, "account %q stands twice", account)
		}
		written[account] = key
		people := []string{}
		for _, name := range f.Shared[key] {
			person := r.identity(path, name)
			if slices.Contains(people, person) {
				r.bad(path, "person %q stands twice", person)
			}
			people = append(people, person)
		}
		if len(people) == 0 {
			r.bad(path, "account %q names nobody; expected the people who use it", account)
		}
		e.Shared[account] = people
	}
	e.sharedWrongly(func(account, format string, args ...any) {
		r.bad([]string{"shared", written[account]}, format, args...)
	})
}

// sharedWrongly says what of the shared accounts contradicts something else that
// the estate states, account after account.
func (e *Estate) sharedWrongly(say func(account, format string, args ...any)) {
	devices := map[string]bool{}
	for _, d := range e.Devices {
		devices[d.Identity] = true
	}
	for _, account := range slices.Sorted(maps.Keys(e.Shared)) {
		fits := func(id string) {
			switch {
			case id == "":
			case slices.Contains(e.Applications, id):
				say(account, "%q is among applications, which nobody is behind, and here with people; take it out of one", id)
			case devices[id]:
				say(account, "%q is the identity of a device, whose CAL covers everybody at it, and here with people; take it out of one", id)
			}
		}
		fits(account)
		for _, person := range e.Shared[account] {
			if person == account {
				continue
			}
			fits(person)
			if _, other := e.Shared[person]; other {
				say(account, "person %q is a shared account itself; name its people", person)
			}
		}
	}
}

func (r *estateReader) devices(e *Estate, f *estateFile) {
	e.Devices = map[string]EstateDevice{}
	for _, key := range slices.Sorted(maps.Keys(f.Devices)) {
		path, d := []string{"devices", key}, f.Devices[key]
		id, endpoint, err := ingest.ParseDevice(key)
		switch {
		case err != nil:
			r.bad(path, "%v", err)
			continue
		case id == "" || endpoint:
			r.bad(path, "%q is no device of its own; valid: mac:, host:, line:, sip:", key)
			continue
		}
		if _, twice := e.Devices[id]; twice {
			r.bad(path, "device %q stands twice", id)
		}
		if d.Class != "" && !slices.Contains(deviceClasses, d.Class) {
			r.bad(append(path, "class"), "unknown device class %q; valid: %s", d.Class, strings.Join(deviceClasses, ", "))
		}
		out := EstateDevice{Class: d.Class, Owner: d.Owner}
		if d.Identity != "" {
			if out.Identity = r.identity(append(path, "identity"), d.Identity); ingest.IsAccount(out.Identity) {
				r.bad(append(path, "identity"), "%q is a logon account; a device is a SIP identity or a number", d.Identity)
			}
		}
		e.Devices[id] = out
	}
}

func (r *estateReader) servers(e *Estate, f *estateFile) {
	e.Servers = map[string]EstateServer{}
	for _, key := range slices.Sorted(maps.Keys(f.Servers)) {
		path, s := []string{"servers", key}, f.Servers[key]
		host := ingest.ParseServer(key)
		if _, twice := e.Servers[host]; twice || host == "" {
			r.bad(path, "server %q is empty or stands twice", host)
		}
		if s.Role != "" && !slices.Contains(serverRoles, s.Role) {
			r.bad(append(path, "role"), "unknown role %q; valid: %s", s.Role, strings.Join(serverRoles, ", "))
		}
		if s.Edition != "" && !slices.Contains(serverEditions, s.Edition) {
			r.bad(append(path, "edition"), "unknown edition %q; valid: %s", s.Edition, strings.Join(serverEditions, ", "))
		}
		v, err := ParseVersion(s.Version)
		if err != nil {
			r.bad(append(path, "version"), "%v", err)
		}
		e.Servers[host] = EstateServer{Role: s.Role, Edition: s.Edition, Version: v, Pool: ingest.ParseServer(s.Pool)}
	}
	for _, key := range slices.Sorted(maps.Keys(f.Servers)) {
		host := ingest.ParseServer(key)
		if short, _, full := strings.Cut(host, "."); full && short != "" {
			if _, twice := e.Servers[short]; twice {
				r.bad([]string{"servers", key}, "server %q stands twice, as %q too: one host takes one licence", host, short)
			}
		}
	}
}

func (r *estateReader) exemptions(e *Estate, f *estateFile) {
	for i, x := range f.Exemptions {
		path := func(key string) []string { return []string{"exemptions", fmt.Sprint(i), key} }
		out := EstateExemption{Subject: exemptSubject(x.Subject), Reason: strings.TrimSpace(x.Reason)}
		if out.Subject == "" {
			r.bad(path("subject"), "subject is missing; expected a user or device id")
		}
		until, ok := tomlDate(x.Until)
		if text, isText := x.Until.(string); !ok && isText {
			r.bad(path("until"), "until %q is not a date YYYY-MM-DD", text)
		} else if !ok {
			r.bad(path("until"), "until is no date; expected YYYY-MM-DD")
		}
		out.Until = until
		e.Exemptions = append(e.Exemptions, out)
	}
}

// exemptSubject reads a subject as the id of a device when it has a device
// prefix, else as an identity; what is neither stays as it is and is reported
// as unused.
func exemptSubject(s string) string {
	s = strings.TrimSpace(s)
	prefix, _, _ := strings.Cut(s, ":")
	switch strings.ToLower(prefix) {
	case "mac", "host", "line":
		if id, _, err := ingest.ParseDevice(s); err == nil && id != "" {
			return id
		}
	default:
		if id, err := ingest.ParseIdentity(s); err == nil && id != "" {
			return id
		}
	}
	return s
}
