package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"calaudit/audit"
	"calaudit/ingest"
	"calaudit/store/segment"
)

// writer takes the batches of one unit into the open transaction.
type writer struct {
	tx             *sql.Tx
	command        int64
	unit           *ingest.Unit
	sig            string
	env            *ingest.Env
	sources        []*source
	files          []fileWriter
	words          *vocabulary
	ids            []uint32 // unit-local id -> number of the name
	pruned         int64    // records of days before this one were pruned and do not come back
	current        int      // file whose rows wait
	waiting        []segment.Row
	least, flushed int64         // least key of the waiting rows, a great one of those flushed
	known          []bool        // by row at hand: it is stored already
	old            []segment.Row // a stored block
	sorter         sorter
	days           map[int64]bool
	stmts          map[string]*sql.Stmt
}

// vocabulary is what a command knows of the dictionary. It is read once, and
// dropped when a unit fails, whose words are not in the database then.
type vocabulary struct {
	names   *words[ingest.Name]
	parties *words[ingest.Party]
	lookups *words[rowHash]
	lasting []bool // by party: signed in without an end it lasts on, see ingest.Compose
}

func loadVocabulary(ctx context.Context, q querier) (*vocabulary, error) {
	v := &vocabulary{names: newNames(), parties: newParties(), lookups: newLookups()}
	err := errors.Join(v.names.load(ctx, q), v.parties.load(ctx, q), v.lookups.load(ctx, q))
	if err != nil {
		return nil, err
	}
	return v, namesThere(v.parties.values, len(v.names.values))
}

// namesThere checks that parties refer to names that are there.
func namesThere(parties []ingest.Party, names int) error {
	for i := range parties {
		p := &parties[i]
		if int(max(p.User, p.Device, p.Endpoint, p.Client)) >= names {
			return fmt.Errorf("party %d: %w", i, segment.ErrDamaged)
		}
	}
	return nil
}

func (v *vocabulary) save(ctx context.Context, tx *sql.Tx) error {
	return errors.Join(v.names.save(ctx, tx), v.parties.save(ctx, tx), v.lookups.save(ctx, tx))
}

// phone tells a party whose open sign-in has no end: a machine with an id of
// its own, or the program of a phone.
func (v *vocabulary) phone(party uint32) bool {
	for n := len(v.lasting); n <= int(party); n++ {
		p := &v.parties.values[n]
		v.lasting = append(v.lasting, p.Device != 0 || p.Client != 0 && ingest.ClientKind(v.names.values[p.Client].Text) == "phone")
	}
	return v.lasting[party]
}

// fileWriter gathers the tally of one file.
type fileWriter struct {
	id          int64 // import row, 0 until begun
	result      FileImport
	product     string
	skips       map[string]int
	unresolved  int
	cut         bool
	records     int // what it added: records, lookup rows, directory entries
	lookups     int
	entries     int
	first, last int64
	dated       bool
	contexts    map[string]*directoryPart
}

// directoryPart is what a file says about one naming context.
type directoryPart struct {
	changed int64
	lastID  int64
	blob    []byte
}

func newWriter(tx *sql.Tx, command int64, u *ingest.Unit, sources []*source, env *ingest.Env, v *vocabulary) *writer {
	w := &writer{tx: tx, command: command, unit: u, env: env, sources: sources, words: v,
		ids: make([]uint32, 1), current: -1, least: math.MaxInt64, flushed: noKey, days: map[int64]bool{}, stmts: map[string]*sql.Stmt{}}
	for _, s := range sources {
		w.files = append(w.files, fileWriter{result: FileImport{Path: s.file.Path, Tally: audit.Tally{Files: 1}},
			skips: map[string]int{}, contexts: map[string]*directoryPart{}})
	}
	return w
}

// stmt prepares a statement once for the transaction.
func (w *writer) stmt(ctx context.Context, query string) (*sql.Stmt, error) {
	if st, ok := w.stmts[query]; ok {
		return st, nil
	}
	st, err := w.tx.PrepareContext(ctx, query)
	if err == nil {
		w.stmts[query] = st
	}
	return st, err
}

// added runs an INSERT OR IGNORE and tells whether a row was added.
func (w *writer) added(ctx context.Context, query string, args ...any) (bool, error) {
	st, err := w.stmt(ctx, query)
	if err != nil {
		return false, err
	}
	res, err := st.ExecContext(ctx, args...)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// begin makes the import row of a file: segments and rejects refer to it.
func (w *writer) begin(ctx context.Context, i int) (*fileWriter, error) {
	f := &w.files[i]
	if f.id != 0 {
		return f, nil
	}
	s := w.sources[i]
	res, err := w.tx.ExecContext(ctx, `INSERT INTO import(command, unit, path, format, part, product, zone, size, sha256, read, stored, duplicate, skipped, rejected, records, lookups, entries, complete, skips, notes, seal)
		VALUES(?,'',?,?,?,'',?,0,'',0,0,0,0,0,0,0,0,0,'{}','[]','')`, w.command, s.file.Path, w.unit.Format.Name, s.file.Part, w.env.Location.String())
	if err != nil {
		return nil, err
	}
	f.id, err = res.LastInsertId()
	return f, err
}

func (w *writer) add(ctx context.Context, b *ingest.Batch) error {
	for _, n := range b.Names {
		w.ids = append(w.ids, w.words.names.id(n))
	}
	if b.File != w.current {
		if err := w.flush(ctx); err != nil {
			return err
		}
		w.current, w.flushed = b.File, noKey
	}
	f, err := w.begin(ctx, b.File)
	if err != nil {
		return err
	}
	t := &f.result.Tally
	t.Read += b.Rows()
	t.Rejected += len(b.Rejects)
	for why, n := range b.Skipped {
		t.Skipped += n
		f.skips[why] += n
	}
	f.unresolved += b.Unresolved
	f.cut = f.cut || b.Cut
	for _, note := range b.Notes {
		if product, ok := strings.CutPrefix(note, "product: "); ok {
			f.product = product
		} else if !slices.Contains(f.result.Notes, note) {
			f.result.Notes = append(f.result.Notes, note)
		}
	}
	if err := w.rejects(ctx, f, b.Rejects); err != nil {
		return err
	}
	w.lookups(f, b.Lookups)
	if err := w.entries(ctx, f, b.Entries); err != nil {
		return err
	}
	w.records(f, b.Records)
	if w.due() {
		return w.flush(ctx)
	}
	return nil
}

func (w *writer) rejects(ctx context.Context, f *fileWriter, rejects []ingest.Reject) error {
	for _, r := range rejects {
		if len(f.result.Rejects) < showRejects {
			f.result.Rejects = append(f.result.Rejects, r)
		}
		if _, err := w.added(ctx, "INSERT INTO reject(import, line, what, raw) VALUES(?,?,?,?)", f.id, r.Line, r.What, r.Raw); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) lookups(f *fileWriter, lookups []ingest.Lookup) {
	for i := range lookups {
		seen := len(w.words.lookups.values)
		added := int(w.words.lookups.id(lookups[i].Hash)) == seen
		f.count(added)
		f.lookups += bit(added)
	}
}

// count tells a row as stored or as seen before.
func (f *fileWriter) count(added bool) {
	if added {
		f.result.Tally.Stored++
	} else {
		f.result.Tally.Duplicate++
	}
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (w *writer) entries(ctx context.Context, f *fileWriter, entries []ingest.Entry) error {
	for i := range entries {
		e := &entries[i]
		data, err := json.Marshal(e)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		added, err := w.added(ctx, "INSERT OR IGNORE INTO entry(sha256, data) VALUES(?,?)", sum[:], string(data))
		if err != nil {
			return err
		}
		f.count(added)
		f.entries += bit(added)
		find, err := w.stmt(ctx, "SELECT id FROM entry WHERE sha256=?")
		if err != nil {
			return err
		}
		var id int64
		if err := find.QueryRowContext(ctx, sum[:]).Scan(&id); err != nil {
			return err
		}
		part := f.contexts[e.Context]
		if part == nil {
			part = &directoryPart{}
			f.contexts[e.Context] = part
		}
		part.changed = max(part.changed, e.Changed)
		part.blob = binary.AppendVarint(part.blob, id-part.lastID)
		part.blob = binary.AppendUvarint(part.blob, uint64(e.Line))
		part.lastID = id
	}
	return nil
}

// finish writes what is left and the tallies.
func (w *writer) finish(ctx context.Context) error {
	if err := w.flush(ctx); err != nil {
		return err
	}
	for i := range w.files {
		f, err := w.begin(ctx, i)
		if err != nil {
			return err
		}
		if err := w.directory(ctx, i, f); err != nil {
			return err
		}
		t := f.result.Tally
		skips, err := json.Marshal(f.skips)
		if err != nil {
			return err
		}
		f.result.Notes = append(f.result.Notes, w.sources[i].file.ReadWith()...)
		notes, err := json.Marshal(append([]string{}, f.result.Notes...))
		if err != nil {
			return err
		}
		var first, last any
		if f.dated {
			first, last = f.first, f.last
		}
		if _, err := w.tx.ExecContext(ctx, `UPDATE import SET unit=?, size=?, sha256=?, product=?, first=?, last=?, read=?, stored=?, duplicate=?, skipped=?, rejected=?,
			records=?, lookups=?, entries=?, complete=?, skips=?, notes=? WHERE id=?`,
			w.sig, w.sources[i].size, w.sources[i].sha, f.product, first, last, t.Read, t.Stored, t.Duplicate, t.Skipped, t.Rejected,
			f.records, f.lookups, f.entries, f.unresolved == 0, string(skips), string(notes), f.id); err != nil {
			return err
		}
	}
	if err := w.words.save(ctx, w.tx); err != nil {
		return err
	}
	if err := w.dates(ctx); err != nil {
		return err
	}
	return w.seal(ctx)
}

// seal seals the unit's rows in the order of their ids.
func (w *writer) seal(ctx context.Context) error {
	ids := make([]int64, len(w.files))
	for i := range w.files {
		ids[i] = w.files[i].id
	}
	slices.Sort(ids)
	for _, id := range ids {
		if err := sealImport(ctx, w.tx, id); err != nil {
			return err
		}
	}
	return nil
}

// directory stores what the file says of each naming context.
func (w *writer) directory(ctx context.Context, i int, f *fileWriter) error {
	contexts := make([]string, 0, len(f.contexts))
	for c := range f.contexts {
		contexts = append(contexts, c)
	}
	slices.Sort(contexts)
	for _, c := range contexts {
		part := f.contexts[c]
		var changed any
		if part.changed != 0 {
			changed = part.changed
		}
		res, err := w.tx.ExecContext(ctx, "INSERT INTO directory_file(import, context, changed, partial, entries) VALUES(?,?,?,?,?)",
			f.id, c, changed, f.cut || f.result.Tally.Rejected > 0, part.blob)
		if err != nil {
			return err
		}
		id, err := res.LastInsertId()
		if err != nil {
			return err
		}
		if _, err := w.tx.ExecContext(ctx, "INSERT INTO snapshot(command, file, file_date) VALUES(?,?,?)", w.command, id, fileDate(w.sources[i].file, w.env)); err != nil {
			return err
		}
	}
	return nil
}
