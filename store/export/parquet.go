package export

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/parquet-go/parquet-go"
)

// marker says that a folder is an export of ours, so that it may be replaced.
const marker = "calaudit-export"

// parquetSink writes DIR/TABLE.parquet, and DIR/TABLE/day=DAY/part-N.parquet
// for daily tables. Everything goes into a folder beside DIR first.
type parquetSink struct {
	dir, part string
	mu        sync.Mutex
	parts     map[string]int
}

// NewParquet begins an export into a folder that is not there, is empty, or
// holds an earlier export.
func NewParquet(dir string) (Sink, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if len(entries) > 0 && !slices.ContainsFunc(entries, func(e os.DirEntry) bool { return e.Name() == marker }) {
		return nil, fmt.Errorf("%s: a folder with other files in it; give a new or empty one", dir)
	}
	part := filepath.Clean(dir) + ".part"
	if err := os.RemoveAll(part); err != nil {
		return nil, err
	}
	// Names of people: nobody else may read them.
	if err := os.MkdirAll(part, 0o700); err != nil {
		return nil, err
	}
	return &parquetSink{dir: dir, part: part, parts: map[string]int{}}, os.WriteFile(filepath.Join(part, marker), []byte("written by calaudit export\n"), 0o600)
}

func (s *parquetSink) Rows(t *Table, day string, rows Rows) error {
	name := t.Name + ".parquet"
	if t.Daily {
		folder := filepath.Join(t.Name, "day="+day)
		s.mu.Lock()
		name = filepath.Join(folder, fmt.Sprintf("part-%d.parquet", s.parts[folder]))
		s.parts[folder]++
		s.mu.Unlock()
		if err := os.MkdirAll(filepath.Join(s.part, folder), 0o700); err != nil {
			return err
		}
	}
	f, err := os.OpenFile(filepath.Join(s.part, name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(writeParquet(f, t, rows), f.Close())
}

func (s *parquetSink) Close() error {
	if err := os.RemoveAll(s.dir); err != nil {
		return err
	}
	return os.Rename(s.part, s.dir)
}

func (s *parquetSink) Abort() { os.RemoveAll(s.part) }

func node(k Kind) parquet.Node {
	switch k {
	case Text:
		return parquet.Compressed(parquet.Optional(parquet.Encoded(parquet.String(), &parquet.RLEDictionary)), &parquet.Zstd)
	case Bool:
		return parquet.Leaf(parquet.BooleanType)
	case Time:
		return parquet.Compressed(parquet.Optional(parquet.Timestamp(parquet.Millisecond)), &parquet.Zstd)
	}
	return parquet.Compressed(parquet.Optional(parquet.Int(64)), &parquet.Zstd)
}

func writeParquet(f *os.File, t *Table, rows Rows) error {
	group := parquet.Group{}
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		group[c.Name] = node(c.Kind)
		names[i] = c.Name
	}
	// The library orders the columns of a group by name.
	slices.Sort(names)
	w := parquet.NewWriter(f, parquet.NewSchema(t.Name, group))
	place := make([]int, len(t.Columns))
	for i, c := range t.Columns {
		place[i] = slices.Index(names, c.Name)
	}
	const together = 1024
	batch := make([]parquet.Row, 0, together)
	for i := range rows.N {
		row := make(parquet.Row, len(names))
		for k, value := range rows.Row(i) {
			at := place[k]
			switch v := value.(type) {
			case nil:
				row[at] = parquet.NullValue().Level(0, 0, at)
			case bool:
				row[at] = parquet.BooleanValue(v).Level(0, 0, at)
			case int64:
				row[at] = parquet.Int64Value(v).Level(0, 1, at)
			case string:
				row[at] = parquet.ByteArrayValue([]byte(v)).Level(0, 1, at)
			default:
				return fmt.Errorf("column %s.%s: a value of type %T", t.Name, t.Columns[k].Name, v)
			}
		}
		if batch = append(batch, row); len(batch) == together || i == rows.N-1 {
			if _, err := w.WriteRows(batch); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
	return w.Close()
}
