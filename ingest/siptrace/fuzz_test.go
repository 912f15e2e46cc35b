package siptrace

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

// FuzzRead: whatever the text, in every shape: no panic; the records are whole
// lines in order that leave out blank lines alone; how the bytes arrive does not
// matter; and a record behind any damage is found.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		ocsPrefix + "$$begin_record\r\nStart-Line: ACK sip:b SIP/2.0\r\nTo: x\r\nMessage-Body: -\r\n$$end_record\r\n\r\n" + ocsOther,
		strings.Replace(ocsPrefix, " (SIP", "\n(SIP", 1) + "$$begin_record\nLogType: diagnostic\n" + ocsOther + ocsPrefix + "\nLogType: x\n$$end_record\ny",
		ucPrefix + "Sending Packet - x\n" + ucPrefix + "ACK sip:b SIP/2.0\nTo: x\n\nv=0\n" + ucPrefix + "End of Sending Packet\n",
		"(08:01:00) sipe: x\n" + sipeMarkA + "MESSAGE sip:b SIP/2.0\nTo: x\n\nMESSAGE \n" + sipeMarkB + "x\n",
		"ACK sip:b SIP/2.0\nContent-Type: message/sipfrag\n\nSIP/2.0 200 OK\nSIP/2.0 200 OK\nVia: SIP/2.0/TLS\n",
	} {
		f.Add([]byte(s))
	}
	tail := map[*Shape]string{
		OCSLogger: ocsPrefix + "$$begin_record\nStart-Line: LAST sip:b SIP/2.0\n$$end_record\n",
		UCCAPI:    ucPrefix + "Data Received - x\n" + ucPrefix + "LAST sip:b SIP/2.0\n",
		SIPE:      sipeMarkA + "LAST sip:b SIP/2.0\n" + sipeMarkB,
		Bare:      "LAST sip:b SIP/2.0\n",
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) > 1<<16 {
			return
		}
		for name, shape := range shapes {
			r := NewReader(bytes.NewReader(in), shape)
			var all []string
			line, rest := 1, in
			for {
				rec, err := r.Read()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				i := bytes.Index(rest, rec.Text)
				if i < 0 || !blankLine(rest[:i]) || rec.Line != line+bytes.Count(rest[:i], newline) {
					t.Fatalf("%s: record %q at line %d, want what is behind line %d", name, rec.Text, rec.Line, line)
				}
				line = rec.Line + bytes.Count(rec.Text, newline)
				rest = rest[i+len(rec.Text):]
				if p := rec.Public(); !bytes.Equal(Redact(p), p) {
					t.Fatalf("%s: %q is public, and yet to be redacted", name, p)
				}
				all = append(all, show(rec))
			}
			if !blankLine(rest) {
				t.Fatalf("%s: %q is in no record", name, rest)
			}
			cut := len(in) / 2
			slow := got(t, shape, io.MultiReader(bytes.NewReader(in[:cut]), bytes.NewReader(in[cut:])))
			if strings.Join(slow, "\n") != strings.Join(all, "\n") {
				t.Fatalf("%s: in one piece\n%s\nin two\n%s", name, strings.Join(all, "\n"), strings.Join(slow, "\n"))
			}
			near := NewReader(bytes.NewReader(in), shape)
			near.look = 8
			if short := records(t, near); !slices.Equal(short, all) {
				t.Fatalf("%s: in one piece\n%s\nlooked at bit by bit\n%s", name, strings.Join(all, "\n"), strings.Join(short, "\n"))
			}
			last := got(t, shape, strings.NewReader(string(in)+"\n\n"+tail[shape]))
			if !strings.Contains(last[len(last)-1], "LAST sip:b") {
				t.Fatalf("%s: the record behind was not found: %s", name, last[len(last)-1])
			}
		}
	})
}
