package ops

import (
	"fmt"
	"slices"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// Transpose returns x with its axes in another order: axis i of the result is axis
// perm[i] of x. Negative axes count from the end; without perm the order is reversed.
//
// Shapes: axis i of the result is as long as axis perm[i] of x. DTypes: any.
// Gradient: x. Panics with *graph.Error unless perm has each axis once.
//
// Source: numpy.transpose.
func Transpose(x *graph.Node, perm ...int) *graph.Node {
	rank := x.Rank()
	order := make([]int, rank)
	for i := range order {
		order[i] = rank - 1 - i
	}
	if len(perm) > 0 && len(perm) != rank {
		panic(graph.Errorf("ops.Transpose: axes %v of x %v: want %d of them", perm, x.Shape(), rank))
	}
	same := true
	for i := range order {
		if len(perm) > 0 {
			order[i] = axisOf("Transpose", x, perm[i], 0)
		}
		same = same && order[i] == i
	}
	if same {
		return x
	}
	return graph.Apply(TransposeOp{tensor.D(order...)}, x)
}

// SwapAxes returns x with two axes exchanged.
//
// Shapes: x [... M ... N ...] -> [... N ... M ...]. DTypes: any. Gradient: x. Panics
// with *graph.Error if x does not have the axes.
func SwapAxes(x *graph.Node, i, j int) *graph.Node {
	perm := make([]int, x.Rank())
	for a := range perm {
		perm[a] = a
	}
	i, j = axisOf("SwapAxes", x, i, 0), axisOf("SwapAxes", x, j, 0)
	perm[i], perm[j] = j, i
	return Transpose(x, perm...)
}

// TransposeOp is the operation behind [Transpose].
type TransposeOp struct{ Perm tensor.Dims }

// Name implements graph.Op.
func (TransposeOp) Name() string { return "Transpose" }

// Primitive implements [Primitive].
func (TransposeOp) Primitive() {}

// Infer implements graph.Op.
func (o TransposeOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	x, shape := in[0], o.Perm
	if sorted := o.Perm.Slice(); !isRange(sorted) || len(sorted) != x.Rank() {
		return nil, fmt.Errorf("axes %v of x %v: want each axis once", o.Perm, x.Shape)
	}
	for i, p := range o.Perm.Slice() {
		shape = shape.With(i, x.Shape.At(p))
	}
	return one(x.DType, shape)
}

// isRange reports whether v, once sorted, is 0, 1, 2 and so on. It sorts v.
func isRange(v []int) bool {
	slices.Sort(v)
	for i, n := range v {
		if i != n {
			return false
		}
	}
	return true
}

// Ref implements [Referenced].
func (o TransposeOp) Ref(out, in []Array) {
	steps, from := out[0].Shape, in[0].Shape.Strides()
	for i := range steps.Rank() {
		steps = steps.With(i, from.At(o.Perm.At(i)))
	}
	at := stridedIndex(out[0].Shape, steps)
	for i := range out[0].V {
		out[0].V[i] = in[0].V[at(i)]
	}
}

// VJP: the inverse permutation of the gradient.
func (o TransposeOp) VJP(_, dy *graph.Node) []*graph.Node {
	back := make([]int, o.Perm.Rank())
	for i := range back {
		back[o.Perm.At(i)] = i
	}
	return []*graph.Node{Transpose(dy, back...)}
}
