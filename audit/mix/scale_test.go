package mix

import (
	"math/rand"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// large draws a company: shift workers who share phones in clusters, office
// people with machines of their own, meeting rooms that many use, and, for the
// part given, people on machines at random, which makes one giant component.
func large(seed int64, users, devices, demands int, random float64) *Estate {
	r := rand.New(rand.NewSource(seed))
	e := &Estate{Users: users, Devices: devices}
	add := func(user, device int) {
		d := Demand{int32(user), int32(device), 1, 2}
		if r.Intn(10) < 3 {
			d.Families = 3
		}
		if r.Intn(5) == 0 {
			d.Version = 3
		}
		e.Demands = append(e.Demands, d)
	}
	shift := users / 5
	const crew, phones = 40, 8
	rooms := devices / 50
	office := shift / crew * phones // phones come first, then rooms, then machines
	for u := 0; len(e.Demands) < demands; u = (u + 1) % users {
		switch {
		case r.Float64() < random:
			add(u, r.Intn(devices))
		case u < shift:
			add(u, min(u/crew*phones+r.Intn(phones), office-1))
		case r.Intn(4) == 0:
			add(u, office+int(float64(rooms)*r.Float64()*r.Float64()))
		case r.Intn(3) > 0:
			add(u, min(office+rooms+u, devices-1))
		default:
			add(u, min(office+rooms+r.Intn(devices-office-rooms), devices-1))
		}
	}
	for i := range users / 50 { // some use no machine that is known, some machines nobody that is
		if d := &e.Demands[r.Intn(demands)]; i%4 == 0 {
			*d = Demand{-1, int32(r.Intn(devices)), 1, 2}
		} else if d.User >= 0 {
			d.Device = -1
		}
	}
	k := users / 100
	e.Stock = []Stock{{User, 1, 2, 35 * k}, {User, 1, 3, 4 * k}, {User, 2, 2, 9 * k}, {User, 3, 2, 5 * k},
		{Device, 1, 2, 6 * k}, {Device, 2, 2, k}, {Device, 3, 3, k / 2}}
	for v := range MaxVersion + 1 {
		dear := int64(v / 3 * 2500)
		e.Prices[User][0][v], e.Prices[User][1][v] = 31000+dear, 139000+dear
		e.Prices[Device][0][v], e.Prices[Device][1][v] = 28000+dear, 121000+dear
	}
	return e
}

// BenchmarkMillion solves a company of a million users, a million devices and
// three million demands; BenchmarkMillionAtRandom one in which nobody has a
// machine of their own, which no company looks like and nothing is harder than.
func BenchmarkMillion(b *testing.B)         { million(b, 0.02) }
func BenchmarkMillionAtRandom(b *testing.B) { million(b, 1) }

func million(b *testing.B, random float64) {
	e := large(1, 1e6, 1e6, 3e6, random)
	b.ResetTimer()
	for b.Loop() {
		before := cpuSeconds()
		x := Solve(e)
		b.ReportMetric(cpuSeconds()-before, "cpu-s")
		if err := Check(e, x); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(100*float64(x.Cost-x.Least)/float64(x.Cost), "%gap")
		b.ReportMetric(peak(), "MB-peak")
		b.Logf("%+v, at least %d; user CALs alone %+v, device CALs alone %+v", x.Value, x.Least, AllUsers(e).Value, AllDevices(e).Value)
	}
}

// cpuSeconds is what this process has used up.
func cpuSeconds() float64 {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0
	}
	return float64(r.Utime.Nano()+r.Stime.Nano()) / 1e9
}

// peak is the most memory this process ever had, where the system tells.
func peak() float64 {
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(data), "VmHWM:")
	kb, _ := strconv.Atoi(strings.Fields(rest + " 0")[0])
	return float64(kb) / 1024
}

func TestLargerEstatesKeepTheirBound(t *testing.T) {
	for seed := range 8 {
		e := large(int64(seed), 3000, 3000, 9000, 0.02+float64(seed%3)/3)
		x := Solve(e)
		if err := Check(e, x); err != nil {
			t.Fatal(err)
		}
		if gap := x.Cost - x.Least; float64(gap) > 0.005*float64(x.Cost) {
			t.Errorf("seed %d: cost %d, at least %d", seed, x.Cost, x.Least)
		}
		if x.Compare(AllUsers(e).Value) > 0 || x.Compare(AllDevices(e).Value) > 0 {
			t.Errorf("seed %d: %+v is worse than one side alone", seed, x.Value)
		}
		t.Logf("seed %d: %+v least %d exact %v", seed, x.Value, x.Least, x.Exact)
	}
}

// From some size on work is saved and two bounds are sought at once: the answer
// must be the same each time all the same.
func TestHeavyEstatesHaveOneAnswer(t *testing.T) {
	e := large(9, 36000, 36000, 108000, 0.6)
	if p := newProblem(reduce(e)); len(p.flow.to) < heavy {
		t.Fatalf("%d edges are not heavy", len(p.flow.to))
	}
	x, again := Solve(e), Solve(e)
	if err := Check(e, x); err != nil {
		t.Fatal(err)
	}
	if gap := x.Cost - x.Least; float64(gap) > 0.005*float64(x.Cost) {
		t.Errorf("cost %d, at least %d", x.Cost, x.Least)
	}
	if !slices.Equal(x.Users, again.Users) || !slices.Equal(x.Devices, again.Devices) || x.Least != again.Least {
		t.Errorf("%+v at least %d, then %+v at least %d", x.Value, x.Least, again.Value, again.Least)
	}
	t.Logf("%+v, at least %d", x.Value, x.Least)
}
