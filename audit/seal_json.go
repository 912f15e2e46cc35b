package audit

import (
	"encoding/json"
	"strconv"
)

// AppendSubject appends the subject as one line of JSON, to the byte what
// encoding/json makes of it. Each audit writes every subject out twice, once for
// the digest and once to be saved: reflection would take most of that time.
func AppendSubject(dst []byte, s *Subject) []byte {
	dst = appendText(append(dst, `{"id":`...), s.ID)
	dst = appendText(append(dst, `,"kind":`...), s.Kind)
	dst = appendText(append(dst, `,"class":`...), s.Class)
	dst = appendText(append(dst, `,"outcome":`...), s.Outcome)
	dst = appendTexts(append(dst, `,"licenses":`...), s.Licenses)
	dst = appendText(append(dst, `,"covered_by":`...), s.CoveredBy)
	dst = appendReasons(append(dst, `,"reasons":`...), s.Reasons)
	for _, x := range [...]struct{ key, text string }{{`,"name":`, s.Name}, {`,"exemption":`, s.Exemption}} {
		if x.text != "" {
			dst = appendText(append(dst, x.key...), x.text)
		}
	}
	for _, x := range [...]struct {
		key  string
		list []string
	}{{`,"versions":`, s.Versions}, {`,"aliases":`, s.Aliases}, {`,"shares":`, s.Shares}, {`,"alias_by":`, s.AliasBy}} {
		if len(x.list) > 0 {
			dst = appendTexts(append(dst, x.key...), x.list)
		}
	}
	if len(s.AliasRecords) > 0 {
		dst = append(dst, `,"alias_records":[`...)
		for i, n := range s.AliasRecords {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = strconv.AppendInt(dst, int64(n), 10)
		}
		dst = append(dst, ']')
	}
	if len(s.Shared) > 0 {
		dst = appendTexts(append(dst, `,"shared":`...), s.Shared)
	}
	if len(s.Readings) > 0 {
		dst = appendAnswers(append(dst, `,"readings":`...), s.Readings)
	}
	return append(dst, '}', '\n')
}

func appendAnswers(dst []byte, answers []OtherAnswer) []byte {
	dst = append(dst, '[')
	for i := range answers {
		o := &answers[i]
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendText(append(dst, `{"question":`...), o.Question)
		dst = appendText(append(dst, `,"answer":`...), o.Answer)
		dst = appendText(append(dst, `,"outcome":`...), o.Outcome)
		dst = appendTexts(append(dst, `,"licenses":`...), o.Licenses)
		if len(o.Versions) > 0 {
			dst = appendTexts(append(dst, `,"versions":`...), o.Versions)
		}
		if o.CoveredBy != "" {
			dst = appendText(append(dst, `,"covered_by":`...), o.CoveredBy)
		}
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

func appendReasons(dst []byte, reasons []Reason) []byte {
	if reasons == nil {
		return append(dst, "null"...)
	}
	dst = append(dst, '[')
	for i := range reasons {
		r := &reasons[i]
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendText(append(dst, `{"rule":`...), r.Rule)
		dst = appendText(append(dst, `,"activity":`...), r.Activity)
		dst = appendText(append(dst, `,"outcome":`...), r.Outcome)
		dst = strconv.AppendInt(append(dst, `,"count":`...), int64(r.Count), 10)
		dst = appendText(append(dst, `,"first":`...), r.First)
		dst = append(appendText(append(dst, `,"last":`...), r.Last), '}')
	}
	return append(dst, ']')
}

func appendTexts(dst []byte, list []string) []byte {
	if list == nil {
		return append(dst, "null"...)
	}
	dst = append(dst, '[')
	for i, text := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendText(dst, text)
	}
	return append(dst, ']')
}

// plain tells text that stands in JSON as it is. It looks at 8 bytes at a time:
// the top bit of a byte below 0x80 is set when more is taken from it than it has.
// What that borrows from the next byte can only add a hit to a hit.
func plain(text string) bool {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	for ; len(text) >= 8; text = text[8:] {
		x := uint64(text[0]) | uint64(text[1])<<8 | uint64(text[2])<<16 | uint64(text[3])<<24 |
			uint64(text[4])<<32 | uint64(text[5])<<40 | uint64(text[6])<<48 | uint64(text[7])<<56
		zero := func(c uint64) uint64 { return (x ^ c*ones) - ones }
		if (x|(x-0x20*ones)|zero('"')|zero('\\')|zero('<')|zero('>')|zero('&')|zero(0x7f))&tops != 0 {
			return false
		}
	}
	for i := range len(text) {
		if c := text[i]; c < 0x20 || c >= 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return false
		}
	}
	return true
}

// appendText quotes a text. What needs more than quotes is left to the library.
func appendText(dst []byte, text string) []byte {
	if !plain(text) {
		quoted, err := json.Marshal(text)
		if err != nil {
			panic(err) // a string always has a form
		}
		return append(dst, quoted...)
	}
	dst = append(dst, '"')
	dst = append(dst, text...)
	return append(dst, '"')
}
