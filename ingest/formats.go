package ingest

import (
	"bytes"
	"io"

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
	r := text.NewReader(bytes.NewReader(raw))
	if f.page != nil {
		r = text.NewPageReader(bytes.NewReader(raw), f.page)
	}
	decoded, err := readUpTo(r, 2*headLen)
	if err != nil {
		return nil, err
	}
	if alone := text.AloneCR(decoded) && !looksBinary(decoded); alone {
		f.ends = crEnds
		decoded = bytes.ReplaceAll(decoded, []byte{'\r'}, []byte{'\n'})
	} else if f.ends == unknownEnds {
		f.ends = lfEnds
	}
	return &Head{Name: f.Base(), Text: decoded, Bin: looksBinary(decoded) && !turnsWide(decoded), given: f.given}, nil
}

// lineEnd is how the lines of a file end, as far as it matters.
type lineEnd uint8

const (
	unknownEnds lineEnd = iota
	lfEnds              // with LF, or CR and LF
	crEnds              // with CR alone
)

// lines gives the decoded text of the file line ends that can be read.
func (f *File) lines(r io.Reader) (io.Reader, error) {
	if f.ends == unknownEnds {
		if _, err := f.Head(); err != nil {
			return nil, err
		}
	}
	if f.ends == crEnds {
		return text.NewCRReader(r), nil
	}
	return r, nil
}

// turnsWide tells text that goes on in UTF-16 behind some lines, as when a tool
// that writes it puts one export behind another. The lines before are read, and
// those behind rejected.
func turnsWide(b []byte) bool {
	i := bytes.IndexByte(b, 0)
	if i < 0 {
		return false
	}
	begin := bytes.LastIndexByte(b[:i], '\n') + 1
	if begin == 0 || looksBinary(b[:begin]) {
		return false
	}
	wide := b[begin:]
	if bytes.HasPrefix(wide, []byte{0xff, 0xfe}) || bytes.HasPrefix(wide, []byte{0xfe, 0xff}) {
		wide = wide[2:]
	}
	enc, _ := text.Detect(wide)
	return enc != text.UTF8
}

// looksBinary tells data that is no text: more than one control character in a
// hundred, not counting a NUL byte that is a whole field. Several in a row are
// what a crash leaves in a text: they count as one.
func looksBinary(b []byte) bool {
	n := 0
	for i, c := range b {
		switch {
		case c >= 0x20, c == '\n', c == '\r', c == '\t', c == '\f':
		case c == 0 && i > 0 && b[i-1] == 0:
		case c == 0 && i > 0 && i+1 < len(b) && fieldEnd(b[i-1]) && fieldEnd(b[i+1]):
		default:
			n++
		}
	}
	return n*100 > len(b)
}

func fieldEnd(c byte) bool {
	return c == '\t' || c == ',' || c == ';' || c == '|' || c == '\n' || c == '\r'
}
