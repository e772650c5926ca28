package optim

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// ScheduleFreeAdamW returns schedule-free [AdamW], which needs no schedule for the learning
// rate: it trains at y, between a sequence z that the steps change and its mean x, in
// step t = 1, 2, ...:
//
//	v += (g² - v)·(1-β2)
//	x = (y - (1-β1)·z) / β1
//	z -= lr·g / (√(v/(1-β2^t)) + ε)
//	x += (z - x)/t
//	y = (1-β1)·z + β1·x
//
// lr grows from 0 over [WarmupSteps]. The parameters are y, as in Keras; z starts at
// them. Keras's default for lr is 0.0025. Others are β1 0.9, β2 0.999, ε 1e-8, no
// warm-up.
//
// Options: [Beta1], [Beta2], [Epsilon], [WarmupSteps], and those of every optimizer, see
// [Option].
//
// Source: Defazio et al. 2024, arXiv:2405.15682, algorithm 1; as in
// keras.optimizers.ScheduleFreeAdamW.
func ScheduleFreeAdamW[R Number](lr R, opts ...ScheduleFreeAdamWOption) *ScheduleFreeAdamWOptimizer {
	o := &ScheduleFreeAdamWOptimizer{Config: newConfig("schedule_free_adam_w", rate(lr)), Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}
	for _, opt := range opts {
		opt.scheduleFree(o)
	}
	return o
}

// ScheduleFreeAdamWOptimizer is the optimizer that [ScheduleFreeAdamW] makes.
type ScheduleFreeAdamWOptimizer struct {
	Config
	// Beta1 and Beta2 are how much of the moving means a step keeps.
	Beta1 float64 `json:"beta_1"`
	Beta2 float64 `json:"beta_2"`
	// Epsilon keeps the divisor from 0.
	Epsilon float64 `json:"epsilon"`
	// WarmupSteps is over how many steps the learning rate grows from 0.
	WarmupSteps int `json:"warmup_steps"`

	z, v []*graph.Var
}

// ScheduleFreeAdamWOption is an option of [ScheduleFreeAdamW].
type ScheduleFreeAdamWOption interface {
	scheduleFree(*ScheduleFreeAdamWOptimizer)
}

// WarmupSteps is over how many steps the learning rate of [ScheduleFreeAdamW] grows from 0.
type WarmupSteps int

func (n WarmupSteps) scheduleFree(o *ScheduleFreeAdamWOptimizer) { o.WarmupSteps = int(n) }

// Class returns Keras's name of the type.
func (o *ScheduleFreeAdamWOptimizer) Class() string { return "ScheduleFreeAdamW" }

// Build implements [Optimizer].
func (o *ScheduleFreeAdamWOptimizer) Build(params []*graph.Var) {
	o.build(params)
	if !(o.Beta1 > 0 && o.Beta1 < 1) {
		panic(o.errorf("beta %g: want 0 < beta < 1", o.Beta1))
	}
	if o.WarmupSteps < 0 {
		panic(o.errorf("%d steps of warm-up: want 0 or more", o.WarmupSteps))
	}
	o.wantBetas(o.Beta2)
	o.wantEpsilon(o.Epsilon)
	o.z, o.v = o.slotPairs("momentum", "velocity")
	for i, p := range params {
		if err := o.z[i].Set(p.Value()); err != nil {
			panic(err)
		}
	}
}

// Apply implements [Optimizer].
func (o *ScheduleFreeAdamWOptimizer) Apply(g *graph.Graph, grads []*graph.Node) {
	s := o.begin(g, grads)
	lr, one := s.lr, ops.ScalarLike(s.t, 1)
	if o.WarmupSteps > 0 {
		lr = ops.Mul(lr, ops.Minimum(ops.Scale(s.t, 1/float64(o.WarmupSteps)), one))
	}
	first := ops.Cast(ops.Equal(s.t, one), tensor.Float64) // weights may have been loaded since Build
	for i, p := range o.params {
		rule := ops.ApplyScheduleFreeOp{Beta1: rounded(o.Beta1, p), OneMinusBeta2: 1 - rounded(o.Beta2, p), Eps: o.Epsilon}
		s.apply(rule, i, []*graph.Var{o.z[i], o.v[i]}, lr, inverse(s.bias(o.Beta2, p)), inverse(s.t), s.decay(i), first)
	}
	s.end()
}
