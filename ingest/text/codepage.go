package text

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// CodePage is an encoding of one byte a character whose lower half is ASCII.
type CodePage struct {
	name  string
	chars [256]string
}

// pages are the code pages of Windows, of its console (OEM), and of others by
// the names that IANA knows. Code page 1252 is the default everywhere.
var pages = []struct {
	name string
	page *charmap.Charmap
}{
	{"windows-1252", charmap.Windows1252}, {"windows-1250", charmap.Windows1250}, {"windows-1251", charmap.Windows1251},
	{"windows-1253", charmap.Windows1253}, {"windows-1254", charmap.Windows1254}, {"windows-1255", charmap.Windows1255},
	{"windows-1256", charmap.Windows1256}, {"windows-1257", charmap.Windows1257}, {"windows-1258", charmap.Windows1258},
	{"windows-874", charmap.Windows874}, {"ibm437", charmap.CodePage437}, {"ibm850", charmap.CodePage850},
	{"ibm852", charmap.CodePage852}, {"ibm855", charmap.CodePage855}, {"ibm858", charmap.CodePage858},
	{"ibm860", charmap.CodePage860}, {"ibm862", charmap.CodePage862}, {"ibm863", charmap.CodePage863},
	{"ibm865", charmap.CodePage865}, {"ibm866", charmap.CodePage866}, {"iso-8859-1", charmap.ISO8859_1},
	{"iso-8859-2", charmap.ISO8859_2}, {"iso-8859-5", charmap.ISO8859_5}, {"iso-8859-7", charmap.ISO8859_7},
	{"iso-8859-9", charmap.ISO8859_9}, {"iso-8859-15", charmap.ISO8859_15},
}

// CodePages lists the names that Named knows.
func CodePages() (names []string) {
	for _, p := range pages {
		names = append(names, p.name)
	}
	return names
}

// Named finds a code page by name; "cp850" and "850" are ibm850 or windows-850,
// whichever there is.
func Named(name string) (*CodePage, error) {
	key := strings.ToLower(strings.TrimSpace(name))
	number := strings.TrimPrefix(key, "cp")
	for _, p := range pages {
		if p.name == key || p.name == "ibm"+number || p.name == "windows-"+number {
			c := &CodePage{name: p.name}
			for i := range c.chars {
				c.chars[i] = string(p.page.DecodeByte(byte(i)))
			}
			return c, nil
		}
	}
	return nil, fmt.Errorf("unknown encoding %q; valid: %s", name, strings.Join(CodePages(), ", "))
}

// Name is the page's own name.
func (c *CodePage) Name() string { return c.name }

// Decode turns text of the page into UTF-8.
func (c *CodePage) Decode(b []byte) string {
	var s strings.Builder
	for _, x := range b {
		s.WriteString(c.chars[x])
	}
	return s.String()
}

// PageReader decodes like NewReader, but text that is not UTF-8 as a code page.
type PageReader struct {
	r      *bufio.Reader
	source io.Reader // what r reads
	page   *CodePage
	told   bool   // what the text is
	used   bool   // it is of the page
	spills string // decoded, but too long for what was asked for
}

// NewPageReader decodes r to UTF-8. Text without a byte order mark is judged
// where its first character beyond ASCII stands: by the 64 KiB from there, it is
// UTF-8 unless they hold more bytes that cannot be UTF-8 than characters that
// are. So one damaged character does not turn a whole UTF-8 file into another
// alphabet, and no file is read twice.
func NewPageReader(r io.Reader, page *CodePage) *PageReader {
	d, marked := open(r)
	return &PageReader{r: bufio.NewReaderSize(d, bufferLen), source: d, page: page, told: marked}
}

// Used reports whether text of the code page was met so far.
func (p *PageReader) Used() bool { return p.used }

func (p *PageReader) Read(b []byte) (n int, err error) {
	if p.told && !p.used {
		return p.r.Read(b)
	}
	if len(b) == 0 {
		return 0, nil
	}
	if len(p.spills) > 0 {
		n = copy(b, p.spills)
		p.spills = p.spills[n:]
		return n, nil
	}
	in, err := p.r.Peek(1)
	if len(in) == 0 {
		return 0, err
	}
	in, _ = p.r.Peek(p.r.Buffered())
	if !p.told {
		n = copy(b, in[:asciiLen(in)])
		if n > 0 {
			_, _ = p.r.Discard(n) // buffered already: cannot fail
			return n, nil
		}
		in, _ = p.r.Peek(bufferLen) // as much as there is; an error comes again
		p.told, p.used = true, !mostlyUTF8(in)
		return p.Read(b)
	}
	used := 0
	for used < len(in) {
		if k := asciiLen(in[used:min(len(in), used+len(b)-n)]); k > 0 {
			copy(b[n:], in[used:used+k])
			used, n = used+k, n+k
			continue
		}
		c := p.page.chars[in[used]]
		if n+len(c) > len(b) {
			if n == 0 {
				n = copy(b, c)
				p.spills = c[n:]
				used++
			}
			break
		}
		n += copy(b[n:], c)
		used++
	}
	_, _ = p.r.Discard(used)
	return n, nil
}

// asciiLen is how much of b is ASCII from its beginning on.
func asciiLen(b []byte) int {
	i := 0
	for ; i+8 <= len(b); i += 8 {
		if binary.LittleEndian.Uint64(b[i:])&0x8080808080808080 != 0 {
			break
		}
	}
	for i < len(b) && b[i] < utf8.RuneSelf {
		i++
	}
	return i
}

// mostlyUTF8 weighs characters of several bytes against bytes that are none. A
// character that the end cuts counts for nothing.
func mostlyUTF8(b []byte) bool {
	good, bad := 0, 0
	for len(b) > 0 {
		b = b[asciiLen(b):]
		if len(b) == 0 || !utf8.FullRune(b) {
			break
		}
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			bad++
		} else {
			good++
		}
		b = b[n:]
	}
	return good > 0 && good >= bad || bad == 0
}
