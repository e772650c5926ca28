package optim

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
)

// RMSprop returns gradient descent by the gradient over the root of the moving mean
// of its square:
//
//	v = ρ·v + (1-ρ)·g²
//	a = ρ·a + (1-ρ)·g             with Centered
//	d = lr·g / √(v - a² + ε)      without a unless Centered
//	m = momentum·m + d            with Momentum
//	w -= m, or d
//
// Keras's default for lr is 0.001. Others are ρ 0.9, ε 1e-7.
//
// Options: [Rho], [Momentum], [Epsilon], [Centered], and those of every optimizer, see
// [Option].
//
// Source: Hinton 2012, "Neural Networks for Machine Learning", lecture 6e; as in
// keras.optimizers.RMSprop.
func RMSprop[R Number](lr R, opts ...RMSpropOption) *RMSpropOptimizer {
	r := &RMSpropOptimizer{Config: newConfig("rmsprop", rate(lr)), Rho: 0.9, Epsilon: 1e-7}
	for _, o := range opts {
		o.rmsprop(r)
	}
	return r
}

// RMSpropOptimizer is the optimizer that [RMSprop] makes.
type RMSpropOptimizer struct {
	Config
	// Rho is how much of the moving means a step keeps.
	Rho float64 `json:"rho"`
	// Momentum is the part of a step that the next one keeps.
	Momentum float64 `json:"momentum"`
	// Epsilon keeps the divisor from 0.
	Epsilon float64 `json:"epsilon"`
	// Centered divides by the standard deviation of the gradient.
	Centered bool `json:"centered"`

	v, a, m []*graph.Var
}

// RMSpropOption is an option of [RMSprop].
type RMSpropOption interface{ rmsprop(*RMSpropOptimizer) }

// Centered makes [RMSprop] divide by the standard deviation of the gradient.
const Centered centered = true

type centered bool

func (x centered) rmsprop(r *RMSpropOptimizer) { r.Centered = bool(x) }

// Class returns Keras's name of the type.
func (r *RMSpropOptimizer) Class() string { return "RMSprop" }

// Build implements [Optimizer].
func (r *RMSpropOptimizer) Build(params []*graph.Var) {
	r.build(params)
	if !(r.Rho >= 0 && r.Rho <= 1 && r.Momentum >= 0 && r.Momentum <= 1) {
		panic(r.errorf("rho %g, momentum %g: want 0 to 1", r.Rho, r.Momentum))
	}
	r.v = r.slotEach("velocity")
	if r.Momentum != 0 {
		r.m = r.slotEach("momentum")
	}
	if r.Centered {
		r.a = r.slotEach("average_gradient")
	}
}

// Apply implements [Optimizer].
func (r *RMSpropOptimizer) Apply(g *graph.Graph, grads []*graph.Node) {
	t := r.begin(g, grads)
	rule := ops.ApplyRMSpropOp{Rho: r.Rho, Momentum: r.Momentum, Eps: r.Epsilon, Centered: r.Centered}
	for i := range r.params {
		slots := []*graph.Var{r.v[i]}
		if r.Centered {
			slots = append(slots, r.a[i])
		}
		if r.Momentum != 0 {
			slots = append(slots, r.m[i])
		}
		t.apply(rule, i, slots, t.lr, t.decay(i))
	}
	t.end()
}
