package audit

import (
	"fmt"
	"slices"
	"testing"
)

// All network cards of one machine are that machine, whatever connects it. A
// card that machines of several names had is none of them: the names count.
func TestNetworkCardsAndNamesOfMachines(t *testing.T) {
	const oc = " client=OC/2.0"
	for name, tc := range map[string]struct{ facts, want []string }{
		"two cards of one machine": {[]string{"call-placed alice@contoso.com device=mac:00aa00000001 endpoint=host:pc1" + oc, "call-placed alice@contoso.com device=mac:00aa00000002 endpoint=host:pc1" + oc,
			"call-placed alice@contoso.com device=host:pc1" + oc}, []string{"mac:00aa00000001 computer 3"}},
		"the card of a docking station": {[]string{"call-placed alice@contoso.com device=mac:00aa00000009 endpoint=host:pc1" + oc, "call-placed bob@contoso.com device=mac:00aa00000009 endpoint=host:pc2" + oc,
			"call-placed bob@contoso.com device=mac:00aa00000002 endpoint=host:pc2" + oc, "call-placed carol@contoso.com device=mac:00aa00000009" + oc}, []string{"host:pc1 computer 1", "mac:00aa00000002 computer 2"}},
		"a card beside no name": {[]string{"call-placed alice@contoso.com device=mac:00aa00000001" + oc}, []string{"mac:00aa00000001 computer 1"}},
		"a handset and its endpoint": {[]string{"im-login alice@contoso.com device=mac:0004f2000001 endpoint=uuid:a", "call-placed alice@contoso.com device=mac:0004f2000001 endpoint=host:cpe1 client=OCPhone/1.0",
			"call-placed alice@contoso.com endpoint=uuid:a"}, []string{"mac:0004f2000001 desk-phone 3"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			for _, f := range tc.facts {
				s.fact(t, testAt, f+" class=hosted")
			}
			_, subjects := mustRun(t, s.input(mustPolicy(t)))
			var got []string
			for _, x := range subjects {
				if x.Kind != "device" {
					continue
				}
				n := 0
				for _, r := range x.Reasons {
					n += r.Count
				}
				got = append(got, fmt.Sprint(x.ID, " ", x.Class, " ", n))
			}
			slices.Sort(got)
			if !slices.Equal(got, tc.want) {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
}
