package ops

import "github.com/glia-ml/glia/graph"

// L2Normalize returns x divided by its Euclidean length along the axes, all of them
// when none is given, or by 1e-7 where the length is less.
//
// Shapes: x [...] -> [...]. DTypes: floats. Gradient: x. Panics with *graph.Error
// unless x is float and has each axis once.
//
// Source: keras.utils.normalize.
func L2Normalize(x *graph.Node, axes ...int) *graph.Node {
	return L2NormalizeFrom(x, 1e-7, axes...)
}

// L2NormalizeFrom returns x divided by its Euclidean length along the axes, all of them
// when none is given, or by shortest where the length is less.
//
// Shapes: x [...] -> [...]. DTypes: floats; the square of shortest must be more than 0 in
// them. Gradient: x. Panics with *graph.Error unless x is float and has each axis once.
//
// Source: keras.ops.normalize.
func L2NormalizeFrom(x *graph.Node, shortest float64, axes ...int) *graph.Node {
	square := ReduceSumKeep(Square(x), axes...)
	long := Greater(square, ScalarLike(x, shortest*shortest))
	inverse := Rsqrt(Where(long, square, Ones(square)))
	return Mul(x, Where(long, inverse, Full(x.Graph(), square.Spec(), 1/shortest)))
}
