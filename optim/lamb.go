package optim

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
)

// Lamb returns [Adam] whose step for a parameter is as long as the parameter is large,
// which large batches need, in step t = 1, 2, ...:
//
//	m += (g - m)·(1-β1)
//	v += (g² - v)·(1-β2)
//	x = m/(1-β1^t) / (√(v/(1-β2^t)) + ε)
//	w -= lr·|w|/|x|·x
//
// |w| and |x| are the Euclidean norms; if one of them is 0, w -= lr·x. Keras's default
// for lr is 0.001. Others are β1 0.9, β2 0.999, ε 1e-7.
//
// Options: [Beta1], [Beta2], [Epsilon], and those of every optimizer, see [Option].
//
// Source: You et al. 2019, arXiv:1904.00962, algorithm 2; as in keras.optimizers.Lamb.
func Lamb[R Number](lr R, opts ...LambOption) *LambOptimizer {
	o := &LambOptimizer{Config: newConfig("lamb", rate(lr)), Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-7}
	for _, opt := range opts {
		opt.lamb(o)
	}
	return o
}

// LambOptimizer is the optimizer that [Lamb] makes.
type LambOptimizer struct {
	Config
	// Beta1 and Beta2 are how much of the moving means a step keeps.
	Beta1 float64 `json:"beta_1"`
	Beta2 float64 `json:"beta_2"`
	// Epsilon keeps the divisor from 0.
	Epsilon float64 `json:"epsilon"`

	m, v []*graph.Var
}

// LambOption is an option of [Lamb].
type LambOption interface{ lamb(*LambOptimizer) }

// Class returns Keras's name of the type.
func (o *LambOptimizer) Class() string { return "Lamb" }

// Build implements [Optimizer].
func (o *LambOptimizer) Build(params []*graph.Var) {
	o.build(params)
	o.wantBetas(o.Beta1, o.Beta2)
	o.wantEpsilon(o.Epsilon)
	o.m, o.v = o.slotPairs("momentum", "velocity")
}

// Apply implements [Optimizer].
func (o *LambOptimizer) Apply(g *graph.Graph, grads []*graph.Node) {
	s := o.begin(g, grads)
	rule := ops.ApplyLambOp{OneMinusBeta1: 1 - o.Beta1, OneMinusBeta2: 1 - o.Beta2, Eps: o.Epsilon}
	for i, p := range o.params {
		s.apply(rule, i, []*graph.Var{o.m[i], o.v[i]}, s.lr, inverse(s.bias(o.Beta1, p)), inverse(s.bias(o.Beta2, p)), s.decay(i))
	}
	s.end()
}
