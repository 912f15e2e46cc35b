package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const repo = "../.."

// rooms says which packages of this repository each package may import: the
// arrows of the architecture, all one way. A package not listed may import none.
var rooms = map[string][]string{
	"cmd/calaudit":      {"store", "store/export", "audit/report", "audit/advise", "audit", "ingest"},
	"store":             {"audit", "ingest", "store/segment", "store/export"},
	"store/export":      {},
	"store/segment":     {"ingest"},
	"audit/report":      {"audit", "audit/advise"},
	"audit/advise":      {"audit", "ingest"},
	"audit":             {"ingest", "audit/mix"}, // vocabulary, canonical ids and Source only: no reading
	"audit/mix":         {},
	"ingest":            {"ingest/text", "ingest/delimited", "ingest/bcp", "ingest/formatlist", "ingest/ldif", "ingest/mls", "ingest/sip", "ingest/siptrace", "ingest/w3c"},
	"ingest/text":       {},
	"ingest/delimited":  {"ingest/text"},
	"ingest/bcp":        {"ingest/text"},
	"ingest/formatlist": {},
	"ingest/ldif":       {},
	"ingest/mls":        {},
	"ingest/sip":        {},
	"ingest/siptrace":   {"ingest/sip"},
	"ingest/w3c":        {"ingest/text"},
}

// banned are outside packages that have one room only.
var banned = map[string]string{
	"database/sql":                       "store",
	"github.com/mattn/go-sqlite3":        "store",
	"github.com/klauspost/compress":      "store",
	"github.com/parquet-go/parquet-go":   "store/export",
	"github.com/spf13/cobra":             "cmd/calaudit",
	"github.com/olekukonko/tablewriter":  "audit/report",
	"github.com/gofrs/flock":             "cmd/calaudit",
	"golang.org/x/term":                  "cmd/calaudit",
	"github.com/pelletier/go-toml/v2":    "audit",
	"github.com/xuri/excelize/v2":        "ingest/mls",
	"golang.org/x/text/encoding/unicode": "ingest/text",
}

func TestPackagesImportOnlyWhatTheArchitectureAllows(t *testing.T) {
	eachGoFile(t, func(path, room string, imports []string) {
		test := strings.HasSuffix(path, "_test.go")
		for _, imp := range imports {
			if own, ok := strings.CutPrefix(imp, "calaudit/"); ok && own != room {
				if strings.HasPrefix(room, "sample-logs") {
					t.Errorf("%s imports %s: the samples import nothing of the auditor", path, imp)
				} else if !slices.Contains(rooms[room], own) && !test {
					t.Errorf("%s imports %s; %s may import %v", path, imp, room, rooms[room])
				}
			}
			for pkg, only := range banned {
				if (imp == pkg || strings.HasPrefix(imp, pkg+"/")) && room != only && !test {
					t.Errorf("%s imports %s, which belongs in %s", path, imp, only)
				}
			}
		}
	})
}

func TestEveryPackageIsARoomOfTheArchitecture(t *testing.T) {
	eachGoFile(t, func(path, room string, _ []string) {
		if _, ok := rooms[room]; !ok && !strings.HasPrefix(room, "sample-logs/") {
			t.Errorf("%s: package %s is in no room of the architecture", path, room)
		}
	})
}

func TestTheTopLevelIsAsAgreed(t *testing.T) {
	entries, err := os.ReadDir(repo)
	if err != nil {
		t.Fatal(err)
	}
	allowed := []string{"cmd", "ingest", "audit", "store", "sample-logs", "go.mod", "go.sum", "README.md", "LICENSE"}
	for _, e := range entries {
		if name := e.Name(); !strings.HasPrefix(name, ".") && !slices.Contains(allowed, name) && !strings.HasPrefix(name, "calaudit.db") && name != "calaudit" {
			t.Errorf("%s does not belong at the top level", name)
		}
	}
}

// eachGoFile calls f with every Go file, its package folder and its imports.
func eachGoFile(t *testing.T, f func(path, room string, imports []string)) {
	t.Helper()
	n := 0
	err := filepath.WalkDir(repo, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != repo && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(repo, filepath.Dir(path))
		if err != nil {
			return err
		}
		var imports []string
		for _, i := range file.Imports {
			p, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			imports = append(imports, p)
		}
		n++
		f(filepath.ToSlash(path), filepath.ToSlash(rel), imports)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n < 20 {
		t.Fatalf("only %d Go files found", n)
	}
}
