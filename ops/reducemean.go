package ops

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// ReduceMean returns the mean of x over the axes, all of them when none is given.
// Negative axes count from the end. The axes vanish from the shape. The mean of
// nothing is NaN.
//
// Shapes: x [... A ...] -> [... ...]. DTypes: floats; float16 and bfloat16 accumulate
// in float32. Gradient: x. Panics with *graph.Error unless x is float and has each
// axis once.
func ReduceMean(x *graph.Node, axes ...int) *graph.Node {
	return graph.Apply(ReduceMeanOp{reduceOver("ReduceMean", x, axes, false)}, x)
}

// ReduceMeanKeep returns [ReduceMean] of x with the axes kept, at length 1.
//
// Shapes: x [... A ...] -> [... 1 ...]. DTypes: floats; float16 and bfloat16
// accumulate in float32. Gradient: x. Panics with *graph.Error unless x is float and
// has each axis once.
func ReduceMeanKeep(x *graph.Node, axes ...int) *graph.Node {
	return graph.Apply(ReduceMeanOp{reduceOver("ReduceMean", x, axes, true)}, x)
}

// ReduceMeanOp is the operation behind [ReduceMean].
type ReduceMeanOp struct{ Reduction }

// Name implements graph.Op.
func (ReduceMeanOp) Name() string { return "ReduceMean" }

// Compose implements [Composed].
func (o ReduceMeanOp) Compose(in []*graph.Node) []*graph.Node {
	sum := graph.Apply(ReduceSumOp(o), in[0])
	return []*graph.Node{Div(sum, ScalarLike(sum, float64(o.Count(in[0].Shape()))))}
}

// Infer implements graph.Op.
func (o ReduceMeanOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	return o.infer(in[0], wantFloat("x", in[0]))
}

// Ref implements [Referenced].
func (o ReduceMeanOp) Ref(out, in []Array) {
	o.each(in[0].Shape, func(i, j int) { out[0].V[j] += in[0].V[i] })
	for j := range out[0].V {
		out[0].V[j] /= float64(o.Count(in[0].Shape))
	}
}

// VJP: every element gets its share of the gradient of the mean.
func (o ReduceMeanOp) VJP(n, dy *graph.Node) []*graph.Node {
	x := n.In[0].Shape()
	if x.Size() == 0 {
		return []*graph.Node{Zeros(n.In[0])}
	}
	share := Scale(o.unreduce(n, dy), 1/float64(o.Count(x)))
	return []*graph.Node{BroadcastTo(share, x)}
}
