package ingest

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"calaudit/ingest/siptrace"
	"calaudit/ingest/w3c"
)

// numberAlike gives equal names the same number in all records, as the store
// does.
func numberAlike(names []Name, records []Record) {
	first := map[Name]ID{}
	for i := range records {
		r := &records[i]
		for _, id := range []*ID{&r.From.User, &r.From.Device, &r.From.Endpoint, &r.From.Client,
			&r.To.User, &r.To.Device, &r.To.Endpoint, &r.To.Client, &r.Server, &r.Source} {
			if *id == 0 {
				continue
			}
			n := names[*id-1]
			if _, ok := first[n]; !ok {
				first[n] = *id
			}
			*id = first[n]
		}
	}
}

// fewNames makes readers forget early.
func fewNames(t *testing.T, n int) {
	was := mostNames
	mostNames = n
	t.Cleanup(func() { mostNames = was })
}

func TestForgottenNamesGetNewNumbers(t *testing.T) {
	n := NewNames()
	a, b := n.ID(UserName, "a"), n.ID(UserName, "b")
	if n.forget(1) {
		t.Error("forgot names that nobody has taken")
	}
	n.Fresh()
	if n.forget(2) || !n.forget(1) {
		t.Error("not forgotten by their number")
	}
	c, again := n.ID(UserName, "c"), n.ID(UserName, "a")
	if a != 1 || b != 2 || c != 3 || again != 4 || n.Name(again).Text != "a" {
		t.Errorf("numbers %d %d %d %d, %+v", a, b, c, again, n.Name(again))
	}
	if got := n.Fresh(); !slices.Equal(got, []Name{{UserName, "c"}, {UserName, "a"}}) {
		t.Errorf("fresh: %v", got)
	}
}

// A log of more people than are remembered says the same as it does to a reader
// that remembers all of them, and the reader holds no more than it may.
func TestALogOfManyPeopleIsReadInBoundedMemory(t *testing.T) {
	var b strings.Builder
	b.WriteString("#Fields: date time cs-uri-stem cs-username cs(User-Agent) sc-status\n")
	const people = 3000
	for i := range 4 * plainBatch {
		fmt.Fprintf(&b, "2009-03-02 08:%02d:%02d /cwa/client/start CONTOSO\\user%04d Agent/%d 200\n", i/60%60, i%60, i*7919%people, i*7919%people%1500)
	}
	want := readIISFiles(t, []byte(b.String()))
	fewNames(t, 500)
	got := readIISFiles(t, []byte(b.String()))
	if len(want.composed) != people || !slices.Equal(got.composed, want.composed) {
		t.Errorf("%d people said, %d with few names", len(want.composed), len(got.composed))
	}
	if len(got.names) < people+1500+500 {
		t.Errorf("%d names were given: nothing was forgotten", len(got.names))
	}
	names := NewNames()
	err := readIISFile(t.Context(), 0, NewFile("in.log", []byte(b.String())), names, traceEnv, func(b *Batch) error {
		if n := names.count(); n > mostNames+2*plainBatch {
			t.Errorf("%d names are held", n)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestATraceOfManyPeopleIsReadInBoundedMemory(t *testing.T) {
	was := mostOpen
	story := newStory()
	const people = 2500
	for i := range people {
		user, call := fmt.Sprintf("user%04d@contoso.com", i), fmt.Sprint("call-", i)
		story.signIn(user, fmt.Sprint("a", i), fmt.Sprintf("%08x", i), []string{fmt.Sprint("User-Agent: Agent/", i)}, "reg-"+call, 200)
		story.request("INVITE", "sip:bob@contoso.com", party(user, fmt.Sprint("b", i), fmt.Sprintf("%08x", i)), "<sip:bob@contoso.com>", call, 200, aliceSays, audioSDP, bobSays, audioSDP)
	}
	text := render(siptrace.OCSLogger, story.msgs)
	cut := strings.Index(text[len(text)/2:], "\r\n\r\nTL_") + len(text)/2 + 4
	want := readTraces(t, siptrace.OCSLogger, traceEnv, text[:cut], text[cut:])
	numberAlike(want.names, want.records)
	fewNames(t, 100)
	mostOpen = ringChunk
	t.Cleanup(func() { mostOpen = was })
	got := readTraces(t, siptrace.OCSLogger, traceEnv, text[:cut], text[cut:])
	numberAlike(got.names, got.records)
	if facts := want.facts(); len(facts) != 3*people || !slices.Equal(got.facts(), facts) {
		t.Errorf("%d facts are told, %d with few names", len(facts), len(got.facts()))
	}
	if !slices.Equal(got.rows, want.rows) || !slices.Equal(got.open, want.open) || len(got.names) <= len(want.names) {
		t.Errorf("rows %v, open %v, %d names; want %v, %v and more than %d", got.rows, got.open, len(got.names), want.rows, want.open, len(want.names))
	}
}

// Long text is read as it is, and kept nowhere.
func TestLongNamesAreNotRemembered(t *testing.T) {
	long := strings.Repeat("x", 1<<16)
	log := "#Fields: date time cs-uri-stem cs-username cs(User-Agent) sc-status\n" +
		"2009-03-02 08:00:00 /cwa/client/start CONTOSO\\alice " + long + " 200\n2009-03-02 08:00:01 /cwa/client/start " + long + " Agent/1 200\n"
	p := newIISReader(w3c.NewReader(strings.NewReader(log)), NewNames(), traceEnv)
	for {
		if err := p.r.Read(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		p.row()
	}
	if len(p.records) != 1 || len(p.rejects) != 1 || len(p.clients) != 0 || len(p.users) != 1 {
		t.Errorf("%d records, %d rejects, remembered: %d clients, %d users", len(p.records), len(p.rejects), len(p.clients), len(p.users))
	}
}
