package audit

import (
	"bytes"
	"encoding/json"
	"math/rand"
	"reflect"
	"testing"
)

// Every field of a subject is set at random: a field that is added and not
// written out is found here.
func TestAppendSubjectIsWhatTheLibraryWrites(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	texts := []string{"", "a@contoso.com", "Émile \"E\" <x> & \\ y", "\x00\n\t\x7f", "\u2028", "\xff bad", "日本", "+14255550100;ext=1"}
	var fill func(v reflect.Value)
	fill = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.String:
			v.SetString(texts[r.Intn(len(texts))])
		case reflect.Int, reflect.Int64:
			v.SetInt(int64(r.Intn(2000) - 5))
		case reflect.Bool:
			v.SetBool(r.Intn(2) == 0)
		case reflect.Slice:
			switch n := r.Intn(5); n {
			case 0:
				v.SetZero()
			default:
				v.Set(reflect.MakeSlice(v.Type(), n-1, n-1))
				for i := range n - 1 {
					fill(v.Index(i))
				}
			}
		case reflect.Struct:
			for i := range v.NumField() {
				fill(v.Field(i))
			}
		default:
			t.Fatalf("a field of kind %s", v.Kind())
		}
	}
	for range 3000 {
		var s Subject
		fill(reflect.ValueOf(&s).Elem())
		want, err := json.Marshal(&s)
		if err != nil {
			t.Fatal(err)
		}
		if got := AppendSubject(nil, &s); string(got) != string(want)+"\n" {
			t.Fatalf("got\n%s\nwant\n%s", got, want)
		}
	}
}

func TestPlainTextIsToldByteByByte(t *testing.T) {
	for length := range 20 {
		text := bytes.Repeat([]byte("x"), length)
		for at := range length {
			for c := range 256 {
				text[at] = byte(c)
				quoted, err := json.Marshal(string(text))
				if err != nil {
					t.Fatal(err)
				}
				// The library leaves DEL and what is not ASCII as it is.
				want := string(quoted) == `"`+string(text)+`"` && c < 0x7f
				if got := plain(string(text)); got != want {
					t.Fatalf("%q: %v", text, got)
				}
				text[at] = 'x'
			}
		}
	}
}
