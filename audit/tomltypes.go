package audit

import (
	"bytes"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
)

// checkTypes compares a TOML file with the struct that it is to fill. The
// decoder's own messages speak of Go types, which mean nothing to those who
// write the file. What is no TOML at all is left to the decoder.
func checkTypes(file string, data []byte, into any) error {
	var tree map[string]any
	if toml.NewDecoder(bytes.NewReader(data)).Decode(&tree) != nil {
		return nil
	}
	c := typeCheck{at: locate(file, data)}
	c.value(nil, reflect.TypeOf(into), tree)
	return errors.Join(c.errs...)
}

type typeCheck struct {
	at   *places
	errs []error
}

func (c *typeCheck) value(path []string, t reflect.Type, v any) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	ok, expected := true, ""
	switch t.Kind() {
	case reflect.String:
		_, ok = v.(string)
		expected = "a text in quotes"
	case reflect.Bool:
		_, ok = v.(bool)
		expected = "true or false"
	case reflect.Int, reflect.Int64:
		_, ok = v.(int64)
		expected = "a whole number"
	case reflect.Slice:
		var list []any
		list, ok = v.([]any)
		expected = "a list of texts such as [\"a\", \"b\"]"
		if t.Elem().Kind() == reflect.Struct {
			expected = "tables under [[" + keyName(path) + "]]"
		}
		for i, x := range list {
			c.value(slices.Concat(path, []string{strconv.Itoa(i)}), t.Elem(), x)
		}
	case reflect.Map, reflect.Struct:
		var table map[string]any
		table, ok = v.(map[string]any)
		expected = "a table"
		for _, key := range slices.Sorted(maps.Keys(table)) {
			if e := elemType(t, key); e != nil {
				c.value(slices.Concat(path, []string{key}), e, table[key])
			}
		}
	}
	if !ok {
		c.errs = append(c.errs, c.at.errorf(path, "%s is %s; expected %s", keyName(path), typeName(v), expected))
	}
}

// elemType is the type of a key's value, nil for keys that are not known.
func elemType(t reflect.Type, key string) reflect.Type {
	if t.Kind() == reflect.Map {
		return t.Elem()
	}
	for i := range t.NumField() {
		f := t.Field(i)
		// The decoder takes keys in any letter case.
		if name := f.Tag.Get("toml"); name != "-" && name != "" && strings.EqualFold(name, key) {
			return f.Type
		}
	}
	return nil
}

// keyName is a path as people write it, without the numbers of list elements.
func keyName(path []string) string {
	var names []string
	for _, p := range path {
		if _, err := strconv.Atoi(p); err != nil {
			names = append(names, p)
		}
	}
	return strings.Join(names, ".")
}

func typeName(v any) string {
	switch v.(type) {
	case string:
		return "a text"
	case bool:
		return "true or false"
	case int64, float64:
		return "a number"
	case []any:
		return "a list"
	case map[string]any:
		return "a table"
	}
	return "a date or time"
}

// tomlDate reads a day that is written as text or as a date of TOML. A time
// of day is dropped: only whole days count.
func tomlDate(v any) (date string, ok bool) {
	switch d := v.(type) {
	case nil:
		return "", true
	case string:
		_, err := time.Parse(time.DateOnly, d)
		return d, err == nil || d == ""
	case toml.LocalDate:
		return d.String(), true
	case toml.LocalDateTime:
		return d.LocalDate.String(), true
	case time.Time:
		return d.Format(time.DateOnly), true
	}
	return "", false
}
