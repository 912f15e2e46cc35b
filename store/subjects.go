package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/klauspost/compress/flate"

	"calaudit/audit"
	"calaudit/store/segment"
)

// Subjects are packed in blocks that end where the hash of an id says so, at
// about every subjectsPerBlock, and at the latest at four times as many. So a
// subject that comes or goes changes one block, and the others are found to be
// there already. Looking one up unpacks a block.
const subjectsPerBlock = 64

// subjectBlock is some subjects of a run on their way into the table.
type subjectBlock struct {
	subjects []audit.Subject
	sum      [32]byte // over the JSON lines of the plane
	plane    []byte   // packed; nil when it is there already
	figures  []byte
	err      error
}

func blocksOf(subjects []audit.Subject) (blocks []*subjectBlock) {
	for len(subjects) > 0 {
		n := 1
		for n < len(subjects) && n < 4*subjectsPerBlock && subjects[n].Kind == subjects[0].Kind && !endsBlock(subjects[n-1].ID) {
			n++
		}
		blocks = append(blocks, &subjectBlock{subjects: subjects[:n]})
		subjects = subjects[n:]
	}
	return blocks
}

func endsBlock(id string) bool { return fnv1a(id)%subjectsPerBlock == 0 }

// putSubjects stores the subjects of a run, sorted by kind and id. They are
// packed on all cores.
func putSubjects(ctx context.Context, tx *sql.Tx, run int, subjects []audit.Subject) error {
	blocks := blocksOf(subjects)
	// What was decided in the last run is mostly decided again.
	known := map[[32]byte]int64{}
	err := each(ctx, tx, "SELECT p.sha256, p.id FROM run_subjects s JOIN plane p ON p.id=s.plane WHERE s.run=(SELECT max(run) FROM run_subjects)", func(rows *sql.Rows) error {
		var sum []byte
		var id int64
		err := rows.Scan(&sum, &id)
		if len(sum) == 32 {
			known[[32]byte(sum)] = id
		}
		return err
	})
	if err != nil {
		return err
	}
	work := make(chan *subjectBlock)
	var wg sync.WaitGroup
	for range Workers() {
		wg.Go(func() {
			var p planePacker
			for b := range work {
				b.err = p.pack(b, known)
			}
		})
	}
	for _, b := range blocks {
		work <- b
	}
	close(work)
	wg.Wait()
	for _, b := range blocks {
		if b.err != nil {
			return b.err
		}
		plane, ok := known[b.sum]
		if !ok {
			err := tx.QueryRowContext(ctx, "SELECT id FROM plane WHERE sha256=?", b.sum[:]).Scan(&plane)
			if errors.Is(err, sql.ErrNoRows) {
				var res sql.Result
				if res, err = tx.ExecContext(ctx, "INSERT INTO plane(sha256, data) VALUES(?,?)", b.sum[:], b.plane); err == nil {
					plane, err = res.LastInsertId()
				}
			}
			if err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO run_subjects(run, kind, first, last, plane, figures) VALUES(?,?,?,?,?,?)",
			run, b.subjects[0].Kind, b.subjects[0].ID, b.subjects[len(b.subjects)-1].ID, plane, b.figures); err != nil {
			return err
		}
	}
	return nil
}

// planePacker is what one worker uses again from block to block.
type planePacker struct {
	lines              []byte
	reasons            []audit.Reason
	count, first, last []uint64
	z                  *flate.Writer
}

// pack splits a block into what was decided, packed unless it is known, and
// the figures.
func (p *planePacker) pack(b *subjectBlock, known map[[32]byte]int64) error {
	p.lines, p.count, p.first, p.last = p.lines[:0], p.count[:0], p.first[:0], p.last[:0]
	for _, s := range b.subjects {
		p.reasons = p.reasons[:0]
		for _, r := range s.Reasons {
			from, err1 := seconds(r.First)
			to, err2 := seconds(r.Last)
			if err := errors.Join(err1, err2); err != nil {
				return err
			}
			p.count, p.first, p.last = append(p.count, uint64(r.Count)), append(p.first, from), append(p.last, to)
			p.reasons = append(p.reasons, audit.Reason{Rule: r.Rule, Activity: r.Activity, Outcome: r.Outcome})
		}
		s.Reasons = p.reasons
		p.lines = audit.AppendSubject(p.lines, &s)
	}
	if len(p.lines) > maxPlane {
		return fmt.Errorf("the subjects from %s take %d MB; no run holds more than %d MB of at most %d subjects", b.subjects[0].ID, len(p.lines)>>20, maxPlane>>20, 4*subjectsPerBlock)
	}
	b.figures = []byte{} // which is not NULL when nobody of the block has a reason
	for _, column := range [][]uint64{p.count, p.first, p.last} {
		b.figures = segment.AppendColumn(b.figures, column)
	}
	b.sum = sha256.Sum256(p.lines)
	if _, ok := known[b.sum]; ok {
		return nil
	}
	var out bytes.Buffer
	if p.z == nil {
		var err error
		if p.z, err = flate.NewWriter(&out, flate.BestSpeed); err != nil {
			return err
		}
	}
	p.z.Reset(&out)
	_, err := p.z.Write(p.lines)
	err = errors.Join(err, p.z.Close())
	b.plane = out.Bytes()
	return err
}

// seconds turns the times of reasons into numbers; 0 is no time.
func seconds(text string) (uint64, error) {
	if text == "" {
		return 0, nil
	}
	if s, ok := secondsFast(text); ok {
		return s, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err == nil && (t.Unix() <= 0 || secondsText(uint64(t.Unix())) != text) {
		err = fmt.Errorf("%q is no time in whole seconds of UTC", text)
	}
	return uint64(t.Unix()), err
}

// secondsFast reads a time of the years 2000 to 2099 in the one form that
// reports have, YYYY-MM-DDTHH:MM:SSZ.
func secondsFast(text string) (uint64, bool) {
	const form = "20dd-dd-ddTdd:dd:ddZ"
	if len(text) != len(form) {
		return 0, false
	}
	var n [6]int // of two digits
	at := 0
	for i := range len(form) {
		c := text[i]
		switch {
		case form[i] != 'd':
			if c != form[i] {
				return 0, false
			}
		case c < '0' || c > '9':
			return 0, false
		default:
			n[at/2] = n[at/2]*10 + int(c-'0')
			at++
		}
	}
	year, month, day := n[0], n[1], n[2]
	before := [...]int{0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365}
	if month < 1 || month > 12 || day < 1 || day > 28 && day > before[month]-before[month-1] || n[3] > 23 || n[4] > 59 || n[5] > 59 {
		return 0, false // the 29th of February too
	}
	days := 10957 + year*365 + (year+3)/4 + before[month-1] + day - 1 // 10957 days from 1970 to 2000
	if year%4 == 0 && month > 2 {
		days++
	}
	return uint64(days*86400 + n[3]*3600 + n[4]*60 + n[5]), true
}

func secondsText(s uint64) string {
	if s == 0 {
		return ""
	}
	return time.Unix(int64(s), 0).UTC().Format(time.RFC3339)
}

// Subjects streams the subjects of a run in order; kind "" means both.
func (s *Store) Subjects(ctx context.Context, run int, kind string, call func(audit.Subject) error) error {
	return s.subjectsWith(ctx, run, kind, "", call)
}

// SubjectCalled finds one subject of a run by its id or, if there is none, by
// an alias.
func (s *Store) SubjectCalled(ctx context.Context, run int, kind, id string) (found *audit.Subject, err error) {
	if found, err = s.Subject(ctx, run, kind, id); found != nil || err != nil {
		return found, err
	}
	quoted, err := json.Marshal(id)
	if err != nil {
		return nil, err
	}
	err = s.subjectsWith(ctx, run, kind, string(quoted), func(sub audit.Subject) error {
		for _, alias := range sub.Aliases {
			if alias == id && found == nil {
				found = &sub
			}
		}
		return nil
	})
	return found, err
}

// subjectsWith streams the subjects of the blocks whose JSON holds a text.
func (s *Store) subjectsWith(ctx context.Context, run int, kind, text string, call func(audit.Subject) error) error {
	rows, err := s.q.QueryContext(ctx, `SELECT p.data, s.figures FROM run_subjects s JOIN plane p ON p.id=s.plane
		WHERE s.run=?1 AND (?2='' OR s.kind=?2) ORDER BY s.kind DESC, s.first`, run, kind)
	if err != nil {
		return explain(err)
	}
	defer rows.Close()
	var p planes
	for rows.Next() {
		var plane, figures sql.RawBytes
		if err := rows.Scan(&plane, &figures); err != nil {
			return err
		}
		lines, err := p.unpack(plane)
		if err != nil {
			return err
		}
		if !bytes.Contains(lines, []byte(text)) {
			continue
		}
		list, err := subjectsOf(lines)
		if err != nil {
			return err
		}
		if err := addFigures(list, figures); err != nil {
			return err
		}
		for _, sub := range list {
			if err := call(sub); err != nil {
				return err
			}
		}
	}
	return explain(rows.Err())
}

// Subject finds one subject of a run by its id; nil when there is none.
func (s *Store) Subject(ctx context.Context, run int, kind, id string) (*audit.Subject, error) {
	var plane int64
	var data, packed []byte
	err := s.q.QueryRowContext(ctx, `SELECT p.id, p.data, s.figures FROM run_subjects s JOIN plane p ON p.id=s.plane
		WHERE s.run=?1 AND s.kind=?2 AND s.first=(SELECT max(first) FROM run_subjects WHERE run=?1 AND kind=?2 AND first<=?3) AND s.last>=?3`, run, kind, id).Scan(&plane, &data, &packed)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, explain(err)
	}
	found, before, all, err := s.planes.one(plane, func() ([]byte, error) { return data, nil }, id)
	if found == nil || err != nil {
		return nil, err
	}
	f, err := readFigures(packed, all)
	if err != nil {
		return nil, err
	}
	f.add(found, before)
	return found, nil
}

// Verdict is what a run said of a subject.
type Verdict struct {
	Run     int
	AsOf    string
	Outcome string
}

// Verdicts lists what every run said of a subject, oldest first. Runs that
// decided alike share their planes, which are opened once.
func (s *Store) Verdicts(ctx context.Context, kind, id string) ([]Verdict, error) {
	type place struct {
		run   int
		asOf  string
		plane int64
	}
	var places []place
	err := each(ctx, s.q, `SELECT r.id, r.as_of, s.plane FROM run r CROSS JOIN run_subjects s ON s.run=r.id AND s.kind=?1
			AND s.first=(SELECT max(first) FROM run_subjects WHERE run=r.id AND kind=?1 AND first<=?2)
		WHERE s.last>=?2 ORDER BY r.id`, func(rows *sql.Rows) error {
		var p place
		err := rows.Scan(&p.run, &p.asOf, &p.plane)
		places = append(places, p)
		return err
	}, kind, id)
	if err != nil {
		return nil, explain(err)
	}
	list := []Verdict{}
	known := map[int64]string{} // outcome by plane, "" when it does not hold the subject
	for _, p := range places {
		outcome, ok := known[p.plane]
		if !ok {
			found, _, _, err := s.planes.one(p.plane, func() (data []byte, err error) {
				err = s.q.QueryRowContext(ctx, "SELECT data FROM plane WHERE id=?", p.plane).Scan(&data)
				return data, explain(err)
			}, id)
			if err != nil {
				return nil, err
			}
			if found != nil {
				outcome = found.Outcome
			}
			known[p.plane] = outcome
		}
		if outcome != "" {
			list = append(list, Verdict{p.run, p.asOf, outcome})
		}
	}
	return list, nil
}
