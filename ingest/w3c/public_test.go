package w3c

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

func TestNoCredentialOfARowIsPublic(t *testing.T) {
	const fields = "date cs-uri-stem cs-uri-query cs-username cs(User-Agent) cs(Cookie) cs(Referer) cs(Authorization) sc-status"
	for _, c := range []struct{ name, fields, in, want string }{
		{"nothing to take out", fields, `2009-03-02 /cwa/ a=1&b=2 CONTOSO\alice Mozilla/4.0+(rv=5) - http://fe1.contoso.com/cwa?x=1 - 200`,
			`2009-03-02 /cwa/ a=1&b=2 CONTOSO\alice Mozilla/4.0+(rv=5) - http://fe1.contoso.com/cwa?x=1 - 200`},
		{"columns", fields, `2009-03-02 /cwa/ - - - cwa=hunter2;+x=hunter2 - NTLM+hunter2== 200`, `2009-03-02 /cwa/ - - - (removed) - (removed) 200`},
		{"parameters", fields, `2009-03-02 /cwa/ a=1&access_token=hunter2&Ticket=hunter2;PWD=hunter2 - - - https://fe1.contoso.com/?SessionId=hunter2&y=2 - 200`,
			`2009-03-02 /cwa/ a=1&access_token=(removed)&Ticket=(removed);PWD=(removed) - - - https://fe1.contoso.com/?SessionId=(removed)&y=2 - 200`},
		{"names with escapes", fields, `2009-03-02 /cwa/ %70assword=hunter2&a%2Ftok%65n=hunter2;%2570wd=hunter2&%%370wd=hunter2 - - - http://fe1/?tick%65t=hunter2 - 200`,
			`2009-03-02 /cwa/ %70assword=(removed)&a%2Ftok%65n=(removed);%2570wd=(removed)&%%370wd=(removed) - - - http://fe1/?tick%65t=(removed) - 200`},
		{"an address as a value", fields, `2009-03-02 /cwa/ url=https://fe1/?ticket=hunter2&url=https%3A%2F%2Ffe1%2F%3Fa=1%26ticket%3Dhunter2&url=https%3a//alice%3ahunter2%40fe1/&url=https%3A%2F%2Ffe1%2F%3Fa%3D1 - - - - - 200`,
			`2009-03-02 /cwa/ url=https://fe1/?ticket=(removed)&url=https%3A%2F%2Ffe1%2F%3Fa=(removed)&url=(removed)&url=https%3A%2F%2Ffe1%2F%3Fa%3D1 - - - - - 200`},
		{"a parameter all in escapes", fields, `2009-03-02 /cwa/a%3Fpwd%3Dhunter2 pwd%3dhunter2=1&pwd%3dhunter2?b=2 Basic%20hunter2 - - - - 200`,
			`2009-03-02 (removed) (removed)&(removed) (removed) - - - - 200`},
		{"what is no escape", fields, `2009-03-02 /100%/ a%zz=1&b=%3 - - - - - 200`, `2009-03-02 /100%/ a%zz=1&b=%3 - - - - - 200`},
		{"a password in an address", fields, `2009-03-02 /cwa/ - - - - http://alice:hunter2@fe1.contoso.com/ - 200`, `2009-03-02 /cwa/ - - - - http://alice:(removed)@fe1.contoso.com/ - 200`},
		{"passwords in two addresses", fields, `2009-03-02 /cwa/ a=http://fe1/&b=http://alice:hunter2@fe1/&c=http://bob@fe1/&d=http://carol:hunter2@fe1/ - - - - - 200`,
			`2009-03-02 /cwa/ a=http://fe1/&b=http://alice:(removed)@fe1/&c=http://bob@fe1/&d=http://carol:(removed)@fe1/ - - - - - 200`},
		{"quoted values", fields, `2009-03-02 /cwa/ - - "A ""b"" c" "x=hunter2; y=hunter2" "http://fe1/ z" "Basic hunter2" 200`,
			`2009-03-02 /cwa/ - - "A ""b"" c" (removed) "http://fe1/ z" (removed) 200`},
		{"a row that is cut", fields, `2009-03-02 /cwa/ - - - cwa=hunter2;+x=hun`, `2009-03-02 /cwa/ - - - (removed)`},
		{"a value too many in front", fields, `2009-03-02 /cwa/ a b=1 - - cwa=hunter2;+x=hunter2 - NTLM+hunter2== 200`, `2009-03-02 /cwa/ a b=(removed) - - cwa=(removed);+x=(removed) - NTLM+(removed) 200`},
		{"a scheme and its value apart", "a b", `x y Bearer hunter2 z`, `x y Bearer (removed) z`},
		{"no columns", "", `cookie: a=hunter2 "Basic hunter2`, `cookie: a=(removed) "Basic (removed)`},
		{"an open quote", "a b", `"x=hunter2 y z`, `"x=(removed) y z`},
		{"a row with an escape that is cut", fields, `2009-03-02 /cwa/ %70assword=hunter2&%6`, `2009-03-02 /cwa/ %70assword=(removed)&%6`},
		{"nothing", fields, "", ""},
	} {
		in := []byte(c.in)
		got := string(Redact(strings.Fields(c.fields), in))
		if got != c.want || string(in) != c.in {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

func TestARejectedRowIsPublic(t *testing.T) {
	long := strings.Repeat("x", MaxLine)
	r := NewReader(strings.NewReader("a cookie=hunter2\n#Fields: a cs(Cookie) b\nx hunter2 y\nx hunter2 " + long + "\n"))
	for _, want := range []string{"a cookie=(removed)", "x (removed) y", "x (removed) xxx"} {
		err := r.Read()
		text := r.Public()
		if bad, ok := err.(*RowError); ok {
			text = bad.Raw
		} else if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(text, []byte(want)) || len(text) > maxRaw {
			t.Errorf("%.300q, want %q", text, want)
		}
	}
	if err := r.Read(); err != io.EOF {
		t.Error(err)
	}
}

// A row may be a million bytes of addresses: it is not copied for each.
func TestPasswordsOfManyAddressesAreTakenOutInOneCopy(t *testing.T) {
	const addresses = 1000
	row := []byte(strings.Repeat("://a:b@", addresses))
	allocs := testing.AllocsPerRun(1, func() {
		if got := bytes.Count(Redact(nil, row), []byte("://a:"+Removed+"@")); got != addresses {
			t.Errorf("%d of %d taken out", got, addresses)
		}
	})
	if allocs > addresses/10 {
		t.Errorf("%.0f allocations for %d addresses", allocs, addresses)
	}
}
