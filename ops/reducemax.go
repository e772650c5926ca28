package ops

import (
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// ReduceMax returns the greatest element of x over the axes, all of them when none
// is given: NaN where one is NaN. Negative axes count from the end. The axes vanish
// from the shape.
//
// Shapes: x [... A ...] -> [... ...]. DTypes: numbers. Gradient: x; equal greatest
// elements share it equally. Panics with *graph.Error if x is Bool, does not have
// each axis once, or has no elements along the axes.
func ReduceMax(x *graph.Node, axes ...int) *graph.Node {
	return graph.Apply(ReduceMaxOp{reduceOver("ReduceMax", x, axes, false)}, x)
}

// ReduceMaxKeep returns [ReduceMax] of x with the axes kept, at length 1.
//
// Shapes: x [... A ...] -> [... 1 ...]. DTypes: numbers. Gradient: x; equal greatest
// elements share it equally. Panics with *graph.Error if x is Bool, does not have
// each axis once, or has no elements along the axes.
func ReduceMaxKeep(x *graph.Node, axes ...int) *graph.Node {
	return graph.Apply(ReduceMaxOp{reduceOver("ReduceMax", x, axes, true)}, x)
}

// ReduceMaxOp is the operation behind [ReduceMax].
type ReduceMaxOp struct{ Reduction }

// Name implements graph.Op.
func (ReduceMaxOp) Name() string { return "ReduceMax" }

// Primitive implements [Primitive].
func (ReduceMaxOp) Primitive() {}

// Infer implements graph.Op.
func (o ReduceMaxOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	if err := o.nonempty(in[0]); err != nil {
		return nil, err
	}
	return o.infer(in[0], wantNumber("x", in[0]))
}

// Ref implements [Referenced].
func (o ReduceMaxOp) Ref(out, in []Array) {
	fill(out[0].V, math.Inf(-1))
	o.each(in[0].Shape, func(i, j int) { out[0].V[j] = max(out[0].V[j], in[0].V[i]) })
}

// VJP: the gradient is split among the elements that equal the result.
func (o ReduceMaxOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{o.toEqual(n, dy)}
}

// ReduceMin returns the least element of x over the axes, all of them when none
// is given: NaN where one is NaN. Negative axes count from the end. The axes vanish
// from the shape.
//
// Shapes: x [... A ...] -> [... ...]. DTypes: numbers. Gradient: x; equal least
// elements share it equally. Panics with *graph.Error if x is Bool, does not have
// each axis once, or has no elements along the axes.
func ReduceMin(x *graph.Node, axes ...int) *graph.Node {
	return graph.Apply(ReduceMinOp{reduceOver("ReduceMin", x, axes, false)}, x)
}

// ReduceMinKeep returns [ReduceMin] of x with the axes kept, at length 1.
//
// Shapes: x [... A ...] -> [... 1 ...]. DTypes: numbers. Gradient: x; equal least
// elements share it equally. Panics with *graph.Error if x is Bool, does not have
// each axis once, or has no elements along the axes.
func ReduceMinKeep(x *graph.Node, axes ...int) *graph.Node {
	return graph.Apply(ReduceMinOp{reduceOver("ReduceMin", x, axes, true)}, x)
}

// ReduceMinOp is the operation behind [ReduceMin].
type ReduceMinOp struct{ Reduction }

// Name implements graph.Op.
func (ReduceMinOp) Name() string { return "ReduceMin" }

// Primitive implements [Primitive].
func (ReduceMinOp) Primitive() {}

// Infer implements graph.Op.
func (o ReduceMinOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	if err := o.nonempty(in[0]); err != nil {
		return nil, err
	}
	return o.infer(in[0], wantNumber("x", in[0]))
}

// Ref implements [Referenced].
func (o ReduceMinOp) Ref(out, in []Array) {
	fill(out[0].V, math.Inf(1))
	o.each(in[0].Shape, func(i, j int) { out[0].V[j] = min(out[0].V[j], in[0].V[i]) })
}

// VJP: the gradient is split among the elements that equal the result.
func (o ReduceMinOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{o.toEqual(n, dy)}
}

// toEqual splits dy among the elements of n's input that equal n's result.
func (r Reduction) toEqual(n, dy *graph.Node) *graph.Node {
	x := n.In[0]
	equal := Cast(Equal(x, r.unreduce(n, n)), x.DType())
	count := ReduceSumKeep(equal, r.Axes.Slice()...)
	if r.Axes.Rank() == 0 {
		count = equal
	}
	return Mul(equal, Div(r.unreduce(n, dy), count))
}

// fill sets every element of v to x.
func fill(v []float64, x float64) {
	for i := range v {
		v[i] = x
	}
}
