package text

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestLinesThatEndWithCRAloneAreLines(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "a": "a", "a\rb\r": "a\nb\n", "a\r\rb": "a\n\nb", "a\rb\r\nc\nd\r": "a\nb\r\nc\nd\n", "\r\n\r": "\r\n\n",
	} {
		for _, r := range []io.Reader{strings.NewReader(in), iotest.OneByteReader(strings.NewReader(in)), iotest.DataErrReader(strings.NewReader(in))} {
			for _, out := range []io.Reader{NewCRReader(r), iotest.OneByteReader(NewCRReader(strings.NewReader(in)))} {
				if got, err := io.ReadAll(out); err != nil || string(got) != want {
					t.Errorf("%q: %q, %v", in, got, err)
				}
			}
		}
	}
	for in, want := range map[string]bool{"": false, "a": false, "a\r": true, "a\rb": true, "a\r\nb": false, "a\nb\r": false} {
		if got := AloneCR([]byte(in)); got != want {
			t.Errorf("%q: %v", in, got)
		}
	}
}
