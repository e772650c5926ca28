package ops

import (
	"slices"

	"github.com/glia-ml/glia/graph"
)

// ExpandDims returns x with new axes of length 1, at these places of the result.
// Negative axes count from the end of the result.
//
// Shapes: x [... ...] -> [... 1 ...]. DTypes: any. Gradient: x. Panics with
// *graph.Error unless the result has each axis once, and at most 8.
//
// Source: numpy.expand_dims.
func ExpandDims(x *graph.Node, axes ...int) *graph.Node {
	rank := x.Rank() + len(axes)
	added := make([]int, len(axes))
	for i, a := range axes {
		added[i] = axisOf("ExpandDims", x, a, len(axes))
	}
	old := x.Shape().Slice()
	shape := make([]int, 0, rank)
	for i := range rank {
		if slices.Contains(added, i) {
			shape = append(shape, 1)
		} else if len(old) > 0 {
			shape, old = append(shape, old[0]), old[1:]
		}
	}
	if len(shape) != rank {
		panic(graph.Errorf("ops.ExpandDims: axes %v: one stands twice", axes))
	}
	return Reshape(x, shape...)
}

// Squeeze returns x without axes of length 1: these, or all such axes when none is
// given.
//
// Shapes: x [... 1 ...] -> [... ...]. DTypes: any. Gradient: x. Panics with
// *graph.Error unless x has the axes and their length is 1.
//
// Source: numpy.squeeze.
func Squeeze(x *graph.Node, axes ...int) *graph.Node {
	drop := make([]int, len(axes))
	for i, a := range axes {
		drop[i] = axisOf("Squeeze", x, a, 0)
		if x.Shape().At(a) != 1 {
			panic(graph.Errorf("ops.Squeeze: axis %d of x %v: want length 1", a, x.Shape()))
		}
	}
	shape := []int{}
	for i, d := range x.Shape().Slice() {
		if d != 1 || len(axes) > 0 && !slices.Contains(drop, i) {
			shape = append(shape, d)
		}
	}
	return Reshape(x, shape...)
}
