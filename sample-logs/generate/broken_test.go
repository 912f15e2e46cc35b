package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The checked-in folder must be what the program writes; README.md is written
// by hand. Compressed files are compared by content: the compressor's bytes
// may change between releases of Go.
func TestCheckedInBrokenExports(t *testing.T) {
	want, err := brokenFiles()
	if err != nil {
		t.Fatal(err)
	}
	const dir, hint = "../broken", "go run ./sample-logs/generate -broken sample-logs/broken"
	total := 0
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		got, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		total += len(got)
		rel, _ := filepath.Rel(dir, path)
		name := filepath.ToSlash(rel)
		if name == "README.md" {
			return nil
		}
		content, known := want[name]
		delete(want, name)
		switch {
		case !known:
			t.Errorf("%s is not of the generator", name)
		case strings.HasPrefix(name, "long-line/") && strings.HasSuffix(name, ".gz"):
			if !bytes.Equal(unpacked(t, got), unpacked(t, content)) {
				t.Errorf("%s holds something else; %s", name, hint)
			}
		case !bytes.Equal(got, content):
			t.Errorf("%s differs; %s", name, hint)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range want {
		t.Errorf("%s is missing; %s", name, hint)
	}
	if total > 1<<20 {
		t.Errorf("%d bytes are checked in, more than a megabyte", total)
	}
}

func unpacked(t *testing.T, b []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestBrokenExportsAreTheSameEachTime(t *testing.T) {
	a, err := brokenFiles()
	if err != nil {
		t.Fatal(err)
	}
	b, err := brokenFiles()
	if err != nil {
		t.Fatal(err)
	}
	for name := range a {
		if !bytes.Equal(a[name], b[name]) {
			t.Errorf("%s differs from run to run", name)
		}
	}
}

// Every folder has its line in the table of README.md, and the other way.
func TestBrokenFoldersAreListed(t *testing.T) {
	text, err := os.ReadFile("../broken/README.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := brokenFiles()
	if err != nil {
		t.Fatal(err)
	}
	folders := map[string]bool{}
	for name := range files {
		folder, _, _ := strings.Cut(name, "/")
		folders[folder] = true
	}
	for folder := range folders {
		if !bytes.Contains(text, []byte("\n| `"+folder+"` |")) {
			t.Errorf("README.md has no line for %s", folder)
		}
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "| `"); ok {
			folder, _, _ := strings.Cut(rest, "`")
			if !folders[folder] {
				t.Errorf("README.md speaks of %s, which is not there", folder)
			}
		}
	}
}
