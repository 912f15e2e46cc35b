package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash"
	"runtime"
)

// unsealed are the keys of a report that depend on where and when it was made,
// and by which tools the facts were exported: the digest leaves them out.
var unsealed = []string{"run", "absent", "imports", "evidence", "digest", "chain", "exit_codes"}

// Seal sets the hash over the subjects and the digest over the report: equal
// facts, policy, licences, estate and as-of date give equal digests.
func Seal(r *Report, subjects []Subject) {
	h := sha256.New()
	const together = 512 // subjects that are encoded at once
	lines := make([]chan []byte, (len(subjects)+together-1)/together)
	for i := range lines {
		lines[i] = make(chan []byte, 1)
	}
	next, free := make(chan int), make(chan []byte, 8)
	for range max(1, min(runtime.NumCPU(), 8)) {
		go func() {
			for i := range next {
				var room []byte
				select {
				case room = <-free:
				default:
				}
				lines[i] <- jsonLines(room[:0], subjects[i*together:min((i+1)*together, len(subjects))])
			}
		}()
	}
	go func() {
		defer close(next)
		for i := range lines {
			next <- i
		}
	}()
	for i := range lines {
		text := <-lines[i]
		h.Write(text)
		select {
		case free <- text:
		default:
		}
	}
	r.Subjects = sum(h)
	r.Digest = "sha256:" + hashOf(r, unsealed...)
}

// jsonLines appends one line for each subject; its keys have a fixed order.
func jsonLines(dst []byte, subjects []Subject) []byte {
	for i := range subjects {
		dst = AppendSubject(dst, &subjects[i])
	}
	return dst
}

// Chain is the value that ties a run to the one before it ("" for the first).
// It covers the whole report, what the digest leaves out as well.
func Chain(prev string, r *Report) string {
	h := sha256.New()
	h.Write([]byte(prev + "\n" + hashOf(r, "chain") + "\n"))
	return "sha256:" + sum(h)
}

// hashOf hashes the report's JSON with sorted keys, without space and without
// some of its keys.
func hashOf(r *Report, without ...string) string {
	text, err := json.Marshal(r)
	var keys map[string]any
	if err == nil {
		err = json.Unmarshal(text, &keys)
	}
	if err == nil {
		for _, k := range without {
			delete(keys, k)
		}
		text, err = json.Marshal(keys) // maps are written with sorted keys
	}
	if err != nil {
		panic(err) // reports hold text and numbers only
	}
	h := sha256.New()
	h.Write(text)
	return sum(h)
}

func sum(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }
