package optim

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
)

// Lion returns steps of one size in the direction of the sign of a mean gradient:
//
//	w -= lr·sign(β1·m + (1-β1)·g)
//	m = β2·m + (1-β2)·g
//
// Keras's default for lr is 0.001; 3 to 10 times less than for [AdamW] is usual, and as
// much more weight decay. Others are β1 0.9, β2 0.99.
//
// Options: [Beta1], [Beta2], and those of every optimizer, see [Option].
//
// Source: Chen et al. 2023, arXiv:2302.06675, program 1; as in keras.optimizers.Lion.
func Lion[R Number](lr R, opts ...LionOption) *LionOptimizer {
	o := &LionOptimizer{Config: newConfig("lion", rate(lr)), Beta1: 0.9, Beta2: 0.99}
	for _, opt := range opts {
		opt.lion(o)
	}
	return o
}

// LionOptimizer is the optimizer that [Lion] makes.
type LionOptimizer struct {
	Config
	// Beta1 is how much of the mean gradient the direction of a step holds.
	Beta1 float64 `json:"beta_1"`
	// Beta2 is how much of the mean gradient a step keeps.
	Beta2 float64 `json:"beta_2"`

	m []*graph.Var
}

// LionOption is an option of [Lion].
type LionOption interface{ lion(*LionOptimizer) }

// Class returns Keras's name of the type.
func (o *LionOptimizer) Class() string { return "Lion" }

// Build implements [Optimizer].
func (o *LionOptimizer) Build(params []*graph.Var) {
	o.build(params)
	if !(o.Beta1 > 0 && o.Beta1 <= 1) {
		panic(o.errorf("beta %g: want 0 < beta <= 1", o.Beta1))
	}
	o.wantBetas(o.Beta2)
	o.m = o.slotEach("momentum")
}

// Apply implements [Optimizer].
func (o *LionOptimizer) Apply(g *graph.Graph, grads []*graph.Node) {
	s := o.begin(g, grads)
	for i, p := range o.params {
		rule := ops.ApplyLionOp{Beta1: rounded(o.Beta1, p), Beta2: rounded(o.Beta2, p)}
		s.apply(rule, i, o.m[i:i+1], s.lr, s.decay(i))
	}
	s.end()
}
