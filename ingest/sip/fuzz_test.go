package sip

import (
	"bytes"
	"testing"
)

// FuzzParse: no panic, headers lie within their bound and hold no line end, a
// message with LF says the same as with CRLF, and what was read is read again
// from what the writer of the tests makes of it.
func FuzzParse(f *testing.F) {
	_, messages := torture(f)
	for _, m := range messages {
		f.Add(m)
	}
	for _, s := range []string{
		"REGISTER sip:contoso.com SIP/2.0\nf: <sip:a@b>;tag=1;epid=2\nt: sip:a@b\n\n",
		"SIP/2.0 200 OK\n From: \"x\n  y\" <sip:a@b\n To: *\n",
		"\r\r\nSIP/2.0 200\n:\nx:y\n z",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) > 1<<16 {
			return
		}
		var m Message
		if m.Parse(in) != nil {
			return
		}
		if (m.Status == 0) == (len(m.Method) == 0) || m.Status == 0 && len(m.URI) == 0 || len(m.Headers) > MaxHeaders {
			t.Fatalf("%q %q %d, %d headers", m.Method, m.URI, m.Status, len(m.Headers))
		}
		for _, h := range m.Headers {
			if bytes.ContainsAny(h.Name, " \t\r\n:") || bytes.IndexByte(h.Value, '\n') >= 0 {
				t.Fatalf("header %q: %q", h.Name, h.Value)
			}
			v := h.Value
			for n := 0; ; n++ {
				a, rest, ok := NextAddress(v)
				if !ok {
					break
				}
				if n > len(h.Value) {
					t.Fatalf("no end of addresses in %q", h.Value)
				}
				Param(a.Params, "tag")
				ParseURI(a.URI)
				v = rest
			}
		}
		body := len(m.Body)
		before := shown(&m)
		unix := bytes.ReplaceAll(in[:len(in)-body], []byte("\r\n"), []byte("\n"))
		var again Message
		if err := again.Parse(append(unix, in[len(in)-body:]...)); err != nil || shown(&again) != before {
			t.Fatalf("with LF: %v\n%s\n%s", err, shown(&again), before)
		}
		m.Whole = true
		before = shown(&m)
		if err := again.Parse(write(&m, "\r\n", false)); err != nil || shown(&again) != before {
			t.Fatalf("written and read: %v\n%s\n%s", err, shown(&again), before)
		}
	})
}
