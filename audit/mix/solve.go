package mix

// Solve finds the cheapest valid mix.
func Solve(e *Estate) *Mix {
	q := reduce(e)
	if len(q.open) == 0 {
		return q.finish(q.users, q.devices, true)
	}
	all := AllUsers(e)
	possible := all.Value
	if other := AllDevices(e); other.Compare(possible) < 0 {
		possible = other.Value
	}
	if users, devices, sure := q.exhaust(possible); users != nil {
		return q.finish(users, devices, sure)
	}
	return all
}

// finish prices an answer. Where the holders are the best ones for sure, its
// cost is the least.
func (q *question) finish(users, devices []Grant, sure bool) *Mix {
	x := &Mix{Users: users, Devices: devices}
	_, proven := q.settle(x)
	if x.Exact = sure && proven; x.Exact {
		x.Least = x.Cost
	}
	return x
}
