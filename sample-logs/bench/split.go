package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// split makes one export folder of each day. It is done once per sample.
func (b *bench) split(ctx context.Context, d *dataset) (*nights, error) {
	dir := d.dir + "-nights"
	if _, err := os.Stat(dir); err != nil {
		fmt.Fprintln(b.log, "splitting by day")
		part := dir + ".part"
		if err := os.RemoveAll(part); err != nil {
			return nil, err
		}
		if err := splitDays(ctx, d, part); err != nil {
			return nil, err
		}
		if err := os.Rename(part, dir); err != nil {
			return nil, err
		}
	}
	n := &nights{history: filepath.Join(dir, "history"), day: filepath.Join(dir, "day"), oneDay: &dataset{dir: dir, Days: 1, Users: d.Users}}
	err := eachRow(ctx, filepath.Join(n.day, sessions), func(r row) error {
		n.oneDay.Rows++
		if !isNumber(r.user1) || !isNumber(r.user2) {
			n.oneDay.Broken++
		}
		n.oneDay.Bytes += int64(len(r.line))
		return nil
	})
	if err != nil {
		return nil, err
	}
	if n.oneDay.All, err = folderBytes(n.day); err != nil {
		return nil, err
	}
	n.busy, err = readPeople(filepath.Join(dir, "people.csv"))
	return n, err
}

// splitDays streams the sessions into dir/history/DAY and, the last day, into
// dir/day, and writes how much every person of the company did.
func splitDays(ctx context.Context, d *dataset, dir string) (err error) {
	days := map[string]*dayFile{}
	defer func() {
		for _, f := range days {
			err = errors.Join(err, f.out.Flush(), f.file.Close())
		}
	}()
	count := map[string]int{}
	err = eachRow(ctx, d.file(), func(r row) error {
		f := days[string(r.day)]
		if f == nil {
			var err error
			if f, err = openDay(filepath.Join(dir, "history", string(r.day)), r.header); err != nil {
				return err
			}
			days[string(r.day)] = f
		}
		count[string(r.user1)]++
		count[string(r.user2)]++
		_, err := f.out.Write(r.line)
		return err
	})
	if err != nil {
		return err
	}
	if len(days) != d.Days {
		return fmt.Errorf("the sample has records of %d days, %d were asked for", len(days), d.Days)
	}
	last := ""
	for day := range days {
		if err := linkLookups(d.folder(), filepath.Join(dir, "history", day)); err != nil {
			return err
		}
		last = max(last, day)
	}
	if err := os.Rename(filepath.Join(dir, "history", last), filepath.Join(dir, "day")); err != nil {
		return err
	}
	for _, name := range []string{"estate.toml", "licenses.csv"} {
		if err := linkFile(filepath.Join(d.dir, name), filepath.Join(dir, "history", name)); err != nil {
			return err
		}
	}
	return writePeople(filepath.Join(d.folder(), "Users.csv"), filepath.Join(dir, "people.csv"), count)
}

type dayFile struct {
	file *os.File
	out  *bufio.Writer
}

func openDay(dir string, header []byte) (*dayFile, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	file, err := os.Create(filepath.Join(dir, sessions))
	if err != nil {
		return nil, err
	}
	f := &dayFile{file, bufio.NewWriterSize(file, 1<<14)} // 91 of them are open
	_, err = f.out.Write(header)
	return f, err
}

func linkLookups(from, to string) error {
	list, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, entry := range list {
		if entry.Name() == sessions {
			continue
		}
		if err := linkFile(filepath.Join(from, entry.Name()), filepath.Join(to, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}

// ownDomain is the domain of the invented company: only its people have pages
// that are worth measuring.
const ownDomain = "@contoso.com"

// writePeople lists the company's people, the least active first.
func writePeople(users, out string, count map[string]int) error {
	in, err := os.Open(users)
	if err != nil {
		return err
	}
	defer in.Close()
	r := csv.NewReader(in)
	header, err := r.Read()
	if err != nil {
		return err
	}
	id, uri := slices.Index(header, "UserId"), slices.Index(header, "UserUri")
	if id < 0 || uri < 0 {
		return fmt.Errorf("%s: no columns UserId and UserUri", users)
	}
	var list []person
	for {
		rec, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if n := count[rec[id]]; n > 0 && strings.HasSuffix(rec[uri], ownDomain) {
			list = append(list, person{rec[uri], n})
		}
	}
	slices.SortFunc(list, func(a, b person) int { return cmp.Or(a.n-b.n, strings.Compare(a.uri, b.uri)) })
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	w := csv.NewWriter(f)
	for _, p := range list {
		if err := w.Write([]string{p.uri, strconv.Itoa(p.n)}); err != nil {
			break // Error tells
		}
	}
	w.Flush()
	return errors.Join(w.Error(), f.Close())
}

func readPeople(name string) ([]person, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, err
	}
	list := make([]person, len(rows))
	for i, row := range rows {
		if list[i].n, err = strconv.Atoi(row[1]); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, i+1, err)
		}
		list[i].uri = row[0]
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s: nobody did anything", name)
	}
	return list, nil
}

func treeBytes(dir string) (sum int64, err error) {
	list, err := os.ReadDir(dir)
	if err != nil {
		return 0, err
	}
	for _, entry := range list {
		if !entry.IsDir() {
			continue
		}
		n, err := folderBytes(filepath.Join(dir, entry.Name()))
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}
