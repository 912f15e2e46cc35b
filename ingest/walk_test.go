package ingest

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const plainSample = "time,activity,user\n2009-03-12 10:00:00,im-login,a@contoso.com\n"

func put(t *testing.T, dir, name string, data []byte) string {
	t.Helper()
	name = filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

func zipped(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, content := range files {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipped(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestFormatsAreRecognisedByContentNeverByName(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "a/users.ldf", []byte(plainSample))
	put(t, dir, "a/notes.txt", []byte("dear diary, nothing happened today\n"))
	put(t, dir, "b/data.csv.gz", gzipped(t, []byte(plainSample)))
	put(t, dir, "b/pile.zip", zipped(t, map[string]string{"../../etc/x.csv": plainSample, "deep/estate.toml": "sip_domains = [\"contoso.com\"]\n"}))
	put(t, dir, "b/licenses.csv", []byte("License,Metric,Version,Quantity\nocs-standard-cal,user,2007,1\n"))
	put(t, dir, "b/empty.csv", nil)
	put(t, dir, "b/image.bin", bytes.Repeat([]byte{0, 1, 2, 0xff}, 1000))
	put(t, dir, "b/other.db", append([]byte("SQLite format 3\x00"), make([]byte, 100)...))
	own := append([]byte("SQLite format 3\x00"), make([]byte, 100)...)
	copy(own[68:], ApplicationID)
	put(t, dir, "b/calaudit.db", own)
	put(t, dir, "b/report.json", []byte("{\n  \"schema\": \"calaudit.report/1\"\n}"))
	put(t, dir, ".hidden/x.csv", []byte(plainSample))
	if err := os.Mkdir(filepath.Join(dir, "nothing"), 0o755); err != nil {
		t.Fatal(err)
	}
	p := Gather([]string{dir, filepath.Join(dir, "a"), filepath.Join(dir, "nothing"), filepath.Join(dir, "missing")})
	rel := func(s string) string { return strings.TrimPrefix(strings.TrimPrefix(s, filepath.ToSlash(dir)), "/") }
	var got []string
	for _, u := range p.Units {
		got = append(got, u.Format.Name+" "+rel(u.Files[0].Path))
	}
	for _, s := range p.Settings {
		got = append(got, s.Kind+" "+rel(s.Path))
	}
	for _, x := range p.Passed {
		got = append(got, fmt.Sprintf("passed %s: %s, own %v", rel(x.Path), x.Why, x.Own))
	}
	for _, e := range p.Errors {
		got = append(got, "error "+rel(e.Error()))
	}
	want := `activity-csv a/users.ldf
activity-csv b/data.csv.gz
activity-csv b/pile.zip!etc/x.csv
licenses b/licenses.csv
estate b/pile.zip!deep/estate.toml
passed .hidden: hidden: its name begins with a dot, own false
passed a/notes.txt: of no known format; see calaudit formats, own false
passed b/calaudit.db: a calaudit database, own true
passed b/empty.csv: the file is empty, own false
passed b/image.bin: binary data of no known format, own false
passed b/other.db: a SQLite database, not an export, own false
passed b/report.json: written by calaudit, own true
passed nothing: the folder is empty, own false
error missing: no such file or folder; check the path`
	if g := strings.Join(got, "\n"); g != want {
		t.Errorf("got\n%s\nwant\n%s", g, want)
	}
}

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) { return len(p), nil }

func TestEveryFormatsSampleIsReadByItsOwnReader(t *testing.T) {
	for _, f := range Formats() {
		t.Run(f.Name, func(t *testing.T) {
			files := []*File{NewFile("sample/"+f.Name, []byte(f.Sample))}
			if f.Facts != nil { // a set of tables
				files = sampleSet(f.Sample)
			}
			rows := 0
			for _, file := range files {
				h, err := file.Head()
				if err != nil {
					t.Fatal(err)
				}
				v := f.Sniff(h)
				if !v.Yes {
					t.Fatalf("%s is not recognised: %+v", file.Path, v)
				}
				file.Part = v.Part
			}
			err := f.Read(t.Context(), files, &Env{Now: importTime, Location: importTime.Location()}, func(b *Batch) error {
				rows += b.Rows()
				for _, r := range b.Rejects {
					t.Errorf("line %d: %s", r.Line, r.What)
				}
				return nil
			})
			if err != nil || rows == 0 {
				t.Errorf("%d rows, %v", rows, err)
			}
			if f.About == "" || f.Basis == "" || len(f.Fields) == 0 {
				t.Error("the format is not documented")
			}
		})
	}
}

// sampleSet cuts a sample of several files: a line "Name.csv:" begins each.
func sampleSet(s string) (files []*File) {
	var name string
	var content strings.Builder
	flush := func() {
		if name != "" {
			files = append(files, NewFile("sample/"+name, []byte(content.String())))
		}
		content.Reset()
	}
	for line := range strings.Lines(s) {
		if n, ok := strings.CutSuffix(strings.TrimSpace(line), ".csv:"); ok {
			flush()
			name = n + ".csv"
			continue
		}
		content.WriteString(line)
	}
	flush()
	return files
}

// Traces of all folders are one unit: the servers that a message passes have a
// folder each. What cannot be read as a whole can be cut up again.
func TestTracesOfAllFoldersAreOneUnitThatCanBeCut(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"fe1/a.txt", "fe1/b.txt", "edge1/a.txt"} {
		put(t, dir, name, []byte(ocsTraceSample))
	}
	for _, name := range []string{"fe1/Users.csv", "edge1/Users.csv"} {
		put(t, dir, name, []byte("UserId,UserUri\n1,alice@contoso.com\n"))
	}
	var traces, sets int
	for _, u := range Gather([]string{dir}).Units {
		if u.Format.Name != ocsTraceName {
			if sets++; u.Split() != nil || len(u.Files) != 1 {
				t.Errorf("%s: %d files, %d parts", u.Format.Name, len(u.Files), len(u.Split()))
			}
			continue
		}
		traces++
		parts := u.Split()
		if len(u.Files) != 3 || len(parts) != 2 || len(parts[0].Files)+len(parts[1].Files) != 3 || parts[1].Format != u.Format || parts[0].Split() != nil {
			t.Errorf("%d files in parts %+v", len(u.Files), parts)
		}
	}
	if traces != 1 || sets != 2 {
		t.Errorf("%d units of traces, %d of tables", traces, sets)
	}
}
