package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// writeSettings writes what the company owns and what it says about itself.
func (w *world) writeSettings() error {
	if err := w.writeLicenses(); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(w.cfg.out, "estate.toml"), []byte(w.estate()), 0o666)
}

// own decides how many CALs of a demanded row were bought: too few here, too
// many there. Nothing newer than its own row's demand is left over, so that no
// stock moves from one version to another.
func own(r positionRow) int {
	switch r.license + "/" + r.metric {
	case "ocs-standard-cal/user":
		if r.version == "2007-r2" {
			return r.required - 1
		}
		return r.required * 93 / 100
	case "ocs-enterprise-cal/user":
		if r.version == "2007-r2" {
			return r.required
		}
		return r.required + 9
	case "ocs-standard-cal/device":
		return r.required + 2
	}
	return max(0, r.required-1)
}

func (w *world) writeLicenses() error {
	price := map[string]string{"ocs-standard-cal": "31.00", "ocs-enterprise-cal": "139.00"}
	var b strings.Builder
	b.WriteString("license,metric,version,quantity,sa_from,sa_until,agreement,unit_price,currency,note\n")
	row := func(license, metric, version string, quantity int, price, note string) {
		fmt.Fprintf(&b, "%s,%s,%s,%d,,,OPEN-4711,%s,USD,%s\n", license, metric, version, quantity, price, note)
	}
	w.position = w.demand()
	for i := range w.position {
		r := &w.position[i]
		r.owned = own(*r)
		row(r.license, r.metric, r.version, r.owned, price[r.license], "")
	}
	row("ocs-server-standard", "server", "2007", 3, "699.00", "se1 and edge1 and med1")
	row("ocs-server-enterprise", "server", "2007", 3, "3999.00", "pool1")
	row("ocs-server-standard", "server", "2007-r2", 1, "699.00", "pilot")
	row("communicator-client", "device", "2007", 3*w.blocks(), "33.00", "on machines that the logs name")
	row("communicator-client", "user", "2007", len(w.people)-5, "33.00", "with Office for people whose machine no log names")
	return os.WriteFile(filepath.Join(w.cfg.out, "licenses.csv"), []byte(b.String()), 0o666)
}

// estate is the file that says what no export can.
func (w *world) estate() string {
	var b strings.Builder
	line := func(format string, a ...any) { fmt.Fprintf(&b, format+"\n", a...) }
	line("# Contoso, an invented company.")
	line(`sip_domains = ["contoso.com"]`)
	line(`time_zone = "UTC"`)
	line("applications = [%q, %q]", w.apps[0].address, w.apps[1].address)
	line("guests = [")
	for _, p := range w.byRole[guestAccount] {
		line("  %q,", p.address)
	}
	line(`  "northwindtraders.com",`)
	line("]\n\n[aliases]")
	for _, p := range w.byRole[aliased] {
		other := p.older
		if p.aliasKey == p.older {
			other = p.address
		}
		line("%q = [%q]", p.aliasKey, other)
	}
	line("\n[devices]")
	for _, d := range w.devices {
		switch {
		case !d.inEstate:
		case d.identity != nil:
			line("%q = {class = %q, identity = %q}", d.id, d.class, d.identity.id)
		default:
			line("%q = {class = %q, owner = %q}", d.id, d.class, "Facilities")
		}
	}
	line("\n[servers]")
	server := func(host, role, edition, version, pool string) {
		line("%q = {role = %q, edition = %q, version = %q, pool = %q}", host, role, edition, version, pool)
	}
	for _, s := range w.servers {
		edition := "standard"
		if s.rd == "pool1" {
			edition = "enterprise"
		}
		server(s.fqdn, "front-end", edition, versionNames[s.version], s.pool)
	}
	for _, s := range [][2]string{{"edge1.contoso.com", "edge"}, {"med1.contoso.com", "mediation"}, {"arch1.contoso.com", "archiving"}} {
		line("%q = {role = %q, edition = %q, version = %q}", s[0], s[1], "standard", "2007")
	}
	for _, p := range w.people {
		switch p.role {
		case exemptValid:
			w.exemption(&b, p, "test account of the migration project", 270)
		case exemptExpired:
			w.exemption(&b, p, "trainee until the end of the course", -10)
		case exemptNoReason:
			w.exemption(&b, p, "", 270)
		}
	}
	return b.String()
}

func (w *world) exemption(b *strings.Builder, p *person, reason string, days int) {
	fmt.Fprintf(b, "\n[[exemptions]]\nsubject = %q\n", p.address)
	if reason != "" {
		fmt.Fprintf(b, "reason = %q\n", reason)
	}
	fmt.Fprintf(b, "until = %q\n", w.cfg.end.AddDate(0, 0, days).Format("2006-01-02"))
}
