package report

import (
	"encoding/json"
	"io"
)

// writeJSON writes the typed value. Text stays as it is, escaped only as far as
// JSON asks for it; invalid UTF-8 becomes U+FFFD.
func writeJSON(w io.Writer, d Document, _ Options) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(d.Value)
}

// list makes an empty list of a nil one, so that JSON says [] and never null.
func list[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}
