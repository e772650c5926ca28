package ops

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// Moments returns the mean of x over the axes, all of them when none is given, and the
// variance, the mean of the squared distance from it. Times n/(n-1) the variance is
// unbiased. Negative axes count from the end. The axes vanish from the shape.
//
// The distances are taken from a mean, never as the difference of two sums of squares:
// the variance is right however large the mean is beside it.
//
// Shapes: x [... A ...] -> mean, variance [... ...]. DTypes: floats; float16 and
// bfloat16 accumulate in float32. Gradient: x. Panics with *graph.Error unless x is
// float, has each axis once, and has elements along the axes.
func Moments(x *graph.Node, axes ...int) (mean, variance *graph.Node) {
	n := graph.Apply(MomentsOp{reduceOver("Moments", x, axes, false)}, x)
	return graph.Pick(n, 0), graph.Pick(n, 1)
}

// MomentsKeep returns [Moments] of x with the axes kept, at length 1.
//
// Shapes: x [... A ...] -> mean, variance [... 1 ...]. DTypes: floats; float16 and
// bfloat16 accumulate in float32. Gradient: x. Panics with *graph.Error unless x is
// float, has each axis once, and has elements along the axes.
func MomentsKeep(x *graph.Node, axes ...int) (mean, variance *graph.Node) {
	n := graph.Apply(MomentsOp{reduceOver("Moments", x, axes, true)}, x)
	return graph.Pick(n, 0), graph.Pick(n, 1)
}

// MomentsOp is the operation behind [Moments].
type MomentsOp struct{ Reduction }

// Name implements graph.Op.
func (MomentsOp) Name() string { return "Moments" }

// Infer implements graph.Op.
func (o MomentsOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	err := wantFloat("x", in[0])
	if err == nil {
		err = o.nonempty(in[0])
	}
	spec, err := o.infer(in[0], err)
	return append(spec, spec...), err
}

// Ref implements [Referenced].
func (o MomentsOp) Ref(out, in []Array) {
	x, mean, variance := in[0], out[0].V, out[1].V
	n := float64(o.Count(x.Shape))
	o.each(x.Shape, func(i, j int) { mean[j] += x.V[i] })
	for j := range mean {
		mean[j] /= n
	}
	o.each(x.Shape, func(i, j int) {
		d := x.V[i] - mean[j]
		variance[j] += d * d
	})
	for j := range variance {
		variance[j] /= n
	}
}

// VJPs implements [DifferentiableTuple]: d mean/dx = 1/n, d variance/dx = 2·(x - mean)/n.
func (o MomentsOp) VJPs(n *graph.Node, dy []*graph.Node) []*graph.Node {
	x := n.In[0]
	if x.Shape().Size() == 0 {
		return []*graph.Node{Zeros(x)}
	}
	share := 1 / float64(o.Count(x.Shape()))
	var dx *graph.Node
	if dy[0] != nil {
		dx = BroadcastTo(o.unreduce(n, Scale(dy[0], share)), x.Shape())
	}
	if dy[1] != nil {
		far := Sub(x, o.unreduce(n, graph.Pick(n, 0)))
		d := Mul(far, o.unreduce(n, Scale(dy[1], 2*share)))
		if dx == nil {
			return []*graph.Node{d}
		}
		dx = Add(d, dx)
	}
	return []*graph.Node{dx}
}

// Compose implements [Composed], by way of [ReduceMean].
func (o MomentsOp) Compose(in []*graph.Node) []*graph.Node {
	x := in[0]
	mean := graph.Apply(ReduceMeanOp(o), x)
	kept := graph.Apply(ReduceMeanOp{Reduction{o.Axes, true}}, x)
	return []*graph.Node{mean, graph.Apply(ReduceMeanOp(o), Square(Sub(x, kept)))}
}
