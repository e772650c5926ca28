package ops

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// Tile returns x repeated as a whole, reps[i] times along axis i.
//
// Shapes: x [... Nᵢ ...] -> [... reps[i]·Nᵢ ...]. DTypes: any. Gradient: x. Panics
// with *graph.Error unless reps has one number, 0 or more, for each axis.
//
// Source: numpy.tile.
func Tile(x *graph.Node, reps ...int) *graph.Node {
	if len(reps) != x.Rank() {
		panic(graph.Errorf("ops.Tile: repetitions %v of x %v: want one for each axis", reps, x.Shape()))
	}
	for axis, n := range reps {
		x = repeat("Tile", x, n, axis, 0)
	}
	return x
}

// Repeat returns x with every element along an axis repeated n times.
//
// Shapes: x [... N ...] -> [... n·N ...]. DTypes: any. Gradient: x. Panics with
// *graph.Error if n is negative or x does not have the axis.
//
// Source: numpy.repeat.
func Repeat(x *graph.Node, n, axis int) *graph.Node {
	return repeat("Repeat", x, n, axisOf("Repeat", x, axis, 0), 1)
}

// repeat puts a new axis of length n before (inner 0) or behind (inner 1) an axis
// and joins the two.
func repeat(op string, x *graph.Node, n, axis, inner int) *graph.Node {
	if n < 0 {
		panic(graph.Errorf("ops.%s: %d repetitions: want 0 or more", op, n))
	}
	s := x.Shape()
	length := s.At(axis)
	if n == 1 {
		return x
	}
	outer, rest := s.To(axis).Size(), s.From(axis+1).Size()
	flat, long := tensor.D(outer, 1, length, rest), tensor.D(outer, n, length, rest)
	if inner == 1 {
		flat, long = tensor.D(outer, length, 1, rest), tensor.D(outer, length, n, rest)
	}
	wide := BroadcastTo(Reshape(x, flat.Slice()...), long)
	return Reshape(wide, s.With(axis, length*n).Slice()...)
}
