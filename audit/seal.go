package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// unsealed are the keys of a report that depend on where and when it was made.
var unsealed = []string{"run", "imports", "evidence", "digest", "chain", "exit_codes"}

// Seal sets the hash over the subjects and the digest over the report: equal
// facts, policy, licences, estate and as-of date give equal digests.
func Seal(r *Report, subjects []Subject) {
	r.Subjects = hash(canonical(subjects))
	r.Digest = "sha256:" + hash(canonicalReport(r))
}

// Chain is the value that ties a run to the one before it ("" for the first).
func Chain(prev string, r *Report) string {
	return "sha256:" + hash([]byte(prev+"\n"+r.Digest+"\n"))
}

func canonicalReport(r *Report) []byte {
	var keys map[string]any
	if err := json.Unmarshal(canonical(r), &keys); err != nil {
		panic(err) // it was written one line above
	}
	for _, k := range unsealed {
		delete(keys, k)
	}
	return canonical(keys)
}

// canonical is JSON without space and with sorted keys.
func canonical(v any) []byte {
	text, err := json.Marshal(v)
	if err == nil {
		var any any
		if err = json.Unmarshal(text, &any); err == nil {
			text, err = json.Marshal(any) // maps are written with sorted keys
		}
	}
	if err != nil {
		panic(err) // reports hold text and numbers only
	}
	return text
}

func hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
