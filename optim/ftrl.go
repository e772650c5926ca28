package optim

import (
	"math"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/ops"
)

// Ftrl returns "follow the regularized leader", for shallow models of many features
// that are mostly 0:
//
//	n' = n + g²
//	z += g + 2·shrinkage·w - (n'^p - n^p)/lr·w
//	w = (clip(z, -l1, l1) - z) / (n'^p/lr + 2·l2 + β/lr)
//
// Keras's default for lr is 0.001. Others are p 0.5, n at the start 0.1, and l1, l2,
// shrinkage and β 0. It is fast for p of 0 to 8.
//
// Options: [LearningRatePower], [InitialAccumulator], [L1Strength], [L2Strength],
// [L2Shrinkage], [FtrlBeta], and those of every optimizer, see [Option].
//
// Source: McMahan et al. 2013, "Ad Click Prediction: a View from the Trenches",
// algorithm 1; as in keras.optimizers.Ftrl.
func Ftrl[R Number](lr R, opts ...FtrlOption) *FtrlOptimizer {
	o := &FtrlOptimizer{Config: newConfig("ftrl", rate(lr)), LearningRatePower: -0.5, InitialAccumulator: 0.1}
	for _, opt := range opts {
		opt.ftrl(o)
	}
	return o
}

// FtrlOptimizer is the optimizer that [Ftrl] makes.
type FtrlOptimizer struct {
	Config
	// LearningRatePower is -p, the power by which the rate falls: 0 or less.
	LearningRatePower float64 `json:"learning_rate_power"`
	// InitialAccumulator is the initial value of the sums of squares.
	InitialAccumulator float64 `json:"initial_accumulator_value"`
	// L1 and L2 are the strengths of the regularization.
	L1 float64 `json:"l1_regularization_strength"`
	L2 float64 `json:"l2_regularization_strength"`
	// L2Shrinkage is the strength of an L2 penalty on the loss.
	L2Shrinkage float64 `json:"l2_shrinkage_regularization_strength"`
	// Beta is the β of the paper.
	Beta float64 `json:"beta"`

	n, z []*graph.Var
}

// FtrlOption is an option of [Ftrl].
type FtrlOption interface{ ftrl(*FtrlOptimizer) }

type (
	// LearningRatePower is by which power of the sum of squares the rate of [Ftrl]
	// falls: 0 or less.
	LearningRatePower float64
	// L1Strength is the strength of the L1 regularization of [Ftrl].
	L1Strength float64
	// L2Strength is the strength of the L2 regularization of [Ftrl].
	L2Strength float64
	// L2Shrinkage is the strength of the L2 penalty that [Ftrl] adds to the loss.
	L2Shrinkage float64
	// FtrlBeta is the β of [Ftrl].
	FtrlBeta float64
)

func (x LearningRatePower) ftrl(o *FtrlOptimizer) { o.LearningRatePower = float64(x) }
func (x L1Strength) ftrl(o *FtrlOptimizer)        { o.L1 = float64(x) }
func (x L2Strength) ftrl(o *FtrlOptimizer)        { o.L2 = float64(x) }
func (x L2Shrinkage) ftrl(o *FtrlOptimizer)       { o.L2Shrinkage = float64(x) }
func (x FtrlBeta) ftrl(o *FtrlOptimizer)          { o.Beta = float64(x) }

// Class returns Keras's name of the type.
func (o *FtrlOptimizer) Class() string { return "Ftrl" }

// Build implements [Optimizer].
func (o *FtrlOptimizer) Build(params []*graph.Var) {
	o.build(params)
	if !(o.LearningRatePower <= 0) || math.IsInf(o.LearningRatePower, -1) {
		panic(o.errorf("learning rate power %g: want a finite number, 0 or less", o.LearningRatePower))
	}
	for _, x := range []float64{o.L1, o.L2, o.L2Shrinkage, o.Beta} {
		if !(x >= 0) || math.IsInf(x, 1) {
			panic(o.errorf("L1 %g, L2 %g, L2 shrinkage %g, beta %g: want finite numbers, 0 or more", o.L1, o.L2, o.L2Shrinkage, o.Beta))
		}
	}
	o.wantSum(o.InitialAccumulator)
	o.n, o.z = o.slotPairs("accumulator", "linear")
	fill(o.n, o.InitialAccumulator)
}

// Apply implements [Optimizer].
func (o *FtrlOptimizer) Apply(g *graph.Graph, grads []*graph.Node) {
	s := o.begin(g, grads)
	rule := ops.ApplyFtrlOp{Power: -o.LearningRatePower, L1: o.L1, Shrink: 2 * o.L2Shrinkage}
	inv := inverse(s.lr)
	l2 := ops.Offset(ops.Scale(inv, o.Beta), 2*o.L2)
	for i := range o.params {
		s.apply(rule, i, []*graph.Var{o.n[i], o.z[i]}, inv, l2, s.decay(i))
	}
	s.end()
}
