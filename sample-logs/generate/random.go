package main

// rng is splitmix64. The standard library's generators may change between
// releases; the bytes of a sample must not.
type rng struct{ state uint64 }

func (r *rng) next() uint64 {
	r.state += 0x9e3779b97f4a7c15
	z := r.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// n returns a number from 0 to k-1.
func (r *rng) n(k int) int { return int((r.next() >> 33) % uint64(k)) }

// percent is true p times in a hundred.
func (r *rng) percent(p int) bool { return r.n(100) < p }

func (r *rng) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.next() >> 24)
	}
	return b
}

const upperHex, lowerHex = "0123456789ABCDEF", "0123456789abcdef"

// appendGUID writes a random GUID as SQL tools print it: upper case, no braces.
func (r *rng) appendGUID(b []byte) []byte {
	hi, lo := r.next(), r.next()
	for i := 0; i < 32; i++ {
		if i == 8 || i == 12 || i == 16 || i == 20 {
			b = append(b, '-')
		}
		if i == 16 {
			hi = lo
		}
		b = append(b, upperHex[hi>>60])
		hi <<= 4
	}
	return b
}

func (r *rng) guid() string { return string(r.appendGUID(nil)) }

// hex returns n random lower-case digits.
func (r *rng) hex(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = lowerHex[r.n(16)]
	}
	return string(b)
}

// pick returns one element of a list that is not empty.
func pick[T any](r *rng, list []T) T { return list[r.n(len(list))] }
