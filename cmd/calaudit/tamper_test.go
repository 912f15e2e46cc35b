//go:build unix

package main

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"calaudit/audit"
)

// TestCheckSeesWhatWasChangedBehindItsBack changes a sound database in one
// place at a time.
func TestCheckSeesWhatWasChangedBehindItsBack(t *testing.T) {
	sound := filepath.Join(t.TempDir(), "a.db")
	var r audit.Report
	calauditJSON(t, exitShortfall, &r, "run", filepath.Join(repo, "sample-logs", "contoso"), "--keep-evidence", "--db", sound)
	calauditJSON(t, exitShortfall, &r, "audit", "--db", sound)
	if status, out, errs := calaudit(t, "check", "--db", sound); status != 0 {
		t.Fatalf("not sound before it is changed: %d %s%s", status, out, errs)
	}
	for _, change := range []string{
		"DELETE FROM segment",
		"DELETE FROM segment WHERE id=(SELECT max(id) FROM segment)",
		"UPDATE segment SET block=substr(block, 1, length(block)-1) WHERE id=1",
		"UPDATE segment SET records=records+1 WHERE id=1",
		"DELETE FROM source_text",
		"DELETE FROM source_text WHERE id=1",
		"DELETE FROM source_kept WHERE id=2",
		"DELETE FROM source_kept",
		"UPDATE source_text SET block=substr(block, 1, length(block)-1) WHERE id=1",
		"UPDATE source_text SET block=(SELECT block FROM source_text WHERE id=2), first=(SELECT first FROM source_text WHERE id=2), last=(SELECT last FROM source_text WHERE id=2), rows=(SELECT rows FROM source_text WHERE id=2) WHERE id=1",
		"UPDATE source_text SET first=first-1 WHERE id=1",
		"UPDATE source_text SET import=import+1 WHERE id=1",
		"UPDATE source_kept SET rows=rows-1 WHERE rows>0",
		"UPDATE source_kept SET sha256=(SELECT max(sha256) FROM source_kept) WHERE rows>0",
		"UPDATE import SET read=read+1, stored=stored+1 WHERE id=1",
		"UPDATE import SET rejected=rejected-1, skipped=skipped+1 WHERE rejected>0",
		"UPDATE import SET path='other.csv' WHERE id=2",
		"UPDATE import SET sha256='00' WHERE id=3",
		"DELETE FROM reject WHERE rowid=(SELECT min(rowid) FROM reject)",
		"DELETE FROM dictionary WHERE kind=4",
		"DELETE FROM dictionary WHERE kind=3",
		"UPDATE dictionary SET words=-words WHERE kind=2",
		"UPDATE dictionary SET words=66000000 WHERE kind=1 AND first=(SELECT max(first) FROM dictionary WHERE kind=1)",
		"UPDATE dictionary SET block=(SELECT block FROM dictionary WHERE kind=3 AND first=1) WHERE kind=3",
		"DELETE FROM summary WHERE id=1",
		"UPDATE summary SET pages=(SELECT pages FROM summary WHERE id=1) WHERE id=2",
		"UPDATE summary SET day=day+1 WHERE id=3",
		"UPDATE summary SET last=first WHERE id=(SELECT min(id) FROM summary WHERE first<last)",
		"UPDATE summary SET first=last WHERE id=(SELECT max(id) FROM summary WHERE first<last)",
		"UPDATE summary SET reach=0 WHERE id=(SELECT max(id) FROM summary WHERE kind=3)",
		"INSERT INTO summary(day, kind, first, last, reach, pages) SELECT 30000, kind, first, last, reach, pages FROM summary WHERE kind=3 LIMIT 1",
		"UPDATE span SET last=first WHERE id=(SELECT max(id) FROM span WHERE first<last)",
		"UPDATE span SET first=last WHERE id=(SELECT min(id) FROM span WHERE first<last)",
		"UPDATE segment SET reach=day*86400000 WHERE reach>=(day+1)*86400000",
		"UPDATE segment SET last=first WHERE id=(SELECT max(id) FROM segment WHERE first<last)",
		"UPDATE segment SET first=last WHERE id=(SELECT min(id) FROM segment WHERE first<last)",
		"UPDATE segment SET low=high WHERE id=(SELECT max(id) FROM segment WHERE low<high)",
		"UPDATE segment SET high=low WHERE id=(SELECT max(id) FROM segment WHERE low<high)",
		"UPDATE dictionary SET marks=zeroblob(length(marks)) WHERE kind=1",
		"UPDATE run_subjects SET last=first WHERE run=1 AND first<last",
		"UPDATE run_subjects SET first=last WHERE run=1 AND kind='user' AND first=(SELECT min(first) FROM run_subjects WHERE run=1 AND kind='user')",
		"DELETE FROM span WHERE id=(SELECT max(id) FROM span WHERE kind=1)",
		"UPDATE span SET pages=(SELECT pages FROM span WHERE kind=1 ORDER BY id DESC LIMIT 1) WHERE id=(SELECT min(id) FROM span WHERE kind=1)",
		"UPDATE span SET days=5 WHERE id=(SELECT min(id) FROM span)",
		"DELETE FROM spanned WHERE days=8",
		"UPDATE span_classes SET classes=zeroblob(length(classes))",
		"PRAGMA foreign_keys=OFF; DELETE FROM entry WHERE id=1",
		"UPDATE entry SET data=replace(data, '\"primary\"', '\"primery\"') WHERE id=(SELECT max(id) FROM entry WHERE data LIKE '%\"primary\"%')",
		"UPDATE entry SET data=replace(data, ':', ';') WHERE id=1",
		"UPDATE directory_file SET changed=coalesce(changed,0)+86400000 WHERE id=1",
		"UPDATE directory_file SET entries=zeroblob(2) WHERE id=1",
		"UPDATE setting SET data=CAST(replace(CAST(data AS TEXT), '2007', '2010') AS BLOB) WHERE kind='licenses'",
		"UPDATE setting SET data=CAST(CAST(data AS TEXT) || ' ' AS BLOB) WHERE kind='estate'",
		"UPDATE setting SET path='other.csv' WHERE kind='licenses'",
		"UPDATE setting SET kind='licenses'",
		"UPDATE setting SET seal=''",
		"DELETE FROM setting WHERE rowid=1",
		"DELETE FROM snapshot",
		"PRAGMA foreign_keys=OFF; DELETE FROM import WHERE id=1",
		"DELETE FROM dictionary WHERE kind=1",
		"UPDATE run SET report=replace(report, '\"required\":', '\"required\": 1') WHERE id=1",
		"UPDATE run SET report=replace(report, '\"exit_codes\":[3]', '\"exit_codes\":[]') WHERE id=1",
		"UPDATE run SET digest='sha256:00' WHERE id=1",
		"UPDATE run SET chain='sha256:00' WHERE id=1",
		"PRAGMA foreign_keys=OFF; DELETE FROM run WHERE id=1",
		"DELETE FROM run_subjects WHERE run=1 AND kind='device'",
		"UPDATE run_subjects SET figures=(SELECT figures FROM run_subjects WHERE run=1 AND kind='device' LIMIT 1) WHERE run=1 AND kind='user'",
		"UPDATE run_subjects SET plane=(SELECT max(id) FROM plane) WHERE run=1 AND kind='user'",
		"UPDATE plane SET data=(SELECT data FROM plane WHERE id=2) WHERE id=1",
		"UPDATE run SET as_of='2009-01-01' WHERE id=1",
	} {
		t.Run(change, func(t *testing.T) {
			name := changed(t, sound, change)
			if status, out, _ := calaudit(t, "check", "--db", name); status != exitIntegrity {
				t.Errorf("exit %d, want 5: %s", status, out)
			}
		})
	}
}

// changed is a copy of a database in which a statement was run.
func changed(t *testing.T, sound, statement string) string {
	t.Helper()
	data, err := os.ReadFile(sound)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "b.db")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("calaudit-sqlite3", name)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec(statement)
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestAnAuditReadsNoRowThatSaysItHoldsFewerUsers: such a row would be passed over
// by those who add the others up.
func TestAnAuditReadsNoRowThatSaysItHoldsFewerUsers(t *testing.T) {
	sound := filepath.Join(t.TempDir(), "a.db")
	var r audit.Report
	calauditJSON(t, exitShortfall, &r, "run", filepath.Join(repo, "sample-logs", "contoso"), "--db", sound)
	for _, change := range []string{
		"UPDATE summary SET last=first", "UPDATE summary SET first=last", "UPDATE summary SET first=last, last=first", "UPDATE summary SET first=-1",
		"UPDATE span SET last=first", "UPDATE span SET first=last", "UPDATE span SET first=last, last=first", "UPDATE span SET last=-1",
	} {
		name := changed(t, sound, change)
		if status, out, errs := calaudit(t, "audit", "--db", name); status != exitFailed || !strings.Contains(errs, "damaged") {
			t.Errorf("%s: exit %d, want 1: %s%s", change, status, out, errs)
		}
	}
}

func TestWhatWasPrunedDoesNotComeBackWithAFileThatGrew(t *testing.T) {
	dir := t.TempDir()
	db := filepath.Join(dir, "a.db")
	rows := "time,activity,user\n2009-01-10 08:00:00,im-login,old@contoso.com\n2009-03-02 08:00:00,im-login,new@contoso.com\n"
	write(t, dir, "in/activity.csv", []byte(rows))
	var r audit.Report
	calauditJSON(t, exitShortfall, &r, "run", filepath.Join(dir, "in"), "--db", db)
	if status, _, errs := calaudit(t, "prune", "--before", "2009-02-01", "--db", db); status != 0 {
		t.Fatal(errs)
	}
	write(t, dir, "in/activity.csv", []byte(rows+"2009-03-03 08:00:00,im-login,newer@contoso.com\n"))
	calauditJSON(t, exitShortfall, &r, "run", filepath.Join(dir, "in"), "--db", db)
	if r.Imports.Stored != 1 || r.Imports.Skipped != 1 || r.Imports.Duplicate != 1 {
		t.Errorf("%+v", r.Imports)
	}
	var users []audit.Subject
	calauditJSON(t, 0, &users, "users", "--db", db)
	for _, u := range users {
		if u.ID == "old@contoso.com" {
			t.Error("a pruned person is back")
		}
	}
	if status, out, _ := calaudit(t, "check", "--db", db); status != 0 {
		t.Errorf("check: %s", out)
	}
}

func TestOutputNeverReplacesWhatIsNoRegularFile(t *testing.T) {
	dir := t.TempDir()
	db := filepath.Join(dir, "a.db")
	write(t, dir, "in/activity.csv", []byte("time,activity,user\n2009-03-02 08:00:00,im-login,a@contoso.com\n"))
	write(t, dir, "real.txt", []byte("old"))
	link := filepath.Join(dir, "link.txt")
	if err := os.Symlink("real.txt", link); err != nil {
		t.Fatal(err)
	}
	if status, _, errs := calaudit(t, "run", filepath.Join(dir, "in"), "--db", db, "--output", link); status != exitShortfall {
		t.Fatal(status, errs)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link was replaced: %v %v", info, err)
	}
	if data, err := os.ReadFile(filepath.Join(dir, "real.txt")); err != nil || !strings.HasPrefix(string(data), "Licence position") {
		t.Errorf("the file behind the link holds %.40q (%v)", data, err)
	}
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	got := make(chan string)
	go func() {
		data, _ := os.ReadFile(pipe)
		got <- string(data)
	}()
	if status, _, errs := calaudit(t, "report", "--db", db, "--output", pipe); status != 0 {
		t.Fatal(status, errs)
	}
	if text := <-got; !strings.HasPrefix(text, "Licence position") {
		t.Errorf("the reader of the pipe got %.40q", text)
	}
	if info, err := os.Lstat(pipe); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		t.Error("the pipe was replaced")
	}
}

func TestAConflictingRowIsADuplicateAndDatesNothing(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "in/activity.csv", []byte("time,activity,user,session,source\n"+
		"2009-03-31T23:30:00-05:00,im-session,nick@contoso.com,s0,x\n"+
		"2009-03-05 10:00:00,im-session,nick@contoso.com,s0,x\n"))
	var r audit.Report
	calauditJSON(t, exitOK, &r, "run", filepath.Join(dir, "in"), "--db", filepath.Join(dir, "a.db"))
	if r.AsOf != "2009-03-05" || r.Imports.Stored != 1 || r.Imports.Duplicate != 1 || len(r.Conflicts) == 0 {
		t.Errorf("as of %s, %+v, conflicts %+v", r.AsOf, r.Imports, r.Conflicts)
	}
}
