package ops

import (
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// LogSoftmax returns x - ln Σ e^x along an axis, without overflow on the way. Axis
// -1 is the last.
//
// Shapes: x [...] -> [...]. DTypes: floats; float16 and bfloat16 are computed in
// float32. Gradient: x. Panics with *graph.Error unless x is float and has the axis.
func LogSoftmax(x *graph.Node, axis int) *graph.Node {
	return graph.Apply(LogSoftmaxOp{axisOf("LogSoftmax", x, axis, 0)}, x)
}

// LogSoftmaxOp is the operation behind [LogSoftmax].
type LogSoftmaxOp struct{ Axis int }

// Name implements graph.Op.
func (LogSoftmaxOp) Name() string { return "LogSoftmax" }

// Compose implements [Composed].
func (o LogSoftmaxOp) Compose(in []*graph.Node) []*graph.Node {
	return []*graph.Node{logSoftmax(in[0], o.Axis)}
}

// Infer implements graph.Op.
func (o LogSoftmaxOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) { return inferAlong(o.Axis, in) }

// Ref implements [Referenced].
func (o LogSoftmaxOp) Ref(out, in []Array) {
	lanes(in[0].Shape, o.Axis, func(_, start, step, n int) {
		l := logSumExp(in[0].V[start:], step, n)
		for i := start; i < start+n*step; i += step {
			out[0].V[i] = in[0].V[i] - l
		}
	})
}

// VJP: from the result y alone, d/dx = dy - e^y·Σ dy.
func (o LogSoftmaxOp) VJP(n, dy *graph.Node) []*graph.Node {
	return []*graph.Node{graph.Apply(LogSoftmaxGradOp(o), n, dy)}
}

// LogSoftmaxGradOp is dy - e^y·Σ dy: the gradient of [LogSoftmax] from its result y.
type LogSoftmaxGradOp struct{ Axis int }

// Name implements graph.Op.
func (LogSoftmaxGradOp) Name() string { return "LogSoftmaxGrad" }

// Compose implements [Composed].
func (o LogSoftmaxGradOp) Compose(in []*graph.Node) []*graph.Node {
	y, dy := in[0], in[1]
	return []*graph.Node{Sub(dy, Mul(Exp(y), ReduceSumKeep(dy, o.Axis)))}
}

// Infer implements graph.Op.
func (o LogSoftmaxGradOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	return inferAlong(o.Axis, in)
}

// Ref implements [Referenced].
func (o LogSoftmaxGradOp) Ref(out, in []Array) {
	y, dy := in[0].V, in[1].V
	lanes(in[0].Shape, o.Axis, func(_, start, step, n int) {
		var sum float64
		for i := start; i < start+n*step; i += step {
			sum += dy[i]
		}
		for i := start; i < start+n*step; i += step {
			out[0].V[i] = dy[i] - math.Exp(y[i])*sum
		}
	})
}

// VJP: d/dy = -dz·e^y·Σ dy and d/d(dy) = dz - Σ e^y·dz.
func (o LogSoftmaxGradOp) VJP(n, dz *graph.Node) []*graph.Node {
	y, dy := n.In[0], n.In[1]
	e := Mul(Exp(y), dz)
	return []*graph.Node{
		Neg(Mul(e, ReduceSumKeep(dy, o.Axis))),
		Sub(dz, ReduceSumKeep(e, o.Axis)),
	}
}
