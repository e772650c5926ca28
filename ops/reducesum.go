package ops

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// ReduceSum returns the sum of x over the axes, all of them when none is given.
// Negative axes count from the end. The axes vanish from the shape.
//
// Shapes: x [... A ...] -> [... ...]. DTypes: numbers; float16 and bfloat16
// accumulate in float32. Gradient: x. Panics with *graph.Error if x is Bool or does
// not have each axis once.
func ReduceSum(x *graph.Node, axes ...int) *graph.Node {
	return graph.Apply(ReduceSumOp{reduceOver("ReduceSum", x, axes, false)}, x)
}

// ReduceSumKeep returns [ReduceSum] of x with the axes kept, at length 1.
//
// Shapes: x [... A ...] -> [... 1 ...]. DTypes: numbers; float16 and bfloat16
// accumulate in float32. Gradient: x. Panics with *graph.Error if x is Bool or does
// not have each axis once.
func ReduceSumKeep(x *graph.Node, axes ...int) *graph.Node {
	return graph.Apply(ReduceSumOp{reduceOver("ReduceSum", x, axes, true)}, x)
}

// ReduceSumOp is the operation behind [ReduceSum].
type ReduceSumOp struct{ Reduction }

// Name implements graph.Op.
func (ReduceSumOp) Name() string { return "ReduceSum" }

// Primitive implements [Primitive].
func (ReduceSumOp) Primitive() {}

// Infer implements graph.Op.
func (o ReduceSumOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	return o.infer(in[0], wantNumber("x", in[0]))
}

// Ref implements [Referenced].
func (o ReduceSumOp) Ref(out, in []Array) {
	o.each(in[0].Shape, func(i, j int) { out[0].V[j] += in[0].V[i] })
}

// VJP: every element gets the gradient of its sum.
func (o ReduceSumOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{BroadcastTo(o.unreduce(n, dy), n.In[0].Shape())}
}
