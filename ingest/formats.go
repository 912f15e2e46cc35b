package ingest

import (
	"bytes"

	"calaudit/ingest/text"
)

// Formats returns the table of export formats, in the order in which they are
// tried on a file. A new format is one file beside this one and one line here.
func Formats() []Format {
	return []Format{
		ldifFormat(),
		csvdeFormat(),
		csUserFormat(),
		csContactFormat(),
		wmiUserFormat(),
		wmiContactFormat(),
		wmiSettingFormat(),
		registrationsFormat(),
		cdrFormat(),
		qoeFormat(),
		ocsTraceFormat(),
		uccapiTraceFormat(),
		sipeTraceFormat(),
		bareTraceFormat(),
		plainFormat(),
		reportFormat(),
		iisFormat(),
	}
}

// headLen is how much of a file is looked at to recognise it.
const headLen = 64 << 10

// Head returns the beginning of the file's text.
func (f *File) Head() (*Head, error) {
	rc, err := f.open() // a look, not the reading
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	raw, err := readUpTo(rc, headLen)
	if err != nil {
		return nil, err
	}
	decoded, err := readUpTo(text.NewReader(bytes.NewReader(raw)), 2*headLen)
	if err != nil {
		return nil, err
	}
	return &Head{Name: f.Base(), Text: decoded, Bin: looksBinary(decoded)}, nil
}

// looksBinary tells data that is no text: more than one control character in a hundred.
func looksBinary(b []byte) bool {
	n := 0
	for _, c := range b {
		if c < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f' {
			n++
		}
	}
	return n*100 > len(b)
}
