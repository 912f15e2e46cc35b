package ingest

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestAFileThatIsStillBeingWrittenIsLeftForTheNextRun(t *testing.T) {
	now := time.Date(2009, 4, 1, 2, 0, 0, 0, time.UTC)
	dir := t.TempDir()
	cut := plainSample + "2009-03-02 09:30:00,im-lo"
	at := func(name string, content []byte, age time.Duration) {
		if err := os.Chtimes(put(t, dir, name, content), now, now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	packed := gzipped(t, []byte(plainSample))
	stored := member(t, "a.csv", plainSample, 0)
	at("fresh.csv", []byte(cut), 59*time.Second)
	at("wide.csv", utf16LE(cut), 0)
	at("old.csv", []byte(cut), time.Minute)
	at("ahead.csv", []byte(cut), -time.Second)
	at("whole.csv", []byte(plainSample), 0)
	at("whole-wide.csv", utf16LE(plainSample), 0)
	at("estate.toml", []byte("sip_domains = [\"contoso.com\"]"), 0)
	at("letter.txt", []byte("dear diary"), 0)
	at("fresh.csv.gz", packed[:len(packed)-9], 0)
	at("old.csv.gz", packed[:len(packed)-9], time.Hour)
	at("fresh.zip", stored[:len(stored)-30], 0)
	at("old.zip", stored[:len(stored)-30], time.Hour)
	const why = ": still being written: it ends inside a line and was written to less than a minute ago; left for the next run"
	want := []string{"old.csv: activity-csv", "ahead.csv: activity-csv", "whole.csv: activity-csv", "whole-wide.csv: activity-csv",
		"estate.toml: estate", "letter.txt: of no known format; see calaudit formats",
		"error old.csv.gz: the file is cut short; copy it again", "error old.zip: cut short or damaged; copy the archive again"}
	wantPile(t, Options{}.Gather(now, []string{dir}), dir, append(want, "fresh.csv"+why, "wide.csv"+why,
		"fresh.csv.gz: still being written: it is cut short and was written to less than a minute ago; left for the next run",
		"fresh.zip: still being written: the archive has no end and was written to less than a minute ago; left for the next run")...)
	// A minute later all of them are taken as they are.
	wantPile(t, Options{}.Gather(now.Add(time.Minute), []string{filepath.Join(dir, "fresh.csv")}), dir, "fresh.csv: activity-csv")
	wantPile(t, Gather([]string{filepath.Join(dir, "fresh.csv")}), dir, "fresh.csv: activity-csv")
}

func TestMembersOfOneNameAreNotGuessedAmong(t *testing.T) {
	dir := t.TempDir()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range []string{"a.csv", "../a.csv", "/a.csv", "x/../b.csv", "..\\..\\c.csv", "d/e.csv", "d\\e.csv", "d//f.csv"} {
		f, err := w.Create(name)
		if err == nil {
			_, err = f.Write([]byte(plainSample))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	p := Gather([]string{put(t, dir, "x.zip", b.Bytes())})
	wantPile(t, p, dir, "x.zip!b.csv: activity-csv", "x.zip!c.csv: activity-csv", "x.zip!d/f.csv: activity-csv",
		"error x.zip!a.csv: 3 members of the archive have this name, none is read; unpack it and give the files",
		"error x.zip!d/e.csv: 2 members of the archive have this name, none is read; unpack it and give the files")
	for _, u := range p.Units {
		f, err := OpenSource(u.Files[0].Path)
		if err != nil {
			t.Fatal(err)
		}
		if h, err := f.Head(); err != nil || string(h.Text) != plainSample {
			t.Errorf("%s: %v", f.Path, err)
		}
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(dir), "a.csv")); err == nil {
		t.Error("a member was written outside")
	}
}
