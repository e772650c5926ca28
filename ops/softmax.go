package ops

import (
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// Softmax returns e^x / Σ e^x along an axis, without overflow on the way. Axis -1
// is the last.
//
// Shapes: x [...] -> [...]. DTypes: floats; float16 and bfloat16 are computed in
// float32. Gradient: x. Panics with *graph.Error unless x is float and has the axis.
func Softmax(x *graph.Node, axis int) *graph.Node {
	return graph.Apply(SoftmaxOp{axisOf("Softmax", x, axis, 0)}, x)
}

// SoftmaxOp is the operation behind [Softmax].
type SoftmaxOp struct{ Axis int }

// Name implements graph.Op.
func (SoftmaxOp) Name() string { return "Softmax" }

// Compose implements [Composed].
func (o SoftmaxOp) Compose(in []*graph.Node) []*graph.Node {
	return []*graph.Node{Exp(logSoftmax(in[0], o.Axis))}
}

// Infer implements graph.Op.
func (o SoftmaxOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) { return inferAlong(o.Axis, in) }

// Ref implements [Referenced].
func (o SoftmaxOp) Ref(out, in []Array) {
	x, y := in[0].V, out[0].V
	lanes(in[0].Shape, o.Axis, func(_, start, step, n int) {
		l := logSumExp(x[start:], step, n)
		for i := range n {
			y[start+i*step] = math.Exp(x[start+i*step] - l)
		}
	})
}

// VJP: from the result y alone, d/dx = y·(dy - Σ y·dy).
func (o SoftmaxOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{graph.Apply(SoftmaxGradOp(o), n, dy)}
}

// SoftmaxGradOp is y·(dy - Σ y·dy): the gradient of [Softmax] from its result y.
type SoftmaxGradOp struct{ Axis int }

// Name implements graph.Op.
func (SoftmaxGradOp) Name() string { return "SoftmaxGrad" }

// Compose implements [Composed].
func (o SoftmaxGradOp) Compose(in []*graph.Node) []*graph.Node {
	y, dy := in[0], in[1]
	return []*graph.Node{Mul(y, Sub(dy, ReduceSumKeep(Mul(y, dy), o.Axis)))}
}

// Infer implements graph.Op.
func (o SoftmaxGradOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) { return inferAlong(o.Axis, in) }

// Ref implements [Referenced].
func (o SoftmaxGradOp) Ref(out, in []Array) {
	y, dy := in[0].V, in[1].V
	lanes(in[0].Shape, o.Axis, func(_, start, step, n int) {
		var dot float64
		for i := start; i < start+n*step; i += step {
			dot += y[i] * dy[i]
		}
		for i := start; i < start+n*step; i += step {
			out[0].V[i] = y[i] * (dy[i] - dot)
		}
	})
}

// VJP: with s = Σ y·dy, d/dy = dz·(dy - s) - dy·Σ y·dz, and linear in dy.
func (o SoftmaxGradOp) VJP(n, dz *graph.Node) []*graph.Node {
	y, dy := n.In[0], n.In[1]
	s := ReduceSumKeep(Mul(y, dy), o.Axis)
	t := ReduceSumKeep(Mul(y, dz), o.Axis)
	return []*graph.Node{
		Sub(Mul(dz, Sub(dy, s)), Mul(dy, t)),
		graph.Apply(o, y, dz),
	}
}

// inferAlong is the shape rule of operations along an axis of floats that all have
// the spec of the result.
func inferAlong(axis int, in []tensor.Spec) ([]tensor.Spec, error) {
	if err := wantFloat("x", in[0]); err != nil {
		return nil, err
	}
	if err := wantAxis(axis, in[0]); err != nil {
		return nil, err
	}
	return in[:1], wantSame(in)
}

// logSumExp returns ln Σ e^x of n elements of x, the first at 0, that lie step apart.
func logSumExp(x []float64, step, n int) float64 {
	top := math.Inf(-1)
	for i := range n {
		top = max(top, x[i*step])
	}
	var sum float64
	for i := range n {
		sum += math.Exp(x[i*step] - top)
	}
	return top + math.Log(sum)
}
