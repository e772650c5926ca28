package ops

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// ApplyAverage returns the moving average of w after a step, and w:
//
//	avg' = keep·avg + (1-keep)·w
//	w'   = avg' where replace is not 0, else w
//
// Source: Polyak, Juditsky 1992, "Acceleration of Stochastic Approximation by
// Averaging"; as in keras.optimizers.Optimizer with use_ema.
func ApplyAverage(avg, w, keep, replace *graph.Node) (newAvg, newW *graph.Node) {
	n := graph.Apply(ApplyAverageOp{}, avg, w, keep, replace)
	return graph.Pick(n, 0), graph.Pick(n, 1)
}

// ApplyAverageOp is the operation behind [ApplyAverage].
type ApplyAverageOp struct{}

// Name implements graph.Op.
func (ApplyAverageOp) Name() string { return "ApplyAverage" }

// Sweepable implements [Sweepable].
func (ApplyAverageOp) Sweepable() {}

// Infer implements graph.Op.
func (ApplyAverageOp) Infer(in []tensor.Spec) ([]tensor.Spec, error) {
	return inferSweep(in, 2, 2, 2)
}

// Ref implements [Referenced].
func (ApplyAverageOp) Ref(out, in []Array) {
	keep, replace := in[2].V[0], in[3].V[0]
	for i, w := range in[1].V {
		avg := in[0].V[i]*keep + w*(1-keep)
		if replace != 0 {
			w = avg
		}
		out[0].V[i], out[1].V[i] = avg, w
	}
}
