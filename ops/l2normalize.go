package ops

import "github.com/glia-ml/glia/graph"

// L2Normalize returns x divided by its Euclidean length along the axes, all of them
// when none is given, or by 1e-7 where the length is less.
//
// Shapes: x [...] -> [...]. DTypes: floats. Gradient: x. Panics with *graph.Error
// unless x is float and has each axis once.
//
// Source: keras.layers.UnitNormalization.
func L2Normalize(x *graph.Node, axes ...int) *graph.Node {
	const least = 1e-7
	square := ReduceSumKeep(Square(x), axes...)
	long := Greater(square, ScalarLike(x, least*least))
	inverse := Rsqrt(Where(long, square, Ones(square)))
	return Mul(x, Where(long, inverse, Full(x.Graph(), square.Spec(), 1/least)))
}
