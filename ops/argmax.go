package ops

import (
	"fmt"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// ArgMax returns the index of the greatest element of x along an axis, as int64: the
// first of equal ones, and the first NaN if there is one. Axis -1 is the last. The
// axis vanishes from the shape.
//
// Shapes: x [... N ...] -> [... ...]. DTypes: numbers -> Int64. No gradient. Panics
// with *graph.Error if x is Bool, or does not have the axis or any element along it.
//
// Source: numpy.argmax.
func ArgMax(x *graph.Node, axis int) *graph.Node {
	return graph.Apply(ArgMaxOp{axisOf("ArgMax", x, axis, 0)}, x)
}

// ArgMaxOp is the operation behind [ArgMax].
type ArgMaxOp struct{ Axis int }

// Name implements graph.Op.
func (ArgMaxOp) Name() string { return "ArgMax" }

// Primitive implements [Primitive].
func (ArgMaxOp) Primitive() {}

// Infer implements graph.Op.
func (o ArgMaxOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) { return inferArg(in[0], o.Axis) }

// Ref implements [Referenced].
func (o ArgMaxOp) Ref(out, in []Array) {
	refArg(out[0], in[0], o.Axis, func(a, b float64) bool { return a > b })
}

// ArgMin returns the index of the least element of x along an axis, as int64: the
// first of equal ones, and the first NaN if there is one. Axis -1 is the last. The
// axis vanishes from the shape.
//
// Shapes: x [... N ...] -> [... ...]. DTypes: numbers -> Int64. No gradient. Panics
// with *graph.Error if x is Bool, or does not have the axis or any element along it.
//
// Source: numpy.argmin.
func ArgMin(x *graph.Node, axis int) *graph.Node {
	return graph.Apply(ArgMinOp{axisOf("ArgMin", x, axis, 0)}, x)
}

// ArgMinOp is the operation behind [ArgMin].
type ArgMinOp struct{ Axis int }

// Name implements graph.Op.
func (ArgMinOp) Name() string { return "ArgMin" }

// Primitive implements [Primitive].
func (ArgMinOp) Primitive() {}

// Infer implements graph.Op.
func (o ArgMinOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) { return inferArg(in[0], o.Axis) }

// Ref implements [Referenced].
func (o ArgMinOp) Ref(out, in []Array) {
	refArg(out[0], in[0], o.Axis, func(a, b float64) bool { return a < b })
}

func inferArg(x tensor.Spec, axis int) ([]tensor.Spec, error) {
	if err := wantNumber("x", x); err != nil {
		return nil, err
	}
	if err := wantAxis(axis, x); err != nil {
		return nil, err
	}
	if x.Shape.At(axis) == 0 {
		return nil, fmt.Errorf("x %v has no elements along axis %d: want one or more", x.Shape, axis)
	}
	return one(tensor.Int64, x.Shape.Without(axis))
}

func refArg(out, x Array, axis int, better func(a, b float64) bool) {
	lanes(x.Shape, axis, func(lane, start, step, n int) {
		best := 0
		for i := range n {
			v, b := x.V[start+i*step], x.V[start+best*step]
			if b == b && (v != v || better(v, b)) {
				best = i
			}
		}
		out.V[lane] = float64(best)
	})
}

// lanes calls f for every line of elements along an axis of shape s: with its
// number, its first flat index (0 if it is empty), the step from one element to the
// next, and the number of elements.
func lanes(s tensor.Dims, axis int, f func(lane, start, step, n int)) {
	n, step := s.At(axis), s.From(axis+1).Size()
	for outer := range s.To(axis).Size() {
		for inner := range step {
			start := 0
			if n > 0 {
				start = outer*n*step + inner
			}
			f(outer*step+inner, start, step, n)
		}
	}
}
