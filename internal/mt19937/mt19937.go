// Package mt19937 draws the numbers of numpy.random.RandomState, in whose orders Keras shuffles files and data sets.
package mt19937

// Generator is the generator of numpy.random.RandomState.
//
// Source: Matsumoto, Nishimura 1998, Mersenne twister (2002 initialization); NumPy's legacy
// RandomState, which draws numbers below a bound by a mask and rejection.
type Generator struct {
	state [624]uint32
	at    int
}

// New returns the generator of a seed.
func New(seed uint32) *Generator {
	m := &Generator{at: 624}
	for i := range m.state {
		m.state[i] = seed
		seed = 1812433253*(seed^seed>>30) + uint32(i+1)
	}
	return m
}

// next returns 32 random bits.
func (m *Generator) next() uint32 {
	const n, half = 624, 397
	if m.at == n {
		for i := range n {
			y := m.state[i]&0x80000000 | m.state[(i+1)%n]&0x7fffffff
			m.state[i] = m.state[(i+half)%n] ^ y>>1 ^ -(y&1)&0x9908b0df
		}
		m.at = 0
	}
	y := m.state[m.at]
	m.at++
	y ^= y >> 11
	y ^= y << 7 & 0x9d2c5680
	y ^= y << 15 & 0xefc60000
	return y ^ y>>18
}

// Shuffle calls swap as RandomState.shuffle exchanges n things, fewer than 1<<32.
func (m *Generator) Shuffle(n int, swap func(i, j int)) {
	for i := n - 1; i > 0; i-- {
		mask := uint32(i)
		for shift := 1; shift < 32; shift *= 2 {
			mask |= mask >> shift
		}
		j := m.next() & mask
		for j > uint32(i) {
			j = m.next() & mask
		}
		swap(i, int(j))
	}
}
