package ingest

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const bareSessions = "2009-03-02 08:01:00.123\t1\t1\t2\t2\t200\t1\r\n2009-03-02 08:02:00.123\t1\t2\t1\t2\t200\t1\r\n"

const sessionColumns = "SessionIdTime,SessionIdSeq,User1Id,User2Id,SessionStartedById,ResponseCode,MediaTypes"

func gatherNames(t *testing.T, columns []string, files map[string]string) (units, passed []string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		put(t, dir, name, []byte(text))
	}
	o, err := NewOptions(columns, "", "")
	if err != nil {
		t.Fatal(err)
	}
	p := o.Gather(time.Time{}, []string{dir})
	for _, u := range p.Units {
		for _, f := range u.Files {
			rel, _ := filepath.Rel(dir, f.Path)
			units = append(units, strings.TrimSpace(rel+" "+f.Part+" "+u.Broken))
		}
	}
	for _, x := range p.Passed {
		rel, _ := filepath.Rel(dir, x.Path)
		if x.Own {
			rel = "own " + rel
		}
		passed = append(passed, rel+": "+x.Why)
	}
	slices.Sort(units)
	return units, passed
}

func TestColumnsAreToldAndNeverGuessed(t *testing.T) {
	sessions := sqlTable{name: "SessionDetails", columns: strings.Split(sessionColumns, ",")}
	fmtFile := lineFormat(sessions, "\t", "\r\n")
	ways := "; columns are never guessed: put a format file (bcp, sessiondetails.fmt or .xml) or a file with the header row (sessiondetails.header) beside it, or give --columns SessionDetails=column,column,..."
	for _, c := range []struct {
		name          string
		columns       []string
		files         map[string]string
		units, passed []string
	}{
		{"nobody tells", nil, map[string]string{"SessionDetails.dat": bareSessions}, nil,
			[]string{"SessionDetails.dat: rows without a header, of the table SessionDetails by the file's name" + ways}},
		{"of no table's name", nil, map[string]string{"x.dat": bareSessions}, nil,
			[]string{"x.dat: rows without a header; columns are never guessed: put a format file (bcp, x.fmt or .xml) or a file with the header row (x.header) beside it, or give --columns x=column,column,..."}},
		{"no rows of a table", nil, map[string]string{"x.dat": "hello\tworld\n"}, nil, []string{"x.dat: of no known format; see calaudit formats"}},
		{"a format file", nil, map[string]string{"SessionDetails.dat": bareSessions, "SessionDetails.fmt": fmtFile},
			[]string{"SessionDetails.dat SessionDetails"}, []string{"own SessionDetails.fmt: names the columns of SessionDetails.dat"}},
		{"one for several files", nil, map[string]string{"LcsCDR.dbo.SessionDetails_1.dat": bareSessions, "SessionDetails2.dat.gz": bareSessions, "SessionDetails.fmt": fmtFile},
			[]string{"LcsCDR.dbo.SessionDetails_1.dat SessionDetails", "SessionDetails2.dat.gz SessionDetails"}, []string{"own SessionDetails.fmt: names the columns of SessionDetails2.dat.gz"}},
		{"in another folder", nil, map[string]string{"a/SessionDetails.dat": bareSessions, "b/SessionDetails.fmt": fmtFile}, nil,
			[]string{"a/SessionDetails.dat: rows without a header, of the table SessionDetails by the file's name" + ways,
				"b/SessionDetails.fmt: a format file of bcp; no rows without a header lie beside it under its name"}},
		{"a format file that is none", nil, map[string]string{"SessionDetails.dat": bareSessions, "SessionDetails.fmt": strings.Replace(fmtFile, "SQLCHAR", "SQLINT ", 1)}, nil,
			[]string{"SessionDetails.dat: rows without a header, of the table SessionDetails by the file's name" + ways,
				"SessionDetails.fmt: a format file that cannot be used: line 3: a field of type SQLINT with a prefix of 0 is no text; export as characters (bcp -c or -w)"}},
		{"a format file of another table", nil, map[string]string{"x.dat": bareSessions, "x.fmt": lineFormat(sqlTable{columns: []string{"a", "b", "c"}}, "\t", "\r\n")}, nil,
			[]string{"x.dat: the format file x.fmt names columns of no known table; export one of the tables that calaudit formats cdr and qoe name", "own x.fmt: names the columns of x.dat"}},
		{"a header file", nil, map[string]string{"SessionDetails.txt": bareSessions, "SessionDetails.csv": sessionColumns + "\n"},
			[]string{"SessionDetails.txt SessionDetails"}, []string{"own SessionDetails.csv: names the columns of SessionDetails.txt"}},
		{"a header file without rows", nil, map[string]string{"SessionDetails.csv": sessionColumns + "\n"}, []string{"SessionDetails.csv SessionDetails"}, nil},
		{"a table is no header file", nil, map[string]string{"SessionDetails.txt": bareSessions, "SessionDetails.csv": sessionColumns + "\n2009-03-02 08:01:00.123,1,1,2,2,200,1\n"},
			[]string{"SessionDetails.csv SessionDetails"}, []string{"SessionDetails.txt: rows without a header, of the table SessionDetails by the file's name" + ways}},
		{"--columns by table", []string{"SessionDetails=" + sessionColumns}, map[string]string{"dbo.sessiondetails-2.out": bareSessions}, []string{"dbo.sessiondetails-2.out SessionDetails"}, nil},
		{"--columns by table and number", []string{"SessionDetails=" + sessionColumns}, map[string]string{"sessiondetails2.out": bareSessions}, []string{"sessiondetails2.out SessionDetails"}, nil},
		{"--columns by file", []string{"Export7=" + sessionColumns}, map[string]string{"export7.out": bareSessions}, []string{"export7.out SessionDetails"}, nil},
		{"a header of its own holds", []string{"SessionDetails=" + sessionColumns + ",PoolId"}, map[string]string{"SessionDetails.csv": sessionColumns + "\n"}, []string{"SessionDetails.csv SessionDetails"}, nil},
		{"wrapped lines", nil, map[string]string{"x.txt": "SessionIdTime           SessionIdSeq User1Id\n   User2Id\n----------------------- ------------ -------\n   -------\n2009-03-02 08:01:00.123            1       1\n         2\n"},
			nil, []string{"x.txt: rows under a line of dashes, but no header of a known table above it: sqlcmd breaks lines at 80 characters unless -w 65535 is given; export with -s , -W"}},
	} {
		units, passed := gatherNames(t, c.columns, c.files)
		if !slices.Equal(units, c.units) || !slices.Equal(passed, c.passed) {
			t.Errorf("%s:\n  units  %q\n  want   %q\n  passed %q\n  want   %q", c.name, units, c.units, passed, c.passed)
		}
	}
}

func TestWhatTheUserTellsIsChecked(t *testing.T) {
	for _, c := range []struct{ columns, encoding, order, want string }{
		{"SessionDetails", "", "", `--columns "SessionDetails" is not of the form TABLE=column,column`},
		{"=a,b", "", "", `--columns "=a,b" is not of the form TABLE=column,column`},
		{"Users=UserId", "", "", `--columns "Users=UserId" is not of the form TABLE=column,column`},
		{"Users=UserId,TenantId", "", "", "--columns Users: table Users lacks the column UserUri; export it with its documented columns"},
		{"x=a,b,c", "", "", "--columns x: "},
		{"Nope=a,b", "", "", "--columns Nope: no table of this name is known, and none with these columns; calaudit formats cdr and qoe name those that are read"},
		{"Users=UserId,UserUri,userid", "", "", `--columns Users: the column "userid" stands twice; keep one`},
		{"Users=" + sessionColumns, "", "", "--columns Users: table Users lacks the columns UserId, UserUri; export it with its documented columns"},
		{"", "klingon", "", `--encoding: unknown encoding "klingon"; valid: windows-1252, `},
		{"", "", "ymd", `--date-order "ymd" is not known; valid: mdy, dmy`},
	} {
		var columns []string
		if c.columns != "" {
			columns = []string{c.columns}
		}
		if _, err := NewOptions(columns, c.encoding, c.order); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if _, err := NewOptions([]string{"ClientVersions=VersionId,Version", "HardwareVersions=VersionId,Version"}, "850", "DMY"); err != nil {
		t.Error(err)
	}
}

func TestTextIsReadInTheEncodingThatTheUserTells(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "Users.csv", []byte("UserId,UserUri\n1,j\x81rgen@contoso.com\n2,bob@contoso.com\n"))
	put(t, dir, "SessionDetails.csv", []byte(sessionColumns+"\n2009-03-02 08:01:00.123,1,1,2,2,200,1\n"))
	put(t, dir, "activity.csv", []byte("time,activity,user\n2009-03-12 10:00:00,im-login,caf\x82@contoso.com\n"))
	o, err := NewOptions(nil, "ibm850", "")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, u := range o.Gather(time.Time{}, []string{dir}).Units {
		if err := u.Read(t.Context(), cdrEnv, func(b *Batch) error {
			for _, n := range b.Names {
				names = append(names, n.Text)
			}
			if len(b.Rejects) > 0 {
				t.Errorf("%v", b.Rejects)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if slices.Sort(names); !slices.Equal(names, []string{"bob@contoso.com", "café@contoso.com", "jürgen@contoso.com"}) {
		t.Errorf("%q", names)
	}
}
