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
// Options: [Rho], [Momentum], [Epsilon], [Centered], and those of every optimizer:
// [Name], [WeightDecay], [ClipNorm], [GlobalClipNorm], [ClipValue].
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

// Rho is how much of the moving means a step of [RMSprop] keeps.
type Rho float64

// Centered makes [RMSprop] divide by the standard deviation of the gradient.
const Centered centered = true

type centered bool

func (x Rho) rmsprop(r *RMSpropOptimizer)      { r.Rho = float64(x) }
func (x Momentum) rmsprop(r *RMSpropOptimizer) { r.Momentum = float64(x) }
func (x Epsilon) rmsprop(r *RMSpropOptimizer)  { r.Epsilon = float64(x) }
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
	s := r.begin(g, grads)
	rule := ops.ApplyRMSpropOp{Rho: r.Rho, Momentum: r.Momentum, Eps: r.Epsilon, Centered: r.Centered}
	for i, p := range r.params {
		vars := []*graph.Var{r.v[i]}
		if r.Centered {
			vars = append(vars, r.a[i])
		}
		if r.Momentum != 0 {
			vars = append(vars, r.m[i])
		}
		var slots []*graph.Node
		for _, v := range vars {
			slots = append(slots, g.Value(v))
		}
		w, slots := ops.ApplyRMSprop(rule, r.decayed(s, p), slots, s.grads[i], s.scalar(s.lr, p))
		g.Update(p, w)
		for j, v := range vars {
			g.Update(v, slots[j])
		}
	}
}
