package ingest

import (
	"fmt"
	"strconv"
	"strings"
)

// exchangedRows is how many rows of a table of addresses are looked at to tell
// whether the names of two of its columns were exchanged.
const exchangedRows = 200

// exchanged tells by the first rows of a table of ids and addresses that the
// names above two of its columns were exchanged, as by hand in a header, and
// which; "" when they look right. Ids of one database name one address each, so
// that a table either has numbers where addresses belong, or ids that repeat
// with other addresses beside another column of numbers that do not.
func exchanged(h *Head, idName, uriName string) string {
	t, err := sniffTable(h)
	if err != nil {
		return ""
	}
	id, uri := t.Column(idName), t.Column(uriName)
	if id < 0 || uri < 0 {
		return ""
	}
	rows, straight, crossed, again := 0, 0, 0, 0
	address := map[string]string{}
	distinct := make([]map[string]bool, len(t.Header())) // nil: not all are numbers, or one repeats
	for i := range distinct {
		distinct[i] = map[string]bool{}
	}
	for rows < exchangedRows && t.Next() == nil {
		key, named := string(trimSpace(t.Field(id))), string(trimSpace(t.Field(uri)))
		switch number := isCount(key); {
		case number && strings.Contains(named, "@"):
			straight++
		case !number && isCount(named) && strings.Contains(key, "@"):
			crossed++
		}
		rows++
		if was, ok := address[key]; ok && was != named {
			again++
		}
		address[key] = named
		for i, seen := range distinct {
			if text := string(trimSpace(t.Field(i))); seen != nil {
				if !isCount(text) || seen[text] {
					distinct[i] = nil
				} else {
					seen[text] = true
				}
			}
		}
	}
	const what = "the values of the columns %s and %s look exchanged; exchange the two names in the header and ingest again"
	if crossed > 0 && straight == 0 {
		return fmt.Sprintf(what, idName, uriName)
	}
	if straight > 2 && again*2 >= rows {
		other := -1
		for i, seen := range distinct {
			if seen == nil || i == id || i == uri {
				continue
			}
			if other >= 0 {
				return "" // either may be it
			}
			other = i
		}
		if other >= 0 {
			return fmt.Sprintf(what, idName, t.Header()[other])
		}
	}
	return ""
}

func isCount(s string) bool {
	_, err := strconv.ParseUint(s, 10, 63)
	return err == nil
}
