package ingest

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// documented reads columns by product and table: those of the call detail
// database from testdata/cdr/columns.csv.
func documented(t *testing.T, files ...string) map[string]map[string][]string {
	t.Helper()
	text, err := os.ReadFile(append(files, "testdata/cdr/columns.csv")[0])
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]map[string][]string{}
	for line := range strings.Lines(string(text)) {
		f := strings.SplitN(strings.TrimSpace(line), ",", 3)
		if strings.HasPrefix(line, "#") {
			continue
		}
		if all[f[0]] == nil {
			all[f[0]] = map[string][]string{}
		}
		all[f[0]][f[1]] = strings.Fields(f[2])
	}
	return all
}

// published are columns of Lync Server 2010 that its pages, as far as they
// could be read, do not list, but that published queries for it use.
var published = []string{"SessionDetails.ResponseCode", "SessionDetails.MediaTypes"}

func TestQueriesAskForDocumentedColumnsAndAreRecognised(t *testing.T) {
	cdr, qoe := documented(t), documented(t, "testdata/qoe-columns.csv")
	term := regexp.MustCompile(`^(\w+)$|^CONVERT\(varchar\(23\), (\w+), 121\) AS (\w+)$|^CONVERT\(varchar\(1552\), (ExternalId), 1\) AS (ExternalId)$`)
	for _, p := range CDRProducts {
		headers, quality := map[string][]string{}, map[string][]string{}
		for _, q := range CDRQueries(p.Name) {
			known, sniff, headers := cdr, sniffCDR, headers
			if q.Database == "QoEMetrics" {
				known, sniff, headers = qoe, sniffQoE, quality
			}
			list, from, ok := strings.Cut(strings.TrimPrefix(q.SQL, "SELECT "), " FROM dbo.")
			if !ok || strings.Trim(from, "[]") != q.Table {
				t.Errorf("%s", q.SQL)
			}
			if list == "*" {
				if broken := q.Table == "Session" || q.Table == "MediaLine"; age(p.Name) > age("lync2010") || known[p.Name][q.Table] != nil && !broken {
					t.Errorf("%s %s: all columns, though they are documented", p.Name, q.Table)
				}
				continue
			}
			var columns []string
			for _, item := range splitTerms(list) {
				m := term.FindStringSubmatch(item)
				if m == nil || m[2] != m[3] {
					t.Errorf("%s: %q", q.Table, item)
					continue
				}
				column := m[1] + m[2] + m[4]
				if strings.HasSuffix(column, "Time") != (m[2] != "") {
					t.Errorf("%s: %s is a time and does not come with its milliseconds", q.Table, column)
				}
				columns = append(columns, column)
				if !slices.ContainsFunc(known[p.Name][q.Table], func(c string) bool { return strings.EqualFold(c, column) }) &&
					!(p.Name == "lync2010" && slices.Contains(published, q.Table+"."+column)) {
					t.Errorf("%s: %s has no column %s", p.Name, q.Table, column)
				}
			}
			if !slices.Equal(columns, q.Columns) {
				t.Errorf("%s: %v in the query, %v said", q.Table, columns, q.Columns)
			}
			v := sniff(&Head{Name: "export.txt", Text: []byte(strings.Join(columns, "|") + "\n" + dashesUnder(columns) + "\n")})
			if same := v.Part == q.Table || q.Table == "ClientVersions"; !v.Yes || !same {
				t.Errorf("%s: %s exported by its query is taken for %+v", p.Name, q.Table, v)
			}
			headers[q.Table] = columns
		}
		if got := cdrProduct(headers); got != p.Name && p.Name != "ocs2007r2" {
			t.Errorf("exports of %s are taken for %s", p.Name, got)
		}
		// What followed 2013 has the same columns; of R2 all are asked for.
		if got := qoeProduct(quality); got != min(p.Name, "lync2013") && p.Name != "ocs2007r2" {
			t.Errorf("quality exports of %s are taken for %s", p.Name, got)
		}
		if len(quality) == 0 && p.Name != "ocs2007r2" || len(headers) == 0 && p.Name != "ocs2007r2" {
			t.Errorf("%s: %d tables of records, %d of quality", p.Name, len(headers), len(quality))
		}
	}
}

func dashesUnder(columns []string) string {
	var dashes []string
	for _, c := range columns {
		dashes = append(dashes, strings.Repeat("-", len(c)))
	}
	return strings.Join(dashes, "|")
}

// splitTerms splits a list at the commas that stand in no parentheses.
func splitTerms(list string) (terms []string) {
	depth, start := 0, 0
	for i, c := range list {
		switch c {
		case '(':
			depth++
		case ')':
			depth--
		case ',':
			if depth == 0 {
				terms = append(terms, strings.TrimSpace(list[start:i]))
				start = i + 1
			}
		}
	}
	return append(terms, strings.TrimSpace(list[start:]))
}

// TestEveryDocumentedTableAndViewIsKnown holds the list of tables against the
// documented columns of all products.
func TestEveryDocumentedTableAndViewIsKnown(t *testing.T) {
	other := []string{"Application", "IMReportSummary"} // not of the records
	// Their pages list only what they add to another view, and no key.
	noKey := []string{"VoIPDetailsView", "MediaView", "FileTransfersView"}
	alias := map[string]string{"UserView": "Users", "ConferenceUrisView": "ConferenceUris", "McusView": "Mcus", "ClientVersionsView": "ClientVersions"}
	for product, tables := range documented(t) {
		for table, columns := range tables {
			if slices.Contains(other, table) {
				continue
			}
			name := table
			if alias[table] != "" {
				name = alias[table]
			}
			d := lcsCDR.named(name)
			if d == nil {
				if table != "FileTransfersView" {
					t.Errorf("%s %s is not known", product, table)
				}
				continue
			}
			for _, c := range columns {
				if key := ColumnKey(c); !d.has(key) && !cdrFree[key] {
					t.Errorf("%s %s: the column %s is not known", product, table, c)
				}
			}
			header := columns
			if slices.Contains(noKey, table) {
				header = append([]string{"SessionIdTime", "SessionIdSeq"}, columns...)
			}
			partly := product == "lync2010" && (table == "SessionDetails" || table == "ConferenceSessionDetails" || table == "Registration")
			m := lcsCDR.recognise(header)
			if !partly && (!m.sure() || m.def.name != name && name != "ClientVersions" && name != "HardwareVersions") {
				t.Errorf("%s %s is taken for %s, lacking %v", product, table, m.def.name, m.missing)
			}
			if got := cdrProduct(map[string][]string{d.name: columns}); got != "" && got > product {
				t.Errorf("%s %s alone is taken for the later %s", product, table, got)
			}
		}
	}
}
