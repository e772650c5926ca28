package digits

// random is a stream of random numbers: SplitMix64, a Weyl sequence through a
// mixing function.
//
// Source: Steele, Lea, Flood 2014, "Fast splittable pseudorandom number
// generators", OOPSLA; mixing constants: variant 13 of David Stafford.
type random struct{ state uint64 }

// weyl is 2^64 divided by the golden ratio, made odd.
const weyl = 0x9e3779b97f4a7c15

func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// stream returns the numbers that belong to one index of one seed.
func stream(seed, index uint64) random { return random{mix(mix(seed+weyl) + mix(index))} }

func (r *random) next() uint64 {
	r.state += weyl
	return mix(r.state)
}

// uniform returns a number in [lo, hi).
func (r *random) uniform(lo, hi float64) float64 {
	u := float64(float64(r.next()>>11) * 0x1p-53)
	return lo + float64(u*(hi-lo))
}

// normal returns a number of the given standard deviation, bell-shaped around
// 0: the sum of four uniform ones of 16 bits, at most 2√3 deviations away.
func (r *random) normal(deviation float64) float64 {
	const sqrt3 = 1.7320508075688772
	z := r.next()
	sum := z>>48 + z>>32&0xffff + z>>16&0xffff + z&0xffff
	return float64((float64(sum) - 131070) * (sqrt3 / 65536) * deviation)
}

// below returns an integer in [0, n), for n far below 2^32.
func (r *random) below(n int) int { return int(r.next() >> 32 * uint64(n) >> 32) }
