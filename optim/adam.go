package optim

import (
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
)

// Adam returns gradient descent by the ratio of the gradient's moving mean to the
// root of the moving mean of its square, in step t = 1, 2, ...:
//
//	m += (g - m)·(1-β1)
//	v += (g² - v)·(1-β2)
//	w -= lr·√(1-β2^t)/(1-β1^t) · m/(√v + ε)
//
// Keras's default for lr is 0.001. Others are β1 0.9, β2 0.999, ε 1e-7.
//
// Options: [Beta1], [Beta2], [Epsilon], [AMSGrad], [NoBiasCorrection], and those of
// every optimizer, see [Option].
//
// Source: Kingma, Ba 2014, arXiv:1412.6980, section 2; as in keras.optimizers.Adam.
func Adam[R Number](lr R, opts ...AdamOption) *AdamOptimizer {
	return newAdam("adam", rate(lr), 0, opts)
}

// AdamW returns [Adam] that takes a part of every parameter away in each step,
// w -= lr·decay·w. The decay is 0.004 unless [WeightDecay] says otherwise.
//
// Source: Loshchilov, Hutter 2017, arXiv:1711.05101, algorithm 2; as in
// keras.optimizers.AdamW.
func AdamW[R Number](lr R, opts ...AdamOption) *AdamOptimizer {
	a := newAdam("adamw", rate(lr), 0.004, opts)
	a.class = "AdamW"
	return a
}

func newAdam(name string, lr Rate, decay Optional, opts []AdamOption) *AdamOptimizer {
	a := &AdamOptimizer{Config: newConfig(name, lr), Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-7, class: "Adam"}
	a.WeightDecay = decay
	for _, o := range opts {
		o.adam(a)
	}
	return a
}

// AdamOptimizer is the optimizer that [Adam] and [AdamW] make.
type AdamOptimizer struct {
	Config
	// Beta1 and Beta2 are how much of the moving means a step keeps.
	Beta1 float64 `json:"beta_1"`
	Beta2 float64 `json:"beta_2"`
	// Epsilon keeps the divisor from 0.
	Epsilon float64 `json:"epsilon"`
	// AMSGrad divides by the root of the greatest v so far.
	AMSGrad bool `json:"amsgrad"`
	// NoBiasCorrection leaves the factor √(1-β2^t)/(1-β1^t) out. Keras has no such
	// switch and refuses a config with it.
	NoBiasCorrection bool `json:"no_bias_correction,omitempty"`

	class      string
	m, v, vhat []*graph.Var
}

// AdamOption is an option of [Adam] and [AdamW].
type AdamOption interface{ adam(*AdamOptimizer) }

// AMSGrad makes [Adam] divide by the greatest mean square so far.
//
// Source: Reddi, Kale, Kumar 2018, "On the Convergence of Adam and Beyond".
const AMSGrad amsgrad = true

// NoBiasCorrection disables the correction for means that start at zero, as some
// textbooks do.
const NoBiasCorrection noBiasCorrection = true

type (
	amsgrad          bool
	noBiasCorrection bool
)

func (x amsgrad) adam(a *AdamOptimizer)          { a.AMSGrad = bool(x) }
func (n noBiasCorrection) adam(a *AdamOptimizer) { a.NoBiasCorrection = bool(n) }

// Class returns Keras's name of the type.
func (a *AdamOptimizer) Class() string { return a.class }

// Build implements [Optimizer].
func (a *AdamOptimizer) Build(params []*graph.Var) {
	a.build(params)
	a.wantBetas(a.Beta1, a.Beta2)
	a.wantEpsilon(a.Epsilon)
	a.m, a.v = a.slotPairs("momentum", "velocity")
	a.vhat = nil
	if a.AMSGrad {
		a.vhat = a.slotEach("velocity_hat")
	}
}

// wantBetas wants parts that moving means keep.
func (c *Config) wantBetas(betas ...float64) {
	for _, b := range betas {
		if !(b >= 0 && b < 1) {
			panic(c.errorf("beta %g: want 0 <= beta < 1", b))
		}
	}
}

// wantEpsilon wants something to add to a divisor.
func (c *Config) wantEpsilon(eps float64) {
	if !(eps >= 0) || math.IsInf(eps, 1) {
		panic(c.errorf("epsilon %g: want a finite number, 0 or more", eps))
	}
}

// Apply implements [Optimizer].
func (a *AdamOptimizer) Apply(g *graph.Graph, grads []*graph.Node) {
	s := a.begin(g, grads)
	for i, p := range a.params {
		slots := []*graph.Var{a.m[i], a.v[i]}
		var rule ops.Sweepable = ops.ApplyAdamOp{OneMinusBeta1: 1 - a.Beta1, OneMinusBeta2: 1 - a.Beta2, Eps: a.Epsilon}
		if a.AMSGrad {
			slots = append(slots, a.vhat[i])
			rule = ops.ApplyAMSGradOp{OneMinusBeta1: 1 - a.Beta1, OneMinusBeta2: 1 - a.Beta2, Eps: a.Epsilon}
		}
		s.apply(rule, i, slots, a.alpha(s, p), s.decay(i))
	}
	s.end()
}

// alpha is the learning rate of a step with the correction for a parameter.
func (a *AdamOptimizer) alpha(s step, p *graph.Var) *graph.Node {
	if a.NoBiasCorrection {
		return s.lr
	}
	return s.corrected(s.lr, a.Beta1, a.Beta2, p)
}

// corrected returns lr·√(1-β2^t)/(1-β1^t).
func (s *step) corrected(lr *graph.Node, beta1, beta2 float64, p *graph.Var) *graph.Node {
	return ops.Div(ops.Mul(lr, ops.Sqrt(s.bias(beta2, p))), s.bias(beta1, p))
}
