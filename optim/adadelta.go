package optim

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
)

// Adadelta returns gradient descent by the gradient, times the root of the moving mean
// of the squared updates, over that of the squared gradients:
//
//	v = ρ·v + (1-ρ)·g²
//	x = g·√(d + ε) / √(v + ε)
//	d = ρ·d + (1-ρ)·x²
//	w -= lr·x
//
// Keras's default for lr is 0.001, that of the paper 1. Others are ρ 0.95, ε 1e-7.
//
// Options: [Rho], [Epsilon], and those of every optimizer, see [Option].
//
// Source: Zeiler 2012, arXiv:1212.5701, algorithm 1; as in keras.optimizers.Adadelta.
func Adadelta[R Number](lr R, opts ...AdadeltaOption) *AdadeltaOptimizer {
	o := &AdadeltaOptimizer{Config: newConfig("adadelta", rate(lr)), Rho: 0.95, Epsilon: 1e-7}
	for _, opt := range opts {
		opt.adadelta(o)
	}
	return o
}

// AdadeltaOptimizer is the optimizer that [Adadelta] makes.
type AdadeltaOptimizer struct {
	Config
	// Rho is how much of the moving means a step keeps.
	Rho float64 `json:"rho"`
	// Epsilon keeps the divisor from 0, and lets the first steps begin.
	Epsilon float64 `json:"epsilon"`

	v, d []*graph.Var
}

// AdadeltaOption is an option of [Adadelta].
type AdadeltaOption interface{ adadelta(*AdadeltaOptimizer) }

// Class returns Keras's name of the type.
func (o *AdadeltaOptimizer) Class() string { return "Adadelta" }

// Build implements [Optimizer].
func (o *AdadeltaOptimizer) Build(params []*graph.Var) {
	o.build(params)
	if !(o.Rho >= 0 && o.Rho <= 1) {
		panic(o.errorf("rho %g: want 0 to 1", o.Rho))
	}
	o.wantEpsilon(o.Epsilon)
	o.v, o.d = o.slotPairs("accumulated_grad", "accumulated_delta_var")
}

// Apply implements [Optimizer].
func (o *AdadeltaOptimizer) Apply(g *graph.Graph, grads []*graph.Node) {
	s := o.begin(g, grads)
	for i := range o.params {
		s.apply(ops.ApplyAdadeltaOp{Rho: o.Rho, Eps: o.Epsilon}, i, []*graph.Var{o.v[i], o.d[i]}, s.lr, s.decay(i))
	}
	s.end()
}
