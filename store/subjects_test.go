package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"math/rand"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/klauspost/compress/flate"

	"calaudit/audit"
	"calaudit/store/segment"
)

// One subject of a run is found without reading the others, whatever texts
// stand around it.
func TestOneSubjectIsAsTheListHasIt(t *testing.T) {
	ctx := context.Background()
	s, err := Open(ctx, filepath.Join(t.TempDir(), "a.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r := rand.New(rand.NewSource(1))
	hostile := []string{`{"rule":"x"}`, "a\n{\"id\":\"u1@contoso.com\",", `"\`, "<&>", "Émile"}
	ids := map[string]bool{}
	for range 3000 {
		ids[fmt.Sprintf("u%d%s@contoso.com", r.Intn(4000), string([]rune(hostile[r.Intn(len(hostile))])[:r.Intn(3)]))] = true
	}
	var subjects []audit.Subject
	for _, id := range slices.Sorted(maps.Keys(ids)) { // in one order, as each takes of the chance
		x := audit.Subject{ID: id, Kind: "user", Class: "hosted", Outcome: []string{"required", "exempt"}[r.Intn(2)], Licenses: []string{}, Name: hostile[r.Intn(len(hostile))]}
		for range r.Intn(4) {
			x.Reasons = append(x.Reasons, audit.Reason{Rule: hostile[r.Intn(len(hostile))], Activity: "im-login", Outcome: x.Outcome, Count: r.Intn(1000), First: "2009-03-02T08:00:00Z"})
		}
		subjects = append(subjects, x)
	}
	for i := range 64 { // nobody of the last block has a reason
		subjects = append(subjects, audit.Subject{ID: fmt.Sprintf("v%02d@contoso.com", i), Kind: "user", Outcome: "exempt", Licenses: []string{}})
	}
	if err := s.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.Exec("INSERT INTO run(id, at, as_of, report, digest, chain) VALUES(1, 0, '2009-03-31', '{}', '', '')"); err != nil {
			return err
		}
		return putSubjects(ctx, tx, 1, subjects)
	}); err != nil {
		t.Fatal(err)
	}
	seen := 0
	var list []audit.Subject
	if err := s.Subjects(ctx, 1, "", func(x audit.Subject) error { list = append(list, x); return nil }); err != nil {
		t.Fatal(err)
	}
	for i := range list {
		if i%7 != 0 {
			continue
		}
		seen++
		one, err := s.Subject(ctx, 1, "user", list[i].ID)
		if err != nil || one == nil || !reflect.DeepEqual(*one, list[i]) {
			t.Fatalf("%q is\n%+v\nthe list has\n%+v; %v", list[i].ID, one, list[i], err)
		}
		said, err := s.Verdicts(ctx, "user", list[i].ID)
		if err != nil || len(said) != 1 || said[0].Outcome != list[i].Outcome {
			t.Fatalf("%q: %v; %v", list[i].ID, said, err)
		}
	}
	if seen < 100 || len(list) != len(subjects) {
		t.Fatalf("%d subjects looked for, %d of %d listed", seen, len(list), len(subjects))
	}
	for _, none := range []string{"nobody@contoso.com", "", "w"} {
		if one, err := s.Subject(ctx, 1, "user", none); one != nil || err != nil {
			t.Errorf("%q is %+v; %v", none, one, err)
		}
	}
}

// A page of a tampered database fails: it shows no reason with the figures of
// others and looks for none behind the last.
func TestOneSubjectOfATamperedPlaneIsAnError(t *testing.T) {
	ctx := context.Background()
	s := mustOpen(t, filepath.Join(t.TempDir(), "a.db"))
	subject := audit.Subject{ID: "u1@contoso.com", Kind: "user", Outcome: "required", Licenses: []string{},
		Reasons: []audit.Reason{{Rule: "im-identity", Count: 3}, {Rule: "conference-attended", Count: 3}}}
	if err := s.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.Exec("INSERT INTO run(id, at, as_of, report, digest, chain) VALUES(1, 0, '2009-03-31', '{}', '', '')"); err != nil {
			return err
		}
		return putSubjects(ctx, tx, 1, []audit.Subject{subject})
	}); err != nil {
		t.Fatal(err)
	}
	line := audit.AppendSubject(nil, &subject)
	for _, other := range []string{`{ "rule":`, `{"ruly":`, `{"Rule":`, `{},{"rule":`} {
		var packed bytes.Buffer
		z, err := flate.NewWriter(&packed, flate.BestSpeed)
		if err != nil {
			t.Fatal(err)
		}
		_, err = z.Write(bytes.ReplaceAll(line, []byte(`{"rule":`), []byte(other)))
		if err := errors.Join(err, z.Close()); err != nil {
			t.Fatal(err)
		}
		if _, err := s.db.ExecContext(ctx, "UPDATE plane SET data=?", packed.Bytes()); err != nil {
			t.Fatal(err)
		}
		s.planes = planes{}
		if one, err := s.Subject(ctx, 1, "user", subject.ID); err == nil {
			t.Errorf("%s: %+v", other, one)
		}
	}
}

// A plane that was made to unpack to gigabytes is damage, found within a bound.
func TestAPlaneThatUnpacksWithoutEndIsDamage(t *testing.T) {
	var packed bytes.Buffer
	z, err := flate.NewWriter(&packed, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	_, err = z.Write(make([]byte, 1<<20))
	if err := errors.Join(err, z.Flush()); err != nil {
		t.Fatal(err)
	}
	// What was flushed ends at a byte and leans on nothing before it.
	endless := bytes.Repeat(packed.Bytes(), maxPlane>>20+1)
	var p planes
	if lines, err := p.unpack(endless); !errors.Is(err, segment.ErrDamaged) || len(lines) > maxPlane+1 {
		t.Errorf("%d bytes, %v", len(lines), err)
	}
}
