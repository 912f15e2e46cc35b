package ingest

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// golden calls test for each file in.* in the folders of testdata/name, of which
// there are at least so many, and compares what it returns with the file want
// beside it; CALAUDIT_UPDATE=1 writes the expectations anew.
func golden(t *testing.T, name string, least int, want string, test func(t *testing.T, content []byte) string) {
	t.Helper()
	cases, _ := filepath.Glob(filepath.Join("testdata", name, "*", "in.*"))
	if len(cases) < least {
		t.Fatalf("%d cases of %s", len(cases), name)
	}
	for _, in := range cases {
		t.Run(name+"/"+filepath.Base(filepath.Dir(in)), func(t *testing.T) {
			content, err := os.ReadFile(in)
			if err != nil {
				t.Fatal(err)
			}
			sameAsFile(t, filepath.Join(filepath.Dir(in), want), test(t, content))
		})
	}
}

func sameAsFile(t *testing.T, name, got string) {
	t.Helper()
	if os.Getenv("CALAUDIT_UPDATE") != "" {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// asJSON is a value as golden files have it.
func asJSON(t *testing.T, v any) string {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
