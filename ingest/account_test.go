package ingest

import (
	"strings"
	"testing"
)

func TestParseAccount(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`CONTOSO\Alice`, `account:contoso\alice`},
		{` contoso.com\a.ash `, `account:contoso.com\a.ash`},
		{`CONTOSO\Zoë Über`, `account:contoso\zoë über`},
		{`NT AUTHORITY\SYSTEM`, `account:nt authority\system`},
		{"Alice.Ash@Contoso.com", "account:alice.ash@contoso.com"},
		{"alice+lab@contoso.com", "account:alice+lab@contoso.com"},
		{`account:CONTOSO\alice`, `account:contoso\alice`},
		{"Account:alice@contoso.com", "account:alice@contoso.com"},
		{"", ""}, {" ", ""}, {"account:", ""},
	} {
		got, err := ParseAccount(c.in)
		if err != nil || got != c.want {
			t.Errorf("%q: %q, %v", c.in, got, err)
		}
		if again, err := ParseAccount(got); err != nil || again != got {
			t.Errorf("%q: canonical %q becomes %q, %v", c.in, got, again, err)
		}
		if got != "" && (!IsAccount(got) || IsNumber(got)) {
			t.Errorf("%q is no account, or a number", got)
		}
	}
	for _, in := range []string{"alice", "10.0.0.1", `\alice`, `CONTOSO\`, `A\B\C`, "a@", "@b", "a b@contoso.com", "a@b@c", "sip:a@contoso.com",
		`CONTOSO\a@b,c`, "CONTOSO\\a\x00b", "m\xfcller@contoso.com", "Mozilla/4.0 (compatible)", `x\` + strings.Repeat("a", 600), "https://x@y"} {
		if got, err := ParseAccount(in); err == nil {
			t.Errorf("%q is taken for %q", in, got)
		}
	}
}

func TestParseIdentityTellsAccountsFromAddresses(t *testing.T) {
	for in, want := range map[string]string{
		`CONTOSO\alice`: `account:contoso\alice`, "account:alice@contoso.com": "account:alice@contoso.com",
		"sip:Alice@contoso.com": "alice@contoso.com", "alice@contoso.com": "alice@contoso.com", "+14255550100": "+14255550100",
	} {
		if got, err := ParseIdentity(in); err != nil || got != want {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	domain, name := CutAccount(`account:contoso\alice`)
	if _, upn := CutAccount("account:alice@contoso.com"); domain != "contoso" || name != "alice" || upn != "alice@contoso.com" {
		t.Error(domain, name, upn)
	}
}
