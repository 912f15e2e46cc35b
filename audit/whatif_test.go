package audit

import (
	"maps"
	"math/rand"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestWhatIfErrorsNameTheLine(t *testing.T) {
	for text, want := range map[string][]string{
		"":                                    {"w.toml: it changes nothing; valid: assign, estate, licenses, policy, readings, replace"},
		"polcy = \"ocs2007\"":                 {`w.toml:1: unknown key "polcy"; valid: assign, estate`},
		"\n[estate]\nsip_domain = [\"a.b\"]":  {`w.toml:3: unknown key "estate.sip_domain"; valid: aliases, applications`},
		"[estate.devices]\n\"mac:00\" = {}":   {"w.toml:2:", "12 hexadecimal digits"},
		"[estate.servers]\na = {rol = \"x\"}": {"w.toml:2: unknown key", "valid: edition, pool, role, version"},
		"\n[[estate.exemptions]]\nsubject = \"a@b.c\"\nuntil = \"soon\"":                                     {"w.toml:4: until \"soon\" is not a date YYYY-MM-DD"},
		"estate = {guests = [\"alice\", \"\"]}":                                                              {"w.toml:1:"},
		"[estate]\ntime_zone = \"Europe/Berlin\"":                                                            {"w.toml:2: time_zone was applied"},
		"assign = \"best\"":                                                                                  {"w.toml:1: unknown assignment \"best\"; valid: device, optimal, user"},
		"replace = [\"policy\"]":                                                                             {"w.toml:1: unknown part \"policy\"; valid: estate, licenses"},
		"replace = [\"estate\"]":                                                                             {"w.toml:1: there is no [estate]"},
		"[[licenses]]\nlicense = \"ocs-cal\"\nquantity = 1":                                                  {"w.toml:1: unknown license \"ocs-cal\"; valid:"},
		"assign = \"user\"\n[[licenses]]\nprice = 3":                                                         {"w.toml:3: unknown key", "unit_price"},
		"[[licenses]]\nlicense = \"ocs-standard-cal\"\nquantity = \"3\"":                                     {"w.toml:3: licenses.quantity is a text; expected a whole number"},
		"[[licenses]]\nlicense = \"ecal-suite\"\nmetric = \"user\"":                                          {"w.toml:1: neither quantity nor unit_price is given"},
		"[[licenses]]\nlicense = \"ecal-suite\"\nquantity = 1\nmetric = \"x\"":                               {"w.toml:1: metric \"x\" does not fit"},
		"[[licenses]]\nunit_price = [3]":                                                                     {"w.toml:1: unit_price is a list; expected a number"},
		"[[licenses]]\nunit_price = -3":                                                                      {"w.toml:1:"},
		"[[licenses]]\nquantity = 1\nsa_until = 3":                                                           {"w.toml:1: sa_until is not a date"},
		"replace = [\"licenses\"]\n[[licenses]]\nlicense = \"ecal-suite\"\nmetric = \"user\"\nquantity = -1": {"w.toml:2: quantity is less than 0"},
		"[estate]":                               {"w.toml: it changes nothing"},
		"[estate]\nguests = []\n[estate.shared]": {"w.toml: it changes nothing"},
		"replace = []":                           {"w.toml: it changes nothing"},
		"[[licenses]]\nlicense = \"ecal-suite\"\nmetric = \"user\"\nunit_price = \"\"": {"w.toml:1: neither quantity nor unit_price is given"},
		"[readings]\nx = \"strict\"\n\"x \" = \"lenient\"":                             {"w.toml:3: \"x \" is no question"},
		"[readings]\n\"x=strict\" = \"lenient\"":                                       {"w.toml:2: \"x=strict\" is no question"},
		"[readings]\nx = 3":                                                            {"w.toml:2: readings.x is a number; expected a text in quotes"},
	} {
		_, err := ParseWhatIf("w.toml", []byte(text))
		fails(t, err, want...)
	}
}

func TestWhatIfReadingsMustBeThoseOfItsPolicy(t *testing.T) {
	w, err := ParseWhatIf("w.toml", []byte("[readings]\nexternal-attendee = \"lenient\"\ncolour = \"strict\"\n\nattendee-edition = \"maybe\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	err = w.CheckReadings(mustPolicy(t))
	fails(t, err, "w.toml:3:", "no such question", "w.toml:5:", "attendee-edition=strict")
	if strings.Contains(err.Error(), "w.toml:2:") {
		t.Error(err)
	}
}

// Readings asked for with the audit hold as far as the other policy asks them.
func TestWhatIfOfAnotherPolicyKeepsReadings(t *testing.T) {
	w, err := ParseWhatIf("w.toml", []byte("policy = \"ocs2007r2\"\n[readings]\ndormant-identity = \"lenient\""))
	if err != nil {
		t.Fatal(err)
	}
	r2, err := BuiltinPolicy("ocs2007r2")
	if err != nil {
		t.Fatal(err)
	}
	in := newScene().input(mustPolicy(t))
	in.Readings, err = ParseReadings(in.Policy, []string{"external-attendee=lenient", "disabled-identity=lenient"})
	if err != nil {
		t.Fatal(err)
	}
	out, err := w.Apply(in, r2, []string{"external-attendee=lenient", "disabled-identity=lenient"})
	if err != nil {
		t.Fatal(err)
	}
	want, err := ParseReadings(r2, []string{"disabled-identity=lenient", "dormant-identity=lenient"})
	if err != nil || !reflect.DeepEqual(out.Readings, want) || out.Policy != r2 || in.Policy == r2 {
		t.Errorf("%v, %v, want %v", out.Readings, err, want)
	}
}

func TestWhatIfChangesWhatIsOwned(t *testing.T) {
	parse := func(rows string) []Entitlement {
		owned, problems, err := ParseEntitlements("l.csv", []byte("license,metric,version,quantity,agreement,unit_price,sa_until\n"+rows))
		if err != nil || len(problems) > 0 {
			t.Fatal(err, problems)
		}
		for i := range owned {
			owned[i].File, owned[i].Line = "", 0
		}
		return owned
	}
	base := "ocs-standard-cal,user,2007,10,A,31,\nocs-standard-cal,user,2007,5,B,30,\nocs-standard-cal,device,2007,5,B,29,\necal-suite,user,,7,,,2010-01-01\n"
	for text, want := range map[string]string{
		"quantity = 3\nversion = \"2007\"":                        base + "ocs-standard-cal,user,2007,3,,,\n",
		"quantity = -12\nversion = \"2007\"":                      "ocs-standard-cal,user,2007,0,A,31,\nocs-standard-cal,user,2007,3,B,30,\nocs-standard-cal,device,2007,5,B,29,\necal-suite,user,,7,,,2010-01-01\n",
		"quantity = -2\nversion = \"2007\"\nagreement = \"B\"":    "ocs-standard-cal,user,2007,10,A,31,\nocs-standard-cal,user,2007,3,B,30,\nocs-standard-cal,device,2007,5,B,29,\necal-suite,user,,7,,,2010-01-01\n",
		"unit_price = 28.5\nversion = \"2007\"":                   "ocs-standard-cal,user,2007,10,A,,\nocs-standard-cal,user,2007,5,B,,\nocs-standard-cal,device,2007,5,B,29,\necal-suite,user,,7,,,2010-01-01\nocs-standard-cal,user,2007,0,,28.5,\n",
		"quantity = 1\nsa_until = 2009-12-31\nversion = \"2007\"": base + "ocs-standard-cal,user,2007,1,,,2009-12-31\n",
	} {
		w, err := ParseWhatIf("w.toml", []byte("[[licenses]]\nlicense = \"ocs-standard-cal\"\nmetric = \"user\"\n"+text))
		if err != nil {
			t.Fatal(err)
		}
		in := newScene().input(mustPolicy(t))
		in.Owned = parse(base)
		out, err := w.Apply(in, in.Policy, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range out.Owned {
			out.Owned[i].File, out.Owned[i].Line = "", 0
		}
		if !reflect.DeepEqual(out.Owned, parse(want)) || !reflect.DeepEqual(in.Owned, parse(base)) {
			t.Errorf("%s: %+v", text, out.Owned)
		}
	}
	for text, want := range map[string]string{
		"quantity = -16\nversion = \"2007\"":                   "w.toml:1: 16 of ocs-standard-cal user 2007 are to go, but only 15 are owned",
		"quantity = -1\nversion = \"2010\"":                    "w.toml:1: 1 of ocs-standard-cal user 2010 are to go, but only 0 are owned",
		"quantity = -6\nversion = \"2007\"\nagreement = \"B\"": "but only 5 are owned",
	} {
		w, err := ParseWhatIf("w.toml", []byte("[[licenses]]\nlicense = \"ocs-standard-cal\"\nmetric = \"user\"\n"+text))
		if err != nil {
			t.Fatal(err)
		}
		in := newScene().input(mustPolicy(t))
		in.Owned = parse(base)
		_, err = w.Apply(in, in.Policy, nil)
		fails(t, err, want)
	}
}

// Every part of an estate must be laid over the other, also one that comes to
// be later; neither of the two may change.
func TestWhatIfLaysEveryPartOfTheEstateOver(t *testing.T) {
	fill := func(mark string) *Estate {
		e := new(Estate)
		v := reflect.ValueOf(e).Elem()
		for i := range v.NumField() {
			switch f := v.Field(i); f.Kind() {
			case reflect.Slice:
				f.Set(reflect.MakeSlice(f.Type(), 1, 9)) // room that must not be written to
				if f.Type().Elem().Kind() == reflect.String {
					f.Index(0).SetString(mark)
				} else {
					f.Index(0).Field(0).SetString(mark)
				}
			case reflect.Map:
				f.Set(reflect.MakeMap(f.Type()))
				f.SetMapIndex(reflect.ValueOf(mark), reflect.Zero(f.Type().Elem()))
				f.SetMapIndex(reflect.ValueOf("both"), reflect.Zero(f.Type().Elem()))
			case reflect.String:
				f.SetString(mark)
			default:
				t.Fatalf("%s is a %s", v.Type().Field(i).Name, f.Kind())
			}
		}
		return e
	}
	a, b := fill("a"), fill("b")
	got := reflect.ValueOf(a.with(b)).Elem()
	for i := range got.NumField() {
		name := got.Type().Field(i).Name
		switch f := got.Field(i); f.Kind() {
		case reflect.Slice:
			if f.Len() != 2 {
				t.Errorf("%s: %v", name, f)
			}
		case reflect.Map:
			if f.Len() != 3 {
				t.Errorf("%s: %v", name, f)
			}
		default:
			if f.String() != "b" {
				t.Errorf("%s: %v", name, f)
			}
		}
	}
	if !reflect.DeepEqual(a, fill("a")) || !reflect.DeepEqual(b, fill("b")) {
		t.Error("an estate was changed")
	}
	if got := a.with(&Estate{}); !reflect.DeepEqual(got, a) {
		t.Errorf("nothing laid over makes %+v", got)
	}
}

// Two estates that are sound may contradict each other: what would be has no
// meaning then.
func TestWhatIfContradictsNotTheEstateInForce(t *testing.T) {
	for _, c := range []struct{ force, file, want string }{
		{"[shared]\n\"desk@contoso.com\" = [\"ann@contoso.com\", \"bob@contoso.com\"]", "\n[estate.shared]\n\"ann@contoso.com\" = [\"eve@contoso.com\"]",
			"w.toml:2: with the estate in force, shared account \"desk@contoso.com\": person \"ann@contoso.com\" is a shared account itself; name its people"},
		{"[shared]\n\"desk@contoso.com\" = [\"ann@contoso.com\"]", "[estate.shared]\n\"bell@contoso.com\" = [\"eve@contoso.com\", \"desk@contoso.com\"]",
			"w.toml:2: with the estate in force, shared account \"bell@contoso.com\": person \"desk@contoso.com\" is a shared account itself"},
		{"[shared]\n\"desk@contoso.com\" = [\"ann@contoso.com\"]", "[estate]\napplications = [\"desk@contoso.com\"]",
			"\"desk@contoso.com\" is among applications"},
		{"applications = [\"ann@contoso.com\"]", "[estate.shared]\n\"desk@contoso.com\" = [\"ann@contoso.com\"]",
			"w.toml:2: with the estate in force, shared account \"desk@contoso.com\": \"ann@contoso.com\" is among applications"},
		{"[devices]\n\"mac:0004f2000001\" = {identity = \"desk@contoso.com\"}", "[estate.shared]\n\"desk@contoso.com\" = [\"ann@contoso.com\"]",
			"is the identity of a device"},
	} {
		w, err := ParseWhatIf("w.toml", []byte(c.file))
		if err != nil {
			t.Fatal(err)
		}
		in := newScene().input(mustPolicy(t))
		if in.Estate, err = ParseEstate("e.toml", []byte(c.force)); err != nil {
			t.Fatal(err)
		}
		_, err = w.Apply(in, in.Policy, nil)
		fails(t, err, c.want)
		if w, err = ParseWhatIf("w.toml", []byte("replace = [\"estate\"]\n"+c.file)); err == nil {
			_, err = w.Apply(in, in.Policy, nil)
		}
		if err != nil {
			t.Errorf("%s alone: %v", c.file, err)
		}
	}
}

// What the file says of the estate is read as estate.toml is.
func TestWhatIfReadsTheEstateAsItsFileIs(t *testing.T) {
	const body = `sip_domains = ["Contoso.com"]
guests = ["fabrikam.com", "sip:Joe@partner.com"]
applications = ["svc@contoso.com"]
%[aliases]
"alice@contoso.com" = ["a.old@contoso.com"]
%[devices]
"mac:0004f2000001" = {class = "desk-phone", identity = "sip:Lobby@contoso.com"}
%[servers]
"FE1.contoso.com" = {role = "front-end", edition = "enterprise", version = "2007-r2", pool = "pool1"}
%[[exemptions]]
subject = "trainer@contoso.com"
reason = "agreed"
until = 2009-12-31
`
	inner := strings.NewReplacer("%[[", "[[estate.", "%[", "[estate.").Replace(body)
	w, err := ParseWhatIf("w.toml", []byte("replace = [\"estate\"]\n[estate]\n"+inner))
	if err != nil {
		t.Fatal(err)
	}
	want, err := ParseEstate("e.toml", []byte(strings.ReplaceAll(body, "%", "")))
	if err != nil {
		t.Fatal(err)
	}
	in := newScene().input(mustPolicy(t))
	in.Estate.Guests = []string{"x@y.z"}
	out, err := w.Apply(in, in.Policy, nil)
	if err != nil || !reflect.DeepEqual(out.Estate, want) {
		t.Errorf("%+v, %v, want %+v", out.Estate, err, want)
	}
}

// A what-if is the audit of the changed input and nothing else.
func TestWhatIfEqualsTheAuditOfTheChangedInput(t *testing.T) {
	p := mustPolicy(t)
	w, err := ParseWhatIf("w.toml", []byte(`assign = "user"
[readings]
external-attendee = "lenient"
user-and-device = "strict"
[estate]
applications = ["b@contoso.com"]
[[estate.exemptions]]
subject = "c@contoso.com"
reason = "agreed"
[[licenses]]
license = "ocs-standard-cal"
metric = "user"
version = "2007"
quantity = 2
unit_price = 7
`))
	if err != nil {
		t.Fatal(err)
	}
	differ, refused := 0, 0
	for seed := range 200 {
		r := rand.New(rand.NewSource(int64(seed)))
		world := randomWorld(r)
		in := world.input(p, r)
		in.Readings = maps.Clone(in.Readings)
		if w.contradicts(in.Estate, in.Estate.with(w.Estate)) != nil {
			refused++
			continue
		}
		before, _ := mustRun(t, in)
		then, err := w.Apply(in, p, answersOf(world.readings))
		if err != nil {
			t.Fatal(err)
		}
		got, who := mustRun(t, then)
		Seal(got, who)
		world.assign, world.readings["external-attendee"], world.readings["user-and-device"] = "user", "lenient", "strict"
		world.applications = append(slices.Clone(world.applications), "b@contoso.com")
		world.exempt = append(slices.Clone(world.exempt), "c@contoso.com")
		for i := range world.owned {
			if o := &world.owned[i]; o.license == "ocs-standard-cal" && o.metric == "user" {
				o.price = -1
			}
		}
		world.owned = append(slices.Clone(world.owned), oOwned{"ocs-standard-cal", "user", "2007", 2, 7000})
		want, subjects := mustRun(t, world.input(p, r))
		Seal(want, subjects)
		if got.Digest != want.Digest {
			t.Fatalf("seed %d: what if\n%+v\nwant\n%+v", seed, got.Position, want.Position)
		}
		again, _ := mustRun(t, in)
		if !reflect.DeepEqual(again.Position, before.Position) {
			t.Fatalf("seed %d: the input was changed", seed)
		}
		differ += bit(!reflect.DeepEqual(got.Position, before.Position))
	}
	if differ < 100 || refused > 60 {
		t.Errorf("only %d of 200 positions differ, %d were refused", differ, refused)
	}
}

func answersOf(readings map[string]string) (all []string) {
	for q, a := range readings {
		all = append(all, q+"="+a)
	}
	return all
}

func FuzzWhatIf(f *testing.F) {
	for _, s := range []string{"policy = \"ocs2007r2\"\n", "[estate]\nguests = [\"a.b\"]\n[[estate.exemptions]]\nsubject = \"x\"",
		"[[licenses]]\nlicense = \"ecal-suite\"\nmetric = \"user\"\nquantity = -1\nunit_price = 3.5\nsa_until = 2009-01-01", "replace = [\"licenses\"]", "[readings]\nx = \"strict\""} {
		f.Add(s)
	}
	p := mustPolicy(f)
	f.Fuzz(func(t *testing.T, text string) {
		w, err := ParseWhatIf("w.toml", []byte(text))
		if err != nil {
			for _, word := range []string{"struct", "cannot decode", "map[", "[]string", "interface", "reflect", "int64"} {
				if strings.Contains(err.Error(), word) && !strings.Contains(text, word) {
					t.Errorf("%v", err)
				}
			}
			return
		}
		in := newScene().input(p)
		if out, err := w.Apply(in, p, nil); err == nil && (out.Estate == nil || len(w.Changes()) == 0) {
			t.Errorf("%q: %+v", text, out)
		}
	})
}
