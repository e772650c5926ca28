package optim

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
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
// every optimizer: [Name], [WeightDecay], [ClipNorm], [GlobalClipNorm], [ClipValue].
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

type (
	// Beta1 is how much of the mean gradient a step keeps.
	Beta1 float64
	// Beta2 is how much of the mean squared gradient a step keeps.
	Beta2 float64
	// Epsilon keeps a divisor from 0.
	Epsilon float64
)

// AMSGrad makes [Adam] divide by the greatest mean square so far.
//
// Source: Reddi, Kale, Kumar 2018, "On the Convergence of Adam and Beyond".
const AMSGrad amsgrad = true

// NoBiasCorrection leaves out that the means start at zero, as some textbooks do.
const NoBiasCorrection noBiasCorrection = true

type (
	amsgrad          bool
	noBiasCorrection bool
)

func (b Beta1) adam(a *AdamOptimizer)            { a.Beta1 = float64(b) }
func (b Beta2) adam(a *AdamOptimizer)            { a.Beta2 = float64(b) }
func (e Epsilon) adam(a *AdamOptimizer)          { a.Epsilon = float64(e) }
func (x amsgrad) adam(a *AdamOptimizer)          { a.AMSGrad = bool(x) }
func (n noBiasCorrection) adam(a *AdamOptimizer) { a.NoBiasCorrection = bool(n) }

// Class returns Keras's name of the type.
func (a *AdamOptimizer) Class() string { return a.class }

// Build implements [Optimizer].
func (a *AdamOptimizer) Build(params []*graph.Var) {
	a.build(params)
	for _, b := range []float64{a.Beta1, a.Beta2} {
		if !(b >= 0 && b < 1) {
			panic(a.errorf("beta %g: want 0 <= beta < 1", b))
		}
	}
	a.m, a.v, a.vhat = nil, nil, nil
	for _, p := range params {
		a.m, a.v = append(a.m, a.slot(p, "momentum")), append(a.v, a.slot(p, "velocity"))
	}
	if a.AMSGrad {
		a.vhat = a.slotEach("velocity_hat")
	}
}

// Apply implements [Optimizer].
func (a *AdamOptimizer) Apply(g *graph.Graph, grads []*graph.Node) {
	s := a.begin(g, grads)
	for i, p := range a.params {
		w, m, v := g.Value(p), g.Value(a.m[i]), g.Value(a.v[i])
		alpha, decay := s.scalar(a.alpha(s, p), p), s.scalar(ops.Scale(s.lr, float64(a.WeightDecay)), p)
		if a.WeightDecay == 0 {
			decay = ops.Full(g, tensor.Spec{DType: p.Spec().DType}, 0)
		}
		if a.AMSGrad {
			rule := ops.ApplyAMSGradOp{OneMinusBeta1: 1 - a.Beta1, OneMinusBeta2: 1 - a.Beta2, Eps: a.Epsilon}
			var vhat *graph.Node
			w, m, v, vhat = ops.ApplyAMSGrad(rule, w, m, v, g.Value(a.vhat[i]), s.grads[i], alpha, decay)
			g.Update(a.vhat[i], vhat)
		} else {
			rule := ops.ApplyAdamOp{OneMinusBeta1: 1 - a.Beta1, OneMinusBeta2: 1 - a.Beta2, Eps: a.Epsilon}
			w, m, v = ops.ApplyAdam(rule, w, m, v, s.grads[i], alpha, decay)
		}
		g.Update(p, w)
		g.Update(a.m[i], m)
		g.Update(a.v[i], v)
	}
}

// alpha is the learning rate of a step with the correction for a parameter. As in
// Keras, the betas have the parameter's precision there: float32(0.999) is nearer
// to 1 than 0.999 by a hundred-thousandth of the distance.
func (a *AdamOptimizer) alpha(s step, p *graph.Var) *graph.Node {
	if a.NoBiasCorrection {
		return s.lr
	}
	one := ops.ScalarLike(s.t, 1)
	bias := func(beta float64) *graph.Node { // how far a mean that started at zero has come
		if p.Spec().DType != tensor.Float64 {
			beta = float64(float32(beta))
		}
		return ops.Sub(one, ops.Pow(ops.ScalarLike(s.t, beta), s.t))
	}
	return ops.Div(ops.Mul(s.lr, ops.Sqrt(bias(a.Beta2))), bias(a.Beta1))
}
