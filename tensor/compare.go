package tensor

import (
	"bytes"
	"fmt"
	"math"
)

// Equal reports whether a and b have the same dtype, shape and bits. A NaN
// equals itself here, and 0 differs from -0.
func Equal(a, b *Tensor) bool {
	return a.spec == b.spec && bytes.Equal(a.contiguous().Bytes(), b.contiguous().Bytes())
}

// AllClose returns nil if got and want have the same shape and every element
// satisfies
//
//	|got - want| <= atol + rtol·|want|
//
// NaN matches NaN, and infinities match if their signs do. Otherwise the error
// names how many elements differ and the worst of them. DTypes may differ:
// values are compared as float64.
func AllClose(got, want *Tensor, rtol, atol float64) error {
	if got.spec.Shape != want.spec.Shape {
		return fmt.Errorf("tensor: AllClose: got %v, want %v", got.spec, want.spec)
	}
	g, w := got.Float64s(), want.Float64s()
	far, worst, at := 0, -1.0, 0
	for i := range g {
		excess := excessOf(g[i], w[i], rtol, atol)
		if excess <= 0 {
			continue
		}
		far++
		if excess > worst {
			worst, at = excess, i
		}
	}
	if far == 0 {
		return nil
	}
	return fmt.Errorf("tensor: AllClose: %d of %d values differ; worst at %v: got %v, want %v: |difference| %.3g > %g + %g·|want|",
		far, len(g), position(want.spec.Shape, at), g[at], w[at], math.Abs(g[at]-w[at]), atol, rtol)
}

// excessOf returns by how much got misses want beyond the tolerance, +Inf if one
// of them is not finite and they do not match.
func excessOf(got, want, rtol, atol float64) float64 {
	switch d := math.Abs(got - want); {
	case got == want || got != got && want != want:
		return 0
	case math.IsNaN(d) || math.IsInf(d, 0):
		return math.Inf(1)
	default:
		return d - (atol + rtol*math.Abs(want))
	}
}

// position returns the indices of row-major element i.
func position(shape Dims, i int) Dims {
	p := shape
	for a := shape.Rank() - 1; a >= 0; a-- {
		p = p.With(a, i%shape.At(a))
		i /= shape.At(a)
	}
	return p
}
