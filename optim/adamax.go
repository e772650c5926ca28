package optim

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
)

// Adamax returns [Adam] with the greatest gradient so far, which fades, in the place of
// the root of the mean square, in step t = 1, 2, ...:
//
//	m += (g - m)·(1-β1)
//	u = max(β2·u, |g|)
//	w -= lr/(1-β1^t) · m/(u + ε)
//
// Keras's default for lr is 0.001. Others are β1 0.9, β2 0.999, ε 1e-7.
//
// Options: [Beta1], [Beta2], [Epsilon], and those of every optimizer, see [Option].
//
// Source: Kingma, Ba 2014, arXiv:1412.6980, section 7.1; as in keras.optimizers.Adamax.
func Adamax[R Number](lr R, opts ...AdamaxOption) *AdamaxOptimizer {
	o := &AdamaxOptimizer{Config: newConfig("adamax", rate(lr)), Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-7}
	for _, opt := range opts {
		opt.adamax(o)
	}
	return o
}

// AdamaxOptimizer is the optimizer that [Adamax] makes.
type AdamaxOptimizer struct {
	Config
	// Beta1 and Beta2 are how much of the moving means a step keeps.
	Beta1 float64 `json:"beta_1"`
	Beta2 float64 `json:"beta_2"`
	// Epsilon keeps the divisor from 0.
	Epsilon float64 `json:"epsilon"`

	m, u []*graph.Var
}

// AdamaxOption is an option of [Adamax].
type AdamaxOption interface{ adamax(*AdamaxOptimizer) }

// Class returns Keras's name of the type.
func (o *AdamaxOptimizer) Class() string { return "Adamax" }

// Build implements [Optimizer].
func (o *AdamaxOptimizer) Build(params []*graph.Var) {
	o.build(params)
	o.wantBetas(o.Beta1, o.Beta2)
	o.wantEpsilon(o.Epsilon)
	o.m, o.u = o.slotPairs("momentum", "norm")
}

// Apply implements [Optimizer].
func (o *AdamaxOptimizer) Apply(g *graph.Graph, grads []*graph.Node) {
	s := o.begin(g, grads)
	rule := ops.ApplyAdamaxOp{OneMinusBeta1: 1 - o.Beta1, Beta2: o.Beta2, Eps: o.Epsilon}
	for i, p := range o.params {
		s.apply(rule, i, []*graph.Var{o.m[i], o.u[i]}, ops.Div(s.lr, s.bias(o.Beta1, p)), s.decay(i))
	}
	s.end()
}
