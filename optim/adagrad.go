package optim

import (
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
)

// Adagrad returns gradient descent by the gradient over the root of the sum of its
// squares:
//
//	a += g²
//	w -= lr·g / √(a + ε)
//
// Keras's default for lr is 0.001. Others are ε 1e-7 and a at the start 0.1.
//
// Options: [InitialAccumulator], [Epsilon], and those of every optimizer, see [Option].
//
// Source: Duchi, Hazan, Singer 2011, "Adaptive Subgradient Methods for Online Learning
// and Stochastic Optimization"; as in keras.optimizers.Adagrad.
func Adagrad[R Number](lr R, opts ...AdagradOption) *AdagradOptimizer {
	o := &AdagradOptimizer{Config: newConfig("adagrad", rate(lr)), InitialAccumulator: 0.1, Epsilon: 1e-7}
	for _, opt := range opts {
		opt.adagrad(o)
	}
	return o
}

// AdagradOptimizer is the optimizer that [Adagrad] makes.
type AdagradOptimizer struct {
	Config
	// InitialAccumulator is the initial value of the sums of squares.
	InitialAccumulator float64 `json:"initial_accumulator_value"`
	// Epsilon keeps the divisor from 0.
	Epsilon float64 `json:"epsilon"`

	a []*graph.Var
}

// AdagradOption is an option of [Adagrad].
type AdagradOption interface{ adagrad(*AdagradOptimizer) }

// Class returns Keras's name of the type.
func (o *AdagradOptimizer) Class() string { return "Adagrad" }

// Build implements [Optimizer].
func (o *AdagradOptimizer) Build(params []*graph.Var) {
	o.build(params)
	o.wantSum(o.InitialAccumulator)
	o.wantEpsilon(o.Epsilon)
	o.a = o.slotEach("accumulator")
	fill(o.a, o.InitialAccumulator)
}

// Apply implements [Optimizer].
func (o *AdagradOptimizer) Apply(g *graph.Graph, grads []*graph.Node) {
	s := o.begin(g, grads)
	for i := range o.params {
		s.apply(ops.ApplyAdagradOp{Eps: o.Epsilon}, i, o.a[i:i+1], s.lr, s.decay(i))
	}
	s.end()
}

// wantSum panics unless a sum of squares can start at x.
func (c *Config) wantSum(x float64) {
	if !(x >= 0) || math.IsInf(x, 1) {
		panic(c.errorf("accumulator %g at the start: want a finite number, 0 or more", x))
	}
}
