package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// dataset is one sample on disk.
type dataset struct {
	dir    string // estate.toml, licenses.csv and the folder cdr
	Users  int    `json:"users"`
	Days   int    `json:"days"`
	Rows   int    `json:"rows"`
	Broken int    `json:"rows_without_a_valid_id"` // a peer with typed columns cannot keep them
	Bytes  int64  `json:"session_bytes"`
	All    int64  `json:"folder_bytes"` // with the lookup tables
}

func (d *dataset) folder() string { return filepath.Join(d.dir, "cdr") }
func (d *dataset) file() string   { return filepath.Join(d.folder(), sessions) }

const sessions = "SessionDetails.csv"

// factTables are taken away: the comparison is about one file that every
// contestant reads.
var factTables = []string{"Registration", "Conferences", "FocusJoinsAndLeaves", "McuJoinsAndLeaves", "Media", "VoipDetails"}

// sample generates a company, or finds the one generated before, and reads its
// sessions once: to count them, and so that all contestants find the file in
// the page cache.
func (b *bench) sample(ctx context.Context, users, days, events int) (*dataset, error) {
	d := &dataset{Users: users, Days: days}
	d.dir = filepath.Join(b.work, fmt.Sprintf("sample-%d-%d-%d-%d-%s", events, users, days, b.opt.seed, b.version))
	if _, err := os.Stat(d.dir); err != nil {
		if err := b.generateInto(ctx, d.dir, users, days, events); err != nil {
			return nil, err
		}
	}
	return d, d.scan(ctx)
}

// generateInto makes the folder appear whole or not at all.
func (b *bench) generateInto(ctx context.Context, dir string, users, days, events int) error {
	fmt.Fprintf(b.log, "generating %s sessions of %s users on %d days\n", thousands(events), thousands(users), days)
	part := dir + ".part"
	if err := os.RemoveAll(part); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, b.generate, "-users", strconv.Itoa(users), "-days", strconv.Itoa(days),
		"-events", strconv.Itoa(events), "-seed", strconv.FormatUint(b.opt.seed, 10), "-out", part)
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("generate: %w: %s", err, text)
	}
	for _, name := range []string{"cdr-night2", "activity", "directory", "truth.json"} {
		if err := os.RemoveAll(filepath.Join(part, name)); err != nil {
			return err
		}
	}
	for _, table := range factTables {
		if err := os.Remove(filepath.Join(part, "cdr", table+".csv")); err != nil {
			return err
		}
	}
	return os.Rename(part, dir)
}

// scan counts what the file holds.
func (d *dataset) scan(ctx context.Context) error {
	err := eachRow(ctx, d.file(), func(r row) error {
		d.Rows++
		if !isNumber(r.user1) || !isNumber(r.user2) {
			d.Broken++
		}
		return nil
	})
	if err != nil {
		return err
	}
	info, err := os.Stat(d.file())
	if err != nil {
		return err
	}
	d.Bytes = info.Size()
	d.All, err = folderBytes(d.folder())
	return err
}

// isNumber holds for an empty field too: that is NULL.
func isNumber(field []byte) bool {
	for _, c := range field {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

func folderBytes(dir string) (sum int64, err error) {
	list, err := os.ReadDir(dir)
	if err != nil {
		return 0, err
	}
	for _, entry := range list {
		info, err := entry.Info()
		if err != nil {
			return 0, err
		}
		sum += info.Size()
	}
	return sum, nil
}

// row is one line of SessionDetails.csv, valid until the next one.
type row struct {
	line         []byte // with its line end
	day          []byte
	user1, user2 []byte
	header       []byte
}

// eachRow goes through a file of the generator, which never quotes a field. It
// refuses one that does: the file would be split in the wrong places.
func eachRow(ctx context.Context, file string, do func(row) error) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	in := bufio.NewReaderSize(f, 1<<18)
	header, err := in.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("%s: no header: %w", file, err)
	}
	first, second := column(header, "User1Id"), column(header, "User2Id")
	if first < 0 || second < 0 {
		return fmt.Errorf("%s: no columns User1Id and User2Id", file)
	}
	for n := 2; ; n++ {
		line, err := in.ReadSlice('\n')
		if err == io.EOF && len(line) == 0 {
			return nil
		}
		if err != nil && err != io.EOF {
			return fmt.Errorf("%s:%d: %w", file, n, err)
		}
		if n%100_000 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		r := row{line: line, user1: field(line, first), user2: field(line, second), header: header}
		if len(line) < 10 || line[4] != '-' || bytes.IndexByte(line, '"') >= 0 {
			return fmt.Errorf("%s:%d: not a row as the generator writes it", file, n)
		}
		r.day = line[:10]
		if err := do(r); err != nil {
			return err
		}
	}
}

func column(header []byte, name string) int {
	for i, f := range bytes.Split(bytes.TrimRight(header, "\r\n"), []byte(",")) {
		if string(f) == name {
			return i
		}
	}
	return -1
}

// field is the i-th field of a line without quotes.
func field(line []byte, i int) []byte {
	line = bytes.TrimRight(line, "\r\n")
	for ; i > 0; i-- {
		comma := bytes.IndexByte(line, ',')
		if comma < 0 {
			return nil
		}
		line = line[comma+1:]
	}
	f, _, _ := bytes.Cut(line, []byte(","))
	return f
}

// linkFile saves the space of lookup tables that are the same every night.
func linkFile(from, to string) error {
	if err := os.Link(from, to); err == nil {
		return nil
	} else if errors.Is(err, os.ErrExist) {
		return err
	}
	return copyFile(from, to)
}

// readCSV reads a file as the standard library would, and throws the rows
// away: what any Go program pays at least that does not write its own reader.
func readCSV(name string) (rows int, err error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.ReuseRecord = true
	r.FieldsPerRecord = -1
	for {
		switch _, err := r.Read(); err {
		case nil:
			rows++
		case io.EOF:
			return max(rows-1, 0), nil // without the header
		default:
			return rows, err
		}
	}
}
