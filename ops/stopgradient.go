package ops

import "github.com/glia-ml/glia/graph"

// StopGradient returns x, for which every gradient is zero.
//
// Shapes: x [...] -> [...]. DTypes: any. Gradient: zero. Never panics.
func StopGradient(x *graph.Node) *graph.Node { return graph.Apply(StopGradientOp{}, x) }

// StopGradientOp is the operation behind [StopGradient]. It has no gradient rule, so
// autodiff stops there.
type StopGradientOp struct{ identity }

// Name implements graph.Op.
func (StopGradientOp) Name() string { return "StopGradient" }

// Compose implements [Composed].
func (StopGradientOp) Compose(in []*graph.Node) []*graph.Node {
	return in
}

// Eval implements [Unary].
func (StopGradientOp) Eval(x float64) float64 { return x }
