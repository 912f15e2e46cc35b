package ingest

import (
	"fmt"
	"testing"
)

// FuzzQoESet reads a set of whatever files: nothing may panic, every row must
// be accounted for, and every record must compose.
func FuzzQoESet(f *testing.F) {
	users := quality["User.csv"]
	f.Add(users, qoeSessionHead+qoeRow("1", "2", "0", "1,1,,,1,4,1,4,1,4"), quality["Conference.csv"])
	f.Add(users, qoeSessionHead+qoeRow("1", "1", "1", "1,1,1,,5,5,1,3,1,3"), qoeLineHead+"2009-03-02 09:05:10.123,1,0,00-AA-00-00-00-01,0,2,True\n")
	f.Add(quality["UserAgent.csv"], quality["Endpoint.csv"], quality["MacAddress.csv"])
	f.Add("ConferenceDateTime,ConferenceURI,CallerURI,CalleeURI,CallerUserAgent,CallerUserAgentType,CalleePAI\n2009-03-02 09:05:10.123,sip:b@c;gruu;opaque=app:conf:x:id:,a@b,+1555,OC/1,4,tel:+1\n",
		qoeDialogHead+"2009-03-02 09:05:10.123,1,0x613B62,5\n", string(utf16LE(qoeSessionHead)))
	f.Fuzz(func(t *testing.T, a, b, c string) {
		var files []*File
		for i, text := range []string{a, b, c} {
			file := NewFile(fmt.Sprintf("%d.csv", i), []byte(text))
			h, err := file.Head()
			if err != nil {
				t.Fatal(err)
			}
			if sniffQoE(h).Yes {
				files = append(files, file)
			}
		}
		set, err := readSetOf(qoeMetrics, files)
		if err != nil {
			if _, refused := err.(*Refusal); !refused {
				t.Fatal(err)
			}
			return
		}
		if want := countRows(t, files); set.rows != want {
			t.Fatalf("%d rows accounted for, the files have %d", set.rows, want)
		}
		for _, r := range set.records {
			if !r.Kind.Quality() || r.Line < 2 || r.Key < earliest.UnixMilli() || r.Seq == 0 || int(max(r.From.User, r.To.User, r.From.Device, r.Server)) > len(set.names) {
				t.Fatalf("%+v", r)
			}
		}
		set.facts()
	})
}
