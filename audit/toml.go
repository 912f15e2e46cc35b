package audit

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"sync"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// decodeStrict reads TOML into a struct. Every unknown key is reported with
// its line and the keys that are valid in its place, every value of another
// type with what is expected.
func decodeStrict(file string, data []byte, into any) error {
	types := make(chan error, 1)
	go func() { types <- checkTypes(file, data, into) }() // an estate may be long
	d := toml.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if wrong := <-types; wrong != nil {
		return wrong
	}
	var missing *toml.StrictMissingError
	if errors.As(err, &missing) {
		var all []error
		for i := range missing.Errors {
			e := &missing.Errors[i]
			line, _ := e.Position()
			key := e.Key()
			all = append(all, fmt.Errorf("%s:%d: unknown key %q; valid: %s", file, line,
				strings.Join(key, "."), strings.Join(keysAt(reflect.TypeOf(into), key[:len(key)-1]), ", ")))
		}
		return errors.Join(all...)
	}
	var one *toml.DecodeError
	if errors.As(err, &one) {
		line, _ := one.Position()
		return fmt.Errorf("%s:%d: %s", file, line, strings.TrimPrefix(one.Error(), "toml: "))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// keysAt lists the keys a TOML table takes, following path from the type t.
func keysAt(t reflect.Type, path []string) []string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Map:
		// the reader's path to a key of an inline table lacks the map's own key
		return keysAt(t.Elem(), path[min(1, len(path)):])
	case reflect.Struct:
		var keys []string
		for i := range t.NumField() {
			name := t.Field(i).Tag.Get("toml")
			if name == "" || name == "-" {
				continue
			}
			if len(path) > 0 && name == path[0] {
				return keysAt(t.Field(i).Type, path[1:])
			}
			keys = append(keys, name)
		}
		sort.Strings(keys)
		return keys
	}
	return nil
}

// places knows the line of every key of a TOML file, so that a wrong value
// can be reported where it stands.
type places struct {
	file  string
	lines func() map[string]int // by path, made when it is asked for: most files are right
	whole int                   // line of the table that this is the inside of, 0 for a file
}

// locate indexes a file that has been decoded already. The elements of an
// array of tables are numbered from 0 in the path.
func locate(file string, data []byte) *places {
	return &places{file: file, lines: sync.OnceValue(func() map[string]int { return linesOf(data) })}
}

func linesOf(data []byte) map[string]int {
	lines := map[string]int{}
	var p unstable.Parser
	p.Reset(data)
	var table []string
	counts := map[string]int{}
	line, counted := 1, 0 // newlines before counted are in line
	for p.NextExpression() {
		e := p.Expression()
		var keys []string
		for it := e.Key(); it.Next(); {
			n := it.Node()
			keys = append(keys, string(n.Data))
			if offset := int(n.Raw.Offset); offset > counted {
				line += bytes.Count(data[counted:offset], []byte{'\n'})
				counted = offset
			}
		}
		switch e.Kind {
		case unstable.Table:
			table = keys
		case unstable.ArrayTable:
			name := pathKey(keys)
			if counts[name] == 0 {
				lines[name] = line
			}
			table = append(keys, strconv.Itoa(counts[name]))
			counts[name]++
		case unstable.KeyValue:
			lines[pathKey(append(append([]string{}, table...), keys...))] = line
			continue
		default:
			continue
		}
		lines[pathKey(table)] = line
	}
	return lines
}

func pathKey(path []string) string { return strings.Join(path, "\x00") }

// errorf reports a problem at the innermost known part of path.
func (at *places) errorf(path []string, format string, args ...any) error {
	if line := at.line(path); line > 0 {
		return fmt.Errorf("%s:%d: %s", at.file, line, fmt.Sprintf(format, args...))
	}
	return fmt.Errorf("%s:1: %s", at.file, fmt.Sprintf(format, args...)) // what is missing has no line of its own
}

// line is where the innermost known part of path stands, 0 when none is known.
func (at *places) line(path []string) int {
	for n := len(path); n > 0; n-- {
		if line := at.lines()[pathKey(path[:n])]; line > 0 {
			return line
		}
	}
	return at.whole
}

// under is the index of what stands in one table, as if it were a file.
func (at *places) under(table string) *places {
	all, lines := at.lines(), map[string]int{}
	for path, line := range all {
		if rest, ok := strings.CutPrefix(path, table+"\x00"); ok {
			lines[rest] = line
		}
	}
	return &places{at.file, func() map[string]int { return lines }, all[table]}
}
