package ingest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// readAttested reads content as a format and prints what became of it: facts
// as Compose reads them, skipped rows, rejects and notes.
func readAttested(t testing.TB, f Format, content []byte, loc *time.Location) string {
	t.Helper()
	var records []Record
	var names []Name
	skipped := map[string]int{}
	var rejects, notes []string
	rows := 0
	err := f.Read(context.Background(), []*File{NewFile("in", content)}, &Env{Now: importTime, Location: loc}, func(b *Batch) error {
		rows += b.Rows()
		records, names = append(records, b.Records...), append(names, b.Names...)
		for why, n := range b.Skipped {
			skipped[why] += n
		}
		for _, r := range b.Rejects {
			rejects = append(rejects, fmt.Sprintf("%d: %s (%s)", r.Line, r.What, r.Raw))
		}
		notes = append(notes, b.Notes...)
		return nil
	})
	if err != nil {
		return "refused: " + err.Error() + "\n"
	}
	text := func(id ID) Name {
		if id == 0 {
			return Name{}
		}
		return names[id-1]
	}
	var b strings.Builder
	fmt.Fprintf(&b, "rows: %d\n", rows)
	var facts []string
	for _, f := range Compose(records, text) {
		until := ""
		switch {
		case f.Until == LastsOn:
			until = " on"
		case f.Until != 0:
			until = " until " + time.UnixMilli(f.Until).UTC().Format(time.DateTime)
		}
		var more []string
		for _, x := range []struct{ name, text string }{{"with", text(f.Peer).Text}, {"device", text(f.Device).Text}, {"endpoint", text(f.Endpoint).Text},
			{"client", text(f.Client).Text}, {"server", text(f.Server).Text}, {"class", f.Class.String()}, {"media", f.Media.String()}, {"role", f.Role.String()}} {
			if x.text != "" {
				more = append(more, x.name+"="+x.text)
			}
		}
		if f.Untold {
			more = append(more, "untold")
		}
		facts = append(facts, fmt.Sprintf("%4d %s%s %s %s %s", f.Line, time.UnixMilli(f.At).UTC().Format(time.DateTime), until, text(f.User).Text, f.Activity, strings.Join(more, " ")))
	}
	slices.Sort(facts)
	for _, part := range []struct {
		name  string
		lines []string
	}{{"facts", facts}, {"rejects", rejects}, {"notes", notes}} {
		fmt.Fprintf(&b, "%s:\n", part.name)
		for _, l := range part.lines {
			fmt.Fprintf(&b, "  %s\n", strings.TrimRight(l, " "))
		}
	}
	b.WriteString("skipped:\n")
	var why []string
	for w, n := range skipped {
		why = append(why, fmt.Sprintf("  %d %s\n", n, w))
	}
	slices.Sort(why)
	b.WriteString(strings.Join(why, ""))
	return b.String()
}

// TestAttestedGolden compares every folder of testdata of the formats that
// attest activities row by row; CALAUDIT_UPDATE=1 writes the expectations anew.
func TestAttestedGolden(t *testing.T) {
	for _, f := range []Format{registrationsFormat(), reportFormat()} {
		cases, _ := filepath.Glob(filepath.Join("testdata", f.Name, "*", "in.*"))
		if len(cases) < 3 {
			t.Fatalf("%d cases of %s", len(cases), f.Name)
		}
		for _, in := range cases {
			t.Run(f.Name+"/"+filepath.Base(filepath.Dir(in)), func(t *testing.T) {
				content, err := os.ReadFile(in)
				if err != nil {
					t.Fatal(err)
				}
				if v := f.Sniff(directoryHead(t, content)); !v.Yes {
					t.Errorf("not recognised: %+v", v)
				}
				got := readAttested(t, f, content, time.UTC)
				golden := filepath.Join(filepath.Dir(in), "want.txt")
				if os.Getenv("CALAUDIT_UPDATE") != "" {
					if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(golden)
				if err != nil {
					t.Fatal(err)
				}
				if got != string(want) {
					t.Errorf("got\n%s\nwant\n%s", got, want)
				}
			})
		}
	}
}
