package ingest

import (
	"fmt"
	"strings"
	"unicode"
)

// accountPrefix marks the canonical id of a logon account. Its name is no SIP
// address, even where it looks like one: which person it is says the directory,
// and perhaps a later one than that of today, so it is kept as logged.
const accountPrefix = "account:"

// maxAccount is the longest logon name taken; the directory's own limit for a
// user principal name is 1024, real ones are far shorter.
const maxAccount = 512

// ParseAccount returns the canonical id of the account that a server has
// authenticated by the organisation's Active Directory: account:contoso\alice
// for DOMAIN\user, account:alice@contoso.com for a user principal name, lower
// case. Empty text is "". The account: prefix itself may stand before it.
func ParseAccount(s string) (string, error) {
	raw := s
	s = strings.TrimSpace(s)
	if hasPrefixFold(s, accountPrefix) {
		s = strings.TrimSpace(s[len(accountPrefix):])
	}
	if s == "" {
		return "", nil
	}
	if err := printable(s); err != nil {
		return "", fmt.Errorf("account %s %w", quoteShort(raw), err)
	}
	id := fold(s)
	domain, user, ok := strings.Cut(id, `\`)
	switch {
	case len(s) > maxAccount || len(id) > maxAccount:
		return "", fmt.Errorf("account %s is longer than %d bytes", quoteShort(raw), maxAccount)
	case ok && domain != "" && user != "" && !strings.ContainsAny(domain, `"/:|<>+=;,?*@`) && !strings.ContainsAny(user, `"/\[]:;|=,+*?<>`):
		return accountPrefix + id, nil
	case ok:
	default:
		name, suffix, at := strings.Cut(id, "@")
		if at && name != "" && suffix != "" && !strings.ContainsAny(name, `"/[]:;|=,*?<>`) && !strings.ContainsAny(suffix, `"/[]:;|=,*?<>@+`) &&
			strings.IndexFunc(id, unicode.IsSpace) < 0 {
			return accountPrefix + id, nil
		}
	}
	return "", fmt.Errorf(`account %s is neither DOMAIN\user nor user@domain`, quoteShort(raw))
}

// ParseIdentity reads what a person may write for somebody: DOMAIN\user or
// account:NAME is a logon account, anything else see ParseUser.
func ParseIdentity(s string) (string, error) {
	if strings.IndexByte(s, '\\') >= 0 || hasPrefixFold(strings.TrimSpace(s), accountPrefix) {
		return ParseAccount(s)
	}
	return ParseUser(s)
}

// IsAccount tells whether a canonical identity is a logon account.
func IsAccount(id string) bool { return strings.HasPrefix(id, accountPrefix) }

// CutAccount is the domain and the name of DOMAIN\user; of a user principal
// name the domain is "" and the name is the whole.
func CutAccount(id string) (domain, name string) {
	id = strings.TrimPrefix(id, accountPrefix)
	if domain, name, ok := strings.Cut(id, `\`); ok {
		return domain, name
	}
	return "", id
}
