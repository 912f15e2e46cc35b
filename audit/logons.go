package audit

import (
	"cmp"
	"slices"
	"strings"

	"calaudit/ingest"
)

// Logs of web servers know people by the accounts they signed in with, not by
// SIP address. They are kept as logged and tied to persons in each audit, since
// a later directory may know more. In this order:
//
//   - an alias of the estate is taken at its word;
//   - DOMAIN\user is the one account of the directory with that sAMAccountName
//     whose domain has DOMAIN as its DNS name or as the first label of it, which
//     is how short names are given unless somebody chose another;
//   - else the one account of that sAMAccountName there is in the whole
//     directory: the short name of a domain stands nowhere in an export, so this
//     rests on the name alone, and the report says how many do;
//   - user@domain is the one account with that userPrincipalName, else the SIP
//     identity of the same text, which it usually equals;
//   - whoever is left was authenticated by the organisation's own directory,
//     which is an access by somebody: a hosted user of that account name. He may
//     be counted under a SIP address as well, so the report shows their number as
//     an upper bound. Nobody is guessed to be somebody.

// logonBasis is what ties a logon account to a person.
type logonBasis uint8

const (
	logonUnknown  logonBasis = iota // nothing does
	logonSure                       // alias, domain and name, or principal name
	logonByName                     // the account name alone
	logonAsSIP                      // a principal name taken for a SIP identity
	logonNoPerson                   // an account of the directory without a SIP identity
)

// logonClaim is one directory account that a logon name may mean.
type logonClaim struct {
	account *Account
	rank    int // 0: has the name now; 1: is gone and had it last; 2: had it once
}

// logons ties every logon account among the identities to a person.
func (c *caster) logons() {
	var wanted []string
	for _, id := range c.idents.texts {
		if ingest.IsAccount(id) {
			wanted = append(wanted, id)
		}
	}
	if len(wanted) == 0 {
		return
	}
	slices.Sort(wanted)
	c.basis = make(map[string]logonBasis, len(wanted))
	aliased := map[string]bool{}
	for key, ids := range c.in.Estate.Aliases {
		aliased[key] = true
		for _, id := range ids {
			aliased[id] = true
		}
	}
	claims := c.logonClaims(wanted)
	for _, id := range wanted {
		if aliased[id] {
			c.basis[id] = logonSure
			continue
		}
		c.basis[id] = c.logon(id, claims)
		switch number := c.idents.id(id); c.basis[id] {
		case logonSure:
			c.tie(number, byLogon)
		case logonByName:
			c.tie(number, byAccountName)
		case logonAsSIP:
			c.tie(number, bySameText)
		}
	}
}

// logonClaims lists, for the names in question, the accounts that have them.
func (c *caster) logonClaims(wanted []string) map[string][]logonClaim {
	claims := map[string][]logonClaim{}
	for _, id := range wanted {
		_, name := ingest.CutAccount(id)
		claims[name] = nil
	}
	for _, list := range [][]Account{c.in.Accounts, c.in.Others} {
		for i := range list {
			a := &list[i]
			claim := func(name string, rank int) {
				if have, ok := claims[name]; ok && name != "" {
					claims[name] = append(have, logonClaim{a, rank})
				}
			}
			claim(a.Entry.Login, 1-bit(a.Current))
			claim(a.Entry.Principal, 1-bit(a.Current))
			for _, name := range a.Former {
				claim(name, 2)
			}
		}
	}
	return claims
}

// logon ties one account to a person.
func (c *caster) logon(id string, claims map[string][]logonClaim) logonBasis {
	domain, name := ingest.CutAccount(id)
	all := claims[name]
	basis := logonSure
	if domain != "" {
		own := slices.DeleteFunc(slices.Clone(all), func(x logonClaim) bool { return !domainNamed(domain, x.account.Entry.Context) })
		switch {
		case len(own) > 0:
			all = own
		case strings.Contains(domain, "."): // a DNS name, and of no domain of the directory
			all = nil
		default:
			basis = logonByName
		}
	}
	if len(all) > 0 {
		best := slices.MinFunc(all, func(a, b logonClaim) int { return cmp.Compare(a.rank, b.rank) }).rank
		all = slices.DeleteFunc(slices.Clone(all), func(x logonClaim) bool { return x.rank != best })
		// Accounts without an identity are told apart by their place, others by
		// the person they are.
		holders := map[string]string{}
		for _, x := range all {
			holder := "\x00" + x.account.Entry.DN
			if own := c.holder(x.account); own != "" {
				holder = c.idents.texts[c.idents.find(c.idents.id(own))]
			}
			holders[holder] = x.account.Entry.DN
		}
		if len(holders) > 1 {
			var names []string
			for _, dn := range holders {
				names = append(names, dn)
			}
			slices.Sort(names)
			c.conflict(id, "the accounts %s of the directory have this name: counted for none of them", strings.Join(names, " and "))
			return logonUnknown
		}
		if own := c.holder(all[0].account); own != "" {
			c.idents.join(c.idents.id(own), c.idents.id(id))
			return basis
		}
		if domain != "" || c.addressTaken(name) {
			return logonNoPerson
		}
	}
	if domain == "" {
		if address, err := ingest.ParseUser(name); err == nil && address == name {
			c.idents.join(c.idents.id(address), c.idents.id(id))
			return logonAsSIP
		}
	}
	return logonUnknown
}

// addressTaken tells whether an account of the directory has the address.
func (c *caster) addressTaken(address string) bool {
	return slices.ContainsFunc(c.in.Accounts, func(a Account) bool { return slices.Contains(a.addresses(), address) })
}

// maxShortName is the longest short name of a domain; a longer first label is
// cut to it.
const maxShortName = 15

// domainNamed tells whether a naming context is the domain of that name.
func domainNamed(domain, context string) bool {
	if _, of, ok := strings.Cut(context, ":"); ok {
		context = of // of a list, see ingest.Listed
	}
	var labels []string
	for part := range strings.SplitSeq(context, ",") {
		label, ok := strings.CutPrefix(part, "dc=")
		if !ok {
			return false
		}
		labels = append(labels, label)
	}
	return domain == strings.Join(labels, ".") || domain == labels[0][:min(len(labels[0]), maxShortName)]
}

// logonNotes counts the logon accounts used in the window, by what ties them
// to persons.
func (c *cast) logonNotes(say func(n int, text string)) {
	var n [logonNoPerson + 1]int
	for _, b := range c.logonsUsed {
		n[b]++
	}
	say(n[logonUnknown], "Accounts of web server logs that neither a directory nor an alias ties to a person, each counted as a user of its own: an upper bound of persons, unless directory exports hold sAMAccountName and userPrincipalName: %d.")
	say(n[logonByName], "Accounts of web server logs tied to persons by sAMAccountName alone, which is theirs only in the directory, because no export tells the short names of domains: %d.")
	say(n[logonAsSIP], "User principal names of web server logs that no directory export holds, taken for SIP identities: %d.")
	say(n[logonNoPerson], "Accounts of web server logs that the directory knows without a SIP identity, each counted as a user of its own: %d.")
}
