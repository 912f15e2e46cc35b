package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"calaudit/audit"
	"calaudit/ingest"
)

// Command is one ingest command: it groups the directory files met together
// into snapshots and the settings files that add up.
type Command struct {
	// KeepText makes the store keep the text of the rows it takes records
	// from, and of files that it knows without.
	KeepText bool

	s     *Store
	env   *ingest.Env
	id    int64       // 0 until something is written
	words *vocabulary // nil until something is read
}

// NewCommand starts an ingest command. Nothing is written until needed.
func (s *Store) NewCommand(env *ingest.Env) *Command { return &Command{s: s, env: env} }

// ErrGrowing is the error of an import whose file changed on disk while it was
// read: nothing of it is taken.
var ErrGrowing = errors.New("changed while it was read; left for the next run")

// Imported is what became of one unit.
type Imported struct {
	Files   []FileImport
	Refusal string // why the whole unit was refused, or ""
}

// FileImport is what became of one file.
type FileImport struct {
	Path      string
	Unchanged bool   // known already and not read again
	TextAdded int    // rows of an unchanged file whose text is kept only now
	Refused   string // why an unchanged file is not read again as the options say now
	Tally     audit.Tally
	Notes     []string
	Rejects   []ingest.Reject // the first few
}

// Tally sums up the unit.
func (im *Imported) Tally() (t audit.Tally) {
	for _, f := range im.Files {
		t.Add(f.Tally)
	}
	return t
}

// row returns the id of the command's row, making it on first use.
func (c *Command) row(ctx context.Context, tx *sql.Tx) (int64, error) {
	if c.id != 0 {
		return c.id, nil
	}
	res, err := tx.ExecContext(ctx, "INSERT INTO command(at) VALUES(?)", c.env.Now.Unix())
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

// source is a file of a unit with its content hash, which is "" as long as the
// file was not read to the end.
type source struct {
	file *ingest.File
	sha  string
	size int64
}

// Import takes in one unit, wholly or not at all. A unit that is known and
// complete is not read again.
func (c *Command) Import(ctx context.Context, u *ingest.Unit) (*Imported, error) {
	sources, err := c.sources(ctx, u)
	if err != nil {
		return nil, err
	}
	im, err := c.importUnit(ctx, u, sources, nil)
	var refusal *ingest.Refusal
	if errors.As(err, &refusal) {
		im, err = c.importUnit(ctx, u, sources, refusal)
		if err == nil {
			im.Refusal = fmt.Sprintf("%s:%d: %s", refusal.File, refusal.Line, refusal.What)
		}
	}
	return im, err
}

func (c *Command) importUnit(ctx context.Context, u *ingest.Unit, sources []source, refusal *ingest.Refusal) (*Imported, error) {
	im := &Imported{}
	var command int64
	err := c.s.write(ctx, func(tx *sql.Tx) error {
		var err error
		if command, err = c.row(ctx, tx); err != nil {
			return err
		}
		toRead, err := c.plan(ctx, tx, command, u, sources, im)
		if err != nil || len(toRead) == 0 {
			return err
		}
		var w *writer
		read := &ingest.Unit{Format: u.Format, Broken: u.Broken}
		for _, s := range toRead {
			read.Files = append(read.Files, s.file)
		}
		err = pipe(ctx, func(ctx context.Context, emit ingest.Emit) error {
			if refusal != nil {
				return read.Refuse(ctx, refusal, emit)
			}
			return read.Read(ctx, c.env, emit)
		}, func() error { // while the first rows are read
			if c.words == nil {
				if c.words, err = loadVocabulary(ctx, tx); err != nil {
					return err
				}
			}
			w = newWriter(tx, command, u, toRead, c.env, c.words)
			for i := range w.files { // in an order that does not depend on which is read first
				if _, err := w.begin(ctx, i); err != nil {
					return err
				}
			}
			w.pruned, err = prunedBefore(ctx, tx)
			return err
		}, func(b *ingest.Batch) error {
			defer b.Done()
			return w.add(ctx, b)
		})
		if err != nil {
			return err
		}
		if err := hashRest(ctx, toRead, sources); err != nil {
			return err
		}
		w.sig = signature(sources)
		if err := w.finish(ctx); err != nil {
			return err
		}
		if c.KeepText {
			for _, s := range toRead {
				if _, err := keepTexts(ctx, tx, s, u.Format.Name); err != nil {
					return err
				}
			}
		}
		for _, f := range read.Files {
			if !f.Unchanged() {
				return fmt.Errorf("%s: %w", f.Path, ErrGrowing)
			}
		}
		for i := range w.files {
			im.Files = append(im.Files, w.files[i].result)
		}
		return nil
	})
	if err != nil {
		c.words = nil // it may hold words that were rolled back
		return nil, err
	}
	if c.words != nil {
		c.s.names, c.s.parties = c.words.names.values, c.words.parties.values
	}
	c.id = command
	slices.SortStableFunc(im.Files, func(a, b FileImport) int { return strings.Compare(a.Path, b.Path) })
	return im, nil
}

// pipe reads on one core and stores on another, which it prepares for first. A
// few batches may wait between them, so memory stays bounded whichever is slower.
func pipe(ctx context.Context, read func(context.Context, ingest.Emit) error, prepare func() error, store func(*ingest.Batch) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	batches := make(chan *ingest.Batch, 8)
	done := make(chan error, 1)
	go func() {
		defer close(batches)
		done <- read(ctx, func(b *ingest.Batch) error {
			select {
			case batches <- b:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	failed := prepare()
	if failed != nil {
		cancel()
	}
	for b := range batches {
		if failed == nil {
			if failed = store(b); failed != nil {
				cancel() // the reader stops at its next batch; drain until then
			}
		}
	}
	if err := <-done; failed == nil {
		failed = err
	}
	return failed
}

// plan decides which files of a unit must be read, and records the rest as
// unchanged. In a set whose files changed, lookup tables are always read, a
// fact table only when it is new or still waits for a sibling.
func (c *Command) plan(ctx context.Context, tx *sql.Tx, command int64, u *ingest.Unit, sources []source, im *Imported) ([]*source, error) {
	var same bool
	if err := tx.QueryRowContext(ctx, "SELECT EXISTS(SELECT 1 FROM import WHERE unit=? AND format=?)", signature(sources), u.Format.Name).Scan(&same); err != nil {
		return nil, err
	}
	known := make([]bool, len(sources))
	all := true
	for i, s := range sources {
		err := tx.QueryRowContext(ctx, "SELECT EXISTS(SELECT 1 FROM import WHERE sha256=? AND format=? AND complete=1)", s.sha, u.Format.Name).Scan(&known[i])
		if err != nil {
			return nil, err
		}
		all = all && known[i]
	}
	refused, again, err := c.otherwise(ctx, tx, u, sources)
	if err != nil {
		return nil, err
	}
	var read []*source
	for i, s := range sources {
		if again {
			read = append(read, &sources[i])
			continue
		}
		if same || all || refused[i] != "" || known[i] && (u.Format.Facts == nil || u.Format.Facts(s.file.Part)) {
			known := FileImport{Path: s.file.Path, Unchanged: true, Tally: audit.Tally{FilesUnchanged: 1}, Refused: refused[i]}
			if c.KeepText {
				var err error
				if known.TextAdded, err = keepTexts(ctx, tx, &sources[i], u.Format.Name); err != nil {
					return nil, err
				}
			}
			im.Files = append(im.Files, known)
			if err := c.metAgain(ctx, tx, command, s, u.Format.Name); err != nil {
				return nil, err
			}
			continue
		}
		read = append(read, &sources[i])
	}
	return read, nil
}

// otherwise finds the files read before that the options given now would read in
// another way. Records are never changed, so that what was read wrongly stays: a
// file is read again only if nothing of its unit was kept, else it is refused,
// with why, by index.
func (c *Command) otherwise(ctx context.Context, tx *sql.Tx, u *ingest.Unit, sources []source) (refused map[int]string, again bool, err error) {
	kept := 0
	for i, s := range sources {
		var notes []byte
		var records int
		err := tx.QueryRowContext(ctx, "SELECT notes, (SELECT sum(records+entries) FROM import WHERE sha256=?1 AND format=?2) FROM import WHERE sha256=?1 AND format=?2 ORDER BY id DESC LIMIT 1",
			s.sha, u.Format.Name).Scan(&notes, &records)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return nil, false, err
		}
		kept += records
		var list []string
		if err := json.Unmarshal(notes, &list); err != nil {
			return nil, false, err
		}
		now, was, err := s.file.Contradicts(list)
		if err != nil {
			return nil, false, ingest.ReadError(s.file.Path, err)
		}
		if now != "" {
			if refused == nil {
				refused = map[int]string{}
			}
			refused[i] = fmt.Sprintf("was read with %s before, and what it said then stays; ingest everything into a new database to read it with %s", was, now)
		}
	}
	if len(refused) > 0 && kept == 0 {
		return nil, true, nil
	}
	return refused, false, nil
}

// metAgain notes that an unchanged directory file belongs to this command's
// snapshot as well.
func (c *Command) metAgain(ctx context.Context, tx *sql.Tx, command int64, s source, format string) error {
	_, err := tx.ExecContext(ctx, `INSERT OR IGNORE INTO snapshot(command, file, file_date)
		SELECT ?, d.id, ? FROM directory_file d JOIN import i ON i.id=d.import WHERE i.sha256=? AND i.format=?`,
		command, fileDate(s.file, c.env), s.sha, format)
	return err
}

// fileDate is the day a directory file stands for when its entries carry no
// date: --file-date, else the day of the file on disk.
func fileDate(f *ingest.File, env *ingest.Env) any {
	t := f.ModTime
	if !env.FileDate.IsZero() {
		t = env.FileDate
	}
	if t.IsZero() {
		return nil
	}
	return t.UTC().Truncate(24 * time.Hour).Unix()
}

// sources hashes the content (unpacked) of the files that may be known: those
// of a size that was met before. The others are hashed while they are read.
func (c *Command) sources(ctx context.Context, u *ingest.Unit) ([]source, error) {
	list := make([]source, len(u.Files))
	for i, f := range u.Files {
		list[i].file = f
		met := true
		if f.Size >= 0 {
			if err := c.s.q.QueryRowContext(ctx, "SELECT EXISTS(SELECT 1 FROM import WHERE size=?)", f.Size).Scan(&met); err != nil {
				return nil, explain(err)
			}
		}
		f.Hash = !met
	}
	return list, audit.AtATime(len(list), 8, func(i int) error {
		if list[i].file.Hash {
			return nil
		}
		return list[i].hash(ctx)
	})
}

// hash reads the file for its hash alone.
func (s *source) hash(ctx context.Context) error {
	rc, err := s.file.Open()
	if err != nil {
		return ingest.ReadError(s.file.Path, err)
	}
	h := sha256.New()
	s.size, err = io.Copy(h, contextReader{ctx, rc})
	rc.Close()
	if err != nil {
		return ingest.ReadError(s.file.Path, err)
	}
	s.sha = hex.EncodeToString(h.Sum(nil))
	return nil
}

// hashRest fills the hashes in that the reading gave. A reader that did not go
// to the end of a file leaves it to be read again.
func hashRest(ctx context.Context, read []*source, all []source) error {
	for _, s := range read {
		if sum, size, ok := s.file.Sum(); ok && s.sha == "" {
			s.sha, s.size = hex.EncodeToString(sum[:]), size
		}
	}
	for i := range all {
		if s := &all[i]; s.sha == "" {
			if err := s.hash(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// signature is a hash over the files of a unit, whatever their order; "" as
// long as one of them is not hashed.
func signature(sources []source) string {
	var parts []string
	for _, s := range sources {
		if s.sha == "" {
			return ""
		}
		parts = append(parts, s.file.Part+" "+s.sha+s.file.Told())
	}
	slices.Sort(parts)
	h := sha256.New()
	for _, p := range slices.Compact(parts) {
		io.WriteString(h, p+"\n")
	}
	return hex.EncodeToString(h.Sum(nil))
}

// contextReader stops a long read when the command is cancelled.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
