package kern

import "math"

// maxPower is the greatest exponent that power32 is for.
const maxPower = 8

// power32 raises to one power p, 0 to maxPower, in float32 arithmetic whose every step is
// that of the vector kernels, so that all implementations give the same bits. The result
// is within 2·max(p, 1) ULP; it is NaN for NaN and below 0.
//
// With x = 2^n·m and √½ <= m < √2, x^p = 2^k·e^(t·ln 2) for k + t = p·n + p·log2 m. The
// product p·n is exact: n has 8 bits and head, the first part of p, 16.
type power32 struct {
	head, tail float32 // p in two parts
	scale      float32 // p·log2 e
	atZero     float32 // 0^p
}

func newPower32(p float64) power32 {
	head := math.Float32frombits(math.Float32bits(float32(p)) &^ 0xff)
	return power32{head, float32(p - float64(head)), float32(p * math.Log2E), float32(math.Pow(0, p))}
}

// The coefficients of ln(1+f) = f - f²/2 + f³·P(f), as in the vector kernel of [Log], and
// of 2^t = 1 + t·Q(t), which are those of [Exp] with powers of ln 2; the highest first.
var (
	powerLog = [...]float32{-0.076363996, 0.127622, -0.13159613, 0.14201581, -0.16623409, 0.20001242, -0.2500082, 0.3333333}
	powerExp = [...]float32{0.0013869945 * ln2 * ln2 * ln2 * ln2 * ln2 * ln2, 0.008366253 * ln2 * ln2 * ln2 * ln2 * ln2, 0.041667443 * ln2 * ln2 * ln2 * ln2, 0.16666546 * ln2 * ln2 * ln2, 0.49999997 * ln2 * ln2, ln2}
)

const ln2 = math.Ln2

const (
	sqrtHalf = 0x3f3504f3 // the bits of √½
	farPower = 240        // 2^-farPower is 0 in float32, 2^farPower infinite
)

func (p power32) of(x float32) float32 {
	switch {
	case x == 0:
		return p.atZero
	case x < 0:
		return float32(math.NaN())
	case !(x < float32(math.Inf(1))):
		return x
	}
	u, less := x, float32(0)
	if x < 0x1p-126 {
		u, less = x*(1<<23), 23
	}
	e := int32(math.Float32bits(u)-sqrtHalf) >> 23
	f := math.Float32frombits(math.Float32bits(u)-uint32(e)<<23) - 1
	n := float32(e) - less
	l, f2 := &powerLog, float32(f*f)
	ln := fma32(fma32(l[0], f2, fma32(l[1], f, l[2])), f2, fma32(l[3], f, l[4]))
	ln = fma32(fma32(ln, f2, fma32(l[5], f, l[6])), f2, fma32(l[7], f, -0.5))
	ln = fma32(ln, f2, f)

	whole := min(max(float32(p.head*n), -farPower), farPower)
	part := fma32(p.scale, ln, float32(p.tail*n))
	k := float32(math.RoundToEven(float64(whole + part)))
	t := whole - k + part
	y := powerExp[0]
	for _, c := range powerExp[1:] {
		y = fma32(y, t, c)
	}
	y = fma32(y, t, 1)
	first := int32(k) >> 1
	return y * exp2i(first) * exp2i(int32(k)-first)
}

// fma32 is a·b + c, rounded once.
func fma32(a, b, c float32) float32 {
	s := float64(a)*float64(b) + float64(c) // the product is exact
	if math.Float64bits(s)&(1<<29-1) == 1<<28 {
		return halfway(a, b, c)
	}
	return float32(s)
}

// halfway returns the result of fma32 if the sum, rounded to float64, is half way between two float32:
// the rounding error tells which is nearer.
func halfway(a, b, c float32) float32 {
	p, z := float64(float64(a)*float64(b)), float64(c)
	s := p + z
	t := s - p
	switch lost := p - (s - t) + (z - t); {
	case lost == 0:
	case lost > 0 == (s > 0):
		s = math.Float64frombits(math.Float64bits(s) + 1)
	default:
		s = math.Float64frombits(math.Float64bits(s) - 1)
	}
	return float32(s)
}

// exp2i is 2^n, for n as small as exponents are.
func exp2i(n int32) float32 { return math.Float32frombits(uint32(n+127) << 23) }
