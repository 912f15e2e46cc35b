package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"calaudit/audit"
)

// runDigest audits paths into a new database.
func runDigest(t *testing.T, paths ...string) audit.Report {
	t.Helper()
	var r audit.Report
	db := filepath.Join(t.TempDir(), "a.db")
	calauditJSON(t, exitShortfall, &r, append([]string{"run", "--db", db}, paths...)...)
	if status, out, _ := calaudit(t, "check", "--db", db); status != 0 {
		t.Fatalf("check: %s", out)
	}
	return r
}

// inputs lists the evidence files of a company, without settings and truth.
func inputs(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "truth.json" || d.Name() == "truth-qoe.json" {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		files[filepath.ToSlash(rel)] = data
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func write(t *testing.T, dir, name string, data []byte) {
	t.Helper()
	name = filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestTheSameFilesAgainStoreNothingAndGiveTheSameDigest(t *testing.T) {
	dir := filepath.Join(repo, "sample-logs", "contoso")
	db := filepath.Join(t.TempDir(), "a.db")
	var one, two audit.Report
	calauditJSON(t, exitShortfall, &one, "run", dir, "--db", db)
	calauditJSON(t, exitShortfall, &two, "run", dir, "--db", db)
	if two.Imports.Stored != 0 || two.Imports.Read != 0 || two.Imports.FilesUnchanged != one.Imports.Files {
		t.Errorf("the second run took in %+v after %+v", two.Imports, one.Imports)
	}
	if one.Digest != two.Digest {
		t.Errorf("digest %s, then %s", one.Digest, two.Digest)
	}
	if one.Chain == two.Chain {
		t.Error("the chain does not move on")
	}
}

func TestNamesOfFilesAndTheirOrderDoNotMatter(t *testing.T) {
	dir := filepath.Join(repo, "sample-logs", "contoso")
	want := runDigest(t, dir).Digest
	other := t.TempDir()
	i := 0
	for name, data := range inputs(t, dir) {
		i++
		folder := filepath.Dir(name)
		if folder == "." {
			folder = "settings"
		}
		write(t, other, fmt.Sprintf("%s/f%d.txt", strings.ToUpper(folder), i), data)
	}
	entries, err := os.ReadDir(other)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for i := len(entries) - 1; i >= 0; i-- {
		paths = append(paths, filepath.Join(other, entries[i].Name()))
	}
	if got := runDigest(t, paths...).Digest; got != want {
		t.Errorf("digest %s under other names and in another order, %s before", got, want)
	}
}

// factTables are the tables whose rows a test may spread over folders; every
// folder keeps all lookup tables, since ids mean something in one set only.
var factTables = []string{"SessionDetails", "VoipDetails", "Media", "Conferences", "FocusJoinsAndLeaves", "McuJoinsAndLeaves", "Registration",
	"Dialogs", "Session", "MediaLine", "Dialog"}

func isFact(name string) bool {
	base := strings.TrimSuffix(filepath.Base(name), ".csv")
	for _, f := range factTables {
		if base == f {
			return true
		}
	}
	return strings.HasPrefix(name, "activity/")
}

// TestSplitShuffledAndRepeatedExportsGiveTheSameDigest spreads the rows of every
// table over several folders at random, some rows twice, in random order.
func TestSplitShuffledAndRepeatedExportsGiveTheSameDigest(t *testing.T) {
	t.Run("sample", func(t *testing.T) { splitAndShuffled(t, filepath.Join(repo, "sample-logs", "contoso"), 4) })
	t.Run("quality", func(t *testing.T) { splitAndShuffled(t, generate(t, "-qoe", "-days", "10", "-seed", "6"), 2) })
}

func splitAndShuffled(t *testing.T, dir string, seeds int) {
	want := runDigest(t, dir).Digest
	for seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := rand.New(rand.NewSource(int64(seed)))
			out := t.TempDir()
			parts := 2 + r.Intn(3)
			for name, data := range inputs(t, dir) {
				switch {
				case isFact(name):
					header, rows, _ := bytes.Cut(data, []byte("\n"))
					lines := bytes.SplitAfter(rows, []byte("\n"))
					var files = make([][][]byte, parts)
					for _, line := range lines {
						if len(bytes.TrimSpace(line)) == 0 {
							continue
						}
						line = append(bytes.TrimRight(line, "\r\n"), '\r', '\n')
						k := r.Intn(parts)
						files[k] = append(files[k], line)
						if r.Intn(3) == 0 {
							files[(k+1)%parts] = append(files[(k+1)%parts], line)
						}
					}
					for k, rows := range files {
						r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
						all := append(bytes.TrimRight(header, "\r"), '\r', '\n')
						write(t, out, fmt.Sprintf("part%d/%s", k, name), append(append([]byte{}, all...), bytes.Join(rows, nil)...))
					}
				case strings.HasSuffix(name, ".ldf"):
					records := strings.Split(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n\n")
					files := make([][]string, parts)
					for _, rec := range records {
						if strings.TrimSpace(rec) == "" {
							continue
						}
						k := r.Intn(parts)
						files[k] = append(files[k], strings.Trim(rec, "\n"))
						if r.Intn(3) == 0 {
							files[(k+1)%parts] = append(files[(k+1)%parts], strings.Trim(rec, "\n"))
						}
					}
					for k, recs := range files {
						r.Shuffle(len(recs), func(i, j int) { recs[i], recs[j] = recs[j], recs[i] })
						write(t, out, fmt.Sprintf("part%d/%s", k, name), []byte(strings.Join(recs, "\n\n")+"\n"))
					}
				case strings.Contains(name, "/"):
					for k := range parts {
						write(t, out, fmt.Sprintf("part%d/%s", k, name), data)
					}
				default:
					write(t, out, name, data)
				}
			}
			if got := runDigest(t, out).Digest; got != want {
				t.Errorf("digest %s when split into %d parts, %s whole", got, parts, want)
			}
		})
	}
}
