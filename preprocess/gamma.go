package preprocess

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Beta returns float32 numbers of the beta distribution of two positive parameters, as mixtures of
// two pictures take.
//
// Shapes: dims.
func (d Draw) Beta(a, b float64, dims ...int) *graph.Node {
	return d.betaOf(d.scalar(a), d.scalar(b), dims...)
}

// betaOf is Beta of parameters that are scalars.
func (d Draw) betaOf(a, b *graph.Node, dims ...int) *graph.Node {
	return ops.Sigmoid(ops.Sub(d.logGamma(a, dims), d.logGamma(b, dims))) // x/(x+y), also if both are tiny
}

// scalar returns a float32 scalar.
func (d Draw) scalar(v float64) *graph.Node {
	return ops.Full(d.Graph(), tensor.S(tensor.Float32), v)
}

// gammaTries is how many tries [Draw.Gamma] takes: all fail of one number in 10¹⁰ or fewer.
const gammaTries = 8

// Gamma returns float32 numbers of the gamma distribution of a positive shape and scale 1.
//
// Shapes: dims.
// Source: Marsaglia, Tsang 2000, A simple method for generating gamma variables.
func (d Draw) Gamma(shape float64, dims ...int) *graph.Node {
	return ops.Exp(d.logGamma(d.scalar(shape), dims))
}

// logGamma returns the logarithms of what Gamma of a scalar returns: the numbers of shape + 1, which
// is never less than 1, times a power of uniform ones.
func (d Draw) logGamma(shape *graph.Node, dims []int) *graph.Node {
	k := ops.Offset(shape, 2.0/3)
	tries := append([]int{gammaTries}, dims...)
	x, u := d.Normal(tries...), d.Uniform(0, 1, tries...)
	one := ops.Offset(ops.Div(x, ops.Sqrt(ops.Scale(k, 9))), 1)
	v := ops.Mul(ops.Mul(one, one), one)
	positive := ops.Greater(v, ops.ScalarLike(v, 0))
	v = ops.Where(positive, v, ops.ScalarLike(v, 1))
	most := ops.Add(ops.Add(ops.Scale(ops.Mul(x, x), 0.5), ops.Mul(ops.Sub(ops.Log(v), v), k)), k)
	good := ops.And(positive, ops.Less(ops.Log(u), most))
	first := ops.ExpandDims(ops.ArgMax(ops.Cast(good, tensor.Int32), 0), 0)
	y := ops.Add(ops.Log(ops.Squeeze(ops.GatherAlong(v, first, 0), 0)), ops.Log(k))
	power := ops.Log(ops.Offset(ops.Neg(d.Uniform(0, 1, dims...)), 1)) // of numbers above 0
	return ops.Add(y, ops.Div(power, shape))
}
