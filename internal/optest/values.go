package optest

import "math"

// source is a small generator of random numbers (SplitMix64), the same everywhere.
//
// Source: Steele, Lea, Flood 2014, "Fast Splittable Pseudorandom Number Generators".
type random struct{ state uint64 }

func source(seed uint64) *random { return &random{seed * 0x9E3779B97F4A7C15} }

func (r *random) next() uint64 {
	r.state += 0x9E3779B97F4A7C15
	z := r.state
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// unit returns a number in [0, 1).
func (r *random) unit() float64 { return float64(r.next()>>11) * 0x1p-53 }

// normal returns a number of about the standard normal distribution.
func (r *random) normal() float64 {
	s := -6.0
	for range 12 {
		s += r.unit()
	}
	return s
}

// values makes element i of an input of n.
type values func(r *random, i, n int) float64

// between draws from an interval.
func between(lo, hi float64) values {
	return func(r *random, _, _ int) float64 { return lo + (hi-lo)*r.unit() }
}

// anyReal draws from the normal distribution.
func anyReal(r *random, _, _ int) float64 { return r.normal() }

// awayFromZero draws numbers of either sign that are not near 0.
func awayFromZero(r *random, _, _ int) float64 {
	x := r.normal()
	return x + math.Copysign(0.1, x)
}

// offGrid draws numbers that are not near a multiple of a half.
func offGrid(r *random, _, _ int) float64 {
	return (math.Floor(10*r.unit()-5) + 0.2 + 0.6*r.unit()) / 2
}

// distinct gives the numbers i/4 in an order that looks random, no two near each other.
func distinct(_ *random, i, n int) float64 {
	step := 1
	for _, p := range []int{7919, 613, 37, 7, 3} {
		if p < n && n%p != 0 {
			step = p
			break
		}
	}
	return float64(i*step%n-n/2)/4 + 0.1
}

// list gives these numbers again and again.
func list(v ...float64) values {
	return func(_ *random, i, _ int) float64 { return v[i%len(v)] }
}

// upTo draws integers from 0 to n-1.
func upTo(n int) values {
	return func(r *random, _, _ int) float64 { return math.Floor(float64(n) * r.unit()) }
}

// special gives the numbers at which functions have special cases.
var special = list(math.NaN(), math.Inf(1), math.Inf(-1), 0, math.Copysign(0, -1), 1, -1, 0.5, 80, -80, 2.5, -3.5, 1e-30)
