package ops

import (
	"fmt"
	"slices"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// Concat joins tensors along an axis; their other axes are equal.
//
// Shapes: x[i] [... Nᵢ ...] -> [... ΣNᵢ ...]. DTypes: any, the same for all.
// Gradient: all. Panics with *graph.Error if x is empty, does not have the axis, or
// differs in dtype or another axis.
//
// Source: ONNX Concat.
func Concat(axis int, x ...*graph.Node) *graph.Node {
	if len(x) == 0 {
		panic(graph.Errorf("ops.Concat: no tensors: want one or more"))
	}
	axis = axisOf("Concat", x[0], axis, 0)
	if len(x) == 1 {
		return x[0]
	}
	return graph.Apply(ConcatOp{axis}, x...)
}

// Stack joins tensors of one shape along a new axis, at this place of the result.
//
// Shapes: x[i] [...] -> [... len(x) ...]. DTypes: any, the same for all. Gradient:
// all. Panics with *graph.Error if x is empty or its specs differ, or the result does
// not have the axis.
//
// Source: numpy.stack.
func Stack(axis int, x ...*graph.Node) *graph.Node {
	if len(x) == 0 {
		panic(graph.Errorf("ops.Stack: no tensors: want one or more"))
	}
	axis = axisOf("Stack", x[0], axis, 1)
	thick := make([]*graph.Node, len(x))
	for i, n := range x {
		if n.Spec() != x[0].Spec() {
			panic(graph.Errorf("ops.Stack: input %d is %v: want %v, as input 0", i, n.Spec(), x[0].Spec()))
		}
		thick[i] = ExpandDims(n, axis)
	}
	return Concat(axis, thick...)
}

// join returns [Concat] of the parts that are not empty, or of all if all are empty.
func join(axis int, x ...*graph.Node) *graph.Node {
	full := slices.DeleteFunc(slices.Clone(x), func(n *graph.Node) bool { return n.Shape().At(axis) == 0 })
	if len(full) == 0 {
		full = x[:1]
	}
	return Concat(axis, full...)
}

// ConcatOp is the operation behind [Concat].
type ConcatOp struct{ Axis int }

// Name implements graph.Op.
func (ConcatOp) Name() string { return "Concat" }

// Primitive implements [Primitive].
func (ConcatOp) Primitive() {}

// Infer implements graph.Op.
func (o ConcatOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	if err := wantAxis(o.Axis, in[0]); err != nil {
		return nil, err
	}
	total := 0
	for i, s := range in {
		if s.DType != in[0].DType || s.Rank() != in[0].Rank() || s.Shape.With(o.Axis, 0) != in[0].Shape.With(o.Axis, 0) {
			return nil, fmt.Errorf("input %d is %v, input 0 %v: want them equal but for axis %d", i, s, in[0], o.Axis)
		}
		total += s.Shape.At(o.Axis)
	}
	return one(in[0].DType, in[0].Shape.With(o.Axis, total))
}

// Ref implements [Referenced].
func (o ConcatOp) Ref(out, in []Array) {
	row := out[0].Shape.From(o.Axis).Size()
	at := 0
	for _, x := range in {
		n := x.Shape.From(o.Axis).Size()
		for i := range x.Shape.To(o.Axis).Size() {
			copy(out[0].V[i*row+at:], x.V[i*n:][:n])
		}
		at += n
	}
}

// VJP: the gradient is cut up again.
func (o ConcatOp) VJP(n, dy *graph.Node) []*graph.Node {
	sizes := make([]int, len(n.In))
	for i, x := range n.In {
		sizes[i] = x.Shape().At(o.Axis)
	}
	return Split(dy, o.Axis, sizes...)
}
