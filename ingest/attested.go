package ingest

import (
	"context"
	"slices"
	"strings"
	"time"
)

// attester collects what one file attests: activities of single parties, each
// with a key of its own (see AttestedRecord).
type attester struct {
	ctx   context.Context
	index int
	emit  Emit
	names *Names
	b     *Batch
	users map[string]userText // text as written -> canonical, as most repeat
	limit time.Time
}

func newAttester(ctx context.Context, index int, names *Names, env *Env, emit Emit) *attester {
	a := &attester{ctx: ctx, index: index, emit: emit, names: names, users: map[string]userText{}, limit: env.Now.Add(24 * time.Hour)}
	a.b = a.fresh()
	return a
}

func (a *attester) fresh() *Batch { return &Batch{File: a.index, Skipped: map[string]int{}} }

func (a *attester) say(note string) { a.b.Notes = append(a.b.Notes, note) }

func (a *attester) sayOnce(note string) {
	if !slices.Contains(a.b.Notes, note) { // the store drops those of other batches
		a.say(note)
	}
}

func (a *attester) skip(why string) { a.b.Skipped[why]++ }

// reject takes a row that cannot be read.
func (a *attester) reject(line int, err error, raw []byte) {
	what := err.Error()
	if !strings.Contains(what, "; ") {
		what += "; " + mendOrExport
	}
	if untoldOrder(err) {
		a.b.Unresolved++
	}
	a.b.Rejects = append(a.b.Rejects, Reject{Line: line, What: what, Raw: EscapeRaw(raw)})
}

// user canonicalises the address in a column; "" is nobody.
func (a *attester) user(column string, raw []byte) (string, error) {
	if len(raw) == 0 {
		return "", nil
	}
	u, ok := a.users[string(raw)]
	if !ok {
		text := string(raw)
		if err := readable(column, address(text), mendRow); err != nil {
			return "", err // not to be remembered: it names the column
		}
		u.id, u.err = ParseUser(text)
		if len(a.users) < 1<<20 { // a bound on memory, not on correctness
			a.users[text] = u
		}
	}
	return u.id, u.err
}

// text reads a column that is kept as it stands.
func (a *attester) text(column string, raw []byte) (string, error) {
	text := string(raw)
	return text, readable(column, text, mendRow)
}

// inFuture refuses what lies later than the moment of import and a day.
func (a *attester) inFuture(at time.Time) error {
	if at.After(a.limit) {
		return told("the time %s lies in the future; check the clock of the exporting system", at.Format(time.RFC3339))
	}
	return nil
}

// add takes a record; key is what the source calls the use.
func (a *attester) add(r Record, at time.Time, key ...string) {
	r.Kind, r.At = AttestedRecord, at.UnixMilli()
	r.Key = r.At
	r.Seq, r.Sub = keyHash(key...)
	a.b.Records = append(a.b.Records, r)
}

// flush emits the batch when it is full, and at the end.
func (a *attester) flush(end bool) error {
	if !end && len(a.b.Records)+len(a.b.Rejects) < plainBatch {
		return nil
	}
	if err := a.ctx.Err(); err != nil {
		return err
	}
	b := a.b
	b.Names, a.b = a.names.Fresh(), a.fresh()
	return a.emit(b)
}
