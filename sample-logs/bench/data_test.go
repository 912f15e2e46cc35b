package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const testHeader = "SessionIdTime,SessionIdSeq,User1Id,User2Id,ResponseCode\r\n"

// testSample writes a tiny sample in the form of the generator's.
func testSample(t *testing.T, rows ...string) *dataset {
	t.Helper()
	d := &dataset{dir: t.TempDir(), Days: 3}
	write := func(name, text string) {
		t.Helper()
		name = filepath.Join(d.dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("cdr/"+sessions, testHeader+strings.Join(rows, "\r\n")+"\r\n")
	write("cdr/Users.csv", "UserId,UserUri\r\n1,anna@contoso.com\r\n2,ben@contoso.com\r\n3,out@fabrikam.com\r\n4,idle@contoso.com\r\n")
	write("estate.toml", "")
	write("licenses.csv", "")
	return d
}

var testRows = []string{
	"2009-03-29 10:00:00.000,1,1,2,200",
	"2009-03-30 10:00:00.000,1,2,3,200",
	"2009-03-31 10:00:00.000,1,12x7,2,200",
	"2009-03-30 23:59:59.000,1,2,,486",
}

func TestScanCountsRowsAndBrokenIds(t *testing.T) {
	d := testSample(t, testRows...)
	if err := d.scan(context.Background()); err != nil {
		t.Fatal(err)
	}
	if d.Rows != 4 || d.Broken != 1 {
		t.Errorf("got %d rows, %d broken; want 4 and 1", d.Rows, d.Broken)
	}
	if info, _ := os.Stat(d.file()); d.Bytes != info.Size() || d.All <= d.Bytes {
		t.Errorf("bytes %d, folder %d; the file has %d", d.Bytes, d.All, info.Size())
	}
}

func TestScanRefusesWhatItWouldMisread(t *testing.T) {
	for _, bad := range []string{`2009-03-29 10:00:00.000,1,"1,2",2,200`, "x"} {
		d := testSample(t, bad)
		if err := d.scan(context.Background()); err == nil {
			t.Errorf("%s: taken", bad)
		}
	}
}

func TestSplitDays(t *testing.T) {
	d := testSample(t, testRows...)
	dir := filepath.Join(t.TempDir(), "nights")
	if err := splitDays(context.Background(), d, dir); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"history/2009-03-29/" + sessions: testHeader + testRows[0] + "\r\n",
		"history/2009-03-30/" + sessions: testHeader + testRows[1] + "\r\n" + testRows[3] + "\r\n",
		"day/" + sessions:                testHeader + testRows[2] + "\r\n",
		"people.csv":                     "anna@contoso.com,1\nben@contoso.com,4\n",
	} {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || string(got) != want {
			t.Errorf("%s: %v\n%q\nwant\n%q", name, err, got, want)
		}
	}
	for _, name := range []string{"day/Users.csv", "history/2009-03-29/Users.csv", "history/estate.toml", "history/licenses.csv"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	list, err := readPeople(filepath.Join(dir, "people.csv"))
	if err != nil || !slices.Equal(list, []person{{"anna@contoso.com", 1}, {"ben@contoso.com", 4}}) {
		t.Errorf("people: %v, %v", list, err)
	}
	d.Days = 4
	if err := splitDays(context.Background(), d, filepath.Join(t.TempDir(), "nights")); err == nil {
		t.Error("a missing day goes unnoticed")
	}
}

func TestReadCSV(t *testing.T) {
	d := testSample(t, testRows...)
	if n, err := readCSV(d.file()); n != 4 || err != nil {
		t.Errorf("got %d, %v; want 4 rows", n, err)
	}
}

func TestWhatContestantsSay(t *testing.T) {
	if n, err := bookedRows(`[{"file":"cdr/Users.csv","read":9},{"file":"a/SessionDetails.csv","read":4},{"file":"b/SessionDetails.csv","read":3}]`); n != 7 || err != nil {
		t.Errorf("bookedRows: %d, %v; want 7", n, err)
	}
	if _, err := bookedRows("calaudit: bug"); err == nil {
		t.Error("bookedRows takes what is no JSON")
	}
	s := Sample{Wall: 9, CPU: 9, RSS: 5}
	if n, err := parseDuckDB(`{"wall_s":1.5,"cpu_s":2.5,"rows":4}`+"\n", &s); n != 4 || err != nil || s != (Sample{Wall: 1.5, CPU: 2.5, RSS: 5}) {
		t.Errorf("parseDuckDB: %d, %v, %+v", n, err, s)
	}
	if err := allRows(nil, "5 /tmp/x.csv\n", 5); err != nil {
		t.Error(err)
	}
	for _, out := range []string{"", "4\n", "none"} {
		if err := allRows(nil, out, 5); err == nil {
			t.Errorf("allRows takes %q for 5 rows", out)
		}
	}
	if n, err := evidenceLines(`{"id":"a","evidence":[{"line":1},{"line":2}]}`); n != 2 || err != nil {
		t.Errorf("evidenceLines: %d, %v", n, err)
	}
}

func TestFlags(t *testing.T) {
	opt, err := parseFlags(strings.Fields("-rows 2000000 -peers csv,wc -memory-rows 50,20"), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if opt.users != 20_000 || !slices.Equal(opt.memoryRows, []int{20, 50}) || opt.wants("duckdb") || !opt.wants("csv") || !opt.wants("ingest") {
		t.Errorf("got %+v", opt)
	}
	if opt, err = parseFlags(strings.Fields("-only csv"), io.Discard); err != nil || opt.wants("ingest") || !opt.wants("csv") {
		t.Errorf("-only csv: %v, %+v", err, opt)
	}
	for _, bad := range []string{"-rows 0", "-rounds 0", "-only nobody", "-peers nobody", "-memory-rows x", "extra"} {
		if _, err := parseFlags(strings.Fields(bad), io.Discard); err == nil {
			t.Errorf("%s: taken", bad)
		}
	}
}

func TestDatabaseBytes(t *testing.T) {
	db := filepath.Join(t.TempDir(), "x.db")
	for ext, n := range map[string]int{"": 10, "-wal": 5, ".lock": 100} {
		if err := os.WriteFile(db+ext, make([]byte, n), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if got := databaseBytes(db); got != 15 {
		t.Errorf("databaseBytes = %d, want 15", got)
	}
	if err := copyDatabase(db, db+"2"); err != nil || databaseBytes(db+"2") != 15 {
		t.Errorf("copyDatabase: %v", err)
	}
	if err := removeDatabase(db); err != nil || databaseBytes(db) != 0 {
		t.Errorf("removeDatabase: %v", err)
	}
	if _, err := os.Stat(db + ".lock"); err == nil {
		t.Error("the lock file stays")
	}
}
