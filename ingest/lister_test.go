package ingest

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// entriesOf reads a list; done gives every batch back once it was copied.
func entriesOf(t *testing.T, format, text string, done bool) (all []Entry) {
	t.Helper()
	err := formatNamed(t, format).Read(context.Background(), []*File{NewFile("in", []byte(text))}, &Env{Now: importTime}, func(b *Batch) error {
		if len(b.Rejects) > 0 {
			t.Fatalf("line %d: %s", b.Rejects[0].Line, b.Rejects[0].What)
		}
		all = append(all, b.Entries...)
		if done {
			b.Done()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// The places of properties are remembered from object to object: an object with
// another order, or with properties that others lack, is read as well.
func TestPropertiesOfAListMayComeInAnyOrder(t *testing.T) {
	lines := []string{"Identity      : CN=x{n},OU=Staff,DC=contoso,DC=com", "DisplayName   : x {n}", "SipAddress    : sip:X{n}@contoso.com", "RegistrarPool : pool1.contoso.com",
		"Enabled       : True", "LineURI       : tel:+1425555010{n}", "SamAccountName: x{n}"}
	lines[6] = "SamAccountName : x{n}" // longer than the others: a column of its own
	for i := range lines[:6] {
		lines[i] = strings.Replace(lines[i], " :", "  :", 1)
	}
	object := func(n int, turn int, more string) string {
		text := more
		for i := range lines {
			text += lines[(i+turn)%len(lines)] + "\r\n"
		}
		return strings.ReplaceAll(text, "{n}", fmt.Sprint(n)) + "\r\n"
	}
	var straight, turned strings.Builder
	for n := range 10 {
		straight.WriteString(object(n, 0, ""))
		more := ""
		if n%3 == 1 {
			more = "Puid           : 7\r\n"
		}
		turned.WriteString(object(n, n%4, more))
	}
	want, got := entriesOf(t, csUsers.format, straight.String(), false), entriesOf(t, csUsers.format, turned.String(), false)
	for _, list := range [][]Entry{want, got} {
		for i := range list {
			list[i].Line = 0
		}
	}
	if len(want) != 10 || want[3].Primary != "x3@contoso.com" || want[3].Line164 != "+14255550103" || want[3].Login != "x3" || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

// Batches that are done with lend their room to later ones, of other files too:
// nothing of an entry may stay in it.
func TestRoomOfEntriesIsGivenBackEmpty(t *testing.T) {
	var full, bare strings.Builder
	full.WriteString("Identity,DisplayName,SipAddress,RegistrarPool,Enabled,EnterpriseVoiceEnabled,LineURI,SamAccountName\r\n")
	bare.WriteString("SipAddress,RegistrarPool,EnterpriseVoiceEnabled\r\n")
	for n := range 5 * directoryBatch {
		fmt.Fprintf(&full, "\"CN=x%d,DC=contoso,DC=com\",X %d,sip:x%d@contoso.com,pool1,True,True,tel:+1425%07d,x%d\r\n", n, n, n, n, n)
		fmt.Fprintf(&bare, "sip:y%d@contoso.com,,\r\n", n)
	}
	want := entriesOf(t, csUsers.format, bare.String(), false)
	entriesOf(t, csUsers.format, full.String(), true)
	if got := entriesOf(t, csUsers.format, bare.String(), true); len(got) != 5*directoryBatch || !reflect.DeepEqual(got, want) {
		t.Errorf("%d entries, want %d that are the same", len(got), len(want))
	}
}
