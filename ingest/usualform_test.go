package ingest

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The quick ways of identity.go and rows.go must say what the careful ones say.
// The careful ones are reached by the same text in a form that they alone take.
func TestAddressesInTheUsualFormAreThoseOfTheCarefulWay(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	pieces := []string{"alice", "bob.b", "x-1", "_", "@", "@", "contoso.com", ".", "fabrikam", "sip:", "A", "+1425", ";x=y", "é", "0", "555", "tel:", " ", "-"}
	taken := 0
	for range 50_000 {
		var b strings.Builder
		for range 1 + rng.Intn(5) {
			b.WriteString(pieces[rng.Intn(len(pieces))])
		}
		s := b.String()
		if strings.ContainsAny(s, " ") {
			continue // brackets would make a difference
		}
		got, err := ParseUser(s)
		want, bad := ParseUser("<" + s + ">") // what is in brackets is not in the usual form
		if got != want || (err == nil) != (bad == nil) {
			t.Fatalf("%q: %q, %v; in brackets %q, %v", s, got, err, want, bad)
		}
		if err == nil && got != "" {
			taken++
		}
		n, err := number(s, s)
		m, bad := number(s+";", s)
		if n != m || (err == nil) != (bad == nil) {
			t.Fatalf("%q: the number %q, %v; with parameters %q, %v", s, n, err, m, bad)
		}
	}
	if taken < 1000 {
		t.Errorf("only %d addresses", taken)
	}
}

// parseTimeCarefully is ParseTime by the layouts alone.
func parseTimeCarefully(s string, loc *time.Location) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05Z07:00"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), !t.Before(earliest) && t.Before(latest)
		}
	}
	for _, layout := range []string{"2006-01-02 15:04:05", "2006-01-02T15:04:05"} {
		if t, err := time.ParseInLocation(layout, s, loc); err == nil {
			wall, _ := time.Parse(layout, s)
			return t.UTC(), t.Format(time.DateTime) == wall.Format(time.DateTime) && !t.Before(earliest) && t.Before(latest)
		}
	}
	return time.Time{}, false
}

func TestTimesInTheUsualFormAreThoseOfTheLayouts(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	var zones []*time.Location
	for _, name := range []string{"UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe"} {
		loc, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		zones = append(zones, loc)
	}
	taken := 0
	for range 100_000 {
		s := fmt.Sprintf("%04d-%02d-%02d%s%02d:%02d:%02d", 1998+rng.Intn(104), rng.Intn(14), rng.Intn(33), []string{" ", "T", "t"}[rng.Intn(3)], rng.Intn(26), rng.Intn(62), rng.Intn(62))
		s += []string{"", "", ".5", ".123456789", ".1234567891", ".", ",5", ".0", ".x"}[rng.Intn(9)] + []string{"", "", "Z", "z", "+02:00", " Z", "Z "}[rng.Intn(7)]
		if rng.Intn(10) == 0 {
			i := rng.Intn(len(s))
			s = s[:i] + s[i+1:]
		}
		loc := zones[rng.Intn(len(zones))]
		got, err := ParseTime(s, loc)
		want, ok := parseTimeCarefully(s, loc)
		if (err == nil) != ok || ok && !got.Equal(want) {
			t.Fatalf("%q in %s: %v, %v; by the layouts %v, %v", s, loc, got, err, want, ok)
		}
		if ok {
			taken++
		}
	}
	if taken < 1000 {
		t.Errorf("only %d times", taken)
	}
}

func TestDaysBeginWhereTheCalendarSays(t *testing.T) {
	for year := 0; year <= 9999; year++ {
		if year == 2110 {
			year = 9990 // in between nothing differs but by whole cycles of 400 years
		}
		for month := -1; month <= 13; month++ {
			for day := -1; day <= 32; day++ {
				at := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
				exists := month >= 1 && month <= 12 && at.Day() == day && int(at.Month()) == month
				if ms, ok := dayStart(year, month, day); ok != exists || ok && ms != at.UnixMilli() {
					t.Fatalf("%d-%d-%d: %d, %v", year, month, day, ms, ok)
				}
			}
		}
	}
}

// A row of people and programs that are known takes no room of its own but for
// that of its time.
func TestKeysTakeNoRoom(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { keyHash("session", "alice@contoso.com", "bob@contoso.com", "Audio") }); n > 0 {
		t.Errorf("%v allocations for a key", n)
	}
}

func TestPlainTextIsPrintableASCII(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	for range 100_000 {
		b := make([]byte, rng.Intn(20))
		for i := range b {
			b[i] = ' ' + byte(rng.Intn('~'-' '+1))
		}
		if len(b) > 0 && rng.Intn(4) > 0 {
			b[rng.Intn(len(b))] = byte(rng.Intn(256))
		}
		want := true
		for _, c := range b {
			want = want && c >= ' ' && c <= '~'
		}
		if got := plainText(b); got != want {
			t.Fatalf("%q: %v", b, got)
		}
	}
}

// A key is the hash of its parts with NUL bytes between them, however it was put
// together: keys are stored.
func TestKeysAreHashesOfTheirParts(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	var room keyText
	for range 10_000 {
		parts := make([]string, 1+rng.Intn(5))
		for i := range parts {
			parts[i] = strings.Repeat("alice@contoso.com", rng.Intn(8))
		}
		number := rng.Int63() - 1<<62
		h := sha256.Sum256([]byte(strings.Join(parts, "\x00") + "\x00" + strconv.FormatInt(number, 10)))
		want := [2]uint64{binary.BigEndian.Uint64(h[:8]), binary.BigEndian.Uint64(h[8:16])}
		var texts, mixed [2]uint64
		texts[0], texts[1] = keyHash(append(parts, fmt.Sprint(number))...)
		room = room.of(parts[0])
		for _, p := range parts[1:] {
			room = room.text([]byte(p))
		}
		room = room.number(number)
		mixed[0], mixed[1] = room.hash()
		if texts != want || mixed != want {
			t.Fatalf("%q, %d: %x of texts, %x of others, want %x", parts, number, texts, mixed, want)
		}
	}
}
