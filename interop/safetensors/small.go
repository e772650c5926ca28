package safetensors

import "math"

// small is a floating point type of 8 bits or fewer: sign, exp bits of exponent,
// frac bits of fraction, from the highest bit down.
//
// Sources: Rouhani et al., OCP Microscaling Formats (MX) v1.0, section 5.3;
// Micikevicius et al. 2022, arXiv:2209.05433; Noune et al. 2022, arXiv:2206.02915.
type small struct {
	exp, frac, bias int
	special         special
}

// special says which codes are no finite numbers.
type special uint8

const (
	finite  special = iota // none
	ieee                   // the largest exponent: infinities, NaN
	lastNaN                // all bits but the sign set: NaN
	fnuz                   // what would be -0: NaN
	powers                 // no sign, no fraction, no subnormals; all bits set: NaN
)

// table returns the value of every code.
func (s *small) table() []float32 {
	if s.special == powers {
		return s.powers()
	}
	t := make([]float32, 2<<(s.exp+s.frac))
	half := len(t) / 2
	for i := range half {
		t[i] = float32(s.magnitude(i))
		t[half+i] = -t[i]
	}
	nan := float32(math.NaN())
	switch s.special {
	case fnuz:
		t[half] = nan
	case lastNaN:
		t[half-1], t[len(t)-1] = nan, nan
	}
	return t
}

// magnitude returns the value of a code without sign.
func (s *small) magnitude(code int) float64 {
	exp, frac := code>>s.frac, code&(1<<s.frac-1)
	switch {
	case exp == 0: // subnormal
		exp = 1
	case s.special == ieee && exp == 1<<s.exp-1:
		if frac == 0 {
			return math.Inf(1)
		}
		return math.NaN()
	default:
		frac |= 1 << s.frac
	}
	return math.Ldexp(float64(frac), exp-s.bias-s.frac)
}

func (s *small) powers() []float32 {
	t := make([]float32, 1<<s.exp)
	for i := range t {
		t[i] = float32(math.Ldexp(1, i-s.bias))
	}
	t[len(t)-1] = float32(math.NaN())
	return t
}

// widen sets dst to the values of the codes in src, bits wide each, packed from
// the low bits of each byte on. The first begins at bit number skip.
func widen(dst []float32, src []byte, skip, bits int, table []float32) {
	if bits == 8 {
		for i, c := range src[:len(dst)] {
			dst[i] = table[c]
		}
		return
	}
	for i := range dst {
		at := skip + i*bits
		c := uint(src[at/8])
		if at%8+bits > 8 {
			c |= uint(src[at/8+1]) << 8
		}
		dst[i] = table[c>>(at%8)&(1<<bits-1)]
	}
}
