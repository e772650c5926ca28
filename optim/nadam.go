package optim

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// Nadam returns [Adam] with momentum that looks ahead, in step t = 1, 2, ...:
//
//	μ(t) = β1·(1 - 0.96^t/2),  Π(t) = μ(1)·...·μ(t)
//	m += (g - m)·(1-β1)
//	v += (g² - v)·(1-β2)
//	m̂ = μ(t+1)·m/(1-Π(t+1)) + (1-μ(t))·g/(1-Π(t))
//	w -= lr·m̂ / (√(v/(1-β2^t)) + ε)
//
// Keras's default for lr is 0.001. Others are β1 0.9, β2 0.999, ε 1e-7.
//
// Options: [Beta1], [Beta2], [Epsilon], and those of every optimizer, see [Option].
//
// Source: Dozat 2016, "Incorporating Nesterov Momentum into Adam", algorithm 8; as in
// keras.optimizers.Nadam.
func Nadam[R Number](lr R, opts ...NadamOption) *NadamOptimizer {
	o := &NadamOptimizer{Config: newConfig("nadam", rate(lr)), Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-7}
	for _, opt := range opts {
		opt.nadam(o)
	}
	return o
}

// NadamOptimizer is the optimizer that [Nadam] makes.
type NadamOptimizer struct {
	Config
	// Beta1 and Beta2 are how much of the moving means a step keeps.
	Beta1 float64 `json:"beta_1"`
	Beta2 float64 `json:"beta_2"`
	// Epsilon keeps the divisor from 0.
	Epsilon float64 `json:"epsilon"`

	m, v    []*graph.Var
	product *graph.Var // of the momenta so far
}

// NadamOption is an option of [Nadam].
type NadamOption interface{ nadam(*NadamOptimizer) }

// Class returns Keras's name of the type.
func (o *NadamOptimizer) Class() string { return "Nadam" }

// Build implements [Optimizer].
func (o *NadamOptimizer) Build(params []*graph.Var) {
	o.build(params)
	o.wantBetas(o.Beta1, o.Beta2)
	o.wantEpsilon(o.Epsilon)
	o.m, o.v = o.slotPairs("momentum", "velocity")
	if len(params) > 0 {
		dt := params[0].Spec().DType
		o.product = graph.NewVar(o.path()+"/u_product", tensor.Scalar(1.0).AsType(dt))
		o.slots = append(o.slots, o.product)
	}
}

// Apply implements [Optimizer].
func (o *NadamOptimizer) Apply(g *graph.Graph, grads []*graph.Node) {
	s := o.begin(g, grads)
	if len(grads) == 0 {
		return
	}
	one := ops.ScalarLike(s.t, 1)
	mu := func(t *graph.Node) *graph.Node {
		return ops.Scale(ops.Sub(one, ops.Scale(ops.Pow(ops.ScalarLike(t, 0.96), t), 0.5)), o.Beta1)
	}
	now, next := mu(s.t), mu(ops.Add(s.t, one))
	product := ops.Mul(ops.Cast(g.Value(o.product), tensor.Float64), now)
	s.update(o.product, ops.Cast(product, o.product.Spec().DType), s.updates())
	ofM := ops.Div(ops.Mul(s.lr, next), ops.Sub(one, ops.Mul(product, next)))
	ofG := ops.Div(ops.Mul(s.lr, ops.Sub(one, now)), ops.Sub(one, product))
	rule := ops.ApplyNadamOp{OneMinusBeta1: 1 - o.Beta1, OneMinusBeta2: 1 - o.Beta2, Eps: o.Epsilon}
	for i, p := range o.params {
		s.apply(rule, i, []*graph.Var{o.m[i], o.v[i]}, ofM, ofG, inverse(s.bias(o.Beta2, p)), s.decay(i))
	}
	s.end()
}
