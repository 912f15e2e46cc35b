package audit

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"

	"calaudit/ingest"
)

// hosts finds the organisation's servers by the names that exports use: a
// host, a pool, or either without its domain.
type hosts struct {
	known   map[string]EstateServer // those of the estate and, of other names, the pools of the directory
	names   []string
	earlier int        // pools of Live Communications Server 2003, which the catalogue does not know
	mu      sync.Mutex // over found
	found   map[string][]string
}

// newHosts takes the estate's hosts and what the directory says of their pools
// where the estate doesn't. A pool with no known host is one instance.
func newHosts(e *Estate, pools []ingest.Pool) *hosts {
	h := &hosts{known: map[string]EstateServer{}}
	maps.Copy(h.known, e.Servers)
	h.index()
	alone := map[string]EstateServer{}
	for _, p := range pools {
		version, err := ParseVersion(p.Version)
		if err != nil {
			h.earlier++
			continue
		}
		told := EstateServer{Edition: p.Edition, Version: version}
		hosts := h.of(p.Name)
		for _, host := range hosts {
			h.known[host] = h.known[host].with(told)
		}
		if len(hosts) == 0 {
			told.Role = "front-end"
			alone[p.Name] = alone[p.Name].with(told)
		}
	}
	for short, names := range fullNames(alone) {
		for _, name := range names {
			newest := max(alone[name].Version, alone[short].Version)
			alone[name] = EstateServer{Version: newest}.with(alone[name]).with(alone[short])
		}
		delete(alone, short)
	}
	maps.Copy(h.known, alone)
	h.index()
	return h
}

// with adds what another source tells and this one doesn't.
func (s EstateServer) with(o EstateServer) EstateServer {
	s.Role, s.Edition, s.Version = cmp.Or(s.Role, o.Role), cmp.Or(s.Edition, o.Edition), cmp.Or(s.Version, o.Version)
	return s
}

func (h *hosts) index() {
	h.names, h.found = slices.Sorted(maps.Keys(h.known)), map[string][]string{}
}

// sameServer: equal, or one of them is the other without its domain.
func sameServer(a, b string) bool {
	if a == b {
		return a != ""
	}
	short, long := a, b
	if len(short) > len(long) {
		short, long = long, short
	}
	return short != "" && !strings.Contains(short, ".") && strings.HasPrefix(long, short+".")
}

// of lists the known hosts behind a name: the host itself, else those of
// the pool of that name.
func (h *hosts) of(name string) []string {
	if name == "" {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if found, ok := h.found[name]; ok {
		return found
	}
	pick := func(match func(host string) bool) (all []string) {
		for _, host := range h.names {
			if match(host) {
				all = append(all, host)
			}
		}
		return all
	}
	found := pick(func(host string) bool { return host == name })
	exact := slices.ContainsFunc(h.names, func(host string) bool { return h.known[host].Pool == name })
	for _, match := range []func(string) bool{
		func(host string) bool { return exact && sameServer(h.known[host].Pool, name) }, // each host may name it otherwise
		func(host string) bool { return sameServer(host, name) },
		func(host string) bool { return sameServer(h.known[host].Pool, name) },
	} {
		if len(found) == 0 {
			found = pick(match)
		}
	}
	h.found[name] = found
	return found
}

// version is the newest version among the hosts behind a name, 0 when neither
// the estate nor the directory tells.
func (h *hosts) version(name string) Version {
	var v Version
	for _, host := range h.of(name) {
		v = max(v, h.known[host].Version)
	}
	return v
}

// instances lists the servers that need a licence or are told to need none:
// the estate's hosts, pools of the directory without one, and every name in the
// evidence of the organisation's own users, or of those who have no servers, that
// is neither one of these nor a pool of them.
func (w *world) instances(in *Input, readings map[string]string) []Server {
	unknown := map[string]bool{}
	for _, s := range w.servers {
		if s.own && s.name != "" && len(w.hosts.of(s.name)) == 0 {
			unknown[s.name] = true
		}
	}
	full := fullNames(unknown)
	var all []Server
	for host, s := range w.hosts.known {
		all = append(all, w.serverRow(in.Policy, readings, host, s))
	}
	for name := range unknown {
		if len(full[name]) > 0 {
			continue
		}
		all = append(all, w.serverRow(in.Policy, readings, name, EstateServer{}))
	}
	slices.SortFunc(all, func(a, b Server) int { return cmp.Compare(a.Host, b.Host) })
	return all
}

// fullNames lists, for each name without a domain, those of the set that are the
// same server with one, sorted: the set has one server under two names.
func fullNames[V any](set map[string]V) map[string][]string {
	full := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(set)) {
		short, _, long := strings.Cut(name, ".")
		if _, twice := set[short]; long && twice && short != "" {
			full[short] = append(full[short], name)
		}
	}
	return full
}

// serverRow applies the policy's server rules. What is not told counts as a
// front end of Standard Edition and is marked.
func (w *world) serverRow(p *Policy, readings map[string]string, host string, s EstateServer) Server {
	row := Server{Host: host, Role: cmp.Or(s.Role, "front-end"), Edition: cmp.Or(s.Edition, "standard"),
		Version: cmp.Or(s.Version, p.version).String(), Assumed: s.Role == "" || s.Edition == ""}
	if at := p.serverRule(row.Role, row.Edition); at >= 0 {
		r := &p.Servers[at]
		row.Rule = r.ID
		row.License = serverLicense(r.answer(readings).License, row.Edition, cmp.Or(s.Version, p.version))
	}
	return row
}

// serverRule is the first rule that names a host, -1 for none.
func (p *Policy) serverRule(role, edition string) int {
	return slices.IndexFunc(p.Servers, func(r ServerRule) bool {
		return (len(r.Role) == 0 || slices.Contains(r.Role, role)) && (len(r.Edition) == 0 || slices.Contains(r.Edition, edition))
	})
}

// answer is the outcome of the rule under some readings.
func (r *ServerRule) answer(readings map[string]string) *ServerAnswer {
	switch {
	case r.Reading == "":
		return &ServerAnswer{r.License, r.Exempt}
	case readings[r.Reading] == "lenient":
		return r.Lenient
	}
	return r.Strict
}
