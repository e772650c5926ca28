package preprocess

import (
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Beta returns float32 numbers of the beta distribution of two positive parameters, as mixtures of
// two pictures take.
//
// Shapes: dims.
func (d Draw) Beta(a, b float64, dims ...int) *graph.Node {
	return ops.Sigmoid(ops.Sub(d.logGamma(a, dims), d.logGamma(b, dims))) // x/(x+y), also if both are tiny
}

// gammaTries is how many tries [Draw.Gamma] takes: all fail of one number in 10¹⁰ or fewer.
const gammaTries = 8

// Gamma returns float32 numbers of the gamma distribution of a positive shape and scale 1.
//
// Shapes: dims.
// Source: Marsaglia, Tsang 2000, A simple method for generating gamma variables.
func (d Draw) Gamma(shape float64, dims ...int) *graph.Node {
	return ops.Exp(d.logGamma(shape, dims))
}

// logGamma returns the logarithms of what Gamma returns.
func (d Draw) logGamma(shape float64, dims []int) *graph.Node {
	boost := 1.0
	if shape < 1 { // the numbers of shape + 1, times a power of uniform ones
		boost, shape = 1/shape, shape+1
	}
	k := shape - 1.0/3
	tries := append([]int{gammaTries}, dims...)
	x, u := d.Normal(tries...), d.Uniform(0, 1, tries...)
	one := ops.Offset(ops.Scale(x, 1/math.Sqrt(9*k)), 1)
	v := ops.Mul(ops.Mul(one, one), one)
	positive := ops.Greater(v, ops.ScalarLike(v, 0))
	v = ops.Where(positive, v, ops.ScalarLike(v, 1))
	most := ops.Offset(ops.Add(ops.Scale(ops.Mul(x, x), 0.5), ops.Scale(ops.Sub(ops.Log(v), v), k)), k)
	good := ops.And(positive, ops.Less(ops.Log(u), most))
	first := ops.ExpandDims(ops.ArgMax(ops.Cast(good, tensor.Int32), 0), 0)
	y := ops.Offset(ops.Log(ops.Squeeze(ops.GatherAlong(v, first, 0), 0)), math.Log(k))
	if boost != 1 {
		y = ops.Add(y, ops.Scale(ops.Log(ops.Offset(ops.Neg(d.Uniform(0, 1, dims...)), 1)), boost))
	}
	return y
}
