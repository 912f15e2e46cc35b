package mix

import (
	"math/rand"
	"slices"
	"testing"
)

// Every way to spoil a right answer must be noticed.
func TestCheckNoticesWhatIsWrong(t *testing.T) {
	spoil := map[string]func(r *rand.Rand, e *Estate, x *Mix) bool{
		"a user holds less":   func(r *rand.Rand, e *Estate, x *Mix) bool { return less(r, x.Users) },
		"a device holds less": func(r *rand.Rand, e *Estate, x *Mix) bool { return less(r, x.Devices) },
		"no first family": func(r *rand.Rand, e *Estate, x *Mix) bool {
			i := slices.IndexFunc(x.Users, func(g Grant) bool { return g[1] > 0 })
			if i >= 0 {
				x.Users[i][0] = 0
			}
			return i >= 0
		},
		"a holder more": func(r *rand.Rand, e *Estate, x *Mix) bool {
			i := slices.Index(x.Devices, Grant{})
			if i >= 0 {
				x.Devices[i][0] = 1
			}
			return i >= 0
		},
		"another cost":        func(r *rand.Rand, e *Estate, x *Mix) bool { x.Cost++; return true },
		"another number":      func(r *rand.Rand, e *Estate, x *Mix) bool { x.CALs--; return true },
		"other devices":       func(r *rand.Rand, e *Estate, x *Mix) bool { x.DeviceCALs++; return true },
		"other versions":      func(r *rand.Rand, e *Estate, x *Mix) bool { x.Steps++; return true },
		"another bound":       func(r *rand.Rand, e *Estate, x *Mix) bool { x.Least = x.Cost + 1; return true },
		"more to buy":         func(r *rand.Rand, e *Estate, x *Mix) bool { x.Short[User][0][2]++; return true },
		"a holder gone":       func(r *rand.Rand, e *Estate, x *Mix) bool { x.Users = x.Users[1:]; return true },
		"a bundle twice":      func(r *rand.Rand, e *Estate, x *Mix) bool { return gift(x, func(g *Gift) { g.Count += 5 }) },
		"a bundle to nobody":  func(r *rand.Rand, e *Estate, x *Mix) bool { return gift(x, func(g *Gift) { g.Lacks = Grant{9, 9, 9} }) },
		"a bundle taken back": func(r *rand.Rand, e *Estate, x *Mix) bool { return gift(x, func(g *Gift) { g.Count = -1 }) },
	}
	for name, do := range spoil {
		tried := 0
		for seed := range 400 {
			r := rand.New(rand.NewSource(int64(seed)))
			e := small(r, 5, 4, 9)
			x := Solve(e)
			if err := Check(e, x); err != nil {
				t.Fatal(err)
			}
			if !do(r, e, x) {
				continue
			}
			tried++
			if Check(e, x) == nil {
				t.Errorf("%s: seed %d: not noticed: %s", name, seed, show(e))
			}
		}
		if tried == 0 {
			t.Errorf("%s: never tried", name)
		}
	}
}

// less takes a needed CAL away: answers hold none without need.
func less(r *rand.Rand, grants []Grant) bool {
	var with []int
	for i := range grants {
		if grants[i][0] > 0 {
			with = append(with, i)
		}
	}
	if len(with) == 0 {
		return false
	}
	grants[with[r.Intn(len(with))]] = Grant{}
	return true
}

func gift(x *Mix, do func(*Gift)) bool {
	if len(x.Gifts) == 0 {
		return false
	}
	do(&x.Gifts[0])
	return true
}

// A mix by one side alone is what it says: users, or devices, wherever there is
// one.
func TestOneSidedMixes(t *testing.T) {
	for seed := range 3000 {
		e := small(rand.New(rand.NewSource(int64(seed))), 5, 4, 9)
		for side, x := range []*Mix{AllUsers(e), AllDevices(e)} {
			if err := Check(e, x); err != nil {
				t.Fatalf("seed %d: %v\n%s", seed, err, show(e))
			}
			var users, devices = make([]Grant, e.Users), make([]Grant, e.Devices)
			for _, d := range e.Demands {
				grants, i := users, d.User
				if d.User < 0 || d.Device >= 0 && side == 1 {
					grants, i = devices, d.Device
				}
				for f := range Families {
					if f == 0 || d.Families>>f&1 != 0 {
						grants[i][f] = max(grants[i][f], d.Version)
					}
				}
			}
			if !slices.Equal(users, x.Users) || !slices.Equal(devices, x.Devices) {
				t.Fatalf("seed %d: side %d holds %v and %v, want %v and %v", seed, side, x.Users, x.Devices, users, devices)
			}
		}
	}
}
