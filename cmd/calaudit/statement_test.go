package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"calaudit/audit"
	"calaudit/audit/report"
)

// putStatement writes a licence statement in the documented layout: header in
// row 10 of the tab Pivot Data, the date in K3.
func putStatement(t *testing.T, name, sheet string, rows ...[]any) {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	check := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := f.NewSheet(sheet)
	check(err)
	check(f.SetCellStr(sheet, "K3", "3/31/2009"))
	header := []any{"Product Pool", "License Product Family", "License Version", "Effective License Quantity", "Upgrade License Quantity",
		"Upgrade License Quantity (w/ Maintenance)", "Active SA Quantity", "Country of Usage"}
	check(f.SetSheetRow(sheet, "A10", &header))
	for i, row := range rows {
		check(f.SetSheetRow(sheet, fmt.Sprint("A", 11+i), &row))
	}
	check(os.MkdirAll(filepath.Dir(name), 0o755))
	check(f.SaveAs(name))
}

func TestALicenceStatementIsTakenBesideLicensesCSV(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in")
	put := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(in, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	statement := filepath.Join(in, "statement.xlsx")
	putStatement(t, statement, "Pivot Data",
		[]any{"Servers", "Office Communications Server Standard CAL - User CAL", "2007", 2, 0, 0, 1, "All Countries"},
		[]any{"Servers", "Office Communications Server Standard CAL - User CAL", "2007", 2, 0, 0, 1, "Germany"},
		[]any{"Applications", "Office Professional Plus", "2007", 50, 0, 0, 0, "All Countries"},
		[]any{"Servers", "Lync Server Standard CAL Step-up", "2010", 9, 0, 0, 0, "All Countries"},
		[]any{"Servers", "Lync Server Standard CAL", "2010", 9, 0, 0, 0, "All Countries"})
	putStatement(t, filepath.Join(in, "budget.xlsx"), "Budget")
	put("activity.csv", "time,activity,user\n2009-03-02 08:00:00,im-login,a@contoso.com\n2009-03-02 08:00:00,im-login,b@contoso.com\n2009-03-02 08:00:00,im-login,c@contoso.com\n")
	put("licenses.csv", "license,metric,version,quantity\nocs-standard-cal,user,2007,1\n")
	position := func(status int, args ...string) (owned int, notes string) {
		t.Helper()
		var r audit.Report
		calauditJSON(t, status, &r, args...)
		for _, p := range r.Position {
			if p.License == "ocs-standard-cal" && p.Metric == "user" {
				owned += p.Owned
			}
		}
		return owned, strings.Join(r.Notes, "\n")
	}

	// Met in a folder, both add up; what cannot be counted is said.
	db := filepath.Join(dir, "a.db")
	status, _, errs := calaudit(t, "run", in, "--db", db, "--max-age", "0")
	for _, want := range []string{
		"statement.xlsx: licenses in force; rows left out that cannot be read: 1",
		`statement.xlsx:15: "Lync Server Standard CAL" tells neither user nor device; state it in licenses.csv; the row is left out`,
		"budget.xlsx: passed over: an Excel workbook; save the sheet as CSV",
	} {
		if !strings.Contains(errs, want) {
			t.Errorf("no %q in\n%s", want, errs)
		}
	}
	if status != 0 {
		t.Errorf("status %d: %s", status, errs)
	}
	if owned, notes := position(0, "report", "--db", db); owned != 3 ||
		!strings.Contains(notes, "the catalogue does not know, whose licences are not counted: 1, of which named like one that it knows: 1. See calaudit licenses.") {
		t.Errorf("%d owned; %s", owned, notes)
	}
	var licences struct {
		Owned     []report.Owned
		Uncounted []report.Uncounted
	}
	calauditJSON(t, 0, &licences, "licenses", "--db", db)
	var got []string
	for _, o := range licences.Owned {
		got = append(got, fmt.Sprint(o.License, " ", o.Quantity, " ", o.SAUntil))
	}
	for _, u := range licences.Uncounted {
		got = append(got, fmt.Sprint(u.Product, " ", u.Quantity, " ", u.Near, " ", u.Line))
	}
	want := "ocs-standard-cal 1 , ocs-standard-cal 1 2009-03-31, ocs-standard-cal 1 , office-professional-plus 50 , Lync Server Standard CAL Step-up 9 true 14"
	if text := strings.Join(got, ", "); text != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
	if status, out, _ := calaudit(t, "licenses", "--db", db); status != 0 || !strings.Contains(out, "Not counted") || !strings.Contains(out, "from documentation") {
		t.Errorf("%d: %s", status, out)
	}
	if status, _, errs := calaudit(t, "check", "--db", db); status != 0 {
		t.Errorf("check: %d: %s", status, errs)
	}

	// Named by the flag it stands alone, and the same twice changes nothing.
	for range 2 {
		if owned, _ := position(exitShortfall, "audit", "--licenses", statement, "--db", db); owned != 2 {
			t.Errorf("%d owned by the statement", owned)
		}
	}
	status, _, errs = calaudit(t, "audit", "--licenses", filepath.Join(in, "budget.xlsx"), "--db", db)
	if status != exitUsage || !strings.Contains(errs, "budget.xlsx: an Excel workbook without the tab Pivot Data of a Microsoft License Statement; give a Microsoft License Statement as it came, or licenses.csv") {
		t.Errorf("%d: %s", status, errs)
	}

	// A damaged one costs itself.
	whole, err := os.ReadFile(statement)
	if err != nil {
		t.Fatal(err)
	}
	put("statement.xlsx", string(whole[:len(whole)/2]))
	if status, _, errs := calaudit(t, "run", in, "--db", db, "--max-age", "0"); status != exitFailed || !strings.Contains(errs, "statement.xlsx: ") {
		t.Errorf("%d: %s", status, errs)
	}
}

// Statements are of the whole stock: last year's beside this year's would own
// everything twice, so the report says that they add up.
func TestStatementsOfTwoYearsAreToldInTheReport(t *testing.T) {
	in, db := t.TempDir(), filepath.Join(t.TempDir(), "a.db")
	for name, owned := range map[string]int{"2008.xlsx": 2, "2009.xlsx": 3} {
		putStatement(t, filepath.Join(in, name), "Pivot Data",
			[]any{"Servers", "Office Communications Server Standard CAL - User CAL", "2007", owned, 0, 0, 0, "All Countries"})
	}
	if err := os.WriteFile(filepath.Join(in, "activity.csv"), []byte("time,activity,user\n2009-03-02 08:00:00,im-login,a@contoso.com\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	const want = "Licence statements that state the same product: 2, of 2009-03-31, 2009-03-31. What they own is added up"
	if status, out, errs := calaudit(t, "run", in, "--db", db, "--max-age", "0"); status != 0 || !strings.Contains(strings.Join(strings.Fields(out), " "), want) {
		t.Errorf("run: %d: %s%s", status, out, errs)
	}
	if status, _, errs := calaudit(t, "licenses", "--db", db); status != 0 || !strings.Contains(errs, want) {
		t.Errorf("licenses: %d: %s", status, errs)
	}
	if err := os.Remove(filepath.Join(in, "2008.xlsx")); err != nil {
		t.Fatal(err)
	}
	if _, out, errs := calaudit(t, "run", in, "--db", db, "--max-age", "0"); strings.Contains(out+errs, "same product") {
		t.Errorf("one statement: %s%s", out, errs)
	}
}
