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
		{"a password in an address", fields, `2009-03-02 /cwa/ - - - - http://alice:hunter2@fe1.contoso.com/ - 200`, `2009-03-02 /cwa/ - - - - http://alice:(removed)@fe1.contoso.com/ - 200`},
		{"quoted values", fields, `2009-03-02 /cwa/ - - "A ""b"" c" "x=hunter2; y=hunter2" "http://fe1/ z" "Basic hunter2" 200`,
			`2009-03-02 /cwa/ - - "A ""b"" c" (removed) "http://fe1/ z" (removed) 200`},
		{"a row that is cut", fields, `2009-03-02 /cwa/ - - - cwa=hunter2;+x=hun`, `2009-03-02 /cwa/ - - - (removed)`},
		{"a value too many in front", fields, `2009-03-02 /cwa/ a b=1 - - cwa=hunter2;+x=hunter2 - NTLM+hunter2== 200`, `2009-03-02 /cwa/ a b=(removed) - - cwa=(removed);+x=(removed) - NTLM+(removed) 200`},
		{"a scheme and its value apart", "a b", `x y Bearer hunter2 z`, `x y Bearer (removed) z`},
		{"no columns", "", `cookie: a=hunter2 "Basic hunter2`, `cookie: a=(removed) "Basic (removed)`},
		{"an open quote", "a b", `"x=hunter2 y z`, `"x=(removed) y z`},
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
