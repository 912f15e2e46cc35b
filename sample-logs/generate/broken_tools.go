package main

import (
	"compress/flate"
	"strings"
)

// tools are what other programs make of a good export on its way: a line above
// the header, other line ends, packed once too often.
func (b *broken) tools() {
	good := "2009-03-02 09:00:00,im-login,alice@contoso.com,,host:pc1,s1"
	b.put("sep-line/activity.csv", strings.ReplaceAll("sep=;\r\n"+plainHeader+"\r\n"+good+
		"\r\nyesterday,im-login,bob@contoso.com,,host:pc2,s2\r\n", ",", ";"))
	b.put("cr-lines/activity.csv", plainHeader+"\r"+good+"\r")

	text := plainHeader + "\n" + good + "\n"
	once := string(b.gzip(text, flate.NoCompression))
	b.put("nested-archive/activity.csv.gz.gz", string(b.gzip(once, flate.NoCompression)))
	inner := string(b.zip(map[string]string{"activity.csv": text}, 0))
	b.put("nested-archive/export.zip", string(b.zip(map[string]string{"inner.zip": inner}, 0)))
}
